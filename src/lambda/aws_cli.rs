//! What the AWS CLI prints when it stops in the middle of a log that it was asked for.

/// First letters of its last words.
pub(crate) const BEGINNINGS: [&str; 3] = ["aws: [ERROR]", "'charmap' codec", BOTOCORE_ERROR];

/// How botocore, on which the AWS CLI and boto3 stand, begins the message of a failed call; its code follows.
pub(crate) const BOTOCORE_ERROR: &str = "An error occurred (";

/// Operations that give log events.
const OPERATIONS: [&str; 4] = ["FilterLogEvents", "GetLogEvents", "StartLiveTail", "GetQueryResults"];

/// Returns whether a message says that the AWS CLI stopped: with an error of its own, a character that the console cannot
/// show, or an answer of CloudWatch Logs.
pub(crate) fn has_stopped(message: &[u8]) -> bool {
    let starts = |begin: &str| message.starts_with(begin.as_bytes());
    let names_operation = || OPERATIONS.iter().any(|name| memchr::memmem::find(message, name.as_bytes()).is_some());
    let encoding = || memchr::memmem::find(message, b"codec can't encode character").is_some();
    starts(BEGINNINGS[0]) || starts(BEGINNINGS[1]) && encoding() || starts(BEGINNINGS[2]) && names_operation()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_known() {
        for text in [
            "aws: [ERROR]: 'charmap' codec can't encode character '\\u2705' in position 47",
            "'charmap' codec can't encode character '\\u2705' in position 47: character maps to <undefined>",
            "An error occurred (ThrottlingException) when calling the FilterLogEvents operation: Rate exceeded",
        ] {
            assert!(has_stopped(text.as_bytes()), "{text}");
        }
        for text in
            ["An error occurred (AccessDenied) when calling the PutItem operation", "aws is fine", "'charmap' codec"]
        {
            assert!(!has_stopped(text.as_bytes()), "{text}");
        }
    }
}
