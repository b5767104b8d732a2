use super::UserLabel;

/// What the builder was told about routes.
#[derive(Default)]
pub(crate) struct RouteSettings {
    pub(crate) skipped: Vec<String>,
    /// Routes whose responses are streams.
    pub(crate) streams: Vec<String>,
    /// Templates that requests are matched with where no router names their route.
    pub(crate) templates: Vec<String>,
    /// The full names of gRPC services.
    pub(crate) services: Vec<String>,
    /// Whether methods that are not proven have no route at all, instead of one for each service.
    pub(crate) unnamed_methods: bool,
    /// Whether requests go out from here: only a [`RouteTemplate`](super::RouteTemplate) names their route then.
    pub(crate) client: bool,
    pub(crate) peers: Vec<String>,
    /// The methods that are known, in place of the standard ones.
    pub(crate) methods: Option<Vec<String>>,
    /// Routes that are counted under the name of their group.
    pub(crate) groups: Vec<(String, String)>,
    /// The user's own.
    pub(crate) labels: Vec<UserLabel>,
    /// How many label sets are counted at most.
    pub(crate) max_label_sets: usize,
}
