//! What a kind of document of configuration can do: take its keys, and add what they tell to the facts.

use serde::de::MapAccess;

use super::facts::ConfigFacts;

/// Kind of document, while one is read: it has the keys of the document that are its own.
pub(super) trait Section: Default {
    /// What writes such a document, for messages.
    const NAME: &'static str;

    /// Reads the value of a key if it is one of its own. Returns whether it is.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Adds what was read to the facts. Returns whether there was something of this kind.
    ///
    /// # Errors
    /// When a document of this kind cannot be used, with the reason.
    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String>;
}

/// Makes [`Section::take`] from the keys of a section, each with the field that it fills.
macro_rules! takes {
    ($($key:literal => $($field:tt).+,)+) => {
        fn take<'de, A: serde::de::MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
            match key {
                $($key => self.$($field).+ = map.next_value()?,)+
                _ => return Ok(false),
            }
            Ok(true)
        }
    };
}
pub(super) use takes;
