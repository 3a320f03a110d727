//! Answer of a failed invocation that a tool printed over several lines. The test tab, the AWS CLI and `jq` do so, and people
//! copy it without anything else; the test tab shows its log below, under a title that goes with the answer.

use crate::lambda::invoke::{is_log_label, is_of_request, is_of_tab, is_tab_status};
use crate::lambda::platform::is_platform;

/// Lines of one answer, at most: stacks have a line a frame.
const MOST_LINES: usize = 2_000;
/// Members with which answers begin.
const FIRST_KEYS: [&[u8]; 2] = [b"\"errorMessage\"", b"\"errorType\""];

/// Lines of an answer that is being read.
#[derive(Debug, Default)]
pub(super) struct PrettyAnswer(AnswerState);

#[derive(Debug, Default)]
enum AnswerState {
    /// No answer.
    #[default]
    Outside,
    /// The brace with which any object begins.
    Brace,
    /// Members, within so many braces and brackets.
    Members { depth: u32, lines: usize, in_text: bool },
    /// The end of an answer, and so many empty lines.
    Ended { lines: usize },
    /// The head of the test tab, which begins with how the invocation ended: so many lines.
    Tab { lines: usize },
}

/// Empty lines between an answer and the title of its log, at most.
const MOST_EMPTY_LINES: usize = 3;

impl PrettyAnswer {
    /// Returns whether a line continues the answer that began above it.
    #[inline]
    pub(super) fn continues(&mut self, line: &[u8]) -> bool {
        if matches!(self.0, AnswerState::Outside) && !matches!(line.first(), Some(b'{' | b' ' | b'\t' | b'S')) {
            return false;
        }
        self.look(line)
    }

    fn look(&mut self, line: &[u8]) -> bool {
        let text = line.trim_ascii();
        let (depth, lines, in_text) = match self.0 {
            AnswerState::Brace if FIRST_KEYS.iter().any(|key| text.starts_with(key)) => (1, 0, false),
            AnswerState::Members { depth, lines, in_text } if lines < MOST_LINES && !is_platform(line) => {
                (depth, lines, in_text)
            }
            AnswerState::Ended { lines } if lines < MOST_EMPTY_LINES && text.is_empty() => {
                self.0 = AnswerState::Ended { lines: lines + 1 };
                return true;
            }
            AnswerState::Ended { lines } if is_of_request(text) => {
                self.0 = AnswerState::Ended { lines };
                return true;
            }
            AnswerState::Ended { .. } | AnswerState::Tab { .. } if is_log_label(text) => {
                self.0 = AnswerState::Outside;
                return true;
            }
            AnswerState::Tab { lines: 0 } if text.is_empty() => return true,
            AnswerState::Tab { lines }
                if lines < MOST_LINES && !is_platform(line) && (lines > 0 || is_of_tab(text)) =>
            {
                self.0 = AnswerState::Tab { lines: lines + 1 };
                return true;
            }
            _ => {
                self.0 = begin(text);
                return false;
            }
        };
        let (depth, in_text) = depth_after(text, depth, in_text);
        let members = AnswerState::Members { depth, lines: lines + 1, in_text };
        self.0 = if depth == 0 { AnswerState::Ended { lines: 0 } } else { members };
        true
    }
}

/// Returns the state behind a line with which an answer may begin: with its brace, or whole.
fn begin(text: &[u8]) -> AnswerState {
    if is_tab_status(text) {
        return AnswerState::Tab { lines: 0 };
    }
    let Some(inner) = text.strip_prefix(b"{") else { return AnswerState::Outside };
    if inner.is_empty() {
        return AnswerState::Brace;
    }
    let is_answer = FIRST_KEYS.iter().any(|key| inner.trim_ascii_start().starts_with(key));
    let is_whole = || inner.ends_with(b"}") && depth_after(inner, 1, false).0 == 0;
    if is_answer && is_whole() { AnswerState::Ended { lines: 0 } } else { AnswerState::Outside }
}

/// Returns the number of open braces and brackets behind a line, and whether it ends in a string, as where a window broke it.
fn depth_after(line: &[u8], mut depth: u32, mut in_text: bool) -> (u32, bool) {
    let mut escaped = false;
    for byte in line {
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (depth, in_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_brace() {
        for (text, want) in [
            ("{\n  \"errorMessage\": \"a { b\",\n  \"errorType\": \"X\"\n}\nmore", "01110"),
            ("  {\r\n  \"errorType\" : \"X\",\r\n  \"trace\": [\r\n  \"at {\"\r\n ]\r\n  }\r\nmore", "0111110"),
            ("{\n  \"order\": 1,\n  \"errorType\": \"X\"\n}", "0000"),
            ("{\n  \"errorType\": \"X\",\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n}", "0100"),
            ("a\n{\n{\n\"errorType\": \"X\"}", "0001"),
            ("{\n  \"errorType\": \"X\"\n}\n\nFunction Logs\nSTART", "011110"),
            ("{\"errorType\": \"X\"}\nFunction Logs:\nFunction Logs:", "010"),
            ("{\"errorType\": \"X\"}\n\n\n\n\nFunction Logs", "011100"),
            ("{\"order\": 1}\n\nFunction Logs", "000"),
            (
                "{\"errorType\": \"X\"}\n\nRequest ID:\n\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"\n\nFunction Logs:\nSTART",
                "0111110",
            ),
            ("Status: Failed\nTest Event Name: x\n\nResponse:\n{\n}\n\nFunction Logs:\nSTART", "011111110"),
            ("Status: Failed\n\nFunction Logs:\nSTART", "0110"),
            ("Status: Failed\nfor order 7\nmore", "000"),
            ("Status: Failed again\nResponse:\nmore", "000"),
            ("Status: Succeeded\nResponse:\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nmore", "0100"),
        ] {
            let mut answer = PrettyAnswer::default();
            let got: String =
                text.split('\n').map(|line| if answer.continues(line.as_bytes()) { '1' } else { '0' }).collect();
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn an_answer_without_its_end_does_not_go_on_for_ever() {
        let mut answer = PrettyAnswer::default();
        assert!(!answer.continues(b"{") && answer.continues(b"\"errorType\": \"X\","));
        assert!((0..2 * MOST_LINES).any(|_| !answer.continues(b"more")));
    }
}
