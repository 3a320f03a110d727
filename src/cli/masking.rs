//! Flags that decide what is masked, for every command that reads logs. Only flags do: a configuration file, which may come
//! from a repository, does not.

use clap::Args as ClapArgs;

use crate::wire::{Redaction, SecretPattern};

// A comment and no doc comment, which would be the help of the command.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(super) struct MaskingArgs {
    /// Do not mask secrets
    #[arg(long)]
    pub(super) no_redact: bool,

    /// Mask personal data, too: e-mail addresses, card and social security numbers,
    /// one-time codes
    #[arg(long, conflicts_with = "no_redact")]
    pub(super) redact_personal: bool,

    /// Mask what matches, too: all of it, or the group named secret (repeatable)
    #[arg(long, value_name = "REGEX", value_parser = SecretPattern::parse, conflicts_with = "no_redact")]
    pub(super) redact_pattern: Vec<SecretPattern>,
}

impl MaskingArgs {
    /// Returns how text from logs is masked.
    pub(super) fn redaction(&self) -> Redaction {
        if self.no_redact {
            return Redaction::off();
        }
        Redaction::on().with_personal(self.redact_personal).with_patterns(self.redact_pattern.iter().cloned())
    }
}
