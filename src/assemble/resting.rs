//! The open attempt of a stream to which nothing is written for long, in a quarter of its memory: there may be very many
//! streams.

use std::sync::Arc;

use super::Assembler;
use super::open::{OpenAttempt, Pending};
use crate::model::{
    Attempt, Keep, Lines, Metrics, Place, RequestId, Sign, Status, Subject, Timestamp, WindowCut, WorkShown,
};

/// What is known of an attempt like most: whatever else an attempt may have, it has not.
#[derive(Debug)]
pub(super) struct RestingAttempt {
    request_id: Option<RequestId>,
    place: Place,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    reported_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    metrics: Metrics,
    version: Option<Arc<str>>,
    function: Option<Arc<str>>,
    runtime: Option<Arc<str>>,
    signs: Vec<Sign>,
    lines: Option<Box<Lines>>,
    before: Pending,
    bytes: u64,
    signs_left_out: u32,
    logged_errors: u32,
    app_lines: u32,
    earlier_peak_mb: Option<u32>,
    platform_status: Option<Status>,
    start_seen: bool,
    end_seen: bool,
    report_seen: bool,
    report_in_doubt: bool,
    error_unsure: bool,
    concurrent: bool,
    is_json: bool,
    emulated: bool,
    report_tells: bool,
    json: bool,
    start_behind_end: bool,
}

impl OpenAttempt {
    /// Returns it as it rests, or as it is if it has what hardly any has.
    fn rest(self: Box<Self>) -> Result<RestingAttempt, Box<Self>> {
        let Attempt {
            subject: Subject::Attempt,
            window_cut: WindowCut::None,
            tenant_id: None,
            execution_arn: None,
            xray_trace_id: None,
            platform_error_type: None,
            init: None,
            last_line: None,
            report_line: None,
            start_behind: None,
            ref work_shown,
            ref side_effects,
            ref lines,
            ..
        } = self.attempt
        else {
            return Err(self);
        };
        if self.printed_start
            || self.begun_report.is_some()
            || *work_shown != WorkShown::default()
            || !side_effects.is_empty()
            || !lines.is_empty()
        {
            return Err(self);
        }
        let Self {
            attempt,
            before,
            reported_at,
            report_tells,
            json,
            bytes,
            last_at,
            start_behind_end,
            printed_start: _,
            named: _,
            begun_report: _,
            lines,
        } = *self;
        // Every field has its place here or is named above.
        let Attempt {
            subject: _,
            window_cut: _,
            tenant_id: _,
            execution_arn: _,
            xray_trace_id: _,
            platform_error_type: _,
            init: _,
            last_line: _,
            report_line: _,
            start_behind: _,
            work_shown: _,
            side_effects: _,
            lines: _,
            request_id,
            place,
            started_at,
            ended_at,
            start_seen,
            end_seen,
            report_seen,
            report_in_doubt,
            error_unsure,
            version,
            function,
            runtime,
            metrics,
            platform_status,
            signs,
            signs_left_out,
            logged_errors,
            app_lines,
            earlier_peak_mb,
            concurrent,
            json: is_json,
            emulated,
        } = attempt;
        Ok(RestingAttempt {
            request_id,
            place,
            started_at,
            ended_at,
            reported_at,
            last_at,
            metrics,
            version,
            function,
            runtime,
            signs,
            lines: (!lines.is_unused()).then(|| Box::new(lines)),
            before,
            bytes,
            signs_left_out,
            logged_errors,
            app_lines,
            earlier_peak_mb,
            platform_status,
            start_seen,
            end_seen,
            report_seen,
            report_in_doubt,
            error_unsure,
            concurrent,
            is_json,
            emulated,
            report_tells,
            json,
            start_behind_end,
        })
    }
}

impl RestingAttempt {
    /// Returns the attempt as it was.
    fn wake(self) -> Box<OpenAttempt> {
        let attempt = Attempt {
            subject: Subject::Attempt,
            request_id: self.request_id,
            place: self.place,
            started_at: self.started_at,
            ended_at: self.ended_at,
            start_seen: self.start_seen,
            end_seen: self.end_seen,
            report_seen: self.report_seen,
            report_in_doubt: self.report_in_doubt,
            error_unsure: self.error_unsure,
            version: self.version,
            function: self.function,
            runtime: self.runtime,
            metrics: self.metrics,
            platform_status: self.platform_status,
            signs: self.signs,
            signs_left_out: self.signs_left_out,
            logged_errors: self.logged_errors,
            app_lines: self.app_lines,
            earlier_peak_mb: self.earlier_peak_mb,
            concurrent: self.concurrent,
            json: self.is_json,
            emulated: self.emulated,
            ..Attempt::default()
        };
        Box::new(OpenAttempt {
            attempt,
            before: self.before,
            reported_at: self.reported_at,
            report_tells: self.report_tells,
            json: self.json,
            bytes: self.bytes,
            last_at: self.last_at,
            printed_start: false,
            named: false,
            begun_report: None,
            start_behind_end: self.start_behind_end,
            lines: self.lines.map_or_else(Lines::default, |lines| *lines),
        })
    }
}

impl Assembler {
    /// Frees what is not needed while nothing is written to the stream. It must [wake](Self::wake) before it is asked or
    /// told anything else.
    pub(crate) fn rest(&mut self, keep: &Keep) {
        self.shrink(keep);
        if !self.unread.is_empty() || self.resting.is_some() {
            return;
        }
        match self.open.take_only().map(OpenAttempt::rest) {
            Some(Ok(resting)) => self.resting = Some(Box::new(resting)),
            Some(Err(open)) => self.open.push(open),
            None => {}
        }
    }

    /// Ends a rest.
    pub(crate) fn wake(&mut self) {
        if let Some(resting) = self.resting.take() {
            let mut open = resting.wake();
            open.named = self.known_stream;
            self.open.push(open);
        }
    }
}
