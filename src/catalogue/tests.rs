//! The catalogue against itself, and against error texts of every SDK and client shape.

use super::*;
use crate::model::{AppError, Category, Confidence, ErrorForm};

#[test]
fn every_code_is_whole() {
    for (index, info) in CODES.iter().enumerate() {
        let id = info.id;
        assert!(CODES[..index].iter().all(|other| other.id != id), "{id} twice");
        if let Some(category) = info.category {
            assert!(id == category.id() || id.starts_with(&format!("{}.", category.id())), "{id}");
        } else {
            assert!(Category::from_id(id.split('.').next().unwrap_or(id)).is_none(), "{id} looks like a category");
        }
        assert!(!info.title.is_empty() && info.title.len() <= 40, "{id}: title");
        let sentences = info.hint.matches(". ").count() + 1;
        assert!(info.hint.ends_with('.') && sentences <= 2, "{id}: hint of {sentences} sentences");
        let lines = info.page(None).lines().count();
        assert!((15..=100).contains(&lines), "{id}: page of {lines} lines");
        assert!(info.page(None).starts_with(&format!("# {id}: {}\n", info.title)), "{id}: heading");
        assert!(info.page(None).contains("https://docs.aws.amazon.com/lambda/"), "{id}: no link");
    }
}

#[test]
fn every_category_has_a_page() {
    for category in Category::ALL {
        assert!(code(category.id()).is_some(), "{}", category.id());
    }
}

/// One error as a parser would hand it over.
struct Given {
    error: AppError<'static>,
    line: String,
}

fn given(error_type: &str, message: &str) -> Given {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned().into());
    let error = AppError { error_type: text(error_type), message: text(message), ..AppError::of(ErrorForm::Unhandled) };
    Given { error, line: message.to_owned() }
}

impl Given {
    fn code(mut self, code: &str) -> Self {
        self.error.code = Some(code.to_owned().into());
        self
    }

    fn cause(mut self, cause: &str) -> Self {
        self.error.cause = Some(cause.to_owned().into());
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.error.http_status = Some(status);
        self
    }

    fn reason(mut self, reason: &str) -> Self {
        self.error.reason = Some(reason.to_owned().into());
        self
    }

    fn line(mut self, line: &str) -> Self {
        self.line = line.to_owned();
        self
    }

    /// Expects a code and `service/operation`, each empty where nothing names it.
    #[track_caller]
    fn is(self, code: &str, call: &str) {
        let found = diagnose(&self.error, &self.line);
        let call_found = found.as_ref().map(|found| {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            format!("{}/{}", part(&found.downstream.service), part(&found.downstream.operation))
        });
        assert_eq!(
            (found.map(|found| found.code), call_found.as_deref()),
            (Some(code), Some(call)),
            "{:?}",
            self.error
        );
    }

    /// Expects that only the code itself failed.
    #[track_caller]
    fn fails_alone(self) {
        assert_eq!(diagnose(&self.error, &self.line), None, "{:?}", self.error);
    }
}

const V3: &str = r#"{"$fault":"client","$metadata":{"httpStatusCode":400,"attempts":3}}"#;

#[test]
fn the_lambda_api_as_a_caller_sees_it() {
    let boto = |code: &str, operation: &str| {
        given(code, &format!("An error occurred ({code}) when calling the {operation} operation: words"))
    };
    boto("TooManyRequestsException", "Invoke").is("throttling.unspecified", "Lambda/Invoke");
    boto("TooManyRequestsException", "Invoke")
        .reason("ConcurrentInvocationLimitExceeded")
        .is("throttling.concurrency", "Lambda/Invoke");
    boto("TooManyRequestsException", "Invoke")
        .reason("ReservedFunctionConcurrentInvocationLimitExceeded")
        .is("throttling.reserved", "Lambda/Invoke");
    boto("TooManyRequestsException", "UpdateFunctionCode").is("throttling.rate", "Lambda/UpdateFunctionCode");
    boto("ServiceException", "Invoke").is("service_error.internal", "Lambda/Invoke");
    boto("ENILimitReachedException", "Invoke").is("service_error.configuration", "Lambda/Invoke");
    boto("KMSAccessDeniedException", "Invoke").is("service_error.configuration", "Lambda/Invoke");
    boto("ResourceNotReadyException", "Invoke").is("service_error.not_ready", "Lambda/Invoke");
    boto("ResourceNotFoundException", "Invoke").is("invalid_request.not_found", "Lambda/Invoke");
    boto("EFSMountTimeoutException", "Invoke").is("invalid_request.conflict", "Lambda/Invoke");
    boto("InvalidRequestContentException", "Invoke").is("invalid_request.content", "Lambda/Invoke");
    boto("ExpiredTokenException", "Invoke").is("invalid_request.access_denied", "Lambda/Invoke");
    boto("RecursiveInvocationException", "Invoke").is("invalid_request.recursion", "Lambda/Invoke");
    given("com.amazonaws.services.lambda.model.TooManyRequestsException", "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: a-b; Proxy: null)").is("throttling.unspecified", "Lambda/");
    given(
        "software.amazon.awssdk.services.lambda.model.RequestTooLargeException",
        "too large (Service: Lambda, Status Code: 413, Request ID: a)",
    )
    .is("invalid_request.payload_too_large", "Lambda/");
    given(
        "software.amazon.awssdk.services.lambda.model.LambdaException",
        "internal (Service: Lambda, Status Code: 500, Request ID: a)",
    )
    .is("service_error.internal", "Lambda/");
    given("wrapError", "fan out: operation error Lambda: Invoke, exceeded maximum number of attempts, 3, https response error StatusCode: 429, RequestID: a, TooManyRequestsException: ").is("throttling.unspecified", "Lambda/Invoke");
    given("Amazon.Lambda.Model.TooManyRequestsException", "Rate Exceeded.").is("throttling.unspecified", "Lambda/");
    given("Function<Aws::Lambda::Errors::ServiceException>", "failed").is("service_error.internal", "Lambda/");
    given("TooManyRequestsException", "Rate Exceeded.")
        .code("TooManyRequestsException")
        .status(429)
        .line(V3)
        .is("throttling.unspecified", "Lambda/");
    given("AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/a/b is not authorized to perform: lambda:InvokeFunction on resource: x").status(403).line(V3).is("invalid_request.access_denied", "Lambda/InvokeFunction");
    given(
        "ResourceConflictException",
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    )
    .status(409)
    .line(V3)
    .is("invalid_request.conflict", "Lambda/");
    given("ResourceNotFoundException", "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:gone")
        .status(404)
        .line(V3)
        .is("invalid_request.not_found", "Lambda/");
    given("Exception", r#"call failed with 429: {"Reason":"CallerRateLimitExceeded","Type":"User","message":"slow"}"#)
        .is("throttling.rate", "Lambda/");
}

#[test]
fn other_aws_services() {
    given("ProvisionedThroughputExceededException", "An error occurred (ProvisionedThroughputExceededException) when calling the PutItem operation (reached max retries: 9): words").is("downstream.throttled", "DynamoDB/PutItem");
    given(
        "ThrottlingException",
        "An error occurred (ThrottlingException) when calling the InvokeModel operation: wait",
    )
    .is("downstream.throttled", "Bedrock/InvokeModel");
    given(
        "TooManyRequestsException",
        "An error occurred (TooManyRequestsException) when calling the AdminGetUser operation: Rate exceeded",
    )
    .is("downstream.throttled", "Cognito/AdminGetUser");
    given("ClientError", "An error occurred (AccessDenied) when calling the GetObject operation: no")
        .is("downstream.auth", "S3/GetObject");
    given("NoSuchKey", "An error occurred (NoSuchKey) when calling the GetObject operation: no key")
        .is("downstream.not_found", "S3/GetObject");
    given("ClientError", "An error occurred (ValidationException) when calling the Query operation: bad")
        .is("downstream.validation", "DynamoDB/Query");
    given("ConditionalCheckFailedException", "The conditional request failed")
        .status(400)
        .line(V3)
        .is("downstream.conflict", "DynamoDB/");
    given("SlowDown", "Please reduce your request rate.").status(503).line(V3).is("downstream.throttled", "S3/");
    given("InternalServerError", "oops")
        .code("InternalServerError")
        .status(500)
        .line(r#"{"statusCode":500,"retryable":true,"requestId":"Q"}"#)
        .is("downstream.unavailable", "/");
    given(
        "com.amazonaws.services.sqs.model.AmazonSQSException",
        "no (Service: AmazonSQS; Status Code: 403; Error Code: AccessDenied; Request ID: x; Proxy: null)",
    )
    .is("downstream.auth", "SQS/");
    given("OperationError", "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: X, ConditionalCheckFailedException: no").is("downstream.conflict", "DynamoDB/PutItem");
    given("Amazon.SQS.Model.QueueDoesNotExistException", "none").is("downstream.not_found", "SQS/");
    given("Amazon.S3.AmazonS3Exception", "Access Denied").status(403).is("downstream.auth", "S3/");
    given("Function<Aws::DynamoDB::Errors::ThrottlingException>", "slow").is("downstream.throttled", "DynamoDB/");
    given("NoCredentialsError", "Unable to locate credentials").is("downstream.auth", "/");
    given("EndpointConnectionError", "Could not connect to the endpoint URL: \"https://sqs.eu-west-1.amazonaws.com/\"")
        .is("downstream.connection", "SQS/");
    given("ReadTimeoutError", "Read timeout on endpoint URL: \"https://dynamodb.eu-west-1.amazonaws.com/\"")
        .is("downstream.timeout", "DynamoDB/");
    given("software.amazon.awssdk.core.exception.SdkClientException", "Unable to execute HTTP request: Connect to s3.amazonaws.com:443 failed: connect timed out (SDK Attempt Count: 4)").is("downstream.timeout", "S3/");
}

/// An HTTP client's error is one of the connection only where the connection failed: not where the client refuses what
/// the code asked, where the code gave up, or where an answer came that it does not like.
#[test]
fn http_clients_that_fail_without_a_connection() {
    let error = |message: &'static str, code: Option<&'static str>| AppError {
        error_type: Some("AxiosError".into()),
        message: Some(message.into()),
        code: code.map(Into::into),
        ..AppError::of(ErrorForm::Unhandled)
    };
    for (message, code) in [
        ("Invalid URL", "ERR_INVALID_URL"),
        ("canceled", "ERR_CANCELED"),
        ("option timeout must be a number", "ERR_BAD_OPTION_VALUE"),
        ("Unknown option timeuot", "ERR_BAD_OPTION"),
        ("Unsupported protocol ftp:", "ERR_INVALID_PROTOCOL"),
    ] {
        assert_eq!(diagnose(&error(message, Some(code)), ""), None, "{message}");
        let answered = AppError { http_status: Some(503), ..error(message, Some(code)) };
        assert_eq!(diagnose(&answered, "").map(|found| found.code), Some("downstream.unavailable"), "{message}");
    }
    for (message, code) in [
        ("Maximum number of redirects exceeded", Some("ERR_FR_TOO_MANY_REDIRECTS")),
        ("Maximum number of redirects exceeded", None),
        ("maxContentLength size of 2000 exceeded", Some("ERR_BAD_RESPONSE")),
        ("Request body larger than maxBodyLength limit", Some("ERR_FR_MAX_BODY_LENGTH_EXCEEDED")),
    ] {
        let found = diagnose(&error(message, code), "").map(|found| (found.code, found.confidence));
        assert_eq!(found, Some(("downstream.error", Confidence::Medium)), "{message}");
    }
}

#[test]
fn networks_and_http_clients() {
    given("Error", "connect ECONNREFUSED 10.9.8.7:8443").code("ECONNREFUSED").is("downstream.connection", "/");
    given("Error", "getaddrinfo ENOTFOUND pay.example.com").code("ENOTFOUND").is("downstream.dns", "/");
    given("Error", "socket hang up").code("ECONNRESET").is("downstream.connection", "/");
    given("AxiosError", "Request failed with status code 503")
        .code("ERR_BAD_RESPONSE")
        .is("downstream.unavailable", "/");
    given("AxiosError", "Request failed with status code 401").code("ERR_BAD_REQUEST").is("downstream.auth", "/");
    given("AxiosError", "timeout of 2500ms exceeded").code("ECONNABORTED").is("downstream.timeout", "/");
    given("TypeError", "fetch failed")
        .cause("ConnectTimeoutError: Connect Timeout Error (UND_ERR_CONNECT_TIMEOUT)")
        .is("downstream.timeout", "/");
    given("Runtime.UnhandledPromiseRejection", "Error: connect ETIMEDOUT 10.1.1.1:443").is("downstream.timeout", "/");
    given("ConnectionError", "HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: /v1 (Caused by NewConnectionError('<x>: Failed to establish a new connection: [Errno -2] Name or service not known'))").is("downstream.dns", "/");
    given("HTTPError", "502 Server Error: Bad Gateway for url: https://api.example.com/v1")
        .is("downstream.unavailable", "/");
    given("HTTPError", "HTTP Error 404: Not Found").is("downstream.not_found", "/");
    given("timeout", "timed out").is("downstream.timeout", "/");
    given(
        "SSLCertVerificationError",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: expired (_ssl.c:1006)",
    )
    .is("downstream.tls", "/");
    given(
        "Error",
        "Get \"https://api.example.com/x\": dial tcp: lookup api.example.com on 169.254.78.1:53: no such host",
    )
    .is("downstream.dns", "/");
    given(
        "Error",
        "Get \"https://api.example.com/x\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    )
    .is("downstream.timeout", "/");
    given("java.net.SocketTimeoutException", "Read timed out").is("downstream.timeout", "/");
    given("com.example.GatewayException", "call failed")
        .cause("java.net.UnknownHostException: rates.example.com")
        .is("downstream.dns", "/");
    given(
        "javax.net.ssl.SSLHandshakeException",
        "PKIX path building failed: unable to find valid certification path to requested target",
    )
    .is("downstream.tls", "/");
    given(
        "System.Threading.Tasks.TaskCanceledException",
        "The request was canceled due to the configured HttpClient.Timeout of 5 seconds elapsing.",
    )
    .is("downstream.timeout", "/");
    given(
        "System.Net.Http.HttpRequestException",
        "Response status code does not indicate success: 429 (Too Many Requests).",
    )
    .is("downstream.throttled", "/");
    given("Function<Net::OpenTimeout>", "execution expired").is("downstream.timeout", "/");
    given("Function<Errno::ECONNREFUSED>", "Failed to open TCP connection to 10.0.0.9:80")
        .is("downstream.connection", "/");
    given("reqwest::Error", "error sending request for url (https://api.example.com/): operation timed out")
        .is("downstream.timeout", "/");
    given("GuzzleHttp\\Exception\\ConnectException", "cURL error 28: Connection timed out after 2001 milliseconds")
        .is("downstream.timeout", "/");
    given("_InactiveRpcError", "<_InactiveRpcError of RPC that terminated with: status = StatusCode.UNAVAILABLE>")
        .is("downstream.unavailable", "/");
    for cut in ["Task timed out after", "Task timed out after: 3", "callee: Task timed out after."] {
        given("PriceError", cut).is("downstream.timeout", "Lambda/");
    }
    given("PriceError", r#"callee failed: {"errorType":"Sandbox.Timedout","errorMessage":"RequestId: x Error: Task timed out after 3.00 seconds"}"#).is("downstream.timeout", "Lambda/");
}

/// An answer is one of another service where the error has its URL, or its message has both; a status alone may be the
/// function's own answer.
#[test]
fn answers_are_told_by_url_and_status() {
    let asked = |name: &str, status: u16| {
        let mut given = given(name, "Bad credentials").status(status);
        given.error.url = Some("https://api.example.com/user".into());
        given
    };
    asked("HttpError", 401).is("downstream.auth", "/");
    asked("Error", 503).is("downstream.unavailable", "/");
    given("HttpError", "Bad credentials").status(401).fails_alone();
    given("Error", "Request to https://api.example.com/v1 failed with status 500").is("downstream.unavailable", "/");
    given("Exception", "GET https://api.example.com:443/v1 returned 404").is("downstream.not_found", "/");
    given("Error", "order status 500").fails_alone();
    given("Error", "connects to https://api.example.com:443/v1 first").fails_alone();
    given("StatusCodeError", "500 - \"Internal Server Error\"").is("downstream.unavailable", "/");
    let quota = "{'code': 429, 'message': 'Quota exceeded for quota metric', 'status': 'RESOURCE_EXHAUSTED'}";
    given("APIError", quota).is("downstream.throttled", "/");
    given("Error", "{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\"}}").is("downstream.auth", "/");
    given("Error", "{\"code\": 7, \"status\": \"ABORTED\"}").fails_alone();
}

/// What a called function failed of is no error of the caller.
#[test]
fn errors_of_called_functions_are_theirs() {
    let killed =
        "{'errorType': 'Runtime.ExitError', 'errorMessage': 'RequestId: 6f0d1a52 Error: Runtime exited with error'}";
    for message in [
        format!("Worker failed: {killed}"),
        "RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Error: Runtime exited with error: signal: killed".to_owned(),
        "invoke: {\"StatusCode\":200,\"FunctionError\":\"Unhandled\"}".to_owned(),
    ] {
        given("Exception", &message).is("downstream.error", "Lambda/");
        given("", &message).fails_alone();
        given("Runtime.ExitError", &message).fails_alone();
    }
}

#[test]
fn databases_and_caches() {
    given(
        "OperationalError",
        "could not connect to server: Connection timed out\n\tIs the server running on host \"db.example.internal\"",
    )
    .is("downstream.database", "PostgreSQL/");
    given("OperationalError", "FATAL:  password authentication failed for user \"app\"").is("downstream.auth", "/");
    given("com.mysql.cj.jdbc.exceptions.CommunicationsException", "Communications link failure")
        .is("downstream.database", "MySQL/");
    given("PrismaClientKnownRequestError", "Timed out fetching a new connection from the connection pool")
        .code("P2024")
        .is("downstream.database", "/");
    given("Npgsql.NpgsqlException", "Failed to connect to 10.0.0.4:5432").is("downstream.database", "PostgreSQL/");
    given("Microsoft.Data.SqlClient.SqlException", "Execution Timeout Expired.")
        .is("downstream.database", "SQL Server/");
    given("Function<Redis::CannotConnectError>", "Connection refused - connect(2) for 10.0.0.5:6379")
        .is("downstream.database", "Redis/");
    given("MongoServerSelectionError", "connection timed out").is("downstream.database", "MongoDB/");
    given("SequelizeConnectionRefusedError", "connect ECONNREFUSED 10.0.0.3:3306").is("downstream.database", "/");
    given("org.hibernate.exception.JDBCConnectionException", "unable to acquire").cause("java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.").is("downstream.database", "/");
}

#[test]
fn errors_of_the_code_itself() {
    given("TypeError", "Cannot read properties of undefined (reading 'id')").fails_alone();
    given("ValueError", "timeout must be positive").fails_alone();
    given("TimeoutError", "job did not finish in time").fails_alone();
    given("NotFoundError", "no such order")
        .status(404)
        .line(r#"{"errorType":"NotFoundError","statusCode":404,"expose":true}"#)
        .fails_alone();
    given("KeyError", "'connection'").fails_alone();
    given("Error", "deadline exceeded").fails_alone();
    given("errorString", "context deadline exceeded").fails_alone();
    given("java.lang.IllegalStateException", "no tariff for 503").fails_alone();
    given("ParamValidationError", "Parameter validation failed:\nMissing required parameter in input: \"Key\"")
        .fails_alone();
    given("CardDeclined", "card was refused").fails_alone();
    // Mistakes of a program whose words name a driver.
    for name in ["AttributeError", "TypeError", "NameError", "KeyError", "ReferenceError"] {
        given(name, "'psycopg2.extensions.connection' object has no attribute 'cusor'").fails_alone();
        given(name, "mongoClient.conect is not a function (MongoError)").fails_alone();
    }
}

#[test]
fn hosts_and_statuses_are_read() {
    let of = |given: Given| diagnose(&given.error, &given.line).map(|found| found.downstream).unwrap_or_default();
    let host = |given| of(given).host.unwrap_or_default();
    assert_eq!(host(given("Error", "connect ECONNREFUSED 10.9.8.7:8443")), "10.9.8.7");
    assert_eq!(
        host(given(
            "ConnectionError",
            "HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: /v1"
        )),
        "api.example.com"
    );
    assert_eq!(
        host(given("Error", "Get \"https://user:secret@api.example.com:8080/x?token=1\": EOF")),
        "api.example.com"
    );
    assert_eq!(
        host(given(
            "OperationalError",
            "connection to server at \"db.example.com\" (10.0.0.1), port 5432 failed: timeout"
        )),
        "db.example.com"
    );
    assert_eq!(of(given("AxiosError", "Request failed with status code 503")).http_status, Some(503));
    assert_eq!(of(given("Error", "connect ECONNREFUSED 10.9.8.7:8443")).error_code.as_deref(), Some("ECONNREFUSED"));
}

#[test]
fn outgoing_calls_are_recognised_by_verb_and_host() {
    let host = |line| diagnose_outgoing_call(line).and_then(|call| call.host);
    assert_eq!(host("POST https://api.crm.example.com/v2/charges").as_deref(), Some("api.crm.example.com"));
    assert_eq!(host("connecting to db.example.internal:5432").as_deref(), Some("db.example.internal"));
    assert_eq!(host("GET https://api.example.com/ completed in 20 ms"), None);
    assert_eq!(host("computing prices"), None);
}

proptest::proptest! {
    #[test]
    fn diagnosis_never_panics(error_type in ".{0,40}", message in ".{0,200}", line in ".{0,80}") {
        let _ = diagnose(&given(&error_type, &message).line(&line).error, &line);
        let _ = diagnose_outgoing_call(&message);
    }
}
