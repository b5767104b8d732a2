use std::{io, net::SocketAddr, time::Duration};
use tokio::time::sleep;
use tower_red_systems::send;

/// A task after the other, and a tool for each. Some kinds are not known, and some texts are no numbers.
pub(crate) async fn tasks(address: SocketAddr) {
    for number in 0_u64.. {
        if let Err(error) = task(address, number).await {
            eprintln!("the load: {error}");
        }
        sleep(Duration::from_millis(60)).await;
    }
}

async fn task(address: SocketAddr, number: u64) -> io::Result<()> {
    let kind = match number % 12 {
        4 | 9 => "import",
        6 => "report",
        11 => "holiday",
        _ => "mail",
    };
    let (status, id) = send(address, "POST /tasks", kind).await?;
    let (tool, text) = match number % 8 {
        0..3 => ("sort", "pears apples plums"),
        3..6 => ("sum", "1 2 3"),
        6 => ("sum", "one two"),
        _ => ("count", "how many are these"),
    };
    send(address, &format!("POST /tools/{tool}"), text).await?;
    if status != 202 {
        return Ok(());
    }
    for _ in 0..3 {
        sleep(Duration::from_millis(20)).await;
        send(address, &format!("GET /tasks/{id}"), "").await?;
    }
    Ok(())
}
