/// Something that is measured of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// In nanoseconds: to the end of the response, or of a stream to its head. Every request has one, so that it counts
    /// requests too.
    Duration,
}

impl Amount {
    /// The index of its measure in the store.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}
