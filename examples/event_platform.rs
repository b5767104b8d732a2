//! A platform for events: an API, a processor behind a queue, and the back end of the user interface.
//!
//! `cargo run --example event_platform`. Its code is in `examples/systems/src/bin/event_platform`, and `docs/systems.md` says what it shows.

#[path = "shared/system.rs"]
mod system;

fn main() -> std::io::Result<()> {
    Err(system::start("event_platform"))
}
