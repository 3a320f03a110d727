//! Random logs for a pull by Logs Insights: functions of all runtimes, in both styles of the log, with retries, reruns,
//! failed inits, attempts without an end, and many lines that nobody needs.

use serde_json::json;

use super::cloudwatch::fake::Event;
use super::cloudwatch::fake::estate::rfc3339;
use super::generate::Random;

/// Runtimes whose ways of failing are written.
pub const RUNTIMES: [&str; 8] = ["python", "nodejs", "java", "go", "rust", "dotnet", "ruby", "php"];

/// How an attempt ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    Handled,
    Unhandled,
    Timeout,
    OldTimeout,
    OutOfMemory,
    Exited,
    Downstream,
    BadInit,
    NoEnd,
}

const FAILURES: [Fate; 8] = [
    Fate::Unhandled,
    Fate::Unhandled,
    Fate::Timeout,
    Fate::OldTimeout,
    Fate::OutOfMemory,
    Fate::Exited,
    Fate::Downstream,
    Fate::BadInit,
];

/// Log of one function being written.
struct Writer<'r> {
    function: String,
    runtime: &'static str,
    json: bool,
    random: &'r mut Random,
    events: Vec<Event>,
    /// Environments: stream, time at which it is free, and whether it has run.
    streams: Vec<(String, i64, bool)>,
    memory_mb: u64,
}

/// Writes the log of a function from some minutes before the hour to some minutes behind it. Eight attempts of a hundred
/// fail.
pub fn log(
    function: &str,
    runtime: &'static str,
    json: bool,
    random: &mut Random,
    attempts: usize,
    start: i64,
) -> Vec<Event> {
    let streams = (0..5)
        .map(|_| {
            let name = format!("2026/10/01/[$LATEST]{:016x}{:016x}", random.next(), random.next());
            (name, start - 300_000 + random.below(60_000) as i64, false)
        })
        .collect();
    let memory_mb = [128, 256, 1_024][random.below(3) as usize];
    let mut writer =
        Writer { function: function.to_owned(), runtime, json, random, events: Vec::new(), streams, memory_mb };
    let step = 4_200_000 / attempts as i64;
    let mut at = start - 300_000;
    for _ in 0..attempts {
        at += writer.random.below(2 * step as u64) as i64;
        let id = writer.id();
        match writer.random.below(1_000) {
            0..28 => writer.retried(at, &id),
            40..44 => writer.rerun(at, &id),
            46..78 => writer.fails(at, &id),
            90..94 => writer.attempt(at, &id, Fate::NoEnd),
            94..110 => writer.attempt(at, &id, Fate::Handled),
            _ => writer.attempt(at, &id, Fate::Fine),
        }
    }
    let mut events = writer.events;
    events.sort_by(|one, other| one.at.cmp(&other.at).then(one.id.cmp(&other.id)));
    events
}

impl Writer<'_> {
    fn id(&mut self) -> String {
        let (a, b) = (self.random.next(), self.random.next());
        format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xffff, a >> 16 & 0xfff, b & 0xfff, b >> 16)
    }

    fn fails(&mut self, at: i64, id: &str) {
        let fate = FAILURES[self.random.below(FAILURES.len() as u64) as usize];
        self.attempt(at, id, fate);
    }

    /// Writes an event with retries, of which the last may succeed.
    fn retried(&mut self, at: i64, id: &str) {
        self.fails(at, id);
        let second = at + 60_000 + self.random.below(5_000) as i64;
        if self.random.below(2) == 0 {
            return self.attempt(second, id, Fate::Fine);
        }
        self.fails(second, id);
        let third = second + 120_000 + self.random.below(5_000) as i64;
        if self.random.below(2) == 0 { self.attempt(third, id, Fate::Fine) } else { self.fails(third, id) }
    }

    /// Writes an event that runs again after a success, twice for some.
    fn rerun(&mut self, at: i64, id: &str) {
        self.attempt(at, id, Fate::Fine);
        self.attempt(at + 30_000, id, Fate::Fine);
        if self.random.below(2) == 0 {
            self.attempt(at + 200_000, id, Fate::Fine);
        }
    }

    fn attempt(&mut self, at: i64, id: &str, fate: Fate) {
        let stream = self.random.below(self.streams.len() as u64) as usize;
        let (name, free, has_run) = self.streams[stream].clone();
        let bad_init = fate == Fate::BadInit;
        let mut at = at.max(free + 1);
        let is_cold = !has_run || bad_init;
        let arn = "arn:aws:lambda:eu-west-1::runtime:0123";
        if is_cold {
            let version = format!("{}:1.v7", self.runtime);
            let text = format!("INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}\n");
            let object = json!({"initializationType": "on-demand", "phase": "init", "runtimeVersion": version,
                "runtimeVersionArn": arn, "functionName": self.function, "functionVersion": "$LATEST"});
            self.platform(at, &name, text, "initStart", object);
            at += 150 + self.random.below(2_000) as i64;
        }
        if bad_init {
            at = self.bad_init(at, &name);
        }
        let text = format!("START RequestId: {id} Version: $LATEST\n");
        self.platform(at, &name, text, "start", json!({"requestId": id, "version": "$LATEST"}));
        let began = at;
        for line in 0..2 + self.random.below(6) {
            at += 1 + self.random.below(30) as i64;
            let filler = "the quick brown fox jumps over the lazy dog and bills the order once more; ".repeat(5);
            self.say(at, &name, id, "INFO", &format!("step {line} {filler}"));
        }
        if fate == Fate::Handled {
            self.say(at + 1, &name, id, "ERROR", "Error: the cache did not answer, going on without it");
        }
        if fate == Fate::NoEnd {
            // The environment is gone; its stream has nothing more.
            self.streams[stream] = (format!("{name}x"), at + 1_000, false);
            return;
        }
        at = self.end(began, at, &name, id, fate, is_cold && !bad_init);
        let dies = matches!(fate, Fate::OutOfMemory | Fate::Exited | Fate::Timeout | Fate::OldTimeout);
        self.streams[stream] = (name, at + 1, !dies);
    }

    /// Writes the lines that end an attempt. Returns their time.
    fn end(&mut self, began: i64, mut at: i64, name: &str, id: &str, fate: Fate, is_cold: bool) -> i64 {
        at += 5 + (self.random.below(20) * self.random.below(20)) as i64;
        let near = self.random.below(50) == 0;
        let mut memory = self.memory_mb / 2 + self.random.below(self.memory_mb / 4);
        let (mut status, mut kind) = ("success", None);
        match fate {
            Fate::Unhandled => self.unhandled(at, name, id, "the order has no price"),
            Fate::Downstream => {
                self.unhandled(at, name, id, "connect ECONNREFUSED 10.0.0.7:5432: connection refused");
            }
            Fate::Timeout | Fate::OldTimeout => {
                at = began + 3_000;
                status = "timeout";
            }
            Fate::OutOfMemory => {
                memory = self.memory_mb;
                (status, kind) = ("error", Some("Runtime.OutOfMemory"));
            }
            Fate::Exited => {
                (status, kind) = ("error", Some("Runtime.ExitError"));
                if !self.json {
                    let text =
                        format!("RequestId: {id} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n");
                    self.line(at, name, text);
                }
            }
            Fate::BadInit => (status, kind) = ("error", Some("Runtime.ImportModuleError")),
            Fate::Fine if near => memory = self.memory_mb * 97 / 100,
            Fate::Fine | Fate::Handled | Fate::NoEnd => {}
        }
        let ms = (at - began) as f64 + self.random.below(100) as f64 / 100.0;
        let billed = ms.ceil();
        let cut = matches!(fate, Fate::Timeout | Fate::OldTimeout);
        let (ms, billed) = if cut { (3_000.0, 3_000.0) } else { (ms, billed) };
        let init = 100.0 + self.random.below(90_000) as f64 / 100.0;
        if self.json {
            let mut metrics = json!({"durationMs": ms, "billedDurationMs": billed, "memorySizeMB": self.memory_mb,
                "maxMemoryUsedMB": memory});
            if is_cold {
                metrics["initDurationMs"] = json!(init);
            }
            let mut record = json!({"requestId": id, "status": status, "metrics": metrics});
            if fate == Fate::Unhandled || fate == Fate::Downstream {
                (record["status"], record["errorType"]) = (json!("error"), json!("Error"));
            }
            kind.iter().for_each(|kind| record["errorType"] = json!(kind));
            self.platform(at, name, String::new(), "report", record);
            return at;
        }
        self.line(at, name, format!("END RequestId: {id}\n"));
        let init = if is_cold { format!("Init Duration: {init:.2} ms\t") } else { String::new() };
        let told = match (fate, kind) {
            (Fate::Timeout, _) => "Status: timeout".to_owned(),
            (Fate::OutOfMemory | Fate::BadInit, Some(kind)) => format!("Status: error\tError Type: {kind}"),
            _ => String::new(),
        };
        let report = format!(
            "REPORT RequestId: {id}\tDuration: {ms:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {} MB\tMax Memory Used: \
             {memory} MB\t{init}{told}\n",
            self.memory_mb
        );
        self.line(at, name, report);
        if fate == Fate::OldTimeout {
            self.line(at, name, format!("{} {id} Task timed out after 3.00 seconds\n\n", rfc3339(at)));
        }
        at
    }

    /// Writes a failed init, which runs again with the request. Returns the time behind it.
    fn bad_init(&mut self, mut at: i64, name: &str) -> i64 {
        let kind = "Runtime.ImportModuleError";
        for phase in ["init", "invoke"] {
            at += 40;
            let text = format!(
                "[ERROR] {kind}: Unable to import module 'app': No module named 'shop'\nTraceback (most recent call last):"
            );
            if self.json {
                let object = json!({"timestamp": rfc3339(at), "log_level": "ERROR", "errorType": kind,
                    "errorMessage": "Unable to import module 'app': No module named 'shop'", "stackTrace": []});
                self.line(at, name, object.to_string());
            } else {
                self.line(at, name, text);
            }
            let text =
                format!("INIT_REPORT Init Duration: 100.00 ms\tPhase: {phase}\tStatus: error\tError Type: {kind}\n");
            let record = json!({"initializationType": "on-demand", "phase": phase, "status": "error", "errorType": kind,
                "metrics": {"durationMs": 100.0}});
            self.platform(at, name, text, "initReport", record);
        }
        at
    }

    /// Writes an unhandled error as the runtime does.
    fn unhandled(&mut self, at: i64, name: &str, id: &str, message: &str) {
        if self.json {
            let object = match self.runtime {
                "nodejs" => json!({"timestamp": rfc3339(at), "level": "ERROR", "requestId": id, "message": {
                    "errorType": "Error", "errorMessage": message, "stackTrace": ["Error: x", "    at handler (/var/task/app.js:3:9)"]}}),
                _ => json!({"timestamp": rfc3339(at), "level": "ERROR", "requestId": id, "errorType": "ValueError",
                    "errorMessage": message, "message": message, "stackTrace": ["  File \"/var/task/app.py\", line 3, in handler"]}),
            };
            return self.line(at, name, object.to_string());
        }
        let text = match self.runtime {
            "python" => format!(
                "[ERROR] ValueError: {message}\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in \
                 handler\n    work()"
            ),
            "nodejs" => {
                let object = json!({"errorType": "Error", "errorMessage": message,
                    "stack": [format!("Error: {message}"), "    at handler (file:///var/task/app.mjs:3:9)"]});
                format!("{}\t{id}\tERROR\tInvoke Error \t{object}\n", rfc3339(at))
            }
            "java" => format!(
                "{message}: java.lang.IllegalStateException\njava.lang.IllegalStateException: {message}\n\tat \
                 com.acme.App.handleRequest(App.java:12)\n"
            ),
            "go" => {
                let object = json!({"errorMessage": message, "errorType": "errorString"});
                format!("{object}\n")
            }
            "rust" => format!(
                "{} ERROR Lambda runtime invoke{{requestId=\"{id}\"}}: lambda_runtime::layers::panic: Error: \
                 \"{message}\"\n",
                rfc3339(at)
            ),
            "dotnet" => format!(
                "{}\t{id}\tfail\tSystem.InvalidOperationException: {message}\n   at Acme.Function.Handler(String input) in \
                 /src/Function.cs:line 12\n",
                rfc3339(at)
            ),
            "ruby" => {
                let object = json!({"errorMessage": message, "errorType": "Function<RuntimeError>", "stackTrace": [
                    "/var/task/app.rb:3:in 'handler'"]});
                format!("Error raised from handler method\n{object}\n")
            }
            _ => {
                let object = json!({"errorMessage": message, "errorType": "RuntimeException", "stack": [
                    "#0 /var/task/app.php(3): handler()"]});
                format!("{id}\tInvoke Error\t{object}\n")
            }
        };
        self.line(at, name, text);
    }

    /// Writes a line of the function.
    fn say(&mut self, at: i64, name: &str, id: &str, level: &str, text: &str) {
        let time = rfc3339(at);
        let message = match (self.json, self.runtime) {
            (true, _) => json!({"timestamp": time, "level": level, "message": text, "requestId": id}).to_string(),
            (false, "python") => format!("[{level}]\t{time}\t{id}\t{text}\n"),
            (false, "nodejs") => format!("{time}\t{id}\t{level}\t{text}\n"),
            _ => format!("{time} {level} {text}\n"),
        };
        self.line(at, name, message);
    }

    /// Writes a line of the platform in the style of the log.
    fn platform(&mut self, at: i64, name: &str, text: String, kind: &str, record: serde_json::Value) {
        let object = json!({"time": rfc3339(at), "type": format!("platform.{kind}"), "record": record});
        self.line(at, name, if self.json { object.to_string() } else { text });
    }

    fn line(&mut self, at: i64, name: &str, message: String) {
        let id = format!("{:056}", self.events.len());
        self.events.push(Event { at, id, stream: name.to_owned(), message });
    }
}
