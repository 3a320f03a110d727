//! The configuration file `lambda-triage.toml`: where it is found, its form, and what is wrong with one. It says what
//! judges and shows, so that a repository can carry it; it cannot say where to read, where to write, or what to hide.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::args::{FormatChoice, Strictness};
use super::exit::RunError;
use super::gate::{self, GateRule};
use super::ignored::{IgnoreEntry, IgnoreList};
use super::owners::Owners;
use super::zones;
use crate::effects::{MarkerEntry, Markers};
use crate::model::Zone;
use crate::render::one_line;
use crate::summary::Prices;

/// Name of the file in a directory.
const NAME: &str = "lambda-triage.toml";
/// Largest file that is taken for a configuration.
const MOST_BYTES: u64 = 1 << 20;
/// Version of the form: grows when a key is added.
pub(super) const CONFIG_SCHEMA_VERSION: u32 = 1;

/// Keys that other tools would take, each with what to use instead: what a file in a repository may not decide.
const REFUSED: [(&str, &str); 15] = [
    ("endpoint_url", "--endpoint-url"),
    ("profile", "--profile"),
    ("region", "--region"),
    ("output", "--output"),
    ("report", "--report"),
    ("ledger", "--ledger"),
    ("save", "--save"),
    ("baseline", "--baseline"),
    ("redact", "--no-redact"),
    ("no_redact", "--no-redact"),
    ("redact_pattern", "--redact-pattern"),
    ("redact_personal", "--redact-personal"),
    ("pager", "LAMBDA_TRIAGE_PAGER"),
    ("no_pager", "--no-pager"),
    ("config", "--config"),
];

/// `lambda-triage.toml`: what judges an answer, and how it is shown. What is typed and the environment come first.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConfigFile {
    /// Output format, as for --format.
    format: Option<FormatText>,
    /// Columns of a line.
    #[schemars(with = "Option<u16>", range(min = 60, max = 1000))]
    width: Option<WidthNumber>,
    /// Time zone of the times that are shown and typed: local, UTC or a name such as Europe/Berlin.
    tz: Option<ZoneText>,
    /// Conditions on the numbers of the answer.
    gate: GateTable,
    /// Failures that the gate leaves out. The first entry that fits a failure takes it.
    ignore: Vec<IgnoreEntry>,
    /// Patterns for your own log lines that record a write, as for --markers.
    marker: Vec<MarkerEntry>,
    /// Your prices.
    prices: PriceTable,
    /// Owners by a glob for names of functions. The first that matches counts.
    #[schemars(with = "BTreeMap<String, String>")]
    owners: toml::Table,
}

/// What fails a run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct GateTable {
    /// Conditions that fail the run, as for --fail-on.
    fail_on: Vec<ConditionText>,
    /// Conditions that warn, as for --warn-on.
    warn_on: Vec<ConditionText>,
    /// Whether everything must have been read and understood: files, all or off, as for --strict.
    strict: Option<StrictText>,
}

/// Prices in US dollars.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct PriceTable {
    /// Price per GB-second, in quotes, so that no digit is lost: "0.0000133334".
    gb_second: Option<PriceText>,
}

/// Declares the type of a value that is text in the file and is checked where it stands, so that errors name the line.
macro_rules! checked_text {
    ($($name:ident($inner:ty) = $parse:expr;)*) => {$(
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(with = "String")]
        struct $name($inner);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(&text).map($name)
            }
        }
    )*};
}

checked_text! {
    FormatText(FormatChoice) = FormatChoice::parse;
    ZoneText(Zone) = zones::zone;
    ConditionText(GateRule) = gate::condition;
    StrictText(Strictness) = Strictness::parse;
    PriceText(u64) = Prices::parse_usd;
}

/// Columns of a line.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u16")]
struct WidthNumber(u16);

impl TryFrom<u16> for WidthNumber {
    type Error = String;

    fn try_from(width: u16) -> Result<Self, String> {
        checked_width(width).map(Self)
    }
}

/// Checks the columns of a line.
pub(super) fn checked_width(width: u16) -> Result<u16, String> {
    if (60..=1_000).contains(&width) { Ok(width) } else { Err(format!("{width} is not between 60 and 1000")) }
}

/// What a configuration file says, checked.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) format: Option<FormatChoice>,
    pub(super) width: Option<u16>,
    pub(super) tz: Option<Zone>,
    pub(super) fail_on: Vec<GateRule>,
    pub(super) warn_on: Vec<GateRule>,
    pub(super) strict: Option<Strictness>,
    pub(super) price_gb_second: Option<u64>,
    pub(super) markers: Option<Markers>,
    pub(super) ignore: IgnoreList,
    pub(super) owners: Owners,
}

impl Config {
    /// Reads a file, whose name may be relative to a directory.
    pub(super) fn read(directory: &Path, name: &Path) -> Result<Self, RunError> {
        let path = &directory.join(name);
        let name = one_line(&name.display().to_string()).into_owned();
        let wrong = |reason: String| RunError::usage(one_line(&format!("{name}: {reason}")).into_owned());
        let about = fs::metadata(path).map_err(|error| wrong(crate::source::reason(&error)))?;
        if !about.is_file() || about.len() > MOST_BYTES {
            return Err(wrong("a configuration is a regular file of at most 1 MiB".to_owned()));
        }
        let text = fs::read_to_string(path).map_err(|error| wrong(crate::source::reason(&error)))?;
        Self::parse(&text).map_err(|fault| {
            let place = fault.line.map_or_else(String::new, |line| format!(":{line}"));
            RunError::usage(one_line(&format!("{name}{place}: {}", fault.reason.trim())).into_owned())
        })
    }

    /// Checks the text of a file.
    pub(super) fn check_text(text: &str) -> Result<(), String> {
        Self::parse(text).map(drop).map_err(|fault| fault.reason)
    }

    /// Parses the text of a file.
    fn parse(text: &str) -> Result<Self, ConfigFault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Ok(table) = text.parse::<toml::Table>()
            && let Some((key, instead)) = REFUSED.iter().find(|(key, _)| table.contains_key(*key))
        {
            let reason = format!("'{key}' cannot be set in a file that a repository may carry; use {instead}");
            return Err(ConfigFault { line: None, reason });
        }
        let file: ConfigFile = toml::from_str(text).map_err(|error| ConfigFault {
            line: error.span().map(|span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()),
            reason: error.message().to_owned(),
        })?;
        Self::check(file).map_err(|reason| ConfigFault { line: None, reason })
    }

    fn check(file: ConfigFile) -> Result<Self, String> {
        let rules = |texts: Vec<ConditionText>| texts.into_iter().map(|ConditionText(rule)| rule).collect();
        let markers = (!file.marker.is_empty()).then(|| Markers::of(file.marker)).transpose();
        Ok(Self {
            format: file.format.map(|FormatText(format)| format),
            width: file.width.map(|WidthNumber(width)| width),
            tz: file.tz.map(|ZoneText(zone)| zone),
            fail_on: rules(file.gate.fail_on),
            warn_on: rules(file.gate.warn_on),
            strict: file.gate.strict.map(|StrictText(strict)| strict),
            price_gb_second: file.prices.gb_second.map(|PriceText(price)| price),
            markers: markers.map_err(|error| error.to_string())?,
            ignore: IgnoreList::of(file.ignore),
            owners: Owners::of(file.owners)?,
        })
    }
}

/// Reads a file of markers.
pub(super) fn read_markers(path: &Path) -> Result<Markers, String> {
    let wrong = |reason: String| format!("{}: {}", path.display(), reason.trim());
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Markers::parse(&text).map_err(|error| wrong(error.to_string()))
}

/// What is wrong with a file, and in which line.
#[derive(Debug)]
struct ConfigFault {
    line: Option<usize>,
    reason: String,
}

/// Finds the file of a directory or of one above it, up to the top of the repository or the home directory.
///
/// # Errors
/// When the one found belongs to somebody else than the directory: who may write to a directory above, such as `/tmp`,
/// would decide which failures count.
pub(super) fn find(directory: &Path, home: Option<&Path>) -> Result<Option<PathBuf>, RunError> {
    let mut way_up = PathBuf::new();
    for place in directory.ancestors() {
        let path = place.join(NAME);
        // Whatever has the name is meant, also a link that leads nowhere.
        if fs::symlink_metadata(&path).is_ok() {
            if !same_owner(directory, &path) {
                return Err(RunError::usage(format!(
                    "{} belongs to another user; name it with --config, or say --no-config",
                    one_line(&path.display().to_string())
                )));
            }
            return Ok(Some(way_up.join(NAME)));
        }
        if place.join(".git").exists() || home == Some(place) {
            break;
        }
        way_up.push("..");
    }
    Ok(None)
}

/// Returns whether a file belongs to the owner of a directory, or to the administrator.
#[cfg(unix)]
fn same_owner(directory: &Path, file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = |path: &Path| fs::metadata(path).map(|found| found.uid());
    // What cannot be read is told by the reading.
    !matches!((owner(directory), owner(file)), (Ok(ours), Ok(theirs)) if theirs != ours && theirs != 0)
}

/// Returns whether a file belongs to the owner of a directory, which other systems do not tell.
#[cfg(not(unix))]
fn same_owner(_: &Path, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        format = "json"
        width = 100
        tz = "Europe/Berlin"

        [gate]
        fail_on = ["lost > 0", "*:failure_rate > 5% if attempts >= 100"]
        warn_on = ["new_causes > 0"]
        strict = "all"

        [[ignore]]
        function = "legacy-*"
        code = "downstream.dns"
        until = 2026-03-01
        reason = "moves in March"

        [[ignore]]
        fingerprint = "aa"
        until = "2026-12-31"
        reason = "known"

        [[marker]]
        name = "charge"
        pattern = 'charged (?P<id>ch_\w+)'

        [prices]
        gb_second = "0.0000133334"

        [owners]
        "orders-*" = "team orders"
        "*" = "platform"
    "#;

    #[test]
    fn every_key_has_its_effect() {
        let config = Config::parse(WHOLE).unwrap();
        assert!(matches!(config.format, Some(FormatChoice::One(renderer)) if renderer.name == "json"));
        assert_eq!((config.width, config.price_gb_second), (Some(100), Some(133_334)));
        assert_eq!(config.tz.as_ref().map(|zone| zone.name()), Some("Europe/Berlin"));
        assert_eq!((config.fail_on.len(), config.warn_on.len()), (2, 1));
        assert_eq!(config.strict, Some(Strictness::All));
        assert!(config.markers.is_some());
        assert!(Config::parse("").is_ok());
        assert!(Config::parse("\u{feff}width = 80\r\n").is_ok());
    }

    #[test]
    fn a_wrong_file_names_the_line_and_what_may_stand_there() {
        for (text, line, want) in [
            ("width = 80\nfomat = 'json'", Some(2), "unknown field `fomat`, expected one of `format`"),
            ("\nformat = 'yaml'", Some(2), "no format 'yaml'; there are table"),
            ("width = 20", Some(1), "between 60 and 1000"),
            ("tz = 'Berln'", Some(1), "Europe/Berlin"),
            ("[gate]\nfail_on = [\n'failed > 0',\n'fialed > 0']", Some(2), "did you mean failed?"),
            ("[gate]\nstrict = 'very'", Some(2), "files, all or off"),
            ("[[ignore]]\nfunction = 'a'", None, "reason"),
            ("[[ignore]]\nreason = 'a'", None, "function, code or fingerprint"),
            ("[[ignore]]\ncode = 'timeuot'\nreason = 'a'", Some(2), "did you mean timeout"),
            ("[[ignore]]\ncode = 'timeout'\nuntil = '1 March'\nreason = 'a'", Some(3), "2026-03-01"),
            ("[[ignore]]\nfunction = '['\nreason = 'a'", Some(2), "unclosed"),
            ("[[marker]]\nname = 'a'\npattern = '('", None, "marker \"a\""),
            ("[owners]\n'*' = 1", None, "owner of '*'"),
            ("[owners]\n'[' = 'a'", None, "unclosed"),
            ("[prices]\ngb_second = 'cheap'", Some(2), "US dollars"),
            ("profile = 'prod'", None, "use --profile"),
            ("redact = false", None, "use --no-redact"),
            ("x = [", Some(1), ""),
        ] {
            let fault = Config::parse(text).unwrap_err();
            assert!(fault.reason.contains(want), "{text}: {fault:?}");
            if line.is_some() {
                assert_eq!(fault.line, line, "{text}: {fault:?}");
            }
        }
    }

    #[test]
    fn what_a_repository_may_not_decide_is_no_key() {
        let schema = schemars::schema_for!(ConfigFile).to_value();
        let keys = schema["properties"].as_object().unwrap();
        for (key, _) in REFUSED {
            assert!(!keys.contains_key(key), "{key}");
            assert!(Config::parse(&format!("{key} = 'x'")).unwrap_err().reason.contains("cannot be set"), "{key}");
        }
    }

    #[test]
    fn the_nearest_file_counts_up_to_the_top_of_the_repository() {
        let top = tempfile::tempdir().unwrap();
        let deep = top.path().join("repository/a/b");
        fs::create_dir_all(&deep).unwrap();
        let write = |place: &str| fs::write(top.path().join(place).join(NAME), "").unwrap();
        let found = |home: Option<&Path>| find(&deep, home).unwrap();
        assert_eq!(found(Some(top.path())), None);
        write(".");
        assert_eq!(found(Some(top.path())), Some(PathBuf::from("../../../lambda-triage.toml")));
        assert_eq!(found(Some(&top.path().join("repository"))), None);
        fs::create_dir(top.path().join("repository/.git")).unwrap();
        assert_eq!(found(None), None);
        write("repository");
        assert_eq!(found(None), Some(PathBuf::from("../../lambda-triage.toml")));
        write("repository/a/b");
        assert_eq!(found(None), Some(PathBuf::from("lambda-triage.toml")));
        fs::remove_file(deep.join(NAME)).unwrap();
        fs::create_dir(deep.join(NAME)).unwrap();
        assert_eq!(found(None), Some(PathBuf::from("lambda-triage.toml")));
        assert!(Config::read(&deep, Path::new(NAME)).is_err());
    }
}
