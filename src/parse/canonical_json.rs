//! Fast reader of `platform.start`, `platform.runtimeDone` and `platform.report` exactly as Lambda writes them.
//!
//! These are most of the lines that are not ordinary in the JSON format. Read are only compact objects with `time`,
//! `type` and `record` in this order, known members once each and strings without escapes; any deviation is left to the
//! general JSON reader.

use std::str;

use super::platform_json::root;
use crate::model::{Metrics, Report, RequestId, Statement, Status};

/// Parses a line of the platform in its canonical form; `None` for everything else.
#[must_use]
pub(crate) fn platform_json_line(message: &[u8]) -> Option<Statement<'_>> {
    let mut line = CanonicalReader(message.strip_suffix(b"\n").unwrap_or(message));
    line.skip(b"{\"time\":\"")?;
    line.time()?;
    line.skip(b"\",\"type\":\"platform.")?;
    let read = match *line.0.first()? {
        b's' => line.skip(b"start")?.record(start),
        b'r' if line.0.starts_with(b"report") => line.skip(b"report")?.record(report),
        b'r' => line.skip(b"runtimeDone")?.record(runtime_done),
        _ => None,
    }?;
    line.0.is_empty().then_some(read)
}

fn start<'m>(fields: &CanonicalFields<'m>) -> Option<Statement<'m>> {
    Some(Statement::Start {
        id: fields.id?,
        version: fields.version,
        function_arn: fields.function_arn,
        tenant_id: fields.tenant_id,
        xray_trace_id: fields.trace_id(),
        json: true,
    })
}

fn runtime_done<'m>(fields: &CanonicalFields<'m>) -> Option<Statement<'m>> {
    let (id, status, error_type) = (fields.id?, fields.status?, fields.error_type);
    Some(Statement::RuntimeDone { id, status, error_type, xray_trace_id: fields.trace_id() })
}

fn report<'m>(fields: &CanonicalFields<'m>) -> Option<Statement<'m>> {
    if fields.has_spans && fields.status == Some(Status::Timeout) {
        // The spans may tell that extensions took the time: left to the general reader.
        return None;
    }
    Some(Statement::Report(Report {
        id: fields.id?,
        metrics: fields.metrics.unwrap_or_default(),
        status: Some(fields.status?),
        error_type: fields.error_type,
        xray_trace_id: fields.trace_id(),
        tenant_id: fields.tenant_id,
        extension_overhead_us: None,
        emulated: false,
        json: true,
        whole: true,
    }))
}

/// Members of `record` that are read here. Unknown names are refused, as their values can be anything.
#[derive(Default)]
struct CanonicalFields<'m> {
    id: Option<RequestId>,
    version: Option<&'m str>,
    function_arn: Option<&'m str>,
    tenant_id: Option<&'m str>,
    status: Option<Status>,
    error_type: Option<&'m str>,
    metrics: Option<Metrics>,
    /// X-Ray's trace header, inside whether there is a `tracing` member, which may lack the header.
    trace: Option<Option<&'m str>>,
    has_spans: bool,
}

impl<'m> CanonicalFields<'m> {
    fn trace_id(&self) -> Option<&'m str> {
        self.trace.and_then(|trace| root(trace?))
    }
}

impl<'m> CanonicalFields<'m> {
    fn take(&mut self, key: &[u8], line: &mut CanonicalReader<'m>) -> Option<()> {
        match key {
            b"requestId" => once(&mut self.id, line.request_id()?),
            b"version" => once(&mut self.version, line.text()?),
            b"functionArn" => once(&mut self.function_arn, line.text()?),
            b"tenantId" => once(&mut self.tenant_id, line.text()?),
            b"status" => once(&mut self.status, Status::parse(line.text()?)?),
            b"errorType" => once(&mut self.error_type, line.text()?),
            b"metrics" => once(&mut self.metrics, metrics(line)?),
            b"tracing" => once(&mut self.trace, tracing(line)?),
            b"spans" => {
                // A duplicate is left to the general reader, as for other members.
                (!std::mem::replace(&mut self.has_spans, true)).then(|| line.spans())?
            }
            _ => None,
        }
    }
}

/// Stores a member; `None` for a duplicate, which is left to the general JSON reader.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

fn metrics(line: &mut CanonicalReader<'_>) -> Option<Metrics> {
    let mut metrics = Metrics::default();
    line.members(|key, line| match key {
        b"durationMs" => once(&mut metrics.duration_us, line.thousandths()?),
        b"billedDurationMs" => once(&mut metrics.billed_ms, line.whole()?),
        b"memorySizeMB" => once(&mut metrics.memory_size_mb, u32::try_from(line.whole()?).ok()?),
        b"maxMemoryUsedMB" => once(&mut metrics.max_memory_used_mb, u32::try_from(line.whole()?).ok()?),
        b"initDurationMs" => once(&mut metrics.init_us, line.thousandths()?),
        b"restoreDurationMs" => once(&mut metrics.restore_us, line.thousandths()?),
        b"producedBytes" => line.whole().map(drop),
        _ => None,
    })?;
    Some(metrics)
}

fn tracing<'m>(line: &mut CanonicalReader<'m>) -> Option<Option<&'m str>> {
    let mut header = None;
    line.members(|key, line| match (key, line.text()?) {
        (b"value", text) => once(&mut header, text),
        _ => key.is_ascii().then_some(()),
    })?;
    Some(header)
}

/// Unread rest of a line.
struct CanonicalReader<'m>(&'m [u8]);

impl<'m> CanonicalReader<'m> {
    fn skip(&mut self, text: &[u8]) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(text)?;
        Some(self)
    }

    /// Skips `2026-01-02T03:04:05.678Z`, or anything of that length made of the same characters, none special in a
    /// string.
    fn time(&mut self) -> Option<()> {
        let (time, rest) = self.0.split_at_checked(24)?;
        let plain = |byte: &u8| matches!(byte, b'-'..=b':' | b'T' | b'Z');
        self.0 = rest;
        time.iter().all(plain).then_some(())
    }

    /// Reads the record between the kind of the line and its end.
    fn record(&mut self, of: fn(&CanonicalFields<'m>) -> Option<Statement<'m>>) -> Option<Statement<'m>> {
        let mut fields = CanonicalFields::default();
        self.skip(b"\",\"record\":")?.members(|key, line| fields.take(key, line))?;
        self.skip(b"}")?;
        of(&fields)
    }

    /// Reads the members of an object, which must have at least one.
    fn members(&mut self, mut take: impl FnMut(&'m [u8], &mut Self) -> Option<()>) -> Option<()> {
        self.skip(b"{")?;
        loop {
            let key = self.raw_text()?;
            self.skip(b":")?;
            take(key, self)?;
            match self.0 {
                [b',', rest @ ..] => self.0 = rest,
                [b'}', rest @ ..] => {
                    self.0 = rest;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn request_id(&mut self) -> Option<RequestId> {
        let inside = self.0.strip_prefix(b"\"")?;
        let id = RequestId::parse_prefix(inside)?;
        self.0 = inside.get(RequestId::LENGTH..)?.strip_prefix(b"\"")?;
        Some(id)
    }

    fn text(&mut self) -> Option<&'m str> {
        str::from_utf8(self.raw_text()?).ok()
    }

    /// Reads a string without escapes.
    fn raw_text(&mut self) -> Option<&'m [u8]> {
        let inside = self.0.strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
        self.0 = inside.get(end..)?.strip_prefix(b"\"")?;
        Some(&inside[..end])
    }

    /// Reads an integer of at most ten digits, so that later computations cannot overflow. JSON allows no leading
    /// zeros.
    fn whole(&mut self) -> Option<u64> {
        let digits = self.0.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=10).contains(&digits) || digits > 1 && self.0[0] == b'0' {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        Some(number.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
    }

    /// Reads a number of at most three decimals as thousandths.
    fn thousandths(&mut self) -> Option<u64> {
        let mut value = self.whole()? * 1_000;
        let Some(decimals) = self.0.strip_prefix(b".") else { return Some(value) };
        let length = decimals.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&length) {
            return None;
        }
        let weights = [100, 10, 1];
        value +=
            decimals[..length].iter().zip(weights).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum::<u64>();
        self.0 = &decimals[length..];
        Some(value)
    }

    /// Skips the durations of parts of the request, which are not needed: `[{"name":…,"start":…,"durationMs":…},…]`.
    fn spans(&mut self) -> Option<()> {
        self.skip(b"[")?;
        loop {
            self.members(|key, line| match key {
                b"durationMs" => line.thousandths().map(drop),
                _ if key.is_ascii() => line.text().map(drop),
                _ => None,
            })?;
            match self.0 {
                [b',', rest @ ..] => self.0 = rest,
                [b']', rest @ ..] => {
                    self.0 = rest;
                    return Some(());
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::platform_json;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    fn line(kind: &str, record: &str) -> String {
        format!(r#"{{"time":"2026-10-01T00:00:00.123Z","type":"platform.{kind}","record":{{{record}}}}}"#)
    }

    fn with_id(kind: &str, more: &str) -> String {
        line(kind, &format!(r#""requestId":"{ID}"{more}"#))
    }

    /// Canonical lines are read here, with the result of the general JSON reader.
    #[test]
    fn agrees_with_the_reader_of_any_json() {
        let figures =
            r#","metrics":{"durationMs":1233.96,"billedDurationMs":1698,"memorySizeMB":256,"maxMemoryUsedMB":123"#;
        let spans = r#","spans":[{"name":"responseLatency","start":"2026-10-01T00:00:00.078Z","durationMs":0.677},{"name":"responseDuration","start":"","durationMs":0.03}]"#;
        let trace = r#","tracing":{"spanId":"0efbd19962d95b05","type":"X-Amzn-Trace-Id","value":"Root=1-62e900b2-710d76f0;Parent=0efb;Sampled=1"}"#;
        for line in [
            with_id("start", ""),
            with_id("start", r#","version":"$LATEST""#),
            with_id("start", r#","functionArn":"arn:aws:lambda:eu-central-1:123456789012:function:fn","version":"7""#),
            with_id("start", r#","version":"7","tenantId":"größte""#),
            with_id("start", r#","version":"7""#) + "\n",
            with_id("runtimeDone", r#","status":"timeout","metrics":{"durationMs":5001.182,"producedBytes":0}"#),
            with_id("runtimeDone", &format!(r#","status":"success"{spans},"metrics":{{"durationMs":1.056}}"#)),
            with_id("runtimeDone", r#","status":"error","errorType":"Runtime.ExitError""#),
            with_id("report", &format!(r#"{figures}}},"status":"success""#)),
            with_id("report", &format!(r#"{figures},"initDurationMs":463.5}},"status":"success""#)),
            with_id("report", &format!(r#","status":"success"{figures},"restoreDurationMs":0}}{spans}"#)),
            with_id("report", &format!(r#"{figures}}},"status":"error","errorType":"Runtime.OutOfMemory""#)),
            with_id("report", r#","metrics":{"durationMs":5000.0},"status":"timeout","tenantId":"t""#),
            with_id("report", r#","status":"failure""#),
            with_id("report", &format!(r#","status":"success"{trace}"#)),
            with_id("start", &format!(r#","version":"7"{trace}"#)),
            with_id("report", r#","status":"success","tracing":{"type":"X-Amzn-Trace-Id"}"#),
            line("report", &format!(r#""status":"success","requestId":"{ID}""#)),
        ] {
            let record = platform_json_line(line.as_bytes());
            assert!(record.is_some(), "{line}");
            assert_eq!(record, platform_json::parse(&line), "{line}");
        }
    }

    #[test]
    fn leaves_what_differs_to_it() {
        for line in [
            line("start", ""),
            with_id("start", ","),
            with_id("start", r#","version":"1","version":"2""#),
            with_id("start", r#","version":null"#),
            with_id("start", r#","version":"\u0031""#),
            with_id("start", r#","version":"7",""#),
            with_id("start", r#","other":{"requestId":"x"}"#),
            with_id("start", r#", "version":"7""#),
            with_id("started", ""),
            with_id("start", "") + " ",
            with_id("start", "").replace("123Z", "123456Z"),
            with_id("start", "").replace("00.1", "00\"1"),
            with_id("report", ""),
            with_id("report", r#","status":"maybe""#),
            with_id("report", r#","status":"success","metrics":{}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":01}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":1.}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":1e3}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":-1}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":1.2345}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":12345678901}"#),
            with_id("report", r#","status":"success","metrics":{"durationMs":1,"durationMs":1}"#),
            with_id("report", r#","status":"success","metrics":{"memorySizeMB":5000000000}"#),
            with_id("report", r#","status":"success","tracing":{"value":"Root=1-2-3","value":""}"#),
            with_id("report", r#","status":"success","tracing":null"#),
            with_id("report", r#","status":"success","spans":[]"#),
            with_id("fault", ""),
            "{}".to_owned(),
            String::new(),
        ] {
            assert_eq!(platform_json_line(line.as_bytes()), None, "{line}");
        }
    }

    /// Generates canonical lines of all kinds with some of their bytes changed, cut or added.
    fn nearly() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
        use proptest::collection::vec;
        use proptest::sample::{Index, select};
        use proptest::strategy::Strategy;
        let parts = vec![
            r#","version":"$LATEST""#,
            r#","version":"7","functionArn":"a:b""#,
            r#","status":"success""#,
            r#","status":"error","errorType":"Runtime.ExitError""#,
            r#","metrics":{"durationMs":727.955,"billedDurationMs":728,"memorySizeMB":128,"maxMemoryUsedMB":23}"#,
            r#","metrics":{"durationMs":0.5,"initDurationMs":15000.000}"#,
            r#","spans":[{"name":"a","start":"b","durationMs":1.5}]"#,
            r#","tenantId":"é""#,
            r#","tracing":{"type":"X","value":"Parent=2; Root=1-2"}"#,
        ];
        let bytes = select(&b"{}[]\",:\\.0129eE- \n\x01\xc3aRz"[..]);
        let change = (proptest::prelude::any::<Index>(), 0..3usize, bytes);
        (select(vec!["start", "report", "runtimeDone"]), vec(select(parts), 0..4), vec(change, 0..3)).prop_map(
            |(kind, parts, changes)| {
                let mut line = with_id(kind, &parts.concat()).into_bytes();
                for (at, change, byte) in changes {
                    let at = at.index(line.len());
                    match change {
                        0 => line[at] = byte,
                        1 => line.insert(at, byte),
                        _ => drop(line.remove(at)),
                    }
                }
                line
            },
        )
    }

    proptest::proptest! {
        #[test]
        fn agrees_on_what_is_nearly_canonical(line in nearly()) {
            if let Some(record) = platform_json_line(&line) {
                let text = str::from_utf8(&line).expect("only what is text is read");
                proptest::prop_assert_eq!(Some(record), platform_json::parse(text));
            }
        }

        #[test]
        fn reads_figures_as_floats_are_read(thousandths in 0..10_000_000_000_000u64, digits in 0..=3usize) {
            let ms = thousandths as f64 / 1_000.0;
            let line = with_id("report", &format!(r#","status":"success","metrics":{{"durationMs":{ms:.digits$}}}"#));
            let record = platform_json_line(line.as_bytes());
            proptest::prop_assert!(record.is_some() || ms >= 9_999_999_999.0, "{}", line);
            proptest::prop_assert!(record.is_none() || record == platform_json::parse(&line), "{}", line);
        }

        #[test]
        fn never_panics(tail in proptest::collection::vec(0u8.., 0..80)) {
            for head in ["", r#"{"time":"2026-10-01T00:00:00.123Z","type":"platform.report","record":{"metrics":{"durationMs":"#] {
                let _ = platform_json_line(&[head.as_bytes(), &tail].concat());
            }
        }
    }
}
