//! Text copied from a web page or a document, in which no-break spaces stand for blanks.

use std::io::{self, Read};

use super::{Rest, rewrite};
use crate::decode::head::InputHead;
use crate::decode::ready::Ready;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "no-break-spaces",
    about: "a log copied from a web page or a document: no-break spaces stand for blanks",
    sniff: has_no_break_sentence,
    decode: Decode::Texts(|feed, decode| rewrite(feed, |feed| decode(&mut Blanks::new(Rest(feed))))),
    samples: &[
        "START\u{a0}RequestId:\u{a0}8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\u{a0}Version:\u{a0}7\nEND\u{a0}RequestId:\u{a0}8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

/// No-break space in UTF-8.
const NO_BREAK: [u8; 2] = [0xc2, 0xa0];

/// Returns whether a sentence of the platform has them. The stacks of Python's client do, too, and keep them elsewhere.
fn has_no_break_sentence(head: &InputHead<'_>) -> bool {
    let words = ["RequestId:\u{a0}", "\u{a0}RequestId:"];
    // Most inputs do not even have the first byte of such a blank.
    memchr::memchr(NO_BREAK[0], head.bytes).is_some()
        && words.iter().any(|word| memchr::memmem::find(head.bytes, word.as_bytes()).is_some())
}

/// Replaces no-break spaces by blanks while reading.
struct Blanks<R> {
    input: R,
    /// Bytes that were read and not rewritten: the first one of two.
    begun: Vec<u8>,
    out: Ready,
}

impl<R: Read> Blanks<R> {
    /// Bytes read at a time.
    const BLOCK: usize = 8 * 1024;

    fn new(input: R) -> Self {
        Self { input, begun: Vec::new(), out: Ready::default() }
    }

    fn rewrite(&mut self, ended: bool) {
        let text = std::mem::take(&mut self.begun);
        let mut rest = &text[..];
        while let Some(at) = memchr::memmem::find(rest, &NO_BREAK) {
            self.out.bytes.extend_from_slice(&rest[..at]);
            self.out.bytes.push(b' ');
            rest = &rest[at + NO_BREAK.len()..];
        }
        let cut = usize::from(!ended && rest.last() == Some(&NO_BREAK[0]));
        let (whole, begun) = rest.split_at(rest.len() - cut);
        self.out.bytes.extend_from_slice(whole);
        self.begun = begun.to_vec();
    }
}

impl<R: Read> Read for Blanks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.out.is_spent() {
            let begun = self.begun.len();
            self.begun.resize(begun + Self::BLOCK, 0);
            let count = self.input.read(&mut self.begun[begun..])?;
            self.begun.truncate(begun + count);
            self.rewrite(count == 0);
            if count == 0 && self.out.bytes.is_empty() {
                return Ok(0);
            }
        }
        Ok(self.out.give(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn only_no_break_spaces_change(text in "(a|\u{a0}|\u{e2}|\u{c2}| |\n){0,80}", size in 1usize..9) {
            let mut input = Blanks::new(text.as_bytes());
            let (mut found, mut block) = (Vec::new(), vec![0; size]);
            loop {
                let count = input.read(&mut block)?;
                if count == 0 {
                    break;
                }
                found.extend_from_slice(&block[..count]);
            }
            proptest::prop_assert_eq!(String::from_utf8(found).unwrap_or_default(), text.replace('\u{a0}', " "));
        }
    }
}
