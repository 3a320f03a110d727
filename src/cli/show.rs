//! The command `show`: prints the life of one event.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::{collections::BTreeSet, thread};

use super::args::ShowArgs;
use super::exit::{ExitStatus, RunError};
use super::options::{Terminal, effects};
use super::{complain, print_text};
use crate::pipeline::{self, RunAnalysis, ShownAttempt, ShownLine, Silent};
use crate::render::{LifeAttempt, LifeLine, Style, life, one_line};
use crate::summary::Prices;
use crate::wire::Redaction;

/// Most candidates listed for a prefix that fits several ids.
const MOST_CANDIDATES: usize = 20;

pub(super) fn event(args: ShowArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let style = Style { zone: terminal.zone(args.tz.as_ref())?, ..terminal.style(args.color) };
    let request = args.request.clone();
    let options = options(args)?;
    let analysis = pipeline::analyze(&options, &Silent)?;
    for problem in &analysis.summary.coverage.inputs_unreadable {
        complain(&one_line(&format!("{}: {}", problem.input, problem.reason)));
    }
    let events = events(&analysis.shown);
    match events.len() {
        0 => not_found(&analysis, &request),
        1 => {
            print_text(&style.encode(&life(&attempts(&analysis.shown), &style)))?;
            Ok(if analysis.input_failed { ExitStatus::Incomplete } else { ExitStatus::Success })
        }
        _ => Err(RunError::usage(ambiguous(&request, &events))),
    }
}

fn options(args: ShowArgs) -> Result<pipeline::Options, RunError> {
    Ok(pipeline::Options {
        invoker: None,
        paths: if args.paths.is_empty() { vec![PathBuf::from("-")] } else { args.paths },
        exclude: args.exclude,
        function: args.function,
        only: args.only,
        from: None,
        to: None,
        since_ms: None,
        threads: args.threads.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from),
        redaction: if args.no_redact { Redaction::off() } else { Redaction::on() },
        keep_records: false,
        failures_only: false,
        ledger: false,
        show: Some(args.request),
        effects: Arc::new(effects(args.markers.as_deref())?),
        prices: Prices::default(),
        each_log: false,
        outputs: Vec::new(),
    })
}

/// Returns the distinct events among the attempts found, as request id and function.
fn events(shown: &[ShownAttempt]) -> BTreeSet<(&str, &str)> {
    let records = shown.iter().map(|attempt| &attempt.record);
    records
        .map(|record| (record.request_id.as_deref().unwrap_or(""), record.function.as_deref().unwrap_or("")))
        .collect()
}

fn attempts(shown: &[ShownAttempt]) -> Vec<LifeAttempt<'_>> {
    fn line(line: &ShownLine) -> LifeLine<'_> {
        LifeLine { at_ms: line.at_ms, at: line.at.as_deref(), own: line.own, text: &line.text }
    }
    shown
        .iter()
        .map(|shown| LifeAttempt {
            record: &shown.record,
            lines: shown.lines.iter().map(line).collect(),
            left_out: shown.left_out,
        })
        .collect()
}

fn not_found(analysis: &RunAnalysis, request: &str) -> Result<ExitStatus, RunError> {
    let unread = analysis.unread_inputs > 0;
    let status = if analysis.input_failed || unread { ExitStatus::Incomplete } else { ExitStatus::Empty };
    let events = analysis.summary.totals.events;
    let mut message = format!("no request id starts with {request} among {events} events");
    if let Some(first) = analysis.summary.coverage.notes.first().filter(|_| unread) {
        message.push_str(&format!("; {}", one_line(first)));
    }
    Err(RunError { status, message })
}

fn ambiguous(request: &str, events: &BTreeSet<(&str, &str)>) -> String {
    let mut text = format!("'{request}' is ambiguous ({} events); type more of the id:", events.len());
    for (id, function) in events.iter().take(MOST_CANDIDATES) {
        text.push_str(&format!("\n  {}  {}", one_line(id), one_line(function)));
    }
    if events.len() > MOST_CANDIDATES {
        text.push_str(&format!("\n  and {} more", events.len() - MOST_CANDIDATES));
    }
    text
}
