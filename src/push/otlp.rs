use super::{
    exporter::Exporter,
    race::{Either, race},
};
use std::{fmt, future::Future, pin::pin, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Pushes everything that an [`Exposition`](crate::Exposition) exposes to a receiver of OpenTelemetry's protocol, OTLP: a collector, or a
/// backend.
///
/// [`run`](Self::run) is a future for you to spawn, on a Tokio runtime with its timer and its I/O driver. Of its own
/// it spawns nothing but the connection of the default client, as clients of hyper do, which ends with it. It exports
/// every interval, one export at a time, and once more when it is told to end. An export is what a scrape at that
/// moment would show, written in short stretches, between which the runtime does other work.
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
/// One that is empty is not set. Of those with two names, the one of metrics wins.
///
/// | variable | default | |
/// |---|---|---|
/// | `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` | | the receiver's URL, as it is |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318`, with gRPC `:4317` | the same, without `v1/metrics`, which is appended |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]PROTOCOL` | `http/protobuf` | or `grpc`; `http/json` is an error |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]HEADERS` | | `name=value,other=value`, percent-encoded |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]TIMEOUT` | `10000` | milliseconds that a request may take, and the last export |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]COMPRESSION` | `none` | or `gzip` |
/// | `OTEL_EXPORTER_OTLP_[METRICS_]CERTIFICATE` | Mozilla's list | a file of PEM: see [`OtlpBuilder::certificate`](crate::OtlpBuilder::certificate) |
/// | `OTEL_METRIC_EXPORT_INTERVAL` | `60000` | milliseconds from one export to the next |
/// | `OTEL_METRIC_EXPORT_TIMEOUT` | `30000` | milliseconds that an export may take, with all that it tries |
/// | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` | `cumulative` | `delta` and `lowmemory` are errors: there is only this one |
/// | `OTEL_SERVICE_NAME` | `unknown_service:` and the executable | the attribute `service.name` |
/// | `OTEL_RESOURCE_ATTRIBUTES` | | `key=value,other=value`, percent-encoded |
/// | `OTEL_SDK_DISABLED` | `false` | `true`: nothing is sent |
///
/// A value that is malformed is an [`OtlpError`](crate::OtlpError). One that nobody knows is ignored, as the specification wants it:
/// [`OtlpBuilder::warnings`](crate::OtlpBuilder::warnings) has these.
///
/// # What is sent
///
/// | here | there |
/// |---|---|
/// | counter | monotonic sum, cumulative, under the name that a scrape shows: with `_total` |
/// | gauge, and what is of unknown type | gauge |
/// | info | sum that is not monotonic; `target_info` is the resource's attributes instead |
/// | histogram | histogram, cumulative; with a [`NativeHistogram`](crate::NativeHistogram) an exponential one in its place |
/// | summary | summary |
/// | a sample with a time | a point of that time; OTLP has none before 1970 |
/// | exemplar | exemplar, its `trace_id` and `span_id` where they belong |
/// | label | attribute |
/// | unit | its code by the Unified Code for Units of Measure: `s` for `seconds` |
///
/// Under [`Naming::OpenTelemetry`](crate::Naming::OpenTelemetry) names have their dots:
/// `http.server.request.duration`. Counts say when they began, if that is known: a layer's are, a registry's are not.
/// What would be more than 3 MiB is sent in several requests.
///
/// # When it fails
///
/// No connection, no response in time, HTTP's 429, 502, 503 and 504, and those codes of gRPC that the specification
/// lists, are tried again: after what the receiver says, or else after a second, then twice as long each time, up to
/// half a minute, less up to half of it by chance. Each try sends the values of its own moment. So nothing counts
/// twice, nothing piles up in memory, and the next export that succeeds has everything. Other failures wait for the
/// next interval. Requests are never slowed down by any of it.
///
/// The endpoint tells of it, and so does what is pushed. The label `receiver` is the host and port.
///
/// | family | type | labels | |
/// |---|---|---|---|
/// | `otlp_exports_total` | counter | `receiver` | exports that were tried |
/// | `otlp_export_failures_total` | counter | `receiver`, `cause` | those that failed: `connection`, `metrics`, `refused`, `timeout`, `unavailable` |
/// | `otlp_rejected_points_total` | counter | `receiver` | data points that the receiver did not take of an export that it took |
/// | `otlp_last_success_age_seconds` | gauge | `receiver` | seconds since the last export that succeeded, or at first since there was an `Otlp` |
///
/// An `Otlp` of an endpoint that is [`disabled`](crate::Exposition::disabled) sends nothing.
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
    /// Exports every interval, the first time after one, until `shutdown` is ready. Then it exports once more, within
    /// the timeout, and ends. An export that is in flight then is given up for that last one, which has its values too.
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
