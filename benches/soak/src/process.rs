//! The service, as a process of its own.

use crate::{
    client::{self, AnyError},
    memory::Memory,
    totals::Seen,
};
use std::{env, net::SocketAddr, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

/// How long all that was sent may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Process {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    child: Child,
}

impl Process {
    pub(crate) async fn start() -> Result<Self, AnyError> {
        let mut child = Command::new(env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let line = BufReader::new(output).lines().next_line().await?;
        let line = line.ok_or("the service ended at once")?;
        let (public, admin) = line.split_once(' ').ok_or("no addresses")?;
        Ok(Self {
            public: public.parse()?,
            admin: admin.parse()?,
            child,
        })
    }

    pub(crate) async fn memory(&self) -> Result<Memory, AnyError> {
        let line = client::text(self.admin, "/soak/memory").await?;
        Ok(Memory::parse(&line).ok_or("no memory")?)
    }

    pub(crate) async fn seen(&self) -> Result<Seen, AnyError> {
        let text = client::text(self.admin, "/soak/counts").await?;
        Ok(Seen::parse(&text).ok_or("no counts")?)
    }

    /// Waits until each request has ended, by what the layers say and by what the service saw itself. Returns the latter.
    pub(crate) async fn idle(&self) -> Result<Seen, AnyError> {
        let idle = async {
            client::text(self.admin, "/soak/idle").await?;
            loop {
                let seen = self.seen().await?;
                if seen.is_idle() {
                    return Ok(seen);
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let idle = timeout(PATIENCE, idle).await;
        idle.map_err(|_| "some requests never ended")?
    }

    /// It ends once nobody is there to tell it anything.
    pub(crate) async fn stop(mut self) -> Result<(), AnyError> {
        drop(self.child.stdin.take());
        let status = timeout(PATIENCE, self.child.wait()).await??;
        match status.success() {
            true => Ok(()),
            false => Err(format!("the service ended with {status}").into()),
        }
    }
}
