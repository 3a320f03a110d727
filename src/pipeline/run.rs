//! One run: workers read the inputs, streams are joined, the final pass makes the summary.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustc_hash::FxHashMap;

use super::name_filter::NameFilter;
use super::records::Records;
use super::shown::Shown;
use super::stream_part::StreamPart;
use super::tally::{Tally, masked_tail};
use super::worker::{Job, Worker};
use super::{AnalyzeError, Options, PlatformWords, Progress, RunAnalysis};
use crate::account::{self, AllCounted, AwsConfig, FunctionMetrics};
use crate::catalogue::CATALOGUE_VERSION;
use crate::decode::WindowMemory;
use crate::model::{LoggedFunction, Mentions, Moment, Note, Timestamp, count};
use crate::source::saved::AccountTold;
use crate::source::{Input, InputSource};
use crate::summary::{self, ExampleChoice, NamelessPlace, SharedTables, SummaryOptions};
use crate::wire::{InputProblem, SCHEMA_VERSION, Summary};

pub(super) fn run(
    feed: &dyn InputSource,
    options: &Options,
    progress: &dyn Progress,
) -> Result<RunAnalysis, AnalyzeError> {
    let shared = SharedTables::new(example_choice(options), options.account.destinations.as_ref());
    let inputs = feed.inputs();
    // The end of a pipe is not known, nor with it that of everything.
    if let Some(total) = inputs.iter().map(|input| input.size).sum() {
        progress.total(total);
    }
    let (keep, windows) = (options.keep(), WindowMemory::default());
    let job = Job { options, inputs, feed, shared: &shared, windows: &windows, keep: &keep, progress };
    let workers = read_all(&job);

    let mut tally = Tally::default();
    tally.unreadable.extend(feed.problems().iter().chain(&options.account.problems).cloned());
    tally.skipped.extend(feed.skipped().iter().chain(&options.account.skipped).cloned());
    let (mut entries, mut spools, mut shown) = (Vec::new(), Vec::new(), Shown::new(None));
    let (mut windows, mut spool_error, mut account) = (Vec::new(), None, Vec::new());
    for worker in workers.into_iter().flat_map(Worker::with_helpers) {
        spool_error = spool_error.or(worker.spool_error);
        tally.merge(worker.tally);
        entries.push(worker.entries);
        spools.extend(worker.spool);
        windows.extend(worker.windows);
        account.extend(worker.account);
        shown.merge(worker.shown);
    }
    let interrupted = options.stop.requested().and_then(|signal| {
        let (whole, all) = (tally.inputs - tally.left_early, inputs.len() as u64);
        // Scripts may read these numbers.
        let note = format!(
            "interrupted by {} after {whole} of {all} {}: what was not read is missing",
            signal.name(),
            if all == 1 { "input" } else { "inputs" }
        );
        // Of a directory that was not listed to its end there may be none.
        (whole < all || all == 0).then_some(note)
    });
    if let Some(text) = interrupted.clone() {
        tally.note(Note { incomplete: true, text });
    }
    account.push(ask_account(feed, &shared.logged(&entries), options, &mut tally));
    let metrics = metrics(&account, options, &mut tally);
    let metrics = metrics.as_ref().or(options.account.cloudwatch_metrics.as_ref());
    let config = config(&account, options, &mut tally);
    let config = config.as_ref().or(options.account.aws_config.as_ref());
    options.account.notes(metrics, config).into_iter().for_each(|text| tally.note(Note { incomplete: false, text }));
    let mut counted = AllCounted::default();
    account.iter_mut().flat_map(|told| std::mem::take(&mut told.counted)).for_each(|one| counted.add(one));
    let told = if windows.len() == inputs.len() { asked_for(&windows, options) } else { (None, None) };
    let filter = NameFilter::new(&options.only)?;
    let wanted = |name: Option<&str>| filter.wants(name);
    let wanted_place = |place: NamelessPlace<'_>| match place {
        NamelessPlace::Input(at) => filter.wants_place(inputs.get(at as usize).map(|input| input.name.as_str())),
        NamelessPlace::Told(text) => filter.wants_place(Some(text)),
    };
    let bounds = SummaryOptions {
        from: options.from.clone().or(told.0.map(Moment::At)),
        to: options.to.clone().or(told.1.map(Moment::At)),
        since_ms: options.since_ms,
        wanted: &wanted,
        wanted_place: if filter.has_places() { Some(&wanted_place) } else { None },
        invoker: options.invoker,
        destinations: options.account.destinations.as_ref(),
        cloudwatch_metrics: metrics,
        counted: &counted,
        aws_config: config,
        prices: options.prices,
        keep_patches: options.keep_records || options.ledger || options.show.is_some(),
        keep_ledger_events: options.ledger,
        threads: options.threads,
    };
    let totals = summary::summarize(&shared, entries, &bounds).map_err(AnalyzeError::TemporaryFile)?;
    if let Some(note) = not_counted(&totals.without_successes) {
        tally.note(note);
    }
    for function in &totals.hiding {
        tally.hides_successes(function);
    }
    if let Some((attempts, first)) = totals.too_large {
        let (of, input) =
            (count(attempts, "attempt", "attempts"), inputs.get(first.input as usize).map_or("", |input| &input.name));
        let text = format!(
            "{input}: figures of {of} are too large to be counted, the first at line {}: the records have them, the totals \
             lack them",
            first.line
        );
        tally.note(Note { incomplete: true, text });
    }
    if totals.caught_without_attempts.0 > 0 {
        let what =
            "that a destination caught failed in this window, and the log has no attempt of them: it is not whole";
        tally.note(Note { incomplete: true, text: lacking(&totals.caught_without_attempts, what) });
    }
    if totals.with_more_attempts.0 > 0 {
        let what = "had more attempts than the log, by the records of destinations: the log lacks attempts";
        tally.note(Note { incomplete: true, text: lacking(&totals.with_more_attempts, what) });
    }
    if totals.contested > 0 {
        let what =
            "of a dead-letter queue, which name no function, are of requests that failed in several: they catch none";
        let text = format!("{} {what}", count(totals.contested, "message", "messages"));
        tally.note(Note { incomplete: false, text });
    }
    if let Some(names) = &totals.in_two_functions {
        tally.note(Note { incomplete: true, text: in_two_functions(names) });
    }
    for (text, incomplete) in totals.other_than_metrics.into_iter().chain(totals.insights_notes) {
        tally.note(Note { incomplete, text });
    }
    for place in totals.disordered.values() {
        tally.disordered(inputs.get(place.input as usize).map_or("", |input| &input.name), place.line);
    }
    let (shown, failed_events) = shown.split_failed(&totals.patches);
    let shown = shown.into_events(&totals.patches);
    let partial = std::mem::take(&mut tally.partial);
    tally.unreadable.extend(partial.into_iter().filter_map(|at| inputs.get(at as usize)).map(partial_records));
    let input_failed = !tally.unreadable.is_empty() || interrupted.is_some();
    let mentions = tally.take_mentions().and_then(|(at, mentions)| {
        let Mentions { lines, first, before } = mentions;
        let before = masked_tail(&before, &options.redaction);
        Some(PlatformWords { lines, input: inputs.get(at as usize)?.name.clone(), line: first, before })
    });
    let poorly_understood = tally.by_input.as_ref().map_or_else(Vec::new, |by_input| by_input.too_small(inputs));
    let (unread_inputs, unread_logs) = (tally.unread_inputs(), tally.unread_logs());
    // Records are of attempts that were read.
    let understood = counted.is_empty() && !input_failed && unread_inputs == 0 && !tally.has_unrecognized();
    let records = (options.keep_records || options.ledger).then(|| match spool_error {
        None => Records::new(spools, totals.patches, understood, options.failures_only, options.record_form)
            .unwrap_or_else(|error| Records::missing(&error)),
        Some(error) => Records::missing(&error),
    });
    let mut summary = Summary {
        schema: SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        catalogue_version: CATALOGUE_VERSION.to_owned(),
        window: totals.window,
        coverage: tally.coverage(totals.duplicates),
        causes: totals.causes.0,
        causes_total: totals.causes.1,
        gate: None,
        events_to_check_total: totals.totals.needs_person.events,
        totals: totals.totals,
        functions: totals.functions,
        events_to_check: totals.events_to_check,
        checks: Vec::new(),
        checks_total: 0,
        checks_high: 0,
        comparison: None,
        config_file: None,
        ignored: Vec::new(),
    };
    let found = account::checks(&summary, config);
    (summary.checks, summary.checks_total, summary.checks_high) = (found.listed, found.all, found.high);
    summary.mask_told_by_account(&options.redaction);
    summary.mask_request_ids(&options.redaction);
    Ok(RunAnalysis {
        empty: summary.is_empty(),
        summary,
        records,
        ledger_events: totals.ledger_events,
        shown,
        outside: totals.outside,
        failed_events,
        input_failed,
        interrupted,
        unread_inputs,
        unread_logs,
        poorly_understood,
        platform_words: mentions,
    })
}

/// Asks what the account tells besides its logs, if the inputs come from one.
fn ask_account(feed: &dyn InputSource, logged: &[LoggedFunction], options: &Options, tally: &mut Tally) -> AccountTold {
    let (mut told, bytes) = feed.ask_account(logged);
    tally.bytes_read += bytes;
    let name = feed.inputs().first().map_or("", |input| input.name.as_str());
    for Note { incomplete, text } in std::mem::take(&mut told.notes) {
        tally.note(Note { incomplete, text: format!("{name}: {}", options.redaction.masked(&text)) });
    }
    told
}

/// Returns the metrics that were given together with those that pulls have with them; `None` if only the former are there.
fn metrics(account: &[AccountTold], options: &Options, tally: &mut Tally) -> Option<FunctionMetrics> {
    let mut all = None;
    for told in account.iter().filter(|told| !told.cloudwatch_metrics.is_empty()) {
        let all = all.get_or_insert_with(|| options.account.cloudwatch_metrics.clone().unwrap_or_default());
        let mut metrics = FunctionMetrics::default();
        for answer in &told.cloudwatch_metrics {
            if let Err(why) = metrics.read(answer.to_string().as_bytes()) {
                tally.note(Note { incomplete: true, text: format!("CloudWatch metrics of a pull: {why}") });
            }
        }
        all.merge(metrics);
    }
    all
}

/// Name of an account as the source of what it answered.
const AWS: &str = "AWS";

/// Returns the configuration that was given together with that which pulls have with them; `None` if only the former is
/// there.
fn config(account: &[AccountTold], options: &Options, tally: &mut Tally) -> Option<AwsConfig> {
    let documents = account.iter().flat_map(|told| &told.aws_config).filter(|_| !options.account.aws_config_off);
    // Several pulls may have the same one.
    let documents: BTreeSet<String> = documents.map(ToString::to_string).collect();
    let mut all = None;
    for document in documents {
        let all: &mut AwsConfig = all.get_or_insert_with(|| options.account.aws_config.clone().unwrap_or_default());
        if let Err(why) = all.read(document.as_bytes(), AWS) {
            tally.note(Note { incomplete: true, text: format!("configuration of a pull: {why}") });
        }
    }
    all.iter_mut().for_each(AwsConfig::settle);
    all
}

/// Says what the log lacks of events that destinations tell of.
fn lacking((events, functions): &(u64, BTreeSet<String>), what: &str) -> String {
    let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
    let of = if functions.is_empty() { String::new() } else { format!(" (functions: {})", functions.join(", ")) };
    format!("{} {what}{of}", count(*events, "event", "events"))
}

/// Says that two functions have attempts in common.
fn in_two_functions([one, other]: &[Option<String>; 2]) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "a log that names no function".to_owned());
    let remedy = match (one, other) {
        (Some(_), Some(_)) => "read one of the logs only",
        _ => "name its function with --function, or leave it out",
    };
    format!("{} and {} have attempts in common, which count in both: {remedy}", name(one), name(other))
}

/// Says of which functions successes were neither read nor counted.
fn not_counted(functions: &[String]) -> Option<Note> {
    let first = functions.first()?;
    let more = match functions.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more functions"),
    };
    let text = format!(
        "{first}{more}: attempts that succeeded were neither read nor counted for this time, so attempts are too few and rates \
         are not known; read them all: pull with --engine filter, or records written without --failures-only"
    );
    Some(Note { incomplete: true, text })
}

/// Says of records that their log was not read or understood as a whole.
fn partial_records(input: &Input) -> InputProblem {
    let reason = "its records are of a log that was not read, or not understood, as a whole; read that log".to_owned();
    InputProblem { input: input.name.clone(), reason }
}

/// Returns which attempts are examples, as far as the options tell before the end of the log is known.
fn example_choice(options: &Options) -> ExampleChoice {
    let known = |bound: &Option<Moment>| match bound {
        Some(Moment::At(at)) => Some(*at),
        _ => None,
    };
    let depends = matches!(options.from, Some(Moment::Ago(_) | Moment::TimeOfDay(..)));
    ExampleChoice { from: known(&options.from), to: known(&options.to), latest: depends || options.since_ms.is_some() }
}

/// Returns the time range for which pulled inputs were requested, unless the user now names another.
fn asked_for(windows: &[(Timestamp, Timestamp)], options: &Options) -> (Option<Timestamp>, Option<Timestamp>) {
    if options.from.is_some() || options.to.is_some() || options.since_ms.is_some() {
        return (None, None);
    }
    (windows.iter().map(|window| window.0).min(), windows.iter().map(|window| window.1).max())
}

/// Size of an input, in bytes, from which on a second thread gains more than it costs.
const WORTH_A_THREAD: u64 = 1 << 20;

/// Reads every input and closes every stream. The first worker of the result closed the streams of several inputs.
fn read_all<'r>(job: &Job<'r>) -> Vec<Worker<'r>> {
    let wanted = job.options.threads.max(1);
    let threads = wanted.min(job.inputs.len().max(1));
    let mut workers: Vec<_> = (0..threads).map(|_| Worker::new(job)).collect();
    let next = AtomicUsize::new(0);
    let shares = stream_shares(job);
    // Whether no other input continues the stream.
    let is_whole = |stream_part: &StreamPart| {
        let named_by_path = stream_part.origin.log_stream.as_ref().and_then(|stream| shares.get(stream.as_str()));
        job.inputs.len() == 1 || stream_part.stream.is_none() || named_by_path == Some(&1)
    };
    // Threads without a large input of their own help with the large inputs there are.
    let is_large = |input: &Input| input.size.is_none_or(|size| size >= WORTH_A_THREAD);
    let large = job.inputs.iter().filter(|input| is_large(input)).count();
    let threads_for = |at: usize| if is_large(&job.inputs[at]) { wanted.div_ceil(large) } else { 1 };
    let work = |worker: &mut Worker<'r>| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            // A beginning of the first may have been read before.
            if at >= job.inputs.len() || at > 0 && job.options.stop.requested().is_some() {
                break;
            }
            worker.read(job, at, threads_for(at), is_whole);
        }
        worker.entries.rest();
    };
    match workers.as_mut_slice() {
        [worker] => work(worker),
        workers => thread::scope(|scope| {
            for worker in workers {
                scope.spawn(|| work(worker));
            }
        }),
    }
    let stream_parts: Vec<StreamPart> =
        workers.iter_mut().flat_map(|worker| std::mem::take(&mut worker.stream_parts)).collect();
    let mut streams: FxHashMap<u64, Vec<StreamPart>> = FxHashMap::default();
    for stream_part in stream_parts {
        if let Some(stream) = stream_part.stream {
            streams.entry(stream).or_default().push(stream_part);
        }
    }
    let mut streams: Vec<Vec<StreamPart>> = streams.into_values().collect();
    streams.sort_by_key(|stream_parts| {
        stream_parts.iter().map(|stream_part| (stream_part.part.span(), stream_part.input)).min()
    });
    if let Some(worker) = workers.first_mut() {
        for stream_parts in streams {
            worker.close_stream(stream_parts);
        }
    }
    workers
}

/// Counts the inputs per stream that their path names.
fn stream_shares<'r>(job: &Job<'r>) -> FxHashMap<&'r str, u32> {
    let mut shares = FxHashMap::default();
    for input in job.inputs {
        if let Some(stream) = &input.context.log_stream {
            *shares.entry(stream.as_str()).or_default() += 1;
        }
    }
    shares
}
