//! Checks a registry and a layer against each other when the layer is built.

use crate::{
    BuildError, ScrapeError,
    gather::{FamilySource, Schema, StoreFamilies, find_duplicate},
    model::Kind,
    registry::{self, Foreign, family_names},
    sync::at_once,
};
use prometheus_client::registry::Registry;
use std::{collections::BTreeMap, sync::Arc};

/// Checks whether a registry can be exposed beside a layer, by what the registry shows now. A collector that fails now
/// is no mistake: it may not fail when it is scraped. Nor is a text asked for before that.
pub(crate) fn check_foreign(foreign: &Foreign, layer: &dyn FamilySource) -> Result<(), BuildError> {
    let Foreign::Registry(registry) = foreign else {
        return Ok(());
    };
    let families = match at_once(registry::read(registry)) {
        Err(ScrapeError::Encode | ScrapeError::Panic) => return Ok(()),
        read => read.map_err(|error| BuildError::InvalidRegistry { error })?,
    };
    let others = families
        .iter()
        .map(|family| (family.name.to_string(), family.kind));
    let others: Vec<_> = others.collect();
    no_duplicate(find_duplicate(&others, &layer.names()))
}

/// Registers a layer, unless the registry has a family of the same name.
pub(crate) fn register<S: Schema>(
    layer: StoreFamilies<S>,
    registry: &mut Registry,
) -> Result<(), BuildError> {
    let layer = Arc::new(layer);
    let others = family_names(registry);
    registry.register_collector(Box::new(Arc::clone(&layer)));
    // Only the registry knows which prefix it puts before our names, so ours are those that are new.
    let ours = added(&others, family_names(registry));
    let result = no_duplicate(find_duplicate(&others, &ours));
    if result.is_err() {
        layer.withdraw();
    }
    result
}

/// The families that were not there before. One that was added twice is there twice.
fn added(before: &[(String, Kind)], now: Vec<(String, Kind)>) -> Vec<(String, Kind)> {
    let mut counts = BTreeMap::<String, usize>::new();
    for (name, _) in before {
        *counts.entry(name.clone()).or_default() += 1;
    }
    let is_new = |name: &str| match counts.get_mut(name) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    let mut is_new = is_new;
    now.into_iter().filter(|(name, _)| is_new(name)).collect()
}

pub(super) fn no_duplicate(family: Option<String>) -> Result<(), BuildError> {
    family.map_or(Ok(()), |family| Err(BuildError::DuplicateFamily { family }))
}
