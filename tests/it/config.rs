//! `lambda-triage.toml` and the environment: what they may set, which comes first, what the gate leaves out, and what is
//! said about it.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::harness::{Done, LOGS, Run, directory, fits_schema, formats, function, read_summary, root, write};

/// A run in a folder that lives as long.
struct RunIn(Run, TempDir);

impl RunIn {
    fn env(self, name: &str, value: &str) -> Self {
        Self(self.0.env(name, value), self.1)
    }

    fn done(self) -> Done {
        self.0.done()
    }

    #[track_caller]
    fn status(self, want: i32) -> Done {
        self.0.status(want)
    }
}

/// Prepares a run over the sample logs with a configuration file of this text.
fn with(config: &str, arguments: &[&str]) -> RunIn {
    let folder = directory();
    write(&folder.path().join("lambda-triage.toml"), config);
    let logs = root().join(LOGS).into_os_string().into_string().unwrap();
    RunIn(Run::new(["analyze", &logs]).args(arguments).directory(folder.path()), folder)
}

fn json_with(config: &str) -> Value {
    read_summary(&with(config, &["--format", "json"]).done().stdout)
}

/// What a setting does can be seen in the text of the table or in the status.
struct Setting {
    flag: &'static [&'static str],
    variable: (&'static str, &'static str),
    file: &'static str,
    /// Whether the value of the flag, of the variable, of the file or of none was used.
    seen: fn(&SeenOutput) -> &'static str,
}

/// Output and status of a run.
struct SeenOutput {
    text: String,
    status: i32,
}

const SETTINGS: [Setting; 6] = [
    Setting {
        flag: &["--format", "ndjson"],
        variable: ("LAMBDA_TRIAGE_FORMAT", "json"),
        file: "format = 'csv'",
        seen: |done| match done.text.get(..6).unwrap_or_default() {
            "kind,f" => "file",
            "{\n  \"s" => "variable",
            "{\"sche" => "flag",
            _ => "none",
        },
    },
    Setting {
        flag: &["--width", "61"],
        variable: ("LAMBDA_TRIAGE_WIDTH", "150"),
        file: "width = 300",
        seen: |done| match done.text.lines().next().map_or(0, |headline| headline.chars().count()) {
            61 => "flag",
            80 => "none",
            150 => "variable",
            _ => "file",
        },
    },
    Setting {
        flag: &["--tz", "Asia/Tokyo"],
        variable: ("LAMBDA_TRIAGE_TZ", "Asia/Kolkata"),
        file: "tz = 'Europe/Berlin'",
        seen: |done| {
            let zone = [(" JST", "flag"), (" IST", "variable"), (" CET", "file"), (" UTC", "none")];
            zone.into_iter().find(|(name, _)| done.text.contains(name)).unwrap().1
        },
    },
    Setting {
        flag: &["--fail-on", "failed > 1"],
        variable: ("LAMBDA_TRIAGE_FAIL_ON", "failed > 2"),
        file: "[gate]\nfail_on = ['failed > 3']",
        seen: |done| {
            let rules = [("failed > 1:", "flag"), ("failed > 2:", "variable"), ("failed > 3:", "file")];
            assert_eq!(done.status, i32::from(done.text.contains("Gate  failed")));
            rules.into_iter().find(|(rule, _)| done.text.contains(rule)).map_or("none", |(_, source)| source)
        },
    },
    Setting {
        flag: &["--warn-on", "failed > 1"],
        variable: ("LAMBDA_TRIAGE_WARN_ON", "failed > 2"),
        file: "[gate]\nwarn_on = ['failed > 3']",
        seen: |done| {
            let rules = [("failed > 1:", "flag"), ("failed > 2:", "variable"), ("failed > 3:", "file")];
            assert_eq!(done.status, 0);
            rules.into_iter().find(|(rule, _)| done.text.contains(rule)).map_or("none", |(_, source)| source)
        },
    },
    Setting {
        flag: &["--price-gb-second", "1", "--details"],
        variable: ("LAMBDA_TRIAGE_PRICE_GB_SECOND", "2"),
        file: "[prices]\ngb_second = '3'",
        seen: |done| {
            let prices = [("1 USD per", "flag"), ("2 USD per", "variable"), ("3 USD per", "file")];
            prices.into_iter().find(|(price, _)| done.text.contains(price)).map_or("none", |(_, source)| source)
        },
    },
];

#[test]
fn the_first_of_flag_environment_file_and_default_counts() {
    for setting in SETTINGS {
        let (name, value) = setting.variable;
        for (flag, variable, file) in (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
            let mut run = with(if file { setting.file } else { "" }, if flag { setting.flag } else { &["--details"] });
            if variable {
                run = run.env(name, value);
            }
            let done = run.done();
            let seen = SeenOutput { text: done.stdout, status: done.status };
            let want = match (flag, variable, file) {
                (true, ..) => "flag",
                (_, true, _) => "variable",
                (_, _, true) => "file",
                _ => "none",
            };
            assert_eq!((setting.seen)(&seen), want, "{name} {flag} {variable} {file}:\n{}{}", seen.text, done.stderr);
        }
    }
}

#[test]
fn a_run_names_the_file_it_used() {
    let done = with("width = 100", &[]).status(0);
    assert!(done.stdout.contains("Settings of lambda-triage.toml"), "{}", done.stdout);
    assert_eq!(json_with("")["config_file"], "lambda-triage.toml");
    let logs = root().join(LOGS).into_os_string().into_string().unwrap();
    let folder = directory();
    write(&folder.path().join("lambda-triage.toml"), "format = 'json'");
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    let below = |arguments: &[&str]| {
        Run::new(["analyze", &logs]).args(arguments).directory(&folder.path().join("a/b")).done().stdout
    };
    assert_eq!(read_summary(&below(&[]))["config_file"], "../../lambda-triage.toml");
    assert_eq!(read_summary(&below(&["--no-config", "--format", "json"]))["config_file"], Value::Null);
    write(&folder.path().join("a/other.toml"), "format = 'json'");
    assert_eq!(read_summary(&below(&["--config", "../other.toml"]))["config_file"], "../other.toml");
    // The samples are not the log that it was written for.
    let demo = Run::new(["demo", "--format", "json"]).directory(folder.path()).stdout();
    assert_eq!(read_summary(&demo)["config_file"], Value::Null);
}

#[test]
fn a_wrong_file_is_wrong_usage_and_says_where() {
    for (config, said) in [
        ("\nfomat = 'json'", "lambda-triage.toml:2: unknown field `fomat`"),
        ("[gate]\nfail_on = ['fialed > 0']", "lambda-triage.toml:2: no number 'fialed'"),
        (
            "profile = 'prod'",
            "lambda-triage.toml: 'profile' cannot be set in a file that a repository may carry; use --profile",
        ),
        ("[[ignore]]\ncode = 'timeout'", "missing field `reason`"),
        ("[[ignore]]\ncode = 'ok'\nreason = 'r'", "did not fail"),
        ("[[ignore]]\nfunction = ''\nreason = 'r'", "it needs a name"),
        ("[[ignore]]\nfingerprint = ''\nreason = 'r'", "it needs a fingerprint"),
        ("\u{1b}[31m", "lambda-triage.toml:1: "),
    ] {
        let done = with(config, &[]).status(2);
        assert!(done.stderr.contains(said), "{config}: {}", done.stderr);
        assert!(done.stdout.is_empty() && !done.stderr.contains('\u{1b}'));
    }
    let done = Run::analyze([LOGS]).args(["--config", "no/such.toml"]).status(2);
    assert!(done.stderr.contains("no/such.toml: "), "{}", done.stderr);
    let done = Run::analyze([LOGS]).args(["--config", "fixtures"]).status(2);
    assert!(done.stderr.contains("regular file"), "{}", done.stderr);
}

/// Who may write to a directory above, such as `/tmp`, decides nothing.
#[cfg(unix)]
#[test]
fn a_file_of_somebody_else_is_not_taken_unasked() {
    let folder = directory();
    let path = folder.path().join("lambda-triage.toml");
    write(&path, "format = 'json'");
    fs::create_dir(folder.path().join("mine")).unwrap();
    // Only the administrator can give files away.
    if std::os::unix::fs::chown(&path, Some(4_242), None).is_err() {
        return;
    }
    let logs = root().join(LOGS).into_os_string().into_string().unwrap();
    let run = |arguments: &[&str]| Run::new(["analyze", &logs]).args(arguments).directory(&folder.path().join("mine"));
    let done = run(&[]).status(2);
    assert!(
        done.stderr.contains("belongs to another user; name it with --config, or say --no-config"),
        "{}",
        done.stderr
    );
    run(&["--no-config"]).status(0);
    run(&["--config", "../lambda-triage.toml"]).status(0);
}

#[test]
fn ignored_failures_fail_no_gate_and_are_shown() {
    let rule = "[gate]\nfail_on = ['orders-*:failures.out_of_memory > 0']\n";
    let oom = "[[ignore]]\nfunction = 'orders-*'\ncode = 'out_of_memory'\nuntil = 2026-01-02\nreason = 'grows'\n";
    let before = json_with(rule);
    assert_eq!(before["gate"]["passed"], false);
    let after = json_with(&format!("{rule}{oom}"));
    let number = function(&before, "orders-api")["failures"]["out_of_memory"].as_u64().unwrap();
    assert!(number > 0);
    assert_eq!(after["gate"]["passed"], true, "{}", after["gate"]);
    assert_eq!(after["gate"]["ignored"], number);
    let ignored = &after["ignored"][0];
    assert_eq!((&ignored["state"], &ignored["attempts"]), (&json!("used"), &json!(number)));
    // All else is told as before.
    assert_eq!(after["totals"], before["totals"]);
    let as_before = |summary: &Value| {
        let mut functions = summary["functions"].clone();
        for finding in
            functions.as_array_mut().unwrap().iter_mut().flat_map(|row| row["findings"].as_array_mut().unwrap())
        {
            finding["ignored"] = false.into();
        }
        functions
    };
    assert_eq!(as_before(&after), before["functions"]);
    assert_ne!(after["functions"], before["functions"]);
    let done = with(&format!("{rule}{oom}"), &[]).status(0);
    assert!(done.stdout.contains(&format!("Gate  passed: 1 condition, {number} failure")), "{}", done.stdout);
    let done = with(&format!("{rule}{oom}"), &["--by", "cause", "--top", "0"]).status(0);
    assert!(done.stdout.contains("ignored by the gate"), "{}", done.stdout);
    for format in formats().filter(|format| !matches!(*format, "ndjson" | "csv")) {
        let text = with(&format!("{rule}{oom}"), &["--format", format]).done().stdout;
        assert!(text.contains("ignored"), "{format}: {text}");
    }
}

#[test]
fn entries_that_leave_nothing_out_are_warned_of() {
    let entry = |code: &str, until: &str| {
        format!("[[ignore]]\nfunction = 'orders-*'\ncode = '{code}'\nuntil = '{until}'\nreason = 'known'\n")
    };
    let rule = "[gate]\nfail_on = ['orders-*:failures.out_of_memory > 0']\n";
    // The samples are of 2026-01-02.
    let config = rule.to_owned() + &entry("out_of_memory", "2026-01-01") + &entry("service_error", "2026-12-31");
    let done = with(&config, &["--format", "json"]).status(1);
    let said = "lambda-triage: lambda-triage.toml: ignore entry 1 (orders-* out_of_memory) held until 2026-01-01; its \
                failures count again\n";
    assert!(done.stderr.contains(said), "{}", done.stderr);
    let said =
        "lambda-triage: lambda-triage.toml: ignore entry 2 (orders-* service_error) fits no failure of this log\n";
    assert!(done.stderr.contains(said), "{}", done.stderr);
    let states: Vec<Value> =
        read_summary(&done.stdout)["ignored"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["expired", "unused"]);
    assert!(!with(&config, &["--quiet"]).done().stderr.contains("ignore entry"));
}

/// Whatever is ignored, the gate sees the rest: what all entries leave out and what it sees add up to what failed.
#[test]
fn what_is_ignored_and_what_is_judged_add_up() {
    let categories = ["timeout", "out_of_memory", "init_failure", "runtime_exception", "downstream", "throttling"];
    let folders = fs::read_dir(root().join(LOGS)).unwrap();
    let mut inputs: Vec<String> =
        folders.map(|one| one.unwrap().path().into_os_string().into_string().unwrap()).collect();
    inputs.push(root().join(LOGS).into_os_string().into_string().unwrap());
    let folder = directory();
    for logs in inputs {
        for bits in [0_u32, 0b1, 0b10, 0b100_000, 0b101_011, 0b111_111] {
            let chosen = categories.iter().enumerate().filter(|(at, _)| bits & 1 << at > 0);
            let entries: String =
                chosen.map(|(_, code)| format!("[[ignore]]\ncode = '{code}'\nreason = 'r'\n")).collect();
            write(&folder.path().join("lambda-triage.toml"), entries);
            let rules = ["failed >= 0", "lost >= 0", "environment_failures >= 0", "unknown >= 0"];
            let kinds = categories.map(|kind| format!("failures.{kind} >= 0"));
            let rules = rules.into_iter().chain(kinds.iter().map(String::as_str)).flat_map(|rule| ["--warn-on", rule]);
            let run = Run::new(["analyze", &logs, "--format", "json", "--allow-empty"]).args(rules);
            let summary = read_summary(&run.directory(folder.path()).done().stdout);
            let value = |at: usize| summary["gate"]["conditions"][at]["value"].as_f64().unwrap() as u64;
            let totals = &summary["totals"];
            let ignored = |key: &str| {
                summary["ignored"].as_array().unwrap().iter().map(|one| one[key].as_u64().unwrap()).sum::<u64>()
            };
            assert_eq!(value(0) + ignored("attempts"), totals["failed"].as_u64().unwrap(), "{logs} {bits:b}");
            assert_eq!(value(2) + ignored("environments"), totals["environment_failures"].as_u64().unwrap(), "{logs}");
            assert!(value(1) <= totals["outcomes"]["exhausted"].as_u64().unwrap());
            for (at, kind) in categories.iter().enumerate() {
                let all = totals["failures"][kind].as_u64().unwrap();
                assert_eq!(value(4 + at), if bits & 1 << at > 0 { 0 } else { all }, "{logs} {kind}");
            }
        }
    }
}

#[test]
fn owners_are_named_where_functions_and_causes_are() {
    let config = "[owners]\n'orders-*' = 'team orders'\n'*' = 'platform'\n";
    let summary = json_with(config);
    assert_eq!(function(&summary, "orders-api")["owner"], "team orders");
    let causes = summary["causes"].as_array().unwrap();
    assert!(causes.iter().all(|cause| !cause["owners"].as_array().unwrap().is_empty()));
    for format in ["csv", "markdown", "github", "table"] {
        let text = with(config, &["--format", format, "--width", "200"]).done().stdout;
        assert!(text.contains("team orders"), "{format}: {text}");
    }
}

#[test]
fn conditions_on_changes_need_a_baseline_and_are_what_diff_tests() {
    let config = "[gate]\nfail_on = ['failed > 0', 'new_causes > 0']\n";
    let folder = directory();
    write(&folder.path().join("lambda-triage.toml"), config);
    let logs = root().join(LOGS).into_os_string().into_string().unwrap();
    let run = |arguments: &[&str]| Run::new(arguments).directory(folder.path());
    let done = run(&["analyze", &logs]).status(1);
    assert!(done.stderr.contains("gate not evaluable: new_causes > 0: it needs --baseline"), "{}", done.stderr);
    run(&["analyze", &logs, "--report", "json=before.json", "--no-config"]).status(0);
    // What fails in both is no change.
    run(&["diff", "before.json", &logs]).status(0);
    let diff = run(&["diff", "before.json", &logs, "--format", "json"]).stdout();
    let diff: Value = serde_json::from_str(&diff).unwrap();
    assert_eq!(diff["gate"]["conditions"].as_array().unwrap().len(), 1);
    fits_schema("diff", &diff);
}

/// An editor that knows the schema takes what the program takes, and marks what it does not know.
#[test]
fn the_schema_of_the_file_takes_what_is_read() {
    let schema: Value = serde_json::from_str(&Run::new(["schema", "config"]).stdout()).unwrap();
    let valid = jsonschema::validator_for(&schema).unwrap();
    for (config, takes) in [
        ("", true),
        ("format = 'json'\nwidth = 100\ntz = 'UTC'\n[gate]\nfail_on = ['failed > 0']\nstrict = 'all'", true),
        ("[[ignore]]\ncode = 'timeout'\nuntil = '2026-03-01'\nreason = 'r'\n[owners]\n'a-*' = 'a'", true),
        ("[[marker]]\nname = 'a'\npattern = 'b'\nstate = 'started'\n[prices]\ngb_second = '1'", true),
        ("fomat = 'json'", false),
        ("width = 5", false),
        ("[[ignore]]\ncode = 'timeout'", false),
        ("[owners]\n'a-*' = 1", false),
        ("[gate]\nfail_on = 'failed > 0'", false),
    ] {
        let table: toml::Table = config.parse().unwrap();
        assert_eq!(valid.is_valid(&serde_json::to_value(&table).unwrap()), takes, "{config}");
        assert_eq!(with(config, &[]).done().status != 2, takes, "{config}");
    }
}

#[test]
fn the_readme_tells_what_is_read() {
    let readme = super::harness::documentation();
    let (_, rest) = readme.split_once("```toml\nformat").unwrap();
    let (example, about) = rest.split_once("```").unwrap();
    let summary = json_with(&format!("format{example}").replace("\"auto\"", "\"json\""));
    assert_eq!(summary["ignored"][0]["code"], "downstream.dns");
    for (name, _) in SETTINGS.map(|setting| setting.variable) {
        let short = name.strip_prefix("LAMBDA_TRIAGE").unwrap();
        assert!(about.contains(name) || about.contains(&format!("`{short}`")), "{name}");
    }
}
