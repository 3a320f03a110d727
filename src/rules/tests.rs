//! Tests of every rule on its own samples, and of what is added to every verdict.

use super::facts::Facts;
use super::samples::Build;
use super::{RULES, judge};
use crate::catalogue;
use crate::model::{
    Compensation, Confidence, Contributing, ErrorForm, InitPhase, PartialWork, Phase, Status, Timestamp, Verdict,
    WorkShown,
};

fn causes(verdict: &Verdict) -> Vec<(&'static str, Confidence)> {
    verdict.contributing.iter().map(|cause| (cause.code, cause.confidence)).collect()
}

#[test]
fn every_rule_has_samples_and_agrees_with_them() {
    for rule in RULES {
        let samples = (rule.samples)();
        assert!(samples.iter().any(|sample| sample.want.is_some()), "{}: no firing sample", rule.id);
        assert!(samples.iter().any(|sample| sample.want.is_none() && !sample.healthy), "{}: no near miss", rule.id);
        assert!(samples.iter().any(|sample| sample.healthy), "{}: no healthy sample", rule.id);
        assert!(rule.explanation.ends_with('.'), "{}", rule.id);
        for sample in samples {
            let facts = Facts::of(&sample.attempt);
            let verdict = judge(&sample.attempt);
            let ruling = (rule.check)(&facts);
            match sample.want {
                Some(code) => {
                    assert_eq!(ruling.map(|ruling| ruling.code), Some(code), "{}: {}", rule.id, sample.name);
                    assert_eq!(verdict.code, code, "{}: {} is decided by another rule", rule.id, sample.name);
                }
                // The last rule fires for everything, so only the verdict counts there.
                None if rule.id == "ok" => assert_ne!(verdict.code, "ok", "{}", sample.name),
                None => assert_eq!(
                    decided_by(&facts).filter(|id| *id == rule.id),
                    None,
                    "{}: {} gave {}",
                    rule.id,
                    sample.name,
                    verdict.code
                ),
            }
        }
    }
}

fn decided_by(facts: &Facts<'_>) -> Option<&'static str> {
    RULES.iter().find(|rule| (rule.check)(facts).is_some()).map(|rule| rule.id)
}

#[test]
fn every_verdict_of_a_sample_has_a_known_code_and_proof() {
    for sample in RULES.iter().flat_map(|rule| (rule.samples)()) {
        let verdict = judge(&sample.attempt);
        let category = catalogue::code(verdict.code).and_then(|info| info.category);
        assert_eq!(category, Some(verdict.category), "{}", sample.name);
        for Contributing { code, .. } in &verdict.contributing {
            assert!(catalogue::code(code).is_some(), "{code}");
        }
        for (code, count) in &verdict.observations {
            assert_eq!(catalogue::code(code).map(|info| info.category), Some(None), "{code}");
            assert!(*count > 0);
        }
        if verdict.category.is_failure() {
            assert!(!verdict.evidence.is_empty(), "{}: no evidence", sample.name);
        }
        assert!(verdict.evidence.len() <= 4);
    }
}

#[test]
fn memory_at_the_limit_behind_a_timeout_is_a_cause_only_if_new() {
    let fresh = judge(&Build::new().memory(256, 256).status(Status::Timeout, None).0);
    assert_eq!(causes(&fresh), [("memory_at_limit", Confidence::Medium)]);
    let left_over = judge(&Build::new().memory(256, 256).earlier_peak(256).status(Status::Timeout, None).0);
    assert!(left_over.contributing.is_empty());
}

#[test]
fn a_call_before_silence_is_a_cause_of_a_timeout() {
    let waiting = Build::new()
        .duration_ms(3_000)
        .last_line(100, "POST https://api.crm.example.com/v2/charges")
        .timed_out()
        .report();
    assert_eq!(causes(&judge(&waiting.0)), [("downstream.timeout", Confidence::Medium)]);
    let busy = Build::new()
        .duration_ms(3_000)
        .last_line(2_900, "POST https://api.crm.example.com/v2/charges")
        .timed_out()
        .report();
    assert!(judge(&busy.0).contributing.is_empty());
}

#[test]
fn a_logged_failure_before_a_timeout_is_a_cause() {
    let build = Build::new()
        .error(Phase::Invoke, ErrorForm::Logged, "Error", "getaddrinfo ENOTFOUND db.internal")
        .timed_out()
        .report();
    assert_eq!(causes(&judge(&build.0)), [("downstream.dns", Confidence::Medium)]);
}

#[test]
fn a_failed_call_in_the_last_line_is_a_cause_of_a_timeout_at_any_level() {
    let line = r#"{"level":"INFO","msg":"query","error":"dial tcp 10.2.3.4:5432: i/o timeout"}"#;
    let build = Build::new().duration_ms(3_000).last_line(2_900, line).timed_out().report();
    assert_eq!(causes(&judge(&build.0)), [("downstream.timeout", Confidence::Medium)]);
}

#[test]
fn partial_work_follows_the_facts() {
    let of = |build: Build| {
        let verdict = judge(&build.0);
        (verdict.partial_work, verdict.compensation)
    };
    assert_eq!(of(Build::new().app_lines(2).timed_out().report()), (PartialWork::Likely, Compensation::Yes));
    assert_eq!(
        of(Build::new().concurrent().app_lines(2).status(Status::Timeout, None)),
        (PartialWork::Certain, Compensation::Yes)
    );
    assert_eq!(
        of(Build::new().handler_done().status(Status::Timeout, None)),
        (PartialWork::Finished, Compensation::Depends)
    );
    assert_eq!(
        of(Build::new().init(InitPhase::Invoke, Status::Timeout, None).status(Status::Timeout, None)),
        (PartialWork::None, Compensation::No)
    );
    // The handler ran until its call was refused; no handler ran where the platform had no worker for it.
    let refused = |form| {
        let message = "An error occurred (TooManyRequestsException) when calling the Invoke operation: Rate Exceeded.";
        Build::new().error(Phase::Invoke, form, "TooManyRequestsException", message)
    };
    for build in
        [refused(ErrorForm::Unhandled).report(), refused(ErrorForm::UnhandledRejection).status(Status::Error, None)]
    {
        assert_eq!(judge(&build.0).category, crate::model::Category::Throttling);
        assert_eq!(of(build), (PartialWork::Possible, Compensation::Depends));
    }
    // A call without a connection did nothing; one that was cut off may have done all.
    for (message, want) in [
        ("connect ECONNREFUSED 10.2.3.4:5432", (PartialWork::Possible, Compensation::Depends)),
        ("dial tcp 10.2.3.4:5432: i/o timeout", (PartialWork::Possible, Compensation::Depends)),
        ("read ECONNRESET", (PartialWork::Likely, Compensation::Yes)),
        ("socket hang up", (PartialWork::Likely, Compensation::Yes)),
    ] {
        let build = || Build::new().error(Phase::Invoke, ErrorForm::Unhandled, "Error", message).report();
        assert_eq!(of(build()), want, "{message}");
        let mut after_a_write = judge(&build().0);
        after_a_write.take_work(&WorkShown::Write);
        assert_eq!(
            (after_a_write.partial_work, after_a_write.compensation),
            (PartialWork::Likely, Compensation::Yes),
            "{message}"
        );
    }
    let no_worker = Build::new().status(Status::Error, Some("Runtime.Unavailable"));
    assert_eq!(of(no_worker), (PartialWork::None, Compensation::No));
}

#[test]
fn a_write_counts_for_every_failure_and_for_nothing_else() {
    for sample in RULES.iter().flat_map(|rule| (rule.samples)()) {
        let before = judge(&sample.attempt);
        let mut after = before.clone();
        after.take_work(&WorkShown::Write);
        if before.category.is_failure() {
            assert!(after.partial_work.rank() >= PartialWork::Likely.rank(), "{}", sample.name);
            assert!(after.compensation >= before.compensation, "{}", sample.name);
        } else {
            assert_eq!(after, before, "{}", sample.name);
        }
    }
}

#[test]
fn plain_success_allocates_nothing_it_does_not_need() {
    let verdict = judge(&Build::new().report().0);
    assert_eq!((verdict.code, verdict.observations.capacity(), verdict.evidence.capacity()), ("ok", 0, 0));
    let cold = judge(&Build::new().cold_start_ms(300).memory(500, 512).report().0);
    assert_eq!(cold.observations, [("cold_start", 1), ("near_memory_limit", 1)]);
}

#[test]
fn a_success_right_after_last_words_is_not_sure() {
    let crash = || Build::new().error(Phase::Invoke, ErrorForm::Crash, "KeyError", "'size'");
    let of = |build: Build| {
        let verdict = judge(&build.0);
        (verdict.code, verdict.confidence)
    };
    assert_eq!(of(crash().report()), ("ok", Confidence::Medium));
    assert_eq!(of(crash().last_line(90, "answered with a default").report()), ("ok", Confidence::High));
    let late = Build::new().report().error(Phase::Late, ErrorForm::Crash, "KeyError", "'size'");
    assert_eq!(of(late), ("ok", Confidence::High));
}

/// A sentence about the end of a process or an init that names no request is not of an attempt that goes on for seconds.
#[test]
fn what_goes_on_did_not_end() {
    let crash = || Build::new().crash("Runtime exited with error: exit status 1", "Runtime.ExitError");
    let init = || Build::new().error(Phase::Invoke, ErrorForm::Init, "Runtime.ImportModuleError", "no plugin");
    for (build, ended) in [(crash as fn() -> Build, "runtime_exception.exit"), (init, "init_failure.import")] {
        for (after_ms, want) in [(20, ended), (2_000, "ok")] {
            let mut attempt = build().report().0;
            let end = attempt.ended_at.expect("a time");
            attempt.platform_error_type = None;
            attempt.signs[0].line.at = Timestamp::from_ms(end.ms() - after_ms);
            assert_eq!(judge(&attempt).code, want, "{after_ms} ms");
        }
        let told = judge(&build().status(Status::Error, None).0);
        assert_ne!(told.code, "ok");
    }
}

#[test]
fn observations_say_what_was_survived() {
    let build = Build::new()
        .init(InitPhase::Init, Status::Timeout, None)
        .error(Phase::Invoke, ErrorForm::Logged, "Error", "socket hang up")
        .report()
        .error(Phase::Late, ErrorForm::Logged, "Error", "flush failed");
    let verdict = judge(&build.0);
    assert_eq!(verdict.code, "ok");
    assert_eq!(
        verdict.observations,
        [("handled_error", 2), ("handled_downstream_error", 1), ("init_timeout_recovered", 1), ("late_line", 1)]
    );
}
