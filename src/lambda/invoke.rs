//! What the caller of an invocation is told: the answer of the Invoke API, and how the console shows one beside the log.

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

/// Returns whether a line is the title of the log of an invocation, of which the answer stands above.
pub(crate) fn is_log_label(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let line = line.strip_suffix(b":").unwrap_or(line);
    LOG_LABELS.iter().any(|label| line == label.as_bytes())
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
