use super::Reason;
use crate::{
    label::{Labelled, Method, OTHER, Routes, Scheme, Status, Version},
    model::DottedAttribute,
    request::Code,
};
use std::borrow::Cow;

#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) name: String,
    /// What OpenTelemetry calls it, if it has another name there.
    pub(crate) dotted: Option<&'static str>,
    pub(crate) source: LabelSource,
}

/// Where a label's value comes from. A series without that value does not have the label.
#[derive(Clone, Debug)]
pub(crate) enum LabelSource {
    Method,
    Version,
    Route,
    /// The route, unless there is none.
    KnownRoute,
    /// The route without its leading slash, which is how gRPC writes methods.
    RpcMethod,
    Status,
    /// The status, if it is a code from 100 to 599.
    KnownStatus,
    /// The class of the status, `2xx`, or the status if it is no code.
    StatusClass,
    Code,
    Reason,
    /// The same, but of a status only its class.
    ReasonByClass,
    Peer,
    PeerHost,
    PeerPort,
    /// The scheme of the request's URI, or this one if the URI has none.
    Scheme(Cow<'static, str>),
    /// A label of the user's own, by its index.
    User(usize),
    Fixed(Cow<'static, str>),
}

/// The values that the labels of a series may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelValues {
    pub(crate) labelled: Labelled,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) scheme: Scheme,
    pub(crate) code: Option<Code>,
    pub(crate) reason: Option<Reason>,
    pub(crate) status: Option<Status>,
}

impl Label {
    /// A name with dots is OpenTelemetry's, and has underscores in Prometheus.
    pub(super) fn new(name: &'static str, source: LabelSource) -> Self {
        Self {
            name: name.replace('.', "_"),
            dotted: name.contains('.').then_some(name),
            source,
        }
    }

    pub(crate) fn attribute(&self) -> Option<DottedAttribute> {
        Some(DottedAttribute {
            label: self.name.clone(),
            name: self.dotted?,
            is_number: matches!(
                self.source,
                LabelSource::KnownStatus | LabelSource::PeerPort
            ),
        })
    }
}

impl LabelValues {
    /// Visits the value of a label, if it has one.
    pub(super) fn show(&self, source: &LabelSource, routes: &Routes, visit: &mut dyn FnMut(&str)) {
        let Labelled {
            route,
            peer,
            values,
        } = self.labelled;
        let peers = routes.peers();
        let mut visit_any = |value: Option<&str>| value.into_iter().for_each(&mut *visit);
        match source {
            LabelSource::Method => visit(routes.methods().name(self.method)),
            LabelSource::Version => visit_any(self.version.as_str()),
            LabelSource::Route => visit(routes.name(route)),
            LabelSource::KnownRoute => visit_any(self.known_route(routes)),
            LabelSource::RpcMethod => visit(self.rpc_method(routes)),
            LabelSource::Status => show_status(self.status, visit),
            LabelSource::KnownStatus => show_status(self.status.filter(|it| it.is_known()), visit),
            LabelSource::StatusClass => show_class(self.status, visit),
            LabelSource::Code => visit_any(self.code.map(Code::as_str)),
            LabelSource::Reason => self.show_reason(false, visit),
            LabelSource::ReasonByClass => self.show_reason(true, visit),
            LabelSource::Peer => visit_any(peers.name(peer)),
            LabelSource::PeerHost => visit_any(peers.host(peer)),
            LabelSource::PeerPort => {
                let port = peers.port(peer);
                port.into_iter()
                    .for_each(|port| visit(itoa::Buffer::new().format(port)));
            }
            LabelSource::Scheme(default) => visit(self.scheme.as_str().unwrap_or(default)),
            LabelSource::User(index) => visit_any(routes.user_labels().text(values, *index)),
            LabelSource::Fixed(value) => visit(value),
        }
    }

    fn known_route(&self, routes: &Routes) -> Option<&'static str> {
        let is_known = !self.labelled.is_unmatched();
        is_known.then(|| routes.name(self.labelled.route))
    }

    fn rpc_method(&self, routes: &Routes) -> &'static str {
        let name = routes.name(self.labelled.route);
        match name.strip_prefix('/') {
            Some(method) => method,
            None if self.labelled.is_overflow() => name,
            None => OTHER,
        }
    }

    fn show_reason(&self, by_class: bool, visit: &mut dyn FnMut(&str)) {
        match self.reason {
            None => {}
            Some(Reason::Status) if by_class => show_class(self.status, visit),
            Some(Reason::Status) => show_status(self.status, visit),
            Some(Reason::Code) => self.code.map(Code::as_str).into_iter().for_each(visit),
            Some(Reason::Body) => visit("body"),
            Some(Reason::Head) => visit("head"),
            Some(Reason::Panic) => visit("panic"),
            Some(Reason::Service) => visit("service"),
            Some(Reason::Cancelled) => visit("cancelled"),
        }
    }
}

fn show_class(status: Option<Status>, visit: &mut dyn FnMut(&str)) {
    match status.and_then(Status::class) {
        Some(class) => visit(class),
        None => show_status(status, visit),
    }
}

fn show_status(status: Option<Status>, visit: &mut dyn FnMut(&str)) {
    if let Some(status) = status {
        visit(&status.to_string());
    }
}
