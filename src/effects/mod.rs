//! Side effects: the writes that the lines of an attempt show, from a table of operations and from the user's markers.
//!
//! Only what a program prints about a call counts: the name of an API operation, an HTTP method with its URL, a step
//! counter, the words of an idempotency layer, a marker. "Order created" is prose and proves nothing.
//! Knows the model only.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod line;
mod markers;
mod table;

pub use markers::{MarkerError, Markers};

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use crate::model::{KeepLines, KeptLine, Lines, SideEffect};
use table::{METHODS, OPERATIONS, SAYINGS};

/// Side effects told of one attempt.
const MOST: usize = 16;

/// Finds side effects in lines.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    markers: Markers,
}

impl Effects {
    /// With the user's markers.
    #[must_use]
    pub fn new(markers: Markers) -> Self {
        Self { markers }
    }

    /// The writes that lines show, in order: the first and the last where there are too many.
    #[must_use]
    pub fn of_lines(&self, lines: &Lines) -> Vec<SideEffect> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some((at, line)) = lines.find(from, |text| self.next(text)) {
            from = at + 1;
            if !line.own {
                continue;
            }
            if let Some(effect) = self.of_line(&line) {
                if found.len() == MOST {
                    found.remove(MOST / 2);
                }
                found.push(effect);
            }
        }
        found
    }

    /// The write that one line shows.
    fn of_line(&self, line: &KeptLine<'_>) -> Option<SideEffect> {
        let text = line.to_text();
        let told = self.markers.tell(&text).or_else(|| line::tell(&text))?;
        Some(SideEffect {
            at: line.at,
            place: line.place,
            operation: told.operation,
            target: told.target,
            id: told.id,
            state: told.state,
        })
    }
}

impl KeepLines for Effects {
    fn next(&self, text: &[u8]) -> Option<usize> {
        let known = SEARCH.as_ref().and_then(|search| search.find(text)).map(|hit| hit.start());
        known.into_iter().chain(self.markers.next(text)).min()
    }
}

/// One search for whatever may begin a side effect. It reads no line that ends well, unless a person wants every one.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut fragments: Vec<String> = Vec::new();
    for operation in &OPERATIONS {
        fragments.extend(line::spellings(operation.name));
    }
    fragments.extend(METHODS.map(|method| format!("{method} ")));
    fragments.extend(METHODS.map(|method| format!("{method}\\\"")));
    fragments.extend(METHODS.map(|method| format!("{method}\"")));
    fragments.extend(SAYINGS.iter().map(|saying| saying.text.to_owned()));
    fragments.extend(["step ", "Step ", "STEP "].map(str::to_owned));
    AhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(fragments)
        .ok()
});

/// What a line tells of a write.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    operation: String,
    target: Option<String>,
    id: Option<String>,
    state: crate::model::EffectState,
}
