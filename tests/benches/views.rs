//! Views of a status page a second: the local server against nginx with the same bytes, compressed, over the same number of
//! connections, the sides in turns.

use std::time::Duration;

use serde_json::{Value, json};

use crate::nginx::{Nginx, Page};
use crate::nightbell::Nightbell;
use crate::stats::Sample;
use crate::wrk::{Load, view};

const CONNECTIONS: [usize; 2] = [1, 64];

/// One turn of one side.
const TURN: Duration = Duration::from_secs(4);

/// What is read, below the page's address.
const DOCUMENTS: [&str; 2] = ["", "/api/v2/summary.json"];

/// As large a page as is promised to stay small.
const COMPONENTS: usize = 30;
const POSTS: usize = 20;

pub async fn run(rounds: usize) {
    let nightbell = Nightbell::start(&[]).await;
    let page = nightbell.get("/api/v1/pages").await["items"][0]["id"].clone();
    for number in 0..COMPONENTS {
        let component = json!({ "page_id": page, "name": format!("Part {number}") });
        nightbell.post("/api/v1/components", &component).await;
    }
    for number in 0..POSTS {
        let post = json!({ "page_id": page, "title": format!("Trouble number {number}"), "status": "resolved",
            "body": "It was so, and is no more." });
        nightbell.post("/api/v1/posts", &post).await;
    }
    let pages = settled(&nightbell).await;
    let nginx = Nginx::serving(&pages).await;
    println!(
        "{rounds} rounds of {} s a side in turns; views a second, compressed\n",
        TURN.as_secs()
    );
    println!(
        "{:>22} {:>7} {:>5}  {:>22}  {:>22}  {:>17}  {:>13}  non-2xx, lost",
        "document", "bytes", "conns", "nightbell /s", "nginx /s", "ratio", "p99 ms"
    );
    for (number, (path, page)) in DOCUMENTS.into_iter().zip(&pages).enumerate() {
        for connections in CONNECTIONS {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for round in 0..rounds {
                // Who is first changes, so that what a round leaves behind burdens both.
                for is_ours in [round % 2 == 0, round % 2 == 1] {
                    if is_ours {
                        ours.push(view(&nightbell.status_url(path), connections, TURN).await);
                    } else {
                        theirs.push(view(&nginx.url(number), connections, TURN).await);
                    }
                }
            }
            let rates = |loads: &[Load]| Sample::new(loads.iter().map(|load| load.rate));
            let p99 = |loads: &[Load]| Sample::of_milliseconds(loads.iter().map(|load| load.p99)).median();
            let failed = |loads: &[Load]| loads.iter().map(|load| load.refused + load.unanswered).sum::<u64>();
            let ratios = Sample::new(ours.iter().zip(&theirs).map(|(ours, theirs)| ours.rate / theirs.rate));
            println!(
                "{:>22} {:>7} {connections:>5}  {:>22.0}  {:>22.0}  {ratios:>17.2}  {:>6.1} {:>6.1}  {} : {}",
                if path.is_empty() { "the page" } else { path },
                page.gzip.len(),
                rates(&ours),
                rates(&theirs),
                p99(&ours),
                p99(&theirs),
                failed(&ours),
                failed(&theirs),
            );
        }
    }
}

/// The documents, compressed as they are served, once everything is published.
async fn settled(nightbell: &Nightbell) -> Vec<Page> {
    let count = async |path: &str, list: &str| {
        let (_, text) = nightbell.document(path, "identity").await;
        let found: Value = serde_json::from_slice(&text).unwrap();
        found[list].as_array().unwrap().len()
    };
    while count("/api/v2/summary.json", "components").await < COMPONENTS
        || count("/api/v2/incidents.json", "incidents").await < POSTS
    {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut pages = Vec::new();
    for path in DOCUMENTS {
        let (content_type, gzip) = nightbell.document(path, "gzip").await;
        pages.push(Page { content_type, gzip });
    }
    pages
}
