use super::{
    attributes::{Attribute, push_attribute, push_text},
    chunks::Chunks,
    points::Point,
    units::code,
};
use crate::{
    format::wire::{Message, push_length_of, push_message, push_str, push_uint},
    model::{DottedNames, Family, Kind, Sample},
};
use std::sync::Arc;

/// Values count from their start, and not from the last request.
const CUMULATIVE: u64 = 2;

/// Writes families into requests, one series after the other.
pub(crate) struct RequestWriter {
    /// `Resource` and `InstrumentationScope`, each with its field.
    resource: Message,
    scope: Message,
    /// In nanoseconds since 1970.
    time: u64,
    family: FamilyHead,
    /// The metric of that family as far as it is written.
    metric: Option<Metric>,
    /// The metrics before it.
    metrics: Chunks,
}

/// What a `Metric` begins with, whatever its type.
struct FamilyHead {
    kind: Kind,
    names: Option<Arc<DottedNames>>,
    text: Message,
}

/// A `Metric` whose points are being written.
struct Metric {
    data: Data,
    points: Chunks,
}

/// The type of a metric's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    Gauge,
    Sum { is_monotonic: bool },
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl RequestWriter {
    pub(crate) fn new<'a>(
        resource: impl IntoIterator<Item = &'a Attribute>,
        (name, version): (&str, &str),
        time: u64,
    ) -> Self {
        let mut writer = Self {
            resource: Message::new(),
            scope: Message::new(),
            time,
            family: FamilyHead {
                kind: Kind::Unknown,
                names: None,
                text: Message::new(),
            },
            metric: None,
            metrics: Chunks::default(),
        };
        push_message(&mut writer.resource, 1, |out| {
            for attribute in resource {
                push_attribute(out, 1, attribute);
            }
        });
        push_message(&mut writer.scope, 1, |out| {
            push_str(out, 1, name);
            push_str(out, 2, version);
        });
        writer
    }

    /// About how many bytes the request has so far.
    pub(crate) fn len(&self) -> usize {
        let metric = self.metric.as_ref().map_or(0, |metric| metric.points.len());
        self.resource.len() + self.metrics.len() + metric
    }

    /// Ends the family before it. One without series is left out.
    pub(crate) fn begin_family(&mut self, family: &Family) {
        self.end_metric();
        self.family = FamilyHead::new(family);
    }

    pub(crate) fn write_series(&mut self, labels: &str, sample: &Sample) {
        let (time, sample) = match sample {
            Sample::At(millis, sample) => (nanos(*millis), &**sample),
            sample => (self.time, sample),
        };
        let data = self.family.data(sample);
        if self.metric.as_ref().is_none_or(|it| it.data != data) {
            self.end_metric();
        }
        let metric = self.metric.get_or_insert_with(|| Metric {
            data,
            points: Chunks::default(),
        });
        let point = |created| Point {
            labels,
            names: self.family.names.as_deref(),
            created,
            time,
        };
        metric.points.write(|out| {
            push_message(out, 1, |out| match sample {
                Sample::Number {
                    value,
                    created,
                    exemplar,
                } => {
                    let created = created.filter(|_| data != Data::Gauge);
                    point(created).push_number(out, *value, exemplar.as_deref());
                }
                Sample::Histogram(histogram) => {
                    let point = point(histogram.created);
                    match &histogram.native {
                        Some(native) => point.push_exponential(out, histogram, native),
                        None => point.push_histogram(out, histogram),
                    }
                }
                Sample::Summary(summary) => point(None).push_summary(out, summary),
                // No sample is of two times.
                Sample::At(..) => {}
            });
        });
    }

    /// `ExportMetricsServiceRequest` as far as it is written, if there is anything in it. The next one goes on with the
    /// same family.
    pub(crate) fn end_request(&mut self) -> Option<Chunks> {
        self.end_metric();
        let metrics = std::mem::take(&mut self.metrics);
        if metrics.len() == 0 {
            return None;
        }
        let mut head = Message::new();
        push_length_of(&mut head, 2, self.scope.len() + metrics.len());
        head.extend_from_slice(&self.scope);
        let mut chunks = Chunks::default();
        chunks.write(|out| {
            push_length_of(out, 1, self.resource.len() + head.len() + metrics.len());
            out.extend_from_slice(&self.resource);
            out.extend_from_slice(&head);
        });
        chunks.append(metrics);
        Some(chunks)
    }

    fn end_metric(&mut self) {
        let Some(Metric { data, points }) = self.metric.take() else {
            return;
        };
        let mut tail = Message::new();
        data.push_tail(&mut tail);
        let mut head = self.family.text.clone();
        push_length_of(&mut head, data.field(), points.len() + tail.len());
        self.metrics.write(|out| {
            push_length_of(out, 2, head.len() + points.len() + tail.len());
            out.extend_from_slice(&head);
        });
        self.metrics.append(points);
        self.metrics.write(|out| out.extend_from_slice(&tail));
    }
}

/// Since 1970. What is before that is not known to be of any time.
fn nanos(millis: i64) -> u64 {
    u64::try_from(millis)
        .unwrap_or_default()
        .saturating_mul(1_000_000)
}

impl FamilyHead {
    fn new(family: &Family) -> Self {
        let names = family.names.clone();
        let mut text = Message::new();
        match &names {
            Some(names) => push_str(&mut text, 1, &names.metric),
            // The name that a scrape shows.
            None => {
                let suffix = match family.kind {
                    Kind::Counter | Kind::Info => family.kind.suffixes()[0],
                    _ => "",
                };
                push_str(&mut text, 1, &format!("{}{suffix}", family.name));
            }
        }
        push_str(&mut text, 2, &family.help);
        let unit = family.unit.as_deref().map(code);
        let unit = names.as_ref().and_then(|names| names.unit).or(unit);
        push_str(&mut text, 3, unit.unwrap_or_default());
        // OpenTelemetry has no such types. Whoever makes Prometheus' metrics of these reads what they were.
        match family.kind {
            Kind::Unknown => push_text(&mut text, 12, "prometheus.type", "unknown"),
            Kind::Info => push_text(&mut text, 12, "prometheus.type", "info"),
            _ => {}
        }
        Self {
            kind: family.kind,
            names,
            text,
        }
    }

    fn data(&self, sample: &Sample) -> Data {
        match (sample, self.kind) {
            (Sample::Histogram(histogram), _) => match histogram.native {
                Some(_) => Data::ExponentialHistogram,
                None => Data::Histogram,
            },
            (Sample::Summary(_), _) => Data::Summary,
            (_, Kind::Counter | Kind::BareCounter) => Data::Sum { is_monotonic: true },
            (_, Kind::Info) => Data::Sum {
                is_monotonic: false,
            },
            _ => match &self.names {
                Some(names) if names.is_up_down => Data::Sum {
                    is_monotonic: false,
                },
                _ => Data::Gauge,
            },
        }
    }
}

impl Data {
    fn field(self) -> u32 {
        match self {
            Self::Gauge => 5,
            Self::Sum { .. } => 7,
            Self::Histogram => 9,
            Self::ExponentialHistogram => 10,
            Self::Summary => 11,
        }
    }

    /// What comes after the points.
    fn push_tail(self, out: &mut Message) {
        if !matches!(self, Self::Gauge | Self::Summary) {
            push_uint(out, 2, CUMULATIVE);
        }
        if let Self::Sum { is_monotonic } = self {
            push_uint(out, 3, u64::from(is_monotonic));
        }
    }
}
