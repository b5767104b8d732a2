use std::{io, net::SocketAddr, time::Duration};
use tokio::time::sleep;
use tower_red_systems::send;

/// Users who come one after the other. Every fourth leaves in the middle of a session, and every seventh without a
/// word. Nothing but the end of the program stops them.
pub(crate) async fn users(address: SocketAddr) {
    for number in 0_u64.. {
        if let Err(error) = user(address, number).await {
            eprintln!("the load: {error}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn user(address: SocketAddr, number: u64) -> io::Result<()> {
    let (_, user) = send(address, "POST /v1/users", &format!("user {number}")).await?;
    // Some click twice.
    if number % 5 == 2 {
        send(address, "POST /v1/users", &format!("user {number}")).await?;
    }
    let (_, session) = send(address, &format!("POST /v1/users/{user}/sessions"), "").await?;
    for answered in 0..3 {
        let path = format!("/v1/sessions/{session}");
        if answered == 1 && number % 7 == 3 {
            return Ok(());
        }
        if answered == 2 && number % 4 == 1 {
            send(address, &format!("DELETE {path}"), "").await?;
            return Ok(());
        }
        let (_, question) = send(address, &format!("GET {path}/question"), "").await?;
        let sum: u64 = question
            .split(" + ")
            .filter_map(|n| n.parse::<u64>().ok())
            .sum();
        sleep(Duration::from_millis(20)).await;
        send(address, &format!("POST {path}/answer"), &sum.to_string()).await?;
    }
    Ok(())
}
