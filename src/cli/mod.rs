//! Command line of the program: parses the arguments, runs the command and returns the exit status.

mod account_files;
mod again;
mod analyze;
mod answers;
mod args;
mod cloudwatch_query;
mod completions;
mod config;
mod ddl;
mod demo;
mod diff;
mod exit;
mod explain;
#[cfg(feature = "cloudwatch")]
mod follow;
mod gate;
mod ignored;
#[cfg(feature = "cloudwatch")]
mod kept;
mod man;
mod masking;
mod metrics;
mod metrics_list;
mod moments;
mod options;
mod output;
mod owners;
#[cfg(unix)]
mod pager;
mod progress;
#[cfg(feature = "cloudwatch")]
mod pull;
#[cfg(feature = "cloudwatch")]
mod pull_progress;
mod schema;
#[cfg(test)]
mod screen_tests;
mod settings;
mod show;
mod sides;
mod signals;
mod view;
mod zones;

use std::io::{self, Write};
use std::path::Path;

use clap::{CommandFactory, Parser};

pub(crate) use exit::ExitStatus;

use args::{Args, Command, ExplainFormat};
use exit::RunError;
use options::Terminal;

use crate::render::{one_line, without_commands};
use crate::source::Stop;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitStatus {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return show_usage(&error),
    };
    let mut terminal = Terminal::detect();
    terminal.stop = listen_for(&args.command);
    let status = dispatch(args.command, &terminal).unwrap_or_else(|failure| {
        complain(&failure.message);
        failure.status
    });
    // Whoever interrupts a run is told so, even if its answer was whole by then.
    terminal.stop.requested().map_or(status, ExitStatus::from)
}

/// Begins to listen for signals, if the command reads what may be long. A pull listens for itself.
fn listen_for(command: &Command) -> Stop {
    match command {
        Command::Analyze(_)
        | Command::Show(_)
        | Command::View(_)
        | Command::Metrics { .. }
        | Command::CloudwatchQuery(_)
        | Command::Diff(_)
        | Command::Demo(_) => signals::listen(),
        _ => Stop::default(),
    }
}

/// Checks a condition of `--fail-on`.
///
/// # Errors
/// When it is none.
pub fn check_condition(text: &str) -> Result<(), String> {
    gate::condition(text).map(drop)
}

/// Checks the text of a configuration file.
///
/// # Errors
/// When it is none.
pub fn check_configuration(text: &str) -> Result<(), String> {
    config::Config::check_text(text)
}

fn dispatch(command: Command, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    match command {
        Command::Analyze(args) if args.paths.is_empty() && terminal.stdin => {
            show_help("analyze");
            Err(RunError::usage("no input: name a file or a directory, or pipe a log in"))
        }
        Command::Analyze(args) => analyze::files(args, terminal),
        #[cfg(feature = "cloudwatch")]
        Command::Pull(args) => pull::run(*args, terminal),
        #[cfg(not(feature = "cloudwatch"))]
        Command::Pull { .. } => Err(RunError::usage(
            "this program was built without pull (--no-default-features): save the log with `aws logs tail` or an export, or install \
             the whole program",
        )),
        Command::Show(args) => show::event(args, terminal),
        Command::View(args) => view::run(args, terminal),
        Command::Metrics { file } => metrics_list::run(file.as_deref(), terminal),
        Command::CloudwatchQuery(args) => cloudwatch_query::run(&args, terminal),
        Command::Diff(args) => diff::run(args, terminal),
        Command::Demo(args) => analyze::demo(args, terminal),
        Command::Explain(args) => {
            let style = terminal.style(args.color);
            let typed = args.code.as_deref();
            match args.format {
                ExplainFormat::Text => {
                    let text = explain::text(typed, args.invoker, &style)?;
                    print_long(&style.encode(&without_commands(&text)), terminal, args.no_pager)
                }
                ExplainFormat::Json => print_text(&explain::json(typed, args.invoker)?),
            }
        }
        Command::Schema { of, ddl } => print_text(&schema::text(of, ddl)?),
        Command::Man { command, out_dir } => manual(command.as_deref(), out_dir.as_deref()),
        Command::Completions { shell } => print_text(&completions::script(shell)),
    }
}

/// Prints a manual page, or writes all of them.
fn manual(command: Option<&str>, directory: Option<&Path>) -> Result<ExitStatus, RunError> {
    let failed = |path: &Path, error: &io::Error| output::cannot_write(&path.display().to_string(), error);
    let Some(directory) = directory else {
        let page = man::page(command).ok_or_else(|| {
            RunError::usage(format!("no command '{}'; lambda-triage --help lists them", command.unwrap_or_default()))
        })?;
        let page = page.map_err(|error| output::cannot_write("standard output", &error))?;
        return print_text(&String::from_utf8_lossy(&page));
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    for name in man::pages() {
        let path = directory.join(match &name {
            Some(name) => format!("lambda-triage-{name}.1"),
            None => "lambda-triage.1".to_owned(),
        });
        let page = man::page(name.as_deref()).into_iter().try_for_each(|page| std::fs::write(&path, page?));
        page.map_err(|error| failed(&path, &error))?;
    }
    Ok(ExitStatus::Success)
}

/// Writes an answer to read to standard output, in a pager if that is a terminal and the text is longer.
#[cfg(unix)]
fn print_long(text: &str, terminal: &Terminal, no_pager: bool) -> Result<ExitStatus, RunError> {
    match terminal.pager(no_pager) {
        Some(pager) if pager.show(text.as_bytes()) => Ok(ExitStatus::Success),
        _ => print_text(text),
    }
}

/// Writes an answer to read to standard output.
#[cfg(not(unix))]
fn print_long(text: &str, _: &Terminal, _: bool) -> Result<ExitStatus, RunError> {
    print_text(text)
}

/// Writes to standard output; a closed pipe is a normal end.
fn print_text(text: &str) -> Result<ExitStatus, RunError> {
    let mut out = io::stdout().lock();
    output::closed_pipe_is_fine(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
        .map_err(|error| output::cannot_write("standard output", &error))?;
    Ok(ExitStatus::Success)
}

/// Prints help or a usage error. Requested help is a success if it can be written, anything else wrong usage.
fn show_usage(error: &clap::Error) -> ExitStatus {
    let text = error.render().to_string();
    if let Some(message) = text.strip_prefix("error: ") {
        complain(message.trim_end());
        return ExitStatus::Usage;
    }
    let printed = error.print().and_then(|()| io::stdout().flush());
    if error.use_stderr() {
        return ExitStatus::Usage;
    }
    match output::closed_pipe_is_fine(printed) {
        Ok(()) => ExitStatus::Success,
        Err(error) => {
            complain(&output::cannot_write("standard output", &error).message);
            ExitStatus::Incomplete
        }
    }
}

/// Prints the help of a subcommand to standard error.
fn show_help(name: &str) {
    let mut command = Args::command();
    command.build();
    if let Some(command) = command.find_subcommand_mut(name) {
        let _ = write!(io::stderr(), "{}", command.render_long_help());
    }
}

/// Prints a message to standard error. If that fails, only the exit status remains.
fn complain(message: &str) {
    // A name or an error may hold anything; line ends are ours.
    let lines: Vec<_> = message.split('\n').map(one_line).collect();
    let _ = writeln!(io::stderr(), "lambda-triage: {}", without_commands(&lines.join("\n")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_fits_eighty_columns() {
        let mut command = Args::command().term_width(80);
        command.build();
        for sub in command.get_subcommands_mut() {
            for line in sub.render_long_help().to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", sub.get_name());
            }
        }
    }
}
