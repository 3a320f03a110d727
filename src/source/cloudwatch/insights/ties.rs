//! Order of lines that share a millisecond: rows of a query come by time, and in no order that is promised within one.
//!
//! What ends an attempt that ran before comes first, then the beginning of an environment, then what begins. A line that
//! names a request goes with it. Of other lines it is known only that they stand between the ends of an attempt.

use xxhash_rust::xxh3::xxh3_64;

use super::stretch::StreamEvent;
use crate::lambda::failures::failure_words;
use crate::lambda::platform::step_of_request;
use crate::lambda::reports::{begins_environment, ends_environment_init};

/// Place of a line among those of its millisecond: which part of it, which request there, and where in that.
type TiePlace = (u8, usize, u8);

/// Parts of a millisecond.
const BEFORE: u8 = 0;
const INIT: u8 = 1;
const WHOLE: u8 = 2;
const BEGUN: u8 = 3;
/// Places within an attempt or an init.
const FIRST: u8 = 0;
const WITHIN: u8 = 1;
const DONE: u8 = 2;
const LAST: u8 = 3;

/// Puts events that are sorted by time in the order in which they were written, as far as that can be told. Returns the
/// number of lines with words of failures of which it is not known which of two attempts wrote them.
pub(super) fn order(events: &mut [StreamEvent]) -> usize {
    let (mut from, mut doubtful) = (0, 0);
    while let Some(first) = events.get(from) {
        let at = first.at;
        let length = events[from..].iter().take_while(|event| event.at == at).count();
        if length > 1 {
            doubtful += order_one(&mut events[from..from + length]);
        }
        from += length;
    }
    doubtful
}

/// A request of which lines of the platform stand in the millisecond.
struct TiedRequest {
    hash: u64,
    id: String,
    starts: bool,
    reports: bool,
}

fn order_one(events: &mut [StreamEvent]) -> usize {
    let steps: Vec<Option<(u64, u8)>> = events.iter().map(|event| step_of_request(event.message.as_bytes())).collect();
    let mut requests: Vec<TiedRequest> = Vec::new();
    for (event, step) in events.iter().zip(&steps) {
        let Some((hash, step)) = *step else { continue };
        let at = requests.iter().position(|request| request.hash == hash).unwrap_or_else(|| {
            let mut words = event.message.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
            let id = words.find(|word| xxh3_64(word.as_bytes()) == hash).unwrap_or_default().to_owned();
            requests.push(TiedRequest { hash, id, starts: false, reports: false });
            requests.len() - 1
        });
        requests[at].starts |= step == 0;
        requests[at].reports |= step == 2;
    }
    let part = |request: &TiedRequest| match (request.starts, request.reports) {
        (false, _) => BEFORE,
        (true, true) => WHOLE,
        (true, false) => BEGUN,
    };
    let begins = events.iter().any(|event| begins_environment(&event.message));
    let ends_init = events.iter().any(|event| ends_environment_init(&event.message));
    let ends_one = requests.iter().any(|request| !request.starts);
    let first_started =
        requests.iter().enumerate().filter(|(_, one)| one.starts).min_by_key(|(at, one)| (part(one), *at));
    let of_nobody = match first_started {
        _ if ends_init => (INIT, 0, WITHIN),
        _ if ends_one => (BEFORE, 0, WITHIN),
        Some((at, request)) => (part(request), at, WITHIN),
        None if begins => (INIT, 0, WITHIN),
        None => (BEFORE, 0, WITHIN),
    };
    let place = |event: &StreamEvent, step: Option<(u64, u8)>| -> TiePlace {
        let of = |at: usize, within: u8| requests.get(at).map_or(of_nobody, |request| (part(request), at, within));
        if let Some((hash, step)) = step {
            let at = requests.iter().position(|request| request.hash == hash);
            return of(at.unwrap_or(usize::MAX), [FIRST, DONE, LAST][usize::from(step.min(2))]);
        }
        if begins_environment(&event.message) {
            return (INIT, 0, FIRST);
        }
        if ends_environment_init(&event.message) {
            return (INIT, 0, LAST);
        }
        let named = requests.iter().position(|one| !one.id.is_empty() && event.message.contains(&one.id));
        named.map_or(of_nobody, |at| of(at, WITHIN))
    };
    let mut placed: Vec<(TiePlace, StreamEvent)> = Vec::with_capacity(events.len());
    for (event, step) in events.iter_mut().zip(&steps) {
        placed.push((place(event, *step), std::mem::take(event)));
    }
    // In an environment that runs one request at a time, no other one begins before the first has ended.
    let is_split = requests.iter().any(|one| one.reports) && requests.iter().any(|one| one.starts && !one.reports);
    let is_split = is_split || requests.iter().filter(|one| one.reports).count() > 1;
    let tells_failure = |event: &StreamEvent| failure_words().any(|word| event.message.contains(word));
    let doubtful = placed.iter().zip(&steps).filter(|((place, event), step)| {
        is_split && step.is_none() && *place == of_nobody && !names_any(&requests, event) && tells_failure(event)
    });
    let doubtful = doubtful.count();
    placed.sort_by_key(|(place, _)| *place);
    for (event, (_, ordered)) in events.iter_mut().zip(placed) {
        *event = ordered;
    }
    doubtful
}

fn names_any(requests: &[TiedRequest], event: &StreamEvent) -> bool {
    requests.iter().any(|one| !one.id.is_empty() && event.message.contains(&one.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34";
    const B: &str = "7f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34";

    fn events(lines: &[(i64, String)]) -> Vec<StreamEvent> {
        let event = |(at, message): &(i64, String)| StreamEvent { at: *at, ingested: None, message: message.clone() };
        lines.iter().map(event).collect()
    }

    /// Every order of lines of one millisecond becomes the one in which they were written.
    #[test]
    fn lines_of_one_millisecond_are_put_in_order() {
        let text = |word: &str, id: &str| format!("{word} RequestId: {id}\tDuration: 1 ms");
        let json =
            |kind: &str, id: &str| format!("{{\"type\":\"platform.{kind}\",\"record\":{{\"requestId\":\"{id}\"}}}}");
        let cases: [(&str, Vec<String>, usize); 6] = [
            ("an attempt fails and ends", vec!["[ERROR] x".to_owned(), text("END", A), text("REPORT", A)], 0),
            (
                "one ends and one begins",
                vec![text("END", A), text("REPORT", A), text("START", B), format!("{B} work")],
                0,
            ),
            (
                "an init fails and runs again",
                vec!["[ERROR] no module".to_owned(), "INIT_REPORT Init Duration: 1 ms".to_owned(), text("START", A)],
                0,
            ),
            (
                "a whole attempt, then an environment",
                vec![
                    json("report", B),
                    "INIT_START Runtime".to_owned(),
                    json("start", A),
                    "x".to_owned(),
                    json("report", A),
                ],
                0,
            ),
            ("nobody knows whose error it is", vec!["[ERROR] x".to_owned(), text("REPORT", A), text("START", B)], 1),
            ("only lines", vec!["Error one".to_owned()], 0),
        ];
        for (name, lines, doubtful) in cases {
            // The written order, rotated and reversed; lines of no order among themselves are not in the cases.
            for turn in 0..lines.len() * 2 {
                let mut mixed = lines.clone();
                mixed.rotate_left(turn % lines.len());
                if turn >= lines.len() {
                    mixed.reverse();
                }
                let mut found = events(&mixed.iter().map(|line| (5, line.clone())).collect::<Vec<_>>());
                let told = order(&mut found);
                // Where a line could be of either, only the count is asked for.
                let is_known = name != "a whole attempt, then an environment";
                let kept: Vec<&String> =
                    found.iter().map(|event| &event.message).filter(|line| is_known || *line != "x").collect();
                let written: Vec<&String> = lines.iter().filter(|line| is_known || *line != "x").collect();
                assert_eq!((kept, told), (written, doubtful), "{name}, {turn}");
            }
        }
    }

    #[test]
    fn other_times_stay_apart() {
        let mut all = events(&[
            (1, format!("REPORT RequestId: {A}")),
            (2, format!("START RequestId: {A}")),
            (2, "b".to_owned()),
            (2, "a".to_owned()),
        ]);
        let before = all.clone();
        assert_eq!(order(&mut all), 0);
        assert_eq!(all, before);
    }
}
