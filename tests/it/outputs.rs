//! Files that a run writes: never over its inputs or over one another, with the permissions and links that the user set
//! up.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::harness::{Run, directory, read_summary, root, write};

const RETRIES: &str = "fixtures/logs/retries/aws/lambda/refund-processor/21.log";

/// Options that name a file to write, with the prefix of its path.
const OPTIONS: [(&str, &str); 5] =
    [("--output", ""), ("--report", "json="), ("--report", "ndjson="), ("--ledger", ""), ("-o", "")];

fn option((name, prefix): (&str, &str), path: &Path) -> [String; 2] {
    [name.to_owned(), format!("{prefix}{}", path.display())]
}

/// Folder with a log, `logs/app.csv`, and links to it. Every option accepts this file extension.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(directory());
        write(&folder.at("logs/app.csv"), folder.log());
        symlink("logs/app.csv", folder.at("link.csv")).unwrap();
        symlink(folder.at("link.csv"), folder.at("link-to-link.csv")).unwrap();
        symlink("logs", folder.at("folder")).unwrap();
        fs::hard_link(folder.at("logs/app.csv"), folder.at("hard.csv")).unwrap();
        folder
    }

    fn log(&self) -> Vec<u8> {
        fs::read(root().join(RETRIES)).unwrap()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, inputs: &[&str]) -> Run {
        Run::analyze(inputs).directory(self.0.path())
    }
}

const NAMES: [&str; 7] = [
    "logs/app.csv",
    "./logs/../logs/app.csv",
    "link.csv",
    "link-to-link.csv",
    "folder/app.csv",
    "hard.csv",
    "ABSOLUTE/logs/app.csv",
];

#[test]
fn an_output_is_never_an_input() {
    for one in OPTIONS {
        let folder = Folder::new();
        let typed = |name: &str| PathBuf::from(name.replace("ABSOLUTE", folder.0.path().to_str().unwrap()));
        for name in NAMES {
            for inputs in [&["logs/app.csv"][..], &["link-to-link.csv"], &["logs"], &["."], &["no/such.log", "folder"]]
            {
                let done = folder.run(inputs).args(option(one, &typed(name))).status(2);
                let said = format!("lambda-triage: {} is also an input of this run", typed(name).display());
                assert!(done.stdout.is_empty() && done.stderr.starts_with(&said), "{one:?} {name}: {}", done.stderr);
            }
        }
        assert_eq!(fs::read(folder.at("logs/app.csv")).unwrap(), folder.log(), "{one:?}");
        assert!(folder.at("link.csv").is_symlink());
    }
}

#[test]
fn standard_input_and_markers_are_inputs() {
    let folder = Folder::new();
    let redirected = || Stdio::from(fs::File::open(folder.at("logs/app.csv")).unwrap());
    for (name, want) in [("link.csv", 2), ("new.csv", 0)] {
        let mut command = folder.run(&["-"]).args(["--output", name]).into_command();
        let done = command.stdin(redirected()).output().unwrap();
        assert_eq!(done.status.code(), Some(want), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    }
    assert_eq!(fs::read(folder.at("logs/app.csv")).unwrap(), folder.log());
    let markers = "[[marker]]\nname = \"m\"\npattern = \"x\"\nstate = \"started\"\n";
    write(&folder.at("markers.csv"), markers);
    for one in OPTIONS {
        let done =
            folder.run(&["logs"]).args(["--markers", "markers.csv"]).args(option(one, Path::new("./markers.csv")));
        assert!(done.status(2).stderr.contains("is also an input of this run"), "{one:?}");
        assert_eq!(fs::read_to_string(folder.at("markers.csv")).unwrap(), markers);
    }
}

/// Standard input is what it was redirected from, for every command that reads a saved answer.
#[test]
fn a_saved_answer_on_standard_input_is_an_input() {
    let folder = Folder::new();
    let summary = folder.run(&["logs"]).args(["--format", "json"]).stdout();
    write(&folder.at("saved.json"), &summary);
    for arguments in [
        &["view", "-", "--output", "saved.json"][..],
        &["diff", "-", "logs", "--output", "saved.json"],
        &["analyze", "logs", "--baseline", "-", "--output", "saved.json"],
    ] {
        let mut command = Run::new(arguments).directory(folder.0.path()).into_command();
        let done = command.stdin(fs::File::open(folder.at("saved.json")).unwrap()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.code() == Some(2) && said.contains("is also an input of this run"),
            "{arguments:?}: {said}"
        );
        assert_eq!(fs::read_to_string(folder.at("saved.json")).unwrap(), summary);
    }
}

#[test]
fn what_a_run_left_in_its_input_is_not_read_and_replaced_by_the_next() {
    let folder = Folder::new();
    let run = || folder.run(&["logs"]).args(["--format", "json", "--output", "logs/summary.json"]);
    run().status(0);
    let first = fs::read(folder.at("logs/summary.json")).unwrap();
    run().status(2);
    assert_eq!(fs::read(folder.at("logs/summary.json")).unwrap(), first);
}

#[test]
fn two_outputs_are_never_one_file() {
    for exists in [false, true] {
        for (a, first) in OPTIONS.iter().enumerate() {
            for second in &OPTIONS[a + 1..] {
                // Two main outputs, or one given twice, are another error.
                if (first.0, second.0) == ("--output", "-o") {
                    continue;
                }
                let folder = Folder::new();
                symlink("out.csv", folder.at("out-link.csv")).unwrap();
                if exists {
                    write(&folder.at("out.csv"), "before");
                }
                for name in ["out.csv", "./out.csv", "out-link.csv", "logs/../out.csv"] {
                    let run = folder.run(&["logs/app.csv"]).args(option(*first, Path::new("out.csv")));
                    let done = run.args(option(*second, Path::new(name))).status(2);
                    assert!(done.stderr.contains("two outputs go to"), "{first:?} {second:?} {name}: {}", done.stderr);
                }
                assert_eq!(fs::read(folder.at("out.csv")).ok(), exists.then(|| b"before".to_vec()));
            }
        }
    }
    // A device may take several outputs.
    let run = Folder::new().run(&["logs"]).args(["--output", "/dev/null", "--report", "json=/dev/null"]).status(0);
    assert!(run.stdout.is_empty());
}

#[test]
fn a_file_keeps_its_mode_and_a_link_stays_a_link() {
    for one in OPTIONS {
        for mode in [0o600, 0o640, 0o644, 0o666, 0o755, 0o444] {
            let folder = Folder::new();
            write(&folder.at("out/real.csv"), "before");
            fs::set_permissions(folder.at("out/real.csv"), fs::Permissions::from_mode(mode)).unwrap();
            symlink("out/real.csv", folder.at("to.csv")).unwrap();
            folder.run(&["logs/app.csv"]).args(option(one, Path::new("to.csv"))).status(0);
            assert!(folder.at("to.csv").is_symlink(), "{one:?}");
            let written = fs::metadata(folder.at("out/real.csv")).unwrap();
            assert_eq!(written.permissions().mode() & 0o7777, mode, "{one:?}");
            assert_ne!(fs::read(folder.at("out/real.csv")).unwrap(), b"before", "{one:?}");
        }
        // The link exists before the file.
        let folder = Folder::new();
        fs::create_dir(folder.at("out")).unwrap();
        symlink("out/new.csv", folder.at("first.csv")).unwrap();
        symlink("first.csv", folder.at("second.csv")).unwrap();
        folder.run(&["logs/app.csv"]).args(option(one, Path::new("second.csv"))).status(0);
        assert!(folder.at("first.csv").is_symlink() && folder.at("second.csv").is_symlink(), "{one:?}");
        let made = fs::metadata(folder.at("out/new.csv")).unwrap();
        fs::write(folder.at("any"), "").unwrap();
        let usual = fs::metadata(folder.at("any")).unwrap();
        assert_eq!(made.permissions(), usual.permissions(), "a new file has the mode of any new file");
        assert_eq!(fs::read_dir(folder.at("out")).unwrap().count(), 1, "nothing temporary is left");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_a_message() {
    let folder = Folder::new();
    symlink("circle.csv", folder.at("circle.csv")).unwrap();
    symlink("no/such/folder/x.csv", folder.at("nowhere.csv")).unwrap();
    for name in ["circle.csv", "nowhere.csv"] {
        let done = folder.run(&["logs/app.csv"]).args(["--output", name]).status(3);
        assert!(done.stderr.contains(&format!("cannot write {name}")), "{}", done.stderr);
        assert!(folder.at(name).is_symlink());
    }
    read_summary(&folder.run(&["logs/app.csv"]).args(["--format", "json", "--output", "/dev/stdout"]).stdout());
}

/// Files that cannot be written: a name, what makes it impossible, and what is said. The program is told of no temporary
/// file of its own.
#[test]
fn an_output_that_cannot_be_written_is_told_with_the_remedy_and_costs_the_others_nothing() {
    for (name, said) in [
        ("no/such.csv", "no such file or directory; make its directory first"),
        ("logs/app.csv/x.csv", "not a directory"),
        ("logs.csv", "it is a directory; name a file in it"),
        ("circle.csv", "symbolic links"),
    ] {
        for one in OPTIONS {
            let folder = Folder::new();
            fs::create_dir(folder.at("logs.csv")).unwrap();
            symlink("circle.csv", folder.at("circle.csv")).unwrap();
            let bad = || option(one, Path::new(name));
            let done = folder.run(&["logs/app.csv"]).args(bad()).args(["--report", "json=good.json"]).status(3);
            let want = format!("cannot write {name}: ");
            assert!(done.stderr.contains(&want) && done.stderr.contains(said), "{one:?} {name}: {}", done.stderr);
            assert!(!done.stderr.contains(".lambda-triage"), "{}", done.stderr);
            read_summary(&fs::read_to_string(folder.at("good.json")).unwrap());
            // The gate has its say whatever becomes of the outputs.
            let gated = folder.run(&["logs/app.csv"]).args(bad()).args(["--fail-on", "failed > 0"]).status(1);
            assert!(gated.stderr.contains("gate failed") && gated.stderr.contains(&want), "{}", gated.stderr);
        }
        // Nobody would get the answer.
        let folder = Folder::new();
        fs::create_dir(folder.at("logs.csv")).unwrap();
        symlink("circle.csv", folder.at("circle.csv")).unwrap();
        let done = folder.run(&["no/log"]).args(["--output", name]).status(3);
        assert!(!done.stderr.contains("no/log"), "it ends at once: {}", done.stderr);
    }
}

#[test]
fn an_output_that_an_earlier_run_left_in_a_directory_is_told_with_that() {
    let folder = Folder::new();
    let run = || folder.run(&["logs"]).args(["--format", "json", "--output", "logs/summary.json"]);
    run().status(0);
    let done = run().status(2);
    assert!(done.stderr.contains("logs/summary.json") && done.stderr.contains("in the directory logs that is read"));
    run().args(["--exclude", "summary.json"]).status(0);
}

/// Whoever may read an output by its group still may. Only root can choose a group here.
#[test]
fn a_file_keeps_its_group() {
    let folder = Folder::new();
    write(&folder.at("out.csv"), "before");
    if chown(folder.at("out.csv"), Some(12), Some(34)).is_ok() {
        fs::set_permissions(folder.at("out.csv"), fs::Permissions::from_mode(0o640)).unwrap();
        folder.run(&["logs/app.csv"]).args(["--output", "out.csv"]).status(0);
        let written = fs::metadata(folder.at("out.csv")).unwrap();
        assert_eq!((written.uid(), written.gid(), written.mode() & 0o777), (12, 34, 0o640));
    }
}
