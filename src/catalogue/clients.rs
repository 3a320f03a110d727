//! Clients of other services, by their packages: an error that one of them threw tells of a failed call, whatever its
//! words. Clients of HTTP in general throw as often for a wrong argument: there, the status or the words must tell.

use super::signatures::{Hit, Trouble};
use super::text::{last_segment, leading_type};
use super::words::Words;
use super::{api_clients, aws_codes, call_words, namespaces};
use crate::model::AppError;
use crate::model::Confidence::{High, Medium};

use Trouble::{Connection, Database, Dns, Failed, Timeout, Tls};

/// Packages by the folder that stands in the paths of their frames, with the service behind them, and the kind of a
/// failure whose words tell none.
#[rustfmt::skip]
static PACKAGES: Words<(&str, Trouble)> = Words::new(&[
    // npm
    ("node_modules/pg/", ("PostgreSQL", Database)), ("node_modules/pg-pool/", ("PostgreSQL", Database)), ("node_modules/pg-protocol/", ("PostgreSQL", Database)), ("node_modules/postgres/", ("PostgreSQL", Database)), ("node_modules/@neondatabase/", ("PostgreSQL", Database)),
    ("node_modules/mysql2/", ("MySQL", Database)), ("node_modules/mysql/", ("MySQL", Database)), ("node_modules/mariadb/", ("MySQL", Database)), ("node_modules/@planetscale/", ("MySQL", Database)), ("node_modules/tedious/", ("SQL Server", Database)), ("node_modules/oracledb/", ("Oracle", Database)),
    ("node_modules/ioredis/", ("Redis", Database)), ("node_modules/@redis/", ("Redis", Database)), ("node_modules/redis/", ("Redis", Database)), ("node_modules/@upstash/", ("Upstash", Failed)), ("node_modules/mongodb/", ("MongoDB", Database)), ("node_modules/cassandra-driver/", ("Cassandra", Database)), ("node_modules/snowflake-sdk/", ("Snowflake", Database)),
    ("node_modules/neo4j-driver", ("Neo4j", Database)), ("node_modules/gremlin/", ("Gremlin", Database)), ("node_modules/influx/", ("InfluxDB", Database)), ("node_modules/@influxdata/", ("InfluxDB", Database)), ("node_modules/@clickhouse/", ("ClickHouse", Database)), ("node_modules/@databricks/", ("Databricks", Database)), ("node_modules/couchbase/", ("Couchbase", Database)), ("node_modules/memjs/", ("Memcached", Database)), ("node_modules/memcached/", ("Memcached", Database)), ("node_modules/amazon-dax-client/", ("DAX", Connection)), ("node_modules/@amazon-dax-sdk/", ("DAX", Connection)),
    ("node_modules/@elastic/", ("Elasticsearch", Failed)), ("node_modules/@opensearch-project/", ("OpenSearch", Failed)), ("node_modules/@qdrant/", ("Qdrant", Failed)), ("node_modules/weaviate", ("Weaviate", Failed)), ("node_modules/@pinecone-database/", ("Pinecone", Failed)), ("node_modules/algoliasearch/", ("Algolia", Failed)), ("node_modules/@algolia/", ("Algolia", Failed)), ("node_modules/meilisearch/", ("Meilisearch", Failed)), ("node_modules/typesense/", ("Typesense", Failed)),
    ("node_modules/kafkajs/", ("Kafka", Failed)), ("node_modules/node-rdkafka/", ("Kafka", Failed)), ("node_modules/@confluentinc/", ("Kafka", Failed)), ("node_modules/amqplib/", ("RabbitMQ", Connection)), ("node_modules/rhea/", ("AMQP", Connection)), ("node_modules/nats/", ("NATS", Failed)), ("node_modules/mqtt/", ("MQTT", Connection)), ("node_modules/@azure/", ("Azure", Failed)), ("node_modules/@google-cloud/", ("Google Cloud", Failed)), ("node_modules/google-gax/", ("Google Cloud", Failed)), ("node_modules/googleapis-common/", ("Google", Failed)), ("node_modules/google-auth-library/", ("Google", Failed)), ("node_modules/firebase-admin/", ("Firebase", Failed)),
    ("node_modules/nodemailer/", ("SMTP", Failed)), ("node_modules/imap/", ("IMAP", Failed)), ("node_modules/imapflow/", ("IMAP", Failed)), ("node_modules/ldapjs/", ("LDAP", Failed)), ("node_modules/ldapts/", ("LDAP", Failed)), ("node_modules/ssh2/", ("SSH", Failed)), ("node_modules/ssh2-sftp-client/", ("SSH", Failed)), ("node_modules/basic-ftp/", ("FTP", Failed)), ("node_modules/minio/", ("MinIO", Failed)),
    ("node_modules/openai/", ("OpenAI", Failed)), ("node_modules/@anthropic-ai/", ("Anthropic", Failed)), ("node_modules/@google/generative-ai/", ("Gemini", Failed)), ("node_modules/@google/genai/", ("Gemini", Failed)), ("node_modules/cohere-ai/", ("Cohere", Failed)), ("node_modules/@mistralai/", ("Mistral", Failed)), ("node_modules/groq-sdk/", ("Groq", Failed)),
    ("node_modules/stripe/", ("Stripe", Failed)), ("node_modules/twilio/", ("Twilio", Failed)), ("node_modules/@sendgrid/", ("SendGrid", Failed)), ("node_modules/mailgun.js/", ("Mailgun", Failed)), ("node_modules/postmark/", ("Postmark", Failed)), ("node_modules/@mailchimp/", ("Mailchimp", Failed)), ("node_modules/@slack/", ("Slack", Failed)), ("node_modules/@octokit/", ("GitHub", Failed)), ("node_modules/jsforce/", ("Salesforce", Failed)), ("node_modules/@hubspot/", ("HubSpot", Failed)), ("node_modules/@notionhq/", ("Notion", Failed)), ("node_modules/@shopify/", ("Shopify", Failed)), ("node_modules/braintree/", ("Braintree", Failed)), ("node_modules/plaid/", ("Plaid", Failed)), ("node_modules/auth0/", ("Auth0", Failed)),
    // PyPI
    ("/psycopg/", ("PostgreSQL", Database)), ("/asyncpg/", ("PostgreSQL", Database)), ("/aiopg/", ("PostgreSQL", Database)), ("/pymysql/", ("MySQL", Database)), ("/aiomysql/", ("MySQL", Database)), ("/mysql/connector/", ("MySQL", Database)), ("/MySQLdb/", ("MySQL", Database)), ("/oracledb/", ("Oracle", Database)), ("/redis/", ("Redis", Database)), ("/aioredis/", ("Redis", Database)), ("/valkey/", ("Redis", Database)), ("/pymongo/", ("MongoDB", Database)), ("/cassandra/", ("Cassandra", Database)), ("/snowflake/connector/", ("Snowflake", Database)),
    ("/neo4j/", ("Neo4j", Database)), ("/gremlin_python/", ("Gremlin", Database)), ("/influxdb_client/", ("InfluxDB", Database)), ("/clickhouse_driver/", ("ClickHouse", Database)), ("/clickhouse_connect/", ("ClickHouse", Database)), ("/trino/", ("Trino", Database)), ("/databricks/sql/", ("Databricks", Database)), ("/redshift_connector/", ("Redshift", Database)), ("/couchbase/", ("Couchbase", Database)), ("/pymemcache/", ("Memcached", Database)), ("/amazondax/", ("DAX", Connection)),
    ("/elastic_transport/", ("Elasticsearch", Failed)), ("/elasticsearch/", ("Elasticsearch", Failed)), ("/opensearchpy/", ("OpenSearch", Failed)), ("/qdrant_client/", ("Qdrant", Failed)), ("/weaviate/", ("Weaviate", Failed)), ("/pinecone/", ("Pinecone", Failed)), ("/algoliasearch/", ("Algolia", Failed)), ("/meilisearch/", ("Meilisearch", Failed)), ("/typesense/", ("Typesense", Failed)), ("/pysolr.py", ("Solr", Failed)),
    ("/kafka/", ("Kafka", Failed)), ("/aiokafka/", ("Kafka", Failed)), ("/confluent_kafka/", ("Kafka", Failed)), ("/pika/", ("RabbitMQ", Connection)), ("/paho/mqtt/", ("MQTT", Connection)), ("/azure/", ("Azure", Failed)), ("/msal/", ("Azure", Failed)), ("/google/api_core/", ("Google Cloud", Failed)), ("/google/cloud/", ("Google Cloud", Failed)), ("/google/auth/", ("Google", Failed)), ("/googleapiclient/", ("Google", Failed)), ("/firebase_admin/", ("Firebase", Failed)), ("/kubernetes/client/", ("Kubernetes", Failed)),
    ("/ldap3/", ("LDAP", Failed)), ("/imaplib.py", ("IMAP", Failed)), ("/poplib.py", ("POP3", Failed)), ("/smtplib.py", ("SMTP", Failed)), ("/ftplib.py", ("FTP", Failed)), ("/paramiko/", ("SSH", Failed)), ("/hvac/", ("Vault", Failed)), ("/xmlrpc/client.py", ("XML-RPC", Failed)),
    ("/openai/", ("OpenAI", Failed)), ("/anthropic/", ("Anthropic", Failed)), ("/google/genai/", ("Gemini", Failed)), ("/mistralai/", ("Mistral", Failed)), ("/huggingface_hub/", ("Hugging Face", Failed)), ("/stripe/", ("Stripe", Failed)), ("/twilio/", ("Twilio", Failed)), ("/slack_sdk/", ("Slack", Failed)), ("/simple_salesforce/", ("Salesforce", Failed)), ("/tweepy/", ("Twitter", Failed)), ("/mailchimp_marketing/", ("Mailchimp", Failed)),
]);

/// Packages of clients of HTTP and other protocols in general, and those whose folders programs name their own like.
#[rustfmt::skip]
static HTTP_PACKAGES: Words<()> = Words::new(&[
    ("node_modules/axios/", ()), ("node_modules/got/", ()), ("node_modules/ky/", ()), ("node_modules/superagent/", ()), ("node_modules/node-fetch/", ()), ("node_modules/cross-fetch/", ()), ("node_modules/undici/", ()), ("node_modules/needle/", ()), ("node_modules/request/", ()), ("node_modules/request-promise", ()), ("node_modules/follow-redirects/", ()),
    ("node_modules/gaxios/", ()), ("node_modules/wretch/", ()), ("node_modules/ofetch/", ()), ("node_modules/@hapi/wreck/", ()), ("node_modules/graphql-request/", ()), ("node_modules/@apollo/client/", ()), ("node_modules/ws/", ()), ("node_modules/soap/", ()),
    ("/requests/", ()), ("/httpx/", ()), ("/httpcore/", ()), ("/urllib3/", ()), ("/aiohttp/", ()), ("/httplib2/", ()), ("/http/client.py", ()), ("/urllib/request.py", ()), ("/websocket/", ()), ("/websockets/", ()), ("/zeep/", ()), ("/gql/", ()), ("/grpc/", ()), ("/sendgrid/", ()), ("/python_http_client/", ()),
    ("/github/", ()), ("/gitlab/", ()), ("/jira/", ()), ("/telegram/", ()), ("/discord/", ()), ("/square/", ()), ("/hubspot/", ()), ("/shopify/", ()), ("/plaid/", ()), ("/nats/", ()),
]);

/// Libraries that are no clients although their errors have the same words: web frameworks, which answer with them, checks of
/// tokens and of input, and time limits and retries around work of any kind. By a part of the path behind the folder of all
/// packages.
#[rustfmt::skip]
const NO_CLIENTS: [&str; 110] = [
    // npm
    "@middy/", "middy", "express", "router/", "fastify", "@fastify/", "koa", "@koa/", "@hapi/", "hapi/", "@nestjs/", "http-errors/", "body-parser/", "raw-body/", "passport", "jsonwebtoken/", "jws/", "jwks-rsa/", "jose/", "aws-jwt-verify/", "oauth2-server/", "ajv/", "joi/", "zod/", "yup/", "class-validator/",
    "serverless-http/", "aws-serverless-express/", "@vendia/", "@codegenie/", "lambda-api/", "apollo-server", "@apollo/server", "graphql/", "@graphql-tools/", "@aws-lambda-powertools/", "hono/", "@hono/", "@trpc/", "next/",
    "p-timeout/", "promise-timeout/", "p-retry/", "async-retry/", "p-queue/", "p-limit/", "bottleneck/", "opossum/", "cockatiel/", "async/", "bluebird/", "rxjs/", "tarn/", "generic-pool/", "rate-limiter-flexible/", "datadog-lambda-js/", "dd-trace/", "@sentry/", "@opentelemetry/", "aws-xray-sdk",
    // PyPI
    "flask", "werkzeug/", "fastapi/", "starlette/", "django/", "rest_framework/", "chalice/", "mangum/", "aws_lambda_powertools/", "awslambdaric/", "connexion/", "falcon/", "bottle", "sanic/", "graphene/", "strawberry/", "pydantic", "marshmallow/", "jsonschema/", "jwt/", "authlib/", "tenacity/", "backoff/", "retry/", "func_timeout/", "async_timeout/", "anyio/", "sentry_sdk/", "ddtrace/", "datadog_lambda/", "aws_xray_sdk/", "opentelemetry/", "limits/", "slowapi/",
    // Gems
    "rack", "sinatra", "grape-", "hanami", "actionpack", "actionview", "actionmailer", "activesupport", "activemodel", "activejob", "rails", "lamby", "jets", "dry-", "jwt-", "rake",
];

/// Folders that hold packages of others, and nothing of the function.
const OF_OTHERS: [&str; 4] = ["node_modules/", "site-packages/", "/opt/python/", "/gems/"];

/// Types that a language has for mistakes of a program, by the last part of their name.
const OF_PROGRAMS: [&str; 34] = [
    "TypeError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "URIError",
    "EvalError",
    "AssertionError",
    "ValueError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "NameError",
    "UnboundLocalError",
    "NotImplementedError",
    "ImportError",
    "ModuleNotFoundError",
    "RecursionError",
    "ZeroDivisionError",
    "RuntimeError",
    "MemoryError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "JSONDecodeError",
    "StopIteration",
    "NullPointerException",
    "IllegalArgumentException",
    "ClassCastException",
    "IndexOutOfBoundsException",
    "NoSuchElementException",
    "UnsupportedOperationException",
    "NumberFormatException",
    "NullReferenceException",
    "ArgumentException",
    "ArgumentNullException",
];

/// Those of them that name what a program has not, whatever object their message names: no answer of a service becomes one.
const OF_NAMES: [&str; 8] = [
    "TypeError",
    "ReferenceError",
    "SyntaxError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "NameError",
    "UnboundLocalError",
];

/// Returns whether an error is the program's own mistake, although its words name a driver. `TypeError: fetch failed` is the
/// type for a call without an answer.
pub(super) fn is_own_mistake(error: &AppError<'_>, trouble: Trouble) -> bool {
    let without_answer = matches!(trouble, Connection | Timeout | Tls | Dns);
    !without_answer && names_own_mistake(error)
}

/// Returns whether the type of an error is one for what a program has not.
pub(super) fn names_own_mistake(error: &AppError<'_>) -> bool {
    error.error_type.as_deref().is_some_and(|name| OF_NAMES.contains(&last_segment(name)))
}

/// Frames in which runtimes and event loops stand above the package that threw, at most.
const MOST_ABOVE: usize = 3;

/// Finds a failed call by the package that threw the error, or by the namespace of its class.
pub(super) fn thrown_by(error: &AppError<'_>, line: &str) -> Option<Hit> {
    by_namespace(error).or_else(|| by_frame(error, line))
}

fn by_namespace(error: &AppError<'_>) -> Option<Hit> {
    let of_type = |name: &str, message: &str| {
        let client = namespaces::client_of(name)?;
        let status = error.http_status.or_else(|| api_clients::status_told(message));
        let trouble = status.and_then(aws_codes::by_status).or_else(|| namespaces::kind(&client, name, message))?;
        let certain = client.usual.is_some() && (status.is_some() || call_words::certain(message).is_some());
        let confidence = if certain { High } else { Medium };
        Some(Hit { trouble, confidence, service: client.service, status, errno: None })
    };
    let own = error.error_type.as_deref().and_then(|name| of_type(name, error.message.as_deref().unwrap_or("")));
    own.or_else(|| {
        let cause = error.cause.as_deref()?;
        let name = leading_type(cause)?;
        of_type(name, cause.get(name.len()..)?)
    })
}

fn by_frame(error: &AppError<'_>, line: &str) -> Option<Hit> {
    if is_of_program(error) {
        return None;
    }
    let Thrower { service, usual, .. } = thrower(line)?;
    let texts = [error.message.as_deref(), error.cause.as_deref()];
    let told = |kind: fn(&str) -> Option<Trouble>| texts.iter().flatten().find_map(|text| kind(text));
    // Errors that are no client's have statuses and numbers for what the function is to answer.
    let status = match usual {
        Usual::OfAnyPackage => texts[0].and_then(api_clients::status_in_words),
        _ => error.http_status.or_else(|| texts[0].and_then(api_clients::status_told)),
    };
    let by_status = status.and_then(aws_codes::by_status);
    let trouble = by_status.or_else(|| match usual {
        // Databases tell of statements in such words, too.
        Usual::Of(Database) => {
            told(call_words::likely).filter(|kind| matches!(kind, Timeout | Connection)).or(Some(Database))
        }
        Usual::Of(usual) => told(call_words::likely).or(Some(usual)),
        Usual::Unknown => told(call_words::likely)
            .filter(|kind| matches!(kind, Timeout | Connection))
            .or_else(|| told(call_words::certain)),
        Usual::OfAnyPackage => told(call_words::certain),
    })?;
    let status = by_status.and(status);
    Some(Hit { trouble, confidence: Medium, service, status, errno: None })
}

/// Returns whether a call may have failed, where nothing tells it for certain: a package of others threw the error, and its
/// words are those of clients, or it is a client's.
pub(super) fn may_be_call(error: &AppError<'_>, line: &str) -> bool {
    let texts = [error.message.as_deref(), error.cause.as_deref()];
    let told = |kind: fn(&str) -> Option<Trouble>| texts.iter().flatten().any(|text| kind(text).is_some());
    let of_client = error.error_type.as_deref().and_then(namespaces::client_of).is_some();
    // The word with which authorizers of API Gateway are to refuse a request.
    let refuses = error.message.as_deref() == Some("Unauthorized") && thrower(line).is_none();
    !is_of_program(error)
        && !refuses
        && (of_client
            || match thrower(line) {
                Some(Thrower { usual: Usual::OfAnyPackage, .. }) => told(call_words::likely),
                Some(_) => true,
                None => !is_of_no_client(line) && told(call_words::certain),
            })
}

/// Returns whether a type is one that a language has for mistakes of a program.
fn is_of_program(error: &AppError<'_>) -> bool {
    let name = error.error_type.as_deref().map_or("", last_segment);
    OF_PROGRAMS.contains(&name)
}

/// Returns the service behind the client that threw an error.
pub(super) fn service_behind(line: &str) -> Option<&'static str> {
    thrower(line)?.service
}

/// What a failure of a package is whose words tell none.
#[derive(Clone, Copy)]
enum Usual {
    Of(Trouble),
    /// A client, which throws as often for a wrong argument.
    Unknown,
    /// A package that may be no client.
    OfAnyPackage,
}

/// Package in the frame nearest to where an error was thrown.
struct Thrower {
    service: Option<&'static str>,
    usual: Usual,
}

/// Returns the package in the frame nearest to where the error was thrown, if it may be a client.
fn thrower(line: &str) -> Option<Thrower> {
    let frame = thrown_in(line)?;
    if let Some((_, (service, usual))) = PACKAGES.first_in(frame) {
        return Some(Thrower { service: Some(service), usual: Usual::Of(usual) });
    }
    if HTTP_PACKAGES.stand_in(frame) {
        return Some(Thrower { service: None, usual: Usual::Unknown });
    }
    if is_no_client(frame) {
        return None;
    }
    if let Some(namespaces::Client { service, usual }) = frame_of_jvm(frame).and_then(namespaces::client_at) {
        // The frame alone proves less than the class does.
        let usual = if usual.is_some() { Usual::Unknown } else { Usual::OfAnyPackage };
        return Some(Thrower { service, usual });
    }
    OF_OTHERS
        .iter()
        .any(|folder| frame.contains(folder))
        .then_some(Thrower { service: None, usual: Usual::OfAnyPackage })
}

fn is_of_no_client(line: &str) -> bool {
    thrown_in(line).is_some_and(is_no_client)
}

/// Returns whether a frame is in a library that is no client.
fn is_no_client(frame: &str) -> bool {
    let package = |folder: &str| frame.rsplit_once(folder).map(|(_, rest)| rest);
    let path = OF_OTHERS.iter().find_map(|folder| package(folder)).or_else(|| package("/var/task/"));
    path.is_some_and(|path| NO_CLIENTS.iter().any(|name| path.starts_with(name)))
}

/// Returns the method of a frame of the JVM: `io.ktor.client.X.send(X.kt:3)`.
fn frame_of_jvm(frame: &str) -> Option<&str> {
    let (method, _) = frame.split_once('(')?;
    (!method.contains([' ', '/', '<'])).then_some(method)
}

/// Returns the frame nearest to where an error was thrown.
fn thrown_in(line: &str) -> Option<&str> {
    // Python prints the innermost frame last, the others first.
    let after = |mark: &str| line.rfind(mark).map(|at| at + mark.len());
    if let Some(at) = after("File \"").max(after("File \\\"")) {
        return line.get(at..)?.split(['"', '\\', '\n']).next();
    }
    // Ruby's client prints them as a list, the innermost first.
    if let Some((_, rest)) = line.split_once("\"stackTrace\":") {
        let first = rest.trim_start_matches([' ', '\n', '[', '"']).split(['"', '\n']).next();
        if let Some(frame) = first.filter(|frame| frame.contains(":in ")) {
            return Some(frame);
        }
    }
    if let Some((_, rest)) = line.split_once("\tat ") {
        return rest.split('\n').next();
    }
    let frames = line.split("    at ").skip(1).map(|rest| rest.split(['\n', '"']).next().unwrap_or(rest));
    frames.take(MOST_ABOVE).find(|frame| !frame.contains("node:") && frame.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ErrorForm;

    /// Type, message, stack, and the service and kind that are told.
    #[test]
    fn who_threw_tells_who_failed() {
        let node = "Error: x\n    at new Promise (<anonymous>)\n    at A.b (/var/task/node_modules/ioredis/built/a.js:1:2)\n    at handler (/var/task/i.js:3:4)";
        let json = "{\"stack\":[\"error: x\",\"    at /var/task/node_modules/pg/lib/client.js:1:2\",\"    at run (/var/task/i.js:3:4)\"]}";
        let python = "Traceback\n  File \"/var/task/a.py\", line 3, in f\n    g()\n  File \"/var/task/pymongo/b.py\", line 7, in g\n    raise X";
        let own =
            "Error: x\n    at run (/var/task/i.js:3:4)\n    at A.b (/var/task/node_modules/ioredis/built/a.js:1:2)";
        let callback = "Traceback\n  File \"/var/task/redis/b.py\", line 7, in g\n    f()\n  File \"/var/task/a.py\", line 3, in f\n    raise X";
        for (error_type, message, line, want) in [
            ("Error", "Command timed out", node, Some(("Redis", Timeout))),
            ("error", "relation \"orders\" does not exist", json, Some(("PostgreSQL", Database))),
            ("Mishap", "gone", python, Some(("MongoDB", Database))),
            ("Error", "429 slow down", &node.replace("ioredis", "openai"), Some(("OpenAI", Trouble::Throttled))),
            ("Error", "Connection error.", &node.replace("ioredis", "openai"), Some(("OpenAI", Connection))),
            (
                "Error",
                "Service Unavailable 503",
                &node.replace("ioredis", "superagent"),
                Some(("", Trouble::Unavailable)),
            ),
            (
                "Error",
                "503 Service Unavailable",
                &node.replace("ioredis", "superagent"),
                Some(("", Trouble::Unavailable)),
            ),
            ("Error", "no such option", &node.replace("ioredis", "got"), None),
            ("TypeError", "x is not a function", node, None),
            ("KeyError", "'a'", python, None),
            ("Error", "no stock", own, None),
            ("NoStock", "no stock", callback, None),
            ("Error", "no stack", "", None),
        ] {
            let error = AppError {
                error_type: Some(error_type.into()),
                message: Some(message.into()),
                ..AppError::of(ErrorForm::Unhandled)
            };
            let hit = thrown_by(&error, line).map(|hit| (hit.service.unwrap_or(""), hit.trouble));
            assert_eq!(hit, want, "{error_type}: {message}\n{line}");
        }
    }
}
