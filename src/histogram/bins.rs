use super::NativeBuckets;

/// Where the amounts of one measure fall: in classic buckets, or in the bins that these make together with a
/// native histogram's.
#[derive(Debug)]
pub(crate) enum Bins {
    /// The upper bounds of buckets. The last bucket has none.
    Classic(Box<[u64]>),
    Native(NativeBuckets),
}

impl Bins {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Classic(bounds) => bounds.len() + 1,
            Self::Native(native) => native.bins(),
        }
    }

    /// The bin of an amount.
    // As a call, it would cost a request 12 instructions.
    #[inline(always)]
    pub(crate) fn find(&self, amount: u64) -> usize {
        match self {
            // Linear: most requests are fast, so that their bucket is among the first.
            Self::Classic(bounds) => bounds
                .iter()
                .position(|bound| amount <= *bound)
                .unwrap_or(bounds.len()),
            Self::Native(native) => native.bin(amount),
        }
    }

    /// The classic bucket of a bin.
    pub(crate) fn classic(&self, bin: usize) -> usize {
        match self {
            Self::Classic(_) => bin,
            Self::Native(native) => native.classic(bin),
        }
    }
}
