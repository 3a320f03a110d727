//! Names of secrets in assignments, and what of the value behind such a name is one.

use std::ops::Range;
use std::sync::LazyLock;

use super::random::{is_harmless, is_made, is_number, looks_random};

/// Fewest digits of a token that is a number, behind a colon.
const NUMBER: usize = 8;
/// Shortest signature without quotes; twice that, a key may be all letters.
pub(super) const LONG: usize = 16;

/// How much a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    /// Any value is one, also a word or a number.
    Password,
    /// The same, and words with blanks between them.
    Phrase,
    /// A short word that is also an ordinary one: only a value that is assigned, and is no number.
    Pass,
    /// A value that is assigned, or that looks made by a machine.
    Token,
    /// The same, but long.
    Signature,
    /// A scheme and a token.
    Authorization,
    /// Pairs up to the end of the header.
    Cookie,
    /// Personal data, which is masked only if asked for.
    Personal,
}

use NameKind::{Authorization, Cookie, Pass, Password, Personal, Phrase, Signature, Token};

/// The names, in lower case: the end of a key, in front of which more may stand (`db_password`, `clientSecret`). A blank
/// stands for `_`, `-`, `.`, nothing, or itself.
pub(super) static NAMES: &[(&str, NameKind)] = &[
    ("pass word", Password),
    ("passwd", Password),
    ("passwrd", Password),
    ("pwd", Password),
    ("pswd", Password),
    ("requirepass", Password),
    ("masterauth", Password),
    ("storepass", Password),
    ("keypass", Password),
    ("bindpw", Password),
    ("rootpw", Password),
    ("passwort", Password),
    ("kennwort", Password),
    ("wachtwoord", Password),
    ("passord", Password),
    ("lösenord", Password),
    ("mot de passe", Password),
    ("contraseña", Password),
    ("contrasena", Password),
    ("senha", Pass),
    ("hasło", Password),
    ("пароль", Password),
    ("Пароль", Password),
    ("密码", Password),
    ("密碼", Password),
    ("パスワード", Password),
    ("비밀번호", Password),
    ("psw", Pass),
    ("psk", Pass),
    ("passcode", Password),
    ("passphrase", Phrase),
    ("pass phrase", Phrase),
    ("seed phrase", Phrase),
    ("recovery phrase", Phrase),
    ("mnemonic", Phrase),
    ("pass", Pass),
    ("pw", Pass),
    ("_auth", Pass),
    ("secret", Token),
    ("secretstring", Password),
    ("secretbinary", Password),
    ("token", Token),
    ("jwt", Token),
    ("credential", Token),
    ("creds", Token),
    ("api key", Token),
    ("application key", Token),
    ("admin key", Token),
    ("aes key", Token),
    ("ssh key", Token),
    ("pre shared key", Token),
    ("sdk key", Token),
    ("ingestion key", Token),
    ("client key data", Token),
    ("openai key", Token),
    ("anthropic key", Token),
    ("stripe key", Token),
    ("sendgrid key", Token),
    ("mailgun key", Token),
    ("algolia key", Token),
    ("fastly key", Token),
    ("newrelic key", Token),
    ("twilio key", Token),
    ("mapbox key", Token),
    ("access key", Token),
    ("secret key", Token),
    ("private key", Token),
    ("account key", Token),
    ("encryption key", Token),
    ("signing key", Token),
    ("session key", Token),
    ("shared key", Token),
    ("master key", Token),
    ("auth key", Token),
    ("service key", Token),
    ("license key", Token),
    ("deploy key", Token),
    ("hmac key", Token),
    ("cipher key", Token),
    ("crypto key", Token),
    ("storage key", Token),
    ("functions key", Token),
    ("subscription key", Token),
    ("webhook key", Token),
    ("integration key", Token),
    ("app key", Token),
    ("client assertion", Token),
    ("code verifier", Token),
    ("samlresponse", Token),
    ("jsessionid", Token),
    ("phpsessid", Token),
    ("connect.sid", Token),
    ("net_sessionid", Token),
    ("laravel_session", Token),
    ("signature", Signature),
    ("sig", Signature),
    ("authorization", Authorization),
    ("cookie", Cookie),
    ("otp", Personal),
    ("pin", Personal),
    ("pin code", Personal),
    ("one time code", Personal),
    ("one time password", Personal),
    ("verification code", Personal),
    ("security code", Personal),
    ("cvv", Personal),
    ("cvc", Personal),
    ("ssn", Personal),
    ("private key id", Personal),
];

/// Ends of keys that are no secrets though their last word is a name of one: where the next page begins, what makes a
/// call count once.
static EXEMPT: &[&str] = &[
    "nexttoken",
    "next_token",
    "next-token",
    "pagetoken",
    "page_token",
    "continuationtoken",
    "continuation_token",
    "clientrequesttoken",
    "idempotencytoken",
    "idempotency_token",
    "sequencetoken",
    "sequence_token",
    "forwardtoken",
    "backwardtoken",
    "eostoken",
    "eos_token",
    "bos_token",
    "pad_token",
    "unexpected_token",
    "invalid_signature",
    "handler_signature",
    "content_sig",
    "method_signature",
    "function_signature",
];

/// What may follow a name within its key, as it is or behind `_` or `-`.
static ENDINGS: &[&str] = &[
    "s",
    "value",
    "values",
    "hash",
    "text",
    "plain",
    "plaintext",
    "str",
    "string",
    "raw",
    "base",
    "base64",
    "b64",
    "enc",
    "encrypted",
    "new",
    "old",
    "current",
    "previous",
    "confirm",
    "confirmation",
    "confirmed",
    "repeat",
    "again",
    "verify",
    "256",
    "512",
    "sha256",
    "sha512",
];

/// Words that may follow a name behind a joint or as in `passwordProd`, also several: where, when or for whom it is valid.
/// Those that make it another thing are not among them: a file, a type, a field, an address.
static QUALIFIERS: &[&str] = &[
    "prod",
    "production",
    "preprod",
    "dev",
    "devel",
    "development",
    "staging",
    "stage",
    "stg",
    "qa",
    "uat",
    "test",
    "testing",
    "live",
    "sandbox",
    "preview",
    "demo",
    "local",
    "ci",
    "next",
    "prev",
    "last",
    "temp",
    "tmp",
    "backup",
    "bak",
    "fallback",
    "primary",
    "secondary",
    "main",
    "alt",
    "replica",
    "eu",
    "us",
    "ap",
    "ca",
    "east",
    "west",
    "north",
    "south",
    "central",
    "northeast",
    "southeast",
    "rw",
    "ro",
    "read",
    "write",
    "readonly",
    "admin",
    "root",
    "app",
    "user",
    "api",
    "web",
    "svc",
    "internal",
    "external",
    "default",
    "db",
    "rds",
    "mysql",
    "pg",
    "postgres",
    "redis",
    "mongo",
    "smtp",
    "ftp",
    "clear",
    "cleartext",
    "val",
];

/// Words to which a short name is joined without a sign: `dbpass`, `adminpw`.
static FRONTS: &[&str] = &[
    "db", "user", "admin", "root", "my", "ftp", "smtp", "mail", "redis", "mq", "ssh", "vnc", "new", "old", "login",
    "sql", "mysql", "pg", "proxy", "rpc", "sudo", "ldap", "wifi", "mongo", "email", // `-Dpass`, of Java
    "d",
];

/// Parts of keys that say how many there are.
static COUNTING: &[&[u8]] = &[b"max", b"min", b"total", b"num", b"count", b"limit", b"used", b"sum", b"avg", b"tokens"];

/// Returns whether a key says how many there are: `tokens`, `max_token`.
pub(super) fn is_count(key: &[u8]) -> bool {
    let key = key.to_ascii_lowercase();
    key.ends_with(b"s") || COUNTING.iter().any(|word| memchr::memmem::find(&key, word).is_some())
}

/// Most that is looked at behind a name, with its joints.
const LONGEST_ENDING: usize = 32;

/// Longest key that is looked at.
const LONGEST_KEY: usize = 64;

/// The words to search for, each with the number of its name: all spellings.
pub(super) fn spellings() -> impl Iterator<Item = (String, usize)> {
    NAMES.iter().enumerate().flat_map(|(at, (name, _))| {
        let joints: &[&str] = if name.contains(' ') { &["_", "-", "", " ", "."] } else { &[""] };
        joints.iter().map(move |joint| (name.replace(' ', joint), at))
    })
}

/// Returns where the key begins and ends of which a name was found, unless the name is but a part of another word.
pub(super) fn key_around(text: &[u8], name: Range<usize>, kind: NameKind) -> Option<Range<usize>> {
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$');
    let ending = ending(&text[name.end..])?;
    let front = &text[name.start.saturating_sub(LONGEST_KEY)..name.start];
    let mut before = front.iter().rev().take_while(|byte| is_of_key(byte)).count();
    // An escape is no letter: `\npassword`.
    if before > 0 && front.len() > before && front[front.len() - before - 1] == b'\\' {
        before -= 1;
    }
    let key = name.start - before..name.end + ending;
    if matches!(kind, NameKind::Pass | NameKind::Signature | NameKind::Personal)
        && !begins_word(text, &key, name.start, kind)
    {
        return None;
    }
    let exempts = |key: &[u8]| {
        EXEMPT
            .iter()
            .any(|end| key.len() >= end.len() && key[key.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes()))
    };
    let is_exempt = before > 0 && (exempts(&text[key.clone()]) || exempts(&text[key.start..name.end]));
    (!is_exempt).then_some(key)
}

/// The names in all spellings, by their last byte.
static SPELLINGS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let mut by_last = vec![Vec::new(); 256];
    for (name, _) in spellings() {
        by_last[usize::from(name.bytes().next_back().unwrap_or_default())].push(name);
    }
    by_last
});

/// Returns whether a text ends in the name of a secret, also in quotes and with the sign of an assignment.
pub(super) fn ends_in_name(text: &[u8]) -> bool {
    let text = &text[text.len().saturating_sub(LONGEST_KEY)..];
    let is_around = |byte: &u8| byte.is_ascii_whitespace() || b"\\\"'=:>".contains(byte);
    let end = text.iter().rposition(|byte| !is_around(byte)).map_or(0, |at| at + 1);
    let text = text[..end].to_ascii_lowercase();
    let last = text.last().copied().unwrap_or_default();
    SPELLINGS[usize::from(last)].iter().any(|name| text.ends_with(name.as_bytes()))
}

/// Returns how long what follows a name within its key is; `None` if the name is the front of another word.
fn ending(behind: &[u8]) -> Option<usize> {
    let joins = |at: usize| behind.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
    let is_of_key = |at: usize, byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' && joins(at);
    let length = behind.iter().take(LONGEST_ENDING).enumerate().take_while(|(at, byte)| is_of_key(*at, **byte)).count();
    if length == 0 {
        return Some(0);
    }
    // `__token__` is the token, too.
    let end = behind[..length].iter().rposition(|byte| *byte != b'_').map_or(0, |at| at + 1);
    let whole = &behind[..end];
    let word = whole.strip_prefix(b"_").or(whole.strip_prefix(b"-")).unwrap_or(whole);
    let is_known = word.len() < 3 && word.iter().all(u8::is_ascii_digit)
        || ENDINGS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
        || length < LONGEST_ENDING && are_qualifiers(whole);
    is_known.then_some(length)
}

/// Returns whether all words are known that follow a name, each behind a joint or beginning with a capital or a digit.
fn are_qualifiers(text: &[u8]) -> bool {
    let mut rest = match text {
        [b's' | b'S', b'_' | b'-', ..] | [b's', b'A'..=b'Z', ..] => &text[1..],
        _ => text,
    };
    while !rest.is_empty() {
        let joint = usize::from(matches!(rest[0], b'_' | b'-'));
        let word = &rest[joint..];
        let ends = |pair: &[u8]| {
            !pair[1].is_ascii_alphanumeric() || pair[1].is_ascii_uppercase() && !pair[0].is_ascii_uppercase()
        };
        let length = word.windows(2).position(ends).map_or(word.len(), |at| at + 1);
        let is_apart = joint > 0 || word[0].is_ascii_uppercase() || word[0].is_ascii_digit();
        if !is_apart || !is_qualifier(&word[..length]) {
            return false;
        }
        rest = &word[length..];
    }
    true
}

/// Returns whether a word behind a name leaves it what it is: one that is known, a number, a year, a version.
fn is_qualifier(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"v").or(word.strip_prefix(b"V")).unwrap_or(word);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number && (digits.len() < 3 || digits.len() == 4 && digits.starts_with(b"20"))
        || QUALIFIERS.iter().chain(ENDINGS).any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Returns whether a short name is a word of its own in the key: `db_pass` and `dbPass`, not `bypass`. Some are joined to
/// what they belong to.
fn begins_word(text: &[u8], key: &Range<usize>, at: usize, kind: NameKind) -> bool {
    let first = text[at];
    let is_apart = at == key.start
        || !text[at - 1].is_ascii_alphanumeric()
        || first == b'_'
        || first.is_ascii_uppercase() && text[at - 1].is_ascii_lowercase();
    let front = &text[key.start..at];
    let length = front.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let front = &front[front.len() - length..];
    is_apart || kind == NameKind::Pass && FRONTS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(front))
}

/// A key of which the name was found.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) kind: NameKind,
    pub(super) key: Range<usize>,
    /// The byte in front of the key, a blank at the start.
    pub(super) before: u8,
    /// Whether a quote ends the key.
    pub(super) is_quoted: bool,
    /// Whether a sign of assignment follows, and no colon.
    pub(super) is_assigned: bool,
    /// Whether a blank stands behind the sign.
    pub(super) is_spaced: bool,
    /// Whether it says how many there are: a number is none of them.
    pub(super) is_count: bool,
}

/// Returns whether a value without quotes is a secret.
pub(super) fn is_secret(named: &Named, value: &[u8]) -> bool {
    if is_harmless(value) {
        return false;
    }
    let is_told = named.is_assigned || named.is_quoted;
    match named.kind {
        NameKind::Password | NameKind::Phrase => value.len() >= 4 || !is_number(value),
        NameKind::Pass => !is_number(value) && (is_told || value.len() >= LONG / 2 && is_made(value)),
        NameKind::Signature => value.len() >= LONG,
        NameKind::Personal => is_told || value.len() >= 3 && value.iter().all(u8::is_ascii_digit),
        NameKind::Token | NameKind::Authorization | NameKind::Cookie if is_number(value) => {
            let least = if named.is_assigned { NUMBER - 2 } else { NUMBER };
            value.len() >= least && value.iter().all(u8::is_ascii_digit) && !named.is_count
        }
        NameKind::Token | NameKind::Authorization | NameKind::Cookie => {
            is_told || looks_random(value) || value.len() >= 2 * LONG
        }
    }
}
