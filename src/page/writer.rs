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
/// A series is three elements of its family's list: how many characters its labels, as the text formats have them, have
/// in common with those of the series before it, then the rest of them, and its value. Series are sorted, so that the
/// rest is short: a browser has to read all of them each second, and takes longest for texts and for lists of lists. The
/// value of a histogram is a list of the counts of its buckets, not cumulated, up to the last one that is not zero.
/// Before the first one, and wherever they change, there is a list of their bounds.
pub(super) struct JsonWriter {
    meanings: Meanings,
    /// What the object begins with.
    head: Vec<u8>,
    has_family: bool,
    has_series: bool,
    /// Those of the series before.
    labels: String,
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
            labels: String::new(),
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

    fn write_labels(&mut self, labels: &str, out: &mut Vec<u8>) {
        let common = common_ascii(&self.labels, labels);
        let (_, rest) = labels.split_at(common);
        push_count(out, common as u64);
        out.push(b',');
        push_string(out, rest);
        self.labels.truncate(common);
        self.labels.push_str(rest);
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
        self.labels.clear();
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
        self.write_labels(labels, out);
        out.push(b',');
        match sample {
            Sample::Number { value, .. } => push_number(out, *value),
            Sample::Histogram(histogram) => {
                push_list(out, without_last_zeros(&histogram.buckets), |out, count| {
                    push_count(out, *count);
                });
            }
            Sample::Summary(_) | Sample::At(..) => push_text(out, "null"),
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.head);
        self.end_family(out);
        push_text(out, "]}");
    }
}

/// How many characters both texts begin with. It ends before the first one that is not ASCII, of which a browser counts
/// others than we do.
fn common_ascii(a: &str, b: &str) -> usize {
    let pairs = a.bytes().zip(b.bytes());
    pairs.take_while(|(a, b)| a == b && a.is_ascii()).count()
}

fn without_last_zeros(counts: &[u64]) -> &[u64] {
    let end = counts.iter().rposition(|count| *count != 0);
    &counts[..end.map_or(0, |last| last + 1)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Number;

    /// The labels of series, read as the page reads them: in units of UTF-16.
    fn read(json: &[u8]) -> Vec<String> {
        let data: serde_json::Value = serde_json::from_slice(json).unwrap();
        let series = data["families"][0]["series"].as_array().unwrap();
        let mut before: Vec<u16> = Vec::new();
        let texts = series.chunks(3).map(|item| {
            before.truncate(item[0].as_u64().unwrap() as usize);
            before.extend(item[1].as_str().unwrap().encode_utf16());
            String::from_utf16(&before).unwrap()
        });
        texts.collect()
    }

    #[test]
    fn labels_are_read_as_they_were_whatever_they_have_in_common() {
        let labels = [
            "",
            "a=\"1\"",
            "a=\"1\"",
            "a=\"12\"",
            "a=\"1\",b=\"é漢😀\"",
            "a=\"1\",b=\"é漢😀\",c=\"x\"",
            "a=\"1\",b=\"è漢\"",
            "b=\"x\"",
        ];
        let family = Family {
            name: "a".into(),
            help: "A.".into(),
            unit: None,
            kind: Kind::Gauge,
            names: None,
            sources: Vec::new(),
        };
        let mut writer = JsonWriter::new(Meanings::default(), 0, 0.0);
        let mut json = Vec::new();
        writer.begin_family(&family, &mut json);
        for text in labels {
            writer.write_series(text, &Sample::number(Number::Unsigned(1)), &mut json);
        }
        writer.end(&mut json);
        assert_eq!(read(&json), labels);
    }
}
