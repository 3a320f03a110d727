//! `aws logs tail` copied out of a window that was narrower than the time and the stream before a message: they are broken
//! within the name of the stream, and where a row was filled up with blanks, the next one stands behind it.

use super::Rewriting;
use crate::decode::head::{InputHead, without_return};
use crate::decode::{Decode, Shape};
use crate::model::{Timestamp, stream_parts};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "narrow-window",
    about: "`aws logs tail` copied out of a narrow window, which broke the names of streams",
    sniff: |head| !head.of_stream && breaks_streams(head),
    decode: Decode::Texts(|feed, decode| {
        let width = width(feed.head()).unwrap_or(usize::MAX);
        super::rewrite(feed, |feed| {
            let mut rows = WindowRows { width, full: false };
            decode(&mut Rewriting::new(feed, |text: &[u8], ended, out: &mut Vec<u8>| rows.unbroken(text, ended, out)))
        })
    }),
    samples: &[
        "2026-10-01T00:00:00.123000+00:00 2026/10/01/[$LATEST]0f1e2\nd3c4b5a69788796a5b4c3d2e1f0 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n2026-10-01T00:00:01.123000+00:00 2026/10/01/[$LATEST]0f1e2\nd3c4b5a69788796a5b4c3d2e1f0 END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

/// Digits at the end of the name of a stream.
const DIGITS: usize = 32;
/// Lines above the log, at most: a prompt.
const PREAMBLE_LINES: usize = 20;
/// Bytes of the longest line: any other is no row of a window.
const LONGEST: usize = 64 * 1024;

/// Returns whether a window broke the names of streams, which other programs would take for shorter ones.
pub(in crate::decode) fn breaks_streams(head: &InputHead<'_>) -> bool {
    width(head.bytes).is_some()
}

/// Returns the columns of the window, by the first name that it broke.
fn width(head: &[u8]) -> Option<usize> {
    let mut lines = head.split(|byte| *byte == b'\n').map(without_return).take(PREAMBLE_LINES).peekable();
    std::iter::from_fn(|| Some((lines.next()?, lines.peek().copied()))).find_map(|(line, next)| {
        let begun = &line[start_of_cut(line).filter(|start| *start == 0).and(memchr::memrchr(b' ', line))? + 1..];
        let rest = next?.split(|byte| *byte == b' ').next().filter(|rest| !rest.is_empty())?;
        let whole = [begun, rest].concat();
        let digits = whole.rsplit(|byte| *byte == b']').next().filter(|digits| digits.len() == DIGITS);
        digits.and(stream_parts(std::str::from_utf8(&whole).ok()?)).map(|_| line.len())
    })
}

/// Returns where the time begins at the end of a line, if the name of the stream behind it was broken.
fn start_of_cut(line: &[u8]) -> Option<usize> {
    let blank = memchr::memrchr(b' ', line)?;
    let (before, name) = (&line[..blank], &line[blank + 1..]);
    let digits = &name[memchr::memchr(b']', name)? + 1..];
    let is_cut = digits.len() < DIGITS && digits.iter().all(u8::is_ascii_hexdigit) && name.get(4) == Some(&b'/');
    let time = memchr::memrchr(b' ', before).map_or(0, |blank| blank + 1);
    let (_, used) = Timestamp::parse_prefix(&before[time..]).filter(|_| is_cut)?;
    (used == before.len() - time).then_some(time)
}

/// WindowRows of a window.
struct WindowRows {
    /// Columns of the window.
    width: usize,
    /// Whether the last row was full, so that its line may go on.
    full: bool,
}

impl WindowRows {
    /// Joins what the window broke; returns the number of bytes that were read.
    fn unbroken(&mut self, text: &[u8], ended: bool, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        loop {
            let end = memchr::memchr(b'\n', &text[at..]).map(|end| at + end);
            let line = match end {
                Some(end) => &text[at..end],
                None if at < text.len() && (ended || text.len() - at > LONGEST) => &text[at..],
                None => return at,
            };
            self.line(without_return(line), out);
            at = end.map_or(text.len(), |end| end + 1);
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let is_full = !line.is_empty() && line.len().is_multiple_of(self.width);
        let was_full = std::mem::replace(&mut self.full, false);
        if let Some(start) = start_of_cut(line).filter(|_| is_full) {
            let before = line[..start].trim_ascii_end();
            out.extend_from_slice(before);
            out.extend((was_full || !before.is_empty()).then_some(b'\n'));
            out.extend_from_slice(&line[start..]);
            return;
        }
        // One that ends in blanks was filled up with them.
        self.full = is_full && !line.ends_with(b"  ");
        if self.full {
            out.extend_from_slice(line);
        } else {
            out.extend_from_slice(line.trim_ascii_end());
            out.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::rewritten;
    use super::*;

    const LINES: [&str; 4] = [
        "2026-10-01T00:00:00.123000+00:00 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST",
        "2026-10-01T00:00:00.423000+00:00 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 hi",
        "2026-10-01T00:00:01.123000+00:00 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11",
        "2026-10-01T00:00:01.123000+00:00 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Duration: 4.00 ms Billed Duration: 4 ms",
    ];

    /// Writes lines as a window shows them: rows of a width, of which some programs copy all blanks and no line ends.
    fn window(width: usize, filled: bool) -> String {
        let mut out = String::new();
        for line in LINES {
            for row in line.as_bytes().chunks(width) {
                let row = String::from_utf8_lossy(row);
                if filled && row.len() < width {
                    out += &format!("{row:width$}");
                } else {
                    out += &row;
                    out.push('\n');
                }
            }
        }
        out
    }

    #[test]
    fn lines_come_out_as_they_were() {
        for columns in 60..85 {
            for filled in [false, true] {
                let text = window(columns, filled);
                assert_eq!(width(text.as_bytes()), Some(columns), "{text}");
                for size in [1, 7, 1000] {
                    let mut rows = WindowRows { width: columns, full: false };
                    let found = rewritten(&text, size, |text, ended, out| rows.unbroken(text, ended, out));
                    assert_eq!(found.trim_end(), LINES.join("\n"), "{text}");
                }
            }
        }
        for columns in [90, 120] {
            assert_eq!(width(window(columns, false).as_bytes()), None);
        }
    }
}
