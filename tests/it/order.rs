//! Independence of threads, of the order of inputs and of cuts through a stream: none of them changes an answer.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::generate;
use super::harness::{LOGS, Run, directory, files_below, formats, gzip, read_records, read_summary, write};

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for format in formats() {
        let with = |threads: &str| Run::analyze([LOGS]).args(["--format", format, "--threads", threads]).stdout();
        let one = with("1");
        assert!(one.len() > 1_000, "{format} says something");
        for threads in ["2", "8"] {
            assert!(with(threads) == one, "{format} with {threads} threads differs");
        }
    }
}

/// The number of threads does not matter for one input on a pipe, which, its size being unknown, is decoded in a thread
/// of its own if there are several.
#[test]
fn any_number_of_threads_for_one_input_gives_the_same_bytes() {
    for path in files_below(Path::new(LOGS)) {
        let bytes = fs::read(&path).unwrap();
        for input in [gzip(&bytes), bytes] {
            let with = |threads: &str| {
                let run = Run::analyze(["-"]).args(["--format", "ndjson", "--threads", threads, "--allow-empty"]);
                run.input(input.clone()).done()
            };
            let (one, many) = (with("1"), with("3"));
            assert_eq!((one.status, one.stdout), (many.status, many.stdout), "{}", path.display());
        }
    }
}

/// The lines of one id in many files are shown up to a bound, and which ones does not depend on who read them.
#[test]
fn any_number_of_threads_shows_the_same_lines() {
    const ID: &str = "153e7c2a-26a2-40bd-bb12-87fff52d0001";
    let place = directory();
    for file in 0..12 {
        let attempt = |at: i32| {
            format!(
                "2026-01-02T03:{file:02}:{at:02}.000Z START RequestId: {ID} Version: 1\n\
                 2026-01-02T03:{file:02}:{at:02}.001Z file {file}, attempt {at}\n\
                 2026-01-02T03:{file:02}:{at:02}.002Z REPORT RequestId: {ID}\tDuration: 2.00 ms\t\
                 Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\n"
            )
        };
        write(&place.path().join(format!("{file:02}.log")), (0..20).map(attempt).collect::<String>());
    }
    let with = |threads: &str| Run::new(["show", ID]).args([place.path()]).args(["--threads", threads]).stdout();
    let one = with("1");
    assert_eq!(one.matches(", attempt ").count(), 64);
    assert_eq!(one.matches("3 lines not shown").count(), 12 * 20 - 64);
    for threads in ["2", "2", "3", "8", "8"] {
        assert!(with(threads) == one, "{threads} threads differ");
    }
}

/// The number of threads does not matter for a large input, which several threads read in chunks of 256 KiB, also if it
/// mixes streams or has messages longer than chunks.
#[test]
fn any_number_of_threads_for_a_large_input_gives_the_same_bytes() {
    for (seed, longest) in [(20, 10), (21, 700_000), (22, 1_900_000), (23, 2_400_000)] {
        let mut events: Vec<generate::Event> = Vec::new();
        for seed in seed * 1_000.. {
            events.extend(generate::corpus(seed).streams.into_iter().flat_map(|stream| stream.events));
            if events.iter().map(|event| event.message.len()).sum::<usize>() > 2_000_000 {
                break;
            }
        }
        events.sort_by_key(|event| event.at);
        let middle = events.len() / 2;
        let long = format!("a line\n{}", "x and y\n".repeat(longest / 8));
        events.insert(middle, generate::Event { at: events[middle].at, message: long });
        let input = generate::s3_lines(&events).into_bytes();
        for format in ["json", "ndjson"] {
            let with = |threads: &str| {
                let run = Run::analyze(["-"]).args(["--format", format, "--threads", threads]);
                run.input(input.clone()).done()
            };
            let one = with("1");
            assert!(one.stdout.len() > 10_000, "{format} says {} bytes", one.stdout.len());
            for threads in ["2", "3"] {
                let many = with(threads);
                let same = (one.status, one.stdout == many.stdout) == (many.status, true);
                assert!(same, "{format} with {threads} threads and a message of {longest} bytes differs");
            }
        }
    }
}

/// Unnamed functions are ordered by their inputs, not by which of them a thread met first.
#[test]
fn functions_without_a_name_stand_in_the_order_of_their_inputs() {
    let place = directory();
    for at in 10..90 {
        let report = format!(
            "2026-01-02T03:00:{}.000Z REPORT RequestId: 153e7c2a-26a2-40bd-bb12-87fff52d{at:04}\tDuration: 2.00 ms\t\
             Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\n",
            10 + at % 50
        );
        write(&place.path().join(format!("{at}.log")), report);
    }
    let with = |threads: &str| Run::analyze([place.path()]).args(["--format", "json", "--threads", threads]).stdout();
    let one = with("1");
    assert_eq!(read_summary(&one)["functions"].as_array().unwrap().len(), 80);
    for _ in 0..20 {
        assert!(with("8") == one, "8 threads give another order");
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    for format in formats() {
        let run = || Run::new(["demo", "--format", format]).stdout();
        assert_eq!(run(), run(), "{format}");
    }
}

/// Returns everything that must not depend on files: all but the names of inputs and the places in them.
fn essence(paths: &[std::path::PathBuf]) -> (String, Vec<String>) {
    let summary = read_summary(&Run::analyze(paths).args(["--format", "json"]).stdout());
    let mut functions = summary["functions"].clone();
    for one in functions.as_array_mut().unwrap() {
        for finding in one["findings"].as_array_mut().unwrap() {
            finding["examples"].take();
        }
    }
    let records = read_records(&Run::analyze(paths).args(["--format", "ndjson"]).stdout());
    let mut lines: Vec<String> = records
        .into_iter()
        .map(|mut record| {
            for line in record["evidence"].as_array_mut().unwrap() {
                line["input"].take();
                line["line_number"].take();
            }
            record.to_string()
        })
        .collect();
    lines.sort();
    (format!("{}{functions}", summary["totals"]), lines)
}

#[test]
fn a_stream_cut_into_three_files_is_one_stream_in_any_order() {
    for seed in 10..14 {
        let corpus = generate::corpus(seed);
        let mut random = generate::Random(seed);
        let stream = &corpus.streams[0];
        let whole = directory();
        let path = whole.path().join(generate::s3_folder(stream)).join("000000");
        write(&path, generate::s3_lines(&stream.events));
        let want = essence(&[path]);

        let cut = directory();
        let end = stream.events.len() as u64;
        let mut cuts = [1 + random.below(end - 1), 1 + random.below(end - 1)];
        cuts.sort_unstable();
        let (first, second) = (cuts[0] as usize, cuts[1] as usize);
        let stretches = [&stream.events[..first], &stream.events[first..second], &stream.events[second..]];
        let paths: Vec<_> = stretches
            .iter()
            .enumerate()
            .filter(|(_, events)| !events.is_empty())
            .map(|(part, events)| {
                let path = cut.path().join(generate::s3_folder(stream)).join(format!("00000{part}"));
                write(&path, generate::s3_lines(events));
                path
            })
            .collect();
        for order in orders(paths) {
            let got = essence(&order);
            for (got, want) in got.1.iter().zip(&want.1) {
                assert_eq!(got, want, "seed {seed}, cut at {first} and {second}, {order:?}");
            }
            assert_eq!(got.1.len(), want.1.len(), "seed {seed}, cut at {first} and {second}, {order:?}");
            assert_eq!(got.0, want.0, "seed {seed}, cut at {first} and {second}, {order:?}");
        }
    }
}

/// Returns all permutations of the items.
fn orders<T: Clone>(items: Vec<T>) -> Vec<Vec<T>> {
    if items.len() < 2 {
        return vec![items];
    }
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let mut rest = items.clone();
        rest.remove(at);
        for mut order in orders(rest) {
            order.insert(0, item.clone());
            all.push(order);
        }
    }
    all
}

/// Errors that the runtime clients write as they end an attempt, with ID where its id stands.
const LAST_WORDS: [(&str, bool, &str); 9] = [
    ("Go", false, r#"{"errorMessage":"no stock","errorType":"errorString"}"#),
    ("Go in JSON", true, r#"{"errorMessage":"no stock","errorType":"errorString"}"#),
    (
        ".NET",
        false,
        "2026-10-01T00:00:00.090Z\tID\tfail\tSystem.InvalidOperationException: no stock\n   at Shop.Orders.Take()\n",
    ),
    (
        "Node in JSON",
        true,
        r#"{"timestamp":"2026-10-01T00:00:00.090Z","level":"ERROR","requestId":"ID","message":{"errorType":"TypeError","errorMessage":"no stock","stackTrace":["TypeError: no stock"]}}"#,
    ),
    (
        "Node",
        false,
        "2026-10-01T00:00:00.090Z\tID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no stock\",\"stack\":[\"TypeError: no stock\"]}",
    ),
    (
        "Python in JSON",
        true,
        r#"{"timestamp":"2026-10-01T00:00:00.090Z","log_level":"ERROR","errorMessage":"no stock","errorType":"KeyError","requestId":"ID","stackTrace":["  File \"/var/task/app.py\", line 3, in handler\n"]}"#,
    ),
    (
        "Python",
        false,
        "[ERROR] KeyError: 'stock'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n",
    ),
    (
        "Java",
        false,
        "no stock: java.lang.IllegalStateException\njava.lang.IllegalStateException: no stock\n\tat shop.Orders.take(Orders.java:9)\n",
    ),
    (
        "Ruby",
        false,
        r#"Error raised from handler method
{
  "errorMessage": "no stock",
  "errorType": "Function<RuntimeError>",
  "stackTrace": ["/var/task/app.rb:3:in `handler'"]
}"#,
    ),
];

/// Exports have the lines of one millisecond in any order: an error at the time of START or REPORT is of the attempt, also before
/// the one or behind the other.
#[test]
fn an_error_at_the_time_of_start_or_report_may_stand_beside_it() {
    let ids = ["5f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d10", "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d11"];
    for (runtime, json, error) in LAST_WORDS {
        let of_platform = |id: &str, begin: u64, end: u64| {
            let time = |ms: u64| format!("2026-10-01T00:00:0{}.{:03}Z", ms / 1_000, ms % 1_000);
            if json {
                let report = format!(
                    r#"{{"time":"{}","type":"platform.report","record":{{"requestId":"{id}","status":"success","metrics":{{"durationMs":89.5,"billedDurationMs":90,"memorySizeMB":128,"maxMemoryUsedMB":60}}}}}}"#,
                    time(end)
                );
                let start = r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#;
                vec![(begin, start.replace("TIME", &time(begin)).replace("ID", id)), (end, report)]
            } else {
                let report = format!(
                    "REPORT RequestId: {id}\tDuration: 89.50 ms\tBilled Duration: 90 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
                );
                vec![
                    (begin, format!("START RequestId: {id} Version: 1\n")),
                    (end, format!("END RequestId: {id}\n")),
                    (end, report),
                ]
            }
        };
        let places = |begin: u64| usize::from(begin == 0)..=of_platform(ids[0], begin, 90).len();
        for (begin, behind) in [0, 90].into_iter().flat_map(|begin| places(begin).map(move |behind| (begin, behind))) {
            let mut events = of_platform(ids[0], begin, 90);
            events.insert(behind, (90, error.replace("ID", ids[0])));
            events.extend(of_platform(ids[1], 2_000, 2_090));
            let line = |(at, message): &(u64, String)| {
                let stream = "2026/10/01/[1]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
                let at = 1_790_812_800_000 + at;
                json!({"timestamp": at, "logGroup": "/aws/lambda/orders", "logStream": stream, "message": message})
                    .to_string()
                    + "\n"
            };
            let records = Run::analyze(["-"]).input(events.iter().map(line).collect::<String>()).records();
            let told: Vec<_> = records.iter().map(|record| (&record["category"], &record["confidence"])).collect();
            assert_eq!(records[0]["category"], "runtime_exception", "{runtime} behind {behind} from {begin}: {told:?}");
            assert_eq!(told[1], (&json!("ok"), &json!("high")), "{runtime} behind {behind}");
            assert_eq!(records[1]["observations"], json!([]), "{runtime} behind {behind}");
        }
    }
}
