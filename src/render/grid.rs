//! Layout of rows and columns of text, by the columns that text takes on a terminal.

use super::style::{Ink, Style};
use super::words::width;

/// Blanks between two columns.
pub(super) const GAP: usize = 2;

/// A column with its heading.
#[derive(Clone, Debug)]
pub(super) struct GridColumn {
    pub(super) heading: String,
    pub(super) cells: Vec<Cell>,
    /// Whether its text begins at the left, as that of names; numbers end at the right.
    pub(super) left: bool,
}

/// A cell and its highlighting.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) ink: Option<Ink>,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ink: None }
    }

    pub(super) fn painted(text: impl Into<String>, ink: Ink) -> Self {
        Self { text: text.into(), ink: Some(ink) }
    }
}

impl GridColumn {
    /// Creates a column of numbers.
    pub(super) fn numbers(heading: &str, cells: Vec<Cell>) -> Self {
        Self { heading: heading.to_owned(), cells, left: false }
    }

    /// Creates a column of text.
    pub(super) fn text(heading: &str, cells: Vec<Cell>) -> Self {
        Self { heading: heading.to_owned(), cells, left: true }
    }

    pub(super) fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| width(&cell.text)).max().unwrap_or(0);
        cells.max(width(&self.heading))
    }
}

/// Returns the columns that a grid takes.
pub(super) fn total(columns: &[GridColumn]) -> usize {
    columns.iter().map(|column| column.width() + GAP).sum::<usize>().saturating_sub(GAP)
}

/// Returns the lines of a grid: the headings, and a line per row.
pub(super) fn lines(columns: &[GridColumn], style: &Style) -> Vec<String> {
    let widths: Vec<usize> = columns.iter().map(GridColumn::width).collect();
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let line = |cell: &dyn Fn(&GridColumn) -> Cell| {
        let mut line = String::new();
        // Blanks are held back until text follows, so that no line ends in them.
        let mut blanks = 0;
        for (column, columns) in columns.iter().zip(&widths) {
            let Cell { text, ink } = cell(column);
            let room = columns.saturating_sub(width(&text));
            let (before, behind) = if column.left { (0, room) } else { (room, 0) };
            if text.trim_end().is_empty() {
                blanks += columns + GAP;
                continue;
            }
            line.extend(std::iter::repeat_n(' ', blanks + before));
            line.push_str(&ink.map_or_else(|| text.clone(), |ink| style.paint(ink, &text)));
            blanks = behind + GAP;
        }
        line
    };
    let head = line(&|column| Cell::painted(&column.heading, Ink::Strong));
    let row = |at: usize| line(&|column| column.cells.get(at).cloned().unwrap_or_else(|| Cell::plain("")));
    std::iter::once(head).chain((0..rows).map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_straight_whatever_the_text() {
        let names = ["short", "日本語の関数", "e\u{301}te\u{301}", "שלום-עולם", "x"];
        let cells = |texts: &[&str]| texts.iter().map(|text| Cell::plain(*text)).collect();
        let columns = [
            GridColumn::text("NAME", cells(&names)),
            GridColumn::numbers("FAILED", cells(&["1", "12", "1,234,567", ".", ""])),
            GridColumn::text("LAST", cells(&["a", "b", "c", "d", "e"])),
        ];
        let lines = lines(&columns, &Style::PLAIN);
        assert!(
            lines.iter().all(|line| width(line) == total(&columns) - 4 + 1 || line.ends_with("LAST")),
            "{lines:#?}"
        );
        assert_eq!(lines.len(), names.len() + 1);
    }
}
