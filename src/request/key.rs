use super::{Code, Completion, Outcome};
use crate::{
    label::{LabelSet, Method, Scheme, Status, Version},
    store::Key,
};

/// What a finished request is counted under. What is absent is `None`; the naming chooses what a label shows then.
///
/// Packed, from the lowest bit: 6 bits for the method, 3 for the version, 2 for the scheme, 3 for the outcome, 5 for
/// the gRPC code, 10 for the status, and the upper half for the label set.
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

const VERSION: u32 = 6;
const SCHEME: u32 = 9;
const OUTCOME: u32 = 11;
const CODE: u32 = 14;
const STATUS: u32 = 19;
const LABELS: u32 = 32;

impl RequestKey {
    #[inline]
    fn pack(self) -> u64 {
        let Completion { outcome, code } = self.completion;
        u64::from(self.method.number())
            | u64::from(self.version.number()) << VERSION
            | u64::from(self.scheme.number()) << SCHEME
            | (outcome as u64) << OUTCOME
            | u64::from(code.map_or(0, Code::index)) << CODE
            | u64::from(self.status.map_or(0, Status::number)) << STATUS
            | u64::from(self.labels) << LABELS
    }

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

    /// The key with that label set, and the key that it overflows to. The `labels` of `self` are ignored.
    #[inline]
    pub(super) fn with_labels(self, labels: LabelSet) -> Key {
        let rest = Self { labels: 0, ..self }.pack();
        key(rest, labels)
    }
}

/// What an active request is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveKey {
    /// The number of the label set.
    pub(crate) labels: u32,
    pub(crate) method: Method,
    pub(crate) scheme: Scheme,
}

impl ActiveKey {
    #[inline]
    fn pack(self) -> u64 {
        u64::from(self.method.number())
            | u64::from(self.scheme.number()) << SCHEME
            | u64::from(self.labels) << LABELS
    }

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

    #[inline]
    pub(super) fn with_labels(method: Method, scheme: Scheme, labels: LabelSet) -> Key {
        let key = Self {
            labels: 0,
            method,
            scheme,
        };
        self::key(key.pack(), labels)
    }
}

#[inline]
fn key(rest: u64, labels: LabelSet) -> Key {
    Key {
        key: rest | u64::from(labels.id) << LABELS,
        overflow: rest | u64::from(labels.overflow) << LABELS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn packed_keys_unpack_to_themselves() {
        let methods = [Method::from_number(0), Method::from_number(63)];
        let statuses = [
            None,
            Some(Status::from_http(StatusCode::OK)),
            Some(Status::from_http(StatusCode::from_u16(999).unwrap())),
            Some(Status::NONE),
        ];
        let versions = [http::Version::HTTP_09, http::Version::HTTP_2].map(Version::from_http);
        let codes = [None, Some(Code::OK), Some(Code::UNKNOWN_METHOD)];
        for method in methods {
            for labels in [0, 1, u32::MAX] {
                for scheme in [Scheme::None, Scheme::Https, Scheme::Other] {
                    let key = ActiveKey {
                        labels,
                        method,
                        scheme,
                    };
                    assert_eq!(ActiveKey::unpack(key.pack()), key);
                    for (status, version) in statuses.into_iter().zip(versions.into_iter().cycle())
                    {
                        for outcome in Outcome::ALL {
                            for code in codes {
                                let key = RequestKey {
                                    labels,
                                    method,
                                    version,
                                    scheme,
                                    status,
                                    completion: Completion { outcome, code },
                                };
                                assert_eq!(RequestKey::unpack(key.pack()), key);
                            }
                        }
                    }
                }
            }
        }
    }
}
