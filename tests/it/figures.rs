//! Figures that no function has: a record says what was logged, the totals the same or nothing, and then the answer is
//! partial. Times that are none.

use serde_json::{Value, json};

use super::harness::{Run, read_records, read_summary};

const ID: &str = "00000001-5b50-4f1e-8b5c-0d0b9f3c2a11";

/// Figures of a REPORT, by their keys in the JSON of the platform.
const KEYS: [&str; 5] = ["durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"];
/// The same in a record.
const IN_RECORD: [&str; 5] = ["duration_ms", "billed_ms", "memory_size_mb", "max_memory_used_mb", "init_ms"];
/// Where the totals show the largest.
const IN_TOTALS: [&str; 5] =
    ["/duration_ms/all/max", "/waste/billed_ms", "/memory/size_mb", "/memory/max_used_mb", "/init_ms/max"];

const ORDINARY: [&str; 5] = ["3.00", "3", "128", "9", "5.00"];

fn in_text(figures: [&str; 5]) -> String {
    let [duration, billed, size, used, init] = figures;
    format!(
        "START RequestId: {ID} Version: 7\nREPORT RequestId: {ID}\tDuration: {duration} ms\tBilled Duration: {billed} ms\t\
         Memory Size: {size} MB\tMax Memory Used: {used} MB\tInit Duration: {init} ms\tStatus: timeout\n"
    )
}

fn in_json(figures: [&str; 5]) -> String {
    let metrics: Vec<String> = KEYS.iter().zip(figures).map(|(key, figure)| format!("\"{key}\":{figure}")).collect();
    format!(
        "{{\"time\":\"2026-01-02T03:00:00.000Z\",\"type\":\"platform.start\",\"record\":{{\"requestId\":\"{ID}\",\
         \"version\":\"7\"}}}}\n{{\"time\":\"2026-01-02T03:00:03.000Z\",\"type\":\"platform.report\",\"record\":\
         {{\"requestId\":\"{ID}\",\"status\":\"timeout\",\"metrics\":{{{}}}}}}}\n",
        metrics.join(",")
    )
}

/// Returns record and summary of a log, and those of its records read back.
fn answers(log: &str) -> [(Value, Value); 2] {
    let run = |input: &str| {
        let of = |format: &str| Run::analyze(["-"]).args(["--function", "f", "--format", format]).input(input).stdout();
        (of("ndjson"), read_summary(&of("json")))
    };
    let (records, summary) = run(log);
    let (again, summary_again) = run(&records);
    let first = |text: &str| read_records(text).remove(0);
    [(first(&records), summary), (first(&again), summary_again)]
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

#[test]
fn the_totals_never_show_another_figure_than_the_record() {
    let figures = [
        "0",
        "1",
        "900000",
        "42949672",
        "42949673",
        "4294967294",
        "4294967295",
        "4294967296",
        "65535",
        "65536",
        "99999999",
        "99999999999",
        "1e308",
        "-5",
        "-0.01",
    ];
    for form in [in_text, in_json] {
        for at in 0..KEYS.len() {
            for figure in figures {
                let mut written = ORDINARY;
                written[at] = figure;
                let log = form(written);
                for (round, (record, summary)) in answers(&log).into_iter().enumerate() {
                    let what = format!("{} {figure}, round {round}: {log}", KEYS[at]);
                    let (logged, shown) =
                        (&record[IN_RECORD[at]], summary["totals"].pointer(IN_TOTALS[at]).unwrap_or(&Value::Null));
                    assert!(logged.is_null() || logged.as_f64() == number(figure), "{what}: {logged}");
                    // Memory of 0 MB is none.
                    let is_none = figure == "0" && IN_RECORD[at].ends_with("_mb");
                    assert!(shown.is_null() || shown.as_f64() == logged.as_f64(), "{what}: {shown} of {logged}");
                    let complete = summary["coverage"]["complete"] == true;
                    assert!(!shown.is_null() || is_none || round == 1 || !complete, "{what}: nothing is said");
                    assert!(!shown.is_null() || logged.is_null() || is_none || !complete, "{what}: nothing is said");
                    assert_eq!(record["category"], "timeout", "{what}: the rest of the line counts");
                }
            }
        }
    }
}

#[test]
fn a_figure_that_is_left_out_is_told_with_its_line() {
    let [(_, summary), _] = answers(&in_text(["99999999999.00", "3", "128", "9", "5.00"]));
    let notes = summary["coverage"]["notes"].to_string();
    assert!(notes.contains("figures of 1 attempt are too large to be counted, the first at line 1"), "{notes}");
}

#[test]
fn a_number_that_fits_no_unit_is_no_time() {
    for (time, want) in [
        ("1767322800", Some("2026-01-02T03:00:00.000Z")),
        ("1767322800000", Some("2026-01-02T03:00:00.000Z")),
        ("1767322800000000", Some("2026-01-02T03:00:00.000Z")),
        ("1767322800000000000", Some("2026-01-02T03:00:00.000Z")),
        ("4102444800000", Some("2100-01-01T00:00:00.000Z")),
        ("253402300799999", None),
        ("253402300800000", None),
        ("1e20", None),
        ("-1", None),
        ("99999999999999999999", None),
    ] {
        let log: String = in_text(ORDINARY)
            .lines()
            .map(|line| {
                let object = json!({ "logGroup": "/aws/lambda/f", "logStream": "s", "message": line }).to_string();
                format!("{{\"timestamp\":{time},{}\n", &object[1..])
            })
            .collect();
        let [(record, summary), _] = answers(&log);
        assert_eq!(record["started_at"].as_str(), want, "{time}");
        let notes = summary["coverage"]["notes"].to_string();
        assert_eq!(
            notes.contains("with a time that cannot be read: 2 (first: line 1)"),
            want.is_none(),
            "{time}: {notes}"
        );
    }
}
