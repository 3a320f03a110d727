//! The compact form of records: a success in under 200 bytes, and other records without what is null or empty.
//!
//! Each line stands alone. A success is written in few bytes only if all that counts comes back from them; any other record
//! keeps its names.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::record::{CutEnds, ObservationCount, Record, RecordKind};
use super::{SCHEMA_VERSION, moment};
use crate::model::Timestamp;

/// Version that most functions run, which is left out.
const LATEST: &str = "$LATEST";
/// What log groups of functions begin with, unless someone chose another one.
const USUAL_GROUP: &str = "/aws/lambda/";
/// Observation that a cold start makes of itself.
const COLD_START: &str = "cold_start";

/// How records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordForm {
    /// Every key of every record.
    #[default]
    Full,
    /// Successes in few bytes, other records without what is null or empty.
    Compact,
}

/// A success in few bytes. The attempt was the only one of its event; evidence, trace id and the name of the stream are left
/// out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompactRecord {
    /// Version of this format.
    pub lt: u32,
    /// Function name; ACCOUNT:REGION:NAME where account or region are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f: Option<String>,
    /// Instead of a name: what tells functions without one apart (`input` of a record).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<String>,
    /// Key of the log stream (`stream_key` of a record).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<String>,
    /// Lambda request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<String>,
    /// START in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t: Option<i64>,
    /// Milliseconds from START to REPORT, by the times of their lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<i64>,
    /// Run time in milliseconds, without the init.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub d: Option<f64>,
    /// Billed milliseconds; left out where they are run time, init and restore together, rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<u64>,
    /// Configured memory in MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m: Option<u32>,
    /// Most memory used by the environment in MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u: Option<u32>,
    /// Init of a cold start in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub i: Option<f64>,
    /// Version number; left out for $LATEST, empty where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// `SnapStart` restore of a cold start in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_ms: Option<f64>,
    /// Log group; left out where it is /aws/lambda/ and the name of the function, empty where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
    /// Tenant of an isolated function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Worth knowing and not a failure; left out where it is but a cold start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observations: Option<Vec<ObservationCount>>,
    /// Runtime version; on the latest line of a function that tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// The function's timeout; on its latest line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// config or observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_source: Option<String>,
    /// False where part of the log of the run was not read or not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub understood: Option<bool>,
}

impl CompactRecord {
    /// Shortens a record; `None` if it would lose what counts. `tells` is whether it is to tell the runtime and the timeout of
    /// its function.
    fn of(record: &Record, tells: bool) -> Option<Self> {
        let plain = record.kind == RecordKind::Attempt && record.category == "ok" && record.attempt == 1;
        if !plain || record.outcome.as_deref().is_some_and(|outcome| outcome != "succeeded") {
            return None;
        }
        let group = record.log_group.as_deref();
        let short = Self {
            lt: SCHEMA_VERSION,
            f: name_of(record),
            k: record.input.clone(),
            s: record.log_stream.as_deref().map(stream_key).or_else(|| record.stream_key.clone()),
            r: record.request_id.clone(),
            t: record.started_at_ms,
            e: record.ended_at_ms.zip(record.started_at_ms).and_then(|(end, start)| end.checked_sub(start)),
            d: record.duration_ms,
            b: None,
            m: record.memory_size_mb,
            u: record.max_memory_used_mb,
            i: record.init_ms,
            n: record
                .version
                .as_deref()
                .map_or(Some(""), |version| (version != LATEST).then_some(version))
                .map(Into::into),
            restore_ms: record.restore_ms,
            log_group: (group != usual_group(record.function.as_deref()).as_deref())
                .then(|| group.unwrap_or_default().to_owned()),
            tenant_id: record.tenant_id.clone(),
            observations: (record.observations != usual_observations(record.cold_start))
                .then(|| record.observations.clone()),
            runtime: record.runtime.clone().filter(|_| tells),
            timeout_ms: record.timeout_ms.filter(|_| tells),
            timeout_source: record.timeout_source.clone().filter(|_| tells),
            understood: (!record.understood).then_some(false),
        };
        let b = record.billed_ms.filter(|billed| Some(*billed) != short.billed_ms());
        let short = Self { b, ..short };
        (short.clone().into_record() == what_counts(record, &short)).then_some(short)
    }

    /// Makes the record of which this has what counts.
    #[must_use]
    pub fn into_record(self) -> Record {
        let billed_ms = self.b.or_else(|| self.billed_ms());
        let (account_id, region, function) = self.f.as_deref().map_or((None, None, None), parts_of);
        let ended_at_ms = self.t.zip(self.e).and_then(|(start, lasted)| start.checked_add(lasted));
        let at = |ms: Option<i64>| moment(ms.and_then(Timestamp::from_ms));
        let cold_start = self.i.is_some() || self.restore_ms.is_some();
        let log_group = match self.log_group {
            Some(group) => Some(group).filter(|group| !group.is_empty()),
            None => usual_group(function.as_deref()),
        };
        Record {
            id: id_of(self.f.as_deref(), self.s.as_deref(), self.r.as_deref(), self.t),
            account_id,
            region,
            log_group,
            stream_key: self.s,
            function,
            input: self.k,
            understood: self.understood.unwrap_or(true),
            version: self
                .n
                .map_or_else(|| Some(LATEST.to_owned()), |version| Some(version).filter(|one| !one.is_empty())),
            runtime: self.runtime,
            tenant_id: self.tenant_id,
            request_id: self.r,
            started_at: at(self.t),
            started_at_ms: self.t,
            ended_at: at(ended_at_ms),
            ended_at_ms,
            cold_start,
            duration_ms: self.d,
            billed_ms,
            init_ms: self.i,
            restore_ms: self.restore_ms,
            timeout_ms: self.timeout_ms,
            timeout_source: self.timeout_source,
            memory_size_mb: self.m,
            max_memory_used_mb: self.u,
            observations: self.observations.unwrap_or_else(|| usual_observations(cold_start)),
            ..Record::success()
        }
    }

    /// Returns what is billed where nothing else is said.
    fn billed_ms(&self) -> Option<u64> {
        let us = |ms: f64| (ms * 1_000.0).round() as u64;
        let phases = [self.d?, self.i.unwrap_or_default(), self.restore_ms.unwrap_or_default()];
        Some(phases.into_iter().fold(0u64, |sum, ms| sum.saturating_add(us(ms))).div_ceil(1_000))
    }
}

/// Returns a success as far as compact records tell it.
fn what_counts(record: &Record, short: &CompactRecord) -> Record {
    Record {
        id: id_of(short.f.as_deref(), short.s.as_deref(), short.r.as_deref(), short.t),
        schema: SCHEMA_VERSION,
        log_stream: None,
        stream_key: short.s.clone(),
        runtime: short.runtime.clone(),
        timeout_ms: short.timeout_ms,
        timeout_source: short.timeout_source.clone(),
        platform_status: None,
        xray_trace_id: None,
        outcome: Some("succeeded".to_owned()),
        ..record.clone()
    }
}

impl Record {
    /// Reads a line of any form; `None` if it is no record.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        let short = || serde_json::from_slice(json).ok().map(CompactRecord::into_record);
        if json.starts_with(b"{\"lt\":")
            && let Some(record) = short()
        {
            return Some(record);
        }
        serde_json::from_slice(json).ok().or_else(short)
    }

    /// Appends the compact form as a line. `tells` is whether it is to tell the runtime and the timeout of its function.
    ///
    /// # Errors
    /// Never, as every record is JSON.
    pub(crate) fn write_compact(&self, tells: bool, out: &mut Vec<u8>) -> serde_json::Result<()> {
        if let Some(short) = CompactRecord::of(self, tells) {
            return serde_json::to_writer(out, &short);
        }
        let mut fields = serde_json::to_value(self)?;
        if let Some(fields) = fields.as_object_mut() {
            fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
        }
        serde_json::to_writer(out, &fields)
    }

    /// Makes a success of which nothing else is known.
    fn success() -> Self {
        Self {
            schema: SCHEMA_VERSION,
            id: String::new(),
            kind: RecordKind::Attempt,
            account_id: None,
            region: None,
            log_group: None,
            log_stream: None,
            stream_key: None,
            function: None,
            input: None,
            understood: true,
            version: None,
            runtime: None,
            architecture: None,
            tenant_id: None,
            execution_arn: None,
            request_id: None,
            attempt: 1,
            started_at: None,
            started_at_ms: None,
            ended_at: None,
            ended_at_ms: None,
            window_cut: CutEnds::None,
            category: "ok".to_owned(),
            code: "ok".to_owned(),
            confidence: "high".to_owned(),
            platform_status: None,
            platform_error_type: None,
            error_type: None,
            error_message: None,
            fingerprint: None,
            retryable: "no".to_owned(),
            partial_work: "finished".to_owned(),
            compensation: "no".to_owned(),
            cold_start: false,
            duration_ms: None,
            billed_ms: None,
            init_ms: None,
            restore_ms: None,
            timeout_ms: None,
            timeout_source: None,
            memory_size_mb: None,
            max_memory_used_mb: None,
            downstream: None,
            contributing: Vec::new(),
            observations: Vec::new(),
            evidence: Vec::new(),
            last_line_before_end: None,
            silence_before_end_ms: None,
            xray_trace_id: None,
            side_effects: Vec::new(),
            frame: None,
            progress: None,
            emulated: false,
            outcome: Some("succeeded".to_owned()),
            retry_guidance: None,
            retry_reason: None,
            caught_by: None,
        }
    }
}

/// Returns the key of a log stream: its hash, by which attempts of one environment are joined.
#[must_use]
pub(crate) fn stream_key(stream: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(xxh3_64(stream.as_bytes()).to_be_bytes())
}

/// Returns the hash of the log stream that a key stands for.
#[must_use]
pub(crate) fn stream_hash(key: &str) -> Option<u64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(key).ok()?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// Returns what names a function, with account and region where they are known.
fn name_of(record: &Record) -> Option<String> {
    let name = record.function.as_ref()?;
    if record.account_id.is_none() && record.region.is_none() && !name.contains(':') {
        return Some(name.clone());
    }
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    Some(format!("{}:{}:{name}", part(&record.account_id), part(&record.region)))
}

/// Returns account, region and name.
fn parts_of(name: &str) -> (Option<String>, Option<String>, Option<String>) {
    let mut parts = name.splitn(3, ':');
    let part = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (account, region, Some(name)) => (part(account), part(region), Some(name.to_owned())),
        _ => (None, None, Some(name.to_owned())),
    }
}

fn usual_group(function: Option<&str>) -> Option<String> {
    function.map(|function| format!("{USUAL_GROUP}{function}"))
}

fn usual_observations(cold_start: bool) -> Vec<ObservationCount> {
    cold_start.then(|| ObservationCount { code: COLD_START.to_owned(), count: 1 }).into_iter().collect()
}

/// Returns an id of a compact record, which has none of its own.
fn id_of(function: Option<&str>, stream: Option<&str>, request: Option<&str>, start: Option<i64>) -> String {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for part in [function, stream, request] {
        hash.update(part.unwrap_or_default().as_bytes());
        hash.update(&[0xff]);
    }
    hash.update(&start.unwrap_or(i64::MIN).to_le_bytes());
    format!("{:032x}", hash.digest128())
}
