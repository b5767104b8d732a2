use super::{Convention, NamingDefinition, Settings};
use crate::BuildError;
use std::str::FromStr;

/// Makes the enum, the list of all its variants, and `definition`, so that a new naming is a single entry here. It does
/// not declare the modules: `cargo fmt` finds no file whose module a macro declares.
macro_rules! namings {
    (
        $(#[$of_enum:meta])*
        pub enum Naming {
            $($(#[$of_variant:meta])* $variant:ident => $definition:path,)*
        }
    ) => {
        $(#[$of_enum])*
        pub enum Naming {
            $($(#[$of_variant])* $variant,)*
        }

        impl Naming {
            const ALL: &[Self] = &[$(Self::$variant),*];

            fn definition(self) -> NamingDefinition {
                match self {
                    $(Self::$variant => $definition,)*
                }
            }
        }
    };
}

namings! {
    /// The names of families and labels.
    ///
    /// All of them show the same counts, read from the same cells. The guide compares them in a table. Defaults to
    /// [`Naming::Prometheus`].
    ///
    /// ```
    /// use tower_red::{MetricsLayer, Naming};
    ///
    /// let naming = std::env::var("METRICS_NAMING").unwrap_or("opentelemetry".into()).parse::<Naming>()?;
    /// let (_metrics, exposition) = MetricsLayer::builder().naming(naming).pair()?;
    /// # if naming == Naming::OpenTelemetry {
    /// assert!(exposition.render()?.contains("http_server_active_requests"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Naming {
        /// Prometheus' own conventions: `http_requests_total{method="GET",route="/users/{id}",status="200"}`.
        #[default]
        Prometheus => super::prometheus::DEFINITION,
        /// The semantic conventions of OpenTelemetry, version 1.40, as Prometheus spells them:
        /// `http_server_request_duration_seconds` by the letter of the stable conventions for HTTP,
        /// `http_server_active_requests` where they are not stable yet, and for gRPC calls
        /// `rpc_server_call_duration_seconds`, a release candidate.
        ///
        /// What is absent there is absent here: a request without a route has no `http_route`, and one that ended
        /// before its response, or with a status above 599, has no `http_response_status_code`. Requests are counted
        /// by the histogram's `_count`.
        ///
        /// On a server, `error_type` is there only if the server is at fault (the code of a 5xx, a gRPC code that is
        /// an error, `panic`, `service`, `body`) or the request was cancelled: `cancelled`, or `CANCELLED` for a gRPC
        /// call. `url_scheme` of an outgoing request is that of its URI.
        OpenTelemetry => super::open_telemetry::DEFINITION,
        /// The names and labels of the crate `axum-prometheus`, for dashboards that have them:
        /// `axum_http_requests_total{method="GET",status="200",endpoint="/users/{id}"}`.
        ///
        /// They mean a little more here. The duration is that of the whole response, unless it is a stream. `endpoint`
        /// is `_unmatched` where that crate has the raw path, and unknown methods are `_OTHER`. Requests that were
        /// cancelled, failed or panicked are counted, as 499 and 500.
        AxumPrometheus => super::axum_prometheus::DEFINITION,
    }
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
        let mut all = Self::ALL.iter().copied();
        let named = all.find(|naming| naming.definition().name == name);
        named.ok_or_else(|| BuildError::UnknownNaming {
            name: name.to_owned(),
        })
    }
}

impl Naming {
    pub(crate) fn convention(self, settings: &Settings) -> Convention {
        (self.definition().convention)(settings)
    }
}

impl BuildError {
    /// The names of all namings, as the message of an unknown one lists them. It is here, since a new naming would
    /// otherwise have to be added to the message as well.
    pub(crate) fn known_namings() -> String {
        let all = Naming::ALL.iter();
        let names: Vec<_> = all
            .map(|naming| format!("{:?}", naming.definition().name))
            .collect();
        match names.split_last() {
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}
