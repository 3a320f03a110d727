//! The final pass: goes through all entries in order, drops duplicates, joins attempts to events, adds up rows and
//! totals.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::thread;

use super::caught::{Caught, DeadLetterOwners, Unrun, function_of, settled_by};
use super::causes::{self, CauseSums, FailedStarts, InFunction};
use super::chains::{Copies, Merged, Outcome, continues, order_without_times, outcome, start_behind_end};
use super::configured::{Configured, SeenCatchers, only_invoker};
use super::course::WindowBounds;
use super::entries::{Entries, SharedTables};
use super::entry::Fact;
use super::findings::{FindingCounts, Surroundings};
use super::function::Counts;
use super::guidance::{Need, advise};
use super::insights::{Measured, Readings, SortedReadings};
use super::learnt::Learnt;
use super::needs_person::LedgerEvent;
use super::order::{bring_into_order, worst_first};
use super::patches::{Patch, Patches};
use super::price::{Price, Prices};
use super::runs::Sorted;
use super::tables::{NamelessPlace, Tables};
use super::to_check::ToCheck;
use super::traffic::Traffic;
use super::{Entry, cloudwatch, counted, retries};
use crate::account::{
    AllCounted, AwsConfig, CaughtFunction, Destinations, FunctionMetrics, LoggedEvent, MetricFit, OfFunction,
    UnseenEvent,
};
use crate::catalogue::{ErrorTold, Invoker};
use crate::model::{Category, Moment, Occurrence, Place, Timestamp};
use crate::wire::{Cause, EventToCheck, Finding, FunctionSummary, Window, moment};

/// Selection of the attempts that count, and options of the final pass.
pub(crate) struct SummaryOptions<'a> {
    /// Earliest start of an attempt that counts.
    pub from: Option<Moment>,
    /// Latest start of an attempt that counts.
    pub to: Option<Moment>,
    /// Milliseconds before the end of the window within which attempts must start.
    pub since_ms: Option<i64>,
    /// Predicate on the name of the function.
    pub wanted: &'a (dyn Fn(Option<&str>) -> bool + Sync),
    /// Predicate on what stands for the name of a function that has none, if such were selected.
    pub wanted_place: Option<&'a (dyn Fn(NamelessPlace<'_>) -> bool + Sync)>,
    /// Caller of the functions, if given: for the wording of advice.
    pub invoker: Option<Invoker>,
    /// Records of events that something caught, if any were given.
    pub destinations: Option<&'a Destinations>,
    /// CloudWatch metrics of functions, if any were given.
    pub cloudwatch_metrics: Option<&'a FunctionMetrics>,
    /// Successes that were counted and not read.
    pub counted: &'a AllCounted,
    /// Configuration of the functions, if any was given.
    pub aws_config: Option<&'a AwsConfig>,
    /// Prices of run time.
    pub prices: Prices,
    /// Whether records are wanted, with what only the final pass knows.
    pub keep_patches: bool,
    /// Whether the events that need a person are wanted one by one.
    pub keep_ledger_events: bool,
    /// Number of threads that add up, each some of the events.
    pub threads: usize,
}

impl SummaryOptions<'_> {
    /// Returns the bounds as moments, for a log that ends at `last`. A time of the day is the last one before the end,
    /// and the first bound lies before the second.
    fn moments(&self, last: Option<Timestamp>) -> (Option<Timestamp>, Option<Timestamp>) {
        let to = self.to.as_ref().and_then(|to| to.before(last, Occurrence::Last));
        let end = match &self.from {
            Some(Moment::TimeOfDay(..)) => to.or(last),
            _ => last,
        };
        (self.from.as_ref().and_then(|from| from.before(end, Occurrence::First)), to)
    }
}

/// Sums over all attempts.
#[derive(Debug)]
pub(crate) struct Totals {
    /// Time that the attempts cover.
    pub window: Window,
    /// Row of all functions together.
    pub totals: FunctionSummary,
    /// Rows of the functions, worst first.
    pub functions: Vec<FunctionSummary>,
    /// Causes across functions, worst first, and the number of all.
    pub causes: (Vec<Cause>, u64),
    /// Events that somebody must look at, worst first; their number is in the totals.
    pub events_to_check: Vec<EventToCheck>,
    /// Number of attempts that were read more than once.
    pub duplicates: u64,
    /// Number of attempts outside of what was selected, and names of their functions, sorted; a few where there are many.
    pub outside: (u64, BTreeSet<String>),
    /// The first START of each input that stands behind its own end.
    pub disordered: BTreeMap<u32, Place>,
    /// Attempts with a figure that is too large to be counted, and the first of them.
    pub too_large: Option<(u64, Place)>,
    /// Functions of which successes were neither read nor counted.
    pub without_successes: Vec<String>,
    /// Functions whose log hides successes, so that their failure rates, and the overall one, are unknown.
    pub hiding: Vec<String>,
    /// Where the log is not that of the metrics, and whether it lacks attempts.
    pub other_than_metrics: Vec<(String, bool)>,
    /// Number of caught events of which the log lacks the attempts, and names of their functions, sorted; a few where there
    /// are many.
    pub caught_without_attempts: (u64, BTreeSet<String>),
    /// Number of events of which destinations tell more attempts than the log has, and names of their functions, likewise.
    pub with_more_attempts: (u64, BTreeSet<String>),
    /// Number of messages of dead-letter queues that may be of several functions.
    pub contested: u64,
    /// Names of two functions, if known, that have an attempt in common: it counts in both.
    pub in_two_functions: Option<[Option<String>; 2]>,
    /// What must be known of the events of Lambda Insights, and whether some were left out.
    pub insights_notes: Vec<(String, bool)>,
    /// Additions to the records.
    pub patches: Patches,
    /// Events that need a person, by function and start, if they were wanted.
    pub ledger_events: Vec<LedgerEvent>,
}

/// Time within which Lambda tries an event again, and the longest run of an attempt, in milliseconds.
const RETRIES_MS: i64 = 10 * 60_000;
const LONGEST_RUN_MS: i64 = 15 * 60_000;

/// Most names of functions that were not selected.
const OUTSIDE: usize = 8;

/// Adds up the entries of all workers.
///
/// # Errors
/// When entries that went to a temporary file cannot be read back.
pub(crate) fn summarize(
    shared: &SharedTables,
    ledgers: Vec<Entries<'_>>,
    bounds: &SummaryOptions<'_>,
) -> io::Result<Totals> {
    let recorded = shared.take_caught();
    let mut caught = Caught { named: bounds.destinations, recorded, owners: DeadLetterOwners::default() };
    caught.name_functions(shared);
    cloudwatch::name_functions(bounds.cloudwatch_metrics, shared);
    counted::name_functions(bounds.counted, shared);
    let mut names = Tables::of(shared, &ledgers);
    caught.owners = DeadLetterOwners::of(shared, &names.canonical);
    let mut runs = Vec::with_capacity(ledgers.len());
    let mut readings = Readings::default();
    let mut learnt = Learnt::default();
    for ledger in ledgers {
        learnt.append(ledger.learnt, &names.canonical);
        names.merge(ledger.functions, ledger.findings, ledger.told);
        runs.push(ledger.runs);
        readings.append(ledger.readings);
    }
    let readings = readings.finish();
    let nameless = bounds.wanted_place.map(|wanted| names.nameless_at(wanted)).unwrap_or_default();
    names.settle();
    let entries = Sorted::new(runs, &names.canonical)?;
    let learnt = learnt.without_copies(&entries)?;
    names.learn_timeouts(learnt.limits_ms());
    let first = [bounds.counted.first(), learnt.start()].into_iter().flatten().min();
    let last = learnt.end();
    let wants = |id: u32| {
        let name = names.functions[id as usize].name.as_deref();
        (bounds.wanted)(name) || name.is_none() && nameless.contains(&id)
    };
    let (from, to) = bounds.moments(last);
    let end = to.or(last);
    let since = bounds.since_ms.zip(end).and_then(|(since, end)| Timestamp::from_ms(end.ms() - since));
    let from = from.max(since);
    let start = from.max(first);
    let window_ms = start.zip(end).map_or(0, |(start, end)| end.ms_since(start).max(0));
    // Counts of what was not read have buckets of that width.
    let timeline_ms = bounds.counted.longest_ms().max(window_ms);
    let pass = |entries: Sorted| {
        let mut pass = Pass {
            names: &names,
            bounds,
            wants: &wants,
            caught: &caught,
            readings: &readings,
            from,
            to,
            start,
            end,
            window_ms,
            timeline_ms,
            all: Counts::over(timeline_ms),
            first: None,
            last: None,
            rows: Vec::new(),
            row_ids: Vec::new(),
            causes: BTreeMap::new(),
            failed_starts: FailedStarts::default(),
            to_check: ToCheck::default(),
            copies: Copies::default(),
            duplicates: 0,
            outside: (0, BTreeSet::new()),
            with_more_attempts: (0, BTreeSet::new()),
            disordered: BTreeMap::new(),
            too_large: None,
            hiding: Vec::new(),
            without_successes: Vec::new(),
            price_lists: BTreeSet::new(),
            patches: Patches::default(),
            ledger_events: Vec::new(),
        };
        pass.run(entries.merged()?).map(|()| pass)
    };
    let mut parts = entries.parts(bounds.threads).into_iter();
    let first = parts.next();
    let pass = thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| scope.spawn(|| pass(part))).collect();
        let mut all = pass(first.unwrap_or_default())?;
        for other in others {
            // Propagates the panic.
            all.append(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok::<_, io::Error>(all)
    })?;
    let given = to.is_some() || from.is_some();
    Ok(pass.finish(Window {
        start: moment(start),
        end: moment(end),
        source: if given { "given" } else { "observed" }.to_owned(),
    }))
}

/// Adds a name to the first ones in order; most names are there already, or too far behind.
fn keep_first(names: &mut BTreeSet<String>, name: &str) {
    let is_behind = names.len() >= OUTSIDE && names.last().is_some_and(|last| last.as_str() < name);
    if is_behind || names.contains(name) {
        return;
    }
    names.insert(name.to_owned());
    if names.len() > OUTSIDE {
        names.pop_last();
    }
}

/// Returns whether an attempt began within these bounds.
fn began_within(entry: &Entry, window: (Option<Timestamp>, Option<Timestamp>)) -> bool {
    is_within(entry.started_at(), window)
}

/// Returns whether a start is within these bounds.
fn is_within(start: Option<Timestamp>, (from, to): (Option<Timestamp>, Option<Timestamp>)) -> bool {
    let after = from.is_none() || start.is_some_and(|start| Some(start) >= from);
    let before = to.is_none() || start.is_some_and(|start| Some(start) <= to);
    after && before
}

/// State of the final pass over one part of the entries.
struct Pass<'a> {
    names: &'a Tables,
    bounds: &'a SummaryOptions<'a>,
    /// Predicate on the ids of functions.
    wants: &'a (dyn Fn(u32) -> bool + Sync),
    caught: &'a Caught<'a>,
    readings: &'a SortedReadings,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    window_ms: i64,
    timeline_ms: i64,
    all: Counts,
    /// First and last function, left open as their events may be in several parts. If there is only one, it is `last`.
    first: Option<Current<'a>>,
    last: Option<Current<'a>>,
    /// Rows of functions, and their ids, in the same order.
    rows: Vec<FunctionSummary>,
    row_ids: Vec<u32>,
    causes: BTreeMap<u32, CauseSums<'a>>,
    failed_starts: FailedStarts,
    to_check: ToCheck,
    copies: Copies,
    duplicates: u64,
    outside: (u64, BTreeSet<String>),
    with_more_attempts: (u64, BTreeSet<String>),
    disordered: BTreeMap<u32, Place>,
    too_large: Option<(u64, Place)>,
    hiding: Vec<String>,
    /// Functions whose successes were neither read nor counted.
    without_successes: Vec<String>,
    price_lists: BTreeSet<String>,
    patches: Patches,
    ledger_events: Vec<LedgerEvent>,
}

/// Function whose attempts are being added up.
struct Current<'a> {
    id: u32,
    counts: Counts,
    price: Price,
    /// Time in which its attempts are held against its metrics.
    metric_fit: Option<MetricFit>,
    configured: Configured<'a>,
    /// What caught its events.
    catchers: SeenCatchers,
}

impl<'a> Pass<'a> {
    fn run(&mut self, entries: impl Iterator<Item = io::Result<Entry>>) -> io::Result<()> {
        let mut event: Vec<Entry> = Vec::new();
        let mut current: Option<Current<'a>> = None;
        for entry in entries {
            let entry = entry?;
            if current.as_ref().is_none_or(|current| current.id != entry.function) {
                self.settle(&mut event, current.as_mut());
                match current.take() {
                    before if self.first.is_none() => self.first = before,
                    before => self.close(before),
                }
                current = Some(self.open(entry.function));
            }
            let goes_on = event.first().is_some_and(|first| continues(first, &entry));
            if !goes_on {
                self.settle(&mut event, current.as_mut());
            }
            event.push(entry);
        }
        self.settle(&mut event, current.as_mut());
        // Sorted here, in parallel with other parts: little is left to sort in the end.
        current.iter_mut().filter_map(|current| current.counts.traffic.as_mut()).for_each(Traffic::sort);
        self.last = current;
        Ok(())
    }

    /// Appends the results of a part with later events.
    fn append(&mut self, mut behind: Self) {
        let goes_on = behind.first.is_some();
        let next = if goes_on { behind.first.take() } else { behind.last.take() };
        match (&mut self.last, next) {
            (Some(last), Some(next)) if last.id == next.id => {
                last.counts.append(next.counts);
                last.catchers.append(next.catchers);
            }
            (_, None) => {}
            (_, next) => {
                let last = std::mem::replace(&mut self.last, next);
                self.close(last);
            }
        }
        if goes_on {
            let last = std::mem::replace(&mut self.last, behind.last);
            self.close(last);
        }
        self.all.absorb(&behind.all);
        self.rows.append(&mut behind.rows);
        self.row_ids.append(&mut behind.row_ids);
        for (id, sums) in behind.causes {
            self.causes.entry(id).or_default().append(sums);
        }
        self.failed_starts.append(behind.failed_starts);
        self.to_check.append(behind.to_check);
        self.duplicates += behind.duplicates;
        self.outside.0 += behind.outside.0;
        behind.outside.1.iter().for_each(|name| keep_first(&mut self.outside.1, name));
        self.with_more_attempts.0 += behind.with_more_attempts.0;
        behind.with_more_attempts.1.iter().for_each(|name| keep_first(&mut self.with_more_attempts.1, name));
        behind.disordered.into_values().for_each(|place| self.disordered(place));
        behind.too_large.into_iter().for_each(|(attempts, first)| self.too_large(attempts, first));
        self.hiding.extend(behind.hiding);
        self.without_successes.extend(behind.without_successes);
        self.price_lists.extend(behind.price_lists);
        self.patches.absorb(behind.patches);
        self.ledger_events.extend(behind.ledger_events);
    }

    fn open(&self, id: u32) -> Current<'a> {
        let key = &self.names.functions[id as usize];
        let facts = self.names.facts.get(&id);
        let configured = Configured::of(self.bounds.aws_config, key, facts, &self.names.versions);
        let architecture = facts.and_then(|facts| facts.architecture.as_deref()).or(configured.architecture());
        Current {
            id,
            counts: Counts::of_function(self.start, self.window_ms, self.timeline_ms),
            metric_fit: self.metric_fit(id),
            price: self.bounds.prices.of(key.region.as_deref(), architecture),
            configured,
            catchers: SeenCatchers::default(),
        }
    }

    fn metric_fit(&self, id: u32) -> Option<MetricFit> {
        let metrics = self.bounds.cloudwatch_metrics?;
        let key = &self.names.functions[id as usize];
        let given = self.from.is_some() || self.to.is_some();
        let place = (key.account_id.as_deref(), key.region.as_deref());
        // What was asked for begins before its first attempt.
        let log = self.from.or(self.start).zip(self.to.or(self.end))?;
        metrics.fit(key.name.as_deref(), place, log, given)
    }

    /// Ends an event: drops attempts that were read twice or do not count, and adds up the rest.
    fn settle(&mut self, event: &mut Vec<Entry>, current: Option<&mut Current<'a>>) {
        let Some(current) = current else { return };
        let name = self.names.functions[current.id as usize].name.as_deref();
        let (wanted, window) = ((self.wants)(current.id), (self.from, self.to));
        let outside = |entry: &Entry| !wanted || !began_within(entry, window);
        let (patches, keep) = (&mut self.patches, self.bounds.keep_patches);
        let mut drop = |entry: &Entry| {
            if keep {
                patches.dropped.insert(entry.place());
            }
        };
        self.readings.note(event.iter().find_map(Entry::request), name);
        let mut outside_here = 0;
        event.retain(|entry| {
            let out = outside(entry);
            if out {
                drop(entry);
                outside_here += u64::from(!entry.has(Fact::Environment));
            }
            !out
        });
        if outside_here > 0 {
            self.outside.0 += outside_here;
            name.into_iter().for_each(|name| keep_first(&mut self.outside.1, name));
        }
        order_without_times(event);
        if let Some(place) = start_behind_end(event) {
            self.disordered(place);
        }
        let (patches, keep, names) = (&mut self.patches, self.bounds.keep_patches, self.names);
        let merged = |merged: Merged<'_>| match merged {
            Merged::Copy(entry) => {
                names.note_copy(entry.place());
                if keep {
                    patches.dropped.insert(entry.place());
                }
            }
            Merged::Piece(joined) => {
                names.note_joined(joined);
                if keep {
                    patches.join(joined);
                }
            }
        };
        self.duplicates += self.copies.drop_from(event, merged);
        for entry in event.iter().filter(|entry| entry.has(Fact::TooLarge)) {
            self.too_large(1, entry.place());
        }
        if event.is_empty() {
            return;
        }
        if event[0].has(Fact::Environment) {
            for entry in event.drain(..) {
                current.counts.add_environment(&entry, &self.names.failures);
                if keep {
                    self.patches.patches.insert(entry.place(), Patch { number: 1, outcome: None, advice: None });
                }
            }
        } else if retries::is_emulator(event) {
            for attempt in event.chunks(1) {
                self.event(attempt, &[], current);
            }
        } else {
            let measured = self.readings.measure(event, name);
            self.event(event, &measured, current);
        }
        event.clear();
    }

    /// Holds the attempts of an event against what destinations say of it. Those that came first may lie before the log,
    /// unless it goes back further than retries are apart.
    fn hold_against_told(&mut self, attempts: &[Entry], function: Option<&str>) {
        let Some(named) = self.caught.named else { return };
        let Some((first, request)) = attempts.first().and_then(|first| Some((first, first.request()?))) else { return };
        let goes_back = first.started_at().zip(self.start).is_some_and(|(at, start)| at.ms_since(start) >= RETRIES_MS);
        let logged = LoggedEvent {
            attempts: attempts.len(),
            has_success: attempts.iter().any(|attempt| attempt.category() == Category::Ok),
            log_end: self.end,
        };
        if named.has_more(request, function, logged) && goes_back && !first.has(Fact::StartCut) {
            self.with_more_attempts.0 += 1;
            function.into_iter().for_each(|name| keep_first(&mut self.with_more_attempts.1, name));
        }
    }

    /// Adds the events that succeeded by their records and of which the log has nothing, though it has their function and the
    /// time before.
    fn unseen_successes(&mut self) {
        let (Some(named), Some(start), Some(end)) = (self.caught.named, self.start, self.end) else { return };
        let Some(from) = Timestamp::from_ms(start.ms() + LONGEST_RUN_MS) else { return };
        let logged: BTreeSet<&str> = self
            .names
            .functions
            .iter()
            .zip(0u32..)
            .filter(|(_, id)| self.names.facts.contains_key(id))
            .filter_map(|(key, _)| key.name.as_deref())
            .collect();
        for name in named.unseen_successes(from, end).filter(|name| logged.contains(name)) {
            if (self.bounds.wanted)(Some(name)) {
                self.with_more_attempts.0 += 1;
                keep_first(&mut self.with_more_attempts.1, name);
            }
        }
    }

    fn disordered(&mut self, place: Place) {
        let first = self.disordered.entry(place.input).or_insert(place);
        *first = place.min(*first);
    }

    fn too_large(&mut self, attempts: u64, first: Place) {
        let (known, place) = self.too_large.get_or_insert((0, first));
        *known += attempts;
        *place = first.min(*place);
    }

    /// Counts one event, given its attempts in order.
    fn event(&mut self, attempts: &[Entry], measured: &[Option<Measured<'_>>], current: &mut Current<'a>) {
        let key = &self.names.functions[current.id as usize];
        let (account_id, region) = (key.account_id.as_deref(), key.region.as_deref());
        let function = CaughtFunction { name: key.name.as_deref(), account_id, region };
        let caught =
            attempts.iter().find_map(Entry::request).and_then(|id| self.caught.find(id, (current.id, function)));
        self.hold_against_told(attempts, key.name.as_deref());
        caught.into_iter().for_each(|event| current.catchers.add(event));
        let ended = outcome(attempts, self.end, caught.is_some());
        let (outcome, caught) = settled_by(ended, caught);
        let ended = (outcome, caught.is_some());
        current.counts.add_event((attempts, measured), ended, &current.configured, &self.names.failures);
        if self.bounds.keep_patches {
            let told = attempts
                .iter()
                .zip(measured)
                .filter_map(|(attempt, measured)| Some((attempt.place(), measured.as_ref()?.told())));
            self.patches.lambda_insights.extend(told);
        }
        current.counts.costs.add_event(attempts, &current.price);
        if let Some(fit) = &current.metric_fit {
            let counted = attempts.iter().filter_map(Entry::started_at).filter(|at| fit.holds(*at)).count();
            current.counts.in_metric_window += counted as u64;
        }
        if outcome == Outcome::Succeeded {
            return;
        }
        let advice = advise(attempts, ended, self.end);
        if self.bounds.keep_patches {
            self.patches.event(attempts, outcome, advice, caught);
        }
        let Some(need) = Need::of(attempts, ended) else { return };
        current.counts.needs_person.count(attempts, need, advice, self.names);
        current.counts.needs_person.example(attempts, need, advice, self.names);
        self.to_check.add(attempts, (need, outcome), advice, caught, (current.id, self.names));
        if self.bounds.keep_ledger_events {
            self.ledger_events.push(LedgerEvent::new(current.id, attempts, (need, outcome), advice, caught));
        }
    }

    fn close(&mut self, function: Option<Current<'a>>) {
        let Some(Current { id, mut counts, price, metric_fit, configured, catchers }) = function else { return };
        let names = self.names;
        let timeout = configured.limit(&counts.versions);
        if let (Some(timeout), true) = (timeout, self.bounds.keep_patches) {
            self.patches.timeouts_ms.insert(id, timeout);
        }
        let key = &names.functions[id as usize];
        let place = (key.account_id.as_deref(), key.region.as_deref());
        // Which were the first attempts, and the last, nobody knows.
        let of_function = self.bounds.counted.of_function(key.name.as_deref(), place, (self.from, self.to));
        let told = names.facts.get(&id).is_some_and(|facts| facts.successes_left_out).then_some(OfFunction::Unknown);
        let of_function = told.or(of_function).filter(|_| (self.wants)(id));
        if of_function.is_some() {
            self.patches.without_successes.insert(id);
        }
        if let Some(OfFunction::Known(counted)) = of_function {
            counts.add_counted(counted);
        }
        if of_function == Some(OfFunction::Unknown) {
            self.without_successes.push(key.name.clone().unwrap_or_default());
        }
        if counts.is_empty() {
            return;
        }
        self.all.absorb(&counts);
        let facts = names.facts.get(&id);
        let mut row = counts.row(timeout);
        row.invokers = configured.invokers();
        row.invokers.extend(catchers.invokers());
        row.memory.size_mb = row.memory.size_mb.or(configured.memory_size_mb());
        row.function.clone_from(&key.name);
        row.account_id.clone_from(&key.account_id);
        row.region.clone_from(&key.region);
        if let Some(metrics) = self.bounds.cloudwatch_metrics {
            let fit = metric_fit.as_ref();
            cloudwatch::tell(&mut row, metrics, fit, (!counts.has_counted()).then_some(counts.in_metric_window));
        }
        row.caught = self.caught.is_known().then_some(counts.caught);
        if of_function == Some(OfFunction::Unknown) {
            counted::leave_out_rates(&mut row);
        }
        if counts.hides_successes() || configured.logs_only_failures() && row.ok == 0 && row.failed > 0 {
            row.failure_rate = None;
            self.hiding.push(key.name.clone().unwrap_or_else(|| "(unknown)".to_owned()));
        }
        row.runtime = facts.and_then(|facts| facts.runtime.as_ref()).map(|(_, runtime)| runtime.clone());
        row.account_id.clone_from(&key.account_id);
        row.region.clone_from(&key.region);
        let runtime = facts.and_then(|facts| facts.runtime.as_ref()).map(|(_, runtime)| runtime.clone());
        row.runtime = runtime.or_else(|| configured.runtime());
        row.log_groups = facts.map(|facts| facts.log_groups.list()).unwrap_or_default();
        if of_function.is_some() && row.log_groups.is_empty() {
            row.log_groups = counted::log_groups(self.bounds.counted, key);
        }
        let mut traffic = counts.traffic.take().filter(|_| of_function.is_none()).unwrap_or_default();
        traffic.sort();
        row.versions = counts.versions.list(&names.versions, &traffic, row.failure_rate.is_some());
        let around = Surroundings {
            version_names: &names.versions,
            row: &row,
            traffic: &traffic,
            window: self.window(),
            ok_durations: counts.ok_durations(),
            invoker: self.bounds.invoker.or_else(|| only_invoker(&row.invokers)),
            counted: of_function.is_some(),
        };
        let window = (self.from, self.to);
        let found = findings(names, &counts, &around, |at| is_within(at, window));
        self.causes((id, of_function.is_some()), std::mem::take(&mut counts.causes), &around);
        self.failed_starts.append(std::mem::take(&mut counts.failed_starts));
        row.findings = found;
        if of_function.is_some() {
            counted::leave_what_is_known(&mut row);
        }
        if counts.costs.is_billed() {
            self.price_lists.insert(price.list.clone());
        }
        row.waste = counts.costs.waste(&BTreeSet::from([price.list]));
        fit(&mut row);
        self.rows.push(row);
        self.row_ids.push(id);
    }

    /// Adds the part of one function to the causes; `counted` is whether some of its attempts were counted and not read.
    fn causes(
        &mut self,
        (function, counted): (u32, bool),
        causes: BTreeMap<u32, FindingCounts>,
        around: &Surroundings<'_>,
    ) {
        let names = self.names;
        for (id, counts) in causes {
            let told = names.told(function, id);
            let error = told.map_or_else(ErrorTold::default, |told| told.error());
            let key = &names.causes[id as usize];
            let hint = counts.hint(key.code(), around, key.target(), error);
            let traffic = counts.part(around.traffic, around.window);
            let began_with = counts.began_with_version(around.traffic);
            let name = began_with.and_then(|(version, _)| names.versions.get(usize::from(version).checked_sub(1)?));
            let can_go_back =
                around.row.versions.last().is_some_and(|newest| newest.worse && Some(&newest.version) == name);
            let part = InFunction { function, traffic, counted, began_with, can_go_back, told };
            self.causes.entry(id).or_default().append(CauseSums::new(counts, part, hint));
        }
    }

    /// Adds a row for each function that only CloudWatch knows, and says where the log is not that of the metrics.
    fn hold_against_metrics(&mut self, rows: &mut Vec<FunctionSummary>) -> Vec<(String, bool)> {
        let Some(metrics) = self.bounds.cloudwatch_metrics else { return Vec::new() };
        for (id, mut row) in cloudwatch::unlogged(metrics, &self.names.functions, rows) {
            if !(self.bounds.wanted)(row.function.as_deref()) {
                continue;
            }
            let fit = self.metric_fit(id);
            cloudwatch::tell(&mut row, metrics, fit.as_ref(), Some(0));
            row.caught = self.caught.is_known().then_some(0);
            row.never_ran = self.caught.named.map(|_| 0);
            rows.push(row);
            self.row_ids.push(id);
        }
        let differences = rows.iter().zip(&self.row_ids).filter_map(|(row, id)| {
            row.cloudwatch_metrics.as_ref()?;
            cloudwatch::difference(row, self.metric_fit(*id).as_ref())
        });
        differences.chain(cloudwatch::of_another_time(rows)).collect()
    }

    /// Lists the caught events of this window and of the functions that are wanted of which no attempt was seen: those that
    /// never ran, and the number of those whose attempts the log lacks.
    fn unseen(&mut self) -> (Unrun, (u64, BTreeSet<String>)) {
        let (mut unrun, mut lacking) = (Unrun::default(), (0, BTreeSet::new()));
        let names = self.names;
        for UnseenEvent { event, never_ran } in self.caught.unseen() {
            let is_within = event
                .at
                .is_none_or(|at| self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at <= end));
            if !is_within || !(self.bounds.wanted)(event.function.as_deref()) {
                continue;
            }
            let Some(function) = function_of(event, &names.functions) else { continue };
            if never_ran {
                unrun.add(function, event);
                self.to_check.add_unrun(event, function, names);
                if self.bounds.keep_ledger_events {
                    self.ledger_events.push(LedgerEvent::never_ran(event, function));
                }
            } else if names.facts.contains_key(&function) {
                lacking.0 += 1;
                event.function.iter().for_each(|name| keep_first(&mut lacking.1, name));
            }
        }
        (unrun, lacking)
    }

    /// Adds a row for each function of which no attempt was read.
    fn only_counted(&mut self) {
        let names = self.names;
        for id in counted::not_read(self.bounds.counted, &names.functions, &names.canonical, &self.row_ids) {
            if (self.wants)(id) {
                let function = self.open(id);
                self.close(Some(function));
            }
        }
    }

    fn window(&self) -> Option<WindowBounds> {
        self.start.zip(self.end).map(|(start, end)| WindowBounds { start, end })
    }

    fn finish(mut self, window: Window) -> Totals {
        let (first, last) = (self.first.take(), self.last.take());
        self.close(first);
        self.close(last);
        self.unseen_successes();
        self.only_counted();
        let (unrun, caught_without_attempts) = self.unseen();
        let unrun_events = unrun.events();
        let names = &self.names.functions;
        self.ledger_events.sort_by(|a, b| a.order(names).cmp(&b.order(names)));
        self.hiding.sort_unstable();
        self.without_successes.sort_unstable();
        let mut functions = std::mem::take(&mut self.rows);
        // Records of an earlier run tell only of events that ran.
        if self.caught.named.is_some() {
            unrun.count(&mut functions, &mut self.row_ids, names, &self.names.canonical);
        }
        let other_than_metrics = self.hold_against_metrics(&mut functions);
        let mut order: Vec<usize> = (0..functions.len()).collect();
        order.sort_unstable_by(|one, other| {
            // Ids depend on thread scheduling, so ties are broken by key, which is unique even for unnamed functions.
            let key = |row: usize| names.get(self.row_ids[row] as usize);
            worst_first(&functions[*one], &functions[*other]).then_with(|| key(*one).cmp(&key(*other)))
        });
        bring_into_order(&mut functions, order);
        let near_timeout = functions.iter().filter_map(|row| row.near_timeout).reduce(|a, b| a + b);
        let waste = self.all.costs.waste(&self.price_lists);
        let mut totals = FunctionSummary { near_timeout, waste, ..self.all.row(None) };
        if self.caught.is_known() {
            totals.caught = Some(self.all.caught);
            totals.never_ran = self.caught.named.map(|_| unrun_events);
            totals.needs_person.events += unrun_events;
        }
        let throttles: Option<u64> = functions.iter().map(|row| row.own_throttles).sum();
        totals.own_throttles = throttles.filter(|_| self.bounds.cloudwatch_metrics.is_some());
        if !self.without_successes.is_empty() {
            counted::leave_out_rates(&mut totals);
        }
        if !self.hiding.is_empty() {
            totals.failure_rate = None;
        }
        self.patches.share(self.names);
        self.failed_starts.sort();
        let causes = causes::list(std::mem::take(&mut self.causes), self.names, self.window(), &self.failed_starts);
        let events_to_check = std::mem::take(&mut self.to_check).list(self.names);
        let insights_notes = insights_notes(self.readings);
        let contested = self.caught.owners.contested();
        let in_two_functions = self.names.in_two(self.wants);
        let Self {
            duplicates,
            outside,
            with_more_attempts,
            disordered,
            too_large,
            hiding,
            without_successes,
            patches,
            ledger_events,
            ..
        } = self;
        Totals {
            window,
            totals,
            functions,
            causes,
            events_to_check,
            duplicates,
            outside,
            disordered,
            too_large,
            hiding,
            without_successes,
            other_than_metrics,
            caught_without_attempts,
            with_more_attempts,
            contested,
            in_two_functions,
            insights_notes,
            patches,
            ledger_events,
        }
    }
}

/// Says which events of Lambda Insights join nothing, and whether some were left out.
fn insights_notes(readings: &SortedReadings) -> Vec<(String, bool)> {
    let (all, alone) = readings.without_attempt();
    let events = if all == 1 { "event" } else { "events" };
    let have = if alone == 1 { "has" } else { "have" };
    let alone = (alone > 0)
        .then(|| (format!("{alone} of {all} {events} of Lambda Insights {have} no attempt in this log"), false));
    let left_out = readings.left_out_behind().map(|most| {
        (format!("more than {most} events of Lambda Insights: the figures of the others are left out; read fewer logs at once"), true)
    });
    alone.into_iter().chain(left_out).collect()
}

fn findings(
    names: &Tables,
    counts: &Counts,
    around: &Surroundings<'_>,
    within: impl Fn(Option<Timestamp>) -> bool,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = counts
        .findings
        .iter()
        .map(|(id, finding)| {
            let key = &names.findings[*id as usize];
            finding.finding(key, names.take_finding(*id, &within), around)
        })
        .collect();
    findings.sort_by(|a, b| (b.count, &a.code, &a.fingerprint).cmp(&(a.count, &b.code, &b.fingerprint)));
    findings
}

/// Frees what a row has too much: there may be tens of thousands.
fn fit(row: &mut FunctionSummary) {
    row.versions.shrink_to_fit();
    row.invokers.shrink_to_fit();
    row.duration_ms.histogram.shrink_to_fit();
    row.memory.histogram.shrink_to_fit();
    row.timeline.shrink_to_fit();
    row.findings.shrink_to_fit();
    row.early_warnings.shrink_to_fit();
}
