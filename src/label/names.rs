use super::text::{hash, is_same};
use crate::sync::Table;
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
        self.hash == hash && is_same(self.name, name)
    }
}

impl<V> fmt::Debug for Names<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}
