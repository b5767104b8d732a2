use super::{Amounts, ExemplarOf, Flags};
use crate::{
    label::Routes,
    store::{Shown, Store},
};
use quanta::Clock;

/// What a layer, its services and their requests share. Every request reads it. The routes and the store change
/// inside, and see to that themselves.
pub(crate) struct Recorder {
    pub(crate) clock: Clock,
    pub(crate) routes: Routes,
    pub(crate) store: Store,
    pub(crate) amounts: Amounts,
    /// `Some` if requests become exemplars.
    pub(crate) exemplar: Option<ExemplarOf>,
    /// What there is to do for every request.
    pub(crate) flags: Flags,
    /// Whether a request's head is asked for a trace, or for the size of the body.
    pub(crate) asks_extras: bool,
    /// Whether a response's head is asked for more than its status and route.
    pub(crate) asks_responses: bool,
    pub(crate) version_from: VersionFrom,
}

impl Recorder {
    /// Whether no request is in flight, of those that were when this began.
    pub(crate) fn is_idle(&self) -> bool {
        let mut shown = Shown::default();
        while self.store.count_shown(&mut shown) {}
        shown.is_empty()
    }
}

/// Where the label of the HTTP version gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionFrom {
    /// There is no such label.
    Nobody,
    /// From the request, on a server.
    Request,
    /// From the response, on a client. The scheme of the request is a label then, too.
    Response,
}
