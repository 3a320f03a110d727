//! Shapes: one set of attempts, written as every exporter, tool and container writes it, gives the same matrix; and
//! every byte that is read is in exactly one bucket.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use lambda_triage::internal::Redaction;
use lambda_triage::internal::{Options, RunAnalysis, analyze_samples};
use lambda_triage::internal::{SHAPES, shape_of};
use serde_json::{Value, json};

use super::harness::records_of;

pub(super) const GROUP: &str = "/aws/lambda/orders";
pub(super) const STREAMS: [&str; 2] =
    ["2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0", "2026/10/01/[$LATEST]a0b1c2d3e4f5061728394a5b6c7d8e9f"];
/// 2026-10-01T00:00:00.123Z
pub(super) const BEGIN: i64 = 1_790_812_800_123;

/// Log event. Messages of the platform, and printed ones, end in a line end of their own.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) at: i64,
    pub(super) stream: usize,
    pub(super) message: String,
}

/// Creates attempts that do not overlap, so that shapes without stream names keep together what belongs together:
/// successes cold and warm, a timeout, an exception that a retry repairs, a kill, a logged error.
pub(super) fn log() -> Vec<Event> {
    let mut events = Vec::new();
    let mut at = BEGIN;
    for (number, (id, stream, kind)) in [
        (1, 0, "cold"),
        (2, 0, "ok"),
        (3, 0, "timeout"),
        (4, 1, "error"),
        (4, 1, "ok"),
        (5, 1, "killed"),
        (6, 1, "logged"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("{id}f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11");
        let mut say = |after: i64, message: String| events.push(Event { at: at + after, stream, message });
        if kind == "cold" {
            say(0, "INIT_START Runtime Version: python:3.13.v50\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0\n".to_owned());
        }
        say(100, format!("START RequestId: {id} Version: $LATEST\n"));
        let line = |after: i64, level: &str, text: &str| format!("[{level}]\t{}Z\t{id}\t{text}\n", iso(at + after));
        say(110, line(110, "INFO", &format!("handling \"{number}\", of ü")));
        let mut used = 60 + number;
        let mut duration = 500;
        let mut init = "";
        match kind {
            "cold" => init = "Init Duration: 210.50 ms\t",
            "timeout" => {
                duration = 3_000;
                say(3_100, format!("{}Z {id} Task timed out after 3.00 seconds\n\n", iso(at + 3_100)));
            }
            "error" => say(200, "[ERROR] ValueError: bad input\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    raise ValueError(\"bad input\")".to_owned()),
            "killed" => {
                used = 128;
                say(600, format!("RequestId: {id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"));
            }
            "logged" => say(200, line(200, "ERROR", "could not refresh the cache")),
            _ => {}
        }
        let end = 100 + duration;
        say(end, format!("END RequestId: {id}\n"));
        say(
            end,
            format!(
                "REPORT RequestId: {id}\tDuration: {duration}.25 ms\tBilled Duration: {} ms\tMemory Size: 128 MB\tMax Memory Used: {used} MB\t{init}\n",
                duration + 1
            ),
        );
        at += 120_000;
    }
    events
}

pub(super) fn iso(at: i64) -> String {
    let (second, ms) = (at.div_euclid(1_000), at.rem_euclid(1_000));
    let of_day = second.rem_euclid(86_400);
    format!("2026-10-01T{:02}:{:02}:{:02}.{ms:03}", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

pub(super) fn spaced(at: i64) -> String {
    iso(at).replace('T', " ")
}

pub(super) fn event_id(number: usize) -> String {
    format!("38{number:054}")
}

/// Files of a writer: name and contents.
pub(super) type Files = Vec<(String, Vec<u8>)>;

pub(super) fn file(text: String) -> Files {
    vec![("export".to_owned(), text.into_bytes())]
}

/// Writes a file for each stream.
fn by_stream(log: &[Event], name: impl Fn(usize) -> String, write: impl Fn(&[&Event]) -> String) -> Files {
    (0..STREAMS.len())
        .map(|stream| {
            let events: Vec<&Event> = log.iter().filter(|event| event.stream == stream).collect();
            (name(stream), write(&events).into_bytes())
        })
        .collect()
}

/// Writes one line (or more) for each event.
fn lines(log: &[Event], write: impl Fn(usize, &Event) -> String) -> String {
    log.iter().enumerate().map(|(number, event)| write(number, event)).collect()
}

/// Creates an event of FilterLogEvents.
fn filter_event(number: usize, event: &Event) -> Value {
    json!({"logStreamName": STREAMS[event.stream], "timestamp": event.at, "message": event.message, "ingestionTime": event.at + 900, "eventId": event_id(number)})
}

pub(super) fn filter_document(log: &[Event]) -> Value {
    let events: Vec<Value> = log.iter().enumerate().map(|(number, event)| filter_event(number, event)).collect();
    json!({"events": events, "searchedLogStreams": []})
}

fn payloads(log: &[Event]) -> Vec<String> {
    log.chunk_by(|a, b| a.stream == b.stream)
        .map(|events| {
            let first = log.iter().position(|event| event.at == events[0].at).unwrap();
            let events_json: Vec<Value> = events
                .iter()
                .enumerate()
                .map(|(n, event)| json!({"id": event_id(first + n), "timestamp": event.at, "message": event.message}))
                .collect();
            json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": STREAMS[events[0].stream], "subscriptionFilters": ["all"], "logEvents": events_json}).to_string()
        })
        .collect()
}

fn csv(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Extent to which a writer keeps information.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Keeps {
    /// Times and streams.
    All,
    /// Whole messages and times, but no stream: attempts are kept together by the order of time.
    Times,
    /// Lines alone: times only where a line has one of its own.
    Lines,
}
use Keeps::{All, Lines, Times};

/// Breaks lines as a window of 79 columns does.
fn windowed(text: &str) -> String {
    let rows = |line: &str| {
        let chars: Vec<char> = line.chars().collect();
        chars.chunks(79).map(|row| row.iter().chain(['\n'].iter()).collect::<String>()).collect::<String>()
    };
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { rows(line) }).collect()
}

/// Lists every writer: shape that must be recognised, what it keeps, files. The forms are those of AWS CLI 1.45 and 2,
/// SAM CLI, Serverless Framework, awslogs, saw, the consoles and the subscription payload, as their sources print them.
pub(super) fn writers(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let rstrip = |event: &Event| event.message.trim_end().to_owned();
    let document = filter_document(log);
    let (first, second) = log.split_at(log.len() / 2);
    let mut all = vec![
        ("filter-log-events", All, file(document.to_string())),
        ("filter-log-events pretty", All, file(serde_json::to_string_pretty(&document).unwrap())),
        (
            "filter-log-events pages",
            All,
            file(format!("{}\n{}\n", filter_document(first), renumbered(second, first.len()))),
        ),
        (
            "filter-log-events overlapping pages",
            All,
            file(format!("{document}\n{}\n", renumbered(second, first.len()))),
        ),
        ("filter-log-events --query", All, file(document["events"].to_string())),
        ("sam logs --output json", All, file(lines(log, |n, e| filter_event(n, e).to_string() + "\n"))),
        (
            "get-log-events",
            Times,
            by_stream(
                log,
                |stream| format!("page{stream}.json"),
                |events| {
                    let events: Vec<Value> = events
                        .iter()
                        .map(|e| json!({"timestamp": e.at, "message": e.message, "ingestionTime": e.at}))
                        .collect();
                    json!({"events": events, "nextForwardToken": "f/3800/s", "nextBackwardToken": "b/3800/s"})
                        .to_string()
                },
            ),
        ),
        (
            "s3 export",
            All,
            by_stream(
                log,
                |stream| {
                    format!(
                        "bucket/orders/8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11/{}/000000",
                        STREAMS[stream].replace('/', "-")
                    )
                },
                |events| events.iter().fold(String::new(), |text, e| text + &format!("{}Z {}\n", iso(e.at), e.message)),
            ),
        ),
        (
            "tail detailed",
            All,
            file(lines(log, |_, e| format!("{}000+00:00 {} {}\n", iso(e.at), STREAMS[e.stream], rstrip(e)))),
        ),
        (
            "tail out of a narrow window",
            All,
            file(windowed(&lines(log, |_, e| format!("{}000+00:00 {} {}\n", iso(e.at), STREAMS[e.stream], rstrip(e))))),
        ),
        ("tail short", Times, file(lines(log, |_, e| format!("{} {}\n", &iso(e.at)[..19], rstrip(e))))),
        ("sam logs", All, file(lines(log, |_, e| format!("{} {}000 {}\n", STREAMS[e.stream], iso(e.at), rstrip(e))))),
        (
            "awslogs",
            All,
            file(lines(log, |_, e| format!("{GROUP} {} {}Z {}\n", STREAMS[e.stream], iso(e.at), rstrip(e)))),
        ),
        (
            "saw",
            All,
            file(lines(log, |_, e| format!("[{}Z] ({}) {}\n", iso(e.at), &STREAMS[e.stream][21..27], rstrip(e)))),
        ),
        (
            "text",
            All,
            file(lines(log, |n, e| {
                format!("EVENTS\t{}\t{}\t{}\t{}\t{}\n", event_id(n), e.at, STREAMS[e.stream], e.message, e.at)
            })),
        ),
        (
            "text of a stream",
            Times,
            by_stream(
                log,
                |stream| format!("page{stream}.txt"),
                |events| {
                    events.iter().fold("b/38/s\tf/38/s\n".to_owned(), |text, e| {
                        text + &format!("EVENTS\t{}\t{}\t{}\n", e.at, e.message, e.at)
                    })
                },
            ),
        ),
        ("text rows", Times, file(lines(log, |_, e| format!("{}\t{}\n", e.at, e.message)))),
        ("text messages", Lines, file(log.iter().map(|e| e.message.clone()).collect::<Vec<_>>().join("\t") + "\n")),
        ("time and tab", Times, file(lines(log, |_, e| format!("{}+00:00\t{}\n", iso(e.at), rstrip(e))))),
        ("console copy", Times, file(lines(log, |_, e| format!("{}+00:00 | {}\n", iso(e.at), rstrip(e))))),
        (
            "console csv",
            Times,
            file(format!("timestamp,message\n{}", lines(log, |_, e| format!("{},{}\n", e.at, csv(&e.message))))),
        ),
        ("bare", Lines, file(lines(log, |_, e| e.message.clone() + if e.message.ends_with('\n') { "" } else { "\n" }))),
        (
            "compose",
            Lines,
            file(lines(log, |_, e| e.message.lines().map(|line| format!("orders-1  | {line}\n")).collect())),
        ),
        ("mail", Lines, file(lines(log, |_, e| e.message.trim_end().replace('=', "=3D").replace('\t', "=09") + "\n"))),
        ("carriage returns", Lines, file(lines(log, |_, e| e.message.trim_end().replace('\n', "\r") + "\r"))),
        ("json messages", Lines, file(json!(log.iter().map(|e| &e.message).collect::<Vec<_>>()).to_string())),
        ("json rows", Times, file(json!(log.iter().map(|e| json!([e.at, e.message])).collect::<Vec<_>>()).to_string())),
        (
            "ndjson",
            All,
            file(lines(log, |_, e| {
                json!({"timestamp": e.at, "logGroup": GROUP, "logStream": STREAMS[e.stream], "message": e.message})
                    .to_string()
                    + "\n"
            })),
        ),
        (
            "ndjson opensearch",
            All,
            file(lines(log, |n, e| {
                json!({"@id": event_id(n), "@timestamp": format!("{}Z", iso(e.at)), "@message": e.message, "@owner": "123456789012", "@log_group": GROUP, "@log_stream": STREAMS[e.stream]}).to_string() + "\n"
            })),
        ),
        (
            "ndjson elastic",
            All,
            file(lines(log, |n, e| {
                json!({"@timestamp": format!("{}Z", iso(e.at)), "message": e.message, "aws": {"cloudwatch": {"log_group": GROUP, "log_stream": STREAMS[e.stream], "event_id": event_id(n)}}}).to_string() + "\n"
            })),
        ),
        (
            "ndjson fluent",
            All,
            file(lines(log, |_, e| {
                json!({"date": e.at as f64 / 1_000.0, "log": e.message, "log_group": GROUP, "log_stream": STREAMS[e.stream]}).to_string() + "\n"
            })),
        ),
        (
            "ndjson nanoseconds",
            All,
            file(lines(log, |_, e| {
                json!({"time": e.at * 1_000_000, "message": e.message, "log_group": GROUP, "log_stream": STREAMS[e.stream]}).to_string() + "\n"
            })),
        ),
        (
            "telemetry",
            Times,
            file(
                json!(
                    log.iter()
                        .map(|e| json!({"time": format!("{}Z", iso(e.at)), "type": "function", "record": e.message}))
                        .collect::<Vec<_>>()
                )
                .to_string(),
            ),
        ),
    ];
    all.push(("serverless logs", Lines, file(lines(log, |_, e| serverless(&e.message)))));
    all.extend(insights(log));
    all.extend(subscriptions(log));
    all.extend(super::stores::stores(log));
    all
}

/// Lists every writer's files of a log of 5 MB whose newest event comes first.
pub(super) fn newest_first() -> Vec<(&'static str, Files)> {
    let mut log = log();
    let ordinary = log.iter().position(|event| event.message.contains("handling \"3\"")).unwrap();
    let filler = Event { message: format!("{}\n", "ordinary ".repeat(50_000)), ..log[ordinary].clone() };
    log.splice(ordinary..ordinary, vec![filler; 11]);
    // Writers of Logs Insights reverse their log themselves.
    let insights = insights(&log);
    log.reverse();
    let others = writers(&log).into_iter().filter(|(name, ..)| !name.starts_with("insights"));
    others.chain(insights).map(|(name, _, files)| (name, files)).collect()
}

/// Rewrites lines of the platform like `serverless logs`.
fn serverless(message: &str) -> String {
    let text = message.trim_end();
    for word in ["START", "END", "REPORT"] {
        if let Some(rest) = text.strip_prefix(word).and_then(|rest| rest.strip_prefix(" RequestId: ")) {
            let (id, rest) = rest.split_at(36);
            let rest = rest.replace(" Version", " - Version").replacen('\t', "\n", usize::from(word == "REPORT"));
            return format!("{word} - {id}{rest}\n");
        }
    }
    format!("{text}\n")
}

/// Creates a page whose events have the same ids as in the whole log.
fn renumbered(log: &[Event], from: usize) -> Value {
    let events: Vec<Value> = log.iter().enumerate().map(|(number, event)| filter_event(from + number, event)).collect();
    json!({"events": events, "searchedLogStreams": []})
}

/// Lists results of Logs Insights, newest first.
fn insights(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let newest: Vec<Event> = log.iter().rev().cloned().collect();
    let field = |name: &str, value: &str| json!({"field": name, "value": value});
    let rows: Vec<Value> = newest
        .iter()
        .map(|e| {
            json!([
                field("@timestamp", &spaced(e.at)),
                field("@message", &e.message),
                field("@logStream", STREAMS[e.stream]),
                field("@log", &format!("123456789012:{GROUP}")),
                field("@ptr", &format!("p{}", e.at))
            ])
        })
        .collect();
    let flat: Vec<Value> = newest
        .iter()
        .map(|e| json!({"@timestamp": spaced(e.at), "@message": e.message, "@logStream": STREAMS[e.stream]}))
        .collect();
    vec![
        (
            "insights api",
            All,
            file(json!({"queryLanguage": "CWLI", "results": rows, "status": "Complete"}).to_string()),
        ),
        ("insights json", All, file(json!(flat).to_string())),
        (
            "insights csv",
            All,
            file(format!(
                "@timestamp,@message,@logStream\n{}",
                lines(&newest, |_, e| format!("{},{},{}\n", spaced(e.at), csv(&e.message), STREAMS[e.stream]))
            )),
        ),
        (
            "insights csv of two columns",
            Times,
            file(format!(
                "@timestamp,@message\r\n{}",
                lines(&newest, |_, e| format!("{},{}\r\n", spaced(e.at), csv(&e.message)))
            )),
        ),
        (
            "insights text",
            Times,
            file(format!(
                "Complete\n{}",
                lines(&newest, |_, e| format!(
                    "RESULTS\t@timestamp\t{}\nRESULTS\t@message\t{}\nRESULTS\t@ptr\tp\n",
                    spaced(e.at),
                    e.message
                ))
            )),
        ),
    ]
}

/// Lists the deliveries of subscription filters, by every route.
fn subscriptions(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let payloads = payloads(log);
    let data: Vec<String> = payloads.iter().map(|payload| base64(&gzip(payload.as_bytes()))).collect();
    let members: Vec<u8> = payloads.iter().flat_map(|payload| gzip(payload.as_bytes())).collect();
    let list = |wrap: &dyn Fn(&String) -> Value| data.iter().map(wrap).collect::<Vec<Value>>();
    let control = json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "", "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": BEGIN, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}]});
    vec![
        ("firehose objects", All, file(format!("{control}{}", payloads.concat()))),
        ("firehose delivered twice", All, file(payloads.concat().repeat(2))),
        ("firehose members", All, vec![("members".to_owned(), members.clone())]),
        ("firehose gzip of members", All, vec![("members.gz".to_owned(), gzip(&members))]),
        ("lambda event", All, file(data.iter().map(|data| json!({"awslogs": {"data": data}}).to_string() + "\n").collect())),
        ("kinesis records", All, file(json!({"Records": list(&|data| json!({"SequenceNumber": "1", "Data": data, "PartitionKey": "p"}))}).to_string())),
        ("kinesis event", All, file(json!({"Records": list(&|data| json!({"kinesis": {"data": data}, "eventSource": "aws:kinesis"}))}).to_string())),
        ("firehose event", All, file(json!({"invocationId": "i", "deliveryStreamArn": "a", "records": list(&|data| json!({"recordId": "r", "data": data}))}).to_string())),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for digit in 0..4 {
            let value = DIGITS[(bits >> (18 - 6 * digit) & 63) as usize];
            text.push(if digit <= chunk.len() { char::from(value) } else { '=' });
        }
    }
    text
}

/// Wraps bytes in zstd frames of raw blocks.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in bytes.chunks(3_000) {
        let size = part.len() as u32;
        out.extend([0x28, 0xb5, 0x2f, 0xfd, 0xa0]);
        out.extend(size.to_le_bytes());
        out.extend(&(size << 3 | 1).to_le_bytes()[..3]);
        out.extend(part);
    }
    out
}

/// Creates an archive of one stored file.
fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend([1, 0, 0, 0, b'a']);
    out.extend(bytes);
    out.extend(b"PK\x01\x02");
    out
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    format!("\u{feff}{}", String::from_utf8_lossy(bytes)).encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes()
}

/// Function that packs bytes into a container.
type Packer = fn(&[u8]) -> Vec<u8>;

const CONTAINERS: [(&str, Packer); 11] = [
    ("gzip", gzip),
    ("gzip members", |bytes| bytes.chunks(1_000).flat_map(gzip).collect()),
    ("gzip twice", |bytes| gzip(&gzip(bytes))),
    ("zstd frames", zstd),
    ("bzip2", bzip2),
    ("zip", zip),
    ("base64 of gzip", |bytes| base64(&gzip(bytes)).into_bytes()),
    ("gzip in zip", |bytes| zip(&gzip(bytes))),
    ("UTF-8 with mark", |bytes| [b"\xef\xbb\xbf", bytes].concat()),
    ("UTF-16", utf16),
    ("CRLF", crlf),
];

pub(super) fn analyze(files: &Files) -> RunAnalysis {
    let options = Options { function: Some("orders".to_owned()), redaction: Redaction::off(), ..Options::default() };
    let samples: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    analyze_samples(&samples, &options).unwrap()
}

/// Returns the matrix, as far as a writer keeps it.
fn matrix(analysis: &RunAnalysis, keeps: Keeps) -> Value {
    let row = serde_json::to_value(&analysis.summary.totals).unwrap();
    let mut told: Vec<&str> = vec![
        "attempts",
        "ok",
        "incomplete",
        "unknown",
        "failed",
        "failures",
        "cold_starts",
        "init_ms",
        "duration_ms",
        "memory",
        "handled_errors",
        "events",
    ];
    if keeps != Lines {
        // Without a clock a retry may still be to come.
        told.push("outcomes");
    }
    let mut matrix: Value =
        told.into_iter().map(|key| (key.to_owned(), row[key].clone())).collect::<serde_json::Map<_, _>>().into();
    matrix["names"] = analysis.summary.functions.iter().map(|row| row.function.clone()).collect();
    matrix
}

fn bucket_sum(analysis: &RunAnalysis) -> u64 {
    let bytes = serde_json::to_value(analysis.summary.coverage.bytes).unwrap();
    bytes.as_object().unwrap().values().map(|bytes| bytes.as_u64().unwrap()).sum()
}

/// Text above a log and below it changes nothing but the coverage, in every shape.
#[test]
fn what_stands_around_a_log_changes_nothing() {
    let log = log();
    let (mut wrong, mut compared) = (String::new(), 0);
    for (name, keeps, files) in writers(&log) {
        // Text in one file: a pasted log.
        let [(_, bytes)] = files.as_slice() else { continue };
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let is_packed = ["\"data\":", "\"Data\":"].iter().any(|key| text.contains(key));
        if text.starts_with("H4sI") || is_packed || bytes.starts_with(b"PK") {
            continue;
        }
        let want = matrix(&analyze(&files), keeps);
        compared += 1;
        for (above, below) in [
            ("Logs of this morning:\n\n", ""),
            ("$ aws logs tail /aws/lambda/orders\n", ""),
            ("```\n", "\n```\n"),
            ("```json\n", "\n```\n\nThanks a lot!\n"),
            ("WARNING: the profile will expire soon\n", ""),
            ("# Logs\n\n## Today\n", ""),
            // What tools say of themselves, with their own times.
            ("2026-09-30 10:42:00,679 | Mounting /srv/shop as /var/task:ro, inside runtime container\n", ""),
            ("2026-09-30 10:42:00,679 - INFO - reading the log\n2026-09-30 10:42:01,001 - INFO - done\n", ""),
            ("2026/09/30 10:42:00 Invoking app.handler (python3.13)\n", ""),
            ("time=\"2026-09-30T10:42:00.679\" level=info msg=\"exec '/var/runtime/bootstrap'\"\n", ""),
            ("30 Sep 2026 10:42:00,679 [INFO] (rapid) exec '/var/runtime/bootstrap' (cwd=/var/task)\n", ""),
            ("[10:42:00] Fetching logs...\n", ""),
            ("2026-09-30T10:42:00.679Z [info] fetching logs\n", ""),
            ("2026-09-30T10:42:00.679Z [main] (node:17) fetching logs\n", ""),
        ] {
            let got = matrix(&analyze(&file(format!("{above}{text}{below}"))), keeps);
            if got != want {
                writeln!(wrong, "{name} below {above:?}").unwrap();
            }
        }
    }
    assert!(compared > 25, "{compared} writers write one text");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every shape has a writer; one without would not be checked against the matrix.
#[test]
fn every_shape_has_a_writer() {
    let files = writers(&log()).into_iter().flat_map(|(_, _, files)| files);
    let written: BTreeSet<&str> = files.filter_map(|(_, bytes)| shape_of(&bytes)).collect();
    // Our own records are written by the program itself and tested in `shards`.
    let missing: Vec<&str> =
        SHAPES.iter().map(|shape| shape.name).filter(|name| !written.contains(name) && *name != "records").collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_writer_gives_the_same_matrix() {
    let log = log();
    let reference = analyze(&writers(&log)[0].2);
    assert_eq!(reference.summary.totals.attempts, 7);
    let mut wrong = String::new();
    for (name, keeps, files) in writers(&log) {
        let analysis = analyze(&files);
        let (seen, want) = (matrix(&analysis, keeps), matrix(&reference, keeps));
        for (key, value) in want.as_object().unwrap() {
            if seen[key] != *value {
                writeln!(wrong, "{name}: {key} is {}, not {value}", seen[key]).unwrap();
            }
        }
        if !analysis.summary.coverage.inputs_unreadable.is_empty() {
            writeln!(wrong, "{name}: {:?}", analysis.summary.coverage.inputs_unreadable).unwrap();
        }
        let unattributed = analysis.summary.coverage.bytes.unattributed + analysis.summary.coverage.bytes.unrecognized;
        if unattributed > 0 {
            writeln!(wrong, "{name}: {unattributed} bytes belong to nothing").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_container_gives_the_same_matrix() {
    let log = log();
    let mut wrong = String::new();
    for wanted in ["filter-log-events pretty", "s3 export", "tail detailed", "console csv", "firehose objects", "bare"]
    {
        let (name, keeps, files) = writers(&log).into_iter().find(|(name, ..)| *name == wanted).unwrap();
        let want = matrix(&analyze(&files), keeps);
        for (container, pack) in CONTAINERS {
            let packed = files.iter().map(|(name, bytes)| (name.clone(), pack(bytes))).collect();
            if matrix(&analyze(&packed), keeps) != want {
                writeln!(wrong, "{name} in {container}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_overlaps_counts_once() {
    let log = log();
    let (name, _, files) = writers(&log).swap_remove(0);
    let twice = vec![files[0].clone(), ("again".to_owned(), files[0].1.clone())];
    let once = matrix(&analyze(&files), All);
    let analysis = analyze(&twice);
    assert_eq!(matrix(&analysis, All), once, "{name} twice");
    assert!(analysis.summary.coverage.duplicates > 0);
    // Two overlapping queries, whose common part begins and ends within attempts.
    let first = ("first".to_owned(), filter_document(&log[..20]).to_string().into_bytes());
    let second = ("second".to_owned(), renumbered(&log[6..], 6).to_string().into_bytes());
    assert_eq!(matrix(&analyze(&vec![second, first]), All), once);
    // Events that differ only in the id are two.
    let alike = json!({"events": [filter_event(1, &log[2]), filter_event(2, &log[2]), filter_event(2, &log[2])]});
    let analysis = analyze(&file(alike.to_string()));
    assert_eq!((analysis.summary.coverage.log_events, analysis.summary.coverage.duplicates), (3, 1));
}

#[test]
fn every_byte_is_in_one_bucket() {
    let log = log();
    for (name, _, files) in writers(&log) {
        let analysis = analyze(&files);
        // Packed payloads are counted unpacked, rewritten documents as JSON, and words that a tool removed once restored.
        let packed = [
            "serverless",
            "lambda",
            "kinesis",
            "firehose members",
            "firehose gzip",
            "firehose event",
            "python",
            "javascript",
            "no-break",
            "html",
            "mail",
            "yaml",
            "log in",
            "document in",
            "tail out of",
        ]
        .iter()
        .any(|start| name.starts_with(start));
        if !packed {
            assert_eq!(bucket_sum(&analysis), analysis.summary.coverage.bytes_read, "{name}");
        }
    }
}

#[test]
fn logs_of_other_kinds_are_named_and_left_out() {
    for (kind, text) in [
        (
            "Kafka event source mapping",
            r#"{"eventType":"KafkaPoller","eventSourceArn":"arn:aws:kafka:eu-west-1:123456789012:cluster/c","eventProcessorId":"e","logLevel":"INFO"}"#,
        ),
        (
            "Lambda Insights",
            r#"{"cpu_total_time":1,"function_name":"f","_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"LambdaInsights"}]}}"#,
        ),
        (
            "Step Functions",
            r#"{"id":"1","type":"TaskFailed","execution_arn":"arn:aws:states:eu-west-1:123456789012:execution:m:e","event_timestamp":"1790812800123"}"#,
        ),
        (
            "API Gateway access log",
            r#"{"requestId":"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11","ip":"192.0.2.1","httpMethod":"GET","resourcePath":"/","protocol":"HTTP/1.1","status":"502"}"#,
        ),
        (
            "API Gateway execution log",
            "(8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11) Starting execution for request: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11",
        ),
    ] {
        for files in [
            file(format!("{text}\n")),
            file(json!({"events": [{"logStreamName": "s", "timestamp": BEGIN, "message": text, "ingestionTime": BEGIN, "eventId": "1"}]}).to_string()),
        ] {
            let analysis = analyze(&files);
            let coverage = &analysis.summary.coverage;
            assert!(analysis.empty && !analysis.input_failed, "{kind}: {coverage:?}");
            assert!(coverage.notes.iter().any(|note| note.contains(&format!("1 events of {kind}"))), "{kind}: {:?}", coverage.notes);
            assert!(coverage.bytes.other_logs > 0);
        }
        // Here the lines are among those of a function.
        let mut log = log();
        let before = matrix(&analyze(&writers(&log)[0].2), All);
        log.insert(4, Event { message: text.to_owned(), ..log[3].clone() });
        let analysis = analyze(&writers(&log)[0].2);
        assert_eq!(matrix(&analysis, All), before, "{kind}");
        assert_eq!(analysis.summary.coverage.bytes.other_logs as usize, json!(text).to_string().len() - 2, "{kind}");
    }
}

#[test]
fn a_log_of_failures_alone_has_no_rate() {
    let report = |number: i64, status: &str| {
        json!({"time": format!("{}Z", iso(BEGIN + number * 1_000)), "type": "platform.report", "record": {"requestId": format!("{number}f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11"), "status": status, "metrics": {"billedDurationMs": 3000, "durationMs": 3000.0, "maxMemoryUsedMB": 84, "memorySizeMB": 128}}}).to_string() + "\n"
    };
    let analysis = analyze(&file((1..5).map(|number| report(number, "timeout")).collect()));
    let summary = &analysis.summary;
    assert_eq!(
        (summary.totals.failed, summary.totals.failure_rate, summary.functions[0].failure_rate),
        (4, None, None)
    );
    assert!(!summary.coverage.complete && summary.coverage.notes[0].contains("WARN"), "{:?}", summary.coverage.notes);
    let analysis = analyze(&file(report(1, "timeout") + &report(2, "success")));
    assert_eq!(analysis.summary.totals.failure_rate, Some(0.5));
}

#[test]
fn figures_of_emulators_make_no_finding() {
    let run = |number: usize, init: &str| {
        let id = format!("{number}f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11");
        format!(
            "START RequestId: {id} Version: $LATEST\nEND RequestId: {id}\nREPORT RequestId: {id}\t{init}Duration: 408.74 ms\tBilled Duration: 409 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t\n"
        )
    };
    let analysis = analyze(&file(run(1, "Init Duration: 0.27 ms\t") + &run(2, "") + &run(3, "")));
    let totals = &analysis.summary.totals;
    assert_eq!((totals.ok, totals.memory.near_limit), (3, 0));
    assert!(analysis.summary.coverage.notes[0].contains("emulator"));
}

#[test]
fn names_come_from_where_they_stand() {
    let id = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    let event = |group: &str, stream: &str, message: String| {
        json!({"timestamp": BEGIN, "logGroup": group, "logStream": stream, "message": message}).to_string() + "\n"
    };
    let report = || format!("REPORT RequestId: {id}\tDuration: 1.00 ms\tBilled Duration: 1 ms\n");
    let environment = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let arn = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:by-arn:PROD";
    let start = json!({"time": "2026-10-01T00:00:00.000Z", "type": "platform.start", "record": {"requestId": id, "functionArn": arn, "version": "7"}}).to_string();
    for (text, want, version) in [
        (event("shared", &format!("2026/10/01/pay[42]{environment}"), report()), Some("pay"), None),
        (event("shared", &format!("2026/10/01/pay[$LATEST.PUBLISHED][{environment}]"), report()), Some("pay"), None),
        (event("/aws/lambda/us-east-1.edge", &format!("2026/10/01/[3]{environment}"), report()), Some("edge"), None),
        (event("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/pay:*", "s", report()), Some("pay"), None),
        (format!("{start}\n"), Some("by-arn"), Some("7")),
        (event("shared", "s", start.clone()), Some("by-arn"), Some("7")),
    ] {
        let files = file(text);
        let samples = [(files[0].0.as_str(), files[0].1.as_slice())];
        let options = Options { function: None, ..unnamed() };
        let analysis = analyze_samples(&samples, &options).unwrap();
        let row = &analysis.summary.functions[0];
        assert_eq!(row.function.as_deref(), want, "{}", String::from_utf8_lossy(&files[0].1));
        if let Some(version) = version {
            let versions: Vec<&str> = row.versions.iter().map(|one| one.version.as_str()).collect();
            assert_eq!((versions, row.region.as_deref()), (vec![version], Some("us-gov-west-1")));
        }
    }
}

fn unnamed() -> Options {
    Options { redaction: Redaction::off(), ..Options::default() }
}

#[test]
fn samples_of_consoles_say_so() {
    let rows =
        |count: usize| format!("@timestamp,@message\n{}", "2026-10-01 00:00:00.123,something ordinary\n".repeat(count));
    let few = analyze(&file(rows(20))).summary.coverage;
    assert!(few.complete && few.notes[0].contains("rates may not cover the whole window"), "{:?}", few.notes);
    let full = analyze(&file(rows(10_000))).summary.coverage;
    assert!(!full.complete && full.notes[0].contains("exactly 10000"), "{:?}", full.notes);
}

/// Returns the attempt number of every record, in the order of ndjson.
fn attempts(files: &Files) -> Vec<u64> {
    let samples: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let mut analysis = analyze_samples(&samples, &Options { keep_records: true, ..unnamed() }).unwrap();
    records_of(&mut analysis).iter().map(|record| record["attempt"].as_u64().unwrap()).collect()
}

#[test]
fn events_on_one_line_are_told_apart() {
    let log = log();
    let want = [1, 1, 1, 1, 2, 1, 1];
    for (name, keeps, files) in writers(&log) {
        if keeps == All && !name.contains("s3") {
            let mut numbers: Vec<u64> = attempts(&files);
            // Records are in the order of the input, which may be newest first.
            if numbers[2] == 2 {
                numbers.reverse();
            }
            assert_eq!(numbers, want, "{name}");
        }
    }
    // Entries of an archive are read one after the other.
    let bare = lines(&log, |_, e| format!("{}\n", e.message.trim_end())).into_bytes();
    let others = String::from_utf8_lossy(&bare).replace("f507cfc", "e507cfc").into_bytes();
    let entry = zip(&bare);
    let entry = &entry[..entry.len() - 4];
    let archive = vec![("logs.zip".to_owned(), [entry, &zip(&others)].concat())];
    assert_eq!(attempts(&archive).len(), 14);
}

proptest::proptest! {
    #[test]
    fn bytes_of_damaged_samples_are_all_counted(index in 0usize..200, at in 0usize..2_000, byte in 0x20u8..0x7f, cut in 1usize..4_000) {
        let mut texts: Vec<Vec<u8>> = SHAPES.iter().flat_map(|shape| shape.samples()).map(|sample| sample.repeat(2).into_bytes()).collect();
        texts.extend(writers(&log()).into_iter().flat_map(|(_, _, files)| files).map(|(_, bytes)| bytes).filter(|bytes| bytes.is_ascii()));
        let count = texts.len();
        let mut text = texts.swap_remove(index % count);
        let whole = text.clone();
        let length = text.len();
        text[at % length] = byte;
        text.truncate(cut);
        let analysis = analyze(&vec![("export".to_owned(), text.clone())]);
        // Packed payloads are counted unpacked, rewritten documents as JSON, and in two shapes words that their tool removed
        // are restored.
        let shapes = [shape_of(&text), shape_of(&whole)].map(Option::unwrap_or_default);
        let rewritten = shapes.iter().any(|shape| ["carrier", "json-text", "printed-values", "yaml", "no-break-spaces", "html-escapes", "quoted-printable", "one-line", "narrow-window", "serverless-logs"].contains(shape))
            || [&b"H4sI"[..], b" - 8f507"].iter().any(|mark| text.windows(mark.len()).any(|window| window == *mark));
        // Of an input that failed no shape is told, so it may have been rewritten, too.
        let failed = shape_of(&text).is_none() && !analysis.summary.coverage.inputs_unreadable.is_empty();
        if !rewritten && !failed {
            proptest::prop_assert_eq!(bucket_sum(&analysis), analysis.summary.coverage.bytes_read, "{}", String::from_utf8_lossy(&text));
        }
    }
}

/// Every decoder comes to the end of a document of which one bracket, comma, colon or quote is wrong, and counts it all.
#[test]
fn a_wrong_mark_ends_no_document_early_or_never() {
    const MARKS: &[u8] = b"{}[],:\"";
    for shape in SHAPES {
        for sample in shape.samples().iter().filter(|sample| sample.starts_with(['{', '['])) {
            for at in (0..sample.len()).filter(|at| MARKS.contains(&sample.as_bytes()[*at])) {
                for mark in MARKS {
                    let mut text = sample.as_bytes().to_vec();
                    text[at] = *mark;
                    let analysis = analyze(&vec![("export".to_owned(), text.clone())]);
                    let coverage = &analysis.summary.coverage;
                    let counted = coverage.bytes_read >= text.len() as u64 || !coverage.complete;
                    assert!(counted, "{}: {}", coverage.bytes_read, String::from_utf8_lossy(&text));
                }
            }
        }
    }
}

/// Every attempt is counted for the function that its own START names; what names none is of the only one named.
#[test]
fn an_arn_names_its_own_attempt() {
    let line = |second: u32, kind: &str, record: &str| {
        format!(
            "{{\"time\":\"2026-10-01T00:00:{second:02}.000Z\",\"type\":\"platform.{kind}\",\"record\":{{{record}}}}}\n"
        )
    };
    let attempt = |number: u32, second: u32, arn: Option<&str>| {
        let id = format!("\"requestId\":\"{number}f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"");
        let arn = arn.map_or(String::new(), |name| {
            format!(",\"functionArn\":\"arn:aws:lambda:eu-west-1:123456789012:function:{name}\"")
        });
        line(second, "start", &format!("{id},\"version\":\"1\"{arn}"))
            + &line(second + 1, "report", &format!("{id},\"status\":\"success\",\"metrics\":{{\"durationMs\":9.0}}"))
    };
    let rows = |text: String| {
        let answer = analyze_samples(&[("x.ndjson", text.as_bytes())], &Options::default()).unwrap();
        let rows = answer.summary.functions.iter();
        let mut rows: Vec<(Option<String>, u64)> = rows.map(|row| (row.function.clone(), row.attempts)).collect();
        rows.sort();
        rows
    };
    let name = |name: &str| Some(name.to_owned());
    let two = attempt(1, 0, Some("orders")) + &attempt(2, 2, Some("billing")) + &attempt(3, 4, Some("orders"));
    assert_eq!(rows(two), [(name("billing"), 1), (name("orders"), 2)]);
    let one = attempt(1, 0, None) + &attempt(2, 2, Some("orders"));
    assert_eq!(rows(one), [(name("orders"), 2)]);
    let init = line(2, "initStart", "\"functionName\":\"orders\",\"runtimeVersion\":\"x\",\"phase\":\"init\"");
    let by_init = attempt(1, 0, None) + &init + &attempt(2, 4, None);
    assert_eq!(rows(by_init), [(name("orders"), 2)]);
}
