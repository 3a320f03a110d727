//! What the fuzzers found, replayed without them: `fixtures/finds/TARGET/NAME`, as small as it was made.

#[path = "../../fuzz/laws/mod.rs"]
mod laws;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A law of any bytes, by the name of its target.
type Law = (&'static str, fn(&[u8]));

const LAWS: [Law; 7] = [
    ("analyze", laws::analyze::check),
    ("assemble", laws::assemble::check),
    ("decode", laws::decode::check),
    ("parse", laws::parse::check),
    ("records", laws::records::check),
    ("redact", laws::redact::check),
    ("settings", laws::settings::check),
];

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn what_was_found_holds_now() {
    let finds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/finds");
    for target in names(&finds) {
        let (_, check) = LAWS.iter().find(|(name, _)| *name == target).unwrap_or_else(|| panic!("no law {target}"));
        for name in names(&finds.join(&target)) {
            println!("{target}/{name}");
            check(&fs::read(finds.join(&target).join(name)).unwrap());
        }
    }
}

#[test]
fn every_target_has_a_law() {
    let targets = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets"));
    let laws: BTreeSet<String> = LAWS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    assert_eq!(targets, laws);
}

proptest::proptest! {
    /// What the fuzzer of streams draws, in small.
    #[test]
    fn a_stream_is_the_same_in_two_pieces(cut in 0..12u8, lines in proptest::collection::vec(0..16u8, 0..12)) {
        let bytes: Vec<u8> = std::iter::once(cut).chain(lines).collect();
        laws::assemble::check(&bytes);
    }
}
