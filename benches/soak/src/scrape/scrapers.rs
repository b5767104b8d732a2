use super::{
    Families, Monitor,
    format::{FORMATS, Format},
};
use crate::client::{self, AnyError};
use http_body_util::BodyExt;
use std::{
    future::Future,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

/// What a scraper that stalls reads at a time, and how long it then waits.
const SIP: u64 = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(250);

/// Scrapers that go on until the set is dropped: one in all formats in turn, one that reads slowly, one that hangs up,
/// and a browser on the page.
pub(crate) fn start(address: SocketAddr, monitor: &Arc<Monitor>) -> JoinSet<()> {
    let mut scrapers = JoinSet::new();
    scrapers.spawn(regular(address, monitor.clone()));
    scrapers.spawn(every(15, "stalled scrape", monitor.clone(), move || {
        stalled(address)
    }));
    scrapers.spawn(every(
        7,
        "scrape that is left",
        monitor.clone(),
        move || left(address),
    ));
    scrapers.spawn(page(address, monitor.clone()));
    scrapers
}

async fn every<F>(seconds: u64, what: &str, monitor: Arc<Monitor>, scrape: impl Fn() -> F)
where
    F: Future<Output = Result<Option<Families>, AnyError>>,
{
    let mut ticks = interval(Duration::from_secs(seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match scrape().await {
            Ok(Some(families)) => monitor.scraped(&families, None),
            Ok(None) => {}
            Err(error) => monitor.fault(&format!("{what}: {error}")),
        }
    }
}

/// Compares each scrape with the one before of the same kind.
async fn regular(address: SocketAddr, monitor: Arc<Monitor>) {
    let mut ticks = interval(Duration::from_secs(5));
    let (mut text, mut protobuf) = (None, None);
    let formats = FORMATS
        .into_iter()
        .flat_map(|format| [(format, false), (format, true)]);
    for (format, gzip) in formats.cycle() {
        ticks.tick().await;
        let earlier = match format {
            Format::Protobuf => &mut protobuf,
            Format::OpenMetrics | Format::Classic => &mut text,
        };
        let begun = Instant::now();
        let bytes = format.fetch(address, gzip).await;
        let took = begun.elapsed();
        match bytes.and_then(|bytes| format.parse(&bytes, gzip)) {
            Ok(mut families) => {
                families.check(earlier.as_ref());
                monitor.scraped(&families, Some(took));
                *earlier = Some(families);
            }
            Err(error) => monitor.fault(&format!("scrape as {format:?}, gzip {gzip}: {error}")),
        }
    }
}

/// Reads so slowly that the service has to wait for it.
async fn stalled(address: SocketAddr) -> Result<Option<Families>, AnyError> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(SIP as u32)?;
    let mut stream = socket.connect(address).await?;
    let accept = Format::OpenMetrics.accept();
    // HTTP/1.0 has no chunks: the body is what comes until the end.
    let request = format!("GET /metrics HTTP/1.0\r\nhost: localhost\r\naccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    while (&mut stream).take(SIP).read_to_end(&mut response).await? > 0 {
        sleep(PAUSE).await;
    }
    let response = String::from_utf8(response)?;
    let (_, text) = response.split_once("\r\n\r\n").ok_or("no head")?;
    let mut families = Format::OpenMetrics.parse(text.as_bytes(), false)?;
    families.check(None);
    Ok(Some(families))
}

/// Hangs up once the first bytes are there.
async fn left(address: SocketAddr) -> Result<Option<Families>, AnyError> {
    let headers = [("accept", Format::Classic.accept())];
    let (response, _connection) = client::get(address, "/metrics", &headers).await?;
    response.into_body().frame().await.ok_or("no body")??;
    Ok(None)
}

/// The page, which is open for the first half of each minute.
async fn page(address: SocketAddr, monitor: Arc<Monitor>) {
    loop {
        let document = client::text(address, "/red").await;
        if !document.is_ok_and(|document| document.contains("<html")) {
            monitor.fault("the page is no page");
        }
        for _ in 0..30 {
            let data = client::text(address, "/red?data").await;
            let data = data.and_then(|data| Ok(serde_json::from_str::<serde_json::Value>(&data)?));
            if let Err(error) = data {
                monitor.fault(&format!("the page's data: {error}"));
            }
            sleep(Duration::from_secs(1)).await;
        }
        sleep(Duration::from_secs(30)).await;
    }
}
