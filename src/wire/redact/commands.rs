//! Flags of programs whose value is a password, where their name does not say so.

use std::ops::Range;

use super::random::is_harmless;
use super::scan::Scan;
use super::value::joined_mask;

/// A flag of a program.
struct SecretFlag {
    program: &'static str,
    flag: &'static str,
    /// Where the secret is.
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// `user:password` in the next argument, or joined to the flag.
    Pair,
    /// The password is joined to the flag.
    Joined,
    /// The password is the next argument.
    Next,
    /// `key=value` in the next argument, or joined to the flag.
    Assigned,
    /// The password is the argument behind the one that begins with the flag.
    Behind,
    /// The password is an argument without a flag: the one behind a name, or behind a file and a name.
    Position,
}

const fn flag(program: &'static str, flag: &'static str, holds: Holds) -> SecretFlag {
    SecretFlag { program, flag, holds }
}

static FLAGS: &[SecretFlag] = &[
    flag("curl", "-u", Holds::Pair),
    flag("curl", "--user", Holds::Pair),
    flag("curl", "-U", Holds::Pair),
    flag("curl", "--proxy-user", Holds::Pair),
    flag("mysql", "-p", Holds::Joined),
    flag("mysqldump", "-p", Holds::Joined),
    flag("mysqladmin", "-p", Holds::Joined),
    flag("mariadb", "-p", Holds::Joined),
    flag("sshpass", "-p", Holds::Joined),
    flag("sshpass", "-p", Holds::Next),
    flag("redis-cli", "-a", Holds::Next),
    flag("docker login", "-p", Holds::Next),
    flag("podman login", "-p", Holds::Next),
    flag("helm registry login", "-p", Holds::Next),
    flag("az login", "-p", Holds::Next),
    flag("ldapsearch", "-w", Holds::Next),
    flag("ldapmodify", "-w", Holds::Next),
    flag("sqlcmd", "-P", Holds::Next),
    flag("bcp", "-P", Holds::Next),
    flag("mongo", "-p", Holds::Next),
    flag("mongosh", "-p", Holds::Next),
    flag("mongodump", "-p", Holds::Next),
    flag("unzip", "-P", Holds::Next),
    flag("zip", "-P", Holds::Next),
    flag("smbclient", "-U", Holds::Pair),
    flag("kubectl", "--from-literal", Holds::Assigned),
    flag("gh secret set", "-b", Holds::Next),
    flag("gh secret set", "--body", Holds::Next),
    flag("htpasswd", "-", Holds::Position),
    flag("net use", "/user:", Holds::Behind),
    flag("openssl", "-passin", Holds::Pair),
    flag("openssl", "-passout", Holds::Pair),
    flag("openssl", "-pass", Holds::Pair),
    flag("openssl", "-k", Holds::Next),
    flag("openssl", "-K", Holds::Next),
];

/// Most bytes of a command.
const LONGEST: usize = 512;

/// The programs, each once, with the number of its first flag.
pub(super) fn programs() -> impl Iterator<Item = (&'static str, usize)> {
    let is_first = |at: usize| FLAGS[..at].iter().all(|one| one.program != FLAGS[at].program);
    FLAGS.iter().enumerate().filter(move |(at, _)| is_first(*at)).map(|(at, one)| (one.program, at))
}

/// Masks the secrets among the arguments of a program.
pub(super) fn arguments(scan: &mut Scan<'_>, found: Range<usize>, first: usize) {
    let text = scan.text;
    if found.start < scan.command_until || text.get(found.end).is_none_or(|byte| is_of_word(*byte)) {
        return;
    }
    if found.start > 0 && is_of_word(text[found.start - 1]) {
        return;
    }
    let line = text[found.end..].iter().take(LONGEST).take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
    let end = found.end + line;
    let mut at = found.end;
    let mut waiting = None;
    // Arguments without a flag before the password, once a flag says that there is one.
    let (mut places, mut positions) = (0, None);
    let mut last: Option<Range<usize>> = None;
    while let Some(argument) = argument(&text[..end], at) {
        at = argument.end;
        let before = last.replace(argument.clone());
        if let Some(holds) = waiting.take() {
            // The text of JSON that the command stands in is over: a key follows.
            if matches!(text[argument.end..], [b'"', b':', ..] | [b'\\', b'"', b':', ..]) {
                break;
            }
            mask_argument(scan, argument, holds);
            continue;
        }
        let word = &text[argument.clone()];
        if !word.starts_with(b"-") {
            places += 1;
            if positions == Some(places) {
                mask_argument(scan, argument.clone(), Holds::Next);
                // What follows may be the same command again.
                break;
            }
        }
        for one in FLAGS.iter().filter(|one| one.program == FLAGS[first].program) {
            let Some(rest) = word.strip_prefix(one.flag.as_bytes()) else { continue };
            let joined = argument.end - rest.len()..argument.end;
            match (rest, one.holds) {
                (flags, Holds::Position) if flags.contains(&b'b') && !flags.starts_with(b"-") => {
                    positions = Some(if flags.contains(&b'n') { 2 } else { 3 });
                }
                ([_, ..], Holds::Behind) => match before.clone().filter(|before| is_before_user(text, before)) {
                    Some(before) => mask_argument(scan, before, Holds::Next),
                    None => waiting = Some(Holds::Next),
                },
                ([], Holds::Joined) | ([_, ..], Holds::Next) | (_, Holds::Position | Holds::Behind) => {}
                ([], holds) => waiting = Some(holds),
                ([b'=', ..], holds) => mask_argument(scan, joined.start + 1..joined.end, holds),
                (_, holds) if one.flag.len() == 2 => mask_argument(scan, joined, holds),
                _ => {}
            }
        }
    }
    scan.command_until = at;
}

/// Returns whether an argument of `net use` is a password: neither a drive nor a part of a share, which others of its kind
/// precede.
fn is_before_user(text: &[u8], argument: &Range<usize>) -> bool {
    let word = &text[argument.clone()];
    let is_apart = argument.start > 0 && text[argument.start - 1] == b' ';
    is_apart && !word.ends_with(b":") && !word.starts_with(b"/") && word != b"*"
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Returns the next argument: of a command, or of a list of strings.
fn argument(text: &[u8], from: usize) -> Option<Range<usize>> {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`,[]()\\".contains(byte);
    let start = from + text[from..].iter().take_while(|byte| is_between(byte)).count();
    let mut end = start;
    while text.get(end).is_some_and(|byte| !is_between(byte)) {
        end += 1;
        // What others masked is a part of it.
        end = joined_mask(text, end).unwrap_or(end);
    }
    (end > start).then_some(start..end)
}

fn mask_argument(scan: &mut Scan<'_>, argument: Range<usize>, holds: Holds) {
    let value = &scan.text[argument.clone()];
    let secret = match holds {
        Holds::Pair | Holds::Assigned => {
            let signs: &[u8] = if holds == Holds::Pair { b":%" } else { b"=" };
            let Some(colon) = value.iter().position(|byte| signs.contains(byte)) else { return };
            argument.start + colon + 1..argument.end
        }
        Holds::Joined | Holds::Next | Holds::Behind | Holds::Position => argument,
    };
    if !is_harmless(&scan.text[secret.clone()]) {
        scan.mask(secret);
    }
}
