//! The samples that the tests of tower-red read are what these libraries write.
//!
//! `RECORD=1 cargo test --test samples` writes them anew.

use metrics::{
    Key, Label, Level, Metadata, Recorder, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use prometheus::{
    CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounter, Opts, Registry, TextEncoder,
};
use std::{env, fs, path::Path};

fn compare(name: &str, text: &str) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/it/beside/samples");
    let path = samples.join(name);
    if env::var_os("RECORD").is_some() {
        fs::write(&path, text).unwrap();
    }
    // In the order of lines, which a hash map decides.
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(text), sorted(&fs::read_to_string(&path).unwrap()));
}

/// Values that are hard to write, by the values of their labels.
const LEVELS: [(&str, f64); 5] = [
    ("nan", f64::NAN),
    ("up", f64::INFINITY),
    ("down", f64::NEG_INFINITY),
    ("small", 1e-9),
    ("big", 1e21),
];

/// What has to be escaped in a label's value.
const HOSTILE: &str = "a\"b\\c\nd,e}f= gäß";

#[test]
fn the_metrics_facade() {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("mf_size".into()), &[0.00001, 1.0, 10.0, 1e6])
        .unwrap()
        .set_quantiles(&[0.0, 0.5, 1.0])
        .unwrap()
        .build_recorder();
    let handle = recorder.handle();
    with_local_recorder(&recorder, || {
        describe_counter!("mf_jobs_total", "Jobs \"done\", by \\ and\nover lines.");
        describe_gauge!("mf_level", "A level.");
        describe_histogram!("mf_size", Unit::Bytes, "Sizes.");
        counter!("mf_jobs_total", "queue" => "fast").increment(1);
        counter!("mf_jobs_total", "queue" => HOSTILE).increment(2);
        counter!("mf.bare").increment(u64::MAX);
        for (of, value) in LEVELS {
            gauge!("mf_level", "of" => of).set(value);
        }
        for value in [0.000_001, 5.0, 5.0, 2e6] {
            histogram!("mf_size", "of" => "file").record(value);
        }
        histogram!("mf_time").record(0.25);
        // One that never observes anything.
        let empty = Metadata::new("", Level::INFO, None);
        let key = Key::from_parts("mf_size", vec![Label::new("of", "none")]);
        drop(recorder.register_histogram(&key, &empty));
    });
    compare("metrics.txt", &handle.render());
}

#[test]
fn the_prometheus_crate() -> Result<(), prometheus::Error> {
    let registry = Registry::new_custom(None, Some([("zone".into(), "eu".into())].into()))?;
    let help = "Jobs \"done\", by \\ and\nover lines.";
    let jobs = CounterVec::new(Opts::new("pc_jobs_total", help), &["queue"])?;
    registry.register(Box::new(jobs.clone()))?;
    jobs.with_label_values(&["fast"]).inc();
    jobs.with_label_values(&[HOSTILE]).inc_by(2.5);
    let bare = IntCounter::new("pc_bare", "A counter of any name.")?;
    registry.register(Box::new(bare.clone()))?;
    bare.inc_by(1 << 60);
    let level = GaugeVec::new(Opts::new("pc_level", "A level."), &["of"])?;
    registry.register(Box::new(level.clone()))?;
    for (of, value) in LEVELS {
        level.with_label_values(&[of]).set(value);
    }
    let options = HistogramOpts::new("pc_size_bytes", "Sizes.");
    let sizes = HistogramVec::new(options.buckets(vec![0.00001, 1.0, 10.0, 1e6]), &["of"])?;
    registry.register(Box::new(sizes.clone()))?;
    for value in [0.000_001, 5.0, 5.0, 2e6] {
        sizes.with_label_values(&["file"]).observe(value);
    }
    sizes.with_label_values(&["none"]);
    let text = TextEncoder::new().encode_to_string(&registry.gather())?;
    compare("prometheus.txt", &text);
    Ok(())
}
