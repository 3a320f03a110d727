//! Findings of the table: below each function what went wrong, since when, the proof, and what to do.

use std::collections::HashSet;

use super::checks;
use super::escape::one_line;
use super::finding_text::{attempts, care, error, silent_end, versions, when};
use super::links::{self, LinkedPlace};
use super::matrix;
use super::said::Said;
use super::style::{Ink, Links, Style};
use super::time_axis::Times;
use super::view::View;
use super::words::{count, duration, fold, shorten_end, shorten_middle, width};
use crate::model::LocalTime;
use crate::wire::{Finding, FunctionSummary, Summary};

/// Most findings shown per function where several functions have some, and where only one has; the rest is counted.
const MOST_FINDINGS: usize = 2;
const MOST_OF_ONE: usize = 5;
/// Widest column of prose, since longer lines are hard to read.
const MOST_PROSE: usize = 96;
/// Most functions with findings shown; the rest is counted.
const MOST_FUNCTIONS: usize = 5;

/// Returns the lines of the findings that matter most, or of as many as the user wants.
pub(super) fn lines(summary: &Summary, view: &View, style: &Style) -> Vec<String> {
    let with_findings: Vec<&FunctionSummary> =
        summary.functions.iter().filter(|function| !function.findings.is_empty()).collect();
    let usual = if with_findings.len() > 1 { MOST_FINDINGS } else { MOST_OF_ONE };
    let (functions, findings) = match view.details {
        true => (view.most(usize::MAX), usize::MAX),
        false => (view.most(MOST_FUNCTIONS), usual),
    };
    let mut page = Findings {
        summary,
        style,
        times: Times::of(&summary.window, style),
        most: findings,
        told: HashSet::new(),
        explained: HashSet::new(),
        linked: false,
        out: Vec::new(),
    };
    let mut shown = 0;
    for function in &with_findings {
        // The same in another function is one of its causes' functions, and would only be longer to read.
        let is_new = |finding: &Finding| view.details || !page.told.contains(&(&*finding.code, &*finding.hint));
        if shown < functions && function.findings.iter().take(findings).any(is_new) {
            page.function(function, view.details);
            shown += 1;
        }
    }
    if let Some(more) = with_findings.len().checked_sub(shown).filter(|more| *more > 0) {
        let (more, have) =
            (count(more as u64, "more function", "more functions"), if more == 1 { "has" } else { "have" });
        page.out.push(String::new());
        let text = format!("{more} {have} findings: --details, --only NAME, or --format json");
        page.out.extend(fold(&text, style.width));
    }
    if style.links != Links::None && shown > 0 && !page.linked {
        page.out.extend([String::new(), links::NONE.to_owned()]);
    }
    page.out
}

struct Findings<'a> {
    summary: &'a Summary,
    style: &'a Style,
    times: Times<'a>,
    /// Most findings of a function.
    most: usize,
    /// Codes and advice of the findings that were shown.
    told: HashSet<(&'a str, &'a str)>,
    /// Codes whose page was already referred to.
    explained: HashSet<&'a str>,
    /// Some finding has links.
    linked: bool,
    out: Vec<String>,
}

impl<'a> Findings<'a> {
    fn function(&mut self, function: &'a FunctionSummary, again: bool) {
        self.out.push(String::new());
        self.out.push(
            self.style.paint(Ink::Strong, &shorten_middle(&matrix::name(function, self.summary), self.style.width)),
        );
        if let Some(told) = checks::invokers(function).filter(|_| again) {
            let text = format!("invoked by {told}");
            let lines = fold(&text, self.style.width.saturating_sub(2).clamp(20, MOST_PROSE));
            self.out.extend(lines.iter().map(|line| format!("  {line}")));
        }
        let (mut left, mut rest) = (0, 0);
        for (at, finding) in function.findings.iter().enumerate() {
            if at < self.most && (self.told.insert((&finding.code, &finding.hint)) || again) {
                self.finding(function, finding);
            } else {
                left += 1;
                rest += finding.count;
            }
        }
        if left > 0 {
            let text = format!(
                "{} ({}): --details",
                count(left, "more finding", "more findings"),
                count(rest, "attempt", "attempts"),
            );
            self.out.push(format!("  {}", self.style.paint(Ink::Faint, &text)));
        }
    }

    fn finding(&mut self, function: &FunctionSummary, finding: &'a Finding) {
        self.head(function, finding);
        self.outcome(finding);
        self.error(finding);
        self.evidence(finding);
        self.links(function, finding);
        let advice = care(finding).map(|(what, value)| format!("{what}: {value}"));
        let together = advice.join("   ");
        if width(&together) <= self.room() {
            self.body(&together);
        } else {
            advice.iter().for_each(|text| self.body(text));
        }
        for line in fold(&one_line(&finding.hint), self.room().min(MOST_PROSE)) {
            self.body(&line);
        }
        if self.explained.insert(&finding.code) {
            let more = format!("More: lambda-triage explain {}", one_line(&finding.code));
            self.body(&self.style.paint(Ink::Faint, &more));
        }
    }

    /// Prints `timeout.invoke  1,204 attempts since 03:11, last 03:29, ongoing, version 42 only    low confidence`.
    ///
    /// Text that does not fit goes below.
    fn head(&mut self, function: &FunctionSummary, finding: &Finding) {
        let code = one_line(&finding.code);
        // Most are high; a word at every finding would be read as its severity.
        let sure = finding.confidence == "high";
        let confidence = if sure { String::new() } else { format!("{} confidence", one_line(&finding.confidence)) };
        let room = self.style.width.saturating_sub(width(&code) + width(&confidence) + 6 - 2 * usize::from(sure));
        let attempts = attempts(finding, "").text();
        let when = when(finding, "", &self.times).map(|when| when.text());
        let (text, below) = self.fit(&attempts, when, versions(function, finding), room);
        self.out.push(format!(
            "  {}  {text}{}  {}",
            self.style.paint(Ink::Bad, &code),
            " ".repeat(room.saturating_sub(width(&text))),
            self.style.paint(Ink::Faint, &confidence)
        ));
        if !below.is_empty() {
            self.body(&shorten_end(&below, self.room()));
        }
    }

    /// Returns the text beside the code, and the rest for the line below.
    fn fit(&self, attempts: &str, when: Option<String>, versions: Option<String>, room: usize) -> (String, String) {
        let with_time = when.as_ref().map_or(attempts.to_owned(), |when| format!("{attempts} {when}"));
        let with_all = versions.as_ref().map_or(with_time.clone(), |versions| format!("{with_time}, {versions}"));
        if width(&with_all) <= room {
            (with_all, String::new())
        } else if width(&with_time) <= room {
            (with_time, versions.unwrap_or_default())
        } else {
            let rest: Vec<String> = when.into_iter().chain(versions).collect();
            (shorten_end(attempts, room), rest.join(", "))
        }
    }

    /// Formats a time, with its date if the window has more than one.
    fn clock(&self, at: &LocalTime, part: fn(&LocalTime) -> String) -> String {
        self.times.dated(at, part(at), &at.date)
    }

    fn outcome(&mut self, finding: &Finding) {
        let mut parts = Vec::new();
        if finding.recovered > 0 {
            parts.push(format!("{} recovered on a retry", count(finding.recovered, "event", "events")));
        }
        if finding.lost > 0 {
            let what = if parts.is_empty() {
                count(finding.lost, "event", "events")
            } else {
                count(finding.lost, "", "").trim().to_owned()
            };
            parts.push(self.style.paint(Ink::Bad, &format!("{what} lost")));
        }
        if !parts.is_empty() {
            self.body(&parts.join(", "));
        }
    }

    fn error(&mut self, finding: &Finding) {
        let Some(text) = error(finding) else { return };
        self.body(&shorten_end(&one_line(&text), self.room()));
    }

    /// Prints the line that proves the finding; for an attempt that was cut off, its last line and the silence after
    /// it.
    fn evidence(&mut self, finding: &Finding) {
        let Some(example) = finding.examples.first() else { return };
        let (said, tail) = match (silent_end(example), example.evidence.first()) {
            (Some((line, silence)), _) => (Said::read(line), format!(" … then {} of silence", duration(silence))),
            (None, Some(line)) => {
                let said = Said::read(&line.message);
                // A message in an object has its quotes escaped.
                let tells = |message: &str| {
                    let plain = |text: &str| text.contains(message) || text.replace("\\\"", "\"").contains(message);
                    plain(&line.message) || plain(&said.text)
                };
                let told = finding.message.as_deref().is_some_and(tells);
                let text = if told { String::new() } else { self.point(finding, &said.text) };
                (Said { at: line.at.clone().or(said.at), text }, String::new())
            }
            (None, None) => return,
        };
        let at = said.at.as_deref().and_then(|at| self.style.local(at));
        let at = at.map_or(String::new(), |at| self.clock(&at, LocalTime::millis) + " ");
        if !said.text.is_empty() {
            let room = self.room().saturating_sub(width(&tail));
            let text = shorten_end(&format!("{at}{}", one_line(&said.text)), room);
            let text = if tail.is_empty() { text } else { format!("{}{tail}", text.trim_end_matches('…')) };
            self.body(&self.style.paint(Ink::Faint, &text));
        }
        let Some(line) = example.evidence.first() else { return };
        let at = if said.text.is_empty() { at } else { String::new() };
        // The file and the number of the line stand at the end.
        let place = one_line(&format!("{}:{}", line.input, line.line_number)).into_owned();
        let place = shorten_middle(&place, self.room().saturating_sub(width(&at)));
        self.body(&self.style.paint(Ink::Faint, &format!("{at}{place}")));
    }

    /// Prints the links of the attempt that proves the finding. They may be longer than the width: a part leads nowhere.
    fn links(&mut self, function: &FunctionSummary, finding: &Finding) {
        let Some(example) = finding.examples.first().filter(|_| self.style.links != Links::None) else { return };
        let place = LinkedPlace::of_example(function, example);
        let lines = links::lines(&place, self.style);
        self.linked |= !lines.is_empty();
        lines.iter().for_each(|line| self.body(line));
    }

    /// Returns the part of a long line that carries the point: the error, with a little of what stands before it.
    fn point(&self, finding: &Finding, text: &str) -> String {
        const BEFORE: usize = 12;
        let words = finding.message.as_deref().or(finding.error_type.as_deref()).filter(|words| !words.is_empty());
        let begins = |words: &str| words.get(..words.floor_char_boundary(24)).and_then(|words| text.find(words));
        let at = words.and_then(begins);
        match at {
            Some(at) if width(text) > self.room() && at > self.room() / 2 => {
                format!("…{}", &text[text.floor_char_boundary(at - BEFORE)..])
            }
            _ => text.to_owned(),
        }
    }

    fn body(&mut self, text: &str) {
        self.out.push(format!("    {text}"));
    }

    /// Returns the columns available inside a finding.
    fn room(&self) -> usize {
        self.style.width.saturating_sub(4).max(20)
    }
}
