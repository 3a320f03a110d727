//! Exit status of the program, and the failures that lead to it.

use std::process::ExitCode;

use crate::pipeline::AnalyzeError;

/// Exit status of a run, the same for every output format. If several apply, the first in this list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// 130: interrupted.
    Interrupted = 130,
    /// 143: ended by SIGTERM.
    Terminated = 143,
    /// 129: the terminal is gone (SIGHUP).
    HungUp = 129,
    /// 2: wrong usage or configuration; nothing was read.
    Usage = 2,
    /// 1: the answer is no: a gate (`--fail-on`) failed, or nothing in the catalogue matches what was pasted.
    Negative = 1,
    /// 3: an input could not be read, an output could not be written, a gate could not be evaluated, or coverage is
    /// incomplete under `--strict`.
    Incomplete = 3,
    /// 4: nothing to analyse was found, and `--allow-empty` was not given.
    Empty = 4,
    /// 0: everything was read and written, and every gate passed.
    Success = 0,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// A failure that ended a run early: a message for standard error, and the status.
#[derive(Debug)]
pub(super) struct RunError {
    pub(super) status: ExitStatus,
    pub(super) message: String,
}

impl RunError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Usage, message: message.into() }
    }

    pub(super) fn io(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Incomplete, message: message.into() }
    }
}

impl From<AnalyzeError> for RunError {
    fn from(error: AnalyzeError) -> Self {
        match error {
            AnalyzeError::OutputIsInput(_) | AnalyzeError::OutputIsFound { .. } => Self::usage(error.to_string()),
            AnalyzeError::InvalidGlob { .. } | AnalyzeError::TemporaryFile(_) => Self::io(error.to_string()),
        }
    }
}
