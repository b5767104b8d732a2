use crate::{api::Chat, closing::End};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    response::Response,
};
use futures_util::StreamExt;
use tower_red::{Buckets, BuildError, Exposition, Operation, ResolvedOperation};

/// What a socket's model is. Who wants another one asks by HTTP.
const MODEL: &str = "small";

/// Sockets that are open.
#[derive(Clone)]
pub(crate) struct Sockets {
    open: ResolvedOperation,
    end: End,
}

impl Sockets {
    pub(crate) fn new(end: End, exposition: &Exposition) -> Result<Self, BuildError> {
        let open = Operation::builder("websocket_connection")
            .buckets(Buckets::custom([1.0, 10.0, 60.0, 600.0, 3600.0])?)
            .expose_on(exposition)?
            .with([]);
        Ok(Self { open, end })
    }
}

/// Each message is a prompt, and each token of the answer a message.
pub(crate) async fn upgrade(State(chat): State<Chat>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let connection = chat.sockets.open.run(talk(socket, &chat));
        // It is counted: there is nobody else to tell.
        connection.await.ok();
    })
}

/// Until either side closes. A client that goes without a word is an error.
async fn talk(mut socket: WebSocket, chat: &Chat) -> Result<(), axum::Error> {
    let mut end = chat.sockets.end.clone();
    loop {
        let message = tokio::select! {
            message = socket.recv() => message,
            () = end.comes() => return say_goodbye(socket).await,
        };
        match message.transpose()? {
            Some(Message::Text(prompt)) => {
                chat.metrics.message("in");
                answer(&mut socket, chat, &prompt).await?;
            }
            Some(Message::Close(_)) | None => return Ok(()),
            Some(_) => {}
        }
    }
}

async fn answer(socket: &mut WebSocket, chat: &Chat, prompt: &str) -> Result<(), axum::Error> {
    let Ok(mut answer) = chat.models.ask(MODEL, prompt) else {
        return Ok(());
    };
    while let Some(token) = answer.next().await {
        let text = token.unwrap_or_else(|error| format!("error: {}", error.kind()));
        socket.send(Message::Text(text.into())).await?;
        chat.metrics.message("out");
    }
    Ok(())
}

async fn say_goodbye(mut socket: WebSocket) -> Result<(), axum::Error> {
    let frame = CloseFrame {
        code: close_code::AWAY,
        reason: "the server ends".into(),
    };
    socket.send(Message::Close(Some(frame))).await
}
