//! Detection of side effects: the writes that an attempt's lines show, by a table of operations and the user's markers.
//!
//! Only what a program prints about a call counts: the name of an API operation, an HTTP method with its URL, the words
//! of an idempotency layer, a marker. "Order created" is prose and proves nothing. A step counter (`step 3/9`) shows
//! progress, but no write. Knows the model only.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod line;
mod markers;
mod table;

pub(crate) use markers::{MarkerEntry, Markers};

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use aho_corasick::{
    AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, Anchored, Input, Match, MatchKind, Span, StartKind,
};

use crate::model::{KeepLines, KeptLine, Lines, SideEffect, WorkShown};
use table::{METHODS, OPERATIONS, Operation, SAYINGS, Saying};

/// Most side effects reported of one attempt.
const MOST: usize = 16;

/// Masks the secrets of a line.
pub(crate) type Mask<'a> = dyn Fn(&str) -> Cow<'_, str> + 'a;

/// Detector of side effects in lines.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    markers: Markers,
}

impl Effects {
    /// Creates a detector with the user's markers.
    #[must_use]
    pub fn new(markers: Markers) -> Self {
        Self { markers }
    }

    /// Returns the writes that lines show, in order, and the most that they show of the work. If there are too many
    /// writes, only the first and the last are kept. `mask` masks the secrets of a line: what stands around one may tell
    /// that it is one, so the parts of a write are taken from the masked line.
    #[must_use]
    pub fn of_lines(&self, lines: &Lines, mask: &Mask<'_>) -> (Vec<SideEffect>, WorkShown) {
        let (mut writes, mut step) = (Vec::new(), WorkShown::Nothing);
        for line in self.hinted(lines) {
            let text = line.to_text();
            match self.tell(&text) {
                Some(Told::Write(write)) => {
                    let write = match mask(&text) {
                        Cow::Borrowed(_) => write,
                        Cow::Owned(masked) => write.masked(self.tell(&masked)),
                    };
                    if writes.len() == MOST {
                        writes.remove(MOST / 2);
                    }
                    writes.push(write.side_effect(&line));
                }
                Some(Told::Step(told)) => step = WorkShown::Progress(told),
                None => {}
            }
        }
        let shown = if writes.is_empty() { step } else { WorkShown::Write };
        (writes, shown)
    }

    fn tell(&self, text: &str) -> Option<Told> {
        self.markers.tell(text).map(Told::Write).or_else(|| line::tell(text))
    }

    /// Returns the most that lines show of the work.
    #[must_use]
    pub fn most_of_lines(&self, lines: &Lines) -> WorkShown {
        let mut step = WorkShown::Nothing;
        for line in self.hinted(lines) {
            let text = line.to_text();
            if self.markers.tell(&text).is_some() {
                return WorkShown::Write;
            }
            match line::shows(&text) {
                WorkShown::Write => return WorkShown::Write,
                WorkShown::Progress(told) => step = WorkShown::Progress(told),
                WorkShown::Nothing => {}
            }
        }
        step
    }

    /// Returns the lines written by the function that may show a write or a step.
    fn hinted<'l>(&'l self, lines: &'l Lines) -> impl Iterator<Item = KeptLine<'l>> {
        let mut from = 0;
        let next = move || {
            let (at, line) = lines.find(from, |text| self.next(text))?;
            from = at + 1;
            Some(line)
        };
        std::iter::from_fn(next).filter(|line| line.own)
    }
}

impl KeepLines for Effects {
    fn next(&self, text: &[u8]) -> Option<usize> {
        let known = SEARCH.as_ref().and_then(|search| search.next(text, 0)).map(|hit| hit.start());
        known.into_iter().chain(self.markers.next(text)).min()
    }
}

/// Meaning of a fragment: the kind of write that may begin there.
#[derive(Clone, Copy, Debug)]
enum Hint {
    Operation(&'static Operation),
    Method,
    Saying(&'static Saying),
    Step,
}

/// Search for all fragments that may begin a side effect. The lines of successful attempts are not searched, unless
/// their records are needed.
struct WriteSearch {
    /// Vectorised search for the first bytes of the fragments, which are few enough to search many lines quickly.
    beginnings: Option<Searcher>,
    automaton: AhoCorasick,
    /// Hints, indexed by fragment.
    hints: Vec<Hint>,
}

/// Length of the beginning of a fragment that is searched for first, in bytes.
const BEGINNING: usize = 4;

impl WriteSearch {
    /// Returns the next fragment from a position on, the longest of those that begin there.
    fn next(&self, text: &[u8], mut from: usize) -> Option<Match> {
        let rest = |from: usize| Span { start: from, end: text.len() };
        let Some(searcher) = &self.beginnings else { return self.automaton.find(Input::new(text).span(rest(from))) };
        loop {
            let start = searcher.find_in(text, rest(from))?.start();
            let whole = self.automaton.find(Input::new(text).span(rest(start)).anchored(Anchored::Yes));
            if whole.is_some() {
                return whole;
            }
            from = start + 1;
        }
    }
}

/// Buckets of the vectorised search, which assigns every sixteenth beginning to the same one.
const BUCKETS: usize = 16;

/// Orders the beginnings so that similar ones share a bucket. The search stops at any mixture of the bytes in a bucket,
/// so dissimilar ones would cause more false candidates.
fn alike_together(sorted: BTreeSet<&[u8]>) -> Vec<&[u8]> {
    let count = sorted.len();
    let place = |at: usize| {
        let bucket = at * BUCKETS / count;
        (at - (bucket * count).div_ceil(BUCKETS), bucket)
    };
    let mut placed: Vec<_> = sorted.into_iter().enumerate().map(|(at, beginning)| (place(at), beginning)).collect();
    placed.sort_unstable();
    placed.into_iter().map(|(_, beginning)| beginning).collect()
}

static SEARCH: LazyLock<Option<WriteSearch>> = LazyLock::new(|| {
    let mut fragments: Vec<(String, Hint)> = Vec::new();
    for operation in &OPERATIONS {
        fragments.extend(line::spellings(operation.name).map(|name| (name, Hint::Operation(operation))));
    }
    for method in METHODS {
        fragments.extend([" ", "\"", "\\\""].map(|end| (format!("{method}{end}"), Hint::Method)));
    }
    fragments.extend(SAYINGS.iter().map(|saying| (saying.text.to_owned(), Hint::Saying(saying))));
    fragments.extend(["step ", "Step ", "STEP "].map(|word| (word.to_owned(), Hint::Step)));
    let (texts, hints): (Vec<String>, Vec<Hint>) = fragments.into_iter().unzip();
    let beginnings: BTreeSet<&[u8]> =
        texts.iter().filter_map(|text| text.as_bytes().first_chunk::<BEGINNING>()).map(|bytes| &bytes[..]).collect();
    let whole = texts.iter().all(|text| text.len() >= BEGINNING);
    let beginnings = whole.then(|| Searcher::new(alike_together(beginnings))).flatten();
    let mut builder = AhoCorasickBuilder::new();
    // Building a DFA would take longer than reading most logs.
    builder
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .start_kind(StartKind::Both);
    let automaton = builder.build(&texts).ok()?;
    Some(WriteSearch { beginnings, automaton, hints })
});

/// Returns the hints in a text, with their positions.
fn hints(text: &str) -> impl Iterator<Item = (Hint, std::ops::Range<usize>)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let search = SEARCH.as_ref()?;
        let hit = search.next(text.as_bytes(), from)?;
        from = hit.end();
        Some((*search.hints.get(hit.pattern().as_usize())?, hit.range()))
    })
}

/// What one line shows.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Write(WriteEvidence),
    /// A step, such as `3/9` or `3 of 9`.
    Step(Box<str>),
}

/// A write shown by one line.
#[derive(Debug, PartialEq, Eq)]
struct WriteEvidence {
    operation: String,
    target: Option<String>,
    id: Option<String>,
    state: crate::model::EffectState,
}

impl WriteEvidence {
    /// Returns the write as its masked line shows it; without parts that the masked line does not show.
    fn masked(self, told: Option<Told>) -> Self {
        match told {
            Some(Told::Write(masked)) if masked.operation == self.operation => Self { state: self.state, ..masked },
            _ => Self { target: None, id: None, ..self },
        }
    }

    fn side_effect(self, line: &KeptLine<'_>) -> SideEffect {
        let Self { operation, target, id, state } = self;
        SideEffect { at: line.at, place: line.place, operation, target, id, state }
    }
}
