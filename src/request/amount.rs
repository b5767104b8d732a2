/// Something that is measured of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// In nanoseconds: to the end of the response, or of a stream to its head. Every request has one, so that it counts
    /// requests too.
    Duration,
}

impl Amount {
    /// The number of its measure in the store.
    pub(crate) const fn measure(self) -> usize {
        self as usize
    }

    /// The unit of its family.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Duration => "seconds",
        }
    }

    /// How many of what is measured make one of that unit.
    pub(crate) const fn per_unit(self) -> f64 {
        match self {
            Self::Duration => 1e9,
        }
    }
}
