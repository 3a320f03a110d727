//! Errors that a filter has picked out of named streams, as filter patterns and subscriptions give them: without a line of
//! the platform, and without an id.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";
const GROUP: &str = "/aws/lambda/orders";
const STREAMS: [&str; 2] =
    ["2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef", "2026/01/02/[$LATEST]fedcba9876543210fedcba9876543210"];
const FIRST_MS: i64 = 1_767_323_045_000;

/// Errors that only the clients of runtimes write, and their codes.
const ERRORS: [(&str, &str); 6] = [
    (
        "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 9, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}pay(event)",
        "runtime_exception.unhandled",
    ),
    (
        "no stock: com.acme.OutOfStockException\ncom.acme.OutOfStockException: no stock\n\tat com.acme.Orders.handle(Orders.java:7)",
        "runtime_exception.unhandled",
    ),
    (
        "Java heap space: java.lang.OutOfMemoryError\njava.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Orders.handle(Orders.java:7)",
        "out_of_memory.heap",
    ),
    ("2026/01/02 03:04:05 {\"errorMessage\":\"no\",\"errorType\":\"errorString\"}", "runtime_exception.unhandled"),
    (
        "[ERROR] ClientError: An error occurred (ThrottlingException) when calling the Query operation: slow down\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 9, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}table.query()",
        "downstream.throttled",
    ),
    (
        "[ERROR] Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable",
        "runtime_exception.response_format",
    ),
];

/// Number of a stream, seconds since the first event, message.
type Event<'t> = (usize, i64, &'t str);

/// Ways in which the events come, each with its name.
fn shapes(events: &[Event<'_>]) -> Vec<(&'static str, String)> {
    let ms = |seconds: i64| FIRST_MS + seconds * 1_000;
    let iso = |seconds: i64| format!("2026-01-02T03:{:02}:{:02}.000", 4 + (5 + seconds) / 60, (5 + seconds) % 60);
    let lines = |head: &dyn Fn(&str, i64) -> String| {
        events.iter().map(|(stream, at, text)| format!("{}{text}\n", head(STREAMS[*stream], *at))).collect::<String>()
    };
    let event = |(stream, at, text): &Event<'_>| json!({"logStreamName": STREAMS[*stream], "timestamp": ms(*at), "message": format!("{text}\n"), "ingestionTime": ms(*at), "eventId": at.to_string()});
    let all: Vec<Value> = events.iter().map(event).collect();
    let of_subscription = |stream: usize| {
        let of_stream = events.iter().filter(|event| event.0 == stream);
        let messages = of_stream
            .map(|(_, at, text)| json!({"id": at.to_string(), "timestamp": ms(*at), "message": format!("{text}\n")}));
        json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": STREAMS[stream], "subscriptionFilters": ["errors"], "logEvents": messages.collect::<Vec<_>>()}).to_string() + "\n"
    };
    let quoted = |text: &str| text.replace('"', "\"\"");
    let rows: String = events
        .iter()
        .map(|(stream, at, text)| {
            let at = iso(*at).replace('T', " ");
            format!("{at},\"{}\",{},123456789012:{GROUP}\n", quoted(text), STREAMS[*stream])
        })
        .collect();
    vec![
        ("filter-log-events", json!({"events": all, "searchedLogStreams": []}).to_string()),
        ("events, one a line", all.iter().map(|event| format!("{event}\n")).collect()),
        ("subscription", STREAMS.iter().enumerate().map(|(stream, _)| of_subscription(stream)).collect()),
        ("query results", format!("@timestamp,@message,@logStream,@log\n{rows}")),
        ("aws logs tail", lines(&|stream, at| format!("{}000+00:00 {stream} ", iso(at)))),
        ("awslogs", lines(&|stream, at| format!("{GROUP} {stream} {}Z ", iso(at)))),
        ("sam logs", lines(&|stream, at| format!("{stream} {}000 ", iso(at)))),
    ]
}

fn records(texts: &[&str]) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.log")).collect();
    let samples: Vec<(&str, &[u8])> =
        names.iter().zip(texts).map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    records_of(&mut analyze_samples(&samples, &options).unwrap())
}

fn codes(found: &[Value]) -> Vec<&str> {
    found.iter().filter_map(|record| record["code"].as_str()).collect()
}

#[test]
fn each_is_an_attempt_in_every_shape() {
    for (error, want) in ERRORS {
        for (shape, text) in shapes(&[(0, 0, error)]) {
            let found = records(&[&text]);
            assert_eq!(codes(&found), [want], "{shape}\n{text}");
            assert_ne!(found[0]["confidence"], "high", "{shape}\n{text}");
            assert_eq!(found[0]["request_id"], Value::Null, "{shape}\n{text}");
            assert_eq!(found[0]["log_stream"], STREAMS[0], "{shape}\n{text}");
        }
    }
}

/// A stream with an attempt that ended well says nothing of another stream.
#[test]
fn a_healthy_attempt_elsewhere_hides_none() {
    let well = [
        format!("START RequestId: {ID} Version: $LATEST"),
        format!("END RequestId: {ID}"),
        format!(
            "REPORT RequestId: {ID}\tDuration: 11.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
        ),
    ];
    for (error, want) in ERRORS {
        for at in [-9, 9] {
            let mut events: Vec<Event<'_>> =
                (0..).zip(&well).map(|(second, line)| (1, second, line.as_str())).collect();
            events.push((0, at + 10, error));
            events[..3].iter_mut().for_each(|event| event.1 += 10);
            events.sort_by_key(|event| event.1);
            for (shape, text) in shapes(&events) {
                let found = records(&[&text]);
                let mut got = codes(&found);
                got.sort_unstable();
                let mut both = ["ok", want];
                both.sort_unstable();
                assert_eq!(got, both, "{shape}\n{text}");
            }
        }
    }
}

/// However many there are in a stream, and however they are parted into inputs.
#[test]
fn as_many_attempts_as_errors() {
    for count in [2, 16, 17, 40] {
        for (error, want) in ERRORS {
            let events: Vec<Event<'_>> = (0..count).map(|at| (0, at, error)).collect();
            for (shape, text) in shapes(&events) {
                let found = records(&[&text]);
                assert_eq!(codes(&found), vec![want; events.len()], "{shape}");
            }
        }
        let events: Vec<Event<'_>> = (0..count).map(|at| (0, at, ERRORS[at as usize % ERRORS.len()].0)).collect();
        let ids = |texts: &[&str]| {
            let mut ids: Vec<String> = records(texts).iter().map(|record| record["id"].to_string()).collect();
            ids.sort_unstable();
            ids
        };
        for cut in 0..events.len() {
            let (before, behind) = events.split_at(cut);
            for (((shape, whole), (_, one)), (_, other)) in
                shapes(&events).into_iter().zip(shapes(before)).zip(shapes(behind)).take(1)
            {
                assert_eq!(ids(&[&other, &one]), ids(&[&whole]), "{shape}, cut at {cut}");
                assert_eq!(ids(&[&one, &whole]), ids(&[&whole]), "{shape}, twice up to {cut}");
            }
        }
    }
}

/// Where START lines are written, nothing is picked; and other programs write such lines, too.
#[test]
fn in_whole_streams_and_in_those_of_others_they_are_no_attempts() {
    let start = format!("START RequestId: {ID} Version: $LATEST");
    let end = format!("END RequestId: {ID}");
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 11.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
    );
    for (error, _) in ERRORS {
        for (shape, text) in shapes(&[(0, 0, &start), (0, 1, &end), (0, 2, &report), (0, 50, error)]) {
            assert_eq!(records(&[&text]).len(), 1, "{shape}\n{text}");
        }
        for (shape, text) in shapes(&[(0, 0, error)]) {
            // The text alone tells of what a tool has put before it that somebody copied it.
            if matches!(shape, "aws logs tail" | "awslogs" | "sam logs") {
                continue;
            }
            let text = text.replace(STREAMS[0], "ecs/app/0123456789abcdef").replace(GROUP, "/ecs/orders");
            assert!(records(&[&text]).is_empty(), "{shape}\n{text}");
        }
    }
}

/// What a logger writes is no end of an attempt.
#[test]
fn logged_errors_are_no_attempts() {
    for line in [
        "[ERROR] could not reach the shop: KeyError",
        "[ERROR] retrying the payment\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in pay\n    x()\nKeyError: 'plan'",
        "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in pay\n    x()\nKeyError: 'plan'",
        "panic: boom",
        "{\"errorMessage\":\"no stock\",\"errorType\":\"OutOfStock\"}",
        "ERROR: payment failed",
    ] {
        for (shape, text) in shapes(&[(0, 0, line), (0, 1, line)]) {
            assert!(records(&[&text]).is_empty(), "{shape}\n{text}");
        }
    }
}

/// Errors that name their requests, as the clients of Node.js and Python write them.
const NAMED: [&str; 3] = [
    "2026-01-02T03:04:05.000Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no\",\"stack\":[\"TypeError: no\",\"    at pay (/var/task/pay.js:3:4)\"]}",
    r#"{"timestamp":"2026-01-02T03:04:05.000Z","level":"ERROR","requestId":"$ID","message":{"errorType":"TypeError","errorMessage":"no","stackTrace":["TypeError: no","    at pay (/var/task/pay.js:3:4)"]}}"#,
    r#"{"timestamp":"2026-01-02T03:04:05Z","log_level":"ERROR","errorMessage":"no","errorType":"KeyError","requestId":"$ID","stackTrace":["  File \"/var/task/app.py\", line 9, in handler\n    pay(event)\n"]}"#,
];

/// Errors that name their requests are an attempt each, however many stand in a stream: more than are kept of one attempt.
#[test]
fn errors_that_name_their_requests_are_an_attempt_each() {
    const REQUESTS: usize = 24;
    for error in NAMED {
        let texts: Vec<String> =
            (0..REQUESTS).map(|at| error.replace("$ID", &format!("{at:08x}{}", &ID[8..]))).collect();
        let events: Vec<Event<'_>> =
            (0i64..).zip(&texts).map(|(at, text)| (at as usize / 20 % 2, at * 60, &**text)).collect();
        for (shape, text) in shapes(&events) {
            let found = records(&[&text]);
            assert_eq!(found.len(), REQUESTS, "{shape}: {text}");
            assert!(found.iter().all(|record| record["code"] == "runtime_exception.unhandled"), "{shape}: {text}");
            let ids: std::collections::BTreeSet<_> =
                found.iter().filter_map(|record| record["request_id"].as_str()).collect();
            assert_eq!(ids.len(), REQUESTS, "{shape}: {text}");
        }
    }
}
