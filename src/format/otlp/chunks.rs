use bytes::Bytes;

/// Small enough that writing one is little work, large enough that there are few of them.
const SIZE: usize = 60 * 1024;

/// Bytes in pieces, so that what is long need not be moved once its length is known and can be put before it.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    full: Vec<Bytes>,
    last: Vec<u8>,
    len: usize,
}

impl Chunks {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.last.len();
        write(&mut self.last);
        self.len += self.last.len() - before;
        if self.last.len() >= SIZE {
            self.cut();
        }
    }

    /// Puts these after all that there is. Few bytes are copied, many are not.
    pub(super) fn append(&mut self, mut more: Self) {
        if more.full.is_empty() {
            return self.write(|out| out.extend_from_slice(&more.last));
        }
        self.cut();
        self.full.append(&mut more.full);
        self.last = more.last;
        self.len += more.len;
    }

    fn cut(&mut self) {
        if !self.last.is_empty() {
            let room = self.last.len().min(SIZE);
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(room));
            self.full.push(full.into());
        }
    }
}

impl IntoIterator for Chunks {
    type Item = Bytes;
    type IntoIter = std::vec::IntoIter<Bytes>;

    fn into_iter(mut self) -> Self::IntoIter {
        if !self.last.is_empty() {
            self.full.push(self.last.into());
        }
        self.full.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_wherever_it_is_cut() {
        let bytes = |from: usize, count: usize| (from..from + count).map(|byte| byte as u8);
        for first in [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE] {
            for second in [0, 1, SIZE, 2 * SIZE + 7] {
                let (mut chunks, mut more) = (Chunks::default(), Chunks::default());
                chunks.write(|out| out.extend(bytes(0, first)));
                for start in (0..second).step_by(1_000) {
                    let count = 1_000.min(second - start);
                    more.write(|out| out.extend(bytes(first + start, count)));
                }
                chunks.append(more);
                assert_eq!(chunks.len(), first + second);
                let all: Vec<u8> = chunks.into_iter().flatten().collect();
                assert!(all.into_iter().eq(bytes(0, first + second)));
            }
        }
    }
}
