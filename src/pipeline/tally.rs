//! Counts for coverage while inputs are read: events, bytes by bucket, inputs that were left out, and notes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::understood::UnderstoodBytes;
use crate::model::{Bucket, Mentions, Note, Sighting, count};
use crate::wire::{AccountRead, Coverage, CoverageBytes, InputProblem, NotARecord, Redaction};

/// The counts of one worker. Several tallies add up in any order.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) inputs: u64,
    /// Inputs among them that were left before their end, as a signal came.
    pub(super) left_early: u64,
    pub(super) bytes_read: u64,
    pub(super) bytes_decoded: u64,
    pub(super) log_events: u64,
    pub(super) duplicates: u64,
    pub(super) unreadable: Vec<InputProblem>,
    pub(super) skipped: Vec<InputProblem>,
    /// Regions by account, of pulls.
    accounts: BTreeMap<Option<String>, BTreeSet<String>>,
    bytes: CoverageBytes,
    /// The same by input, if asked for.
    pub(super) by_input: Option<UnderstoodBytes>,
    /// Inputs with records of a log that was not read or understood as a whole.
    pub(super) partial: BTreeSet<u32>,
    notes: BTreeSet<Note>,
    foreign: BTreeMap<&'static str, u64>,
    logs_dropped: u64,
    /// By name, inputs that hold sentences of the platform of which none was read.
    unread: BTreeMap<String, UnreadInput>,
    /// By name of the input, the first line and the number of lines that begin like those of the platform and could not
    /// be read.
    unparsed: BTreeMap<String, (u64, u64)>,
    /// By name of the input, the first line of records of ours that could not be read, why, and their number.
    unread_records: BTreeMap<String, (u64, NotARecord, u64)>,
    /// By name of the input, the first line of those that are in an order in which nobody wrote them.
    disordered: BTreeMap<String, u64>,
    /// Number of lines with the words of platform sentences in texts without one, and the first with its input.
    mentions: Option<(u32, Mentions)>,
}

/// Number of inputs with unread sentences that get a note each.
const MOST_UNREAD: usize = 20;

/// What is known of an input that holds sentences of the platform of which none was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UnreadInput {
    /// Where the first one stands.
    line: u64,
    note: String,
    /// A directory scan left the input out, as it is no log.
    left_out: bool,
}

/// Length of the end of a line that is cut off at its front.
const TAIL: usize = 40;

/// Returns the end of the text before a sentence with secrets masked.
pub(super) fn masked_tail(before: &str, redaction: &Redaction) -> String {
    if before.len() < TAIL { redaction.apply(before) } else { redaction.apply_to_tail(before) }
}

/// Returns a sighting that can be shown.
pub(super) fn masked_sighting(sighting: &Sighting, redaction: &Redaction) -> Sighting {
    Sighting { before: masked_tail(&sighting.before, redaction), ..sighting.clone() }
}

impl Tally {
    /// Begins to count, for each input too if `each_log` says so.
    pub(super) fn new(each_log: bool) -> Self {
        Self { by_input: each_log.then(UnderstoodBytes::default), ..Self::default() }
    }

    /// Counts bytes of messages of an input in a bucket.
    pub(super) fn count(&mut self, input: u32, bucket: Bucket, bytes: u64) {
        if let Some(by_input) = &mut self.by_input {
            by_input.count(input, bucket, bytes);
        }
        self.add(bucket, bytes);
    }

    /// Counts bytes of a part of an archive that is no log.
    pub(super) fn count_left_out(&mut self, bytes: u64) {
        self.add(Bucket::Dropped, bytes);
    }

    fn add(&mut self, bucket: Bucket, bytes: u64) {
        let slot = match bucket {
            Bucket::Attributed => &mut self.bytes.attributed,
            Bucket::Environment => &mut self.bytes.environment,
            Bucket::OtherLogs => &mut self.bytes.other_logs,
            Bucket::Unattributed | Bucket::Outside => &mut self.bytes.unattributed,
            Bucket::Dropped => &mut self.bytes.dropped,
            Bucket::Unrecognized => &mut self.bytes.unrecognized,
        };
        *slot += bytes;
    }

    /// Returns the counts so far that an input which turns out to be no log must not change.
    pub(super) fn mark(&self) -> (u64, CoverageBytes) {
        (self.log_events, self.bytes)
    }

    /// Takes back what was counted since [`Self::mark`].
    pub(super) fn reset(&mut self, (log_events, bytes): (u64, CoverageBytes)) {
        (self.log_events, self.bytes) = (log_events, bytes);
    }

    pub(super) fn foreign(&mut self, kind: &'static str, events: u64) {
        *self.foreign.entry(kind).or_default() += events;
    }

    /// Adds the accounts that a pull asked.
    pub(super) fn accounts(&mut self, accounts: Vec<AccountRead>) {
        for AccountRead { account_id, regions } in accounts {
            self.accounts.entry(account_id).or_default().extend(regions);
        }
    }

    pub(super) fn logs_dropped(&mut self, records: u64) {
        self.logs_dropped += records;
    }

    /// Counts an input that contains a sentence of the platform of which none was read.
    pub(super) fn unread(&mut self, input: &str, sighting: &Sighting, left_out: bool) {
        let Sighting { line, sentence, before, .. } = sighting;
        let behind = if before.is_empty() { String::new() } else { format!(" behind {before:?}") };
        let remedy = if before.is_empty() { "" } else { "; take off what stands before the messages" };
        let note = format!(
            "{input}: line {line} holds {sentence:?}{behind}, but neither START, END nor REPORT of an attempt could be read: \
             its failures are missing{remedy}, or leave it out with --exclude"
        );
        self.enter_unread(input.to_owned(), UnreadInput { line: *line, note, left_out });
    }

    /// Keeps what is known of the first sentence of an input.
    fn enter_unread(&mut self, input: String, unread: UnreadInput) {
        match self.unread.entry(input) {
            Entry::Vacant(free) => drop(free.insert(unread)),
            Entry::Occupied(mut known) => {
                let left_out = known.get().left_out && unread.left_out;
                if unread < *known.get() {
                    known.insert(unread);
                }
                known.get_mut().left_out = left_out;
            }
        }
    }

    /// Returns whether lines that look like those of the platform could not be read.
    pub(super) fn has_unrecognized(&self) -> bool {
        self.bytes.unrecognized > 0
    }

    /// Returns the number of inputs that contain sentences of the platform of which none was read.
    pub(super) fn unread_inputs(&self) -> u64 {
        self.unread.len() as u64
    }

    /// Returns the number of logs among them.
    pub(super) fn unread_logs(&self) -> u64 {
        self.unread.values().filter(|unread| !unread.left_out).count() as u64
    }

    /// Counts a line that begins like one of the platform and could not be read.
    pub(super) fn unparsed(&mut self, input: &str, line: u64) {
        self.add_unparsed(input.to_owned(), (line, 1));
    }

    /// Counts a record of ours that could not be read.
    pub(super) fn unread_record(&mut self, input: &str, line: u64, why: NotARecord) {
        self.add_unread_records(input, (line, why, 1));
    }

    fn add_unread_records(&mut self, input: &str, (line, why, count): (u64, NotARecord, u64)) {
        let Some((first, reason, sum)) = self.unread_records.get_mut(input) else {
            self.unread_records.insert(input.to_owned(), (line, why, count));
            return;
        };
        if line < *first {
            (*first, *reason) = (line, why);
        }
        *sum += count;
    }

    /// Counts lines that hold the words of platform sentences without being any.
    pub(super) fn mentions(&mut self, input: u32, mentions: Mentions) {
        let Some((first_input, known)) = &mut self.mentions else {
            self.mentions = Some((input, mentions));
            return;
        };
        let lines = known.lines + mentions.lines;
        if (input, mentions.first) < (*first_input, known.first) {
            (*first_input, *known) = (input, mentions);
        }
        known.lines = lines;
    }

    /// Takes out the lines that hold the words of platform sentences, with the input of the first.
    pub(super) fn take_mentions(&mut self) -> Option<(u32, Mentions)> {
        self.mentions.take()
    }

    /// Takes a line of an input that stands where nobody wrote it.
    pub(super) fn disordered(&mut self, input: &str, line: u64) {
        match self.disordered.get_mut(input) {
            Some(first) => *first = line.min(*first),
            None => drop(self.disordered.insert(input.to_owned(), line)),
        }
    }

    fn add_unparsed(&mut self, input: String, (line, count): (u64, u64)) {
        let (first, sum) = self.unparsed.entry(input).or_insert((line, 0));
        *first = line.min(*first);
        *sum += count;
    }

    pub(super) fn note(&mut self, note: Note) {
        self.notes.insert(note);
    }

    /// Notes that the log of a function contains failures only.
    pub(super) fn hides_successes(&mut self, function: &str) {
        let text = format!(
            "{function}: the log has only attempts that failed (JSON at system log level WARN): rates are not known"
        );
        self.note(Note { incomplete: true, text });
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.left_early += other.left_early;
        self.bytes_read += other.bytes_read;
        self.bytes_decoded += other.bytes_decoded;
        self.log_events += other.log_events;
        self.duplicates += other.duplicates;
        self.unreadable.extend(other.unreadable);
        self.skipped.extend(other.skipped);
        for (account, regions) in other.accounts {
            self.accounts.entry(account).or_default().extend(regions);
        }
        self.bytes += other.bytes;
        match (&mut self.by_input, other.by_input) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
        self.partial.extend(other.partial);
        self.notes.extend(other.notes);
        for (kind, events) in other.foreign {
            self.foreign(kind, events);
        }
        self.logs_dropped += other.logs_dropped;
        for (input, line) in other.disordered {
            self.disordered(&input, line);
        }
        if let Some((input, mentions)) = other.mentions {
            self.mentions(input, mentions);
        }
        for (input, unparsed) in other.unparsed {
            self.add_unparsed(input, unparsed);
        }
        for (input, unread) in other.unread_records {
            self.add_unread_records(&input, unread);
        }
        for (input, unread) in other.unread {
            self.enter_unread(input, unread);
        }
    }

    /// Returns the coverage of a whole run. `duplicate_attempts` were found when attempts were grouped by invocation
    /// event.
    pub(super) fn coverage(mut self, duplicate_attempts: u64) -> Coverage {
        let known = self.bytes.sum();
        debug_assert!(known <= self.bytes_decoded, "{known} bytes counted of {}", self.bytes_decoded);
        // Decoded bytes that belong to no message are framing.
        self.bytes.framing += self.bytes_decoded.saturating_sub(known);
        self.unreadable.sort();
        self.skipped.sort();
        if self.logs_dropped > 0 {
            let text = format!("Lambda dropped {} log records: the log is incomplete", self.logs_dropped);
            self.notes.insert(Note { incomplete: true, text });
        }
        let mut unread: Vec<String> =
            self.unread.values().take(MOST_UNREAD).map(|unread| unread.note.clone()).collect();
        if self.unread.len() > MOST_UNREAD {
            unread.push(format!("the same in {} more inputs", self.unread.len() - MOST_UNREAD));
        }
        unread.extend(self.unparsed.iter().take(MOST_UNREAD).map(|(input, (line, count))| {
            let lines = if *count == 1 { "line begins" } else { "lines begin" };
            format!(
                "{input}: {count} {lines} like those of the platform and could not be read, the first at line {line}"
            )
        }));
        unread.extend(self.unread_records.iter().take(MOST_UNREAD).map(|(input, (line, why, records))| {
            let records = count(*records, "record", "records");
            format!("{input}: {records} could not be read, the first at line {line}: {why}")
        }));
        unread.extend(self.disordered.iter().take(MOST_UNREAD).map(|(input, line)| {
            format!(
                "{input}: lines are not in the order in which one environment writes them, the first at line {line}, as verdicts may \
                 be wrong: sort them by time, or give files of one stream that mixes environments as one file"
            )
        }));
        let mut notes: Vec<String> = self.notes.iter().map(|note| note.text.clone()).collect();
        notes.splice(..0, unread);
        notes.extend(self.foreign.iter().map(|(kind, events)| format!("left out {events} events of {kind}")));
        let account = |(account_id, regions): (_, BTreeSet<String>)| AccountRead {
            account_id,
            regions: regions.into_iter().collect(),
        };
        Coverage {
            accounts: self.accounts.into_iter().map(account).collect(),
            inputs: self.inputs,
            bytes_read: self.bytes_read,
            log_events: self.log_events,
            bytes: self.bytes,
            complete: self.unreadable.is_empty()
                && self.bytes.unrecognized == 0
                && self.unread.is_empty()
                && self.disordered.is_empty()
                && self.notes.iter().all(|note| !note.incomplete),
            inputs_unreadable: self.unreadable,
            inputs_skipped: self.skipped,
            duplicates: self.duplicates + duplicate_attempts,
            notes,
        }
    }
}
