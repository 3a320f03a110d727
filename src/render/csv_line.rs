//! Lines of CSV that are safe in a spreadsheet and in the log of a CI runner.

use std::io::{self, Write};

use super::escape::{one_line, without_commands};

/// Writes a line of CSV (RFC 4180).
pub(super) fn write_cells(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let line: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    out.write_all(without_commands(&line.join(",")).as_bytes())?;
    out.write_all(b"\r\n")
}

/// Escapes a cell so that no spreadsheet takes it for a formula (OWASP, CSV injection), and quotes it where RFC 4180
/// requires it.
fn quoted(cell: &str) -> String {
    let cell = one_line(cell);
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%', '＝', '＋', '－', '＠']);
    // Signed numbers are harmless.
    let number = cell.split(' ').all(|part| part.parse::<i64>().is_ok());
    let cell = if formula && !number { format!("'{cell}") } else { cell.into_owned() };
    if cell.contains([',', '"', '\n', '\r', ';', '\'']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_text_and_a_signed_number_stays_one() {
        for (cell, want) in [
            ("-60000", "-60000"),
            ("-60000 5", "-60000 5"),
            ("-a", "\"'-a\""),
            ("@x", "\"'@x\""),
            ("a\nb", "a ↵ b"),
            ("\t=x", " | =x"),
        ] {
            assert_eq!(quoted(cell), want, "{cell:?}");
        }
    }
}
