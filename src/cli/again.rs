//! Commands that read the input of a run again, as the user would type them.

use std::path::{Path, PathBuf};

use super::account_files;
use super::args::RunArgs;
use super::masking::MaskingArgs;
use super::moments::TypedTime;
use crate::render::{Commands, one_line};

/// Returns the commands for a run over these paths, or over the samples if there are none.
pub(super) fn commands(paths: &[PathBuf], args: &RunArgs) -> Commands {
    let shared = &args.shared;
    let mut commands = Commands {
        only: flags("--only", &shared.only).unwrap_or_default(),
        ledger: shared.ledger.is_some(),
        ..Commands::default()
    };
    // Standard input cannot be read again.
    if paths.iter().any(|path| path.as_os_str() == "-") {
        return commands;
    }
    let given: Option<Vec<String>> = paths.iter().map(|path| quoted(path.to_str()?)).collect();
    let named = flags("--exclude", &args.exclude).zip(flags("--function", args.function.as_slice()));
    let markers = match &shared.markers {
        Some(path) => path.to_str().and_then(quoted).map(|path| format!(" --markers {path}")),
        None => Some(String::new()),
    };
    let account = account_files::flags(&shared.account, |path| path.to_str().and_then(quoted));
    let config = match (&shared.config.config, shared.config.no_config) {
        (Some(path), _) => path.to_str().and_then(quoted).map(|path| format!(" --config {path}")),
        (None, true) if !paths.is_empty() => Some(" --no-config".to_owned()),
        (None, _) => Some(String::new()),
    };
    let (Some(given), Some((exclude, function))) = (given, named) else { return commands };
    let (Some(markers), Some(account), Some(config)) = (markers, account, config) else {
        return commands;
    };
    let mut window = String::new();
    for (flag, time) in [("--from", &args.from), ("--to", &args.to)] {
        // The form of a time lets it be typed: it has blanks at most.
        window.extend(time.as_ref().map(|TypedTime { text, .. }| match text.contains(' ') {
            true => format!(" {flag}='{text}'"),
            false => format!(" {flag}={text}"),
        }));
    }
    window.extend(args.since.map(|span| format!(" --since {}s", span.0 / 1_000)));
    let zone = shared.tz.as_ref().map_or(String::new(), |zone| format!(" --tz {}", zone.name()));
    let Some(masking) = masking(&shared.masking) else { return commands };
    let of_all = format!("{exclude}{function}{markers}{account}{config}{zone}{masking}");
    if given.is_empty() {
        commands.analyze = Some(format!("lambda-triage demo{of_all}{window}"));
        return commands;
    }
    let given = given.join(" ");
    commands.analyze = Some(format!("lambda-triage analyze {given}{of_all}{window}"));
    commands.show = Some(format!("{given}{of_all}"));
    commands
}

/// Returns the flags that mask more than usual; `None` if they cannot be typed.
fn masking(args: &MaskingArgs) -> Option<String> {
    let personal = if args.redact_personal { " --redact-personal" } else { "" };
    // It would be taken for a flag.
    if args.redact_pattern.iter().any(|pattern| pattern.as_str().starts_with('-')) {
        return None;
    }
    let patterns: Vec<String> = args.redact_pattern.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    Some(format!("{personal}{}", flags("--redact-pattern", &patterns)?))
}

/// Returns the commands for what a pull saved; none if it saved nothing.
#[cfg(feature = "cloudwatch")]
pub(super) fn of_saved(file: Option<&Path>, ledger: bool) -> Commands {
    let file = file.and_then(|file| quoted(file.to_str()?));
    Commands {
        analyze: file.as_ref().map(|file| format!("lambda-triage analyze {file}")),
        show: file,
        only: String::new(),
        ledger,
    }
}

/// Returns a flag with each of its values, with a blank before each; `None` if a value cannot be typed.
fn flags(flag: &str, values: &[String]) -> Option<String> {
    values.iter().map(|value| Some(format!(" {flag} {}", quoted(value)?))).collect()
}

/// Returns the commands for a saved answer.
pub(super) fn of_saved_answer(file: &Path, only: &[String], ledger: bool) -> Commands {
    let (file, only) = (file.to_str().and_then(quoted), flags("--only", only));
    let (Some(file), Some(only)) = (file, only) else { return Commands { ledger, ..Commands::default() } };
    Commands { analyze: Some(format!("lambda-triage view {file}")), only, ledger, ..Commands::default() }
}

/// Quotes a word for a POSIX shell; `None` if it has signs that cannot be shown as they are.
fn quoted(word: &str) -> Option<String> {
    let plain = |char: char| char.is_alphanumeric() || "-_./=:@%+,".contains(char);
    if one_line(word) != word || word.is_empty() {
        return None;
    }
    // A word that begins with a dash would be a flag.
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    Some(if word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Args, Command};
    use super::*;

    /// What is printed is understood as what was typed.
    #[test]
    fn bounds_and_zone_are_typed_again() {
        let typed = |arguments: &[&str]| {
            let arguments = ["lambda-triage", "analyze", "logs"].iter().chain(arguments).copied();
            match Args::try_parse_from(arguments).unwrap().command {
                Command::Analyze(args) => commands(&args.paths, &args.run),
                _ => panic!("analyze was typed"),
            }
        };
        for (arguments, want) in [
            (&["--from", "-2h"][..], " --from=-2h"),
            (&["--from=-2h", "--to", "90m ago"], " --from=-2h --to='90m ago'"),
            (&["--from", "2026-01-02 03:00", "--to", "04:00"], " --from='2026-01-02 03:00' --to=04:00"),
            (&["--tz", "asia/tokyo", "--from", "03:00"], " --tz Asia/Tokyo --from=03:00"),
        ] {
            assert_eq!(typed(arguments).analyze, Some(format!("lambda-triage analyze logs{want}")));
        }
        assert_eq!(typed(&["--tz", "Asia/Tokyo"]).show.as_deref(), Some("logs --tz Asia/Tokyo"));
    }

    #[test]
    fn words_are_typed_so_that_a_shell_takes_them() {
        for (word, want) in [
            ("logs/a.log", Some("logs/a.log")),
            ("my logs", Some("'my logs'")),
            ("it's", Some(r"'it'\''s'")),
            ("orders-*", Some("'orders-*'")),
            ("$HOME", Some("'$HOME'")),
            ("-x", Some("./-x")),
            ("größe", Some("größe")),
            ("a\x1bb", None),
            ("a\nb", None),
            ("", None),
        ] {
            assert_eq!(quoted(word).as_deref(), want, "{word:?}");
        }
    }
}
