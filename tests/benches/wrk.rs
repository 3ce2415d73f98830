//! Load by `wrk`, whose script is beside this file.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Which alerts are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alerts {
    /// The same again and again.
    Repeated,
    /// Each with a label value that none had before.
    New,
}

impl Alerts {
    pub fn name(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::New => "new",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Answers 2xx. What was still under way at the end is not counted, and may have been taken too.
    pub accepted: u64,
    /// Other answers.
    pub refused: u64,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Accepted a second.
    pub rate: f64,
    /// Time to an answer that 99 of 100 do not exceed.
    pub p99: Duration,
}

/// Posts alerts to `url` over so many connections for so long.
pub async fn load(url: &str, alerts: Alerts, connections: usize, time: Duration) -> Load {
    let now = Timestamp::now();
    let between = [now, now + SignedDuration::from_mins(4)].map(|at| at.to_string());
    let [starts_at, ends_at] = &between;
    run(url, &[alerts.name(), starts_at, ends_at], connections, time).await
}

/// Reads `url`, compressed, over so many connections for so long.
pub async fn view(url: &str, connections: usize, time: Duration) -> Load {
    run(url, &["view"], connections, time).await
}

async fn run(url: &str, words: &[&str], connections: usize, time: Duration) -> Load {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/wrk.lua");
    let mut command = Command::new("wrk");
    command
        // One thread makes more load than either side takes, and leaves the other core to them.
        .args(["--threads", "1", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", time.as_secs()), "--timeout", "30s"])
        .arg("--script")
        .arg(script)
        .args([url, "--"])
        .args(words);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().expect("tests/bench has installed wrk");
    let text = String::from_utf8_lossy(&output.stdout);
    read(&text).unwrap_or_else(|| panic!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn read(text: &str) -> Option<Load> {
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "))?;
    let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let [answers, refused, unanswered, duration_us, p99_us] = numbers[..] else {
        return None;
    };
    let accepted = answers - refused;
    Some(Load {
        accepted,
        refused,
        unanswered,
        rate: accepted as f64 * 1e6 / duration_us as f64,
        p99: Duration::from_micros(p99_us),
    })
}
