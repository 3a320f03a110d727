//! Errors split into lines: an error is the same whether written as one log event or as one event per line, in every
//! shape. Standard error, consoles and many loggers split stack traces into lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lambda_triage::internal::Redaction;
use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::{LOGS, files_below, records_of, root};
use super::shapes::{BEGIN, Event, Files, Keeps, writers};

/// Stack of the JVM, whose clients print the class of an error behind its message.
const JVM: &str = "\tat com.acme.Orders.handleRequest(Orders.java:31)\n\tat java.base/java.lang.reflect.Method.invoke(Unknown Source)";
const PYTHON: &str =
    "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)";

/// Classes of the JVM. Few of their names contain a word that the pre-filter could search for.
const CLASSES: [&str; 16] = [
    "java.lang.NoClassDefFoundError",
    "java.lang.NoSuchMethodError",
    "java.lang.AssertionError",
    "java.lang.StackOverflowError",
    "java.lang.VerifyError",
    "java.lang.IncompatibleClassChangeError",
    "java.lang.OutOfMemoryError",
    "java.util.ServiceConfigurationError",
    "java.lang.IllegalStateException",
    "kotlin.NotImplementedError",
    "scala.MatchError",
    "com.acme.OrderFailed",
    "com.acme.Orders$Failed",
    "com.acme.Failed2",
    "Orders$Failed",
    "OrderFailed",
];

/// Message and class as Python's client before 2019 began an error, and the class as the stack ends in it.
const TYPES: [(&str, &str, &str); 10] = [
    ("no size", "my_error", "my_error"),
    ("no size: 3", "shop_exception", "shop.shop_exception"),
    ("Error -3 while decompressing data", "error", "zlib.error"),
    ("'e'", "KeyError", "KeyError"),
    ("division by zero", "ZeroDivisionError", "ZeroDivisionError"),
    (
        "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
        "ClientError",
        "botocore.exceptions.ClientError",
    ),
    ("timed out", "timeout", "socket.timeout"),
    ("card: refused", "OrderFailed", "shop.OrderFailed"),
    ("[Errno 2] No such file or directory: 'x'", "FileNotFoundError", "FileNotFoundError"),
    ("", "Refused", "__main__.Refused"),
];

/// Errors of all other languages, and of today's clients.
const OTHERS: [&str; 13] = [
    "Object reference not set to an instance of an object.: NullReferenceException\n   at Shop.Fn.Run(String a) in /src/Fn.cs:line 3\n   at lambda_method(Closure , Stream )",
    "[ERROR] OrderFailed: card refused\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)",
    "[ERROR] KeyError: 'e'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 9, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}event['e']",
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'shop'\nTraceback (most recent call last):",
    "Unable to import module 'index': Error\n    at Module.require (module.js:1:2)",
    "Error raised from handler method\n{\n  \"errorMessage\": \"no\",\n  \"errorType\": \"Function<ZeroDivisionError>\",\n  \"stackTrace\": [\n    \"/var/task/app.rb:3:in `/'\"\n  ]\n}",
    "Class not found: com.acme.Orders: java.lang.ClassNotFoundException\njava.lang.ClassNotFoundException: com.acme.Orders\n\tat java.net.X.y(X.java:1)",
    "declined: com.acme.OrderFailed\ncom.acme.OrderFailed: declined\n\tat com.acme.Orders.pay(Orders.java:3)\nCaused by: java.net.ConnectException: Connection refused\n\t... 2 more",
    "declined\nfor now: com.acme.OrderFailed\ncom.acme.OrderFailed: declined\nfor now\n\tat com.acme.Orders.pay(Orders.java:3)",
    // Nothing shows that these ended the attempt.
    "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)\nKeyError: 'e'",
    "could not warm the cache\ncom.acme.OrderFailed: declined\n\tat com.acme.Orders.pay(Orders.java:3)",
    "Error: lost\n    at put (/var/task/db.js:3:4)\n\nNode.js v24.1.0",
    "thread 'main' panicked at src/main.rs:10:5:\nno widget\nnote: run with `RUST_BACKTRACE=1`",
];

/// Lines that look like the first of an error but are not, before a stack trace that the function printed.
const PRINTED: [&str; 6] = [
    "caught: KeyError\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    event['e']\nKeyError: 'e'",
    "status of the order: Failed\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay()\nshop.OrderFailed: card refused",
    "state: Failed\nOrderFailed: card refused\n\tat com.acme.Orders.pay(Orders.java:3)",
    "hello: World\nsecond: Line",
    "reason: timeout\nretrying: Soon",
    "model: Resnet\n  indented: More",
];

/// Prefixes that loggers put before the text of a line; some put none.
const LOG_HEADS: [&str; 9] = [
    "",
    "10:00:00.123 [main] WARN com.acme.Orders - ",
    "10:00:00.123 DEBUG Orders - ",
    "2026-10-01 00:00:00,123 INFO  [com.acme.Orders] (worker-1) ",
    "WARNING: ",
    "[INFO] ",
    "[main] ",
    "4f2c1b7a-7d70-4d4a-9b1c-3f0a5d0c2e11 INFO Orders:12 - ",
    "WARN|",
];

/// Lists logger lines that end in a class, followed by a stack of that class whose message differs.
fn logged_by_jvm(class: &str) -> impl Iterator<Item = String> {
    let texts = move |head: &str| {
        ["com/acme/Dep", "null", ""].map(|message| {
            let said = if message.is_empty() { String::new() } else { format!(": {message}") };
            format!("{head}cache is off: {class}\n{class}{said}\n{JVM}\nanswered without it")
        })
    };
    LOG_HEADS.into_iter().flat_map(texts)
}

fn of_jvm(class: &str) -> [String; 3] {
    [
        format!("com/acme/Dep: {class}\n{class}: com/acme/Dep\n{JVM}"),
        format!("null: {class}\n{class}\n{JVM}"),
        format!("{class}: {class}\n{class}\n{JVM}"),
    ]
}

fn of_old_python((message, name, last): (&str, &str, &str)) -> String {
    let colon = if message.is_empty() { "" } else { ": " };
    format!("{message}: {name}\n{PYTHON}\n{last}{colon}{message}")
}

/// Lists errors of old Python whose head and stack spell the message differently, and messages of several lines.
fn of_old_python_in_two_ways() -> Vec<String> {
    let mut errors = Vec::new();
    for class in ["SyntaxError", "IndentationError", "TabError"] {
        for said in ["invalid syntax", "unexpected indent", "EOL while scanning: string"] {
            for place in ["mod.py, line 3", "<unknown>, line 1", "a (b).py, line 30"] {
                errors.push(format!(
                    "{said} ({place}): {class}\n{PYTHON}\n  File \"x\", line 1\n    a b\n      ^\n{class}: {said}"
                ));
            }
        }
    }
    for (plain, escaped) in
        [("café", "caf\\xe9"), ("café", "caf\\xc3\\xa9"), ("5 € für: x", "5 \\u20ac f\\xfcr: x"), ("😀", "\\U0001f600")]
    {
        errors.push(format!("{plain}: ValueError\n{PYTHON}\nValueError: {escaped}"));
    }
    for (class, first, further, last) in [
        ("OperationalError", "FATAL:  no entry for host \"10.0.0.1\", SSL off", "", ""),
        ("OperationalError", "could not connect", "Is it there?", ""),
        ("OrderRefused", "refused", "because it", ""),
        ("ParamValidationError", "Parameter validation failed:", "", "Invalid type for parameter Key: None"),
        ("OrderRefused", "Two reasons:", "the size", "the colour: red"),
    ] {
        let further = if further.is_empty() { String::new() } else { format!("{further}\n") };
        errors.push(format!("{first}\n{further}{last}: {class}\n{PYTHON}\nshop.{class}: {first}\n{further}{last}"));
    }
    for date in ["2024-05-01 10:00:00", "2024-05-01", "2024-05-01T10:00:00Z"] {
        errors.push(format!("{date} is no date: ValueError\n{PYTHON}\nValueError: {date} is no date"));
    }
    errors
}

/// End of an attempt: a REPORT that shows no failure, or the end of the process.
#[derive(Clone, Copy)]
enum End {
    Report,
    Exit,
}

fn id(number: usize) -> String {
    format!("{number:08x}-7d70-4d4a-9b1c-3f0a5d0c2e11")
}

/// Way in which the text of an error comes as events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// One event.
    Whole,
    /// One event, with carriage returns for its line ends: older runtimes write them.
    Returns,
    /// One event a line.
    Lines,
    /// One event a line, and blank ones between them.
    Blanks,
}

const CUTS: [Cut; 4] = [Cut::Whole, Cut::Returns, Cut::Lines, Cut::Blanks];

/// Creates a log of one attempt per error.
fn log(errors: &[String], end: End, cut: Cut) -> Vec<Event> {
    let mut events = Vec::new();
    for (number, error) in errors.iter().enumerate() {
        let mut at = BEGIN + number as i64 * 120_000;
        let mut say = |message: String| {
            at += 1;
            events.push(Event { at, stream: number % 2, message });
        };
        let id = id(number);
        say(format!("START RequestId: {id} Version: $LATEST\n"));
        say("one line of the function\n".to_owned());
        let error = error.replace("$ID", &id);
        match cut {
            Cut::Whole => say(format!("{error}\n")),
            Cut::Returns => say(format!("{}\n", error.replace('\n', "\r"))),
            Cut::Lines => error.lines().for_each(|line| say(format!("{line}\n"))),
            Cut::Blanks => error.lines().for_each(|line| {
                say(format!("{line}\n"));
                say("\n".to_owned());
            }),
        }
        say(format!("END RequestId: {id}\n"));
        say(format!(
            "REPORT RequestId: {id}\tDuration: 35.69 ms\tBilled Duration: 36 ms\tMemory Size: 128 MB\tMax Memory Used: 32 MB\t\n"
        ));
        if matches!(end, End::Exit) {
            say(format!("RequestId: {id} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"));
        }
    }
    events
}

/// Returns code, confidence and error type of every attempt.
fn told(files: &Files) -> BTreeMap<String, [String; 3]> {
    let options = Options {
        function: Some("orders".to_owned()),
        redaction: Redaction::off(),
        keep_records: true,
        ..Options::default()
    };
    let samples: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let mut analysis = analyze_samples(&samples, &options).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    records_of(&mut analysis)
        .iter()
        .map(|record| {
            let attempt = format!("{} {}", word(&record["request_id"]), record["attempt"]);
            (attempt, ["code", "confidence", "error_type"].map(|field| word(&record[field])))
        })
        .collect()
}

/// Returns code and confidence of every attempt.
fn verdicts(files: &Files) -> BTreeMap<String, (String, String)> {
    told(files).into_iter().map(|(attempt, [code, confidence, _])| (attempt, (code, confidence))).collect()
}

/// A success is not certain if the last output of the function is a stack trace.
#[test]
fn a_stack_trace_before_the_end_leaves_doubt() {
    let last = PRINTED[0].to_owned();
    let followed = format!("{last}\nanswered with a default");
    for (text, cut, want) in
        [(&last, Cut::Whole, "medium"), (&last, Cut::Lines, "medium"), (&followed, Cut::Lines, "high")]
    {
        for (shape, _, files) in writers(&log(std::slice::from_ref(text), End::Report, cut)) {
            let seen = verdicts(&files).into_values().next().unwrap();
            assert_eq!(seen, ("ok".to_owned(), want.to_owned()), "{shape}, {cut:?}: {text}");
        }
    }
}

/// An error in the JSON format of Node's client may also have been logged by the code: it ended the attempt only if the
/// function writes nothing after it, also in shapes that have the newest line first.
#[test]
fn an_error_that_may_have_been_logged_ends_what_says_no_more() {
    let error = r#"{"timestamp":"2026-10-01T00:00:00.123Z","level":"ERROR","requestId":"$ID","message":{"message":"Request failed with status code 503","name":"AxiosError","config":{"url":"https://api.example.com/x"},"code":"ERR_BAD_RESPONSE","status":503}}"#;
    let more =
        r#"{"timestamp":"2026-10-01T00:00:00.123Z","level":"INFO","requestId":"$ID","message":"used the default"}"#;
    for (text, want) in [(error.to_owned(), "downstream.unavailable"), (format!("{error}\n{more}"), "ok")] {
        for (shape, _, files) in writers(&log(&[text], End::Report, Cut::Lines)) {
            let (code, _) = verdicts(&files).into_values().next().unwrap();
            assert_eq!(code, want, "{shape}");
        }
    }
}

/// An object that the code logs in the JSON format of Node's client is an error only if it says so itself: a name that
/// ends like that of an error is not enough, and loggers write keys of their own.
#[test]
fn an_object_that_is_no_error_ends_nothing() {
    let line = |object: Value| {
        json!({"timestamp": "2026-10-01T00:00:00.123Z", "level": "ERROR", "requestId": "$ID", "message": object})
            .to_string()
    };
    let with = |key: &str, value: Value| {
        let mut object =
            json!({"name": "AxiosError", "message": "no", "stack": "AxiosError: no\n    at f (/var/task/a.js:1:2)"});
        object[key] = value;
        line(object)
    };
    let names = [
        "SoftTimeout",
        "UserExit",
        "HighFailure",
        "PageFault",
        "Interrupt",
        "Errno",
        "ExceptionCount",
        "orders",
        "Error rate",
        "",
    ];
    let mut texts: Vec<String> =
        names.into_iter().map(|name| line(json!({"name": name, "message": "budget exceeded", "ms": 120}))).collect();
    texts.push(line(json!({"name": "Soft", "message": "no", "stack": "Softly: no"})));
    let keys = ["level", "severity", "timestamp", "@timestamp", "time", "service", "logger", "logger_name", "hostname"];
    texts.extend(keys.map(|key| with(key, json!("x"))));
    check(&texts, End::Report, Some("ok"));
    let errors = [
        with("code", json!("E1")),
        line(
            json!({"name": "OrderRefused", "message": "no", "stack": "OrderRefused: no\n    at f (/var/task/a.js:1:2)"}),
        ),
        line(json!({"name": "OrderRefused", "message": "", "stack": "OrderRefused\n    at f (/var/task/a.js:1:2)"})),
        line(json!({"name": "ValidationError", "message": "no", "errors": {}})),
        line(json!({"name": "OrderException", "message": "no"})),
    ];
    for (key, (code, confidence)) in verdicts(&writers(&log(&errors, End::Report, Cut::Whole))[0].2) {
        assert!(code != "ok" && confidence == "medium", "{key}: {code} {confidence}");
    }
}

/// Checks every shape and every way to write an error against `want`, or, if that is `None`, against one event in a
/// document of the API: the same code and error type, and the same confidence where the shape names the streams, or a
/// lower one where it does not. Of many errors each pair of a shape and a way gets a part, unless `ALL_CASES` is set.
/// Returns the number of cases.
fn check(errors: &[String], end: End, want: Option<&str>) -> usize {
    let parts = if std::env::var_os("ALL_CASES").is_some() { 1 } else { errors.len() / 20 + 1 };
    let reference = told(&writers(&log(errors, end, Cut::Whole))[0].2);
    assert_eq!(reference.len(), errors.len());
    let rank = |confidence: &str| ["low", "medium", "high"].iter().position(|word| *word == confidence);
    let (mut wrong, mut cases) = (String::new(), 0);
    for (nth, cut) in CUTS.into_iter().enumerate() {
        for part in 0..parts {
            let some: Vec<String> = errors.iter().skip(part).step_by(parts).cloned().collect();
            let written = writers(&log(&some, end, cut)).into_iter().enumerate();
            for (_, (shape, keeps, files)) in written.filter(|(writer, _)| (writer + nth) % parts == part) {
                let seen = told(&files);
                for (number, error) in some.iter().enumerate().filter(|(_, error)| can_hold(shape, cut, error)) {
                    let none = ["no attempt", "", ""].map(str::to_owned);
                    let [code, confidence, error_type] = seen.get(&format!("{} 1", id(number))).unwrap_or(&none);
                    let [known, sure, kind] = &reference[&format!("{} 1", id(part + number * parts))];
                    let as_sure = if keeps == Keeps::All { confidence == sure } else { rank(confidence) <= rank(sure) };
                    let same = match want {
                        Some(want) => code == want,
                        None => code == known && error_type == kind && as_sure,
                    };
                    cases += 1;
                    if !same {
                        let want = want.unwrap_or(known);
                        writeln!(
                            wrong,
                            "{shape}, {cut:?}: {code} {error_type} [{confidence}], not {want} {kind} [{sure}]: {error:?}"
                        )
                        .unwrap();
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{wrong}", wrong.lines().count());
    cases
}

/// Returns whether a shape can hold an error: between messages without anything else, a tab is the separator, and a blank
/// message is none.
fn can_hold(shape: &str, cut: Cut, error: &str) -> bool {
    let tabbed = |line: &str| line.starts_with('\t') && !line.starts_with("\tat ") && !line.starts_with("\t...");
    shape != "text messages" || cut != Cut::Blanks && !error.lines().any(tabbed)
}

/// What every client and library writes about a failed call is the same in every shape and line by line.
#[test]
fn failed_calls_are_the_same_line_by_line() {
    let errors: Vec<String> = super::downstream::lines("$ID");
    assert!(check(&errors, End::Report, None) > 4_000, "all clients in all shapes");
}

#[test]
fn errors_of_the_jvm_are_failures() {
    let errors: Vec<String> =
        CLASSES.iter().filter(|class| !class.contains("Memory")).flat_map(|class| of_jvm(class)).collect();
    check(&errors, End::Report, Some("runtime_exception.unhandled"));
    check(&of_jvm("java.lang.OutOfMemoryError"), End::Report, Some("out_of_memory.heap"));
}

#[test]
fn errors_of_old_python_are_failures() {
    let errors: Vec<String> = TYPES.into_iter().map(of_old_python).collect();
    check(&errors, End::Report, None);
    for (code, _) in verdicts(&writers(&log(&errors, End::Report, Cut::Lines))[0].2).values() {
        assert!(code.starts_with("runtime_exception.") || code.starts_with("downstream."), "{code}");
    }
}

#[test]
fn errors_of_old_python_in_two_ways_are_failures() {
    let errors = of_old_python_in_two_ways();
    check(&errors, End::Report, None);
    for (key, (code, _)) in verdicts(&writers(&log(&errors, End::Report, Cut::Whole))[0].2) {
        assert!(code.starts_with("runtime_exception.") || code.starts_with("downstream."), "{key}: {code}");
    }
}

/// A class at the end of a line and a stack of that class after it are no failure if a logger wrote them.
#[test]
fn stacks_that_a_logger_of_the_jvm_writes_are_no_failures() {
    let classes = CLASSES.into_iter().filter(|class| !class.contains("Memory"));
    let errors: Vec<String> = classes.flat_map(logged_by_jvm).collect();
    check(&errors, End::Report, Some("ok"));
}

/// Stacks of Python after 3.7 end no attempt: the clients that ended a line with the class ended with 3.7.
#[test]
fn stacks_of_later_python_do_not_end_an_attempt() {
    let library = |minor: u32| format!("  File \"/var/lang/lib/python3.{minor}/socket.py\", line 2, in go\n    c()");
    let of = |frame: &str| {
        let text = |(message, name, last): (&str, &str, &str)| {
            let colon = if message.is_empty() { "" } else { ": " };
            format!("{message}: {name}\n{PYTHON}\n{frame}\n{last}{colon}{message}\nretry 2")
        };
        TYPES.map(text).to_vec()
    };
    let later: Vec<String> = (8..20).flat_map(|minor| of(&library(minor))).chain(of("    ~~~^^^")).collect();
    check(&later, End::Report, Some("ok"));
    for (code, _) in verdicts(&writers(&log(&of(&library(7)), End::Report, Cut::Whole))[0].2).values() {
        assert_ne!(code, "ok");
    }
}

#[test]
fn other_errors_are_the_same_line_by_line() {
    let errors = OTHERS.map(str::to_owned);
    check(&errors, End::Report, None);
    check(&errors, End::Exit, None);
}

#[test]
fn what_the_function_prints_and_survives_is_no_failure() {
    let errors = PRINTED.map(str::to_owned);
    check(&errors, End::Report, Some("ok"));
}

/// The API documents in the fixtures give the same verdicts with one event per line of the function's output.
#[test]
fn fixtures_are_the_same_line_by_line() {
    let documents =
        files_below(&root().join(LOGS)).into_iter().filter(|path| path.extension() == Some("json".as_ref()));
    let mut cut = 0;
    for path in documents {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let mut lines = Vec::new();
        for event in document["events"].as_array().unwrap() {
            let message = event["message"].as_str().unwrap();
            // The platform's lines are always whole.
            let whole = message.contains("RequestId: ") || message.contains("Task timed out");
            let parts: Vec<&str> = if whole { vec![message] } else { message.trim_end().lines().collect() };
            cut += usize::from(parts.len() > 1);
            for part in parts {
                let mut line = event.clone();
                line["message"] = json!(part);
                line["eventId"] = json!(format!("{:056}", lines.len()));
                lines.push(line);
            }
        }
        document["events"] = json!(lines);
        let of = |text: String| verdicts(&vec![(name.clone(), text.into_bytes())]);
        assert_eq!(of(document.to_string()), of(text), "{name}");
    }
    assert!(cut > 0, "some errors of the fixtures are one event of several lines");
}
