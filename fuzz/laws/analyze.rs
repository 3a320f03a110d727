//! The whole analysis, with its laws: threads change nothing, numbers add up, every format is valid and inert.

use lambda_triage::internal::{Answer, Options, RENDERERS, RecordSource, Redaction, Style, View, analyze_samples};
use lambda_triage::wire::FunctionSummary;

/// Returns whether a character controls a terminal or hides text on it. Line ends and, in CSV, CR are the formats' own.
fn is_dangerous(char: char, format: &str) -> bool {
    match char {
        '\n' => false,
        '\r' => format != "csv",
        _ => {
            char.is_control()
                || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        }
    }
}

fn adds_up(row: &FunctionSummary) {
    let failures = row.failures;
    let kinds = failures.throttling
        + failures.service_error
        + failures.invalid_request
        + failures.runtime_exception
        + failures.timeout
        + failures.out_of_memory
        + failures.init_failure
        + failures.downstream;
    assert_eq!(kinds + row.unknown, row.failed, "kinds of failure");
    assert_eq!(row.ok + row.incomplete + row.failed, row.attempts, "attempts");
    let outcomes = row.outcomes;
    let events = outcomes.succeeded
        + outcomes.recovered
        + outcomes.exhausted
        + outcomes.failed_once
        + outcomes.open
        + outcomes.rerun_after_success;
    assert_eq!(events, row.events, "outcomes");
}

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let options = |threads| Options { threads, keep_records: true, redaction: Redaction::on(), ..Options::default() };
    let inputs: &[(&str, &[u8])] = &[("input", bytes)];
    let (Ok(mut one), Ok(three)) = (analyze_samples(inputs, &options(1)), analyze_samples(inputs, &options(3))) else {
        return;
    };
    assert_eq!(one.summary, three.summary, "threads change the answer");
    adds_up(&one.summary.totals);
    one.summary.functions.iter().for_each(adds_up);
    for renderer in RENDERERS {
        let mut out = Vec::new();
        let records = one.records.as_mut().map(|records| records as &mut dyn RecordSource);
        let mut answer =
            Answer { summary: &one.summary, commands: &Default::default(), view: &View::default(), records };
        (renderer.render)(&mut answer, &Style::PLAIN, &mut out).expect("memory takes everything");
        let text = String::from_utf8(out).expect("every format is UTF-8");
        let found = text.chars().find(|char| is_dangerous(*char, renderer.name));
        assert!(found.is_none(), "{}: {found:?}", renderer.name);
    }
}
