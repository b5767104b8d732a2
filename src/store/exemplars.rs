use crate::sync::{HASH_FACTOR, Table};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// How long an exemplar keeps its place. Scrapes are farther apart.
const YOUNG: Duration = Duration::from_secs(1);
/// How often a reader tries again while an exemplar is being written.
const TRIES: usize = 64;

/// For each bucket, a recent thing that has an id.
///
/// Nobody waits here: if the exemplar is still young, or is being written, a new one is left out.
#[derive(Debug)]
pub(crate) struct Exemplars {
    buckets: Table<Bucket>,
}

/// The exemplar of one bucket of one key's measure.
#[derive(Clone, Debug)]
struct Bucket {
    index: u32,
    /// The numbers of the measure and of its bucket.
    bucket: (usize, usize),
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    busy: AtomicBool,
    /// Milliseconds since 1970; 0 until there is an exemplar.
    millis: AtomicU64,
    amount: AtomicU64,
    id: [AtomicU64; 2],
}

/// One of the things that fell into a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exemplar {
    pub(crate) id: u128,
    pub(crate) amount: u64,
    /// When it was finished, since 1970.
    pub(crate) millis: u64,
}

/// By the index of the key, the measure, and the bucket.
pub(crate) type ExemplarMap = BTreeMap<(u32, usize, usize), Exemplar>;

impl Exemplars {
    pub(super) fn new() -> Self {
        Self {
            buckets: Table::new(),
        }
    }

    /// Offers something that finished as the exemplar of a bucket. `index` is that of its key.
    pub(super) fn offer(&self, index: u32, bucket: (usize, usize), id: u128, amount: u64) {
        let is = |kept: &Bucket| (kept.index, kept.bucket) == (index, bucket);
        let hash = hash(index, bucket);
        let known = self.buckets.find(hash, is);
        let kept = known.or_else(|| {
            let make = || Bucket {
                index,
                bucket,
                kept: Arc::default(),
            };
            let hash_of = |kept: &Bucket| self::hash(kept.index, kept.bucket);
            self.buckets.find_or_insert(hash, hash_of, is, make)
        });
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = now.map_or(0, |now| now.as_millis() as u64);
        if let Some(Bucket { kept, .. }) = kept {
            kept.write(Exemplar { id, amount, millis });
        }
    }

    pub(super) fn read(&self) -> ExemplarMap {
        let read = |of: &Bucket| {
            let (measure, bucket) = of.bucket;
            Some(((of.index, measure, bucket), of.kept.read()?))
        };
        self.buckets.iter().filter_map(read).collect()
    }
}

fn hash(index: u32, (measure, bucket): (usize, usize)) -> u64 {
    let word = u64::from(index) << 32 | (measure as u64) << 16 | bucket as u64;
    word.wrapping_mul(HASH_FACTOR)
}

impl Kept {
    fn write(&self, exemplar: Exemplar) {
        let Exemplar { id, amount, millis } = exemplar;
        // If the clock was set back, the kept one seems to come from the future. It is replaced.
        let age = millis.checked_sub(self.millis.load(Ordering::Relaxed));
        let is_young = age.is_some_and(|age| u128::from(age) < YOUNG.as_millis());
        if is_young || self.busy.swap(true, Ordering::Acquire) {
            return;
        }
        self.millis.store(millis, Ordering::Relaxed);
        self.amount.store(amount, Ordering::Relaxed);
        let [upper, lower] = &self.id;
        upper.store((id >> 64) as u64, Ordering::Relaxed);
        lower.store(id as u64, Ordering::Relaxed);
        self.busy.store(false, Ordering::Release);
    }

    fn read(&self) -> Option<Exemplar> {
        if self.millis.load(Ordering::Relaxed) == 0 {
            return None;
        }
        // Writing takes a few instructions, unless its thread is interrupted in the middle.
        (0..TRIES).find(|_| !self.busy.swap(true, Ordering::Acquire))?;
        let [upper, lower] = [&self.id[0], &self.id[1]].map(|half| half.load(Ordering::Relaxed));
        let exemplar = Exemplar {
            id: u128::from(upper) << 64 | u128::from(lower),
            amount: self.amount.load(Ordering::Relaxed),
            millis: self.millis.load(Ordering::Relaxed),
        };
        self.busy.store(false, Ordering::Release);
        Some(exemplar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_steps_back_does_not_keep_an_exemplar_for_ever() {
        let kept = Kept::default();
        let at = |id, millis| Exemplar {
            id,
            amount: 5,
            millis,
        };
        kept.write(at(1, 10_000_000));
        kept.write(at(2, 10_000_999));
        assert_eq!(kept.read(), Some(at(1, 10_000_000)), "it is young");
        kept.write(at(3, 9_000_000));
        assert_eq!(kept.read(), Some(at(3, 9_000_000)));
        kept.write(at(4, 9_001_000));
        assert_eq!(kept.read(), Some(at(4, 9_001_000)));
    }
}
