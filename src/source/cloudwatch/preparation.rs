//! Preparation of a pull: connects, looks up what is wanted, and decides what to read.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::connect::{self, AccountRegion, Connection};
use super::failure::PullError;
use super::idle;
use super::lookup::{self, PlaceFacts};
use super::resume::{self, Resumed};
use super::select::{self, Searched, Selection};
use super::selector::Wanted;
use super::target::Target;
use super::{FunctionFilter, Outlook, PullWatch, Request, SearchEngine};
use crate::model::{Note, function_from_group};
use crate::source::saved::{ChosenGroup, PullTrailer, UnsearchedRegion};

/// Result of the look-up: places, the log groups to read, and what was read before.
#[derive(Default)]
pub(super) struct LookedUp {
    pub(super) connection: Connection,
    pub(super) searched: Vec<Searched>,
    pub(super) selection: Selection,
    pub(super) resumed: Option<Resumed>,
}

impl LookedUp {
    /// Returns the result of a look-up that was interrupted: everything is still to be looked up.
    pub(super) fn interrupted(request: &Request) -> Result<Self, PullError> {
        let request = &resume::adapted(request);
        let then = if request.engine == SearchEngine::Filter { "pull the rest with --resume" } else { "pull it again" };
        let reason = format!("interrupted while log groups were looked up; {then}");
        if let Some((path, trailer)) = &request.resume {
            let known = PullTrailer { regions: Vec::new(), ..trailer.clone() };
            let (mut selection, resumed) = resume::select(request, &Wanted::default(), &[], &[], path, &known)?;
            selection.told.regions.clone_from(&trailer.regions);
            complete(&mut selection, request);
            return Ok(Self { selection, resumed: Some(resumed), ..Self::default() });
        }
        let regions = match request.regions.is_empty() {
            // The region of the configuration.
            true => vec![String::new()],
            false => request.regions.clone(),
        };
        let region = |region| UnsearchedRegion { region, reason: reason.clone(), ..UnsearchedRegion::default() };
        let told = PullTrailer {
            wanted: request.names.clone(),
            profiles: request.profiles.clone(),
            regions: regions.into_iter().map(region).collect(),
            ..PullTrailer::default()
        };
        let mut selection = Selection { told, ..Selection::default() };
        complete(&mut selection, request);
        Ok(Self { selection, ..Self::default() })
    }
}

/// Adds to the trailer which groups are read in which window.
fn complete(selection: &mut Selection, request: &Request) {
    let chosen = |target: &Target| ChosenGroup {
        group: target.group.clone(),
        streams: target.streams.clone(),
        functions: target.only.iter().flatten().cloned().collect(),
    };
    selection.told.groups = selection.targets.iter().map(chosen).collect();
    selection.told.from_ms = Some(request.from.ms());
    selection.told.to_ms = Some(request.to.ms());
}

pub(super) async fn find(request: &Request, watch: &dyn PullWatch) -> Result<LookedUp, PullError> {
    let request = &resume::adapted(request);
    let wanted = Arc::new(Wanted::of(&request.names)?);
    let whole = request.resume.as_ref().is_some_and(|(_, told)| told.is_whole());
    let connection = if whole { Connection::default() } else { connect::connect(request).await? };
    watch.searches(connection.places.len());
    let searched = match &request.resume {
        None => search(&connection, &wanted).await?,
        Some((_, trailer)) => resume::search(&connection, &wanted, trailer).await?,
    };
    let failures = &connection.failures;
    let (mut selection, resumed) = match &request.resume {
        None => (select::select(request, &wanted, &searched, failures)?, None),
        Some((path, trailer)) => {
            let (selection, resumed) = resume::select(request, &wanted, &searched, failures, path, trailer)?;
            (selection, Some(resumed))
        }
    };
    if request.engine != SearchEngine::Filter {
        leave_out_unwanted(&mut selection, request);
    }
    if request.cloudwatch_metrics && request.resume.is_none() {
        let window = (request.from, request.to);
        if request.names.all {
            idle::leave_out(&mut selection, &searched, window, watch).await;
        }
        if request.engine != SearchEngine::Filter {
            idle::measure(&mut selection, &searched, window, watch).await;
        }
    }
    complete(&mut selection, request);
    Ok(LookedUp { connection, searched, selection, resumed })
}

/// Leaves out log groups of functions that the answer is not about: queries are charged for.
fn leave_out_unwanted(selection: &mut Selection, request: &Request) {
    let Some(FunctionFilter(is_wanted)) = &request.only else { return };
    let before = selection.targets.len();
    selection.targets.retain(|target| {
        let function = function_from_group(&target.group.name).filter(|_| target.is_of_one_function());
        function.is_none_or(|function| is_wanted(function))
    });
    let left_out = before - selection.targets.len();
    if left_out > 0 {
        let text = format!("left out {left_out} of {before} log groups, whose functions --only does not name");
        selection.told.notes.push(Note { incomplete: false, text });
    }
}

/// Looks up what is wanted in all places at once.
async fn search(connection: &Connection, wanted: &Arc<Wanted>) -> Result<Vec<Searched>, PullError> {
    let mut running = JoinSet::new();
    for (seat, place) in connection.places.iter().enumerate() {
        let asked = lookup::look_up(Arc::clone(place), Arc::clone(wanted));
        running.spawn(async move { (seat, asked.await) });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = running.join_next().await {
        let (seat, facts) = answer.map_err(|error| PullError::Machine(error.to_string()))?;
        answers.insert(seat, facts);
    }
    share_owners(&connection.places, &mut answers);
    let places = connection.places.iter().zip(answers.into_values());
    Ok(places.map(|(place, facts)| Searched { place: Arc::clone(place), asked: true, facts }).collect())
}

/// Fills in the owner of the credentials where a region told none, from another region of the same session.
fn share_owners(places: &[Arc<AccountRegion>], answers: &mut BTreeMap<usize, Result<PlaceFacts, PullError>>) {
    let session = |seat: &usize| places.get(*seat).map(|place| place.session.number);
    let known: BTreeMap<_, _> =
        answers.iter().filter_map(|(seat, facts)| Some((session(seat)?, facts.as_ref().ok()?.own.clone()?))).collect();
    for (seat, facts) in answers.iter_mut() {
        if let Ok(facts @ PlaceFacts { own: None, .. }) = facts {
            facts.own = session(seat).and_then(|number| known.get(&number).cloned());
        }
    }
}

/// Returns the preview of what will be read.
pub(super) fn outlook(request: &Request, mut remarks: Vec<String>, selection: &Selection) -> Outlook {
    let targets = || selection.targets.iter();
    let (from_ms, to_ms) = (selection.told.from_ms, selection.told.to_ms);
    if let Some((path, _)) = request.resume.as_ref().filter(|(_, told)| told.is_whole()) {
        remarks.push(format!("nothing is left to read: {} is complete", path.display()));
    }
    Outlook {
        groups: targets().map(|target| target.group.label()).collect(),
        accounts: selection.told.accounts.clone(),
        bytes: targets().map(|target| target.estimate).sum(),
        window_ms: to_ms.unwrap_or(request.to.ms()) - from_ms.unwrap_or(request.from.ms()),
        remarks,
    }
}
