//! Personal data, which is masked only if asked for: addresses of e-mail, numbers of cards and of social security.

use super::scan::Scan;

/// Digits of a card number.
const CARD: std::ops::RangeInclusive<usize> = 13..=19;
/// Longest part of an address in front of its sign.
const LONGEST_LOCAL: usize = 64;

/// Masks the personal data of a text that needs no name to be known.
pub(super) fn find(scan: &mut Scan<'_>) {
    let text = scan.text;
    for at in memchr::memchr_iter(b'@', text) {
        address(scan, at);
    }
    let mut at = 0;
    while let Some(start) = text[at..].iter().position(u8::is_ascii_digit).map(|length| at + length) {
        at = start
            + text[start..].iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-')).count();
        let is_inside =
            start > 0 && (text[start - 1].is_ascii_alphanumeric() || matches!(text[start - 1], b'.' | b'_' | b'-'));
        let is_followed = text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if !is_inside && !is_followed {
            number(scan, start, at);
        }
    }
}

/// Masks an address of e-mail around its sign.
fn address(scan: &mut Scan<'_>, sign: usize) {
    let text = scan.text;
    let is_local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let front = &text[sign.saturating_sub(LONGEST_LOCAL)..sign];
    let local = front.iter().rev().take_while(|byte| is_local(byte)).count();
    let is_domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let domain = text[sign + 1..].iter().take(255).take_while(|byte| is_domain(byte)).count();
    let domain = text[sign + 1..sign + 1 + domain].trim_ascii_end();
    let length = domain.iter().rposition(|byte| byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let has_dot = domain[..length].iter().skip(1).any(|byte| *byte == b'.');
    if local > 0 && has_dot {
        scan.mask(sign - local..sign + 1 + length);
    }
}

/// Masks a number of a card or of social security in a run of digits, blanks and dashes.
fn number(scan: &mut Scan<'_>, start: usize, end: usize) {
    let text = scan.text;
    let length = text[start..end].iter().rposition(u8::is_ascii_digit).map_or(0, |at| at + 1);
    let run = &text[start..start + length];
    let digits: Vec<u8> =
        run.iter().filter(|byte| byte.is_ascii_digit()).take(CARD.end() + 1).map(|byte| byte - b'0').collect();
    let is_social = matches!(run, [_, _, _, b'-', _, _, b'-', _, _, _, _]) && digits.len() == 9;
    if is_social || CARD.contains(&digits.len()) && has_check_digit(&digits) {
        scan.mask(start..start + length);
    }
}

/// Returns whether the digits have the check digit of cards (ISO/IEC 7812).
fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(*digit) << (at % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}
