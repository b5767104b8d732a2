use std::borrow::Cow;

/// What OpenTelemetry's conventions call a family and its labels. Prometheus' names for them have no dots.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DottedNames {
    /// Without the unit.
    pub(crate) metric: Cow<'static, str>,
    /// If it is another one than the family's.
    pub(crate) unit: Option<&'static str>,
    /// Whether a gauge is a sum of ups and downs.
    pub(crate) is_up_down: bool,
    pub(crate) attributes: Vec<DottedAttribute>,
}

/// The attribute that a label stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DottedAttribute {
    pub(crate) label: String,
    pub(crate) name: &'static str,
    /// Whether its value is a whole number there.
    pub(crate) is_number: bool,
}

impl DottedNames {
    #[cfg(feature = "otlp")]
    pub(crate) fn attribute(&self, label: &str) -> Option<&DottedAttribute> {
        let mut attributes = self.attributes.iter();
        attributes.find(|attribute| attribute.label == label)
    }
}
