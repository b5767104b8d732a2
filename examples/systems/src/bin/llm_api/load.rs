use futures_util::{SinkExt, StreamExt};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::sleep};
use tokio_tungstenite::{client_async, tungstenite::Message};
use tower_red_systems::send;

/// People who come one after the other. Some ask for too much, and some want a person.
pub(crate) async fn people(address: SocketAddr) {
    for number in 0_u64.. {
        if let Err(error) = person(address, number).await {
            eprintln!("the load: {error}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Says one thing over a socket, and hears four tokens.
async fn talk(address: SocketAddr) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let url = format!("ws://{address}/v1/socket");
    let (mut socket, _) = client_async(url, stream).await.map_err(io::Error::other)?;
    let prompt = Message::text("what do you think");
    socket.send(prompt).await.map_err(io::Error::other)?;
    for _ in 0..4 {
        socket.next().await.transpose().map_err(io::Error::other)?;
    }
    socket.close(None).await.map_err(io::Error::other)
}

async fn person(address: SocketAddr, number: u64) -> io::Result<()> {
    send(address, "GET /v1/models", "").await?;
    let (_, conversation) = send(address, "POST /v1/conversations", "").await?;
    if number % 10 == 9 {
        return talk(address).await;
    }
    let (request, prompt) = match number % 10 {
        3 => ("POST /v1/models/large/complete", "why is it so slow"),
        5 => ("POST /v1/models/huge/complete", "are you there"),
        7 => ("POST /v1/models/small/stream", "overload"),
        8 => ("POST /v1/models/small/stream", "you break my heart"),
        n if n % 2 == 0 => ("POST /v1/models/small/stream", "tell me more of it"),
        _ => ("POST /v1/models/large/stream", "what is a good question"),
    };
    send(address, request, prompt).await?;
    if number % 10 == 5 {
        let escalate = format!("POST /v1/conversations/{conversation}/escalate");
        send(address, &escalate, "").await?;
    }
    Ok(())
}
