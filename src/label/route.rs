use super::set::{LabelSet, UNMATCHED_ROUTE};

/// The route of a request, with everything that it decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) labels: LabelSet,
    /// Whether its requests are not recorded at all.
    pub(crate) skipped: bool,
    /// Whether its responses are streams.
    pub(crate) stream: bool,
    pub(super) number: u32,
}

impl Route {
    pub(super) fn is_unmatched(&self) -> bool {
        self.number == UNMATCHED_ROUTE
    }
}
