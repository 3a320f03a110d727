//! Clients of HTTP interfaces that put the status of the answer in words: those that Stainless generates (OpenAI,
//! Anthropic and many more), those of Google, and those that OpenAPI generators write.

use super::aws_codes;
use super::signatures::Trouble::{self, Auth, Billing, Connection, Failed, Throttled, Timeout};
use super::text::{after, error_status, last_segment, leading};
use super::words::Words;
use crate::model::Confidence::{self, High, Medium};

/// Classes that these clients name after the status, with its first digit. Programs have classes of the same names, so
/// the message must begin with a status of that kind.
#[rustfmt::skip]
const CLASSES: [(&str, u16); 23] = [
    // Stainless: `_exceptions.py`, `core/error.ts`, `errors/*Exception.java`, `errors.rb`
    ("BadRequestError", 4), ("AuthenticationError", 4), ("PermissionDeniedError", 4), ("NotFoundError", 4), ("ConflictError", 4),
    ("UnprocessableEntityError", 4), ("RateLimitError", 4), ("InternalServerError", 5), ("OverloadedError", 5),
    ("ServiceUnavailableError", 5), ("DeadlineExceededError", 5), ("APIError", 0), ("APIStatusError", 0),
    ("BadRequestException", 4), ("UnauthorizedException", 4), ("PermissionDeniedException", 4), ("NotFoundException", 4),
    ("UnprocessableEntityException", 4), ("RateLimitException", 4), ("InternalServerException", 5), ("UnexpectedStatusCodeException", 0),
    // request-promise-core: `errors.js`; gremlin-python: `protocol.py`
    ("StatusCodeError", 0), ("GremlinServerError", 0),
];

/// Such classes whose names say less: also web frameworks raise them for answers of their own.
#[rustfmt::skip]
const VAGUE_CLASSES: [(&str, u16); 30] = [
    // Google: `google/api_core/exceptions.py`, `google/genai/errors.py`, gaxios
    ("BadRequest", 4), ("InvalidArgument", 4), ("FailedPrecondition", 4), ("Unauthorized", 4), ("Unauthenticated", 4), ("Forbidden", 4),
    ("PermissionDenied", 4), ("NotFound", 4), ("Conflict", 4), ("AlreadyExists", 4), ("Aborted", 4), ("TooManyRequests", 4),
    ("ResourceExhausted", 4), ("Cancelled", 4), ("InternalServerError", 5), ("BadGateway", 5), ("ServiceUnavailable", 5), ("GatewayTimeout", 5),
    ("DeadlineExceeded", 5), ("ClientError", 4), ("ServerError", 5), ("GaxiosError", 0),
    // OpenAPI generators: `exceptions.py`
    ("ApiException", 0), ("ServiceException", 5), ("ApiError", 0),
    // PyGithub: `GithubException.py`; google-api-client for Java
    ("GithubException", 0), ("UnknownObjectException", 4), ("BadCredentialsException", 4), ("RateLimitExceededException", 4), ("GoogleJsonResponseException", 0),
];

/// Texts that a status follows directly, whatever the class.
const BEFORE_STATUS: [&str; 40] = [
    "Error code: ",
    "GraphQL Error (Code: ",
    "<HttpError ",
    "eceived status code ",
    "with status code ",
    "with status code: ",
    "status code: ",
    "status_code: ",
    "status code ",
    "HTTP status ",
    "HTTP Status ",
    "HTTP Status Code: ",
    "Status code ",
    "Unexpected Response: ",
    "nexpected status code: ",
    "nexpected HTTP status: ",
    "nexpected response code: ",
    "JiraError HTTP ",
    "googleapi: Error ",
    "Handshake status ",
    "RESPONSE ",
    "` responded with a ",
    "clj-http: status ",
    "AuthorizationException(",
    "AuthenticationException(",
    "kind: Status(",
    "rror occurred: Status ",
    "[HTTP ",
    "HTTP error! status: ",
    "HTTP error! Status: ",
    "HTTP error ",
    "HTTP Error ",
    ":status=>",
    "status: StatusCode(",
    "with HTTP status ",
    // elasticsearch and opensearch-py
    "NotFoundError(",
    "RequestError(",
    "ConflictError(",
    "TransportError(",
    "ApiError(",
];

/// Texts that a status follows directly where the message names a URL, too.
const BESIDE_URL: [&str; 12] = [
    "status ",
    "status: ",
    "status=",
    "Status: ",
    "status code=",
    "HTTP ",
    "HTTP/1.1 ",
    "HTTP/2 ",
    "returned ",
    "responded with ",
    "got ",
    "code: ",
];

/// Phrases of answers (RFC 9110), for clients that print no number.
const PHRASES: [(&str, u16); 15] = [
    ("Bad Request", 400),
    ("Unauthorized", 401),
    ("Forbidden", 403),
    ("Not Found", 404),
    ("Method Not Allowed", 405),
    ("Request Timeout", 408),
    ("Conflict", 409),
    ("Gone", 410),
    ("Unprocessable Entity", 422),
    ("Too Many Requests", 429),
    ("Internal Server Error", 500),
    ("Not Implemented", 501),
    ("Bad Gateway", 502),
    ("Service Unavailable", 503),
    ("Gateway Timeout", 504),
];

/// Returns the status for a phrase that stands alone, or behind the name of the client.
fn status_of_phrase(text: &str) -> Option<u16> {
    let text = text.trim();
    let alone = text.rsplit_once(": ").map_or(text, |(_, phrase)| phrase);
    PHRASES.iter().find(|(phrase, _)| *phrase == alone).map(|(_, status)| *status)
}

/// Returns the status that the message of a client tells, by its number or by its phrase.
pub(super) fn status_told(message: &str) -> Option<u16> {
    let first = || error_status(message.strip_prefix("HTTP ").unwrap_or(message));
    status_in_words(message).or_else(first).or_else(|| status_of_phrase(message))
}

/// Reads the code that the interfaces of Azure answer: `…\nRequestId:…\nTime:…\nErrorCode:BlobNotFound`, and
/// `(ResourceNotFound) …\nCode: ResourceNotFound\nMessage: …`.
fn azure(message: &str) -> Option<Trouble> {
    let of_storage =
        || after(message, "ErrorCode:").filter(|_| message.contains("RequestId:") || message.contains("Status: "));
    let of_management = || after(message, "\nCode: ").filter(|rest| rest.contains("\nMessage: "));
    let code = of_storage().or_else(of_management)?.trim_start();
    let code = leading(code, |c| c.is_ascii_alphanumeric())?;
    let denied = code.starts_with("Authentication") || code.starts_with("Authorization");
    let busy = code == "ServerBusy";
    let own = if denied { Some(Auth) } else { busy.then_some(Throttled) };
    own.or_else(|| aws_codes::trouble(Some(code), None)).or(Some(Failed))
}

/// Classes of these clients for calls without an answer.
const WITHOUT_ANSWER: [(&str, Trouble); 3] =
    [("APIConnectionTimeoutError", Timeout), ("APITimeoutError", Timeout), ("APIConnectionError", Connection)];

/// Texts of answers that say that the account has used up what it paid for: no later call will be answered either.
static UNPAID: Words<()> = Words::new(&[
    ("insufficient_quota", ()),
    ("exceeded your current quota, please check your plan and billing", ()),
    ("credit balance is too low", ()),
    ("billing_hard_limit_reached", ()),
    ("billing_not_active", ()),
    ("402 Payment Required", ()),
    ("Insufficient Balance", ()),
    ("account is not active, please check your billing", ()),
]);

/// Failed call that such a client tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiAnswer {
    pub(super) trouble: Trouble,
    pub(super) status: Option<u16>,
    /// High where the class or the form of the message is the client's own.
    pub(super) confidence: Confidence,
}

/// Reads the status that the type and the message of an error tell.
pub(super) fn read(error_type: &str, message: &str) -> Option<ApiAnswer> {
    let name = last_segment(error_type);
    let unpaid = UNPAID.stand_in(message);
    let answer = |trouble, status, confidence| Some(ApiAnswer { trouble, status, confidence });
    if let Some((_, trouble)) = WITHOUT_ANSWER.iter().find(|(class, _)| *class == name) {
        return answer(*trouble, None, High);
    }
    if let Some(trouble) = azure(message) {
        return answer(trouble, status_in_words(message), High);
    }
    let own = by_class(&CLASSES, name, message).or_else(|| stainless(message)).or_else(|| generated(message));
    let status = own.or_else(|| by_class(&VAGUE_CLASSES, name, message)).or_else(|| status_in_words(message));
    if unpaid {
        return answer(Billing, status, High);
    }
    match status {
        Some(status) => answer(aws_codes::by_status(status)?, Some(status), if own.is_some() { High } else { Medium }),
        None if name == "RateLimitError" => answer(Throttled, None, High),
        None => None,
    }
}

/// Returns the status in `Error code: 503 - {…}`, which Stainless' clients for Python print.
fn stainless(message: &str) -> Option<u16> {
    let rest = after(message, "Error code: ")?;
    error_status(rest).filter(|_| rest.get(3..).is_some_and(|rest| rest.starts_with(" - ")))
}

/// Returns the status in `(403)\nReason: Forbidden`, which clients of OpenAPI generators print in any class, and the one for
/// `Operation returned an invalid status 'Forbidden'`, which those of AutoRest print.
fn generated(message: &str) -> Option<u16> {
    let of_openapi = || {
        let status = error_status(message.strip_prefix('(')?)?;
        message.get("(000)".len()..)?.trim_start().starts_with("Reason: ").then_some(status)
    };
    let of_autorest = || {
        let (_, rest) = message.split_once("Operation returned an invalid status ")?;
        let said = rest.trim_start_matches("code ").strip_prefix('\'')?.split('\'').next()?;
        error_status(said).or_else(|| status_of_phrase(said))
    };
    of_openapi().or_else(of_autorest)
}

/// Returns the status with which the message of a known class begins: `503 …`, `429: …`, `(403)\nReason: …`.
fn by_class(classes: &[(&str, u16)], name: &str, message: &str) -> Option<u16> {
    let (_, family) = classes.iter().find(|(class, _)| *class == name)?;
    let status = error_status(message.trim_start_matches('('))?;
    (*family == 0 || status / 100 == *family).then_some(status)
}

/// Returns the status that follows one of [`BEFORE_STATUS`] or, in a message with a URL, of [`BESIDE_URL`], or the method and URL of a request as Stainless' clients
/// for Go print it (`POST "https://…": 401 Unauthorized {…}`).
pub(super) fn status_in_words(message: &str) -> Option<u16> {
    let bytes = message.as_bytes();
    let names_url = memchr::memmem::find(bytes, b"http").is_some() && message.contains("://");
    let beside_url = if names_url { &BESIDE_URL[..] } else { &[] };
    let begins_number = |at: &usize| at.checked_sub(1).is_none_or(|before| !bytes[before].is_ascii_alphanumeric());
    memchr::memchr2_iter(b'4', b'5', bytes).filter(begins_number).find_map(|at| {
        let status = error_status(message.get(at..)?)?;
        let before = &bytes[..at];
        let mut words = BEFORE_STATUS.iter().chain(beside_url);
        let told = words.any(|words| before.ends_with(words.as_bytes())) || is_request(before);
        told.then_some(status)
    })
}

/// Returns whether a text ends with a request: its method, its URL in quotation marks, a colon and a blank.
fn is_request(text: &[u8]) -> bool {
    /// Length of a URL in bytes, at most: the search is linear in any text.
    const LONGEST_URL: usize = 2048;
    let Some(quoted) = text.strip_suffix(b"\": ") else { return false };
    let from = quoted.len().saturating_sub(LONGEST_URL);
    let Some(begin) = memchr::memmem::rfind(&quoted[from..], b" \"http") else { return false };
    let before = &quoted[..from + begin];
    ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().any(|method| before.ends_with(method.as_bytes()))
}

/// Products behind such clients, by their packages in stacks and names of types.
static PRODUCTS: Words<&str> = Words::new(&[
    ("/openai/", "OpenAI"),
    ("openai.", "OpenAI"),
    ("api.openai.com", "OpenAI"),
    ("OpenAI::", "OpenAI"),
    ("/anthropic/", "Anthropic"),
    ("@anthropic-ai/", "Anthropic"),
    ("api.anthropic.com", "Anthropic"),
    ("anthropic.", "Anthropic"),
    ("google/genai/", "Gemini"),
    ("generativelanguage.googleapis.com", "Gemini"),
    ("GoogleGenerativeAI", "Gemini"),
    ("/stripe/", "Stripe"),
    ("api.stripe.com", "Stripe"),
    ("/twilio/", "Twilio"),
    ("@sendgrid/", "SendGrid"),
    ("/slack_sdk/", "Slack"),
    ("@slack/", "Slack"),
    ("/azure/", "Azure"),
    ("@azure/", "Azure"),
    ("com.azure.", "Azure"),
    ("core.windows.net", "Azure"),
]);

/// Returns the product behind a failed call, if a stack, type or URL in the texts names its client.
pub(super) fn product_in(texts: [&str; 2]) -> Option<&'static str> {
    texts.iter().find_map(|text| PRODUCTS.first_in(text)).map(|(_, product)| product)
}
