//! What holds for every sample of a line, from the bytes of a log to the verdict.

use serde_json::{Value, json};

use super::{Options, analyze_samples};
use crate::parse::samples::{APP, ID, sample};

/// The code of an attempt that wrote these messages, and then reported or had its process end.
fn code(messages: &[String], exited: bool) -> String {
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB\t\n"
    );
    let exit = format!("RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n");
    let mut all = vec![format!("START RequestId: {ID} Version: 1\n"), "one line of the function\n".to_owned()];
    all.extend_from_slice(messages);
    all.extend(exited.then_some(exit));
    all.extend([format!("END RequestId: {ID}\n"), report]);
    let event = |(number, message): (usize, &String)| json!({"logStreamName": "s", "timestamp": 1_767_312_000_000 + number, "message": message, "eventId": number.to_string()});
    let events: Vec<Value> = all.iter().enumerate().map(event).collect();
    let text = json!({"events": events}).to_string();
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("events.json", text.as_bytes())], &options).expect("it is read");
    let mut records = Vec::new();
    analysis.records.as_mut().expect("records").write_to(&mut records).expect("they are written");
    let record: Value = serde_json::from_slice(&records).expect("one record");
    record["code"].as_str().expect("a code").to_owned()
}

/// Beginnings of what cannot be told line by line.
const ONLY_WHOLE: [&str; 2] = [
    // A payload of Ruby's client without the line before it that says so: any object that a function prints for people.
    "{\n  \"errorMessage\"",
    // Python's client before 2019 with a message of several lines: the first of them say nothing of an error, and the
    // class behind the last one stands before a stack of another message, as where the function printed both.
    "no\nwidget: WidgetRefused",
];

/// An error is the same whether it came as one event or as an event for each of its lines.
#[test]
fn errors_are_the_same_line_by_line() {
    let mut wrong = String::new();
    let mut seen = 0;
    for (text, _) in APP {
        let text = sample(text);
        let lines: Vec<String> = text.split(['\n', '\r']).map(str::to_owned).collect();
        if text.trim_end().lines().count() < 2 || ONLY_WHOLE.iter().any(|begin| text.starts_with(begin)) {
            continue;
        }
        for exited in [false, true] {
            seen += 1;
            let (whole, cut) = (code(std::slice::from_ref(&text), exited), code(&lines, exited));
            if whole != cut {
                wrong.push_str(&format!("exited {exited}: {whole}, line by line {cut}: {text:?}\n"));
            }
        }
    }
    assert!(seen > 40, "{seen}");
    assert!(wrong.is_empty(), "{wrong}");
}
