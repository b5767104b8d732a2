//! What was counted by the layers, beside what the service saw itself.

use crate::keys::{self, Totals};

/// What the service saw itself.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) started: Totals,
    pub(crate) ended: Totals,
}

impl Seen {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut seen = Self::default();
        for line in text.lines() {
            let (key, count) = line.rsplit_once(' ')?;
            let count = count.parse().ok()?;
            match key.strip_prefix("started ") {
                Some(part) => seen.started.insert(part.to_owned(), count),
                None => seen.ended.insert(key.to_owned(), count),
            };
        }
        Some(seen)
    }

    /// Whether all that started has ended.
    pub(crate) fn is_idle(&self) -> bool {
        let differs = |(part, count): (&String, &u64)| sum(&self.ended, part) != *count;
        !self.started.iter().any(differs)
    }

    /// Requests that came from clients.
    pub(crate) fn requests(&self) -> u64 {
        let incoming = [keys::SHOP, keys::SEARCH];
        incoming
            .iter()
            .filter_map(|part| self.started.get(*part))
            .sum()
    }

    /// What differs from what was exposed.
    pub(crate) fn differences(&self, exposed: &Totals) -> Vec<String> {
        let mut keys: Vec<_> = self.ended.keys().chain(exposed.keys()).collect();
        keys.sort();
        keys.dedup();
        let count = |totals: &Totals, key| totals.get(key).copied().unwrap_or_default();
        let pairs = keys
            .into_iter()
            .map(|key| (key, count(&self.ended, key), count(exposed, key)));
        let differing = pairs.filter(|(_, seen, exposed)| seen != exposed);
        let ended =
            differing.map(|(key, seen, exposed)| format!("{key}: {seen} ended, {exposed} exposed"));
        let started = self.started.iter().filter_map(|(part, started)| {
            let exposed = sum(exposed, part);
            (exposed != *started).then(|| format!("{part}: {started} started, {exposed} exposed"))
        });
        ended.chain(started).collect()
    }
}

/// Requests of that part.
fn sum(totals: &Totals, part: &str) -> u64 {
    let prefix = format!("request {part} ");
    let of_part = totals.iter().filter(|(key, _)| key.starts_with(&prefix));
    of_part.map(|(_, count)| count).sum()
}

/// Counts by how requests ended: of each kind and its cause, over all parts and routes.
pub(crate) fn endings(totals: &Totals) -> Totals {
    let mut endings = Totals::new();
    for (key, count) in totals {
        let mut words = key.split(' ');
        let (kind, cause) = (words.next().unwrap_or_default(), words.next_back());
        let ending = match (kind, cause) {
            ("error" | "cancelled" | "query", Some(cause)) => format!("{kind} {cause}"),
            ("request", _) => kind.to_owned(),
            _ => continue,
        };
        *endings.entry(ending).or_default() += count;
    }
    endings
}
