//! The text behind escapes: what `\u0022`, `%3D` and `&quot;` stand for, without colours and invisible characters.
//!
//! A secret may stand in any of them. The decoded text is searched like the text itself, and knows where its bytes came from.

/// A decoded text.
pub(super) struct BehindEscapes {
    pub(super) bytes: Vec<u8>,
    /// Where stretches begin in it, and in the text that was decoded: from there on byte for byte.
    stretches: Vec<(usize, usize)>,
}

/// Entities of HTML.
static ENTITIES: [(&[u8], u8); 10] = [
    (b"&quot;", b'"'),
    (b"&#34;", b'"'),
    (b"&#x22;", b'"'),
    (b"&#39;", b'\''),
    (b"&#x27;", b'\''),
    (b"&apos;", b'\''),
    (b"&amp;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&#61;", b'='),
];

/// How often a percent sign may be escaped again.
const MOST_AGAIN: usize = 8;

/// Bytes with which an escape begins.
static BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    let signs = [b'%', b'\\', b'&', 0x1b, 0xc2, 0xe2, 0xef];
    let mut at = 0;
    while at < signs.len() {
        begins[signs[at] as usize] = true;
        at += 1;
    }
    begins
};

/// Returns the text without one level of escapes; `None` if it has none.
pub(super) fn decode(text: &[u8]) -> Option<BehindEscapes> {
    let mut decoded: Option<BehindEscapes> = None;
    // A blank that is escaped hides nothing, and is all that most addresses have.
    let mut tells = false;
    let (mut at, mut copied) = (0, 0);
    while let Some(begin) = text[at..].iter().position(|byte| BEGINS[*byte as usize]).map(|length| at + length) {
        let Some((byte, length)) = unit(&text[begin..]) else {
            at = begin + 1;
            continue;
        };
        let decoded = decoded
            .get_or_insert_with(|| BehindEscapes { bytes: Vec::with_capacity(text.len()), stretches: vec![(0, 0)] });
        decoded.bytes.extend_from_slice(&text[copied..begin]);
        tells |= byte.is_none_or(|byte| byte == 0 || byte.is_ascii_graphic() && !b"+,!()*|~%".contains(&byte));
        if let Some(byte) = byte {
            decoded.stretches.push((decoded.bytes.len(), begin));
            decoded.bytes.push(byte);
        }
        at = begin + length;
        copied = at;
        decoded.stretches.push((decoded.bytes.len(), at));
    }
    let mut decoded = decoded.filter(|_| tells)?;
    decoded.bytes.extend_from_slice(&text[copied..]);
    Some(decoded)
}

impl BehindEscapes {
    /// Returns where a stretch came from.
    pub(super) fn origin(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        self.place(range.start)..self.place(range.end)
    }

    fn place(&self, at: usize) -> usize {
        let index = self.stretches.partition_point(|(begin, _)| *begin <= at);
        let (begin, origin) = self.stretches[index - 1];
        origin + (at - begin)
    }
}

/// Returns the byte that an escape at the start stands for, `None` for one that is not seen, and its length.
fn unit(text: &[u8]) -> Option<(Option<u8>, usize)> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        [b'%', rest @ ..] => {
            // A sign that was escaped again and again: `%25253D`.
            let again = 2 * rest.chunks_exact(2).take(MOST_AGAIN).take_while(|two| *two == b"25").count();
            let digits = |at: usize| rest.get(at..at + 2).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
            let (digits, behind) = match digits(again) {
                Some(digits) => (digits, again + 2),
                None => (digits(again.checked_sub(2)?)?, again),
            };
            hex(digits).filter(u8::is_ascii).map(|byte| (Some(byte), 1 + behind))
        }
        [b'\\', b'u', b'0', b'0', a, b, ..] => hex(&[*a, *b]).filter(u8::is_ascii).map(|byte| (Some(byte), 6)),
        [b'\\', b'x', a, b, ..] => hex(&[*a, *b]).filter(u8::is_ascii).map(|byte| (Some(byte), 4)),
        [b'&', ..] => ENTITIES
            .iter()
            .find(|(entity, _)| text.starts_with(entity))
            .map(|(entity, byte)| (Some(*byte), entity.len())),
        [b'\x1b', b'[', rest @ ..] => {
            let length = rest.iter().take(32).take_while(|byte| matches!(byte, b'0'..=b'?')).count();
            rest.get(length).filter(|byte| matches!(byte, b'@'..=b'~')).map(|_| (None, length + 3))
        }
        // Soft hyphen; zero-width characters; the byte order mark.
        [0xc2, 0xad, ..] => Some((None, 2)),
        [0xe2, 0x80, 0x8b..=0x8f, ..] | [0xe2, 0x81, 0xa0..=0xa4, ..] | [0xef, 0xbb, 0xbf, ..] => Some((None, 3)),
        _ => None,
    }
}
