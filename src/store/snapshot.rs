use super::{
    Store,
    exemplars::{Exemplar, ExemplarMap},
    finished_cell::FinishedCell,
    layout::{BLOCK, Place, PlaceOfBins},
    shard::Shard,
};
use crate::sync::Cursor;
use std::{mem, sync::atomic::Ordering};

/// How many words are summed up before others get their turn: a fraction of a millisecond.
const WORDS_PER_STRETCH: usize = 4_096;
/// How many keys share a chunk of words.
const CHUNK: usize = 256;

/// The counts of all shards, summed up for each key. Keys are named by their index.
#[derive(Default)]
pub(crate) struct Snapshot {
    places: Box<[Place]>,
    /// How many words there are for each key.
    width: usize,
    /// By chunk of keys. Each chunk is made when it is needed: all at once would take too long.
    words: Vec<Box<[u64]>>,
    blocks_per_key: usize,
    /// For each key, which of the blocks are its own; 0 for those that are empty.
    block_numbers: Vec<u32>,
    blocks: Vec<u64>,
    exemplars: ExemplarMap,
}

/// A snapshot that is being taken.
pub(crate) struct Collecting {
    snapshot: Snapshot,
    shard: usize,
    /// The place in that shard, once its reading has begun.
    cursor: Option<Cursor>,
}

impl Store {
    /// Begins to sum up all shards.
    pub(crate) fn collect(&self) -> Collecting {
        let keys = self.shared.finished.len();
        Collecting {
            snapshot: Snapshot::new(self, keys),
            shard: 0,
            cursor: None,
        }
    }

    /// Sums up a few more cells. The snapshot, once that was all.
    pub(crate) fn collect_some(&self, collecting: &mut Collecting) -> Option<Snapshot> {
        let mut words = 0;
        while words < WORDS_PER_STRETCH {
            let Some(shard) = self.shards.get(collecting.shard) else {
                let mut snapshot = mem::take(&mut collecting.snapshot);
                if let Some(exemplars) = &self.shared.exemplars {
                    snapshot.exemplars = exemplars.read();
                }
                return Some(snapshot);
            };
            words += shard.get().map_or(0, |shard| collecting.collect(shard));
            if collecting.cursor.is_none() {
                collecting.shard += 1;
            }
        }
        None
    }
}

impl Collecting {
    /// Sums up a few more cells of a shard, and says how many words these were.
    fn collect(&mut self, shard: &Shard) -> usize {
        let cells = &shard.finished;
        let mut words = 0;
        for (next, cell) in cells.iter_from(self.cursor.unwrap_or_else(|| cells.begin())) {
            words += self.snapshot.add(cell);
            if words >= WORDS_PER_STRETCH {
                self.cursor = Some(next);
                return words;
            }
        }
        self.cursor = None;
        words
    }
}

impl Snapshot {
    fn new(store: &Store, keys: usize) -> Self {
        let layout = &store.shared.layout;
        Self {
            places: store
                .shared
                .measures
                .iter()
                .map(|measure| measure.place)
                .collect(),
            width: layout.words,
            words: vec![Box::default(); keys.div_ceil(CHUNK)],
            blocks_per_key: layout.blocks,
            block_numbers: vec![0; keys * layout.blocks],
            // The first block is empty, and stands for all that are.
            blocks: vec![0; if layout.blocks > 0 { BLOCK } else { 0 }],
            exemplars: ExemplarMap::new(),
        }
    }

    /// Adds the counts of a cell, and says how many words these were.
    ///
    /// The words of a measure are read from the last one to the first, the reverse of how they are written, so that
    /// whatever a bin counts is in the sum, too. One measure may be ahead of another.
    fn add(&mut self, cell: &FinishedCell) -> usize {
        let mut words = cell.words.len() + cell.blocks().len();
        let index = cell.index as usize;
        let first = index * self.blocks_per_key;
        grow(&mut self.block_numbers, first + self.blocks_per_key);
        for (number, block) in self.block_numbers[first..].iter_mut().zip(cell.blocks()) {
            let Some(block) = block.get() else { continue };
            if *number == 0 {
                *number = (self.blocks.len() / BLOCK) as u32;
                self.blocks.resize(self.blocks.len() + BLOCK, 0);
            }
            let sums = &mut self.blocks[*number as usize * BLOCK..];
            for (sum, word) in sums.iter_mut().zip(block) {
                *sum = sum.wrapping_add(word.load(Ordering::Acquire));
            }
            words += BLOCK;
        }
        let chunk = index / CHUNK;
        grow(&mut self.words, chunk + 1);
        let chunk = &mut self.words[chunk];
        if chunk.is_empty() {
            *chunk = vec![0; CHUNK * self.width].into();
        }
        let first = index % CHUNK * self.width;
        let sums = &mut chunk[first..first + self.width];
        for (sum, word) in sums.iter_mut().zip(cell.words).rev() {
            *sum = sum.wrapping_add(word.load(Ordering::Acquire));
        }
        words
    }

    /// The words of a key, from one to another.
    fn words(&self, index: usize, from: usize, to: usize) -> &[u64] {
        let first = index % CHUNK * self.width;
        let chunk = self.words.get(index / CHUNK);
        let words = chunk.and_then(|chunk| chunk.get(first + from..first + to));
        words.unwrap_or_default()
    }

    /// The sum of a key's amounts.
    pub(crate) fn sum(&self, index: usize, measure: usize) -> u64 {
        let place = self.places.get(measure);
        let sum = place.and_then(|place| self.words(index, place.sum, place.sum + 1).first());
        sum.copied().unwrap_or(0)
    }

    /// How many amounts fell into each bin. Empty bins may be left out. Nothing for a key that was first seen after
    /// the snapshot.
    pub(crate) fn bins(&self, index: usize, measure: usize) -> impl Iterator<Item = (usize, u64)> {
        let (inline, blocks) = match self.places.get(measure).map(|place| place.bins) {
            Some(PlaceOfBins::Words(first)) => {
                (self.words(index, first, self.end_of_bins(measure)), None)
            }
            Some(PlaceOfBins::Blocks(first)) => {
                let start = index * self.blocks_per_key;
                let end = self.end_of_blocks(measure);
                let blocks = self.block_numbers.get(start + first..start + end);
                (&[][..], blocks)
            }
            None => (&[][..], None),
        };
        let inline = inline.iter().copied().enumerate();
        let blocks = blocks.unwrap_or_default().iter().enumerate();
        let blocks = blocks.filter(|(_, number)| **number > 0);
        inline.chain(blocks.flat_map(|(block, number)| {
            let counts = &self.blocks[*number as usize * BLOCK..][..BLOCK];
            (block * BLOCK..).zip(counts.iter().copied())
        }))
    }

    /// Where the words of a measure end: where those of the next measure begin.
    fn end_of_bins(&self, measure: usize) -> usize {
        self.places
            .get(measure + 1)
            .map_or(self.width, |next| next.sum)
    }

    fn end_of_blocks(&self, measure: usize) -> usize {
        let mut next = self.places.iter().skip(measure + 1);
        let next = next.find_map(|place| match place.bins {
            PlaceOfBins::Blocks(first) => Some(first),
            PlaceOfBins::Words(_) => None,
        });
        next.unwrap_or(self.blocks_per_key)
    }

    /// How many amounts a measure has of a key.
    pub(crate) fn count(&self, index: usize, measure: usize) -> u64 {
        self.bins(index, measure).map(|(_, count)| count).sum()
    }

    /// Whether any bucket has an exemplar.
    pub(crate) fn has_exemplars(&self) -> bool {
        !self.exemplars.is_empty()
    }

    /// The exemplar of a key's bucket.
    pub(crate) fn exemplar(&self, index: usize, measure: usize, bucket: usize) -> Option<Exemplar> {
        let index = u32::try_from(index).ok()?;
        self.exemplars.get(&(index, measure, bucket)).copied()
    }
}

fn grow<T: Clone + Default>(values: &mut Vec<T>, len: usize) {
    if values.len() < len {
        values.resize(len, T::default());
    }
}
