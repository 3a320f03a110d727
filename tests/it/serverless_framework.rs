//! Logs as the Serverless Framework prints them: version 3 takes ids and most figures off, version 4 puts ids between dashes.

use lambda_triage::internal::{Options, analyze_samples, shape_of};
use serde_json::{Value, json};

use super::generate::corpus;
use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";

fn records(text: &str) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    let text = text.replace("$ID", ID);
    records_of(&mut analyze_samples(&[("copy.log", text.as_bytes())], &options).unwrap())
}

/// Writes a message as version 3 does; `None` if it leaves it out.
fn version_3(message: &str) -> Option<String> {
    let text = message.trim_end();
    if text.starts_with("END") {
        return None;
    }
    if text.starts_with("START") {
        return Some("START".to_owned());
    }
    let fields: Vec<&str> = text.split('\t').collect();
    if text.starts_with("REPORT") {
        let cold = fields.get(5).and_then(|field| field.split(':').nth(1));
        let cold = cold.map(|cold| format!(" (init:{cold})")).unwrap_or_default();
        return Some(format!("END {}{cold} {}", fields[1], &fields[4][4..]));
    }
    let local = |time: &str| time.trim_end_matches('Z').replace('T', " ");
    let is_time = |text: &str| text.len() == 24 && text.ends_with('Z');
    Some(match fields[..] {
        [time, id, _, ..] if is_time(time) => {
            format!("{}\t{}", local(time), text.split_once(&format!("{id}\t"))?.1)
        }
        [level, time, id, ..] if is_time(time) => {
            format!("{}\t{level}\t{}", local(time), text.split_once(&format!("{id}\t"))?.1)
        }
        _ => text.to_owned(),
    })
}

const INVOKE_ERROR: &str = "2026-01-02 03:04:05.678\tERROR\tInvoke Error \t{\"errorType\":\"OutOfStock\",\"errorMessage\":\"no stock\",\"stack\":[\"OutOfStock: no stock\"]}\n";
const UNCAUGHT: &str = "2026-01-02 03:04:05.678\tERROR\tUncaught Exception \t{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Error: Cannot find module 'shop'\",\"stack\":[\"Runtime.ImportModuleError\"]}\n";

#[test]
fn every_line_of_version_3_is_read() {
    const PYTHON: &str = "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)\n";
    const GO: &str = "{\"errorMessage\":\"no stock\",\"errorType\":\"OutOfStock\"}\n";
    const OLD_NODE: &str = "2026-01-02 03:04:05.678\t{\"errorMessage\":\"no stock\",\"errorType\":\"OutOfStock\"}\n";
    const WARM: &str = "END Duration: 11.50 ms Memory Used: 36 MB\n";
    for (log, want) in [
        (format!("START\n{WARM}"), json!(["ok", null, 11.5, null, 36])),
        (format!("START\nEND RequestId: $ID\n{WARM}"), json!(["ok", null, 11.5, null, 36])),
        ("START\nEND Duration: 11.50 ms (init: 120.11 ms) Memory Used: 36 MB\n".into(), json!(["ok", null, 11.5, 120.11, 36])),
        ("START\nEND Duration: 11.50 ms (init: 1-5f4a3b2c-0123456789abcdef01234567) Memory Used: 36 MB\n".into(), json!(["ok", null, 11.5, null, 36])),
        (format!("START\n2026-01-02 03:04:05.678\tINFO\tno stock\n{WARM}"), json!(["ok", null, 11.5, null, 36])),
        (format!("START\n2026-01-02 03:04:05.678\t[ERROR]\tno stock\n{WARM}"), json!(["ok", null, 11.5, null, 36])),
        (format!("START\n{INVOKE_ERROR}{WARM}"), json!(["runtime_exception.unhandled", "OutOfStock", 11.5, null, 36])),
        (format!("START\n\u{1b}[90m{}\u{1b}[39m{WARM}", INVOKE_ERROR.replacen('\t', "\t\u{1b}[39m", 1)), json!(["runtime_exception.unhandled", "OutOfStock", 11.5, null, 36])),
        (format!("START\n{PYTHON}{WARM}"), json!(["runtime_exception.unhandled", "KeyError", 11.5, null, 36])),
        (format!("START\n{GO}{WARM}"), json!(["runtime_exception.unhandled", "OutOfStock", 11.5, null, 36])),
        (format!("START\n{OLD_NODE}{WARM}"), json!(["runtime_exception.unhandled", "OutOfStock", 11.5, null, 36])),
        (format!("{UNCAUGHT}START\n{WARM}"), json!(["init_failure.import", "Runtime.ImportModuleError", 11.5, null, 36])),
        ("START\n2026-01-02T03:04:08.000Z $ID Task timed out after 3.00 seconds\n\nEND Duration: 3000.00 ms (init: timeout) Memory Used: 36 MB\n".into(), json!(["timeout.invoke", null, 3000.0, null, 36])),
        ("START\nEND Duration: 3000.00 ms (init: timeout) Memory Used: 36 MB\n".into(), json!(["timeout.invoke", null, 3000.0, null, 36])),
        ("START\nRequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError\nEND Duration: 11.50 ms (init: error) Memory Used: 36 MB\n".into(), json!(["runtime_exception.exit", null, 11.5, null, 36])),
        (format!("$ sls invoke -f pay --log\n{{\n    \"statusCode\": 200\n}}\n{}\nSTART\n{WARM}", "-".repeat(68)), json!(["ok", null, 11.5, null, 36])),
    ] {
        let found = records(&log);
        let gist = |record: &Value| json!([record["code"], record["error_type"], record["duration_ms"], record["init_ms"], record["max_memory_used_mb"]]);
        assert_eq!(found.iter().map(gist).collect::<Vec<_>>(), [want], "{log}");
        // A second attempt is one of its own.
        let found = records(&format!("{log}START\n{WARM}"));
        assert_eq!(found.len(), 2, "{log}");
        assert_eq!(found[1]["code"], "ok", "{log}");
    }
    // The start of a log whose end was cut off.
    assert_eq!(records(&format!("START\n{INVOKE_ERROR}"))[0]["error_type"], "OutOfStock");
}

#[test]
fn words_of_version_3_in_a_log_of_lambda_are_the_functions() {
    const LOG: &str = "START RequestId: $ID Version: $LATEST\nSTART\nEND Duration: 5.00 ms Memory Used: 36 MB\n2026-01-02 03:04:05.678\tERROR\tx\nEND RequestId: $ID\nREPORT RequestId: $ID\tDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n";
    for before in ["", "> ", "2026-01-02T03:04:05.678Z\t"] {
        let log: String = LOG.replace("$ID", ID).lines().map(|line| format!("{before}{line}\n")).collect();
        assert_ne!(shape_of(log.as_bytes()), Some("serverless-logs"), "{before}");
        let found = records(&log);
        assert_eq!((found.len(), &found[0]["code"]), (1, &json!("ok")), "{before}");
        assert_eq!(found[0]["duration_ms"], 11.5, "{before}");
    }
}

/// The text of a line stands below its time and id.
#[test]
fn lines_of_version_4_are_those_of_the_runtime() {
    let log = |said: &str| {
        format!(
            "INIT_START Runtime - Version: nodejs:22.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab\nSTART - $ID - Version: 7\n{said}END - $ID\nREPORT - $ID\nDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n"
        )
    };
    let (time, said) = INVOKE_ERROR.split_once('\t').unwrap();
    for (said, code) in [
        (String::new(), "ok"),
        (format!("{time} - $ID - \n{said}"), "runtime_exception.unhandled"),
        (format!("{time} - $ID -\n{said}"), "runtime_exception.unhandled"),
        (format!("{time} - $ID - \nINFO\tno stock\n"), "ok"),
        (format!("{time} - $ID - [ERROR]\t\nno stock\n"), "ok"),
    ] {
        let found = records(&log(&said));
        assert_eq!(found.len(), 1, "{said}");
        assert_eq!(found[0]["code"], code, "{said}");
        assert_eq!(found[0]["runtime"], "nodejs:22.v1", "{said}");
        assert_eq!(found[0]["version"], "7", "{said}");
    }
}

/// Version 3 leaves enough to tell every attempt of an environment as its log does, but for what it hides.
#[test]
fn version_3_tells_what_the_log_told() {
    const KEYS: [&str; 6] = ["code", "error_type", "error_message", "duration_ms", "max_memory_used_mb", "init_ms"];
    let mut attempts = 0;
    for seed in 700..712 {
        for stream in corpus(seed).streams {
            let log = |write: &dyn Fn(&str) -> Option<String>| -> String {
                let lines = stream.events.iter().filter_map(|event| write(&event.message));
                lines.map(|line| format!("{line}\n")).collect()
            };
            let printed = log(&version_3);
            let told = |text: &str| -> Vec<Value> {
                let found = records(text);
                let found = found.iter().filter(|record| record["kind"] == "attempt");
                found.map(|record| json!(KEYS.map(|key| &record[key]))).collect()
            };
            let want = told(&log(&|message| Some(message.trim_end().to_owned())));
            let found = told(&printed);
            assert_eq!(found.len(), want.len(), "{printed}");
            for (found, want) in found.iter().zip(&want) {
                // The size of the memory is gone, and a cold start takes the place of the status, which may be all that tells.
                let hidden = found[0] == "unknown" && want[0] == "out_of_memory.killed"
                    || found[0] == "ok" && !found[5].is_null();
                assert!(found == want || hidden, "{found} {want} {printed}");
            }
            attempts += want.len();
        }
    }
    assert!(attempts > 100, "{attempts}");
}
