use super::{refused, server};
use std::time::Duration;
use tower_red::{Buckets, NativeHistogram};

#[test]
fn buckets_that_are_none() {
    let too_many = "there are more than 64 bucket bounds, the most that are allowed";
    let not_finite = |bound: &str| {
        format!(
            "bucket bound {bound} is not a finite number above zero; the infinite bucket is added automatically"
        )
    };
    let too_small = |bound: &str| {
        format!(
            "bucket bound {bound} is below a nanosecond, the unit that durations are measured in: write 1e-9 or more"
        )
    };
    let too_close = |previous: &str, bound: &str| {
        format!(
            "bucket bounds {previous} and {bound} are the same in nanoseconds: leave one of them out"
        )
    };
    for (built, message) in [
        (
            Buckets::custom([]),
            String::from("there are no bucket bounds: at least one is needed"),
        ),
        (Buckets::linear(1.0, 1.0, 65), too_many.to_owned()),
        (Buckets::custom([f64::NAN]), not_finite("NaN")),
        (Buckets::custom([1.0, f64::INFINITY]), not_finite("inf")),
        (Buckets::custom([f64::NEG_INFINITY]), not_finite("-inf")),
        (Buckets::custom([-0.0]), not_finite("-0.0")),
        (
            Buckets::custom([0.5, 0.25]),
            String::from("bucket bound 0.25 is not above 0.5, the one before it"),
        ),
        (Buckets::custom([1e-10, 1.0]), too_small("1e-10")),
        (Buckets::custom([0.9e-9]), too_small("9e-10")),
        (Buckets::custom([f64::MIN_POSITIVE]), {
            too_small("2.2250738585072014e-308")
        }),
        (Buckets::exponential(1e-12, 10.0, 4), too_small("1e-12")),
        (
            Buckets::custom([0.1, 1.0, 1.000_000_000_1]),
            too_close("1.0", "1.0000000001"),
        ),
        (
            Buckets::custom([1e-9, 1.25e-9]),
            too_close("1e-9", "1.25e-9"),
        ),
        (
            Buckets::custom([1.0, 1e20, 1e30]),
            too_close("1e20", "1e30"),
        ),
    ] {
        assert_eq!(built.unwrap_err().to_string(), message);
    }
}

#[test]
fn a_native_histogram_that_has_no_buckets() {
    let seconds = Duration::from_secs;
    for (native, message) in [
        (
            NativeHistogram::default().schema(9),
            "a native histogram cannot have the schema 9: write a number from 0 to 8",
        ),
        (
            NativeHistogram::default().window(seconds(0), seconds(1)),
            "a native histogram cannot have a window from 0ns to 1s: it must begin above zero and end later, within 2^32 seconds",
        ),
        (
            NativeHistogram::default().window(seconds(1), seconds(1)),
            "a native histogram cannot have a window from 1s to 1s: it must begin above zero and end later, within 2^32 seconds",
        ),
        (
            NativeHistogram::default().window(seconds(1), seconds((1 << 32) + 1)),
            "a native histogram cannot have a window from 1s to 4294967297s: it must begin above zero and end later, within 2^32 seconds",
        ),
    ] {
        refused(|| server().native_histogram(native), message);
    }
}
