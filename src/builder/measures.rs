use crate::{
    Buckets, BuildError, NativeHistogram, gather::HistogramBounds, model::Unit, request::Amounts,
};
use std::collections::HashMap;

/// What is to be measured, and in which buckets.
#[derive(Default)]
pub(super) struct Measures {
    pub(super) durations: Buckets,
    /// The buckets of some routes.
    pub(super) by_route: Vec<(Vec<String>, Buckets)>,
    pub(super) response_start: Option<Buckets>,
    pub(super) first_byte: bool,
    pub(super) response_body: Option<Buckets>,
    pub(super) request_body: Option<Buckets>,
    /// Beside the buckets of durations.
    pub(super) native: Option<NativeHistogram>,
}

impl Measures {
    /// Which amounts these are, in the order of [`bounds`](Self::bounds).
    pub(super) fn amounts(&self) -> Amounts {
        let mut next = Amounts::DURATION;
        let mut index = |is_measured: bool| {
            is_measured.then(|| {
                next += 1;
                next
            })
        };
        Amounts {
            response_start: index(self.response_start.is_some()),
            first_byte: self.first_byte,
            response_body: index(self.response_body.is_some()),
            request_body: index(self.request_body.is_some()),
        }
    }

    /// The first bound of sizes that is no whole number of bytes.
    pub(super) fn invalid_size(&self) -> Option<f64> {
        let sizes = [&self.response_body, &self.request_body]
            .into_iter()
            .flatten();
        let mut bounds = sizes.flat_map(|buckets| buckets.bounds());
        bounds.find(|bound| bound.fract() != 0.0).copied()
    }

    /// The bounds of each amount.
    ///
    /// # Errors
    ///
    /// If there can be no such native histogram.
    pub(super) fn bounds(&self) -> Result<Vec<HistogramBounds>, BuildError> {
        let by_route = self.by_route.iter().map(|(_, buckets)| buckets);
        let durations: Vec<_> = [&self.durations].into_iter().chain(by_route).collect();
        let more = [
            (Unit::Seconds, &self.response_start),
            (Unit::Bytes, &self.response_body),
            (Unit::Bytes, &self.request_body),
        ];
        let more = more
            .into_iter()
            .filter_map(|(unit, buckets)| Some(HistogramBounds::new(unit, &[buckets.as_ref()?])));
        let mut durations = HistogramBounds::new(Unit::Seconds, &durations);
        if let Some(native) = self.native {
            durations = durations.with_native(native)?;
        }
        Ok([durations].into_iter().chain(more).collect())
    }

    /// Which of the durations' bounds a route shows, if not the first.
    pub(super) fn of_routes(&self) -> HashMap<String, usize> {
        let routes = (1..).zip(&self.by_route);
        let routes = routes.flat_map(|(index, (routes, _))| {
            routes.iter().map(move |route| (route.clone(), index))
        });
        routes.collect()
    }
}
