use std::hash::{DefaultHasher, Hash, Hasher};

/// Finds numbers by a hash of what they stand for.
///
/// A full level is never moved, since that would be one long stretch of work. The next level is twice as large.
#[derive(Default)]
pub(super) struct Index {
    levels: Vec<Level>,
    /// How many numbers the last level holds.
    len: usize,
}

struct Level {
    /// Some bits of the hash. 0 in a free slot.
    tags: Box<[u16]>,
    numbers: Box<[u32]>,
}

const FIRST: usize = 32;

pub(super) fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Index {
    /// The number with that hash that matches. The newest level is searched first, since it holds half of them.
    pub(super) fn find(&self, hash: u64, matches: impl Fn(u32) -> bool) -> Option<u32> {
        let mut levels = self.levels.iter().rev();
        levels.find_map(|level| level.find(hash, &matches))
    }

    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        let is_full = |level: &Level| self.len >= level.tags.len() / 8 * 5;
        if self.levels.last().is_none_or(is_full) {
            self.levels.push(Level::new(FIRST << self.levels.len()));
            self.len = 0;
        }
        if let Some(level) = self.levels.last_mut() {
            level.insert(hash, number);
            self.len += 1;
        }
    }
}

impl Level {
    fn new(size: usize) -> Self {
        Self {
            tags: vec![0; size].into(),
            numbers: vec![0; size].into(),
        }
    }

    fn find(&self, hash: u64, matches: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.start(hash);
        // A level always has free slots, so this ends.
        while self.tags[at] != 0 {
            if self.tags[at] == tag(hash) && matches(self.numbers[at]) {
                return Some(self.numbers[at]);
            }
            at = self.after(at);
        }
        None
    }

    fn insert(&mut self, hash: u64, number: u32) {
        let mut at = self.start(hash);
        while self.tags[at] != 0 {
            at = self.after(at);
        }
        (self.tags[at], self.numbers[at]) = (tag(hash), number);
    }

    /// The length is a power of two.
    fn start(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.tags.len() - 1)
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.tags.len() - 1)
    }
}

fn tag(hash: u64) -> u16 {
    hash as u16 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_again_whatever_collides() {
        let mut index = Index::default();
        let bad_hash = |number: u32| u64::from(number % 7) << 40;
        for number in 0..2_000 {
            assert_eq!(index.find(bad_hash(number), |it| it == number), None);
            index.insert(bad_hash(number), number);
        }
        for number in 0..2_000 {
            let found = index.find(bad_hash(number), |it| it == number);
            assert_eq!(found, Some(number));
        }
    }
}
