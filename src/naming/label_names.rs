use super::LabelSource;

/// Other names for labels, for dashboards and rules that already exist. Each defaults to the name in the
/// [`Naming`](crate::Naming).
///
/// ```
/// use tower_red::{LabelNames, MetricsLayer};
///
/// let names = LabelNames::default().route("handler").status("code");
/// let (metrics, exposition) = MetricsLayer::builder().label_names(names).pair()?;
/// # let _ = (metrics, exposition);
///
/// let names = LabelNames::default().route("le");
/// let error = MetricsLayer::builder().label_names(names).pair().unwrap_err();
/// assert!(error.to_string().contains("\"le\""));
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct LabelNames {
    method: Option<String>,
    route: Option<String>,
    status: Option<String>,
    grpc_status: Option<String>,
    peer: Option<String>,
}

impl LabelNames {
    /// The label of the method.
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.method = Some(name.into());
        self
    }

    /// The label of the route: `path`, `handler`, `uri`.
    pub fn route(mut self, name: impl Into<String>) -> Self {
        self.route = Some(name.into());
        self
    }

    /// The label of the status code: `code`, `status_code`.
    pub fn status(mut self, name: impl Into<String>) -> Self {
        self.status = Some(name.into());
        self
    }

    /// The label of the gRPC status: `grpc_code`.
    pub fn grpc_status(mut self, name: impl Into<String>) -> Self {
        self.grpc_status = Some(name.into());
        self
    }

    /// The label of a client's peer.
    pub fn peer(mut self, name: impl Into<String>) -> Self {
        self.peer = Some(name.into());
        self
    }

    /// The other name for the label with that source, if it was given one.
    pub(super) fn renamed(&self, source: &LabelSource) -> Option<&str> {
        let name = match source {
            LabelSource::Method => &self.method,
            LabelSource::Route | LabelSource::KnownRoute => &self.route,
            LabelSource::Status | LabelSource::KnownStatus | LabelSource::StatusClass => {
                &self.status
            }
            LabelSource::Code => &self.grpc_status,
            LabelSource::Peer => &self.peer,
            _ => &None,
        };
        name.as_deref()
    }
}
