//! Streams: one that is cut into two inputs gives the attempts of the whole.

use lambda_triage::{AnalyzeOptions, analyze_bytes};

/// Messages that streams are made of, each chosen by a byte.
const MESSAGES: [&str; 16] = [
    "START RequestId: 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11 Version: 7",
    "END RequestId: 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11",
    "REPORT RequestId: 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11\\tDuration: 3.00 ms\\tBilled Duration: 3 ms\\tMemory Size: 128 MB\\tMax Memory Used: 9 MB",
    "START RequestId: 00000002-5b50-4f1e-8b5c-0d0b9f3c2a11 Version: 7",
    "END RequestId: 00000002-5b50-4f1e-8b5c-0d0b9f3c2a11",
    "REPORT RequestId: 00000002-5b50-4f1e-8b5c-0d0b9f3c2a11\\tDuration: 3000.00 ms\\tBilled Duration: 3000 ms\\tMemory Size: 128 MB\\tMax Memory Used: 128 MB\\tStatus: timeout",
    "2026-01-02T03:00:03.005Z 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11 Task timed out after 3.00 seconds",
    "[ERROR] ValueError: no such product\\nTraceback (most recent call last):\\n  File \\\"/var/task/app.py\\\", line 7, in handler",
    "INIT_START Runtime Version: python:3.13.v61\\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123",
    "INIT_REPORT Init Duration: 100.00 ms\\tPhase: init\\tStatus: error\\tError Type: Runtime.ImportModuleError",
    "RequestId: 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11 Error: Runtime exited with error: signal: killed\\nRuntime.ExitError",
    "an ordinary line",
    "2026-01-02T03:00:00.005Z\\t00000002-5b50-4f1e-8b5c-0d0b9f3c2a11\\tERROR\\tInvoke Error\\t{\\\"errorType\\\":\\\"Error\\\",\\\"errorMessage\\\":\\\"x\\\"}",
    "REPORT RequestId: 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11\\tDuration: 3,00 ms",
    "{\\\"time\\\":\\\"2026-01-02T03:00:00.000Z\\\",\\\"type\\\":\\\"platform.start\\\",\\\"record\\\":{\\\"requestId\\\":\\\"00000003-5b50-4f1e-8b5c-0d0b9f3c2a11\\\",\\\"version\\\":\\\"7\\\"}}",
    "{\\\"time\\\":\\\"2026-01-02T03:00:01.000Z\\\",\\\"type\\\":\\\"platform.report\\\",\\\"record\\\":{\\\"requestId\\\":\\\"00000003-5b50-4f1e-8b5c-0d0b9f3c2a11\\\",\\\"status\\\":\\\"success\\\",\\\"metrics\\\":{\\\"durationMs\\\":3}}}",
];

/// The request that a message of the text format is about, where the platform says it.
fn request_of(message: u8) -> Option<u8> {
    match message {
        0..=2 | 6 | 10 | 13 => Some(1),
        3..=5 => Some(2),
        _ => None,
    }
}

fn begins_something(message: &u8) -> bool {
    matches!(message, 0 | 3 | 8)
}

/// Returns whether a cut may change nothing. Lines in text and in JSON stand in no stream together. An attempt that prints
/// lines of the platform must be seen to go on behind them, and at most one of them may be a REPORT.
fn is_promised(before: &[u8], behind: &[u8]) -> bool {
    let is_json = |message: &u8| *message >= 14;
    let all = || before.iter().chain(behind);
    if all().any(is_json) && !all().all(|message| is_json(message) || matches!(message, 7 | 11)) {
        return false;
    }
    let Some(start) = before.iter().rposition(begins_something).filter(|at| before[*at] != 8) else { return true };
    let running = request_of(before[start]);
    let head: Vec<u8> = behind.iter().take_while(|message| !begins_something(message)).copied().collect();
    let is_foreign = |message: &u8| request_of(*message).is_some_and(|request| Some(request) != running);
    let reports = head.iter().filter(|message| is_foreign(message) && matches!(message, 2 | 5 | 13)).count();
    let last = head.iter().rposition(|message| is_foreign(message) && !matches!(message, 1 | 4));
    let goes_on = |at: usize| head[at..].iter().any(|message| request_of(*message) == running);
    reports <= 1 && last.is_none_or(goes_on)
}

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let Some((cut, choices)) = bytes.split_first() else { return };
    let line = |(at, choice): (usize, &u8)| {
        let (message, at) =
            (MESSAGES[usize::from(choice & 15)], 1_767_322_800_000 + at as u64 * 10 * u64::from(1 + (choice >> 4)));
        format!(
            "{{\"timestamp\":{at},\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"2026/01/02/[7]01\",\"message\":\"{message}\"}}\n"
        )
    };
    let lines: Vec<String> = choices.iter().take(200).enumerate().map(line).collect();
    let cut = usize::from(*cut).min(lines.len());
    let of = |inputs: &[(&str, &[u8])]| analyze_bytes(inputs, &AnalyzeOptions::default()).map(|one| one.summary.totals);
    let (first, second) = (lines[..cut].concat(), lines[cut..].concat());
    let whole = of(&[("a", lines.concat().as_bytes())]);
    let joined = of(&[("a", first.as_bytes()), ("b", second.as_bytes())]);
    let (Ok(whole), Ok(joined)) = (whole, joined) else { return };
    let attempts = whole.ok + whole.incomplete + whole.failed;
    assert_eq!(attempts, whole.attempts, "the categories are no partition of the attempts");
    // Times that jump make another order of the pieces.
    let choices = &choices[..lines.len()];
    if choices.iter().all(|choice| choice >> 4 == 0) && is_promised(&choices[..cut], &choices[cut..]) {
        assert_eq!(joined.attempts, whole.attempts, "a cut changed the number of attempts");
        assert_eq!(joined.failures, whole.failures, "a cut changed a verdict");
    }
}
