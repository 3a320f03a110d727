//! Fake of Logs Insights over the log groups of an estate: runs exactly the constructs that our queries use, and complains
//! about any other. Fields are those of every log; none is discovered in messages, since AWS's documentation does not agree
//! on where they are. Queries run asynchronously, and end as told: whole, capped, timed out. Rows of one millisecond come
//! in no order.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Mutex;

use regex::Regex;
use serde_json::{Value, json};

use super::Event;
use super::estate::{Group, now_ms};

/// How queries end.
pub struct Insights {
    /// Most rows of an answer; further ones are missing, though `resultCount` counts them.
    pub cap: usize,
    /// Rows per page.
    pub page: usize,
    /// Looks at a query that find it running, with a part of its rows.
    pub running: usize,
    /// Whether events of the last second are found, or only those at its beginning.
    pub whole_second: bool,
    /// Whether large numbers are printed with an exponent.
    pub exponents: bool,
    /// Whether `resultCount` is told.
    pub tells_count: bool,
    /// Log groups that a query leaves out, of those that it was asked for.
    pub left_out: usize,
    /// Most bytes of a message in a row.
    pub longest: usize,
    /// Words of the text of queries whose rows do not come.
    pub empties: Option<&'static str>,
    /// Function from a query (its number, its text, and its seconds) to the status with which it ends.
    pub status: EndStatus,
    pub state: Mutex<State>,
}

pub type EndStatus = Box<dyn Fn(usize, &str, i64) -> &'static str + Send + Sync>;

#[derive(Default)]
pub struct State {
    queries: Vec<Query>,
    moved: u64,
}

struct Query {
    text: String,
    rows: Vec<Vec<(String, String)>>,
    bytes: u64,
    matched: usize,
    groups: usize,
    looks: usize,
    stopped: bool,
    status: &'static str,
}

impl Default for Insights {
    fn default() -> Self {
        Self {
            cap: usize::MAX,
            page: 10_000,
            running: 1,
            whole_second: true,
            exponents: false,
            tells_count: true,
            left_out: 0,
            longest: usize::MAX,
            empties: None,
            status: Box::new(|_, _, _| "Complete"),
            state: Mutex::default(),
        }
    }
}

/// Answer, or the complaint about a request.
pub type Answered = Result<(u16, Value), String>;

impl Insights {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("a lock")
    }

    /// Returns the bytes of all results that were handed out.
    pub fn moved(&self) -> u64 {
        self.state().moved
    }

    /// Returns the texts of all queries, and whether each was stopped.
    pub fn queries(&self) -> Vec<(String, bool)> {
        self.state().queries.iter().map(|query| (query.text.clone(), query.stopped)).collect()
    }

    pub fn start(&self, body: &Value, groups: &[&Group]) -> Answered {
        let text = body["queryString"].as_str().unwrap_or_default();
        let (from, to) = match (body["startTime"].as_i64(), body["endTime"].as_i64()) {
            (Some(from), Some(to)) if from <= to && to < 100_000_000_000 => (from, to),
            _ => return Err("times of a query are in seconds".to_owned()),
        };
        if text.len() > 10_000 || groups.len() > 50 || groups.is_empty() {
            return Err("a query of more than 10,000 characters or 50 groups".to_owned());
        }
        // Whether AWS takes both is not known.
        if groups.iter().any(|group| group.class != groups[0].class) {
            return Err("a query over log groups of several classes".to_owned());
        }
        let is_outside = |group: &&&Group| {
            let kept = group.retention_days.map(|days| now_ms() - days * 86_400_000);
            kept.is_some_and(|kept| to * 1_000 < kept) || group.created_ms.is_some_and(|created| to * 1_000 < created)
        };
        if groups.iter().any(|group| is_outside(&group)) {
            let message = "Query's end date and time is either before the log groups creation time or exceeds the log \
                           groups log retention settings ([0,79])";
            return Ok((400, json!({ "__type": "MalformedQueryException", "message": message })));
        }
        let program = parse(text)?;
        let end = if self.whole_second { to * 1_000 + 999 } else { to * 1_000 };
        let groups = &groups[..groups.len().saturating_sub(self.left_out)];
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for group in groups {
            let first = group.events.partition_point(|event| event.at < from * 1_000);
            for event in group.events[first..].iter().take_while(|event| event.at <= end) {
                bytes += event.message.len() as u64;
                rows.push(Fields::of(group, event));
            }
        }
        let (mut rows, matched) = run(&program, rows, self.exponents)?;
        if self.empties.is_some_and(|words| text.contains(words)) {
            rows.clear();
        }
        for (field, value) in rows.iter_mut().flatten().filter(|(field, _)| field == "@message") {
            let end = (0..=self.longest.min(value.len())).rev().find(|end| value.is_char_boundary(*end));
            value.truncate(end.unwrap_or(0));
            assert_eq!(field, "@message");
        }
        let mut state = self.state();
        let status = (self.status)(state.queries.len(), text, to - from);
        let groups = groups.len();
        state.queries.push(Query {
            text: text.to_owned(),
            rows,
            bytes,
            matched,
            groups,
            looks: 0,
            stopped: false,
            status,
        });
        Ok((200, json!({ "queryId": (state.queries.len() - 1).to_string() })))
    }

    pub fn results(&self, body: &Value) -> Answered {
        let number = body["queryId"].as_str().and_then(|id| id.parse::<usize>().ok());
        let mut state = self.state();
        let Some(query) = number.and_then(|number| state.queries.get_mut(number)) else {
            return Err("results of a query that never began".to_owned());
        };
        query.looks += 1;
        let told = query.rows.len();
        let is_running = query.looks <= self.running;
        let shown = if is_running { told / 2 } else { told.min(self.cap) };
        let from = body["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let to = shown.min(from + self.page);
        let status = if is_running { "Running" } else { query.status };
        let row = |row: &Vec<(String, String)>| -> Vec<Value> {
            row.iter().map(|(field, value)| json!({ "field": field, "value": value })).collect()
        };
        let results: Vec<_> = query.rows.get(from..to).unwrap_or_default().iter().map(row).collect();
        let mut statistics = json!({
            "bytesScanned": query.bytes as f64, "recordsMatched": query.matched as f64, "recordsScanned": told as f64,
            "logGroupsScanned": query.groups as f64,
        });
        if self.tells_count {
            statistics["resultCount"] = json!(told as f64);
        }
        let mut answer =
            json!({ "status": status, "queryLanguage": "CWLI", "results": results, "statistics": statistics });
        if !is_running && to < shown {
            answer["nextToken"] = json!(to.to_string());
        }
        state.moved += answer.to_string().len() as u64;
        Ok((200, answer))
    }

    pub fn stop(&self, body: &Value) -> Answered {
        let number = body["queryId"].as_str().and_then(|id| id.parse::<usize>().ok());
        match number.and_then(|number| self.state().queries.get_mut(number).map(|query| query.stopped = true)) {
            Some(()) => Ok((200, json!({ "success": true }))),
            None => Err("a query is stopped that never began".to_owned()),
        }
    }
}

/// Value of a field.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Missing,
    Number(f64),
    Text(String),
    Truth(bool),
}

impl Told {
    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Missing | Self::Truth(_) => None,
        }
    }

    fn print(&self, exponents: bool) -> Option<String> {
        Some(match self {
            Self::Missing | Self::Truth(_) => return None,
            Self::Text(text) => text.clone(),
            Self::Number(number) if exponents && number.abs() >= 1e9 => format!("{number:E}"),
            Self::Number(number) => number.to_string(),
        })
    }
}

/// Fields of one event, or of a row that a command made.
#[derive(Clone)]
struct Fields<'e> {
    event: Option<(&'e Group, &'e Event)>,
    own: BTreeMap<String, Told>,
}

impl<'e> Fields<'e> {
    fn of(group: &'e Group, event: &'e Event) -> Self {
        Self { event: Some((group, event)), own: BTreeMap::new() }
    }

    fn get(&self, name: &str) -> Told {
        if let Some(own) = self.own.get(name) {
            return own.clone();
        }
        let Some((group, event)) = self.event else { return Told::Missing };
        match name {
            "@log" => Told::Text(format!("{}:{}", group.account, group.name)),
            "@logStream" => Told::Text(event.stream.clone()),
            "@message" if group.transformed => Told::Text(json!({ "original": event.message }).to_string()),
            "@message" => Told::Text(event.message.clone()),
            "@timestamp" => Told::Number(event.at as f64),
            "@ingestionTime" => Told::Number((event.at + 500) as f64),
            _ => Told::Missing,
        }
    }
}

/// Part of a query.
enum Command {
    Filter(Expression),
    Fields(Vec<(Expression, String)>),
    /// Pattern whose named groups become fields.
    Parse(Regex),
    /// Field by which rows are sorted.
    Sort(String),
    Stats(Vec<(String, Expression, String)>, Vec<String>),
    Limit(usize),
}

enum Expression {
    Field(String),
    Value(Told),
    Call(String, Vec<Expression>),
    Binary(String, Box<Expression>, Box<Expression>),
    Like(Box<Expression>, Regex),
    Not(Box<Expression>),
    In(Box<Expression>, Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Number(f64),
    Text(String),
    Pattern(String),
    Sign(String),
}

fn parse(text: &str) -> Result<Vec<Command>, String> {
    let commands: Vec<Command> =
        text.split("\n| ").map(|command| Parser::new(command)?.command()).collect::<Result<_, _>>()?;
    let mut named: Vec<String> = commands.iter().flat_map(Command::names).collect();
    let all = named.len();
    named.sort();
    named.dedup();
    if named.len() < all { Err("a field is defined twice".to_owned()) } else { Ok(commands) }
}

impl Command {
    /// Returns the fields that it adds to those of an event.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Fields(all) => {
                let is_new = |(one, name): &&(Expression, String)| !matches!(one, Expression::Field(of) if of == name);
                all.iter().filter(is_new).map(|(_, name)| name.clone()).collect()
            }
            Self::Parse(pattern) => pattern.capture_names().flatten().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    text: String,
}

impl Parser {
    fn new(text: &str) -> Result<Self, String> {
        let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
        while let Some(first) = rest.chars().next() {
            let length = |is_part: &dyn Fn(char) -> bool| rest.find(|char| !is_part(char)).unwrap_or(rest.len());
            let quoted = |quote: char| {
                let mut escaped = false;
                let end = rest[1..].find(|char: char| {
                    let ends = char == quote && !escaped;
                    escaped = char == '\\' && !escaped;
                    ends
                });
                end.map(|end| end + 2).ok_or_else(|| format!("no end of {rest}"))
            };
            let is_parsed = tokens == [Token::Name("parse".to_owned()), Token::Name("@message".to_owned())];
            let is_pattern = first == '/' && (is_parsed || tokens.last() == Some(&Token::Name("like".to_owned())));
            let (token, used) = match first {
                '"' => {
                    let end = quoted('"')?;
                    (Token::Text(rest[1..end - 1].to_owned()), end)
                }
                '/' if is_pattern => {
                    let end = quoted('/')?;
                    (Token::Pattern(rest[1..end - 1].to_owned()), end)
                }
                '0'..='9' => {
                    let end = length(&|char| char.is_ascii_digit() || char == '.');
                    (Token::Number(rest[..end].parse().map_err(|_| rest.to_owned())?), end)
                }
                '@' | 'a'..='z' | 'A'..='Z' => {
                    let end = length(&|char| char.is_ascii_alphanumeric() || "@._".contains(char));
                    (Token::Name(rest[..end].to_owned()), end)
                }
                _ => {
                    let sign = ["<=", ">=", "!="].into_iter().find(|sign| rest.starts_with(sign)).unwrap_or(&rest[..1]);
                    if !["<=", ">=", "!=", "<", ">", "=", "+", "-", "*", "/", "(", ")", "[", "]", ","].contains(&sign) {
                        return Err(format!("unknown sign in the query: {rest}"));
                    }
                    (Token::Sign(sign.to_owned()), sign.len())
                }
            };
            tokens.push(token);
            rest = rest[used..].trim_start();
        }
        Ok(Self { tokens, at: 0, text: text.to_owned() })
    }

    fn wrong<T>(&self) -> Result<T, String> {
        Err(format!("not understood at token {} of the query's command: {}", self.at, self.text))
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_it = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.takes(&Token::Sign(sign.to_owned()))
    }

    fn word(&mut self, word: &str) -> bool {
        self.takes(&Token::Name(word.to_owned()))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Name(name)) => Ok(name),
            _ => self.wrong(),
        }
    }

    fn command(mut self) -> Result<Command, String> {
        let command = match self.name()?.as_str() {
            "filter" => Command::Filter(self.either()?),
            "fields" => {
                let mut all = Vec::new();
                loop {
                    let one = self.either()?;
                    let own = if let Expression::Field(name) = &one { Some(name.clone()) } else { None };
                    let name = match (self.word("as"), own) {
                        (true, _) => self.name()?,
                        (false, Some(own)) => own,
                        (false, None) => return self.wrong(),
                    };
                    all.push((one, name));
                    if !self.sign(",") {
                        break Command::Fields(all);
                    }
                }
            }
            "stats" => {
                let mut all = Vec::new();
                loop {
                    let name = self.name()?;
                    let known = ["count", "sum", "min", "max", "earliest", "latest"].contains(&name.as_str());
                    if !known || !self.sign("(") {
                        return self.wrong();
                    }
                    let of = if self.sign("*") { Expression::Value(Told::Number(1.0)) } else { self.either()? };
                    if !self.sign(")") || !self.word("as") {
                        return self.wrong();
                    }
                    all.push((name, of, self.name()?));
                    if !self.sign(",") {
                        break;
                    }
                }
                if !self.word("by") {
                    return self.wrong();
                }
                let mut keys = vec![self.name()?];
                while self.sign(",") {
                    keys.push(self.name()?);
                }
                Command::Stats(all, keys)
            }
            "parse" => match (self.name()?.as_str(), self.next()) {
                ("@message", Some(Token::Pattern(pattern))) => {
                    let pattern = Regex::new(&pattern).map_err(|error| error.to_string())?;
                    // AWS takes named groups only.
                    if pattern.capture_names().skip(1).any(|name| name.is_none()) || pattern.captures_len() < 2 {
                        return self.wrong();
                    }
                    Command::Parse(pattern)
                }
                _ => return self.wrong(),
            },
            "sort" => {
                let name = self.name()?;
                if self.word("asc") { Command::Sort(name) } else { return self.wrong() }
            }
            "limit" => match self.next() {
                Some(Token::Number(count)) if (1.0..=100_000.0).contains(&count) => Command::Limit(count as usize),
                _ => return self.wrong(),
            },
            _ => return self.wrong(),
        };
        if self.at == self.tokens.len() { Ok(command) } else { self.wrong() }
    }

    fn either(&mut self) -> Result<Expression, String> {
        let mut one = self.both()?;
        while self.word("or") {
            one = Expression::Binary("or".to_owned(), Box::new(one), Box::new(self.both()?));
        }
        Ok(one)
    }

    fn both(&mut self) -> Result<Expression, String> {
        let mut one = self.comparison()?;
        while self.word("and") {
            one = Expression::Binary("and".to_owned(), Box::new(one), Box::new(self.comparison()?));
        }
        Ok(one)
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        if self.word("not") {
            return Ok(Expression::Not(Box::new(self.comparison()?)));
        }
        let one = self.sum()?;
        if self.word("like") {
            let Some(Token::Pattern(pattern)) = self.next() else { return self.wrong() };
            let pattern = Regex::new(&pattern).map_err(|error| error.to_string())?;
            return Ok(Expression::Like(Box::new(one), pattern));
        }
        if self.word("in") {
            let mut all = Vec::new();
            if !self.sign("[") {
                return self.wrong();
            }
            loop {
                let Some(Token::Text(text)) = self.next() else { return self.wrong() };
                all.push(text);
                if !self.sign(",") {
                    break;
                }
            }
            return if self.sign("]") { Ok(Expression::In(Box::new(one), all)) } else { self.wrong() };
        }
        for sign in ["<=", ">=", "!=", "<", ">", "="] {
            if self.sign(sign) {
                return Ok(Expression::Binary(sign.to_owned(), Box::new(one), Box::new(self.sum()?)));
            }
        }
        Ok(one)
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut one = self.product()?;
        loop {
            let sign = if self.sign("+") {
                "+"
            } else if self.sign("-") {
                "-"
            } else {
                return Ok(one);
            };
            one = Expression::Binary(sign.to_owned(), Box::new(one), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut one = self.part()?;
        loop {
            let sign = if self.sign("*") {
                "*"
            } else if self.sign("/") {
                "/"
            } else {
                return Ok(one);
            };
            one = Expression::Binary(sign.to_owned(), Box::new(one), Box::new(self.part()?));
        }
    }

    fn part(&mut self) -> Result<Expression, String> {
        match self.next() {
            Some(Token::Number(number)) => Ok(Expression::Value(Told::Number(number))),
            Some(Token::Text(text)) => Ok(Expression::Value(Told::Text(text))),
            Some(Token::Sign(sign)) if sign == "(" => {
                let one = self.either()?;
                if self.sign(")") { Ok(one) } else { self.wrong() }
            }
            Some(Token::Name(name)) if self.sign("(") => {
                let counts = [
                    ("strcontains", 2),
                    ("toMillis", 1),
                    ("floor", 1),
                    ("ceil", 1),
                    ("log", 1),
                    ("greatest", 2),
                    ("coalesce", 2),
                    ("strlen", 1),
                    ("ispresent", 1),
                ];
                let mut all = vec![self.either()?];
                while self.sign(",") {
                    all.push(self.either()?);
                }
                let known = counts.contains(&(name.as_str(), all.len()));
                if known && self.sign(")") { Ok(Expression::Call(name, all)) } else { self.wrong() }
            }
            Some(Token::Name(name)) => Ok(Expression::Field(name)),
            _ => self.wrong(),
        }
    }
}

impl Expression {
    fn of(&self, row: &Fields<'_>) -> Told {
        match self {
            Self::Field(name) => row.get(name),
            Self::Value(value) => value.clone(),
            Self::Like(one, pattern) => match one.of(row) {
                Told::Text(text) => Told::Truth(pattern.is_match(&text)),
                _ => Told::Truth(false),
            },
            Self::Not(one) => Told::Truth(one.of(row) != Told::Truth(true)),
            Self::In(one, all) => match one.of(row) {
                Told::Text(text) => Told::Truth(all.contains(&text)),
                _ => Told::Truth(false),
            },
            Self::Call(name, of) => call(name, &of.iter().map(|one| one.of(row)).collect::<Vec<_>>()),
            Self::Binary(sign, one, other) => binary(sign, &one.of(row), || other.of(row)),
        }
    }
}

fn call(name: &str, of: &[Told]) -> Told {
    let number = |at: usize| of[at].number();
    let told = |number: Option<f64>| number.map_or(Told::Missing, Told::Number);
    match (name, of) {
        ("strcontains", [Told::Text(text), Told::Text(word)]) => {
            Told::Number(f64::from(u8::from(text.contains(word.as_str()))))
        }
        ("toMillis", _) => of[0].clone(),
        ("ispresent", _) => Told::Truth(of[0] != Told::Missing),
        ("floor", _) => told(number(0).map(f64::floor)),
        ("ceil", _) => told(number(0).map(f64::ceil)),
        ("log", _) => told(number(0).map(f64::ln)),
        ("greatest", _) => told(number(0).zip(number(1)).map(|(one, other)| one.max(other))),
        ("coalesce", _) => of.iter().find(|one| **one != Told::Missing).cloned().unwrap_or(Told::Missing),
        ("strlen", [Told::Text(text)]) => Told::Number(text.chars().count() as f64),
        _ => Told::Missing,
    }
}

fn binary(sign: &str, one: &Told, other: impl Fn() -> Told) -> Told {
    match (sign, one) {
        ("or", one) => return Told::Truth(*one == Told::Truth(true) || other() == Told::Truth(true)),
        ("and", one) => return Told::Truth(*one == Told::Truth(true) && other() == Told::Truth(true)),
        _ => {}
    }
    let other = other();
    if let ("+" | "-" | "*" | "/", Some((one, other))) = (sign, one.number().zip(other.number())) {
        return Told::Number(match sign {
            "+" => one + other,
            "-" => one - other,
            "*" => one * other,
            _ => one / other,
        });
    }
    let order = match (one, &other) {
        (Told::Text(one), Told::Text(other)) => Some(one.cmp(other)),
        _ => one.number().zip(other.number()).and_then(|(one, other)| one.partial_cmp(&other)),
    };
    let Some(order) = order else {
        return if ["+", "-", "*", "/"].contains(&sign) { Told::Missing } else { Told::Truth(false) };
    };
    Told::Truth(match sign {
        "=" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        "<" => order == Ordering::Less,
        ">" => order == Ordering::Greater,
        "<=" => order != Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

type Rows = Vec<Vec<(String, String)>>;

/// Returns rows, and how many events were not filtered out.
fn run(program: &[Command], mut rows: Vec<Fields<'_>>, exponents: bool) -> Result<(Rows, usize), String> {
    let (mut columns, mut matched) = (None, None);
    for command in program {
        if !matches!(command, Command::Filter(_) | Command::Fields(_) | Command::Parse(_)) {
            matched.get_or_insert(rows.len());
        }
        match command {
            Command::Filter(one) => rows.retain(|row| one.of(row) == Told::Truth(true)),
            Command::Fields(all) => {
                for row in &mut rows {
                    for (one, name) in all {
                        let told = one.of(row);
                        row.own.insert(name.clone(), told);
                    }
                }
            }
            Command::Stats(all, keys) => {
                rows = stats(&rows, all, keys);
                columns = Some(keys.iter().cloned().chain(all.iter().map(|(_, _, name)| name.clone())).collect());
            }
            Command::Parse(pattern) => {
                for row in &mut rows {
                    let Told::Text(text) = row.get("@message") else { continue };
                    let found = pattern.captures(&text);
                    for name in pattern.capture_names().flatten() {
                        let told = found.as_ref().and_then(|found| found.name(name));
                        let told = told.map_or(Told::Missing, |told| Told::Text(told.as_str().to_owned()));
                        row.own.insert(name.to_owned(), told);
                    }
                }
            }
            Command::Sort(name) => {
                // Rows that are equal in it come in any order.
                let salt = rows.len() as u64;
                rows.sort_by_cached_key(|row| {
                    let number = row.get(name).number().unwrap_or_default() as i64;
                    let any = row.event.map(|(_, event)| {
                        event.id.bytes().fold(salt, |hash, byte| {
                            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
                        })
                    });
                    (number, any)
                });
            }
            Command::Limit(count) => rows.truncate(*count),
        }
    }
    let shown = program.iter().flat_map(|command| match command {
        Command::Fields(all) => all.iter().map(|(_, name)| name.clone()).collect(),
        _ => Vec::new(),
    });
    let columns: Vec<String> = columns.unwrap_or_else(|| shown.collect());
    let print = |row: &Fields<'_>| {
        columns.iter().filter_map(|name| Some((name.clone(), row.get(name).print(exponents)?))).collect()
    };
    Ok((rows.iter().map(print).collect(), matched.unwrap_or(rows.len())))
}

fn stats<'e>(rows: &[Fields<'e>], all: &[(String, Expression, String)], keys: &[String]) -> Vec<Fields<'e>> {
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<&Fields<'e>>> = BTreeMap::new();
    for row in rows {
        let key = keys.iter().map(|key| row.get(key).print(false)).collect();
        groups.entry(key).or_default().push(row);
    }
    let one = |rows: Vec<&Fields<'e>>| {
        let mut own: BTreeMap<String, Told> = keys.iter().map(|key| (key.clone(), rows[0].get(key))).collect();
        for (name, of, result) in all {
            let numbers = || rows.iter().filter_map(|row| of.of(row).number());
            let at = |row: &&&Fields<'e>| row.event.map(|(_, event)| event.at);
            let told = match name.as_str() {
                "count" => Some(rows.iter().filter(|row| of.of(row) != Told::Missing).count() as f64),
                "sum" => Some(numbers().sum()),
                "min" => numbers().reduce(f64::min),
                "max" => numbers().reduce(f64::max),
                name => {
                    let row = if name == "earliest" { rows.iter().min_by_key(at) } else { rows.iter().max_by_key(at) };
                    own.insert(result.clone(), row.map_or(Told::Missing, |row| of.of(row)));
                    continue;
                }
            };
            own.insert(result.clone(), told.map_or(Told::Missing, Told::Number));
        }
        Fields { event: None, own }
    };
    groups.into_values().map(one).collect()
}
