//! Masking of lines that belong together: a private key has many, and a value may stand below its name. Each alone looks like
//! any text.

use std::collections::VecDeque;

use super::{MASK, Redaction, search};

/// Characters of a line of a private key in PEM (RFC 7468).
const LINE: usize = 64;
/// Most lines above one that are looked at with it, and the longest of them.
const ABOVE: usize = 8;
const LONGEST_ABOVE: usize = 512;

/// Masks the lines of one log in their order.
#[derive(Debug)]
pub(crate) struct LineMasking<'r> {
    redaction: &'r Redaction,
    /// Whether a private key began and has not ended.
    in_key: bool,
    /// The lines above as they were, from the first that may name a secret.
    above: VecDeque<String>,
}

impl<'r> LineMasking<'r> {
    pub(crate) fn new(redaction: &'r Redaction) -> Self {
        Self { redaction, in_key: false, above: VecDeque::new() }
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
        if of_key || begins {
            self.above.clear();
        }
        match (of_key, begins) {
            (true, _) => MASK.to_owned(),
            (_, true) => self.redaction.apply(line),
            _ => self.below_others(line),
        }
    }

    /// Masks a line together with those above it.
    fn below_others(&mut self, line: &str) -> String {
        let mut masked = self.redaction.apply(line);
        if !self.above.is_empty() && masked == line {
            let above = self.above.iter().fold(String::new(), |above, line| above + line + "\n");
            // What ends below it is open.
            let together = self.redaction.apply_to_part(&format!("{above}{line}"));
            let ends = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
            match together.rsplit_once('\n') {
                Some((_, last)) if ends(&together) == self.above.len() => masked = last.to_owned(),
                // One mask for several lines, of which it is the last.
                _ if together.ends_with(MASK) => masked = MASK.to_owned(),
                _ => {}
            }
        }
        let may_name = !self.above.is_empty() || !search::words(line.as_bytes()).is_empty();
        if may_name && !line.contains('\n') {
            if self.above.len() == ABOVE {
                self.above.pop_front();
            }
            self.above.push_back(line[..line.floor_char_boundary(LONGEST_ABOVE)].to_owned());
            while self.above.front().is_some_and(|line| search::words(line.as_bytes()).is_empty()) {
                self.above.pop_front();
            }
        } else {
            self.above.clear();
        }
        masked
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
