//! REPORT lines whose head was spoilt or cut off: the figures behind the id tell what they are.

use super::text::BLANKS;
use crate::lambda::platform;
use crate::model::RequestId;

/// What stands before the id.
const HEAD: &str = "REPORT RequestId: ";
/// First bytes of a message among which the first figure begins.
const FIGURE_WITHIN: std::ops::Range<usize> = RequestId::LENGTH..RequestId::LENGTH + 32;
/// Label of the last figure.
const LAST_FIGURE: &str = "Max Memory Used:";
/// Label of the first figure.
const FIGURE: &str = "Duration:";
/// Letters of the first word that a line must have to be a beginning of REPORT.
const LEAST_BEGUN: usize = 4;
/// Characters of a head or an id that may be spoilt.
const MOST_SPOILT: usize = 2;

/// Returns whether a message has a figure of REPORT where the first one stands behind an id and little before that, or where
/// it stands if the beginning is missing. Cheap, as it is asked of most lines that begin with a letter.
#[inline]
pub(super) fn has_figure(message: &[u8]) -> bool {
    let window = &message[..message.len().min(FIGURE_WITHIN.end)];
    memchr::memchr2_iter(FIGURE.as_bytes()[0], LAST_FIGURE.as_bytes()[0], window)
        .any(|at| message[at..].starts_with(FIGURE.as_bytes()) || message[at..].starts_with(LAST_FIGURE.as_bytes()))
}

/// Returns whether a message is the end of a REPORT, of which the beginning stands elsewhere: its figures, each with the tab that
/// the platform writes before it. What is left of the beginning may be part of the id.
pub(super) fn is_rest(text: &str) -> bool {
    if !has_figure(text.as_bytes()) {
        return false;
    }
    let has = |label: &str| memchr::memmem::find(text.as_bytes(), label.as_bytes());
    let figures = [has("\tBilled Duration: "), has("\tMemory Size: "), has("\tMax Memory Used: ")];
    let Some(first) = figures.into_iter().flatten().min() else { return false };
    let is_unit = |text: &str| text.ends_with(" ms") || text.ends_with(" MB");
    // A copy may have broken the line before a label; then the REPORT stands above.
    let said = text.trim_start_matches(|char: char| !char.is_ascii_alphanumeric());
    if ["Duration:", "Billed Duration:", "Memory Size:", "Max Memory Used:"].iter().any(|label| said.starts_with(label))
    {
        return false;
    }
    let is_behind_other = text.get(..first).is_none_or(|before| before.contains(platform::REPORT.begin));
    !is_behind_other && text.get(..first).is_some_and(|before| is_unit(before) || before.len() <= REST_OF_FIGURE)
}

/// Bytes of a figure of which the beginning is missing.
const REST_OF_FIGURE: usize = 2;

/// Returns whether a message is a REPORT but for its first byte: objects and labels in brackets are too many to look further.
#[inline]
pub(super) fn lacks_first_byte(message: &[u8]) -> bool {
    message.get(1..HEAD.len()) == Some(&HEAD.as_bytes()[1..])
}

/// A REPORT that is known by its id and figures.
pub(super) struct Spoilt<'a> {
    pub(super) id: RequestId,
    /// What stands behind the id.
    pub(super) figures: &'a str,
    /// Whether what stands before the id is the rest of what the platform writes, or nearly that. Else something may quote the
    /// line.
    pub(super) as_written: bool,
}

/// Finds a REPORT by its id and figures, whatever stands before them.
pub(super) fn find(text: &str) -> Option<Spoilt<'_>> {
    if !has_figure(text.as_bytes()) {
        return None;
    }
    let figure = memchr::memmem::find(text.as_bytes(), FIGURE.as_bytes())?;
    let (before, figures) = (text.get(..figure)?, text.get(figure..)?);
    let is_report =
        figures.contains(" ms") && (figures.contains("Billed Duration:") || figures.contains("Memory Size:"));
    // One character may stand for the blank behind the id.
    let before = before.trim_end_matches(BLANKS);
    let at = before.len().checked_sub(RequestId::LENGTH);
    let mut ends = [at, at.and_then(|at| at.checked_sub(before.chars().next_back()?.len_utf8()))].into_iter().flatten();
    let (head, id) = ends.find_map(|at| {
        let id = before.get(at..at + RequestId::LENGTH)?;
        Some((before.get(..at)?, RequestId::parse(id.as_bytes())?))
    })?;
    // A function may print the label and the figures of another request, but hardly with the platform's tab.
    let has_tab = text.get(..figure)?.ends_with('\t');
    let is_rest = HEAD.ends_with(head) && (has_tab || head.len() > platform::REQUEST_ID.len() + 1);
    let as_written = is_rest || differs_little(head);
    // Behind other text, it is told of as a line that was not read.
    let is_behind_other = || head.contains(platform::REPORT.begin);
    (is_report && (as_written || !is_behind_other())).then_some(Spoilt { id, figures, as_written })
}

/// Returns whether a head differs from that of REPORT in few characters.
fn differs_little(head: &str) -> bool {
    let differ = head.chars().zip(HEAD.chars()).filter(|(one, other)| one != other).count();
    head.chars().count() == HEAD.len() && differ <= MOST_SPOILT
}

/// Returns whether the id with which a text begins is a UUID with few of its characters spoilt, so that it does not tell the
/// request. Masks take more of them.
pub(super) fn has_spoilt_id(text: &str) -> bool {
    const DIGITS: usize = 32;
    let word = text.find(char::is_whitespace).unwrap_or(text.len());
    let near = text.char_indices().nth(RequestId::LENGTH + 2 * MOST_SPOILT).map_or(text.len(), |(at, _)| at);
    let end = text[..near].find(['D', '\n']).map_or(word, |figure| figure.max(word));
    let id = text[..end].trim();
    let digits = id.bytes().filter(u8::is_ascii_hexdigit).count();
    let length = id.chars().count();
    (DIGITS - MOST_SPOILT..=DIGITS).contains(&digits) && length.abs_diff(RequestId::LENGTH) <= MOST_SPOILT
}

/// Returns whether a text is nothing but a beginning of REPORT.
pub(super) fn is_begun(text: &str) -> bool {
    let text = text.trim_end();
    text.len() >= LEAST_BEGUN && platform::REPORT.begin.starts_with(text)
}
