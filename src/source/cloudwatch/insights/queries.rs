//! The queries, in one table.
//!
//! What they need of a line they take from its text: which fields AWS discovers in lines of the platform depends on the
//! form of the log and, as its documentation has it in one place, on the class of the log group.

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
    /// Whether rows come wherever an event was not filtered out.
    pub(super) shows_matches: bool,
}

/// Milliseconds by which the time is bounded, both inclusive.
const WITHIN: &str = "filter toMillis(@timestamp) >= {from} and toMillis(@timestamp) <= {to}";
/// Lines with which attempts begin and end.
const ENDS: &str =
    r#"filter @message like /^(?:(?:START|REPORT) RequestId: |\{.*"type" ?: ?"platform\.(?:start|report)")/"#;
/// Lines with which attempts end.
const REPORTS: &str = r#"/^(?:REPORT RequestId: |\{.*"type" ?: ?"platform\.report")/"#;
/// Which of them a line is.
const WHICH: &str = "fields strcontains(@message, \"START RequestId: \") + strcontains(@message, \"platform.start\") as started, \
    strcontains(@message, \"REPORT RequestId: \") + strcontains(@message, \"platform.report\") as reported";
/// Request ids of such lines, in text and in the JSON format.
const ID_IN_TEXT: &str = r"parse @message /^(?:START|REPORT) RequestId: (?<textId>\S+)/";
const ID_IN_JSON: &str = r#"parse @message /"requestId" ?: ?"(?<jsonId>[^"]+)"/"#;
/// Durations of reports.
const MS_IN_TEXT: &str = r"parse @message /^REPORT RequestId: \S+\s+Duration: (?<textMs>[0-9.]+) ms/";
const MS_IN_JSON: &str =
    r#"parse @message /^\{.*"platform\.report".*"metrics" ?: ?\{[^}]*"durationMs" ?: ?(?<jsonMs>[0-9.]+)/"#;

pub(super) const COURSE: Query = Query {
    name: "course",
    commands: &[
        WITHIN,
        r#"filter @message like /^(?:START RequestId: |\{.*"type" ?: ?"platform\.start")/"#,
        "fields toMillis(@timestamp) as at, floor(toMillis(@timestamp) / {bucket}) as bucket",
        "stats count(*) as starts, min(at) as first by @log, bucket",
        "limit {limit}",
    ],
    divides: true,
    shows_matches: true,
};

pub(super) const DURATIONS: Query = Query {
    name: "durations",
    commands: &[
        WITHIN,
        "filter @message like {reports}",
        MS_IN_TEXT,
        MS_IN_JSON,
        r"parse @message /Memory Size: (?<textSize>[0-9]+) MB\s+Max Memory Used: (?<textUsed>[0-9]+) MB/",
        r#"parse @message /"memorySizeMB" ?: ?(?<jsonSize>[0-9.]+)/"#,
        r#"parse @message /"maxMemoryUsedMB" ?: ?(?<jsonUsed>[0-9.]+)/"#,
        "fields coalesce(textMs, jsonMs) * 1 as ms, {cold} as colds, textUsed / textSize as share, jsonUsed / jsonSize as \
         shareInJson",
        "fields floor(log(greatest(ms, {least})) * {cells}) as cell, ceil(colds / {colds}) as cold, \
         floor(coalesce(share, shareInJson) / 0.95) as near",
        "stats count(*) as reports, count(ms) as timed, sum(cold) as colds, sum(near) as nears, max(ms) as longest by @log, cell",
        "limit {limit}",
    ],
    divides: true,
    shows_matches: true,
};

pub(super) const FAILURES: Query = Query {
    name: "failures",
    commands: &[
        WITHIN,
        MS_IN_TEXT,
        MS_IN_JSON,
        r"parse @message /^REPORT .*\sBilled Duration: (?<textBilled>[0-9.]+) ms/",
        r#"parse @message /"billedDurationMs" ?: ?(?<jsonBilled>[0-9.]+)/"#,
        r#"filter @message like /{words}/ or @message like /^\{.*"type" ?: ?"platform\..*"status" ?: ?"(?:[^s]|s[^u])/ or textMs - textBilled > 0 or jsonMs - jsonBilled > 0 or (@message like {reports} and not ispresent(textMs) and not ispresent(jsonMs))"#,
        "fields toMillis(@timestamp) as at, coalesce(textMs, jsonMs) * 1 as ms, floor(toMillis(@timestamp) / 10000) as part",
        "stats min(at) as first, max(at) as last, max(ms) as longest by @log, @logStream, part",
        "limit {limit}",
    ],
    divides: true,
    shows_matches: true,
};

pub(super) const REPEATED: Query = Query {
    name: "repeated",
    commands: &[
        WITHIN,
        ENDS,
        WHICH,
        ID_IN_TEXT,
        ID_IN_JSON,
        "fields coalesce(textId, jsonId) as id, toMillis(@timestamp) as at",
        "fields at * started as startAt",
        // Every row repeats the names, so they are short: the time of the last START, the first stream and the last.
        "stats sum(started) as starts, sum(reported) as reports, min(at) as first, max(at) as last, max(startAt) as s, \
         earliest(@logStream) as a, latest(@logStream) as z by @log, id",
        // A START and a REPORT are of two attempts where they are in two streams, or in the wrong order.
        "filter starts != 1 or reports != 1 or a != z or (s >= last and first < last)",
        "limit {limit}",
    ],
    divides: false,
    shows_matches: false,
};

/// Where the attempts of a few request ids are of which not all were found by the others.
pub(super) const PLACES: Query = Query {
    name: "places",
    commands: &[
        WITHIN,
        ENDS,
        ID_IN_TEXT,
        ID_IN_JSON,
        "fields coalesce(textId, jsonId) as id, toMillis(@timestamp) as at",
        "filter id in [{list}]",
        "stats min(at) as first, max(at) as last by @log, @logStream, id",
        "limit {limit}",
    ],
    divides: true,
    shows_matches: true,
};

/// How many lines there are where no attempt begins or ends: a transformer may have made others of them.
pub(super) const PRESENCE: Query = Query {
    name: "presence",
    commands: &[WITHIN, "stats count(*) as lines by @log", "limit {limit}"],
    divides: true,
    shows_matches: true,
};

/// The lines of stretches of streams, for log groups of which no other request answers any. The length shows whether a
/// message came whole.
pub(super) const LINES: Query = Query {
    name: "lines",
    commands: &[
        WITHIN,
        "fields toMillis(@timestamp) as at",
        "filter {list}",
        "fields toMillis(@ingestionTime) as ingested, strlen(@message) as length",
        "fields @log, @logStream, @message",
        "sort @timestamp asc",
        "limit {limit}",
    ],
    divides: true,
    shows_matches: true,
};

/// Queries that every batch of log groups takes: so often a log is scanned.
pub(super) const SCANS: u64 = 4;
/// The same where the lines are read by queries, too: once around what was found, again where attempts are longer, and to
/// the end for those that never ended.
pub(super) const SCANS_WITH_LINES: u64 = 7;
/// Most rows of an answer.
pub(super) const LIMIT: usize = 100_000;
/// Most request ids of one query, whose text must stay below 10,000 characters.
pub(super) const IDS: usize = 200;
/// Most characters of a list of stretches, for the same reason.
pub(super) const LIST: usize = 9_000;

/// Returns request ids as a list.
pub(super) fn quoted(ids: &[String]) -> String {
    let mut quoted = String::new();
    for (at, id) in ids.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        // Whatever stands in a log, it must not end the string.
        let plain: String = id.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '-').collect();
        let _ = write!(quoted, "{comma}\"{plain}\"");
    }
    quoted
}

impl Query {
    /// Returns the text of the query for a time in milliseconds, both bounds inclusive; `list` is what it asks for in it.
    pub(super) fn text(&self, (from, to): (i64, i64), bucket_ms: i64, list: &str) -> String {
        let words: Vec<String> = failure_words().map(escaped).collect();
        let cold: Vec<String> = COLD.iter().map(|word| format!("strcontains(@message, \"{word}\")")).collect();
        let places = [
            ("{from}", from.to_string()),
            ("{to}", to.to_string()),
            ("{bucket}", bucket_ms.to_string()),
            ("{words}", words.join("|")),
            ("{reports}", REPORTS.to_owned()),
            ("{cold}", cold.join(" + ")),
            ("{colds}", COLD.len().to_string()),
            ("{cells}", CELLS_PER_E.to_string()),
            ("{least}", LEAST_MS.to_string()),
            ("{limit}", LIMIT.to_string()),
            ("{list}", list.to_owned()),
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
        for (query, list) in [
            (COURSE, String::new()),
            (DURATIONS, String::new()),
            (FAILURES, String::new()),
            (REPEATED, String::new()),
            (PLACES, quoted(&ids)),
            (PRESENCE, String::new()),
            (LINES, "x".repeat(LIST)),
        ] {
            let text = query.text((1_790_812_800_000, 1_790_816_400_000), 60_000, &list);
            let place = text
                .char_indices()
                .any(|(at, char)| char == '{' && text[at + 1..].starts_with(|next: char| next.is_alphabetic()));
            assert!(!place && text.len() < 10_000, "{}: {text}", query.name);
        }
        assert_eq!(escaped("[ERROR]"), "\\[ERROR\\]");
        let hostile = PLACES.text((0, 1), 1, &quoted(&["a\"] | fields @message".to_owned()]));
        assert!(hostile.contains("[\"afieldsmessage\"]"), "{hostile}");
    }
}
