//! Logs as other programs show, store and send them: viewers, mails, values printed by languages, files put together. Each
//! rendering gives the verdicts of the log alone, or the answer says that it is partial.

use serde_json::{Value, json};

use super::line_forms::{FAILURES, Line, codes, log};

/// Writes a log in another form.
type Rendering = fn(&[Line]) -> String;

/// Time of a line in milliseconds.
fn ms(second: i64) -> i64 {
    (1_790_827_200 + second) * 1_000
}

fn text(log: &[Line]) -> String {
    log.iter().map(|(_, event)| format!("{event}\n")).collect()
}

/// Writes every line of every event with what `before` puts before it, by its number.
fn lines(log: &[Line], before: impl Fn(usize) -> String) -> String {
    text(log).lines().enumerate().map(|(number, line)| format!("{}{line}\n", before(number + 1))).collect()
}

/// Writes every event as `write` does, by its second.
fn events(log: &[Line], write: impl Fn(i64, &str) -> String) -> String {
    log.iter().map(|(second, event)| write(*second, event)).collect()
}

fn clock(second: i64) -> String {
    format!("04:{:02}:{:02}", second / 60, second % 60)
}

fn as_json(text: &str) -> String {
    json!(text).to_string()
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut length = 0;
        for char in line.chars() {
            let written = match char {
                '=' | '\t' => format!("={:02X}", u32::from(char)),
                char => char.to_string(),
            };
            if length + written.len() > 72 {
                out += "=\n";
                length = 0;
            }
            length += written.len();
            out += &written;
        }
        out.push('\n');
    }
    out
}

fn python(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
    format!("'{escaped}'")
}

/// Renderings that are read.
const READ: [(&str, Rendering); 27] = [
    ("editor, glued numbers", |log| lines(log, |number| format!("{number:>3}│"))),
    ("pager, numbers and bars", |log| lines(log, |number| format!("{number:>5} ┃ "))),
    ("bullets", |log| lines(log, |_| "• ".to_owned())),
    ("lights", |log| lines(log, |number| ["🟢 ", "🔴 ", "🟡 "][number % 3].to_owned())),
    ("indent of a web page", |log| lines(log, |_| "\u{a0}\u{a0}".to_owned())),
    ("zero-width mark", |log| lines(log, |_| "\u{200b}".to_owned())),
    ("grep with context", |log| {
        let mut number = 0;
        let grep = |line: &str| {
            number += 1;
            let mark = if line.contains("RequestId: ") { ':' } else { '-' };
            format!("a/out.log{mark}{number}{mark}{line}\n")
        };
        text(log).lines().map(grep).collect()
    }),
    ("names with numbers", |log| {
        events(log, |second, event| format!("task-{}x {event}\n", [17, 18, 19, 20, 21][second as usize % 5]))
    }),
    ("zone in words", |log| events(log, |second, event| format!("2026-10-01 {} PDT {event}\n", clock(second)))),
    ("date", |log| events(log, |second, event| format!("Thu Oct  1 {} UTC 2026 {event}\n", clock(second)))),
    ("basic ISO 8601", |log| {
        events(log, |second, event| format!("20261001T{}Z {event}\n", clock(second).replace(':', "")))
    }),
    ("JSON behind a tag", |log| {
        events(log, |second, event| {
            format!(
                "2026-10-01T{}+00:00\tcw.lambda\t{}\n",
                clock(second),
                json!({"n": 1, "text": event, "z": {"a": "b"}})
            )
        })
    }),
    ("mail", |log| {
        let head = "From: a@b.c\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n";
        head.to_owned() + &quoted_printable(&text(log))
    }),
    ("EDN", |log| {
        let map = |second, event: &str| format!("{{:at {}, :text {}}}\n ", ms(second), as_json(event));
        format!("[{}]", events(log, map))
    }),
    ("list of strings", |log| {
        format!("[{}]\n", log.iter().map(|(_, event)| python(event)).collect::<Vec<_>>().join(", "))
    }),
    ("list of tuples", |log| {
        let tuple = |(second, event): &Line| format!("({}, {})", ms(*second), python(event));
        format!("[{}]\n", log.iter().map(tuple).collect::<Vec<_>>().join(", "))
    }),
    ("bytes", |log| format!("b{}\n", python(&text(log)))),
    ("carriage returns", |log| text(log).replace('\n', "\r")),
    ("line separators", |log| lines(log, |_| "04:00:00 ".to_owned()).replace('\n', "\u{2028}")),
    ("next lines", |log| text(log).replace('\n', "\u{85}")),
    ("zero bytes", |log| text(log).replace('\n', "\0")),
    ("keys of streams", |log| {
        let events: Vec<Value> = log.iter().map(|(second, event)| json!({"at": ms(*second), "text": event})).collect();
        json!({"/aws/lambda/orders": {"2026/10/01/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0": events}}).to_string()
    }),
    ("keys of hosts", |log| {
        let list = |hosts: usize| {
            let part = log.iter().skip(hosts * 3).take(3);
            part.map(|(second, event)| json!([ms(*second), event])).collect::<Vec<_>>()
        };
        json!({"host-1": list(0), "host-2": list(1), "host-3": list(2), "host-4": list(3), "host-5": list(4), "host-6": list(5)})
            .to_string()
    }),
    ("newest first, times on lines of their own", |log| {
        let mut log = log.to_vec();
        log.reverse();
        events(&log, |second, event| format!("Oct 1, 2026 @ {}.000\n{event}\n", clock(second)))
    }),
    ("newest first, clocks", |log| {
        let mut log = log.to_vec();
        log.reverse();
        let cells = |second, event: &str| format!("{},\"{}\"\n", clock(second), event.replace('"', "\"\""));
        "time,message\n".to_owned() + &events(&log, cells)
    }),
    ("records of two columns", |log| {
        events(log, |second, event| {
            format!(
                "-[ RECORD ]-----\nat  | 2026-10-01 {}\nmsg | {}\n",
                clock(second),
                event.replace('\n', "+\n    | ")
            )
        })
    }),
    ("end of a rendering behind the last value", |log| lines(log, |_| String::new()).replace('\n', "⏎\n")),
];

/// Renderings of which a part is not read.
const TOLD: [(&str, Rendering); 6] = [
    ("JSON below text", |log| text(&log[..4]) + &json!([text(&log[4..])]).to_string() + "\n"),
    ("healthy JSON below text", |log| {
        let (first, rest) = log.split_at(9);
        let events: Vec<Value> = rest.iter().map(|(second, event)| json!({"at": ms(*second), "text": event})).collect();
        text(first) + "one more line\n" + &json!({"events": events}).to_string() + "\n"
    }),
    ("text below CSV", |log| {
        let cells = |second, event: &str| format!("{},\"{event}\"\n", ms(second));
        "timestamp,message\n".to_owned() + &events(&log[..4], cells) + &text(&log[4..])
    }),
    ("values left out", |log| {
        let list = log.iter().take(5).map(|(_, event)| python(event)).collect::<Vec<_>>().join(",\n  ");
        format!("[\n  {list},\n  ... 8 more items\n]\n")
    }),
    ("recording of a terminal", |log| {
        let log = text(log);
        let piece = |piece: &[u8]| format!("{}\n", json!([0.5, "o", String::from_utf8_lossy(piece)]));
        let pieces: String = log.as_bytes().chunks(50).map(piece).collect();
        format!("{{\"version\": 2, \"width\": 80, \"height\": 24}}\n{pieces}")
    }),
    ("database", |log| format!("SQLite format 3\0{}", text(log))),
];

#[test]
fn renderings_give_the_verdicts_of_the_log_alone() {
    let mut wrong = String::new();
    for failure in 0..FAILURES.len() {
        let log = log(failure);
        let (want, _) = codes(&text(&log));
        for (name, rendering) in READ {
            let rendered = rendering(&log);
            let (found, coverage) = codes(&rendered);
            // The words of an error without its lines may be anything: where they are lost, the answer says so.
            if found != want && coverage["complete"] == json!(true) {
                wrong += &format!("{name}, failure {failure}: {found:?}, want {want:?}\n");
            } else if found != want && failure == 2 {
                wrong += &format!("{name}: not read: {}\n", coverage["notes"]);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A START that follows itself begins no second attempt.
#[test]
fn lines_that_stand_twice_count_once() {
    for failure in 0..5 {
        let text = text_of(failure);
        let twice: String = text.lines().map(|line| format!("{line}\n{line}\n")).collect();
        assert_eq!(codes(&twice).0, codes(&text).0, "{twice}");
    }
}

#[test]
fn what_is_not_read_is_told() {
    for failure in 0..FAILURES.len() {
        let log = log(failure);
        for (name, rendering) in TOLD {
            let options = lambda_triage::internal::Options::default();
            let rendered = rendering(&log);
            let told = match lambda_triage::internal::analyze_samples(&[("export", rendered.as_bytes())], &options) {
                Ok(analysis) => !analysis.summary.coverage.complete,
                Err(_) => true,
            };
            assert!(told, "{name}, failure {failure}");
        }
    }
}

/// Lines of two pods at once belong to the pod that wrote them.
#[test]
fn names_before_lines_tell_who_wrote_them() {
    let ids = ["1f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11", "2f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11"];
    for names in [["[pod/a-x7k2/app] ", "[pod/a-9qzw/app] "], ["a-1 | ", "a-2 | "], ["a.log:", "b.log:"]] {
        let line = |pod: usize, text: String| format!("{}{text}\n", names[pod]);
        let start = |pod: usize| line(pod, format!("START RequestId: {} Version: 7", ids[pod]));
        let end = |pod: usize| {
            let report = "Duration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB";
            line(pod, format!("END RequestId: {}", ids[pod]))
                + &line(pod, format!("REPORT RequestId: {}\t{report}", ids[pod]))
        };
        let error = line(1, "[ERROR] KeyError: 'id'".to_owned())
            + &line(1, "Traceback (most recent call last):".to_owned())
            + &line(1, "  File \"/var/task/app.py\", line 5, in handler".to_owned());
        let text = start(0) + &start(1) + &error + &line(0, "working".to_owned()) + &end(0) + &end(1);
        let want =
            [(ids[0].to_owned(), "ok".to_owned()), (ids[1].to_owned(), "runtime_exception.unhandled".to_owned())];
        assert_eq!(codes(&text).0, want, "{text}");
    }
}

/// A log that a function prints with an indent is about other requests than its own.
#[test]
fn an_indented_log_within_an_attempt_is_quoted() {
    let own = "9f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    for failure in 0..FAILURES.len() {
        let quoted = lines(&log(failure), |_| "    ".to_owned());
        let report = "Duration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB";
        let text = format!(
            "START RequestId: {own} Version: 7\nlog of today:\n{quoted}END RequestId: {own}\nREPORT RequestId: {own}\t{report}\n"
        );
        assert_eq!(codes(&text).0, [(own.to_owned(), "ok".to_owned())], "{text}");
        // The same log alone is read.
        assert_eq!(codes(&quoted).0, codes(&text_of(failure)).0);
    }
}

fn text_of(failure: usize) -> String {
    text(&log(failure))
}
