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

/// Variables that the program reads besides those that stand for flags.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("AWS_PROFILE, AWS_REGION and others", "Credentials, region and endpoints of pull, as for the AWS CLI."),
    ("COLUMNS", "Width of lines where standard output is not a terminal."),
    ("GITHUB_ACTIONS, GITHUB_STEP_SUMMARY", "Make --format auto write annotations and the summary of the step."),
    ("LAMBDA_TRIAGE_PAGER, PAGER", "Pager of a table that is longer than the terminal; empty for none."),
    ("NO_COLOR", "Turns colours off."),
    ("TMPDIR", "Directory of temporary files, which are unnamed or private."),
];

/// Returns the page of the program, or of one of its subcommands; `None` if there is no such one.
pub(super) fn page(subcommand: Option<&str>) -> Option<io::Result<Vec<u8>>> {
    let mut program = Args::command();
    program.build();
    let Some(name) = subcommand else { return Some(written(&program, &program)) };
    let command = program.find_subcommand(name).cloned()?;
    Some(written(&command, &program))
}

/// Lists the names of the pages: none for the program itself.
pub(super) fn pages() -> Vec<Option<String>> {
    let program = Args::command();
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
    let names = shown.map(|one| Some(one.get_name().to_owned()));
    std::iter::once(None).chain(names).collect()
}

fn written(command: &clap::Command, program: &clap::Command) -> io::Result<Vec<u8>> {
    let is_program = command.get_name() == program.get_name();
    let name = if is_program {
        command.get_name().to_owned()
    } else {
        format!("{}-{}", program.get_name(), command.get_name())
    };
    let more = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let command = command.clone().display_name(name.clone()).after_help("").version(env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name.to_uppercase()).section("1");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if is_program {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    // Blocks of the help: a heading with a colon, and lines that are indented.
    for line in more.lines() {
        match line.strip_suffix(':').filter(|heading| !heading.starts_with(' ')) {
            Some(heading) => drop(rest.control("SH", [heading.to_uppercase().as_str()])),
            None if line.is_empty() => drop(rest.control("PP", [])),
            None if line.starts_with(' ') => {
                rest.control("nf", []).text([roman(line)]).control("fi", []);
            }
            None => drop(rest.text([roman(line)])),
        }
    }
    list(&mut rest, "FILES", FILES.map(|(file, about)| (file.to_owned(), about.to_owned())));
    let of_flags = VARIABLES.iter().map(|(name, _)| {
        let flag = name.trim_start_matches("LAMBDA_TRIAGE_").to_lowercase().replace('_', "-");
        ((*name).to_owned(), format!("Stands for --{flag}, which comes first."))
    });
    let config = (CONFIG_VARIABLE.to_owned(), "Names the configuration file, as --config does.".to_owned());
    let others = ENVIRONMENT.map(|(name, about)| (name.to_owned(), about.to_owned()));
    list(&mut rest, "ENVIRONMENT", std::iter::once(config).chain(of_flags).chain(others));
    if !is_program {
        rest.control("SH", ["SEE ALSO"]).text([bold(program.get_name()), roman("(1)")]);
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

fn list(page: &mut Roff, heading: &str, items: impl IntoIterator<Item = (String, String)>) {
    page.control("SH", [heading]);
    for (name, about) in items {
        page.control("TP", []).text([bold(name)]).text([roman(about)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_what_its_help_says() {
        for name in pages() {
            let page = String::from_utf8(page(name.as_deref()).unwrap().unwrap()).unwrap();
            let title = name.as_ref().map_or("LAMBDA\\-TRIAGE".to_owned(), |name| {
                format!("LAMBDA\\-TRIAGE\\-{}", name.to_uppercase().replace('-', "\\-"))
            });
            assert!(page.contains(&format!(".TH {title} 1")) || page.contains(".TH"), "{page}");
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "FILES", "ENVIRONMENT"] {
                assert!(page.contains(&format!(".SH {section}")), "{name:?} lacks {section}");
            }
            assert!(!page.contains('\u{1b}'), "{name:?}");
        }
        let analyze = String::from_utf8(page(Some("analyze")).unwrap().unwrap()).unwrap();
        for part in [".SH EXAMPLES", ".SH \"EXIT STATUS\"", "nothing to analyse", "fail\\-on", "LAMBDA_TRIAGE_FORMAT"] {
            assert!(analyze.contains(part), "{part} is missing in {analyze}");
        }
        assert!(page(Some("nonsense")).is_none());
    }
}
