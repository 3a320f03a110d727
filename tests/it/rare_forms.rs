//! Errors in forms that few versions of a runtime's client write, or that a copy made of the usual ones: each is a failure where
//! the usual form is one.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";

fn records(text: &str) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    let text = text.replace("$ID", ID);
    records_of(&mut analyze_samples(&[("copy.log", text.as_bytes())], &options).unwrap())
}

/// An attempt that says so much, with what a tool puts before every line.
fn attempt(said: &str, before: &str) -> String {
    let log = format!(
        "START RequestId: $ID Version: $LATEST\n{said}\nEND RequestId: $ID\n\
         REPORT RequestId: $ID\tDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
    );
    log.lines().map(|line| format!("{before}{line}\n")).collect()
}

const BEFORE: [&str; 4] = ["", "> ", "17:34:15 ", "2026-01-02T03:04:05.678Z\t"];

#[test]
fn code_that_did_not_load_is_told_behind_the_heading_of_a_stack() {
    for (sentence, want) in [
        ("Unable to import module 'app': No module named 'shop'", "init_failure.import"),
        (
            "Unable to import module 'app': cannot import name 'pay' from 'shop' (/var/task/shop.py)",
            "init_failure.import",
        ),
        ("Handler 'handle' missing on module 'app'", "init_failure.handler_not_found"),
        ("Syntax error in module 'app': invalid syntax (app.py, line 3)", "init_failure"),
        ("Bad handler 'app': not enough values to unpack (expected 2, got 1)", "init_failure.handler_not_found"),
        ("Bad handler 'src/app': need more than 1 value to unpack", "init_failure.handler_not_found"),
        ("Bad handler 'index'", "init_failure.handler_not_found"),
        ("Bad handler index", "init_failure.handler_not_found"),
    ] {
        for before in BEFORE {
            for heading in ["", "Traceback (most recent call last): "] {
                let found = records(&attempt(&format!("{heading}{sentence}"), before));
                assert_eq!(found.len(), 1, "{before}{heading}{sentence}");
                let code = found[0]["code"].as_str().unwrap();
                assert!(code.starts_with(want), "{before}{heading}{sentence}: {code}");
            }
            // The same in the words of a function is none.
            for words in ["we saw ", "INFO "] {
                let found = records(&attempt(&format!("{words}Traceback (most recent call last): {sentence}"), before));
                assert_eq!(found[0]["code"], "ok", "{before}{words}{sentence}");
            }
        }
    }
}

#[test]
fn words_about_handlers_of_a_function_are_no_failure() {
    for said in [
        "Bad handler 'on_order': KeyError('id')",
        "Bad handler for 3 orders",
        "Bad handler: on_order",
        "saw Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        "Bad handler removed\nstored 3 orders",
        "stored 3 orders\nBad handler removed",
    ] {
        for before in BEFORE {
            assert_eq!(records(&attempt(said, before))[0]["code"], "ok", "{before}{said}");
        }
    }
}

/// A request whose REPORT came at this time, and a line after so many milliseconds.
fn line_behind_report(line: &str, report_ms: i64, after_ms: i64) -> Vec<Value> {
    let report = "REPORT RequestId: $ID\tDuration: 89.50 ms\tBilled Duration: 90 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n";
    let events: Vec<Value> = [
        (report_ms - 90, "START RequestId: $ID Version: 4\n"),
        (report_ms, "END RequestId: $ID\n"),
        (report_ms, report),
        (report_ms + after_ms, line),
    ]
    .into_iter()
    .map(|(at, message)| {
        json!({"logStreamName": "2026/01/02/[4]0a1b2c3d4e5f60718293a4b5c6d7e8f9", "timestamp": at, "message": message})
    })
    .collect();
    records(&json!({ "events": events, "searchedLogStreams": [] }).to_string())
}

#[test]
fn an_error_with_the_time_of_the_report_is_not_late() {
    const AT: i64 = 1_767_323_045_678;
    for (line, name) in [
        ("{\"errorMessage\":\"no table\",\"errorType\":\"errorString\"}\n", "errorString"),
        (
            "2026-01-02T03:04:05.678Z\t$ID\tfail\tSystem.ArgumentException: no table\n   at Shop.Run() in /src/Shop.cs:line 3\n",
            "System.ArgumentException",
        ),
        (
            "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"ERROR\",\"requestId\":\"$ID\",\"message\":{\"errorType\":\"TypeError\",\"errorMessage\":\"no table\",\"stackTrace\":[\"TypeError: no table\",\"    at run (/var/task/a.js:3:4)\"]}}\n",
            "TypeError",
        ),
    ] {
        let found = line_behind_report(line, AT, 0);
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!(found[0]["code"], "runtime_exception.unhandled", "{line}: {}", found[0]);
        assert_eq!(found[0]["error_type"], name, "{line}");
        assert_ne!(found[0]["confidence"], "high", "{line}");
        // Later, or in a second that may be rounded, it may be of background work.
        for (report_ms, after_ms) in [(AT, 1), (AT, 40), (AT - AT % 1_000, 0)] {
            let found = line_behind_report(line, report_ms, after_ms);
            assert_eq!(found[0]["code"], "ok", "{line} {report_ms} {after_ms}: {}", found[0]);
        }
    }
    // What was logged and handled stays so.
    let logged = "[ERROR]\t2026-01-02T03:04:05.678Z\t$ID\tno table\n";
    assert_eq!(line_behind_report(logged, AT, 0)[0]["code"], "ok");
}

#[test]
fn a_stack_of_old_python_on_one_line_is_that_of_its_handler() {
    for (name, message, want) in [
        ("KeyError", "'plan'", "runtime_exception.unhandled"),
        ("ValueError", "no plan: none", "runtime_exception.unhandled"),
        ("ClientError", "An error occurred (AccessDenied) when calling the GetObject operation: no", "downstream.auth"),
    ] {
        for heading in ["Traceback (most recent call last):", "Traceback (most recent call  last):"] {
            let stack = "File \"/var/task/app.py\", line 9, in handler pay(event) File \"/var/task/app.py\", line 4, in pay raise error";
            for before in BEFORE {
                let folded = attempt(&format!("{message}: {name} {heading} {stack} {name}: {message}"), before);
                let found = records(&folded);
                assert_eq!(found.len(), 1, "{folded}");
                assert_eq!(found[0]["code"], want, "{folded}");
                assert_eq!(found[0]["error_type"], name, "{folded}");
                assert_eq!(found[0]["error_message"], message, "{folded}");
            }
            // What the function prints of an error that it caught.
            for line in [
                format!("charge failed: {heading} {stack} {name}: {message}"),
                format!("{message}: {name} {heading} {stack} OtherError: gone"),
                format!(
                    "{message}: {name} {heading} {} {name}: {message}",
                    stack.replace("/var/task", "/var/lang/lib/python3.9/x")
                ),
            ] {
                assert_eq!(records(&attempt(&line, ""))[0]["code"], "ok", "{line}");
            }
        }
    }
}

#[test]
fn an_error_of_python_on_one_line_is_that_of_its_handler() {
    const STACK: &str = "File \"/var/task/app.py\", line 9, in handler     pay(event)   File \"/var/task/app.py\", line 4, in pay     raise error";
    for (name, message, want) in [
        ("NoSuchKey", "An error occurred (NoSuchKey) when calling the GetObject operation: no", "downstream.not_found"),
        ("gaierror", "[Errno -2] Name or service not known", "downstream.dns"),
        ("timeout", "timed out", "downstream.timeout"),
        ("KeyError", "'plan'", "runtime_exception.unhandled"),
        ("NoPlan", "none: left", "runtime_exception.unhandled"),
    ] {
        let heading = "Traceback (most recent call last):";
        let lines = STACK.replace("     ", "\n    ").replace("   File", "\n  File");
        let on_lines = records(&attempt(&format!("[ERROR] {name}: {message}\n{heading}\n  {lines}"), ""));
        for gap in [" ", "  ", "\t", " \u{a0}\u{a0}"] {
            for before in BEFORE {
                let folded = attempt(&format!("[ERROR] {name}: {message} {heading}{gap}{STACK}"), before);
                let found = records(&folded);
                assert_eq!(found.len(), 1, "{folded}");
                for key in ["code", "confidence", "error_type", "error_message", "frame"] {
                    assert_eq!(found[0][key], on_lines[0][key], "{key}: {folded}");
                }
                assert_eq!(found[0]["code"], want, "{folded}");
            }
        }
        // What the function logs of an error that it caught: its stack ends with the exception.
        for line in [
            format!("[ERROR] {name}: {message} {heading} {STACK} shop.{name}: {message}"),
            format!("[ERROR] charge failed {heading} {STACK} {name}: {message}"),
            format!("[ERROR] {name}: {message} {heading} {STACK} OtherError"),
        ] {
            let found = records(&attempt(&line, ""));
            assert!(found[0]["code"] == "ok" || found[0]["confidence"] == "low", "{line}: {}", found[0]);
        }
    }
}

#[test]
fn the_first_clients_of_rust_tell_of_failed_handlers() {
    for target in ["lambda_runtime_core::runtime", "lambda_runtime::runtime"] {
        for head in
            [format!("2026-01-02 03:04:05 ERROR [{target}] "), format!("[2026-01-02T03:04:05Z ERROR {target}] ")]
        {
            let found = records(&attempt(&format!("{head}Handler returned an error for $ID: no stock"), ""));
            assert_eq!(found[0]["code"], "runtime_exception.unhandled", "{head}");
            assert_eq!(found[0]["error_message"], "no stock", "{head}");
        }
    }
    // A handler of the function's own, another request.
    for line in [
        "2026-01-02 03:04:05 ERROR [shop::queue] Handler returned an error for $ID: no stock",
        "2026-01-02 03:04:05 ERROR [lambda_runtime::runtime] Handler returned an error for order 7: no stock",
    ] {
        assert_eq!(records(&attempt(line, ""))[0]["code"], "ok", "{line}");
    }
}

#[test]
fn a_payload_of_old_node_may_be_broken_anywhere() {
    let payload = "{\"errorMessage\":\"getaddrinfo ENOTFOUND shop.example.com shop.example.com:443\",\"errorType\":\"Error\",\"stackTrace\":[\"errnoException (dns.js:50:10)\",\"GetAddrInfoReqWrap.onlookup [as oncomplete] (dns.js:92:26)\"]}";
    let line = format!("2026-01-02T03:04:05.678Z\t$ID\t{payload}");
    let whole = &records(&attempt(&line, ""))[0];
    assert_eq!(whole["code"], "downstream.dns");
    let blanks: Vec<usize> = payload.match_indices(' ').map(|(at, _)| line.len() - payload.len() + at).collect();
    for first in &blanks {
        for second in blanks.iter().filter(|second| *second > first) {
            for indent in ["", "      "] {
                let broken = format!(
                    "{}\n{indent}{}\n{indent}{}",
                    &line[..*first],
                    &line[first + 1..*second],
                    &line[second + 1..]
                );
                let found = records(&attempt(&broken, ""));
                assert_eq!(found.len(), 1, "{broken}");
                assert_eq!(found[0]["code"], whole["code"], "{broken}");
                assert_eq!(found[0]["error_message"], whole["error_message"], "{broken}");
            }
        }
    }
    // A payload that never ends does not swallow the attempt.
    let torn = format!("{}\nmore\nand more", &line[..line.len() - 40]);
    assert_eq!(records(&attempt(&torn, "")).len(), 1);
}

#[test]
fn a_payload_of_old_node_may_stand_on_many_lines() {
    for (payload, code, error_type) in [
        ("{\"errorMessage\":\"no plan\"}", "runtime_exception.unhandled", Value::Null),
        (
            "{\"errorMessage\":\"no plan\",\"errorType\":\"PlanError\",\"stackTrace\":[\"exports.handler (/var/task/index.js:2:3)\",\"a (b:1:2)\"]}",
            "runtime_exception.unhandled",
            "PlanError".into(),
        ),
    ] {
        let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(payload).unwrap()).unwrap();
        let on_one_line = records(&attempt(&format!("2016-12-14T10:14:23.466Z\t$ID\t{payload}"), ""));
        for gap in ["\t", " ", "\n", "\t\n"] {
            let text = format!("2016-12-14T10:14:23.466Z\t$ID{gap}{pretty}");
            for text in [attempt(&text, ""), text] {
                let found = records(&text);
                assert_eq!(found.len(), 1, "{text}");
                assert_eq!((&found[0]["code"], &found[0]["error_type"]), (&code.into(), &error_type), "{text}");
                assert_eq!(found[0]["confidence"], on_one_line[0]["confidence"], "{text}");
                assert_eq!(found[0]["error_message"], on_one_line[0]["error_message"], "{text}");
            }
        }
    }
    // Any other object is one that the function printed.
    for other in
        ["{\n  \"stored\": 3,\n  \"errorMessage\": \"none\"\n}", "{\n  \"errorMessage\": \"none\",\n  \"stored\": 3\n}"]
    {
        let found = records(&attempt(&format!("2016-12-14T10:14:23.466Z\t$ID\t{other}\nstored"), ""));
        assert_eq!((found.len(), &found[0]["code"]), (1, &"ok".into()), "{other}");
    }
}

#[test]
fn an_emulator_that_was_reset_while_a_request_ran_has_cut_it_off() {
    let reset = "25 Sep 2026 02:03:57,172 [ERROR] (rapid) Invoke failed error=errResetReceived InvokeID=$ID\n\
                 25 Sep 2026 02:03:57,173 [WARNING] (rapid) Reset initiated: Timeout\n";
    let well = attempt("charged", "");
    let limit = well.replace("11.50", "5000.00").replace(": 12 ms", ": 5000 ms");
    for text in [format!("{limit}{reset}"), limit.replace("END", &format!("{reset}END"))] {
        let found = records(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0]["code"], "timeout.invoke", "{text}");
    }
    let shut_down = "25 Sep 2026 02:03:57,172 [INFO] (rapid) Shutdown initiated: spindown\n";
    // One that took another time was over.
    for text in [format!("{limit}{shut_down}"), format!("{well}{reset}")] {
        assert_eq!(records(&text)[0]["code"], "ok", "{text}");
    }
}

/// What the loading runtime, the process and the emulator say of one failed init is one attempt, with START or without.
#[test]
fn all_that_is_said_of_one_failed_start_is_one_attempt() {
    let rapid = "25 Sep 2026 02:03:57,890 [ERROR] (rapid) Init failed error=Runtime exited with error: exit status 129 InvokeID=\n\
                 25 Sep 2026 02:03:57,890 [ERROR] (rapid) Invoke failed error=Runtime exited with error: exit status 129 InvokeID=0c9d8e7f-2222-4333-8444-555566667777\n";
    let import = "ImportModuleError: Cannot find module 'shop'";
    for error in [
        "{\"timestamp\":\"2026-09-25T02:03:57.882Z\",\"level\":\"ERROR\",\"message\":{\"errorType\":\"ImportModuleError\",\"errorMessage\":\"Error: Cannot find module 'shop'\",\"stackTrace\":[\"Runtime.ImportModuleError: Error: Cannot find module 'shop'\"]}}",
        &format!(
            "undefined\tERROR\tUncaught Exception \t{{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Error: {import}\",\"stack\":[]}}"
        ),
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'shop'\nTraceback (most recent call last):",
    ] {
        for start in ["START RequestId: $ID Version: $LATEST\n", ""] {
            let found = records(&format!("{start}{error}\n{rapid}"));
            assert_eq!(found.len(), 1, "{start}{error}\n{found:#?}");
            assert_eq!(found[0]["code"], "init_failure.import", "{start}{error}");
        }
    }
    for error in
        ["fatal error: invalid function symbol table\n\nruntime stack:", "panic: boom\n\ngoroutine 1 [running]:"]
    {
        let found = records(&format!("{error}\n{rapid}"));
        assert_eq!(found.len(), 1, "{error}\n{found:#?}");
    }
}
