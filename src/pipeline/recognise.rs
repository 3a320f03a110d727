//! Recognition of a single log line: what it is, its meaning for an attempt, and the code to read about.

use super::paste;
use crate::assemble::{Assembler, Message, Output, join};
use crate::model::{AppError, AppLine, Attempt, Bucket, Category, ErrorForm, Keep, Level, Place, RequestId, Statement};
use crate::{parse, rules};

/// Recognised line, and the code whose page tells more.
#[derive(Debug)]
pub(crate) struct Recognised {
    /// Description: a sentence without its full stop.
    pub what: String,
    /// Code, if the line leads to one.
    pub code: Option<&'static str>,
    /// Whether the function logged an error that nothing shows to have ended anything.
    logged: bool,
}

/// Recognises one line, or a pasted part of one. A word without a blank is no line.
#[must_use]
pub(crate) fn recognise(text: &str) -> Option<Recognised> {
    if !paste::is_line(text) {
        return None;
    }
    let restored = paste::restored(text);
    let pieces = || paste::pieces(&restored).chain([text]).filter_map(|piece| read(piece, "line"));
    let sentences = || paste::around_sentence(&restored).filter_map(|line| read(&line, "sentence"));
    let names_error = paste::tells_of_error(&restored);
    let fits = |code: &str| code != UNKNOWN && (names_error || code != UNHANDLED);
    let around =
        || paste::around(&restored).filter_map(|line| read(&line, "line").filter(|it| it.code.is_some_and(fits)));
    // A logged mention of a sentence is none of the platform, but the sentence is what somebody asks about.
    let sure = pieces().chain(sentences()).chain(around()).find(Recognised::is_sure);
    sure.or_else(|| pieces().chain(around()).find(|found| found.code.is_some())).or_else(|| pieces().next())
}

/// Recognises the message of an error, without its type and whatever stood around it.
#[must_use]
pub(crate) fn recognise_message(text: &str) -> Option<Recognised> {
    let code = [ErrorForm::Unhandled, ErrorForm::Init].into_iter().find_map(|form| {
        let error = AppError { message: Some(text.into()), ..AppError::of(form) };
        let line = AppLine { level: Level::Error, error: Some(error), ..AppLine::default() };
        let code = rules::judge(&judged(text, &Statement::App(Box::new(line)))?).code;
        (![UNHANDLED, UNKNOWN, "init_failure.exception"].contains(&code)).then_some(code)
    })?;
    Some(Recognised { what: "Read as the message of an error".into(), code: Some(code), logged: true })
}

/// Code of an error of which nothing more is known.
const UNHANDLED: &str = "runtime_exception.unhandled";
/// Code of an end that nothing explains.
const UNKNOWN: &str = "unknown";

impl Recognised {
    /// Returns whether the line by itself decides how an attempt ended.
    fn is_sure(&self) -> bool {
        !self.logged && self.code.is_some_and(|code| code != UNKNOWN)
    }
}

/// Describes a line and finds its code. `unit` names what was pasted: a line or a sentence.
fn read(text: &str, unit: &str) -> Option<Recognised> {
    let record = parse::parse(text);
    let what = describe(&record)?;
    if let Statement::App(line) = &record
        && let Some(error) = line.error.as_ref().filter(|error| error.form == ErrorForm::Logged)
    {
        let error = AppError { form: ErrorForm::Unhandled, ..error.clone() };
        let ended = AppLine { level: Level::Error, error: Some(error), ..AppLine::default() };
        let ended = Statement::App(Box::new(ended));
        let code = judged(text, &ended).map(|attempt| rules::judge(&attempt).code);
        let what = format!("{what}. A logged error alone is not a failure; if it ends an attempt, the code is this");
        return Some(Recognised { what, code, logged: true });
    }
    let verdict = judged(text, &record).map(|attempt| rules::judge(&attempt));
    let verdict = verdict.filter(|verdict| verdict.category != Category::Incomplete);
    let sure = verdict.as_ref().map_or("", |verdict| verdict.confidence.as_str());
    let code = verdict.map(|verdict| verdict.code);
    let judged = code.map_or(String::new(), |code| format!(". By this {unit} alone: {code} ({sure})"));
    Some(Recognised { what: format!("{what}{judged}"), code, logged: false })
}

/// Returns a sentence on the kind of line; `None` for an ordinary line.
fn describe(record: &Statement<'_>) -> Option<String> {
    Some(match record {
        Statement::InitStart(_) => "The platform starts an environment (INIT_START)".into(),
        Statement::InitReport(report) => format!("The platform reports an init (status {})", report.status.as_str()),
        Statement::RestoreStart(_) => "The platform restores a snapshot (RESTORE_START)".into(),
        Statement::RestoreReport(report) => {
            format!("The platform reports a restore (status {})", report.status.as_str())
        }
        Statement::Start { .. } => "The platform starts an attempt (START)".into(),
        Statement::End { .. } => "The platform ends an attempt (END)".into(),
        Statement::RuntimeDone { status, .. } => format!("The runtime is done (status {})", status.as_str()),
        Statement::Report(report) => match report.status {
            Some(status) => format!("The platform's REPORT of an attempt (status {})", status.as_str()),
            None => {
                "The platform's REPORT of an attempt, without a status: the platform saw nothing bad, but a handler \
                     that throws looks the same"
                    .into()
            }
        },
        Statement::TimedOut { .. } => "The platform cut an attempt at its time limit".into(),
        Statement::Crash(_) => "The platform saw a process end".into(),
        Statement::ExitedEarly { .. } => "The process ended before it answered (runtimes before 2019)".into(),
        Statement::Extension { error_type: None, .. } => "The platform reports an extension; it is fine".into(),
        Statement::Extension { .. } => "The platform could not start or lost an extension".into(),
        Statement::ImageError { .. } => "The container image could not be started".into(),
        Statement::LogsDropped { .. } => "The platform lost log lines".into(),
        Statement::Informational => "A line of the platform that says nothing about an end".into(),
        Statement::Foreign(kind) => format!("A line of another kind of log: {kind}"),
        Statement::Insights(_) => "An event of Lambda Insights: figures of one attempt, joined to it by its id".into(),
        Statement::UnreadableReport { .. } => {
            "A REPORT without a figure or a status that can be read: how the attempt ended is not known".into()
        }
        Statement::ReportBegun => "The beginning of a REPORT, or a word of the function".into(),
        Statement::Unrecognized => "It begins like a line of the platform and does not go on like one".into(),
        Statement::App(line) => match &line.error {
            Some(error) => describe_error(error.form).into(),
            None if line.level >= Level::Error => "A line of the function at level ERROR".into(),
            None => return None,
        },
    })
}

fn describe_error(form: ErrorForm) -> &'static str {
    match form {
        ErrorForm::Unhandled => "The runtime client says that the handler failed",
        ErrorForm::MaybeUnhandled => {
            "The Node.js runtime client says that the handler failed, or the code logged an error"
        }
        ErrorForm::Uncaught => "The runtime client met an error outside of the handler; its process exits",
        ErrorForm::UnhandledRejection => "A promise was rejected and nobody handled it; the process exits",
        ErrorForm::Init => "The runtime client could not load the code",
        ErrorForm::Crash => "The last words of a process; they count only if the process is then seen to end",
        ErrorForm::OutOfMemory => "The language ran out of memory; it counts only if the process is then seen to end",
        ErrorForm::Response => "The runtime client could not deliver the answer",
        ErrorForm::Answer => "The answer of an invocation that failed; it counts only where no attempt runs",
        ErrorForm::AnswerAbove => "The answer of an invocation that failed, above its log",
        ErrorForm::Logged => "The code logged an error",
    }
}

/// Output of an assembler that keeps its attempts.
#[derive(Default)]
struct Kept(Vec<Attempt>);

impl Output for Kept {
    fn closed(&mut self, attempt: &mut Attempt) {
        self.0.push(std::mem::take(attempt));
    }

    fn count(&mut self, _: u32, _: Bucket, _: u64) {}

    fn duplicate(&mut self) {}
    fn crowded(&mut self, _: Place) {}
    fn unread_report(&mut self, _: Place) {}
    fn parted(&mut self, _: Place) {}
    fn disordered(&mut self, _: Place) {}
}

/// Builds the attempt that the line would be part of, as far as it shows. A last word of a process is followed by its
/// end.
fn judged(text: &str, record: &Statement<'_>) -> Option<Attempt> {
    let message = |line| Message {
        at: None,
        place: Place::at(0, line),
        text: text.as_bytes(),
        escaped: false,
        bytes: 0,
        keep: &Keep::LAST,
    };
    let mut kept = Kept::default();
    let mut assembler = Assembler::new(true, true);
    let of_environment = matches!(
        record,
        Statement::InitReport(_)
            | Statement::RestoreReport(_)
            | Statement::Extension { .. }
            | Statement::ImageError { .. }
    );
    let id = id_of(record).unwrap_or(RequestId::from_bits(1));
    if !of_environment {
        let start = Statement::Start {
            id,
            version: None,
            function_arn: None,
            tenant_id: None,
            xray_trace_id: None,
            json: text.trim_start().starts_with('{'),
        };
        assembler.record(&message(1), &start, None, &mut kept);
    }
    assembler.record(&message(2), record, None, &mut kept);
    if let Statement::App(line) = record
        && let Some(ErrorForm::Crash | ErrorForm::OutOfMemory) = line.error.as_ref().map(|error| error.form)
    {
        let crash = crate::model::CrashLine { id: Some(id), message: "", error_type: Some("Runtime.ExitError") };
        assembler.record(&message(3), &Statement::Crash(crash), None, &mut kept);
    }
    join([assembler.finish()], &Keep::LAST, &mut kept);
    kept.0.pop()
}

fn id_of(record: &Statement<'_>) -> Option<RequestId> {
    match record {
        Statement::Start { id, .. }
        | Statement::End { id }
        | Statement::RuntimeDone { id, .. }
        | Statement::ExitedEarly { id } => Some(*id),
        Statement::Report(report) => Some(report.id),
        Statement::TimedOut { id, .. } => *id,
        Statement::Crash(crash) => crash.id,
        Statement::App(line) => line.id,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34";

    fn code(line: &str) -> Option<&'static str> {
        recognise(&line.replace("$ID", ID)).and_then(|found| found.code)
    }

    #[test]
    fn a_line_leads_to_its_page() {
        for (line, want) in [
            ("2026-01-02T03:04:05.678Z $ID Task timed out after 3.00 seconds", "timeout.invoke"),
            (
                "REPORT RequestId: $ID\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 512 MB\tMax Memory Used: 512 MB\tStatus: error\tError Type: Runtime.OutOfMemory",
                "out_of_memory.killed",
            ),
            (
                "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'yaml'",
                "init_failure.import",
            ),
            ("INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout", "init_failure.timeout"),
            ("panic: assignment to entry in nil map", "runtime_exception.unhandled"),
            (
                "[ERROR] ClientError: An error occurred (ThrottlingException) when calling the PutItem operation: slow",
                "downstream.throttled",
            ),
            (
                "IMAGE\tLaunch error: fork/exec /srv/run: exec format error\tEntrypoint: [/srv/run]",
                "init_failure.entrypoint",
            ),
            ("2026-01-02T03:04:05.678Z\t$ID\tERROR\tError: connect ECONNREFUSED 10.0.0.9:80", "downstream.connection"),
        ] {
            assert_eq!(code(line), Some(want), "{line}");
        }
    }

    /// Lists the forms of one line in a ticket or a chat.
    fn pasted(line: &str) -> Vec<(&'static str, String)> {
        const TIMES: [&str; 5] = [
            "2026-01-02T03:04:05.678Z",
            "2016-01-02T03:04:05.678Z",
            "2026-01-02 03:04:05.123",
            "2026-01-02 03:04:05",
            "2026/01/02 03:04:05",
        ];
        let trim = |text: &str| text.trim_start_matches([' ', '\t']).to_owned();
        let without_time =
            |text: &str| TIMES.iter().fold(trim(text), |text, time| trim(text.strip_prefix(time).unwrap_or(&text)));
        let without_id = |text: &str| {
            let ids = [format!("RequestId: {ID} "), format!("{ID}\t"), format!("{ID} ")];
            trim(&ids.iter().fold(text.to_owned(), |text, id| text.replacen(id, "", 1)))
        };
        let without_level = line.strip_prefix("[ERROR] ").filter(|rest| rest.contains(['.', '\n', '\r']));
        let one_line = line.trim().lines().count() < 3;
        vec![
            ("as it is", line.to_owned()),
            ("without time", without_time(line)),
            ("without id", without_id(line)),
            ("without time and id", without_time(&without_id(&without_time(line)))),
            ("without level", without_level.unwrap_or(line).to_owned()),
            ("quoted", format!("\"{line}\"")),
            ("as code", format!("`{line}`")),
            ("cut", format!("{}…", line.trim_end())),
            ("in a list", format!("- {line}")),
            ("without tabs", line.replace('\t', " ")),
            ("on one line", if one_line { line.replace('\n', " ") } else { line.to_owned() }),
            ("as shown by us", crate::render::one_line(line).into_owned()),
            ("behind a service", format!("orders-1  | {line}")),
            (
                "behind time and stream",
                format!("2026-01-02T03:04:05.678000+00:00 2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 {line}"),
            ),
        ]
    }

    #[test]
    fn what_was_pasted_of_a_line_leads_to_the_page_of_the_line() {
        let (mut wrong, mut leading) = (String::new(), 0);
        let samples = crate::parse::samples::texts().map(|line| line.replace("$ID", ID));
        for line in samples.filter(|line| paste::is_line(line)) {
            let want = read(&line, "line").and_then(|found| found.code);
            // These say too little to be recognised by a part of them.
            let without_type = line.contains("errorMessage") && !line.contains("errorType");
            let says_little = without_type || matches!(parse::parse(&line), Statement::UnreadableReport { .. });
            if want == Some(UNKNOWN) || says_little {
                continue;
            }
            leading += usize::from(want.is_some());
            // For a line that only mentions a sentence of the platform, the sentence counts.
            let mention = want.is_none() && line.contains("Task timed out");
            for (how, pasted) in pasted(&line) {
                let got = code(&pasted);
                if got != if mention { Some("timeout.invoke") } else { want } {
                    wrong.push_str(&format!("{how}: {pasted:?}\n  {got:?}, not {want:?}\n"));
                }
            }
        }
        assert!(leading > 80 && wrong.is_empty(), "{leading}\n{wrong}");
    }

    #[test]
    fn words_and_ordinary_lines_are_not_recognised() {
        assert!(recognise("timeout.invoke").is_none());
        assert!(recognise("order 17 was shipped").is_none());
        assert_eq!(code("START RequestId: $ID Version: 3"), None);
    }
}
