//! Instructions of what users can turn on, and of operations.
//!
//! `cargo bench --bench options` prints what each option adds to a request of the default layer, and what an operation
//! takes beyond a future that does nothing.

#[path = "support/callgrind.rs"]
#[expect(dead_code, reason = "nothing is recorded here")]
mod callgrind;
#[path = "support/router.rs"]
mod router;
#[path = "support/serve.rs"]
mod serve;

use callgrind::{REQUESTS, measured, per_request};
use futures_util::FutureExt;
use router::{drive, routes, served, targets};
use std::{env, future::ready, hint::black_box};
use tower_red::{
    Buckets, DurationStatus, MetricsLayer, MetricsLayerBuilder, NativeHistogram, Operation, TraceId,
};

type Option = fn(MetricsLayerBuilder) -> MetricsLayerBuilder;

/// Each by the name of its setter. The functions themselves do nothing.
const OPTIONS: [(&str, Option); 14] = [
    ("label", |builder| {
        builder.label("label", ["a", "b"], |_| Some("b"))
    }),
    ("label_up_to", |builder| {
        builder.label_up_to("label", 50, |_| Some("known"))
    }),
    ("response_label", |builder| {
        builder.response_label("label", ["a", "b"], |_| Some("b"))
    }),
    ("response_label_up_to", |builder| {
        builder.response_label_up_to("label", 50, |_| Some("known"))
    }),
    ("response_start", MetricsLayerBuilder::response_start),
    (
        "time_to_first_byte",
        MetricsLayerBuilder::time_to_first_byte,
    ),
    (
        "response_body_bytes",
        MetricsLayerBuilder::response_body_bytes,
    ),
    (
        "request_body_bytes",
        MetricsLayerBuilder::request_body_bytes,
    ),
    ("http_version", |builder| builder.http_version()),
    ("duration_status", |builder| {
        builder.duration_status(DurationStatus::Class)
    }),
    ("buckets_for", |builder| {
        builder.buckets_for(["/report"], Buckets::slow())
    }),
    ("exemplar", |builder| {
        builder.exemplar(|_| TraceId::from_bytes([1; 16]))
    }),
    ("native_histogram", |builder| {
        builder.native_histogram(NativeHistogram::default())
    }),
    // All label sets but one are past the budget.
    ("max_label_sets", |builder| builder.max_label_sets(1)),
];

type Drive = fn();

/// What an operation takes, and what it is measured against.
const OPERATIONS: [(&str, &str, Drive); 3] = [
    ("a resolved operation's future", "nothing_future", || {
        let operation = resolved();
        measured(|| {
            for _ in 0..REQUESTS {
                let future = operation.run(ready(black_box(Ok::<_, ()>(1))));
                let _ = black_box(future.now_or_never());
            }
        });
    }),
    ("a resolved operation, start to ok", "nothing", || {
        let operation = resolved();
        measured(|| (0..REQUESTS).for_each(|_| black_box(operation).start().ok()));
    }),
    ("the same, with a look-up of two values", "nothing", || {
        let operation = operation();
        operation.start(["select", "users"]).ok();
        measured(|| {
            for _ in 0..REQUESTS {
                operation.start(black_box(["select", "users"])).ok();
            }
        });
    }),
];

fn operation() -> Operation<2> {
    let (_, exposition) = MetricsLayer::pair();
    let operation = Operation::builder("operation").labels(["kind", "table"]);
    operation.expose_on(&exposition).unwrap()
}

fn resolved() -> tower_red::ResolvedOperation {
    let operation = operation().with(["select", "users"]);
    operation.start().ok();
    operation
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, contender] = &arguments[..] {
        if flag == "--drive" {
            return drive_contender(contender);
        }
    }
    let default = per_request("default");
    println!("beyond the default layer");
    for (name, _) in OPTIONS {
        println!("{name:<40} {:>+6}", per_request(name) - default);
    }
    println!("beyond nothing");
    for (name, nothing, _) in OPERATIONS {
        println!(
            "{name:<40} {:>+6}",
            per_request(name) - per_request(nothing)
        );
    }
}

fn drive_contender(contender: &str) {
    if let Some((_, option)) = OPTIONS.iter().find(|(name, _)| *name == contender) {
        return drive_layer(option(MetricsLayer::builder()));
    }
    if let Some((_, _, drive)) = OPERATIONS.iter().find(|(name, _, _)| *name == contender) {
        return drive();
    }
    match contender {
        "default" => drive_layer(MetricsLayer::builder()),
        "nothing_future" => measured(|| {
            for _ in 0..REQUESTS {
                let _ = black_box(ready(black_box(Ok::<_, ()>(1))).now_or_never());
            }
        }),
        _ => measured(|| (0..REQUESTS).for_each(|_| black_box(()))),
    }
}

fn drive_layer(builder: MetricsLayerBuilder) {
    let (metrics, _exposition) = builder.pair().unwrap();
    let (router, targets) = (served(routes().layer(metrics)), targets());
    drive(&router, &targets, targets.len());
    measured(|| drive(&router, &targets, REQUESTS));
}
