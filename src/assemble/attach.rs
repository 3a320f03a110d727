//! The assignment of statements to attempts: which one each statement opens, belongs to, or closes.

use std::sync::Arc;

use super::disorder::StartOrder;
use super::failed_init::is_of_init;
use super::loose::is_loose;
use super::open::{BegunReport, OpenAttempt, Pending};
use super::open_attempts::{ClosedBy, Edit, Mark};
use super::{Assembler, LONE_ERRORS, Message, OPEN_AT_ONCE, Output, WHOLE_AT_ONCE};
use crate::model::{
    AppLine, Bucket, CrashLine, ErrorForm, Init, InitPhase, InitReport, InitStart, InitType, JsonShape, Keep, Phase,
    Report, RequestId, Sign, SignKind, Statement, Status, Subject, Timestamp,
};

/// Codes of extensions that ended after they had got ready.
const ENDS_OF_EXTENSIONS: [&str; 2] = ["Extension.ExitError", "Extension.Crash"];

impl Assembler {
    pub(super) fn attach(&mut self, message: &Message<'_>, record: &Statement<'_>, output: &mut dyn Output) {
        self.close_lingering(message.at, output);
        if tells_time(record) {
            self.close_overdue(message.at, output);
        } else {
            self.close_reported(message.at, output);
        }
        let own = self.with_own_id(record).or_else(|| self.with_whole_id(record));
        let record = own.as_ref().unwrap_or(record);
        self.note_mixed(record, message, output);
        if self.is_echo(record) {
            self.ordinary_line(message, output);
            return;
        }
        if self.is_printed(record) {
            self.note_printed(record, message);
            if matches!(record, Statement::Start { json: false, .. })
                && let Some(mut open) = self.latest()
            {
                open.printed_start = true;
            }
            self.ordinary_line(message, output);
            return;
        }
        if self.lone.is_some() && tells_time(record) && !matches!(record, Statement::Crash(CrashLine { id: None, .. }))
        {
            self.rejoin_lone_errors(message.keep);
        }
        self.of_lambda |= !matches!(
            record,
            Statement::App(_)
                | Statement::Foreign(_)
                | Statement::Insights(_)
                | Statement::Unrecognized
                | Statement::ReportBegun
                | Statement::UnreadableReport { .. }
        );
        match record {
            Statement::InitStart(start) => self.init_start(message, start, output),
            Statement::RestoreStart(start) => self.restore_start(message, start, output),
            Statement::InitReport(report) => self.init_report(message, report),
            Statement::RestoreReport(report) => self.restore_report(message, report),
            Statement::Start { id, version, function_arn, tenant_id, xray_trace_id, json } => {
                let version = version.map(|version| shared(&mut self.version, version));
                let function = function_arn.map(|arn| shared(&mut self.function, arn));
                let opened = self.start(message, *id, *json, output);
                if let Some(mut open) = opened {
                    open.attempt.version = version.or(open.attempt.version.take());
                    open.attempt.function = function.or(open.attempt.function.take());
                    open.attempt.tenant_id = tenant_id.map(Into::into);
                    open.attempt.xray_trace_id = xray_trace_id.map(Into::into);
                }
            }
            Statement::End { id } => self.end(message, *id, output),
            Statement::RuntimeDone { id, status, error_type, xray_trace_id } => {
                let mut open = self.runtime_done(message, *id, *status, *error_type, output);
                if open.attempt.xray_trace_id.is_none() {
                    open.attempt.xray_trace_id = xray_trace_id.map(Into::into);
                }
            }
            Statement::Report(report) => self.report(message, report, output),
            Statement::UnreadableReport { id, quoted: true } if self.open.first_of(*id).is_none() => {
                self.ordinary_line(message, output);
            }
            Statement::UnreadableReport { id, .. } => self.unreadable_report(message, *id, output),
            Statement::ReportBegun => {
                // Of several that run, nothing tells which.
                let begun = BegunReport { place: message.place, bytes: message.bytes };
                self.open.mark_running(Mark::ReportBegun(begun));
                self.ordinary_line(message, output);
            }
            Statement::TimedOut { id: Some(id) } => self.sign_of(message, *id, SignKind::TimedOut, output),
            Statement::TimedOut { id: None } => self.timed_out_alone(message, SignKind::TimedOut, output),
            Statement::ExitedEarly { id } => self.sign_of(message, *id, SignKind::ExitedEarly, output),
            Statement::Crash(crash) => self.crash(message, crash, output),
            Statement::Extension { name, state, error_type } => {
                self.extension(message, name, state, *error_type);
            }
            Statement::ImageError { message: text } => {
                self.environment_line(message, Some(SignKind::ImageError { message: (*text).into() }));
            }
            Statement::Informational | Statement::LogsDropped { .. } => self.environment_line(message, None),
            Statement::App(line) => self.app(message, line, output),
            Statement::Foreign(_) | Statement::Insights(_) => {
                output.count(message.place.input, Bucket::OtherLogs, message.bytes);
            }
            Statement::Unrecognized => output.count(message.place.input, Bucket::Unrecognized, message.bytes),
        }
    }

    /// Takes the start of an environment, which ends whatever ran before in this stream.
    fn init_start(&mut self, message: &Message<'_>, start: &InitStart<'_>, output: &mut dyn Output) {
        let rerun = start.phase == Some(InitPhase::Invoke);
        if !rerun {
            self.end_environment(message, output);
            self.flush_environment(output);
            self.peak_mb = None;
            self.pending.fresh = true;
        }
        self.note_start(message, start);
        let init = self.pending.init.get_or_insert_default();
        init.start_seen = true;
        init.init_type = start.init_type.or(init.init_type);
        self.concurrent |= start.init_type == Some(InitType::ManagedInstances);
    }

    fn restore_start(&mut self, message: &Message<'_>, start: &InitStart<'_>, output: &mut dyn Output) {
        self.end_environment(message, output);
        self.flush_environment(output);
        self.peak_mb = None;
        self.pending.fresh = true;
        self.note_start(message, start);
        self.pending.init.get_or_insert_default().init_type = Some(InitType::SnapStart);
    }

    /// Closes what ran before another environment starts in the stream. Where streams are not named, environments may
    /// be mixed: the start of one says nothing of the others, and only its own id closes an attempt.
    fn end_environment(&mut self, message: &Message<'_>, output: &mut dyn Output) {
        self.unsettle_loose();
        if self.known_stream {
            self.give_way(message.at, message.keep, output);
        }
    }

    fn note_start(&mut self, message: &Message<'_>, start: &InitStart<'_>) {
        self.pending.touch(message);
        self.pending.runtime = start.runtime_version.map(Arc::from);
        self.pending.version = start.version.map(Arc::from);
        self.pending.function = start.function.map(Arc::from);
    }

    fn init_report(&mut self, message: &Message<'_>, report: &InitReport<'_>) {
        let failed = (report.status != Status::Success).then(|| SignKind::InitFailed {
            phase: report.phase,
            status: report.status,
            error_type: report.error_type.map(Into::into),
            runtime_done: report.runtime_done,
        });
        self.unsettle_loose();
        self.inits_reported = true;
        self.supersede_runtime_done();
        let outcome = Some((report.status, report.duration_us));
        if report.emulated {
            self.emulated_init(message, report);
            return;
        }
        let update = |init: &mut Init| {
            init.init_type = report.init_type.or(init.init_type);
            match report.phase {
                Some(InitPhase::Invoke) => init.invoke_phase = outcome,
                _ => init.init_phase = outcome,
            }
        };
        self.init_outcome(message, failed, update);
    }

    /// Takes a failed init of a local emulator, which runs one request at a time and writes START first.
    fn emulated_init(&mut self, message: &Message<'_>, report: &InitReport<'_>) {
        let kind = |phase| SignKind::InitFailed {
            phase: Some(phase),
            status: report.status,
            error_type: report.error_type.map(Into::into),
            runtime_done: false,
        };
        self.emulated = true;
        // What the loading runtime said just before is of this init.
        let errors =
            self.failed_init.take_if(|failed| failed.signs.iter().all(|sign| matches!(sign.kind, SignKind::Error(_))));
        match self.open.latest_running().and_then(|at| self.open.edit(at)) {
            Some(mut open) => {
                open.touch(message);
                open.attempt.emulated = true;
                if let Some(errors) = errors {
                    open.take_failed_init(errors, Phase::Init);
                }
                open.sign(Phase::Init, kind(InitPhase::Invoke), message);
            }
            None => {
                self.failed_init = errors;
                self.pending.touch(message);
                self.pending.sign(kind(InitPhase::Init), message);
            }
        }
    }

    fn restore_report(&mut self, message: &Message<'_>, report: &InitReport<'_>) {
        let failed = (report.status != Status::Success).then(|| SignKind::RestoreFailed {
            status: report.status,
            error_type: report.error_type.map(Into::into),
            runtime_done: report.runtime_done,
        });
        self.supersede_runtime_done();
        let outcome = Some((report.status, report.duration_us));
        self.init_outcome(message, failed, |init| init.restore = outcome);
    }

    /// Drops what `initRuntimeDone` and `restoreRuntimeDone` said of an init, now that it is told anew.
    fn supersede_runtime_done(&mut self) {
        let stays = |sign: &Sign| !sign.kind.is_init_runtime_done();
        self.pending.retain_signs(stays);
        if let Some(failed) = &mut self.failed_init {
            failed.retain_signs(stays);
        }
        if let Some(mut open) = self.running() {
            open.attempt.signs.retain(stays);
        }
    }

    /// Takes the end of an init. It belongs to the running attempt where START came before it (logs of 2021), else to
    /// the next.
    fn init_outcome(&mut self, message: &Message<'_>, failed: Option<SignKind>, update: impl FnOnce(&mut Init)) {
        let failed = match failed {
            Some(kind) if self.may_mix_inits() && !self.is_init_of_running(message.at) => {
                return self.hold_failed_init(message, kind, update);
            }
            failed => failed,
        };
        if let Some(mut open) = self.running() {
            open.touch(message);
            update(open.attempt.init.get_or_insert_default());
            if let Some(kind) = failed {
                open.sign(Phase::Init, kind, message);
            }
            return;
        }
        self.pending.touch(message);
        update(self.pending.init.get_or_insert_default());
        if let Some(kind) = failed {
            self.pending.sign(kind, message);
        }
    }

    /// Takes a line of the platform about the init of the environment.
    fn environment_line(&mut self, message: &Message<'_>, failure: Option<SignKind>) {
        self.line_of_environment(message, failure, Phase::Init);
    }

    /// Takes a line of the platform about the environment; `phase` is that of a failure, if a request runs.
    fn line_of_environment(&mut self, message: &Message<'_>, failure: Option<SignKind>, phase: Phase) {
        if let Some(mut open) = self.running() {
            open.touch(message);
            if let Some(kind) = failure {
                open.sign(phase, kind, message);
            }
            return;
        }
        self.pending.touch(message);
        if let Some(kind) = failure {
            self.pending.sign(kind, message);
        }
    }

    /// Takes the state of an extension. Of those that were started, only the ones that never got ready tell something.
    fn extension(&mut self, message: &Message<'_>, name: &str, state: &str, error_type: Option<&str>) {
        let kind = match error_type {
            Some(error_type) => Some(SignKind::ExtensionFailed { name: name.into(), error_type: error_type.into() }),
            None if state == "Started" => Some(SignKind::ExtensionStarted { name: name.into() }),
            None => {
                let other = |kind: &SignKind| !matches!(kind, SignKind::ExtensionStarted { name: started } if **started == *name);
                self.pending.retain_signs(|sign| other(&sign.kind));
                if let Some(mut open) = self.latest() {
                    open.attempt.signs.retain(|sign| other(&sign.kind));
                    open.before.retain_signs(|sign| other(&sign.kind));
                }
                None
            }
        };
        // What got ready before START ends within the request.
        let ends_within = error_type.is_some_and(|code| ENDS_OF_EXTENSIONS.contains(&code));
        let began = self.running().is_some_and(|open| open.attempt.start_seen);
        let phase = if ends_within && began { Phase::Invoke } else { Phase::Init };
        self.line_of_environment(message, kind, phase);
    }

    fn note_format(&mut self, json: bool) {
        self.in_json |= json;
        self.in_text |= !json;
    }

    fn start(&mut self, message: &Message<'_>, id: RequestId, json: bool, output: &mut dyn Output) -> Option<Edit<'_>> {
        self.starts_seen = true;
        self.note_format(json);
        self.begun = true;
        self.unsettle_loose();
        let mut order = StartOrder::Plausible;
        if let Some(at) = self.open.latest_of(Some(id)) {
            let open = &self.open[at];
            if !id.is_anonymous() {
                order = StartOrder::of(open, message);
            }
            if order == StartOrder::Impossible {
                output.disordered(message.place);
            }
            let again = !id.is_anonymous()
                && open.attempt.start_seen
                && open.attempt.started_at == message.at
                && (message.at.is_some() || open.attempt.place.is_directly_before(message.place));
            if again {
                output.duplicate();
                output.count(message.place.input, Bucket::Attributed, message.bytes);
                return None;
            }
            if open.lacks_start() && !open.is_reported() && open.is_just_before(message.at) {
                let mut open = self.open.edit(at)?;
                open.touch(message);
                open.json = json;
                open.attempt.start_seen = true;
                open.attempt.start_behind = Some(message.place);
                open.attempt.started_at = message.at.or(open.attempt.started_at);
                return Some(open);
            }
        }
        let lingering = self.take_lingering(message, id);
        // In one environment, only JSON streams run requests side by side.
        match (self.known_stream, json) {
            (true, false) => self.give_way(message.at, message.keep, output),
            (true, true) => self.close(ClosedBy::ReportedOrHeadless, output),
            (false, _) => self.close(ClosedBy::Reported, output),
        }
        if self.open.len() >= OPEN_AT_ONCE
            && let Some(oldest) = self.open.first().and_then(|at| self.open.remove(at))
        {
            output.crowded(message.place);
            self.emit(oldest, output);
        }
        self.put_lingering(message.at, lingering);
        let mut before = std::mem::take(&mut self.pending);
        let own = before.take_errors_at(message.at);
        let mut open = OpenAttempt::begin(self.spare.take(), Some(id), message, before);
        open.touch(message);
        open.json = json;
        open.named = self.known_stream;
        own.into_iter().for_each(|sign| open.adopt_sign(Sign { phase: Phase::Invoke, ..sign }));
        open.attempt.start_seen = true;
        open.start_behind_end = order == StartOrder::BehindItsEnd;
        open.attempt.runtime = open.before.runtime.clone();
        open.attempt.version = open.before.version.clone();
        open.attempt.function = open.before.function.clone();
        if let Some(failed) = self.started_failed_init(message.at, open.before.fresh) {
            open.take_failed_init(failed, Phase::Init);
        }
        self.open.push(open);
        self.latest()
    }

    fn end(&mut self, message: &Message<'_>, id: RequestId, output: &mut dyn Output) {
        self.claim_loose(id, message.at);
        self.settle_failed_init(id, message);
        let mut open = self.open_for(message, id, output);
        open.touch(message);
        open.attempt.end_seen = true;
        if !open.is_reported() {
            open.attempt.ended_at = message.at;
        }
    }

    fn runtime_done(
        &mut self,
        message: &Message<'_>,
        id: RequestId,
        status: Status,
        error_type: Option<&str>,
        output: &mut dyn Output,
    ) -> Edit<'_> {
        self.claim_loose(id, message.at);
        self.settle_failed_init(id, message);
        let mut open = self.open_for(message, id, output);
        open.touch(message);
        open.attempt.end_seen = true;
        if !open.is_reported() {
            open.attempt.ended_at = message.at;
        }
        if status == Status::Success {
            open.sign(Phase::Invoke, SignKind::HandlerDone, message);
            return open;
        }
        if open.attempt.platform_status.is_none() {
            open.attempt.platform_status = Some(status);
            open.attempt.platform_error_type = error_type.map(Into::into);
        }
        let kind = SignKind::Ended { status, error_type: error_type.map(Into::into), runtime_done: true };
        open.sign(Phase::Invoke, kind, message);
        open
    }

    fn report(&mut self, message: &Message<'_>, report: &Report<'_>, output: &mut dyn Output) {
        if let Some(at) = self.open.first_of(Some(report.id)) {
            let open = &self.open[at];
            if open.is_reported() && open.attempt.ended_at == message.at && open.attempt.metrics == report.metrics {
                output.duplicate();
                output.count(message.place.input, Bucket::Attributed, message.bytes);
                return;
            }
            if open.is_reported()
                && let Some(done) = self.open.remove(at)
            {
                self.emit(done, output);
            }
        }
        self.emulated |= report.emulated;
        self.note_format(report.json);
        if self.emulated {
            self.join_emulated(report.id, message);
        }
        // What a handler did not handle makes the report of a Managed Instance one of an error.
        if !(report.is_of_managed_instances() && report.status == Some(Status::Success)) {
            self.claim_loose(report.id, message.at);
        }
        self.settle_failed_init(report.id, message);
        self.settle_told_beside(report.id, message, output);
        let peak = self.peak_before(Some(report.id));
        let emulated = self.emulated && report.metrics.max_memory_used_mb == report.metrics.memory_size_mb;
        let mut open = self.open_for(message, report.id, output);
        open.touch(message);
        open.report(report, message);
        open.attempt.earlier_peak_mb = peak;
        open.attempt.emulated |= emulated;
        let concurrent = open.attempt.concurrent;
        drop(open);
        self.concurrent |= concurrent;
        self.peak_mb = report.metrics.max_memory_used_mb.or(self.peak_mb);
    }

    /// Gives the end of a request that did not start to the only one that did not end. Some local emulators print one id at
    /// START and another at END and REPORT.
    fn join_emulated(&mut self, id: RequestId, message: &Message<'_>) {
        let is_rest = |at: &usize| {
            let open = &self.open[*at];
            open.id() == Some(id) && open.lacks_start() && !open.is_reported()
        };
        let mut others = self.open.running().filter(|at| !is_rest(at));
        let (Some(owner), None) = (others.next(), others.next()) else { return };
        drop(others);
        let open = &self.open[owner];
        let ends = !open.lacks_start() && !open.attempt.end_seen && open.id() != Some(id);
        if !ends || self.open.of(Some(id)).any(|at| !is_rest(&at)) {
            return;
        }
        let rest = self.open.of(Some(id)).find(is_rest);
        let rest = rest.and_then(|at| self.open.remove(at));
        let owner = self.open.running().find(|at| self.open[*at].id() != Some(id));
        let Some(mut owner) = owner.and_then(|at| self.open.edit(at)) else { return };
        if let Some(rest) = rest {
            owner.append(rest, message.keep);
        }
        owner.attempt.request_id = Some(id);
    }

    /// Takes a REPORT of which nothing can be read: the end of its attempt must not be guessed.
    fn unreadable_report(&mut self, message: &Message<'_>, id: Option<RequestId>, output: &mut dyn Output) {
        if let Some(id) = id.filter(|id| !self.recent.contains(*id)) {
            self.open_for(message, id, output).attempt.report_in_doubt = true;
        } else if id.is_none() {
            // It belongs to one of the running attempts, and nothing tells which.
            self.open.mark_running(Mark::ReportInDoubt);
        }
        output.count(message.place.input, Bucket::Unrecognized, message.bytes);
    }

    /// Returns the memory peak that an attempt starts from: none if the process of the attempt before ended, because
    /// the next process begins anew.
    pub(super) fn peak_before(&mut self, id: Option<RequestId>) -> Option<u32> {
        if self.open.has_ended_process_beside(id) {
            self.peak_mb = None;
        }
        self.peak_mb
    }

    /// Takes a sign for which the platform gives a request id.
    fn sign_of(&mut self, message: &Message<'_>, id: RequestId, kind: SignKind, output: &mut dyn Output) {
        if self.recent.contains(id) && self.open.first_of(Some(id)).is_none() {
            output.count(message.place.input, Bucket::Attributed, message.bytes);
            return;
        }
        self.note_told_beside(id);
        let mut open = self.open_for(message, id, output);
        open.touch(message);
        let phase = if open.is_reported() { Phase::Late } else { Phase::Invoke };
        open.sign(phase, kind, message);
    }

    /// Takes a timeout without an id: of the attempt that runs alone, or ended last.
    fn timed_out_alone(&mut self, message: &Message<'_>, kind: SignKind, output: &mut dyn Output) {
        let alone = self.current().or_else(|| self.open.latest_reported());
        if let Some(mut open) = alone.and_then(|at| self.open.edit(at)) {
            open.touch(message);
            let phase = if open.is_reported() { Phase::Late } else { Phase::Invoke };
            open.sign(phase, kind, message);
        } else if self.open.is_empty() {
            self.flush_lone_error(output);
            self.pending.touch(message);
            self.pending.sign(kind, message);
        } else {
            output.count(message.place.input, Bucket::Unattributed, message.bytes);
        }
    }

    fn crash(&mut self, message: &Message<'_>, crash: &CrashLine<'_>, output: &mut dyn Output) {
        let kind = || SignKind::Crash { message: crash.message.into(), error_type: crash.error_type.map(Into::into) };
        let Some(id) = crash.id else {
            let last = self.open.last().filter(|_| !self.pending.tells_of_init());
            if let Some(mut open) = last.and_then(|at| self.open.edit(at)) {
                open.touch(message);
                let phase = if open.is_reported() { Phase::Late } else { Phase::Invoke };
                note_platform_code(&mut open, crash);
                open.sign(phase, kind(), message);
            } else {
                // What a process or an init says before it ends is of the same attempt.
                let goes_on = self.pending.signs.last().is_some_and(|last| foretells_exit(&last.kind));
                if !crash.message.is_empty() && !goes_on {
                    self.flush_lone_error(output);
                }
                self.pending.touch(message);
                self.pending.sign(kind(), message);
            }
            return;
        };
        self.sign_of(message, id, kind(), output);
        if let Some(at) = self.open.first_of(Some(id))
            && let Some(mut open) = self.open.edit(at)
        {
            note_platform_code(&mut open, crash);
        }
    }

    fn app(&mut self, message: &Message<'_>, line: &AppLine<'_>, output: &mut dyn Output) {
        if line.in_doubt && line.id.is_none() {
            self.doubt_running();
        }
        if is_of_init(line) && self.may_mix_inits() && !self.has_other_format(line) {
            self.hold_init_error(message, line);
            return;
        }
        if self.is_printed_error(line, message) {
            self.ordinary_line(message, output);
            return;
        }
        if let Some(at) = self.owner_of(message, line) {
            if is_loose(line) {
                self.note_loose(message, self.open[at].id());
            } else {
                self.note_concurrency(at);
            }
            if let Some(mut open) = self.open.edit(at) {
                open.note_line(line);
                open.app_error(line.level, line.error.as_ref(), message);
            }
            return;
        }
        match line.id {
            Some(id)
                if self.is_superseded(id)
                    || self.is_of_another(line, message)
                    || !self.starts_seen && !self.recent.contains(id) && !self.may_be_printed(line) =>
            {
                let mut open = self.open_for(message, id, output);
                open.note_line(line);
                open.app_error(line.level, line.error.as_ref(), message);
            }
            Some(id) if self.recent.contains(id) => {
                output.count(message.place.input, Bucket::Attributed, message.bytes);
            }
            None if self.begins_environment() => {
                if is_loose(line) {
                    self.note_loose(message, None);
                }
                self.pending.app_error(line.level, line.error.as_ref(), message);
            }
            _ if self.open.has_running() => {
                output.count(message.place.input, Bucket::Unattributed, message.bytes);
            }
            _ => {
                if line.error.as_ref().is_some_and(|error| error.form.ends_alone()) {
                    self.flush_lone_error(output);
                }
                self.pending.served |= self.begun && self.known_stream;
                if line.error.is_some() && self.pending.is_full() {
                    self.flush_errors_of_clients(output);
                }
                self.pending.app_error(line.level, line.error.as_ref(), message);
            }
        }
    }

    /// Returns whether an error has the shape of a client in JSON, in a log of which the platform writes all in text.
    fn has_other_format(&self, line: &AppLine<'_>) -> bool {
        let shape = line.error.as_ref().and_then(|error| error.shape_of);
        self.in_text && !self.in_json && !self.emulated && shape.is_some_and(JsonShape::is_of_format_json)
    }

    /// Returns whether a function of this log may have printed the answer of another one.
    fn may_be_printed(&self, line: &AppLine<'_>) -> bool {
        let is_answer = line.error.as_ref().is_some_and(|error| error.form == ErrorForm::Answer);
        is_answer && (self.known_stream || self.of_lambda)
    }

    /// Returns whether nothing but lines of functions was read in a text that names no stream: people copy errors alone.
    pub(super) fn has_errors_alone(&self) -> bool {
        !self.known_stream && !self.begun && self.open.is_empty() && !self.pending.tells_of_init()
    }

    /// Returns whether a stream that Lambda named has shown no line of the platform, nor an id: a filter has picked its
    /// errors.
    pub(super) fn is_picked(&self) -> bool {
        self.known_stream
            && self.of_lambda
            && !self.begun
            && self.open.is_empty()
            && self.failed_init.is_none()
            && !self.pending.tells_of_init()
    }

    /// Closes the errors that ended an attempt each, where a filter has picked them.
    pub(super) fn flush_errors_of_clients(&mut self, output: &mut dyn Output) {
        if !self.is_picked() {
            return;
        }
        let bytes = std::mem::take(&mut self.pending.client_bytes);
        self.pending.bytes = self.pending.bytes.saturating_sub(bytes);
        for (first, sign) in (0u64..).zip(self.pending.take_errors_of_clients()) {
            self.parted.get_or_insert(sign.line.place);
            emit_lone_error(Pending::of_one(sign, if first == 0 { bytes } else { 0 }), output);
        }
    }

    /// Sets an error that stands alone aside, before the next one.
    fn flush_lone_error(&mut self, output: &mut dyn Output) {
        if !self.has_errors_alone() || !self.pending.is_lone_error() {
            return;
        }
        let lone = self.lone.get_or_insert_default();
        if lone.len() == LONE_ERRORS {
            emit_lone_error(lone.remove(0), output);
        }
        lone.push(std::mem::take(&mut self.pending));
    }

    /// Puts errors before the next lines again: they are of an environment that has begun, or of an attempt.
    pub(super) fn rejoin_lone_errors(&mut self, keep: &Keep) {
        let Some(lone) = self.lone.take() else { return };
        let later = std::mem::take(&mut self.pending);
        for pending in lone.into_iter().chain([later]) {
            self.pending.append(pending, keep);
        }
    }

    /// Finds the running attempt that a line about the environment belongs to.
    fn running(&mut self) -> Option<Edit<'_>> {
        if self.begins_environment() {
            return None;
        }
        self.current().and_then(|at| self.open.edit(at))
    }

    /// Returns the latest attempt that is open, reported or not.
    fn latest(&mut self) -> Option<Edit<'_>> {
        self.open.last().and_then(|at| self.open.edit(at))
    }

    /// Returns whether an environment has begun without a request yet, while attempts of others may be running. Lines
    /// about an init, and errors without an id, then belong to that environment.
    pub(super) fn begins_environment(&self) -> bool {
        self.pending.fresh && !self.known_stream
    }

    /// Finds the open attempt of an id, or begins one without START.
    fn open_for(&mut self, message: &Message<'_>, id: RequestId, output: &mut dyn Output) -> Edit<'_> {
        // A fragment without an id at the head of a part belongs to this attempt.
        let at = self.open.latest_of(Some(id)).or_else(|| self.open.first_of(None));
        let at = match at {
            Some(at) => at,
            None => {
                if self.known_stream && !self.open.has_running_json() {
                    self.give_way(message.at, message.keep, output);
                }
                // What stands between is not of an attempt that began before.
                let goes_on = self.is_superseded(id);
                let before = if goes_on { Pending::default() } else { std::mem::take(&mut self.pending) };
                self.begun = true;
                // Whole attempts wait for late lines only while there are few.
                if self.open.len() - self.open.count_running() >= WHOLE_AT_ONCE {
                    self.close(ClosedBy::Reported, output);
                }
                self.open.push(headless(id, message, before));
                self.open.last().unwrap_or_default()
            }
        };
        self.note_concurrency(at);
        let mut open = self.open.edit_found(at);
        open.attempt.request_id = open.attempt.request_id.or(Some(id));
        open
    }

    /// Closes attempts that get no more late lines. A line of the function does not end one that is running: its time may
    /// be one that the function printed.
    #[inline]
    pub(super) fn close_reported(&mut self, now: Option<Timestamp>, output: &mut dyn Output) {
        if let Some(now) = now
            && self.open.has(ClosedBy::ReportedAndOverdue(now))
        {
            self.close(ClosedBy::ReportedAndOverdue(now), output);
        }
    }

    /// Closes attempts that are overdue by log time.
    #[inline]
    pub(super) fn close_overdue(&mut self, now: Option<Timestamp>, output: &mut dyn Output) {
        if let Some(now) = now
            && self.open.has(ClosedBy::Overdue(now))
        {
            self.close(ClosedBy::Overdue(now), output);
        }
    }

    pub(super) fn close(&mut self, which: ClosedBy, output: &mut dyn Output) {
        if let Some(closed) = self.open.remove_indexed(which) {
            closed.into_iter().for_each(|open| self.emit(open, output));
            return;
        }
        let mut at = 0;
        while let Some(open) = self.open.remove_next(which, &mut at) {
            self.emit(open, output);
        }
    }

    /// Hands a closed attempt over, or holds it back while an earlier part may still change it.
    pub(super) fn emit(&mut self, open: Box<OpenAttempt>, output: &mut dyn Output) {
        if open.ended_process() {
            self.peak_mb = None;
        }
        let Some(open) = self.rejoin(open) else { return };
        // What has no REPORT may go on behind a line that the function printed, or behind another START.
        let may_go_on = self.known_stream && !open.is_reported();
        if let Some(id) = open.id().filter(|_| !may_go_on) {
            self.recent.push(id);
        }
        if let Some(open) = self.held.hold(open) {
            self.spare = Some(hand_over(open, self.of_lambda, output));
        }
    }

    /// Ends an environment whose init failed and was followed by another one, without a request.
    pub(super) fn flush_environment(&mut self, output: &mut dyn Output) {
        let pending = std::mem::take(&mut self.pending);
        if self.outlives_environment(&pending) {
            // Another environment has begun since, and failed as well.
            if let Some(earlier) = self.failed_init.take_if(|earlier| earlier.fresh && pending.fresh)
                && let Some(earlier) = self.held.hold_pending(earlier)
            {
                emit_pending(earlier, true, output);
            }
            let failed = self.failed_init.get_or_insert_default();
            failed.append(pending, &Keep::LAST);
            failed.outlived = true;
            return;
        }
        if let Some(open) = self.held.hold_pending(pending) {
            emit_pending(open, false, output);
        }
    }
}

/// Returns a text that is nearly always the same as last time, without a copy if so.
fn shared(last: &mut Option<Arc<str>>, text: &str) -> Arc<str> {
    match last {
        Some(known) if **known == *text => Arc::clone(known),
        _ => Arc::clone(last.insert(text.into())),
    }
}

/// Returns whether the time of a statement is that of the log, also where lines have no time but what they say themselves.
fn tells_time(record: &Statement<'_>) -> bool {
    use Statement::{App, ExitedEarly, Foreign, Insights, ReportBegun, TimedOut, UnreadableReport, Unrecognized};
    !matches!(
        record,
        App(_)
            | Foreign(_)
            | Insights(_)
            | Unrecognized
            | ReportBegun
            | UnreadableReport { .. }
            | TimedOut { .. }
            | ExitedEarly { .. }
    )
}

/// Returns whether the end of the process follows.
fn foretells_exit(kind: &SignKind) -> bool {
    use ErrorForm::{Crash, OutOfMemory, Uncaught, UnhandledRejection};
    match kind {
        SignKind::InitFailed { .. } => true,
        SignKind::Error(error) => matches!(error.form, Crash | OutOfMemory | Uncaught | UnhandledRejection),
        _ => false,
    }
}

fn note_platform_code(open: &mut OpenAttempt, crash: &CrashLine<'_>) {
    if open.attempt.platform_error_type.is_none() {
        open.attempt.platform_error_type = crash.error_type.map(Into::into);
    }
}

/// Creates an attempt whose START is missing. Lines before it are its own, unless they report an init.
fn headless(id: RequestId, message: &Message<'_>, before: Pending) -> Box<OpenAttempt> {
    let mut open = OpenAttempt::begin(None, Some(id), message, Pending::default());
    if !before.is_empty() {
        open.attempt.place = before.first_place;
        open.attempt.started_at = before.first_at.or(message.at);
    }
    open.attempt.runtime = before.runtime.clone();
    open.attempt.version = before.version.clone();
    open.attempt.function = before.function.clone();
    if before.tells_of_init() {
        open.before = before;
    } else {
        open.adopt(before, message.keep);
    }
    open
}

/// Closes an attempt for good and counts its bytes. Returns it, so that its memory is reused.
pub(super) fn hand_over(mut open: Box<OpenAttempt>, of_lambda: bool, output: &mut dyn Output) -> Box<OpenAttempt> {
    if !of_lambda && open.is_lines_alone() {
        output.count(open.attempt.place.input, Bucket::Unattributed, open.before.bytes + open.bytes);
        return open;
    }
    // What printed the START of another attempt and has no end of its own may have been printed itself.
    if (open.start_behind_end || open.printed_start) && !open.is_reported() {
        output.disordered(open.attempt.place);
    }
    output.count(open.attempt.place.input, Bucket::Environment, open.before.bytes);
    if let Some(begun) = open.begun_report.filter(|_| !open.is_reported()) {
        open.attempt.report_in_doubt = true;
        let bytes = begun.bytes.min(open.bytes);
        open.bytes -= bytes;
        output.unread_report(begun.place);
        output.count(begun.place.input, Bucket::Unrecognized, bytes);
    }
    output.count(open.attempt.place.input, Bucket::Attributed, open.bytes);
    open.close();
    let handed_over = open.hand_over_lines();
    output.closed(&mut open.attempt);
    if handed_over {
        open.take_lines_back();
    }
    open
}

/// Returns the place and time of the first line of what an attempt without a line of its own is made of.
fn begins_with(pending: &Pending) -> Message<'static> {
    let (at, place) = (pending.first_at, pending.first_place);
    Message { at, place, text: b"", escaped: false, bytes: 0, keep: &Keep::LAST }
}

/// Closes an error that stands alone, as an attempt of which nothing else is known.
pub(super) fn emit_lone_error(pending: Pending, output: &mut dyn Output) {
    output.count(pending.first_place.input, Bucket::Attributed, pending.bytes);
    let message = begins_with(&pending);
    let mut open = OpenAttempt::begin(None, None, &message, Pending::default());
    open.adopt(pending, &Keep::LAST);
    open.cut_start();
    open.cut_end();
    open.close();
    open.hand_over_lines();
    output.closed(&mut open.attempt);
}

/// Closes lines that no request followed: they are a failed environment, or belong to nothing. `mixed` says that the
/// request may be one of those that other environments had.
pub(super) fn emit_pending(pending: Pending, mixed: bool, output: &mut dyn Output) {
    if pending.is_empty() {
        return;
    }
    let failed = pending.init_failed();
    let bucket = if pending.tells_of_init() || failed { Bucket::Environment } else { Bucket::Outside };
    output.count(pending.first_place.input, bucket, pending.bytes);
    if !failed {
        return;
    }
    let message = begins_with(&pending);
    let mut open = OpenAttempt::begin(None, None, &message, pending);
    open.attempt.subject = Subject::Environment;
    open.attempt.error_unsure = mixed;
    open.attempt.runtime = open.before.runtime.clone();
    open.attempt.version = open.before.version.clone();
    open.attempt.function = open.before.function.clone();
    open.last_at = open.before.last_at;
    open.close();
    open.hand_over_lines();
    output.closed(&mut open.attempt);
}
