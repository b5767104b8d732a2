use super::Schema;
use crate::{
    label::{Routes, Scheme, Status, Version},
    naming::{Convention, FamilySpec, LabelValues, Reason},
    request::{ActiveKey, Code, RequestKey},
};

/// What the keys of requests mean under a convention.
pub(crate) struct HttpSchema {
    pub(crate) convention: Convention,
    pub(crate) routes: &'static Routes,
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
            false => spec.of_finished(self.convention.role, RequestKey::unpack(key), self.routes),
        }
    }

    fn order(&self, values: &LabelValues) -> HttpOrder {
        HttpOrder {
            route: self.routes.name(values.labelled.route),
            peer: values.labelled.peer,
            method: values.method.as_str(),
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
}
