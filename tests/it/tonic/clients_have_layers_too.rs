//! Around a client.

use crate::support::{
    Scrape, changes,
    grpc_service::{ANSWER, Client, channel, proven},
    settled, sum,
};
use futures_util::StreamExt;
use tonic::transport::Channel;
use tower::Layer;
use tower_red::{MetricsLayer, RouteTemplate};

#[tokio::test]
async fn a_call_that_goes_out_is_counted_under_the_route_that_it_was_given() {
    const ROUTE: RouteTemplate = RouteTemplate::new("/orders");
    let [served, _] = proven().await;
    let (metrics, exposition) = MetricsLayer::builder().client().pair().unwrap();
    let channel = channel(served.address).await;
    let mut client = Client::new(metrics.layer(channel)).of_route(ROUTE);
    client.unary(ANSWER, "").await.unwrap();
    client.unary(ANSWER, "NOT_FOUND").await.unwrap_err();
    let mut messages = client.list("3 never").await.unwrap();
    messages.next().await.unwrap().unwrap();
    drop(messages);
    // Nobody listens there.
    let lost = Channel::from_static("http://127.0.0.1:1").connect_lazy();
    let mut client = Client::new(metrics.layer(lost)).of_route(ROUTE);
    client.unary(ANSWER, "").await.unwrap_err();

    let total = |status, code| {
        let labels =
            format!(r#"method="POST",route="/orders",status="{status}",grpc_status="{code}""#);
        let name = "http_client_request";
        changes([
            (&format!("{name}s_total{{{labels}}}"), 1.0),
            (&format!("{name}_duration_seconds_count{{{labels}}}"), 1.0),
        ])
    };
    let of_route = |name: &str, label: &str| {
        let series =
            format!(r#"http_client_{name}_total{{method="POST",route="/orders",{label}}}"#);
        changes([(&series, 1.0)])
    };
    let expected = sum([
        total("200", "OK"),
        total("200", "NOT_FOUND"),
        of_route("errors", r#"error="NOT_FOUND""#),
        total("200", "CANCELLED"),
        of_route("requests_cancelled", r#"phase="body""#),
        total("_none", "UNKNOWN"),
        of_route("errors", r#"error="service""#),
    ]);
    let after = settled(&exposition).await;
    assert_eq!(after.since(&Scrape::default()), expected);
}
