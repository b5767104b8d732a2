use std::sync::atomic::{AtomicU8, Ordering};

/// What there is to do for a request beside counting it, and what was seen of it.
///
/// To test a flag takes 20 instructions less than to look at all that it stands for. All eight are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// When it starts: to look at more of the request's head than its method and route.
    pub(crate) const REQUEST: Self = Self(1);
    /// When there is a response: to look at more of its head than its status and route.
    pub(crate) const RESPONSE: Self = Self(1 << 1);
    /// When there is a response: to note when.
    pub(crate) const RESPONSE_START: Self = Self(1 << 2);
    /// Anything that there is to do when there is a response.
    pub(super) const HEAD: Self = Self::RESPONSE.and(Self::RESPONSE_START);
    /// When bytes of the body pass: to note when the first did.
    pub(crate) const FIRST_BYTE: Self = Self(1 << 3);
    /// At its end: to count more than its duration, or to offer it as an exemplar.
    pub(crate) const AMOUNTS: Self = Self(1 << 4);
    /// At its end: to find out how a call or a stream ended.
    pub(super) const COMPLETION: Self = Self(1 << 5);
    /// Its body has said that it ended.
    pub(super) const ENDED: Self = Self(1 << 6);
    /// Its body has panicked.
    pub(super) const PANICKED: Self = Self(1 << 7);
    /// Anything that its end has to find out.
    pub(super) const END: Self = Self::COMPLETION.and(Self::PANICKED);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With that as well if a condition holds.
    pub(crate) fn and_if(self, condition: bool, other: Self) -> Self {
        match condition {
            true => self.and(other),
            false => self,
        }
    }

    /// Whether it has any of these.
    #[inline]
    pub(super) fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

/// The flags of a request. The body's `&self` methods set some, and only have a shared reference, so they are atomic.
#[derive(Debug)]
pub(super) struct SharedFlags(AtomicU8);

impl SharedFlags {
    pub(super) fn new(flags: Flags) -> Self {
        Self(AtomicU8::new(flags.0))
    }

    /// Whether it has any of these.
    #[inline]
    pub(super) fn has(&self, any: Flags) -> bool {
        Flags(self.0.load(Ordering::Relaxed)).has(any)
    }

    pub(super) fn set(&mut self, flags: Flags) {
        *self.0.get_mut() |= flags.0;
    }

    pub(super) fn set_shared(&self, flags: Flags) {
        self.0.fetch_or(flags.0, Ordering::Relaxed);
    }

    pub(super) fn clear(&mut self, flags: Flags) {
        *self.0.get_mut() &= !flags.0;
    }
}
