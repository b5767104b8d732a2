use crate::{
    label::{OVERFLOW, ValueSets},
    store::{Key, Store},
};
use quanta::Clock;

/// What an operation and all that is active of it share. It lives as long as the process.
pub(super) struct Recorder {
    pub(super) clock: Clock,
    pub(super) store: Store,
    /// The names of its marks. The measure of each comes after that of the duration.
    pub(super) marks: Vec<&'static str>,
    pub(super) errors: ErrorKinds,
}

/// How many marks an operation can have.
pub(super) const MAX_MARKS: usize = 4;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Ok,
    Cancelled,
    /// With the kind of the error.
    Failed(&'static str),
}

/// What an operation that finished is counted under.
///
/// Packed: 16 bits for how it ended, and the upper half for the number of the labels' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FinishedKey {
    pub(super) set: u32,
    pub(super) end: End,
}

/// How it ended, as a key tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Ok,
    Cancelled,
    /// With the number of the error's kind.
    Failed(u16),
}

const SET: u32 = 32;
const FIRST_ERROR: u16 = 2;

impl FinishedKey {
    #[inline(always)]
    pub(super) fn pack(self) -> u64 {
        let end = match self.end {
            End::Ok => 0,
            End::Cancelled => 1,
            End::Failed(error) => FIRST_ERROR.saturating_add(error),
        };
        u64::from(self.set) << SET | u64::from(end)
    }

    pub(super) fn unpack(key: u64) -> Self {
        let end = match key as u16 {
            0 => End::Ok,
            1 => End::Cancelled,
            error => End::Failed(error - FIRST_ERROR),
        };
        Self {
            set: (key >> SET) as u32,
            end,
        }
    }
}

/// What an active operation is counted under.
#[inline(always)]
pub(super) fn active_key(set: u32) -> u64 {
    u64::from(set) << SET
}

/// The kinds of errors that were seen so far, by number. They come from the program, so that there are few.
pub(super) struct ErrorKinds(ValueSets<1>);

/// The number of the set that stands for those past the budget.
pub(super) const OVERFLOW_SET: u32 = 0;

/// How many kinds are told apart. All others are `_overflow`.
const MAX_ERRORS: usize = 1_000;

impl ErrorKinds {
    pub(super) fn new() -> Self {
        Self(ValueSets::new(&[[OVERFLOW]], MAX_ERRORS))
    }

    pub(super) fn number(&self, kind: &'static str) -> u16 {
        self.0.number([kind]).unwrap_or(OVERFLOW_SET) as u16
    }

    pub(super) fn name(&self, number: u16) -> &'static str {
        self.0.get(number.into()).map_or("", |[name]| name)
    }
}

/// What an error is called if nobody says which it is.
pub(super) const ERROR: &str = "error";

impl Recorder {
    /// How an operation ended that failed with an error of that kind.
    pub(super) fn failed(&self, kind: &'static str) -> End {
        // To Prometheus, a label without a value is none.
        let kind = if kind.is_empty() { ERROR } else { kind };
        End::Failed(self.errors.number(kind))
    }

    /// Makes the series of operations that may end so, with 0.
    pub(super) fn initialize(&self, set: u32, end: End) {
        let finished = Key::unbudgeted(FinishedKey { set, end }.pack());
        let active = Key::unbudgeted(active_key(set));
        self.store.initialize(finished, active);
    }

    #[inline(always)]
    pub(super) fn elapsed(&self, started_at: u64) -> u64 {
        self.clock.delta_as_nanos(started_at, self.clock.raw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_keys_unpack_to_themselves() {
        for set in [0, 1, u32::MAX] {
            for end in [End::Ok, End::Cancelled, End::Failed(0), End::Failed(1_000)] {
                let key = FinishedKey { set, end };
                assert_eq!(FinishedKey::unpack(key.pack()), key);
            }
            assert_eq!(FinishedKey::unpack(active_key(set)).set, set);
        }
    }
}
