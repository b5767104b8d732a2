//! Hashing and comparing labels' values, most of which are short: a call to compare memory costs more than the rest of
//! a search, so that texts of up to 16 bytes are read as one or two words.

use crate::sync::HASH_FACTOR;

/// Eight bytes at a time. It is no defence against collisions on purpose: names come from the program, and there is
/// a bound for values that do not.
#[inline]
pub(super) fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let len = bytes.len() as u64;
    match short(bytes) {
        Some(word) => mix(len, word),
        None => hash_long(bytes, len),
    }
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

#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    let mixed = (hash ^ word).wrapping_mul(HASH_FACTOR);
    mixed.rotate_left(29).wrapping_mul(HASH_FACTOR)
}

/// Whether two texts are the same.
#[inline]
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match (short(one), short(other)) {
        (Some(one), Some(other)) => one == other,
        _ if one.len() <= 16 => {
            one.first_chunk::<8>() == other.first_chunk()
                && one.last_chunk::<8>() == other.last_chunk()
        }
        _ => one == other,
    }
}

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
        _ if bytes.len() <= 8 => {
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
        let mut hashes: Vec<u64> = (0..200).map(|n| hash(&"/".repeat(n))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200);
    }

    #[test]
    fn texts_are_the_same_if_no_byte_differs() {
        for len in 0..40 {
            let text = "abcdefghijklmnopqrstuvwxyz0123456789ABCD"[..len].to_owned();
            assert!(is_same(&text, &text.clone()));
            assert!(!is_same(&text, &format!("{text}x")));
            for at in 0..len {
                let mut other = text.clone();
                other.replace_range(at..=at, "_");
                assert!(!is_same(&text, &other), "{text} {other}");
                assert_ne!(hash(&text), hash(&other), "{text} {other}");
            }
        }
    }
}
