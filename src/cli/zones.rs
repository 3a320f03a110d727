//! Time zones by their names.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::model::{Zone, nearest, suggestion};

/// Finds a zone: `local`, `UTC`, or a name of the IANA database. The database is built in, so that a name means the same
/// on every machine.
pub(super) fn zone(name: &str) -> Result<Zone, String> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(Zone::UTC);
    }
    if name.eq_ignore_ascii_case("local") {
        let unknown = |error| format!("the time zone of this machine is not known: {error}");
        return TimeZone::try_system().map(Zone::new).map_err(unknown);
    }
    let database = TimeZoneDatabase::bundled();
    database.get(name).map(Zone::new).map_err(|_| {
        let names: Vec<String> = database.available().map(|name| name.as_str().to_owned()).collect();
        let near = nearest(name, names.iter().map(String::as_str));
        format!("there is no time zone '{name}'; use local, UTC or a name such as Europe/Berlin{}", suggestion(&near))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_zones_by_their_names() {
        for (name, want) in
            [("Europe/Berln", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("Asia/Tokio", "Asia/Tokyo")]
        {
            assert!(zone(name).unwrap_err().contains(want), "{name}");
        }
        for name in ["utc", "UTC", "Etc/UTC", "europe/berlin", "EST5EDT", "Asia/Kolkata"] {
            assert!(zone(name).is_ok(), "{name}");
        }
        for name in ["", "/etc/passwd", "../UTC", "CET-1", "Europe", "\u{1b}[31m"] {
            assert!(zone(name).is_err(), "{name:?}");
        }
    }
}
