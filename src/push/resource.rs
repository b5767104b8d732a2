//! The resource: who it is that counted.

use super::random::random;
use crate::format::otlp::{Attribute, Value};
use std::{borrow::Cow, env, fs, process};

/// Attributes by their keys, each there once.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource(Vec<Attribute>);

impl Resource {
    /// What can be found out about this process, by the semantic conventions.
    pub(super) fn of_this_process() -> Self {
        let mut resource = Self::default();
        let path = env::current_exe().ok();
        let name = path.as_deref().and_then(|path| path.file_name());
        let name = name.map(|name| name.to_string_lossy().into_owned());
        let service = match &name {
            Some(name) => format!("unknown_service:{name}"),
            None => "unknown_service".to_owned(),
        };
        resource.set_text("service.name", service);
        resource.set_text("service.instance.id", random_uuid());
        resource.set_text("telemetry.sdk.name", env!("CARGO_PKG_NAME"));
        resource.set_text("telemetry.sdk.language", "rust");
        resource.set_text("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
        if let Some(host) = host_name() {
            resource.set_text("host.name", host);
        }
        resource.set("process.pid", Value::Number(process::id().into()));
        if let Some(name) = name {
            resource.set_text("process.executable.name", name);
        }
        if let Some(path) = path {
            let path = path.to_string_lossy().into_owned();
            resource.set_text("process.executable.path", path);
        }
        resource
    }

    pub(super) fn set_text(&mut self, key: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        self.set(key, Value::Text(text.into()));
    }

    /// Sets an attribute, in place of one of the same key.
    fn set(&mut self, key: impl Into<Cow<'static, str>>, value: Value) {
        let key = key.into();
        match self.0.iter_mut().find(|attribute| attribute.key == key) {
            Some(attribute) => attribute.value = value,
            None => self.0.push(Attribute { key, value }),
        }
    }

    /// These, and in place of those of the same key, the others.
    pub(super) fn overlaid_with(mut self, others: &Self) -> Self {
        for Attribute { key, value } in others.0.iter().cloned() {
            self.set(key, value);
        }
        self
    }

    pub(super) fn attributes(&self) -> &[Attribute] {
        &self.0
    }
}

/// Where the system says it without a call to C.
fn host_name() -> Option<String> {
    let read = |path| fs::read_to_string(path).ok();
    let name = read("/proc/sys/kernel/hostname")
        .or_else(|| env::var("HOSTNAME").ok())
        .or_else(|| env::var("COMPUTERNAME").ok())?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Version 4: it tells processes apart that are the same otherwise.
fn random_uuid() -> String {
    let bits = u128::from(random()) << 64 | u128::from(random());
    let hex = format!(
        "{:032x}",
        bits & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62
    );
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hex[part]);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_uuid_is_one_and_no_other() {
        let (one, other) = (random_uuid(), random_uuid());
        assert_ne!(one, other);
        for uuid in [one, other] {
            let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }

    #[test]
    fn an_attribute_is_there_once_with_its_last_value() {
        let mut first = Resource::default();
        first.set_text("a", "1");
        first.set_text("b", "2");
        first.set_text("a", "3");
        let mut second = Resource::default();
        second.set_text("b", "4");
        let pairs = |resource: Resource| -> Vec<(String, Value)> {
            let attributes = resource.0.into_iter();
            attributes.map(|it| (it.key.into(), it.value)).collect()
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let expected = [("a".to_owned(), text("3")), ("b".to_owned(), text("4"))];
        assert_eq!(pairs(first.overlaid_with(&second)), expected);
    }
}
