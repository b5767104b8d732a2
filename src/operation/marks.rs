use self::sealed::Sealed;
use super::ActiveOperation;

/// Looks at the items of a stream, and notes marks.
///
/// It is implemented by what [`OperationStream::mark_when`](crate::OperationStream::mark_when) makes, and cannot be by
/// other types.
pub trait ItemMark<T>: Sealed<T> {
    /// Looks at an item.
    fn look(&mut self, item: &T, active: &mut ActiveOperation);
}

/// Marks nothing.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoMark;

impl<T> ItemMark<T> for NoMark {
    fn look(&mut self, _: &T, _: &mut ActiveOperation) {}
}

/// Notes a mark with the first item that a function chooses.
#[derive(Debug)]
pub struct MarkWhen<M, F> {
    pub(super) others: M,
    pub(super) name: &'static str,
    /// `None` once it is reached.
    pub(super) when: Option<F>,
}

impl<T, M: ItemMark<T>, F: FnMut(&T) -> bool> ItemMark<T> for MarkWhen<M, F> {
    fn look(&mut self, item: &T, active: &mut ActiveOperation) {
        self.others.look(item, active);
        if self.when.as_mut().is_some_and(|when| when(item)) {
            active.mark(self.name);
            self.when = None;
        }
    }
}

/// Methods can be added to the trait as long as nobody else implements it.
mod sealed {
    pub trait Sealed<T> {}

    impl<T> Sealed<T> for super::NoMark {}

    impl<T, M: super::ItemMark<T>, F: FnMut(&T) -> bool> Sealed<T> for super::MarkWhen<M, F> {}
}
