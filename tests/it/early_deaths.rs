//! Laws about processes and inits that end where the log says little of it: behind an open START with which the log ends, or
//! before START. Such an attempt never looks sure, neither well nor failed.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";
const START: &str = "START RequestId: $ID Version: $LATEST\n";
const END: &str = "END RequestId: $ID\n";
const REPORT: &str =
    "REPORT RequestId: $ID\tDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB";

fn records(text: &str) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    let text = text.replace("$ID", ID);
    records_of(&mut analyze_samples(&[("copy.log", text.as_bytes())], &options).unwrap())
}

/// Takes the only record of a text.
fn record(text: &str) -> Value {
    let mut found = records(text);
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    found.remove(0)
}

/// Last words of processes.
const DEATHS: [&str; 6] = [
    "panic: no table\n\ngoroutine 1 [running]:\nmain.handler()\n\t/app/main.go:9 +0x1d\nexit status 2\n",
    "thread 'main' panicked at src/main.rs:10:5:\nno table\nnote: run with `RUST_BACKTRACE=1`\n",
    "thread 'main' panicked at 'no table', src/main.rs:10:5\nstack backtrace:\n   0: shop::main\n             at src/main.rs:10\n",
    "PHP Fatal error:  Uncaught Exception: no table in /var/task/a.php:3\nStack trace:\n#0 /var/task/b.php(8): load()\n#1 {main}\n  thrown in /var/task/a.php on line 3\n",
    "Fatal error: Uncaught RuntimeException: no table in /var/task/a.php:3\nStack trace:\n#0 {main}\n",
    "Unhandled exception. System.InvalidOperationException: no table\n   at Shop.Run() in /src/Shop.cs:line 3\n",
];

#[test]
fn a_process_that_dies_where_the_log_ends_has_failed() {
    for death in DEATHS {
        for before in ["", "loading\n"] {
            let found = record(&format!("{START}{before}{death}"));
            assert_eq!(found["category"], "runtime_exception", "{death}: {found}");
            assert!(["low", "medium"].contains(&found["confidence"].as_str().unwrap()), "{death}");
            assert!(found["error_message"].as_str().unwrap().contains("no table"), "{death}");
        }
        // A child process has died: the attempt goes on, or ends.
        let goes_on = record(&format!("{START}{death}stored 3 orders\n"));
        assert_eq!(goes_on["code"], "incomplete.window", "{death}");
        let ends = record(&format!("{START}{death}{END}{REPORT}\n"));
        // Old clients of Rust catch the panic of a handler, and the log has nothing else of it.
        let caught = death.starts_with("thread 'main'");
        assert_eq!(ends["code"], if caught { "runtime_exception.unhandled" } else { "ok" }, "{death}");
        assert!(!caught || ends["confidence"] == "low", "{death}");
        let survived = record(&format!("{START}{death}stored 3 orders\n{END}{REPORT}\n"));
        assert_eq!(survived["code"], "ok", "{death}");
    }
    // What a function prints of an error that it caught.
    for caught in [
        "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    load()\nKeyError: 'table'\n",
        "java.lang.IllegalStateException: no table\n\tat shop.Orders.load(Orders.java:7)\n",
    ] {
        assert_eq!(record(&format!("{START}{caught}"))["code"], "incomplete.window", "{caught}");
    }
}

/// Errors of runtimes that load code that cannot be loaded, and their codes.
const CANNOT_LOAD: [(&str, &str); 5] = [
    (
        "2026-01-02T03:04:05.678Z\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Error: Cannot find module 'shop'\",\"stack\":[]}\n",
        "init_failure.import",
    ),
    (
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'shop'\nTraceback (most recent call last):\n",
        "init_failure.import",
    ),
    ("[ERROR] Runtime.HandlerNotFound: Handler 'handle' missing on module 'app'\n", "init_failure.handler_not_found"),
    (
        "[ERROR] Runtime.UserCodeSyntaxError: Syntax error in module 'app': invalid syntax (app.py, line 3)\nTraceback (most recent call last):\n",
        "init_failure.syntax",
    ),
    (
        "Init error when loading handler app.handler\n{\n  \"errorMessage\": \"cannot load such file -- pg\",\n  \"errorType\": \"Init<LoadError>\",\n  \"stackTrace\": [\n    \"/var/task/app.rb:1:in `require'\"\n  ]\n}\n",
        "init_failure.import",
    ),
];

#[test]
fn a_panic_of_rust_is_that_of_the_handler_where_the_function_is_a_program() {
    const PANIC: &str =
        "thread 'main' (71) panicked at src/main.rs:10:5:\nno table\nnote: run with `RUST_BACKTRACE=1`\n";
    let log = |runtime: &str, panic: &str| {
        let init = format!(
            "INIT_START Runtime Version: {runtime}\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:1\n"
        );
        record(&format!("{init}{START}{panic}{END}{REPORT}\tInit Duration: 21.00 ms\n"))
    };
    let own = log("provided:al2023.v12", PANIC);
    assert_eq!(
        (&own["code"], &own["confidence"], &own["error_message"]),
        (&"runtime_exception.unhandled".into(), &"medium".into(), &"no table".into())
    );
    for (runtime, panic) in
        [("nodejs:22.v9", PANIC.to_owned()), ("provided:al2023.v12", PANIC.replace("'main'", "'worker-1'"))]
    {
        assert_eq!(log(runtime, &panic)["code"], "ok", "{runtime} {panic}");
    }
}

#[test]
fn code_that_cannot_be_loaded_before_start_is_a_failed_init() {
    for (error, code) in CANNOT_LOAD {
        for times in 1..3 {
            let said = error.repeat(times);
            let found = record(&format!("{said}{START}{END}{REPORT}\n"));
            assert_eq!((&found["code"], &found["confidence"]), (&code.into(), &"medium".into()), "{said}");
        }
        // A later init was good: it has a figure, or the handler ran.
        for good in [
            format!("{error}{START}{END}{REPORT}\tInit Duration: 210.00 ms\n"),
            format!("{error}{START}stored 3 orders\n{END}{REPORT}\n"),
            format!("{error}{START}{END}{REPORT}\tStatus: success\n"),
        ] {
            assert_eq!(record(&good)["code"], "ok", "{good}");
        }
        // Where START comes first, it is all of one attempt.
        let found = record(&format!("{START}{error}"));
        assert_eq!(found["category"], "init_failure", "{error}: {found}");
        assert_eq!(found["request_id"], ID, "{error}");
    }
}

/// Errors that came while the code was being loaded, as the clients tell them, and the type of each.
const WHILE_LOADING: [(&str, &str); 8] = [
    (
        "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/lang/lib/python3.9/importlib/__init__.py\", line 127, in import_module\n\u{a0}\u{a0}\u{a0}\u{a0}return _bootstrap._gcd_import(name)\n\u{a0}\u{a0}File \"<frozen importlib._bootstrap>\", line 1030, in _gcd_import\n\u{a0}\u{a0}File \"/var/task/app.py\", line 5, in <module>\n\u{a0}\u{a0}\u{a0}\u{a0}shop.load()\n\u{a0}\u{a0}File \"/var/task/shop.py\", line 8, in load\n\u{a0}\u{a0}\u{a0}\u{a0}return os.environ['TABLE']\n",
        "KeyError",
    ),
    (
        "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File \"/var/lang/lib/python3.7/imp.py\", line 234, in load_module\n    return load_source(name, filename, file)\n  File \"/var/task/app.py\", line 5, in <module>\n    T = os.environ['TABLE']\n",
        "KeyError",
    ),
    (
        "[ERROR] NameError: name 'table' is not defined\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 5, in <module>\n    table\n",
        "NameError",
    ),
    (
        "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the GetSecretValue operation: no\nTraceback (most recent call last):\n  File \"/var/lang/lib/python3.12/importlib/__init__.py\", line 90, in import_module\n  File \"/var/task/app.py\", line 5, in <module>\n    S = secret()\n  File \"/var/task/botocore/client.py\", line 535, in _api_call\n    raise error\n",
        "ClientError",
    ),
    (
        "{\"timestamp\":\"2026-01-02T03:04:05Z\",\"log_level\":\"ERROR\",\"errorMessage\":\"'TABLE'\",\"errorType\":\"KeyError\",\"requestId\":\"$ID\",\"stackTrace\":[\"  File \\\"/var/lang/lib/python3.12/importlib/__init__.py\\\", line 90, in import_module\\n    return x\\n\",\"  File \\\"/var/task/app.py\\\", line 5, in <module>\\n    T = os.environ['TABLE']\\n\"]}\n",
        "KeyError",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no table\",\"stack\":[\"TypeError: no table\",\"    at Object.<anonymous> (/var/task/index.js:3:9)\",\"    at _tryRequireFile (file:///var/runtime/index.mjs:1002:86)\",\"    at start (file:///var/runtime/index.mjs:1064:21)\"]}\n",
        "TypeError",
    ),
    (
        "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"ERROR\",\"requestId\":\"$ID\",\"message\":{\"errorType\":\"TypeError\",\"errorMessage\":\"no table\",\"stackTrace\":[\"TypeError: no table\",\"    at file:///var/task/index.mjs:3:9\",\"    at async _tryAwaitImport (file:///var/runtime/index.mjs:1008:16)\"]}}\n",
        "TypeError",
    ),
    (
        "Init error when loading handler app.handler\n{\n  \"errorMessage\": \"key not found: TABLE\",\n  \"errorType\": \"Init<KeyError>\",\n  \"stackTrace\": [\n    \"/var/task/app.rb:1:in `fetch'\",\n    \"/var/runtime/lib/lambda_handler.rb:22:in `require'\"\n  ]\n}\n",
        "Init<KeyError>",
    ),
];

#[test]
fn code_that_fails_while_it_is_loaded_inside_the_request_is_a_failed_init() {
    for (error, name) in WHILE_LOADING {
        let exit = "RequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n";
        let unknown = "Unknown application error occurred\nRuntime.Unknown\n";
        for log in [
            format!("{START}{error}{END}{REPORT}\n"),
            format!("{error}{START}{error}{END}{REPORT}\n"),
            format!("{START}loading 3 tables\n{error}{END}{REPORT}\n"),
            format!("{START}{error}{exit}{END}{REPORT}\n"),
            format!("{START}{error}{END}{REPORT}\n{unknown}"),
            format!("{START}{error}{END}{REPORT}\tStatus: error\tError Type: Runtime.Unknown\n"),
            format!("{START}{error}"),
        ] {
            let found = record(&log);
            assert_eq!(found["code"], "init_failure.exception", "{log}: {found}");
            assert!(["high", "medium"].contains(&found["confidence"].as_str().unwrap()), "{log}");
            assert_eq!(found["error_type"], name, "{log}");
            assert_eq!(found["partial_work"], "none", "{log}");
            let call = name == "ClientError";
            assert_eq!(
                found["contributing"].as_array().unwrap().iter().any(|it| it["code"] == "downstream.auth"),
                call
            );
        }
    }
}

/// Words with which a process ends as it starts.
const ENDS_AT_START: [(&str, &str); 5] = [
    ("panic: no table\n\ngoroutine 1 [running]:\nmain.init.0()\n\t/app/main.go:12 +0x1d\n", "init_failure.exception"),
    (
        "thread 'main' panicked at src/main.rs:10:5:\nno table\nnote: run with `RUST_BACKTRACE=1`\n",
        "init_failure.exception",
    ),
    (
        "/var/task/bootstrap: error while loading shared libraries: libssl.so.3: cannot open shared object file: No such file or directory\n",
        "init_failure.import",
    ),
    ("Error: Unable to access jarfile /var/task/cart.jar\n", "init_failure.entrypoint"),
    (
        "Traceback (most recent call last):\n  File \"/var/runtime/bootstrap.py\", line 5, in <module>\n    import awslambdaric\nModuleNotFoundError: No module named 'awslambdaric'\n",
        "init_failure.import",
    ),
];

#[test]
fn a_process_that_ends_twice_with_the_same_words_never_called_its_handler() {
    const AT: i64 = 1_767_323_045_678;
    let log = |lines: &[(i64, &str)]| {
        let events: Vec<Value> = lines
            .iter()
            .map(|(at, message)| {
                json!({"logStreamName": "2026/01/02/[4]0a1b2c3d4e5f60718293a4b5c6d7e8f9", "timestamp": AT + at, "message": message})
            })
            .collect();
        record(&json!({ "events": events, "searchedLogStreams": [] }).to_string())
    };
    let report = format!("{REPORT}\n");
    let exit = "RequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n";
    for (words, code) in ENDS_AT_START {
        let ended = [(80, END), (80, report.as_str()), (80, exit)];
        let twice = log(&[&[(-500, words), (0, START), (10, words)], &ended[..]].concat());
        assert_eq!((&twice["code"], &twice["confidence"]), (&code.into(), &"medium".into()), "{words}: {twice}");
        // Where other words follow START, the handler ran.
        let other = "panic: no orders\n\ngoroutine 1 [running]:\nmain.handler()\n\t/app/main.go:9 +0x1d\n";
        let ran = log(&[&[(-500, words), (0, START), (10, other)], &ended[..]].concat());
        assert_eq!(ran["category"], "runtime_exception", "{words}: {ran}");
    }
}

#[test]
fn code_that_the_handler_loads_fails_in_the_handler() {
    for error in [
        "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    importlib.import_module('shop')\n  File \"/var/lang/lib/python3.9/importlib/__init__.py\", line 127, in import_module\n    return x\n  File \"/var/task/shop.py\", line 5, in <module>\n    T = os.environ['TABLE']\n",
        "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File \"/var/runtime/bootstrap.py\", line 131, in handle_event_request\n    response = request_handler(event, lambda_context)\n  File \"/var/task/shop.py\", line 5, in <module>\n    T = os.environ['TABLE']\n",
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no table\",\"stack\":[\"TypeError: no table\",\"    at Object.<anonymous> (/var/task/shop.js:3:9)\",\"    at Module._load (node:internal/modules/cjs/loader:1023:12)\",\"    at Runtime.handler (/var/task/index.js:9:1)\"]}\n",
    ] {
        let found = record(&format!("{START}{error}{END}{REPORT}\n"));
        assert_eq!(found["code"], "runtime_exception.unhandled", "{error}: {found}");
    }
    // A function that handles such an error.
    let logged = "[ERROR]\t2026-01-02T03:04:05.678Z\t$ID\tno plugin\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in <module>\n    load()\nKeyError: 'TABLE'\n";
    assert_eq!(record(&format!("{START}{logged}{END}{REPORT}\n"))["code"], "ok");
}

#[test]
fn an_init_that_failed_before_start_leaves_no_sure_success() {
    for error in [
        "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 5, in <module>\n    T = os.environ['TABLE']\n",
        "2026-01-02T03:04:05.678Z\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no table\",\"stack\":[]}\n",
    ] {
        let found = record(&format!("{error}{START}{END}{REPORT}\n"));
        assert_eq!((&found["code"], &found["confidence"]), (&"ok".into(), &"medium".into()), "{error}");
        assert_eq!(found["observations"][0]["code"], "init_error_recovered", "{error}");
        let good = record(&format!("{error}{START}{END}{REPORT}\tInit Duration: 210.00 ms\n"));
        assert_eq!((&good["code"], &good["confidence"]), (&"ok".into(), &"high".into()), "{error}");
    }
}

#[test]
fn an_extension_that_never_got_ready_leaves_no_sure_success() {
    const REFUSED: &str =
        "EXTENSION\tName: agent\tState: InitError\tEvents: [INVOKE,SHUTDOWN]\tError Type: Extension.InitError\n";
    for text in [
        format!("{START}{REFUSED}{END}{REPORT}\n"),
        format!("{START}agent has no licence\n{REFUSED}{END}"),
        format!("{START}{REFUSED}"),
    ] {
        let found = record(&text);
        assert_eq!(
            (&found["code"], &found["confidence"]),
            (&"init_failure.extension".into(), &"medium".into()),
            "{text}"
        );
    }
    // The handler may have run after another init.
    for text in [
        format!("{START}stored 3 orders\n{REFUSED}{END}{REPORT}\n"),
        format!("{START}{REFUSED}stored 3 orders\n{END}{REPORT}\n"),
        format!("{REFUSED}{START}{END}{REPORT}\n"),
    ] {
        let found = record(&text);
        assert_eq!((&found["code"], &found["confidence"]), (&"ok".into(), &"medium".into()), "{text}");
    }
}

#[test]
fn a_module_that_is_not_there_explains_a_bare_exit() {
    const EXIT: &str = "RequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n";
    const LIST: &str = "Require stack:\n- /var/task/launch.cjs\n";
    for head in ["", "Error: "] {
        for hint in ["", "Did you forget to add it to \"dependencies\" in `package.json`?\n"] {
            let text = format!("{head}Cannot find module 'shop'\n{LIST}{hint}{EXIT}");
            assert_eq!(record(&text)["code"], "init_failure.import", "{text}");
        }
        // Something else was said after it, or a request ran.
        for text in [
            format!("{head}Cannot find module 'shop'\n{LIST}stored 3 orders\n{EXIT}"),
            format!("{START}stored 3 orders\n{head}Cannot find module 'shop'\n{LIST}{EXIT}{END}{REPORT}\n"),
        ] {
            assert_eq!(record(&text)["category"], "runtime_exception", "{text}");
        }
    }
}
