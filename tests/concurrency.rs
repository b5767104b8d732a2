//! The tests of concurrency alone. With optimisations, the whole of `it` takes minutes to build.

#[path = "it/concurrency.rs"]
mod concurrency;
#[path = "it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "`it` uses the rest")]
mod support;
