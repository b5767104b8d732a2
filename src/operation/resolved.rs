use super::{
    ActiveOperation, AnyError, EnteredOperation, ErrorKind, NoMark, OperationFuture,
    OperationStream,
    active::Panicking,
    recorder::{End, Ending, Recorder},
};
use std::{fmt, future::Future};

/// An operation with its label values, ready to be started.
///
/// Made by [`Operation::with`](crate::Operation::with). Copying it copies a pointer and a number.
///
/// ```
/// use tower_red::{MetricsLayer, Operation};
///
/// let (_metrics, exposition) = MetricsLayer::pair();
/// let jobs = Operation::builder("job").labels(["queue"]).expose_on(&exposition)?;
///
/// let mails = jobs.with(["mails"]);
/// mails.start().ok();
/// mails.start().fail("timeout");
/// assert!(exposition.render()?.contains("job_total{queue=\"mails\"} 2\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct ResolvedOperation {
    recorder: &'static Recorder,
    set: u32,
}

impl ResolvedOperation {
    pub(super) fn new(recorder: &'static Recorder, set: u32) -> Self {
        Self { recorder, set }
    }

    /// Makes the series of these label values from the start, with 0: operations, cancelled ones, and errors of these
    /// kinds. Otherwise the first operation makes them, and `rate` does not see it.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Operation};
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let jobs = Operation::builder("job").labels(["queue"]).expose_on(&exposition)?;
    ///
    /// jobs.with(["mails"]).initialize(["timeout", "panic"]);
    /// let text = exposition.render()?;
    /// assert!(text.contains("job_total{queue=\"mails\"} 0\n"));
    /// assert!(text.contains("job_errors_total{queue=\"mails\",error=\"timeout\"} 0\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn initialize(self, errors: impl IntoIterator<Item = &'static str>) {
        let failed = errors.into_iter().map(|kind| self.recorder.failed(kind));
        for end in [End::Ok, End::Cancelled].into_iter().chain(failed) {
            self.recorder.initialize(self.set, end);
        }
    }

    /// Starts one, to be ended by hand.
    #[inline(always)]
    pub fn start(self) -> ActiveOperation {
        ActiveOperation::new(self.recorder, self.set)
    }

    /// Starts one that lasts as long as a future. If the future returns `Err`, that is an error; if it is dropped, it
    /// is cancelled; if it panics, that is a panic.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Operation};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let tools = Operation::builder("tool_run").labels(["tool"]).expose_on(&exposition)?;
    ///
    /// let search = tools.with(["search"]);
    /// let result = search
    ///     .run(async { Err::<(), _>(std::io::Error::from(std::io::ErrorKind::TimedOut)) })
    ///     .error_by(|error: &std::io::Error| match error.kind() {
    ///         std::io::ErrorKind::TimedOut => "timeout",
    ///         _ => "io",
    ///     })
    ///     .await;
    /// assert!(result.is_err());
    ///
    /// let text = exposition.render()?;
    /// assert!(text.contains("tool_run_errors_total{tool=\"search\",error=\"timeout\"} 1\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<F, T, E>(self, future: F) -> OperationFuture<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        OperationFuture::new(future, self.start())
    }

    /// Runs work on this thread to its end. An `Err` is an error of the kind `error`. A panic is counted as one, and
    /// goes on.
    ///
    /// # Errors
    ///
    /// What the work returns, unchanged.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Operation};
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let parse = Operation::builder("parse").expose_on(&exposition)?.with([]);
    ///
    /// assert_eq!(parse.run_blocking(|| "7".parse::<u8>()), Ok(7));
    /// assert!(exposition.render().unwrap().contains("parse_total 1\n"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn run_blocking<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.run_blocking_by(|error| AnyError.kind(error), work)
    }

    /// The same, with a function that returns the kind of an error.
    ///
    /// # Errors
    ///
    /// What the work returns, unchanged.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Operation};
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let parse = Operation::builder("parse").expose_on(&exposition)?.with([]);
    ///
    /// let kind = |_: &std::num::ParseIntError| "no_number";
    /// let parsed = parse.run_blocking_by(kind, || "seven".parse::<u8>());
    /// assert!(parsed.is_err());
    /// assert!(exposition.render().unwrap().contains("parse_errors_total{error=\"no_number\"} 1\n"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn run_blocking_by<T, E>(
        self,
        kind: impl FnOnce(&E) -> &'static str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut active = self.start();
        let panicking = Panicking(&mut active);
        let result = work();
        // What says the kind is the user's, too.
        let ending = match &result {
            Ok(_) => Ending::Ok,
            Err(error) => Ending::Failed(kind(error)),
        };
        std::mem::forget(panicking);
        active.end(ending);
        result
    }

    /// Starts one that lasts as long as a stream of results: until the stream ends, or until its first `Err`, which is
    /// an error. If the stream is dropped before that, it is cancelled; if it panics, that is a panic.
    ///
    /// Turn a stream of other items into one of results with `map(Ok::<_, Infallible>)`.
    pub fn stream<S>(self, stream: S) -> OperationStream<S, NoMark> {
        OperationStream::new(stream, self.start())
    }

    /// Counts something that lasts, such as an open socket, in the gauge only, until the returned value is dropped.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Operation};
    ///
    /// let (_metrics, exposition) = MetricsLayer::pair();
    /// let sockets = Operation::builder("socket").expose_on(&exposition)?.with([]);
    ///
    /// let open = sockets.enter();
    /// assert!(exposition.render().unwrap().contains("socket_active 1\n"));
    /// drop(open);
    /// assert!(exposition.render().unwrap().contains("socket_active 0\n"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn enter(self) -> EnteredOperation {
        EnteredOperation::new(self.recorder, self.set)
    }
}

impl fmt::Debug for ResolvedOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedOperation").finish_non_exhaustive()
    }
}
