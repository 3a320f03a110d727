//! What the caller of an invocation was told: that it failed, and the answer above the title of a log.

use super::TextShape;
use super::structured;
use crate::lambda::invoke::{FUNCTION_ERROR_LINE, TAB_FAILED, is_function_error, is_log_label, is_tab_status};
use crate::model::{AppError, AppLine, ErrorForm, Level, Statement};

pub(super) const SHAPE: TextShape = TextShape { begins: &[FUNCTION_ERROR_LINE, TAB_FAILED], parse };

fn parse(text: &str) -> Option<AppLine<'static>> {
    if let Some(line) = of_tab(text) {
        return Some(line);
    }
    let value = text.strip_prefix(FUNCTION_ERROR_LINE)?.trim_ascii_end();
    let error = Some(AppError::of(ErrorForm::Answer));
    is_function_error(value.as_bytes()).then_some(AppLine { level: Level::Error, error, ..AppLine::default() })
}

/// Parses the head of the test tab, above the title of a log. Of an invocation that ended well, an answer that looks like that
/// of another tells nothing.
fn of_tab(text: &str) -> Option<AppLine<'static>> {
    let failed = text.starts_with(TAB_FAILED);
    let (_, rest) =
        text.split_once('\n').filter(|_| is_tab_status(text.lines().next().unwrap_or_default().as_bytes()))?;
    if !failed {
        return Some(AppLine::default());
    }
    let told = rest.find('{').and_then(|at| structured::parse(rest.get(at..)?)).and_then(|line| line.error);
    let error = told.filter(|error| error.form == ErrorForm::Answer).unwrap_or_else(|| AppError::of(ErrorForm::Answer));
    let error = Some(AppError { form: ErrorForm::AnswerAbove, ..error });
    Some(AppLine { level: Level::Error, error, ..AppLine::default() })
}

/// Tells the answer above the title of a log from others: it is that of the attempt in the log.
pub(super) fn with_title(mut statement: Statement<'static>, text: &str) -> Statement<'static> {
    if let Statement::App(line) = &mut statement
        && let Some(error) = &mut line.error
        && text.lines().next_back().is_some_and(|last| is_log_label(last.as_bytes()))
    {
        error.form = ErrorForm::AnswerAbove;
    }
    statement
}
