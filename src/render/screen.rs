//! First screen of the table: what is broken, since when, and what to do now, within the height that is seen at once.

use super::style::Style;
use super::view::Grouping;
use super::{Answer, by, causes, checks, cloudwatch, deploys, diff, early, gate, headline, histogram, matrix, next};

/// Most causes where there is room for more.
const MOST_CAUSES: usize = 10;
/// Fewest lines of causes and matrix together, however low the terminal.
const FEWEST_LINES: usize = 9;

/// Returns the lines of the screen.
pub(super) fn lines(answer: &Answer<'_>, style: &Style) -> Vec<String> {
    let (summary, view) = (answer.summary, answer.view);
    let mut out = headline::lines(summary, style);
    out.extend(summary.gate.iter().flat_map(|gate| gate::lines(gate, style)));
    if summary.functions.is_empty() {
        return out;
    }
    let changes = diff::block(summary, style);
    if !changes.is_empty() {
        out.push(String::new());
        out.extend(changes);
    }
    if view.histogram {
        out.push(String::new());
        out.extend(histogram::lines(summary, style));
    }
    let next = next::lines(answer, style);
    // How many causes there is room for is not known yet.
    let warnings = |causes: usize| -> Vec<String> {
        let told = deploys::lines(summary, causes, style).into_iter().chain(cloudwatch::first_lines(summary, style));
        told.chain(checks::first_line(summary, style)).chain(early::lines(summary, style)).collect()
    };
    let most_warnings = warnings(0);
    let of_one = causes::lines_of_one(style);
    let has_causes = !summary.causes.is_empty() && view.by != Some(Grouping::Cause);
    // A blank line before each block.
    let blocks = [has_causes, true, !most_warnings.is_empty() || !next.is_empty()];
    let blanks = blocks.iter().filter(|block| **block).count();
    let fixed = out.len() + blanks + most_warnings.len() + next.len();
    let room = style.height.saturating_sub(fixed).max(FEWEST_LINES);
    let main = |most: usize| match view.by {
        Some(grouping) => by::lines(summary, grouping, view, most, style),
        None => matrix::lines(summary, view, most, style),
    };
    let all_rows = view.top.is_some() || view.by == Some(Grouping::Cause);
    let most = if all_rows { usize::MAX } else { room };
    let wanted = summary.causes.len().min(view.most(MOST_CAUSES));
    let height = |rows: usize| 1 + rows * of_one + usize::from(summary.causes_total > rows as u64);
    let mut rows = if has_causes { wanted } else { 0 };
    if view.top.is_none() && has_causes {
        // Causes have half of the room, and what the matrix leaves free.
        let free = room.saturating_sub(main(room).len());
        while rows > 1 && height(rows) > (room / 2).max(free) {
            rows -= 1;
        }
    }
    let warnings = warnings(rows);
    let most = most.saturating_add(most_warnings.len() - warnings.len());
    let causes = causes::lines(summary, rows, style);
    let matrix = main(most.saturating_sub(causes.len()));
    let follow: Vec<String> = warnings.into_iter().chain(next).collect();
    for block in [causes, matrix, follow] {
        if !block.is_empty() {
            out.push(String::new());
            out.extend(block);
        }
    }
    out
}
