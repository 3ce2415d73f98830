//! How late pages are when many fall due in the same second: incidents are snoozed until one moment, at which each pages a
//! webhook again. There is no other side: Alertmanager wakes nobody at a time.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde_json::{Value, json};

use crate::nightbell::Nightbell;
use crate::receiver::{Arrival, Receiver};
use crate::stats::Sample;

const INCIDENTS: usize = 1_000;

/// Incidents opened by one push.
const PUSH: usize = 50;

/// Snoozes under way at once.
const AT_ONCE: usize = 8;

/// What the snoozing of all may take.
const SNOOZE_SECONDS: i64 = 60;

/// How long nothing may come before what is missing counts as lost: longer than a sweep's minute.
const PATIENCE: Duration = Duration::from_secs(75);

pub async fn run(rounds: usize) {
    let mut receiver = Receiver::start().await;
    let nightbell = Nightbell::start(&["--allow-loopback"]).await;
    open(&nightbell.alerts_url_paging(&receiver.url).await).await;
    // Opening pages once, which is not what is asked about, and must be over.
    let opened = pages(&mut receiver).await;
    assert_eq!(opened.len(), INCIDENTS, "not every incident paged when it was opened");

    println!("{INCIDENTS} incidents due in the same second; milliseconds from that second to the webhook's arrival\n");
    println!(
        "{:>8} {:>8} {:>8} {:>8} {:>8}  early  lost",
        "round", "first", "p50", "p99", "max"
    );
    let incidents = nightbell.incidents().await;
    for round in 1..=rounds {
        let due = snooze(&nightbell, &incidents).await;
        let arrivals = pages(&mut receiver).await;
        let late_ms = |arrival: &Arrival| arrival.at.duration_since(due).as_secs_f64() * 1e3;
        let lateness = Sample::new(arrivals.iter().map(late_ms));
        println!(
            "{round:>8} {:>8.0} {:>8.0} {:>8.0} {:>8.0}  {:>5}  {}",
            lateness.min(),
            lateness.median(),
            lateness.quantile(0.99),
            lateness.max(),
            arrivals.iter().filter(|arrival| late_ms(arrival) < 0.0).count(),
            INCIDENTS - arrivals.len(),
        );
    }
}

/// Snoozes all of them until the same second, which it answers.
async fn snooze(nightbell: &Nightbell, incidents: &[Value]) -> Timestamp {
    let due = Timestamp::from_second(Timestamp::now().as_second() + SNOOZE_SECONDS).unwrap();
    let snoozing = stream::iter(incidents).map(async |incident| {
        let path = format!("/api/v1/incidents/{}/snooze", incident["id"].as_str().unwrap());
        nightbell.post(&path, &json!({ "until": due })).await;
    });
    snoozing.buffer_unordered(AT_ONCE).collect::<()>().await;
    let left = due.duration_since(Timestamp::now());
    assert!(
        left > SignedDuration::from_secs(2),
        "snoozing took too long: {left:#} left"
    );
    due
}

/// Opens the incidents.
async fn open(url: &str) {
    let http = Client::new();
    for push in 0..INCIDENTS / PUSH {
        let alert = |number| {
            let instance = format!("host-{push}-{number}");
            json!({ "labels": { "alertname": "DiskFull", "severity": "critical", "instance": instance } })
        };
        let alerts: Vec<Value> = (0..PUSH).map(alert).collect();
        let answer = http.post(url).json(&alerts).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

/// The first page of each incident, until there is one of all of them or nothing comes any more.
async fn pages(receiver: &mut Receiver) -> Vec<Arrival> {
    let mut seen = HashSet::new();
    let mut pages = Vec::new();
    while seen.len() < INCIDENTS
        && let Some(arrival) = receiver.next(PATIENCE).await
    {
        let body: Value = serde_json::from_slice(&arrival.body).unwrap();
        let incident = body["data"]["incident"]["id"].as_str().unwrap_or_default().to_owned();
        if body["type"] == "incident.page" && seen.insert(incident) {
            pages.push(arrival);
        }
    }
    pages
}
