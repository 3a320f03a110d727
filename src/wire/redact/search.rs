//! The search for secrets in one text: a single pass over the words that secrets come with.
//!
//! Each word that is found looks at what stands around it. What is masked is passed over, and what is looked at without
//! being masked has a bound, so the time grows with the length of the text alone.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::issuers::FORMS;
use super::scan::Scan;
use super::{assignments, commands, headers, keys, names, personal, phrases, urls};

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
    /// Words that a secret follows, by their number.
    Phrase(usize),
    /// What may be an address without a scheme.
    Host,
}

/// The words, and what each is the sign of.
struct Cues {
    words: Vec<String>,
    meanings: Vec<Cue>,
    /// An automaton that is small and soon built: most runs show few texts.
    small: AhoCorasick,
    /// One that is several times as fast and as large, once many were searched.
    fast: OnceLock<AhoCorasick>,
    /// Bytes searched so far.
    searched: AtomicUsize,
}

/// Bytes of texts from which on the fast automaton saves more than it takes to build it.
const MANY: usize = 2 << 20;

impl Cues {
    fn automaton(&self, text: &[u8]) -> &AhoCorasick {
        if self.searched.load(Ordering::Relaxed) < MANY {
            self.searched.fetch_add(text.len(), Ordering::Relaxed);
            return &self.small;
        }
        self.fast.get_or_init(|| automaton(&self.words, AhoCorasickKind::DFA))
    }
}

fn automaton(words: &[String], kind: AhoCorasickKind) -> AhoCorasick {
    let built = AhoCorasick::builder().kind(Some(kind)).ascii_case_insensitive(true).build(words);
    let nothing = || AhoCorasick::builder().build(std::iter::empty::<&str>());
    #[expect(clippy::expect_used, reason = "the words are constants; a test builds them")]
    built.or_else(|_| nothing()).expect("a few short words")
}

static CUES: LazyLock<Cues> = LazyLock::new(|| {
    let forms = FORMS.iter().enumerate().map(|(at, form)| (form.fixed.to_owned(), Cue::Form(at)));
    let names = names::spellings().map(|(word, at)| (word, Cue::Name(at)));
    let programs = commands::programs().map(|(word, at)| (word.to_owned(), Cue::Program(at)));
    let phrases = phrases::words().map(|(word, at)| (word.to_owned(), Cue::Phrase(at)));
    let lists: [(&[&str], Cue); 7] = [
        (headers::BARE_SCHEMES, Cue::Scheme),
        (urls::PARAMETERS, Cue::Parameter),
        (urls::HOOKS, Cue::Hook),
        (urls::NETWORKS, Cue::Network),
        (&["://"], Cue::Address),
        (keys::BEGINS, Cue::PrivateKey),
        (&["@"], Cue::Host),
    ];
    let lists = lists.iter().flat_map(|(words, cue)| words.iter().map(|word| ((*word).to_owned(), *cue)));
    let (words, meanings): (Vec<String>, Vec<Cue>) =
        forms.chain(names).chain(programs).chain(phrases).chain(lists).unzip();
    let small = automaton(&words, AhoCorasickKind::ContiguousNFA);
    Cues { words, meanings, small, fast: OnceLock::new(), searched: AtomicUsize::new(0) }
});

/// A word that was found: small, as texts full of secrets have many.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundWord {
    start: u32,
    length: u16,
    /// Number of its meaning.
    meaning: u16,
}

impl FoundWord {
    pub(super) fn at(&self) -> Range<usize> {
        self.start as usize..self.start as usize + usize::from(self.length)
    }

    pub(super) fn move_to(&mut self, start: usize) {
        self.start = u32::try_from(start).unwrap_or(u32::MAX);
    }
}

/// Finds the words in a text, in the order of their beginnings.
pub(super) fn words(text: &[u8]) -> Vec<FoundWord> {
    let mut words = Vec::new();
    for found in CUES.automaton(text).find_overlapping_iter(text) {
        // Texts of 4 GiB do not exist: messages are cut long before.
        let Ok(start) = u32::try_from(found.start()) else { break };
        let part = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        words.push(FoundWord { start, length: part(found.len()), meaning: part(found.pattern().as_usize()) });
    }
    words.sort_by_key(|word| word.start);
    words
}

/// Looks at all words that were found, and returns what is to be masked.
pub(super) fn secrets(mut scan: Scan<'_>, words: &[FoundWord]) -> Vec<Range<usize>> {
    for word in words {
        let at = word.at();
        if !scan.is_past(at.start) {
            look(&mut scan, CUES.meanings[usize::from(word.meaning)], at);
        }
    }
    if scan.personal {
        personal::find(&mut scan);
    }
    scan.found
}

fn look(scan: &mut Scan<'_>, cue: Cue, found: Range<usize>) {
    match cue {
        Cue::Form(at) => {
            let form = &FORMS[at];
            if let Some(token) = form.find(scan.text, found, scan.is_cut) {
                let beside = form.secret_beside(scan.text, token.end, scan.is_cut);
                let end = form.wrapped_end(scan.text, token.end);
                scan.mask(token.start..end);
                if let Some(secret) = beside {
                    scan.mask(secret);
                }
            }
        }
        Cue::Name(at) => assignments::find(scan, found, at),
        Cue::Scheme => headers::scheme(scan, found),
        Cue::Address => urls::user(scan, found),
        Cue::Parameter => urls::parameter(scan, found),
        Cue::Hook => urls::hook(scan, found),
        Cue::Network => urls::before_network(scan, found),
        Cue::Program(first) => commands::arguments(scan, found, first),
        Cue::PrivateKey => keys::find(scan, found),
        Cue::Phrase(at) => phrases::find(scan, found, at),
        Cue::Host => urls::without_scheme(scan, found.start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_searched() {
        let fast = automaton(&CUES.words, AhoCorasickKind::DFA);
        for built in [&CUES.small, &fast] {
            assert_eq!(built.patterns_len(), CUES.meanings.len());
        }
        // Both find the same, in the same order.
        let text: String = CUES.words.iter().map(|word| format!("{word}=x, ")).collect();
        let found = |built: &AhoCorasick| built.find_overlapping_iter(&text).collect::<Vec<_>>();
        assert_eq!(found(&fast), found(&CUES.small));
        for form in FORMS {
            assert!(form.fixed.len() >= 2, "{form:?}");
        }
    }

    /// The words of a text that is partly masked are those of the text before that are not masked.
    #[test]
    fn no_word_is_in_a_mask_or_reaches_into_one() {
        assert!(words(super::super::MASK.as_bytes()).is_empty());
        for (word, _) in names::spellings() {
            assert!(!word.contains(['[', ']']), "{word}");
        }
        let lists = [headers::BARE_SCHEMES, urls::PARAMETERS, urls::HOOKS, urls::NETWORKS, keys::BEGINS];
        let fixed = FORMS
            .iter()
            .map(|form| form.fixed)
            .chain(commands::programs().chain(phrases::words()).map(|(word, _)| word));
        for word in fixed.chain(lists.into_iter().flatten().copied()) {
            assert!(!word.contains(['[', ']']), "{word}");
        }
    }
}
