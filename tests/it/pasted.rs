//! Logs as people paste them: rows of a console that stand there twice, answers over several lines, comments, a framework
//! without ids, paragraphs that were wrapped anew. What was pasted says what the log says, or that it was not read.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";
const OTHER: &str = "0c9d8e7f-2222-4333-8444-555566667777";

/// What a log tells of its attempts, and whether all of it was read.
struct Told {
    /// Code, type and message of each attempt and environment.
    attempts: Vec<Value>,
    complete: bool,
}

fn told(text: &str) -> Told {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("paste.log", text.as_bytes())], &options).unwrap();
    let complete = analysis.summary.coverage.complete && analysis.summary.coverage.notes.is_empty();
    let gist = |record: &Value| json!([record["code"], record["error_type"], record["error_message"]]);
    Told { attempts: records_of(&mut analysis).iter().map(gist).collect(), complete }
}

fn codes(text: &str) -> Vec<String> {
    told(text).attempts.iter().map(|attempt| attempt[0].as_str().unwrap().to_owned()).collect()
}

/// The messages of an attempt of each kind. `$ID` stands for its id, `$T` for a time.
fn attempts() -> Vec<Vec<&'static str>> {
    const START: &str = "START RequestId: $ID Version: $LATEST";
    const END: &str = "END RequestId: $ID";
    const REPORT: &str = "REPORT RequestId: $ID\tDuration: 143.12 ms\tBilled Duration: 144 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB\t";
    vec![
        vec![START, "$T\t$ID\tINFO\tcharged", END, REPORT],
        vec![
            START,
            "$T\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no plan\",\"stack\":[\"TypeError: no plan\",\"    at pay (/var/task/pay.js:3:9)\"]}",
            END,
            REPORT,
        ],
        vec![
            START,
            "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)",
            END,
            REPORT,
        ],
        vec![
            "INIT_REPORT Init Duration: 129.89 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError",
            START,
            END,
            "REPORT RequestId: $ID\tDuration: 143.12 ms\tBilled Duration: 144 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB\tStatus: error\tError Type: Runtime.ImportModuleError",
        ],
        vec![
            START,
            "$T $ID Task timed out after 3.00 seconds",
            END,
            "REPORT RequestId: $ID\tDuration: 3003.12 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB\t",
        ],
        vec![START, "RequestId: $ID Error: Runtime exited with error: exit status 3\nRuntime.ExitError", END, REPORT],
    ]
}

const TIME: &str = "2026-10-01T00:00:03.001Z";

fn written(message: &str) -> String {
    message.replace("$ID", ID).replace("$T", TIME)
}

/// Every row of the console that is unfolded shows its message as it is and once more on one line.
#[test]
fn a_row_that_stands_there_twice_is_one_event() {
    for (messages, time) in attempts().into_iter().flat_map(|messages| ["\n", "\t"].map(|end| (messages.clone(), end)))
    {
        let rows = |row: &dyn Fn(&str) -> String| -> String {
            messages.iter().map(|message| format!("{TIME}{time}{}\n", row(&written(message)))).collect()
        };
        let once = told(&rows(&str::to_owned));
        assert!(once.complete && once.attempts.len() == 1, "{messages:?}");
        if time == "\n" {
            let with_button = rows(&|message| format!("\nCopy\n{message}"));
            assert_eq!(told(&with_button).attempts, once.attempts, "{with_button}");
        }
        for gap in ["\n\n", "\n\n\n", "\n  \n"] {
            let text =
                rows(&|message| format!("{message}{gap}{}", message.split_whitespace().collect::<Vec<_>>().join(" ")));
            let twice = told(&text);
            assert_eq!(twice.attempts, once.attempts, "{text}");
            assert!(twice.complete, "{text}");
        }
    }
}

/// Two rows that tell the same are two, where each has a time of its own.
#[test]
fn an_event_again_at_its_own_time_is_another_one() {
    let report = "Duration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB";
    let run = |second: u8| {
        [
            format!("START RequestId: {ID} Version: 1"),
            format!("END RequestId: {ID}"),
            format!("REPORT RequestId: {ID}\t{report}"),
        ]
        .map(|message| format!("2026-10-01T00:00:0{second}.001Z\n{message}\n"))
        .concat()
    };
    assert_eq!(codes(&[run(1), run(5)].concat()), ["ok", "ok"]);
}

/// Answers of invocations that failed, with their members in the order in which runtimes write them.
const ANSWERS: [&str; 5] = [
    r#"{"errorMessage":"no stock { left","errorType":"OutOfStock","requestId":"$ID","stackTrace":["  File \"/var/task/app.py\", line 9, in handler\n    pay(event)\n"]}"#,
    r#"{"errorMessage":"assignment to entry in nil map","errorType":"plainError","stackTrace":[{"path":"main.go","line":31,"label":"handle"}]}"#,
    r#"{"errorType":"TypeError","errorMessage":"no plan","trace":["TypeError: no plan","    at pay (/var/task/pay.js:3:9)"]}"#,
    r#"{"errorType":"Runtime.ImportModuleError","errorMessage":"Unable to import module 'app': No module named 'x'","requestId":"","stackTrace":[]}"#,
    r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: $ID Error: Task timed out after 3.00 seconds"}"#,
];

/// Writes an object over several lines with its members in their order, which `serde_json` would change.
fn pretty(object: &str, indent: usize) -> String {
    let (mut out, mut depth, mut in_text, mut escaped) = (String::new(), 0, false, false);
    let line = |depth: usize| format!("\n{}", " ".repeat(depth * indent));
    for char in object.chars() {
        match char {
            _ if std::mem::take(&mut escaped) => out.push(char),
            '"' => {
                in_text = !in_text;
                out.push(char);
            }
            _ if in_text => {
                escaped = char == '\\';
                out.push(char);
            }
            '{' | '[' => {
                depth += 1;
                out.push(char);
                out.push_str(&line(depth));
            }
            '}' | ']' => {
                depth -= 1;
                out.push_str(&line(depth));
                out.push(char);
            }
            ',' => out.push_str(&format!(",{}", line(depth))),
            ':' => out.push_str(": "),
            _ => out.push(char),
        }
    }
    out
}

#[test]
fn an_answer_over_several_lines_is_read_like_one_line() {
    for answer in ANSWERS.map(written) {
        let want = told(&answer).attempts;
        assert_eq!(want.len(), 1, "{answer}");
        for indent in [0, 2, 4] {
            let pretty = pretty(&answer, indent);
            assert_eq!(told(&pretty).attempts, want, "{pretty}");
            assert_eq!(told(&pretty.replace('\n', "\r\n")).attempts, want, "{pretty}");
            let indented: String = pretty.lines().map(|line| format!("    {line}\n")).collect();
            assert_eq!(told(&indented).attempts, want, "{indented}");
            let shown = |answer: &str| format!("Execution result: failed\n{answer}\n\nSummary\n");
            assert_eq!(told(&shown(&pretty)).attempts, told(&shown(&answer)).attempts, "{pretty}");
        }
        let in_member = format!("    \"msg\": {}", json!(answer));
        assert_eq!(told(&in_member).attempts, want, "{in_member}");
        let below = "\n    \"level\": \"info\"\n";
        assert_eq!(
            told(&format!("{in_member},{below}")).attempts,
            told(&format!("{answer}{below}")).attempts,
            "{in_member}"
        );
    }
}

/// An object that a function prints over several lines is no answer of its own, and does not swallow what follows it.
#[test]
fn objects_over_several_lines_end_nothing() {
    let report = "Duration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 68 MB";
    for object in [pretty(r#"{"order":1,"errorType":"X"}"#, 2), "{\n  \"errorType\": \"X\",".to_owned()] {
        let text = format!(
            "START RequestId: {ID} Version: 1\n{object}\nEND RequestId: {ID}\nREPORT RequestId: {ID}\t{report}\n"
        );
        assert_eq!(codes(&text), ["ok"], "{text}");
    }
}

/// Lines without START that people comment out, quote or list, with the error before them.
#[test]
fn marks_before_the_line_about_a_process_change_nothing() {
    for lines in [
        vec!["RequestId: $ID Error: Runtime exited with error: exit status 3", "Runtime.ExitError"],
        vec!["RequestId: $ID Error: Runtime exited with error: signal: killed", "Runtime.ExitError"],
        vec![
            "$T\t$ID\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no plan\",\"stack\":[\"TypeError: no plan\"]}",
            "RequestId: $ID Error: Runtime exited with error: exit status 129",
            "Runtime.ExitError",
        ],
        vec![r#"{"errorMessage":"no plan","errorType":"KeyError","requestId":"$ID"}"#],
        vec![
            "$T\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no plan\",\"stack\":[\"TypeError: no plan\"]}",
        ],
    ] {
        let text = |before: &str| lines.iter().map(|line| format!("{before}{}\n", written(line))).collect::<String>();
        let want = told(&text("")).attempts;
        assert_eq!(want.len(), 1, "{lines:?}");
        // Go's logger writes a time before any object that a function logs.
        let clock = if lines[0].starts_with('{') { "" } else { "7:12:32 PM: " };
        for before in ["// ", "> ", "# ", " * ", "- ", "; ", "12: ", clock] {
            assert_eq!(told(&text(before)).attempts, want, "{}", text(before));
        }
    }
}

/// What a logger quotes of another function is no end of anything.
#[test]
fn words_before_the_line_about_a_process_make_it_a_quotation() {
    for before in ["WARN the other one said: ", "caller: ", "[pay] ", "    at "] {
        let text = format!("{before}RequestId: {OTHER} Error: Runtime exited with error: exit status 3\n");
        assert!(codes(&text).is_empty(), "{text}");
    }
}

/// Version 3 of the framework takes the ids off, and words and times of the platform with them.
#[test]
fn attempts_without_ids_are_those_of_their_log() {
    for messages in attempts().into_iter().filter(|messages| messages[0].starts_with("START")) {
        let whole: String = messages.iter().map(|message| written(message) + "\n").collect();
        let without: String = messages
            .iter()
            .filter_map(|message| {
                let time = |rest: &str| format!("2026-10-01 02:00:03.001\t{rest}\n");
                Some(match message {
                    start if start.starts_with("START") => "START\n".to_owned(),
                    end if end.starts_with("END") => return None,
                    report if report.starts_with("REPORT") => {
                        report.replace("REPORT RequestId: $ID\t", "END ").trim_end().to_owned() + "\n"
                    }
                    _ => match message.strip_prefix("$T\t$ID\t") {
                        Some(rest) => time(rest),
                        None => written(message) + "\n",
                    },
                })
            })
            .collect();
        let want = told(&whole).attempts;
        assert_eq!(want.len(), 1);
        assert_eq!(told(&without).attempts, want, "{without}");
        let twice = told(&format!("{without}{without}")).attempts;
        assert_eq!(twice, [&*want, &*want].concat(), "{without}");
        // Some lines of the platform come as they are.
        let with_end = without.replace("\nEND Duration", &format!("\nEND RequestId: {ID}\nEND Duration"));
        assert_eq!(told(&with_end).attempts, want, "{with_end}");
    }
}

/// An attempt whose end stands within a line was not read to its end; one that quotes the end of another was.
#[test]
fn an_end_within_a_line_is_never_passed_over() {
    let start = format!("START RequestId: {ID} Version: $LATEST");
    for words in ["charged ", "card of the customer was charged in full, ", "x "] {
        for end in
            ["END RequestId: $ID", "END RequestId: $ID REPORT RequestId: ", "REPORT RequestId: $ID Duration: 3.00 ms"]
        {
            for below in ["", "\n$ID\tDuration: 3.00 ms\tBilled Duration: 3 ms\n"] {
                let lines = |id: &str| format!("{start}\nhello\n{words}{end}{below}\n").replace("$ID", id);
                assert!(!told(&lines(ID)).complete, "{}", lines(ID));
                // The figures of a REPORT without its head are those of an end, whoever is named above them.
                let other = lines(OTHER).replace(&format!("\n{OTHER}\tDuration: 3.00 ms\tBilled Duration:"), "\nmore");
                assert!(told(&other).complete, "{other}");
            }
        }
    }
}

/// Numbers in brackets are no array where text stands behind them.
#[test]
fn times_in_brackets_are_those_of_a_tool() {
    for messages in attempts() {
        let text = |before: &str| -> String {
            let lines = messages.iter().flat_map(|message| message.split('\n'));
            lines.map(|line| format!("{before}{}\n", written(line))).collect()
        };
        let want = told(&text("")).attempts;
        for before in ["[1790812803001] ", "[1790812803] ", "[17] "] {
            let found = told(&text(before));
            assert_eq!(found.attempts, want, "{}", text(before));
            assert!(found.complete, "{}", text(before));
        }
    }
}
