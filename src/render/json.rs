//! Format `json`: the summary, always the same bytes for the same answer.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::escape::JsonOut;
use super::{Answer, Style};

pub(super) fn render(answer: &mut Answer<'_>, _style: &Style, out: &mut dyn Write) -> io::Result<()> {
    document(answer.summary, out)
}

/// Writes a document that is inert on a terminal and in a CI runner.
pub(crate) fn document(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    // The serialiser writes tokens of a few bytes; checking them in large blocks is much faster.
    let mut gathered = BufWriter::with_capacity(64 * 1024, JsonOut::new(out));
    serde_json::to_writer_pretty(&mut gathered, document).map_err(io::Error::from)?;
    gathered.flush()?;
    drop(gathered);
    out.write_all(b"\n")
}

/// Returns the same as text.
pub(crate) fn document_text(value: &impl Serialize) -> io::Result<String> {
    let mut out = Vec::new();
    document(value, &mut out)?;
    String::from_utf8(out).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Commands, View};
    use crate::wire::Summary;

    #[test]
    fn fits_its_schema_and_reads_back() {
        let summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        let mut out = Vec::new();
        render(
            &mut Answer { summary: &summary, commands: &Commands::default(), view: &View::default(), records: None },
            &Style::PLAIN,
            &mut out,
        )
        .unwrap();
        let schema = schemars::schema_for!(Summary).to_value();
        let value = serde_json::from_slice(&out).unwrap();
        jsonschema::validator_for(&schema).unwrap().validate(&value).unwrap();
        assert_eq!(serde_json::from_slice::<Summary>(&out).unwrap(), summary);
        assert!(out.ends_with(b"}\n"));
    }
}
