//! What the configuration of a function adds to what its log tells: timeout, memory, runtime, architecture, invokers.
//!
//! The log wins: a timeout that attempts ran into is the one they had, whatever the configuration says now.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::names::{FunctionFacts, FunctionKey};
use super::versions::Versions;
use crate::account::{AskedFunction, AwsConfig, CaughtEvent, FunctionConfig};
use crate::catalogue::Invoker;
use crate::model::count;
use crate::wire::KnownInvoker;

/// Where a timeout is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeoutSource {
    /// An attempt ran into it.
    Observed,
    /// The configuration tells it.
    Config,
}

impl TimeoutSource {
    /// Returns the word in machine output.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Config => "config",
        }
    }
}

/// What is known of the function whose attempts are added up.
#[derive(Debug)]
pub(super) struct Configured<'a> {
    config: Option<FunctionConfig<'a>>,
    /// Time limit of all versions: as attempts ran into it, or as records of an earlier run have it.
    limit: Option<(u64, TimeoutSource)>,
    /// Names of versions, by their ids from 1.
    versions: &'a [String],
    /// Limits as configured, by version.
    limits: RefCell<FxHashMap<u16, Option<u64>>>,
}

impl<'a> Configured<'a> {
    pub(super) fn of(
        config: Option<&'a AwsConfig>,
        key: &FunctionKey,
        facts: Option<&FunctionFacts>,
        versions: &'a [String],
    ) -> Self {
        let place = (key.account_id.as_deref(), key.region.as_deref());
        let config = config
            .zip(key.name.as_deref())
            .and_then(|(config, name)| config.function(AskedFunction { name, account_id: place.0, region: place.1 }));
        let observed = facts.and_then(FunctionFacts::observed_timeout_ms).map(|ms| (ms, TimeoutSource::Observed));
        let recorded = facts.and_then(|facts| facts.configured_timeout).map(|(_, ms)| (ms, TimeoutSource::Config));
        let limit = observed.or(recorded.filter(|_| config.is_none()));
        Self { config, limit, versions, limits: RefCell::default() }
    }

    /// Returns the time limit of an attempt of a version, in milliseconds.
    pub(super) fn limit_of(&self, version: u16) -> Option<u64> {
        if let Some((ms, _)) = self.limit {
            return Some(ms);
        }
        let config = self.config.as_ref()?;
        *self.limits.borrow_mut().entry(version).or_insert_with(|| {
            let name = usize::from(version).checked_sub(1).and_then(|at| self.versions.get(at));
            Some(config.timeout_ms(name.map(String::as_str))?.value)
        })
    }

    /// Returns the limit of the latest of the versions that ran; `None` unless those of all are known.
    pub(super) fn limit(&self, versions: &Versions) -> Option<(u64, TimeoutSource)> {
        let of_config = || {
            let ids = versions.ids();
            let limits: Option<Vec<u64>> = ids.iter().map(|id| self.limit_of(*id)).collect();
            let last = if ids.is_empty() { self.limit_of(0) } else { limits?.last().copied() };
            last.map(|ms| (ms, TimeoutSource::Config))
        };
        self.limit.or_else(of_config)
    }

    pub(super) fn architecture(&self) -> Option<&'a str> {
        Some(self.config.as_ref()?.architecture(None)?.value)
    }

    pub(super) fn memory_size_mb(&self) -> Option<u32> {
        Some(self.config.as_ref()?.memory_size_mb(None)?.value)
    }

    pub(super) fn runtime(&self) -> Option<String> {
        Some(self.config.as_ref()?.runtime(None)?.value.to_owned())
    }

    /// Returns whether the platform is told to log only what fails.
    pub(super) fn logs_only_failures(&self) -> bool {
        let level = self.config.as_ref().and_then(|config| config.system_log_level(None));
        level.is_some_and(|level| level.value == "WARN")
    }

    /// Returns what invokes the function.
    pub(super) fn invokers(&self) -> Vec<KnownInvoker> {
        self.config.as_ref().map(FunctionConfig::invokers).unwrap_or_default()
    }
}

/// Ways in which events of a function were caught, which tell how it is invoked.
#[derive(Debug, Default)]
pub(super) struct SeenCatchers(BTreeMap<(&'static str, &'static str, String), u64>);

impl SeenCatchers {
    pub(super) fn add(&mut self, event: &CaughtEvent) {
        if let Some((kind, catcher)) = event.invoker() {
            *self.0.entry((kind, catcher, event.input.clone())).or_default() += 1;
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
    }

    /// Returns a row for each input and catcher.
    pub(super) fn invokers(self) -> impl Iterator<Item = KnownInvoker> {
        self.0.into_iter().map(|((kind, catcher, source), number)| {
            let events = count(number, "event", "events");
            KnownInvoker { kind: kind.to_owned(), source, evidence: format!("{events} in {catcher}") }
        })
    }
}

/// Returns the invoker, if all that is known is one kind.
pub(super) fn only_invoker(known: &[KnownInvoker]) -> Option<Invoker> {
    let first = known.first()?;
    known.iter().all(|one| one.kind == first.kind).then(|| Invoker::parse(&first.kind)).flatten()
}
