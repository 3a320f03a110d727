//! Tests of the assembler: sequences of lines as data, and the law that a cut changes nothing.
//!
//! A line is `word [id] [more]`, one per second: `init`, `init-report STATUS PHASE`, `start N`, `end N`, `report N
//! [STATUS] [MB]`, `timed-out N`, `crash N`, `crash`, `error [N] FORM`, `line [N]`, `unreadable`, `wait SECONDS`. A line
//! behind `echo` is JSON. One that ends in `now` begins with its own time, one that ends in `earlier` with the time a minute
//! before.

use super::*;
use crate::model::{
    AppError, AppLine, CrashLine, ErrorForm, InitPhase, InitReport, InitStart, Keep, Level, Metrics, Report, SignKind,
    Status, Subject, WindowCut,
};

#[derive(Default)]
struct Closed {
    attempts: Vec<Attempt>,
    duplicates: u32,
    bytes: u64,
    disordered: bool,
    parted: bool,
}

impl Output for Closed {
    fn closed(&mut self, attempt: &mut Attempt) {
        self.attempts.push(attempt.clone());
    }
    fn count(&mut self, _input: u32, _bucket: Bucket, bytes: u64) {
        self.bytes += bytes;
    }
    fn duplicate(&mut self) {
        self.duplicates += 1;
    }
    fn crowded(&mut self, _: Place) {}
    fn unread_report(&mut self, _: Place) {}
    fn parted(&mut self, _: Place) {
        self.parted = true;
    }
    fn disordered(&mut self, _: Place) {
        self.disordered = true;
    }
}

fn id(word: &str) -> Option<RequestId> {
    word.parse().ok().map(RequestId::from_bits)
}

fn record(line: &str, json: bool) -> Statement<'_> {
    if let Some(line) = line.strip_prefix("echo ") {
        return record(line, true);
    }
    let words: Vec<&str> = line.split(' ').filter(|word| !matches!(*word, "now" | "earlier")).collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let with_id = id(word(1));
    let need = with_id.unwrap_or(RequestId::from_bits(0));
    match words[0] {
        "init" => {
            Statement::InitStart(InitStart { runtime_version: Some("python:3.13.v1"), json, ..InitStart::default() })
        }
        "init-report" => Statement::InitReport(InitReport {
            duration_us: Some(1_000),
            phase: Some(if word(2) == "invoke" { InitPhase::Invoke } else { InitPhase::Init }),
            status: Status::parse(word(1)).expect("a status"),
            error_type: None,
            init_type: None,
            emulated: false,
            runtime_done: false,
        }),
        "start" => Statement::Start {
            id: need,
            version: Some("7"),
            function_arn: None,
            tenant_id: None,
            xray_trace_id: None,
            json,
        },
        "end" => Statement::End { id: need },
        "report" => Statement::Report(Report {
            id: need,
            metrics: Metrics {
                duration_us: Some(2_000_000),
                max_memory_used_mb: words.iter().find_map(|word| word.strip_suffix("MB")?.parse().ok()),
                memory_size_mb: Some(128),
                ..Metrics::default()
            },
            status: Status::parse(word(2)),
            error_type: None,
            xray_trace_id: None,
            tenant_id: None,
            extension_overhead_us: None,
            emulated: false,
            whole: true,
            json,
        }),
        "unreadable" => Statement::UnreadableReport { id: None, quoted: false },
        "timed-out" => Statement::TimedOut { id: Some(need) },
        "crash" => Statement::Crash(CrashLine {
            id: with_id,
            message: "Runtime exited",
            error_type: Some("Runtime.ExitError"),
        }),
        "error" => {
            let form = match words[words.len() - 1] {
                "unhandled" => ErrorForm::Unhandled,
                "init" => ErrorForm::Init,
                _ => ErrorForm::Logged,
            };
            Statement::App(Box::new(AppLine {
                id: with_id,
                level: Level::Error,
                error: Some(AppError::of(form)),
                ..AppLine::default()
            }))
        }
        _ => Statement::App(Box::new(AppLine { id: with_id, ..AppLine::default() })),
    }
}

/// Assembles lines, cut before the positions in `cuts`.
fn assemble(lines: &[&str], json: bool, known: bool, cuts: &[usize]) -> Closed {
    assemble_timed(lines, json, known, cuts, Some(1_000))
}

/// Does the same with so many milliseconds between lines, or with lines that have no times.
fn assemble_timed(lines: &[&str], json: bool, known: bool, cuts: &[usize], step_ms: Option<i64>) -> Closed {
    let mut closed = Closed::default();
    let mut parts = Vec::new();
    let mut assembler = Assembler::new(known, true);
    let mut ms = 1_790_000_000_000;
    for (at, line) in lines.iter().enumerate() {
        if cuts.contains(&at) {
            parts.push(std::mem::replace(&mut assembler, Assembler::new(known, true)).finish());
        }
        if let Some(seconds) = line.strip_prefix("wait ") {
            ms += 1_000 * seconds.parse::<i64>().expect("seconds");
            continue;
        }
        ms += step_ms.unwrap_or(0);
        let place = Place::at(0, at as u64 + 1);
        let id = line.split(' ').nth(1).and_then(id).filter(|_| !line.starts_with("line"));
        let text = id.map_or(line.to_string(), |id| format!("{line} 00000000-0000-0000-0000-{:012x}", id.bits()));
        let own = [("now", 0), ("earlier", 60_000)].into_iter().find(|(word, _)| line.ends_with(word));
        let own = own.and_then(|(_, before)| Timestamp::from_ms(ms - before));
        let text = own.map_or(text.clone(), |own| format!("{own} {text}"));
        let message = Message {
            at: step_ms.and_then(|_| Timestamp::from_ms(ms)),
            place,
            text: text.as_bytes(),
            escaped: false,
            bytes: line.len() as u64,
            keep: &Keep::LAST,
        };
        if *line == "line" && !assembler.wants_ids() {
            assembler.ordinary(&message, None, &mut closed);
        } else {
            assembler.record(&message, &record(line, json), None, &mut closed);
        }
    }
    parts.push(assembler.finish());
    if parts.len() > 1 {
        parts.iter_mut().for_each(|part| part.shrink(&Keep::LAST));
    }
    join(parts, &Keep::LAST, &mut closed);
    closed.attempts.sort_by_key(|attempt| attempt.place);
    closed
}

/// Describes an attempt in a few words: id, statements seen, signs by phase, cut.
fn describe(attempt: &Attempt) -> String {
    let signs: Vec<String> = attempt
        .signs
        .iter()
        .map(|sign| {
            let kind = match &sign.kind {
                SignKind::TimedOut => "timed-out",
                SignKind::Crash { .. } => "crash",
                SignKind::Ended { .. } => "ended",
                SignKind::InitFailed { .. } => "init-failed",
                SignKind::Error(error) if error.form == ErrorForm::Unhandled => "unhandled",
                SignKind::Error(_) => "error",
                _ => "other",
            };
            format!("{kind}@{:?}", sign.phase).to_lowercase()
        })
        .collect();
    let flag = |set: bool, text: &'static str| if set { text } else { "-" };
    let id = match attempt.subject {
        Subject::Environment => "env".to_owned(),
        Subject::Attempt => attempt.request_id.map_or("?".to_owned(), |id| id.bits().to_string()),
    };
    format!(
        "{id} {}{}{} [{}]{}",
        flag(attempt.start_seen, "S"),
        flag(attempt.end_seen, "E"),
        flag(attempt.report_seen, "R"),
        signs.join(" "),
        match attempt.window_cut {
            WindowCut::None => "",
            WindowCut::Start => " cut-start",
            WindowCut::End => " cut-end",
            WindowCut::Both => " cut-both",
        }
    )
}

#[track_caller]
fn case(lines: &str, want: &[&str]) {
    check(lines, false, true, want);
}

#[track_caller]
fn check(lines: &str, json: bool, known: bool, want: &[&str]) {
    let lines: Vec<&str> = lines.split(", ").collect();
    let closed = assemble(&lines, json, known, &[]);
    let got: Vec<String> = closed.attempts.iter().map(describe).collect();
    assert_eq!(got, want, "{lines:?}");
    let bytes: usize = lines.iter().filter(|line| !line.starts_with("wait ")).map(|line| line.len()).sum();
    assert_eq!(closed.bytes, bytes as u64, "every byte is in one bucket: {lines:?}");
}

#[test]
fn normal_sequences() {
    case("init, line, start 1, line, end 1, report 1, start 2, line, end 2, report 2", &["1 SER []", "2 SER []"]);
    case("start 1, report 1", &["1 S-R []"]);
    case("start 1, error 1 logged, end 1, report 1", &["1 SER [error@invoke]"]);
}

#[test]
fn failures_in_every_order() {
    case("start 1, line, end 1, report 1, timed-out 1", &["1 SER [timed-out@late]"]);
    case("start 1, timed-out 1, end 1, report 1", &["1 SER [timed-out@invoke]"]);
    case("start 1, end 1, report 1, crash 1, start 2, report 2", &["1 SER [crash@late]", "2 S-R []"]);
    case("start 1, end 1, report 1, crash", &["1 SER [crash@late]"]);
    case("start 1, error unhandled, end 1, report 1", &["1 SER [unhandled@invoke]"]);
    case("start 1, end 1, report 1 timeout", &["1 SER [ended@invoke]"]);
}

#[test]
fn init_stands_before_its_request() {
    case(
        "init, error init, init-report error init, error init, init-report error invoke, start 1, end 1, report 1 error",
        &["1 SER [error@init init-failed@init error@init init-failed@init ended@invoke]"],
    );
    case(
        "start 1, end 1, report 1 error, line, init-report error invoke, start 2, end 2, report 2 error",
        &["1 SER [ended@invoke]", "2 SER [init-failed@init ended@invoke]"],
    );
    case("init, init-report error init, init, start 1, report 1", &["env --- [init-failed@init]", "1 S-R []"]);
    case("init, error init, init-report error init", &["env --- [error@init init-failed@init]"]);
}

#[test]
fn missing_lines() {
    case("line, end 1, report 1, start 2, report 2", &["1 -ER [] cut-start", "2 S-R []"]);
    case("start 1, line, start 2, report 2", &["1 S-- []", "2 S-R []"]);
    case("start 1, line", &["1 S-- [] cut-end"]);
    case("start 1, report 1, report 2, report 3", &["1 S-R []", "2 --R []", "3 --R []"]);
    case("crash 1, init-report error invoke", &["1 --- [crash@invoke init-failed@init] cut-both"]);
    case("init, start 1, init, start 2, report 2", &["1 S-- []", "2 S-R []"]);
}

#[test]
fn retries_and_duplicates() {
    case("start 1, report 1, wait 60, start 1, report 1", &["1 S-R []", "1 S-R []"]);
    case("start 1, end 1, report 1, wait 61, timed-out 1", &["1 SER []"]);
    case("start 1, report 1, error unhandled", &["1 S-R []"]);
}

#[test]
fn a_late_error_without_an_id_is_the_last_attempts_only_when_it_comes_at_once() {
    let at_once = |gap_ms: i64| {
        let mut closed = Closed::default();
        let mut assembler = Assembler::new(true, true);
        let mut ms = 1_790_000_000_000;
        for (line, text) in (1u64..).zip(["start 1", "report 1", "error unhandled"]) {
            ms += if line == 3 { gap_ms } else { 1_000 };
            let place = Place::at(0, line);
            let message = Message {
                at: Timestamp::from_ms(ms),
                place,
                text: text.as_bytes(),
                escaped: false,
                bytes: 1,
                keep: &Keep::LAST,
            };
            assembler.record(&message, &record(text, false), None, &mut closed);
        }
        join([assembler.finish()], &Keep::LAST, &mut closed);
        closed.attempts.iter().map(describe).collect::<Vec<_>>()
    };
    assert_eq!(at_once(1), ["1 S-R [unhandled@late]"]);
    assert_eq!(at_once(5_000), ["1 S-R []"]);
}

/// In a stream with a name, errors of a client are an attempt each while nothing else is told, wherever the stream is cut.
#[test]
fn errors_that_a_filter_picked_are_an_attempt_each() {
    case("error unhandled, line, error unhandled", &["? --- [unhandled@invoke] cut-both"; 2]);
    case("error logged, line", &[]);
    case("error unhandled, start 1, end 1, report 1", &["1 SER [unhandled@init]"]);
    let many: Vec<&str> = ["error unhandled", "error logged", "line"].repeat(20);
    for lines in [&many[..], &["error logged"; 20].into_iter().chain(["error unhandled"; 20]).collect::<Vec<_>>()] {
        for cut in 0..lines.len() {
            for cuts in [vec![cut], vec![cut, lines.len() / 2], vec![cut / 2, cut]] {
                let closed = assemble(lines, false, true, &cuts);
                let got: Vec<String> = closed.attempts.iter().map(describe).collect();
                assert_eq!(got, ["? --- [unhandled@invoke] cut-both"; 20], "{cuts:?}");
                assert_eq!(closed.bytes, lines.iter().map(|line| line.len() as u64).sum::<u64>(), "{cuts:?}");
            }
        }
    }
}

/// More errors than are kept, of an attempt that began out of view, are an attempt each, which is told; where its beginning is
/// in the part before, too.
#[test]
fn more_errors_than_are_kept_before_the_first_line_of_lambda_are_told() {
    for errors in [1, 2, SIGNS_KEPT, SIGNS_KEPT + 1, 3 * SIGNS_KEPT] {
        for start in [&["start 1"][..], &[]] {
            let lines: Vec<&str> =
                start.iter().copied().chain(vec!["error unhandled"; errors]).chain(["end 1", "report 1"]).collect();
            for cut in 0..lines.len() {
                let closed = assemble(&lines, false, true, &[cut]);
                assert_eq!(closed.parted, closed.attempts.len() > 1, "{errors} {start:?} {cut}");
                // In one piece, the START tells that all are of one attempt.
                assert!(
                    !closed.parted || errors > SIGNS_KEPT && (start.is_empty() || cut > 0),
                    "{errors} {start:?} {cut}"
                );
            }
        }
    }
}

/// Of a stream without START, errors of a client are of the requests that they name, each an attempt, wherever it is cut.
#[test]
fn errors_of_several_requests_are_an_attempt_each() {
    let lines = ["error 1 unhandled", "error 2 unhandled", "line", "error 3 unhandled"];
    for json in [false, true] {
        for cut in 0..lines.len() {
            let closed = assemble(&lines, json, true, &[cut]);
            let mut failed: Vec<String> = closed.attempts.iter().map(describe).collect();
            failed.sort();
            assert_eq!(failed.len(), 3, "{json} {cut}: {failed:?}");
            assert!(failed.iter().zip(1..).all(|(one, id)| one.starts_with(&format!("{id} ---"))), "{failed:?}");
        }
    }
    case(
        "error 1 unhandled, error 2 unhandled, report 2",
        &["1 --- [unhandled@invoke] cut-both", "2 --R [unhandled@invoke]"],
    );
}

#[test]
fn several_requests_at_once() {
    let lines = "start 1, start 2, line 2, error 1 unhandled, report 2, line 1, report 1 error";
    check(lines, true, true, &["1 S-R [unhandled@invoke ended@invoke]", "2 S-R []"]);
    // While two requests run, a line without an id belongs to neither.
    check("start 1, start 2, line 1, error unhandled, report 2, report 1", true, true, &["1 S-R []", "2 S-R []"]);
    // Bare text may mix environments.
    check(
        "start 1, start 2, error 1 unhandled, report 2, report 1",
        false,
        false,
        &["1 S-R [unhandled@invoke]", "2 S-R []"],
    );
}

#[test]
fn lines_of_other_requests_open_nothing() {
    case("start 1, line 9, error 9 logged, end 1, report 1", &["1 SER [error@invoke]"]);
    // The function prints the end of a request of another function.
    case("start 1, end 9, report 9 timeout, crash 9, line, end 1, report 1", &["1 SER []"]);
    // Where START lines are filtered out, only the ids on lines identify attempts.
    check("error 1 unhandled, report 1", true, true, &["1 --R [unhandled@invoke] cut-start"]);
}

/// Beside an attempt that runs, in a stream with a name, what is said of a request that began out of view is its own if it
/// was written just then, and printed if it is older; a REPORT that tells neither makes the answer partial.
#[test]
fn lines_of_a_request_that_began_out_of_view_are_its_own_or_told() {
    for (lines, want, told) in [
        (
            "line, start 1, timed-out 9 now, end 9, report 9 timeout, end 1, report 1",
            &["1 SER []", "9 -ER [timed-out@invoke ended@invoke]"][..],
            false,
        ),
        ("line, start 1, timed-out 9 earlier, end 1, report 1", &["1 SER []"], false),
        ("line, wait 60, start 1, end 9, report 9 timeout, end 1, report 1", &["1 SER []"], false),
        ("line, start 1, end 9, report 9 timeout, end 1, report 1", &["1 SER []"], true),
        ("line, start 1, report 9, end 1, report 1", &["1 SER []"], true),
        (
            "line, start 1, error 9 unhandled now, end 9, report 9, end 1, report 1",
            &["1 SER []", "9 -ER [unhandled@invoke]"],
            false,
        ),
        ("line, start 1, error 9 unhandled earlier, line, end 1, report 1", &["1 SER []"], false),
        (
            "line, wait 60, start 1, report 9 timeout, timed-out 9 now, end 1, report 1",
            &["1 SER []", "9 --- [timed-out@invoke] cut-end"],
            true,
        ),
    ] {
        let lines: Vec<&str> = lines.split(", ").collect();
        let whole = assemble(&lines, false, true, &[]);
        let mut got: Vec<String> = whole.attempts.iter().map(describe).collect();
        got.sort();
        assert_eq!(got, want, "{lines:?}");
        assert_eq!(whole.disordered, told, "{lines:?}");
        for cut in 1..lines.len() {
            let cut_up = assemble(&lines, false, true, &[cut]);
            let mut found: Vec<String> = cut_up.attempts.iter().map(describe).collect();
            found.sort();
            let holds = found == got || cut_up.disordered || whole.disordered;
            assert!(holds, "cut at {cut}: {lines:?}: {found:?}");
        }
    }
}

/// What an extension prints of the Telemetry API in a log in text counts nothing twice.
#[test]
fn echoes_of_telemetry_are_lines() {
    for lines in [
        "start 1, echo start 1, end 1, report 1, start 2, end 2, report 2",
        "start 1, end 1, report 1, echo start 1, echo report 1, start 2, end 2, report 2",
        "start 1, end 1, report 1, start 2, echo start 1, echo report 1, echo start 2, end 2, report 2",
        "start 1, echo start 1, echo report 1, end 1, report 1, start 2, end 2, report 2",
    ] {
        for known in [true, false] {
            check(lines, false, known, &["1 SER []", "2 SER []"]);
        }
    }
}

/// An error of a runtime client is of the request that it names, also where another one is known to run.
#[test]
fn an_error_of_a_client_is_of_the_request_that_it_names() {
    for form in ["unhandled now", "unhandled"] {
        let lines = format!("line, start 1, error 9 {form}, end 9, report 9, end 1, report 1");
        check(&lines, false, false, &["1 SER []", "9 -ER [unhandled@invoke]"]);
        check(&lines, true, true, &["1 SER []", "9 -ER [unhandled@invoke]"]);
    }
}

fn peaks(lines: &str, json: bool, known_stream: bool) -> Vec<Option<u32>> {
    let lines: Vec<&str> = lines.split(", ").collect();
    let mut attempts = assemble(&lines, json, known_stream, &[]).attempts;
    attempts.sort_by_key(|attempt| attempt.place);
    attempts.iter().map(|attempt| attempt.earlier_peak_mb).collect()
}

#[test]
fn memory_knows_the_attempt_before() {
    let lines = "init, start 1, report 1 100MB, start 2, report 2 128MB, init, start 3, report 3 90MB";
    assert_eq!(peaks(lines, false, true), [None, Some(100), None]);
}

/// After the end of a process, the next attempt starts without a memory peak, wherever the end is told.
#[test]
fn memory_begins_anew_where_a_process_ended() {
    for end in [
        "crash 2, end 2, report 2 128MB",
        "end 2, crash 2, report 2 128MB",
        "end 2, report 2 128MB, crash 2",
        "end 2, report 2 128MB, crash",
        "report 2 128MB, crash 2, end 2",
        "timed-out 2, end 2, report 2 128MB",
        "end 2, report 2 128MB, timed-out 2",
        "report 2 error 128MB",
        "report 2 timeout 128MB",
    ] {
        let lines = format!("start 1, report 1 100MB, start 2, {end}, start 3, report 3 90MB, start 4, report 4 95MB");
        for (json, known_stream) in [(false, true), (true, true), (false, false)] {
            let found = peaks(&lines, json, known_stream);
            assert_eq!(found, [None, Some(100), None, Some(90)], "json {json}, known {known_stream}: {lines}");
        }
    }
    // An error that the handler threw does not end the process.
    for end in ["error 2 unhandled, report 2 128MB", "error 2 logged, report 2 128MB", "report 2 success 128MB"] {
        let lines = format!("start 1, report 1 100MB, start 2, {end}, start 3, report 3 128MB");
        assert_eq!(peaks(&lines, false, true), [None, Some(100), Some(128)], "{lines}");
    }
}

/// Generates attempts in a row with memory figures, each ended in one of many ways.
fn attempts_in_a_row() -> impl proptest::strategy::Strategy<Value = Vec<String>> {
    use proptest::strategy::Strategy;
    let ends = vec![
        "report N MB",
        "report N MB",
        "line, end N, report N MB",
        "error N unhandled, end N, report N MB",
        "crash N, end N, report N MB",
        "end N, report N MB, crash N",
        "report N MB, timed-out N",
        "report N error MB",
        "line, end N, report N timeout MB",
    ];
    let before = vec!["", "", "", "init, ", "init, line, "];
    let one = (proptest::sample::select(before), proptest::sample::select(ends), 1..128u32);
    proptest::collection::vec(one, 1..6).prop_map(|attempts| {
        let text = |(number, (before, end, mb)): (usize, (&str, &str, u32))| {
            format!("{before}start N, {end}").replace('N', &(number + 1).to_string()).replace("MB", &format!("{mb}MB"))
        };
        let lines: Vec<String> = attempts.into_iter().enumerate().map(text).collect();
        lines.join(", ").split(", ").map(str::to_owned).collect()
    })
}

proptest::proptest! {
    #[test]
    fn a_cut_changes_no_peak(lines in attempts_in_a_row(), first in 0..40usize, second in 0..40usize, json in proptest::bool::ANY) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut cuts = [1 + first % lines.len(), 1 + second % lines.len()];
        cuts.sort_unstable();
        let found = |cuts: &[usize]| -> Vec<(String, Option<u32>)> {
            assemble(&lines, json, true, cuts).attempts.iter().map(|a| (describe(a), a.earlier_peak_mb)).collect()
        };
        proptest::prop_assert_eq!(found(&cuts), found(&[]), "json {}, cut at {:?}: {:?}", json, cuts, lines);
    }
}

/// Sequences that a cut must not change, in text and in JSON.
const UNCUT: [&str; 15] = [
    "init, line, start 1, line, error 1 logged, end 1, report 1 90MB, start 2, line, end 2, report 2 95MB",
    "start 1, line, line, error unhandled, end 1, report 1, crash 1, start 2, end 2, report 2 timeout",
    "start 1, end 1, report 1 error, line, error init, init-report error invoke, start 2, end 2, report 2 error",
    "init, error init, init-report error init, error init, init-report error invoke, start 1, end 1, report 1 error, init, start 2, report 2",
    "line, line, end 1, report 1 50MB, line, start 2, line, timed-out 2, end 2, report 2, start 3, line",
    "start 1, line, start 2, line, end 2, report 2 99MB, start 3, report 3 100MB",
    "start 1, line, end 1, report 1, timed-out 1, wait 90, start 1, line, end 1, report 1",
    "report 1, report 2, report 3 timeout, start 4, report 4",
    "start 1, report 1 40MB, start 2, crash 2, end 2, report 2 128MB, start 3, report 3 128MB, crash 3, start 4, report 4 50MB",
    "report 1 128MB, crash 1, report 2 60MB, report 3 timeout 128MB, report 4 70MB, report 5 75MB",
    "start 1, report 1 100MB, timed-out 1, wait 70, start 2, line, end 2, report 2 error 128MB, line, start 3, report 3 60MB",
    "start 1, report 1 100MB, start 2, crash 2, report 2 110MB, start 3, report 3 90MB, start 4, report 4 error 95MB, init, start 5, report 5 50MB",
    "crash 1, start 1, line, end 1, report 1, start 2, report 2",
    "end 1, report 1, report 2, timed-out 1, line, start 3, report 3",
    "start 1, report 1 80MB, crash 2, start 2, line, report 2 error, start 3, report 3",
];

#[test]
fn a_cut_changes_nothing() {
    for lines in UNCUT {
        let lines: Vec<&str> = lines.split(", ").collect();
        for json in [false, true] {
            let whole = assemble(&lines, json, true, &[]);
            for first in 1..lines.len() {
                for second in first..=lines.len() {
                    let cut = assemble(&lines, json, true, &[first, second]);
                    let show = |closed: &Closed| {
                        closed
                            .attempts
                            .iter()
                            .map(|a| {
                                (
                                    describe(a),
                                    a.started_at,
                                    a.ended_at,
                                    a.earlier_peak_mb,
                                    a.last_line.clone(),
                                    a.app_lines,
                                )
                            })
                            .collect::<Vec<_>>()
                    };
                    assert_eq!(show(&cut), show(&whole), "json {json}, cut at {first} and {second}: {lines:?}");
                    assert_eq!(cut.bytes, whole.bytes, "cut at {first} and {second}: {lines:?}");
                }
            }
        }
    }
}

/// Sequences in which an attempt prints lines of the platform about other requests, and whether also in JSON, in which
/// the platform writes nothing else as text.
const PRINTED: [(&str, bool); 7] = [
    ("start 1, end 2, end 2", true),
    ("start 1, end 1, report 1, start 2, line, crash 1, report 2, start 3, report 3", true),
    ("start 1, end 2, line, end 3, line, end 1, report 1, start 4, report 4", true),
    ("start 1, timed-out 2, line, crash 2, end 1, report 1, timed-out 1", true),
    ("start 1, line, end 2, report 2 timeout 128MB, line, end 1, report 1 50MB, start 3, report 3 60MB", false),
    ("start 1, report 2 error 90MB, crash 2, error 1 logged, report 1 40MB, crash 1, start 4, report 4", false),
    ("start 1, report 2, init-report error init, error unhandled, end 1, report 1, init, start 2, report 2", false),
];

#[test]
fn a_cut_among_printed_lines_changes_no_attempt() {
    for (lines, in_json) in PRINTED {
        let lines: Vec<&str> = lines.split(", ").collect();
        for json in [false, true].into_iter().take(if in_json { 2 } else { 1 }) {
            let told = |cuts: &[usize]| {
                let closed = assemble(&lines, json, true, cuts);
                let told = |a: &Attempt| (describe(a), a.started_at, a.ended_at, a.earlier_peak_mb);
                (closed.attempts.iter().map(told).collect::<Vec<_>>(), closed.bytes)
            };
            let whole = told(&[]);
            for first in 1..lines.len() {
                for second in first..=lines.len() {
                    assert_eq!(told(&[first, second]), whole, "json {json}, cut at {first} and {second}: {lines:?}");
                }
            }
        }
    }
}

#[test]
fn the_end_of_an_attempt_whose_start_is_in_a_missing_file_is_its_own() {
    for (lines, want) in [
        ("start 1, line, end 2, report 2 timeout, start 3, report 3", "2 -ER [ended@invoke]"),
        ("start 1, line, timed-out 2, end 2, start 3, report 3", "2 -E- [timed-out@invoke]"),
        ("start 1, line, crash 2, start 3, report 3", "2 --- [crash@invoke]"),
    ] {
        let lines: Vec<&str> = lines.split(", ").collect();
        let attempts = assemble(&lines, false, true, &[2]).attempts;
        let got: Vec<String> = attempts.iter().map(describe).collect();
        assert_eq!(got, ["1 S-- []", want, "3 S-R []"], "{lines:?}");
    }
}

#[test]
fn environments_without_names_close_nobody_elses_attempt() {
    let unnamed = |lines: &str, want: &[&str]| check(lines, false, false, want);
    unnamed(
        "init, start 1, line 1, init, start 2, timed-out 1, end 1, report 1, end 2, report 2",
        &["1 SER [timed-out@invoke]", "2 SER []"],
    );
    // Only lines with an id are left of the first attempt; it is still running when the others start.
    unnamed(
        "error 1 logged, init, start 2, end 1, report 1 timeout, report 2",
        &["1 -ER [error@invoke ended@invoke] cut-start", "2 S-R []"],
    );
    unnamed(
        "init, start 1, line 1, init, error unhandled, init-report error init, start 2, report 2 error, end 1, report 1",
        &["1 SER []", "2 S-R [unhandled@init init-failed@init ended@invoke]"],
    );
    unnamed("init, start 1, init, line 1", &["1 S-- [] cut-end"]);
}

/// Returns for each attempt whether the owner of a nearby error is a guess.
fn is_unsure(lines: &str) -> Vec<bool> {
    let lines: Vec<&str> = lines.split(", ").collect();
    assemble(&lines, false, false, &[]).attempts.iter().map(|attempt| attempt.error_unsure).collect()
}

#[test]
fn an_error_without_an_id_is_of_whoever_ends_next() {
    let unnamed = |lines: &str, want: &[&str]| check(lines, false, false, want);
    let both = "start 1, start 2, error unhandled, end 1, report 1, end 2, report 2";
    unnamed(both, &["1 SER [unhandled@invoke]", "2 SER []"]);
    assert_eq!(is_unsure(both), [true, true]);
    let second = "start 1, start 2, error unhandled, end 2, report 2, end 1, report 1";
    unnamed(second, &["1 SER []", "2 SER [unhandled@invoke]"]);
    // An attempt that lost its REPORT counts as running, but takes no error of others.
    unnamed(
        "start 1, line, init, start 2, start 3, end 2, report 2, line 3, end 3, report 3, start 4, error unhandled, end 4, report 4",
        &["1 S-- [] cut-end", "2 SER []", "3 SER []", "4 SER [unhandled@invoke]"],
    );
    // The environment that begins keeps an error that the running attempt does not claim at once.
    unnamed(
        "start 1, init, error unhandled, end 1, report 1, start 2, report 2",
        &["1 SER [unhandled@invoke]", "2 S-R []"],
    );
    unnamed(
        "start 1, init, error unhandled, init-report error init, end 1, report 1, start 2, report 2 error",
        &["1 SER []", "2 S-R [unhandled@init init-failed@init ended@invoke]"],
    );
    // No end follows at once: the error stays where it was, and its owner is a guess.
    let late = "start 1, start 2, error unhandled, wait 60, end 1, report 1, end 2, report 2";
    unnamed(late, &["1 SER []", "2 SER [unhandled@invoke]"]);
    assert_eq!(is_unsure(late), [true, true]);
    // With one attempt running, the owner is certain until another START follows.
    assert_eq!(is_unsure("start 1, error unhandled, end 1, report 1, start 2, end 2, report 2"), [false, false]);
    assert_eq!(is_unsure("start 1, error unhandled, start 2, end 2, report 2"), [true, false]);
}

/// Generates the lines of one environment: attempts in a row, every line with the id of its own.
fn environment(number: usize, fates: &[usize], cold: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (turn, fate) in fates.iter().enumerate() {
        let id = number * 100 + turn + 1;
        if turn == 0 && cold {
            lines.push("init".to_owned());
        }
        lines.push(format!("start {id}"));
        lines.push(format!("line {id}"));
        match fate {
            0 => lines.push(format!("error {id} logged")),
            1 => lines.push(format!("error {id} unhandled")),
            2 => lines.push(format!("timed-out {id}")),
            3 => lines.push(format!("crash {id}")),
            _ => {}
        }
        lines.push(format!("end {id}"));
        lines.push(format!("report {id}{}", if *fate == 4 { " timeout" } else { "" }));
    }
    lines
}

proptest::proptest! {
    /// Environments that run side by side in a log that does not name them give the same attempts, by the ids on their
    /// lines, as if each had a stream of its own.
    #[test]
    fn merged_environments_are_told_apart_by_id(
        fates in proptest::collection::vec((proptest::collection::vec(0usize..6, 1..4), proptest::bool::ANY), 1..6),
        picks in proptest::collection::vec(0usize..1000, 0..200),
        cut in 0usize..200,
    ) {
        let mut streams: Vec<std::collections::VecDeque<String>> =
            fates.iter().enumerate().map(|(number, (fates, cold))| environment(number, fates, *cold).into()).collect();
        let by_id = |closed: Closed| {
            let attempts = closed.attempts.iter().filter(|attempt| attempt.subject == Subject::Attempt);
            let mut told: Vec<String> = attempts.map(describe).collect();
            told.sort();
            told
        };
        let mut want: Vec<String> = Vec::new();
        for stream in &streams {
            let lines: Vec<&str> = stream.iter().map(String::as_str).collect();
            want.extend(by_id(assemble(&lines, false, true, &[])));
        }
        want.sort();
        let mut merged = Vec::new();
        let mut picks = picks.into_iter().chain(std::iter::repeat(0));
        while !streams.is_empty() {
            let at = picks.next().unwrap_or_default() % streams.len();
            merged.extend(streams[at].pop_front());
            streams.retain(|stream| !stream.is_empty());
        }
        let lines: Vec<&str> = merged.iter().map(String::as_str).collect();
        proptest::prop_assert_eq!(by_id(assemble(&lines, false, false, &[])), want.clone(), "{:?}", merged);
        // A shipper may write them into one stream that has a name.
        proptest::prop_assert_eq!(by_id(assemble(&lines, false, true, &[])), want.clone(), "named: {:?}", merged);
        // Behind a cut, an attempt may come in two pieces, which later stages join by its id. What the platform says of
        // its end is lost in neither, or the order is told.
        let cut = cut % lines.len().max(1);
        let of_id = |told: &[String], id: &str, sign: &str| {
            told.iter().any(|told| told.split(' ').next() == Some(id) && told.contains(sign))
        };
        let closed = assemble(&lines, false, true, &[cut]);
        if closed.disordered {
            return Ok(());
        }
        let cut_in_two = by_id(closed);
        for whole in &want {
            let id = whole.split(' ').next().unwrap_or_default();
            for sign in ["timed-out@", "crash@", "ended@"].iter().filter(|sign| whole.contains(*sign)) {
                proptest::prop_assert!(of_id(&cut_in_two, id, sign), "{sign} of {id}, cut at {cut}: {cut_in_two:?} {merged:?}");
            }
        }
    }
}

/// Runs with an index from so many open attempts on, and without one up to so many.
fn with_index_from<T>(many_and_few: (usize, usize), run: impl FnOnce() -> T) -> T {
    let before = open_attempts::FROM.replace(many_and_few);
    let result = run();
    open_attempts::FROM.set(before);
    result
}

/// Generates lines of any kind about few requests, so that nearly every line meets an open attempt.
fn any_lines() -> impl proptest::strategy::Strategy<Value = Vec<String>> {
    use proptest::prelude::*;
    let kinds = prop::sample::select(vec![
        "start",
        "start",
        "start",
        "end",
        "report",
        "report",
        "report timeout",
        "report 128MB",
        "timed-out",
        "crash",
        "error logged",
        "error unhandled",
        "line",
        "!crash",
        "!line",
        "!unreadable",
        "!error unhandled",
        "!error init",
        "!init",
        "!init-report error init",
        "!init-report error invoke",
        "!wait 70",
        "!wait 6000",
    ]);
    let line = (kinds, 1..9u32).prop_map(|(kind, id)| match kind.strip_prefix('!') {
        Some(without_id) => without_id.to_owned(),
        None => match kind.split_once(' ') {
            Some((word, more)) => format!("{word} {id} {more}"),
            None => format!("{kind} {id}"),
        },
    });
    prop::collection::vec(line, 0..80)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_048))]

    /// An index of the open attempts finds what a search of their list finds.
    #[test]
    fn an_index_changes_nothing(
        lines in any_lines(),
        json: bool,
        known: bool,
        cut in 0..80usize,
        step_ms in proptest::option::of(0..2_000i64),
        bounds in proptest::sample::select(vec![(0, 0), (1, 0), (2, 1), (5, 2)]),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let told = || {
            let closed = assemble_timed(&lines, json, known, &[cut], step_ms);
            format!("{:#?} {} {}", closed.attempts, closed.duplicates, closed.bytes)
        };
        let listed = with_index_from((usize::MAX, usize::MAX), told);
        proptest::prop_assert_eq!(with_index_from(bounds, told), listed, "{:?}", lines);
    }
}

/// A kind of log in which so many attempts are open at once: its name, whether it is JSON and names its stream, the
/// milliseconds between its lines, and the lines.
type Crowd = (&'static str, bool, bool, Option<i64>, fn(usize) -> Vec<String>);

fn each(count: usize, line: &str) -> Vec<String> {
    (1..=count).map(|id| line.replace('#', &id.to_string())).collect()
}

const CROWDS: &[Crowd] = &[
    ("opened, told of, closed", false, false, None, |n| {
        [each(n, "start #"), each(n, "error # logged"), each(n, "report #")].concat()
    }),
    ("the same, within seconds", false, false, Some(1), |n| {
        [each(n, "start #"), each(n, "error # logged"), each(n, "end #"), each(n, "report #")].concat()
    }),
    ("closed newest first", false, false, None, |n| {
        let mut closed = [each(n, "start #"), each(n, "line #"), each(n, "report #")].concat();
        closed[n..2 * n].reverse();
        closed[2 * n..].reverse();
        closed
    }),
    ("two hundred open at a time", false, false, Some(1), |n| {
        let of = |id: usize| {
            let closes = id.checked_sub(200).map(|closed| format!("report {closed}"));
            [format!("start {id}"), format!("error {id} logged")].into_iter().chain(closes)
        };
        (1..=n).flat_map(of).collect()
    }),
    ("side by side in a named stream", true, true, Some(1), |n| {
        [each(n, "start #"), each(n, "error # logged"), each(n, "report #")].concat()
    }),
    ("nothing but ends", false, false, None, |n| [each(n, "report #"), each(n, "timed-out #")].concat()),
    ("ends before their starts", false, false, Some(1), |n| {
        [each(n, "end #"), each(n, "report #"), each(n, "start #")].concat()
    }),
    ("ends told twice", false, false, None, |n| {
        [each(n, "report # 40MB"), each(n, "report # 50MB"), each(n, "report # 60MB")].concat()
    }),
    ("errors that name nobody", false, false, None, |n| {
        [each(n, "start #"), each(n, "error unhandled"), each(n, "crash"), each(n, "report #")].concat()
    }),
    ("ends that nobody can read", false, false, None, |n| [each(n, "start #"), each(n, "unreadable")].concat()),
    ("inits among requests", false, false, Some(1), |n| {
        let of = |id| {
            [format!("start {id}"), "init".to_owned(), "error init".to_owned(), "init-report error init".to_owned()]
        };
        (1..=n).flat_map(of).collect()
    }),
    ("overdue all at once", false, false, Some(1), |n| {
        [each(n, "end #"), vec!["wait 6000".to_owned()], each(n, "start #"), each(n, "report #")].concat()
    }),
    ("overdue one by one", false, false, Some(1_000), |n| each(n, "start #")),
];

/// The work for four times as many attempts is about four times as much.
#[test]
fn many_open_attempts_take_work_in_proportion() {
    for (kind, json, known, step_ms, lines) in CROWDS {
        let work = |count: usize| {
            let lines = lines(count);
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            work::take();
            assemble_timed(&lines, *json, *known, &[], *step_ms);
            work::take()
        };
        let (few, many) = (work(1_500), work(6_000));
        assert!(many <= 5 * few, "{kind}: {few} steps, and {many} for four times as many attempts");
        assert!(many <= 6_000 * 60, "{kind}: {many} steps");
    }
}

/// Attempts that are all open at once are told as they are one after the other.
#[test]
fn attempts_side_by_side_are_those_in_a_row() {
    for count in [2, 16, 17, 18, 300, OPEN_AT_ONCE] {
        let fates = ["error # logged", "error # unhandled", "timed-out #", "crash #", "line #"];
        let of = |id: usize| {
            let fate = fates[id % fates.len()];
            let status = if id.is_multiple_of(7) { "report # timeout" } else { "report #" };
            ["start #", "line #", fate, "end #", status].map(|line| line.replace('#', &id.to_string()))
        };
        let in_a_row: Vec<[String; 5]> = (1..=count).map(of).collect();
        let side_by_side = (0..5).flat_map(|turn| in_a_row.iter().map(move |lines| &*lines[turn]));
        let told = |lines: Vec<&str>, known: bool| {
            let mut told: Vec<String> =
                assemble_timed(&lines, false, known, &[], Some(1)).attempts.iter().map(describe).collect();
            told.sort();
            told
        };
        let want = told(in_a_row.iter().flatten().map(String::as_str).collect(), true);
        assert_eq!(told(side_by_side.collect(), false), want, "{count}");
    }
}
