//! Lines of the platform in the JSON format: `{"time":…,"type":"platform.…","record":{…}}`, keys in any order.
//!
//! They are read into borrowed fields without a tree, as every invocation of a JSON function writes two of them.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::platform_text::{self, phase};
use super::text::trim_front;
use crate::model::{
    CrashLine, InitPhase, InitReport, InitStart, InitType, Metrics, Report, RequestId, Statement, Status,
};

/// Searcher for the beginning of the kind of line. Lines of the function are searched, too, so it is built once.
static KIND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"platform."));

/// Parses a JSON line of the platform; `None` if it is none.
pub(super) fn parse(message: &str) -> Option<Statement<'_>> {
    let text = trim_front(message);
    if !text.starts_with('{') || KIND.find(text.as_bytes()).is_none() {
        return None;
    }
    match serde_json::from_str::<Envelope<'_>>(text.trim_end()) {
        Ok(line) => line.record(text),
        // Cut off or broken, but still no line of the function.
        Err(_) => looks_like_ours(text).then(|| broken(text)),
    }
}

/// Reads a line of the platform that is no valid JSON: of a report, the request id is kept if it is still there.
fn broken(text: &str) -> Statement<'_> {
    static REPORT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"platform.report\""));
    if REPORT.find(text.as_bytes()).is_none() {
        return Statement::Unrecognized;
    }
    let value = text.split_once("\"requestId\"").map(|(_, rest)| rest.trim_start_matches([':', ' ', '"']));
    let id = value.and_then(|value| RequestId::parse_prefix(value.as_bytes()));
    Statement::UnreadableReport { id, quoted: false }
}

/// Returns whether a text begins with the keys of the envelope.
fn looks_like_ours(text: &str) -> bool {
    let head: String = text.chars().take(80).filter(|c| !c.is_whitespace()).collect();
    head.starts_with(r#"{"type":"platform."#)
        || head.starts_with(r#"{"time":""#) && head.contains(r#""type":"platform."#)
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    region: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    record: PlatformBody<'a>,
}

impl<'a> Envelope<'a> {
    fn record(self, text: &'a str) -> Option<Statement<'a>> {
        let kind = self.kind.0?.strip_prefix("platform.")?;
        if self.timestamp.0.is_some() && self.region.0.is_some() {
            return Some(Statement::Foreign("Lambda Web Functions"));
        }
        match self.record {
            PlatformBody::Fields(fields) => {
                let id = fields.id();
                let unread = if kind == "report" {
                    Statement::UnreadableReport { id, quoted: false }
                } else {
                    Statement::Unrecognized
                };
                Some(fields.record(kind).unwrap_or(unread))
            }
            PlatformBody::Text(inner) if kind == "fault" => Some(fault(&inner, text)),
            PlatformBody::Text(_) | PlatformBody::Other => None,
        }
    }
}

/// String borrowed from the message; `None` if it has escapes, which none of these fields has, or is no string.
#[derive(Clone, Copy, Default)]
struct Text<'a>(Option<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Value of `record` in a line.
#[derive(Default)]
enum PlatformBody<'a> {
    Fields(Box<PlatformFields<'a>>),
    Text(Cow<'a, str>),
    #[default]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for PlatformBody<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = PlatformBody<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(PlatformBody::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(PlatformBody::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(PlatformBody::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(PlatformBody::Fields(Box::new(PlatformFields::deserialize(MapAccessDeserializer::new(map))?)))
    }
}

/// Fields of all kinds of line; unknown ones are ignored.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PlatformFields<'a> {
    #[serde(borrow)]
    request_id: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    function_arn: Text<'a>,
    #[serde(borrow)]
    function_name: Text<'a>,
    #[serde(borrow)]
    function_version: Text<'a>,
    #[serde(borrow)]
    tenant_id: Text<'a>,
    #[serde(borrow)]
    status: Lenient<Text<'a>>,
    #[serde(borrow)]
    error_type: Text<'a>,
    #[serde(borrow)]
    initialization_type: Text<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    runtime_version: Text<'a>,
    #[serde(borrow)]
    name: Lenient<Cow<'a, str>>,
    #[serde(borrow)]
    state: Lenient<Cow<'a, str>>,
    #[serde(borrow)]
    tracing: Lenient<Tracing<'a>>,
    metrics: Lenient<Figures>,
    dropped_records: Lenient<f64>,
    #[serde(borrow)]
    spans: Lenient<Vec<ReportSpan<'a>>>,
}

/// Part of an attempt, of which a report tells how long it took.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ReportSpan<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    duration_ms: Lenient<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tracing<'a> {
    #[serde(borrow)]
    value: Text<'a>,
}

/// Member that may have a value of the wrong type, which then is lost without affecting other members.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Lenient<T> {
    #[default]
    #[serde(skip_deserializing)]
    Absent,
    Known(T),
    Odd(IgnoredAny),
}

impl<T> Lenient<T> {
    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Odd(_) => None,
        }
    }

    fn is_odd(&self) -> bool {
        matches!(self, Self::Odd(_))
    }
}

impl Lenient<f64> {
    /// Returns whether there is a value that `read` does not take.
    fn is_odd_for<T>(&self, read: fn(f64) -> Option<T>) -> bool {
        match self {
            Self::Known(value) => read(*value).is_none(),
            other => other.is_odd(),
        }
    }
}

/// Metrics. Lambda writes the same field as an integer or a float, so all are read as floats: exact for thousandths up
/// to 2^53.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Figures {
    #[serde(rename = "durationMs")]
    duration: Lenient<f64>,
    #[serde(rename = "billedDurationMs")]
    billed: Lenient<f64>,
    #[serde(rename = "memorySizeMB")]
    memory_size: Lenient<f64>,
    #[serde(rename = "maxMemoryUsedMB")]
    max_memory: Lenient<f64>,
    #[serde(rename = "initDurationMs")]
    init: Lenient<f64>,
    #[serde(rename = "restoreDurationMs")]
    restore: Lenient<f64>,
}

impl Figures {
    /// Returns whether a figure is there that cannot be one: of the wrong type, negative or beyond all bounds.
    fn any_is_odd(&self) -> bool {
        let Self { duration, billed, memory_size, max_memory, init, restore } = self;
        let times = [duration, init, restore].into_iter().any(|ms| ms.is_odd_for(microseconds));
        times || billed.is_odd_for(whole) || [memory_size, max_memory].into_iter().any(|mb| mb.is_odd_for(megabytes))
    }

    fn metrics(self) -> Metrics {
        let megabytes = |value: Lenient<f64>| value.known().and_then(megabytes);
        Metrics {
            duration_us: self.duration.known().and_then(microseconds),
            billed_ms: self.billed.known().and_then(whole),
            memory_size_mb: megabytes(self.memory_size),
            max_memory_used_mb: megabytes(self.max_memory),
            init_us: self.init.known().and_then(microseconds),
            restore_us: self.restore.known().and_then(microseconds),
        }
    }
}

fn megabytes(value: f64) -> Option<u32> {
    u32::try_from(whole(value)?).ok()
}

fn microseconds(ms: f64) -> Option<u64> {
    whole(ms * 1_000.0)
}

/// Rounds to the nearest whole number; `None` outside of what any field can be.
fn whole(value: f64) -> Option<u64> {
    (0.0..1e15).contains(&value).then(|| value.round() as u64)
}

impl<'a> PlatformFields<'a> {
    fn record(self, kind: &str) -> Option<Statement<'a>> {
        match kind {
            "start" => Some(Statement::Start {
                id: self.id()?,
                version: self.version.0,
                function_arn: self.function_arn.0,
                tenant_id: self.tenant_id.0,
                xray_trace_id: self.trace_id(),
                json: true,
            }),
            "end" => Some(Statement::End { id: self.id()? }),
            "runtimeDone" => {
                let (id, status, error_type) = (self.id()?, self.status()?, self.error_type.0);
                Some(Statement::RuntimeDone { id, status, error_type, xray_trace_id: self.trace_id() })
            }
            "report" => self.report(),
            "initStart" => Some(Statement::InitStart(self.init_start())),
            "restoreStart" => Some(Statement::RestoreStart(self.init_start())),
            "initReport" => Some(Statement::InitReport(self.init_report(false)?)),
            "restoreReport" => Some(Statement::RestoreReport(self.init_report(false)?)),
            "extension" => {
                let (name, state) = self.name.known().zip(self.state.known())?;
                Some(Statement::Extension { name, state, error_type: self.error_type.0 })
            }
            "logsDropped" => {
                Some(Statement::LogsDropped { records: self.dropped_records.known().and_then(whole).unwrap_or(1) })
            }
            // The report that follows has the same fields and more, but not every log has it.
            "initRuntimeDone" if self.failed() => Some(Statement::InitReport(self.init_report(true)?)),
            "restoreRuntimeDone" if self.failed() => Some(Statement::RestoreReport(self.init_report(true)?)),
            _ => Some(Statement::Informational),
        }
    }

    fn id(&self) -> Option<RequestId> {
        RequestId::read(self.request_id.0?)
    }

    /// Returns the status; a value that is no known word, or of the wrong type, becomes `Unknown`.
    fn status(&self) -> Option<Status> {
        match &self.status {
            Lenient::Known(Text(word)) => Some(word.map_or(Status::Unknown, Status::read)),
            Lenient::Odd(_) => Some(Status::Unknown),
            Lenient::Absent => None,
        }
    }

    fn failed(&self) -> bool {
        self.status().is_some_and(|status| status != Status::Success)
    }

    fn report(self) -> Option<Statement<'a>> {
        let (id, status, error_type) = (self.id()?, self.status(), self.error_type.0);
        let xray_trace_id = self.trace_id();
        let lost = match &self.metrics {
            Lenient::Known(figures) => figures.any_is_odd(),
            other => other.is_odd(),
        };
        let metrics = self.metrics.known().map(Figures::metrics).unwrap_or_default();
        let overhead = self.spans.known().into_iter().flatten().find(|span| span.name.0 == Some("extensionOverhead"));
        let extension_overhead_us = overhead
            .filter(|_| status == Some(Status::Timeout))
            .and_then(|span| span.duration_ms.known())
            .and_then(microseconds);
        let read = status.is_some() || error_type.is_some() || metrics != Metrics::default();
        read.then_some(Statement::Report(Report {
            id,
            metrics,
            status,
            error_type,
            xray_trace_id,
            tenant_id: self.tenant_id.0,
            extension_overhead_us,
            emulated: false,
            json: true,
            // Reports in JSON have had a status since there are log formats; those of the Logs API before had none.
            whole: status.is_some() && !lost,
        }))
    }

    fn trace_id(&self) -> Option<&'a str> {
        match &self.tracing {
            Lenient::Known(tracing) => root(tracing.value.0?),
            _ => None,
        }
    }

    fn init_start(&self) -> InitStart<'a> {
        InitStart {
            runtime_version: self.runtime_version.0,
            function: self.function_name.0,
            version: self.function_version.0,
            init_type: self.init_type(),
            phase: self.phase(),
            json: true,
        }
    }

    fn init_report(&self, runtime_done: bool) -> Option<InitReport<'a>> {
        Some(InitReport {
            duration_us: match &self.metrics {
                Lenient::Known(Figures { duration: Lenient::Known(duration), .. }) => microseconds(*duration),
                _ => None,
            },
            phase: self.phase(),
            status: self.status()?,
            error_type: self.error_type.0,
            init_type: self.init_type(),
            emulated: false,
            runtime_done,
        })
    }

    fn phase(&self) -> Option<InitPhase> {
        phase(self.phase.0?)
    }

    fn init_type(&self) -> Option<InitType> {
        match self.initialization_type.0? {
            "on-demand" => Some(InitType::OnDemand),
            "provisioned-concurrency" => Some(InitType::ProvisionedConcurrency),
            "snap-start" => Some(InitType::SnapStart),
            "lambda-managed-instances" => Some(InitType::ManagedInstances),
            _ => None,
        }
    }
}

/// Returns the trace id in an X-Ray header: `Root=1-…;Parent=…;Sampled=1`.
pub(super) fn root(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root="))
}

/// Parses a `platform.fault`, whose record is a line of the text format. Its parts are borrowed from `text`, where they
/// occur unchanged if they have no escapes.
fn fault<'a>(inner: &str, text: &'a str) -> Statement<'a> {
    let borrowed = |part: &str| text.find(part).and_then(|at| text.get(at..at + part.len()));
    match platform_text::parse(inner) {
        Some(Statement::Crash(crash)) => Statement::Crash(CrashLine {
            id: crash.id,
            message: borrowed(crash.message).unwrap_or("fault"),
            error_type: crash.error_type.and_then(borrowed),
        }),
        Some(Statement::RuntimeDone { id, status, error_type, .. }) => {
            let error_type = error_type.and_then(borrowed);
            Statement::RuntimeDone { id, status, error_type, xray_trace_id: None }
        }
        Some(Statement::TimedOut { id }) => Statement::TimedOut { id },
        Some(Statement::ExitedEarly { id }) => Statement::ExitedEarly { id },
        _ => Statement::Unrecognized,
    }
}
