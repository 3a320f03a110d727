//! Builders of the attempts that serve as samples of rules.

use crate::model::{
    AppError, Attempt, ErrorForm, Init, InitPhase, Keep, KeptLine, Line, Phase, Place, RequestId, Sign, SignKind,
    Status, Subject, Timestamp, WindowCut,
};

/// One sample of a rule.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) attempt: Attempt,
    /// The code when the rule must fire; `None` when it must not.
    pub(super) want: Option<&'static str>,
    /// Whether it looks nothing like the failure.
    pub(super) healthy: bool,
}

/// Creates a sample on which the rule fires and is the one that decides.
pub(super) fn failing(name: &'static str, build: Build, code: &'static str) -> Sample {
    Sample { name, attempt: build.0, want: Some(code), healthy: false }
}

impl Sample {
    /// Creates a sample that looks like the failure but is not decided by this rule.
    pub(super) fn near_miss(name: &'static str, build: Build) -> Self {
        Self { name, attempt: build.0, want: None, healthy: false }
    }

    /// Creates a sample without any trace of the failure.
    pub(super) fn healthy(name: &'static str, build: Build) -> Self {
        Self { name, attempt: build.0, want: None, healthy: true }
    }
}

/// A builder of an attempt, step by step in the order of the log.
pub(super) struct Build(pub(super) Attempt);

impl Build {
    pub(super) fn new() -> Self {
        let start = Timestamp::from_ms(1_790_000_000_000);
        let mut attempt = Attempt { start_seen: true, started_at: start, ended_at: start, ..Attempt::default() };
        attempt.metrics.duration_us = Some(100_000);
        attempt.metrics.memory_size_mb = Some(512);
        attempt.metrics.max_memory_used_mb = Some(80);
        Self(attempt)
    }

    fn sign(mut self, phase: Phase, kind: SignKind, text: &str) -> Self {
        let place = Place::at(0, self.0.signs.len() as u64 + 1);
        self.0.signs.push(Sign { phase, kind, line: Line { at: None, place, text: text.into() } });
        self
    }

    pub(super) fn report(mut self) -> Self {
        self.0.report_seen = true;
        self.0.end_seen = true;
        self
    }

    /// Takes its START out of view.
    pub(super) fn without_start(mut self) -> Self {
        self.0.start_seen = false;
        self
    }

    /// Sets what it took, in microseconds, and what was billed.
    pub(super) fn billed(mut self, us: u64, billed_ms: u64) -> Self {
        self.0.metrics.duration_us = Some(us);
        self.0.metrics.billed_ms = Some(billed_ms);
        let text = format!("REPORT Duration: {us} us Billed Duration: {billed_ms} ms");
        self.0.report_line = Some(Line { at: None, place: Place::at(0, 91), text: text.into() });
        self
    }

    /// Marks its REPORT as cut off or not understood.
    pub(super) fn report_in_doubt(mut self) -> Self {
        self.0.report_in_doubt = true;
        self
    }

    /// Adds a last line that carries the request's id.
    pub(super) fn last_words_of_request(mut self) -> Self {
        let id = RequestId::from_bits(7);
        self.0.request_id = Some(id);
        let text = format!("{{\"requestId\":\"{id}\",\"message\":\"done\"}}");
        self.0.last_line = Some(Line { at: None, place: Place::at(0, 90), text: text.into() });
        self
    }

    pub(super) fn ended(mut self) -> Self {
        self.0.end_seen = true;
        self
    }

    pub(super) fn status(mut self, status: Status, error_type: Option<&str>) -> Self {
        self.0.platform_status = Some(status);
        self.0.platform_error_type = error_type.map(Into::into);
        let text = format!("REPORT Status: {}", status.as_str());
        self.report().sign(
            Phase::Invoke,
            SignKind::Ended { status, error_type: error_type.map(Into::into), runtime_done: false },
            &text,
        )
    }

    pub(super) fn timed_out(self) -> Self {
        self.sign(Phase::Invoke, SignKind::TimedOut, "Task timed out")
    }

    pub(super) fn crash(self, message: &str, error_type: &str) -> Self {
        self.sign(
            Phase::Invoke,
            SignKind::Crash { message: message.into(), error_type: Some(error_type.into()) },
            message,
        )
    }

    pub(super) fn exited_early(self) -> Self {
        self.sign(Phase::Late, SignKind::ExitedEarly, "Process exited before completing request")
    }

    pub(super) fn handler_done(self) -> Self {
        self.sign(Phase::Invoke, SignKind::HandlerDone, "")
    }

    pub(super) fn init(mut self, phase: InitPhase, status: Status, error_type: Option<&str>) -> Self {
        let init = self.0.init.get_or_insert_with(Init::default);
        init.start_seen = true;
        match phase {
            InitPhase::Invoke => init.invoke_phase = Some((status, Some(1_000))),
            InitPhase::Init | InitPhase::SnapStart => init.init_phase = Some((status, Some(1_000))),
        }
        self.sign(
            Phase::Init,
            SignKind::InitFailed {
                phase: Some(phase),
                status,
                error_type: error_type.map(Into::into),
                runtime_done: false,
            },
            "INIT_REPORT",
        )
    }

    pub(super) fn restore(mut self, status: Status) -> Self {
        self.0.init.get_or_insert_with(Init::default).restore = Some((status, Some(10_000_000)));
        self.sign(
            Phase::Init,
            SignKind::RestoreFailed { status, error_type: None, runtime_done: false },
            "RESTORE_REPORT",
        )
    }

    pub(super) fn image(self, message: &str) -> Self {
        self.sign(Phase::Init, SignKind::ImageError { message: message.into() }, message)
    }

    pub(super) fn extension(self, phase: Phase, name: &str, error_type: &str) -> Self {
        self.sign(phase, SignKind::ExtensionFailed { name: name.into(), error_type: error_type.into() }, "EXTENSION")
    }

    pub(super) fn error(self, phase: Phase, form: ErrorForm, error_type: &str, message: &str) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned().into());
        let error = AppError { error_type: text(error_type), message: text(message), ..AppError::of(form) };
        self.with_error(phase, error, message)
    }

    /// Adds an error of the request whose stack says that the code was still being loaded.
    pub(super) fn loading(self, form: ErrorForm, error_type: &str, message: &str) -> Self {
        let mut build = self.error(Phase::Invoke, form, error_type, message);
        if let Some(Sign { kind: SignKind::Error(error), .. }) = build.0.signs.last_mut() {
            error.is_of_loading = true;
        }
        build
    }

    pub(super) fn with_error(self, phase: Phase, error: AppError<'static>, line: &str) -> Self {
        self.sign(phase, SignKind::Error(error), line)
    }

    /// Adds a line of the function.
    pub(super) fn line(mut self, text: &str) -> Self {
        let place = Place::at(0, self.0.lines.iter().count() as u64 + 50);
        self.0.lines.push(
            KeptLine { at: None, place, text: text.as_bytes(), escaped: false, own: true, cut: false },
            &Keep::LAST,
        );
        self.0.app_lines += 1;
        self.0.last_line = Some(Line { at: None, place, text: text.into() });
        self
    }

    /// Adds an error as it stands on a line.
    pub(super) fn said(self, form: ErrorForm, error_type: &str, text: &str) -> Self {
        let mut build = self.line(text).error(Phase::Invoke, form, error_type, text);
        let place = build.0.last_line.as_ref().map(|line| line.place).unwrap_or_default();
        if let Some(sign) = build.0.signs.last_mut() {
            sign.line.place = place;
        }
        build
    }

    pub(super) fn response_refused(self, status: u16) -> Self {
        let error = AppError { http_status: Some(status), ..AppError::of(ErrorForm::Response) };
        self.with_error(Phase::Invoke, error, "Failed to post handler success response")
    }

    pub(super) fn memory(mut self, used: u32, size: u32) -> Self {
        self.0.metrics.max_memory_used_mb = Some(used);
        self.0.metrics.memory_size_mb = Some(size);
        self
    }

    pub(super) fn earlier_peak(mut self, mb: u32) -> Self {
        self.0.earlier_peak_mb = Some(mb);
        self
    }

    pub(super) fn app_lines(mut self, lines: u32) -> Self {
        self.0.app_lines = lines;
        self
    }

    pub(super) fn duration_ms(mut self, ms: u64) -> Self {
        self.0.metrics.duration_us = Some(ms * 1_000);
        self.0.ended_at = self.0.started_at.and_then(|at| Timestamp::from_ms(at.ms() + i64::try_from(ms).unwrap_or(0)));
        self
    }

    pub(super) fn cold_start_ms(mut self, ms: u64) -> Self {
        self.0.metrics.init_us = Some(ms * 1_000);
        self
    }

    pub(super) fn last_line(mut self, after_ms: i64, text: &str) -> Self {
        let at = self.0.started_at.and_then(|at| Timestamp::from_ms(at.ms() + after_ms));
        self.0.last_line = Some(Line { at, place: Place::at(0, 99), text: text.into() });
        self
    }

    pub(super) fn environment(mut self) -> Self {
        self.0.subject = Subject::Environment;
        self.0.start_seen = false;
        self
    }

    pub(super) fn concurrent(mut self) -> Self {
        self.0.concurrent = true;
        self
    }

    pub(super) fn cut(mut self, cut: WindowCut) -> Self {
        self.0.window_cut = cut;
        self
    }
}
