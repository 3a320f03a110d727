//! What documents of configuration tell, whatever their form: functions, what invokes them, queues. Names are checked
//! here, for a document may hold anything.

use crate::model::{FunctionArn, Timestamp};

use super::loose::{Setting, Value};

/// Every fact that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigFacts {
    pub(super) functions: Vec<FunctionFact>,
    pub(super) invoke_configs: Vec<InvokeFact>,
    /// Those of which only a deployment knows the function.
    pub(super) unresolved_invoke_configs: Vec<UnresolvedInvoke>,
    pub(super) mappings: Vec<MappingFact>,
    pub(super) queues: Vec<QueueFact>,
    pub(super) callers: Vec<CallerFact>,
    /// What must be known about the documents.
    pub(super) notes: Vec<String>,
}

/// What a document is: of the same fact the first kind counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DocumentForm {
    /// What AWS answered.
    Answer,
    /// State or plan of Terraform.
    Terraform,
    /// Template of CloudFormation.
    Template,
}

impl DocumentForm {
    /// Returns whether such a document describes everything around its functions: what it leaves out is not set.
    pub(super) fn is_whole(self) -> bool {
        self != Self::Answer
    }
}

/// Place that a fact was read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FactSource {
    pub(super) form: DocumentForm,
    /// Name of the input.
    pub(super) input: String,
}

/// Name of a function, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KnownName {
    Exact(String),
    /// Parts of a name between which only a deployment knows what stands.
    Pattern(Vec<String>),
    /// CloudFormation makes the name of it: `STACK-LogicalId-XXXXXXXXXXXX`.
    Generated {
        logical_id: String,
    },
}

/// Function that a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionRef {
    pub(super) name: KnownName,
    pub(super) account_id: Option<String>,
    pub(super) region: Option<String>,
}

/// Configuration of a function.
#[derive(Clone, Debug)]
pub(super) struct FunctionFact {
    pub(super) function: FunctionRef,
    pub(super) source: FactSource,
    /// Number of the version that is described; none for `$LATEST`.
    pub(super) version: Option<String>,
    pub(super) timeout_s: Option<u64>,
    pub(super) memory_size_mb: Option<u32>,
    pub(super) runtime: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) is_image: Option<bool>,
    pub(super) last_modified: Option<Timestamp>,
    /// Whether it has a dead-letter queue.
    pub(super) has_dead_letter_queue: Option<bool>,
    pub(super) has_snap_start: Option<bool>,
    pub(super) system_log_level: Option<String>,
    pub(super) reserved_concurrency: Option<u32>,
}

/// Settings of asynchronous invocations.
#[derive(Clone, Debug)]
pub(super) struct InvokeFact {
    pub(super) function: FunctionRef,
    pub(super) source: FactSource,
    pub(super) settings: InvokeSettings,
}

/// Invoke config of a function that is not known.
#[derive(Clone, Debug)]
pub(super) struct UnresolvedInvoke {
    pub(super) source: FactSource,
    pub(super) settings: InvokeSettings,
}

/// What an invoke config sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InvokeSettings {
    pub(super) maximum_retries: Option<u32>,
    /// Whether it has a destination on failure.
    pub(super) has_destination: Option<bool>,
}

impl ConfigFacts {
    /// Adds an invoke config, of a function that is known or not.
    pub(super) fn add_invoke_config(
        &mut self,
        function: Option<FunctionRef>,
        source: FactSource,
        settings: InvokeSettings,
    ) {
        match function {
            Some(function) => self.invoke_configs.push(InvokeFact { function, source, settings }),
            None => self.unresolved_invoke_configs.push(UnresolvedInvoke { source, settings }),
        }
    }
}

/// Event source mapping.
#[derive(Clone, Debug)]
pub(super) struct MappingFact {
    pub(super) function: FunctionRef,
    pub(super) source: FactSource,
    /// Name of an invoker.
    pub(super) kind: Option<&'static str>,
    pub(super) event_source: Option<ResourceKey>,
    pub(super) enabled: Option<bool>,
    pub(super) batching_window_s: Option<u64>,
    /// None if unknown; -1 for as long as records live.
    pub(super) maximum_retries: Option<i64>,
    /// None if unknown; -1 for as long as records live.
    pub(super) maximum_record_age_s: Option<i64>,
    /// Whether an invocation may get several items; `None` if unknown.
    pub(super) has_batches: Option<bool>,
    pub(super) bisects: Option<bool>,
    pub(super) has_destination: Option<bool>,
    pub(super) reports_item_failures: Option<bool>,
}

/// Name of a resource. One in a template is known by its logical id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceKey {
    pub(super) name: String,
    /// Input of the template.
    pub(super) template: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) region: Option<String>,
}

/// Queue.
#[derive(Clone, Debug)]
pub(super) struct QueueFact {
    pub(super) keys: Vec<ResourceKey>,
    pub(super) source: FactSource,
    pub(super) visibility_timeout_s: Option<u64>,
    pub(super) maximum_receives: Option<u64>,
}

/// What may invoke a function, by a permission, a URL or an event of a template.
#[derive(Clone, Debug)]
pub(super) struct CallerFact {
    pub(super) function: FunctionRef,
    pub(super) source: FactSource,
    /// Name of an invoker.
    pub(super) kind: &'static str,
    pub(super) evidence: String,
}

impl KnownName {
    /// Returns whether a function in a log may be this one.
    pub(super) fn is(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Pattern(parts) => fits(parts, name),
            Self::Generated { logical_id } => generated_from(name, logical_id).is_some(),
        }
    }

    pub(super) fn is_exact(&self) -> bool {
        matches!(self, Self::Exact(_))
    }
}

/// Name of the stack that the file of a template tells.
enum FileStack<'a> {
    /// The CDK names its file so: of another stack it is not.
    Sure(&'a str),
    /// The name of a file, which may be that of the stack or not.
    Perhaps(&'a str),
}

impl<'a> FileStack<'a> {
    fn of(input: &'a str) -> Self {
        let file = input.rsplit(['/', '\\']).next().unwrap_or_default();
        match file.strip_suffix(".template.json").filter(|stem| !stem.is_empty() && !stem.contains('.')) {
            Some(stem) => Self::Sure(stem),
            None => Self::Perhaps(file.split('.').next().unwrap_or_default()),
        }
    }

    /// Returns whether the file has the name of this stack; CloudFormation cuts long ones, the CDK leaves hyphens out and
    /// adds a hash.
    fn is(&self, stack: &str) -> bool {
        const CUT: usize = 20;
        const HASH: usize = 8;
        let (Self::Sure(stem) | Self::Perhaps(stem)) = self;
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let (plain_stem, plain_stack) = (plain(stem), plain(stack));
        let is_hash =
            |rest: &str| rest.is_empty() || rest.len() == HASH && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        !plain_stack.is_empty() && plain_stem.strip_prefix(plain_stack.as_str()).is_some_and(is_hash)
            || stack.len() >= CUT && stem.starts_with(stack)
    }
}

/// How well a name of a template fits a function in a log that may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameFit {
    /// The file tells another stack, or nothing but the end of the name is known.
    Doubtful,
    /// Nothing speaks against it.
    Likely,
    /// The file tells the stack, too.
    InStack,
    /// It is the whole name.
    Exact,
}

impl KnownName {
    /// Returns how well the name of a fact in this input fits a name that it may stand for.
    pub(super) fn fit(&self, name: &str, input: &str) -> NameFit {
        let file = FileStack::of(input);
        match self {
            Self::Exact(_) => NameFit::Exact,
            Self::Generated { logical_id } => match (generated_from(name, logical_id), &file) {
                (Some(stack), _) if file.is(stack) => NameFit::InStack,
                (Some(_), FileStack::Perhaps(_)) => NameFit::Likely,
                _ => NameFit::Doubtful,
            },
            // What stands for the unknown start is mostly the stack.
            Self::Pattern(parts) => match &parts[..] {
                [start, end] if start.is_empty() => {
                    let stack = name.strip_suffix(end.as_str()).unwrap_or_default();
                    if file.is(stack) { NameFit::InStack } else { NameFit::Doubtful }
                }
                [start, ..] if start.is_empty() => NameFit::Doubtful,
                _ => NameFit::Likely,
            },
        }
    }
}

/// Returns whether a name consists of these parts with anything between them.
fn fits(parts: &[String], name: &str) -> bool {
    let [first, middle @ .., last] = parts else { return false };
    let inner = name.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
    let Some(mut rest) = inner else { return false };
    middle.iter().all(|part| match rest.split_once(part.as_str()) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

/// Returns the stack in a name that CloudFormation made: `STACK-LogicalId-XXXXXXXXXXXX`, of which it cuts long parts.
pub(super) fn generated_from<'n>(name: &'n str, logical_id: &str) -> Option<&'n str> {
    const SUFFIX: std::ops::RangeInclusive<usize> = 10..=13;
    const CUT: usize = 20;
    let (rest, suffix) = name.rsplit_once('-')?;
    let is_suffix = SUFFIX.contains(&suffix.len()) && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (stack, id) = rest.rsplit_once('-')?;
    let is_id = id == logical_id || id.len() >= CUT && logical_id.starts_with(id);
    (is_suffix && is_id && !stack.is_empty()).then_some(stack)
}

impl FunctionRef {
    /// Reads a name, an ARN, or the end of an ARN, with a version or alias behind it or not. Returns what stands behind it.
    pub(super) fn parse(text: &str) -> Option<(Self, Option<&str>)> {
        if let Some(arn) = FunctionArn::parse(text) {
            let qualifier = text.splitn(8, ':').nth(7);
            let owned = |part: &str| Some(part.to_owned()).filter(|part| is_name(part));
            let function =
                Self { name: KnownName::of(arn.name)?, account_id: owned(arn.account_id), region: owned(arn.region) };
            return Some((function, qualifier));
        }
        let parts: Vec<&str> = text.split(':').collect();
        let (account_id, name, qualifier) = match parts[..] {
            [name] => (None, name, None),
            [name, qualifier] => (None, name, Some(qualifier)),
            [account_id, "function", name] => (Some(account_id), name, None),
            [account_id, "function", name, qualifier] => (Some(account_id), name, Some(qualifier)),
            _ => return None,
        };
        let account_id = account_id.filter(|id| is_name(id)).map(str::to_owned);
        Some((Self { name: KnownName::of(name)?, account_id, region: None }, qualifier))
    }

    /// Returns a function in a template, whose account and region only a deployment knows.
    pub(super) fn named(name: KnownName) -> Self {
        Self { name, account_id: None, region: None }
    }

    /// Returns whether a function in a log may be this one.
    pub(super) fn is(&self, name: &str, account_id: Option<&str>, region: Option<&str>) -> bool {
        let same = |one: &Option<String>, other: Option<&str>| {
            one.as_deref().zip(other).is_none_or(|(one, other)| one == other)
        };
        same(&self.account_id, account_id) && same(&self.region, region) && self.name.is(name)
    }
}

impl KnownName {
    /// Returns the name in a text, or its pattern where parts are unknown; `None` if it is not a name.
    pub(super) fn of(text: &str) -> Option<Self> {
        if is_name(text) {
            return Some(Self::Exact(text.to_owned()));
        }
        const FEWEST_SIGNS: usize = 3;
        let mut parts = vec![String::new()];
        let mut rest = text;
        while let Some(at) = rest.find(['$', '*']) {
            let (before, behind) = rest.split_at(at);
            parts.last_mut()?.push_str(before);
            rest = match behind.strip_prefix('*') {
                Some(behind) => behind,
                None => behind.strip_prefix("${")?.split_once('}')?.1,
            };
            parts.push(String::new());
        }
        parts.last_mut()?.push_str(rest);
        let known: usize = parts.iter().map(String::len).sum();
        let are_names = parts.iter().all(|part| part.is_empty() || is_name(part));
        (parts.len() > 1 && known >= FEWEST_SIGNS && are_names).then_some(Self::Pattern(parts))
    }
}

impl ResourceKey {
    /// Returns whether both are the same, as far as they are known.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
        self.name == other.name
            && self.template == other.template
            && same(&self.account_id, &other.account_id)
            && same(&self.region, &other.region)
    }
}

/// Returns the number of a version; none for `$LATEST`, for an alias and for anything else.
pub(super) fn version_number(text: &str) -> Option<String> {
    (!text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

/// Returns whether a text is a name or a word of AWS, and not something else.
pub(super) fn is_name(text: &str) -> bool {
    const LONGEST: usize = 256;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_part)
}

/// Returns the word of a setting, if it is one.
pub(super) fn word(value: &Value) -> Option<String> {
    value.text().filter(|text| is_name(text)).map(str::to_owned)
}

/// Returns a limit on retries that is set.
pub(super) fn retries(value: &Value) -> Option<u32> {
    match value.number() {
        Setting::Is(number) => u32::try_from(number).ok(),
        Setting::Unset | Setting::Unknown => None,
    }
}

/// Returns whether batches of this size hold several items. Where it is not set they do: 10 of a queue, 100 of a stream.
pub(super) fn has_batches(size: &Value) -> Option<bool> {
    match size.number() {
        Setting::Unset => Some(true),
        Setting::Is(size) => Some(size > 1),
        Setting::Unknown => None,
    }
}

/// Parts of the ARN of an event source or a queue. Parts that only a deployment knows are `*`.
pub(super) struct SourceArn<'a> {
    pub(super) service: &'a str,
    account_id: &'a str,
    region: &'a str,
    resource: &'a str,
}

impl<'a> SourceArn<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let is_arn = parts.next() == Some("arn") && parts.next().is_some();
        let (service, region, account_id, resource) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        is_arn.then_some(Self { service, account_id, region, resource })
    }

    /// Returns the name of the queue, stream, table or cluster.
    pub(super) fn key(&self) -> Option<ResourceKey> {
        let mut parts = self.resource.split('/');
        let name = match (parts.next(), parts.next()) {
            (Some(_), Some(name)) => name,
            (Some(name), None) => name,
            _ => return None,
        };
        let owned = |part: &str| Some(part.to_owned()).filter(|part| is_name(part));
        Some(ResourceKey {
            name: owned(name)?,
            template: None,
            account_id: owned(self.account_id),
            region: owned(self.region),
        })
    }
}

/// Invokers by the service of an event source, as in its ARN.
const SERVICES: [(&str, &str); 4] = [("sqs", "sqs"), ("kinesis", "stream"), ("dynamodb", "stream"), ("kafka", "kafka")];

/// Returns the name of the invoker that reads this service.
pub(super) fn invoker_of_service(service: &str) -> Option<&'static str> {
    SERVICES.iter().find(|(known, _)| *known == service).map(|(_, kind)| *kind)
}

/// Type of an event in a template of SAM.
#[derive(Debug)]
pub(super) struct EventType {
    pub(super) name: &'static str,
    /// Name of an invoker.
    pub(super) invoker: &'static str,
    /// Whether Lambda reads the source by an event source mapping.
    pub(super) is_mapping: bool,
}

const fn mapped(name: &'static str, invoker: &'static str) -> EventType {
    EventType { name, invoker, is_mapping: true }
}

const fn pushed(name: &'static str, invoker: &'static str) -> EventType {
    EventType { name, invoker, is_mapping: false }
}

static EVENT_TYPES: [EventType; 17] = [
    mapped("SQS", "sqs"),
    mapped("Kinesis", "stream"),
    mapped("DynamoDB", "stream"),
    mapped("MSK", "kafka"),
    mapped("SelfManagedKafka", "kafka"),
    pushed("Api", "apigateway"),
    pushed("HttpApi", "apigateway"),
    pushed("S3", "async"),
    pushed("SNS", "async"),
    pushed("Schedule", "async"),
    pushed("ScheduleV2", "async"),
    pushed("CloudWatchEvent", "async"),
    pushed("EventBridgeRule", "async"),
    pushed("CloudWatchLogs", "async"),
    pushed("IoTRule", "async"),
    pushed("AlexaSkill", "sync"),
    pushed("Cognito", "sync"),
];

/// Returns the type of an event by its name.
pub(super) fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|known| known.name == name)
}

/// Invokers by the principal of a permission. AWS's services invoke in one way each.
const PRINCIPALS: [(&str, &str); 15] = [
    ("apigateway.amazonaws.com", "apigateway"),
    ("elasticloadbalancing.amazonaws.com", "apigateway"),
    ("s3.amazonaws.com", "async"),
    ("sns.amazonaws.com", "async"),
    ("events.amazonaws.com", "async"),
    ("scheduler.amazonaws.com", "async"),
    ("ses.amazonaws.com", "async"),
    ("iot.amazonaws.com", "async"),
    ("codecommit.amazonaws.com", "async"),
    ("config.amazonaws.com", "async"),
    ("logs.amazonaws.com", "async"),
    ("cognito-idp.amazonaws.com", "sync"),
    ("cognito-sync.amazonaws.com", "sync"),
    ("lex.amazonaws.com", "sync"),
    ("alexa-appkit.amazon.com", "sync"),
];

/// Returns the name of the invoker that a principal stands for, and the principal.
pub(super) fn invoker_of_principal(principal: &str) -> Option<(&'static str, &'static str)> {
    // Services have names of a region, too: logs.eu-west-1.amazonaws.com.
    let (service, rest) = principal.split_once('.')?;
    let domain = rest.find("amazon").map(|at| &rest[at..])?;
    let is_it = |known: &str| known.split_once('.') == Some((service, domain));
    PRINCIPALS.iter().find(|(known, _)| is_it(known)).map(|(known, kind)| (*kind, *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_every_way_in_which_they_are_written() {
        let read = |text: &str| {
            FunctionRef::parse(text).map(|(function, qualifier)| (function.name, qualifier.map(str::to_owned)))
        };
        let exact = |name: &str, qualifier: Option<&str>| {
            Some((KnownName::Exact(name.to_owned()), qualifier.map(str::to_owned)))
        };
        for (text, want) in [
            ("orders", exact("orders", None)),
            ("orders:live", exact("orders", Some("live"))),
            ("111122223333:function:orders", exact("orders", None)),
            ("arn:aws:lambda:eu-west-1:111122223333:function:orders", exact("orders", None)),
            ("arn:aws:lambda:eu-west-1:111122223333:function:orders:42", exact("orders", Some("42"))),
            ("arn:*:lambda:*:*:function:orders", exact("orders", None)),
            ("", None),
            ("a b", None),
            ("<b>x</b>", None),
            ("\u{1b}[31m", None),
            ("arn:aws:sqs:eu-west-1:111122223333:orders", None),
            ("a:b:c:d:e", None),
            ("*", None),
            ("${Name}", None),
            ("${Unclosed", None),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        let pattern = read("*-orders-${Stage}").unwrap().0;
        for (name, want) in [("prod-orders-eu", true), ("-orders-", true), ("prod-orders", false), ("orders-eu", false)]
        {
            assert_eq!(pattern.is(name), want, "{name}");
        }
    }

    #[test]
    fn a_name_that_cloudformation_made_tells_its_logical_id() {
        let long = "ProcessIncomingOrdersOfAllShops";
        for (name, id, want) in [
            ("shop-OrdersFn-1A2B3C4D5E6F", "OrdersFn", Some("shop")),
            ("shop-prod-OrdersFn1A2B-q1W2e3R4t5Y6", "OrdersFn1A2B", Some("shop-prod")),
            ("shop-ProcessIncomingOrdersOfA-1A2B3C4D5E6F", long, Some("shop")),
            ("shop-Process-1A2B3C4D5E6F", long, None),
            ("shop-OrdersFn", "OrdersFn", None),
            ("OrdersFn-1A2B3C4D5E6F", "OrdersFn", None),
            ("shop-MyOrdersFn-1A2B3C4D5E6F", "OrdersFn", None),
        ] {
            assert_eq!(generated_from(name, id), want, "{name}");
        }
    }

    #[test]
    fn principals_stand_for_invokers() {
        for (principal, want) in [
            ("s3.amazonaws.com", Some("async")),
            ("logs.eu-west-1.amazonaws.com", Some("async")),
            ("apigateway.amazonaws.com", Some("apigateway")),
            ("111122223333", None),
            ("*", None),
            ("x.example.com", None),
        ] {
            assert_eq!(invoker_of_principal(principal).map(|(kind, _)| kind), want, "{principal}");
        }
    }
}
