//! The clock of this machine. Nothing in an answer depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// Reads this machine's clock.
pub(crate) fn now() -> Option<Timestamp> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since_1970.as_millis()).ok()?)
}
