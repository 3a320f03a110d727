//! Lines whose time is not that of the log: dates in data, clocks of other machines, lines of another request. In text
//! without times of its own they stand beside the lines that tell when the attempt ran, and must not end it.

use lambda_triage::internal::{Options, analyze_samples};

use super::generate::{Random, corpus};
use super::harness::records_of;

/// Lines with a time that is far off, each at level INFO or ERROR of a logger.
const LINES: [&str; 7] = [
    "2031-02-26T06:23:50.811Z\t00000000-0000-0000-0000-000000000000\tERROR\tan error of long ago",
    "2031-02-26T06:23:50.811Z 00000000-0000-0000-0000-000000000000 ERROR an error of long ago",
    "2019-01-01T00:00:00.000Z\t00000000-0000-0000-0000-000000000000\tINFO\tan order",
    "[ERROR]\t2031-02-26T06:23:50.811Z\t00000000-0000-0000-0000-000000000000\tnot stored",
    "[INFO]\t1999-12-31T23:59:59.999Z\t\tan old date",
    "2031/02/26 06:23:50 stored",
    "{\"level\":\"ERROR\",\"timestamp\":\"2031-02-26T06:23:50.811Z\",\"message\":\"not stored\"}",
];

/// Code, duration and attempt of every record.
fn facts(text: &str) -> Vec<String> {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("x.log", text.as_bytes())], &options).unwrap();
    const KEYS: [&str; 5] = ["request_id", "attempt", "code", "error_message", "duration_ms"];
    let mut facts: Vec<String> =
        records_of(&mut analysis).iter().map(|record| KEYS.map(|key| record[key].to_string()).join(" ")).collect();
    facts.sort();
    facts
}

#[test]
fn a_line_with_a_time_far_off_splits_no_attempt() {
    let mut random = Random(11);
    for seed in 800..840 {
        let Some(stream) = corpus(seed).streams.into_iter().next() else { continue };
        let lines: Vec<String> = stream.events.iter().map(|event| event.message.trim_end().to_owned()).collect();
        let want = facts(&lines.join("\n"));
        for line in LINES {
            let mut with = lines.clone();
            // Anywhere in a running attempt: behind START, before END, or between.
            let is = |at: usize, word: &str| lines[at].starts_with(word);
            let starts: Vec<usize> = (0..lines.len()).filter(|at| is(*at, "START ")).collect();
            let start = starts[random.below(starts.len() as u64) as usize];
            let length = (start + 1..lines.len()).take_while(|at| !is(*at, "END ") && !is(*at, "START ")).count();
            let at = start + [0, length, random.below(length as u64 + 1) as usize][random.below(3) as usize];
            with.insert(at + 1, line.to_owned());
            assert_eq!(facts(&with.join("\n")), want, "seed {seed}, behind line {at}: {line}\n{}", with.join("\n"));
        }
    }
}
