//! What the process takes, and how that is told from one process to the other.

use crate::allocator;
use std::{fs, io};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Bytes.
    pub(crate) heap: u64,
    pub(crate) rss: u64,
    /// Time on the processor so far.
    pub(crate) cpu_millis: u64,
}

impl Memory {
    /// Of this process.
    pub(crate) fn now() -> io::Result<Self> {
        // Before anything is allocated for the answer.
        let heap = allocator::bytes_in_use();
        let status = fs::read_to_string("/proc/self/status")?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = rss.and_then(|rss| rss.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let cpu_millis = cpu_millis(&fs::read_to_string("/proc/self/stat")?);
        Ok(Self {
            heap,
            rss: kib.ok_or_else(|| io::Error::other("no VmRSS"))? * 1024,
            cpu_millis: cpu_millis.ok_or_else(|| io::Error::other("no CPU time"))?,
        })
    }

    pub(crate) fn line(&self) -> String {
        format!("{} {} {}", self.heap, self.rss, self.cpu_millis)
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split(' ').map(str::parse);
        Some(Self {
            heap: numbers.next()?.ok()?,
            rss: numbers.next()?.ok()?,
            cpu_millis: numbers.next()?.ok()?,
        })
    }
}

/// Of `/proc/self/stat`: user's and system's, in hundredths of a second, after the name in parentheses.
fn cpu_millis(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 10)
}
