//! Fast reader of START, END and REPORT exactly as Lambda writes them; [`super::canonical_json`] reads those in JSON.
//!
//! These are most of the lines that are not ordinary. Any deviation is left to the general readers, which go by label.

use std::str;

use crate::lambda::platform::{END, REPORT, START};
use crate::model::{Metrics, Report, RequestId, Statement, Status};

/// Parses a line of the platform in its canonical form; `None` for everything else.
#[must_use]
pub fn platform_line(message: &[u8]) -> Option<Statement<'_>> {
    let line = message.strip_suffix(b"\n").unwrap_or(message);
    match *line.first()? {
        b'S' => start(after(line, START.begin)?),
        b'E' => end(after(line, END.begin)?),
        b'R' => report(after(line, REPORT.begin)?),
        b'{' => super::platform_json_line(message),
        _ => None,
    }
}

#[inline(always)]
fn after<'m>(line: &'m [u8], begin: &str) -> Option<&'m [u8]> {
    line.strip_prefix(begin.as_bytes())?.strip_prefix(b" ")
}

fn start(rest: &[u8]) -> Option<Statement<'_>> {
    let (id, rest) = request_id(rest)?;
    let version = match rest.strip_prefix(b" Version: ")? {
        b"$LATEST" => "$LATEST",
        number if !number.is_empty() && number.iter().all(u8::is_ascii_digit) => str::from_utf8(number).ok()?,
        _ => return None,
    };
    Some(Statement::Start {
        id,
        version: Some(version),
        function_arn: None,
        tenant_id: None,
        xray_trace_id: None,
        json: false,
    })
}

fn end(rest: &[u8]) -> Option<Statement<'_>> {
    let (id, rest) = request_id(rest)?;
    rest.is_empty().then_some(Statement::End { id })
}

fn report(rest: &[u8]) -> Option<Statement<'_>> {
    let (id, rest) = request_id(rest)?;
    let (duration, rest) = hundredths(rest.strip_prefix(b"\tDuration: ")?)?;
    let (billed, rest) = number(rest.strip_prefix(b" ms\tBilled Duration: ")?)?;
    let (size, rest) = number(rest.strip_prefix(b" ms\tMemory Size: ")?)?;
    let (used, rest) = number(rest.strip_prefix(b" MB\tMax Memory Used: ")?)?;
    let mut rest = rest.strip_prefix(b" MB")?;
    let mut metrics = Metrics {
        duration_us: Some(duration),
        billed_ms: Some(billed),
        memory_size_mb: u32::try_from(size).ok(),
        max_memory_used_mb: u32::try_from(used).ok(),
        ..Metrics::default()
    };
    if let Some(after) = rest.strip_prefix(b"\tInit Duration: ") {
        let (init, after) = hundredths(after)?;
        metrics.init_us = Some(init);
        rest = after.strip_prefix(b" ms")?;
    }
    let mut report = Report {
        id,
        metrics,
        status: None,
        error_type: None,
        xray_trace_id: None,
        tenant_id: None,
        extension_overhead_us: None,
        emulated: false,
        json: false,
        whole: true,
    };
    if let Some(after) = rest.strip_prefix(b"\tStatus: ") {
        let (status, after) = word(after)?;
        report.status = Some(Status::parse(status)?);
        rest = after;
    }
    if let Some(after) = rest.strip_prefix(b"\tError Type: ") {
        let (error_type, after) = word(after)?;
        report.error_type = Some(error_type);
        rest = after;
    }
    rest = rest.strip_prefix(b"\t").unwrap_or(rest);
    if let Some(after) = rest.strip_prefix(b"\nXRAY TraceId: ") {
        let (trace_id, after) = word(after)?;
        report.xray_trace_id = Some(trace_id);
        // The segment id and the sampling flag are not needed.
        rest = if after.starts_with(b"\tSegmentId: ") && !after.contains(&b'\n') { b"" } else { after };
    }
    rest.is_empty().then_some(Statement::Report(report))
}

fn request_id(text: &[u8]) -> Option<(RequestId, &[u8])> {
    Some((RequestId::parse_prefix(text)?, text.get(RequestId::LENGTH..)?))
}

/// Parses the digits at the start: at most 10, so that computing with the value cannot overflow.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[..length].iter().fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    (1..=10).contains(&length).then(|| (value, &text[length..]))
}

/// Parses milliseconds with two decimals; returns microseconds.
fn hundredths(text: &[u8]) -> Option<(u64, &[u8])> {
    let (whole, rest) = number(text)?;
    let [b'.', tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = rest else { return None };
    if rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let hundredths = u64::from(tens - b'0') * 10 + u64::from(ones - b'0');
    Some((whole * 1_000 + hundredths * 10, rest))
}

/// Splits off a word without blanks, which ends at a tab or line end.
fn word(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr2(b'\t', b'\n', text).unwrap_or(text.len());
    let word = str::from_utf8(&text[..end]).ok()?;
    (!word.is_empty() && !word.contains(' ')).then(|| (word, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    /// The fast reader must read these lines, with the same result as the reader by label.
    #[test]
    fn agrees_with_the_readers_by_label() {
        let figures = "\tDuration: 3004.92 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 95 MB";
        let trace = "\nXRAY TraceId: 1-62e900b2-710d76f009d6e7785905449a\tSegmentId: 0efbd19962d95b05\tSampled: true";
        for line in [
            format!("START RequestId: {ID} Version: $LATEST\n"),
            format!("START RequestId: {ID} Version: 42"),
            format!("END RequestId: {ID}\n"),
            format!("REPORT RequestId: {ID}{figures}\t\n"),
            format!("REPORT RequestId: {ID}{figures}\tInit Duration: 423.98 ms\t\n"),
            format!("REPORT RequestId: {ID}{figures}\tStatus: timeout\n"),
            format!(
                "REPORT RequestId: {ID}{figures}\tInit Duration: 1.05 ms\tStatus: error\tError Type: Runtime.ExitError\n"
            ),
            format!("REPORT RequestId: {ID}{figures}\t{trace}\t\n"),
            format!("REPORT RequestId: {ID}{figures}\tStatus: error\tError Type: Runtime.OutOfMemory{trace}"),
        ] {
            let record = platform_line(line.as_bytes());
            assert!(record.is_some(), "{line}");
            assert_eq!(record, super::super::platform_text::parse(&line), "{line}");
        }
    }

    #[test]
    fn leaves_what_differs_to_them() {
        let figures = "\tDuration: 3004.92 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 95 MB";
        for line in [
            format!("START RequestId: {ID}\tVersion: 1"),
            format!("START RequestId: {ID} Version: $LATEST and more"),
            format!("END RequestId: {ID} Task timed out"),
            format!("REPORT RequestId: {ID}\tInit Duration: 0.27 ms\tDuration: 408.74 ms\tBilled Duration: 409 ms"),
            format!(
                "REPORT RequestId: {ID}\tDuration: 3.5 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB"
            ),
            "REPORT RequestId: none".to_owned(),
            format!("REPORT RequestId: {ID}{figures}\tStatus: \t"),
            format!("REPORT RequestId: {ID}{figures}\tStatus: error\tError Type: of two words"),
            "Results".to_owned(),
        ] {
            assert_eq!(platform_line(line.as_bytes()), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_read_as_digit_by_digit(text in "[0-9]{0,12}[^0-9]?.{0,9}|.{0,9}", high in 0u8..) {
            for text in [text.as_bytes(), &[text.as_bytes(), &[high, b'1', b'x', high]].concat()] {
                let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let value = str::from_utf8(&text[..digits]).expect("digits").parse::<u64>().ok();
                let want = value.filter(|_| digits <= 10).map(|value| (value, &text[digits..]));
                proptest::prop_assert_eq!(number(text), want);
            }
        }

        #[test]
        fn never_panics(tail in proptest::collection::vec(0u8.., 0..80)) {
            for head in ["START RequestId: ", "REPORT RequestId: ", "REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tDuration: "] {
                let line = [head.as_bytes(), &tail].concat();
                let _ = platform_line(&line);
            }
        }
    }
}
