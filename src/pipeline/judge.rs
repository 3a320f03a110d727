//! Processing of a closed attempt: its verdict, its entry in the totals, its record in the spool, and its display.

use std::sync::Arc;

use super::stream_part::StreamPart;
use super::streams::StreamOutput;
use super::tally::{Tally, masked_sighting};
use super::worker::Worker;
use crate::assemble::{self, Output};
use crate::lambda::sentences::end_told_of;
use crate::model::{Attempt, Bucket, InsightsReading, Note, Origin, Place, Sighting, Stretch, Timestamp};
use crate::rules;
use crate::summary::{StreamNames, record_of};
use crate::wire::InputProblem;

impl Worker<'_> {
    /// Joins the parts of one stream and closes it.
    pub(super) fn close_stream(&mut self, mut stream_parts: Vec<StreamPart>) {
        stream_parts.sort_by_key(|stream_part| (stream_part.part.span(), stream_part.input));
        let Some(first) = stream_parts.first() else { return };
        let (origin, names) = (first.origin.clone(), first.names);
        // A stream whose own lines are read may quote those of others: log forwarders and tests do.
        let read = stream_parts.iter().any(|part| part.read);
        for part in &stream_parts {
            let Some((sighting, bytes)) = part.unread.settled.as_deref() else { continue };
            if read {
                self.tally.count(part.input, Bucket::Unattributed, *bytes);
            } else {
                self.tally.count(part.input, Bucket::Unrecognized, *bytes);
                let input = self.inputs.get(part.input as usize);
                let sighting = masked_sighting(sighting, &self.options.redaction);
                self.tally.unread(input.map_or("", |input| &input.name), &sighting, false);
            }
        }
        let parts = stream_parts.into_iter().map(|stream_part| stream_part.part);
        let keep = self.keep;
        assemble::join(parts, keep, &mut Closing::new(self, &origin, names));
    }
}

impl<'r> StreamOutput for Worker<'r> {
    type Closing<'c>
        = Closing<'c, 'r>
    where
        Self: 'c;

    fn stream(&mut self, origin: &mut Origin<String>, input: u32) -> StreamNames {
        origin.each_mut().for_each(|name| self.options.redaction.mask(name));
        self.entries.stream(origin, input)
    }

    fn runtime(&mut self, names: StreamNames, at: Option<Timestamp>, version: &str) {
        self.entries.runtime(names, at, &self.options.redaction.masked(version));
    }

    fn closing<'c>(&'c mut self, origin: &'c Arc<Origin<String>>, names: StreamNames) -> Closing<'c, 'r> {
        Closing::new(self, origin, names)
    }

    fn own_record(&mut self, json: &[u8], place: Place) {
        self.take_own_record(json, place);
    }

    fn unparsed(&mut self, place: Place) {
        let input = self.inputs.get(place.input as usize);
        self.tally.unparsed(input.map_or("", |input| &input.name), place.line);
    }

    fn insights(&mut self, reading: &InsightsReading) {
        self.entries.add_insights(reading, &self.options.redaction);
    }

    fn note(&mut self, input: u32, note: Note) {
        self.take_note(input, note);
    }

    fn left_out(&mut self, input: u32, part: &str, reason: &str) {
        let input = self.inputs.get(input as usize).map_or("", |input| &input.name);
        let part = self.options.redaction.masked(part);
        self.tally.skipped.push(InputProblem { input: format!("{input}: {part}"), reason: reason.to_owned() });
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    fn stretches(&mut self) -> &mut Vec<Stretch> {
        &mut self.stretches
    }
}

/// A receiver of the closed attempts of one stream.
pub(super) struct Closing<'a, 'r> {
    worker: &'a mut Worker<'r>,
    origin: &'a Arc<Origin<String>>,
    names: StreamNames,
}

impl<'a, 'r> Closing<'a, 'r> {
    pub(super) fn new(worker: &'a mut Worker<'r>, origin: &'a Arc<Origin<String>>, names: StreamNames) -> Self {
        Self { worker, origin, names }
    }
}

impl Output for Closing<'_, '_> {
    fn closed(&mut self, attempt: &mut Attempt) {
        // Where environments may be mixed, any of them may have begun before the window.
        if self.origin.log_stream.is_none() && attempt.report_seen && !attempt.start_seen {
            attempt.window_cut = attempt.window_cut.with_start();
        }
        if let Some(unjudged) = &mut self.worker.unjudged
            && !rules::is_plain_success(attempt)
        {
            unjudged.push(attempt, self.origin, self.names);
            return;
        }
        let (effects, redaction) = (&self.worker.options.effects, &self.worker.options.redaction);
        let mut verdict = rules::judge(attempt);
        if self.worker.keep.every_attempt {
            (attempt.side_effects, attempt.work_shown) =
                effects.of_lines(&attempt.lines, &|line| redaction.masked(line));
        } else if verdict.category.is_failure() {
            // Side effects of successes are only needed for records.
            attempt.work_shown = effects.most_of_lines(&attempt.lines);
        }
        verdict.take_work(&attempt.work_shown);
        let attempt = &*attempt;
        let named = self.worker.named_by_attempt(self.origin, attempt);
        let (origin, names) = named.as_ref().map_or((self.origin, self.names), |(origin, names)| (origin, *names));
        if !attempt.report_seen
            && let Some(sighting) = told_end(attempt)
        {
            let input = self.worker.inputs.get(attempt.place.input as usize).map_or("", |input| &input.name);
            let sighting = masked_sighting(&sighting, &self.worker.options.redaction);
            self.worker.tally.unread(input, &sighting, false);
        }
        // As records of the attempts tell it.
        if let Some(runtime) = &attempt.runtime {
            self.worker.entries.runtime(names, attempt.started_at, &redaction.masked(runtime));
        }
        self.worker.progress.judged(verdict.category.is_failure());
        let (inputs, options) = (self.worker.inputs, self.worker.options);
        let input_name = |at: u32| inputs.get(at as usize).map(|input| input.name.clone()).unwrap_or_default();
        let record = || record_of(origin, attempt, &verdict, &input_name, &options.redaction);
        self.worker.entries.add(names, attempt, &verdict, &options.redaction, &record);
        if self.worker.spool.is_some() {
            let record = record();
            self.worker.spool(&record, attempt.place, names);
        }
        if let Some(request) = attempt.request_id
            && self.worker.shown.wants(request, verdict.category.is_failure())
        {
            let (record, at) = (record(), (attempt.place, names.function()));
            let message = verdict.error_message.as_deref();
            self.worker.shown.take(request, record, at, &attempt.lines, message, &options.redaction);
        }
    }

    fn count(&mut self, input: u32, bucket: Bucket, bytes: u64) {
        self.worker.tally.count(input, bucket, bytes);
    }

    fn duplicate(&mut self) {
        self.worker.tally.duplicates += 1;
    }

    fn crowded(&mut self, place: Place) {
        let text = format!(
            "more than {} attempts were running at once: the oldest ones are taken to have no end",
            assemble::OPEN_AT_ONCE
        );
        self.worker.take_note(place.input, Note { incomplete: true, text });
    }

    fn unread_report(&mut self, place: Place) {
        let input = self.worker.inputs.get(place.input as usize);
        self.worker.tally.unparsed(input.map_or("", |input| &input.name), place.line);
    }

    fn disordered(&mut self, place: Place) {
        let input = self.worker.inputs.get(place.input as usize);
        self.worker.tally.disordered(input.map_or("", |input| &input.name), place.line);
    }

    fn parted(&mut self, place: Place) {
        let text = format!(
            "line {}: more than {} errors stand before the first line of Lambda: each is taken for an attempt of its own",
            place.line,
            assemble::SIGNS_KEPT
        );
        self.worker.take_note(place.input, Note { incomplete: true, text });
    }
}

/// Finds the end of an attempt whose REPORT was not read within a line of its own: in text that was wrapped anew, sentences
/// stand anywhere in a line, where they cannot be told from quotations. But nobody quotes the end of what still runs.
fn told_end(attempt: &Attempt) -> Option<Sighting> {
    let id = attempt.request_id.filter(|id| !id.is_token())?;
    attempt.lines.iter().find_map(|line| end_told_of(id, line.text, line.place.line))
}
