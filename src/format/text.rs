//! The two formats that are text.

use super::{
    number::{bound_text, push_count, push_float, push_number, push_str},
    writer::{Format, Writer},
};
use crate::model::{Exemplar, Family, Histogram, Kind, Number, Sample, Summary, Timestamp};
use std::sync::Arc;

/// The classic text format, version 0.0.4.
pub(super) const CLASSIC: Format = Format {
    media_type: ("text", "plain"),
    parameters: &[("version", "0.0.4"), ("charset", "utf-8")],
    content_type: "text/plain; version=0.0.4; charset=utf-8",
    rank: 1,
    is_text: true,
    writer: || Box::new(TextWriter::new(Dialect::Classic)),
    push_length: None,
};

/// OpenMetrics, version 1.0.0.
pub(super) const OPEN_METRICS: Format = Format {
    media_type: ("application", "openmetrics-text"),
    parameters: &[("version", "1.0.0"), ("charset", "utf-8")],
    content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    rank: 2,
    is_text: true,
    writer: || Box::new(TextWriter::new(Dialect::OpenMetrics)),
    push_length: None,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Classic,
    OpenMetrics,
}

struct TextWriter {
    dialect: Dialect,
    /// The family that was begun.
    family: String,
    /// What its samples' names add to that, unless it is a histogram.
    suffix: &'static str,
    /// What lines of buckets begin with, for the bounds of the last histogram.
    bounds: Arc<[f64]>,
    bucket_starts: Vec<String>,
    /// What comes between a line's name, or its bound, and its value: once for all lines of a series.
    labels: String,
    labels_after_bound: String,
    /// What comes between its value and its end, or its exemplar: a space and its time, if it has one.
    time: String,
}

impl TextWriter {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            family: String::new(),
            suffix: "",
            bounds: Arc::default(),
            bucket_starts: Vec::new(),
            labels: String::new(),
            labels_after_bound: String::new(),
            time: String::new(),
        }
    }

    /// What the dialect adds to a family's name where it declares it, and how it calls its kind.
    fn declared(&self, kind: Kind) -> (&'static str, &'static str) {
        match (kind, self.dialect) {
            (Kind::Counter, Dialect::OpenMetrics) => ("", "counter"),
            (Kind::Counter, Dialect::Classic) => ("_total", "counter"),
            // As Prometheus' own clients do it.
            (Kind::BareCounter, Dialect::OpenMetrics) => ("", "unknown"),
            (Kind::BareCounter, Dialect::Classic) => ("", "counter"),
            (Kind::Gauge, _) => ("", "gauge"),
            (Kind::Histogram, _) => ("", "histogram"),
            (Kind::Summary, _) => ("", "summary"),
            (Kind::Info, Dialect::OpenMetrics) => ("", "info"),
            (Kind::Info, Dialect::Classic) => ("_info", "gauge"),
            (Kind::Unknown, Dialect::OpenMetrics) => ("", "unknown"),
            (Kind::Unknown, Dialect::Classic) => ("", "untyped"),
        }
    }

    fn write_histogram(&mut self, histogram: &Histogram, out: &mut Vec<u8>) {
        if histogram.bounds != self.bounds || self.bucket_starts.is_empty() {
            self.set_bounds(&histogram.bounds);
        }
        let has_exemplars = self.dialect == Dialect::OpenMetrics && !histogram.exemplars.is_empty();
        for (start, (_, cumulated, exemplar)) in
            self.bucket_starts.iter().zip(histogram.cumulated())
        {
            push_str(out, start);
            push_str(out, &self.labels_after_bound);
            push_count(out, cumulated);
            self.end_line(exemplar.filter(|_| has_exemplars), out);
        }
        self.write_sum_and_count(histogram.sum, histogram.count, out);
    }

    fn write_summary(&self, summary: &Summary, out: &mut Vec<u8>) {
        for (quantile, value) in &summary.quantiles {
            let quantile = bound_text(*quantile);
            push_str(out, &format!("{}{{quantile=\"{quantile}\"", self.family));
            push_str(out, &self.labels_after_bound);
            push_float(out, *value);
            self.end_line(None, out);
        }
        self.write_sum_and_count(summary.sum, summary.count, out);
    }

    fn write_sum_and_count(&self, sum: f64, count: u64, out: &mut Vec<u8>) {
        self.begin_line("_sum", out);
        push_float(out, sum);
        self.end_line(None, out);
        self.begin_line("_count", out);
        push_count(out, count);
        self.end_line(None, out);
    }

    fn set_bounds(&mut self, bounds: &Arc<[f64]>) {
        let family = &self.family;
        let start = |bound| format!("{family}_bucket{{le=\"{}\"", bound_text(bound));
        let all = bounds.iter().copied().chain([f64::INFINITY]);
        self.bucket_starts = all.map(start).collect();
        self.bounds = Arc::clone(bounds);
    }

    fn begin_line(&self, suffix: &str, out: &mut Vec<u8>) {
        push_str(out, &self.family);
        push_str(out, suffix);
        push_str(out, &self.labels);
    }

    fn end_line(&self, exemplar: Option<&Exemplar>, out: &mut Vec<u8>) {
        push_str(out, &self.time);
        if let Some(exemplar) = exemplar {
            push_exemplar(exemplar, out);
        }
        out.push(b'\n');
    }

    /// Keeps the time of the series to come, in the unit of the dialect.
    fn set_time(&mut self, millis: i64) {
        self.time = match self.dialect {
            Dialect::Classic => format!(" {millis}"),
            Dialect::OpenMetrics => {
                let mut text = vec![b' '];
                push_float(&mut text, millis as f64 / 1e3);
                String::from_utf8_lossy(&text).into_owned()
            }
        };
    }

    fn write_sample(&mut self, sample: &Sample, out: &mut Vec<u8>) {
        match sample {
            Sample::Number {
                value, exemplar, ..
            } => self.write_number(*value, exemplar.as_deref(), out),
            Sample::Histogram(histogram) => self.write_histogram(histogram, out),
            Sample::Summary(summary) => self.write_summary(summary, out),
            Sample::At(millis, sample) => {
                self.set_time(*millis);
                self.write_sample(sample, out);
                self.time.clear();
            }
        }
    }

    fn write_number(&self, value: Number, exemplar: Option<&Exemplar>, out: &mut Vec<u8>) {
        self.begin_line(self.suffix, out);
        push_number(out, value);
        // The classic format has no exemplars.
        self.end_line(
            exemplar.filter(|_| self.dialect == Dialect::OpenMetrics),
            out,
        );
    }
}

impl Writer for TextWriter {
    fn begin_family(&mut self, family: &Family, out: &mut Vec<u8>) {
        self.family.clear();
        self.family.push_str(&family.name);
        self.suffix = family.kind.suffixes().first().copied().unwrap_or_default();
        self.bucket_starts.clear();

        let name = &family.name;
        let (suffix, kind) = self.declared(family.kind);
        let help = escape_help(&family.help, self.dialect);
        let help = match help.is_empty() {
            true => help,
            false => format!("# HELP {name}{suffix} {help}\n"),
        };
        let kind = format!("# TYPE {name}{suffix} {kind}\n");
        match (self.dialect, &family.unit) {
            (Dialect::Classic, _) => push_str(out, &(help + &kind)),
            (Dialect::OpenMetrics, None) => push_str(out, &(kind + &help)),
            (Dialect::OpenMetrics, Some(unit)) => {
                push_str(out, &format!("{kind}# UNIT {name} {unit}\n{help}"));
            }
        }
    }

    fn write_series(&mut self, labels: &str, sample: &Sample, out: &mut Vec<u8>) {
        self.labels.clear();
        self.labels_after_bound.clear();
        if labels.is_empty() {
            self.labels.push(' ');
        } else {
            self.labels.extend(["{", labels, "} "]);
            self.labels_after_bound.extend([",", labels]);
        }
        self.labels_after_bound.push_str("} ");
        self.write_sample(sample, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.dialect == Dialect::OpenMetrics {
            push_str(out, "# EOF\n");
        }
    }
}

fn push_exemplar(exemplar: &Exemplar, out: &mut Vec<u8>) {
    let Exemplar {
        labels,
        value,
        timestamp,
    } = exemplar;
    push_str(out, &format!(" # {{{labels}}} "));
    push_float(out, *value);
    match timestamp {
        None => {}
        Some(Timestamp::Millis(millis)) => {
            let (second, rest) = (millis / 1_000, millis % 1_000);
            push_str(out, &format!(" {second}.{rest:03}"));
        }
        Some(Timestamp::Seconds(seconds)) => {
            out.push(b' ');
            push_float(out, *seconds);
        }
    }
}

/// Escapes what the format wants escaped in a help text.
fn escape_help(help: &str, dialect: Dialect) -> String {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    match dialect {
        Dialect::Classic => help,
        Dialect::OpenMetrics => help.replace('"', "\\\""),
    }
}
