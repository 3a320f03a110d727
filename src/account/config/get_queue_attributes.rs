//! `aws sqs get-queue-attributes --attribute-names All`: how long a message stays hidden, and how often it comes again.

use serde::Deserialize;

use super::facts::{ConfigFacts, DocumentForm, FactSource, QueueFact, SourceArn};
use super::loose::{JsonObject, Tolerant, Value};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct GetQueueAttributes {
    attributes: Tolerant<JsonObject<QueueAttributes>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct QueueAttributes {
    queue_arn: Value,
    visibility_timeout: Value,
    redrive_policy: Value,
}

/// When a queue gives a message up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RedrivePolicy {
    max_receive_count: Value,
}

impl RedrivePolicy {
    /// Returns after how many receives a message is given up.
    pub(super) fn maximum_receives(&self) -> Option<u64> {
        self.max_receive_count.count()
    }

    /// Reads a policy that is JSON in a text.
    pub(super) fn in_text(policy: &Value) -> Option<u64> {
        serde_json::from_str::<Tolerant<JsonObject<Self>>>(policy.text()?).ok()?.0?.0.maximum_receives()
    }
}

impl Section for GetQueueAttributes {
    const NAME: &'static str = "aws sqs get-queue-attributes";

    takes! {
        "Attributes" => attributes,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(JsonObject(attributes)) = self.attributes.0 else { return Ok(false) };
        let key = attributes.queue_arn.text().and_then(SourceArn::parse).and_then(|arn| arn.key());
        let Some(key) = key else {
            return Err("does not tell whose attributes these are; ask with --attribute-names All".to_owned());
        };
        facts.queues.push(QueueFact {
            keys: vec![key],
            source: FactSource { form: DocumentForm::Answer, input: input.to_owned() },
            visibility_timeout_s: attributes.visibility_timeout.count(),
            maximum_receives: RedrivePolicy::in_text(&attributes.redrive_policy),
        });
        Ok(true)
    }
}
