//! Exports that never stop.

use http::{Request, Response};
use std::{convert::Infallible, future::pending, sync::mpsc, thread, time::Duration};
use tower::service_fn;
use tower_red::{Exposition, Otlp, OtlpBody};

/// Pushes again and again from a thread of its own, to a receiver that takes everything. It goes on until the process
/// ends, and has begun once this returns.
pub(crate) fn push_all_the_while(exposition: Exposition) {
    let (sender, begun) = mpsc::channel();
    thread::spawn(move || {
        let client = service_fn(move |_: Request<OtlpBody>| {
            sender.send(()).ok();
            async { Ok::<_, Infallible>(Response::new(String::new())) }
        });
        let builder = Otlp::builder().interval(Duration::from_millis(1));
        let otlp = builder.client(client).build(&exposition);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let otlp = otlp.expect("a valid configuration");
        runtime
            .expect("a runtime")
            .block_on(otlp.run(pending::<()>()));
    });
    begun.recv().expect("an export");
}
