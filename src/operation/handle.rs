use super::{
    ActiveOperation, ResolvedOperation,
    recorder::{OVERFLOW_SET, Recorder},
};
use crate::label::ValueSets;
use std::fmt;

/// Rate, errors and duration of work other than HTTP requests: queries, tool runs, model calls.
///
/// An operation with the name `db_query` has these families, with its labels:
///
/// | family | type | more labels | counts |
/// |---|---|---|---|
/// | `db_query_total` | counter | | operations that ended, each once, however it ended |
/// | `db_query_errors_total` | counter | `error` | operations that failed: the kind you give, `error` if you give none, or `panic` |
/// | `db_query_cancelled_total` | counter | | operations that were dropped before their end |
/// | `db_query_duration_seconds` | histogram | | the time from start to end of each operation that ended |
/// | `db_query_active` | gauge | | operations that have started and not ended |
///
/// It is built once, with [`Operation::builder`], and lives as long as the process. Copying it copies a pointer.
///
/// ```
/// use tower_red::{Buckets, MetricsLayer, Operation};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (_metrics, exposition) = MetricsLayer::pair();
/// let queries = Operation::builder("db_query")
///     .labels(["operation", "table"])
///     .buckets(Buckets::custom([0.001, 0.01, 0.1, 1.0])?)
///     .expose_on(&exposition)?;
///
/// let select_users = queries.with(["select", "users"]);
/// let found = select_users.run(async { Ok::<_, std::io::Error>(7) }).await?;
/// assert_eq!(found, 7);
///
/// let text = exposition.render()?;
/// assert!(text.contains("db_query_total{operation=\"select\",table=\"users\"} 1\n"));
/// # Ok(())
/// # }
/// ```
pub struct Operation<const N: usize> {
    pub(super) recorder: &'static Recorder,
    pub(super) sets: &'static ValueSets<N>,
}

impl<const N: usize> Operation<N> {
    /// The operation with these label values, in the order of the labels' names. They are looked up once, here.
    ///
    /// Beyond the [budget](crate::OperationBuilder::max_label_sets), or if a value has more than 256 bytes, all values
    /// are `_overflow`. An empty value means no label.
    #[inline]
    #[must_use]
    pub fn with(&self, values: [&str; N]) -> ResolvedOperation {
        ResolvedOperation::new(
            self.recorder,
            self.sets.number(values).unwrap_or(OVERFLOW_SET),
        )
    }

    /// Starts one with these label values: [`with`](Self::with), then [`start`](ResolvedOperation::start).
    #[inline]
    pub fn start(&self, values: [&str; N]) -> ActiveOperation {
        self.with(values).start()
    }
}

impl<const N: usize> Clone for Operation<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const N: usize> Copy for Operation<N> {}

impl<const N: usize> fmt::Debug for Operation<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").finish_non_exhaustive()
    }
}
