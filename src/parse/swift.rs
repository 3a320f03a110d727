//! Lines of the Swift client: the sentence about a failed handler, behind the head of its logger.

use super::TextShape;
use super::exception::described;
use super::text::{first_line, split_at_first};
use crate::lambda::runtimes::SWIFT_FAILED;
use crate::model::{AppLine, ErrorForm, Level};

pub(super) const SHAPE: TextShape = TextShape { begins: &[SWIFT_FAILED], parse };

/// Bytes of the head, at most.
const LONGEST_HEAD: usize = 200;

fn parse(text: &str) -> Option<AppLine<'static>> {
    let (head, said) = split_at_first(first_line(text).0, SWIFT_FAILED)?;
    let said = said.trim_start_matches([':', ' ']);
    let error = Some(described(ErrorForm::Unhandled, "", said, ""));
    (head.len() <= LONGEST_HEAD).then_some(AppLine { level: Level::Error, error, ..AppLine::default() })
}
