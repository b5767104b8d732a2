use super::{
    body::ExpositionBody,
    filter::Filter,
    instruments::{Instruments, Measurement},
    response,
    source::Source,
    stream::Stream,
};
use crate::{format::Format, sync::yield_now};
use http::Response;
use std::sync::Arc;

/// What is to be exposed, and how.
pub(super) struct ScrapeRequest {
    pub(super) source: Arc<Source>,
    pub(super) format: &'static Format,
    pub(super) filter: Filter,
    pub(super) instruments: Option<Arc<Instruments>>,
}

/// One scrape, from waiting for its turn to its head. Everything that can fail, and everything that must be read
/// together, is done here. It is written later, while it is sent.
pub(super) async fn scrape(
    request: ScrapeRequest,
    measurement: Measurement,
) -> Response<ExpositionBody> {
    // First come, first served. Nobody closes the semaphore.
    let _permit = request.source.permit.acquire().await.ok();
    // Moved here, so that it is dropped before the permit, and the next scrape shows this one.
    let mut measurement = measurement;
    measurement.begin();
    // Always once, however little there is to do.
    yield_now().await;
    let source = &request.source;
    match source.families(request.instruments.as_deref()).await {
        Ok(mut families) => {
            families.retain(|family| request.filter.keeps(family));
            measurement.end(200);
            let stream = Stream::new(families, request.format, &source.pool);
            response::ok(request.format.content_type, ExpositionBody::stream(stream))
        }
        Err(error) => {
            measurement.end(500);
            response::refused(error)
        }
    }
}
