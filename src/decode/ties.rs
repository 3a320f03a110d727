//! Order of events in an input whose times do not tell it: those of the same time in an input that has its newest event
//! first, and those without a time.
//!
//! Some exporters turn the whole list round, others sort it by descending time and leave events of the same time as they
//! were written. Only the events tell which: START comes before END of the same request, and END before REPORT.

use crate::lambda::platform::step_of_request;
use crate::model::{StreamId, Timestamp};

/// Number of steps remembered: most times have a few, and a vote needs two of one request.
const MOST: usize = 32;

/// Votes on the direction of events.
#[derive(Debug, Default)]
pub(super) struct TieVotes {
    at: Option<Timestamp>,
    /// Of events of one time.
    of_time: StepVotes,
    /// Of events without a time, though others may have one: lines of the function often do.
    untimed: StepVotes,
}

/// Steps of requests, and how often one came before a later one and behind it.
#[derive(Debug, Default)]
struct StepVotes {
    steps: Vec<(StreamId, u64, u8)>,
    as_written: usize,
    reversed: usize,
}

impl StepVotes {
    fn see(&mut self, stream: StreamId, request: u64, step: u8) {
        for (_, _, before) in self.steps.iter().filter(|(of, id, _)| (*of, *id) == (stream, request)) {
            self.as_written += usize::from(*before < step);
            self.reversed += usize::from(*before > step);
        }
        if self.steps.len() == MOST {
            self.steps.remove(0);
        }
        self.steps.push((stream, request, step));
    }
}

impl TieVotes {
    /// Takes the next event of the input.
    pub(super) fn see(&mut self, stream: StreamId, at: Option<Timestamp>, message: &[u8]) {
        if at.is_some() && at != self.at {
            self.at = at;
            self.of_time.steps.clear();
        }
        if let Some((request, step)) = step_of_request(message) {
            let votes = if at.is_some() { &mut self.of_time } else { &mut self.untimed };
            votes.see(stream, request, step);
        }
    }

    /// Returns whether events of the same time are as they were written, although later times come first.
    pub(super) fn are_as_written(&self) -> bool {
        self.of_time.as_written > self.of_time.reversed
    }

    /// Returns whether they are the wrong way round.
    pub(super) fn are_reversed(&self) -> bool {
        self.of_time.reversed > self.of_time.as_written
    }

    /// Returns whether events without a time are the wrong way round; `None` where no request tells.
    pub(super) fn is_untimed_reversed(&self) -> Option<bool> {
        let StepVotes { as_written, reversed, .. } = self.untimed;
        (as_written != reversed).then_some(reversed > as_written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    fn votes(events: &[(i64, String)]) -> (bool, bool) {
        let mut votes = TieVotes::default();
        for (at, message) in events {
            votes.see(StreamId(1), Timestamp::from_ms(*at), message.as_bytes());
        }
        (votes.are_as_written(), votes.are_reversed())
    }

    #[test]
    fn steps_of_one_request_and_time_decide() {
        let line = |word: &str, id: &str| format!("{word} RequestId: {id}");
        let json = |kind: &str| format!(r#"{{\"type\":\"platform.{kind}\",\"record\":{{\"requestId\":\"{ID}\"}}}}"#);
        for (events, want) in [
            (vec![(5, line("END", ID)), (5, line("REPORT", ID))], (true, false)),
            (vec![(5, line("REPORT", ID)), (5, line("END", ID))], (false, true)),
            (vec![(5, line("START", ID)), (5, "x".to_owned()), (5, line("REPORT", ID))], (true, false)),
            (vec![(5, json("report")), (5, json("runtimeDone"))], (false, true)),
            (vec![(5, json("start")), (5, json("report"))], (true, false)),
            // Other times, other requests, one retry that follows another.
            (vec![(5, line("REPORT", ID)), (4, line("END", ID))], (false, false)),
            (vec![(5, line("REPORT", ID)), (5, line("END", "a2"))], (false, false)),
            (vec![(5, "REPORT RequestId".to_owned()), (5, "END".to_owned())], (false, false)),
        ] {
            assert_eq!(votes(&events), want, "{events:?}");
        }
    }

    #[test]
    fn steps_without_a_time_decide_whatever_the_lines_between_say() {
        let line = |word: &str| format!("{word} RequestId: {ID}");
        let own = |ms: i64| (Timestamp::from_ms(ms), "a line of the function".to_owned());
        let votes = |events: Vec<(Option<Timestamp>, String)>| {
            let mut votes = TieVotes::default();
            events.iter().for_each(|(at, message)| votes.see(StreamId(1), *at, message.as_bytes()));
            votes.is_untimed_reversed()
        };
        assert_eq!(votes(vec![(None, line("START")), own(9), own(5), (None, line("REPORT"))]), Some(false));
        assert_eq!(votes(vec![(None, line("REPORT")), own(5), (None, line("START"))]), Some(true));
        assert_eq!(votes(vec![(None, line("REPORT")), (Timestamp::from_ms(5), line("START"))]), None);
    }
}
