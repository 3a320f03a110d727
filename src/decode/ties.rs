//! Order of events of the same time in an input that has its newest event first.
//!
//! Some exporters turn the whole list round, others sort it by descending time and leave events of the same time as they
//! were written. Only the events tell which: START comes before END of the same request, and END before REPORT.

use crate::lambda::platform::step_of_request;
use crate::model::{StreamId, Timestamp};

/// Number of steps remembered of one time: most times have a few, and a vote needs two of one request.
const MOST: usize = 32;

/// Votes on the direction of events of the same time.
#[derive(Debug, Default)]
pub(super) struct TieVotes {
    at: Option<Timestamp>,
    /// Steps of requests at this time.
    steps: Vec<(StreamId, u64, u8)>,
    as_written: usize,
    reversed: usize,
}

impl TieVotes {
    /// Takes the next event of the input.
    pub(super) fn see(&mut self, stream: StreamId, at: Option<Timestamp>, message: &[u8]) {
        // An input without any time is judged as one moment.
        if at != self.at {
            self.at = at;
            self.steps.clear();
        }
        let Some((request, step)) = step_of_request(message) else { return };
        for (_, _, before) in self.steps.iter().filter(|(of, id, _)| (*of, *id) == (stream, request)) {
            self.as_written += usize::from(*before < step);
            self.reversed += usize::from(*before > step);
        }
        if self.steps.len() < MOST {
            self.steps.push((stream, request, step));
        }
    }

    /// Returns whether events of the same time are as they were written, although later times come first.
    pub(super) fn are_as_written(&self) -> bool {
        self.as_written > self.reversed
    }

    /// Returns whether they are the wrong way round.
    pub(super) fn are_reversed(&self) -> bool {
        self.reversed > self.as_written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    fn votes(events: &[(i64, String)]) -> (bool, bool) {
        let mut votes = TieVotes::default();
        for (at, message) in events {
            let at = Some(*at).filter(|at| *at != NO_TIME).and_then(Timestamp::from_ms);
            votes.see(StreamId(1), at, message.as_bytes());
        }
        (votes.are_as_written(), votes.are_reversed())
    }

    /// Stands for the time of an event that has none.
    const NO_TIME: i64 = -1;

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
            // No times at all.
            (vec![(NO_TIME, line("REPORT", ID)), (NO_TIME, line("START", ID))], (false, true)),
            (vec![(NO_TIME, line("START", ID)), (NO_TIME, line("REPORT", ID))], (true, false)),
            (vec![(NO_TIME, line("REPORT", ID)), (5, line("START", ID))], (false, false)),
        ] {
            assert_eq!(votes(&events), want, "{events:?}");
        }
    }
}
