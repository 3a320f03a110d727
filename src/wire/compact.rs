//! The compact form of records: most successes in under 200 bytes, and other records without what is null or empty.
//!
//! Each line stands alone. A success is written in few bytes only if all that counts comes back from them; any other record
//! keeps its names.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::record::{CutEnds, ObservationCount, Record, RecordKind};
use super::{SCHEMA_VERSION, SideEffectLine, moment};
use crate::model::Timestamp;

/// Version that most functions run, which is left out.
const LATEST: &str = "$LATEST";
/// What log groups of functions begin with, unless someone chose another one.
const USUAL_GROUP: &str = "/aws/lambda/";
/// First version of the format that has compact records.
const FIRST_COMPACT: u32 = 5;
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

/// Why a line is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotARecord {
    /// A later version of the program wrote it, in the format of this number.
    Later(u64),
    /// A key is missing, has no place there, or its value is not one that the program writes.
    NotWhole,
}

impl fmt::Display for NotARecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(format) => {
                write!(
                    f,
                    "a later version of the program wrote it (format {format}, not {SCHEMA_VERSION}); use that one"
                )
            }
            Self::NotWhole => {
                f.write_str("a key is missing or has no place there, or a value is wrong; write the records again")
            }
        }
    }
}

/// A success in few bytes. The attempt was the only one of its event; evidence, trace id and the name of the stream are left
/// out. A line with any other key is not one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    pub r: String,
    /// START in milliseconds since the epoch.
    pub t: i64,
    /// Milliseconds from START to REPORT, by the times of their lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<i64>,
    /// Run time in milliseconds, without the init.
    pub d: f64,
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
    /// The writes that its lines show before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_effects: Option<Vec<SideEffectLine>>,
    /// The last step that its lines show, where they show no write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
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
    /// True where other attempts of the function that succeeded have no records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successes_left_out: Option<bool>,
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
            r: record.request_id.clone()?,
            t: record.started_at_ms?,
            e: record.ended_at_ms.zip(record.started_at_ms).and_then(|(end, start)| end.checked_sub(start)),
            d: record.duration_ms?,
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
            side_effects: (!record.side_effects.is_empty()).then(|| record.side_effects.clone()),
            progress: record.progress.clone(),
            runtime: record.runtime.clone().filter(|_| tells),
            timeout_ms: record.timeout_ms.filter(|_| tells),
            timeout_source: record.timeout_source.clone().filter(|_| tells),
            understood: (!record.understood).then_some(false),
            successes_left_out: record.successes_left_out.then_some(true),
        };
        let b = record.billed_ms.filter(|billed| *billed != short.billed_ms());
        let short = Self { b, ..short };
        (short.is_whole() && short.clone().into_record() == what_counts(record, &short)).then_some(short)
    }

    /// Returns whether all that makes an attempt a success is there.
    fn is_whole(&self) -> bool {
        let is_time = |ms: i64| Timestamp::from_ms(ms).is_some();
        let ends = self.e.is_none_or(|lasted| lasted >= 0 && self.t.checked_add(lasted).is_some_and(is_time));
        let mut times = [Some(self.d), self.i, self.restore_ms].into_iter().flatten();
        (FIRST_COMPACT..=SCHEMA_VERSION).contains(&self.lt)
            && !self.r.is_empty()
            && is_time(self.t)
            && ends
            && times.all(|ms| ms >= 0.0)
    }

    /// Makes the record of which this has what counts.
    #[must_use]
    pub fn into_record(self) -> Record {
        let billed_ms = Some(self.b.unwrap_or_else(|| self.billed_ms()));
        let (account_id, region, function) = self.f.as_deref().map_or((None, None, None), parts_of);
        let ended_at_ms = self.e.and_then(|lasted| self.t.checked_add(lasted));
        let at = |ms: Option<i64>| moment(ms.and_then(Timestamp::from_ms));
        let cold_start = self.i.is_some() || self.restore_ms.is_some();
        let log_group = match self.log_group {
            Some(group) => Some(group).filter(|group| !group.is_empty()),
            None => usual_group(function.as_deref()),
        };
        Record {
            id: id_of(self.f.as_deref(), self.s.as_deref(), &self.r, self.t),
            account_id,
            region,
            log_group,
            stream_key: self.s,
            function,
            input: self.k,
            understood: self.understood.unwrap_or(true),
            successes_left_out: self.successes_left_out.unwrap_or_default(),
            version: self
                .n
                .map_or_else(|| Some(LATEST.to_owned()), |version| Some(version).filter(|one| !one.is_empty())),
            runtime: self.runtime,
            tenant_id: self.tenant_id,
            request_id: Some(self.r),
            started_at: at(Some(self.t)),
            started_at_ms: Some(self.t),
            ended_at: at(ended_at_ms),
            ended_at_ms,
            cold_start,
            duration_ms: Some(self.d),
            billed_ms,
            init_ms: self.i,
            restore_ms: self.restore_ms,
            timeout_ms: self.timeout_ms,
            timeout_source: self.timeout_source,
            memory_size_mb: self.m,
            max_memory_used_mb: self.u,
            observations: self.observations.unwrap_or_else(|| usual_observations(cold_start)),
            side_effects: self.side_effects.unwrap_or_default(),
            progress: self.progress,
            ..Record::success()
        }
    }

    /// Returns what is billed where nothing else is said.
    fn billed_ms(&self) -> u64 {
        let us = |ms: f64| (ms * 1_000.0).round() as u64;
        let phases = [self.d, self.i.unwrap_or_default(), self.restore_ms.unwrap_or_default()];
        phases.into_iter().fold(0u64, |sum, ms| sum.saturating_add(us(ms))).div_ceil(1_000)
    }
}

/// Returns a success as far as compact records tell it.
fn what_counts(record: &Record, short: &CompactRecord) -> Record {
    Record {
        id: id_of(short.f.as_deref(), short.s.as_deref(), &short.r, short.t),
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
    /// Reads a line of any form.
    ///
    /// # Errors
    /// When it is not a whole record, or one of a later version.
    pub fn read(json: &[u8]) -> Result<Self, NotARecord> {
        let read = if json.starts_with(b"{\"lt\":") {
            serde_json::from_slice(json).ok().and_then(Self::of_compact)
        } else {
            serde_json::from_slice(json).ok().and_then(Self::of_full)
        };
        read.map_or_else(|| Self::read_row(json), Ok)
    }

    /// Reads a row of a table, which has the columns of both forms in any order, those that it lacks as null.
    fn read_row(json: &[u8]) -> Result<Self, NotARecord> {
        let RowFields(fields) = serde_json::from_slice(json).map_err(|_| NotARecord::NotWhole)?;
        let is_compact = fields.contains_key("lt");
        let format = fields.get(if is_compact { "lt" } else { "schema" }).and_then(Value::as_u64);
        if let Some(later) = format.filter(|format| *format > u64::from(SCHEMA_VERSION)) {
            return Err(NotARecord::Later(later));
        }
        let fields = Value::Object(fields);
        let record = if is_compact {
            serde_json::from_value(fields).ok().and_then(Self::of_compact)
        } else {
            serde_json::from_value(fields).ok().and_then(Self::of_full)
        };
        record.ok_or(NotARecord::NotWhole)
    }

    fn of_compact(short: CompactRecord) -> Option<Self> {
        short.is_whole().then(|| short.into_record())
    }

    fn of_full(record: Self) -> Option<Self> {
        (1..=SCHEMA_VERSION).contains(&record.schema).then_some(record)
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
            successes_left_out: false,
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
            lambda_insights: None,
        }
    }
}

/// The keys of an object that are not null, each once.
struct RowFields(Map<String, Value>);

impl<'de> Deserialize<'de> for RowFields {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Map::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    if fields.insert(key, value).is_some() {
                        return Err(A::Error::custom("a key stands there twice"));
                    }
                }
                fields.retain(|_, value| !value.is_null());
                Ok(fields)
            }
        }

        json.deserialize_map(Fields).map(Self)
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
fn id_of(function: Option<&str>, stream: Option<&str>, request: &str, start: i64) -> String {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for part in [function.unwrap_or_default(), stream.unwrap_or_default(), request] {
        hash.update(part.as_bytes());
        hash.update(&[0xff]);
    }
    hash.update(&start.to_le_bytes());
    format!("{:032x}", hash.digest128())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names as they are, and as nobody would write them.
    fn name() -> impl Strategy<Value = Option<String>> {
        let names =
            ["pay", "a:b", "1:eu-west-1:pay", "", ":", "\u{e9}\"\\", "$LATEST", "7", "/aws/lambda/pay", "/aws/lambda/"];
        proptest::option::of(proptest::sample::select(names.to_vec()).prop_map(str::to_owned))
    }

    fn record() -> impl Strategy<Value = Record> {
        let ms = || proptest::option::of((0u64..90_000_000).prop_map(|us| us as f64 / 1_000.0));
        let time =
            || proptest::option::of(prop_oneof![-5i64..5, 1_700_000_000_000i64..1_700_000_900_000, Just(i64::MAX)]);
        let names = (name(), name(), name(), name(), name(), name(), name(), name());
        let figures = (ms(), ms(), ms(), proptest::option::of(0u64..200_000), proptest::option::of(1u32..10_241));
        let words = (any::<bool>(), 1u32..4, proptest::sample::select(vec!["ok", "timeout", "unknown"]), any::<bool>());
        let terms = (
            proptest::sample::select(vec!["finished", "none"]),
            proptest::sample::select(vec![None, Some("succeeded"), Some("recovered")]),
            proptest::option::of(0u64..9_000),
            0u32..3,
        );
        (names, figures, (time(), time()), words, terms).prop_map(|(names, figures, (start, end), words, terms)| {
            let (function, account_id, region, log_group, log_stream, version, request_id, runtime) = names;
            let (duration_ms, init_ms, restore_ms, billed_ms, memory) = figures;
            let (understood, attempt, category, emulated) = words;
            let successes_left_out = emulated && !understood;
            let (partial_work, outcome, timeout_ms, errors) = terms;
            let at = |ms: Option<i64>| moment(ms.and_then(Timestamp::from_ms));
            let effect = |id: Option<String>| SideEffectLine {
                at: at(start),
                operation: "dynamodb PutItem".to_owned(),
                target: id.clone(),
                id,
                state: "confirmed".to_owned(),
                repeated: None,
                line_number: 7,
            };
            let side_effects = if errors == 2 { vec![effect(None), effect(function.clone())] } else { Vec::new() };
            let cold_start = init_ms.is_some() || restore_ms.is_some();
            let mut observations = usual_observations(cold_start);
            if errors > 1 {
                observations.push(ObservationCount { code: "handled_error".to_owned(), count: errors });
            }
            Record {
                id: "0a".to_owned(),
                input: function.is_none().then(|| "00ff".to_owned()),
                function,
                account_id,
                region,
                log_group,
                log_stream,
                version,
                request_id,
                runtime,
                understood,
                successes_left_out,
                attempt: attempt.saturating_sub(1).max(1),
                started_at: at(start),
                started_at_ms: start,
                ended_at: at(end),
                ended_at_ms: end,
                category: category.to_owned(),
                code: category.to_owned(),
                partial_work: partial_work.to_owned(),
                cold_start,
                duration_ms,
                init_ms,
                restore_ms,
                billed_ms,
                timeout_ms,
                memory_size_mb: memory,
                max_memory_used_mb: memory,
                observations,
                side_effects,
                progress: (errors == 1).then(|| "3/9".to_owned()),
                emulated,
                outcome: outcome.map(str::to_owned),
                ..Record::success()
            }
        })
    }

    /// Returns what the sums take of a record.
    fn counted(record: &Record) -> Record {
        let stream_key = record.log_stream.as_deref().map(stream_key).or_else(|| record.stream_key.clone());
        let outcome = record.outcome.clone().or_else(|| (record.category == "ok").then(|| "succeeded".to_owned()));
        Record {
            id: String::new(),
            log_stream: None,
            stream_key,
            runtime: None,
            timeout_ms: None,
            outcome,
            ..record.clone()
        }
    }

    proptest! {
        #[test]
        fn what_counts_comes_back(record in record(), tells in any::<bool>()) {
            let mut line = Vec::new();
            record.write_compact(tells, &mut line).expect("a record is JSON");
            let again = Record::read(&line).expect("it is a record");
            prop_assert_eq!(counted(&again), counted(&record));
            if tells {
                prop_assert_eq!((again.runtime, again.timeout_ms), (record.runtime, record.timeout_ms));
            }
        }

        #[test]
        fn a_key_stands_for_the_hash_of_a_stream(name in ".*") {
            prop_assert_eq!(stream_hash(&stream_key(&name)), Some(xxh3_64(name.as_bytes())));
        }
    }

    /// Takes keys of an object out, and puts others in.
    fn with(line: &str, out: &[&str], put: &[(&str, Value)]) -> String {
        let mut fields: Map<String, Value> = serde_json::from_str(line).expect("a record is JSON");
        out.iter().for_each(|key| drop(fields.remove(*key)));
        fields.extend(put.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        Value::Object(fields).to_string()
    }

    #[test]
    fn what_is_not_a_whole_record_is_not_read() {
        let short =
            r#"{"lt":5,"f":"pay","s":"k3J9x0aPq1Y","r":"8f50","t":1790812800123,"e":84,"d":82.31,"m":512,"u":91}"#;
        let full = serde_json::to_string(&Record { id: "0a".to_owned(), ..Record::success() }).expect("JSON");
        let is_read = |line: &str| Record::read(line.as_bytes()).map(|_| ());
        // As rows of tables are written: other keys are null.
        let rows: [(&str, &[(&str, Value)]); 3] = [
            (short, &[]),
            (short, &[("category", Value::Null), ("schema", Value::Null)]),
            (&full, &[("lt", Value::Null)]),
        ];
        for (line, put) in rows {
            assert_eq!(is_read(&with(line, &[], put)), Ok(()), "{line} {put:?}");
        }
        let later = Err(NotARecord::Later(99));
        for (line, key) in [(short, "lt"), (&full, "schema")] {
            assert_eq!(is_read(&with(line, &[], &[(key, 99.into())])), later, "{key}");
            // Whatever else that version changes.
            assert_eq!(
                is_read(&with(line, &["d", "code"], &[(key, 99.into()), ("state", "new".into())])),
                later,
                "{key}"
            );
        }
        for key in ["lt", "r", "t", "d"] {
            assert_eq!(is_read(&with(short, &[key], &[])), Err(NotARecord::NotWhole), "without {key}");
        }
        for (key, value) in [
            ("category", Value::from("timeout")),
            ("platform_status", "error".into()),
            ("confidence", "low".into()),
            ("anything", 1.into()),
            ("lt", 4.into()),
            ("lt", "5".into()),
            ("r", "".into()),
            ("t", i64::MAX.into()),
            ("e", (-1).into()),
            ("e", i64::MAX.into()),
            ("d", (-1.0).into()),
            ("d", "7".into()),
        ] {
            let line = with(short, &[], &[(key, value)]);
            assert_eq!(is_read(&line), Err(NotARecord::NotWhole), "{line}");
        }
        let twice = short.replace("}", r#","t":1}"#);
        assert_eq!(is_read(&twice), Err(NotARecord::NotWhole), "{twice}");
    }

    #[test]
    fn what_tells_more_keeps_its_names() {
        let failure = Record { category: "timeout".to_owned(), code: "timeout.invoke".to_owned(), ..Record::success() };
        let second = Record { attempt: 2, outcome: Some("recovered".to_owned()), ..Record::success() };
        let untimed = Record { request_id: Some("8f50".to_owned()), duration_ms: Some(3.0), ..Record::success() };
        for record in [failure, second, untimed] {
            let mut line = Vec::new();
            record.write_compact(false, &mut line).expect("a record is JSON");
            let text = String::from_utf8(line).expect("JSON is text");
            assert!(text.starts_with("{\"schema\":") && !text.contains("null") && !text.contains("[]"), "{text}");
        }
    }
}
