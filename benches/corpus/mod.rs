//! Benchmark logs of any size, with the right answers on them.
//!
//! Owns the course of events: functions, their environments, attempts and how they end. [`messages`] owns their
//! wording, [`shapes`] their delivery. The logs resemble busy accounts: 24 functions on four runtimes, some old and
//! some new in their reports, nine attempts in ten fine, some of them with handled errors, retries.
//!
//! Equal arguments give equal bytes. Environments are made one by one, so a corpus may be larger than memory.

mod messages;
pub(crate) mod shapes;

use std::collections::BTreeMap;

use messages::{Ending, Error, Runtime, Speaker};
use serde::Serialize;

/// Lambda's two log formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Log event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Milliseconds since the epoch.
    pub(crate) ms: i64,
    /// Message without the final line end.
    pub(crate) message: String,
}

/// Log of one execution environment, in order.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    /// Name of the function.
    pub(crate) function: String,
    /// Log stream.
    pub(crate) stream: String,
    /// Time before which no later environment of the corpus has an event.
    pub(crate) from_ms: i64,
    pub(crate) events: Vec<Event>,
}

/// Number of attempts of an environment. A failure may end it earlier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) median: f64,
    /// Spread of the number; with 0, all environments have equally many.
    pub(crate) spread: f64,
}

/// Life in which most environments are short and a few have thousands of attempts.
pub(crate) const USUAL: Life = Life { median: 18.0, spread: 1.45 };

/// Right answer on one function, in the words of the JSON summary.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Truth {
    function: String,
    pub(crate) attempts: u64,
    /// Number of distinct request ids; a retry shares that of the attempt it repeats. Not in the summary.
    pub(crate) request_ids: u64,
    cold_starts: u64,
    ok: u64,
    incomplete: u64,
    failures: BTreeMap<&'static str, u64>,
}

const FUNCTIONS: usize = 24;
const DOMAINS: [&str; 12] = [
    "orders", "payments", "catalog", "stock", "invoices", "sessions", "returns", "prices", "parcels", "reviews",
    "vouchers", "alerts",
];
const ROLES: [&str; 2] = ["api", "worker"];
/// 2026-01-02T00:00:00Z
const BEGIN_MS: i64 = 1_767_312_000_000;
/// Time between the starts of two environments: dozens are open at any time, and 1 GiB covers nine hours.
const SPACING_MS: i64 = 3_000;

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Returns true in `n` cases of a thousand.
    fn per_mille(&mut self, n: u64) -> bool {
        self.below(1_000) < n
    }

    /// Returns a number from 0 to 1.
    fn unit(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number around `median`, skewed to the right as durations and sizes are; `spread` sets the width.
    fn around(&mut self, median: f64, spread: f64) -> f64 {
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        median * (normal * spread).exp()
    }

    /// Returns a request id.
    fn id(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, a >> 16 & 0xfff, b & 0xfff, b >> 16)
    }
}

/// Fate of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fine,
    /// Success after an error that the code handled.
    Handled,
    Timeout,
    OutOfMemory,
    InitFailure,
    Failed(Error),
    /// Cut off by the end of the export's window.
    Unfinished,
}

/// Function with its fixed properties.
struct Function {
    speaker: Speaker,
    failures_per_mille: u64,
    /// Fates of failures, so that each function fails in its own way.
    fates: &'static [Fate],
    retried: bool,
    usual_ms: f64,
    limit_ms: f64,
    memory_mb: u64,
    used_mb: u64,
    bodies: Vec<String>,
}

const MIXED: &[Fate] = &[
    Fate::Timeout,
    Fate::Timeout,
    Fate::OutOfMemory,
    Fate::InitFailure,
    Fate::Failed(Error::Own),
    Fate::Failed(Error::Own),
    Fate::Failed(Error::Own),
    Fate::Failed(Error::Downstream),
    Fate::Failed(Error::Downstream),
    Fate::Failed(Error::Throttled),
];
const SLOW: &[Fate] = &[Fate::Timeout, Fate::Timeout, Fate::Timeout, Fate::Failed(Error::Downstream)];
const LARGE: &[Fate] = &[Fate::OutOfMemory, Fate::OutOfMemory, Fate::OutOfMemory, Fate::Failed(Error::Own)];
const BROKEN: &[Fate] = &[Fate::InitFailure, Fate::Failed(Error::Own), Fate::Failed(Error::Own)];
const FANNING_OUT: &[Fate] =
    &[Fate::Failed(Error::Throttled), Fate::Failed(Error::Throttled), Fate::Failed(Error::Downstream)];
/// Failures per thousand attempts, with their fates.
const KINDS: [(u64, &[Fate]); 8] =
    [(110, MIXED), (4, MIXED), (110, SLOW), (130, BROKEN), (100, MIXED), (100, LARGE), (130, FANNING_OUT), (5, SLOW)];

impl Function {
    fn new(index: usize, format: LogFormat, random: &mut Random) -> Self {
        let domain = DOMAINS[index % DOMAINS.len()];
        let runtime = match index % 8 {
            0 | 4 | 6 => Runtime::Node,
            1 | 3 | 5 => Runtime::Python,
            2 => Runtime::Java,
            _ => Runtime::Go,
        };
        // Three in a row are of one kind, on several runtimes.
        let (failures_per_mille, fates) = KINDS[index / 3 % KINDS.len()];
        let limit_ms = random.pick(&[3_000.0, 6_000.0, 10_000.0, 30_000.0]);
        let memory_mb = random.pick(&[256, 512, 1024, 2048]);
        let speaker = Speaker {
            function: format!("{domain}-{}-prod", ROLES[index / DOMAINS.len() % ROLES.len()]),
            domain,
            runtime,
            format,
            // Without INIT_REPORT no line would show that a Go program failed in its init.
            says_status: runtime == Runtime::Go || random.per_mille(600),
            repeats_timeout: random.per_mille(500),
            traces: random.per_mille(350),
            app_json: random.per_mille(300),
            arn: format!("{:016x}{:016x}{:016x}{:016x}", random.next(), random.next(), random.next(), random.next()),
        };
        let bodies = (0..2_000).map(|_| messages::body(&speaker, random)).collect();
        Self {
            speaker,
            failures_per_mille,
            fates,
            retried: random.per_mille(500),
            usual_ms: random.pick(&[12.0, 40.0, 120.0, 400.0]),
            limit_ms,
            memory_mb,
            used_mb: memory_mb * (35 + random.below(45)) / 100,
            bodies,
        }
    }

    fn fate(&self, random: &mut Random) -> Fate {
        if random.per_mille(self.failures_per_mille) {
            random.pick(self.fates)
        } else if random.per_mille(35) {
            Fate::Handled
        } else {
            Fate::Fine
        }
    }
}

/// Failed attempts that are retried under their request ids, by due time: number of the next attempt, and fate of the
/// last.
type Retries = BTreeMap<(i64, String), (u32, Fate)>;

/// Endless source of environments.
pub(crate) struct Corpus {
    life: Life,
    random: Random,
    functions: Vec<Function>,
    retries: Vec<Retries>,
    truth: Vec<Truth>,
    number: i64,
}

impl Corpus {
    pub(crate) fn new(format: LogFormat, life: Life) -> Self {
        let mut random = Random(7);
        let functions: Vec<_> = (0..FUNCTIONS).map(|index| Function::new(index, format, &mut random)).collect();
        let truth = functions
            .iter()
            .map(|function| Truth { function: function.speaker.function.clone(), ..Truth::default() })
            .collect();
        Self { life, random, functions, retries: vec![Retries::new(); FUNCTIONS], truth, number: 0 }
    }

    /// Returns the right answers on the environments so far. Functions without any are left out.
    pub(crate) fn truth(&self) -> Vec<&Truth> {
        self.truth.iter().filter(|truth| truth.attempts > 0).collect()
    }

    /// Creates the next environment. Environments are in the order of their first events.
    pub(crate) fn environment(&mut self) -> Environment {
        // A few large functions and a long tail, as in real accounts.
        let index = (self.random.unit().powf(1.6) * FUNCTIONS as f64) as usize;
        let function = &self.functions[index];
        let from_ms = BEGIN_MS + self.number * SPACING_MS;
        self.number += 1;
        let mut run = Run {
            function,
            random: &mut self.random,
            retries: &mut self.retries[index],
            truth: &mut self.truth[index],
            events: Vec::new(),
            ms: from_ms,
            ready: false,
            cold: true,
        };
        run.ms += run.random.below(SPACING_MS as u64) as i64;
        let attempts = run.random.around(self.life.median, self.life.spread).clamp(1.0, 3_000.0) as u64;
        for left in (0..attempts).rev() {
            if !run.attempt(left == 0) {
                break;
            }
            run.ms += 5 + run.random.around(function.usual_ms * 2.0 + 300.0, 0.8) as i64;
        }
        let events = run.events;
        let stream = format!("2026/01/02/[$LATEST]{:016x}{:016x}", self.random.next(), self.random.next());
        Environment { function: function.speaker.function.clone(), stream, from_ms, events }
    }
}

/// Environment while it runs.
struct Run<'a> {
    function: &'a Function,
    random: &'a mut Random,
    retries: &'a mut Retries,
    truth: &'a mut Truth,
    events: Vec<Event>,
    ms: i64,
    /// Whether the program is loaded; if not, INIT_START comes next.
    ready: bool,
    /// Whether no REPORT has had an init duration yet.
    cold: bool,
}

impl Run<'_> {
    fn say(&mut self, message: String) {
        self.events.push(Event { ms: self.ms, message });
    }

    /// Runs one attempt. Returns false if the environment ends with it.
    fn attempt(&mut self, last: bool) -> bool {
        let (id, attempt, fate) = self.request(last);
        let function = self.function;
        self.truth.attempts += 1;
        if !self.ready {
            self.say(function.speaker.init_start(self.ms));
            self.ready = true;
        }
        let ended = match fate {
            Fate::InitFailure => self.fail_init(&id),
            _ => self.invoke(&id, fate),
        };
        match fate {
            Fate::Fine | Fate::Handled => self.truth.ok += 1,
            Fate::Unfinished => self.truth.incomplete += 1,
            _ => *self.truth.failures.entry(category(fate)).or_default() += 1,
        }
        let failed = !matches!(fate, Fate::Fine | Fate::Handled | Fate::Unfinished);
        if failed && function.retried && attempt < 3 {
            let due_ms = self.ms + 60_000 * i64::from(attempt) + self.random.below(9_000) as i64;
            self.retries.insert((due_ms, id), (attempt + 1, fate));
        }
        self.ready &= ended == After::Ready;
        ended == After::Ready || (ended == After::Gone && self.random.per_mille(650))
    }

    /// Chooses the next request: a retry that is due, or a new one.
    fn request(&mut self, last: bool) -> (String, u32, Fate) {
        if let Some(retry) = self.retries.first_entry()
            && retry.key().0 <= self.ms
        {
            let ((_, id), (attempt, before)) = retry.remove_entry();
            let fate = if self.random.per_mille(550) { Fate::Fine } else { before };
            return (id, attempt, fate);
        }
        let fate = if last && self.random.per_mille(3) { Fate::Unfinished } else { self.function.fate(self.random) };
        self.truth.request_ids += 1;
        (self.random.id(), 1, fate)
    }

    fn invoke(&mut self, id: &str, fate: Fate) -> After {
        let Function { speaker, bodies, limit_ms, memory_mb, .. } = self.function;
        let cold = std::mem::take(&mut self.cold);
        let init_ms = if cold { speaker.runtime.init_ms() * (0.8 + 0.8 * self.random.unit()) } else { 0.0 };
        self.ms += init_ms as i64;
        self.say(speaker.start(self.ms, id));
        let usual = self.random.around(self.function.usual_ms, 0.6).min(limit_ms * 0.9);
        let duration = if fate == Fate::Timeout { *limit_ms } else { usual };
        let begun = self.ms;
        let lines = self.random.around(10.0, 0.5).clamp(4.0, 40.0) as u64;
        for line in 1..=lines {
            self.ms = begun + (usual * line as f64 / (lines + 1) as f64) as i64;
            let body = &bodies[self.random.below(bodies.len() as u64) as usize];
            self.say(speaker.line(self.ms, id, "INFO", body));
        }
        if fate == Fate::Unfinished {
            return After::Cut;
        }
        if fate == Fate::Handled {
            let kind = self.random.pick(&[Error::Downstream, Error::Downstream, Error::Throttled]);
            let (_, message) = messages::error(speaker.runtime, kind, self.random);
            let level = self.random.pick(&["WARN", "ERROR"]);
            self.say(speaker.line(self.ms, id, level, &format!("call failed, trying again (1/3): {message}")));
            self.say(speaker.line(self.ms, id, "INFO", "the second try succeeded after 240 ms"));
        }
        self.ms = begun + duration as i64;
        self.truth.cold_starts += u64::from(cold);
        let used_mb = match fate {
            Fate::OutOfMemory => *memory_mb,
            _ => self.function.used_mb * (90 + self.random.below(16)) / 100,
        };
        let ending = Ending { id, duration, memory_mb: *memory_mb, used_mb, init_ms };
        let messages = match fate {
            Fate::Timeout => speaker.timeout(self.ms, &ending, self.random),
            Fate::OutOfMemory => speaker.killed(self.ms, &ending, self.random),
            Fate::Failed(kind) => {
                let (class, message) = messages::error(speaker.runtime, kind, self.random);
                let error = speaker.unhandled(self.ms, id, &class, &message, self.random);
                self.say(error);
                speaker.report(self.ms, &ending, None, self.random)
            }
            _ => speaker.report(self.ms, &ending, None, self.random),
        };
        self.say_all(messages);
        if matches!(fate, Fate::Timeout | Fate::OutOfMemory) { After::Gone } else { After::Ready }
    }

    /// Fails to load the program: once in the init phase, and again when the request is there.
    fn fail_init(&mut self, id: &str) -> After {
        let function = self.function;
        let first = 60.0 + 800.0 * self.random.unit();
        self.ms += first as i64;
        self.say_all(function.speaker.init_failure(self.ms, "init", first));
        let reports = function.speaker.reports_init();
        if !reports {
            self.say(function.speaker.start(self.ms, id));
        }
        let again = 60.0 + 800.0 * self.random.unit();
        self.ms += again as i64;
        self.say_all(function.speaker.init_failure(self.ms, "invoke", again));
        if reports {
            self.say(function.speaker.start(self.ms, id));
        }
        let (memory_mb, used_mb) = (function.memory_mb, function.memory_mb / 5);
        let ending = Ending { id, duration: again + 4.2, memory_mb, used_mb, init_ms: 0.0 };
        let status = Some(("error", function.speaker.init_error()));
        let messages = function.speaker.report(self.ms, &ending, status, self.random);
        self.say_all(messages);
        After::Gone
    }

    fn say_all(&mut self, messages: Vec<String>) {
        for message in messages {
            self.say(message);
        }
    }
}

/// State of an environment after an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Ready,
    /// The process is gone. Mostly it is started again, with INIT_START, in the same log stream.
    Gone,
    Cut,
}

fn category(fate: Fate) -> &'static str {
    match fate {
        Fate::Timeout => "timeout",
        Fate::OutOfMemory => "out_of_memory",
        Fate::InitFailure => "init_failure",
        Fate::Failed(Error::Downstream) => "downstream",
        Fate::Failed(Error::Throttled) => "throttling",
        _ => "runtime_exception",
    }
}
