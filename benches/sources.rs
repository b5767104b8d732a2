//! Time per scrape of what the endpoint shows beside a layer: the process, the runtime, a registry, another library's text.

#[path = "support/scrape.rs"]
mod scrape;

use divan::{Bencher, counter::ItemsCount};
use prometheus_client::{
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};
use scrape::scrape;
use std::fs::File;
use tokio::runtime::{Builder, Runtime};
use tower_red::{Exposition, ProcessMetrics, TokioMetrics};

/// Upper bounds of a histogram of others.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// The lines of one: its buckets, its sum and its count.
const LINES: usize = BOUNDS.len() + 3;

fn main() {
    divan::main();
}

#[divan::bench]
fn nothing(bencher: Bencher<'_, '_>) {
    let exposition = empty();
    bencher.bench_local(|| scrape(&exposition));
}

/// With so many open files more than the benchmark has by itself.
#[divan::bench(args = [0, 10_000])]
fn process(bencher: Bencher<'_, '_>, files: usize) {
    let Some(_files) = open(files) else { return };
    let exposition = empty().collector(ProcessMetrics::new());
    bencher.bench_local(|| scrape(&exposition));
}

/// With so many workers.
#[divan::bench(args = [1, 2, 64])]
fn runtime(bencher: Bencher<'_, '_>, workers: usize) {
    let runtime = start(workers);
    let exposition = empty().collector(TokioMetrics::new(runtime.handle()));
    bencher.bench_local(|| scrape(&exposition));
}

#[divan::bench(args = [2, 64])]
fn process_and_runtime(bencher: Bencher<'_, '_>, workers: usize) {
    let runtime = start(workers);
    let exposition = empty()
        .collector(ProcessMetrics::new())
        .collector(TokioMetrics::new(runtime.handle()));
    bencher.bench_local(|| scrape(&exposition));
}

/// Histograms of a registry, by lines.
#[divan::bench(args = [100, 1_000])]
fn registry(bencher: Bencher<'_, '_>, histograms: usize) {
    let exposition = Exposition::new(filled(histograms));
    let lines = bencher.counter(ItemsCount::new(histograms * LINES));
    lines.bench_local(|| scrape(&exposition));
}

/// The same as text that is there already.
#[divan::bench(args = [100, 1_000])]
fn text(bencher: Bencher<'_, '_>, histograms: usize) {
    let text = Exposition::new(filled(histograms)).render().unwrap();
    let exposition = empty().beside(move || text.clone());
    let lines = bencher.counter(ItemsCount::new(histograms * LINES));
    lines.bench_local(|| scrape(&exposition));
}

fn empty() -> Exposition {
    Exposition::new(Registry::default())
}

fn start(workers: usize) -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(workers).build();
    runtime.unwrap()
}

/// `None` if so many may not be open.
fn open(files: usize) -> Option<Vec<File>> {
    (0..files).map(|_| File::open("/dev/null").ok()).collect()
}

fn filled(histograms: usize) -> Registry {
    let family =
        Family::<Vec<(String, String)>, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
    for n in 0..histograms {
        let labels = vec![
            (String::from("method"), String::from("GET")),
            (String::from("route"), format!("/api/v1/resource{n}/{{id}}")),
        ];
        family.get_or_create(&labels).observe(0.2);
    }
    let mut registry = Registry::default();
    registry.register("mine_seconds", "Mine", family);
    registry
}
