//! An API to language models, with answers over server-sent events and WebSockets.
//!
//! `cargo run --example llm_api`. Its code is in `examples/systems/src/bin/llm_api`, and `docs/systems.md` says what it shows.

#[path = "shared/system.rs"]
mod system;

fn main() -> std::io::Result<()> {
    Err(system::start("llm_api"))
}
