//! Log events straight from CloudWatch Logs: the only asynchronous code, and the only user of the AWS SDK.
//!
//! A pull looks up the log groups, reads them page by page within a rate, and is read like the file that it would be
//! saved as. Nothing is written to AWS.

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

/// What to pull.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Names, globs or ARNs of functions.
    pub functions: Vec<String>,
    /// Every function.
    pub all: bool,
    /// Functions whose name begins with one of these.
    pub prefixes: Vec<String>,
    /// Names, globs or ARNs of log groups.
    pub log_groups: Vec<String>,
    /// Regions; none means the one of the configuration.
    pub regions: Vec<String>,
    /// Profile of the AWS configuration. It alone gives the credentials, whatever keys the environment has.
    pub profile: Option<String>,
    /// Where the API is, if not at AWS.
    pub endpoint_url: Option<String>,
    /// The first moment.
    pub from: Timestamp,
    /// The last moment.
    pub to: Timestamp,
    /// Requests a second and region for log events; without it a share of the region's quota.
    pub max_rate: Option<u32>,
    /// How long one answer may take.
    pub timeout: Duration,
}

impl Request {
    /// Nothing yet, of this time.
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

    /// The regions that ARNs name.
    fn regions_of_arns(&self) -> impl Iterator<Item = String> {
        let of_groups = self.log_groups.iter().filter_map(|group| GroupArn::parse(group)).map(|arn| arn.region);
        let of_functions = self.functions.iter().filter_map(|name| FunctionByArn::parse(name)).map(|arn| arn.region);
        of_groups.chain(of_functions)
    }

    /// Everything is named by its ARN, so that no other region is needed.
    fn names_only_arns(&self) -> bool {
        let names = self.functions.len() + self.log_groups.len() + self.prefixes.len();
        !self.all && self.regions_of_arns().count() == names
    }
}

/// What will be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook {
    /// Log groups, as they are named in every output.
    pub groups: Vec<String>,
    /// Accounts that the groups belong to; without groups, the one that was searched.
    pub accounts: Vec<Account>,
    /// Bytes, guessed from the size and age of the groups.
    pub bytes: u64,
    /// Milliseconds of log to read in each group.
    pub window_ms: i64,
}

/// An account, and where in it something is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// The id of 12 digits, where AWS tells it.
    pub id: Option<String>,
    /// Regions.
    pub regions: Vec<String>,
}

/// Receives the progress of a pull.
pub(crate) trait PullWatch: Send + Sync {
    /// Reading begins.
    fn begins(&self, outlook: &Outlook);
    /// A page of a log group came: so much more of its time is covered, with so many events.
    fn page(&self, group: usize, covered_ms: i64, events: u64);
    /// A log group was read to its end, or given up.
    fn done(&self, group: usize);
}

/// A pull under way, as the feed of one input.
pub(crate) struct Pull {
    inputs: [Input; 1],
    shared: Arc<PullState>,
    save: Mutex<Option<File>>,
    /// Holds the work; dropped with the pull.
    runtime: Option<Runtime>,
}

impl Pull {
    /// Looks up the log groups and begins to read. `name` names the input in every output, `save` takes its bytes.
    ///
    /// # Errors
    /// When nothing can be read at all.
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
                // The work below hears the signal too, and ends at once.
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

    /// Pages that came so far.
    #[must_use]
    pub(crate) fn pages(&self) -> usize {
        self.shared.pages()
    }

    /// Why it ended early, where AWS is the reason.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<PullError> {
        self.shared.failure()
    }

    /// The signal that ended it early.
    #[must_use]
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.shared.signal()
    }

    /// Why what was pulled could not be saved.
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

/// What was looked up.
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

/// The regions with the log groups to read in each.
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

/// Reads all regions, until the end or a signal.
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
