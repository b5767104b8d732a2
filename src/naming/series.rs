use super::{
    Errors, Reason,
    labels::{Label, LabelSource, LabelValues},
};
use crate::{
    label::{Routes, Scheme, Status, Version},
    request::{ActiveKey, Code, Completion, RequestKey},
};

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
        if has(|source| {
            matches!(
                source,
                LabelSource::StatusClass | LabelSource::ReasonByClass
            )
        }) {
            values.status = values.status.map(Status::first_of_class);
        } else if !has(|source| {
            matches!(
                source,
                LabelSource::Status | LabelSource::KnownStatus | LabelSource::Reason
            )
        }) {
            values.status = None;
        }
        if !has(|source| {
            matches!(
                source,
                LabelSource::Code | LabelSource::Reason | LabelSource::ReasonByClass
            )
        }) {
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
