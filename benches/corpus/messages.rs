//! The messages that Lambda, its runtimes and programs write, line by line, in both log formats.

use serde_json::{Value, json};

use super::{LogFormat, Random};

/// Families of runtimes, each with its own way to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runtime {
    Node,
    Python,
    Java,
    Go,
}

impl Runtime {
    /// Returns the usual duration of an init.
    pub(super) fn init_ms(self) -> f64 {
        match self {
            Self::Node => 210.0,
            Self::Python => 330.0,
            Self::Java => 2_900.0,
            Self::Go => 75.0,
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Node => "nodejs:22.v29",
            Self::Python => "python:3.13.v61",
            Self::Java => "java:21.v29",
            Self::Go => "provided:al2023.v88",
        }
    }
}

/// Origin of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Error {
    Own,
    Downstream,
    /// Throttled by Lambda, when the function calls another one.
    Throttled,
}

/// Figures of a REPORT.
pub(super) struct Ending<'a> {
    pub(super) id: &'a str,
    pub(super) duration: f64,
    pub(super) memory_mb: u64,
    pub(super) used_mb: u64,
    /// Duration of the init; 0 if the attempt was not a cold start.
    pub(super) init_ms: f64,
}

/// Writer of one function's messages.
pub(super) struct Speaker {
    pub(super) function: String,
    pub(super) domain: &'static str,
    pub(super) runtime: Runtime,
    pub(super) format: LogFormat,
    /// Whether REPORT has a status, and INIT_REPORT exists.
    pub(super) says_status: bool,
    /// Whether the line `Task timed out` is written besides the status.
    pub(super) repeats_timeout: bool,
    /// Whether X-Ray is on: REPORT then has a second line.
    pub(super) traces: bool,
    /// Whether the program logs objects in the text format.
    pub(super) app_json: bool,
    pub(super) arn: String,
}

impl Speaker {
    fn json(&self) -> bool {
        self.format == LogFormat::Json
    }

    pub(super) fn init_start(&self, ms: i64) -> String {
        let (version, arn) = (self.runtime.version(), format!("arn:aws:lambda:eu-west-1::runtime:{}", self.arn));
        if self.json() {
            let record = json!({"initializationType": "on-demand", "phase": "init", "runtimeVersion": version,
                                "runtimeVersionArn": arn, "functionName": self.function, "functionVersion": "$LATEST"});
            return platform(ms, "initStart", &record);
        }
        format!("INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}")
    }

    pub(super) fn start(&self, ms: i64, id: &str) -> String {
        if self.json() {
            return platform(ms, "start", &json!({"requestId": id, "version": "$LATEST"}));
        }
        format!("START RequestId: {id} Version: $LATEST")
    }

    /// Writes a line of the program.
    pub(super) fn line(&self, ms: i64, id: &str, level: &str, body: &str) -> String {
        let at = iso(ms);
        if self.json() {
            let text = quoted(body);
            return match self.runtime {
                Runtime::Node => {
                    format!(r#"{{"timestamp":"{at}","level":"{level}","requestId":"{id}","message":{text}}}"#)
                }
                Runtime::Python => format!(
                    r#"{{"timestamp": "{}Z", "level": "{level}", "message": {text}, "logger": "root", "requestId": "{id}"}}"#,
                    &at[..19]
                ),
                Runtime::Java => {
                    format!(r#"{{"timestamp":"{at}","message":{text},"level":"{level}","AWSRequestId":"{id}"}}"#)
                }
                Runtime::Go => {
                    format!(r#"{{"time":"{at}","level":"{level}","msg":{text},"record":{{"requestId":"{id}"}}}}"#)
                }
            };
        }
        if self.app_json {
            let text = quoted(body);
            return format!(
                r#"{{"level":"{level}","timestamp":"{at}","service":"{}","function_request_id":"{id}","message":{text}}}"#,
                self.domain
            );
        }
        match self.runtime {
            Runtime::Node => format!("{at}\t{id}\t{level}\t{body}"),
            Runtime::Python => format!("[{level}]\t{at}\t{id}\t{body}"),
            Runtime::Java => format!("{} {} {id} {level:<5} Handler:41 - {body}", &at[..10], &at[11..19]),
            Runtime::Go => format!("{} {body}", go_time(&at)),
        }
    }

    /// Writes the runtime's log of a failed handler.
    pub(super) fn unhandled(&self, ms: i64, id: &str, class: &str, message: &str, random: &mut Random) -> String {
        let (at, line) = (iso(ms), 10 + random.below(300));
        match (self.runtime, self.json()) {
            (Runtime::Node, json) => {
                let stack = [
                    format!("{class}: {message}"),
                    format!("    at take (/var/task/src/take.js:{line}:13)"),
                    "    at async Runtime.handler (/var/task/src/index.js:9:5)".to_owned(),
                ];
                let key = if json { "stackTrace" } else { "stack" };
                let error = json!({"errorType": class, "errorMessage": message, key: stack});
                if json {
                    json!({"timestamp": at, "level": "ERROR", "requestId": id, "message": error}).to_string()
                } else {
                    format!("{at}\t{id}\tERROR\tInvoke Error \t{error}")
                }
            }
            (Runtime::Python, true) => json!({
                "timestamp": format!("{}Z", &at[..19]), "log_level": "ERROR", "errorMessage": message, "errorType": class,
                "requestId": id, "stackTrace": [format!("  File \"/var/task/app.py\", line {line}, in handler\n    take(event)")]
            })
            .to_string(),
            // CloudWatch keeps the runtime's carriage returns, so that a trace is one event.
            (Runtime::Python, false) => format!(
                "[ERROR] {class}: {message}\rTraceback (most recent call last):\r\u{a0}\u{a0}File \"/var/task/app.py\", line {line}, in handler\r\u{a0}\u{a0}\u{a0}\u{a0}take(event)"
            ),
            (Runtime::Java, json) => {
                let stack = format!(
                    "{class}: {message}\n\tat com.example.shop.Take.one(Take.java:{line})\n\tat com.example.shop.Handler.handleRequest(Handler.java:31)"
                );
                if json {
                    json!({"timestamp": at, "message": stack, "level": "ERROR", "AWSRequestId": id}).to_string()
                } else {
                    format!("{message}: {class}\n{stack}\n")
                }
            }
            (Runtime::Go, json) => {
                let error = json!({"errorMessage": message, "errorType": class});
                if json {
                    json!({"time": at, "level": "ERROR", "msg": error.to_string(), "record": {"requestId": id}})
                        .to_string()
                } else {
                    format!("{} {error}", go_time(&at))
                }
            }
        }
    }

    /// Writes the end of an attempt that ran into the time limit.
    pub(super) fn timeout(&self, ms: i64, ending: &Ending<'_>, random: &mut Random) -> Vec<String> {
        let line = format!("{} {} Task timed out after {:.2} seconds\n", iso(ms), ending.id, ending.duration / 1_000.0);
        let mut messages = self.report(ms, ending, Some(("timeout", None)), random);
        if self.json() {
            return messages;
        }
        if !self.says_status {
            messages.push(line);
        } else if self.repeats_timeout {
            messages.insert(0, line);
        }
        messages
    }

    /// Writes the end of a process that the platform killed for its memory.
    pub(super) fn killed(&self, ms: i64, ending: &Ending<'_>, random: &mut Random) -> Vec<String> {
        let mut messages = self.report(ms, ending, Some(("error", Some("Runtime.OutOfMemory"))), random);
        if !self.json() && !self.says_status {
            messages.push(format!(
                "RequestId: {} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
                ending.id
            ));
        }
        messages
    }

    /// Returns whether a failed init has a line of its own.
    pub(super) fn reports_init(&self) -> bool {
        self.json() || self.says_status
    }

    /// Returns the error type of a failed init.
    pub(super) fn init_error(&self) -> Option<&'static str> {
        Some(match self.runtime {
            Runtime::Node | Runtime::Python => "Runtime.ImportModuleError",
            Runtime::Java => "Runtime.ClassNotFound",
            Runtime::Go => "Runtime.ExitError",
        })
    }

    /// Writes the messages of one failed try to load the program.
    pub(super) fn init_failure(&self, ms: i64, phase: &str, took: f64) -> Vec<String> {
        let (at, class) = (iso(ms), self.init_error().unwrap_or_default());
        let said = match (self.runtime, self.json()) {
            (Runtime::Node, json) => {
                let message = "Error: Cannot find module 'sharp'\nRequire stack:\n- /var/task/index.js";
                let error = json!({"errorType": class, "errorMessage": message,
                                   "stack": [format!("{class}: {message}"), "    at loadUserApp (file:///var/runtime/index.mjs:1084:17)"]});
                if json {
                    json!({"timestamp": at, "level": "ERROR", "message": error}).to_string()
                } else {
                    format!("{at}\tundefined\tERROR\tUncaught Exception \t{error}")
                }
            }
            (Runtime::Python, json) => {
                let message = "Unable to import module 'app': No module named 'lxml'";
                if json {
                    json!({"timestamp": format!("{}Z", &at[..19]), "log_level": "ERROR", "errorMessage": message,
                           "errorType": class, "requestId": "", "stackTrace": []})
                    .to_string()
                } else {
                    format!("[ERROR] {class}: {message}\rTraceback (most recent call last):")
                }
            }
            (Runtime::Java, true) => {
                json!({"timestamp": at, "message": "Class not found: com.example.shop.Handler", "level": "ERROR"})
                    .to_string()
            }
            (Runtime::Java, false) => {
                "Class not found: com.example.shop.Handler: java.lang.ClassNotFoundException\njava.lang.ClassNotFoundException: com.example.shop.Handler. Current classpath: file:/var/task/\n".to_owned()
            }
            (Runtime::Go, _) => format!("{} the environment variable TABLE is not set", go_time(&at)),
        };
        let mut messages = vec![said];
        if self.json() {
            let record = json!({"initializationType": "on-demand", "phase": phase, "status": "error", "errorType": class,
                                "metrics": {"durationMs": rounded(took)}});
            messages.push(platform(ms, "initReport", &record));
        } else if self.says_status {
            messages.push(format!(
                "INIT_REPORT Init Duration: {took:.2} ms\tPhase: {phase}\tStatus: error\tError Type: {class}"
            ));
        }
        messages
    }

    /// Writes END and REPORT. Functions of the older kind omit the status.
    pub(super) fn report(
        &self,
        ms: i64,
        ending: &Ending<'_>,
        status: Option<(&str, Option<&str>)>,
        random: &mut Random,
    ) -> Vec<String> {
        let &Ending { id, duration, memory_mb, used_mb, init_ms } = ending;
        let billed = duration.ceil();
        if self.json() {
            let (word, class) = status.unwrap_or(("success", None));
            let mut report = json!({"requestId": id, "metrics": {"durationMs": rounded(duration), "billedDurationMs": billed as u64,
                                    "memorySizeMB": memory_mb, "maxMemoryUsedMB": used_mb}, "status": word});
            let mut done = json!({"requestId": id, "status": word, "metrics": {"durationMs": rounded(duration), "producedBytes": 0}});
            if init_ms > 0.0 {
                report["metrics"]["initDurationMs"] = rounded(init_ms);
            }
            if let Some(class) = class {
                report["errorType"] = class.into();
                done["errorType"] = class.into();
            }
            // At the usual log level the platform reports the end of the runtime's work only if it failed.
            let done = status.is_some().then(|| platform(ms, "runtimeDone", &done));
            return done.into_iter().chain([platform(ms, "report", &report)]).collect();
        }
        let init = if init_ms > 0.0 { format!("\tInit Duration: {init_ms:.2} ms") } else { String::new() };
        let status = match status.filter(|_| self.says_status) {
            Some((word, Some(class))) => format!("\tStatus: {word}\tError Type: {class}"),
            Some((word, None)) => format!("\tStatus: {word}"),
            None => "\t".to_owned(),
        };
        let trace = if self.traces {
            let (trace, segment) = (random.next(), random.next());
            format!(
                "\nXRAY TraceId: 1-{:08x}-{trace:016x}{:08x}\tSegmentId: {segment:016x}\tSampled: true\t",
                trace >> 32,
                segment >> 32
            )
        } else {
            String::new()
        };
        vec![
            format!("END RequestId: {id}"),
            format!(
                "REPORT RequestId: {id}\tDuration: {duration:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {memory_mb} MB\tMax Memory Used: {used_mb} MB{init}{status}{trace}"
            ),
        ]
    }
}

/// Returns a type and a message as the runtime's libraries word them.
pub(super) fn error(runtime: Runtime, kind: Error, random: &mut Random) -> (String, String) {
    let (n, second) = (random.below(99_999), random.per_mille(500));
    let host = format!("10.0.{}.{}", random.below(32), 2 + random.below(250));
    let (class, message) = match (kind, runtime, second) {
        (Error::Own, Runtime::Node, false) => {
            ("TypeError", "Cannot read properties of undefined (reading 'price')".into())
        }
        (Error::Own, Runtime::Node, true) => ("RangeError", format!("page {n} is out of range")),
        (Error::Own, Runtime::Python, false) => ("KeyError", "'price'".into()),
        (Error::Own, Runtime::Python, true) => ("ValueError", format!("could not convert string to float: 'n{n}'")),
        (Error::Own, Runtime::Java, false) => {
            ("java.lang.NullPointerException", "Cannot invoke \"String.trim()\" because \"sku\" is null".into())
        }
        (Error::Own, Runtime::Java, true) => ("java.lang.IllegalStateException", format!("cart {n} is closed")),
        (Error::Own, Runtime::Go, _) => ("errorString", format!("cart {n}: unexpected end of JSON input")),
        (Error::Downstream, Runtime::Node, false) => ("Error", format!("connect ECONNREFUSED {host}:5432")),
        (Error::Downstream, Runtime::Node, true) => ("Error", format!("connect ETIMEDOUT {host}:6379")),
        (Error::Downstream, Runtime::Python, false) => {
            ("ReadTimeoutError", "Read timeout on endpoint URL: \"https://dynamodb.eu-west-1.amazonaws.com/\"".into())
        }
        (Error::Downstream, Runtime::Python, true) => (
            "ProvisionedThroughputExceededException",
            "An error occurred (ProvisionedThroughputExceededException) when calling the PutItem operation (reached max retries: 9): The level of configured provisioned throughput for the table was exceeded".into(),
        ),
        (Error::Downstream, Runtime::Java, _) => (
            "software.amazon.awssdk.core.exception.SdkClientException",
            format!("Unable to execute HTTP request: Connect to {host}:443 failed: Connection refused"),
        ),
        (Error::Downstream, Runtime::Go, _) => {
            ("*net.OpError", format!("dial tcp {host}:5432: connect: connection refused"))
        }
        (Error::Throttled, Runtime::Node, _) => ("TooManyRequestsException", "Rate Exceeded.".into()),
        (Error::Throttled, Runtime::Python, _) => (
            "TooManyRequestsException",
            "An error occurred (TooManyRequestsException) when calling the Invoke operation (reached max retries: 4): Rate Exceeded.".into(),
        ),
        (Error::Throttled, Runtime::Java, _) => (
            "com.amazonaws.services.lambda.model.TooManyRequestsException",
            format!("Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: {}; Proxy: null)", random.id()),
        ),
        (Error::Throttled, Runtime::Go, _) => (
            "*types.TooManyRequestsException",
            format!("operation error Lambda: Invoke, exceeded maximum number of attempts, 3, https response error StatusCode: 429, RequestID: {}, TooManyRequestsException: Rate Exceeded.", random.id()),
        ),
    };
    (class.to_owned(), message)
}

/// Returns the text of a program's line, 60 to 350 bytes: mostly about its business, sometimes in words of failures.
pub(super) fn body(speaker: &Speaker, random: &mut Random) -> String {
    let (domain, id, took, few) = (speaker.domain, random.next(), random.below(900), random.below(64));
    let what = random.pick(&["cart", "price list", "parcel", "customer", "ledger entry", "thumbnail"]);
    let done = random.pick(&["Loaded", "Stored", "Checked", "Queued", "Rendered", "Skipped", "Merged"]);
    match random.below(100) {
        0..45 => format!("{done} {what} {domain}-{id:016x} in {took} ms (attempt=1, partition={few}, cache=hit)"),
        45..58 => format!(
            r#"{{"event":"{domain}.changed","id":"{id:016x}","durationMs":{took},"items":{few},"ok":true,"tags":["{what}"]}}"#
        ),
        58..70 => format!(
            r#"{{"event":"{domain}.changed","id":"{id:016x}","durationMs":{took},"items":{few},"ok":true,"payload":{{"sku":"S-{few}","currency":"EUR","amount":{took}.5,"tags":["{what}","{done}","cart"],"trace":"{:016x}{:016x}"}}}}"#,
            random.next(),
            random.next()
        ),
        70..85 => format!(
            "HTTP {} https://{domain}.internal.example.com/v2/items/{id:016x}?tenant={took}&page={few} -> {} in {took} ms",
            random.pick(&["GET", "GET", "PUT", "POST"]),
            random.pick(&[200, 200, 201, 204])
        ),
        85..97 => format!(
            "Step {}/9 {done} {what} key=s3://{domain}-data/{id:016x}/part-{few:05}.json.gz bytes={took} etag={:016x}{:016x}",
            1 + few % 9,
            random.next(),
            random.next()
        ),
        97 => r#"Retry policy maxAttempts=3 retryOn=["TimeoutError","ThrottlingException"] backoffMs=200"#.into(),
        98 => r#"Health {"errors":0,"timeouts":0,"throttles":0,"lastError":null,"window":"5m"}"#.into(),
        _ => "Archived 14 rows of table task_errors (status: error) that are older than 30 days – «fini»".into(),
    }
}

fn platform(ms: i64, kind: &str, record: &Value) -> String {
    format!(r#"{{"time":"{}","type":"platform.{kind}","record":{record}}}"#, iso(ms))
}

fn rounded(ms: f64) -> Value {
    Value::from((ms * 1_000.0).round() / 1_000.0)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Formats a time like Go's `log` package.
fn go_time(iso: &str) -> String {
    format!("{}/{}/{} {}", &iso[..4], &iso[5..7], &iso[8..10], &iso[11..19])
}

/// Formats moments of January 2026 as `2026-01-02T03:04:05.678Z`.
pub(super) fn iso(ms: i64) -> String {
    let since = ms - super::BEGIN_MS;
    let (day, ms) = (2 + since / 86_400_000, since % 86_400_000);
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    format!("2026-01-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
