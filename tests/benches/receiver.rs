//! What webhooks are sent to: it answers at once and says what came, and when.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::process::serve;

/// One webhook, when all of it had come.
pub struct Arrival {
    /// For spans from something this process did.
    pub instant: Instant,
    /// For spans from a time of day.
    pub at: Timestamp,
    pub body: Bytes,
}

pub struct Receiver {
    pub url: String,
    arrivals: UnboundedReceiver<Arrival>,
    server: JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, arrivals) = mpsc::unbounded_channel();
        let router = Router::new().route("/", post(take)).with_state(sender);
        let server = serve(listener, router);
        Self { url, arrivals, server }
    }

    /// The next webhook; none when nothing comes for so long.
    pub async fn next(&mut self, patience: Duration) -> Option<Arrival> {
        tokio::time::timeout(patience, self.arrivals.recv()).await.ok()?
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(sender): State<UnboundedSender<Arrival>>, body: Bytes) {
    let arrival = Arrival {
        instant: Instant::now(),
        at: Timestamp::now(),
        body,
    };
    // Nobody listens any more: the section is over.
    sender.send(arrival).ok();
}
