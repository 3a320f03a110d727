//! Lines of `pull --follow`: one for each failed attempt, once it is closed.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use super::complain;
use super::options::RunOptions;
use super::pull_progress::Bars;
use crate::model::{Timestamp, Zone};
use crate::pipeline::{self, Options};
use crate::render::{Style, failed_line, without_commands};
use crate::source::cloudwatch::{FollowPlan, Round};
use crate::wire::{CutEnds, Record, RecordForm};

/// Time after its REPORT in which late lines of an attempt may come.
const CLOSED_AFTER_MS: i64 = 60_000;
/// Time for which an attempt is remembered that was told.
const REMEMBERED_MS: i64 = 60 * 60_000;
/// A round that takes this many times as long as promised is told.
const SLOWER: f64 = 2.0;

/// An attempt that was told: its log stream and request.
type Attempted = (Option<String>, Option<String>);

/// What was told so far.
pub(super) struct FollowLines {
    options: Options,
    bars: Arc<Bars>,
    /// Style of lines on standard output; `None` writes to standard error, as the output is for programs.
    style: Option<Style>,
    /// Zone of the times in lines on standard error.
    zone: Zone,
    quiet: bool,
    columns: usize,
    /// End of the latest attempt that was told.
    told: HashMap<Attempted, i64>,
    /// Seconds of a round that were promised.
    promised_s: Option<f64>,
}

impl FollowLines {
    /// Prepares for the output that the options name first.
    pub(super) fn new(options: &RunOptions, bars: &Arc<Bars>) -> Self {
        let main = options.targets.first();
        let to_people = main.filter(|target| target.path.is_none() && target.renderer.name == "table");
        let pipeline = Options {
            keep_records: true,
            failures_only: false,
            record_form: RecordForm::Full,
            ledger: false,
            show: None,
            threads: 1,
            ..options.pipeline.clone()
        };
        Self {
            options: pipeline,
            bars: Arc::clone(bars),
            style: to_people.map(|target| target.style.clone()),
            zone: options.zone.clone(),
            quiet: options.quiet,
            columns: 0,
            told: HashMap::new(),
            promised_s: None,
        }
    }

    /// Prints a line for each failed attempt that is closed by now. Returns false when nobody reads them any more.
    pub(super) fn round(&mut self, plan: &FollowPlan, round: &Round) -> bool {
        self.promise(plan, round.took_s);
        for record in self.failed(&round.lines, round.until) {
            let style = self.style.clone().unwrap_or_else(|| Style { zone: self.zone.clone(), ..Style::PLAIN });
            let line = failed_line(&record, &mut self.columns, &style);
            let mut is_read = true;
            self.bars.print(|| match self.style {
                Some(_) => is_read = writeln!(io::stdout(), "{}", without_commands(&line)).is_ok(),
                None => complain(&line),
            });
            if !is_read {
                return false;
            }
        }
        true
    }

    /// Says how late a line is, at first and when it gets much later.
    fn promise(&mut self, plan: &FollowPlan, took_s: f64) {
        let round_s = plan.round_s.max(took_s);
        let is_new = self.promised_s.is_none_or(|promised| round_s > promised * SLOWER);
        if !is_new || self.quiet || plan.requests == 0 {
            return;
        }
        self.promised_s = Some(round_s);
        let (requests, round) = (plan.requests, round_s.ceil());
        let groups = if requests == 1 { "one request".to_owned() } else { format!("{requests} requests") };
        let closed_s = CLOSED_AFTER_MS / 1_000;
        let message = format!(
            "following with {groups} every {round:.0} s; delay of a line: {closed_s} to {:.0} s after the REPORT of a failed \
             attempt, or up to {round:.0} s after the next START in its environment; Ctrl-C ends it with the answer",
            closed_s as f64 + round
        );
        self.bars.print(|| complain(&message));
    }

    /// Returns the failed attempts that are closed and were not told, by their end.
    fn failed(&mut self, lines: &[u8], until: Timestamp) -> Vec<Record> {
        let Ok(analysis) = pipeline::analyze_samples(&[("cloudwatch", lines)], &self.options) else {
            return Vec::new();
        };
        let mut text = Vec::new();
        let written = analysis.records.map(|mut records| records.write_to(&mut text));
        if !matches!(written, Some(Ok(()))) {
            return Vec::new();
        }
        let records: Vec<Record> =
            text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let mut latest: HashMap<Option<&str>, i64> = HashMap::new();
        for record in &records {
            let start = latest.entry(record.log_stream.as_deref()).or_insert(i64::MIN);
            *start = (*start).max(record.started_at_ms.unwrap_or(i64::MIN));
        }
        let is_closed = |record: &Record| {
            let (started, ended) = (record.started_at_ms.unwrap_or(i64::MIN), record.ended_at_ms.unwrap_or(i64::MAX));
            let followed = latest.get(&record.log_stream.as_deref()).is_some_and(|latest| *latest > started);
            let is_cut = matches!(record.window_cut, CutEnds::End | CutEnds::Both);
            !is_cut && (followed || ended.saturating_add(CLOSED_AFTER_MS) <= until.ms())
        };
        let is_failed = |record: &&Record| !matches!(record.category.as_str(), "ok" | "incomplete");
        let mut closed: Vec<&Record> = records.iter().filter(is_failed).filter(|one| is_closed(one)).collect();
        closed.sort_by_key(|record| (record.ended_at_ms, record.function.clone(), record.request_id.clone()));
        let mut new = Vec::new();
        for record in closed {
            let attempted = (record.log_stream.clone(), record.request_id.clone());
            let (started, ended) = (record.started_at_ms.unwrap_or(0), record.ended_at_ms.unwrap_or(0));
            // A retry of the same request in the same environment starts after the attempt that was told.
            if self.told.get(&attempted).is_none_or(|told| started > *told) {
                self.told.insert(attempted, ended);
                new.push(record.clone());
            }
        }
        self.told.retain(|_, ended| ended.saturating_add(REMEMBERED_MS) > until.ms());
        new
    }
}
