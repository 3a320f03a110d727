//! Invokers of a function, and what each does after a failure: retries, and what they mean for work that is partly
//! done.
//!
//! Source: the pages of the Lambda Developer Guide on error handling for each kind of event source, as of autumn 2026.

use crate::model::PartialWork;

/// Service or client that invokes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invoker {
    /// A synchronous invocation by an SDK or the CLI.
    Sync,
    /// API Gateway, which waits for the response for 29 or 30 s by default, a function URL or a load balancer.
    ApiGateway,
    /// An asynchronous invocation, as by S3, SNS or EventBridge.
    Async,
    /// An SQS event source mapping.
    Sqs,
    /// An event source mapping of a Kinesis or DynamoDB stream.
    Stream,
    /// An event source mapping of Kafka, either Amazon MSK or self-managed.
    Kafka,
    /// A Step Functions state.
    StepFunctions,
}

/// Advice for one invoker.
struct Row {
    invoker: Invoker,
    name: &'static str,
    /// Advice if none of the work was done.
    untouched: &'static str,
    /// Advice if some of the work may have been done.
    begun: &'static str,
    /// Advice if all of the work was done.
    finished: &'static str,
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    Row { invoker: Invoker::Sync, name: "sync",
        untouched: "Lambda does not retry a synchronous call: the caller must look at FunctionError (the HTTP status is 200) and may repeat it.",
        begun: "Lambda does not retry a synchronous call: the caller must look at FunctionError (the HTTP status is 200) and repeat only what is idempotent.",
        finished: "The caller sees an error although the work is done: let it look the result up before it repeats the call." },
    Row { invoker: Invoker::ApiGateway, name: "apigateway",
        untouched: "API Gateway answers 502 and does not retry; the client may repeat the request.",
        begun: "API Gateway answers 502 (504 after its own 29 or 30 s, while the function runs on) and does not retry: clients need an idempotency key.",
        finished: "The client sees 502 although the work is done: it needs an idempotency key." },
    Row { invoker: Invoker::Async, name: "async",
        untouched: "Lambda runs the event twice more, after about 1 and 2 minutes; then it is lost unless a failure destination or dead-letter queue is set.",
        begun: "Lambda runs the event twice more, after about 1 and 2 minutes, on top of what is partly done: make it idempotent, and set a failure destination.",
        finished: "Lambda runs the finished event twice more: make it idempotent, or set MaximumRetryAttempts to 0." },
    Row { invoker: Invoker::Sqs, name: "sqs",
        untouched: "The whole batch returns after the visibility timeout (6 times the function timeout), until the queue's redrive policy moves it.",
        begun: "The whole batch returns after the visibility timeout (6 times the function timeout), with the messages that succeeded: handle each idempotently. ReportBatchItemFailures helps only where the handler catches the error and returns the failed ids.",
        finished: "The finished batch returns after the visibility timeout: handle each message idempotently." },
    Row { invoker: Invoker::Stream, name: "stream",
        untouched: "The shard is blocked and the batch repeated until its records expire: set MaximumRetryAttempts, BisectBatchOnFunctionError and a failure destination.",
        begun: "The shard is blocked and the batch repeated from its start until its records expire: make it idempotent, bound the retries, set a failure destination.",
        finished: "The finished batch is repeated until its records expire: handle each record idempotently, and bound the retries." },
    Row { invoker: Invoker::Kafka, name: "kafka",
        untouched: "The partition waits and the batch is repeated until it succeeds or expires: set a failure destination.",
        begun: "The partition waits and the batch is repeated from its start until it succeeds or expires: make it idempotent, and set a failure destination.",
        finished: "The finished batch is repeated until it succeeds or expires: handle each record idempotently." },
    Row { invoker: Invoker::StepFunctions, name: "stepfunctions",
        untouched: "Step Functions retries only what the state's Retry names: match States.TaskFailed, and add Catch.",
        begun: "Step Functions retries only what the state's Retry names: put States.TaskFailed there only if the task is idempotent, and compensate in Catch.",
        finished: "The state fails although the work is done: let Catch look the result up before anything is repeated." },
];

/// Part of a page that stands in many: its placeholder and its text.
struct SharedText {
    mark: &'static str,
    text: &'static str,
}

/// Paragraphs on what each invoker does after a failure, and on calls that Lambda refused.
#[rustfmt::skip]
static PARAGRAPHS: [SharedText; 11] = [
    SharedText { mark: "{sync}", text: "- **Synchronous** (Invoke by an SDK or the CLI): Lambda does not retry. The caller sees HTTP 200 with\n  FunctionError `Unhandled` and must check it." },
    SharedText { mark: "{http}", text: "- **Over HTTP** (API Gateway, function URL, load balancer): the client sees 502 and Lambda does not retry. API\n  Gateway answers 504 after its own timeout (REST 29 s by default, HTTP API 30 s) while the function runs on." },
    SharedText { mark: "{async}", text: "- **Asynchronous** (S3, SNS, EventBridge): Lambda runs the same event twice more, after about one and two\n  minutes, under the same request id; then it goes to a destination or dead-letter queue, or is lost. With a\n  lower MaximumRetryAttempts or MaximumEventAgeInSeconds, the first failure can be the last." },
    SharedText { mark: "{sqs}", text: "- **SQS**: the whole batch returns after the visibility timeout (set it to 6 times the function timeout),\n  messages that succeeded included, until the queue's own redrive policy moves them. ReportBatchItemFailures\n  helps only if the handler catches the error itself and returns the ids that failed." },
    SharedText { mark: "{stream}", text: "- **Streams** (Kinesis, DynamoDB): the whole batch again, by default until its records expire, and the shard\n  waits; limit the retries, bisect the batch, set a failure destination." },
    SharedText { mark: "{kafka}", text: "- **Kafka** (Amazon MSK, self-managed): the whole batch until it succeeds or expires, and the partition waits;\n  newer mappings take limits and a failure destination. Amazon MQ delivers the batch again as well." },
    SharedText { mark: "{stepfunctions}", text: "- **Step Functions**: only if the state has `Retry`; match `States.TaskFailed`, and put `Catch` behind it." },
    SharedText { mark: "{call_again}", text: "- The called function did not run, so the refused call left nothing behind. What this attempt did before the\n  call stays done.\n- **Synchronous** caller: back off with jitter and call again; SDKs do so a few times by themselves.\n- **Asynchronous** events that Lambda already accepted: Lambda retries throttles and its own faults for up to\n  6 hours, 1 second to 5 minutes apart, without using up the two retries of a function error.\n- **Queue and stream sources**: the poller pauses and delivers again; on SQS every receive still counts\n  towards maxReceiveCount, so a message can reach the dead-letter queue without the code ever running.\n- **Step Functions**: add `Lambda.TooManyRequestsException`, `Lambda.ServiceException` and\n  `Lambda.SdkClientException` to `Retry`.\n- The logged attempt itself failed with an unhandled error; its invoker reacts to that." },
    SharedText { mark: "{call_after_fix}", text: "- The called function did not run, so the refused call left nothing behind. What this attempt did before the\n  call stays done.\n- **Synchronous** caller: calling again helps only after the fix.\n{not_accepted}" },
    SharedText { mark: "{call_never}", text: "- The called function did not run, so the refused call left nothing behind. What this attempt did before the\n  call stays done.\n- **Synchronous** caller: do not call again with the same request; SDKs do not either.\n{not_accepted}" },
    // Part of the two before it.
    SharedText { mark: "{not_accepted}", text: "- **Asynchronous** calls: a request refused at the door was never accepted, so nothing is queued.\n- **Queue and stream sources**: they meet this error only if the mapping itself is misconfigured; look at\n  LastProcessingResult of the event source mapping.\n- **Step Functions**: use `Catch`, not `Retry`.\n- The logged attempt itself failed with an unhandled error; its invoker reacts to that." },
];

/// Returns a page with the placeholders replaced by their paragraphs.
pub(super) fn with_paragraphs(markdown: &str) -> String {
    PARAGRAPHS.iter().fold(markdown.to_owned(), |page, part| page.replace(part.mark, part.text))
}

impl Invoker {
    /// Every invoker.
    pub const ALL: &[Self] =
        &[Self::Sync, Self::ApiGateway, Self::Async, Self::Sqs, Self::Stream, Self::Kafka, Self::StepFunctions];

    /// Returns its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// Parses a name on the command line.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == word).map(|row| row.invoker)
    }

    /// Returns the advice for this invoker after a failure, depending on how much of the work was done.
    #[must_use]
    pub fn wording(self, work: PartialWork) -> &'static str {
        self.row().map_or("", |row| match work {
            PartialWork::None => row.untouched,
            PartialWork::Finished => row.finished,
            PartialWork::Possible | PartialWork::Likely | PartialWork::Certain | PartialWork::Unknown => row.begun,
        })
    }

    /// Returns whether a paragraph of a page, which begins with the name of an invoker in bold, is about this one. Those
    /// without a name are about all.
    #[must_use]
    pub(super) fn is_told_by(self, paragraph: &str) -> bool {
        let Some(name) = paragraph.strip_prefix("- **") else { return true };
        let labels: &[&str] = match self {
            Self::Sync => &["Synchronous"],
            Self::ApiGateway => &["Over HTTP"],
            Self::Async => &["Asynchronous"],
            Self::Sqs => &["SQS", "Queue"],
            Self::Stream => &["Streams", "Queue and stream"],
            Self::Kafka => &["Kafka", "Queue and stream"],
            Self::StepFunctions => &["Step Functions"],
        };
        labels.iter().any(|label| name.starts_with(label))
    }

    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.invoker == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invoker_has_its_words() {
        for invoker in Invoker::ALL {
            assert_eq!(Invoker::parse(invoker.name()), Some(*invoker));
            for work in PartialWork::ALL {
                assert!(invoker.wording(*work).ends_with('.'), "{invoker:?}");
            }
        }
    }
}
