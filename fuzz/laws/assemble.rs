//! Streams: one that is cut into two inputs gives the attempts of the whole.

use lambda_triage::{AnalyzeOptions, analyze_bytes};

/// An unhandled error of the handler, and the beginning of an environment.
const ERROR: &str = "[ERROR] ValueError: no such product\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 7, in handler";
const INIT: &str =
    "INIT_START Runtime Version: python:3.13.v61\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123";

/// The lines of a stream as Lambda writes one, each chosen by a byte: attempts one after the other, each under an id of its own,
/// which may print lines of the platform about other requests.
#[derive(Default)]
struct Stream {
    lines: Vec<String>,
    requests: u32,
    runs: bool,
    /// Whether an attempt has ended and no environment has begun since.
    has_ended: bool,
    /// Whether the attempt has printed a line of the platform, and a REPORT. A part holds two attempts with a REPORT back, so
    /// another one would count.
    printed: (bool, bool),
    /// Number of errors of the attempt. Of more than are kept, those behind a cut are an attempt each, which is told.
    errors: usize,
}

/// Errors kept of an attempt.
const ERRORS_KEPT: usize = 16;

fn id(request: u32) -> String {
    format!("{request:08x}-5b50-4f1e-8b5c-0d0b9f3c2a11")
}

fn report(request: u32, status: &str) -> String {
    let id = id(request);
    format!(
        "REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB{status}"
    )
}

impl Stream {
    fn take(&mut self, choice: u8) {
        let (own, other) = (id(self.requests), id(self.requests * 16 + 900_000 + u32::from(choice >> 4)));
        let timed_out = |id: &str| format!("2026-01-02T03:00:03.005Z {id} Task timed out after 3.00 seconds");
        // What is printed was written before; written now, it would be of a second environment in the stream.
        let timed_out_before = |id: &str| format!("2026-01-02T02:50:03.005Z {id} Task timed out after 3.00 seconds");
        let crash = format!("RequestId: {own} Error: Runtime exited with error: signal: killed\nRuntime.ExitError");
        let line = match (self.runs, choice & 15) {
            (false, 0..=7) => {
                self.requests += 1;
                (self.runs, self.printed, self.errors) = (true, (false, false), 0);
                format!("START RequestId: {} Version: 7", id(self.requests))
            }
            (false, 8) => {
                self.has_ended = false;
                INIT.to_owned()
            }
            (false, 9) if self.has_ended => timed_out(&own),
            (true, 0..=3) => return self.end(choice),
            (true, 4 | 5) if self.errors < ERRORS_KEPT => {
                self.errors += 1;
                ERROR.to_owned()
            }
            (true, 6) => timed_out(&own),
            (true, 7) => crash,
            (true, 8) => format!("2026-01-02T03:00:00.005Z\t{own}\tERROR\tCould not save"),
            (true, 9 | 10) => {
                self.printed.0 = true;
                format!("END RequestId: {other}")
            }
            (true, 11) if !self.printed.1 => {
                self.printed = (true, true);
                report(self.requests * 16 + 900_000, "\tStatus: timeout")
            }
            (true, 12) => {
                self.printed.0 = true;
                timed_out_before(&other)
            }
            _ => "an ordinary line".to_owned(),
        };
        self.lines.push(line);
    }

    fn end(&mut self, choice: u8) {
        let status =
            ["", "", "\tStatus: timeout", "\tStatus: error\tError Type: Runtime.Unknown"][usize::from(choice & 3)];
        (self.runs, self.has_ended) = (false, true);
        self.lines.push(format!("END RequestId: {}", id(self.requests)));
        self.lines.push(report(self.requests, status));
    }
}

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let Some((cut, choices)) = bytes.split_first() else { return };
    let mut stream = Stream::default();
    choices.iter().take(200).for_each(|choice| stream.take(*choice));
    // What an attempt printed is told by its going on.
    if stream.runs && stream.printed.0 {
        stream.end(0);
    }
    let line = |(at, message): (u64, &String)| {
        let (stream, at) = ("2026/01/02/[7]01", 1_767_322_800_000 + at * 100);
        let event =
            serde_json::json!({"timestamp": at, "logGroup": "/aws/lambda/f", "logStream": stream, "message": message});
        format!("{event}\n")
    };
    let lines: Vec<String> = (0..).zip(&stream.lines).map(line).collect();
    let (first, second) = lines.split_at(usize::from(*cut).min(lines.len()));
    let of = |inputs: &[(&str, &[u8])]| analyze_bytes(inputs, &AnalyzeOptions::default()).map(|one| one.summary.totals);
    let whole = of(&[("a", lines.concat().as_bytes())]);
    let joined = of(&[("a", first.concat().as_bytes()), ("b", second.concat().as_bytes())]);
    let (Ok(whole), Ok(joined)) = (whole, joined) else { return };
    assert_eq!(whole.ok + whole.incomplete + whole.failed, whole.attempts, "no partition of the attempts");
    assert_eq!(whole.attempts, u64::from(stream.requests), "attempts: {:#?}", stream.lines);
    let told = |totals: &lambda_triage::wire::FunctionSummary| (totals.attempts, totals.failures, totals.outcomes);
    assert_eq!(told(&joined), told(&whole), "a cut at {cut} changed the answer: {:#?}", stream.lines);
}
