use std::{sync::Arc, time::Duration};

/// A clock for tests: it stands still until a test advances it. Clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use tower::{Layer, ServiceExt};
/// use tower_red::{MetricsLayer, TestClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = TestClock::new();
/// let (metrics, exposition) = MetricsLayer::builder().clock(&clock).pair()?;
///
/// let inner = clock.clone();
/// let service = metrics.layer(tower::service_fn(move |_: http::Request<()>| {
///     inner.advance(Duration::from_millis(250));
///     std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(String::new())))
/// }));
/// service.oneshot(http::Request::new(())).await?;
///
/// let text = exposition.render()?;
/// assert!(text.contains("http_request_duration_seconds_sum{method=\"GET\",route=\"_unmatched\",status=\"200\"} 0.25\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TestClock {
    clock: quanta::Clock,
    mock: Arc<quanta::Mock>,
}

impl TestClock {
    /// A clock that stands still.
    #[must_use]
    pub fn new() -> Self {
        let (clock, mock) = quanta::Clock::mock();
        Self { clock, mock }
    }

    /// Advances the clock by that time.
    pub fn advance(&self, time: Duration) {
        self.mock.increment(time);
    }

    pub(crate) fn clock(&self) -> quanta::Clock {
        self.clock.clone()
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}
