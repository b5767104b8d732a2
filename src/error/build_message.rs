//! What is written of a mistake in a configuration.

use super::BuildError;
use std::fmt;

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
                write!(f, "operation or mark {name:?} is not allowed: {reason}")
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
                "`max_label_sets(0)` has room for nothing, so everything would be counted under `_overflow`: write 1 or more",
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
