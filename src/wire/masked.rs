//! Masking of whole documents: of records and summaries that an earlier run wrote, which may have been asked to mask less.

use super::{Comparison, Gate, Record, Redaction, Summary};

impl Record {
    /// Masks the secrets in its names and texts: an earlier run may have been asked to leave them.
    pub(crate) fn mask(&mut self, redaction: &Redaction) {
        if let Some(message) = &mut self.error_message {
            *message = redaction.apply_to_message(self.error_type.as_deref(), message);
        }
        let named =
            [&mut self.account_id, &mut self.region, &mut self.log_group, &mut self.log_stream, &mut self.function];
        let told = [&mut self.version, &mut self.runtime, &mut self.architecture, &mut self.tenant_id];
        let linked = [&mut self.execution_arn, &mut self.request_id, &mut self.xray_trace_id, &mut self.progress];
        let said = [&mut self.platform_error_type, &mut self.error_type, &mut self.frame];
        let of_call = self
            .downstream
            .iter_mut()
            .flat_map(|call| [&mut call.service, &mut call.operation, &mut call.host, &mut call.error_code]);
        let of_causes = self.contributing.iter_mut().map(|cause| &mut cause.target);
        let texts = named.into_iter().chain(told).chain(linked).chain(said).chain([&mut self.last_line_before_end]);
        let texts = texts.chain(of_call).chain(of_causes).flatten();
        let lines = self.evidence.iter_mut().flat_map(|line| [&mut line.message, &mut line.input]);
        texts.chain(lines).for_each(|text| redaction.mask(text));
        if let Some(caught_by) = &mut self.caught_by {
            caught_by.condition.iter_mut().chain([&mut caught_by.input]).for_each(|text| redaction.mask(text));
        }
        for effect in &mut self.side_effects {
            redaction.mask(&mut effect.operation);
            for part in [&mut effect.target, &mut effect.id].into_iter().flatten() {
                *part = redaction.apply_to_part(part);
            }
        }
    }
}

impl Summary {
    /// Masks the request ids, which may be any word of a line.
    pub(crate) fn mask_request_ids(&mut self, redaction: &Redaction) {
        let of_events = self.events_to_check.iter_mut().map(|event| &mut event.request_id);
        let totals = std::iter::once(&mut self.totals);
        let of_functions = self.functions.iter_mut().chain(totals).flat_map(|function| {
            let groups = function.needs_person.groups.iter_mut().map(|group| &mut group.first_request_id);
            groups.chain(function.needs_person.examples.iter_mut().map(|example| &mut example.request_id))
        });
        of_events.chain(of_functions).flatten().for_each(|id| redaction.mask(id));
    }

    /// Masks what the account tells beside the log.
    pub(crate) fn mask_told_by_account(&mut self, redaction: &Redaction) {
        let checks = self.checks.iter_mut().map(|check| &mut check.evidence);
        let invokers = self.functions.iter_mut().flat_map(|function| &mut function.invokers);
        checks.chain(invokers.map(|invoker| &mut invoker.evidence)).for_each(|text| redaction.mask(text));
    }

    /// Masks what neither the logs nor the account tell: names of inputs, what settings say, owners, and what an earlier
    /// run wrote of itself.
    pub(crate) fn mask_around(&mut self, redaction: &Redaction) {
        let of_itself = [&mut self.tool_version, &mut self.catalogue_version, &mut self.window.source];
        let window = [&mut self.window.start, &mut self.window.end, &mut self.config_file].into_iter().flatten();
        let coverage = &mut self.coverage;
        let problems = coverage.inputs_unreadable.iter_mut().chain(&mut coverage.inputs_skipped);
        let inputs = problems.flat_map(|problem| [&mut problem.input, &mut problem.reason]).chain(&mut coverage.notes);
        let accounts = coverage.accounts.iter_mut().flat_map(|one| one.account_id.iter_mut().chain(&mut one.regions));
        let ignored = self.ignored.iter_mut().flat_map(|entry| {
            let about = [&mut entry.function, &mut entry.code, &mut entry.fingerprint, &mut entry.until];
            about.into_iter().flatten().chain([&mut entry.reason])
        });
        let owners = self.functions.iter_mut().chain([&mut self.totals]).filter_map(|row| row.owner.as_mut());
        let owners = owners.chain(self.causes.iter_mut().flat_map(|cause| &mut cause.owners));
        let texts = of_itself.into_iter().chain(window).chain(inputs).chain(accounts).chain(ignored).chain(owners);
        texts.for_each(|text| redaction.mask(text));
        self.gate.iter_mut().for_each(|gate| gate.mask(redaction));
        self.comparison.iter_mut().for_each(|comparison| comparison.mask_around(redaction));
    }

    /// Masks the secrets in its names and texts.
    ///
    /// # Errors
    /// If a part does not fit its own form.
    pub(crate) fn mask(&mut self, redaction: &Redaction) -> serde_json::Result<()> {
        if redaction.is_off() {
            return Ok(());
        }
        for function in self.functions.iter_mut().chain([&mut self.totals]) {
            *function = redaction.masked_document(function)?;
        }
        for cause in &mut self.causes {
            *cause = redaction.masked_document(cause)?;
        }
        for check in &mut self.checks {
            *check = redaction.masked_document(check)?;
        }
        self.comparison = redaction.masked_document(&self.comparison)?;
        self.events_to_check = redaction.masked_document(&self.events_to_check)?;
        self.mask_around(redaction);
        Ok(())
    }
}

impl Gate {
    /// Masks its conditions, which may come from a file.
    fn mask(&mut self, redaction: &Redaction) {
        for condition in &mut self.conditions {
            let told = [&mut condition.scope, &mut condition.reason].into_iter().flatten();
            let texts = [&mut condition.expression, &mut condition.level, &mut condition.unit, &mut condition.result];
            told.chain(texts).for_each(|text| redaction.mask(text));
        }
    }
}

impl Comparison {
    /// Masks what neither side tells of its logs.
    pub(crate) fn mask_around(&mut self, redaction: &Redaction) {
        for side in [&mut self.base, &mut self.head] {
            let told = [&mut side.input, &mut side.window.start, &mut side.window.end].into_iter().flatten();
            told.chain([&mut side.window.source]).for_each(|text| redaction.mask(text));
        }
        self.notes.iter_mut().chain([&mut self.tool_version]).for_each(|text| redaction.mask(text));
        self.gate.iter_mut().for_each(|gate| gate.mask(redaction));
    }
}
