use crate::model::{Kind, Number};
use tokio::runtime::RuntimeMetrics;

/// One of the figures, which is a family.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) read: fn(&RuntimeMetrics) -> Number,
}

pub(super) fn whole(number: usize) -> Number {
    Number::Unsigned(number as u64)
}
