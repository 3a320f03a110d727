//! Format `table`: the answer for people. The first screen is the answer; the findings that matter most, the events that
//! need a person and the coverage follow.

use std::io::{self, Write};

use super::escape::without_commands;
use super::style::Style;
use super::{Answer, checks, cloudwatch, coverage, findings, needs, screen};

pub(super) fn render(answer: &mut Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = answer.summary;
    let mut lines = screen::lines(answer, style);
    if !summary.functions.is_empty() {
        lines.extend(findings::lines(summary, answer.view, style));
        lines.extend(cloudwatch::lines(summary, answer.view, style));
        lines.extend(checks::lines(summary, answer.view, style));
        lines.extend(needs::lines(answer, style));
        lines.extend(needs::price(summary, style));
    }
    lines.push(String::new());
    lines.extend(coverage::lines(summary, style));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    for line in lines {
        writeln!(out, "{}", without_commands(&style.encode(line.trim_end())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Commands, View};
    use crate::wire::{Coverage, FunctionSummary, Summary};

    fn fixture() -> Summary {
        serde_json::from_str(include_str!("testdata/summary.json")).unwrap()
    }

    fn text(summary: &Summary, style: &Style) -> String {
        let mut out = Vec::new();
        let commands = Commands {
            analyze: Some("lambda-triage analyze logs".to_owned()),
            show: Some("logs".to_owned()),
            ..Commands::default()
        };
        let view = View::default();
        render(&mut Answer { summary, commands: &commands, view: &view, records: None }, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Compares with a file beside the fixture; `UPDATE_EXPECTED=1` rewrites it.
    #[track_caller]
    fn golden(name: &str, text: &str) {
        let path = format!("{}/src/render/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let want = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, want, "{name}: run with UPDATE_EXPECTED=1 and review the difference");
    }

    #[test]
    fn reads_well() {
        let summary = fixture();
        for width in [80, 120] {
            let text = text(&summary, &Style { width, ..Style::PLAIN });
            golden(&format!("table-{width}.txt"), &text);
            // A command that is broken cannot be pasted.
            let command = |line: &&str| line.contains("  lambda-triage ");
            let long =
                text.lines().filter(|line| !command(line)).find(|line| crate::render::words::width(line) > width);
            assert_eq!(long, None);
        }
    }

    #[test]
    fn colours_change_nothing_else() {
        let summary = fixture();
        let mut painted = text(&summary, &Style { color: true, ..Style::PLAIN });
        for code in ["1", "31", "33", "32", "2", "0"] {
            painted = painted.replace(&format!("\x1b[{code}m"), "");
        }
        let trim = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(trim(&painted), trim(&text(&summary, &Style::PLAIN)));
    }

    #[test]
    fn places_have_columns_where_there_is_more_than_one() {
        let mut summary = fixture();
        assert!(!text(&summary, &Style::PLAIN).contains("ACCOUNT"));
        for (function, account) in summary.functions.iter_mut().zip(["111122223333", "444455556666"]) {
            function.account_id = Some(account.to_owned());
            function.region = Some("eu-west-1".to_owned());
        }
        for width in [60, 80, 200] {
            let text = text(&summary, &Style { width, ..Style::PLAIN });
            assert!(["ACCOUNT", "111122223333", "444455556666"].iter().all(|word| text.contains(word)), "{text}");
            assert!(!text.contains("REGION"), "{text}");
        }
    }

    #[test]
    fn nothing_and_no_failure_and_very_many_are_answers() {
        let mut summary = fixture();
        summary.functions.retain(|function| function.failed == 0);
        (summary.totals.failed, summary.totals.failure_rate) = (0, Some(0.0));
        (summary.totals.outcomes, summary.causes) = (Default::default(), Vec::new());
        summary.coverage.complete = true;
        let fine = text(&summary, &Style::PLAIN);
        assert!(fine.starts_with("None of 1,190,224 attempts failed") && fine.contains(" complete\n"), "{fine}");
        assert!(fine.contains("10 functions, ") && fine.contains("\nfine-9 "), "{fine}");
        summary.functions.clear();
        summary.coverage = Coverage { complete: true, ..Coverage::default() };
        assert_eq!(text(&summary, &Style::PLAIN), "No Lambda invocation found\n");
        summary.functions = (0..300)
            .map(|n| FunctionSummary { function: Some(format!("f{n}")), attempts: 9, failed: 9, ..Default::default() })
            .collect();
        let many = text(&summary, &Style::PLAIN);
        assert!(many.contains(" more with failures"), "{many}");
    }
}
