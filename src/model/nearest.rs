//! Suggestions ("did you mean") of the known names closest to a wrong one.

/// Most names offered.
const MOST: usize = 3;

/// Returns the nearest names, best first: those that contain the word, and those within a few typing errors.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut ranked: Vec<(usize, bool, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let last = lower.rsplit('.').next().unwrap_or(&lower);
            let (whole, part) = (strsim::osa_distance(&word, &lower), strsim::osa_distance(&word, last));
            let distance = whole.min(part);
            let contains = word.len() >= 3 && (lower.contains(&word) || word.contains(last));
            // A word of three letters has one typing error at most, or it is another word.
            let allowed = (word.chars().count() / 3).max(1);
            (contains || distance <= allowed).then_some((distance, part < whole, name))
        })
        .collect();
    ranked.sort();
    ranked.truncate(MOST);
    ranked.into_iter().map(|(_, _, name)| name).collect()
}

/// Returns `; did you mean a, b or c?`, or nothing.
pub(crate) fn suggestion(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["failures.timeout", "failures.out_of_memory", "timeout_ms", "failed"];
        assert_eq!(nearest("timout", names), ["failures.timeout"]);
        assert_eq!(nearest("fialed", names), ["failed"]);
        assert!(nearest("xyzzy", names).is_empty());
        assert!(nearest("foo", ["ok", "for"]).iter().all(|name| *name == "for"));
        assert_eq!(nearest("timeot", ["downstream.timeout", "timeout"])[0], "timeout");
        assert_eq!(suggestion(&["a", "b", "c"]), "; did you mean a, b or c?");
    }
}
