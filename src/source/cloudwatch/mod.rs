//! Pull of log events from CloudWatch Logs: the only asynchronous code and the only user of the AWS SDK.
//!
//! A pull connects to one or several accounts, looks up the log groups, reads them page by page within a rate limit, and
//! presents the result as the file that `--save` would write. It writes nothing to AWS.

mod beside;
mod body_gate;
mod ca_bundle;
mod call;
mod configuration;
mod connect;
mod credential_fault;
mod credentials;
mod exchange;
mod failure;
mod follow;
mod http;
mod idle;
mod insights;
mod limiter;
mod line;
mod listing;
mod lookup;
mod metrics;
mod plan;
mod preparation;
mod profile;
mod pruned;
mod reader;
mod reasons;
mod resume;
mod select;
mod selector;
mod shared;
mod signals;
mod signed;
mod slice;
mod spool;
mod target;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

pub(crate) use failure::{PullError, plain_io};
pub(crate) use follow::Round;
pub(crate) use signals::Signal;

use beside::Beside;
use call::{Caller, NEEDED};
use connect::AccountRegion;
use follow::{FollowedRegion, Following};
use insights::{Budget, EngineChoice, Queries};
use limiter::Limiter;
use plan::{Region, first_slices};
use preparation::{LookedUp, find, outlook};
use reader::PullReader;
use resume::Resumed;
use select::{Searched, Selection};
use selector::{FunctionByArn, GroupArn, Wanted};
use shared::PullState;
use signals::Signals;
use slice::Slice;

use super::saved::{self, AccountTold, Names, PullTrailer};
use super::{Input, InputSource};
use crate::model::{LoggedFunction, Note, Origin, Timestamp};
use crate::wire::AccountRead;

/// Longest time limit for one answer while a log is followed.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(10);

/// What finds the events of a pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchEngine {
    /// FilterLogEvents reads all of them.
    Filter,
    /// Logs Insights finds failures and counts successes.
    Insights,
    /// Logs Insights where it may and where it pays, else FilterLogEvents.
    Auto,
}

/// Function that tells by its name whether a function is wanted.
#[derive(Clone)]
pub(crate) struct FunctionFilter(pub Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl std::fmt::Debug for FunctionFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionFilter").finish_non_exhaustive()
    }
}

/// Parameters of a pull.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What to read.
    pub names: Names,
    /// Regions; if empty, the region of the AWS configuration.
    pub regions: Vec<String>,
    /// Profiles of the AWS configuration, each an account to read from. If given, only they supply credentials, even if
    /// the environment has keys.
    pub profiles: Vec<String>,
    /// URL of the API, if not AWS itself.
    pub endpoint_url: Option<String>,
    /// First moment, inclusive.
    pub from: Timestamp,
    /// Last moment, inclusive.
    pub to: Timestamp,
    /// Requests for log events per second, account and region; `None` means a share of the region's quota.
    pub max_rate: Option<u32>,
    /// Time limit for one answer.
    pub timeout: Duration,
    /// Saved pull to complete, with what it tells of itself.
    pub resume: Option<(PathBuf, PullTrailer)>,
    /// What finds the events.
    pub engine: SearchEngine,
    /// Most bytes that Logs Insights may scan.
    pub max_scan: u64,
    /// Functions that the answer is about, if not about all: no others are queried.
    pub only: Option<FunctionFilter>,
    /// Whether new events are waited for.
    pub follow: bool,
    /// Whether CloudWatch is asked for metrics.
    pub cloudwatch_metrics: bool,
    /// Whether Lambda and SQS are asked for the configuration of functions.
    pub aws_config: bool,
}

impl Request {
    /// Creates a request for this time that selects nothing yet.
    #[must_use]
    pub(crate) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            names: Names::default(),
            regions: Vec::new(),
            profiles: Vec::new(),
            endpoint_url: None,
            from,
            to,
            max_rate: None,
            timeout: Duration::from_secs(60),
            resume: None,
            engine: SearchEngine::Filter,
            max_scan: 20_000_000_000,
            only: None,
            follow: false,
            cloudwatch_metrics: false,
            aws_config: false,
        }
    }

    /// Returns the regions that the ARNs name.
    fn regions_of_arns(&self) -> impl Iterator<Item = String> {
        let Names { functions, log_groups, .. } = &self.names;
        let of_groups = log_groups.iter().filter_map(|group| GroupArn::parse(group)).map(|arn| arn.region);
        let of_functions = functions.iter().filter_map(|name| FunctionByArn::parse(name)).map(|arn| arn.region);
        of_groups.chain(of_functions)
    }

    /// Returns whether everything is named by ARN, so that no region has to be configured.
    fn names_only_arns(&self) -> bool {
        let Names { functions, log_groups, prefixes, all, .. } = &self.names;
        !all && self.regions_of_arns().count() == functions.len() + log_groups.len() + prefixes.len()
    }
}

/// Preview of a pull, before reading begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook {
    /// Log groups, as every output names them.
    pub groups: Vec<String>,
    /// Accounts that the groups belong to; if there are no groups, those that were searched.
    pub accounts: Vec<AccountRead>,
    /// Estimated bytes to read, from the size and age of the groups.
    pub bytes: u64,
    /// Milliseconds of log to read from each group.
    pub window_ms: i64,
    /// Remarks on the way there.
    pub remarks: Vec<String>,
}

/// Receiver of a pull's progress.
pub(crate) trait PullWatch: Send + Sync {
    /// Announces that log groups are looked up in so many regions.
    fn searches(&self, regions: usize);
    /// Announces that reading begins.
    fn begins(&self, outlook: &Outlook);
    /// Reports a page of a log group: milliseconds of log newly covered, and its events.
    fn page(&self, group: usize, covered_ms: i64, events: u64);
    /// Reports that a log group was read to its end or given up.
    fn done(&self, group: usize);
    /// Tells of a trouble that may pass.
    fn warns(&self, trouble: &str);
    /// Names what AWS charges for something, in USD, before it is asked for.
    fn costs(&self, usd: f64, what: &str);
}

/// A running pull, which is also the source of a single input.
pub(crate) struct Pull {
    inputs: [Input; 1],
    shared: Arc<PullState>,
    save: Mutex<Option<File>>,
    /// What is still to be asked besides the log.
    beside: Mutex<Option<Beside>>,
    signals: Signals,
    /// Runtime of the background work; shut down when the pull is dropped.
    runtime: Option<Runtime>,
}

impl Pull {
    /// Looks up the log groups and begins to read. `name` is the input's name in every output; `save` receives the
    /// bytes.
    ///
    /// # Errors
    /// If nothing at all can be read.
    pub(crate) fn start(
        request: Request,
        name: &str,
        save: Option<File>,
        watch: Arc<dyn PullWatch>,
    ) -> Result<Self, PullError> {
        let Started { runtime, signals, found } = Started::new(&request, &*watch)?;
        let LookedUp { connection, searched, mut selection, resumed } = found;
        let wanted = Wanted::of(&request.names)?;
        let beside = Beside::new(&request, &searched, &selection, &wanted);
        let choice = insights::choose(&request, &mut selection, &searched)?;
        let mut outlook = outlook(&request, connection.remarks, &selection);
        outlook.remarks.extend(choice.remark.clone());
        watch.begins(&outlook);
        let shared = Arc::new(state(selection, resumed.is_some(), watch)?);
        let regions = regions(&shared, &searched, request.max_rate);
        shared.set_regions(regions.len());
        let (regions, found) =
            if choice.insights() { InsightsWork::of(&shared, regions, &request, &choice) } else { (regions, None) };
        let slices: Vec<Vec<Slice>> = regions.iter().map(|(_, targets)| slices_of(&shared, targets)).collect();
        slices.iter().for_each(|slices| shared.begin(slices));
        if let Some(resumed) = &resumed {
            resumed.open(&shared.spool);
        }
        let work = regions.into_iter().zip(slices).collect();
        runtime.spawn(read(Arc::clone(&shared), work, found, resumed, signals.clone()));
        Ok(Self {
            inputs: [input(name)],
            shared,
            save: Mutex::new(save),
            beside: Mutex::new(beside),
            signals,
            runtime: Some(runtime),
        })
    }

    /// Looks up the log groups and follows them, and passes every round to `each`, until the end of the window, a signal,
    /// or `each` returns false. What is returned has ended.
    ///
    /// # Errors
    /// If nothing at all can be read.
    pub(crate) fn follow(
        request: Request,
        interval: Duration,
        to: Option<Timestamp>,
        name: &str,
        save: Option<File>,
        watch: Arc<dyn PullWatch>,
        mut each: impl FnMut(&FollowPlan, Round) -> bool,
    ) -> Result<Self, PullError> {
        // A round waits for its slowest answer.
        let request = Request { timeout: request.timeout.min(FOLLOW_TIMEOUT), follow: true, ..request };
        let Started { runtime, signals, found } = Started::new(&request, &*watch)?;
        let LookedUp { connection, searched, selection, .. } = found;
        watch.begins(&outlook(&request, connection.remarks, &selection));
        let shared = Arc::new(state(selection, false, watch)?);
        let limiters = regions(&shared, &searched, request.max_rate);
        shared.set_regions(limiters.len());
        if request.names.chooses_many() {
            shared.note("log groups that were created after the start were not followed".to_owned());
        }
        let plan = FollowPlan::of(&shared, &limiters, interval);
        let region = |(region, targets): (Arc<Region>, Vec<usize>)| FollowedRegion {
            place: Arc::clone(&region.place),
            limiter: Arc::clone(&region.caller.limiter),
            targets,
        };
        let followed = limiters.into_iter().map(region).collect();
        // If the receiver is busy, a round is left out: the next one holds its events, too.
        let (rounds, received) = std::sync::mpsc::sync_channel(1);
        let following = Following { from: request.from, to, interval, rounds };
        let work = follow::follow(Arc::clone(&shared), followed, following, signals.clone());
        runtime.spawn(work);
        // What ends it early also ends the sender, which finds nobody listening.
        received.into_iter().all(|round| each(&plan, round));
        shared.freeze();
        Ok(Self {
            inputs: [input(name)],
            shared,
            save: Mutex::new(save),
            beside: Mutex::new(None),
            signals,
            runtime: Some(runtime),
        })
    }

    /// Returns why nothing could be pulled, if AWS is the reason.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<PullError> {
        self.shared.failure()
    }

    /// Returns why regions were not read to their end.
    #[must_use]
    pub(crate) fn failures(&self) -> Vec<String> {
        self.shared.failures()
    }

    /// Returns the signal that ended the pull early.
    #[must_use]
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.shared.signal()
    }

    /// Returns why the pulled log could not be saved.
    #[must_use]
    pub(crate) fn save_error(&self) -> Option<String> {
        self.shared.save_error()
    }
}

impl Pull {
    /// Ends the file with what the account told. The trailer that the reader wrote has all but that, and the last one
    /// counts.
    fn keep(&self, frame: &[u8]) {
        let mut save = self.save.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = save.as_mut().filter(|_| self.shared.save_error().is_none()) else { return };
        if let Err(error) = file.write_all(frame).and_then(|()| file.flush()) {
            self.shared.save_failed(&error);
        }
    }
}

impl std::fmt::Debug for Pull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pull").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl Drop for Pull {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl InputSource for Pull {
    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn open(&self, _at: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        let save = self.save.lock().unwrap_or_else(PoisonError::into_inner);
        let save = save.as_ref().map(File::try_clone).transpose()?;
        Ok(Box::new(PullReader::new(Arc::clone(&self.shared), save)))
    }

    fn told(&self, _at: usize, _head: &[u8]) -> Option<PullTrailer> {
        Some(self.shared.told())
    }

    fn ask_account(&self, seen: &[LoggedFunction]) -> (AccountTold, u64) {
        let beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner).take();
        let is_over = self.shared.signal().is_some() || self.shared.is_over() || self.shared.failure().is_some();
        let (Some(beside), Some(runtime), false) = (beside, &self.runtime, is_over) else {
            return (AccountTold::default(), 0);
        };
        let asked = runtime.block_on(async {
            tokio::select! {
                told = beside.ask(seen, &*self.shared.watch) => Ok(told),
                signal = signals::heard(self.signals.clone()) => Err(signal),
            }
        });
        let told = asked.unwrap_or_else(|signal| {
            self.shared.signalled(signal);
            let text =
                "interrupted while the account was asked: its metrics and configuration are not known".to_owned();
            AccountTold { notes: vec![Note { incomplete: true, text }], ..AccountTold::default() }
        });
        self.shared.tell_of_account(&told);
        let frame = saved::trailer_frame(&self.shared.told());
        self.keep(&frame);
        (told, frame.len() as u64)
    }
}

/// Runtime of a pull, after the look-up.
struct Started {
    runtime: Runtime,
    signals: Signals,
    found: LookedUp,
}

impl Started {
    fn new(request: &Request, watch: &dyn PullWatch) -> Result<Self, PullError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| PullError::Machine(failure::plain_io(&error)))?;
        let signals = runtime.block_on(async { signals::listen() });
        let found = runtime.block_on(async {
            tokio::select! {
                found = find(request, watch) => found,
                // What follows receives the signal too, and ends at once.
                _ = signals::heard(signals.clone()) => LookedUp::interrupted(request),
            }
        })?;
        Ok(Self { runtime, signals, found })
    }
}

fn input(name: &str) -> Input {
    Input { name: name.to_owned(), path: None, named: true, size: None, context: Origin::default() }
}

fn state(selection: Selection, resumes: bool, watch: Arc<dyn PullWatch>) -> Result<PullState, PullError> {
    PullState::new(selection, resumes, watch).map_err(|error| {
        let folder = std::env::temp_dir();
        let why = failure::plain_io(&error);
        PullError::Machine(format!("no temporary file in {}: {why}; set TMPDIR", folder.display()))
    })
}

/// What a follower can promise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FollowPlan {
    /// Log groups, or parts of one, that every round asks.
    pub(crate) requests: usize,
    /// Seconds from one look at a group to the next.
    pub(crate) round_s: f64,
}

impl FollowPlan {
    fn of(shared: &PullState, regions: &[(Arc<Region>, Vec<usize>)], interval: Duration) -> Self {
        let requests = |targets: &[usize]| -> usize {
            targets.iter().filter_map(|at| shared.targets.get(*at)).map(|target| target.streams.len().max(1)).sum()
        };
        let slowest = regions.iter().map(|(region, targets)| requests(targets) as f64 / region.caller.limiter.rate());
        Self {
            requests: regions.iter().map(|(_, targets)| requests(targets)).sum(),
            round_s: slowest.fold(interval.as_secs_f64(), f64::max),
        }
    }
}

/// Pairs each region of an account with the indices of its log groups. Profiles of one account share its limit.
fn regions(shared: &Arc<PullState>, searched: &[Searched], max_rate: Option<u32>) -> Vec<(Arc<Region>, Vec<usize>)> {
    let mut limiters: BTreeMap<(String, String), Arc<Limiter>> = BTreeMap::new();
    let mut regions = Vec::new();
    for (seat, one) in searched.iter().enumerate() {
        let place: &Arc<AccountRegion> = &one.place;
        let targets: Vec<usize> = (0..shared.targets.len()).filter(|at| shared.targets[*at].seat == seat).collect();
        if targets.is_empty() {
            continue;
        }
        let holder = one.account().map_or_else(|| format!("session {}", place.session.number), str::to_owned);
        let limiter = limiters.entry((holder, place.region.clone())).or_insert_with(|| {
            Arc::new(Limiter::new(max_rate.unwrap_or_else(|| limiter::default_rate(&place.region))))
        });
        let caller = Caller::new(Arc::clone(limiter), Arc::clone(&place.session.credentials), NEEDED);
        let region = Region { caller, place: Arc::clone(place), shared: Arc::clone(shared) };
        regions.push((Arc::new(region), targets));
    }
    regions
}

/// Returns the slices with which the reading of log groups begins.
fn slices_of(shared: &PullState, targets: &[usize]) -> Vec<Slice> {
    targets.iter().flat_map(|at| first_slices(*at, &shared.targets[*at])).collect()
}

/// What Logs Insights finds, by region.
struct InsightsWork {
    regions: Vec<(Arc<AccountRegion>, Arc<Queries>, Vec<usize>)>,
    window: (i64, i64),
    max_rate: Option<u32>,
    budget: Arc<Budget>,
}

impl InsightsWork {
    /// Takes the log groups that Logs Insights reads from those of all regions, and announces them.
    fn of(
        shared: &PullState,
        regions: Vec<RegionTargets>,
        request: &Request,
        choice: &EngineChoice,
    ) -> (Vec<RegionTargets>, Option<Self>) {
        let window = (request.from.ms(), request.to.ms());
        let budget = Arc::new(Budget::new(request.max_scan));
        let (mut others, mut found) = (Vec::new(), Vec::new());
        for (region, targets) in regions {
            let takes = |at: &usize| shared.targets.get(*at).is_some_and(|target| choice.takes(target));
            let (own, rest): (Vec<usize>, Vec<usize>) = targets.into_iter().partition(takes);
            let slices: Vec<Slice> =
                own.iter().map(|at| Slice::new(insights::first_slice(*at, window), window.1)).collect();
            shared.begin(&slices);
            own.iter().for_each(|at| shared.is_to_count(*at, window));
            if !own.is_empty() {
                found.push((Arc::clone(&region.place), Arc::new(Queries::new(&region.place, &budget)), own));
            }
            if !rest.is_empty() {
                others.push((region, rest));
            }
        }
        (others, Some(Self { regions: found, window, max_rate: request.max_rate, budget }))
    }

    /// Returns the work of every region.
    fn spawn(&self, shared: &Arc<PullState>, running: &mut JoinSet<()>) {
        for (place, queries, targets) in &self.regions {
            let parts = (Arc::clone(place), Arc::clone(shared), Arc::clone(queries));
            running.spawn(insights::pull(parts, self.window, self.max_rate, targets.clone()));
        }
    }

    /// Stops the queries that still run, and says what was scanned and what is not known.
    async fn end(&self, shared: &PullState) {
        for (_, queries, _) in &self.regions {
            queries.stop_all().await;
        }
        let counted = shared.counted();
        let (scanned, for_lines) = self.budget.scanned();
        let mut text = format!("Logs Insights scanned {} to find failures", insights::scanned(scanned - for_lines));
        let infrequent = shared.targets.iter().filter(|target| target.is_infrequent()).count();
        if infrequent > 0 || for_lines > 0 {
            let groups = match infrequent {
                0 => "log groups".to_owned(),
                1 => "1 log group".to_owned(),
                groups => format!("{groups} log groups"),
            };
            text.push_str(&format!(
                ", and {} for their lines in {groups} of the class INFREQUENT_ACCESS, whose order within a millisecond it \
                 does not tell",
                insights::scanned(for_lines)
            ));
        }
        let unanswered = self.budget.unanswered();
        if unanswered > 0 {
            text.push_str(&format!(
                ", where requests to begin a query that had no answer ({unanswered}) count as if AWS had run and charged \
                 for them, too"
            ));
        }
        if counted > 0 {
            text.push_str(&format!(
                ", and counted {counted} attempts that succeeded, which were not read: of their functions it is not known \
                 which versions ran, which errors were handled and whether a failure goes on, percentiles of durations are \
                 within 2.2 %, and records lack these attempts"
            ));
        }
        shared.note(text);
    }
}

/// A region and its log groups.
type RegionTargets = (Arc<Region>, Vec<usize>);

/// A region, its log groups, and the slices to begin with.
type RegionWork = (RegionTargets, Vec<Slice>);

/// Reads all regions until they are finished or a signal arrives.
async fn read(
    shared: Arc<PullState>,
    work: Vec<RegionWork>,
    found: Option<InsightsWork>,
    resumed: Option<Resumed>,
    signals: Signals,
) {
    let mut running = JoinSet::new();
    for ((region, targets), slices) in work {
        running.spawn(plan::pull(region, targets, slices));
    }
    if let Some(found) = &found {
        found.spawn(&shared, &mut running);
    }
    let before = resumed.map(|resumed| {
        let shared = Arc::clone(&shared);
        tokio::task::spawn_blocking(move || {
            resumed.fill(&shared);
            resumed
        })
    });
    tokio::select! {
        biased;
        signal = signals::heard(signals) => {
            running.abort_all();
            shared.interrupted(signal);
        }
        () = async { while running.join_next().await.is_some() {} } => {}
    }
    if let Some(found) = &found {
        running.shutdown().await;
        found.end(&shared).await;
    }
    // What was read before is part of the answer, whatever happens to the rest.
    if let Some(before) = before
        && let Ok(resumed) = before.await
    {
        let shared = Arc::clone(&shared);
        let _ = tokio::task::spawn_blocking(move || resumed.fill_gaps(&shared)).await;
    }
    shared.freeze();
}
