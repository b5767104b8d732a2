use crate::{
    label::{Routes, Scheme, Status, Version},
    naming::{LabelValues, Reason},
    request::Code,
};

/// What series are sorted by, so that every process lists them in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    route: &'static str,
    peer: u8,
    method: &'static str,
    reason: Option<Reason>,
    status: Option<Status>,
    code: Option<Code>,
    version: Version,
    scheme: Scheme,
}

impl SortKey {
    pub(super) fn new(values: &LabelValues, routes: &Routes) -> Self {
        Self {
            route: routes.name(values.labelled.route),
            peer: values.labelled.peer,
            method: values.method.as_str(),
            reason: values.reason,
            status: values.status,
            code: values.code,
            version: values.version,
            scheme: values.scheme,
        }
    }
}
