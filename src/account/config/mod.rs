//! The configuration of functions: timeouts, retries, destinations, mappings and queues, from what the AWS CLI,
//! CloudFormation and Terraform print.
//!
//! A kind of document is a file here with its [`Section`], and an entry in the list below. A document is known by its keys.
//! Whatever no section names is dropped while it is parsed, environment variables above all.

mod cloudformation;
mod description;
mod facts;
mod get_function;
mod get_function_concurrency;
mod get_function_configuration;
mod get_queue_attributes;
mod list_event_source_mappings;
mod list_function_event_invoke_configs;
mod list_functions;
mod loose;
mod of_function;
mod section;
mod terraform;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Read;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::documents;
use facts::ConfigFacts;
use section::Section;

pub(crate) use of_function::{AskedFunction, Described, FunctionConfig, MappingConfig, ToldFact};

/// Makes a document of all sections: a key is read by the first that takes it.
macro_rules! sections {
    ($($module:ident: $section:ident,)+) => {
        #[derive(Debug, Default)]
        struct ConfigDocument {
            $($module: $module::$section,)+
        }

        /// What can be read, for messages.
        const NAMES: &[&str] = &[$(<$module::$section as Section>::NAME,)+];

        impl ConfigDocument {
            fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
                $(if self.$module.take(key, map)? {
                    return Ok(());
                })+
                map.next_value::<IgnoredAny>().map(|_| ())
            }

            /// Adds what each section has to the facts. Returns whether any has something.
            fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
                let mut any = false;
                $(any |= self.$module.add(facts, input)?;)+
                Ok(any)
            }
        }
    };
}

sections! {
    list_functions: ListFunctions,
    get_function: GetFunction,
    get_function_configuration: GetFunctionConfiguration,
    list_event_source_mappings: ListEventSourceMappings,
    list_function_event_invoke_configs: ListFunctionEventInvokeConfigs,
    get_queue_attributes: GetQueueAttributes,
    get_function_concurrency: GetFunctionConcurrency,
    cloudformation: CloudFormation,
    terraform: Terraform,
}

impl<'de> Deserialize<'de> for ConfigDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DocumentKeys;
        impl<'de> Visitor<'de> for DocumentKeys {
            type Value = ConfigDocument;

            fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
                text.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConfigDocument, A::Error> {
                let mut document = ConfigDocument::default();
                while let Some(key) = map.next_key::<String>()? {
                    document.take(&key, &mut map)?;
                }
                Ok(document)
            }
        }
        deserializer.deserialize_map(DocumentKeys)
    }
}

/// All that is known of the configuration.
#[derive(Clone, Debug, Default)]
pub struct AwsConfig {
    facts: ConfigFacts,
}

impl AwsConfig {
    /// Reads the documents in a text. `input` is its name.
    ///
    /// Returns whether it holds anything of the kind.
    ///
    /// # Errors
    /// When it is not JSON, ends early, or cannot be used; what came before is used.
    pub(crate) fn read(&mut self, text: impl Read, input: &str) -> Result<bool, String> {
        let (mut known, mut wrong) = (0u64, None);
        let facts = &mut self.facts;
        let read = documents::each(text, |document: ConfigDocument| match document.add(facts, input) {
            Ok(true) => known += 1,
            Ok(false) => {}
            Err(reason) => wrong = wrong.take().or(Some(reason)),
        });
        read?;
        wrong.map_or(Ok(known > 0), Err)
    }

    /// Returns what is wrong with an input that holds nothing of the kind.
    pub(crate) fn nothing_found() -> String {
        format!("holds no configuration of functions; this option reads {}", NAMES.join(", "))
    }

    /// Returns whether nothing was told of any function, mapping or queue.
    pub(crate) fn is_empty(&self) -> bool {
        let ConfigFacts {
            functions,
            invoke_configs,
            unresolved_invoke_configs: _,
            mappings,
            queues,
            callers,
            notes: _,
        } = &self.facts;
        functions.is_empty()
            && invoke_configs.is_empty()
            && mappings.is_empty()
            && queues.is_empty()
            && callers.is_empty()
    }

    /// Finds what is known of a function; `None` if nothing is.
    pub(crate) fn function(&self, asked: AskedFunction<'_>) -> Option<FunctionConfig<'_>> {
        FunctionConfig::of(&self.facts, asked)
    }

    /// Returns what must be known about the documents.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.facts.notes.clone()
    }

    /// Puts what was read in an order that does not depend on that of the documents.
    pub(crate) fn settle(&mut self) {
        let ConfigFacts { functions, invoke_configs, unresolved_invoke_configs, mappings, queues, callers, notes } =
            &mut self.facts;
        unresolved_invoke_configs.sort_by(|a, b| (&a.source, &a.settings).cmp(&(&b.source, &b.settings)));
        // What was changed last counts first.
        functions.sort_by(|a, b| {
            let key = |one: &facts::FunctionFact| {
                (!one.function.name.is_exact(), one.source.form, std::cmp::Reverse(one.last_modified))
            };
            key(a).cmp(&key(b)).then_with(|| (&a.function, &a.source).cmp(&(&b.function, &b.source)))
        });
        invoke_configs.sort_by(|a, b| (&a.function, &a.source).cmp(&(&b.function, &b.source)));
        mappings
            .sort_by(|a, b| (&a.function, &a.source, &a.event_source).cmp(&(&b.function, &b.source, &b.event_source)));
        queues.sort_by(|a, b| (&a.source, &a.keys).cmp(&(&b.source, &b.keys)));
        callers.sort_by(|a, b| (&a.function, &a.kind, &a.source).cmp(&(&b.function, &b.kind, &b.source)));
        notes.sort_unstable();
        notes.dedup();
    }
}
