//! Reports and first lines of environments, told without being parsed: what a pull must know of the lines that it fetches.

use super::platform::{INIT_REPORT, INIT_START, RESTORE_REPORT, RESTORE_START};

/// Returns whether a line is the first of an environment, or of one that was restored.
pub(crate) fn begins_environment(line: &str) -> bool {
    const IN_JSON: [&str; 2] = ["\"platform.initStart\"", "\"platform.restoreStart\""];
    match line.starts_with('{') {
        true => IN_JSON.iter().any(|kind| line.contains(kind)),
        false => line.starts_with(INIT_START) || line.starts_with(RESTORE_START),
    }
}

/// Returns whether a line reports the init of an environment, or its restore.
pub(crate) fn ends_environment_init(line: &str) -> bool {
    const IN_JSON: [&str; 2] = ["\"platform.initReport\"", "\"platform.restoreReport\""];
    match line.starts_with('{') {
        true => IN_JSON.iter().any(|kind| line.contains(kind)),
        false => line.starts_with(INIT_REPORT) || line.starts_with(RESTORE_REPORT),
    }
}

/// Figures of a report, as the platform writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ReportFigures {
    pub(crate) duration_ms: Option<f64>,
    pub(crate) memory_size_mb: Option<f64>,
    pub(crate) max_memory_used_mb: Option<f64>,
    /// Whether the environment was initialised or restored for it.
    pub(crate) is_cold: bool,
}

/// Labels and keys of the duration, the size of the memory and its use, in text and in the JSON format.
const FIGURES: [[&str; 3]; 2] = [
    ["\tDuration: ", "\tMemory Size: ", " Memory Used: "],
    ["\"durationMs\":", "\"memorySizeMB\":", "\"maxMemoryUsedMB\":"],
];
/// Labels and keys of the durations that only a cold start has. In text they are part of longer labels.
pub(crate) const COLD: [&str; 4] = ["Init Dur", "Restore Dur", "initDurationMs", "restoreDurationMs"];

impl ReportFigures {
    /// Finds the figures in a line that is a report.
    pub(crate) fn find(line: &str) -> Self {
        let labels = &FIGURES[usize::from(line.starts_with('{'))];
        let figure = |label: &str| {
            let rest = line.get(line.find(label)? + label.len()..)?.trim_start();
            let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
            rest[..end].parse().ok()
        };
        let [duration_ms, memory_size_mb, max_memory_used_mb] = labels.map(figure);
        let is_cold = COLD.iter().any(|word| line.contains(word));
        Self { duration_ms, memory_size_mb, max_memory_used_mb, is_cold }
    }
}
