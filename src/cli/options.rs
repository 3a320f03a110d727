//! What a run needs, made of what was typed. The only place that looks at the terminal and the environment.

use std::io::{self, IsTerminal};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, thread};

use super::args::{ColorChoice, LedgerTarget, Report, RunArgs};
use super::exit::Failure;
use super::gate::Rule;
use crate::effects::{Effects, Markers};
use crate::pipeline;
use crate::render::{RENDERERS, Renderer, Style, one_line};
use crate::summary::Prices;
use crate::wire::Redaction;

/// Columns where the terminal does not tell, and for files and pipes.
const DEFAULT_WIDTH: usize = 80;
/// Lines wider than this are hard to read, except for the columns of the matrix.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=160;

/// What surrounds the process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    /// Standard input is a terminal.
    pub(super) stdin: bool,
    stdout: bool,
    stderr: bool,
    width: usize,
    /// `NO_COLOR` is set (no-color.org), or the terminal is dumb.
    colorless: bool,
}

impl Terminal {
    pub(super) fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            width: terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0)),
            colorless: set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb"),
        }
    }

    /// How text on standard output may look.
    pub(super) fn style(&self, color: ColorChoice) -> Style {
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.stdout && !self.colorless,
        };
        let width = if self.stdout { self.width.clamp(*WIDTHS.start(), *WIDTHS.end()) } else { DEFAULT_WIDTH };
        Style { width, color }
    }
}

/// One output to write.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) renderer: &'static Renderer,
    /// The file; standard output without it.
    pub(super) path: Option<PathBuf>,
    pub(super) style: Style,
}

/// What a run needs.
#[derive(Debug)]
pub(super) struct RunOptions {
    pub(super) pipeline: pipeline::Options,
    pub(super) targets: Vec<Target>,
    pub(super) ledger: Option<LedgerTarget>,
    pub(super) rules: Vec<Rule>,
    pub(super) strict: bool,
    pub(super) allow_empty: bool,
    pub(super) quiet: bool,
    pub(super) progress: bool,
}

impl RunOptions {
    pub(super) fn resolve(paths: Vec<PathBuf>, args: RunArgs, terminal: &Terminal) -> Result<Self, Failure> {
        if args.from.zip(args.to).is_some_and(|(from, to)| from > to) {
            return Err(Failure::usage("--from is later than --to"));
        }
        let targets = targets(&args, terminal)?;
        let keep_records = targets.iter().any(|target| target.renderer.needs_records);
        if args.failures_only && !keep_records {
            return Err(Failure::usage("--failures-only needs an output with records: --format ndjson"));
        }
        let pipeline = pipeline::Options {
            paths,
            function: args.function,
            only: args.only,
            from: args.from,
            to: args.to,
            since_ms: args.since.map(|span| span.0),
            threads: args.threads.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from),
            redaction: if args.no_redact { Redaction::off() } else { Redaction::on() },
            keep_records,
            failures_only: args.failures_only,
            invoker: args.invoker,
            ledger: args.ledger.is_some(),
            show: None,
            effects: Arc::new(effects(args.markers.as_deref())?),
            prices: Prices { gb_second: args.price_gb_second },
        };
        Ok(Self {
            pipeline,
            targets,
            ledger: args.ledger,
            rules: args.fail_on,
            strict: args.strict,
            allow_empty: args.allow_empty,
            quiet: args.quiet,
            progress: terminal.stderr && !args.quiet,
        })
    }
}

/// What finds side effects: the table of operations, and the user's markers.
pub(super) fn effects(markers: Option<&Path>) -> Result<Effects, Failure> {
    let Some(path) = markers else { return Ok(Effects::default()) };
    let wrong = |reason: String| Failure::usage(format!("--markers {}: {}", path.display(), one_line(reason.trim())));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Markers::parse(&text).map(Effects::new).map_err(|error| wrong(error.to_string()))
}

/// The main output and the reports; no two of them into the same file.
fn targets(args: &RunArgs, terminal: &Terminal) -> Result<Vec<Target>, Failure> {
    let path = args.output.clone().filter(|path| path.as_os_str() != "-");
    let style = if path.is_some() { file_style(args.color) } else { terminal.style(args.color) };
    let mut targets = vec![Target { renderer: args.format.unwrap_or(&RENDERERS[0]), path, style }];
    for Report { renderer, path } in &args.report {
        if targets.iter().any(|target| target.path.as_ref() == Some(path))
            || args.ledger.as_ref().is_some_and(|ledger| ledger.path == *path)
        {
            return Err(Failure::usage(format!("two outputs go to {}; give each a file of its own", path.display())));
        }
        targets.push(Target { renderer, path: Some(path.clone()), style: file_style(args.color) });
    }
    Ok(targets)
}

/// How text in a file may look: plain unless colours were demanded.
fn file_style(color: ColorChoice) -> Style {
    Style { color: matches!(color, ColorChoice::Always), ..Style::PLAIN }
}
