//! The command `diff`: reads both sides, compares them, and prints what is new, worse, better and gone.

use std::num::NonZero;
use std::thread;

use super::args::{DiffArgs, DiffFormat};
use super::exit::{ExitStatus, RunError};
use super::gate::GateRule;
use super::options::Terminal;
use super::output::OutputFile;
use super::settings::LoadedSettings;
use super::sides::{ComparedInput, refuse_one_input_twice};
use super::{complain, gate, ignored};
use crate::compare::compare;
use crate::pipeline::{self, AnalyzeError};
use crate::render::{Style, count, diff, diff_page, document, one_line};
use crate::source::FileId;
use crate::wire::Comparison;

/// Runs the command.
pub(super) fn run(args: DiffArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    refuse_one_input_twice([&args.base, &args.head])?;
    let path = args.output.as_deref().filter(|path| path.as_os_str() != "-");
    if let Some(path) = path
        && [&args.base, &args.head].iter().any(|read| FileId::of_input(read) == Some(FileId::at(path)))
    {
        return Err(RunError::usage(AnalyzeError::OutputIsInput(path.to_owned()).to_string()));
    }
    let style = if path.is_some() { terminal.file_style(args.color) } else { terminal.style(args.color) };
    let settings = LoadedSettings::load(&args.config, &terminal.settings)?;
    let zone = settings.zone(args.tz.as_ref());
    let LoadedSettings { config, file } = settings;
    let width = args.width.or(config.width).map_or(style.width, usize::from);
    let style = Style { zone, width, ..style };
    let output = OutputFile::open(path)?;
    let options = pipeline::Options {
        exclude: args.exclude,
        function: args.function,
        only: args.only,
        threads: args.threads.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from),
        redaction: args.masking.redaction(),
        stop: terminal.stop.clone(),
        ..pipeline::Options::default()
    };
    let base = ComparedInput::read(&args.base, &options)?;
    let mut head = ComparedInput::read(&args.head, &options)?;
    let mut comparison = compare(base.named(), head.named());
    let incomplete = base.failed || head.failed;
    let interrupted: Vec<String> = base.interrupted.iter().chain(&head.interrupted).cloned().collect();
    comparison.notes.extend(interrupted.iter().cloned());
    // The other conditions of the file are about one log, which is not what was asked.
    let of_one_log = |rules: &[GateRule]| rules.iter().filter(|rule| !rule.needs_base()).count();
    let left_out = of_one_log(&config.warn_on) + if args.fail_on.is_empty() { of_one_log(&config.fail_on) } else { 0 };
    let set = |rules: Vec<GateRule>| rules.into_iter().filter(GateRule::needs_base).collect::<Vec<_>>();
    let fail_on = if args.fail_on.is_empty() { set(config.fail_on) } else { args.fail_on };
    head.summary.config_file = file.map(|path| path.display().to_string());
    head.summary.comparison = Some(comparison.clone());
    comparison.gate =
        ignored::judged(&mut head.summary, Some(base.named()), &config.ignore, [&fail_on, &set(config.warn_on)]);
    if let Some(gate) = &mut comparison.gate {
        gate.passed &= !incomplete;
    }
    comparison.mask_around(&options.redaction);
    head.summary.mask_around(&options.redaction);
    let written = output.write(|out| match args.format {
        DiffFormat::Table => out.write_all(diff(&comparison, args.top, &style).as_bytes()),
        DiffFormat::Json => document(&comparison, out),
        DiffFormat::Html => out.write_all(diff_page(&comparison, args.top, &style).as_bytes()),
    });
    let written = written.map_err(|failure| complain(&failure.message)).is_ok();
    interrupted.iter().for_each(|text| complain(text));
    for message in comparison.gate.iter().flat_map(gate::messages).chain(ignored::warnings(&head.summary)) {
        complain(&message);
    }
    if left_out > 0 && !args.quiet {
        let conditions = count(left_out as u64, "condition", "conditions");
        complain(&format!(
            "{conditions} of the settings are about one log and were not tested; --fail-on tests one of HEAD"
        ));
    }
    for problem in base.problems.iter().chain(&head.problems).filter(|_| !args.quiet) {
        complain(&one_line(&options.redaction.masked(&format!("{}: {}", problem.input, problem.reason))));
    }
    for side in [&base, &head] {
        if side.summary.is_empty() {
            complain(&one_line(&format!("nothing to compare: no attempt in {}", side.name)));
        }
    }
    Ok(status(&comparison, incomplete || !written, base.summary.is_empty() || head.summary.is_empty()))
}

/// Returns the first exit status that applies.
fn status(comparison: &Comparison, incomplete: bool, empty: bool) -> ExitStatus {
    let gate = comparison.gate.as_ref();
    if gate.is_some_and(gate::failed) {
        ExitStatus::Negative
    } else if incomplete || gate.is_some_and(|gate| !gate.passed) {
        ExitStatus::Incomplete
    } else if empty {
        ExitStatus::Empty
    } else {
        ExitStatus::Success
    }
}
