//! When AWS stops to support a runtime, and when functions with it can no longer be created or updated.
//!
//! Source: the table of deprecation dates in the Lambda Developer Guide, by way of the rules of cfn-lint 1.58.0
//! (`LmbdRuntimeLifecycle.json`). AWS has moved the later dates several times, so what is said names [`RUNTIMES_AS_OF`].

use crate::lambda::runtimes::DURABLE_RUNTIME;

/// When these dates were looked up.
pub(crate) const RUNTIMES_AS_OF: &str = "2026-11";

/// Life of a runtime: dates as `YYYY-MM-DD`, the first day on which it holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RuntimeLife {
    /// `python3.12`
    pub id: &'static str,
    /// No more patches, and no support.
    pub deprecated: &'static str,
    /// No function can be created with it.
    pub create_blocked: Option<&'static str>,
    /// No function with it can be updated, so nothing can be deployed or repaired.
    pub update_blocked: Option<&'static str>,
}

/// Returns whether a version of a runtime (`nodejs:22.DurableFunction.v36`) is one of durable functions.
#[must_use]
pub(crate) fn is_durable(runtime: &str) -> bool {
    runtime.contains(DURABLE_RUNTIME)
}

/// A row of the table.
const fn life(id: &'static str, [deprecated, create, update]: [&'static str; 3]) -> RuntimeLife {
    RuntimeLife { id, deprecated, create_blocked: Some(create), update_blocked: Some(update) }
}

/// All runtimes, the oldest end first.
pub(crate) static RUNTIMES: &[RuntimeLife] = &[
    life("dotnetcore2.0", ["2019-05-30", "2019-05-30", "2019-05-30"]),
    life("dotnetcore1.0", ["2019-06-27", "2019-06-30", "2019-07-30"]),
    life("nodejs6.10", ["2019-08-12", "2019-08-12", "2019-08-12"]),
    life("nodejs4.3", ["2020-03-05", "2020-03-05", "2020-03-05"]),
    life("nodejs8.10", ["2020-03-06", "2020-03-06", "2020-03-06"]),
    life("python2.7", ["2021-07-15", "2021-07-15", "2022-05-30"]),
    life("nodejs10.x", ["2021-07-30", "2021-07-30", "2022-02-14"]),
    life("ruby2.5", ["2021-07-30", "2021-07-30", "2022-03-31"]),
    life("dotnetcore2.1", ["2022-01-05", "2022-01-05", "2022-04-13"]),
    life("python3.6", ["2022-07-18", "2022-07-18", "2022-08-29"]),
    life("nodejs12.x", ["2023-03-31", "2023-03-31", "2023-04-30"]),
    life("dotnetcore3.1", ["2023-04-03", "2023-04-03", "2023-05-03"]),
    life("nodejs14.x", ["2023-12-04", "2024-01-09", "2027-03-03"]),
    life("python3.7", ["2023-12-04", "2024-01-09", "2027-03-03"]),
    life("ruby2.7", ["2023-12-07", "2024-01-09", "2027-03-03"]),
    life("go1.x", ["2024-01-08", "2024-02-08", "2027-03-03"]),
    life("java8", ["2024-01-08", "2024-02-08", "2027-03-03"]),
    life("provided", ["2024-01-08", "2024-02-08", "2027-03-03"]),
    life("nodejs16.x", ["2024-06-12", "2027-02-01", "2027-03-03"]),
    life("python3.8", ["2024-10-14", "2027-02-01", "2027-03-03"]),
    life("dotnet6", ["2024-12-20", "2027-02-01", "2027-03-03"]),
    life("nodejs18.x", ["2025-09-01", "2027-02-01", "2027-03-03"]),
    life("python3.9", ["2025-12-15", "2027-02-01", "2027-03-03"]),
    life("ruby3.2", ["2026-03-31", "2027-02-01", "2027-03-03"]),
    life("nodejs20.x", ["2026-04-30", "2027-02-01", "2027-03-03"]),
    life("provided.al2", ["2026-07-31", "2027-02-01", "2027-03-03"]),
    life("python3.10", ["2026-10-31", "2027-02-01", "2027-03-03"]),
    life("dotnet8", ["2026-11-10", "2027-02-01", "2027-03-03"]),
    // Of images only, which nothing blocks.
    RuntimeLife { id: "dotnet9", deprecated: "2026-11-10", create_blocked: None, update_blocked: None },
    life("ruby3.3", ["2027-03-31", "2027-04-30", "2027-05-31"]),
    life("nodejs22.x", ["2027-04-30", "2027-06-01", "2027-07-01"]),
    life("java11", ["2027-06-30", "2027-07-31", "2027-08-31"]),
    life("java17", ["2027-06-30", "2027-07-31", "2027-08-31"]),
    life("java8.al2", ["2027-06-30", "2027-07-31", "2027-08-31"]),
    life("python3.11", ["2027-06-30", "2027-07-31", "2027-08-31"]),
    life("ruby3.4", ["2028-03-31", "2028-04-30", "2028-05-31"]),
    life("nodejs24.x", ["2028-04-30", "2028-06-01", "2028-07-01"]),
    life("python3.12", ["2028-10-31", "2028-11-30", "2029-01-10"]),
    life("dotnet10", ["2028-11-14", "2028-12-14", "2029-01-15"]),
    life("ruby4.0", ["2029-03-31", "2029-04-30", "2029-05-31"]),
    life("java21", ["2029-06-30", "2029-07-31", "2029-08-31"]),
    life("java25", ["2029-06-30", "2029-07-31", "2029-08-31"]),
    life("provided.al2023", ["2029-06-30", "2029-07-31", "2029-08-31"]),
    life("python3.13", ["2029-06-30", "2029-07-31", "2029-08-31"]),
    life("python3.14", ["2029-06-30", "2029-07-31", "2029-08-31"]),
];

/// Finds a runtime by its id (`python3.12`), or by its version as the log has it (`python:3.12.v38`).
#[must_use]
pub(crate) fn runtime_life(text: &str) -> Option<&'static RuntimeLife> {
    let by_id = |id: &str| RUNTIMES.iter().find(|known| known.id == id);
    let Some((family, version)) = text.split_once(':') else { return by_id(text) };
    let is_build = |(at, _): &(usize, &str)| {
        let behind = &version[at + 1..];
        behind.starts_with("mainline")
            || behind.strip_prefix('v').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()))
    };
    let end = version.match_indices('.').find(is_build).map_or(version.len(), |(at, _)| at);
    let version = &version[..end];
    [format!("{family}{version}"), format!("{family}{version}.x"), format!("{family}.{version}")]
        .iter()
        .find_map(|id| by_id(id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_runtime_is_known_as_logs_and_configurations_name_it() {
        for (text, want) in [
            ("python3.12", Some("python3.12")),
            ("python:3.12.v38", Some("python3.12")),
            ("python:3.13.mainlinev2.v4", Some("python3.13")),
            ("nodejs:18.v14", Some("nodejs18.x")),
            ("java:8.al2.v60", Some("java8.al2")),
            ("java:21.v30", Some("java21")),
            ("provided:al2.v40", Some("provided.al2")),
            ("provided:al2023.v9", Some("provided.al2023")),
            ("dotnet:8.v20", Some("dotnet8")),
            ("cobol:1.v1", None),
            ("", None),
            (":", None),
        ] {
            assert_eq!(runtime_life(text).map(|known| known.id), want, "{text}");
        }
    }

    #[test]
    fn dates_are_dates_and_come_in_their_order() {
        let ids: BTreeSet<&str> = RUNTIMES.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), RUNTIMES.len());
        for RuntimeLife { id, deprecated, create_blocked, update_blocked } in RUNTIMES {
            let dates: Vec<&str> =
                [Some(*deprecated), *create_blocked, *update_blocked].into_iter().flatten().collect();
            assert!(dates.is_sorted(), "{id}");
            assert!(dates.iter().all(|date| date.parse::<jiff::civil::Date>().is_ok()), "{id}");
        }
    }
}
