//! Text logs: a prefix before every event, and a family of shapes that differ in the prefix.

pub(super) mod ansi;
pub(super) mod engine;
pub(super) mod own_time;
mod pretty_answer;

pub(super) mod any_prefix;
pub(super) mod bare;
pub(super) mod cli_messages;
pub(super) mod cli_text;
pub(super) mod console_copy;
pub(super) mod csv;
pub(super) mod iso_tab;
pub(super) mod known_prefix;
mod line_form;
mod newest_first;
pub(super) mod s3_export;
pub(super) mod serverless;
pub(super) mod written_time;

/// Iterates over the bytes of a text without its blanks, in which copies differ.
fn squeezed(text: &[u8]) -> impl Iterator<Item = &u8> {
    text.iter().filter(|byte| !byte.is_ascii_whitespace())
}
