//! The last lines of a running attempt, as bytes in one buffer: most attempts end well and their lines are never read.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Place, Timestamp, cut_before_word, lossy_text, unescape_json};

/// Limits above which the buffer is thinned out.
const USUAL: LineLimits = LineLimits { line_bytes: 512, bytes: 16 * 1024, lines: 192 };
/// Limits where every line is wanted.
const EVERY: LineLimits = LineLimits { line_bytes: 4 * 1024, bytes: 1024 * 1024, lines: 4_096 };
/// Number of lines that a filter keeps for good: where all of them are wanted, and where only their presence matters.
const MOST_KEPT: usize = 32;
const FEW_KEPT: usize = 4;
/// Capacity for the first lines: few attempts have fewer, and growing line by line is slower.
const FIRST_LINES: usize = 8;
const FIRST_BYTES: usize = 1024;

#[derive(Clone, Copy, Debug)]
struct LineLimits {
    line_bytes: usize,
    bytes: usize,
    lines: usize,
}

/// A filter that decides which lines stay when a buffer is full.
pub trait KeepLines: fmt::Debug + Send + Sync {
    /// Finds the position in `text` of the next match whose line is worth keeping.
    fn next(&self, text: &[u8]) -> Option<usize>;
}

/// Lines in order, with their times and places.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    text: Vec<u8>,
    index: Vec<Indexed>,
    /// Number of lines at the front that a filter has already kept.
    kept: usize,
    left_out: u32,
    wanted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Indexed {
    at: Option<Timestamp>,
    place: Place,
    end: usize,
    own: bool,
    escaped: bool,
    cut: bool,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct KeptLine<'a> {
    /// Time at which it was written.
    pub at: Option<Timestamp>,
    /// Place in the input.
    pub place: Place,
    /// Its text, cut to a bound.
    pub text: &'a [u8],
    /// Whether the text is still escaped as the inside of a JSON string.
    pub escaped: bool,
    /// Whether the function wrote it while it ran; otherwise the platform did, or it came late.
    pub own: bool,
    /// Whether its end is missing.
    pub cut: bool,
}

impl<'a> KeptLine<'a> {
    /// Returns its text as the function wrote it, lossy where it was not UTF-8.
    #[must_use]
    pub fn to_text(self) -> Cow<'a, str> {
        if !self.escaped || memchr::memchr(b'\\', self.text).is_none() {
            return lossy_text(self.text);
        }
        let mut text = Vec::with_capacity(self.text.len());
        unescape_json(self.text, &mut text);
        Cow::Owned(
            String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        )
    }
}

/// The choice of lines of an attempt that are kept.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// A filter whose matches are kept besides the last lines.
    pub filter: Option<Arc<dyn KeepLines>>,
    /// Whether every line is kept up to a bound, also those of the platform.
    pub every_line: bool,
    /// Whether lines are also wanted of attempts that ended well.
    pub every_attempt: bool,
}

impl Keep {
    /// Only the last lines of attempts that did not end well.
    pub const LAST: Self = Self { filter: None, every_line: false, every_attempt: false };
}

impl Lines {
    /// No lines.
    pub const NONE: Self = Self { text: Vec::new(), index: Vec::new(), kept: 0, left_out: 0, wanted: false };

    /// Appends a line.
    #[inline(always)]
    pub fn push(&mut self, line: KeptLine<'_>, keep: &Keep) {
        let bounds = if keep.every_line { &EVERY } else { &USUAL };
        let kept = cut_before_word(line.text, bounds.line_bytes);
        let (text, cut) = (&line.text[..kept], line.cut || kept < line.text.len());
        if self.text.len() + text.len() > bounds.bytes || self.index.len() >= bounds.lines {
            self.make_room(keep);
        }
        self.wanted |= keep.every_attempt;
        self.take(KeptLine { text, cut, ..line });
    }

    #[cold]
    fn make_room(&mut self, keep: &Keep) {
        if keep.every_line {
            self.drop_middle();
        } else {
            self.thin_out(keep, self.index.len().div_ceil(2));
        }
    }

    /// Returns the last line that the function wrote while it ran.
    #[must_use]
    pub fn last(&self) -> Option<KeptLine<'_>> {
        let at = self.index.iter().rposition(|line| line.own)?;
        self.get(at)
    }

    /// Keeps only the last line and those that the filter finds, in minimal memory: for attempts that wait long.
    pub fn shrink(&mut self, keep: &Keep) {
        if !keep.every_line && self.index.len() > self.kept + 1 {
            self.thin_out(keep, self.index.len() - 1);
        }
        self.fit();
    }

    /// Gives back memory that no line uses.
    pub fn fit(&mut self) {
        self.text.shrink_to_fit();
        self.index.shrink_to_fit();
    }

    /// Returns whether the lines are wanted even if the attempt ended well.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Iterates over the kept lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = KeptLine<'_>> {
        (0..self.index.len()).filter_map(|at| self.get(at))
    }

    /// Returns the lines of the function that are kept in front of its line at a place, at most so many, in order; none if
    /// that line is not kept or not its own.
    pub fn above(&self, place: Place, most: usize) -> impl Iterator<Item = KeptLine<'_>> {
        let at = self.index.iter().rposition(|line| line.place == place && line.own).unwrap_or(0);
        (at.saturating_sub(most)..at).filter_map(|at| self.get(at)).filter(|line| line.own)
    }

    /// Returns whether no line is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Returns whether it is as it was made.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.index.is_empty() && self.kept == 0 && self.left_out == 0 && !self.wanted
    }

    /// Returns the number of lines that were not kept.
    #[must_use]
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Runs `find` over the text from line `from` on; returns the index of the line that contains the hit, and the
    /// line.
    pub fn find(&self, from: usize, find: impl FnOnce(&[u8]) -> Option<usize>) -> Option<(usize, KeptLine<'_>)> {
        let start = self.start(from);
        let hit = start + find(self.text.get(start..)?)?;
        let at = self.index.partition_point(|line| line.end <= hit);
        Some((at, self.get(at)?))
    }

    /// Empties the buffer and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.index.clear();
        self.kept = 0;
        self.left_out = 0;
        self.wanted = false;
    }

    /// Appends later lines.
    pub fn append(&mut self, later: &Self, keep: &Keep) {
        self.left_out += later.left_out;
        self.wanted |= later.wanted;
        for line in later.iter() {
            self.push(line, keep);
        }
    }

    /// Inserts earlier lines before these. Both are within their bounds, and no line is dropped.
    pub fn prepend(&mut self, mut earlier: Self) {
        if earlier.is_empty() {
            return;
        }
        for line in self.iter() {
            earlier.take(line);
        }
        earlier.left_out += self.left_out;
        earlier.wanted |= self.wanted;
        *self = earlier;
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.index.get(before).map_or(self.text.len(), |line| line.end))
    }

    fn get(&self, at: usize) -> Option<KeptLine<'_>> {
        let line = self.index.get(at)?;
        let text = self.text.get(self.start(at)..line.end.checked_sub(1)?)?;
        Some(KeptLine { at: line.at, place: line.place, text, escaped: line.escaped, own: line.own, cut: line.cut })
    }

    /// Drops the first `old` lines, except those that the filter keeps.
    fn thin_out(&mut self, keep: &Keep, old: usize) {
        let old = old.max(self.kept);
        let mut thinned = Self { left_out: self.left_out, wanted: self.wanted, ..Self::default() };
        for line in self.iter().take(self.kept) {
            thinned.take(line);
        }
        if let Some(filter) = &keep.filter {
            let most = if keep.every_attempt { MOST_KEPT } else { FEW_KEPT };
            let mut from = self.kept;
            while thinned.index.len() < most
                && let Some((at, line)) = self.find(from, |text| filter.next(text))
                && at < old
            {
                thinned.take(line);
                from = at + 1;
            }
        }
        thinned.kept = thinned.index.len();
        thinned.left_out += u32::try_from(old - thinned.kept).unwrap_or(u32::MAX);
        for line in self.iter().skip(old) {
            thinned.take(line);
        }
        *self = thinned;
    }

    /// Drops the second quarter, so that the first quarter and the later half stay.
    fn drop_middle(&mut self) {
        let (first, last) = (self.index.len() / 4, self.index.len() / 2);
        let mut thinned = Self { left_out: self.left_out, wanted: self.wanted, ..Self::default() };
        thinned.left_out += u32::try_from(last - first).unwrap_or(u32::MAX);
        for (_, line) in self.iter().enumerate().filter(|(at, _)| *at < first || *at >= last) {
            thinned.take(line);
        }
        *self = thinned;
    }

    #[inline(always)]
    fn take(&mut self, line: KeptLine<'_>) {
        if self.index.is_empty() {
            self.text.reserve(FIRST_BYTES);
            self.index.reserve(FIRST_LINES);
        }
        self.text.extend_from_slice(line.text.trim_ascii_end());
        // The separator prevents a match across two lines.
        self.text.push(b'\n');
        let KeptLine { at, place, own, escaped, cut, .. } = line;
        self.index.push(Indexed { at, place, end: self.text.len(), own, escaped, cut });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Letter(u8);

    impl KeepLines for Letter {
        fn next(&self, text: &[u8]) -> Option<usize> {
            text.iter().position(|byte| *byte == self.0)
        }
    }

    fn pushed(count: u64, keep: &Keep) -> Lines {
        let mut lines = Lines::default();
        for line in 1..=count {
            let text = if line % 1_000 == 5 { format!("X{line:099}") } else { format!("{line:0100}") };
            let place = Place::at(0, line);
            lines
                .push(KeptLine { at: None, place, text: text.as_bytes(), escaped: false, own: true, cut: false }, keep);
        }
        lines
    }

    fn numbers(lines: &Lines) -> Vec<u64> {
        lines.iter().map(|line| line.place.line).collect()
    }

    #[test]
    fn keeps_the_last_lines_in_bounded_memory() {
        let lines = pushed(10_000, &Keep::LAST);
        let kept = numbers(&lines);
        assert!(kept.len() >= 40 && kept.len() <= USUAL.lines, "{}", kept.len());
        assert_eq!(kept.last(), Some(&10_000));
        assert!(kept.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        assert_eq!(lines.left_out() as usize + kept.len(), 10_000);
        assert_eq!(lines.last().map(|line| line.text), Some(format!("{:0100}", 10_000).as_bytes()));
    }

    #[test]
    fn keeps_what_the_filter_finds() {
        let kept =
            numbers(&pushed(5_000, &Keep { filter: Some(Arc::new(Letter(b'X'))), every_attempt: true, ..Keep::LAST }));
        assert_eq!(kept[..5], [5, 1_005, 2_005, 3_005, 4_005]);
        assert_eq!(kept.last(), Some(&5_000));
        let many = pushed(100_000, &Keep { filter: Some(Arc::new(Letter(b'X'))), every_attempt: true, ..Keep::LAST });
        assert!(numbers(&many).len() <= MOST_KEPT + USUAL.lines);
    }

    #[test]
    fn keeps_both_ends_where_every_line_is_wanted() {
        let lines = pushed(4_000, &Keep { every_line: true, ..Keep::LAST });
        assert_eq!(numbers(&lines), (1..=4_000).collect::<Vec<_>>());
        let lines = pushed(20_000, &Keep { every_line: true, ..Keep::LAST });
        let kept = numbers(&lines);
        assert_eq!((kept[0], kept[kept.len() - 1]), (1, 20_000));
        assert_eq!(lines.left_out() as usize + kept.len(), 20_000);
    }
}
