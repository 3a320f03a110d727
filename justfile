# Names for what is done often. `just` lists them; each is one line that can be typed as well.

# Tests that need only Rust, without the AWS SDK: the fast ones while working on logs
test *args:
    cargo test --locked --no-default-features {{args}}

# Everything that must hold before a change lands
ci:
    .ci/run

# What takes longer
long:
    .ci/long

# Goldens written anew; read the difference
goldens:
    UPDATE_EXPECTED=1 cargo test --locked --no-default-features

# What of the change since main no test sees
mutants:
    tests/mutants/run --in-diff
