//! Layout of rows and columns of text: the first column left-aligned, the others right-aligned, in bands that fit the
//! width.

use std::iter;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::style::{Ink, Style};
use super::words::{shorten_middle, width};

/// Blanks between two columns.
const GAP: usize = GAP_COLUMNS as usize;
const GAP_COLUMNS: u16 = 2;
/// Smallest width of the first column; if it is reached, columns of numbers move to a band below.
const NAME_MIN: usize = 18;

/// A column of numbers.
#[derive(Debug)]
pub(super) struct GridColumn {
    pub(super) heading: &'static str,
    pub(super) cells: Vec<Cell>,
}

/// A cell and its highlighting.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) ink: Option<Ink>,
}

impl Cell {
    fn painted(&self, style: &Style) -> String {
        self.ink.map_or_else(|| self.text.clone(), |ink| style.paint(ink, &self.text))
    }
}

impl GridColumn {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| width(&cell.text)).max().unwrap_or(0);
        cells.max(width(self.heading))
    }
}

/// Returns the lines of a grid. Columns that do not fit beside the names go into further bands below, under the same
/// names.
pub(super) fn lines(heading: &str, names: &[String], columns: &[GridColumn], style: &Style) -> Vec<String> {
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(heading));
    let mut out = Vec::new();
    let bands = bands(columns, longest, style.width);
    let widest: usize = bands.iter().map(|band| taken(band)).max().unwrap_or(0);
    let name_width = longest.min(style.width.saturating_sub(widest).max(NAME_MIN));
    for (index, band) in bands.into_iter().enumerate() {
        if index > 0 {
            out.push(String::new());
        }
        out.extend(band_lines(heading, names, name_width, band, style));
    }
    out
}

fn taken(band: &[GridColumn]) -> usize {
    band.iter().map(|column| column.width() + GAP).sum()
}

/// Splits the columns into bands that fit, with some room for names.
fn bands(columns: &[GridColumn], longest: usize, total: usize) -> Vec<&[GridColumn]> {
    let room_for_names = longest.min(NAME_MIN);
    let mut bands = Vec::new();
    let (mut start, mut used) = (0, room_for_names);
    for (index, column) in columns.iter().enumerate() {
        let more = column.width() + GAP;
        if used + more > total && index > start {
            bands.push(&columns[start..index]);
            (start, used) = (index, room_for_names);
        }
        used += more;
    }
    bands.push(&columns[start..]);
    bands
}

/// Formats one band as a table without borders: names to the left, numbers to the right.
fn band_lines(heading: &str, names: &[String], name_width: usize, band: &[GridColumn], style: &Style) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(iter::once(heading).chain(band.iter().map(|column| column.heading)));
    table.add_rows(names.iter().enumerate().map(|(row, name)| {
        let cells = band.iter().map(|column| column.cells.get(row).map_or(String::new(), |cell| cell.painted(style)));
        iter::once(shorten_middle(name, name_width)).chain(cells).collect::<Vec<String>>()
    }));
    let fixed = u16::try_from(name_width).unwrap_or(u16::MAX);
    for (index, column) in table.column_iter_mut().enumerate() {
        if index == 0 {
            column.set_padding((0, 0)).set_constraint(ColumnConstraint::Absolute(Width::Fixed(fixed)));
        } else {
            column.set_padding((GAP_COLUMNS, 0)).set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.enumerate().map(|(at, line)| if at == 0 { style.paint(Ink::Strong, &line) } else { line }).collect()
}
