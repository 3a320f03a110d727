//! Entry point: runs the command line and turns its result into an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_triage::internal::run().into()
}
