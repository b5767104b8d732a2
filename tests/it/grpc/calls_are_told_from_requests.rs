//! What is a call.

use super::{ROUTE, body, call, head, layered, proven, read};
use crate::support::{
    ScriptedBody,
    Step::{Data, End, Status},
    changes, complete as plain,
    grpc::complete,
    sum,
};
use http::{HeaderValue, Response};

/// Media types are compared without regard to case, as HTTP has it.
const CONTENT_TYPES: [(&[u8], bool); 18] = [
    (b"application/grpc", true),
    (b"application/grpc+proto", true),
    (b"application/grpc+json", true),
    (b"application/grpc+", true),
    (b"application/grpc;x=y", true),
    (b"application/grpc; charset=utf-8", true),
    (b"Application/gRPC", true),
    (b"APPLICATION/GRPC+PROTO", true),
    (b"application/grpc-web", false),
    (b"application/grpc-web+proto", false),
    (b"application/grpc-web-text", false),
    (b"application/grpcx", false),
    (b"application/grpc ", false),
    (b" application/grpc", false),
    (b"application/grpc,application/grpc", false),
    (b"application/grp", false),
    (b"application/json", false),
    (b"application/grpc\xff", false),
];

#[tokio::test]
async fn a_request_is_a_call_by_its_content_type() {
    let layer = proven().await;
    for (value, is_call) in CONTENT_TYPES {
        let expected = match is_call {
            true => complete(ROUTE, "200", "NOT_FOUND"),
            false => plain("POST", "_unmatched", "200"),
        };
        let mut request = call();
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().insert("content-type", value);
        layer
            .counts(expected, || {
                read(layer.respond(request, body(&[Status("5")])).into_body());
            })
            .await;
    }
    let mut request = call();
    request.headers_mut().remove("content-type");
    layer
        .counts(plain("POST", "_unmatched", "200"), || {
            read(layer.respond(request, body(&[Status("5")])).into_body());
        })
        .await;
}

#[tokio::test]
async fn a_request_is_a_call_only_with_post() {
    let layer = proven().await;
    for (method, label) in [
        ("GET", "GET"),
        ("PUT", "PUT"),
        ("OPTIONS", "OPTIONS"),
        ("CONNECT", "CONNECT"),
        ("post", "_OTHER"),
        ("POSTS", "_OTHER"),
    ] {
        let mut request = call();
        *request.method_mut() = method.parse().unwrap();
        layer
            .counts(plain(label, "_unmatched", "404"), || {
                let response = head(404).body(ScriptedBody::new(&[Data, Status("13")]));
                read(layer.respond(request, response.unwrap()).into_body());
            })
            .await;
    }
}

#[tokio::test]
async fn a_request_is_no_call_if_its_response_is_none() {
    let layer = proven().await;
    for (value, is_call) in CONTENT_TYPES {
        let expected = match is_call {
            true => complete(ROUTE, "200", "NOT_FOUND"),
            false => plain("POST", "_unmatched", "200"),
        };
        let value = HeaderValue::from_bytes(value).unwrap();
        let mut response = body(&[Data, Status("5")]);
        response.headers_mut().insert("content-type", value);
        layer.counts(expected, || layer.answer(response)).await;
    }

    // A page, whatever it carries: of a proxy, say.
    let page = |status: u16| {
        let head = Response::builder()
            .status(status)
            .header("grpc-status", "0");
        head.body(ScriptedBody::new(&[Data, Status("13")])).unwrap()
    };
    let expected = plain("POST", "_unmatched", "200");
    layer.counts(expected, || layer.answer(page(200))).await;
    let errors = r#"http_errors_total{method="POST",route="_unmatched",error="503"}"#;
    let expected = sum([plain("POST", "_unmatched", "503"), changes([(errors, 1.0)])]);
    layer.counts(expected, || layer.answer(page(503))).await;
}

#[tokio::test]
async fn a_request_that_is_no_call_after_all_is_of_the_route_that_http_has_for_it() {
    let layer = layered(|builder| builder.routes(["/pages/{page}", "/templates"]));
    let mut request = call();
    *request.uri_mut() = "/pages/7".parse().unwrap();
    layer
        .counts(plain("POST", "/pages/{page}", "200"), || {
            let page = Response::new(ScriptedBody::new(&[Data, End]));
            read(layer.respond(request, page).into_body());
        })
        .await;
}
