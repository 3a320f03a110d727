//! Account that `pull` reads from: which key signs, to which account a function or group belongs, and that this is
//! reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::cloudwatch::fake::{ACCOUNT, Group, Server, World, lambda_log};
use super::cloudwatch::{Pull, Pulled, group, world};

const OTHER: &str = "999999999999";

/// Writes the AWS configuration files.
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
    // The file is named after the SHA-1 of the session's name.
    let cache = home.join(".aws/sso/cache");
    fs::create_dir_all(&cache).expect("a directory");
    let token = r#"{"accessToken": "t", "expiresAt": "2036-01-01T00:00:00Z", "region": "us-east-1"}"#;
    fs::write(cache.join("34c6fceca75e456f25e7e99531e2425c6c1de443.json"), token).expect("a file");
}

/// Sources of credentials besides the named profile.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    /// Access key in the environment.
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

/// Pulls with or without `--profile` and checks that all requests are signed by this key in this region, or that the
/// pull is refused with these words.
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
    // For profiles without a region, and without a profile.
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
    // This profile itself refers to the keys of the environment.
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
    // An empty variable is no key.
    let empty = Around { keys: Some(""), ..CONTAINER };
    signs(&server, empty, Some("bare"), Ok(("ASIACONTAINER", "eu-central-1")));
    signs(&server, empty, Some("plain"), Ok(("AKIAPLAIN", "eu-central-1")));
    signs(&server, empty, None, Ok(("ASIACONTAINER", "eu-west-1")));
}

/// Returns the ids of the pulled events, by account and group. `unknown` stands for an account that is not reported.
#[track_caller]
fn ids(pulled: &Pulled, unknown: &str) -> Ids {
    let mut ids = Ids::new();
    for event in pulled.events() {
        let text = |key: &str| event[key].as_str();
        let account = text("accountId").unwrap_or(unknown).to_owned();
        let group = (account, text("logGroup").expect("a group").to_owned());
        ids.entry(group).or_default().push(text("eventId").expect("an id").to_owned());
    }
    ids
}

type Ids = BTreeMap<(String, String), Vec<String>>;

/// Returns the ids of one group's events.
fn truth(account: &str, name: &str, group: &Group) -> Ids {
    let ids = group.events.iter().map(|event| event.id.clone()).collect();
    Ids::from([((account.to_owned(), name.to_owned()), ids)])
}

/// Returns the names of what could not be read, with the reasons.
#[track_caller]
fn unread(pulled: &Pulled) -> Vec<String> {
    let answer = pulled.answer();
    let all = answer["coverage"]["inputs_unreadable"].as_array().expect("a list");
    all.iter().map(ToString::to_string).collect()
}

fn function(partition: &str, account: &str, rest: &str) -> String {
    format!("arn:{partition}:lambda:eu-west-1:{account}:function:{rest}")
}

fn log_group(account: &str, name: &str) -> String {
    format!("arn:aws:logs:eu-west-1:{account}:log-group:{name}")
}

/// Calls that may be forbidden besides reading. With both forbidden, the account of the credentials cannot be
/// determined.
const FORBIDDEN: [&[&str]; 4] = [&[], &["lambda"], &["DescribeLogGroups"], &["lambda", "DescribeLogGroups"]];

/// Lists names as typed, with the reason why each is not read; every function given beside it is.
fn functions() -> Vec<(String, Option<String>)> {
    let foreign = format!("belongs to account {OTHER}, but the credentials are for {ACCOUNT};");
    let partition = "belongs to partition aws-cn, but the credentials are for aws;";
    let mut cases = vec![
        ("f0000".to_owned(), None),
        (function("aws", ACCOUNT, "f0000"), None),
        (function("aws", OTHER, "f0000"), Some(foreign.clone())),
        (function("aws", OTHER, "never"), Some(foreign)),
        (function("aws-cn", ACCOUNT, "f0000"), Some(partition.to_owned())),
        (function("aws-cn", OTHER, "f0000"), Some(partition.to_owned())),
    ];
    for qualifier in ["PROD", "42", "$LATEST"] {
        let named = |account| function("aws", account, &format!("f0000:{qualifier}"));
        for typed in [format!("f0000:{qualifier}"), format!("f*:{qualifier}"), named(ACCOUNT), named(OTHER)] {
            cases.push((typed, Some(format!("leave out ':{qualifier}'"))));
        }
    }
    for typed in [format!("{ACCOUNT}:function:f0000"), format!("{OTHER}:function:f0000:PROD")] {
        cases.push((typed, Some("write the whole ARN".to_owned())));
    }
    cases
}

#[test]
fn of_functions_only_those_of_our_own_account_are_read() {
    for forbidden in FORBIDDEN {
        let world = World { denied: forbidden.to_vec(), ..world(2, 10) };
        let events = |name: &str| truth(ACCOUNT, name, &world.groups[name]);
        let (asked, beside) = (events("/aws/lambda/f0000"), events("/aws/lambda/f0001"));
        let both: Ids = asked.into_iter().chain(beside.clone()).collect();
        let server = Server::start(world);
        for (typed, reason) in functions() {
            // A name that is refused for its form alone is refused whatever AWS would answer.
            let by_form = reason.as_ref().is_some_and(|reason| !reason.contains("belongs to"));
            if by_form && !forbidden.is_empty() {
                continue;
            }
            let before = server.filtered().len();
            let pulled = Pull::of(&server.url, &[&typed, &function("aws", ACCOUNT, "f0001")]).run();
            let name = format!("{typed}, forbidden: {forbidden:?}: {}", pulled.stderr());
            assert_eq!(ids(&pulled, ACCOUNT), if reason.is_some() { beside.clone() } else { both.clone() }, "{name}");
            assert_eq!(pulled.status(), Some(if reason.is_some() { 3 } else { 0 }), "{name}");
            let unread = unread(&pulled);
            let Some(reason) = reason else {
                assert_eq!(unread, [""; 0], "{name}");
                continue;
            };
            assert_eq!(unread.len(), 1, "{name}");
            // If the account cannot be determined beforehand, AWS refuses when asked to read the group by its ARN.
            let told = forbidden.len() < 2 || unread[0].contains("not read: ");
            assert!(!told || unread[0].contains(&reason) && unread[0].contains(&typed), "{reason}: {name}");
            let ours = ["/aws/lambda/f0000".to_owned(), log_group(ACCOUNT, "/aws/lambda/f0000")];
            let read = server.filtered().split_off(before);
            assert!(!read.iter().any(|group| ours.contains(group)), "{read:?}: {name}");
        }
    }
}

/// Creates a pull with the credentials of an assumed role.
fn by_role(server: &Server, function: &str) -> Pull {
    let mut pull = Pull::of(&server.url, &[function, "--profile", "role"]);
    let home = pull.directory.path().to_owned();
    configure(&home);
    pull.command.env("AWS_CONFIG_FILE", home.join("config")).env("AWS_ENDPOINT_URL", &server.url);
    pull
}

#[test]
fn of_a_function_that_is_not_found_it_is_said_what_is_known() {
    let none = Server::start(World::default());
    let pulled = Pull::of(&none.url, &[&function("aws", OTHER, "f0000")]).run();
    assert_eq!(pulled.status(), Some(3));
    let reason = format!("check the name and --region, and that the credentials are for account {OTHER}");
    assert!(unread(&pulled)[0].contains(&reason), "{:?}", unread(&pulled));
    assert!(pulled.stderr().starts_with("lambda-triage: found no log group to read: account unknown, eu-west-1\n"));

    // The credentials of a role include their account.
    let pulled = by_role(&none, &function("aws", OTHER, "f0000")).run();
    let reason = format!("belongs to account {OTHER}, but the credentials are for {ACCOUNT}");
    assert!(unread(&pulled)[0].contains(&reason), "{:?}", unread(&pulled));
    let said = format!("lambda-triage: found no log group to read: account {ACCOUNT}, eu-west-1\n");
    assert!(pulled.stderr().starts_with(&said), "{}", pulled.stderr());

    // So they do where only reading is allowed.
    let blind = Server::start(World { denied: FORBIDDEN[3].to_vec(), ..world(1, 10) });
    let said = format!("lambda-triage: reading account {ACCOUNT}, eu-west-1\n");
    assert_eq!(by_role(&blind, "f0000").run().stderr(), said);

    // An account in the environment need not be that of the keys.
    let mut pull = Pull::of(&none.url, &["f0000"]);
    pull.command.env("AWS_ACCOUNT_ID", OTHER);
    let pulled = pull.run();
    assert!(pulled.stderr().contains("account unknown, eu-west-1"), "{}", pulled.stderr());
}

#[test]
fn groups_of_one_name_in_several_accounts_are_kept_apart() {
    const NAME: &str = "/aws/lambda/pay";
    const THIRD: &str = "888888888888";
    let logs =
        [ACCOUNT, OTHER, THIRD].map(|account| (account, group(lambda_log(&format!("pay of {account}"), 30, 1_000))));
    let world = World {
        groups: BTreeMap::from([(NAME.to_owned(), logs[0].1.clone())]),
        page: 1_000,
        linked: logs[1..].iter().map(|(account, group)| (log_group(account, NAME), group.clone())).collect(),
        ..World::default()
    };
    let server = Server::start(world);
    let by_arn = |account: &str| ["--log-group".to_owned(), log_group(account, NAME)].to_vec();
    let own = |typed: &str| typed.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let cases: [(&[Vec<String>], &[usize]); 7] = [
        (&[by_arn(ACCOUNT), by_arn(OTHER)], &[0, 1]),
        (&[by_arn(OTHER), by_arn(ACCOUNT)], &[0, 1]),
        (&[by_arn(OTHER), by_arn(THIRD)], &[1, 2]),
        (&[by_arn(OTHER), by_arn(OTHER)], &[1]),
        (&[own("pay"), by_arn(OTHER), by_arn(ACCOUNT)], &[0, 1]),
        (&[own("--all"), by_arn(THIRD), by_arn(OTHER)], &[0, 1, 2]),
        (&[own("--log-group /aws/lambda/*"), by_arn(OTHER), vec![function("aws", ACCOUNT, "pay")]], &[0, 1]),
    ];
    for (arguments, accounts) in cases {
        let before = server.requests();
        let arguments: Vec<&str> = arguments.iter().flatten().map(String::as_str).collect();
        let pulled = Pull::of(&server.url, &arguments).run();
        assert_eq!(pulled.status(), Some(0), "{arguments:?}: {}", pulled.stderr());
        let logs: Vec<_> = accounts.iter().map(|&at| &logs[at]).collect();
        let want: Ids = logs.iter().flat_map(|(account, group)| truth(account, NAME, group)).collect();
        assert_eq!(ids(&pulled, "unknown"), want, "{arguments:?}");
        assert_eq!(server.requests() - before, logs.len(), "{arguments:?}: each is read once");
        let answer = pulled.answer();
        let rows = answer["functions"].as_array().expect("a list").iter();
        let mut rows: Vec<_> = rows.map(|row| (row["account_id"].as_str(), row["attempts"].as_u64())).collect();
        rows.sort_unstable();
        let mut want: Vec<_> = logs.iter().map(|(account, _)| (Some(*account), Some(30))).collect();
        want.sort_unstable();
        assert_eq!(rows, want, "{arguments:?}");
        for (account, _) in logs {
            assert!(pulled.stderr().contains(&format!("account {account}, eu-west-1")), "{}", pulled.stderr());
        }
    }

    // If none of them can be read, each is named.
    let refused = Group { refused: Some(("AccessDeniedException", "not authorized")), ..Group::default() };
    let linked = [OTHER, THIRD].map(|account| (log_group(account, NAME), refused.clone()));
    let groups = BTreeMap::from([(NAME.to_owned(), refused.clone())]);
    let server = Server::start(World { groups, linked: linked.into(), ..World::default() });
    let arguments = [own("pay"), by_arn(OTHER), by_arn(THIRD)].concat();
    let pulled = Pull::of(&server.url, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).run();
    let unread = unread(&pulled);
    assert_eq!(unread.len(), 3, "{unread:?}");
    let places =
        [format!("{NAME} (eu-west-1)"), format!("{NAME} ({OTHER}, eu-west-1)"), format!("{NAME} ({THIRD}, eu-west-1)")];
    for place in places {
        assert!(unread.iter().any(|one| one.contains(&place)), "{place}: {unread:?}");
    }
}

#[test]
fn a_group_that_is_named_twice_counts_once() {
    const UNCLEAR: &str = "also named by an ARN, and whether that is the same log group is not known";
    let own = log_group(ACCOUNT, "/aws/lambda/f0000");
    let by_arn = function("aws", ACCOUNT, "f0000");
    for forbidden in FORBIDDEN {
        let server = Server::start(World { denied: forbidden.to_vec(), ..world(1, 10) });
        for named in [vec!["f0000", "--log-group", &own], vec!["f0000", &by_arn], vec![&by_arn, "--log-group", &own]] {
            let pulled = Pull::of(&server.url, &named).run();
            // The account of a group that was named without one may be undeterminable.
            let unclear = forbidden.len() == 2 && named[0] == "f0000";
            let status = if unclear { 3 } else { 0 };
            assert_eq!(pulled.status(), Some(status), "{named:?}, forbidden: {forbidden:?}: {}", pulled.stderr());
            assert_eq!(pulled.stderr().contains(UNCLEAR), unclear, "{}", pulled.stderr());
            let answer = pulled.answer();
            let rows = answer["functions"].as_array().expect("a list").len();
            let attempts = answer["totals"]["attempts"].as_u64();
            assert_eq!((rows, attempts), (1, Some(10)), "{named:?}, forbidden: {forbidden:?}");
        }
    }
}

#[test]
fn standard_error_says_whose_log_is_read() {
    let server = Server::start(world(7, 10));
    let whose = format!("lambda-triage: reading account {ACCOUNT}, ");
    for (arguments, said) in [
        (vec!["f0000"], "eu-west-1\n"),
        (vec!["f0000", "--region", "us-east-1", "--region", "eu-west-1"], "eu-west-1, us-east-1\n"),
        (vec!["--log-group", "/aws/lambda/f0003"], "eu-west-1\n"),
        (vec!["--all"], "eu-west-1: 1.0 hours of 7 log groups"),
        // The account is not in the output, so even `--quiet` prints it.
        (vec!["--all", "--quiet"], "eu-west-1\n"),
        (vec!["f0000", "--quiet"], "eu-west-1\n"),
    ] {
        let pulled = Pull::of(&server.url, &arguments).run();
        assert_eq!(pulled.status(), Some(0), "{arguments:?}: {}", pulled.stderr());
        assert!(pulled.stderr().starts_with(&format!("{whose}{said}")), "{arguments:?}: {}", pulled.stderr());
        assert_eq!(pulled.stderr().lines().count(), 1, "{arguments:?}: {}", pulled.stderr());
        assert!(pulled.answer().is_object());
    }
    // Neither the log group, which may only be read, nor the function tells the account.
    let server = Server::start(World { denied: FORBIDDEN[3].to_vec(), ..world(1, 10) });
    let pulled = Pull::of(&server.url, &["f0000"]).run();
    assert_eq!(pulled.stderr(), "lambda-triage: reading account unknown, eu-west-1\n");
}
