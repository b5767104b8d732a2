//! A plain hyper server, without a router: the layer is told the templates of its paths.
//!
//! `cargo run --example hyper`, then what it says. `PORT` sets the port: 3001 by default, 0 for a free one.

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use std::{convert::Infallible, env, error::Error, net::Ipv4Addr};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_red::{Exposition, MetricsLayer};

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// What the server is for.
async fn shop(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    let (status, text) = match (request.method(), &path[..]) {
        (&Method::GET, [""]) => (StatusCode::OK, "welcome\n".to_owned()),
        (&Method::GET, ["users", id]) => (StatusCode::OK, format!("user {id}\n")),
        (&Method::POST, ["orders"]) => (StatusCode::CREATED, "ordered\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "nothing here\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    Ok(response)
}

/// The shop, measured, and beside it the endpoint, which is not.
async fn serve(
    request: Request<Incoming>,
    metrics: MetricsLayer,
    exposition: Exposition,
) -> Answer {
    let response = if request.uri().path() == "/metrics" {
        let response = exposition.oneshot(request).await;
        response.map(|response| response.map(BodyExt::boxed))
    } else {
        let shop = ServiceBuilder::new()
            .layer(metrics)
            .service(service_fn(shop));
        let response = shop.oneshot(request).await;
        response.map(|response| response.map(BodyExt::boxed))
    };
    let Ok(response) = response;
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Paths that match none of these are `_unmatched`: a scanner adds no series.
    let templates = ["/", "/users/{id}", "/orders"];
    let (metrics, exposition) = MetricsLayer::builder().routes(templates).pair()?;

    let port = env::var("PORT").map_or(Ok(3001), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("try   curl http://{address}/users/7");
    println!("and   curl http://{address}/metrics");

    loop {
        let (stream, _) = listener.accept().await?;
        // Cloning these copies pointers.
        let (metrics, exposition) = (metrics.clone(), exposition.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = serve(request, metrics.clone(), exposition.clone());
                async { Ok::<_, Infallible>(answer.await) }
            });
            let server = auto::Builder::new(TokioExecutor::new());
            let served =
                server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            if let Err(error) = served.await {
                eprintln!("connection: {error}");
            }
        });
    }
}
