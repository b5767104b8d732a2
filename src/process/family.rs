use crate::model::{Family, Kind, Number, Sample};
use std::borrow::Cow;

/// A family of these series, by the text of their labels. Its unit is what its name ends with.
pub(super) fn family(
    name: impl Into<Cow<'static, str>>,
    help: &'static str,
    kind: Kind,
    series: Vec<(String, Number)>,
) -> Family {
    let name = name.into();
    let units = ["seconds", "bytes"];
    let series = series.into_iter();
    let series = series.map(|(labels, value)| (labels, Sample::number(value)));
    Family {
        unit: units
            .into_iter()
            .find(|unit| name.ends_with(unit))
            .map(Into::into),
        name,
        help: help.into(),
        kind,
        names: None,
        sources: vec![Box::new(series.collect::<Vec<_>>())],
    }
}
