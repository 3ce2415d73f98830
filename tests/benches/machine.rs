//! Where it ran, and whether anything else did.

use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use crate::process::first_line;

/// A machine is quiet when this share of its time is idle over [`LOOK`].
const IDLE_SHARE: f64 = 0.9;
const LOOK: Duration = Duration::from_secs(2);

/// Prints machine, tools and build profile.
pub fn describe() {
    let cores = available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name");
    let memory_kb: u64 = number(&field("/proc/meminfo", "MemTotal"));
    println!("machine       {cores} cores, {model}, {} MB", memory_kb / 1024);
    println!("system        {}", first_line("uname", &["-sr"]));
    println!(
        "nightbell     {} at {}",
        env!("CARGO_PKG_VERSION"),
        first_line("git", &["describe", "--always", "--dirty"])
    );
    println!("rustc         {}", first_line("rustc", &["--version"]));
    if cfg!(debug_assertions) {
        println!("profile       dev: slower than what is deployed");
    } else {
        println!("profile       {}", profile());
    }
    println!(
        "alertmanager  {}",
        first_line("prometheus-alertmanager", &["--version"])
    );
    println!("wrk           {}", first_line("wrk", &["--version"]));
    println!("nginx         {}", first_line("nginx", &["-v"]));
}

/// Waits until other load is low, for at most so long; says what it found.
pub async fn until_quiet(limit: Duration) {
    let begun = Instant::now();
    loop {
        let before = cpu_times();
        tokio::time::sleep(LOOK).await;
        let after = cpu_times();
        let idle = (after.idle - before.idle) as f64 / (after.all - before.all).max(1) as f64;
        if idle >= IDLE_SHARE {
            println!("quiet machine ({:.0} % idle)", idle * 100.0);
            return;
        }
        if begun.elapsed() >= limit {
            println!(
                "NOT a quiet machine ({:.0} % idle after waiting {} s): other load ran beside, trust the ratios at most",
                idle * 100.0,
                begun.elapsed().as_secs()
            );
            return;
        }
    }
}

struct CpuTimes {
    idle: u64,
    all: u64,
}

/// `man 5 proc`: user, nice, system, idle, iowait, irq, softirq, steal; what guests take is in user already.
fn cpu_times() -> CpuTimes {
    let text = std::fs::read_to_string("/proc/stat").unwrap();
    let line = text.lines().next().unwrap();
    let times: Vec<u64> = line.split_whitespace().skip(1).take(8).map(number).collect();
    CpuTimes {
        idle: times[3] + times[4],
        all: times.iter().sum(),
    }
}

/// The settings of `[profile.release]`, with what the environment puts in their place.
fn profile() -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let settings = text
        .lines()
        .skip_while(|line| *line != "[profile.release]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('='))
        .map(|line| line.replace(" = ", "="));
    let replaced = std::env::vars()
        .filter(|(name, _)| name.starts_with("CARGO_PROFILE_RELEASE_"))
        .map(|(name, value)| format!("{name}={value}"));
    settings.chain(replaced).collect::<Vec<_>>().join(" ")
}

/// The first field of this name in a file of `name: value` lines.
fn field(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(|| "?".into(), |(_, value)| value.trim().to_owned())
}

fn number(text: &str) -> u64 {
    let digits = text.split_whitespace().next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}
