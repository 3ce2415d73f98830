//! Every list, page by page.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use super::stage::{Operation, Stage, Whose, assert_described};

/// Things that a list has at least, if it is of things that can be made here.
const THINGS: usize = 5;

#[tokio::test(start_paused = true)]
async fn every_list_is_read_to_its_end_without_loss_or_double() {
    let mut stage = Stage::new().await;
    let askers = std::mem::take(&mut stage.askers);
    let owner = &askers[0];
    let operations = stage.operations();
    // Some of everything.
    let makes = |operation: &&Operation| operation.takes("Idempotency-Key") && !operation.path.contains("{id}");
    for operation in operations.iter().filter(makes) {
        for _ in 0..THINGS {
            let (path, body) = stage
                .request(operation, *operation.whose().first().unwrap(), owner)
                .await;
            let made = stage.ask(owner, &operation.method, &path, &[], body.as_ref()).await;
            assert_eq!(made.status, 201, "{path}: {made:?}");
            stage.world.pass(jiff::SignedDuration::from_millis(1));
        }
    }
    let incident = stage.world.trigger("disk").await.to_string();
    let page_id = stage.thing("pages", Whose::NoTeams, owner).await;
    for _ in 0..THINGS {
        stage.subscriber_of(&page_id).await;
    }
    for _ in 0..THINGS {
        stage.thing("postmortems", Whose::Everybodys, owner).await;
    }
    stage.world.live(jiff::SignedDuration::from_mins(12)).await;
    let mut count = 0;
    for operation in operations
        .iter()
        .filter(|operation| operation.takes("after") && operation.takes("limit"))
    {
        count += 1;
        let path = match operation.path.starts_with("/api/v1/pages/") {
            true => operation.path.replace("{id}", &page_id),
            false => operation.path.replace("{id}", &incident),
        };
        let mut query = String::from("?");
        if path.ends_with("/contacts") {
            query = format!("?user_id={}&", stage.world.cast.ana);
        }
        let page = async |more: &str| {
            let answer = stage
                .ask(owner, &Method::GET, &format!("{path}{query}{more}"), &[], None)
                .await;
            assert_described(&stage, operation, &answer);
            answer
        };
        let whole = pages(&page, 100).await;
        let single = pages(&page, 1).await;
        let unique: BTreeSet<&str> = single.iter().map(String::as_str).collect();
        assert_eq!(unique.len(), single.len(), "{path}: doubles");
        assert_eq!(single, whole, "{path}");
        assert!(whole.len() >= 2, "{path}: {} is no list to page through", whole.len());
        for (bad, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=many", "limit"),
            ("limit=1&limit=2", "limit"),
            ("after=%21%21", "after"),
            ("after=", "after"),
            ("before=x", "before"),
        ] {
            let answer = page(bad).await;
            assert_eq!(answer.status, 400, "{path} {bad}: {answer:?}");
            assert_eq!(answer.body["errors"][0]["field"], field, "{path} {bad}: {answer:?}");
        }
    }
    println!("lists: {count}");
    assert!(count >= 13, "{count}");
}

/// The ids on all pages.
async fn pages(page: &impl AsyncFn(&str) -> nightbell_tests::Answer, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let answer = page(&format!("limit={limit}{after}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let items = answer.body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        // A postmortem has the id of its incident.
        let id = |item: &Value| item["id"].as_str().or(item["incident_id"].as_str()).unwrap().to_owned();
        ids.extend(items.iter().map(id));
        match &answer.body["next"] {
            Value::String(next) => after = format!("&after={next}"),
            _ => return ids,
        }
        assert!(ids.len() < 10_000, "it never ends");
    }
}

/// One whom nothing is known of has empty lists, not errors.
#[tokio::test(start_paused = true)]
async fn a_filter_that_nothing_passes_answers_an_empty_page() {
    let stage = Stage::new().await;
    let owner = &stage.askers[0];
    for path in [
        "/api/v1/incidents?service_id=svc_01arz3ndektsv4rrffq69g5fav",
        "/api/v1/incidents?q=nothing%20is%20called%20this",
        "/api/v1/integrations?service_id=svc_01arz3ndektsv4rrffq69g5fav",
    ] {
        let answer = stage.ask(owner, &Method::GET, path, &[], None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.body, serde_json::json!({ "items": [], "next": null }), "{path}");
    }
}
