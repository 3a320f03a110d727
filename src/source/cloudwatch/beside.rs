//! What a pull asks of its accounts besides their logs, once these are read: CloudWatch metrics of every function, and the
//! configuration, in depth of those that fail. No answer to it ends a pull; what is missing is a note.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use super::configuration::{Configuration, FailedVersions};
use super::connect::AccountRegion;
use super::metrics::MetricCaller;
use super::select::{Searched, Selection};
use super::selector::Wanted;
use super::{PullWatch, Request};
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
    /// Regions in which the functions of several accounts could not be told apart.
    unclear: BTreeSet<String>,
    from: Timestamp,
    to: Timestamp,
    metrics: bool,
    config: bool,
}

struct AskedPlace {
    place: Arc<AccountRegion>,
    /// Functions that were chosen, whether or not they logged.
    functions: BTreeSet<String>,
    failed: FailedVersions,
}

impl Beside {
    /// Prepares what is asked for the functions that these places told of and that were selected; `None` if nothing is.
    pub(super) fn new(
        request: &Request,
        searched: &[Searched],
        selection: &Selection,
        wanted: &Wanted,
    ) -> Option<Self> {
        if !request.cloudwatch_metrics && !request.aws_config {
            return None;
        }
        let mut places: BTreeMap<MetricPlace, AskedPlace> = BTreeMap::new();
        let mut unclear = BTreeSet::new();
        for (seat, one) in searched.iter().enumerate() {
            let Ok(facts) = &one.facts else { continue };
            let key = MetricPlace::new(one.account(), Some(&one.place.region));
            let fresh = || AskedPlace {
                place: Arc::clone(&one.place),
                functions: BTreeSet::new(),
                failed: FailedVersions::new(),
            };
            let is_unknown = key.account_id.is_none();
            let asked = places.entry(key).or_insert_with(fresh);
            if is_unknown && asked.place.session.number != one.place.session.number {
                unclear.insert(one.place.region.clone());
            }
            let functions = &mut asked.functions;
            let known = facts.functions.iter().filter(|(_, told)| told.is_ok()).map(|(name, _)| name.as_str());
            let listed = facts.listed.iter().flatten().flatten().map(|one| one.name.as_str());
            functions.extend(known.chain(listed.filter(|name| wanted.chooses(name))).map(str::to_owned));
            // A group of another account has an ARN.
            for target in selection.targets.iter().filter(|target| target.seat == seat && target.group.arn.is_none()) {
                match &target.only {
                    Some(only) => functions.extend(only.iter().cloned()),
                    None => functions.extend(function_from_group(&target.group.name).map(str::to_owned)),
                }
            }
        }
        places.retain(|key, asked| key.account_id.is_some() || !unclear.contains(&asked.place.region));
        // The time of a pull that is resumed is that of the first one.
        let moment = |ms: Option<i64>, otherwise| ms.and_then(Timestamp::from_ms).unwrap_or(otherwise);
        Some(Self {
            places,
            unclear,
            from: moment(selection.told.from_ms, request.from),
            to: moment(selection.told.to_ms, request.to),
            metrics: request.cloudwatch_metrics,
            config: request.aws_config,
        })
    }

    /// Asks everything, for these functions of the log, too.
    pub(super) async fn ask(mut self, logged: &[LoggedFunction], watch: &dyn PullWatch) -> AccountTold {
        let mut told = AccountTold::default();
        for region in &self.unclear {
            told.notes.push(note(format!(
                "neither metrics nor configuration were asked for in {region}: it is not known which accounts the profiles \
                 are of; allow logs:DescribeLogGroups"
            )));
        }
        if self.places.is_empty() {
            if !told.notes.is_empty() {
                return told;
            }
            let text =
                "metrics and configuration were not asked for: nothing was left to read, so nobody was connected to";
            told.notes.push(note(text.to_owned()));
            return told;
        }
        let elsewhere = logged.iter().filter(|one| !self.take(one) && !self.is_unclear(one)).count();
        if elsewhere > 0 {
            told.notes.push(note(format!(
                "of {elsewhere} functions of other accounts neither metrics nor configuration were asked for: name a \
                 profile of each"
            )));
        }
        let window = if self.metrics { self.window(&mut told, watch) } else { None };
        let config = self.config;
        let mut running = JoinSet::new();
        for (at, (key, asked)) in self.places.into_iter().enumerate() {
            running.spawn(async move { (at, asked.ask(&key, window, config).await) });
        }
        let mut answers = BTreeMap::new();
        while let Some(answer) = running.join_next().await {
            match answer {
                Ok((at, answer)) => drop(answers.insert(at, answer)),
                Err(error) => told.notes.push(note(format!("a part of what the account tells is missing: {error}"))),
            }
        }
        for one in answers.into_values() {
            told.cloudwatch_metrics.extend(one.cloudwatch_metrics);
            told.aws_config.extend(one.aws_config);
            told.notes.extend(one.notes);
        }
        told
    }

    /// Returns the time of which metrics are asked, and the clock. Names the price.
    fn window(&self, told: &mut AccountTold, watch: &dyn PullWatch) -> Option<(MetricWindow, Timestamp)> {
        let window = MetricWindow::of_log(self.from, self.to, true);
        if window.is_none() {
            told.notes
                .push(note("CloudWatch metrics were not asked for: the time is shorter than a minute".to_owned()));
        }
        let functions: usize = self.places.values().map(|asked| asked.functions.len()).sum();
        if let Some(usd) = cost_to_name(functions * METRICS_OF_A_FUNCTION).filter(|_| window.is_some()) {
            watch.costs(usd, "the metrics of the functions");
        }
        window.zip(now())
    }

    fn is_unclear(&self, function: &LoggedFunction) -> bool {
        function.region.as_ref().is_some_and(|region| self.unclear.contains(region))
    }

    /// Adds a function of the log to those of its place. Returns whether there is such a place.
    fn take(&mut self, function: &LoggedFunction) -> bool {
        let is_at = |place: &MetricPlace| {
            let same =
                |ours: &Option<String>, theirs: &Option<String>| ours.is_none() || theirs.is_none() || ours == theirs;
            same(&place.account_id, &function.account_id) && same(&place.region, &function.region)
        };
        let Some((_, asked)) = self.places.iter_mut().find(|(place, _)| is_at(place)) else { return false };
        asked.functions.insert(function.name.clone());
        if function.failed {
            asked.failed.entry(function.name.clone()).or_default().extend(function.failed_versions.iter().cloned());
        }
        true
    }
}

impl AskedPlace {
    /// Asks one place for metrics of this time and for the configuration.
    async fn ask(&self, key: &MetricPlace, window: Option<(MetricWindow, Timestamp)>, config: bool) -> AccountTold {
        let mut told = AccountTold::default();
        if let Some((window, now)) = window {
            self.metrics(key, window, now, &mut told).await;
        }
        if config {
            let (documents, missing) = Configuration::new(&self.place).ask(&self.functions, &self.failed).await;
            told.aws_config = documents;
            let place = self.place.label(key.account_id.as_deref());
            let text = |why| note(format!("the configuration of {place} is not known as a whole: {why}"));
            told.notes.extend(missing.into_iter().map(text));
        }
        told
    }

    async fn metrics(&self, key: &MetricPlace, window: MetricWindow, now: Timestamp, told: &mut AccountTold) {
        let place = self.place.label(key.account_id.as_deref());
        if self.functions.len() > MOST_FUNCTIONS {
            told.notes.push(note(format!(
                "{place}: CloudWatch metrics of {MOST_FUNCTIONS} functions were asked for, not of all {}",
                self.functions.len()
            )));
        }
        let names = self.functions.iter().take(MOST_FUNCTIONS).map(String::as_str);
        let metrics = MetricCaller::new(&self.place);
        let mut documents: Vec<Value> = Vec::new();
        for call in calls(names, key, window, now) {
            if let Err(fault) = metrics.ask(&call, |page| documents.push(page)).await {
                let why = metrics.told(&fault).await;
                told.notes.push(note(format!("CloudWatch metrics of {place} are not known: {why}")));
                break;
            }
        }
        told.cloudwatch_metrics = documents;
    }
}

fn note(text: String) -> Note {
    Note { incomplete: false, text }
}
