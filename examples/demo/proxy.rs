//! A proxy in front of the demo's own routes.

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, StatusCode, Uri, header,
        uri::{Authority, Scheme},
    },
    response::{IntoResponse, Response},
    routing::{MethodRouter, any},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// Where its paths begin.
const PREFIX: &str = "/proxy";

/// Passes requests on to this server, and what it answers back: the body as it comes, and not once it is whole.
pub(crate) fn to(server: Authority) -> MethodRouter {
    let client = Client::builder(TokioExecutor::new()).build_http();
    any(move |request| pass_on(client, server, request))
}

async fn pass_on(
    client: Client<HttpConnector, Body>,
    server: Authority,
    request: Request,
) -> Response {
    let Some(target) = target(server, request.uri()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (head, body) = request.into_parts();
    // Not all of the head: its version is that of another connection.
    let mut onward = Request::new(body);
    *onward.method_mut() = head.method;
    *onward.uri_mut() = target;
    *onward.headers_mut() = end_to_end(head.headers);
    onward.headers_mut().remove(header::HOST);
    match client.request(onward).await {
        Ok(response) => {
            let (mut head, body) = response.into_parts();
            head.headers = end_to_end(head.headers);
            Response::from_parts(head, Body::new(body))
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

/// The same path on that server, whatever host the client names; none if that is the proxy again.
fn target(server: Authority, asked: &Uri) -> Option<Uri> {
    let path = asked.path_and_query()?.as_str().strip_prefix(PREFIX)?;
    let rest = path.strip_prefix(PREFIX);
    if rest.is_some_and(|rest| rest.starts_with('/')) {
        return None;
    }
    let target = Uri::builder().scheme(Scheme::HTTP).authority(server);
    target.path_and_query(path).build().ok()
}

/// Without the headers that speak of one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    ] {
        headers.remove(name);
    }
    headers
}
