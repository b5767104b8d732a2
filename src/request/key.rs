use super::{Code, Completion, Outcome};
use crate::{
    label::{LabelSet, Method, Scheme, Status, Version},
    store::Key,
};

/// What a finished request is counted under. What is absent is `None`; the naming chooses what a label shows then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestKey {
    /// The number of the label set.
    pub(crate) labels: u32,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) scheme: Scheme,
    pub(crate) status: Option<Status>,
    pub(crate) completion: Completion,
}

/// What an active request is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveKey {
    /// The number of the label set.
    pub(crate) labels: u32,
    pub(crate) method: Method,
    pub(crate) scheme: Scheme,
}

/// A key but for its label set, packed as its parts become known. What is not known yet is absent.
///
/// From the lowest bit: 6 bits for the method, 3 for the version, 2 for the scheme, 3 for the outcome, 5 for the gRPC
/// code, and 10 for the status. The upper half is the number of the combination of the user's labels, to which that of
/// the label set is added in the whole key.
// Kept by each request in place of its parts, which takes 12 instructions less.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedKey(u64);

const VERSION: u32 = 6;
const SCHEME: u32 = 9;
const OUTCOME: u32 = 11;
const CODE: u32 = 14;
const STATUS: u32 = 19;
const LABELS: u32 = 32;

impl PackedKey {
    pub(super) fn new(method: Method) -> Self {
        Self(u64::from(method.number()))
    }

    pub(super) fn with_version(self, version: Version) -> Self {
        Self(self.0 | u64::from(version.number()) << VERSION)
    }

    pub(super) fn with_scheme(self, scheme: Scheme) -> Self {
        Self(self.0 | u64::from(scheme.number()) << SCHEME)
    }

    pub(super) fn with_status(self, status: Status) -> Self {
        Self(self.0 | u64::from(status.number()) << STATUS)
    }

    pub(super) fn with_completion(self, completion: Completion) -> Self {
        let Completion { outcome, code } = completion;
        let code = code.map_or(0, Code::index);
        Self(self.0 | (outcome as u64) << OUTCOME | u64::from(code) << CODE)
    }

    /// With a combination of values of the user's labels, in place of the one that it has.
    pub(super) fn with_combination(self, combination: u32) -> Self {
        Self(u64::from(self.0 as u32) | u64::from(combination) << LABELS)
    }

    /// Without the version and the user's labels, which an active request is not counted under.
    pub(super) fn of_active(self) -> Self {
        const VERSION_BITS: u64 = (1 << SCHEME) - (1 << VERSION);
        Self(u64::from(self.0 as u32) & !VERSION_BITS)
    }

    pub(super) fn method(self) -> Method {
        self.unpack().method
    }

    /// `None` until there is a response.
    pub(super) fn status(self) -> Option<Status> {
        self.unpack().status
    }

    fn unpack(self) -> RequestKey {
        RequestKey::unpack(self.0)
    }

    /// The key with that label set, and the key that it overflows to, which has no combination of its own.
    pub(super) fn with_labels(self, labels: LabelSet) -> Key {
        let overflow = self.with_combination(0);
        Key {
            key: self.0.wrapping_add(u64::from(labels.id) << LABELS),
            overflow: overflow.0 | u64::from(labels.overflow) << LABELS,
        }
    }
}

impl RequestKey {
    pub(crate) fn unpack(key: u64) -> Self {
        let bits = |from: u32, to: u32| (key >> from) & ((1 << (to - from)) - 1);
        let outcome = Outcome::ALL.get(bits(OUTCOME, CODE) as usize);
        Self {
            labels: (key >> LABELS) as u32,
            method: Method::from_number(bits(0, VERSION) as u8),
            version: Version::from_number(bits(VERSION, SCHEME) as u8),
            scheme: Scheme::from_number(bits(SCHEME, OUTCOME) as u8),
            status: Status::from_number(bits(STATUS, STATUS + 10) as u16),
            completion: Completion {
                outcome: outcome.copied().unwrap_or(Outcome::Panic),
                code: Code::from_index(bits(CODE, STATUS) as u8),
            },
        }
    }
}

impl ActiveKey {
    pub(crate) fn unpack(key: u64) -> Self {
        let RequestKey {
            labels,
            method,
            scheme,
            ..
        } = RequestKey::unpack(key);
        Self {
            labels,
            method,
            scheme,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    const LABEL_SETS: [LabelSet; 2] = [
        LabelSet { id: 0, overflow: 1 },
        LabelSet {
            id: u32::MAX,
            overflow: 2,
        },
    ];

    /// Keys before they end: each with its parts, as a key of a finished request has them.
    fn started() -> Vec<(PackedKey, RequestKey)> {
        let mut keys = Vec::new();
        for method in [Method::from_number(0), Method::from_number(63)] {
            for version in [http::Version::HTTP_09, http::Version::HTTP_2] {
                for scheme in [Scheme::None, Scheme::Https, Scheme::Other] {
                    let version = Version::from_http(version);
                    let key = PackedKey::new(method);
                    let parts = RequestKey {
                        labels: 0,
                        method,
                        version,
                        scheme,
                        status: None,
                        completion: Completion::new(Outcome::Complete),
                    };
                    keys.push((key.with_version(version).with_scheme(scheme), parts));
                }
            }
        }
        keys
    }

    #[test]
    fn packed_keys_unpack_to_their_parts() {
        let statuses = [StatusCode::OK, StatusCode::from_u16(999).unwrap()].map(Status::from_http);
        let codes = [None, Some(Code::OK), Some(Code::UNKNOWN_METHOD)];
        for (started, parts) in started() {
            assert_eq!((started.method(), started.status()), (parts.method, None));
            for status in statuses.into_iter().chain([Status::NONE]) {
                for (outcome, code) in Outcome::ALL.into_iter().zip(codes.into_iter().cycle()) {
                    let completion = Completion { outcome, code };
                    let key = started.with_status(status).with_completion(completion);
                    for labels in LABEL_SETS {
                        let unpacked = |labels| RequestKey {
                            labels,
                            status: Some(status),
                            completion,
                            ..parts
                        };
                        let Key { key, overflow } = key.with_labels(labels);
                        assert_eq!(RequestKey::unpack(key), unpacked(labels.id));
                        assert_eq!(RequestKey::unpack(overflow), unpacked(labels.overflow));
                    }
                }
            }
        }
    }

    #[test]
    fn active_keys_have_no_version() {
        for (started, parts) in started() {
            for labels in LABEL_SETS {
                let key = started.of_active().with_labels(labels).key;
                let without = RequestKey {
                    labels: labels.id,
                    version: Version::NONE,
                    ..parts
                };
                assert_eq!(RequestKey::unpack(key), without);
                let active = ActiveKey {
                    labels: labels.id,
                    method: parts.method,
                    scheme: parts.scheme,
                };
                assert_eq!(ActiveKey::unpack(key), active);
            }
        }
    }
}
