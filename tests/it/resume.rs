//! `pull --resume`: whatever ended the first pull, the rest is read, and the answer and the saved events are those of one
//! whole pull.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::cloudwatch::fake::estate::{Asked, Estate, Group, ONE, Reply, Server, TWO};
use super::estate::{Ids, Pull, Pulled, events_in, ids, in_all, truth};

const FIRST: &str = "saved.ndjson.zst";
const WHOLE: &str = "whole.ndjson.zst";

/// Creates an estate with groups of one and of many pages, one of them shared.
fn estate() -> Estate {
    let mut estate = Estate::default();
    for at in 0..6 {
        estate.function(ONE, "eu-west-1", &format!("f{at}"), 40 + 10 * at);
    }
    estate.function(ONE, "eu-west-1", "large", 600);
    estate.shared(ONE, "eu-west-1", "/acme/shared", &["alpha", "beta"], 60);
    estate.page = 50;
    estate
}

/// Prepares the rest of a pull, in the home of the first one.
fn resume(server: &Server, first: &Pulled, arguments: &[&str]) -> Pull {
    Pull::in_home(Arc::clone(&first.home), &["--resume", FIRST, "--format", "json"])
        .env("AWS_ENDPOINT_URL", &server.url)
        .args(arguments)
}

/// Returns an answer without what tells how it was read.
fn without_notes(answer: &Value) -> Value {
    let mut answer = answer.clone();
    answer["coverage"]["notes"] = Value::Null;
    answer
}

/// Returns saved events in an order that does not depend on when they were read.
fn sorted(mut events: Vec<Value>) -> Vec<Value> {
    events.sort_by_cached_key(|event| {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        (text("accountId"), text("region"), text("logGroup"), event["timestamp"].as_i64(), text("eventId"))
    });
    events
}

/// Checks that the rest of a pull leads to the answer and the events of one whole pull with the same names, and that it
/// reads little that the first one had read.
#[track_caller]
fn leads_to_the_whole(name: &str, first: &Pulled, names: &[&str], estate: Estate) {
    let server = Server::start(estate);
    let rest = resume(&server, first, &["--save", WHOLE, "--max-rate", "200"]).run();
    rest.ends(&[0], name);
    let asked = server.count("FilterLogEvents");
    let whole = Pull::new(&server, &["--from", "2026-10-01T00:00:00Z", "--to", "2026-10-01T01:00:00Z"])
        .args(&["--format", "json", "--save", WHOLE, "--max-rate", "200"])
        .args(names)
        .run();
    whole.ends(&[0], name);
    let asked_for_whole = server.count("FilterLogEvents") - asked;
    let (got, want) = (rest.saved_as(WHOLE), whole.saved_as(WHOLE));
    let sizes = |ids: Ids| ids.into_iter().map(|(key, ids)| (key, ids.len())).collect::<Vec<_>>();
    assert_eq!(sizes(ids(&got)), sizes(ids(&want)), "{name}: {}", rest.said());
    assert!(sorted(got) == sorted(want), "{name}: other events of the same number");
    assert_eq!(without_notes(&rest.answer()), without_notes(&whole.answer()), "{name}");
    assert!(rest.complete() && rest.unread().is_empty(), "{name}: {}", rest.said());
    let old = events_in(&first.path(FIRST)).len();
    // A small log is divided for speed, which costs pages.
    assert!(
        old == 0 || asked_for_whole < 50 || asked < asked_for_whole,
        "{name}: {asked} requests, the whole takes {asked_for_whole}"
    );
    assert_eq!(server.complaints(), [""; 0], "{name}");
}

fn filters(asked: &Asked) -> bool {
    asked.is("FilterLogEvents")
}

/// Returns whether a request is for the page that begins within this part of the hour, in thousandths.
fn begins_in(asked: &Asked, parts: std::ops::Range<i64>) -> bool {
    let token = asked.body["nextToken"].as_str().unwrap_or_default();
    let of_token = token.rsplit('|').nth(2).and_then(|at| at.parse::<i64>().ok());
    let at = of_token.or(asked.body["startTime"].as_i64()).unwrap_or_default();
    parts.contains(&((at - super::cloudwatch::fake::START) * 1_000 / 3_600_000))
}

#[test]
fn whatever_cut_the_first_pull_the_rest_completes_it() {
    let expired = || Reply::error("ExpiredTokenException", "The security token included in the request is expired");
    let refused = || Reply::error("AccessDeniedException", "not authorized");
    let odd = || Reply::error("InvalidOperationException", "this cannot be done now");
    type Cut = Box<dyn Fn(&Asked) -> Option<Reply> + Send + Sync>;
    let all = &["--all"][..];
    let cuts: Vec<(&str, &[&str], Cut)> = vec![
        ("the connection is lost", all, Box::new(|asked| (filters(asked) && asked.nth >= 25).then_some(Reply::Die))),
        ("it is lost at once", all, Box::new(|asked| filters(asked).then_some(Reply::Die))),
        ("expired", all, Box::new(move |asked| (filters(asked) && asked.nth >= 20).then(expired))),
        (
            "one group is refused",
            all,
            Box::new(move |asked| (filters(asked) && asked.name.ends_with("/f2")).then(refused)),
        ),
        (
            "one group is throttled for ever",
            &["f3", "f1"],
            Box::new(|asked| (filters(asked) && asked.name.ends_with("/f3")).then(Reply::throttled)),
        ),
        (
            "several gaps in one group",
            all,
            Box::new(move |asked| {
                let hit = begins_in(asked, 150..250) || begins_in(asked, 500..520) || begins_in(asked, 900..1_000);
                (filters(asked) && asked.name.ends_with("/large") && hit).then(odd)
            }),
        ),
        (
            "a shared group, all of it",
            all,
            Box::new(move |asked| {
                (filters(asked) && asked.name == "/acme/shared" && begins_in(asked, 300..1_000)).then(odd)
            }),
        ),
        (
            "one function of a shared group",
            &["alpha", "f1"],
            Box::new(move |asked| {
                (filters(asked) && asked.name == "/acme/shared" && begins_in(asked, 300..1_000)).then(odd)
            }),
        ),
        (
            "the listing is refused",
            all,
            Box::new(move |asked| (asked.is("DescribeLogGroups") && asked.region == "us-east-1").then(refused)),
        ),
    ];
    in_all(cuts, |(name, names, cut)| {
        // A region that cannot be searched is a gap, too.
        let regions = ["--region", "eu-west-1", "--region", "us-east-1"];
        let two = || {
            let mut estate = estate();
            if name == "the listing is refused" {
                estate.function(ONE, "us-east-1", "far", 30);
            }
            estate
        };
        let regions = if name == "the listing is refused" { &regions[..] } else { &[] };
        let arguments = [names, regions].concat();
        let server = Server::start(two().script(cut));
        let first = Pull::of(&server, &arguments).args(&["--max-rate", "200"]).run();
        // Expired or lost before the first page, nothing may have been saved.
        first.ends(&[3], name);
        if !first.path(FIRST).exists() {
            assert_eq!(name, "it is lost at once");
            return;
        }
        leads_to_the_whole(name, &first, &arguments, two());
    });
}

#[cfg(unix)]
#[test]
fn a_pull_that_was_interrupted_goes_on() {
    let mut estate_ = estate();
    estate_.latency = std::time::Duration::from_millis(50);
    let server = Server::start(estate_);
    let mut running = Pull::of(&server, &["--all", "--max-rate", "20"]).start();
    running.until("some pages", |_, _| server.count("FilterLogEvents") >= 12);
    running.signal("-INT");
    let first = running.end();
    first.ends(&[130], "interrupted");
    assert!(!first.complete());
    leads_to_the_whole("interrupted", &first, &["--all"], estate());
}

#[cfg(unix)]
#[test]
fn a_pull_that_was_interrupted_while_it_looked_for_groups_goes_on() {
    for operation in ["DescribeLogGroups", "ListFunctions"] {
        let server = Server::start(estate().script(move |asked| asked.is(operation).then_some(Reply::Hang)));
        let mut running = Pull::of(&server, &["--all"]).start();
        running.until("it looks", |_, _| server.count(operation) > 0);
        running.signal("-INT");
        let first = running.end();
        first.ends(&[130], operation);
        if first.path(FIRST).exists() {
            leads_to_the_whole(operation, &first, &["--all"], estate());
        }
    }
}

#[test]
fn events_of_one_millisecond_are_neither_lost_nor_doubled_at_the_cut() {
    let bursts = || {
        let mut estate = Estate::default();
        let mut events = super::cloudwatch::fake::estate::log(ONE, "eu-west-1", "burst", 80);
        for (at, event) in events.iter_mut().enumerate() {
            // Three bursts of a hundred events in one millisecond each.
            event.at = super::cloudwatch::fake::START + 600_000 * (at as i64 / 110);
            event.id = format!("{at:056}");
        }
        estate.group(ONE, "eu-west-1", "/aws/lambda/burst", events);
        estate.logs_to(ONE, "eu-west-1", "burst", "/aws/lambda/burst");
        estate.page = 30;
        estate
    };
    for pages in [1, 2, 4, 6] {
        let cut = move |asked: &Asked| (filters(asked) && asked.nth >= pages).then_some(Reply::Die);
        let server = Server::start(bursts().script(cut));
        let first = Pull::of(&server, &["burst", "--max-rate", "200"]).run();
        first.ends(&[3], "a burst");
        leads_to_the_whole("a burst", &first, &["burst"], bursts());
    }
}

#[test]
fn a_group_of_a_linked_account_is_resumed_by_its_arn() {
    let monitoring = || {
        let mut estate = estate();
        estate.function(TWO, "eu-west-1", "f2", 50);
        estate.linked.insert(ONE.to_owned(), BTreeSet::from([TWO.to_owned()]));
        estate
    };
    let server = Server::start(monitoring().script(|asked| {
        (filters(asked) && asked.name.contains(TWO)).then(|| Reply::error("AccessDeniedException", "not authorized"))
    }));
    let first = Pull::of(&server, &["f2", "--linked"]).run();
    first.ends(&[3], "linked");
    leads_to_the_whole("linked", &first, &["f2", "--linked"], monitoring());
}

#[test]
fn a_rest_that_is_cut_can_be_resumed_itself() {
    let cut = |from: usize| move |asked: &Asked| (filters(asked) && asked.nth >= from).then_some(Reply::Die);
    let server = Server::start(estate().script(cut(15)));
    let first = Pull::of(&server, &["--all", "--max-rate", "200"]).run();
    first.ends(&[3], "first");
    let mut sizes = vec![first.events().len()];
    let server = Server::start(estate().script(cut(20)));
    let second = resume(&server, &first, &["--save", "second.ndjson.zst", "--max-rate", "200"]).run();
    second.ends(&[3], "second");
    sizes.push(second.saved_as("second.ndjson.zst").len());
    fs::rename(first.path("second.ndjson.zst"), first.path(FIRST)).expect("a file");
    assert!(sizes[0] > 0 && sizes[1] > sizes[0], "{sizes:?}");
    leads_to_the_whole("third", &second, &["--all"], estate());
}

/// Pulls all of an estate, of which one group cannot be read.
fn with_a_gap() -> (Server, Pulled) {
    let server = Server::start(estate().script(|asked| {
        (filters(asked) && asked.name.ends_with("/f2")).then(|| Reply::error("AccessDeniedException", "not authorized"))
    }));
    let first = Pull::of(&server, &["--all", "--max-rate", "200"]).run();
    first.ends(&[3], "a gap");
    (server, first)
}

#[test]
fn only_what_was_not_read_is_asked_for() {
    let (_, first) = with_a_gap();
    let server = Server::start(estate());
    let rest = resume(&server, &first, &[]).run();
    rest.ends(&[0], "rest");
    let asked: BTreeSet<String> = server.asked().into_iter().filter(filters).map(|one| one.name).collect();
    assert!(asked.iter().all(|name| name.ends_with("/f2")) && !asked.is_empty(), "{asked:?}");
    // Nothing was to be saved, and the first file is as it was.
    assert_eq!(ids(&events_in(&first.path(FIRST))).len(), 7);
    let attempts = rest.answer()["totals"]["attempts"].as_u64();
    let want = server
        .estate()
        .groups
        .iter()
        .map(|group| group.events.iter().filter(|one| one.message.starts_with("START")).count());
    assert_eq!(attempts, Some(want.sum::<usize>() as u64), "old and new events together");
}

#[test]
fn nothing_left_to_read_is_said() {
    let server = Server::start(estate());
    let first = Pull::of(&server, &["f0", "f1"]).run();
    first.ends(&[0], "whole");
    let before = server.asked().len();
    let rest = resume(&server, &first, &["--save", WHOLE]).run();
    rest.ends(&[0], "nothing left");
    rest.says("nothing left", &["nothing"]);
    assert_eq!(server.asked().len(), before, "nobody is asked");
    assert_eq!(without_notes(&rest.answer())["totals"], without_notes(&first.answer())["totals"]);
    assert_eq!(sorted(events_in(&rest.path(WHOLE))), sorted(events_in(&first.path(FIRST))));
}

#[test]
fn the_file_itself_may_be_the_new_one() {
    let (_, first) = with_a_gap();
    let before = events_in(&first.path(FIRST)).len();
    let server = Server::start(estate());
    let rest = resume(&server, &first, &["--save", FIRST]).run();
    rest.ends(&[0, 2], "the same file");
    let all = truth(server.estate(), |_| true);
    let after = ids(&events_in(&first.path(FIRST)));
    match rest.status() {
        0 => assert_eq!(after, all),
        _ => assert_eq!(after.values().map(Vec::len).sum::<usize>(), before, "what is refused changes nothing"),
    }
}

#[test]
fn what_is_no_saved_pull_is_wrong_usage() {
    let (server, first) = with_a_gap();
    let cut = fs::read(first.path(FIRST)).expect("a file");
    let files: [(&str, &[u8]); 5] = [
        ("text.log", b"START RequestId: 1 Version: $LATEST\n"),
        ("empty", b""),
        ("events.ndjson", b"{\"timestamp\":1,\"message\":\"x\"}\n"),
        ("cut.zst", &cut[..cut.len() / 2]),
        ("without-trailer.zst", &[0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00]),
    ];
    for (name, content) in files {
        fs::write(first.path(name), content).expect("a file");
    }
    fs::create_dir(first.path("folder")).expect("a folder");
    let names = files.iter().map(|(name, _)| *name).chain(["missing.zst", "folder"]);
    for name in names {
        let pulled = Pull::in_home(Arc::clone(&first.home), &["--resume", name, "--format", "json"])
            .env("AWS_ENDPOINT_URL", &server.url)
            .run();
        pulled.ends(if name == "missing.zst" || name == "folder" { &[2, 3] } else { &[2] }, name);
        pulled.says(name, &[name]);
    }
}

#[test]
fn names_and_times_are_those_of_the_file() {
    let (server, first) = with_a_gap();
    let more: [&[&str]; 8] = [
        &["f2"],
        &["--all"],
        &["--prefix", "f"],
        &["--log-group", "/aws/lambda/f2"],
        &["--since", "3h"],
        &["--from", "2026-10-01T00:00:00Z"],
        &["--to", "2026-10-01T02:00:00Z"],
        &["--follow"],
    ];
    for arguments in more {
        let pulled = resume(&server, &first, arguments).run();
        pulled.ends(&[2], &format!("{arguments:?}"));
        pulled.says(&format!("{arguments:?}"), &["--resume"]);
    }
}

#[test]
fn the_rest_is_never_read_from_another_account() {
    let (_, first) = with_a_gap();
    let mut estate = estate();
    for at in 0..6 {
        estate.function(TWO, "eu-west-1", &format!("f{at}"), 11);
    }
    let server = Server::start(estate);
    let rest = resume(&server, &first, &["--save", WHOLE]).key("AKIATWO").run();
    rest.ends(&[2, 3], "another account");
    rest.says("another account", &[ONE, TWO]);
    let foreign = |group: &Group| group.account == TWO;
    let of_two: BTreeSet<String> = truth(server.estate(), foreign).into_values().flatten().collect();
    if rest.path(WHOLE).exists() {
        let got: BTreeSet<String> = ids(&events_in(&rest.path(WHOLE))).into_values().flatten().collect();
        assert_eq!(got.intersection(&of_two).count(), 0, "{}", rest.said());
    }
}

#[test]
fn several_accounts_and_regions_are_resumed() {
    let profiles = "[profile one]\nregion = eu-west-1\naws_access_key_id = AKIAONE\naws_secret_access_key = s\n\
         [profile two]\nregion = eu-west-1\naws_access_key_id = AKIATWO\naws_secret_access_key = s\n";
    let estate = || {
        let mut estate = Estate::default();
        for account in [ONE, TWO] {
            for region in ["eu-west-1", "us-east-1"] {
                for name in ["pay", "ship"] {
                    estate.function(account, region, name, 30);
                }
            }
        }
        estate.page = 40;
        estate
    };
    let both = ["--profile", "one", "--profile", "two"];
    let server = Server::start(estate().script(|asked| {
        let hit = asked.account == TWO && (asked.region == "us-east-1" || asked.name.ends_with("ship"));
        (filters(asked) && hit).then(|| Reply::error("AccessDeniedException", "not authorized"))
    }));
    let regions = ["--region", "eu-west-1", "--region", "us-east-1"];
    let first = Pull::of(&server, &["--all", "--max-rate", "200"]).args(&both).args(&regions).config(profiles).run();
    first.ends(&[3], "first");
    let server = Server::start(estate());
    let rest = resume(&server, &first, &both).args(&["--save", WHOLE]).run();
    rest.ends(&[0], "rest");
    assert_eq!(ids(&rest.saved_as(WHOLE)), truth(server.estate(), |_| true), "{}", rest.said());
    assert!(Path::new(&first.path(FIRST)).exists());
}
