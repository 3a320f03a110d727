//! Clients and drivers of the JVM, of .NET and of Ruby, by the namespaces of their classes: an error of such a class tells
//! of a failed call, whoever threw it.

use super::call_words;
use super::signatures::Trouble::{self, Connection, Database, Failed, HttpStatus, Timeout};
use super::text::{last_segment, unwrapped};

/// Namespaces of clients, with the service behind them and the kind of a failure whose words tell none.
#[rustfmt::skip]
const CLIENTS: [(&str, Option<&str>, Trouble); 104] = [
    // HTTP
    ("io.ktor.client.", None, Failed), ("io.micronaut.http.client.", None, HttpStatus), ("retrofit2.", None, HttpStatus), ("okhttp3.", None, Connection), ("feign.", None, HttpStatus), ("kong.unirest.", None, Connection), ("com.mashape.unirest.", None, Connection),
    ("org.apache.http.", None, Connection), ("org.apache.hc.", None, Connection), ("reactor.netty.http.client.", None, Connection), ("io.netty.handler.timeout.", None, Timeout), ("org.springframework.web.client.", None, HttpStatus), ("org.springframework.web.reactive.function.client.", None, HttpStatus), ("io.vertx.ext.web.client.", None, Failed), ("sttp.client", None, Failed), ("org.http4s.client.", None, HttpStatus), ("scalaj.http.", None, Failed), ("io.helidon.webclient.", None, Failed), ("org.jboss.resteasy.client.", None, Failed), ("org.eclipse.microprofile.rest.client.", None, HttpStatus),
    ("Flurl.Http.", None, HttpStatus), ("Refit.", None, HttpStatus), ("RestSharp.", None, HttpStatus),
    // Databases
    ("io.r2dbc.postgresql.", Some("PostgreSQL"), Database), ("io.r2dbc.mssql.", Some("SQL Server"), Database), ("io.asyncer.r2dbc.mysql.", Some("MySQL"), Database), ("io.r2dbc.", None, Database), ("org.postgresql.", Some("PostgreSQL"), Database), ("com.mysql.cj.", Some("MySQL"), Database), ("org.mariadb.jdbc.", Some("MySQL"), Database), ("com.microsoft.sqlserver.jdbc.", Some("SQL Server"), Database), ("oracle.jdbc.", Some("Oracle"), Database), ("oracle.net.", Some("Oracle"), Database),
    ("org.neo4j.driver.", Some("Neo4j"), Database), ("Neo4j.Driver.", Some("Neo4j"), Database), ("com.datastax.", Some("Cassandra"), Database), ("Cassandra.", Some("Cassandra"), Database), ("redis.clients.jedis.", Some("Redis"), Database), ("io.lettuce.core.", Some("Redis"), Database), ("org.redisson.", Some("Redis"), Database), ("StackExchange.Redis.", Some("Redis"), Database), ("com.mongodb.", Some("MongoDB"), Database), ("MongoDB.Driver.", Some("MongoDB"), Database), ("com.couchbase.client.", Some("Couchbase"), Database), ("Couchbase.", Some("Couchbase"), Database), ("com.aerospike.client.", Some("Aerospike"), Database),
    ("net.snowflake.client.", Some("Snowflake"), Database), ("Snowflake.Data.Client.", Some("Snowflake"), Database), ("com.clickhouse.", Some("ClickHouse"), Database), ("com.influxdb.", Some("InfluxDB"), Database), ("InfluxDB.Client.", Some("InfluxDB"), Database), ("org.apache.tinkerpop.gremlin.driver.", Some("Gremlin"), Database), ("Gremlin.Net.Driver.", Some("Gremlin"), Database), ("software.amazon.dax.", Some("DAX"), Connection), ("com.amazon.dax.client.", Some("DAX"), Connection),
    // Searches
    ("org.elasticsearch.client.", Some("Elasticsearch"), Failed), ("co.elastic.clients.", Some("Elasticsearch"), Failed), ("org.opensearch.client.", Some("OpenSearch"), Failed), ("org.apache.solr.client.", Some("Solr"), Failed),
    // Queues
    ("com.rabbitmq.client.", Some("RabbitMQ"), Connection), ("RabbitMQ.Client.Exceptions.", Some("RabbitMQ"), Connection), ("org.apache.pulsar.client.", Some("Pulsar"), Failed), ("org.eclipse.paho.client.", Some("MQTT"), Connection), ("com.ibm.mq.", Some("IBM MQ"), Failed), ("Confluent.Kafka.", Some("Kafka"), Failed),
    // Vendors
    ("com.azure.", Some("Azure"), Failed), ("Azure.RequestFailedException", Some("Azure"), Failed), ("Microsoft.Identity.Client.", Some("Azure"), Failed), ("Microsoft.Azure.Cosmos.", Some("Azure"), Failed), ("com.microsoft.graph.", Some("Microsoft Graph"), Failed), ("Microsoft.Graph.", Some("Microsoft Graph"), Failed), ("com.google.cloud.", Some("Google Cloud"), Failed), ("com.google.api.gax.", Some("Google Cloud"), Failed), ("com.google.api.client.", Some("Google"), Failed), ("com.stripe.exception.", Some("Stripe"), Failed), ("com.twilio.exception.", Some("Twilio"), Failed), ("com.jcraft.jsch.", Some("SSH"), Failed), ("net.schmizz.sshj.", Some("SSH"), Failed), ("Renci.SshNet.", Some("SSH"), Failed), ("io.minio.errors.", Some("MinIO"), Failed), ("Stripe.", Some("Stripe"), Failed), ("Twilio.Exceptions.", Some("Twilio"), Failed), ("Octokit.", Some("GitHub"), Failed), ("Google.GoogleApiException", Some("Google"), Failed), ("Grpc.Core.", None, Failed),
    // Gems
    ("Stripe::", Some("Stripe"), Failed), ("Twilio::", Some("Twilio"), Failed), ("Octokit::", Some("GitHub"), Failed), ("Slack::Web::", Some("Slack"), Failed), ("Vault::HTTP", Some("Vault"), Failed), ("Google::Cloud::", Some("Google Cloud"), Failed), ("Google::Apis::", Some("Google"), Failed), ("Elasticsearch::Transport::", Some("Elasticsearch"), Failed), ("Elastic::Transport::", Some("Elasticsearch"), Failed), ("OpenSearch::Transport::", Some("OpenSearch"), Failed), ("Net::SSH::", Some("SSH"), Failed), ("Net::SFTP::", Some("SSH"), Failed), ("Net::FTP", Some("FTP"), Failed), ("Net::LDAP::", Some("LDAP"), Failed), ("Dalli::", Some("Memcached"), Connection), ("Bunny::", Some("RabbitMQ"), Connection), ("Kafka::", Some("Kafka"), Failed), ("HTTParty::", None, Failed), ("Savon::HTTP", None, HttpStatus),
];

/// Parts of namespaces that clients of any make have.
const SEGMENTS: [&str; 8] =
    [".client.", ".clients.", ".driver.", ".drivers.", ".Client.", ".Clients.", ".Driver.", ".jdbc."];

/// Parts of classes of these namespaces for what the program did wrong, or what no call was made for.
const OF_PROGRAMS: [&str; 16] = [
    "Argument",
    "Validation",
    "Serializ",
    "Encod",
    "Codec",
    "Parse",
    "Parsing",
    "NoTransformation",
    "DoubleReceive",
    "Mapping",
    "Config",
    "Unsupported",
    "IllegalState",
    "NullPointer",
    "ClassCast",
    "Usage",
];

/// What the class of an error says of the client that it is one of.
pub(super) struct Client {
    pub(super) service: Option<&'static str>,
    /// Kind of a failure whose words tell none; none where only the form of the namespace tells that it is a client's.
    pub(super) usual: Option<Trouble>,
}

/// Returns the client of which a class is, by its namespace.
pub(super) fn client_of(error_type: &str) -> Option<Client> {
    let name = unwrapped(error_type);
    let class = last_segment(name);
    let is_error = ["Exception", "Error", "Failure", "Failed"].iter().any(|end| class.ends_with(end));
    if !is_error || OF_PROGRAMS.iter().any(|part| class.contains(part)) {
        return None;
    }
    client_at(name)
}

/// Returns the client in whose namespace a class or a method is.
pub(super) fn client_at(name: &str) -> Option<Client> {
    // A text without either is no name in a namespace.
    if !name.contains('.') && !name.contains("::") || name.len() > 300 {
        return None;
    }
    let known = CLIENTS.iter().find(|(namespace, ..)| name.starts_with(namespace));
    if let Some((_, service, usual)) = known {
        return Some(Client { service: *service, usual: Some(*usual) });
    }
    // Not of a function's own class path: `jdk.internal.net.http.` and the like are no classes that are thrown.
    let of_platform = ["java.", "javax.", "jdk.", "sun.", "kotlin.", "scala.", "System."];
    let is_client = SEGMENTS.iter().any(|segment| name.contains(segment));
    (is_client && !of_platform.iter().any(|begin| name.starts_with(begin)))
        .then_some(Client { service: None, usual: None })
}

/// Returns the kind of failure that class and message of a client's error tell.
pub(super) fn kind(client: &Client, error_type: &str, message: &str) -> Option<Trouble> {
    let class = last_segment(error_type);
    match client.usual {
        // Databases tell of statements in the same words.
        Some(Database) => call_words::likely(message)
            .or_else(|| call_words::likely(class))
            .filter(|trouble| matches!(trouble, Timeout | Connection))
            .map(|_| Database)
            .or(client.usual),
        Some(usual) => call_words::likely(message).or_else(|| call_words::likely(class)).or(Some(usual)),
        None => call_words::certain(message).or_else(|| call_words::certain(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class, message, and the service and kind that are told.
    #[test]
    fn clients_are_told_by_their_namespaces() {
        let http = Trouble::HttpStatus;
        for (name, message, want) in [
            ("io.ktor.client.plugins.HttpRequestTimeoutException", "Request timeout has expired", Some(("", Timeout))),
            ("io.micronaut.http.client.exceptions.HttpClientResponseException", "Not Found", Some(("", http))),
            ("org.neo4j.driver.exceptions.ServiceUnavailableException", "x", Some(("Neo4j", Database))),
            ("Function<io.lettuce.core.RedisException>", "x", Some(("Redis", Database))),
            ("io.r2dbc.spi.R2dbcTransientResourceException", "x", Some(("", Database))),
            ("com.example.tariffs.client.TariffException", "Connection refused by peer", Some(("", Connection))),
            ("com.example.tariffs.client.TariffException", "no tariff for that cart", None),
            ("com.example.tariffs.TariffException", "Connection lost", None),
            ("io.ktor.client.call.NoTransformationFoundException", "No transformation found", None),
            ("com.mongodb.client.internal.Codec", "x", None),
            ("Function<Net::SSH::AuthenticationFailed>", "Authentication failed", Some(("SSH", Trouble::Auth))),
            ("Function<Stripe::InvalidRequestError>", "No such customer", Some(("Stripe", Failed))),
            ("Function<Orders::Client::Refused>", "Connection refused by us", None),
            ("java.net.http.HttpTimeoutException", "x", None),
            ("Oracle.ManagedDataAccess.Client.OracleException", "Connection request timed out", Some(("", Timeout))),
        ] {
            let found =
                client_of(name).and_then(|client| Some((client.service.unwrap_or(""), kind(&client, name, message)?)));
            assert_eq!(found, want, "{name}: {message}");
        }
    }
}
