//! The binary: runs the command line and turns its result into an exit status.

fn main() {}
