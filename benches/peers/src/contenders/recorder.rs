use super::contender::{BUCKETS, Scrape, Send};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The recorder that the `metrics` facade records into. There is one in a process.
pub(super) struct Recorder(PrometheusHandle);

impl Recorder {
    /// With these buckets for the histogram of that name, which would be a summary without.
    pub(super) fn install(histogram: &str) -> Self {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(histogram.to_owned()), &BUCKETS)
            .expect("there are buckets");
        Self(
            builder
                .install_recorder()
                .expect("the process has no other recorder"),
        )
    }

    pub(super) fn scrape(&self, send: Send<'_>) -> Scrape {
        Scrape::in_one_stretch(send, || self.0.render())
    }

    /// Sorts into buckets what was observed since the last time. Left undone, memory grows.
    pub(super) fn upkeep(&self) {
        self.0.run_upkeep();
    }
}
