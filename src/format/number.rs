use crate::model::Number;

pub(crate) fn push_number(out: &mut Vec<u8>, value: Number) {
    match value {
        Number::Unsigned(value) => push_count(out, value),
        Number::Signed(value) => push_str(out, itoa::Buffer::new().format(value)),
        Number::Float(value) => push_float(out, value),
    }
}

pub(crate) fn push_count(out: &mut Vec<u8>, value: u64) {
    push_str(out, itoa::Buffer::new().format(value));
}

/// As `prometheus-client` writes it, but for infinity.
pub(crate) fn push_float(out: &mut Vec<u8>, value: f64) {
    match value {
        f64::INFINITY => push_str(out, "+Inf"),
        f64::NEG_INFINITY => push_str(out, "-Inf"),
        _ => push_str(out, dtoa::Buffer::new().format(value)),
    }
}

pub(crate) fn push_str(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// A bucket's bound as a label's value: as Prometheus itself writes it once it has read a number. Two spellings
/// of it would be two series.
pub(super) fn bound_text(bound: f64) -> String {
    if bound.is_nan() {
        return String::from("NaN");
    }
    if bound.is_infinite() {
        return String::from(if bound > 0.0 { "+Inf" } else { "-Inf" });
    }
    // Go's `%g`: the shortest digits, and an exponent only for what is small or large.
    let scientific = format!("{bound:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) || bound == 0.0 {
        return format!("{bound:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_spelled_as_prometheus_does() {
        for (bound, text) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (10.0, "10.0"),
            (0.005, "0.005"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (0.000_099, "9.9e-05"),
            (1e-5, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (1e-100, "1e-100"),
            (100_000.0, "100000.0"),
            (123_456.75, "123456.75"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (1e21, "1e+21"),
            (1e300, "1e+300"),
            (-2.5, "-2.5"),
            (-1e-9, "-1e-09"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(bound_text(bound), text);
        }
    }
}
