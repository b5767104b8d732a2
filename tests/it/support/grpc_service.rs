//! A gRPC service as code generation would make it, on real servers and with real clients.
//!
//! Messages are texts. A request says what the service is to do: see [`Orders`].

use super::{Scrape, grpc::CODES, serve, settled, until};
use bytes::{Buf, BufMut, Bytes};
use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use http::{Request, uri::PathAndQuery};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tonic::{
    Code, Status,
    body::Body,
    client::GrpcService,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming},
    metadata::MetadataValue,
    server::NamedService,
    service::{InterceptorLayer, Routes},
    transport::{Channel, Server, server::TcpIncoming},
};
use tower::{Service, service_fn};
use tower_red::{Exposition, MetricsLayer, MetricsLayerBuilder, RouteTemplate, TestClock};

pub(crate) const ANSWER: &str = "/shop.Orders/Answer";
pub(crate) const LIST: &str = "/shop.Orders/List";
pub(crate) const COLLECT: &str = "/shop.Orders/Collect";
pub(crate) const CHAT: &str = "/shop.Orders/Chat";

// ---- The service.

/// A service with a method of each kind.
///
/// `Answer` and `Chat` send back what they are sent, `Collect` all of it at its end, `List` as many messages as
/// its request says. Unless a message, of `List` what follows the number, says how to end: `never` to wait for
/// ever, `panic`, or the name of a code to fail with.
#[derive(Clone, Debug)]
pub(crate) struct Orders;

impl NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

type Messages = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

impl Service<Request<Body>> for Orders {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Text)
                .accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip);
            let response = match request.uri().path() {
                ANSWER => grpc.unary(service_fn(answer), request).await,
                LIST => grpc.server_streaming(service_fn(list), request).await,
                COLLECT => grpc.client_streaming(service_fn(collect), request).await,
                CHAT => grpc.streaming(service_fn(chat), request).await,
                // As the generated code does.
                _ => Status::unimplemented("").into_http(),
            };
            Ok(response)
        })
    }
}

async fn answer(request: tonic::Request<String>) -> Result<tonic::Response<String>, Status> {
    end(request.get_ref()).await?;
    Ok(tonic::Response::new(request.into_inner()))
}

async fn list(request: tonic::Request<String>) -> Result<tonic::Response<Messages>, Status> {
    let request = request.into_inner();
    let (count, rest) = request.split_once(' ').unwrap_or((&request, ""));
    let messages = stream::iter(0..count.parse().unwrap()).map(|n: u64| Ok(n.to_string()));
    let rest = rest.to_owned();
    let end = stream::once(async move { end(&rest).await })
        .filter_map(async |ended| ended.err().map(Err));
    Ok(tonic::Response::new(Box::pin(messages.chain(end))))
}

/// Answers with all that was sent, or with the first that says how to end.
async fn collect(
    request: tonic::Request<Streaming<String>>,
) -> Result<tonic::Response<String>, Status> {
    let mut messages = request.into_inner();
    let mut all = String::new();
    while let Some(message) = messages.message().await? {
        end(&message).await?;
        all += &message;
    }
    Ok(tonic::Response::new(all))
}

/// Answers each message as it comes.
async fn chat(
    request: tonic::Request<Streaming<String>>,
) -> Result<tonic::Response<Messages>, Status> {
    let messages = request.into_inner().then(async |message| {
        let message = message?;
        end(&message).await?;
        Ok(message)
    });
    Ok(tonic::Response::new(Box::pin(messages)))
}

async fn end(what: &str) -> Result<(), Status> {
    match what {
        "never" => pending().await,
        "panic" => {
            // Not in the first poll.
            tokio::task::yield_now().await;
            panic!("asked to")
        }
        _ => {}
    }
    let code = CODES.iter().position(|name| *name == what);
    match code.map(|number| Code::from(number as i32)) {
        // `Code::Ok` as an error is an answer without a message.
        Some(code) => Err(Status::new(code, "asked to")),
        None => Ok(()),
    }
}

/// Texts, instead of what code generation makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, item: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(item.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        Ok(Some(String::from_utf8(bytes.into()).unwrap()))
    }
}

// ---- Servers.

/// Where the layer is put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// `Server::builder().layer(metrics)`.
    Tonic,
    /// `Routes::into_axum_router().layer(metrics)`, served by axum.
    Axum,
}

pub(crate) const PLACES: [Place; 2] = [Place::Tonic, Place::Axum];

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) exposition: Exposition,
}

impl Place {
    /// The service behind a layer with the default configuration.
    pub(crate) async fn serve(self) -> Served {
        self.serve_with(MetricsLayer::builder()).await
    }

    pub(crate) async fn serve_with(self, builder: MetricsLayerBuilder) -> Served {
        let (metrics, exposition) = builder.pair().unwrap();
        let address = match self {
            Self::Tonic => serve_tonic(Server::builder(), metrics).await,
            Self::Axum => serve(Routes::new(Orders).into_axum_router().layer(metrics)).await,
        };
        Served {
            address,
            exposition,
        }
    }

    /// The same, and inside of the layer an interceptor that knows nobody.
    pub(crate) async fn serve_guarded(self, builder: MetricsLayerBuilder) -> Served {
        let (metrics, exposition) = builder.pair().unwrap();
        let refuse = |_: tonic::Request<()>| Err(Status::unauthenticated("who are you?"));
        let guard = InterceptorLayer::new(refuse);
        let address = match self {
            Self::Tonic => {
                let (incoming, address) = listen().await;
                let mut server = Server::builder().layer(metrics).layer(guard);
                let server = server.add_service(Orders);
                tokio::spawn(server.serve_with_incoming(incoming));
                address
            }
            Self::Axum => {
                let routes = Routes::new(Orders).into_axum_router();
                serve(routes.layer(guard).layer(metrics)).await
            }
        };
        Served {
            address,
            exposition,
        }
    }
}

pub(crate) async fn serve_tonic(server: Server, metrics: MetricsLayer) -> SocketAddr {
    let (incoming, address) = listen().await;
    let server = server.layer(metrics).add_service(Orders);
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}

async fn listen() -> (TcpIncoming, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (TcpIncoming::from(listener), address)
}

impl Served {
    pub(crate) async fn client(&self) -> Client<Channel> {
        Client::new(channel(self.address).await)
    }

    /// Has a call end that way, by a client that is gone then, after one that proved the routes.
    pub(crate) async fn counts(
        &self,
        expected: BTreeMap<String, f64>,
        way: impl AsyncFnOnce(Client<Channel>),
    ) {
        let before = settled(&self.exposition).await;
        let ended = way(self.client().await);
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
        ended.expect("it ended");
        assert_eq!(settled(&self.exposition).await.since(&before), expected);
    }

    /// Calls each method once, so that all are routes.
    pub(crate) async fn prove(&self) {
        let mut client = self.client().await;
        client.unary(ANSWER, "").await.unwrap();
        let listed = client.list("0").await.unwrap();
        listed.collect::<Vec<_>>().await;
        client.collect(stream::empty()).await.unwrap();
        let answers = client.chat(stream::empty()).await.unwrap();
        answers.collect::<Vec<_>>().await;
        settled(&self.exposition).await;
    }

    pub(crate) async fn in_flight(&self, expected: f64) {
        let is_so = || async {
            let scrape = Scrape::of(&self.exposition).await;
            scrape.sum("http_requests_in_flight") == expected
        };
        until(&format!("{expected} in flight"), is_so).await;
    }

    /// All that was counted from the beginning, once nothing is in flight.
    pub(crate) async fn all(&self) -> BTreeMap<String, f64> {
        settled(&self.exposition).await.since(&Scrape::default())
    }
}

/// A service whose routes are proven, behind a layer in either place.
pub(crate) async fn proven() -> [Served; 2] {
    let served = [Place::Tonic.serve().await, Place::Axum.serve().await];
    for served in &served {
        served.prove().await;
    }
    served
}

/// The same with a clock that goes when it is told to.
pub(crate) async fn clocked(place: Place) -> (Served, TestClock) {
    let clock = TestClock::new();
    let served = place
        .serve_with(MetricsLayer::builder().clock(&clock))
        .await;
    served.prove().await;
    (served, clock)
}

// ---- Clients.

pub(crate) async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

pub(crate) struct Client<T> {
    grpc: tonic::client::Grpc<T>,
    timeout: Option<&'static str>,
    route: Option<RouteTemplate>,
}

impl<T> Client<T>
where
    T: GrpcService<Body>,
    T::ResponseBody: http_body::Body + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<axum::BoxError>,
{
    pub(crate) fn new(service: T) -> Self {
        let origin = "http://localhost".parse().unwrap();
        Self {
            grpc: tonic::client::Grpc::with_origin(service, origin),
            timeout: None,
            route: None,
        }
    }

    /// With each message compressed, in both directions.
    pub(crate) fn compressed(mut self) -> Self {
        self.grpc = self
            .grpc
            .send_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Gzip);
        self
    }

    /// With a `grpc-timeout`.
    pub(crate) fn within(mut self, timeout: &'static str) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// With a route that a layer around the client is to know.
    pub(crate) fn of_route(mut self, route: RouteTemplate) -> Self {
        self.route = Some(route);
        self
    }

    pub(crate) async fn unary(&mut self, path: &str, what: &str) -> Result<String, Status> {
        self.respond(path, what)
            .await
            .map(tonic::Response::into_inner)
    }

    /// The same with its metadata.
    pub(crate) async fn respond(
        &mut self,
        path: &str,
        what: &str,
    ) -> Result<tonic::Response<String>, Status> {
        let request = self.request(what.to_owned());
        self.ready().await?;
        self.grpc.unary(request, target(path), Text).await
    }

    pub(crate) async fn list(&mut self, what: &str) -> Result<Streaming<String>, Status> {
        let request = self.request(what.to_owned());
        self.ready().await?;
        let response = self.grpc.server_streaming(request, target(LIST), Text);
        Ok(response.await?.into_inner())
    }

    pub(crate) async fn collect(
        &mut self,
        messages: impl Stream<Item = String> + Send + 'static,
    ) -> Result<String, Status> {
        let request = self.request(messages);
        self.ready().await?;
        let response = self.grpc.client_streaming(request, target(COLLECT), Text);
        Ok(response.await?.into_inner())
    }

    pub(crate) async fn chat(
        &mut self,
        messages: impl Stream<Item = String> + Send + 'static,
    ) -> Result<Streaming<String>, Status> {
        let request = self.request(messages);
        self.ready().await?;
        let response = self.grpc.streaming(request, target(CHAT), Text);
        Ok(response.await?.into_inner())
    }

    fn request<M>(&self, message: M) -> tonic::Request<M> {
        let mut request = tonic::Request::new(message);
        if let Some(timeout) = self.timeout {
            let timeout = MetadataValue::from_static(timeout);
            request.metadata_mut().insert("grpc-timeout", timeout);
        }
        if let Some(route) = self.route {
            request.extensions_mut().insert(route);
        }
        request
    }

    async fn ready(&mut self) -> Result<(), Status> {
        let ready = self.grpc.ready().await;
        ready.map_err(|error| Status::from_error(error.into()))
    }
}

fn target(path: &str) -> PathAndQuery {
    path.parse().unwrap()
}

/// A connection that keeps no time of its own: only the server knows when a deadline has passed.
pub(crate) async fn patient(
    address: SocketAddr,
) -> Client<
    impl Service<
        Request<Body>,
        Response = http::Response<hyper::body::Incoming>,
        Error = hyper::Error,
        Future: Send,
    >,
> {
    let stream = TcpStream::connect(address).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    Client::new(service_fn(move |request| {
        sender.clone().send_request(request)
    }))
}

/// A connection that is handed bytes, and knows nothing of gRPC.
pub(crate) async fn raw(address: SocketAddr) -> h2::client::SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}
