//! Whether 10,000 subscribers of a status page delay anybody who is woken: from an alert's POST to the webhook about it,
//! alone and while the subscribers are told of a post, in turns.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use reqwest::Client;
use serde_json::json;

use crate::latency::arrival;
use crate::nightbell::Nightbell;
use crate::receiver::Receiver;
use crate::stats::Sample;

const SUBSCRIBERS: usize = 10_000;

/// What one token may add before it has to wait.
const TOKEN_REQUESTS: usize = 800;

/// Alerts of one turn, and the pause between them: a turn is shorter than a fan-out.
const ALERTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(200);

/// Requests under way at once while subscribers are added.
const AT_ONCE: usize = 8;

/// How long nobody may be told before who is missing counts as forgotten: longer than a sweep's minute.
const PATIENCE: Duration = Duration::from_secs(120);

pub async fn run(rounds: usize) {
    let mut responder = Receiver::start().await;
    let mut readers = Receiver::start().await;
    let nightbell = Nightbell::start(&["--allow-loopback"]).await;
    let page = nightbell.get("/api/v1/pages").await["items"][0]["id"].clone();
    let page = page.as_str().unwrap();
    let begun = Instant::now();
    subscribe(&nightbell, page, &readers.url).await;
    println!(
        "{SUBSCRIBERS} subscribers by webhook, added in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let url = nightbell.alerts_url_paging(&responder.url).await;
    turn(&url, &mut responder, "warm-up").await;
    println!(
        "{rounds} rounds of {ALERTS} alerts, with {} ms between; milliseconds from the POST to the webhook\n",
        PAUSE.as_millis()
    );
    println!(
        "{:>8} {:>20} {:>20} {:>10} {:>10}  told, in s, told meanwhile",
        "round", "alone p50, p99", "beside p50, p99", "ratio p50", "ratio p99"
    );
    for round in 1..=rounds {
        let alone = turn(&url, &mut responder, &format!("alone-{round}")).await;
        let post = json!({ "page_id": page, "title": format!("Trouble {round}"), "body": "We look into it." });
        nightbell.post("/api/v1/posts", &post).await;
        let posted = Instant::now();
        let first = readers.next(PATIENCE).await.expect("nobody is told").instant;
        let begun = Instant::now();
        let beside = turn(&url, &mut responder, &format!("beside-{round}")).await;
        let ended = Instant::now();
        let mut told = vec![first];
        while told.len() < SUBSCRIBERS {
            let Some(arrival) = readers.next(PATIENCE).await else {
                panic!("{} of {SUBSCRIBERS} were told", told.len());
            };
            told.push(arrival.instant);
        }
        let last = told.iter().max().unwrap();
        let both = |sample: &Sample| format!("{:.1}, {:.1}", sample.median(), sample.quantile(0.99));
        println!(
            "{round:>8} {:>20} {:>20} {:>10.2} {:>10.2}  {}, {:.0}, {}",
            both(&alone),
            both(&beside),
            beside.median() / alone.median(),
            beside.quantile(0.99) / alone.quantile(0.99),
            told.len(),
            (*last - posted).as_secs_f64(),
            told.iter().filter(|at| (begun..ended).contains(*at)).count(),
        );
    }
}

/// Adds everybody, by as many tokens as it takes.
async fn subscribe(nightbell: &Nightbell, page: &str, webhook: &str) {
    let path = format!("/api/v1/pages/{page}/subscribers");
    for first in (0..SUBSCRIBERS).step_by(TOKEN_REQUESTS) {
        let token = json!({ "name": "bench", "scopes": ["configure"] });
        let token = nightbell.post("/api/v1/tokens", &token).await["token"].clone();
        let token = token.as_str().unwrap();
        let adding = stream::iter(first..(first + TOKEN_REQUESTS).min(SUBSCRIBERS)).map(async |number| {
            let body =
                json!({ "channel": "webhook", "address": format!("{webhook}?reader={number}"), "confirmed": true });
            nightbell.post_as(token, &path, &body).await;
        });
        adding.buffer_unordered(AT_ONCE).collect::<()>().await;
    }
}

async fn turn(url: &str, receiver: &mut Receiver, name: &str) -> Sample {
    let http = Client::new();
    let mut times = Vec::new();
    for number in 0..ALERTS {
        let instance = format!("host-{name}-{number}.example.com");
        let alerts = json!([{ "labels": { "alertname": "DiskFull", "severity": "critical", "instance": instance } }]);
        let begun = Instant::now();
        let answer = http.post(url).json(&alerts).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        let instant = arrival(receiver, &instance).await.expect("a page is lost");
        times.push(instant - begun);
        tokio::time::sleep(PAUSE).await;
    }
    Sample::of_milliseconds(times)
}
