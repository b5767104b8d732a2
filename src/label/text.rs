use crate::sync::HASH_FACTOR;

/// A text and its hash. Two of them are compared without a call if they are short, as most names and values are:
/// comparing memory by a call takes longer than the rest of a search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed<'a> {
    pub(super) text: &'a str,
    pub(super) hash: u64,
}

impl<'a> Hashed<'a> {
    pub(super) const EMPTY: Self = Self { text: "", hash: 0 };

    /// The hash takes eight bytes at a time. It does not defend against deliberate collisions: names come from the
    /// program, and the number of other values is bounded.
    #[inline]
    pub(super) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        Self::short(text).unwrap_or_else(|| Self {
            text,
            hash: hash_long(bytes, bytes.len() as u64),
        })
    }

    /// The same of a text of at most eight bytes.
    #[inline]
    pub(super) fn short(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let hash = mix(bytes.len() as u64, short(bytes)?);
        Some(Self { text, hash })
    }

    /// Whether hash and length are the same. Then texts of at most eight bytes are the same, too.
    #[inline]
    pub(super) fn has_same_hash(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text.len() == other.text.len()
    }

    /// The same, kept as long as the process lives.
    pub(super) fn leaked(self) -> Hashed<'static> {
        Hashed {
            text: String::from(self.text).leak(),
            hash: self.hash,
        }
    }
}

impl PartialEq for Hashed<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let (one, other_text) = (self.text.as_bytes(), other.text.as_bytes());
        self.has_same_hash(other) && (one.len() <= SHORT || is_same_long(one, other_text))
    }
}

/// For texts of one length.
#[inline]
fn is_same_long(one: &[u8], other: &[u8]) -> bool {
    if one.len() > 2 * SHORT {
        return one == other;
    }
    let ends = |bytes: &[u8]| {
        (
            bytes.first_chunk::<SHORT>().copied(),
            bytes.last_chunk::<SHORT>().copied(),
        )
    };
    ends(one) == ends(other)
}

// Not inlined: the others would save more registers.
#[inline(never)]
fn hash_long(bytes: &[u8], mut hash: u64) -> u64 {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = after;
    }
    // The last eight bytes, some of which were hashed already.
    mix(
        hash,
        bytes
            .last_chunk()
            .map_or(0, |last| u64::from_le_bytes(*last)),
    )
}

/// Different words give different results.
#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    let mixed = (hash ^ word).wrapping_mul(HASH_FACTOR);
    mixed.rotate_left(29).wrapping_mul(HASH_FACTOR)
}

const SHORT: usize = 8;

/// Up to eight bytes as a number that no others of that length have.
#[inline]
fn short(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [] => Some(0),
        [first, ..] if bytes.len() < 4 => {
            let (middle, last) = (bytes[bytes.len() / 2], bytes[bytes.len() - 1]);
            let upper = u64::from(middle) << 8 | u64::from(last) << 16;
            Some(u64::from(first) | upper)
        }
        _ if bytes.len() <= SHORT => {
            let first = u32::from_le_bytes(*bytes.first_chunk()?);
            let last = u32::from_le_bytes(*bytes.last_chunk()?);
            Some(u64::from(first) | u64::from(last) << 32)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let mut hashes: Vec<u64> = (0..200).map(|n| Hashed::new(&"/".repeat(n)).hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200);
        // Short ones of two lengths may have the same hash.
        let (one, other) = (Hashed::new("a"), Hashed::new("ba"));
        assert_eq!(one.hash, other.hash);
        assert!(one != other && !one.has_same_hash(&other));
    }

    #[test]
    fn texts_are_the_same_if_no_byte_differs() {
        for len in 0..40 {
            let text = "abcdefghijklmnopqrstuvwxyz0123456789ABCD"[..len].to_owned();
            let hashed = Hashed::new(&text);
            assert_eq!(hashed, Hashed::new(&text.clone()));
            assert_ne!(hashed, Hashed::new(&format!("{text}x")));
            for at in 0..len {
                let mut other = text.clone();
                other.replace_range(at..=at, "_");
                let other = Hashed::new(&other);
                assert_ne!(hashed, other);
                // Should their hashes be the same.
                let Hashed { hash, .. } = hashed;
                assert!(len <= SHORT || hashed != Hashed { hash, ..other });
            }
        }
    }
}
