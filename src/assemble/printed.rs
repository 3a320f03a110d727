//! Lines about other requests that the running attempt printed, as log forwarders, alarms and tests do, told from lines of a
//! second environment in the same stream.
//!
//! Where a line begins with its own time, that tells: what is printed was written before. A REPORT tells when its request
//! began: within the log, START of a second environment would have been read.

use super::open::OpenAttempt;
use super::superseded::id_that_ends;
use super::{Assembler, Message, Output};
use crate::model::{AppLine, ErrorForm, Place, RequestId, Sign, SignKind, Statement, Timestamp};

/// Printed ids of one part that are remembered.
const IDS: usize = 64;
/// Time by which a line may be older than the log says: some exports have whole seconds only.
const WRITTEN_NOW_MS: i64 = 1_000;

/// What seems to have been printed.
#[derive(Debug, Default)]
pub(super) struct Printed {
    /// Requests, with the places of their lines.
    ids: Vec<(RequestId, Place)>,
    /// Begin of the earliest request that has a REPORT, where the REPORT tells it, and the place of that.
    report: Option<(Option<Timestamp>, Place)>,
    /// Requests of whose end a sentence told, each with the one that ran beside it.
    beside: Vec<(RequestId, RequestId)>,
    /// Those of them that were taken for printed ones.
    ended: Vec<RequestId>,
}

impl Printed {
    /// Finds the first line about one of certain requests.
    fn first_of(&self, is_one: impl Fn(RequestId) -> bool) -> Option<Place> {
        self.ids.iter().find(|(id, _)| is_one(*id)).map(|(_, place)| *place)
    }
}

impl Assembler {
    /// Returns whether the function merely printed a line of the platform about another request: an environment that is not
    /// one of Managed Instances runs one request at a time, and START of the running one was seen.
    pub(super) fn is_printed(&self, record: &Statement<'_>) -> bool {
        let id = match record {
            Statement::End { id } | Statement::ExitedEarly { id } => Some(*id),
            Statement::TimedOut { id, .. } => *id,
            Statement::Report(report) => Some(report.id).filter(|_| !report.json),
            Statement::Crash(crash) => crash.id,
            Statement::Start { id, json: false, .. } => Some(*id),
            _ => None,
        };
        if self.is_in_other_format(record) {
            return true;
        }
        let Some(id) = id.filter(|_| self.known_stream && !self.concurrent) else { return false };
        // In the JSON format the platform writes no text. In the text format the next START ends what runs.
        let is_start = matches!(record, Statement::Start { .. });
        let runs = |open: &OpenAttempt| open.attempt.start_seen && (open.json || !is_start) && !open.is_reported();
        !self.had(id) && self.open.last().is_some_and(|at| runs(&self.open[at]))
    }

    /// Returns whether the function printed START or REPORT in the format that its environment does not write: JSON about a
    /// request that is not known in a log in text, or the START of its own request in text in a log in JSON.
    fn is_in_other_format(&self, record: &Statement<'_>) -> bool {
        let id = match record {
            Statement::Start { id, json: true, .. } => *id,
            Statement::Report(report) if report.json => report.id,
            Statement::InitStart(start) if start.json => return self.known_stream && self.in_text && !self.in_json,
            Statement::InitStart(_) => return self.known_stream && self.in_json && !self.in_text,
            Statement::Start { id, json: false, .. } => {
                let in_json = |open: &OpenAttempt| open.json && open.attempt.start_seen && !open.is_reported();
                return self.open.latest_of(Some(*id)).is_some_and(|at| in_json(&self.open[at]));
            }
            _ => return false,
        };
        self.known_stream && self.in_text && !self.in_json && !self.had(id)
    }

    /// Returns whether an extension printed what the Telemetry API told it about a request: in a log in text, the platform
    /// writes no JSON.
    pub(super) fn is_echo(&self, record: &Statement<'_>) -> bool {
        let (id, may_be_news) = match record {
            Statement::Start { id, json: true, .. } => (*id, false),
            Statement::Report(report) if report.json => (report.id, false),
            Statement::RuntimeDone { id, .. } => (*id, true),
            _ => return false,
        };
        let in_text = |open: &OpenAttempt| open.attempt.start_seen && !open.json;
        match self.open.latest_of(Some(id)) {
            Some(at) => in_text(&self.open[at]) && !may_be_news,
            None => self.recent.contains(id) && self.open.last().is_some_and(|at| in_text(&self.open[at])),
        }
    }

    /// Returns whether a line with its own time tells now of a request that began out of view, while another one runs.
    pub(super) fn tells_of_another(&self, record: &Statement<'_>, message: &Message<'_>) -> bool {
        match record {
            Statement::TimedOut { .. } => {
                let running = self.open.last().map(|at| &self.open[at]);
                self.is_printed(record)
                    && running.is_some_and(|by| !by.json && written_now(message.text, message.at, by) == Some(true))
            }
            // In the format JSON, Managed Instances run several requests at once.
            Statement::App(line) => !self.open.has_running_json() && self.is_of_another(line, message),
            _ => false,
        }
    }

    /// Returns whether a runtime client wrote an error of a request that began out of view, while another one runs.
    pub(super) fn is_of_another(&self, line: &AppLine<'_>, message: &Message<'_>) -> bool {
        if self.names_the_next(line) {
            return true;
        }
        self.names_another(line).is_some_and(|running| match written_now(message.text, message.at, running) {
            // In the format JSON nothing of a client is printed as it stands. Text that names no stream mixes environments.
            None => running.json || !self.known_stream,
            Some(now) => now,
        })
    }

    /// Returns whether an attempt printed what a runtime client wrote earlier about another request.
    pub(super) fn is_printed_error(&self, line: &AppLine<'_>, message: &Message<'_>) -> bool {
        self.names_another(line).is_some_and(|by| written_now(message.text, message.at, by) == Some(false))
    }

    /// Returns whether an error names another request than the one before, in a stream of which no START was kept: there only
    /// errors tell attempts apart.
    fn names_the_next(&self, line: &AppLine<'_>) -> bool {
        let may_end = |form: ErrorForm| form.is_of_client() || form == ErrorForm::MaybeUnhandled;
        let ends = line.error.as_ref().is_some_and(|error| may_end(error.form));
        let is_new = || line.id.is_some_and(|id| !id.is_anonymous() && !self.had(id));
        let goes_on = |at| self.open[at].attempt.start_seen || self.open[at].id().is_none();
        !self.starts_seen && ends && is_new() && self.open.latest_running().is_some_and(|at| !goes_on(at))
    }

    /// Finds the running attempt beside which an error of a client names a request that no line before did. Where environments
    /// are mixed, lines in JSON are of the request that they name.
    fn names_another(&self, line: &AppLine<'_>) -> Option<&OpenAttempt> {
        let form = line.error.as_ref()?.form;
        line.id.filter(|id| !id.is_anonymous() && !self.had(*id))?;
        if self.known_stream {
            let latest = &self.open[self.open.latest_running()?];
            return Some(latest).filter(|open| form.is_of_client() && open.attempt.start_seen);
        }
        let in_json = || form == ErrorForm::MaybeUnhandled && self.open.has_running_json();
        let mut begun = self.open.running().map(|at| &self.open[at]).filter(|open| open.attempt.start_seen);
        begun.next().filter(|_| form.is_of_client() || in_json())
    }

    /// Notes a line of the platform that the running attempt seems to have printed. Before a cut, its request may have
    /// begun.
    pub(super) fn note_printed(&mut self, record: &Statement<'_>, message: &Message<'_>) {
        let Some(id) = id_that_ends(record) else { return };
        let printed = self.printed.get_or_insert_default();
        if printed.ids.len() < IDS {
            printed.ids.push((id, message.place));
        }
        if let Statement::Report(report) = record {
            self.note_printed_report(begin_of(message.at, report.metrics.duration_us), message.place);
        }
    }

    /// Notes that a sentence is to tell of the end of a request of which nothing was seen, while another one runs whose START
    /// was: where environments are mixed, it may be of another one.
    pub(super) fn note_told_beside(&mut self, id: RequestId) {
        let is_known = || {
            self.had(id) || self.printed.as_ref().is_some_and(|printed| printed.first_of(|known| known == id).is_some())
        };
        let is_new = !self.known_stream && !is_known();
        // Of a request whose other lines were taken for printed ones, it is no more than one of them.
        let Some(by) = self.open.latest_running().filter(|_| is_new).map(|at| &self.open[at]) else { return };
        let Some(by) = by.id().filter(|_| by.attempt.start_seen) else { return };
        let Printed { beside, ended, .. } = &mut **self.printed.get_or_insert_default();
        if beside.len() + ended.len() < IDS {
            beside.push((id, by));
        }
    }

    /// Gives a request that comes to its REPORT the sentences about the ends of others that it printed: the platform writes END
    /// and REPORT with such a sentence.
    pub(super) fn settle_told_beside(&mut self, reported: RequestId, message: &Message<'_>, output: &mut dyn Output) {
        let Some(printed) = &mut self.printed else { return };
        if printed.ended.contains(&reported) {
            output.disordered(message.place);
        }
        let told: Vec<_> = printed.beside.extract_if(.., |(_, by)| *by == reported).map(|(id, _)| id).collect();
        for id in told {
            let has_no_more =
                |open: &OpenAttempt| !open.attempt.start_seen && !open.attempt.end_seen && !open.is_reported();
            let is_told = |open: &OpenAttempt| has_no_more(open) && open.before.is_empty();
            let Some(open) = self.open.latest_where(Some(id), is_told).and_then(|at| self.open.remove(at)) else {
                continue;
            };
            self.printed.get_or_insert_default().ended.push(id);
            if let Some(mut by) = self.open.latest_of(Some(reported)).and_then(|at| self.open.edit(at)) {
                by.take_quoted(*open, message.keep);
            }
        }
    }

    /// Notes a REPORT that an attempt seems to have printed, with the begin of its request.
    pub(super) fn note_printed_report(&mut self, began: Option<Timestamp>, place: Place) {
        let report = &mut self.printed.get_or_insert_default().report;
        *report = Some(report.map_or((began, place), |known| known.min((began, place))));
    }

    /// Adds what was printed before this part.
    pub(super) fn add_printed_before(&mut self, earlier: Option<Box<Printed>>) {
        if let Some((began, place)) = earlier.and_then(|printed| printed.report) {
            self.note_printed_report(began, place);
        }
    }

    /// Tells of the lines about a request that were taken for printed ones, now that they turn out to be its own.
    pub(super) fn tell_of_own(&self, id: RequestId, output: &mut dyn Output) {
        if let Some(place) = self.printed.as_ref().and_then(|printed| printed.first_of(|found| found == id)) {
            output.disordered(place);
        }
    }

    /// Tells of lines that a later part took for printed ones, and that are of an attempt before the cut.
    pub(super) fn tell_of_mixed(&self, later: Option<&Printed>, output: &mut dyn Output) {
        let is_own = |id| self.is_superseded(id) || self.runs(id);
        if let Some(place) = later.and_then(|printed| printed.first_of(is_own)) {
            output.disordered(place);
        }
    }

    /// Tells of a REPORT that may be of a second environment, at the end of the stream: its request began out of view.
    pub(super) fn tell_of_reports_out_of_view(&self, output: &mut dyn Output) {
        let Some((began, place)) = self.printed.as_ref().and_then(|printed| printed.report) else { return };
        let in_view = began.zip(self.first_at).is_some_and(|(began, first)| began.ms_since(first) > WRITTEN_NOW_MS);
        if !in_view {
            output.disordered(place);
        }
    }
}

/// Returns whether a line was written when the log says, by the time that it begins with; `by` ran then. Where the log has no
/// time of its own, a line that is older than the attempt was printed.
fn written_now(text: &[u8], at: Option<Timestamp>, by: &OpenAttempt) -> Option<bool> {
    let (own, _) = Timestamp::parse_prefix(text)?;
    let lag = at?.ms_since(own);
    let before = by.attempt.started_at.is_some_and(|start| start.ms_since(own) > WRITTEN_NOW_MS);
    Some(lag.abs() <= WRITTEN_NOW_MS && !before)
}

/// Returns the begin of a request from its REPORT.
pub(super) fn begin_of(reported_at: Option<Timestamp>, duration_us: Option<u64>) -> Option<Timestamp> {
    let duration_ms = i64::try_from(duration_us? / 1_000).ok()?;
    Timestamp::from_ms(reported_at?.ms().checked_sub(duration_ms)?)
}

/// Returns whether a sign tells that another environment wrote it while `by` ran, and not that `by` printed it.
pub(super) fn is_of_another(sign: &Sign, by: &OpenAttempt) -> bool {
    let now = written_now(sign.line.text.as_bytes(), sign.line.at, by);
    match &sign.kind {
        SignKind::TimedOut => !by.json && now == Some(true),
        SignKind::Error(error) => error.form.is_of_client() && now.unwrap_or(by.json),
        _ => false,
    }
}

/// Returns whether a sign is an error of a client that `by` printed.
pub(super) fn is_printed_error(sign: &Sign, by: &OpenAttempt) -> bool {
    let of_client = matches!(&sign.kind, SignKind::Error(error) if error.form.is_of_client());
    of_client && written_now(sign.line.text.as_bytes(), sign.line.at, by) == Some(false)
}
