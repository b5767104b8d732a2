use super::Route;
use crate::sync::{HASH_FACTOR, Table};
use axum::extract::MatchedPath;
use std::{
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

/// How many paths are kept at most. A router that is mounted as a service in another one makes a new path for each
/// request, so there has to be a bound.
const MOST: usize = 1_024;

/// The paths of axum's routers, found by their address. A router has one address for all requests to a route, and
/// comparing addresses costs a quarter of hashing and comparing the text.
pub(super) struct MatchedPaths {
    kept: Table<Kept>,
    count: AtomicUsize,
}

/// Holds the path, so that its address is not used again for another one.
#[derive(Clone)]
struct Kept {
    path: MatchedPath,
    route: Route,
}

impl MatchedPaths {
    pub(super) fn new() -> Self {
        Self {
            kept: Table::new(),
            count: AtomicUsize::new(0),
        }
    }

    pub(super) fn get(&self, path: &MatchedPath, by_name: impl FnOnce(&str) -> Route) -> Route {
        match self.kept.find(hash(path), |kept| kept.is(path)) {
            Some(kept) => kept.route,
            None => self.keep(path, by_name(path.as_str())),
        }
    }

    #[cold]
    fn keep(&self, path: &MatchedPath, route: Route) -> Route {
        if self.count.load(Ordering::Relaxed) < MOST {
            let keep = || {
                self.count.fetch_add(1, Ordering::Relaxed);
                Kept {
                    path: path.clone(),
                    route,
                }
            };
            self.kept.find_or_insert(
                hash(path),
                |kept| hash(&kept.path),
                |kept| kept.is(path),
                keep,
            );
        }
        route
    }
}

impl Kept {
    fn is(&self, path: &MatchedPath) -> bool {
        ptr::eq(self.path.as_str().as_ptr(), path.as_str().as_ptr())
    }
}

fn hash(path: &MatchedPath) -> u64 {
    (path.as_str().as_ptr() as u64).wrapping_mul(HASH_FACTOR)
}
