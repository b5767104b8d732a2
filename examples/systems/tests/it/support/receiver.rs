use axum::{Router, body::Bytes, extract::State, routing::post};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// A receiver of OpenTelemetry's protocol over HTTP, that keeps what it gets.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let keep = async |State(bodies): State<Arc<Mutex<Vec<Bytes>>>>, body: Bytes| {
            bodies.lock().unwrap().push(body);
        };
        let app = Router::new()
            .route("/v1/metrics", post(keep))
            .with_state(bodies.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, bodies }
    }

    /// Whether an export names that. Names are text in protobuf, too.
    pub(crate) fn has(&self, name: &str) -> bool {
        let bodies = self.bodies.lock().unwrap();
        bodies
            .iter()
            .any(|body| body.windows(name.len()).any(|part| part == name.as_bytes()))
    }
}
