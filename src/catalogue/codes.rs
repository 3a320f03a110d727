//! The table of codes: what each means, whether the work may be repeated, what to do, in a few words and in a sentence or two. Pages are in `pages/`.
//!
//! Order: the categories of the taxonomy, in each the page of the category itself (its id has no dot; no verdict uses
//! it) and then its codes; last the observations.

use super::CodeInfo;
use crate::model::{Category, Compensation as C, PartialWork as P, Retryable as R};

macro_rules! codes {
    ($($category:expr => { $($id:literal $title:literal $retry:ident $work:ident $comp:ident $brief:literal $hint:literal;)+ })+) => {
        /// Every code, in the order of the categories, observations last.
        pub static CODES: &[CodeInfo] = &[$($(
            CodeInfo {
                id: $id,
                category: $category,
                title: $title,
                retryable: R::$retry,
                partial_work: P::$work,
                compensation: C::$comp,
                brief: $brief,
                hint: $hint,
                markdown: include_str!(concat!("pages/", $id, ".md")),
            },
        )+)+];
    };
}

codes! {
    Some(Category::Ok) => {
        "ok" "Succeeded" No Finished No
            "nothing to do"
            "Nothing to do.";
    }
    Some(Category::Incomplete) => {
        "incomplete" "No end seen" Depends Unknown Depends
            "read a longer window"
            "Read a longer window or the whole log stream before judging it.";
        "incomplete.window" "Cut by the window" Depends Unknown Depends
            "read a longer window"
            "The end lies outside the logs that were read: widen the window.";
        "incomplete.no_report" "No end in the log" Depends Unknown Depends
            "check for lost log lines"
            "Check whether log lines were lost, filtered or hidden by the system log level; compare with the Invocations and Errors metrics.";
    }
    Some(Category::Unknown) => {
        "unknown" "Failed without a reason" Depends Possible Depends
            "read its last lines"
            "The platform says it failed and no line says why: read the lines before the end, and log errors in the handler.";
    }
    Some(Category::Throttling) => {
        "throttling" "Throttled by Lambda" WithBackoff None No
            "back off, queue the calls"
            "Back off with jitter, and put a queue between caller and function so that concurrency is controlled in one place.";
        "throttling.concurrency" "Account concurrency used up" WithBackoff None No
            "raise quota or cap callers"
            "The region's account concurrency is used up: request a higher quota, or cap and queue the callers. Compare ConcurrentExecutions with the limit in GetAccountSettings.";
        "throttling.reserved" "Reserved concurrency used up" WithBackoff None No
            "raise reserved concurrency"
            "The called function is at its own reserved concurrency: raise it, or let a queue feed the function with MaximumConcurrency.";
        "throttling.rate" "Request rate too high" WithBackoff None No
            "slow the caller, batch"
            "Requests per second, not concurrency, are at the limit: slow the caller, batch and cache. The control-plane APIs share 15 requests per second.";
        "throttling.snapshot" "Too many snapshots at once" WithBackoff None No
            "publish one after another"
            "Too many SnapStart snapshots are being made at once: publish versions one after the other.";
        "throttling.capacity" "No free worker" WithBackoff None No
            "raise capacity, back off"
            "Every worker of the Managed Instances was busy: retry with backoff, and raise the minimum number of environments or the concurrency of each.";
        "throttling.unspecified" "Throttled, reason not logged" WithBackoff None No
            "slow down, check concurrency"
            "Lambda answered 429 and the log line lacks its Reason: back off with jitter, compare the Throttles metric of the called function with its reserved concurrency and the account's limit, and log the Reason field.";
    }
    Some(Category::ServiceError) => {
        "service_error" "Lambda itself failed" Yes None No
            "retry with backoff"
            "Retry with backoff and jitter; look at the AWS Health Dashboard if it lasts.";
        "service_error.internal" "Lambda answered 5xx" Yes None No
            "retry with backoff"
            "A transient fault of the Lambda service: retry with backoff and jitter.";
        "service_error.not_ready" "Function not ready yet" WithBackoff None No
            "retry after some seconds"
            "Lambda is still preparing the called function (network interface, idle function): retry after some seconds, for a minute or two.";
        "service_error.configuration" "Called function is misconfigured" AfterFix None No
            "fix the called function"
            "Not transient despite the 5xx: in the called function's configuration, fix what the error names (subnet addresses, interface limit, KMS key, package or role).";
        "service_error.sandbox" "Sandbox failed" Yes Possible Depends
            "retry, else open a case"
            "The platform lost the execution environment: retry. If it persists, open a support case with the request ids.";
    }
    Some(Category::InvalidRequest) => {
        "invalid_request" "Lambda refused the request" No None No
            "fix the caller"
            "Retrying sends the same bad request: fix the caller.";
        "invalid_request.payload_too_large" "Payload too large" No None No
            "pass large data through S3"
            "Send at most 6 MB synchronously or 1 MB asynchronously: store the data in S3 and pass its key.";
        "invalid_request.content" "Payload is not JSON" No None No
            "send JSON"
            "Serialise the payload as JSON before calling Invoke.";
        "invalid_request.not_found" "Called function not found" No None No
            "check name, alias and region"
            "Check name, alias or version, region and account of the called function.";
        "invalid_request.access_denied" "Call not permitted" AfterFix None No
            "grant the action, renew keys"
            "Grant the caller's role the Lambda action that the message names on that ARN, or renew its credentials if they expired.";
        "invalid_request.parameter" "Invalid parameter" No None No
            "correct the parameter"
            "Correct the parameter that the message names.";
        "invalid_request.conflict" "Called function cannot take it now" WithBackoff None No
            "wait until it is active"
            "One of the few 4xx worth a retry: wait until the function is Active or its file system answers, then call again.";
        "invalid_request.recursion" "Recursive loop stopped" No None No
            "break the loop"
            "Lambda stopped a loop of about 16 hops between the function and a queue, topic, bucket or function: break the loop.";
    }
    Some(Category::RuntimeException) => {
        "runtime_exception" "Unhandled error" Depends Possible Depends
            "fix or catch the error"
            "Fix or handle the error; callers must check FunctionError, for the HTTP status is 200.";
        "runtime_exception.unhandled" "Unhandled error" Depends Possible Depends
            "fix or catch the error"
            "Catch this error; retry only transient faults, send bad input to a dead-letter queue.";
        "runtime_exception.unhandled_rejection" "Unhandled promise rejection" Depends Possible Depends
            "await or catch each promise"
            "Await or catch every promise: this rejection ended the process, and the next request pays for a new init.";
        "runtime_exception.unsettled" "Promise never settled" No Possible Depends
            "settle every promise"
            "The event loop ran empty while the handler's promise was pending: make sure that every path resolves or rejects it.";
        "runtime_exception.exit" "Process exited" Depends Possible Depends
            "find what ends the process"
            "Something ended the process: check for exit calls, fatal logs and crashes in native code, and return an error instead.";
        "runtime_exception.signal" "Process killed by a signal" Depends Possible Depends
            "check native modules"
            "A signal ended the process: if it is SIGTERM, something sent it, such as a wrapper that restarts its server; else suspect native modules, or a build for another architecture or libc.";
        "runtime_exception.extension" "Extension crashed" Depends Possible Depends
            "update or drop extension"
            "An extension crashed and failed the attempt: update, reconfigure or remove that extension.";
        "runtime_exception.response_too_large" "Response too large" No Finished Depends
            "return less, do not repeat"
            "The work is done, only the response was rejected: return at most 6 MB (put the result in S3 or stream it), and do not repeat the work.";
        "runtime_exception.response_format" "Response not serialisable" No Finished Depends
            "return JSON, do not repeat"
            "The work is done, but the return value cannot be written as JSON: convert it, and do not repeat the work.";
        "runtime_exception.event_format" "Event does not fit the handler" No None No
            "accept what is sent"
            "The event could not be read into the handler's input type: accept what the invoker really sends. A retry brings the same event.";
        "runtime_exception.streaming" "Response stream broken" Depends Possible Depends
            "always end the stream"
            "The response stream was not finished or was misused: always end it, also on errors.";
        "runtime_exception.disk_full" "No space left in /tmp" AfterFix Possible Depends
            "clean /tmp or enlarge it"
            "/tmp is full and outlives the attempt: delete files when done, or raise ephemeral storage (512 to 10,240 MB).";
        "runtime_exception.package" "File missing or unfit" No Possible Depends
            "package the missing file"
            "A program or library that the code needs is missing from the package or built for another system: package it for Lambda's system and architecture, and redeploy.";
        "runtime_exception.read_only" "Read-only file system" No Possible Depends
            "write to /tmp only"
            "Only /tmp is writable: write there.";
        "runtime_exception.file_descriptors" "Too many open files" AfterFix Possible Depends
            "close files, share clients"
            "All 1,024 file descriptors are in use: close files, sockets and clients, and share one client per environment.";
        "runtime_exception.threads" "Too many threads" AfterFix Possible Depends
            "bound the thread pools"
            "All 1,024 processes and threads are in use: bound and reuse thread pools. More memory does not help.";
    }
    Some(Category::Timeout) => {
        "timeout" "Timed out" Risky Likely Yes
            "find what it waits for"
            "Find what it waited for; make the work idempotent before any retry.";
        "timeout.invoke" "Timed out" Risky Likely Yes
            "bound each outgoing call"
            "Set a client timeout below the remaining time on every outgoing call; move long work to a queue, Step Functions or a durable function.";
        "timeout.init" "Init used up the timeout" AfterFix None No
            "shorten init or raise memory"
            "It was repeated inside the request: shorten init, or raise memory and timeout.";
        "timeout.extension" "Extension held a finished handler" No Finished Depends
            "fix the extension's flush"
            "The handler had returned and an extension kept the environment busy until the limit: fix the extension's flush or give it a timeout.";
    }
    Some(Category::OutOfMemory) => {
        "out_of_memory" "Out of memory" AfterFix Likely Yes
            "raise memory, find the leak"
            "Raise memory, process in pieces, and look for a leak.";
        "out_of_memory.killed" "Killed for memory" AfterFix Likely Yes
            "raise memory, find the leak"
            "The kernel killed the process at the memory limit: raise memory, stream or split large inputs, and look for memory that grows from request to request.";
        "out_of_memory.heap" "Language heap exhausted" AfterFix Likely Yes
            "raise heap limit and memory"
            "The language's own heap limit was reached: adjust it together with the memory size, and process large data in pieces.";
    }
    Some(Category::InitFailure) => {
        "init_failure" "Environment could not start" Depends None No
            "check the last deployment"
            "Check whether every start fails (a deployment) or only some (transient), then fix package, configuration or what init depends on.";
        "init_failure.import" "Code or dependency not found" No None No
            "package it, or roll back"
            "The handler's module or one of its dependencies is missing or unusable in the package or layer: build for Lambda's runtime and architecture, and redeploy.";
        "init_failure.handler_not_found" "Handler not found" No None No
            "correct the handler setting"
            "The handler setting names a function that the code does not export: correct the setting or the export, and redeploy.";
        "init_failure.syntax" "Syntax error" No None No
            "fix the code, or roll back"
            "The code does not parse on this runtime: fix it or the runtime version, and redeploy.";
        "init_failure.exception" "Exception during init" Depends None No
            "check settings and secrets"
            "Code outside the handler threw: check environment variables, secrets and calls made while loading.";
        "init_failure.exit" "Process exited during init" Depends None No
            "read its last lines"
            "The process ended before it asked for the first event: read its last lines, then check environment variables, libraries and architecture; a custom runtime must start its loop.";
        "init_failure.timeout" "Init took too long" AfterFix None No
            "load less in init"
            "Init or restore passed its limit (10 s on demand and for restore; with provisioned concurrency and on Managed Instances 130 s, or the timeout if that is longer): load less, raise memory, and move network calls out of init.";
        "init_failure.restore" "SnapStart hook failed" Depends None No
            "fix the SnapStart hook"
            "A SnapStart hook or restore failed: read the hook's error, and test the published version.";
        "init_failure.extension" "Extension failed to start" Depends None No
            "check or remove extension"
            "An extension did not start: check its file mode, architecture, configuration and network access, or remove its layer.";
        "init_failure.entrypoint" "Entry point cannot be run" No None No
            "fix the entry point"
            "Bootstrap or image entry point is missing, not executable or built for another architecture: fix and redeploy.";
    }
    Some(Category::Downstream) => {
        "downstream" "A dependency failed" Depends Likely Yes
            "bound and back off calls"
            "Retry only what is idempotent; give each dependency its own timeout, retry budget and fallback.";
        "downstream.throttled" "Dependency throttled" WithBackoff Possible Depends
            "slow down, raise capacity"
            "The service limits the rate: slow down (lower MaximumConcurrency or batch), raise its capacity, and mind that SDK retries multiply with Lambda's.";
        "downstream.connection" "Connection failed" Risky Likely Yes
            "check target and network"
            "The connection was refused or broken: check that the target listens, its security group and idle timeouts; reconnect once when a kept-alive connection breaks.";
        "downstream.dns" "Name not resolved" WithBackoff Possible Depends
            "check name and DNS of VPC"
            "The host name did not resolve: check the name, the VPC's DNS settings and private zones. Nothing was sent to that host.";
        "downstream.tls" "TLS failed" AfterFix Possible Depends
            "check certificate and trust"
            "No trusted TLS session could be made: check certificate, host name, trust store and protocol version.";
        "downstream.timeout" "Dependency did not answer in time" Risky Likely Yes
            "check target and route"
            "The call's own timeout ended it and its outcome is unknown: check before repeating a write. In a VPC, check the route, NAT or endpoint.";
        "downstream.unavailable" "Dependency answered 5xx" WithBackoff Likely Yes
            "back off until it answers"
            "The service failed: retry with backoff, and stop calling while it is down (circuit breaker).";
        "downstream.auth" "Access refused" AfterFix Possible Depends
            "fix role, secret or token"
            "Credentials or permissions are wrong or expired: fix role, policy, secret or token. Retries do not help.";
        "downstream.not_found" "Resource not found" No Possible Depends
            "check name and region"
            "Check name, region and account of the resource, and treat an absent item as a normal case.";
        "downstream.validation" "Request refused as invalid" No Possible Depends
            "correct the request"
            "The service refuses the request as it is: correct it; a retry sends the same again.";
        "downstream.conflict" "Conflict with existing state" Depends Likely Yes
            "read the state first"
            "The state was not as expected, often because an earlier attempt already did the work: read it before compensating.";
        "downstream.contention" "Another change was under way" WithBackoff Possible Depends
            "one writer, back off"
            "Something else was changing the same thing at that moment: try again with backoff and jitter, and let one writer at a time change it.";
        "downstream.billing" "Account used up" AfterFix Possible Depends
            "top up or raise the quota"
            "The account of the called interface is out of credit or quota: top it up or raise its limit. Retries do not help.";
        "downstream.database" "Database failed" Depends Likely Yes
            "check limit of connections"
            "Check that the database is reachable, its connection limit (RDS Proxy helps with connection storms) and what its message names.";
        "downstream.error" "Dependency failed" Depends Likely Yes
            "look up its error code"
            "The service refused or failed the call: look up the error code it names.";
    }
    None => {
        "cold_start" "Cold start" No Unknown No
            "nothing to do"
            "The environment was made or restored for this attempt.";
        "near_memory_limit" "Close to the memory limit" No Unknown No
            "raise memory"
            "At 95 % of the memory size or above: raise memory before a larger input ends in a kill.";
        "memory_at_limit" "Memory at the limit" No Unknown No
            "raise memory, measure again"
            "Memory was exhausted when it ended: thrashing can look like slowness. Raise memory and measure again.";
        "memory_grown" "Environment nearly full before" No Unknown No
            "find the leak"
            "Earlier requests had nearly filled the environment: memory grows over its life, which is a leak or a cache without bound.";
        "memory_sudden" "One request needed far more memory" No Unknown No
            "look at that request's data"
            "Earlier requests of the environment needed far less: look at the size of this request's data.";
        "near_timeout" "Close to the timeout" No Unknown No
            "shorten work, raise timeout"
            "It finished shortly before the limit: shorten the work or raise the timeout within what the invoker waits.";
        "handled_error" "Handled errors" No Unknown No
            "read what was logged"
            "The code logged errors and went on: Lambda counts no error and retries nothing.";
        "handled_downstream_error" "Handled dependency failures" No Unknown No
            "watch that dependency"
            "A call to a dependency failed and the code went on: watch it, it may become the next outage.";
        "init_timeout_recovered" "Init repeated after its time limit" No Unknown No
            "shorten init"
            "Init passed 10 s and was repeated inside the request, which pays for both: shorten init or raise memory.";
        "init_error_recovered" "Init repeated after an error" No Unknown No
            "find the flaky init step"
            "Init failed once and worked when repeated inside the request: find the flaky step in init.";
        "start_not_logged" "Start not logged" No Unknown No
            "set the log level to INFO"
            "At system log level WARN, Lambda logs only attempts that fail: set it to INFO to know rates.";
        "late_line" "Lines after the end" No Unknown No
            "finish work before returning"
            "Background work went on after the answer; it freezes with the environment: finish it before returning.";
        "extension_failed" "Extension reported a failure" No Unknown No
            "check the extension"
            "An extension failed and the attempt went on: telemetry may be missing.";
        "extension_overhead" "Extension kept the environment busy" No Unknown No
            "shorten extension work"
            "The handler was done before the end: the rest of the time went to extensions (PostRuntimeExtensionsDuration).";
        "response_not_accepted" "Answer came too late or twice" No Unknown No
            "look for a freeze before"
            "The runtime's response was rejected, usually after a freeze or timeout of an earlier attempt.";
        "unhandled_rejection" "Unhandled rejection without failure" No Unknown No
            "await or catch each promise"
            "A promise that nobody awaited was rejected; on most Node.js versions that ends the process: await or catch it.";
        "crash_text" "Crash text without a crash" No Unknown No
            "check child processes"
            "A crash was printed and the attempt went on: probably a child process or another thread.";
        "out_of_memory_text" "Handled memory error" No Unknown No
            "check child processes"
            "An out-of-memory error was printed and the attempt went on: a child process, or caught.";
    }
}
