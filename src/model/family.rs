use super::{DottedNames, Histogram, Number, Sample};
use std::{borrow::Cow, sync::Arc};

/// One metric family at the time of a scrape.
pub(crate) struct Family {
    /// With its unit, and without what the kind adds: a counter's `_total`.
    pub(crate) name: Cow<'static, str>,
    pub(crate) help: Cow<'static, str>,
    /// What the name ends with, if that is its unit.
    pub(crate) unit: Option<Cow<'static, str>>,
    pub(crate) kind: Kind,
    /// `None` if OpenTelemetry has no other names for it.
    #[cfg_attr(
        not(feature = "otlp"),
        expect(dead_code, reason = "only what is pushed has these")
    )]
    pub(crate) names: Option<Arc<DottedNames>>,
    /// Where its series are. The labels of one source are never those of another.
    pub(crate) sources: Vec<Box<dyn Series>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    /// A counter whose samples have the family's name as it is. OpenMetrics has none such, and calls it unknown.
    BareCounter,
    Histogram,
    Info,
    Summary,
    Unknown,
}

impl Kind {
    /// What the names of its samples add to the family's.
    pub(crate) fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter => &["_total"],
            Self::Histogram => &["_bucket", "_count", "_sum"],
            Self::Info => &["_info"],
            Self::Summary => &["", "_count", "_sum"],
            Self::Gauge | Self::BareCounter | Self::Unknown => &[""],
        }
    }
}

/// Series that are read one at a time, in an order of their own: nobody has to hold all of them.
pub(crate) trait Series: Send + Sync {
    fn len(&self) -> usize;

    /// The labels of a series, as all text formats write them between the braces, and its value. `None` if
    /// there is no such series. What is not there as it is may be put into the buffer.
    fn read<'a>(
        &'a self,
        index: usize,
        buffer: &'a mut SeriesBuffer,
    ) -> Option<(&'a str, &'a Sample)>;

    /// About how many numbers are looked at to read one series.
    fn width(&self) -> usize;
}

/// What a series is read into.
#[derive(Debug)]
pub(crate) struct SeriesBuffer {
    pub(crate) labels: String,
    pub(crate) sample: Sample,
}

impl Default for SeriesBuffer {
    fn default() -> Self {
        Self {
            labels: String::new(),
            sample: Sample::number(Number::Unsigned(0)),
        }
    }
}

impl SeriesBuffer {
    /// A histogram to be filled and put back: the last one, whose room can be used again.
    pub(crate) fn take_histogram(&mut self) -> Box<Histogram> {
        match std::mem::replace(&mut self.sample, Sample::number(Number::Unsigned(0))) {
            Sample::Histogram(histogram) => histogram,
            _ => Box::default(),
        }
    }
}

/// Series that are there already.
impl Series for Vec<(String, Sample)> {
    fn len(&self) -> usize {
        self.len()
    }

    fn read<'a>(&'a self, index: usize, _: &'a mut SeriesBuffer) -> Option<(&'a str, &'a Sample)> {
        let (labels, sample) = self.get(index)?;
        Some((labels, sample))
    }

    fn width(&self) -> usize {
        1
    }
}
