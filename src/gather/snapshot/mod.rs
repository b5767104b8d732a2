//! What was counted, read back by the program itself.

mod active_selection;
mod row;
mod selection;

pub use self::{active_selection::ActiveSelection, selection::Selection};

pub(crate) use self::row::{Durations, Row, Who};

use std::{collections::BTreeMap, fmt};

/// The counts of an endpoint's layers at one moment, for the program itself to read, mostly in tests.
///
/// Made by [`Exposition::snapshot`](crate::Exposition::snapshot). It does not depend on the names of families and
/// labels. Anything that was never counted is 0.
///
/// Its text has a sorted line for each label set: what was counted, of which method and route, how it ended, and how
/// often.
///
/// ```
/// use tower::{Layer, ServiceExt};
/// use tower_red::{MetricsLayer, RouteTemplate};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (metrics, exposition) = MetricsLayer::pair();
/// let service = metrics.layer(tower::service_fn(|_: http::Request<String>| async {
///     Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
/// }));
/// let before = exposition.snapshot();
///
/// let request = http::Request::get("/users/7").extension(RouteTemplate::new("/users/{id}"));
/// service.oneshot(request.body(String::new())?).await?;
/// metrics.idle().await;
///
/// let counted = exposition.snapshot().since(&before);
/// assert_eq!(counted.requests().route("/users/{id}").status(200).count(), 1);
/// assert_eq!(counted.errors().count(), 0);
/// assert_eq!(counted.in_flight().value(), 0);
/// assert_eq!(counted.to_string(), "requests GET /users/{id} 200: 1\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Snapshot {
    ended: BTreeMap<Row, Durations>,
    active: BTreeMap<Who, i64>,
}

impl Snapshot {
    pub(super) fn add(&mut self, row: Row, durations: &Durations) {
        self.ended.entry(row).or_default().add(durations);
    }

    pub(super) fn add_active(&mut self, who: Who, value: u64) {
        *self.active.entry(who).or_default() += value as i64;
    }

    /// The requests that ended.
    pub fn requests(&self) -> Selection<'_> {
        Selection::new(self.ended.iter().collect())
    }

    /// The requests that failed.
    pub fn errors(&self) -> Selection<'_> {
        self.requests().only(|row| row.error.is_some())
    }

    /// The requests that were cancelled.
    pub fn cancelled(&self) -> Selection<'_> {
        self.requests().only(|row| row.phase.is_some())
    }

    /// The requests that ended, to query their durations: the same as [`requests`](Self::requests).
    pub fn durations(&self) -> Selection<'_> {
        self.requests()
    }

    /// The requests that have not ended.
    pub fn in_flight(&self) -> ActiveSelection<'_> {
        ActiveSelection::new(self.active.iter().collect())
    }

    /// The difference to an earlier snapshot of the same endpoint.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        for (row, durations) in &mut since.ended {
            if let Some(before) = earlier.ended.get(row) {
                durations.subtract(before);
            }
        }
        for (who, value) in &mut since.active {
            *value -= earlier.active.get(who).copied().unwrap_or(0);
        }
        since
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for (row, durations) in &self.ended {
            let Row {
                who,
                status,
                grpc_status,
                error,
                phase,
            } = row;
            let code = grpc_status.as_ref().map(|code| format!(" {code}"));
            let code = code.unwrap_or_default();
            let count = durations.count();
            lines.push((format!("requests {who} {status}{code}"), count));
            let error = error.iter().map(|error| format!("errors {who} {error}"));
            let phase = phase.iter().map(|phase| format!("cancelled {who} {phase}"));
            lines.extend(error.chain(phase).map(|line| (line, count)));
        }
        let mut sums = BTreeMap::<String, i64>::new();
        for (line, count) in lines {
            *sums.entry(line).or_default() += count as i64;
        }
        let active = self.active.iter();
        sums.extend(active.map(|(who, value)| (format!("in flight {who}"), *value)));
        let mut counted = sums.iter().filter(|(_, count)| **count != 0);
        counted.try_for_each(|(line, count)| writeln!(f, "{line}: {count}"))
    }
}
