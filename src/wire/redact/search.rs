//! The search for secrets in one text: a single pass over the words that secrets come with.
//!
//! Each word that is found looks at what stands around it. What is masked is passed over, and what is looked at without
//! being masked has a bound, so the time grows with the length of the text alone.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, dfa::DFA};
use rustc_hash::FxHashMap;

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
    meanings: Vec<Cue>,
    heads: Heads,
    /// An automaton that is small and soon built: most runs show few texts.
    small: Option<NFA>,
    /// One that is several times as fast and as large, once many were searched.
    fast: OnceLock<Option<DFA>>,
    /// Bytes searched so far.
    searched: AtomicUsize,
}

/// Bytes of texts from which on the fast automaton saves more than it takes to build it.
const MANY: usize = 2 << 20;

impl Cues {
    /// Calls `found` with the number and the end of each head in a text.
    fn find_heads(&self, text: &[u8], found: impl FnMut(usize, usize)) {
        if self.searched.load(Ordering::Relaxed) < MANY {
            self.searched.fetch_add(text.len(), Ordering::Relaxed);
            find_all(self.small.as_ref(), text, found);
        } else {
            find_all(self.fast.get_or_init(|| fast(&self.heads)).as_ref(), text, found);
        }
    }
}

/// Builds the small automaton. The words are constants; a test builds them.
fn small(heads: &Heads) -> Option<NFA> {
    NFA::builder().ascii_case_insensitive(true).build(heads.texts()).ok()
}

/// Builds the fast automaton.
fn fast(heads: &Heads) -> Option<DFA> {
    DFA::builder().ascii_case_insensitive(true).build(heads.texts()).ok()
}

/// Parts of a text that are searched side by side: a step of the search waits for the one before, so the processor has
/// time for others.
const LANES: usize = 4;
/// Shortest text that is searched in parts.
const LONG: usize = 1_024;

/// Calls `found` with the number and the end of each pattern in a text, also of those within others, in any order.
fn find_all<A: Automaton>(automaton: Option<&A>, text: &[u8], mut found: impl FnMut(usize, usize)) {
    let Some((automaton, start)) = automaton.and_then(|it| Some((it, it.start_state(Anchored::No).ok()?))) else {
        return;
    };
    let next = |state: StateID, byte: u8| automaton.next_state(Anchored::No, state, byte);
    let mut tell = |state: StateID, end: usize| {
        if automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                found(automaton.match_pattern(state, index).as_usize(), end);
            }
        }
    };
    let part = if text.len() < LONG { 0 } else { text.len() / LANES };
    // What ends in a part may begin in the one before.
    let lead = automaton.max_pattern_len().saturating_sub(1);
    let mut states: [StateID; LANES] = std::array::from_fn(|lane| {
        let begin = lane * part;
        text[begin.saturating_sub(lead)..begin].iter().fold(start, |state, byte| next(state, *byte))
    });
    let parts: [&[u8]; LANES] = std::array::from_fn(|lane| &text[lane * part..(lane + 1) * part]);
    for at in 0..part {
        for (state, part) in states.iter_mut().zip(&parts) {
            *state = next(*state, part[at]);
        }
        if states.iter().any(|state| automaton.is_special(*state)) {
            for (lane, state) in states.iter().enumerate() {
                tell(*state, lane * part + at + 1);
            }
        }
    }
    let mut state = states[LANES - 1];
    for (at, byte) in text.iter().enumerate().skip(LANES * part) {
        state = next(state, *byte);
        if automaton.is_special(state) {
            tell(state, at + 1);
        }
    }
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
    let heads = Heads::of(words);
    let small = small(&heads);
    Cues { meanings, heads, small, fast: OnceLock::new(), searched: AtomicUsize::new(0) }
});

/// The beginnings of the words, which are searched for; the rest of a word is compared where its head is found. An automaton
/// of whole words takes five times as much memory and hardly less time.
struct Heads {
    /// The words, by their numbers.
    all: Vec<String>,
    /// The words of each head, shorter ones first, as a range of `words`.
    ranges: Vec<Range<u32>>,
    words: Vec<Headed>,
    /// What follows the heads, in lower case.
    rests: Vec<u8>,
}

/// A word with a head.
#[derive(Clone, Copy)]
struct Headed {
    /// Where what follows its head begins in `rests`, and its length.
    rest: u32,
    rest_length: u16,
    /// Number of the word.
    number: u16,
}

/// Bytes of a head, at least, of all words but shorter ones.
const HEAD: usize = 4;
/// Words that share a head.
const WORDS_OF_A_HEAD: usize = 2;

impl Heads {
    /// Gives each word a head: the shortest that it shares with few others, or all of it.
    fn of(all: Vec<String>) -> Self {
        let mut sharing: FxHashMap<&[u8], usize> = FxHashMap::default();
        for word in &all {
            for length in HEAD..word.len() {
                *sharing.entry(&word.as_bytes()[..length]).or_default() += 1;
            }
        }
        let is_enough = |head: &&[u8]| sharing.get(head).is_some_and(|sharing| *sharing <= WORDS_OF_A_HEAD);
        let mut by_head: Vec<(&[u8], &[u8], u16)> = Vec::with_capacity(all.len());
        for (number, word) in (0u16..).zip(&all) {
            let word = word.as_bytes();
            let head = (HEAD..word.len()).map(|length| &word[..length]).find(is_enough).unwrap_or(word);
            by_head.push((head, &word[head.len()..], number));
        }
        by_head.sort_by_key(|(head, rest, number)| (*head, rest.len(), *number));
        let (mut ranges, mut words, mut rests) = (Vec::new(), Vec::with_capacity(all.len()), Vec::new());
        for sharing in by_head.chunk_by(|one, other| one.0 == other.0) {
            let first = words.len() as u32;
            for (_, rest, number) in sharing {
                words.push(Headed { rest: rests.len() as u32, rest_length: rest.len() as u16, number: *number });
                rests.extend(rest.iter().map(u8::to_ascii_lowercase));
            }
            ranges.push(first..words.len() as u32);
        }
        Self { ranges, words, rests, all }
    }

    /// Returns the heads, in the order of their ranges.
    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ranges.len()).map(|head| {
            let word = self.words[self.ranges[head].start as usize];
            &self.all[usize::from(word.number)].as_bytes()[..self.length(head)]
        })
    }

    /// Returns how long a head is.
    #[inline]
    fn length(&self, head: usize) -> usize {
        let word = self.words[self.ranges[head].start as usize];
        self.all[usize::from(word.number)].len() - usize::from(word.rest_length)
    }

    /// Returns the words of a head that go on with a text.
    #[inline(always)]
    fn words(&self, head: usize, behind: &[u8]) -> impl Iterator<Item = Headed> {
        let Range { start, end } = self.ranges[head];
        let goes_on = move |word: &&Headed| {
            let rest = &self.rests[word.rest as usize..][..usize::from(word.rest_length)];
            let same = |(text, rest): (&u8, &u8)| text.to_ascii_lowercase() == *rest;
            behind.get(..rest.len()).is_some_and(|text| text.iter().zip(rest).all(same))
        };
        self.words[start as usize..end as usize].iter().filter(goes_on).copied()
    }
}

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

    /// Returns its place in the order of beginnings, the shorter of two first.
    fn rank(&self) -> u64 {
        u64::from(self.start) << 32 | u64::from(self.length) << 16 | u64::from(self.meaning)
    }

    pub(super) fn move_to(&mut self, start: usize) {
        self.start = u32::try_from(start).unwrap_or(u32::MAX);
    }
}

/// Finds the words in a text, in the order of their beginnings.
pub(super) fn words(text: &[u8]) -> Vec<FoundWord> {
    let cues = &*CUES;
    let mut found = Vec::new();
    cues.find_heads(text, |head, end| {
        let head_length = cues.heads.length(head);
        // Texts of 4 GiB do not exist: messages are cut long before.
        let Ok(start) = u32::try_from(end - head_length) else { return };
        for word in cues.heads.words(head, &text[end..]) {
            let length = u16::try_from(head_length).unwrap_or(u16::MAX).saturating_add(word.rest_length);
            found.push(FoundWord { start, length, meaning: word.number });
        }
    });
    found.sort_unstable_by_key(FoundWord::rank);
    found
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

    /// Finds the words one by one.
    fn found_one_by_one(text: &[u8], words: &[String]) -> Vec<(usize, usize, usize)> {
        let begins = |at: usize, word: &str| {
            text[at..].get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()))
        };
        let here = |at: usize| {
            let found = (0..).zip(words).filter(move |(_, word)| begins(at, word));
            let mut found: Vec<_> = found.map(|(number, word)| (at, word.len(), number)).collect();
            found.sort_unstable();
            found
        };
        (0..text.len()).flat_map(here).collect()
    }

    #[test]
    fn every_word_is_found_by_its_head() {
        let all = &CUES.heads.all;
        assert_eq!(all.len(), CUES.meanings.len());
        assert!(all.iter().all(|word| word.len() >= 2 || word == "@"), "{all:?}");
        let heads = &CUES.heads;
        let go_on = |range: &Range<u32>| {
            let words = &heads.words[range.start as usize..range.end as usize];
            words.iter().filter(|word| word.rest_length > 0).count()
        };
        assert!(heads.ranges.iter().all(|range| go_on(range) <= WORDS_OF_A_HEAD));
        let (small, fast) = (small(&CUES.heads).expect("short words"), fast(&CUES.heads).expect("short words"));
        for some in all.chunks(50) {
            let one = |(at, word): (usize, &String)| match at % 3 {
                0 => format!("{word}=x, "),
                1 => format!("{}: ", word.to_ascii_uppercase()),
                // Words in each other, and cut ones.
                _ => word.chars().take(HEAD).collect::<String>() + word,
            };
            let text: String = some.iter().enumerate().map(one).collect();
            let of = |word: &FoundWord| (word.at().start, word.at().len(), usize::from(word.meaning));
            let found: Vec<_> = words(text.as_bytes()).iter().map(of).collect();
            assert_eq!(found, found_one_by_one(text.as_bytes(), all));
            // Both automata find the same, in one piece or in parts.
            for text in [&text[..], &text[..text.len().min(LONG - 1)]] {
                let mut found = [Vec::new(), Vec::new()];
                find_all(Some(&small), text.as_bytes(), |head, end| found[0].push((end, head)));
                find_all(Some(&fast), text.as_bytes(), |head, end| found[1].push((end, head)));
                found.iter_mut().for_each(|found| found.sort_unstable());
                assert_eq!(found[0], found[1]);
            }
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
