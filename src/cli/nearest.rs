//! Suggestions ("did you mean") of the known names closest to a wrong one.

/// Most names offered.
const MOST: usize = 3;

/// Returns the nearest names, best first: those that contain the word, and those within a few typing errors.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let last = lower.rsplit('.').next().unwrap_or(&lower);
            let distance = strsim::osa_distance(&word, &lower).min(strsim::osa_distance(&word, last));
            let contains = word.len() >= 3 && (lower.contains(&word) || word.contains(last));
            let allowed = 1 + word.chars().count() / 3;
            (contains || distance <= allowed).then_some((distance, name))
        })
        .collect();
    ranked.sort();
    ranked.truncate(MOST);
    ranked.into_iter().map(|(_, name)| name).collect()
}

/// Returns `; did you mean a, b or c?`, or nothing.
pub(super) fn suggestion(names: &[&str]) -> String {
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
        assert_eq!(suggestion(&["a", "b", "c"]), "; did you mean a, b or c?");
    }
}
