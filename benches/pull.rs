//! Duration of a pull, compared with the AWS CLI reading the same log groups one after the other from the same server.
//!
//! `cargo bench --bench pull`: 20 groups, 400 pages, 100 ms per page, at most 100 requests a second. Set
//! `AWS_CLI=/path/to/aws` for the CLI; without it only the pull is measured.
//!
//! It needs idle cores: with the debug build on two cores it took 4.7 s alone, and 14 to 17 s beside four busy loops,
//! when requests come too slowly to use the rate. The time of the CLI includes starting it once per group.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

#[path = "../tests/fake/mod.rs"]
mod fake;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fake::{Group, START, Server, World, lambda_log};

const GROUPS: usize = 20;
const ATTEMPTS: usize = 500;

fn group_name(at: usize) -> String {
    format!("/aws/lambda/f{at:04}")
}

fn world() -> World {
    let step = 3_600_000 / ATTEMPTS as i64;
    let one = |at: usize| {
        let events = lambda_log(&format!("f{at:04}"), ATTEMPTS, step);
        (group_name(at), Group { events, ..Group::default() })
    };
    World { groups: (0..GROUPS).map(one).collect(), page: 105, latency: Duration::from_millis(100), ..World::default() }
}

fn command(program: &str, url: &str) -> Command {
    let mut command = Command::new(program);
    command
        .envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "eu-west-1")])
        .envs([("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_ENDPOINT_URL", url)])
        .stdout(Stdio::null());
    command
}

fn run(mut command: Command) -> Duration {
    let started = Instant::now();
    let status = command.status().expect("the program runs");
    assert!(status.success(), "{command:?}");
    started.elapsed()
}

fn main() {
    let server = Server::start(world());
    let mut pull = command(env!("CARGO_BIN_EXE_lambda-triage"), &server.url);
    pull.args(["pull", "--all", "--max-rate", "100", "--quiet"]);
    pull.args(["--from", "2026-10-01T00:00:00Z", "--to", "2026-10-01T01:00:00Z"]);
    let ours = run(pull);
    let used = server.requests() as f64 / server.asked_for().as_secs_f64();
    println!(
        "pull: {:.2} s, {} requests, {used:.1} a second, at most {} in one second",
        ours.as_secs_f64(),
        server.requests(),
        server.most_in_a_second()
    );
    let Ok(cli) = std::env::var("AWS_CLI") else {
        println!("AWS_CLI is not set: no comparison");
        return;
    };
    let theirs: Duration = (0..GROUPS)
        .map(|at| {
            let mut aws = command(&cli, &server.url);
            aws.args(["logs", "filter-log-events", "--log-group-name", &group_name(at)]);
            aws.args(["--start-time", &START.to_string(), "--end-time", &(START + 3_600_000).to_string()]);
            // The fake server requires the same parameter that `pull` sends.
            aws.arg("--interleaved");
            run(aws)
        })
        .sum();
    println!("aws logs filter-log-events, group after group: {:.2} s", theirs.as_secs_f64());
    println!("{:.1} times faster", theirs.as_secs_f64() / ours.as_secs_f64());
}
