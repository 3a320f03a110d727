//! What the caller of an invocation is told: the answer of the Invoke API, and how the console shows one beside the log.

use crate::model::RequestId;

/// Member of the answer of the Invoke API that is there only where the invocation failed: `Unhandled`, `Handled`.
pub(crate) const FUNCTION_ERROR: &str = "FunctionError";

/// How a line begins that says nothing but that.
pub(crate) const FUNCTION_ERROR_LINE: &str = "FunctionError: ";

/// Longest value of that member.
const LONGEST: usize = 32;

/// Returns whether a text may be the value of that member.
pub(crate) fn is_function_error(value: &[u8]) -> bool {
    (1..=LONGEST).contains(&value.len()) && value.iter().all(u8::is_ascii_alphabetic)
}

/// Returns the line that says that an invocation failed, to stand behind its log; empty for other values.
pub(crate) fn function_error_line(value: &[u8]) -> Vec<u8> {
    if is_function_error(value) { [b"\n", FUNCTION_ERROR_LINE.as_bytes(), value, b"\n"].concat() } else { Vec::new() }
}

/// What the test tab of the console prints between the answer of an invocation and its log, by the age of the console.
const LOG_LABELS: [&str; 3] = ["Function Logs", "Function logs", "Log output"];

/// Length of the rule that `serverless invoke --log` draws there, at least.
const SHORTEST_RULE: usize = 60;

/// Returns whether a line is the title of the log of an invocation, of which the answer stands above.
pub(crate) fn is_log_label(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_rule = line.len() >= SHORTEST_RULE && line.iter().all(|byte| *byte == b'-');
    let line = line.strip_suffix(b":").unwrap_or(line);
    is_rule || LOG_LABELS.iter().any(|label| line == label.as_bytes())
}

/// What the test tab says above an answer, by how the invocation ended.
pub(crate) const TAB_FAILED: &str = "Status: Failed";
/// The same of one that ended well: its answer may look like that of another.
pub(crate) const TAB_SUCCEEDED: &str = "Status: Succeeded";

/// Returns whether a line tells how the invocation of a test ended.
pub(crate) fn is_tab_status(line: &[u8]) -> bool {
    [TAB_FAILED, TAB_SUCCEEDED].iter().any(|status| line.trim_ascii() == status.as_bytes())
}

/// Returns whether a line follows that one in the test tab.
pub(crate) fn is_of_tab(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    is_log_label(line) || ["Test Event Name", "Response"].iter().any(|label| line.starts_with(label.as_bytes()))
}

/// Returns whether a line stands between an answer and the title of its log: the id of the request, or its label.
pub(crate) fn is_of_request(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let bare = line.strip_prefix(b"\"").and_then(|id| id.strip_suffix(b"\"")).unwrap_or(line);
    line.strip_suffix(b":").unwrap_or(line) == b"Request ID" || RequestId::parse(bare).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_is_an_error_of_a_function() {
        assert_eq!(function_error_line(b"Unhandled"), b"\nFunctionError: Unhandled\n");
        for other in [&b""[..], b"a\"}", &[b'x'; LONGEST + 1]] {
            assert!(function_error_line(other).is_empty());
        }
    }

    #[test]
    fn titles_of_logs_are_known() {
        assert!(
            ["Function Logs", "Function Logs:", "Function logs\r", " Log output"]
                .iter()
                .all(|line| is_log_label(line.as_bytes()))
        );
        assert!(["Function Logs of today", "log output", ""].iter().all(|line| !is_log_label(line.as_bytes())));
    }
}
