use super::{
    ActiveOperation, ResolvedOperation,
    recorder::{OVERFLOW_SET, Recorder},
};
use crate::label::ValueSets;
use std::fmt;

/// Rate, errors and duration of something that is not an HTTP request: a query, a tool's run, a model's call.
///
/// An operation that is called `db_query` has these families, with its labels:
///
/// | family | type | more labels | counts |
/// |---|---|---|---|
/// | `db_query_total` | counter | | each one that ended, once, however it ended |
/// | `db_query_errors_total` | counter | `error` | those that failed: the kind of the error, `error` if nobody says which, or `panic` |
/// | `db_query_cancelled_total` | counter | | those that were dropped before their end |
/// | `db_query_duration_seconds` | histogram | | each one that ended: from its start to its end |
/// | `db_query_active` | gauge | | those that were started and have not ended |
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
    /// The operation with these values of its labels, in the order of their names. They are looked up once, here.
    ///
    /// Past the [budget](crate::OperationBuilder::max_label_sets), and for values of more than 256 bytes, all values are
    /// `_overflow`. An empty value is no label.
    #[inline]
    #[must_use]
    pub fn with(&self, values: [&str; N]) -> ResolvedOperation {
        ResolvedOperation::new(
            self.recorder,
            self.sets.number(values).unwrap_or(OVERFLOW_SET),
        )
    }

    /// Starts one with these values of its labels: [`with`](Self::with), then [`start`](ResolvedOperation::start).
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
