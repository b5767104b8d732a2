use super::text::Hashed;
use crate::sync::Table;
use std::fmt;

/// Values by names that come from the program. They are never removed, and are found without a lock.
pub(super) struct Names<V> {
    table: Table<Named<V>>,
}

#[derive(Clone, Copy, Debug)]
struct Named<V> {
    name: Hashed<'static>,
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
        let name = Hashed::new(name);
        let known = self.table.find(name.hash, |known| known.name == name);
        known.map(|known| known.value)
    }

    /// The value of a name, made when the name is first seen. The name is then kept as long as the process lives.
    pub(super) fn get_or_insert(
        &self,
        name: &str,
        make: impl FnOnce(&'static str) -> V,
    ) -> Option<V> {
        let name = Hashed::new(name);
        let new = || {
            let name = name.leaked();
            Named {
                name,
                value: make(name.text),
            }
        };
        let hash_of = |known: &Named<V>| known.name.hash;
        let is = |known: &Named<V>| known.name == name;
        let known = self.table.find_or_insert(name.hash, hash_of, is, new);
        known.map(|known| known.value)
    }
}

impl<V> fmt::Debug for Names<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}
