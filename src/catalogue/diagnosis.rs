//! Diagnosis of the error that ended an attempt: whether a call to the Lambda API failed, a call to another service, or
//! only the function's own code.

use super::hosts::{host_as_message, host_in};
use super::sdk::{self, SdkCall};
use super::services;
use super::signatures::{self, Hit, Trouble};
use super::text::{after, http_status, last_segment, leading, leading_type, unwrapped};
use super::words::Words;
use super::{api_clients, aws_codes, clients, grpc, in_process, lambda_api, own_server};
use crate::lambda::invoke::FUNCTION_ERROR;
use crate::lambda::platform::RUNTIME_EXITED_WORDS;
use crate::model::Confidence::{self, High, Low, Medium};
use crate::model::{AppError, Downstream, ErrorForm};

/// Failed call that caused an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// Code of the category `throttling`, `service_error`, `invalid_request` or `downstream`.
    pub code: &'static str,
    /// Confidence in that code.
    pub confidence: Confidence,
    /// Details of the call that the text gives.
    pub downstream: Downstream,
}

/// Finds the failed call that caused an error. Returns `None` if only the function's own code failed.
///
/// `line` is the whole line, for details outside of the error's own texts (`$metadata`, the SDK's package in a stack).
#[must_use]
pub(crate) fn diagnose(error: &AppError<'_>, line: &str) -> Option<Diagnosis> {
    let found = of_error(error, line);
    if found.as_ref().is_some_and(|found| found.code != "downstream.error") {
        return found;
    }
    // An error that only wraps another says less than its cause.
    let by_cause = cause_as_thrown(error).and_then(|inner| of_error(&inner, line));
    by_cause.filter(|inner| found.is_none() || inner.code != "downstream.error").or(found)
}

/// Returns whether a call may have caused an error of which [`diagnose`] knows none.
#[must_use]
pub(crate) fn may_be_call(error: &AppError<'_>, line: &str) -> bool {
    !in_process::is_in_process(error) && clients::may_be_call(error, line)
}

/// Returns the cause of an error as if it were thrown by itself.
fn cause_as_thrown<'a>(error: &'a AppError<'_>) -> Option<AppError<'a>> {
    let cause = error.cause.as_deref().filter(|_| !clients::names_own_mistake(error))?;
    let name = leading_type(cause)?;
    let message = cause.get(name.len()..)?.trim_start_matches(':').trim();
    let text = |text: &'a str| (!text.is_empty()).then(|| text.into());
    let (error_type, message) = (text(name), text(message));
    Some(AppError { error_type, message, http_status: error.http_status, ..AppError::of(error.form) })
}

fn of_error(error: &AppError<'_>, line: &str) -> Option<Diagnosis> {
    let call = sdk::read(error, line);
    if let Some(found) = lambda_failure(error, line, call.as_ref()) {
        return Some(found);
    }
    if let Some(call) = call {
        return Some(aws_failure(error, call));
    }
    if in_process::is_in_process(error) || own_server::is_its_error(error) {
        return None;
    }
    strongest(error, line)
        .filter(|hit| !clients::is_own_mistake(error, hit.trouble))
        .or_else(|| by_answer(error))
        .or_else(|| clients::thrown_by(error, line))
        .or_else(|| of_callee(error))
        .or_else(|| by_code_in_message(error))
        .and_then(|hit| other_failure(error, line, hit))
}

/// Reads the status of an answer and the URL that was asked, as clients of HTTP put them into their errors. A status alone
/// may be what the function means to answer.
fn by_answer(error: &AppError<'_>) -> Option<Hit> {
    let status = error.http_status.filter(|_| error.url.is_some())?;
    let trouble = aws_codes::by_status(status)?;
    Some(Hit { trouble, confidence: High, service: None, status: Some(status), errno: None })
}

/// Reads a code that only AWS has at the start of a message: programs in Go and Rust pass on the words of an error alone.
fn by_code_in_message(error: &AppError<'_>) -> Option<Hit> {
    const PLAIN: [&str; 6] = ["", "Error", "Exception", "errorString", "wrapError", "RuntimeError"];
    let name = error.error_type.as_deref().map_or("", last_segment);
    let said = error.message.as_deref().filter(|_| PLAIN.contains(&name))?;
    let (code, trouble) = aws_codes::only_of_aws(leading_type(said.trim_matches('"'))?)?;
    let service = services::service_of_error(code);
    Some(Hit { trouble, confidence: Medium, service, status: None, errno: Some(code) })
}

/// Recognises the error of another function in the message of one that called it. What the platform says of the function
/// itself has a type of the platform.
fn of_callee(error: &AppError<'_>) -> Option<Hit> {
    error.error_type.as_deref().filter(|name| super::platform_error(name).is_none())?;
    let message = error.message.as_deref()?;
    let is_document = message.contains("errorMessage") && message.contains("errorType");
    let is_answer = message.contains(FUNCTION_ERROR);
    (is_document || is_answer || message.contains(RUNTIME_EXITED_WORDS)).then_some(Hit {
        trouble: Trouble::Failed,
        confidence: Medium,
        service: Some("Lambda"),
        status: None,
        errno: None,
    })
}

/// Returns the strongest sign of a failed call to anything but AWS: the status that a client put in words tells more
/// than the name of the client, and less than the reason why there was no answer.
fn strongest(error: &AppError<'_>, line: &str) -> Option<Hit> {
    let hit = of_system(error).or_else(|| signatures::best_hit(error));
    let texts = [error.message.as_deref(), error.cause.as_deref()];
    let answered = texts.into_iter().flatten().find_map(|text| {
        let name = error.error_type.as_deref().map(unwrapped).unwrap_or("");
        api_clients::read(name, text)
            .map(|answer| Hit {
                trouble: answer.trouble,
                confidence: answer.confidence,
                service: None,
                status: answer.status,
                errno: None,
            })
            .or_else(|| by_grpc(error, text))
    });
    let vague = |hit: &Hit| matches!(hit.trouble, Trouble::HttpStatus | Trouble::Failed) || hit.confidence == Low;
    match (answered, hit) {
        (Some(answer), Some(hit)) if vague(&hit) || answer.confidence == High || answer.trouble == hit.trouble => {
            let confidence = answer.confidence.max(hit.confidence);
            let errno = answer.errno.or(hit.errno);
            Some(Hit { service: hit.service, status: answer.status.or(hit.status), confidence, errno, ..answer })
        }
        (Some(answer), None) => Some(answer),
        (_, hit) => hit.filter(|hit| hit.trouble != Trouble::HttpStatus || hit.confidence > Low),
    }
    .into_iter()
    .chain(signatures::by_stack(error, line))
    .max_by_key(|hit| (hit.confidence > Low, hit.trouble))
}

/// Returns the error of the system behind one of the SDK v2 for JavaScript, which takes any host that it cannot connect to
/// for one that does not exist.
fn of_system(error: &AppError<'_>) -> Option<Hit> {
    error.code.as_deref().filter(|code| *code == "UnknownEndpoint")?;
    let inner = AppError { message: error.cause.clone(), ..AppError::of(error.form) };
    signatures::best_hit(&inner).filter(|hit| hit.errno.is_some())
}

/// Reads a status of gRPC, in a message or as the type of Ruby's errors.
fn by_grpc(error: &AppError<'_>, text: &str) -> Option<Hit> {
    let class = error.error_type.as_deref().map(unwrapped).unwrap_or("");
    let of_java = || grpc::status_first(text).filter(|_| class.starts_with("io.grpc.Status"));
    let (trouble, name) =
        grpc::status(text).or_else(of_java).or_else(|| grpc::status(class)).or_else(|| grpc::answered(text))?;
    Some(Hit { trouble, confidence: High, service: None, status: None, errno: Some(name) })
}

/// Returns the codes that the name of an exception, reason or errno alone leads to: first that of the Lambda API, then
/// that of other services.
#[must_use]
pub(crate) fn codes_of_name(name: &str) -> Vec<&'static str> {
    let error = AppError { error_type: Some(name.to_owned().into()), ..AppError::of(ErrorForm::Unhandled) };
    let coded = AppError { code: Some(name.to_owned().into()), ..AppError::of(ErrorForm::Unhandled) };
    let lambda = lambda_api::code_of_name(name);
    let other = || {
        let guess = || aws_codes::trouble(Some(name), None).filter(|_| lambda.is_some() || name.ends_with("Exception"));
        let by_signature = signatures::best_hit(&error).or_else(|| signatures::best_hit(&coded)).map(|hit| hit.trouble);
        let code = by_signature.or_else(|| aws_codes::known(name));
        code.map(downstream_code)
            .or_else(|| super::load_failure_code(&error))
            .or_else(|| super::load_failure_code(&coded))
            .or_else(|| super::is_out_of_memory_type(name, "").then_some("out_of_memory.heap"))
            .or_else(|| super::resource_limit_code(&coded))
            .or_else(|| guess().map(downstream_code))
    };
    match lambda {
        Some((code, true)) => vec![code],
        Some((code, false)) => std::iter::once(code).chain(other()).collect(),
        None => other().into_iter().collect(),
    }
}

/// Returns the codes of all known names that begin with `begin`, each code once.
#[must_use]
pub(crate) fn codes_of_cut_name(begin: &str) -> Vec<&'static str> {
    let platform = super::PLATFORM_ERRORS.iter().filter(|error| error.id.starts_with(begin)).map(|error| error.code);
    let names = lambda_api::names().chain(aws_codes::names()).filter(|name| name.starts_with(begin));
    let mut codes = Vec::new();
    for code in names.flat_map(codes_of_name).chain(platform) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// Diagnoses a failed call to the Lambda API itself.
fn lambda_failure(error: &AppError<'_>, line: &str, call: Option<&SdkCall>) -> Option<Diagnosis> {
    let name = exception_name(error, call);
    let reason = [error.reason.as_deref(), error.message.as_deref()].into_iter().flatten();
    let service = call.and_then(|call| call.service.as_deref()).map(services::service_name);
    let operation = call.and_then(|call| call.operation.as_deref());
    let confidence = match service.as_deref() {
        Some("Lambda") => High,
        Some(_) => return None,
        None => names_lambda(error, line, call, name)?,
    };
    let reason = reason.collect::<Vec<_>>().join(" ");
    let status = call.and_then(|call| call.http_status).or(error.http_status).or_else(|| status_in_raw_body(error));
    let control_plane = lambda_api::is_control_plane(operation);
    let unmodelled = || {
        let (trouble, certain) = answer_of_lambda(error, call?)?;
        Some((lambda_api::code_of_trouble(trouble, control_plane)?, confidence.min(certain)))
    };
    let modelled = lambda_api::code_for(name, &reason, operation, status).map(|code| (code, confidence));
    let (code, confidence) = modelled.or_else(unmodelled)?;
    Some(Diagnosis {
        code,
        confidence,
        downstream: Downstream {
            service: Some("Lambda".to_owned()),
            operation: operation.map(str::to_owned).or_else(|| permission(error).map(|(_, action)| action)),
            host: None,
            error_code: name.map(str::to_owned),
            http_status: status,
        },
    })
}

/// Returns what an answer of the Lambda API means that is none of its model: by the code that all services share, by its
/// sentence or status, and where nothing tells, that the caller asked for what cannot be. An error that is no answer has
/// no such meaning.
fn answer_of_lambda(error: &AppError<'_>, call: &SdkCall) -> Option<(Trouble, Confidence)> {
    let message = error.message.as_deref().unwrap_or("");
    let code = call.code.as_deref();
    let own_credentials = code.is_some_and(|code| code.contains("Credential")) || message.contains("IAM security");
    if own_credentials || signatures::best_hit(error).is_some_and(|hit| hit.errno.is_some()) {
        return None;
    }
    let by_code = code.and_then(|code| {
        let guess = || aws_codes::trouble(Some(code), None).filter(|trouble| *trouble != Trouble::Timeout);
        aws_codes::known(code).or_else(guess)
    });
    let by_text = || aws_codes::by_sentence(message);
    let by_status = || api_clients::status_in_words(message).and_then(aws_codes::by_status);
    if let Some(trouble) = by_code.or_else(by_status).or_else(by_text) {
        return Some((trouble, High));
    }
    // `LambdaFunctionException` of Java's proxies is the error of the called function.
    let name = error.error_type.as_deref().filter(|name| !name.contains(".lambda.invoke."))?;
    let class = last_segment(name).contains("LambdaException");
    let is_answer = (code.is_some() || class) && signatures::best_hit(error).is_none();
    is_answer.then_some((Trouble::Validation, Low))
}

/// Returns the confidence that an error comes from the Lambda API although it names no service, or `None`.
fn names_lambda(error: &AppError<'_>, line: &str, call: Option<&SdkCall>, name: Option<&str>) -> Option<Confidence> {
    let message = error.message.as_deref().unwrap_or("");
    let name = name.unwrap_or("");
    let known_operation = call.and_then(|call| call.operation.as_deref());
    if known_operation.is_some_and(|operation| {
        !lambda_api::is_only_operation(operation) && services::service_of_operation(operation).is_some()
    }) {
        return None;
    }
    let shaped =
        call.is_some() || lambda_api::is_fault(name) || error.reason.is_some() || status_in_raw_body(error).is_some();
    let texts = [error.error_type.as_deref(), Some(message), error.cause.as_deref(), error.reason.as_deref()];
    let speaks = || texts.into_iter().flatten().any(lambda_api::speaks_lambda);
    if shaped && (lambda_api::is_only_lambda(name) || speaks()) {
        return Some(High);
    }
    if call.is_some() && lambda_api::speaks_lambda(line) {
        return Some(High);
    }
    let of_shared = known_operation.and_then(|operation| lambda_api::of_shared_operation(operation, name, line));
    if of_shared.is_some() {
        return of_shared;
    }
    let rate_exceeded = name == "TooManyRequestsException"
        && (message.trim_end_matches('.').eq_ignore_ascii_case("rate exceeded") || message.contains("Rate Exceeded"));
    let service_fault =
        name == "ServiceException" && message.contains("An error occurred and the request cannot be processed");
    let conflict = name == "ResourceConflictException" && message.contains("function");
    (rate_exceeded || service_fault || conflict).then_some(Medium)
}

/// Returns the HTTP status of a raw response body of the Lambda API in the message of another error:
/// `{"Reason":"…","Type":"User","message":"…"}`. Such a body is assumed to be a 429 if no status is given.
fn status_in_raw_body(error: &AppError<'_>) -> Option<u16> {
    let message = error.message.as_deref()?;
    let body =
        message.contains("\"Reason\":") && (message.contains("\"Reason\":\"") || message.contains("\"Reason\": \""));
    (body && lambda_api::speaks_lambda(message)).then(|| http_status(message).unwrap_or(429))
}

/// Returns the name of the exception: the SDK's code, else the type, else the type at the start of the message.
fn exception_name<'a>(error: &'a AppError<'_>, call: Option<&'a SdkCall>) -> Option<&'a str> {
    let last = |name: &'a str| super::text::last_segment(name);
    let own = error.error_type.as_deref().map(last);
    let in_message = error.message.as_deref().and_then(leading_type).map(last);
    call.and_then(|call| call.code.as_deref())
        .or_else(|| {
            [own, error.code.as_deref(), in_message].into_iter().flatten().find(|name| lambda_api::is_fault(name))
        })
        .or_else(|| call.and(own))
}

/// Diagnoses a failed call to another AWS service.
fn aws_failure(error: &AppError<'_>, call: SdkCall) -> Diagnosis {
    let named = call.code.clone().or_else(|| own_code(error));
    let message = error.message.as_deref().unwrap_or("");
    let by_code = || aws_codes::trouble(named.as_deref(), None);
    let by_text = || signatures::best_hit(error).map(|hit| hit.trouble).filter(|trouble| *trouble > Trouble::Failed);
    let trouble = cancelled_for(named.as_deref(), message)
        .or_else(|| of_database(named.as_deref(), error))
        .or_else(|| of_system(error).map(|hit| hit.trouble))
        .or_else(by_code)
        .or_else(|| aws_codes::by_sentence(message))
        .or_else(by_text)
        .or_else(|| call.http_status.and_then(aws_codes::by_status));
    let (service, action) = permission(error).unzip();
    let host = host(error);
    let service = call
        .service
        .as_deref()
        .map(services::service_name)
        .or(service)
        .or_else(|| host.as_deref().and_then(services::service_of_host).map(str::to_owned))
        .or_else(|| named.as_deref().and_then(services::service_of_error).map(str::to_owned))
        .or_else(|| services::service_of_sentence(message).map(str::to_owned));
    Diagnosis {
        code: downstream_code(trouble.unwrap_or(Trouble::Failed)),
        confidence: if trouble.is_some() { High } else { Medium },
        downstream: Downstream {
            service,
            operation: call.operation.or(action),
            host,
            error_code: named,
            http_status: call.http_status.or(error.http_status),
        },
    }
}

/// Returns why a transaction of DynamoDB was cancelled, by the first reason in its message that is one.
fn cancelled_for(code: Option<&str>, message: &str) -> Option<Trouble> {
    static REASONS: Words<Trouble> = Words::new(&[
        ("ConditionalCheckFailed", Trouble::Conflict),
        ("ValidationError", Trouble::Validation),
        ("ItemCollectionSizeLimitExceeded", Trouble::Validation),
        ("DuplicateItem", Trouble::Conflict),
        ("ThrottlingError", Trouble::Throttled),
        ("ProvisionedThroughputExceeded", Trouble::Throttled),
        ("TransactionConflict", Trouble::Contention),
    ]);
    code.filter(|code| *code == "TransactionCanceledException")?;
    REASONS.first_in(message).map(|(_, trouble)| trouble)
}

/// Returns what a database failed of, where the interface in front of it passes its words on as a bad request.
fn of_database(code: Option<&str>, error: &AppError<'_>) -> Option<Trouble> {
    code.filter(|code| *code == "BadRequestException")?;
    let told = || {
        error
            .message
            .as_deref()
            .is_some_and(|text| ["SQLState: ", "Database error code: "].iter().any(|words| text.contains(words)))
    };
    let hit = signatures::best_hit(error).map(|hit| hit.trouble);
    hit.filter(|trouble| matches!(trouble, Trouble::Database | Trouble::Duplicate))
        .or_else(|| told().then_some(Trouble::Database))
}

/// Diagnoses a failed call that only a signature reveals.
fn other_failure(error: &AppError<'_>, line: &str, hit: Hit) -> Option<Diagnosis> {
    let message = error.message.as_deref().unwrap_or("");
    let mut status = error.http_status.filter(|status| (400..600).contains(status)).or(hit.status);
    let mut trouble = hit.trouble;
    if trouble == Trouble::HttpStatus && status.is_none() && is_of_caller(error) {
        return None;
    }
    if trouble == Trouble::HttpStatus || trouble == Trouble::Failed {
        // Mail and other services that are named have numbers of their own.
        let read = || if hit.service.is_none() { http_status(message) } else { None };
        status = status.or_else(read);
        trouble = match status.and_then(aws_codes::by_status) {
            Some(trouble) => trouble,
            None if trouble == Trouble::HttpStatus => connection_or_failed(message),
            None if hit.service == Some("SMTP") => by_reply(message),
            None => Trouble::Failed,
        };
    }
    status = status.or_else(|| api_clients::status_in_words(message));
    let host = host(error);
    let call = sdk::in_stack(line);
    let service = hit
        .service
        .or_else(|| host.as_deref().and_then(services::service_of_host))
        .or_else(|| database_named(line, trouble))
        .or_else(|| api_clients::product_in([error.error_type.as_deref().unwrap_or(""), line]))
        .or_else(|| clients::service_behind(line))
        .map(str::to_owned)
        .or_else(|| call.service.as_deref().map(services::service_name));
    Some(Diagnosis {
        code: downstream_code(trouble),
        confidence: hit.confidence.max(Low),
        downstream: Downstream {
            service,
            operation: call.operation,
            error_code: cause_code(error).or_else(|| own_code(error)).or_else(|| hit.errno.map(str::to_owned)),
            host,
            http_status: status,
        },
    })
}

/// Classifies a reply of a mail server (RFC 5321): those of 400 and above ask for another try, those of 500 do not.
fn by_reply(message: &str) -> Trouble {
    match http_status(message) {
        Some(400..=499) => Trouble::Unavailable,
        Some(_) => Trouble::Validation,
        None => Trouble::Failed,
    }
}

/// Returns whether the failure is the function's own: the HTTP client rejected its arguments, or it cancelled the call.
fn is_of_caller(error: &AppError<'_>) -> bool {
    const CODES: [&str; 6] = [
        "ERR_INVALID_URL",
        "ERR_CANCELED",
        "ERR_BAD_OPTION",
        "ERR_BAD_OPTION_VALUE",
        "ERR_INVALID_PROTOCOL",
        "ERR_INVALID_ARG_TYPE",
    ];
    const MESSAGES: [&str; 3] = ["Invalid URL", "canceled", "Unsupported protocol"];
    let message = error.message.as_deref().unwrap_or("");
    error.code.as_deref().is_some_and(|code| CODES.contains(&code))
        || MESSAGES.iter().any(|begin| message.starts_with(begin))
}

/// Classifies an HTTP client's error without a status: a timeout if the message says so, else a failed connection, as
/// most such errors are.
fn connection_or_failed(message: &str) -> Trouble {
    if message.contains("imeout") || message.contains("imed out") { Trouble::Timeout } else { Trouble::Connection }
}

/// Returns the product behind a database error, if only the stack names its driver.
fn database_named(line: &str, trouble: Trouble) -> Option<&'static str> {
    static DRIVERS: Words<&str> = Words::new(&[
        ("psycopg", "PostgreSQL"),
        ("/pg/", "PostgreSQL"),
        ("pg-pool", "PostgreSQL"),
        ("asyncpg", "PostgreSQL"),
        ("postgresql", "PostgreSQL"),
        ("pymysql", "MySQL"),
        ("mysql", "MySQL"),
        ("redis", "Redis"),
        ("pymongo", "MongoDB"),
        ("mongodb", "MongoDB"),
        ("sqlserver", "SQL Server"),
        ("tedious", "SQL Server"),
        ("pyodbc", "SQL Server"),
        ("oracledb", "Oracle"),
    ]);
    let unnamed = matches!(trouble, Trouble::Database | Trouble::Duplicate | Trouble::Auth);
    unnamed.then(|| DRIVERS.first_in(line)).flatten().map(|(_, service)| service)
}

/// Returns the code of the error object, or the name of its type if it has no code. Generic names do not count.
fn own_code(error: &AppError<'_>) -> Option<String> {
    let plain =
        |name: &&str| !["Error", "Exception", "error", "Unhandled"].contains(name) && !name.starts_with("Runtime.");
    error.code.as_deref().or_else(|| error.error_type.as_deref().map(unwrapped)).filter(plain).map(str::to_owned)
}

/// Returns the class of the cause, if the error itself only wraps it in a class of the function's own that no signature
/// knows.
fn cause_code(error: &AppError<'_>) -> Option<String> {
    let cause = leading_type(error.cause.as_deref()?)?;
    let of_type = |name: &str| AppError { error_type: Some(name.to_owned().into()), ..AppError::of(error.form) };
    let known = |name: &str| signatures::best_hit(&of_type(name)).is_some();
    let wrapper = error.code.is_none() && !error.error_type.as_deref().is_some_and(known);
    (wrapper && known(cause)).then(|| cause.to_owned())
}

/// Parses service and action from `… is not authorized to perform: s3:GetObject …`.
fn permission(error: &AppError<'_>) -> Option<(String, String)> {
    let message = error.message.as_deref()?;
    let rest = after(message, "authorized to perform: ")?;
    let action = leading(rest, |c| c.is_ascii_alphanumeric() || c == ':' || c == '-')?;
    let (service, action) = action.split_once(':')?;
    Some((services::service_name(service), action.to_owned()))
}

/// Finds the host that the error names.
fn host(error: &AppError<'_>) -> Option<String> {
    let unknown = error.error_type.as_deref().is_some_and(|name| last_segment(name) == "UnknownHostException");
    [&error.url, &error.message, &error.cause]
        .into_iter()
        .find_map(|text| host_in(text.as_deref()?))
        .or_else(|| host_as_message(error.message.as_deref().filter(|_| unknown)?))
}

pub(super) fn downstream_code(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::HttpStatus | Trouble::Failed => "downstream.error",
        Trouble::Validation => "downstream.validation",
        Trouble::Contention => "downstream.contention",
        Trouble::Conflict | Trouble::Duplicate => "downstream.conflict",
        Trouble::NotFound => "downstream.not_found",
        Trouble::Unavailable => "downstream.unavailable",
        Trouble::Connection => "downstream.connection",
        Trouble::Timeout => "downstream.timeout",
        Trouble::Tls => "downstream.tls",
        Trouble::Dns => "downstream.dns",
        Trouble::Database => "downstream.database",
        Trouble::Auth => "downstream.auth",
        Trouble::Throttled => "downstream.throttled",
        Trouble::Billing => "downstream.billing",
    }
}

/// Finds the target of an outgoing call in a line that looks like the start of one.
///
/// Used only for the last line before the log falls silent. The result is a guess, and is reported as one.
#[must_use]
pub(crate) fn diagnose_outgoing_call(line: &str) -> Option<Downstream> {
    /// Words at the start of a call, each with the HTTP method if it is one.
    static VERBS: Words<Option<&str>> = Words::new(&[
        ("GET ", Some("GET")),
        ("POST ", Some("POST")),
        ("PUT ", Some("PUT")),
        ("PATCH ", Some("PATCH")),
        ("DELETE ", Some("DELETE")),
        ("HEAD ", Some("HEAD")),
        ("alling ", None),
        ("equesting ", None),
        ("onnecting ", None),
        ("etching ", None),
        ("ending ", None),
        ("uerying ", None),
        ("nvoking ", None),
        ("equest to ", None),
        ("Starting new HTTP", None),
    ]);
    static DONE: Words<()> = Words::new(&[
        ("onnected to", ()),
        ("eceived", ()),
        (" 200", ()),
        ("status=2", ()),
        ("completed", ()),
        ("succeeded", ()),
        ("finished", ()),
        ("Response", ()),
    ]);
    let (_, method) = VERBS.first_in(line)?;
    let host = host_in(line).filter(|_| !DONE.stand_in(line))?;
    Some(Downstream {
        service: services::service_of_host(&host).map(str::to_owned),
        operation: method.map(str::to_owned),
        host: Some(host),
        ..Downstream::default()
    })
}
