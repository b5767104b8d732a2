//! Requests at random against a model of the contract: whatever comes, the series are those that it says.

mod case;
mod contract;
mod journey;
mod memory;
mod options;
mod recycled;

use self::{
    case::{Case, SKIPPED, STREAMS},
    contract::Model,
    journey::Inner,
    options::Options,
};
use crate::support::{Scrape, TestLayer, random::Random, two_buckets};
use std::{
    sync::{Arc, atomic::Ordering},
    thread,
};
use tower_red::{MetricsLayer, MetricsLayerBuilder};

fn server() -> MetricsLayerBuilder {
    let builder = MetricsLayer::builder().buckets(two_buckets());
    let builder = builder.routes(["/users/{id}", SKIPPED, "/pkg.Svc/Known"]);
    let builder = builder.streams(STREAMS).skip([SKIPPED]);
    builder.grpc_service("pkg.Svc")
}

fn client() -> MetricsLayerBuilder {
    let builder = MetricsLayer::builder().buckets(two_buckets()).client();
    builder.streams(STREAMS).skip([SKIPPED])
}

fn inner() -> (TestLayer, Inner) {
    let layer = TestLayer::default();
    let inner = Inner(layer.metrics.clone(), Arc::default());
    (layer, inner)
}

#[tokio::test]
async fn whatever_comes_is_counted_as_the_contract_says() {
    for (client, builder) in [(false, server()), (true, client())] {
        let layer = TestLayer::new(builder);
        let (inner_layer, inner) = inner();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut model = Model::new(client);
        for _ in 0..30 {
            for _ in 0..100 {
                let case = Case::new(&mut random);
                case.run(&layer, &inner);
                model.count(&case);
            }
            model.assert_shown(&layer).await;
        }
        let within = inner_layer.scrape().await.sum("http_requests_total");
        assert_eq!(within, inner.1.load(Ordering::Relaxed) as f64);
    }
}

/// Layers with different options take turns on one thread, so that their requests get each other's boxes.
#[tokio::test]
async fn options_show_of_each_request_its_own_and_nothing_of_another() {
    let (inner_layer, inner) = inner();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut layers = Vec::new();
    for first_byte in [false, true] {
        for (is_client, builder) in [(false, server()), (true, client())] {
            let options = Options {
                first_byte,
                ..Options::default()
            };
            let layer = TestLayer::new(options.on(builder));
            let asked = Arc::clone(&options.asked);
            layers.push((layer, Model::with(is_client, options), asked));
        }
    }
    for (is_client, builder) in [(false, server()), (true, client())] {
        layers.push((
            TestLayer::new(builder),
            Model::new(is_client),
            Arc::default(),
        ));
    }
    for _ in 0..8 {
        for _ in 0..600 {
            let case = Case::new(&mut random);
            let at = random.below(layers.len());
            let (layer, model, _) = &mut layers[at];
            case.run(layer, &inner);
            model.count(&case);
        }
        for (layer, model, asked) in &layers {
            model.assert_shown(layer).await;
            assert_eq!(asked.load(Ordering::Relaxed), model.requests());
        }
    }
    let within = inner_layer.scrape().await.sum("http_requests_total");
    assert_eq!(within, inner.1.load(Ordering::Relaxed) as f64);
}

#[tokio::test]
async fn threads_at_once_count_as_many_as_one_after_the_other() {
    let (layer, (inner_layer, inner)) = (TestLayer::new(server()), inner());
    let run = |seed: u64| {
        let mut random = Random(seed);
        let mut model = Model::new(false);
        for _ in 0..500 {
            let mut case = Case::new(&mut random);
            // The threads have one clock.
            case.timeout = None;
            case.run(&layer, &inner);
            model.count(&case);
        }
        model
    };
    let models: Vec<Model> = thread::scope(|scope| {
        let threads = (1..=4).map(|seed| scope.spawn(move || run(seed)));
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let shown: Scrape = layer.scrape().await;
    for name in [
        "http_requests_total",
        "http_request_duration_seconds_count",
        "http_requests_cancelled_total",
    ] {
        let expected: f64 = models.iter().map(|model| model.total(name)).sum();
        assert_eq!(shown.sum(name), expected, "{name}");
    }
    assert_eq!(shown.sum("http_requests_in_flight"), 0.0);
    let within = inner_layer.scrape().await.sum("http_requests_total");
    assert_eq!(within, inner.1.load(Ordering::Relaxed) as f64);
}
