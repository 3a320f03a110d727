//! What was typed. Accepted formats come from the list of renderers; what the run needs is made of it in `options`.
#![allow(rustdoc::broken_intra_doc_links, reason = "doc comments are help texts here: brackets are no links")]

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::gate;
use super::masking::MaskingArgs;
use super::moments::{self, TimeLength, TypedTime};
use super::zones;
use crate::catalogue::Invoker;
use crate::model::Zone;
use crate::render::{RENDERERS, Renderer, SORT_KEYS, SortKey, renderer};
use crate::summary::Prices;
use crate::wire::{NO_NAME, RecordForm};

/// Reads AWS Lambda logs and gives every invocation a verdict.
#[derive(Debug, Parser)]
#[command(name = "lambda-triage", version, max_term_width = 80, arg_required_else_help = true)]
#[command(after_help = "Start with: lambda-triage demo")]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Analyse Lambda logs from files, directories or a pipe
    #[command(after_help = ANALYZE_EXAMPLES)]
    Analyze(AnalyzeArgs),
    /// Analyse logs straight from CloudWatch Logs
    #[cfg(feature = "cloudwatch")]
    #[command(after_help = PULL_EXAMPLES)]
    Pull(Box<PullArgs>),
    /// Tell that this program was built without pull
    #[cfg(not(feature = "cloudwatch"))]
    #[command(hide = true, disable_help_flag = true)]
    Pull {
        /// Whatever was asked for
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        asked: Vec<String>,
    },
    /// Show everything about one event: attempts, lines, verdict
    Show(ShowArgs),
    /// Show a saved answer again: a JSON summary, or ndjson records
    View(ViewArgs),
    /// List the numbers that --fail-on can test, with the values of a saved answer
    Metrics {
        /// A saved JSON summary, or ndjson records; - for standard input
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print the query for the CloudWatch metrics of an answer's functions and time
    ///
    /// One call a line, for `aws cloudwatch get-metric-data`; --cloudwatch-metrics reads what that prints.
    #[command(after_help = QUERY_EXAMPLES)]
    CloudwatchQuery(CloudwatchQueryArgs),
    /// Analyse the sample logs that are built into the program
    Demo(RunArgs),
    /// Compare two summaries, sets of records or logs: new, worse, better, gone
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Explain a verdict code, or list all of them
    Explain(ExplainArgs),
    /// Print the JSON Schema of an output
    Schema {
        /// The output: summary (--format json), record (--format ndjson), ledger (--ledger), show, diff or explain; or
        /// config, for lambda-triage.toml
        #[arg(value_enum)]
        of: SchemaOf,

        /// Print SQL instead that declares a table of records, full and
        /// compact, and a view of both (record)
        #[arg(long, value_name = "ENGINE", value_enum)]
        ddl: Option<SqlEngine>,
    },
    /// Print a manual page, or write all of them to a directory
    Man {
        /// The command whose page is wanted [default: the page of the program]
        #[arg(value_name = "COMMAND")]
        command: Option<String>,

        /// Write the pages of the program and of all commands to DIR
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        out_dir: Option<PathBuf>,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

const ANALYZE_EXAMPLES: &str = "\
Examples:
  lambda-triage analyze exported-logs/
  aws logs tail /aws/lambda/orders-api --since 3h | lambda-triage analyze
  lambda-triage analyze logs/ --since 2h --only 'orders-*'
  lambda-triage analyze logs/ --report json=triage.json --fail-on 'failed > 0'
  lambda-triage analyze logs/ --fail-on '*:failure_rate > 1%' --strict
  lambda-triage analyze logs/ --format auto --fail-on 'lost > 0'
  lambda-triage analyze logs/ --format ndjson --failures-only | jq .code

Exit status:
  0  done
  1  a --fail-on condition is true
  2  wrong usage
  3  an input was not read, an output not written, a --fail-on condition not
     evaluable, or something left out under --strict
  4  nothing to analyse: no attempt, and no line of the platform in sight
  130 or 143: ended by Ctrl-C or SIGTERM; the answer is for what was read";

const QUERY_EXAMPLES: &str = "\
Examples:
  lambda-triage analyze logs/ --format json > answer.json
  lambda-triage cloudwatch-query answer.json | while read -r call; do
    aws cloudwatch get-metric-data --cli-input-json \"$call\"
  done > metrics.json
  lambda-triage analyze logs/ --cloudwatch-metrics metrics.json

Needs cloudwatch:GetMetricData. CloudWatch charges 0.01 USD for 1,000 metrics, 10
of which are asked for of each function.";

const DIFF_EXAMPLES: &str = "\
Examples:
  lambda-triage analyze logs/ --report json=before.json
  lambda-triage diff before.json logs-of-today/
  lambda-triage diff before.ndjson after.ndjson --format json
  lambda-triage diff before.json after.json --fail-on 'new_causes > 0'

A summary (--format json), records (--format ndjson) and logs are told apart by
their content. Numbers for --fail-on: new_causes, worse_causes, better_causes,
gone_causes, worse_functions, better_functions, and those of analyze for HEAD.

Exit status:
  0  compared, whatever changed
  1  a --fail-on condition is true
  2  wrong usage
  3  an input was not read, an output not written, or a --fail-on condition not
     evaluable
  4  nothing to compare: a side has no attempt
  130 or 143: ended by Ctrl-C or SIGTERM; compared is what was read";

#[cfg(feature = "cloudwatch")]
const PULL_EXAMPLES: &str = "\
Examples:
  lambda-triage pull checkout --since 3h
  lambda-triage pull 'orders-*' payments-worker --region eu-west-1
  lambda-triage pull --all --from 2026-01-02T03:00:00Z --to 2026-01-02T04:00:00Z
  lambda-triage pull --all --profile prod --profile stage
  lambda-triage pull checkout --cloudwatch-metrics
  lambda-triage pull checkout --follow
  lambda-triage pull --log-group /acme/lambdas --save acme.ndjson.zst
  lambda-triage analyze acme.ndjson.zst
  lambda-triage pull --resume acme.ndjson.zst --save whole.ndjson.zst
  lambda-triage pull --all --since 1d --engine insights --max-scan 50GB

AWS is only read: logs:FilterLogEvents and logs:DescribeLogGroups, and
lambda:GetFunctionConfiguration and lambda:ListFunctions where allowed. With
--cloudwatch-metrics also cloudwatch:GetMetricData, with --aws-config live and
--engine insights what the documentation lists.
The exit status is that of analyze, and 130 after Ctrl-C.";

#[derive(Debug, ClapArgs)]
pub(super) struct AnalyzeArgs {
    /// Log files, directories (all files below), or - for standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ViewArgs {
    /// A saved JSON summary, or ndjson records; - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    #[command(flatten)]
    pub(super) shared: SharedArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) shared: SharedArgs,

    /// Only log events from this time on: RFC 3339, a date, 03:00 or -2h
    ///
    /// 03:00 is the last one before --to or the latest event, and -2h is two hours before the latest event. A time
    /// without an offset is in the zone of --tz.
    #[arg(long, value_name = "TIME", value_parser = moments::time, allow_hyphen_values = true)]
    #[arg(help_heading = "Selection")]
    pub(super) from: Option<TypedTime>,

    /// Only log events up to this time
    #[arg(long, value_name = "TIME", value_parser = moments::time, allow_hyphen_values = true)]
    #[arg(help_heading = "Selection")]
    pub(super) to: Option<TypedTime>,

    /// Only the last part of the log (90m, 3h, 2d), from its latest event back
    #[arg(long, value_name = "SPAN", value_parser = moments::span, conflicts_with = "from")]
    #[arg(help_heading = "Selection")]
    pub(super) since: Option<TimeLength>,

    /// Leave out files and directories whose path or name matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Selection")]
    pub(super) exclude: Vec<String>,

    /// Function name, where the log does not contain it
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub(super) function: Option<String>,

    /// Worker threads [default: number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

/// What every command that gives an answer takes.
#[derive(Debug, Default, ClapArgs)]
pub(super) struct SharedArgs {
    /// Output format [default: table]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), help_heading = "Output")]
    pub(super) format: Option<FormatChoice>,

    /// Write to FILE (atomically)
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,

    /// Also write FORMAT to FILE (repeatable); the file that is named by
    /// $GITHUB_STEP_SUMMARY is appended to
    #[arg(long, value_name = "FORMAT=FILE", value_parser = report, help_heading = "Output")]
    pub(super) report: Vec<ReportTarget>,

    /// Write the events that need follow-up to a .csv or .json file
    #[arg(long, value_name = "FILE", value_parser = ledger, help_heading = "Output")]
    pub(super) ledger: Option<LedgerTarget>,

    /// Everything in full, below the first screen
    #[arg(long, help_heading = "Table")]
    pub(super) details: bool,

    /// Number of causes, functions and findings, 0 for all [default: as many as fit]
    #[arg(long, value_name = "N", help_heading = "Table")]
    pub(super) top: Option<usize>,

    /// Order of the functions [default: worst first]
    #[arg(long, value_name = "KEY", value_parser = sort_parser(), help_heading = "Table")]
    pub(super) sort: Option<&'static SortKey>,

    /// One row per version, hour or cause instead of per function
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "Table")]
    pub(super) by: Option<By>,

    /// Every column in full, however wide
    #[arg(long, help_heading = "Table")]
    pub(super) wide: bool,

    /// Failures over time, a line for each stretch, with what began then
    #[arg(long, help_heading = "Table")]
    pub(super) histogram: bool,

    /// Also links to the console: log stream, Logs Insights query, X-Ray trace
    #[arg(long, help_heading = "Table")]
    pub(super) links: bool,

    /// Print a long table at once, not in $LAMBDA_TRIAGE_PAGER, $PAGER or less
    #[arg(long, help_heading = "Table")]
    pub(super) no_pager: bool,

    /// Columns of a line [default: those of the terminal, or COLUMNS]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(60..=1000), help_heading = "Table")]
    pub(super) width: Option<u16>,

    /// Time zone of the times that are shown and typed: local, UTC or a name
    /// such as Europe/Berlin [default: $LAMBDA_TRIAGE_TZ, or UTC]
    #[arg(long, value_name = "ZONE", value_parser = zones::zone, help_heading = "Table")]
    pub(super) tz: Option<Zone>,

    /// Form of the records (ndjson); compact: most successes in under 200 bytes
    /// [default: full]
    #[arg(long, value_name = "FORM", value_enum, help_heading = "Output")]
    pub(super) records: Option<RecordFormArg>,

    /// Only the records of failed attempts (ndjson)
    #[arg(long, help_heading = "Output")]
    pub(super) failures_only: bool,

    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Output")]
    pub(super) color: ColorChoice,

    #[command(flatten)]
    pub(super) masking: MaskingArgs,

    /// No progress bar, fewer messages
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,

    /// Only functions whose name matches (repeatable); without a name: what the
    /// table shows, such as '(no name) a.log'
    #[arg(long, value_name = "GLOB", value_parser = name_glob, help_heading = "Selection")]
    pub(super) only: Vec<String>,

    /// What invokes the functions; tailors the retry advice
    #[arg(long, value_name = "KIND", value_parser = invoker_parser(), help_heading = "Output")]
    pub(super) invoker: Option<Invoker>,

    /// TOML file with patterns for your own log lines that record a write
    ///
    /// Each has a name, a pattern (a regular expression; its groups id and target are shown) and a state: started or
    /// confirmed.
    #[arg(long, value_name = "FILE", help_heading = "Analysis")]
    pub(super) markers: Option<PathBuf>,

    #[command(flatten)]
    pub(super) account: AccountArgs,

    /// Your price per GB-second in USD [default: AWS list price]
    #[arg(long, value_name = "USD", value_parser = Prices::parse_usd, help_heading = "Analysis")]
    pub(super) price_gb_second: Option<u64>,

    /// Fail (status 1) if this is true: '[GLOB:]PATH OP VALUE' (repeatable)
    ///
    /// PATH is a number in the JSON summary (failures.timeout, duration_ms.all.p99) or its last part where that is
    /// unique. OP is one of > >= < <= == !=. VALUE is a number, 1%, 500ms, 3s, or 80%limit (of the function's timeout).
    /// Without GLOB the totals count, with it every function that matches. Behind it may stand a sample that must be
    /// reached: 'if attempts >= 100'. `lambda-triage metrics` lists the numbers.
    #[arg(long, value_name = "EXPR", value_parser = gate::condition, help_heading = "Gate")]
    pub(super) fail_on: Vec<gate::GateRule>,

    /// Warn if this is true, with the same status (repeatable)
    #[arg(long, value_name = "EXPR", value_parser = gate::condition, help_heading = "Gate")]
    pub(super) warn_on: Vec<gate::GateRule>,

    /// Also tell what is new or worse since FILE: a saved summary, records or logs
    ///
    /// --fail-on can then test new_causes, worse_causes and worse_functions.
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub(super) baseline: Option<PathBuf>,

    /// Fail (status 3) if anything was left out or not understood
    #[arg(
        long,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "files",
        help_heading = "Gate"
    )]
    pub(super) strict: Option<Strictness>,

    #[command(flatten)]
    pub(super) config: ConfigArgs,

    /// Exit 0 instead of 4 if there is nothing to analyse
    #[arg(long, help_heading = "Gate")]
    pub(super) allow_empty: bool,
}

/// What an account tells besides its logs.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct AccountArgs {
    /// Records of failed events: what `aws sqs receive-message` prints of a failure
    /// destination or dead-letter queue, or a directory of S3 objects (repeatable)
    ///
    /// Lost events are then split into lost and caught, and events that were given up before they ran are told. Save
    /// messages with --message-attribute-names All.
    #[arg(long, value_name = "PATH", help_heading = "Analysis")]
    pub(super) destinations: Vec<PathBuf>,

    /// CloudWatch metrics: what `aws cloudwatch get-metric-data` prints for the
    /// calls of `lambda-triage cloudwatch-query` (repeatable); pull without FILE
    /// asks CloudWatch itself
    ///
    /// They tell throttled requests, which no log has, and whether the log has every attempt.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = MetricsSource::LIVE,
        value_parser = MetricsSource::parser(),
        help_heading = "Analysis"
    )]
    pub(super) cloudwatch_metrics: Vec<MetricsSource>,

    /// Configuration of the functions: JSON of `aws lambda list-functions` and its like,
    /// CloudFormation templates, `terraform show -json`, live (pull asks AWS), or off
    /// (repeatable)
    ///
    /// Timeouts, invokers and queues are then known, and what is set wrongly is told. Environment variables are not read. The
    /// AWS CLI's get-function, get-function-configuration, list-event-source-mappings,
    /// list-function-event-invoke-configs and sqs get-queue-attributes are read, too. Templates are those of CDK, Serverless
    /// and SAM in JSON.
    #[arg(long, value_name = "FILE|live|off", help_heading = "Analysis")]
    pub(super) aws_config: Vec<AwsConfigSource>,
}

/// Where CloudWatch metrics come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MetricsSource {
    /// CloudWatch itself.
    Live,
    File(PathBuf),
}

impl MetricsSource {
    /// The word for CloudWatch itself; a file of this name is written with its directory.
    const LIVE: &str = "live";

    fn parser() -> impl TypedValueParser<Value = Self> {
        PathBufValueParser::new().map(|path| match path.as_os_str() == Self::LIVE {
            true => Self::Live,
            false => Self::File(path),
        })
    }
}

impl AccountArgs {
    /// Lists the files with CloudWatch metrics.
    pub(super) fn metric_files(&self) -> Vec<PathBuf> {
        let file = |source: &MetricsSource| match source {
            MetricsSource::Live => None,
            MetricsSource::File(path) => Some(path.clone()),
        };
        self.cloudwatch_metrics.iter().filter_map(file).collect()
    }

    /// Returns whether CloudWatch is to be asked.
    pub(super) fn asks_metrics(&self) -> bool {
        self.cloudwatch_metrics.contains(&MetricsSource::Live)
    }
}

/// Arguments of `cloudwatch-query`.
#[derive(Debug, ClapArgs)]
pub(super) struct CloudwatchQueryArgs {
    /// A saved JSON summary, records or a log; - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Only functions whose name matches (repeatable); without a name: what the
    /// table shows, such as '(no name) a.log'
    #[arg(long, value_name = "GLOB", value_parser = name_glob)]
    pub(super) only: Vec<String>,

    /// Only functions of this region
    #[arg(long, value_name = "NAME")]
    pub(super) region: Option<String>,
}

/// Where the configuration of functions is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AwsConfigSource {
    /// Nowhere, whatever else is named.
    Off,
    /// AWS itself.
    Live,
    /// A file, or a directory of files.
    Path(PathBuf),
}

impl From<std::ffi::OsString> for AwsConfigSource {
    fn from(typed: std::ffi::OsString) -> Self {
        match typed.to_str() {
            Some("off") => Self::Off,
            Some("live") => Self::Live,
            _ => Self::Path(PathBuf::from(typed)),
        }
    }
}

/// Where settings come from besides the command line.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct ConfigArgs {
    /// Configuration file [default: lambda-triage.toml here or above, up to the top
    /// of the repository]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config", help_heading = "Configuration")]
    pub(super) config: Option<PathBuf>,

    /// Use no configuration file
    #[arg(long, help_heading = "Configuration")]
    pub(super) no_config: bool,
}

/// What `--records` names.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RecordFormArg {
    /// Every key of every record
    Full,
    /// What counts of a success, and of the rest what is not null
    Compact,
}

impl From<RecordFormArg> for RecordForm {
    fn from(form: RecordFormArg) -> Self {
        match form {
            RecordFormArg::Full => Self::Full,
            RecordFormArg::Compact => Self::Compact,
        }
    }
}

/// What `--format` names.
#[derive(Clone, Copy, Debug)]
pub(super) enum FormatChoice {
    One(&'static Renderer),
    /// The table, and what a CI runner shows beside it.
    Auto,
}

/// Name of the choice that depends on where the program runs.
const AUTO: &str = "auto";

impl FormatChoice {
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        match renderer(name) {
            Some(one) => Ok(Self::One(one)),
            None if name == AUTO => Ok(Self::Auto),
            None => {
                let names: Vec<&str> = RENDERERS.iter().map(|one| one.name).collect();
                Err(format!("no format '{name}'; there are {} and {AUTO}", names.join(", ")))
            }
        }
    }
}

/// What a row of the table stands for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum By {
    /// A version of a function
    Version,
    /// An hour, or less in a window of a few hours
    Hour,
    /// A cause, with its functions
    Cause,
}

/// What a strict run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Strictness {
    /// Every input was read to its end, and no line of the platform was misunderstood
    Files,
    /// The same, and 95% of the bytes of each log belong to an attempt
    All,
    /// Nothing, whatever the configuration file says
    Off,
}

impl Strictness {
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        Self::from_str(name, false).map_err(|_| format!("'{name}' is not a level; write files, all or off"))
    }
}

#[cfg(feature = "cloudwatch")]
#[derive(Debug, ClapArgs)]
pub(super) struct PullArgs {
    /// Functions: names, globs ('orders-*') or ARNs
    #[arg(value_name = "FUNCTION")]
    pub(super) functions: Vec<String>,

    /// Every function of the region
    #[arg(long, help_heading = "Source")]
    pub(super) all: bool,

    /// Functions whose name begins like this (repeatable)
    #[arg(long, value_name = "PREFIX", help_heading = "Source")]
    pub(super) prefix: Vec<String>,

    /// Log groups: names, globs or ARNs (repeatable)
    #[arg(long, value_name = "GROUP", help_heading = "Source")]
    pub(super) log_group: Vec<String>,

    /// Log groups of the accounts that are linked to this monitoring account, too
    #[arg(long, help_heading = "Source")]
    pub(super) linked: bool,

    /// Only what a saved pull did not read, put together with what it did
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    #[arg(conflicts_with_all = ["functions", "all", "prefix", "log_group", "linked", "since", "from", "to"])]
    pub(super) resume: Option<PathBuf>,

    /// What finds failures: filter moves the whole log, insights asks Logs Insights
    /// where the failures are and counts successes, auto takes insights where it pays
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t, help_heading = "Source")]
    pub(super) engine: PullEngine,

    /// Most that Logs Insights may scan; AWS charges about 0.005 USD for a gigabyte
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "20GB", help_heading = "Source")]
    pub(super) max_scan: u64,

    /// Go on until Ctrl-C or --to: a line for each failed attempt when it closes,
    /// and the answer at the end
    #[arg(long, conflicts_with = "resume", help_heading = "Source")]
    pub(super) follow: bool,

    /// Time between two looks with --follow
    #[arg(long, value_name = "SPAN", value_parser = moments::span, default_value = "5s", requires = "follow")]
    #[arg(help_heading = "Source")]
    pub(super) interval: TimeLength,

    /// Region (repeatable)
    #[arg(long, value_name = "REGION", help_heading = "Source")]
    pub(super) region: Vec<String>,

    /// Profile of the AWS configuration; wins over keys in the environment, and
    /// repeatable, to read several accounts
    #[arg(long, value_name = "NAME", help_heading = "Source")]
    pub(super) profile: Vec<String>,

    /// Custom endpoint
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub(super) endpoint_url: Option<String>,

    /// The last part of the log (90m, 3h, 2d) up to --to [default: 1h,
    /// 10m with --follow]
    #[arg(long, value_name = "SPAN", value_parser = moments::span, conflicts_with = "from")]
    #[arg(help_heading = "Selection")]
    pub(super) since: Option<TimeLength>,

    /// From this time on: RFC 3339, a date, 03:00 (the last one before --to) or
    /// -2h
    #[arg(long, value_name = "TIME", value_parser = moments::time_or_now, allow_hyphen_values = true)]
    #[arg(help_heading = "Selection")]
    pub(super) from: Option<TypedTime>,

    /// Up to this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = moments::time_or_now, allow_hyphen_values = true)]
    #[arg(help_heading = "Selection")]
    pub(super) to: Option<TypedTime>,

    /// Keep what was pulled, for analyze (NDJSON in zstd)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) save: Option<PathBuf>,

    /// Keep nothing for `show` (on a terminal, and without --save, the lines of what
    /// failed are kept, secrets masked, until the next pull)
    #[arg(long, help_heading = "Output")]
    pub(super) no_keep: bool,

    /// Maximum requests per second, account and region [default: 80 % of quota]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) max_rate: Option<u16>,

    /// Timeout per AWS request before a retry
    #[arg(long, value_name = "SPAN", value_parser = moments::span, default_value = "60s")]
    pub(super) timeout: TimeLength,

    #[command(flatten)]
    pub(super) shared: SharedArgs,
}

/// What finds the events of a pull.
#[cfg(feature = "cloudwatch")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum PullEngine {
    /// FilterLogEvents, which moves the whole log
    #[default]
    Filter,
    /// Logs Insights finds failures and counts successes
    Insights,
    /// Insights where it pays and --max-scan allows it, else filter
    Auto,
}

/// Reads a size such as `20GB`, `500 MB` or a number of bytes.
#[cfg(feature = "cloudwatch")]
fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, f64); 5] = [("", 1.0), ("B", 1.0), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)];
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic()).trim_end();
    let unit = text[digits.len()..].trim().to_ascii_uppercase();
    let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| bytes);
    let bytes = digits.parse::<f64>().ok().zip(unit).map(|(number, unit)| number * unit);
    let bytes = bytes.filter(|bytes| bytes.is_finite() && *bytes >= 0.0 && *bytes < u64::MAX as f64);
    bytes.map(|bytes| bytes as u64).ok_or_else(|| "expected a size such as 20GB or 500MB".to_owned())
}

#[derive(Debug, ClapArgs)]
pub(super) struct DiffArgs {
    /// What was before: a summary, records, or logs (a file, a directory, or - for
    /// standard input)
    #[arg(value_name = "BASE")]
    pub(super) base: PathBuf,

    /// What is looked at
    #[arg(value_name = "HEAD")]
    pub(super) head: PathBuf,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub(super) format: DiffFormat,

    /// Write to FILE (atomically)
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,

    /// Rows of each table, 0 for all [default: 20]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(super) top: Option<usize>,

    /// Columns of a line [default: those of the terminal, or COLUMNS]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(60..=1000), help_heading = "Output")]
    pub(super) width: Option<u16>,

    /// Time zone of the times that are shown: local, UTC or a name such as
    /// Europe/Berlin [default: $LAMBDA_TRIAGE_TZ, or UTC]
    #[arg(long, value_name = "ZONE", value_parser = zones::zone, help_heading = "Output")]
    pub(super) tz: Option<Zone>,

    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Output")]
    pub(super) color: ColorChoice,

    #[command(flatten)]
    pub(super) masking: MaskingArgs,

    /// Fewer messages
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,

    /// Only functions whose name matches (repeatable); without a name: what the
    /// table shows, such as '(no name) a.log'
    #[arg(long, value_name = "GLOB", value_parser = name_glob, help_heading = "Selection")]
    pub(super) only: Vec<String>,

    /// Leave out files and directories whose path or name matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Selection")]
    pub(super) exclude: Vec<String>,

    /// Function name, where a log does not contain it
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub(super) function: Option<String>,

    /// Fail (status 1) if this is true: '[GLOB:]PATH OP VALUE' (repeatable)
    ///
    /// 'new_causes > 0', 'worse_functions > 0', or a number of HEAD as for analyze.
    #[arg(long, value_name = "EXPR", value_parser = gate::condition, help_heading = "Gate")]
    pub(super) fail_on: Vec<gate::GateRule>,

    #[command(flatten)]
    pub(super) config: ConfigArgs,

    /// Worker threads [default: number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// Text to read
    #[default]
    Table,
    /// A document for programs; see lambda-triage schema diff
    Json,
    /// One page to mail
    Html,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShowArgs {
    /// The request id, or a unique prefix of it
    #[arg(value_name = "REQUEST_ID", value_parser = request_prefix)]
    pub(super) request: String,

    /// Log files, directories (all files below), or - for standard input [default: a
    /// pipe, else what failed in the last pull on a terminal]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// TOML file with patterns for your own log lines that record a write
    #[arg(long, value_name = "FILE")]
    pub(super) markers: Option<PathBuf>,

    /// Function name, where the log does not contain it
    #[arg(long, value_name = "NAME")]
    pub(super) function: Option<String>,

    /// Only functions whose name matches (repeatable); without a name: what the
    /// table shows, such as '(no name) a.log'
    #[arg(long, value_name = "GLOB", value_parser = name_glob)]
    pub(super) only: Vec<String>,

    /// Leave out files and directories whose path or name matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(super) exclude: Vec<String>,

    /// Time zone of the times that are shown: local, UTC or a name such as
    /// Europe/Berlin [default: $LAMBDA_TRIAGE_TZ, or UTC]
    #[arg(long, value_name = "ZONE", value_parser = zones::zone)]
    pub(super) tz: Option<Zone>,

    #[command(flatten)]
    pub(super) masking: MaskingArgs,

    /// Also links to the console: log stream, Logs Insights query, X-Ray trace
    #[arg(long)]
    pub(super) links: bool,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) format: ShowFormat,

    /// Print a long answer at once, not in $LAMBDA_TRIAGE_PAGER, $PAGER or less
    #[arg(long)]
    pub(super) no_pager: bool,

    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: ColorChoice,

    /// Fewer messages
    #[arg(long, short)]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) config: ConfigArgs,

    /// Worker threads [default: number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ShowFormat {
    /// Text to read
    #[default]
    Text,
    /// A document for programs; see lambda-triage schema show
    Json,
    /// Markdown for an issue or a comment
    Markdown,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainArgs {
    /// A code (timeout.invoke), a category, the name of an error, an HTTP status, words to look for, a log line or a
    /// part of one in quotes; or `shapes` (of input that is read), `rules` (that give the verdicts)
    pub(super) code: Option<String>,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) format: ExplainFormat,

    /// Print a long answer at once, not in $LAMBDA_TRIAGE_PAGER, $PAGER or less
    #[arg(long)]
    pub(super) no_pager: bool,

    /// Tell the retries of one invoker only
    #[arg(long, value_name = "KIND", value_parser = invoker_parser())]
    pub(super) invoker: Option<Invoker>,

    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: ColorChoice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaOf {
    /// The document of --format json
    Summary,
    /// A line of --format ndjson
    Record,
    /// The document of --ledger FILE.json
    Ledger,
    /// The document of show --format json
    Show,
    /// The document of diff --format json
    Diff,
    /// The document of explain --format json
    Explain,
    /// The configuration file lambda-triage.toml
    Config,
}

/// What runs the SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SqlEngine {
    /// Amazon Athena
    Athena,
    /// `DuckDB`
    Duckdb,
    /// Apache Spark
    Spark,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ExplainFormat {
    /// Pages to read
    #[default]
    Text,
    /// A document for programs; see lambda-triage schema explain
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// `--report json=triage.json`
#[derive(Clone, Debug)]
pub(super) struct ReportTarget {
    pub(super) renderer: &'static Renderer,
    pub(super) path: PathBuf,
}

fn invoker_parser() -> impl TypedValueParser<Value = Invoker> {
    PossibleValuesParser::new(Invoker::ALL.iter().map(|one| one.name()))
        .try_map(|name| Invoker::parse(&name).ok_or("no such invoker"))
}

/// `--ledger lost.csv`
#[derive(Clone, Debug)]
pub(super) struct LedgerTarget {
    pub(super) path: PathBuf,
    pub(super) csv: bool,
}

fn ledger(text: &str) -> Result<LedgerTarget, String> {
    let path = PathBuf::from(text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
    match ending.as_str() {
        "csv" => Ok(LedgerTarget { path, csv: true }),
        "json" => Ok(LedgerTarget { path, csv: false }),
        _ => Err("the name of the file must end in .csv or .json".to_owned()),
    }
}

/// Reads the beginning of a request id. Where ids are masked in part, or an emulator counts requests, it is what the log has:
/// a word with a digit.
fn request_prefix(text: &str) -> Result<String, String> {
    let of_uuid =
        !text.is_empty() && text.len() <= 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_word = text.len() <= 64
        && text.contains(|char: char| char.is_ascii_digit())
        && !text.contains(|char: char| char.is_whitespace() || char.is_control() || matches!(char, '/' | '\\'));
    match (of_uuid, is_word) {
        (true, _) => Ok(text.to_ascii_lowercase()),
        (false, true) => Ok(text.to_owned()),
        (false, false) => Err("a request id is a UUID, or the first part of one".to_owned()),
    }
}

fn sort_parser() -> impl TypedValueParser<Value = &'static SortKey> {
    let key = |name: &str| SORT_KEYS.iter().find(|key| key.name == name);
    PossibleValuesParser::new(SORT_KEYS.iter().map(|key| key.name))
        .try_map(move |name| key(&name).ok_or("no such order"))
}

fn format_parser() -> impl TypedValueParser<Value = FormatChoice> {
    let auto =
        PossibleValue::new(AUTO).help("The table; in GitHub Actions also the summary of the step and annotations");
    let formats = RENDERERS.iter().map(|one| PossibleValue::new(one.name).help(one.description));
    PossibleValuesParser::new(formats.chain([auto])).try_map(|name| FormatChoice::parse(&name))
}

fn report(text: &str) -> Result<ReportTarget, String> {
    let (name, path) = text.split_once('=').ok_or("it needs a format and a file, such as json=triage.json")?;
    let names: Vec<&str> = RENDERERS.iter().map(|one| one.name).collect();
    let renderer = renderer(name).ok_or_else(|| format!("no format '{name}'; there are {}", names.join(", ")))?;
    match path {
        "" => Err(format!("no file after '{name}='")),
        "-" => Err(format!("for standard output use --format {name}")),
        path => Ok(ReportTarget { renderer, path: path.into() }),
    }
}

/// Checks a glob of names, or what the table shows where there is no name: a path in it need not be a glob.
fn name_glob(text: &str) -> Result<String, String> {
    if text.starts_with(NO_NAME) { Ok(text.to_owned()) } else { glob(text) }
}

fn glob(text: &str) -> Result<String, String> {
    globset::Glob::new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}
