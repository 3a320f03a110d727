//! Advice on a finding: turns its figures into at most three short sentences that contain the function's own numbers.
//!
//! All functions are pure. Durations of successes have a survivorship bias: attempts that needed more than the timeout
//! are not among them, so the slowest successes do not show how long the timeout should be. If the log falls silent
//! after a call, that call needs a timeout of its own. If it does not, and many successes end near the timeout, the
//! timeout is too short or the work too long.

use super::{Invoker, code};
use crate::model::PartialWork;

/// Maximum number of sentences in a hint.
const MOST_SENTENCES: usize = 3;
/// Share of the attempts since a finding began from which on it counts as affecting every attempt.
const EVERY: f64 = 0.95;
/// Minimum number of attempts for a statement about "every attempt".
const ENOUGH: u64 = 3;
/// Minimum number of successes to derive a timeout from their 99th percentile; with fewer it is not representative.
const ENOUGH_SUCCESSES: u64 = 100;
/// Shortest timeout that is advised: a first connection alone can take this long, with its handshakes and one
/// retransmitted packet.
const LEAST_BOUND_MS: f64 = 1_000.0;
/// Percentage of the memory size below which the memory used shows that the function's memory was not exhausted, only
/// the heap of the language.
const ROOM_LEFT_PERCENT: u64 = 85;
const MOST_MEMORY_MB: u32 = 10_240;

/// Facts about a finding and its function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Situation<'a> {
    /// Number of attempts with the finding.
    pub count: u64,
    /// Number of failed attempts of the function.
    pub failed: u64,
    /// Share of the finding in the attempts of its versions since it began.
    pub share: Option<f64>,
    /// Versions in which it occurred.
    pub versions: &'a [String],
    /// Whether other versions of the function ran as well.
    pub other_versions: bool,
    /// The function's timeout.
    pub timeout_ms: Option<u64>,
    /// 99th percentile of the duration of successful attempts in milliseconds, and the number of those attempts.
    pub ok_p99: Option<(f64, u64)>,
    /// Number of successes that ended near the timeout.
    pub near_timeout: u64,
    /// Memory size, and the maximum memory used among the attempts of the finding.
    pub memory_mb: Option<(u32, u32)>,
    /// Number of attempts whose log was silent for at least the last half of their duration.
    pub silent: u64,
    /// Number of attempts whose memory use was at the limit.
    pub at_limit: u64,
    /// Number of attempts whose environment had used nearly all memory before they began.
    pub grown: u64,
    /// Number of attempts whose environment had used far less memory before.
    pub sudden: u64,
    /// Number of attempts whose Init phase had exceeded its time limit.
    pub slow_init: u64,
    /// Host or service that all examples name.
    pub target: Option<&'a str>,
    /// Invoker of the function, if given.
    pub invoker: Option<Invoker>,
    /// Maximum of the work that any attempt of the finding may have done, if the log says more about it than the code.
    pub partial_work: Option<PartialWork>,
}

/// Returns the advice on a finding.
#[must_use]
pub(crate) fn advise(id: &str, situation: &Situation<'_>) -> String {
    let Some(info) = code(id) else { return String::new() };
    let mut said = match id {
        "timeout.invoke" => timeout(situation),
        "timeout.init" => init_timeout(situation),
        "out_of_memory.killed" => memory(situation),
        "out_of_memory.heap" => heap(situation),
        _ if id.starts_with("init_failure.") => init(id, situation),
        _ if id.starts_with("downstream.") => downstream(situation),
        _ => Vec::new(),
    };
    let specific = matches!(id, "timeout.invoke" | "out_of_memory.killed" | "out_of_memory.heap") && !said.is_empty();
    if !specific {
        said.push(info.hint.to_owned());
    }
    if let Some(invoker) = situation.invoker {
        said.truncate(MOST_SENTENCES - 1);
        said.push(invoker.wording(situation.partial_work.unwrap_or(info.partial_work)).to_owned());
    }
    said.truncate(MOST_SENTENCES);
    said.join(" ")
}

fn timeout(now: &Situation<'_>) -> Vec<String> {
    let limit = now.timeout_ms.map_or("the".to_owned(), |ms| format!("the {}", span(ms as f64)));
    let most = |number: u64| number > 0 && number * 2 >= now.count;
    if most(now.at_limit) {
        let raise = now
            .memory_mb
            .map_or("raise memory".to_owned(), |(size, _)| format!("raise memory to {} MB", next_size(size)));
        return vec![format!(
            "Memory was at the limit in {}, where reclaiming it eats the time: {raise} first, then see whether it still times out.",
            of(now.at_limit, now.count)
        )];
    }
    if most(now.slow_init) {
        return vec![format!(
            "In {} the init had run over its time and was repeated under {limit} limit: shorten init, or raise memory and timeout.",
            of(now.slow_init, now.count)
        )];
    }
    if most(now.silent) {
        return silence(now, &limit);
    }
    let crowded = now.near_timeout * 5 >= now.count && now.near_timeout > 0;
    if crowded {
        return vec![format!(
            "The log goes on to the end, and {} took 90 % or more of {limit} limit: the work is too long for it. Raise the timeout within what the invoker waits for, or move the work to a queue or Step Functions.",
            plural(now.near_timeout, "success", "successes")
        )];
    }
    Vec::new()
}

/// Advises on a timeout after the log fell silent, which means that the function waits for a call.
fn silence(now: &Situation<'_>, limit: &str) -> Vec<String> {
    let usual = now.ok_p99.filter(|(_, successes)| *successes >= ENOUGH_SUCCESSES);
    let returned = usual.map_or_else(String::new, |(p99, successes)| {
        format!("; of {} successes, 99 % ended within {}", grouped_wide(successes), span(p99))
    });
    let bound = match (usual.map(|(p99, _)| round_up(p99 * 2.0).max(LEAST_BOUND_MS)), now.timeout_ms) {
        (Some(bound), Some(limit)) if bound * 2.0 <= limit as f64 => format!("a timeout of {}", span(bound)),
        (_, Some(limit)) => format!("a timeout well below the {} limit", span(limit as f64)),
        _ => "a timeout of its own".to_owned(),
    };
    match now.target {
        Some(target) => vec![
            format!("It waits on {target} until {limit} limit{returned}."),
            format!("Give that call {bound} and handle it; a longer function timeout would only wait longer."),
        ],
        None => vec![
            format!(
                "The log is silent for most of the run in {}: a call hangs until {limit} limit{returned}.",
                of(now.silent, now.count)
            ),
            format!("Give every outgoing call {bound}, and log before each to see which one hangs."),
        ],
    }
}

fn init_timeout(now: &Situation<'_>) -> Vec<String> {
    let limit = now.timeout_ms.map(|ms| format!("Init alone needs more than the {} timeout.", span(ms as f64)));
    limit.into_iter().collect()
}

fn memory(now: &Situation<'_>) -> Vec<String> {
    let Some((size, used)) = now.memory_mb else { return Vec::new() };
    let mut said = vec![format!(
        "Max used {} of {} MB in {}: raise memory to {} MB.",
        grouped(used),
        grouped(size),
        plural(now.count, "attempt", "attempts"),
        grouped(next_size(size))
    )];
    if now.grown * 2 >= now.count && now.grown > 0 {
        let seen = partly(now.grown, now.count, "the environment was nearly full before the request began");
        said.push(format!("{seen}: look for a leak (caches, globals, unclosed clients)."));
    } else if now.sudden * 2 >= now.count && now.sudden > 0 {
        let seen = partly(now.sudden, now.count, "earlier requests had needed far less");
        said.push(format!("{seen}: look at the size of the input, and stream or split it."));
    } else {
        said.push("Stream or split large inputs, and look for memory that grows from request to request.".to_owned());
    }
    said
}

/// Advises on an exhausted heap: the heap limit of the language can be far below the function's memory.
fn heap(now: &Situation<'_>) -> Vec<String> {
    let Some((size, used)) = now.memory_mb else { return Vec::new() };
    if u64::from(used) * 100 < u64::from(size) * ROOM_LEFT_PERCENT {
        return vec![format!(
            "The heap limit ended it with {} of {} MB used: raise the language's own limit (--max-old-space-size, -XX:MaxRAMPercentage, metaspace), or process the data in pieces.",
            grouped(used),
            grouped(size)
        )];
    }
    memory(now)
}

/// Advises on a failed init: if no environment starts, a deployment is the likely cause; if some do, the fault is
/// transient.
fn init(id: &str, now: &Situation<'_>) -> Vec<String> {
    let Some(share) = now.share else { return Vec::new() };
    let version = match now.versions {
        [only] if now.other_versions => format!(" of version {only}"),
        _ => String::new(),
    };
    if share >= EVERY && now.count >= ENOUGH {
        return vec![format!(
            "Every attempt{version} since it began fails so: look at what was deployed or configured then."
        )];
    }
    // A missing file or a wrong setting is never transient.
    let may_pass = !["import", "handler_not_found", "syntax", "entrypoint"].iter().any(|part| id.ends_with(part));
    let transient = may_pass && share < 0.5;
    transient
        .then(|| format!("Other attempts{version} start well, so it passes or depends on what init calls."))
        .into_iter()
        .collect()
}

fn downstream(now: &Situation<'_>) -> Vec<String> {
    let Some(target) = now.target else { return Vec::new() };
    if now.failed > now.count {
        return vec![format!(
            "Calls like the one to {target} are behind {} failures.",
            of_figures(now.count, now.failed)
        )];
    }
    vec![format!("Calls like the one to {target} are behind every failure of the function.")]
}

/// Returns one and a half times the size, rounded up to a multiple of 64 MB, and at most Lambda's maximum of 10,240 MB.
fn next_size(size: u32) -> u32 {
    (size.saturating_mul(3) / 2).div_ceil(64).saturating_mul(64).min(MOST_MEMORY_MB).max(size)
}

/// Rounds a duration up to the next 100 ms, or to the next second if it is three seconds or more.
fn round_up(ms: f64) -> f64 {
    let step = if ms < 3_000.0 { 100.0 } else { 1_000.0 };
    (ms / step).ceil() * step
}

/// Formats a duration: `0.4 s`, `12 s`, `35 ms`.
fn span(ms: f64) -> String {
    if ms < 100.0 {
        return format!("{} ms", ms.ceil());
    }
    let tenths = (ms / 100.0).round();
    if tenths >= 100.0 || tenths % 10.0 == 0.0 {
        format!("{} s", grouped((ms / 1_000.0).round() as u32))
    } else {
        format!("{}.{} s", (tenths / 10.0).floor(), tenths % 10.0)
    }
}

/// Returns the beginning of a sentence that says what was seen, and in how many attempts if not in all.
fn partly(some: u64, all: u64, seen: &str) -> String {
    if some < all {
        return format!("In {} {seen}", of(some, all));
    }
    let mut letters = seen.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Formats a part of the attempts: `9 of 14 attempts`, `all 14 attempts`.
fn of(part: u64, whole: u64) -> String {
    if part >= whole && whole > 1 {
        format!("all {} attempts", grouped_wide(whole))
    } else if part >= whole {
        "the attempt".to_owned()
    } else {
        format!("{} attempts", of_figures(part, whole))
    }
}

fn of_figures(part: u64, whole: u64) -> String {
    format!("{} of {}", grouped_wide(part), grouped_wide(whole))
}

fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped_wide(number), if number == 1 { one } else { many })
}

fn grouped(number: u32) -> String {
    grouped_wide(u64::from(number))
}

/// Formats a number with thousands separators: `1,204`.
fn grouped_wide(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeouts() -> Situation<'static> {
        Situation {
            count: 10,
            failed: 12,
            timeout_ms: Some(3_000),
            ok_p99: Some((400.0, 1_204)),
            ..Situation::default()
        }
    }

    #[test]
    fn silence_after_a_call_bounds_the_call() {
        let hint = advise(
            "timeout.invoke",
            &Situation { silent: 9, target: Some("api.example.com"), near_timeout: 50, ..timeouts() },
        );
        assert_eq!(
            hint,
            "It waits on api.example.com until the 3 s limit; of 1,204 successes, 99 % ended within 0.4 s. \
             Give that call a timeout of 1 s and handle it; a longer function timeout would only wait longer."
        );
        let few = Situation { ok_p99: Some((400.0, 99)), silent: 9, target: Some("api.example.com"), ..timeouts() };
        assert_eq!(
            advise("timeout.invoke", &few),
            "It waits on api.example.com until the 3 s limit. \
             Give that call a timeout well below the 3 s limit and handle it; a longer function timeout would only wait longer."
        );
        let unknown = advise("timeout.invoke", &Situation { silent: 9, ..timeouts() });
        assert!(unknown.starts_with("The log is silent for most of the run in 9 of 10 attempts"), "{unknown}");
    }

    proptest::proptest! {
        /// A timeout advised for a call is derived from enough successes, and is at least one second and at most half
        /// the limit.
        #[test]
        fn a_time_out_is_advised_only_from_enough_successes(
            p99 in 0.01..900_000.0f64, successes in 0..300u64, limit in 1_000..900_000u64, target in proptest::bool::ANY,
        ) {
            let now = Situation {
                silent: 10,
                ok_p99: Some((p99, successes)),
                timeout_ms: Some(limit),
                target: target.then_some("api.example.com"),
                ..timeouts()
            };
            let hint = advise("timeout.invoke", &now);
            if let Some((_, rest)) = hint.split_once("a timeout of ") {
                let (seconds, rest) = rest.split_once(' ').unwrap();
                let seconds: f64 = seconds.replace(',', "").parse().unwrap();
                proptest::prop_assert!(rest.starts_with('s'), "{}", hint);
                proptest::prop_assert!(successes >= 100 && hint.contains(&format!("of {successes} successes")), "{}", hint);
                // The second of tolerance allows for rounding in the printed text.
                proptest::prop_assert!(seconds >= 1.0 && seconds * 2_000.0 <= limit as f64 + 1_000.0, "{}", hint);
                proptest::prop_assert!(seconds * 1_000.0 >= p99, "{}", hint);
            } else {
                proptest::prop_assert!(hint.contains("a timeout well below the "), "{}", hint);
            }
            proptest::prop_assert!(successes >= 100 || !hint.contains("success"), "{}", hint);
            proptest::prop_assert!(!hint.contains("p50"));
        }
    }

    #[test]
    fn successes_at_the_limit_raise_it_or_move_the_work() {
        let hint = advise("timeout.invoke", &Situation { near_timeout: 40, ..timeouts() });
        assert!(hint.contains("40 successes took 90 % or more of the 3 s limit"), "{hint}");
    }

    #[test]
    fn memory_and_init_come_before_silence() {
        let hint =
            advise("timeout.invoke", &Situation { silent: 9, at_limit: 8, memory_mb: Some((512, 512)), ..timeouts() });
        assert!(hint.contains("Memory was at the limit in 8 of 10 attempts") && hint.contains("768 MB"), "{hint}");
        let hint = advise("timeout.invoke", &Situation { silent: 9, slow_init: 10, ..timeouts() });
        assert!(hint.contains("shorten init"), "{hint}");
    }

    #[test]
    fn memory_has_its_figures() {
        let now = Situation { count: 14, memory_mb: Some((512, 509)), grown: 9, ..Situation::default() };
        let hint = advise("out_of_memory.killed", &now);
        assert!(
            hint.starts_with("Max used 509 of 512 MB in 14 attempts: raise memory to 768 MB. In 9 of 14"),
            "{hint}"
        );
        let heap = advise("out_of_memory.heap", &Situation { memory_mb: Some((3_008, 1_500)), ..now });
        assert!(heap.contains("1,500 of 3,008 MB used"), "{heap}");
        assert_eq!((next_size(128), next_size(1_000), next_size(10_240)), (192, 1_536, 10_240));
    }

    #[test]
    fn a_failed_init_is_a_deploy_or_passes() {
        let versions = ["42".to_owned()];
        let now =
            Situation { count: 8, share: Some(1.0), versions: &versions, other_versions: true, ..Situation::default() };
        assert!(advise("init_failure.import", &now).starts_with("Every attempt of version 42 since it began"));
        let passing = advise("init_failure.exception", &Situation { share: Some(0.02), ..now });
        assert!(passing.starts_with("Other attempts of version 42 start well"), "{passing}");
    }

    #[test]
    fn the_invoker_has_the_last_word() {
        for id in ["timeout.invoke", "out_of_memory.killed", "downstream.throttled", "runtime_exception.unhandled"] {
            for invoker in Invoker::ALL {
                let hint =
                    advise(id, &Situation { invoker: Some(*invoker), count: 1, target: Some("SQS"), ..timeouts() });
                assert!(hint.ends_with('.') && hint.len() < 700, "{id} {invoker:?}: {hint}");
            }
        }
    }

    #[test]
    fn times_are_short() {
        assert_eq!(
            [span(35.2), span(400.0), span(3_000.0), span(2_550.0), span(900_000.0)],
            ["36 ms", "0.4 s", "3 s", "2.6 s", "900 s"]
        );
    }
}
