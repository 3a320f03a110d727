//! What the caller of an invocation was told: that it failed, and the answer above the title of a log.

use super::TextShape;
use crate::lambda::invoke::{FUNCTION_ERROR_LINE, is_function_error, is_log_label};
use crate::model::{AppError, AppLine, ErrorForm, Level, Statement};

pub(super) const SHAPE: TextShape = TextShape { begins: &[FUNCTION_ERROR_LINE], parse };

fn parse(text: &str) -> Option<AppLine<'static>> {
    let value = text.strip_prefix(FUNCTION_ERROR_LINE)?.trim_ascii_end();
    let error = Some(AppError::of(ErrorForm::Answer));
    is_function_error(value.as_bytes()).then_some(AppLine { level: Level::Error, error, ..AppLine::default() })
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
