//! Errors of libraries that work inside the process: no call was made, or none can have been. They bear the names of
//! drivers of remote services, or look like their errors.

use super::text::last_segment;
use super::words::Words;
use crate::model::AppError;

/// Texts of libraries in the process, each with the reason why no other service is at fault.
#[rustfmt::skip]
static TEXTS: Words<()> = Words::new(&[
    // SQLite: `sqlite3ErrorMsg` in its source, and the names of its drivers
    ("no such table: ", ()), ("no such column: ", ()), ("no such function: ", ()), ("no such module: ", ()), ("attempt to write a readonly database", ()),
    ("unable to open database file", ()), ("database is locked", ()), ("database table is locked", ()), ("database disk image is malformed", ()), ("file is not a database", ()),
    ("UNIQUE constraint failed: ", ()), ("NOT NULL constraint failed: ", ()), ("FOREIGN KEY constraint failed", ()), ("CHECK constraint failed: ", ()), ("datatype mismatch", ()),
    ("too many SQL variables", ()), ("unrecognized token: ", ()), ("Incorrect number of bindings supplied", ()), ("Cannot operate on a closed database", ()), ("SQLite objects created in a thread", ()),
    ("database or disk is full", ()), ("cannot start a transaction within a transaction", ()), ("sqlite3.", ()), ("SQLITE_", ()), ("SQLite3::", ()), ("SQLite Error ", ()), ("SqliteError", ()), ("SqliteException", ()), ("org.sqlite.", ()),
    // Drivers that have not called yet: arguments, missing parts, addresses that do not parse
    ("can't adapt type", ()), ("could not find driver", ()), ("No suitable driver", ()), ("not all arguments converted", ()), ("openUri()` must be a string", ()), ("openUri() must be a string", ()),
    ("Invalid scheme, expected connection string", ()), ("could not locate the Query Engine", ()), ("Query engine library for current platform", ()), ("Environment variable not found: ", ()), ("Query engine process killed", ()), ("Query engine exited", ()), ("did not initialize yet", ()), ("Error validating datasource", ()),
    // Flask's own answers (werkzeug/exceptions.py), which begin with a status
    ("The browser (or proxy) sent a request that this server could not understand", ()), ("The requested URL was not found on the server", ()), ("The server could not verify that you are authorized", ()), ("You don't have the permission to access the requested resource", ()),
    ("The method is not allowed for the requested URL", ()), ("The server encountered an internal error and was unable to complete your request", ()), ("The server is temporarily unable to service your request", ()), ("A conflict happened while processing the request", ()),
    // Browsers that end or were never there: the page's own host is not at fault
    ("Protocol error (", ()), ("Failed to launch the browser process", ()), ("Target page, context or browser has been closed", ()),
]);

/// Types of such libraries.
const TYPES: [&str; 16] = [
    "PrismaClientValidationError",
    "PrismaClientRustPanicError",
    "SequelizeValidationError",
    "SequelizeInstanceError",
    "SequelizeEagerLoadingError",
    "SequelizeAssociationError",
    "MongoParseError",
    "MongoInvalidArgumentError",
    "MongoMissingDependencyError",
    "MongoMissingCredentialsError",
    "MongooseDocumentArrayError",
    "InvalidDocument",
    "KafkaJSNotImplemented",
    "KafkaJSInvariantViolation",
    "SMTPNotSupportedError",
    "ParamValidationError",
];

/// Returns whether an error is one of a library inside the process.
pub(super) fn is_in_process(error: &AppError<'_>) -> bool {
    let texts = [&error.error_type, &error.code, &error.message, &error.cause];
    let near = |text: &str| text.contains("near \"") && text.contains("\": syntax error");
    error.error_type.as_deref().is_some_and(|name| TYPES.contains(&last_segment(name)))
        || texts.iter().filter_map(|text| text.as_deref()).any(|text| TEXTS.stand_in(text) || near(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ErrorForm;

    #[test]
    fn libraries_in_the_process_are_told_from_drivers() {
        for (error_type, message, want) in [
            ("OperationalError", "near \"(\": syntax error", true),
            ("OperationalError", "no such table: users", true),
            ("OperationalError", "attempt to write a readonly database", true),
            ("OperationalError", "(sqlite3.OperationalError) database is locked", true),
            ("SqliteError", "UNIQUE constraint failed: users.id", true),
            ("PrismaClientValidationError", "Invalid `prisma.user.create()` invocation", true),
            (
                "PrismaClientInitializationError",
                "Prisma Client could not locate the Query Engine for runtime \"rhel\"",
                true,
            ),
            ("PrismaClientInitializationError", "Can't reach database server at `db.example.com:5432`", false),
            ("ProgrammingError", "can't adapt type 'dict'", true),
            ("ProgrammingError", "relation \"users\" does not exist", false),
            ("ProgrammingError", "(1146, \"Table 'shop.users' doesn't exist\")", false),
            ("MongooseError", "The `uri` parameter to `openUri()` must be a string, got \"undefined\".", true),
            ("MongooseError", "Operation `users.find()` buffering timed out after 10000ms", false),
        ] {
            let error = AppError {
                error_type: Some(error_type.into()),
                message: Some(message.into()),
                ..AppError::of(ErrorForm::Unhandled)
            };
            assert_eq!(is_in_process(&error), want, "{error_type}: {message}");
        }
    }
}
