//! What a pull asks of its accounts besides their logs, once these are read: CloudWatch metrics of every function. No
//! answer to it ends a pull; what is missing is a note.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use super::PullWatch;
use super::connect::AccountRegion;
use super::metrics::Metrics;
use super::select::Searched;
use super::selector::Wanted;
use super::target::Target;
use crate::account::{METRICS_OF_A_FUNCTION, MetricPlace, MetricWindow, calls, cost_to_name};
use crate::model::{LoggedFunction, Note, Timestamp, function_from_group};
use crate::source::now;
use crate::source::saved::AccountTold;

/// Most functions of one place of which metrics are asked: their answers are kept with a saved pull.
const MOST_FUNCTIONS: usize = 20_000;

/// What is asked, and where.
pub(super) struct Beside {
    /// By account and region, each once.
    places: BTreeMap<MetricPlace, AskedPlace>,
    from: Timestamp,
    to: Timestamp,
}

struct AskedPlace {
    place: Arc<AccountRegion>,
    /// Functions that were chosen, whether or not they logged.
    functions: BTreeSet<String>,
}

impl Beside {
    /// Prepares what is asked for the functions that these places told of and these targets are of.
    pub(super) fn new(
        searched: &[Searched],
        targets: &[Target],
        wanted: &Wanted,
        (from, to): (Timestamp, Timestamp),
    ) -> Self {
        let mut places: BTreeMap<MetricPlace, AskedPlace> = BTreeMap::new();
        for (seat, one) in searched.iter().enumerate() {
            let Ok(facts) = &one.facts else { continue };
            let key = MetricPlace::new(one.account(), Some(&one.place.region));
            let fresh = || AskedPlace { place: Arc::clone(&one.place), functions: BTreeSet::new() };
            let functions = &mut places.entry(key).or_insert_with(fresh).functions;
            let known = facts.functions.iter().filter(|(_, told)| told.is_ok()).map(|(name, _)| name.as_str());
            let listed = facts.listed.iter().flatten().flatten().map(|one| one.name.as_str());
            functions.extend(known.chain(listed.filter(|name| wanted.chooses(name))).map(str::to_owned));
            // A group of another account has an ARN.
            for target in targets.iter().filter(|target| target.seat == seat && target.group.arn.is_none()) {
                match &target.only {
                    Some(only) => functions.extend(only.iter().cloned()),
                    None => functions.extend(function_from_group(&target.group.name).map(str::to_owned)),
                }
            }
        }
        Self { places, from, to }
    }

    /// Asks everything, for these functions of the log, too.
    pub(super) async fn ask(mut self, logged: &[LoggedFunction], watch: &dyn PullWatch) -> AccountTold {
        let mut told = AccountTold::default();
        let elsewhere = logged.iter().filter(|one| !self.take(one)).count();
        if elsewhere > 0 {
            told.notes.push(note(format!(
                "CloudWatch metrics of {elsewhere} functions of other accounts were not asked for: name a profile of each"
            )));
        }
        let (Some(window), Some(now)) = (MetricWindow::of_log(self.from, self.to, true), now()) else {
            told.notes.push(note("CloudWatch metrics were not asked for: the time is shorter than a minute".to_owned()));
            return told;
        };
        let functions: usize = self.places.values().map(|asked| asked.functions.len()).sum();
        if let Some(usd) = cost_to_name(functions * METRICS_OF_A_FUNCTION) {
            watch.costs(usd, "the metrics of the functions");
        }
        let mut running = JoinSet::new();
        for (at, (key, asked)) in self.places.into_iter().enumerate() {
            running.spawn(async move { (at, metrics(&key, &asked, window, now).await) });
        }
        let mut answers = BTreeMap::new();
        while let Some(answer) = running.join_next().await {
            match answer {
                Ok((at, answer)) => drop(answers.insert(at, answer)),
                Err(error) => told.notes.push(note(format!("a part of the CloudWatch metrics is missing: {error}"))),
            }
        }
        for (documents, notes) in answers.into_values() {
            told.cloudwatch_metrics.extend(documents);
            told.notes.extend(notes);
        }
        told
    }

    /// Adds a function of the log to those of its place. Returns whether there is such a place.
    fn take(&mut self, function: &LoggedFunction) -> bool {
        let is_at = |place: &MetricPlace| {
            let same = |ours: &Option<String>, theirs: &Option<String>| ours.is_none() || theirs.is_none() || ours == theirs;
            same(&place.account_id, &function.account_id) && same(&place.region, &function.region)
        };
        let place = self.places.iter_mut().find(|(place, _)| is_at(place));
        place.map(|(_, asked)| asked.functions.insert(function.name.clone())).is_some()
    }
}

/// Asks for the metrics of the functions of one place.
async fn metrics(
    key: &MetricPlace,
    asked: &AskedPlace,
    window: MetricWindow,
    now: Timestamp,
) -> (Vec<Value>, Vec<Note>) {
    let mut notes = Vec::new();
    if asked.functions.len() > MOST_FUNCTIONS {
        notes.push(note(format!(
            "{}: CloudWatch metrics of {MOST_FUNCTIONS} functions were asked for, not of all {}",
            asked.place.label(key.account_id.as_deref()),
            asked.functions.len()
        )));
    }
    let names = asked.functions.iter().take(MOST_FUNCTIONS).map(String::as_str);
    let metrics = Metrics::new(&asked.place);
    let mut documents = Vec::new();
    for call in calls(names, key, window, now) {
        if let Err(fault) = metrics.ask(&call, |page| documents.push(page)).await {
            let why = metrics.told(&fault).await;
            let place = asked.place.label(key.account_id.as_deref());
            notes.push(note(format!("CloudWatch metrics of {place} are not known: {why}")));
            break;
        }
    }
    (documents, notes)
}

fn note(text: String) -> Note {
    Note { incomplete: false, text }
}
