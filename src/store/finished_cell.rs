use super::{
    cells::{Cell, Writers, add},
    layout::{BLOCK, Place, PlaceOfBins},
};
use std::sync::{OnceLock, atomic::AtomicU64};

/// The measures of what finished under one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct FinishedCell {
    key: u64,
    /// The key's index among the store's keys.
    pub(super) index: u32,
    pub(super) words: &'static [AtomicU64],
    /// Behind one pointer, since few stores have any.
    blocks: Option<&'static Blocks>,
}

/// Each is made when something first falls into it.
type Blocks = Box<[OnceLock<Box<[AtomicU64]>>]>;

impl Cell for FinishedCell {
    #[inline]
    fn key(&self) -> u64 {
        self.key
    }
}

impl FinishedCell {
    /// A cell that can get so many blocks.
    pub(super) fn new(key: u64, index: u32, words: &'static [AtomicU64], blocks: usize) -> Self {
        let blocks = (blocks > 0).then(|| {
            let blocks: Blocks = (0..blocks).map(|_| OnceLock::new()).collect();
            &*Box::leak(Box::new(blocks))
        });
        Self {
            key,
            index,
            words,
            blocks,
        }
    }

    pub(super) fn blocks(&self) -> &'static [OnceLock<Box<[AtomicU64]>>] {
        self.blocks.map_or(&[], |blocks| blocks)
    }

    /// Adds an amount that falls into that bin.
    // As a call, it would cost a request 10 instructions.
    #[inline(always)]
    pub(super) fn add(&self, writers: Writers, place: &Place, amount: u64, bin: usize) {
        if let Some(sum) = self.words.get(place.sum) {
            add(writers, sum, amount);
        }
        let bin = match place.bins {
            PlaceOfBins::Words(first) => self.words.get(first + bin),
            PlaceOfBins::Blocks(first) => self.bin_of_blocks(first, bin),
        };
        if let Some(bin) = bin {
            add(writers, bin, 1);
        }
    }

    fn bin_of_blocks(&self, first: usize, bin: usize) -> Option<&AtomicU64> {
        let block = self.blocks().get(first + bin / BLOCK)?;
        let new = || (0..BLOCK).map(|_| AtomicU64::new(0)).collect();
        block.get_or_init(new).get(bin % BLOCK)
    }
}
