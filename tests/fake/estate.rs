//! Fake of several AWS accounts on the loopback: CloudWatch Logs, the two Lambda calls, and the sources of credentials
//! (STS, IAM Identity Center, container, machine). The access key of a request tells its account, the signature its
//! region. Faults depend on the request, and every request is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::insights::{Answered, Insights};
use super::{Event, lambda_log};

/// Log group of one account and region.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub account: String,
    pub region: String,
    pub name: String,
    /// Events in the order of their times and ids.
    pub events: Vec<Event>,
    /// When an event can be read first, in milliseconds since 1970, by event id; at once without it.
    pub visible_ms: BTreeMap<String, i64>,
    /// `logGroupClass` in the listing; `STANDARD` if `None`.
    pub class: Option<&'static str>,
    /// Whether DescribeLogGroups leaves the group out.
    pub hidden: bool,
    /// When it was created, in milliseconds since 1970, and the days for which it keeps events; long ago, and for ever, if
    /// `None`.
    pub created_ms: Option<i64>,
    pub retention_days: Option<i64>,
    /// Whether a transformer makes other lines of its events, which only queries see.
    pub transformed: bool,
}

impl Group {
    pub fn arn(&self) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{}", self.region, self.account, self.name)
    }
}

/// Lambda function of one account and region.
#[derive(Clone, Debug)]
pub struct Function {
    pub account: String,
    pub region: String,
    pub name: String,
    pub log_group: String,
}

/// One request as the server saw it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Number of the request among those of its operation, from 0.
    pub nth: usize,
    /// Time since the server began.
    pub since: Duration,
    pub key_id: String,
    pub account: String,
    pub region: String,
    pub operation: String,
    /// Log group, prefix of log groups or function, as sent.
    pub name: String,
    pub body: Value,
}

impl Asked {
    pub fn is(&self, operation: &str) -> bool {
        self.operation == operation
    }

    /// Whether it asks for a service: `logs` or `lambda`.
    pub fn asks(&self, service: &str) -> bool {
        match self.operation.as_str() {
            "FilterLogEvents" | "DescribeLogGroups" | "GetLogEvents" | "StartQuery" | "GetQueryResults"
            | "StopQuery" => service == "logs",
            "GetFunctionConfiguration" | "ListFunctions" => service == "lambda",
            _ => false,
        }
    }
}

/// What comes instead of the right answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Error with this status, code and message.
    Error(u16, &'static str, String),
    /// Page for people, as a proxy or captive portal sends it.
    Html(u16),
    /// Connection closed before the answer.
    Reset,
    /// Connection closed within the answer.
    Cut,
    /// No answer at all.
    Hang,
    /// Right answer, late.
    Late(Duration),
    /// Page without events, but with a token that leads on.
    Empty,
    /// The server ends: no connection is accepted any more.
    Die,
}

impl Reply {
    pub fn throttled() -> Self {
        Self::Error(400, "ThrottlingException", "Rate exceeded".to_owned())
    }

    pub fn error(code: &'static str, message: &str) -> Self {
        Self::Error(400, code, message.to_owned())
    }
}

/// Function from a request to what comes instead of the right answer.
pub type Script = Box<dyn Fn(&Asked) -> Option<Reply> + Send + Sync>;

/// Contents and behaviour of the server.
pub struct Estate {
    /// Accounts by access key id.
    pub keys: BTreeMap<String, String>,
    pub groups: Vec<Group>,
    pub functions: Vec<Function>,
    /// Accounts whose logs a monitoring account sees.
    pub linked: BTreeMap<String, BTreeSet<String>>,
    /// Most events of a page.
    pub page: usize,
    /// Seconds by which the server's clock is ahead.
    pub clock_s: i64,
    pub latency: Duration,
    pub script: Script,
    /// Bytes stored of every group, as the listing tells.
    pub stored_bytes: i64,
    /// How queries of Logs Insights end.
    pub insights: Insights,
}

impl Default for Estate {
    fn default() -> Self {
        let keys = [("AKIAONE", ONE), ("AKIATWO", TWO), ("AKIATHREE", THREE)];
        let given = ["ASIAROLE", "ASIAWEB", "ASIASSO", "ASIACONTAINER", "ASIAMACHINE"].map(|key| (key, ONE));
        let keys = keys.into_iter().chain(given).map(|(key, account)| (key.to_owned(), account.to_owned()));
        Self {
            keys: keys.collect(),
            groups: Vec::new(),
            functions: Vec::new(),
            linked: BTreeMap::new(),
            page: 1_000,
            clock_s: 0,
            latency: Duration::ZERO,
            script: Box::new(|_| None),
            stored_bytes: 1_000,
            insights: Insights::default(),
        }
    }
}

pub const ONE: &str = "111111111111";
pub const TWO: &str = "222222222222";
pub const THREE: &str = "333333333333";

impl Estate {
    /// Creates an estate of account [`ONE`] in one region, whose functions have so many attempts each.
    pub fn small(functions: &[&str], attempts: usize) -> Self {
        let mut estate = Self::default();
        for name in functions {
            estate.function(ONE, "eu-west-1", name, attempts);
        }
        estate
    }

    /// Adds a function that logs to its own group.
    pub fn function(&mut self, account: &str, region: &str, name: &str, attempts: usize) {
        let log_group = format!("/aws/lambda/{name}");
        let events = log(account, region, name, attempts);
        self.group(account, region, &log_group, events);
        self.logs_to(account, region, name, &log_group);
    }

    /// Adds a group.
    pub fn group(&mut self, account: &str, region: &str, name: &str, mut events: Vec<Event>) -> &mut Group {
        events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let (account, region, name) = (account.to_owned(), region.to_owned(), name.to_owned());
        self.groups.push(Group { account, region, name, events, ..Group::default() });
        self.groups.last_mut().expect("just added")
    }

    /// Adds a function without a group of its own.
    pub fn logs_to(&mut self, account: &str, region: &str, name: &str, log_group: &str) {
        self.functions.push(Function {
            account: account.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            log_group: log_group.to_owned(),
        });
    }

    /// Adds a group that these functions share.
    pub fn shared(&mut self, account: &str, region: &str, log_group: &str, functions: &[&str], attempts: usize) {
        let mut events = Vec::new();
        for name in functions {
            events.extend(log(account, region, name, attempts).into_iter().map(|mut event| {
                event.stream = event.stream.replace("/[", &format!("/{name}["));
                event
            }));
            self.logs_to(account, region, name, log_group);
        }
        self.group(account, region, log_group, events);
    }

    pub fn script(mut self, script: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        self.script = Box::new(script);
        self
    }
}

/// Returns the log of a function, spread over the hour of the tests. The streams do not name the function.
pub fn log(account: &str, region: &str, name: &str, attempts: usize) -> Vec<Event> {
    lambda_log(&format!("{account} {region} {name}"), attempts, 3_600_000 / attempts.max(1) as i64)
}

struct Shared {
    estate: Estate,
    began: Instant,
    address: SocketAddr,
    asked: Mutex<Vec<Asked>>,
    counts: Mutex<BTreeMap<String, usize>>,
    wrong: Mutex<Vec<String>>,
    dead: AtomicBool,
}

/// Running server, which stops with the process or at [`Reply::Die`].
pub struct Server {
    pub url: String,
    shared: Arc<Shared>,
}

impl Server {
    pub fn start(estate: Estate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            estate,
            began: Instant::now(),
            address,
            asked: Mutex::default(),
            counts: Mutex::default(),
            wrong: Mutex::default(),
            dead: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.dead.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                thread::spawn(move || serve(&stream, &serving));
            }
        });
        Self { url: format!("http://{address}"), shared }
    }

    /// Returns host and port.
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// Ends the server: whoever asks then is refused.
    pub fn stop(&self) {
        die(&self.shared);
    }

    pub fn estate(&self) -> &Estate {
        &self.shared.estate
    }

    /// Returns every request, in order.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).clone()
    }

    /// Returns how often an operation was asked for.
    pub fn count(&self, operation: &str) -> usize {
        locked(&self.shared.counts).get(operation).copied().unwrap_or_default()
    }

    /// Returns violations of the API by the client.
    pub fn complaints(&self) -> Vec<String> {
        locked(&self.shared.wrong).clone()
    }
}

/// Accepts connections and never answers. Returns host and port.
pub fn silent_host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            kept.push(stream);
        }
    });
    host
}

/// Returns a host and port that refuse connections.
pub fn closed_host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().expect("a lock")
}

fn die(shared: &Shared) {
    shared.dead.store(true, Ordering::SeqCst);
    // Wakes the thread that accepts, so that it drops its listener.
    let _ = TcpStream::connect(shared.address);
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_millis()).expect("a time of today")
}

#[derive(Default)]
struct Call {
    path: String,
    target: String,
    key_id: String,
    region: String,
    signed: bool,
    text: String,
}

/// Answer: status, content type, body, and whether only its half is sent.
struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
    cut: bool,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, kind: "application/x-amz-json-1.1", body: body.to_string(), cut: false }
    }

    fn error(status: u16, code: &str, message: &str) -> Self {
        // Logs takes the lower-case key, Lambda also the other.
        Self::json(status, &json!({ "__type": code, "code": code, "message": message }))
    }
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Some(call) = read_call(&mut reader) {
        if shared.dead.load(Ordering::SeqCst) {
            break;
        }
        let asked = record(&call, shared);
        thread::sleep(shared.estate.latency);
        let reply = (shared.estate.script)(&asked);
        let answer = match &reply {
            Some(Reply::Error(status, code, message)) if asked.operation.starts_with("Assume") => Answer {
                status: *status,
                kind: "text/xml",
                body: format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error><RequestId>x</RequestId></ErrorResponse>"
                ),
                cut: false,
            },
            Some(Reply::Error(status, code, message)) => Answer::error(*status, code, message),
            Some(Reply::Html(status)) => Answer {
                status: *status,
                kind: "text/html",
                body: "<html><head><title>Sign in</title></head><body>Please sign in.</body></html>".to_owned(),
                cut: false,
            },
            Some(Reply::Reset) => break,
            Some(Reply::Hang) => {
                // The client hangs up, or the process ends.
                let _ = reader.read_line(&mut String::new());
                break;
            }
            Some(Reply::Die) => {
                die(shared);
                break;
            }
            Some(Reply::Late(time)) => {
                thread::sleep(*time);
                right(&call, &asked, shared, false)
            }
            Some(Reply::Empty) => right(&call, &asked, shared, true),
            Some(Reply::Cut) => Answer { cut: true, ..right(&call, &asked, shared, false) },
            None => right(&call, &asked, shared, false),
        };
        let date = http_date(now_ms() / 1_000 + shared.estate.clock_s);
        let mut head = format!(
            "HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\nDate: {date}\r\n",
            answer.status,
            answer.kind,
            answer.body.len()
        );
        if asked.operation == "/latest/api/token" {
            head.push_str("x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n");
        }
        if let Some(Reply::Error(_, code, _)) = &reply {
            head.push_str(&format!("x-amzn-ErrorType: {code}\r\n"));
        }
        let sent = if answer.cut { &answer.body[..answer.body.len() / 2] } else { &answer.body };
        let mut out = stream;
        if out.write_all(format!("{head}\r\n{sent}").as_bytes()).is_err() || answer.cut {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn read_call(reader: &mut BufReader<&TcpStream>) -> Option<Call> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut call = Call { path: first.split(' ').nth(1)?.to_owned(), ..Call::default() };
    if first.starts_with("PUT /latest/api/token") {
        "machine-token".clone_into(&mut call.target);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-amz-target" => value.clone_into(&mut call.target),
            "authorization" => {
                // `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`
                let mut parts = value.split_once("Credential=").map_or("", |(_, scope)| scope).split('/');
                call.key_id = parts.next().unwrap_or_default().to_owned();
                call.region = parts.nth(1).unwrap_or_default().to_owned();
                call.signed = true;
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    call.text = String::from_utf8_lossy(&body).into_owned();
    Some(call)
}

const FUNCTIONS: &str = "/2015-03-31/functions";

fn record(call: &Call, shared: &Shared) -> Asked {
    let action = || call.text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let (operation, name) = if let Some((_, operation)) = call.target.split_once('.') {
        (operation.to_owned(), None)
    } else if let Some(rest) = call.path.strip_prefix(FUNCTIONS) {
        match rest.trim_start_matches('/').split(['/', '?']).next().filter(|name| !name.is_empty()) {
            Some(name) => ("GetFunctionConfiguration".to_owned(), Some(name.to_owned())),
            None => ("ListFunctions".to_owned(), None),
        }
    } else if call.path.starts_with("/federation/credentials") {
        ("GetRoleCredentials".to_owned(), None)
    } else if let Some(action) = action() {
        (action.to_owned(), None)
    } else {
        (call.path.clone(), None)
    };
    let body: Value = serde_json::from_str(&call.text).unwrap_or(Value::Null);
    let sent = ["logGroupName", "logGroupIdentifier", "logGroupNamePrefix", "logGroupNamePattern"];
    let sent = sent.iter().find_map(|key| body[key].as_str()).unwrap_or_default().to_owned();
    let mut counts = locked(&shared.counts);
    let count = counts.entry(operation.clone()).or_default();
    let asked = Asked {
        nth: *count,
        since: shared.began.elapsed(),
        key_id: call.key_id.clone(),
        account: shared.estate.keys.get(&call.key_id).cloned().unwrap_or_default(),
        region: call.region.clone(),
        operation,
        name: name.unwrap_or(sent),
        body,
    };
    *count += 1;
    locked(&shared.asked).push(asked.clone());
    asked
}

fn right(call: &Call, asked: &Asked, shared: &Shared, empty: bool) -> Answer {
    if let Some(given) = credentials(call, asked) {
        return given;
    }
    if call.signed && asked.account.is_empty() {
        return Answer::error(
            400,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        );
    }
    match asked.operation.as_str() {
        "FilterLogEvents" => filter(asked, shared, empty),
        "DescribeLogGroups" => describe(asked, shared),
        "GetLogEvents" => events_of_stream(asked, shared),
        "StartQuery" => start_query(asked, shared),
        "GetQueryResults" => of_insights(asked, shared, shared.estate.insights.results(&asked.body)),
        "GetMetricData" => metric_data(asked, shared),
        "StopQuery" => of_insights(asked, shared, shared.estate.insights.stop(&asked.body)),
        "ListFunctions" | "GetFunctionConfiguration" => functions(call, asked, &shared.estate),
        other => Answer::error(400, "UnknownOperationException", other),
    }
}

/// Returns the answer to a request for credentials.
fn credentials(call: &Call, asked: &Asked) -> Option<Answer> {
    const UNTIL: &str = "2036-01-01T00:00:00Z";
    let keys = |id: &str| {
        json!({
            "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": id,
            "SecretAccessKey": "s", "Token": "t", "Expiration": UNTIL,
        })
    };
    let text = |body: String| Answer { status: 200, kind: "text/plain", body, cut: false };
    match asked.operation.as_str() {
        "/container" => Some(Answer::json(200, &keys("ASIACONTAINER"))),
        "/latest/api/token" => Some(text("machine".to_owned())),
        "/latest/meta-data/iam/security-credentials/" => Some(text("Reader".to_owned())),
        "/latest/meta-data/iam/security-credentials/Reader" => Some(Answer::json(200, &keys("ASIAMACHINE"))),
        "GetRoleCredentials" => {
            let keys = json!({
                "accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t",
                "expiration": 2_082_758_400_000_i64,
            });
            Some(Answer::json(200, &json!({ "roleCredentials": keys })))
        }
        action @ ("AssumeRole" | "AssumeRoleWithWebIdentity") => {
            let id = if action == "AssumeRole" { "ASIAROLE" } else { "ASIAWEB" };
            let body = format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
                 <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                 <Expiration>{UNTIL}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>A:x</AssumedRoleId>\
                 <Arn>arn:aws:sts::{ONE}:assumed-role/Reader/x</Arn></AssumedRoleUser></{action}Result>\
                 </{action}Response>"
            );
            Some(Answer { status: 200, kind: "text/xml", body, cut: false })
        }
        "GetCallerIdentity" => {
            let body = format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <GetCallerIdentityResult><Arn>arn:aws:iam::{0}:user/joe</Arn><UserId>A</UserId><Account>{0}</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>",
                asked.account
            );
            Some(Answer { status: 200, kind: "text/xml", body, cut: false })
        }
        path if path.starts_with("/latest/") => {
            let _ = call;
            Some(Answer { status: 404, ..text(String::new()) })
        }
        _ => None,
    }
}

/// Position after an event, and the request that it belongs to.
fn token(asked: &Asked, after: Option<&Event>, salt: usize) -> String {
    let scope = scope(asked);
    match after {
        Some(event) => format!("{scope}|{}|{}|{salt}", event.at, event.id),
        None => format!("{scope}|-|-|{salt}"),
    }
}

/// What must not change under a token.
fn scope(asked: &Asked) -> String {
    let keys = ["startTime", "endTime", "logStreamNamePrefix", "logStreamNames"];
    let parts: Vec<String> = keys.iter().map(|key| asked.body[key].to_string()).collect();
    format!("{}|{}", asked.name, parts.join("~"))
}

fn filter(asked: &Asked, shared: &Shared, empty: bool) -> Answer {
    let body = &asked.body;
    let invalid = |why: &str| {
        locked(&shared.wrong).push(format!("{why}: {body}"));
        Answer::error(400, "InvalidParameterException", why)
    };
    let by_name = body["logGroupName"].as_str();
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_/#".contains(&b));
    if by_name.is_some() == body["logGroupIdentifier"].is_string() || by_name.is_some_and(|name| !is_name(name)) {
        return invalid("either logGroupName or logGroupIdentifier is required, and no pattern");
    }
    if asked.name.contains('*') || body["logStreamNamePrefix"].as_str().is_some_and(|text| text.contains([':', '*'])) {
        return invalid("a pattern where a name is required");
    }
    let missing = || Answer::error(400, "ResourceNotFoundException", "The specified log group does not exist.");
    let estate = &shared.estate;
    let found = match asked.name.strip_prefix("arn:aws:logs:") {
        Some(rest) => {
            let mut parts = rest.splitn(4, ':');
            let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let name = parts.nth(1).unwrap_or_default();
            let linked = estate.linked.get(&asked.account).is_some_and(|linked| linked.contains(account));
            if account != asked.account && !linked {
                let why = format!(
                    "User: arn:aws:iam::{}:user/joe is not authorized to perform: logs:FilterLogEvents",
                    asked.account
                );
                return Answer::error(400, "AccessDeniedException", &why);
            }
            if region != asked.region {
                return missing();
            }
            group(estate, account, region, name)
        }
        None => group(estate, &asked.account, &asked.region, &asked.name),
    };
    let Some(group) = found else { return missing() };
    if group.class == Some("INFREQUENT_ACCESS") {
        let why = "The operation is not supported for log groups of the Infrequent Access log class";
        return Answer::error(400, "InvalidOperationException", why);
    }
    let (start, end) = (body["startTime"].as_i64().unwrap_or(0), body["endTime"].as_i64().unwrap_or(i64::MAX));
    let prefix = body["logStreamNamePrefix"].as_str().unwrap_or_default();
    let streams = body["logStreamNames"].as_array();
    let now = now_ms();
    let after = match body["nextToken"].as_str() {
        None => None,
        Some(sent) => {
            let Some(rest) = sent.strip_prefix(&format!("{}|", scope(asked))) else {
                return invalid("The specified nextToken is invalid.");
            };
            let mut parts = rest.split('|');
            match (parts.next().and_then(|at| at.parse::<i64>().ok()), parts.next()) {
                (Some(at), Some(id)) => Some((at, id.to_owned())),
                _ => None,
            }
        }
    };
    let first = group.events.partition_point(|event| match &after {
        Some((at, id)) => (event.at, &event.id) <= (*at, id),
        None => event.at < start,
    });
    let wanted = |event: &&Event| {
        event.at <= end
            && event.stream.starts_with(prefix)
            && streams.is_none_or(|streams| streams.iter().any(|one| one == event.stream.as_str()))
            && group.visible_ms.get(&event.id).is_none_or(|visible| *visible <= now)
    };
    let mut left = group.events[first..].iter().take_while(|event| event.at <= end).filter(wanted).peekable();
    let (page, next) = if empty {
        let here = after.as_ref().and_then(|(at, id)| group.events.iter().find(|one| one.at == *at && one.id == *id));
        (Vec::new(), Some(token(asked, here, asked.nth)))
    } else {
        let page: Vec<&Event> = left.by_ref().take(estate.page).collect();
        let next = left.peek().map(|_| token(asked, page.last().copied(), asked.nth));
        (page, next)
    };
    let events: Vec<Value> = page
        .iter()
        .map(|event| {
            json!({
                "logStreamName": event.stream, "timestamp": event.at, "ingestionTime": event.at + 500,
                "eventId": event.id, "message": event.message,
            })
        })
        .collect();
    let mut answer = json!({ "events": events, "searchedLogStreams": [] });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Answer::json(200, &answer)
}

fn of_insights(asked: &Asked, shared: &Shared, answered: Answered) -> Answer {
    match answered {
        Ok((status, body)) => Answer::json(status, &body),
        Err(why) => {
            locked(&shared.wrong).push(format!("{why}: {}", asked.body));
            Answer::error(400, "MalformedQueryException", &why)
        }
    }
}

fn start_query(asked: &Asked, shared: &Shared) -> Answer {
    let names = asked.body["logGroupIdentifiers"].as_array().cloned().unwrap_or_default();
    let find = |name: &Value| {
        let name = name.as_str()?;
        let own = format!("arn:aws:logs:{}:{}:log-group:", asked.region, asked.account);
        group(&shared.estate, &asked.account, &asked.region, name.strip_prefix(&own).unwrap_or(name))
    };
    let groups: Vec<&Group> = names.iter().filter_map(find).collect();
    if groups.len() < names.len() {
        return Answer::error(400, "ResourceNotFoundException", "Log group does not exist");
    }
    of_insights(asked, shared, shared.estate.insights.start(&asked.body, &groups))
}

/// Answers GetLogEvents: the end is exclusive, the tail comes first unless the head is asked for, and a token comes again
/// at the end.
fn events_of_stream(asked: &Asked, shared: &Shared) -> Answer {
    let body = &asked.body;
    let missing = || Answer::error(400, "ResourceNotFoundException", "The specified log stream does not exist.");
    let name = asked.name.rsplit_once("log-group:").map_or(asked.name.as_str(), |(_, name)| name);
    let Some(group) = group(&shared.estate, &asked.account, &asked.region, name) else { return missing() };
    if group.class.is_some() {
        return Answer::error(400, "InvalidOperationException", "not for this log group class");
    }
    let (start, end) = (body["startTime"].as_i64().unwrap_or(0), body["endTime"].as_i64().unwrap_or(i64::MAX));
    let stream = body["logStreamName"].as_str().unwrap_or_default();
    let first = group.events.partition_point(|event| event.at < start);
    let within = group.events[first..].iter().take_while(|event| event.at < end);
    let all: Vec<&Event> = within.filter(|event| event.stream == stream).collect();
    let limit = body["limit"].as_u64().map_or(10_000, |limit| limit as usize).min(shared.estate.page);
    let token = body["nextToken"].as_str().and_then(|token| {
        let (way, at) = token.split_once('/')?;
        Some((way.to_owned(), at.parse::<usize>().ok()?))
    });
    let (from, to) = match token {
        Some((way, at)) if way == "f" => (at, (at + limit).min(all.len())),
        Some((_, at)) => (at.saturating_sub(limit), at),
        None if body["startFromHead"] == true => (0, limit.min(all.len())),
        None => (all.len().saturating_sub(limit), all.len()),
    };
    let events: Vec<Value> = all[from.min(to)..to]
        .iter()
        .map(|event| json!({ "timestamp": event.at, "ingestionTime": event.at + 500, "message": event.message }))
        .collect();
    Answer::json(
        200,
        &json!({ "events": events, "nextForwardToken": format!("f/{to}"), "nextBackwardToken": format!("b/{from}") }),
    )
}

/// Answers GetMetricData about log groups; of functions there are no metrics.
fn metric_data(asked: &Asked, shared: &Shared) -> Answer {
    let (body, estate) = (&asked.body, &shared.estate);
    let time = |key: &str| body[key].as_i64().unwrap_or_default() * 1_000;
    let (from, to) = (time("StartTime"), time("EndTime"));
    let told = |query: &Value| {
        let metric = &query["MetricStat"]["Metric"];
        let name = metric["Dimensions"][0]["Value"].as_str().unwrap_or_default();
        let group = group(estate, &asked.account, &asked.region, name);
        let events = group.into_iter().flat_map(|group| &group.events).filter(|event| (from..to).contains(&event.at));
        let value = match metric["MetricName"].as_str() {
            Some("IncomingBytes") => Some(events.map(|event| event.message.len()).sum()),
            Some("IncomingLogEvents") => Some(events.count()),
            _ => None,
        };
        let values: Vec<usize> = value.into_iter().collect();
        json!({ "Id": query["Id"], "Label": query["Label"], "Values": values, "StatusCode": "Complete" })
    };
    let results: Vec<Value> = body["MetricDataQueries"].as_array().into_iter().flatten().map(told).collect();
    Answer::json(200, &json!({ "MetricDataResults": results, "Messages": [] }))
}

fn group<'e>(estate: &'e Estate, account: &str, region: &str, name: &str) -> Option<&'e Group> {
    estate.groups.iter().find(|group| group.account == account && group.region == region && group.name == name)
}

fn describe(asked: &Asked, shared: &Shared) -> Answer {
    let (body, estate) = (&asked.body, &shared.estate);
    let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
    let pattern = body["logGroupNamePattern"].as_str().unwrap_or_default();
    if !prefix.is_empty() && !pattern.is_empty() || body["limit"].as_i64().is_some_and(|limit| limit > 50) {
        locked(&shared.wrong).push(format!("wrong parameters: {body}"));
        return Answer::error(400, "InvalidParameterException", "wrong parameters");
    }
    let linked = estate.linked.get(&asked.account).filter(|_| body["includeLinkedAccounts"] == true);
    let visible = |group: &&Group| {
        let sees = group.account == asked.account || linked.is_some_and(|linked| linked.contains(&group.account));
        let named = group.name.starts_with(prefix) && group.name.contains(pattern);
        sees && named && group.region == asked.region && !group.hidden
    };
    let mut listed: Vec<&Group> = estate.groups.iter().filter(visible).collect();
    listed.sort_by_key(|group| (&group.name, &group.account));
    let from = body["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let groups: Vec<Value> = listed
        .iter()
        .skip(from)
        .take(50)
        .map(|group| {
            let mut told = json!({
                "logGroupName": group.name, "creationTime": group.created_ms.unwrap_or(1_700_000_000_000),
                "storedBytes": estate.stored_bytes, "arn": format!("{}:*", group.arn()), "logGroupArn": group.arn(),
                "logGroupClass": group.class.unwrap_or("STANDARD"),
            });
            if let Some(days) = group.retention_days {
                told["retentionInDays"] = json!(days);
            }
            told
        })
        .collect();
    let mut answer = json!({ "logGroups": groups });
    if from + 50 < listed.len() {
        answer["nextToken"] = json!((from + 50).to_string());
    }
    Answer::json(200, &answer)
}

fn functions(call: &Call, asked: &Asked, estate: &Estate) -> Answer {
    let here = |one: &&Function| one.account == asked.account && one.region == asked.region;
    let config = |one: &Function| {
        json!({
            "FunctionName": one.name,
            "FunctionArn": format!("arn:aws:lambda:{}:{}:function:{}", one.region, one.account, one.name),
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": one.log_group },
        })
    };
    if asked.is("ListFunctions") {
        let marker = call.path.split(['?', '&']).find_map(|pair| pair.strip_prefix("Marker="));
        let from: usize = marker.and_then(|marker| marker.parse().ok()).unwrap_or(0);
        let all: Vec<Value> = estate.functions.iter().filter(here).map(config).collect();
        let mut answer = json!({ "Functions": all.iter().skip(from).take(50).collect::<Vec<_>>() });
        if from + 50 < all.len() {
            answer["NextMarker"] = json!((from + 50).to_string());
        }
        return Answer::json(200, &answer);
    }
    match estate.functions.iter().filter(here).find(|one| one.name == asked.name) {
        Some(one) => Answer::json(200, &config(one)),
        None => Answer::error(404, "ResourceNotFoundException", "Function not found"),
    }
}

/// Prints seconds since 1970 as the header `Date` has them.
fn http_date(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[days.rem_euclid(7) as usize],
        MONTHS[month as usize - 1],
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Returns year, month and day of so many days after 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (year + era * 400 + i64::from(month <= 2), month, date)
}

/// Prints milliseconds since 1970 as RFC 3339.
pub fn rfc3339(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (second, ms) = (rest / 1_000, rest % 1_000);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", second / 3_600, second / 60 % 60, second % 60)
}
