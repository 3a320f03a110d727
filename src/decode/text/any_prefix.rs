//! Lines with anything before them that is not known by name: a quote mark, a clock, the prefix of a logger. What it is
//! like is learned from the lines of the platform.

use std::borrow::Cow;

use super::ansi::without_colours;
use super::engine::{self, Family, FoundEvent, NamePlaces, Prefix};
use super::line_form::LineForm;
use super::own_time::own_time;
use crate::decode::Shape;
use crate::decode::delivery::Delivery;
use crate::decode::head::{HEAD, without_return};
use crate::decode::json::scan::unescape;
use crate::lambda::platform::is_platform;
use crate::lambda::sentences::{is_prose, message_start};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "any-prefix",
    about: "lines behind anything that repeats: a clock, a date, quote marks, the prefix of a logger or a terminal",
    sniff: |head| !LineForms::learn(head.bytes).0.is_empty(),
    decode: |feed, delivery| {
        let data = feed.data();
        let forms = LineForms::learn(&data[..data.len().min(HEAD)]);
        delivery.watch_order();
        delivery.lines_only();
        engine::decode(&mut AnyPrefix { forms, ended: false }, feed, delivery);
        Ok(())
    },
    samples: &[
        "> START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n> END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "api-1  | START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\napi-1  | END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "2026-10-01T00:00:00.123456789Z stdout F REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tDuration: 1.00 ms\n",
        "12:00:01 [pay] START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\n12:00:01 [pay] END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

/// Lines looked at, at most.
const LINES: usize = 2_000;
/// Forms in one input, at most.
const MOST_FORMS: usize = 8;

/// Forms of the lines of an input, the most frequent first. None, if messages stand at the start of lines too: then what
/// stands elsewhere is quoted.
struct LineForms(Vec<LineForm>);

impl LineForms {
    fn learn(head: &[u8]) -> Self {
        let mut forms: Vec<LineForm> = Vec::new();
        for line in head.split(|byte| *byte == b'\n').take(LINES).map(without_return) {
            if is_platform(line) {
                return Self(Vec::new());
            }
            let Some(start) = message_start(line) else { continue };
            let before = &line[..start];
            let Some(form) = LineForm::of(before).filter(|_| !is_prose(&String::from_utf8_lossy(before))) else {
                continue;
            };
            if form.is_empty() {
                return Self(Vec::new());
            }
            if !forms.iter_mut().any(|known| known.merge(&form)) && forms.len() < MOST_FORMS {
                forms.push(form);
            }
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.lines()));
        Self(forms)
    }

    fn prefix(&self, line: &[u8]) -> Option<(&LineForm, Prefix<NamePlaces>)> {
        self.0.iter().find_map(|form| Some((form, form.prefix(line)?)))
    }
}

struct AnyPrefix {
    forms: LineForms,
    /// The last event was a line of the platform, which no other line continues.
    ended: bool,
}

impl Family for AnyPrefix {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        let Some((form, prefix)) = self.forms.prefix(line) else {
            // Lines without the form continue an event, if its form shows where one begins.
            let is_own = std::mem::take(&mut self.ended) || !self.forms.0.iter().any(LineForm::marks_events);
            return (is_own && !line.trim_ascii().is_empty()).then(Prefix::default);
        };
        let message = &line[prefix.message.min(line.len())..];
        self.ended = !form.marks_events() || is_platform(message);
        Some(prefix)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let text = without_colours(message);
        let first_line = event.text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let form = self.forms.prefix(without_return(first_line)).map(|(form, _)| form);
        let text = match form {
            Some(form) => unwrapped(form, &text),
            None => Cow::Borrowed(&*text),
        };
        let at = event.at.or_else(|| own_time(&text));
        FoundEvent { at, ..event }.deliver(&text, delivery);
    }
}

/// Takes off what closes a line that something opens before the message: a quote, a back-tick, the border of a table.
fn unwrapped<'t>(form: &LineForm, text: &'t [u8]) -> Cow<'t, [u8]> {
    let trimmed = text.trim_ascii_end();
    match form.last_mark() {
        Some(b'"') => {
            let inside = trimmed.strip_suffix(b",").unwrap_or(trimmed);
            match inside.strip_suffix(b"\"") {
                Some(inside) => Cow::Owned(unescape(inside).trim_end().as_bytes().to_vec()),
                None => Cow::Borrowed(text),
            }
        }
        Some(quote @ (b'`' | b'\'')) => Cow::Borrowed(trimmed.strip_suffix(&[quote]).unwrap_or(text)),
        _ if form.is_row() => Cow::Borrowed(trimmed.strip_suffix(b"|").map_or(text, <[u8]>::trim_ascii_end)),
        _ => Cow::Borrowed(text),
    }
}
