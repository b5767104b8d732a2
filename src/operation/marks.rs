use super::ActiveOperation;

/// Looks at the items of a stream, and marks what they reach.
///
/// Made by [`OperationStream::mark_when`](crate::OperationStream::mark_when); there is no need to implement it.
pub trait ItemMark<T> {
    /// Looks at an item.
    fn look(&mut self, item: &T, active: &mut ActiveOperation);
}

/// Marks nothing.
#[derive(Clone, Copy, Debug, Default)]
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
