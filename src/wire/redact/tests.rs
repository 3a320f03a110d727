//! Tests of masking: what is masked and what stays, as lists, and the laws that hold for any text.

use super::*;

#[track_caller]
fn case(text: &str, want: &str) {
    let once = Redaction::on().apply(text);
    assert_eq!(once, want, "{text}");
    assert_eq!(Redaction::on().apply(&once), once, "masked twice: {text}");
    assert_eq!(Redaction::off().apply(text), text);
}

#[track_caller]
fn stays(text: &str) {
    case(text, text);
}

#[test]
fn masks_keys_of_aws() {
    case("key AKIAIOSFODNN7EXAMPLE used", "key [redacted] used");
    case("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "aws_secret_access_key=[redacted]");
    case(r#"{"SecretAccessKey":"wJalrXUtnFEMI","n":1}"#, r#"{"SecretAccessKey":"[redacted]","n":1}"#);
    case("AWS_SESSION_TOKEN: IQoJb3JpZ2luX2VjEJr//////////", "AWS_SESSION_TOKEN: [redacted]");
    case(
        "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=0123456789abcdef0123&X-Amz-Security-Token=FwoG%2Fx&a=1",
        "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]&a=1",
    );
    case(
        "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260102/eu, SignedHeaders=host, Signature=abc",
        "Authorization: AWS4-HMAC-SHA256 [redacted]",
    );
}

#[test]
fn masks_headers_and_tokens() {
    case("Authorization: Bearer abc.def-ghi rest", "Authorization: Bearer [redacted] rest");
    case(r#"\"authorization\":\"Basic dXNlcjpwYXNz\""#, r#"\"authorization\":\"Basic [redacted]\""#);
    case("authorization: 3f2a9c81d0", "authorization: [redacted]");
    case("sent bearer 7f3kQz91Lm0", "sent bearer [redacted]");
    case("t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP", "t=[redacted]");
    case("x-api-key: q9w8e7r6", "x-api-key: [redacted]");
    case("push with ghp_0123456789abcdefghijABCDEFGHIJ012345 failed", "push with [redacted] failed");
    case(concat!("xoxb-123456789012-", "abcdef"), "[redacted]");
    case(concat!("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc"), "[redacted]");
}

#[test]
fn masks_passwords() {
    case("postgres://app:s3cr:et@db.internal:5432/x", "postgres://app:[redacted]@db.internal:5432/x");
    case("redis://:hunter2@cache:6379", "redis://:[redacted]@cache:6379");
    case("password=hunter2&user=x", "password=[redacted]&user=x");
    case("DB_PASSWORD: hunter", "DB_PASSWORD: [redacted]");
    case(
        r#"{"dbPassword": "two words", "clientSecret":'x y'}"#,
        r#"{"dbPassword": "[redacted]", "clientSecret":'[redacted]'}"#,
    );
    case(r#"{\"password\":\"hun\\\"ter\",\"a\":1}"#, r#"{\"password\":\"[redacted]\",\"a\":1}"#);
    case("refresh_token=1//abcDEF", "refresh_token=[redacted]");
    case("'api_key' => 'abc'", "'api_key' => '[redacted]'");
    case("mysql --user x --password hunter2 -e 1", "mysql --user x --password [redacted] -e 1");
    case("<wsse:Password>hunter2</wsse:Password>", "<wsse:Password>[redacted]</wsse:Password>");
    case("config:password=hunter2", "config:password=[redacted]");
    case("{password=hunter2, user=x}", "{password=[redacted], user=x}");
    case(r#""x-amz-security-token": ["IQoJb3Jp"]"#, r#""x-amz-security-token": ["[redacted]"]"#);
    case("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a [redacted] b");
    case("-----BEGIN PRIVATE KEY-----\nMIIE cut", "[redacted]");
}

#[test]
fn leaves_what_is_no_secret() {
    for text in [
        "token expired",
        "The security token included in the request is invalid.",
        "SyntaxError: Unexpected token: < in JSON at position 0",
        "tokenCount: 5, max_tokens: 4096",
        r#"{"tokens": 12, "token": null, "token": 5, "password": ""}"#,
        "START RequestId: 8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e Version: $LATEST",
        "Secrets Manager can't find the specified secret.",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
        "secretName: prod-db",
        "secret: not found",
        "basic authentication failed, Bearer authentication needed",
        "Authorization: required",
        "WWW-Authenticate: Bearer error=\"invalid_token\"",
        "signature: invalid",
        "https://host:8080/path?mail=a@b.example",
        "see https://example.com/@user",
        "passed=3 failed=1",
        "Assia went to ASIA",
        "design=5",
    ] {
        stays(text);
    }
}

proptest::proptest! {
    #[test]
    fn twice_is_once_and_growth_is_bounded(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "password", "token", "=", ":", ": ", "\"", "'", "\\", " ", "\n", "abc1", "Bearer ", "Authorization", "://", "@",
            "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9", ".", "&", "{", "}", "[redacted]", "[", "]", "é", "secret",
            "signature", "AWS4-HMAC ", "--token ", "<token>", "</", "[ ", "-----BEGIN PRIVATE KEY-----", "=>", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "x",
        ]), 0..24)
    ) {
        let text = parts.concat();
        let once = Redaction::on().apply(&text);
        proptest::prop_assert!(once.len() <= text.len() * 4 + 16);
        proptest::prop_assert_eq!(Redaction::on().apply(&once), once);
    }

    #[test]
    fn never_panics(text in "(?s).{0,120}") {
        let _ = Redaction::on().apply(&text);
    }
}
