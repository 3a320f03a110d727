//! The log of `shapes`, as other stores, SDKs and scripts write it: their JSON, YAML, printed values and tables.

use serde_json::{Value, json};

use super::shapes::Keeps::{self, All, Lines, Times};
use super::shapes::{Event, Files, GROUP, STREAMS, event_id, file, filter_document, iso, spaced};

/// Lists every writer: what it is, what it keeps, files.
pub(super) fn stores(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let mut all = stores_in_json(log);
    all.extend(scripts(log));
    all.extend(tables(log));
    all
}

fn each(log: &[Event], write: impl Fn(usize, &Event) -> Value) -> Vec<Value> {
    log.iter().enumerate().map(|(number, event)| write(number, event)).collect()
}

fn json_lines(log: &[Event], write: impl Fn(usize, &Event) -> Value) -> Files {
    file(each(log, write).iter().map(|line| format!("{line}\n")).collect())
}

fn stores_in_json(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let stream = |e: &Event| STREAMS[e.stream];
    let elastic = json!({"took": 3, "hits": {"total": {"value": log.len()}, "hits": each(log, |n, e| json!({
        "_index": "cw", "_id": event_id(n), "_source": {"@timestamp": format!("{}Z", iso(e.at)), "message": e.message, "log_group": GROUP, "log_stream": stream(e)},
    }))}});
    let of_stream = |wanted: usize| -> Vec<Value> {
        let events = log.iter().filter(|event| event.stream == wanted);
        events.map(|e| json!([format!("{}000000", e.at), e.message])).collect()
    };
    let loki: Vec<Value> = (0..STREAMS.len())
        .map(|stream| json!({"stream": {"app": "orders", "__aws_cloudwatch_log_stream": STREAMS[stream]}, "values": of_stream(stream)}))
        .collect();
    let otlp = json!({"resourceLogs": [{
        "resource": {"attributes": [{"key": "faas.name", "value": {"stringValue": "orders"}}]},
        "scopeLogs": [{"scope": {}, "logRecords": each(log, |_, e| json!({
            "timeUnixNano": format!("{}000000", e.at), "body": {"stringValue": e.message},
            "attributes": [{"key": "aws.log.stream.names", "value": {"arrayValue": {"values": [{"stringValue": stream(e)}]}}}],
        }))}],
    }]});
    vec![
        ("elasticsearch", All, file(elastic.to_string())),
        ("elasticsearch pretty", All, file(serde_json::to_string_pretty(&elastic).unwrap())),
        ("loki", All, file(json!({"status": "success", "data": {"resultType": "streams", "result": loki}}).to_string())),
        ("logcli jsonl", Times, json_lines(log, |_, e| json!({"labels": {"app": "x"}, "line": e.message, "timestamp": format!("{}Z", iso(e.at))}))),
        ("splunk json", Times, json_lines(log, |n, e| json!({"preview": false, "offset": n, "result": {"_raw": e.message, "_time": format!("{} UTC", spaced(e.at))}}))),
        ("splunk results", Times, file(json!({"init_offset": 0, "results": each(log, |_, e| json!({"_raw": e.message, "_time": format!("{}+00:00", iso(e.at))}))}).to_string())),
        ("splunk hec", Times, json_lines(log, |_, e| json!({"time": e.at as f64 / 1_000.0, "host": "arn:aws:lambda:eu-west-1:123456789012:function:orders", "event": e.message}))),
        ("datadog api", Times, file(json!({"data": each(log, |n, e| json!({"id": n.to_string(), "type": "log", "attributes": {"timestamp": format!("{}Z", iso(e.at)), "message": e.message, "service": "orders"}}))}).to_string())),
        ("newrelic", All, file(json!(each(log, |_, e| json!({"message": e.message, "timestamp": e.at, "aws.logGroup": GROUP, "aws.logStream": stream(e)}))).to_string())),
        ("newrelic nerdgraph", Times, file(json!({"data": {"actor": {"account": {"nrql": {"results": each(log, |_, e| json!({"message": e.message, "timestamp": e.at}))}}}}}).to_string())),
        ("otlp", All, file(otlp.to_string())),
        ("journald", Times, json_lines(log, |_, e| json!({"__REALTIME_TIMESTAMP": format!("{}000", e.at), "MESSAGE": e.message, "_HOSTNAME": "h"}))),
        ("sdk", All, file(json!({"Events": each(log, |n, e| json!({"EventId": event_id(n), "IngestionTime": e.at + 5, "LogStreamName": stream(e), "Message": e.message, "Timestamp": e.at})), "NextToken": null}).to_string())),
        ("powershell", All, file(serde_json::to_string_pretty(&each(log, |_, e| json!({"LogStreamName": stream(e), "Message": e.message, "Timestamp": format!("/Date({})/", e.at)}))).unwrap())),
        ("--query of other names", Times, file(json!(each(log, |_, e| json!({"t": e.at, "m": e.message}))).to_string())),
        ("--query of pairs, message first", Times, file(json!(each(log, |_, e| json!([e.message, format!("{}Z", iso(e.at))]))).to_string())),
        ("jq strings", Lines, json_lines(log, |_, e| json!(e.message))),
        ("events in data", All, file(json!({"data": {"events": each(log, |_, e| json!({"timestamp": e.at, "message": e.message, "logStreamName": stream(e)}))}}).to_string())),
    ]
}

/// Writes a string as Python's `repr` does.
fn python(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let escaped: String = text
        .chars()
        .map(|char| match char {
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            '\\' => "\\\\".to_owned(),
            char if char == quote => format!("\\{char}"),
            char => char.to_string(),
        })
        .collect();
    format!("{quote}{escaped}{quote}")
}

/// Writes a string as the YAML writer of the AWS CLI does: in single quotes, with a blank line for every line end.
fn yaml(text: &str) -> String {
    // Single quotes would lose the blanks at the start of a line, and what is no line end to YAML.
    if text.contains(['\t', '\r']) || text.contains("\n ") {
        return json!(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''").replace('\n', "\n\n    "))
}

fn scripts(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let text = |write: &dyn Fn(&Event) -> String| log.iter().map(write).collect::<String>();
    let stream = |e: &Event| STREAMS[e.stream];
    let printed = text(&|e| {
        format!(
            "{{'logStreamName': '{}', 'timestamp': {}, 'message': {}, 'ingestionTime': {}}}, ",
            stream(e),
            e.at,
            python(&e.message),
            e.at + 9
        )
    });
    let pretty = text(&|e| {
        let lines: Vec<String> = e.message.split_inclusive('\n').map(python).collect();
        format!("{{'message': {},\n  'timestamp': {}}},\n ", lines.join("\n             "), e.at)
    });
    let plain: String = log.iter().map(|e| format!("{}\n", e.message.trim_end())).collect();
    vec![
        ("python print", All, file(format!("{{'events': [{printed}], 'searchedLogStreams': [], 'ResponseMetadata': {{'RetryAttempts': 0}}, 'nextToken': None}}\n"))),
        (
            "javascript",
            All,
            file(format!(
                "{{\n  events: [\n{}  ],\n  '$metadata': {{ attempts: 1, cfId: undefined }}\n}}\n",
                text(&|e| format!(
                    "    {{\n      logStreamName: '{}',\n      timestamp: {},\n      message: {}\n    }},\n",
                    stream(e),
                    e.at,
                    python(&e.message)
                ))
            )),
        ),
        (
            "html",
            All,
            file(filter_document(log).to_string().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")),
        ),
        ("no-break spaces", Times, file(text(&|e| format!("{}Z {}\n", iso(e.at), e.message.trim_end())).replace(' ', "\u{a0}"))),
        ("python pprint", Times, file(format!("[{}]\n", pretty.trim_end().trim_end_matches(',')))),
        ("yaml", All, file(format!("events:\n{}searchedLogStreams: []\n", text(&|e| format!("- logStreamName: {}\n  message: {}\n  timestamp: {}\n", stream(e), yaml(&e.message), e.at))))),
        ("yaml blocks", Times, file(text(&|e| {
            if e.message.contains('\r') {
                return format!("- timestamp: {}\n  message: {}\n", e.at, json!(e.message));
            }
            let lines: String = e.message.trim_end().lines().map(|line| format!("    {line}\n")).collect();
            format!("- timestamp: {}\n  message: |2\n{lines}", e.at)
        }))),
        ("log in a string", Lines, file(json!({"function": "orders", "logs": plain}).to_string())),
        ("document in a string", All, file(json!({"statusCode": 200, "body": json!({"events": each(log, |_, e| json!({"timestamp": e.at, "message": e.message, "logStreamName": stream(e)}))}).to_string()}).to_string())),
    ]
}

fn tables(log: &[Event]) -> Vec<(&'static str, Keeps, Files)> {
    let stream = |e: &Event| STREAMS[e.stream];
    let text = |write: &dyn Fn(&Event) -> String| log.iter().map(write).collect::<String>();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let kibana = |e: &Event| format!("Oct 1, 2026 @ {}", &iso(e.at)[11..]);
    let cells = |e: &Event| e.message.trim_end().replace('\t', " ").lines().map(str::to_owned).collect::<Vec<_>>();
    // A cell with several lines takes several rows.
    let boxed = text(&|e| {
        let rows = cells(e);
        rows.iter()
            .enumerate()
            .map(|(n, line)| {
                let (at, stream) = if n == 0 { (spaced(e.at), stream(e)) } else { (String::new(), "") };
                format!("\u{2502} {at:23} \u{2502} {line:60} \u{2502} {stream:53} \u{2502}\n")
            })
            .collect()
    });
    vec![
        ("csv without a header", All, file(text(&|e| format!("{},{},{}\n", e.at, quoted(&e.message), stream(e))))),
        (
            "csv of splunk",
            Times,
            file(format!(
                "\"_serial\",\"_time\",\"host\",\"_raw\"\n{}",
                text(&|e| format!("\"1\",\"{}Z\",\"h\",{}\n", iso(e.at), quoted(&e.message)))
            )),
        ),
        (
            "csv of kibana",
            All,
            file(format!(
                "@timestamp,@log_stream,line,_id\n{}",
                text(&|e| format!("\"{}\",{},{},x\n", kibana(e), stream(e), quoted(&e.message)))
            )),
        ),
        (
            "csv with semicolons",
            Times,
            file(format!(
                "Zeit;Nachricht;Dienst\r\n{}",
                text(&|e| format!("{};{};orders\r\n", spaced(e.at), quoted(&e.message)))
            )),
        ),
        ("box", Keeps::All, file(format!("\u{250c}{0}\u{2510}\n{boxed}\u{2514}{0}\u{2518}\n", "\u{2500}".repeat(140)))),
        (
            "markdown with other columns",
            All,
            file(format!(
                "| @logStream | @timestamp | @message | @log |\n| --- | --- | --- | --- |\n{}",
                text(&|e| {
                    let rows = cells(e).into_iter().enumerate();
                    rows.map(|(n, line)| {
                        let line = line.replace('|', "\\|");
                        match n {
                            0 => format!("| {} | {} | {line} | 123456789012:{GROUP} |\n", stream(e), spaced(e.at)),
                            _ => format!("|  |  | {line} |  |\n"),
                        }
                    })
                    .collect()
                })
            )),
        ),
    ]
}
