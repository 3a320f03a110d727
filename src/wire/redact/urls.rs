//! Secrets in addresses: passwords and tokens before the host, parameters, and paths of webhooks.

use std::ops::Range;

use super::random::{is_harmless, is_made, looks_random};
use super::scan::Scan;
use super::value::joined_mask;

/// Parameters that are secrets in the query of an address only.
pub(super) static PARAMETERS: &[&str] =
    &["?code=", "&code=", "?auth=", "&auth=", "?key=", "&key=", "?sid=", "&sid=", "?state=", "&state="];

/// Addresses whose path is a secret from here on.
pub(super) static HOOKS: &[&str] = &[
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/webhookb2/",
    "outlook.office.com/webhook/",
    "hooks.zapier.com/hooks/catch/",
    "maker.ifttt.com/trigger/",
    "chat.googleapis.com/v1/spaces/",
    "events.pagerduty.com/integration/",
    "hook.integromat.com/",
    "open.feishu.cn/open-apis/bot/v2/hook/",
    "hook.eu1.make.com/",
    "hook.eu2.make.com/",
    "hook.us1.make.com/",
    "hook.us2.make.com/",
    "hc-ping.com/",
    ".loggly.com/inputs/",
    ".datadoghq.com/v1/input/",
    ".infura.io/v3/",
    ".g.alchemy.com/v2/",
    ".quiknode.pro/",
    // Of this one, the first part.
    "api.telegram.org/bot",
];

/// Networks behind the credentials of Go's data source names.
pub(super) static NETWORKS: &[&str] = &["@tcp(", "@tcp6(", "@unix("];

/// Shortest parameter that is a secret, and shortest name of a user that is a token.
const PARAMETER: usize = 8;
const TOKEN: usize = 16;
/// Longest name of a user with a password.
const LONGEST_USER: usize = 512;
/// Longest password that is looked for in front of a host alone.
const PASSWORD: usize = 96;

/// Masks the password, or the token in place of a user, behind `://`.
pub(super) fn user(scan: &mut Scan<'_>, found: Range<usize>) {
    let text = scan.text;
    let from = found.end;
    // An address in brackets is that of a host.
    if from < scan.no_user_until || text.get(from) == Some(&b'[') {
        return;
    }
    let is_over = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'<' | b'>' | b'`' | b'\\');
    let (mut colon, mut slash, mut sign) = (None, None, None);
    let mut at = from;
    while let Some(byte) = text.get(at).copied().filter(|byte| !is_over(*byte)) {
        match byte {
            b':' if colon.is_none() && slash.is_none() => {
                colon = Some(at);
                if let Some(end) = joined_mask(text, at + 1) {
                    at = end;
                    continue;
                }
            }
            b'@' => sign = Some(at),
            b'/' | b'?' | b'#' if sign.is_some() => break,
            b'?' | b'#' if colon.is_none() => break,
            b'/' => slash = slash.or(Some(at)),
            // The next address.
            b':' if text[at..].starts_with(b"://") => break,
            _ => {}
        }
        at += 1;
    }
    let Some(sign) = sign.or_else(|| sign_behind_blank(text, from, colon.filter(|_| slash.is_none())?, at)) else {
        scan.no_user_until = at;
        if scan.is_cut && at == text.len() && slash.is_none() {
            cut_user(scan, from, colon);
        }
        return;
    };
    match colon.filter(|colon| *colon < sign && colon - from <= LONGEST_USER) {
        Some(colon) => {
            let port = text[colon + 1..sign].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let is_port = slash.is_some_and(|slash| slash < sign && colon + 1 + port == slash);
            if !is_port && !is_harmless(&text[colon + 1..sign]) {
                scan.mask(colon + 1..sign);
            }
        }
        None => {
            let user = &text[from..sign];
            if slash.is_none_or(|slash| slash > sign) && user.len() >= TOKEN && looks_random(user) {
                scan.mask(from..sign);
            }
        }
    }
}

/// Returns where the sign behind a password with a blank in it stands; `at` is that of the blank.
fn sign_behind_blank(text: &[u8], from: usize, colon: usize, at: usize) -> Option<usize> {
    let front = &text[colon + 1..at];
    let user = &text[from..colon];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if text.get(at) != Some(&b' ')
        || front.is_empty()
        || front.iter().all(u8::is_ascii_digit)
        || !user.iter().all(is_name)
    {
        return None;
    }
    let rest = &text[at + 1..text.len().min(at + 1 + PASSWORD)];
    let word = rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    let sign = rest[..word].iter().rposition(|byte| *byte == b'@')?;
    let is_of_host = rest[sign + 1..word].iter().any(|byte| matches!(byte, b'/' | b':'));
    is_of_host.then_some(at + 1 + sign)
}

/// Masks the password in `user:password@host:port` without a scheme in front.
pub(super) fn without_scheme(scan: &mut Scan<'_>, sign: usize) {
    let text = scan.text;
    let front = &text[sign.saturating_sub(PASSWORD)..sign];
    let is_of_word = |byte: &u8| byte.is_ascii_graphic() && !b"\"'`<>(),;=/\\|".contains(byte);
    let word = front.iter().rev().take_while(|byte| is_of_word(byte)).count();
    let start = sign - word;
    let Some(colon) = memchr::memchr(b':', &text[start..sign]).map(|at| start + at) else { return };
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let host = sign + 1 + text[sign + 1..].iter().take(LONGEST_USER).take_while(|byte| is_host(byte)).count();
    let is_port = text.get(host) == Some(&b':') && text.get(host + 1).is_some_and(u8::is_ascii_digit);
    let has_dot = text[sign + 1..host].contains(&b'.');
    let is_path = text.get(host) == Some(&b'/') && has_dot;
    // Versions of packages stand behind such a sign, too: `npm:name@1.2.3`.
    let is_version = text.get(sign + 1).is_some_and(u8::is_ascii_digit) && !is_port;
    if colon > start && (is_port || is_path) && !is_version && is_made(&text[colon + 1..sign]) {
        scan.mask(colon + 1..sign);
    }
}

/// Masks what is left of a password or a token of which the rest was cut off, with the host.
fn cut_user(scan: &mut Scan<'_>, from: usize, colon: Option<usize>) {
    let rest = &scan.text[colon.map_or(from, |colon| colon + 1)..];
    let is_secret = match colon {
        Some(_) => !rest.iter().all(u8::is_ascii_digit),
        // Not a host of a local network: `ip-10-0-0-1`.
        None => rest.len() >= PARAMETER && rest.iter().all(u8::is_ascii_alphanumeric) && looks_random(rest),
    };
    if is_secret {
        scan.mask(scan.text.len() - rest.len()..scan.text.len());
    }
}

/// Masks the password in `user:password@tcp(host)`.
pub(super) fn before_network(scan: &mut Scan<'_>, found: Range<usize>) {
    let front = &scan.text[found.start.saturating_sub(LONGEST_USER)..found.start];
    let length = front.iter().rev().take_while(|byte| !byte.is_ascii_whitespace() && !b"\"'`=".contains(byte)).count();
    let start = found.start - length;
    let Some(colon) = scan.text[start..found.start].iter().position(|byte| *byte == b':') else { return };
    let secret = start + colon + 1..found.start;
    if !is_harmless(&scan.text[secret.clone()]) {
        scan.mask(secret);
    }
}

/// Masks a parameter that looks made by a machine.
pub(super) fn parameter(scan: &mut Scan<'_>, found: Range<usize>) {
    let rest = &scan.text[found.end..];
    let is_over = |byte: &u8| byte.is_ascii_whitespace() || b"&#\"'<>)],;\\`".contains(byte);
    let length = rest.iter().take_while(|byte| !is_over(byte)).count();
    let is_path = found.len() == 5 && rest[..length].iter().any(|byte| matches!(byte, b'/' | b'.'));
    if length >= PARAMETER && !is_path && looks_random(&rest[..length]) && !is_harmless(&rest[..length]) {
        scan.mask(found.end..found.end + length);
    }
}

/// Masks the rest of the path of a webhook.
pub(super) fn hook(scan: &mut Scan<'_>, found: Range<usize>) {
    let rest = &scan.text[found.end..];
    let has_parts = scan.text[..found.end].ends_with(b"/");
    let is_of_path =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"_-:=%@.".contains(byte) || has_parts && *byte == b'/';
    let length = rest.iter().take_while(|byte| is_of_path(byte)).count();
    let length = rest[..length].iter().rposition(|byte| *byte != b'.').map_or(0, |at| at + 1);
    if length >= PARAMETER {
        scan.mask(found.end..found.end + length);
    }
}
