//! Rows and columns of text: the first column to the left, the others to the right.

use super::style::{Ink, Style};
use super::words::{shorten_middle, width};

/// Between two columns.
const GAP: usize = 2;
/// The least that the first column shrinks to: then columns of numbers go below instead.
const NAME_MIN: usize = 18;

/// A column of numbers.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) cells: Vec<Cell>,
}

/// A cell, with what it is for the eye.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) ink: Option<Ink>,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| width(&cell.text)).max().unwrap_or(0);
        cells.max(width(self.heading))
    }
}

/// The lines of a grid. Columns that do not fit beside the names go into a further band below, under the same names.
pub(super) fn lines(heading: &str, names: &[String], columns: &[Column], style: &Style) -> Vec<String> {
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(heading));
    let mut out = Vec::new();
    let bands = bands(columns, longest, style.width);
    let widest: usize = bands.iter().map(|band| taken(band)).max().unwrap_or(0);
    let name_width = longest.min(style.width.saturating_sub(widest).max(NAME_MIN));
    for (index, band) in bands.into_iter().enumerate() {
        if index > 0 {
            out.push(String::new());
        }
        out.push(style.paint(Ink::Strong, &heading_line(heading, name_width, band)));
        out.extend(names.iter().enumerate().map(|(row, name)| row_line(name, name_width, band, row, style)));
    }
    out
}

fn taken(band: &[Column]) -> usize {
    band.iter().map(|column| column.width() + GAP).sum()
}

/// Splits the columns so that each band fits, with some room for names.
fn bands(columns: &[Column], longest: usize, total: usize) -> Vec<&[Column]> {
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

fn heading_line(heading: &str, name_width: usize, band: &[Column]) -> String {
    let mut line = format!("{heading:name_width$}");
    for column in band {
        line.push_str(&format!("{:>1$}", column.heading, column.width() + GAP));
    }
    line.trim_end().to_owned()
}

fn row_line(name: &str, name_width: usize, band: &[Column], row: usize, style: &Style) -> String {
    let name = shorten_middle(name, name_width);
    let mut line = format!("{name}{}", " ".repeat(name_width.saturating_sub(width(&name))));
    for column in band {
        let Some(cell) = column.cells.get(row) else { continue };
        line.push_str(&" ".repeat((column.width() + GAP).saturating_sub(width(&cell.text))));
        match cell.ink {
            Some(ink) => line.push_str(&style.paint(ink, &cell.text)),
            None => line.push_str(&cell.text),
        }
    }
    line.trim_end().to_owned()
}
