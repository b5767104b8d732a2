use super::{
    ActiveOperation, AnyError, ErrorKind,
    active::Panicking,
    marks::{ItemMark, MarkWhen, NoMark},
    recorder::Ending,
};
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    /// Stream of [`ResolvedOperation::stream`](crate::ResolvedOperation::stream).
    ///
    /// If it is dropped before its end, the operation counts as cancelled.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use tower_red::{Buckets, MetricsLayer, Operation};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let calls = Operation::builder("llm_call")
    ///     .labels(["model"])
    ///     .mark("first_token", Buckets::medium())
    ///     .expose_on(&exposition)?;
    ///
    /// // A keep-alive comes before the first token.
    /// let answer = stream::iter(["", "Hello", "!"].map(Ok::<_, std::io::Error>));
    /// let mut tokens = calls
    ///     .with(["small"])
    ///     .stream(answer)
    ///     .mark_when("first_token", |token: &&str| !token.is_empty());
    /// while tokens.next().await.transpose()?.is_some() {}
    ///
    /// let text = exposition.render()?;
    /// assert!(text.contains("llm_call_first_token_seconds_count{model=\"small\"} 1\n"));
    /// assert!(text.contains("llm_call_total{model=\"small\"} 1\n"));
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct OperationStream<S, M = NoMark, K = AnyError> {
        #[pin]
        inner: S,
        marks: M,
        kind: K,
        // `None` once it has ended.
        active: Option<ActiveOperation>,
    }
}

impl<S> OperationStream<S> {
    pub(super) fn new(inner: S, active: ActiveOperation) -> Self {
        Self {
            inner,
            marks: NoMark,
            kind: AnyError,
            active: Some(active.watched()),
        }
    }
}

impl<S, M, K> OperationStream<S, M, K> {
    /// Notes a [mark](crate::OperationBuilder::mark) at the first item for which the function returns `true`. An
    /// unknown mark is treated as in [`ActiveOperation::mark`].
    pub fn mark_when<T, E, F>(
        self,
        name: &'static str,
        when: F,
    ) -> OperationStream<S, MarkWhen<M, F>, K>
    where
        S: Stream<Item = Result<T, E>>,
        F: FnMut(&T) -> bool,
    {
        OperationStream {
            inner: self.inner,
            marks: MarkWhen {
                others: self.marks,
                name,
                when: Some(when),
            },
            kind: self.kind,
            active: self.active,
        }
    }

    /// Sets a function that returns the kind of an error. Without it, every error has the kind `error`.
    pub fn error_by<T, E, B>(self, kind: B) -> OperationStream<S, M, B>
    where
        S: Stream<Item = Result<T, E>>,
        B: Fn(&E) -> &'static str,
    {
        OperationStream {
            inner: self.inner,
            marks: self.marks,
            kind,
            active: self.active,
        }
    }
}

impl<S, M, K, T, E> Stream for OperationStream<S, M, K>
where
    S: Stream<Item = Result<T, E>>,
    M: ItemMark<T>,
    K: ErrorKind<E>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let Some(active) = this.active else {
            return this.inner.poll_next(cx);
        };
        let panicking = Panicking(active);
        let polled = this.inner.poll_next(cx);
        // What looks at items is the user's, too.
        let ending = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(Ending::Ok),
            Poll::Ready(Some(Err(error))) => Some(Ending::Failed(this.kind.kind(error))),
            Poll::Ready(Some(Ok(item))) => {
                this.marks.look(item, panicking.0);
                None
            }
        };
        mem::forget(panicking);
        if let Some(ending) = ending {
            active.end(ending);
            *this.active = None;
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
