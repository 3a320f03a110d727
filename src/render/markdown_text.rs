//! Text in Markdown (GFM): what comes from a log is shown and does nothing, and a document ends before its bound.
//!
//! A backslash does not stop what GitHub makes of text after it was read: mentions, references to issues, links, emoji,
//! formulas. Code spans do. So words of plain letters stand as they are, and any other stands in a code span.

use super::escape::{one_line, without_commands};

/// Most characters of a text from a log.
const LONGEST: usize = 400;

/// Returns a text in a code span; nothing for an empty one.
pub(super) fn code(text: &str) -> String {
    let text = shortened(text);
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    // One blank at each end is not shown.
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Returns a sentence in which every word that is more than a word stands in a code span.
pub(super) fn prose(text: &str) -> String {
    let text = shortened(text);
    let mut out: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if is_plain(word) {
            out.push(word.to_owned());
            continue;
        }
        let mut span = word.to_owned();
        while let Some(next) = words.next_if(|next| !is_plain(next)) {
            span.push(' ');
            span.push_str(next);
        }
        // A sign behind the last word belongs to the sentence.
        let end = span.len() - span.trim_end_matches([':', ',', ';', '.']).len();
        let end = if end == 1 && span.len() > 1 { span.split_off(span.len() - 1) } else { String::new() };
        out.push(code(&span) + &end);
    }
    out.join(" ")
}

/// Returns the lines of a text as a block of code. The fence is longer than any in the text.
pub(super) fn block(lines: &[String]) -> String {
    let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

fn shortened(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}

/// Returns whether a word is one wherever it stands behind other text: neither GFM nor GitHub makes anything of it.
fn is_plain(word: &str) -> bool {
    let colon = word.strip_suffix(':').unwrap_or(word);
    let sign = |char: char| char.is_alphanumeric() || ".,;()'\"%/-?…→↵·—–".contains(char);
    let lower = word.to_ascii_lowercase();
    !word.is_empty() && colon.chars().all(sign) && !lower.contains("www.") && !lower.contains("gh-")
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

/// A document that is never longer than its bound.
#[derive(Debug)]
pub(super) struct MarkdownPage {
    text: String,
    most: usize,
    /// Bytes kept for what stands at the end.
    kept: usize,
}

/// Bytes kept for remarks on what was left out.
const REMARKS: usize = 1_000;

/// A column of a table: its heading, and whether it holds numbers.
pub(super) struct MarkdownColumn<'a> {
    pub(super) heading: &'a str,
    pub(super) numbers: bool,
}

impl MarkdownPage {
    /// Creates a page of so many bytes with this end.
    pub(super) fn new(most: usize, end: &str) -> Self {
        // The last line has an end.
        Self { text: String::new(), most: most.saturating_sub(1), kept: end.len() + REMARKS }
    }

    /// Appends a block, and an empty line, if there is room. Returns whether there was.
    pub(super) fn block(&mut self, text: &str) -> bool {
        self.append(&format!("{text}\n\n"), self.kept)
    }

    /// Appends the rows of a table for which there is room. Returns their number.
    pub(super) fn table(&mut self, columns: &[MarkdownColumn<'_>], rows: impl Iterator<Item = Vec<String>>) -> usize {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<String> = columns.iter().map(|column| column.heading.to_owned()).collect();
        let rule: Vec<String> = columns.iter().map(|one| if one.numbers { "---:" } else { "---" }.to_owned()).collect();
        if !self.append(&format!("{}{}", line(&head), line(&rule)), self.kept) {
            return 0;
        }
        let mut shown = 0;
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| in_cell(cell)).collect();
            if !self.append(&line(&cells), self.kept) {
                break;
            }
            shown += 1;
        }
        self.append("\n", 0);
        shown
    }

    /// Appends a remark, for which room was kept.
    pub(super) fn remark(&mut self, text: &str) {
        self.append(&format!("{text}\n\n"), self.kept.saturating_sub(REMARKS));
    }

    /// Appends the end and returns the whole.
    pub(super) fn finish(mut self, end: &str) -> String {
        self.append(end, 0);
        let text = self.text.trim_end();
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    }

    fn append(&mut self, text: &str, kept: usize) -> bool {
        let safe = without_commands(text);
        let fits = self.text.len() + safe.len() + kept <= self.most;
        if fits {
            self.text.push_str(&safe);
        }
        fits
    }
}

/// Escapes the pipes of a cell, which end it even in a code span. Behind a backslash readers do not agree on what a pipe is, so a
/// blank stands between them.
fn in_cell(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    let mut slashes = 0;
    for char in cell.chars() {
        if char == '|' {
            out.push_str(if slashes % 2 == 0 { "\\" } else { " \\" });
        }
        slashes = if char == '\\' { slashes + 1 } else { 0 };
        out.push(char);
    }
    out
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;

    /// Returns the text of each cell of a document that holds but one table; `None` if anything else is in it.
    fn cells(document: &str) -> Option<Vec<String>> {
        let mut out: Vec<String> = Vec::new();
        for event in Parser::new_ext(document, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
            match event {
                Event::Start(Tag::TableCell) => out.push(String::new()),
                Event::Text(text) | Event::Code(text) => out.last_mut()?.push_str(&text),
                Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow) => {}
                Event::End(TagEnd::Table | TagEnd::TableHead | TagEnd::TableRow | TagEnd::TableCell) => {}
                _ => return None,
            }
        }
        Some(out)
    }

    #[test]
    fn words_stay_words_and_the_rest_is_code() {
        for (text, want) in [
            ("raise reserved concurrency", "raise reserved concurrency"),
            ("No answer from api.crm.example.com", "No answer from api.crm.example.com"),
            ("KeyError: 'customer_id'", "KeyError: `'customer_id'`"),
            ("needs @aws-sdk/client-s3 or @user", "needs `@aws-sdk/client-s3` or `@user`"),
            ("see https://x.example www.x.example", "see `https://x.example www.x.example`"),
            (":tada: #12 GH-12 <b>", "`:tada: #12 GH-12 <b>`"),
            ("a ` b `` c", "a `` ` `` b ``` `` ``` c"),
            ("**a** [x](y) ![z](y)", "`**a** [x](y) ![z](y)`"),
            ("at (a_b.py:29): then x_y, and a:.", "at `(a_b.py:29)`: then `x_y`, and `a:.`"),
            ("", ""),
        ] {
            assert_eq!(prose(text), want, "{text}");
        }
        assert_eq!(code("  "), "");
        assert_eq!(block(&["a ```` b".to_owned()]), "`````text\na ```` b\n`````\n");
    }

    proptest::proptest! {
        #[test]
        fn a_reader_shows_what_was_said_and_does_nothing(
            name in "[a-c`|\\\\ *_<>&@:#~$!\\[\\]()\\-\"'=+.0-9\n\t]{0,40}",
            text in "(?s).{0,60}",
        ) {
            let mut page = MarkdownPage::new(100_000, "");
            let columns = ["A", "B", "C"].map(|heading| MarkdownColumn { heading, numbers: false });
            page.table(&columns, [vec![code(&name), prose(&name), prose(&text)]].into_iter());
            let document = page.finish("");
            let read = cells(&document);
            // Blanks in a row look like one, and some are added before pipes.
            let plain = |text: &str| text.split_whitespace().collect::<String>();
            let said = |text: &str| plain(&without_commands(&format!("| {}", one_line(text)))[1..]);
            let want = vec!["A".to_owned(), "B".to_owned(), "C".to_owned(), said(&name), said(&name), said(&text)];
            proptest::prop_assert_eq!(read.map(|cells| cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>()),
                                      Some(want), "{}", document);
        }

        #[test]
        fn a_page_keeps_its_bound(most in 0usize..4_000, rows in 0usize..200, end in 0usize..600) {
            let end = "e".repeat(end);
            let mut page = MarkdownPage::new(most, &end);
            page.block("## head");
            let columns = [MarkdownColumn { heading: "A", numbers: true }];
            let shown = page.table(&columns, (0..rows).map(|row| vec![row.to_string()]));
            proptest::prop_assert!(shown <= rows);
            page.remark("left out");
            let text = page.finish(&end);
            proptest::prop_assert!(text.len() <= most, "{} of {}", text.len(), most);
            proptest::prop_assert!(most < end.len() + REMARKS + 100 || text.contains("left out") && text.trim().ends_with(&end));
        }
    }
}
