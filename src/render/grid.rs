//! Layout of rows and columns of text, by the columns that text takes on a terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::style::{Ink, Style};
use super::words::{cell, width};

/// Blanks between two columns.
pub(super) const GAP: usize = GAP_COLUMNS as usize;
const GAP_COLUMNS: u16 = 2;

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

    /// Creates the cell of a number that should be zero.
    pub(super) fn failures(number: u64) -> Self {
        Self::painted(cell(number), if number == 0 { Ink::Faint } else { Ink::Bad })
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
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| &column.heading));
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let text =
        |column: &GridColumn, row: usize| column.cells.get(row).map_or_else(String::new, |cell| cell.text.clone());
    table.add_rows((0..rows).map(|row| columns.iter().map(|column| text(column, row)).collect::<Vec<String>>()));
    for (at, (column, one)) in table.column_iter_mut().zip(columns).enumerate() {
        let gap = if at + 1 < columns.len() { GAP_COLUMNS } else { 0 };
        column.set_padding((0, gap));
        column.set_cell_alignment(if one.left { CellAlignment::Left } else { CellAlignment::Right });
    }
    let headings: Vec<_> = columns.iter().map(|column| (column.heading.as_str(), Some(Ink::Strong))).collect();
    let cells = |row: usize| {
        let cells = columns.iter().map(|column| column.cells.get(row));
        cells.map(|cell| cell.map_or(("", None), |cell| (cell.text.as_str(), cell.ink))).collect::<Vec<_>>()
    };
    let inks = std::iter::once(headings).chain((0..rows).map(cells));
    table.lines().zip(inks).map(|(line, inks)| painted(line.trim_end(), &inks, style)).collect()
}

/// Paints the cells of a line that is laid out: between them are only blanks.
fn painted(line: &str, cells: &[(&str, Option<Ink>)], style: &Style) -> String {
    if !style.color {
        return line.to_owned();
    }
    let (mut out, mut rest) = (String::with_capacity(line.len() * 2), line);
    for (text, ink) in cells {
        let text = text.trim();
        let Some((before, after)) = rest.split_once(text).filter(|_| !text.is_empty()) else { continue };
        out.push_str(before);
        out.push_str(&ink.map_or_else(|| text.to_owned(), |ink| style.paint(ink, text)));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_column() {
        let cells = [Cell::plain("a b"), Cell::painted("日本", Ink::Bad), Cell::painted("", Ink::Good)];
        let columns = [
            GridColumn::text("A", cells.to_vec()),
            GridColumn::numbers(
                "B",
                vec![Cell::painted("1", Ink::Bad), Cell::painted(".", Ink::Faint), Cell::plain("1")],
            ),
            GridColumn::text("C", vec![Cell::painted("▁▂ ", Ink::Bad), Cell::plain("1"), Cell::plain("")]),
        ];
        let style = Style { color: true, ..Style::PLAIN };
        let (plain, coloured) = (lines(&columns, &Style::PLAIN), lines(&columns, &style));
        assert_eq!(coloured[1], "a b   \x1b[31m1\x1b[0m  \x1b[31m▁▂\x1b[0m");
        for (plain, coloured) in plain.iter().zip(coloured) {
            let inks = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m"];
            assert_eq!(*plain, inks.iter().fold(coloured, |line, ink| line.replace(ink, "")));
        }
    }

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
