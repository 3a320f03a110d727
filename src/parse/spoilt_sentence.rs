//! Sentences about a failure that a copy spoilt, cut or split: the one about the time limit, and that about a process that
//! ended. What is left of one tells that something was lost there, so it is no line of the function.

use super::text::BLANKS;
use crate::lambda::platform;
use crate::model::RequestId;

/// Length of the time that the platform writes before the sentence about the time limit.
const TIME: usize = "2026-01-02T03:04:05.678Z".len();
/// Characters of a sentence that may be spoilt, all in one place.
const MOST_SPOILT: usize = 2;
/// Least characters of an id that was cut, with its first dash: other words may be hexadecimal digits, too.
const LEAST_OF_ID: usize = 9;
/// What stands between the id and the reason of the crash.
const ERROR: &str = "Error: ";
/// Code of a process that ended.
const EXIT: &str = "Runtime.ExitError";

/// Returns whether a message that begins with a digit may be what is left of the sentence about the time limit: behind time and
/// id, with blanks between, where runtimes have tabs. `rest` is what follows the time. Cheap, as it is asked of many lines.
#[inline]
pub(super) fn may_be_timeout(rest: &[u8]) -> bool {
    if rest.first() != Some(&b' ') || rest.get(9).is_some_and(|dash| *dash != b'-') {
        return false;
    }
    match rest.get(1 + RequestId::LENGTH..) {
        None => rest.len() > LEAST_OF_ID,
        Some([]) => true,
        Some([b' ', said @ ..]) => {
            said.len() < 2 || said[0] == b'T' || said.starts_with(b"ask") || said[1..].starts_with(b"ask")
        }
        Some(said) => said.starts_with(b"Task") || said[0] == b'-',
    }
}

/// Returns whether a message is a sentence about a failure, but for some of its characters, or the beginning of one.
pub(super) fn is_one(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'0'..=b'9') => is_timeout(text) || is_rest_of_crash(text),
        Some(_) => is_crash(text) || is_exit_code(text) || is_rest_of_crash(text),
        None => false,
    }
}

fn is_timeout(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_time = bytes.get(10) == Some(&b'T') && bytes.get(TIME - 1) == Some(&b'Z') && bytes.get(TIME) == Some(&b' ');
    let Some(rest) = text.get(TIME + 1..).filter(|_| has_time) else { return false };
    // The id may be spoilt, too, and its end.
    match id_and_rest(rest) {
        // So began errors of Node.js 6 over several lines.
        Some(said) if said.trim().is_empty() => false,
        // A function quotes the sentence.
        Some(said) if said.trim_start_matches(BLANKS).starts_with(['"', '\'', '`', '[', '(', '<']) => false,
        Some(said) => is_spoilt(said.trim_start_matches(BLANKS), platform::TIMED_OUT_WORDS),
        None => is_cut_id(rest) || rest.contains(platform::TASK_TIMED_OUT) && !rest.contains('\t'),
    }
}

fn is_crash(text: &str) -> bool {
    let Some(said) = text.strip_prefix(platform::REQUEST_ID) else {
        return is_spoilt_head(text);
    };
    let said = said.trim_start_matches(BLANKS);
    match id_and_rest(said) {
        // A function may print its id alone.
        Some(behind) if behind.trim().is_empty() => false,
        Some(behind) => is_spoilt(behind.trim_start_matches(BLANKS), ERROR) && says_exit(behind),
        None => is_cut_id(said) || said.contains(ERROR) && said.contains(platform::RUNTIME_EXITED),
    }
}

/// Returns whether what stands behind the id may be the beginning of the sentence: a function has words of its own there.
fn says_exit(behind: &str) -> bool {
    let behind = behind.trim_start_matches(BLANKS);
    match behind.strip_prefix(ERROR) {
        Some(reason) => reason.is_empty() || is_spoilt(reason, platform::RUNTIME_EXITED_WORDS),
        None => true,
    }
}

/// Returns whether a line names a request and its crash behind a label that is spoilt.
fn is_spoilt_head(text: &str) -> bool {
    const LONGEST: usize = platform::REQUEST_ID.len() + RequestId::LENGTH + 2 * ERROR.len();
    let near = &text.as_bytes()[..text.len().min(LONGEST)];
    let head = memchr::memmem::find(near, ERROR.as_bytes()).and_then(|at| text.get(..at)).map(str::trim_end);
    let Some(head) = head else { return false };
    let label = head.len().checked_sub(RequestId::LENGTH).and_then(|at| head.split_at_checked(at));
    label.is_some_and(|(label, id)| RequestId::parse(id.as_bytes()).is_some() && is_spoilt(label, platform::REQUEST_ID))
        && text.contains(platform::RUNTIME_EXITED)
}

/// Returns whether a line is the end of the crash line, of which the beginning stands elsewhere.
fn is_rest_of_crash(text: &str) -> bool {
    const LONGEST: usize = 2 * (RequestId::LENGTH + platform::RUNTIME_EXITED.len());
    let near = &text.as_bytes()[..text.len().min(LONGEST)];
    let Some(at) = memchr::memmem::find(near, platform::RUNTIME_EXITED.as_bytes()) else { return false };
    let Some(before) = text.get(..at).filter(|before| before.len() <= "RequestId:  Error: ".len() + RequestId::LENGTH)
    else {
        return false;
    };
    let Some(id) = before.strip_suffix(ERROR).map(|id| id.trim_end_matches(BLANKS)) else {
        return !before.is_empty() && ERROR.ends_with(before);
    };
    let id =
        id.rsplit_once(BLANKS).map_or(id, |(label, id)| if platform::REQUEST_ID.ends_with(label) { id } else { "" });
    !id.is_empty() && id.len() <= RequestId::LENGTH && id.bytes().all(is_of_id)
}

/// Returns whether a line is the code that stands below the crash line, cut or spoilt.
fn is_exit_code(text: &str) -> bool {
    const LEAST: usize = "Runtime.E".len();
    let code = text.trim_end();
    code.starts_with("Run")
        && code.len() >= LEAST
        && code.len() <= EXIT.len() + MOST_SPOILT
        && !code.contains(' ')
        && is_spoilt(code, EXIT)
}

/// Returns what follows a UUID at the start of a text; a letter of what follows may stand directly behind it.
fn id_and_rest(text: &str) -> Option<&str> {
    RequestId::parse(text.get(..RequestId::LENGTH)?.as_bytes())?;
    text.get(RequestId::LENGTH..)
}

/// Returns whether a text is nothing but the beginning of a UUID.
fn is_cut_id(text: &str) -> bool {
    let id = text.trim_end();
    (LEAST_OF_ID..RequestId::LENGTH).contains(&id.len())
        && id.bytes().all(is_of_id)
        && [8, 13, 18, 23].iter().all(|dash| id.as_bytes().get(*dash).is_none_or(|byte| *byte == b'-'))
}

fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'-'
}

/// Returns whether a text begins with a sentence of which few characters in one place are others or missing, or is the beginning
/// of one.
pub(super) fn is_spoilt(text: &str, sentence: &str) -> bool {
    let text = text.trim_end();
    let same = text.bytes().zip(sentence.bytes()).take_while(|(one, other)| one == other).count();
    let (Some(rest), Some(wanted)) = (text.as_bytes().get(same..), sentence.as_bytes().get(same..)) else {
        return false;
    };
    if rest.is_empty() {
        return same > 0;
    }
    // A sign that stands for what cannot be read takes three bytes.
    (0..=MOST_SPOILT).any(|lost| {
        (0..=MOST_SPOILT + 1).any(|put| {
            let (Some(rest), Some(wanted)) = (rest.get(put..), wanted.get(lost..)) else { return false };
            // So much must be there that it is no other word.
            (rest.starts_with(wanted) || wanted.starts_with(rest)) && same + rest.len().min(wanted.len()) >= LEAST_SAME
        })
    })
}

/// Characters of a spoilt sentence that must be as they are written.
const LEAST_SAME: usize = 4;
