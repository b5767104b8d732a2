use super::{
    Schema,
    series::WhichBounds,
    snapshot::{Row, Who},
};
use crate::{
    label::{Labelled, Method, Routes, Scheme, Status, Version},
    naming::{
        Convention, FamilySpec, LabelSource, LabelValues, Reason, Role, SeriesFilter, SeriesSpec,
    },
    request::{ActiveKey, Code, RequestKey},
};
use std::{collections::HashMap, sync::Arc};

/// What the keys of requests mean under a convention.
pub(crate) struct HttpSchema {
    pub(crate) convention: Convention,
    pub(crate) routes: &'static Routes,
    which_bounds: Option<WhichBounds>,
}

impl HttpSchema {
    /// `bounds` says which of their histograms' bounds some routes show.
    pub(crate) fn new(
        convention: Convention,
        routes: &'static Routes,
        bounds: HashMap<String, usize>,
    ) -> Self {
        let of_route = move |key: u64| {
            let labelled = routes.labelled(RequestKey::unpack(key).labels);
            let name = labelled.map_or("", |labelled| routes.name(labelled.route));
            bounds.get(name).copied().unwrap_or(0)
        };
        Self {
            convention,
            routes,
            which_bounds: Some(Arc::new(of_route)),
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HttpOrder {
    route: &'static str,
    peer: u8,
    method: &'static str,
    reason: Option<Reason>,
    status: Option<Status>,
    code: Option<Code>,
    version: Version,
    scheme: Scheme,
    user: Box<[Option<&'static str>]>,
}

impl HttpSchema {
    fn who(&self, labels: u32, method: Method) -> Option<Who> {
        let Labelled {
            route,
            peer,
            values,
        } = self.routes.labelled(labels)?;
        let texts = self.routes.user_labels().texts(values);
        let names = self.convention.user_labels.iter();
        let labels = names.zip(texts);
        let labels = labels.filter_map(|(name, value)| Some((name.clone(), value?.to_owned())));
        Some(Who {
            outgoing: self.convention.role() == Role::Client,
            route: self.routes.name(route),
            method: self.routes.methods().name(method),
            peer: self.routes.peers().name(peer).map(str::to_owned),
            labels: labels.collect(),
        })
    }
}

impl Schema for HttpSchema {
    type Values = LabelValues;
    type Order = HttpOrder;

    fn families(&self) -> &[FamilySpec] {
        &self.convention.families
    }

    fn series(&self) -> impl Iterator<Item = bool> {
        self.convention
            .series
            .iter()
            .map(|series| series.is_in_flight())
    }

    fn values(&self, series: usize, key: u64) -> Option<LabelValues> {
        let spec = self.convention.series.get(series)?;
        match spec.is_in_flight() {
            true => spec.of_active(ActiveKey::unpack(key), self.routes),
            false => spec.of_finished(
                &self.convention.errors,
                RequestKey::unpack(key),
                self.routes,
            ),
        }
    }

    fn order(&self, values: &LabelValues) -> HttpOrder {
        HttpOrder {
            route: self.routes.name(values.labelled.route),
            peer: values.labelled.peer,
            method: self.routes.methods().name(values.method),
            reason: values.reason,
            status: values.status,
            code: values.code,
            version: values.version,
            scheme: values.scheme,
            user: self.routes.user_labels().texts(values.labelled.values),
        }
    }

    fn for_each_label(
        &self,
        series: usize,
        values: &LabelValues,
        visit: &mut dyn FnMut(&str, &str),
    ) {
        if let Some(spec) = self.convention.series.get(series) {
            spec.for_each_label(values, self.routes, visit);
        }
    }

    fn panics(&self) -> u64 {
        self.routes.user_labels().panics()
    }

    fn which_bounds(&self) -> Option<WhichBounds> {
        self.which_bounds.clone()
    }

    fn row(&self, key: u64) -> Option<Row> {
        use LabelSource::{Code, Reason, Status};
        let shown = |filter, source| {
            let spec = SeriesSpec::new(filter, [("", source)]);
            let request = RequestKey::unpack(key);
            let values = spec.of_finished(&self.convention.errors, request, self.routes)?;
            let mut shown = None;
            spec.for_each_label(&values, self.routes, |_, value| {
                shown = Some(value.to_owned());
            });
            shown
        };
        let RequestKey { labels, method, .. } = RequestKey::unpack(key);
        Some(Row {
            who: self.who(labels, method)?,
            status: shown(SeriesFilter::Requests, Status)?,
            grpc_status: shown(SeriesFilter::Requests, Code),
            error: shown(SeriesFilter::Errors, Reason),
            phase: shown(SeriesFilter::Cancelled, Reason),
        })
    }

    fn active_row(&self, key: u64) -> Option<Who> {
        let ActiveKey { labels, method, .. } = ActiveKey::unpack(key);
        self.who(labels, method)
    }

    #[cfg(feature = "page")]
    fn convention(&self) -> Option<&Convention> {
        Some(&self.convention)
    }
}
