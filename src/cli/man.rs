//! Manual pages, made of the command line's definition: one for the program and one for each subcommand.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Args;
use super::settings::{CONFIG_VARIABLE, VARIABLES};

/// Files that the program looks for by itself.
const FILES: [(&str, &str); 2] = [
    (
        "lambda-triage.toml",
        "Settings of a repository: gate, ignore list, markers, prices, owners, format, width and time zone. Looked for in the \
         working directory and above, up to the top of the repository.",
    ),
    (
        "$XDG_STATE_HOME/lambda-triage",
        "What failed in the last pull, for show: masked, readable by its owner alone. Without the variable it is \
         ~/.local/state/lambda-triage.",
    ),
];

/// Variables that the program reads besides those that stand for flags, each with the flag without which a command does
/// not read it; `pull` is a command.
const ENVIRONMENT: [(&str, &str, &str); 6] = [
    ("AWS_PROFILE, AWS_REGION and others", "pull", "Credentials, region and endpoints of pull, as for the AWS CLI."),
    ("COLUMNS", "width", "Width of lines where standard output is not a terminal."),
    (
        "GITHUB_ACTIONS, GITHUB_STEP_SUMMARY",
        "report",
        "Make --format auto write annotations and the summary of the step.",
    ),
    ("LAMBDA_TRIAGE_PAGER, PAGER", "no-pager", "Pager of an answer that is longer than the terminal; empty for none."),
    ("NO_COLOR", "color", "Turns colours off."),
    ("TMPDIR", "threads", "Directory of temporary files, which are unnamed or private."),
];

/// Day of the release, or of the last change of the pages before it: builds of one source have the same pages.
const DATE: &str = "2026-11-29";

/// What the page of the program has behind its commands.
const OF_PROGRAM: &str = "\
Examples:
  lambda-triage demo
  lambda-triage analyze logs/
  aws logs tail /aws/lambda/orders-api --since 3h | lambda-triage analyze
  lambda-triage pull 'orders-*' --since 3h
  lambda-triage explain timeout.invoke

Exit status:
  0  done
  1  a --fail-on condition is true, or explain knows nothing that fits
  2  wrong usage or configuration; nothing was read
  3  an input was not read, an output not written, a --fail-on condition not
     evaluable, or something left out under --strict
  4  nothing to analyse, or no event with that id
  130 or 143: ended by Ctrl-C or SIGTERM; the answer is for what was read";

/// Returns the page of the program, or of one of its subcommands; `None` if there is no such one.
pub(super) fn page(subcommand: Option<&str>) -> Option<io::Result<Vec<u8>>> {
    let mut program = Args::command();
    program.build();
    let Some(name) = subcommand else { return Some(written(&program, &program)) };
    let command = program.find_subcommand(name).filter(|command| has_page(command)).cloned()?;
    Some(written(&command, &program))
}

/// Lists the names of the pages: none for the program itself.
pub(super) fn pages() -> Vec<Option<String>> {
    let program = Args::command();
    let names =
        program.get_subcommands().filter(|command| has_page(command)).map(|one| Some(one.get_name().to_owned()));
    std::iter::once(None).chain(names).collect()
}

fn written(command: &clap::Command, program: &clap::Command) -> io::Result<Vec<u8>> {
    let is_program = command.get_name() == program.get_name();
    let name = if is_program {
        command.get_name().to_owned()
    } else {
        format!("{}-{}", program.get_name(), command.get_name())
    };
    let more = command.get_after_help().map(ToString::to_string).filter(|_| !is_program);
    let more = more.unwrap_or_else(|| if is_program { OF_PROGRAM.to_owned() } else { String::new() });
    let usage = match is_program {
        true => format!("{name} COMMAND [OPTIONS] [ARGUMENT]...\n{name} --help | --version"),
        false => command.clone().render_usage().to_string().trim_start_matches("Usage: ").to_owned(),
    };
    let described = command.clone().display_name(name.clone()).override_usage(usage);
    let man = Man::new(described)
        .title(name.to_uppercase())
        .section("1")
        .date(DATE)
        .source(concat!("lambda-triage ", env!("CARGO_PKG_VERSION")))
        .manual("lambda-triage");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    if is_program {
        described_program(program).to_writer(&mut page)?;
    } else {
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    let mut rest = Roff::new();
    blocks(&mut rest, &more);
    let has = |flag: &str| is_program || command.get_arguments().any(|one| one.get_long() == Some(flag));
    if has("config") {
        list(&mut rest, "FILES", FILES.map(|(file, about)| (file.to_owned(), about.to_owned())));
    }
    let config = (CONFIG_VARIABLE, "config", "Names the configuration file, as --config does.".to_owned());
    let of_flags = VARIABLES.iter().map(|(name, _)| {
        let flag = name.trim_start_matches("LAMBDA_TRIAGE_").to_lowercase().replace('_', "-");
        let about = format!("Stands for --{flag}, which comes first.");
        ((*name).to_owned(), flag, about)
    });
    let others =
        ENVIRONMENT.iter().map(|(name, flag, about)| ((*name).to_owned(), (*flag).to_owned(), (*about).to_owned()));
    let config = (config.0.to_owned(), config.1.to_owned(), config.2);
    let read = std::iter::once(config).chain(of_flags).chain(others);
    let read = read.filter(|(_, flag, _)| has(flag) || flag == command.get_name());
    let variables: Vec<(String, String)> = read.map(|(name, _, about)| (name, about)).collect();
    if !variables.is_empty() {
        list(&mut rest, "ENVIRONMENT", variables);
    }
    if !is_program {
        rest.control("SH", ["SEE ALSO"]).text([bold(program.get_name()), roman("(1)")]);
    }
    rest.to_writer(&mut page)?;
    Ok(tidy(&String::from_utf8_lossy(&page)).into_bytes())
}

/// Returns what the page of the program says of it, and the list of the commands that have a page.
fn described_program(program: &clap::Command) -> Roff {
    let mut page = Roff::new();
    page.control("SH", ["DESCRIPTION"]).text([roman(
        "Reads AWS Lambda logs (files, directories, a pipe, or CloudWatch itself) and gives every invocation a verdict: which \
         function fails, in which of eight ways, since when, with the line that proves it and what to do about it.",
    )]);
    page.control("PP", []).text([roman("Only pull uses the network, and it writes nothing to AWS.")]);
    let commands = program.get_subcommands().filter(|one| has_page(one));
    let commands = commands.map(|one| {
        let name = format!("{}-{}", program.get_name(), one.get_name());
        (name, one.get_about().map(ToString::to_string).unwrap_or_default())
    });
    page.control("SH", ["COMMANDS"]);
    for (name, about) in commands {
        page.control("TP", []).text([bold(name), roman("(1)")]).text([roman(about)]);
    }
    page
}

/// Returns whether there is a page of a command: not of `help`, which shows what the others say.
fn has_page(command: &clap::Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// Adds blocks of the help: a heading with a colon, and lines that are indented.
fn blocks(page: &mut Roff, text: &str) {
    for line in text.lines() {
        match line.strip_suffix(':').filter(|heading| !heading.starts_with(' ')) {
            Some(heading) => drop(page.control("SH", [heading.to_uppercase().as_str()])),
            None if line.is_empty() => drop(page.control("PP", [])),
            None if line.starts_with(' ') => {
                page.control("nf", []).text([roman(line)]).control("fi", []);
            }
            None => drop(page.text([roman(line)])),
        }
    }
}

fn list(page: &mut Roff, heading: &str, items: impl IntoIterator<Item = (String, String)>) {
    page.control("SH", [heading]);
    for (name, about) in items {
        page.control("TP", []).text([bold(name)]).text([roman(about)]);
    }
}

/// Leaves out what says nothing: each part defines the apostrophe anew, unfilled text ends where it goes on, and a heading
/// begins a paragraph by itself.
fn tidy(page: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in page.lines() {
        let last = kept.last().copied();
        match (last, line) {
            (Some(_), ".ie \\n(.g .ds Aq \\(aq" | ".el .ds Aq '") if kept.len() > 1 => {}
            (Some(".fi"), ".nf") => drop(kept.pop()),
            (Some(".PP"), _) if line.starts_with(".SH") => {
                kept.pop();
                kept.push(line);
            }
            // Two breaks with an empty line between.
            (Some(".br"), "") => {
                kept.pop();
                kept.push(".sp");
            }
            (Some(".sp"), ".br") => {}
            (_, "") => kept.push(".sp"),
            _ => kept.push(line),
        }
    }
    kept.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: Option<&str>) -> String {
        String::from_utf8(page(name).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn every_command_has_a_page_with_what_its_help_says() {
        for name in pages() {
            let page = text(name.as_deref());
            let title = name.as_ref().map_or("LAMBDA\\-TRIAGE".to_owned(), |name| {
                format!("LAMBDA\\-TRIAGE\\-{}", name.to_uppercase().replace('-', "\\-"))
            });
            let version = env!("CARGO_PKG_VERSION");
            let foot = format!("1 {DATE} \"lambda\\-triage {version}\" lambda\\-triage");
            let plain = page.replace("\\-", "-");
            for want in [format!(".TH {title} {foot}").replace("\\-", "-"), ".SH NAME".into(), ".SH SYNOPSIS".into()] {
                assert!(plain.contains(&want), "{name:?} lacks {want}: {plain}");
            }
            assert!(page.contains(".SH DESCRIPTION"), "{name:?}");
            assert!(!page.contains('\u{1b}'), "{name:?}");
            // What `mandoc -Tlint` and `man --warnings` find fault with.
            let lines: Vec<&str> = page.lines().collect();
            for pair in lines.windows(2) {
                let doubled = matches!(pair, [".br", ".sp"] | [".sp", ".br"] | [".fi", ".nf"] | [".br", ".br"]);
                let empty = pair[0] == ".PP" && pair[1].starts_with(".SH") || pair[1].is_empty();
                assert!(!doubled && !empty, "{name:?}: {pair:?}");
            }
        }
        let analyze = text(Some("analyze"));
        let all = [
            ".SH EXAMPLES",
            ".SH \"EXIT STATUS\"",
            "nothing to analyse",
            "fail\\-on",
            "LAMBDA_TRIAGE_FORMAT",
            ".SH FILES",
        ];
        for part in all {
            assert!(analyze.contains(part), "{part} is missing in {analyze}");
        }
        assert!(page(Some("nonsense")).is_none());
    }

    #[test]
    fn the_page_of_the_program_leads_to_the_others_and_to_no_more() {
        let program = text(None).replace("\\-", "-");
        for section in ["EXAMPLES", "\"EXIT STATUS\"", "FILES", "ENVIRONMENT", "COMMANDS"] {
            assert_eq!(program.matches(&format!("\n.SH {section}\n")).count(), 1, "{section}");
        }
        let listed: Vec<&str> = program.lines().filter_map(|line| line.strip_suffix("\\fR(1)")).collect();
        let of_pages: Vec<String> =
            pages().into_iter().flatten().map(|name| format!("\\fBlambda-triage-{name}")).collect();
        assert_eq!(listed, of_pages);
        assert!(page(Some("help")).is_none());
    }

    /// A page tells of the variables that its command reads.
    #[test]
    fn variables_are_told_where_they_are_read() {
        for (name, told, not) in [
            (
                "analyze",
                &["LAMBDA_TRIAGE_FAIL_ON", "LAMBDA_TRIAGE_PAGER", "NO_COLOR", "TMPDIR"][..],
                &["AWS_PROFILE"][..],
            ),
            ("explain", &["LAMBDA_TRIAGE_PAGER", "NO_COLOR"], &["LAMBDA_TRIAGE_FAIL_ON", "TMPDIR"]),
            ("completions", &[], &["ENVIRONMENT", "FILES"]),
        ] {
            let page = text(Some(name));
            assert!(told.iter().all(|word| page.contains(word)), "{name}: {page}");
            assert!(!not.iter().any(|word| page.contains(word)), "{name}: {page}");
        }
    }

    /// The date is that of the release, as soon as there is one.
    #[test]
    fn the_date_is_that_of_the_change_log() {
        let heading = format!("## {} (", env!("CARGO_PKG_VERSION"));
        let log = include_str!("../../CHANGELOG.md");
        let released = log.lines().find_map(|line| line.strip_prefix(&heading)?.strip_suffix(')'));
        assert!(released.is_none_or(|date| date == DATE), "DATE in man.rs is not {released:?}");
    }
}
