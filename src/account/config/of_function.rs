//! What the documents tell of one function of the log: which of them are about it, and what counts where several are.

use std::collections::BTreeSet;

use super::facts::{
    CallerFact, ConfigFacts, FactSource, FunctionFact, FunctionRef, InvokeFact, InvokeSettings, KnownName, MappingFact,
    NameFit, QueueFact, version_number,
};
use crate::model::Timestamp;
use crate::wire::KnownInvoker;

/// Function of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedFunction<'a> {
    pub name: &'a str,
    /// AWS account, where the log tells it.
    pub account_id: Option<&'a str>,
    /// Region, where the log tells it.
    pub region: Option<&'a str>,
}

/// A fact, and the name of the input that tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToldFact<'a, T> {
    pub value: T,
    pub input: &'a str,
}

/// What is known of the configuration of one function.
#[derive(Clone, Debug, Default)]
pub(crate) struct FunctionConfig<'a> {
    /// Descriptions, the one that counts first.
    described: Vec<&'a FunctionFact>,
    invoke_configs: Vec<&'a InvokeFact>,
    /// Those that may be of this function, or of another.
    possible_invoke_configs: Vec<&'a InvokeSettings>,
    pub mappings: Vec<MappingConfig<'a>>,
    callers: Vec<&'a CallerFact>,
}

/// Event source mapping with its queue, if that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MappingConfig<'a> {
    mapping: &'a MappingFact,
    queue: Option<&'a QueueFact>,
}

/// Which descriptions of a function count for a version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Described {
    /// Those of this version.
    Exactly,
    /// Those of `$LATEST`, which need not be as this version was.
    Latest,
}

impl<'a> FunctionConfig<'a> {
    /// Finds what is known of a function; `None` if nothing is.
    pub(super) fn of(facts: &'a ConfigFacts, asked: AskedFunction<'_>) -> Option<Self> {
        let is_it = |function: &FunctionRef| function.is(asked.name, asked.account_id, asked.region);
        let chosen = Chosen::of(facts, asked);
        let counts =
            |function: &FunctionRef, source: &FactSource| is_it(function) && chosen.takes(function, source, asked);
        let described = facts.functions.iter().filter(|one| counts(&one.function, &one.source)).collect();
        let callers = facts.callers.iter().filter(|one| counts(&one.function, &one.source)).collect();
        // The same mapping may stand in several forms, of which the first counts.
        let mappings = facts.mappings.iter().filter(|one| counts(&one.function, &one.source));
        let mappings = of_first_form(mappings.collect(), |one| &one.source);
        let mappings = mappings.into_iter().map(|mapping| MappingConfig { mapping, queue: queue_of(facts, mapping) });
        let invoke_configs = facts.invoke_configs.iter().filter(|one| counts(&one.function, &one.source));
        let invoke_configs = of_first_form(invoke_configs.collect(), |one| &one.source);
        let first_form = invoke_configs.first().map(|one| one.source.form);
        // One that fits without being taken may be of this function, unless its input describes whose it is.
        let is_of_another = |function: &FunctionRef, source: &FactSource| {
            facts.functions.iter().any(|one| one.function == *function && one.source.input == source.input)
        };
        let may_be = |function: &FunctionRef, source: &FactSource| {
            is_it(function) && !chosen.takes(function, source, asked) && !is_of_another(function, source)
        };
        let doubtful = facts.invoke_configs.iter().filter(|one| may_be(&one.function, &one.source));
        let doubtful = doubtful.map(|one| (&one.source, &one.settings));
        let unresolved = facts.unresolved_invoke_configs.iter().map(|one| (&one.source, &one.settings));
        let possible =
            doubtful.chain(unresolved).filter(|(source, _)| first_form.is_none_or(|form| source.form <= form));
        let possible_invoke_configs = possible.map(|(_, settings)| settings).collect();
        let found = Self { described, invoke_configs, possible_invoke_configs, mappings: mappings.collect(), callers };
        let is_empty = found.described.is_empty()
            && found.invoke_configs.is_empty()
            && found.mappings.is_empty()
            && found.callers.is_empty();
        (!is_empty).then_some(found)
    }

    /// Returns the descriptions of a version: of its number, else of `$LATEST`.
    fn describing(&self, version: Option<&str>) -> impl Iterator<Item = &'a FunctionFact> {
        let number = version.and_then(version_number);
        self.described.iter().copied().filter(move |one| one.version == number)
    }

    fn first<T>(&self, version: Option<&str>, of: impl Fn(&'a FunctionFact) -> Option<T>) -> Option<ToldFact<'a, T>> {
        self.describing(version).find_map(|one| Some(ToldFact { value: of(one)?, input: &one.source.input }))
    }

    /// Returns what is told of a version, else of `$LATEST`, and which of both it is.
    pub(crate) fn nearest<T>(
        &self,
        version: Option<&str>,
        of: impl Fn(&Self, Option<&str>) -> Option<ToldFact<'a, T>>,
    ) -> Option<(ToldFact<'a, T>, Described)> {
        let exact = of(self, version).map(|told| (told, Described::Exactly));
        exact.or_else(|| of(self, None).map(|told| (told, Described::Latest)))
    }

    /// Returns the timeout of a version. A number that is not described has none: it need not be that of `$LATEST`.
    pub(crate) fn timeout_ms(&self, version: Option<&str>) -> Option<ToldFact<'a, u64>> {
        self.first(version, |one| {
            one.timeout_s.filter(|seconds| *seconds > 0).map(|seconds| seconds.saturating_mul(1_000))
        })
    }

    pub(crate) fn memory_size_mb(&self, version: Option<&str>) -> Option<ToldFact<'a, u32>> {
        self.first(version, |one| one.memory_size_mb.filter(|size| *size > 0))
    }

    pub(crate) fn runtime(&self, version: Option<&str>) -> Option<ToldFact<'a, &'a str>> {
        self.first(version, |one| one.runtime.as_deref())
    }

    pub(crate) fn architecture(&self, version: Option<&str>) -> Option<ToldFact<'a, &'a str>> {
        self.first(version, |one| one.architecture.as_deref().filter(|name| matches!(*name, "x86_64" | "arm64")))
    }

    pub(crate) fn is_image(&self, version: Option<&str>) -> Option<ToldFact<'a, bool>> {
        self.first(version, |one| one.is_image)
    }

    pub(crate) fn has_snap_start(&self, version: Option<&str>) -> Option<ToldFact<'a, bool>> {
        self.first(version, |one| one.has_snap_start)
    }

    pub(crate) fn system_log_level(&self, version: Option<&str>) -> Option<ToldFact<'a, &'a str>> {
        self.first(version, |one| one.system_log_level.as_deref())
    }

    pub(crate) fn last_modified(&self, version: Option<&str>) -> Option<ToldFact<'a, Timestamp>> {
        self.first(version, |one| one.last_modified)
    }

    /// Returns the concurrency that is reserved, for all versions together.
    pub(crate) fn reserved_concurrency(&self) -> Option<ToldFact<'a, u32>> {
        let reserved = |one: &&'a FunctionFact| {
            one.reserved_concurrency.map(|value| ToldFact { value, input: one.source.input.as_str() })
        };
        self.described.iter().find_map(reserved)
    }

    pub(crate) fn has_dead_letter_queue(&self, version: Option<&str>) -> Option<ToldFact<'a, bool>> {
        self.first(version, |one| one.has_dead_letter_queue)
    }

    /// Returns whether failed asynchronous events go to a destination. Of several qualifiers one is enough.
    pub(crate) fn has_failure_destination(&self) -> Option<ToldFact<'a, bool>> {
        let told = |one: &&'a InvokeFact| {
            one.settings.has_destination.map(|value| ToldFact { value, input: one.source.input.as_str() })
        };
        let all: Option<Vec<ToldFact<'a, bool>>> = self.invoke_configs.iter().map(told).collect();
        let any = self.invoke_configs.iter().filter_map(told).find(|one| one.value);
        if any.is_none() && self.possible_invoke_configs.iter().any(|one| one.has_destination != Some(false)) {
            return None;
        }
        any.or_else(|| all?.first().copied()).or_else(|| {
            let whole = self.described.iter().find(|one| one.source.form.is_whole());
            let whole = whole.filter(|_| self.invoke_configs.is_empty())?;
            Some(ToldFact { value: false, input: &whole.source.input })
        })
    }

    /// Returns how often Lambda runs a failed asynchronous event again, if it is set, and the same for all qualifiers.
    pub(crate) fn maximum_retries(&self) -> Option<ToldFact<'a, u32>> {
        let first = self.invoke_configs.first()?;
        let value = first.settings.maximum_retries?;
        let mut all =
            self.invoke_configs.iter().map(|one| &one.settings).chain(self.possible_invoke_configs.iter().copied());
        all.all(|other| other.maximum_retries == Some(value)).then_some(ToldFact { value, input: &first.source.input })
    }

    /// Returns what invokes it, a row for each way.
    pub(crate) fn invokers(&self) -> Vec<KnownInvoker> {
        let mut rows = Vec::new();
        let mut add = |kind: &str, input: &str, evidence: String| {
            let row = KnownInvoker { kind: kind.to_owned(), source: input.to_owned(), evidence };
            if !rows.contains(&row) {
                rows.push(row);
            }
        };
        for mapping in &self.mappings {
            let fact = mapping.mapping;
            if let Some(kind) = fact.kind.filter(|_| fact.enabled != Some(false)) {
                add(kind, &fact.source.input, format!("an event source mapping of {}", mapping.event_source()));
            }
        }
        for config in &self.invoke_configs {
            add("async", &config.source.input, "it has settings for asynchronous invocations".to_owned());
        }
        for caller in &self.callers {
            add(caller.kind, &caller.source.input, caller.evidence.clone());
        }
        rows
    }
}

impl<'a> MappingConfig<'a> {
    /// Returns the name of its source, for people.
    pub(crate) fn event_source(&self) -> String {
        // A template may name a queue that it refers to by another id.
        let queue = self.queue.and_then(|queue| queue.keys.first());
        let name = queue.or(self.mapping.event_source.as_ref()).map(|key| key.name.as_str());
        let kind = match self.mapping.kind {
            Some("sqs") => "queue",
            Some("stream") => "stream",
            Some("kafka") => "topic",
            _ => "source",
        };
        name.map_or_else(|| format!("a {kind}"), |name| format!("the {kind} {name}"))
    }

    /// Returns the name of the invoker.
    pub(crate) fn kind(&self) -> Option<&'static str> {
        self.mapping.kind
    }

    pub(crate) fn input(&self) -> &'a str {
        &self.mapping.source.input
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.mapping.enabled == Some(false)
    }

    pub(crate) fn batching_window_s(&self) -> Option<u64> {
        self.mapping.batching_window_s
    }

    /// Returns whether nothing but the expiry of its records ends the retries of a batch: no bound on retries or on age,
    /// no bisecting, no destination.
    pub(crate) fn blocks_its_shard(&self) -> bool {
        let MappingFact { maximum_retries, maximum_record_age_s, bisects, has_destination, .. } = self.mapping;
        let is_unbounded = |bound: &Option<i64>| bound.is_some_and(|bound| bound < 0);
        is_unbounded(maximum_retries)
            && is_unbounded(maximum_record_age_s)
            && *bisects == Some(false)
            && *has_destination == Some(false)
    }

    /// Returns whether an invocation may get several items; `None` if unknown.
    pub(crate) fn has_batches(&self) -> Option<bool> {
        self.mapping.has_batches
    }

    /// Returns whether a function can name the items that failed; `None` if unknown.
    pub(crate) fn reports_item_failures(&self) -> Option<bool> {
        self.mapping.reports_item_failures
    }

    pub(crate) fn visibility_timeout_s(&self) -> Option<ToldFact<'a, u64>> {
        let queue = self.queue?;
        Some(ToldFact { value: queue.visibility_timeout_s?, input: &queue.source.input })
    }

    pub(crate) fn maximum_receives(&self) -> Option<ToldFact<'a, u64>> {
        let queue = self.queue?;
        Some(ToldFact { value: queue.maximum_receives?, input: &queue.source.input })
    }
}

/// Which facts count of those that fit a name: one name may stand for several functions.
enum Chosen<'a> {
    /// Descriptions of several functions fit equally well, or none fits well, so nothing is known.
    None,
    /// Those with the whole name, and those with this one in this input.
    With(Option<(&'a KnownName, &'a str)>),
    /// All that fit well.
    All,
}

impl<'a> Chosen<'a> {
    fn of(facts: &'a ConfigFacts, asked: AskedFunction<'_>) -> Self {
        let fitting = facts.functions.iter().filter(|one| one.function.is(asked.name, asked.account_id, asked.region));
        let (exact, partly): (Vec<&FunctionFact>, Vec<&FunctionFact>) =
            fitting.partition(|one| one.function.name.is_exact());
        let places: BTreeSet<_> = exact
            .iter()
            .map(|one| (one.function.account_id.as_deref(), one.function.region.as_deref()))
            .filter(|place| *place != (None, None))
            .collect();
        if places.len() > 1 {
            return Self::None;
        }
        if exact.is_empty() && partly.is_empty() {
            return Self::All;
        }
        // A template that names the function is the one that made it.
        if exact.iter().any(|one| one.source.form.is_whole()) {
            return Self::With(None);
        }
        let name_of = |one: &&'a FunctionFact| (&one.function.name, one.source.input.as_str());
        let names: BTreeSet<(&KnownName, &str)> = partly.iter().map(name_of).collect();
        let fit = |(name, input): &(&KnownName, &str)| name.fit(asked.name, input);
        let best = names.iter().map(fit).max().filter(|best| *best > NameFit::Doubtful);
        let mut best = names.iter().filter(|one| Some(fit(one)) == best);
        match (best.next(), best.next()) {
            (Some(only), None) => Self::With(Some(*only)),
            _ if exact.is_empty() => Self::None,
            _ => Self::With(None),
        }
    }

    fn takes(&self, function: &FunctionRef, source: &FactSource, asked: AskedFunction<'_>) -> bool {
        match self {
            Self::None => false,
            Self::All => function.name.fit(asked.name, &source.input) > NameFit::Doubtful,
            Self::With(chosen) => function.name.is_exact() || *chosen == Some((&function.name, source.input.as_str())),
        }
    }
}

/// Returns the facts of the first form that has any.
fn of_first_form<T>(facts: Vec<&T>, source: impl Fn(&T) -> &FactSource) -> Vec<&T> {
    let first = facts.iter().map(|one| source(one).form).min();
    facts.into_iter().filter(|one| Some(source(one).form) == first).collect()
}

/// Finds the queue of a mapping; none where several fit that are not set alike. Of the same form those of the mapping's own
/// input count first.
fn queue_of<'a>(facts: &'a ConfigFacts, mapping: &MappingFact) -> Option<&'a QueueFact> {
    let key = mapping.event_source.as_ref().filter(|_| mapping.kind == Some("sqs"))?;
    let fitting = facts.queues.iter().filter(|queue| queue.keys.iter().any(|known| known.is(key)));
    let fitting = of_first_form(fitting.collect(), |queue| &queue.source);
    let is_near = |queue: &&QueueFact| queue.source == mapping.source;
    let has_near = fitting.iter().any(is_near);
    let mut fitting = fitting.into_iter().filter(|queue| !has_near || is_near(queue));
    let first = fitting.next()?;
    let settings = |queue: &QueueFact| (queue.visibility_timeout_s, queue.maximum_receives);
    fitting.all(|other| settings(other) == settings(first)).then_some(first)
}
