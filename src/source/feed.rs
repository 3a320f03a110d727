//! Sources of a run's bytes: files, logs in memory, or anything else that can be opened and read.

use std::io::{self, Read};

use super::stop::{open_file, open_regular_file, open_standard_input};
use super::{Input, Listing, saved};
use crate::model::LoggedFunction;
use crate::wire::InputProblem;

/// A list of inputs, each of which is opened and read once.
pub(crate) trait InputSource: Sync {
    /// Returns the inputs in the order of the result.
    fn inputs(&self) -> &[Input];

    /// Returns the inputs that the user named but that cannot be read.
    fn problems(&self) -> &[InputProblem] {
        &[]
    }

    /// Returns what was found among the inputs and is nothing to read.
    fn skipped(&self) -> &[InputProblem] {
        &[]
    }

    /// Opens an input.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self, at: usize) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Returns what an input says besides its events, after it was read; `head` is its first bytes.
    fn told(&self, _at: usize, _head: &[u8]) -> Option<saved::PullTrailer> {
        None
    }

    /// Asks what the account tells besides the log, now that all inputs were read and these functions were seen. Also
    /// returns the bytes that it adds to the input.
    fn ask_account(&self, _seen: &[LoggedFunction]) -> (saved::AccountTold, u64) {
        (saved::AccountTold::default(), 0)
    }
}

impl InputSource for Listing {
    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn problems(&self) -> &[InputProblem] {
        &self.problems
    }

    fn skipped(&self) -> &[InputProblem] {
        &self.skipped
    }

    fn open(&self, at: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        let input = &self.inputs[at];
        match &input.path {
            Some(path) if input.size.is_some() => open_regular_file(path, &self.stop),
            Some(path) => open_file(path, &self.stop),
            None => Ok(open_standard_input(&self.stop)),
        }
    }

    fn told(&self, at: usize, head: &[u8]) -> Option<saved::PullTrailer> {
        saved::told_by_input(&self.inputs[at], head)
    }
}

/// Logs held in memory, each with a name and its bytes.
#[derive(Debug)]
pub(crate) struct MemoryInputs<'s> {
    inputs: Vec<Input>,
    samples: &'s [(&'s str, &'s [u8])],
}

impl<'s> MemoryInputs<'s> {
    /// Creates a source from `samples`.
    #[must_use]
    pub(crate) fn new(samples: &'s [(&'s str, &'s [u8])]) -> Self {
        Self { inputs: samples.iter().map(|(name, bytes)| Input::in_memory(name, bytes)).collect(), samples }
    }
}

impl InputSource for MemoryInputs<'_> {
    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn open(&self, at: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.samples[at].1))
    }
}
