//! What a scrape says, read from what is pushed.

use super::{Data, Metric, metric};
use crate::support::said::{Labels, Number, Said, bound_text};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{
        Exemplar, HistogramDataPoint, NumberDataPoint, SummaryDataPoint, exemplar,
        number_data_point,
    },
};

const CUMULATIVE: i32 = 2;

impl Said {
    pub(super) fn of_otlp(metrics: &[Metric]) -> Self {
        let mut said = Self::default();
        // What the push says of itself is of the time of the snapshot.
        let now = match metric(metrics, "otlp_exports_total").data.as_ref() {
            Some(Data::Sum(sum)) => sum.data_points[0].time_unix_nano,
            other => panic!("{other:?}"),
        };
        for metric in metrics {
            let name = &metric.name;
            let declared = (kind(metric), metric.description.clone());
            let before = said.families.insert(name.clone(), declared);
            assert_eq!(before, None, "{name}");
            match metric.data.as_ref().unwrap() {
                Data::Gauge(gauge) => said.add_numbers(name, &gauge.data_points, now),
                Data::Sum(sum) => {
                    assert_eq!(sum.aggregation_temporality, CUMULATIVE);
                    said.add_numbers(name, &sum.data_points, now);
                }
                Data::Histogram(histogram) => {
                    assert_eq!(histogram.aggregation_temporality, CUMULATIVE);
                    for point in &histogram.data_points {
                        said.add_histogram_point(name, point, now);
                    }
                }
                Data::Summary(summary) => {
                    for point in &summary.data_points {
                        said.add_summary_point(name, point, now);
                    }
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        said
    }

    fn add_summary_point(&mut self, name: &str, point: &SummaryDataPoint, now: u64) {
        let labels = labels(&point.attributes);
        let time = other_time(point.time_unix_nano, now);
        let (count, sum) = (point.count as f64, point.sum);
        self.add(&format!("{name}_count"), labels.clone(), count, time);
        self.add(&format!("{name}_sum"), labels.clone(), sum, time);
        for quantile in &point.quantile_values {
            let mut labels = labels.clone();
            labels.insert("quantile".into(), bound_text(quantile.quantile));
            self.add(name, labels, quantile.value, time);
        }
    }

    fn add_numbers(&mut self, name: &str, points: &[NumberDataPoint], now: u64) {
        assert!(!points.is_empty(), "{name}");
        for point in points {
            let labels = labels(&point.attributes);
            let value = match point.value.unwrap() {
                number_data_point::Value::AsDouble(value) => value,
                number_data_point::Value::AsInt(value) => value as f64,
            };
            let time = other_time(point.time_unix_nano, now);
            self.add(name, labels.clone(), value, time);
            for exemplar in &point.exemplars {
                let exemplar = read_exemplar(exemplar, point.time_unix_nano);
                self.exemplars
                    .insert((name.to_owned(), labels.clone()), exemplar);
            }
        }
    }

    fn add_histogram_point(&mut self, name: &str, point: &HistogramDataPoint, now: u64) {
        let labels = labels(&point.attributes);
        let time = other_time(point.time_unix_nano, now);
        self.add(
            &format!("{name}_count"),
            labels.clone(),
            point.count as f64,
            time,
        );
        self.add(
            &format!("{name}_sum"),
            labels.clone(),
            point.sum.unwrap(),
            time,
        );
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
        let bounds = point.explicit_bounds.iter().copied();
        let bounds: Vec<f64> = bounds.chain([f64::INFINITY]).collect();
        let with_bound = |bound: f64| {
            let mut labels = labels.clone();
            labels.insert("le".into(), bound_text(bound));
            labels
        };
        let mut cumulated = 0;
        for (bound, count) in bounds.iter().zip(&point.bucket_counts) {
            cumulated += count;
            let name = format!("{name}_bucket");
            self.add(&name, with_bound(*bound), cumulated as f64, time);
        }
        for exemplar in &point.exemplars {
            let exemplar = read_exemplar(exemplar, point.time_unix_nano);
            let bucket = bounds.iter().find(|bound| exemplar.1.0 <= **bound).unwrap();
            let of = (format!("{name}_bucket"), with_bound(*bucket));
            let before = self.exemplars.insert(of, exemplar);
            assert_eq!(before, None, "{name}");
        }
    }
}

/// The time of a sample in milliseconds, if it is not that of the snapshot.
fn other_time(time: u64, now: u64) -> Option<i64> {
    (time != now).then_some(time as i64 / 1_000_000)
}

/// As the classic text declares it.
fn kind(metric: &Metric) -> String {
    let metadata = labels(&metric.metadata);
    let kind = match (
        metric.data.as_ref().unwrap(),
        metadata.get("prometheus.type"),
    ) {
        (Data::Gauge(_), None) => "gauge",
        (Data::Gauge(_), Some(kind)) if kind == "unknown" => "untyped",
        (Data::Sum(sum), None) if sum.is_monotonic => "counter",
        (Data::Sum(sum), Some(kind)) if !sum.is_monotonic && kind == "info" => "gauge",
        (Data::Histogram(_), None) => "histogram",
        (Data::Summary(_), None) => "summary",
        other => panic!("{}: {other:?}", metric.name),
    };
    kind.to_owned()
}

pub(super) fn labels(attributes: &[KeyValue]) -> Labels {
    let pairs = attributes.iter().map(|attribute| {
        let value = match attribute.value.clone().unwrap().value.unwrap() {
            Value::StringValue(text) => text,
            Value::IntValue(number) => number.to_string(),
            other => panic!("{}: {other:?}", attribute.key),
        };
        (attribute.key.clone(), value)
    });
    let pairs: Labels = pairs.collect();
    assert_eq!(pairs.len(), attributes.len());
    pairs
}

fn read_exemplar(exemplar: &Exemplar, time: u64) -> (Labels, Number, Option<i64>) {
    let mut labels = labels(&exemplar.filtered_attributes);
    for (name, id) in [
        ("trace_id", &exemplar.trace_id),
        ("span_id", &exemplar.span_id),
    ] {
        if !id.is_empty() {
            let hex = id.iter().map(|byte| format!("{byte:02x}"));
            labels.insert(name.to_owned(), hex.collect());
        }
    }
    let Some(exemplar::Value::AsDouble(value)) = exemplar.value else {
        panic!("{exemplar:?}");
    };
    // What has no time of its own has that of its point.
    let millis = exemplar.time_unix_nano as i64 / 1_000_000;
    let millis = (exemplar.time_unix_nano != time).then_some(millis);
    (labels, Number(value), millis)
}
