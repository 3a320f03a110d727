//! Random attempts: written in every shape that the generator knows, they are counted as they were drawn.

use super::generate::{self, SHAPES, Truth};
use super::harness::{Run, directory, function};

#[test]
fn counts_are_those_that_were_drawn() {
    for seed in 0..4 {
        let corpus = generate::corpus(seed);
        for (shape, write) in SHAPES {
            let logs = directory();
            write(&corpus, logs.path());
            let summary = Run::analyze([logs.path()]).summary();
            for (name, truth) in &corpus.truth {
                let one = function(&summary, name);
                let failures = one["failures"].as_object().unwrap().iter();
                let counted = Truth {
                    attempts: one["attempts"].as_u64().unwrap(),
                    cold_starts: one["cold_starts"].as_u64().unwrap(),
                    failures: truth
                        .failures
                        .keys()
                        .map(|category| (*category, one["failures"][category].as_u64().unwrap()))
                        .collect(),
                };
                assert_eq!(&counted, truth, "{shape}, seed {seed}, {name}");
                let all: u64 = failures.map(|(_, count)| count.as_u64().unwrap()).sum();
                assert_eq!(all, truth.failures.values().sum::<u64>(), "{shape}, seed {seed}, {name}");
                assert_eq!(one["failed"], all, "{shape}, seed {seed}, {name}: nothing is unknown");
            }
            assert_eq!(summary["functions"].as_array().unwrap().len(), corpus.truth.len(), "{shape}");
            assert_eq!(summary["coverage"]["complete"], true, "{shape}: {}", summary["coverage"]);
        }
    }
}
