//! Mistakes in a configuration: each is an error that names the value and says what to write instead.

mod buckets;
mod names;
mod peers;
mod routes;

use prometheus_client::registry::Registry;
use tower_red::{BuildError, MetricsLayer, MetricsLayerBuilder, NativeHistogram};

/// Refused with that message, by whatever is made of the builder, and also if it is switched off.
fn refused(builder: impl Fn() -> MetricsLayerBuilder, message: &str) {
    let errors = [
        builder().pair().unwrap_err(),
        builder().registry(Registry::default()).pair().unwrap_err(),
        builder().register(&mut Registry::default()).unwrap_err(),
        builder().enabled(false).pair().unwrap_err(),
        builder()
            .enabled(false)
            .register(&mut Registry::default())
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), message);
    }
}

fn server() -> MetricsLayerBuilder {
    MetricsLayer::builder()
}

fn client() -> MetricsLayerBuilder {
    MetricsLayer::builder().client()
}

#[test]
fn a_budget_without_room() {
    let message = "`max_label_sets(0)` has room for nothing, so everything would be counted under `_overflow`: write 1 or more";
    refused(|| server().max_label_sets(0), message);
    assert!(server().max_label_sets(1).pair().is_ok());
    assert!(server().max_label_sets(usize::MAX).pair().is_ok());
}

#[test]
fn what_is_for_servers_on_a_client_and_the_other_way_round() {
    let for_servers = |setting: &str| {
        format!(
            "`{setting}` names routes by path, which a `client` does not do: put a `RouteTemplate` into its requests"
        )
    };
    refused(|| client().routes(["/a"]), &for_servers("routes"));
    refused(
        || client().grpc_service("a.B"),
        &for_servers("grpc_service"),
    );
    refused(
        || server().peers(["a"]),
        "`peers` is for outgoing requests: it needs `client`",
    );
}

#[test]
fn two_registries() {
    let error = server()
        .registry(Registry::default())
        .register(&mut Registry::default())
        .unwrap_err();
    assert_eq!(error, BuildError::TwoRegistries);
    assert_eq!(
        error.to_string(),
        "a registry was given with `registry`, which `register` does not expose: use `pair`, or register with that one"
    );
}

#[test]
fn two_layers_of_the_same_names() {
    let mut registry = Registry::default();
    let _first = server().register(&mut registry).unwrap();
    let error = server().register(&mut registry).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the registry already has a family "http_requests": a `namespace` tells two layers apart"#
    );
}

#[test]
fn all_of_several_mistakes_are_reported_in_a_fixed_order() {
    let mistakes: [fn(MetricsLayerBuilder) -> MetricsLayerBuilder; 8] = [
        |builder| builder.namespace("_"),
        |builder| builder.url_scheme("https:"),
        |builder| builder.max_label_sets(0),
        |builder| builder.routes(["/a"]),
        |builder| builder.skip([":id"]),
        |builder| builder.peers(["me@billing"]),
        |builder| builder.native_histogram(NativeHistogram::default().schema(9)),
        |builder| builder.constant_label("le", "x"),
    ];
    let alone = mistakes.map(|mistake| mistake(client()).pair().unwrap_err());
    // In whatever order they were made.
    let mistakes = mistakes.iter().rev();
    let all = mistakes.fold(client(), |builder, mistake| mistake(builder));
    let error = all.pair().unwrap_err();
    let lines = alone.iter().map(|error| format!("\n- {error}"));
    let expected = format!("there are 8 mistakes:{}", lines.collect::<String>());
    assert_eq!(error.to_string(), expected);
    let errors = alone.to_vec();
    assert_eq!(error, BuildError::Several { errors });
}
