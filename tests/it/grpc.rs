//! gRPC, row by row: what is a call, which status it has, whose fault that is, and which route it is of.
//!
//! Responses are made by hand, since no server would make most of them. What a real one makes is in
//! `tonic`. Each test compares all that changed between two scrapes: what is not named did not change.

use crate::support::grpc::{CODES, answered, cancelled, complete, failed};
use crate::support::{
    Scrape, ScriptedBody,
    Step::{self, Data, End, Error, Given, Panic, Status, Trailers},
    TestLayer, changes, complete as plain, sum, times,
};
use allocation_counter::measure;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};
use tower::{Layer, Service, service_fn};
use tower_red::{MetricsLayer, MetricsLayerBuilder, RouteTemplate};

const ROUTE: &str = "/pkg.Svc/Method";

// ---- The status.

#[tokio::test]
async fn the_status_is_that_of_the_trailers() {
    let layer = proven().await;
    for (number, code) in numbered() {
        for script in [&[Data, Data, Status(number)][..], &[Status(number)]] {
            layer
                .counts(answered(ROUTE, "200", code), || layer.answer(body(script)))
                .await;
        }
    }
}

#[tokio::test]
async fn the_status_is_that_of_the_head_if_there_are_no_trailers() {
    let layer = proven().await;
    for (number, code) in numbered() {
        let expected = || answered(ROUTE, "200", code);
        layer
            .counts(expected(), || layer.answer(trailers_only(number)))
            .await;
        // Whose body does not say that it is empty, or has trailers that do not say it.
        for script in [&[End][..], &[Trailers]] {
            let response = trailers_only(number).map(|_| ScriptedBody::new(script));
            layer.counts(expected(), || layer.answer(response)).await;
        }
    }
}

#[tokio::test]
async fn the_status_of_the_trailers_overrules_that_of_the_head() {
    let layer = proven().await;
    let response = trailers_only("0").map(|_| ScriptedBody::new(&[Data, Status("13")]));
    layer
        .counts(answered(ROUTE, "200", "INTERNAL"), || {
            layer.answer(response);
        })
        .await;
}

#[tokio::test]
async fn a_missing_status_is_unknown() {
    let layer = proven().await;
    for script in [&[Data, Data, End][..], &[Data, Trailers], &[End]] {
        layer
            .counts(failed(ROUTE, "200", "UNKNOWN", "UNKNOWN"), || {
                layer.answer(body(script));
            })
            .await;
    }
    layer
        .counts(failed(ROUTE, "200", "UNKNOWN", "UNKNOWN"), || {
            layer.answer(head(200).body(ScriptedBody::empty()).unwrap());
        })
        .await;
}

#[tokio::test]
async fn a_missing_status_is_what_grpc_maps_the_http_status_to() {
    let expected = (100..=999).map(|status| {
        let code = match status {
            400 => "INTERNAL",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "UNIMPLEMENTED",
            429 | 502 | 503 | 504 => "UNAVAILABLE",
            _ => "UNKNOWN",
        };
        let number = status.to_string();
        match status {
            500..=599 => failed(ROUTE, &number, code, &number),
            600.. => answered(ROUTE, "_OTHER", code),
            _ => answered(ROUTE, &number, code),
        }
    });
    let layer = proven().await;
    layer
        .counts(sum(expected), || {
            for status in 100..=999 {
                layer.answer(head(status).body(ScriptedBody::empty()).unwrap());
            }
        })
        .await;
}

#[tokio::test]
async fn what_is_no_number_of_a_code_is_unknown() {
    let layer = proven().await;
    let garbage: [&[u8]; 20] = [
        b"",
        b" ",
        b"abc",
        b"OK",
        b"-1",
        b"-0",
        b"+0",
        b"00",
        b"01",
        b"016",
        b"17",
        b"99",
        b"256",
        b"0x0",
        b"0.0",
        b"0 ",
        b"0,0",
        b"4294967296",
        b"\xff",
        "\u{660}".as_bytes(),
    ];
    for value in garbage {
        let value = HeaderValue::from_bytes(value).unwrap();
        // Not that of an HTTP status, though there is one.
        for status in [200, 404] {
            let expected = || failed(ROUTE, &status.to_string(), "UNKNOWN", "UNKNOWN");
            let response = head(status).header("grpc-status", &value);
            let response = response.body(ScriptedBody::empty()).unwrap();
            layer.counts(expected(), || layer.answer(response)).await;

            let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), value.clone())]);
            let response = head(status).body(ScriptedBody::new(&[Data, Given(trailers)]));
            layer
                .counts(expected(), || layer.answer(response.unwrap()))
                .await;
        }
    }
}

#[tokio::test]
async fn an_error_of_http_comes_before_that_of_grpc() {
    let layer = proven().await;
    let rows = [
        (503, "13", failed(ROUTE, "503", "INTERNAL", "503")),
        (500, "5", failed(ROUTE, "500", "NOT_FOUND", "500")),
        (599, "0", failed(ROUTE, "599", "OK", "599")),
        (499, "13", failed(ROUTE, "499", "INTERNAL", "INTERNAL")),
        (404, "5", complete(ROUTE, "404", "NOT_FOUND")),
    ];
    for (status, number, expected) in rows {
        let response = head(status).body(ScriptedBody::new(&[Data, Status(number)]));
        layer
            .counts(expected, || layer.answer(response.unwrap()))
            .await;
    }
}

#[tokio::test]
async fn a_call_is_counted_once_with_its_trailers_and_not_at_its_drop() {
    let layer = proven().await;
    let before = layer.scrape().await;
    let mut steps = vec![Data; 1_000];
    steps.extend([Status("0"), Status("13"), Data, End]);
    let mut answer = layer.respond(call(), body(&steps)).into_body();
    for _ in 0..1_000 {
        answer.frame().now_or_never().unwrap().unwrap().unwrap();
    }
    assert_eq!(
        layer.scrape().await.since(&before),
        changes([(IN_FLIGHT, 1.0)])
    );
    answer.frame().now_or_never().unwrap().unwrap().unwrap();
    let once = complete(ROUTE, "200", "OK");
    assert_eq!(layer.scrape().await.since(&before), once);
    read(answer);
    assert_eq!(layer.scrape().await.since(&before), once);
}

#[tokio::test]
async fn a_call_without_a_body_is_counted_with_its_head_and_not_at_its_drop() {
    let layer = proven().await;
    let before = layer.scrape().await;
    let response = layer.respond(call(), trailers_only("5"));
    let once = complete(ROUTE, "200", "NOT_FOUND");
    assert_eq!(layer.scrape().await.since(&before), once);
    read(response.into_body());
    assert_eq!(layer.scrape().await.since(&before), once);
}

// ---- Every way a call ends.

#[tokio::test]
async fn a_failure_is_named_by_where_it_was_and_its_status_is_unknown() {
    let layer = proven().await;
    let service_error = failed(ROUTE, "500", "UNKNOWN", "service");
    layer
        .counts(service_error, || {
            let fails = service_fn(|_| ready(Err::<Response<ScriptedBody>, _>("asked to")));
            let failed = layer.metrics.layer(fails).call(call()).now_or_never();
            assert_eq!(failed.unwrap().unwrap_err(), "asked to");
        })
        .await;

    let panic = || failed(ROUTE, "500", "UNKNOWN", "panic");
    layer
        .counts(panic(), || {
            let panics = service_fn(|_| -> Ready<Result<Response<ScriptedBody>, Infallible>> {
                panic!("asked to")
            });
            let mut service = layer.metrics.layer(panics);
            unwinds(|| drop(service.call(call())));
        })
        .await;
    layer
        .counts(panic(), || {
            let panics = service_fn(|_| async { panics() });
            let mut service = layer.metrics.layer(panics);
            unwinds(|| drop(service.call(call()).now_or_never()));
        })
        .await;

    let rows: [(&[Step], _); 5] = [
        (&[Data, Panic], "panic"),
        (&[Panic], "panic"),
        (&[Data, Error], "body"),
        (&[Error], "body"),
        // It is over with its error.
        (&[Error, Status("0")], "body"),
    ];
    for (script, error) in rows {
        for response in [
            body(script),
            trailers_only("0").map(|_| ScriptedBody::new(script)),
        ] {
            layer
                .counts(failed(ROUTE, "200", "UNKNOWN", error), || {
                    let body = layer.respond(call(), response).into_body();
                    let _ = catch_unwind(AssertUnwindSafe(|| read(body)));
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_drop_is_cancelled() {
    let layer = proven().await;
    let in_head = || cancelled(ROUTE, "499", "head");
    layer.counts(in_head(), || drop(layer.never(call()))).await;
    layer
        .counts(in_head(), || {
            let mut future = layer.never(call());
            assert!((&mut future).now_or_never().is_none());
        })
        .await;

    let in_body = || cancelled(ROUTE, "200", "body");
    layer
        .counts(in_body(), || drop(layer.respond(call(), body(&[Data]))))
        .await;
    layer
        .counts(in_body(), || layer.answer(body(&[Data, Data])))
        .await;
    // Whatever its head said, it did not get to its end.
    let response = trailers_only("0").map(|_| ScriptedBody::new(&[Data]));
    layer.counts(in_body(), || layer.answer(response)).await;
    let response = head(503).body(ScriptedBody::new(&[Data])).unwrap();
    let expected = cancelled(ROUTE, "503", "body");
    layer.counts(expected, || layer.answer(response)).await;
}

#[tokio::test]
async fn a_code_of_the_service_is_none_of_the_clients_leaving() {
    let layer = proven().await;
    let expected = complete(ROUTE, "200", "CANCELLED");
    layer
        .counts(expected, || layer.answer(body(&[Data, Status("1")])))
        .await;
}

// ---- Deadlines.

#[tokio::test]
async fn a_drop_has_exceeded_the_deadline_once_that_has_passed() {
    let rows = [
        ("1n", 1),
        ("7u", 7_000),
        ("250m", 250_000_000),
        ("10S", 10_000_000_000),
        ("2M", 120_000_000_000),
        ("1H", 3_600_000_000_000),
        ("00000001S", 1_000_000_000),
        ("99999999n", 99_999_999),
        ("99999999u", 99_999_999_000),
        ("99999999m", 99_999_999_000_000),
        ("99999999S", 99_999_999_000_000_000),
        ("99999999M", 5_999_999_940_000_000_000),
    ];
    for (timeout, nanos) in rows {
        for (after, is_late) in [
            (0, false),
            (nanos - 1, false),
            (nanos, true),
            (nanos + 1, true),
        ] {
            let expected = |status, phase| match is_late {
                true => failed(ROUTE, status, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
                false => cancelled(ROUTE, status, phase),
            };
            let layer = proven().await;
            layer
                .counts(expected("499", "head"), || {
                    let future = layer.never(within(timeout));
                    layer.clock.increment(after);
                    drop(future);
                })
                .await;
            let layer = proven().await;
            layer
                .counts(expected("200", "body"), || {
                    let response = layer.respond(within(timeout), body(&[Data, Data]));
                    layer.clock.increment(after);
                    read(response.into_body());
                })
                .await;
        }
    }
}

#[tokio::test]
async fn a_deadline_of_no_time_has_passed_at_once_and_one_of_ages_never_does() {
    let layer = proven().await;
    let late = failed(ROUTE, "499", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED");
    layer.counts(late, || drop(layer.never(within("0S")))).await;
    // More nanoseconds than there are; the latter is one hour too long for them.
    for timeout in ["99999999H", "5124096H"] {
        let layer = proven().await;
        layer
            .counts(cancelled(ROUTE, "499", "head"), || {
                let future = layer.never(within(timeout));
                layer.clock.increment(u64::MAX / 2);
                drop(future);
            })
            .await;
    }
}

#[tokio::test]
async fn a_malformed_deadline_is_none() {
    let malformed: [&[u8]; 19] = [
        b"",
        b"m",
        b"1",
        b"10",
        b"S10",
        b"1s",
        b"1h",
        b"1U",
        b"1N",
        b"1x",
        b"1 S",
        b" 1S",
        b"-1S",
        b"+1S",
        b"1.5S",
        b"0x1S",
        b"123456789n",
        b"1S,1S",
        b"1\xffS",
    ];
    for timeout in malformed {
        let layer = proven().await;
        let timeout = HeaderValue::from_bytes(timeout).unwrap();
        let mut request = call();
        request.headers_mut().insert("grpc-timeout", timeout);
        layer
            .counts(cancelled(ROUTE, "499", "head"), || {
                let future = layer.never(request);
                layer.clock.increment(Duration::from_secs(1 << 32));
                drop(future);
            })
            .await;
    }
}

#[tokio::test]
async fn only_a_drop_exceeds_a_deadline() {
    let rows: [(&[Step], _); 4] = [
        (&[Data, Status("0")], complete(ROUTE, "200", "OK")),
        (&[Data, Status("5")], complete(ROUTE, "200", "NOT_FOUND")),
        (&[Data, Error], failed(ROUTE, "200", "UNKNOWN", "body")),
        (&[Data, End], failed(ROUTE, "200", "UNKNOWN", "UNKNOWN")),
    ];
    let layer = proven().await;
    for (script, expected) in rows {
        layer
            .counts(expected, || {
                let response = layer.respond(within("1S"), body(script));
                layer.clock.increment(Duration::from_secs(2));
                read(response.into_body());
            })
            .await;
    }
    // And the service itself may say so, whenever it likes.
    layer
        .counts(answered(ROUTE, "200", "DEADLINE_EXCEEDED"), || {
            layer.answer(trailers_only("4"));
        })
        .await;
}

#[tokio::test]
async fn what_is_no_call_has_no_deadline() {
    let layer = proven().await;
    let labels = r#"method="POST",route="_unmatched",phase="body""#;
    let cancelled = format!("http_requests_cancelled_total{{{labels}}}");
    let expected = sum([
        plain("POST", "_unmatched", "200"),
        changes([(&cancelled, 1.0)]),
    ]);
    let late = |request, response| {
        let response = layer.respond(request, response);
        layer.clock.increment(Duration::from_secs(2));
        read(response.into_body());
    };
    let mut request = within("1S");
    request.headers_mut().remove("content-type");
    layer
        .counts(expected.clone(), || late(request, body(&[Data])))
        .await;
    let response = Response::new(ScriptedBody::new(&[Data]));
    layer
        .counts(expected, || late(within("1S"), response))
        .await;
}

// ---- What is a call.

/// Media types are compared without regard to case, as HTTP has it.
const CONTENT_TYPES: [(&[u8], bool); 18] = [
    (b"application/grpc", true),
    (b"application/grpc+proto", true),
    (b"application/grpc+json", true),
    (b"application/grpc+", true),
    (b"application/grpc;x=y", true),
    (b"application/grpc; charset=utf-8", true),
    (b"Application/gRPC", true),
    (b"APPLICATION/GRPC+PROTO", true),
    (b"application/grpc-web", false),
    (b"application/grpc-web+proto", false),
    (b"application/grpc-web-text", false),
    (b"application/grpcx", false),
    (b"application/grpc ", false),
    (b" application/grpc", false),
    (b"application/grpc,application/grpc", false),
    (b"application/grp", false),
    (b"application/json", false),
    (b"application/grpc\xff", false),
];

#[tokio::test]
async fn a_request_is_a_call_by_its_content_type() {
    let layer = proven().await;
    for (value, is_call) in CONTENT_TYPES {
        let expected = match is_call {
            true => complete(ROUTE, "200", "NOT_FOUND"),
            false => plain("POST", "_unmatched", "200"),
        };
        let mut request = call();
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().insert("content-type", value);
        layer
            .counts(expected, || {
                read(layer.respond(request, body(&[Status("5")])).into_body());
            })
            .await;
    }
    let mut request = call();
    request.headers_mut().remove("content-type");
    layer
        .counts(plain("POST", "_unmatched", "200"), || {
            read(layer.respond(request, body(&[Status("5")])).into_body());
        })
        .await;
}

#[tokio::test]
async fn a_request_is_a_call_only_with_post() {
    let layer = proven().await;
    for (method, label) in [
        ("GET", "GET"),
        ("PUT", "PUT"),
        ("OPTIONS", "OPTIONS"),
        ("CONNECT", "CONNECT"),
        ("post", "_OTHER"),
        ("POSTS", "_OTHER"),
    ] {
        let mut request = call();
        *request.method_mut() = method.parse().unwrap();
        layer
            .counts(plain(label, "_unmatched", "404"), || {
                let response = head(404).body(ScriptedBody::new(&[Data, Status("13")]));
                read(layer.respond(request, response.unwrap()).into_body());
            })
            .await;
    }
}

#[tokio::test]
async fn a_request_is_no_call_if_its_response_is_none() {
    let layer = proven().await;
    for (value, is_call) in CONTENT_TYPES {
        let expected = match is_call {
            true => complete(ROUTE, "200", "NOT_FOUND"),
            false => plain("POST", "_unmatched", "200"),
        };
        let value = HeaderValue::from_bytes(value).unwrap();
        let mut response = body(&[Data, Status("5")]);
        response.headers_mut().insert("content-type", value);
        layer.counts(expected, || layer.answer(response)).await;
    }

    // A page, whatever it carries: of a proxy, say.
    let page = |status: u16| {
        let head = Response::builder()
            .status(status)
            .header("grpc-status", "0");
        head.body(ScriptedBody::new(&[Data, Status("13")])).unwrap()
    };
    let expected = plain("POST", "_unmatched", "200");
    layer.counts(expected, || layer.answer(page(200))).await;
    let errors = r#"http_errors_total{method="POST",route="_unmatched",error="503"}"#;
    let expected = sum([plain("POST", "_unmatched", "503"), changes([(errors, 1.0)])]);
    layer.counts(expected, || layer.answer(page(503))).await;
}

#[tokio::test]
async fn a_request_that_is_no_call_after_all_is_of_the_route_that_http_has_for_it() {
    let layer = layered(|builder| builder.routes(["/pages/{page}", "/templates"]));
    let mut request = call();
    *request.uri_mut() = "/pages/7".parse().unwrap();
    layer
        .counts(plain("POST", "/pages/{page}", "200"), || {
            let page = Response::new(ScriptedBody::new(&[Data, End]));
            read(layer.respond(request, page).into_body());
        })
        .await;
}

// ---- Which route it is of.

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
    layer
        .counts(cancelled("_unmatched", "499", "head"), || {
            drop(layer.never(call()));
        })
        .await;

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

    // What a response names is the route of that call, whose path is proven all the same.
    for response in [trailers_only("0"), body(&[Data, Status("0")])] {
        let other = layered(|builder| builder);
        other
            .counts(complete("/calls", "200", "OK"), || {
                other.answer(answered(response));
            })
            .await;
        let expected = complete(ROUTE, "200", "NOT_FOUND");
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

// ---- What it costs.

#[test]
fn a_call_to_a_proven_route_allocates_nothing() {
    const CALLS: usize = 100;
    let layer = layered(|builder| builder.grpc_service("pkg.Svc"));
    layer.answer(trailers_only("0"));
    layer.answer(body(&[Data, Status("0")]));
    layer.answer(body(&[Data, Status("5")]));
    drop(layer.never(within("1S")));

    let scripts: [&[Step]; 3] = [&[Data, Status("0")], &[Data, Status("5")], &[Data]];
    let calls = || -> Vec<_> {
        let scripts = scripts.iter().cycle().take(CALLS);
        scripts.map(|script| (within("1S"), body(script))).collect()
    };
    let (bare, wrapped) = (calls(), calls());
    let without = measure(|| {
        for (request, response) in bare {
            drop(request);
            read(response.into_body());
        }
    });
    let with = measure(|| {
        for (request, response) in wrapped {
            read(layer.respond(request, response).into_body());
        }
    });
    assert_eq!(with.count_total, without.count_total);
}

#[test]
fn nothing_is_kept_of_a_path_that_is_no_route() {
    let layer = layered(|builder| builder.max_label_sets(4));
    let answer = |path: &str, response| read(layer.respond(call_to(path), response).into_body());
    let invent = |n: usize| {
        let path = format!("/pkg.Svc/Invented{n}");
        answer(&path, trailers_only("12"));
        answer(&path, body(&[Data]));
        answer(&path, Response::new(ScriptedBody::empty()));
        drop(layer.never(call_to(&path)));
    };
    // All that can be counted of them is there.
    invent(0);
    let kept = measure(|| (1..1_000).for_each(invent));
    assert_eq!(kept.bytes_current, 0);

    // The budget is spent, so that no call proves a path.
    let prove = |n: usize| answer(&format!("/pkg.Svc/Method{n}"), trailers_only("0"));
    prove(0);
    let kept = measure(|| (1..1_000).for_each(prove));
    assert_eq!(kept.bytes_current, 0);
}

// ---- The layer, and a service in it that answers once.

fn layered(configure: impl FnOnce(MetricsLayerBuilder) -> MetricsLayerBuilder) -> TestLayer {
    TestLayer::new(configure(MetricsLayer::builder()))
}

/// That has seen a call to [`ROUTE`] that was OK, and so counts what comes under it.
async fn proven() -> TestLayer {
    let layer = layered(|builder| builder);
    layer.answer(trailers_only("0"));
    let all = layer.scrape().await.since(&Scrape::default());
    assert_eq!(all, complete(ROUTE, "200", "OK"));
    layer
}

impl TestLayer {
    /// A call to [`ROUTE`] that is answered so and read to its end, or until it waits, and dropped there.
    fn answer(&self, response: Response<ScriptedBody>) {
        read(self.respond(call(), response).into_body());
    }
}

/// Of a call to [`ROUTE`].
const IN_FLIGHT: &str = r#"http_requests_in_flight{method="POST",route="/pkg.Svc/Method"}"#;

fn call() -> Request<()> {
    call_to(ROUTE)
}

fn call_to(path: &str) -> Request<()> {
    let request = Request::post(path).header("content-type", "application/grpc");
    request.header("te", "trailers").body(()).unwrap()
}

fn within(timeout: &'static str) -> Request<()> {
    let mut request = call();
    let timeout = HeaderValue::from_static(timeout);
    request.headers_mut().insert("grpc-timeout", timeout);
    request
}

fn head(status: u16) -> http::response::Builder {
    let head = Response::builder().status(status);
    head.header("content-type", "application/grpc")
}

/// What a service answers that has nothing to send but a status.
fn trailers_only(number: &str) -> Response<ScriptedBody> {
    head(200)
        .header("grpc-status", number)
        .body(ScriptedBody::empty())
        .unwrap()
}

fn body(script: &[Step]) -> Response<ScriptedBody> {
    head(200).body(ScriptedBody::new(script)).unwrap()
}

/// The codes with their numbers.
fn numbered() -> impl Iterator<Item = (&'static str, &'static str)> {
    let numbers = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    ];
    numbers.into_iter().zip(CODES)
}

fn read<B: http_body::Body + Unpin>(mut body: B) {
    while let Some(Some(Ok(_))) = body.frame().now_or_never() {}
}

fn unwinds(what: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(what)).is_err());
}

fn panics() -> Result<Response<ScriptedBody>, Infallible> {
    panic!("asked to")
}
