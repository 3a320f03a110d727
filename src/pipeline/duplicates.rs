//! Detection of log events delivered more than once in one input: overlapping pages, records that Firehose delivered
//! again.
//!
//! Events are the same if id, stream, time and text are. A table of bounded size remembers them: it is exact for about
//! the first hundred thousand events with ids, and after that for duplicates that lie no further apart. Nothing is
//! remembered across inputs, because which copy counts must not depend on the order in which workers read; there, whole
//! attempts are compared at the end.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{LogEvent, StreamId, Timestamp};

/// Number of slots at first, and at most (2 MiB).
const FIRST: usize = 1 << 12;
const MOST: usize = 1 << 18;
/// Number of slots searched for one event.
const REACH: usize = 64;

/// The events of one input that were seen so far.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Hashes of events; 0 marks a free slot.
    slots: Vec<u64>,
    used: usize,
}

impl Delivered {
    /// Returns whether the event was seen before, which is never the case for one without an id; remembers it.
    #[inline(always)]
    pub(super) fn again(&mut self, stream: StreamId, event: &LogEvent<'_>) -> bool {
        event.event_id.is_some_and(|id| self.known(key(id, stream, event)))
    }

    fn known(&mut self, key: u64) -> bool {
        if self.used * 2 >= self.slots.len() && self.slots.len() < MOST {
            self.grow();
        }
        self.insert(key)
    }

    fn insert(&mut self, key: u64) -> bool {
        let mask = self.slots.len() - 1;
        let first = (key >> 32) as usize & mask;
        for step in 0..REACH {
            let slot = &mut self.slots[(first + step) & mask];
            if *slot == key {
                return true;
            }
            if *slot == 0 {
                *slot = key;
                self.used += 1;
                return false;
            }
        }
        // All slots within reach are taken: the new event replaces an older one.
        self.slots[(first + key as usize % REACH) & mask] = key;
        false
    }

    fn grow(&mut self) {
        let larger = vec![0; (self.slots.len() * 2).clamp(FIRST, MOST)];
        self.used = 0;
        for key in std::mem::replace(&mut self.slots, larger) {
            if key != 0 {
                self.insert(key);
            }
        }
    }
}

fn key(id: u64, stream: StreamId, event: &LogEvent<'_>) -> u64 {
    let at = event.at.map_or(0, Timestamp::ms) as u64;
    let seed = id ^ at.rotate_left(20) ^ u64::from(stream.0).rotate_left(48);
    xxh3_64_with_seed(event.message, seed) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64) -> LogEvent<'static> {
        LogEvent { event_id: Some(id), ..LogEvent::bare(b"x", 1) }
    }

    #[test]
    fn knows_what_came_before() {
        let mut delivered = Delivered::default();
        for id in 0..100_000 {
            assert!(!delivered.again(StreamId(0), &event(id)), "{id}");
        }
        let known = (0..100_000).filter(|id| delivered.again(StreamId(0), &event(*id))).count();
        assert_eq!(known, 100_000);
        assert!(!delivered.again(StreamId(1), &event(7)), "another stream");
        assert!(!delivered.again(StreamId(0), &LogEvent { message: b"y", ..event(7) }), "another text");
        assert!(!delivered.again(StreamId(0), &LogEvent { event_id: None, ..event(7) }), "no id");
    }

    #[test]
    fn stays_within_its_bound() {
        let mut delivered = Delivered::default();
        for id in 0..1_500_000 {
            delivered.again(StreamId(0), &event(id));
        }
        assert_eq!(delivered.slots.len(), MOST);
        let known = (1_490_000..1_500_000).filter(|id| delivered.again(StreamId(0), &event(*id))).count();
        assert!(known > 9_500, "{known}");
    }
}
