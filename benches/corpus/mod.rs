//! Logs to measure with: several functions in many environments, mostly ordinary lines, one attempt in eleven failed.
//!
//! Equal arguments give equal bytes. What matters is the mix of lines, not the story they tell. Benchmarks hold a log in
//! memory; tests of memory take it environment by environment, or what they measure would drown in it.
#![allow(dead_code, reason = "shared by binaries, none of which writes every shape")]

use std::fmt::Write;

/// One log event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Milliseconds since the epoch.
    pub(crate) ms: i64,
    /// Index of the function.
    pub(crate) function: usize,
    /// Log stream.
    pub(crate) stream: String,
    /// The message, without a line end.
    pub(crate) message: String,
}

const FUNCTIONS: [&str; 6] =
    ["orders-api", "payments-worker", "catalog-search", "stock-sync", "invoice-mailer", "session-store"];
/// 2026-01-02T00:00:00Z
const BEGIN_MS: i64 = 1_767_312_000_000;
/// Attempts of one environment, where nothing else is said.
pub(crate) const ATTEMPTS: u64 = 40;

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn id(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, a >> 16 & 0xfff, b & 0xfff, b >> 16)
    }
}

/// About `bytes` of messages, environment after environment.
pub(crate) fn events(bytes: usize) -> Vec<Event> {
    let (mut events, mut written) = (Vec::new(), 0);
    for environment in environments(ATTEMPTS) {
        written += environment.iter().map(|event| event.message.len() + 26).sum::<usize>();
        events.extend(environment);
        if written >= bytes {
            break;
        }
    }
    events
}

/// Environments without end, of so many attempts each. No two share a stream or a request id.
pub(crate) fn environments(attempts: u64) -> impl Iterator<Item = Vec<Event>> {
    let mut random = Random(7);
    (0..).map(move |number| environment(number, attempts, &mut random))
}

/// Invocations that begin in these events.
pub(crate) fn attempts(events: &[Event]) -> usize {
    events.iter().filter(|event| event.message.starts_with("START ")).count()
}

/// The folder that an export task makes for the stream of these events.
pub(crate) fn s3_folder(events: &[Event]) -> String {
    let event = &events[0];
    format!("{}/6f1d2c3b-0a9e-4b87-9c65-d4e3f2a1b0c9/{}", FUNCTIONS[event.function], event.stream.replace('/', "-"))
}

fn environment(number: usize, attempts: u64, random: &mut Random) -> Vec<Event> {
    let mut events = Vec::new();
    let stream = format!("2026/01/02/[$LATEST]{:016x}{:016x}", random.next(), random.next());
    let mut ms = BEGIN_MS + random.below(3_600_000) as i64;
    let function = number % FUNCTIONS.len();
    let mut say = |ms: i64, message: String| events.push(Event { ms, function, stream: stream.clone(), message });
    say(
        ms,
        "INIT_START Runtime Version: nodejs:22.v29\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a1b".into(),
    );
    for _ in 0..attempts {
        let id = random.id();
        ms += 1 + random.below(4_000) as i64;
        say(ms, format!("START RequestId: {id} Version: $LATEST"));
        for step in 0..8 + random.below(8) {
            ms += random.below(40) as i64;
            say(ms, ordinary(random, ms, &id, step));
        }
        let fate = random.below(33);
        if fate == 0 {
            say(
                ms,
                format!(
                    "{}\t{id}\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"item {} has no price\",\"stack\":[\"TypeError: item has no price\",\"    at price (/var/task/src/price.js:{}:9)\"]}}",
                    iso(ms),
                    random.below(9_999),
                    random.below(90)
                ),
            );
        } else if fate == 1 {
            say(
                ms,
                format!(
                    "{}\t{id}\tERROR\tInvoke Error \t{{\"errorType\":\"Error\",\"errorMessage\":\"connect ECONNREFUSED 10.0.4.17:5432\",\"code\":\"ECONNREFUSED\",\"stack\":[\"Error: connect ECONNREFUSED 10.0.4.17:5432\"]}}",
                    iso(ms)
                ),
            );
        }
        say(ms, format!("END RequestId: {id}"));
        let status = if fate == 2 { "\tStatus: timeout" } else { "\t" };
        let (duration, used) = (random.below(300_000), 90 + random.below(60));
        say(
            ms,
            format!(
                "REPORT RequestId: {id}\tDuration: {}.{:02} ms\tBilled Duration: {} ms\tMemory Size: 256 MB\tMax Memory Used: {used} MB{status}",
                duration / 100,
                duration % 100,
                duration / 100 + 1
            ),
        );
    }
    events
}

fn ordinary(random: &mut Random, ms: i64, id: &str, step: u64) -> String {
    let (item, took) = (random.next(), random.below(900));
    let text = match random.below(3) {
        0 => format!("Validated cart cart-{item:016x} in {took} ms (attempt=1, partition={step}, cache=hit)"),
        1 => format!(
            "{{\"event\":\"order.priced\",\"id\":\"{item:016x}\",\"durationMs\":{took},\"items\":{step},\"ok\":true,\"tags\":[\"cart\",\"price list\"]}}"
        ),
        _ => {
            format!("HTTP GET https://stock.internal.example.com/v2/items/{item:016x}?page={step} -> 200 in {took} ms")
        }
    };
    format!("{}\t{id}\tINFO\t{text}", iso(ms))
}

fn iso(ms: i64) -> String {
    let of_day = ms - BEGIN_MS;
    format!(
        "2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        2 + of_day / 86_400_000,
        of_day / 3_600_000 % 24,
        of_day / 60_000 % 60,
        of_day / 1_000 % 60,
        of_day % 1_000
    )
}

/// As an S3 export task writes it, all streams in one file.
pub(crate) fn s3_export(events: &[Event]) -> Vec<u8> {
    let mut out = String::new();
    for event in events {
        let _ = writeln!(out, "{} {}", iso(event.ms), event.message);
    }
    out.into_bytes()
}

/// The messages alone, as they are copied out of a console.
pub(crate) fn bare(events: &[Event]) -> Vec<u8> {
    let mut out = String::new();
    for event in events {
        let _ = writeln!(out, "{}", event.message);
    }
    out.into_bytes()
}

/// As forwarders write it: a JSON object per line.
pub(crate) fn ndjson(events: &[Event]) -> Vec<u8> {
    let mut out = String::new();
    for event in events {
        let (group, message) = (FUNCTIONS[event.function], serde_json::Value::from(format!("{}\n", event.message)));
        let _ = writeln!(
            out,
            "{{\"timestamp\":{},\"logGroup\":\"/aws/lambda/{group}\",\"logStream\":\"{}\",\"message\":{message}}}",
            event.ms, event.stream
        );
    }
    out.into_bytes()
}

/// As `aws logs filter-log-events` prints it.
pub(crate) fn filter_log_events(events: &[Event]) -> Vec<u8> {
    [FILTER_LOG_EVENTS_HEAD.as_bytes(), &filter_log_events_part(events, 0), FILTER_LOG_EVENTS_TAIL.as_bytes()].concat()
}

/// What stands before the events of `aws logs filter-log-events`.
pub(crate) const FILTER_LOG_EVENTS_HEAD: &str = "{\n    \"events\": [";

/// What stands behind them.
pub(crate) const FILTER_LOG_EVENTS_TAIL: &str = "\n    ],\n    \"searchedLogStreams\": []\n}\n";

/// Events between the two, of which so many went before.
pub(crate) fn filter_log_events_part(events: &[Event], before: usize) -> Vec<u8> {
    let mut out = String::new();
    for (number, event) in (before..).zip(events) {
        let (comma, message) =
            (if number == 0 { "" } else { "," }, serde_json::Value::from(format!("{}\n", event.message)));
        let _ = write!(
            out,
            "{comma}\n        {{\n            \"logStreamName\": \"{}\",\n            \"timestamp\": {},\n            \"message\": {message},\n            \"ingestionTime\": {},\n            \"eventId\": \"{number:056}\"\n        }}",
            event.stream,
            event.ms,
            event.ms + 900
        );
    }
    out.into_bytes()
}

/// As functions write it whose log format is JSON: an object per line, and none for END.
pub(crate) fn json_format(events: &[Event]) -> Vec<u8> {
    let mut out = String::new();
    for event in events {
        if let Some(line) = json_line(event) {
            let _ = writeln!(out, "{line}");
        }
    }
    out.into_bytes()
}

fn json_line(event: &Event) -> Option<String> {
    let (function, time) = (FUNCTIONS[event.function], iso(event.ms));
    let fields: Vec<&str> = event.message.split('\t').collect();
    let platform =
        |kind, record| format!("{{\"time\":\"{time}\",\"type\":\"platform.{kind}\",\"record\":{{{record}}}}}");
    match (fields[0].split(' ').collect::<Vec<_>>().as_slice(), &fields[1..]) {
        (["INIT_START", ..], _) => Some(platform(
            "initStart",
            format!("\"initializationType\":\"on-demand\",\"phase\":\"init\",\"functionName\":\"{function}\""),
        )),
        (["START", _, id, ..], _) => Some(platform(
            "start",
            format!(
                "\"requestId\":\"{id}\",\"functionArn\":\"arn:aws:lambda:eu-west-1:123456789012:function:{function}\",\"version\":\"$LATEST\""
            ),
        )),
        (["REPORT", _, id], [duration, billed, _, used, rest @ ..]) => {
            let number = |field: &str| field.split(' ').rev().nth(1).unwrap_or_default().to_owned();
            let status = if rest.contains(&"Status: timeout") { "timeout" } else { "success" };
            let (duration, billed, used) = (number(duration), number(billed), number(used));
            Some(platform(
                "report",
                format!(
                    "\"requestId\":\"{id}\",\"metrics\":{{\"durationMs\":{duration},\"billedDurationMs\":{billed},\"memorySizeMB\":256,\"maxMemoryUsedMB\":{used}}},\"status\":\"{status}\""
                ),
            ))
        }
        (_, [id, level, text @ ..]) => {
            let message = match text {
                // A handler's error is an object in its line.
                [_, error] => (*error).to_owned(),
                text => serde_json::Value::from(text.concat()).to_string(),
            };
            Some(format!(
                "{{\"timestamp\":\"{time}\",\"level\":\"{level}\",\"requestId\":\"{id}\",\"message\":{message}}}"
            ))
        }
        _ => None,
    }
}
