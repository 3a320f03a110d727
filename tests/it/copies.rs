//! Overlapping exports: whatever pieces of a log come together, in any order, each attempt counts once, and records read
//! back give the same answer.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::generate::{Event, Random, Stream, corpus, moment};
use super::harness::{Run, directory, read_summary, write};

/// A shape that exports of one function may have, with or without its name.
struct Shape {
    name: &'static str,
    write: fn(&str, &str, &Event) -> String,
}

const SHAPES: [Shape; 4] = [
    Shape {
        name: "NDJSON with the log group",
        write: |function, stream, event| {
            let group = format!("/aws/lambda/{function}");
            let line = json!({"timestamp": event.at, "logGroup": group, "logStream": stream, "message": event.message});
            format!("{line}\n")
        },
    },
    Shape {
        name: "NDJSON without the log group",
        write: |_, stream, event| {
            format!("{}\n", json!({"timestamp": event.at, "logStreamName": stream, "message": event.message}))
        },
    },
    Shape {
        name: "aws logs tail",
        write: |_, stream, event| {
            let at = moment(event.at).replace('Z', "000+00:00");
            let mut out = String::new();
            for line in event.message.trim_end().lines() {
                writeln!(out, "{at} {stream} {line}").unwrap();
            }
            out
        },
    },
    Shape {
        name: "aws logs tail --format short",
        write: |_, _, event| {
            let at = moment(event.at);
            let at = &at[..at.len() - "Z".len()];
            event.message.trim_end().lines().fold(String::new(), |out, line| out + at + " " + line + "\n")
        },
    },
];

/// Cuts a stream into pieces that overlap by so many events or more and together are all of it.
fn pieces<'a>(events: &'a [Event], overlap: u64, random: &mut Random) -> Vec<&'a [Event]> {
    let mut out = Vec::new();
    let mut from = 0;
    while from < events.len() {
        let to = (from + 40 + random.below(40) as usize).min(events.len());
        out.push(&events[from..to]);
        if to == events.len() {
            break;
        }
        from = to - (overlap + random.below(20)) as usize;
    }
    // Some come twice.
    if random.below(2) == 0 {
        out.push(out[random.below(out.len() as u64) as usize]);
    }
    out
}

fn shuffled<T>(mut items: Vec<T>, random: &mut Random) -> Vec<T> {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at as u64 + 1) as usize);
    }
    items
}

/// Writes each piece to a file of its own, with names in no order.
fn files(shape: &Shape, streams: &[&Stream], overlap: u64, place: &Path, random: &mut Random) -> Vec<PathBuf> {
    let all: Vec<(&Stream, &[Event])> = streams
        .iter()
        .flat_map(|stream| pieces(&stream.events, overlap, random).into_iter().map(|piece| (*stream, piece)))
        .collect();
    let numbered = shuffled((0..all.len()).collect(), random);
    let write_one = |(at, (stream, piece)): (usize, (&Stream, &[Event]))| {
        let path = place.join(format!("{at:03}.log"));
        let text: String = piece.iter().map(|event| (shape.write)(&stream.function, &stream.name, event)).collect();
        write(&path, text);
        path
    };
    numbered.into_iter().zip(all).map(write_one).collect()
}

fn analyze(paths: &[PathBuf], function: Option<&str>, threads: &str) -> Value {
    let function = function.into_iter().flat_map(|name| ["--function", name]);
    read_summary(&Run::analyze(paths).args(function).args(["--format", "json", "--threads", threads]).stdout())
}

/// Returns what the answer says of attempts: all but the places where their lines stand.
fn told(summary: &Value) -> Value {
    let mut told = json!({});
    for key in ["totals", "functions", "causes", "events_to_check", "window"] {
        told[key] = summary[key].clone();
    }
    told
}

/// Returns the first place in which two values differ, with both.
fn difference(one: &Value, other: &Value, path: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            one.iter().find_map(|(key, value)| difference(value, &other[key], &format!("{path}.{key}")))
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).enumerate().find_map(|(at, (a, b))| difference(a, b, &format!("{path}[{at}]")))
        }
        _ => (one != other).then(|| format!("{path}: {one} and {other}")),
    }
}

#[test]
fn each_attempt_counts_once_in_whatever_pieces_it_comes() {
    for seed in 0..16 {
        let mut random = Random(900 + seed);
        let corpus = corpus(seed);
        // The streams of one function: without a name there is a row for each that nothing joins.
        let function = corpus.streams[0].function.clone();
        let streams: Vec<&Stream> =
            corpus.streams.iter().filter(|stream| stream.function == function).take(1).collect();
        for shape in &SHAPES {
            let place = directory();
            let whole = place.path().join("whole");
            let text: String =
                streams[0].events.iter().map(|event| (shape.write)(&function, &streams[0].name, event)).collect();
            write(&whole, text);
            let streamless = shape.name == "aws logs tail --format short";
            // Lines without a stream and a function say nothing of where they belong, but what the pieces have in common.
            let given = (streamless && seed.is_multiple_of(2)).then_some(function.as_str());
            let want = analyze(&[whole], given, "1");
            let folder = place.path().join("pieces");
            std::fs::create_dir(&folder).unwrap();
            // Where nothing else joins the pieces, whole attempts must.
            let overlap = if streamless && given.is_none() { 16 } else { 0 };
            let paths = files(shape, &streams, overlap, &folder, &mut random);
            let got = analyze(&paths, given, "1");
            let all = ["attempts", "events", "failed", "failures", "outcomes", "cold_starts", "incomplete"];
            // Without streams, two copies of which neither has all lines cannot be put together.
            let keys = if streamless { &all[..2] } else { &all[..] };
            for key in keys {
                assert_eq!(got["totals"][key], want["totals"][key], "{seed} {} {key} {paths:?}", shape.name);
            }
            assert_eq!(got["functions"].as_array().unwrap().len(), 1, "{seed} {}", shape.name);
            for threads in ["2", "5"] {
                let again = analyze(&shuffled(paths.clone(), &mut random), given, threads);
                assert_eq!(difference(&again, &got, ""), None, "{seed} {} {threads}", shape.name);
            }
            // What was counted once is one record, and its evidence is that of the example.
            let given = given.into_iter().flat_map(|name| ["--function", name]);
            let records = Run::analyze(&paths).args(given).args(["--format", "ndjson"]).stdout();
            let path = place.path().join("records");
            write(&path, &records);
            let read = analyze(std::slice::from_ref(&path), None, "1");
            assert_eq!(difference(&told(&read), &told(&got), ""), None, "{seed} {}: read back", shape.name);
            assert_eq!(Run::analyze([&path]).args(["--format", "ndjson"]).stdout(), records, "{seed} {}", shape.name);
        }
    }
}

/// Of attempts that began in the same millisecond the one that ended first came first; of copies that differ, the one
/// that saw most counts. Neither depends on the names of files or their order.
#[test]
fn names_and_order_of_files_decide_nothing() {
    let id = "00000001-5b50-4f1e-8b5c-0d0b9f3c2a11";
    let report = |ms: u64| {
        format!(
            "REPORT RequestId: {id}\tDuration: {ms}.00 ms\tBilled Duration: {ms} ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB"
        )
    };
    let log = |stream: &str, lines: &[(i64, String)]| {
        let event = |(at, message): &(i64, String)| Event { at: 1_767_322_800_000 + at, message: message.clone() };
        lines.iter().map(|line| (SHAPES[0].write)("f", stream, &event(line))).collect::<String>()
    };
    let start = || (0, format!("START RequestId: {id} Version: 7"));
    let error = || (5, "[ERROR] ValueError: x".to_owned());
    let fails = log("2026/01/02/[7]01", &[start(), error(), (900, report(900))]);
    let fails_untold = log("2026/01/02/[7]01", &[start(), (900, report(900))]);
    let works = log("2026/01/02/[7]02", &[start(), (2_000, report(2_000))]);
    for (files, failed, outcome) in
        [([&fails, &works], 1, "recovered"), ([&fails, &fails_untold], 1, "open"), ([&works, &works], 0, "succeeded")]
    {
        for names in [["a", "b"], ["b", "a"]] {
            let place = directory();
            let paths = names.map(|name| place.path().join(name));
            paths.iter().zip(files).for_each(|(path, text)| write(path, text));
            for paths in [[&paths[0], &paths[1]], [&paths[1], &paths[0]]] {
                let summary = Run::analyze(paths).summary();
                assert_eq!(summary["totals"]["failed"], failed, "{outcome}");
                assert_eq!(summary["totals"]["outcomes"][outcome], 1, "{}", summary["totals"]["outcomes"]);
            }
        }
    }
}

/// A copy that does not tell its stream joins no attempts of different streams.
#[test]
fn attempts_of_several_streams_stay_apart_beside_a_copy_without_a_stream() {
    let id = "00000001-5b50-4f1e-8b5c-0d0b9f3c2a11";
    let report = format!(
        "REPORT RequestId: {id}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB"
    );
    let lines = [(0, format!("START RequestId: {id} Version: 7")), (9, report)];
    let log = |shape: usize, stream: &str| {
        let event = |(at, message): &(i64, String)| Event { at: 1_767_322_800_000 + at, message: message.clone() };
        lines.iter().map(|line| (SHAPES[shape].write)("f", stream, &event(line))).collect::<String>()
    };
    let place = directory();
    let names = ["a", "b", "c", "d"].map(|name| place.path().join(name));
    for (number, copy) in (0..12).flat_map(|number| (0..4).map(move |copy| (number, copy))) {
        let streams = [1, 2, 3].map(|stream| format!("2026/01/02/[7]{:032x}", number * 3 + stream));
        let mut logs: Vec<String> = streams.iter().map(|stream| log(0, stream)).collect();
        logs.insert(copy, log(3, ""));
        names.iter().zip(logs).for_each(|(path, text)| write(path, text));
        let summary = Run::analyze(&names).args(["--function", "f"]).summary();
        assert_eq!(summary["totals"]["attempts"], 3, "{streams:?} {copy}");
    }
}

/// Evidence is of the time that was asked for.
#[test]
fn examples_are_of_the_time_that_was_asked_for() {
    let place = directory();
    let path = place.path().join("log");
    let mut text = String::new();
    for hour in 0..6 {
        let (id, at) = (format!("0000000{hour}-5b50-4f1e-8b5c-0d0b9f3c2a11"), 1_767_322_800_000 + hour * 3_600_000);
        let report = format!(
            "REPORT RequestId: {id}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB"
        );
        for (after, message) in
            [(0, format!("START RequestId: {id} Version: 7")), (5, "[ERROR] ValueError: x".into()), (9, report)]
        {
            text += &(SHAPES[0].write)("f", "2026/01/02/[7]01", &Event { at: at + after, message });
        }
    }
    write(&path, text);
    for (bounds, want) in [
        (&[][..], ["03", "04", "05"].as_slice()),
        (&["--since", "2h"], &["07", "08"]),
        (&["--from", "-2h"], &["07", "08"]),
        (&["--from", "2026-01-02T05:00:00Z", "--to", "2026-01-02T06:00:00Z"], &["05", "06"]),
        (&["--from", "04:30", "--to", "06:30"], &["05", "06"]),
    ] {
        let summary = Run::analyze([&path]).args(bounds).summary();
        let examples = summary["functions"][0]["findings"][0]["examples"].as_array().unwrap();
        let hours: Vec<&str> = examples.iter().map(|one| &one["started_at"].as_str().unwrap()[11..13]).collect();
        assert!(hours.iter().all(|hour| want.contains(hour)), "{bounds:?}: {hours:?}");
        assert!(bounds.contains(&"04:30") || hours == want, "{bounds:?}: {hours:?}");
    }
}

/// Returns a log of one attempt of a function without a name, as `aws logs tail` writes it or without times.
fn nameless(id: &str, error: &str, duration: &str, times: bool) -> String {
    let at = |seconds: u64| if times { format!("2026-01-02T03:00:{seconds:02}.000000+00:00 ") } else { String::new() };
    format!(
        "{}START RequestId: {id} Version: 7\n{}[ERROR] {error}\n{}END RequestId: {id}\n{}REPORT RequestId: \
         {id}\tDuration: {duration} ms\tBilled Duration: 99 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\n",
        at(0),
        at(1),
        at(2),
        at(2)
    )
}

/// What two logs say differently happened twice, whatever ids and times they have in common.
#[test]
fn different_attempts_are_never_taken_for_copies() {
    for id in [
        "52fdfc07-2182-454f-963f-5f0f9a621d72",
        "00000000-0000-0000-0000-000000000000",
        "0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11",
    ] {
        for times in [false, true] {
            let place = directory();
            let (a, b) = (place.path().join("a"), place.path().join("b"));
            write(&a, nameless(id, "KeyError: 'a'", "10.50", times));
            write(&b, nameless(id, "ValueError: b", "22.10", times));
            let summary = Run::analyze([&a, &b]).summary();
            assert_eq!(summary["totals"]["failed"], 2, "{id} {times}");
            assert_eq!(summary["functions"].as_array().unwrap().len(), 2, "{id} {times}");
        }
    }
}

/// A log that names no function may be of several: what it has in common with their logs counts twice, and is told.
#[test]
fn attempts_that_count_in_two_functions_are_told() {
    let corpus = corpus(7);
    let of = |function: &str| -> Vec<&Stream> {
        corpus.streams.iter().filter(|stream| stream.function == function).take(1).collect()
    };
    let first = corpus.streams[0].function.clone();
    let second = corpus.streams.iter().find(|stream| stream.function != first).unwrap().function.clone();
    let place = directory();
    let write_as = |name: &str, shape: usize, streams: &[&Stream]| {
        let path = place.path().join(name);
        let lines = streams.iter().flat_map(|stream| {
            let line = |event| (SHAPES[shape].write)(&stream.function, &stream.name, event);
            stream.events.iter().map(line)
        });
        write(&path, lines.collect::<String>());
        path
    };
    let named = write_as("named", 0, &[of(&first), of(&second)].concat());
    let one = write_as("one", 3, &of(&first));
    let mixed = write_as("mixed", 3, &[of(&first), of(&second)].concat());
    let is_told = |paths: &[&PathBuf], flags: &[&str]| {
        let summary = Run::analyze(paths).args(flags).summary();
        let notes = summary["coverage"]["notes"].as_array().unwrap();
        let is_told = notes.iter().any(|note| note.as_str().unwrap().contains("have attempts in common"));
        assert!(!is_told || summary["coverage"]["complete"] == false);
        is_told
    };
    for (paths, flags, want) in [
        (vec![&named], vec![], false),
        (vec![&named, &one], vec![], false),
        (vec![&named, &mixed], vec![], true),
        (vec![&mixed], vec![], false),
        (vec![&named, &mixed], vec!["--only", &*first], true),
    ] {
        assert_eq!(is_told(&paths, &flags), want, "{paths:?} {flags:?}");
    }
}

/// Exports name streams differently, or not at all; an attempt has its id and its start all the same.
#[test]
fn a_copy_in_another_form_is_a_copy() {
    for seed in 0..4 {
        let corpus = corpus(40 + seed);
        let stream = &corpus.streams[0];
        let place = directory();
        let group = place.path().join("aws/lambda").join(&stream.function);
        std::fs::create_dir_all(&group).unwrap();
        let text = |shape: usize| {
            stream.events.iter().map(move |event| (SHAPES[shape].write)(&stream.function, &stream.name, event))
        };
        let [a, b] = ["a.ndjson", "b.log"].map(|name| place.path().join(name));
        let plain = group.join("x.log");
        write(&a, text(0).collect::<String>());
        write(&plain, text(3).collect::<String>());
        write(&b, text(1).collect::<String>());
        let want = &Run::analyze([&a]).summary()["totals"]["attempts"];
        let flags = ["--function", &stream.function];
        for paths in [vec![&a, &plain], vec![&plain, &b], vec![&b, &a, &plain]] {
            let totals = &Run::analyze(&paths).args(flags).summary()["totals"];
            assert_eq!(totals["attempts"], *want, "{seed} {paths:?}");
            assert_eq!(totals["outcomes"]["rerun_after_success"], 0, "{seed} {paths:?}");
        }
    }
}

/// The same failures on two days are the same causes, also where the log names no function.
#[test]
fn causes_of_a_log_without_a_name_keep_their_ids() {
    let log = |day: u32| {
        let at = |minute: u32, second: u32| format!("2026-01-{day:02}T03:{minute:02}:{second:02}.000000+00:00");
        let attempt = |minute: u32| {
            let id = format!("{day:04}{minute:04}-5b50-4f1e-8b5c-0d0b9f3c2a11");
            let status = if minute.is_multiple_of(5) { "Status: timeout" } else { "" };
            format!(
                "{} START RequestId: {id} Version: 7\n{} REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\t\
                 Memory Size: 128 MB\tMax Memory Used: 9 MB\t{status}\n",
                at(minute, 0),
                at(minute, 3)
            )
        };
        (0..50).map(attempt).collect::<String>()
    };
    let place = directory();
    let (a, b) = (place.path().join("a"), place.path().join("b"));
    write(&a, log(2));
    write(&b, log(3));
    let ids = |path: &PathBuf| Run::analyze([path]).summary()["causes"][0]["id"].clone();
    assert_eq!(ids(&a), ids(&b));
    let diff =
        Run::new(["diff".as_ref(), a.as_os_str(), b.as_os_str()]).args(["--fail-on", "new_causes > 0"]).status(0);
    assert!(diff.stdout.contains("0 causes new") || diff.stdout.starts_with("No change"), "{}", diff.stdout);
}

/// Records of a log that was not understood pass no gate either.
#[test]
fn records_say_whether_their_log_was_understood() {
    let id = "0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11";
    let place = directory();
    let [log, records, summary] = ["log", "records", "summary"].map(|name| place.path().join(name));
    write(&log, format!("START RequestId: {id} Version: 7\nREPORT RequestId: {id}\tDuration: 3,00 ms\n"));
    let gate = ["--function", "f", "--fail-on", "failed > 100"];
    Run::analyze([&log]).args(gate).status(3);
    write(&records, Run::analyze([&log]).args(["--function", "f", "--format", "ndjson"]).done().stdout);
    let done = Run::analyze([&records]).args(&gate[2..]).status(3);
    assert!(done.stderr.contains("its records are of a log that was not read, or not understood"), "{}", done.stderr);
    write(&summary, Run::analyze([&records]).args(["--format", "json"]).done().stdout);
    Run::new(["view".as_ref(), summary.as_os_str()]).args(&gate[2..]).status(3);
    let again = Run::analyze([&records]).args(["--format", "ndjson"]).done().stdout;
    assert!(again.contains("\"understood\":false"), "{again}");
}

/// Forms in which the same log is had: with names and times, without either.
fn forms(function: &str, stream: &Stream) -> Vec<(&'static str, String)> {
    let shaped = SHAPES.iter().map(|shape| {
        let text = stream.events.iter().map(|event| (shape.write)(function, &stream.name, event)).collect();
        (shape.name, text)
    });
    let messages = stream.events.iter().map(|event| json!({"timestamp": event.at, "message": event.message}));
    let without_stream = json!({"events": messages.collect::<Vec<_>>(), "nextForwardToken": "f/1"}).to_string();
    let bare = stream.events.iter().fold(String::new(), |out, event| out + event.message.trim_end() + "\n");
    shaped.chain([("aws logs get-log-events", without_stream), ("bare text", bare)]).collect()
}

/// A log beside itself in another form, named or not, counts once, in any order and read back from records.
#[test]
fn every_form_of_a_log_is_known_in_every_other_one() {
    for seed in 0..3 {
        let mut random = Random(4_000 + seed);
        let corpus = corpus(seed);
        let stream = &corpus.streams[0];
        let forms = forms(&stream.function, stream);
        let pairs = (0..forms.len()).flat_map(|one| (0..forms.len()).map(move |other| vec![one, other]));
        for chosen in pairs.filter(|pair| pair[0] != pair[1]).chain([(0..forms.len()).collect()]) {
            let place = directory();
            let names: Vec<&str> = chosen.iter().map(|at| forms[*at].0).collect();
            let paths: Vec<PathBuf> = chosen
                .iter()
                .enumerate()
                .map(|(number, at)| {
                    let path = place.path().join(format!("{number}.log"));
                    write(&path, &forms[*at].1);
                    path
                })
                .collect();
            let got = analyze(&paths, None, "1");
            let one = analyze(&paths[..1], None, "1");
            let all = ["attempts", "events"];
            for key in all {
                assert_eq!(got["totals"][key], one["totals"][key], "{seed} {key} {names:?}");
            }
            assert!(got["totals"]["failed"].as_u64() >= one["totals"]["failed"].as_u64(), "{seed} {names:?}");
            assert_eq!(got["functions"].as_array().unwrap().len(), 1, "{seed} {names:?}");
            let again = analyze(&shuffled(paths.clone(), &mut random), None, "3");
            assert_eq!(difference(&again, &got, ""), None, "{seed} {names:?}");
            let path = place.path().join("records");
            write(&path, Run::analyze(&paths).args(["--format", "ndjson"]).stdout());
            let read = analyze(std::slice::from_ref(&path), None, "1");
            for key in ["attempts", "events", "failed", "failures", "outcomes"] {
                assert_eq!(read["totals"][key], got["totals"][key], "{seed} {names:?}: {key} read back");
            }
        }
    }
}
