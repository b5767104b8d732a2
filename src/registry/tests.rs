use super::reader::{Dialect, Reader};
use crate::{ScrapeError, model::Family};

fn read(text: &str, dialect: Dialect) -> Result<Vec<Family>, ScrapeError> {
    let mut reader = Reader::new(text, dialect);
    while reader.read_lines(1)? {}
    Ok(reader.into_families())
}

/// How many series that is.
fn count(kind: &str, lines: &[(&str, &str)]) -> Result<usize, ScrapeError> {
    let mut text = format!("# HELP a A.\n# TYPE a {kind}\n");
    for (series, value) in lines {
        text.push_str(&format!("a{series} {value}\n"));
    }
    let dialect = match kind {
        "summary" => Dialect::Classic,
        _ => Dialect::Library,
    };
    read(&text, dialect).map(|families| families[0].sources[0].len())
}

#[test]
fn a_histogram_is_a_sum_a_count_and_buckets_in_any_order() {
    let (sum, total) = (("_sum", "1.5"), ("_count", "1"));
    let bucket = (r#"_bucket{le="+Inf"}"#, "1");
    let other = [
        (r#"_bucket{b="c",le="+Inf"}"#, "1"),
        (r#"_sum{b="c"}"#, "1.5"),
        (r#"_count{b="c"}"#, "1"),
    ];
    let count = |lines: &[(&str, &str)]| count("histogram", lines);
    assert_eq!(count(&[sum, total, bucket, sum, total, bucket]), Ok(2));
    assert_eq!(count(&[bucket, sum, total]), Ok(1));
    assert_eq!(
        count(&[bucket, total, sum, other[0], other[1], other[2]]),
        Ok(2)
    );
    assert_eq!(count(&[other[2], other[0], other[1], total, sum]), Ok(2));
    assert_eq!(count(&[sum, total]), Ok(1));
    for lines in [
        &[total][..],
        &[bucket],
        &[sum],
        &[sum, bucket],
        &[sum, sum, total],
        &[sum, other[0], total],
        &[sum, ("_count", "1.5")],
        &[sum, ("_count", "-1")],
        &[sum, ("_count", "NaN")],
        &[sum, total, ("_bucket", "1")],
        &[sum, total, ("", "1")],
        &[sum, total, (r#"_bucket{le="x"}"#, "1")],
        &[sum, total, (r#"_bucket{le="1"}"#, "-1")],
        &[sum, total, (r#"_bucket{le="1"}"#, "1 # {} x")],
        &[sum, total, (r#"_bucket{le="1",b="c"}"#, "1")],
        &[sum, total, (r#"_bucket{le="1"}"#, "2"), bucket],
    ] {
        assert!(count(lines).is_err(), "{lines:?}");
    }
}

#[test]
fn a_summary_is_a_sum_a_count_and_quantiles_in_any_order() {
    let (sum, total) = (("_sum", "NaN"), ("_count", "2.5e+06"));
    let quantile = (r#"{quantile="0.5"}"#, "NaN");
    let other = [
        (r#"{b="c",quantile="1",d="e"}"#, "7"),
        (r#"_sum{b="c",d="e"}"#, "1.5"),
        (r#"_count{b="c",d="e"}"#, "1.0"),
    ];
    let count = |lines: &[(&str, &str)]| count("summary", lines);
    assert_eq!(count(&[quantile, sum, total]), Ok(1));
    assert_eq!(count(&[total, sum, other[1], other[2], other[0]]), Ok(2));
    for lines in [
        &[quantile][..],
        &[sum],
        &[sum, quantile],
        &[sum, total, ("", "1")],
        &[sum, total, (r#"{quantile="x"}"#, "1")],
        &[sum, total, (r#"{quantile="1"}"#, "x")],
        &[sum, total, (r#"{b="c"}"#, "1")],
    ] {
        assert!(count(lines).is_err(), "{lines:?}");
    }
}
