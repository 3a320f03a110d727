//! `json`: the summary, always the same bytes for the same answer.

use std::io::{self, Write};

use super::{Answer, Style};

pub(super) fn render(answer: &mut Answer<'_>, _style: &Style, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, answer.summary).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
