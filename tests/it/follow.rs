//! `pull --follow`: each failure is told when its attempt closes, no event is lost or doubled however late it comes, and
//! the end is the answer for all of it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::cloudwatch::fake::Event;
use super::cloudwatch::fake::estate::{Asked, Estate, Group, ONE, Reply, Server, now_ms, rfc3339};
use super::estate::{Pull, Pulled, Running, events_in, ids, truth};

const GROUP: &str = "/aws/lambda/live";
const SAVED: &str = "saved.ndjson.zst";

/// A log that is being written: attempts at seconds relative to now.
struct Log {
    began_ms: i64,
    events: Vec<Event>,
    visible_ms: BTreeMap<String, i64>,
    last_visible_ms: i64,
    attempts: usize,
    /// Request ids of failed attempts.
    failed: Vec<String>,
}

impl Log {
    fn new() -> Self {
        Self {
            began_ms: now_ms(),
            events: Vec::new(),
            visible_ms: BTreeMap::new(),
            last_visible_ms: 0,
            attempts: 0,
            failed: Vec::new(),
        }
    }

    /// Adds an attempt, whose events can be read so many seconds after their times: its START, its own line, its REPORT.
    fn attempt(&mut self, at_s: f64, stream: u32, fails: bool, late_s: [f64; 3]) -> String {
        // The first digits tell attempts apart, also where an output shortens ids.
        let request = format!("{:08x}-7d70-4d4a-9b1c-{:012x}", 0x5a00_0000 + self.attempts * 0x11, self.attempts);
        let at = self.began_ms + (at_s * 1_000.0) as i64;
        let duration = if fails { 400 } else { 200 };
        let mut lines = vec![
            (0, 0, format!("START RequestId: {request} Version: $LATEST\n")),
            (1, 100, format!("2026-10-01T00:00:00.000Z\t{request}\tINFO\torder {}\n", self.attempts)),
        ];
        if fails {
            lines.push((
                2,
                duration,
                format!("2026-10-01T00:00:00.000Z {request} Task timed out after 0.40 seconds\n\n"),
            ));
        }
        lines.push((2, duration, format!("END RequestId: {request}\n")));
        let status = if fails { "\tStatus: timeout" } else { "" };
        lines.push((
            2,
            duration,
            format!(
                "REPORT RequestId: {request}\tDuration: {duration}.00 ms\tBilled Duration: {duration} ms\tMemory Size: \
                 128 MB\tMax Memory Used: 60 MB{status}\t\n"
            ),
        ));
        for (kind, after, message) in lines {
            let id = format!("{:030}{:06}", self.attempts, self.events.len());
            let stream = format!("2026/10/01/[$LATEST]{stream:032x}");
            let visible_ms = at + after + (late_s[kind] * 1_000.0) as i64;
            self.last_visible_ms = self.last_visible_ms.max(visible_ms);
            self.visible_ms.insert(id.clone(), visible_ms);
            self.events.push(Event { at: at + after, id, stream, message });
        }
        self.attempts += 1;
        if fails {
            self.failed.push(request.clone());
        }
        request
    }

    fn estate(&mut self) -> Estate {
        let mut estate = Estate::default();
        let group: &mut Group = estate.group(ONE, "eu-west-1", GROUP, std::mem::take(&mut self.events));
        group.visible_ms = std::mem::take(&mut self.visible_ms);
        estate.logs_to(ONE, "eu-west-1", "live", GROUP);
        estate
    }

    /// Returns when the last event can be read.
    fn last_visible_ms(&self) -> i64 {
        self.last_visible_ms
    }

    /// Returns a moment of this log as the command line takes it.
    fn moment(&self, at_s: f64) -> String {
        rfc3339(self.began_ms + (at_s * 1_000.0) as i64)
    }
}

/// Prepares following from a minute ago.
fn follow(server: &Server, log: &Log) -> Pull {
    Pull::new(server, &["live", "--follow", "--interval", "1s", "--max-rate", "50", "--save", SAVED])
        .args(&["--report", "json=answer.json", "--from", &log.moment(-60.0)])
        .format("table")
}

/// Checks that the end is the whole truth.
#[track_caller]
fn ends_with_the_truth(pulled: &Pulled, server: &Server, log: &Log) {
    let got = ids(&events_in(&pulled.path(SAVED)));
    let want = truth(server.estate(), |_| true);
    let sizes = |ids: &super::estate::Ids| ids.values().map(Vec::len).sum::<usize>();
    assert_eq!(sizes(&got), sizes(&want), "{}", pulled.stderr);
    assert_eq!(got, want);
    let answer: Value =
        serde_json::from_str(&fs::read_to_string(pulled.path("answer.json")).expect("an answer")).expect("JSON");
    let totals = &answer["totals"];
    assert_eq!(totals["attempts"], log.attempts, "{totals}");
    assert_eq!(totals["failed"], log.failed.len(), "{totals}");
    assert_eq!(totals["incomplete"], 0, "{totals}");
    assert_eq!(answer["coverage"]["duplicates"], 0);
    assert_eq!(answer["coverage"]["complete"], true, "{}", answer["coverage"]);
    let again = pulled.analyze(SAVED);
    assert_eq!(serde_json::from_str::<Value>(&again).expect("JSON"), answer, "analyze repeats the answer");
    assert_eq!(server.complaints(), [""; 0]);
}

/// Waits until everything could be read several times, and ends it like Ctrl-C.
#[cfg(unix)]
#[track_caller]
fn interrupted(mut running: Running, server: &Server, log: &Log) -> Pulled {
    running.until("all can be read", |_, _| now_ms() > log.last_visible_ms());
    let polls =
        || server.asked().iter().filter(|one| one.is("FilterLogEvents") && one.body["nextToken"].is_null()).count();
    let before = polls();
    running.until("several polls", |_, _| polls() > before + 4);
    running.signal("-INT");
    let pulled = running.end();
    pulled.ends(&[130], "interrupted");
    pulled
}

/// Returns the lines that name an attempt, by the digits that no output leaves out.
fn lines_on<'t>(text: &'t str, request: &str) -> Vec<&'t str> {
    text.lines().filter(|line| line.contains(&request[..8])).collect()
}

/// Returns whether a text is the table of so many attempts, some of which failed.
fn tells_of(table: &str, attempts: usize) -> bool {
    let words = [&format!("{attempts} attempts"), "FAILED", "live"];
    words.iter().all(|word| table.contains(word))
}

#[cfg(unix)]
#[test]
fn failures_are_told_as_they_close_and_nothing_is_lost() {
    let mut log = Log::new();
    // Before it began, at once readable: one failure among others.
    for at in 0..6 {
        log.attempt(-40.0 + f64::from(at) * 2.0, 1, at == 2, [0.0; 3]);
    }
    // Later: streams in turn, every fifth attempt fails, some lines or whole attempts come late.
    for at in 0..30 {
        let late = match at % 7 {
            3 => [2.5; 3],
            5 => [0.3, 3.0, 0.3],
            _ => [0.3; 3],
        };
        log.attempt(0.5 + f64::from(at) * 0.3, 2 + at as u32 % 3, at % 5 == 4 && at < 28, late);
    }
    let mut estate = log.estate();
    estate.page = 40;
    let server = Server::start(estate.script(|asked: &Asked| {
        if !asked.is("FilterLogEvents") {
            return None;
        }
        match asked.nth % 11 {
            3 => Some(Reply::throttled()),
            5 => Some(Reply::Reset),
            7 if asked.body["nextToken"].is_string() => {
                Some(Reply::error("InvalidParameterException", "The specified nextToken is invalid."))
            }
            9 => Some(Reply::Late(Duration::from_millis(400))),
            _ => None,
        }
    }));
    let mut running = follow(&server, &log).start();
    let failed = log.failed.clone();
    let mut live = String::new();
    let seen = std::cell::RefCell::new(&mut live);
    running.until("every failure is told", |stdout, _| {
        stdout.clone_into(&mut seen.borrow_mut());
        failed.iter().all(|request| !lines_on(stdout, request).is_empty())
    });
    for request in &failed {
        let lines = lines_on(&live, request);
        assert_eq!(lines.len(), 1, "{request}: one line: {live}");
        assert!(lines[0].contains("live") && lines[0].contains("timeout"), "{lines:?}");
    }
    assert_eq!(live.lines().count(), failed.len(), "a line for each failure and nothing else: {live}");
    let pulled = interrupted(running, &server, &log);
    ends_with_the_truth(&pulled, &server, &log);
    let table = &pulled.stdout[live.len()..];
    assert!(tells_of(table, log.attempts), "the table ends it: {}", pulled.stdout);
    pulled.says("its delay", &["delay|behind|late"]);
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_it_with_the_table() {
    for signal in ["-INT", "-TERM"] {
        let mut log = Log::new();
        for at in 0..5 {
            log.attempt(-30.0 + f64::from(at), 1, at == 3, [0.0; 3]);
        }
        let server = Server::start(log.estate());
        let mut running = follow(&server, &log).start();
        let request = log.failed[0].clone();
        running.until("the failure is told", |stdout, _| !lines_on(stdout, &request).is_empty());
        // It goes on, although nothing happens.
        let polls = server.count("FilterLogEvents");
        running.until("more polls", |_, _| server.count("FilterLogEvents") > polls + 1);
        running.signal(signal);
        let pulled = running.end();
        pulled.ends(&[if signal == "-INT" { 130 } else { 143 }], signal);
        assert!(tells_of(&pulled.stdout, 5), "{}", pulled.stdout);
        ends_with_the_truth(&pulled, &server, &log);
    }
}

#[cfg(unix)]
#[test]
fn credentials_that_end_are_renewed_while_it_follows() {
    let process = "echo run >> {HOME}/runs\nn=$(wc -l < {HOME}/runs)\n\
         if [ $n -gt 1 ]; then key=AKIASECOND; else key=AKIAONE; fi\n\
         echo \"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"$key\\\", \\\"SecretAccessKey\\\": \\\"s\\\"}\"\n";
    let mut log = Log::new();
    for at in 0..12 {
        log.attempt(f64::from(at) * 0.5, 1, at == 6, [0.3; 3]);
    }
    let mut estate = log.estate();
    estate.keys.insert("AKIASECOND".to_owned(), ONE.to_owned());
    let server = Server::start(estate.script(|asked| {
        let ended = asked.key_id == "AKIAONE" && asked.is("FilterLogEvents") && asked.since > Duration::from_secs(3);
        ended.then(|| Reply::error("ExpiredTokenException", "The security token included in the request is expired"))
    }));
    let running = follow(&server, &log)
        .args(&["--profile", "proc"])
        .without_keys()
        .config("[profile proc]\nregion = eu-west-1\ncredential_process = sh {HOME}/proc.sh\n")
        .file("proc.sh", process)
        .start();
    let pulled = interrupted(running, &server, &log);
    ends_with_the_truth(&pulled, &server, &log);
    let runs = fs::read_to_string(pulled.path("runs")).expect("it ran").lines().count();
    assert!((2..=4).contains(&runs), "{runs} runs");
}

#[cfg(unix)]
#[test]
fn other_formats_print_the_end_only() {
    for format in ["json", "ndjson"] {
        let mut log = Log::new();
        for at in 0..5 {
            log.attempt(-30.0 + f64::from(at), 1, at == 2, [0.0; 3]);
        }
        let server = Server::start(log.estate());
        let running = follow(&server, &log).args(&["--report", "table=table.txt"]);
        let pulled = interrupted(running.format(format).start(), &server, &log);
        ends_with_the_truth(&pulled, &server, &log);
        if format == "json" {
            assert_eq!(pulled.answer()["totals"]["attempts"], 5);
        } else {
            let records = pulled.stdout.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok());
            assert_eq!(records.count(), 5, "{}", pulled.stdout);
            assert_eq!(pulled.stdout.lines().count(), 5, "{}", pulled.stdout);
        }
        assert!(tells_of(&fs::read_to_string(pulled.path("table.txt")).expect("a table"), 5));
    }
}

#[cfg(unix)]
#[test]
fn an_outage_costs_nothing_but_time() {
    let mut log = Log::new();
    for at in 0..24 {
        log.attempt(f64::from(at) * 0.5, 1, at % 4 == 1, [0.3; 3]);
    }
    let server = Server::start(log.estate().script(|asked| {
        let out = Duration::from_secs(3)..Duration::from_secs(8);
        (asked.asks("logs") && out.contains(&asked.since)).then_some(Reply::Reset)
    }));
    let running = follow(&server, &log).start();
    let pulled = interrupted(running, &server, &log);
    ends_with_the_truth(&pulled, &server, &log);
}

/// Returns the name of a stream of a shared group that began today.
fn of_today(stream: &str, function: &str) -> String {
    let today = rfc3339(now_ms())[..10].replace('-', "/");
    stream.replace("2026/10/01/[", &format!("{today}/{function}["))
}

#[cfg(unix)]
#[test]
fn one_function_of_a_shared_group_is_followed_with_others() {
    let mut log = Log::new();
    for at in 0..10 {
        log.attempt(f64::from(at) * 0.5, 1, at == 3, [0.3; 3]);
    }
    let mut estate = log.estate();
    // Its streams have the function's name; another function fails there, too.
    for event in &mut estate.groups[0].events {
        event.stream = of_today(&event.stream, "live");
    }
    let mut others = Log { attempts: 100, ..Log::new() };
    for at in 0..10 {
        others.attempt(f64::from(at) * 0.5, 2, true, [0.3; 3]);
    }
    let other_events = std::mem::take(&mut others.events).into_iter().map(|mut event| {
        event.stream = of_today(&event.stream, "other");
        event.id = format!("9{}", &event.id[1..]);
        event
    });
    let mine = estate.groups[0].events.clone();
    let mut all = mine.clone();
    all.extend(other_events);
    let visible_ms = std::mem::take(&mut estate.groups[0].visible_ms);
    estate.groups.clear();
    estate.functions.clear();
    estate.group(ONE, "eu-west-1", "/acme/shared", all).visible_ms = visible_ms;
    estate.logs_to(ONE, "eu-west-1", "live", "/acme/shared");
    estate.logs_to(ONE, "eu-west-1", "other", "/acme/shared");
    // A group of another region cannot be read at all.
    estate.group(ONE, "us-east-1", GROUP, Vec::new());
    estate.logs_to(ONE, "us-east-1", "live", GROUP);
    let server = Server::start(estate.script(|asked| {
        (asked.region == "us-east-1" && asked.is("FilterLogEvents"))
            .then(|| Reply::error("AccessDeniedException", "not authorized"))
    }));
    let mut running = follow(&server, &log).args(&["--region", "eu-west-1", "--region", "us-east-1"]).start();
    let request = log.failed[0].clone();
    running.until("the failure is told", |stdout, _| !lines_on(stdout, &request).is_empty());
    let pulled = interrupted(running, &server, &log);
    let mut want: Vec<&str> = mine.iter().map(|event| event.id.as_str()).collect();
    want.sort_unstable();
    let events = events_in(&pulled.path(SAVED));
    let mut got: Vec<&str> = events.iter().filter_map(|event| event["eventId"].as_str()).collect();
    got.sort_unstable();
    assert_eq!(got, want, "{}", pulled.stderr);
    let answer = fs::read_to_string(pulled.path("answer.json")).expect("an answer");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let unread = answer["coverage"]["inputs_unreadable"].to_string();
    assert!(unread.contains("us-east-1") && unread.contains(GROUP), "{unread}");
    assert_eq!(answer["totals"]["failed"], 1);
    let live = pulled.stdout.lines().filter(|line| line.contains("5a000")).count();
    assert_eq!(live, lines_on(&pulled.stdout, &request).len(), "no line of another function: {}", pulled.stdout);
}

#[test]
fn credentials_that_end_for_good_end_it() {
    let mut log = Log::new();
    for at in 0..5 {
        log.attempt(-30.0 + f64::from(at), 1, at == 1, [0.0; 3]);
    }
    let server = Server::start(log.estate().script(|asked| {
        let ended = asked.is("FilterLogEvents") && asked.nth >= 2;
        ended.then(|| Reply::error("ExpiredTokenException", "The security token included in the request is expired"))
    }));
    let pulled = follow(&server, &log).args(&["--to", &log.moment(600.0)]).run();
    pulled.ends(&[3], "ended");
    pulled.says("ended", &["expired", "AWS_ACCESS_KEY_ID"]);
    assert!(tells_of(&pulled.stdout, 5), "what is known is told: {}", pulled.stdout);
    assert!(pulled.took < Duration::from_secs(60), "{:?}", pulled.took);
}

#[test]
fn what_cannot_be_followed_is_wrong_usage() {
    let server = Server::start(Estate::small(&["live"], 2));
    let wrong: [(&[&str], &str); 3] = [
        (&["live", "--follow", "--interval", "0s"], "--interval"),
        (&["live", "--follow", "--interval", "soon"], "--interval"),
        (&["--follow"], "nothing to pull"),
    ];
    for (arguments, words) in wrong {
        let pulled = Pull::new(&server, arguments).run();
        pulled.ends(&[2], &format!("{arguments:?}"));
        pulled.says(&format!("{arguments:?}"), &[words]);
    }
}

/// Two minutes of everything at once: lines up to a minute late and out of order, failures that no later START closes.
#[test]
#[ignore = "takes three minutes"]
fn lines_that_come_a_minute_late_are_read_once() {
    let mut log = Log::new();
    let mut dice: u64 = 7;
    let mut roll = move |most: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % most
    };
    for at in 0..240_u32 {
        let late = match roll(10) {
            0 => [roll(55) as f64; 3],
            1 => [0.2, roll(55) as f64, 0.2],
            2 => [0.2, 0.2, roll(30) as f64],
            _ => [roll(3) as f64 / 2.0; 3],
        };
        // Ten streams, one attempt every two and a half seconds in each.
        log.attempt(-10.0 + f64::from(at) * 0.25, at % 10, roll(12) == 0, late);
    }
    // Nothing follows in this stream, so only time closes it.
    let last = log.attempt(2.0, 99, true, [0.2; 3]);
    let to = log.moment(118.0);
    let mut estate = log.estate();
    estate.page = 25;
    let server = Server::start(estate.script(|asked: &Asked| {
        if !asked.is("FilterLogEvents") {
            return None;
        }
        match asked.nth % 13 {
            2 => Some(Reply::throttled()),
            4 => Some(Reply::Reset),
            6 | 7 if asked.body["nextToken"].is_string() => {
                Some(Reply::error("InvalidParameterException", "The specified nextToken is invalid."))
            }
            9 => Some(Reply::Cut),
            11 => Some(Reply::Empty),
            _ => None,
        }
    }));
    let mut running = follow(&server, &log).args(&["--to", &to]).start();
    running.until("the lonely failure is told", |stdout, _| !lines_on(stdout, &last).is_empty());
    assert!(now_ms() < log.began_ms + 118_000, "it is told before the end");
    let pulled = running.end();
    pulled.ends(&[0], "two minutes");
    // It may wait for lines that come late.
    assert!(pulled.took < Duration::from_secs(118 + 60 + 40), "it ends at --to: {:?}", pulled.took);
    ends_with_the_truth(&pulled, &server, &log);
}
