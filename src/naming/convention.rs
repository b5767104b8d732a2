use super::{
    LabelNames, axum_prometheus,
    labels::{Label, SeriesSpec},
    open_telemetry, prometheus,
};
use crate::{
    BuildError,
    label::Status,
    model::Kind,
    request::{Amount, Code, Outcome},
};
use std::str::FromStr;

/// How families and labels are called.
///
/// All of them show the same counts, read from the same cells. The README compares them in a table. Defaults to
/// [`Naming::Prometheus`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Naming {
    /// Prometheus' own conventions: `http_requests_total{method="GET",route="/users/{id}",status="200"}`.
    #[default]
    Prometheus,
    /// The semantic conventions of OpenTelemetry, version 1.40, as Prometheus spells them:
    /// `http_server_request_duration_seconds` by the letter of the stable conventions for HTTP,
    /// `http_server_active_requests` where they are not stable yet, and for gRPC calls
    /// `rpc_server_call_duration_seconds`, a release candidate.
    ///
    /// What is absent there is absent here: a request without a route has no `http_route`, and one that ended before
    /// its response, or with a status above 599, has no `http_response_status_code`. Requests are counted by the
    /// histogram's `_count`.
    ///
    /// On a server, `error_type` is there only if the server is at fault (the code of a 5xx, a gRPC code that is an
    /// error, `panic`, `service`, `body`) or the request was cancelled: `cancelled`, or `CANCELLED` for a gRPC call.
    /// `url_scheme` of an outgoing request is that of its URI.
    OpenTelemetry,
    /// The names and labels of the crate `axum-prometheus`, for dashboards that have them:
    /// `axum_http_requests_total{method="GET",status="200",endpoint="/users/{id}"}`.
    ///
    /// They mean a little more here. The duration is that of the whole response, unless it is a stream. `endpoint`
    /// is `_unmatched` where that crate has the raw path, and unknown methods are `_OTHER`. Requests that were
    /// cancelled, failed or panicked are counted, as 499 and 500.
    AxumPrometheus,
}

/// By its name in configurations: `prometheus`, `opentelemetry` or `axum-prometheus`.
///
/// ```
/// use tower_red::Naming;
///
/// assert_eq!("opentelemetry".parse(), Ok(Naming::OpenTelemetry));
/// assert!("statsd".parse::<Naming>().unwrap_err().to_string().contains("\"statsd\""));
/// ```
impl FromStr for Naming {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        match name {
            "prometheus" => Ok(Self::Prometheus),
            "opentelemetry" => Ok(Self::OpenTelemetry),
            "axum-prometheus" => Ok(Self::AxumPrometheus),
            _ => Err(BuildError::UnknownNaming {
                name: name.to_owned(),
            }),
        }
    }
}

/// Which side of a request is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Server,
    Client,
}

impl Role {
    /// What is shown as the status of a request that ended before there was one.
    pub(super) fn no_status(self, outcome: Outcome) -> Status {
        match (self, outcome) {
            (Self::Client, _) => Status::NONE,
            (Self::Server, Outcome::Cancelled) => Status::CLIENT_CLOSED,
            (Self::Server, _) => Status::INTERNAL,
        }
    }

    /// Whether that status is an error: a 5xx, and for a client a 4xx, too.
    pub(super) fn is_error(self, status: Status) -> bool {
        status.is_server_error() || (self == Self::Client && status.is_client_error())
    }

    /// Whether a gRPC call with that code is an error.
    pub(super) fn is_code_error(self, code: Code) -> bool {
        match self {
            Self::Server => code.is_server_error(),
            Self::Client => code != Code::OK,
        }
    }
}

/// What names are made of.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) naming: Naming,
    pub(crate) role: Role,
    pub(crate) namespace: Option<String>,
    pub(crate) label_names: LabelNames,
    /// Whether peers are told apart.
    pub(crate) peers: bool,
    pub(crate) scheme: Option<&'static str>,
}

/// The families of a layer, with their names and labels.
#[derive(Debug)]
pub(crate) struct Convention {
    pub(crate) role: Role,
    pub(crate) families: Vec<FamilySpec>,
    pub(crate) series: Vec<SeriesSpec>,
}

#[derive(Debug)]
pub(crate) struct FamilySpec {
    /// With its unit, but without the suffix of its kind, such as a counter's `_total`.
    pub(crate) name: String,
    pub(crate) help: &'static str,
    pub(crate) unit: Option<&'static str>,
    pub(crate) measure: Measure,
    /// The index of its series among those of the convention.
    pub(crate) series: usize,
}

/// What the samples of a family measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// How many requests ended.
    Requests,
    /// What was measured of them.
    Amounts(Amount),
    /// How many have not ended yet.
    InFlight,
    /// How many requests were past the budget, in all.
    Overflowed,
    /// How many label sets the layer holds.
    LabelSets,
}

impl Measure {
    pub(crate) fn unit(self) -> Option<&'static str> {
        match self {
            Self::Amounts(amount) => Some(amount.unit()),
            _ => None,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Requests | Self::Overflowed => Kind::Counter,
            Self::Amounts(_) => Kind::Histogram,
            Self::InFlight | Self::LabelSets => Kind::Gauge,
        }
    }
}

impl Convention {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut convention = match settings.naming {
            Naming::Prometheus => prometheus::convention(settings),
            Naming::OpenTelemetry => open_telemetry::convention(settings),
            Naming::AxumPrometheus => axum_prometheus::convention(settings),
        };
        if let Some(namespace) = &settings.namespace {
            for family in &mut convention.families {
                family.name = format!("{namespace}_{}", family.name);
            }
        }
        for series in &mut convention.series {
            for Label { name, source } in &mut series.labels {
                if let Some(renamed) = settings.label_names.renamed(source) {
                    name.clear();
                    name.push_str(renamed);
                }
            }
        }
        convention
    }

    /// The names of all labels.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        let labels = self.series.iter().flat_map(|series| &series.labels);
        labels.map(|label| label.name.as_str())
    }
}
