//! Options of a run, made from the arguments. The only module of the command line that inspects the terminal and the
//! environment.

use std::io::{self, IsTerminal};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, thread};

use super::account_files;
use super::again;
use super::args::{
    AwsConfigSource, By, ColorChoice, FormatChoice, LedgerTarget, ReportTarget, RunArgs, SharedArgs, Strictness,
};
use super::config::read_markers;
use super::exit::RunError;
use super::gate::GateRule;
use super::ignored::IgnoreList;
#[cfg(feature = "cloudwatch")]
use super::kept;
use super::moments::TypedTime;
use super::output::refuse_one_file_twice;
use super::owners::Owners;
#[cfg(unix)]
use super::pager::Pager;
use super::settings::{CONFIG_VARIABLE, LoadedSettings, SettingsSource, VARIABLES};
use super::sides::{ComparedInput, refuse_one_input_twice};
use crate::effects::{Effects, Markers};
use crate::model::{Moment, Occurrence, Zone, count};
use crate::pipeline::{self, AnalyzeError};
use crate::render::{Commands, Grouping, Links, RENDERERS, Renderer, Style, View, one_line, renderer};
use crate::source::{FileId, Stop};
use crate::summary::Prices;
use crate::wire::RecordForm;

/// Limits on the width of a terminal.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=400;
/// Limits on the height of a terminal, its line for the prompt left out.
const HEIGHTS: std::ops::RangeInclusive<usize> = 16..=100;

/// Properties of the process's terminal and environment.
#[derive(Clone, Debug)]
pub(super) struct Terminal {
    /// The request to stop early.
    pub(super) stop: Stop,
    /// Whether standard input is a terminal.
    pub(super) stdin: bool,
    stdout: bool,
    stderr: bool,
    /// Columns and lines of the terminal, if standard output is one that tells them; else what `COLUMNS` tells.
    width: Option<usize>,
    height: Option<usize>,
    /// Whether the locale has signs beyond ASCII.
    utf8: bool,
    /// Pager for standard output, if that is a terminal that can go back in a text.
    #[cfg(unix)]
    pager: Option<Pager>,
    /// Whether standard output is a terminal that knows links.
    hyperlinks: bool,
    /// Whether `NO_COLOR` is set (no-color.org) or the terminal is dumb.
    colorless: bool,
    /// Where settings come from that are not typed.
    pub(super) settings: SettingsSource,
    /// Whether GitHub Actions runs this.
    actions: bool,
    /// File for the summary of a step of GitHub Actions, to which all commands of the step append.
    step_summary: Option<PathBuf>,
    /// Directory for state of this program.
    #[cfg(feature = "cloudwatch")]
    pub(super) state: Option<PathBuf>,
    /// Whether `CI` is set: nobody comes back to this terminal.
    #[cfg(feature = "cloudwatch")]
    ci: bool,
}

impl Terminal {
    pub(super) fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let stdout = io::stdout().is_terminal();
        let size = terminal_size::terminal_size_of(io::stdout());
        let columns = || set("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok());
        // The first of these that is set decides (POSIX). Without any, as in most containers, UTF-8 is what is meant.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        #[cfg(unix)]
        let pager = {
            let named = ["LAMBDA_TRIAGE_PAGER", "PAGER"].into_iter().find_map(std::env::var_os);
            let command = named.unwrap_or_else(|| "less".into());
            let wanted = stdout && set("TERM").is_some_and(|term| term != "dumb");
            let height = size.map(|(_, height)| usize::from(height.0));
            let height = height.filter(|_| wanted && !command.is_empty() && command != "cat");
            height.map(|height| Pager { command, height })
        };
        Self {
            #[cfg(unix)]
            pager,
            stop: Stop::default(),
            stdin: io::stdin().is_terminal(),
            stdout,
            stderr: io::stderr().is_terminal(),
            width: size.map(|(width, _)| usize::from(width.0)).or_else(columns),
            height: size.map(|(_, height)| usize::from(height.0)),
            utf8: locale.is_none_or(|locale| is_utf8(&locale.to_string_lossy())),
            settings: SettingsSource {
                variables: VARIABLES.iter().filter_map(|(name, _)| Some((*name, set(name)?))).collect(),
                file: set(CONFIG_VARIABLE).map(PathBuf::from),
                directory: std::env::current_dir().ok(),
                home: set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from),
            },
            hyperlinks: stdout
                && set("TERM").is_none_or(|term| term != "dumb")
                && supports_hyperlinks::supports_hyperlinks(),
            actions: set("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            step_summary: set("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            #[cfg(feature = "cloudwatch")]
            state: kept::directory(set),
            #[cfg(feature = "cloudwatch")]
            ci: set("CI").is_some(),
            colorless: set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb"),
        }
    }

    /// Returns the style of text on standard output.
    pub(super) fn style(&self, color: ColorChoice) -> Style {
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.stdout && !self.colorless,
        };
        let within =
            |number: usize, limits: std::ops::RangeInclusive<usize>| number.clamp(*limits.start(), *limits.end());
        Style {
            width: self.width.map_or(Style::PLAIN.width, |width| within(width, WIDTHS)),
            height: self.height.map_or(Style::PLAIN.height, |height| within(height.saturating_sub(1), HEIGHTS)),
            color,
            utf8: self.utf8,
            zone: Zone::UTC,
            links: Links::None,
            bytes: Style::PLAIN.bytes,
        }
    }

    /// Returns the pager of a long answer, unless none is wanted.
    #[cfg(unix)]
    pub(super) fn pager(&self, no_pager: bool) -> Option<Pager> {
        self.pager.clone().filter(|_| !no_pager)
    }

    /// Returns where what failed is kept: nowhere if nobody comes back to this terminal.
    #[cfg(feature = "cloudwatch")]
    pub(super) fn keeps(&self) -> Option<&Path> {
        self.state.as_deref().filter(|_| self.stdout && !self.ci)
    }

    /// Returns how links are shown on standard output.
    pub(super) fn links(&self, wanted: bool) -> Links {
        match wanted {
            true if self.hyperlinks => Links::Words,
            true => Links::Addresses,
            false => Links::None,
        }
    }

    /// Returns whether a file is the summary of a step.
    fn is_step_summary(&self, path: &Path) -> bool {
        self.step_summary.as_deref().is_some_and(|summary| FileId::at(summary) == FileId::at(path))
    }

    /// Returns the style of text in a file: plain unless colours were demanded.
    pub(super) fn file_style(&self, color: ColorChoice) -> Style {
        Style { color: matches!(color, ColorChoice::Always), utf8: self.utf8, ..Style::PLAIN }
    }
}

/// Returns whether a locale has UTF-8: `en_US.UTF-8`, `C.utf8`. One that names no character set has not, on most systems.
fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// One output to write.
#[derive(Debug)]
pub(super) struct OutputTarget {
    pub(super) renderer: &'static Renderer,
    /// Path of the file; `None` for standard output.
    pub(super) path: Option<PathBuf>,
    /// Whether others write to the file, too: the output is appended, and nothing is replaced.
    pub(super) is_shared: bool,
    pub(super) style: Style,
}

/// Options of one run.
#[derive(Debug)]
pub(super) struct RunOptions {
    pub(super) pipeline: pipeline::Options,
    pub(super) targets: Vec<OutputTarget>,
    pub(super) view: View,
    /// Pager for what goes to standard output.
    #[cfg(unix)]
    pub(super) pager: Option<Pager>,
    /// Zone of times that are shown and typed.
    pub(super) zone: Zone,
    /// Commands that read the input again.
    pub(super) commands: Commands,
    pub(super) ledger: Option<LedgerTarget>,
    pub(super) fail_on: Vec<GateRule>,
    pub(super) warn_on: Vec<GateRule>,
    /// What the answer is compared with.
    pub(super) baseline: Option<ComparedInput>,
    baseline_path: Option<PathBuf>,
    pub(super) strict: Option<Strictness>,
    pub(super) allow_empty: bool,
    /// Name of the configuration file that was used.
    pub(super) config_file: Option<String>,
    /// Warnings of conditions that flags replaced.
    pub(super) replaced: Vec<String>,
    pub(super) ignore: IgnoreList,
    pub(super) owners: Owners,
    pub(super) quiet: bool,
    pub(super) progress: bool,
    /// Whether the log comes from CloudWatch, so that there are no files to name.
    pub(super) pulled: bool,
}

impl RunOptions {
    pub(super) fn resolve(paths: Vec<PathBuf>, args: RunArgs, terminal: &Terminal) -> Result<Self, RunError> {
        let commands = again::commands(&paths, &args);
        let mut options = Self { commands, ..Self::shared(args.shared, None, terminal)? };
        let (from, to) = bounds(args.from.as_ref(), args.to.as_ref(), &options.zone)?;
        let pipeline = &mut options.pipeline;
        pipeline.paths = paths;
        pipeline.function = args.function;
        pipeline.exclude = args.exclude;
        (pipeline.from, pipeline.to) = (from, to);
        pipeline.since_ms = args.since.map(|span| span.0);
        if let Some(threads) = args.threads {
            pipeline.threads = usize::from(threads);
        }
        Ok(options)
    }

    /// Resolves the options that do not depend on where the logs are. `save` is a further file that will be written.
    pub(super) fn shared(mut args: SharedArgs, save: Option<&Path>, terminal: &Terminal) -> Result<Self, RunError> {
        if args.baseline.is_none()
            && let Some(rule) = args.fail_on.iter().chain(&args.warn_on).find(|rule| rule.needs_base())
        {
            return Err(RunError::usage(format!("{rule} needs --baseline FILE")));
        }
        if args.account.asks_metrics() {
            return Err(RunError::usage(
                "--cloudwatch-metrics needs a FILE here: what `aws cloudwatch get-metric-data` prints for the calls of \
                 `lambda-triage cloudwatch-query`; only pull asks CloudWatch itself",
            ));
        }
        if args.account.aws_config.contains(&AwsConfigSource::Live) {
            return Err(RunError::usage(
                "--aws-config live is of pull: here it takes files, such as what `aws lambda list-functions` prints",
            ));
        }
        let settings = LoadedSettings::load(&args.config, &terminal.settings)?;
        let zone = settings.zone(args.tz.as_ref());
        let LoadedSettings { file: config_file, mut config } = settings;
        args.format = args.format.or(config.format);
        args.width = args.width.or(config.width);
        args.strict = args.strict.or(config.strict).filter(|strict| *strict != Strictness::Off);
        args.price_gb_second = args.price_gb_second.or(config.price_gb_second);
        let mut replaced = Vec::new();
        for (flag, typed, set) in [
            ("--fail-on", &mut args.fail_on, &mut config.fail_on),
            ("--warn-on", &mut args.warn_on, &mut config.warn_on),
        ] {
            if typed.is_empty() {
                std::mem::swap(typed, set);
            } else if !set.is_empty() {
                let of_file = count(set.len() as u64, "condition of the settings", "conditions of the settings");
                replaced.push(format!("{flag} replaces {of_file}; repeat what should stay"));
            }
        }
        let targets = targets(&args, &zone, terminal);
        let outputs = files_written(&targets, &args, config_file.as_ref(), save)?;
        let keep_records = targets.iter().any(|target| target.renderer.needs_records);
        if args.failures_only && !keep_records {
            return Err(RunError::usage("--failures-only needs an output with records: --format ndjson"));
        }
        if args.records.is_some() && !keep_records {
            return Err(RunError::usage("--records needs an output with records: --format ndjson"));
        }
        let view = view(&args);
        let pipeline = pipeline::Options {
            paths: Vec::new(),
            exclude: Vec::new(),
            function: None,
            only: args.only,
            from: None,
            to: None,
            since_ms: None,
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            redaction: args.masking.redaction(),
            keep_records,
            failures_only: args.failures_only,
            record_form: args.records.map_or(RecordForm::Full, Into::into),
            invoker: args.invoker,
            ledger: args.ledger.is_some(),
            show: None,
            effects: Arc::new(effects(args.markers.as_deref(), config.markers.take())?),
            account: Arc::new(account_files::read(&args.account, &args.masking.redaction(), &terminal.stop)),
            prices: Prices { gb_second: args.price_gb_second },
            each_log: args.strict == Some(Strictness::All),
            outputs,
            stop: terminal.stop.clone(),
        };
        Ok(Self {
            pipeline,
            targets,
            view,
            #[cfg(unix)]
            pager: terminal.pager(args.no_pager),
            zone,
            commands: Commands::default(),
            ledger: args.ledger,
            fail_on: args.fail_on,
            warn_on: args.warn_on,
            baseline: None,
            baseline_path: args.baseline,
            strict: args.strict,
            allow_empty: args.allow_empty,
            config_file: config_file.map(|path| path.display().to_string()),
            replaced,
            ignore: config.ignore,
            owners: config.owners,
            quiet: args.quiet,
            progress: terminal.stderr && !args.quiet,
            pulled: false,
        })
    }
}

impl RunOptions {
    /// Reads what the answer is compared with, before the work starts: a wrong file fails at once.
    pub(super) fn read_baseline(&mut self) -> Result<(), RunError> {
        let Some(path) = self.baseline_path.take() else { return Ok(()) };
        for given in &self.pipeline.paths {
            refuse_one_input_twice([&path, given])?;
        }
        // Its time is another one than that of the run.
        let options = pipeline::Options { from: None, to: None, since_ms: None, ..self.pipeline.clone() };
        self.baseline = Some(ComparedInput::read(&path, &options)?);
        Ok(())
    }
}

/// Returns the bounds of the log time to look at. Refuses those between which nothing can be.
pub(super) fn bounds(
    from: Option<&TypedTime>,
    to: Option<&TypedTime>,
    zone: &Zone,
) -> Result<(Option<Moment>, Option<Moment>), RunError> {
    let bound = |flag: &str, typed: Option<&TypedTime>, which| {
        let bound = typed.map(|typed| typed.bound(zone, which)).transpose();
        bound.map_err(|wrong| RunError::usage(format!("{flag}: {wrong}")))
    };
    let (from, to) = (bound("--from", from, Occurrence::First)?, bound("--to", to, Occurrence::Last)?);
    let reversed = match (&from, &to) {
        (Some(Moment::At(from)), Some(Moment::At(to))) => from > to,
        (Some(Moment::Ago(from)), Some(Moment::Ago(to))) => from < to,
        _ => false,
    };
    if reversed { Err(RunError::usage("--from is later than --to")) } else { Ok((from, to)) }
}

/// Returns what of the answer the user wants to see.
fn view(args: &SharedArgs) -> View {
    let by = args.by.map(|by| match by {
        By::Version => Grouping::Version,
        By::Hour => Grouping::Hour,
        By::Cause => Grouping::Cause,
    });
    View { details: args.details, top: args.top, sort: args.sort, by, wide: args.wide, histogram: args.histogram }
}

/// Prepares the detection of side effects: the table of operations, and the user's markers, of the file that was typed
/// before others.
pub(super) fn effects(typed: Option<&Path>, set: Option<Markers>) -> Result<Effects, RunError> {
    let typed = typed.map(read_markers).transpose();
    let typed = typed.map_err(|wrong| RunError::usage(one_line(&format!("--markers {wrong}"))))?;
    Ok(typed.or(set).map_or_else(Effects::default, Effects::new))
}

/// Returns the main output and the reports.
fn targets(args: &SharedArgs, zone: &Zone, terminal: &Terminal) -> Vec<OutputTarget> {
    let path = args.output.clone().filter(|path| path.as_os_str() != "-");
    let with_width =
        |style: Style| Style { width: args.width.map_or(style.width, usize::from), zone: zone.clone(), ..style };
    let file_style = with_width(terminal.file_style(args.color));
    let file_style = Style { links: if args.links { Links::Addresses } else { Links::None }, ..file_style };
    let screen = || Style { links: terminal.links(args.links), ..with_width(terminal.style(args.color)) };
    let target = |renderer, path: Option<PathBuf>| {
        let is_shared = path.as_deref().is_some_and(|path| terminal.is_step_summary(path));
        let mut style = if path.is_some() { file_style.clone() } else { screen() };
        if let Some(path) = path.as_deref().filter(|_| is_shared) {
            let taken = fs::metadata(path).map_or(0, |found| found.len());
            style.bytes = style.bytes.saturating_sub(usize::try_from(taken).unwrap_or(usize::MAX));
        }
        OutputTarget { renderer, path, is_shared, style }
    };
    let (main, auto) = match args.format {
        Some(FormatChoice::One(main)) => (main, false),
        Some(FormatChoice::Auto) => (&RENDERERS[0], terminal.actions),
        None => (&RENDERERS[0], false),
    };
    let mut targets = vec![target(main, path)];
    if auto {
        targets.extend(renderer("github").map(|annotations| target(annotations, None)));
    }
    targets.extend(args.report.iter().map(|ReportTarget { renderer, path }| target(renderer, Some(path.clone()))));
    if let Some(path) = terminal.step_summary.as_ref().filter(|_| auto && !targets.iter().any(|one| one.is_shared)) {
        targets.extend(renderer("markdown").map(|markdown| target(markdown, Some(path.clone()))));
    }
    targets
}

/// Returns the files to write. Refuses two outputs to one file, and a file that is read as an output.
fn files_written(
    targets: &[OutputTarget],
    args: &SharedArgs,
    config_file: Option<&PathBuf>,
    save: Option<&Path>,
) -> Result<Vec<PathBuf>, RunError> {
    let ledger = args.ledger.as_ref().map(|ledger| ledger.path.as_path());
    let files = targets.iter().filter_map(|target| target.path.as_deref()).chain(ledger).chain(save);
    let files: Vec<PathBuf> = files.map(Path::to_owned).collect();
    refuse_one_file_twice(files.iter().map(PathBuf::as_path))?;
    for read in args.markers.iter().chain(&args.baseline).chain(&args.config.config).chain(config_file) {
        if let Some(path) = files.iter().find(|path| FileId::of_input(read) == Some(FileId::at(path))) {
            return Err(RunError::usage(AnalyzeError::OutputIsInput(path.clone()).to_string()));
        }
    }
    if let Some(path) = account_files::first_read(&args.account, &files) {
        return Err(RunError::usage(AnalyzeError::OutputIsInput(path).to_string()));
    }
    Ok(files)
}
