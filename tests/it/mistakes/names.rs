use super::{client, refused, server};
use tower_red::{LabelNames, Naming};

#[test]
fn a_namespace_that_no_metric_name_can_begin_with() {
    let rule = "it must begin with a letter, and have only letters, digits and underscores";
    let other = |name: &str| format!("{rule}; write {name:?}");
    for (namespace, reason) in [
        ("", String::from("it is empty; leave `namespace` out")),
        ("_", rule.to_owned()),
        ("2shop", rule.to_owned()),
        ("größe", rule.to_owned()),
        ("ſhop", rule.to_owned()),
        ("٣", rule.to_owned()),
        ("shop\n", rule.to_owned()),
        ("sh\"op", rule.to_owned()),
        ("my-shop", other("my_shop")),
        ("my shop", other("my_shop")),
        ("my:shop", other("my_shop")),
        ("my.shop.", other("my_shop")),
        (" shop", other("shop")),
        ("_shop", other("shop")),
        ("__x__", other("x")),
        (
            "shop_",
            String::from("an underscore is added after it; write \"shop\""),
        ),
        (
            "my_shop__",
            String::from("an underscore is added after it; write \"my_shop\""),
        ),
    ] {
        let message = format!("namespace {namespace:?} is not allowed: {reason}");
        refused(|| server().namespace(namespace), &message);
    }
}

/// Names that no label may have, and why.
const LABELS: [(&str, &str); 11] = [
    ("", "it is empty"),
    (
        "le",
        "Prometheus uses it for the bounds of buckets; write another name",
    ),
    (
        "job",
        "Prometheus adds its own when it scrapes, and would rename this one to \"exported_job\"; leave it out, or write another name",
    ),
    (
        "instance",
        "Prometheus adds its own when it scrapes, and would rename this one to \"exported_instance\"; leave it out, or write another name",
    ),
    (
        "__name__",
        "it must begin with a letter, and have only letters, digits and underscores; write \"name\"",
    ),
    (
        "__instance__",
        "it must begin with a letter, and have only letters, digits and underscores",
    ),
    (
        "_tier",
        "it must begin with a letter, and have only letters, digits and underscores; write \"tier\"",
    ),
    (
        "a-b",
        "it must begin with a letter, and have only letters, digits and underscores; write \"a_b\"",
    ),
    (
        "a:b c",
        "it must begin with a letter, and have only letters, digits and underscores; write \"a_b_c\"",
    ),
    (
        "1a",
        "it must begin with a letter, and have only letters, digits and underscores",
    ),
    (
        "é",
        "it must begin with a letter, and have only letters, digits and underscores",
    ),
];

#[test]
fn a_label_that_prometheus_would_not_take_or_would_rename() {
    for (name, reason) in LABELS {
        let message = format!("label name {name:?} is not allowed: {reason}");
        refused(|| server().constant_label(name, "x"), &message);
        for names in [
            LabelNames::default().route(name),
            LabelNames::default().method(name),
        ] {
            refused(|| server().label_names(names.clone()), &message);
        }
        let peer = || {
            let names = LabelNames::default().peer(name);
            client().peers(["billing"]).label_names(names)
        };
        refused(peer, &message);
    }
}

#[test]
fn a_label_that_is_there_twice() {
    let message = |name: &str| {
        format!(
            "label name {name:?} is not allowed: another label has that name; give one of them another"
        )
    };
    let twice = || server().constant_label("a", "1").constant_label("a", "2");
    refused(twice, &message("a"));
    for name in ["method", "route", "status", "grpc_status", "error", "phase"] {
        refused(|| server().constant_label(name, "x"), &message(name));
    }
    for name in ["method", "error"] {
        let names = LabelNames::default().route(name);
        refused(|| server().label_names(names.clone()), &message(name));
    }
    let open_telemetry = || {
        let builder = server().naming(Naming::OpenTelemetry);
        builder.constant_label("rpc_method", "x")
    };
    refused(open_telemetry, &message("rpc_method"));
}

#[test]
fn a_scheme_that_is_none() {
    let rule = "it must begin with a letter, and have only letters, digits, `+`, `-` and `.`";
    for (scheme, suggestion) in [
        ("", ""),
        ("https://", "; write \"https\""),
        ("https:", "; write \"https\""),
        ("http://example.com", "; write \"http\""),
        ("://", ""),
        ("2http", ""),
        ("+http", ""),
        ("h_t", ""),
        ("http ", ""),
        ("größe", ""),
    ] {
        let message = format!("URL scheme {scheme:?} is not allowed: {rule}{suggestion}");
        for naming in [Naming::Prometheus, Naming::OpenTelemetry] {
            refused(|| server().naming(naming).url_scheme(scheme), &message);
        }
    }
}

#[test]
fn a_naming_that_there_is_none_of() {
    for name in ["", "statsd", "Prometheus", "axum_prometheus"] {
        let message = format!(
            "naming {name:?} is not one of \"prometheus\", \"opentelemetry\" and \"axum-prometheus\""
        );
        assert_eq!(name.parse::<Naming>().unwrap_err().to_string(), message);
    }
}
