//! A time as exporters write it: a number of any unit, or ISO 8601.

use super::json::scan::unescape;
use crate::model::Timestamp;

/// Reads a time as exporters write it: an epoch number of any unit, with or without fraction, or ISO 8601.
pub(super) fn moment(text: &[u8]) -> Option<Timestamp> {
    if let Some(number) = integer(text) {
        return Timestamp::from_epoch_number(number);
    }
    if let Some((at, _)) = Timestamp::parse_prefix(text) {
        return Some(at);
    }
    let number: f64 = unescape(text).trim().parse().ok()?;
    // Seconds with a fraction; larger units lose nothing that matters by dropping it.
    let is_seconds = (0.0..1e11).contains(&number);
    let number = if is_seconds { number * 1_000_000.0 } else { number };
    // A conversion would make the largest number of all that are larger.
    (number < i64::MAX as f64).then(|| Timestamp::from_epoch_number(number as i64)).flatten()
}

fn integer(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0i64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(i64::from(digit)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_moments_of_every_unit() {
        for text in [
            "1790812800123",
            "1790812800123000",
            "1790812800.123",
            "2026-10-01T00:00:00.123Z",
            "2026-10-01 00:00:00.123",
            "1.790812800123e12",
            "2026-10-01T02:00:00.123+02:00",
        ] {
            let at = moment(text.as_bytes()).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2026-10-01T00:00:00.123Z"), "{text}");
        }
        for text in ["now", "-1", "1e20", "-1e3", "nan", "99999999999999999999", "253402300799999", "1e308"] {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
        }
    }
}
