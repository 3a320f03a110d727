//! Gate of a run: conditions on the numbers of a summary that make the run fail.
//!
//! Pure functions: text to a rule, rule and summary to a result. A condition says what fails the run: `failed > 0`. With
//! `if attempts >= 100` it is only judged where the sample is that large.

use std::cell::OnceCell;

use globset::{Glob, GlobMatcher};
use serde_json::Value;

use super::metrics::{self, Metric};
use crate::render::{GateState, gate_verdicts, ignored, one_line};
use crate::wire::{Condition, FunctionSummary, Gate, Summary};

/// A rule of `--fail-on` or `--warn-on`.
#[derive(Clone, Debug)]
pub(super) struct GateRule {
    /// Expression as typed.
    expression: String,
    /// Functions that the rule applies to; `None` for the totals.
    functions: Option<GlobMatcher>,
    test: GateTest,
    /// What must be true for the test to count.
    sample: Option<GateTest>,
}

/// A number compared with a value.
#[derive(Clone, Copy, Debug)]
struct GateTest {
    metric: &'static Metric,
    operator: Operator,
    threshold: Threshold,
}

impl std::fmt::Display for GateRule {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "'{}'", one_line(&self.expression))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Threshold {
    Number(f64),
    /// A share of the function's timeout (1.0 is all of it).
    OfLimit(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

/// Operators by sign. Longer signs come first, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

/// Parses `[GLOB:]PATH OP VALUE`, with ` if PATH OP VALUE` behind it or not.
pub(super) fn condition(text: &str) -> Result<GateRule, String> {
    let (test, sample) = match text.split_once(" if ") {
        Some((test, sample)) => (test, Some(sample)),
        None => (text, None),
    };
    let (functions, test) = comparison(test)?;
    let functions = functions.map(|glob| Glob::new(glob).map_err(|error| error.to_string())).transpose()?;
    if functions.is_some() && test.metric.is_of_summary() {
        let what = test.metric.path.split('.').next().unwrap_or_default();
        return Err(format!("{what} is not counted by function; leave the name and the colon out"));
    }
    let sample = match sample.map(comparison).transpose()? {
        Some((Some(_), _)) => {
            return Err("what stands behind 'if' is of the same functions; leave the name out".to_owned());
        }
        sample => sample.map(|(_, sample)| sample),
    };
    Ok(GateRule {
        expression: text.trim().to_owned(),
        functions: functions.map(|glob| glob.compile_matcher()),
        test,
        sample,
    })
}

/// Parses `[GLOB:]PATH OP VALUE`.
fn comparison(text: &str) -> Result<(Option<&str>, GateTest), String> {
    let shape = || "it needs a path, an operator and a value, such as 'failed > 0'".to_owned();
    let sign = |char: char| matches!(char, '<' | '>' | '=' | '!');
    let end = text.rfind(sign).map(|index| index + 1).ok_or_else(shape)?;
    let start = text[..end].trim_end_matches(sign).len();
    let (left, operator, right) = (text[..start].trim(), &text[start..end], text[end..].trim());
    let (_, operator) = OPERATORS
        .into_iter()
        .find(|(sign, _)| *sign == operator)
        .ok_or_else(|| format!("no operator '{operator}'; there are > >= < <= == !="))?;
    let (glob, path) = left.rsplit_once(':').map_or((None, left), |(glob, path)| (Some(glob.trim()), path.trim()));
    if path.is_empty() || right.is_empty() || glob == Some("") {
        return Err(shape());
    }
    let metric = metrics::resolve(path)?;
    let threshold = threshold(right, metric)?;
    refuse_the_impossible(metric, operator, threshold, right)?;
    Ok((glob, GateTest { metric, operator, threshold }))
}

/// Parses `0`, `1%`, `500ms`, `3s` or `80%limit`, and checks that the unit fits the metric.
fn threshold(text: &str, metric: &Metric) -> Result<Threshold, String> {
    let path = &metric.path;
    let wrong = || format!("'{text}' is not a value; write 10, 1%, 500ms, 3s or 80%limit");
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(wrong);
    let (digits, unit) =
        text.split_at(text.find(|char: char| char == '%' || char.is_ascii_alphabetic()).unwrap_or(text.len()));
    match unit.trim() {
        "" => Ok(Threshold::Number(number(digits)?)),
        "%" if metric.is_ratio() => Ok(Threshold::Number(number(digits)? / 100.0)),
        "%" => Err(format!("{path} is not a ratio; compare failure_rate with {text}, or {path} with a number")),
        "ms" | "s" | "m" | "%limit" if metric.is_ratio() => Err(format!("{path} is not a duration; {SHARE}")),
        "ms" | "s" | "m" | "%limit" if !metric.is_time() => {
            Err(format!("{path} is not a duration; compare it with a number"))
        }
        "ms" => Ok(Threshold::Number(number(digits)?)),
        "s" => Ok(Threshold::Number(number(digits)? * 1_000.0)),
        "m" => Ok(Threshold::Number(number(digits)? * 60_000.0)),
        "%limit" if path == LIMIT => Err(format!("{path} is the limit itself; compare it with a time such as 3s")),
        "%limit" => Ok(Threshold::OfLimit(number(digits)? / 100.0)),
        _ => Err(wrong()),
    }
}

/// Path of the number that `%limit` refers to.
const LIMIT: &str = "timeout_ms";
const SHARE: &str = "compare it with a share such as 5%";

/// Refuses a value that the number never has, and a bound that it never passes, because a gate that cannot fail would
/// look like one that passes. A condition that is always true is accepted on the bound itself (`failed >= 0`), since it
/// visibly fails.
fn refuse_the_impossible(metric: &Metric, operator: Operator, threshold: Threshold, typed: &str) -> Result<(), String> {
    let Metric { path, least, most, whole, .. } = metric;
    let (value, is_exact) = match threshold {
        Threshold::Number(value) => (value, true),
        // A share has the sign of its time, and there is no upper bound for a time.
        Threshold::OfLimit(share) => (share, false),
    };
    if value < *least || value > *most {
        let range = if most.is_finite() { format!("between {least} and {most}") } else { format!("{least} or more") };
        let percent = typed.parse::<f64>().is_ok_and(|number| (0.0..=100.0).contains(&number));
        let hint = match metric.is_ratio() {
            true if percent => format!("; did you mean {typed}%?"),
            true => format!("; {SHARE}"),
            false => String::new(),
        };
        return Err(format!("{path} is {range}, never {typed}{hint}"));
    }
    match operator {
        Operator::Greater if value == *most => {
            let percent = if typed.contains('%') { "" } else { "> 1% or " };
            Err(format!("{path} is never above {most}; did you mean {percent}>= {typed}?"))
        }
        Operator::Less if value == *least => Err(format!("{path} is never below {least}; did you mean <= {typed}?")),
        Operator::Equal | Operator::NotEqual if *whole && is_exact && value.fract() != 0.0 => {
            Err(format!("{path} is a whole number, never {typed}"))
        }
        _ => Ok(()),
    }
}

/// Result of one condition, for the totals or one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckResult {
    Pass,
    Fail,
    NotEvaluable,
    TooFew,
}

impl CheckResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEvaluable => "not_evaluable",
            Self::TooFew => "too_few",
        }
    }
}

/// Evaluates the rules that fail a run and those that warn; `None` if there are none. The summary leaves out so many
/// failures.
pub(super) fn evaluate(fail: &[GateRule], warn: &[GateRule], summary: &Summary, ignored: u64) -> Option<Gate> {
    if fail.is_empty() && warn.is_empty() {
        return None;
    }
    let judged = JudgedSummary::new(summary);
    let of =
        |rules: &[GateRule], level| rules.iter().flat_map(|rule| rule.evaluate(level, &judged)).collect::<Vec<_>>();
    let mut conditions = of(fail, "fail");
    let holds =
        |one: &Condition| [CheckResult::Pass, CheckResult::TooFew].iter().any(|good| one.result == good.as_str());
    let passed = conditions.iter().all(holds);
    conditions.extend(of(warn, "warn"));
    Some(Gate { passed, conditions, ignored })
}

/// A summary with its numbers as JSON, where conditions look them up; each part is made when it is first asked for.
struct JudgedSummary<'a> {
    summary: &'a Summary,
    whole: OnceCell<Value>,
    totals: OnceCell<Value>,
    rows: OnceCell<Vec<Value>>,
}

impl<'a> JudgedSummary<'a> {
    fn new(summary: &'a Summary) -> Self {
        Self { summary, whole: OnceCell::new(), totals: OnceCell::new(), rows: OnceCell::new() }
    }

    fn whole(&self) -> &Value {
        self.whole.get_or_init(|| {
            let Summary { coverage, comparison, checks_total, checks_high, .. } = self.summary;
            serde_json::json!({
                "coverage": json(coverage),
                "comparison": json(comparison),
                "checks_total": checks_total,
                "checks_high": checks_high,
            })
        })
    }

    fn totals(&self) -> &Value {
        self.totals.get_or_init(|| json(&self.summary.totals))
    }

    fn rows(&self) -> &[Value] {
        self.rows.get_or_init(|| self.summary.functions.iter().map(json).collect())
    }
}

/// Returns whether a condition that fails the run is true.
pub(super) fn failed(gate: &Gate) -> bool {
    gate_verdicts(gate).iter().any(|verdict| verdict.state == GateState::Failed)
}

/// Returns a line for each condition that is true or could not be evaluated, and one that sums up.
pub(super) fn messages(gate: &Gate) -> Vec<String> {
    let verdicts = gate_verdicts(gate);
    let told = verdicts.iter().filter(|verdict| verdict.state != GateState::Passed);
    let mut lines: Vec<String> =
        told.map(|one| format!("{}: {}: {}", one.state.words(), one.expression, one.text)).collect();
    let failed = verdicts.iter().filter(|verdict| verdict.state == GateState::Failed).count();
    if failed > 0 && verdicts.len() > 1 {
        let fail = gate.conditions.iter().filter(|one| one.level == "fail");
        let all = fail.map(|one| &one.expression).collect::<std::collections::BTreeSet<_>>().len();
        lines.push(format!("gate: {failed} of {all} conditions failed"));
    }
    lines.extend(ignored(gate).map(|text| format!("gate: {text}, as the configuration file says")));
    lines
}

impl GateRule {
    /// Returns whether it tests what changed since another summary.
    pub(super) fn needs_base(&self) -> bool {
        [Some(&self.test), self.sample.as_ref()].into_iter().flatten().any(|test| test.metric.needs_base())
    }

    fn evaluate(&self, level: &str, judged: &JudgedSummary<'_>) -> Vec<Condition> {
        let summary = judged.summary;
        let has_base = summary.comparison.is_some();
        let Some(functions) = &self.functions else {
            let totals = judged.totals();
            let source = if self.test.metric.is_of_summary() { judged.whole() } else { totals };
            return vec![self.compare(level, None, (source, totals), summary.totals.timeout_ms, has_base)];
        };
        let rows = summary.functions.iter().zip(judged.rows());
        let matching = rows.filter(|(one, _)| functions.is_match(one.function.as_deref().unwrap_or("")));
        let conditions: Vec<Condition> = matching
            .map(|(one, row)| self.compare(level, Some(scope(one)), (row, row), one.timeout_ms, has_base))
            .collect();
        if conditions.is_empty() {
            let reason = Some("no function matches".to_owned());
            let nothing =
                self.result(level, Some(functions.glob().to_string()), (None, None), CheckResult::NotEvaluable);
            return vec![Condition { reason, ..nothing }];
        }
        conditions
    }

    fn compare(
        &self,
        level: &str,
        scope: Option<String>,
        (source, row): (&Value, &Value),
        timeout_ms: Option<u64>,
        has_base: bool,
    ) -> Condition {
        let sides = self.test.sides(source, timeout_ms);
        let sample = self.sample.as_ref().map(|sample| (sample, sample.sides(row, timeout_ms)));
        let holds = |test: &GateTest, (value, threshold): (Option<f64>, Option<f64>)| {
            value.zip(threshold).map(|(value, threshold)| test.operator.holds(value, threshold))
        };
        let result = match (sample.map(|(sample, sides)| holds(sample, sides)), holds(&self.test, sides)) {
            (Some(Some(false)), _) => CheckResult::TooFew,
            (Some(None), _) | (_, None) => CheckResult::NotEvaluable,
            (_, Some(true)) => CheckResult::Fail,
            (_, Some(false)) => CheckResult::Pass,
        };
        let of_all = scope.is_none();
        let reason = sample
            .and_then(|(sample, sides)| sample.unknown(sides, of_all, (true, has_base)))
            .or_else(|| self.test.unknown(sides, of_all, (false, has_base)))
            .filter(|_| result == CheckResult::NotEvaluable);
        Condition { reason, ..self.result(level, scope, sides, result) }
    }

    fn result(
        &self,
        level: &str,
        scope: Option<String>,
        (value, threshold): (Option<f64>, Option<f64>),
        result: CheckResult,
    ) -> Condition {
        Condition {
            expression: self.expression.clone(),
            scope,
            level: level.to_owned(),
            unit: self.test.metric.unit().to_owned(),
            value,
            threshold,
            result: result.as_str().to_owned(),
            reason: None,
        }
    }
}

impl GateTest {
    /// Returns what is compared, as far as known.
    fn sides(&self, source: &Value, timeout_ms: Option<u64>) -> (Option<f64>, Option<f64>) {
        let threshold = match self.threshold {
            Threshold::Number(number) => Some(number),
            Threshold::OfLimit(share) => timeout_ms.map(|limit| limit as f64 * share),
        };
        (self.metric.value(source), threshold)
    }

    /// Returns why it cannot be evaluated; `None` if it can. The name of the number stands in the expression, but that of
    /// a sample may be taken for it.
    fn unknown(
        &self,
        (value, threshold): (Option<f64>, Option<f64>),
        of_all_functions: bool,
        (is_sample, has_base): (bool, bool),
    ) -> Option<String> {
        match (value, threshold) {
            (Some(_), Some(_)) => None,
            (None, _) if self.metric.needs_base() && has_base => {
                Some("no function has a name and traffic on both sides (--function names one)".to_owned())
            }
            (None, _) if self.metric.needs_base() => Some("it needs --baseline".to_owned()),
            (None, _) if is_sample => Some(format!("the log does not tell {}", self.metric.path)),
            (None, _) => Some("the log does not tell it".to_owned()),
            (_, None) if of_all_functions => {
                Some("all functions together have no timeout; write *: before it".to_owned())
            }
            (_, None) => Some("the timeout is not known".to_owned()),
        }
    }
}

impl Operator {
    fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
            Self::Equal => value == threshold,
            Self::NotEqual => value != threshold,
        }
    }
}

fn scope(function: &FunctionSummary) -> String {
    function.function.clone().unwrap_or_else(|| "(no name)".to_owned())
}

/// Converts to JSON. A summary always serialises: its keys are strings, and its numbers finite or null.
fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Coverage, Window};

    fn summary() -> Summary {
        let function = |name: &str, failed, rate, p99| {
            let mut one = FunctionSummary {
                function: Some(name.into()),
                attempts: 100,
                failed,
                failure_rate: rate,
                cold_starts: 5,
                ..Default::default()
            };
            one.failures.timeout = 2;
            one.duration_ms.all.p99 = p99;
            one
        };
        let mut slow = function("orders-api", 3, Some(0.03), Some(2_500.0));
        slow.timeout_ms = Some(3_000);
        Summary {
            schema: 1,
            tool_version: String::new(),
            catalogue_version: String::new(),
            window: Window::default(),
            coverage: Coverage::default(),
            causes: Vec::new(),
            causes_total: 0,
            events_to_check: Vec::new(),
            events_to_check_total: 0,
            checks: Vec::new(),
            checks_total: 0,
            checks_high: 0,
            comparison: None,
            config_file: None,
            ignored: Vec::new(),
            gate: None,
            totals: function("", 3, Some(0.01), None),
            functions: vec![slow, function("prod:payments", 0, Some(0.0), None)],
        }
    }

    #[track_caller]
    fn case(expression: &str, want: &[&str]) {
        let rule = condition(expression).expect(expression);
        let results: Vec<String> =
            rule.evaluate("fail", &JudgedSummary::new(&summary())).into_iter().map(|one| one.result).collect();
        assert_eq!(results, want, "{expression}");
    }

    #[test]
    fn conditions_say_what_fails() {
        case("failed > 0", &["fail"]);
        case("failed>3", &["pass"]);
        case("failed >= 3", &["fail"]);
        case("failed != 3", &["pass"]);
        case("failure_rate > 1%", &["pass"]);
        case("failure_rate >= 1%", &["fail"]);
        case("*:failed == 0", &["pass", "fail"]);
        case("orders-*: duration.p99 > 2.4s", &["fail"]);
        case("orders-*:duration.p99 > 80%limit", &["fail"]);
        case("orders-*:duration.p99 > 90%limit", &["pass"]);
        case("prod:payments:failed > 0", &["pass"]);
        case("coverage.duplicates > 0", &["pass"]);
    }

    #[test]
    fn a_sample_that_is_too_small_fails_nothing() {
        case("failed > 0 if attempts >= 100", &["fail"]);
        case("failed > 0 if attempts >= 101", &["too_few"]);
        case("*:failed > 0 if attempts >= 101", &["too_few", "too_few"]);
        case("prod*:duration.p99 > 3s if attempts >= 101", &["too_few"]);
        case("failed > 0 if duration.p99 > 1s", &["not_evaluable"]);
        case("rates.timeout >= 2%", &["fail"]);
        case("rates.timeout > 2%", &["pass"]);
        case("lost_rate > 0", &["not_evaluable"]);
        case("cold_start_rate >= 5%", &["fail"]);
        let [fail, warn] = ["failed > 5", "failed > 0"].map(|text| vec![condition(text).unwrap()]);
        let gate = evaluate(&fail, &warn, &summary(), 0).unwrap();
        assert!(gate.passed && !failed(&gate));
        assert_eq!(messages(&gate), ["gate warning: failed > 0: 3"]);
    }

    #[test]
    fn messages_name_scope_and_value() {
        let rules = ["orders-*:failure_rate > 1%", "failed > 0"].map(|text| condition(text).unwrap());
        let gate = evaluate(&rules, &[], &summary(), 0).unwrap();
        assert_eq!(
            messages(&gate),
            [
                "gate failed: orders-*:failure_rate > 1%: orders-api 3.0%",
                "gate failed: failed > 0: 3",
                "gate: 2 of 2 conditions failed",
            ]
        );
    }

    #[test]
    fn what_is_not_known_never_passes() {
        case("duration.p99 > 3s", &["not_evaluable"]);
        case("prod*:duration.p99 > 3s", &["not_evaluable"]);
        case("nothing-*:failed > 0", &["not_evaluable"]);
        case("duration.max > 80%limit", &["not_evaluable"]);
        let gate = evaluate(&[condition("nothing-*:failed > 0").unwrap()], &[], &summary(), 0).unwrap();
        assert!(!gate.passed && !failed(&gate));
        assert_eq!(messages(&gate), ["gate not evaluable: nothing-*:failed > 0: no function matches"]);
    }

    #[test]
    fn wrong_conditions_are_refused_with_a_hint() {
        for (expression, hint) in [
            ("", "it needs"),
            ("failed", "it needs"),
            ("failed >", "it needs"),
            (":failed > 0", "it needs"),
            ("failed => 0", "no operator '=>'"),
            ("failed = 0", "no operator '='"),
            ("fialed > 0", "did you mean failed?"),
            ("failed > many", "is not a value"),
            ("failed > 1%", "compare failure_rate"),
            ("failed > 3s", "is not a duration"),
            ("failed > 1e999", "is not a value"),
            ("[:failed > 0", "unclosed"),
            ("*:coverage.duplicates > 0", "leave the name"),
            ("failed > 0 if", "is not a value"),
            ("failed > 0 if attempts", "it needs"),
            ("failed > 0 if *:attempts > 10", "leave the name out"),
            ("failed > 0 if atempts > 10", "did you mean attempts or"),
            ("failure_rate > 5", "between 0 and 1, never 5; did you mean 5%?"),
            ("*:failure_rate >= 2.5", "did you mean 2.5%?"),
            ("failure_rate < 500", "never 500; compare it with a share such as 5%"),
            ("failure_rate > 150%", "never 150%; compare it with a share such as 5%"),
            ("failure_rate > 1", "never above 1; did you mean > 1% or >= 1?"),
            ("failure_rate > 100%", "never above 1; did you mean >= 100%?"),
            ("failure_rate > 3s", "compare it with a share such as 5%"),
            ("failed > -1", "failed is 0 or more, never -1"),
            ("failed < 0", "never below 0; did you mean <= 0?"),
            ("failed == 1.5", "failed is a whole number, never 1.5"),
            ("duration.p99 < 0%limit", "never below 0"),
            ("duration.p99 > -80%limit", "0 or more, never -80%limit"),
            ("timeout_ms > 80%limit", "is the limit itself"),
        ] {
            let error = condition(expression).expect_err(expression);
            assert!(error.contains(hint), "{expression}: {error}");
        }
    }

    /// Checks against every value that a number could have, not only its bounds.
    #[test]
    fn a_condition_is_taken_when_it_can_be_true_of_a_value_that_the_number_can_have() {
        let texts = ["-1", "-0.5", "0", "0.25", "1", "1.5", "2", "5", "100", "101", "1000000"];
        for metric in metrics::all() {
            let fraction = ["gb_seconds", "usd", "p50", "p95", "p99", "max"];
            let rate = metric.path.ends_with("_rate") || metric.path.starts_with("rates.");
            let whole = !rate
                && !fraction.iter().any(|name| metric.path == *name || metric.path.ends_with(&format!(".{name}")));
            let most = if rate { 1.0 } else { f64::MAX };
            let can_have = |value: &f64| (0.0..=most).contains(value) && !(whole && value.fract() != 0.0);
            for (text, (sign, operator)) in texts.iter().flat_map(|text| OPERATORS.map(|operator| (text, operator))) {
                let value: f64 = text.parse().unwrap();
                let near =
                    [0.0, 0.5, 1.0, value - 1.0, value.floor(), value, value + 0.25, value.ceil(), value.ceil() + 1.0];
                let can_be_true = near.iter().filter(|one| can_have(one)).any(|one| operator.holds(*one, value));
                let is_bound = (0.0..=most).contains(&value);
                let is_value = !matches!(sign, "==" | "!=") || can_have(&value);
                let expression = format!("{} {sign} {text}", metric.path);
                match condition(&expression) {
                    Ok(_) => assert!(can_be_true && is_bound && is_value, "{expression} is taken"),
                    Err(error) => {
                        assert!(!(can_be_true && is_bound && is_value), "{expression}: {error}");
                        assert!(error.starts_with(&metric.path), "{expression}: {error}");
                    }
                }
            }
        }
    }
}
