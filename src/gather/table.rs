use super::texts::LabelParts;
use std::{iter, sync::Arc};

/// How many series a chunk has. At most so many are copied if a series is added while a scrape still shares the chunk.
const CHUNK: usize = 256;
const NO_MORE: u32 = u32::MAX;

/// Series in the order in which they were made: their labels, and the keys that each sums up. Clones share the chunks.
#[derive(Clone, Default)]
pub(super) struct SeriesTable {
    chunks: Vec<Arc<Chunk>>,
}

#[derive(Clone, Default)]
struct Chunk {
    series: Vec<Entry>,
    links: Vec<Link>,
}

#[derive(Clone)]
struct Entry {
    labels: LabelParts,
    key: u32,
    /// The first link to its other keys, or `NO_MORE`.
    more: u32,
}

/// One more key of a series, and the next link.
#[derive(Clone)]
struct Link {
    key: u32,
    more: u32,
}

impl SeriesTable {
    pub(super) fn len(&self) -> usize {
        let last = self.chunks.last().map_or(0, |last| last.series.len());
        self.chunks.len().saturating_sub(1) * CHUNK + last
    }

    /// Adds a series, and returns its index.
    pub(super) fn push(&mut self, labels: LabelParts, key: u32) -> u32 {
        let index = self.len();
        if index % CHUNK == 0 {
            self.shrink();
            self.chunks.push(Arc::default());
        }
        if let Some(chunk) = self.chunks.last_mut() {
            let chunk = Arc::make_mut(chunk);
            chunk.series.push(Entry {
                labels,
                key,
                more: NO_MORE,
            });
        }
        index as u32
    }

    /// Frees the room that growing took in advance.
    pub(super) fn shrink(&mut self) {
        if let Some(chunk) = self.chunks.last_mut() {
            let chunk = Arc::make_mut(chunk);
            chunk.series.shrink_to_fit();
            chunk.links.shrink_to_fit();
        }
    }

    /// Adds a key to a series.
    pub(super) fn link(&mut self, index: u32, key: u32) {
        let (chunk, at) = place(index);
        let Some(chunk) = self.chunks.get_mut(chunk).map(Arc::make_mut) else {
            return;
        };
        if let Some(series) = chunk.series.get_mut(at) {
            let link = chunk.links.len() as u32;
            let more = std::mem::replace(&mut series.more, link);
            chunk.links.push(Link { key, more });
        }
    }

    /// The labels of a series.
    pub(super) fn labels(&self, index: u32) -> Option<LabelParts> {
        let (chunk, at) = place(index);
        let series = self.chunks.get(chunk)?.series.get(at)?;
        Some(series.labels)
    }

    /// The keys of a series. The one that it was made for comes first.
    pub(super) fn keys(&self, index: u32) -> impl Iterator<Item = u32> {
        let (chunk, at) = place(index);
        let chunk = self.chunks.get(chunk);
        let first = chunk.and_then(|chunk| chunk.series.get(at));
        let mut more = first.map_or(NO_MORE, |first| first.more);
        let others = iter::from_fn(move || {
            let link = chunk?.links.get(more as usize)?;
            more = link.more;
            Some(link.key)
        });
        first.map(|first| first.key).into_iter().chain(others)
    }
}

/// The chunk of a series, and its place in it.
fn place(index: u32) -> (usize, usize) {
    let index = index as usize;
    (index / CHUNK, index % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_keep_their_labels_and_keys_and_clones_what_they_had() {
        let mut table = SeriesTable::default();
        for n in 0..1_000 {
            assert_eq!(table.push([n, 7], n), n);
        }
        let before = table.clone();
        for n in 0..1_000 {
            table.link(n, 1_000 + n);
            table.link(n, 2_000 + n);
        }
        assert_eq!((before.len(), table.len()), (1_000, 1_000));
        for n in 0..1_000 {
            assert_eq!(table.labels(n), Some([n, 7]));
            let keys: Vec<_> = table.keys(n).collect();
            assert_eq!(keys, [n, 2_000 + n, 1_000 + n]);
            assert_eq!(before.keys(n).collect::<Vec<_>>(), [n]);
        }
        assert_eq!(
            (table.labels(1_000), table.keys(1_000).next()),
            (None, None)
        );
    }
}
