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
    assert_eq!(of(&["out/other.template.json"], name), None, "the file names another stack");
    assert_eq!(of(&["out/Other.template.json", "x.json"], name), Some(2_000), "only the other may be it");
    assert_eq!(of(&["out/x.nested.template.json"], name), Some(1_000), "CloudFormation names a nested stack");
    // The same name in two regions, and a log that tells neither.
    let list = r#"{"Functions":[{"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:pay","Timeout":3},{"FunctionArn":"arn:aws:lambda:us-east-1:111122223333:function:pay","Timeout":9}]}"#;
    let config = read(list).unwrap();
    assert!(config.function(asked("pay")).is_none());
    let there = AskedFunction { name: "pay", account_id: None, region: Some("us-east-1") };
    assert_eq!(config.function(there).and_then(|found| Some(found.timeout_ms(None)?.value)), Some(9_000));
}

/// Reads documents by the names of their files.
#[track_caller]
fn documents(texts: &[(&str, &str)]) -> AwsConfig {
    let mut config = AwsConfig::default();
    for (file, text) in texts {
        assert_eq!(config.read(text.as_bytes(), file), Ok(true), "{text}");
    }
    config.settle();
    config
}

#[test]
fn a_name_with_an_unknown_start_is_of_the_stack_that_its_file_names() {
    let template = |name: &str| {
        format!(
            r#"{{"Resources":{{"Fn":{{"Type":"AWS::Lambda::Function","Properties":{{"FunctionName":{name},"Timeout":7}}}}}}}}"#
        )
    };
    let pattern = template(r#"{"Fn::Sub":"${AWS::StackName}-orders"}"#);
    let late = template(r#"{"Fn::Sub":"orders-${Stage}"}"#);
    let exact = template(r#""legacy-orders""#).replace('7', "9");
    let listed = r#"{"Functions":[{"FunctionName":"legacy-orders","Timeout":5}]}"#;
    for (texts, name, want) in [
        (&[("t.json", &pattern[..])][..], "legacy-orders", None),
        (&[("t.json", &pattern)], "t-orders", Some(7_000)),
        (&[("out/Shop.template.json", &pattern)], "Shop-orders", Some(7_000)),
        (&[("out/Shop.template.json", &pattern)], "Legacy-orders", None),
        (&[("t.json", &late)], "orders-prod", Some(7_000)),
        (&[("a.json", &late), ("b.json", &late)], "orders-prod", None),
        (&[("legacy.json", &pattern), ("z.json", &exact)], "legacy-orders", Some(9_000)),
        (&[("other.json", &pattern), ("l.json", listed)], "legacy-orders", Some(5_000)),
    ] {
        let config = documents(texts);
        let told = config.function(asked(name)).and_then(|found| Some(found.timeout_ms(None)?.value));
        assert_eq!(told, want, "{texts:?} {name}");
    }
    let open = exact.replace('9', r#"{"Ref":"Seconds"}"#);
    let both = documents(&[("legacy.json", &pattern), ("z.json", &open)]);
    assert_eq!(both.function(asked("legacy-orders")).unwrap().timeout_ms(None), None, "the other is not this one");
}

/// What a template has beside an invoke config of which only a deployment knows the function.
const OPEN_NAMES: [&str; 8] = [
    r#"{"Fn::ImportValue":"shop:Fn"}"#,
    r#"{"Ref":"FnName"}"#,
    r#"{"Fn::GetAtt":["Nested","Outputs.Fn"]}"#,
    r#"{"Fn::Sub":"arn:aws:lambda:eu-west-1:111122223333:function:${FnName}"}"#,
    r#"{"Fn::Sub":"${Prefix}pay"}"#,
    r#"{"Fn::If":["Prod","pay","other"]}"#,
    r#"{"Fn::Join":["",[{"Ref":"A"},{"Ref":"B"}]]}"#,
    "7",
];

#[test]
fn an_invoke_config_of_a_function_that_is_not_known_leaves_destinations_unknown() {
    let pay = r#"{"Resources":{"Fn":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"pay"}}}}"#;
    let config = |name: &str, destination: &str| {
        format!(
            r#"{{"Resources":{{"Nested":{{"Type":"AWS::CloudFormation::Stack"}},"C":{{"Type":"AWS::Lambda::EventInvokeConfig","Properties":{{"FunctionName":{name},"DestinationConfig":{{"OnFailure":{destination}}}}}}}}}}}"#
        )
    };
    let told = |texts: &[(&str, &str)]| {
        let config = documents(texts);
        let told = config.function(asked("pay")).unwrap().has_failure_destination();
        told.map(|told| told.value)
    };
    let somewhere = r#"{"Destination":"arn:aws:sqs:eu-west-1:111122223333:d"}"#;
    assert_eq!(told(&[("a.json", pay)]), Some(false), "nothing else is there");
    for name in OPEN_NAMES {
        assert_eq!(told(&[("a.json", pay), ("b.json", &config(name, somewhere))]), None, "{name}");
        assert_eq!(told(&[("a.json", pay), ("b.json", &config(name, "{}"))]), Some(false), "{name} sets none");
    }
    let own = config(r#""pay""#, somewhere);
    assert_eq!(told(&[("a.json", pay), ("b.json", &own), ("c.json", &config("7", "{}"))]), Some(true));
    assert_eq!(told(&[("a.json", pay), ("b.json", &config(r#""other""#, somewhere))]), Some(false), "of another");
    for value in [r#"{"Fn::If":["Prod",{},{}]}"#, r#"{"Destination":{"Fn::ImportValue":"q"}}"#, r#"{"Ref":"Where"}"#] {
        let told = told(&[("a.json", pay), ("b.json", &config(r#""pay""#, value))]);
        assert_ne!(told, Some(false), "{value}");
    }
    let looped =
        pay.replacen('{', r#"{"Parameters":{},"#, 1).replace(r#""Fn":{"Type"#, r#""Fn::ForEach::X":[],"Fn":{"Type"#);
    assert_eq!(told(&[("a.json", &looped)]), None, "a loop may make one");
    // What AWS answered of this function tells more than a template.
    let answer = r#"{"FunctionEventInvokeConfigs":[{"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:pay:$LATEST","DestinationConfig":{"OnFailure":{}}}]}"#;
    assert_eq!(told(&[("a.json", pay), ("b.json", &config("7", somewhere)), ("c.json", answer)]), Some(false));
}

#[test]
fn what_a_plan_leaves_out_is_not_known() {
    let plan = |function: &str, config: &str| {
        let resource =
            |kind: &str, values: &str| format!(r#"{{"mode":"managed","type":"{kind}","values":{{{values}}}}}"#);
        let text = format!(
            r#"{{"planned_values":{{"root_module":{{"resources":[{},{}]}}}}}}"#,
            resource("aws_lambda_function", &format!(r#""function_name":"pay",{function}"#)),
            resource("aws_lambda_function_event_invoke_config", config)
        );
        let config = documents(&[("plan.json", &text)]);
        let pay = config.function(asked("pay")).unwrap();
        let value = |told: Option<ToldFact<'_, bool>>| told.map(|told| told.value);
        (value(pay.has_failure_destination()), value(pay.has_dead_letter_queue(None)), pay.timeout_ms(None).is_some())
    };
    const NONE: &str = r#""destination_config":[]"#;
    const SOME: &str = r#""destination_config":[{"on_failure":[{}],"on_success":[]}]"#;
    let named = |settings: &str| format!(r#""function_name":"pay",{settings}"#);
    let whole = r#""timeout":3,"dead_letter_config":[]"#;
    assert_eq!(plan(whole, &named(NONE)), (Some(false), Some(false), true));
    assert_eq!(plan(whole, &named(SOME)), (Some(true), Some(false), true));
    assert_eq!(plan(whole, SOME), (None, Some(false), true), "of which function?");
    assert_eq!(plan(whole, NONE), (Some(false), Some(false), true), "of whichever, it sets none");
    assert_eq!(plan(whole, r#""function_name":"pay""#), (None, Some(false), true), "where to?");
    assert_eq!(plan(whole, &named(r#""destination_config":[{}]"#)), (None, Some(false), true));
    assert_eq!(plan(r#""memory_size":128"#, &named(NONE)), (Some(false), None, false));
}

#[test]
fn of_several_queues_with_a_name_the_nearest_counts_and_in_doubt_none() {
    let queue = |hidden: u32| {
        format!(
            r#"{{"Resources":{{"Q":{{"Type":"AWS::SQS::Queue","Properties":{{"QueueName":"jobs","VisibilityTimeout":{hidden}}}}}}}}}"#
        )
    };
    const ARN: &str = "arn:aws:sqs:eu-west-1:111122223333:jobs";
    let mapping = format!(
        r#"{{"EventSourceMappings":[{{"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:pay","EventSourceArn":"{ARN}"}}]}}"#
    );
    let near = queue(50).replace(
        r#""Q":{"#,
        &format!(r#""M":{{"Type":"AWS::Lambda::EventSourceMapping","Properties":{{"FunctionName":"pay","EventSourceArn":"{ARN}"}}}},"Q":{{"#),
    );
    let live = format!(r#"{{"Attributes":{{"QueueArn":"{ARN}","VisibilityTimeout":"70"}}}}"#);
    let hidden = |texts: &[(&str, &str)]| {
        let config = documents(texts);
        let pay = config.function(asked("pay")).unwrap();
        pay.mappings[0].visibility_timeout_s().map(|told| told.value)
    };
    let (ten, twenty) = (queue(10), queue(20));
    for (texts, want) in [
        (&[("m.json", &mapping[..]), ("a.json", &ten)][..], Some(10)),
        (&[("m.json", &mapping), ("a.json", &ten), ("b.json", &twenty)], None),
        (&[("m.json", &mapping), ("a.json", &ten), ("b.json", &ten)], Some(10)),
        (&[("m.json", &mapping), ("a.json", &ten), ("b.json", &twenty), ("q.json", &live)], Some(70)),
        (&[("z.json", &near), ("a.json", &ten)], Some(50)),
    ] {
        assert_eq!(hidden(texts), want, "{texts:?}");
    }
}

/// Bounds of a stream and sizes of batches, as each form writes them.
#[test]
fn every_form_tells_the_bounds_of_a_mapping() {
    const ARN: &str = "arn:aws:kinesis:eu-west-1:111122223333:stream/s";
    let forms: [fn(i64, u32) -> String; 3] = [
        |age, size| {
            format!(
                r#"{{"EventSourceMappings":[{{"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:pay","EventSourceArn":"{ARN}","MaximumRecordAgeInSeconds":{age},"BatchSize":{size}}}]}}"#
            )
        },
        |age, size| {
            format!(
                r#"{{"Resources":{{"M":{{"Type":"AWS::Lambda::EventSourceMapping","Properties":{{"FunctionName":"pay","EventSourceArn":"{ARN}","MaximumRecordAgeInSeconds":{age},"BatchSize":{size}}}}}}}}}"#
            )
        },
        |age, size| {
            format!(
                r#"{{"values":{{"root_module":{{"resources":[{{"type":"aws_lambda_event_source_mapping","values":{{"function_name":"pay","event_source_arn":"{ARN}","destination_config":[],"maximum_record_age_in_seconds":{age},"batch_size":{size}}}}}]}}}}}}"#
            )
        },
    ];
    for form in forms {
        for (age, size, want) in
            [(-1, 100, (true, Some(true))), (60, 2, (false, Some(true))), (-1, 1, (true, Some(false)))]
        {
            let config = documents(&[("a.json", &form(age, size))]);
            let mapping = config.function(asked("pay")).unwrap().mappings[0];
            assert_eq!((mapping.blocks_its_shard(), mapping.has_batches()), want, "{}", form(age, size));
        }
    }
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
