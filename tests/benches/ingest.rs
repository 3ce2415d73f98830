//! Alerts a second: `POST …/api/v2/alerts`, one alert a request, against Alertmanager with the same bodies.
//!
//! The two do not do the same. Ours has an accepted alert on the disk, and meanwhile escalates every new incident and writes
//! its messages to the outbox; Alertmanager keeps alerts in memory and, as it is set up here, tells nobody. The aims are what
//! that difference may cost.

use std::time::Duration;

use crate::alertmanager::Alertmanager;
use crate::nightbell::Nightbell;
use crate::stats::Sample;
use crate::wrk::{Alerts, Load, load};

const CONNECTIONS: [usize; 3] = [1, 16, 64];

/// One turn of one side.
const TURN: Duration = Duration::from_secs(4);

pub async fn run(rounds: usize) {
    println!(
        "{rounds} rounds of {} s a side in turns, each on a fresh process",
        TURN.as_secs()
    );
    println!(
        "ours also escalates every new incident and delivers to the outbox meanwhile; Alertmanager tells nobody\n"
    );
    println!(
        "{:>8} {:>5}  {:>22}  {:>22}  {:>17} {:>8}  {:>13}  non-2xx, lost",
        "alerts", "conns", "nightbell /s", "alertmanager /s", "ratio", "aim", "p99 ms"
    );
    let mut checked = 0;
    for alerts in [Alerts::Repeated, Alerts::New] {
        for connections in CONNECTIONS {
            let mut table = Table::default();
            for round in 0..rounds {
                // Who is first changes, so that what a round leaves behind burdens both.
                if round % 2 == 0 {
                    table.ours.push(ours(alerts, connections).await);
                    table.theirs.push(theirs(alerts, connections).await);
                } else {
                    table.theirs.push(theirs(alerts, connections).await);
                    table.ours.push(ours(alerts, connections).await);
                }
            }
            checked += table.ours.iter().map(|load| load.accepted).sum::<u64>();
            table.print(alerts, connections);
        }
    }
    println!("\nnone of the {checked} alerts that ours accepted is missing from its incidents");
}

async fn theirs(alerts: Alerts, connections: usize) -> Load {
    let alertmanager = Alertmanager::silent().await;
    load(&alertmanager.alerts_url(), alerts, connections, TURN).await
}

async fn ours(alerts: Alerts, connections: usize) -> Load {
    let nightbell = Nightbell::start(&[]).await;
    let load = load(&nightbell.alerts_url(), alerts, connections, TURN).await;
    // Every one that was answered 2xx is there, and perhaps those whose answer wrk did not wait for.
    let incidents = nightbell.incidents().await;
    let kept = match alerts {
        Alerts::New => incidents.len() as u64,
        Alerts::Repeated => incidents[0]["signal_count"].as_u64().unwrap(),
    };
    assert!(kept >= load.accepted, "{} accepted, {kept} kept", load.accepted);
    load
}

#[derive(Default)]
struct Table {
    ours: Vec<Load>,
    theirs: Vec<Load>,
}

impl Table {
    fn print(&self, alerts: Alerts, connections: usize) {
        let rates = |loads: &[Load]| Sample::new(loads.iter().map(|load| load.rate));
        let p99 = |loads: &[Load]| Sample::of_milliseconds(loads.iter().map(|load| load.p99)).median();
        let failed = |loads: &[Load]| loads.iter().map(|load| load.refused + load.unanswered).sum::<u64>();
        // Round by round: what slowed a round slowed both sides of it.
        let ratios = Sample::new(
            self.ours
                .iter()
                .zip(&self.theirs)
                .map(|(ours, theirs)| ours.rate / theirs.rate),
        );
        let aim = match alerts {
            Alerts::Repeated => 0.5,
            Alerts::New => 0.1,
        };
        println!(
            "{:>8} {connections:>5}  {:>22.0}  {:>22.0}  {ratios:>17.2} {:>8}  {:>6.1} {:>6.1}  {} : {}",
            alerts.name(),
            rates(&self.ours),
            rates(&self.theirs),
            format!(">= {aim}"),
            p99(&self.ours),
            p99(&self.theirs),
            failed(&self.ours),
            failed(&self.theirs),
        );
    }
}
