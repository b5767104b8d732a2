//! The back end of a quiz: users, sessions and questions in a database, and metrics that are pulled and pushed.
//!
//! `cargo run --example quiz_api`. Its code is in `examples/systems/src/bin/quiz_api`, and `docs/systems.md` says what it shows.

#[path = "shared/system.rs"]
mod system;

fn main() -> std::io::Result<()> {
    Err(system::start("quiz_api"))
}
