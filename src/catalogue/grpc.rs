//! Status codes of gRPC, as each language's library prints them. Source: the list of status codes in gRPC's
//! documentation, and `Error`, `Display` or `toString` of the libraries named below.

use super::signatures::Trouble::{
    self, Auth, Conflict, Contention, Failed, NotFound, Throttled, Timeout, Unavailable, Validation,
};
use super::text::leading;
use super::words::Words;

/// Number, name in capitals, name in camel case, and meaning. `Unknown` and `Cancelled` say nothing about the kind.
const STATUSES: [(&str, &str, &str, Trouble); 16] = [
    ("1", "CANCELLED", "Canceled", Failed),
    ("2", "UNKNOWN", "Unknown", Failed),
    ("3", "INVALID_ARGUMENT", "InvalidArgument", Validation),
    ("4", "DEADLINE_EXCEEDED", "DeadlineExceeded", Timeout),
    ("5", "NOT_FOUND", "NotFound", NotFound),
    ("6", "ALREADY_EXISTS", "AlreadyExists", Conflict),
    ("7", "PERMISSION_DENIED", "PermissionDenied", Auth),
    ("8", "RESOURCE_EXHAUSTED", "ResourceExhausted", Throttled),
    ("9", "FAILED_PRECONDITION", "FailedPrecondition", Validation),
    ("10", "ABORTED", "Aborted", Contention),
    ("11", "OUT_OF_RANGE", "OutOfRange", Validation),
    ("12", "UNIMPLEMENTED", "Unimplemented", Validation),
    ("13", "INTERNAL", "Internal", Unavailable),
    ("14", "UNAVAILABLE", "Unavailable", Unavailable),
    ("15", "DATA_LOSS", "DataLoss", Unavailable),
    ("16", "UNAUTHENTICATED", "Unauthenticated", Auth),
];

/// Texts directly before the name: of Go (`status.Error`), Python (`RpcError`), Java (`StatusRuntimeException`), .NET
/// (`RpcException`), Rust (`tonic::Status`), Ruby (`GRPC::BadStatus`).
static MARKS: Words<()> = Words::new(&[
    ("rpc error: code = ", ()),
    ("StatusCode.", ()),
    ("StatusRuntimeException: ", ()),
    ("StatusException: ", ()),
    ("StatusCode=\"", ()),
    ("Status { code: ", ()),
    ("status: ", ()),
    ("GRPC::", ()),
]);

/// Returns the meaning and the name of the status in a text, in which a type comes first.
pub(super) fn status(text: &str) -> Option<(Trouble, &'static str)> {
    let named = MARKS.places_apart(text).find_map(|(_, mark)| {
        let word = leading(text.get(mark.end..)?, |c| c.is_ascii_alphanumeric() || c == '_')?;
        STATUSES.iter().find(|(_, capitals, camel, _)| word == *capitals || word == *camel)
    });
    // `status: ` is common prose; tonic's is followed by a message.
    let found = named.filter(|_| !text.contains("status: ") || text.contains("rpc") || text.contains("message: "));
    found.or_else(|| numbered(text)).map(|(_, name, _, trouble)| (*trouble, *name))
}

/// Reads the error that Google's interfaces answer: `{"code": 429, "message": "…", "status": "RESOURCE_EXHAUSTED"}`, as JSON
/// or as Python prints it.
pub(super) fn answered(text: &str) -> Option<(Trouble, &'static str)> {
    let value = |name: &str| {
        let (_, rest) = text.split_once(name)?;
        Some(rest.trim_start_matches(['"', '\'', ':', ' ']))
    };
    super::text::error_status(value("code\"").or_else(|| value("code'"))?)?;
    let word = leading(value("status\"").or_else(|| value("status'"))?, |c| c.is_ascii_uppercase() || c == '_')?;
    STATUSES.iter().find(|(_, name, ..)| word == *name).map(|(_, name, _, trouble)| (*trouble, *name))
}

/// Returns the meaning and the name of the status with which a message begins, as Java's do behind their class.
pub(super) fn status_first(message: &str) -> Option<(Trouble, &'static str)> {
    let word = leading(message, |c| c.is_ascii_uppercase() || c == '_')?;
    STATUSES.iter().find(|(_, name, ..)| word == *name).map(|(_, name, _, trouble)| (*trouble, *name))
}

/// Reads `14 UNAVAILABLE: …` of Node.js and `14:…` behind a class of Ruby.
fn numbered(text: &str) -> Option<&'static (&'static str, &'static str, &'static str, Trouble)> {
    super::text::starts_of_lines(text).find_map(|line| {
        let line = line.strip_prefix("Error: ").unwrap_or(line);
        line.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
        STATUSES.iter().find(|(number, name, ..)| {
            line.strip_prefix(number)
                .and_then(|rest| rest.strip_prefix(' '))
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with(':'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_language() {
        for (text, want) in [
            ("rpc error: code = Unavailable desc = connection error", Some(Unavailable)),
            ("<_InactiveRpcError of RPC that terminated with:\n\tstatus = StatusCode.NOT_FOUND", Some(NotFound)),
            ("io.grpc.StatusRuntimeException: DEADLINE_EXCEEDED: deadline exceeded after 1.9s", Some(Timeout)),
            ("Status(StatusCode=\"PermissionDenied\", Detail=\"no\")", Some(Auth)),
            ("status: ResourceExhausted, message: \"slow down\", details: []", Some(Throttled)),
            ("14 UNAVAILABLE: No connection established", Some(Unavailable)),
            ("Function<GRPC::AlreadyExists>\n6:exists", Some(Conflict)),
            ("order status: NotFound", None),
            ("12 UNAVAILABLE: no", None),
            ("StatusCode.BAD", None),
        ] {
            assert_eq!(status(text).map(|(trouble, _)| trouble), want, "{text}");
        }
    }
}
