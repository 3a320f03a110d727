//! JSON without a tree: a structural scanner, what log events look like in it, and the walk through documents.

mod brackets;
pub(super) mod event;
mod names;
pub(super) mod nesting;
pub(super) mod scan;
pub(super) mod tail;
mod texts;
pub(super) mod walk;

pub(super) mod any_nesting;
pub(super) mod carrier;
pub(super) mod filter_events;
pub(super) mod get_events;
pub(super) mod insights_json;
pub(super) mod ndjson;
pub(super) mod own_records;
pub(super) mod subscription;
pub(super) mod telemetry;
pub(super) mod text_in_json;
