//! What the parts of a page have in common: the answer, its times, and the anchors of functions and findings.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::matrix;
use super::super::style::Style;
use super::super::time_axis::{Axis, Times, ms};
use super::super::view::View;
use super::markup::{Anchors, slug};
use crate::wire::{Finding, FunctionSummary, Summary};

/// Most cells of the failures over time.
const MOST_CELLS: usize = 60;

/// Most findings in full, unless the user wants another number, and most that have a line.
const MOST_CARDS: usize = 20;
const MOST_LINES: usize = 60;

/// Failed attempts that weigh as much as a lost event.
pub(super) const LOST_WEIGHS: u64 = 10;

/// Place of a function: its name, account and region.
type RowKey<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// A finding with its function.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlacedFinding<'a> {
    pub(super) finding: &'a Finding,
    /// Row of the function in the summary.
    pub(super) row: usize,
    /// Place among the findings of the function.
    pub(super) at: usize,
}

impl PlacedFinding<'_> {
    /// Returns its place in the JSON.
    pub(super) fn path(&self) -> String {
        format!("/functions/{}/findings/{}", self.row, self.at)
    }
}

/// An answer that is to become a page.
pub(super) struct PageContext<'a> {
    pub(super) summary: &'a Summary,
    pub(super) view: &'a View,
    pub(super) style: &'a Style,
    pub(super) times: Times<'a>,
    pub(super) axis: Option<Axis>,
    /// Names and anchors of the functions, by their rows.
    pub(super) names: Vec<String>,
    anchors: Vec<String>,
    rows: HashMap<RowKey<'a>, usize>,
    /// Every finding, worst first: by attempts, and by events lost, which weigh more.
    pub(super) findings: Vec<PlacedFinding<'a>>,
    /// Anchors of the findings, in that order.
    finding_anchors: Vec<String>,
    /// Number of the first finding of a function, by its row.
    first_findings: HashMap<usize, usize>,
}

impl<'a> PageContext<'a> {
    pub(super) fn new(summary: &'a Summary, view: &'a View, style: &'a Style) -> Self {
        let names = matrix::names(summary);
        let mut taken = Anchors::default();
        let anchors: Vec<String> = names.iter().map(|name| taken.take(format!("function-{}", slug(name)))).collect();
        let mut rows = HashMap::new();
        for (row, function) in summary.functions.iter().enumerate() {
            rows.entry(place(function)).or_insert(row);
            // Causes name functions without their place.
            rows.entry((function.function.as_deref(), None, None)).or_insert(row);
        }
        let of = |(row, function): (usize, &'a FunctionSummary)| {
            function.findings.iter().enumerate().map(move |(at, finding)| PlacedFinding { finding, row, at })
        };
        let mut findings: Vec<PlacedFinding<'a>> = summary.functions.iter().enumerate().flat_map(of).collect();
        // Equals stay in the order of functions.
        findings
            .sort_by_key(|one| Reverse(one.finding.lost.saturating_mul(LOST_WEIGHS).saturating_add(one.finding.count)));
        let anchor = |one: &PlacedFinding<'_>| {
            let function = anchors[one.row].trim_start_matches("function-");
            let print = one.finding.fingerprint.as_deref().map_or(String::new(), |print| format!("-{}", slug(print)));
            taken.take(format!("finding-{function}-{}{print}", slug(&one.finding.code)))
        };
        let finding_anchors = findings.iter().map(anchor).collect();
        let mut first_findings = HashMap::new();
        for (number, one) in findings.iter().enumerate() {
            first_findings.entry(one.row).or_insert(number);
        }
        Self {
            summary,
            view,
            style,
            times: Times::of(&summary.window, style),
            axis: Axis::over(&summary.window, &summary.totals.timeline, MOST_CELLS),
            names,
            anchors,
            rows,
            findings,
            finding_anchors,
            first_findings,
        }
    }

    /// Returns the anchor of a function.
    pub(super) fn anchor(&self, row: usize) -> &str {
        self.anchors.get(row).map_or("", String::as_str)
    }

    /// Returns the anchor of a finding, by its number.
    pub(super) fn finding_anchor(&self, number: usize) -> &str {
        self.finding_anchors.get(number).map_or("", String::as_str)
    }

    /// Returns how many findings are on the page in full, and how many with those that have a line.
    pub(super) fn finding_limits(&self) -> (usize, usize) {
        let usual = if self.view.details { usize::MAX } else { MOST_CARDS };
        let cards = self.view.most(usual).min(self.findings.len());
        (cards, (cards + MOST_LINES).min(self.findings.len()))
    }

    /// Returns the number of the first finding of a function that is on the page.
    pub(super) fn first_finding(&self, row: usize) -> Option<usize> {
        self.first_findings.get(&row).copied().filter(|number| *number < self.finding_limits().1)
    }

    /// Returns the row of a function; without account and region that of the first of this name.
    pub(super) fn row(&self, name: Option<&str>, account: Option<&str>, region: Option<&str>) -> Option<usize> {
        self.rows.get(&(name, account, region)).copied()
    }

    /// Formats a moment; a dash where it is not known.
    pub(super) fn time(&self, moment: Option<&str>) -> String {
        moment.and_then(|at| self.times.text(at)).unwrap_or_else(|| "-".to_owned())
    }

    /// Returns the cells of the time axis from one moment to another, for the filter by time: `3 17`, or `3`.
    pub(super) fn cells(&self, first: Option<&str>, last: Option<&str>) -> Option<String> {
        let cell = |moment: Option<&str>| self.axis.as_ref()?.cell_of(ms(moment?)?);
        let first = cell(first)?;
        Some(match cell(last).filter(|last| *last != first) {
            Some(last) => format!("{first} {last}"),
            None => first.to_string(),
        })
    }
}

fn place(function: &FunctionSummary) -> RowKey<'_> {
    (function.function.as_deref(), function.account_id.as_deref(), function.region.as_deref())
}
