//! What `pull` says and does when something is wrong: credentials, permissions, network, certificates, clock, names. Each
//! case is what a user meets, the exit status, and the words without which the message would not help.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::cloudwatch::fake::estate::{Asked, Estate, ONE, Reply, Server, TWO, closed_host, silent_host};
use super::estate::{Pull, Pulled, ids, in_all, truth};

/// Bound that tells seconds from minutes, also on a loaded machine.
const SECONDS: Duration = Duration::from_secs(45);

/// A case: what is wrong, the pull, possible exit statuses, words that must be said (`a|b` is one of them), and words
/// that must not.
type Case<'c> = (&'c str, Pull, &'c [i32], &'c [&'c str], &'c [&'c str]);

/// Runs cases, with a further check of each.
#[track_caller]
fn check(cases: Vec<Case<'_>>, more: impl Fn(&Pulled) + Sync) {
    in_all(cases, |(name, pull, statuses, words, never): Case<'_>| {
        let pulled = pull.run();
        pulled.ends(statuses, name);
        pulled.says(name, words);
        pulled.never_says(name, never);
        more(&pulled);
    });
}

/// Nothing more to check.
fn nothing_more(_: &Pulled) {}

fn pay() -> Estate {
    Estate::small(&["pay"], 20)
}

/// Configuration with a profile for each source of credentials.
const SOURCES: &str = "[profile keys]\nregion = eu-west-1\naws_access_key_id = AKIAONE\naws_secret_access_key = s\n\
     [profile role]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/Reader\nsource_profile = keys\n\
     [profile web]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/Reader\n\
     web_identity_token_file = {HOME}/token\n\
     [profile proc]\nregion = eu-west-1\ncredential_process = sh {HOME}/proc.sh\n\
     [profile sso]\nregion = eu-west-1\nsso_session = dev\nsso_account_id = 111111111111\nsso_role_name = Reader\n\
     [sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n\
     [profile old-sso]\nregion = eu-west-1\nsso_region = us-east-1\nsso_account_id = 111111111111\n\
     sso_role_name = Reader\nsso_start_url = https://example.awsapps.com/start\n\
     [profile sso-role]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/Reader\nsource_profile = sso\n\
     [profile login]\nregion = eu-west-1\nlogin_session = arn:aws:iam::111111111111:user/joe\n\
     [profile mfa]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/Reader\nsource_profile = keys\n\
     mfa_serial = arn:aws:iam::111111111111:mfa/joe\n\
     [profile behind-mfa]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/Reader\n\
     source_profile = mfa\n";
/// Cached token of the session `dev`; the file is named after the SHA-1 of that name.
const SSO_CACHE: &str = ".aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";

fn sso_token(expires: &str) -> String {
    json!({ "accessToken": "TOKENNOTTOBESHOWN", "expiresAt": expires, "region": "us-east-1" }).to_string()
}

/// Script of a credential process that counts its runs.
const PROCESS: &str = "echo run >> {HOME}/runs\n\
     echo '{\"Version\": 1, \"AccessKeyId\": \"AKIAONE\", \"SecretAccessKey\": \"s\"}'\n";

/// Prepares a pull of `pay` by a profile of [`SOURCES`], with all their files in place.
fn by(server: &Server, profile: &str) -> Pull {
    Pull::of(server, &["pay", "--profile", profile])
        .without_keys()
        .unset(&["AWS_REGION"])
        .config(SOURCES)
        .file("token", "token")
        .file("proc.sh", PROCESS)
        .file(SSO_CACHE, sso_token("2036-01-01T00:00:00Z"))
}

#[test]
fn credentials_are_fetched_once_in_a_run() {
    in_all(
        [
            ("role", "AssumeRole", 1),
            ("web", "AssumeRoleWithWebIdentity", 1),
            ("sso", "GetRoleCredentials", 1),
            ("sso-role", "GetRoleCredentials", 1),
            ("proc", "", 1),
        ],
        |(profile, operation, times)| {
            let mut estate = pay();
            for region in ["us-east-1", "us-west-2"] {
                estate.function(ONE, region, "pay", 5);
            }
            let server = Server::start(estate);
            let regions = ["--region", "eu-west-1", "--region", "us-east-1", "--region", "us-west-2"];
            let pulled = by(&server, profile).args(&regions).run();
            pulled.ends(&[0], profile);
            assert_eq!(ids(&pulled.events()), truth(server.estate(), |_| true), "{profile}");
            let count = match fs::read_to_string(pulled.path("runs")) {
                Ok(runs) => runs.lines().count(),
                Err(_) => server.count(operation),
            };
            assert_eq!(count, times, "{profile}: {operation}");
        },
    );
}

#[test]
fn a_profile_that_is_named_wins_over_keys_of_the_environment() {
    let server = Server::start(pay());
    by(&server, "role").key("AKIATWO").env("AWS_SECRET_ACCESS_KEY", "s").run().ends(&[0], "role");
    let keys: BTreeSet<String> =
        server.asked().into_iter().filter(|one| one.asks("logs") || one.asks("lambda")).map(|one| one.key_id).collect();
    assert_eq!(keys, BTreeSet::from(["ASIAROLE".to_owned()]));
}

#[test]
fn whose_log_is_read_is_told() {
    let server = Server::start(pay());
    let pulled = Pull::of(&server, &["pay"]).run();
    pulled.ends(&[0], "one account");
    assert_eq!(pulled.accounts(), json!([{ "account_id": ONE, "regions": ["eu-west-1"] }]));
    assert!(pulled.stderr.contains(ONE) && pulled.stderr.contains("eu-west-1"), "{}", pulled.stderr);
}

#[test]
fn credentials_that_are_not_there_are_told_by_their_source() {
    let server = Server::start(pay());
    let revoked = Server::start(pay().script(|asked| {
        let no = || Reply::Error(401, "UnauthorizedException", "Session token not found or invalid".to_owned());
        asked.is("GetRoleCredentials").then(no)
    }));
    let forbidden = Server::start(pay().script(|asked| {
        let no = || Reply::Error(403, "ForbiddenException", "No access".to_owned());
        asked.is("GetRoleCredentials").then(no)
    }));
    let assume = "User: arn:aws:iam::111111111111:user/joe is not authorized to perform: sts:AssumeRole on resource: \
                  arn:aws:iam::111111111111:role/Reader";
    let denied = Server::start(pay().script(move |asked| {
        let no = || Reply::Error(403, "AccessDenied", assume.to_owned());
        asked.operation.starts_with("Assume").then(no)
    }));
    let nobody = || Pull::of(&server, &["pay"]).without_keys();
    let gone = |name: &str, pull: Pull| {
        let _ = fs::remove_file(pull.home().join(name));
        pull
    };
    let sso = &["aws sso login --profile sso"][..];
    let no_login = &["sso login"][..];
    check(
        vec![
            ("nothing at all", nobody(), &[3], &["AWS credentials", "--profile", "AWS_ACCESS_KEY_ID"], &[]),
            ("expired session", by(&server, "sso").file(SSO_CACHE, sso_token("2020-01-01T00:00:00Z")), &[3], sso, &[]),
            ("never logged in", gone(SSO_CACHE, by(&server, "sso")), &[3], sso, &["No such file"]),
            (
                "never logged in, without a session",
                by(&server, "old-sso"),
                &[3],
                &["aws sso login --profile old-sso"],
                &["No such file"],
            ),
            ("behind a role", gone(SSO_CACHE, by(&server, "sso-role")), &[3], sso, &["No such file"]),
            ("broken cache", by(&server, "sso").file(SSO_CACHE, "{"), &[3], sso, &[]),
            ("session revoked", by(&revoked, "sso"), &[3], sso, &[]),
            ("role not assigned", by(&forbidden, "sso"), &[3], &["No access"], no_login),
            (
                "role denied",
                by(&denied, "role"),
                &[3],
                &["user/joe", "sts:AssumeRole", "arn:aws:iam::111111111111:role/Reader"],
                no_login,
            ),
            ("web identity denied", by(&denied, "web"), &[3], &["not authorized to perform", "role/Reader"], no_login),
            ("no token file", gone("token", by(&server, "web")), &[3], &["web_identity_token_file|/token"], no_login),
            (
                "token file of the environment",
                nobody()
                    .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token")
                    .env("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/Reader"),
                &[3],
                &["AWS_WEB_IDENTITY_TOKEN_FILE|/nonexistent/token"],
                no_login,
            ),
            (
                "the process fails",
                by(&server, "proc").file("proc.sh", "echo 'no touch' >&2\necho 'second line' >&2\nexit 7\n"),
                &[3],
                &["credential_process", "no touch"],
                no_login,
            ),
            (
                "the process prints nothing",
                by(&server, "proc").file("proc.sh", ""),
                &[3],
                &["credential_process"],
                no_login,
            ),
            (
                "the process does not exist",
                by(&server, "proc")
                    .config("[profile proc]\nregion = eu-west-1\ncredential_process = /nonexistent/keys\n"),
                &[3],
                &["credential_process"],
                no_login,
            ),
            (
                "the container does not answer",
                nobody().env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("http://{}/container", closed_host())),
                &[3],
                &["container"],
                no_login,
            ),
            ("no such profile", by(&server, "ssso"), &[2, 3], &["'ssso'", "did you mean", "'sso'"], &["no AWS region"]),
            (
                "no such profile in the environment",
                nobody().env("AWS_PROFILE", "ssso").config(SOURCES),
                &[2, 3],
                &["'ssso'"],
                &["no AWS region", "aws configure`"],
            ),
            (
                "no such profile and no configuration",
                Pull::of(&server, &["pay", "--profile", "prod"]).without_keys().unset(&["AWS_REGION"]),
                &[2, 3],
                &["'prod'"],
                &["no AWS region", "did you mean"],
            ),
            (
                "no such profile in another file",
                Pull::of(&server, &["pay", "--profile", "ssso"])
                    .file("settings", SOURCES)
                    .env("AWS_CONFIG_FILE", "{HOME}/settings"),
                &[2, 3],
                &["'ssso'", "/settings", "'sso'"],
                &["~/.aws/config"],
            ),
            (
                "no region",
                Pull::of(&server, &["pay"]).unset(&["AWS_REGION"]),
                &[2, 3],
                &["region", "--region", "AWS_REGION"],
                &[],
            ),
            (
                "source profile missing",
                by(&server, "lost")
                    .config("[profile lost]\nregion=eu-west-1\nrole_arn=arn:aws:iam::1:role/R\nsource_profile=gone\n"),
                &[2, 3],
                &["gone", "lost"],
                no_login,
            ),
        ],
        one_sentence,
    );
}

/// Checks that a run that read nothing says why in one line, and answers nothing.
#[track_caller]
fn one_sentence(pulled: &Pulled) {
    assert_eq!(pulled.stdout, "", "{}", pulled.stderr);
    let said: Vec<&str> = pulled.stderr.lines().filter(|line| !line.contains("reading account")).collect();
    assert_eq!(said.len(), 1, "one sentence: {}", pulled.stderr);
    assert!(!pulled.path("saved.ndjson.zst").exists(), "{}", pulled.stderr);
}

#[test]
fn sessions_that_cannot_be_used_say_which_command_helps() {
    // The roles ask for a code.
    let server = Server::start(pay().script(|asked| {
        let why = "User: arn:aws:iam::111111111111:user/joe is not authorized to perform: sts:AssumeRole on resource: \
                   arn:aws:iam::111111111111:role/Reader with an explicit deny in an identity-based policy";
        asked.is("AssumeRole").then(|| Reply::Error(403, "AccessDenied", why.to_owned()))
    }));
    let export = |profile: &str| format!("aws configure export-credentials --profile {profile} --format env");
    let (login, mfa, behind) = (export("login"), export("mfa"), export("behind-mfa"));
    let cases = |around: fn(Pull) -> Pull| {
        check(
            vec![
                ("aws login", around(by(&server, "login")), &[2, 3], &["aws login", &login], &["sso login"]),
                (
                    "mfa",
                    around(by(&server, "mfa")),
                    &[2, 3],
                    &["MFA", "aws configure mfa-login --profile mfa", &mfa],
                    &["sso login"],
                ),
                (
                    "mfa of the source",
                    around(by(&server, "behind-mfa")),
                    &[2, 3],
                    &["MFA", "aws configure mfa-login --profile", &behind],
                    &["sso login"],
                ),
            ],
            one_sentence,
        );
    };
    cases(|pull| pull);
    // A profile that is named wins, so keys of the environment change nothing.
    cases(|pull| pull.key("AKIAONE").env("AWS_SECRET_ACCESS_KEY", "s"));
}

/// Prepares a pull of `pay` for each source of credentials, all of which work.
fn every_source(server: &Server) -> Vec<(&'static str, Pull)> {
    let bare = || Pull::of(server, &["pay"]).without_keys();
    let machine =
        bare().env("AWS_EC2_METADATA_DISABLED", "false").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
    vec![
        ("environment", Pull::of(server, &["pay"])),
        ("keys of a profile", by(server, "keys")),
        ("role", by(server, "role")),
        ("web identity of a profile", by(server, "web")),
        (
            "web identity of the environment",
            bare()
                .file("token", "token")
                .env("AWS_WEB_IDENTITY_TOKEN_FILE", "{HOME}/token")
                .env("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/Reader"),
        ),
        ("process", by(server, "proc")),
        ("sso", by(server, "sso")),
        ("container", bare().env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/container", server.url))),
        ("machine", machine),
    ]
}

#[test]
fn the_advice_fits_where_the_credentials_come_from() {
    let healthy = Server::start(pay());
    in_all(every_source(&healthy), |(source, pull)| {
        pull.run().ends(&[0], source);
    });
    for (code, word) in [("ExpiredTokenException", "expired"), ("UnrecognizedClientException", "UnrecognizedClient")] {
        let server = Server::start(pay().script(move |asked| {
            let no = || Reply::error(code, "The security token included in the request is bad");
            (asked.asks("logs") || asked.asks("lambda")).then(no)
        }));
        let mut said = BTreeSet::new();
        for (source, pull) in every_source(&server) {
            let pulled = pull.run();
            let name = format!("{code}, {source}");
            pulled.ends(&[3], &name);
            pulled.says(&name, &[word]);
            match source {
                "sso" => pulled.says(&name, &["aws sso login --profile sso"]),
                "environment" => pulled.says(&name, &["AWS_ACCESS_KEY_ID"]),
                "keys of a profile" => pulled.says(&name, &["keys"]),
                "process" => pulled.says(&name, &["credential_process"]),
                "container" | "machine" => pulled.says(&name, &[source]),
                _ => {}
            }
            if source != "sso" {
                pulled.never_says(&name, &["sso login"]);
            }
            one_sentence(&pulled);
            assert!(said.insert(pulled.stderr.clone()), "{name}: the advice is that of another source: {said:#?}");
        }
    }
}

/// Certificate that is valid, of a root that nobody else knows.
const ROOT: &str = include_str!("../fake/root.pem");

/// Returns the bytes of the certificate without its wrapping.
fn der() -> Vec<u8> {
    let digits: Vec<u32> = ROOT
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::bytes)
        .filter_map(|byte| {
            let all = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            all.iter().position(|one| *one == byte).and_then(|at| u32::try_from(at).ok())
        })
        .collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend(bits.to_be_bytes()[1..].iter().take(four.len() - 1).copied());
    }
    bytes
}

#[test]
fn bundles_of_certificates_are_used_or_said_to_be_wrong() {
    let server = Server::start(pay());
    let broken = "-----BEGIN CERTIFICATE-----\nMIIB@@@\n-----END CERTIFICATE-----\n";
    let hollow = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let open = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    let mixed = format!("{hollow}{ROOT}");
    let after = format!("{ROOT}{broken}");
    let line = format!("line {}", ROOT.lines().count() + 1);
    let der = der();
    // Content of the file, the exit status, and what is said of it.
    let files: [(&str, &[u8], i32, &[&str]); 9] = [
        ("good", ROOT.as_bytes(), 0, &[]),
        ("broken", broken.as_bytes(), 2, &["roots.pem", "line 1"]),
        ("broken after a good one", after.as_bytes(), 2, &["roots.pem", &line]),
        ("not a certificate", hollow.as_bytes(), 2, &["roots.pem", "line 1"]),
        ("without an end", open.as_bytes(), 2, &["roots.pem", "line 1"]),
        ("empty", b"", 2, &["roots.pem"]),
        ("text", b"hello\n", 2, &["roots.pem"]),
        ("binary", &der, 2, &["roots.pem", "DER|PEM"]),
        ("good among bad", mixed.as_bytes(), 0, &["roots.pem", "line 1"]),
    ];
    for (name, content, status, words) in files {
        for (setting, pull) in [
            ("AWS_CA_BUNDLE", Pull::of(&server, &["pay"]).env("AWS_CA_BUNDLE", "{HOME}/roots.pem")),
            (
                "ca_bundle",
                Pull::of(&server, &["pay", "--profile", "ca"]).config(
                    "[profile ca]\nregion = eu-west-1\naws_access_key_id = AKIAONE\naws_secret_access_key = s\n\
                     ca_bundle = {HOME}/roots.pem\n",
                ),
            ),
        ] {
            let name = format!("{setting}: {name}");
            let pulled = pull.file("roots.pem", content).run();
            pulled.ends(&[status], &name);
            pulled.says(&name, words);
            if !words.is_empty() {
                assert!(pulled.stderr.contains(setting), "{name}: {}", pulled.stderr);
            }
            if status == 0 {
                assert_eq!(ids(&pulled.events()), truth(server.estate(), |_| true), "{name}");
            }
        }
    }
    check(
        vec![
            (
                "missing",
                Pull::of(&server, &["pay"]).env("AWS_CA_BUNDLE", "/nonexistent/roots.pem"),
                &[2],
                &["AWS_CA_BUNDLE", "/nonexistent/roots.pem"],
                &[],
            ),
            (
                "directory",
                Pull::of(&server, &["pay"]).env("AWS_CA_BUNDLE", "{HOME}"),
                &[2],
                &["AWS_CA_BUNDLE", "directory"],
                &[],
            ),
        ],
        nothing_more,
    );
}

/// HTTPS server of OpenSSL, with a certificate that nobody knows.
struct Secure {
    child: Child,
    url: String,
    certificate: String,
    _folder: tempfile::TempDir,
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Secure {
    /// Starts the server; `None` where there is no OpenSSL.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
            .args([
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-keyout",
                &at("key.pem"),
                "-out",
                &at("cert.pem"),
            ])
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
        let port = closed_host().rsplit_once(':')?.1.to_owned();
        let child = Command::new("openssl")
            .args(["s_server", "-accept", &port, "-cert", &at("cert.pem"), "-key", &at("key.pem"), "-rev", "-quiet"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let certificate = fs::read_to_string(at("cert.pem")).ok()?;
        let server = Self { child, url: format!("https://127.0.0.1:{port}"), certificate, _folder: folder };
        for _ in 0..200 {
            if std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

#[test]
fn a_certificate_that_nobody_knows_leads_to_the_bundle() {
    let Some(secure) = Secure::start() else { return };
    let server = Server::start(pay());
    let pull = || Pull::of(&server, &["pay", "--endpoint-url", &secure.url, "--timeout", "1s"]);
    let unknown = ("unknown root", pull(), &[3][..], &["AWS_CA_BUNDLE", "certificate"][..], &["region's name"][..]);
    check(vec![unknown], one_sentence);
    // With the bundle the server is reached, which is none of AWS: it answers with a page, or not at all.
    let known = "[profile ca]\nregion = eu-west-1\naws_access_key_id = AKIAONE\naws_secret_access_key = s\n\
                 ca_bundle = {HOME}/roots.pem\n";
    let certificate = &["AWS_CA_BUNDLE", "certificate"][..];
    check(
        vec![
            (
                "known root",
                pull().file("roots.pem", &secure.certificate).env("AWS_CA_BUNDLE", "{HOME}/roots.pem"),
                &[3],
                &[],
                certificate,
            ),
            (
                "known to the profile",
                pull().args(&["--profile", "ca"]).config(known).file("roots.pem", &secure.certificate),
                &[3],
                &[],
                certificate,
            ),
        ],
        one_sentence,
    );
}

#[test]
fn access_that_is_denied_is_told_in_the_words_of_aws() {
    let sentence = |operation: &str, why: &str| {
        format!(
            "User: arn:aws:sts::{ONE}:assumed-role/Billing/joe is not authorized to perform: {operation} on resource: \
             arn:aws:logs:eu-west-1:{ONE}:log-group:/aws/lambda/pay:log-stream: {why}"
        )
    };
    let kinds = [
        "with an explicit deny in a service control policy",
        "because no identity-based policy allows the logs:FilterLogEvents action",
        "with an explicit deny in a VPC endpoint policy",
        "because no permissions boundary allows the action",
    ];
    in_all(kinds, |why| {
        for operation in ["FilterLogEvents", "DescribeLogGroups"] {
            let said = format!("{}\npassword=hunter2hunter2", sentence(&format!("logs:{operation}"), why));
            let server = Server::start(
                pay().script(move |asked| asked.is(operation).then(|| Reply::error("AccessDeniedException", &said))),
            );
            // A group can be read without its listing; a glob cannot be resolved.
            let names: &[&str] = if operation == "FilterLogEvents" { &["pay"] } else { &["p*"] };
            let pulled = Pull::of(&server, names).run();
            let name = format!("{operation} {why}");
            pulled.ends(&[3], &name);
            let action = format!("logs:{operation}");
            pulled.says(&name, &["assumed-role/Billing/joe", &action, "log-group:/aws/lambda/pay", why]);
            let lines = pulled.stderr.lines().filter(|line| line.contains("Billing")).count();
            assert!(lines <= 1, "{name}: on one line: {}", pulled.stderr);
            let broken = pulled.said().lines().any(|line| line.starts_with("password"));
            assert!(!broken, "{name}: on one line: {}", pulled.said());
        }
    });
    // Everything denied: one sentence.
    let why = sentence("logs:DescribeLogGroups", kinds[0]);
    let server = Server::start(pay().script(move |asked| {
        (asked.asks("logs") || asked.asks("lambda")).then(|| Reply::error("AccessDeniedException", &why))
    }));
    let pulled = Pull::of(&server, &["--all"]).run();
    pulled.ends(&[3], "everything denied");
    pulled.says("everything denied", &["assumed-role/Billing/joe", kinds[0]]);
}

#[test]
fn a_clock_that_is_off_is_told_as_such() {
    let codes = ["InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch"];
    in_all(codes, |code| {
        for (clock_s, way, size) in [(17 * 60, "behind", "17 min"), (-3 * 3_600, "ahead", "3 h|180 min")] {
            let mut estate = pay().script(move |asked| {
                let why = "Signature expired: 20261127T225000Z is now earlier than 20261127T230500Z";
                (asked.asks("logs") || asked.asks("lambda")).then(|| Reply::Error(403, code, why.to_owned()))
            });
            estate.clock_s = clock_s;
            let server = Server::start(estate);
            let pulled = Pull::of(&server, &["pay"]).run();
            let name = format!("{code}, {clock_s}");
            pulled.ends(&[3], &name);
            pulled.says(&name, &["clock of this machine", way, size]);
            pulled.never_says(&name, &["log in again", "check that they are complete", "sso login"]);
            one_sentence(&pulled);
        }
    });
    // A clock that is right is not blamed.
    for code in ["SignatureDoesNotMatch", "ExpiredTokenException"] {
        let server = Server::start(pay().script(move |asked| {
            (asked.asks("logs") || asked.asks("lambda")).then(|| Reply::error(code, "the signature does not match"))
        }));
        let pulled = Pull::of(&server, &["pay"]).run();
        pulled.ends(&[3], code);
        pulled.never_says(code, &["behind", "ahead"]);
    }
    // Nor does a clock that is off harm a pull that AWS accepts.
    let server = Server::start(Estate { clock_s: 200, ..pay() });
    Pull::of(&server, &["pay"]).run().ends(&[0], "accepted");
}

#[test]
fn answers_that_are_not_from_aws_are_told_as_such() {
    in_all([200, 302, 403, 407, 511], |status| {
        let server = Server::start(pay().script(move |_| Some(Reply::Html(status))));
        for names in [&["pay"][..], &["--all"]] {
            let pulled = Pull::of(&server, names).run();
            let name = format!("{status} {names:?}");
            pulled.ends(&[3], &name);
            pulled.says(&name, &["else than AWS|not from AWS|the proxy asks", "proxy|network|portal"]);
            assert_eq!(pulled.stdout, "", "{name}");
            assert!(pulled.took < SECONDS, "{name}: {:?}", pulled.took);
        }
    });
}

#[test]
fn what_is_typed_wrongly_is_wrong_usage() {
    let server = Server::start(pay());
    check(
        vec![
            ("region", Pull::of(&server, &["pay", "--region", "us east 1"]), &[2], &["us east 1", "--region"], &[]),
            (
                "regions",
                Pull::of(&server, &["pay", "--region", "us-east-1,eu-west-1"]),
                &[2],
                &["us-east-1,eu-west-1"],
                &[],
            ),
            ("region", Pull::of(&server, &["pay", "--region", ""]), &[2], &["--region"], &[]),
            (
                "endpoint",
                Pull::of(&server, &["pay", "--endpoint-url", "127.0.0.1:9"]),
                &[2],
                &["--endpoint-url", "127.0.0.1:9", "http"],
                &["region's name"],
            ),
            ("endpoint", Pull::of(&server, &["pay", "--endpoint-url", "http://"]), &[2], &["--endpoint-url"], &[]),
            ("endpoint", Pull::of(&server, &["pay", "--endpoint-url", ""]), &[2], &["--endpoint-url"], &[]),
            ("interval without follow", Pull::of(&server, &["pay", "--interval", "5s"]), &[2], &["--follow"], &[]),
        ],
        nothing_more,
    );
}

#[test]
fn a_folder_for_temporary_files_that_is_missing_is_named() {
    let server = Server::start(pay());
    let pull = Pull::of(&server, &["pay"]).env("TMPDIR", "/nonexistent/tmp");
    check(
        vec![("TMPDIR", pull, &[2, 3], &["/nonexistent/tmp", "TMPDIR"], &["No such file or directory ("])],
        nothing_more,
    );
}

#[test]
fn names_that_are_nearly_right_are_offered() {
    let server = Server::start(Estate::small(&["checkout", "payments-worker", "orders-api"], 5));
    check(
        vec![
            (
                "function",
                Pull::of(&server, &["chekout"]),
                &[3],
                &["chekout", "did you mean", "checkout"],
                &["orders-api"],
            ),
            (
                "group",
                Pull::of(&server, &["--log-group", "/aws/lambda/payment-worker"]),
                &[3],
                &["did you mean", "payments-worker"],
                &["orders-api"],
            ),
            ("glob", Pull::of(&server, &["order-*"]), &[3, 4], &["order-*"], &["name files"]),
            ("glob beside a name", Pull::of(&server, &["order-*", "checkout"]), &[0, 3], &["order-*"], &[]),
            ("part of an ARN", Pull::of(&server, &["function:checkout"]), &[0, 2, 3], &[], &["leave out ':checkout'"]),
            ("nothing near", Pull::of(&server, &["zzz"]), &[3], &["/aws/lambda/zzz"], &["did you mean"]),
            ("one of two", Pull::of(&server, &["chekout", "checkout"]), &[3], &["did you mean", "checkout"], &[]),
        ],
        nothing_more,
    );
}

/// A fault of the Lambda API, its reply (none: no connection), and what the note says of it.
type BrokenLambda = (&'static str, Option<Reply>, &'static [&'static str]);

fn broken_lambda() -> Vec<BrokenLambda> {
    let denied = "User: arn:aws:sts::111111111111:assumed-role/R/joe is not authorized to perform: lambda:Get because no \
                  identity-based policy allows the action";
    let lambda = |status, code, message: &str| Some(Reply::Error(status, code, message.to_owned()));
    vec![
        ("refused", None, &["refused"]),
        ("hangs", Some(Reply::Hang), &["no answer|timed out|did not answer"]),
        (
            "throttled",
            lambda(429, "TooManyRequestsException", "Rate exceeded"),
            &["throttl|Throttl|Rate exceeded|too many"],
        ),
        ("denied", lambda(403, "AccessDeniedException", denied), &["assumed-role/R/joe", "identity-based policy"]),
        ("501", lambda(501, "NotImplemented", "not implemented here"), &["501|not implemented"]),
        ("reset", Some(Reply::Reset), &["connection"]),
        ("page for people", Some(Reply::Html(403)), &["403|else than AWS|not from AWS"]),
    ]
}

#[test]
fn the_lambda_api_is_not_required() {
    let names: Vec<String> = (0..30).map(|at| format!("f{at:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let selections = [&names[..], &["--all"], &["f0*"], &["--log-group", "/aws/lambda/f00"]];
    let cases: Vec<_> =
        broken_lambda().into_iter().flat_map(|fault| selections.map(|arguments| (fault.clone(), arguments))).collect();
    in_all(cases, |((fault, reply, words), arguments)| {
        let lambda = match reply {
            None => closed_host(),
            Some(Reply::Hang) => silent_host(),
            Some(reply) => Server::start(Estate::default().script(move |_| Some(reply.clone()))).host(),
        };
        let server = Server::start(Estate::small(&names, 2));
        let pulled = Pull::of(&server, arguments)
            .args(&["--max-rate", "200"])
            .env("AWS_ENDPOINT_URL_LAMBDA", &format!("http://{lambda}"))
            .run();
        let name = format!("{fault}, {}", arguments[0]);
        pulled.ends(&[0], &name);
        assert!(pulled.took < Duration::from_secs(20), "{name}: {:?}", pulled.took);
        if arguments[0] == "--log-group" {
            assert!(pulled.complete(), "{name}: a group that is named needs no function: {:?}", pulled.notes());
            return;
        }
        let all = arguments[0] != "f0*";
        assert_eq!(ids(&pulled.events()), truth(server.estate(), |one| all || one.name.contains("/f0")), "{name}");
        assert!(!pulled.complete(), "{name}: a custom group may have been missed");
        let notes = pulled.notes().join("\n");
        assert!(notes.contains(&lambda), "{name}: the host that was asked: {notes}");
        for word in words {
            assert!(word.split('|').any(|one| notes.contains(one)), "{name}: '{word}' is missing: {notes}");
        }
        assert!(!notes.contains("CloudWatch Logs in"), "{name}: the right service is blamed: {notes}");
        assert!(pulled.notes().len() <= 3, "{name}: one note, not one a function: {notes}");
    });
}

#[test]
fn of_a_function_that_may_log_elsewhere_it_is_not_said_that_it_never_ran() {
    let denied = |asked: &Asked| {
        asked.asks("lambda").then(|| Reply::Error(403, "AccessDeniedException", "not authorized: lambda".to_owned()))
    };
    let server = Server::start(pay().script(denied));
    let pulled = Pull::of(&server, &["pay", "moved"]).run();
    pulled.ends(&[3], "moved");
    pulled.says("moved", &["moved"]);
    pulled.never_says("moved", &["the function never ran there"]);
}

#[test]
fn a_listing_asks_once_for_each_group() {
    let mut estate = Estate::small(&["pay"], 5);
    let names: Vec<String> = (0..60).map(|at| format!("c{at:02}")).collect();
    estate.shared(ONE, "eu-west-1", "/acme/shared", &names.iter().map(String::as_str).collect::<Vec<_>>(), 2);
    estate.shared(ONE, "eu-west-1", "/acme/other", &["d0", "d1"], 2);
    for name in ["lonely", "alone"] {
        estate.logs_to(ONE, "eu-west-1", name, "/gone/group");
    }
    let server = Server::start(estate);
    for arguments in [&["--all"][..], &["--prefix", "", "--log-group", "/acme/*"]] {
        let before = server.count("DescribeLogGroups");
        let pulled = Pull::of(&server, arguments).args(&["--max-rate", "200"]).run();
        let name = format!("{arguments:?}");
        // A function that never ran has no group yet, which is no failure.
        pulled.ends(&[0], &name);
        assert_eq!(ids(&pulled.events()), truth(server.estate(), |_| true), "{name}");
        assert!(pulled.complete() && pulled.unread().is_empty(), "{name}: {}", pulled.said());
        let asked = server.count("DescribeLogGroups") - before;
        assert!(asked <= 6, "{name}: {asked} look-ups for three custom groups");
        pulled.never_says(&name, &["0.0 GB"]);
    }
    // A function that is named is another matter.
    let pulled = Pull::of(&server, &["lonely"]).run();
    pulled.ends(&[3], "lonely");
    pulled.says("lonely", &["/gone/group"]);
}

#[test]
fn groups_under_the_same_folder_that_are_no_functions_are_noted() {
    let mut estate = pay();
    let of_web = super::cloudwatch::fake::estate::log(ONE, "eu-west-1", "web", 3);
    for name in ["/aws/lambda/web/shop", "/aws/lambda/capacity-provider/x"] {
        estate.group(ONE, "eu-west-1", name, of_web.clone());
    }
    let server = Server::start(estate);
    let pulled = Pull::of(&server, &["--all"]).run();
    pulled.ends(&[0], "others");
    for name in ["/aws/lambda/web/shop", "/aws/lambda/capacity-provider/x"] {
        let read = ids(&pulled.events()).keys().any(|(_, _, group)| group == name);
        let noted = pulled.notes().iter().any(|note| note.contains(name) || note.contains("/aws/lambda/"));
        assert!(read || noted, "{name} is neither read nor noted: {}", pulled.said());
    }
}

#[test]
fn a_class_of_groups_that_nobody_knows_is_tried() {
    let mut estate = pay();
    let class = |estate: &mut Estate, name: &str, class| {
        let events = super::cloudwatch::fake::estate::log(ONE, "eu-west-1", name, 5);
        estate.group(ONE, "eu-west-1", &format!("/aws/lambda/{name}"), events).class = Some(class);
        estate.logs_to(ONE, "eu-west-1", name, &format!("/aws/lambda/{name}"));
    };
    class(&mut estate, "readable", "ESSENTIALS");
    class(&mut estate, "refused", "ESSENTIALS");
    let server = Server::start(estate.script(|asked| {
        let no = || {
            let why = "The specified operation is not supported for this log group class.";
            Reply::error("InvalidOperationException", why)
        };
        (asked.is("FilterLogEvents") && asked.name.contains("refused")).then(no)
    }));
    let pulled = Pull::of(&server, &["readable", "refused"]).run();
    pulled.ends(&[3], "class");
    assert_eq!(ids(&pulled.events()), truth(server.estate(), |group| group.name.ends_with("/readable")));
    let unread = pulled.unread().join("\n");
    assert!(unread.contains("ESSENTIALS") && !unread.contains("INFREQUENT"), "{unread}");
}

#[test]
fn a_connection_that_is_lost_is_given_up_once() {
    // The same loss in two ways: the server is gone, or every connection is reset.
    in_all([true, false], |gone| {
        let names: Vec<String> = (0..200).map(|at| format!("f{at:03}")).collect();
        let estate = Estate::small(&names.iter().map(String::as_str).collect::<Vec<_>>(), 3);
        let server = Server::start(estate.script(move |asked| match asked.nth {
            60.. if asked.is("FilterLogEvents") => Some(if gone { Reply::Die } else { Reply::Reset }),
            _ => None,
        }));
        let pulled = Pull::of(&server, &["--all", "--max-rate", "200"]).run();
        let name = if gone { "gone" } else { "reset" };
        pulled.ends(&[3], name);
        let got = ids(&pulled.events());
        let all = truth(server.estate(), |_| true);
        assert!(got.iter().all(|(group, ids)| all[group] == *ids), "{name}: a group of one page is read whole");
        assert!((55..=60).contains(&got.len()), "{name}: {} groups", got.len());
        let unread = pulled.unread().join("\n");
        for (_, _, group) in all.keys().filter(|group| !got.contains_key(*group)) {
            assert!(unread.contains(group), "{name}: {group} is not named: {unread}");
        }
        for (_, _, group) in got.keys() {
            assert!(!unread.contains(group), "{name}: {group} was read: {unread}");
        }
        let lost = pulled.notes().iter().filter(|note| note.contains("connection lost")).count();
        assert_eq!(lost, 1, "{name}: {:?}", pulled.notes());
        assert!(!pulled.complete());
        assert!(pulled.took < SECONDS, "{name}: {:?}", pulled.took);
    });
}

#[test]
fn other_regions_go_on_when_one_is_lost() {
    let mut estate = Estate::small(&["pay", "ship"], 30);
    for name in ["pay", "ship", "bill"] {
        estate.function(ONE, "us-east-1", name, 30);
    }
    estate.page = 20;
    let server = Server::start(estate.script(|asked| {
        (asked.is("FilterLogEvents") && asked.region == "us-east-1" && asked.body["nextToken"].is_string())
            .then_some(Reply::Reset)
    }));
    let pulled =
        Pull::of(&server, &["--all", "--max-rate", "200", "--region", "eu-west-1", "--region", "us-east-1"]).run();
    pulled.ends(&[3], "one region");
    let of_region = |all: super::estate::Ids| -> super::estate::Ids {
        all.into_iter().filter(|((_, region, _), _)| region == "eu-west-1").collect()
    };
    assert_eq!(of_region(ids(&pulled.events())), truth(server.estate(), |group| group.region == "eu-west-1"));
    for name in ["pay", "ship", "bill"] {
        let named = |line: &String| line.contains(&format!("/aws/lambda/{name}")) && line.contains("us-east-1");
        assert!(pulled.unread().iter().any(named), "{name}: {:?}", pulled.unread());
    }
    assert!(pulled.took < SECONDS, "{:?}", pulled.took);
}

#[cfg(unix)]
#[test]
fn an_interruption_counts_apart_what_was_read_and_what_was_given_up() {
    let names: Vec<String> = (0..12).map(|at| format!("f{at:02}")).collect();
    let estate = Estate::small(&names.iter().map(String::as_str).collect::<Vec<_>>(), 3);
    // Three groups are refused, three are read, the others wait for ever.
    let server = Server::start(estate.script(|asked| {
        if !asked.is("FilterLogEvents") {
            return None;
        }
        match asked.name.as_str() {
            "/aws/lambda/f00" | "/aws/lambda/f01" | "/aws/lambda/f02" => {
                Some(Reply::error("AccessDeniedException", "not authorized"))
            }
            "/aws/lambda/f03" | "/aws/lambda/f04" | "/aws/lambda/f05" => None,
            _ => Some(Reply::Hang),
        }
    }));
    let mut running = Pull::of(&server, &["--all", "--max-rate", "200"]).start();
    running.until("some wait", |_, _| {
        server.asked().iter().any(|one| one.is("FilterLogEvents") && one.name.ends_with("f06"))
    });
    // The answers that are on their way need a moment; waiting longer changes nothing.
    std::thread::sleep(Duration::from_millis(500));
    running.signal("-INT");
    let pulled = running.end();
    pulled.ends(&[130], "interrupted");
    let note = pulled.notes().into_iter().find(|note| note.contains("interrupted")).unwrap_or_default();
    assert!(note.contains("3 of 12 log groups"), "{note}");
    assert!(note.contains("given up"), "three were given up: {note}");
}

#[test]
fn a_region_that_is_shut_is_one_line_and_stops_no_other() {
    let lines = |unread: &[String], region: &str| {
        unread.iter().filter(|line| line.contains(&format!("region {region}"))).count()
    };
    let replies: [(&str, Reply, &[&str]); 6] = [
        ("off", Reply::error("UnrecognizedClientException", "The security token is invalid."), &["not enabled"]),
        ("off", Reply::error("InvalidClientTokenId", "The security token is invalid."), &["not enabled"]),
        (
            "denied",
            Reply::error(
                "AccessDeniedException",
                "User: arn:aws:iam::111111111111:user/joe is not authorized, with an explicit deny in a service control policy",
            ),
            &["user/joe", "service control policy"],
        ),
        ("reset", Reply::Reset, &["connection|reach"]),
        ("html", Reply::Html(403), &["else than AWS|not from AWS"]),
        ("throttled", Reply::throttled(), &["throttl|Throttl|Rate exceeded"]),
    ];
    let choices = [
        (&["pay"][..], &["af-south-1", "eu-west-1"][..]),
        (&["--all"], &["af-south-1", "eu-west-1"]),
        (&["--all"], &["af-south-1", "us-east-1"]),
    ];
    let mut cases: Vec<_> =
        replies.into_iter().flat_map(|reply| choices.map(|choice| (reply.clone(), choice))).collect();
    // Of the faults that are tried again, which takes seconds, a name adds nothing.
    cases.retain(|((fault, ..), (arguments, _))| !["reset", "throttled"].contains(fault) || arguments == &["--all"]);
    in_all(cases, |((fault, reply, words), (arguments, regions))| {
        let mut estate = pay();
        estate.function(ONE, "af-south-1", "pay", 5);
        let server = Server::start(estate.script(move |asked| (asked.region != "eu-west-1").then(|| reply.clone())));
        let regions: Vec<&str> = regions.iter().flat_map(|region| ["--region", region]).collect();
        let pulled = Pull::of(&server, arguments).args(&regions).run();
        let name = format!("{fault} {arguments:?} {regions:?}");
        pulled.ends(&[3], &name);
        assert!(pulled.took < SECONDS, "{name}: {:?}", pulled.took);
        if !regions.contains(&"eu-west-1") {
            // Nothing can be read.
            return one_sentence(&pulled);
        }
        pulled.says(&name, words);
        assert_eq!(ids(&pulled.events()), truth(server.estate(), |group| group.region == "eu-west-1"), "{name}");
        let unread = pulled.unread();
        // A group that is named may be asked for although its region cannot be searched.
        let whole = lines(&unread, "af-south-1") == 1 && unread.len() == 1;
        let group = unread.len() == 1 && unread[0].contains("/aws/lambda/pay (af-south-1)");
        assert!(whole || group && arguments == ["pay"], "{name}: {unread:?}");
        pulled.never_says(&name, &["(Throttled)"]);
        assert!(!pulled.complete(), "{name}");
    });
}

#[test]
fn a_host_that_refuses_connections_is_named() {
    let nowhere = format!("http://{}", closed_host());
    let server = Server::start(pay());
    let pulled = Pull::of(&server, &["pay", "--endpoint-url", &nowhere]).run();
    pulled.ends(&[3], "refused");
    pulled.says("refused", &["refused", &nowhere["http://".len()..]]);
    one_sentence(&pulled);
}

#[test]
fn credentials_that_end_midway_leave_everything_unread_named() {
    let mut estate = Estate::default();
    for region in ["eu-west-1", "us-east-1"] {
        for at in 0..10 {
            estate.function(ONE, region, &format!("f{at}"), 30);
        }
    }
    estate.page = 50;
    let server = Server::start(estate.script(|asked| {
        let ended = asked.is("FilterLogEvents") && asked.region == "us-east-1" && asked.nth > 15;
        ended.then(|| Reply::error("ExpiredTokenException", "The security token included in the request is expired"))
    }));
    let pulled =
        Pull::of(&server, &["--all", "--max-rate", "100", "--region", "eu-west-1", "--region", "us-east-1"]).run();
    pulled.ends(&[3], "midway");
    pulled.says("midway", &["expired"]);
    let (got, all) = (ids(&pulled.events()), truth(server.estate(), |_| true));
    let unread = pulled.unread();
    for (place, ids) in &all {
        let whole = got.get(place) == Some(ids);
        let (_, region, group) = place;
        let named = unread.iter().any(|line| line.contains(group.as_str()) && line.contains(region.as_str()));
        assert!(whole || named, "{group} in {region} is neither read nor named: {unread:#?}");
        assert!(region != "eu-west-1" || whole, "the other region goes on: {group}: {}", pulled.said());
    }
}

#[test]
fn credentials_that_renew_themselves_are_renewed() {
    // The process gives other keys each time; the first ones end midway.
    let process = "echo run >> {HOME}/runs\nn=$(wc -l < {HOME}/runs)\n\
         if [ $n -gt 1 ]; then key=AKIASECOND; else key=AKIAONE; fi\n\
         echo \"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"$key\\\", \\\"SecretAccessKey\\\": \\\"s\\\"}\"\n";
    let mut estate = Estate::small(&["f0", "f1", "f2"], 100);
    estate.keys.insert("AKIASECOND".to_owned(), ONE.to_owned());
    estate.page = 50;
    let server = Server::start(estate.script(|asked| {
        let ended = asked.key_id == "AKIAONE" && asked.is("FilterLogEvents") && asked.nth >= 10;
        ended.then(|| Reply::error("ExpiredTokenException", "The security token included in the request is expired"))
    }));
    let pulled = Pull::of(&server, &["--all", "--max-rate", "100", "--profile", "proc"])
        .config(SOURCES)
        .file("proc.sh", process)
        .run();
    pulled.ends(&[0], "renewed");
    assert_eq!(ids(&pulled.events()), truth(server.estate(), |_| true));
    let runs = fs::read_to_string(pulled.path("runs")).expect("it ran").lines().count();
    assert!(runs <= 3, "{runs} runs");
    assert!(pulled.complete());
}

#[test]
fn credentials_that_end_in_the_look_up_are_renewed_too() {
    let process = "echo run >> {HOME}/runs\nn=$(wc -l < {HOME}/runs)\n\
         if [ $n -gt 1 ]; then key=AKIASECOND; else key=AKIAONE; fi\n\
         echo \"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"$key\\\", \\\"SecretAccessKey\\\": \\\"s\\\"}\"\n";
    for operation in ["DescribeLogGroups", "ListFunctions"] {
        let mut estate = Estate::small(&["f0", "f1"], 5);
        estate.shared(ONE, "eu-west-1", "/acme/shared", &["alpha", "beta"], 5);
        estate.keys.insert("AKIASECOND".to_owned(), ONE.to_owned());
        let server = Server::start(estate.script(move |asked| {
            let ended = asked.key_id == "AKIAONE" && asked.is(operation);
            ended
                .then(|| Reply::error("ExpiredTokenException", "The security token included in the request is expired"))
        }));
        let pulled = Pull::of(&server, &["--all", "--profile", "proc"]).config(SOURCES).file("proc.sh", process).run();
        pulled.ends(&[0], operation);
        assert_eq!(ids(&pulled.events()), truth(server.estate(), |_| true), "{operation}: {}", pulled.said());
        assert!(pulled.complete(), "{operation}: {}", pulled.said());
    }
}

/// A service that takes connections and never answers is given up after a minute.
#[test]
#[ignore = "takes minutes"]
fn silence_is_given_up_after_a_minute() {
    let cases = [("from the beginning", false), ("midway", true)];
    in_all(cases, |(name, midway)| {
        let mut estate = Estate::default();
        for at in 0..60 {
            estate.function(ONE, "eu-west-1", &format!("f{at:02}"), 3);
        }
        let server = Server::start(estate.script(move |asked| match asked.asks("logs") {
            true if !midway || asked.is("FilterLogEvents") && asked.nth >= 20 => Some(Reply::Hang),
            _ => None,
        }));
        let pulled = Pull::of(&server, &["--all", "--max-rate", "200"]).run();
        pulled.ends(&[3], name);
        assert!(pulled.took < Duration::from_secs(150), "{name}: {:?}", pulled.took);
        if midway {
            assert_eq!(pulled.unread().len(), 40, "{:?}", pulled.unread());
            assert_eq!(pulled.notes().iter().filter(|note| note.contains("connection lost")).count(), 1);
        } else {
            one_sentence(&pulled);
        }
    });
}

#[test]
fn a_private_endpoint_of_logs_is_not_asked_for_functions() {
    // Logs and Lambda have their own hosts, each of which knows only its own calls.
    let logs = Server::start(pay().script(|asked| asked.asks("lambda").then_some(Reply::Html(404))));
    let lambda = Server::start(pay().script(|asked| asked.asks("logs").then_some(Reply::Html(404))));
    let pulled = Pull::of(&logs, &["pay"])
        .env("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", &logs.url)
        .env("AWS_ENDPOINT_URL_LAMBDA", &lambda.url)
        .run();
    pulled.ends(&[0], "two hosts");
    assert!(pulled.complete(), "{}", pulled.said());
    // One host for both, which has no Lambda: noted, since a custom group may be missed.
    let pulled = Pull::of(&logs, &["pay", "--endpoint-url", &logs.url]).run();
    pulled.ends(&[0], "only logs");
    assert!(!pulled.complete(), "{}", pulled.said());
    pulled.says("only logs", &[&logs.host()]);
}

#[test]
fn a_function_of_another_account_is_never_read_in_our_own() {
    let mut estate = pay();
    estate.function(TWO, "eu-west-1", "pay", 7);
    let server = Server::start(estate);
    let pulled = Pull::of(&server, &[&format!("arn:aws:lambda:eu-west-1:{TWO}:function:pay")]).run();
    pulled.ends(&[3], "another account");
    pulled.says("another account", &[TWO, ONE]);
    assert_eq!(server.count("FilterLogEvents"), 0);
}

#[test]
fn the_certificate_of_the_tests_is_decoded_whole() {
    let (der, lines) = (der(), ROOT.lines().count());
    assert!(der.starts_with(&[0x30, 0x82]) && lines > 5);
    assert_eq!(usize::from(der[2]) << 8 | usize::from(der[3]), der.len() - 4);
}
