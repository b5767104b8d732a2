use super::projection::Projection;
use crate::{naming::Convention, store::Store};

/// The values of the in-flight gauge, by row of the projection.
pub(super) struct Gauges {
    values: Vec<u64>,
    group: Option<usize>,
}

impl Gauges {
    pub(super) fn new(store: &Store, convention: &Convention) -> Self {
        let _ = store;
        let group = convention
            .groups
            .iter()
            .position(|group| group.is_in_flight());
        Self {
            values: Vec::new(),
            group,
        }
    }

    pub(super) fn read_some(&mut self, store: &Store, projection: &Projection) -> bool {
        let rows = self.group.and_then(|group| projection.groups.get(group));
        for _ in 0..64 {
            let Some(row) = rows.and_then(|rows| rows.get(self.values.len())) else {
                return false;
            };
            let keys = row.keys();
            let keys = keys.filter_map(|key| store.active_keys().get(key as usize));
            self.values
                .push(keys.map(|seen| store.active(seen.key)).sum());
        }
        true
    }

    pub(super) fn get(&self, row: usize) -> Option<u64> {
        self.values.get(row).copied()
    }
}
