//! The command `pull`: turns arguments into a request and the result into an exit status.

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::again;
use super::analyze::{finish, open_outputs};
use super::args::{AwsConfigSource, MetricsSource, PullArgs, PullEngine};
use super::exit::{ExitStatus, RunError};
use super::follow::FollowLines;
use super::moments::TimeLength;
use super::options::{RunOptions, Terminal, bounds};
use super::output::OutputFile;
use super::pull_progress::Bars;
use super::{complain, kept, show_help};
use crate::model::{Moment, Occurrence, Timestamp, Zone};
use crate::pipeline::{self, AnalyzeError, NameFilter, RunAnalysis, Showing};
use crate::render::one_line;
use crate::source::FileId;
use crate::source::cloudwatch::{FunctionFilter, Pull, PullError, Request, SearchEngine, Signal, plain_io};
use crate::source::now;
use crate::source::saved::{self, Names, PullTrailer};

/// Input name of a pull that is not saved.
const UNSAVED: &str = "cloudwatch";
/// Default window, before the end.
const SINCE: TimeLength = TimeLength(3_600_000);
/// Default window of `--follow`, before its beginning.
const SINCE_FOLLOW: TimeLength = TimeLength(600_000);
const MS_PER_DAY: i64 = 86_400_000;

/// Pulls logs and analyses them.
pub(super) fn run(mut args: PullArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let nothing = args.functions.is_empty() && !args.all && args.prefix.is_empty() && args.log_group.is_empty();
    if nothing && args.resume.is_none() {
        show_help("pull");
        return Err(RunError::usage("nothing to pull: name a function, or use --all, --prefix or --log-group"));
    }
    let save = args.save.take();
    if save.as_ref().is_some_and(|save| save.as_os_str() == "-") {
        return Err(RunError::usage("--save needs a file"));
    }
    let asks_metrics = asks_metrics(&mut args)?;
    let asks_config = asks_config(&mut args)?;
    let no_redact = args.shared.masking.no_redact;
    let mut options = RunOptions::shared(std::mem::take(&mut args.shared), save.as_deref(), terminal)?;
    options.commands = again::of_saved(save.as_deref(), options.ledger.is_some());
    options.pulled = true;
    // A file of the user's own holds more; and what is kept is never unmasked.
    let keeps = terminal.keeps().filter(|_| save.is_none() && !args.no_keep && !no_redact);
    options.pipeline.show = keeps.map(|_| Showing::Failed { most_bytes: kept::MOST_BYTES });
    let is_resumed = |path: &PathBuf| {
        let same = |resumed| FileId::at(path) == FileId::at(resumed);
        save.as_deref() != Some(path.as_path()) && args.resume.as_deref().is_some_and(same)
    };
    if let Some(path) = options.pipeline.outputs.iter().find(|path| is_resumed(path)) {
        return Err(RunError::usage(AnalyzeError::OutputIsInput(path.clone()).to_string()));
    }
    let (follow, interval) = (args.follow, Duration::from_millis(args.interval.0.unsigned_abs()));
    let now = now().ok_or_else(|| RunError::usage("the clock of this machine is wrong"))?;
    let (request, end) = request(args, &options.zone, now)?;
    let only = wanted_functions(&options.pipeline.only)?;
    let request = Request { cloudwatch_metrics: asks_metrics, aws_config: asks_config, only, ..request };
    options.read_baseline()?;
    let bars = Arc::new(Bars::new(options.progress && !follow, options.quiet));
    let mut lines = FollowLines::new(&options, &bars);
    let outputs = open_outputs(&mut options)?;
    let saved = save.as_deref().map(Saved::open).transpose()?;
    let handle = saved.as_ref().map(Saved::handle).transpose()?;

    let name = save.as_deref().map_or_else(|| UNSAVED.to_owned(), |path| path.display().to_string());
    let watch = Arc::clone(&bars) as _;
    let pull = match follow {
        false => Pull::start(request, &name, handle, watch),
        true => Pull::follow(request, interval, end, &name, handle, watch, |plan, round| lines.round(plan, &round)),
    };
    let pull = pull.map_err(failure)?;
    // A pull is one input in one order, so more workers would find nothing to do.
    options.pipeline.threads = 1;
    let analysis = pipeline::analyze_source(&pull, &options.pipeline, &*bars);
    bars.clear();
    let mut analysis = analysis?;
    if let Some(reason) = pull.failure() {
        return Err(failure(reason));
    }
    analysis.input_failed |= problems(&pull, saved);
    if let Some(directory) = keeps {
        let complete = pull.signal().is_none();
        options.commands.show = keep(directory, now, complete, &mut analysis, options.quiet).then(String::new);
    }
    let status = finish(outputs, analysis, &options);
    Ok(match pull.signal() {
        Some(Signal::Interrupt) => ExitStatus::Interrupted,
        Some(Signal::Terminate) => ExitStatus::Terminated,
        None => status,
    })
}

/// Returns what tells whether a function is wanted by its name, unless all are.
fn wanted_functions(globs: &[String]) -> Result<Option<FunctionFilter>, RunError> {
    if globs.is_empty() {
        return Ok(None);
    }
    let filter = NameFilter::new(globs).map_err(RunError::from)?;
    Ok(Some(FunctionFilter(Arc::new(move |name| filter.wants(Some(name))))))
}

/// Takes out of the arguments that CloudWatch is to be asked for metrics. Returns whether it is.
///
/// # Errors
/// When a function was taken for the file, or the log has no end at which to ask.
fn asks_metrics(args: &mut PullArgs) -> Result<bool, RunError> {
    let account = &mut args.shared.account;
    if let Some(missing) = account.metric_files().iter().find(|file| !file.exists()) {
        let name = missing.display();
        return Err(RunError::usage(one_line(&format!(
            "--cloudwatch-metrics {name}: there is no such file; if it is a function, name it first: pull {name} \
             --cloudwatch-metrics"
        ))));
    }
    let asks = account.asks_metrics();
    if asks && args.follow {
        return Err(RunError::usage(
            "--cloudwatch-metrics asks for a time that has ended: leave it out with --follow, and pull again afterwards",
        ));
    }
    account.cloudwatch_metrics.retain(|source| *source != MetricsSource::Live);
    Ok(asks)
}

/// Takes out of the arguments that AWS is to be asked for the configuration. Returns whether it is.
///
/// # Errors
/// When the log has no end at which to ask.
fn asks_config(args: &mut PullArgs) -> Result<bool, RunError> {
    let sources = &mut args.shared.account.aws_config;
    let asks = sources.contains(&AwsConfigSource::Live) && !sources.contains(&AwsConfigSource::Off);
    if asks && args.follow {
        return Err(RunError::usage(
            "--aws-config live asks when the log was read: leave it out with --follow, and pull again afterwards",
        ));
    }
    sources.retain(|source| *source != AwsConfigSource::Live);
    Ok(asks)
}

/// Reports failures of the pull or of its file, and moves the file to its place. Returns whether there were any.
fn problems(pull: &Pull, saved: Option<Saved>) -> bool {
    let mut any = false;
    let mut say = |message: &str| {
        complain(message);
        any = true;
    };
    for reason in pull.failures() {
        say(&one_line(&reason));
    }
    if let Some(Err(failure)) = saved.map(|saved| saved.keep(pull.save_error())) {
        say(&failure.message);
    }
    any
}

/// Keeps what failed, to be shown later. Returns whether the event that most needs to be looked at is kept.
fn keep(directory: &Path, now: Timestamp, complete: bool, analysis: &mut RunAnalysis, quiet: bool) -> bool {
    // A pull of nothing, by a wrong name, does not replace what there is.
    let Some(mut events) = analysis.failed_events.take().filter(|_| !analysis.empty) else { return false };
    let complete = complete && analysis.summary.coverage.complete;
    match kept::keep(directory, now.to_string(), complete, &mut events) {
        Ok(Some(path)) if !quiet => {
            let path = one_line(&path.display().to_string()).into_owned();
            complain(&format!(
                "what failed is kept for `show` until the next pull, secrets masked: {path} (--no-keep)"
            ));
        }
        Ok(_) => {}
        Err(error) => {
            let why = one_line(&plain_io(&error)).into_owned();
            complain(&format!(
                "what failed is not kept for `show`: {}: {why}",
                one_line(&directory.display().to_string())
            ));
            return false;
        }
    }
    let first = analysis.summary.events_to_check.first().and_then(|event| event.request_id.as_deref());
    first.is_some_and(|id| events.has(id))
}

/// Output file of `--save`: collected in an unnamed temporary file, and written when complete.
struct Saved {
    gathered: File,
    output: OutputFile,
    path: PathBuf,
}

impl Saved {
    fn open(path: &Path) -> Result<Self, RunError> {
        let gathered = tempfile::tempfile().map_err(|error| {
            let (folder, why) = (std::env::temp_dir(), plain_io(&error));
            RunError::io(format!("no temporary file in {}: {why}; set TMPDIR", folder.display()))
        })?;
        Ok(Self { gathered, output: OutputFile::open(Some(path))?, path: path.to_owned() })
    }

    fn handle(&self) -> Result<File, RunError> {
        self.gathered.try_clone().map_err(|error| self.failed(&error.to_string()))
    }

    fn failed(&self, why: &str) -> RunError {
        RunError::io(format!("cannot write {}: {why}", self.path.display()))
    }

    fn keep(mut self, error: Option<String>) -> Result<(), RunError> {
        if let Some(error) = error {
            return Err(self.failed(&error));
        }
        self.gathered.rewind().map_err(|error| self.failed(&error.to_string()))?;
        self.output.write(|out| io::copy(&mut self.gathered, out).map(drop))
    }
}

fn failure(reason: PullError) -> RunError {
    match reason {
        PullError::Usage(message) => RunError::usage(one_line(&message)),
        reason => RunError::io(one_line(&reason.to_string())),
    }
}

/// Converts the arguments to a request with fixed times, and the end of following, if it has one.
fn request(args: PullArgs, zone: &Zone, now: Timestamp) -> Result<(Request, Option<Timestamp>), RunError> {
    let engine = engine(&args)?;
    let too_far = || RunError::usage("the time lies too far back");
    let before = |at: Timestamp, span: TimeLength| {
        let ms = at.ms().checked_sub(span.0).and_then(Timestamp::from_ms);
        ms.ok_or_else(too_far)
    };
    let (from, to) = bounds(args.from.as_ref(), args.to.as_ref(), zone)?;
    // To follow until a time of the day means until it comes.
    let base = match &to {
        Some(Moment::TimeOfDay(..)) if args.follow => Timestamp::from_ms(now.ms() + MS_PER_DAY).unwrap_or(now),
        _ => now,
    };
    let end = to.map(|to| to.before(Some(base), Occurrence::Last).ok_or_else(too_far)).transpose()?;
    if args.follow && end.is_some_and(|end| end <= now) {
        return Err(RunError::usage("--follow runs until --to, which has passed; leave out one of them"));
    }
    let to = end.filter(|_| !args.follow).unwrap_or(now);
    let since = if args.follow { SINCE_FOLLOW } else { SINCE };
    let from = match (from, args.since) {
        (Some(from), _) => {
            let base = if matches!(from, Moment::TimeOfDay(..)) { to } else { now };
            from.before(Some(base), Occurrence::First).ok_or_else(too_far)?
        }
        (None, given) => before(to, given.unwrap_or(since))?,
    };
    if from > to {
        return Err(RunError::usage("--from is later than --to"));
    }
    let names = Names {
        functions: args.functions,
        all: args.all,
        prefixes: args.prefix,
        log_groups: args.log_group,
        linked: args.linked,
    };
    let resume = args.resume.map(|path| unread_of(&path).map(|told| (path, told))).transpose()?;
    let request = Request {
        names,
        regions: args.region,
        profiles: args.profile,
        endpoint_url: args.endpoint_url,
        max_rate: args.max_rate.map(u32::from),
        timeout: Duration::from_millis(args.timeout.0.unsigned_abs()),
        resume,
        engine,
        max_scan: args.max_scan,
        ..Request::new(from, to)
    };
    Ok((request, end.filter(|_| args.follow)))
}

/// Returns the engine that was named.
///
/// # Errors
/// If it cannot do what else was asked.
fn engine(args: &PullArgs) -> Result<SearchEngine, RunError> {
    let (engine, name) = match args.engine {
        PullEngine::Filter => return Ok(SearchEngine::Filter),
        PullEngine::Insights => (SearchEngine::Insights, "insights"),
        PullEngine::Auto => (SearchEngine::Auto, "auto"),
    };
    let refused = match (args.follow, args.resume.is_some()) {
        (true, _) => Some("--follow waits for every event, which Logs Insights does not give"),
        (_, true) => Some("--resume reads the rest of a log with FilterLogEvents"),
        _ => None,
    };
    match refused {
        Some(why) => Err(RunError::usage(format!("{why}: leave out --engine {name}"))),
        None => Ok(engine),
    }
}

/// Reads what a saved pull says of itself.
fn unread_of(path: &Path) -> Result<PullTrailer, RunError> {
    let name = path.display();
    if let Err(error) = File::open(path) {
        return Err(RunError::usage(format!("--resume {name}: {}", plain_io(&error))));
    }
    let told = saved::told_by(path);
    let told = told.ok_or_else(|| RunError::usage(format!("--resume {name}: this is not a file of pull --save")))?;
    if !told.account.counted.is_empty() {
        return Err(RunError::usage(format!(
            "--resume {name}: it was pulled with --engine insights, which counted what it did not read; pull it again"
        )));
    }
    if told.groups.is_empty() && !told.unread.is_empty() && told.regions.is_empty() && told.accounts.is_empty() {
        return Err(RunError::usage(format!(
            "--resume {name}: it was saved by a version that did not keep what was unread; pull it again"
        )));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn typed(arguments: &[&str]) -> Result<(String, String), String> {
        let arguments = ["lambda-triage", "pull", "pay"].into_iter().chain(arguments.iter().copied());
        let super::super::Command::Pull(args) = super::super::Args::try_parse_from(arguments).unwrap().command else {
            panic!("pull was typed");
        };
        let now = Timestamp::parse_prefix(b"2026-01-02T12:00:00Z").unwrap().0;
        let (request, _) = request(*args, &Zone::UTC, now).map_err(|failure| failure.message)?;
        Ok((request.from.to_string(), request.to.to_string()))
    }

    #[track_caller]
    fn case(arguments: &[&str], from: &str, to: &str) {
        let full = |time: &str| format!("2026-01-{time}:00.000Z");
        assert_eq!(typed(arguments), Ok((full(from), full(to))), "{arguments:?}");
    }

    #[test]
    fn the_window_is_fixed_at_the_start() {
        case(&[], "02T11:00", "02T12:00");
        case(&["--since", "90m"], "02T10:30", "02T12:00");
        case(&["--from", "2026-01-01"], "01T00:00", "02T12:00");
        case(&["--from", "1d", "--to", "3h"], "01T12:00", "02T09:00");
        case(&["--to", "2026-01-02T06:00Z"], "02T05:00", "02T06:00");
        case(&["--from", "09:30"], "02T09:30", "02T12:00");
        case(&["--from", "13:00"], "01T13:00", "02T12:00");
        case(&["--from", "22:00", "--to", "01:30"], "01T22:00", "02T01:30");
        case(&["--from", "-2h", "--to", "-30m"], "02T10:00", "02T11:30");
        case(&["--from", "2026-01-01 23:00", "--to", "now"], "01T23:00", "02T12:00");
        assert!(typed(&["--from", "1h", "--to", "2h"]).is_err());
    }
}
