//! Table of write operations of AWS services, and of the conditions under which their names are certain.

/// An API operation that writes.
#[derive(Debug)]
pub(super) struct Operation {
    /// Name in the API.
    pub(super) name: &'static str,
    /// Service as SDKs name it, in lower case.
    pub(super) service: &'static str,
    /// Whether the name is an English word or shared by services. Such a name counts only beside the name of its
    /// service, or as part of an SDK class name.
    pub(super) plain: bool,
}

const fn sure(service: &'static str, name: &'static str) -> Operation {
    Operation { name, service, plain: false }
}

const fn plain(service: &'static str, name: &'static str) -> Operation {
    Operation { name, service, plain: true }
}

/// Operations that change something outside the function.
pub(super) static OPERATIONS: [Operation; 38] = [
    sure("dynamodb", "PutItem"),
    sure("dynamodb", "UpdateItem"),
    sure("dynamodb", "DeleteItem"),
    sure("dynamodb", "BatchWriteItem"),
    sure("dynamodb", "TransactWriteItems"),
    sure("dynamodb", "TransactWrite"),
    sure("dynamodb", "BatchWrite"),
    sure("sqs", "SendMessageBatch"),
    sure("sqs", "SendMessage"),
    sure("sqs", "DeleteMessageBatch"),
    sure("sqs", "DeleteMessage"),
    sure("sns", "PublishBatch"),
    plain("sns", "Publish"),
    sure("s3", "PutObject"),
    sure("s3", "CopyObject"),
    sure("s3", "DeleteObjects"),
    sure("s3", "DeleteObject"),
    sure("s3", "CompleteMultipartUpload"),
    sure("s3", "CreateMultipartUpload"),
    sure("s3", "UploadPart"),
    sure("events", "PutEvents"),
    sure("kinesis", "PutRecords"),
    sure("kinesis", "PutRecord"),
    sure("firehose", "PutRecordBatch"),
    sure("states", "StartExecution"),
    sure("states", "StartSyncExecution"),
    sure("states", "SendTaskSuccess"),
    sure("states", "SendTaskFailure"),
    plain("lambda", "Invoke"),
    sure("ses", "SendEmail"),
    sure("ses", "SendRawEmail"),
    sure("ses", "SendBulkEmail"),
    sure("secretsmanager", "PutSecretValue"),
    sure("ssm", "PutParameter"),
    sure("rds-data", "BatchExecuteStatement"),
    sure("rds-data", "CommitTransaction"),
    sure("cognito-idp", "AdminCreateUser"),
    sure("scheduler", "CreateSchedule"),
];

/// HTTP methods that change something.
pub(super) const METHODS: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A phrase that an idempotency layer logs with the key (Powertools for AWS Lambda, all languages).
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) text: &'static str,
    pub(super) operation: &'static str,
    pub(super) confirmed: bool,
}

pub(super) static SAYINGS: [Saying; 4] = [
    Saying { text: "Putting record for idempotency key", operation: "idempotency begun", confirmed: false },
    Saying { text: "Updating record for idempotency key", operation: "idempotency completed", confirmed: true },
    Saying { text: "Deleting record for idempotency key", operation: "idempotency released", confirmed: true },
    Saying {
        text: "Failed to put record for already existing idempotency key",
        operation: "idempotency key known",
        confirmed: false,
    },
];

/// Keys whose values are the targets of operations.
pub(super) const TARGET_KEYS: &str = "tablename|table|queueurl|queuename|queue|topicarn|topic|bucket|streamname|stream|\
                                      deliverystreamname|eventbusname|eventbus|bus|statemachinearn|functionname|\
                                      secretid|targetarn";
