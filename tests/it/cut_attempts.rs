//! Attempts that a file ends within: the next file has the rest. What failed as a whole failed in two pieces, too.

use serde_json::{Value, json};

use super::harness::{Run, directory, write};

const ID: &str = "5f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d10";
const BEGIN_MS: u64 = 1_790_812_800_000;

/// Messages of an attempt that failed, with ID and TIME where these stand, each a second after the one before.
struct Failed {
    name: &'static str,
    messages: &'static [&'static str],
}

const FAILED: [Failed; 6] = [
    Failed {
        name: "Node in JSON",
        messages: &[
            r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#,
            r#"{"timestamp":"TIME","level":"ERROR","requestId":"ID","message":{"errorType":"TypeError","errorMessage":"no items","stackTrace":["TypeError: no items","    at handler (/var/task/index.js:3:9)"]}}"#,
            r#"{"time":"TIME","type":"platform.report","record":{"requestId":"ID","status":"success","metrics":{"durationMs":1990.5,"billedDurationMs":1991,"memorySizeMB":128,"maxMemoryUsedMB":60}}}"#,
        ],
    },
    Failed {
        name: "Python in JSON",
        messages: &[
            r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#,
            r#"{"timestamp":"TIME","log_level":"ERROR","errorMessage":"no items","errorType":"KeyError","requestId":"ID","stackTrace":["  File \"/var/task/app.py\", line 4, in handler\n"]}"#,
            r#"{"time":"TIME","type":"platform.report","record":{"requestId":"ID","status":"error","errorType":"Runtime.Unknown","metrics":{"durationMs":1990.5,"billedDurationMs":1991,"memorySizeMB":128,"maxMemoryUsedMB":60}}}"#,
        ],
    },
    Failed {
        name: "a timeout in JSON",
        messages: &[
            r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#,
            r#"{"timestamp":"TIME","level":"INFO","requestId":"ID","message":"step 1"}"#,
            r#"{"time":"TIME","type":"platform.report","record":{"requestId":"ID","status":"timeout","metrics":{"durationMs":2000.0,"billedDurationMs":2000,"memorySizeMB":128,"maxMemoryUsedMB":60}}}"#,
        ],
    },
    Failed {
        name: "Node",
        messages: &[
            "START RequestId: ID Version: 1",
            "TIME\tID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no items\",\"stack\":[\"TypeError: no items\",\"    at handler (/var/task/index.js:3:9)\"]}",
            "END RequestId: ID",
            "REPORT RequestId: ID\tDuration: 3017.30 ms\tBilled Duration: 3018 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB",
        ],
    },
    Failed {
        name: "Python",
        messages: &[
            "START RequestId: ID Version: 1",
            "[ERROR] KeyError: 'items'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", line 4, in handler",
            "END RequestId: ID",
            "REPORT RequestId: ID\tDuration: 3017.30 ms\tBilled Duration: 3018 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB",
        ],
    },
    Failed {
        name: "a process that ended",
        messages: &[
            "START RequestId: ID Version: 1",
            "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
            "END RequestId: ID",
            "REPORT RequestId: ID\tDuration: 3017.30 ms\tBilled Duration: 3018 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB",
        ],
    },
];

/// Writes events as a file of one export, with the names that it has.
type Form = fn(&[(u64, String)]) -> String;

const FORMS: [(&str, Form); 3] = [
    ("NDJSON without a stream", |events| {
        let line = |(at, message): &(u64, String)| json!({"timestamp": at, "logGroup": "/aws/lambda/orders", "message": message});
        events.iter().map(|event| line(event).to_string() + "\n").collect()
    }),
    ("pages of get-log-events", |events| {
        let one =
            |(at, message): &(u64, String)| json!({"timestamp": at, "message": message, "ingestionTime": at + 900});
        json!({"events": events.iter().map(one).collect::<Vec<_>>(), "nextForwardToken": "f/1"}).to_string()
    }),
    ("NDJSON with a stream", |events| {
        let stream = "2026/10/01/[1]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let line = |(at, message): &(u64, String)| json!({"timestamp": at, "logGroup": "/aws/lambda/orders", "logStream": stream, "message": message});
        events.iter().map(|event| line(event).to_string() + "\n").collect()
    }),
];

fn events(failed: &Failed) -> Vec<(u64, String)> {
    let event = |(second, message): (u64, &&str)| {
        let time = format!("2026-10-01T00:00:{second:02}.000Z");
        (BEGIN_MS + second * 1_000, message.replace("ID", ID).replace("TIME", &time))
    };
    (0..).zip(failed.messages).map(event).collect()
}

#[test]
fn what_failed_as_a_whole_failed_in_two_pieces() {
    for failed in &FAILED {
        let events = events(failed);
        for (form, write_events) in FORMS {
            let place = directory();
            let [whole, one, other, records] =
                ["whole", "1.json", "2.json", "records"].map(|name| place.path().join(name));
            let totals = |paths: &[&std::path::PathBuf]| -> Value {
                let summary = Run::analyze(paths).args(["--function", "orders"]).summary();
                json!([summary["totals"]["attempts"], summary["totals"]["failed"]])
            };
            write(&whole, write_events(&events));
            assert_eq!(totals(&[&whole]), json!([1, 1]), "{} as {form}", failed.name);
            for cut in 1..events.len() {
                write(&one, write_events(&events[..cut]));
                write(&other, write_events(&events[cut..]));
                for paths in [[&one, &other], [&other, &one]] {
                    assert_eq!(totals(&paths), json!([1, 1]), "{} as {form}, cut at {cut}", failed.name);
                }
                // Records of both, written apart.
                let record = |path| Run::analyze([path]).args(["--function", "orders", "--format", "ndjson"]).stdout();
                write(&records, record(&other) + &record(&one));
                assert_eq!(totals(&[&records]), json!([1, 1]), "records of {} as {form}, cut at {cut}", failed.name);
            }
        }
    }
}
