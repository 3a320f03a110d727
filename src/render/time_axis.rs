//! Time axis: attempts and failures in cells of the same length, and how times of the window are written.

use super::grid::{Cell, GridColumn};
use super::style::{Ink, Style};
use crate::model::{LocalTime, Timestamp};
use crate::wire::{Failures, TimelineBucket, Window};

/// Round lengths of a cell, in seconds.
const ROUND_S: [i64; 24] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 28_800,
    43_200, 86_400, 172_800, 604_800,
];
/// Longest window with a course: sixty weeks, of which each is a cell.
const LONGEST_MS: i64 = 60 * 604_800_000;
/// What stands in place of a course that a log does not have.
pub(super) const NO_COURSE: &str = "The log has no times, or spans a moment or years";
/// Longest bar that lies.
pub(super) const LONGEST_BAR: u64 = 30;
/// Heights of a bar that stands.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Cells of one length that cover the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    start_ms: i64,
    cell_ms: i64,
    cells: usize,
}

/// Attempts and failures of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TimeCell {
    pub(super) attempts: u64,
    pub(super) failed: u64,
    pub(super) failures: Failures,
}

impl Axis {
    /// Creates the axis of a window with at most so many cells; `None` if it would have less than two, or if each would
    /// be so long that they show no course. `timeline` is that of all functions.
    pub(super) fn over(window: &Window, timeline: &[TimelineBucket], most: usize) -> Option<Self> {
        let starts: Vec<i64> = timeline.iter().filter_map(|bucket| ms(&bucket.start)).collect();
        let (first, last) = (*starts.first()?, *starts.last()?);
        let unit = starts.windows(2).map(|pair| pair[1] - pair[0]).filter(|ms| *ms > 0).reduce(greatest_divisor)?;
        // The window may begin before the first attempt and end after the last.
        let from = window.start.as_deref().and_then(ms).unwrap_or(first).min(first);
        let to = window.end.as_deref().and_then(ms).unwrap_or(last).max(last + 1);
        let start_ms = first - (first - from + unit - 1) / unit * unit;
        let least = (to - start_ms).div_euclid(i64::try_from(most.max(1)).ok()?) + 1;
        let round = ROUND_S.into_iter().map(|s| s * 1_000).find(|ms| *ms >= least.max(unit) && ms % unit == 0);
        let cell_ms = round.unwrap_or_else(|| (least + unit - 1) / unit * unit);
        // Cells of hours begin at the hour.
        let start_ms = if cell_ms <= 3_600_000 { start_ms.div_euclid(cell_ms) * cell_ms } else { start_ms };
        let cells = usize::try_from((to - start_ms + cell_ms - 1) / cell_ms).ok()?;
        (cells >= 2 && to - start_ms <= LONGEST_MS).then_some(Self { start_ms, cell_ms, cells })
    }

    /// Returns the cells of a timeline of the same run.
    pub(super) fn cells(&self, timeline: &[TimelineBucket]) -> Vec<TimeCell> {
        let mut cells = vec![TimeCell::default(); self.cells];
        for bucket in timeline {
            if let Some(cell) = ms(&bucket.start).and_then(|ms| cells.get_mut(self.cell_of(ms)?)) {
                cell.attempts += bucket.attempts;
                cell.failed += bucket.failed;
                cell.failures += &bucket.failures;
            }
        }
        cells
    }

    /// Returns the cell of a moment.
    pub(super) fn cell_of(&self, ms: i64) -> Option<usize> {
        usize::try_from((ms - self.start_ms).div_euclid(self.cell_ms)).ok().filter(|cell| *cell < self.cells)
    }

    pub(super) fn len(&self) -> usize {
        self.cells
    }

    pub(super) fn is_hour_or_less(&self) -> bool {
        self.cell_ms <= 3_600_000
    }

    /// Returns the start of a cell.
    pub(super) fn start_of(&self, cell: usize) -> Option<Timestamp> {
        Timestamp::from_ms(self.start_ms + self.cell_ms * i64::try_from(cell).ok()?)
    }

    /// Returns at most so many cells that begin at a round time, by the clocks of UTC.
    pub(super) fn ticks(&self, most: usize) -> Vec<usize> {
        let span_ms = self.cell_ms.saturating_mul(i64::try_from(self.cells).unwrap_or(i64::MAX));
        let fits = |ms: &i64| *ms >= self.cell_ms && span_ms / ms < i64::try_from(most).unwrap_or(i64::MAX);
        let step_ms = ROUND_S.into_iter().map(|s| s * 1_000).find(fits).unwrap_or(span_ms.max(1));
        let is_tick = |cell: &usize| {
            let start_ms = self.start_ms + self.cell_ms * i64::try_from(*cell).unwrap_or(0);
            start_ms.rem_euclid(step_ms) < self.cell_ms
        };
        (0..self.cells).filter(is_tick).collect()
    }

    /// Returns the length of a cell: `min`, `5 min`, `h`.
    pub(super) fn unit(&self) -> String {
        let (number, unit) = match self.cell_ms / 1_000 {
            s if s % 86_400 == 0 => (s / 86_400, "day"),
            s if s % 3_600 == 0 => (s / 3_600, "h"),
            s if s % 60 == 0 => (s / 60, "min"),
            s => (s, "s"),
        };
        if number == 1 { unit.to_owned() } else { format!("{number} {unit}") }
    }
}

/// Returns a column with the start of each cell.
pub(super) fn starts(axis: &Axis, times: &Times<'_>) -> GridColumn {
    let start = |at: usize| {
        let text = axis.start_of(at).and_then(|start| times.text(&start.to_string()));
        Cell::plain(text.unwrap_or_default())
    };
    GridColumn::text("FROM", (0..axis.len()).map(start).collect())
}

/// Returns a column with the failures of each cell as a bar that lies, at most so long.
pub(super) fn lying_bars(cells: &[TimeCell], longest: u64) -> GridColumn {
    let most = cells.iter().map(|cell| cell.failed).max().unwrap_or(0).max(1);
    let bar = |cell: &TimeCell| {
        let length = (cell.failed * longest).div_ceil(most);
        Cell::painted("█".repeat(usize::try_from(length).unwrap_or(0)), Ink::Bad)
    };
    GridColumn::text("", cells.iter().map(bar).collect())
}

/// Draws failures as bars: a point where nothing failed, a blank where nothing ran.
pub(super) fn bars(cells: &[TimeCell]) -> String {
    let most = cells.iter().map(|cell| cell.failed).max().unwrap_or(0);
    let bar = |cell: &TimeCell| match (cell.attempts, cell.failed) {
        (0, 0) => ' ',
        (_, 0) => '·',
        (_, failed) => BARS[usize::try_from((failed * 8 - 1) / most.max(1)).unwrap_or(7).min(7)],
    };
    cells.iter().map(bar).collect()
}

fn greatest_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// Returns a moment of the wire format in milliseconds.
pub(super) fn ms(moment: &str) -> Option<i64> {
    Timestamp::parse_prefix(moment.as_bytes()).map(|(at, _)| at.ms())
}

/// How times are written: no longer than the window needs.
#[derive(Clone, Debug)]
pub(super) struct Times<'a> {
    style: &'a Style,
    /// Zone in which the window ends, which the headline names.
    zone: Option<String>,
    /// The day of the window, if it is within one.
    day: Option<String>,
    /// The window is short.
    seconds: bool,
}

impl<'a> Times<'a> {
    pub(super) fn of(window: &Window, style: &'a Style) -> Self {
        let (start, end) = (window.start.as_deref(), window.end.as_deref());
        let day = |moment: Option<&str>| moment.and_then(|at| style.local(at)).map(|clock| clock.date);
        let length = start.and_then(ms).zip(end.and_then(ms)).map(|(start, end)| end - start);
        let zone = end.and_then(|end| style.local(end)).map(|end| end.zone);
        let day = day(start).filter(|first| day(end).as_ref() == Some(first));
        Self { style, zone, day, seconds: length.is_some_and(|ms| ms < 120_000) }
    }

    /// Formats a time: `03:11`, `03:11:06`, `01-02 03:11`.
    pub(super) fn text(&self, moment: &str) -> Option<String> {
        let clock = self.style.local(moment)?;
        let time = if self.seconds { clock.seconds() } else { clock.minutes() };
        Some(self.dated(&clock, time, clock.date.get(5..).unwrap_or_default()))
    }

    /// Returns a moment as the clocks of the zone show it.
    pub(super) fn local(&self, moment: &str) -> Option<LocalTime> {
        self.style.local(moment)
    }

    /// Returns a time of day with its date, unless that is the day of the window, and with its zone, unless that is the
    /// zone of the window's end.
    pub(super) fn dated(&self, at: &LocalTime, time: String, date: &str) -> String {
        let time = at.with_zone(time, self.zone.as_deref());
        if self.day.as_deref() == Some(&at.date) { time } else { format!("{date} {time}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(second: i64, attempts: u64, failed: u64) -> TimelineBucket {
        let start = Timestamp::from_ms(1_767_312_000_000 + second * 1_000).unwrap().to_string();
        TimelineBucket { start, attempts, failed, failures: Default::default() }
    }

    fn window(to: i64) -> Window {
        let at = |second: i64| Timestamp::from_ms(1_767_312_000_000 + second * 1_000).map(|at| at.to_string());
        Window { start: at(5), end: at(to), source: "observed".to_owned() }
    }

    #[test]
    fn every_failure_is_in_one_cell_whatever_their_number() {
        let timeline: Vec<_> = (0..49).filter(|n| n % 7 != 3).map(|n| bucket(n * 60, 10, n as u64 % 3)).collect();
        let failed: u64 = timeline.iter().map(|bucket| bucket.failed).sum();
        for most in 1..100 {
            let Some(axis) = Axis::over(&window(48 * 60 + 59), &timeline, most) else {
                assert!(most < 3, "{most}");
                continue;
            };
            let cells = axis.cells(&timeline);
            assert!(cells.len() <= most + 1, "{most}: {}", cells.len());
            assert_eq!(cells.iter().map(|cell| cell.failed).sum::<u64>(), failed, "{most}");
        }
        let axis = Axis::over(&window(48 * 60 + 59), &timeline, 50).unwrap();
        assert_eq!((axis.cells, axis.unit().as_str()), (49, "min"));
        assert!(Axis::over(&window(5), &timeline[..1], 50).is_none(), "one cell shows no course");
    }

    /// Few failures far apart have a course, and a log of years has none.
    #[test]
    fn sparse_logs_have_a_course_unless_they_span_years() {
        const DAY: i64 = 86_400;
        let sparse = |days: i64| [bucket(0, 9, 2), bucket(days * DAY, 9, 3)];
        for days in [1, 10, 100, 400] {
            assert!(Axis::over(&window(days * DAY + 9), &sparse(days), 30).is_some(), "{days}");
        }
        assert!(Axis::over(&window(2_400 * DAY), &sparse(2_400), 30).is_none());
    }

    #[test]
    fn times_name_the_zone_that_the_end_of_the_window_has_not() {
        let berlin = crate::model::Zone::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
        let style = Style { zone: berlin, ..Style::PLAIN };
        let at = |text: &str| Some(text.to_owned());
        let year = Window {
            start: at("2025-12-01T00:00:00.000Z"),
            end: at("2026-12-01T00:00:00.000Z"),
            source: "observed".to_owned(),
        };
        let times = Times::of(&year, &style);
        assert_eq!(times.text("2026-06-26T12:00:00.000Z").as_deref(), Some("06-26 14:00 CEST"));
        assert_eq!(times.text("2026-01-26T12:00:00.000Z").as_deref(), Some("01-26 13:00"));
        assert_eq!(times.text("2026-10-25T00:30:00.000Z").as_deref(), Some("10-25 02:30 CEST"));
        assert_eq!(times.text("2026-10-25T01:30:00.000Z").as_deref(), Some("10-25 02:30 CET"));
    }

    #[test]
    fn bars_tell_nothing_failed_from_nothing_ran() {
        let cell = |attempts, failed| TimeCell { attempts, failed, failures: Failures::default() };
        assert_eq!(bars(&[cell(0, 0), cell(9, 0), cell(9, 1), cell(9, 4), cell(9, 8)]), " ·▁▄█");
        assert_eq!(bars(&[cell(3, 3)]), "█");
    }
}
