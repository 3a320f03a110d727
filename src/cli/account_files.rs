//! Files that tell of the account besides its logs: finds and opens them, packed or not, and has them read. What cannot be
//! read is a problem of the answer; the rest is used.

use std::io::Read;
use std::path::{Path, PathBuf};

use globset::GlobSet;

use super::args::{AccountArgs, AwsConfigSource};
use crate::account::{AccountFacts, AwsConfig, Destinations, FunctionMetrics};
use crate::decode::plain_text;
use crate::source::{OpenedInput, Stop, list_inputs, reason};
use crate::wire::{InputProblem, Redaction};

/// Most bytes of one file. Every document in it is read as a whole.
const MOST_BYTES: u64 = 2 << 30;

/// Reads all that was named.
pub(super) fn read(args: &AccountArgs, redaction: &Redaction, stop: &Stop) -> AccountFacts {
    let mut facts = AccountFacts::default();
    if !args.destinations.is_empty() {
        let mut destinations = Destinations::default();
        each_file(&args.destinations, "--destinations", &mut facts.problems, stop, |text, name| {
            destinations.read(text, name)
        });
        destinations.mask(redaction);
        facts.destinations = Some(destinations);
    }
    let of_metrics = args.metric_files();
    if !of_metrics.is_empty() {
        let mut metrics = FunctionMetrics::default();
        each_file(&of_metrics, "--cloudwatch-metrics", &mut facts.problems, stop, |text, _| metrics.read(text));
        metrics.mask(redaction);
        facts.cloudwatch_metrics = Some(metrics);
    }
    facts.aws_config_off = args.aws_config.contains(&AwsConfigSource::Off);
    let config_paths = config_paths(args);
    if !config_paths.is_empty() {
        let mut config = AwsConfig::default();
        read_config(&config_paths, &mut config, &mut facts, stop);
        config.settle();
        facts.aws_config = Some(config);
    }
    facts
}

/// Reads the configuration. A directory of a deployment tool holds much else, which is skipped.
fn read_config(paths: &[PathBuf], config: &mut AwsConfig, facts: &mut AccountFacts, stop: &Stop) {
    const FLAG: &str = "--aws-config";
    let (mut wrong, nothing) = (Vec::new(), AwsConfig::nothing_found());
    each_file(paths, FLAG, &mut wrong, stop, |text, name| match config.read(text, name)? {
        true => Ok(()),
        false => Err(nothing.clone()),
    });
    let is_named = |one: &InputProblem| paths.iter().any(|path| path.as_os_str() == one.input.as_str());
    let is_damaged = |one: &InputProblem| one.input.contains(".json") && !one.reason.starts_with(&nothing);
    let (mut problems, skipped): (Vec<_>, Vec<_>) = wrong.into_iter().partition(|one| is_named(one) || is_damaged(one));
    if let (true, true, Some(first)) = (config.is_empty(), problems.is_empty(), paths.first()) {
        let reason = format!("tells of no function, mapping or queue ({FLAG})");
        problems.push(InputProblem { input: first.display().to_string(), reason });
    }
    facts.problems.extend(problems);
    facts.skipped.extend(skipped);
}

/// Returns the files that tell the configuration; none where it is switched off.
fn config_paths(args: &AccountArgs) -> Vec<PathBuf> {
    let path = |source: &AwsConfigSource| match source {
        AwsConfigSource::Off | AwsConfigSource::Live => None,
        AwsConfigSource::Path(path) => Some(path.clone()),
    };
    match args.aws_config.contains(&AwsConfigSource::Off) {
        true => Vec::new(),
        false => args.aws_config.iter().filter_map(path).collect(),
    }
}

/// Returns the first of these output files that one of the named files is, which writing would destroy.
pub(super) fn first_read(args: &AccountArgs, outputs: &[PathBuf]) -> Option<PathBuf> {
    let named = [args.destinations.clone(), args.metric_files(), config_paths(args)].concat();
    if named.is_empty() || outputs.is_empty() {
        return None;
    }
    let mut listing = list_inputs(&named, &GlobSet::empty(), 1, &Stop::default());
    listing.first_read(outputs, &named).map(|(path, _)| path.to_owned())
}

/// Opens every file at these paths.
fn each_file(
    paths: &[PathBuf],
    flag: &str,
    problems: &mut Vec<InputProblem>,
    stop: &Stop,
    mut read: impl FnMut(Box<dyn Read + Send>, &str) -> Result<(), String>,
) {
    let mut problem = |input: &str, reason: &str| {
        problems.push(InputProblem { input: input.to_owned(), reason: format!("{reason} ({flag})") });
    };
    let listing = list_inputs(paths, &GlobSet::empty(), 1, stop);
    for unread in listing.problems.iter().chain(&listing.skipped) {
        problem(&unread.input, &unread.reason);
    }
    if listing.inputs.is_empty() && listing.problems.is_empty() {
        let named = paths.first().map_or_else(String::new, |path| path.display().to_string());
        problem(&named, "holds no file");
    }
    for input in &listing.inputs {
        let path = input.path.as_deref().unwrap_or(Path::new("-"));
        let text = OpenedInput::open(path, stop).and_then(|opened| plain_text(opened.into_reader()));
        let result = match text {
            Ok(Some(text)) => read(Box::new(text.take(MOST_BYTES)), &input.name),
            Ok(None) => Err("is an archive; unpack it".to_owned()),
            Err(error) => Err(reason(&error)),
        };
        if let Err(wrong) = result {
            problem(&input.name, &wrong);
        }
    }
}

/// Returns the flags as they are typed again; `None` if a path cannot be.
pub(super) fn flags(args: &AccountArgs, quoted: impl Fn(&Path) -> Option<String>) -> Option<String> {
    let (metrics, config) = (args.metric_files(), config_paths(args));
    let named = [("--destinations", &args.destinations), ("--cloudwatch-metrics", &metrics), ("--aws-config", &config)];
    let flags = named.iter().flat_map(|(flag, paths)| paths.iter().map(move |path| (flag, path)));
    flags.map(|(flag, path)| Some(format!(" {flag} {}", quoted(path)?))).collect()
}
