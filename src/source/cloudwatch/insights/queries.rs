//! The queries, in one table.

use std::fmt::Write;

use crate::account::{CELLS_PER_E, LEAST_MS};
use crate::lambda::failures::failure_words;
use crate::lambda::reports::COLD;

/// A query: its name, and its commands with `{places}` to fill in.
pub(super) struct Query {
    pub(super) name: &'static str,
    commands: &'static [&'static str],
    /// Whether its time can be divided, and the rows of the parts put together.
    pub(super) divides: bool,
}

/// Milliseconds by which the time is bounded, both inclusive.
const WITHIN: &str = "filter toMillis(@timestamp) >= {from} and toMillis(@timestamp) <= {to}";
/// Lines with which attempts begin and end.
const ENDS: &str =
    "filter @message like /^(START|REPORT) RequestId: / or type in [\"platform.start\", \"platform.report\"]";
/// Which of them a line is.
const WHICH: &str = "fields strcontains(@message, \"START RequestId: \") + strcontains(@message, \"platform.start\") as started, \
    strcontains(@message, \"REPORT RequestId: \") + strcontains(@message, \"platform.report\") as reported";

pub(super) const COURSE: Query = Query {
    name: "course",
    commands: &[
        WITHIN,
        "filter @message like /^START RequestId: / or type = \"platform.start\"",
        "fields toMillis(@timestamp) as at, floor(toMillis(@timestamp) / {bucket}) as bucket",
        "stats count(*) as starts, min(at) as first by @log, bucket",
        "limit {limit}",
    ],
    divides: true,
};

pub(super) const DURATIONS: Query = Query {
    name: "durations",
    commands: &[
        WITHIN,
        "filter @message like /^REPORT RequestId: / or type = \"platform.report\"",
        "fields coalesce(@duration, record.metrics.durationMs) as ms, {cold} as colds, @maxMemoryUsed / @memorySize as share, \
         record.metrics.maxMemoryUsedMB / record.metrics.memorySizeMB as shareInJson",
        "fields floor(log(greatest(ms, {least})) * {cells}) as cell, ceil(colds / {colds}) as cold, \
         floor(coalesce(share, shareInJson) / 0.95) as near",
        "stats count(*) as reports, sum(cold) as colds, sum(near) as nears, max(ms) as longest by @log, cell",
        "limit {limit}",
    ],
    divides: true,
};

pub(super) const FAILURES: Query = Query {
    name: "failures",
    commands: &[
        WITHIN,
        "filter @message like /{words}/ or (type like /^platform\\./ and ispresent(record.status) and record.status != \
         \"success\") or @billedDuration < @duration or record.metrics.billedDurationMs < record.metrics.durationMs",
        "fields toMillis(@timestamp) as at, coalesce(@duration, record.metrics.durationMs) as ms, \
         floor(toMillis(@timestamp) / 10000) as part",
        "stats min(at) as first, max(at) as last, max(ms) as longest by @log, @logStream, part",
        "limit {limit}",
    ],
    divides: true,
};

pub(super) const REPEATED: Query = Query {
    name: "repeated",
    commands: &[
        WITHIN,
        ENDS,
        WHICH,
        "fields coalesce(@requestId, record.requestId) as id, toMillis(@timestamp) as at",
        "stats sum(started) as starts, sum(reported) as reports, min(at) as first, max(at) as last, \
         earliest(@logStream) as firstStream, latest(@logStream) as lastStream by @log, id",
        "filter starts != 1 or reports != 1",
        "limit {limit}",
    ],
    divides: false,
};

/// Where the attempts of a few request ids are of which not all were found by the others.
pub(super) const PLACES: Query = Query {
    name: "places",
    commands: &[
        WITHIN,
        ENDS,
        "fields coalesce(@requestId, record.requestId) as id, toMillis(@timestamp) as at",
        "filter id in [{ids}]",
        "stats min(at) as first, max(at) as last by @log, @logStream, id",
        "limit {limit}",
    ],
    divides: true,
};

/// Queries that every batch of log groups takes: so often a log is scanned.
pub(super) const SCANS: u64 = 4;
/// Most rows of an answer.
pub(super) const LIMIT: usize = 100_000;
/// Most request ids of one query, whose text must stay below 10,000 characters.
pub(super) const IDS: usize = 200;

impl Query {
    /// Returns the text of the query for a time in milliseconds, both bounds inclusive.
    pub(super) fn text(&self, (from, to): (i64, i64), bucket_ms: i64, ids: &[String]) -> String {
        let words: Vec<String> = failure_words().map(escaped).collect();
        let cold: Vec<String> = COLD.iter().map(|word| format!("strcontains(@message, \"{word}\")")).collect();
        let mut quoted = String::new();
        for (at, id) in ids.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            // Whatever stands in a log, it must not end the string.
            let plain: String = id.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '-').collect();
            let _ = write!(quoted, "{comma}\"{plain}\"");
        }
        let places = [
            ("{from}", from.to_string()),
            ("{to}", to.to_string()),
            ("{bucket}", bucket_ms.to_string()),
            ("{words}", words.join("|")),
            ("{cold}", cold.join(" + ")),
            ("{colds}", COLD.len().to_string()),
            ("{cells}", CELLS_PER_E.to_string()),
            ("{least}", LEAST_MS.to_string()),
            ("{limit}", LIMIT.to_string()),
            ("{ids}", quoted),
        ];
        let text = self.commands.join("\n| ");
        places.iter().fold(text, |text, (place, value)| text.replace(place, value))
    }
}

/// Writes a word as a part of a regular expression between slashes.
fn escaped(word: &str) -> String {
    let mut text = String::new();
    for char in word.chars() {
        if "\\/.+*?()|[]{}^$".contains(char) {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_whole_and_short_enough() {
        let ids = vec!["6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34".to_owned(); IDS];
        for query in [COURSE, DURATIONS, FAILURES, REPEATED, PLACES] {
            let text = query.text((1_790_812_800_000, 1_790_816_400_000), 60_000, &ids);
            let place = text
                .char_indices()
                .any(|(at, char)| char == '{' && text[at + 1..].starts_with(|next: char| next.is_alphabetic()));
            assert!(!place && text.len() < 10_000, "{}: {text}", query.name);
        }
        assert_eq!(escaped("[ERROR]"), "\\[ERROR\\]");
        let hostile = PLACES.text((0, 1), 1, &["a\"] | fields @message".to_owned()]);
        assert!(hostile.contains("[\"afieldsmessage\"]"), "{hostile}");
    }
}
