//! Errors in JSON that were cut off or broken over lines: whatever is left of one, its attempt never looks like a sure success.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";

/// How the runtimes write that a handler failed, in the JSON format.
const ERRORS: [(&str, &str); 8] = [
    (
        "nodejs:22.v60",
        r#"{"timestamp":"2026-09-14T10:21:07.620Z","level":"ERROR","requestId":"$ID","message":{"errorType":"TypeError","errorMessage":"no \"plan\" for 12 items","stackTrace":["TypeError: no plan","    at handler (file:///var/task/index.mjs:3:9)"]}}"#,
    ),
    (
        "python:3.12.v90",
        r#"{"timestamp": "2026-09-14T10:21:07Z", "log_level": "ERROR", "errorMessage": "no plan", "errorType": "ValueError", "requestId": "$ID", "stackTrace": ["  File \"/var/task/app.py\", line 3, in handler\n    raise ValueError(\"no plan\")\n"]}"#,
    ),
    (
        "java:21.v55",
        r#"{"timestamp":"2026-09-14T10:21:07.620Z","message":"no plan: java.lang.IllegalStateException\njava.lang.IllegalStateException: no plan\n\tat com.acme.Handler.handleRequest(Handler.java:12)\n\n","level":"ERROR","AWSRequestId":"$ID"}"#,
    ),
    (
        "dotnet:8.v50",
        r#"{"timestamp":"2026-09-14T10:21:07.620Z","level":"Error","requestId":"$ID","traceId":"Root=1-66e56a53-0ba60ad2785ec2ae7971737c","message":"","errorType":"System.InvalidOperationException","errorMessage":"no plan","stackTrace":["System.InvalidOperationException: no plan","at Orders.Function.FunctionHandler(SQSEvent e) in /src/Function.cs:line 7"]}"#,
    ),
    (
        "provided:al2023.v100",
        r#"{"timestamp":"2026-09-14T10:21:07.620Z","level":"ERROR","fields":{"message":"Diagnostic { error_type: \"orders::OrderError\", error_message: \"no plan\" }"},"span":{"requestId":"$ID","xrayTraceId":"Root=1-66e56a53-0ba60ad2785ec2ae7971737c","name":"Lambda runtime invoke"},"spans":[{"requestId":"$ID","name":"Lambda runtime invoke"}]}"#,
    ),
    (
        "provided:al2023.v100",
        r#"{"timestamp":"2026-09-14T10:21:07.620Z","level":"ERROR","message":"Diagnostic { error_type: \"orders::OrderError\", error_message: \"no plan\" }","span":{"requestId":"$ID","name":"Lambda runtime invoke"},"spans":[{"requestId":"$ID","name":"Lambda runtime invoke"}]}"#,
    ),
    (
        "provided:al2023.v100",
        r#"{"time":"2026-09-14T10:21:07.620Z","level":"ERROR","msg":"{\"errorMessage\":\"no plan\",\"errorType\":\"OrderError\"}"}"#,
    ),
    (
        "java:21.v55",
        r#"{"timestamp":"2026-09-14T10:21:07.149Z","sequence":926,"loggerName":"io.quarkus.amazon.lambda.runtime.AbstractLambdaPollLoop","level":"ERROR","message":"Failed to run lambda (NORMAL)","threadName":"Lambda Thread (NORMAL)","exception":{"refId":1,"exceptionType":"java.lang.RuntimeException","message":"no plan","frames":[{"class":"com.acme.Handler","method":"handleRequest","line":17}]}}"#,
    ),
];

const START: &str = r#"{"time":"2026-09-14T10:21:07.520Z","type":"platform.start","record":{"requestId":"$ID","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:orders","version":"$LATEST"}}"#;
const REPORT: &str = r#"{"time":"2026-09-14T10:21:07.720Z","type":"platform.report","record":{"requestId":"$ID","metrics":{"durationMs":120.5,"billedDurationMs":121,"memorySizeMB":512,"maxMemoryUsedMB":98},"status":"success"}}"#;

fn init(runtime: &str) -> String {
    format!(
        r#"{{"time":"2026-09-14T10:21:07.120Z","type":"platform.initStart","record":{{"initializationType":"on-demand","phase":"init","runtimeVersion":"{runtime}","functionName":"orders","functionVersion":"$LATEST"}}}}"#
    )
}

/// What is told of each attempt, and whether all was read.
fn told(text: &str) -> (Vec<Value>, bool) {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("app.log", text.as_bytes())], &options).unwrap();
    let complete = analysis.summary.coverage.complete;
    let gist = |record: &Value| json!([record["request_id"], record["code"], record["confidence"]]);
    (records_of(&mut analysis).iter().map(gist).collect(), complete)
}

/// Ways in which the messages of a stream stand in a file.
fn forms(messages: &[String]) -> [String; 3] {
    let named = |message: &String| json!({"logStreamName": "2026/09/14/[$LATEST]7f3b2c1d4e5f60718293a4b5c6d7e8f9", "timestamp": 1_789_381_267_120_u64, "message": format!("{message}\n"), "eventId": "3"});
    let events: Vec<Value> = messages.iter().map(named).collect();
    let tail = |message: &String| {
        format!("2026-09-14T10:21:07.120000+00:00 2026/09/14/[$LATEST]7f3b2c1d4e5f60718293a4b5c6d7e8f9 {message}\n")
    };
    [messages.join("\n") + "\n", json!({ "events": events }).to_string(), messages.iter().map(tail).collect()]
}

fn log(runtime: &str, said: &[&str]) -> Vec<String> {
    let head = init(runtime);
    let lines = [&*head, START].into_iter().chain(said.iter().copied()).chain([REPORT]);
    lines.map(|line| line.replace("$ID", ID)).collect()
}

/// Places at which a text can be cut so that something of an object is left.
fn cuts(text: &str) -> impl Iterator<Item = usize> {
    (3..text.len()).filter(|at| text.is_char_boundary(*at))
}

#[test]
fn an_error_that_is_cut_is_never_a_sure_success() {
    let mut wrong = String::new();
    for (runtime, error) in ERRORS {
        let error = error.replace("$ID", ID);
        for at in cuts(&error) {
            for mark in ["", "...", "[truncated]"] {
                let cut = format!("{}{mark}", &error[..at]);
                let forms = forms(&log(runtime, &[&cut]));
                let some = if at % 7 == 0 { forms.len() } else { 1 };
                for text in &forms[..some] {
                    let (attempts, complete) = told(text);
                    let sure = attempts.iter().any(|told| told[1] == "ok" && told[2] == "high");
                    let healthy = complete && attempts.iter().all(|told| told[1] == "ok");
                    if attempts.len() != 1 || sure || healthy {
                        wrong.push_str(&format!("{cut}\n  {attempts:?} complete {complete}\n"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_error_in_two_pieces_is_read_like_one() {
    let mut wrong = String::new();
    for (runtime, error) in ERRORS {
        let error = error.replace("$ID", ID);
        let whole = told(&forms(&log(runtime, &[&error]))[0]);
        assert_eq!(whole.0[0][1], "runtime_exception.unhandled", "{error}");
        for at in cuts(&error) {
            let (first, rest) = error.split_at(at);
            let forms = forms(&log(runtime, &[first, rest]));
            let some = if at % 7 == 0 { 2 } else { 1 };
            for text in &forms[..some] {
                let got = told(text);
                if got != whole {
                    wrong.push_str(&format!("{first}|{rest}\n  {got:?}\n  {whole:?}\n"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_window_of_any_width_shows_the_same_errors() {
    let (mut wrong, mut doubtful) = (String::new(), 0);
    for (runtime, error) in ERRORS {
        let whole = log(runtime, &[error]);
        let want = told(&forms(&whole)[0]);
        for width in (50..260).step_by(3) {
            let rows = |line: &String| -> String {
                line.as_bytes().chunks(width).map(|row| String::from_utf8_lossy(row).into_owned() + "\n").collect()
            };
            let text: String = whole.iter().map(rows).collect();
            let got = told(&text);
            // A row may look like what a tool puts before lines.
            let is_doubtful = !got.1 && got.0.iter().all(|told| told[2] != "high");
            doubtful += u32::from(is_doubtful && got != want);
            if got != want && !is_doubtful {
                wrong.push_str(&format!("{runtime} {width}\n  {got:?}\n  {want:?}\n"));
            }
        }
    }
    assert!(wrong.is_empty() && doubtful < 3, "{doubtful} {wrong}");
}

/// What the function logged by itself is no failure, however much of it is left.
#[test]
fn lines_of_the_function_that_are_cut_fail_nothing() {
    for said in [
        r#"{"timestamp":"2026-09-14T10:21:07.540Z","level":"ERROR","requestId":"$ID","message":"charge failed: the provider is away"}"#,
        r#"{"timestamp":"2026-09-14T10:21:07.540Z","level":"INFO","requestId":"$ID","message":"got","answer":{"errorType":"TypeError","errorMessage":"boom"}}"#,
        r#"{"level":"INFO","location":"handler:12","message":"got response","response":{"errorType":"TypeError"}}"#,
        r#"{"level":50,"time":1789381267540,"msg":"charge failed","err":{"type":"TypeError","message":"no"}}"#,
        r#"{"orderId":12,"items":[{"sku":"a"},{"sku":"b"}],"error":null}"#,
    ] {
        let said = said.replace("$ID", ID);
        for at in cuts(&said) {
            let (attempts, _) = told(&forms(&log("nodejs:22.v60", &[&said[..at]]))[0]);
            assert!(attempts.len() == 1 && attempts[0][1] == "ok", "{}\n{attempts:?}", &said[..at]);
        }
        let (first, rest) = said.split_at(said.len() / 2);
        let after = r#"{"timestamp":"2026-09-14T10:21:07.640Z","level":"INFO","requestId":"$ID","message":"done"}"#;
        let whole = told(&forms(&log("nodejs:22.v60", &[&said, after]))[0]);
        assert_eq!(told(&forms(&log("nodejs:22.v60", &[first, rest, after]))[0]), whole, "{said}");
    }
}

/// An error behind a line that was cut is read, and not taken for the rest of it.
#[test]
fn an_error_behind_a_cut_line_is_read() {
    let cut = r#"{"timestamp":"2026-09-14T10:21:07.540Z","level":"INFO","message":"got resp"#;
    for error in [
        "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)",
        "2026-09-14T10:21:07.620Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no\",\"stack\":[\"TypeError: no\"]}",
        "no stock: com.acme.OutOfStockException\ncom.acme.OutOfStockException: no stock\n\tat com.acme.Orders.handle(Orders.java:7)",
        ERRORS[0].1,
    ] {
        for between in [
            &[cut][..],
            &[cut, "item 7 is done", "and so is 8"],
            &[r#"{"level":"ERROR","msg":"it said "no""}"#, "done"],
        ] {
            let lines: Vec<&str> = between.iter().copied().chain(error.split('\n')).collect();
            let (attempts, _) = told(&forms(&log("nodejs:22.v60", &lines))[0]);
            assert_eq!(attempts[0][1], "runtime_exception.unhandled", "{between:?} {error}\n{attempts:?}");
        }
    }
}
