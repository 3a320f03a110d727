//! Completion scripts for shells, generated from the command line's definition.

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::args::Args;
use crate::catalogue::CODES;

/// Name of the program on the command line.
const NAME: &str = "lambda-triage";

/// Returns the script that a shell sources.
pub(super) fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), NAME, &mut script);
    // clap_complete spells a hyphen of the program's name differently in the labels of subcommands than in the word
    // that is compared with them, so no subcommand would be found (clap-rs/clap#6421).
    let mut script =
        String::from_utf8_lossy(&script).replace(&NAME.replace('-', "__subcmd__"), &NAME.replace('-', "__"));
    if shell == Shell::Fish {
        values_for_fish(&mut script);
    }
    script
}

/// Adds the values of arguments without a flag, which clap_complete leaves out for fish.
fn values_for_fish(script: &mut String) {
    let command = command();
    for sub in command.get_subcommands() {
        for argument in sub.get_positionals() {
            let values = argument.get_possible_values();
            let values: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
            if !values.is_empty() {
                script.push_str(&format!(
                    "complete -c {NAME} -n \"__fish_{}_using_subcommand {}\" -f -a \"{}\"\n",
                    NAME.replace('-', "_"),
                    sub.get_name(),
                    values.join(" ")
                ));
            }
        }
    }
}

/// Returns the definition of the command line with the codes as values of `explain`, which takes anything else, too.
fn command() -> Command {
    let codes = || PossibleValuesParser::new(CODES.iter().map(|code| code.id));
    Args::command().mut_subcommand("explain", |explain| explain.mut_arg("code", |code| code.value_parser(codes())))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::render::RENDERERS;

    /// Names of the output formats.
    fn formats() -> Vec<String> {
        RENDERERS.iter().map(|one| one.name).chain(["auto"]).map(str::to_owned).collect()
    }

    /// Shell script that lists what bash offers for each line of words, with a line of dashes after each answer.
    const ASK: &str = r#"
        source "$1"
        completer=$(complete -p lambda-triage | sed 's/.*-F \([^ ]*\).*/\1/')
        while IFS=$'\t' read -r -a COMP_WORDS; do
            # Read takes no empty word at the end.
            [[ ${COMP_WORDS[-1]} == NOTHING ]] && COMP_WORDS[-1]=""
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            COMPREPLY=()
            "$completer" lambda-triage "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}" ---
        done
    "#;

    /// Asks a real bash what it offers for the last word of each line of words.
    fn offered(lines: &[Vec<String>]) -> Vec<Vec<String>> {
        let mut script = tempfile::NamedTempFile::new().expect("a file");
        script.write_all(super::script(Shell::Bash).as_bytes()).expect("the script");
        let mut bash = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", ASK, "bash"])
            .arg(script.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash, which this test needs");
        let mut stdin = bash.stdin.take().expect("its input");
        let asked: String = lines.iter().map(|words| words.join("\t") + "\n").collect();
        let feeder = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
        let output = bash.wait_with_output().expect("its end");
        feeder.join().expect("no panic").expect("read to the end");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.split("---\n").map(|part| part.lines().map(str::to_owned).collect()).take(lines.len()).collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| if word.is_empty() { "NOTHING" } else { word }.to_owned()).collect()
    }

    #[test]
    fn bash_completes_every_flag_and_value_of_every_subcommand() {
        let mut command = Args::command();
        command.build();
        let (mut asked, mut wanted) = (Vec::new(), Vec::new());
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let name = sub.get_name();
            asked.push(words(&[NAME, &name[..2]]));
            wanted.push(vec![name.to_owned()]);
            for argument in sub.get_arguments().filter(|argument| !argument.is_hide_set()) {
                let Some(long) = argument.get_long() else { continue };
                // As the first argument, and after other arguments.
                for before in [&[NAME, name][..], &[NAME, name, "logs/", "--color", "never"]] {
                    let flag = format!("--{long}");
                    asked.push(words(&[before, &[&flag[..4]]].concat()));
                    wanted.push(vec![flag.clone()]);
                    let values: Vec<String> =
                        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
                    if argument.get_action().takes_values() && !values.is_empty() {
                        asked.push(words(&[before, &[&flag, ""]].concat()));
                        wanted.push(values);
                    }
                }
            }
        }
        assert!(wanted.len() > 80 && wanted.contains(&formats()), "{wanted:?}");
        let mut wrong = Vec::new();
        for ((asked, wanted), offered) in asked.iter().zip(&wanted).zip(offered(&asked)) {
            if wanted.iter().any(|word| !offered.contains(word)) {
                wrong.push(format!("{asked:?}: {offered:?}, not {wanted:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_bash_offers_fits_what_was_typed() {
        let asked = [
            words(&[NAME, "analyze", "--fo"]),
            words(&[NAME, "analyze", "--format", ""]),
            words(&[NAME, "analyze", "--format", "nd"]),
            words(&[NAME, "analyze", "some-file"]),
            words(&[NAME, "schema", "led"]),
            words(&[NAME, "help", "an"]),
            words(&[NAME, "explain", "timeout.i"]),
        ];
        let offered = offered(&asked).into_iter().map(|words| words.join(" ")).collect::<Vec<_>>();
        assert_eq!(
            offered,
            ["--format", &formats().join(" "), "ndjson", "", "ledger", "analyze", "timeout.invoke timeout.init"]
        );
    }
}
