use crate::model::{Family, Sample};

/// Writes families, one series after the other.
pub(crate) trait Writer: Send + Sync {
    /// What stands before a family's series.
    fn begin_family(&mut self, family: &Family, out: &mut Vec<u8>);

    /// A series of the family that was begun last.
    fn write_series(&mut self, labels: &str, sample: &Sample, out: &mut Vec<u8>);

    /// What all of it ends with.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// A format that a scraper can ask for.
pub(crate) struct Format {
    pub(crate) media_type: (&'static str, &'static str),
    /// What a media range may add to that, with the values that it then has to have.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    pub(crate) content_type: &'static str,
    /// Among formats that are named with the same weight, the highest rank wins.
    pub(crate) rank: u8,
    /// Whether `*/*` means it too: whoever takes anything may want to read it.
    pub(crate) is_text: bool,
    pub(crate) writer: fn() -> Box<dyn Writer>,
    /// Writes the length of a family, if the format puts that before it. The family is then in memory as a whole.
    pub(crate) push_length: Option<fn(&mut Vec<u8>, u64)>,
}
