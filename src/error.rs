use std::{error::Error, fmt, time::Duration};

/// What is wrong with a configuration. Its message names the value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// There are no bucket bounds.
    NoBuckets,
    /// There are more bucket bounds than allowed.
    TooManyBuckets {
        /// How many are allowed.
        most: usize,
    },
    /// A bucket bound is not finite, or not above zero.
    InvalidBucket {
        /// The bound, in seconds.
        bound: f64,
    },
    /// A bucket bound is not above the one before it.
    BucketsNotIncreasing {
        /// The bound before it, in seconds.
        previous: f64,
        /// The bound, in seconds.
        bound: f64,
    },
    /// The namespace cannot begin a metric's name.
    InvalidNamespace {
        /// The namespace.
        namespace: String,
    },
    /// A route to skip is no route template.
    InvalidSkip {
        /// The route.
        route: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no naming of that name.
    UnknownNaming {
        /// The name.
        name: String,
    },
    /// The native histogram has no such schema.
    InvalidSchema {
        /// The schema.
        schema: u8,
    },
    /// The native histogram's window is empty, begins at zero, or is longer than a century.
    InvalidWindow {
        /// Its lower end.
        from: Duration,
        /// Its upper end.
        to: Duration,
    },
    /// A declared route is no template, or overlaps with another one.
    InvalidRoute {
        /// The template.
        template: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A declared gRPC service has no service's name.
    InvalidService {
        /// The name.
        service: String,
    },
    /// A label cannot have that name.
    InvalidLabel {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There are more peers than can be told apart.
    TooManyPeers {
        /// How many are allowed.
        most: usize,
    },
    /// A peer's name is empty, or on the list twice.
    InvalidPeer {
        /// The name.
        peer: String,
    },
    /// The setting does nothing for outgoing requests.
    NotForClients {
        /// The builder's method.
        setting: &'static str,
    },
    /// The setting does nothing for incoming requests.
    NotForServers {
        /// The builder's method.
        setting: &'static str,
    },
    /// The registry already has a family of that name. Registered twice, Prometheus would reject the scrape.
    DuplicateFamily {
        /// The name of the family.
        family: String,
    },
    /// The builder was given a registry to expose, and another one to register with.
    TwoRegistries,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBuckets => f.write_str("buckets need at least one bound"),
            Self::TooManyBuckets { most } => write!(f, "more than {most} bucket bounds"),
            Self::InvalidBucket { bound } => {
                write!(f, "bucket bound {bound} is not a finite number above zero")
            }
            Self::BucketsNotIncreasing { previous, bound } => {
                write!(f, "bucket bound {bound} is not above {previous}, the one before it")
            }
            Self::InvalidNamespace { namespace } => write!(
                f,
                "namespace {namespace:?} does not match [a-zA-Z_][a-zA-Z0-9_]*, so no metric's name can begin with it"
            ),
            Self::InvalidSkip { route, reason } => {
                write!(f, "route to skip {route:?} is no route template: {reason}")
            }
            Self::UnknownNaming { name } => write!(
                f,
                "naming {name:?} is none of \"prometheus\", \"opentelemetry\" and \"axum-prometheus\""
            ),
            Self::InvalidSchema { schema } => {
                write!(f, "a native histogram of schema {schema}: there are those from 0 to 8")
            }
            Self::InvalidWindow { from, to } => write!(
                f,
                "a native histogram from {from:?} to {to:?}: that is empty, begins at zero, or is too long"
            ),
            Self::InvalidRoute { template, reason } => {
                write!(f, "route {template:?} cannot be declared: {reason}")
            }
            Self::InvalidService { service } => write!(
                f,
                "gRPC service {service:?} is no service's full name, such as \"package.Service\""
            ),
            Self::InvalidLabel { name, reason } => {
                write!(f, "no label can be called {name:?}: {reason}")
            }
            Self::TooManyPeers { most } => write!(f, "more than {most} peers"),
            Self::InvalidPeer { peer } => {
                write!(f, "peer {peer:?} is empty, or on the list twice")
            }
            Self::NotForClients { setting } => write!(
                f,
                "`{setting}` names routes by the path, which a `client` does not do: put a `RouteTemplate` into its requests"
            ),
            Self::NotForServers { setting } => {
                write!(f, "`{setting}` is for outgoing requests: it needs `client`")
            }
            Self::DuplicateFamily { family } => write!(
                f,
                "the registry already has a family {family:?}; a namespace tells two layers apart"
            ),
            Self::TwoRegistries => f.write_str(
                "a registry was given with `registry`, which `register` does not expose: use `pair`, or register with that one",
            ),
        }
    }
}

impl Error for BuildError {}
