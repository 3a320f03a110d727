//! Lines of the platform that lack what they usually have: as older hosts, the Logs API and exporters write them, or
//! because the log begins after them.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";

fn analysed(text: &str) -> (Vec<Value>, Value) {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("x.log", text.as_bytes())], &options).unwrap();
    let records = records_of(&mut analysis);
    (records, json!(analysis.summary))
}

/// Line of the platform in JSON, at a number of milliseconds.
fn line(ms: u32, kind: &str, mut record: Value) -> String {
    if record["requestId"].is_null() && kind != "initStart" {
        record["requestId"] = json!(ID);
    }
    format!(
        "{}\n",
        json!({"time": format!("2026-01-02T03:04:05.{ms:03}Z"), "type": format!("platform.{kind}"), "record": record})
    )
}

#[test]
fn a_report_without_a_status_is_read() {
    let metrics = json!({"durationMs": 101.51, "billedDurationMs": 300, "memorySizeMB": 512, "maxMemoryUsedMB": 33});
    let (records, summary) = analysed(&line(0, "report", json!({"metrics": metrics})));
    let record = &records[0];
    assert_eq!(
        (&record["duration_ms"], &record["memory_size_mb"], &record["code"]),
        (&json!(101.51), &json!(512), &json!("ok"))
    );
    assert_ne!(record["confidence"], "high");
    assert_eq!(summary["coverage"]["complete"], true);
}

/// Any of START, `runtimeDone` and REPORT tells the trace.
#[test]
fn a_trace_id_is_read_wherever_it_stands() {
    const TRACE: &str = "1-65a1b2c3-0123456789abcdef01234567";
    for bearer in ["start", "runtimeDone", "report"] {
        let with = |ms, kind: &str, mut record: Value| {
            if kind == bearer {
                record["tracing"] = json!({"spanId": "0123456789abcdef", "type": "X-Amzn-Trace-Id", "value": format!("Root={TRACE};Parent=12;Sampled=1")});
            }
            line(ms, kind, record)
        };
        let text = [
            with(100, "start", json!({"version": "7"})),
            with(200, "runtimeDone", json!({"status": "success"})),
            with(201, "report", json!({"status": "success", "metrics": {"durationMs": 101.5, "billedDurationMs": 102, "memorySizeMB": 512, "maxMemoryUsedMB": 33}})),
        ]
        .concat();
        let (records, _) = analysed(&text);
        assert_eq!((records.len(), &records[0]["xray_trace_id"]), (1, &json!(TRACE)), "{text}");
    }
}

/// The start of an environment names the function, where nothing else does, and two functions are two rows.
#[test]
fn the_start_of_an_environment_names_the_function() {
    let attempt = |function: &str, id: &str| {
        let start = json!({"initializationType": "on-demand", "phase": "init", "functionName": function, "functionVersion": "7", "runtimeVersion": "nodejs:22.v1"});
        let report = json!({"requestId": id, "status": "success", "metrics": {"durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 512, "maxMemoryUsedMB": 33}});
        line(0, "initStart", start)
            + &line(1, "start", json!({"requestId": id, "version": "7"}))
            + &line(2, "report", report)
    };
    let (_, summary) = analysed(&(attempt("orders", ID) + &attempt("billing", "6c2f4b9e-1111-4222-a333-444455556666")));
    let mut names: Vec<&str> =
        summary["functions"].as_array().unwrap().iter().filter_map(|function| function["function"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["billing", "orders"]);
}

/// What ended before the log begins is no sure success, and what follows it no rerun.
#[test]
fn an_attempt_that_began_before_the_log_proves_nothing() {
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 3.28 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 100 MB\n"
    );
    for end in [format!("2026-01-02T03:04:05.000Z END RequestId: {ID}\n"), String::new()] {
        let text = format!(
            "{end}2026-01-02T03:04:05.000Z {report}2026-01-02T03:05:09.000Z START RequestId: {ID} Version: 1\n\
             2026-01-02T03:05:09.003Z END RequestId: {ID}\n2026-01-02T03:05:09.003Z {report}"
        );
        let (records, summary) = analysed(&text);
        assert_eq!(records.len(), 2, "{text}");
        assert_eq!(
            (&records[0]["window_cut"], &records[0]["confidence"]),
            (&json!("start"), &json!("medium")),
            "{text}"
        );
        let outcomes = &summary["totals"]["outcomes"];
        assert_eq!((&outcomes["rerun_after_success"], &outcomes["succeeded"]), (&json!(0), &json!(1)), "{text}");
    }
}

/// The start of an environment is read without its version or the ARN of that.
#[test]
fn a_start_of_an_environment_may_lack_its_version() {
    for start in [
        "INIT_START Runtime - Version: nodejs:18.v14",
        "INIT_START Runtime Version: nodejs:18.v14",
        "INIT_START Runtime Version: \tRuntime Version ARN: ",
        "INIT_START",
    ] {
        let text = format!(
            "{start}\nSTART RequestId: {ID} Version: 1\nEND RequestId: {ID}\nREPORT RequestId: {ID}\tDuration: 3.28 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 100 MB\n"
        );
        let (records, summary) = analysed(&text);
        assert_eq!((records.len(), &summary["coverage"]["complete"]), (1, &json!(true)), "{text}");
    }
}
