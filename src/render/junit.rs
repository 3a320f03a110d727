//! Format `junit`: JUnit XML as Surefire writes it. A suite is a function, a test case a category of failure: it failed if an
//! event with such an attempt was not saved, and was flaky where a retry saved it. A check of severity high is a case that was
//! skipped. The first suite is the run.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::causes::IGNORED;
use super::escape::{one_line, without_commands};
use super::gate::{GateState, gate_verdicts};
use super::headline;
use super::matrix;
use super::numbers::numbers;
use super::style::Style;
use super::words::count;
use super::{Answer, causes, checks};
use crate::model::Category;
use crate::wire::{Check, CheckSeverity, Condition, Finding, FindingState, FunctionSummary, Summary};

/// Name of the suite of the run. No function has a name with a blank.
const RUN: &str = "all functions";
/// Most characters of an attribute and of a text: a summary has long texts only where a log is hostile.
const LONGEST: usize = 4_000;

/// One test suite.
struct JunitSuite {
    name: String,
    numbers: Vec<(&'static str, String)>,
    cases: Vec<JunitCase>,
}

/// One test case, with what happened in it.
struct JunitCase {
    name: String,
    results: Vec<CaseResult>,
}

/// An element of a test case.
struct CaseResult {
    element: &'static str,
    /// Type of the failure; none where it was skipped.
    code: Option<String>,
    message: String,
    text: String,
}

pub(super) fn render(answer: &mut Answer<'_>, _style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = answer.summary;
    let suites: Vec<JunitSuite> =
        std::iter::once(of_run(summary)).chain(summary.functions.iter().map(|one| of_function(one, summary))).collect();
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let sum =
        |count: fn(&JunitSuite, &str) -> usize, what| suites.iter().map(|suite| count(suite, what)).sum::<usize>();
    let counts = [
        ("tests", suites.iter().map(|suite| suite.cases.len()).sum()),
        ("failures", sum(JunitSuite::with, "failure")),
        ("errors", sum(JunitSuite::with, "error")),
        ("skipped", sum(JunitSuite::with, "skipped")),
    ];
    let counts = counts.map(|(name, number)| (name, number.to_string()));
    let root = writer.create_element("testsuites").with_attribute(("name", "lambda-triage"));
    let root = root.with_attributes(counts.iter().map(|(name, number)| (*name, number.as_str())));
    root.write_inner_content(|writer| suites.iter().try_for_each(|suite| suite.write(writer)))?;
    writer.get_mut().write_all(b"\n")
}

/// Returns the suite of the run: its totals, whether it read everything, and the gate.
fn of_run(summary: &Summary) -> JunitSuite {
    let mut cases = vec![JunitCase::passed("complete")];
    if !summary.coverage.complete {
        let message = headline::gap(&summary.coverage).unwrap_or_else(|| "something was left out".to_owned());
        let skipped = CaseResult { element: "skipped", code: None, message, text: String::new() };
        cases[0].results.push(skipped);
    }
    if let Some(gate) = &summary.gate {
        cases.extend(gate.conditions.iter().map(of_condition));
        let all_hold = gate_verdicts(gate).iter().all(|one| one.state > GateState::NotEvaluable);
        if all_hold && !gate.passed {
            let message = "a part of the log that it depends on was not understood".to_owned();
            let code = Some("not_evaluable".to_owned());
            let error = CaseResult { element: "error", code, message, text: String::new() };
            cases.push(JunitCase { name: "gate".to_owned(), results: vec![error] });
        }
    }
    // A function without a row has no suite.
    let rows: HashSet<SuiteKey<'_>> = summary.functions.iter().map(place).collect();
    let of_no_row = |check: &&Check| !rows.contains(&place_of(check));
    cases.extend(of_checks(summary.checks.iter().filter(of_no_row)));
    JunitSuite { name: RUN.to_owned(), numbers: numbers(&summary.totals).collect(), cases }
}

fn of_condition(condition: &Condition) -> JunitCase {
    let scope = condition.scope.as_deref().unwrap_or(RUN);
    let mut case = JunitCase::passed(format!("gate: {} ({scope})", condition.expression));
    let value = condition.value.map_or_else(|| "no value".to_owned(), |value| value.to_string());
    let element = match (condition.result.as_str(), condition.level.as_str()) {
        ("pass", _) => return case,
        ("too_few", _) => {
            let message = format!("not tested: {scope} has too few attempts");
            case.results.push(CaseResult { element: "skipped", code: None, message, text: String::new() });
            return case;
        }
        (_, "warn") => "skipped",
        ("fail", _) => "failure",
        _ => "error",
    };
    let code = Some(condition.result.clone());
    let message = match &condition.reason {
        Some(reason) => format!("{scope}: {reason}"),
        None => format!("{scope} has {value}: {}", condition.expression),
    };
    case.results.push(CaseResult { element, code, message, text: String::new() });
    case
}

fn of_function(function: &FunctionSummary, summary: &Summary) -> JunitSuite {
    let mut cases: Vec<JunitCase> = Vec::new();
    for category in Category::FAILURES.into_iter().chain([Category::Unknown]) {
        let attempts = function.failures.get(category).unwrap_or(function.unknown);
        let findings = function.findings.iter().filter(|one| one.category == category.id());
        let (ignored, findings): (Vec<&Finding>, Vec<&Finding>) = findings.partition(|one| one.ignored);
        let left_out = ignored.iter().map(|one| one.count.saturating_sub(one.environments)).sum();
        cases.extend(of_category(category, attempts.saturating_sub(left_out), &findings));
        cases.extend(of_ignored(category, &ignored));
    }
    if cases.is_empty() {
        cases.push(JunitCase::passed("no failure"));
    }
    cases.extend(of_checks(summary.checks.iter().filter(|check| place_of(check) == place(function))));
    JunitSuite { name: matrix::name(function, summary), numbers: numbers(function).collect(), cases }
}

/// Returns a case for what failed in this way, and one for what a retry saved.
fn of_category(category: Category, attempts: u64, findings: &[&Finding]) -> Vec<JunitCase> {
    let sum = |get: fn(&Finding) -> u64| findings.iter().map(|one| get(one)).sum::<u64>();
    let (environments, events) = (sum(|one| one.environments), sum(|one| one.events));
    let (recovered, lost) = (sum(|one| one.recovered), sum(|one| one.lost));
    let mut out = Vec::new();
    if attempts + environments > 0 && (events == 0 || events > recovered || environments > 0) {
        let mut message = count(attempts, "attempt failed", "attempts failed");
        if environments > 0 {
            message.push_str(&format!(", {} without a request", count(environments, "init", "inits")));
        }
        if lost > 0 {
            message.push_str(&format!(", {} lost", count(lost, "event", "events")));
        }
        let text: Vec<String> = findings.iter().map(|one| told(one)).collect();
        let code = findings.first().map_or_else(|| category.id().to_owned(), |one| one.code.clone());
        let mut results = vec![CaseResult { element: "failure", code: Some(code), message, text: text.join("\n") }];
        // Every further attempt of a lost event failed, too.
        let lost = findings.iter().filter(|one| one.lost > 0);
        results.extend(lost.map(|one| {
            let message = format!("{} lost: every attempt failed", count(one.lost, "event", "events"));
            CaseResult { element: "rerunFailure", code: Some(one.code.clone()), message, text: told(one) }
        }));
        out.push(JunitCase { name: category.id().to_owned(), results });
    }
    let saved: Vec<&&Finding> = findings.iter().filter(|one| one.recovered > 0).collect();
    if !saved.is_empty() {
        let results = saved.into_iter().map(|one| {
            let message = format!("{} recovered on a retry", count(one.recovered, "event", "events"));
            CaseResult { element: "flakyFailure", code: Some(one.code.clone()), message, text: told(one) }
        });
        out.push(JunitCase { name: format!("{}, recovered", category.id()), results: results.collect() });
    }
    out
}

/// Returns a case for what failed and fails no gate.
fn of_ignored(category: Category, findings: &[&Finding]) -> Option<JunitCase> {
    let attempts: u64 = findings.iter().map(|one| one.count).sum();
    let text: Vec<String> = findings.iter().map(|one| told(one)).collect();
    let message = format!("{}, {IGNORED}", count(attempts, "attempt failed", "attempts failed"));
    let skipped = CaseResult { element: "skipped", code: None, message, text: text.join("\n") };
    (attempts > 0).then(|| JunitCase { name: format!("{}, ignored", category.id()), results: vec![skipped] })
}

/// Name, account and region of a function.
type SuiteKey<'a> = [Option<&'a str>; 3];

fn place(row: &FunctionSummary) -> SuiteKey<'_> {
    [row.function.as_deref(), row.account_id.as_deref(), row.region.as_deref()]
}

fn place_of(check: &Check) -> SuiteKey<'_> {
    [check.function.as_deref(), check.account_id.as_deref(), check.region.as_deref()]
}

/// Returns a case for each kind of check that is grave. It fails no build: it may be meant so.
fn of_checks<'a>(checks: impl Iterator<Item = &'a Check>) -> Vec<JunitCase> {
    let mut kinds: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
    for check in checks.filter(|check| check.severity == CheckSeverity::High) {
        kinds.entry(&check.id).or_default().push(check);
    }
    let case = |(id, found): (&str, Vec<&Check>)| {
        let told = |check: &&Check| {
            let name = check.function.as_deref().unwrap_or("(no name)");
            let source = check.source.as_deref().map_or(String::new(), |source| format!(" ({source})"));
            one_line(&format!("{name}: {}{source}", check.evidence)).into_owned()
        };
        let text: Vec<String> = found.iter().map(told).collect();
        let word = checks::severity_word(CheckSeverity::High);
        let message = format!("{word}: {}", found.first().map_or("", |check| check.evidence.as_str()));
        let skipped = CaseResult { element: "skipped", code: None, message, text: text.join("\n") };
        JunitCase { name: format!("check: {id}"), results: vec![skipped] }
    };
    kinds.into_iter().map(case).collect()
}

/// Returns the lines on a finding.
fn told(finding: &Finding) -> String {
    let mut head = format!("{}: {}", finding.code, count(finding.count, "attempt", "attempts"));
    for (number, one, many) in [
        (finding.environments, "init without a request", "inits without a request"),
        (finding.lost, "event lost", "events lost"),
        (finding.recovered, "event recovered", "events recovered"),
    ] {
        if number > 0 {
            head.push_str(&format!(", {}", count(number, one, many)));
        }
    }
    if finding.state != FindingState::Unknown {
        head.push_str(&format!(", {}", causes::state_word(finding.state)));
    }
    let error = [&finding.error_type, &finding.message].into_iter().flatten().map(String::as_str);
    let error = error.collect::<Vec<_>>().join(": ");
    let evidence = finding.examples.first().and_then(|example| example.evidence.first());
    let evidence = evidence.map(|line| format!("{}:{}", line.input, line.line_number));
    let lines = [head, error, evidence.unwrap_or_default(), finding.hint.clone()];
    lines.iter().filter(|line| !line.is_empty()).map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

impl JunitCase {
    fn passed(name: impl Into<String>) -> Self {
        Self { name: name.into(), results: Vec::new() }
    }

    fn has(&self, element: &str) -> bool {
        self.results.iter().any(|result| result.element == element)
    }

    fn write(&self, suite: &str, writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
        let element = writer.create_element("testcase").with_attribute(("name", safe(&self.name).as_str()));
        // A log has no time of a category; readers ask for the attribute.
        let element = element.with_attribute(("classname", suite)).with_attribute(("time", "0"));
        if self.results.is_empty() {
            return element.write_empty().map(drop);
        }
        element.write_inner_content(|writer| self.results.iter().try_for_each(|result| result.write(writer))).map(drop)
    }
}

impl CaseResult {
    fn write(&self, writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
        let mut element = writer.create_element(self.element).with_attribute(("message", safe(&self.message).as_str()));
        if let Some(code) = &self.code {
            element = element.with_attribute(("type", safe(code).as_str()));
        }
        let text: Vec<String> = self.text.lines().map(safe).collect();
        let text = text.join("\n");
        match self.element {
            "rerunFailure" | "flakyFailure" => element
                .write_inner_content(|writer| {
                    writer.create_element("stackTrace").write_text_content(BytesText::new(&text)).map(drop)
                })
                .map(drop),
            _ if text.is_empty() => element.write_empty().map(drop),
            _ => element.write_text_content(BytesText::new(&text)).map(drop),
        }
    }
}

impl JunitSuite {
    /// Counts the cases with such an element.
    fn with(&self, element: &str) -> usize {
        self.cases.iter().filter(|case| case.has(element)).count()
    }

    fn write(&self, writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
        let name = safe(&self.name);
        let counts = [
            ("tests", self.cases.len()),
            ("failures", self.with("failure")),
            ("errors", self.with("error")),
            ("skipped", self.with("skipped")),
        ];
        let counts = counts.map(|(name, number)| (name, number.to_string()));
        let element = writer.create_element("testsuite").with_attribute(("name", name.as_str()));
        let element = element.with_attributes(counts.iter().map(|(name, number)| (*name, number.as_str())));
        let content = |writer: &mut Writer<&mut dyn Write>| {
            let known = self.numbers.iter().filter(|(_, value)| !value.is_empty());
            writer.create_element("properties").write_inner_content(|writer| {
                known.into_iter().try_for_each(|(name, value)| {
                    let element = writer.create_element("property").with_attribute(("name", *name));
                    element.with_attribute(("value", value.as_str())).write_empty().map(drop)
                })
            })?;
            self.cases.iter().try_for_each(|case| case.write(&name, writer))
        };
        element.write_inner_content(content).map(drop)
    }
}

/// Returns a text on one line, with only characters that XML 1.0 allows.
fn safe(text: &str) -> String {
    let line = one_line(text);
    let line: String =
        line.chars().take(LONGEST).map(|char| if is_forbidden(char) { '\u{fffd}' } else { char }).collect();
    without_commands(&line).into_owned()
}

/// Returns whether XML 1.0 has no place for a character, not even as a reference.
fn is_forbidden(char: char) -> bool {
    matches!(char, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Commands, View};

    #[test]
    fn a_grave_check_is_a_case_of_its_function_once_for_each_kind() {
        let mut summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        let row = summary.functions[0].clone();
        let check = |id: &str, function: Option<&str>, severity| Check {
            id: id.to_owned(),
            function: function.map(str::to_owned),
            account_id: row.account_id.clone(),
            region: row.region.clone(),
            severity,
            evidence: format!("what {id} says"),
            source: None,
        };
        let name = row.function.as_deref();
        summary.checks = vec![
            check("one", name, CheckSeverity::High),
            check("one", name, CheckSeverity::High),
            check("two", name, CheckSeverity::Medium),
            check("three", Some("no-such-row"), CheckSeverity::High),
        ];
        let (commands, view) = (Commands::default(), View::default());
        let mut answer = Answer { summary: &summary, commands: &commands, view: &view, records: None };
        let mut out = Vec::new();
        render(&mut answer, &Style::PLAIN, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let document = roxmltree::Document::parse(&out).unwrap();
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
        let checks = cases.filter(|node| attribute(*node, "name").starts_with("check: "));
        let told: Vec<(String, String, String)> = checks
            .map(|case| {
                let skipped = case.children().find(|node| node.has_tag_name("skipped")).unwrap();
                let suite = attribute(case.parent().unwrap(), "name");
                (suite, attribute(case, "name"), attribute(skipped, "message"))
            })
            .collect();
        let want =
            [(RUN, "check: three", "high: what three says"), (name.unwrap(), "check: one", "high: what one says")];
        assert_eq!(told, want.map(|(suite, case, text)| (suite.to_owned(), case.to_owned(), text.to_owned())));
    }

    fn attribute(node: roxmltree::Node<'_, '_>, name: &str) -> String {
        node.attribute(name).unwrap().to_owned()
    }

    proptest::proptest! {
        #[test]
        fn an_xml_reader_reads_any_text(name in "(?s).{0,60}", text in "(?s)[<>&'\"\\]\u{fffe}\0-\x20a-c#\\[:]{0,60}") {
            let results = ["failure", "rerunFailure"].map(|element| CaseResult {
                element, code: Some(name.clone()), message: text.clone(), text: format!("{text}\n{text}"),
            });
            let case = JunitCase { name: name.clone(), results: results.into() };
            let suite = JunitSuite { name: text.clone(), numbers: Vec::new(), cases: vec![case] };
            let mut out = Vec::new();
            suite.write(&mut Writer::new_with_indent(&mut out as &mut dyn Write, b' ', 2)).unwrap();
            let out = String::from_utf8(out).unwrap();
            proptest::prop_assert!(!out.contains("##["));
            let document = roxmltree::Document::parse(&out).unwrap();
            proptest::prop_assert_eq!(attribute(document.root_element(), "name"), safe(&text));
            let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
            proptest::prop_assert_eq!(attribute(failure, "type"), safe(&name));
            proptest::prop_assert_eq!(attribute(failure, "message"), safe(&text));
        }
    }
}
