//! Laws of decoding that hold for every shape, and cases of the ways in which inputs are wrapped and damaged.

use std::io::{self, Read, Write};

use super::base64::encode;
use super::container_tests::{self, Entry, Packing, Sizes};
use super::head::InputHead;
use super::{Buffers, DecodeError, SHAPES, decode};
use crate::model::{Bucket, EventSink, LogEvent, Note, Origin, StreamId};

/// An event as a test sees it: place, time, stream, text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    line: u64,
    at: Option<i64>,
    id: Option<u64>,
    stream: String,
    text: String,
}

#[derive(Debug, Default)]
pub(super) struct Collector {
    streams: Vec<String>,
    pub(super) events: Vec<Seen>,
    records: Vec<String>,
    pub(super) notes: Vec<Note>,
    message_bytes: u64,
    dropped: u64,
    /// Names of parts of archives that are no logs.
    left_out: Vec<String>,
}

impl Seen {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Collector {
    /// Returns whether a part was left out.
    pub(super) fn is_partial(&self) -> bool {
        !self.left_out.is_empty()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl EventSink for Collector {
    fn stream(&mut self, key: &Origin<&str>) -> StreamId {
        let parts = [key.account_id, key.region, key.log_group, key.log_stream, key.function];
        let name = parts.map(|part| part.unwrap_or("-")).join(" ");
        let known = self.streams.iter().position(|stream| *stream == name);
        let index = known.unwrap_or_else(|| {
            self.streams.push(name);
            self.streams.len() - 1
        });
        StreamId(index as u32)
    }

    fn event(&mut self, stream: StreamId, event: LogEvent<'_>) {
        let text = if event.escaped {
            super::json::scan::unescape(event.message).into_owned()
        } else {
            String::from_utf8_lossy(event.message).into_owned()
        };
        self.message_bytes += event.message.len() as u64;
        let stream = self.streams[stream.0 as usize].clone();
        self.events.push(Seen { line: event.line, at: event.at.map(|at| at.ms()), id: event.event_id, stream, text });
    }

    fn own_record(&mut self, json: &[u8], _line: u64) {
        self.records.push(String::from_utf8_lossy(json).into_owned());
    }

    fn count(&mut self, bucket: Bucket, bytes: u64) {
        assert_eq!(bucket, Bucket::Dropped);
        self.dropped += bytes;
    }

    fn left_out(&mut self, name: &str, _reason: &str, bytes: u64) {
        self.left_out.push(name.to_owned());
        self.dropped += bytes;
    }

    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
}

/// What was decoded without failure.
#[derive(Debug)]
pub(super) struct Whole {
    shape: &'static str,
    pub(super) bytes: u64,
}

pub(super) fn run(input: &mut (dyn Read + Send)) -> (Result<Whole, DecodeError>, Collector) {
    let mut seen = Collector::default();
    let decoded = decode(input, &Origin::default(), &mut Buffers::default(), &mut seen);
    let (shape, bytes) = (decoded.shape.unwrap_or_default(), decoded.bytes);
    (decoded.result.map(|()| Whole { shape, bytes }), seen)
}

#[track_caller]
fn texts(input: &[u8]) -> Vec<String> {
    let (result, seen) = run(&mut &*input);
    let decoded = result.expect("a log");
    assert!(seen.message_bytes <= decoded.bytes, "{} > {}", seen.message_bytes, decoded.bytes);
    seen.events.into_iter().map(|event| event.text).collect()
}

#[track_caller]
fn case(input: &str, shape: &str, want: &[&str]) {
    let (result, seen) = run(&mut input.as_bytes());
    let decoded = result.expect("a log");
    let texts: Vec<&str> = seen.events.iter().map(|event| event.text.as_str()).collect();
    assert_eq!((decoded.shape, &texts[..]), (shape, want));
    assert!(seen.message_bytes <= decoded.bytes, "{} > {}", seen.message_bytes, decoded.bytes);
}

const STREAM: &str = "2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

#[test]
fn every_sample_is_its_own_shape_only() {
    // What is learned from a text, and messages alone, also fit what another shape fits.
    let [others @ .., text_in_json, any_json, any_prefix, bare] = SHAPES else { panic!("shapes") };
    let learned = [text_in_json.name, any_json.name, any_prefix.name, bare.name];
    for shape in SHAPES {
        assert!(!shape.samples().is_empty() && !shape.about.is_empty(), "{}", shape.name);
        for sample in shape.samples() {
            let head = InputHead::new(sample.as_bytes());
            let takers: Vec<&str> =
                others.iter().filter(|other| (other.sniff)(&head)).map(|other| other.name).collect();
            let want: &[&str] = if learned.contains(&shape.name) { &[] } else { &[shape.name] };
            assert_eq!(takers, want, "{sample}");
        }
    }
}

#[test]
fn every_sample_decodes() {
    for shape in SHAPES {
        for sample in shape.samples().iter().filter(|sample| !sample.contains("H4sI")) {
            let (result, seen) = run(&mut sample.as_bytes());
            assert_eq!(result.map(|decoded| decoded.shape).ok(), Some(shape.name), "{sample}");
            assert!(!seen.events.is_empty() || !seen.records.is_empty(), "{sample}");
            assert!(seen.notes.iter().all(|note| !note.incomplete), "{sample}: {:?}", seen.notes);
        }
    }
}

/// Whatever text stands in a record of ours, it is one: the formats whose text it quotes are not those of the record.
#[test]
fn a_record_is_one_whatever_it_quotes() {
    let own = crate::decode::json::own_records::SHAPE.name;
    let sentences = [
        format!("START RequestId: {ID} Version: 7"),
        format!("END RequestId: {ID}"),
        format!("REPORT RequestId: {ID}\tDuration: 1.00 ms"),
        format!("2026-10-01T00:00:00.123Z {ID} Task timed out after 3.00 seconds"),
        r#"{"time":"2026-10-01T00:00:00.123Z","type":"platform.initReport","record":{}}"#.to_owned(),
        "platform.initReport".to_owned(),
        "INIT_REPORT Init Duration: 3.00 ms".to_owned(),
        "an ordinary line".to_owned(),
    ];
    let mut texts: Vec<String> =
        SHAPES.iter().flat_map(|shape| shape.samples()).map(|sample| (*sample).into()).collect();
    // What this program prints is no log, but may be quoted.
    texts.extend(
        [
            "3 attempts failed, complete: 1 function, 12:00 UTC",
            "FUNCTION  ATTEMPTS  FAILED",
            "<testsuites name=\"lambda-triage\"",
        ]
        .map(str::to_owned),
    );
    for first in sentences {
        for between in ["\n", "\r", "\0", "\u{2028}", "\t", " ", ","] {
            let second = ["END RequestId:", "REPORT RequestId: ", "START RequestId: x"];
            texts.extend(second.map(|second| format!("{first}{between}{second}")));
        }
    }
    for text in texts {
        let record = serde_json::json!({
            "schema": 5, "id": "0a", "kind": "attempt", "function": "f", "category": "ok", "code": "ok", "request_id": ID,
            "last_line_before_end": text,
        });
        let (result, seen) = run(&mut format!("{record}\n").as_bytes());
        assert_eq!(result.map(|decoded| decoded.shape).ok(), Some(own), "{record}");
        assert_eq!((seen.records.len(), seen.events.len()), (1, 0), "{record}");
    }
}

#[test]
fn s3_export_keeps_continuation_lines() {
    let text = "2026-10-01T00:00:00.123Z START RequestId: x\n\n2026-10-01T00:00:00.456Z [ERROR] E\n  at a\n\n  at b\n2026-10-01T00:00:00.500Z END\r\n";
    case(text, "s3-export", &["START RequestId: x\n", "[ERROR] E\n  at a\n\n  at b", "END"]);
    let (_, seen) = run(&mut text.as_bytes());
    assert_eq!(seen.events.iter().map(|event| event.line).collect::<Vec<_>>(), [1, 3, 7]);
}

#[test]
fn lines_of_the_platform_continue_nothing() {
    let text = format!(
        "2026-10-01T00:00:00.123Z START RequestId: {ID} Version: 1\n{}2026-10-01T00:00:00.456Z x\n  at y\nError Runtime exited with error: signal: killed\nRuntime.ExitError\nRequestId: {ID} Error: z\n",
        "2026-10-01T00:00:00.124Z a\n".repeat(60)
    );
    let (_, seen) = run(&mut text.as_bytes());
    let last: Vec<(&str, Option<i64>)> =
        seen.events[61..].iter().map(|event| (event.text.as_str(), event.at.map(|at| at % 1_000))).collect();
    let crash = format!("RequestId: {ID} Error: z");
    assert_eq!(
        last,
        [
            ("x\n  at y", Some(456)),
            ("Error Runtime exited with error: signal: killed\nRuntime.ExitError", Some(456)),
            (crash.as_str(), Some(456))
        ]
    );
}

/// A line of the function that looks like another shape does not take a log of messages alone.
#[test]
fn one_line_of_another_shape_changes_nothing() {
    for line in [
        format!("2026-10-01T00:00:00.123000+00:00 {STREAM} hi"),
        "2026-10-01T00:00:00.123000+00:00 s hi".to_owned(),
        format!("{STREAM} 2026-10-01T00:00:00.123000 hi"),
    ] {
        let text = format!("START RequestId: {ID} Version: 7\n{line}\nEND RequestId: {ID}\n");
        case(&text, "bare", &[&format!("START RequestId: {ID} Version: 7"), &line, &format!("END RequestId: {ID}")]);
    }
}

#[test]
fn a_crash_in_any_words_continues_nothing() {
    for words in [
        "Error Runtime exited with error: exit status 1",
        "Error Runtime exited without providing a reason",
        "Error Runtime exited x",
        "RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Process exited before completing request",
        "RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Process exited x",
        "RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Error: x",
    ] {
        let text = format!("2026-10-01T00:00:00.123Z START RequestId: {ID}\n2026-10-01T00:00:00.456Z x\n{words}\n");
        case(&text, "s3-export", &[&format!("START RequestId: {ID}"), "x", words]);
    }
}

#[test]
fn messages_joined_by_tabs_are_split_at_anchors() {
    let text = format!(
        "START RequestId: {ID} Version: 1\n\tline one\n\t2026-10-01T00:00:00.123Z\t{ID}\tERROR\tboom\n\tat x.y(z)\n\tprinted\tEND RequestId: {ID}\n\tREPORT RequestId: {ID}\tDuration: 1.00 ms\tBilled Duration: 1 ms\t\n"
    );
    case(
        &text,
        "aws-cli-messages-text",
        &[
            &format!("START RequestId: {ID} Version: 1"),
            "line one",
            &format!("2026-10-01T00:00:00.123Z\t{ID}\tERROR\tboom\n\tat x.y(z)"),
            "printed",
            &format!("END RequestId: {ID}"),
            &format!("REPORT RequestId: {ID}\tDuration: 1.00 ms\tBilled Duration: 1 ms\t"),
        ],
    );
    let (_, seen) = run(&mut text.as_bytes());
    assert!(seen.events[2].at.is_some() && !seen.notes.is_empty());
}

#[test]
fn arns_name_group_and_function() {
    let (_, seen) = run(&mut &br#"{"message":"RequestId: x","timestamp":1790812800123,"logGroupIdentifier":"arn:aws-cn:logs:cn-north-1:123456789012:log-group:shared","functionArn":"arn:aws-cn:lambda:cn-north-1:123456789012:function:pay:7"}"#[..]);
    assert_eq!(seen.streams, ["123456789012 cn-north-1 shared - pay"]);
}

#[test]
fn messages_alone_have_their_own_times() {
    let line = format!("2026-10-01T00:00:00.123Z\t{ID}\tINFO\thi");
    let array = serde_json::to_string(&[&line, "RequestId: x"]).expect("JSON");
    for text in [format!("{line}\nRequestId: x\n"), array] {
        let (_, seen) = run(&mut text.as_bytes());
        assert_eq!(
            seen.events.iter().map(|event| event.at).collect::<Vec<_>>(),
            [Some(1_790_812_800_123), None],
            "{text}"
        );
    }
}

#[test]
fn runtimes_own_times_are_no_export() {
    case(
        &format!("START RequestId: {ID} Version: 1\n2026-10-01T00:00:03.001Z {ID} Task timed out after 3.00 seconds\n"),
        "bare",
        &[
            &format!("START RequestId: {ID} Version: 1"),
            &format!("2026-10-01T00:00:03.001Z {ID} Task timed out after 3.00 seconds"),
        ],
    );
    case(
        "2026-10-01T00:00:03.001Z        undefined       ERROR   Uncaught Exception\n{\n  \"errorType\": \"E\"\n}\n",
        "bare",
        &["2026-10-01T00:00:03.001Z        undefined       ERROR   Uncaught Exception", "{\n  \"errorType\": \"E\"\n}"],
    );
}

#[test]
fn json_documents_in_any_layout() {
    let compact = format!(
        r#"{{"events":[{{"logStreamName":"{STREAM}","timestamp":1790812800123,"message":"a\n\"q\"","ingestionTime":1,"eventId":"38"}},{{"message":"RequestId: b","logStreamName":"other","extra":{{"x":["]",{{}}]}},"eventId":"39","timestamp":1790812800124}}],"nextToken":null}}"#
    );
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&compact).expect("JSON"))
        .expect("JSON");
    for text in [compact.clone(), pretty, format!("{compact}\n{compact}")] {
        let (result, seen) = run(&mut text.as_bytes());
        assert_eq!(result.expect("a log").shape, "filter-log-events");
        assert_eq!(seen.streams.len(), 2);
        assert_eq!(seen.events[0].text, "a\n\"q\"");
        assert_eq!((seen.events[1].text.as_str(), seen.events[1].at), ("RequestId: b", Some(1_790_812_800_124)));
        assert!(seen.events[1].id.is_some() && seen.notes.is_empty());
    }
}

/// Law: events that are documents are the same ones back to back, with blanks between them and with line ends.
#[test]
fn documents_need_no_line_ends_between_them() {
    let numbered = |template: &str| (1..=4).map(|n| template.replace("{n}", &n.to_string())).collect::<Vec<_>>();
    let id = "8f507cfc-7d70-4d4a-9b1c-00000000000{n}";
    let message =
        "{\\\"type\\\":\\\"platform.start\\\",\\\"record\\\":{\\\"requestId\\\":\\\"ID\\\"}}".replace("ID", id);
    for template in [
        format!(r#"{{"time":"2026-10-01T00:00:0{{n}}.000Z","type":"platform.start","record":{{"requestId":"{id}"}}}}"#),
        format!(
            r#"{{"timestamp":"2026-10-01T00:00:0{{n}}.000Z","level":"INFO","message":"}} {{ }}{{","requestId":"{id}"}}"#
        ),
        format!(
            r#"{{"_aws":{{"Timestamp":179081280000{{n}},"CloudWatchMetrics":[{{"Namespace":"LambdaInsights"}}]}},"event_type":"performance","function_name":"orders","request_id":"{id}","duration":5,"used_memory_max":60}}"#
        ),
        format!(
            r#"{{"timestamp":179081280000{{n}},"logGroup":"/aws/lambda/pay","logStream":"s","message":"{message}"}}"#
        ),
        format!(r#"{{"time":"2026-10-01T00:00:00.100Z","type":"function","record":"RequestId: {id}\n"}}"#),
        format!(
            r#"{{"messageType":"DATA_MESSAGE","logGroup":"/aws/lambda/pay","logStream":"s","logEvents":[{{"id":"{{n}}","timestamp":179081280000{{n}},"message":"{message}"}}]}}"#
        ),
        format!(
            r#"{{"events":[{{"logStreamName":"s","timestamp":179081280000{{n}},"message":"RequestId: {id}","eventId":"{{n}}"}}]}}"#
        ),
    ] {
        let mut texts = numbered(&template);
        // What shows that the second kind is a log.
        let start = format!(r#"{{"type":"platform.start","record":{{"requestId":"{}"}}}}"#, id.replace("{n}", "0"));
        if template.contains("\"level\"") {
            texts.insert(0, start);
        }
        let events = |between: &str| {
            let (result, seen) = run(&mut texts.join(between).as_bytes());
            result.unwrap_or_else(|error| panic!("{between:?} {template}: {error}"));
            seen.events.iter().map(|event| (event.text.clone(), event.at)).collect::<Vec<_>>()
        };
        let lines = events("\n");
        assert_eq!(lines.len(), texts.len(), "{template}");
        for between in ["", " ", "  \t", "\r\n"] {
            assert_eq!(events(between), lines, "{between:?} {template}");
        }
    }
}

/// A brace before a backslash that escapes nothing is the beginning of no object.
#[test]
fn a_backslash_that_escapes_nothing_is_text() {
    for line in ["{\\", "{\\x", "{\"a\":1}{\\", "{\\\\", "{\\\\\\q"] {
        let (result, seen) = run(&mut format!("END RequestId: {ID}\n{line}\n").as_bytes());
        assert!(result.is_ok() && seen.events.iter().any(|event| event.text.starts_with('{')), "{line}");
    }
}

#[test]
fn text_shapes_take_their_prefix_off() {
    let stream = STREAM;
    let report = format!("REPORT RequestId: {ID}\tDuration: 1.00 ms\t");
    case(
        &format!("{stream} 2026-10-01T00:00:00.123000 {report}\n{stream} 2026-10-01T00:00:01 a\n b\n"),
        "sam-logs",
        &[&report, "a\n b"],
    );
    case(&format!("/aws/lambda/pay   {stream} {report}\n/aws/lambda/pay {stream} b\n"), "awslogs", &[&report, "b"]);
    case(
        &format!(
            "EVENTS\t{0}1\t1790812803456\t{stream}\t{report}\n\t1790812800123\nSEARCHEDLOGSTREAMS\tTrue\n",
            "0".repeat(55)
        ),
        "aws-cli-text",
        &[&format!("{report}\n")],
    );
    case(&format!("2026-10-01 00:00:00.123000 fbe8c1\t{report}\n"), "time-tab", &[&report]);
    case(
        &format!("RESULTS\t@timestamp\t2026-10-01 00:00:00.123\nRESULTS\t@message\t{report}\n"),
        "insights-text",
        &[&report],
    );
    case(
        &format!("REPORT - {ID}\nDuration: 1.00 ms\tBilled Duration: 1 ms\n2026-10-01 00:00:00.1 - {ID} - INFO\tx\n"),
        "serverless-logs",
        &[
            &format!("REPORT RequestId: {ID}\tDuration: 1.00 ms\tBilled Duration: 1 ms"),
            &format!("2026-10-01 00:00:00.1\t{ID}\tINFO\tx"),
        ],
    );
    case(&format!("web-1  | {report}\nweb-1  |   at x\n"), "any-prefix", &[&report, "  at x"]);
    case(&format!("  | 2026-10-01T00:00:00.1+02:00 | {report}\n-- | --\n"), "console-copy", &[report.trim_end()]);
}

#[test]
fn console_columns_are_told_apart() {
    let copied = format!("2026-10-01T02:00:00.123+02:00CopyEND\tRequestId: {ID} | END RequestId: {ID}\n-- | --\n");
    case(&copied, "console-copy", &[&format!("END\tRequestId: {ID}")]);
}

#[test]
fn telemetry_records_are_messages() {
    let platform = r#"{"time":"2026-10-01T00:00:00.000Z","type":"platform.start","record":{"requestId":"x"}}"#;
    case(
        &format!(
            r#"[{platform},{{"time":"2026-10-01T00:00:00.100Z","type":"function","record":"hi\n"}},{{"time":"2026-10-01T00:00:00.100Z","type":"function","record":{{"level":"INFO"}}}}]"#
        ),
        "telemetry",
        &[platform, "hi\n", r#"{"level":"INFO"}"#],
    );
}

#[test]
fn structured_lines_are_messages_themselves() {
    let line = format!(
        r#"{{"timestamp":"2026-10-01T00:00:00Z","level":"ERROR","message":"Task timed out","requestId":"{ID}"}}"#
    );
    case(&line, "bare", &[&line]);
}

#[test]
fn a_next_token_makes_the_answer_partial() {
    let text = r#"{"events":[{"message":"RequestId: b","ingestionTime":1}],"NextToken":"x"}"#;
    let (_, seen) = run(&mut text.as_bytes());
    assert!(seen.notes[0].incomplete, "{:?}", seen.notes);
}

#[test]
fn newest_first_is_turned_round() {
    let row = |second: u32| {
        format!(r#"{{"@timestamp":"2026-10-01 00:00:{second:02}.000","@message":"END RequestId: {second}"}}"#)
    };
    case(
        &format!("[{},{},{}]", row(30), row(20), row(10)),
        "insights-json",
        &["END RequestId: 10", "END RequestId: 20", "END RequestId: 30"],
    );
    case(&format!("[{},{}]", row(10), row(20)), "insights-json", &["END RequestId: 10", "END RequestId: 20"]);
    let many: Vec<String> = (0..2_000_u32)
        .rev()
        .map(|n| format!("2026-10-01 00:{:02}:{:02}.000,END RequestId: {n}", n / 60 % 60, n % 60))
        .collect();
    let texts = texts(format!("@timestamp,@message\n{}\n", many.join("\n")).as_bytes());
    assert_eq!((texts.len(), texts[0].as_str()), (2_000, "END RequestId: 0"));
}

#[test]
fn csv_cells() {
    case(
        "\u{feff}@message,@log,@logStream,@requestId\r\n\"a, \"\"b\"\"\n\",123456789012:/aws/lambda/pay,s,x\r\nRequestId: c,,,\r\n",
        "insights-csv",
        &["a, \"b\"\n", "RequestId: c"],
    );
    let (_, seen) =
        run(&mut &b"@message,@log\nx,arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/pay:*\n"[..]);
    assert_eq!(seen.streams, ["123456789012 eu-west-1 /aws/lambda/pay - -"]);
    let (_, seen) = run(&mut &b"@message,@log\nx,123456789012:/aws/lambda/pay\n"[..]);
    assert_eq!(seen.streams, ["123456789012 - /aws/lambda/pay - -"]);
}

#[test]
fn subscription_documents_name_their_stream_before_or_behind() {
    let events = r#""logEvents":[{"id":"1","timestamp":1790812800123,"message":"RequestId: x"}]"#;
    let origin = r#""owner":"123456789012","logGroup":"/aws/lambda/pay","logStream":"s""#;
    for text in [format!("{{{origin},{events}}}"), format!("{{{events},{origin}}}")] {
        let (_, seen) = run(&mut text.as_bytes());
        assert_eq!(seen.events[0].stream, "123456789012 - /aws/lambda/pay s -", "{text}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

#[test]
fn carriers_are_unpacked() {
    let payload = r#"{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[{"id":"1","timestamp":1790812800123,"message":"RequestId: x"}]}"#;
    let data = encode(&gzip(payload.as_bytes()));
    for text in [
        format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#),
        format!(r#"{{"Records":[{{"SequenceNumber":"1","Data":"{data}","PartitionKey":"p"}}]}}"#),
        format!(r#"{{"invocationId":"i","records":[{{"recordId":"r","data":"{data}"}}]}}"#),
        data.clone(),
    ] {
        let (result, seen) = run(&mut text.as_bytes());
        let around = text.len() - data.len();
        assert_eq!(result.expect("a log").bytes, (payload.len() + around) as u64, "{text}");
        assert_eq!(seen.events[0].text, "RequestId: x", "{text}");
    }
    let tail = encode(b"START RequestId: x\nEND RequestId: x\n");
    case(
        &format!(r#"{{"StatusCode":200,"LogResult":"{tail}"}}"#),
        "carrier",
        &["START RequestId: x", "END RequestId: x"],
    );
}

#[test]
fn containers_are_unpacked() {
    let text = b"START RequestId: x\nEND RequestId: x\n";
    let want = ["START RequestId: x", "END RequestId: x"];
    let members = [gzip(&text[..19]), gzip(&text[19..])].concat();
    let utf16: Vec<u8> =
        "\u{feff}START RequestId: x\r\nEND RequestId: x\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for input in [gzip(text), members, gzip(&gzip(text)), utf16, encode(&gzip(text)).into_bytes(), zip(text)] {
        assert_eq!(texts(&input), want);
    }
    for input in [zstd(text), BZIP2.to_vec(), XZ.to_vec()] {
        assert_eq!(texts(&input), want);
    }
}

const BZIP2: &[u8] = b"\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x16\x96\x14\xc6\x00\x00\x08\xdf\x80\x00\x10\x40\x00\x00\x10\x26\x21\x1c\x00\x06\x00\x2e\x40\x20\x00\x31\x4d\x32\x31\x31\x31\x04\xa8\x0d\x0d\x32\x1a\x41\xb4\xb8\xc5\x55\x3c\x2a\xa9\x66\x77\x28\x41\xd0\x82\x0c\x9f\x17\x72\x45\x38\x50\x90\x16\x96\x14\xc6";
const XZ: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\xe0\x00\x23\x00\x1e\x5d\x00\x29\x95\x04\x25\xac\x9e\x6b\x2b\xb0\xe4\xea\x90\xc7\x2b\x64\xf1\xde\xf0\xe1\x49\x0b\x43\x6d\x21\xe0\x6d\x93\x00\x00\x00\x00\x00\x00\x86\x80\xb9\x22\x9e\x49\xbf\x00\x00\x01\x3a\x24\x83\x8f\x2c\x39\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

/// A frame to be skipped, then two frames of one raw block each.
fn zstd(text: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    for part in [&text[..19], &text[19..]] {
        let size = part.len() as u8;
        bytes.extend([0x28, 0xb5, 0x2f, 0xfd, 0x20, size, size << 3 | 1, 0, 0]);
        bytes.extend(part);
    }
    bytes
}

/// An archive of two entries: stored, and deflated with its sizes behind.
fn zip(text: &[u8]) -> Vec<u8> {
    let (first, second) = text.split_at(19);
    let entries =
        [Entry("a", first, Packing::Stored, Sizes::Before), Entry("b", second, Packing::Deflated, Sizes::Behind)];
    container_tests::zip(&entries).bytes
}

#[test]
fn damage_yields_what_was_read() {
    let text: String = (0..20_000).map(|n| format!("END RequestId: {n}\n")).collect();
    let packed = gzip(text.as_bytes());
    let (result, seen) = run(&mut &packed[..packed.len() / 2]);
    assert!(matches!(result, Err(DecodeError::Corrupt(_))), "{result:?}");
    assert!(seen.events.len() > 1_000);
    let cut = r#"{"events":[{"message":"RequestId: a","ingestionTime":1},{"message":"RequestId: b"#;
    let (result, seen) = run(&mut cut.as_bytes());
    assert!(matches!(result, Err(DecodeError::Corrupt(_))), "{result:?}");
    assert_eq!(seen.events.len(), 2);
}

/// Everything that can be seen of decoding `input`.
fn all_seen(input: &mut (dyn Read + Send), buffers: &mut Buffers) -> String {
    let mut seen = Collector::default();
    let decoded = decode(input, &Origin::default(), buffers, &mut seen);
    format!("{decoded:?} {seen:?}")
}

/// Decoding what a decoder that streams makes of the bytes is the measure for every other way.
#[test]
fn gzip_decodes_as_if_it_were_streamed() {
    let text: String = (0..3_000).map(|n| format!("START RequestId: {n}\nEND RequestId: {n}\n")).collect();
    let packed = gzip(text.as_bytes());
    let end = packed.len();
    let changed = |at: usize| {
        let mut packed = packed.clone();
        packed[at] ^= 1;
        packed
    };
    let large: Vec<u8> = text.bytes().cycle().take(4 * 1024 * 1024 + 1).collect();
    let stored = |length: usize| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        out.write_all(&large[..length]).expect("memory");
        out.finish().expect("memory")
    };
    let around = stored(1024 * 1024 - 100).len() - (1024 * 1024 - 100);
    let cases = [
        ("one member", packed.clone()),
        ("two members", [&packed[..], &gzip(b"END RequestId: y\n")].concat()),
        ("the same member twice", packed.repeat(2)),
        ("garbage behind", [&packed[..], b"garbage"].concat()),
        ("zeros behind", [&packed[..], &[0; 9]].concat()),
        ("its trailer again behind", [&packed[..], &packed[end - 8..]].concat()),
        ("half", packed[..end / 2].to_vec()),
        ("no trailer", packed[..end - 8].to_vec()),
        ("a header", packed[..10].to_vec()),
        ("damaged", changed(end / 2)),
        ("wrong checksum", changed(end - 8)),
        ("wrong length", changed(end - 4)),
        ("an optional field that is not there", changed(3)),
        ("an empty text", gzip(b"")),
        ("gzip in gzip", gzip(&packed)),
        ("damage in gzip", gzip(&changed(end / 2))),
        ("no log", gzip(&[0; 1_000])),
        ("4 MiB of text", gzip(&large[1..])),
        ("more text", gzip(&large)),
        ("less than 1 MiB", stored(1024 * 1024 - around - 1)),
        ("1 MiB", stored(1024 * 1024 - around)),
        ("more than 1 MiB", stored(1024 * 1024 - around + 1)),
    ];
    let mut buffers = Buffers::default();
    for (what, input) in cases {
        let want = all_seen(&mut super::members::gzip(&input[..]), &mut Buffers::default());
        assert!(all_seen(&mut &input[..], &mut buffers) == want, "{what}");
    }
}

#[test]
fn a_disk_that_fails_within_gzip_yields_what_was_read() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.len() {
                0 => Err(io::Error::from_raw_os_error(5)),
                _ => self.0.by_ref().take(1_000).read(buffer),
            }
        }
    }
    let text: String = (0..20_000).map(|n| format!("END RequestId: {n}\n")).collect();
    let packed = gzip(text.as_bytes());
    for length in [packed.len() / 2, packed.len()] {
        let (result, seen) = run(&mut Failing(&packed[..length]));
        assert!(matches!(result, Err(DecodeError::Io(_))), "{result:?}");
        assert!(seen.events.len() > 1_000);
        let want = all_seen(&mut super::members::gzip(Failing(&packed[..length])), &mut Buffers::default());
        assert!(all_seen(&mut Failing(&packed[..length]), &mut Buffers::default()) == want);
    }
}

#[test]
fn refuses_with_advice() {
    for (input, advice) in [
        (&b"PAR1\x15\x04"[..], "Parquet"),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml", "Office"),
        (b"-----\n|  FilterLogEvents  |\n| RequestId: x |\n", "--output json"),
        (b"just some words\nand more\n", "looked for"),
        (
            b"{\n  \"schema\": 1,\n  \"tool_version\": \"0.1.0\",\n  \"catalogue_version\": \"2\"",
            "result of lambda-triage",
        ),
        (&[0u8, 1, 2, 3, 4, 200, 7, 8, 1, 2, 3, 1], "binary"),
    ] {
        match run(&mut &*input).0 {
            Err(DecodeError::NotALog(text) | DecodeError::OtherKind(text)) => assert!(text.contains(advice), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    let nested = (0..6).fold(b"RequestId: x".to_vec(), |bytes, _| gzip(&bytes));
    assert!(matches!(run(&mut &nested[..]).0, Err(DecodeError::Corrupt(_))));
}

/// Words of our own results make no result of a log.
#[test]
fn a_log_that_has_the_words_of_a_result_is_a_log() {
    for line in [
        "3 attempts to complete a function, partial, until 12:00 UTC:",
        "the FUNCTION made 3 ATTEMPTS  FAILED",
        "complete",
    ] {
        let text = format!("START RequestId: {ID} Version: 7\n{line}\nEND RequestId: {ID}\n");
        for text in [text.clone(), format!("{line}\n{text}")] {
            assert!(run(&mut text.as_bytes()).0.is_ok(), "{text}");
        }
    }
}

#[test]
fn empty_inputs_are_fine() {
    for (input, shape) in [
        (&b""[..], "empty"),
        (b" \n\n", "empty"),
        (b"[]\n", "empty"),
        (b"Permission Check Successful", "aws-logs-write-test"),
    ] {
        assert_eq!(run(&mut &*input).0.expect("no error").shape, shape);
    }
}

#[test]
fn a_log_below_many_blank_lines_is_read() {
    let text = format!("{}START RequestId: {ID} Version: 7\n", "\n".repeat(300_000));
    let (result, seen) = run(&mut text.as_bytes());
    assert_eq!(result.expect("a log").bytes, text.len() as u64);
    assert_eq!((seen.events.len(), seen.events[0].line), (1, 300_001));
}

/// A text that repeats without end, as far as wanted.
struct Repeated<'r> {
    start: &'r [u8],
    part: &'r [u8],
    left: u64,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from = if self.start.is_empty() { self.part } else { self.start };
        let count = from.len().min(buffer.len()).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        buffer[..count].copy_from_slice(&from[..count]);
        self.left -= count as u64;
        self.start = &self.start[count.min(self.start.len())..];
        Ok(count)
    }
}

#[test]
fn endless_events_are_cut() {
    let filler = [b'x'; 4096];
    for start in [
        &b"START RequestId: 1 "[..],
        b"2026-10-01T00:00:00.123Z START RequestId: 1 ",
        b"{\"events\":[{\"ingestionTime\":1,\"message\":\"RequestId: ",
        b"{\"logGroup\":\"g\",\"message\":\"RequestId: ",
        b"@message\n\"RequestId: ",
    ] {
        let (result, seen) = run(&mut Repeated { start, part: &filler, left: 12_000_000 });
        assert!(seen.events.len() <= 1, "{}", seen.events.len());
        assert!(!seen.notes.is_empty() || result.is_err(), "{}", String::from_utf8_lossy(start));
        assert!(seen.message_bytes <= 4 * 1024 * 1024, "{}", seen.message_bytes);
    }
    let mut after = b"2026-10-01T00:00:00.123Z RequestId: 1 ".to_vec();
    after.extend(std::iter::repeat_n(b'y', 5_000_000));
    after.extend(b"\ncontinued\n2026-10-01T00:00:00.124Z END RequestId: 1\n");
    let (_, seen) = run(&mut &after[..]);
    assert_eq!((seen.events.len(), seen.events[1].line, seen.events[1].text.as_str()), (2, 3, "END RequestId: 1"));
}

/// What is neither a message nor a few bytes around messages was dropped, and is counted as that.
#[test]
fn what_is_left_out_is_counted() {
    let long = "x".repeat(5_000_000);
    let broken = format!("no JSON {long}");
    let group = "\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"s\"";
    let event = |message: &str| format!("{{{group},\"timestamp\":1790812800123,\"message\":\"{message}\"}}\n");
    let record = "{\"schema\":1,\"id\":\"0a\",\"kind\":\"attempt\",\"request_id\":null,\"category\":\"ok\",\"code\":\"ok\",\"log_group\":null}\n";
    let time = "2026-10-01T00:00:00.123Z ";
    for (what, text) in [
        ("a line", format!("START RequestId: {ID} Version: 1\n{long}\nEND RequestId: {ID}\n")),
        ("a line at the end", format!("START RequestId: {ID} Version: 1\n{long}")),
        ("an event", format!("{time}START RequestId: {ID}\n{time}{long}\n{long}\n{time}END RequestId: {ID}\n")),
        (
            "many lines of an event",
            format!("{time}START RequestId: {ID}\n{}{time}z\n", format!("{}\n", &long[..999]).repeat(5_000)),
        ),
        ("a message in JSON", format!("{}{}{}", event("a"), event(&long), event("b"))),
        ("a line that is no JSON", format!("{}{broken}\n{}", event("a"), event("b"))),
        ("a short line that is no JSON", format!("{}{}\n{}", event("a"), &broken[..1_000], event("b"))),
        (
            "a cell",
            format!("@timestamp,@message\n2026-10-01 00:00:00.123,\"RequestId: {long}\"\n2026-10-01 00:00:00.124,b\n"),
        ),
        ("a line between records", format!("{record}{}\n{record}", &broken[..1_000_000])),
    ] {
        for size in [256 * 1024, 1_000_003] {
            let (result, seen) = run(&mut Pieces { bytes: text.as_bytes(), sizes: vec![size], next: 0 });
            let decoded = result.expect(what);
            let records: usize = seen.records.iter().map(String::len).sum();
            let known = seen.message_bytes + seen.dropped + records as u64;
            assert!(known <= decoded.bytes, "{what}: {known} of {}", decoded.bytes);
            assert!(decoded.bytes - known < 6_000, "{what}: {known} of {}", decoded.bytes);
            assert!(seen.dropped > 900, "{what}");
            assert!(seen.notes.iter().any(|note| note.incomplete), "{what}: {:?}", seen.notes);
        }
    }
}

/// Entries of an archive, each stored.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<Entry<'_>> =
        entries.iter().map(|(name, body)| Entry(name, body, Packing::Stored, Sizes::Before)).collect();
    container_tests::zip(&entries).bytes
}

#[test]
fn every_part_of_an_archive_is_counted() {
    let log: &[u8] = b"START RequestId: a\nEND RequestId: a\n";
    let prose: &[u8] = b"nothing that anybody would want to read\n";
    let image: &[u8] = b"\x89PNG\r\n\x1a\n0000000000000000";
    let cut = &gzip(log)[..20];
    let entries: [(&str, &[u8]); 4] = [("a.log", log), ("readme.txt", prose), ("b.png", image), ("lib/", b"")];
    // Every order of any of them, followed by one that is damaged or not.
    for first in 0..entries.len() {
        for second in 0..entries.len() {
            for damaged in [false, true] {
                let mut parts = vec![entries[first], entries[second], entries[0]];
                if damaged {
                    parts.push(("c.gz", cut));
                } else {
                    parts.push(("META-INF/x", prose));
                }
                let mut seen = Collector::default();
                let bytes = archive(&parts);
                let decoded = decode(&mut &bytes[..], &Origin::default(), &mut Buffers::default(), &mut seen);
                let whole = &parts[..if damaged { 3 } else { 4 }];
                let want: u64 = whole.iter().map(|(_, body)| body.len() as u64).sum();
                let dropped = |name: &str| !matches!(name, "a.log" | "lib/");
                let names: Vec<&str> = whole.iter().map(|part| part.0).filter(|name| dropped(name)).collect();
                let what = format!("{:?}: {decoded:?}", parts.iter().map(|part| part.0).collect::<Vec<_>>());
                if damaged {
                    assert!(seen.message_bytes + seen.dropped <= decoded.bytes, "{what}");
                } else {
                    assert_eq!(
                        (decoded.bytes, &seen.left_out),
                        (want, &names.iter().map(|name| (*name).to_owned()).collect()),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// Gives its bytes in pieces of the sizes wanted.
struct Pieces<'p> {
    bytes: &'p [u8],
    sizes: Vec<usize>,
    next: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.next % self.sizes.len()].min(buffer.len());
        self.next += 1;
        self.bytes.read(&mut buffer[..size])
    }
}

fn sample(index: usize) -> &'static str {
    let all: Vec<&'static str> = SHAPES.iter().flat_map(|shape| shape.samples().iter().copied()).collect();
    all[index % all.len()]
}

proptest::proptest! {
    #[test]
    fn splits_of_the_input_change_nothing(index in 0usize..80, sizes in proptest::collection::vec(1usize..40, 1..8), packed in proptest::bool::ANY) {
        let text = if packed { gzip(sample(index).as_bytes()) } else { sample(index).as_bytes().to_vec() };
        let whole = run(&mut &text[..]).1;
        let split = run(&mut Pieces { bytes: &text, sizes, next: 0 }).1;
        proptest::prop_assert_eq!(whole.events, split.events);
        proptest::prop_assert_eq!(whole.records, split.records);
    }

    #[test]
    fn mutated_samples_never_panic(index in 0usize..80, at in 0usize..400, byte in 0u8.., cut in 0usize..500) {
        let mut text = sample(index).repeat(2).into_bytes();
        let length = text.len();
        text[at % length] = byte;
        text.truncate(cut.max(1));
        let (result, seen) = run(&mut &text[..]);
        if let Ok(decoded) = result {
            proptest::prop_assert!(seen.message_bytes + seen.dropped <= decoded.bytes, "{:?}", seen);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(0u8.., 0..300)) {
        let _ = run(&mut &bytes[..]);
    }
}
