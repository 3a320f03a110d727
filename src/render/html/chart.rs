//! Small charts as SVG: courses of failures, stacked bars, strips of a distribution.
//!
//! Places along an axis are percentages, so that a chart fits any width and its text keeps its size. Colours are classes,
//! since the policy of the page allows no style in an attribute.

use std::fmt::Write as _;

use maud::{Markup, html};

/// Height of the course of failures in a row.
const SPARK_HEIGHT: u64 = 16;

/// Returns failures over time as a row of bars, for a place of the size of a word.
pub(super) fn spark(cells: &[u64]) -> Markup {
    let most = cells.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return html! {};
    }
    let mut path = String::new();
    for (at, failed) in cells.iter().enumerate().filter(|(_, failed)| **failed > 0) {
        let height = (failed * (SPARK_HEIGHT - 1)).div_ceil(most).max(2);
        // Writing to a string cannot fail.
        let _ = write!(path, "M{} {SPARK_HEIGHT}v-{height}", 2 * at + 1);
    }
    html! {
        svg.spark viewBox={ "0 0 " (2 * cells.len()) " " (SPARK_HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            path d=(path) {}
        }
    }
}

/// Formats a place along an axis of so many cells.
pub(super) fn place(cell: f64, cells: usize) -> String {
    percent_of(cell / cells.max(1) as f64)
}

/// Formats a share of a length, with as many digits as a screen shows.
pub(super) fn percent_of(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns a round number that is at least as large, for the top of an axis.
pub(super) fn round_up(number: u64) -> u64 {
    let mut unit = 1;
    while unit < u64::MAX / 100 && unit * 10 <= number {
        unit *= 10;
    }
    [1, 2, 3, 4, 5, 6, 8, 10].into_iter().map(|times| times * unit).find(|round| *round >= number).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_short_and_tops_are_round() {
        for (cell, cells, want) in
            [(0.0, 3, "0%"), (1.0, 3, "33.33%"), (1.5, 3, "50%"), (3.0, 3, "100%"), (1.0, 0, "100%")]
        {
            assert_eq!(place(cell, cells), want);
        }
        for (number, want) in [(0, 1), (1, 1), (7, 8), (11, 20), (99, 100), (412, 500), (u64::MAX, u64::MAX)] {
            assert_eq!(round_up(number), want, "{number}");
        }
    }

    #[test]
    fn a_failure_is_seen_however_rare() {
        let drawn = spark(&[0, 1, 1_000_000, u64::from(u32::MAX)]).into_string();
        assert_eq!(drawn.matches("v-").count(), 3, "{drawn}");
        assert!(spark(&[0, 0]).into_string().is_empty());
    }
}
