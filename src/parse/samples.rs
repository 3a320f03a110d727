//! Samples of every shape with what they are parsed to, and the laws that hold for all of them.

use super::{Joiner, Sieve, may_matter, parse};
use crate::model::{AppError, AppLine, ErrorForm, Level, Statement, Status};

pub(crate) const ID: &str = "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34";

/// Summarises a record in one line: the parts that matter here.
fn gist(record: &Statement<'_>) -> String {
    match record {
        Statement::App(line) => app_gist(line),
        Statement::Start { version, json, tenant_id, .. } => format!("Start {version:?} {tenant_id:?} {json}"),
        Statement::End { .. } => "End".to_owned(),
        Statement::RuntimeDone { status, error_type, .. } => format!("RuntimeDone {} {error_type:?}", status.as_str()),
        Statement::Report(report) => {
            let m = report.metrics;
            format!(
                "Report {:?} {:?} {:?} {:?} init {:?} restore {:?} {} {:?} xray {:?}{}{}",
                m.duration_us.unwrap_or(0),
                m.billed_ms.unwrap_or(0),
                m.memory_size_mb.unwrap_or(0),
                m.max_memory_used_mb.unwrap_or(0),
                m.init_us.unwrap_or(0),
                m.restore_us.unwrap_or(0),
                report.status.map_or("-", |status| status.as_str()),
                report.error_type.unwrap_or("-"),
                report.xray_trace_id.unwrap_or("-"),
                if report.emulated { " emulated" } else { "" },
                if report.whole { "" } else { " in doubt" },
            )
        }
        Statement::ReportBegun => "ReportBegun".into(),
        Statement::UnreadableReport { id, .. } => format!("UnreadableReport {}", id.is_some()),
        Statement::InitReport(report) | Statement::RestoreReport(report) => format!(
            "InitReport {} {:?} {} {}",
            report.duration_us.unwrap_or(0),
            report.phase,
            report.status.as_str(),
            report.error_type.unwrap_or("-")
        ),
        Statement::InitStart(start) | Statement::RestoreStart(start) => {
            format!("InitStart {} {}", start.runtime_version.unwrap_or("-"), start.function.unwrap_or("-"))
        }
        Statement::TimedOut { .. } => "TimedOut".to_owned(),
        Statement::Crash(crash) => {
            format!("Crash {} {} {}", crash.id.is_some(), crash.message, crash.error_type.unwrap_or("-"))
        }
        Statement::Extension { name, state, error_type } => format!("Extension {name} {state} {error_type:?}"),
        other => format!("{other:?}"),
    }
}

fn app_gist(line: &AppLine<'_>) -> String {
    let id = if line.id.is_some() { " id" } else { "" };
    let Some(error) = &line.error else { return format!("App{id} {:?}", line.level) };
    let mut gist = format!("{:?}{id} {}", error.form, error.error_type.as_deref().unwrap_or("-"));
    for (name, part) in [
        ("", &error.message),
        ("at ", &error.frame),
        ("code ", &error.code),
        ("reason ", &error.reason),
        ("cause ", &error.cause),
    ] {
        if let Some(part) = part {
            gist.push_str(&format!(" | {name}{part}"));
        }
    }
    for part in [error.http_status.map(|status| status.to_string()), error.url.as_ref().map(|url| format!("url {url}"))]
    {
        gist.extend(part.map(|part| format!(" | {part}")));
    }
    gist
}

const PLATFORM: &[(&str, &str)] = &[
    (
        "INIT_START Runtime Version: nodejs:22.v29\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a\n",
        "InitStart nodejs:22.v29 -",
    ),
    ("INIT_START", "InitStart - -"),
    ("INIT_START soon", "Unrecognized"),
    ("INIT_START Runtime - Version: nodejs:18.v14\tRuntime Version ARN: arn:aws:x", "InitStart nodejs:18.v14 -"),
    ("INIT_START Runtime Version: \tRuntime Version ARN: ", "InitStart - -"),
    ("INIT_START Runtime is slow", "Unrecognized"),
    ("INIT_START Runtime Version ARN: arn:aws:x", "InitStart - -"),
    ("INIT_START Runtime Version: nodejs:18.v14", "InitStart nodejs:18.v14 -"),
    ("START RequestId: $ID Version: $LATEST\n", "Start Some(\"$LATEST\") None false"),
    ("START RequestId: $ID\tVersion: 42", "Start Some(\"42\") None false"),
    ("START RequestId: {id}", "Unrecognized"),
    ("START RequestId: is the first word", "Unrecognized"),
    ("START RequestId: [REDACTED] Version: 42", "Start Some(\"42\") None false"),
    ("START RequestId: xxxxxxxx-xxxx-...", "Start None None false"),
    ("END RequestId: follows at once", "Unrecognized"),
    ("END RequestId: ****\n", "End"),
    (
        "24 Oct 2024 09:18:12,453 [WARNING] (rapid) First fatal error stored in appctx: Runtime.ExitError\n",
        "Crash false  Runtime.ExitError",
    ),
    (
        "24 Oct 2024 09:18:12,453 [WARNING] (rapid) Process runtime-1 exited: Runtime exited with error: signal: killed",
        "Crash false Runtime exited with error: signal: killed -",
    ),
    ("24 Oct 2024 09:18:12,453 [ERROR] (rapid) Invoke DONE failed: Sandbox.Failure", "Crash false  Sandbox.Failure"),
    (
        "24 Oct 2024 09:18:12,453 [ERROR] (rapid) Init failed error=fork/exec /x: exec format error InvokeID=",
        "InitReport 0 None error Runtime.InvalidEntrypoint",
    ),
    ("time=\"2021-05-16T06:50:57.795\" level=error msg=\"Invoke failed\" InvokeID=$ID error=\"x\"", "Crash false x -"),
    ("Function 'Orders' timed out after 3 seconds", "TimedOut"),
    ("Function 'Orders' timed out after a while", "App Info"),
    ("START  of the batch", "App Info"),
    (
        "REPORT RequestId: $ID\tDuration: 3.00 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\tStat",
        "Report 3000 4 128 70 init 0 restore 0 unknown \"-\" xray \"-\" in doubt",
    ),
    ("END RequestId: $ID\n", "End"),
    ("END of file", "App Info"),
    (
        "REPORT RequestId: $ID\tDuration: 3.07 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB\t\n",
        "Report 3070 4 128 66 init 0 restore 0 - \"-\" xray \"-\"",
    ),
    (
        "REPORT RequestId: $ID Duration: 120000.64 ms Billed Duration: 120000 ms Memory Size: 128 MB Max Memory Used: 23 MB",
        "Report 120000640 120000 128 23 init 0 restore 0 - \"-\" xray \"-\"",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 3000.00 ms\tBilled Duration: 3000 ms \tMemory Size: 128 MB\tMax Memory Used: 66 MB\tInit Duration: 578.07 ms\tStatus: timeout\n",
        "Report 3000000 3000 128 66 init 578070 restore 0 timeout \"-\" xray \"-\"",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 12.10 ms\tBilled Duration: 13 ms\tMemory Size: 1024 MB\tMax Memory Used: 1024 MB\tStatus: error\tError Type: Runtime.OutOfMemory\nXRAY TraceId: 1-6a-7b\tSegmentId: 0c\tSampled: true\n",
        "Report 12100 13 1024 1024 init 0 restore 0 error \"Runtime.OutOfMemory\" xray \"1-6a-7b\"",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 9.00 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\tMax Memory Used: 155 MB\tRestore Duration: 511.25 ms\tBilled Restore Duration: 303 ms\t\n",
        "Report 9000 10 512 155 init 0 restore 511250 - \"-\" xray \"-\"",
    ),
    (
        "REPORT RequestId: $ID\tInit Duration: 0.20 ms\tDuration: 81.00 ms\tBilled Duration: 82 ms\tMemory Size: 3008 MB\tMax Memory Used: 3008 MB\t",
        "Report 81000 82 3008 3008 init 200 restore 0 - \"-\" xray \"-\" emulated",
    ),
    ("REPORT RequestId: $ID\tDuration: many ms", "UnreadableReport true"),
    (
        "REPORT RequestId: $ID\tDuration: 3,00 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB",
        "UnreadableReport true",
    ),
    (
        "REPORT RequestId: $ID\tDuration: NaN ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB",
        "UnreadableReport true",
    ),
    ("REPORT RequestId: $ID", "UnreadableReport true"),
    ("REPORT RequestId: $ID\tDuration: 9.1", "UnreadableReport true"),
    ("REPORT RequestId: $ID\tDuration: 9.10", "UnreadableReport true"),
    ("REPORT RequestId: $ID\tDuration: 9.10 ms\tBilled Duration: 1", "UnreadableReport true"),
    (
        "REPORT RequestId: $ID\tDuration: 9.10 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 7 MB\tS",
        "Report 9100 10 128 7 init 0 restore 0 unknown \"-\" xray \"-\" in doubt",
    ),
    ("REPORT RequestId: 6f0d1a52-93c1-4d0e-8a", "UnreadableReport false"),
    (
        "REPORT RequestId: 6f0d1a52-93c1-4d0e?8a55-0b7c2f1e9d34\tDuration: 9.10 ms\tBilled Duration: 10 ms",
        "UnreadableReport false",
    ),
    ("REPORT RequestId", "ReportBegun"),
    ("REPO", "ReportBegun"),
    ("REPORT RequestId: {id}\tDuration: 3.07 ms", "UnreadableReport false"),
    (
        "REPORT RequestId: $ID\tDuration: 9830ms\tBilled Duration: 3,000.00 ms\tMemory Size: 1,024 MB\tMax Memory Used: 1024.0 MB\tStatus: Timeout<br/>",
        "Report 9830000 3000 1024 1024 init 0 restore 0 timeout \"-\" xray \"-\"",
    ),
    (
        "REPORT RequestId: $ID Duration: 73.16 msBilled Duration: 100 msMemory Size: 3008 MBMax Memory Used: 88 MBStatus: error",
        "Report 73160 100 3008 88 init 0 restore 0 error \"-\" xray \"-\"",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 12.10 ms\tBilled Duration: N/A\tMemory Size: ***\tMax Memory Used: 9 MB\tStatus: oom",
        "Report 12100 0 0 9 init 0 restore 0 unknown \"-\" xray \"-\" in doubt",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 12.10 ms\tBilled Dur",
        "Report 12100 0 0 0 init 0 restore 0 - \"-\" xray \"-\" in doubt",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 3.07 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 7",
        "Report 3070 4 128 0 init 0 restore 0 - \"-\" xray \"-\" in doubt",
    ),
    (
        "REPORT RequestId: $ID\tDuration: 3.07 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 75 MB\tSta",
        "Report 3070 4 128 75 init 0 restore 0 unknown \"-\" xray \"-\" in doubt",
    ),
    ("RequestId: $ID Status: 200", "App id Info"),
    ("REPORT for March is ready", "App Info"),
    (
        "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n",
        "InitReport 9999790 Some(Init) timeout -",
    ),
    (
        "INIT_REPORT Init Duration: 312.40 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n",
        "InitReport 312400 Some(Invoke) error Runtime.ImportModuleError",
    ),
    ("INIT_REPORT Init Duration: 9908.09 ms\n", "InitReport 9908090 None success -"),
    ("RESTORE_START Runtime Version: java:21.v30\tRuntime Version ARN: arn\n", "InitStart java:21.v30 -"),
    (
        "RESTORE_REPORT Restore Duration: 1236.04 ms\tStatus: error\tError Type: Runtime.ExitError\n",
        "InitReport 1236040 None error Runtime.ExitError",
    ),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after 3.00 seconds\n\n", "TimedOut"),
    ("2026-01-02T03:04:05.678Z\t$ID\tTask timed out after 1 second", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID\u{a0}Task timed out after 3.00 seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID\u{fffd}Task timed out after 3.00 seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID \u{200b}: Task timed out after 3.00 seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after ~3.00 seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after 3,00 seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task  timed  out  after  3.00  seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task\u{a0}timed\u{a0}out\u{a0}after\u{a0}3.00\u{a0}seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task Timed Out After 3.00 Seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID task timed_out after 3.00 seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after ??? seconds", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after 3.", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed out after 3.00 se…", "TimedOut"),
    ("2026-01-02T03:04:05.678Z $ID Task timed o", "TimedOut"),
    ("2026-01-02T03:04:05.678Z\t$ID\tTask timed out waiting for a lock", "App id Info"),
    ("2026-01-02T03:04:05.678Z\t$ID\tTask timed out after 30 retries", "App id Info"),
    ("2026-01-02T03:04:05.678Z\t$ID\tTask timed out after waiting 30 seconds", "App id Info"),
    ("2026-01-02T03:04:05.678Z\t$ID\tTask timed", "App id Info"),
    ("2026-01-02T03:04:05.678Z $ID \"Task timed out after 3.00 seconds\"", "App id Info"),
    ("2026-01-02T03:04:05.678Z\t$ID\tINFO\tTask timed out after 3.00 seconds", "App id Info"),
    (
        "RequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n",
        "Crash true Runtime exited with error: exit status 1 Runtime.ExitError",
    ),
    (
        "RequestId: $ID Error: Runtime exited without providing a reason Runtime.ExitError",
        "Crash true Runtime exited without providing a reason Runtime.ExitError",
    ),
    (
        "RequestId: $ID Error: fork/exec /opt/extensions/probe: permission denied\nExtension.LaunchError\n",
        "Crash true fork/exec /opt/extensions/probe: permission denied Extension.LaunchError",
    ),
    ("RequestId: $ID Error: exit code 0", "Crash true exit code 0 -"),
    (
        "RequestId: $ID Process exited before completing request\n\n",
        "ExitedEarly { id: RequestId(147600000000000000000000000000000000000) }",
    ),
    ("RequestId: $ID\tStatus: error\tErrorType: Runtime.ExitError\n", "RuntimeDone error Some(\"Runtime.ExitError\")"),
    ("RequestId: $ID was stored", "App id Info"),
    (
        "Unknown application error occurred\nRuntime.Unknown\n",
        "Crash false Unknown application error occurred Runtime.Unknown",
    ),
    ("Error Runtime exited with error: signal: killed", "Crash false Runtime exited with error: signal: killed -"),
    ("Runtime.ExitError", "Crash false  Runtime.ExitError"),
    (
        "EXTENSION\tName: probe.py\tState: LaunchError\tEvents: []\tError Type: PermissionDenied\n",
        "Extension probe.py LaunchError Some(\"PermissionDenied\")",
    ),
    ("EXTENSION Name: my agent State: Ready Events: [INVOKE, SHUTDOWN]", "Extension my agent Ready None"),
    ("TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform]\n", "Informational"),
    ("LOGS\tName: agent\tState: Subscribed\tTypes: [platform]\n", "Informational"),
    ("LOGS are kept for a week", "App Info"),
    (
        "IMAGE\tLaunch error: fork/exec /app: exec format error\tEntrypoint: [/app]\tCmd: []\tWorkingDir: [/]\n",
        "ImageError { message: \"fork/exec /app: exec format error\" }",
    ),
    ("SUPERNOVA\tInvalid task config: no such user\n", "ImageError { message: \"no such user\" }"),
    ("XRAY TraceId: 1-2-3\tSegmentId: 4\tSampled: true", "Informational"),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","runtimeVersion":"nodejs:22.v9","functionName":"shop","functionVersion":"3","instanceMaxMemory":134217728}}"#,
        "InitStart nodejs:22.v9 shop",
    ),
    (
        r#"{ "type" : "platform.start", "record": {"version":"$LATEST","tenantId":"t1","requestId":"$ID"}, "time":"2026-01-02T03:04:05.678Z"}"#,
        "Start Some(\"$LATEST\") Some(\"t1\") true",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"$ID","metrics":{"durationMs":1233.969,"billedDurationMs":1698,"memorySizeMB":256,"maxMemoryUsedMB":123.0,"initDurationMs":463.512},"tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-6a-7b;Parent=0c;Sampled=1"},"status":"success"}}"#,
        "Report 1233969 1698 256 123 init 463512 restore 0 success \"-\" xray \"1-6a-7b\"",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"$ID","status":"error","errorType":"Runtime.ExitError","metrics":{"durationMs":800.1}}}"#,
        "Report 800100 0 0 0 init 0 restore 0 error \"Runtime.ExitError\" xray \"-\"",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.runtimeDone","record":{"requestId":"$ID","status":"timeout","metrics":{"durationMs":5001.182,"producedBytes":0}}}"#,
        "RuntimeDone timeout None",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.initReport","record":{"initializationType":"on-demand","phase":"init","status":"timeout","metrics":{"durationMs":10000.487}}}"#,
        "InitReport 10000487 Some(Init) timeout -",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.restoreReport","record":{"status":"timeout","metrics":{"durationMs":10002.1}}}"#,
        "InitReport 10002100 None timeout -",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.extension","record":{"name":"agent","state":"LaunchError","events":[],"errorType":"PermissionDenied"}}"#,
        "Extension agent LaunchError Some(\"PermissionDenied\")",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.logsDropped","record":{"droppedBytes":12345,"droppedRecords":123,"reason":"slow"}}"#,
        "LogsDropped { records: 123 }",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.initRuntimeDone","record":{"phase":"init","status":"success"}}"#,
        "Informational",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.initRuntimeDone","record":{"phase":"init","status":"error","errorType":"Runtime.ExitError"}}"#,
        "InitReport 0 Some(Init) error Runtime.ExitError",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.restoreRuntimeDone","record":{"status":"error","errorType":"Runtime.ExitError"}}"#,
        "InitReport 0 None error Runtime.ExitError",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.fault","record":"RequestId: $ID Error: Runtime exited with error: exit status 1\nRuntime.ExitError"}"#,
        "Crash true Runtime exited with error: exit status 1 Runtime.ExitError",
    ),
    (r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requ"#, "UnreadableReport false"),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"$ID","metr"#,
        "UnreadableReport true",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"$ID","metrics":{"durationMs":"12","maxMemoryUsedMB":33},"tracing":[],"status":"oom"}}"#,
        "Report 0 0 0 33 init 0 restore 0 unknown \"-\" xray \"-\" in doubt",
    ),
    (
        r#"{"time":"2020-08-20T12:31:32.123Z","type":"platform.report","record":{"requestId":"$ID","metrics":{"durationMs":101.51,"billedDurationMs":300,"memorySizeMB":512,"maxMemoryUsedMB":33}}}"#,
        "Report 101510 300 512 33 init 0 restore 0 - \"-\" xray \"-\" in doubt",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"$ID","metrics":null,"status":null}}"#,
        "Report 0 0 0 0 init 0 restore 0 unknown \"-\" xray \"-\" in doubt",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","type":"platform.initStart","region":"eu-west-1","record":{"functionName":"web"}}"#,
        "Foreign(\"Lambda Web Functions\")",
    ),
    (
        r#"{"eventType":"POLLER_STATUS_EVENT","timestamp":1767312000000,"eventSourceArn":"arn","eventProcessorId":"p","logLevel":"INFO"}"#,
        "Foreign(\"Kafka event source mapping\")",
    ),
    (
        r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"LambdaInsights"}]},"cpu":1}"#,
        "Foreign(\"Lambda Insights\")",
    ),
    (r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"Shop"}]},"orders":1}"#, "App Info"),
    (
        r#"{"id":"1","type":"TaskFailed","execution_arn":"arn","event_timestamp":"1767312000000"}"#,
        "Foreign(\"Step Functions\")",
    ),
    (
        "(6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34) Method completed with status: 502",
        "Foreign(\"API Gateway execution log\")",
    ),
    (
        r#"{"requestId":"$ID","ip":"203.0.113.9","httpMethod":"GET","resourcePath":"/widgets","status":"502"}"#,
        "Foreign(\"API Gateway access log\")",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05Z","level":"WARN","event":"LaunchFailed","capacityProviderName":"pool"}"#,
        "Foreign(\"Lambda capacity provider\")",
    ),
    ("got the line START RequestId: $ID Version: 1", "App Info"),
];

pub(crate) const APP: &[(&str, &str)] = &[
    // Node.js
    ("2026-01-02T03:04:05.678Z\t$ID\tINFO\tstored 3 widgets\n", "App id Info"),
    // Custom runtimes with the label after the id.
    (
        "$ID\tInvoke Error\t{\"errorType\":\"WidgetException\",\"errorMessage\":\"no widget\",\"stack\":[]}",
        "Unhandled id WidgetException | no widget",
    ),
    // An error that refers to itself, so that the client cannot write it as JSON, and an error logged after a text.
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":"<ref *1> Error: no widget\n    at pick (/var/task/pick.js:3:4) {\n  self: [Circular *1]\n}"}"#,
        "MaybeUnhandled id Error | no widget | at pick (/var/task/pick.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":"gave up RangeError: no widget\n    at pick (/var/task/pick.js:3:4)","errorType":"RangeError","errorMessage":"no widget","stackTrace":["RangeError: no widget","    at pick (/var/task/pick.js:3:4)"]}"#,
        "Logged id RangeError | no widget | at pick (/var/task/pick.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"errorType":"UnhandledPromiseRejection","errorMessage":"Error: no widget","stackTrace":["Runtime.UnhandledPromiseRejection: Error: no widget"],"reason":{"errorType":"Error","errorMessage":"no widget"},"promise":{}}}"#,
        "UnhandledRejection id UnhandledPromiseRejection | Error: no widget | cause Error: no widget",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"message":"no widget","name":"TypeError","stack":"TypeError: no widget\n    at pick (/var/task/pick.js:3:4)"}}"#,
        "Logged id - | no widget | at pick (/var/task/pick.js)",
    ),
    // An error with a `toJSON` of its own, which is called before the client adds `errorType`: alone, behind a label,
    // of a rejection; and the same from loggers of the function, which add keys or write their level in another way.
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"message":"Request failed with status code 503","name":"AxiosError","stack":"AxiosError: Request failed with status code 503\n    at pick (/var/task/pick.js:3:4)","config":{"url":"/widgets","baseURL":"https://api.example.com","method":"get"},"code":"ERR_BAD_RESPONSE","status":503}}"#,
        "MaybeUnhandled id AxiosError | Request failed with status code 503 | at pick (/var/task/pick.js) | code ERR_BAD_RESPONSE | 503 | url https://api.example.com/widgets",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"FATAL","requestId":"$ID","tenantId":"t","message":{"name":"WidgetRefused","message":"no widget","stack":"WidgetRefused: no widget\n    at pick (/var/task/pick.js:3:4)"}}"#,
        "MaybeUnhandled id WidgetRefused | no widget | at pick (/var/task/pick.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"errors":{"size":{"name":"ValidatorError","message":"Path `size` is required."}},"_message":"Widget validation failed","name":"ValidationError","message":"Widget validation failed: size: Path `size` is required."}}"#,
        "MaybeUnhandled id ValidationError | Widget validation failed: size: Path `size` is required.",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error \t{\"message\":\"Request failed with status code 429\",\"name\":\"AxiosError\",\"stack\":\"AxiosError: Request failed\\n    at pick (/var/task/pick.js:3:4)\",\"config\":{\"url\":\"https://api.example.com/widgets\"},\"code\":\"ERR_BAD_REQUEST\",\"status\":429}",
        "Unhandled id AxiosError | Request failed with status code 429 | at pick (/var/task/pick.js) | code ERR_BAD_REQUEST | 429 | url https://api.example.com/widgets",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error \t{\"message\":\"no widget\",\"name\":\"AxiosError\",\"stack\":\"cut off in the mid",
        "Unhandled id AxiosError | no widget",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"errorType":"UnhandledPromiseRejection","errorMessage":"AxiosError: no","stackTrace":[],"reason":{"message":"no","name":"AxiosError","config":{"url":"https://api.example.com/widgets"},"code":"ERR_BAD_RESPONSE","status":502},"promise":{}}}"#,
        "UnhandledRejection id UnhandledPromiseRejection | AxiosError: no | code ERR_BAD_RESPONSE | cause AxiosError: no | 502 | url https://api.example.com/widgets",
    ),
    (
        r#"{"level":"error","message":{"message":"no widget","name":"AxiosError","stack":"AxiosError: no widget","status":503},"requestId":"$ID","timestamp":"2026-01-02T03:04:05.678Z"}"#,
        "Logged id - | no widget",
    ),
    (
        r#"{"level":"ERROR","message":{"message":"no widget","name":"AxiosError","stack":"AxiosError: no widget"},"timestamp":"2026-01-02T03:04:05.678Z","service":"shop","requestId":"$ID"}"#,
        "Logged id - | no widget",
    ),
    (
        r#"{"level":50,"time":1767312000000,"requestId":"$ID","message":{"message":"no widget","name":"AxiosError"}}"#,
        "Logged id - | no widget",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"message":"no widget","name":"blue","status":503}}"#,
        "Logged id - | no widget",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"WARN","requestId":"$ID","message":{"message":"no widget","name":"AxiosError","stack":"AxiosError: no widget"}}"#,
        "App id Warn",
    ),
    // Since 4.2, Python's client names the level under the usual key.
    (
        r#"{"timestamp": "2026-01-02T03:04:05Z", "level": "ERROR", "errorMessage": "no widget", "errorType": "ValueError", "requestId": "$ID", "stackTrace": ["  File \"/var/task/pick.py\", line 3, in pick\n    raise ValueError(\"no widget\")\n"]}"#,
        "Unhandled id ValueError | no widget | at pick (/var/task/pick.py)",
    ),
    // The message of the panic is on standard error; the client's line names the answer to the caller.
    (
        "ERROR Lambda runtime invoke{requestId=\"$ID\"}: user handler panicked error=Any { .. }",
        "Unhandled id Lambda panicked | user handler panicked error=Any { .. }",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no widget\",\"stack\":[\"TypeError: no widget\",\"    at pick (/var/task/pick.js:3:4)\"]}\n",
        "Unhandled id TypeError | no widget | at pick (/var/task/pick.js)",
    ),
    (
        "2026-01-02T03:04:05.678Z  $ID  ERROR  Invoke Error  {\"errorType\":\"SlowDown\",\"errorMessage\":\"easy\",\"Code\":\"SlowDown\",\"$metadata\":{\"httpStatusCode\":503},\"Reason\":\"Rate\"}",
        "Unhandled id SlowDown | easy | code SlowDown | reason Rate | 503",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"SlowDown\",\"errorMessage\":\"easy\",\"code\":\"Busy\",\"Reason\":\"Rate\",\"stack\":[\"cut off in the mid",
        "Unhandled id SlowDown | easy | code Busy | reason Rate",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tgave\u{3000}up:\u{a0}WidgetError: none left",
        "Logged id WidgetError | none left",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tUncaught Exception \t{\"errorType\":\"Error\",\"errorMessage\":\"lost\",\"code\":\"ECONNRESET\"}",
        "Uncaught id Error | lost | code ECONNRESET",
    ),
    (
        "2026-01-02T03:04:05.678Z\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"Error\",\"errorMessage\":\"no key\",\"stack\":[\"Error: no key\",\"    at file:///var/task/a.mjs:1:2\"]}",
        "Init Error | no key | at /var/task/a.mjs",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tUncaught Exception \t{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"gone\"}",
        "Init id Runtime.ImportModuleError | gone",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\t[trace=1 span=2] Unhandled Promise Rejection \t{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"Error: lost\",\"reason\":{\"errorType\":\"Error\",\"errorMessage\":\"lost\",\"code\":\"ELOST\"},\"stack\":[]}",
        "UnhandledRejection id Runtime.UnhandledPromiseRejection | Error: lost | code ELOST | cause Error: lost",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"Error\",\"errorMessage\":\"cut off in the mid",
        "Unhandled id Error | cut off in the mid",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tcould not store Error: lost\n    at put (/var/task/db.js:3:4) {\n  code: 'ELOST'\n}",
        "Logged id Error | lost | at put (/var/task/db.js) | code ELOST",
    ),
    ("2026-01-02T03:04:05.678Z\t$ID\tINFO\tError: lost\n    at put (/var/task/db.js:3:4)", "App id Info"),
    (
        "2016-01-02T03:04:05.678Z\t$ID\t{\"errorMessage\":\"lost\",\"errorType\":\"Error\",\"stackTrace\":[\"put (/var/task/db.js:3:4)\"]}",
        "Unhandled id Error | lost",
    ),
    (
        "Unable to import module 'index': Error\n    at Module.require (module.js:1:2)",
        "Init Error | Unable to import module 'index': Error",
    ),
    (
        "Error: lost\n    at put (/var/task/db.js:3:4)\n\nNode.js v24.1.0",
        "Crash Error | lost | at put (/var/task/db.js)",
    ),
    (
        "node:internal/process/promises:394\n      triggerUncaughtException(err, true);\n      ^\n\nTypeError: lost\n    at file:///var/task/db.mjs:3:4\n\nNode.js v24.1.0",
        "Crash TypeError | lost | at /var/task/db.mjs",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":{"errorType":"TypeError","errorMessage":"no widget","stackTrace":["TypeError: no widget","    at pick (/var/task/pick.js:3:4)"]}}"#,
        "MaybeUnhandled id TypeError | no widget | at pick (/var/task/pick.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","message":{"errorType":"ImportModuleError","errorMessage":"gone","stackTrace":[]}}"#,
        "Init ImportModuleError | gone",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":"put failed","errorType":"Error","errorMessage":"lost","stackTrace":["Error: lost","    at put (/var/task/db.js:3:4)"]}"#,
        "Logged id Error | lost | at put (/var/task/db.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","requestId":"$ID","message":"{\"level\":\"error\",\"message\":\"put failed\"}"}"#,
        "Logged id - | put failed",
    ),
    // Python
    ("[INFO]\t2026-01-02T03:04:05.678Z\t$ID\tstored\n", "App id Info"),
    (
        "[ERROR] KeyError: 'size'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}x['size']",
        "Unhandled KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] CardRefused: 51\rTraceback (most recent call last):\r  File \"/var/task/app.py\", line 3, in handler\r    pay()",
        "Unhandled CardRefused | 51 | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'\nTraceback (most recent call last):",
        "Init Runtime.ImportModuleError | Unable to import module 'app': No module named 'x'",
    ),
    (
        "[ERROR] Runtime.HandlerNotFound: Handler 'h' missing on module 'app'",
        "Init Runtime.HandlerNotFound | Handler 'h' missing on module 'app'",
    ),
    // Old clients print the sentences alone.
    ("Handler 'h' missing on module 'app'\n", "Init - | Handler 'h' missing on module 'app'"),
    ("module initialization error: 'TABLE'", "Init - | module initialization error: 'TABLE'"),
    (
        "Syntax error in module 'app': invalid syntax (app.py, line 3)",
        "Init - | Syntax error in module 'app': invalid syntax (app.py, line 3)",
    ),
    (
        "Bad handler 'app': not enough values to unpack (expected 2, got 1)\n",
        "Init - | Bad handler 'app': not enough values to unpack (expected 2, got 1)",
    ),
    ("Bad handler src/index\n", "Init - | Bad handler src/index"),
    ("Bad handler 'on_order': KeyError('id')", "App Info"),
    ("Bad handler for 3 orders", "App Info"),
    (
        "[ERROR] Runtime.MarshalError: Unable to marshal response",
        "Unhandled Runtime.MarshalError | Unable to marshal response",
    ),
    (
        "LAMBDA_WARNING: Unhandled exception. See there\r[ERROR] KeyError: 'a'\rTraceback (most recent call last):\r",
        "Unhandled KeyError | 'a'",
    ),
    (
        "LAMBDA_WARNING: Unhandled exception. See there\r{\"timestamp\":\"2026-01-02T03:04:05Z\",\"log_level\":\"ERROR\",\"errorMessage\":\"x\",\"errorType\":\"KeyError\",\"requestId\":\"$ID\",\"stackTrace\":[]}",
        "Unhandled id KeyError | x",
    ),
    (
        "[ERROR]\t2026-01-02T03:04:05.678Z\t$ID\tcould not store\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in put\n    x\nbotocore.exceptions.ClientError: no",
        "Logged id botocore.exceptions.ClientError | no | at put (/var/task/app.py)",
    ),
    ("[ERROR] could not load the list", "Logged - | could not load the list"),
    (
        "'size': KeyError\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nKeyError: 'size'\n",
        "Unhandled KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "no\nwidget: WidgetRefused\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nshop.WidgetRefused: no\nwidget\n",
        "Unhandled WidgetRefused | no\nwidget | at handler (/var/task/app.py)",
    ),
    // Loggers with the client's first line: their stacks end with the exception.
    (
        "[ERROR] could not enrich\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nKeyError: 'size'\n",
        "Logged KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] KeyError: 'size'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nKeyError: 'size'\n",
        "Logged KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] orders.service: no\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nKeyError: 'size'\n",
        "Logged KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] KeyError: 'size'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}x\nValueError: in the text of the frame",
        "Unhandled KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] KeyError: 'size'\n  File \"/var/task/app.py\", line 3, in handler",
        "Unhandled KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] KeyError: 'size'\nTraceback (most recent call last):\nFile \"/var/task/app.py\", line 3, in handler\nact\nFile \"/var/task/app.py\", line 9, in act\nreturn sizes['size']",
        "Unhandled KeyError | 'size' | at act (/var/task/app.py)",
    ),
    (
        "[ERROR] not enriched\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nshop.OrderRefused: no\n",
        "Logged shop.OrderRefused | no | at handler (/var/task/app.py)",
    ),
    // The client's error with its stack on the same line, and a logger's.
    (
        "[ERROR] NoSuchShelf: An error occurred (NoSuchShelf) when calling the GetShelf operation: no Traceback (most recent call last):   File \"/var/task/app.py\", line 3, in handler     load(event)",
        "Unhandled NoSuchShelf | An error occurred (NoSuchShelf) when calling the GetShelf operation: no | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] OrderRefused: no Traceback (most recent call last):\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler\u{a0}\u{a0}\u{a0}\u{a0}connect()",
        "Unhandled OrderRefused | no | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] KeyError: 'size' Traceback (most recent call last):   File \"/var/task/app.py\", line 3, in handler     raise Refused(\"KeyError: size\")",
        "Unhandled KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        "[ERROR] Shelf: not read Traceback (most recent call last):   File \"/var/task/app.py\", line 3, in handler     load(event) shop.NoSuchShelf: no",
        "Logged - | Shelf: not read Traceback (most recent call last):   File \"/var/task/app.py\", line 3, in handler     load(event) shop.NoSuchShelf: no",
    ),
    ("[ERROR] ValueError: row 3", "MaybeUnhandled ValueError | row 3"),
    ("[ERROR] shop.ValueError: row 3", "Logged shop.ValueError | row 3"),
    (
        "[ERROR] Runtime.MarshalError: Unable to marshal response",
        "Unhandled Runtime.MarshalError | Unable to marshal response",
    ),
    // Objects like the client's, printed by the function: no time, no id.
    (
        r#"{"level": "ERROR", "errorType": "ValueError", "errorMessage": "row 3", "stackTrace": ["a"]}"#,
        "Logged ValueError | row 3",
    ),
    // A line of the function before a stack that it printed.
    (
        "caught: KeyError\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    x\nKeyError: 'size'\n",
        "Crash KeyError | 'size' | at handler (/var/task/app.py)",
    ),
    (
        r#"{"timestamp": "2026-01-02T03:04:05Z", "log_level": "ERROR", "errorMessage": "no", "errorType": "ValueError", "requestId": "$ID", "stackTrace": ["  File \"/var/task/app.py\", line 3, in handler\n    1/0\n"]}"#,
        "Unhandled id ValueError | no | at handler (/var/task/app.py)",
    ),
    (
        r#"{"timestamp": "2026-01-02T03:04:05Z", "level": "ERROR", "errorMessage": "no", "errorType": "ValueError", "requestId": "", "stackTrace": []}"#,
        "Init ValueError | no",
    ),
    (
        r#"{"timestamp": "2026-01-02T03:04:05Z", "level": "ERROR", "message": "put failed", "logger": "root", "requestId": "$ID", "errorType": "ValueError", "errorMessage": "no"}"#,
        "Logged id ValueError | no",
    ),
    // Node.js: what its inspector prints is the function's, unless it is an error that JSON cannot hold.
    (
        "2026-01-02T03:04:05.678Z\t$ID\tERROR\tInvoke Error { errorType: 'Error', errorMessage: 'from the worker' }",
        "Logged id - | Invoke Error { errorType: 'Error', errorMessage: 'from the worker' }",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":"<ref *1> CardDeclined: no\n    at pay (/var/task/pay.js:3:4) {\n  self: [Circular *1]\n}"}"#,
        "MaybeUnhandled id CardDeclined | no | at pay (/var/task/pay.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":"CardDeclined: no\n    at pay (/var/task/pay.js:3:4) {\n  secret: [Getter]\n}"}"#,
        "MaybeUnhandled id CardDeclined | no | at pay (/var/task/pay.js)",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"ERROR","requestId":"$ID","message":"Error: no\n    at pay (/var/task/pay.js:3:4)"}"#,
        "Logged id Error | no | at pay (/var/task/pay.js)",
    ),
    // Java
    (
        "no widget: com.example.WidgetException\ncom.example.WidgetException: no widget\n\tat com.example.H.handleRequest(H.java:3)\nCaused by: java.io.IOException: disk\n\t... 2 more\n\n",
        "Unhandled com.example.WidgetException | no widget | at com.example.H.handleRequest | cause java.io.IOException: disk",
    ),
    (
        "java.lang.StackOverflowError: java.lang.StackOverflowError\njava.lang.StackOverflowError\n\tat com.example.H.run(H.java:3)\n",
        "Unhandled java.lang.StackOverflowError | at com.example.H.run",
    ),
    (
        "no widget: Widget$Refused\nWidget$Refused: no widget\n\tat com.example.H.run(H.java:3)\n",
        "Unhandled Widget$Refused | no widget | at com.example.H.run",
    ),
    ("state: Refused\nRefused: no widget\n\tat com.example.H.run(H.java:3)\n", "App Info"),
    (
        "Class not found: com.example.H: java.lang.ClassNotFoundException\njava.lang.ClassNotFoundException: com.example.H\n\tat java.net.X.y(X.java:1)",
        "Init java.lang.ClassNotFoundException | Class not found: com.example.H",
    ),
    (
        "No public method named go with appropriate method signature found on class com.example.H",
        "Init - | No public method named go with appropriate method signature found on class com.example.H",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","message":"no: com.example.WidgetException\ncom.example.WidgetException: no\n\tat com.example.H.run(H.java:3)\n\n","level":"ERROR","AWSRequestId":"$ID"}"#,
        "Unhandled id com.example.WidgetException | no | at com.example.H.run",
    ),
    (
        "2026-01-02 03:04:05 $ID ERROR Store:31 - put failed\ncom.example.WidgetException: no\n\tat com.example.H.run(H.java:3)",
        "Logged id com.example.WidgetException | no | at com.example.H.run",
    ),
    ("2026-01-02 03:04:05.123 $ID INFO  Store:31 - put", "App id Info"),
    (
        "Exception in thread \"worker\" java.lang.IllegalStateException: no\n\tat com.example.H.run(H.java:3)",
        "Crash java.lang.IllegalStateException | no | at com.example.H.run",
    ),
    // .NET
    ("2026-01-02T03:04:05.678Z\t$ID\tinfo\tstored", "App id Info"),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tfail\tSystem.InvalidOperationException: no\n ---> Shop.WidgetException: gone\n   at Shop.Fn.Run(String a)\n   --- End of inner exception stack trace ---\n",
        "MaybeUnhandled id System.InvalidOperationException | no | at Shop.Fn.Run | cause Shop.WidgetException: gone",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tfail\tput failed\nSystem.InvalidOperationException: no\n   at Shop.Fn.Run(String a)",
        "Logged id System.InvalidOperationException | no | at Shop.Fn.Run",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"Error","requestId":"$ID","message":"","errorType":"System.InvalidOperationException","errorMessage":"no","stackTrace":["System.InvalidOperationException: no","   at Shop.Fn.Run(String a)"]}"#,
        "Unhandled id System.InvalidOperationException | no | at Shop.Fn.Run",
    ),
    // Loggers of .NET print their category first; a class of another name may still be thrown.
    (
        "2026-01-02T03:04:05.678Z\t$ID\tfail\tShop.OrderController: System.FormatException: no\n   at Shop.Fn.Run(String a)",
        "Logged id System.FormatException | no | at Shop.Fn.Run",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tfail\tAmazon.Lambda.AspNetCoreServer.Function: no\n   at Shop.Fn.Run(String a)",
        "Logged id - | Amazon.Lambda.AspNetCoreServer.Function: no | at Shop.Fn.Run",
    ),
    (
        "2026-01-02T03:04:05.678Z\t$ID\tfail\tShop.OrderRefused: no\n   at Shop.Fn.Run(String a)",
        "MaybeUnhandled id Shop.OrderRefused | no | at Shop.Fn.Run",
    ),
    (
        "Unable to load type 'Shop.Fn' from assembly 'Shop'.: LambdaException",
        "Init LambdaException | Unable to load type 'Shop.Fn' from assembly 'Shop'.",
    ),
    (
        "Object reference not set to an instance of an object.: NullReferenceException\n   at Shop.Fn.Run(String a) in /src/Fn.cs:line 3\n   at lambda_method(Closure , Stream )\n",
        "Unhandled NullReferenceException | Object reference not set to an instance of an object. | at Shop.Fn.Run",
    ),
    (
        "Unhandled exception. System.IO.FileNotFoundException: no file\n   at Shop.Program.Main()",
        "Crash System.IO.FileNotFoundException | no file | at Shop.Program.Main",
    ),
    ("Out of memory.\n", "OutOfMemory - | Out of memory."),
    // The JVM
    (
        "#\n# There is insufficient memory for the Java Runtime Environment to continue.\n# Native memory allocation (malloc) failed to allocate 81920 bytes. Error detail: AllocateHeap\n",
        "OutOfMemory - | # There is insufficient memory for the Java Runtime Environment to continue.",
    ),
    (
        "# There is insufficient memory for the Java Runtime Environment to continue.",
        "OutOfMemory - | # There is insufficient memory for the Java Runtime Environment to continue.",
    ),
    (
        "java.lang.OutOfMemoryError: Java heap space\nDumping heap to /tmp/java_pid9.hprof ...\nHeap dump file created [60912 bytes in 0.1 secs]\nTerminating due to java.lang.OutOfMemoryError: Java heap space\n",
        "OutOfMemory java.lang.OutOfMemoryError | Terminating due to java.lang.OutOfMemoryError: Java heap space",
    ),
    // Go
    ("2026/01/02 03:04:05 stored", "App Info"),
    ("2026/01/02 03:04:05 {\"errorMessage\":\"no\",\"errorType\":\"errorString\"}\n", "Unhandled errorString | no"),
    (
        "2026/01/02 03:04:05 {\"errorMessage\":\"no\",\"errorType\":\"boundsError\",\"stackTrace\":[{\"path\":\"/usr/local/go/src/runtime/panic.go\",\"line\":1,\"label\":\"goPanicIndex\"},{\"path\":\"/src/main.go\",\"line\":3,\"label\":\"handler\"}]}",
        "Uncaught boundsError | no | at handler (/src/main.go)",
    ),
    (
        "2026/01/02 03:04:05 calling the handler function resulted in a panic, the process should exit",
        "Uncaught panic | calling the handler function resulted in a panic, the process should exit",
    ),
    (
        "panic: no widget\n\ngoroutine 1 [running]:\nmain.pick(0x1)\n\t/src/main.go:3 +0x1d\n",
        "Crash panic | no widget | at main.pick",
    ),
    ("fatal error: runtime: out of memory\n\nruntime stack:", "OutOfMemory - | fatal error: runtime: out of memory"),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","level":"ERROR","msg":"{\"errorMessage\":\"no\",\"errorType\":\"errorString\"}","record":{"requestId":"$ID"}}"#,
        "Unhandled id errorString | no",
    ),
    // Go's client behind another logger, or without a date.
    ("{\"errorMessage\":\"no\",\"errorType\":\"errorString\"}", "MaybeUnhandled errorString | no"),
    (
        "2026/01/02 03:04:05 invoke_loop.go:100: {\"errorMessage\":\"no\",\"errorType\":\"errorString\"}",
        "Unhandled errorString | no",
    ),
    ("shop is closed: errorString\nnull\n", "Unhandled errorString | shop is closed"),
    (
        "index out of range: errorString\n[{\"path\":\"runtime/panic.go\",\"line\":9,\"label\":\"gopanic\"}]",
        "Uncaught errorString | index out of range",
    ),
    ("[{\"path\":\"runtime/panic.go\",\"line\":9,\"label\":\"gopanic\"}]", "Uncaught panic"),
    (
        "fork/exec /var/task/shop: permission denied: PathError\nnull",
        "Init PathError | fork/exec /var/task/shop: permission denied",
    ),
    ("no widgets left: PathError", "App Info"),
    ("shop is closed: errorString null", "Unhandled errorString | shop is closed"),
    (
        "2026-01-02 03:04:05,678 ERROR [io.qua.ama.lam.run.AbstractLambdaPollLoop] (Lambda Thread) Failed to run lambda: com.example.OrderRefused: 51\n\tat com.example.H.run(H.java:3)\n",
        "Unhandled com.example.OrderRefused | 51 | at com.example.H.run",
    ),
    // Runtimes that are no clients of AWS.
    (
        "Invocation with requestId [$ID] failed: no widgetcom.example.OrderRefused: no widget\n\tat com.example.H.run(H.java:3)\n",
        "Unhandled id com.example.OrderRefused | no widget | at com.example.H.run",
    ),
    (
        "Invocation with requestId [$ID] failed: nulljava.lang.NullPointerException\n\tat com.example.H.run(H.java:3)\n",
        "Unhandled id java.lang.NullPointerException | at com.example.H.run",
    ),
    (
        "[main] WARN  i.m.f.a.r.AbstractMicronautLambdaRuntime - Invocation with requestId [$ID] failed: no widgetjava.lang.IllegalStateException: no widget\n",
        "Unhandled id java.lang.IllegalStateException | no widget",
    ),
    ("Request loop failed with: no such bean", "Init - | no such bean"),
    (
        "2026-01-02 03:04:05.678  INFO 8 --- [ main] o.s.c.f.a.aws.CustomRuntimeEventLoop : Result ERROR status: 202 ACCEPTED",
        "Unhandled -",
    ),
    (
        "error(lambda): Posting to http://127.0.0.1:9001/2018-06-01/runtime/invocation/$ID/error: Data {\"errorMessage\": \"OutOfRange\", \"errorType\": \"HandlerReturned\"}",
        "Unhandled id HandlerReturned | OutOfRange",
    ),
    (
        "$ID\tERROR\tInvoke Error\tTypeError: no widget\n    at pick (/var/task/pick.js:3:4)",
        "Unhandled id TypeError | no widget | at pick (/var/task/pick.js)",
    ),
    (
        "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"loggerName\":\"io.quarkus.amazon.lambda.runtime.AbstractLambdaPollLoop\",\"level\":\"ERROR\",\"message\":\"Failed to run lambda (NORMAL)\",\"exception\":{\"exceptionType\":\"java.lang.RuntimeException\",\"message\":\"no widget\"}}",
        "Unhandled java.lang.RuntimeException | no widget",
    ),
    (
        "Error communicating with PHP-FPM to read the HTTP response. A root cause of this can be that the Lambda (or PHP) timed out",
        "MaybeUnhandled - | Error communicating with PHP-FPM to read the HTTP response.",
    ),
    // What quotes one of them, and what Bun writes for any logged error.
    ("child said: Invocation with requestId [$ID] failed: no widget", "App Info"),
    ("ERROR RequestId: $ID error: no widget", "Logged id - | error: no widget"),
    // An error that a runtime wrote directly behind an object.
    (
        "{\"level\":\"ERROR\",\"message\":\"failed\"}[ERROR] ValueError: no widget\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    pick()",
        "Unhandled ValueError | no widget | at handler (/var/task/app.py)",
    ),
    // Objects that were cut: what is left of the line of a client, and of one that a logger wrote.
    (
        "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"ERROR\",\"requestId\":\"$ID\",\"message\":{\"errorType\":\"TypeError\",\"errorMessage\":\"no widg",
        "MaybeUnhandled id TypeError | no widg",
    ),
    (
        "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"ERROR\",\"requestId\":\"$ID\",\"message\":\"no widg",
        "Logged id - | no widg",
    ),
    (
        "2026-01-02T03:04:05+0000 error LambdaRuntime : lambda handler returned an error: orderRefused(51)",
        "Unhandled - | orderRefused(51)",
    ),
    (
        "2026-01-02T03:04:05.678Z\txyz ERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no widget\",\"stack\":[]}",
        "Unhandled TypeError | no widget",
    ),
    (
        "2026-01-02T03:04:05.678Z\t123\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no widget\",\"stack\":[]}",
        "Unhandled TypeError | no widget",
    ),
    ("2026-01-02T03:04:05.678Z\t$ID\t{\"errorMessage\":\"no widget\"}", "Unhandled id - | no widget"),
    (
        "2026-01-02T03:04:05.678Z\tINFO\tlambda/invoke_loop.go:100\t{\"errorMessage\":\"no\",\"errorType\":\"errorString\"}",
        "Unhandled errorString | no",
    ),
    (
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","requestId":"$ID","message":"{\"errorMessage\":\"no\",\"errorType\":\"errorString\"}"}"#,
        "App id Info",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","level":"INFO","msg":"{\"errorMessage\":\"no\",\"errorType\":\"errorString\"}"}"#,
        "MaybeUnhandled errorString | no",
    ),
    (
        r#"{"level":"info","ts":1767312000.5,"caller":"lambda/invoke_loop.go:100","msg":"{\"errorMessage\":\"no\",\"errorType\":\"errorString\"}"}"#,
        "Unhandled errorString | no",
    ),
    (
        "time=2026-01-02T03:04:05Z level=INFO msg=\"{\\\"errorMessage\\\":\\\"no\\\",\\\"errorType\\\":\\\"errorString\\\"}\"",
        "MaybeUnhandled errorString | no",
    ),
    (
        "calling the handler function resulted in a panic, the process should exit",
        "Uncaught panic | calling the handler function resulted in a panic, the process should exit",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","level":"INFO","msg":"calling the handler function resulted in a panic, the process should exit"}"#,
        "Uncaught panic | calling the handler function resulted in a panic, the process should exit",
    ),
    // Ruby
    (
        "Error raised from handler method\n{\n  \"errorMessage\": \"no\",\n  \"errorType\": \"Function<ZeroDivisionError>\",\n  \"stackTrace\": [\n    \"/var/task/app.rb:3:in `/'\"\n  ]\n}\n",
        "Unhandled Function<ZeroDivisionError> | no | at / (/var/task/app.rb)",
    ),
    (
        "Critical exception from handler\n{\"errorMessage\":\"no\",\"errorType\":\"Function<NoMethodError>\"}",
        "Uncaught Function<NoMethodError> | no",
    ),
    (
        "Init error when loading handler app.handler\n{\"errorMessage\":\"no\",\"errorType\":\"Init<LoadError>\"}",
        "Init Init<LoadError> | no",
    ),
    (
        "{\n  \"errorMessage\": \"no\",\n  \"errorType\": \"Function<WidgetError>\"\n}",
        "Unhandled Function<WidgetError> | no",
    ),
    (
        "Init error when loading handler app.handler\n{\"errorMessage\":\"SIGTERM\",\"errorType\":\"Init<SignalException>\"}",
        "Logged Init<SignalException> | SIGTERM",
    ),
    ("E, [2026-01-02T03:04:05.678 #8] ERROR $ID -- : put failed", "Logged id - | put failed"),
    ("I, [2026-01-02T03:04:05.678 #8]  INFO $ID -- : put", "App id Info"),
    (
        "/var/task/app.rb:3:in `x': failed to allocate memory (NoMemoryError)",
        "OutOfMemory NoMemoryError | /var/task/app.rb:3:in `x': failed to allocate memory (NoMemoryError) | at x (/var/task/app.rb)",
    ),
    // Rust and other custom runtimes
    (
        "\u{1b}[31mERROR\u{1b}[0m Lambda runtime invoke{requestId=\"$ID\" xrayTraceId=\"Root=1\"}: WidgetError { size: 3 }",
        "Unhandled id WidgetError | WidgetError { size: 3 }",
    ),
    (
        "2026-01-02T03:04:05.678Z ERROR Lambda runtime invoke{requestId=\"$ID\"}: shop::db: put failed",
        "Logged id - | put failed",
    ),
    (" INFO Lambda runtime invoke{requestId=\"$ID\"}: stored", "App id Info"),
    (
        "helloERROR Lambda runtime invoke{requestId=\"$ID\"}: user handler panicked error=Any { .. }",
        "Unhandled id Lambda panicked | user handler panicked error=Any { .. }",
    ),
    // Rust's default subscriber hides targets: prose may be the function's, a field is.
    ("ERROR Lambda runtime invoke{requestId=\"$ID\"}: row 3 skipped", "MaybeUnhandled id - | row 3 skipped"),
    (
        "ERROR Lambda runtime invoke{requestId=\"$ID\"}: row 3 skipped error=\"refused\"",
        "Logged id - | row 3 skipped error=\"refused\"",
    ),
    ("ERROR Lambda runtime invoke{requestId=\"$ID\"}: \"no widget\"", "Unhandled id - | \"no widget\""),
    (
        "ERROR Lambda runtime invoke{requestId=\"$ID\"}: Request payload deserialization into LambdaEvent<T> failed. The handler will not be called. error=X { y: 1 }",
        "Unhandled id - | Request payload deserialization into LambdaEvent<T> failed. The handler will not be called. error=X { y: 1 }",
    ),
    (
        r#"{"level":"ERROR","fields":{"message":"row 3 skipped","error":"refused"},"span":{"requestId":"$ID","name":"Lambda runtime invoke"}}"#,
        "Logged id - | row 3 skipped",
    ),
    (
        r#"{"level":"ERROR","fields":{"message":"row 3 skipped"},"span":{"requestId":"$ID","name":"Lambda runtime invoke"}}"#,
        "MaybeUnhandled id - | row 3 skipped",
    ),
    (
        "thread 'main' panicked at src/main.rs:10:5:\nno widget\nnote: run with x",
        "Crash panic | no widget | at src/main.rs",
    ),
    ("thread 'main' panicked at 'no widget', src/main.rs:10:5", "Crash panic | no widget | at src/main.rs"),
    ("memory allocation of 1024 bytes failed", "OutOfMemory - | memory allocation of 1024 bytes failed"),
    (
        r#"{"level":"ERROR","fields":{"message":"Widget(3)"},"target":"lambda_runtime::layers::trace","span":{"requestId":"$ID","name":"Lambda runtime invoke"}}"#,
        "Unhandled id Widget | Widget(3)",
    ),
    (
        r#"{"level":"ERROR","fields":{"message":"put failed"},"target":"shop","span":{"requestId":"$ID","name":"Lambda runtime invoke"}}"#,
        "Logged id - | put failed",
    ),
    (
        "[ERROR] [1767323045678] LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413. {\"errorMessage\":\"too large\",\"errorType\":\"RequestEntityTooLarge\"}",
        "Response RequestEntityTooLarge | too large | 413",
    ),
    (
        "[ERROR] [1767323045678] LAMBDA_RUNTIME Failed to post handler success response. Http response code: 403.",
        "Logged - | Failed to post handler success response. Http response code: 403. | 403",
    ),
    (
        "<--- Last few GCs --->\n\n[9:0x1] 9 ms: Mark-Compact\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n",
        "OutOfMemory - | FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ),
    (
        "[9:0x1] FATAL ERROR: NewSpace::Rebalance Allocation failed - JavaScript heap out of memory",
        "OutOfMemory - | [9:0x1] FATAL ERROR: NewSpace::Rebalance Allocation failed - JavaScript heap out of memory",
    ),
    ("Fatal Python error: Segmentation fault", "Crash - | Fatal Python error: Segmentation fault"),
    (
        "/var/task/bootstrap: line 3: ./app: cannot execute binary file: Exec format error",
        "Crash - | /var/task/bootstrap: line 3: ./app: cannot execute binary file: Exec format error",
    ),
    (
        "./app: /lib64/libc.so.6: version `GLIBC_2.99' not found (required by ./app)",
        "Crash - | ./app: /lib64/libc.so.6: version `GLIBC_2.99' not found (required by ./app)",
    ),
    (
        "./app: error while loading shared libraries: libx.so: cannot open shared object file: No such file or directory",
        "Crash - | ./app: error while loading shared libraries: libx.so: cannot open shared object file: No such file or directory",
    ),
    (
        "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
        "OutOfMemory std::bad_alloc | std::bad_alloc",
    ),
    // Loggers
    (
        r#"{"level":"ERROR","location":"pay:3","message":"put failed","function_name":"shop","function_request_id":"$ID","exception":"Traceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in pay\n    x\nShop.Refused: no","exception_name":"Refused"}"#,
        "Logged id Refused | put failed | at pay (/var/task/app.py)",
    ),
    (
        r#"{"level":50,"time":1767312000000,"err":{"type":"TypeError","message":"no","stack":"TypeError: no\n    at pick (/var/task/pick.js:3:4)"},"msg":"put failed"}"#,
        "Logged TypeError | no | at pick (/var/task/pick.js)",
    ),
    (r#"{"level":30,"time":1767312000000,"msg":"put","errorCount":0}"#, "App Info"),
    (
        r#"{"@t":"2026-01-02T03:04:05.678Z","@m":"put failed","@l":"Error","@x":"Shop.WidgetException: no\n   at Shop.Fn.Run()"}"#,
        "Logged Shop.WidgetException | put failed",
    ),
    (
        r#"{"time":"2026-01-02T03:04:05.678Z","type":"function","record":"[ERROR] KeyError: 'a'\nTraceback (most recent call last):\n"}"#,
        "Unhandled KeyError | 'a'",
    ),
    ("time=2026-01-02T03:04:05Z level=ERROR msg=\"put \\\"failed\\\"\" requestId=$ID", "Logged id - | put \"failed\""),
    (
        "time=2026-01-02T03:04:05Z level=ERROR msg=\"{\\\"errorMessage\\\":\\\"no\\\",\\\"errorType\\\":\\\"errorString\\\"}\" requestId=$ID",
        "Unhandled id errorString | no",
    ),
    ("[$ID] ERROR put failed", "Logged id - | ERROR put failed"),
    ("A mention of TimeoutError and Task timed out after 3.00 seconds", "App Info"),
    ("", "App Info"),
];

/// Lists every sample, with `$ID` for the request id.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    PLATFORM.iter().chain(APP).map(|(text, _)| *text)
}

pub(crate) fn sample(text: &str) -> String {
    text.replace("$ID", ID)
}

#[test]
fn platform_lines() {
    for (text, want) in PLATFORM {
        let text = sample(text);
        let got = gist(&parse(&text));
        let same = got == *want || want.starts_with("ExitedEarly") && got.starts_with("ExitedEarly");
        assert!(same, "{text:?}\n got {got}\nwant {want}");
    }
}

#[test]
fn lines_of_functions() {
    let mut wrong = String::new();
    for (text, want) in APP {
        let text = sample(text);
        let got = gist(&parse(&text));
        if got != *want {
            wrong.push_str(&format!("{text:?}\n got {got}\nwant {want}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A line that reports more than the code logged has the level of an error, whether the runtime wrote one or not.
#[test]
fn an_error_that_may_end_an_attempt_has_the_level_of_one() {
    for (text, _) in APP {
        let text = sample(text);
        if let Statement::App(line) = parse(&text)
            && line.error.as_ref().is_some_and(|error| error.form != ErrorForm::Logged)
        {
            assert!(line.level >= Level::Error, "{text:?} {:?}", line.level);
        }
    }
}

/// The level is read wherever a logger writes it, and kept beside the error that the line shows.
#[test]
fn a_level_is_read_wherever_a_logger_writes_it() {
    const TOLD: [&str; 10] = [
        "2026-01-02T03:04:05.678Z\t$ID\t$LEVEL\tput failed",
        "[$LEVEL]\t2026-01-02T03:04:05.678Z\t$ID\tput failed",
        "2026/01/02 03:04:05 $LEVEL put failed",
        "2026/01/02 03:04:05 {\"level\":\"$LEVEL\",\"message\":\"put failed\"}",
        "time=2026-01-02T03:04:05.678Z level=$LEVEL msg=\"put failed\"",
        "2026-01-02 03:04:05 $ID $LEVEL com.acme.Pick - put failed",
        "2026-01-02 03:04:05,678 - shop - $LEVEL - put failed",
        "$LEVEL put failed",
        "E, [2026-01-02T03:04:05.678901 #8] $LEVEL -- : put failed",
        "{\"level\":\"$LEVEL\",\"message\":\"put failed\"}",
    ];
    for told in TOLD {
        for (word, level) in [("WARN", Level::Warn), ("ERROR", Level::Error), ("FATAL", Level::Fatal)] {
            let text = sample(told).replace("$LEVEL", word);
            let record = parse(&text);
            let Statement::App(line) = &record else { panic!("{text}: {record:?}") };
            assert_eq!((line.level, line.error.is_some()), (level, level >= Level::Error), "{text}");
        }
    }
}

/// Whatever stands in the place of the id, and however a tool rewrote the time, a line of Node's client is read.
#[test]
fn lines_of_node_are_read_with_any_id_and_time() {
    let times = [
        "2026-01-02T03:04:05.678Z",
        "2026-01-02 03:04:05.678 (+02:00)",
        "2026-01-02 03:04:05.678 (UTC)",
        "2026-01-02 03:04:05 +0200",
        "2026-01-02 03:04:05.678 UTC",
        "2026-01-02 03:04:05,678 CEST",
        "[2026-01-02 03:04:05.678]",
        "2026/01/02 03:04:05",
        "02.01.2026 03:04:05",
        "1/2/2026, 3:04:05 AM",
        "Jan 2, 2026 3:04:05 AM",
        "Jan  2 03:04:05",
        "Fri, 02 Jan 2026 03:04:05 GMT",
        "Friday, January 2, 2026 3:04:05 AM GMT+02:00",
        "03:04:05.678",
        "1767323045678",
    ];
    let payload = "{\"errorType\":\"E\",\"errorMessage\":\"m\",\"stack\":[]}";
    let said = [
        ("ERROR", "Invoke Error ", ErrorForm::Unhandled),
        ("ERROR", "Uncaught Exception ", ErrorForm::Uncaught),
        ("ERROR", "Unhandled Promise Rejection ", ErrorForm::UnhandledRejection),
        ("ERROR", "Error: no", ErrorForm::Logged),
        ("INFO", "hi", ErrorForm::Logged),
    ];
    for time in times {
        for id in [ID, "-", "undefined", ""] {
            for blank in ["\t", " "] {
                // Only the fields of the client tell that the time was rewritten.
                if blank == " " && (id.is_empty() || time != times[0]) || id.is_empty() && time != times[0] {
                    continue;
                }
                for (level, label, want) in said {
                    if blank == " " && id == "-" && want == ErrorForm::Logged || id == "undefined" && time != times[0] {
                        continue;
                    }
                    let labelled = want != ErrorForm::Logged;
                    let payload = if labelled { format!("{blank}{payload}") } else { String::new() };
                    let text = format!("{time}{blank}{id}{blank}{level}{blank}{label}{payload}");
                    let Statement::App(line) = parse(&text) else { panic!("{text}") };
                    let form = line.error.as_ref().map(|error| error.form);
                    let of_init = matches!(id, "undefined" | "")
                        && matches!(want, ErrorForm::Uncaught | ErrorForm::UnhandledRejection);
                    let want = if of_init { ErrorForm::Init } else { want };
                    assert_eq!(form, (level == "ERROR").then_some(want), "{text}");
                    assert_eq!(line.id.is_some(), id == ID, "{text}");
                    assert!(level == "INFO" || may_matter(text.as_bytes()), "{text}");
                }
            }
        }
        for id in [ID, ""] {
            let text = format!("{time} {id} Task timed out after 3.00 seconds");
            assert!(matches!(parse(&text), Statement::TimedOut { .. }), "{text}: {:?}", parse(&text));
        }
    }
}

/// A line of Node's client with the dash of Node 24 in the place of the id is what it is with the id.
#[test]
fn lines_of_node_24_are_read_like_those_with_an_id() {
    let (mut wrong, mut read) = (String::new(), 0);
    for (text, want) in APP {
        let of_node = text.contains("\"requestId\":\"$ID\"") && text.contains("\"message\":")
            || text.starts_with("2026")
                && ["ERROR", "INFO", "WARN"].iter().any(|level| text.contains(&format!("\t$ID\t{level}\t")));
        if !of_node {
            continue;
        }
        let with_id = gist(&parse(&sample(text)));
        let got = gist(&parse(&text.replace("$ID", "-")));
        read += 1;
        if got.replacen(" id ", " ", 1) != with_id.replacen(" id ", " ", 1) {
            wrong.push_str(&format!("{text:?}\n got {got}\nwant {want}\n"));
        }
    }
    assert!(read > 20 && wrong.is_empty(), "{read}\n{wrong}");
}

/// The payload of Node's client is read however a copy left its quotes.
#[test]
fn payloads_are_read_with_escaped_quotes() {
    let payload = "{\"errorType\":\"TypeError\",\"errorMessage\":\"boom\",\"stack\":[\"TypeError: boom\",\"    at f (/var/task/a.js:1:2)\"]}";
    let written =
        |quote: &str| format!("2026-01-02T03:04:05.678Z\t{ID}\tERROR\tInvoke Error \t{}", payload.replace('"', quote));
    for lost in ["", "\n", "?", "\u{201d}"] {
        assert!(gist(&parse(&written(lost))).starts_with("Unhandled id"), "{}", written(lost));
    }
    for quote in ["\"", "\\\"", "\"\"", "&quot;"] {
        let text = written(quote);
        assert_eq!(gist(&parse(&text)), "Unhandled id TypeError | boom | at f (/var/task/a.js)", "{text}");
    }
}

/// Whatever way a copy has to write tabs and line ends as text, what ends an attempt is read as if it had kept them.
#[test]
fn written_out_tabs_and_line_ends_are_read() {
    let plain = |text: &str| text.trim_end().replace('\t', "\\t").replace('\n', "\\n");
    type Write = fn(&str) -> String;
    let ways: [(&str, Write); 5] = [
        ("jq @tsv", |text| text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")),
        ("inspected", |text| {
            let quoted = serde_json::to_string(text).expect("a string");
            quoted[1..quoted.len() - 1].to_owned()
        }),
        ("rsyslog", |text| text.trim_end().replace('\t', "#011").replace('\n', "#012")),
        ("cat -A", |text| text.trim_end().replace('\t', "^I").replace('\n', "$\n") + "$"),
        ("a cell", |text| text.trim_end().replace('\n', "<br>")),
    ];
    let (mut wrong, mut read) = (String::new(), 0);
    for (text, want) in PLATFORM.iter().chain(APP) {
        let text = sample(text);
        let tells = ["App", "Logged", "Unrecognized", "Unreadable"].iter().all(|word| !want.starts_with(word));
        let of_platform = PLATFORM.iter().any(|(platform, _)| sample(platform) == text);
        if !tells || text.starts_with('{') || !text.trim().contains(['\t', '\n']) || plain(&text).contains("#0") {
            continue;
        }
        let want = gist(&parse(text.trim_end()));
        for (way, write) in &ways {
            if !of_platform && *way == "cat -A" && text.trim_end().contains('\n') {
                continue;
            }
            let written = write(&text);
            let restored = super::restored(written.as_str().into());
            read += 1;
            if gist(&parse(restored.trim_end())) != want {
                wrong.push_str(&format!("{way}: {written:?}\n got {}\nwant {want}\n", gist(&parse(&restored))));
            }
            assert!(may_matter(written.as_bytes()), "{written:?}");
        }
    }
    assert!(read > 300 && wrong.is_empty(), "{read}\n{wrong}");
}

/// The worse of two statuses in a REPORT counts, in either order.
#[test]
fn the_worse_of_two_statuses_counts() {
    let figures = "Duration: 3.07 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB";
    let words = ["success", "Success", "oom", "failure", "error", "Error", "timeout"];
    let status_of = |statuses: &str| match parse(&sample(&format!("REPORT RequestId: $ID\t{figures}\t{statuses}"))) {
        Statement::Report(report) => report.status.expect("a status"),
        other => panic!("{other:?}"),
    };
    for first in words {
        for second in words {
            let one = |word| status_of(&format!("Status: {word}"));
            let both = status_of(&format!("Status: {first}\tStatus: {second}"));
            assert_eq!(both, one(first).max(one(second)), "{first} {second}");
            assert!(both != Status::Success || first.eq_ignore_ascii_case("success"), "{first} {second}");
        }
    }
}

/// A figure in another unit than milliseconds or megabytes is not read as if it were in one of these.
#[test]
fn figures_in_other_units_are_lost() {
    let labels = ["Duration", "Billed Duration", "Memory Size", "Max Memory Used", "Init Duration"];
    let units = ["ms", "ms", "MB", "MB", "ms"];
    let line = |odd: Option<(usize, &str)>| {
        let mut line = sample("REPORT RequestId: $ID");
        for (at, label) in labels.into_iter().enumerate() {
            let unit = odd.filter(|(odd, _)| *odd == at).map_or(units[at], |(_, unit)| unit);
            line.push_str(&format!("\t{label}: 77 {unit}"));
        }
        line
    };
    let figures = |text: &str| match parse(text) {
        Statement::Report(report) => {
            let m = report.metrics;
            let memory = [m.memory_size_mb, m.max_memory_used_mb].map(|mb| mb.map(u64::from));
            (report.whole, [m.duration_us, m.billed_ms, memory[0], memory[1], m.init_us])
        }
        other => panic!("{other:?}"),
    };
    let (whole, all) = figures(&line(None));
    assert!(whole && all.iter().all(Option::is_some));
    for (at, label) in labels.into_iter().enumerate() {
        for unit in ["s", "sec", "seconds", "s,", "min", "us", "µs", "ns", "GB", "KB", "kB", "MiB", "GiB", "bytes", "B"]
        {
            let (whole, seen) = figures(&line(Some((at, unit))));
            let want = std::array::from_fn(|other| all[other].filter(|_| other != at));
            assert_eq!((whole, seen), (false, want), "{label} {unit}");
        }
    }
}

/// Returns whether the pre-filter must let a record through: every line of the platform and every error.
fn must_be_seen(record: &Statement<'_>) -> bool {
    match record {
        Statement::App(line) => line.level >= Level::Error || line.error.is_some(),
        _ => true,
    }
}

#[test]
fn whatever_matters_is_let_through() {
    for (text, _) in PLATFORM.iter().chain(APP) {
        let text = sample(text);
        if must_be_seen(&parse(&text)) {
            assert!(may_matter(text.as_bytes()), "plain {text:?}");
            let escaped = serde_json::to_string(&text).expect("a string");
            assert!(may_matter(&escaped.as_bytes()[1..escaped.len() - 1]), "escaped {text:?}");
        }
    }
}

/// Returns whether a line tells that an attempt or an init failed and no other line need tell it. A status and a time limit
/// have words of their own.
fn tells_alone(record: &Statement<'_>) -> bool {
    use ErrorForm::{Crash, Logged, OutOfMemory};
    match record {
        // The platform tells of the end of a process, too.
        Statement::App(line) => {
            line.error.as_ref().is_some_and(|error| !matches!(error.form, Logged | Crash | OutOfMemory))
        }
        Statement::ImageError { .. } | Statement::LogsDropped { .. } => true,
        Statement::Extension { error_type, .. } => error_type.is_some(),
        _ => false,
    }
}

/// Every line that alone tells a failure has one of the words by which failures are looked for, whatever name the class of
/// the error has.
#[test]
fn what_fails_is_looked_for() {
    let class = regex::Regex::new(r"\b([A-Z][A-Za-z]*)(Error|Exception)\b").expect("a pattern");
    let words: Vec<&str> = crate::lambda::failures::failure_words().collect();
    let mut missed = Vec::new();
    for (text, _) in PLATFORM.iter().chain(APP) {
        for text in [sample(text), class.replace_all(&sample(text), "OrderRefused").into_owned()] {
            if tells_alone(&parse(&text)) && !words.iter().any(|word| text.contains(word)) {
                missed.push(text);
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Objects with a severe level pass the pre-filter, whatever the key and whatever head precedes them.
#[test]
fn severe_levels_are_let_through() {
    let heads = [
        "",
        " \t",
        "2026-01-02T03:04:05.678Z\t$ID\tINFO\t",
        "2026-01-02T03:04:05.678Z\t$ID\tWARN\t",
        "2026-01-02T03:04:05.678Z $ID INFO ",
        "2026-01-02T03:04:05.678Z\tundefined\tINFO\t",
        "2026-01-02T03:04:05.678Z\t-\tINFO\t",
        "2026-01-02T03:04:05.678Z\t$ID\tinfo\t",
        "2026-01-02T03:04:05.678Z\t$ID\t",
        "[INFO]\t2026-01-02T03:04:05.678Z\t$ID\t",
        "[WARNING]\t2026-01-02T03:04:05.678Z\t\t",
        "2026/01/02 03:04:05 ",
        "2026/01/02 03:04:05.678901 ",
    ];
    let levels = [
        "\"error\"",
        "\"ERROR\"",
        "\"Error\"",
        "\"err\"",
        "\"fatal\"",
        "\"Critical\"",
        "\"crit\"",
        "\"panic\"",
        "\"dpanic\"",
        "\"emerg\"",
        "\"alert\"",
        "\"severe\"",
        "\"fail\"",
        "50",
        "60",
        "\"info\"",
        "30",
    ];
    let mut seen = 0;
    for head in heads {
        for level in levels {
            for object in [
                format!("{{\"level\":{level},\"msg\":\"no\"}}"),
                format!("{{\"level\": {level}, \"msg\": \"no\"}}"),
                format!("{{ \"time\": 1, \"log_level\": {level} }}"),
                format!("{{\"message\":\"no\",\"at\":{{\"x\":[1]}},\"logLevel\":{level}}}"),
                format!(
                    "{{\"time\":\"2026-01-02T03:04:05.678Z\",\"type\":\"function\",\"record\":{{\"level\":{level}}}}}"
                ),
                format!(
                    "{{\"level\":\"INFO\",\"message\":{}}}",
                    serde_json::to_string(&format!("{{\"level\":{level}}}")).expect("a string")
                ),
            ] {
                let text = sample(&format!("{head}{object}"));
                if must_be_seen(&parse(&text)) {
                    seen += 1;
                    assert!(may_matter(text.as_bytes()), "plain {text:?}");
                    let escaped = serde_json::to_string(&text).expect("a string");
                    assert!(may_matter(&escaped.as_bytes()[1..escaped.len() - 1]), "escaped {text:?}");
                }
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn ordinary_lines_are_dismissed() {
    for text in [
        "2026-01-02T03:04:05.678Z\t6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34\tINFO\tstored 3 widgets, errors=0 timeouts=0",
        "[INFO]\t2026-01-02T03:04:05.678Z\t6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34\tretry policy {\"failures\":0}",
        r#"{"level":"INFO","message":"stored","errors":0,"lastError":null}"#,
        "2026/01/02 03:04:05 archived the table task_errors (status: error)",
        "Loading failed-orders list",
    ] {
        assert!(!may_matter(text.as_bytes()), "{text}");
    }
}

/// A mention of an error in the function's own text never has a form that ends an attempt.
#[test]
fn mentions_are_no_failures() {
    for text in [
        "retrying after Error: socket hang up",
        "[cache] Allocation failed, kept 3 keys",
        "store [cache] FATAL ERROR: Allocation failed",
        "2026-01-02T03:04:05.678Z\t6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34\tERROR\tcaught: panic: no widget",
        "event: {\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: x Error: Task timed out after 3.00 seconds\"}",
        "[ERROR]\t2026-01-02T03:04:05.678Z\t\tfatal error: runtime: out of memory",
    ] {
        let record = parse(text);
        let Statement::App(line) = &record else { panic!("{text}: {record:?}") };
        let form = line.error.as_ref().map(|error: &AppError<'_>| error.form);
        assert!(matches!(form, None | Some(ErrorForm::Logged)), "{text}: {form:?}");
    }
}

/// No shape takes quadratic time in the length of a message.
#[test]
fn hostile_messages_are_read_in_time() {
    const LENGTH: usize = 200_000;
    let begun = std::time::Instant::now();
    for head in [
        "",
        "REPORT RequestId: $ID",
        "[ERROR] ",
        "[ERROR]\t2026-01-02T03:04:05Z\t\t",
        "FATAL ERROR: ",
        "{\"level\":\"ERROR\",\"message\":\"",
    ] {
        for unit in [
            ":",
            "Error (",
            "Error: ",
            "a: ",
            "\n\tat a.b(",
            "{",
            "[",
            "\u{1b}[",
            "\r",
            "Caused by: ",
            " ---> ",
            "Traceback (most recent call last)\n",
            "x.YException: \n",
        ] {
            let text = format!("{}{}", sample(head), unit.repeat(LENGTH / unit.len()));
            let _ = parse(&text);
            let _ = may_matter(text.as_bytes());
            feed_all(&text);
        }
    }
    // Seconds if the work is linear in the length; hours if it is quadratic.
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}

fn feed_all(text: &str) {
    let mut joiner = Joiner::default();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let _ = joiner.feed(None, at as u64, line);
    }
    if let Some(block) = joiner.finish() {
        let _ = parse(&block.text);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC*") {
        let _ = parse(&text);
        feed_all(&text);
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(0u8.., 0..300)) {
        let _ = may_matter(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = parse(&text);
        feed_all(&text);
    }

    /// A block, though searched in windows, gives the same answers as its messages one by one.
    #[test]
    fn a_block_is_sifted_like_its_messages(picks in proptest::collection::vec((0usize..1000, 0usize..700), 1..120)) {
        let all: Vec<_> = PLATFORM.iter().chain(APP).collect();
        let messages: Vec<String> =
            picks.iter().map(|(pick, pad)| format!("{}{}", "x".repeat(*pad), sample(all[pick % all.len()].0))).collect();
        let block = messages.join("\n");
        let mut sieve = Sieve::new(block.as_bytes());
        let mut from = 0;
        for message in &messages {
            let to = from + message.len();
            proptest::prop_assert_eq!(sieve.may_matter(from, to), may_matter(message.as_bytes()), "{:?}", message);
            from = to + 1;
        }
    }

    #[test]
    fn torn_samples_are_read(pick in 0usize..1000, cut in 0usize..400, insert in "[\\t\\r\\n :{}\"\\[\\]é\u{a0}]{0,4}", drop in 0usize..40) {
        let all: Vec<_> = PLATFORM.iter().chain(APP).collect();
        let text = sample(all[pick % all.len()].0);
        let mut at = cut.min(text.len());
        while !text.is_char_boundary(at) { at -= 1; }
        let mut end = (at + drop).min(text.len());
        while !text.is_char_boundary(end) { end += 1; }
        let torn = format!("{}{}{}", &text[..at], insert, &text[end..]);
        let record = parse(&torn);
        let _ = may_matter(torn.as_bytes());
        feed_all(&torn);
        proptest::prop_assert_eq!(&record, &parse(&torn));
    }
}
