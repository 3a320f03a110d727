//! Reader of JSON documents: one, several behind each other or one a line, alone or in an array.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Reads every document of a text and hands it over. Whatever a `T` does not name is dropped while it is parsed. Behind a
/// document that cannot be read it goes on with the next line that begins one.
///
/// # Errors
/// When the text ends early or something in it is not JSON, with the first place; the rest has been handed over.
pub(super) fn each<'de, T>(text: impl Read, mut take: impl FnMut(T)) -> Result<(), String>
where
    T: Deserialize<'de>,
{
    let mut text = LastByte { text: BufReader::with_capacity(1 << 16, text), last: b'\n' };
    let (mut number, mut wrong, mut more) = (0u64, None::<String>, 0u64);
    loop {
        match skip_blank(&mut text) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(error.to_string()),
        }
        number += 1;
        let mut reader = serde_json::Deserializer::from_reader(&mut text);
        let documents = Documents { take: &mut take, document: PhantomData };
        if let Err(error) = documents.deserialize(&mut reader) {
            // What is wrong may be quoted, and be a secret.
            let place = format!("line {}, column {}", error.line(), error.column());
            let reason = match (number, error.is_eof()) {
                (1, true) => format!("the JSON ends too early ({place}); save it again"),
                (1, false) => format!("not the JSON that this option reads ({place})"),
                (number, true) => format!("the JSON document {number} ends too early ({place}); save it again"),
                (number, false) => format!("the JSON document {number} cannot be read ({place})"),
            };
            more += u64::from(wrong.is_some());
            wrong.get_or_insert(reason);
            if error.is_eof() || !skip_to_document(&mut text).map_err(|error| error.to_string())? {
                break;
            }
        }
    }
    match (wrong, more) {
        (None, _) => Ok(()),
        (Some(first), 0) => Err(first),
        (Some(first), more) => Err(format!("{first}, and {more} more")),
    }
}

/// Reader that remembers the last byte it gave.
struct LastByte<R> {
    text: BufReader<R>,
    last: u8,
}

impl<R: Read> Read for LastByte<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.last = read.checked_sub(1).and_then(|at| buffer.get(at)).copied().unwrap_or(self.last);
        Ok(read)
    }
}

impl<R: Read> BufRead for LastByte<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        let taken = bytes.checked_sub(1).and_then(|at| self.text.buffer().get(at)).copied();
        self.last = taken.unwrap_or(self.last);
        self.text.consume(bytes);
    }
}

/// Skips to the next line that begins an object or an array at its first byte, as one within a document does not. Returns
/// whether there is one.
fn skip_to_document<R: Read>(text: &mut LastByte<R>) -> io::Result<bool> {
    loop {
        let begins_line = text.last == b'\n';
        let buffer = text.fill_buf()?;
        match buffer.first() {
            None => return Ok(false),
            Some(b'{' | b'[') if begins_line => return Ok(true),
            Some(_) => {}
        }
        let line = memchr::memchr(b'\n', buffer).map_or(buffer.len(), |end| end + 1);
        text.consume(line);
    }
}

/// Skips what may stand between documents. Returns whether more follows.
fn skip_blank(text: &mut impl BufRead) -> io::Result<bool> {
    const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x1e || BYTE_ORDER_MARK.contains(byte);
        let blank = buffer.iter().take_while(|byte| is_blank(byte)).count();
        let more = blank < buffer.len();
        text.consume(blank);
        if more {
            return Ok(true);
        }
    }
}

/// Document, or array of documents.
struct Documents<'f, T, F> {
    take: &'f mut F,
    document: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Documents<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Documents<'_, T, F> {
    type Value = ();

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a JSON object, or an array of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        (self.take)(T::deserialize(MapAccessDeserializer::new(map))?);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Documents { take: &mut *self.take, document: PhantomData::<T> })?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }

    fn read(text: &str) -> (Vec<String>, Result<(), String>) {
        let mut names = Vec::new();
        let result = each(text.as_bytes(), |named: Named| names.push(named.name));
        (names, result)
    }

    #[test]
    fn documents_come_alone_in_a_row_in_lines_and_in_arrays() {
        for text in [
            r#"{"name":"a"}{"name":"b"}"#,
            "{\"name\":\"a\",\"x\":[1]}\n{\"name\":\"b\"}\n",
            "\u{feff}[{\"name\":\"a\"},\r\n [{\"name\":\"b\"}]]",
            "\u{1e}{\"name\":\"a\"}\n\u{1e}{\"name\":\"b\"}\n",
        ] {
            assert_eq!(read(text), (vec!["a".to_owned(), "b".to_owned()], Ok(())), "{text}");
        }
        assert_eq!(read(" \n"), (Vec::new(), Ok(())));
    }

    #[test]
    fn what_came_before_a_fault_is_handed_over_and_the_fault_is_placed() {
        let (names, result) = read("{\"name\":\"a\"}\n{\"name\":");
        assert_eq!(names, ["a"]);
        assert!(result.unwrap_err().starts_with("the JSON document 2 ends too early"), "says where");
        for text in ["3", "\"x\"", "{", "[{\"name\":\"a\"}", "nonsense", "{\"name\":3}"] {
            assert!(read(text).1.is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_of_another_kind_is_named_and_the_rest_is_read() {
        for other in
            ["An error occurred (ExpiredToken)", "3", "\"x", "{\"name\":3}", "{\"name\":", "{name}", "]", "]]]"]
        {
            let (names, result) =
                read(&format!("{{\"name\":\"a\"}}\n{other}\n{{\"name\":\"b\"}}\n{{\"name\":\"c\"}}\n"));
            assert!(names.starts_with(&["a".to_owned()]) && names.ends_with(&["c".to_owned()]), "{other}: {names:?}");
            assert!(
                result.as_ref().is_err_and(|why| why.starts_with("the JSON document 2 cannot be read (line ")),
                "{result:?}"
            );
        }
        // Whole documents of several lines follow, and what is left of a broken one is not taken for one.
        let broken = "{\n  \"name\": [\n    {\"name\": \"inner\"}\n  ]\n}\n{\n  \"name\": \"b\"\n}\n";
        let (names, result) = read(broken);
        assert_eq!((names, result.is_err()), (vec!["b".to_owned()], true));
    }
}
