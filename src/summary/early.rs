//! Early warnings: what attempts that did not fail show of failures to come.

use std::collections::BTreeMap;

use super::Entry;
use super::distribution::Distribution;
use crate::model::{Category, Timestamp};
use crate::wire::{EarlyWarning, FunctionSummary, WarningKind};

/// Stretches of the window whose durations and errors are compared.
const THIRDS: usize = 3;
/// Stretches of the window in which the memory of an environment is looked at.
const STRETCHES: usize = 8;
/// Stretches in a row, up to the end of an environment, in each of which memory must have grown.
const GROWING: usize = 5;
/// Shortest stretch: memory also grows while an environment warms up.
const STRETCH_MS: i64 = 60_000;
/// Most environments of a function that are looked at: a sample that does not depend on their order.
const ENVIRONMENTS: usize = 1_024;
/// Fewest attempts: of a third, and of an environment.
const ATTEMPTS: u64 = 50;
const OF_ENVIRONMENT: u32 = 20;
/// Fewest attempts near a limit, and their least share in percent.
const NEAR: (u64, u64) = (3, 1);

/// What the attempts of one function show, by time.
#[derive(Debug)]
pub(super) struct Signs {
    /// Start and length of the window.
    start_ms: i64,
    window_ms: i64,
    thirds: [Third; THIRDS],
    /// Environments by the hashes of their streams; the smallest are kept.
    environments: BTreeMap<u64, Environment>,
}

#[derive(Debug, Default)]
struct Third {
    ok_durations: Distribution,
    attempts: u64,
    handled_errors: u64,
}

/// Memory of one environment: the most used in each stretch of the window.
#[derive(Clone, Copy, Debug, Default)]
struct Environment {
    attempts: u32,
    most_mb: [u16; STRETCHES],
}

impl Signs {
    pub(super) fn over(start: Option<Timestamp>, window_ms: i64) -> Self {
        Self {
            start_ms: start.map_or(0, Timestamp::ms),
            window_ms,
            thirds: Default::default(),
            environments: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, attempt: &Entry) {
        let Some(third) = self.part(attempt, THIRDS) else { return };
        let third = &mut self.thirds[third];
        third.attempts += 1;
        third.handled_errors += u64::from(attempt.handled_errors);
        if let Some(duration) = attempt.duration().filter(|_| attempt.category() == Category::Ok) {
            third.ok_durations.add(duration);
        }
        if let (Some(used), Some(at)) = (attempt.max_memory_used_mb(), self.part(attempt, STRETCHES)) {
            let used = u16::try_from(used).unwrap_or(u16::MAX);
            let environment = self.environments.entry(attempt.stream).or_default();
            environment.attempts += 1;
            environment.most_mb[at] = environment.most_mb[at].max(used);
            self.sample();
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        for (third, others) in self.thirds.iter_mut().zip(other.thirds) {
            third.ok_durations.absorb(&others.ok_durations);
            third.attempts += others.attempts;
            third.handled_errors += others.handled_errors;
        }
        for (stream, others) in other.environments {
            let environment = self.environments.entry(stream).or_default();
            environment.attempts += others.attempts;
            for (most, other) in environment.most_mb.iter_mut().zip(others.most_mb) {
                *most = (*most).max(other);
            }
        }
        self.sample();
    }

    /// Keeps the environments with the smallest hashes. One that is dropped never comes back, so those that stay have all
    /// of their attempts.
    fn sample(&mut self) {
        while self.environments.len() > ENVIRONMENTS {
            self.environments.pop_last();
        }
    }

    /// Returns which of so many parts of the window an attempt started in.
    fn part(&self, attempt: &Entry, parts: usize) -> Option<usize> {
        let into_ms = attempt.started_at()?.ms() - self.start_ms;
        let parts = i64::try_from(parts).ok()?;
        usize::try_from((into_ms * parts).checked_div(self.window_ms)?.clamp(0, parts - 1)).ok()
    }

    /// Returns the warnings about a function, given its row.
    pub(super) fn warnings(&self, row: &FunctionSummary) -> Vec<EarlyWarning> {
        let near = |kind, count: u64, of: u64| {
            let (least, percent) = NEAR;
            (count >= least && count * 100 >= of * percent).then_some(EarlyWarning {
                kind,
                count,
                of,
                from: None,
                to: None,
            })
        };
        [
            near(WarningKind::NearTimeout, row.near_timeout.unwrap_or(0), row.ok),
            near(WarningKind::NearMemoryLimit, row.memory.near_limit, row.attempts),
            row.memory.size_mb.and_then(|size_mb| self.memory_creep(size_mb)),
            self.rising_duration(),
            self.handled_errors(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Warns where half of the environments or more use more memory the longer they live.
    fn memory_creep(&self, size_mb: u32) -> Option<EarlyWarning> {
        if self.window_ms < STRETCH_MS * STRETCHES as i64 {
            return None;
        }
        let known = self.environments.values().filter_map(|environment| environment.course());
        let (mut of, mut creeping) = (0, Vec::new());
        for course in known {
            of += 1;
            let (first, last) = (course[0], course[GROWING - 1]);
            let grows = course.windows(2).all(|pair| pair[0] < pair[1]);
            let much = u32::from(last - first.min(last)) * 10 >= size_mb && u32::from(last) * 2 >= size_mb;
            creeping.extend((grows && much).then_some((last - first.min(last), first, last)));
        }
        let (_, from, to) = creeping.iter().max().copied()?;
        let count = creeping.len() as u64;
        (count * 2 >= of).then_some(EarlyWarning {
            kind: WarningKind::MemoryCreep,
            count,
            of,
            from: Some(f64::from(from)),
            to: Some(f64::from(to)),
        })
    }

    /// Warns where attempts that succeed take longer and longer: half as long again as at the beginning.
    fn rising_duration(&self) -> Option<EarlyWarning> {
        const LEAST_MS: f64 = 20.0;
        let medians: Vec<(f64, f64)> = self
            .thirds
            .iter()
            .filter(|third| third.ok_durations.len() >= ATTEMPTS)
            .filter_map(|third| {
                let percentiles = third.ok_durations.percentiles();
                percentiles.p50.zip(percentiles.p95)
            })
            .collect();
        let [(first, slow_first), (middle, _), (last, slow_last)] = medians[..] else { return None };
        let rises = middle >= first * 1.1 && last >= middle * 1.1 && last >= first * 1.5;
        (rises && last - first >= LEAST_MS && slow_last >= slow_first * 1.2).then(|| EarlyWarning {
            kind: WarningKind::RisingDuration,
            count: self.thirds[THIRDS - 1].ok_durations.len(),
            of: self.thirds.iter().map(|third| third.ok_durations.len()).sum(),
            from: Some(first),
            to: Some(last),
        })
    }

    /// Warns where the code logs three times as many errors as at the beginning, and survives them.
    fn handled_errors(&self) -> Option<EarlyWarning> {
        const LEAST: u64 = 20;
        if self.thirds.iter().any(|third| third.attempts < ATTEMPTS) {
            return None;
        }
        let [first, middle, last] =
            [0, 1, 2].map(|at| self.thirds[at].handled_errors as f64 / self.thirds[at].attempts as f64);
        let count = self.thirds[THIRDS - 1].handled_errors;
        let grows = last >= first * 3.0 && middle >= first && last >= middle && last >= 0.02;
        (grows && count >= LEAST).then(|| EarlyWarning {
            kind: WarningKind::HandledErrors,
            count,
            of: self.thirds[THIRDS - 1].attempts,
            from: Some(first),
            to: Some(last),
        })
    }
}

impl Environment {
    /// Returns the memory of the last stretches of its life, if they follow each other and there are enough attempts.
    fn course(&self) -> Option<[u16; GROWING]> {
        let last = self.most_mb.iter().rposition(|mb| *mb > 0)?;
        let first = (last + 1).checked_sub(GROWING)?;
        let course: [u16; GROWING] = self.most_mb[first..=last].try_into().ok()?;
        (self.attempts >= OF_ENVIRONMENT && course.iter().all(|mb| *mb > 0)).then_some(course)
    }
}
