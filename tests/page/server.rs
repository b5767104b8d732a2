//! What `check.py` looks at beside the demo: as many label sets as a layer is made for, names that would like to be
//! markup, an operation, and a process.
//!
//! `PORT` is its port, `ROUTES` how many routes there are, each with eight label sets. All of them get a request each
//! second. After `/busy/3`, only those of the first three routes do. `BUDGET` is how many label sets there may be.

use axum::{Router, extract::Path, routing::get};
use http::{Method, Request, Response, StatusCode};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{
    convert::Infallible,
    env,
    error::Error,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time};
use tower::{Layer, Service, service_fn};
use tower_red::{MetricsLayer, RouteTemplate};

/// Routes whose names must stay text.
const HOSTILE: [&str; 4] = [
    "/<img src=x onerror=\"window.hacked=1\">",
    "/</td></script><script>window.hacked=1</script>",
    "/\"quoted\"/\\back\\/{line}\nbreak, and=\"more\"",
    "/javascript:window.hacked=1/&lt;é漢{}__proto__",
];
const METHODS: [Method; 2] = [Method::GET, Method::POST];
const STATUSES: [u16; 4] = [200, 201, 404, 503];

type Labels = Vec<(&'static str, String)>;

fn number(name: &str, default: usize) -> usize {
    let given = env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

/// What a program counts of its queries, under the names of an operation.
#[derive(Clone, Default)]
struct Queries {
    ended: Family<Labels, Counter>,
    errors: Family<Labels, Counter>,
    cancelled: Family<Labels, Counter>,
    durations: Durations,
}

#[derive(Clone)]
struct Durations(Family<Labels, Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new([0.01, 0.1])))
    }
}

impl Queries {
    fn register(&self, registry: &mut Registry) {
        registry.register("db_query", "Queries", self.ended.clone());
        registry.register("db_query_errors", "Queries", self.errors.clone());
        registry.register("db_query_cancelled", "Queries", self.cancelled.clone());
        let durations = self.durations.0.clone();
        registry.register_with_unit("db_query_duration", "Queries", Unit::Seconds, durations);
        let active = Family::<Labels, Gauge>::default();
        active.get_or_create_owned(&labels("users")).set(3);
        registry.register("db_query_active", "Queries", active);
    }

    /// Of two tables four queries each, of which one failed and one was cancelled.
    fn run(&self) {
        for table in ["users", HOSTILE[0]] {
            let labels = labels(table);
            self.ended.get_or_create_owned(&labels).inc_by(4);
            self.cancelled.get_or_create_owned(&labels).inc();
            for _ in 0..4 {
                self.durations.0.get_or_create_owned(&labels).observe(0.05);
            }
            let error = [("error", String::from("timeout"))];
            let labels = labels.into_iter().chain(error).collect();
            self.errors.get_or_create_owned(&labels).inc();
        }
    }
}

fn labels(table: &str) -> Labels {
    vec![
        ("operation", "select".into()),
        ("table", String::from(table)),
    ]
}

/// Metrics that a program has beside those of its requests, with standard names.
fn registry(queries: &Queries) -> Registry {
    let mut registry = Registry::default();
    queries.register(&mut registry);
    let memory = Gauge::<i64>::default();
    memory.set(64 << 20);
    registry.register("process_resident_memory_bytes", "Memory", memory);
    let tasks = Gauge::<i64>::default();
    tasks.set(17);
    registry.register("tokio_num_alive_tasks", "Tasks", tasks);
    registry
}

/// Sends a request for each label set through a layer.
async fn drive(metrics: &MetricsLayer, routes: impl Iterator<Item = &&'static str>) {
    let mut service = metrics.layer(service_fn(|request: Request<u16>| {
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::from_u16(*request.body()).unwrap_or_default();
        ready(Ok::<_, Infallible>(response))
    }));
    for (index, route) in routes.enumerate() {
        for method in METHODS {
            for status in STATUSES {
                let mut request = Request::new(status);
                *request.method_mut() = method.clone();
                request.extensions_mut().insert(RouteTemplate::new(route));
                let Ok(_) = service.call(request).await;
            }
        }
        if index % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let routes = number("ROUTES", 8);
    let names = (0..routes.saturating_sub(HOSTILE.len())).map(|n| -> &'static str {
        Box::leak(format!("/shelves/{n}/books/{{book}}").into_boxed_str())
    });
    let names: Vec<_> = HOSTILE.into_iter().chain(names).take(routes).collect();
    let queries = Queries::default();
    let (metrics, exposition) = MetricsLayer::builder()
        .max_label_sets(number("BUDGET", routes * 10))
        .constant_label("zone", "<b>\"a\"</b>")
        .registry(registry(&queries))
        .pair()?;

    let busy = Arc::new(AtomicUsize::new(names.len()));
    let set_busy = {
        let busy = Arc::clone(&busy);
        get(move |Path(routes): Path<usize>| async move { busy.store(routes, Ordering::Relaxed) })
    };
    // Under another path, as behind a proxy that takes a prefix off.
    let app = Router::new()
        .nest_service("/inner/red", exposition.page())
        .route_service("/metrics", exposition)
        .route("/busy/{routes}", set_busy);
    let listener = TcpListener::bind(("127.0.0.1", number("PORT", 0) as u16)).await?;
    println!("listening on http://{}", listener.local_addr()?);

    tokio::spawn(async move {
        let mut seconds = time::interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            drive(&metrics, names.iter().take(busy.load(Ordering::Relaxed))).await;
            queries.run();
        }
    });
    Ok(axum::serve(listener, app).await?)
}
