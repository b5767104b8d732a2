use http::HeaderMap;
use std::fmt;

/// The trace that a request belongs to, which an exemplar of its duration shows.
///
/// Sixteen bytes, not all zero, written as 32 hexadecimal digits (W3C Trace Context).
///
/// ```
/// use tower_red::TraceId;
///
/// let id = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
/// assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(TraceId::from_bytes([0; 16]), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

impl TraceId {
    /// `None` if all bytes are zero.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        match u128::from_be_bytes(bytes) {
            0 => None,
            id => Some(Self(id)),
        }
    }

    /// `None` if it is not 32 digits in lower case, or all of them are zero.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 32 || !digits.bytes().all(is_digit) {
            return None;
        }
        let id = u128::from_str_radix(digits, 16).ok()?;
        Self::from_bytes(id.to_be_bytes())
    }

    /// The trace that the header `traceparent` names. `None` if the header is missing, repeated or invalid by the
    /// specification, or if it says that the trace is not sampled and so cannot be looked up.
    ///
    /// ```
    /// use tower_red::{MetricsLayer, TraceId};
    ///
    /// let (metrics, exposition) = MetricsLayer::builder()
    ///     .exemplar(|head| TraceId::from_traceparent(head.headers))
    ///     .pair()?;
    /// # let _ = (metrics, exposition);
    ///
    /// let sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// let headers = http::HeaderMap::from_iter([("traceparent".parse()?, sampled.parse()?)]);
    /// assert!(TraceId::from_traceparent(&headers).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_traceparent(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (header, None) = (all.next()?.to_str().ok()?, all.next()) else {
            return None;
        };
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_hex = |part: &str, length| part.len() == length && part.bytes().all(is_digit);
        let mut parts = header.split('-');
        let [version, id, parent, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
        let is_valid = is_hex(version, 2)
            && version != "ff"
            && is_hex(parent, 16)
            && parent.bytes().any(|digit| digit != b'0')
            && is_hex(flags, 2)
            // Later versions may add to it.
            && (version != "00" || parts.next().is_none());
        let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        Self::from_hex(id).filter(|_| is_valid && is_sampled)
    }

    /// Not zero.
    pub(crate) fn number(self) -> u128 {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(headers: &[&str]) -> Option<String> {
        let headers = headers
            .iter()
            .map(|value| ("traceparent".parse().unwrap(), value.parse().unwrap()));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: http::HeaderName = name;
            map.append(name, value);
        }
        TraceId::from_traceparent(&map).map(|id| id.to_string())
    }

    #[test]
    fn a_sampled_trace_has_its_id() {
        for header in [
            format!("00-{ID}-00f067aa0ba902b7-01"),
            format!("00-{ID}-00f067aa0ba902b7-03"),
            format!("01-{ID}-00f067aa0ba902b7-01-more"),
        ] {
            assert_eq!(of(&[&header]).as_deref(), Some(ID), "{header}");
        }
        let number = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
        assert_eq!(TraceId::from_hex(ID).unwrap().number(), number);
    }

    #[test]
    fn what_is_malformed_or_not_sampled_has_none() {
        let zero = "0".repeat(32);
        for header in [
            format!("00-{ID}-00f067aa0ba902b7-00"),
            format!("00-{ID}-00f067aa0ba902b7-01-more"),
            format!("00-{ID}-0000000000000000-01"),
            format!("00-{zero}-00f067aa0ba902b7-01"),
            format!("ff-{ID}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            format!("00-{ID}-00f067aa0ba902b7"),
            format!("00-{ID}"),
            format!("00-{ID}-00f067aa0ba902b7-1"),
            format!("00-+{}-00f067aa0ba902b7-01", &ID[1..]),
            String::new(),
            "-".repeat(99),
        ] {
            assert_eq!(of(&[&header]), None, "{header}");
        }
        let header = format!("00-{ID}-00f067aa0ba902b7-01");
        assert_eq!(
            of(&[&header, &header]),
            None,
            "one of two cannot be believed"
        );
        assert_eq!(of(&[]), None);
    }
}
