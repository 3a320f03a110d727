//! Lines of the platform in copies that have lost a line end, or have signs of what they were copied out of: they say what the
//! log says.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";
const OTHER: &str = "0c9d8e7f-2222-4333-8444-555566667777";

/// What is told of each attempt, and whether all was read.
fn told(text: &str) -> (Vec<Value>, bool) {
    let options = Options { keep_records: true, ..Options::default() };
    let text = text.replace("$ID", ID).replace("$OTHER", OTHER);
    let mut analysis = analyze_samples(&[("paste.log", text.as_bytes())], &options).unwrap();
    let complete = analysis.summary.coverage.complete;
    let gist = |record: &Value| {
        json!([
            record["request_id"],
            record["code"],
            record["confidence"],
            record["error_type"],
            record["error_message"],
            record["duration_ms"]
        ])
    };
    (records_of(&mut analysis).iter().map(gist).collect(), complete)
}

const START: &str = "START RequestId: $ID Version: $LATEST\n";
const END: &str = "END RequestId: $ID\n";
const REPORT: &str =
    "REPORT RequestId: $ID\tDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB";

/// What an attempt writes last, without a line end.
const LAST_WORDS: [&str; 7] = [
    "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)",
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'shop'\nTraceback (most recent call last):",
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code.\n[ERROR] ValueError: no plan\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    raise ValueError(\"no plan\")",
    "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the Query operation: no\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    table.query()",
    "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in pay\n    x()\nKeyError: 'plan'",
    "charged",
    "no stock: com.acme.OutOfStockException\ncom.acme.OutOfStockException: no stock\n\tat com.acme.Orders.handle(Orders.java:7)",
];

#[test]
fn an_end_behind_the_last_words_is_an_end() {
    for said in LAST_WORDS {
        for behind in
            ["\n", "\n\nRequest ID\n$ID\n", "\nSTART RequestId: $OTHER Version: $LATEST\nEND RequestId: $OTHER\n"]
        {
            let apart = told(&format!("{START}{said}\n{END}{REPORT}{behind}"));
            assert!(apart.1, "{said}");
            assert_eq!(told(&format!("{START}{said}{END}{REPORT}{behind}")), apart, "{said}");
        }
        // Without a REPORT, the END is all that tells that the attempt is over.
        assert_eq!(told(&format!("{START}{said}{END}")).0.len(), 1, "{said}");
    }
}

/// An END of another request, or one in a sentence, is quoted.
#[test]
fn a_quoted_end_ends_nothing() {
    for said in LAST_WORDS {
        let apart = told(&format!("{START}{said}\n{END}{REPORT}\n"));
        let quoted = told(&format!("{START}{said} END RequestId: $OTHER\n{END}{REPORT}\n"));
        assert_eq!(quoted.0.len(), apart.0.len(), "{said}");
        assert_eq!(quoted.0[0][1], apart.0[0][1], "{said}");
    }
}

/// An error behind printed text is no line of its own. As long as it is not read, nothing may look whole.
#[test]
fn an_error_that_is_hidden_in_a_line_is_never_a_whole_success() {
    let hidden = "item 7[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)";
    let (attempts, complete) = told(&format!("{START}{hidden}{END}{REPORT}\n"));
    assert!(!complete || attempts[0][1] != "ok", "{attempts:?}");
}

/// Signs behind the last figure take nothing away from it.
#[test]
fn signs_behind_a_report_are_of_the_copy() {
    let whole = told(&format!("{START}{END}{REPORT}\n"));
    assert_eq!(whole.0[0][1], "ok");
    assert!(whole.1);
    for fields in ["", "\tInit Duration: 120.11 ms", "\tInit Duration: 120.11 ms\t"] {
        for sign in [
            "`",
            "```",
            "`;",
            "\"\"\"",
            "'''",
            "\"",
            "\",",
            "')",
            "</span>",
            "</code></pre>",
            "<br>",
            "*/",
            " */",
            "\" +",
            "\n^C CTRL+C received, cancelling...",
            "\n\n# What comes next",
            "\n</pre>",
        ] {
            let (attempts, complete) = told(&format!("{START}{END}{REPORT}{fields}{sign}\n"));
            assert_eq!(attempts, whole.0, "{fields}{sign}");
            assert!(complete, "{fields}{sign}");
        }
    }
}

/// What is cut stays cut.
#[test]
fn a_report_that_is_cut_is_told() {
    let last = REPORT.rfind("Max").unwrap();
    for rest in [
        "Max Memory Used: 3",
        "Max Memory Used: 36 M",
        "Max Memory Used: 36 MB...",
        "Max Memory Used: 36 MB …",
        "Max Memory Used: 36 MB\tSta",
        "Max Memory Used: 36 MB⏎",
        "Max Memory Used: 36 MB|",
        "Max Mem",
        "",
        "`",
    ] {
        let (attempts, complete) = told(&format!("{START}{END}{}{rest}\n", &REPORT[..last]));
        assert!(!complete, "{rest}");
        assert_ne!(attempts[0][2], "high", "{rest}");
    }
}
