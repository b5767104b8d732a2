//! What can be configured, and that a bad configuration is refused with an error that names the value.

use prometheus_client::registry::Registry;
use tower_red::{Buckets, BuildError, Exposition, MetricsLayer};

/// The bound that is refused as no finite number above zero, as bits: NaN equals nothing.
fn invalid_bound(error: &BuildError) -> Option<u64> {
    match error {
        BuildError::InvalidBucket { bound } => Some(bound.to_bits()),
        _ => None,
    }
}

fn skip(route: &str) -> Result<(MetricsLayer, Exposition), BuildError> {
    MetricsLayer::builder().skip([route]).pair()
}

#[test]
fn buckets_default_to_the_documented_ones() {
    let documented = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ];
    assert_eq!(Buckets::default().bounds(), documented);
}

#[test]
fn presets_are_the_documented_ones() {
    assert_eq!(Buckets::fast().bounds(), [0.01, 0.05, 0.1, 0.25, 0.5, 1.0]);
    assert_eq!(Buckets::medium().bounds(), [0.25, 0.5, 1.0, 2.0, 5.0, 10.0]);
    assert_eq!(
        Buckets::slow().bounds(),
        [1.0, 5.0, 10.0, 30.0, 60.0, 120.0]
    );
}

#[test]
fn buckets_are_what_was_asked_for() {
    let custom = Buckets::custom(vec![1e-9, 0.3, 1e9]).unwrap();
    assert_eq!(custom.bounds(), [1e-9, 0.3, 1e9]);
    let exponential = Buckets::exponential(0.001, 10.0, 4).unwrap();
    assert_eq!(exponential.bounds(), [0.001, 0.01, 0.1, 1.0]);
    let linear = Buckets::linear(0.5, 0.25, 4).unwrap();
    assert_eq!(linear.bounds(), [0.5, 0.75, 1.0, 1.25]);
}

#[test]
fn the_rounding_of_linear_buckets_does_not_add_up() {
    let linear = Buckets::linear(0.1, 0.1, 64).unwrap();
    assert_eq!(linear.bounds()[9], 1.0);
    assert_eq!(linear.bounds()[63], 6.4);
}

#[test]
fn sixty_four_buckets_are_allowed_and_sixty_five_are_not() {
    let bounds = |count: u8| Buckets::custom((1..=count).map(f64::from));
    assert_eq!(bounds(64).unwrap().bounds().len(), 64);
    assert_eq!(bounds(65), Err(BuildError::TooManyBuckets { most: 64 }));
    let linear = Buckets::linear(1.0, 1.0, 65);
    assert_eq!(linear, Err(BuildError::TooManyBuckets { most: 64 }));
    let exponential = Buckets::exponential(1.0, 1.1, 65);
    assert_eq!(exponential, Err(BuildError::TooManyBuckets { most: 64 }));
}

#[test]
fn buckets_from_an_endless_iterator_are_refused() {
    let endless = Buckets::custom((1_u32..).map(f64::from));
    assert_eq!(endless, Err(BuildError::TooManyBuckets { most: 64 }));
    let huge = Buckets::linear(1.0, 1.0, usize::MAX);
    assert_eq!(huge, Err(BuildError::TooManyBuckets { most: 64 }));
    let huge = Buckets::exponential(1.0, 2.0, usize::MAX);
    assert_eq!(huge, Err(BuildError::TooManyBuckets { most: 64 }));
}

#[test]
fn no_buckets_are_refused() {
    assert_eq!(Buckets::custom([]), Err(BuildError::NoBuckets));
    assert_eq!(Buckets::linear(1.0, 1.0, 0), Err(BuildError::NoBuckets));
    assert_eq!(
        Buckets::exponential(1.0, 2.0, 0),
        Err(BuildError::NoBuckets)
    );
}

#[test]
fn a_bound_that_is_not_finite_or_not_positive_is_named() {
    let bad = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1.0,
        0.0,
        -0.0,
        -f64::MIN_POSITIVE,
    ];
    for bound in bad {
        for bounds in [
            vec![bound],
            vec![bound, 1.0],
            vec![1.0, bound],
            vec![1.0, bound, 2.0],
        ] {
            let error = Buckets::custom(bounds.clone()).unwrap_err();
            assert_eq!(invalid_bound(&error), Some(bound.to_bits()), "{bounds:?}");
        }
        let exponential = Buckets::exponential(bound, 2.0, 2).unwrap_err();
        assert_eq!(
            invalid_bound(&exponential),
            Some(bound.to_bits()),
            "{bound}"
        );
        // Whose first step adds zero, which takes the sign of a negative zero.
        let linear = Buckets::linear(bound, 1.0, 2).unwrap_err();
        assert_eq!(
            invalid_bound(&linear),
            Some((bound + 0.0).to_bits()),
            "{bound}"
        );
    }
}

#[test]
fn a_bound_that_is_not_above_the_one_before_it_is_named_with_it() {
    let not_increasing =
        |previous, bound| Err(BuildError::BucketsNotIncreasing { previous, bound });
    assert_eq!(Buckets::custom([2.0, 1.0]), not_increasing(2.0, 1.0));
    assert_eq!(Buckets::custom([1.0, 1.0]), not_increasing(1.0, 1.0));
    assert_eq!(
        Buckets::custom([1.0, 2.0, 2.0, 1.0]),
        not_increasing(2.0, 2.0)
    );
    assert_eq!(
        Buckets::custom([1.0, 3.0, 2.0, 4.0]),
        not_increasing(3.0, 2.0)
    );
}

#[test]
fn arguments_of_linear_buckets_that_do_not_increase_are_named() {
    let not_increasing =
        |previous, bound| Err(BuildError::BucketsNotIncreasing { previous, bound });
    assert_eq!(Buckets::linear(1.0, 0.0, 3), not_increasing(1.0, 1.0));
    assert_eq!(Buckets::linear(3.0, -1.0, 2), not_increasing(3.0, 2.0));
    // Too small a step for the numbers there.
    assert_eq!(Buckets::linear(1e17, 1.0, 2), not_increasing(1e17, 1e17));
    let infinite = Buckets::linear(1.0, f64::INFINITY, 3).unwrap_err();
    assert!(invalid_bound(&infinite).is_some(), "{infinite}");
    let nan = Buckets::linear(1.0, f64::NAN, 3).unwrap_err();
    assert!(invalid_bound(&nan).is_some(), "{nan}");
}

#[test]
fn arguments_of_exponential_buckets_that_do_not_increase_are_named() {
    let not_increasing =
        |previous, bound| Err(BuildError::BucketsNotIncreasing { previous, bound });
    assert_eq!(Buckets::exponential(1.0, 1.0, 3), not_increasing(1.0, 1.0));
    assert_eq!(Buckets::exponential(1.0, 0.5, 3), not_increasing(1.0, 0.5));
    let invalid = |bound| Err(BuildError::InvalidBucket { bound });
    assert_eq!(Buckets::exponential(1.0, 0.0, 3), invalid(0.0));
    assert_eq!(Buckets::exponential(1.0, -2.0, 3), invalid(-2.0));
    // Past the largest number there is.
    assert_eq!(Buckets::exponential(1.0, 1e300, 3), invalid(f64::INFINITY));
    let nan = Buckets::exponential(1.0, f64::NAN, 3).unwrap_err();
    assert!(invalid_bound(&nan).is_some(), "{nan}");
}

#[test]
fn a_namespace_begins_with_a_letter_and_goes_on_with_digits_and_underscores_too() {
    for good in ["shop", "Shop_2", "a", "a__b", "http"] {
        assert!(
            MetricsLayer::builder().namespace(good).pair().is_ok(),
            "{good}"
        );
    }
}

#[test]
fn a_scheme_is_one_by_the_letter_of_rfc_3986() {
    for good in ["http", "https", "h2c", "HTTPS", "x", "coap+tcp", "ms-a.b"] {
        assert!(
            MetricsLayer::builder().url_scheme(good).pair().is_ok(),
            "{good}"
        );
    }
}

#[test]
fn a_label_may_have_any_value() {
    for good in ["", " ", "a \"quoted\" one", "größe", "_", "job"] {
        let built = MetricsLayer::builder().constant_label("tier", good).pair();
        assert!(built.is_ok(), "{good}");
    }
}

#[test]
fn a_service_is_declared_by_its_full_name() {
    for good in ["Health", "grpc.health.v1.Health", "a.B_2", "my-pkg.Svc"] {
        assert!(
            MetricsLayer::builder().grpc_service(good).pair().is_ok(),
            "{good}"
        );
    }
}

#[test]
fn a_route_to_skip_is_a_template_as_axum_takes_it() {
    for good in [
        "/",
        "/healthz",
        "/users/{id}",
        "/files/{*path}",
        "/v{version}",
        "/{{literal}}",
        "//",
        "/größe",
        "/a:b/c*d",
        "_unmatched",
    ] {
        assert!(skip(good).is_ok(), "{good}");
    }
}

#[test]
fn a_stream_is_a_template_of_a_server_or_a_client() {
    let streams = [
        "/tail/{id}",
        "/pkg.Svc/Watch",
        "/logs/{*path}",
        "/tail/{id}",
    ];
    for builder in [MetricsLayer::builder(), MetricsLayer::builder().client()] {
        assert!(builder.streams(streams).pair().is_ok());
    }
    // Nothing is matched with it, so that overlapping is fine.
    let overlapping = MetricsLayer::builder().streams(["/a/{b}", "/a/{c}"]);
    assert!(overlapping.pair().is_ok());
}

#[test]
fn the_same_route_may_be_skipped_twice() {
    let twice = MetricsLayer::builder().skip(["/a", "/a"]).skip(["/a"]);
    assert!(twice.pair().is_ok());
}

#[test]
fn a_registry_to_expose_and_another_to_register_with_are_one_too_many() {
    let mut registry = Registry::default();
    let error = MetricsLayer::builder()
        .registry(Registry::default())
        .register(&mut registry)
        .unwrap_err();
    assert_eq!(error, BuildError::TwoRegistries);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert_eq!(text, "# EOF\n");
}

#[test]
fn a_builder_shows_its_configuration() {
    let builder = MetricsLayer::builder()
        .buckets(Buckets::custom([0.5]).unwrap())
        .namespace("shop")
        .skip(["/healthz"]);
    assert_eq!(
        format!("{builder:?}"),
        r#"MetricsLayerBuilder { buckets: Buckets { bounds: [0.5] }, naming: Prometheus, namespace: Some("shop"), skip: ["/healthz"], routes: [], streams: [], grpc_services: [], client: false, enabled: true, .. }"#
    );
}

#[test]
fn the_last_of_two_settings_counts_and_skips_add_up() {
    let builder = MetricsLayer::builder()
        .namespace("first")
        .buckets(Buckets::slow())
        .skip(["/a"])
        .namespace("second")
        .buckets(Buckets::custom([0.5]).unwrap())
        .streams(["/c"])
        .streams(vec![String::from("/d")])
        .skip(vec![String::from("/b")]);
    assert_eq!(
        format!("{builder:?}"),
        r#"MetricsLayerBuilder { buckets: Buckets { bounds: [0.5] }, naming: Prometheus, namespace: Some("second"), skip: ["/a", "/b"], routes: [], streams: ["/c", "/d"], grpc_services: [], client: false, enabled: true, .. }"#
    );
}
