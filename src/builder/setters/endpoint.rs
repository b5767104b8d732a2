//! What the endpoint exposes.

use crate::MetricsLayerBuilder;
use prometheus_client::registry::Registry;

impl MetricsLayerBuilder {
    /// A registry of your own metrics, which [`pair`](Self::pair) exposes on the same endpoint. Defaults to
    /// none.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Whether anything is measured. Defaults to `true`.
    ///
    /// `enabled(false)` builds the same types: requests pass through the layer and nothing is recorded, and the
    /// endpoint answers 503. That is for the endpoint as a whole, with the metrics of a
    /// [`registry`](Self::registry) of your own, since a scrape of a part would look like one of all.
    /// [`register`](Self::register) then registers nothing. Mistakes in the configuration are errors all the same.
    ///
    /// ```
    /// use tower::ServiceExt;
    /// use tower_red::MetricsLayer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let enabled = std::env::var("METRICS").is_ok_and(|value| value == "on");
    /// let (metrics, exposition) = MetricsLayer::builder().enabled(enabled).pair()?;
    ///
    /// let response = exposition.oneshot(http::Request::new(())).await?;
    /// assert_eq!(response.status(), if enabled { 200 } else { 503 });
    /// # let _ = metrics;
    /// # Ok(())
    /// # }
    /// ```
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }
}
