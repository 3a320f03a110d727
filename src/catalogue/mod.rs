//! What is known about failures: every code with its explanation, platform error types, error signatures.
//!
//! Data, and look-ups in it. Knows the model and nothing else of ours. Advice is state of the AWS documentation of
//! autumn 2026; a change in a table or a page is a change of [`CATALOGUE_VERSION`].
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod advice;
mod api_clients;
mod aws_codes;
mod call_words;
mod causes;
mod clients;
mod codes;
mod diagnosis;
mod grpc;
mod hosts;
mod http;
mod in_process;
mod invoker;
mod lambda_api;
mod language;
mod last_words;
mod namespaces;
mod own_server;
mod page;
mod particular;
mod platform;
mod runtimes;
mod sdk;
mod search;
mod services;
mod signatures;
mod start_words;
mod text;
mod words;

#[cfg(test)]
mod tests;

use crate::model::{Category, Compensation, PartialWork, Retryable};

pub(crate) use advice::{CpuTold, InsightsTold, Situation, advise};
pub(crate) use causes::{
    Wording, brief, hint_of_error, missing_module, target, title_in_function, title_of_error, title_with_target,
    wording,
};
pub use codes::CODES;
pub(crate) use diagnosis::{
    Diagnosis, codes_of_cut_name, codes_of_name, diagnose, diagnose_outgoing_call, may_be_call,
};
pub(crate) use http::HttpStatus;
pub(crate) use invoker::Invoker;
pub(crate) use language::{is_entrypoint, is_out_of_memory_type, load_failure_code, resource_limit_code};
pub(crate) use last_words::{lacks_memory, last_words, names_missing_code};
pub(crate) use own_server::is_of_own_server;
pub(crate) use particular::{ErrorTold, sent_nothing, with_line_number};
pub(crate) use platform::{PLATFORM_ERRORS, PlatformError, Stage, name_of_phrase, platform_error};
pub(crate) use runtimes::{RUNTIMES_AS_OF, is_durable, runtime_life};
pub(crate) use search::codes_with_words;
pub(crate) use start_words::start_failure_code;

/// Version of the catalogue: grows when a code, a signature or advice changes.
pub(crate) const CATALOGUE_VERSION: &str = "6";

/// One code.
#[derive(Debug)]
pub struct CodeInfo {
    /// `timeout.invoke`
    pub id: &'static str,
    /// Its category; `None` for an observation.
    pub category: Option<Category>,
    /// A few words for lists.
    pub title: &'static str,
    /// Whether the same work may be tried again, as far as the code alone tells.
    pub retryable: Retryable,
    /// How much of the work may have been done.
    pub partial_work: PartialWork,
    /// Whether something must be undone or finished.
    pub compensation: Compensation,
    /// What to do, in at most 28 columns, for lists.
    pub brief: &'static str,
    /// What to do, in one or two sentences.
    pub hint: &'static str,
    /// Its page in Markdown, with marks for the paragraphs on invokers.
    pub(crate) markdown: &'static str,
}

/// The code with this id.
#[must_use]
pub(crate) fn code(id: &str) -> Option<&'static CodeInfo> {
    CODES.iter().find(|code| code.id == id)
}
