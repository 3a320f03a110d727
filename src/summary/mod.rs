//! The summary of attempts and verdicts: counts, outcomes of events, percentiles, findings, timelines.
//!
//! Every attempt becomes one [`Entry`] of fixed size in [`Entries`]. Nothing is counted before the end: entries are
//! sorted by function, request id and start, and one pass over them drops what was read twice, joins attempts to events
//! and adds up. So the result depends on neither the order of the input nor the number of threads, and memory grows
//! only with the number of attempts, up to a bound past which entries go to a temporary file.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod caught;
mod cause_key;
mod causes;
mod cells;
mod chains;
mod cloudwatch;
mod configured;
mod counted;
mod course;
mod decision;
mod distribution;
mod early;
mod entries;
mod entry;
mod few;
mod findings;
mod function;
mod guidance;
mod insights;
pub(crate) mod joined;
mod learnt;
mod names;
mod needs_person;
mod order;
mod patches;
mod pieces;
mod price;
mod record;
mod retries;
mod runs;
mod tables;
mod timeline;
mod to_check;
mod total;
mod traffic;
mod versions;

pub(crate) use chains::Outcome;
pub(crate) use configured::TimeoutSource;
pub(crate) use entries::{Entries, SharedTables, StreamNames};
pub(crate) use entry::Entry;
pub(crate) use findings::ExampleChoice;
pub(crate) use needs_person::LedgerEvent;
pub(crate) use patches::{FunctionOrigin, Patch, Patches};
pub(crate) use price::Prices;
pub(crate) use record::{record_of, reset};
pub(crate) use tables::NamelessPlace;
pub(crate) use total::{SummaryOptions, summarize};
