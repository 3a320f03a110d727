//! The document around a page: style and script within it, and a policy that lets nothing else in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::super::escape::{visible, without_commands};

/// Style and script of every page. Nothing of a log is in them, and they are as they are in the source, for the policy
/// names their hashes.
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
/// Picture on the tab of a browser, which would ask a server for one otherwise.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' \
                    height='16' rx='3' fill='%23c0392b'/%3E%3Cpath d='M3 12V9h2v3zm4 0V4h2v8zm4 0V7h2v5z' fill='%23fff'/%3E%3C/svg%3E";

/// Returns a whole document.
pub(super) fn document(title: &str, version: &str, body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "lambda-triage " (inert(version)) };
                title { (inert(title)) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            (PreEscaped("\n"))
            body {
                (PreEscaped(inert(&body.into_string())))
                (PreEscaped("\n"))
                script { (PreEscaped(SCRIPT)) }
            }
        }
        (PreEscaped("\n"))
    }
    .into_string()
}

/// Shows signs that nobody sees and breaks commands to CI runners, whatever a text was made of: it may hold text of logs.
fn inert(text: &str) -> String {
    without_commands(&visible(text)).into_owned()
}

/// Returns the policy: nothing is loaded from anywhere, and no other style or script is applied.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn style_and_script_end_where_they_should_and_load_nothing() {
        for text in [STYLE, SCRIPT] {
            let lower = text.to_ascii_lowercase();
            for part in ["</style", "</script", "<!--", "http:", "https:", "@import", "\r"] {
                assert!(!lower.contains(part), "{part}");
            }
            assert!(matches!(without_commands(text), Cow::Borrowed(_)) && matches!(visible(text), Cow::Borrowed(_)));
        }
        assert!(!STYLE.contains("url(") && SCRIPT.contains("'use strict'"));
        for part in ["eval(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "new Function"] {
            assert!(!SCRIPT.contains(part), "{part} makes code or markup of text");
        }
    }

    #[test]
    fn text_of_a_log_is_text() {
        let hostile = "</title><script>alert(1)</script>\u{202e}<!-- ##[error]";
        let text = document(hostile, "1", html! { p { (hostile) } });
        assert_eq!(text.matches("<script").count(), 1);
        assert!(!text.contains('\u{202e}') && text.contains("\\u{202e}"));
        assert!(!text.contains("<!--") && !text.contains("##[error]</p>"), "{text}");
    }
}
