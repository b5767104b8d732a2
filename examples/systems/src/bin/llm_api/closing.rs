use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// Tells sockets that the program ends, and waits for them: to the server, they are no requests any more.
pub(crate) struct Closing {
    begun: watch::Sender<bool>,
    /// Closed once every [`End`] is dropped.
    ends: mpsc::Receiver<()>,
}

/// The end, as a socket waits for it.
#[derive(Clone)]
pub(crate) struct End {
    begun: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
}

impl Closing {
    pub(crate) fn new() -> (Self, End) {
        let (begin, begun) = watch::channel(false);
        let (alive, ends) = mpsc::channel(1);
        let closing = Self { begun: begin, ends };
        let end = End {
            begun,
            _alive: alive,
        };
        (closing, end)
    }

    /// Lets the end come.
    pub(crate) fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Waits until the last socket is closed, or that long.
    pub(crate) async fn wait(mut self, grace: Duration) {
        timeout(grace, self.ends.recv()).await.ok();
    }
}

impl End {
    pub(crate) async fn comes(&mut self) {
        // Without somebody to begin it, it is there.
        self.begun.wait_for(|begun| *begun).await.ok();
    }
}
