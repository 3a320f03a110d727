//! Masking of lines that belong together: a private key has many, and each alone looks like any text.

use super::{MASK, Redaction};

/// Characters of a line of a private key in PEM (RFC 7468).
const LINE: usize = 64;

/// Masks the lines of one log in their order.
#[derive(Debug)]
pub(crate) struct LineMasking<'r> {
    redaction: &'r Redaction,
    /// Whether a private key began and has not ended.
    in_key: bool,
}

impl<'r> LineMasking<'r> {
    pub(crate) fn new(redaction: &'r Redaction) -> Self {
        Self { redaction, in_key: false }
    }

    /// Returns the next line with secrets masked.
    pub(crate) fn next(&mut self, line: &str) -> String {
        if self.redaction.is_off() {
            return line.to_owned();
        }
        let is_end = line.contains("-----END ");
        let of_key = self.in_key && (is_end || is_of_key(line.trim()));
        let begins = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
        self.in_key = (of_key || begins) && !is_end;
        if of_key { MASK.to_owned() } else { self.redaction.apply(line) }
    }
}

/// Returns whether a line may stand in a private key: base64, or a header of old ones.
fn is_of_key(line: &str) -> bool {
    let is_header = line.starts_with("Proc-Type:") || line.starts_with("DEK-Info:");
    is_header || line.len() <= LINE + 12 && line.bytes().all(is_base64)
}

/// Returns whether a text is one line of a private key that is not the last: all of it, and of the length of such lines.
pub(super) fn is_line_of_key(text: &str) -> bool {
    let line = text.trim();
    let has = |is: fn(&u8) -> bool| line.bytes().any(|byte| is(&byte));
    line.len() == LINE
        && line.bytes().all(is_base64)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
