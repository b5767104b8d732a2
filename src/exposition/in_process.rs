//! What the program reads of an endpoint itself, without a request.

use super::{Exposition, stream::Stream};
use crate::{ScrapeError, format::FORMATS, gather::Snapshot, sync::at_once};
use std::task::Poll;

impl Exposition {
    /// The metrics as they are now, as text of the classic format 0.0.4, for programs that serve it in another way. Its
    /// content type is `text/plain; version=0.0.4; charset=utf-8`. It is empty if the endpoint is
    /// [`disabled`](Exposition::disabled).
    ///
    /// The text is written in one stretch, on this thread. With many label sets, prefer the endpoint, which lets other
    /// work run in between.
    ///
    /// # Errors
    ///
    /// If a scrape would fail: if the registry's metrics cannot be exposed, or two families have a name in common.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let text = exposition.render()?;
    /// assert!(text.contains("# TYPE http_requests_in_flight gauge\n"));
    /// # Ok::<(), tower_red::ScrapeError>(())
    /// ```
    pub fn render(&self) -> Result<String, ScrapeError> {
        let Some(source) = &self.source else {
            return Ok(String::new());
        };
        let families = at_once(self.families())?;
        let mut stream = Stream::new(families, &FORMATS[0], &source.pool);
        let mut text = Vec::new();
        loop {
            match stream.poll_next() {
                Poll::Ready(Some(piece)) => text.extend_from_slice(&piece),
                Poll::Ready(None) => break,
                Poll::Pending => {}
            }
        }
        // What is written is text, and stays so if a collector of the user's wrote something else.
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The layers' counts as they are now, for the program itself to read. Empty if the endpoint is
    /// [`disabled`](Exposition::disabled). A registry's metrics are not included.
    ///
    /// A request is counted when its response has ended, which may be a moment after the client has received it:
    /// [`MetricsLayer::idle`](crate::MetricsLayer::idle) waits for that.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// assert_eq!(exposition.snapshot().requests().count(), 0);
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        if let Some(source) = &self.source {
            source.read(&mut snapshot);
        }
        snapshot
    }
}
