//! Tests of comparisons: seeded pairs of summaries with a known truth, with retries, bursts and long tails of rare causes.

use super::*;
use crate::model::Category;
use crate::wire::{BeganWith, Coverage, Failures, Finding, FindingState, Outcomes, TimelineBucket, Window};

/// Stretches of the timeline.
const CELLS: usize = 48;
/// Pairs of each kind.
const PAIRS: u64 = 1_000;

/// Seeded source of random numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// Draws between two bounds, every order of magnitude alike.
    fn spread(&mut self, least: f64, most: f64) -> f64 {
        (least.ln() + self.unit() * (most / least).ln()).exp()
    }

    fn poisson(&mut self, expected: f64) -> u64 {
        if expected > 500.0 {
            let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
            return (expected + normal * expected.sqrt()).round().max(0.0) as u64;
        }
        let (mut count, mut left) = (0, expected.exp() * self.unit());
        while left > 1.0 {
            count += 1;
            left *= self.unit();
        }
        count
    }
}

/// What really fails, and how often.
#[derive(Clone, Debug)]
struct TrueCause {
    id: String,
    category: Category,
    /// Functions in which it fails.
    functions: Vec<usize>,
    /// Failed events by event.
    rate: f64,
    /// Length of its outbursts in stretches of time; 0 for a steady cause.
    burst: usize,
}

/// Functions with their traffic, and causes.
#[derive(Clone, Debug)]
struct World {
    /// Expected events of each function.
    traffic: Vec<f64>,
    /// Chance that a failed attempt is retried and fails again, by function: 0 for a synchronous caller.
    again: Vec<f64>,
    causes: Vec<TrueCause>,
}

/// Kinds of failures that are drawn.
#[derive(Clone, Copy, Debug)]
struct Kind {
    retries: bool,
    bursts: bool,
}

impl World {
    fn draw(dice: &mut Dice, kind: Kind) -> Self {
        let functions = 2 + dice.below(10) as usize;
        let traffic: Vec<f64> = (0..functions).map(|_| dice.spread(2_000.0, 200_000.0)).collect();
        let again = (0..functions).map(|_| if kind.retries && dice.below(2) == 0 { 0.8 } else { 0.0 }).collect();
        let causes = (0..3 + dice.below(25)).map(|n| {
            let first = dice.below(functions as u64) as usize;
            let mut places = vec![first];
            if dice.below(3) == 0 {
                places.push((first + 1) % functions);
            }
            // Most causes of a log are rare.
            let events = dice.spread(0.5, 800.0);
            let of: f64 = places.iter().map(|place| traffic[*place]).sum();
            let category = [Category::RuntimeException, Category::Downstream, Category::Timeout][n as usize % 3];
            let burst = if kind.bursts && dice.below(2) == 0 { 1 + dice.below(4) as usize } else { 0 };
            TrueCause { id: format!("c{n:03}"), category, functions: places, rate: events / of, burst }
        });
        let causes = causes.collect();
        Self { traffic, again, causes }
    }

    /// Draws the summary of a window in which there is so many times the traffic.
    fn summary(&self, dice: &mut Dice, times: f64) -> Summary {
        let mut rows: Vec<FunctionSummary> = (0..self.traffic.len())
            .map(|at| FunctionSummary { function: Some(format!("f{at}")), ..FunctionSummary::default() })
            .collect();
        let mut timelines = vec![[(0, 0, Failures::default()); CELLS]; rows.len()];
        let mut events = vec![[0; CELLS]; rows.len()];
        for (place, traffic) in self.traffic.iter().enumerate() {
            for cell in 0..CELLS {
                events[place][cell] = (traffic * times / CELLS as f64) as u64;
                timelines[place][cell].0 = events[place][cell];
            }
        }
        let mut causes = Vec::new();
        for cause in &self.causes {
            let (mut attempts, mut failed_events) = (0, 0);
            // Exponential heights: a few stretches have most of it.
            let heights: Vec<f64> = match cause.burst {
                0 => vec![1.0; CELLS],
                length => {
                    let phase = dice.below(length as u64) as usize;
                    let drawn: Vec<f64> = (0..=CELLS).map(|_| -dice.unit().ln()).collect();
                    (0..CELLS).map(|cell| drawn[(cell + phase) / length]).collect()
                }
            };
            let mut seen = Vec::new();
            for place in &cause.functions {
                let (mut own_attempts, mut own_events) = (0, 0);
                for cell in 0..CELLS {
                    let expected = events[*place][cell] as f64 * cause.rate * heights[cell];
                    let hits = dice.poisson(expected).min(events[*place][cell]);
                    let mut tries = hits;
                    for _ in 0..hits {
                        for _ in 0..2 {
                            if dice.unit() >= self.again[*place] {
                                break;
                            }
                            tries += 1;
                        }
                    }
                    let cell = &mut timelines[*place][cell];
                    cell.0 += tries - hits;
                    cell.1 += tries;
                    (0..tries).for_each(|_| cell.2.add(cause.category));
                    (own_attempts, own_events) = (own_attempts + tries, own_events + hits);
                }
                if own_events > 0 {
                    seen.push(Some(format!("f{place}")));
                    let row = &mut rows[*place];
                    let finding = Finding {
                        count: own_attempts,
                        events: own_events,
                        category: cause.category.id().to_owned(),
                        ..Finding::default()
                    };
                    row.findings.push(finding);
                }
                (attempts, failed_events) = (attempts + own_attempts, failed_events + own_events);
            }
            if failed_events > 0 {
                let code = format!("{}.x", cause.category.id());
                causes.push(shown_cause(&cause.id, &code, seen, attempts, failed_events));
            }
        }
        for (place, row) in rows.iter_mut().enumerate() {
            row.events = events[place].iter().sum();
            row.attempts = timelines[place].iter().map(|cell| cell.0).sum();
            row.failed = timelines[place].iter().map(|cell| cell.1).sum();
            row.ok = row.attempts - row.failed.min(row.attempts);
            row.failure_rate = Some(row.failed as f64 / row.attempts.max(1) as f64);
            row.timeline = timelines[place]
                .iter()
                .enumerate()
                .map(|(cell, (attempts, failed, failures))| TimelineBucket {
                    start: format!("{cell:02}"),
                    attempts: *attempts,
                    failed: *failed,
                    failures: *failures,
                })
                .collect();
        }
        of_rows(rows, causes)
    }
}

fn shown_cause(id: &str, code: &str, functions: Vec<Option<String>>, attempts: u64, events: u64) -> Cause {
    Cause {
        id: id.to_owned(),
        code: code.to_owned(),
        target: None,
        fingerprint: None,
        title: format!("cause {id}"),
        functions,
        attempts,
        environments: 0,
        events,
        lost: 0,
        recovered: 0,
        first_seen: None,
        last_seen: None,
        state: FindingState::Unknown,
        since_before_window: false,
        share_within: None,
        versions: Vec::new(),
        began_with: BeganWith::default(),
        brief: String::new(),
        hint: String::new(),
    }
}

fn of_rows(functions: Vec<FunctionSummary>, causes: Vec<Cause>) -> Summary {
    let mut totals = FunctionSummary::default();
    for row in &functions {
        totals += row;
        totals.failed += row.failed;
    }
    Summary {
        schema: 1,
        tool_version: "1".to_owned(),
        catalogue_version: "1".to_owned(),
        window: Window::default(),
        coverage: Coverage { complete: true, ..Coverage::default() },
        causes_total: causes.len() as u64,
        causes,
        gate: None,
        totals,
        functions,
        events_to_check: Vec::new(),
        events_to_check_total: 0,
        comparison: None,
    }
}

fn compared(base: &Summary, head: &Summary) -> Comparison {
    compare(NamedSummary { input: Some("base"), summary: base }, NamedSummary { input: None, summary: head })
}

/// How often pairs of one kind tell something new or worse, without any change.
fn alarms(seed: u64, kind: Kind) -> u64 {
    let mut alarms = 0;
    for pair in 0..PAIRS {
        let mut dice = Dice(seed + pair);
        let world = World::draw(&mut dice, kind);
        let times = dice.spread(0.3, 3.0);
        let (base, head) = (world.summary(&mut dice, 1.0), world.summary(&mut dice, times));
        let counts = compared(&base, &head).counts;
        let told = [counts.new_causes, counts.worse_causes, counts.worse_functions];
        alarms += u64::from(told.iter().any(|count| count.unwrap() > 0));
    }
    alarms
}

#[test]
fn pairs_without_a_change_tell_none() {
    for (name, kind) in KINDS {
        let alarms = alarms(1 << 32, kind);
        println!("{name}: {alarms} of {PAIRS}");
        assert!(alarms < PAIRS / 100, "{name}: {alarms} of {PAIRS} pairs tell something new or worse");
    }
}

const KINDS: [(&str, Kind); 4] = [
    ("independent", Kind { retries: false, bursts: false }),
    ("with retries", Kind { retries: true, bursts: false }),
    ("in bursts", Kind { retries: false, bursts: true }),
    ("with retries, in bursts", Kind { retries: true, bursts: true }),
];

#[test]
fn a_doubled_cause_is_worse() {
    for (name, kind) in KINDS {
        let (mut told, mut pairs) = (0, 0);
        let mut seed = 2 << 32;
        while pairs < PAIRS {
            seed += 1;
            let mut dice = Dice(seed);
            let mut world = World::draw(&mut dice, kind);
            let base = world.summary(&mut dice, 1.0);
            let Some(id) = base.causes.iter().find(|cause| cause.events >= 50).map(|cause| cause.id.clone()) else {
                continue;
            };
            world.causes.iter_mut().filter(|cause| cause.id == id).for_each(|cause| cause.rate *= 2.0);
            let head = world.summary(&mut dice, 1.0);
            let found = compared(&base, &head);
            told += u64::from(found.causes.iter().any(|cause| cause.id == id && cause.change == Change::Worse));
            pairs += 1;
        }
        println!("{name}: {told} of {PAIRS}");
    }
}

#[test]
fn a_new_cause_is_new() {
    for (name, kind) in KINDS {
        let (mut told, mut pairs) = (0, 0);
        let mut seed = 3 << 32;
        while pairs < PAIRS {
            seed += 1;
            let mut dice = Dice(seed);
            let mut world = World::draw(&mut dice, kind);
            let new = world.causes.pop().unwrap();
            let base = world.summary(&mut dice, 1.0);
            world.causes.push(new.clone());
            let head = world.summary(&mut dice, 1.0);
            if !head.causes.iter().any(|cause| cause.id == new.id && cause.events >= 10) {
                continue;
            }
            let found = compared(&base, &head);
            told += u64::from(found.causes.iter().any(|cause| cause.id == new.id && cause.change == Change::New));
            pairs += 1;
        }
        println!("{name}: {told} of {PAIRS}");
    }
}
