//! A text that is none of the classic format is a 500 that names the family and the line.

use super::showing;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_red::{Exposition, ScrapeError};

/// The error of a scrape, which is the whole answer.
async fn refusal(exposition: &Exposition) -> ScrapeError {
    let response = exposition.clone().oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let error = response.extensions().get::<ScrapeError>().cloned().unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, format!("{error}\n"));
    assert_eq!(exposition.render(), Err(error.clone()));
    error
}

const SUMMARY: &str = "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 2\n";

#[tokio::test]
async fn a_malformed_line_is_refused_with_its_number_and_its_family() {
    for (line, family) in [
        ("a", "a"),
        ("a ", "a"),
        ("a{} ", "a"),
        ("a x", "a"),
        ("a 1 2 3", "a"),
        ("a 1 1.5", "a"),
        ("a 1 x", "a"),
        ("a 1 # {} 1", "a"),
        ("a 0x10", "a"),
        ("a 1_000", "a"),
        ("a{", "a"),
        ("a{b} 1", "a"),
        ("a{b=} 1", "a"),
        ("a{b=c} 1", "a"),
        ("a{b=\"c} 1", "a"),
        ("a{b=\"c\\\"} 1", "a"),
        ("a{b=\"\\x\"} 1", "a"),
        ("a{b=\"c\"d=\"e\"} 1", "a"),
        ("a{,} 1", "a"),
        ("a{b=\"c\",,} 1", "a"),
        ("a{\"b\"=\"c\"} 1", "a"),
        ("{\"a b\"} 1", ""),
        ("{} 1", ""),
        ("# TYPE a", "a"),
        ("# TYPE a number", "a"),
        ("# TYPE a info", "a"),
        ("# TYPE a gauge really", "a"),
        ("# TYPE", ""),
        ("# HELP", ""),
        ("# TYPE a gauge\n# TYPE a gauge", "a"),
        ("# HELP a A.\n# HELP a A.", "a"),
        ("# TYPE a gauge\na 1\n# HELP a A.", "a"),
        ("# HELP a A.\na 1\n# TYPE a gauge", "a"),
        ("# TYPE h histogram\nh_sum 1\nh_count x", "h"),
        ("# TYPE h histogram\nh_bucket 1", "h"),
        ("# TYPE h histogram\nh_bucket{le=\"x\"} 1", "h"),
        ("# TYPE h histogram\nh_bucket{le=\"1\"} 1 5\nh_sum 1", "h"),
        ("# TYPE s summary\ns 1", "s"),
    ] {
        let text = format!("fine 1\n\n{line}\n{SUMMARY}");
        let error = refusal(&showing([&text])).await;
        let number = 2 + line.lines().count();
        // What is missing shows at the line after it.
        let lines = [number, number + 1];
        let ScrapeError::MalformedText {
            family: of,
            line: at,
        } = &error
        else {
            panic!("{line:?}: {error}");
        };
        assert!(of == family && lines.contains(at), "{line:?}: {error}");
        let message = format!(
            "metric family {family:?} is malformed: line {at} of the text that `beside` was given"
        );
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn a_histogram_or_a_summary_that_lacks_something_is_refused_by_name() {
    for (kind, lines) in [
        ("histogram", &["_sum 1", "_bucket{le=\"1\"} 1"][..]),
        ("histogram", &["_count 1", "_bucket{le=\"1\"} 1"]),
        ("histogram", &["_bucket{le=\"+Inf\"} 1"]),
        (
            "histogram",
            &[
                "_sum 1",
                "_count 1",
                "_bucket{le=\"1\"} 2",
                "_bucket{le=\"2\"} 1",
            ],
        ),
        ("histogram", &["_sum 1", "_count 1.5"]),
        ("histogram", &["_sum 1", "_count -1"]),
        ("summary", &["{quantile=\"0.5\"} 1"]),
        ("summary", &["{quantile=\"0.5\"} 1", "_sum 1"]),
        ("summary", &["{quantile=\"0.5\"} 1", "_count 1"]),
        ("summary", &["{quantile=\"0.5\"} x", "_sum 1", "_count 1"]),
    ] {
        let mut text = format!("# TYPE a {kind}\n");
        for line in lines {
            text.push_str(&format!("a{line}\n"));
        }
        let line = text.lines().count();
        let family = String::from("a");
        let expected = ScrapeError::MalformedText { family, line };
        assert_eq!(refusal(&showing([&text])).await, expected, "{text}");
    }
}

#[tokio::test]
async fn names_that_prometheus_would_reject_are_refused() {
    let named = |name: &str| String::from(name);
    for (text, error) in [
        (
            "my-gauge 1\n",
            ScrapeError::InvalidName {
                family: named("my-gauge"),
            },
        ),
        (
            "größe 1\n",
            ScrapeError::InvalidName {
                family: named("größe"),
            },
        ),
        (
            "1x{} 1\n",
            ScrapeError::InvalidName {
                family: named("1x"),
            },
        ),
        (
            "# TYPE a.b gauge\n",
            ScrapeError::InvalidName {
                family: named("a.b"),
            },
        ),
        (
            "# HELP a.b A.\n",
            ScrapeError::InvalidName {
                family: named("a.b"),
            },
        ),
        (
            "a{my-label=\"b\"} 1\n",
            ScrapeError::InvalidLabel {
                family: named("a"),
                label: named("my-label"),
            },
        ),
        (
            "a{b=\"c\",b=\"d\"} 1\n",
            ScrapeError::DuplicateLabel {
                family: named("a"),
                label: named("b"),
            },
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"1\",le=\"2\"} 1\n",
            ScrapeError::DuplicateLabel {
                family: named("a"),
                label: named("le"),
            },
        ),
        (
            "# TYPE a summary\na_sum{quantile=\"1\"} 1\n",
            ScrapeError::DuplicateLabel {
                family: named("a"),
                label: named("quantile"),
            },
        ),
    ] {
        assert_eq!(refusal(&showing([text])).await, error, "{text}");
    }
}

#[tokio::test]
async fn of_several_texts_the_first_that_is_malformed_is_named() {
    let error = refusal(&showing(["fine 1\n", "a x\n", "b x\n"])).await;
    let (family, line) = (String::from("a"), 1);
    assert_eq!(error, ScrapeError::MalformedText { family, line });
}

#[tokio::test]
async fn the_lines_of_a_histogram_come_together() {
    let text = "# TYPE a histogram\na_sum 1\na_sum{b=\"c\"} 1\na_count 1\na_count{b=\"c\"} 1\n";
    let (family, line) = (String::from("a"), 3);
    let expected = ScrapeError::MalformedText { family, line };
    assert_eq!(refusal(&showing([text])).await, expected);
}
