//! What every reader of metrics sees, from whatever source: families, and their series one at a time.

mod dotted;
mod family;
mod labels;
mod names;
mod sample;
mod unit;

pub(crate) use self::{
    dotted::{DottedAttribute, DottedNames},
    family::{Family, Kind, Series, SeriesBuffer},
    labels::{is_label_name, label_pairs, push_label, split_label},
    names::{FamilyNames, is_metric_name},
    sample::{Exemplar, Histogram, Number, Sample, Summary, Timestamp},
    unit::Unit,
};
