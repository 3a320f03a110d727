//! Errors without any line of the platform, as people copy them out of a console: one record each, never a sure one where
//! no id stands on them.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::Value;

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";

fn records(text: &str) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    records_of(&mut analyze_samples(&[("copy.log", text.as_bytes())], &options).unwrap())
}

/// Error and its code. `$T` stands for a time, `$ID` for an id.
const ERRORS: [(&str, &str); 26] = [
    ("$T $ID Task timed out after 3.00 seconds", "timeout.invoke"),
    ("Task timed out after 3.00 seconds", "timeout.invoke"),
    ("$T Task timed out after 3.00 seconds", "timeout.invoke"),
    ("RequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError", "runtime_exception.exit"),
    ("Error: Runtime exited with error: exit status 1\nRuntime.ExitError", "runtime_exception.exit"),
    (
        "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)\nKeyError: 'plan'",
        "runtime_exception.unhandled",
    ),
    (
        "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)",
        "runtime_exception.unhandled",
    ),
    ("[ERROR] KeyError: 'plan'", "runtime_exception.unhandled"),
    (
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'\nTraceback (most recent call last):",
        "init_failure.import",
    ),
    (
        "Uncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[\"TypeError: x\",\"    at f (/var/task/a.js:1:2)\"]}",
        "runtime_exception.unhandled",
    ),
    (
        "$T\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[]}",
        "init_failure.exception",
    ),
    (
        "$T\tundefined\tERROR\tUnhandled Promise Rejection \t{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"SyntaxError: x\",\"stack\":[]}",
        "init_failure.exception",
    ),
    (
        "undefined ERROR Unhandled Promise Rejection {\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"SyntaxError: x\",\"stack\":[]}",
        "init_failure.exception",
    ),
    (
        "ERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[\"TypeError: x\"]}",
        "runtime_exception.unhandled",
    ),
    (
        "$T\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[\"TypeError: x\"]}",
        "runtime_exception.unhandled",
    ),
    (
        "no stock: com.acme.OutOfStockException\ncom.acme.OutOfStockException: no stock\n\tat com.acme.Orders.handle(Orders.java:7)",
        "runtime_exception.unhandled",
    ),
    (
        "com.acme.OutOfStockException: no stock\n\tat com.acme.Orders.handle(Orders.java:7)",
        "runtime_exception.unhandled",
    ),
    (
        "Error raised from handler method\n{\n  \"errorMessage\": \"no\",\n  \"errorType\": \"Function<ZeroDivisionError>\",\n  \"stackTrace\": [\n    \"/var/task/app.rb:3:in `/'\"\n  ]\n}",
        "runtime_exception.unhandled",
    ),
    ("2026/01/02 03:04:05 {\"errorMessage\":\"no\",\"errorType\":\"errorString\"}", "runtime_exception.unhandled"),
    ("panic: boom\n\ngoroutine 1 [running]:\nmain.handler()\n\t/x/main.go:10 +0x1d", "runtime_exception.unhandled"),
    (
        "Object reference not set to an instance of an object.: NullReferenceException\n   at Shop.Fn.Run(String a) in /src/Fn.cs:line 3\n   at lambda_method(Closure , Stream )",
        "runtime_exception.unhandled",
    ),
    ("thread 'main' panicked at src/main.rs:10:5:\nboom", "runtime_exception.unhandled"),
    (
        "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: $ID Error: Runtime exited with error: signal: killed\"}",
        "out_of_memory.killed",
    ),
    (
        "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: $ID Error: Task timed out after 3.00 seconds\"}",
        "timeout.invoke",
    ),
    (
        "{\"errorMessage\": \"'plan'\", \"errorType\": \"KeyError\", \"requestId\": \"$ID\", \"stackTrace\": [\"  File \\\"/var/task/app.py\\\", line 9, in handler\\n    x\\n\"]}",
        "runtime_exception.unhandled",
    ),
    (
        "{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Unable to import module 'app': No module named 'x'\",\"requestId\":\"\",\"stackTrace\":[]}",
        "init_failure.import",
    ),
];

fn written(error: &str) -> String {
    error.replace("$T", "2026-01-02T03:04:05.678Z").replace("$ID", ID)
}

#[test]
fn one_record_each_in_every_runtime() {
    for (error, want) in ERRORS {
        for text in [written(error), format!("{}\n", written(error))] {
            let found = records(&text);
            assert_eq!(found.len(), 1, "{text}\n{found:#?}");
            assert_eq!(found[0]["code"], want, "{text}");
            let named = found[0]["request_id"] == ID;
            assert!(named || found[0]["confidence"] != "high", "{text}");
        }
    }
}

/// Several errors, one below the other, are as many records.
#[test]
fn errors_below_each_other_are_told_apart() {
    let alone = |error: &str| !error.contains("$ID") && !error.contains("undefined") && !error.contains("Runtime.");
    let errors: Vec<&str> = ERRORS.iter().map(|(error, _)| *error).filter(|error| alone(error)).collect();
    assert!(errors.len() > 10);
    // Forms that have no mark of their own are known in the first line only.
    for error in errors.iter().filter(|error| error.starts_with("[ERROR]") || error.starts_with("Task timed")) {
        let text = [written(error), written(error), written(error)].join("\n");
        assert_eq!(records(&text).len(), 3, "{text}");
    }
}

/// If lines of the platform follow, errors above them are of that log: they make no attempts of their own.
#[test]
fn errors_above_a_log_belong_to_it() {
    let log = format!(
        "INIT_REPORT Init Duration: 10.17 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n\
         START RequestId: {ID} Version: $LATEST\nRequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n\
         END RequestId: {ID}\nREPORT RequestId: {ID}\tDuration: 6.38 ms\tBilled Duration: 7 ms\tMemory Size: 128 MB\tMax Memory Used: 3 MB\n"
    );
    for (error, _) in ERRORS {
        let error = written(error);
        if error.contains(ID) {
            continue;
        }
        let text = format!("{error}\n{error}\n{log}");
        let found = records(&text);
        let ids: Vec<&Value> = found.iter().map(|record| &record["request_id"]).collect();
        assert_eq!(ids, [ID], "{text}");
    }
}

/// The same words inside other texts are no failures.
#[test]
fn errors_in_other_texts_are_no_failures() {
    let prose: String = (0..20).map(|line| format!("line {line} of a report on tests\n")).collect();
    for (error, _) in ERRORS {
        let error = written(error);
        if error.contains(ID) || error.contains("Runtime.") || error.contains("undefined") {
            continue;
        }
        assert!(records(&format!("{prose}{error}\n{prose}")).is_empty(), "{error}");
    }
    // An answer that a function prints is another function's.
    let attempt = |line: &str| {
        format!(
            "START RequestId: {ID} Version: 1\n{line}\nEND RequestId: {ID}\nREPORT RequestId: {ID}\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\n"
        )
    };
    for answer in [
        "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: 6c2f4b9e-1111-4222-a333-444455556666 Error: Runtime exited with error: signal: killed\"}",
        "{\"errorMessage\":\"no\",\"errorType\":\"Error\",\"requestId\":\"6c2f4b9e-1111-4222-a333-444455556666\"}",
    ] {
        let found = records(&attempt(answer));
        assert_eq!(found.len(), 1, "{answer}");
        assert_eq!(found[0]["code"], "ok", "{answer}");
    }
}

const ANSWER: &str = r#"{"errorMessage":"no stock","errorType":"OutOfStock"}"#;
/// A log of an invocation that, by itself, went well.
const WELL: &str = "START RequestId: $ID Version: $LATEST\nEND RequestId: $ID\nREPORT RequestId: $ID\tDuration: 11.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n";

/// What the caller was told decides where the log tells no failure: not every runtime logs one.
#[test]
fn what_the_caller_was_told_counts() {
    let pretty = "{\n  \"errorMessage\": \"no stock\",\n  \"errorType\": \"OutOfStock\"\n}";
    let named = pretty.replace("Stock\"\n", "Stock\",\n  \"requestId\": \"$ID\"\n");
    let tail = |error: &str| {
        let log = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, written(WELL));
        format!(
            "{{\n  \"StatusCode\": 200,{error}\n  \"LogResult\": \"{log}\",\n  \"ExecutedVersion\": \"$LATEST\"\n}}\n"
        )
    };
    let failed = [
        format!("{WELL}{ANSWER}\n"),
        format!("{WELL}\n{pretty}\n"),
        tail("\n  \"FunctionError\": \"Unhandled\","),
        format!("Test Event Name\nx\n\nResponse\n{pretty}\n\nFunction Logs\n{WELL}\nRequest ID\n$ID\n"),
        format!("Status: Failed\nTest Event Name: x\n\nResponse:\n{ANSWER}\n\nFunction Logs:\n{WELL}"),
        format!("Status: Failed\nTest Event Name: x\n\nResponse:\n{pretty}\n\nFunction Logs:\n{WELL}"),
        format!("Status: Failed\nResponse:\nnull\n\nFunction Logs:\n{WELL}"),
        format!("Status: Failed\nFunction Logs:\n{WELL}"),
        format!("Response:\n{pretty}\n\nRequest ID:\n\"$ID\"\n\nFunction Logs:\n{WELL}"),
        format!("{}\n{WELL}", ANSWER.replace('}', ",\"requestId\":\"$ID\"}")),
        format!("{named}\n{WELL}"),
        format!("Response\n{named}\n{WELL}"),
        format!("Test Event Name\nx\n\nResponse\n{named}\n\nFunction Logs\n{WELL}\nRequest ID\n$ID\n"),
        format!("Response:\n{named}\n\nRequest ID:\n\"$ID\"\n\nFunction Logs:\n{WELL}"),
        format!("Status: Failed\nTest Event Name: x\n\nResponse:\n{named}\n\nFunction Logs:\n{WELL}"),
        format!("$ serverless invoke -f orders --log\n{pretty}\n{}\n{WELL}", "-".repeat(68)),
    ];
    for text in failed {
        let found = records(&written(&text));
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0]["code"], "runtime_exception.unhandled", "{text}");
        assert_eq!(found[0]["confidence"], "medium", "{text}");
        assert_eq!(found[0]["request_id"], ID, "{text}");
        let is_told = text.contains("OutOfStock");
        assert_eq!(found[0]["error_type"] == "OutOfStock", is_told, "{text}");
    }
    // A success, the answer of another function that this one printed, one that an invocation before got.
    let well = [
        tail(""),
        format!("Response\n{{\n  \"statusCode\": 200\n}}\n\nFunction Logs\n{WELL}"),
        WELL.replace("END", "{\"errorType\":\"OutOfStock\",\"errorMessage\":\"no stock\",\"trace\":[]}\nEND"),
        format!("{ANSWER}\n{WELL}"),
        format!("{WELL}FunctionError: Unhandled, see below\n"),
        format!("Status: Succeeded\nTest Event Name: x\n\nResponse:\n{pretty}\n\nFunction Logs:\n{WELL}"),
        format!("Status: Succeeded\nResponse:\n{ANSWER}\n\nFunction Logs:\n{WELL}"),
        WELL.replace("END", "Status: Failed\nResponse of the shop: none\nEND"),
        WELL.replace("END", &format!("{}\nEND", ANSWER.replace('}', ",\"requestId\":\"$ID\"}"))),
        format!("{}\n{WELL}", ANSWER.replace('}', ",\"requestId\":\"6c2f4b9e-1111-4222-a333-444455556666\"}")),
    ];
    for text in well {
        let found = records(&written(&text));
        let of_log = found.iter().find(|record| record["request_id"] == ID);
        assert_eq!(of_log.map(|record| &record["code"]), Some(&Value::from("ok")), "{text}");
    }
}

/// An answer that says how the process ended is judged with the memory of the log, as the line that the log lacks would be.
#[test]
fn an_answer_about_a_killed_process_is_judged_by_memory() {
    let killed = "RequestId: $ID Error: Runtime exited with error: signal: killed";
    for (error_type, used, want) in [
        ("Runtime.ExitError", "128", "out_of_memory.killed"),
        ("Runtime.ExitError", "36", "runtime_exception.signal"),
        ("Runtime.OutOfMemory", "128", "out_of_memory.killed"),
    ] {
        let answer = format!("{{\n  \"errorType\": \"{error_type}\",\n  \"errorMessage\": \"{killed}\"\n}}");
        let log = WELL.replace("Used: 36", &format!("Used: {used}"));
        for text in [
            format!("{answer}\n{log}"),
            format!("{log}{answer}\n"),
            format!("Response\n{answer}\n\nFunction Logs\n{log}\nRequest ID\n$ID\n"),
        ] {
            let found = records(&written(&text));
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0]["code"], want, "{text}");
            assert_eq!(found[0]["platform_error_type"], error_type, "{text}");
        }
    }
}

/// An answer that names the request in the words of the platform tells how it ended, above its log and behind it.
#[test]
fn the_words_of_the_platform_in_an_answer_are_its_words() {
    for (said, error_type, want) in [
        ("Error: Runtime exited with error: exit status 1", "Runtime.ExitError", "runtime_exception.exit"),
        ("Error: exit code 0", "Extension.InitError", "init_failure.extension"),
    ] {
        let failed = "EXTENSION\tName: watcher\tState: InitError\tEvents: [INVOKE]\tError Type: Extension.Exit\n";
        let answer = format!("{{\"errorMessage\":\"RequestId: $ID {said}\",\"errorType\":\"{error_type}\"}}\n");
        let extension = if error_type.starts_with("Extension") { failed } else { "" };
        let log = WELL.replace("END", &format!("{extension}END"));
        for text in [format!("{answer}{log}"), format!("{log}{answer}")] {
            let found = records(&written(&text));
            assert_eq!(found.len(), 1, "{text}\n{found:#?}");
            assert_eq!(found[0]["code"], want, "{text}");
            assert_eq!(found[0]["confidence"], "medium", "{text}");
        }
    }
    // One that names another request is that of another.
    let other = "{\"errorMessage\":\"RequestId: 6c2f4b9e-1111-4222-a333-444455556666 Error: Runtime exited with error: exit status 1\",\"errorType\":\"Runtime.ExitError\"}";
    let found = records(&written(&format!("{other}\n{WELL}")));
    assert_eq!(found.iter().find(|record| record["request_id"] == ID).unwrap()["code"], "ok");
}

/// The last line of a text without times is what the caller got, whatever a person typed above it.
#[test]
fn an_answer_below_a_command_is_its_answer() {
    for text in [format!("$ cat out.json\n{ANSWER}\n"), format!("{{\n    \"StatusCode\": 200\n}}\n{ANSWER}")] {
        let found = records(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0]["code"], "runtime_exception.unhandled", "{text}");
    }
}

/// Comment signs, quote marks and the time of a tool before every line are none of the error's.
#[test]
fn what_a_copy_puts_before_the_lines_changes_nothing() {
    let framed =
        |error: &str| error.starts_with("[ERROR]") && error.contains("Traceback") || error.starts_with("no stock");
    let errors: Vec<_> = ERRORS.into_iter().filter(|(error, _)| framed(error)).collect();
    assert!(errors.len() >= 3);
    for (error, want) in errors {
        for before in ["# ", "// ", "> ", "/// ", "* "] {
            let text: String = error.lines().map(|line| format!("{before}{line}\n")).collect();
            let found = records(&text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0]["code"], want, "{text}");
            assert_ne!(found[0]["confidence"], "high", "{text}");
        }
        for time in ["2026-01-02 03:04:05.678 ", "[1767323045678] ", "2026-01-02T03:04:05.678Z "] {
            let found = records(&format!("{time}{error}\n"));
            assert_eq!(found.len(), 1, "{time}{error}");
            assert_eq!(found[0]["code"], want, "{time}{error}");
            assert_eq!(found[0]["started_at"], "2026-01-02T03:04:05.678Z", "{time}{error}");
        }
    }
    // What other programs log.
    for text in [
        "2026-01-02 03:04:05.678 [ERROR] retrying the payment\n",
        "2026-01-02 03:04:05.678 [ERROR] worker: retrying\nTraceback (most recent call last):\n  File \"/srv/app.py\", line 9, in pay\n    x()\nKeyError: 'plan'\n",
        "# [ERROR] retrying the payment\n# see the log\n",
        "2026-01-02 03:04:05.678 ERROR no stock: com.acme.OutOfStockException\njava.lang.Error: x\n",
    ] {
        assert!(records(text).is_empty(), "{text}");
    }
}
