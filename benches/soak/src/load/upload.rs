//! Bodies of requests.

use crate::{client::Body, random::Random};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use std::future::pending;

const CHUNK: Bytes = Bytes::from_static(&[b'u'; 4 * 1024]);

pub(super) fn none() -> Body {
    Empty::new().boxed_unsync()
}

/// It declares its length.
pub(super) fn whole(random: &mut Random) -> Body {
    Full::new(CHUNK.slice(..random.below(4096) as usize)).boxed_unsync()
}

/// It does not.
pub(super) fn streamed(random: &mut Random) -> Body {
    let chunks = stream::repeat(CHUNK).take(random.below(20) as usize);
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}

/// It never comes to its end.
pub(super) fn stalled() -> Body {
    let chunks = stream::once(async { Ok(Frame::data(CHUNK)) });
    StreamBody::new(chunks.chain(stream::once(pending()))).boxed_unsync()
}
