//! AWS CLI `--output text`: rows of `filter-log-events` and `get-log-events`, and rows of a time and a message.

use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::head::InputHead;
use crate::decode::moment::moment;
use crate::decode::{Decode, Shape};
use crate::lambda::sentences::message_start;
use crate::model::{Timestamp, stream_parts};

pub(in crate::decode) const EVENTS: Shape = Shape {
    name: "aws-cli-text",
    about: "`aws logs filter-log-events` or `get-log-events` with `--output text`",
    sniff: |head| starts_row(head.first_line()) || head.first_line().starts_with(b"b/") && head.any_line(starts_row),
    decode: Decode::Events(|feed, delivery| {
        engine::decode(&mut Events, feed, delivery);
        Ok(())
    }),
    samples: &[
        "EVENTS\t38000000000000000000000000000000000000000000000000000001\t1790812803456\t2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\tSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\t1790812800123\n\
         EVENTS\t38000000000000000000000000000000000000000000000000000002\t1790812803456\t2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\tplain\t1790812800124\n",
        "b/38000000000000000000000000000000000000000000000000000001/s\tf/38000000000000000000000000000000000000000000000000000009/s\n\
         EVENTS\t1790812803456\tEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n\t1790812800123\n",
    ],
};

pub(in crate::decode) const ROWS: Shape = Shape {
    name: "aws-cli-query-text",
    about: "`aws logs … --query 'events[*].[timestamp,message]' --output text`: epoch time, a tab, the message",
    sniff: |head| time_row(head.first_line()).is_some(),
    decode: Decode::Events(|feed, delivery| {
        engine::decode(&mut Rows, feed, delivery);
        Ok(())
    }),
    samples: &[
        "1790812800123\tSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\n1790812800124\tplain\n",
    ],
};

pub(in crate::decode) const RESULTS: Shape = Shape {
    name: "insights-text",
    about: "`aws logs get-query-results --output text`: rows of RESULTS, field and value",
    sniff: |head| head.any_line(|line| line.starts_with(b"RESULTS\t@")) && are_rows(head),
    decode: Decode::Events(|feed, delivery| {
        delivery.watch_order();
        delivery.sampled("a Logs Insights query");
        engine::decode(&mut Results::default(), feed, delivery);
        Ok(())
    }),
    samples: &[
        "Complete\nRESULTS\t@timestamp\t2026-10-01 00:00:00.123\nRESULTS\t@message\tEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n\nRESULTS\t@ptr\tCpUB\n",
    ],
};

/// Returns whether sentences of the platform stand in rows: a function may print a row, too.
fn are_rows(head: &InputHead<'_>) -> bool {
    let told = head.lines().filter(|line| message_start(line).is_some());
    let (rows, alone): (Vec<_>, Vec<_>) = told.partition(|line| line.starts_with(b"RESULTS\t"));
    alone.len() <= rows.len()
}

/// The fields of a row stand on lines of their own, the time usually before the message.
#[derive(Default)]
struct Results {
    time: Option<Timestamp>,
}

impl Family for Results {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        let Some(field) = line.strip_prefix(b"RESULTS\t") else {
            // What stands around the rows; lines that begin with none of it continue a message.
            let around: [&[u8]; 3] = [b"STATISTICS\t", b"Complete", b"CWLI"];
            let frames = around.iter().any(|start| line.starts_with(start));
            return frames.then_some(Prefix { message: usize::MAX, ..Prefix::default() });
        };
        let start = line.len() - field.len();
        if let Some(time) = field.strip_prefix(b"@timestamp\t") {
            self.time = moment(time);
        }
        match field.starts_with(b"@message\t") {
            true => Some(Prefix { at: self.time, message: start + b"@message\t".len(), ..Prefix::default() }),
            false => Some(Prefix { message: usize::MAX, ..Prefix::default() }),
        }
    }
}

fn starts_row(line: &[u8]) -> bool {
    line.starts_with(b"EVENTS\t")
}

/// Length of the epoch number at the start, with a tab behind it.
fn number_and_tab(text: &[u8]) -> Option<usize> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    ((12..=14).contains(&digits) && text.get(digits) == Some(&b'\t')).then_some(digits)
}

fn time_row(line: &[u8]) -> Option<Prefix> {
    let digits = number_and_tab(line)?;
    Some(Prefix { at: moment(&line[..digits]), message: digits + 1, ..Prefix::default() })
}

struct Rows;

impl Family for Rows {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        time_row(line)
    }
}

struct Events;

impl Family for Events {
    type Names = NamePlaces;

    /// Columns stand in the order of their keys: event id and stream only in answers of `filter-log-events`.
    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        if !starts_row(line) {
            let ends_rows = line.starts_with(b"SEARCHEDLOGSTREAMS\t")
                || line.starts_with(b"NEXTTOKEN\t")
                || line.starts_with(b"b/");
            return ends_rows.then_some(Prefix { message: usize::MAX, ..Prefix::default() });
        }
        let mut place = b"EVENTS\t".len();
        let (mut event_id, mut numbered) = (Column::default(), false);
        let first = line[place..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        // An id has 56 digits, of other servers fewer: what tells it is the number of the ingestion time behind it.
        let numbers = line.get(place + first) == Some(&b'\t') && number_and_tab(&line[place + first + 1..]).is_some();
        if first > 0 && numbers {
            event_id = Column::new(place, place + first);
            numbered = true;
            place += first + 1;
        }
        place += number_and_tab(&line[place..])? + 1;
        let length = memchr::memchr(b'\t', &line[place..]).unwrap_or(line.len() - place);
        let column = &line[place..place + length];
        let is_stream = numbered || std::str::from_utf8(column).is_ok_and(|name| stream_parts(name).is_some());
        let (stream, message) = if is_stream {
            (Column::new(place, place + length), place + length + 1)
        } else {
            (Column::default(), place)
        };
        Some(Prefix { at: None, message, names: NamePlaces { stream, event_id, ..NamePlaces::default() } })
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let Some(tab) = memchr::memrchr(b'\t', message) else {
            return event.deliver(message, delivery);
        };
        match moment(&message[tab + 1..]) {
            Some(at) => FoundEvent { at: Some(at), ..event }.deliver(&message[..tab], delivery),
            None => event.deliver(message, delivery),
        }
    }
}
