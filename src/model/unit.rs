/// The unit of a family whose amounts are counted in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Counted in nanoseconds.
    Seconds,
    Bytes,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
        }
    }

    /// How many of what is counted make one of the unit.
    pub(crate) fn parts(self) -> f64 {
        match self {
            Self::Seconds => 1e9,
            Self::Bytes => 1.0,
        }
    }
}
