//! The shapes in which AWS SDKs tell of a failed call: service, operation, error code and HTTP status out of the text.
//!
//! One function a shape; the first that fits wins. A shape is proof that a call to AWS failed, whatever words follow.

use super::services::{known_service, service_of_host, service_of_operation};
use super::text::{after, between, last_segment, leading, leading_type, unwrapped};
use super::words::Words;
use super::{aws_codes, lambda_api};
use crate::lambda::aws_cli::BOTOCORE_ERROR;
use crate::model::AppError;

/// A failed call to AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SdkCall {
    /// As the SDK names it (`DynamoDB`, `AmazonSQS`, …).
    pub(super) service: Option<String>,
    /// `PutItem`
    pub(super) operation: Option<String>,
    /// `ThrottlingException`
    pub(super) code: Option<String>,
    /// HTTP status of the answer.
    pub(super) http_status: Option<u16>,
}

/// What one of the shapes of a message has in it.
static SHAPES: Words<()> = Words::new(&[
    (BOTOCORE_ERROR, ()),
    ("operation error ", ()),
    ("(Service: ", ()),
    ("status code: ", ()),
    ("unhandled error (", ()),
    ("ServiceError { source: ", ()),
    ("service error: ", ()),
    ("code: Some(\"", ()),
    ("Error executing \"", ()),
    ("RespMetadata: {", ()),
]);

/// Reads the failed call that an error tells of.
pub(super) fn read(error: &AppError<'_>, line: &str) -> Option<SdkCall> {
    let texts = [error.message.as_deref(), error.cause.as_deref()];
    let types = [
        error.error_type.as_deref(),
        error.message.as_deref().and_then(leading_type),
        error.cause.as_deref().and_then(leading_type),
    ];
    let mut call = texts
        .iter()
        .flatten()
        .filter(|text| SHAPES.stand_in(text))
        .find_map(|text| {
            boto(text)
                .or_else(|| go_v2(text))
                .or_else(|| java(text))
                .or_else(|| go_v1(text))
                .or_else(|| rust(text))
                .or_else(|| php(text))
        })
        .or_else(|| go_v1_typed(error))
        .or_else(|| types.iter().flatten().find_map(|name| class(name)))
        .or_else(|| javascript(error, line))?;
    // Java and PHP name the exception or its service in the type and only the numbers in the message.
    let named = types.iter().flatten().find_map(|name| class(name)).unwrap_or_default();
    call.code = call.code.or(named.code);
    call.service = call.service.or(named.service);
    call.http_status = call.http_status.or(error.http_status);
    let seen = in_stack(line);
    call.service = call.service.or(seen.service);
    call.operation = call.operation.or(seen.operation);
    Some(call)
}

/// Reads what the stack or the raw error object says of a call: the client's class and method, its package, the
/// namespace of the service's model. Errors of the connection carry nothing else.
pub(super) fn in_stack(line: &str) -> SdkCall {
    if !IN_STACKS.stand_in(line) {
        return SdkCall::default();
    }
    java_frame(line).or_else(|| ruby_frame(line)).or_else(|| dotnet_frame(line)).unwrap_or_else(|| SdkCall {
        service: service_in_text(line).map(str::to_owned),
        operation: between(line, "de_", "CommandError")
            .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric()))
            .map(str::to_owned),
        ..SdkCall::default()
    })
}

/// What one of the shapes of a frame or a raw error object has in it.
static IN_STACKS: Words<()> = Words::new(&[
    ("software.amazon.awssdk.services.", ()),
    ("com.amazonaws.", ()),
    ("/client.rb:", ()),
    ("Amazon.", ()),
    ("@aws-sdk", ()),
    ("aws-sdk/", ()),
    ("middleware-sdk-", ()),
    ("CommandError", ()),
]);

/// Texts directly before the name of a service, in packages of JavaScript and in `__type` of an answer.
const BEFORE_SERVICE: [&str; 7] = [
    "@aws-sdk/client-",
    "@aws-sdk+client-",
    "aws-sdk/lib/services/",
    "aws-sdk/clients/",
    "middleware-sdk-",
    "\"__type\":\"com.amazonaws.",
    "com.amazonaws.",
];

fn service_in_text(line: &str) -> Option<&'static str> {
    BEFORE_SERVICE.iter().find_map(|mark| {
        let name = leading(after(line, mark)?, |c| c.is_ascii_alphanumeric() || c == '-')?;
        known_service(name)
    })
}

/// `software.amazon.awssdk.services.sqs.DefaultSqsClient.sendMessage(…)`, and in v1
/// `com.amazonaws.services.s3.AmazonS3Client.getObject(…)`.
fn java_frame(line: &str) -> Option<SdkCall> {
    ["software.amazon.awssdk.services.", "com.amazonaws.services."].iter().find_map(|package| {
        line.split(package).skip(1).find_map(|rest| {
            let (path, _) = rest.split_once('(')?;
            let mut parts = path.split('.');
            let (service, class, method) = (parts.next()?, parts.next()?, parts.next()?);
            let called =
                class.ends_with("Client") && !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphanumeric());
            // In v1 these are steps of every call; `execute…` before them has the operation.
            let step = package.starts_with("com.") && ["invoke", "doInvoke", "anonymousInvoke"].contains(&method);
            (called && !step).then(|| frame(service, method.strip_prefix("execute").unwrap_or(method)))
        })
    })
}

/// `…/aws-sdk-dynamodb-1.100.0/lib/aws-sdk-dynamodb/client.rb:12:in `put_item'`.
fn ruby_frame(line: &str) -> Option<SdkCall> {
    let (before, rest) = line.split_once("/client.rb:")?;
    let service = before.rsplit_once("lib/aws-sdk-").map(|(_, service)| service)?;
    let method = after(rest, ":in ")?.trim_start_matches(['`', '\'', ' ']);
    let method = method.rsplit_once('#').map_or(method, |(_, method)| method);
    let method = leading(method, |c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())?;
    let camel: String = method.split('_').map(capitalised).collect();
    Some(frame(service, &camel))
}

/// `Amazon.SQS.AmazonSQSClient.SendMessageAsync(…)`, with `<…>` around the method where it is asynchronous itself.
fn dotnet_frame(line: &str) -> Option<SdkCall> {
    line.match_indices("Client.").find_map(|(at, mark)| {
        let (before, rest) = (line.get(..at)?, line.get(at + mark.len()..)?);
        let class = before.rsplit([' ', '\n', '\t']).next()?;
        let service = class.strip_prefix("Amazon.")?.split('.').next().and_then(known_service)?;
        let method = leading(rest.trim_start_matches('<'), |c| c.is_ascii_alphanumeric())?;
        Some(frame(service, method.strip_suffix("Async").unwrap_or(method)))
    })
}

fn frame(service: &str, method: &str) -> SdkCall {
    let operation = capitalised(method);
    SdkCall { service: Some(service.to_owned()), operation: Some(operation), ..SdkCall::default() }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Typed errors of v1 for Go: `Code: message`, with `Code` for the type, and in later versions the answer's metadata in
/// braces behind it.
fn go_v1_typed(error: &AppError<'_>) -> Option<SdkCall> {
    let name = error.error_type.as_deref()?;
    let message = error.message.as_deref()?;
    let said = message.strip_prefix(name)?.strip_prefix(": ")?;
    let with_answer = said.contains("RespMetadata: {");
    let known = aws_codes::known(name).is_some() || lambda_api::is_fault(name);
    (known || with_answer).then(|| SdkCall {
        code: Some(name.to_owned()),
        http_status: with_answer.then(|| number_after(said, "StatusCode: ")).flatten(),
        ..SdkCall::default()
    })
}

/// `An error occurred (Code) when calling the Operation operation…: message`
fn boto(text: &str) -> Option<SdkCall> {
    let rest = after(text, BOTOCORE_ERROR)?;
    // A waiter tells of the answer that it did not expect.
    if let Some((code, _)) = rest.split_once("): ").filter(|_| text.starts_with("Waiter ")) {
        return Some(SdkCall { code: Some(code.to_owned()), http_status: code.parse().ok(), ..SdkCall::default() });
    }
    let (code, rest) = rest.split_once(") when calling the ")?;
    let operation = rest.split_once(" operation")?.0;
    let numeric = code.parse().ok();
    Some(SdkCall {
        service: service_of_operation(operation).map(str::to_owned),
        operation: Some(operation.to_owned()),
        http_status: numeric,
        code: Some(code.to_owned()),
    })
}

/// `operation error DynamoDB: PutItem, … https response error StatusCode: 400, RequestID: …, Code: message`
fn go_v2(text: &str) -> Option<SdkCall> {
    let rest = after(text, "operation error ")?;
    let (service, rest) = rest.split_once(": ")?;
    let operation = leading(rest, |c| c.is_ascii_alphanumeric())?;
    if service.len() > 60 {
        return None;
    }
    let code = rest
        .split(", ")
        .skip(1)
        .find_map(|part| {
            let part = part.strip_prefix("api error ").unwrap_or(part);
            let name = before_colon(part)?;
            let name = name.rsplit(' ').next().unwrap_or(name);
            let is_code = name.ends_with("Exception") || name.ends_with("Error") || part.starts_with("api error");
            (is_code && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')).then(|| name.to_owned())
        })
        .or_else(|| between(rest, "api error ", ":").map(str::to_owned))
        .or_else(|| rest.split(", ").skip(1).find_map(bare_code));
    Some(SdkCall {
        service: Some(service.to_owned()),
        operation: Some(operation.to_owned()),
        code,
        http_status: number_after(rest, "StatusCode: "),
    })
}

/// `NoSuchKey: message`: a code without the usual ending.
fn bare_code(part: &str) -> Option<String> {
    let name = before_colon(part)?;
    let named = !["RequestID", "HostID", "StatusCode"].contains(&name);
    (named
        && name.len() > 4
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric()))
    .then(|| name.to_owned())
}

/// Returns what stands before the first colon that a blank or nothing follows: some services answer without a message.
fn before_colon(part: &str) -> Option<&str> {
    part.split_once(": ").map(|(name, _)| name).or_else(|| part.trim_end().strip_suffix(':'))
}

/// `message (Service: Sqs, Status Code: 403, Request ID: …)`, in v1 with `;` and `Error Code: …`.
fn java(text: &str) -> Option<SdkCall> {
    let rest = after(text, "(Service: ")?;
    let service = rest.split([',', ';', ')']).next()?;
    Some(SdkCall {
        service: Some(service.to_owned()),
        operation: None,
        code: between(rest, "Error Code: ", ";").filter(|code| *code != "null").map(str::to_owned),
        http_status: number_after(rest, "Status Code: "),
    })
}

/// `Code: message` and on the next line `status code: 400, request id: …`.
fn go_v1(text: &str) -> Option<SdkCall> {
    let at = text.find("status code: ")?;
    text[at..].contains("request id: ").then_some(())?;
    let head = text[..at].trim_end();
    // The code stands before the first ": " of its line; wrapping errors put words in front of it.
    let code = head.split(": ").find(|part| {
        !part.contains(' ')
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    });
    Some(SdkCall {
        code: code.map(str::to_owned),
        http_status: number_after(text, "status code: "),
        ..SdkCall::default()
    })
}

/// Debug and display forms of the Rust SDK: `unhandled error (Code)`, `ServiceError(ServiceError { source: Code(…`. A code
/// that the SDK has no variant for is `Unhandled`, and its name stands in the metadata.
fn rust(text: &str) -> Option<SdkCall> {
    let named =
        |code: &&str| *code != "Unhandled" && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':');
    let in_metadata = || {
        let quoted = between(text, "code: Some(\"", "\")").or_else(|| between(text, "code: Some(\\\"", "\\\")"));
        quoted.filter(|_| text.contains("ErrorMetadata {"))
    };
    let failed = text.contains("ServiceError { source: ");
    let code = between(text, "unhandled error (", ")")
        .filter(named)
        .or_else(in_metadata)
        .or_else(|| between(text, "ServiceError { source: ", "(").filter(named))
        .or_else(|| displayed(text));
    if code.is_none() && !failed {
        return None;
    }
    Some(SdkCall {
        service: between(text, "aws_sdk_", "::").map(str::to_owned),
        operation: between(text, "operation::", "::").map(|name| name.split('_').map(capitalised).collect()),
        code: code.map(|code| code.rsplit("::").next().unwrap_or(code).to_owned()),
        http_status: number_after(text, "status: StatusCode("),
    })
}

/// `service error: ThrottlingException: Rate exceeded`: an error with its sources in one line.
fn displayed(text: &str) -> Option<&str> {
    let (before, rest) = text.split_once("service error: ")?;
    let name = leading(rest, |c| c.is_ascii_alphanumeric())?;
    let after = rest.get(name.len()..)?;
    let alone = before.is_empty() || before.ends_with(['"', '=']) || before.ends_with(": ");
    let ends = after.is_empty() || after.starts_with(": ") || after.starts_with(" (") || after.starts_with('"');
    let known = name.ends_with("Exception") || aws_codes::known(name).is_some() || lambda_api::is_fault(name);
    (alone && ends && known).then_some(name)
}

/// `Error executing "GetObject" on "https://…"; AWS HTTP error: Client error: … Code (client): …`
fn php(text: &str) -> Option<SdkCall> {
    let operation = between(text, "Error executing \"", "\" on \"")?;
    let code = text
        .find(" (client): ")
        .or_else(|| text.find(" (server): "))
        .and_then(|end| text[..end].rsplit([' ', '\n']).next())
        .filter(|code| !code.is_empty())
        .or_else(|| between(text, "\"__type\":\"", "\"").map(|name| name.rsplit('#').next().unwrap_or(name)))
        .or_else(|| between(text, "<Code>", "</Code>"));
    Some(SdkCall {
        service: between(text, "\" on \"https://", "\"").and_then(service_of_host).map(str::to_owned),
        operation: Some(operation.to_owned()),
        code: code.map(str::to_owned),
        http_status: between(text, "resulted in a `", " ").and_then(|status| status.parse().ok()),
    })
}

/// Classes of answers of any service.
const OF_ANY_SERVICE: [&str; 5] = [
    "Amazon.Runtime.AmazonServiceException",
    "Amazon.Runtime.AmazonUnmarshallingException",
    "com.amazonaws.AmazonServiceException",
    "software.amazon.awssdk.awscore.exception.AwsServiceException",
    "software.amazon.awssdk.core.exception.SdkServiceException",
];

/// Exception classes that name the service: .NET, Java, Ruby, JavaScript packages.
fn class(name: &str) -> Option<SdkCall> {
    let name = unwrapped(name);
    let named = |service: &str, code: &str| {
        Some(SdkCall { service: Some(service.to_owned()), code: Some(code.to_owned()), ..SdkCall::default() })
    };
    if let Some((service, rest)) = name.strip_prefix("Aws::").and_then(|rest| rest.split_once("::Errors::")) {
        return named(service, rest);
    }
    if let Some((service, _)) = name.strip_prefix("Aws\\").and_then(|rest| rest.split_once("\\Exception\\")) {
        return Some(SdkCall { service: Some(service.to_owned()), ..SdkCall::default() });
    }
    if OF_ANY_SERVICE.contains(&name) {
        return Some(SdkCall::default());
    }
    if let Some(service) = base_class(name).filter(|_| name.starts_with("Amazon")) {
        return Some(SdkCall { service: Some(service.to_owned()), ..SdkCall::default() });
    }
    let rest = name
        .strip_prefix("software.amazon.awssdk.services.")
        .or_else(|| name.strip_prefix("com.amazonaws.services."))
        .or_else(|| name.strip_prefix("Amazon."))
        .filter(|rest| !rest.starts_with("Runtime.") && !rest.starts_with("Lambda."));
    let of_lambda = |rest: &&str| rest.starts_with("Lambda.Model.") || rest.starts_with("Lambda.AmazonLambda");
    let rest = rest.or_else(|| name.strip_prefix("Amazon.").filter(of_lambda))?;
    let (service, code) = rest.split_once('.')?;
    let code = code.rsplit('.').next()?;
    // `AmazonS3Exception`, `AmazonDynamoDBException`: the base class says nothing about the code.
    let base = code.starts_with("Amazon")
        || code.starts_with("AWS")
        || code.eq_ignore_ascii_case(&format!("{service}Exception"));
    if base {
        return Some(SdkCall { service: Some(service.to_owned()), ..SdkCall::default() });
    }
    named(service, code)
}

/// Returns the service of a base class without its package: `AmazonDynamoDBException` of .NET, whose old clients print no
/// more, `SQSServiceException` of JavaScript.
fn base_class(name: &str) -> Option<&'static str> {
    let stem =
        name.strip_suffix("ServiceException").or_else(|| name.strip_prefix("Amazon")?.strip_suffix("Exception"))?;
    known_service(stem)
}

/// The error object of the SDKs for JavaScript: v3 has `$metadata` and `$fault`, v2 `retryable` and `requestId`.
fn javascript(error: &AppError<'_>, line: &str) -> Option<SdkCall> {
    let v3 = line.contains("$metadata") || line.contains("$fault");
    // A member of the error, in JSON or as Node.js prints objects; stacks have such words in names.
    let v2 = (line.contains("retryable\":") || line.contains("retryable: "))
        && (line.contains("retryDelay") || line.contains("requestId") || error.http_status.is_some());
    if !v3 && !v2 {
        return None;
    }
    let plain = |name: &&str| {
        *name != "Error" && !name.contains(' ') && !name.starts_with("Runtime.") && base_class(name).is_none()
    };
    let code = error.code.as_deref().filter(plain).or(error.error_type.as_deref().filter(plain));
    let class = error.error_type.as_deref().and_then(base_class);
    Some(SdkCall {
        service: class.map(str::to_owned),
        code: code.map(|code| last_segment(code).to_owned()),
        http_status: error.http_status,
        ..SdkCall::default()
    })
}

fn number_after(text: &str, mark: &str) -> Option<u16> {
    let rest = after(text, mark)?;
    leading(rest, |c| c.is_ascii_digit())?.parse().ok().filter(|status| *status > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::services::service_name;
    use crate::model::ErrorForm;

    #[track_caller]
    fn case(error_type: &str, message: &str, want: (&str, &str, &str, u16)) {
        let error = AppError {
            error_type: Some(error_type.to_owned().into()),
            message: Some(message.to_owned().into()),
            ..AppError::of(ErrorForm::Unhandled)
        };
        let call = read(&error, message).unwrap_or_default();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let service = call.service.as_deref().map(service_name).unwrap_or_default();
        assert_eq!(
            (
                service.as_str(),
                text(&call.operation).as_str(),
                text(&call.code).as_str(),
                call.http_status.unwrap_or(0)
            ),
            want
        );
    }

    #[test]
    fn reads_every_shape() {
        case(
            "ClientError",
            "An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does not exist.",
            ("S3", "GetObject", "NoSuchKey", 0),
        );
        case(
            "ClientError",
            "An error occurred (404) when calling the HeadObject operation: Not Found",
            ("S3", "HeadObject", "404", 404),
        );
        case(
            "wrapError",
            "load cart: operation error DynamoDB: GetItem, https response error StatusCode: 400, RequestID: AB12, ThrottlingException: slow down",
            ("DynamoDB", "GetItem", "ThrottlingException", 400),
        );
        case(
            "OperationError",
            "operation error S3: GetObject, https response error StatusCode: 404, RequestID: AB, HostID: c=, NoSuchKey: no such key",
            ("S3", "GetObject", "NoSuchKey", 404),
        );
        case(
            "OperationError",
            "operation error SQS: SendMessage, exceeded maximum number of attempts, 3, https response error StatusCode: 503, RequestID: x, api error ServiceUnavailable: try later",
            ("SQS", "SendMessage", "ServiceUnavailable", 503),
        );
        case(
            "software.amazon.awssdk.services.sqs.model.SqsException",
            "Access denied (Service: Sqs, Status Code: 403, Request ID: 1-2)",
            ("SQS", "", "", 403),
        );
        case(
            "com.amazonaws.services.s3.model.AmazonS3Exception",
            "Slow down (Service: Amazon S3; Status Code: 503; Error Code: SlowDown; Request ID: X; Proxy: null)",
            ("S3", "", "SlowDown", 503),
        );
        case(
            "requestError",
            "put failed: ConditionalCheckFailedException: The conditional request failed\n\tstatus code: 400, request id: ABC",
            ("", "", "ConditionalCheckFailedException", 400),
        );
        case(
            "Amazon.DynamoDBv2.Model.ProvisionedThroughputExceededException",
            "too fast",
            ("DynamoDB", "", "ProvisionedThroughputExceededException", 0),
        );
        case("Amazon.Lambda.Model.ServiceException", "failed", ("Lambda", "", "ServiceException", 0));
        case("Function<Aws::SQS::Errors::AccessDenied>", "no", ("SQS", "", "AccessDenied", 0));
        case("E", "unhandled error (AccessDeniedException)", ("", "", "AccessDeniedException", 0));
    }

    #[test]
    fn leaves_other_texts_alone() {
        for text in ["An error occurred", "operation error", "status code: 404", "(Service)", "Amazon.Lambda.Core.X: y"]
        {
            let error = AppError { message: Some(text.into()), ..AppError::of(ErrorForm::Unhandled) };
            assert_eq!(read(&error, text), None, "{text}");
        }
    }
}
