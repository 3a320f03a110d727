//! The search for secrets in one text: a single pass over the words that secrets come with.
//!
//! Each word that is found looks at what stands around it. What is masked is passed over, and what is looked at without
//! being masked has a bound, so the time grows with the length of the text alone.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::issuers::FORMS;
use super::{assignments, commands, headers, names, urls};

/// What a word is the sign of.
#[derive(Clone, Copy, Debug)]
enum Cue {
    /// The fixed part of a token, by its form.
    Form(usize),
    /// A name, by its number.
    Name(usize),
    Scheme,
    Address,
    Parameter,
    Hook,
    Network,
    /// A program, by its first flag.
    Program(usize),
    PrivateKey,
}

/// The words, and what each is the sign of.
struct Cues {
    words: AhoCorasick,
    meanings: Vec<Cue>,
}

static CUES: LazyLock<Cues> = LazyLock::new(|| {
    let forms = FORMS.iter().enumerate().map(|(at, form)| (form.fixed.to_owned(), Cue::Form(at)));
    let names = names::spellings().map(|(word, at)| (word, Cue::Name(at)));
    let programs = commands::programs().map(|(word, at)| (word.to_owned(), Cue::Program(at)));
    let lists: [(&[&str], Cue); 6] = [
        (headers::BARE_SCHEMES, Cue::Scheme),
        (urls::PARAMETERS, Cue::Parameter),
        (urls::HOOKS, Cue::Hook),
        (urls::NETWORKS, Cue::Network),
        (&["://"], Cue::Address),
        (&["-----begin "], Cue::PrivateKey),
    ];
    let lists = lists.iter().flat_map(|(words, cue)| words.iter().map(|word| ((*word).to_owned(), *cue)));
    let (words, meanings): (Vec<String>, Vec<Cue>) = forms.chain(names).chain(programs).chain(lists).unzip();
    // Every text that is shown is searched, and the words are few: the fastest automaton is soon built.
    let kind = Some(AhoCorasickKind::DFA);
    let searched = AhoCorasick::builder().kind(kind).ascii_case_insensitive(true).build(&words);
    let nothing = || AhoCorasick::builder().build(std::iter::empty::<&str>());
    #[expect(clippy::expect_used, reason = "the words are constants; a test builds them")]
    let words = searched.or_else(|_| nothing()).expect("a few short words");
    Cues { words, meanings }
});

/// A word that was found.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    cue: Cue,
    pub(super) at: Range<usize>,
}

/// Finds the words in a text, in the order of their beginnings.
pub(super) fn hits(text: &[u8]) -> Vec<Hit> {
    let cues = &*CUES;
    let found = cues.words.find_overlapping_iter(text);
    let hit =
        |hit: aho_corasick::Match| Hit { cue: cues.meanings[hit.pattern().as_usize()], at: hit.start()..hit.end() };
    let mut hits: Vec<Hit> = found.map(hit).collect();
    hits.sort_by_key(|hit| hit.at.start);
    hits
}

/// The state of a search.
pub(super) struct Scan<'t> {
    pub(super) text: &'t [u8],
    /// Whether the end of the text was cut off, so a secret may be there in part.
    pub(super) is_cut: bool,
    /// Whether personal data is masked, too.
    pub(super) personal: bool,
    /// What is to be masked.
    pub(super) found: Vec<Range<usize>>,
    /// Before this place all is masked or was looked at.
    until: usize,
    /// Up to here no address names a user.
    pub(super) no_user_until: usize,
    /// Up to here arguments were looked at.
    pub(super) command_until: usize,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t [u8], is_cut: bool, personal: bool) -> Self {
        Self { text, is_cut, personal, found: Vec::new(), until: 0, no_user_until: 0, command_until: 0 }
    }

    /// Masks a stretch.
    pub(super) fn mask(&mut self, secret: Range<usize>) {
        if secret.start < secret.end {
            self.until = self.until.max(secret.end);
            self.found.push(secret);
        }
    }

    /// Looks at all that was found.
    pub(super) fn run(mut self, hits: &[Hit]) -> Vec<Range<usize>> {
        for hit in hits {
            if hit.at.start >= self.until {
                self.look(hit.cue, hit.at.clone());
            }
        }
        if self.personal {
            super::personal::find(&mut self);
        }
        self.found
    }

    fn look(&mut self, cue: Cue, found: Range<usize>) {
        match cue {
            Cue::Form(at) => {
                let form = &FORMS[at];
                if let Some(token) = form.find(self.text, found, self.is_cut) {
                    let beside = form.secret_beside(self.text, token.end, self.is_cut);
                    self.mask(token);
                    if let Some(secret) = beside {
                        self.mask(secret);
                    }
                }
            }
            Cue::Name(at) => assignments::find(self, found, at),
            Cue::Scheme => headers::scheme(self, found),
            Cue::Address => urls::user(self, found),
            Cue::Parameter => urls::parameter(self, found),
            Cue::Hook => urls::hook(self, found),
            Cue::Network => urls::before_network(self, found),
            Cue::Program(first) => commands::arguments(self, found, first),
            Cue::PrivateKey => self.private_key(found),
        }
    }

    /// Masks a private key in PEM, up to its end or that of the text.
    fn private_key(&mut self, found: Range<usize>) {
        const LABEL: usize = 64;
        let label = &self.text[found.end..self.text.len().min(found.end + LABEL)];
        let Some(title) = memchr::memmem::find(label, b"-----") else { return };
        if !label[..title].windows(11).any(|part| part.eq_ignore_ascii_case(b"PRIVATE KEY")) {
            return;
        }
        let body = found.end + title + 5;
        let end = memchr::memmem::find(&self.text[body..], b"-----END ").map(|at| body + at);
        let end = end.map_or(self.text.len(), |end| {
            let close = memchr::memmem::find(&self.text[end + 5..], b"-----").map(|at| end + 5 + at + 5);
            close.filter(|close| close - end < LABEL + 20).unwrap_or(end)
        });
        self.mask(found.start..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_searched() {
        assert_eq!(CUES.words.patterns_len(), CUES.meanings.len());
        for form in FORMS {
            assert!(form.fixed.len() >= 2, "{form:?}");
        }
    }
}
