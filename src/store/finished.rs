use super::{
    active::Active, cells::Writers, finished_cell::FinishedCell, layout::Measure, shard::Shard,
};

/// Something that finished. The caller adds its measures, and then ends it or clears its slot.
#[derive(Clone, Copy)]
pub(crate) struct Finished {
    shard: &'static Shard,
    /// Those of the shard. A copy, so that the quick way, which knows who they are, compiles without the other case.
    writers: Writers,
    /// `None` if there was no room for its key.
    cell: Option<&'static FinishedCell>,
    active: Option<Active>,
}

impl Finished {
    #[inline(always)]
    pub(super) fn new(
        shard: &'static Shard,
        writers: Writers,
        cell: Option<&'static FinishedCell>,
        active: Option<Active>,
    ) -> Self {
        Self {
            shard,
            writers,
            cell,
            active,
        }
    }

    /// Adds an amount to a measure.
    #[inline(always)]
    pub(crate) fn observe(&self, measure: usize, amount: u64) {
        let Some(cell) = self.cell else { return };
        if let Some(Measure { bins, place }) = self.shard.shared.measures.get(measure) {
            cell.add(self.writers, place, amount, bins.find(amount));
        }
    }

    /// Counts that it is no longer active. Not for what a slot shows. To be called last: where nothing is active,
    /// everything is counted.
    #[inline(always)]
    pub(crate) fn end(self) {
        if let Some(active) = self.active {
            active.end(self.shard, self.writers);
        }
    }

    /// Offers it as the exemplar of the bucket that the amount falls into.
    #[cold]
    pub(crate) fn exemplify(&self, measure: usize, amount: u64, id: u128) {
        let of = self.shard.shared.measures.get(measure);
        let exemplars = self.shard.shared.exemplars.as_ref();
        if let (Some(cell), Some(of), Some(exemplars)) = (self.cell, of, exemplars) {
            let bucket = of.bins.classic(of.bins.find(amount));
            exemplars.offer(cell.index, (measure, bucket), id, amount);
        }
    }
}
