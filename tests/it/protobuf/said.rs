//! What a scrape says, read from protobuf.

use super::client;
use crate::support::said::{Labels, Number, Said, bound_text};

impl Said {
    pub(crate) fn of_protobuf(families: &[client::MetricFamily]) -> Self {
        let mut said = Self::default();
        for family in families {
            let name = family.name.clone().unwrap();
            let kind = ["counter", "gauge", "summary", "untyped", "histogram"]
                [family.kind.unwrap() as usize];
            let declared = (kind.to_owned(), family.help.clone().unwrap());
            let before = said.families.insert(name.clone(), declared);
            assert_eq!(before, None, "{name}");
            assert!(!family.metric.is_empty(), "{name}");
            for metric in &family.metric {
                let labels = pairs(&metric.label);
                let time = metric.timestamp_ms;
                let values = [&metric.counter, &metric.gauge, &metric.untyped];
                let values = ["counter", "gauge", "untyped"].iter().zip(values);
                for (of, value) in values {
                    assert_eq!(value.is_some(), kind == *of, "{name}");
                    if let Some(value) = value {
                        said.add(&name, labels.clone(), value.value.unwrap(), time);
                        said.add_exemplar((name.clone(), labels.clone()), &value.exemplar);
                    }
                }
                assert_eq!(metric.histogram.is_some(), kind == "histogram", "{name}");
                if let Some(histogram) = &metric.histogram {
                    said.add_histogram(&name, &labels, histogram, time);
                }
                assert_eq!(metric.summary.is_some(), kind == "summary", "{name}");
                if let Some(summary) = &metric.summary {
                    said.add_summary(&name, &labels, summary, time);
                }
            }
        }
        said
    }

    fn add_histogram(
        &mut self,
        name: &str,
        labels: &Labels,
        histogram: &client::Histogram,
        time: Option<i64>,
    ) {
        let count = histogram.sample_count.unwrap() as f64;
        self.add(&format!("{name}_count"), labels.clone(), count, time);
        let sum = histogram.sample_sum.unwrap();
        self.add(&format!("{name}_sum"), labels.clone(), sum, time);
        for bucket in &histogram.bucket {
            let bound = bucket.upper_bound.unwrap();
            let mut labels = labels.clone();
            labels.insert("le".into(), bound_text(bound));
            let name = format!("{name}_bucket");
            let count = bucket.cumulative_count.unwrap() as f64;
            self.add(&name, labels.clone(), count, time);
            self.add_exemplar((name, labels), &bucket.exemplar);
        }
    }

    fn add_summary(
        &mut self,
        name: &str,
        labels: &Labels,
        summary: &client::Summary,
        time: Option<i64>,
    ) {
        let count = summary.sample_count.unwrap() as f64;
        self.add(&format!("{name}_count"), labels.clone(), count, time);
        let sum = summary.sample_sum.unwrap();
        self.add(&format!("{name}_sum"), labels.clone(), sum, time);
        for quantile in &summary.quantile {
            let mut labels = labels.clone();
            let text = bound_text(quantile.quantile.unwrap());
            labels.insert("quantile".into(), text);
            self.add(name, labels, quantile.value.unwrap(), time);
        }
    }

    fn add_exemplar(&mut self, of: (String, Labels), exemplar: &Option<client::Exemplar>) {
        if let Some(exemplar) = exemplar {
            let millis = exemplar.timestamp.as_ref().map(|time| {
                // As Prometheus does it.
                time.seconds.unwrap() * 1_000 + i64::from(time.nanos.unwrap()) / 1_000_000
            });
            let value = Number(exemplar.value.unwrap());
            let exemplar = (pairs(&exemplar.label), value, millis);
            self.exemplars.insert(of, exemplar);
        }
    }
}

fn pairs(labels: &[client::LabelPair]) -> Labels {
    let pair = |it: &client::LabelPair| (it.name.clone().unwrap(), it.value.clone().unwrap());
    let pairs: Labels = labels.iter().map(pair).collect();
    assert_eq!(pairs.len(), labels.len());
    pairs
}
