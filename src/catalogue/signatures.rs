//! Signatures of failed calls to anything but AWS: errno names, exception types, drivers, HTTP clients.
//!
//! Each row is one signature; the rows are grouped by the software that produces the text. All are matched in one pass
//! over the type, code, message and cause of an error.

use crate::lambda::platform::TIMED_OUT_WORDS;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::text::{error_status, leading_type, unwrapped};
use crate::model::AppError;
use crate::model::Confidence::{self, High, Low, Medium};

/// Kind of failure of a call, in ascending order of precedence: if several signatures match, the last kind wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// An error status that an HTTP client reports; the number is in the text.
    HttpStatus,
    /// A failure whose kind the signature does not specify.
    Failed,
    Validation,
    /// Another change of the same thing was under way: the same call may succeed later.
    Contention,
    Conflict,
    NotFound,
    Unavailable,
    Connection,
    Timeout,
    Tls,
    Dns,
    Database,
    /// A conflict that a database tells of: a key that is there already.
    Duplicate,
    Auth,
    Throttled,
    /// The account has used up what it paid for.
    Billing,
}

/// Place at which a signature must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The last part of a type name: of the error, of its cause, or at the start of the message.
    Type,
    /// The start of a type name without its package.
    TypeStart,
    /// A separate word in type, code, message or cause.
    Word,
    /// Anywhere in type, code, message or cause.
    Text,
}

/// One signature.
struct Signature {
    text: &'static str,
    at: At,
    trouble: Trouble,
    confidence: Confidence,
    /// Service or product that it names.
    service: Option<&'static str>,
    /// Texts of which at least one must also be present; none is required if this is empty.
    needs: &'static [&'static str],
}

const fn row(at: At, text: &'static str, trouble: Trouble, confidence: Confidence) -> Signature {
    Signature { text, at, trouble, confidence, service: None, needs: &[] }
}

const fn of(service: &'static str, at: At, text: &'static str, trouble: Trouble) -> Signature {
    Signature { text, at, trouble, confidence: High, service: Some(service), needs: &[] }
}

const fn with(
    needs: &'static [&'static str],
    at: At,
    text: &'static str,
    trouble: Trouble,
    confidence: Confidence,
) -> Signature {
    Signature { text, at, trouble, confidence, service: None, needs }
}

use At::{Text, Type, TypeStart, Word};
use Trouble::{
    Auth, Conflict, Connection, Contention, Database, Dns, Duplicate, Failed, HttpStatus, NotFound, Throttled, Timeout,
    Tls, Unavailable, Validation,
};

/// Texts that show that an expired deadline is that of a network call and not of the program's own work.
const NETWORK: &[&str] = &[
    "://",
    "dial tcp",
    "Client.Timeout",
    "operation error",
    "rpc error",
    "net/http",
    "read tcp",
    "HttpClient",
    "lookup ",
];

/// What Vault's client for Python puts behind every message.
const VAULT: &[&str] = &[", on get http", ", on post http", ", on put http", ", on delete http", ", on list http"];

#[rustfmt::skip]
static SIGNATURES: &[Signature] = &[
    // errno names (libuv, Ruby, Python, PHP) and the C library's texts for them
    row(Word, "ECONNREFUSED", Connection, High), row(Word, "ECONNRESET", Connection, High), row(Word, "ECONNABORTED", Connection, Medium),
    row(Word, "EPIPE", Connection, Medium), row(Word, "EHOSTUNREACH", Connection, High), row(Word, "ENETUNREACH", Connection, High),
    row(Word, "EHOSTDOWN", Connection, High), row(Word, "ENOTCONN", Connection, Medium), row(Word, "EADDRNOTAVAIL", Connection, Medium),
    row(Word, "ETIMEDOUT", Timeout, High), row(Word, "ESOCKETTIMEDOUT", Timeout, High), row(Word, "ENOTFOUND", Dns, High), row(Word, "EAI_AGAIN", Dns, High),
    row(Word, "EAI_FAIL", Dns, High), row(Word, "EAI_NONAME", Dns, High),
    row(Text, "[Errno 111]", Connection, High), row(Text, "[Errno 104]", Connection, High), row(Text, "[Errno 32] Broken pipe", Connection, Medium),
    row(Text, "[Errno 113]", Connection, High), row(Text, "[Errno 101]", Connection, High), row(Text, "[Errno 110]", Timeout, High),
    row(Text, "[Errno -2]", Dns, High), row(Text, "[Errno -3]", Dns, High), row(Text, "[Errno -5]", Dns, High),
    row(Text, "onnection refused", Connection, High), row(Text, "onnection reset by peer", Connection, High), row(Text, "onnection was reset", Connection, Medium),
    row(Text, "roken pipe", Connection, Medium), row(Text, "o route to host", Connection, High), row(Text, "etwork is unreachable", Connection, High),
    row(Text, "onnection aborted", Connection, Medium), row(Text, "onnection timed out", Timeout, High), row(Text, "onnect timed out", Timeout, High),
    row(Text, "Name or service not known", Dns, High), row(Text, "Temporary failure in name resolution", Dns, High), row(Text, "nodename nor servname", Dns, High),
    row(Text, "getaddrinfo", Dns, Medium), row(Text, "ould not resolve host", Dns, High), row(Text, "ould not translate host name", Dns, High), row(Text, "NameResolutionError", Dns, High),
    row(Text, "no such host", Dns, High), row(Text, "dns error", Dns, High), row(Text, "failed to lookup address information", Dns, High), row(Text, "Failed to resolve", Dns, Medium),
    // Node.js: http, undici, fetch, axios, got, request, ws
    row(Text, "socket hang up", Connection, High), row(Text, "read ECONN", Connection, High), row(Text, "other side closed", Connection, High), row(Text, "fetch failed", Connection, Medium),
    row(Text, "Client network socket disconnected", Connection, High), row(Text, "network timeout at:", Timeout, High), row(Text, "request to https", Failed, Medium),
    row(Word, "UND_ERR_CONNECT_TIMEOUT", Timeout, High), row(Word, "UND_ERR_HEADERS_TIMEOUT", Timeout, High), row(Word, "UND_ERR_BODY_TIMEOUT", Timeout, High), row(Word, "UND_ERR_SOCKET", Connection, High),
    row(Type, "AxiosError", HttpStatus, High), row(Text, "Request failed with status code", HttpStatus, High), row(Word, "ERR_BAD_RESPONSE", HttpStatus, High), row(Word, "ERR_BAD_REQUEST", HttpStatus, High), row(Word, "ERR_NETWORK", Connection, Medium),
    row(Word, "ERR_FR_TOO_MANY_REDIRECTS", Failed, Medium), row(Text, "Maximum number of redirects exceeded", Failed, Medium), row(Text, "axContentLength size of", Failed, Medium), row(Text, "axBodyLength limit", Failed, Medium),
    with(&["timeout of ", "imeout"], Word, "ECONNABORTED", Timeout, High), row(Text, "Response code ", HttpStatus, Medium), row(Text, "The operation was aborted due to timeout", Timeout, Medium),
    row(Type, "FetchError", Failed, Medium), row(Text, "ERR_TLS_", Tls, High), row(Word, "CERT_HAS_EXPIRED", Tls, High), row(Word, "DEPTH_ZERO_SELF_SIGNED_CERT", Tls, High),
    row(Word, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", Tls, High), row(Word, "SELF_SIGNED_CERT_IN_CHAIN", Tls, High), row(Word, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", Tls, High), row(Word, "ERR_SSL_WRONG_VERSION_NUMBER", Tls, High), row(Word, "EPROTO", Tls, High),
    // TLS anywhere
    row(Text, "certificate verify failed", Tls, High), row(Text, "CERTIFICATE_VERIFY_FAILED", Tls, High), row(Text, "x509: ", Tls, High), row(Text, "TLS handshake", Tls, High), row(Text, "tls: ", Tls, Medium),
    row(Text, "SSL handshake", Tls, High), row(Text, "handshake_failure", Tls, High), row(Text, "unable to find valid certification path", Tls, High), row(Text, "self signed certificate", Tls, High), row(Text, "self-signed certificate", Tls, High),
    row(Text, "certificate has expired", Tls, High), row(Text, "unable to get local issuer certificate", Tls, High), row(Text, "SSL connection could not be established", Tls, High), row(Text, "remote certificate", Tls, High), row(Text, "invalid peer certificate", Tls, High),
    row(Type, "SSLHandshakeException", Tls, High), row(Type, "SSLPeerUnverifiedException", Tls, High), row(Type, "SSLCertVerificationError", Tls, High), row(Type, "SSLError", Tls, High), row(Type, "SSLException", Tls, Medium),
    with(&["TLS handshake timeout"], Text, "TLS handshake timeout", Timeout, High),
    // Python: requests, urllib3, httpx, aiohttp, socket, botocore, smtplib, grpc
    row(Type, "ReadTimeout", Timeout, High), row(Type, "ConnectTimeout", Timeout, High), row(Type, "ReadTimeoutError", Timeout, High), row(Type, "ConnectTimeoutError", Timeout, High),
    row(Type, "WriteTimeout", Timeout, High), row(Type, "PoolTimeout", Timeout, Medium), row(Type, "ServerTimeoutError", Timeout, High), row(Type, "ConnectionTimeoutError", Timeout, High), row(Type, "ConnectionTimeout", Timeout, High), row(Type, "SocketTimeoutError", Timeout, High),
    with(&["TimeoutError\n\ntimed out\n"], Type, "TimeoutError", Timeout, Medium),
    with(&["timed out"], Type, "timeout", Timeout, Medium), with(&["The read operation timed out", "The handshake operation timed out", "The write operation timed out"], Text, "operation timed out", Timeout, High),
    row(Text, "urlopen error", Connection, High), row(Text, "Read timed out", Timeout, High), row(Text, "Read timeout on endpoint", Timeout, High), row(Text, "Connect timeout on endpoint", Timeout, High), row(Text, "Max retries exceeded with url", Connection, High),
    row(Type, "ConnectionError", Connection, Medium), row(Type, "NewConnectionError", Connection, High), row(Type, "MaxRetryError", Connection, High), row(Type, "ProtocolError", Connection, Medium), row(Type, "RemoteDisconnected", Connection, High), row(Type, "IncompleteRead", Connection, Medium),
    row(Type, "ChunkedEncodingError", Connection, High), row(Type, "ProxyError", Connection, High), row(Type, "ConnectError", Connection, High), row(Type, "ReadError", Connection, Medium), row(Type, "WriteError", Connection, Low), row(Type, "RemoteProtocolError", Connection, High),
    row(Type, "ClientConnectorError", Connection, High), row(Type, "ClientOSError", Connection, High), row(Type, "ServerDisconnectedError", Connection, High), row(Type, "ClientPayloadError", Connection, Medium), row(Type, "ClientResponseError", HttpStatus, High),
    row(Type, "ConnectionRefusedError", Connection, High), row(Type, "ConnectionResetError", Connection, High), row(Type, "BrokenPipeError", Connection, Medium), row(Type, "ConnectionAbortedError", Connection, High), row(Type, "gaierror", Dns, High), row(Type, "ClientConnectorDNSError", Dns, High),
    row(Text, "Client Error: ", HttpStatus, High), row(Text, "Server Error: ", HttpStatus, High), row(Text, "HTTP Error ", HttpStatus, High), row(Text, "Client error '", HttpStatus, High), row(Text, "Server error '", HttpStatus, High),
    row(Type, "EndpointConnectionError", Connection, High), row(Type, "ConnectionClosedError", Connection, High), row(Type, "HTTPClientError", Connection, Medium), row(Type, "WaiterError", Failed, Medium), with(&["Max attempts exceeded"], Type, "WaiterError", Timeout, Medium), row(Text, "Could not connect to the endpoint URL", Connection, High),
    row(Type, "NoCredentialsError", Auth, High), row(Type, "PartialCredentialsError", Auth, High), row(Type, "TokenRetrievalError", Auth, High), row(Text, "Unable to locate credentials", Auth, High), row(Text, "Missing credentials in config", Auth, High), row(Text, "Could not load credentials from any providers", Auth, High), row(Text, "Unable to load credentials", Auth, High), row(Text, "Unable to load AWS credentials", Auth, High),
    // Waiters of the other SDKs: what they waited for did not come, or failed
    row(Text, "waiter has exceeded the max retry attempts", Timeout, Medium), row(Text, "exceeded max wait time for ", Timeout, Medium), row(Text, "Waiter has timed out", Timeout, Medium), row(Type, "WaiterTimedOutException", Timeout, Medium), row(Type, "TooManyAttemptsError", Timeout, Medium),
    row(Text, "waiter state transitioned to Failure", Failed, Medium), row(Text, "transitioned the waiter to failure state", Failed, Medium), row(Text, "waiter entered a failure state", Failed, Medium), row(Type, "WaiterUnrecoverableException", Failed, Medium), row(Type, "FailureStateError", Failed, Medium),
    row(Type, "SSHException", Connection, High), row(Type, "_InactiveRpcError", Failed, High),
    // gRPC in any language, where no status was read
    row(Type, "RpcException", Failed, High), row(Type, "StatusRuntimeException", Failed, High), row(Text, "rpc error: code", Failed, High),
    // Go: net, net/http
    row(Text, "dial tcp", Connection, High), row(Text, "i/o timeout", Timeout, High), row(Text, "Client.Timeout exceeded", Timeout, High), with(NETWORK, Text, "context deadline exceeded", Timeout, High), row(Text, "http: server closed idle connection", Connection, High), row(Text, "use of closed network connection", Connection, Medium),
    with(&["://"], Text, ": EOF", Connection, Medium), row(Text, "stopped after 10 redirects", Failed, Medium), row(Text, "server misbehaving", Dns, High),
    // Java: java.net, Apache, OkHttp, JDK client, Spring, Feign
    row(Type, "ConnectException", Connection, High), row(Type, "HttpHostConnectException", Connection, High), row(Type, "NoRouteToHostException", Connection, High), row(Type, "NoHttpResponseException", Connection, High), row(Type, "SocketException", Connection, Medium), row(Type, "ConnectionClosedException", Connection, High),
    row(Type, "UnknownHostException", Dns, High), row(Text, "java.net.UnknownHostException", Dns, High), row(Text, "java.net.ConnectException", Connection, High), row(Type, "UnresolvedAddressException", Dns, High), row(Type, "SocketTimeoutException", Timeout, High), row(Text, "java.net.SocketTimeoutException", Timeout, High), row(Type, "ConnectTimeoutException", Timeout, High), row(Type, "HttpTimeoutException", Timeout, High), row(Type, "HttpConnectTimeoutException", Timeout, High), row(Type, "ConnectionPoolTimeoutException", Timeout, High),
    row(Type, "ApiCallTimeoutException", Timeout, High), row(Type, "ApiCallAttemptTimeoutException", Timeout, High), row(Text, "Unable to execute HTTP request", Connection, High), row(Text, "Timeout waiting for connection from pool", Timeout, High), row(Text, "Acquire operation took longer", Timeout, High), row(Type, "ResourceAccessException", Connection, High), row(Type, "HttpServerErrorException", HttpStatus, High), row(Type, "HttpClientErrorException", HttpStatus, High), row(Type, "WebClientRequestException", Connection, High), row(Type, "WebClientResponseException", HttpStatus, High), row(TypeStart, "FeignException", HttpStatus, High), row(Type, "RetryableException", Connection, Medium), row(Text, "Server returned HTTP response code:", HttpStatus, High),
    // .NET
    row(Type, "HttpRequestException", HttpStatus, High), row(Type, "SocketException", Connection, Medium), row(Type, "WebException", HttpStatus, Medium), row(Text, "WebException with status ConnectFailure", Connection, High), row(Text, "WebException with status NameResolutionFailure", Dns, High), row(Text, "WebException with status Timeout", Timeout, High), row(Text, "WebException with status TrustFailure", Tls, High), row(Text, "WebException with status SecureChannelFailure", Tls, High), row(Text, "WebException with status SendFailure", Connection, High), row(Text, "WebException with status ReceiveFailure", Connection, High), row(Text, "WebException with status KeepAliveFailure", Connection, High), row(Text, "WebException with status ConnectionClosed", Connection, High), row(Text, "HttpClient.Timeout", Timeout, High), row(Text, "status code does not indicate success", HttpStatus, High), row(Text, "actively refused it", Connection, High), row(Text, "o such host is known", Dns, High), row(Text, "unexpected EOF or 0 bytes from the transport", Connection, High), row(Text, "esource temporarily unavailable (", Dns, Medium),
    // Ruby, PHP
    row(Type, "OpenTimeout", Timeout, High), row(Text, "Net::ReadTimeout", Timeout, High), row(Text, "Net::OpenTimeout", Timeout, High), row(Type, "SocketError", Dns, Medium), row(Text, "Faraday::ConnectionFailed", Connection, High), row(Text, "Faraday::TimeoutError", Timeout, High), row(Text, "Faraday::", HttpStatus, Medium), row(Text, "RestClient::", HttpStatus, Medium), row(Text, "Excon::Error", Connection, Medium), row(Text, "the server responded with status", HttpStatus, High), row(Text, "HTTP::ConnectionError", Connection, High),
    row(Text, "cURL error 6:", Dns, High), row(Text, "cURL error 7:", Connection, High), row(Text, "cURL error 28:", Timeout, High), row(Text, "cURL error 35:", Tls, High), row(Text, "cURL error 52:", Connection, High), row(Text, "cURL error 56:", Connection, High), row(Text, "cURL error 60:", Tls, High), row(Text, "GuzzleHttp\\Exception\\", HttpStatus, High), row(Text, "resulted in a `", HttpStatus, High),
    // Rust: std, hyper, reqwest, the SDK's dispatch failures
    row(Text, "ConnectionRefused", Connection, High), row(Text, "ConnectionReset", Connection, High), row(Text, "BrokenPipe", Connection, Medium), row(Text, "tcp connect error", Connection, High), row(Text, "error sending request for url", Connection, High), row(Text, "reqwest::Error", Failed, Medium), row(Text, "kind: Request, ", Connection, Medium), row(Text, "kind: Connect", Connection, High), row(Text, "CredentialsNotLoaded", Auth, High), row(Text, "request has timed out", Timeout, High), row(Text, "InvalidCertificate", Tls, High), row(Text, "HTTP status client error", HttpStatus, High), row(Text, "HTTP status server error", HttpStatus, High), row(Text, "DispatchFailure", Connection, High), row(Text, "dispatch failure", Connection, High), row(Text, "hyper::Error", Connection, Medium), with(&["reqwest", "hyper", "error sending request"], Text, "operation timed out", Timeout, High), with(&["reqwest", "hyper"], Text, "TimedOut", Timeout, High),
    // Another Lambda function, as its caller sees it
    of("Lambda", Text, "Sandbox.Timedout", Timeout), Signature { text: TIMED_OUT_WORDS, at: Text, trouble: Timeout, confidence: Medium, service: Some("Lambda"), needs: &[] },
    // PostgreSQL: libpq, psycopg, pg, Npgsql, JDBC, sqlx, Go
    of("PostgreSQL", Text, "psycopg", Database), of("PostgreSQL", Type, "PSQLException", Database), of("PostgreSQL", Type, "NpgsqlException", Database), of("PostgreSQL", Type, "PostgresException", Database), of("PostgreSQL", Text, "PG::", Database), of("PostgreSQL", Type, "PostgresError", Database), of("PostgreSQL", Text, "asyncpg", Database),
    of("PostgreSQL", Text, "FATAL: password authentication failed", Auth), row(Text, "password authentication failed", Auth, High), of("PostgreSQL", Text, "no pg_hba.conf entry", Auth), of("PostgreSQL", Text, "remaining connection slots are reserved", Database), of("PostgreSQL", Text, "too many clients already", Database), of("PostgreSQL", Text, "server closed the connection unexpectedly", Database), of("PostgreSQL", Text, "terminating connection due to", Database), of("PostgreSQL", Text, "connection to server at \"", Database), of("PostgreSQL", Text, "could not connect to server", Database), of("PostgreSQL", Text, "SQLSTATE 5", Database), of("PostgreSQL", Text, "timeout exceeded when trying to connect", Database), of("PostgreSQL", Text, "Connection terminated unexpectedly", Database), of("PostgreSQL", Text, "Connection terminated due to connection timeout", Database), of("PostgreSQL", Text, "pq: ", Database), of("PostgreSQL", Text, "pgconn", Database),
    of("PostgreSQL", Type, "UniqueViolation", Duplicate), of("PostgreSQL", Text, "duplicate key value violates unique constraint", Duplicate), of("PostgreSQL", Type, "UndefinedTable", Database), of("PostgreSQL", Type, "QueryCanceled", Database), of("PostgreSQL", Type, "DeadlockDetected", Database),
    // MySQL: mysqlclient, mysql2, Connector/J, MySqlConnector
    of("MySQL", Text, "com.mysql.", Database), of("MySQL", Type, "CommunicationsException", Database), of("MySQL", Text, "Communications link failure", Database), of("MySQL", Type, "MySqlException", Database), of("MySQL", Text, "Mysql2::", Database), of("MySQL", Text, "pymysql", Database), of("MySQL", Text, "Can't connect to MySQL server", Database), of("MySQL", Text, "Lost connection to MySQL server", Database), of("MySQL", Text, "MySQL server has gone away", Database), of("MySQL", Word, "PROTOCOL_CONNECTION_LOST", Database), of("MySQL", Text, "ER_CON_COUNT_ERROR", Database), of("MySQL", Text, "ER_LOCK_", Database), of("MySQL", Text, "ER_DUP_ENTRY", Duplicate), of("MySQL", Text, "Duplicate entry '", Duplicate), of("MySQL", Type, "MySQLError", Database), of("MySQL", Text, "Too many connections", Database), of("MySQL", Text, "ER_ACCESS_DENIED", Auth), of("MySQL", Text, "Access denied for user", Auth), of("MySQL", Text, "ER_PARSE_ERROR", Database), of("MySQL", Text, "ER_NO_SUCH_TABLE", Database), of("MySQL", Text, "invalid connection", Database),
    // SQL Server, Oracle
    of("SQL Server", Text, "Violation of PRIMARY KEY constraint", Duplicate), of("SQL Server", Text, "Violation of UNIQUE KEY constraint", Duplicate), of("SQL Server", Text, "Cannot insert duplicate key", Duplicate), of("Oracle", Text, "ORA-00001", Duplicate),
    of("SQL Server", Type, "SqlException", Database), of("SQL Server", Type, "SQLServerException", Database), of("SQL Server", Text, "establishing a connection to SQL Server", Database), of("SQL Server", Text, "Login failed for user", Auth), of("SQL Server", Text, "pyodbc.", Database), of("Oracle", Text, "ORA-", Database), of("Oracle", Type, "OracleException", Database),
    // Database layers that do not name the product
    row(Type, "OperationalError", Database, High), row(Type, "InterfaceError", Database, High), row(Type, "IntegrityError", Database, High), row(Type, "ProgrammingError", Database, High), row(Type, "DatabaseError", Database, High), row(Type, "DBAPIError", Database, High), row(Type, "SQLException", Database, High), row(Type, "SQLTransientConnectionException", Database, High), row(Type, "SQLNonTransientConnectionException", Database, High), row(Type, "SQLRecoverableException", Database, High), row(Type, "SQLSyntaxErrorException", Database, High), row(Type, "SQLTimeoutException", Database, High), row(Type, "SQLIntegrityConstraintViolationException", Database, High), row(Type, "JDBCConnectionException", Database, High), row(Type, "GenericJDBCException", Database, High), row(Type, "CannotGetJdbcConnectionException", Database, High), row(Type, "DataAccessResourceFailureException", Database, High), row(Type, "DataIntegrityViolationException", Database, Medium), row(Type, "DbUpdateException", Database, High), row(Type, "PDOException", Database, High), row(Text, "SQLSTATE[", Database, High), row(Text, "HikariPool", Database, High), row(Text, "Connection is not available, request timed out", Database, High), row(Text, "JDBC Connection", Database, High),
    row(Type, "SequelizeUniqueConstraintError", Duplicate, High), with(&["PrismaClient", "Unique constraint failed"], Word, "P2002", Duplicate, High), row(Text, "Unique constraint failed on the", Duplicate, High),
    with(&["PrismaClient"], Word, "P2025", NotFound, High), with(&["PrismaClient"], Word, "P2034", Contention, High),
    row(TypeStart, "Sequelize", Database, High), row(TypeStart, "PrismaClient", Database, High), row(Text, "Can't reach database server", Database, High), row(Type, "QueryFailedError", Database, High), row(Type, "KnexTimeoutError", Database, High), row(Text, "Timeout acquiring a connection", Database, High), row(Text, "ActiveRecord::", Database, High), row(Text, "sqlx::", Database, High), row(Text, "PoolTimedOut", Database, High), row(Text, "QueuePool limit", Database, High), row(Text, "sql: database is closed", Database, High), row(Text, "driver: bad connection", Database, High),
    // Redis, MongoDB, Cassandra, search, Kafka, AMQP
    of("Redis", Text, "redis.exceptions.", Database), of("Redis", Text, "Redis::", Database), of("Redis", Text, "redis.clients.jedis", Database), of("Redis", Type, "JedisConnectionException", Database), of("Redis", TypeStart, "RedisConnection", Database), of("Redis", Type, "RedisTimeoutException", Database), of("Redis", Type, "RedisCommandTimeoutException", Database), of("Redis", Type, "MaxRetriesPerRequestError", Database), of("Redis", Text, "Reached the max retries per request limit", Database), of("Redis", Text, "StackExchange.Redis", Database), of("Redis", Text, "Timeout reading from socket", Database), of("Redis", Text, "NOAUTH Authentication required", Auth), of("Redis", Text, "WRONGPASS", Auth), of("Redis", Text, "connecting to redis", Database),
    of("Redis", Text, "invalid username-password pair", Auth), with(&["Redis", "redis", "Authentication required."], Text, "NOAUTH", Auth, High), of("Redis", Text, "Redis is loading the dataset", Unavailable), of("Redis", Text, "write against a read only replica", Unavailable), of("Redis", Text, "CLUSTERDOWN", Unavailable), of("Redis", Text, "WRONGTYPE Operation against a key", Validation), of("Redis", Text, "CROSSSLOT Keys in request", Validation), of("Redis", Text, "command not allowed when used memory", Database), of("Redis", Type, "ClusterAllFailedError", Database),
    of("MongoDB", Text, "E11000 duplicate key", Duplicate), of("MongoDB", Text, "bad auth : ", Auth), of("MongoDB", Text, "Authentication failed., full error", Auth), with(&["codeName", "pymongo", "Mongo"], Text, "not authorized on ", Auth, High), of("MongoDB", Text, "'codeName': 'Unauthorized'", Auth), of("MongoDB", Text, "'codeName': 'AuthenticationFailed'", Auth), of("MongoDB", Text, "'codeName': 'AtlasError'", Auth),
    of("MongoDB", Text, "'codeName': 'WriteConflict'", Contention), of("MongoDB", Text, "'codeName': 'DuplicateKey'", Duplicate), of("MongoDB", Text, "'codeName': 'MaxTimeMSExpired'", Timeout), of("MongoDB", Type, "ExecutionTimeout", Timeout), of("MongoDB", Type, "NetworkTimeout", Timeout), of("MongoDB", Type, "NotPrimaryError", Unavailable), of("MongoDB", Type, "OperationFailure", Database), of("MongoDB", Type, "BulkWriteError", Database), of("MongoDB", Type, "DuplicateKeyError", Duplicate),
    of("MongoDB", TypeStart, "Mongo", Database), of("MongoDB", Type, "ServerSelectionTimeoutError", Database), of("MongoDB", Type, "AutoReconnect", Database), of("MongoDB", Type, "ServerSelectionError", Database), of("MongoDB", Text, "server selection error", Database), of("MongoDB", Text, "server selection timeout", Database), of("MongoDB", Text, "Server selection timed out", Database), of("MongoDB", Text, "pymongo.errors", Database),
    of("Cassandra", Type, "NoHostAvailableException", Database), of("Cassandra", Type, "NoHostAvailable", Database), of("Snowflake", Text, "snowflake.connector", Database),
    of("Elasticsearch", Text, "index_not_found_exception", NotFound), of("Elasticsearch", Text, "cluster_block_exception", Unavailable), of("Elasticsearch", Text, "version_conflict_engine_exception", Contention), of("Elasticsearch", Text, "security_exception", Auth), of("Elasticsearch", Text, "resource_already_exists_exception", Conflict), of("Elasticsearch", Text, "circuit_breaking_exception", Throttled), of("Elasticsearch", Text, "rejected_execution_exception", Throttled), of("Elasticsearch", Text, "parsing_exception", Validation), of("Elasticsearch", Text, "search_phase_execution_exception", Failed),
    of("Elasticsearch", Text, "elastic_transport", Connection), of("Elasticsearch", Text, "NoLivingConnectionsError", Connection), of("OpenSearch", Text, "opensearchpy", Connection),
    // Kafka: kafkajs, kafka-python, librdkafka, the Java client, sarama; AMQP: amqplib, pika, the Java client; MQTT, NATS
    of("Kafka", Type, "KafkaJSSASLAuthenticationError", Auth), of("Kafka", Text, "SaslAuthenticationException", Auth), of("Kafka", Text, "SaslAuthenticationFailed", Auth), of("Kafka", Type, "TopicAuthorizationException", Auth), of("Kafka", Type, "GroupAuthorizationException", Auth), of("Kafka", Type, "TopicAuthorizationFailedError", Auth), of("Kafka", Text, "code=TOPIC_AUTHORIZATION_FAILED", Auth), of("Kafka", Text, "code=_AUTHENTICATION", Auth),
    of("Kafka", TypeStart, "KafkaJS", Connection), of("Kafka", Type, "NoBrokersAvailable", Connection), of("Kafka", Type, "KafkaTimeoutError", Timeout), of("Kafka", Text, "org.apache.kafka.common.errors.TimeoutException", Timeout), of("Kafka", Text, "not present in metadata after", Timeout), of("Kafka", Text, "code=_TIMED_OUT", Timeout), of("Kafka", Text, "code=_MSG_TIMED_OUT", Timeout), of("Kafka", Text, "code=_TRANSPORT", Connection), of("Kafka", Text, "code=_ALL_BROKERS_DOWN", Connection), of("Kafka", TypeStart, "KafkaConnection", Connection), of("Kafka", Text, "client has run out of available brokers", Connection), of("Kafka", Text, "UNKNOWN_TOPIC_OR_PART", NotFound), of("Kafka", Text, "Unknown Topic Or Partition", NotFound), of("Kafka", Type, "UnknownTopicOrPartitionException", NotFound), of("Kafka", Type, "RecordTooLargeException", Validation), of("Kafka", Type, "KafkaException", Failed), of("Kafka", Text, "KafkaError{", Failed),
    of("RabbitMQ", Type, "AMQPConnectionError", Connection), of("RabbitMQ", Type, "ProbableAuthenticationError", Auth), of("RabbitMQ", Type, "ChannelClosedByBroker", Failed), of("RabbitMQ", Text, "ACCESS_REFUSED - ", Auth), of("RabbitMQ", Text, "(NOT-FOUND)", NotFound), of("RabbitMQ", Text, "NOT_FOUND - no ", NotFound), of("RabbitMQ", Text, "PRECONDITION_FAILED - ", Validation), of("RabbitMQ", Type, "BrokerUnreachableException", Connection), of("NATS", Text, "nats: timeout", Timeout), of("NATS", Text, "nats: no servers available", Connection), of("NATS", TypeStart, "NatsError", Failed),
    // Mail: smtplib, nodemailer, Jakarta Mail, MailKit, Net::SMTP, net/smtp
    of("SMTP", Type, "SMTPAuthenticationError", Auth), of("SMTP", Word, "EAUTH", Auth), of("SMTP", Text, "Invalid login: 5", Auth), of("SMTP", Text, "535 5.7.", Auth), of("SMTP", Text, "535 Authentication", Auth), with(&["ail", "SMTP"], Type, "AuthenticationFailedException", Auth, High), of("SMTP", Type, "SMTPConnectError", Connection), of("SMTP", Type, "SMTPServerDisconnected", Connection), of("SMTP", Type, "MailConnectException", Connection), of("SMTP", Text, "ouldn't connect to host, port: ", Connection), of("SMTP", Type, "SMTPRecipientsRefused", Validation), of("SMTP", Type, "SMTPSenderRefused", Validation), of("SMTP", Type, "SMTPDataError", Failed), of("SMTP", Word, "EENVELOPE", Validation), of("SMTP", Text, "Invalid greeting", Connection), of("SMTP", Text, "Greeting never received", Timeout), of("SMTP", Type, "SmtpException", Failed), of("SMTP", Type, "SmtpCommandException", Failed), of("SMTP", Text, "Net::SMTP", Failed), of("SMTP", Type, "SendFailedException", Failed), of("SMTP", TypeStart, "SMTP", Failed),
    // Directories: python-ldap, ldap3, ldapjs, JNDI, .NET
    of("LDAP", Text, "Can't contact LDAP server", Connection), of("LDAP", Type, "SERVER_DOWN", Connection), of("LDAP", Type, "LDAPSocketOpenError", Connection), of("LDAP", Type, "LDAPSocketReceiveError", Connection), of("LDAP", Type, "INVALID_CREDENTIALS", Auth), of("LDAP", Text, "LdapErr: DSID", Failed), of("LDAP", Text, "[LDAP: error code 49", Auth), of("LDAP", Text, "80090308: LdapErr", Auth), of("LDAP", Text, "[LDAP: error code 32", NotFound), of("LDAP", Text, "[LDAP: error code 68", Conflict), of("LDAP", Text, "[LDAP: error code ", Failed), of("LDAP", Text, "LDAP Result Code 49", Auth), of("LDAP", Text, "LDAP Result Code ", Failed), of("LDAP", Type, "LDAPInvalidCredentialsResult", Auth), of("LDAP", Type, "LDAPBindError", Auth), of("LDAP", Type, "LDAPException", Failed), of("LDAP", Type, "LdapException", Failed), with(&["ldap", "LDAP"], Type, "CommunicationException", Connection, High),
    // Files over the network: paramiko, ssh2, ftplib
    row(Type, "NoValidConnectionsError", Connection, High), with(&["uthentication failed"], Type, "AuthenticationException", Auth, Medium), row(Text, "All configured authentication methods failed", Auth, High), row(Text, "530 Login incorrect", Auth, High), row(Type, "BadHostKeyException", Tls, Medium),
    // Browsers: Chromium's net errors, puppeteer, playwright
    row(Text, "net::ERR_NAME_NOT_RESOLVED", Dns, High), row(Text, "net::ERR_NAME_RESOLUTION_FAILED", Dns, High), row(Text, "net::ERR_DNS_", Dns, High), row(Text, "net::ERR_TIMED_OUT", Timeout, High), row(Text, "net::ERR_CONNECTION_TIMED_OUT", Timeout, High), row(Text, "net::ERR_CERT_", Tls, High), row(Text, "net::ERR_SSL_", Tls, High), row(Text, "net::ERR_BAD_SSL_", Tls, High),
    row(Text, "net::ERR_CONNECTION_", Connection, High), row(Text, "net::ERR_EMPTY_RESPONSE", Connection, High), row(Text, "net::ERR_INTERNET_DISCONNECTED", Connection, High), row(Text, "net::ERR_ADDRESS_UNREACHABLE", Connection, High), row(Text, "net::ERR_NETWORK_", Connection, High), row(Text, "net::ERR_SOCKET_", Connection, High), row(Text, "net::ERR_TUNNEL_CONNECTION_FAILED", Connection, High), row(Text, "net::ERR_PROXY_", Connection, High), row(Text, "net::ERR_HTTP", Failed, High), row(Text, "net::ERR_TOO_MANY_REDIRECTS", Failed, High), row(Text, "net::ERR_ABORTED", Failed, Medium), row(Text, "net::ERR_INVALID_AUTH_CREDENTIALS", Auth, High),
    row(Text, "Navigation timeout of ", Timeout, High), row(Text, "page.goto: Timeout ", Timeout, High), row(Text, "page.reload: Timeout ", Timeout, High), row(Text, "page.waitForNavigation: Timeout ", Timeout, High), row(Text, "page.waitForLoadState: Timeout ", Timeout, High),
    // GraphQL: gql, Apollo; SOAP: zeep, JAX-WS
    row(Type, "TransportQueryError", Failed, High), row(Type, "TransportServerError", HttpStatus, High), row(Text, "Response not successful: Received status code", HttpStatus, High), row(Text, "Cannot query field ", Validation, Medium), row(Text, "GRAPHQL_VALIDATION_FAILED", Validation, High), row(Type, "SOAPFaultException", Failed, High), row(Text, "zeep.exceptions.", Failed, High),
    // Other interfaces: clients of vendors that name the kind in the class
    row(Text, "Invalid API Key provided", Auth, High), row(Text, "Incorrect API key provided", Auth, High), row(Text, "invalid x-api-key", Auth, High), row(Text, "API key not valid", Auth, High), row(Word, "invalid_api_key", Auth, High), row(Word, "invalid_grant", Auth, High), row(Word, "invalid_client", Auth, Medium),
    row(Type, "RetryError", Failed, Low), row(Type, "TooManyRedirects", Failed, Medium), row(Type, "AI_APICallError", Failed, High), row(Type, "AI_RetryError", Failed, High), row(Type, "SlackApiError", Failed, High), row(Text, "An API error occurred: ratelimited", Throttled, High), row(Type, "StripeConnectionError", Connection, High), row(Type, "StripeAPIError", Unavailable, High), row(Type, "StripeRateLimitError", Throttled, High), row(Type, "StripeAuthenticationError", Auth, High), row(Type, "TwilioRestException", HttpStatus, High),
    row(Type, "HeadersTimeoutError", Timeout, High), row(Type, "BodyTimeoutError", Timeout, High), row(Text, "Inaccessible host: `", Dns, High), row(Type, "NetworkingError", Connection, High), row(Text, "MissingCredentialsError", Auth, High), row(Text, "failed to refresh cached credentials", Auth, High), row(Text, "NoCredentialProviders", Auth, High), row(Text, "IAM security credentials", Auth, High), row(Text, "Error retrieving credentials from the instance profile", Auth, High), row(Text, "credential provider was not enabled", Auth, High), row(Text, "no providers in chain provided credentials", Auth, High), row(Text, "the credential provider was not", Auth, High),
    row(Text, "Received an UnknownHostException", Dns, High), row(Text, "RequestError: send request failed", Connection, High), row(Text, "did not complete before the specified timeout", Timeout, High), with(&["RequestCanceled"], Text, "context deadline exceeded", Timeout, High), row(Text, "request send failed", Connection, High), row(Text, "(CURLE_OPERATION_TIMEDOUT)", Timeout, High), row(Text, "is not a valid hostname or IP", Dns, Medium),
    // Clients of vendors, by classes and words that are theirs alone
    row(Type, "HttpResponseError", Failed, Medium), of("Azure", Type, "ServiceRequestError", Connection), of("Azure", Type, "ServiceResponseError", Connection), of("Azure", Type, "ClientAuthenticationError", Auth), of("Azure", TypeStart, "ServiceBus", Failed), of("Azure", TypeStart, "CosmosHttp", Failed), of("Azure", Text, "AADSTS", Auth),
    of("Neo4j", Text, "Unable to retrieve routing information", Database), of("Neo4j", Text, "Neo.ClientError.Security", Auth), of("Neo4j", Text, "Neo.ClientError.", Database), of("Neo4j", Text, "Neo.TransientError.", Database), of("Neo4j", Text, "Neo.DatabaseError.", Database), of("Neo4j", Text, "defunct connection", Database), of("Neo4j", Text, "ensure the database is running and that there is a working network connection", Database),
    with(VAULT, Type, "Forbidden", Auth, High), with(VAULT, Type, "Unauthorized", Auth, High), with(VAULT, Type, "InvalidPath", NotFound, High), with(VAULT, Type, "InvalidRequest", Validation, High), with(VAULT, Type, "VaultDown", Unavailable, High), with(VAULT, Type, "InternalServerError", Unavailable, High), with(VAULT, Type, "BadGateway", Unavailable, High), with(VAULT, Type, "RateLimitExceeded", Throttled, High), of("Vault", Type, "VaultDown", Unavailable),
    of("Qdrant", Type, "ResponseHandlingException", Connection), of("Weaviate", Type, "WeaviateConnectionError", Connection), of("Weaviate", Type, "WeaviateStartUpError", Connection), of("Weaviate", Type, "WeaviateGRPCUnavailableError", Unavailable), of("Weaviate", Type, "WeaviateTimeoutError", Timeout), of("Weaviate", Type, "WeaviateQueryError", Failed), of("Weaviate", Type, "WeaviateQueryException", Failed), of("Weaviate", Type, "WeaviateBatchError", Failed), of("Pinecone", TypeStart, "PineconeApi", Failed), of("Pinecone", Type, "PineconeConnectionError", Connection), of("Pinecone", Type, "PineconeAuthorizationError", Auth),
    of("IMAP", Text, "[AUTHENTICATIONFAILED]", Auth), of("POP3", Text, "-ERR [AUTH]", Auth), of("SSH", Text, "imed out while waiting for handshake", Timeout), of("SSH", Text, "Handshake failed: no matching", Connection), of("SSH", Text, "(SSH) Channel open failure", Failed), of("FTP", Type, "FTPError", Failed),
    of("Oracle", Text, "NJS-003", Database), of("Oracle", Text, "NJS-040", Database), of("Oracle", Text, "NJS-5", Database), of("Oracle", Text, "DPY-4011", Database), of("Oracle", Text, "DPY-4024", Database), of("Oracle", Text, "DPY-6", Database), of("Oracle", Text, "DPI-1010", Database), of("Oracle", Text, "DPI-1067", Database), of("Oracle", Text, "DPI-1080", Database),
    of("Redis", Text, "Redis connection lost", Database), of("Redis", Text, "Redis connection in broken state", Database), of("Redis", Text, "Stream connection ended and command aborted", Database), of("Redis", Type, "SocketClosedUnexpectedlyError", Database), of("DAX", Type, "DaxClientError", Connection), of("DAX", Type, "DaxServiceError", Failed),
    of("Snowflake", Text, "its statement or warehouse timeout", Timeout), of("Snowflake", Text, "SQL compilation error:", Database), of("ClickHouse", Text, "DB::Exception: ", Database), of("ClickHouse", Text, "DB::NetException", Database), of("ClickHouse", Text, "HTTPDriver for http", Database), of("Trino", Type, "TrinoQueryError", Database), of("Trino", Type, "TrinoUserError", Database), of("Trino", Type, "TrinoExternalError", Database), of("Trino", Type, "TrinoConnectionError", Database), of("Cassandra", Type, "AllNodesFailedException", Database), of("Memcached", TypeStart, "MemcacheUnexpectedClose", Connection), of("Memcached", Type, "MemcacheServerError", Failed),
    row(Type, "GaxiosError", HttpStatus, High), of("GitHub", Type, "GithubException", Failed), of("GitHub", Text, "API rate limit exceeded", Throttled), of("GitHub", Text, "secondary rate limit", Throttled), with(&["HTTP "], Type, "JIRAError", HttpStatus, High), row(Type, "GitlabHttpError", HttpStatus, High), row(Type, "GitlabGetError", HttpStatus, High), row(Type, "GitlabCreateError", HttpStatus, High), row(Type, "GitlabAuthenticationError", Auth, High),
    of("Salesforce", Type, "SalesforceAuthenticationFailed", Auth), of("Salesforce", Type, "SalesforceExpiredSession", Auth), of("Salesforce", Type, "SalesforceMalformedRequest", Validation), of("Salesforce", Type, "SalesforceResourceNotFound", NotFound), of("Salesforce", Type, "SalesforceRefusedRequest", Auth), of("Salesforce", Type, "SalesforceGeneralError", Failed), of("Meilisearch", Type, "MeilisearchCommunicationError", Connection), of("Meilisearch", Type, "MeilisearchApiError", Failed), of("Solr", Type, "SolrError", Failed), row(Type, "FlurlHttpTimeoutException", Timeout, High), row(Type, "FlurlHttpException", HttpStatus, High), of("Google", Type, "GoogleApiException", Failed), of("Google", Type, "GoogleJsonResponseException", Failed), of("Google", Type, "RefreshError", Auth),
    // HTTP statuses in the text of a response
    row(Text, "429 Too Many Requests", Throttled, High), row(Text, "503 Service Unavailable", Unavailable, High), row(Text, "502 Bad Gateway", Unavailable, High), row(Text, "504 Gateway", Timeout, High), row(Text, "401 Unauthorized", Auth, High), row(Text, "403 Forbidden", Auth, Medium),
    with(&["http", "HTTP"], Text, "404 Not Found", NotFound, Medium), with(&["http", "HTTP"], Text, "400 Bad Request", Validation, Medium),
];

/// Calls that only the type or message together with a frame of the stack tells: the words alone may be the function's.
/// Each row: type (or empty), message (or empty), part of the stack.
#[rustfmt::skip]
static BY_STACK: &[(&str, &str, &str, Trouble, Option<&str>)] = &[
    ("", "timeout expired", "pg/lib/client.js", Database, Some("PostgreSQL")),
    ("", "timeout expired", "pg-pool", Database, Some("PostgreSQL")),
    ("TypeError", "terminated", "undici", Connection, None),
    ("TimeoutError", "", "aiohttp/", Timeout, None),
    ("TimeoutError", "", "asyncpg/", Database, Some("PostgreSQL")),
    ("TimeoutError", "", "/redis/", Database, Some("Redis")),
    ("TimeoutError", "timed out", "http/client.py", Timeout, None),
    ("TimeoutError", "timed out", "urllib/request.py", Timeout, None),
    ("TimeoutError", "timed out", "/socket.py", Timeout, None),
    ("TimeoutError", "timed out", "/ssl.py", Timeout, None),
    ("TimeoutError", "timed out", "/smtplib.py", Timeout, Some("SMTP")),
    ("CancelledError", "", "aiohttp/", Timeout, None),
    ("AuthenticationError", "", "/redis/", Auth, Some("Redis")),
    ("ConnectionError", "", "/redis/", Database, Some("Redis")),
    ("AuthenticationException", "", "/paramiko/", Auth, None),
    ("EOFError", "", "/paramiko/", Connection, None),
    ("EOFError", "", "/ftplib.py", Connection, None),
    ("EOFError", "", "/imaplib.py", Connection, None),
    ("error_perm", "", "/ftplib.py", Failed, None),
    ("RestException", "", "twilio.com/docs/errors", HttpStatus, Some("Twilio")),
    ("OperationFailedError", "", "sqlState", Database, Some("Snowflake")),
    ("RequestFailedError", "", "sqlState", Database, Some("Snowflake")),
    ("RestError", "", "@azure/", Failed, Some("Azure")),
    ("abort", "", "/imaplib.py", Connection, Some("IMAP")),
    ("error_proto", "", "/poplib.py", Failed, Some("POP3")),
];

/// Finds a failed call by the stack and few words.
pub(super) fn by_stack(error: &AppError<'_>, line: &str) -> Option<Hit> {
    let name = error.error_type.as_deref().map_or("", super::text::last_segment);
    let message = error.message.as_deref().unwrap_or("").trim();
    let (.., trouble, service) = BY_STACK.iter().find(|(of_type, words, frame, ..)| {
        (of_type.is_empty() || name == *of_type) && message.ends_with(words) && line.contains(frame)
    })?;
    Some(Hit { trouble: *trouble, confidence: High, service: *service, status: None, errno: None })
}

/// Result of matching the signatures with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) trouble: Trouble,
    pub(super) confidence: Confidence,
    pub(super) service: Option<&'static str>,
    /// HTTP status with which the matched text begins.
    pub(super) status: Option<u16>,
    /// The matched errno name or other [`At::Word`], which serves as the error code if the error has none of its own.
    pub(super) errno: Option<&'static str>,
}

static MATCHER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(SIGNATURES.iter().map(|signature| signature.text)).ok());

/// Texts of an error in one string, with the ranges of the type names in it.
struct Haystack {
    text: String,
    types: Vec<Range<usize>>,
}

impl Haystack {
    fn of(error: &AppError<'_>) -> Self {
        let mut hay = Self { text: String::with_capacity(256), types: Vec::with_capacity(3) };
        let name = error.error_type.as_deref().map(unwrapped).unwrap_or("");
        hay.push(name, Some(name.len()));
        hay.push(error.code.as_deref().unwrap_or(""), None);
        for text in [error.message.as_deref(), error.cause.as_deref()].into_iter().flatten() {
            hay.push(text, leading_type(text).map(str::len));
        }
        hay
    }

    fn push(&mut self, part: &str, type_length: Option<usize>) {
        let start = self.text.len();
        self.text.push_str(part);
        self.text.push('\n');
        if let Some(length) = type_length {
            self.types.push(start..start + length);
        }
    }

    /// Returns whether a match is at the place that its signature requires, and whether the texts it needs are present.
    fn accepts(&self, signature: &Signature, found: Range<usize>) -> bool {
        let bytes = self.text.as_bytes();
        let before = found.start.checked_sub(1).map_or(b'\n', |at| bytes[at]);
        let after = bytes.get(found.end).copied().unwrap_or(b'\n');
        let starts_name = !before.is_ascii_alphanumeric() && before != b'_';
        let placed = match signature.at {
            At::Text => true,
            At::Word => starts_name && !after.is_ascii_alphanumeric() && after != b'_',
            At::Type => starts_name && self.types.iter().any(|name| name.start <= found.start && name.end == found.end),
            At::TypeStart => {
                starts_name && self.types.iter().any(|name| name.start <= found.start && found.end <= name.end)
            }
        };
        placed && (signature.needs.is_empty() || signature.needs.iter().any(|need| self.text.contains(need)))
    }
}

/// Matches all signatures in one pass. Returns the strongest hit; if it names no service, another hit provides one.
pub(super) fn best_hit(error: &AppError<'_>) -> Option<Hit> {
    let matcher = MATCHER.as_ref()?;
    let hay = Haystack::of(error);
    let mut best: Option<Hit> = None;
    for found in matcher.find_overlapping_iter(&hay.text) {
        let signature = &SIGNATURES[found.pattern().as_usize()];
        if !hay.accepts(signature, found.range()) {
            continue;
        }
        let errno = (signature.at == At::Word).then_some(signature.text);
        let hit = Hit {
            trouble: signature.trouble,
            confidence: signature.confidence,
            service: signature.service,
            status: error_status(signature.text),
            errno,
        };
        best = Some(match best {
            None => hit,
            Some(old) => stronger(old, hit),
        });
    }
    best
}

/// Returns the stronger of two hits: any other confidence beats a low one, then the order of [`Trouble`] decides, then
/// the confidence. A service or errno name that it lacks is taken from the weaker one.
fn stronger(old: Hit, new: Hit) -> Hit {
    let rank = |hit: &Hit| (hit.confidence > Low, hit.trouble, hit.confidence);
    let (mut winner, loser) = if rank(&new) > rank(&old) { (new, old) } else { (old, new) };
    winner.service = winner.service.or(loser.service);
    winner.status = winner.status.or(loser.status);
    winner.errno = winner.errno.or(loser.errno);
    winner
}
