//! Pull of log events from CloudWatch Logs: the only asynchronous code and the only user of the AWS SDK.
//!
//! A pull looks up the log groups, reads them page by page within a rate limit, and presents the result as the file
//! that `--save` would write. It writes nothing to AWS.

mod call;
mod connect;
mod failure;
mod limiter;
mod line;
mod listing;
mod plan;
mod reader;
mod select;
mod selector;
mod shared;
mod slice;
mod spool;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

pub(crate) use failure::PullError;
pub(crate) use shared::Signal;

use call::Caller;
use connect::{Clients, Connection};
use plan::Region;
use reader::PullReader;
use select::Selection;
use selector::{FunctionByArn, GroupArn};
use shared::PullState;

use super::saved::PullTrailer;
use super::{Input, InputSource};
use crate::model::{Origin, Timestamp};

type Signals = tokio::sync::watch::Receiver<Option<Signal>>;

/// Parameters of a pull.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Names, globs or ARNs of functions.
    pub functions: Vec<String>,
    /// Whether to pull every function.
    pub all: bool,
    /// Prefixes of function names.
    pub prefixes: Vec<String>,
    /// Names, globs or ARNs of log groups.
    pub log_groups: Vec<String>,
    /// Regions; if empty, the region of the AWS configuration.
    pub regions: Vec<String>,
    /// Profile of the AWS configuration. If given, only the profile supplies credentials, even if the environment has
    /// keys.
    pub profile: Option<String>,
    /// URL of the API, if not AWS itself.
    pub endpoint_url: Option<String>,
    /// First moment, inclusive.
    pub from: Timestamp,
    /// Last moment, inclusive.
    pub to: Timestamp,
    /// Requests for log events per second and region; `None` means a share of the region's quota.
    pub max_rate: Option<u32>,
    /// Time limit for one answer.
    pub timeout: Duration,
}

impl Request {
    /// Creates a request for this time that selects nothing yet.
    #[must_use]
    pub(crate) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            functions: Vec::new(),
            all: false,
            prefixes: Vec::new(),
            log_groups: Vec::new(),
            regions: Vec::new(),
            profile: None,
            endpoint_url: None,
            from,
            to,
            max_rate: None,
            timeout: Duration::from_secs(60),
        }
    }

    /// Returns the regions that the ARNs name.
    fn regions_of_arns(&self) -> impl Iterator<Item = String> {
        let of_groups = self.log_groups.iter().filter_map(|group| GroupArn::parse(group)).map(|arn| arn.region);
        let of_functions = self.functions.iter().filter_map(|name| FunctionByArn::parse(name)).map(|arn| arn.region);
        of_groups.chain(of_functions)
    }

    /// Returns whether everything is named by ARN, so that no region has to be configured.
    fn names_only_arns(&self) -> bool {
        let names = self.functions.len() + self.log_groups.len() + self.prefixes.len();
        !self.all && self.regions_of_arns().count() == names
    }
}

/// Preview of a pull, before reading begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook {
    /// Log groups, as every output names them.
    pub groups: Vec<String>,
    /// Accounts that the groups belong to; if there are no groups, the account that was searched.
    pub accounts: Vec<Account>,
    /// Estimated bytes to read, from the size and age of the groups.
    pub bytes: u64,
    /// Milliseconds of log to read from each group.
    pub window_ms: i64,
}

/// An account and the regions in which its groups are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Account id (12 digits), if AWS told it.
    pub id: Option<String>,
    /// Regions, sorted.
    pub regions: Vec<String>,
}

/// Receiver of a pull's progress.
pub(crate) trait PullWatch: Send + Sync {
    /// Announces that reading begins.
    fn begins(&self, outlook: &Outlook);
    /// Reports a page of a log group: milliseconds of log newly covered, and its events.
    fn page(&self, group: usize, covered_ms: i64, events: u64);
    /// Reports that a log group was read to its end or given up.
    fn done(&self, group: usize);
}

/// A running pull, which is also the source of a single input.
pub(crate) struct Pull {
    inputs: [Input; 1],
    shared: Arc<PullState>,
    save: Mutex<Option<File>>,
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
        let machine = |error: io::Error| PullError::Machine(error.to_string());
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(machine)?;
        let signals = runtime.block_on(async { shared::listen() });
        let found = runtime.block_on(async {
            tokio::select! {
                found = find(&request) => found,
                // `work` receives the signal too, and ends at once.
                _ = shared::heard(signals.clone()) => Ok(LookedUp::default()),
            }
        })?;
        let LookedUp { connection, selection } = found;
        watch.begins(&outlook(&request, &connection, &selection));
        let shared = Arc::new(PullState::new(&request, selection, watch).map_err(machine)?);
        let regions = regions(&shared, connection.clients, request.max_rate);
        runtime.spawn(work(Arc::clone(&shared), regions, signals));
        let context = Origin::default();
        let input = Input { name: name.to_owned(), path: None, named: true, size: None, context };
        Ok(Self { inputs: [input], shared, save: Mutex::new(save), runtime: Some(runtime) })
    }

    /// Returns the number of pages received so far.
    #[must_use]
    pub(crate) fn pages(&self) -> usize {
        self.shared.pages()
    }

    /// Returns why the pull ended early, if AWS is the reason.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<PullError> {
        self.shared.failure()
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
        let save = self.save.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Box::new(PullReader::new(Arc::clone(&self.shared), save)))
    }

    fn told(&self, _at: usize, _head: &[u8]) -> Option<PullTrailer> {
        Some(self.shared.told())
    }
}

/// Result of the lookup: clients per region and the log groups to read.
#[derive(Default)]
struct LookedUp {
    connection: Connection,
    selection: Selection,
}

async fn find(request: &Request) -> Result<LookedUp, PullError> {
    let connection = connect::connect(request).await?;
    let selection = select::select(request, &connection).await?;
    Ok(LookedUp { connection, selection })
}

fn outlook(request: &Request, connection: &Connection, selection: &Selection) -> Outlook {
    let targets = || selection.targets.iter();
    let mut regions_of: BTreeMap<Option<&String>, BTreeSet<&String>> = BTreeMap::new();
    for target in targets() {
        let account = target.account.as_ref().or(selection.account.as_ref());
        regions_of.entry(account).or_default().insert(&target.region);
    }
    if regions_of.is_empty() && !connection.clients.is_empty() {
        let searched = connection.clients.iter().map(|clients| &clients.region);
        regions_of.insert(selection.account.as_ref(), searched.collect());
    }
    let account = |(id, regions): (Option<&String>, BTreeSet<&String>)| Account {
        id: id.cloned(),
        regions: regions.into_iter().cloned().collect(),
    };
    Outlook {
        groups: targets().map(select::Target::place).collect(),
        accounts: regions_of.into_iter().map(account).collect(),
        bytes: targets().map(|target| target.estimate).sum(),
        window_ms: request.to.ms() - request.from.ms(),
    }
}

/// Pairs each region with the indices of its log groups.
fn regions(shared: &Arc<PullState>, clients: Vec<Clients>, max_rate: Option<u32>) -> Vec<(Arc<Region>, Vec<usize>)> {
    let region = |clients: Clients| {
        let of_region = |at: &usize| shared.targets[*at].region == clients.region;
        let targets: Vec<usize> = (0..shared.targets.len()).filter(of_region).collect();
        let rate = max_rate.unwrap_or_else(|| limiter::default_rate(&clients.region));
        let caller = Caller::new(&clients.region, rate);
        (Arc::new(Region { caller, clients, shared: Arc::clone(shared) }), targets)
    };
    clients.into_iter().map(region).collect()
}

/// Reads all regions until they are finished or a signal arrives.
async fn work(shared: Arc<PullState>, regions: Vec<(Arc<Region>, Vec<usize>)>, signals: Signals) {
    let mut running = JoinSet::new();
    for (region, targets) in regions {
        running.spawn(plan::pull(region, targets));
    }
    tokio::select! {
        biased;
        signal = shared::heard(signals) => shared.interrupted(signal),
        () = async { while running.join_next().await.is_some() {} } => {}
    }
    shared.spool.end();
}
