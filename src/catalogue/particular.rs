//! Hints for the particular cause that an error names: the denied action and its resource, the missing module, the
//! environment variable that is not set, the line that threw. One function for each cause; the first that knows what to
//! say is followed.

use super::own_server::is_of_own_server;
use crate::lambda::loaders::{BEFORE_MISSING, CLASS_NOT_FOUND};

/// What the log has of an error.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ErrorTold<'a> {
    /// Type of the error.
    pub error_type: Option<&'a str>,
    /// Message of the error.
    pub message: Option<&'a str>,
    /// First frame in the function's own code, with the number of its line where the log has it.
    pub frame: Option<&'a str>,
    /// Service of the failed call.
    pub service: Option<&'a str>,
    /// Operation of the failed call.
    pub operation: Option<&'a str>,
    /// Architecture of the function.
    pub architecture: Option<&'a str>,
}

/// Causes, the most telling first.
const CAUSES: [fn(&str, &ErrorTold<'_>) -> Option<String>; 21] = [
    key_of_secret,
    denied_action,
    expired_credentials,
    missing_key_of_s3,
    wrong_password,
    missing_module,
    unfit_binary,
    environment_variable,
    file_mode,
    killed_child,
    unpacked_while_used,
    quota,
    connections_used_up,
    own_server,
    own_address,
    silent_own_address,
    refused,
    no_connection_in_time,
    rejected_promise,
    known_library,
    thrown_at,
];

/// Errors of libraries that say what happened, by the end of their type, each with what to do: the place that threw them is the
/// library's.
const OF_LIBRARIES: [(&str, &str); 6] = [
    ("IdempotencyAlreadyInProgressError", IN_PROGRESS),
    ("IdempotencyAlreadyInProgressException", IN_PROGRESS),
    (
        "IdempotencyPersistenceLayerError",
        "The store of the idempotency keys failed, so the work was not begun or not noted as done: check its table, its permissions and its capacity.",
    ),
    ("FullBatchFailureError", WHOLE_BATCH),
    ("BatchProcessingError", WHOLE_BATCH),
    ("BatchProcessingException", WHOLE_BATCH),
];

const IN_PROGRESS: &str = "An attempt with the same idempotency key was still running, or had died within its time, so this one did nothing: a later retry succeeds or returns its result. See why the event came twice.";

const WHOLE_BATCH: &str = "Each record of the batch failed, and the whole batch comes again: the errors of the single records, logged before or within this one, are the causes.";

/// Returns the hint for the cause that an error of a code names.
pub(super) fn hint(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    CAUSES.iter().find_map(|cause| cause(code, error))
}

impl<'a> ErrorTold<'a> {
    fn says(&self, words: &[&str]) -> bool {
        self.message.is_some_and(|message| words.iter().any(|words| message.contains(words)))
    }

    /// Returns the text between two marks of the message, up to the first quote or blank if the second is empty.
    fn between(&self, before: &str, after: &[char]) -> Option<&'a str> {
        let (_, rest) = self.message?.split_once(before)?;
        let word = rest.split(after).next()?.trim_end_matches(['.', ',', ';', ':']);
        (!word.is_empty() && word.len() <= 200).then_some(word)
    }
}

/// A secret, parameter, queue or object is encrypted, and the role may not use its key.
fn key_of_secret(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let denied =
        ["Access to KMS is not allowed", "kms:Decrypt", "kms:GenerateDataKey", "KMS.AccessDenied", "KMSAccessDenied"];
    let of_key = code == "downstream.auth" && error.service != Some("KMS") && error.says(&denied);
    let action = if error.says(&["kms:GenerateDataKey"]) { "kms:GenerateDataKey" } else { "kms:Decrypt" };
    let of = error.service.map_or_else(|| "the data".to_owned(), |service| format!("the data in {service}"));
    of_key.then(|| format!("The function's role may not use the key that encrypts {of}: allow {action} on that key, in the role and in the key's own policy."))
}

/// `User: arn:aws:sts::…:assumed-role/ROLE/… is not authorized to perform: ACTION on resource: ARN because …`
fn denied_action(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    if !matches!(code, "downstream.auth" | "invalid_request.access_denied") {
        return None;
    }
    let blank = [' ', '\n', '"'];
    let action = error.between("not authorized to perform: ", &blank)?;
    let role = error
        .between(":assumed-role/", &['/', ' '])
        .map_or("the function's role".to_owned(), |role| format!("the role {role}"));
    let on = error.between(" on resource: ", &blank).map_or(String::new(), |resource| format!(" on {resource}"));
    if error.says(&["explicit deny"]) {
        return Some(format!(
            "A policy denies {action}{on} explicitly to {role}: no further permission helps, look for the Deny (role, resource, boundary, service control policy)."
        ));
    }
    Some(format!("Allow {action}{on} for {role}."))
}

fn expired_credentials(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let expired = ["token included in the request is expired", "token has expired", "ExpiredToken"];
    let is_expired = matches!(code, "downstream.auth" | "invalid_request.access_denied")
        && (error.says(&expired) || error.error_type.is_some_and(|name| name.contains("ExpiredToken")));
    is_expired.then(|| "The credentials had expired: do not keep them from an earlier init; create the client with the function's role, or renew them.".to_owned())
}

/// Without `s3:ListBucket`, S3 answers 403 for an object that is not there.
fn missing_key_of_s3(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let reads = matches!(error.operation, Some("HeadObject" | "GetObject" | "GetObjectAttributes" | "CopyObject"));
    (code == "downstream.auth" && error.service == Some("S3") && reads).then(|| {
        "Check first whether the object exists: without s3:ListBucket, S3 answers 403 for a missing key. Then check the bucket policy and the role.".to_owned()
    })
}

fn wrong_password(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let words = [
        "password authentication failed",
        "Access denied for user",
        "Login failed for user",
        "Authentication required",
        "NOAUTH",
        "WRONGPASS",
        "Authentication failed",
        "auth failed",
    ];
    (code == "downstream.auth" && error.says(&words)).then(|| {
        "The user name or password was rejected: check the secret, and whether an environment keeps one from before a rotation.".to_owned()
    })
}

fn missing_module(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    if !matches!(code, "init_failure.import" | "runtime_exception.package" | "runtime_exception.unhandled") {
        return None;
    }
    let name = missing_part(error)?;
    let own = name.starts_with('/') || name.starts_with('.');
    let what = if own { "The file" } else { "The module" };
    let built = error.architecture.map_or(String::new(), |architecture| format!(", built for {architecture}"));
    let remedy = if own {
        "check the path and what the package contains".to_owned()
    } else {
        format!("add it to the package or to a layer{built}, and redeploy")
    };
    Some(format!("{what} {name} is not there: {remedy}."))
}

/// Returns the module, package, class or file that the message says is missing.
fn missing_part<'a>(error: &ErrorTold<'a>) -> Option<&'a str> {
    BEFORE_MISSING.iter().find_map(|before| error.between(before, &['\'', ' ', '\n', ',']))
}

/// Returns the library that the dynamic loader does not find.
fn missing_library<'a>(error: &ErrorTold<'a>) -> Option<&'a str> {
    error.between("error while loading shared libraries: ", &[':', ' ']).or_else(|| {
        let (before, _) = error.message?.split_once(": cannot open shared object file")?;
        before.rsplit([' ', '\n', '(']).next().filter(|name| !name.is_empty())
    })
}

/// Returns what the message says is missing, of whatever kind.
pub(super) fn missing_name<'a>(error: &ErrorTold<'a>) -> Option<&'a str> {
    let class = || error.message?.split_once(CLASS_NOT_FOUND)?.1.split_whitespace().next();
    missing_part(error).or_else(class).or_else(|| missing_library(error))
}

/// A binary that the system cannot load: for another architecture, or with a library missing.
fn unfit_binary(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    if !code.starts_with("init_failure.") && !code.starts_with("runtime_exception.") {
        return None;
    }
    let of = error.architecture.map_or("the function's architecture (x86_64 or arm64)".to_owned(), str::to_owned);
    if error.says(&["xec format error", "invalid ELF header", "wrong ELF class", "incompatible architecture"]) {
        return Some(format!("A binary is built for another architecture: build package and layers for {of}."));
    }
    let library = missing_library(error)?;
    Some(format!(
        "The library {library} is missing: put it into a layer or the image, built for Lambda's operating system and {of}."
    ))
}

fn environment_variable(_: &str, error: &ErrorTold<'_>) -> Option<String> {
    let named = ["environment variable", "Environment variable", "env var", "process.env.", "os.environ"];
    // A key in capitals is how such a variable is asked for.
    let key = error.error_type.filter(|name| matches!(*name, "KeyError")).and(error.message);
    let key = key.map(|key| key.trim_matches(['\'', '"'])).filter(|key| is_variable(key));
    if let Some(key) = key {
        return Some(format!(
            "{key} looks like an environment variable that is not set: set it in the function's configuration, or give it a default."
        ));
    }
    // `SMTP_HOST is not set`.
    let unset = [" is not set", " is not defined", " is missing", " is required", " must be set", " not set"];
    let named_unset = unset.iter().find_map(|words| {
        let (before, _) = error.message?.split_once(words)?;
        let name = before.rsplit([' ', '\'', '"', '`', '$', '\n']).find(|word| !word.is_empty())?;
        is_variable(name).then_some(name)
    });
    if let Some(name) = named_unset {
        return Some(format!("The environment variable {name} is not set: set it in the function's configuration."));
    }
    let undefined = ["got \"undefined\"", "got undefined", "Received undefined", "received undefined"];
    if error.says(&named) || error.says(&undefined) {
        return Some("A setting is undefined, usually an environment variable that is not set: compare the function's configuration with what the code reads.".to_owned());
    }
    None
}

/// Returns whether a word is written as environment variables are: `TABLE_NAME`.
fn is_variable(word: &str) -> bool {
    word.len() > 2
        && word.contains('_')
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `EACCES` on a file of the package or image.
fn file_mode(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let of_code = code.starts_with("init_failure.") || code.starts_with("runtime_exception.");
    let denied = error.says(&["EACCES", "Permission denied", "permission denied"]);
    let path = error.message.and_then(path_in).filter(|_| of_code && denied)?;
    Some(format!(
        "{path} may not be read or run: set its mode when packaging (chmod a+rX, a+x for programs), and redeploy."
    ))
}

/// Returns a frame with its file and the number of its line, as the lines of evidence have them: `process
/// (/var/task/app.js:12)`. Frames themselves are without it, to be the same after a deployment.
pub(crate) fn with_line_number<'t>(frame: &str, mut evidence: impl Iterator<Item = &'t str>) -> String {
    let path = frame.rsplit_once(" (").map_or(frame, |(_, path)| path.trim_end_matches(')'));
    let found = evidence.find_map(|text| {
        text.match_indices(path).find_map(|(at, _)| {
            let rest = text.get(at + path.len()..)?;
            // Of the JVM and .NET, the frame is a method: its file follows in brackets or behind `in`.
            let of_method = rest.strip_prefix('(').and_then(|rest| {
                let (file, rest) = rest.split_once(':')?;
                (file.len() < 80 && !file.contains([' ', ')'])).then_some((Some(file), rest))
            });
            let behind_in = || {
                let (_, rest) = rest.get(..rest.floor_char_boundary(200))?.split_once(") in ")?;
                let (file, rest) = rest.split_once(":line ")?;
                (!file.contains('\n')).then_some((Some(file), rest))
            };
            let marks = [":line ", ":", "\", line ", "\",\"line\":", "\\\", line "];
            let of_path = || marks.iter().find_map(|mark| Some((None, rest.strip_prefix(mark)?)));
            let (file, rest) = of_method.or_else(behind_in).or_else(of_path)?;
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            (1..8).contains(&digits).then(|| (file, &rest[..digits]))
        })
    });
    match found {
        Some((Some(file), line)) => format!("{frame} ({file}:{line})"),
        Some((None, line)) if frame.ends_with(')') => format!("{}:{line})", frame.trim_end_matches(')')),
        Some((None, line)) => format!("{frame}:{line}"),
        None => frame.to_owned(),
    }
}

/// Returns the path that a text quotes or names.
fn path_in(text: &str) -> Option<&str> {
    let words = text.split([' ', '\'', '"', '`', '(', ')', ',', '\n']);
    words
        .into_iter()
        .map(|word| word.trim_end_matches([':', '.']))
        .find(|word| word.starts_with('/') && (3..200).contains(&word.len()))
}

/// A child that the kernel killed, mostly because the memory of the function was full.
fn killed_child(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let killed =
        ["SIGKILL", "exit code 137", "exited with code 137", "signal: killed", "Cannot allocate memory", "ENOMEM"];
    (code.starts_with("runtime_exception.") && error.says(&killed)).then(|| {
        "A child process was killed or refused for want of memory, which it shares with the function: raise memory, or run fewer of them at once.".to_owned()
    })
}

fn unpacked_while_used(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    (code.starts_with("runtime_exception.") && error.says(&["ETXTBSY", "Text file busy"])).then(|| {
        "A program was started while it was still being written: wait for the end of the copy, or unpack it once during init.".to_owned()
    })
}

/// A quota is used up for long; a rate passes.
fn quota(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    if code != "downstream.throttled" {
        return None;
    }
    let of_table = error.error_type.is_some_and(|name| name.contains("ProvisionedThroughputExceeded"))
        || error.says(&["ProvisionedThroughputExceeded"]);
    if of_table {
        return Some("The table or one hot key is over its capacity: spread the keys, raise capacity or use on-demand, and retry with backoff and jitter.".to_owned());
    }
    let used_up = error.says(&["LimitExceeded", "quota", "Quota", "per day"]);
    used_up.then(|| "A quota is used up, which waiting for a moment does not change: read which one, raise it in Service Quotas or use less.".to_owned())
}

fn connections_used_up(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    if !code.starts_with("downstream.") {
        return None;
    }
    let of_server = [
        "Too many connections",
        "too many connections",
        "remaining connection slots",
        "max number of clients",
        "too many clients",
    ];
    if error.says(&of_server) {
        return Some("The database is at its connection limit: put RDS Proxy or another pooler between, cap the function's concurrency, or raise the limit.".to_owned());
    }
    let of_pool = [
        "QueuePool limit",
        "couldn't get a connection",
        "Timeout acquiring a connection",
        "imeout exceeded when trying to connect",
        "connection pool",
    ];
    let of_type = error.error_type.is_some_and(|name| name.contains("PoolTimeout"));
    (of_type || error.says(&of_pool)).then(|| {
        "No connection of the pool came free in time: look for connections that are not given back, and for a server that is slow to accept new ones.".to_owned()
    })
}

/// What handles the requests is a server of the function's own.
fn own_server(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    (code.starts_with("runtime_exception.") && is_of_own_server(error.error_type, error.message)).then(|| {
        "The function's own server (PHP-FPM, or the app behind an adapter) hung, died or did not listen; no other service was called here. Look at what it logged before, its time limit, its workers and the memory.".to_owned()
    })
}

impl ErrorTold<'_> {
    /// Returns whether it is about an address that leads back to the environment.
    fn leads_to_itself(&self) -> bool {
        self.says(&["127.0.0.1", "localhost", "[::1]", " ::1:"])
    }
}

/// What listens at the function's own address does not answer: no network lies between.
fn silent_own_address(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let is_call = matches!(code, "downstream.connection" | "downstream.timeout" | "downstream.database");
    (is_call && error.leads_to_itself()).then(|| {
        "It calls its own address (localhost), and what listens there did not answer or broke off: look at that process, in the function or in an extension, at its log and at the memory.".to_owned()
    })
}

/// A setting of the host was left at its default for development.
fn own_address(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    (refuses(code, error) && error.leads_to_itself()).then(|| {
        "It calls its own address (localhost), where nothing listens: set the host of the service, or start the extension that should listen there.".to_owned()
    })
}

fn refused(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    refuses(code, error).then(|| {
        "The host refused the connection, so this call sent nothing; earlier steps may have run. Check that the service is up and listens on that port, and the address in the configuration.".to_owned()
    })
}

/// Returns whether the call of an error sent nothing, since it got no connection: what was done are earlier steps alone.
pub(crate) fn sent_nothing(code: &str, error: &ErrorTold<'_>) -> bool {
    refuses(code, error) || gets_no_connection(code, error)
}

fn refuses(code: &str, error: &ErrorTold<'_>) -> bool {
    matches!(code, "downstream.connection" | "downstream.database")
        && error.says(&["ECONNREFUSED", "onnection refused"])
}

fn no_connection_in_time(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    gets_no_connection(code, error).then(|| {
        "No connection came about in time, so this call sent nothing; earlier steps may have run. In a VPC, check route, NAT gateway or endpoint, and security groups; else the host itself.".to_owned()
    })
}

/// Returns whether a connection was never made: nothing was sent, whatever the call would have done.
fn gets_no_connection(code: &str, error: &ErrorTold<'_>) -> bool {
    let words = [
        "onnect timeout",
        "onnect timed out",
        "onnection timed out",
        "connect ETIMEDOUT",
        "onnection timeout",
        "dial tcp",
    ];
    let of_type = error.error_type.is_some_and(|name| name.contains("ConnectTimeout"));
    code == "downstream.timeout" && (of_type || error.says(&words))
}

fn rejected_promise(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let frame = error.frame.filter(|frame| code == "runtime_exception.unhandled_rejection" && is_short(frame))?;
    Some(format!(
        "Thrown at {frame} in a promise that nothing awaits: await or catch it there; the next request pays for a new init."
    ))
}

fn is_short(frame: &str) -> bool {
    !frame.is_empty() && frame.len() <= 160
}

/// What a library tells by the type of its error.
fn known_library(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let name = error.error_type.filter(|_| code == "runtime_exception.unhandled")?;
    let known = OF_LIBRARIES.iter().find(|(end, _)| name.rsplit(['.', ':', '\\']).next() == Some(*end))?;
    Some(known.1.to_owned())
}

/// The line that threw, where nothing else is known.
fn thrown_at(code: &str, error: &ErrorTold<'_>) -> Option<String> {
    let frame = error.frame.filter(|frame| is_short(frame))?;
    match code {
        "runtime_exception.unhandled" => Some(format!(
            "Thrown at {frame}: handle it there; retry only transient faults, and send bad input to a dead-letter queue."
        )),
        "init_failure.exception" => Some(format!(
            "Thrown at {frame} while the code was loaded: fix it there, or what it needs (environment variable, secret, call); until then no environment starts."
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_number_of_its_line() {
        for (frame, evidence, want) in [
            (
                "process (/var/task/app.js)",
                "TypeError: x\n    at process (/var/task/app.js:12:5)",
                "process (/var/task/app.js:12)",
            ),
            (
                "handler (/var/task/app.py)",
                "[ERROR] KeyError\n  File \"/var/task/app.py\", line 33, in handler",
                "handler (/var/task/app.py:33)",
            ),
            (
                "com.acme.Orders.place",
                "\tat com.acme.Orders.place(Orders.java:42)",
                "com.acme.Orders.place (Orders.java:42)",
            ),
            ("Shop.Fn.Call", "   at Shop.Fn.Call(String a) in /src/Fn.cs:line 30", "Shop.Fn.Call (/src/Fn.cs:30)"),
            (
                "main.process (/build/main.go)",
                r#"{"stackTrace":[{"path":"/build/main.go","line":55,"label":"process"}]}"#,
                "main.process (/build/main.go:55)",
            ),
            ("/var/task/a.rb", "/var/task/a.rb:3:in `run'", "/var/task/a.rb:3"),
            ("run (/var/task/a.rb)", "nothing", "run (/var/task/a.rb)"),
        ] {
            assert_eq!(with_line_number(frame, [evidence].into_iter()), want);
        }
    }

    #[test]
    fn each_cause_is_told() {
        let error = |error_type, message| ErrorTold {
            error_type: Some(error_type),
            message: Some(message),
            ..ErrorTold::default()
        };
        let denied = "User: arn:aws:sts::111122223333:assumed-role/pay-role/pay is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:eu-west-1:111122223333:table/carts because no identity-based policy allows the dynamodb:PutItem action";
        let secret = ErrorTold {
            service: Some("Secrets Manager"),
            ..error(
                "ClientError",
                "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: Access to KMS is not allowed",
            )
        };
        let head = ErrorTold {
            service: Some("S3"),
            operation: Some("HeadObject"),
            ..error("ClientError", "An error occurred (403) when calling the HeadObject operation: Forbidden")
        };
        let thrown = ErrorTold { frame: Some("/var/task/app.py:12"), ..error("ValueError", "row 3 is bad") };
        for (code, error, want) in [
            (
                "downstream.auth",
                error("ClientError", denied),
                "Allow dynamodb:PutItem on arn:aws:dynamodb:eu-west-1:111122223333:table/carts for the role pay-role.",
            ),
            (
                "downstream.auth",
                error(
                    "ClientError",
                    "x is not authorized to perform: s3:GetObject with an explicit deny in a service control policy",
                ),
                "A policy denies s3:GetObject explicitly",
            ),
            (
                "downstream.auth",
                secret,
                "may not use the key that encrypts the data in Secrets Manager: allow kms:Decrypt",
            ),
            ("downstream.auth", head, "Check first whether the object exists"),
            (
                "downstream.auth",
                error("ExpiredTokenException", "The security token included in the request is expired"),
                "had expired",
            ),
            (
                "init_failure.import",
                error("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'pandas'"),
                "The module pandas is not there",
            ),
            (
                "init_failure.import",
                error("Error", "Cannot find module './util'"),
                "The file ./util is not there: check the path",
            ),
            (
                "init_failure.import",
                error("ImportError", "/var/task/x.so: invalid ELF header"),
                "built for another architecture",
            ),
            (
                "init_failure.exit",
                error(
                    "",
                    "/var/task/run: error while loading shared libraries: libnss3.so: cannot open shared object file",
                ),
                "The library libnss3.so is missing",
            ),
            (
                "init_failure.exception",
                error("KeyError", "'TABLE_NAME'"),
                "TABLE_NAME looks like an environment variable",
            ),
            (
                "init_failure.exception",
                error("MongooseError", "The `uri` parameter to `openUri()` must be a string, got \"undefined\"."),
                "A setting is undefined",
            ),
            (
                "init_failure.exception",
                error("Error", "EACCES: permission denied, open '/var/task/app.js'"),
                "/var/task/app.js may not be read",
            ),
            (
                "runtime_exception.unhandled",
                error("CalledProcessError", "Command 'ffmpeg' died with <Signals.SIGKILL: 9>."),
                "A child process was killed",
            ),
            ("runtime_exception.unhandled", error("Error", "spawn ETXTBSY"), "still being written"),
            (
                "downstream.throttled",
                error("ProvisionedThroughputExceededException", "The level of configured"),
                "one hot key",
            ),
            (
                "downstream.throttled",
                error("LimitExceededException", "LimitExceeded: maximum number of subscriptions"),
                "A quota is used up",
            ),
            ("runtime_exception.unhandled", thrown, "Thrown at /var/task/app.py:12: handle it there"),
        ] {
            let hint = hint(code, &error).unwrap_or_default();
            assert!(hint.contains(want) && hint.ends_with('.') && hint.len() < 260, "{code} {error:?}: {hint}");
        }
        let exceeded =
            error("OperationError", "operation error DynamoDB: BatchWriteItem, exceeded maximum number of attempts, 3");
        assert_eq!(hint("downstream.throttled", &exceeded), None);
        // A key of a document is no variable.
        assert_eq!(hint("runtime_exception.unhandled", &error("KeyError", "'order_id'")), None);
    }
}
