//! AWS services: the spelling of each that we print, and the names of operations, errors and hosts that give one away.

use super::words::Words;

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
    ("Rekognition", &["DetectLabels", "DetectFaces", "DetectModerationLabels", "SearchFacesByImage", "IndexFaces", "CompareFaces"]),
    ("Comprehend", &["DetectDominantLanguage", "DetectSentiment", "DetectEntities", "DetectKeyPhrases", "DetectPiiEntities"]),
    ("Translate", &["TranslateText", "StartTextTranslationJob"]),
    ("Polly", &["SynthesizeSpeech"]),
    ("Transcribe", &["StartTranscriptionJob", "GetTranscriptionJob"]),
    ("Cost Explorer", &["GetCostAndUsage", "GetCostForecast"]),
    ("RDS Data API", &["ExecuteStatement", "BatchExecuteStatement", "BeginTransaction", "CommitTransaction"]),
    ("CloudFront", &["CreateInvalidation"]),
    ("AppConfig", &["GetLatestConfiguration", "StartConfigurationSession"]),
    ("Batch", &["SubmitJob"]),
    ("EventBridge Scheduler", &["CreateSchedule", "DeleteSchedule"]),
    ("Timestream", &["WriteRecords"]),
    ("API Gateway", &["GetConnection", "DeleteConnection"]),
    ("Textract", &["DetectDocumentText", "AnalyzeDocument"]),
];

/// The service to which an operation belongs, where its name tells.
pub(super) fn service_of_operation(operation: &str) -> Option<&'static str> {
    if super::lambda_api::is_only_operation(operation) {
        return Some("Lambda");
    }
    OPERATION_SERVICES.iter().find(|(_, names)| names.contains(&operation)).map(|(service, _)| *service)
}

/// Errors that only one service has, for SDKs that print neither the service nor the operation. Source: the service
/// models of the AWS SDKs.
#[rustfmt::skip]
static ERROR_SERVICES: &[(&str, &[&str])] = &[
    ("DynamoDB", &["ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException", "TransactionInProgressException", "ItemCollectionSizeLimitExceededException", "DuplicateItemException", "ReplicatedWriteConflictException", "TableNotFoundException", "DynamoDBServiceException"]),
    ("S3", &["NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NoSuchVersion", "SlowDown", "OperationAborted", "InvalidObjectState", "ObjectNotInActiveTierError", "BucketAlreadyOwnedByYou", "InvalidBucketName", "EntityTooLarge", "InvalidRange", "ConditionalRequestConflict"]),
    ("SQS", &["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExistException", "BatchRequestTooLong", "EmptyBatchRequest", "TooManyEntriesInBatchRequest", "ReceiptHandleIsInvalid", "InvalidMessageContents", "MessageNotInflight", "PurgeQueueInProgress", "OverLimit"]),
    ("SNS", &["EndpointDisabled", "EndpointDisabledException", "PlatformApplicationDisabledException", "KMSOptInRequired", "TopicLimitExceededException"]),
    ("Step Functions", &["ExecutionAlreadyExists", "ExecutionDoesNotExist", "ExecutionLimitExceeded", "StateMachineDoesNotExist", "StateMachineDeleting", "TaskDoesNotExist", "TaskTimedOut", "InvalidExecutionInput"]),
    ("SSM", &["ParameterNotFound", "ParameterVersionNotFound", "ParameterAlreadyExists", "ParameterLimitExceeded", "TooManyUpdates"]),
    ("Cognito", &["UserNotFoundException", "UsernameExistsException", "UserNotConfirmedException", "CodeMismatchException", "ExpiredCodeException", "InvalidPasswordException", "AliasExistsException", "UserLambdaValidationException", "UserPoolTaggingException", "PasswordResetRequiredException"]),
    ("Bedrock", &["ModelErrorException", "ModelNotReadyException", "ModelTimeoutException", "ModelStreamErrorException", "modelStreamErrorException"]),
    ("SES", &["MessageRejected", "MailFromDomainNotVerifiedException", "MailFromDomainNotVerified", "AccountSendingPausedException", "SendingPausedException", "ConfigurationSetDoesNotExistException"]),
    ("Kinesis", &["ExpiredIteratorException", "ExpiredNextTokenException", "KMSThrottlingException"]),
    ("STS", &["InvalidIdentityToken", "IDPCommunicationError", "PackedPolicyTooLarge", "RegionDisabledException"]),
    ("RDS Data API", &["StatementTimeoutException", "DatabaseResumingException", "DatabaseErrorException", "HttpEndpointNotEnabledException", "TransactionNotFoundException"]),
    ("CloudWatch Logs", &["InvalidSequenceTokenException", "DataAlreadyAcceptedException"]),
];

/// Returns the service that alone has an error of this name.
pub(super) fn service_of_error(name: &str) -> Option<&'static str> {
    ERROR_SERVICES.iter().find(|(_, names)| names.contains(&name)).map(|(service, _)| *service)
}

/// Sentences of which only one service's answers consist. Source: the services' answers in issues and their API
/// references.
static SENTENCES: Words<&str> = Words::new(&[
    ("The conditional request failed", "DynamoDB"),
    ("Requested resource not found", "DynamoDB"),
    ("The provided key element does not match the schema", "DynamoDB"),
    ("The level of configured provisioned throughput for the table", "DynamoDB"),
    ("One or more parameter values were invalid", "DynamoDB"),
    ("Query condition missed key schema element", "DynamoDB"),
    ("Query key condition not supported", "DynamoDB"),
    ("Item size has exceeded the maximum allowed size", "DynamoDB"),
    ("Item size to update has exceeded the maximum allowed size", "DynamoDB"),
    ("Transaction cancelled, please refer cancellation reasons", "DynamoDB"),
    ("Invalid UpdateExpression: ", "DynamoDB"),
    ("Invalid KeyConditionExpression: ", "DynamoDB"),
    ("Throughput exceeds the current capacity of your table", "DynamoDB"),
    ("Batch requests cannot be longer than ", "SQS"),
    ("The receipt handle has expired", "SQS"),
    ("Rate exceeded for shard ", "Kinesis"),
    ("The specified key does not exist", "S3"),
    ("The specified bucket does not exist", "S3"),
    ("Please reduce your request rate", "S3"),
    ("The specified queue does not exist", "SQS"),
    ("Secrets Manager can't", "Secrets Manager"),
    ("Email address is not verified", "SES"),
]);

/// Returns the service whose sentence stands in a text.
pub(super) fn service_of_sentence(text: &str) -> Option<&'static str> {
    SENTENCES.first_in(text).map(|(_, service)| service)
}

/// Returns the service of a spelling, if it is one that we know.
pub(super) fn known_service(spelling: &str) -> Option<&'static str> {
    let lower = spelling.to_ascii_lowercase();
    SERVICE_NAMES.iter().find(|(known, _)| *known == lower).map(|(_, name)| *name)
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
    ("comprehend", "Comprehend"), ("translate", "Translate"), ("polly", "Polly"), ("transcribe", "Transcribe"), ("ce", "Cost Explorer"), ("costexplorer", "Cost Explorer"), ("cost explorer", "Cost Explorer"),
    ("iam", "IAM"), ("ecr", "ECR"), ("eks", "EKS"), ("rds", "RDS"), ("elasticache", "ElastiCache"), ("cloudfront", "CloudFront"), ("cloudformation", "CloudFormation"), ("codepipeline", "CodePipeline"), ("codebuild", "CodeBuild"), ("batch", "Batch"),
    ("appconfig", "AppConfig"), ("appsync", "AppSync"), ("iot", "IoT"), ("iotdata", "IoT"), ("iot-data", "IoT"), ("timestream", "Timestream"), ("timestream-write", "Timestream"), ("timestream-query", "Timestream"), ("opensearch", "OpenSearch"), ("es", "OpenSearch"), ("scheduler", "EventBridge Scheduler"),
    ("pinpoint", "Pinpoint"), ("route53", "Route 53"), ("route 53", "Route 53"), ("organizations", "Organizations"), ("apigateway", "API Gateway"), ("wafv2", "WAF"), ("acm", "ACM"), ("redshift-data", "Redshift Data API"), ("redshift data", "Redshift Data API"), ("redshift", "Redshift"), ("xray", "X-Ray"), ("mediaconvert", "MediaConvert"), ("autoscaling", "Auto Scaling"),
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

    #[test]
    fn knows_services_by_host() {
        assert_eq!(service_of_host("bucket.s3.eu-west-1.amazonaws.com"), Some("S3"));
        assert_eq!(service_of_host("sqs.us-east-1.amazonaws.com/x"), Some("SQS"));
        assert_eq!(service_of_host("example.com"), None);
    }
}
