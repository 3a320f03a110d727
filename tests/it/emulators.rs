//! Logs of local emulators: only lines of their logger, or the answer behind REPORT, say that a request failed.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::Value;

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";
const OTHER: &str = "6c2f4b9e-1111-4222-a333-444455556666";

fn records(text: &str) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    records_of(&mut analyze_samples(&[("docker.log", text.as_bytes())], &options).unwrap())
}

/// Writes a request: `T ` stands for the date of today's emulator, `$ID` for the id.
fn request(before: &[&str], within: &[&str], ends: bool) -> String {
    let line = |line: &&str| line.replace("T [", "24 Oct 2024 09:18:12,453 [").replace("$ID", ID) + "\n";
    let (before, within): (String, String) = (before.iter().map(line).collect(), within.iter().map(line).collect());
    let end = format!(
        "END RequestId: {ID}\nREPORT RequestId: {ID}\tInit Duration: 0.11 ms\tDuration: 143.28 ms\tBilled Duration: 144 ms\t\
         Memory Size: 3008 MB\tMax Memory Used: 3008 MB\t\n"
    );
    format!("{before}START RequestId: {ID} Version: $LATEST\n{within}{}", if ends { &end } else { "" })
}

/// Code of every failure, whether the lines of the request end in END and REPORT or not.
#[test]
fn failures_are_told_by_the_logger_of_the_emulator() {
    const EXITED: &str = "T [WARNING] (rapid) Process runtime-1 exited: Runtime exited with error: exit status 1";
    const KILLED: &str = "T [WARNING] (rapid) Process runtime-1 exited: Runtime exited with error: signal: killed";
    const DONE: &str = "T [ERROR] (rapid) Invoke DONE failed: Sandbox.Failure";
    let cases: [(&[&str], &str); 14] = [
        (
            &[
                KILLED,
                "T [ERROR] (rapid) Invoke failed error=Runtime exited with error: signal: killed InvokeID=$ID",
                DONE,
            ],
            "out_of_memory.killed",
        ),
        (
            &[
                "rendering",
                EXITED,
                "T [ERROR] (rapid) Invoke failed error=Runtime exited with error: exit status 1 InvokeID=$ID",
                DONE,
            ],
            "runtime_exception.exit",
        ),
        (
            &["T [WARNING] (rapid) First fatal error stored in appctx: Runtime.ExitError", EXITED, DONE],
            "runtime_exception.exit",
        ),
        (&["T [WARNING] (rapid) First fatal error stored in appctx: Runtime.ExitError"], "runtime_exception.exit"),
        (
            &["T [ERROR] (rapid) Invoke failed InvokeID=$ID error=Runtime exited without providing a reason"],
            "runtime_exception.exit",
        ),
        (&["T [ERROR] (rapid) Invoke DONE failed: Runtime.ExitError"], "runtime_exception.exit"),
        (
            &[
                "T [ERROR] (rapid) Init failed error=fork/exec /var/task/bootstrap: no such file or directory InvokeID=",
                DONE,
            ],
            "init_failure.entrypoint",
        ),
        (
            &[
                "T [ERROR] (rapid) Init failed InvokeID= error=fork/exec /lambda-entrypoint.sh: exec format error",
                "T [ERROR] (rapid) Invoke failed error=fork/exec /lambda-entrypoint.sh: exec format error InvokeID=f47285a1-48ed-4ec3-9e23-69d48b620dd4",
                "T [ERROR] (rapid) Invoke DONE failed: Runtime.InvalidEntrypoint",
            ],
            "init_failure.entrypoint",
        ),
        (
            &["T [ERROR] (rapid) Invoke failed error=fork/exec /var/task/bootstrap: permission denied InvokeID=$ID"],
            "init_failure.entrypoint",
        ),
        (
            &["T [ERROR] (rapid) Init failed error=Runtime exited with error: exit status 1 InvokeID=", DONE],
            "init_failure.exit",
        ),
        (
            &["T [ERROR] (rapid) Init failed error=fork/exec /opt/extensions/agent: exec format error InvokeID=", DONE],
            "init_failure.extension",
        ),
        (
            &[
                "time=\"2021-05-16T06:50:57.795\" level=error msg=\"Init failed\" InvokeID= error=\"fork/exec /var/runtime/bootstrap: no such file or directory\"",
                "time=\"2021-05-16T06:50:57.796\" level=error msg=\"INIT DONE failed: Runtime.InvalidEntrypoint\"",
            ],
            "init_failure.entrypoint",
        ),
        (
            &[
                "time=\"2021-05-16T06:50:57.795\" level=error msg=\"Invoke failed\" InvokeID=$ID error=\"Runtime exited with error: exit status 2\"",
            ],
            "runtime_exception.exit",
        ),
        (
            &[
                "time=\"2023-10-26T19:51:43Z\" level=error msg=\"Init failed\" func=go.amzn.com/lambda/rapid.handleInitError file=\"/x/exit.go:109\" InvokeID= error=\"fork/exec /var/task/bootstrap: no such file or directory\"",
            ],
            "init_failure.entrypoint",
        ),
    ];
    for (lines, want) in cases {
        for ends in [true, false] {
            let text = request(&[], lines, ends);
            let found = records(&text);
            let codes: Vec<&Value> = found.iter().map(|record| &record["code"]).collect();
            assert_eq!(codes, [want], "{text}");
            assert_eq!(found[0]["request_id"], ID, "{text}");
        }
    }
    // Nothing but the code for any failure.
    let found = records(&request(&[], &[DONE], true));
    assert_eq!((&found[0]["code"], &found[0]["confidence"]), (&"service_error.sandbox".into(), &"low".into()));
}

/// `sam local` ends a request at its time limit without END and REPORT; behind a REPORT of Lambda it is the function's line.
#[test]
fn a_request_that_sam_ends_timed_out() {
    let sentence = "Function 'Orders' timed out after 3 seconds";
    let end = format!(
        "END RequestId: {ID}\nREPORT RequestId: {ID}\tDuration: 143.28 ms\tBilled Duration: 144 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t\n"
    );
    for (text, want) in [
        (request(&["Invoking app.handler (python3.12)"], &["working", sentence], false), "timeout.invoke"),
        (request(&[], &["working", sentence], true), "timeout.invoke"),
        (request(&[], &["working", sentence], false) + &end, "ok"),
    ] {
        let codes: Vec<Value> = records(&text).iter().map(|record| record["code"].clone()).collect();
        assert_eq!(codes, [want], "{text}");
    }
}

/// An init that failed ahead of any request is no attempt, and one after it that ran is fine.
#[test]
fn an_init_before_any_request_fails_alone() {
    let line = "29 Feb 2024 01:06:43,572 [ERROR] (rapid) Init failed error=Runtime exited with error: exit status 1 InvokeID=\n";
    let found = records(&format!("starting errorType\n{line}"));
    assert_eq!((&found[0]["kind"], &found[0]["code"]), (&"environment".into(), &"init_failure.exit".into()));
}

/// Other lines of the emulator, and those of programs with such words, make no failure.
#[test]
fn what_the_emulator_does_is_no_failure() {
    for line in [
        "T [INFO] (rapid) exec '/var/runtime/bootstrap' (cwd=/var/task, handler=)",
        "T [WARNING] (rapid) Cannot list external agents error=open /opt/extensions: no such file or directory",
        "T [ERROR] (rapid) Invoke failed error=errResetReceived InvokeID=$ID",
        "T [INFO] (rapid) INIT RTDONE(status: success)",
        "Init failed error=none InvokeID=",
        "the worker printed (rapid) Invoke failed error=x InvokeID=",
        "time=\"2023-10-26T19:51:43Z\" level=info msg=\"Init failed\" error=\"x\"",
        "time=\"2023-10-26T19:51:43Z\" level=error msg=\"Order failed\" error=\"Runtime exited with error: exit status 2\"",
    ] {
        let text = request(&[], &[line], true);
        let codes: Vec<Value> = records(&text).iter().map(|record| record["code"].clone()).collect();
        assert_eq!(codes, ["ok"], "{text}");
    }
}

/// START of one id and END and REPORT of another are one attempt, and so is the answer that follows.
#[test]
fn two_ids_of_one_run_make_one_attempt() {
    let end = |init: &str| {
        format!(
            "END RequestId: {OTHER}\nREPORT RequestId: {OTHER}\t{init}Duration: 3.28 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t\n"
        )
    };
    let start = format!("START RequestId: {ID} Version: $LATEST\n");
    let error = "{\"errorMessage\":\"open x: no such file\",\"errorType\":\"PathError\"}\n";
    let init = "Init Duration: 0.11 ms\t";
    for lines in ["", "loading\n"] {
        let found = records(&format!("{start}{lines}{}", end(init)));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!((&found[0]["code"], &found[0]["duration_ms"]), (&"ok".into(), &3.28.into()));
        let found = records(&format!("{start}{lines}{}{error}", end(init)));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["code"], "runtime_exception.unhandled");
    }
    // Lambda's own REPORT tells of another request.
    assert_eq!(records(&format!("{start}{}", end(""))).len(), 2);
}
