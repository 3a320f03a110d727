//! Logs in JSON nested in any way, and in tables of any layout: no store and no script is known by name, so any key, any
//! order of columns and any notation must do.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::line_forms::{FAILURES, Line, STYLES, around, codes, log, time, write};

/// Step on the way from a document to the list of its events.
#[derive(Clone, Debug)]
enum Around {
    Key(&'static str),
    /// A list with this one item.
    List,
}

/// What one event looks like.
#[derive(Clone, Debug)]
enum Item {
    Object { message: Vec<&'static str>, time: Option<(&'static str, usize)>, labels: bool, time_last: bool },
    Row { time: usize, message_first: bool },
    Text,
    Pairs { name: &'static str, time: usize },
}

/// How the documents stand in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Documents {
    One,
    Pretty,
    /// Two, one after the other.
    Two,
    /// One for each event.
    Each,
}

/// Time in JSON: in one of the usual styles, or a number.
fn json_time(style: usize, second: i64, number: usize) -> Value {
    let ms = (1_790_827_200 + second) * 1_000 + number as i64 % 1_000;
    match style {
        0..STYLES => json!(time(style, second, number)),
        14 => json!(ms),
        15 => json!(format!("{ms}000000")),
        16 => json!(ms as f64 / 1_000.0),
        _ => json!(ms / 1_000),
    }
}

const KEYS: [&str; 20] = [
    "data",
    "events",
    "hits",
    "results",
    "records",
    "logs",
    "items",
    "result",
    "body",
    "response",
    "Messages",
    "entries",
    "rows",
    "values",
    "value",
    "a b",
    "x",
    "output",
    "logEvents",
    "content",
];
const MESSAGE_KEYS: [&str; 18] = [
    "message",
    "msg",
    "log",
    "text",
    "line",
    "_raw",
    "m",
    "Message",
    "event",
    "textPayload",
    "MESSAGE",
    "@message",
    "body",
    "what",
    "record",
    "attributes",
    "_source",
    "stringValue",
];
const TIME_KEYS: [&str; 12] = [
    "timestamp",
    "time",
    "@timestamp",
    "_time",
    "ts",
    "t",
    "when",
    "date",
    "Timestamp",
    "timeUnixNano",
    "eventTime",
    "created",
];

fn item() -> impl Strategy<Value = Item> {
    let styles = 0..STYLES + 4;
    prop_oneof![
        6 => (vec(select(MESSAGE_KEYS.to_vec()), 1..4), prop::option::weighted(0.8, (select(TIME_KEYS.to_vec()), styles.clone())), any::<bool>(), any::<bool>())
            .prop_map(|(message, time, labels, time_last)| Item::Object { message, time, labels, time_last }),
        1 => (styles.clone(), any::<bool>()).prop_map(|(time, message_first)| Item::Row { time, message_first }),
        1 => Just(Item::Text),
        1 => (select(MESSAGE_KEYS.to_vec()), styles).prop_map(|(name, time)| Item::Pairs { name, time }),
    ]
}

fn event(item: &Item, second: i64, number: usize, message: &str) -> Value {
    match item {
        Item::Object { message: keys, time, labels, time_last } => {
            let (last, outer) = keys.split_last().unwrap();
            let mut event = Map::new();
            let add_time = |event: &mut Map<String, Value>| {
                if let Some((key, style)) = time {
                    event.insert((*key).to_owned(), json_time(*style, second, number));
                }
            };
            if !time_last {
                add_time(&mut event);
            }
            event.insert((*last).to_owned(), json!(message));
            if *labels {
                event.insert("labels".to_owned(), json!({"app": "orders", "n": number, "tags": ["a", "b:c"]}));
                event.insert("id".to_owned(), json!(format!("{number:08x}-0000-4000-8000-000000000000")));
            }
            if *time_last {
                add_time(&mut event);
            }
            outer.iter().rev().fold(Value::Object(event), |inner, key| json!({*key: inner}))
        }
        Item::Row { time, message_first: true } => json!([message, json_time(*time, second, number)]),
        Item::Row { time, message_first: false } => json!([json_time(*time, second, number), message]),
        Item::Text => json!(message),
        Item::Pairs { name, time } => json!([
            {"field": "@timestamp", "value": json_time(*time, second, number)},
            {"field": name, "value": message},
            {"field": "@ptr", "value": format!("p{number}")},
        ]),
    }
}

fn nested(list: Value, path: &[Around]) -> Value {
    path.iter().rev().fold(list, |inner, step| match step {
        Around::Key(key) => json!({"status": "ok", *key: inner, "count": 9}),
        Around::List => json!([inner]),
    })
}

fn json_text(log: &[Line], path: &[Around], item: &Item, documents: Documents) -> String {
    let events: Vec<Value> =
        log.iter().enumerate().map(|(number, (second, message))| event(item, *second, number, message)).collect();
    match documents {
        Documents::One => nested(json!(events), path).to_string(),
        Documents::Pretty => serde_json::to_string_pretty(&nested(json!(events), path)).unwrap(),
        Documents::Two => {
            let (first, second) = events.split_at(events.len() / 2);
            format!("{}\n{}\n", nested(json!(first), path), nested(json!(second), path))
        }
        Documents::Each => events.iter().map(|event| format!("{}\n", nested(event.clone(), path))).collect(),
    }
}

/// Layout of a table.
#[derive(Clone, Debug)]
struct Table {
    /// Text between columns: a character of CSV, or a bar.
    separator: &'static str,
    /// Columns in their order: `t` time, `m` message, `s` stream, `n` number, `w` word.
    columns: Vec<char>,
    header: Option<usize>,
    style: usize,
    /// Whether every cell of CSV has quotes.
    quoted: bool,
    /// Whether a bar stands at both ends of a row.
    closed: bool,
}

const STREAM: &str = "2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn columns() -> impl Strategy<Value = Vec<char>> {
    vec(select(vec!['t', 's', 'n', 'w']), 1..4).prop_flat_map(|mut others| {
        others.sort_unstable();
        others.dedup();
        others.push('m');
        Just(others).prop_shuffle()
    })
}

fn table() -> impl Strategy<Value = Table> {
    let separators = select(vec![",", ",", ";", "\t", "|", "|", "\u{2502}", "\u{2503}"]);
    (separators, columns(), prop::option::of(0..2usize), 0..STYLES + 1, any::<bool>(), any::<bool>()).prop_map(
        |(separator, columns, header, style, quoted, closed)| Table {
            separator,
            columns,
            header,
            style,
            quoted: quoted || separator == "\t",
            closed,
        },
    )
}

fn table_text(log: &[Line], table: &Table) -> String {
    let is_csv = matches!(table.separator, "," | ";" | "\t");
    let name = |column: &char| match (table.header, column) {
        (Some(0), 't') => "@timestamp",
        (Some(0), 'm') => "@message",
        (Some(0), 's') => "@logStream",
        (_, 't') => "Zeit",
        (_, 'm') => "Nachricht",
        (_, 's') => "Strom",
        (_, 'n') => "#",
        _ => "Dienst",
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    if table.header.is_some() {
        rows.push(table.columns.iter().map(|column| name(column).to_owned()).collect());
    }
    for (number, (second, message)) in log.iter().enumerate() {
        // Tables of lines have each message in one line.
        let message = if is_csv { message.clone() } else { message.replace(['\n', '\t'], " ").replace('|', "\\|") };
        rows.push(
            table
                .columns
                .iter()
                .map(|column| match column {
                    't' => json_time(table.style, *second, number)
                        .as_str()
                        .map_or_else(|| json_time(14, *second, number).to_string(), str::to_owned),
                    'm' => message.clone(),
                    's' => STREAM.to_owned(),
                    'n' => (number + 1).to_string(),
                    _ => "orders".to_owned(),
                })
                .collect(),
        );
    }
    let mut text = String::new();
    let columns = table.columns.len();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| {
                let quote = table.quoted || cell.contains([',', ';', '"', '\n', '\t']);
                if is_csv && quote { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
            })
            .collect();
        if is_csv {
            text += &cells.join(table.separator);
        } else {
            let row = cells.join(&format!(" {} ", table.separator));
            text += &if table.closed { format!("{0} {row} {0}", table.separator) } else { format!(" {row}") };
        }
        text.push('\n');
        if number == 0 && table.header.is_some() && !is_csv {
            text += &match table.separator {
                "|" => format!("|{}\n", "---|".repeat(columns)),
                _ => format!("{}\n", "\u{2500}".repeat(20)),
            };
        }
    }
    text
}

/// Text with what it was drawn from.
type Drawn = (String, String);

fn wrong_of(cases: usize, draw: &mut dyn FnMut(&mut TestRunner) -> (usize, Drawn)) -> (Vec<String>, Vec<String>) {
    let mut runner = TestRunner::deterministic();
    let (mut other, mut silent) = (Vec::new(), Vec::new());
    for _ in 0..cases {
        let (failure, (text, shown)) = draw(&mut runner);
        let (want, _) = codes(&write(&log(failure), &[], "", false));
        let (found, coverage) = codes(&text);
        if found != want {
            let list = if coverage["complete"] == json!(false) { &mut other } else { &mut silent };
            list.push(format!("{shown}\n{}\n{found:?}", text.chars().take(800).collect::<String>()));
        }
    }
    (silent, other)
}

fn holds(cases: usize, draw: &mut dyn FnMut(&mut TestRunner) -> (usize, Drawn)) {
    let (silent, other) = wrong_of(cases, draw);
    let wrong = silent.len() + other.len();
    let first = silent.iter().chain(&other).take(3).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(
        silent.is_empty() && wrong * 20 <= cases,
        "{wrong} of {cases}, {} of them silently:\n{first}",
        silent.len()
    );
}

fn cases() -> usize {
    std::env::var("FORMS").map_or(500, |cases| cases.parse().unwrap())
}

/// The verdicts are those of the log alone, however the JSON is nested and whatever its keys are.
#[test]
fn any_nesting_of_json_gives_the_verdicts_of_the_log_alone() {
    let step = prop_oneof![3 => select(KEYS.to_vec()).prop_map(Around::Key), 1 => Just(Around::List)];
    let documents = select(vec![Documents::One, Documents::One, Documents::Pretty, Documents::Two, Documents::Each]);
    let drawn = (vec(step, 0..4), item(), documents, around(), 0..FAILURES.len());
    holds(cases(), &mut |runner| {
        let (path, item, documents, (above, below), failure) = drawn.new_tree(runner).unwrap().current();
        let text = json_text(&log(failure), &path, &item, documents);
        (failure, (format!("{above}{text}{below}"), format!("{path:?} {item:?} {documents:?}")))
    });
}

/// The verdicts are those of the log alone, whatever the columns of the table are.
#[test]
fn any_table_gives_the_verdicts_of_the_log_alone() {
    let drawn = (table(), around(), 0..FAILURES.len());
    holds(cases(), &mut |runner| {
        let (table, (above, below), failure) = drawn.new_tree(runner).unwrap().current();
        (failure, (format!("{above}{}{below}", table_text(&log(failure), &table)), format!("{table:?}")))
    });
}
