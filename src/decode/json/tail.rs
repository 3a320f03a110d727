//! Damaged JSON at the start of an input. Its beginning may be missing, as `tail -c`, `split -b` and logs that are rotated
//! by size leave it.

use super::scan::{Scanned, members, spaces, text_end};

/// Bytes of numbers, `true`, `false` and `null`.
const OF_SCALARS: &[u8] = b"+-.0123456789Eaeflnrstu";

/// Returns the length of the rest of a value at the start of `head`, up to the next value or the end; `None` where a value
/// or something else stands there.
pub(in crate::decode) fn tail_before_value(head: &[u8]) -> Option<usize> {
    // Nobody knows whether it begins inside a string. A string of JSON has no line end.
    let in_string = || text_end(head, 0).filter(|end| memchr::memchr(b'\n', &head[..*end]).is_none());
    let scalar = head.iter().take_while(|byte| OF_SCALARS.contains(byte)).count();
    behind_tail(head, scalar).or_else(|| behind_tail(head, in_string()? + 1))
}

/// Returns the length of the lines at the start of `head` that begin a value and break off, up to the next line that begins
/// one; `None` where the value is whole, or where the lines are not all of JSON.
pub(in crate::decode) fn broken_before_value(head: &[u8]) -> Option<usize> {
    let brackets = head.iter().take_while(|byte| matches!(byte, b'[' | b' ' | b'\n' | b'\r' | b'\t')).count();
    let object = head.get(brackets..).filter(|object| object.first() == Some(&b'{'))?;
    let is_broken = matches!(members(object, |_, _| {}), Scanned::Broken(_));
    // Arrays in arrays of which nobody knew the shape.
    let stand_alone = head.starts_with(b"[[") && memchr::memchr(b'\n', &head[..brackets]).is_some();
    if !is_broken && !stand_alone {
        return None;
    }
    let mut at = if is_broken { brackets } else { 0 };
    loop {
        let line = &head[at..][..memchr::memchr(b'\n', &head[at..])?];
        if !is_of_json(line) {
            return None;
        }
        at += line.len() + 1;
        let next = at + spaces(&head[at..]);
        if matches!(head.get(next), Some(b'{')) {
            return Some(next);
        }
    }
}

/// Returns whether a line has the punctuation of JSON, or is blank.
fn is_of_json(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || line.iter().any(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
}

/// Returns whether a line above a document is a piece of JSON, rather than a prompt, a title or a word of the user.
pub(in crate::decode) fn is_piece_of_json(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_punctuation = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"' | b' ');
    match line {
        [] => false,
        [b'{' | b'}' | b'"', ..] | [b'[', b'{' | b'"', ..] => true,
        _ => line.iter().all(is_punctuation),
    }
}

/// Returns where the first value begins behind a value that is open at `at`.
fn behind_tail(head: &[u8], mut at: usize) -> Option<usize> {
    let (mut depth, mut closed, mut of_member) = (0, false, false);
    loop {
        at += spaces(&head[at..]);
        let Some(byte) = head.get(at) else { return closed.then_some(at) };
        match byte {
            b'{' | b'[' if closed && depth == 0 && !of_member && !begins_field(&head[at..]) => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => closed = true,
            b'}' | b']' => depth -= 1,
            b',' | b':' => {}
            b'"' => at = text_end(head, at + 1).filter(|end| memchr::memchr(b'\n', &head[at..*end]).is_none())?,
            byte if OF_SCALARS.contains(byte) => {
                let scalar = &head[at..][..head[at..].iter().take_while(|byte| OF_SCALARS.contains(byte)).count()];
                serde_json::from_slice::<serde_json::Value>(scalar).ok()?;
                at += scalar.len() - 1;
            }
            _ => return None,
        }
        of_member = *byte == b':';
        at += 1;
    }
}

/// Returns whether a field of a row begins here, as Logs Insights writes them: several make an event.
pub(super) fn begins_field(object: &[u8]) -> bool {
    let inside = object.get(1..).unwrap_or_default();
    let inside = &inside[spaces(inside)..];
    inside.starts_with(b"\"field\"") || inside.starts_with(b"\"value\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_of_values_are_told_from_text() {
        let rests: [(&str, &str); 12] = [
            ("Id: 1\"}\n", "{\"message\":\"x\"}"),
            ("\"}\n", "{\"message\":\"x\"}"),
            ("}\n", "{\"message\":\"x\"}"),
            ("81, \"message\": \"{\\\"a\\\": 1}\"},", "{\"message\":\"x\"}"),
            ("ue, \"a\": {\"b\": [1, 2]}},\n", "{\"message\":\"x\"}"),
            ("sage\": \"x\"\n    },\n    ", "{\n \"message\": \"x\"}"),
            ("x\"}]},", "{\"events\":[]}"),
            ("\"value\":\"x\"},{\"field\":\"b\",\"value\":\"c\"}],", "[{\"field\":\"a\",\"value\":\"b\"}]"),
            ("x\"],", "[\"y\"]"),
            ("x\"}]}\n", ""),
            ("x\"}],\"searched\":[],\"token\":{}}", ""),
            ("{\"field\":\"b\",\"value\":\"c\"}],", "[{\"field\":\"a\",\"value\":\"b\"}]"),
        ];
        for (rest, next) in rests {
            assert_eq!(tail_before_value(format!("{rest}{next}").as_bytes()), Some(rest.len()), "{rest}");
        }
        let others = [
            "{\"a\":1}\n{\"a\":2}",
            "START RequestId: 1\n{\"a\":2}",
            "a \"word\"}\nSTART RequestId: 1\n{\"a\":2}",
            "  \"a\": 1\n}\nSTART RequestId: 1\n{\"a\":2}",
            "nine} lives\n{\"a\":2}",
            "12:00 {\"a\":1}\n{\"a\":2}",
            "",
        ];
        for text in others {
            assert_eq!(tail_before_value(text.as_bytes()), None, "{text}");
        }
    }
}
