use super::{HASH_FACTOR, RequestKey, Table};
use crate::TraceId;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

/// How old an exemplar has to be before another takes its place: scrapes are farther apart.
const YOUNG: Duration = Duration::from_secs(1);
/// How often a reader looks at a place that is being written.
const TRIES: usize = 64;

/// The last request of each bucket that belonged to a trace.
///
/// A request that comes too early, or while another is written, goes on without waiting: there will be more.
#[derive(Debug)]
pub(crate) struct Exemplars {
    rows: Table<Row>,
    /// How many buckets a row has.
    buckets: usize,
}

/// Those of one key.
#[derive(Debug)]
struct Row {
    key: u64,
    places: Box<[Place]>,
}

#[derive(Debug, Default)]
struct Place {
    busy: AtomicBool,
    /// Milliseconds since 1970; 0 as long as there is none.
    millis: AtomicU64,
    nanos: AtomicU64,
    id: [AtomicU64; 2],
}

/// A request of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exemplar {
    pub(crate) trace: TraceId,
    /// How long it took.
    pub(crate) nanos: u64,
    /// When it ended, since 1970.
    pub(crate) millis: u64,
}

/// By the index of a key, and bucket.
pub(crate) type ExemplarMap = BTreeMap<(u32, usize), Exemplar>;

impl Exemplars {
    pub(super) fn new(buckets: usize) -> Self {
        Self {
            rows: Table::new(),
            buckets,
        }
    }

    /// A request of that key ended in that bucket.
    pub(super) fn offer(&self, key: RequestKey, bucket: usize, trace: TraceId, nanos: u64) {
        let key = key.pack();
        let hash = key.wrapping_mul(HASH_FACTOR);
        let known = self.rows.find(hash, |row| row.key == key);
        let row = known.or_else(|| {
            let make = || Row {
                key,
                places: (0..self.buckets).map(|_| Place::default()).collect(),
            };
            self.rows.find_or_insert(hash, |row| row.key == key, make)
        });
        let Some(place) = row.and_then(|row| row.places.get(bucket)) else {
            return;
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = now.map_or(0, |now| now.as_millis() as u64);
        place.write(Exemplar {
            trace,
            nanos,
            millis,
        });
    }

    /// All of them, for the keys that have an index.
    pub(super) fn read(&self, index: impl Fn(u64) -> Option<u32>) -> ExemplarMap {
        let rows = self.rows.iter();
        let rows = rows.filter_map(|row| Some((index(row.key)?, row)));
        let places = rows.flat_map(|(key, row)| (0..).zip(&row.places).map(move |at| (key, at)));
        places
            .filter_map(|(key, (bucket, place))| Some(((key, bucket), place.read()?)))
            .collect()
    }
}

impl Place {
    fn write(&self, exemplar: Exemplar) {
        let Exemplar {
            trace,
            nanos,
            millis,
        } = exemplar;
        let age = millis.saturating_sub(self.millis.load(Ordering::Relaxed));
        if u128::from(age) < YOUNG.as_millis() || self.busy.swap(true, Ordering::Acquire) {
            return;
        }
        self.millis.store(millis, Ordering::Relaxed);
        self.nanos.store(nanos, Ordering::Relaxed);
        for (half, value) in self.id.iter().zip(trace.halves()) {
            half.store(value, Ordering::Relaxed);
        }
        self.busy.store(false, Ordering::Release);
    }

    fn read(&self) -> Option<Exemplar> {
        if self.millis.load(Ordering::Relaxed) == 0 {
            return None;
        }
        // Writing is a few instructions long, unless its thread was interrupted there.
        (0..TRIES).find(|_| !self.busy.swap(true, Ordering::Acquire))?;
        let [upper, lower] = &self.id;
        let exemplar = TraceId::from_halves(
            [upper, lower].map(|half| half.load(Ordering::Relaxed)),
        )
        .map(|trace| Exemplar {
            trace,
            nanos: self.nanos.load(Ordering::Relaxed),
            millis: self.millis.load(Ordering::Relaxed),
        });
        self.busy.store(false, Ordering::Release);
        exemplar
    }
}
