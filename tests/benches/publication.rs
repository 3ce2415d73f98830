//! What a publication takes with 1, 100 and 10,000 incidents behind it: in this process, on the embedded engines in memory,
//! so that it is the publisher that is measured and not a disk. There is no other side; the first figure is what the
//! others are compared with.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use nightbell_tests::World;
use serde_json::{Value, json};
use shared::domain::actor::Actor;
use shared::domain::id::{PageId, PostId, UpdateId};
use shared::domain::status::Post;
use shared::store::PublicWrite;
use status_page::{Hinted, Published, publish};
use ulid::Ulid;

use crate::stats::Sample;

const PAST: [u32; 3] = [1, 100, 10_000];

/// Over how long they are spread.
const SPAN: SignedDuration = SignedDuration::from_hours(24 * 365 * 3);

/// Publications that are timed, a round and size.
const PUBLICATIONS: usize = 20;

pub async fn run(rounds: usize) {
    println!(
        "{rounds} rounds of {PUBLICATIONS} publications: an update, from the publisher's wake-up to its last document\n"
    );
    println!(
        "{:>9} {:>22} {:>17} {:>10}  requests",
        "incidents", "milliseconds", "ratio to 1", "documents"
    );
    let mut first = None;
    for past in PAST {
        let page = Page::with(past).await;
        let mut times = Vec::new();
        let (mut documents, mut requests) = (0, 0);
        for number in 0..rounds * PUBLICATIONS {
            page.update(number).await;
            page.world.wire.take_tally();
            let begun = Instant::now();
            documents = page.publish().await;
            times.push(begun.elapsed());
            requests = page.world.wire.take_tally().requests;
            page.world.pass(SignedDuration::from_secs(1));
        }
        let times = Sample::of_milliseconds(times);
        let first = *first.get_or_insert(times.median());
        println!(
            "{past:>9} {times:>22.1} {:>17.2} {documents:>10}  {requests}",
            times.median() / first
        );
    }
}

/// A post of an incident that is over.
fn over(page_id: PageId, began: Timestamp, number: u32) -> Post {
    // Its month is that of its id.
    let id = PostId(Ulid::from_parts(began.as_millisecond().unsigned_abs(), number.into()));
    let update = json!({ "id": UpdateId(id.0), "status": "resolved", "body": "It was so, and is no more.", "at": began,
        "created_at": began, "by": Actor::system(), "components": [], "deliver_notifications": false });
    let post = json!({ "id": id, "page_id": page_id, "title": "Then", "status": "resolved", "updates": [update],
        "started_at": began, "resolved_at": began, "created_at": began, "updated_at": began });
    serde_json::from_value(post).unwrap()
}

struct Page {
    world: World,
    id: PageId,
    /// The post that goes on.
    post: String,
}

impl Page {
    /// A page on which so many incidents are over and published, and one goes on.
    async fn with(past: u32) -> Self {
        let world = World::new().await;
        let made = async |path: &str, body: Value| {
            let answer = world.api(http::Method::POST, path, Some(body)).await;
            assert!(answer.status.is_success(), "{answer:?}");
            answer.body["id"].as_str().unwrap().to_owned()
        };
        let page = made("/api/v1/pages", json!({ "name": "Acme", "slug": "main" })).await;
        let component = made("/api/v1/components", json!({ "name": "Shop", "page_id": page })).await;
        let id: PageId = page.parse().unwrap();
        // What is not behind this page is behind another: the engine itself, which searches its record of changes at each
        // write while it is in memory, is as full for all sizes.
        let other = made("/api/v1/pages", json!({ "name": "Other", "slug": "other" })).await;
        let most = PAST.into_iter().max().unwrap();
        for number in 0..most {
            let page = if number < past { id } else { other.parse().unwrap() };
            // Of three years, but the last forty days.
            let ago = SPAN * (number % past).cast_signed() / past.cast_signed();
            let began = world.now() - SignedDuration::from_hours(24 * 40) - ago;
            let post = over(page, began, number);
            let write = vec![PublicWrite::Post(None, post)];
            world.ctx.store.write_public(write, world.now()).await.unwrap();
        }
        let post = json!({ "page_id": id, "title": "Now", "body": "We look.",
            "components": [{ "component_id": component, "status": "partial_outage" }] });
        let post = made("/api/v1/posts", post).await;
        world.pass(SignedDuration::from_mins(2));
        let page = Self { world, id, post };
        while page.publish().await > 0 {}
        page
    }

    async fn update(&self, number: usize) {
        let path = format!("/api/v1/posts/{}/updates", self.post);
        let status = ["identified", "monitoring"][number % 2];
        let update = json!({ "status": status, "body": format!("Still {number}."), "deliver_notifications": false });
        let answer = self.world.api(http::Method::POST, &path, Some(update)).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    async fn publish(&self) -> usize {
        let ctx = self.world.of("status-publish-stream");
        let hinted = Hinted {
            posts: vec![self.post.parse().unwrap()],
            ..Hinted::default()
        };
        match publish(&ctx, self.id, &hinted).await.unwrap() {
            Published::Documents(count) => count,
            other => panic!("{other:?}"),
        }
    }
}
