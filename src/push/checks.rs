//! Settings that may be malformed, whether a setter was given them or a variable says them: `setting` is the name of
//! either, for the mistake.

use super::{OtlpBuilder, baggage, endpoint::Endpoint, tls};
use crate::OtlpError;
use http::{HeaderName, HeaderValue};
use std::{path::Path, time::Duration};

/// As good as forever, and no more than can be added to a point in time.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl OtlpBuilder {
    pub(super) fn endpoint_of(mut self, setting: &'static str, url: &str, is_base: bool) -> Self {
        match Endpoint::parse(setting, url, is_base) {
            Ok(endpoint) => self.endpoint = Some(endpoint),
            Err(error) => self.set_error(error),
        }
        self
    }

    pub(super) fn header_of(mut self, setting: &'static str, name: &str, value: &str) -> Self {
        let invalid = |reason| OtlpError::InvalidHeader {
            setting,
            header: name.to_owned(),
            reason,
        };
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.set_error(invalid("has a name that no header may have")),
            (_, Err(_)) => self.set_error(invalid("has a value that no header may have")),
        }
        self
    }

    pub(super) fn headers_of(mut self, setting: &'static str, list: &str) -> Self {
        for pair in baggage::pairs(list) {
            match pair {
                Ok((name, value)) => self = self.header_of(setting, name, &value),
                Err((member, reason)) => self.set_error(OtlpError::InvalidHeader {
                    setting,
                    header: header_name(member),
                    reason,
                }),
            }
        }
        self
    }

    pub(super) fn certificate_of(mut self, setting: &'static str, path: &Path) -> Self {
        match tls::read_certificates(setting, path) {
            Ok(certificates) => self.certificates = Some(certificates),
            Err(error) => self.set_error(error),
        }
        self
    }

    pub(super) fn duration_of(
        mut self,
        setting: &'static str,
        duration: Duration,
        of: impl FnOnce(&mut Self) -> &mut Duration,
    ) -> Self {
        if duration.is_zero() {
            self.set_error(OtlpError::InvalidDuration {
                setting,
                duration: format!("{duration:?}"),
            });
        }
        *of(&mut self) = duration.min(LONGEST);
        self
    }

    pub(super) fn set_error(&mut self, error: OtlpError) {
        self.error.get_or_insert(error);
    }
}

/// A header as far as it is no secret.
fn header_name(header: &str) -> String {
    let is_of_name = |byte: char| byte.is_ascii_alphanumeric() || "-_.".contains(byte);
    let end = header.find(|byte| !is_of_name(byte));
    header[..end.unwrap_or(header.len())].to_owned()
}
