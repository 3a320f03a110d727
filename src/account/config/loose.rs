//! Values as documents of configuration write them: of any type, or an intrinsic function of a template in their place.
//!
//! A value of another type than expected is no fault of the document, as it may belong to a resource of another kind; it
//! is not known then. Whatever is not named is dropped while it is parsed.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Longest text that is kept: longer than any name or ARN of AWS.
const LONGEST: usize = 2_048;
/// What stands for a part of a text that only a deployment knows.
pub(super) const UNKNOWN_PART: &str = "*";

/// Takes any scalar but a text for one value.
macro_rules! scalars {
    ($value:expr) => {
        fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
            text.write_str("anything")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

/// A scalar. In a text `${Id}` stands for what a template refers to, and `*` for what only a deployment knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Value {
    /// It is not there, or null.
    #[default]
    Absent,
    Text(String),
    Number(i64),
    Flag(bool),
    /// It is there, and nothing is known of it.
    Opaque,
}

/// What a document says of a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Setting<T> {
    /// Nothing, so it has its default.
    #[default]
    Unset,
    Is(T),
    /// It is set to something that only a deployment knows.
    Unknown,
}

impl<T: Copy> Setting<T> {
    /// Returns the value, or the default where it is not set.
    pub(super) fn or(self, default: T) -> Option<T> {
        match self {
            Self::Unset => Some(default),
            Self::Is(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl Value {
    /// Returns the text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a whole number, also one that is written as a text.
    pub(super) fn number(&self) -> Setting<i64> {
        match self {
            Self::Absent => Setting::Unset,
            Self::Number(number) => Setting::Is(*number),
            Self::Text(text) => text.trim().parse().map_or(Setting::Unknown, Setting::Is),
            Self::Flag(_) | Self::Opaque => Setting::Unknown,
        }
    }

    /// Returns a number that cannot be negative, if it is set and known.
    pub(super) fn count<N: TryFrom<i64>>(&self) -> Option<N> {
        match self.number() {
            Setting::Is(number) => N::try_from(number).ok(),
            _ => None,
        }
    }

    /// Returns yes or no, also one that is written as a text.
    pub(super) fn flag(&self) -> Setting<bool> {
        match self {
            Self::Absent => Setting::Unset,
            Self::Flag(flag) => Setting::Is(*flag),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Setting::Is(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Setting::Is(false),
            _ => Setting::Unknown,
        }
    }

    /// Returns whether something is set, if only a deployment knows what.
    pub(super) fn is_set(&self) -> bool {
        !matches!(self, Self::Absent) && self.text() != Some("")
    }

    /// Returns the value as a part of a longer text.
    fn part(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Absent | Self::Flag(_) | Self::Opaque => UNKNOWN_PART.to_owned(),
        }
    }
}

/// Returns what a template refers to: `${Id}`, or an unknown part where it is of AWS itself, such as the region.
fn reference(id: &str) -> String {
    let id = id.split('.').next().unwrap_or_default();
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { format!("${{{id}}}") } else { UNKNOWN_PART.to_owned() }
}

/// Returns the text of `Fn::Sub`, with its variables as references.
fn substituted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return UNKNOWN_PART.to_owned();
        };
        match name.trim().strip_prefix('!') {
            Some(literal) => out.push_str(literal),
            None => out.push_str(&reference(name.trim())),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// Returns a text, unless it is too long to be a name.
fn bounded(text: &str) -> Value {
    if text.len() <= LONGEST { Value::Text(text.to_owned()) } else { Value::Opaque }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Opaque, Value::Number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        // Templates that were converted have whole numbers with a fraction.
        let whole = number.fract() == 0.0 && number.abs() < 1e15;
        Ok(if whole { Value::Number(number as i64) } else { Value::Opaque })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(bounded(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Opaque)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut value = Value::Opaque;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "Ref" => {
                    value = match map.next_value::<Value>()?.text() {
                        Some("AWS::NoValue") => Value::Absent,
                        Some(id) => Value::Text(reference(id)),
                        None => Value::Opaque,
                    };
                }
                "Fn::GetAtt" => {
                    let id = map.next_value::<Argument>()?.0;
                    value = id.text().map_or(Value::Opaque, |id| Value::Text(reference(id)));
                }
                "Fn::Sub" => {
                    let text = map.next_value::<Argument>()?.0;
                    value = text.text().map_or(Value::Opaque, |text| Value::Text(substituted(text)));
                }
                "Fn::Join" => value = map.next_value::<Tolerant<JoinedText>>()?.0.map_or(Value::Opaque, |text| text.0),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(value)
    }
}

/// The text that an intrinsic function is given: alone, or the first of a list.
struct Argument(Value);

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyArgument;
        impl<'de> Visitor<'de> for AnyArgument {
            type Value = Argument;

            scalars!(Argument(Value::Opaque));

            fn visit_str<E>(self, text: &str) -> Result<Argument, E> {
                Ok(Argument(bounded(text)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Argument, A::Error> {
                IgnoredAny::deserialize(MapAccessDeserializer::new(map)).map(|_| Argument(Value::Opaque))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Argument, A::Error> {
                let first = items.next_element()?.unwrap_or(Value::Opaque);
                drain(&mut items).map(|()| Argument(first))
            }
        }
        deserializer.deserialize_any(AnyArgument)
    }
}

/// The text of `Fn::Join`: a separator, and the parts.
struct JoinedText(Value);

impl<'de> JsonPart<'de> for JoinedText {
    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        IgnoredAny::deserialize(MapAccessDeserializer::new(map)).map(|_| None)
    }

    fn of_list<A: SeqAccess<'de>>(mut items: A) -> Result<Option<Self>, A::Error> {
        let separator = items.next_element::<Value>()?.unwrap_or_default();
        let parts = items.next_element::<Tolerant<List<Value>>>()?.unwrap_or_default();
        drain(&mut items)?;
        let (Some(separator), Tolerant(Some(List(parts)))) = (separator.text(), parts) else { return Ok(None) };
        let text = parts.into_iter().map(Value::part).collect::<Vec<_>>().join(separator);
        Ok((text.len() <= LONGEST).then_some(Self(Value::Text(text))))
    }
}

/// An object or a list of some kind, or nothing where the document has something else in its place.
#[derive(Clone, Debug)]
pub(super) struct Tolerant<T>(pub(super) Option<T>);

impl<T> Default for Tolerant<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A list.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

/// A list of words, or an intrinsic function in the place of it or of some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum WordList {
    /// It is not there, or null.
    #[default]
    Unset,
    Are(Vec<Value>),
    /// It is there, and nothing is known of it.
    Unknown,
}

impl WordList {
    /// Returns whether it has a word, if that is known.
    pub(super) fn holds(&self, word: &str) -> Option<bool> {
        match self {
            Self::Unset => Some(false),
            Self::Unknown => None,
            Self::Are(words) if words.iter().any(|one| one.text() == Some(word)) => Some(true),
            // What only a deployment knows may be that word.
            Self::Are(words) => words.iter().all(|one| one.text().is_some_and(is_plain)).then_some(false),
        }
    }
}

/// Returns whether a text is that of the document, and not what stands for something that only a deployment knows.
fn is_plain(text: &str) -> bool {
    !text.contains("${") && !text.contains(UNKNOWN_PART)
}

impl<'de> Deserialize<'de> for WordList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyWordList;
        impl<'de> Visitor<'de> for AnyWordList {
            type Value = WordList;

            fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
                text.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<WordList, E> {
                Ok(WordList::Unset)
            }

            fn visit_bool<E>(self, _: bool) -> Result<WordList, E> {
                Ok(WordList::Unknown)
            }

            fn visit_i64<E>(self, _: i64) -> Result<WordList, E> {
                Ok(WordList::Unknown)
            }

            fn visit_u64<E>(self, _: u64) -> Result<WordList, E> {
                Ok(WordList::Unknown)
            }

            fn visit_f64<E>(self, _: f64) -> Result<WordList, E> {
                Ok(WordList::Unknown)
            }

            fn visit_str<E>(self, _: &str) -> Result<WordList, E> {
                Ok(WordList::Unknown)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WordList, A::Error> {
                let value = ValueVisitor.visit_map(map)?;
                Ok(if value == Value::Absent { WordList::Unset } else { WordList::Unknown })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<WordList, A::Error> {
                let words: Vec<Value> = Vec::deserialize(SeqAccessDeserializer::new(items))?;
                // `AWS::NoValue` takes its place out of the list.
                Ok(WordList::Are(words.into_iter().filter(|word| *word != Value::Absent).collect()))
            }
        }
        deserializer.deserialize_any(AnyWordList)
    }
}

/// What can be read of an object or of a list.
pub(super) trait JsonPart<'de>: Sized {
    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error>;
    fn of_list<A: SeqAccess<'de>>(items: A) -> Result<Option<Self>, A::Error>;
}

/// Drops what is left of a list.
fn drain<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de, T: Deserialize<'de>> JsonPart<'de> for List<T> {
    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        IgnoredAny::deserialize(MapAccessDeserializer::new(map)).map(|_| None)
    }

    fn of_list<A: SeqAccess<'de>>(items: A) -> Result<Option<Self>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(|items| Some(Self(items)))
    }
}

/// An object. Terraform writes a block as a list of objects: the first counts.
#[derive(Clone, Debug, Default)]
pub(super) struct JsonObject<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> JsonPart<'de> for JsonObject<T> {
    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Some(Self(object)))
    }

    fn of_list<A: SeqAccess<'de>>(mut items: A) -> Result<Option<Self>, A::Error> {
        let first = items.next_element::<Tolerant<Self>>()?;
        drain(&mut items)?;
        Ok(first.and_then(|first| first.0))
    }
}

impl<'de, T: JsonPart<'de>> Deserialize<'de> for Tolerant<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(std::marker::PhantomData<T>);
        impl<'de, T: JsonPart<'de>> Visitor<'de> for Any<T> {
            type Value = Tolerant<T>;

            scalars!(Tolerant(None));

            fn visit_str<E>(self, _: &str) -> Result<Tolerant<T>, E> {
                Ok(Tolerant(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tolerant<T>, A::Error> {
                T::of_map(map).map(Tolerant)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Tolerant<T>, A::Error> {
                T::of_list(items).map(Tolerant)
            }
        }
        deserializer.deserialize_any(Any(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_it_stands_for() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (json, want) in [
            ("null", Value::Absent),
            ("30", Value::Number(30)),
            ("30.0", Value::Number(30)),
            ("0.5", Value::Opaque),
            ("18446744073709551615", Value::Opaque),
            ("true", Value::Flag(true)),
            ("\"a\"", text("a")),
            ("[1,[2]]", Value::Opaque),
            ("{\"Ref\":\"Queue\"}", text("${Queue}")),
            ("{\"Ref\":\"AWS::NoValue\"}", Value::Absent),
            ("{\"Ref\":\"AWS::Region\"}", text("*")),
            ("{\"Ref\":[1]}", Value::Opaque),
            ("{\"Fn::GetAtt\":[\"Queue\",\"Arn\"]}", text("${Queue}")),
            ("{\"Fn::GetAtt\":\"Queue.Arn\"}", text("${Queue}")),
            ("{\"Fn::GetAtt\":3}", Value::Opaque),
            ("{\"Fn::Sub\":\"${AWS::StackName}-orders\"}", text("*-orders")),
            ("{\"Fn::Sub\":[\"a-${B}\",{\"B\":\"x\"}]}", text("a-${B}")),
            ("{\"Fn::Sub\":\"a${!b}c${d\"}", text("*")),
            ("{\"Fn::Join\":[\"\",[\"a-\",{\"Ref\":\"AWS::Region\"},{\"Ref\":\"B\"},3]]}", text("a-*${B}3")),
            ("{\"Fn::Join\":[\"\",{\"Ref\":\"B\"}]}", Value::Opaque),
            ("{\"Fn::If\":[\"c\",1,2]}", Value::Opaque),
        ] {
            assert_eq!(serde_json::from_str::<Value>(json).unwrap(), want, "{json}");
        }
    }

    #[test]
    fn what_only_a_deployment_knows_may_be_any_word() {
        for (json, want) in [
            ("null", Some(false)),
            ("[]", Some(false)),
            ("[\"a\"]", Some(true)),
            ("[\"b\"]", Some(false)),
            ("[\"b\",{\"Ref\":\"Kind\"}]", None),
            ("[\"a\",{\"Fn::If\":[\"c\",1,2]}]", Some(true)),
            ("[{\"Ref\":\"AWS::NoValue\"}]", Some(false)),
            ("{\"Fn::If\":[\"c\",[\"a\"],{\"Ref\":\"AWS::NoValue\"}]}", None),
            ("{\"Ref\":\"Kinds\"}", None),
            ("{\"Ref\":\"AWS::NoValue\"}", Some(false)),
            ("\"a\"", None),
        ] {
            assert_eq!(serde_json::from_str::<WordList>(json).unwrap().holds("a"), want, "{json}");
        }
    }

    #[test]
    fn what_is_of_another_kind_is_nothing() {
        let list = |json: &str| serde_json::from_str::<Tolerant<List<Value>>>(json).unwrap().0.map(|list| list.0.len());
        assert_eq!((list("[1,2]"), list("{\"a\":[1]}"), list("3"), list("null")), (Some(2), None, None, None));
        let object = |json: &str| {
            serde_json::from_str::<Tolerant<JsonObject<std::collections::BTreeMap<String, Value>>>>(json)
                .unwrap()
                .0
                .map(|object| object.0.len())
        };
        assert_eq!(
            (object("{\"a\":1}"), object("[{\"a\":1},{}]"), object("[]"), object("\"x\"")),
            (Some(1), Some(1), None, None)
        );
    }
}
