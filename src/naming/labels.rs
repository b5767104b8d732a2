use super::{Errors, Reason};
use crate::{
    label::{Labelled, Method, OTHER, Routes, Scheme, Status, Version},
    model::DottedAttribute,
    request::{ActiveKey, Code, Completion, RequestKey},
};
use std::borrow::Cow;

/// Which requests some families show, and by which labels.
#[derive(Debug)]
pub(crate) struct SeriesSpec {
    pub(crate) filter: SeriesFilter,
    pub(crate) labels: Vec<Label>,
}

/// The requests that series count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeriesFilter {
    /// All that ended, by status.
    Requests,
    /// Those that failed.
    Errors,
    /// Those that were cancelled.
    Cancelled,
    /// All that ended but gRPC calls, by status and reason.
    Http,
    /// gRPC calls that ended, by code and reason.
    Rpc,
    /// Those past the budget.
    Overflowed,
    /// Those in flight.
    InFlight,
    /// Those in flight, of all routes together.
    InFlightByMethod,
}

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
    fn new(name: &'static str, source: LabelSource) -> Self {
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

impl SeriesSpec {
    pub(crate) fn new(
        filter: SeriesFilter,
        labels: impl IntoIterator<Item = (&'static str, LabelSource)>,
    ) -> Self {
        let labels = labels
            .into_iter()
            .map(|(name, source)| Label::new(name, source));
        Self {
            filter,
            labels: labels.collect(),
        }
    }

    /// What finished requests with that key show. `None` if the filter leaves them out.
    pub(crate) fn of_finished(
        &self,
        errors: &Errors,
        key: RequestKey,
        routes: &Routes,
    ) -> Option<LabelValues> {
        let mut values = self.filtered(errors, key, routes)?;
        // What no label shows must not decide where a series is sorted.
        let has = |shows: fn(&LabelSource) -> bool| self.labels.iter().any(|it| shows(&it.source));
        if has(|source| matches!(source, LabelSource::StatusClass)) {
            values.status = values.status.map(Status::first_of_class);
        } else if !has(|source| {
            matches!(
                source,
                LabelSource::Status | LabelSource::KnownStatus | LabelSource::Reason
            )
        }) {
            values.status = None;
        }
        if !has(|source| matches!(source, LabelSource::Code | LabelSource::Reason)) {
            values.code = None;
        }
        if !has(|source| matches!(source, LabelSource::Version)) {
            values.version = Version::NONE;
        }
        if !has(|source| matches!(source, LabelSource::Scheme(_))) {
            values.scheme = Scheme::None;
        }
        Some(values)
    }

    fn filtered(&self, errors: &Errors, key: RequestKey, routes: &Routes) -> Option<LabelValues> {
        let Completion { outcome, code } = key.completion;
        let labelled = routes.labelled(key.labels)?;
        let values = LabelValues {
            labelled,
            method: key.method,
            version: key.version,
            scheme: key.scheme,
            code: code.map(Code::sent),
            reason: None,
            status: key.status,
        };
        let bare = LabelValues {
            code: None,
            status: None,
            ..values
        };
        match self.filter {
            SeriesFilter::Requests => Some(LabelValues {
                status: Some(key.status.unwrap_or(errors.no_status(outcome))),
                ..values
            }),
            SeriesFilter::Errors => Reason::of_error(errors, key).map(|reason| LabelValues {
                reason: Some(reason),
                status: key.status.filter(|_| reason == Reason::Status),
                code: values.code.filter(|_| reason == Reason::Code),
                ..bare
            }),
            SeriesFilter::Cancelled => {
                Reason::of_cancellation(errors, key).map(|reason| LabelValues {
                    reason: Some(reason),
                    ..bare
                })
            }
            SeriesFilter::Http if code.is_none() => Some(LabelValues {
                reason: Reason::of_failure(errors, key),
                ..values
            }),
            SeriesFilter::Rpc => code.map(|code| LabelValues {
                reason: Reason::of_failed_call(errors, key, code),
                status: None,
                ..values
            }),
            SeriesFilter::Overflowed if labelled.is_overflow() => Some(bare),
            SeriesFilter::Http
            | SeriesFilter::Overflowed
            | SeriesFilter::InFlight
            | SeriesFilter::InFlightByMethod => None,
        }
    }

    /// What active requests with that key show. `None` if the filter leaves them out.
    pub(crate) fn of_active(&self, key: ActiveKey, routes: &Routes) -> Option<LabelValues> {
        let labelled = routes.labelled(key.labels)?;
        let labelled = match self.filter {
            SeriesFilter::InFlight => labelled,
            // Not the route of whichever key came first: that would decide the order of series.
            SeriesFilter::InFlightByMethod => labelled.of_any_route(),
            _ => return None,
        };
        Some(LabelValues {
            labelled,
            method: key.method,
            version: Version::NONE,
            scheme: key.scheme,
            code: None,
            reason: None,
            status: None,
        })
    }

    /// Whether its series have the user's labels: those of requests that ended, but not of the layer itself.
    pub(super) fn has_user_labels(&self) -> bool {
        use SeriesFilter::{Cancelled, Errors, Http, Requests, Rpc};
        matches!(self.filter, Requests | Errors | Cancelled | Http | Rpc)
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(
            self.filter,
            SeriesFilter::InFlight | SeriesFilter::InFlightByMethod
        )
    }

    /// Visits the labels of a series with these values. Empty ones are left out: to Prometheus they are no labels.
    pub(crate) fn for_each_label(
        &self,
        values: &LabelValues,
        routes: &Routes,
        mut visit: impl FnMut(&str, &str),
    ) {
        for Label { name, source, .. } in &self.labels {
            values.show(source, routes, &mut |value| {
                if !value.is_empty() {
                    visit(name, value);
                }
            });
        }
    }
}

impl LabelValues {
    /// Visits the value of a label, if it has one.
    fn show(&self, source: &LabelSource, routes: &Routes, visit: &mut dyn FnMut(&str)) {
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
            LabelSource::StatusClass => match self.status.and_then(Status::class) {
                Some(class) => visit(class),
                None => show_status(self.status, visit),
            },
            LabelSource::Code => visit_any(self.code.map(Code::as_str)),
            LabelSource::Reason => self.show_reason(visit),
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

    fn show_reason(&self, visit: &mut dyn FnMut(&str)) {
        match self.reason {
            None => {}
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

fn show_status(status: Option<Status>, visit: &mut dyn FnMut(&str)) {
    if let Some(status) = status {
        visit(&status.to_string());
    }
}
