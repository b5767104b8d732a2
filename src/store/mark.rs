/// What a slot holds: which key of which store it shows, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(pub(super) u64);

impl Mark {
    /// No store has the number 0.
    pub(super) const NOTHING: Self = Self(0);

    /// Of a store, by its number, and of a key, by its index.
    pub(super) fn new(store: u32, key: u32) -> Self {
        Self(u64::from(store) << 32 | u64::from(key))
    }

    /// The index of the key, if it is one of that store.
    pub(super) fn key_of(self, store: u32) -> Option<usize> {
        let Self(mark) = self;
        ((mark >> 32) as u32 == store).then_some(mark as u32 as usize)
    }
}
