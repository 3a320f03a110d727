//! Documents of each kind: what is taken from them, and what is not.

use super::*;
use crate::wire::KnownInvoker;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/account");
/// What stands in the environment of functions, in the fixtures.
const IN_ENVIRONMENT: &str = "ENVIRONMENT-VALUE";

#[track_caller]
fn config(files: &[&str]) -> AwsConfig {
    let mut config = AwsConfig::default();
    for file in files {
        let text = std::fs::read(format!("{FOLDER}/{file}")).unwrap();
        assert_eq!(config.read(&text[..], file), Ok(true), "{file}");
    }
    config.settle();
    config
}

fn read(text: &str) -> Result<AwsConfig, String> {
    let mut config = AwsConfig::default();
    let result = config.read(text.as_bytes(), "a.json");
    config.settle();
    match result {
        Ok(true) => Ok(config),
        Ok(false) => Err(AwsConfig::nothing_found()),
        Err(wrong) => Err(wrong),
    }
}

fn asked(name: &str) -> AskedFunction<'_> {
    AskedFunction { name, account_id: None, region: None }
}

fn kinds(rows: &[KnownInvoker]) -> Vec<&str> {
    let mut kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The same facts, as the AWS CLI, CloudFormation and Terraform write them.
const FORMS: [&[&str]; 4] = [
    &[
        "cli/get-queue-attributes.json",
        "cli/list-event-source-mappings.json",
        "cli/list-function-event-invoke-configs.json",
        "cli/list-functions.json",
    ],
    &["cloudformation/shop.template.json"],
    &["terraform/state.json"],
    &["other/plan.json"],
];

#[test]
fn every_form_tells_the_same() {
    for files in FORMS {
        let config = config(files);
        for (name, timeout_ms, memory_mb, runtime, invokers) in [
            ("orders", 10_000, 256, "python3.9", &["async"][..]),
            ("billing", 60_000, 512, "python3.12", &["sqs"]),
            ("clicks", 30_000, 128, "nodejs20.x", &["stream"]),
        ] {
            let place = format!("{files:?} {name}");
            let function = config.function(asked(name)).unwrap_or_else(|| panic!("{place}"));
            assert_eq!(function.timeout_ms(Some("$LATEST")).map(|told| told.value), Some(timeout_ms), "{place}");
            assert_eq!(function.memory_size_mb(None).map(|told| told.value), Some(memory_mb), "{place}");
            assert_eq!(function.runtime(None).map(|told| told.value), Some(runtime), "{place}");
            assert_eq!(function.architecture(None).map(|told| told.value), Some("arm64"), "{place}");
            assert_eq!(function.has_dead_letter_queue(None).map(|told| told.value), Some(false), "{place}");
            assert_eq!(kinds(&function.invokers()), invokers, "{place}");
            assert_eq!(function.timeout_ms(Some("42")), None, "{place}: another version is not described");
        }
        let orders = config.function(asked("orders")).unwrap();
        assert_eq!(orders.has_failure_destination().map(|told| told.value), Some(false), "{files:?}");
        assert_eq!(orders.maximum_retries().map(|told| told.value), Some(2), "{files:?}");
        let billing = config.function(asked("billing")).unwrap();
        let [jobs] = &billing.mappings[..] else { panic!("{files:?}: {:?}", billing.mappings) };
        assert_eq!(jobs.visibility_timeout_s().map(|told| told.value), Some(120), "{files:?}");
        assert_eq!(jobs.maximum_receives().map(|told| told.value), Some(3), "{files:?}");
        assert_eq!((jobs.batching_window_s(), jobs.reports_item_failures()), (Some(5), Some(false)), "{files:?}");
        assert_eq!(jobs.event_source(), "the queue billing-jobs", "{files:?}");
        let clicks = config.function(asked("clicks")).unwrap();
        assert!(clicks.mappings[0].blocks_its_shard(), "{files:?}: {:?}", clicks.mappings);
        assert!(config.function(asked("nobody")).is_none(), "{files:?}");
    }
}

#[test]
fn environment_variables_are_never_held() {
    let others = ["other/get-function.json", "other/get-function-configuration.json", "other/photos.json"];
    let files: Vec<&str> = FORMS.into_iter().flatten().copied().chain(others).collect();
    for file in &files {
        let text = std::fs::read_to_string(format!("{FOLDER}/{file}")).unwrap();
        let has_one = text.contains(IN_ENVIRONMENT);
        assert!(has_one || file.contains("queue") || file.contains("mappings") || file.contains("configs"), "{file}");
    }
    let held = format!("{:?}", config(&files));
    assert!(!held.contains(IN_ENVIRONMENT) && held.contains("billing-jobs"), "{held}");
}

#[test]
fn a_version_is_described_by_its_number() {
    let config = config(&["other/get-function-configuration.json", "other/get-function.json"]);
    let payments = config.function(asked("payments")).unwrap();
    assert_eq!(payments.timeout_ms(Some("7")).map(|told| told.value), Some(4_000));
    assert_eq!((payments.timeout_ms(Some("8")), payments.timeout_ms(None)), (None, None));
    assert_eq!(payments.has_dead_letter_queue(Some("7")).map(|told| told.value), Some(true));
    let orders = config.function(asked("orders")).unwrap();
    assert_eq!(orders.reserved_concurrency().map(|told| told.value), Some(0));
}

#[test]
fn a_template_tells_functions_whose_names_only_a_deployment_knows() {
    let config = config(&["other/photos.json"]);
    let thumbs = config.function(asked("photos-Thumbs-1A2B3C4D5E6F")).unwrap();
    assert_eq!(thumbs.timeout_ms(None).map(|told| told.value), Some(20_000), "from Globals");
    assert_eq!(thumbs.has_dead_letter_queue(None).map(|told| told.value), Some(true));
    assert_eq!(thumbs.has_failure_destination().map(|told| told.value), Some(true));
    assert_eq!(thumbs.maximum_retries().map(|told| told.value), Some(0));
    assert_eq!(kinds(&thumbs.invokers()), ["async"]);
    let worker = config.function(asked("photos-Worker-A1B2C3D4E5F6")).unwrap();
    assert_eq!(worker.timeout_ms(None).map(|told| told.value), Some(60_000));
    assert!(worker.mappings[0].is_disabled() && worker.invokers().is_empty(), "{worker:?}");
    assert_eq!(worker.mappings[0].visibility_timeout_s().map(|told| told.value), Some(10));
    assert_eq!(kinds(&config.function(asked("photos-api")).unwrap().invokers()), ["apigateway"]);
    assert!(config.function(asked("Thumbs")).is_none());
}

#[test]
fn of_functions_that_a_name_does_not_tell_apart_nothing_is_known() {
    let template = |timeout: u32| {
        format!(r#"{{"Resources":{{"Fn":{{"Type":"AWS::Lambda::Function","Properties":{{"Timeout":{timeout}}}}}}}}}"#)
    };
    let of = |files: &[&str], name: &str| {
        let mut config = AwsConfig::default();
        for (timeout, file) in (1..).zip(files) {
            assert_eq!(config.read(template(timeout).as_bytes(), file), Ok(true));
        }
        config.settle();
        config.function(asked(name)).and_then(|found| Some(found.timeout_ms(None)?.value))
    };
    let name = "shop-Fn-1A2B3C4D5E6F";
    assert_eq!(of(&["x.json"], name), Some(1_000));
    assert_eq!(of(&["x.json", "y.json"], name), None, "two templates have such a function");
    assert_eq!(
        of(&["out/other.template.json", "out/shop.template.json"], name),
        Some(2_000),
        "the file names the stack"
    );
    // The same name in two regions, and a log that tells neither.
    let list = r#"{"Functions":[{"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:pay","Timeout":3},{"FunctionArn":"arn:aws:lambda:us-east-1:111122223333:function:pay","Timeout":9}]}"#;
    let config = read(list).unwrap();
    assert!(config.function(asked("pay")).is_none());
    let there = AskedFunction { name: "pay", account_id: None, region: Some("us-east-1") };
    assert_eq!(config.function(there).and_then(|found| Some(found.timeout_ms(None)?.value)), Some(9_000));
}

#[test]
fn what_only_a_deployment_decides_is_not_known() {
    let text = r#"{"Resources":{
        "Fn":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"pay","Timeout":{"Ref":"Seconds"},
            "DeadLetterConfig":{"Fn::If":["Prod",{"TargetArn":"a"},{"Ref":"AWS::NoValue"}]}}},
        "Config":{"Type":"AWS::Lambda::EventInvokeConfig","Properties":{"FunctionName":{"Ref":"Live"},
            "MaximumRetryAttempts":{"Ref":"Retries"},"DestinationConfig":{"Fn::If":["Prod",{},{}]}}},
        "Live":{"Type":"AWS::Lambda::Alias","Properties":{"FunctionName":{"Ref":"Fn"},"Name":"live"}}}}"#;
    let config = read(text).unwrap();
    let pay = config.function(asked("pay")).unwrap();
    assert_eq!((pay.timeout_ms(None), pay.has_dead_letter_queue(None)), (None, None));
    assert_eq!((pay.has_failure_destination(), pay.maximum_retries()), (None, None));
    assert_eq!(pay.memory_size_mb(None).map(|told| told.value), Some(128), "the default");
    assert_eq!(kinds(&pay.invokers()), ["async"], "the alias leads to the function");
}

#[test]
fn what_is_nothing_of_the_kind_is_told() {
    for (text, want) in [
        ("", "holds no configuration"),
        ("{}", "holds no configuration"),
        ("[]", "holds no configuration"),
        (r#"{"Functions":3}"#, "holds no configuration"),
        (r#"{"Messages":[{"Body":"x"}]}"#, "aws lambda list-functions"),
        (r#"{"Functions":[{"FunctionName":"a","#, "ends too early"),
        ("START RequestId: 1", "not the JSON that this option reads"),
        (r#"{"Resources":{"A":{"Kind":"Pod"}}}"#, "holds no configuration"),
        (r#"{"values":{"root_module":{}}}"#, "holds no configuration"),
        (r#"{"ReservedConcurrentExecutions":5}"#, "does not tell of which function"),
        (r#"{"Attributes":{"VisibilityTimeout":"30"}}"#, "--attribute-names All"),
    ] {
        let error = read(text).map(|_| ()).expect_err(text);
        assert!(error.contains(want), "{text}: {error}");
    }
}

#[test]
fn a_document_of_the_kind_may_tell_of_no_function() {
    for text in [
        r#"{"Resources":{"A":{"Type":"AWS::S3::Bucket"}}}"#,
        r#"{"values":{"root_module":{"resources":[{"type":"aws_s3_bucket","values":{}}]}}}"#,
        r#"{"Functions":[]}"#,
    ] {
        assert!(read(text).unwrap().is_empty(), "{text}");
    }
}

#[test]
fn a_hostile_name_is_not_a_name() {
    for name in ["<script>alert(1)</script>", "a\\u001b[31mb", "x y", "=cmd()", "a\\nb", "::warning::x"] {
        let text = format!(
            r#"{{"Functions":[{{"FunctionName":"{name}","Timeout":3,"Runtime":"{name}"}},{{"FunctionName":"pay","Timeout":3,"Runtime":"{name}","LoggingConfig":{{"SystemLogLevel":"{name}"}}}}]}}"#
        );
        let config = read(&text).unwrap();
        assert_eq!(config.facts.functions.len(), 1, "{name}");
        let pay = config.function(asked("pay")).unwrap();
        assert_eq!((pay.runtime(None), pay.system_log_level(None)), (None, None), "{name}");
        let template = format!(
            r#"{{"Resources":{{"{name}":{{"Type":"AWS::Lambda::Function"}},"Fn":{{"Type":"AWS::Lambda::Function","Properties":{{"FunctionName":"{name}","Timeout":[{{"a":"{name}"}}]}}}}}}}}"#
        );
        let held = format!("{:?}", read(&template).unwrap());
        assert!(!held.contains("script") && !held.contains("cmd()"), "{held}");
    }
}
