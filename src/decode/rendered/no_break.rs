//! Text copied from a web page or a document, in which no-break spaces stand for blanks.

use super::{Rewriting, rewrite};
use crate::decode::head::InputHead;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::REQUEST_ID;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "no-break-spaces",
    about: "a log copied from a web page or a document: no-break spaces stand for blanks",
    sniff: has_no_break_sentence,
    decode: Decode::Texts(|feed, decode| rewrite(feed, |feed| decode(&mut Rewriting::new(feed, replace)))),
    samples: &[
        "START\u{a0}RequestId:\u{a0}8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\u{a0}Version:\u{a0}7\nEND\u{a0}RequestId:\u{a0}8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

/// No-break space in UTF-8.
const NO_BREAK: [u8; 2] = [0xc2, 0xa0];

/// Returns whether a sentence of the platform has them. The stacks of Python's client do, too, and keep them elsewhere.
fn has_no_break_sentence(head: &InputHead<'_>) -> bool {
    let (bytes, label) = (head.bytes, REQUEST_ID.as_bytes());
    let is_beside = |at: usize| {
        let behind = bytes[at..].strip_prefix(&NO_BREAK);
        behind.is_some_and(|behind| behind.starts_with(label) || bytes[..at].ends_with(label))
    };
    !head.of_stream && memchr::memchr_iter(NO_BREAK[0], bytes).any(is_beside)
}

/// Replaces no-break spaces by blanks; returns the number of bytes that were read.
fn replace(text: &[u8], ended: bool, out: &mut Vec<u8>) -> usize {
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, &NO_BREAK) {
        out.extend_from_slice(&rest[..at]);
        out.push(b' ');
        rest = &rest[at + NO_BREAK.len()..];
    }
    let cut = usize::from(!ended && rest.last() == Some(&NO_BREAK[0]));
    out.extend_from_slice(&rest[..rest.len() - cut]);
    text.len() - cut
}

#[cfg(test)]
mod tests {
    use super::super::tests::rewritten;
    use super::*;

    proptest::proptest! {
        #[test]
        fn only_no_break_spaces_change(text in "(a|\u{a0}|\u{e2}|\u{c2}| |\n){0,80}", size in 1usize..9) {
            proptest::prop_assert_eq!(rewritten(&text, size, replace), text.replace('\u{a0}', " "));
        }
    }
}
