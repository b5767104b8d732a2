//! Listeners to a stream of events, which ends when they have heard enough.

use super::{shared::Shared, upload};
use crate::{
    client::{self, AnyError},
    random::Random,
};
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming};
use std::sync::{Arc, atomic::Ordering::Relaxed};

pub(super) async fn listen(shared: Arc<Shared>, mut random: Random) {
    while !shared.permits.is_closed() {
        // It comes every tenth of a second.
        let enough = random.below(100);
        let is_http2 = random.one_in(2);
        // A connection that failed is made again, as a browser does it.
        let _ = listen_once(&shared, is_http2, enough).await;
    }
}

async fn listen_once(shared: &Shared, is_http2: bool, enough: u64) -> Result<(), AnyError> {
    let request = Request::builder().header("host", "localhost");
    if is_http2 {
        let request = request
            .uri("http://localhost/events")
            .body(upload::none())?;
        let mut connection = client::http2(shared.address).await?;
        let response = connection.sender.send_request(request);
        hear(shared, response.await?, enough).await
    } else {
        let request = request.uri("/events").body(upload::none())?;
        let mut connection = client::http1(shared.address).await?;
        let response = connection.sender.send_request(request);
        hear(shared, response.await?, enough).await
    }
}

async fn hear(shared: &Shared, response: Response<Incoming>, enough: u64) -> Result<(), AnyError> {
    shared.sent.fetch_add(1, Relaxed);
    let mut events = response.into_body();
    let mut heard = 0;
    while heard < enough && !shared.permits.is_closed() {
        let Some(frame) = events.frame().await else {
            return Err("events ended".into());
        };
        heard += u64::from(frame?.is_data());
    }
    Ok(())
}
