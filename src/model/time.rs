//! Moments of log time: milliseconds since the Unix epoch, read from and written to ISO 8601 text.

use std::fmt;
use std::num::NonZeroU64;

/// A moment in log time, in milliseconds since the Unix epoch.
///
/// There is no other time: no result depends on the clock of the machine that reads the log.
///
/// Stored as milliseconds since a moment before the earliest one, so that it is never zero and an `Option` of it takes
/// no more memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

const MS_PER_DAY: i64 = 86_400_000;
const MS_PER_MINUTE: i64 = 60_000;
/// 0000-01-01 and 9999-12-31: a number outside of this range is not a date.
const EARLIEST_MS: i64 = -62_167_219_200_000;
const LATEST_MS: i64 = 253_402_300_799_999;
/// One millisecond before the earliest moment.
const ORIGIN_MS: i64 = EARLIEST_MS - 1;

impl Timestamp {
    /// Creates a moment from milliseconds since the epoch; `None` outside the years 0 to 9999.
    #[must_use]
    pub fn from_ms(ms: i64) -> Option<Self> {
        let since_origin = (EARLIEST_MS..=LATEST_MS).contains(&ms).then(|| ms.abs_diff(ORIGIN_MS))?;
        NonZeroU64::new(since_origin).map(Self)
    }

    /// Creates a moment from an epoch number, whose size tells the unit: seconds, milliseconds, microseconds or
    /// nanoseconds.
    ///
    /// The ranges of the four units do not overlap, because all moments are taken to be in the years 1973 to 5138, and those
    /// in the two small units not before September 2001: what lies between is a mark such as "the end of time".
    #[must_use]
    pub fn from_epoch_number(number: i64) -> Option<Self> {
        let ms = match number {
            0..=99_999_999_999 => number.checked_mul(1_000)?,
            100_000_000_000..=99_999_999_999_999 => number,
            1_000_000_000_000_000..=99_999_999_999_999_999 => number / 1_000,
            1_000_000_000_000_000_000.. => number / 1_000_000,
            _ => return None,
        };
        Self::from_ms(ms)
    }

    /// Returns the milliseconds since the epoch.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.0.get().cast_signed() + ORIGIN_MS
    }

    /// Returns the milliseconds from `earlier` to `self`; negative when the order is reversed.
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> i64 {
        self.ms() - earlier.ms()
    }

    /// Returns whether two times are known to be of the same millisecond: those of whole seconds may be rounded.
    #[must_use]
    pub fn is_same_ms(one: Option<Self>, other: Option<Self>) -> bool {
        one.zip(other).is_some_and(|(one, other)| one == other && one.ms() % 1_000 != 0)
    }

    /// Parses `YYYY-MM-DD[T ]HH:MM:SS[.,fraction][Z|±HH[:]MM]` at the start of `text`.
    ///
    /// Returns the moment and the number of bytes read. Text without a zone is taken as UTC, which is what every
    /// exporter that omits it means.
    #[must_use]
    pub fn parse_prefix(text: &[u8]) -> Option<(Self, usize)> {
        let date = text.get(..19)?;
        let shape_holds = date[4] == b'-'
            && date[7] == b'-'
            && matches!(date[10], b'T' | b' ')
            && date[13] == b':'
            && date[16] == b':';
        if !shape_holds {
            return None;
        }
        let year = two_digits(date, 0)? * 100 + two_digits(date, 2)?;
        let (month, day) = (two_digits(date, 5)?, two_digits(date, 8)?);
        let (hour, minute, second) = (two_digits(date, 11)?, two_digits(date, 14)?, two_digits(date, 17)?);
        // A leap second is written as 60 and counted as the last second of its minute.
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        let mut ms = days_from_civil(year, month, day) * MS_PER_DAY
            + (i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second.min(59))) * 1_000;
        let mut used = 19;
        if let (Some(b'.' | b','), Some(b'0'..=b'9')) = (text.get(19), text.get(20)) {
            used = 20;
            let mut scale = 100;
            while let Some(digit @ b'0'..=b'9') = text.get(used) {
                ms += i64::from(digit - b'0') * scale;
                scale /= 10;
                used += 1;
            }
        }
        match text.get(used) {
            Some(b'Z') => used += 1,
            Some(sign @ (b'+' | b'-')) => {
                if let Some((offset_minutes, length)) = zone_offset(&text[used + 1..]) {
                    let shift = offset_minutes * 60_000;
                    ms += if *sign == b'+' { -shift } else { shift };
                    used += 1 + length;
                }
            }
            _ => {}
        }
        Some((Self::from_ms(ms)?, used))
    }
}

/// A reader of many times within the same minute: it only computes the seconds anew.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TimeReader {
    /// `YYYY-MM-DDTHH:MM` of the last time read, and the moment at which that minute begins.
    minute: Option<([u8; 16], Timestamp)>,
}

impl TimeReader {
    /// Parses `YYYY-MM-DDTHH:MM:SS.mmmZ`, and no other form.
    #[inline(always)]
    pub(crate) fn read(&mut self, text: &[u8; 24]) -> Option<Timestamp> {
        // Reads the rest as one word: XOR with the template turns digits into their values and separators into zero.
        const REST: u64 = u64::from_le_bytes(*b":00.000Z");
        const SIX: u64 = u64::from_le_bytes([0, 6, 6, 0, 6, 6, 6, 0]);
        const LOW_HALVES: u64 = u64::from_le_bytes([0, 0xf, 0xf, 0, 0xf, 0xf, 0xf, 0]);
        let (minute, rest) = text.split_first_chunk::<16>()?;
        let digits = u64::from_le_bytes(*rest.first_chunk()?) ^ REST;
        // A value above nine plus six no longer fits into half a byte.
        if (digits | digits.wrapping_add(SIX)) & !LOW_HALVES != 0 {
            return None;
        }
        let byte = |number: u64, at: u32| number >> (8 * at) & 0xff;
        let pairs = digits * 10 + (digits >> 8);
        let (seconds, hundredths, thousandths) = (byte(pairs, 1), byte(pairs, 4), byte(digits, 6));
        match self.minute {
            Some((last, at)) if last == *minute && seconds <= 59 => {
                at.0.checked_add(seconds * 1_000 + hundredths * 10 + thousandths).map(Timestamp)
            }
            _ => self.begin_minute(text),
        }
    }

    #[cold]
    fn begin_minute(&mut self, text: &[u8; 24]) -> Option<Timestamp> {
        let (at, _) = Timestamp::parse_prefix(text).filter(|(_, used)| *used == text.len() && text[10] == b'T')?;
        let minute = Timestamp::from_ms(at.ms().div_euclid(MS_PER_MINUTE) * MS_PER_MINUTE)?;
        self.minute = text.first_chunk().map(|text| (*text, minute));
        Some(at)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.ms())
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.ms().div_euclid(MS_PER_DAY), self.ms().rem_euclid(MS_PER_DAY));
        let (year, month, day) = civil_from_days(days);
        // Every record has several times, and the machinery of `write!` costs ten times as much as the digits.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, ms / 3_600_000),
            (14..16, ms / 60_000 % 60),
            (17..19, ms / 1_000 % 60),
            (20..23, ms % 1_000),
        ];
        for (place, mut number) in parts {
            for digit in text[place].iter_mut().rev() {
                *digit = b"0123456789"[(number % 10) as usize];
                number /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

fn two_digits(text: &[u8], at: usize) -> Option<u32> {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Parses `HH:MM`, `HHMM` or `HH` after the sign; returns minutes and the number of bytes read.
fn zone_offset(text: &[u8]) -> Option<(i64, usize)> {
    let pair = |at: usize| text.get(at..at + 2).and_then(|two| two_digits(two, 0)).map(i64::from);
    let hours = pair(0)?;
    let (minutes, used) = match text.get(2) {
        Some(b':') => (pair(3)?, 5),
        Some(b'0'..=b'9') => (pair(2)?, 4),
        _ => (0, 2),
    };
    (hours <= 23 && minutes <= 59).then_some((hours * 60 + minutes, used))
}

/// Computes the days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Computes the date of a day, as the inverse of [`days_from_civil`], from the same source.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, want: &str, used: usize) {
        let (at, length) = Timestamp::parse_prefix(text.as_bytes()).expect("a timestamp");
        assert_eq!((at.to_string().as_str(), length), (want, used), "{text}");
    }

    #[test]
    fn reads_what_exporters_write() {
        case("2026-01-02T03:04:05.678Z START", "2026-01-02T03:04:05.678Z", 24);
        case("2026-01-02T03:04:05.678000+00:00 x", "2026-01-02T03:04:05.678Z", 32);
        case("2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z", 19);
        case("2026-01-02 03:04:05.678", "2026-01-02T03:04:05.678Z", 23);
        case("2022-07-03T22:13:13.549+02:00 |", "2022-07-03T20:13:13.549Z", 29);
        case("2025-10-31 22:38:21,010+0000", "2025-10-31T22:38:21.010Z", 28);
        case("2024-02-29T23:59:60Z", "2024-02-29T23:59:59.000Z", 20);
        case("2026-01-02T03:04:05-08:00", "2026-01-02T11:04:05.000Z", 25);
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in ["", "2026-13-02T03:04:05Z", "2026-01-02", "20260102T030405Z", "abcd-ef-ghTij:kl:mn"] {
            assert_eq!(Timestamp::parse_prefix(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn tells_the_unit_of_an_epoch_number() {
        for number in [1_790_812_800, 1_790_812_800_000, 1_790_812_800_000_000, 1_790_812_800_000_000_000] {
            let at = Timestamp::from_epoch_number(number).expect("in range");
            assert_eq!(at.to_string(), "2026-10-01T00:00:00.000Z");
        }
        for number in [-1, 100_000_000_000_000, 253_402_300_799_999, 999_999_999_999_999_999] {
            assert_eq!(Timestamp::from_epoch_number(number), None, "{number}");
        }
    }

    proptest::proptest! {
        #[test]
        fn print_then_parse_is_identity(ms in EARLIEST_MS..=LATEST_MS) {
            let at = Timestamp::from_ms(ms).expect("in range");
            proptest::prop_assert_eq!(Timestamp::parse_prefix(at.to_string().as_bytes()), Some((at, 24)));
        }

        #[test]
        fn reading_many_is_as_reading_one(times in proptest::collection::vec(EARLIEST_MS..=LATEST_MS, 1..9)) {
            let mut reader = TimeReader::default();
            for ms in times {
                let at = Timestamp::from_ms(ms);
                let text = at.expect("in range").to_string();
                let text: &[u8; 24] = text.as_bytes().try_into().expect("24 bytes");
                proptest::prop_assert_eq!(reader.read(text), at);
            }
        }

        #[test]
        fn reading_many_refuses_what_reading_one_does(ms in EARLIEST_MS..=LATEST_MS, at in 0usize..24, byte in 0u8..) {
            let mut text = Timestamp::from_ms(ms).expect("in range").to_string().into_bytes();
            let mut reader = TimeReader::default();
            let text: &mut [u8] = &mut text;
            let read = |reader: &mut TimeReader, text: &[u8]| reader.read(text.try_into().expect("24 bytes"));
            read(&mut reader, text);
            text[at] = byte;
            let fits = text[10] == b'T' && text[19] == b'.' && text[23] == b'Z';
            let want = Timestamp::parse_prefix(text).filter(|(_, used)| fits && *used == 24).map(|(at, _)| at);
            proptest::prop_assert_eq!(read(&mut reader, text), want);
        }

        #[test]
        fn never_panics(text in proptest::collection::vec(0u8.., 0..60)) {
            let _ = Timestamp::parse_prefix(&text);
        }
    }
}
