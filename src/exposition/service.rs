use super::{
    Exposition, ExpositionBody, ExpositionFuture,
    filter::Filter,
    instruments::Measurement,
    method, negotiation, response,
    scrape::{self, ScrapeRequest},
};
use http::Request;
use std::{
    convert::Infallible,
    task::{Context, Poll},
};
use tower_service::Service;

impl<B> Service<Request<B>> for Exposition {
    type Response = http::Response<ExpositionBody>;
    type Error = Infallible;
    type Future = ExpositionFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ExpositionFuture {
        let Some(head_only) = method::is_head_only(request.method()) else {
            return ExpositionFuture::answered(response::not_allowed(), false);
        };
        let Some(reader) = self.reader() else {
            return ExpositionFuture::answered(response::disabled(), head_only);
        };
        let request = ScrapeRequest {
            reader,
            format: negotiation::negotiate(request.headers()),
            filter: Filter::of(request.uri()),
        };
        let measurement = Measurement::new(self.instruments.clone());
        ExpositionFuture::scraping(scrape::scrape(request, measurement), head_only)
    }
}
