//! Tests of the streams of an input against a fake run: what is told, and the law that batches change nothing.

use proptest::prelude::*;

use super::*;
use crate::assemble::join;
use crate::model::{Attempt, Block, KeepLines};
use crate::pipeline::sift::sift_block;
use crate::summary::{Entries, SharedTables};

/// A run that only writes down what it is told.
struct FakeRun<'s> {
    entries: Entries<'s>,
    closed: Vec<(Option<String>, Attempt)>,
    runtimes: Vec<String>,
    own_records: Vec<String>,
    notes: Vec<String>,
    tally: Tally,
    duplicates: u32,
    stretches: Vec<Stretch>,
}

impl<'s> FakeRun<'s> {
    fn new(shared: &'s SharedTables) -> Self {
        Self {
            entries: Entries::new(shared),
            closed: Vec::new(),
            runtimes: Vec::new(),
            own_records: Vec::new(),
            notes: Vec::new(),
            tally: Tally::default(),
            duplicates: 0,
            stretches: Vec::new(),
        }
    }
}

struct FakeClosing<'c> {
    origin: &'c Origin<String>,
    closed: &'c mut Vec<(Option<String>, Attempt)>,
    tally: &'c mut Tally,
    duplicates: &'c mut u32,
}

impl assemble::Output for FakeClosing<'_> {
    fn closed(&mut self, attempt: &mut Attempt) {
        self.closed.push((self.origin.function.clone(), attempt.clone()));
    }
    fn count(&mut self, input: u32, bucket: Bucket, bytes: u64) {
        self.tally.count(input, bucket, bytes);
    }
    fn duplicate(&mut self) {
        *self.duplicates += 1;
    }
    fn crowded(&mut self, _: Place) {}
    fn unread_report(&mut self, _: Place) {}
    fn parted(&mut self, _: Place) {}
    fn disordered(&mut self, _: Place) {}
}

impl StreamOutput for FakeRun<'_> {
    type Closing<'c>
        = FakeClosing<'c>
    where
        Self: 'c;

    fn stream(&mut self, origin: &mut Origin<String>, input: u32) -> StreamNames {
        self.entries.stream(origin, input)
    }
    fn runtime(&mut self, _: StreamNames, _: Option<Timestamp>, version: &str) {
        self.runtimes.push(version.to_owned());
    }
    fn closing<'c>(&'c mut self, origin: &'c Arc<Origin<String>>, _: StreamNames) -> FakeClosing<'c> {
        let Self { closed, tally, duplicates, .. } = self;
        FakeClosing { origin, closed, tally, duplicates }
    }
    fn own_record(&mut self, json: &[u8], _: Place) {
        self.own_records.push(String::from_utf8_lossy(json).into_owned());
    }
    fn unparsed(&mut self, _: Place) {}
    fn insights(&mut self, _: &InsightsReading) {}
    fn note(&mut self, _: u32, note: Note) {
        self.notes.push(note.text);
    }
    fn left_out(&mut self, _: u32, _: &str, _: &str) {}
    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
    fn stretches(&mut self) -> &mut Vec<Stretch> {
        &mut self.stretches
    }
}

/// Keeps lines that say `paid`.
#[derive(Debug)]
struct Paid;

impl KeepLines for Paid {
    fn next(&self, text: &[u8]) -> Option<usize> {
        memchr::memmem::find(text, b"paid")
    }
}

/// How events come.
#[derive(Clone, Debug)]
enum Delivery {
    OneByOne,
    /// In batches that end before these events, looked at before they are handed over or not.
    Batches {
        ends: Vec<usize>,
        sifted: bool,
    },
}

/// One event: number of its stream, and its message.
type Written = (u32, String);

fn keys() -> [Origin<&'static str>; 3] {
    let key = |stream, group| Origin { log_stream: Some(stream), log_group: Some(group), ..Origin::default() };
    [key("a", "/aws/lambda/pay"), key("b", "/aws/lambda/mail"), key("c", "/aws/apigateway/welcome")]
}

/// What a run is told of events, and the attempts that are closed in the end.
fn told<'s>(events: &[Written], delivery: &Delivery, keep: &Keep, shared: &'s SharedTables) -> FakeRun<'s> {
    let mut run = FakeRun::new(shared);
    let mut streams = Streams::new(&mut run, 0, None, keep);
    let ids = keys().map(|key| streams.stream(&key));
    let event = |number: usize| LogEvent {
        at: Timestamp::from_ms(1_790_000_000_000 + number as i64),
        message: events[number].1.as_bytes(),
        line: number as u64 / 2 + 1,
        ..LogEvent::default()
    };
    match delivery {
        Delivery::OneByOne => {
            (0..events.len()).for_each(|number| streams.event(ids[events[number].0 as usize], event(number)));
        }
        Delivery::Batches { ends, sifted } => {
            let mut block = Block::default();
            for number in 0..events.len() {
                if ends.contains(&number) {
                    if *sifted {
                        sift_block(&mut block);
                    }
                    streams.events(&block.batch());
                    block.clear();
                }
                block.push(ids[events[number].0 as usize], &event(number), None);
            }
            streams.events(&block.batch());
        }
    }
    streams.part_ends(None);
    let parts: Vec<StreamPart> = streams.into_stream_parts().collect();
    for StreamPart { origin, names, part, .. } in parts {
        join([part], keep, &mut run.closing(&origin, names));
    }
    run
}

/// Everything a run was told, as text.
fn account(run: &FakeRun<'_>) -> String {
    let FakeRun { closed, runtimes, own_records, notes, tally, duplicates, .. } = run;
    format!("{closed:#?} {runtimes:?} {own_records:?} {notes:?} {tally:#?} {duplicates}")
}

fn id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

/// A message out of the life of attempts.
fn message(kind: u32, number: u32) -> String {
    let id = id(number);
    match kind {
        0 | 1 => format!("START RequestId: {id} Version: 7\n"),
        2 => format!("END RequestId: {id}\n"),
        3 | 4 => format!(
            "REPORT RequestId: {id}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB\t\n"
        ),
        5 => format!("2026-01-02T03:04:05.678Z {id} Task timed out after 3.00 seconds\n\n"),
        6 => format!(
            "2026-01-02T03:04:05.678Z\t{id}\tERROR\tInvoke Error \t{{\"errorType\":\"E\",\"errorMessage\":\"m\"}}\n"
        ),
        7 => "[ERROR] KeyError: 'a'\n".to_owned(),
        8 => "Traceback (most recent call last):\n".to_owned(),
        9 => format!("  File \"/var/task/app.py\", line {number}, in handler\n"),
        10 => format!("order {number} is paid\n"),
        11 => "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:x\n"
            .to_owned(),
        _ => format!("line {number} of the function\n"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// Lines that are counted and kept later, or never, are those that would have been kept at once.
    #[test]
    fn batches_change_nothing(
        written in proptest::collection::vec((0u32..3, 0u32..24, 0u32..4), 0..80),
        ends in proptest::collection::vec(0usize..80, 0..6),
        sifted: bool,
        filter: bool,
        every_attempt: bool,
    ) {
        let events: Vec<Written> =
            written.iter().map(|&(stream, kind, number)| (stream, message(kind, number))).collect();
        let filter = filter.then(|| Arc::new(Paid) as Arc<dyn KeepLines>);
        let keep = Keep { filter, every_line: false, every_attempt };
        let shared = SharedTables::default();
        let single = told(&events, &Delivery::OneByOne, &keep, &shared);
        let batches = told(&events, &Delivery::Batches { ends, sifted }, &keep, &shared);
        prop_assert_eq!(account(&single), account(&batches));
    }
}

fn one(messages: &[&str], stream: u32) -> String {
    let events: Vec<Written> = messages.iter().map(|message| (stream, (*message).to_owned())).collect();
    let shared = SharedTables::default();
    account(&told(&events, &Delivery::Batches { ends: Vec::new(), sifted: true }, &Keep::LAST, &shared))
}

/// A failed attempt has its last line, which was counted before the failure was known.
#[test]
fn counted_lines_of_an_attempt_that_fails_are_kept() {
    let start = message(0, 1);
    let report = format!(
        "REPORT RequestId: {}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB\tStatus: timeout\n",
        id(1)
    );
    let account = one(&[&start, "one\n", "two\n", &report], 0);
    assert!(account.contains("text: \"two\""), "{account}");
}

/// The same holds where the failure stands before the attempt, in its init, and the next request follows.
#[test]
fn counted_lines_of_an_attempt_whose_init_failed_are_kept() {
    let [earlier, its_report, init, error] = [message(0, 3), message(3, 3), message(11, 0), message(7, 0)];
    let [start, report, next] = [message(0, 1), message(3, 1), message(0, 2)];
    let account = one(&[&earlier, &its_report, &init, &error, &start, "one\n", "two\n", &report, &next], 0);
    assert!(account.contains("text: \"two\""), "{account}");
}

#[test]
fn streams_of_other_services_are_counted_and_not_read() {
    let account = one(&[&message(0, 1), &message(3, 1)], 2);
    assert!(account.contains("API Gateway access log") && !account.contains("request_id"), "{account}");
}

/// A sentence of the platform counts as unread where no line about an attempt was read in its text, and nowhere else.
#[test]
fn a_text_of_which_nothing_was_understood_is_told() {
    let sighting = || Sighting { line: 3, sentence: "REPORT RequestId", before: String::new(), refused: false };
    for (message, unread) in [("gibberish\n".to_owned(), true), (message(0, 1), false)] {
        let shared = SharedTables::default();
        let mut run = FakeRun::new(&shared);
        let keep = Keep::LAST;
        let mut streams = Streams::new(&mut run, 0, None, &keep);
        let id = streams.stream(&Origin::default());
        streams.event(id, LogEvent { message: message.as_bytes(), ..LogEvent::default() });
        streams.part_ends(Some(sighting()));
        assert_eq!(streams.take_unread_part().is_some(), unread, "{message}");
    }
}

/// A way in which a log can have very many streams: its name, and the events of so many, as the number of a stream, a
/// message, and whether a text of an archive ends behind it.
type Many = (&'static str, fn(u32) -> Vec<(u32, String, bool)>);

const MANY: &[Many] = &[
    ("begun", |count| (0..count).map(|at| (at, message(0, at), false)).collect()),
    ("one after the other", |count| {
        (0..count).flat_map(|at| [(at, message(0, at), false), (at, message(3, at), false)]).collect()
    }),
    ("all begun, then all ended", |count| {
        let all = |kind| (0..count).map(move |at| (at, message(kind, at), false));
        all(0).chain(all(3)).collect()
    }),
    ("each in a text of its own", |count| {
        (0..count).flat_map(|at| [(at, message(0, at), false), (at, message(3, at), true)]).collect()
    }),
    ("of other logs", |count| (0..count).map(|at| (at, message(12, at), true)).collect()),
];

/// The work for four times as many streams, named or not, is about four times as much.
#[test]
fn many_streams_take_work_in_proportion() {
    for (kind, events) in MANY {
        for named in [true, false] {
            let done = |count: u32| {
                let shared = SharedTables::default();
                let mut run = FakeRun::new(&shared);
                let keep = Keep::LAST;
                let mut streams = Streams::new(&mut run, 0, None, &keep);
                work::take();
                for (stream, message, ends) in events(count) {
                    let name = format!("stream {stream}");
                    let (log_stream, log_group) = if named { (Some(&*name), None) } else { (None, Some(&*name)) };
                    let id = streams.stream(&Origin { log_stream, log_group, ..Origin::default() });
                    streams.event(id, LogEvent { message: message.as_bytes(), ..LogEvent::default() });
                    if ends {
                        streams.part_ends(None);
                    }
                }
                work::take()
            };
            let (few, many) = (done(10_000), done(40_000));
            assert!(many <= 5 * few.max(10_000), "{kind}: {few} steps, and {many} for four times as many streams");
        }
    }
}

/// Streams that rest are those that had no event for long, and one that goes on is told as if it had not rested.
#[test]
fn a_stream_goes_on_after_a_rest() {
    let others = || (1..3 * IDLE as u32 / 2).map(|at| (at, message(0, at), false));
    let first = |kind| [(0, message(kind, 0), false)];
    let shared = SharedTables::default();
    let mut run = FakeRun::new(&shared);
    let keep = Keep::LAST;
    let mut streams = Streams::new(&mut run, 0, None, &keep);
    let mut rested = false;
    let events = first(0).into_iter().chain(first(12)).chain(others()).chain(first(5)).chain(first(3));
    for (stream, message, _) in events {
        let name = format!("stream {stream}");
        let id = streams.stream(&Origin { log_stream: Some(&*name), ..Origin::default() });
        streams.event(id, LogEvent { message: message.as_bytes(), ..LogEvent::default() });
        rested |= streams.streams[0].rests;
    }
    assert!(rested && !streams.streams[0].rests);
    let parts: Vec<StreamPart> = streams.into_stream_parts().take(1).collect();
    for StreamPart { origin, names, part, .. } in parts {
        join([part], &keep, &mut run.closing(&origin, names));
    }
    let [(_, attempt)] = run.closed.as_slice() else { panic!("one attempt") };
    assert!(attempt.report_seen && attempt.signs.len() == 1 && attempt.app_lines == 1);
    assert!(attempt.last_line.as_ref().is_some_and(|line| line.text.contains("of the function")));
}
