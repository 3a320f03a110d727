//! Hostile logs: whatever they hold, the program ends by itself, and prints nothing that controls a terminal.

use super::commands::{id, log_of};
use super::generate::Random;
use super::harness::{Run, directory, formats, gzip, write};

/// Returns a log with this text as the error of its one attempt, its function's name and its stream.
fn log(text: &str) -> Vec<u8> {
    let id = "0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11";
    let message = |message: String| {
        let line = serde_json::json!({"timestamp": 1_767_322_800_000_i64, "logGroup": format!("/aws/lambda/{text}"),
                                      "logStream": format!("2026/01/02/[7]{text}"), "message": message});
        format!("{line}\n")
    };
    [
        message(format!("START RequestId: {id} Version: 7\n")),
        message(format!("[ERROR] {text}Error: {text}\nTraceback (most recent call last):\n  File \"{text}\", line 1")),
        message(format!("REPORT RequestId: {id}\tDuration: 1.00 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\t\n")),
    ]
    .concat()
    .into_bytes()
}

/// Returns whether a character controls a terminal or hides text on it.
fn dangerous(char: char) -> bool {
    (char.is_control() && char != '\n')
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
            | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
fn harmless(input: &[u8]) {
    for format in formats() {
        let done = Run::analyze(["-"]).args(["--format", format]).input(input).done();
        assert!([0, 3, 4].contains(&done.status), "{format}: status {}: {}", done.status, done.stderr);
        // Lines of CSV end with CR LF (RFC 4180), and no other format has a CR.
        let out = if format == "csv" { done.stdout.replace("\r\n", "\n") } else { done.stdout };
        let out = format!("{out}{}", done.stderr);
        assert!(!out.contains(dangerous), "{:?}", out.lines().find(|line| line.contains(dangerous)));
    }
}

/// Checks what is printed beside the answers: the ledger and one event, in every form.
#[track_caller]
fn harmless_elsewhere(input: &str) {
    let folder = directory();
    for name in ["ledger.csv", "ledger.json"] {
        let path = folder.path().join(name);
        Run::analyze(["-", "-q"]).arg_path("--ledger", &path).input(input).done();
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        assert!(text.len() > 200 && !text.contains(dangerous), "{name}: {text:?}");
    }
    for format in ["text", "json", "markdown"] {
        let done = Run::new(["show", &id(0), "-", "--format", format]).input(input).status(0);
        assert!(!done.stdout.contains(dangerous), "{format}: {:?}", done.stdout);
    }
}

#[test]
fn escape_sequences_and_hidden_characters_do_not_get_out() {
    for text in [
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\u{9b}31m",
        "user\u{202e}gpj.exe",
        "a\u{200b}b\u{2066}c\u{feff}",
        "back\x08\x08space\r\x7f",
        "nul\0byte",
        "tab\tand\u{85}next\u{2028}line",
        "a\u{fe0f}b\u{e0101}c\u{180b}d\u{e0041}",
    ] {
        harmless(&log(text));
        // Others after it: what failed just before the end may still be tried again.
        harmless_elsewhere(&log_of(&[text, "later", "last"]));
        let table = Run::analyze(["-"]).input(log(text)).stdout();
        assert!(table.starts_with("1 of 1 attempt failed"), "the attempt is judged all the same: {table}");
    }
}

#[test]
fn names_of_inputs_are_hostile_too() {
    let folder = directory();
    let path = folder.path().join("a\x1b[31m\u{202e}b.log");
    write(&path, "milk\n");
    let done = Run::analyze([&path]).status(3);
    assert!(!format!("{}{}", done.stdout, done.stderr).contains(dangerous), "{:?}", done.stderr);
}

#[test]
fn binary_is_no_log() {
    let mut random = Random(7);
    let noise: Vec<u8> = (0..20_000).map(|_| random.next() as u8).collect();
    let done = Run::analyze(["-"]).input(noise.clone()).status(3);
    assert!(!format!("{}{}", done.stdout, done.stderr).contains(dangerous));
    for magic in [&b"\x7fELF"[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1", b"BZh9", b"\xfd7zXZ\0"]
    {
        harmless(&[magic, &noise].concat());
    }
}

#[test]
fn huge_lines_nul_bytes_and_broken_text_are_read() {
    let fine = String::from_utf8(log("x")).unwrap();
    let endless = "x".repeat(9_000_000);
    harmless(endless.as_bytes());
    harmless(format!("{fine}{endless}\n{fine}").as_bytes());
    harmless(&log(&"[ERROR] ".repeat(100_000)));
    harmless(&[fine.as_bytes(), &[0; 100_000], fine.as_bytes()].concat());
    harmless(&[fine.as_bytes(), b"\xff\xfe\xc3\x28\xed\xa0\x80\n", fine.as_bytes()].concat());
    harmless(b"START RequestId: \xff\xff Version: \xc3\nREPORT RequestId: \n\n\nEND\n");
    harmless("[".repeat(200_000).as_bytes());
    harmless("{\"events\":[".repeat(50_000).as_bytes());
}

#[test]
fn numbers_beyond_all_bounds_are_read() {
    for number in ["99999999999999999999999999", "-1", "1e999", "NaN", "0x10", "18446744073709551615", "."] {
        let id = "0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11";
        let text = format!(
            "START RequestId: {id} Version: {number}\n\
             REPORT RequestId: {id}\tDuration: {number} ms\tBilled Duration: {number} ms\tMemory Size: {number} MB\t\
             Max Memory Used: {number} MB\tInit Duration: {number} ms\tStatus: timeout\n"
        );
        harmless(text.as_bytes());
        let json = format!(
            "{{\"timestamp\":{number},\"logGroup\":\"/aws/lambda/x\",\"logStream\":\"s\",\"message\":\"REPORT RequestId: {id}\\tDuration: {number} ms\"}}\n"
        );
        harmless(json.as_bytes());
    }
}

#[test]
fn every_truncation_of_a_compressed_log_ends_with_a_message() {
    let whole = gzip(&log("x").repeat(20));
    for end in (1..whole.len()).step_by(23) {
        let done = Run::analyze(["-"]).input(&whole[..end]).status(3);
        assert!(done.stderr.contains("<stdin>: "), "{}", done.stderr);
    }
}

#[test]
fn mangled_logs_crash_nothing() {
    let mut random = Random(99);
    let samples = ["json-format", "filter-log-events", "retries", "insights", "aws-logs-tail"];
    for sample in samples {
        let path = super::harness::root().join(super::harness::LOGS).join(sample);
        let bytes = std::fs::read(&super::harness::files_below(&path)[0]).unwrap();
        for _ in 0..12 {
            let mut mangled = bytes.clone();
            for _ in 0..1 + random.below(20) {
                let at = random.below(mangled.len() as u64) as usize;
                match random.below(3) {
                    0 => mangled[at] = random.next() as u8,
                    1 => mangled.truncate(at.max(1)),
                    _ => drop(mangled.splice(at..at, b"\"}{\\\n".iter().copied())),
                }
            }
            let done = Run::analyze(["-"]).input(mangled).done();
            assert!([0, 3, 4].contains(&done.status), "{}", done.stderr);
            assert!(!done.stdout.contains(dangerous));
        }
    }
}
