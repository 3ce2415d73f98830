//! Configuration through the API: what is made, changed, refused and removed, and by whom.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use nightbell_tests::people::{person, token};
use nightbell_tests::{Answer, World};
use serde_json::{Value, json};
use shared::domain::people::Role;
use shared::domain::principal::Scope;

const ALL: [Scope; 4] = [Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer];

async fn send(
    world: &World,
    token: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = match body {
        None => request.body(Body::empty()),
        Some(body) => request
            .header("content-type", "application/json")
            .body(body.to_string().into()),
    };
    world.ask(request.unwrap()).await
}

async fn post(world: &World, path: &str, body: Value) -> Answer {
    world.api(Method::POST, path, Some(body)).await
}

async fn get(world: &World, path: &str) -> Answer {
    world.api(Method::GET, path, None).await
}

fn fields(answer: &Answer) -> Vec<&str> {
    answer.body["errors"]
        .as_array()
        .map(|errors| errors.iter().map(|error| error["field"].as_str().unwrap()).collect())
        .unwrap_or_default()
}

fn is(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default()),
        (status, code),
        "{answer:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_is_made_read_changed_and_removed() {
    let world = World::new().await;
    let body = json!({"name": " Shop ", "policy_id": world.cast.policy});
    let answer = post(&world, "/api/v1/services", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let id = answer.body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/services/{id}");
    assert_eq!(answer.headers["location"], path.as_str());
    assert_eq!(answer.headers["etag"], "\"1\"");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["name"], "Shop");
    assert_eq!(answer.body["urgency"], "by_severity");
    assert_eq!(answer.body["ack_timeout_seconds"], 1800);
    assert_eq!(answer.body["team_id"], Value::Null);

    let token = world.cast.token.clone();
    let change = json!({"auto_resolve_seconds": 60});
    let stale = send(
        &world,
        &token,
        Method::PATCH,
        &path,
        &[("if-match", "\"7\"")],
        Some(change.clone()),
    )
    .await;
    is(&stale, 412, "stale");
    let changed = send(
        &world,
        &token,
        Method::PATCH,
        &path,
        &[("if-match", "\"1\"")],
        Some(change.clone()),
    )
    .await;
    assert_eq!(
        (changed.status, &changed.headers["etag"]),
        (StatusCode::OK, &"\"2\"".parse().unwrap()),
        "{changed:?}"
    );
    assert_eq!(
        (
            changed.body["auto_resolve_seconds"].as_u64(),
            changed.body["name"].as_str()
        ),
        (Some(60), Some("Shop"))
    );
    // The same again changes nothing, and is no error.
    let again = send(&world, &token, Method::PATCH, &path, &[], Some(change)).await;
    assert_eq!(again.headers["etag"], "\"2\"");
    let unknown = send(
        &world,
        &token,
        Method::PATCH,
        &path,
        &[],
        Some(json!({"componentz": []})),
    )
    .await;
    assert_eq!(fields(&unknown), ["componentz"], "{unknown:?}");
    let wrong = send(
        &world,
        &token,
        Method::PATCH,
        &path,
        &[],
        Some(json!({"name": "", "ack_timeout_seconds": 604_801, "policy_id": "pol_01arz3ndektsv4rrffq69g5fav"})),
    )
    .await;
    assert_eq!(
        fields(&wrong),
        ["name", "ack_timeout_seconds", "policy_id"],
        "{wrong:?}"
    );

    let list = get(&world, "/api/v1/services?limit=1").await;
    assert_eq!(list.body["items"][0]["id"], id.as_str());
    let next = list.body["next"].as_str().unwrap();
    let rest = get(&world, &format!("/api/v1/services?limit=1&after={next}")).await;
    assert_eq!(
        (rest.body["items"].as_array().unwrap().len(), &rest.body["next"]),
        (1, &Value::Null),
        "{rest:?}"
    );

    let removed = world.api(Method::DELETE, &path, None).await;
    assert_eq!((removed.status, removed.body), (StatusCode::NO_CONTENT, json!("")));
    is(&get(&world, &path).await, 404, "not_found");
    let audit = get(&world, "/api/v1/audit?limit=3").await;
    let actions: Vec<_> = audit.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["deleted", "updated", "created"], "{audit:?}");
    assert_eq!(audit.body["items"][1]["after"]["auto_resolve_seconds"], 60);
    assert_eq!(audit.body["items"][0]["actor"]["name"], "Ana");
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_stays_and_says_by_whom() {
    let world = World::new().await;
    let team = world.made("/api/v1/teams", json!({"name": "Payments"})).await;
    let channel = world
        .made(
            "/api/v1/channels",
            json!({"name": "Room", "kind": "webhook", "address": "https://example.com/hook", "team_id": team}),
        )
        .await;
    let cleo = world
        .made(
            "/api/v1/users",
            json!({"name": "Cleo", "email": "Cleo@Example.com", "role": "responder", "team_ids": [team]}),
        )
        .await;
    let targets = json!([{"user_id": cleo}, {"channel_id": channel}]);
    let policy = world
        .made(
            "/api/v1/escalation-policies",
            json!({"name": "Night", "team_id": team, "steps": [{"escalate_after_seconds": 60, "targets": targets}]}),
        )
        .await;
    let service = world
        .made(
            "/api/v1/services",
            json!({"name": "Cards", "policy_id": policy, "team_id": team}),
        )
        .await;
    let integration = world
        .made(
            "/api/v1/integrations",
            json!({"name": "Prom", "format": "generic", "service_id": service}),
        )
        .await;

    let users = format!("/api/v1/users/{cleo}");
    let all = [
        (format!("/api/v1/services/{service}"), "Prom"),
        (format!("/api/v1/escalation-policies/{policy}"), "Cards"),
        (format!("/api/v1/channels/{channel}"), "Night"),
        (users.clone(), "Night"),
        (format!("/api/v1/teams/{team}"), "Cleo"),
    ];
    for (path, by) in &all {
        let refused = world.api(Method::DELETE, path, None).await;
        is(&refused, 409, "in_use");
        assert!(refused.body["detail"].as_str().unwrap().contains(by), "{refused:?}");
    }
    // Removed from the outside in, it all goes.
    for path in [
        format!("/api/v1/integrations/{integration}"),
        all[0].0.clone(),
        all[1].0.clone(),
        all[2].0.clone(),
        users,
        all[4].0.clone(),
    ] {
        let removed = world.api(Method::DELETE, &path, None).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{path}: {removed:?}");
    }
    // The address is free again.
    world
        .made(
            "/api/v1/users",
            json!({"name": "Cleo", "email": "cleo@example.com", "role": "viewer"}),
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_creation_sent_twice_is_one() {
    let world = World::new().await;
    let token_ = world.cast.token.clone();
    let key = [("idempotency-key", "k-1")];
    let body = json!({"name": "Grafana", "format": "generic", "service_id": world.cast.service});
    let first = send(
        &world,
        &token_,
        Method::POST,
        "/api/v1/integrations",
        &key,
        Some(body.clone()),
    )
    .await;
    let again = send(
        &world,
        &token_,
        Method::POST,
        "/api/v1/integrations",
        &key,
        Some(body.clone()),
    )
    .await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers["location"], again.headers["location"]);
    assert!(first.headers.get("idempotent-replay").is_none());
    assert_eq!(again.headers["idempotent-replay"], "true");
    let other = json!({"name": "Other", "format": "generic", "service_id": world.cast.service});
    is(
        &send(
            &world,
            &token_,
            Method::POST,
            "/api/v1/integrations",
            &key,
            Some(other.clone()),
        )
        .await,
        409,
        "idempotency_key_reused",
    );
    // A key is one person's and token's, and of one route.
    let lesser = token(&world.ctx, world.cast.ana, &[Scope::Configure]).await;
    let elsewhere = send(
        &world,
        &lesser,
        Method::POST,
        "/api/v1/integrations",
        &key,
        Some(body.clone()),
    )
    .await;
    assert_ne!(elsewhere.body["id"], first.body["id"]);
    let empty = send(
        &world,
        &token_,
        Method::POST,
        "/api/v1/integrations",
        &[("idempotency-key", "")],
        Some(body.clone()),
    )
    .await;
    assert_eq!(fields(&empty), ["Idempotency-Key"]);
    world.pass(SignedDuration::from_hours(25));
    let tomorrow = send(&world, &token_, Method::POST, "/api/v1/integrations", &key, Some(other)).await;
    assert_eq!(tomorrow.status, StatusCode::CREATED, "{tomorrow:?}");

    let body = json!({"name": "Race", "email": "race@example.com", "role": "viewer"});
    let key = [("idempotency-key", "race")];
    let race = || send(&world, &token_, Method::POST, "/api/v1/users", &key, Some(body.clone()));
    let (one, two, three) = futures_util::join!(race(), race(), race());
    for answer in [&one, &two, &three] {
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.body, one.body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_works_for_its_time_and_a_removed_one_does_not() {
    let world = World::new().await;
    let body = json!({"name": "Grafana", "format": "generic", "service_id": world.cast.service});
    let created = post(&world, "/api/v1/integrations", body).await;
    let path = format!("/api/v1/integrations/{}", created.body["id"].as_str().unwrap());
    let key = |answer: &Answer| answer.body["key"].as_str().unwrap().to_owned();
    assert_eq!(
        created.body["url"],
        format!("http://nightbell.test/hooks/{}", key(&created))
    );
    let ring = |key: String| async {
        let key = key;
        world
            .post(&format!("/hooks/{key}"), json!({"summary": "x"}).to_string())
            .await
            .status
    };
    assert_eq!(ring(key(&created)).await, StatusCode::ACCEPTED);
    let long = post(&world, &format!("{path}/rotate"), json!({"keep_old_seconds": 604_801})).await;
    assert_eq!(fields(&long), ["keep_old_seconds"]);
    let rotated = post(&world, &format!("{path}/rotate"), json!({"keep_old_seconds": 600})).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    assert_ne!(key(&rotated), key(&created));
    assert_eq!(ring(key(&created)).await, StatusCode::ACCEPTED);
    assert_eq!(ring(key(&rotated)).await, StatusCode::ACCEPTED);
    assert!(get(&world, &path).await.body.get("key").is_none());
    world.pass(SignedDuration::from_secs(600));
    assert_eq!(ring(key(&created)).await, StatusCode::NOT_FOUND);
    let third = world.api(Method::POST, &format!("{path}/rotate"), None).await;
    assert_eq!(third.status, StatusCode::OK, "{third:?}");
    assert_eq!(ring(key(&rotated)).await, StatusCode::ACCEPTED);
    assert_eq!(
        world.api(Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    world.pass(SignedDuration::from_secs(61));
    assert_eq!(ring(key(&rotated)).await, StatusCode::NOT_FOUND);
    assert_eq!(ring(key(&third)).await, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_test_alert_pages_for_real_and_the_next_joins_it() {
    let mut world = World::new().await;
    let body = json!({"name": "Grafana", "format": "generic", "service_id": world.cast.service});
    let id = world.made("/api/v1/integrations", body).await;
    let path = format!("/api/v1/integrations/{id}/test");
    let first = world.api(Method::POST, &path, None).await;
    assert_eq!(
        (first.status, first.body["outcome"].as_str()),
        (StatusCode::ACCEPTED, Some("created")),
        "{first:?}"
    );
    let second = world.api(Method::POST, &path, None).await;
    assert_eq!(
        (second.body["outcome"].as_str(), &second.body["incident_id"]),
        (Some("merged"), &first.body["incident_id"])
    );
    world.drain().await;
    assert_eq!(world.outbox().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_contact_is_used_once_its_code_came_back() {
    let mut world = World::new().await;
    let cleo = world
        .made(
            "/api/v1/users",
            json!({"name": "Cleo", "email": "cleo@example.com", "role": "responder"}),
        )
        .await;
    let bad = post(
        &world,
        "/api/v1/contacts",
        json!({"user_id": cleo, "kind": "sms", "address": "0151"}),
    )
    .await;
    assert_eq!(fields(&bad), ["address"]);
    let contact = world
        .made(
            "/api/v1/contacts",
            json!({"user_id": cleo, "kind": "sms", "address": "+15550199999"}),
        )
        .await;
    let path = format!("/api/v1/contacts/{contact}");
    let asked = world.api(Method::POST, &format!("{path}/verify"), None).await;
    assert_eq!(
        (asked.status, &asked.body["verified_at"]),
        (StatusCode::OK, &Value::Null),
        "{asked:?}"
    );
    let soon = world.api(Method::POST, &format!("{path}/verify"), None).await;
    is(&soon, 429, "too_many_requests");
    assert_eq!(soon.headers["retry-after"], "60");
    world.drain().await;
    let sent = world.outbox().await;
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, "+15550199999"));
    let code: String = sent[0]
        .body
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| digits.len() == 6)
        .unwrap()
        .into();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert_eq!(
            fields(&post(&world, &format!("{path}/confirm"), json!({"code": wrong})).await),
            ["code"]
        );
    }
    let right = post(&world, &format!("{path}/confirm"), json!({"code": code})).await;
    assert_eq!(right.status, StatusCode::OK, "{right:?}");
    assert!(right.body["verified_at"].is_string() && right.body["code_sent_at"].is_null());

    let list = get(&world, &format!("/api/v1/contacts?user_id={cleo}")).await;
    assert_eq!(
        (list.body["items"].as_array().unwrap().len(), &list.body["next"]),
        (1, &Value::Null)
    );
    let moved = world
        .api(Method::PATCH, &path, Some(json!({"address": "+15550188888"})))
        .await;
    assert_eq!(
        (moved.status, &moved.body["verified_at"]),
        (StatusCode::OK, &Value::Null),
        "{moved:?}"
    );
    let fixed = world.api(Method::PATCH, &path, Some(json!({"kind": "voice"}))).await;
    assert_eq!(fields(&fixed), ["kind"]);
    world.pass(SignedDuration::from_secs(1));
    let asked = world.api(Method::POST, &format!("{path}/verify"), None).await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    for _ in 0..5 {
        assert_eq!(
            post(&world, &format!("{path}/confirm"), json!({"code": wrong}))
                .await
                .status,
            StatusCode::BAD_REQUEST
        );
    }
    world.drain().await;
    let sent = world.outbox().await;
    let code: String = sent[1]
        .body
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| digits.len() == 6)
        .unwrap()
        .into();
    let over = post(&world, &format!("{path}/confirm"), json!({"code": code})).await;
    assert_eq!(over.status, StatusCode::BAD_REQUEST, "{over:?}");
}

#[tokio::test(start_paused = true)]
async fn rules_keep_their_contact_and_replace_one_another() {
    let world = World::new().await;
    let me = get(&world, "/api/v1/users/me").await;
    assert_eq!((me.status, me.body["name"].as_str()), (StatusCode::OK, Some("Ana")));
    let path = format!("/api/v1/users/{}/notification-rules", world.cast.ana);
    let before = get(&world, &path).await;
    assert_eq!(before.body, json!({"high": [], "low": []}));
    let contacts = get(&world, "/api/v1/contacts").await;
    let contact = contacts.body["items"][0]["id"].as_str().unwrap().to_owned();
    let rules = json!({"high": [{"after_seconds": 120, "contact_id": contact}]});
    let token_ = world.cast.token.clone();
    let etag = before.headers["etag"].to_str().unwrap().to_owned();
    let put = send(
        &world,
        &token_,
        Method::PUT,
        &path,
        &[("if-match", &etag)],
        Some(rules.clone()),
    )
    .await;
    assert_eq!(put.status, StatusCode::OK, "{put:?}");
    is(
        &send(
            &world,
            &token_,
            Method::PUT,
            &path,
            &[("if-match", &etag)],
            Some(json!({})),
        )
        .await,
        412,
        "stale",
    );
    let removed = world
        .api(Method::DELETE, &format!("/api/v1/contacts/{contact}"), None)
        .await;
    is(&removed, 409, "in_use");
    assert_eq!(
        world.api(Method::PUT, &path, Some(json!({}))).await.status,
        StatusCode::OK
    );
    let removed = world
        .api(Method::DELETE, &format!("/api/v1/contacts/{contact}"), None)
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
    is(
        &get(&world, &format!("/api/v1/contacts/{contact}")).await,
        404,
        "not_found",
    );
}

#[tokio::test(start_paused = true)]
async fn there_is_always_an_owner_and_nobody_removes_themselves() {
    let world = World::new().await;
    let ana = format!("/api/v1/users/{}", world.cast.ana);
    is(
        &world.api(Method::PATCH, &ana, Some(json!({"role": "admin"}))).await,
        409,
        "last_owner",
    );
    is(&world.api(Method::DELETE, &ana, None).await, 409, "yourself");
    let dora = person(&world.ctx, "Dora", Role::Owner, "+15550777777").await;
    let doras = token(&world.ctx, dora, &ALL).await;
    let demote = |token: String, path: String| async {
        let (token, path) = (token, path);
        world
            .api_as(&token, Method::PATCH, &path, Some(json!({"role": "admin"})))
            .await
    };
    let dora_path = format!("/api/v1/users/{dora}");
    let (one, other) = futures_util::join!(
        demote(world.cast.token.clone(), dora_path.clone()),
        demote(doras.clone(), ana.clone())
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses[0] == 200 && statuses[1] >= 400, "{one:?} {other:?}");
    assert_eq!(world.ctx.store.owners().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn everybody_may_do_what_their_role_team_and_token_say() {
    let world = World::new().await;
    let team = world.made("/api/v1/teams", json!({"name": "Payments"})).await;
    let ben = world.cast.ben;
    let bens = token(&world.ctx, ben, &[Scope::Read, Scope::Respond, Scope::Configure]).await;
    let service = |team: Option<&str>| json!({"name": "S", "policy_id": world.cast.policy, "team_id": team});
    let ask = |method: Method, path: &str, body: Option<Value>| {
        let (bens, path, world) = (bens.clone(), path.to_owned(), &world);
        async move { world.api_as(&bens, method, &path, body).await }
    };
    is(
        &ask(Method::POST, "/api/v1/services", Some(service(None))).await,
        403,
        "forbidden",
    );
    is(
        &ask(Method::POST, "/api/v1/services", Some(service(Some(&team)))).await,
        404,
        "not_found",
    );
    let path = format!("/api/v1/users/{ben}");
    assert_eq!(
        world
            .api(Method::PATCH, &path, Some(json!({"team_ids": [team]})))
            .await
            .status,
        StatusCode::OK
    );
    let mine = ask(Method::POST, "/api/v1/services", Some(service(Some(&team)))).await;
    assert_eq!(mine.status, StatusCode::CREATED, "{mine:?}");
    let mine = format!("/api/v1/services/{}", mine.body["id"].as_str().unwrap());
    is(
        &ask(Method::PATCH, &mine, Some(json!({"team_id": null}))).await,
        403,
        "forbidden",
    );
    is(
        &ask(Method::PATCH, &path, Some(json!({"role": "owner"}))).await,
        403,
        "forbidden",
    );
    let renamed = ask(
        Method::PATCH,
        &path,
        Some(json!({"name": "Benjamin", "time_zone": "europe/london"})),
    )
    .await;
    assert_eq!(
        (renamed.body["name"].as_str(), renamed.body["time_zone"].as_str()),
        (Some("Benjamin"), Some("Europe/London")),
        "{renamed:?}"
    );
    is(
        &ask(
            Method::PATCH,
            &format!("/api/v1/users/{}", world.cast.ana),
            Some(json!({"name": "x"})),
        )
        .await,
        403,
        "forbidden",
    );
    is(&ask(Method::GET, "/api/v1/audit", None).await, 403, "forbidden");
    is(
        &ask(
            Method::DELETE,
            &format!("/api/v1/escalation-policies/{}", world.cast.policy),
            None,
        )
        .await,
        403,
        "forbidden",
    );
    // Credentials before ids and bodies.
    let nobody = world
        .api_as(
            "nb_wrong",
            Method::PATCH,
            "/api/v1/services/nonsense",
            Some(json!({"x": 1})),
        )
        .await;
    is(&nobody, 401, "unauthenticated");
    is(
        &world.api(Method::GET, "/api/v1/services/nonsense", None).await,
        404,
        "not_found",
    );
    is(
        &world.api(Method::GET, "/api/v1/nonsense", None).await,
        404,
        "not_found",
    );
    let method = world.api(Method::PUT, "/api/v1/services", None).await;
    is(&method, 405, "method_not_allowed");
    assert!(method.headers["allow"].to_str().unwrap().contains("POST"), "{method:?}");
    let health = get(&world, "/healthz").await;
    assert_eq!(health.body, json!({"status": "ok", "version": "test"}));
}

#[tokio::test(start_paused = true)]
async fn a_token_mints_no_more_than_itself() {
    let world = World::new().await;
    let lesser = post(
        &world,
        "/api/v1/tokens",
        json!({"name": "ci", "scopes": ["read", "configure"], "expires_at": "2026-03-02T00:00:00Z"}),
    )
    .await;
    assert_eq!(lesser.status, StatusCode::CREATED, "{lesser:?}");
    let text = lesser.body["token"].as_str().unwrap().to_owned();
    let mint = |body: Value| {
        let (text, world) = (text.clone(), &world);
        async move { world.api_as(&text, Method::POST, "/api/v1/tokens", Some(body)).await }
    };
    let more = mint(json!({"name": "x", "scopes": ["administer"]})).await;
    assert_eq!(fields(&more), ["scopes[0]", "expires_at"], "{more:?}");
    let equal = mint(json!({"name": "x", "scopes": ["configure"], "expires_at": "2026-03-02T00:00:00Z"})).await;
    assert_eq!(equal.status, StatusCode::CREATED, "{equal:?}");
    let path = format!("/api/v1/tokens/{}", lesser.body["id"].as_str().unwrap());
    let widened = world
        .api(Method::PATCH, &path, Some(json!({"scopes": ["administer"]})))
        .await;
    assert_eq!(fields(&widened), ["scopes"]);
    let bens = token(&world.ctx, world.cast.ben, &ALL).await;
    let seen = world.api_as(&bens, Method::GET, "/api/v1/tokens", None).await;
    assert_eq!(seen.body["items"].as_array().unwrap().len(), 1, "{seen:?}");
    is(&world.api_as(&bens, Method::GET, &path, None).await, 404, "not_found");
    is(
        &world.api_as(&bens, Method::DELETE, &path, None).await,
        404,
        "not_found",
    );
    assert_eq!(
        world.api(Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    is(
        &mint(json!({"name": "x", "scopes": ["read"]})).await,
        401,
        "unauthenticated",
    );
    let gone = world
        .made(
            "/api/v1/users",
            json!({"name": "Cleo", "email": "cleo@example.com", "role": "admin"}),
        )
        .await;
    let cleos = token(&world.ctx, gone.parse().unwrap(), &ALL).await;
    assert_eq!(
        world.api_as(&cleos, Method::GET, "/api/v1/users/me", None).await.status,
        StatusCode::OK
    );
    assert_eq!(
        world
            .api(Method::DELETE, &format!("/api/v1/users/{gone}"), None)
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    is(
        &world.api_as(&cleos, Method::GET, "/api/v1/users/me", None).await,
        401,
        "unauthenticated",
    );
    let all = get(&world, "/api/v1/tokens").await;
    assert!(
        all.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|token| token["user_id"] != gone.as_str()),
        "{all:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_email_address_is_one_persons() {
    let world = World::new().await;
    is(
        &post(
            &world,
            "/api/v1/users",
            json!({"name": "Ana 2", "email": "ANA@example.com", "role": "viewer"}),
        )
        .await,
        409,
        "email_taken",
    );
    let ben = format!("/api/v1/users/{}", world.cast.ben);
    is(
        &world
            .api(Method::PATCH, &ben, Some(json!({"email": "ana@example.com"})))
            .await,
        409,
        "email_taken",
    );
    assert_eq!(
        world
            .api(Method::PATCH, &ben, Some(json!({"email": "Benny@example.com"})))
            .await
            .body["email"],
        "benny@example.com"
    );
    world
        .made(
            "/api/v1/users",
            json!({"name": "Ben 2", "email": "ben@example.com", "role": "viewer"}),
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_a_hundred_targets_fits_one_write_and_is_previewed() {
    let world = World::new().await;
    let mut steps = Vec::new();
    for step in 0..10 {
        let mut targets = Vec::new();
        for target in 0..10 {
            let address = format!("https://example.com/{step}/{target}");
            targets.push(json!({"channel_id": world.made("/api/v1/channels", json!({"name": "C", "kind": "webhook", "address": address})).await}));
        }
        steps.push(json!({"escalate_after_seconds": 60, "targets": targets}));
    }
    let token_ = world.cast.token.clone();
    let body = json!({"name": "Everybody", "repeat": 1, "steps": steps});
    let made = send(
        &world,
        &token_,
        Method::POST,
        "/api/v1/escalation-policies",
        &[("idempotency-key", "big")],
        Some(body),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let path = format!(
        "/api/v1/escalation-policies/{}/preview?at=2026-03-01T00:00:00Z&urgency=low",
        made.body["id"].as_str().unwrap()
    );
    let preview = world.api(Method::POST, &path, None).await;
    assert_eq!(preview.body["unanswered_at"], "2026-03-01T00:20:00Z", "{preview:?}");
    assert_eq!(preview.body["steps"].as_array().unwrap().len(), 10);
    let missing = json!({"name": "x", "steps": [{"escalate_after_seconds": 60, "targets": [{"user_id": world.cast.ana}, {"user_id": "usr_01arz3ndektsv4rrffq69g5fav"}, {"schedule_id": "sch_01arz3ndektsv4rrffq69g5fav"}]}]});
    let missing = post(&world, "/api/v1/escalation-policies", missing).await;
    assert_eq!(
        fields(&missing),
        ["steps[0].targets[2]", "steps[0].targets[1]"],
        "{missing:?}"
    );
    let inward = post(
        &world,
        "/api/v1/channels",
        json!({"name": "C", "kind": "webhook", "address": "http://169.254.169.254/"}),
    )
    .await;
    assert_eq!(fields(&inward), ["address"]);
    let sms = post(
        &world,
        "/api/v1/channels",
        json!({"name": "C", "kind": "sms", "address": "https://example.com"}),
    )
    .await;
    assert_eq!(fields(&sms), ["kind"]);
}

#[tokio::test(start_paused = true)]
async fn ten_owners_eight_contacts_and_no_more() {
    let world = World::new().await;
    for n in 0..9 {
        world
            .made(
                "/api/v1/users",
                json!({"name": "O", "email": format!("o{n}@example.com"), "role": "owner"}),
            )
            .await;
    }
    is(
        &post(
            &world,
            "/api/v1/users",
            json!({"name": "O", "email": "o@example.com", "role": "owner"}),
        )
        .await,
        409,
        "too_many_owners",
    );
    let contact =
        |n: u32| json!({"user_id": world.cast.ana, "kind": "email", "address": format!("ana{n}@example.com")});
    for n in 0..6 {
        world.made("/api/v1/contacts", contact(n)).await;
    }
    is(
        &post(&world, "/api/v1/contacts", contact(7)).await,
        409,
        "too_many_contacts",
    );
    let list = get(&world, "/api/v1/contacts?limit=5").await;
    let next = list.body["next"].as_str().unwrap();
    let rest = get(&world, &format!("/api/v1/contacts?limit=5&after={next}")).await;
    assert_eq!(
        (rest.body["items"].as_array().unwrap().len(), &rest.body["next"]),
        (3, &Value::Null)
    );
    let document = get(&world, "/api/v1/openapi.json").await;
    assert_eq!(document.body["openapi"], "3.1.0");
}

#[tokio::test(start_paused = true)]
async fn an_owners_contacts_are_not_an_admins_to_change() {
    let world = World::new().await;
    let ada = person(&world.ctx, "Ada", Role::Admin, "+15550102").await;
    let admin = token(&world.ctx, ada, &[Scope::Configure, Scope::Administer]).await;
    let contact = |user| json!({ "user_id": user, "kind": "email", "address": "elsewhere@example.com" });
    let of_owner = world
        .api_as(&admin, Method::POST, "/api/v1/contacts", Some(contact(world.cast.ana)))
        .await;
    assert_eq!(of_owner.status, StatusCode::FORBIDDEN, "{of_owner:?}");
    let of_responder = world
        .api_as(&admin, Method::POST, "/api/v1/contacts", Some(contact(world.cast.ben)))
        .await;
    assert_eq!(of_responder.status, StatusCode::CREATED, "{of_responder:?}");
    let listed = world
        .api(
            Method::GET,
            &format!("/api/v1/contacts?user_id={}", world.cast.ana),
            None,
        )
        .await;
    let path = format!("/api/v1/contacts/{}", listed.body["items"][0]["id"].as_str().unwrap());
    // A colleague is told that there is one, not where: the person and admins are.
    let bens = token(&world.ctx, world.cast.ben, &ALL).await;
    let addresses = async |token: &str| {
        let one = world.api_as(token, Method::GET, &path, None).await.body["address"].clone();
        let all = world
            .api_as(
                token,
                Method::GET,
                &format!("/api/v1/contacts?user_id={}", world.cast.ana),
                None,
            )
            .await;
        assert_eq!(all.body["items"][0]["address"], one);
        one.as_str().unwrap().to_owned()
    };
    assert!(addresses(&bens).await.contains('•'));
    assert!(!addresses(&admin).await.contains('•'));
    assert!(!addresses(&world.cast.token.clone()).await.contains('•'));
    assert_eq!(
        world.api_as(&admin, Method::DELETE, &path, None).await.status,
        StatusCode::FORBIDDEN
    );
}
