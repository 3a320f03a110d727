//! Log events delivered more than once in one input: overlapping pages, records that Firehose delivered again.
//!
//! Events are the same when id, stream, time and text are. A table of fixed size remembers them: exact up to some quarter of
//! a million events with ids, and beyond that for those that lie no further apart. Across inputs nothing is remembered, for
//! which copy counts must not depend on the order in which workers read; there whole attempts are compared at the end.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{LogEvent, StreamId, Timestamp};

/// Slots of the table at first, and at most (4 MiB).
const FIRST: usize = 1 << 12;
const MOST: usize = 1 << 19;
/// Slots looked at for one event.
const REACH: usize = 64;

/// Remembers the events of one input.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Hashes by place; 0 is free.
    slots: Vec<u64>,
    used: usize,
}

impl Delivered {
    /// The event was seen before. Those without an id never were.
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
        // No room within reach: the newest takes the place of one that was there.
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
