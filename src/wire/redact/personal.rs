//! Personal data, which is masked only if asked for: addresses of e-mail, numbers of cards and of social security.

use super::scan::Scan;

/// First two digits of card numbers, and how many digits such a number has.
const CARDS: [(std::ops::RangeInclusive<u8>, &[usize]); 8] = [
    (22..=27, &[16]),
    (30..=30, &[14]),
    (34..=34, &[15]),
    (35..=35, &[16]),
    (36..=39, &[14, 15]),
    (40..=49, &[13, 16, 19]),
    (51..=55, &[16]),
    (60..=65, &[16, 17, 18, 19]),
];
/// Most digits of one.
const MOST_DIGITS: usize = 19;
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
        let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
        at = start + text[start..].iter().take_while(|byte| of_number(byte)).count();
        let end = start + text[start..at].iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
        let before = start.checked_sub(1).map_or(b' ', |at| text[at]);
        let is_inside = before.is_ascii_alphanumeric() || matches!(before, b'.' | b'_' | b'-');
        if !is_inside && !text.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            number(scan, start, end);
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
    let run = &text[start..end];
    let digits: Vec<u8> =
        run.iter().filter(|byte| byte.is_ascii_digit()).take(MOST_DIGITS + 1).map(|byte| byte - b'0').collect();
    let is_social = matches!(run, [_, _, _, b'-', _, _, b'-', _, _, _, _]) && digits.len() == 9;
    if is_social || is_card(&digits) {
        scan.mask(start..end);
    }
}

/// Returns whether the digits begin and end like those of a card: its network, its check digit (ISO/IEC 7812).
fn is_card(digits: &[u8]) -> bool {
    let [first, second, ..] = digits else { return false };
    let begins = first * 10 + second;
    if !CARDS.iter().any(|(known, lengths)| known.contains(&begins) && lengths.contains(&digits.len())) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(*digit) << (at % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
