use super::{
    exporter::Exporter,
    race::{Either, race},
};
use std::{fmt, future::Future, pin::pin, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Pushes everything that an [`Exposition`](crate::Exposition) exposes to a receiver of OpenTelemetry's protocol, OTLP:
/// a collector or a backend.
///
/// [`run`](Self::run) is a future for you to spawn, on a Tokio runtime with a timer and an I/O driver. It spawns only
/// the connection of the default client, as hyper's clients do, and that ends with it. It exports at every interval,
/// one export at a time, and once more at the end. An export has what a scrape at that moment would show. It is written
/// in short stretches, and the runtime does other work in between.
///
/// ```
/// use tower_red::{MetricsLayer, Otlp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (metrics, exposition) = MetricsLayer::pair();
/// let otlp = Otlp::from_env(&exposition)?;
///
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// # let otlp = { drop(otlp); tower_red::OtlpBuilder::default().enabled(false).build(&exposition)? };
/// let pushing = tokio::spawn(otlp.run(stopped));
/// // Serve, until it is time to stop.
/// # drop(metrics);
/// stop.send(()).ok();
/// pushing.await?; // The last values are there, or the timeout has passed.
/// # Ok(())
/// # }
/// ```
///
/// # Variables
///
/// An empty variable counts as not set. If a variable has two names, the one with `METRICS_` wins.
///
/// | variable | default | |
/// |---|---|---|
/// | `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` | | the receiver's URL, as it is |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318`, with gRPC `:4317` | the same, without `v1/metrics`, which is appended |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]PROTOCOL` | `http/protobuf` | or `grpc`; `http/json` is an error |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]HEADERS` | | `name=value,other=value`, percent-encoded |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]TIMEOUT` | `10000` | milliseconds that a request or the last export may take |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]COMPRESSION` | `none` | or `gzip` |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]CERTIFICATE` | Mozilla's list | a file of PEM: see [`OtlpBuilder::certificate`](crate::OtlpBuilder::certificate) |
/// | `OTEL_METRIC_EXPORT_INTERVAL` | `60000` | milliseconds from one export to the next |
/// | `OTEL_METRIC_EXPORT_TIMEOUT` | `30000` | milliseconds that an export may take, with all attempts |
/// | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` | `cumulative` | `delta` and `lowmemory` are errors |
/// | `OTEL_SERVICE_NAME` | `unknown_service:` and the executable | the attribute `service.name` |
/// | `OTEL_RESOURCE_ATTRIBUTES` | | `key=value,other=value`, percent-encoded |
/// | `OTEL_SDK_DISABLED` | `false` | `true`: nothing is sent |
///
/// A malformed value is an [`OtlpError`](crate::OtlpError). An unknown value is ignored, as the specification requires,
/// and [`OtlpBuilder::warnings`](crate::OtlpBuilder::warnings) lists it.
///
/// # What is sent
///
/// | here | there |
/// |---|---|
/// | counter | monotonic sum, cumulative, under the name that a scrape shows: with `_total` |
/// | gauge, and metrics of unknown type | gauge |
/// | info | sum that is not monotonic; `target_info` is the resource's attributes instead |
/// | histogram | histogram, cumulative; with a [`NativeHistogram`](crate::NativeHistogram), an exponential one instead |
/// | summary | summary |
/// | a sample with a timestamp | a point with that time; OTLP has none before 1970 |
/// | exemplar | exemplar, its `trace_id` and `span_id` where they belong |
/// | label | attribute |
/// | unit | its code by the Unified Code for Units of Measure: `s` for `seconds` |
///
/// Under [`Naming::OpenTelemetry`](crate::Naming::OpenTelemetry) names have their dots: `http.server.request.duration`.
/// A layer's counts say when they began; for a registry's, that is not known. An export of more than 3 MiB is sent in
/// several requests.
///
/// # When it fails
///
/// An export is tried again if there is no connection or no response in time, after HTTP's 429, 502, 503 and 504, and
/// after the gRPC codes that the specification lists. The wait is what the receiver asks for, or else a second, doubled
/// each time up to half a minute, and shortened at random by up to half. Each attempt sends the values of its own
/// moment. So nothing is counted twice, nothing piles up in memory, and the next export that succeeds has everything.
/// Other failures wait for the next interval. None of this slows requests down.
///
/// The endpoint and the exports have these metrics about it. The label `receiver` is the host and port.
///
/// | family | type | labels | |
/// |---|---|---|---|
/// | `otlp_exports_total` | counter | `receiver` | attempted exports |
/// | `otlp_export_failures_total` | counter | `receiver`, `cause` | exports that failed: `connection`, `metrics`, `refused`, `timeout`, `unavailable` |
/// | `otlp_rejected_points_total` | counter | `receiver` | data points that the receiver rejected from an export that it took |
/// | `otlp_last_success_age_seconds` | gauge | `receiver` | seconds since the last successful export, or before that since the `Otlp` was made |
///
/// For an endpoint that is [`disabled`](crate::Exposition::disabled), nothing is sent.
#[must_use]
pub struct Otlp {
    /// `None` if nothing is to be sent.
    pub(super) exporter: Option<Exporter>,
    pub(super) interval: Duration,
    pub(super) export_timeout: Duration,
    /// For the export at the end.
    pub(super) last_timeout: Duration,
}

impl Otlp {
    /// Exports at every interval, the first time after one interval, until `shutdown` is ready. Then it exports once
    /// more, within the timeout, and ends. If another export is still running then, it is dropped: the last one has its
    /// values, too.
    ///
    /// Dropping the future ends it at once.
    ///
    /// # Panics
    ///
    /// If it is polled outside of a Tokio runtime that has a timer and, for the default client, an I/O driver.
    pub async fn run<F: Future>(self, shutdown: F) {
        let mut shutdown = pin!(shutdown);
        let Some(mut exporter) = self.exporter else {
            shutdown.await;
            return;
        };
        let mut ticks = interval_at(Instant::now() + self.interval, self.interval);
        // An export that took longer than the interval is not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let export = async {
                ticks.tick().await;
                exporter.export(Instant::now() + self.export_timeout).await;
            };
            if let Either::First = race(shutdown.as_mut(), export).await {
                break;
            }
        }
        exporter.export(Instant::now() + self.last_timeout).await;
    }
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("interval", &self.interval)
            .field("export_timeout", &self.export_timeout)
            .field("is_enabled", &self.exporter.is_some())
            .finish_non_exhaustive()
    }
}
