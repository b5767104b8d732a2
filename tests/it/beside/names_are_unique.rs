//! A name that is there twice, in texts, in registries or in the layer, is a 500 that names the family.

use super::showing;
use crate::support::{CLASSIC, OPEN_METRICS, text};
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use tower_red::{BuildInfo, Exposition, MetricsLayer, ScrapeError};

fn duplicate(family: &str, other: &str) -> Result<String, ScrapeError> {
    Err(ScrapeError::DuplicateFamily {
        family: family.into(),
        other: other.into(),
    })
}

#[test]
fn a_name_that_is_there_twice_in_one_text_is_refused() {
    for (text, family, other) in [
        ("a 1\nb 1\na 2\n", "a", "a"),
        ("# TYPE a gauge\n# TYPE b gauge\n# TYPE a gauge\n", "a", "a"),
        (
            "# TYPE a_total counter\na_total 1\nb 1\na_total 2\n",
            "a_total",
            "a",
        ),
        (
            "# TYPE a histogram\na_sum 1\na_count 1\n# TYPE a_count gauge\na_count 1\n",
            "a_count",
            "a",
        ),
        (
            "# TYPE a_sum gauge\na_sum 1\n# TYPE a summary\na_sum 1\na_count 1\n",
            "a",
            "a_sum",
        ),
    ] {
        assert_eq!(showing([text]).render(), duplicate(family, other), "{text}");
    }
}

#[test]
fn a_name_that_two_texts_have_is_refused() {
    assert_eq!(showing(["a 1\n", "a 1\n"]).render(), duplicate("a", "a"));
    let (gauge, counter) = (
        "# TYPE a gauge\na 1\n",
        "# TYPE a_total counter\na_total 1\n",
    );
    // In OpenMetrics, both would be declared as `a`.
    assert_eq!(showing([gauge, counter]).render(), duplicate("a", "a"));
}

#[test]
fn a_name_that_a_registry_a_collector_or_the_layer_has_too_is_refused() {
    let mut registry = Registry::default();
    registry.register("a", "A", Gauge::<i64>::default());
    let exposition = Exposition::new(registry).beside(|| "a 1\n".into());
    assert_eq!(exposition.render(), duplicate("a", "a"));

    let build = BuildInfo::new("1.2.3", "abc");
    let exposition = showing(["build_info 1\n"]).collector(build);
    assert_eq!(exposition.render(), duplicate("build_info", "build_info"));

    let text = "# TYPE http_requests_total counter\nhttp_requests_total 1\n";
    let (_, exposition) = MetricsLayer::builder()
        .beside(|| text.into())
        .pair()
        .unwrap();
    assert_eq!(
        exposition.render(),
        duplicate("http_requests", "http_requests")
    );

    let text = "# TYPE exposition_scrapes_total counter\nexposition_scrapes_total 1\n";
    let exposition = showing([text]).instrumented();
    assert_eq!(
        exposition.render(),
        duplicate("exposition_scrapes", "exposition_scrapes")
    );
}

#[tokio::test]
async fn a_counter_beside_a_gauge_of_its_bare_name_keeps_its_own() {
    let go = "\
# HELP go_memstats_alloc_bytes Now.
# TYPE go_memstats_alloc_bytes gauge
go_memstats_alloc_bytes 5
# HELP go_memstats_alloc_bytes_total Ever.
# TYPE go_memstats_alloc_bytes_total counter
go_memstats_alloc_bytes_total 7
";
    let exposition = showing([go]);
    assert_eq!(text(&exposition, CLASSIC).await, go);
    let open_metrics = "\
# TYPE go_memstats_alloc_bytes gauge
# HELP go_memstats_alloc_bytes Now.
go_memstats_alloc_bytes 5
# TYPE go_memstats_alloc_bytes_total unknown
# HELP go_memstats_alloc_bytes_total Ever.
go_memstats_alloc_bytes_total 7
# EOF
";
    assert_eq!(text(&exposition, OPEN_METRICS).await, open_metrics);
}
