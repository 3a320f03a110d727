//! Side effects: the writes that the lines of an attempt show, from a table of operations and from the user's markers.
//!
//! Only what a program prints about a call counts: the name of an API operation, an HTTP method with its URL, a step
//! counter, the words of an idempotency layer, a marker. "Order created" is prose and proves nothing.
//! Knows the model only.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod line;
mod markers;
mod table;

pub(crate) use markers::Markers;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use aho_corasick::{
    AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, Anchored, Input, Match, MatchKind, Span, StartKind,
};

use crate::model::{KeepLines, KeptLine, Lines, SideEffect};
use table::{METHODS, OPERATIONS, Operation, SAYINGS, Saying};

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
        for effect in self.hinted(lines).filter_map(|line| self.of_line(&line)) {
            if found.len() == MOST {
                found.remove(MOST / 2);
            }
            found.push(effect);
        }
        found
    }

    /// Whether lines show a write.
    #[must_use]
    pub fn any(&self, lines: &Lines) -> bool {
        self.hinted(lines).any(|line| {
            let text = line.to_text();
            self.markers.tell(&text).is_some() || line::tells(&text)
        })
    }

    /// The function's own lines that may show one.
    fn hinted<'l>(&'l self, lines: &'l Lines) -> impl Iterator<Item = KeptLine<'l>> {
        let mut from = 0;
        let next = move || {
            let (at, line) = lines.find(from, |text| self.next(text))?;
            from = at + 1;
            Some(line)
        };
        std::iter::from_fn(next).filter(|line| line.own)
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
        let known = SEARCH.as_ref().and_then(|search| search.next(text, 0)).map(|hit| hit.start());
        known.into_iter().chain(self.markers.next(text)).min()
    }
}

/// What a fragment of a line may begin.
#[derive(Clone, Copy, Debug)]
enum Hint {
    Operation(&'static Operation),
    Method,
    Saying(&'static Saying),
    Step,
}

/// One search for whatever may begin a side effect. It reads no line of an attempt that ends well, unless a person wants
/// every one.
struct WriteSearch {
    /// The first bytes of the fragments: few enough for a vectorised search of many lines.
    beginnings: Option<Searcher>,
    automaton: AhoCorasick,
    /// By number of the fragment.
    hints: Vec<Hint>,
}

/// Bytes of a fragment that are searched for first.
const BEGINNING: usize = 4;

impl WriteSearch {
    /// The next fragment from a place on, the longest of those that begin where it does.
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

/// Buckets of the vectorised search: every sixteenth beginning is in the same one.
const BUCKETS: usize = 16;

/// Beginnings in an order that puts those alike in one bucket: the search stops at any mixture of what is in a bucket.
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
    // A DFA would take longer to make than most logs take to read.
    builder
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .start_kind(StartKind::Both);
    let automaton = builder.build(&texts).ok()?;
    Some(WriteSearch { beginnings, automaton, hints })
});

/// What the text may tell, and where.
fn hints(text: &str) -> impl Iterator<Item = (Hint, std::ops::Range<usize>)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let search = SEARCH.as_ref()?;
        let hit = search.next(text.as_bytes(), from)?;
        from = hit.end();
        Some((*search.hints.get(hit.pattern().as_usize())?, hit.range()))
    })
}

/// What a line tells of a write.
#[derive(Debug, PartialEq, Eq)]
struct WriteEvidence {
    operation: String,
    target: Option<String>,
    id: Option<String>,
    state: crate::model::EffectState,
}
