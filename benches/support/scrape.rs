//! One scrape, in process.

use http::Request;
use http_body::Body as _;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};
use tower::Service;
use tower_red::Exposition;

/// Scrapes to the end, as fast as it goes, and says how many bytes that were.
pub(crate) fn scrape(exposition: &Exposition) -> usize {
    let request = Request::get("/metrics").body(()).unwrap();
    let mut scrape = pin!(exposition.clone().call(request));
    let mut cx = Context::from_waker(Waker::noop());
    let response = loop {
        if let Poll::Ready(Ok(response)) = scrape.as_mut().poll(&mut cx) {
            break response;
        }
    };
    let mut body = pin!(response.into_body());
    let mut bytes = 0;
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) {
        bytes += frame.into_data().map_or(0, |data| data.len());
    }
    bytes
}
