//! The shapes in which AWS SDKs tell of a failed call: service, operation, error code and HTTP status out of the text.
//!
//! One function a shape; the first that fits wins. A shape is proof that a call to AWS failed, whatever words follow.

use super::text::{after, between, leading, leading_type, unwrapped};
use super::words::Words;
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
    ("code: Some(\"", ()),
    ("Error executing \"", ()),
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
        .or_else(|| types.iter().flatten().find_map(|name| class(name)))
        .or_else(|| javascript(error, line))?;
    // Java names the exception in the type and only the numbers in the message.
    if call.code.is_none() {
        call.code = types.iter().flatten().find_map(|name| class(name)).and_then(|named| named.code);
    }
    call.http_status = call.http_status.or(error.http_status);
    Some(call)
}

/// `An error occurred (Code) when calling the Operation operation…: message`
fn boto(text: &str) -> Option<SdkCall> {
    let rest = after(text, BOTOCORE_ERROR)?;
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
            let (name, _) = part.split_once(": ")?;
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
    let (name, _) = part.split_once(": ")?;
    let named = !["RequestID", "HostID", "StatusCode"].contains(&name);
    (named
        && name.len() > 4
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric()))
    .then(|| name.to_owned())
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

/// Debug and display forms of the Rust SDK: `unhandled error (Code)`, `ServiceError(ServiceError { source: Code(…`.
fn rust(text: &str) -> Option<SdkCall> {
    let code = between(text, "unhandled error (", ")")
        .or_else(|| between(text, "ServiceError { source: ", "("))
        .or_else(|| between(text, "code: Some(\"", "\")").filter(|_| text.contains("ErrorMetadata {")))?;
    let code = code.rsplit("::").next().unwrap_or(code);
    Some(SdkCall {
        service: between(text, "aws_sdk_", "::").map(str::to_owned),
        code: (code != "Unhandled").then(|| code.to_owned()),
        http_status: number_after(text, "status: StatusCode("),
        ..SdkCall::default()
    })
}

/// `Error executing "GetObject" on "https://…"; AWS HTTP error: Client error: … Code (client): …`
fn php(text: &str) -> Option<SdkCall> {
    let operation = between(text, "Error executing \"", "\" on \"")?;
    let code = text
        .find(" (client): ")
        .or_else(|| text.find(" (server): "))
        .and_then(|end| text[..end].rsplit([' ', '\n']).next());
    Some(SdkCall {
        service: between(text, "\" on \"https://", "\"").and_then(service_of_host).map(str::to_owned),
        operation: Some(operation.to_owned()),
        code: code.map(str::to_owned),
        http_status: between(text, "resulted in a `", " ").and_then(|status| status.parse().ok()),
    })
}

/// Exception classes that name the service: .NET, Java, Ruby, JavaScript packages.
fn class(name: &str) -> Option<SdkCall> {
    let name = unwrapped(name);
    let named = |service: &str, code: &str| {
        Some(SdkCall { service: Some(service.to_owned()), code: Some(code.to_owned()), ..SdkCall::default() })
    };
    if let Some((service, rest)) = name.strip_prefix("Aws::").and_then(|rest| rest.split_once("::Errors::")) {
        return named(service, rest);
    }
    let rest = name
        .strip_prefix("software.amazon.awssdk.services.")
        .or_else(|| name.strip_prefix("com.amazonaws.services."))
        .or_else(|| name.strip_prefix("Amazon."))
        .filter(|rest| !rest.starts_with("Runtime.") && !rest.starts_with("Lambda."));
    let rest = rest.or_else(|| name.strip_prefix("Amazon.").filter(|rest| rest.starts_with("Lambda.Model.")))?;
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

/// The error object of the SDKs for JavaScript: v3 has `$metadata` and `$fault`, v2 `retryable` and `requestId`.
fn javascript(error: &AppError<'_>, line: &str) -> Option<SdkCall> {
    let v3 = line.contains("$metadata") || line.contains("$fault");
    let v2 = line.contains("retryable")
        && (line.contains("retryDelay") || line.contains("requestId") || error.http_status.is_some());
    if !v3 && !v2 {
        return None;
    }
    let plain = |name: &str| name != "Error" && !name.contains(' ') && !name.starts_with("Runtime.");
    let code =
        error.code.as_deref().filter(|code| plain(code)).or(error.error_type.as_deref().filter(|name| plain(name)));
    Some(SdkCall {
        service: between(line, "@aws-sdk/client-", "/").map(str::to_owned),
        operation: between(line, "de_", "CommandError")
            .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric()))
            .map(str::to_owned),
        code: code.map(str::to_owned),
        http_status: error.http_status,
    })
}

fn number_after(text: &str, mark: &str) -> Option<u16> {
    let rest = after(text, mark)?;
    leading(rest, |c| c.is_ascii_digit())?.parse().ok().filter(|status| *status > 0)
}

/// Operations whose names tell the service, for SDKs that do not print it (boto3).
#[rustfmt::skip]
static OPERATION_SERVICES: &[(&str, &[&str])] = &[
    ("DynamoDB", &["PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem", "TransactWriteItems", "TransactGetItems", "DescribeTable"]),
    ("S3", &["GetObject", "PutObject", "HeadObject", "HeadBucket", "DeleteObject", "DeleteObjects", "CopyObject", "ListObjects", "ListObjectsV2", "ListBuckets", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "GetBucketLocation", "SelectObjectContent"]),
    ("SQS", &["SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "ChangeMessageVisibility", "GetQueueUrl", "GetQueueAttributes"]),
    ("SNS", &["Publish", "PublishBatch", "Subscribe", "CreatePlatformEndpoint"]),
    ("EventBridge", &["PutEvents", "PutTargets"]),
    ("Kinesis", &["PutRecords", "GetRecords", "GetShardIterator", "DescribeStream"]),
    ("Firehose", &["PutRecordBatch"]),
    ("Secrets Manager", &["GetSecretValue", "PutSecretValue", "DescribeSecret"]),
    ("SSM", &["GetParameter", "GetParameters", "GetParametersByPath", "PutParameter", "SendCommand"]),
    ("KMS", &["Decrypt", "Encrypt", "GenerateDataKey"]),
    ("STS", &["AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"]),
    ("Step Functions", &["StartExecution", "StartSyncExecution", "SendTaskSuccess", "SendTaskFailure", "DescribeExecution"]),
    ("Bedrock", &["InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream", "InvokeAgent", "Retrieve", "RetrieveAndGenerate"]),
    ("SES", &["SendEmail", "SendRawEmail", "SendTemplatedEmail"]),
    ("Athena", &["StartQueryExecution", "GetQueryExecution", "GetQueryResults"]),
    ("CloudWatch", &["PutMetricData", "GetMetricData"]),
    ("CloudWatch Logs", &["PutLogEvents", "FilterLogEvents", "StartQuery"]),
    ("EC2", &["DescribeInstances", "StartInstances", "StopInstances", "RunInstances", "CreateSnapshot"]),
    ("ECS", &["RunTask", "UpdateService", "DescribeTasks"]),
    ("SageMaker", &["InvokeEndpoint"]),
    ("Cognito", &["AdminGetUser", "AdminCreateUser", "AdminInitiateAuth", "InitiateAuth", "ListUsers"]),
    ("API Gateway", &["PostToConnection"]),
    ("Glue", &["StartJobRun", "GetTable", "GetPartitions"]),
    ("Rekognition", &["DetectLabels", "DetectFaces"]),
    ("Textract", &["DetectDocumentText", "AnalyzeDocument"]),
];

/// The service to which an operation belongs, where its name tells.
pub(super) fn service_of_operation(operation: &str) -> Option<&'static str> {
    if super::lambda_api::is_only_operation(operation) {
        return Some("Lambda");
    }
    OPERATION_SERVICES.iter().find(|(_, names)| names.contains(&operation)).map(|(service, _)| *service)
}

/// Spellings of a service in SDKs and host names, and the one that we print.
#[rustfmt::skip]
static SERVICE_NAMES: &[(&str, &str)] = &[
    ("lambda", "Lambda"), ("awslambda", "Lambda"),
    ("dynamodb", "DynamoDB"), ("dynamodbv2", "DynamoDB"), ("amazondynamodb", "DynamoDB"), ("amazondynamodbv2", "DynamoDB"),
    ("s3", "S3"), ("amazon s3", "S3"), ("amazons3", "S3"),
    ("sqs", "SQS"), ("amazonsqs", "SQS"), ("queue", "SQS"), ("sns", "SNS"), ("amazonsns", "SNS"), ("simplenotificationservice", "SNS"),
    ("eventbridge", "EventBridge"), ("events", "EventBridge"), ("kinesis", "Kinesis"), ("amazonkinesis", "Kinesis"), ("firehose", "Firehose"),
    ("secretsmanager", "Secrets Manager"), ("secrets manager", "Secrets Manager"), ("secrets-manager", "Secrets Manager"), ("awssecretsmanager", "Secrets Manager"),
    ("ssm", "SSM"), ("simplesystemsmanagement", "SSM"), ("awssimplesystemsmanagement", "SSM"),
    ("kms", "KMS"), ("awskms", "KMS"), ("sts", "STS"), ("securitytoken", "STS"), ("awssecuritytokenservice", "STS"),
    ("sfn", "Step Functions"), ("states", "Step Functions"), ("stepfunctions", "Step Functions"), ("awsstepfunctions", "Step Functions"),
    ("ses", "SES"), ("sesv2", "SES"), ("email", "SES"), ("amazonsimpleemailservice", "SES"), ("simpleemail", "SES"),
    ("bedrock", "Bedrock"), ("bedrock-runtime", "Bedrock"), ("bedrockruntime", "Bedrock"), ("bedrock runtime", "Bedrock"),
    ("cloudwatch", "CloudWatch"), ("monitoring", "CloudWatch"), ("amazoncloudwatch", "CloudWatch"), ("logs", "CloudWatch Logs"), ("cloudwatch-logs", "CloudWatch Logs"),
    ("ec2", "EC2"), ("amazonec2", "EC2"), ("ecs", "ECS"), ("amazonecs", "ECS"), ("athena", "Athena"), ("amazonathena", "Athena"),
    ("cognito-identity-provider", "Cognito"), ("cognitoidentityprovider", "Cognito"), ("cognito-idp", "Cognito"),
    ("execute-api", "API Gateway"), ("apigatewaymanagementapi", "API Gateway"), ("rds-data", "RDS Data API"), ("rdsdata", "RDS Data API"),
    ("sagemaker-runtime", "SageMaker"), ("runtime.sagemaker", "SageMaker"), ("glue", "Glue"), ("textract", "Textract"), ("rekognition", "Rekognition"),
];

/// The spelling that we print, for one that an SDK or a host name uses.
pub(super) fn service_name(spelling: &str) -> String {
    let lower = spelling.to_ascii_lowercase();
    match SERVICE_NAMES.iter().find(|(known, _)| *known == lower) {
        Some((_, name)) => (*name).to_owned(),
        None => spelling.to_owned(),
    }
}

/// The AWS service behind a host name such as `sqs.eu-west-1.amazonaws.com`.
pub(super) fn service_of_host(host: &str) -> Option<&'static str> {
    let host = host.split(['/', ':', '?']).next()?;
    let head = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    head.split('.').find_map(|part| SERVICE_NAMES.iter().find(|(known, _)| *known == part).map(|(_, name)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn knows_services_by_host() {
        assert_eq!(service_of_host("bucket.s3.eu-west-1.amazonaws.com"), Some("S3"));
        assert_eq!(service_of_host("sqs.us-east-1.amazonaws.com/x"), Some("SQS"));
        assert_eq!(service_of_host("example.com"), None);
    }
}
