//! Fake CloudWatch Logs server on the loopback: answers FilterLogEvents, DescribeLogGroups and the two Lambda calls
//! that tell where a function logs, from events held in memory, with scripted faults, and GetMetricData. Also gives out
//! credentials like STS, IAM Identity Center and a container. Records when requests arrive, and the key that signed them.
#![allow(unreachable_pub, dead_code, reason = "tests and a bench share it, and use what they need")]

pub mod estate;
pub mod insights;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Log event in a group.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: i64,
    pub id: String,
    pub stream: String,
    pub message: String,
}

/// Log group. Its events are sorted by time.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub events: Vec<Event>,
    /// `logGroupClass` in the listing; `STANDARD` if `None`.
    pub class: Option<&'static str>,
    /// Code and message of the error that FilterLogEvents returns.
    pub refused: Option<(&'static str, &'static str)>,
    /// Whether DescribeLogGroups leaves the group out.
    pub hidden: bool,
}

/// Fault of the answer to one FilterLogEvents request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Throttled,
    Unavailable,
    /// Connection closed before the answer.
    Reset,
    /// Connection closed within the answer.
    CutAnswer,
    /// Answer delayed by this time.
    Silent(Duration),
    /// Page without events, but with a next token.
    Empty,
    /// Page without events that returns the token of the request.
    SameToken,
    /// Page that returns the token of the request, so that it would come again.
    SamePage,
    /// Error: the token is no longer valid.
    LostToken,
    /// Error with this code.
    Refused(&'static str),
}

/// Function from the number of a FilterLogEvents request and its log group to a fault.
pub type Script = Box<dyn Fn(usize, &str) -> Option<Fault> + Send + Sync>;

/// Contents and behaviour of the server.
pub struct World {
    pub groups: BTreeMap<String, Group>,
    /// Groups of other accounts by their ARN; not listed.
    pub linked: BTreeMap<String, Group>,
    /// Operations that are denied; `lambda` denies all of that service.
    pub denied: Vec<&'static str>,
    /// Custom log groups, by function.
    pub custom: BTreeMap<String, String>,
    /// Whether ListFunctions also lists the functions of the other groups.
    pub lists_all: bool,
    /// Number of events per page.
    pub page: usize,
    /// Delay of every answer to FilterLogEvents.
    pub latency: Duration,
    /// Faults of FilterLogEvents.
    pub script: Script,
    /// Metrics, by region, function or log group, and AWS's name; the others have no data point.
    pub metrics: BTreeMap<(&'static str, &'static str, &'static str), Metric>,
    /// Number of metrics per page.
    pub metric_page: usize,
    /// Answer to a call of GetMetricData by its number, if it is another one than the metrics.
    pub metric_script: MetricScript,
    /// Answers of the Lambda API and of SQS to what a pull asks of the configuration.
    pub config: ConfigTold,
}

/// What the Lambda API and SQS answer, by function or queue.
#[derive(Default)]
pub struct ConfigTold {
    /// Further members of a function's description, by name, or `NAME:VERSION`.
    pub functions: BTreeMap<&'static str, Value>,
    pub mappings: Vec<Value>,
    /// Number of mappings per page; 0 for all.
    pub mapping_page: usize,
    pub invoke_configs: BTreeMap<&'static str, Value>,
    pub concurrency: BTreeMap<&'static str, u32>,
    pub queues: BTreeMap<&'static str, Value>,
    /// Number of requests that are throttled first.
    pub throttles: usize,
}

/// Value of a metric, and how complete it is.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub value: Option<f64>,
    pub status: &'static str,
}

/// Function from the number of a GetMetricData request to another answer; `None` as a status leaves it without one.
pub type MetricScript = Box<dyn Fn(usize) -> Option<(u16, Value)> + Send + Sync>;

impl Default for World {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            linked: BTreeMap::new(),
            denied: Vec::new(),
            custom: BTreeMap::new(),
            lists_all: false,
            page: 100,
            latency: Duration::ZERO,
            script: Box::new(|_, _| None),
            metrics: BTreeMap::new(),
            metric_page: 500,
            metric_script: Box::new(|_| None),
            config: ConfigTold::default(),
        }
    }
}

/// Account of everything but [`World::linked`].
pub const ACCOUNT: &str = "123456789012";

/// Key and scope that signed a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    pub key_id: String,
    pub region: String,
    /// `logs`, `lambda` or `sts`.
    pub service: String,
}

#[derive(Default)]
struct Seen {
    signed: Mutex<Vec<Signed>>,
    filtered: Mutex<Vec<String>>,
    asked: Mutex<Vec<Instant>>,
    metric_calls: Mutex<Vec<Value>>,
    config_calls: Mutex<Vec<(Instant, String)>>,
    count: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// Running server, which stops with the process.
pub struct Server {
    pub url: String,
    seen: Arc<Seen>,
}

impl Server {
    pub fn start(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Seen::default());
        let (world, shared) = (Arc::new(world), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (world, seen) = (Arc::clone(&world), Arc::clone(&shared));
                thread::spawn(move || serve(&stream, &world, &seen));
            }
        });
        Self { url, seen }
    }

    /// Returns the number of FilterLogEvents requests.
    pub fn requests(&self) -> usize {
        self.seen.count.load(Ordering::SeqCst)
    }

    /// Returns the largest number of FilterLogEvents requests within any second.
    pub fn most_in_a_second(&self) -> usize {
        let mut asked = self.seen.asked.lock().expect("a lock").clone();
        asked.sort();
        let second = Duration::from_secs(1);
        (0..asked.len())
            .map(|at| asked[at..].iter().take_while(|one| **one < asked[at] + second).count())
            .max()
            .unwrap_or(0)
    }

    /// Returns the time from the first to the last FilterLogEvents request.
    pub fn asked_for(&self) -> Duration {
        let asked = self.seen.asked.lock().expect("a lock");
        match (asked.iter().min(), asked.iter().max()) {
            (Some(first), Some(last)) => *last - *first,
            _ => Duration::ZERO,
        }
    }

    /// Returns key and scope of every signed request.
    pub fn signed(&self) -> Vec<Signed> {
        self.seen.signed.lock().expect("a lock").clone()
    }

    /// Returns the log group of every FilterLogEvents request, by name or ARN as sent.
    pub fn filtered(&self) -> Vec<String> {
        self.seen.filtered.lock().expect("a lock").clone()
    }

    /// Returns the body of every GetMetricData request.
    pub fn metric_calls(&self) -> Vec<Value> {
        self.seen.metric_calls.lock().expect("a lock").clone()
    }

    /// Returns every request for the configuration: its name, and what it is about.
    pub fn config_calls(&self) -> Vec<(Instant, String)> {
        self.seen.config_calls.lock().expect("a lock").clone()
    }

    /// Returns violations of the API by the client.
    pub fn complaints(&self) -> Vec<String> {
        self.seen.wrong.lock().expect("a lock").clone()
    }
}

struct Call {
    path: String,
    target: String,
    signed: Option<Signed>,
    form: String,
    body: Value,
}

fn serve(stream: &TcpStream, world: &World, seen: &Seen) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Some(call) = read_call(&mut reader) {
        seen.signed.lock().expect("a lock").extend(call.signed.clone());
        let region = call.signed.map_or_else(|| "eu-west-1".to_owned(), |signed| signed.region);
        let operation = call.target.rsplit('.').next().unwrap_or_default();
        let answer = match (operation, credentials(&call.path, &call.form)) {
            (_, Some(given)) => Some((200, given)),
            (operation, _) if world.denied.contains(&operation) => Some(denied()),
            ("GetQueueAttributes", _) => Some(queue(&call.body, world, seen)),
            ("GetMetricData", _) => Some(metric_data(&call.body, &region, world, seen)),
            ("FilterLogEvents", _) => filter(&call.body, &region, world, seen),
            ("DescribeLogGroups", _) => Some(describe(&call.body, &region, world)),
            _ => Some(
                configuration(&call.path, &region, world, seen).unwrap_or_else(|| lambda(&call.path, &region, world)),
            ),
        };
        let Some((status, body)) = answer else {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        };
        // Answers of STS are XML, held as a JSON string.
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let cut = status == 299;
        let status = if cut { 200 } else { status };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let sent = if cut { &body[..body.len() / 2] } else { &body };
        let mut out = stream;
        if out.write_all(format!("{head}{sent}").as_bytes()).is_err() || cut {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn read_call(reader: &mut BufReader<&TcpStream>) -> Option<Call> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let path = first.split(' ').nth(1)?.to_owned();
    let (mut length, mut target, mut signed) = (0, String::new(), None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-amz-target" => target = value.to_owned(),
            "authorization" => signed = scope(value),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let form = String::from_utf8_lossy(&body).into_owned();
    Some(Call { path, target, signed, form, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}

/// Parses `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`.
fn scope(authorization: &str) -> Option<Signed> {
    let mut parts = authorization.split_once("Credential=")?.1.split('/');
    let (key_id, region) = (parts.next()?.to_owned(), parts.nth(1)?.to_owned());
    Some(Signed { key_id, region, service: parts.next()?.to_owned() })
}

/// Returns the answer to a request for credentials; `None` for any other request.
fn credentials(path: &str, form: &str) -> Option<Value> {
    const UNTIL: &str = "2036-01-01T00:00:00Z";
    const UNTIL_MS: i64 = 2_082_758_400_000;
    let assumed = |action: &str, key_id: &str| {
        json!(format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
             <AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{UNTIL}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>A:x</AssumedRoleId>\
             <Arn>arn:aws:sts::{ACCOUNT}:assumed-role/Reader/x</Arn></AssumedRoleUser></{action}Result></{action}Response>"
        ))
    };
    if path == "/container" {
        let keys = json!({
            "AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "s", "Token": "t", "Expiration": UNTIL,
        });
        return Some(keys);
    }
    if path.starts_with("/federation/credentials") {
        let keys = json!({
            "accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": UNTIL_MS,
        });
        return Some(json!({ "roleCredentials": keys }));
    }
    let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="))?;
    match action {
        "AssumeRole" => Some(assumed(action, "ASIAROLE")),
        "AssumeRoleWithWebIdentity" => Some(assumed(action, "ASIAWEB")),
        _ => None,
    }
}

type Answer = (u16, Value);

fn error(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "__type": code, "message": message }))
}

/// Position of a page, and the request that it belongs to.
struct Token {
    group: String,
    start: i64,
    end: i64,
    at: usize,
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('@');
        Some(Self {
            group: parts.next()?.to_owned(),
            start: parts.next()?.parse().ok()?,
            end: parts.next()?.parse().ok()?,
            at: parts.next()?.parse().ok()?,
        })
    }

    fn print(&self, salt: usize) -> String {
        format!("{}@{}@{}@{}@{salt}", self.group, self.start, self.end, self.at)
    }
}

fn denied() -> Answer {
    error(400, "AccessDeniedException", "not authorized")
}

/// Returns the group with this name or ARN.
fn named<'w>(name: &str, region: &str, world: &'w World) -> Option<&'w Group> {
    let own = format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:");
    let name_of_own = name.strip_prefix(&own).unwrap_or(name);
    world.groups.get(name_of_own).or_else(|| world.linked.get(name))
}

fn filter(body: &Value, region: &str, world: &World, seen: &Seen) -> Option<Answer> {
    seen.asked.lock().expect("a lock").push(Instant::now());
    let number = seen.count.fetch_add(1, Ordering::SeqCst);
    let name = body["logGroupName"].as_str().or(body["logGroupIdentifier"].as_str()).unwrap_or_default();
    seen.filtered.lock().expect("a lock").push(name.to_owned());
    let fault = (world.script)(number, name);
    match fault {
        Some(Fault::Throttled) => return Some(error(400, "ThrottlingException", "Rate exceeded")),
        Some(Fault::Unavailable) => return Some(error(503, "ServiceUnavailableException", "try later")),
        Some(Fault::Reset) => return None,
        Some(Fault::Silent(time)) => thread::sleep(time),
        Some(Fault::Refused(code)) => {
            return Some(error(400, code, "The security token included in the request is bad"));
        }
        _ => {}
    }
    thread::sleep(world.latency);
    let Some(group) = named(name, region, world) else {
        return Some(error(400, "ResourceNotFoundException", "The specified log group does not exist."));
    };
    if let Some((code, message)) = group.refused {
        return Some(error(400, code, message));
    }
    let (start, end) = (body["startTime"].as_i64()?, body["endTime"].as_i64()?);
    let sent = body["nextToken"].as_str();
    let token = match sent.map(Token::parse) {
        None => Token { group: name.to_owned(), start, end, at: 0 },
        Some(Some(_)) if fault == Some(Fault::LostToken) => {
            return Some(error(400, "InvalidParameterException", "The specified nextToken is invalid."));
        }
        Some(Some(token)) => token,
        Some(None) => return Some(error(400, "InvalidParameterException", "The specified nextToken is invalid.")),
    };
    if token.group != name || token.start != start || token.end != end || body["interleaved"] != true {
        seen.wrong.lock().expect("a lock").push(format!("a request changed under its token: {body}"));
    }
    let (mut page, cut) = page(group, token, sent, fault, number, world.page);
    page["searchedLogStreams"] = json!([]);
    Some((if cut { 299 } else { 200 }, page))
}

fn page(
    group: &Group,
    token: Token,
    sent: Option<&str>,
    fault: Option<Fault>,
    number: usize,
    size: usize,
) -> (Value, bool) {
    let first = group.events.partition_point(|event| event.at < token.start);
    let last = group.events.partition_point(|event| event.at <= token.end);
    let from = (first + token.at).min(last);
    let to = (from + size).min(last);
    let here = Token { group: token.group.clone(), ..token };
    match (fault, sent) {
        (Some(Fault::Empty), _) => return (json!({ "events": [], "nextToken": here.print(number + 1) }), false),
        (Some(Fault::SameToken), Some(sent)) => return (json!({ "events": [], "nextToken": sent }), false),
        _ => {}
    }
    let events: Vec<Value> = group.events[from..to]
        .iter()
        .map(|event| {
            json!({
                "logStreamName": event.stream, "timestamp": event.at, "ingestionTime": event.at + 500,
                "eventId": event.id, "message": event.message,
            })
        })
        .collect();
    let mut page = json!({ "events": events });
    if let (Some(Fault::SamePage), Some(sent)) = (fault, sent) {
        page["nextToken"] = json!(sent);
    } else if to < last {
        page["nextToken"] = json!(Token { at: to - first, ..here }.print(number + 1));
    }
    (page, fault == Some(Fault::CutAnswer))
}

fn describe(body: &Value, region: &str, world: &World) -> Answer {
    let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
    let after = body["nextToken"].as_str().unwrap_or_default();
    let mut listed = world.groups.iter().filter(|(name, group)| name.starts_with(prefix) && !group.hidden);
    let page: Vec<_> =
        listed.by_ref().skip_while(|(name, _)| !after.is_empty() && name.as_str() <= after).take(50).collect();
    let groups: Vec<Value> = page
        .iter()
        .map(|(name, group)| {
            json!({
                "logGroupName": name, "creationTime": 1_700_000_000_000_i64, "storedBytes": 1_000_000,
                "arn": format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:*"),
                "logGroupClass": group.class.unwrap_or("STANDARD"),
            })
        })
        .collect();
    let mut answer = json!({ "logGroups": groups });
    if let (50, Some((name, _))) = (page.len(), page.last()) {
        answer["nextToken"] = json!(name);
    }
    (200, answer)
}

/// Answers GetMetricData, and checks what is asked.
fn metric_data(body: &Value, region: &str, world: &World, seen: &Seen) -> Answer {
    let mut calls = seen.metric_calls.lock().expect("a lock");
    calls.push(body.clone());
    let number = calls.len() - 1;
    drop(calls);
    if let Some(other) = (world.metric_script)(number) {
        return other;
    }
    let complain = |what: &str| seen.wrong.lock().expect("a lock").push(format!("{what}: {body}"));
    let queries = body["MetricDataQueries"].as_array().cloned().unwrap_or_default();
    if queries.is_empty() || queries.len() > 500 {
        complain("a call has 1 to 500 metrics");
    }
    let (Some(start), Some(end)) = (body["StartTime"].as_i64(), body["EndTime"].as_i64()) else {
        return error(400, "SerializationException", "times are numbers");
    };
    let from: usize = body["NextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let told = |query: &Value| {
        let stat = &query["MetricStat"];
        if stat["Period"].as_i64() != Some(end - start) || start % 60 != 0 {
            complain("one data point covers all of the time, in whole minutes");
        }
        let name = stat["Metric"]["MetricName"].as_str().unwrap_or_default();
        let of = stat["Metric"]["Dimensions"][0]["Value"].as_str().unwrap_or_default();
        let found = world.metrics.iter().find(|((at, whose, metric), _)| (*at, *whose, *metric) == (region, of, name));
        let Metric { value, status } = found.map_or(Metric { value: None, status: "Complete" }, |(_, found)| *found);
        let times: Vec<i64> = value.iter().map(|_| start).collect();
        json!({ "Id": query["Id"], "Label": query["Label"], "Timestamps": times, "Values": value.as_slice(), "StatusCode": status })
    };
    let page: Vec<Value> = queries.iter().skip(from).take(world.metric_page).map(told).collect();
    let next = from + page.len();
    let mut answer = json!({ "MetricDataResults": page, "Messages": [] });
    if next < queries.len() {
        answer["NextToken"] = json!(next.to_string());
    }
    (200, answer)
}

/// Answers GetQueueAttributes.
fn queue(body: &Value, world: &World, seen: &Seen) -> Answer {
    let url = body["QueueUrl"].as_str().unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default();
    seen.config_calls.lock().expect("a lock").push((Instant::now(), format!("GetQueueAttributes {name}")));
    match world.config.queues.get(name) {
        Some(attributes) if url.ends_with(&format!("/{ACCOUNT}/{name}")) => (200, json!({ "Attributes": attributes })),
        _ => error(400, "com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist."),
    }
}

/// Answers what is only asked for the configuration; `None` for anything else.
fn configuration(path: &str, region: &str, world: &World, seen: &Seen) -> Option<Answer> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (call, name) = match parts[..] {
        ["2015-03-31", "event-source-mappings"] => ("ListEventSourceMappings", ""),
        ["2019-09-25", "functions", name, "event-invoke-config", "list"] => ("ListFunctionEventInvokeConfigs", name),
        ["2019-09-30", "functions", name, "concurrency"] => ("GetFunctionConcurrency", name),
        ["2015-03-31", "functions", name, "configuration"] if query.starts_with("Qualifier=") => ("version", name),
        _ => return None,
    };
    let mut calls = seen.config_calls.lock().expect("a lock");
    calls.push((Instant::now(), format!("{call} {name}").trim_end().to_owned()));
    let (config, number) = (&world.config, calls.len());
    drop(calls);
    if world.denied.contains(&call) {
        return Some(error(
            403,
            "AccessDeniedException",
            &format!("User: x is not authorized to perform: lambda:{call}"),
        ));
    }
    if number <= config.throttles {
        return Some(error(429, "TooManyRequestsException", "Rate exceeded"));
    }
    let arn = format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}");
    Some(match call {
        "ListEventSourceMappings" => {
            let from: usize = query.strip_prefix("Marker=").and_then(|marker| marker.parse().ok()).unwrap_or(0);
            let size = if config.mapping_page == 0 { config.mappings.len() } else { config.mapping_page };
            let page: Vec<&Value> = config.mappings.iter().skip(from).take(size).collect();
            let next = from + page.len();
            let marker = if next < config.mappings.len() { json!(next.to_string()) } else { Value::Null };
            (200, json!({ "EventSourceMappings": page, "NextMarker": marker }))
        }
        "ListFunctionEventInvokeConfigs" => {
            let configs: Vec<Value> = config
                .invoke_configs
                .get(name)
                .cloned()
                .into_iter()
                .map(|mut told| {
                    told["FunctionArn"] = json!(format!("{arn}:$LATEST"));
                    told
                })
                .collect();
            (200, json!({ "FunctionEventInvokeConfigs": configs }))
        }
        "GetFunctionConcurrency" => match config.concurrency.get(name) {
            Some(reserved) => (200, json!({ "ReservedConcurrentExecutions": reserved })),
            None => (200, json!({})),
        },
        _ => {
            let version = query.strip_prefix("Qualifier=").unwrap_or_default();
            let key = format!("{name}:{version}");
            match config.functions.iter().find(|(known, _)| **known == key) {
                Some((_, told)) => (200, described(name, &format!("{arn}:{version}"), told)),
                None => error(404, "ResourceNotFoundException", "Function not found"),
            }
        }
    })
}

/// Returns the description of a function, with a secret in its environment.
fn described(name: &str, arn: &str, more: &Value) -> Value {
    let mut told = json!({
        "FunctionName": name, "FunctionArn": arn, "Timeout": 30, "MemorySize": 128, "Runtime": "python3.13",
        "Environment": { "Variables": { "DATABASE_URL": ENVIRONMENT, "Timeout": ENVIRONMENT } },
        "Description": ENVIRONMENT, "Version": "$LATEST",
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        told[key] = value.clone();
    }
    told
}

/// Value that stands in every environment of a function, and may appear nowhere.
pub const ENVIRONMENT: &str = "ENVIRONMENT-THAT-NOBODY-SEES";

/// Answers GetFunctionConfiguration for one function, or ListFunctions for all.
fn lambda(path: &str, region: &str, world: &World) -> Answer {
    let config = |name: &str, group: &str| {
        let arn = format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}");
        let more = world.config.functions.get(name).cloned().unwrap_or_else(|| json!({}));
        let mut told = described(name, &arn, &more);
        told["LoggingConfig"]["LogGroup"] = json!(group);
        told
    };
    if world.denied.contains(&"lambda") {
        return denied();
    }
    let Some(rest) = path.strip_prefix("/2015-03-31/functions") else {
        return error(404, "UnknownOperationException", "no such operation");
    };
    let name = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
    if name.is_empty() || name.starts_with('?') {
        let of_groups = world.groups.keys().filter_map(|group| Some((group.strip_prefix("/aws/lambda/")?, group)));
        let of_groups = of_groups.filter(|(name, _)| world.lists_all && !world.custom.contains_key(*name));
        let custom = world.custom.iter().map(|(name, group)| (name.as_str(), group));
        let all: Vec<Value> = custom.chain(of_groups).map(|(name, group)| config(name, group)).collect();
        return (200, json!({ "Functions": all }));
    }
    let default = format!("/aws/lambda/{name}");
    match world.custom.get(name) {
        Some(group) => (200, config(name, group)),
        None if world.groups.contains_key(&default) => (200, config(name, &default)),
        None => error(404, "ResourceNotFoundException", "Function not found"),
    }
}

/// Start of every log made here: 2026-10-01, midnight UTC, in milliseconds since 1970.
pub const START: i64 = 1_790_812_800_000;

/// Returns the events of `attempts` attempts, `step_ms` apart: one in ten is a timeout; four or five events each.
pub fn lambda_log(function: &str, attempts: usize, step_ms: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for attempt in 0..attempts {
        let request = format!("{:08x}-7d70-4d4a-9b1c-{:012x}", hash(function), attempt);
        let stream = format!("2026/10/01/[$LATEST]{:016x}{:016x}", hash(function), attempt / 50);
        let at = START + attempt as i64 * step_ms;
        let mut push = |after: i64, message: String| {
            let id = format!("{:020}{:012}{after:04}", hash(function), attempt);
            events.push(Event { at: at + after, id, stream: stream.clone(), message });
        };
        push(0, format!("START RequestId: {request} Version: $LATEST\n"));
        push(1, format!("{request} INFO handling order {attempt} \"quoted\"\n"));
        let failed = attempt % 10 == 3;
        if failed {
            push(2, format!("2026-10-01T00:00:00.000Z {request} Task timed out after 3.00 seconds\n\n"));
        }
        push(3, format!("END RequestId: {request}\n"));
        let (ms, status) = if failed { (3_000, "\tStatus: timeout") } else { (12, "") };
        push(
            4,
            format!(
                "REPORT RequestId: {request}\tDuration: {ms}.00 ms\tBilled Duration: {ms} ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB{status}\t\n"
            ),
        );
    }
    events
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
