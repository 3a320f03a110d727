//! Formatting of numbers, times and counts for people.

use unicode_width::UnicodeWidthChar;

pub(crate) use crate::model::{count, thousands};

/// Formats a number for a cell of the matrix: zero is a dot, so that other numbers stand out.
pub(super) fn cell(number: u64) -> String {
    if number == 0 { ".".to_owned() } else { thousands(number) }
}

/// Formats a ratio as `4.1%`. A small one is never rounded to 0%, nor one below 1 to 100%.
pub(super) fn percent(ratio: f64) -> String {
    match ratio * 100.0 {
        p if p <= 0.0 => "0%".to_owned(),
        p if p < 0.1 => "<0.1%".to_owned(),
        p if (99.95..100.0).contains(&p) => ">99.9%".to_owned(),
        p if p >= 100.0 => "100%".to_owned(),
        p => format!("{p:.1}%"),
    }
}

/// Formats a duration: `12 ms`, `2.90 s`, `3.2 min`.
pub(super) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 9_995.0 => format!("{:.2} s", ms / 1_000.0),
        ms if ms < 119_950.0 => format!("{:.1} s", ms / 1_000.0),
        ms => format!("{:.1} min", ms / 60_000.0),
    }
}

/// Formats a size: `812 bytes`, `4.2 MB`. Units are decimal, as for disks and in CloudWatch.
pub(super) fn bytes(number: u64) -> String {
    let value = number as f64;
    match number {
        0..1_000 => count(number, "byte", "bytes"),
        1_000..1_000_000 => format!("{:.1} kB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.1} GB", value / 1e9),
    }
}

/// Returns what the advice on sending an event again means.
pub(super) fn replay(guidance: &str) -> &str {
    match guidance {
        "safe_now" => "safe",
        "only_idempotent" => "only if idempotent",
        "too_late" => "expired in Lambda's queue",
        "no" => "do not",
        "after_fix" => "after the fix",
        "redrive" => "from the queue that holds it",
        "wait" => "wait",
        "already_recovered" => "not needed",
        other => other,
    }
}

/// Returns the columns that a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

pub(super) fn columns_of(char: char) -> usize {
    char.width().unwrap_or(1)
}

/// Shortens a text at the end to this many columns, with an ellipsis.
#[must_use]
pub(crate) fn shorten_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = prefix(text, columns.saturating_sub(1)).trim_end().to_owned();
    out.push('…');
    out
}

/// Shortens a text in the middle to this many columns, since names differ at both ends.
pub(super) fn shorten_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let keep = columns.saturating_sub(1);
    let head = prefix(text, keep.div_ceil(2));
    let tail = suffix(text, keep - width(head));
    format!("{head}…{tail}")
}

pub(super) fn prefix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, char)| {
        used += columns_of(*char);
        used > columns
    });
    end.map_or(text, |(index, _)| &text[..index])
}

fn suffix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let cut = text.char_indices().rev().find(|(_, char)| {
        used += columns_of(*char);
        used > columns
    });
    cut.map_or(text, |(index, char)| &text[index + char.len_utf8()..])
}

/// Breaks a text at spaces into lines of this many columns; a longer word is left whole on its own line.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Breaks a text into lines of this many columns: at spaces, and a longer word anywhere.
pub(crate) fn fold(text: &str, columns: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in wrap(text, columns) {
        let mut rest = line.as_str();
        while width(rest) > columns {
            // A character may be wider than the line.
            let head = prefix(rest, columns).len().max(rest.chars().next().map_or(0, char::len_utf8));
            out.push(rest[..head].to_owned());
            rest = &rest[head..];
        }
        out.push(rest.to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, want) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_203_442, "1,203,442")] {
            assert_eq!(thousands(number), want);
        }
        for (ratio, want) in
            [(0.0, "0%"), (0.0004, "<0.1%"), (0.041, "4.1%"), (0.9999, ">99.9%"), (1.0, "100%"), (0.5, "50.0%")]
        {
            assert_eq!(percent(ratio), want, "{ratio}");
        }
        for (ms, want) in
            [(1.25, "1.2 ms"), (812.4, "812 ms"), (2_900.0, "2.90 s"), (29_000.0, "29.0 s"), (180_000.0, "3.0 min")]
        {
            assert_eq!(duration(ms), want, "{ms}");
        }
        for (number, want) in [(1, "1 byte"), (999, "999 bytes"), (4_200_000, "4.2 MB"), (7_100_000_000, "7.1 GB")] {
            assert_eq!(bytes(number), want);
        }
    }

    #[test]
    fn shortens_to_the_columns_it_has() {
        assert_eq!(shorten_middle("payments-worker-production", 13), "paymen…uction");
        assert_eq!(shorten_middle("short", 13), "short");
        assert_eq!(shorten_end("a long line of text", 8), "a long…");
        assert!(width(&shorten_middle("日本語日本語日本語", 8)) <= 8);
    }

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakableword x", 4), ["unbreakableword", "x"]);
        assert!(wrap("", 4).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn shortening_keeps_the_bound(text in ".{0,40}", columns in 2usize..30) {
            proptest::prop_assert!(width(&shorten_middle(&text, columns)) <= columns);
            proptest::prop_assert!(width(&shorten_end(&text, columns)) <= columns);
        }
    }
}
