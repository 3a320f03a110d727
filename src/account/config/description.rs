//! A function as AWS answers it, in `list-functions`, `get-function` and `get-function-configuration`.

use serde::Deserialize;

use super::facts::{DocumentForm, FactSource, FunctionFact, FunctionRef, version_number, word};
use super::loose::{JsonObject, List, Tolerant, Value};
use crate::model::Timestamp;

/// The parts of a description that are used. Environment variables are none of them, so they are dropped while parsing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Description {
    pub(super) function_name: Value,
    pub(super) function_arn: Value,
    pub(super) version: Value,
    pub(super) timeout: Value,
    pub(super) memory_size: Value,
    pub(super) runtime: Value,
    pub(super) architectures: Tolerant<List<Value>>,
    pub(super) package_type: Value,
    pub(super) last_modified: Value,
    pub(super) dead_letter_config: Tolerant<JsonObject<DeadLetterConfig>>,
    pub(super) snap_start: Tolerant<JsonObject<SnapStart>>,
    pub(super) logging_config: Tolerant<JsonObject<LoggingConfig>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DeadLetterConfig {
    target_arn: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SnapStart {
    pub(super) apply_on: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct LoggingConfig {
    pub(super) system_log_level: Value,
}

/// `PublishedVersions` or `None`.
const NO_SNAP_START: &str = "None";
/// `Zip` or `Image`.
const IMAGE: &str = "Image";

impl Description {
    /// Returns the fact; `None` without the name of a function.
    pub(super) fn fact(&self, input: &str) -> Option<FunctionFact> {
        let by_arn = self.function_arn.text().and_then(FunctionRef::parse);
        let by_name = || self.function_name.text().and_then(FunctionRef::parse);
        let (function, _) = by_arn.or_else(by_name)?;
        let text = |value: &Option<Value>| value.as_ref().and_then(word);
        let snap_start = self.snap_start.0.as_ref().and_then(|snap_start| word(&snap_start.0.apply_on));
        let log_level = self.logging_config.0.as_ref().map(|config| config.0.system_log_level.clone());
        let first_architecture = self.architectures.0.as_ref().and_then(|list| list.0.first().cloned());
        Some(FunctionFact {
            function,
            source: FactSource { form: DocumentForm::Answer, input: input.to_owned() },
            version: self.version.text().and_then(version_number),
            timeout_s: self.timeout.count(),
            memory_size_mb: self.memory_size.count(),
            runtime: word(&self.runtime),
            architecture: text(&first_architecture),
            is_image: word(&self.package_type).map(|kind| kind == IMAGE),
            last_modified: self.last_modified.text().and_then(time),
            has_dead_letter_queue: Some(
                self.dead_letter_config.0.as_ref().is_some_and(|one| one.0.target_arn.is_set()),
            ),
            has_snap_start: snap_start.map(|word| word != NO_SNAP_START),
            system_log_level: text(&log_level),
            reserved_concurrency: None,
        })
    }
}

/// Reads a time as AWS writes it: `2026-03-01T10:04:05.000+0000`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let is_time = |char: char| char.is_ascii_digit() || matches!(char, '-' | '+' | ':' | '.' | 'T' | 'Z');
    text.chars().all(is_time).then(|| Timestamp::parse_prefix(text.as_bytes()).map(|(at, _)| at)).flatten()
}
