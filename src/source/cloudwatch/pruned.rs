//! JSON of an answer, cut down to the keys that are wanted while it is parsed: what else an account tells, such as the
//! environment variables of a function, is never held.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses a document and keeps the members of these names, wherever they stand.
pub(super) fn pruned(json: &[u8], wanted: &'static [&'static str]) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = KeptKeys(wanted).deserialize(&mut reader).ok()?;
    reader.end().ok().map(|()| value)
}

#[derive(Clone, Copy)]
struct KeptKeys(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KeptKeys {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeptKeys {
    type Value = Value;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            kept.push(item);
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if self.0.contains(&name.as_str()) {
                kept.insert(name, members.next_value_seed(self)?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_kept() {
        let text = br#"{"A":[{"B":1.5,"Secret":{"A":"x"}},true,null],"C":"y","B":-1}"#;
        let kept = pruned(text, &["A", "B"]).unwrap();
        assert_eq!(kept.to_string(), r#"{"A":[{"B":1.5},true,null],"B":-1}"#);
        assert!(pruned(b"{\"A\":", &["A"]).is_none() && pruned(b"{} x", &["A"]).is_none());
    }
}
