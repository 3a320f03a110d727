//! Links to the AWS console: the log stream of an attempt, its lines in Logs Insights, its trace in X-Ray.
//!
//! Everything of a log in an address is percent-encoded, so that a link has signs of ours alone. The forms are those of
//! the console in 2026, which AWS does not document: its addresses are made of values encoded twice, with `$` in place
//! of `%`, and of a query in which `*` stands for `%`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::style::{Ink, Links, Style};
use crate::model::Timestamp;
use crate::wire::{Example, FunctionSummary};

/// Signs that are left as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Time before and after an attempt that a link shows, in milliseconds.
const AROUND_MS: i64 = 60_000;

/// What is said where there is none.
pub(super) const NONE: &str = "No links: the log does not name its region and log group.";

/// Place of an attempt in an account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinkedPlace<'a> {
    pub(super) region: Option<&'a str>,
    pub(super) log_group: Option<&'a str>,
    pub(super) log_stream: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
    pub(super) trace_id: Option<&'a str>,
    /// Start and end of the attempt, as far as known.
    pub(super) started_at: Option<&'a str>,
    pub(super) ended_at: Option<&'a str>,
}

impl<'a> LinkedPlace<'a> {
    /// Returns the place of the attempt that proves a finding.
    pub(super) fn of_example(function: &'a FunctionSummary, example: &'a Example) -> Self {
        Self {
            region: function.region.as_deref(),
            log_group: example.log_group.as_deref(),
            log_stream: example.log_stream.as_deref(),
            request_id: example.request_id.as_deref(),
            trace_id: example.xray_trace_id.as_deref(),
            started_at: example.started_at.as_deref(),
            ended_at: None,
        }
    }
}

/// Returns the links of a place as lines: on a terminal that knows links as words, else as addresses.
pub(super) fn lines(place: &LinkedPlace<'_>, style: &Style) -> Vec<String> {
    if style.links == Links::None {
        return Vec::new();
    }
    let links = all(place);
    if links.is_empty() {
        return Vec::new();
    }
    if style.links == Links::Words {
        // OSC 8, with the string terminator of ECMA-48.
        let words = links.iter().map(|(label, url)| format!("\x1b]8;;{url}\x1b\\{label}\x1b]8;;\x1b\\"));
        return vec![format!("{} {}", style.paint(Ink::Faint, "links:"), words.collect::<Vec<_>>().join("   "))];
    }
    links.iter().map(|(label, url)| format!("{} {url}", style.paint(Ink::Faint, &format!("{label}:")))).collect()
}

/// Returns the links of a place, each with what it leads to.
pub(super) fn all(place: &LinkedPlace<'_>) -> Vec<(&'static str, String)> {
    let links = [("log stream", stream(place)), ("query", query(place)), ("trace", trace(place))];
    links.into_iter().filter_map(|(label, url)| Some((label, url?))).collect()
}

/// Returns the address of the console in a region; `None` if it is none, or has another kind of console.
fn console(region: &str) -> Option<String> {
    let plain = region.len() <= 32 && region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let numbered = region.ends_with(|last: char| last.is_ascii_digit()) && region.matches('-').count() >= 2;
    let domain = match region {
        _ if !plain || !numbered || region.contains("-iso") => return None,
        china if china.starts_with("cn-") => "console.amazonaws.cn",
        gov if gov.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    Some(format!("https://{region}.{domain}/cloudwatch/home?region={region}"))
}

/// Returns the link to a log stream, at the time of the attempt.
fn stream(place: &LinkedPlace<'_>) -> Option<String> {
    let console = console(place.region?)?;
    let (group, stream) = (twice(place.log_group?), twice(place.log_stream?));
    let time = time(place).map_or(String::new(), |(start, end)| format!("$3Fstart$3D{start}$26end$3D{end}"));
    Some(format!("{console}#logsV2:log-groups/log-group/{group}/log-events/{stream}{time}"))
}

/// Returns the link to a query for the lines of the request.
fn query(place: &LinkedPlace<'_>) -> Option<String> {
    let console = console(place.region?)?;
    let (start, end) = time(place)?;
    let moment = |ms: i64| Timestamp::from_ms(ms).map(|at| starred(&at.to_string()));
    let (start, end) = (moment(start)?, moment(end)?);
    let id = place.request_id?;
    let text = format!("fields @timestamp, @message, @logStream\n| filter @message like \"{id}\"\n| sort @timestamp");
    let (text, group) = (starred(&text), starred(place.log_group?));
    Some(format!(
        "{console}#logsV2:logs-insights$3FqueryDetail$3D~(end~'{end}~start~'{start}~timeType~'ABSOLUTE~tz~'UTC~editorString~'{text}~source~(~'{group}))"
    ))
}

/// Returns the link to a trace.
fn trace(place: &LinkedPlace<'_>) -> Option<String> {
    let console = console(place.region?)?;
    let id = place.trace_id?;
    let mut parts = id.split('-');
    let hex = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let is_trace = parts.next() == Some("1") && hex(parts.next(), 8) && hex(parts.next(), 24) && parts.next().is_none();
    is_trace.then(|| format!("{console}#xray:traces/{id}"))
}

/// Returns the times around an attempt, in milliseconds.
fn time(place: &LinkedPlace<'_>) -> Option<(i64, i64)> {
    let ms = |moment: Option<&str>| Some(Timestamp::parse_prefix(moment?.as_bytes())?.0.ms());
    let start = ms(place.started_at).or(ms(place.ended_at))?;
    let end = ms(place.ended_at).unwrap_or(start).max(start);
    Some((start - AROUND_MS, end + AROUND_MS))
}

/// Encodes a value twice, with `$` for the sign of the encoding.
fn twice(text: &str) -> String {
    let once = utf8_percent_encode(text, ENCODED).to_string();
    utf8_percent_encode(&once, ENCODED).to_string().replace('%', "$")
}

/// Encodes a value of a query.
fn starred(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string().replace('%', "*")
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::*;

    const PLACE: LinkedPlace<'_> = LinkedPlace {
        region: Some("eu-west-1"),
        log_group: Some("/aws/lambda/pay"),
        log_stream: Some("2026/01/02/[$LATEST]0f"),
        request_id: Some("5c3e2fc0-0000-4000-8000-000000000000"),
        trace_id: Some("1-5759e988-bd862e3fe1be46a994272793"),
        started_at: Some("2026-01-02T03:04:05.000Z"),
        ended_at: None,
    };

    #[test]
    fn addresses_are_those_of_the_console() {
        assert_eq!(
            stream(&PLACE).as_deref(),
            Some(
                "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/\
                 $252Faws$252Flambda$252Fpay/log-events/2026$252F01$252F02$252F$255B$2524LATEST$255D0f\
                 $3Fstart$3D1767322985000$26end$3D1767323105000"
            )
        );
        let query = query(&PLACE).unwrap();
        assert!(query.contains("~start~'2026-01-02T03*3A03*3A05.000Z~"), "{query}");
        assert!(query.ends_with("~source~(~'*2Faws*2Flambda*2Fpay))"), "{query}");
        assert!(trace(&PLACE).unwrap().ends_with("#xray:traces/1-5759e988-bd862e3fe1be46a994272793"));
        for (region, host) in [
            ("us-gov-west-1", Some("https://us-gov-west-1.console.amazonaws-us-gov.com/")),
            ("cn-north-1", Some("https://cn-north-1.console.amazonaws.cn/")),
            ("us-iso-east-1", None),
            ("evil.example.com/", None),
            ("", None),
        ] {
            let found = console(region);
            assert_eq!(found.is_some(), host.is_some(), "{region}");
            assert!(found.is_none_or(|url| url.starts_with(host.unwrap())), "{region}");
        }
    }

    #[test]
    fn a_place_that_is_not_known_has_no_link() {
        let plain = Style { links: Links::Addresses, ..Style::PLAIN };
        assert_eq!(lines(&PLACE, &plain).len(), 3);
        assert!(lines(&LinkedPlace { region: None, ..PLACE }, &plain).is_empty());
        assert_eq!(
            lines(&LinkedPlace { log_group: None, trace_id: Some("1-x"), ..PLACE }, &plain),
            Vec::<String>::new()
        );
    }

    proptest::proptest! {
        /// Whatever a log says, a link has no sign that drives a terminal or ends the link, and leads to what it says.
        #[test]
        fn links_are_made_of_plain_signs(group in "(?s).{1,40}", name in "(?s).{1,40}", id in "(?s).{1,40}") {
            let place = LinkedPlace {
                log_group: Some(&group), log_stream: Some(&name), request_id: Some(&id), trace_id: Some(&id), ..PLACE
            };
            for url in [stream(&place), query(&place), trace(&place)].into_iter().flatten() {
                proptest::prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{}", url);
            }
            let url = stream(&place).unwrap();
            let shown = url.split_once("/log-events/").unwrap().1.rsplit_once("$3Fstart").unwrap().0.replace('$', "%");
            let once = percent_decode_str(&shown).decode_utf8().unwrap().into_owned();
            proptest::prop_assert_eq!(percent_decode_str(&once).decode_utf8().unwrap(), name);
        }
    }
}
