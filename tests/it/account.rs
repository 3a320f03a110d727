//! Whose log `pull` reads: which key signs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::cloudwatch::fake::{ACCOUNT, Server};
use super::cloudwatch::{Pull, world};

/// Writes the files of the AWS configuration.
fn configure(home: &Path) {
    let process = home.join("keys.json");
    let keys = r#"{"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}"#;
    fs::write(&process, keys).expect("a file");
    let token = home.join("token");
    fs::write(&token, "token").expect("a file");
    let config = format!(
        "[profile plain]\nregion = eu-central-1\naws_access_key_id = AKIAPLAIN\naws_secret_access_key = s\n\
         [profile other]\nregion = eu-north-1\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s\n\
         [profile role]\nregion = eu-central-1\nrole_arn = arn:aws:iam::{ACCOUNT}:role/Reader\nsource_profile = plain\n\
         [profile env-role]\nregion = eu-central-1\nrole_arn = arn:aws:iam::{ACCOUNT}:role/Reader\n\
         credential_source = Environment\n\
         [profile web]\nregion = eu-central-1\nrole_arn = arn:aws:iam::{ACCOUNT}:role/Reader\n\
         web_identity_token_file = {token}\n\
         [profile process]\nregion = eu-central-1\ncredential_process = cat {process}\n\
         [profile sso]\nregion = eu-central-1\nsso_session = dev\nsso_account_id = {ACCOUNT}\nsso_role_name = Reader\n\
         [sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n\
         [profile bare]\nregion = eu-central-1\n",
        token = token.display(),
        process = process.display(),
    );
    fs::write(home.join("config"), config).expect("a file");
    fs::write(home.join("credentials"), "[file]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n")
        .expect("a file");
    // The file's name is the SHA-1 of the session's.
    let cache = home.join(".aws/sso/cache");
    fs::create_dir_all(&cache).expect("a directory");
    let token = r#"{"accessToken": "t", "expiresAt": "2036-01-01T00:00:00Z", "region": "us-east-1"}"#;
    fs::write(cache.join("34c6fceca75e456f25e7e99531e2425c6c1de443.json"), token).expect("a file");
}

/// Who may give credentials besides the profile that is named.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    /// The access key in the environment.
    keys: Option<&'static str>,
    aws_profile: bool,
    container: bool,
    no_files: bool,
}

const NOTHING: Around = Around { keys: None, aws_profile: false, container: false, no_files: false };
const KEYS: Around = Around { keys: Some("AKIAENV"), ..NOTHING };
const AWS_PROFILE: Around = Around { aws_profile: true, ..NOTHING };
const BOTH: Around = Around { aws_profile: true, ..KEYS };
const CONTAINER: Around = Around { container: true, ..NOTHING };
const EVERYTHING: Around = Around { container: true, ..BOTH };

/// Pulls with or without `--profile`: signed by this key alone in this region, or refused with these words.
#[track_caller]
fn signs(server: &Server, around: Around, profile: Option<&str>, want: Result<(&str, &str), &str>) {
    let before = server.signed().len();
    let arguments: Vec<&str> =
        ["f0000"].into_iter().chain(profile.into_iter().flat_map(|name| ["--profile", name])).collect();
    let mut pull = Pull::of(&server.url, &arguments);
    let home = pull.directory.path().to_owned();
    configure(&home);
    let command = &mut pull.command;
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env_remove("AWS_REGION");
    command.env("HOME", &home).env("USERPROFILE", &home).env("AWS_ENDPOINT_URL", &server.url);
    if !around.no_files {
        command
            .env("AWS_CONFIG_FILE", home.join("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.join("credentials"));
    }
    if let Some(key_id) = around.keys {
        command.envs([("AWS_ACCESS_KEY_ID", key_id), ("AWS_SECRET_ACCESS_KEY", "s")]);
    }
    if around.aws_profile {
        command.env("AWS_PROFILE", "other");
    }
    if around.container {
        command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/container", server.url));
    }
    // A profile without a region, or none.
    if matches!(profile, None | Some("file" | "nosuch")) && !around.aws_profile {
        command.env("AWS_REGION", "eu-west-1");
    }
    let pulled = pull.run();
    let name = format!("{around:?} --profile {profile:?}: {}", pulled.stderr());
    let signed = server.signed().split_off(before);
    let used: BTreeSet<(String, String)> =
        signed.into_iter().filter(|one| one.service != "sts").map(|one| (one.key_id, one.region)).collect();
    match want {
        Ok((key_id, region)) => {
            assert_eq!(used, BTreeSet::from([(key_id.to_owned(), region.to_owned())]), "{name}");
            assert_eq!(pulled.status(), Some(0), "{name}");
        }
        Err(words) => {
            assert_eq!(used, BTreeSet::new(), "{name}");
            assert_eq!(pulled.status(), Some(3), "{name}");
            assert!(pulled.stderr().contains(words), "{words}: {name}");
        }
    }
}

#[test]
fn a_profile_that_is_named_signs_whatever_else_there_is() {
    let server = Server::start(world(1, 10));
    let profiles = [
        ("plain", "AKIAPLAIN", "eu-central-1"),
        ("role", "ASIAROLE", "eu-central-1"),
        ("web", "ASIAWEB", "eu-central-1"),
        ("sso", "ASIASSO", "eu-central-1"),
        #[cfg(unix)]
        ("process", "AKIAPROCESS", "eu-central-1"),
    ];
    for (profile, key_id, region) in profiles {
        for around in [NOTHING, KEYS, BOTH, EVERYTHING] {
            signs(&server, around, Some(profile), Ok((key_id, region)));
        }
    }
    signs(&server, KEYS, Some("file"), Ok(("AKIAFILE", "eu-west-1")));
    // It names the keys of the environment itself.
    signs(&server, KEYS, Some("env-role"), Ok(("ASIAROLE", "eu-central-1")));
}

#[test]
fn without_a_named_profile_keys_of_the_environment_sign_first() {
    let server = Server::start(world(1, 10));
    for (around, want) in [
        (NOTHING, Err("found no AWS credentials")),
        (KEYS, Ok(("AKIAENV", "eu-west-1"))),
        (AWS_PROFILE, Ok(("AKIAOTHER", "eu-north-1"))),
        (BOTH, Ok(("AKIAENV", "eu-north-1"))),
        (CONTAINER, Ok(("ASIACONTAINER", "eu-west-1"))),
        (EVERYTHING, Ok(("AKIAENV", "eu-north-1"))),
    ] {
        signs(&server, around, None, want);
    }
}

#[test]
fn nothing_else_signs_for_a_profile_that_does_not_exist_or_is_not_complete() {
    let server = Server::start(world(1, 10));
    for around in [NOTHING, KEYS, AWS_PROFILE, BOTH, CONTAINER, EVERYTHING] {
        signs(&server, around, Some("nosuch"), Err("there is no profile 'nosuch'"));
        let without_files = Around { no_files: true, aws_profile: false, ..around };
        signs(&server, without_files, Some("nosuch"), Err("there is no profile 'nosuch'"));
    }
    // A profile may leave its credentials to the machine, as with the AWS CLI, but not to keys of the environment.
    signs(&server, NOTHING, Some("bare"), Err("found no AWS credentials"));
    signs(&server, CONTAINER, Some("bare"), Ok(("ASIACONTAINER", "eu-central-1")));
    signs(&server, KEYS, Some("bare"), Err("the profile 'bare' has none"));
    signs(&server, EVERYTHING, Some("bare"), Err("the profile 'bare' has none"));
    // A variable that is set to nothing is no key.
    let empty = Around { keys: Some(""), ..CONTAINER };
    signs(&server, empty, Some("bare"), Ok(("ASIACONTAINER", "eu-central-1")));
    signs(&server, empty, Some("plain"), Ok(("AKIAPLAIN", "eu-central-1")));
    signs(&server, empty, None, Ok(("ASIACONTAINER", "eu-west-1")));
}
