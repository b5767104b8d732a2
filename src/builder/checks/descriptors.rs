//! The methods that sets of descriptors declare.

use super::Mistakes;
use crate::{BuildError, builder::MetricsLayerBuilder, request::Expected};
use prost::Message;
use prost_types::FileDescriptorSet;

/// Declares all methods and services of the builder's sets.
pub(super) fn declare(builder: &mut MetricsLayerBuilder, mistakes: &mut Mistakes) {
    for descriptors in std::mem::take(&mut builder.descriptors) {
        match FileDescriptorSet::decode(&*descriptors) {
            Ok(set) => declare_set(builder, &set),
            Err(error) => mistakes.add(BuildError::InvalidDescriptorSet {
                reason: error.to_string(),
            }),
        }
    }
}

fn declare_set(builder: &mut MetricsLayerBuilder, set: &FileDescriptorSet) {
    for file in &set.file {
        for service in &file.service {
            let name = match file.package() {
                "" => service.name().to_owned(),
                package => format!("{package}.{}", service.name()),
            };
            let methods = service.method.iter();
            let paths = methods.map(|method| format!("/{name}/{}", method.name()));
            builder.expected.extend(paths.map(Expected::Grpc));
            builder.routes.services.push(name);
        }
    }
}
