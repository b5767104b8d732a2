//! A back end for tasks: a queue with workers and retries, tools, a database and a cache.
//!
//! `cargo run --example task_backend`. Its code is in `examples/systems/src/bin/task_backend`, and `docs/systems.md` says what it shows.

#[path = "shared/system.rs"]
mod system;

fn main() -> std::io::Result<()> {
    Err(system::start("task_backend"))
}
