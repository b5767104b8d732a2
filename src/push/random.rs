use std::hash::{BuildHasher, RandomState};

/// A number that nobody can foresee, though not for keys: what hash maps are seeded with.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(0)
}
