//! Events from attempts: drops attempts that were read twice and determines how each event ended.

use rustc_hash::FxHashMap;

use super::Entry;
use super::entry::{Fact, Piece, unnamed_stream};
use super::pieces::{self, JoinedPieces, PIECES_APART_MS};
use crate::model::{Category, Place, Timestamp};

/// Outcome of an event. The six partition the events of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The only attempt succeeded.
    Succeeded,
    /// A later attempt succeeded.
    Recovered,
    /// Two or more attempts, all failed, no more to come.
    Exhausted,
    /// One failed attempt and no second under this id.
    FailedOnce,
    /// Not decided within the window.
    Open,
    /// An attempt ran after one had succeeded.
    RerunAfterSuccess,
}

/// Attempts that Lambda makes of an event: two more after a failed one.
const ATTEMPTS_OF_AN_EVENT: usize = 3;
/// Time before the end of the window within which a failure may still be retried (retries come after one and two
/// minutes).
const RETRY_MAY_COME_MS: i64 = 10 * 60_000;

impl Outcome {
    /// Returns the word in machine output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Recovered => "recovered",
            Self::Exhausted => "exhausted",
            Self::FailedOnce => "failed_once",
            Self::Open => "open",
            Self::RerunAfterSuccess => "rerun_after_success",
        }
    }
}

/// Puts the attempts of one event in the order of the input if one of them has no time: in bare text only some have a line
/// that tells it.
pub(super) fn order_without_times(attempts: &mut [Entry]) {
    let Some(first) = attempts.first() else { return };
    let input = first.place().input;
    let one_input = attempts.iter().all(|attempt| attempt.place().input == input);
    if one_input && attempts.iter().any(|attempt| attempt.started_at().is_none()) {
        attempts.sort_by_key(Entry::place);
    }
}

/// Returns whether an entry belongs to the same event (or is the same environment read twice).
pub(super) fn continues(first: &Entry, entry: &Entry) -> bool {
    if first.function != entry.function {
        return false;
    }
    match (first.request(), entry.request()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            first.has(Fact::Environment) == entry.has(Fact::Environment)
                && first.stream == entry.stream
                && first.started_at().is_some()
                && first.started_at() == entry.started_at()
        }
        _ => false,
    }
}

/// Attempts of one event that are compared with each other.
const COMPARED: usize = 64;

/// Finds a START of an event that stands behind the end that it led to, so that they make two attempts: the lines are not
/// in the order in which they were written.
pub(super) fn start_behind_end(attempts: &[Entry]) -> Option<Place> {
    let compared = &attempts[..attempts.len().min(COMPARED)];
    let ended_before = |begun: &Entry| {
        compared.iter().filter(|ended| ended.has(Fact::WithoutStart)).any(|ended| {
            let (end, start) = (ended.place(), begun.place());
            let by_time = ended.ended_at().or(ended.started_at()).zip(begun.started_at());
            end.input == start.input && end < start && by_time.is_some_and(|(ended, begun)| begun <= ended)
        })
    };
    let found = compared.iter().filter(|begun| begun.has(Fact::WithoutEnd)).find(|begun| ended_before(begun));
    found.map(Entry::place)
}

/// Finder of attempts that were read twice. Its tables stay from event to event: most events are short, and making new
/// ones would cost more than filling them.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// The last attempt of each stream: one environment runs an event only once at a time.
    last_of_stream: FxHashMap<u64, usize>,
    /// What has no time, known by its line, which is the same in a copy of the whole input.
    untimed: FxHashMap<(u64, u64, u32), usize>,
    kept: Vec<Entry>,
}

/// Attempts of an event past which the tables are given back, so that emptying them never costs more than the next event.
const TABLES_KEPT: usize = 256;

/// What becomes of an attempt that does not count for itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Merged<'a> {
    /// It was read twice, and the other copy is kept.
    Copy(&'a Entry),
    /// It is a piece of another one.
    Piece(&'a JoinedPieces),
}

impl Copies {
    /// Drops attempts that were read twice from those of one event, which are in order of their start, keeps the fullest copy of
    /// each, and joins the pieces of those that files end within. Returns how many were read twice, and calls `merged` with
    /// each that does not count for itself.
    pub(super) fn drop_from(&mut self, attempts: &mut Vec<Entry>, mut merged: impl FnMut(Merged<'_>)) -> u64 {
        let mut all = 0;
        // A fuller copy may show that two others are copies, too. Records are compared once more when they are read, and must
        // come to the same.
        loop {
            // First, as what is left of an attempt looks much like a copy of the one before.
            let joined = pieces::join(attempts, |pieces| merged(Merged::Piece(pieces)));
            if joined {
                attempts.sort_by(Entry::compare);
                order_without_times(attempts);
            }
            let found = self.drop_once(attempts, &mut merged);
            all += found;
            if found == 0 && !joined {
                return all;
            }
        }
    }

    fn drop_once(&mut self, attempts: &mut Vec<Entry>, merged: &mut impl FnMut(Merged<'_>)) -> u64 {
        if attempts.len() < 2 {
            return 0;
        }
        let before = attempts.len();
        let input = attempts[0].place().input;
        let tells_less = |attempt: &Entry| attempt.stream == unnamed_stream() || attempt.started_at().is_none();
        let forms_may_differ = attempts.iter().any(tells_less)
            && attempts.iter().any(|attempt| attempt.started_at().is_some())
            && attempts.iter().any(|attempt| attempt.place().input != input);
        self.clear();
        // The first attempt that began in this millisecond in a stream with a name, and in one without.
        let mut begun_now = (None, [None::<usize>; 2]);
        for attempt in attempts.drain(..) {
            let (place, next) = (attempt.place(), self.kept.len());
            let candidates = match attempt.started_at() {
                Some(start) => {
                    if begun_now.0 != Some(start) {
                        begun_now = (Some(start), [None; 2]);
                    }
                    let [named, unnamed] = &mut begun_now.1;
                    let has_name = attempt.stream != unnamed_stream();
                    let (own, other) = if has_name { (named, unnamed) } else { (unnamed, named) };
                    let candidates = [self.last_of_stream.get(&attempt.stream).copied(), *other, next.checked_sub(1)];
                    own.get_or_insert(next);
                    candidates
                }
                None => [self.untimed.get(&(attempt.stream, place.line, place.event)).copied(), None, None],
            };
            let is_copy = |at: &usize| self.kept.get(*at).is_some_and(|known| is_same(known, &attempt));
            let at = candidates.into_iter().flatten().find(is_copy);
            let at = at
                .or_else(|| self.copy_behind_another(&attempt))
                .or_else(|| if forms_may_differ { self.copy_by_figures(&attempt) } else { None })
                .unwrap_or(next);
            match attempt.started_at() {
                Some(_) => self.last_of_stream.insert(attempt.stream, at),
                None => self.untimed.insert((attempt.stream, place.line, place.event), at),
            };
            match self.kept.get_mut(at) {
                Some(known) => merged(Merged::Copy(&keep_fuller(known, attempt))),
                None => self.kept.push(attempt),
            }
        }
        std::mem::swap(attempts, &mut self.kept);
        if attempts.len() < before {
            // The copy that is kept may have ended later, or stand further back.
            attempts.sort_by(Entry::compare);
            order_without_times(attempts);
        }
        (before - attempts.len()) as u64
    }

    /// Finds a copy behind an attempt with other figures that seems to have run in the same place at the same time.
    fn copy_behind_another(&self, attempt: &Entry) -> Option<usize> {
        let last = *self.last_of_stream.get(&attempt.stream)?;
        if attempt.started_at().is_none() || !self.kept.get(last)?.contradicts(attempt) {
            return None;
        }
        let from = last.saturating_sub(COMPARED);
        let is_copy = |known: &Entry| known.stream == attempt.stream && is_same(known, attempt);
        self.kept[from..last].iter().rposition(is_copy).map(|at| from + at)
    }

    /// Finds an attempt that is the same as one whose log tells more, or less.
    fn copy_by_figures(&self, attempt: &Entry) -> Option<usize> {
        let hash = attempt.hash_anywhere()?;
        let from = self.kept.len().saturating_sub(COMPARED);
        let compared = self.kept[from..]
            .iter()
            .rposition(|known| known.hash_anywhere() == Some(hash) && is_same_by_figures(known, attempt));
        compared.map(|at| from + at)
    }

    fn clear(&mut self) {
        if self.last_of_stream.capacity().max(self.untimed.capacity()) > TABLES_KEPT {
            *self = Self::default();
        }
        self.last_of_stream.clear();
        self.untimed.clear();
        self.kept.clear();
    }
}

/// Keeps the fuller of two copies, in the stream that either tells, and returns the other.
fn keep_fuller(known: &mut Entry, copy: Entry) -> Entry {
    let told = [known.stream, copy.stream].into_iter().find(|stream| *stream != unnamed_stream());
    // Without its time, an attempt could be the copy of another one as well.
    let is_better = match (known.started_at(), copy.started_at()) {
        (None, Some(_)) if copy.told() >= known.told() => true,
        (Some(_), None) if known.told() >= copy.told() => false,
        _ => copy.fullness() > known.fullness(),
    };
    let other = if is_better { std::mem::replace(known, copy) } else { copy };
    known.stream = told.unwrap_or(known.stream);
    other
}

/// Returns how an event ended, from its attempts in order of their start. `given_up` is whether Lambda is known to have given
/// it up, so that no retry is to come.
pub(super) fn outcome(attempts: &[Entry], window_end: Option<Timestamp>, given_up: bool) -> Outcome {
    // An attempt whose beginning lies before the window may have failed there: neither its success nor what it was
    // followed by proves anything.
    let begun = |attempt: &&Entry| !attempt.has(Fact::StartCut);
    let seen = attempts.iter().filter(begun).count();
    let first_ok = attempts.iter().position(|attempt| begun(&attempt) && attempt.category() == Category::Ok);
    if first_ok.is_some_and(|at| at + 1 < attempts.len()) {
        return Outcome::RerunAfterSuccess;
    }
    let Some(last) = attempts.iter().rfind(|attempt| attempt.category() != Category::Incomplete) else {
        return Outcome::Open;
    };
    if last.category() == Category::Ok {
        return if seen <= 1 { Outcome::Succeeded } else { Outcome::Recovered };
    }
    let settled_for_ms = last.ended_at().zip(window_end).map(|(end, window)| window.ms_since(end));
    // Without a clock a retry may still be to come; after the third attempt none is.
    let may_be_retried = settled_for_ms.is_none_or(|ms| ms < RETRY_MAY_COME_MS);
    if attempts.len() < ATTEMPTS_OF_AN_EVENT && may_be_retried && !given_up {
        return Outcome::Open;
    }
    if attempts.len() == 1 { Outcome::FailedOnce } else { Outcome::Exhausted }
}

/// Returns whether an entry is the same attempt as an earlier one, from another export: they have the same figures, as far
/// as both have any, and
///
/// - begin or end in the same moment of a stream, or one is a fragment without a beginning that overlaps the other in time
///   (the beginning of a fragment is computed from its end, so it may lie before the real one);
/// - or one has neither its REPORT nor anything that the other one, which has it, did not run at that time;
/// - begin in the same moment, and one input does not tell the stream;
/// - have no times, and stand in the same lines of two inputs. An emulator gives all of its requests one id.
fn is_same(known: &Entry, next: &Entry) -> bool {
    if known.contradicts(next) {
        return false;
    }
    let other_input = known.place().input != next.place().input;
    let (first, then) = match (known.started_at(), next.started_at()) {
        (Some(first), Some(then)) => (first, then),
        (None, None) => return other_input && !known.has(Fact::Emulated) && !next.has(Fact::Emulated),
        _ => return false,
    };
    let is_within = other_input && (is_piece_within(known, next) || is_piece_within(next, known));
    if known.stream != next.stream {
        let is_told = known.stream != unnamed_stream() && next.stream != unnamed_stream();
        return other_input && (first == then || is_within) && !is_told;
    }
    let before_its_end =
        |is_before: fn(&Timestamp, &Timestamp) -> bool| known.ended_at().is_some_and(|end| is_before(&then, &end));
    let ends = known.ended_at().zip(next.ended_at());
    first == then
        || is_within
        || ends.is_some_and(|(one, other)| one == other)
        || (next.has(Fact::StartCut) && before_its_end(Timestamp::le))
        || (known.has(Fact::StartCut) && before_its_end(Timestamp::lt))
}

/// Returns whether one has no REPORT, and all of it was written while the other one ran, which has it.
fn is_piece_within(whole: &Entry, piece: &Entry) -> bool {
    let ran = |entry: &Entry| entry.started_at().zip(entry.ended_at());
    let is_within = |((from, to), (begun, ended)): ((Timestamp, Timestamp), (Timestamp, Timestamp))| {
        (from..=to).contains(&begun) && ended <= to
    };
    piece.piece() == Piece::WithoutReport
        && whole.duration().is_some()
        && ran(whole).zip(ran(piece)).is_some_and(is_within)
}

/// Returns whether an entry is the same attempt as another one with the same figures, to a hundredth of a millisecond, from an
/// input that does not tell the stream or the times: only some lines of bare text have a time, so an attempt may seem to begin
/// within its run. A retry, which may have run into the same limit, begins later.
fn is_same_by_figures(known: &Entry, next: &Entry) -> bool {
    let other_input = known.place().input != next.place().input;
    let begun_within = match (known.started_at(), next.started_at()) {
        (Some(one), Some(other)) => {
            let one_tells_less = known.stream == unnamed_stream() || next.stream == unnamed_stream();
            let lasted = known.duration().map_or(0, |hundredths| i64::from(hundredths / 100));
            let is_computed = known.has(Fact::StartCut) || next.has(Fact::StartCut);
            let apart = if is_computed { PIECES_APART_MS } else { 0 };
            one_tells_less && one.ms_since(other).abs() <= lasted + apart
        }
        (one, other) => one.is_some() != other.is_some(),
    };
    other_input && begun_within && !known.contradicts(next)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::entry::EntryNames;
    use super::*;
    use crate::model::{Attempt, Confidence, Metrics, Place, RequestId, Verdict, WindowCut};

    const MINUTE_MS: i64 = 60_000;
    const BEGIN_MS: i64 = 1_790_000_000_000;

    /// Creates an attempt of one second that starts so many minutes into the log.
    pub(in super::super) fn attempt(category: Category, minute: i64, stream: u64) -> Entry {
        let start = Timestamp::from_ms(BEGIN_MS + minute * MINUTE_MS);
        let attempt = Attempt {
            request_id: Some(RequestId::from_bits(7)),
            place: Place::at(0, minute.unsigned_abs() + 1),
            started_at: start,
            ended_at: start.and_then(|at| Timestamp::from_ms(at.ms() + 1_000)),
            report_seen: category != Category::Incomplete,
            metrics: Metrics::default(),
            ..Attempt::default()
        };
        entry(&attempt, category, stream)
    }

    pub(in super::super) fn entry(attempt: &Attempt, category: Category, stream: u64) -> Entry {
        judged(attempt, category, Confidence::High, stream)
    }

    fn judged(attempt: &Attempt, category: Category, confidence: Confidence, stream: u64) -> Entry {
        let verdict = Verdict::bare(category, "", confidence);
        Entry::new(
            attempt,
            &verdict,
            EntryNames { stream, function: 0, version: 0, failure: 0, cut: category == Category::Timeout },
        )
    }

    #[track_caller]
    fn case(attempts: &[(Category, i64)], window_minutes: i64, want: Outcome) {
        let attempts: Vec<Entry> = attempts.iter().map(|(category, minute)| attempt(*category, *minute, 1)).collect();
        let end = Timestamp::from_ms(BEGIN_MS + window_minutes * MINUTE_MS);
        assert_eq!(outcome(&attempts, end, false), want, "{attempts:?}");
    }

    #[test]
    fn events_end_in_one_of_six_ways() {
        use Category::{Incomplete, Ok, Timeout};
        case(&[(Ok, 0)], 60, Outcome::Succeeded);
        case(&[(Timeout, 0), (Ok, 1)], 60, Outcome::Recovered);
        case(&[(Timeout, 0), (Timeout, 1), (Ok, 3)], 60, Outcome::Recovered);
        case(&[(Timeout, 0), (Timeout, 1)], 60, Outcome::Exhausted);
        case(&[(Timeout, 0), (Timeout, 1), (Timeout, 3)], 4, Outcome::Exhausted);
        case(&[(Timeout, 0), (Timeout, 1)], 4, Outcome::Open);
        case(&[(Timeout, 0)], 60, Outcome::FailedOnce);
        case(&[(Timeout, 0)], 5, Outcome::Open);
        case(&[(Incomplete, 0)], 60, Outcome::Open);
        case(&[(Timeout, 0), (Incomplete, 1)], 60, Outcome::Exhausted);
        case(&[(Ok, 0), (Timeout, 1)], 60, Outcome::RerunAfterSuccess);
        case(&[(Timeout, 0), (Ok, 1), (Ok, 3)], 60, Outcome::RerunAfterSuccess);
    }

    #[test]
    fn what_two_exports_hold_counts_once() {
        let whole = attempt(Category::Ok, 0, 1);
        let elsewhere = attempt(Category::Ok, 0, 2);
        let cut_end = attempt(Category::Incomplete, 0, 1);
        let cut_start = {
            let end = whole.ended_at();
            let attempt = Attempt {
                request_id: whole.request(),
                started_at: end.and_then(|end| Timestamp::from_ms(end.ms() - 300)),
                ended_at: end,
                report_seen: true,
                window_cut: WindowCut::Start,
                ..Attempt::default()
            };
            entry(&attempt, Category::Ok, 1)
        };
        let kept = |attempts: &[Entry]| {
            let mut attempts = attempts.to_vec();
            let duplicates = Copies::default().drop_from(&mut attempts, |_| ());
            (attempts.iter().map(Entry::category).collect::<Vec<_>>(), duplicates)
        };
        assert_eq!(kept(&[whole, whole]), (vec![Category::Ok], 1));
        assert_eq!(kept(&[cut_end, whole]), (vec![Category::Ok], 1));
        assert_eq!(kept(&[whole, cut_start]), (vec![Category::Ok], 1));
        assert_eq!(kept(&[whole, elsewhere]).1, 0);
        assert_eq!(kept(&[whole, attempt(Category::Ok, 1, 1)]).1, 0);
    }

    /// Of two views of an attempt, a success of which the beginning is missing says less than a failure; a whole success says
    /// more, as long as the failure has no REPORT.
    #[test]
    fn a_sure_failure_is_kept() {
        let copy = |category, confidence, line, start_seen, reported: bool| {
            let start = Timestamp::from_ms(BEGIN_MS);
            let ended_at = Timestamp::from_ms(BEGIN_MS + 3_000);
            let attempt = Attempt {
                request_id: Some(RequestId::from_bits(7)),
                place: Place::at(line, line.into()),
                started_at: start,
                ended_at,
                start_seen,
                end_seen: true,
                report_seen: reported,
                ..Attempt::default()
            };
            judged(&attempt, category, confidence, 1)
        };
        use Category::{Ok, Timeout};
        use Confidence::{High, Low, Medium};
        for (failure, success, want) in [
            (copy(Timeout, High, 1, true, false), copy(Ok, Medium, 2, false, true), Timeout),
            (copy(Timeout, Medium, 1, true, false), copy(Ok, Medium, 2, false, true), Timeout),
            (copy(Timeout, Low, 1, true, false), copy(Ok, Medium, 2, false, true), Timeout),
            (copy(Timeout, High, 1, true, true), copy(Ok, High, 2, true, true), Timeout),
            (copy(Timeout, High, 1, false, true), copy(Ok, High, 2, true, true), Timeout),
            (copy(Timeout, High, 1, true, false), copy(Ok, High, 2, true, true), Ok),
            (copy(Timeout, Medium, 1, true, true), copy(Ok, High, 2, true, true), Timeout),
        ] {
            for mut attempts in [vec![failure, success], vec![success, failure]] {
                Copies::default().drop_from(&mut attempts, |_| ());
                assert_eq!(attempts.iter().map(Entry::category).collect::<Vec<_>>(), [want], "{failure:?}");
            }
        }
    }

    /// Generates what is known of an attempt of one event, as some input tells it: nearly all are copies of few.
    pub(in super::super) fn any_copy() -> impl proptest::strategy::Strategy<Value = Entry> {
        use proptest::prelude::*;
        let figures = (prop::option::of(0..3u64), prop::option::of(1..3u32));
        (0..3u32, 0..9u64, 0..3u64, prop::option::weighted(0.8, 0..4i64), 0..3i64, figures, any::<[bool; 3]>())
            .prop_map(|(input, line, stream, start, lasts, (duration, memory), [is_cut, fails, is_reported])| {
                let at = |seconds: i64| Timestamp::from_ms(BEGIN_MS + seconds * 1_000);
                let attempt = Attempt {
                    request_id: Some(RequestId::from_bits(7)),
                    place: Place::at(input, line + 1),
                    started_at: start.and_then(at),
                    ended_at: start.and_then(|start| at(start + lasts)),
                    report_seen: is_reported,
                    metrics: Metrics {
                        duration_us: duration.map(|seconds| seconds * 1_000_000),
                        max_memory_used_mb: memory,
                        ..Metrics::default()
                    },
                    window_cut: if is_cut { WindowCut::Start } else { WindowCut::None },
                    ..Attempt::default()
                };
                let stream = if stream == 0 { unnamed_stream() } else { stream };
                entry(&attempt, if fails { Category::Timeout } else { Category::Ok }, stream)
            })
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_096))]

        /// What is kept of copies is kept again when it is read from records, in which each has a line of its own.
        #[test]
        fn what_is_kept_holds_no_copies(mut attempts in proptest::collection::vec(any_copy(), 0..10)) {
            attempts.sort_by(Entry::compare);
            order_without_times(&mut attempts);
            Copies::default().drop_from(&mut attempts, |_| ());
            let mut read: Vec<Entry> = (1..).zip(&attempts).map(|(line, kept)| kept.at(Place::at(9, line))).collect();
            read.sort_by(Entry::compare);
            order_without_times(&mut read);
            proptest::prop_assert_eq!(Copies::default().drop_from(&mut read, |_| ()), 0, "{:#?}", attempts);
        }
    }
}
