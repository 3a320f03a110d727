//! Formats for CI and spreadsheets: each is read back by a reader that is not ours and has the numbers of the JSON summary, and
//! nothing that a log holds does anything in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use lambda_triage::internal::RENDERERS;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use roxmltree::{Document, Node};
use serde_json::Value;

use super::commands::{id, log_of};
use super::harness::{LOGS, Run, directory, read_summary, root, write};
use super::html::{html_is, html_is_inert};

/// Conditions that fail, hold and cannot be evaluated.
const GATE: [&str; 5] = ["failed > 0", "*:failure_rate > 40%", "failed < 0.5", "own_throttles > 0", "*:ok >= 0"];

/// Texts that mean something to what shows the formats.
const HOSTILE: [&str; 30] = [
    "=HYPERLINK(\"http://x.example\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "＝1+1",
    "a,b;c\"d\"\r\ne",
    "<script>alert(1)</script>",
    "</details></summary><img src=x onerror=alert(1)>",
    "<!-- comment --> &amp; &#60;",
    "]]></failure><testcase name=\"x\"/>",
    "\" onclick=\"x\" '",
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]>",
    "\u{fffe}\u{ffff}\u{0}\u{b}\u{1f}",
    "[link](http://x.example) ![image](http://x.example/y.png)",
    "<http://x.example> http://x.example www.x.example a@x.example",
    "**bold** _em_ ~~gone~~ `code` ``two`` ```three",
    "a | b \\| c \\\\| d |",
    "# heading\n## another\n- list\n> quote\n\n---\n| a |\n| --- |",
    "```\nfence\n```\n~~~",
    "@octocat @github/team #12 GH-12 octo/repo#12 :tada:",
    "$x^2$ $$y$$ $`z`$",
    "[^1] [^1]: note [ ] [x] [[wiki]]",
    "\\",
    "`",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u{202e}gpj.exe",
    "::error title=x::y%0A::warning::z",
    "a%0Ab%250A%3A%2C,title=other::data",
    "##[add-mask]e ##vso[task.complete]",
    "%",
];

/// Flattens the numbers of a function: by paths, lists left out.
fn numbers(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut todo = vec![(String::new(), value)];
    while let Some((path, value)) = todo.pop() {
        match value {
            Value::Object(members) => todo.extend(
                members
                    .iter()
                    .map(|(key, value)| (if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value)),
            ),
            Value::Number(number) => drop(found.insert(path, number.to_string())),
            _ => {}
        }
    }
    found
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

fn conditions(summary: &Value) -> &[Value] {
    summary["gate"]["conditions"].as_array().map_or(&[], Vec::as_slice)
}

/// Reads a number for people: `1,204`, a point for zero.
#[track_caller]
fn count(text: &str) -> u64 {
    let digits: String = text.trim_start().chars().take_while(|char| char.is_ascii_digit() || *char == ',').collect();
    if text.trim() == "." { 0 } else { digits.replace(',', "").parse().unwrap_or_else(|_| panic!("no number: {text}")) }
}

/// Returns whether every output shows a text as it is.
fn plain(text: &str) -> bool {
    let visible = text.chars().all(|char| char.is_ascii_graphic() || char == ' ');
    visible && !text.contains("##") && !text.contains("\\|") && text.len() < 100
}

// --- csv

type CsvRows = Vec<BTreeMap<String, String>>;

fn read_csv(text: &str) -> CsvRows {
    // Not flexible: every row has as many cells as the first.
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[track_caller]
fn csv_is(text: &str, summary: &Value) {
    let rows = read_csv(text);
    let of = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).collect::<Vec<_>>();
    let functions = || list(summary, "functions").iter();
    let (total, rest) = (of("total"), of("function"));
    assert_eq!((total.len(), rest.len()), (1, functions().count()));
    assert_eq!(total[0]["functions"], functions().count().to_string());
    for (row, want) in total.into_iter().chain(rest).zip(std::iter::once(&summary["totals"]).chain(functions())) {
        let mut known = numbers(want);
        known.insert("recovered".to_owned(), want["outcomes"]["recovered"].to_string());
        for (path, number) in known {
            assert_eq!(row[&path.replace('.', "_")], number, "{path}");
        }
        let filled = row.iter().filter(|(_, cell)| cell.parse::<f64>().is_ok()).count();
        assert!(filled > numbers(want).len());
        for name in ["function", "account_id", "region", "runtime"] {
            let want = want[name].as_str().unwrap_or_default();
            assert!(!plain(want) || row[name].trim_start_matches('\'') == want.trim(), "{want}");
        }
    }
    let causes = of("cause");
    assert_eq!(causes.len(), list(summary, "causes").len());
    for (row, want) in causes.into_iter().zip(list(summary, "causes")) {
        let functions = list(want, "functions").len().to_string();
        let number = |name: &str| if want[name].is_null() { String::new() } else { want[name].to_string() };
        assert_eq!(
            ["failed", "environment_failures", "failed_events", "lost", "recovered", "share_within", "functions"]
                .map(|name| row[name].clone()),
            [
                number("attempts"),
                number("environments"),
                number("events"),
                number("lost"),
                number("recovered"),
                number("share_within"),
                functions
            ]
        );
        for (cell, name) in [("cause", "id"), ("code", "code"), ("state", "state"), ("first_seen", "first_seen")] {
            assert_eq!(row[cell], want[name].as_str().unwrap_or_default());
        }
    }
    let gate = of("condition");
    assert_eq!(gate.len(), conditions(summary).len());
    for (row, want) in gate.into_iter().zip(conditions(summary)) {
        assert_eq!(row["value"].parse::<f64>().ok(), want["value"].as_f64());
        assert_eq!(
            (row["condition"].as_str(), row["result"].as_str()),
            (want["expression"].as_str().unwrap(), want["result"].as_str().unwrap())
        );
    }
}

#[track_caller]
fn csv_is_inert(text: &str) {
    for row in read_csv(text) {
        for (name, cell) in row {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%', '＝', '＋', '－', '＠']);
            assert!(!formula || cell.parse::<f64>().is_ok(), "{name}: {cell:?}");
        }
    }
}

// --- junit

/// Elements of the schema that Surefire publishes, each with its attributes (those it must have in front, with a mark) and
/// the elements that may be in it, in their order.
const JUNIT: [(&str, &[&str], &[&str]); 10] = [
    ("testsuites", &["!name", "!tests", "!failures", "!errors", "!skipped"], &["testsuite"]),
    ("testsuite", &["!name", "!tests", "!failures", "!errors", "!skipped"], &["properties", "testcase"]),
    ("properties", &[], &["property"]),
    ("property", &["!name", "!value"], &[]),
    ("testcase", &["!name", "classname", "!time"], &["failure", "rerunFailure", "flakyFailure", "skipped", "error"]),
    ("failure", &["message", "!type"], &[]),
    ("rerunFailure", &["message", "!type"], &["stackTrace"]),
    ("flakyFailure", &["message", "!type"], &["stackTrace"]),
    ("error", &["message", "!type"], &[]),
    ("skipped", &["message"], &[]),
];

fn children<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

#[track_caller]
fn fits_junit(node: Node<'_, '_>) {
    let name = node.tag_name().name();
    if name == "stackTrace" {
        return;
    }
    let (_, attributes, inner) = JUNIT.iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("{name}"));
    for attribute in *attributes {
        let needed = attribute.strip_prefix('!');
        assert!(needed.is_none_or(|needed| node.has_attribute(needed)), "{name} without {attribute}");
    }
    for attribute in node.attributes() {
        let is = |known: &str| known.trim_start_matches('!') == attribute.name();
        assert!(attributes.iter().any(|known| is(known)), "{name} has {}", attribute.name());
    }
    let elements: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let places = elements.iter().map(|child| inner.iter().position(|known| child.has_tag_name(*known)));
    let places: Vec<usize> = places.map(|place| place.unwrap_or_else(|| panic!("unknown in {name}"))).collect();
    assert!(places.is_sorted(), "the order in {name}");
    elements.into_iter().for_each(fits_junit);
}

#[track_caller]
fn junit_is(text: &str, summary: &Value) {
    let document = Document::parse(text).unwrap();
    let run = document.root_element();
    fits_junit(run);
    let suites: Vec<Node<'_, '_>> = children(run, "testsuite").collect();
    let rows: Vec<&Value> = std::iter::once(&summary["totals"]).chain(list(summary, "functions")).collect();
    assert_eq!(suites.len(), rows.len());
    let counted = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<usize>().unwrap();
    for what in ["tests", "failures", "errors", "skipped"] {
        assert_eq!(counted(run, what), suites.iter().map(|suite| counted(*suite, what)).sum::<usize>(), "{what}");
    }
    for (suite, row) in suites.iter().zip(rows) {
        let properties = children(*suite, "properties").flat_map(|all| children(all, "property"));
        let properties =
            properties.map(|one| [one.attribute("name"), one.attribute("value")].map(|text| text.unwrap().to_owned()));
        let properties: BTreeMap<String, String> = properties.map(|[name, value]| (name, value)).collect();
        assert_eq!(properties, numbers(row));
        let cases: Vec<Node<'_, '_>> = children(*suite, "testcase").collect();
        let with = |what| cases.iter().filter(|case| children(**case, what).next().is_some()).count();
        let want = [cases.len(), with("failure"), with("error"), with("skipped")];
        assert_eq!(["tests", "failures", "errors", "skipped"].map(|what| counted(*suite, what)), want);
        if suite.attribute("name") != Some("all functions") {
            categories_are(&cases, row);
        }
    }
    let gate = children(suites[0], "testcase").filter(|case| case.attribute("name").unwrap().starts_with("gate: "));
    let results = gate.map(|case| match case.first_element_child().map(|child| child.tag_name().name().to_owned()) {
        None => "pass",
        Some(name) if name == "failure" => "fail",
        Some(_) => "not_evaluable",
    });
    let want = conditions(summary).iter().map(|one| one["result"].as_str().unwrap());
    assert_eq!(results.collect::<Vec<_>>(), want.collect::<Vec<_>>());
    let skipped = children(suites[0], "testcase").any(|case| children(case, "skipped").next().is_some());
    assert_eq!(skipped, summary["coverage"]["complete"] == false);
}

/// Checks the test cases of a function against its failures and findings.
#[track_caller]
fn categories_are(cases: &[Node<'_, '_>], row: &Value) {
    let named = |name: &str| cases.iter().find(|case| case.attribute("name") == Some(name));
    let messages = |case: Option<&Node<'_, '_>>, element: &'static str| -> Vec<String> {
        let found = case.into_iter().flat_map(|case| children(*case, element));
        found.map(|one| one.attribute("message").unwrap().to_owned()).collect()
    };
    let mut failing = row["failures"].as_object().unwrap().clone();
    failing.insert("unknown".to_owned(), row["unknown"].clone());
    let mut seen = 0;
    for (category, attempts) in failing {
        let findings: Vec<&Value> =
            list(row, "findings").iter().filter(|one| one["category"] == category.as_str()).collect();
        let sum = |name: &str| findings.iter().map(|one| one[name].as_u64().unwrap()).sum::<u64>();
        let saved = named(&format!("{category}, recovered"));
        let flaky: u64 = messages(saved, "flakyFailure").iter().map(|text| count(text)).sum();
        assert_eq!(flaky, sum("recovered"), "{category}");
        let case = named(&category);
        let failure = messages(case, "failure");
        if let [message] = &failure[..] {
            assert_eq!(count(message), attempts.as_u64().unwrap(), "{category}: {message}");
        }
        let lost: u64 = messages(case, "rerunFailure").iter().map(|text| count(text)).sum();
        assert_eq!(lost, sum("lost"), "{category}");
        let fails = attempts != 0 || sum("environments") > 0;
        assert_eq!(case.is_some() || saved.is_some(), fails, "{category}");
        assert_eq!(case.is_some(), !failure.is_empty(), "{category}");
        seen += usize::from(case.is_some()) + usize::from(saved.is_some());
    }
    assert_eq!(cases.len(), seen.max(1));
    assert_eq!(seen == 0, named("no failure").is_some());
}

// --- markdown

/// What a reader of GFM sees.
#[derive(Debug, Default)]
struct Seen {
    headings: Vec<String>,
    /// Each with its rows, the headings first.
    tables: Vec<Vec<Vec<String>>>,
    bold: Vec<String>,
    blocks: Vec<String>,
    tags: Vec<String>,
    links: Vec<String>,
    /// Text outside of code.
    text: String,
    /// What else does something.
    other: Vec<String>,
}

fn read_markdown(document: &str) -> Seen {
    let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
    let mut seen = Seen::default();
    let (mut heading, mut bold, mut cell, mut block) = (None, None, None, None);
    for event in Parser::new_ext(document, options) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                assert!(level > HeadingLevel::H1);
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => seen.headings.extend(heading.take()),
            Event::Start(Tag::Strong) => bold = Some(String::new()),
            Event::End(TagEnd::Strong) => seen.bold.extend(bold.take()),
            Event::Start(Tag::Table(_)) => seen.tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => seen.tables.last_mut().unwrap().push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => {
                seen.tables.last_mut().unwrap().last_mut().unwrap().extend(cell.take());
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => block = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => seen.blocks.extend(block.take()),
            Event::Start(Tag::Link { dest_url, .. }) => seen.links.push(dest_url.to_string()),
            Event::Text(text) => {
                if block.is_none() {
                    seen.text.push_str(&text);
                    seen.text.push('\n');
                }
                [&mut heading, &mut bold, &mut cell, &mut block]
                    .into_iter()
                    .flatten()
                    .for_each(|to| to.push_str(&text));
            }
            Event::Code(text) => {
                [&mut heading, &mut bold, &mut cell].into_iter().flatten().for_each(|to| to.push_str(&text));
            }
            Event::Html(tag) | Event::InlineHtml(tag) => seen.tags.push(tag.trim().to_owned()),
            Event::Start(Tag::Paragraph | Tag::List(None) | Tag::Item | Tag::HtmlBlock)
            | Event::End(_)
            | Event::SoftBreak => {}
            other => seen.other.push(format!("{other:?}")),
        }
    }
    seen
}

#[track_caller]
fn markdown_is_inert(document: &str) {
    let seen = read_markdown(document);
    assert!(seen.other.is_empty(), "{:?}", seen.other);
    let is_ours = |tag: &str| {
        let number = tag.strip_prefix("<summary>").and_then(|rest| rest.strip_suffix("</summary>"));
        matches!(tag, "<details>" | "</details>" | "<br>")
            || number.is_some_and(|text| text.chars().all(|char| char.is_alphanumeric() || " ,".contains(char)))
    };
    let foreign: Vec<&String> = seen.tags.iter().filter(|tag| !is_ours(tag)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    // What GitHub makes of text after it was read.
    for line in seen.text.lines() {
        let reference = line.contains('#') || line.to_ascii_lowercase().contains("gh-");
        let link = line.contains("://") || line.contains("www.") || line.contains('@');
        let formula = line.contains('$');
        let emoji = line.split(':').count() > 2 && line.split(':').any(|part| part.ends_with("tada"));
        assert!(!reference && !link && !formula && !emoji, "{line}");
    }
}

/// Where the numbers below the headings of the matrix stand in JSON.
const MATRIX: [(&str, &str); 15] = [
    ("FAILED", "/failed"),
    ("LOST", "/outcomes/exhausted"),
    ("TIMEOUT", "/failures/timeout"),
    ("OOM", "/failures/out_of_memory"),
    ("INIT", "/failures/init_failure"),
    ("UNHANDLED", "/failures/runtime_exception"),
    ("DOWNSTREAM", "/failures/downstream"),
    ("THROTTLED", "/failures/throttling"),
    ("SERVICE", "/failures/service_error"),
    ("INVALID", "/failures/invalid_request"),
    ("UNKNOWN", "/unknown"),
    ("INIT ONLY", "/environment_failures"),
    ("RECOVERED", "/outcomes/recovered"),
    ("ATTEMPTS", "/attempts"),
    ("COLD", "/cold_starts"),
];

#[track_caller]
fn markdown_is(document: &str, summary: &Value) {
    let seen = read_markdown(document);
    assert!(seen.links.is_empty(), "{:?}", seen.links);
    let table = |heading: &str, place: usize| {
        let found = seen.tables.iter().find(|table| table[0].get(place).is_some_and(|text| text == heading));
        found.map_or(&[][..], Vec::as_slice)
    };
    let (totals, functions) = (&summary["totals"], list(summary, "functions"));
    if totals["failed"] != 0 {
        let head = seen.headings.iter().find(|text| text.contains("failed")).unwrap();
        let found: Vec<u64> = head
            .split([' ', '('])
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains('%'))
            .map(count)
            .collect();
        let want =
            [&totals["failed"], &totals["attempts"], &totals["outcomes"]["exhausted"]].map(|n| n.as_u64().unwrap());
        let known = if totals["failure_rate"].is_null() { vec![want[0], want[2]] } else { want.to_vec() };
        assert_eq!(found, known, "{head}");
    }
    let gate = table("RESULT", 0);
    assert_eq!(gate.len().saturating_sub(1), conditions(summary).len().min(20));
    let mut want: Vec<&Value> = conditions(summary).iter().collect();
    want.sort_by_key(|one| ["fail", "not_evaluable", "pass"].iter().position(|result| one["result"] == *result));
    for (row, want) in gate.iter().skip(1).zip(want) {
        assert_eq!(row[0].replace(' ', "_"), want["result"].as_str().unwrap());
        assert_eq!(row[1], want["expression"].as_str().unwrap());
        assert_eq!(row[3].parse::<f64>().ok(), want["value"].as_f64());
    }
    let causes = table("CAUSE", 0);
    assert_eq!(causes.len().saturating_sub(1), list(summary, "causes").len());
    for (row, want) in causes.iter().skip(1).zip(list(summary, "causes")) {
        let failed = [&want["attempts"], &want["environments"]].map(|number| number.as_u64().unwrap());
        assert_eq!(count(&row[1]), if failed[0] == 0 { failed[1] } else { failed[0] });
        match list(want, "functions") {
            [Value::String(name)] => assert!(!plain(name) || row[2] == name.trim(), "{}", row[2]),
            several => assert_eq!(count(&row[2]) as usize, several.len()),
        }
        assert_eq!(Some(count(&row[3])), want["lost"].as_u64());
        for (cell, moment) in [(&row[4], &want["first_seen"]), (&row[5], &want["last_seen"])] {
            let time = cell.split(' ').next_back().unwrap();
            assert!(moment.as_str().map_or(time == "-", |moment| moment.contains(time)), "{cell} {moment}");
        }
    }
    let events = table("REQUEST ID", 1);
    assert_eq!(events.len().saturating_sub(1), list(summary, "events_to_check").len());
    for (row, want) in events.iter().skip(1).zip(list(summary, "events_to_check")) {
        assert_eq!(Some(row[1].as_str()), want["request_id"].as_str());
        assert_eq!(Some(count(&row[3])), want["attempts"].as_u64());
        assert_eq!(Some(row[5].as_str()).filter(|code| !code.is_empty()), want["code"].as_str());
    }
    let matrix = seen.tables.last().filter(|table| table[0][0] == "FUNCTION" && table[0][1] != "REQUEST ID");
    let failing = functions.iter().filter(|one| one["failed"] != 0 || one["environment_failures"] != 0);
    let mut failing: Vec<&Value> = failing.collect();
    if failing.is_empty() {
        failing = functions.iter().collect();
    }
    assert_eq!(matrix.map_or(0, |rows| rows.len() - 1), failing.len());
    for (row, want) in matrix.iter().flat_map(|rows| &rows[1..]).zip(failing) {
        for (heading, cell) in matrix.unwrap()[0].iter().zip(row) {
            if let Some((_, path)) = MATRIX.iter().find(|(known, _)| known == heading) {
                assert_eq!(Some(count(cell)), want.pointer(path).unwrap().as_u64(), "{heading}");
            } else if heading == "RATE" {
                let rate = want["failure_rate"].as_f64();
                let shown = cell.trim_start_matches(['<', '>']).trim_end_matches('%').parse::<f64>().ok();
                let near = rate.zip(shown).is_none_or(|(rate, shown)| (rate * 100.0 - shown).abs() < 0.11);
                assert!(near && (rate.is_none() == (cell == "n/a")), "{cell} {rate:?}");
            } else {
                let known = ["FUNCTION", "ACCOUNT", "REGION", "RERUN", "P95", "MEM MB"];
                assert!(known.contains(&heading.as_str()), "a column that is not checked: {heading}");
            }
        }
    }
}

// --- github

/// Reads annotations as the runner does: level, title, message.
#[track_caller]
fn read_annotations(text: &str) -> Vec<[String; 3]> {
    let read = |line: &str| {
        let (head, data) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).expect(line);
        let (level, properties) = head.split_once(' ').expect(line);
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        let title = properties.strip_prefix("title=").expect(line);
        assert!(!title.contains([':', ',']), "{line}");
        let plain = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            text.replace("%25", "%")
        };
        [level.to_owned(), plain(title), plain(data)]
    };
    text.lines().map(read).collect()
}

#[track_caller]
fn github_is(text: &str, summary: &Value) {
    let all = read_annotations(text);
    assert!((1..=10).contains(&all.len()), "{text}");
    // A condition of many functions is one line.
    let wrong: BTreeSet<&str> = conditions(summary)
        .iter()
        .filter(|one| one["result"] != "pass")
        .filter_map(|one| one["expression"].as_str())
        .collect();
    let wrong = wrong.len();
    let errors: Vec<&[String; 3]> = all.iter().filter(|one| one[0] == "error").collect();
    let more = errors.iter().find_map(|one| one[1].strip_prefix("Gate: ")).map_or(1, |text| count(text) as usize);
    assert_eq!((errors.len() + more).saturating_sub(1), wrong, "{text}");
    let causes = list(summary, "causes");
    let told: Vec<&[String; 3]> =
        all.iter().filter(|one| one[2].contains(" failed attempt") || one[2].contains(" failed init")).collect();
    let told: Vec<&[String; 3]> = told.into_iter().filter(|one| !one[1].contains(" more cause")).collect();
    let more = all.iter().find(|one| one[1].contains(" more cause"));
    assert_eq!(
        told.len() + more.map_or(0, |one| count(&one[1]) as usize),
        summary["causes_total"].as_u64().unwrap() as usize
    );
    for (one, cause) in told.iter().zip(causes) {
        let title = cause["title"].as_str().unwrap();
        assert!(!plain(title) || one[1] == title, "{} {title}", one[1]);
        let failed = [&cause["attempts"], &cause["environments"]].map(|number| number.as_u64().unwrap());
        assert_eq!(count(&one[2]), if failed[0] == 0 { failed[1] } else { failed[0] }, "{}", one[2]);
        let lost = cause["lost"].as_u64().unwrap();
        let word = if lost == 1 { ", 1 event lost".to_owned() } else { format!(", {lost} events lost") };
        assert!(lost == 0 || lost > 999 || one[2].contains(&word), "{}", one[2]);
    }
    assert_eq!(all.iter().any(|one| one[1] == "This answer is partial"), summary["coverage"]["complete"] == false);
}

// --- all of them

/// Checks an output against the summary of the same run.
#[track_caller]
fn is(format: &str, text: &str, summary: &Value) {
    match format {
        "json" => assert_eq!(&read_summary(text), summary),
        "csv" => csv_is(text, summary),
        "junit" => junit_is(text, summary),
        "markdown" => markdown_is(text, summary),
        "github" => github_is(text, summary),
        "html" => html_is(text, summary),
        // The text for people and the records have tests of their own.
        "table" | "ndjson" => {}
        other => panic!("a format without a reader: {other}"),
    }
}

/// Runs once with every format as a report; returns each with its text.
#[track_caller]
fn outputs(run: Run, folder: &Path) -> Vec<(&'static str, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    let reports = RENDERERS.iter().flat_map(|one| ["--report".to_owned(), format!("{}={}", one.name, path(one.name))]);
    let done = run.args(reports).args(["--top", "0", "--quiet"]).done();
    assert!([0, 1, 3].contains(&done.status), "{}", done.stderr);
    RENDERERS.iter().map(|one| (one.name, fs::read_to_string(path(one.name)).unwrap())).collect()
}

#[track_caller]
fn all_agree(run: Run) {
    let folder = directory();
    let outputs = outputs(run, folder.path());
    let json = &outputs.iter().find(|(name, _)| *name == "json").unwrap().1;
    let summary = read_summary(json);
    for (format, text) in &outputs {
        is(format, text, &summary);
    }
}

#[test]
fn every_format_has_the_numbers_of_the_json() {
    let logs = fs::read_dir(root().join(LOGS)).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = logs.chain([root().join(LOGS), root().join("fixtures/runtimes")]).collect();
    inputs.sort();
    for (at, input) in inputs.iter().enumerate() {
        let gate = GATE.iter().flat_map(|condition| ["--fail-on", condition]);
        let run = Run::analyze([input]).args(gate.take(2 * (at % (GATE.len() + 1))));
        all_agree(run);
    }
}

#[test]
fn an_answer_that_is_partial_or_empty_says_so_in_every_format() {
    let folder = directory();
    write(&folder.path().join("cut.log.gz"), [0x1f, 0x8b, 8, 0]);
    all_agree(Run::analyze([&folder.path().join("cut.log.gz"), &root().join(LOGS).join("retries")]));
    write(&folder.path().join("empty.log"), "milk\n");
    for renderer in RENDERERS {
        let run = Run::analyze([folder.path().join("empty.log")]).args(["--format", renderer.name, "--allow-empty"]);
        let text = run.done().stdout;
        assert_eq!(text.is_empty(), renderer.name == "ndjson", "{}: {text}", renderer.name);
    }
}

#[test]
fn hostile_text_is_inert_in_every_format() {
    let folder = directory();
    let run = Run::analyze(["-"]).input(log_of(&HOSTILE)).args(["--fail-on", "*:failed > 0"]);
    let outputs = outputs(run, folder.path());
    let summary = read_summary(&outputs.iter().find(|(name, _)| *name == "json").unwrap().1);
    assert!(list(&summary, "functions").len() > 25, "each text names a function");
    for (format, text) in &outputs {
        is(format, text, &summary);
        let hidden = |char: char| char.is_control() && char != '\n' && !(*format == "csv" && char == '\r');
        assert!(!text.contains(hidden) && !text.contains('\u{202e}'), "{format}");
        match *format {
            "csv" => csv_is_inert(text),
            "markdown" => markdown_is_inert(text),
            "html" => html_is_inert(text),
            // Reading them is the check: an element or a command that is not ours does not fit.
            "junit" | "github" => {}
            // `commands` and `hostile` hold these.
            "table" | "json" | "ndjson" => {}
            other => panic!("a format without a check: {other}"),
        }
    }
}

#[test]
fn an_event_as_markdown_has_its_lines_and_does_nothing() {
    let log = log_of(&HOSTILE);
    for number in 0..HOSTILE.len() {
        let show = |format: &str| Run::new(["show", &id(number), "-", "--format", format]).input(log.clone()).stdout();
        let text = show("markdown");
        markdown_is_inert(&text);
        let seen = read_markdown(&text);
        let json: Value = serde_json::from_str(&show("json")).unwrap();
        let attempts = list(&json, "attempts");
        assert_eq!(seen.blocks.len(), attempts.len(), "{number}");
        assert_eq!(seen.headings.len(), attempts.len() + 1, "{number}: {:?}", seen.headings);
        for (block, attempt) in seen.blocks.iter().zip(attempts) {
            let shown = list(attempt, "lines").iter().map(|line| line["text"].as_str().unwrap().lines().count());
            let pauses = block.lines().filter(|line| line.ends_with(" of silence")).count();
            assert_eq!(block.lines().count() - pauses, shown.sum::<usize>(), "{number}: {block}");
        }
    }
    let sample = Run::new(["show", "923a7369", LOGS, "--format", "markdown"]).stdout();
    assert!(sample.contains("**`timeout.invoke`** (high confidence) after 3.00 s"), "{sample}");
}

// --- beside others

const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

#[test]
fn auto_is_the_table_and_in_github_actions_more() {
    let folder = directory();
    let file = folder.path().join("step.md");
    let path = file.to_str().unwrap();
    let demo = |format: &str| Run::new(["demo", "--format", format]);
    let [table, github, markdown] = ["table", "github", "markdown"].map(|format| demo(format).stdout());
    assert_eq!(demo("auto").stdout(), table);
    assert_eq!(demo("auto").env("GITHUB_ACTIONS", "false").env(SUMMARY, path).stdout(), table);
    assert!(!file.exists());
    let actions = |run: Run| run.env("GITHUB_ACTIONS", "true");
    assert_eq!(actions(demo("auto")).stdout(), format!("{table}{github}"));
    assert_eq!(actions(demo("auto")).env(SUMMARY, path).stdout(), format!("{table}{github}"));
    assert_eq!(fs::read_to_string(&file).unwrap(), markdown);
    // It is never the default.
    assert_eq!(actions(Run::new(["demo"])).env(SUMMARY, path).stdout(), table);
    assert_eq!(fs::read_to_string(&file).unwrap(), markdown);
    // The step has one summary, however it is asked for.
    let run = actions(demo("auto")).env(SUMMARY, path).args(["--report", &format!("markdown={path}")]);
    assert_eq!(run.stdout(), format!("{table}{github}"));
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{markdown}\n{markdown}"));
    let failed = actions(demo("auto")).env(SUMMARY, path).args(["--fail-on", "failed > 0"]).status(1);
    assert!(failed.stdout.contains("\n::error title=Gate failed%3A failed > 0::"), "{}", failed.stdout);
    let done = Run::new(["demo", "--report", &format!("auto={path}")]).status(2);
    assert!(done.stderr.contains("no format 'auto'"), "{}", done.stderr);
}

#[test]
fn the_summary_of_a_step_is_appended_to_and_no_other_file() {
    let folder = directory();
    let (step, other) = (folder.path().join("step.md"), folder.path().join("other.md"));
    let markdown = Run::new(["demo", "--format", "markdown"]).stdout();
    for run in 1..3 {
        for (file, want) in
            [(&step, format!("before\n{}", format!("\n{markdown}").repeat(run))), (&other, markdown.clone())]
        {
            if run == 1 {
                write(file, "before\n");
            }
            let report = format!("markdown={}", file.display());
            Run::new(["demo", "--report", &report]).env(SUMMARY, step.to_str().unwrap()).status(0);
            assert_eq!(fs::read_to_string(file).unwrap(), want, "{run}");
        }
    }
    let output = Run::new(["demo", "--format", "markdown", "--output", step.to_str().unwrap()]);
    output.env(SUMMARY, step.to_str().unwrap()).status(0);
    assert!(fs::read_to_string(&step).unwrap().starts_with("before\n"));
    // With little room the functions go; without any the summary stays as it is, for GitHub drops what is too long.
    for (taken, status) in [(990_000, 0), (997_500, 0), (999_900, 3), (1_200_000, 3)] {
        write(&step, "x".repeat(taken));
        let report = format!("markdown={}", step.display());
        let done = Run::new(["demo", "--report", &report]).env(SUMMARY, step.to_str().unwrap()).status(status);
        let length = fs::read(&step).unwrap().len();
        assert!(if status == 0 { length > taken && length < 1 << 20 } else { length == taken }, "{taken}: {length}");
        assert_eq!(done.stderr.contains("no room left"), status == 3, "{}", done.stderr);
    }
    let done = Run::analyze([step.to_str().unwrap(), "--report", &format!("markdown={}", step.display())]);
    assert!(done.env(SUMMARY, step.to_str().unwrap()).status(2).stderr.contains("is also an input"));
}
