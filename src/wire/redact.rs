//! Masking of secrets in text from logs, before it reaches any output.
//!
//! One search for the words that secrets come with decides which rules look at a text at all: ordinary text costs
//! little. A mask keeps the name of what it hides, and text that is masked stays as it is when masked again.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::{Captures, Regex};

/// What stands in place of a secret.
const MASK: &str = "[redacted]";

/// Rounds of masking at most.
const MOST_ROUNDS: usize = 4;

/// How text from logs is masked.
#[derive(Clone, Debug)]
pub struct Redaction {
    enabled: bool,
}

impl Redaction {
    /// Masks what looks like a secret.
    #[must_use]
    pub fn on() -> Self {
        Self { enabled: true }
    }

    /// Leaves text as it is (`--no-redact`).
    #[must_use]
    pub fn off() -> Self {
        Self { enabled: false }
    }

    /// The text with secrets masked.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        if !self.enabled {
            return text.to_owned();
        }
        let mut wanted = [false; RULES.len()];
        for found in RULEBOOK.words.find_overlapping_iter(text) {
            wanted[RULEBOOK.rule_of_word[found.pattern().as_usize()]] = true;
        }
        let mut text = Cow::Borrowed(text);
        // A mask can complete the form that an earlier rule looks for; that is rare, and settles at once.
        for _ in 0..MOST_ROUNDS {
            let Cow::Owned(masked) = masked_once(&text, &wanted) else { break };
            if masked == *text {
                break;
            }
            text = Cow::Owned(masked);
        }
        text.into_owned()
    }
}

/// Every wanted rule in turn; borrowed where none found anything.
fn masked_once<'t>(text: &'t str, wanted: &[bool]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for ((rule, regex), _) in RULES.iter().zip(&RULEBOOK.regexes).zip(wanted).filter(|(_, wanted)| **wanted) {
        let Some(regex) = regex.get_or_init(|| Regex::new(rule.pattern).ok()) else { continue };
        if let Cow::Owned(masked) = regex.replace_all(&text, |found: &Captures<'_>| (rule.mask)(found)) {
            text = Cow::Owned(masked);
        }
    }
    text
}

/// One kind of secret.
struct SecretPattern {
    /// Without one of these words, in any case, the rule has nothing to do.
    words: &'static [&'static str],
    pattern: &'static str,
    /// What stands in place of a match.
    mask: fn(&Captures<'_>) -> String,
}

/// In this order: what is longest first, so that a key is whole when its rule sees it.
static RULES: [SecretPattern; 10] = [
    SecretPattern {
        words: &["private key"],
        pattern: r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
        mask: whole,
    },
    SecretPattern {
        // A header of JSON that was encoded begins so: JSON web tokens, sessions.
        words: &["eyJ"],
        pattern: r"\beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,4}",
        mask: whole,
    },
    SecretPattern {
        words: &["akia", "asia", "abia", "acca"],
        pattern: r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
        mask: whole,
    },
    SecretPattern {
        // Tokens that tell their issuer: GitHub, GitLab, Slack, Stripe, npm, Google, OpenAI and Anthropic, SendGrid.
        words: &[
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "xox",
            "sk_",
            "rk_",
            "whsec_",
            "npm_",
            "aiza",
            "sk-",
            "sg.",
            "hooks.slack.com",
        ],
        pattern: r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/]{16,}|npm_[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{30,}|sk-[A-Za-z0-9_-]{32,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hooks\.slack\.com/services/[A-Za-z0-9/]+)",
        mask: whole,
    },
    SecretPattern {
        words: &["://"],
        pattern: r#"(://[^\s/?\#:@"'<>]*:)([^\s/"'<>]+)@"#,
        mask: |found| format!("{}{MASK}@", &found[1]),
    },
    SecretPattern {
        words: &["authorization"],
        pattern: r#"(?i)(\bauthorization\\*["']?\s{0,4}(?:=>|[:=])\s{0,4}\\*["']?)(?:(AWS4-[A-Z0-9-]+ )[^"'\r\n]+|((?:bearer|basic|digest|negotiate|token|apikey) +)?([A-Za-z0-9._~+/=:-]{6,}))"#,
        mask: authorization,
    },
    SecretPattern {
        words: &["--"],
        pattern: r#"(?i)(--[a-z-]*(?:password|passwd|token|secret|api-key) +)([^\s"'-][^\s"']*)"#,
        mask: after_name,
    },
    SecretPattern {
        words: &["</"],
        pattern: r"(?i)(<[\w:.-]*(?:passw(?:or)?d|secret|token|api[_-]?key)>)([^<]+)",
        mask: after_name,
    },
    SecretPattern {
        words: &["bearer", "basic"],
        pattern: r"(?i)\b((?:bearer|basic)\s+)([A-Za-z0-9._~+/-]{8,}=*)",
        mask: |found| if looks_random(&found[2]) { format!("{}{MASK}", &found[1]) } else { found[0].to_owned() },
    },
    SecretPattern {
        words: &[
            "passw",
            "passphrase",
            "pwd",
            "_pass",
            "secret",
            "token",
            "api_key",
            "api-key",
            "apikey",
            "access_key",
            "access-key",
            "accesskey",
            "private_key",
            "privatekey",
            "private-key",
            "signature",
            "sig=",
            "credential",
        ],
        pattern: r#"(?i)(?P<before>[:/]?)(?P<key>\b[A-Z0-9_.-]*(?:passw(?:or)?d|passphrase|pwd|_pass|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|signature|\bsig|credentials?))(?P<quote>\\*["']?)(?P<sep>\s{0,4}(?:=>|[:=])\s{0,4}\[?\s{0,4})(?:(?P<open>")(?P<text>(?:[^"\\\r\n]|\\.)*)|(?P<open1>\\")(?P<text1>(?:[^"\\\r\n]|\\\\\\"|\\\\[^"\\]|\\[^"\\])*)|(?P<open2>\\{2,}")(?P<text2>[^"\\\r\n]*)|(?P<tick>')(?P<ticked>[^'\r\n]*)|(?P<bare>[^\s"',;&{}()\]\\>=][^\s"',;&}\]\\)]*))"#,
        mask: key_and_value,
    },
];

/// The rules made ready.
struct Rulebook {
    words: AhoCorasick,
    /// The rule that a word wakes.
    rule_of_word: Vec<usize>,
    /// Made when it is wanted first: most never are. `None` for a pattern that does not compile, which a test excludes.
    regexes: [OnceLock<Option<Regex>>; RULES.len()],
}

static RULEBOOK: LazyLock<Rulebook> = LazyLock::new(|| {
    let listed =
        || RULES.iter().enumerate().flat_map(|(index, rule)| rule.words.iter().map(move |word| (index, *word)));
    // Every text that is shown is searched, and the words are few: the fastest automaton is soon built.
    let kind = Some(AhoCorasickKind::DFA);
    let words = || listed().map(|(_, word)| word);
    let searched = AhoCorasick::builder().kind(kind).ascii_case_insensitive(true).build(words());
    let nothing = || AhoCorasick::builder().build(std::iter::empty::<&str>());
    #[expect(clippy::expect_used, reason = "the words are constants; a test builds them")]
    let words = searched.or_else(|_| nothing()).expect("a few short words");
    Rulebook {
        words,
        rule_of_word: listed().map(|(index, _)| index).collect(),
        regexes: [const { OnceLock::new() }; RULES.len()],
    }
});

fn whole(_found: &Captures<'_>) -> String {
    MASK.to_owned()
}

fn after_name(found: &Captures<'_>) -> String {
    format!("{}{MASK}", &found[1])
}

/// Keeps the scheme. Without one, only what looks made by a machine: "authorization: required" is no secret.
fn authorization(found: &Captures<'_>) -> String {
    let scheme = found.get(2).or(found.get(3)).map_or("", |scheme| scheme.as_str());
    let bare = found.get(4).map_or("", |token| token.as_str());
    if scheme.is_empty() && !looks_random(bare) {
        return found[0].to_owned();
    }
    format!("{}{scheme}{MASK}", &found[1])
}

/// Keeps the name, quotes and separator. A plain word after `name: ` is prose unless the name says password.
fn key_and_value(found: &Captures<'_>) -> String {
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let (key, sep, bare) = (part("key").to_ascii_lowercase(), part("sep"), part("bare"));
    let value = [bare, part("text"), part("text1"), part("text2"), part("ticked")].concat();
    let assigned = sep.contains('=') || !part("quote").is_empty();
    let signature = key.ends_with("signature") || key.ends_with("sig");
    let is_secret = if harmless(&value) || (part("before") == ":" && sep == ":") || (signature && bare.len() < 16) {
        false
    } else if bare.is_empty() {
        true
    } else if assigned {
        !(sep.contains(':') && bare.parse::<f64>().is_ok())
    } else {
        key.contains("pass") || key.contains("pwd") || key.contains("key") || looks_random(bare)
    };
    if !is_secret {
        return found[0].to_owned();
    }
    let kept =
        [part("before"), part("key"), part("quote"), sep, part("open"), part("open1"), part("open2"), part("tick")]
            .concat();
    format!("{kept}{MASK}")
}

/// Not a secret, whatever its name: nothing, a word for nothing, or masked already.
fn harmless(value: &str) -> bool {
    const NOTHING: [&str; 8] = ["null", "none", "nil", "undefined", "true", "false", "missing", "invalid"];
    let value = value.trim();
    value.is_empty()
        || value == MASK.trim_matches(['[', ']'])
        || value.starts_with(MASK.trim_end_matches(']'))
        || value.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'.' | b'='))
        || NOTHING.contains(&value.to_ascii_lowercase().as_str())
}

/// Digits, or capitals in the middle of small letters: not a word of prose.
fn looks_random(text: &str) -> bool {
    let text = text.trim_end_matches(['.', ',', ':']);
    let inner_capital = text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase());
    text.len() >= 6 && (inner_capital || text.ends_with('=') || text.bytes().any(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, want: &str) {
        let once = Redaction::on().apply(text);
        assert_eq!(once, want, "{text}");
        assert_eq!(Redaction::on().apply(&once), once, "masked twice: {text}");
        assert_eq!(Redaction::off().apply(text), text);
    }

    #[track_caller]
    fn stays(text: &str) {
        case(text, text);
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(RULES.iter().all(|rule| Regex::new(rule.pattern).is_ok()));
        assert_eq!(RULEBOOK.words.patterns_len(), RULEBOOK.rule_of_word.len());
    }

    #[test]
    fn masks_keys_of_aws() {
        case("key AKIAIOSFODNN7EXAMPLE used", "key [redacted] used");
        case("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "aws_secret_access_key=[redacted]");
        case(r#"{"SecretAccessKey":"wJalrXUtnFEMI","n":1}"#, r#"{"SecretAccessKey":"[redacted]","n":1}"#);
        case("AWS_SESSION_TOKEN: IQoJb3JpZ2luX2VjEJr//////////", "AWS_SESSION_TOKEN: [redacted]");
        case(
            "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=0123456789abcdef0123&X-Amz-Security-Token=FwoG%2Fx&a=1",
            "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]&a=1",
        );
        case(
            "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260102/eu, SignedHeaders=host, Signature=abc",
            "Authorization: AWS4-HMAC-SHA256 [redacted]",
        );
    }

    #[test]
    fn masks_headers_and_tokens() {
        case("Authorization: Bearer abc.def-ghi rest", "Authorization: Bearer [redacted] rest");
        case(r#"\"authorization\":\"Basic dXNlcjpwYXNz\""#, r#"\"authorization\":\"Basic [redacted]\""#);
        case("authorization: 3f2a9c81d0", "authorization: [redacted]");
        case("sent bearer 7f3kQz91Lm0", "sent bearer [redacted]");
        case("t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP", "t=[redacted]");
        case("x-api-key: q9w8e7r6", "x-api-key: [redacted]");
        case("push with ghp_0123456789abcdefghijABCDEFGHIJ012345 failed", "push with [redacted] failed");
        case(concat!("xoxb-123456789012-", "abcdef"), "[redacted]");
        case(concat!("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc"), "[redacted]");
    }

    #[test]
    fn masks_passwords() {
        case("postgres://app:s3cr:et@db.internal:5432/x", "postgres://app:[redacted]@db.internal:5432/x");
        case("redis://:hunter2@cache:6379", "redis://:[redacted]@cache:6379");
        case("password=hunter2&user=x", "password=[redacted]&user=x");
        case("DB_PASSWORD: hunter", "DB_PASSWORD: [redacted]");
        case(
            r#"{"dbPassword": "two words", "clientSecret":'x y'}"#,
            r#"{"dbPassword": "[redacted]", "clientSecret":'[redacted]'}"#,
        );
        case(r#"{\"password\":\"hun\\\"ter\",\"a\":1}"#, r#"{\"password\":\"[redacted]\",\"a\":1}"#);
        case("refresh_token=1//abcDEF", "refresh_token=[redacted]");
        case("'api_key' => 'abc'", "'api_key' => '[redacted]'");
        case("mysql --user x --password hunter2 -e 1", "mysql --user x --password [redacted] -e 1");
        case("<wsse:Password>hunter2</wsse:Password>", "<wsse:Password>[redacted]</wsse:Password>");
        case("config:password=hunter2", "config:password=[redacted]");
        case("{password=hunter2, user=x}", "{password=[redacted], user=x}");
        case(r#""x-amz-security-token": ["IQoJb3Jp"]"#, r#""x-amz-security-token": ["[redacted]"]"#);
        case("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a [redacted] b");
        case("-----BEGIN PRIVATE KEY-----\nMIIE cut", "[redacted]");
    }

    #[test]
    fn leaves_what_is_no_secret() {
        for text in [
            "token expired",
            "The security token included in the request is invalid.",
            "SyntaxError: Unexpected token: < in JSON at position 0",
            "tokenCount: 5, max_tokens: 4096",
            r#"{"tokens": 12, "token": null, "token": 5, "password": ""}"#,
            "START RequestId: 8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e Version: $LATEST",
            "Secrets Manager can't find the specified secret.",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
            "secretName: prod-db",
            "secret: not found",
            "basic authentication failed, Bearer authentication needed",
            "Authorization: required",
            "WWW-Authenticate: Bearer error=\"invalid_token\"",
            "signature: invalid",
            "https://host:8080/path?mail=a@b.example",
            "see https://example.com/@user",
            "passed=3 failed=1",
            "Assia went to ASIA",
            "design=5",
        ] {
            stays(text);
        }
    }

    proptest::proptest! {
        #[test]
        fn twice_is_once_and_growth_is_bounded(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "password", "token", "=", ":", ": ", "\"", "'", "\\", " ", "\n", "abc1", "Bearer ", "Authorization", "://", "@",
                "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9", ".", "&", "{", "}", "[redacted]", "[", "]", "é", "secret",
                "signature", "AWS4-HMAC ", "--token ", "<token>", "</", "[ ", "-----BEGIN PRIVATE KEY-----", "=>", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "x",
            ]), 0..24)
        ) {
            let text = parts.concat();
            let once = Redaction::on().apply(&text);
            proptest::prop_assert!(once.len() <= text.len() * 4 + 16);
            proptest::prop_assert_eq!(Redaction::on().apply(&once), once);
        }

        #[test]
        fn never_panics(text in "(?s).{0,120}") {
            let _ = Redaction::on().apply(&text);
        }
    }
}
