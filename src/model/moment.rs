//! Bounds of a selection of log time, of which some are known only when the whole log was read.

use jiff::civil::Time;

use super::time::Timestamp;
use super::zone::{Occurrence, Zone};

/// A bound of the log time to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This moment.
    At(Timestamp),
    /// So many milliseconds before the end.
    Ago(i64),
    /// The last moment before the end at which the clocks of a zone show this time.
    TimeOfDay(Time, Zone),
}

impl Moment {
    /// Returns the moment, where the log or the window ends at `end`. `which` of two it is, where clocks show a time of
    /// the day twice.
    #[must_use]
    pub fn before(&self, end: Option<Timestamp>, which: Occurrence) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Ago(ms) => Timestamp::from_ms(end?.ms().saturating_sub(*ms)),
            Self::TimeOfDay(time, zone) => zone.last_at(*time, which, end?),
        }
    }
}
