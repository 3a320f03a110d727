//! Mail as it is stored: quoted-printable breaks long lines behind a `=` and writes tabs and blanks as `=09` and `=20`.

use super::Rewriting;
use crate::decode::head::InputHead;
use crate::decode::{Decode, Shape};
use crate::lambda::has_trace;
use crate::lambda::sentences::message_start;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "quoted-printable",
    about: "a mail with a log in it, saved as it was sent: quoted-printable",
    sniff: is_quoted_printable,
    decode: Decode::Texts(|feed, decode| super::rewrite(feed, |feed| decode(&mut Rewriting::new(feed, unquote)))),
    samples: &[
        "Content-Transfer-Encoding: quoted-printable\n\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\nREPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11=09Duration: 1.00 ms=\n=09Billed Duration: 1 ms\n",
        "START RequestId:=208f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11=20Version:=207\nEND RequestId:=208f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

/// Lines of the head of a mail, at most.
const HEADER_LINES: usize = 60;
/// Bytes in which the first encoded line must stand.
const SEARCHED: usize = 16 * 1024;

fn is_quoted_printable(head: &InputHead<'_>) -> bool {
    const LABELS: [&[u8]; 3] = [b"20RequestId:", b"09Duration:", b"09Billed Duration:"];
    const CODES: [&[u8]; 5] = [b"\n", b"\r\n", b"09", b"20", b"3D"];
    if head.of_stream {
        return false;
    }
    let mut is_coded = false;
    let searched = &head.bytes[..head.bytes.len().min(SEARCHED)];
    for mark in memchr::memchr_iter(b'=', searched) {
        let (before, behind) = (&head.bytes[..mark], &head.bytes[mark + 1..]);
        let begins = |text: &&[u8]| behind.starts_with(text);
        if LABELS.iter().any(begins) || begins(&&b"20"[..]) && before.ends_with(b"RequestId:") {
            return true;
        }
        is_coded |= CODES.iter().any(begins);
    }
    // The header stays where it is, above what was decoded.
    is_coded
        && head.lines().take(HEADER_LINES).find_map(says_encoding).is_some_and(|says| says)
        && has_trace(head.bytes)
}

/// Returns whether a line is the header of the encoding; `None` for most lines. A log may tell of mails, too.
fn says_encoding(line: &[u8]) -> Option<bool> {
    let (name, value) = line.split_at(memchr::memchr(b':', line)?);
    let is_header = name.eq_ignore_ascii_case(b"Content-Transfer-Encoding")
        && value[1..].trim_ascii().eq_ignore_ascii_case(b"quoted-printable");
    if is_header { Some(true) } else { message_start(line).map(|_| false) }
}

/// Undoes the encoding of a text; returns the number of bytes that were read. The rest needs what follows it.
fn unquote(text: &[u8], ended: bool, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(mark) = memchr::memchr(b'=', &text[at..]).map(|mark| at + mark) {
        out.extend_from_slice(&text[at..mark]);
        let behind = &text[mark + 1..];
        if behind.len() < 2 && !ended {
            return mark;
        }
        let (byte, length) = match behind {
            [b'\r', b'\n', ..] => (None, 2),
            [b'\n', ..] => (None, 1),
            [high, low, ..] if hex(*high).is_some() && hex(*low).is_some() => {
                (Some(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0)), 2)
            }
            // No encoding: a mark of the text.
            _ => (Some(b'='), 0),
        };
        out.extend(byte);
        at = mark + 1 + length;
    }
    out.extend_from_slice(&text[at..]);
    text.len()
}

/// Reads a digit of the encoding, which has capitals.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_lowercase()).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::super::tests::rewritten;
    use super::*;

    #[test]
    fn the_encoding_is_undone() {
        for (text, want) in [
            ("a=3Db=09c=\nd=\r\ne\r\n", "a=b\tcde\r\n"),
            ("x=20", "x "),
            ("=E2=80=94", "—"),
            ("a=b c= =", "a=b c= ="),
            ("a=3d", "a=3d"),
        ] {
            for size in 1..8 {
                assert_eq!(rewritten(text, size, unquote), want, "{text}");
            }
        }
    }

    #[test]
    fn a_log_that_tells_of_mails_is_no_mail() {
        for (text, want) in [
            (
                "content-transfer-encoding: Quoted-Printable\n\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7=\n0\n",
                true,
            ),
            (
                "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nContent-Transfer-Encoding: quoted-printable\n",
                false,
            ),
            ("START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\na=20b\n", false),
            ("REPORT RequestId: 1=09Duration: 1 ms\n", true),
        ] {
            assert_eq!(is_quoted_printable(&InputHead::new(text.as_bytes())), want, "{text}");
        }
    }
}
