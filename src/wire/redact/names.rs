//! Names of secrets in assignments, and what of the value behind such a name is one.

use std::sync::LazyLock;

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
/// stands for `_`, `-`, nothing, or itself.
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
    ("api key", Token),
    ("access key", Token),
    ("secret key", Token),
    ("private key", Token),
    ("account key", Token),
    ("encryption key", Token),
    ("signing key", Token),
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

/// Parts of keys that say how many there are.
static COUNTING: &[&[u8]] = &[b"max", b"min", b"total", b"num", b"count", b"limit", b"used", b"sum", b"avg"];

/// Returns whether a key says how many there are: `tokens`, `max_token`.
pub(super) fn is_count(key: &[u8]) -> bool {
    let key = key.to_ascii_lowercase();
    key.ends_with(b"s") || COUNTING.iter().any(|word| memchr::memmem::find(&key, word).is_some())
}

/// Longest of them, with its joint.
const LONGEST_ENDING: usize = 16;

/// Longest key that is looked at.
const LONGEST_KEY: usize = 64;

/// The words to search for, each with the number of its name: all spellings.
pub(super) fn spellings() -> impl Iterator<Item = (String, usize)> {
    NAMES.iter().enumerate().flat_map(|(at, (name, _))| {
        let joints: &[&str] = if name.contains(' ') { &["_", "-", "", " "] } else { &[""] };
        joints.iter().map(move |joint| (name.replace(' ', joint), at))
    })
}

/// Returns where the key begins and ends of which a name was found, unless the name is but a part of another word.
pub(super) fn key_around(text: &[u8], name: std::ops::Range<usize>, kind: NameKind) -> Option<std::ops::Range<usize>> {
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$');
    let ending = ending(&text[name.end..])?;
    let front = &text[name.start.saturating_sub(LONGEST_KEY)..name.start];
    let mut before = front.iter().rev().take_while(|byte| is_of_key(byte)).count();
    // An escape is no letter: `\npassword`.
    if before > 0 && front.len() > before && front[front.len() - before - 1] == b'\\' {
        before -= 1;
    }
    let key = name.start - before..name.end + ending;
    if matches!(kind, NameKind::Pass | NameKind::Signature | NameKind::Personal | NameKind::Phrase)
        && !begins_word(text, &key, name.start)
    {
        return None;
    }
    let whole = &text[key.clone()];
    let is_exempt = before > 0
        && EXEMPT.iter().any(|end| {
            whole.len() >= end.len() && whole[whole.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
        });
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
    let word = behind[..length].strip_prefix(b"_").or(behind[..length].strip_prefix(b"-")).unwrap_or(&behind[..length]);
    let is_known = word.is_empty() && length == 0
        || word.len() < 3 && word.iter().all(u8::is_ascii_digit)
        || ENDINGS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word));
    is_known.then_some(length)
}

/// Returns whether a short name is a word of its own in the key: `db_pass` and `dbPass`, not `bypass`.
fn begins_word(text: &[u8], key: &std::ops::Range<usize>, at: usize) -> bool {
    let first = text[at];
    at == key.start
        || !text[at - 1].is_ascii_alphanumeric()
        || first == b'_'
        || first.is_ascii_uppercase() && text[at - 1].is_ascii_lowercase()
}
