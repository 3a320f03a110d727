//! Advice on a finding: turns its figures into at most three short sentences that contain the function's own numbers.
//!
//! All functions are pure. Durations of successes have a survivorship bias: attempts that needed more than the timeout
//! are not among them, so the slowest successes do not show how long the timeout should be. If the log falls silent
//! after a call, that call needs a timeout of its own. If it does not, and many successes end near the timeout, the
//! timeout is too short or the work too long.

use super::particular::{self, ErrorTold};
use super::{Invoker, code};
use crate::model::{PartialWork, count, thousands};

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
/// Largest memory size of a function, and of one on Managed Instances.
const MOST_MEMORY_MB: u32 = 10_240;
const MOST_MANAGED_MEMORY_MB: u32 = 32_768;
/// Timeout that a function has if nobody sets one.
const DEFAULT_TIMEOUT_MS: u64 = 3_000;
/// Longest timeout of a function; on Managed Instances, asynchronous and event-source invocations may run for 90 minutes.
const LONGEST_TIMEOUT_MS: u64 = 900_000;

/// Memory size with which a function has one processor; a thread gets no faster with more.
const MB_OF_A_CPU: u32 = 1_769;

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
    /// Number of attempts in which the function wrote nothing at all.
    pub mute: u64,
    /// Whether it is a durable function, which repeats the steps that did not end.
    pub durable: bool,
    /// Number of attempts whose memory use was at the limit.
    pub at_limit: u64,
    /// Number of attempts whose environment had used nearly all memory before they began.
    pub grown: u64,
    /// Number of attempts whose environment had used far less memory before.
    pub sudden: u64,
    /// Number of attempts whose Init phase had exceeded its time limit.
    pub slow_init: u64,
    /// What Lambda Insights tells of the attempts.
    pub measured: InsightsTold,
    /// Host or service that all examples name.
    pub target: Option<&'a str>,
    /// The error of the earliest example.
    pub error: ErrorTold<'a>,
    /// Invoker of the function, if given.
    pub invoker: Option<Invoker>,
    /// Maximum of the work that any attempt of the finding may have done, if the log says more about it than the code.
    pub partial_work: Option<PartialWork>,
}

/// What Lambda Insights tells of the attempts of a finding.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InsightsTold {
    /// Attempts that computed nearly all the time.
    pub computed: CpuTold,
    /// Attempts that waited most of the time.
    pub waited: CpuTold,
    /// Number of attempts that ended with /tmp full.
    pub tmp_full: u64,
}

/// Attempts and their CPU time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CpuTold {
    /// Number of attempts.
    pub attempts: u64,
    /// Part of the CPU time that they had and used, in percent.
    pub busy_percent: u64,
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
    let specific = (id.starts_with("timeout.") || id.starts_with("out_of_memory.")) && !said.is_empty();
    if let Some(hint) = particular::hint(id, &situation.error) {
        said.push(hint);
    } else if !specific {
        said.push(info.hint.to_owned());
    }
    if let Some(full) = tmp_full(situation) {
        let first = if specific { said.len().min(1) } else { 0 };
        said.insert(first, full);
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
        let raise = now.memory_mb.map_or("raise memory".to_owned(), |(size, _)| raise_memory(size));
        return vec![format!(
            "Memory was full in {}; reclaiming it likely used up the time: {raise}, then see whether it still times out.",
            of(now.at_limit, now.count)
        )];
    }
    if most(now.slow_init) {
        return vec![format!(
            "In {} the init ran over its time and was repeated under {limit} timeout: shorten init, or raise memory and timeout.",
            of(now.slow_init, now.count)
        )];
    }
    let measured = &now.measured;
    if most(measured.computed.attempts) {
        return computing(now, &limit);
    }
    if now.count >= ENOUGH && now.mute == now.count {
        return vec![
            format!("Nothing is logged after START in {} until {limit} timeout.", of(now.mute, now.count)),
            "In a VPC, check that there is a way out (NAT gateway or endpoint) and the security groups; elsewhere, log before the first call."
                .to_owned(),
        ];
    }
    if most(now.silent) || most(measured.waited.attempts) {
        return silence(now, &limit);
    }
    if now.durable {
        return vec![format!(
            "A step of this durable function ran into {limit} timeout and runs again from its start, until the execution itself times out: split the step, and set a client timeout below the remaining time on every call in it."
        )];
    }
    let crowded = now.near_timeout * 5 >= now.count && now.near_timeout > 0;
    if now.timeout_ms == Some(LONGEST_TIMEOUT_MS) {
        return vec![format!(
            "It runs into {}, the longest timeout (90 minutes on Managed Instances, if nobody waits for the answer): split the work, or move it to Step Functions, a queue or a container.",
            span(LONGEST_TIMEOUT_MS as f64)
        )];
    }
    if crowded {
        return vec![format!(
            "The log continues to the end, and {} took 90 % or more of {limit} timeout: the work is too long for it. {}",
            count(now.near_timeout, "success", "successes"),
            longer(now)
        )];
    }
    Vec::new()
}

/// Returns what to do about a timeout that is too short for the work.
fn longer(now: &Situation<'_>) -> &'static str {
    if now.timeout_ms == Some(DEFAULT_TIMEOUT_MS) {
        "It is the default of 3 s: set one that fits the work, within what the invoker waits for."
    } else {
        "Raise it within what the invoker waits for, or move the work to a queue or Step Functions."
    }
}

/// Advises on a timeout before which the processor was busy, so that no call was waited for.
fn computing(now: &Situation<'_>, limit: &str) -> Vec<String> {
    let seen = format!(
        "It computed until {limit} timeout{}, using {} % of its CPU time (Lambda Insights), so no call hung.",
        within(now.measured.computed.attempts, now.count),
        now.measured.computed.busy_percent
    );
    let more = match now.memory_mb {
        Some((size, _)) if size < MB_OF_A_CPU => {
            "Raise memory, which raises CPU up to 1,769 MB, and look for large inputs and loops that do not end."
        }
        _ => "Look for large inputs and loops that do not end, split the work, or use more threads.",
    };
    vec![seen, more.to_owned()]
}

/// Says that /tmp was full in most attempts.
fn tmp_full(now: &Situation<'_>) -> Option<String> {
    let full = now.measured.tmp_full;
    (full > 0 && full * 2 >= now.count).then(|| {
        format!(
            "/tmp was full in {} (Lambda Insights): delete files after use, or raise the ephemeral storage.",
            of(full, now.count)
        )
    })
}

/// Advises on a timeout after the log fell silent, which means that the function waits for a call.
fn silence(now: &Situation<'_>, limit: &str) -> Vec<String> {
    let usual = now.ok_p99.filter(|(_, successes)| *successes >= ENOUGH_SUCCESSES);
    let returned = usual.map_or_else(String::new, |(p99, successes)| {
        format!("; successful attempts take up to {} (p99 of {})", span(p99), thousands(successes))
    });
    // At most 70 % of the function's timeout, so that there is time to handle the failure.
    let most = |bound: f64, limit: u64| bound * 10.0 <= limit as f64 * 7.0;
    let bound = match (usual.map(|(p99, _)| round_up(p99 * 2.0).max(LEAST_BOUND_MS)), now.timeout_ms) {
        (Some(bound), Some(limit)) if most(bound, limit) => format!("a client timeout of {}", span(bound)),
        (_, Some(limit)) => format!("a client timeout well below {}", span(limit as f64)),
        _ => "a client timeout".to_owned(),
    };
    let default = if now.timeout_ms == Some(DEFAULT_TIMEOUT_MS) {
        "3 s is the default timeout: if the call may take longer, set one that fits."
    } else {
        "Raising the function timeout would only make it wait longer."
    };
    let waited = now.measured.waited.attempts;
    let measured = match waited * 2 >= now.count && waited > 0 {
        true => format!(", using {} % of its CPU time (Lambda Insights)", now.measured.waited.busy_percent),
        false => String::new(),
    };
    match now.target {
        Some(target) => vec![
            format!("It waits for {target} until {limit} timeout{measured}{returned}."),
            format!("Set {bound} on that call and handle its failure. {default}"),
        ],
        None if !measured.is_empty() => vec![
            format!("It waited{}{measured}: a call hangs until {limit} timeout{returned}.", within(waited, now.count)),
            format!("Set {bound} on every outgoing call, and log before each to see which one hangs."),
        ],
        None => vec![
            format!(
                "The log goes quiet for most of the run{}: a call probably hangs until {limit} timeout{returned}.",
                within(now.silent, now.count)
            ),
            format!("Set {bound} on every outgoing call, and log before each to see which one hangs."),
        ],
    }
}

fn init_timeout(now: &Situation<'_>) -> Vec<String> {
    let Some(limit) = now.timeout_ms else { return Vec::new() };
    let raise = if limit < LONGEST_TIMEOUT_MS { "raise memory and timeout" } else { "raise memory" };
    let limit = span(limit as f64);
    vec![format!(
        "Init alone needs more than the {limit} timeout and was repeated inside the request: shorten init, or {raise}."
    )]
}

/// Returns the next two sizes to try, or that there is no larger one.
fn raise_memory(size: u32) -> String {
    let most = if size > MOST_MEMORY_MB { MOST_MANAGED_MEMORY_MB } else { MOST_MEMORY_MB };
    if size >= most {
        let elsewhere = if most == MOST_MEMORY_MB { " (32,768 MB on Managed Instances)" } else { "" };
        return format!("{} MB is the largest size{elsewhere}: stream or split the work", grouped(size));
    }
    let sizes = [next_size(size, 3, 2).min(most), next_size(size, 2, 1).min(most)];
    if sizes[0] == sizes[1] {
        return format!("raise memory to {} MB, the largest size", grouped(sizes[0]));
    }
    format!("raise memory to {} or {} MB", grouped(sizes[0]), grouped(sizes[1]))
}

fn memory(now: &Situation<'_>) -> Vec<String> {
    let Some((size, used)) = now.memory_mb else { return Vec::new() };
    let seen = if used >= size {
        format!("Used all {} MB", grouped(size))
    } else {
        format!("Used {} of {} MB", grouped(used), grouped(size))
    };
    let mut said = vec![format!("{seen}{}: {}.", within(now.count, now.count), raise_memory(size))];
    if now.grown * 2 >= now.count && now.grown > 0 {
        let seen = partly(now.grown, now.count, "the environment was nearly full before the request began");
        said.push(format!("{seen}: look for a leak (caches, globals, unclosed clients)."));
    } else if now.sudden * 2 >= now.count && now.sudden > 0 {
        let seen = partly(now.sudden, now.count, "earlier requests needed far less");
        said.push(format!("{seen}: check this request's input size; stream or split it."));
    } else if size < MOST_MEMORY_MB {
        said.push("Stream or split large inputs, and look for memory that grows from request to request.".to_owned());
    }
    said
}

/// Advises on an exhausted heap: the heap limit of the language can be far below the function's memory.
fn heap(now: &Situation<'_>) -> Vec<String> {
    // PHP's own limit is far below the function's by default.
    if now.error.message.is_some_and(|message| message.contains("Allowed memory size of")) {
        return vec!["PHP's memory_limit was reached, not the function's memory: raise memory_limit, or process the data in pieces.".to_owned()];
    }
    let Some((size, used)) = now.memory_mb else { return Vec::new() };
    // These languages have no limit of their own.
    let unlimited =
        now.error.error_type.is_some_and(|name| matches!(name, "MemoryError" | "NoMemoryError" | "std::bad_alloc"));
    if unlimited && used < size {
        return vec![format!(
            "One allocation asked for more than was left ({} of {} MB used): process the data in pieces, or {}.",
            grouped(used),
            grouped(size),
            raise_memory(size)
        )];
    }
    if u64::from(used) * 100 < u64::from(size) * ROOM_LEFT_PERCENT {
        return vec![format!(
            "The runtime's own heap limit was hit at {} of {} MB used: raise the language's own limit (--max-old-space-size, -XX:MaxRAMPercentage, DOTNET_GCHeapHardLimitPercent), or process the data in pieces.",
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
            "Every attempt{version} since then fails this way: check what was deployed or configured at that time."
        )];
    }
    // A missing file or a wrong setting is never transient.
    let may_pass = !["import", "handler_not_found", "syntax", "entrypoint"].iter().any(|part| id.ends_with(part));
    let transient = may_pass && share < 0.5;
    transient
        .then(|| format!("Other attempts{version} start fine, so it is transient or depends on something init calls."))
        .into_iter()
        .collect()
}

fn downstream(now: &Situation<'_>) -> Vec<String> {
    let Some(target) = now.target else { return Vec::new() };
    if now.failed > now.count {
        let be = if now.count == 1 { "is a call" } else { "are calls" };
        return vec![format!("{} failures {be} to {target}.", of_figures(now.count, now.failed))];
    }
    vec![format!("All failures of this function are calls to {target}.")]
}

/// Returns a size that is larger by a factor, rounded up to a multiple of 64 MB.
fn next_size(size: u32, times: u32, over: u32) -> u32 {
    (size.saturating_mul(times) / over).div_ceil(64).saturating_mul(64)
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

/// Returns ` in 9 of 14 attempts`, and nothing for the only attempt.
fn within(part: u64, whole: u64) -> String {
    if whole > 1 { format!(" in {}", of(part, whole)) } else { String::new() }
}

/// Formats a part of the attempts: `9 of 14 attempts`, `all 14 attempts`.
fn of(part: u64, whole: u64) -> String {
    if part >= whole && whole == 2 {
        "both attempts".to_owned()
    } else if part >= whole && whole > 1 {
        format!("all {} attempts", thousands(whole))
    } else if part >= whole {
        "the attempt".to_owned()
    } else {
        format!("{} attempts", of_figures(part, whole))
    }
}

fn of_figures(part: u64, whole: u64) -> String {
    format!("{} of {}", thousands(part), thousands(whole))
}

fn grouped(number: u32) -> String {
    thousands(u64::from(number))
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
            "It waits for api.example.com until the 3 s timeout; successful attempts take up to 0.4 s (p99 of 1,204). \
             Set a client timeout of 1 s on that call and handle its failure. \
             3 s is the default timeout: if the call may take longer, set one that fits."
        );
        let few = Situation { ok_p99: Some((400.0, 99)), silent: 9, target: Some("api.example.com"), ..timeouts() };
        assert_eq!(
            advise("timeout.invoke", &few),
            "It waits for api.example.com until the 3 s timeout. \
             Set a client timeout well below 3 s on that call and handle its failure. \
             3 s is the default timeout: if the call may take longer, set one that fits."
        );
        let unknown = advise("timeout.invoke", &Situation { silent: 9, ..timeouts() });
        assert!(unknown.starts_with("The log goes quiet for most of the run in 9 of 10 attempts"), "{unknown}");
    }

    proptest::proptest! {
        /// A timeout advised for a call is derived from enough successes, and is at least one second and at most 70 %
        /// of the function's timeout.
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
            if let Some((_, rest)) = hint.split_once("a client timeout of ") {
                let (seconds, rest) = rest.split_once(' ').unwrap();
                let seconds: f64 = seconds.replace(',', "").parse().unwrap();
                proptest::prop_assert!(rest.starts_with('s'), "{}", hint);
                proptest::prop_assert!(successes >= 100 && hint.contains(&format!("(p99 of {successes})")), "{}", hint);
                // The second of tolerance allows for rounding in the printed text.
                proptest::prop_assert!(seconds >= 1.0 && seconds * 1_000.0 <= limit as f64 * 0.7 + 1_000.0, "{}", hint);
                proptest::prop_assert!(seconds * 1_000.0 >= p99, "{}", hint);
            } else {
                proptest::prop_assert!(hint.contains("a client timeout well below "), "{}", hint);
            }
            proptest::prop_assert!(successes >= 100 || !hint.contains("p99"), "{}", hint);
            proptest::prop_assert!(!hint.contains("p50"));
        }
    }

    #[test]
    fn successes_at_the_limit_raise_it_or_move_the_work() {
        let hint = advise("timeout.invoke", &Situation { near_timeout: 40, ..timeouts() });
        assert!(hint.contains("40 successes took 90 % or more of the 3 s timeout"), "{hint}");
        assert!(hint.contains("the default of 3 s"), "{hint}");
        let longest = Situation { timeout_ms: Some(900_000), near_timeout: 40, ..timeouts() };
        assert!(advise("timeout.invoke", &longest).contains("900 s, the longest timeout"));
        let mute = Situation { mute: 10, silent: 0, ..timeouts() };
        assert!(advise("timeout.invoke", &mute).contains("there is a way out (NAT gateway or endpoint)"));
    }

    #[test]
    fn memory_and_init_come_before_silence() {
        let hint =
            advise("timeout.invoke", &Situation { silent: 9, at_limit: 8, memory_mb: Some((512, 512)), ..timeouts() });
        assert!(hint.contains("Memory was full in 8 of 10 attempts") && hint.contains("768 or 1,024 MB"), "{hint}");
        let hint = advise("timeout.invoke", &Situation { silent: 9, slow_init: 10, ..timeouts() });
        assert!(hint.contains("shorten init"), "{hint}");
    }

    #[test]
    fn memory_has_its_figures() {
        let now = Situation { count: 14, memory_mb: Some((512, 509)), grown: 9, ..Situation::default() };
        let hint = advise("out_of_memory.killed", &now);
        assert!(
            hint.starts_with("Used 509 of 512 MB in all 14 attempts: raise memory to 768 or 1,024 MB. In 9 of 14"),
            "{hint}"
        );
        let heap = advise("out_of_memory.heap", &Situation { memory_mb: Some((3_008, 1_500)), ..now });
        assert!(heap.contains("1,500 of 3,008 MB used"), "{heap}");
        for (size, want) in [
            (128, "raise memory to 192 or 256 MB"),
            (1_000, "raise memory to 1,536 or 2,048 MB"),
            (8_000, "raise memory to 10,240 MB, the largest size"),
            (10_240, "10,240 MB is the largest size (32,768 MB on Managed Instances): stream or split the work"),
            (16_384, "raise memory to 24,576 or 32,768 MB"),
            (32_768, "32,768 MB is the largest size: stream or split the work"),
        ] {
            assert_eq!(raise_memory(size), want);
        }
    }

    #[test]
    fn a_failed_init_is_a_deploy_or_passes() {
        let versions = ["42".to_owned()];
        let now =
            Situation { count: 8, share: Some(1.0), versions: &versions, other_versions: true, ..Situation::default() };
        assert!(advise("init_failure.import", &now).starts_with("Every attempt of version 42 since then fails"));
        let passing = advise("init_failure.exception", &Situation { share: Some(0.02), ..now });
        assert!(passing.starts_with("Other attempts of version 42 start fine"), "{passing}");
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
