//! The page: it is well-formed, loads nothing, does nothing that a log says, and every number on it is that of the JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::diff::log;
use super::harness::{LOGS, Run, directory, read_summary, root};

/// Elements that a page is made of. Nothing else is in it, whatever a log holds.
const ELEMENTS: [&str; 54] = [
    "a", "b", "body", "button", "caption", "code", "data", "dd", "desc", "details", "div", "dl", "dt", "em", "form",
    "g", "h1", "h2", "h3", "head", "header", "html", "i", "input", "label", "li", "line", "link", "main", "meta",
    "nav", "ol", "p", "path", "pre", "rect", "script", "section", "select", "span", "strong", "style", "summary",
    "svg", "table", "tbody", "td", "text", "th", "thead", "time", "title", "tr", "ul",
];
/// Elements without an end.
const VOID: [&str; 4] = ["input", "link", "meta", "br"];
/// Where links lead, besides places within the page.
const ADDRESSES: [&str; 2] = ["https://docs.aws.amazon.com/", "https://github.com/"];
/// Sections of a report, in their order.
const SECTIONS: [&str; 12] = [
    "status",
    "numbers",
    "time",
    "causes",
    "functions",
    "findings",
    "checks",
    "events",
    "distributions",
    "cold-starts",
    "warnings",
    "coverage",
];

#[derive(Debug)]
pub struct HtmlElement {
    name: String,
    attributes: BTreeMap<String, String>,
    /// All text in it.
    text: String,
}

/// A page as a reader that is not ours sees it.
#[derive(Debug)]
pub struct HtmlPage {
    elements: Vec<HtmlElement>,
    style: String,
    script: String,
}

/// Takes the text between two marks out of a page.
#[track_caller]
fn take_out(page: &mut String, start: &str, end: &str) -> String {
    let from = page.find(start).unwrap() + start.len();
    let to = from + page[from..].find(end).unwrap();
    let text = page[from..to].to_owned();
    page.replace_range(from..to, "");
    text
}

fn attributes(start: &BytesStart<'_>) -> BTreeMap<String, String> {
    let read = start.html_attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
        (attribute.key.as_ref().to_owned(), value)
    });
    read.collect()
}

/// Reads a page; panics where an element has no end, or the end of another.
#[track_caller]
pub fn read_html(page: &str) -> HtmlPage {
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\"><head>") && page.ends_with("</html>\n"), "{page:.80}");
    let mut rest = page.to_owned();
    let style = take_out(&mut rest, "<style>", "</style>");
    let script = take_out(&mut rest, "<script>", "</script>");
    let mut reader = Reader::from_str(&rest);
    reader.config_mut().check_end_names = false;
    let mut elements: Vec<HtmlElement> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let say = |elements: &mut Vec<HtmlElement>, open: &[usize], text: &str| {
        open.iter().for_each(|at| elements[*at].text.push_str(text));
    };
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} at {}", reader.buffer_position())) {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                if !VOID.contains(&name.as_str()) {
                    open.push(elements.len());
                }
                elements.push(HtmlElement { name, attributes: attributes(&start), text: String::new() });
            }
            Event::Empty(start) => {
                let name = start.name().as_ref().to_owned();
                assert!(VOID.contains(&name.as_str()), "<{name}/>");
            }
            Event::End(end) => {
                let at = open.pop().expect("something is open");
                assert_eq!(elements[at].name, end.name().as_ref(), "{:?}", elements[at]);
            }
            Event::Text(text) => say(&mut elements, &open, &text),
            Event::GeneralRef(name) => {
                let text = format!("&{};", &*name);
                say(&mut elements, &open, &quick_xml::escape::unescape(&text).unwrap());
            }
            Event::DocType(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
    HtmlPage { elements, style, script }
}

impl HtmlPage {
    fn with<'a>(&'a self, attribute: &'a str) -> impl Iterator<Item = (&'a HtmlElement, &'a str)> {
        self.elements.iter().filter_map(move |one| Some((one, one.attributes.get(attribute)?.as_str())))
    }

    fn ids(&self) -> Vec<&str> {
        self.with("id").map(|(_, id)| id).collect()
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a HtmlElement> {
        self.elements.iter().filter(move |one| one.name == name)
    }
}

/// Checks that nothing is loaded or run but what is ours, and that links within the page lead somewhere.
#[track_caller]
pub fn html_is_inert(text: &str) {
    let page = read_html(text);
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let policy = page.with("http-equiv").next().unwrap().0.attributes["content"].clone();
    let want = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&page.style),
        hash(&page.script)
    );
    assert_eq!(policy, want);
    assert_eq!([page.named("style").count(), page.named("script").count(), page.named("link").count()], [1; 3]);
    let ids = page.ids();
    let different: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(different.len(), ids.len(), "an id occurs twice");
    for one in &page.elements {
        assert!(ELEMENTS.contains(&one.name.as_str()), "{one:?}");
        for (name, value) in &one.attributes {
            let known =
                !name.starts_with("on") && !matches!(name.as_str(), "style" | "src" | "srcset" | "srcdoc" | "action");
            assert!(known, "{one:?}");
            if name == "href" {
                let own = value.strip_prefix('#').is_some_and(|id| different.contains(id));
                let console = value.starts_with("https://") && value.contains(".console.aws.amazon.com/cloudwatch/");
                let icon = one.name == "link" && value.starts_with("data:image/svg+xml,");
                let known = ADDRESSES.iter().any(|address| value.starts_with(address));
                assert!(own || console || icon || known, "{value}");
            }
        }
    }
    for (_, ids) in page.with("aria-labelledby").chain(page.with("aria-controls")).chain(page.with("for")) {
        assert!(ids.split(' ').all(|id| different.contains(id)), "{ids}");
    }
    let hidden = |char: char| {
        char.is_control() && char != '\n' || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!text.contains(hidden));
}

/// Checks every number that names its place in the JSON. Returns the places.
#[track_caller]
fn numbers_are(page: &HtmlPage, json: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for one in page.named("data") {
        let raw = &one.attributes["value"];
        let Some(path) = one.attributes.get("data-path") else {
            assert_eq!(one.text.replace(',', ""), *raw);
            continue;
        };
        let want = json.pointer(path).unwrap_or_else(|| panic!("{path} leads nowhere"));
        assert_eq!(raw.parse::<f64>().ok(), want.as_f64(), "{path}");
        assert!(want.is_number(), "{path}");
        let plain = one.text.replace(',', "");
        assert!(plain.parse::<f64>().is_err() || plain == *raw || *raw == format!("{plain}.0"), "{path}: {}", one.text);
        assert!(!one.text.is_empty(), "{path}");
        found.insert(path.clone());
    }
    found
}

/// Checks a report of which nothing is left out.
#[track_caller]
pub fn html_is(text: &str, summary: &Value) {
    let page = read_html(text);
    let list = |name: &str| summary[name].as_array().unwrap();
    let sections = page.elements.iter().filter(|one| one.name == "section" || one.name == "header");
    let sections: Vec<&str> = sections.map(|one| one.attributes["id"].as_str()).collect();
    // Most answers have nothing to check.
    let has_checks = summary["checks_total"] != 0;
    let want: Vec<&str> = SECTIONS.into_iter().filter(|one| has_checks || *one != "checks").collect();
    assert_eq!(sections, want);
    let found = numbers_are(&page, summary);
    let has = |path: String| assert!(found.contains(&path), "{path} is not on the page");
    for (at, function) in list("functions").iter().enumerate() {
        for key in ["attempts", "failed", "environment_failures"] {
            if function[key] != 0 {
                has(format!("/functions/{at}/{key}"));
            }
        }
        for path in [
            "own_throttles",
            "cloudwatch_metrics/async_events_dropped",
            "cloudwatch_metrics/destination_delivery_failures",
            "cloudwatch_metrics/dead_letter_errors",
            "cloudwatch_metrics/async_balance/unexplained",
        ] {
            if function.pointer(&format!("/{path}")).and_then(Value::as_u64).is_some_and(|number| number > 0) {
                has(format!("/functions/{at}/{path}"));
            }
        }
        for (kind, count) in function["failures"].as_object().unwrap() {
            if *count != 0 {
                has(format!("/functions/{at}/failures/{kind}"));
            }
        }
        for (number, finding) in function["findings"].as_array().unwrap().iter().enumerate() {
            let key = if finding["count"] == finding["environments"] { "environments" } else { "count" };
            if finding["environments"] == 0 || key == "environments" {
                has(format!("/functions/{at}/findings/{number}/{key}"));
            }
        }
    }
    if summary["totals"]["never_ran"].as_u64().is_some_and(|events| events > 0) {
        has("/totals/never_ran".to_owned());
    }
    for (at, cause) in list("causes").iter().enumerate() {
        has(format!("/causes/{at}/{}", if cause["attempts"] == 0 { "environments" } else { "attempts" }));
    }
    for at in 0..list("events_to_check").len() {
        has(format!("/events_to_check/{at}/attempts"));
    }
    for (at, condition) in summary["gate"]["conditions"].as_array().into_iter().flatten().take(50).enumerate() {
        if !condition["value"].is_null() {
            has(format!("/gate/conditions/{at}/value"));
        }
    }
    let count = |class: &str| page.with("class").filter(|(_, value)| value.split(' ').any(|one| one == class)).count();
    let findings: usize = list("functions").iter().map(|one| one["findings"].as_array().unwrap().len()).sum();
    assert_eq!(count("finding"), findings);
    assert_eq!(page.with("data-function").count(), list("functions").len());
    let prefixes = |prefix: &str| page.ids().iter().filter(|id| id.starts_with(prefix)).count();
    assert_eq!(prefixes("event-"), list("events_to_check").len());
    assert_eq!(prefixes("finding-"), findings);
    let partial = text.contains("This answer is partial");
    assert_eq!(partial, summary["coverage"]["complete"] == json!(false));
}

#[test]
fn a_page_is_the_same_from_a_saved_summary_and_anywhere() {
    let folder = directory();
    let saved = folder.path().join("saved.json");
    for (input, args) in
        [(LOGS.to_owned(), &[][..]), (format!("{LOGS}/retries"), &["--fail-on", "failed > 0", "--top", "3"])]
    {
        let page = Run::analyze([&input]).args(args).args(["--format", "html"]).done().stdout;
        let json = Run::analyze([&input]).args(args).args(["--format", "json"]).done().stdout;
        fs::write(&saved, json).unwrap();
        let again = |run: Run| run.args(&args[args.len().min(2)..]).args(["--format", "html"]).done().stdout;
        assert_eq!(again(Run::new(["view"]).args([&saved])), page, "{input}");
        for style in [&["--width", "200", "--color", "always"][..], &["--wide", "--links"]] {
            assert_eq!(again(Run::new(["view"]).args([&saved]).args(style)), page, "{input} {style:?}");
        }
        let elsewhere = again(Run::new(["view"]).args([&saved]).args(["--tz", "Asia/Kolkata"]));
        assert!(elsewhere.contains("IST") && elsewhere != page, "a zone is for people");
    }
}

#[test]
fn the_page_of_the_demo_is_whole() {
    let text = Run::new(["demo", "--format", "html"]).stdout();
    let summary = read_summary(&Run::new(["demo", "--format", "json"]).stdout());
    html_is_inert(&text);
    html_is(&text, &summary);
    let page = read_html(&text);
    for id in [
        "function-payments-worker",
        "functions-table",
        "functions-search",
        "events-table",
        "events-filter",
        "events-copy",
        "events-csv",
        "time-chart",
        "time-filter",
        "explain-timeout.invoke",
    ] {
        assert!(page.ids().contains(&id), "{id}");
    }
    let sorted: BTreeSet<&str> = page.with("data-sort").map(|(_, key)| key).collect();
    for key in ["name", "failed", "rate", "lost", "timeout", "out_of_memory", "attempts", "p95"] {
        assert!(sorted.contains(key), "{key}");
    }
    // The few that are computed are counts of lists, and sums over time.
    let computed = page.named("data").filter(|one| !one.attributes.contains_key("data-path")).count();
    let all = page.named("data").count();
    assert!(all > 150 && computed * 4 < all, "{computed} of {all}");
    // What is a heading to see is a heading to hear.
    let order: Vec<&str> =
        page.elements.iter().map(|one| one.name.as_str()).filter(|name| matches!(*name, "h1" | "h2" | "h3")).collect();
    assert_eq!(order.iter().filter(|name| **name == "h1").count(), 1);
    assert!(
        order[0] == "h1"
            && order.windows(2).all(|pair| pair[1] <= pair[0] || pair[1].as_bytes()[1] == pair[0].as_bytes()[1] + 1)
    );
    for table in page.elements.windows(2).filter(|pair| pair[0].name == "table") {
        assert_eq!(table[1].name, "caption");
    }
}

/// Returns a summary of so many functions like those of the demo, with all lists as long as they may be.
fn grown(functions: usize, findings: usize) -> Value {
    let mut summary = read_summary(&Run::new(["demo", "--format", "json"]).stdout());
    let rows = summary["functions"].as_array().unwrap().clone();
    let of = |number: usize| {
        let mut row = rows[number % rows.len()].clone();
        row["function"] = json!(format!("{}-{number:05}", row["function"].as_str().unwrap()));
        let own = row["findings"].as_array().unwrap().clone();
        let named = |at: usize| {
            let mut finding = own[at % own.len()].clone();
            finding["fingerprint"] = json!(format!("v2:{number:08x}{at:08x}"));
            finding
        };
        row["findings"] = if own.is_empty() { json!([]) } else { (0..findings).map(named).collect() };
        row
    };
    summary["functions"] = (0..functions).map(of).collect();
    let repeat = |list: &Value, length: usize, change: &dyn Fn(&mut Value, usize)| -> Value {
        let list = list.as_array().unwrap().clone();
        let mut out: Vec<Value> = list.iter().cycle().take(length).cloned().collect();
        out.iter_mut().enumerate().for_each(|(at, one)| change(one, at));
        Value::Array(out)
    };
    summary["events_to_check"] = repeat(&summary["events_to_check"], 1_000, &|event, at| {
        event["request_id"] = json!(format!("{at:08x}-1a2b-4c3d-8e4f-0123456789ab"));
    });
    summary["events_to_check_total"] = json!(4_000);
    summary["causes"] = repeat(&summary["causes"], 1_000, &|cause, at| cause["id"] = json!(format!("c1:{at:016x}")));
    summary["causes_total"] = json!(1_200);
    summary
}

#[test]
fn a_page_stays_small_and_says_what_it_leaves_out() {
    let folder = directory();
    let saved = folder.path().join("saved.json");
    for (functions, most) in [(24, 300_000), (2_000, 3_000_000)] {
        let summary = grown(functions, 6);
        fs::write(&saved, summary.to_string()).unwrap();
        let text = Run::new(["view"]).args([&saved]).args(["--format", "html"]).stdout();
        assert!(text.len() < most, "{functions} functions: {} bytes", text.len());
        html_is_inert(&text);
        let page = read_html(&text);
        numbers_are(&page, &summary);
        assert_eq!(page.with("data-function").count(), functions, "every function has a row");
        for left_out in ["1,180 more causes", "3,910 more events", "smaller findings", "not on this page"] {
            assert!(text.contains(left_out), "{left_out}");
        }
    }
}

#[test]
fn links_stay_the_same_and_are_told_apart() {
    let folder = directory();
    let saved = folder.path().join("saved.json");
    let ids = |summary: &Value| -> Vec<String> {
        fs::write(&saved, summary.to_string()).unwrap();
        let text = Run::new(["view"]).args([&saved]).args(["--format", "html", "--top", "0"]).stdout();
        html_is_inert(&text);
        read_html(&text).ids().iter().filter(|id| id.starts_with("function-")).map(|id| (*id).to_owned()).collect()
    };
    let mut summary = grown(40, 2);
    let names: [Value; 6] =
        [json!("a b"), json!("a~20b"), json!("a\"><b>"), json!("a/b%2f#?"), Value::Null, Value::Null];
    for (row, name) in summary["functions"].as_array_mut().unwrap().iter_mut().zip(names) {
        row["function"] = name;
    }
    let first = ids(&summary);
    assert_eq!(first.len(), 40);
    assert!(first.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))));
    assert!(
        first.contains(&"function-a~20b".to_owned()) && first.contains(&"function-a~7E20b".to_owned()),
        "{first:?}"
    );
    // What else is in the log does not change them.
    summary["functions"].as_array_mut().unwrap().truncate(4);
    summary["functions"].as_array_mut().unwrap().reverse();
    let second = ids(&summary);
    assert!(second.iter().all(|id| first.contains(id)), "{second:?}");
}

#[test]
fn a_comparison_has_its_own_page_and_its_place_in_a_report() {
    let folder = directory();
    let logs = [log(folder.path(), "before", 300, 0, 30), log(folder.path(), "after", 300, 60, 30)];
    let diff = |args: &[&str]| Run::new(["diff"]).args(&logs).args(args);
    let text = diff(&["--format", "html", "--fail-on", "new_causes > 0"]).status(1).stdout;
    let json: Value = serde_json::from_str(&diff(&["--format", "json"]).stdout()).unwrap();
    html_is_inert(&text);
    let page = read_html(&text);
    let found = numbers_are(&page, &json);
    for path in ["/base/failed", "/head/failed", "/causes/0/head/failed", "/functions/0/head/rate"] {
        assert!(found.contains(path), "{path}: {found:?}");
    }
    assert!(text.contains("Timed out") && text.contains("gate failed"), "{text}");
    let saved = folder.path().join("before.json");
    Run::analyze([&logs[0]]).args(["--format", "json", "--output"]).args([&saved]).status(0);
    let report = |format: &str| Run::analyze([&logs[1]]).args(["--baseline"]).args([&saved]).args(["--format", format]);
    let text = report("html").stdout();
    html_is_inert(&text);
    let found = numbers_are(&read_html(&text), &read_summary(&report("json").stdout()));
    assert!(found.iter().any(|path| path.starts_with("/comparison/causes/")), "{found:?}");
}

#[test]
fn the_source_of_the_page_is_what_is_in_it() {
    let page = read_html(&Run::new(["demo", "--format", "html"]).stdout());
    for (name, text) in [("report.css", &page.style), ("report.js", &page.script)] {
        assert_eq!(fs::read_to_string(root().join("src/render/html").join(name)).unwrap(), *text);
    }
}
