use super::{
    body::ExpositionBody, filter::Filter, instruments::Measurement, reader::Reader, response,
};
use crate::{format::Format, sync::yield_now};
use http::Response;

/// What is to be exposed, and how.
pub(super) struct ScrapeRequest {
    pub(super) reader: Reader,
    pub(super) format: &'static Format,
    pub(super) filter: Filter,
}

/// One scrape, from waiting for its turn to its head. Everything that can fail, and everything that must be read
/// together, is done here. It is written later, while it is sent.
pub(super) async fn scrape(
    request: ScrapeRequest,
    measurement: Measurement,
) -> Response<ExpositionBody> {
    // First come, first served.
    let _turn = request.reader.turn().await;
    // Moved here, so that it is dropped before the turn ends, and the next scrape shows this one.
    let mut measurement = measurement;
    measurement.begin();
    // Always once, however little there is to do.
    yield_now().await;
    match request.reader.families().await {
        Ok(mut families) => {
            families.retain(|family| request.filter.keeps(family));
            measurement.end(200);
            let body = request.reader.body_in(families, request.format);
            response::ok(request.format.content_type, body)
        }
        Err(error) => {
            measurement.end(500);
            response::refused(error)
        }
    }
}
