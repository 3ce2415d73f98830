//! What a publication takes with 1, 100 and 10,000 incidents behind it: in this process, on the embedded engines in memory,
//! so that it is the publisher that is measured and not a disk. There is no other side; the first figure is what the
//! others are compared with.

use std::time::Instant;

use jiff::SignedDuration;
use nightbell_tests::World;
use serde_json::json;
use shared::domain::id::PageId;
use status_page::{Hinted, Published, publish};

use crate::stats::Sample;

const PAST: [u32; 3] = [1, 100, 10_000];

/// Publications that are timed, a round and size.
const PUBLICATIONS: usize = 20;

pub async fn run(rounds: usize) {
    println!(
        "{rounds} rounds of {PUBLICATIONS} publications: an update, from the publisher's wake-up to its last document\n"
    );
    println!(
        "{:>9} {:>22} {:>10} {:>10}  requests",
        "incidents", "milliseconds", "ratio to 1", "documents"
    );
    let mut first = None;
    for past in PAST {
        let mut page = Page::with(past).await;
        let (mut times, mut documents, mut requests) = (Vec::new(), 0, Vec::new());
        for number in 0..rounds * PUBLICATIONS {
            if number > 0 && number % PUBLICATIONS == 0 {
                // A post may have so many updates.
                page.begin_another().await;
            }
            page.update(["identified", "monitoring"][number % 2]).await;
            page.world.wire.take_tally();
            let begun = Instant::now();
            documents = page.publish(page.id, &page.hinted()).await;
            times.push(begun.elapsed());
            requests.push(f64::from(page.world.wire.take_tally().requests));
            page.world.pass(SignedDuration::from_secs(1));
        }
        let times = Sample::of_milliseconds(times);
        let first = *first.get_or_insert(times.median());
        println!(
            "{past:>9} {times:>22.1} {:>10.2} {documents:>10}  {:.0}",
            times.median() / first,
            Sample::new(requests),
        );
    }
}

struct Page {
    world: World,
    id: PageId,
    component: String,
    /// The post that goes on.
    post: String,
}

impl Page {
    /// A page on which so many incidents are over and published, and one goes on.
    async fn with(past: u32) -> Self {
        let world = World::new().await;
        let page = world
            .made("/api/v1/pages", json!({ "name": "Acme", "slug": "main" }))
            .await;
        let component = world
            .made("/api/v1/components", json!({ "name": "Shop", "page_id": page }))
            .await;
        let id: PageId = page.parse().unwrap();
        // What is not behind this page is behind another, and published there: the engine itself, which searches its record
        // of changes at each write while it is in memory, is as full for all sizes.
        let other = world
            .made("/api/v1/pages", json!({ "name": "Other", "slug": "other" }))
            .await;
        let other: PageId = other.parse().unwrap();
        let most = PAST.into_iter().max().unwrap();
        world.write_past_posts(id, &component, past).await;
        world.write_past_posts(other, &component, most - past).await;
        let mut page = Self {
            world,
            id,
            component,
            post: String::new(),
        };
        page.write().await;
        page.world.pass(SignedDuration::from_mins(2));
        for (id, hinted) in [(id, page.hinted()), (other, Hinted::default())] {
            while page.publish(id, &hinted).await > 0 {}
        }
        page
    }

    async fn write(&mut self) {
        let post = json!({ "page_id": self.id, "title": "Now", "body": "We look.",
            "components": [{ "component_id": self.component, "status": "partial_outage" }] });
        self.post = self.world.made("/api/v1/posts", post).await;
    }

    /// Ends the post, and begins another; both are published.
    async fn begin_another(&mut self) {
        self.update("resolved").await;
        self.publish(self.id, &self.hinted()).await;
        self.write().await;
        self.publish(self.id, &self.hinted()).await;
    }

    async fn update(&self, status: &str) {
        let path = format!("/api/v1/posts/{}/updates", self.post);
        let update =
            json!({ "status": status, "body": format!("At {}.", self.world.now()), "deliver_notifications": false });
        let answer = self.world.api(http::Method::POST, &path, Some(update)).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    /// What the stream tells of after an update.
    fn hinted(&self) -> Hinted {
        Hinted {
            posts: vec![self.post.parse().unwrap()],
            ..Hinted::default()
        }
    }

    async fn publish(&self, id: PageId, hinted: &Hinted) -> usize {
        let ctx = self.world.of("status-publish-stream");
        match publish(&ctx, id, hinted).await.unwrap() {
            Published::Documents(count) => count,
            other => panic!("{other:?}"),
        }
    }
}
