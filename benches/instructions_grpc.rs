//! Instructions per unary gRPC call to a bare service. See `instructions`.

#[path = "support/callgrind.rs"]
mod callgrind;
#[path = "support/calls.rs"]
mod calls;
#[path = "support/nothing.rs"]
mod nothing;
#[path = "support/serve.rs"]
mod serve;

use axum::body::Body;
use callgrind::{Count, REQUESTS, measured};
use calls::{answer_call, drive_calls};
use http::{Request, Response};
use nothing::NothingLayer;
use std::{convert::Infallible, process::ExitCode};
use tower::{Layer, Service, service_fn};
use tower_red::MetricsLayer;

const COUNT: Count = Count {
    kind: "call",
    bare: "bare gRPC service",
    layers: &["tower-red"],
    record: concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions_grpc.txt"),
};

fn main() -> ExitCode {
    let service = service_fn(answer_call);
    COUNT.main(|contender| match contender {
        "bare" => run(&service),
        "nothing" => run(&NothingLayer.layer(service)),
        _ => run(&MetricsLayer::pair().0.layer(service)),
    })
}

fn run<S, B>(service: &S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body,
{
    // The first call proves the method.
    drive_calls(service, 10);
    measured(|| drive_calls(service, REQUESTS));
}
