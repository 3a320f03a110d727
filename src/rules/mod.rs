//! Rules that turn the facts of an attempt into a verdict: pure functions, one file per rule, tried in the order of
//! [`RULES`].
//!
//! A rule says what ended the attempt and which line proves it (a `Ruling`). Whatever every verdict needs (contributing
//! causes, observations, evidence, retry advice, fingerprint) is added here, once for all rules.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod contributing;
mod evidence;
mod exit;
mod facts;
mod fingerprint;
mod incomplete;
mod init_failure;
mod observations;
mod ok;
mod out_of_memory;
mod platform_type;
mod sandbox;
mod timeout;
mod unhandled_error;
mod unknown;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::catalogue::{self, CodeInfo, ErrorTold};
use crate::model::{
    AppError, Attempt, Category, Confidence, Downstream, ErrorForm, Line, PartialWork, Sign, SignKind, Status, Subject,
    Verdict,
};

use facts::Facts;

/// One rule.
pub struct Rule {
    /// Stable name.
    pub id: &'static str,
    /// A description of what the rule looks at and why, in a sentence or two.
    pub explanation: &'static str,
    check: for<'f, 'a> fn(&'f Facts<'a>) -> Option<Ruling<'a>>,
    #[cfg(test)]
    samples: fn() -> Vec<samples::Sample>,
}

/// Every rule; the first that fires decides.
pub static RULES: &[Rule] = &[
    timeout::RULE,
    out_of_memory::RULE,
    init_failure::RULE,
    unhandled_error::RULE,
    exit::RULE,
    sandbox::RULE,
    unknown::RULE,
    incomplete::RULE,
    ok::RULE,
];

/// The decision of a rule.
#[derive(Clone, Debug)]
struct Ruling<'a> {
    code: &'static str,
    confidence: Confidence,
    /// The sign that proves it best; if that is an error, the verdict takes its type and message.
    proof: Option<&'a Sign>,
    downstream: Option<Downstream>,
    /// Partial work, where the rule knows more than the catalogue has for the code.
    partial_work: Option<PartialWork>,
    /// What was printed before the end, where no line of the runtime client tells the error, or it does not tell all.
    words: Option<Box<LastWords>>,
}

/// Last words before an end that no error explains.
#[derive(Clone, Debug)]
struct LastWords {
    /// The line.
    line: Line,
    /// The error that it tells of.
    error: AppError<'static>,
}

impl<'a> Ruling<'a> {
    fn new(code: &'static str, confidence: Confidence, proof: Option<&'a Sign>) -> Self {
        Self { code, confidence, proof, downstream: None, partial_work: None, words: None }
    }

    /// Returns whether a sign is the proof, or the line that completes it.
    fn rests_on(&self, sign: &Sign) -> bool {
        self.proof.is_some_and(|proof| std::ptr::eq(proof, sign))
            || self.words.as_deref().is_some_and(|words| words.line.place == sign.line.place)
    }

    fn with_downstream(mut self, downstream: Option<Downstream>) -> Self {
        self.downstream = downstream;
        self
    }

    fn with_words(mut self, words: Option<LastWords>) -> Self {
        self.words = words.map(Box::new);
        self
    }

    fn with_partial_work(mut self, work: PartialWork) -> Self {
        self.partial_work = Some(work);
        self
    }
}

/// Judges an attempt.
#[must_use]
pub fn judge(attempt: &Attempt) -> Verdict {
    if is_plain_success(attempt) {
        let mut verdict = success();
        verdict.observations = observations::of_figures(attempt);
        return verdict;
    }
    let facts = Facts::of(attempt);
    match RULES.iter().find_map(|rule| (rule.check)(&facts)) {
        Some(ruling) => complete(&facts, ruling),
        // Unreachable, because the last rule fires for everything.
        None => success(),
    }
}

/// Returns whether the attempt has START and REPORT and no sign of trouble. Most attempts are like this and need no rules.
#[must_use]
pub(crate) fn is_plain_success(attempt: &Attempt) -> bool {
    attempt.signs.is_empty()
        && attempt.start_seen
        && attempt.report_seen
        && !attempt.report_in_doubt
        && (attempt.emulated || !attempt.metrics.are_capped())
        && !attempt.error_unsure
        && attempt.subject == Subject::Attempt
        && attempt.platform_error_type.is_none()
        && matches!(attempt.platform_status, None | Some(Status::Success))
        && attempt
            .init
            .is_none_or(|init| init.init_phase.is_none() && init.invoke_phase.is_none() && init.restore.is_none())
}

/// Returns whether the bill says that the run was cut at its limit, and the platform says nothing else.
fn is_capped(attempt: &Attempt) -> bool {
    !attempt.emulated && attempt.platform_status.is_none() && attempt.metrics.are_capped()
}

fn success() -> Verdict {
    Verdict { partial_work: PartialWork::Finished, ..Verdict::bare(Category::Ok, "ok", Confidence::High) }
}

/// Completes a ruling with what every verdict has.
fn complete(facts: &Facts<'_>, ruling: Ruling<'_>) -> Verdict {
    let Some(info) = catalogue::code(ruling.code) else { return success() };
    let category = info.category.unwrap_or(Category::Ok);
    let failed = category.is_failure();
    let error = ruling.words.as_deref().map(|words| &words.error).or(ruling.proof.and_then(facts::error_of));
    let text = |part: Option<&std::borrow::Cow<'static, str>>| {
        part.map(|part| part.to_string()).filter(|part| !part.is_empty())
    };
    let partial_work = ruling.partial_work.or_else(|| work_before_call(info, error));
    let reached = failed && handler_was_reached(facts, category, &ruling);
    let mut verdict = Verdict {
        category,
        code: info.id,
        confidence: confidence(facts, &ruling, category),
        platform_error_type: platform_type::of(facts, &ruling, category).filter(|_| failed),
        error_type: if failed {
            error_type(&ruling, error.and_then(|error| text(error.error_type.as_ref())))
        } else {
            None
        },
        error_message: if failed { error.and_then(|error| text(error.message.as_ref())) } else { None },
        frame: if failed { error.and_then(|error| text(error.frame.as_ref())) } else { None },
        retryable: info.retryable,
        partial_work: partial_work.unwrap_or(info.partial_work),
        compensation: partial_work.map_or(info.compensation, |work| info.compensation.min(work.compensation())),
        contributing: if failed { contributing::causes(facts, &ruling) } else { Vec::new() },
        observations: observations::all(facts, &ruling, failed),
        evidence: if failed { evidence::lines(facts, &ruling) } else { Vec::new() },
        fingerprint: fingerprint::of(category, &ruling, error),
        downstream: ruling.downstream,
    };
    if reached {
        verdict.raise_partial_work(PartialWork::Possible);
    }
    verdict
}

/// Returns whether the handler ran, for verdicts that leave that open. A refused call to the Lambda API does nothing in
/// the called function; but this attempt is the caller, and what it did before the call remains.
fn handler_was_reached(facts: &Facts<'_>, category: Category, ruling: &Ruling<'_>) -> bool {
    let of_caller = matches!(category, Category::Throttling | Category::ServiceError | Category::InvalidRequest);
    of_caller && (facts.handler_ran() || ruling.proof.and_then(facts::error_of).is_some())
}

/// Lowers the confidence where the owner of an error was a guess: then neither an error nor its absence proves much.
fn confidence(facts: &Facts<'_>, ruling: &Ruling<'_>, category: Category) -> Confidence {
    let by_error = ruling.proof.and_then(facts::error_of).is_some_and(|error| error.form != ErrorForm::Logged);
    let of_init = |sign: &Sign| matches!(sign.kind, SignKind::InitFailed { .. } | SignKind::RestoreFailed { .. });
    let by_init = ruling.proof.is_some_and(of_init);
    let guessed = facts.attempt.error_unsure && (by_error || by_init || category == Category::Ok);
    let guessed = guessed || facts.attempt.request_id.is_none() && facts::is_alone(facts.attempt);
    if guessed && ruling.confidence == Confidence::High { Confidence::Medium } else { ruling.confidence }
}

/// Returns the error type, with the common name for a response that is too large: the Runtime API refuses it under a
/// name that nothing else uses.
fn error_type(ruling: &Ruling<'_>, own: Option<String>) -> Option<String> {
    let too_large = ruling.code == "runtime_exception.response_too_large";
    own.map(
        |name| if too_large && name == "RequestEntityTooLarge" { "Function.ResponseSizeTooLarge".into() } else { name },
    )
}

/// Returns the work that may have been done, where that is less than usual for the code: a call that got no connection did
/// nothing, so that only what came before it is left.
fn work_before_call(info: &CodeInfo, error: Option<&AppError<'_>>) -> Option<PartialWork> {
    let error = error.filter(|_| info.partial_work == PartialWork::Likely)?;
    let (error_type, message) = (error.error_type.as_deref(), error.message.as_deref());
    let told = ErrorTold { error_type, message, ..ErrorTold::default() };
    catalogue::sent_nothing(info.id, &told).then_some(PartialWork::Possible)
}
