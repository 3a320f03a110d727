//! One chain of pages: a time range of one log group, and how to continue in it whatever the pages contain.

use rustc_hash::FxHashSet;

use super::spool::SliceId;

/// Consecutive pages that return the token they were asked with, before the chain restarts from its latest event.
const SAME_TOKENS: u32 = 20;
/// Most restarts without a new event in between.
const BEGINNINGS: u32 = 5;
/// Consecutive empty pages after which the rest of the range is worth dividing.
const PATIENCE: u32 = 4;
/// Fewest pages per piece, since the last page of each is only part-filled.
const PIECE_PAGES: f64 = 2.0;
/// Shortest piece, in milliseconds.
const SHORTEST_MS: i64 = 10;

/// A time range of one log group, read page by page. Both ends are inclusive.
#[derive(Debug)]
pub(super) struct Slice {
    /// Key of the slice; its `start` is the first millisecond.
    pub(super) id: SliceId,
    /// Last millisecond.
    pub(super) end: i64,
    /// Start time for a request without a token.
    pub(super) from: i64,
    /// Token of the next page.
    pub(super) token: Option<String>,
    /// Milliseconds already reported to the progress.
    pub(super) reported_ms: i64,
    latest: Option<i64>,
    /// Keys of the events at the latest timestamp, which a restarted chain sees again.
    at_latest: FxHashSet<u64>,
    /// Keys of the events on the last non-empty page, and on the page being read.
    last_page: FxHashSet<u64>,
    this_page: FxHashSet<u64>,
    /// New events on the page being read.
    events: u32,
    pages: u32,
    empties: u32,
    patience: u32,
    same_tokens: u32,
    beginnings: u32,
    unsorted: bool,
}

/// The next step after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterPage {
    /// The range was read to its end.
    Done,
    /// Another page follows.
    More,
    /// The pages make no progress.
    Stuck,
}

impl Slice {
    pub(super) fn new(id: SliceId, end: i64) -> Self {
        Self {
            id,
            end,
            from: id.start,
            token: None,
            reported_ms: 0,
            latest: None,
            at_latest: FxHashSet::default(),
            last_page: FxHashSet::default(),
            this_page: FxHashSet::default(),
            events: 0,
            pages: 0,
            empties: 0,
            patience: PATIENCE,
            same_tokens: 0,
            beginnings: 0,
            unsorted: false,
        }
    }

    /// Records an event of the page; returns false for a duplicate or an event outside the range.
    pub(super) fn accept(&mut self, at: i64, key: Option<u64>) -> bool {
        if at < self.id.start || at > self.end {
            return false;
        }
        let came_before =
            |key: &u64| [&self.at_latest, &self.last_page, &self.this_page].iter().any(|set| set.contains(key));
        if key.as_ref().is_some_and(came_before) {
            return false;
        }
        self.events += 1;
        self.this_page.extend(key);
        if self.latest.is_none_or(|latest| at > latest) {
            self.latest = Some(at);
            self.beginnings = 0;
            self.at_latest.clear();
        }
        self.unsorted |= self.latest > Some(at);
        if self.latest == Some(at) {
            self.at_latest.extend(key);
        }
        true
    }

    /// Ends the page, with the token of the next one. Only a missing token ends the range.
    pub(super) fn turn(&mut self, token: Option<String>) -> AfterPage {
        if self.events == 0 {
            self.empties += 1;
        } else {
            self.events = 0;
            self.last_page = std::mem::take(&mut self.this_page);
            self.empties = 0;
            self.pages += 1;
        }
        let Some(token) = token else { return AfterPage::Done };
        self.same_tokens = if self.token.as_ref() == Some(&token) { self.same_tokens + 1 } else { 0 };
        self.token = Some(token);
        if self.same_tokens < SAME_TOKENS || self.begin_anew() { AfterPage::More } else { AfterPage::Stuck }
    }

    /// Restarts from the latest event, because the token makes no progress. Returns false if that was tried often
    /// enough.
    pub(super) fn begin_anew(&mut self) -> bool {
        self.beginnings += 1;
        if self.unsorted || self.beginnings > BEGINNINGS {
            return false;
        }
        self.restart();
        true
    }

    fn restart(&mut self) {
        self.token = None;
        self.same_tokens = 0;
        self.from = self.latest.unwrap_or(self.from);
    }

    /// Returns how many milliseconds have been read for certain.
    pub(super) fn covered_ms(&self) -> i64 {
        self.latest.map_or(0, |latest| latest - self.id.start)
    }

    /// Returns the first millisecond that is not read for certain. Events of that millisecond may have been read.
    pub(super) fn unread_from(&self) -> i64 {
        if self.unsorted { self.id.start } else { self.latest.unwrap_or(self.id.start) }
    }

    /// Returns whether no event was read.
    pub(super) fn is_untouched(&self) -> bool {
        self.latest.is_none()
    }

    /// Returns into how many pieces to divide the rest, if `spare` more chains may run.
    pub(super) fn worth(&self, spare: usize) -> usize {
        if self.unsorted || spare == 0 || self.token.is_none() {
            return 1;
        }
        let rest = self.end - self.latest.unwrap_or(self.from) + 1;
        let by_length = usize::try_from(rest / SHORTEST_MS).unwrap_or(0);
        let by_content = match (self.empties, self.latest) {
            (0, Some(latest)) => {
                let per_ms = f64::from(self.pages) / (latest - self.id.start).max(1) as f64;
                (per_ms * rest as f64 / PIECE_PAGES) as usize
            }
            (empties, _) if empties >= self.patience => spare,
            _ => 1,
        };
        by_content.min(spare + 1).min(by_length).max(1)
    }

    /// Keeps the first of `pieces` equal pieces of the rest and returns the others.
    pub(super) fn divide(&mut self, pieces: usize) -> Vec<Self> {
        self.restart();
        self.patience *= 2;
        self.empties = 0;
        let rest = self.end - self.from + 1;
        let bound = |piece: usize| self.from + (i128::from(rest) * piece as i128 / pieces.max(1) as i128) as i64;
        let piece = |piece: usize| {
            let id = SliceId { start: bound(piece), ..self.id };
            Self { patience: self.patience, ..Self::new(id, bound(piece + 1) - 1) }
        };
        let others: Vec<Self> = (1..pieces).map(piece).collect();
        if let Some(first) = others.first() {
            self.end = first.id.start - 1;
        }
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(end: i64) -> Slice {
        Slice::new(SliceId { target: 0, stream: 0, start: 0 }, end)
    }

    fn token(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn only_a_missing_token_ends_it() {
        let mut slice = slice(999);
        for page in 0..100 {
            assert_eq!(slice.turn(token(&page.to_string())), AfterPage::More);
        }
        assert_eq!(slice.turn(None), AfterPage::Done);
    }

    #[test]
    fn an_event_counts_once() {
        let mut slice = slice(999);
        assert!(slice.accept(5, Some(1)) && slice.accept(5, Some(2)));
        slice.turn(token("a"));
        assert!(!slice.accept(5, Some(1)), "the page came again");
        assert!(slice.accept(5, None), "nothing tells it from another one");
        assert!(slice.accept(7, Some(3)));
        slice.turn(token("b"));
        assert!(slice.begin_anew());
        assert_eq!((slice.from, slice.token.as_deref()), (7, None));
        assert!(!slice.accept(7, Some(3)) && slice.accept(7, Some(4)));
        assert!(!slice.accept(1_000, Some(5)), "outside of the stretch");
    }

    #[test]
    fn the_same_token_is_followed_up_to_a_bound() {
        let mut slice = slice(999);
        slice.turn(token("a"));
        let mut turns = 0;
        while slice.turn(token("a")) == AfterPage::More {
            turns += 1;
        }
        assert!((SAME_TOKENS..=(SAME_TOKENS + 1) * (BEGINNINGS + 1)).contains(&turns), "{turns}");
    }

    #[test]
    fn pieces_cover_the_rest_without_overlap() {
        let mut slice = slice(9_999);
        slice.accept(999, Some(1));
        slice.turn(token("a"));
        assert_eq!(slice.worth(100), 4);
        assert_eq!(slice.worth(2), 3);
        let others = slice.divide(3);
        let mut next = slice.end + 1;
        for other in &others {
            assert_eq!(other.id.start, next);
            assert_eq!(other.from, next);
            next = other.end + 1;
        }
        assert_eq!((slice.id.start, slice.from, next), (0, 999, 10_000));
    }

    #[test]
    fn runs_of_empty_pages_are_divided_after_some_patience() {
        let mut slice = slice(9_999);
        for page in 0..PATIENCE {
            assert_eq!(slice.worth(8), 1);
            slice.turn(token(&page.to_string()));
        }
        assert!(slice.worth(8) > 1);
    }
}
