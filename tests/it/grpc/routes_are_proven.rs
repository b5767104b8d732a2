//! Which route a call is of.

use super::{
    IN_FLIGHT, ROUTE, body, call, call_to, head, layered, numbered, read, trailers_only, unwinds,
};
use crate::support::{
    Scrape, ScriptedBody,
    Step::{Data, End, Error, Panic, Status},
    changes, complete as plain,
    grpc::{answered, cancelled, complete, failed},
    sum, times,
};
use http::Response;
use std::{collections::BTreeMap, thread};
use tower_red::RouteTemplate;

#[tokio::test]
async fn a_path_is_a_route_once_a_call_to_it_was_ok() {
    let layer = layered(|builder| builder);
    let mut unproven = Vec::new();
    for (number, code) in numbered().skip(1) {
        let expected = match code {
            "UNIMPLEMENTED" => complete("_unmatched", "200", code),
            code => answered("_unmatched", "200", code),
        };
        for response in [trailers_only(number), body(&[Data, Status(number)])] {
            unproven.push((response, expected.clone()));
        }
    }
    let unknown = |error| failed("_unmatched", "200", "UNKNOWN", error);
    unproven.extend([
        (body(&[Data, End]), unknown("UNKNOWN")),
        (body(&[Data, Status("00")]), unknown("UNKNOWN")),
        (body(&[Data, Error]), unknown("body")),
        (body(&[Error, Status("0")]), unknown("body")),
        (body(&[Data]), cancelled("_unmatched", "200", "body")),
        (
            head(404).body(ScriptedBody::empty()).unwrap(),
            complete("_unmatched", "404", "UNIMPLEMENTED"),
        ),
        // A status of what is no call.
        (
            Response::new(ScriptedBody::new(&[Data, Status("0")])),
            plain("POST", "_unmatched", "200"),
        ),
    ]);
    for (response, expected) in unproven {
        layer.counts(expected, || layer.answer(response)).await;
    }
    let expected = failed("_unmatched", "200", "UNKNOWN", "panic");
    layer
        .counts(expected, || {
            unwinds(|| layer.answer(body(&[Data, Panic, Status("0")])));
        })
        .await;
    // Without a response, nothing says that an unknown path is a call's.
    let labels = r#"method="POST",route="_unmatched""#;
    let expected = changes([
        (
            &format!(r#"http_requests_total{{{labels},status="499"}}"#),
            1.0,
        ),
        (
            &format!(r#"http_request_duration_seconds_count{{{labels},status="499"}}"#),
            1.0,
        ),
        (
            &format!(r#"http_requests_cancelled_total{{{labels},phase="head"}}"#),
            1.0,
        ),
    ]);
    layer.counts(expected, || drop(layer.never(call()))).await;

    let expected = complete(ROUTE, "200", "OK");
    layer
        .counts(expected, || layer.answer(body(&[Data, Status("0")])))
        .await;
    for (number, code) in numbered() {
        let expected = answered(ROUTE, "200", code);
        layer
            .counts(expected, || layer.answer(trailers_only(number)))
            .await;
    }
    layer
        .counts(cancelled(ROUTE, "499", "head"), || {
            drop(layer.never(call()));
        })
        .await;
}

#[tokio::test]
async fn an_ok_in_the_head_proves_as_well_as_one_in_the_trailers() {
    let layer = layered(|builder| builder);
    let expected = complete(ROUTE, "200", "OK");
    layer
        .counts(expected, || layer.answer(trailers_only("0")))
        .await;
    let expected = complete(ROUTE, "200", "NOT_FOUND");
    layer
        .counts(expected, || layer.answer(trailers_only("5")))
        .await;
}

#[tokio::test]
async fn the_call_that_proves_a_route_is_in_flight_where_it_started() {
    const UNMATCHED: &str = r#"http_requests_in_flight{method="POST",route="_unmatched"}"#;
    const OTHER: &str = r#"http_requests_in_flight{method="POST",route="/pkg.Svc/_OTHER"}"#;
    for (declared, start) in [("pkg.Other", UNMATCHED), ("pkg.Svc", OTHER)] {
        let layer = layered(|builder| builder.grpc_service(declared));
        let response = layer.respond(call(), body(&[Data, Status("0")]));
        assert_eq!(
            layer.scrape().await.0,
            BTreeMap::from([(start.into(), 1.0)])
        );
        read(response.into_body());
        let after = layer.scrape().await;
        assert_eq!((after.get(start), after.get(IN_FLIGHT)), (0.0, 0.0));
        assert!(!after.0.contains_key(IN_FLIGHT));

        let response = layer.respond(call(), body(&[Data, Status("0")]));
        let during = layer.scrape().await;
        assert_eq!((during.get(start), during.get(IN_FLIGHT)), (0.0, 1.0));
        read(response.into_body());
        let after = layer.scrape().await;
        assert_eq!((after.get(start), after.get(IN_FLIGHT)), (0.0, 0.0));
        let all = times(2.0, complete(ROUTE, "200", "OK"));
        assert_eq!(after.since(&Scrape::default()), all);
    }
}

#[tokio::test]
async fn calls_that_started_before_the_proof_end_where_they_can() {
    let layer = layered(|builder| builder);
    let [first, second, third] = ["0", "0", "5"].map(|number| {
        layer
            .respond(call(), body(&[Data, Status(number)]))
            .into_body()
    });
    read(first);
    read(second);
    let all = layer.scrape().await.since(&Scrape::default());
    let two = times(2.0, complete(ROUTE, "200", "OK"));
    let in_flight = r#"http_requests_in_flight{method="POST",route="_unmatched"}"#;
    assert_eq!(all, sum([two.clone(), changes([(in_flight, 1.0)])]));
    // It proves nothing itself.
    read(third);
    let all = layer.scrape().await.since(&Scrape::default());
    assert_eq!(all, sum([two, complete("_unmatched", "200", "NOT_FOUND")]));
}

#[tokio::test]
async fn a_route_is_a_path_of_a_service_and_a_method_without_its_query() {
    let layer = layered(|builder| builder);
    let long = format!("/pkg.Svc/{}", "x".repeat(300));
    for path in [
        "/",
        "/pkg.Svc",
        "/pkg.Svc/",
        "//Method",
        "/pkg.Svc/Method/",
        "/pkg/Svc/Method",
        "*",
        &long,
    ] {
        let request = call_to(path);
        let expected = complete("_unmatched", "200", "OK");
        layer
            .counts(expected, || {
                read(layer.respond(request, trailers_only("0")).into_body());
            })
            .await;
    }
    for path in [
        "/pkg.Svc/Method?a=b",
        "http://localhost/pkg.Svc/Method",
        "/pkg.Svc/Method?c",
    ] {
        let request = call_to(path);
        layer
            .counts(complete(ROUTE, "200", "OK"), || {
                read(layer.respond(request, trailers_only("0")).into_body());
            })
            .await;
    }
}

#[tokio::test]
async fn a_route_is_written_so_that_no_path_can_break_a_scrape() {
    let layer = layered(|builder| builder);
    for (path, escaped) in [
        (r#"/pkg.Svc/a"b\c"#, r#"/pkg.Svc/a\"b\\c"#),
        ("/pkg.Svc/%22%0a", "/pkg.Svc/%22%0a"),
        ("/pkg.Svc/größe", "/pkg.Svc/größe"),
        ("/pkg.Svc/{x}", "/pkg.Svc/{x}"),
    ] {
        let request = call_to(path);
        layer
            .counts(complete(escaped, "200", "OK"), || {
                read(layer.respond(request, trailers_only("0")).into_body());
            })
            .await;
    }
}

#[tokio::test]
async fn methods_of_a_declared_service_are_other_until_they_are_proven() {
    let layer = layered(|builder| builder.grpc_service("pkg.Svc").grpc_service("pkg.More"));
    for (path, other) in [
        ("/pkg.Svc/Method", "/pkg.Svc/_OTHER"),
        ("/pkg.More/Method", "/pkg.More/_OTHER"),
        ("/pkg.Svc2/Method", "_unmatched"),
        ("/pkg/Method", "_unmatched"),
    ] {
        let answer = |number| {
            let request = call_to(path);
            let response = layer.respond(request, body(&[Data, Status(number)]));
            read(response.into_body());
        };
        let expected = failed(other, "200", "INTERNAL", "INTERNAL");
        layer.counts(expected, || answer("13")).await;
        // It may not exist.
        let expected = complete(other, "200", "UNIMPLEMENTED");
        layer.counts(expected, || answer("12")).await;
        layer
            .counts(complete(path, "200", "OK"), || answer("0"))
            .await;
        let expected = failed(path, "200", "UNIMPLEMENTED", "UNIMPLEMENTED");
        layer.counts(expected, || answer("12")).await;
    }
}

#[tokio::test]
async fn a_declared_route_needs_no_proof() {
    let layer = layered(|builder| builder.routes([ROUTE]));
    let expected = failed(ROUTE, "200", "UNIMPLEMENTED", "UNIMPLEMENTED");
    layer
        .counts(expected, || layer.answer(trailers_only("12")))
        .await;
    let expected = failed(ROUTE, "404", "UNIMPLEMENTED", "UNIMPLEMENTED");
    layer
        .counts(expected, || {
            layer.answer(head(404).body(ScriptedBody::empty()).unwrap());
        })
        .await;
    let before = layer.scrape().await;
    let future = layer.never(call());
    let during = layer.scrape().await.since(&before);
    assert_eq!(during, changes([(IN_FLIGHT, 1.0)]));
    drop(future);
    let after = layer.scrape().await.since(&before);
    assert_eq!(after, cancelled(ROUTE, "499", "head"));
}

#[tokio::test]
async fn a_template_of_an_outer_layer_or_a_response_overrules() {
    const TEMPLATE: RouteTemplate = RouteTemplate::new("/calls");
    let layer = layered(|builder| builder);
    let asked = || {
        let mut request = call();
        request.extensions_mut().insert(TEMPLATE);
        request
    };
    let answered = |mut response: Response<ScriptedBody>| {
        response.extensions_mut().insert(TEMPLATE);
        response
    };
    // What an outer layer names is not asked for its path, and so does not prove it.
    for response in [trailers_only("0"), body(&[Data, Status("0")])] {
        layer
            .counts(complete("/calls", "200", "OK"), || {
                read(layer.respond(asked(), response).into_body());
            })
            .await;
    }
    let expected = complete("_unmatched", "200", "NOT_FOUND");
    layer
        .counts(expected, || layer.answer(trailers_only("5")))
        .await;

    // What a response names is the route of that call, whose path is then not proven.
    for response in [trailers_only("0"), body(&[Data, Status("0")])] {
        let other = layered(|builder| builder);
        other
            .counts(complete("/calls", "200", "OK"), || {
                other.answer(answered(response));
            })
            .await;
        let expected = complete("_unmatched", "200", "NOT_FOUND");
        other
            .counts(expected, || other.answer(trailers_only("5")))
            .await;
    }

    // And for a path that is proven.
    let expected = complete(ROUTE, "200", "OK");
    layer
        .counts(expected, || layer.answer(trailers_only("0")))
        .await;
    let expected = complete("/calls", "200", "NOT_FOUND");
    layer
        .counts(expected.clone(), || {
            read(layer.respond(asked(), trailers_only("5")).into_body());
        })
        .await;
    layer
        .counts(expected, || layer.answer(answered(trailers_only("5"))))
        .await;
    let before = layer.scrape().await;
    let future = layer.never(asked());
    let gauge = r#"http_requests_in_flight{method="POST",route="/calls"}"#;
    let during = layer.scrape().await.since(&before);
    assert_eq!(during, changes([(gauge, 1.0)]));
    drop(future);
}

#[tokio::test]
async fn a_skipped_route_is_not_recorded_from_its_first_call_on() {
    let layers = [
        layered(|builder| builder.skip([ROUTE])),
        layered(|builder| builder.skip([ROUTE]).grpc_service("pkg.Svc")),
        layered(|builder| builder.skip([ROUTE]).routes([ROUTE])),
    ];
    for layer in layers {
        for number in ["5", "0", "0", "13"] {
            let response = layer.respond(call(), body(&[Data, Status(number)]));
            assert_eq!(layer.scrape().await, Scrape::default());
            read(response.into_body());
            layer.answer(trailers_only(number));
        }
        drop(layer.never(call()));
        unwinds(|| layer.answer(body(&[Panic])));
        assert_eq!(layer.scrape().await, Scrape::default());

        let other = || {
            let response = layer.respond(call_to("/pkg.Svc/Other"), trailers_only("0"));
            read(response.into_body());
        };
        let expected = complete("/pkg.Svc/Other", "200", "OK");
        layer.counts(expected, other).await;
    }
}

#[tokio::test]
async fn a_service_that_says_ok_to_all_makes_no_more_routes_than_the_budget_has_room_for() {
    let layer = layered(|builder| builder.max_label_sets(100));
    let call = |n: usize, number| {
        let request = call_to(&format!("/pkg.Svc/Method{n}"));
        let response = layer.respond(request, body(&[Data, Status(number)]));
        read(response.into_body());
    };
    let route = |n| complete(&format!("/pkg.Svc/Method{n}"), "200", "OK");
    let overflow = |count| times(count, complete("_overflow", "200", "OK"));
    let expected = sum((0..100).map(route).chain([overflow(900.0)]));
    layer
        .counts(expected, || (0..1_000).for_each(|n| call(n, "0")))
        .await;
    let expected = sum([overflow(1.0), complete("_overflow", "200", "NOT_FOUND")]);
    layer
        .counts(expected, || {
            call(500, "0");
            call(500, "5");
        })
        .await;
}

#[tokio::test]
async fn a_route_that_had_room_in_the_budget_has_it_for_its_second_call_too() {
    let layer = layered(|builder| builder.max_label_sets(2));
    for _ in 0..2 {
        let expected = complete(ROUTE, "200", "OK");
        layer
            .counts(expected, || layer.answer(trailers_only("0")))
            .await;
    }
}

#[tokio::test]
async fn a_route_that_many_prove_at_once_is_one_route() {
    let layer = layered(|builder| builder);
    let paths: Vec<_> = (0..50).map(|n| format!("/pkg.Svc/Method{n}")).collect();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for path in &paths {
                    let response = layer.respond(call_to(path), body(&[Data, Status("0")]));
                    read(response.into_body());
                }
            });
        }
    });
    let expected = paths
        .iter()
        .map(|path| times(8.0, complete(path, "200", "OK")));
    let after = layer.scrape().await;
    assert_eq!(after.since(&Scrape::default()), sum(expected));
    assert_eq!(after.sum("http_requests_in_flight"), 0.0);
}
