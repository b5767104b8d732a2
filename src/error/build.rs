use crate::ScrapeError;
use std::{error::Error, time::Duration};

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

impl Error for BuildError {}
