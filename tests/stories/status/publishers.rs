//! Those who publish a page: two at once, without end, dying, beside what fails, and with years behind them.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::{Break, Moment, Which};
use serde_json::json;
use shared::store::Lease;
use status_page::{Hinted, Published, publish};

use super::Public;

/// One service's post that cannot be written, whatever the cause, is not public; everything else on its page is.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_of_one_service_keeps_no_other_from_being_told() {
    let mut public = Public::settled_at_once().await;
    // Made after the first, so it comes after it in every order of ids.
    let policies = public.world.api(Method::GET, "/api/v1/escalation-policies", None).await;
    let policy = &policies.body["items"][0]["id"];
    let made = json!({"name": "Shop", "policy_id": policy, "components": [{"component_id": public.shop}],
        "publication": {"mode": "auto", "settle_seconds": 0}});
    let service = public.world.made("/api/v1/services", made).await;
    let made = json!({"name": "Shop", "format": "generic", "service_id": service});
    let made = public.world.api(Method::POST, "/api/v1/integrations", Some(made)).await;
    let key = made.body["key"].as_str().unwrap().to_owned();
    public.world.drain().await;
    public
        .world
        .wire
        .breaks(Moment::Holding("Problems with API"), Break::Refuse);
    public.world.trigger("db-1").await;
    let event = json!({"summary": "no carts", "dedup_key": "carts", "severity": "critical"});
    let answer = public.world.post(&format!("/hooks/{key}"), event.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let failed = public.world.tick_pages().await;
    assert!(
        failed.is_err() || failed.as_ref().is_ok_and(|swept| swept.failed == 1),
        "whoever looks after it hears of it: {failed:?}"
    );
    assert!(public.world.wire.has_broken());
    assert_eq!(public.state_of(&public.shop).await, "major_outage");
    assert_eq!(
        public.state_of(&public.api).await,
        "operational",
        "what is not written is not told"
    );
    public.world.wire.revive();
    public.world.tick_pages().await.unwrap();
    public.world.drain().await;
    assert_eq!(public.state_of(&public.api).await, "major_outage");
    let open = public.json("incidents/unresolved.json").await;
    assert_eq!(open["incidents"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_of_two_publishers_waits_and_one_that_was_overtaken_writes_nothing() {
    let public = Public::settled_at_once().await;
    let page = public.page_id();
    let ctx = public.world.of("status-publish-queue");
    // Both at once: one does it, the other leaves word.
    public.world.trigger("db-1").await;
    let nothing = Hinted::default();
    let (one, other) = tokio::join!(publish(&ctx, page, &nothing), publish(&ctx, page, &nothing));
    let outcomes = [one.unwrap(), other.unwrap()];
    assert!(
        outcomes.iter().any(|one| matches!(one, Published::Documents(_))),
        "{outcomes:?}"
    );
    assert_eq!(public.indicator().await, "critical");
    // Somebody has the lease and hangs: nobody writes until it is over, and then everything anew.
    let now = public.world.now();
    assert!(matches!(
        ctx.store.lease_page(page, "hangs", now).await.unwrap(),
        Lease::Mine(_)
    ));
    assert_eq!(
        publish(&ctx, page, &Hinted::default()).await.unwrap(),
        Published::Elsewhere
    );
    let bucket = ctx.objects.public().clone();
    let known = bucket
        .get("status/main/api/v2/summary.json", 1_000_000, None)
        .await
        .unwrap()
        .unwrap();
    public.world.pass(SignedDuration::from_secs(31));
    let Published::Documents(written) = publish(&ctx, page, &Hinted::default()).await.unwrap() else {
        panic!("the lease was over");
    };
    assert!(written >= 15, "all of them: {written}");
    // What the one that hung knew no longer fits anything that is there.
    let late = shared::object::Body {
        bytes: known.bytes.clone(),
        ..Default::default()
    };
    let unless = shared::object::Unless::Changed(known.etag.clone());
    let put = bucket
        .put("status/main/api/v2/summary.json", late, unless)
        .await
        .unwrap();
    assert_eq!(put, shared::object::Put::Refused);
    assert!(
        !ctx.store
            .release_page(page, "hangs", &Default::default())
            .await
            .unwrap()
    );
    // Nothing is new: nothing is written.
    assert_eq!(
        publish(&ctx, page, &Hinted::default()).await.unwrap(),
        Published::Documents(0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_asked_for_without_end_is_published_and_goes_on_with_a_hint() {
    let public = Public::settled_at_once().await;
    let page = public.page_id();
    let ctx = public.world.of("status-publish-queue");
    public.world.trigger("db-1").await;
    // Once it has the lease.
    let held = public.world.wire.hold(2);
    let asks = async {
        held.arrived().await;
        held.release();
        loop {
            ctx.store.lease_page(page, "asks", public.world.now()).await.unwrap();
        }
    };
    let nothing = Hinted::default();
    let published = tokio::select! {
        published = publish(&ctx, page, &nothing) => published,
        () = asks => unreachable!("it never ends"),
    };
    // It wrote what there was, so it has not failed; whoever asked is answered by the next.
    assert!(
        matches!(published, Ok(Published::Documents(written)) if written > 0),
        "{published:?}"
    );
    assert_eq!(public.indicator().await, "critical");
    public.world.pass(SignedDuration::from_secs(31));
    assert!(public.world.drain_queue(Which::Publication, 1).await, "nobody goes on");
    let publisher = ctx.store.lease_page(page, "looks", public.world.now()).await.unwrap();
    let Lease::Mine(publisher) = publisher else {
        panic!("{publisher:?}")
    };
    assert_eq!(publisher.lease_before_ms, 0, "the next gave it back");
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_dies_at_any_write_leaves_nothing_that_the_next_does_not_mend() {
    for n in 1..12 {
        let mut public = Public::settled_at_once().await;
        public.world.trigger("db-1").await;
        public.world.wire.breaks(Moment::Write(n), Break::DiesAfter);
        let ctx = public.world.of("status-publish-queue");
        let died = publish(&ctx, public.page_id(), &Hinted::default()).await.is_err();
        public.world.wire.revive();
        public.world.pass(SignedDuration::from_secs(31));
        public.world.tick_pages().await.unwrap();
        public.world.drain().await;
        assert_eq!(public.indicator().await, "critical", "write {n}");
        assert_eq!(
            public.json("incidents.json").await["incidents"]
                .as_array()
                .unwrap()
                .len(),
            1,
            "write {n}"
        );
        if !died {
            assert!(n > 4, "publishing takes some writes");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn years_of_history_cost_a_publication_nothing() {
    // (`tests/bench publication` measures it with 10,000, which take a minute to be published at first.)
    let mut costs = Vec::new();
    for total in [1, 100, 1_000] {
        let mut public = Public::settled_at_once().await;
        public
            .world
            .write_past_posts(public.page_id(), &public.shop, total)
            .await;
        public.world.live(SignedDuration::from_mins(2)).await;
        let publisher = public.world.of("status-publish-stream");
        // All of the past is published, before its cost is none.
        while publish(&publisher, public.page_id(), &Hinted::default()).await.unwrap() != Published::Documents(0) {}
        let incident = public.world.trigger("db-1").await;
        let hinted = Hinted {
            incidents: vec![incident],
            ..Hinted::default()
        };
        let before = public.tags().await;
        public.world.wire.take_tally();
        let begun = std::time::Instant::now();
        let published = publish(&publisher, public.page_id(), &hinted).await.unwrap();
        let took = begun.elapsed();
        assert!(matches!(published, Published::Documents(1..)), "{published:?}");
        let tally = public.world.wire.take_tally();
        assert_eq!(public.indicator().await, "critical");
        let written = public.written_since(&before).await;
        let (documents, bytes) = (written.len(), written.iter().sum::<usize>());
        println!("{total} posts: {tally:?}; {documents} documents of {bytes} bytes, {took:?}");
        costs.push((tally, documents, bytes));
    }
    let [one, some, many] = &costs[..] else { panic!("three") };
    for (less, more) in [(one, some), (some, many)] {
        assert!(more.0.requests <= less.0.requests + 2, "{less:?} {more:?}");
        assert!(more.0.round_trips <= less.0.round_trips + 2, "{less:?} {more:?}");
        assert_eq!(more.0.writes, less.0.writes, "{less:?} {more:?}");
        assert_eq!(more.1, less.1, "as many documents are written");
    }
    // What is written is as large as the lists, once they are full.
    assert!(many.0.write_units <= some.0.write_units, "{some:?} {many:?}");
    assert!(many.2 <= some.2 * 11 / 10, "{some:?} {many:?}");
}
