//! Format `ndjson`: the records, one per line.

use std::io::{self, Write};

use super::escape::JsonOut;
use super::{Answer, Style};

pub(super) fn render(answer: &mut Answer<'_>, _style: &Style, out: &mut dyn Write) -> io::Result<()> {
    match answer.records.as_deref_mut() {
        Some(records) => records.write_records(&mut JsonOut::new(out)),
        None => Ok(()),
    }
}
