//! Watches decoded text for sentences of the platform, to detect inputs that contain some of which none was parsed.

use crate::lambda::sentences::{LONGEST, MENTION, mentions, sighting, text_before};
use crate::model::{Mentions, Sighting};

/// Search for the first sentence in the text of one input, piece by piece.
#[derive(Debug, Default)]
pub(super) struct SentenceWatch {
    /// Number of line ends before `carried`.
    lines: u64,
    /// End of the text searched so far, at most [`LONGEST`] bytes.
    carried: Vec<u8>,
    /// Whether there was text before `carried`.
    follows: bool,
    seen: Option<Sighting>,
    mentions: Option<Mentions>,
    /// Line of the last one.
    last_mention: u64,
}

impl SentenceWatch {
    /// Searches the next piece of the text, unless a sentence was found before.
    #[inline]
    pub(super) fn look(&mut self, piece: &[u8]) {
        if self.seen.is_none() {
            self.search(piece);
        }
    }

    /// Returns the first sentence found.
    pub(super) fn seen(self) -> Option<Sighting> {
        self.seen
    }

    /// Returns the lines that have the words of one, if none was found.
    pub(super) fn mentions(&mut self) -> Option<Mentions> {
        self.mentions.take().filter(|_| self.seen.is_none())
    }

    /// Counts the lines of a text that hold the words of sentences from a place on. `line` is the number of its first.
    fn count_mentions(&mut self, text: &[u8], from: usize, line: u64) {
        let (mut at_line, mut counted) = (line, 0);
        for at in mentions(text).filter(|at| *at >= from) {
            at_line += line_ends(&text[counted..at]);
            counted = at;
            if at_line > self.last_mention {
                self.last_mention = at_line;
                let new = || Mentions { lines: 0, first: at_line, before: text_before(text, at) };
                self.mentions.get_or_insert_with(new).lines += 1;
            }
        }
    }

    #[inline(never)]
    fn search(&mut self, piece: &[u8]) {
        // First searches across the border between the pieces, then the rest of this one. A sentence at the very start
        // of the carried text was already searched for, together with the text before it.
        let across = piece.len().min(LONGEST);
        let border = self.carried.len();
        self.carried.extend_from_slice(&piece[..across]);
        let found = sighting(&self.carried, self.lines + 1, if self.follows { 2 } else { 0 }).or_else(|| {
            let lines = self.lines + line_ends(&self.carried[..border]);
            // A sentence that begins at the border was searched for above, together with the text before it.
            sighting(piece, lines + 1, border.min(2))
        });
        if found.is_some() {
            self.seen = found;
            return;
        }
        // Words across the border first, then those of the piece.
        let carried = std::mem::take(&mut self.carried);
        let around = carried.len().min(border + MENTION.len() - 1);
        let from = border.saturating_sub(MENTION.len() - 1);
        self.count_mentions(&carried[..around], from, self.lines + 1);
        self.count_mentions(piece, 0, self.lines + line_ends(&carried[..border]) + 1);
        self.carried = carried;
        let all = border + piece.len();
        let kept = all.min(LONGEST);
        self.follows |= kept < all;
        // If the piece alone is as long as what is kept, the old carried text is dropped.
        let dropped = if piece.len() >= kept {
            let dropped = line_ends(&self.carried[..border]) + line_ends(&piece[..piece.len() - kept]);
            self.carried.clear();
            self.carried.extend_from_slice(&piece[piece.len() - kept..]);
            dropped
        } else {
            let gone = self.carried.len() - kept;
            let dropped = line_ends(&self.carried[..gone]);
            self.carried.drain(..gone);
            dropped
        };
        self.lines += dropped;
    }
}

fn line_ends(text: &[u8]) -> u64 {
    super::line_ends::count(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    fn seen(text: &str, piece: usize) -> Option<Sighting> {
        let mut watch = SentenceWatch::default();
        text.as_bytes().chunks(piece.max(1)).for_each(|piece| watch.look(piece));
        watch.seen()
    }

    #[test]
    fn sees_sentences_behind_anything() {
        for (line, sentence) in [
            (format!("START RequestId: {ID} Version: 1"), "START RequestId:"),
            (format!("{{\"m\":\"END RequestId: {ID}\\n\"}}"), "END RequestId:"),
            (format!("01:00:00 REPORT RequestId: {ID}\tDuration: 1.00 ms"), "REPORT RequestId:"),
            ("> REPORT RequestId: xxxxxxxx-xxxx".to_owned(), "REPORT RequestId:"),
            (format!("[f] 2026-10-01T00:00:03Z {ID} Task timed out after 3.00 seconds"), "Task timed out after"),
            ("12: {\"time\":\"t\",\"type\":\"platform.report\",\"record\":{}}".to_owned(), "\"platform."),
        ] {
            let text = format!("one\n\ntwo {}\n{line}\nthree\n", "x".repeat(300));
            let sighting = seen(&text, usize::MAX).expect(&line);
            assert_eq!((sighting.line, sighting.sentence), (4, sentence), "{line}");
            assert!(line.contains(&sighting.before), "{line}: {sighting:?}");
        }
    }

    #[test]
    fn sees_none_in_other_text() {
        for text in [
            "",
            "START RequestId: ",
            "log.info(f\"START RequestId: {request_id}\")",
            "print(\"END RequestId: \" + id)",
            "RequestId: 8f507cfc was stored",
            "Task timed out after a while",
            "Task timed out after 3.00",
            "Task timed out after 30 seconds",
            "the BACKEND RequestId: 43 was slow",
            "RESTART RequestId: 12",
            "/REPORT RequestId: (\\S+)/",
            "START RequestId: .*",
            "START RequestId: [0-9a-f]+",
            "END RequestId: #{id} and REPORT RequestId: <%s>",
            "* REPORT RequestId: * Duration",
            "the \"platform.team\" wrote this",
        ] {
            assert_eq!(seen(text, usize::MAX), None, "{text}");
        }
    }

    proptest::proptest! {
        /// Cutting a text into pieces changes nothing but `before`, of which a piece may have less.
        #[test]
        fn pieces_see_what_the_whole_shows(
            words in proptest::collection::vec("[a-z\\n ]{0,80}|START RequestId: 8f50|RequestId|x RequestId=9\n|REPORT RequestId: \\{|Task timed out after [0-9.]{0,5} second", 0..30),
            piece in 1usize..300,
        ) {
            let text = words.concat();
            let mentions = |piece: usize| {
                let mut watch = SentenceWatch::default();
                text.as_bytes().chunks(piece).for_each(|piece| watch.look(piece));
                watch.mentions().map(|mentions| (mentions.lines, mentions.first))
            };
            proptest::prop_assert_eq!(mentions(piece), mentions(text.len().max(1)), "{:?}", text);
            let gist = |sighting: Option<Sighting>| sighting.map(|seen| (seen.line, seen.sentence));
            proptest::prop_assert_eq!(gist(seen(&text, piece)), gist(seen(&text, usize::MAX)), "{:?}", text);
        }
    }
}
