use super::{
    json::{push_count, push_float, push_list, push_number, push_string, push_text},
    meaning::{Meaning, Meanings},
};
use crate::{
    format::Writer,
    model::{Family, Histogram, Kind, Sample},
};
use std::sync::Arc;

/// Writes the page's data: one object, whose last member is the list of families.
///
/// A series is its labels, as the text formats have them, and its value. That of a histogram is the counts of its
/// buckets, not cumulated, and before the first one, and wherever they change, there is a list of their bounds.
pub(super) struct JsonWriter {
    meanings: Meanings,
    /// What the object begins with.
    head: Vec<u8>,
    has_family: bool,
    has_series: bool,
    bounds: Option<Arc<[f64]>>,
}

impl JsonWriter {
    /// `started` says which process it is: milliseconds since 1970. `seconds` went by since then.
    pub(super) fn new(meanings: Meanings, started: u64, seconds: f64) -> Self {
        let mut head = Vec::new();
        push_text(&mut head, r#"{"version":"#);
        push_string(&mut head, env!("CARGO_PKG_VERSION"));
        push_text(&mut head, r#","started":"#);
        push_count(&mut head, started);
        push_text(&mut head, r#","seconds":"#);
        push_float(&mut head, seconds);
        push_text(&mut head, r#","families":["#);
        Self {
            meanings,
            head,
            has_family: false,
            has_series: false,
            bounds: None,
        }
    }

    /// What separates an element from the one before it.
    fn separate_series(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_series, true) {
            out.push(b',');
        }
    }

    fn end_family(&mut self, out: &mut Vec<u8>) {
        if self.has_family {
            push_text(out, "]}");
        }
    }

    fn write_bounds(&mut self, histogram: &Histogram, out: &mut Vec<u8>) {
        let is_same = |bounds: &Arc<[f64]>| {
            Arc::ptr_eq(bounds, &histogram.bounds) || *bounds == histogram.bounds
        };
        if self.bounds.as_ref().is_some_and(is_same) {
            return;
        }
        self.separate_series(out);
        push_list(out, histogram.bounds.iter(), |out, bound| {
            push_float(out, *bound);
        });
        self.bounds = Some(Arc::clone(&histogram.bounds));
    }
}

impl Writer for JsonWriter {
    fn begin_family(&mut self, family: &Family, out: &mut Vec<u8>) {
        out.append(&mut self.head);
        self.end_family(out);
        if self.has_family {
            out.push(b',');
        }
        self.has_family = true;
        self.has_series = false;
        self.bounds = None;
        push_member(out, "{", "name", &family.name);
        push_member(out, ",", "type", type_name(family.kind));
        if let Some(meaning) = self.meanings.get(&family.name) {
            push_meaning(out, meaning);
        }
        push_text(out, r#","series":["#);
    }

    fn write_series(&mut self, labels: &str, sample: &Sample, out: &mut Vec<u8>) {
        let sample = match sample {
            Sample::At(_, sample) => sample,
            sample => sample,
        };
        if let Sample::Histogram(histogram) = sample {
            self.write_bounds(histogram, out);
        }
        self.separate_series(out);
        out.push(b'[');
        push_string(out, labels);
        out.push(b',');
        match sample {
            Sample::Number { value, .. } => push_number(out, *value),
            Sample::Histogram(histogram) => {
                push_list(out, &histogram.buckets, |out, count| {
                    push_count(out, *count);
                });
            }
            Sample::Summary(_) | Sample::At(..) => push_text(out, "null"),
        }
        out.push(b']');
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.head);
        self.end_family(out);
        push_text(out, "]}");
    }
}

fn push_member(out: &mut Vec<u8>, before: &str, name: &str, value: &str) {
    push_text(out, before);
    push_string(out, name);
    out.push(b':');
    push_string(out, value);
}

fn push_meaning(out: &mut Vec<u8>, meaning: &Meaning) {
    push_member(out, ",", "group", &meaning.group);
    push_member(out, ",", "kind", meaning.kind);
    push_member(out, ",", "shows", meaning.shows);
    push_text(out, r#","labels":{"#);
    for (index, (label, name)) in meaning.labels.iter().enumerate() {
        push_member(out, if index > 0 { "," } else { "" }, label, name);
    }
    out.push(b'}');
    if !meaning.budgets.is_empty() {
        push_text(out, r#","budgets":"#);
        push_list(out, &meaning.budgets, |out, (labels, most)| {
            out.push(b'[');
            push_string(out, labels);
            out.push(b',');
            push_count(out, *most as u64);
            out.push(b']');
        });
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter | Kind::BareCounter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Info => "info",
        Kind::Summary => "summary",
        Kind::Unknown => "unknown",
    }
}
