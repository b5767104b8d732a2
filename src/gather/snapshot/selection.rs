use super::row::{Durations, Row};

/// Some of the requests that ended. Each filter keeps those that have that value.
///
/// ```
/// # let (_metrics, exposition) = tower_red::MetricsLayer::pair();
/// let snapshot = exposition.snapshot();
/// let reads = snapshot.requests().method("GET").route("/users/{id}");
/// assert_eq!(reads.count(), 0);
/// assert_eq!(reads.quantile(0.99), 0.0);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Selection<'a> {
    rows: Vec<(&'a Row, &'a Durations)>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(rows: Vec<(&'a Row, &'a Durations)>) -> Self {
        Self { rows }
    }

    pub(super) fn only(mut self, keep: impl Fn(&Row) -> bool) -> Self {
        self.rows.retain(|(row, _)| keep(row));
        self
    }

    /// Those with that method: `GET`, `_OTHER`.
    pub fn method(self, method: &str) -> Self {
        self.only(|row| row.who.method == method)
    }

    /// Those of that route, by its template: `/users/{id}`, `_unmatched`.
    pub fn route(self, route: &str) -> Self {
        self.only(|row| row.who.route == route)
    }

    /// Those with that status: that of the response, or 499 or 500 for a server's requests without a response.
    pub fn status(self, status: u16) -> Self {
        self.only(|row| row.status.parse() == Ok(status))
    }

    /// The gRPC calls with that status, by its name: `NOT_FOUND`.
    pub fn grpc_status(self, status: &str) -> Self {
        self.only(|row| row.grpc_status.as_deref() == Some(status))
    }

    /// Those that failed for that cause: `panic`, `service`, `body`, `503`, `INTERNAL`.
    pub fn cause(self, cause: &str) -> Self {
        self.only(|row| row.error.as_deref() == Some(cause))
    }

    /// Those that were cancelled in that phase: `head` or `body`.
    pub fn phase(self, phase: &str) -> Self {
        self.only(|row| row.phase.as_deref() == Some(phase))
    }

    /// Those that went out from here, to that peer.
    pub fn peer(self, peer: &str) -> Self {
        self.only(|row| row.who.peer.as_deref() == Some(peer))
    }

    /// Those that went out from here.
    pub fn outgoing(self) -> Self {
        self.only(|row| row.who.outgoing)
    }

    /// Those that came in.
    pub fn incoming(self) -> Self {
        self.only(|row| !row.who.outgoing)
    }

    /// Those with that value of a label: a constant one, or one of your own.
    pub fn label(self, name: &str, value: &str) -> Self {
        let is = |(other, of): &(String, String)| other == name && of == value;
        self.only(|row| row.who.labels.iter().any(is))
    }

    /// How many these are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.all().count()
    }

    /// Their durations in total, in seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.all().seconds()
    }

    /// A quantile of their durations, in seconds: 0.99 is the 99th percentile.
    ///
    /// It is interpolated within its bucket, as Prometheus does it, and is at most the last bound. 0 if there are no
    /// requests.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> f64 {
        self.all().quantile(quantile)
    }

    fn all(&self) -> Durations {
        let mut all = Durations::default();
        self.rows
            .iter()
            .for_each(|(_, durations)| all.add(durations));
        all
    }
}
