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

/// Texts that look like those with secrets: names, ids, places, sentences.
const LEFT_ALONE: &[&str] = &[
    "REPORT RequestId: 8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e\tXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 0f1e2d3c",
    "2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf in account 123456789012",
    "arn:aws:lambda:eu-west-1:123456789012:function:orders-api:7",
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b of sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "etag \"9b2cf535f27731c974343645a3985328\", md5 9b2cf535f27731c974343645a3985328",
    "connect ECONNREFUSED orders.cluster-c1x2y3z4.eu-west-1.rds.amazonaws.com:5432",
    "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-queue.fifo",
    "https://b.s3.eu-west-1.amazonaws.com/uploads/2026/01/02/3f2a9c81d0.json?versionId=3sL4kqtJlcpXroDTDmJ",
    "Key: uploads/2026/01/02/3f2a9c81d0.json, key=users/42/avatar1.png, S3Key: a/b1",
    "{\"key\":\"orders/42\",\"partition_key\":\"user1#42\",\"sortKey\":\"2026-01-02\",\"primary_key\":12345}",
    "cache key: user:42, idempotency_key=ord-4711, routing_key=eu.orders.1, public_key=abc123",
    "Authorization: Bearer <token> and password: n/a, usage: app [--password PASSWORD] [--token TOKEN]",
    "{\"message\":\"Enter passphrase for key '/home/bob/.ssh/id_rsa':\",\"n\":1}",
    "sequence_token: 49640912345678901234567890, nextSequenceToken=496409123456",
    "nextToken: AAAAbbbb1234, NextToken=eyAxMjM0, ClientRequestToken=4f1e8b5c",
    "task-1234567890abcdefghijklmnopqrstuvwxyz risk-ab12 disk-ab12cd34ef56ab12cd34ef56ab12cd34ef56",
    "sk-this-is-the-name-of-a-thing-that-is-long and hf_is_a_prefix_of_something_longer_here",
    "pass=3 fail=1, passed: 12, bypass: on, compass=north1, pass: 5",
    "password must be at least 12 characters",
    "invalid password for user bob, the password is incorrect, Password authentication failed for user \"app\"",
    "passwords do not match, password policy v2, [\"username\",\"password\",\"email\"] are required",
    "{\"type\":\"password\",\"name\":\"x\"} {\"field\": \"token\", \"reason\": \"missing\"}",
    "SyntaxError: Unexpected token 'o', \"{o1}\" is not valid JSON",
    "Unexpected token a1b2c3 in JSON at position 0",
    "max_tokens=4096, \"total_tokens\": 123456, token count 128000, token_type=bearer expires_in=3600",
    "The request signature we calculated does not match the signature you provided",
    "Authorization header missing; authorization: required; authorization: not allowed",
    "Missing cookie; cookie: not set; accept cookies: 1",
    "exit code=137, GET https://a.example/cb?code=404&state=ok&key=photos/2026.jpg",
    "https://jane@a.example/x ssh://git@github.com/a/b.git git@github.com:a/b.git http://[::1]:8080/a@b1",
    "curl -u is a flag; mysql -p asks; docker run -p 8080:80 nginx; ssh -p 22 host1",
    "    at Object.<anonymous> (/var/task/token.js:12:5)",
    "  File \"/var/task/password_reset.py\", line 3, in check_token",
    "DB_PASSWORD_FILE=/run/secrets/db1 PWD=/var/task OLDPWD=/home/user1 SECRET_ARN=arn:aws:x1 TOKEN_URL=https://a.example/1",
    "password: ${DB_PASSWORD}, token=<token>, secret={{ secret_1 }}, \"password\": null, password=****, pwd=%s, password = $1",
    "password: [Getter], secret: [Object], credentials: undefined, token: [Function: token1]",
    "import module 'secrets1'; No module named 'token2'; class PasswordError2",
    "Bearer of bad news, basic plan2024 has ended",
    "design=5, assign: 7, significant=4, signal=9, assignment=x1y2z3",
    // Near the notations of values beside names, tables and calls.
    "{\"name\":\"orders\",\"value\":\"a1b2c3\"},{\"name\":\"password\",\"required\":true}",
    "{\"name\":\"password\",\"required\":true},{\"name\":\"region\",\"value\":\"eu-west-1\"}",
    "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-secret1\n      key: password\n- name: REGION\n  value: eu-west-1",
    "{\"Value\":\"eu-west-1\",\"Name\":\"REGION\"} {\"Name\":\"DB_PASSWORD\",\"ValueFrom\":\"arn:aws:ssm:x1\"}",
    "<input type=\"text\" name=\"user\" value=\"bob1\"><label for=\"password\">Your name1</label>",
    "<tr><td>token</td><td>count</td></tr>",
    "<b>password</b><i>is wrong1</i>",
    "user,password,email are required\nat run (/var/task/app1.js:1:2)",
    "| password | required |\n|---|---|",
    "| user | token |\n|---|---|",
    "missing: user, password\n    at check1 (/var/task/app.js:1:2)",
    "SELECT user, password FROM t1 WHERE (password IS NOT NULL) AND id = (42)",
    "INSERT INTO t (user, password) SELECT a1, b2 FROM c3",
    "checkPassword(user1, input2) verifyToken(req1) getSecret('prod/db1 x') getPassword('prod-db1')",
    "GET /v1/token/8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e/x /api/password/reset1 /oauth2/token/introspect",
    "GET https://h/token/index2a3b4c.js:1:2",
    "npm:name1@1.2.3 docker:img2@sha256:e3b0c442 mail:jane2@mail.example:25 at 12:30:45 a@b.example",
    "from bob:secret@example for jane:x1@a.example",
    "https://host:8080 a@b.example/x and http://u1:80 c@d:1",
    "password: ${oauth2Token} secret=${env:DB_PASSWORD2} token=<access_token_2> pwd=${s3_key} {{ db1.password2 }}",
    "Private-Lines: are 12 -----BEGIN CERTIFICATE-----",
    "kind: Secret1\ndata: 12",
    "{\"kty\":\"EC\",\"d\":\"short1\"} \"d\": 5",
    "object(C)#1 [\"user\":protected]=> string(3) \"bob\"",
    "the token was a1b2c3, the token is invalid, token count 12345678901234",
    "identified by id a b, was identified by bob",
    "the token `JsonToken.START_OBJECT1` (token \"JsonToken.START_OBJECT\")",
    "secret <<is not a here document",
    "$this->password->hash1() token->value2",
    "100%25 of 5%2525 is 3%",
    "Key (email)=(jane1) already exists.",
    "v1.0-rc1 v4.local.dev v2.public.example API-1234 dose-a1 mfa.example.com sl.Build e2b_test1 tskey-auth-x1 secret-live-db1 cflt1",
    "NRAL orders_secret_a1b2c3, x1y2z3_secret_name AZDO-1 EAAA1 xaat-1 phx_1 npg_orders1 npg_a1b2c3d4e5f6g7 https://docs.infura.io/v3/a",
    "token: { type: String, required: true, index1: a2b } apiKey: { type: DataTypes.STRING(64), secret1: false, id: x1y2z3x1y2z3 },",
    "test_shouldReturnErrorWhenFileIsNew live_aNameOfAFunctionThatIsLong1 test_0f1e2d3c4b5a6978 fw_handlerOfTheNewRelease2024v1",
    "pa-internal-service-name-2024-deployment-v1-abcd fc-0f1e2d3c4b5a6978 bb_live_test ssl.handshake_failure sl.Build pk_orders_1",
    "pat.orders.example pattern.a1 secret-of-the-orders-service-in-2026-with-a-long-name A3-size ico-1 oauth:2.0 oauth:token_endpoint",
    "api-8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e as-0f1e2d3c4b5a69788796a5 st.0f1e2d3c4b5a697887 AQECAHh1 AKID1 AKLT of spins",
    "passwordless=a1, password_file=/run/a1, tokenize(x1), token_type=b2, secretary: c3d4",
];

#[test]
fn leaves_names_ids_and_sentences_alone() {
    let changed: Vec<_> = LEFT_ALONE
        .iter()
        .map(|text| Redaction::on().apply(text))
        .zip(LEFT_ALONE)
        .filter(|(masked, text)| masked != *text)
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

/// Texts with secrets, which stand between `«` and `»`.
const MASKED: &[&str] = &[
    "creds «AKIAIOSFODNN7EXAMPLE»:«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY» used",
    "session «IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ» expired",
    "authorization: «abcdefghijklmnop»",
    "\"authorization\": \"«abcdefghijklmnop»\"",
    "postgres://app:«pa/ss@word»@db.internal:5432/x",
    "clone https://«x1y2z3x1y2z3x1y2z3aa»@github.com/a/b",
    r#"{"stack":["Error: {","  \"password\":","    \"«hunter»\"","}","    at f (/var/task/i.js:1:2)"]}"#,
    r#"{"stack":["  \"apiKey\":", "    \"«hunter»\",", "  \"n\": 1"]}"#,
    r#"{"m":"{\"stack\":[\"Error: {\",\"  \\\"token\\\":\",\"    \\\"«hunter»\\\"\",\"}\"]}"}"#,
    "password=«ab,REST» next",
    "password=«ab)REST» next",
    "password=«it'sREST» next",
    "call(password=«hunter2»), done",
    "{\"password\": «84736251», \"a\": 1}",
    "{\"passwords\":[\"«a1»\",\"«b2»\"],\"n\":1}",
    "{\"password\":«{\"value\":\"x y\"}»,\"n\":1}",
    "db:\n  password: |\n    «line one\n    line two»\n  user: bob",
    "db:\n  password:\n    «hunter2»\n  user: bob",
    "passphrase: «correct horse battery staple»",
    "{\"pass\\u0077ord\":\"«hunter2»\"}",
    "q=password%3D«hunter2»%26user%3Dbob",
    "q=%22password%22%3A%22«hunter2»%22",
    "{\\\"password\\\":\\\"«a\\\\\\\"REST»\\\",\\\"n\\\":1}",
    "pass\x1b[31mword\x1b[0m=«hunter2»",
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«abcd1234+/==»;EndpointSuffix=core.windows.net",
    "SMTP_PW=«hunter»",
    "ENCRYPTION_KEY=«abcdef»",
    "(\"x-api-key\", \"«v»\")",
    "rawHeaders: ['Host', 'a.example', 'x-api-key', '«abcdef»', 'Accept', '*/*']",
    "Cookie: «sid=abc; theme=dark»",
    "Set-Cookie: «sid=abc; Path=/; HttpOnly»",
    "{\"cookie\":\"«sid=abc; a=b»\",\"n\":1}",
    "{\"cookies\":[\"«a=b»\",\"«c=d»\"]}",
    "curl -u bob:«hunter2» https://a.example",
    "curl --user bob:«hunter2» https://a.example",
    "mysql -u root -p«hunter2» db",
    "['mysql', '-p«hunter2»', 'db']",
    "GET https://a.example/cb?code=«4aB9x0k2m7Q»&scope=x",
    "GET https://a.example/cb?x=1&auth=«4aB9x0k2m7Q»",
    "the password is «hunter2»",
    "pwd «hunter2»",
    "root:«s3cr:et»@tcp(127.0.0.1:3306)/db",
    "{\"name\":\"DB_PASSWORD\",\"value\":\"«hunter two»\"}",
    "{ Name: 'x', user: 'a', pass: '«hunter»' }",
    "Password: '«it''s»'",
    "--password \"«two words»\" x",
    "[\"--password\", \"«hunter»\", \"x\"]",
    "Server=db;User ID=sa;Password=«ab;REST»;Encrypt=True",
    "Authorization: Digest «username=\"x\", response=\"0123\"»",
    "curl -H 'Authorization: Bearer «abcdef12»' https://a.example/x",
    "curl -H 'Cookie: «sid=abc»' https://a.example/x",
    "//registry.npmjs.org/:_authToken=«abc123»",
    "{&quot;password&quot;:&quot;«hunter2»&quot;,&quot;a&quot;:1}",
    // Nothing but the value: the escapes around it stay.
    "{\"message\":\"could not start\\npassword:\\t«hunter2»\\n    at run\",\"n\":1}",
    "{\"message\":\"\\u001b[36mpassword\\u001b[0m=\\u001b[33m«hunter2»\\u001b[0m done\"}",
    "{\"message\":\"\\\"user\\\",\\\"password\\\"\\n\\\"bob\\\",\\\"«hunter2»\\\"\",\"n\":1}",
    "password\u{200b}\u{a0}＝\u{a0}«hunter2»\u{a0}next",
    "密码\\uff1a«hunter2»\\u3000next",
    "password\\u003d«hunter2»\\u0026user\\u003dbob",
    "user[password]=«hunter2»&user[name]=bob",
    "os.environ['DB_PASSWORD'] = '«hunter»'",
    "{\"SecretString\":\"«{\\\"username\\\":\\\"a\\\",\\\"password\\\":\\\"b\\\"}»\",\"Name\":\"x\"}",
    "https://hooks.slack.com/services/«T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX»",
    "https://discord.com/api/webhooks/«123456789012345678/abcDEF-123_xyz»",
    "https://api.telegram.org/bot«123456789:AAabcdefghijklmnopqrstuvwxyz0123456»/sendMessage",
    "X-Amz-Signature=«0123456789abcdef0123»",
    "Proxy-Authorization: Basic «dXNlcjpwYXNz»",
    "export GITHUB_TOKEN=«abcdef»; echo",
    "jdbc:mysql://h:3306/db?user=root&password=«hunter2»&useSSL=false",
    "{\"a\": \"x Authorization: AWS4-HMAC-SHA256 «Credential=AKID/2026, SignedHeaders=host, Signature=abc»\", \"b\": 1}",
    "KEY-----«MIIEvQIBADANBgkqhkiG9w0BAQEF»",
    // Tokens that are known by their middle or their end.
    "push with «nQvWys81vp7hB1dx8PpD5KHXe3PYiGkPAuNaRL63xYKwzEInncIIA3ANxN9K3KSU9Mi4roNL89sMAZDO995Y» failed",
    "call with «TBXaK7JQEVT0mlAmrtVETW0TesULeetLDQ8B8vW2ZBjyaXYl1AcCJQQJ99tLn99MHwACYeBjFXJ3w3AAABACOGP708» failed",
    "license «eu01xxebb8e3b91d26ab4a829a95249f512cNRAL» used",
    "join «K1017b8ed411fa644d35db41d94e5efaf89fc43c5fa52f8b2b19b8f89a50f8a8e9b::server:b8bdb5eba456bf92d5d98065e5751f75» failed",
    "confirm pi_«3D5IHU9LeMjCadWYqnElNPt5_secret_XAWZ8R2a3Hs1jX9CjnTGSigV8» failed",
    "auth SSWS «00lS9W0Iaa0kpiXdJKmYke9M9ImFW05qAYGUk6niJU» failed",
    "ping https://hc-ping.com/«8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e» failed",
    "call https://hook.eu1.make.com/«o45kYbbOfSetYY926KmmQvTfQaBU8Tf7» failed",
    "call https://eth.g.alchemy.com/v2/«SJeBHqn9cPSCyI0ZAeijRP7eyCPfR2Ju» failed",
    // Beginnings of what was cut off.
    "see https://app:«hunter»…",
    "push with «ghp_0123a4»…",
];

#[test]
fn masks_what_is_a_secret_and_nothing_beside_it() {
    for text in MASKED {
        let mut want = String::new();
        let mut rest = *text;
        while let Some((before, after)) = rest.split_once('«') {
            let (_, behind) = after.split_once('»').unwrap();
            want.push_str(before);
            want.push_str(MASK);
            rest = behind;
        }
        case(&text.replace(['«', '»'], ""), &(want + rest));
    }
}

/// What decides at a bound: one character less, or one sign more, is no secret.
#[test]
fn bounds_are_exact() {
    case("<password>hunter2…", "<password>[redacted]…");
    stays("<password>hunter2 and no end");
    // A stack goes on behind a message that ends in such a word.
    stays(r#"{"stack":["Error: invalid token","    at verify (/var/task/auth.js:3:9)","    at next"]}"#);
    stays(
        r#"["Cannot read properties of undefined (reading 'password')","    at Object.handler (/var/task/index.js:7:21)"]"#,
    );
    case("https://discord.com/api/webhooks/abcd1234", "https://discord.com/api/webhooks/[redacted]");
    stays("https://discord.com/api/webhooks/abcd123");
    stays(r#"{"stack":["Error: unknown flag: --token","    at handler (/var/task/index.js:3:5)"]}"#);
    stays(r#"{"stack":["Error: Vary: Authorization, Cookie","    at handler (/var/task/index.js:3:5)"]}"#);
    stays(r#"{"errorMessage":"Enter password:","code":"E1","n":["DB_PASSWORD="],"m":{"a":"if not secret:"}}"#);
    stays(r#"{"log":"{\"errorMessage\":\"Enter password:\",\"code\":\"E1\"}"}"#);
    stays(r#"{"stack":["Error: os.getenv(\"API_KEY\")","    at handler (/var/task/index.js:3:5)"]}"#);
    case(r#"["--token","a1b2c3"]"#, r#"["--token","[redacted]"]"#);
    stays("Access denied for user 'app'@'10.0.0.5' (using password: YES)");
    stays("Access denied for user 'app'@'10.0.0.5' (using password: NO)");
    // Types, usage and elements without a text hide nothing that follows.
    for opener in [
        "cannot cast List<Token>",
        "usage: login <user> <password>",
        "replace <token> with yours",
        "<secret name=\"x\"/>",
    ] {
        stays(&format!("{opener}\n[ERROR] ValueError: order 77 is broken{}", " and more".repeat(40)));
        stays(&format!("{opener}\ndone{}", ", and more".repeat(40)));
    }
    case(
        "\"tokens\": [\n  \"a1\",\n[ERROR] ValueError: order 77 is broken",
        "\"tokens\": [\n  \"[redacted]\",\n[ERROR] ValueError: order 77 is broken",
    );
    case(&format!("the password is {}", "ab".repeat(32)), "the password is [redacted]");
    stays(&format!("the password is {}a", "ab".repeat(31)));
    case("CI_ghp_0123456789abcdefghijABCDEFGHIJ012345", "CI_[redacted]");
    stays("key=password > hunter2x </b>");
    case(&format!("{},password\nbob,hunter2", "u".repeat(40)), &format!("{},password\nbob,[redacted]", "u".repeat(40)));
    stays(&format!("{},password\nbob,hunter2", "u".repeat(41)));
    stays("scurl -u bob:hunter2 and curlew -u bob:hunter2");
    stays("in this sentence of many words, password\nbob lives here for long, works1");
}

#[test]
fn personal_data_is_masked_if_asked_for() {
    let personal = Redaction::on().with_personal(true);
    for (text, want) in [
        ("no user jane.doe+x@mail.example.org.", "no user [redacted]."),
        ("a@b is no address, nor is @b.example", "a@b is no address, nor is @b.example"),
        ("card 4111-1111-1111-1111, order 4111111111111112", "card [redacted], order 4111111111111112"),
        ("ssn 078-05-1120, id 078-05-11201, x078-05-1120", "ssn [redacted], id 078-05-11201, x078-05-1120"),
    ] {
        assert_eq!(personal.apply(text), want);
        assert_eq!(Redaction::on().apply(text), text);
    }
}

#[test]
fn a_private_key_in_lines_of_their_own_is_masked() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let lines =
        ["-----BEGIN PRIVATE KEY-----", body, "MzEfYyjiWA4R4/M2bS1GB4t7", "-----END PRIVATE KEY-----", "order 7"];
    for (redaction, want) in [(Redaction::on(), [MASK, MASK, MASK, MASK, "order 7"]), (Redaction::off(), lines)] {
        let mut masking = LineMasking::new(&redaction);
        assert_eq!(lines.map(|line| masking.next(line)), want);
    }
    // With what a logger writes in front of each line, also where only the last line is shown.
    for (lead, kept) in [
        ("2026-01-02T03:00:00.050Z\tid\tINFO\t", "2026-01-02T03:00:00.050Z\tid\tINFO\t"),
        ("03:00:00 INFO key: ", "03:00:00 INFO key: "),
    ] {
        let redaction = Redaction::on();
        let mut masking = LineMasking::new(&redaction);
        let led = |line: &str| format!("{lead}{line}");
        let masked: Vec<_> =
            [lines[0], body, body, "order x1y2z3x1y2z3 failed"].iter().map(|line| masking.next(&led(line))).collect();
        let want = [MASK, MASK, MASK, "order x1y2z3x1y2z3 failed"].map(|line| format!("{kept}{line}"));
        assert_eq!(masked, want);
        let above = [led(lines[0]), led(body), led(body)];
        assert_eq!(redaction.apply_below(above.iter().map(Cow::from), &led(body)), format!("{kept}{MASK}"));
    }
    // Alone, only a whole line is known.
    case(body, MASK);
    stays("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0");
    let redaction = Redaction::on();
    let mut masking = LineMasking::new(&redaction);
    assert_eq!(
        ["-----BEGIN PRIVATE KEY-----", "it broke off here", "word"].map(|line| masking.next(line))[1..],
        ["it broke off here", "word"]
    );
}

/// Lines of one log, each on its own: what the last one is may be told by those above it.
const BELOW: &[(&[&str], &str)] = &[
    (&["password: |", "  «hunter2»"], "yaml"),
    (&["- name: DB_PASSWORD", "  value: «hunter»"], "yaml"),
    (&["name,password", "bob,«hunter»", "eve,«y1»"], "csv"),
    (&["user says", "Password:", "«x1y2z3x1y2z3»"], "prompt"),
    (&["order 77\nPassword:", "«x1y2z3x1y2z3»"], "a text of lines"),
    (&["Password:\norder 77", "order1a2b3c4d5e"], "a text of lines"),
    (&["DB_PASSWORD=", "«x1y2z3x1y2z3»"], "cut"),
    (&["  [\"password\"]=>", "  string(6) \"«hunter»\""], "php"),
    (&["| user | token |", "|---|---|", "| bob | «hunter» |"], "table"),
    (
        &[
            "\"tokens\": [",
            "  \"«a1»\",",
            "  \"«a2»\",",
            "  \"«a3»\",",
            "  \"«a4»\",",
            "  \"«a5»\",",
            "  \"«a6»\",",
            "  \"«a7»\",",
            "  \"«a8»\",",
            "  \"«a9»\",",
            "  \"«a10»\"",
            "]",
        ],
        "a long list",
    ),
    (
        &[
            "2026-01-02T03:00:00.050Z\tid\tINFO\tPassword:",
            "2026-01-02T03:00:00.050Z\tid\tINFO\t«x1y2z3x1y2z3»",
            "2026-01-02T03:00:00.050Z\tid\tERROR\torder x1y2z3x1y2z3 failed",
        ],
        "a logger",
    ),
    (&["List<Token>", "done", "order 77", "[ERROR] ValueError: order 77"], "a type"),
    (&["\"tokens\": [", "[ERROR] ValueError: order 77", "order1a2b3c"], "an open list and another writer"),
    (&["Password:", "2026-01-02T03:00:00.050Z\tid\tINFO\torder1a2b3c4d5e"], "another writer"),
];

#[test]
fn lines_are_masked_for_what_stands_above_them() {
    for (lines, what) in BELOW {
        let plain: Vec<_> = lines.iter().map(|line| line.replace(['«', '»'], "")).collect();
        let want: Vec<_> = lines
            .iter()
            .map(|line| match line.split_once('«') {
                Some((before, rest)) => format!("{before}{MASK}{}", rest.split_once('»').unwrap().1),
                None => (*line).to_owned(),
            })
            .collect();
        let redaction = Redaction::on();
        let mut masking = LineMasking::new(&redaction);
        let masked: Vec<_> = plain.iter().map(|line| masking.next(line)).collect();
        assert_eq!(masked, want, "{what}");
        // The last one alone, as evidence is taken out of a log.
        let (last, above) = plain.split_last().unwrap();
        let taken = redaction.apply_below(above.iter().map(Cow::from), last);
        assert_eq!(Some(&taken), want.last(), "{what}");
        assert_eq!(&Redaction::off().apply_below(above.iter().map(Cow::from), last), last);
    }
    // A line of the platform ends what is open.
    let redaction = Redaction::on();
    let mut masking = LineMasking::new(&redaction);
    let end = "END RequestId: 8f507cfc-7d6e-4f5e-9d8e-2f0a3b1c4d5e";
    assert_eq!(
        [masking.next("password = {"), masking.of_platform(end), masking.next("a: 1")],
        ["password = {", end, "a: 1"]
    );
}

/// Inputs that make a search look far ahead, again and again.
const REPEATED: &[&str] = &[
    "://",
    "://a:",
    "token:",
    "password=\"\\",
    "password:[",
    "password:{",
    "-----BEGIN PRIVATE KEY",
    "-----BEGIN PRIVATE KEY----- in x ",
    "password=<",
    "password: [redacted]",
    "token=(x)a1b2c3",
    "password,",
    "\"a: \",\"password\"\n",
    "a: password|",
    "password_prod_eu_",
    "cast <token>",
    "token: [a b ",
    "cookie: ",
    "+ASt",
    "curl -u ",
    "mysql -p",
    "password%3D%22a%22",
    "passphrase: a ",
    "eyJ",
    "AKIA",
    "authorization: ",
    "authorization: \"",
    "password:\n  |\n",
    "secret: |\n ",
    "<password ",
    "\\u0022",
    "&quot;",
    "key-0",
    ":AA0",
    "(\"token\",",
    "code=?code=",
    "is password is ",
    "hooks.slack.com/services/",
    "@tcp(",
    "Bearer ",
    "password: [null,",
    "\\n",
    "\"\\n",
    "\\\"\\\\n",
    "\\\\\\\"",
    "password\\n",
    "\u{a0}",
    "password=\\t",
    "password\n",
    "token:\n",
    "password =\r\n\"",
    "password for bob: \"",
    "password (a) = ",
    "password=get(",
    "token = a.b.",
    "secret: Option<",
    "signature: t=",
    "sig=sig1=b,",
    "x-signature: t=1,v1=0123456789abcdef,",
    "name=\"password\"\r\n\r\n",
    "htpasswd -b ",
    "net use /user:a ",
    "token:: ",
    "token=12345",
    "- password:\n",
    "password:\n- a\n",
    "passwords:\n  a: b\n",
    "passwords: # a\n  b:\n",
    "token: {a: b, ",
    "password: # ",
    "password=\\\n",
    "'password': 'x'\n 'x'\n ",
    "\"password\":\",\" ",
    "\"password\":\", \\\"",
    "AUTH ",
    "a:b | chpasswd",
    "\"oct\",\"k\":\"",
    "variable \"password\" { ",
    "s:8:\"password\";s:6:\"",
    "{password,<<\"",
    "password:[]string{",
    "password:[A ",
    "Authorization:[Token ",
    "\"authorization: Digest a=\"b",
    "password, got ",
    "password <a ",
    "net use a /user:",
    "password = “",
    "\\\\\\n",
];

/// Returns for how many seconds this thread has had a processor, where the system tells it: others may keep it waiting.
fn seconds_worked(since: std::time::Instant) -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<u64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs(), |ns| ns / 1_000_000_000)
}

/// Linear work is done in a moment, also in a debug build on a busy machine; quadratic work takes minutes.
#[test]
fn the_time_grows_with_the_length_alone() {
    for part in REPEATED {
        let text = part.repeat(200_000 / part.len());
        let start = std::time::Instant::now();
        let before = seconds_worked(start);
        let _ = Redaction::on().apply(&text);
        assert!(seconds_worked(start) - before < 20, "{part}");
    }
}

/// Parts of texts in which each round of masking finds more: brackets, keys, and signs around them.
const NESTED: &[&str] = &[
    "password",
    "secret",
    "token",
    "=",
    ":",
    ": ",
    "[",
    "[",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    "\\\"",
    ",",
    ";",
    " ",
    "\n",
    "a",
    "x1y2z3",
    "[redacted]",
    "\\u005b",
    "%5B",
    "&quot;",
    "|",
    ">",
    "<",
    "authorization",
    "cookie",
    "&",
    "…",
    "passphrase",
    "\\n",
    "\\\\n",
    "\\\\\\\"",
    "\u{a0}",
    "＝",
    "\u{200b}",
    " for bob",
    "signature",
    "v1=",
    "0123456789abcdef",
    "name=\"password\"\r\n\r\n",
    "htpasswd -b ",
    ".",
    "get_",
    "self",
    "$",
    "str",
    "is: ",
    "12345678",
    "\t",
    "- ",
    "\n  - ",
    "\n  a: ",
    " # ",
    "[]string{",
    "{\"",
    "“",
    "\\\n",
    "\",\"",
    "<<\"",
    ";s:6:\"",
    "oct",
    " | chpasswd",
];

/// Ways to mask, each of which must leave what is masked as it is. The patterns match a part of a mask, too.
fn redactions() -> Vec<Redaction> {
    let with = |pattern: &str| Redaction::on().with_patterns(SecretPattern::parse(pattern));
    let patterns = ["e", "[a-z]+", r"\w\[", r"\].", r"(?s).{7}", r"x(?P<secret>.)"].map(with);
    [Redaction::on(), Redaction::on().with_personal(true)].into_iter().chain(patterns).collect()
}

#[track_caller]
fn settles(text: &str) {
    for redaction in redactions() {
        let once = redaction.apply(text);
        assert_eq!(redaction.apply(&once), once, "{redaction:?}: {text}");
        assert!(once.len() <= 2 * MASK.len() * (text.len() + 1), "{redaction:?}: {text}");
    }
}

/// A pattern that matches in a mask takes the whole mask.
#[test]
fn masks_are_whole() {
    let with = |pattern: &str, text: &str| Redaction::on().with_patterns(SecretPattern::parse(pattern)).apply(text);
    assert_eq!(with("red", "password=abc red"), "password=[redacted] [redacted]");
    assert_eq!(with("e", "password=abc"), "password=[redacted]");
    assert_eq!(with(r"=\[", "password=abc;"), "password[redacted];");
    // What is joined to a mask is a part of the value.
    assert_eq!(with(r"\][^x]", "password=abc x"), "password=[redacted]");
}

/// However deep the brackets are: a text that does not settle in a few rounds gets coarse masks.
#[test]
fn nested_brackets_settle() {
    for part in [
        "[",
        "{",
        "[[",
        "password:[",
        "password=[a,",
        "secret={",
        "token:[\"",
        "[password:",
        "(password=",
        "\\\"[",
        "%5Bsecret=",
    ] {
        for depth in 1..40 {
            settles(&part.repeat(depth));
            settles(&format!("{}a1b2c3{}", part.repeat(depth), "]".repeat(depth)));
            settles(&format!("password:{}a1b2c3{}", part.repeat(depth), "]}".repeat(depth)));
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1_024))]

    #[test]
    fn nested_texts_settle(parts in proptest::collection::vec(proptest::sample::select(NESTED), 0..60)) {
        settles(&parts.concat());
    }
}

proptest::proptest! {
    #[test]
    fn twice_is_once_and_growth_is_bounded(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "password", "token", "=", ":", ": ", "\"", "'", "\\", " ", "\n", "abc1", "Bearer ", "Authorization", "://", "@",
            "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9", ".", "&", "{", "}", "[redacted]", "[", "]", "é", "secret",
            "signature", "AWS4-HMAC ", "--token ", "<token>", "</", "[ ", "-----BEGIN PRIVATE KEY-----", "=>", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "x",
                "cookie", "curl -u ", "a:b1", "\\u0022", "%22", "%3D", "&quot;", "\x1b[1m", "passphrase", "…", ",", ";", "is ", "(",
                ")", "'", "`", "value", "mysql -p", "@tcp(", "?code=", "x-api-key", "pass", "|", "  ", "AKIAIOSFODNN7EXAMPLE:",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "hooks.slack.com/services/", "-----END PRIVATE KEY-----",
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
