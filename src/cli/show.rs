//! The command `show`: prints the life of one event, from logs or from what the last pull kept.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::args::{ShowArgs, ShowFormat};
use super::exit::{ExitStatus, RunError};
#[cfg(feature = "cloudwatch")]
use super::kept;
use super::options::{Terminal, effects};
use super::settings::LoadedSettings;
use super::{complain, print_long, print_text};
use crate::effects::Markers;
use crate::pipeline::{self, RunAnalysis, Showing, Silent};
use crate::render::{Style, document_text, life, life_markdown, one_line};
use crate::summary::Prices;
use crate::wire::{RecordForm, ShownEvent};

/// Most candidates listed for a prefix that fits several ids.
const MOST_CANDIDATES: usize = 20;
/// Message without any input.
const NOTHING: &str = "no input: name a file or a directory, or pipe a log in";

pub(super) fn event(args: ShowArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let settings = LoadedSettings::load(&args.config, &terminal.settings)?;
    let (zone, config) = (settings.zone(args.tz.as_ref()), settings.config);
    let style = terminal.style(args.color);
    let width = config.width.map_or(style.width, usize::from);
    let style = Style { zone, width, links: terminal.links(args.links), ..style };
    if args.paths.is_empty() && terminal.stdin {
        #[cfg(feature = "cloudwatch")]
        return of_last_pull(&args, terminal, &style);
        #[cfg(not(feature = "cloudwatch"))]
        return Err(RunError::usage(NOTHING));
    }
    let (request, format) = (args.request.clone(), args.format);
    let (quiet, no_pager) = (args.quiet, args.no_pager);
    let options = pipeline::Options { stop: terminal.stop.clone(), ..options(args, config.markers)? };
    let analysis = pipeline::analyze(&options, &Silent)?;
    if let Some(text) = &analysis.interrupted {
        complain(text);
    }
    for problem in analysis.summary.coverage.inputs_unreadable.iter().filter(|_| !quiet) {
        complain(&one_line(&format!("{}: {}", problem.input, problem.reason)));
    }
    if analysis.shown.is_empty() {
        return not_found(&analysis, &request);
    }
    print((&analysis.shown, &request), format, &style, (terminal, no_pager))?;
    Ok(if analysis.input_failed { ExitStatus::Incomplete } else { ExitStatus::Success })
}

/// Prints an event of the last pull.
#[cfg(feature = "cloudwatch")]
fn of_last_pull(args: &ShowArgs, terminal: &Terminal, style: &Style) -> Result<ExitStatus, RunError> {
    let Some(directory) = &terminal.state else { return Err(RunError::usage(NOTHING)) };
    let found = kept::find(directory, &args.request).map_err(|error| {
        let path = kept::file(directory);
        RunError::io(one_line(&format!("{}: {error}; pull again, or name a file", path.display())).into_owned())
    })?;
    let Some((pull, events)) = found else {
        return Err(RunError::usage(format!("{NOTHING}; what failed in the last pull is kept, but there was none")));
    };
    let reads_a_log = [
        ("--markers", args.markers.is_some()),
        ("--function", args.function.is_some()),
        ("--only", !args.only.is_empty()),
        ("--exclude", !args.exclude.is_empty()),
        ("--no-redact", args.masking.no_redact),
    ];
    if let Some((flag, _)) = reads_a_log.iter().find(|(_, given)| *given) {
        return Err(RunError::usage(format!("{flag} needs a PATH: what is kept of the last pull is shown as it is")));
    }
    let at = style
        .local(&pull.pulled_at)
        .map_or_else(|| pull.pulled_at.clone(), |at| format!("{} {}", at.date, at.zoned(at.minutes())));
    let whence = one_line(&format!("the pull of {at}")).into_owned();
    if events.is_empty() {
        let mut message =
            format!("{whence} kept no event whose request id starts with {}: only failures", args.request);
        message.push_str(" are kept, and a PATH or pull --save reads everything");
        if pull.left_out > 0 {
            message.push_str(&format!("; {} attempts were too much to keep", pull.left_out));
        }
        if !pull.complete {
            message.push_str("; it did not read all of the log");
        }
        return Err(RunError { status: ExitStatus::Empty, message });
    }
    complain(&format!("from {whence}{}", if pull.complete { "" } else { ", which did not read all of the log" }));
    // Flags of this run may ask for more than those of the pull did.
    let events = args.masking.redaction().masked_document(&events).map_err(|error| RunError::io(error.to_string()))?;
    print((&events, &args.request), args.format, style, (terminal, args.no_pager))?;
    Ok(ExitStatus::Success)
}

/// Prints the event if there is just one.
fn print(
    (events, request): (&[ShownEvent], &str),
    format: ShowFormat,
    style: &Style,
    (terminal, no_pager): (&Terminal, bool),
) -> Result<(), RunError> {
    let [event] = events else { return Err(RunError::usage(ambiguous(request, events))) };
    let text = match format {
        ShowFormat::Text => return print_long(&style.encode(&life(event, style)), terminal, no_pager).map(drop),
        ShowFormat::Markdown => life_markdown(event, style),
        ShowFormat::Json => document_text(event).map_err(|error| RunError::io(error.to_string()))?,
    };
    print_text(&text).map(drop)
}

fn options(args: ShowArgs, markers: Option<Markers>) -> Result<pipeline::Options, RunError> {
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
        redaction: args.masking.redaction(),
        keep_records: false,
        failures_only: false,
        record_form: RecordForm::Full,
        ledger: false,
        show: Some(Showing::Event(args.request)),
        effects: Arc::new(effects(args.markers.as_deref(), markers)?),
        prices: Prices::default(),
        each_log: false,
        ..pipeline::Options::default()
    })
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

fn ambiguous(request: &str, events: &[ShownEvent]) -> String {
    let one_id = events.iter().all(|event| event.request_id == events[0].request_id);
    let remedy = if one_id { "choose one of the functions with --only" } else { "type more of the id" };
    let mut text = format!("'{request}' is ambiguous ({} events); {remedy}:", events.len());
    for event in events.iter().take(MOST_CANDIDATES) {
        let [id, function] = [&event.request_id, &event.function].map(|name| name.as_deref().unwrap_or(""));
        text.push_str(&format!("\n  {}  {}", one_line(id), one_line(function)));
    }
    if events.len() > MOST_CANDIDATES {
        text.push_str(&format!("\n  and {} more", events.len() - MOST_CANDIDATES));
    }
    text
}
