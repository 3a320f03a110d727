//! Conversion of a catalogue page from Markdown to terminal text, with bold headings if colours may be used.

use super::style::{Ink, Style};
use super::words::wrap;

/// Converts a page to lines of text.
#[must_use]
pub(crate) fn page(markdown: &str, style: &Style) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph = Paragraph::default();
    let mut fenced = false;
    for line in markdown.trim().lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            paragraph.flush(&mut out, style);
            fenced = !fenced;
        } else if fenced {
            out.push(format!("    {line}"));
        } else if trimmed.is_empty() {
            paragraph.flush(&mut out, style);
            out.push(String::new());
        } else if let Some(heading) = heading(trimmed) {
            paragraph.flush(&mut out, style);
            out.push(style.paint(Ink::Strong, heading));
        } else if trimmed.starts_with('|') || line.starts_with("    ") {
            paragraph.flush(&mut out, style);
            out.push(line.to_owned());
        } else {
            if let Some(mark) = list_mark(trimmed) {
                paragraph.flush(&mut out, style);
                paragraph.hang = mark;
            }
            paragraph.text.push_str(trimmed);
            paragraph.text.push(' ');
        }
    }
    paragraph.flush(&mut out, style);
    out.dedup_by(|a, b| a.is_empty() && b.is_empty());
    out.join("\n") + "\n"
}

/// Lines of one paragraph, to be wrapped together.
#[derive(Default)]
struct Paragraph {
    text: String,
    /// Indentation of the further lines, in columns.
    hang: usize,
}

impl Paragraph {
    fn flush(&mut self, out: &mut Vec<String>, style: &Style) {
        let text = std::mem::take(&mut self.text).replace("**", "");
        let hang = std::mem::take(&mut self.hang);
        for (index, line) in wrap(&text, style.width.saturating_sub(hang).clamp(20, 100)).into_iter().enumerate() {
            out.push(format!("{}{line}", " ".repeat(if index == 0 { 0 } else { hang })));
        }
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len() && text.starts_with(' ')).then(|| text.trim())
}

/// Returns the width in columns of `- `, `* ` or `1. ` at the start of a list item.
fn list_mark(line: &str) -> Option<usize> {
    if line.starts_with("- ") || line.starts_with("* ") {
        return Some(2);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && line[digits..].starts_with(". ")).then_some(digits + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_reads_as_text() {
        let text =
            "# Title\n\nOne **long**\nparagraph of words.\n\n- first item that wraps\n- second\n\n```\n  code\n```\n";
        let want = "Title\n\nOne long paragraph of\nwords.\n\n- first item that wraps\n- second\n\n      code\n";
        assert_eq!(page(text, &Style { width: 25, ..Style::PLAIN }), want);
        assert!(page("## A", &Style { color: true, ..Style::PLAIN }).starts_with("\x1b[1mA"));
    }
}
