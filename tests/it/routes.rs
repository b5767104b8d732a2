//! Routes where no router names them: templates that the builder declares.

use crate::support;
use crate::support::{Body, Scrape, http1, request, serve, serve_hyper, settled};
use axum::Router;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use std::{convert::Infallible, future::Ready, future::ready};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, RouteTemplate};

fn declared() -> MetricsLayerBuilder {
    MetricsLayer::builder().routes([
        "/",
        "/users/me",
        "/users/{id}",
        "/users/{id}/posts/{post}",
        "/files/{*path}",
    ])
}

fn answer<B>(_: Request<B>) -> Ready<Result<Response<Body>, Infallible>> {
    ready(Ok(Response::new(Body::from("answer"))))
}

/// The values of the requests counter by route, for requests of these paths to a service in place.
async fn counted(builder: MetricsLayerBuilder, paths: &[&str]) -> Vec<(String, f64)> {
    let (metrics, exposition) = builder.pair().unwrap();
    let service = metrics.layer(service_fn(answer::<()>));
    for path in paths {
        let request = Request::get(*path).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap();
    }
    by_route(&exposition).await
}

async fn by_route(exposition: &Exposition) -> Vec<(String, f64)> {
    let scrape = Scrape::of(exposition).await;
    let routes = scrape.0.iter().filter_map(|(series, value)| {
        let labels = series.strip_prefix("http_requests_total")?;
        let route = labels.split("route=\"").nth(1)?.split('"').next()?;
        Some((route.to_owned(), *value))
    });
    routes.collect()
}

fn routes<const N: usize>(expected: [(&str, f64); N]) -> Vec<(String, f64)> {
    expected
        .map(|(route, count)| (route.to_owned(), count))
        .into()
}

#[tokio::test]
async fn on_hyper_a_request_is_named_by_the_declared_template_that_its_path_matches() {
    let (metrics, exposition) = declared().pair().unwrap();
    let address = serve_hyper(metrics.layer(service_fn(answer::<Incoming>))).await;
    let mut client = http1(address).await;
    for path in [
        "/",
        "/users/me",
        "/users/7",
        "/users/8?admin=true",
        "/users/7/posts/1",
        "/files/a/b/c",
        "/wp-login.php",
        "/users",
        "/users/7/",
    ] {
        client.ready().await.unwrap();
        let response = client.send_request(request("GET", path)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    settled(&exposition).await;
    assert_eq!(
        by_route(&exposition).await,
        routes([
            ("/", 1.0),
            ("/files/{*path}", 1.0),
            ("/users/me", 1.0),
            ("/users/{id}", 2.0),
            ("/users/{id}/posts/{post}", 1.0),
            ("_unmatched", 3.0),
        ])
    );
}

#[tokio::test]
async fn without_templates_every_request_on_hyper_is_unmatched() {
    let paths = ["/", "/users/7", "/a/b/c"];
    let counted = counted(MetricsLayer::builder(), &paths).await;
    assert_eq!(counted, routes([("_unmatched", 3.0)]));
}

#[tokio::test]
async fn what_no_template_matches_adds_no_series_however_many_paths_there_are() {
    let paths: Vec<String> = (0..1_000).map(|n| format!("/x{n}/.env")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let counted = counted(declared(), &paths).await;
    assert_eq!(counted, routes([("_unmatched", 1_000.0)]));
}

#[tokio::test]
async fn a_template_in_the_requests_extensions_comes_before_a_declared_one() {
    let (metrics, exposition) = declared().pair().unwrap();
    let service = metrics.layer(service_fn(answer::<()>));
    let named = Request::get("/users/7").extension(RouteTemplate::new("/named"));
    service.oneshot(named.body(()).unwrap()).await.unwrap();
    assert_eq!(by_route(&exposition).await, routes([("/named", 1.0)]));
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn what_a_router_matched_comes_before_a_declared_template() {
    let (metrics, exposition) = declared().pair().unwrap();
    let app = Router::new()
        .route("/users/{name}", axum::routing::get(|| async {}))
        .fallback(|| async {})
        .layer(metrics);
    let mut client = http1(serve(app).await).await;
    for path in ["/users/7", "/files/a"] {
        client.ready().await.unwrap();
        client.send_request(request("GET", path)).await.unwrap();
    }
    settled(&exposition).await;
    assert_eq!(
        by_route(&exposition).await,
        routes([("/files/{*path}", 1.0), ("/users/{name}", 1.0)]),
        "and a fallback has no other"
    );
}

#[tokio::test]
async fn around_a_whole_router_templates_name_its_routes() {
    let (metrics, exposition) = MetricsLayer::builder()
        .routes(["/users/{id}"])
        .pair()
        .unwrap();
    let inner = Router::new().route("/users/{id}", axum::routing::get(|| async {}));
    let address = serve_hyper(metrics.layer(inner)).await;
    let mut client = http1(address).await;
    client
        .send_request(request("GET", "/users/7"))
        .await
        .unwrap();
    settled(&exposition).await;
    assert_eq!(by_route(&exposition).await, routes([("/users/{id}", 1.0)]));
}

#[tokio::test]
async fn below_a_nested_service_templates_match_what_is_left_of_the_path() {
    let (metrics, exposition) = MetricsLayer::builder()
        .routes(["/{owner}/{*file}"])
        .pair()
        .unwrap();
    let files = ServiceBuilder::new()
        .layer(metrics)
        .service(service_fn(answer::<axum::body::Body>));
    let files = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(axum::body::Body::new))
        .service(files);
    let app = Router::new().nest_service("/files", files);
    let mut client = http1(serve(app).await).await;
    let path = request("GET", "/files/ada/notes/1");
    client.send_request(path).await.unwrap();
    settled(&exposition).await;
    let counted = by_route(&exposition).await;
    assert_eq!(counted, routes([("/{owner}/{*file}", 1.0)]));
}

#[tokio::test]
async fn a_declared_route_can_be_skipped() {
    let paths = ["/users/7", "/users/me", "/nowhere"];
    let counted = counted(declared().skip(["/users/{id}"]), &paths).await;
    assert_eq!(counted, routes([("/users/me", 1.0), ("_unmatched", 1.0)]));
}

#[tokio::test]
async fn templates_of_several_calls_add_up() {
    let builder = MetricsLayer::builder()
        .routes(["/a"])
        .routes([String::from("/b")]);
    let counted = counted(builder, &["/a", "/b"]).await;
    assert_eq!(counted, routes([("/a", 1.0), ("/b", 1.0)]));
}

#[tokio::test]
async fn matching_up_to_three_parameters_allocates_nothing() {
    let (metrics, _exposition) = MetricsLayer::builder()
        .routes(["/{a}/{b}/{c}"])
        .pair()
        .unwrap();
    let service = metrics.layer(service_fn(answer::<()>));
    let request = || Request::get("/1/2/3").body(()).unwrap();
    service.clone().oneshot(request()).await.unwrap();
    let (mut bare, mut measured) = (service_fn(answer::<()>), service.clone());
    let of = |request: Request<()>, measured: &mut dyn FnMut(Request<()>)| {
        allocation_counter::measure(|| measured(request)).count_total
    };
    let without = of(request(), &mut |request| {
        drop(tower::Service::call(&mut bare, request).into_inner());
    });
    let with = of(request(), &mut |request| {
        drop(tower::Service::call(&mut measured, request));
    });
    assert_eq!(with, without);
}

#[tokio::test]
async fn past_the_budget_new_label_sets_are_counted_under_the_overflow_route() {
    let builder = MetricsLayer::builder().routes(["/{n}"]).max_label_sets(3);
    let (metrics, exposition) = builder.pair().unwrap();
    let service = metrics.layer(service_fn(|request: Request<()>| {
        let status = request.uri().path()[1..].parse::<u16>().unwrap();
        let response = Response::builder().status(status);
        ready(Ok::<_, Infallible>(response.body(Body::default()).unwrap()))
    }));
    let send = async |status: u16| {
        let request = Request::get(format!("/{status}")).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap();
    };
    for status in 200..210 {
        send(status).await;
    }
    for status in [200, 503, 503] {
        send(status).await;
    }
    let scrape = Scrape::of(&exposition).await;
    let requests = |route: &str, status: u16| {
        let labels = format!(r#"{{method="GET",route="{route}",status="{status}"}}"#);
        scrape.get(&format!("http_requests_total{labels}"))
    };
    assert_eq!(requests("/{n}", 200), 2.0);
    assert_eq!(requests("/{n}", 202), 1.0);
    assert_eq!(requests("/{n}", 203), 0.0);
    assert_eq!(requests("_overflow", 203), 1.0);
    assert_eq!(requests("_overflow", 503), 2.0);
    assert_eq!(scrape.sum("http_requests_total"), 13.0);
    assert_eq!(scrape.sum("http_requests_in_flight"), 0.0);
    let error = r#"http_errors_total{method="GET",route="_overflow",error="503"}"#;
    assert_eq!(scrape.get(error), 2.0);
    let text = support::text(&exposition, "text/plain").await;
    assert!(
        text.contains("\nhttp_overflowed_requests_total 9\n"),
        "{text}"
    );
    assert!(text.contains("\nhttp_label_sets 11\n"), "{text}");
}

#[tokio::test]
async fn a_budget_of_one_counts_all_but_the_first_under_the_overflow_route() {
    let builder = declared().max_label_sets(1);
    let counted = counted(builder, &["/", "/users/me", "/nowhere"]).await;
    assert_eq!(counted, routes([("/", 1.0), ("_overflow", 2.0)]));
}

#[tokio::test]
async fn peers_keep_their_label_past_the_budget() {
    let builder = MetricsLayer::builder()
        .client()
        .peers(["a", "b"])
        .max_label_sets(1);
    let (metrics, exposition) = builder.pair().unwrap();
    let service = metrics.layer(service_fn(answer::<()>));
    for (uri, route) in [
        ("http://a/", "/first"),
        ("http://a/", "/next"),
        ("http://b/", "/next"),
        ("http://b/", "/last"),
    ] {
        let request = Request::get(uri).extension(RouteTemplate::new(route));
        let request = request.body(()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap();
    }
    let counted = Scrape::of(&exposition).await.since(&Scrape::default());
    let requests = |route, peer, count| {
        (
            format!(
                r#"http_client_requests_total{{method="GET",route="{route}",peer="{peer}",status="200"}}"#
            ),
            count,
        )
    };
    let counted: Vec<_> = counted
        .into_iter()
        .filter(|(series, _)| series.starts_with("http_client_requests_total"))
        .collect();
    let expected = [
        requests("/first", "a", 1.0),
        requests("_overflow", "a", 1.0),
        requests("_overflow", "b", 2.0),
    ];
    assert_eq!(counted, expected);
}
