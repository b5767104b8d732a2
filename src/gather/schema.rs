use super::{
    series::WhichBounds,
    snapshot::{Row, Who},
};
#[cfg(feature = "page")]
use crate::naming::Convention;
use crate::naming::FamilySpec;

/// What the keys of a store mean: the families that they belong to, and the labels of their series.
pub(crate) trait Schema: Send + Sync + 'static {
    /// What the labels of a series may show.
    type Values;
    /// What series are sorted by, so that every process lists them in the same order.
    type Order: Ord + Send;

    fn families(&self) -> &[FamilySpec];

    /// For each kind of series, by its number, whether it counts what is active. The others count what finished.
    fn series(&self) -> impl Iterator<Item = bool>;

    /// What series of that kind show of a key. `None` if they leave it out.
    fn values(&self, series: usize, key: u64) -> Option<Self::Values>;

    fn order(&self, values: &Self::Values) -> Self::Order;

    /// Visits the labels of a series with these values.
    fn for_each_label(
        &self,
        series: usize,
        values: &Self::Values,
        visit: &mut dyn FnMut(&str, &str),
    );

    /// What a snapshot shows of a key that finished. `None` if that is nothing.
    fn row(&self, key: u64) -> Option<Row>;

    /// What a snapshot shows of a key that is active. `None` if that is nothing.
    fn active_row(&self, key: u64) -> Option<Who>;

    /// Which of its bounds a histogram shows for the series of a key, if not all have the same.
    fn which_bounds(&self) -> Option<WhichBounds>;

    /// How often a function that says a label's value panicked.
    fn panics(&self) -> u64;

    /// What the families of an HTTP layer mean.
    #[cfg(feature = "page")]
    fn convention(&self) -> Option<&Convention> {
        None
    }
}
