//! Output of `show` as Markdown, for an issue or a comment: the same facts as in `life`.

use super::life::{self, NO_LINES, NO_WRITES, SILENCE_MS};
use super::links;
use super::markdown_text::{MarkdownPage, block, code, prose};
use super::style::{Links, Style};
use super::words::{count, duration, replay};
use crate::wire::{Record, ShownAttempt, ShownEvent};

/// Formats the event as a document.
#[must_use]
pub(crate) fn life_markdown(event: &ShownEvent, style: &Style) -> String {
    let style = &Style { color: false, ..style.clone() };
    let end = match event.attempts.iter().all(|attempt| attempt.lines.is_empty()) {
        true => NO_LINES,
        false => "",
    };
    let mut page = MarkdownPage::new(style.bytes, end);
    let function = event.function.as_deref().map_or_else(|| "(no name)".to_owned(), code);
    let id = event.request_id.as_deref().map(code).unwrap_or_default();
    page.block(&format!("## Event {id} of {function}"));
    page.block(&format!("**{}**", prose(&life::outcome(event))));
    if let Some(word) = &event.retry_guidance {
        let reason = event.retry_reason.as_deref().unwrap_or("");
        page.block(&format!("Replay: {} ({})", prose(replay(word)), prose(reason)));
    }
    let mut last_end: Option<i64> = None;
    let mut number: u32 = 0;
    for (at, attempt) in event.attempts.iter().enumerate() {
        let record = &attempt.record;
        if let Some(missing) = life::missing(number, record.attempt) {
            page.block(&missing);
        }
        number = record.attempt;
        if !one_attempt(attempt, last_end, style, &mut page) {
            let rest = (event.attempts.len() - at) as u64;
            page.remark(&format!("and {} left out, in part at least", count(rest, "attempt", "attempts")));
            break;
        }
        last_end = record.ended_at_ms;
    }
    page.finish(end)
}

/// Appends an attempt. Returns whether there was room for all of it.
fn one_attempt(attempt: &ShownAttempt, last_end: Option<i64>, style: &Style, page: &mut MarkdownPage) -> bool {
    let record = &attempt.record;
    let started_at = record.started_at.as_deref().and_then(|at| style.local(at));
    let mut facts: Vec<String> = life::pause(last_end, record.started_at_ms).into_iter().collect();
    facts.extend(started_at.map(|at| format!("{} {} {}", at.date, at.millis(), at.zone)));
    facts.extend(record.version.as_deref().map(|version| format!("version {}", prose(version))));
    facts.extend(record.log_stream.as_deref().map(|stream| format!("in {}", code(stream))));
    let mut lines = Vec::new();
    life::lines(attempt, style, &mut lines);
    // Each line stands behind two blanks.
    let lines: Vec<String> = lines.iter().map(|line| line.get(2..).unwrap_or_default().to_owned()).collect();
    let mut all = page.block(&format!("### Attempt {}\n\n{}", record.attempt, facts.join(", ")));
    if !lines.is_empty() {
        all &= page.block(block(&lines).trim_end());
    }
    all &= page.block(&verdict(record, style).join("\n"));
    all
}

/// Returns the verdict, what it means and the writes, as a list.
fn verdict(record: &Record, style: &Style) -> Vec<String> {
    let mut text = format!("- **{}**", code(&record.code));
    let failed = !matches!(record.category.as_str(), "ok" | "incomplete");
    if record.category != "ok" {
        text.push_str(&format!(" ({} confidence)", prose(&record.confidence)));
    }
    if let Some(ms) = record.duration_ms {
        text.push_str(&format!(" after {}", duration(ms)));
    }
    let mut out = vec![text];
    if let Some(error) = record.error_message.as_deref().or(record.error_type.as_deref()) {
        out.push(format!("- error: {}", prose(error)));
    }
    if let Some(ms) = record.silence_before_end_ms.filter(|ms| *ms >= SILENCE_MS) {
        out.push(format!("- silent for {} before the end", duration(ms as f64)));
    }
    if let Some(told) = record.lambda_insights.as_ref().and_then(life::measured) {
        out.push(format!("- Lambda Insights: {}", prose(&told)));
    }
    if failed {
        let words = [&record.retryable, &record.partial_work, &record.compensation];
        let [retry, partial, compensation] = words.map(|word| prose(&word.replace('_', " ")));
        out.push(format!("- retry: {retry}, partial work: {partial}, compensation: {compensation}"));
    }
    out.extend(record.progress.as_deref().map(|step| format!("- progress: step {}", prose(step))));
    if style.links != Links::None {
        let all = links::all(&life::place_of(record));
        out.extend(all.iter().map(|(label, url)| format!("- [{label}](<{url}>)")));
    }
    if record.side_effects.is_empty() {
        out.push(format!("- {NO_WRITES}"));
    }
    out.extend(record.side_effects.iter().map(|effect| {
        let parts = [Some(&effect.operation), effect.target.as_ref(), effect.id.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let again = life::repeated(effect).map_or_else(String::new, |words| format!(" ({words})"));
        format!("- write {}: {}{again}", prose(&effect.state), code(&parts.join(" ")))
    }));
    out
}
