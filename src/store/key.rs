use crate::{
    label::{method::Method, route::RouteId, status::Status},
    recording::Ending,
};

/// What a finished request is counted under. Absent is absent here: what stands for it is the projection's
/// choice.
///
/// In the layout of its packed form, so that packing it is one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct RequestKey {
    pub(crate) method: Method,
    pub(crate) ending: Ending,
    pub(crate) status: Option<Status>,
    pub(crate) route: RouteId,
}

impl RequestKey {
    pub(super) fn pack(self) -> u64 {
        let status = self.status.map_or(0, Status::number);
        u64::from(self.route.number()) << 32
            | u64::from(status) << 16
            | u64::from(self.ending.number()) << 8
            | u64::from(self.method.number())
    }

    pub(super) fn unpack(key: u64) -> Self {
        let status = (key >> 16) as u16;
        Self {
            method: Method::from_number(key as u8),
            route: RouteId::from_number((key >> 32) as u32),
            status: Status::from_number(status),
            ending: Ending::from_number((key >> 8) as u8),
        }
    }
}

/// What a request in flight is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RouteKey {
    pub(crate) route: RouteId,
    pub(crate) method: Method,
}

/// What happened to a request in flight, apart from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    Started,
    /// Ended under this route without having started there.
    Arrived,
    /// Started under this route and ended under another.
    Left,
}

impl RouteKey {
    pub(super) fn pack(self, movement: Movement) -> u64 {
        u64::from(self.route.number()) << 32
            | u64::from(movement as u8) << 8
            | u64::from(self.method.number())
    }

    pub(super) fn unpack(key: u64) -> (Self, Movement) {
        let movement = match (key >> 8) as u8 {
            0 => Movement::Started,
            1 => Movement::Arrived,
            _ => Movement::Left,
        };
        let key = Self {
            method: Method::from_number(key as u8),
            route: RouteId::from_number((key >> 32) as u32),
        };
        (key, movement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label::grpc::Code, recording::Outcome};
    use http::StatusCode;

    #[test]
    fn packed_keys_unpack_to_themselves() {
        let methods = [
            Method::of(&http::Method::GET),
            Method::of(&"BREW".parse().unwrap()),
        ];
        let statuses = [
            None,
            Some(Status::of(StatusCode::OK)),
            Some(Status::of(StatusCode::from_u16(999).unwrap())),
        ];
        for method in methods {
            for route in [0, 1, u32::MAX].map(RouteId::from_number) {
                for movement in [Movement::Started, Movement::Arrived, Movement::Left] {
                    let key = RouteKey { route, method };
                    assert_eq!(RouteKey::unpack(key.pack(movement)), (key, movement));
                }
                for status in statuses {
                    for outcome in Outcome::ALL {
                        for code in [None, Some(Code::OK), Some(Code::NO_SUCH_METHOD)] {
                            let key = RequestKey {
                                method,
                                ending: Ending::new(outcome, code),
                                status,
                                route,
                            };
                            let unpacked = RequestKey::unpack(key.pack());
                            assert_eq!(unpacked, key);
                            assert_eq!(unpacked.ending.outcome(), outcome);
                            assert_eq!(unpacked.ending.code(), code);
                        }
                    }
                }
            }
        }
    }
}
