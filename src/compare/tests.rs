//! Tests of comparisons: seeded pairs of summaries with a known truth, with retries, bursts and long tails of rare causes.

use super::*;
use crate::model::Category;
use crate::wire::{BeganWith, Coverage, Failures, Finding, FindingState, RateRatio, TimelineBucket, Window};

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
    /// It comes in outbursts, one stretch of time long, rather than steadily.
    bursts: bool,
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
            let bursts = kind.bursts && dice.below(2) == 0;
            TrueCause { id: format!("c{n:03}"), category, functions: places, rate: events / of, bursts }
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
            let mut height = || if cause.bursts { -(dice.unit() * dice.unit()).ln() / 2.0 } else { 1.0 };
            let heights: Vec<f64> = (0..CELLS).map(|_| height()).collect();
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
        owners: Vec::new(),
        ignored: false,
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
        checks: Vec::new(),
        checks_total: 0,
        checks_high: 0,
        comparison: None,
        config_file: None,
        ignored: Vec::new(),
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

const STEADY: Kind = Kind { retries: false, bursts: false };
const RETRIED: Kind = Kind { retries: true, ..STEADY };
const IN_BURSTS: Kind = Kind { bursts: true, ..STEADY };

#[track_caller]
fn quiet(kind: Kind) {
    let alarms = alarms(1 << 32, kind);
    assert!(alarms < PAIRS / 100, "{alarms} of {PAIRS} pairs without a change tell something new or worse");
}

#[test]
fn pairs_without_a_change_tell_none() {
    quiet(STEADY);
}

#[test]
fn retries_are_no_evidence() {
    quiet(RETRIED);
}

#[test]
fn outbursts_that_come_again_are_no_change() {
    quiet(IN_BURSTS);
}

#[test]
fn a_doubled_cause_is_worse() {
    for kind in [STEADY, RETRIED] {
        let (mut told, mut pairs, mut seed) = (0, 0, 2 << 32);
        while pairs < PAIRS / 2 {
            seed += 1;
            let mut dice = Dice(seed);
            let mut world = World::draw(&mut dice, kind);
            let base = world.summary(&mut dice, 1.0);
            let frequent = base.causes.iter().find(|cause| cause.events >= 50);
            let Some(id) = frequent.map(|cause| cause.id.clone()) else { continue };
            world.causes.iter_mut().filter(|cause| cause.id == id).for_each(|cause| cause.rate *= 2.0);
            let head = world.summary(&mut dice, 1.0);
            told += u64::from(is(&compared(&base, &head), &id, Change::Worse));
            // The other way round.
            told += u64::from(is(&compared(&head, &base), &id, Change::Better));
            pairs += 1;
        }
        assert!(told >= PAIRS * 95 / 100, "{kind:?}: only {told} of {PAIRS} are told");
    }
}

#[test]
fn a_new_cause_is_new() {
    for kind in [STEADY, RETRIED] {
        let (mut told, mut pairs, mut seed) = (0, 0, 3 << 32);
        while pairs < PAIRS / 2 {
            seed += 1;
            let mut dice = Dice(seed);
            let mut world = World::draw(&mut dice, kind);
            let Some(new) = world.causes.pop() else { continue };
            let base = world.summary(&mut dice, 1.0);
            world.causes.push(new.clone());
            let head = world.summary(&mut dice, 1.0);
            if !head.causes.iter().any(|cause| cause.id == new.id && cause.events >= 10) {
                continue;
            }
            told += u64::from(is(&compared(&base, &head), &new.id, Change::New));
            told += u64::from(is(&compared(&head, &base), &new.id, Change::Gone));
            pairs += 1;
        }
        assert!(told >= PAIRS * 95 / 100, "{kind:?}: only {told} of {PAIRS} are told");
    }
}

fn is(comparison: &Comparison, id: &str, change: Change) -> bool {
    comparison.causes.iter().any(|cause| cause.id == id && cause.change == change)
}

/// A summary of one function with this traffic and one cause.
fn simple(traffic: u64, attempts: u64, events: u64) -> Summary {
    let mut row =
        FunctionSummary { function: Some("f".to_owned()), attempts: traffic, events: traffic, ..<_>::default() };
    (row.failed, row.failure_rate) = (attempts, Some(attempts as f64 / traffic.max(1) as f64));
    row.findings.push(Finding { count: attempts, events, ..Finding::default() });
    let cause = shown_cause("c", "downstream.dns", vec![row.function.clone()], attempts, events);
    of_rows(vec![row], if events > 0 { vec![cause] } else { Vec::new() })
}

#[test]
fn what_is_told_depends_on_traffic_and_events() {
    for (base, head, want) in [
        (simple(1_000, 0, 0), simple(1_000, 10, 10), Some(Change::New)),
        // The base has too little traffic to have shown it.
        (simple(100, 0, 0), simple(1_000, 10, 10), Some(Change::Undecided)),
        (simple(0, 0, 0), simple(1_000, 10, 10), Some(Change::Undecided)),
        (simple(1_000, 0, 0), simple(1_000, 2, 2), Some(Change::Undecided)),
        (simple(1_000, 50, 50), simple(1_000, 100, 100), Some(Change::Worse)),
        // The same attempts of a third of the events.
        (simple(1_000, 50, 17), simple(1_000, 100, 34), Some(Change::Same)),
        // Retries were turned on, and nothing else changed.
        (simple(1_000, 100, 100), simple(1_000, 300, 100), Some(Change::Same)),
        (simple(1_000, 50, 50), simple(2_000, 100, 100), Some(Change::Same)),
        (simple(1_000, 100, 100), simple(1_000, 50, 50), Some(Change::Better)),
        (simple(1_000, 10, 10), simple(1_000, 0, 0), Some(Change::Gone)),
        (simple(1_000, 0, 0), simple(1_000, 0, 0), None),
    ] {
        let found = compared(&base, &head);
        assert_eq!(found.causes.first().map(|cause| cause.change), want, "{found:#?}");
    }
}

#[test]
fn one_outburst_or_step_of_the_head_is_told() {
    let course = |failed: &dyn Fn(usize) -> u64| {
        let total: u64 = (0..CELLS).map(failed).sum();
        let mut summary = simple(CELLS as u64 * 1_000, total, total);
        summary.functions[0].timeline = (0..CELLS)
            .map(|cell| {
                let failed = failed(cell);
                let failures = Failures { downstream: failed, ..Failures::default() };
                TimelineBucket { start: format!("{cell:02}"), attempts: 1_000, failed, failures }
            })
            .collect();
        summary
    };
    let steady = course(&|cell| [1, 3][cell % 2]);
    let outburst = course(&|cell| if cell == 30 { 200 } else { [1, 3][cell % 2] });
    let step = course(&|cell| if cell < 24 { [1, 3][cell % 2] } else { [7, 9][cell % 2] });
    let often = course(&|cell| if cell % 4 == 1 { 20 } else { 0 });
    let oftener = course(&|cell| if cell % 4 == 1 { 26 } else { 0 });
    for (base, head, want) in
        [(&steady, &outburst, Change::Worse), (&steady, &step, Change::Worse), (&often, &oftener, Change::Same)]
    {
        assert_eq!(compared(base, head).causes[0].change, want);
    }
}

#[test]
fn what_the_summaries_do_not_tell_is_undecided() {
    let (base, mut hiding) = (simple(1_000, 0, 0), simple(1_000, 50, 50));
    hiding.functions[0].failure_rate = None;
    let mut cut = simple(1_000, 0, 0);
    cut.causes_total = 1_001;
    let mut without_row = simple(1_000, 50, 50);
    without_row.functions[0].function = Some("other".to_owned());
    for (base, head) in [(&base, &hiding), (&cut, &simple(1_000, 50, 50)), (&without_row, &simple(1_000, 50, 50))] {
        let found = compared(base, head);
        assert_eq!(found.causes[0].change, Change::Undecided, "{found:#?}");
    }
    let empty = of_rows(Vec::new(), Vec::new());
    assert_eq!(compared(&empty, &simple(1_000, 50, 50)).counts, ChangeCounts::default());
    assert_eq!(compared(&base, &base).counts.new_causes, Some(0));
}

#[test]
fn bounds_hold_what_they_are_bounds_of() {
    let found = compared(&simple(1_000, 50, 50), &simple(2_000, 200, 200));
    let RateRatio { ratio, least, most } = found.causes[0].ratio;
    assert!((ratio.unwrap() - 2.0).abs() < 1e-9);
    assert!(least.unwrap() > 1.4 && least < ratio && ratio < most && most.unwrap() < 2.8, "{found:#?}");
    let new = compared(&simple(1_000, 0, 0), &simple(1_000, 50, 50)).causes[0].ratio;
    assert!(new.ratio.is_none() && new.most.is_none() && new.least.unwrap() > 10.0, "{new:?}");
}

/// Counts that double, or appear, are told however many others there are that do not change.
#[test]
fn a_change_is_told_among_many_causes() {
    let world = |changed: u64, new: u64| {
        let mut summary = simple(100_000, 0, 0);
        let names = vec![Some("f".to_owned())];
        let steady = (0..100).map(|n| shown_cause(&format!("s{n:03}"), "timeout.invoke", names.clone(), 60, 60));
        let rare = (0..800).map(|n| shown_cause(&format!("r{n:03}"), "timeout.invoke", names.clone(), 2, 2));
        let told = [("changed", changed), ("new", new)].into_iter().filter(|(_, count)| *count > 0);
        let told = told.map(|(id, count)| shown_cause(id, "timeout.invoke", names.clone(), count, count));
        summary.causes = told.chain(steady).chain(rare).collect();
        summary.causes_total = summary.causes.len() as u64;
        summary
    };
    let found = compared(&world(50, 0), &world(100, 14));
    assert!(is(&found, "changed", Change::Worse) && is(&found, "new", Change::New), "{:#?}", found.causes[0]);
    assert_eq!(found.counts.worse_causes, Some(1));
}

#[test]
fn functions_that_are_not_told_apart_are_not_paired() {
    let nameless = |count: usize| {
        let mut summary = simple(1_000, 50, 50);
        summary.functions[0].function = None;
        summary.causes[0].functions = vec![None];
        summary.functions = vec![summary.functions[0].clone(); count];
        summary
    };
    let changes = |base: usize, head: usize| {
        let found = compared(&nameless(base), &nameless(head));
        found.functions.iter().map(|one| one.change).collect::<Vec<_>>()
    };
    assert_eq!(changes(1, 1), [Change::Same]);
    assert_eq!(changes(2, 1), [Change::Undecided; 3]);
}
