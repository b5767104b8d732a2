use crate::sync::{HASH_FACTOR, Table};
use std::fmt;

/// Values by names that come from the program. They are never removed, and found without a lock.
pub(super) struct Names<V> {
    table: Table<Named<V>>,
}

#[derive(Clone, Copy, Debug)]
struct Named<V> {
    hash: u64,
    name: &'static str,
    value: V,
}

impl<V: Copy> Names<V> {
    pub(super) fn new() -> Self {
        Self {
            table: Table::new(),
        }
    }

    #[inline]
    pub(super) fn get(&self, name: &str) -> Option<V> {
        let hash = hash(name);
        let known = self.table.find(hash, |known| known.is(hash, name));
        known.map(|known| known.value)
    }

    /// The value of a name, made when the name is first seen. The name is then kept as long as the process lives.
    pub(super) fn get_or_insert(
        &self,
        name: &str,
        make: impl FnOnce(&'static str) -> V,
    ) -> Option<V> {
        let hash = hash(name);
        let new = || {
            let name: &'static str = Box::leak(Box::from(name));
            Named {
                hash,
                name,
                value: make(name),
            }
        };
        let hash_of = |known: &Named<V>| known.hash;
        let is = |known: &Named<V>| known.is(hash, name);
        let known = self.table.find_or_insert(hash, hash_of, is, new);
        known.map(|known| known.value)
    }
}

impl<V> Named<V> {
    #[inline]
    fn is(&self, hash: u64, name: &str) -> bool {
        // Comparing the text is a call that costs more than the rest of the search: the hash avoids most of them.
        self.hash == hash && self.name == name
    }
}

/// Eight bytes at a time. It is no defence against collisions on purpose: names come from the program.
pub(super) fn hash(name: &str) -> u64 {
    let mix = |hash: u64, word: [u8; 8]| {
        (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(HASH_FACTOR)
            .rotate_left(29)
    };
    let bytes = name.as_bytes();
    let mut hash = bytes.len() as u64;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        hash = mix(hash, *word);
        rest = after;
    }
    // The last eight bytes, some of which were hashed already, or all of a shorter name.
    let last = bytes.last_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        word
    });
    mix(hash, last).wrapping_mul(HASH_FACTOR)
}

impl<V> fmt::Debug for Names<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_length_are_told_apart() {
        let mut hashes: Vec<u64> = (0..200).map(|n| hash(&"/".repeat(n))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200);
    }
}
