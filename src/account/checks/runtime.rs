//! Checks of the runtime against the end of the log: they need no configuration.

use super::{CheckHit, CheckInfo, CheckedFunction};
use crate::catalogue::{RUNTIMES_AS_OF, runtime_life};
use crate::wire::CheckSeverity;

pub(super) const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        id: "runtime_update_blocked",
        severity: CheckSeverity::High,
        about: "Functions with this runtime can no longer be updated, so a fix cannot be deployed. Move to a newer runtime.",
        test: |now| ended(now, EndStage::UpdateBlocked),
    },
    CheckInfo {
        id: "runtime_create_blocked",
        severity: CheckSeverity::Medium,
        about: "No function can be created with this runtime any more, and updates will be blocked next. Move to a newer \
                runtime.",
        test: |now| ended(now, EndStage::CreateBlocked),
    },
    CheckInfo {
        id: "runtime_deprecated",
        severity: CheckSeverity::Low,
        about: "AWS no longer supports this runtime: there are no security patches. Move to a newer runtime.",
        test: |now| ended(now, EndStage::Deprecated),
    },
];

/// Stages of the end of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndStage {
    Deprecated,
    CreateBlocked,
    UpdateBlocked,
}

/// Finds a runtime that was at this stage, and at no later one, when the log ended.
fn ended(now: &CheckedFunction<'_>, wanted: EndStage) -> Vec<CheckHit> {
    let life = now.row.runtime.as_deref().and_then(runtime_life);
    let Some((life, end)) = life.zip(now.window.end.as_deref()) else { return Vec::new() };
    let stages = [
        (EndStage::UpdateBlocked, life.update_blocked, "cannot be updated"),
        (EndStage::CreateBlocked, life.create_blocked, "cannot be created"),
        (EndStage::Deprecated, Some(life.deprecated), "have no support"),
    ];
    // Dates of one form are in the order of their texts; that of the log ends with its time.
    let last =
        stages.into_iter().find_map(|(stage, date, what)| Some((stage, date.filter(|date| *date <= end)?, what)));
    match last {
        Some((stage, date, what)) if stage == wanted => {
            let evidence = format!("functions with {} {what} since {date} (as of {RUNTIMES_AS_OF})", life.id);
            vec![CheckHit { evidence, source: None }]
        }
        _ => Vec::new(),
    }
}
