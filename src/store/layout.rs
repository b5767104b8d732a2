use crate::histogram::Bins;

/// A measure, and its place in a cell.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) bins: Bins,
    pub(super) place: Place,
}

/// The size of a cell.
#[derive(Debug)]
pub(super) struct Layout {
    /// Words that each cell has from the start.
    pub(super) words: usize,
    /// Blocks of bins. A cell gets each one when something first falls into it.
    pub(super) blocks: usize,
}

/// The place of a measure in a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) sum: usize,
    pub(super) bins: PlaceOfBins,
}

/// Few bins are among the words of a cell, many are in blocks.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlaceOfBins {
    Words(usize),
    Blocks(usize),
}

/// How many bins a block has.
pub(super) const BLOCK: usize = 64;
/// Up to so many bins are among the words: the most buckets that a classic histogram can have.
pub(super) const MAX_INLINE: usize = 65;

impl Layout {
    pub(super) fn new(measures: Box<[Bins]>) -> (Self, Box<[Measure]>) {
        let (mut words, mut blocks) = (0, 0);
        let places = measures.into_iter().map(|bins| {
            let sum = words;
            words += 1;
            let len = bins.len();
            let place = if len <= MAX_INLINE {
                words += len;
                PlaceOfBins::Words(sum + 1)
            } else {
                blocks += len.div_ceil(BLOCK);
                PlaceOfBins::Blocks(blocks - len.div_ceil(BLOCK))
            };
            let place = Place { sum, bins: place };
            Measure { bins, place }
        });
        let measures = places.collect();
        (Self { words, blocks }, measures)
    }
}
