//! Words with which clients say that a call failed, where they tell neither a status nor an errno.

use super::signatures::Trouble::{self, Auth, Connection, Throttled, Timeout, Unavailable};
use super::words::Words;

/// Words that hardly any error has that is not one of a call.
#[rustfmt::skip]
static CERTAIN: Words<Trouble> = Words::new(&[
    ("Too Many Requests", Throttled), ("oo many requests", Throttled), ("ate limit exceeded", Throttled), ("ate limit reached", Throttled), ("ate limited", Throttled), ("ate-limited", Throttled), ("ate Exceeded", Throttled),
    ("onnection timed out", Timeout), ("onnection timeout", Timeout), ("onnect timeout", Timeout), ("equest timed out", Timeout), ("equest timeout", Timeout), ("Request Timeout", Timeout), ("esponse timed out", Timeout), ("ead timed out", Timeout), ("ead timeout", Timeout), ("Read Timeout", Timeout), ("imed out waiting for", Timeout), ("imed out while waiting", Timeout), ("imeout while waiting", Timeout), ("imeout waiting for", Timeout), ("Gateway Time", Timeout),
    ("Unauthorized", Auth), ("nauthenticated", Auth), ("uthentication failed", Auth), ("ailed to authenticate", Auth), ("nvalid API key", Auth), ("nvalid api key", Auth), ("nvalid access token", Auth), ("ad credentials", Auth), ("Login failed", Auth),
    ("onnection refused", Connection), ("onnection reset", Connection), ("onnection closed", Connection), ("onnection is closed", Connection), ("onnection was closed", Connection), ("onnection lost", Connection), ("onnection error", Connection), ("onnection failed", Connection), ("onnection terminated", Connection), ("onnection unexpectedly", Connection), ("onnection prematurely", Connection), ("ailed to connect", Connection), ("nable to connect", Connection), ("ould not connect", Connection), ("annot connect", Connection), ("ould not reach", Connection), ("ocket closed", Connection), ("ocket hang up", Connection), ("ost connection", Connection), ("isconnected from", Connection), ("nreachable", Connection), ("o endpoints available", Connection), ("o available server", Connection), ("o hosts available", Connection),
    ("ervice unavailable", Unavailable), ("Service Unavailable", Unavailable), ("ervice is unavailable", Unavailable), ("emporarily unavailable", Unavailable), ("Bad Gateway", Unavailable), ("Internal Server Error", Unavailable), ("nternal server error", Unavailable),
]);

/// Words that in the error of a client tell what failed, and anywhere else may mean anything.
#[rustfmt::skip]
static LIKELY: Words<Trouble> = Words::new(&[
    ("ate limit", Throttled), ("ateLimit", Throttled), ("hrottl", Throttled), ("uota", Throttled),
    ("timed out", Timeout), ("imed out", Timeout), ("imeout", Timeout), ("imedOut", Timeout), ("eadline", Timeout),
    ("refused", Connection), ("reset", Connection), ("closed", Connection), ("hang up", Connection), ("onnection error", Connection), ("isconnected", Connection), ("nreachable", Connection), ("onnect to", Connection), ("onnection to", Connection),
    ("nauthori", Auth), ("uthentica", Auth), ("uthoriz", Auth), ("orbidden", Auth), ("redentials", Auth), ("ccess denied", Auth), ("ermission denied", Auth),
    ("navailable", Unavailable), ("verloaded", Unavailable), ("server error", Unavailable),
]);

/// Returns the kind of a failed call that a text certainly tells of.
pub(super) fn certain(text: &str) -> Option<Trouble> {
    CERTAIN.first_in(text).map(|(_, trouble)| trouble)
}

/// Returns the kind of failure that the text of a client most likely tells of.
pub(super) fn likely(text: &str) -> Option<Trouble> {
    certain(text).or_else(|| LIKELY.first_in(text).map(|(_, trouble)| trouble))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_failed_calls_are_told_from_others() {
        for (text, sure, guess) in [
            ("Read Timeout", Some(Timeout), Some(Timeout)),
            ("Timed out while waiting for handshake", Some(Timeout), Some(Timeout)),
            ("Socket closed unexpectedly", Some(Connection), Some(Connection)),
            ("Service Unavailable", Some(Unavailable), Some(Unavailable)),
            ("timeout must be positive", None, Some(Timeout)),
            ("the file is closed", None, Some(Connection)),
            ("no such order", None, None),
        ] {
            assert_eq!((certain(text), likely(text)), (sure, guess), "{text}");
        }
    }
}
