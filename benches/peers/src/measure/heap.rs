use super::label_sets::LabelSets;
use crate::{allocator, contenders::Contender};
use serde::{Deserialize, Serialize};

/// Bytes of the heap per label set.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    /// Once a request of each label set was recorded.
    pub(crate) recorded: f64,
    /// Once that was scraped.
    pub(crate) scraped: f64,
}

/// What one thread's requests and a scrape leave behind. `None` if nothing is recorded.
pub(crate) fn measure(contender: &Contender, label_sets: usize) -> Option<Figures> {
    let (middleware, set_up) = allocator::count(|| (contender.set_up)(label_sets));
    let router = LabelSets::new(&*middleware, label_sets);
    let ((), touched) = allocator::count(|| router.touch());
    let (scraped, scrape) = allocator::count(|| middleware.scrape(&mut drop).is_some());
    let per_label_set = |bytes: i64| bytes as f64 / label_sets as f64;
    scraped.then(|| Figures {
        recorded: per_label_set(set_up.kept + touched.kept),
        scraped: per_label_set(set_up.kept + touched.kept + scrape.kept),
    })
}
