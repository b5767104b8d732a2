//! What can go wrong, as types that name the value.

mod build;

pub use self::build::BuildError;
