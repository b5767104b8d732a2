use super::{ActiveOperation, AnyError, ErrorKind, active::Panicking, recorder::Ending};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// Future of [`ResolvedOperation::run`](crate::ResolvedOperation::run).
    ///
    /// If it is dropped before it is ready, the operation counts as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct OperationFuture<F, K = AnyError> {
        #[pin]
        inner: F,
        kind: K,
        // `None` once it has ended.
        active: Option<ActiveOperation>,
    }
}

impl<F> OperationFuture<F> {
    pub(super) fn new(inner: F, active: ActiveOperation) -> Self {
        Self {
            inner,
            kind: AnyError,
            active: Some(active.watched()),
        }
    }
}

impl<F, K> OperationFuture<F, K> {
    /// Sets a function that returns the kind of an error. Without it, every error has the kind `error`.
    pub fn error_by<T, E, B>(self, kind: B) -> OperationFuture<F, B>
    where
        F: Future<Output = Result<T, E>>,
        B: Fn(&E) -> &'static str,
    {
        OperationFuture {
            inner: self.inner,
            kind,
            active: self.active,
        }
    }
}

impl<F, K, T, E> Future for OperationFuture<F, K>
where
    F: Future<Output = Result<T, E>>,
    K: ErrorKind<E>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let panicking = this.active.as_mut().map(Panicking);
        let polled = this.inner.poll(cx);
        // What says the kind is the user's, too.
        let ending = match &polled {
            Poll::Pending => None,
            Poll::Ready(Ok(_)) => Some(Ending::Ok),
            Poll::Ready(Err(error)) => Some(Ending::Failed(this.kind.kind(error))),
        };
        mem::forget(panicking);
        let output = ready!(polled);
        if let (Some(mut active), Some(ending)) = (this.active.take(), ending) {
            active.end(ending);
        }
        Poll::Ready(output)
    }
}
