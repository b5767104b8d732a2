use super::ExemplarOf;
use crate::{label::Routes, store::Store};
use quanta::Clock;

/// What a layer, its services and their requests share. Read by every request, written by none.
pub(crate) struct Recorder {
    pub(crate) clock: Clock,
    pub(crate) routes: Routes,
    pub(crate) store: Store,
    /// If requests are exemplars.
    pub(crate) exemplar: Option<ExemplarOf>,
    pub(crate) version_from: VersionFrom,
}

/// The number of the measure that durations are, in the store.
pub(crate) const DURATION: usize = 0;

/// Who knows the version of HTTP, where that is a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionFrom {
    /// It is no label.
    Nobody,
    /// A server's request.
    Request,
    /// A client's response. The scheme is a label too, of its request.
    Response,
}
