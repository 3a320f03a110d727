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
    // An answer without a stack looks like a line of Go's client.
    let error = told.filter(|error| error.error_type.is_some()).unwrap_or_else(|| AppError::of(ErrorForm::Answer));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a text: the level, and of its error the form, type and message.
    fn gist(text: &str) -> String {
        let Some(line) = parse(text) else { return "nothing".to_owned() };
        let Some(error) = line.error else { return format!("{:?}", line.level) };
        let part = |part: Option<std::borrow::Cow<'_, str>>| part.unwrap_or_default().into_owned();
        let told = format!("{:?} {:?} {} {}", line.level, error.form, part(error.error_type), part(error.message));
        told.trim_end().to_owned()
    }

    #[test]
    fn the_caller_was_told_of_a_failure() {
        let answer = "{\"errorMessage\":\"no stock\",\"errorType\":\"OutOfStock\"}";
        for (text, want) in [
            ("FunctionError: Unhandled".to_owned(), "Error Answer"),
            ("FunctionError: Unhandled, see below".to_owned(), "nothing"),
            (format!("Status: Failed\nResponse:\n{answer}"), "Error AnswerAbove OutOfStock no stock"),
            ("Status: Failed\nResponse:\nnull".to_owned(), "Error AnswerAbove"),
            (format!("Status: Succeeded\nResponse:\n{answer}"), "Info"),
            (format!("Status: Failed at first\nResponse:\n{answer}"), "nothing"),
        ] {
            assert_eq!(gist(&text), want, "{text}");
        }
    }
}
