use super::row::Who;

/// Some of the requests in flight. Each filter keeps those that have that value.
///
/// ```
/// # let (_metrics, exposition) = tower_red::MetricsLayer::pair();
/// let snapshot = exposition.snapshot();
/// assert_eq!(snapshot.in_flight().route("/users/{id}").value(), 0);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ActiveSelection<'a> {
    rows: Vec<(&'a Who, &'a i64)>,
}

impl<'a> ActiveSelection<'a> {
    pub(super) fn new(rows: Vec<(&'a Who, &'a i64)>) -> Self {
        Self { rows }
    }

    fn only(mut self, keep: impl Fn(&Who) -> bool) -> Self {
        self.rows.retain(|(who, _)| keep(who));
        self
    }

    /// Those with that method.
    pub fn method(self, method: &str) -> Self {
        self.only(|who| who.method == method)
    }

    /// Those of that route, as it was known when they came in.
    pub fn route(self, route: &str) -> Self {
        self.only(|who| who.route == route)
    }

    /// Those that went out from here, to that peer.
    pub fn peer(self, peer: &str) -> Self {
        self.only(|who| who.peer.as_deref() == Some(peer))
    }

    /// Those that went out from here.
    pub fn outgoing(self) -> Self {
        self.only(|who| who.outgoing)
    }

    /// Those that came in.
    pub fn incoming(self) -> Self {
        self.only(|who| !who.outgoing)
    }

    /// How many these are. In a difference between two snapshots, how many more than before.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.rows.iter().map(|(_, value)| **value).sum()
    }
}
