//! `build_info` says which build runs, and is always 1.

use super::{nothing, scrape};
use crate::support::{CLASSIC, OPEN_METRICS, text};
use prometheus_client::registry::Registry;
use tower_red::{BuildError, BuildInfo, MetricsLayer, ScrapeError};

#[tokio::test]
async fn a_build_is_a_gauge_of_one_with_version_and_revision() {
    let exposition = nothing().collector(BuildInfo::new("1.2.3", "9fceb02"));
    let help = "The build that runs: always 1.";
    let classic = format!("# HELP build_info {help}\n# TYPE build_info gauge\n");
    let open_metrics = format!("# TYPE build_info gauge\n# HELP build_info {help}\n");
    let series = "build_info{version=\"1.2.3\",revision=\"9fceb02\"} 1\n";
    assert_eq!(
        text(&exposition, CLASSIC).await,
        format!("{classic}{series}")
    );
    let expected = format!("{open_metrics}{series}# EOF\n");
    assert_eq!(text(&exposition, OPEN_METRICS).await, expected);
}

#[test]
fn the_builders_build_has_its_namespace_whatever_comes_first() {
    let builder = MetricsLayer::builder;
    for builder in [
        builder().namespace("shop").build_info("1", "2"),
        builder().build_info("1", "2").namespace("shop"),
    ] {
        let (_, exposition) = builder.pair().unwrap();
        let series = "shop_build_info{version=\"1\",revision=\"2\"}";
        assert_eq!(scrape(&exposition).get(series), 1.0);
    }
    let (_, exposition) = builder().build_info("1", "2").pair().unwrap();
    let series = "build_info{version=\"1\",revision=\"2\"}";
    assert_eq!(scrape(&exposition).get(series), 1.0);
}

#[test]
fn whatever_a_version_is_it_is_read_back() {
    let build = BuildInfo::new("a\"b\\c\nd", "").namespace("shop");
    let exposition = nothing().collector(build.clone());
    let series = r#"shop_build_info{version="a\"b\\c\nd",revision=""}"#;
    assert_eq!(scrape(&exposition).get(series), 1.0);

    // Where a registry is exposed elsewhere, too.
    let mut registry = Registry::default();
    registry.register_collector(Box::new(build));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains(&format!("{series} 1\n")), "{text}");
}

#[test]
fn a_namespace_that_no_name_begins_with_is_found_by_pair() {
    let build = BuildInfo::new("1", "2").namespace("my shop");
    let error = MetricsLayer::builder().collector(build).pair().unwrap_err();
    assert!(
        matches!(error, BuildError::InvalidRegistry { .. }),
        "{error}"
    );

    let build = BuildInfo::new("1", "2").namespace("my-shop");
    let error = nothing().collector(build).render().unwrap_err();
    let family = String::from("my-shop_build_info");
    assert_eq!(error, ScrapeError::InvalidName { family });
}
