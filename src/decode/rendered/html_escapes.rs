//! Objects in JSON out of the source of a page, in which quotes are written as entities.

use super::{Rewriting, rewrite};
use crate::decode::head::InputHead;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::{END, ESCAPED_PLATFORM_TYPE, REPORT, START};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "html-escapes",
    about: "JSON out of the source of a page: its quotes are entities (`&quot;`)",
    sniff: has_escaped_object,
    decode: Decode::Texts(|feed, decode| rewrite(feed, |feed| decode(&mut Rewriting::new(feed, unescape)))),
    samples: &[
        "{&quot;time&quot;:&quot;2026-10-01T00:00:00.000Z&quot;,&quot;type&quot;:&quot;platform.start&quot;,&quot;record&quot;:{&quot;requestId&quot;:&quot;8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11&quot;}}\n\
         {&quot;time&quot;:&quot;2026-10-01T00:00:01.000Z&quot;,&quot;type&quot;:&quot;platform.report&quot;,&quot;record&quot;:{&quot;requestId&quot;:&quot;8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11&quot;}}\n",
    ],
};

/// Entities that stand for what JSON and its strings have.
const ENTITIES: [(&[u8], u8); 7] = [
    (b"&quot;", b'"'),
    (b"&#34;", b'"'),
    (b"&amp;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&#39;", b'\''),
    (b"&apos;", b'\''),
];
/// Bytes of the longest one.
const LONGEST: usize = 6;

/// Returns whether a text begins with an escaped object and is one of Lambda: further down, functions print anything.
fn has_escaped_object(head: &InputHead<'_>) -> bool {
    let has = |text: &str| memchr::memmem::find(head.bytes, text.as_bytes()).is_some();
    !head.of_stream
        && head.bytes.trim_ascii_start().starts_with(b"{&quot;")
        && [ESCAPED_PLATFORM_TYPE, START.begin, END.begin, REPORT.begin, "LambdaInsights"].into_iter().any(has)
}

/// Replaces entities; returns the number of bytes that were read.
fn unescape(text: &[u8], ended: bool, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'&', &text[at..]).map(|found| at + found) {
        out.extend_from_slice(&text[at..found]);
        let rest = &text[found..];
        if !ended && rest.len() < LONGEST {
            return found;
        }
        let entity = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        out.push(entity.map_or(b'&', |(_, byte)| *byte));
        at = found + entity.map_or(1, |(entity, _)| entity.len());
    }
    out.extend_from_slice(&text[at..]);
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::tests::rewritten;
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_a_page_escapes_comes_out_as_it_was(text in "[a&;<>\"'quot#34\n]{0,80}", size in 1usize..9) {
            let page = text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;");
            proptest::prop_assert_eq!(rewritten(&page, size, unescape), text);
        }
    }
}
