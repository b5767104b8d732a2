//! Starts a system of `examples/systems`.

use std::{env, io, process::Command};

/// Builds and runs it in place of this program. They are a crate of their own, so that only those who start one build
/// its database.
pub(crate) fn start(name: &str) -> io::Error {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--locked", "--bin", name]);
    command.args([
        "--manifest-path",
        &format!("{root}/examples/systems/Cargo.toml"),
    ]);
    command.args(["--target-dir", &format!("{root}/target")]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    run(command.arg("--").args(env::args_os().skip(1)))
}

/// As this very process, so that signals reach the system.
#[cfg(unix)]
fn run(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

#[cfg(not(unix))]
fn run(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
