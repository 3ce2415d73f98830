//! Processes and ports of this machine.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Longest wait for a process to be ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A process that ends with its owner, whatever that came to.
pub struct Running(pub Child);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let child = command.spawn();
        Self(child.unwrap_or_else(|error| panic!("{} does not start: {error}", command.get_program().display())))
    }

    /// Asks again and again until the answer is there.
    pub async fn until<T>(&mut self, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            let ended = self.0.try_wait().unwrap();
            assert!(ended.is_none(), "it ended while it was waited for: {ended:?}");
            assert!(begun.elapsed() < READY_TIMEOUT, "it does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A program of ours, built by the same command as this one: two folders above it.
pub fn built(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "{} is not built: use tests/bench", path.display());
    path
}

/// Serves until the task is aborted. Answers leave at once: half an answer held back for the other's acknowledgement would
/// be measured as 40 ms of theirs.
pub fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

/// A port that nobody listened on a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The first line that a command prints.
pub fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| [output.stdout, output.stderr].concat());
    let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
    text.ok()
        .and_then(|text| text.lines().next().map(str::to_owned))
        .unwrap_or_else(|| "?".into())
}
