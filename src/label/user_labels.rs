use super::{
    OTHER, OVERFLOW, RequestHead, ResponseHead, ValueSets,
    combinations::{Combinations, UserValues},
};
use crate::sync::caught;
use std::sync::atomic::{AtomicU64, Ordering};

// By reference: to copy a head for each call takes 6 instructions.
type OfRequest = dyn for<'a> Fn(&RequestHead<'a>) -> Option<&'a str> + Send + Sync;
type OfResponse = dyn for<'a> Fn(&ResponseHead<'a>) -> Option<&'a str> + Send + Sync;

/// The user's function that says a label's value.
pub(crate) enum ValueOf {
    Request(Box<OfRequest>),
    Response(Box<OfResponse>),
}

impl ValueOf {
    pub(crate) fn request(
        of: impl for<'a> Fn(RequestHead<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        Self::Request(Box::new(move |head| of(*head)))
    }

    pub(crate) fn response(
        of: impl for<'a> Fn(ResponseHead<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        Self::Response(Box::new(move |head| of(*head)))
    }
}

/// A label of the user's own.
pub(crate) struct UserLabel {
    pub(crate) name: String,
    /// The values that it may have. `None` if it may have any.
    pub(crate) listed: Option<Vec<String>>,
    /// How many values it may have.
    pub(crate) most: usize,
    pub(crate) value_of: ValueOf,
}

/// What a label's value can be besides those that the user's function says.
const ABSENT_VALUE: u32 = 0;
const OTHER_VALUE: u32 = 1;
const OVERFLOW_VALUE: u32 = 2;
const SPECIAL: [&str; 3] = ["", OTHER, OVERFLOW];

/// The labels of the user's own, and the values that they had so far.
pub(crate) struct UserLabels {
    labels: Vec<Known>,
    panics: AtomicU64,
}

/// A label, and its values by number.
struct Known {
    value_of: ValueOf,
    values: ValueSets<1>,
    /// How many numbers there may be.
    room: u32,
    /// What its numbers are multiplied by, so that the sum over all labels identifies each of them.
    factor: u32,
}

/// How many numbers a label needs.
fn room(label: &UserLabel) -> Option<u32> {
    u32::try_from(label.most)
        .ok()?
        .checked_add(SPECIAL.len() as u32)
}

impl UserLabels {
    /// Whether so many values of so many labels can be told apart.
    pub(crate) fn can_hold(labels: &[UserLabel]) -> bool {
        let mut rooms = labels.iter().map(room);
        rooms
            .try_fold(1_u32, |product, room| product.checked_mul(room?))
            .is_some()
    }

    pub(super) fn new(labels: Vec<UserLabel>) -> Self {
        let mut factor = 1;
        let labels = labels.into_iter().map(|label| {
            let known = Known::new(label, factor);
            // The builder has checked that this fits.
            factor = factor.saturating_mul(known.room);
            known
        });
        Self {
            labels: labels.collect(),
            panics: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Whether any label's value is known by the request.
    pub(crate) fn ask_requests(&self) -> bool {
        let mut labels = self.labels.iter();
        labels.any(|label| matches!(label.value_of, ValueOf::Request(_)))
    }

    /// Whether any label's value is known by the response alone.
    pub(crate) fn ask_responses(&self) -> bool {
        let mut labels = self.labels.iter();
        labels.any(|label| matches!(label.value_of, ValueOf::Response(_)))
    }

    /// The values of those labels that the request tells.
    #[inline]
    pub(crate) fn of_request(&self, head: &RequestHead<'_>) -> UserValues {
        let labels = self.labels.iter().map(|label| match &label.value_of {
            ValueOf::Request(of) => self.value(label, || of(head)),
            ValueOf::Response(_) => 0,
        });
        labels.sum()
    }

    /// The values of those labels that the response tells.
    #[inline]
    pub(crate) fn of_response(&self, head: &ResponseHead<'_>) -> UserValues {
        let labels = self.labels.iter().map(|label| match &label.value_of {
            ValueOf::Response(of) => self.value(label, || of(head)),
            ValueOf::Request(_) => 0,
        });
        labels.sum()
    }

    /// A label's part of the number. If the function panics, the value is `_OTHER`.
    fn value<'a>(&self, label: &Known, of: impl FnOnce() -> Option<&'a str>) -> UserValues {
        let number = match caught(of) {
            Some(None) => ABSENT_VALUE,
            Some(Some(value)) => label.values.number([value]).unwrap_or(OTHER_VALUE),
            None => {
                self.panics.fetch_add(1, Ordering::Relaxed);
                OTHER_VALUE
            }
        };
        number * label.factor
    }

    /// What stands for all values past the budget.
    fn overflow(&self) -> UserValues {
        let labels = self.labels.iter();
        labels.map(|label| OVERFLOW_VALUE * label.factor).sum()
    }

    /// The combinations of their values, of which no more than the budget are counted.
    pub(super) fn combinations(&self, budget: usize) -> Combinations {
        let count = self.labels.iter().map(|label| label.room).product();
        Combinations::new(count, self.overflow(), budget)
    }

    /// The value of a label, by its index. `None` if it is absent.
    pub(crate) fn text(&self, values: UserValues, index: usize) -> Option<&'static str> {
        let label = self.labels.get(index)?;
        match values / label.factor % label.room {
            ABSENT_VALUE => None,
            number => label.values.get(number).map(|[text]| text),
        }
    }

    /// The values of all labels, in their order.
    pub(crate) fn texts(&self, values: UserValues) -> Box<[Option<&'static str>]> {
        let indices = 0..self.labels.len();
        indices.map(|index| self.text(values, index)).collect()
    }

    /// How often a function of the user's panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }
}

impl Known {
    fn new(label: UserLabel, factor: u32) -> Self {
        let listed = label.listed.iter().flatten().map(String::as_str);
        let known: Vec<_> = SPECIAL
            .into_iter()
            .chain(listed)
            .map(|value| [value])
            .collect();
        let unlisted = match label.listed {
            Some(_) => 0,
            None => label.most,
        };
        Self {
            room: room(&label).unwrap_or_default(),
            values: ValueSets::new(&known, unlisted),
            value_of: label.value_of,
            factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn label(listed: Option<&[&str]>, most: usize, header: &'static str) -> UserLabel {
        let listed = listed.map(|listed| listed.iter().map(ToString::to_string).collect());
        UserLabel {
            name: header.to_owned(),
            listed,
            most,
            value_of: ValueOf::request(move |head| head.header(header)),
        }
    }

    fn texts(labels: &UserLabels, headers: &[(&str, &str)]) -> Vec<Option<&'static str>> {
        let mut request = Request::new(());
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let values = labels.of_request(&RequestHead::from(&request));
        labels.texts(values).into_vec()
    }

    #[test]
    fn values_are_told_apart_whatever_the_other_labels_say() {
        let labels = UserLabels::new(vec![
            label(Some(&["a", "b"]), 2, "x"),
            label(None, 2, "y"),
            label(Some(&["c"]), 1, "z"),
        ]);
        for x in [None, Some("a"), Some("b"), Some("other")] {
            for y in [None, Some("1"), Some("2"), Some("3"), Some("4")] {
                for z in [None, Some("c"), Some("")] {
                    let given = [("x", x), ("y", y), ("z", z)];
                    let given: Vec<_> = given
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value?)))
                        .collect();
                    let other = |value: &str| matches!(value, "other" | "3" | "4");
                    let shown = |value: Option<&'static str>| match value {
                        Some(value) if other(value) => Some("_OTHER"),
                        value => value.filter(|value| !value.is_empty()),
                    };
                    assert_eq!(texts(&labels, &given), [shown(x), shown(y), shown(z)]);
                }
            }
        }
        let overflow = labels.texts(labels.overflow());
        assert_eq!(*overflow, [Some("_overflow"); 3]);
        assert_eq!(*labels.texts(0), [None; 3]);
    }

    #[test]
    fn a_product_that_no_number_holds_is_refused() {
        assert!(UserLabels::can_hold(&[]));
        let large = || label(None, 60_000, "x");
        assert!(UserLabels::can_hold(&[large(), label(None, 1_000, "y")]));
        assert!(!UserLabels::can_hold(&[large(), large(), large()]));
        assert!(!UserLabels::can_hold(&[label(None, usize::MAX, "x")]));
    }
}
