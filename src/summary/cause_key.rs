//! What makes a cause: what a failed attempt has in common with others, its identity, and its texts.
//!
//! What joins attempts is a value of the attempt alone (and of its function, where nothing else tells), so causes depend
//! on neither order nor threads, and an attempt of a record has the cause of the attempt that was recorded.

use std::borrow::Cow;

use xxhash_rust::xxh3::Xxh3;

use super::few::Few;
use super::findings::ErrorText;
use super::names::{FunctionKey, NamelessOf};
use crate::catalogue::{self, Wording, missing_module, wording};
use crate::model::{Category, Downstream, Timestamp, Verdict};
use crate::wire::{Record, Redaction};

/// Most causes of one function that are kept apart; the rest of a function are joined by code. The first in the order of
/// [`CausePlace`], whatever the order of arrival. This bounds the memory of a log whose every error is different.
pub(super) const CAUSES_OF_A_FUNCTION: usize = 256;
/// Bytes that are kept of the message of a cause's earliest attempt.
const MESSAGE_BYTES: usize = 2_000;
/// Longest name that is kept of what attempts have in common, in bytes.
const NAME_BYTES: usize = 256;

/// What a failed attempt has in common with others of the same cause, besides the code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shared {
    /// Target of the call that failed, or that the attempt waited for.
    Target(String),
    /// Module that is missing.
    Module(String),
    /// Error, by its fingerprint and the names in its message.
    Error(String),
    /// Nothing that another function could share: the function, and the fingerprint if there is one.
    Function,
    /// The function, past the bound of causes.
    Rest,
}

impl Shared {
    /// Returns what an attempt shares, from its verdict. Texts are masked first, as in its record.
    pub(super) fn of_verdict(verdict: &Verdict, redaction: &Redaction) -> Self {
        Self::of(&FailedFor {
            category: verdict.category,
            code: verdict.code,
            has_fingerprint: verdict.fingerprint.is_some(),
            error: &|| {
                let error_type = verdict.error_type.as_deref();
                let message = verdict.error_message.as_deref();
                let message = message.map(|message| redaction.apply_to_message(error_type, message));
                (error_type.map(|name| Cow::Owned(redaction.apply(name))), message.map(Cow::Owned))
            },
            target: match &verdict.downstream {
                Some(call) => target_of(call, redaction),
                None => verdict.contributing.iter().find_map(|cause| target_of(cause.call.as_ref()?, redaction)),
            },
        })
    }

    /// Returns what the attempt of a record shares, whose texts are masked already.
    pub(super) fn of_record(record: &Record, category: Category) -> Self {
        Self::of(&FailedFor {
            category,
            code: &record.code,
            has_fingerprint: record.fingerprint.is_some(),
            error: &|| {
                (record.error_type.as_deref().map(Cow::Borrowed), record.error_message.as_deref().map(Cow::Borrowed))
            },
            target: match &record.downstream {
                Some(call) => catalogue::target(call.service.as_deref(), call.host.as_deref()),
                None => record.contributing.iter().find_map(|cause| cause.target.clone()),
            },
        })
    }

    fn of(failed: &FailedFor<'_>) -> Self {
        let short = |name: &str| name[..name.floor_char_boundary(NAME_BYTES)].to_owned();
        match failed.category {
            Category::Downstream | Category::Throttling | Category::Timeout | Category::OutOfMemory => {
                return failed.target.as_deref().map_or(Self::Function, |target| Self::Target(short(target)));
            }
            _ if !failed.has_fingerprint => return Self::Function,
            _ => {}
        }
        let (error_type, message) = (failed.error)();
        let message = message.unwrap_or_default();
        if failed.code == "init_failure.import"
            && let Some(module) = missing_module(&message)
        {
            return Self::Module(short(module));
        }
        match wording(error_type.as_deref(), &message) {
            Wording::Plain => Self::Error(String::new()),
            Wording::Names(names) => Self::Error(short(&names)),
            Wording::Vague => Self::Function,
        }
    }
}

/// Returns the target of a call, masked as in a record.
pub(super) fn target_of(call: &Downstream, redaction: &Redaction) -> Option<String> {
    let text = |text: &String| redaction.apply(text);
    catalogue::target(call.service.as_ref().map(text).as_deref(), call.host.as_ref().map(text).as_deref())
}

/// What of a failed attempt decides about its cause.
struct FailedFor<'a> {
    category: Category,
    code: &'a str,
    has_fingerprint: bool,
    /// Makes type and message of the error, which not every cause needs.
    error: &'a dyn Fn() -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>),
    /// Target of the failed call, else of the one that a contributing cause is about.
    target: Option<String>,
}

/// A cause within one function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CausePlace {
    shared: Shared,
    code: String,
    /// Fingerprint, where the error is what attempts share.
    fingerprint: Option<String>,
}

impl CausePlace {
    pub(super) fn new(shared: Shared, code: &str, fingerprint: Option<&str>) -> Self {
        let by_error = matches!(shared, Shared::Error(_) | Shared::Function);
        let fingerprint = fingerprint.filter(|_| by_error).map(str::to_owned);
        Self { shared, code: code.to_owned(), fingerprint }
    }

    /// Returns the place of the causes of a code that are not kept apart.
    pub(super) fn rest(code: &str) -> Self {
        Self::new(Shared::Rest, code, None)
    }

    pub(super) fn is_rest(&self) -> bool {
        self.shared == Shared::Rest
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn into_shared(self) -> Shared {
        self.shared
    }
}

/// Identity of what failed: failed attempts with equal keys belong to the same finding and the same cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FailureKey {
    /// Id of the finding.
    pub(super) finding: u32,
    pub(super) shared: Shared,
}

/// Identity of a cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CauseKey {
    place: CausePlace,
    /// Id of the function, if nothing else joins its attempts.
    function: Option<u32>,
}

impl CauseKey {
    pub(super) fn new(place: CausePlace, function: u32) -> Self {
        let own = matches!(place.shared, Shared::Function | Shared::Rest);
        Self { place, function: own.then_some(function) }
    }

    /// Returns the id: `c1:` and 16 hexadecimal digits.
    ///
    /// Where only one function has no name, its causes keep their ids from day to day; of several, each has its own.
    pub(super) fn id(&self, functions: &[FunctionKey], several_nameless: bool) -> String {
        let CausePlace { shared, code, fingerprint } = &self.place;
        let (kind, name) = match shared {
            Shared::Target(name) => ("target", name.as_str()),
            Shared::Module(name) => ("module", name.as_str()),
            Shared::Error(names) => ("error", names.as_str()),
            Shared::Function => ("function", ""),
            Shared::Rest => ("rest", ""),
        };
        let function = self.function.and_then(|id| functions.get(id as usize));
        let text = |get: fn(&FunctionKey) -> &Option<String>| function.and_then(|key| get(key).as_deref());
        let one_of_several = function.and_then(|key| key.input).filter(|_| several_nameless);
        let input = one_of_several.map(|nameless| match nameless {
            NamelessOf::Input(input) => input.to_string(),
            NamelessOf::Attempts(hash) => format!("{hash:016x}"),
        });
        let mut hash = Xxh3::new();
        for part in [
            Some(code.as_str()),
            Some(kind),
            Some(name),
            fingerprint.as_deref(),
            text(|key| &key.name),
            text(|key| &key.account_id),
            text(|key| &key.region),
            input.as_deref(),
        ] {
            hash.update(part.unwrap_or("").as_bytes());
            hash.update(&[0xff]);
        }
        format!("c1:{:016x}", hash.digest())
    }

    pub(super) fn code(&self) -> &str {
        &self.place.code
    }

    pub(super) fn fingerprint(&self) -> Option<&str> {
        self.place.fingerprint.as_deref()
    }

    /// Returns whether no other function can have the cause.
    pub(super) fn is_of_one_function(&self) -> bool {
        self.function.is_some()
    }

    /// Returns the target or module that joins the attempts.
    pub(super) fn target(&self) -> Option<&str> {
        match &self.place.shared {
            Shared::Target(name) | Shared::Module(name) => Some(name),
            Shared::Error(_) | Shared::Function | Shared::Rest => None,
        }
    }
}

/// Order of the attempts of a cause that does not depend on the order of reading: start, then record id.
pub(super) type ToldOrder = (Option<Timestamp>, String);

/// Texts of a cause in one function, from its earliest attempt.
#[derive(Debug)]
pub(super) struct CauseTold {
    order: ToldOrder,
    text: ErrorText,
}

impl CauseTold {
    pub(super) fn order(&self) -> &ToldOrder {
        &self.order
    }

    /// Returns the error in words.
    pub(super) fn title(&self) -> Option<String> {
        catalogue::title_of_error(self.text.error_type.as_deref(), self.text.message.as_deref())
    }

    /// Returns the error that the earliest attempt tells.
    pub(super) fn error(&self) -> catalogue::ErrorTold<'_> {
        self.text.error()
    }
}

/// Texts of causes, by function: of the first causes of each.
pub(super) type ToldInFunction = Few<CausePlace, CauseTold>;

/// Takes the texts of an attempt, if it is the earliest of its cause so far. Returns where the cause is counted: with the
/// rest if the function has too many before it.
pub(super) fn tell<'r>(
    told: &mut ToldInFunction,
    place: CausePlace,
    at: Option<Timestamp>,
    record: &dyn Fn() -> &'r Record,
) -> CausePlace {
    let known = told.get(&place);
    if known.is_none() && told.len() >= CAUSES_OF_A_FUNCTION && told.last_key().is_some_and(|last| place > *last) {
        return CausePlace::rest(&place.code);
    }
    if known.is_none_or(|known| at <= known.order.0) {
        let record = record();
        let new = CauseTold { order: (at, record.id.clone()), text: ErrorText::of(record).shortened(MESSAGE_BYTES) };
        take_earlier(told, place.clone(), new);
    }
    place
}

/// Returns whether more than one row is of functions without a name.
pub(super) fn has_several_nameless(functions: &[FunctionKey]) -> bool {
    let mut nameless = functions.iter().filter_map(|key| key.input);
    nameless.next().is_some_and(|first| nameless.any(|other| other != first))
}

/// Keeps the earlier of two texts, of the first causes only.
pub(super) fn take_earlier(told: &mut ToldInFunction, place: CausePlace, new: CauseTold) {
    if told.get(&place).is_none_or(|known| new.order < known.order) {
        told.insert(place, new);
    }
    if told.len() > CAUSES_OF_A_FUNCTION {
        told.pop_last();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Contributing};

    fn failed(category: Category, code: &'static str) -> Verdict {
        Verdict { fingerprint: Some("v2:1".to_owned()), ..Verdict::bare(category, code, Confidence::High) }
    }

    fn error(error_type: &str, message: &str) -> Verdict {
        Verdict {
            error_type: Some(error_type.to_owned()),
            error_message: Some(message.to_owned()),
            ..failed(Category::RuntimeException, "runtime_exception.unhandled")
        }
    }

    fn call(service: Option<&str>, host: Option<&str>) -> Downstream {
        Downstream { service: service.map(str::to_owned), host: host.map(str::to_owned), ..Downstream::default() }
    }

    #[test]
    fn an_attempt_shares_what_its_kind_of_failure_has_in_common() {
        let target = |name: &str| Shared::Target(name.to_owned());
        let waiting = |call: Downstream| {
            let cause =
                Contributing { call: Some(call), ..Contributing::new("downstream.timeout", Confidence::Medium) };
            Verdict {
                contributing: vec![cause],
                ..Verdict::bare(Category::Timeout, "timeout.invoke", Confidence::High)
            }
        };
        let called =
            |call: Downstream| Verdict { downstream: Some(call), ..failed(Category::Downstream, "downstream.dns") };
        let import = |message: &str| Verdict {
            error_message: Some(message.to_owned()),
            ..failed(Category::InitFailure, "init_failure.import")
        };
        for (verdict, want) in [
            (called(call(Some("DynamoDB"), None)), target("DynamoDB")),
            (called(call(None, Some("api.example.com:443"))), target("api.example.com")),
            (called(call(None, Some("localhost:443"))), Shared::Function),
            (called(call(None, None)), Shared::Function),
            (waiting(call(None, Some("api.example.com"))), target("api.example.com")),
            (Verdict::bare(Category::Timeout, "timeout.invoke", Confidence::High), Shared::Function),
            (Verdict::bare(Category::OutOfMemory, "out_of_memory.killed", Confidence::High), Shared::Function),
            (import("Unable to import module 'app': No module named 'yaml'"), Shared::Module("yaml".to_owned())),
            (
                import("Unable to import module 'app': libpq.so.5: cannot open shared object file: No such file"),
                Shared::Module("libpq.so.5".to_owned()),
            ),
            (import("Class not found: demo.Main"), Shared::Module("demo.Main".to_owned())),
            (error("Error", "no such table"), Shared::Error(String::new())),
            (error("KeyError", "'customer'"), Shared::Error("customer".to_owned())),
            (error("ValueError", "no currency 'XXQ'"), Shared::Function),
            (Verdict { fingerprint: None, ..error("Error", "no such table") }, Shared::Function),
        ] {
            assert_eq!(Shared::of_verdict(&verdict, &Redaction::on()), want, "{verdict:?}");
        }
    }

    #[test]
    fn ids_differ_with_whatever_tells_causes_apart() {
        let functions: Vec<FunctionKey> = ["a", "b"]
            .map(|name| FunctionKey { name: Some(name.to_owned()), ..FunctionKey::default() })
            .into_iter()
            .chain([
                FunctionKey { input: Some(NamelessOf::Input(1)), ..FunctionKey::default() },
                FunctionKey { input: Some(NamelessOf::Input(2)), ..FunctionKey::default() },
            ])
            .collect();
        let target = |name: &str| Shared::Target(name.to_owned());
        let mut ids = std::collections::BTreeSet::new();
        let places = [
            (target("x"), "downstream.dns", None, 0),
            (target("x"), "downstream.tls", None, 0),
            (target("y"), "downstream.dns", None, 0),
            (Shared::Module("x".to_owned()), "downstream.dns", None, 0),
            (Shared::Error(String::new()), "unknown", Some("v2:1"), 0),
            (Shared::Error(String::new()), "unknown", Some("v2:2"), 0),
            (Shared::Error("x".to_owned()), "unknown", Some("v2:1"), 0),
            (Shared::Function, "unknown", Some("v2:1"), 0),
            (Shared::Function, "unknown", Some("v2:1"), 1),
            (Shared::Function, "unknown", Some("v2:1"), 2),
            (Shared::Function, "unknown", Some("v2:1"), 3),
            (Shared::Function, "unknown", None, 0),
            (Shared::Rest, "unknown", None, 0),
        ];
        let count = places.len();
        for (shared, code, fingerprint, function) in places {
            ids.insert(CauseKey::new(CausePlace::new(shared, code, fingerprint), function).id(&functions, true));
        }
        assert_eq!(ids.len(), count);
        let known =
            CauseKey::new(CausePlace::new(target("DynamoDB"), "downstream.throttled", None), 1).id(&functions, true);
        assert_eq!(
            known,
            CauseKey::new(CausePlace::new(target("DynamoDB"), "downstream.throttled", None), 0).id(&functions, true)
        );
        assert!(known.starts_with("c1:") && known.len() == 19, "{known}");
    }

    proptest::proptest! {
        /// The texts that are kept are those of the first causes, each of its earliest attempt, in whatever order and
        /// parts they come; and a cause is counted with the rest only if enough others come before it.
        #[test]
        fn texts_do_not_depend_on_order(
            seen in proptest::collection::vec((0..400u32, 0..50i64), 0..900), cut in 0..900usize, turn in 0..900usize,
        ) {
            let keep = |seen: &[(u32, i64)]| {
                let mut told = ToldInFunction::default();
                for (name, second) in seen {
                    let place = CausePlace::new(Shared::Target(format!("{name:03}")), "downstream.dns", None);
                    let at = Timestamp::from_ms(second * 1_000);
                    let new = CauseTold { order: (at, format!("{second}")), text: ErrorText::default() };
                    take_earlier(&mut told, place, new);
                }
                told
            };
            let short = |told: &ToldInFunction| format!("{told:?}");
            let whole = keep(&seen);
            let mut turned = seen.clone();
            turned.rotate_left(turn.min(seen.len()));
            turned.reverse();
            proptest::prop_assert_eq!(short(&keep(&turned)), short(&whole));
            let (before, behind) = seen.split_at(cut.min(seen.len()));
            let mut parts = keep(before);
            keep(behind).into_iter().for_each(|(place, told)| take_earlier(&mut parts, place, told));
            proptest::prop_assert_eq!(short(&parts), short(&whole));
        }
    }
}
