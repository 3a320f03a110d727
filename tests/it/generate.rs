//! Random logs with known truth: attempts of invented functions, written in several of the shapes that we read.
//!
//! Small on purpose: the expected counts are known because they were drawn, never because they were read back.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use super::harness;

/// Log event.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: i64,
    pub message: String,
}

/// Execution environment with its events, in order.
#[derive(Clone, Debug)]
pub struct Stream {
    pub function: String,
    pub name: String,
    pub events: Vec<Event>,
}

/// Expected counts of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    pub attempts: u64,
    pub cold_starts: u64,
    pub failures: BTreeMap<&'static str, u64>,
}

/// Log with its truth.
#[derive(Debug, Default)]
pub struct Corpus {
    pub streams: Vec<Stream>,
    pub truth: BTreeMap<String, Truth>,
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same seed draws the same log on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn id(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        let (high, low) = (a >> 32, a & 0xffff);
        format!("{high:08x}-{low:04x}-4{:03x}-a{:03x}-{:012x}", a >> 16 & 0xfff, b & 0xfff, b >> 16)
    }
}

/// Fate of an attempt.
#[derive(Clone, Copy)]
enum Fate {
    Fine,
    HandledError,
    Unhandled,
    TimeoutOld,
    TimeoutNew,
    Killed,
    Downstream,
    Init,
}

const FATES: [Fate; 12] = [
    Fate::Fine,
    Fate::Fine,
    Fate::Fine,
    Fate::Fine,
    Fate::HandledError,
    Fate::Unhandled,
    Fate::Unhandled,
    Fate::TimeoutOld,
    Fate::TimeoutNew,
    Fate::Killed,
    Fate::Downstream,
    Fate::Init,
];

/// 2026-01-02T00:00:00Z
const START_MS: i64 = 1_767_312_000_000;

/// Generates a log of three functions in two environments each.
pub fn corpus(seed: u64) -> Corpus {
    let mut random = Random(seed);
    let mut corpus = Corpus::default();
    for function in ["alpha-api", "beta-worker", "gamma-sync"] {
        let mut truth = Truth::default();
        for _ in 0..2 {
            let name = format!("2026/01/02/[7]{:016x}{:016x}", random.next(), random.next());
            let mut stream = Writer { at: START_MS + random.below(60_000) as i64, events: Vec::new() };
            for turn in 0..12 + random.below(20) {
                stream.attempt(turn == 0, &mut random, &mut truth);
            }
            corpus.streams.push(Stream { function: function.to_owned(), name, events: stream.events });
        }
        corpus.truth.insert(function.to_owned(), truth);
    }
    corpus
}

struct Writer {
    at: i64,
    events: Vec<Event>,
}

impl Writer {
    fn say(&mut self, after: i64, message: String) {
        self.at += after;
        self.events.push(Event { at: self.at, message });
    }

    fn attempt(&mut self, first: bool, random: &mut Random, truth: &mut Truth) {
        let (id, fate) = (random.id(), FATES[random.below(FATES.len() as u64) as usize]);
        self.at += 70_000 + random.below(30_000) as i64;
        truth.attempts += 1;
        let init_failed = matches!(fate, Fate::Init);
        if first || init_failed {
            let arn = "arn:aws:lambda:eu-west-1::runtime:0123";
            self.say(0, format!("INIT_START Runtime Version: python:3.13.v61\tRuntime Version ARN: {arn}\n"));
        }
        let cold = first && !init_failed;
        truth.cold_starts += u64::from(cold);
        if init_failed {
            self.init_failure();
        }
        // After a failed init, START comes with its report.
        self.say(if init_failed { 0 } else { 400 }, format!("START RequestId: {id} Version: 7\n"));
        for line in 0..random.below(4) {
            let at = moment(self.at + 5);
            self.say(5, format!("[INFO]\t{at}\t{id}\tstep {line} of an ordinary run\n"));
        }
        if let Some(category) = self.end(&id, fate, cold) {
            *truth.failures.entry(category).or_default() += 1;
        }
    }

    fn init_failure(&mut self) {
        for phase in ["init", "invoke"] {
            let error = "Runtime.ImportModuleError: Unable to import module 'app': No module named 'shop'";
            self.say(90, format!("[ERROR] {error}\nTraceback (most recent call last):"));
            let failed = "Status: error\tError Type: Runtime.ImportModuleError";
            self.say(10, format!("INIT_REPORT Init Duration: 100.00 ms\tPhase: {phase}\t{failed}\n"));
        }
    }

    /// Writes the lines that end an attempt, and returns the category that it must get.
    fn end(&mut self, id: &str, fate: Fate, cold: bool) -> Option<&'static str> {
        let report = |this: &mut Self, after, duration: &str, memory: u32, status: &str| {
            this.say(after, format!("END RequestId: {id}\n"));
            let init = if cold { "\tInit Duration: 210.50 ms" } else { "" };
            let billed = duration.parse::<f64>().unwrap_or_default().ceil();
            let numbers =
                format!("Billed Duration: {billed} ms\tMemory Size: 256 MB\tMax Memory Used: {memory} MB{init}");
            this.say(0, format!("REPORT RequestId: {id}\tDuration: {duration} ms\t{numbers}\t{status}\n"));
        };
        match fate {
            Fate::Fine => {
                report(self, 20, "61.20", 90, "");
                None
            }
            Fate::HandledError => {
                let at = moment(self.at + 3);
                self.say(3, format!("[ERROR]\t{at}\t{id}\tTask timed out after 3.00 seconds, said a neighbour\n"));
                report(self, 20, "61.20", 90, "");
                None
            }
            Fate::Unhandled => {
                self.say(3, trace("ValueError: no such product"));
                report(self, 2, "12.00", 90, "");
                Some("runtime_exception")
            }
            Fate::Downstream => {
                let call = "when calling the GetItem operation (reached max retries: 3): Rate exceeded";
                self.say(300, trace(&format!("ClientError: An error occurred (ThrottlingException) {call}")));
                report(self, 2, "320.00", 90, "");
                Some("downstream")
            }
            Fate::TimeoutNew => {
                report(self, 2_990, "3000.00", 91, "Status: timeout");
                Some("timeout")
            }
            Fate::TimeoutOld => {
                report(self, 2_990, "3003.11", 91, "");
                self.say(0, format!("{} {id} Task timed out after 3.00 seconds\n\n", moment(self.at)));
                Some("timeout")
            }
            Fate::Killed => {
                report(self, 800, "812.00", 256, "Status: error\tError Type: Runtime.OutOfMemory");
                Some("out_of_memory")
            }
            Fate::Init => {
                report(self, 2, "210.00", 60, "Status: error\tError Type: Runtime.ImportModuleError");
                Some("init_failure")
            }
        }
    }
}

fn trace(error: &str) -> String {
    format!(
        "[ERROR] {error}\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    work()"
    )
}

/// Formats moments of that day and the next as `2026-01-02T03:04:05.678Z`.
pub fn moment(ms: i64) -> String {
    let since = ms - START_MS;
    let (day, ms) = (2 + since / 86_400_000, since % 86_400_000);
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    format!("2026-01-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Shape, with a function that writes a log in it.
pub type Shape = (&'static str, fn(&Corpus, &Path));

/// Shapes that the generator writes.
pub const SHAPES: &[Shape] = &[
    ("s3 export", |corpus, root| s3_export(corpus, root, false)),
    ("s3 export, gzip", |corpus, root| s3_export(corpus, root, true)),
    ("filter-log-events", filter_log_events),
    ("get-log-events", get_log_events),
    ("ndjson", ndjson),
    ("aws logs tail", |corpus, root| tail(corpus, root, false)),
    ("aws logs tail, short", |corpus, root| tail(corpus, root, true)),
];

/// Formats a stream as lines of an export to S3.
pub fn s3_lines(events: &[Event]) -> String {
    events.iter().map(|event| format!("{} {}\n", moment(event.at), event.message.trim_end())).collect()
}

/// Returns the folder that an export task makes for a stream.
pub fn s3_folder(stream: &Stream) -> String {
    format!("{}/6f1d2c3b-0a9e-4b87-9c65-d4e3f2a1b0c9/{}", stream.function, stream.name.replace('/', "-"))
}

fn s3_export(corpus: &Corpus, root: &Path, compress: bool) {
    for stream in &corpus.streams {
        let text = s3_lines(&stream.events).into_bytes();
        let bytes = if compress { harness::gzip(&text) } else { text };
        harness::write(&root.join(s3_folder(stream)).join("000000.gz"), bytes);
    }
}

fn filter_log_events(corpus: &Corpus, root: &Path) {
    for function in corpus.truth.keys() {
        let events: Vec<_> = merged(corpus, function)
            .into_iter()
            .enumerate()
            .map(|(id, (stream, event))| {
                json!({"logStreamName": stream.name, "timestamp": event.at, "message": event.message,
                       "ingestionTime": event.at + 900, "eventId": format!("{id:056}")})
            })
            .collect();
        let text = format!("{:#}", json!({"events": events, "searchedLogStreams": []}));
        harness::write(&root.join(format!("aws/lambda/{function}/events.json")), text);
    }
}

fn get_log_events(corpus: &Corpus, root: &Path) {
    for (at, stream) in corpus.streams.iter().enumerate() {
        let event =
            |event: &Event| json!({"timestamp": event.at, "message": event.message, "ingestionTime": event.at + 900});
        let events: Vec<_> = stream.events.iter().map(event).collect();
        let text = format!("{:#}", json!({"events": events, "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}));
        harness::write(&root.join(format!("aws/lambda/{}/{at}.json", stream.function)), text);
    }
}

fn ndjson(corpus: &Corpus, root: &Path) {
    let mut text = String::new();
    for function in corpus.truth.keys() {
        for (stream, event) in merged(corpus, function) {
            let group = format!("/aws/lambda/{function}");
            let line =
                json!({"timestamp": event.at, "logGroup": group, "logStream": stream.name, "message": event.message});
            writeln!(text, "{line}").unwrap();
        }
    }
    harness::write(&root.join("all.ndjson"), text);
}

/// Writes `aws logs tail`. Its short form names no stream and has whole seconds, so each stream gets a file.
fn tail(corpus: &Corpus, root: &Path, short: bool) {
    for (at, stream) in corpus.streams.iter().enumerate() {
        let line = |event: &Event| {
            let time = moment(event.at);
            let message = event.message.trim_end();
            if short {
                format!("{} {message}\n", &time[..19])
            } else {
                format!("{}000+00:00 {} {message}\n", &time[..23], stream.name)
            }
        };
        let text: String = stream.events.iter().map(line).collect();
        harness::write(&root.join(format!("aws/lambda/{}/{at}.txt", stream.function)), text);
    }
}

/// Returns the events of all streams of a function, by time.
fn merged<'a>(corpus: &'a Corpus, function: &str) -> Vec<(&'a Stream, &'a Event)> {
    let streams = corpus.streams.iter().filter(|stream| stream.function == function);
    let mut all: Vec<_> = streams.flat_map(|stream| stream.events.iter().map(move |event| (stream, event))).collect();
    all.sort_by_key(|(_, event)| event.at);
    all
}
