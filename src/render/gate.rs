//! The gate as text: a verdict for each condition, with the functions that it is true of, the worst first.

use super::escape::one_line;
use super::style::{Ink, Style};
use super::words::{count, duration, percent, shorten_end, thousands};
use crate::wire::{Condition, Gate};

/// Most functions that are named for one condition.
const NAMED: usize = 3;
/// Most verdicts on the first screen.
const ON_SCREEN: usize = 3;

/// How a condition ended, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GateState {
    /// It is true of something.
    Failed,
    /// It could not be evaluated, which is no pass.
    NotEvaluable,
    /// It is true of something, and only warns.
    Warned,
    /// It could not be evaluated, and would only warn.
    NotEvaluableWarning,
    /// The samples were too small, or nothing is true.
    Passed,
}

impl GateState {
    /// Returns the words in front of a message.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Failed => "gate failed",
            Self::NotEvaluable => "gate not evaluable",
            Self::Warned => "gate warning",
            Self::NotEvaluableWarning => "gate warning not evaluable",
            Self::Passed => "gate passed",
        }
    }
}

/// Verdict on one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GateVerdict {
    pub(crate) state: GateState,
    /// As given.
    pub(crate) expression: String,
    /// What it was true of: `20 of 24 functions; worst users-nightly 18.9%`.
    pub(crate) text: String,
}

/// Returns a verdict for each condition as it was given, in that order.
#[must_use]
pub(crate) fn gate_verdicts(gate: &Gate) -> Vec<GateVerdict> {
    as_given(gate).map(verdict).collect()
}

/// Iterates over the conditions as they were given, each with all that it was held against.
fn as_given(gate: &Gate) -> impl Iterator<Item = &[Condition]> {
    gate.conditions.chunk_by(|a, b| (&a.expression, &a.level) == (&b.expression, &b.level))
}

fn verdict(conditions: &[Condition]) -> GateVerdict {
    let of = |result: &str| conditions.iter().filter(|one| one.result == result).collect::<Vec<_>>();
    let (failed, unknown, too_few) = (of("fail"), of("not_evaluable"), of("too_few"));
    let warns = conditions.iter().any(|one| one.level == "warn");
    let state = match (failed.is_empty(), unknown.is_empty(), warns) {
        (false, _, false) => GateState::Failed,
        (false, _, true) => GateState::Warned,
        (true, false, false) => GateState::NotEvaluable,
        (true, false, true) => GateState::NotEvaluableWarning,
        (true, true, _) => GateState::Passed,
    };
    let text = match state {
        GateState::Failed | GateState::Warned => what_fails(failed, conditions.len()),
        GateState::NotEvaluable | GateState::NotEvaluableWarning => what_is_unknown(&unknown),
        GateState::Passed if !too_few.is_empty() && too_few.len() == conditions.len() => "too few to tell".to_owned(),
        GateState::Passed => what_passes(conditions),
    };
    let expression = conditions.first().map_or("", |one| &one.expression);
    GateVerdict { state, expression: one_line(expression).into_owned(), text }
}

fn what_fails(mut failed: Vec<&Condition>, of: usize) -> String {
    if let [Condition { scope: None, .. }] = failed[..] {
        return compared(failed[0]);
    }
    // Whatever side of the bound it is on, the farther the worse; ties by name.
    failed.sort_by(|a, b| distance(b).total_cmp(&distance(a)).then_with(|| a.scope.cmp(&b.scope)));
    let worst: Vec<String> = failed.iter().take(NAMED).map(|one| format!("{} {}", name(one), compared(one))).collect();
    let all = match (failed.len(), of) {
        (1, 1) => return worst.concat(),
        (some, all) => format!("{} of {}", thousands(some as u64), count(all as u64, "function", "functions")),
    };
    let more = if failed.len() > NAMED { ", …" } else { "" };
    format!("{all}: {}{more}", worst.join(", "))
}

fn what_is_unknown(unknown: &[&Condition]) -> String {
    let Some(first) = unknown.first() else { return String::new() };
    let reason = one_line(first.reason.as_deref().unwrap_or("the log does not tell it"));
    let glob = first.expression.rsplit_once(':').map(|(glob, _)| glob.trim());
    match first.scope.as_deref().filter(|scope| glob != Some(*scope)) {
        None => reason.into_owned(),
        Some(_) if unknown.len() == 1 => format!("{reason} ({})", name(first)),
        Some(_) => format!("{reason} ({} and {} more)", name(first), unknown.len() - 1),
    }
}

fn what_passes(conditions: &[Condition]) -> String {
    match conditions {
        [one] if one.scope.is_none() => compared(one),
        all => count(all.len() as u64, "function", "functions"),
    }
}

fn name(condition: &Condition) -> String {
    one_line(condition.scope.as_deref().unwrap_or("all functions")).into_owned()
}

/// Returns how far a value is from its bound, in parts of the bound.
fn distance(condition: &Condition) -> f64 {
    let (Some(value), Some(bound)) = (condition.value, condition.threshold) else { return 0.0 };
    (value - bound).abs() / bound.abs().max(f64::MIN_POSITIVE)
}

/// Returns the value, with the bound where the condition does not tell it.
fn compared(condition: &Condition) -> String {
    let text = |value: Option<f64>| value.map_or("n/a".to_owned(), |value| with_unit(value, &condition.unit));
    let value = text(condition.value);
    let share =
        condition.expression.split_once("%limit").and_then(|(before, _)| before.rsplit([' ', '<', '>', '=']).next());
    match share {
        Some(share) if condition.threshold.is_some() => {
            format!("{value}, bound {} ({share}% of the timeout)", text(condition.threshold))
        }
        _ => value,
    }
}

/// Formats a value with its unit.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "share" => percent(value),
        "ms" => duration(value),
        "mb" => format!("{value:.0} MB"),
        "usd" => format!("${value:.2}"),
        "gb_s" => format!("{value:.1} GB-s"),
        _ if value.fract() == 0.0 && (0.0..1e15).contains(&value) => thousands(value as u64),
        _ => format!("{value}"),
    }
}

/// Returns the number of conditions for which no sample was large enough.
pub(super) fn not_tested(gate: &Gate) -> usize {
    as_given(gate).filter(|conditions| conditions.iter().all(|one| one.result == "too_few")).count()
}

/// Returns the lines of the first screen: what failed, else that all passed.
pub(super) fn lines(gate: &Gate, style: &Style) -> Vec<String> {
    let mut verdicts = gate_verdicts(gate);
    let all = verdicts.len();
    verdicts.retain(|verdict| verdict.state != GateState::Passed);
    verdicts.sort_by_key(|verdict| verdict.state);
    let mut out = Vec::new();
    let failed = verdicts.len();
    let ignored = ignored(gate).map(|text| format!(", {text}")).unwrap_or_default();
    if failed == 0 && !gate.passed {
        let text = "not passed: part of the log was not read or not understood";
        return vec![format!("{}  {}", style.paint(Ink::Strong, "Gate"), style.paint(Ink::Warn, text))];
    }
    if failed == 0 {
        let not_tested = not_tested(gate);
        let word = if not_tested == all { "not tested" } else { "passed" };
        let few = match not_tested {
            0 => String::new(),
            few if few == all => ", too few attempts".to_owned(),
            few => format!(", {} not tested (too few attempts)", thousands(few as u64)),
        };
        let text = format!("{word}: {}{few}", count(all as u64, "condition", "conditions"));
        return vec![format!("{}  {}{ignored}", style.paint(Ink::Strong, "Gate"), style.paint(Ink::Good, &text))];
    }
    for verdict in verdicts.iter().take(ON_SCREEN) {
        let (word, ink) = match verdict.state {
            GateState::Failed => ("failed", Ink::Bad),
            GateState::NotEvaluable | GateState::NotEvaluableWarning => ("unknown", Ink::Warn),
            GateState::Warned => ("warning", Ink::Warn),
            GateState::Passed => continue,
        };
        let label = if out.is_empty() { "Gate" } else { "    " };
        let text = format!("{}: {}", verdict.expression, verdict.text);
        let text = shorten_end(&text, style.width.saturating_sub(8 + word.len()));
        out.push(format!("{}  {}  {text}", style.paint(Ink::Strong, label), style.paint(ink, word)));
    }
    if failed > ON_SCREEN {
        out.push(style.paint(Ink::Faint, &format!("      + {} more of {all}: --format json", failed - ON_SCREEN)));
    }
    if let Some(text) = self::ignored(gate) {
        out.push(style.paint(Ink::Faint, &format!("      {text}")));
    }
    out
}

/// Returns how much the conditions leave out: `12 failures ignored`.
pub(crate) fn ignored(gate: &Gate) -> Option<String> {
    (gate.ignored > 0).then(|| format!("{} ignored", count(gate.ignored, "failure", "failures")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(scope: Option<&str>, value: Option<f64>, result: &str) -> Condition {
        Condition {
            expression: "*:failure_rate > 1%".to_owned(),
            scope: scope.map(str::to_owned),
            level: "fail".to_owned(),
            unit: "share".to_owned(),
            value,
            threshold: Some(0.01),
            result: result.to_owned(),
            reason: None,
        }
    }

    #[test]
    fn a_verdict_names_the_worst_functions() {
        let conditions: Vec<Condition> = (0..24)
            .map(|at| {
                let rate = f64::from(at) / 200.0;
                condition(Some(&format!("f{at:02}")), Some(rate), if rate > 0.01 { "fail" } else { "pass" })
            })
            .collect();
        let verdicts = gate_verdicts(&Gate { passed: false, conditions, ignored: 0 });
        assert_eq!(verdicts.len(), 1);
        assert_eq!(verdicts[0].text, "21 of 24 functions: f23 11.5%, f22 11.0%, f21 10.5%, …");
        assert_eq!(verdicts[0].state, GateState::Failed);
    }

    #[test]
    fn what_is_not_known_is_no_pass() {
        let of = |conditions: Vec<Condition>| gate_verdicts(&Gate { passed: false, conditions, ignored: 0 }).remove(0);
        let unknown = of(vec![condition(Some("a"), None, "not_evaluable"), condition(Some("b"), Some(0.0), "pass")]);
        assert_eq!((unknown.state, unknown.text.as_str()), (GateState::NotEvaluable, "the log does not tell it (a)"));
        let few = of(vec![condition(Some("a"), Some(1.0), "too_few")]);
        assert_eq!((few.state, few.text.as_str()), (GateState::Passed, "too few to tell"));
        let none = of(vec![Condition {
            expression: "x-*:failed > 0".to_owned(),
            reason: Some("no function matches".to_owned()),
            ..condition(Some("x-*"), None, "not_evaluable")
        }]);
        assert_eq!(none.text, "no function matches");
    }

    #[test]
    fn values_have_units() {
        for (value, unit, want) in [
            (0.1894, "share", "18.9%"),
            (300_000.0, "ms", "5.0 min"),
            (1_234.0, "count", "1,234"),
            (0.5, "count", "0.5"),
            (512.0, "mb", "512 MB"),
            (1.339, "usd", "$1.34"),
        ] {
            assert_eq!(with_unit(value, unit), want);
        }
    }
}
