//! Settings that were not typed: those of the environment, and behind them those of the configuration file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{ConfigArgs, FormatChoice, Strictness};
use super::config::{self, Config, checked_width, read_markers};
use super::exit::RunError;
use super::gate::{self, GateRule};
use super::zones;
use crate::model::Zone;
use crate::render::one_line;
use crate::summary::Prices;

/// Environment variable that names the configuration file.
pub(super) const CONFIG_VARIABLE: &str = "LAMBDA_TRIAGE_CONFIG";

/// Reads the text of a variable into the settings.
type SetFromText = fn(&mut Config, &str) -> Result<(), String>;

/// Environment variables that stand for flags, each with what it sets.
pub(super) const VARIABLES: [(&str, SetFromText); 8] = [
    ("LAMBDA_TRIAGE_FORMAT", |config, text| set(&mut config.format, FormatChoice::parse(text))),
    ("LAMBDA_TRIAGE_WIDTH", |config, text| {
        let width = text.parse().map_err(|_| format!("'{text}' is no number")).and_then(checked_width);
        set(&mut config.width, width)
    }),
    ("LAMBDA_TRIAGE_TZ", |config, text| set(&mut config.tz, zones::zone(text))),
    ("LAMBDA_TRIAGE_FAIL_ON", |config, text| rules(text).map(|rules| config.fail_on = rules)),
    ("LAMBDA_TRIAGE_WARN_ON", |config, text| rules(text).map(|rules| config.warn_on = rules)),
    ("LAMBDA_TRIAGE_STRICT", |config, text| set(&mut config.strict, Strictness::parse(text))),
    ("LAMBDA_TRIAGE_PRICE_GB_SECOND", |config, text| set(&mut config.price_gb_second, Prices::parse_usd(text))),
    ("LAMBDA_TRIAGE_MARKERS", |config, text| set(&mut config.markers, read_markers(Path::new(text)))),
];

/// What the settings depend on besides the arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct SettingsSource {
    /// Values of the variables that are set.
    pub(super) variables: Vec<(&'static str, OsString)>,
    /// File that the environment names.
    pub(super) file: Option<PathBuf>,
    pub(super) directory: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
}

/// Settings that were not typed.
#[derive(Debug, Default)]
pub(super) struct LoadedSettings {
    /// Name of the configuration file that was used.
    pub(super) file: Option<PathBuf>,
    pub(super) config: Config,
}

impl LoadedSettings {
    /// Reads the configuration file, if there is one, and sets what the environment says.
    pub(super) fn load(args: &ConfigArgs, source: &SettingsSource) -> Result<Self, RunError> {
        let named = args.config.as_ref().or(source.file.as_ref());
        let file = match (args.no_config, named, &source.directory) {
            (true, ..) | (_, None, None) => None,
            (_, Some(path), _) => Some(path.clone()),
            (_, None, Some(directory)) => config::find(directory, source.home.as_deref())?,
        };
        let directory = source.directory.as_deref().unwrap_or(Path::new("."));
        let config = file.as_deref().map(|file| Config::read(directory, file));
        let mut config = config.transpose()?.unwrap_or_default();
        for (name, value) in &source.variables {
            let Some((_, set)) = VARIABLES.iter().find(|(known, _)| known == name) else { continue };
            let set =
                value.to_str().ok_or_else(|| "it is not UTF-8".to_owned()).and_then(|text| set(&mut config, text));
            set.map_err(|wrong| RunError::usage(one_line(&format!("{name}: {wrong}"))))?;
        }
        Ok(Self { file, config })
    }

    /// Returns the zone of times that are shown and typed.
    pub(super) fn zone(&self, typed: Option<&Zone>) -> Zone {
        typed.or(self.config.tz.as_ref()).cloned().unwrap_or(Zone::UTC)
    }
}

fn set<T>(place: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    value.map(|value| *place = Some(value))
}

/// Parses conditions, one in a line or between semicolons.
fn rules(text: &str) -> Result<Vec<GateRule>, String> {
    text.split(['\n', ';']).map(str::trim).filter(|text| !text.is_empty()).map(gate::condition).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_before_the_file() {
        let top = tempfile::tempdir().unwrap();
        let text = "width = 70\ntz = 'Europe/Berlin'\n[gate]\nfail_on = ['failed > 0']\nstrict = 'all'\n";
        std::fs::write(top.path().join("lambda-triage.toml"), text).unwrap();
        let variables = vec![
            ("LAMBDA_TRIAGE_WIDTH", OsString::from("90")),
            ("LAMBDA_TRIAGE_FAIL_ON", "lost > 0; failed > 9\n".into()),
        ];
        let source = SettingsSource { variables, directory: Some(top.path().to_owned()), ..SettingsSource::default() };
        let settings = LoadedSettings::load(&ConfigArgs::default(), &source).unwrap();
        let rules: Vec<String> = settings.config.fail_on.iter().map(ToString::to_string).collect();
        assert_eq!(rules, ["'lost > 0'", "'failed > 9'"]);
        assert_eq!((settings.config.width, settings.config.strict), (Some(90), Some(Strictness::All)));
        assert_eq!(settings.zone(None).name(), "Europe/Berlin");
        assert_eq!(settings.zone(Some(&Zone::UTC)).name(), "UTC");
        let without = ConfigArgs { no_config: true, ..ConfigArgs::default() };
        let settings = LoadedSettings::load(&without, &source).unwrap();
        assert_eq!((settings.file, settings.config.strict, settings.config.width), (None, None, Some(90)));
    }

    #[test]
    fn a_wrong_variable_is_named() {
        for (name, value) in [
            ("LAMBDA_TRIAGE_WIDTH", "wide"),
            ("LAMBDA_TRIAGE_WIDTH", "5"),
            ("LAMBDA_TRIAGE_FORMAT", "yaml"),
            ("LAMBDA_TRIAGE_TZ", "Berln"),
            ("LAMBDA_TRIAGE_FAIL_ON", "fialed > 0"),
            ("LAMBDA_TRIAGE_STRICT", "very"),
            ("LAMBDA_TRIAGE_PRICE_GB_SECOND", "cheap"),
            ("LAMBDA_TRIAGE_MARKERS", "/no/such/file"),
        ] {
            let source = SettingsSource { variables: vec![(name, value.into())], ..SettingsSource::default() };
            let error = LoadedSettings::load(&ConfigArgs::default(), &source).unwrap_err();
            assert!(error.message.starts_with(&format!("{name}: ")), "{}", error.message);
        }
        assert_eq!(VARIABLES.len(), 8);
    }
}
