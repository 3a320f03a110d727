//! Histograms in cells with fixed bounds, so that those of any functions and runs add up: durations and memory.

use super::distribution::Distribution;
use crate::wire::{DurationCell, MemoryCell};

/// Most cells of a histogram.
const CELLS: usize = 32;

/// Number of cells of durations: below 1 ms, then doubling; the last one is open (from 70 minutes on).
const DURATION_CELLS: usize = 24;
/// Least durations of the cells, in milliseconds.
const DURATIONS_MS: [u64; DURATION_CELLS] = {
    let mut bounds = [0; DURATION_CELLS];
    let mut cell = 1;
    while cell < DURATION_CELLS {
        bounds[cell] = 1 << (cell - 1);
        cell += 1;
    }
    bounds
};

/// Least memory use of the cells, in megabytes: below 32, then thirds of a doubling, rounded; sizes that Lambda offers
/// by default (128, 256, …) are bounds. The last one is open.
#[rustfmt::skip]
const MEMORY_MB: [u32; 32] = [
    0, 32, 40, 51, 64, 81, 102, 128, 161, 203, 256, 323, 406, 512, 645, 813, 1_024, 1_290, 1_625, 2_048, 2_580, 3_251,
    4_096, 5_161, 6_502, 8_192, 10_321, 13_004, 16_384, 20_643, 26_008, 32_768,
];

const _: () = assert!(DURATIONS_MS.len() <= CELLS && MEMORY_MB.len() <= CELLS);

/// Numbers of attempts by memory use.
#[derive(Debug, Default)]
pub(super) struct MemoryCells {
    /// By cell, up to the largest that is not empty: most functions stay within few.
    attempts: Vec<u64>,
}

impl MemoryCells {
    pub(super) fn add(&mut self, used_mb: u32) {
        let cell = MEMORY_MB.partition_point(|least| *least <= used_mb) - 1;
        if self.attempts.len() <= cell {
            self.attempts.resize(cell + 1, 0);
        }
        self.attempts[cell] += 1;
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        if self.attempts.len() < other.attempts.len() {
            self.attempts.resize(other.attempts.len(), 0);
        }
        self.attempts.iter_mut().zip(&other.attempts).for_each(|(sum, more)| *sum += more);
    }

    pub(super) fn histogram(&self) -> Vec<MemoryCell> {
        let below = MEMORY_MB.into_iter().skip(1).map(Some).chain([None]);
        MEMORY_MB
            .into_iter()
            .zip(below)
            .zip(&self.attempts)
            .filter(|(_, attempts)| **attempts > 0)
            .map(|((from_mb, below_mb), attempts)| MemoryCell { from_mb, below_mb, attempts: *attempts })
            .collect()
    }
}

/// Returns the histogram of durations. The sketch behind a distribution keeps samples of two cells apart: the bounds of
/// cells are bounds of its buckets.
pub(super) fn of_durations(durations: &Distribution) -> Vec<DurationCell> {
    let mut attempts = [0u64; DURATION_CELLS];
    durations.for_each(|hundredths, count| {
        let doublings = (hundredths / 100).checked_ilog2().map_or(0, |doublings| doublings as usize + 1);
        attempts[doublings.min(DURATION_CELLS - 1)] += count;
    });
    let below = DURATIONS_MS.into_iter().skip(1).map(Some).chain([None]);
    DURATIONS_MS
        .into_iter()
        .zip(below)
        .zip(attempts)
        .filter(|(_, attempts)| *attempts > 0)
        .map(|((from_ms, below_ms), attempts)| DurationCell { from_ms, below_ms, attempts })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(hundredths: &[u32]) -> Distribution {
        let mut all = Distribution::default();
        hundredths.iter().for_each(|value| all.add(*value));
        all
    }

    #[test]
    fn bounds_rise_and_are_those_of_memory_sizes() {
        assert!(DURATIONS_MS.is_sorted() && MEMORY_MB.is_sorted());
        assert_eq!(DURATIONS_MS[DURATION_CELLS - 1], 1 << 22);
        for size in [128, 256, 512, 1_024, 2_048, 4_096, 8_192] {
            assert!(MEMORY_MB.contains(&size), "{size}");
        }
    }

    #[test]
    fn a_cell_begins_with_its_bound() {
        let cells = of_durations(&durations(&[0, 99, 100, 199, 200, 90_000_000, u32::MAX]));
        let short: Vec<_> = cells.iter().map(|cell| (cell.from_ms, cell.below_ms, cell.attempts)).collect();
        let want = [(0, Some(1), 2), (1, Some(2), 2), (2, Some(4), 1), (524_288, Some(1_048_576), 1)];
        assert_eq!(short[..4], want);
        assert_eq!(short[4], (4_194_304, None, 1));
        let mut memory = MemoryCells::default();
        [1, 31, 32, 127, 128, 40_000].into_iter().for_each(|used| memory.add(used));
        let cells: Vec<_> =
            memory.histogram().iter().map(|cell| (cell.from_mb, cell.below_mb, cell.attempts)).collect();
        let want = [(0, Some(32), 2), (32, Some(40), 1), (102, Some(128), 1), (128, Some(161), 1), (32_768, None, 1)];
        assert_eq!(cells, want);
    }

    proptest::proptest! {
        /// Few samples and a sketch give the same cells, however parts are merged, and every sample is in the cell that
        /// its value says.
        #[test]
        fn cells_add_up(values in proptest::collection::vec(0u32..600_000_000, 1..700), cut in 0..700usize) {
            let (before, behind) = values.split_at(cut.min(values.len()));
            let mut parts = durations(before);
            parts.absorb(&durations(behind));
            let cells = of_durations(&parts);
            for cell in &cells {
                let inside = |value: &&u32| {
                    let ms = u64::from(**value) / 100;
                    ms >= cell.from_ms && cell.below_ms.is_none_or(|below| ms < below)
                };
                proptest::prop_assert_eq!(values.iter().filter(inside).count() as u64, cell.attempts);
            }
            proptest::prop_assert_eq!(cells.iter().map(|cell| cell.attempts).sum::<u64>(), values.len() as u64);
        }

        #[test]
        fn memory_adds_up(values in proptest::collection::vec(1u32..70_000, 0..200), cut in 0..200usize) {
            let of = |values: &[u32]| values.iter().fold(MemoryCells::default(), |mut all, used| { all.add(*used); all });
            let (before, behind) = values.split_at(cut.min(values.len()));
            let mut parts = of(before);
            parts.absorb(&of(behind));
            proptest::prop_assert_eq!(parts.histogram(), of(&values).histogram());
            proptest::prop_assert_eq!(parts.histogram().iter().map(|cell| cell.attempts).sum::<u64>(), values.len() as u64);
        }
    }
}
