//! Names of functions in rows: shortened only as far as they stay different.

use std::collections::BTreeMap;

use super::words::{prefix, shorten_end, shorten_middle, width};

/// Shortens names to so many columns. Names that differ stay different: where the middle would be cut from names that
/// differ there only, they keep the part that differs.
pub(super) fn distinct(names: &[String], columns: usize) -> Vec<String> {
    let mut out: Vec<String> = names.iter().map(|name| shorten_middle(name, columns)).collect();
    for twins in collisions(names, &out) {
        let common = common_start(twins.iter().map(|at| names[*at].as_str()));
        for at in &twins {
            // A few characters before the difference help to find the place.
            let rest = &names[*at][common..];
            let before = names[*at][..common].char_indices().rev().nth(3).map_or(0, |(at, _)| at);
            let lead = if before > 0 { "…" } else { "" };
            let text = format!("{lead}{}{rest}", &names[*at][before..common]);
            out[*at] = shorten_end(&text, columns);
        }
    }
    // What still looks the same differs in more than one place: a number tells the rows apart.
    for twins in collisions(names, &out) {
        for (number, at) in twins.iter().enumerate() {
            let mark = format!("~{}", number + 1);
            let head = prefix(&names[*at], columns.saturating_sub(width(&mark))).to_owned();
            out[*at] = format!("{head}{mark}");
        }
    }
    out
}

/// Returns the places of different names that look the same.
fn collisions(names: &[String], shown: &[String]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, text) in shown.iter().enumerate() {
        groups.entry(text).or_default().push(at);
    }
    let differ = |group: &Vec<usize>| group.iter().any(|at| names[*at] != names[group[0]]);
    groups.into_values().filter(|group| group.len() > 1 && differ(group)).collect()
}

/// Returns the length in bytes of the longest text that all begin with.
fn common_start<'a>(mut texts: impl Iterator<Item = &'a str>) -> usize {
    let Some(first) = texts.next() else { return 0 };
    texts.fold(first.len(), |most, text| {
        let same = first.char_indices().zip(text.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        most.min(same.unwrap_or(first.len().min(text.len())))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn different_names_stay_different_and_fit() {
        let long =
            |middle: &str| format!("{}{middle}{}", "a-very-long-prefix-".repeat(4), "-and-the-same-suffix".repeat(3));
        let sets: [Vec<String>; 4] = [
            ["inventory-authorizer-prod", "inventory-resizer-prod", "inventory-sizer-prod", "x"]
                .map(str::to_owned)
                .into(),
            (0..40).map(|n| long(&format!("stage{n}"))).collect(),
            (0..12).map(|n| format!("{}{n}{}{}", "p".repeat(40), "m".repeat(40), n / 2)).collect(),
            ["日本語日本語日本語関数一", "日本語日本語日本語関数二"].map(str::to_owned).into(),
        ];
        for names in sets {
            for columns in [14, 18, 24, 40, 200] {
                let shown = distinct(&names, columns);
                assert!(shown.iter().all(|name| width(name) <= columns), "{columns}: {shown:?}");
                assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), names.len(), "{columns}: {shown:?}");
            }
        }
    }
}
