//! From an alert's POST to the webhook about it: one alert at a time, each a new incident (or group), the sides in turns.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::json;

use crate::alertmanager::Alertmanager;
use crate::nightbell::Nightbell;
use crate::receiver::Receiver;
use crate::stats::Sample;

/// Alerts of one turn of one side.
const ALERTS: usize = 50;

/// Longest wait for a webhook before its alert counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn run(rounds: usize) {
    let mut ours = Receiver::start().await;
    let mut theirs = Receiver::start().await;
    let nightbell = Nightbell::start(&["--allow-loopback"]).await;
    let alertmanager = Alertmanager::telling(&theirs.url).await;
    let mut sides = [
        Side::new("nightbell", nightbell.alerts_url_paging(&ours.url).await),
        Side::new("alertmanager", alertmanager.alerts_url()),
    ];
    // What is done once (a first connection, a first read of the configuration) is not what is asked about.
    for (side, receiver) in sides.iter_mut().zip([&mut ours, &mut theirs]) {
        side.turn(receiver, "warm-up").await;
        side.turns.clear();
    }
    for round in 0..rounds {
        sides[0].turn(&mut ours, &round.to_string()).await;
        sides[1].turn(&mut theirs, &round.to_string()).await;
    }
    println!(
        "{rounds} rounds of {ALERTS} alerts a side in turns, one at a time; milliseconds from the POST's beginning"
    );
    println!("p50 is that of the rounds: median (min..max); p99 and max are of all alerts\n");
    println!(
        "{:>13}  {:>22} {:>12} {:>12}  {:>22} {:>11}  lost",
        "", "webhook p50", "webhook p99", "webhook max", "answer p50", "answer p99"
    );
    for side in &sides {
        side.print();
    }
    let ratios = sides[0]
        .medians()
        .zip(sides[1].medians())
        .map(|(ours, theirs)| ours / theirs);
    println!("\nratio of the webhooks' p50: {:.1}", Sample::new(ratios));
}

struct Side {
    name: &'static str,
    url: String,
    http: Client,
    turns: Vec<Turn>,
}

/// What one turn measured, in milliseconds.
#[derive(Default)]
struct Turn {
    /// From the POST to its webhook.
    webhooks: Vec<f64>,
    /// From the POST to its answer.
    answers: Vec<f64>,
    lost: usize,
}

impl Side {
    fn new(name: &'static str, url: String) -> Self {
        Self {
            name,
            url,
            http: Client::builder().timeout(PATIENCE).build().unwrap(),
            turns: Vec::new(),
        }
    }

    async fn turn(&mut self, receiver: &mut Receiver, name: &str) {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let mut turn = Turn::default();
        for number in 0..ALERTS {
            let instance = format!("host-{name}-{number}.example.com");
            let alerts = json!([{
                "labels": { "alertname": "DiskFull", "severity": "critical", "instance": instance },
                "annotations": { "summary": format!("The disk of {instance} is almost full") },
            }]);
            let begun = Instant::now();
            let answer = self.http.post(&self.url).json(&alerts).send().await.unwrap();
            turn.answers.push(milliseconds(begun.elapsed()));
            assert!(answer.status().is_success(), "{}: {}", self.name, answer.status());
            match arrival(receiver, &instance).await {
                Some(instant) => turn.webhooks.push(milliseconds(instant - begun)),
                None => turn.lost += 1,
            }
        }
        self.turns.push(turn);
    }

    fn medians(&self) -> impl Iterator<Item = f64> {
        self.turns
            .iter()
            .map(|turn| Sample::new(turn.webhooks.iter().copied()).median())
    }

    fn print(&self) {
        let webhooks = Sample::new(self.turns.iter().flat_map(|turn| turn.webhooks.iter().copied()));
        let answers = Sample::new(self.turns.iter().flat_map(|turn| turn.answers.iter().copied()));
        let answer_medians = self
            .turns
            .iter()
            .map(|turn| Sample::new(turn.answers.iter().copied()).median());
        println!(
            "{:>13}  {:>22.1} {:>12.1} {:>12.1}  {:>22.1} {:>11.1}  {}",
            self.name,
            Sample::new(self.medians()),
            webhooks.quantile(0.99),
            webhooks.max(),
            Sample::new(answer_medians),
            answers.quantile(0.99),
            self.turns.iter().map(|turn| turn.lost).sum::<usize>(),
        );
    }
}

/// When the webhook came that tells of this instance. One of an alert that counts as lost already may come before it.
pub async fn arrival(receiver: &mut Receiver, instance: &str) -> Option<Instant> {
    loop {
        let arrival = receiver.next(PATIENCE).await?;
        if String::from_utf8_lossy(&arrival.body).contains(instance) {
            return Some(arrival.instant);
        }
    }
}
