//! The commands `analyze` and `demo`: one run, from options to exit status.

use std::io::{self, Write};
use std::path::PathBuf;

use super::args::{AnalyzeArgs, LedgerTarget, RunArgs};
use super::exit::{ExitStatus, RunError};
use super::ignored::judged;
use super::options::{OutputTarget, RunOptions, Terminal};
use super::output::OutputFile;
use super::progress::Bar;
use super::sides::ComparedInput;
use super::{complain, demo, gate, ignored};
use crate::compare::{NamedSummary, compare};
use crate::pipeline::{self, AnalyzeError, PlatformWords, Progress, Records, RunAnalysis, Silent};
use crate::render::{Answer, RENDERERS, RecordSource, count, ledger_csv, ledger_json, one_line};
use crate::wire::{EventLedger, Gate, LedgerRow, SCHEMA_VERSION};

/// Analyses the inputs that the user named.
pub(super) fn files(args: AnalyzeArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let paths = if args.paths.is_empty() { vec![PathBuf::from("-")] } else { args.paths };
    let options = RunOptions::resolve(paths, args.run, terminal)?;
    run(options, |options| {
        if !options.progress {
            return pipeline::analyze(&options.pipeline, &Silent as &dyn Progress);
        }
        let bar = Bar::new();
        let analysis = pipeline::analyze(&options.pipeline, &bar);
        bar.clear();
        analysis
    })
}

/// Analyses the sample logs built into the program.
pub(super) fn demo(mut args: RunArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    // The samples are not the log that a file found here was written for.
    args.shared.config.no_config |= args.shared.config.config.is_none();
    let options = RunOptions::resolve(Vec::new(), args, terminal)?;
    run(options, |options| pipeline::analyze_samples(demo::SAMPLES, &options.pipeline))
}

fn run(
    mut options: RunOptions,
    analyze: impl FnOnce(&RunOptions) -> Result<RunAnalysis, AnalyzeError>,
) -> Result<ExitStatus, RunError> {
    options.read_baseline()?;
    let outputs = open_outputs(&mut options)?;
    let analysis = analyze(&options)?;
    Ok(finish(outputs, analysis, &options))
}

/// Open outputs of a run.
pub(super) struct Outputs {
    answers: Vec<(OutputTarget, OutputFile)>,
    ledger: Option<(LedgerTarget, OutputFile)>,
    /// Whether one could not be opened.
    failed: bool,
}

/// Opens every output before the work starts: a wrong path is told at once. The others get their answer nevertheless.
///
/// # Errors
/// When nobody would get the answer.
pub(super) fn open_outputs(options: &mut RunOptions) -> Result<Outputs, RunError> {
    let mut failures = Vec::new();
    let mut answers = Vec::new();
    for target in std::mem::take(&mut options.targets) {
        let output = match &target.path {
            Some(path) if target.is_shared => OutputFile::open_shared(path),
            path => OutputFile::open(path.as_deref()),
        };
        match output {
            Ok(output) => answers.push((target, output)),
            Err(failure) => failures.push(failure),
        }
    }
    let mut ledger = None;
    if let Some(target) = options.ledger.take() {
        match OutputFile::open(Some(&target.path)) {
            Ok(output) => ledger = Some((target, output)),
            Err(failure) => failures.push(failure),
        }
    }
    let failed = !failures.is_empty();
    let gated = !options.fail_on.is_empty();
    let last = if answers.is_empty() && ledger.is_none() && !gated { failures.pop() } else { None };
    for failure in failures {
        complain(&failure.message);
    }
    last.map_or(Ok(Outputs { answers, ledger, failed }), Err)
}

/// Writes all outputs, reports problems on standard error, and returns the exit status.
pub(super) fn finish(outputs: Outputs, mut analysis: RunAnalysis, options: &RunOptions) -> ExitStatus {
    if let Some(base) = &options.baseline {
        let head = NamedSummary { input: None, summary: &analysis.summary };
        analysis.summary.comparison = Some(compare(base.named(), head));
        analysis.input_failed |= base.failed;
    }
    options.owners.name(&mut analysis.summary);
    if options.config_file.is_some() {
        analysis.summary.config_file.clone_from(&options.config_file);
    }
    let base = options.baseline.as_ref().map(ComparedInput::named);
    let gate = judged(&mut analysis.summary, base, &options.ignore, [&options.fail_on, &options.warn_on]);
    // A saved summary has the gate of its own run.
    analysis.summary.gate = gate.or(analysis.summary.gate);
    if let Some(gate) = &mut analysis.summary.gate {
        // The unread log may be just what the gate tests.
        gate.passed &= analysis.unread_inputs == 0 && analysis.summary.coverage.bytes.unrecognized == 0;
        gate.passed &= !analysis.input_failed && (!analysis.empty || options.allow_empty);
    }
    analysis.summary.mask_around(&options.pipeline.redaction);
    for problem in &mut analysis.poorly_understood {
        options.pipeline.redaction.mask(&mut problem.input);
    }
    let mut written = write_all(outputs.answers, &mut analysis, options) && !outputs.failed;
    if let Some((target, output)) = outputs.ledger {
        written &= write_ledger(&target, output, &mut analysis);
    }
    report_problems(&analysis, options);
    status(&analysis, options, written)
}

/// Writes every output, even if an earlier one failed. Returns whether all were written.
fn write_all(outputs: Vec<(OutputTarget, OutputFile)>, analysis: &mut RunAnalysis, options: &RunOptions) -> bool {
    let mut written = true;
    for (target, output) in outputs {
        let records = analysis.records.as_mut().map(|records| records as &mut dyn RecordSource);
        let mut answer =
            Answer { summary: &analysis.summary, commands: &options.commands, view: &options.view, records };
        let print = |out: &mut dyn Write| (target.renderer.render)(&mut answer, &target.style, out);
        let is_paged = matches!(output, OutputFile::Stdout) && target.renderer.name == RENDERERS[0].name;
        let result = if is_paged { write_paged(output, options, print) } else { output.write(print) };
        if let Err(failure) = result {
            complain(&failure.message);
            written = false;
        }
    }
    written
}

/// Writes a table to standard output, in a pager if that is a terminal and the table is longer.
#[cfg(unix)]
fn write_paged(
    output: OutputFile,
    options: &RunOptions,
    mut print: impl FnMut(&mut dyn Write) -> io::Result<()>,
) -> Result<(), RunError> {
    let Some(pager) = &options.pager else { return output.write(print) };
    let mut text = Vec::new();
    match print(&mut text) {
        Ok(()) if pager.show(&text) => Ok(()),
        result => output.write(|out| result.and_then(|()| out.write_all(&text))),
    }
}

/// Writes a table to standard output.
#[cfg(not(unix))]
fn write_paged(
    output: OutputFile,
    _: &RunOptions,
    print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), RunError> {
    output.write(print)
}

/// Writes the ledger of events that need a person. Returns whether the file is complete.
fn write_ledger(target: &LedgerTarget, output: OutputFile, analysis: &mut RunAnalysis) -> bool {
    let head = EventLedger {
        schema: SCHEMA_VERSION,
        tool_version: analysis.summary.tool_version.clone(),
        window: analysis.summary.window.clone(),
        events: Vec::new(),
    };
    let (ledger_events, records) = (&analysis.ledger_events, &mut analysis.records);
    let mut rows = |take: &mut dyn FnMut(LedgerRow) -> io::Result<()>| {
        let Some(records) = records else { return Ok(()) };
        ledger_events.iter().try_for_each(|event| take(pipeline::ledger_row(event, records)?))
    };
    let written = output.write(|out| match target.csv {
        true => ledger_csv(&mut rows, out),
        false => ledger_json(&head, &mut rows, out),
    });
    written.map_err(|failure| complain(&failure.message)).is_ok()
}

/// Reports on standard error the reasons for the exit status.
fn report_problems(analysis: &RunAnalysis, options: &RunOptions) {
    let coverage = &analysis.summary.coverage;
    if let Some(text) = &analysis.interrupted {
        complain(text);
    }
    for message in analysis.summary.gate.iter().flat_map(gate::messages) {
        complain(&message);
    }
    if analysis.unread_inputs > 0 && (analysis.unread_logs > 0 || analysis.summary.gate.is_some() || !options.quiet) {
        complain(&unread(analysis));
    } else if unrecognized(analysis) {
        let first = analysis.summary.coverage.notes.first().map_or("", String::as_str);
        complain(&one_line(&format!("lines of the Lambda platform could not be read. {first}")));
    }
    // Everything below is also in every output, as coverage.
    if options.quiet {
        return;
    }
    let of_base = options.baseline.iter().flat_map(|base| &base.problems);
    for problem in coverage.inputs_unreadable.iter().chain(of_base) {
        complain(&one_line(&options.pipeline.redaction.masked(&format!("{}: {}", problem.input, problem.reason))));
    }
    for warning in options.replaced.iter().cloned().chain(ignored::warnings(&analysis.summary)) {
        complain(&warning);
    }
    if options.strict.is_some() && !coverage.complete {
        complain("something was left out or not understood (--strict); the coverage in the output says what");
    }
    for problem in analysis.poorly_understood.iter().take(MOST_NAMED) {
        complain(&one_line(&format!("{}: {} (--strict=all)", problem.input, problem.reason)));
    }
    if let Some(more) = analysis.poorly_understood.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        complain(&format!("{more} more logs were not understood (--strict=all)"));
    }
    if analysis.empty && !analysis.input_failed && analysis.unread_inputs == 0 && !unrecognized(analysis) {
        complain(&nothing_found(analysis, options));
    }
}

/// Number of logs that are named for the same reason.
const MOST_NAMED: usize = 20;

/// Returns whether the answer depends on lines of the platform that could not be read.
fn unrecognized(analysis: &RunAnalysis) -> bool {
    analysis.summary.coverage.bytes.unrecognized > 0 && (analysis.empty || analysis.summary.gate.is_some())
}

/// Describes which inputs were not read.
fn unread(analysis: &RunAnalysis) -> String {
    let inputs = count(analysis.unread_inputs, "input holds", "inputs hold");
    let first = analysis.summary.coverage.notes.first().map_or("", String::as_str);
    one_line(&format!("{inputs} lines of the Lambda platform of which none was read. {first}")).into_owned()
}

/// Describes what was looked at, what was looked for, and what to try.
fn nothing_found(analysis: &RunAnalysis, options: &RunOptions) -> String {
    let coverage = &analysis.summary.coverage;
    if options.pulled && coverage.log_events == 0 {
        return "nothing to analyse: no log event in this window; check --since, the name of the function, the region and \
                the account"
            .to_owned();
    }
    let (outside, names) = &analysis.outside;
    if *outside > 0 {
        let none = count(*outside, "attempt", "attempts");
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let meant = match (options.pipeline.only.is_empty(), names.is_empty()) {
            (true, _) => "; check --from, --to and --since".to_owned(),
            (false, true) => "; the log does not name its function: use --function NAME".to_owned(),
            (false, false) => format!("; check --only, --from, --to and --since (functions: {})", names.join(", ")),
        };
        return one_line(&format!("nothing to analyse: none of {none} in the log is selected{meant}")).into_owned();
    }
    let inputs = count(coverage.inputs, "input", "inputs");
    let events = count(coverage.log_events, "log event", "log events");
    let filtered = !options.pipeline.only.is_empty()
        || options.pipeline.from.is_some()
        || options.pipeline.to.is_some()
        || options.pipeline.since_ms.is_some();
    let of_others =
        coverage.notes.iter().filter(|note| note.starts_with("left out ") || note.contains(" of Lambda Insights "));
    let others: Vec<&str> = of_others.map(String::as_str).collect();
    if !others.is_empty() && !filtered {
        return format!(
            "nothing to analyse in {inputs}: the log is not one of Lambda invocations ({}); name files with the log of \
             a Lambda function",
            others.join(", ")
        );
    }
    let remedy = if filtered {
        "; check --from, --to, --since and --only"
    } else {
        "; name files with the log of a Lambda function"
    };
    let words = match &analysis.platform_words {
        None => "no line holds the word RequestId".to_owned(),
        Some(PlatformWords { lines, input, line, before }) => {
            let lines = count(*lines, "line holds", "lines hold");
            let behind = if before.is_empty() { String::new() } else { format!(" behind {before:?}") };
            format!("{lines} the word RequestId, the first one {input}:{line}{behind}")
        }
    };
    format!(
        "nothing to analyse: no START, END, REPORT, INIT_START or timeout of a Lambda platform log in {inputs} \
         ({events}); {words}{remedy}"
    )
}

/// Returns the first exit status that applies.
fn status(analysis: &RunAnalysis, options: &RunOptions, written: bool) -> ExitStatus {
    let gate: Option<&Gate> = analysis.summary.gate.as_ref();
    let strict =
        options.strict.is_some() && !analysis.summary.coverage.complete || !analysis.poorly_understood.is_empty();
    // A file that is no log may quote platform lines, unless a gate or an empty answer depends on it being none.
    let unread = analysis.unread_logs > 0 || analysis.unread_inputs > 0 && (analysis.empty || gate.is_some());
    let incomplete = strict || unread || unrecognized(analysis);
    if gate.is_some_and(gate::failed) {
        ExitStatus::Negative
    } else if analysis.input_failed || !written || incomplete || gate.is_some_and(|gate| !gate.passed) {
        ExitStatus::Incomplete
    } else if analysis.empty && !options.allow_empty {
        ExitStatus::Empty
    } else {
        ExitStatus::Success
    }
}

impl RecordSource for Records {
    fn write_records(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.write_to(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Coverage, FunctionSummary, Summary, Window};

    /// Creates an analysis with this many failed attempts, and options from these arguments.
    fn fixture(failed: u64, arguments: &[&str]) -> (RunAnalysis, RunOptions) {
        use clap::Parser;
        let arguments = ["lambda-triage", "demo"].into_iter().chain(arguments.iter().copied());
        let super::super::Command::Demo(args) = super::super::Args::try_parse_from(arguments).unwrap().command else {
            panic!("demo was typed");
        };
        let options = RunOptions::resolve(Vec::new(), args, &Terminal::detect()).unwrap();
        let totals = FunctionSummary { attempts: 10, failed, ..FunctionSummary::default() };
        let mut summary = Summary {
            schema: 1,
            tool_version: String::new(),
            catalogue_version: String::new(),
            window: Window::default(),
            coverage: Coverage { complete: true, ..Coverage::default() },
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
            totals,
            functions: Vec::new(),
        };
        summary.gate = gate::evaluate(&options.fail_on, &options.warn_on, &summary, 0);
        let analysis = RunAnalysis::of_summary(summary);
        (analysis, options)
    }

    #[test]
    fn the_first_status_that_applies_wins() {
        let (mut analysis, options) = fixture(3, &["--fail-on", "failed > 0", "--fail-on", "failure_rate > 1%"]);
        assert_eq!(status(&analysis, &options, false), ExitStatus::Negative);
        analysis.summary.gate = None;
        assert_eq!(status(&analysis, &options, true), ExitStatus::Success);
        assert_eq!(status(&analysis, &options, false), ExitStatus::Incomplete);
        analysis.empty = true;
        assert_eq!(status(&analysis, &options, true), ExitStatus::Empty);
        analysis.input_failed = true;
        assert_eq!(status(&analysis, &options, true), ExitStatus::Incomplete);
    }

    #[test]
    fn options_decide_what_counts() {
        let (analysis, options) = fixture(0, &["--fail-on", "failure_rate > 1%"]);
        assert_eq!(status(&analysis, &options, true), ExitStatus::Incomplete, "a null rate never passes");
        let (mut analysis, options) = fixture(0, &["--allow-empty"]);
        analysis.empty = true;
        assert_eq!(status(&analysis, &options, true), ExitStatus::Success);
        let (mut analysis, options) = fixture(0, &["--strict"]);
        assert_eq!(status(&analysis, &options, true), ExitStatus::Success);
        analysis.summary.coverage.complete = false;
        assert_eq!(status(&analysis, &options, true), ExitStatus::Incomplete);
    }
}
