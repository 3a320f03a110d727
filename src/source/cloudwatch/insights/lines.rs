//! Lines of log groups of which only queries answer any: plans which stretches of which streams are asked for, round by
//! round, until the attempts in them are whole.
//!
//! A query scans its log groups for its whole time, whatever it picks from them. So stretches of many streams and log
//! groups that are near in time share a query, and what is far from all of them is not asked for. The first round asks
//! for as much around what was found as attempts usually take; others only for what is missing of those that take longer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::client::ResultRow;
use super::fetcher::WantedLines;
use super::queries::LIST;
use super::stretch::{SETTLED_MS, StreamEvent, StreamStretch};
use super::tally::number;
use super::ties;

/// Most wanted lines that are worked on at once.
pub(super) const PORTION: usize = 2_000;
/// Most bytes of lines that are held.
const MOST_BYTES: usize = 128 << 20;
/// Time between stretches of a stream that is asked for rather than left out.
const NEIGHBOURS_MS: i64 = 2_000;
/// How much further the second round looks for the beginning or the end of an attempt: as long as the longest took, at
/// least an init, at most the longest run with its init. The third looks at all there is.
const REACH_MS: (i64, i64) = (20_000, 16 * 60_000);
/// Time without stretches that a query spans, at least; longer ones in longer windows.
const GAP_MS: i64 = 60_000;
/// Most queries that the gaps in a window may lead to.
const GAPS: i64 = 20;
/// Times around attempts that usually take so long, at most: longer ones are reached by further rounds.
const USUAL_MS: i64 = 30_000;

/// One query to ask.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LinesAsk {
    pub(super) targets: BTreeSet<usize>,
    /// First and last millisecond.
    pub(super) window: (i64, i64),
    /// Stretches of streams, as a condition.
    pub(super) list: String,
}

/// A log group and one of its streams.
type StreamKey = (usize, String);

/// Whole attempts of a stream.
pub(super) type StreamAttempts = (StreamKey, Vec<Vec<StreamEvent>>);

/// What is known of one stream: stretches in order that do not touch.
#[derive(Debug, Default)]
struct StreamLines {
    stretches: Vec<StreamStretch>,
    /// Stretches that are being asked for.
    asked: Vec<StreamStretch>,
}

/// Lines of some streams, being read.
#[derive(Debug)]
pub(super) struct LinesWork {
    /// First and last millisecond of what is pulled.
    window: (i64, i64),
    streams: BTreeMap<StreamKey, StreamLines>,
    round: usize,
    /// Longest duration of an attempt, as far as it is known, by log group.
    longest_ms: BTreeMap<usize, i64>,
    held: usize,
    /// Why not all of a log group is known.
    lacks: BTreeSet<(usize, String)>,
}

impl LinesWork {
    /// Begins with wanted lines, each with its log group, its stream, and how long attempts of the log group usually take.
    pub(super) fn new(
        window: (i64, i64),
        longest_ms: BTreeMap<usize, i64>,
        wanted: impl IntoIterator<Item = (usize, String, WantedLines, i64)>,
    ) -> Self {
        let (streams, lacks) = (BTreeMap::new(), BTreeSet::new());
        let mut work = Self { window, streams, round: 0, longest_ms, held: 0, lacks };
        for (target, stream, lines, usual_ms) in wanted {
            if !is_plain(&stream) {
                work.lacks.insert((target, format!("the log stream {stream:?} has a name that no query can hold")));
                continue;
            }
            let usual_ms = usual_ms.clamp(0, USUAL_MS);
            let from = lines.want.first.saturating_sub(lines.lasted_ms.max(usual_ms)).saturating_sub(SETTLED_MS);
            let to = lines.want.last.saturating_add(usual_ms).saturating_add(SETTLED_MS);
            let stretch = StreamStretch {
                from: from.max(window.0),
                to: to.min(window.1),
                events: Vec::new(),
                wants: vec![lines.want],
            };
            work.streams.entry((target, stream)).or_default().asked.push(stretch);
        }
        for lines in work.streams.values_mut() {
            lines.asked = joined(std::mem::take(&mut lines.asked), NEIGHBOURS_MS);
        }
        work
    }

    /// Returns the queries of the next round; none if all attempts are whole.
    pub(super) fn asks(&mut self) -> Vec<LinesAsk> {
        for (key, lines) in self.streams.iter_mut().filter(|_| self.round > 0) {
            let longest = self.longest_ms.get(&key.0).map_or(REACH_MS.1, |ms| ms.saturating_add(REACH_MS.0));
            let reach = match self.round {
                1 => longest.clamp(REACH_MS.0, REACH_MS.1),
                2 => i64::MAX,
                _ => return Vec::new(),
            };
            lines.asked = lines.missing(reach, self.window);
        }
        self.round += 1;
        let all =
            self.streams.iter().flat_map(|(key, lines)| lines.asked.iter().map(move |one| (one.from, one.to, key)));
        asks(all.collect(), self.window)
    }

    /// Takes a row of a log group.
    pub(super) fn row(&mut self, target: usize, row: ResultRow) {
        let lack = |why: &str| (target, why.to_owned());
        let (Some(at), Some(stream)) = (number(&row, "at"), row.get("@logStream")) else {
            self.lacks.insert(lack("a row of the query lines has no stream or time"));
            return;
        };
        let (at, ingested) = (at as i64, number(&row, "ingested").map(|ingested| ingested as i64));
        let Some(lines) = self.streams.get_mut(&(target, stream.clone())) else { return };
        let place = lines.asked.partition_point(|one| one.to < at);
        let Some(stretch) = lines.asked.get_mut(place).filter(|one| one.from <= at) else { return };
        let message = row.get("@message").cloned().unwrap_or_default();
        // Counted in characters, where they are fewer than bytes; the end of the line may be left out.
        if number(&row, "length").is_some_and(|length| length > message.len() as f64 + 2.0) {
            self.lacks.insert(lack("Logs Insights cut a line short"));
        }
        self.held += message.len() + size_of::<StreamEvent>();
        if self.held > MOST_BYTES {
            self.lacks.insert(lack("there are more than 128 MB around failures; shorten the time"));
            return;
        }
        stretch.events.push(StreamEvent { at, ingested, message });
    }

    /// Ends a round: all its rows have come.
    pub(super) fn settle(&mut self) {
        for ((target, stream), lines) in &mut self.streams {
            let mut doubtful = 0;
            for stretch in &mut lines.asked {
                stretch.events.sort_by_key(|event| event.at);
                doubtful += ties::order(&mut stretch.events);
            }
            if doubtful > 0 {
                self.lacks.insert((
                    *target,
                    format!(
                        "lines of the log stream {stream} that tell of failures ({doubtful}) share a millisecond with the \
                         ends of two attempts, and Logs Insights does not tell whose they are"
                    ),
                ));
            }
            let mut all = std::mem::take(&mut lines.stretches);
            all.append(&mut lines.asked);
            lines.stretches = joined(all, 0);
        }
    }

    /// Returns the attempts that are wanted, and why not all of a log group is known.
    pub(super) fn finish(mut self) -> (Vec<StreamAttempts>, BTreeSet<(usize, String)>) {
        let mut found = Vec::new();
        for (key, lines) in self.streams {
            let mut attempts = Vec::new();
            for stretch in lines.stretches {
                if stretch.wants.iter().any(|want| !stretch.has(want)) {
                    self.lacks.insert((key.0, format!("lines of the log stream {} did not come", key.1)));
                }
                attempts.extend(stretch.into_wanted());
            }
            found.push((key, attempts));
        }
        (found, self.lacks)
    }
}

impl StreamLines {
    /// Returns what is missing of attempts and not further away than this.
    fn missing(&self, reach: i64, window: (i64, i64)) -> Vec<StreamStretch> {
        let mut all = Vec::new();
        let ask = |from: i64, to: i64| StreamStretch { from, to, ..StreamStretch::default() };
        for (at, stretch) in self.stretches.iter().enumerate() {
            // What did not come although it was found is not looked for elsewhere.
            if !stretch.wants.iter().any(|want| stretch.has(want)) {
                continue;
            }
            let before = at.checked_sub(1).and_then(|at| self.stretches.get(at));
            let (least, most) = (
                before.map_or(window.0, |before| before.to.saturating_add(1)),
                self.stretches.get(at + 1).map_or(window.1, |next| next.from.saturating_sub(1)),
            );
            if !stretch.has_likely_beginning(window.0) && least < stretch.from {
                all.push(ask(near(stretch.from.saturating_sub(reach), least), stretch.from - 1));
            }
            if !stretch.has_end(window.1) && stretch.to < most {
                all.push(ask(stretch.to + 1, -near(-stretch.to.saturating_add(reach), -most)));
            }
        }
        joined(all, 0)
    }
}

/// Returns a bound, or the limit if the bound is near to it or behind it.
fn near(bound: i64, limit: i64) -> i64 {
    if bound <= limit.saturating_add(NEIGHBOURS_MS) { limit } else { bound }
}

/// Joins stretches that overlap, or of which so little time is between them.
fn joined(mut all: Vec<StreamStretch>, between: i64) -> Vec<StreamStretch> {
    all.sort_by_key(|one| (one.from, one.to));
    let mut kept: Vec<StreamStretch> = Vec::with_capacity(all.len());
    for mut one in all {
        match kept.last_mut().filter(|last| one.from <= last.to.saturating_add(between).saturating_add(1)) {
            Some(last) => {
                last.to = last.to.max(one.to);
                last.events.append(&mut one.events);
                last.wants.append(&mut one.wants);
            }
            None => kept.push(one),
        }
    }
    kept
}

/// Divides stretches among queries.
fn asks(mut all: Vec<(i64, i64, &StreamKey)>, window: (i64, i64)) -> Vec<LinesAsk> {
    all.sort();
    let gap = GAP_MS.max((window.1 - window.0) / GAPS);
    let mut done = Vec::new();
    let mut open = OpenAsk::default();
    for (from, to, key) in all {
        if !open.takes((from, to), &key.1, gap) {
            done.extend(std::mem::take(&mut open).close());
        }
        open.add((from, to), key);
    }
    done.extend(open.close());
    done
}

/// Query being put together.
#[derive(Default)]
struct OpenAsk<'k> {
    targets: BTreeSet<usize>,
    streams: BTreeMap<&'k str, Vec<(i64, i64)>>,
    window: Option<(i64, i64)>,
    length: usize,
}

/// Characters around a stream and of a stretch, at most.
const AROUND_STREAM: usize = 30;
const OF_STRETCH: usize = 60;
/// Most log groups of one query.
const GROUPS: usize = 50;

impl<'k> OpenAsk<'k> {
    fn takes(&self, (from, _): (i64, i64), stream: &str, gap: i64) -> bool {
        let of_stream = if self.streams.contains_key(stream) { 0 } else { stream.len() + AROUND_STREAM };
        let is_near = self.window.is_none_or(|(_, to)| from <= to.saturating_add(gap));
        is_near && self.targets.len() < GROUPS && self.length + of_stream + OF_STRETCH <= LIST
    }

    fn add(&mut self, (from, to): (i64, i64), key: &'k StreamKey) {
        let times = self.streams.entry(&key.1).or_default();
        self.length += OF_STRETCH + if times.is_empty() { key.1.len() + AROUND_STREAM } else { 0 };
        times.push((from, to));
        self.targets.insert(key.0);
        let (first, last) = self.window.unwrap_or((from, to));
        self.window = Some((first.min(from), last.max(to)));
    }

    fn close(self) -> Option<LinesAsk> {
        let mut list = String::new();
        for (stream, times) in &self.streams {
            let or = if list.is_empty() { "" } else { " or " };
            let _ = write!(list, "{or}(@logStream = \"{stream}\" and (");
            for (at, (from, to)) in times.iter().enumerate() {
                let or = if at > 0 { " or " } else { "" };
                let _ = write!(list, "{or}(at >= {from} and at <= {to})");
            }
            list.push_str("))");
        }
        Some(LinesAsk { targets: self.targets, window: self.window?, list })
    }
}

/// Longest name of a stream that is asked for; AWS allows 512 characters.
const LONGEST_NAME: usize = 512;

/// Returns whether the name of a stream can stand in a query as it is.
fn is_plain(stream: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/[]$-_.#+=@ ,~()!&%;".contains(&byte);
    !stream.is_empty() && stream.len() <= LONGEST_NAME && stream.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::super::stretch::Want;
    use super::*;

    const WINDOW: (i64, i64) = (0, 3_600_000);

    fn want(first: i64, last: i64, lasted_ms: i64) -> WantedLines {
        WantedLines { want: Want { first, last }, lasted_ms }
    }

    fn row(stream: &str, at: i64, message: &str) -> ResultRow {
        let fields = [("at", at.to_string()), ("@logStream", stream.to_owned()), ("@message", message.to_owned())];
        fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
    }

    /// Answers as a server would that has these lines.
    fn run(
        mut work: LinesWork,
        log: &[(&str, i64, &str)],
    ) -> (Vec<StreamAttempts>, BTreeSet<(usize, String)>, Vec<i64>) {
        let mut asked = Vec::new();
        loop {
            let asks = work.asks();
            if asks.is_empty() {
                break;
            }
            for ask in asks {
                asked.push(ask.window.1 - ask.window.0);
                for (stream, at, message) in log.iter().rev() {
                    // The tests have one stretch a query.
                    if (ask.window.0..=ask.window.1).contains(at) && ask.list.contains(stream) {
                        work.row(0, row(stream, *at, message));
                    }
                }
            }
            work.settle();
        }
        let (found, lacks) = work.finish();
        (found, lacks, asked)
    }

    #[test]
    fn attempts_become_whole_in_as_many_rounds_as_they_need() {
        let log = [
            ("s", 1_000, "START RequestId: z"),
            ("s", 1_500, "REPORT RequestId: z\tDuration: 500 ms"),
            ("s", 600_000, "START RequestId: a"),
            ("s", 1_300_000, "[ERROR] x"),
            ("s", 1_400_000, "REPORT RequestId: a\tDuration: 800000 ms"),
            ("s", 2_000_000, "START RequestId: b"),
            ("s", 2_000_100, "REPORT RequestId: b\tDuration: 100 ms"),
        ];
        let of = |lines: WantedLines, longest: Option<i64>| {
            let longest = longest.map(|ms| (0, ms)).into_iter().collect();
            let (found, lacks, asked) = run(LinesWork::new(WINDOW, longest, [(0, "s".to_owned(), lines, 0)]), &log);
            assert!(lacks.is_empty(), "{lacks:?}");
            let times = found.into_iter().flat_map(|(_, attempts)| attempts.concat()).map(|event| event.at);
            (times.collect::<Vec<_>>(), asked.len())
        };
        let long = vec![600_000, 1_300_000, 1_400_000];
        assert_eq!(of(want(1_300_000, 1_300_000, 0), None), (long.clone(), 2));
        assert_eq!(of(want(1_300_000, 1_300_000, 0), Some(5_000)), (long.clone(), 3));
        assert_eq!(of(want(1_400_000, 1_400_000, 800_000), None), (long, 1));
        assert_eq!(of(want(2_000_050, 2_000_100, 100), None), (vec![2_000_000, 2_000_100], 1));
    }

    #[test]
    fn what_does_not_come_is_told() {
        let gone = LinesWork::new(WINDOW, BTreeMap::new(), [(0, "s".to_owned(), want(5_000, 5_000, 0), 0)]);
        let (found, lacks, asked) = run(gone, &[]);
        assert!(found.iter().all(|(_, attempts)| attempts.is_empty()) && asked.len() == 1);
        assert!(lacks.iter().any(|(_, why)| why.contains("did not come")), "{lacks:?}");
        let hostile =
            LinesWork::new(WINDOW, BTreeMap::new(), [(0, "a\" or @message like /x/".to_owned(), want(5, 5, 0), 0)]);
        assert!(run(hostile, &[]).1.iter().any(|(_, why)| why.contains("no query can hold")));
        let mut cut = LinesWork::new(WINDOW, BTreeMap::new(), [(0, "s".to_owned(), want(5, 5, 0), 0)]);
        assert_eq!(cut.asks().len(), 1);
        let mut short = row("s", 5, "[ERROR]");
        short.insert("length".to_owned(), "5000".to_owned());
        cut.row(0, short);
        cut.settle();
        assert!(cut.finish().1.iter().any(|(_, why)| why.contains("cut a line short")));
    }

    #[test]
    fn neighbours_share_a_query_and_gaps_are_left_out() {
        let near = (0..200)
            .map(|at| (at as usize % 3, format!("2026/10/01/[$LATEST]{at:032x}"), want(at * 100, at * 100, 0), 0));
        let asks = LinesWork::new(WINDOW, BTreeMap::new(), near).asks();
        assert_eq!(asks.len(), 4);
        assert!(asks.iter().all(|ask| ask.list.len() <= LIST && ask.window.1 - ask.window.0 < 14_000), "{asks:?}");
        let far = (0..10).map(|at| (0, "s".to_owned(), want(at * 300_000, at * 300_000, 0), 0));
        let asks = LinesWork::new(WINDOW, BTreeMap::new(), far).asks();
        assert_eq!(asks.iter().map(|ask| ask.window.1 - ask.window.0).sum::<i64>(), 10 * 4_000 - 2_000);
        let close = (0..10).map(|at| (0, "s".to_owned(), want(at * 1_000, at * 1_000, 0), 0));
        let asks = LinesWork::new(WINDOW, BTreeMap::new(), close).asks();
        assert_eq!(asks[0].list, "(@logStream = \"s\" and ((at >= 0 and at <= 11000)))");
    }
}
