use super::{
    body::ExpositionBody,
    instruments::{Instruments, Measurement},
    response,
    source::Source,
    stream::Stream,
};
use crate::{
    ScrapeError,
    format::Format,
    model::{Family, FamilyNames},
    registry,
    sync::yield_now,
};
use http::Response;
use std::sync::Arc;

/// How many families' names are compared before other work gets its turn.
const NAMES_PER_STRETCH: usize = 512;

/// What is to be exposed, and how.
pub(super) struct ScrapeRequest {
    pub(super) source: Arc<Source>,
    pub(super) format: &'static Format,
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
    match families(&request).await {
        Ok(families) => {
            measurement.end(200);
            let stream = Stream::new(families, request.format, &request.source.pool);
            response::ok(request.format.content_type, ExpositionBody::stream(stream))
        }
        Err(error) => {
            measurement.end(500);
            response::refused(error)
        }
    }
}

/// The families of the registry, of the layer, and of the endpoint itself.
async fn families(request: &ScrapeRequest) -> Result<Vec<Family>, ScrapeError> {
    let mut families = Vec::new();
    if let Some(registry) = &request.source.registry {
        families.append(&mut registry::read(registry).await?);
    }
    if let Some(layer) = &request.source.layer {
        families.append(&mut layer.gather().await);
    }
    if let Some(instruments) = &request.instruments {
        families.append(&mut registry::read(instruments.registry()).await?);
    }
    let mut names = FamilyNames::default();
    for families in families.chunks(NAMES_PER_STRETCH) {
        for family in families {
            names.take(&family.name, family.kind)?;
        }
        yield_now().await;
    }
    Ok(families)
}
