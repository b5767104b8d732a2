use std::{io, net::SocketAddr, time::Duration};
use tokio::time::sleep;
use tower_red_systems::{send, send_with};

/// Customers who send events, some of them without a key, and somebody who looks at them.
pub(crate) async fn customers(ingest: SocketAddr, ui: SocketAddr) {
    for number in 0_u64.. {
        if let Err(error) = event(ingest, ui, number).await {
            eprintln!("the load: {error}");
        }
        sleep(Duration::from_millis(30)).await;
    }
}

async fn event(ingest: SocketAddr, ui: SocketAddr, number: u64) -> io::Result<()> {
    let key = match number % 20 {
        7 => "",
        13 => "x-api-key: key-of-eve\r\n",
        n if n % 2 == 0 => "x-api-key: key-of-ada\r\n",
        _ => "x-api-key: key-of-bob\r\n",
    };
    let event = match number % 9 {
        0 => "purchase of three apples",
        4 => "",
        8 => "thunder and lightning",
        _ => "message of one to another",
    };
    send_with(ingest, "POST /v1/events", key, event).await?;
    if number % 3 == 1 {
        send(ui, "GET /v1/events/message/count", "").await?;
    }
    Ok(())
}
