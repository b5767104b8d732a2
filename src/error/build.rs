use crate::ScrapeError;
use std::{error::Error, fmt, time::Duration};

/// A mistake in a configuration. The message names the value, and says what to write instead.
///
/// ```
/// use tower_red::{BuildError, MetricsLayer};
///
/// let error = MetricsLayer::builder().namespace("my shop").skip(["healthz"]).pair().unwrap_err();
/// let BuildError::Several { errors } = &error else { panic!("{error}") };
/// assert!(matches!(&errors[0], BuildError::InvalidNamespace { namespace, .. } if namespace == "my shop"));
/// assert!(error.to_string().contains("\"healthz\""));
/// ```
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
    /// A bucket bound is below a nanosecond, the unit that durations are measured in.
    BucketTooSmall {
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
    /// A bucket bound is the same as the one before it once both are in nanoseconds.
    BucketsTooClose {
        /// The bound before it, in seconds.
        previous: f64,
        /// The bound, in seconds.
        bound: f64,
    },
    /// A bucket bound of sizes is not a whole number of bytes.
    InvalidSize {
        /// The bound, in bytes.
        bound: f64,
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
    /// There is no naming of that name.
    UnknownNaming {
        /// The name.
        name: String,
    },
    /// The namespace cannot begin a metric's name.
    InvalidNamespace {
        /// The namespace.
        namespace: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A label cannot have that name.
    InvalidLabel {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A label of the user's own has no possible value.
    NoLabelValues {
        /// The name of the label.
        label: String,
    },
    /// A label of the user's own cannot have that value.
    InvalidLabelValue {
        /// The name of the label.
        label: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The labels of the user's own can have more values together than can be told apart.
    TooManyLabelValues,
    /// The list of known methods is empty.
    NoMethods,
    /// There are more methods than can be told apart.
    TooManyMethods {
        /// How many are allowed beside the standard ones.
        most: usize,
    },
    /// A known method is invalid, or is on the list twice.
    InvalidMethod {
        /// The method.
        method: String,
        /// The environment variable that lists it; `None` if the builder does.
        variable: Option<&'static str>,
        /// What is wrong with it.
        reason: String,
    },
    /// Only `Naming::AxumPrometheus` has names that begin with a prefix.
    UnusedPrefix,
    /// The name of an operation or of a mark cannot be part of a family's name.
    InvalidOperation {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An operation has more marks than it can have.
    TooManyMarks {
        /// How many it can have.
        most: usize,
    },
    /// The URL scheme is invalid.
    InvalidScheme {
        /// The scheme.
        scheme: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A route is not a template, or overlaps with another declared one.
    InvalidRoute {
        /// The builder's method.
        setting: &'static str,
        /// The route.
        route: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A declared gRPC service is not the full name of a service.
    InvalidService {
        /// The name.
        service: String,
    },
    /// A set of descriptors cannot be read.
    InvalidDescriptorSet {
        /// What is wrong with it.
        reason: String,
    },
    /// There are more peers than can be told apart.
    TooManyPeers {
        /// How many are allowed.
        most: usize,
    },
    /// A peer is neither a host, nor a host and a port, or is on the list twice.
    InvalidPeer {
        /// The peer.
        peer: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The budget has no room for a single label set.
    NoLabelSets,
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
    /// The registry already has a family of that name. Prometheus would reject the scrape.
    DuplicateFamily {
        /// The name of the family.
        family: String,
    },
    /// The registry has metrics that Prometheus would reject.
    InvalidRegistry {
        /// What is wrong with them.
        error: ScrapeError,
    },
    /// The builder was given a registry to expose, and another one to register with.
    TwoRegistries,
    /// The builder was given a registry to expose, and an endpoint that has its own.
    RegistryNotExposed,
    /// The setting is for an endpoint that is made with the layer, but there is none.
    NoEndpoint {
        /// The builder's method.
        setting: &'static str,
    },
    /// The endpoint has another layer, whose series could be the same.
    SameSeries {
        /// The name of a family that both have.
        family: String,
    },
    /// There are several mistakes.
    Several {
        /// All of them.
        errors: Vec<Self>,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBuckets => f.write_str("there are no bucket bounds: at least one is needed"),
            Self::TooManyBuckets { most } => {
                write!(f, "there are more than {most} bucket bounds, the most that are allowed")
            }
            // Numbers are written as `Debug` does, which is short for very small and very large ones.
            Self::InvalidBucket { bound } => write!(
                f,
                "bucket bound {bound:?} is not a finite number above zero; the infinite bucket is added automatically"
            ),
            Self::BucketTooSmall { bound } => write!(
                f,
                "bucket bound {bound:?} is below a nanosecond, the unit that durations are measured in: write 1e-9 or more"
            ),
            Self::BucketsNotIncreasing { previous, bound } => write!(
                f,
                "bucket bound {bound:?} is not above {previous:?}, the one before it"
            ),
            Self::BucketsTooClose { previous, bound } => write!(
                f,
                "bucket bounds {previous:?} and {bound:?} are the same in nanoseconds: leave one of them out"
            ),
            Self::InvalidSize { bound } => write!(
                f,
                "bucket bound {bound:?} of sizes is not a whole number of bytes"
            ),
            Self::InvalidSchema { schema } => write!(
                f,
                "a native histogram cannot have the schema {schema}: write a number from 0 to 8"
            ),
            Self::InvalidWindow { from, to } => write!(
                f,
                "a native histogram cannot have a window from {from:?} to {to:?}: it must begin above zero and end later, within 2^32 seconds"
            ),
            Self::UnknownNaming { name } => write!(
                f,
                "naming {name:?} is not one of {}",
                Self::known_namings()
            ),
            Self::InvalidNamespace { namespace, reason } => {
                write!(f, "namespace {namespace:?} is not allowed: {reason}")
            }
            Self::InvalidLabel { name, reason } => {
                write!(f, "label name {name:?} is not allowed: {reason}")
            }
            Self::NoLabelValues { label } => write!(
                f,
                "label {label:?} has no possible value: list some, or write 1 or more instead of 0"
            ),
            Self::InvalidLabelValue {
                label,
                value,
                reason,
            } => write!(f, "label {label:?} cannot have the value {value:?}: {reason}"),
            Self::TooManyLabelValues => f.write_str(
                "the labels' values make more than 2^32 combinations, which cannot be told apart: write smaller numbers in `label_up_to`",
            ),
            Self::NoMethods => f.write_str(
                "`methods` lists none, so all would be `_OTHER`: list some, or leave it out",
            ),
            Self::TooManyMethods { most } => write!(
                f,
                "there are more than {most} methods beside the standard ones, the most that can be told apart"
            ),
            Self::InvalidMethod {
                method,
                variable,
                reason,
            } => {
                write!(f, "method {method:?}")?;
                if let Some(variable) = variable {
                    write!(f, " of {variable}")?;
                }
                write!(f, " is not allowed: {reason}")
            }
            Self::UnusedPrefix => f.write_str(
                "`prefix` is for `Naming::AxumPrometheus`: write `namespace`",
            ),
            Self::InvalidOperation { name, reason } => {
                write!(f, "operation {name:?} is not allowed: {reason}")
            }
            Self::TooManyMarks { most } => {
                write!(f, "an operation has more than {most} marks, the most that it can have")
            }
            Self::InvalidScheme { scheme, reason } => {
                write!(f, "URL scheme {scheme:?} is not allowed: {reason}")
            }
            Self::InvalidRoute {
                setting,
                route,
                reason,
            } => write!(f, "route {route:?} is not allowed in `{setting}`: {reason}"),
            Self::InvalidService { service } => write!(
                f,
                "gRPC service {service:?} is not the full name of a service, such as \"package.Service\""
            ),
            Self::InvalidDescriptorSet { reason } => write!(
                f,
                "what was given to `grpc_descriptor_set` is not an encoded FileDescriptorSet: {reason}"
            ),
            Self::TooManyPeers { most } => {
                write!(f, "there are more than {most} peers, the most that can be told apart")
            }
            Self::InvalidPeer { peer, reason } => {
                write!(f, "peer {peer:?} is not allowed: {reason}")
            }
            Self::NoLabelSets => f.write_str(
                "`max_label_sets(0)` has room for no route, so all requests would be counted under `_overflow`: write 1 or more",
            ),
            Self::NotForClients { setting } => write!(
                f,
                "`{setting}` names routes by path, which a `client` does not do: put a `RouteTemplate` into its requests"
            ),
            Self::NotForServers { setting } => {
                write!(f, "`{setting}` is for outgoing requests: it needs `client`")
            }
            Self::DuplicateFamily { family } => write!(
                f,
                "the registry already has a family {family:?}: a `namespace` tells two layers apart"
            ),
            Self::InvalidRegistry { error } => {
                write!(f, "the registry cannot be exposed: {error}")
            }
            Self::TwoRegistries => f.write_str(
                "a registry was given with `registry`, which `register` does not expose: use `pair`, or register with that one",
            ),
            Self::RegistryNotExposed => f.write_str(
                "a registry was given with `registry`, which `expose_on` does not expose: give it to the layer that makes the endpoint",
            ),
            Self::NoEndpoint { setting } => write!(
                f,
                "`{setting}` is for the endpoint that `pair` makes: give it to the existing `Exposition`, with `collector` or `beside`"
            ),
            Self::SameSeries { family } => write!(
                f,
                "the endpoint has another layer with a family {family:?}, whose series could be the same: write a `constant_label` with another value, or another `namespace`"
            ),
            Self::Several { errors } => {
                write!(f, "there are {} mistakes:", errors.len())?;
                let mut errors = errors.iter();
                errors.try_for_each(|error| write!(f, "\n- {error}"))
            }
        }
    }
}

impl Error for BuildError {}
