use crate::model::Unit;

/// Something that is measured of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// To the end of the response, or of a stream to its head. Every request has one, so that it counts requests too.
    Duration,
    /// To the head of the response, or to the first bytes of its body.
    ResponseStart,
    /// The bytes of the response's body that passed.
    ResponseBody,
    /// The bytes that the request's body has, if it says so.
    RequestBody,
}

impl Amount {
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::Duration | Self::ResponseStart => Unit::Seconds,
            Self::ResponseBody | Self::RequestBody => Unit::Bytes,
        }
    }
}

/// Which amounts a layer measures, by the index of their measures in the store. The duration's is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Amounts {
    pub(crate) response_start: Option<usize>,
    /// Whether a response starts with the first bytes of its body.
    pub(crate) first_byte: bool,
    pub(crate) response_body: Option<usize>,
    pub(crate) request_body: Option<usize>,
}

impl Amounts {
    /// The index of the duration's measure.
    pub(crate) const DURATION: usize = 0;

    pub(crate) fn index(&self, amount: Amount) -> Option<usize> {
        match amount {
            Amount::Duration => Some(Self::DURATION),
            Amount::ResponseStart => self.response_start,
            Amount::ResponseBody => self.response_body,
            Amount::RequestBody => self.request_body,
        }
    }

    /// Whether any is measured beside the duration.
    pub(crate) fn has_more(&self) -> bool {
        let Self {
            response_start,
            response_body,
            request_body,
            ..
        } = self;
        response_start
            .or(*response_body)
            .or(*request_body)
            .is_some()
    }
}
