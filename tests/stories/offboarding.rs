//! Somebody leaves, and somebody else takes their place.

use http::{Method, StatusCode};
use nightbell_tests::people::{create, person, token};
use nightbell_tests::{Answer, Break, Browser, Moment, World};
use serde_json::json;
use shared::domain::id::{IncidentId, TeamId, UserId};
use shared::domain::incident::{Route, Status};
use shared::domain::people::{Role, Team, User};
use shared::domain::policy::{Policy, Target};
use shared::domain::principal::Scope;
use shared::store::Entity;

/// Ben is asked by a policy, has taken one incident, is asked by name about another, and is in a team.
struct Needed {
    world: World,
    cy: UserId,
    taken: IncidentId,
    asked: IncidentId,
    team: TeamId,
    bens_token: String,
}

async fn needed() -> Needed {
    let mut world = World::new().await;
    let cy = person(&world.ctx, "Cy", Role::Responder, "+15550102").await;
    let team = Team {
        id: TeamId(world.ctx.random.ulid(world.now())),
        name: "Night".into(),
        created_at: world.now(),
    };
    create(&world.ctx, &team, &[]).await;
    let ben = format!("/api/v1/users/{}", world.cast.ben);
    let joined = world
        .api(Method::PATCH, &ben, Some(json!({ "team_ids": [team.id] })))
        .await;
    assert_eq!(joined.status, StatusCode::OK, "{joined:?}");
    let bens_token = token(&world.ctx, world.cast.ben, &[Scope::Respond]).await;
    let (taken, asked) = (world.trigger("taken").await, world.trigger("asked").await);
    world.drain().await;
    let path = format!("/api/v1/incidents/{taken}/acknowledge");
    world.api_as(&bens_token, Method::POST, &path, None).await;
    let path = format!("/api/v1/incidents/{asked}/reassign");
    let to = json!({ "user_ids": [world.cast.ben, world.cast.ana] });
    world.api(Method::POST, &path, Some(to)).await;
    world.drain().await;
    Needed {
        world,
        cy,
        taken,
        asked,
        team: team.id,
        bens_token,
    }
}

async fn leave(world: &World, who: UserId, substitute: impl ToString) -> Answer {
    let path = format!("/api/v1/users/{who}?substitute_id={}", substitute.to_string());
    world.api(Method::DELETE, &path, None).await
}

async fn load<T: Entity>(world: &World, id: T::Id) -> Option<T> {
    world.ctx.store.load::<T>(id).await.unwrap().map(|found| found.value)
}

async fn assert_handed_over(needed: &mut Needed) {
    let (world, cy) = (&mut needed.world, needed.cy);
    world.drain().await;
    assert_eq!(load::<User>(world, world.cast.ben).await, None);
    let policy = load::<Policy>(world, world.cast.policy).await.unwrap();
    assert_eq!(policy.steps[1].targets, [Target::User(cy)]);
    let taken = world.incident(needed.taken).await;
    assert_eq!(taken.status, Status::Triggered, "nobody has it");
    assert!(
        matches!(&taken.route, Route::People { users, .. } if *users == [cy]),
        "{taken:?}"
    );
    let asked = world.incident(needed.asked).await;
    assert!(
        matches!(&asked.route, Route::People { users, .. } if *users == [cy, world.cast.ana]),
        "{asked:?}"
    );
    assert_eq!(load::<User>(world, cy).await.unwrap().team_ids, [needed.team]);
    let texts = world
        .outbox()
        .await
        .into_iter()
        .filter(|message| message.to == "+15550102");
    let about: Vec<_> = texts.filter_map(|message| message.incident_id).collect();
    assert!(
        about.contains(&needed.taken) && about.contains(&needed.asked),
        "{about:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_somebody_is_needed_for_is_named_and_handed_over_in_one_go() {
    let mut needed = needed().await;
    let ben = needed.world.cast.ben;
    let world = &needed.world;
    let mut bens = Browser::signed_in(world, ben).await;
    let refused = world.api(Method::DELETE, &format!("/api/v1/users/{ben}"), None).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::CONFLICT, &json!("in_use"))
    );
    let detail = refused.body["detail"].as_str().unwrap();
    for words in ["Everybody", &needed.taken.to_string(), &needed.asked.to_string()] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let mut anas = Browser::signed_in(world, world.cast.ana).await;
    anas.get(world, &format!("/people/{ben}/leave")).await;
    for words in [
        "Ben</span> leaves",
        ">Everybody</a>",
        &format!("/incidents/{}", needed.taken),
        &format!(r#"<option value="{}">Cy<"#, needed.cy),
        "They join",
    ] {
        assert!(anas.page.contains(words), "{words}: {}", anas.page);
    }
    assert!(
        !anas.page.contains(&format!(r#"<option value="{ben}""#)),
        "not themselves"
    );

    let left = leave(world, ben, needed.cy).await;
    assert_eq!(left.status, StatusCode::NO_CONTENT, "{left:?}");
    assert_eq!(leave(world, ben, needed.cy).await.status, StatusCode::NOT_FOUND, "once");
    assert!(!bens.is_in(world).await, "their sessions ended");
    let asked = world
        .api_as(&needed.bens_token, Method::GET, "/api/v1/incidents", None)
        .await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "their tokens ended");
    let tokens = world.api(Method::GET, "/api/v1/tokens", None).await.body;
    assert!(!tokens.to_string().contains(&ben.to_string()), "{tokens}");
    let audit = world.api(Method::GET, "/api/v1/audit", None).await.body;
    let entries = audit["items"].as_array().unwrap();
    let told = |action: &str, id: &str| {
        entries
            .iter()
            .any(|entry| entry["action"] == action && entry["object_id"] == id)
    };
    assert!(
        told("deleted", &ben.to_string()) && told("updated", &world.cast.policy.to_string()),
        "{audit}"
    );
    let path = format!("/api/v1/incidents/{}/timeline", needed.taken);
    let timeline = world.api(Method::GET, &path, None).await.body.to_string();
    assert!(timeline.contains("reassigned it to Cy"), "{timeline}");
    assert_handed_over(&mut needed).await;
}

#[tokio::test(start_paused = true)]
async fn cut_off_at_any_write_it_goes_on_where_it_stopped() {
    for n in 1.. {
        let mut needed = needed().await;
        let world = &needed.world;
        world.wire.breaks(Moment::Write(n), Break::DiesAfter);
        let first = leave(world, world.cast.ben, needed.cy).await;
        let broken = world.wire.revive() > 0;
        if broken {
            assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE, "write {n}: {first:?}");
            let again = leave(world, world.cast.ben, needed.cy).await;
            let fits = [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND].contains(&again.status);
            assert!(fits, "write {n}: {again:?}");
        }
        assert_handed_over(&mut needed).await;
        let tokens = needed.world.api(Method::GET, "/api/v1/tokens", None).await.body;
        assert_eq!(tokens["items"].as_array().unwrap().len(), 1, "write {n}: {tokens}");
        if !broken {
            assert!(n > 5, "team, policy, two incidents, the person and a token are written");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_handed_over_where_it_may_not() {
    let needed = needed().await;
    let (world, ben, ana) = (&needed.world, needed.world.cast.ben, needed.world.cast.ana);
    let viewer = person(&world.ctx, "Vi", Role::Viewer, "+15550104").await;
    let unreachable = world
        .api(
            Method::POST,
            "/api/v1/users",
            Some(json!({ "name": "Uma", "email": "uma@example.com", "role": "responder" })),
        )
        .await;
    let unreachable = unreachable.body["id"].as_str().unwrap().to_owned();
    for (substitute, words) in [
        (viewer.to_string(), "viewer"),
        (unreachable, "cannot be reached"),
        (ben.to_string(), "who leaves"),
        ("usr_01arz3ndektsv4rrffq69g5fav".into(), "there is no person"),
        ("chn_01arz3ndektsv4rrffq69g5fav".into(), ""),
    ] {
        let refused = leave(world, ben, &substitute).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{substitute}: {refused:?}");
        let error = &refused.body["errors"][0];
        assert_eq!(error["field"], "substitute_id", "{refused:?}");
        assert!(error["message"].as_str().unwrap().contains(words), "{refused:?}");
    }
    let di = person(&world.ctx, "Di", Role::Admin, "+15550103").await;
    let dis = token(&world.ctx, di, &[Scope::Configure, Scope::Administer]).await;
    let cys = token(&world.ctx, needed.cy, &[Scope::Configure]).await;
    let path = |who: UserId| format!("/api/v1/users/{who}?substitute_id={}", needed.cy);
    for (token, who, status) in [
        (&dis, ana, StatusCode::FORBIDDEN),
        (&cys, ben, StatusCode::FORBIDDEN),
        (&dis, di, StatusCode::CONFLICT),
        (&world.cast.token, ana, StatusCode::CONFLICT),
    ] {
        let refused = world.api_as(token, Method::DELETE, &path(who), None).await;
        assert_eq!(refused.status, status, "{refused:?}");
    }
    let mut cys = Browser::signed_in(world, needed.cy).await;
    assert_eq!(
        cys.get(world, &format!("/people/{ben}/leave")).await.status,
        StatusCode::FORBIDDEN
    );
    let policy = load::<Policy>(world, world.cast.policy).await.unwrap();
    assert_eq!(policy.steps[1].targets, [Target::User(ben)], "nothing changed");
    assert_eq!(policy.steps[0].targets, [Target::User(ana)], "nothing changed");
}
