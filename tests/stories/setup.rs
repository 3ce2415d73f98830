//! The first owner of a deployment: made once, by whoever knows the code.

use http::{Method, StatusCode};
use nightbell_tests::World;
use nightbell_tests::world::SETUP_CODE;
use serde_json::json;

fn grace() -> String {
    json!({ "name": "Grace", "email": "Grace@Example.com", "time_zone": "America/New_York" }).to_string()
}

#[tokio::test]
async fn whoever_knows_the_code_becomes_the_first_owner_once() {
    let world = World::new().await;
    let path = format!("/api/v1/setup/{SETUP_CODE}");

    let wrong = world.post("/api/v1/setup/wrong", grace()).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND, "{wrong:?}");
    assert!(
        wrong.body["detail"].as_str().unwrap().contains("SetupCodeCommand"),
        "{wrong:?}"
    );
    let bad = world
        .post(&path, r#"{"name":"","email":"nobody","role":"owner"}"#)
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "{bad:?}");
    let taken = world.post(&path, r#"{"name":"Ana","email":"ana@example.com"}"#).await;
    assert_eq!(taken.status, StatusCode::CONFLICT, "{taken:?}");
    assert_eq!(taken.body["code"], "email_taken");

    let made = world.post(&path, grace()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.body["user"]["role"], "owner");
    assert_eq!(made.body["user"]["email"], "grace@example.com");
    assert_eq!(made.headers["cache-control"], "no-store");
    let token = made.body["token"]["token"].as_str().unwrap();
    let me = world.api_as(token, Method::GET, "/api/v1/users/me", None).await;
    assert_eq!(me.body["id"], made.body["user"]["id"]);
    let team = world
        .api_as(token, Method::POST, "/api/v1/teams", Some(json!({ "name": "Ops" })))
        .await;
    assert_eq!(team.status, StatusCode::CREATED, "{team:?}");

    for code in [SETUP_CODE, "wrong"] {
        let again = world.post(&format!("/api/v1/setup/{code}"), grace()).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{again:?}");
        assert_eq!(again.body["code"], "already_set_up");
    }
}
