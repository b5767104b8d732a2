use super::index::{self, Index};
use crate::model::push_label;
use std::sync::Arc;

/// How many texts a chunk has. At most so many are copied if one is added while a scrape still shares the chunk.
const CHUNK: usize = 256;

/// How many labels the first text has: in most conventions, the method and the route.
const FIRST_LABELS: usize = 2;

/// The numbers of the two texts that a series' labels consist of: the first labels, and the others.
///
/// Many series have the same method and route, and these are most of the text. So each text is kept once.
pub(super) type LabelParts = [u32; 2];

/// Texts by number. Clones share the chunks.
#[derive(Clone, Default)]
pub(super) struct Texts {
    chunks: Vec<Arc<Chunk>>,
}

#[derive(Clone, Default)]
struct Chunk {
    /// One text after the other.
    text: String,
    ends: Vec<u32>,
}

/// Texts that are told apart, each of them kept once.
#[derive(Default)]
pub(super) struct DistinctTexts {
    texts: Texts,
    index: Index,
    /// In which labels are formatted.
    buffer: String,
}

impl Texts {
    fn push(&mut self, text: &str) -> u32 {
        if self
            .chunks
            .last()
            .is_none_or(|last| last.ends.len() == CHUNK)
        {
            self.shrink();
            self.chunks.push(Arc::default());
        }
        let full = (self.chunks.len() - 1) * CHUNK;
        let Some(chunk) = self.chunks.last_mut().map(Arc::make_mut) else {
            return 0;
        };
        chunk.text.push_str(text);
        chunk.ends.push(chunk.text.len() as u32);
        (full + chunk.ends.len() - 1) as u32
    }

    /// Frees the room that growing took in advance.
    fn shrink(&mut self) {
        if let Some(chunk) = self.chunks.last_mut().map(Arc::make_mut) {
            chunk.text.shrink_to_fit();
            chunk.ends.shrink_to_fit();
        }
    }

    /// The texts of these parts.
    pub(super) fn get(&self, parts: LabelParts) -> [&str; 2] {
        parts.map(|part| self.text(part))
    }

    fn text(&self, number: u32) -> &str {
        let (chunk, at) = (number as usize / CHUNK, number as usize % CHUNK);
        let Some(chunk) = self.chunks.get(chunk) else {
            return "";
        };
        let end = |at: usize| chunk.ends.get(at).map_or(0, |end| *end as usize);
        let start = at.checked_sub(1).map_or(0, end);
        chunk.text.get(start..end(at)).unwrap_or_default()
    }
}

impl DistinctTexts {
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(super) fn shrink(&mut self) {
        self.texts.shrink();
    }

    /// The parts of the labels that are visited.
    pub(super) fn parts(
        &mut self,
        for_each_label: impl FnOnce(&mut dyn FnMut(&str, &str)),
    ) -> LabelParts {
        let mut text = std::mem::take(&mut self.buffer);
        text.clear();
        let (mut labels, mut split) = (0, 0);
        for_each_label(&mut |name, value| {
            push_label(&mut text, name, value);
            labels += 1;
            if labels <= FIRST_LABELS {
                split = text.len();
            }
        });
        let (first, second) = text.split_at(split);
        let parts = [self.number(first), self.number(second)];
        self.buffer = text;
        parts
    }

    fn number(&mut self, text: &str) -> u32 {
        let hash = index::hash(text);
        let known = self
            .index
            .find(hash, |number| self.texts.text(number) == text);
        known.unwrap_or_else(|| {
            let number = self.texts.push(text);
            self.index.insert(hash, number);
            number
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_kept_once_and_clones_keep_what_they_had() {
        let mut distinct = DistinctTexts::default();
        distinct.parts(|visit| visit("method", "GET"));
        let before = distinct.texts().clone();
        for n in 0..1_000 {
            let route = format!("/{n}");
            let mut parts = |status| {
                distinct.parts(|visit| {
                    visit("method", "GET");
                    visit("route", &route);
                    visit("status", status);
                })
            };
            let (ok, other) = (parts("200"), parts("404"));
            assert_eq!(parts("200"), ok);
            assert_eq!((ok[0], ok[1] == other[1]), (other[0], false));
            let first = format!("method=\"GET\",route=\"{route}\"");
            let expected = [first, ",status=\"404\"".to_owned()];
            assert_eq!(distinct.texts().get(other), expected);
        }
        // The first one's two texts, a thousand routes, and two statuses.
        let last = [1_003, 1_004];
        assert_eq!(distinct.texts().get(last).map(str::is_empty), [false, true]);
        assert_eq!(before.get([0, 2]), ["method=\"GET\"", ""]);
    }

    #[test]
    fn without_labels_both_parts_are_empty() {
        let mut distinct = DistinctTexts::default();
        let parts = distinct.parts(|_| {});
        assert_eq!(distinct.texts().get(parts), ["", ""]);
    }
}
