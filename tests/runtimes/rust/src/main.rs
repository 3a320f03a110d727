//! The scenarios of the Rust client: what a function does, and what its attempts must be called. See `scenarios.py` for
//! the meaning of the fields. `functions --list` prints the table; `functions NAME` runs one function.

use std::time::Duration;

use anyhow::Context as _;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::Deserialize;
use serde_json::{Value, json};

/// Name, what it does, codes (the first to be wished for, the others right too), further fields.
const TABLE: &[(&str, &str, &[&str], &str)] = &[
    ("quiet", "nothing but an answer", &["ok"], "{}"),
    ("returns_error", "an error is returned", &["runtime_exception.unhandled"], r#"{"fixture":true}"#),
    ("io_error", "a file is missing", &["runtime_exception.unhandled", "runtime_exception.package"], "{}"),
    ("anyhow_chain", "an error of anyhow with a chain of causes that ends at a refused connection", &["downstream.connection"], r#"{"fixture":true}"#),
    ("refused", "reqwest meets a closed port", &["downstream.connection"], r#"{"host":"closed"}"#),
    ("status_503", "reqwest gets 503", &["downstream.unavailable"], r#"{"http_status":503,"host":"web","fixture":true}"#),
    ("status_429", "reqwest gets 429", &["downstream.throttled"], r#"{"http_status":429}"#),
    ("call_timeout", "the timeout of reqwest passes", &["downstream.timeout"], "{}"),
    ("decode", "a page of HTML comes where JSON was expected", &["downstream.error", "runtime_exception.unhandled"], "{}"),
    ("panics", "unwrap of nothing", &["runtime_exception.unhandled"], r#"{"fixture":true}"#),
    ("panics_on_call", "unwrap of a refused call", &["downstream.connection", "runtime_exception.unhandled"], "{}"),
    ("bad_event", "the event does not fit the type", &["runtime_exception.event_format"], "{}"),
    ("exits", "the process exits with 3", &["runtime_exception.exit"], "{}"),
    ("aborts", "the process aborts", &["runtime_exception.signal", "runtime_exception.exit"], "{}"),
    ("stack_overflow", "endless recursion", &["runtime_exception.signal", "runtime_exception.exit"], "{}"),
    ("sleeps", "the handler takes too long", &["timeout.invoke"], r#"{"timeout_s":1,"fixture":true}"#),
    ("memory", "more memory is used than there is", &["out_of_memory.killed"], r#"{"memory_mb":128}"#),
    ("init_fails", "main returns an error before the first event", &["init_failure.exit", "init_failure.exception"], "{}"),
    ("init_panics", "main panics before the first event", &["init_failure.exit", "init_failure.exception"], "{}"),
    ("recovers", "an asynchronous event succeeds at the second attempt", &["runtime_exception.unhandled"], r#"{"asynchronous":true,"attempts":2,"outcome":"recovered","then":"ok"}"#),
    ("lost", "an asynchronous event panics three times", &["runtime_exception.unhandled"], r#"{"asynchronous":true,"attempts":3,"outcome":"exhausted"}"#),
    ("logs_then_goes_on", "tracing::error! and then info!", &["ok"], r#"{"fixture":true}"#),
    ("logs_with_field", "tracing::error! with an error as a field, as the last line", &["ok"], "{}"),
    // Word for word what the client writes of an error that was returned.
    ("logs_last", "tracing::error! as the last line", &["ok", "runtime_exception.unhandled"], "{}"),
    ("prints_errors", "println! and eprintln! of errors", &["ok"], "{}"),
    ("panic_caught", "a panic is caught", &["ok"], "{}"),
    ("task_panics", "a task that nobody waits for panics", &["ok"], "{}"),
    ("retries", "a call fails twice, each logged as a warning", &["ok"], "{}"),
];

#[derive(Deserialize)]
struct Order {
    #[allow(dead_code)]
    amount: u64,
}

fn url(place: &str, peer: &str) -> String {
    let peers: Value = serde_json::from_str(&std::env::var("PEERS").unwrap()).unwrap();
    format!("http://{}{place}", peers[peer].as_str().unwrap())
}

#[allow(unconditional_recursion)]
fn overflow(n: u64) -> u64 {
    let block = [n; 1024];
    overflow(std::hint::black_box(block[7]) + 1) + block[3]
}

async fn handle(name: &str, event: LambdaEvent<Value>) -> Result<Value, Error> {
    match name {
        "returns_error" => return Err("no such order".into()),
        "io_error" => drop(std::fs::read("/tmp/orders-that-never-were.csv")?),
        "anyhow_chain" => {
            let call = reqwest::get(url("/charges", "closed")).await;
            call.context("payment provider does not answer").context("could not charge the card")?;
        }
        "refused" => drop(reqwest::get(url("/orders/7", "closed")).await?),
        "status_503" => drop(reqwest::get(url("/status/503", "web")).await?.error_for_status()?),
        "status_429" => drop(reqwest::get(url("/status/429", "web")).await?.error_for_status()?),
        "call_timeout" => {
            let client = reqwest::Client::builder().timeout(Duration::from_millis(300)).build()?;
            client.get(url("/hang", "web")).send().await?;
        }
        "decode" => return Ok(reqwest::get(url("/html", "web")).await?.json().await?),
        "panics" => return Ok(json!(event.payload["order"]["id"].as_u64().unwrap())),
        "panics_on_call" => drop(reqwest::get(url("/orders/7", "closed")).await.unwrap()),
        "exits" => std::process::exit(3),
        "aborts" => std::process::abort(),
        "stack_overflow" => return Ok(json!(overflow(0))),
        "sleeps" => {
            tracing::info!("working");
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        "memory" => {
            let mut kept = Vec::new();
            loop {
                kept.push(vec![1_u8; 8 << 20]);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        "recovers" if event.payload["attempt"] == 1 => return Err("not yet".into()),
        "lost" => panic!("poison"),
        "logs_then_goes_on" => {
            tracing::error!("row 3 skipped");
            tracing::info!("done");
        }
        "logs_with_field" => tracing::error!(error = "connection refused", "row 3 skipped: used the default"),
        "logs_last" => tracing::error!("row 3 skipped"),
        "prints_errors" => {
            println!("ERROR row 3 skipped: Error(\"expected value\", line: 1, column: 1)");
            eprintln!("Error: connection refused\n\nCaused by:\n    0: tcp connect error");
        }
        "panic_caught" => {
            let caught = std::panic::catch_unwind(|| panic!("in a closure"));
            println!("caught: {}", caught.is_err());
        }
        "task_panics" => {
            tokio::spawn(async { panic!("in the background") });
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        "retries" => {
            for round in 0..3 {
                let answer = reqwest::get(url(&format!("/flaky/2/503/{}", event.context.request_id), "web")).await?;
                if answer.status().is_success() {
                    break;
                }
                tracing::warn!(round, status = %answer.status(), "trying again");
            }
        }
        _ => {}
    }
    Ok(json!({ "statusCode": 200 }))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let name = std::env::args().nth(1).unwrap_or_default();
    if name == "--list" {
        let rows = TABLE.iter().map(|(name, what, code, more)| {
            let mut row: Value = serde_json::from_str(more).unwrap();
            row["name"] = name.replace('_', "-").into();
            row["handler"] = (*name).into();
            row["what"] = (*what).into();
            row["code"] = json!(code);
            row
        });
        println!("{}", Value::Array(rows.collect()));
        return Ok(());
    }
    tracing::init_default_subscriber();
    match name.as_str() {
        "init_fails" => return Err("no configuration".into()),
        "init_panics" => panic!("no configuration"),
        "bad_event" => {
            return run(service_fn(|_: LambdaEvent<Order>| async { Ok::<_, Error>(json!({})) })).await;
        }
        _ => {}
    }
    run(service_fn(|event| handle(&name, event))).await
}
