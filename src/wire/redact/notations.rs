//! Law: in whatever notation a secret stands behind its name, it is masked, and the name stays.
//!
//! The notations are data: `fixtures/secrets/notations.txt`. Each is tried with many names and secrets, and in the places that
//! texts of logs have: alone, in a sentence, in the lines of others, in JSON.

use serde_json::Value;

use super::{LineMasking, MASK, Redaction};

const NOTATIONS: &str = include_str!("../../../fixtures/secrets/notations.txt");

const PASSWORDS: &[&str] = &[
    "password",
    "DB_PASSWORD",
    "dbPassword",
    "PASS_WORD",
    "pass-word",
    "passwd",
    "userPwd",
    "oldPassword",
    "password_2",
    "password1",
    "new_password_confirmation",
    "spring.datasource.password",
    "db_password_prod",
    "password_v2",
    "smtpPasswordBackup",
    "passwords-us-east-1",
];
const TOKENS: &[&str] = &[
    "secret",
    "clientSecret",
    "api_key",
    "apiKey",
    "X-Api-Key",
    "access_token",
    "AWS_SECRET_ACCESS_KEY",
    "private_key",
    "encryptionKey",
    "SECRET_KEY_BASE",
    "API_KEY_PROD",
    "secretKeyV2Prod",
    "auth_token_staging",
    "application_key",
    "DD-APPLICATION-KEY",
    "preSharedKey",
    "OPENAI_KEY",
];
/// Secrets that a machine made, and others.
const MADE: &[&str] = &["Zq7Rt2Vx9Lm4Kp8W", "hG5nBd8yTq3Ws6Zk", "5f4dcc3b5aa765d61d8327deb882cf99"];
const TYPED: &[&str] = &["hunter", "correct-horse", "tr0ub4dor", "Summer2024!"];

/// Secrets that are numbers.
const NUMBERS: &[&str] = &["12345678", "84736251902837"];

/// What stands in place of names in rows of texts that stay as they are, with the reason in place of secrets.
const SAME: &str = "same";
/// What stands in place of names in rows that are not masked, with the reason in place of secrets.
const LEFT: &str = "left";

/// A row of the table.
struct Notation {
    line: usize,
    names: &'static str,
    secrets: &'static str,
    template: String,
}

fn notations() -> Vec<Notation> {
    let rows = NOTATIONS.lines().enumerate().filter(|(_, row)| !row.is_empty() && !row.starts_with("# "));
    rows.map(|(number, row)| {
        let [names, secrets, template] = row.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        Notation { line: number + 1, names, secrets, template: unescaped(template) }
    })
    .collect()
}

fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(char) = chars.next() {
        let escape = if char == '\\' { chars.next() } else { None };
        match escape {
            None => out.push(char),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('0') => out.push('\0'),
            Some('\\') => out.push('\\'),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}

impl Notation {
    /// Returns what is planted: the text, its name, its secret.
    fn planted(&self) -> Vec<(String, &'static str, &'static str)> {
        let names = match self.names {
            "all" => [PASSWORDS, TOKENS].concat(),
            "password" => PASSWORDS.to_vec(),
            "none" => vec![""],
            other => panic!("line {}: {other}", self.line),
        };
        let secrets = match self.secrets {
            "any" => [MADE, TYPED].concat(),
            "made" => MADE.to_vec(),
            "number" => NUMBERS.to_vec(),
            other => panic!("line {}: {other}", self.line),
        };
        let pairs = names.iter().flat_map(|name| secrets.iter().map(|secret| (*name, *secret)));
        pairs
            .map(|(name, secret)| (self.template.replace("{name}", name).replace("{secret}", secret), name, secret))
            .collect()
    }
}

/// Places of a text, each with the text as it stands there: alone, among lines, in texts of JSON, as it is and in ASCII.
fn places(text: &str) -> Vec<String> {
    let among = format!("could not start\n{text}\n    at run (/var/task/app.js:1:2)");
    let of = |text: &str| format!("{{\"level\":\"ERROR\",\"message\":{},\"n\":1}}", Value::from(text));
    let deep = |text: String| format!("{{\"log\":{}}}", Value::from(text));
    let ascii = in_ascii(&of(text));
    vec![text.to_owned(), format!("{text}\n"), of(text), of(&among), deep(of(text)), deep(ascii.clone()), ascii, among]
}

/// Writes a text of JSON in ASCII alone.
fn in_ascii(text: &str) -> String {
    let escaped = |char: char| {
        let mut units = [0; 2];
        char.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    text.chars().map(|char| if char.is_ascii() { char.to_string() } else { escaped(char) }).collect()
}

/// Ways to write a notation so that it looks the same or nearly so: colours, what is not seen, blanks and signs of other scripts.
const DISGUISES: &[(&str, &[(&str, &str)])] = &[
    ("colours around the name", &[("{name}", "\x1b[36m{name}\x1b[0m")]),
    ("colours around the secret", &[("{secret}", "\x1b[1;33m{secret}\x1b[0m")]),
    ("a zero-width blank behind the name", &[("{name}", "{name}\u{200b}")]),
    ("a zero-width joiner before the secret", &[("{secret}", "\u{2060}{secret}")]),
    ("a direction around it", &[("{name}", "\u{202a}{name}\u{202c}")]),
    ("blanks that do not break", &[(" ", "\u{a0}")]),
    ("thin blanks", &[(" ", "\u{2009}")]),
    ("wide blanks", &[(" ", "\u{3000}")]),
    ("wide signs", &[("=", "＝"), (":", "：")]),
    ("wide quotes", &[("\"", "＂")]),
    ("blanks around an equals sign", &[("{name}={secret}", "{name}\u{a0}=\u{a0}{secret}")]),
    ("tabs around an equals sign", &[("{name}={secret}", "{name}\t=\t{secret}")]),
    ("a tab behind a colon", &[("{name}: ", "{name}:\t"), ("{name}\": ", "{name}\":\t")]),
];

/// What a row with a secret is tried with in disguise: the first of its names and secrets.
fn disguised(notation: &Notation) -> Vec<(String, &'static str, &'static str)> {
    let mut planted = Vec::new();
    for (_, changes) in DISGUISES {
        let template = changes.iter().fold(notation.template.clone(), |text, (from, to)| text.replace(from, to));
        if template != notation.template {
            let row = Notation { template, ..*notation };
            planted.extend(row.planted().into_iter().next());
        }
    }
    planted
}

#[test]
fn no_notation_leaks() {
    let mut leaks: Vec<String> = Vec::new();
    let mut tried = 0;
    for notation in notations().iter().filter(|notation| ![LEFT, SAME].contains(&notation.names)) {
        let mut of_row = Vec::new();
        for (text, name, secret) in notation.planted().into_iter().chain(disguised(notation)) {
            for place in places(&text) {
                tried += 1;
                assert!(place.contains(secret), "{place}");
                let once = Redaction::on().apply(&place);
                if once.contains(secret) || !once.contains(name) || !once.contains(MASK) {
                    of_row.push(format!("{place:?} is {once:?}"));
                }
                assert_eq!(Redaction::on().apply(&once), once, "masked twice: {place}");
            }
        }
        if let Some(first) = of_row.first() {
            leaks.push(format!("line {}: {} such as {first}", notation.line, of_row.len()));
        }
    }
    assert!(leaks.is_empty(), "{} notations leak, {tried} texts tried: {leaks:#?}", leaks.len());
}

/// The lines of a notation are masked one by one as well as together, unless the name stands below.
#[test]
fn no_notation_leaks_line_by_line() {
    let mut leaks = Vec::new();
    for notation in notations().iter().filter(|notation| ![LEFT, SAME].contains(&notation.names)) {
        if notation.template.find("{secret}") < notation.template.find("{name}") && notation.template.contains("\n") {
            continue;
        }
        let (text, _, secret) = notation.planted().remove(0);
        let redaction = Redaction::on();
        let mut masking = LineMasking::new(&redaction);
        let lines: Vec<String> = text.lines().map(|line| masking.next(line)).collect();
        if lines.iter().any(|line| line.contains(secret)) {
            leaks.push(format!("line {}: {lines:?}", notation.line));
        }
    }
    assert!(leaks.is_empty(), "{}: {leaks:#?}", leaks.len());
}

/// What is left alone is told in the table, with the reason: a row that is masked by now belongs above.
#[test]
fn what_is_left_alone_is_told() {
    for notation in notations().iter().filter(|notation| notation.names == LEFT) {
        let text = notation.template.replace("{name}", "password").replace("{secret}", MADE[0]);
        assert!(notation.secrets.contains(' '), "line {}: no reason", notation.line);
        assert_eq!(
            Redaction::on().apply(&text).contains(MADE[0]),
            text.contains(MADE[0]),
            "line {}: {text}",
            notation.line
        );
    }
}

/// Counter-law: code, types, counts and the like stay as they are in every place.
#[test]
fn what_is_no_secret_stays() {
    let mut masked = Vec::new();
    for notation in notations().iter().filter(|notation| notation.names == SAME) {
        assert!(notation.secrets.contains(' '), "line {}: no reason", notation.line);
        for name in PASSWORDS.iter().chain(TOKENS) {
            // Names with other signs than those of code, where the row has code.
            if name.contains(['-', '.']) {
                continue;
            }
            for place in places(&notation.template.replace("{name}", name)) {
                let once = Redaction::on().apply(&place);
                if once != place {
                    masked.push(format!("line {}: {place} is {once}", notation.line));
                    break;
                }
            }
        }
    }
    assert!(masked.is_empty(), "{}: {:#?}", masked.len(), &masked[..masked.len().min(40)]);
}

/// Counter-law: no line of a log of the fixtures and no text in it is masked, also where no output shows it. More folders of
/// logs without secrets are named by the variable `ALSO_WITHOUT_SECRETS`, apart by colons.
#[test]
fn nothing_is_masked_in_logs_without_secrets() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let also = std::env::var("ALSO_WITHOUT_SECRETS").unwrap_or_default();
    let mut left: Vec<_> = ["logs", "runtimes", "events"].iter().map(|name| root.join("fixtures").join(name)).collect();
    left.extend(also.split(':').filter(|path| !path.is_empty()).map(std::path::PathBuf::from));
    let (mut changed, mut texts) = (Vec::new(), 0);
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        // A line as a program reads it, and the texts of one that is JSON, also those in texts.
        let mut waiting: Vec<String> = text.lines().map(str::to_owned).collect();
        if text.starts_with(['{', '[']) {
            waiting.push(text);
        }
        while let Some(text) = waiting.pop() {
            texts += 1;
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                let mut values = vec![value];
                while let Some(value) = values.pop() {
                    match value {
                        serde_json::Value::String(text) => waiting.push(text),
                        serde_json::Value::Array(some) => values.extend(some),
                        serde_json::Value::Object(some) => values.extend(some.into_iter().map(|(_, value)| value)),
                        _ => {}
                    }
                }
            }
            let masked = Redaction::on().apply(&text);
            if masked != text {
                let at = masked.find(MASK).unwrap_or_default();
                let near = masked.floor_char_boundary(at.saturating_sub(90))
                    ..masked.ceil_char_boundary(masked.len().min(at + 60));
                changed.push(format!("{}: {}", path.display(), &masked[near]));
            }
        }
    }
    changed.retain(|changed| !PLANTED.iter().any(|known| changed.contains(known)));
    changed.sort();
    changed.dedup();
    assert!(texts > 1_000);
    assert!(changed.is_empty(), "{} of {texts}: {:#?}", changed.len(), &changed[..changed.len().min(60)]);
}

/// What stands before the secrets of the fixtures.
const PLANTED: &[&str] = &[];
