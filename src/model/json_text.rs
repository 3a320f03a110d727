//! Undoing of the escapes inside a JSON string.

/// Undoes the escapes of the inside of a JSON string. Invalid escapes are kept as they are.
pub(crate) fn unescape_json(escaped: &[u8], out: &mut Vec<u8>) {
    let mut rest = escaped;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some((&kind, after)) = rest.split_first() else {
            out.push(b'\\');
            return;
        };
        rest = after;
        match kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'u' => rest = unescape_unicode(rest, out),
            other => out.push(other),
        }
    }
    out.extend_from_slice(rest);
}

/// Decodes `XXXX` after `\u`, with the second half if it begins a surrogate pair. Returns the rest.
fn unescape_unicode<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let unit = |bytes: &[u8]| {
        let digits = std::str::from_utf8(bytes.get(..4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(rest) else {
        out.extend_from_slice(b"\\u");
        return rest;
    };
    let mut units = vec![first];
    let mut rest = &rest[4..];
    if let (0xd800..0xdc00, Some(low)) = (first, rest.strip_prefix(b"\\u").and_then(unit)) {
        units.push(low);
        rest = &rest[6..];
    }
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    out.extend_from_slice(text.as_bytes());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn undoes_what_serde_json_escapes(text in ".*") {
            let quoted = serde_json::to_string(&text).expect("a string");
            let mut out = Vec::new();
            unescape_json(&quoted.as_bytes()[1..quoted.len() - 1], &mut out);
            proptest::prop_assert_eq!(String::from_utf8(out).expect("UTF-8"), text);
        }

        #[test]
        fn takes_any_bytes(bytes in proptest::collection::vec(0u8.., 0..200)) {
            unescape_json(&bytes, &mut Vec::new());
        }
    }

    #[test]
    fn joins_pairs_and_keeps_halves() {
        let undone = |text: &[u8]| {
            let mut out = Vec::new();
            unescape_json(text, &mut out);
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(undone(br"\ud83d\ude00 \u00e9 \/ \ud83d! \uzzzz \"), "😀 é / \u{fffd}! \\uzzzz \\");
    }
}
