//! A picture's way from a browser into a profile, and every way in which it does not get there.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use nightbell_local::engine::objects::Created;
use nightbell_tests::people::token;
use nightbell_tests::{Answer, Break, Moment, World, form};
use serde_json::{Value, json};
use shared::domain::id::{UploadId, UserId};
use shared::domain::people::User;
use shared::domain::principal::Scope;
use shared::object::{Body, Unless};

const JPEG: &[u8] = include_bytes!("../fixtures/pictures/progressive.jpg");
const OTHER: &[u8] = include_bytes!("../fixtures/pictures/cmyk.jpg");
const ME: &str = "/api/v1/users/me/avatar";

fn body() -> Value {
    json!({ "content_type": "image/jpeg", "bytes": JPEG.len() })
}

/// A ticket of the owner's: its id and the key of its object.
async fn ticket(world: &World) -> (UploadId, String) {
    let answer = world.api(Method::POST, ME, Some(body())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&answer.body["upload_id"]).parse().unwrap(),
        text(&answer.body["fields"]["key"]),
    )
}

/// What a browser's post leaves in the bucket.
async fn stored(world: &World, key: &str, bytes: &'static [u8]) {
    let body = Body {
        bytes: Bytes::from_static(bytes),
        content_type: "image/jpeg",
        ..Body::default()
    };
    world.ctx.objects.uploads().put(key, body, Unless::Never).await.unwrap();
}

async fn avatar(world: &World) -> Value {
    let answer = world.api(Method::GET, ME, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

/// What is in the public bucket, and in that of uploads.
async fn objects(world: &World) -> (Vec<String>, Vec<String>) {
    let keys = async |bucket: &shared::object::Bucket| {
        let listed = bucket.list("", None).await.unwrap();
        listed.into_iter().map(|object| object.key).collect::<Vec<_>>()
    };
    (
        keys(world.ctx.objects.public()).await,
        keys(world.ctx.objects.uploads()).await,
    )
}

/// Exactly the picture that `GET` tells of is kept, and nothing waits.
async fn assert_settled(world: &mut World) {
    world.assert_idle().await;
    let told = avatar(world).await;
    let mut expected: Vec<String> = told["urls"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, url)| url.as_str().unwrap().replace("http://nightbell.test/", ""))
        .collect();
    expected.sort();
    assert_eq!(objects(world).await, (expected, vec![]), "{told}");
}

async fn get(world: &World, url: &str) -> Answer {
    let path = url.strip_prefix("http://nightbell.test").expect("a URL of ours");
    world.ask(Request::get(path).body(Default::default()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_picture_becomes_a_face_everywhere_and_the_upload_is_gone() {
    let mut world = World::new().await;
    let (id, key) = ticket(&world).await;
    assert_eq!(key, format!("incoming/{}/{id}", world.cast.ana));
    assert_eq!(avatar(&world).await["upload"]["state"], "pending");
    stored(&world, &key, JPEG).await;
    world.drain().await;
    let told = avatar(&world).await;
    assert_eq!(told["upload"], json!({ "id": id, "state": "ready", "reason": null }));
    for size in ["64", "256", "512"] {
        let url = told["urls"][size].as_str().unwrap();
        assert!(
            url.contains(&world.cast.ana.to_string()) && url.ends_with(&format!("-{size}.jpg")),
            "{url}"
        );
        let served = get(&world, url).await;
        assert_eq!(served.status, StatusCode::OK);
        assert_eq!(served.headers["content-type"], "image/jpeg");
        assert_eq!(served.headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(served.headers["content-security-policy"], "default-src 'none'; sandbox");
        assert_eq!(served.headers["x-content-type-options"], "nosniff");
    }
    let me = world.api(Method::GET, "/api/v1/users/me", None).await;
    assert_eq!(me.body["face"]["urls"], told["urls"]);
    assert_eq!(me.body["face"]["initials"], "A");
    let all = world.api(Method::GET, "/api/v1/users", None).await;
    let faces: Vec<_> = all.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["face"]["urls"].is_null())
        .collect();
    assert_eq!(faces, [true, false], "of Ben, who has none, and Ana");
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_picture_replaces_the_old_one_and_deleting_it_leaves_nothing() {
    let mut world = World::new().await;
    for bytes in [JPEG, OTHER] {
        let (_, key) = ticket(&world).await;
        stored(&world, &key, bytes).await;
        world.drain().await;
        assert_settled(&mut world).await;
        world.pass(SignedDuration::from_secs(1));
    }
    assert_eq!(objects(&world).await.0.len(), 3);
    let deleted = world.api(Method::DELETE, ME, None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    assert_eq!(avatar(&world).await, json!({ "urls": null, "upload": null }));
    world.live(SignedDuration::from_mins(2)).await;
    assert_settled(&mut world).await;
    assert_eq!(objects(&world).await.0, Vec::<String>::new());
    let log = world.api(Method::GET, "/api/v1/audit", None).await.body;
    let said: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["action"], &entry["object"]))
        .collect();
    assert_eq!(said[0], (&json!("deleted"), &json!("picture")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn of_two_tickets_the_newer_wins_whichever_is_done_first() {
    for newer_first in [true, false] {
        let mut world = World::new().await;
        let (_, older) = ticket(&world).await;
        world.pass(SignedDuration::from_secs(1));
        let (newest, newer) = ticket(&world).await;
        let order = if newer_first {
            [&newer, &older]
        } else {
            [&older, &newer]
        };
        for key in order {
            stored(&world, key, if *key == newer { OTHER } else { JPEG }).await;
            world.drain().await;
        }
        let told = avatar(&world).await;
        assert_eq!(
            told["upload"],
            json!({ "id": newest, "state": "ready", "reason": null })
        );
        assert_settled(&mut world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn taking_a_picture_away_ends_the_tickets_before_it() {
    let mut world = World::new().await;
    let (id, key) = ticket(&world).await;
    world.pass(SignedDuration::from_secs(1));
    world.api(Method::DELETE, ME, None).await;
    stored(&world, &key, JPEG).await;
    world.drain().await;
    assert_eq!(avatar(&world).await, json!({ "urls": null, "upload": null }));
    let upload = world
        .ctx
        .store
        .upload(shared::store::UploadKey {
            user_id: world.cast.ana,
            id,
        })
        .await
        .unwrap();
    assert_eq!(format!("{:?}", upload.unwrap().value.state), "Rejected(Superseded)");
    assert_settled(&mut world).await;
    // And a later one is taken.
    world.pass(SignedDuration::from_secs(1));
    let (_, key) = ticket(&world).await;
    stored(&world, &key, JPEG).await;
    world.drain().await;
    assert_eq!(avatar(&world).await["upload"]["state"], "ready");
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn events_come_twice_late_and_out_of_order_and_change_nothing() {
    let mut world = World::new().await;
    let (_, key) = ticket(&world).await;
    stored(&world, &key, JPEG).await;
    let events = world.take_uploads();
    for _ in 0..3 {
        world.deliver_upload(&events[0]).await.unwrap();
    }
    let first = avatar(&world).await;
    assert_eq!(first["upload"]["state"], "ready");
    // The form is good for five minutes: another picture by the same ticket is not looked at, and not left lying.
    stored(&world, &key, OTHER).await;
    world.drain().await;
    assert_eq!(avatar(&world).await, first);
    world.pass(SignedDuration::from_secs(1));
    let (_, newer) = ticket(&world).await;
    stored(&world, &newer, OTHER).await;
    world.drain().await;
    let second = avatar(&world).await;
    world.deliver_upload(&events[0]).await.unwrap();
    assert_eq!(avatar(&world).await, second);
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_changed_since_its_event_is_looked_at_once_by_its_own() {
    let mut world = World::new().await;
    let (_, key) = ticket(&world).await;
    stored(&world, &key, b"not a picture").await;
    stored(&world, &key, JPEG).await;
    let [old, new]: [Created; 2] = world.take_uploads().try_into().unwrap();
    world.deliver_upload(&old).await.unwrap();
    assert_eq!(
        avatar(&world).await["upload"]["state"],
        "pending",
        "the lease is given back"
    );
    world.deliver_upload(&new).await.unwrap();
    assert_eq!(avatar(&world).await["upload"]["state"], "ready");
    assert_settled(&mut world).await;
    // And if the new one's event is lost, the sweep looks.
    world.pass(SignedDuration::from_secs(1));
    let (_, key) = ticket(&world).await;
    stored(&world, &key, b"not a picture").await;
    stored(&world, &key, OTHER).await;
    let old = world.take_uploads().remove(0);
    world.deliver_upload(&old).await.unwrap();
    world.live(SignedDuration::from_mins(4)).await;
    assert_eq!(avatar(&world).await["upload"]["state"], "ready");
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_event_is_found_by_the_sweep_and_what_never_came_is_said_to() {
    let mut world = World::new().await;
    let (_, key) = ticket(&world).await;
    stored(&world, &key, JPEG).await;
    world.take_uploads();
    world.live(SignedDuration::from_mins(8)).await;
    assert_eq!(avatar(&world).await["upload"]["state"], "ready");
    assert_settled(&mut world).await;

    let (_, key) = ticket(&world).await;
    world.live(SignedDuration::from_mins(8)).await;
    let told = avatar(&world).await;
    assert_eq!(told["upload"]["state"], "rejected");
    assert_eq!(told["upload"]["reason"], "No picture arrived. Try again.");
    assert!(told["urls"].is_object(), "the old one holds");
    // A slow line: it began in time, and is taken when it comes.
    stored(&world, &key, OTHER).await;
    world.drain().await;
    assert_eq!(avatar(&world).await["upload"]["state"], "ready");
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_around_any_write_ends_where_no_crash_does() {
    for how in [
        Break::DiesBefore,
        Break::DiesAfter,
        Break::Lost,
        Break::ReplyLost,
        Break::Throttle,
    ] {
        for write in 1..=3 {
            let mut world = World::new().await;
            let (_, first) = ticket(&world).await;
            stored(&world, &first, JPEG).await;
            world.drain().await;
            world.pass(SignedDuration::from_secs(1));
            let (id, key) = ticket(&world).await;
            stored(&world, &key, OTHER).await;
            world.wire.breaks(Moment::Write(write), how);
            world.drain().await;
            assert_eq!(world.wire.revive(), 1, "{how:?} at {write} happened");
            world.live(SignedDuration::from_mins(10)).await;
            let told = avatar(&world).await;
            assert_eq!(
                told["upload"],
                json!({ "id": id, "state": "ready", "reason": null }),
                "{how:?} at {write}"
            );
            assert_settled(&mut world).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_ends_its_function_each_time_is_given_up_and_said_to() {
    let mut world = World::new().await;
    let (_, key) = ticket(&world).await;
    stored(&world, &key, JPEG).await;
    let event = world.take_uploads().remove(0);
    for _ in 0..3 {
        world.wire.breaks(Moment::Write(1), Break::DiesAfter);
        world.deliver_upload(&event).await.unwrap_err();
        world.wire.revive();
        world.pass(SignedDuration::from_mins(2));
    }
    world.live(SignedDuration::from_mins(5)).await;
    let told = avatar(&world).await;
    assert_eq!(told["upload"]["state"], "rejected");
    assert!(
        told["upload"]["reason"]
            .as_str()
            .unwrap()
            .starts_with("The picture could not be read.")
    );
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_picture_is_refused_in_words_and_deleted() {
    let mut world = World::new().await;
    let cases: [(&'static [u8], &str); 4] = [
        (b"", "The file is empty."),
        (b"<html>", "This is not a JPEG, PNG, WebP or GIF picture"),
        (b"<svg/>", "SVG drawings are not taken."),
        (&JPEG[..400], "The picture is damaged or was cut off."),
    ];
    for (bytes, words) in cases {
        let (_, key) = ticket(&world).await;
        stored(&world, &key, bytes).await;
        world.drain().await;
        let told = avatar(&world).await;
        assert_eq!(told["upload"]["state"], "rejected");
        assert!(told["upload"]["reason"].as_str().unwrap().starts_with(words), "{told}");
        assert_settled(&mut world).await;
        world.pass(SignedDuration::from_secs(1));
    }
    // Nobody's: a key without a ticket.
    let stranger = format!("incoming/{}/{}", world.cast.ben, UploadId(ulid::Ulid::from_parts(1, 1)));
    stored(&world, &stranger, JPEG).await;
    world.drain().await;
    assert_settled(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn input_is_refused_by_name_and_nothing_is_kept_of_it() {
    let world = World::new().await;
    let refused = async |body: Value| {
        let answer = world.api(Method::POST, ME, Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        answer.body["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    let with = |field: &str, value: Value| {
        let mut body = body();
        body[field] = value;
        body
    };
    assert_eq!(
        refused(with("content_type", json!("image/svg+xml"))).await,
        "content_type"
    );
    assert_eq!(refused(with("bytes", json!(5 * 1024 * 1024 + 1))).await, "bytes");
    assert_eq!(refused(with("bytes", json!(0))).await, "bytes");
    assert_eq!(
        refused(with("crop", json!({ "x": 2, "y": 0, "size": 1 }))).await,
        "crop.x"
    );
    assert_eq!(refused(with("return_to", json!("//evil.example"))).await, "return_to");
    assert_eq!(refused(with("key", json!("incoming/x"))).await, "key");
    assert_eq!(avatar(&world).await["upload"], Value::Null);
    let nobody = world
        .api(
            Method::POST,
            &format!("/api/v1/users/{}/avatar", UserId(ulid::Ulid::nil())),
            Some(body()),
        )
        .await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let malformed = world.api(Method::GET, "/api/v1/users/usr_x/avatar", None).await;
    assert_eq!(malformed.status, StatusCode::NOT_FOUND);
    let signed_out = world.ask(Request::get(ME).body(Default::default()).unwrap()).await;
    assert_eq!(signed_out.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn people_change_their_own_picture_admins_everybodys_and_all_may_look() {
    let world = World::new().await;
    let ben = token(&world.ctx, world.cast.ben, &[Scope::Configure]).await;
    let reader = token(&world.ctx, world.cast.ben, &[Scope::Read]).await;
    let of = |user: UserId| format!("/api/v1/users/{user}/avatar");
    let (anas, bens) = (of(world.cast.ana), of(world.cast.ben));
    let status = async |token: &str, method: Method, path: &str| {
        let body = (method == Method::POST).then(body);
        world.api_as(token, method, path, body).await.status.as_u16()
    };
    assert_eq!(status(&ben, Method::POST, ME).await, 201);
    assert_eq!(status(&ben, Method::POST, &bens).await, 201);
    assert_eq!(status(&ben, Method::POST, &anas).await, 403);
    assert_eq!(status(&ben, Method::DELETE, &anas).await, 403);
    assert_eq!(status(&ben, Method::GET, &anas).await, 200);
    assert_eq!(status(&reader, Method::POST, ME).await, 403);
    assert_eq!(status(&reader, Method::GET, ME).await, 200);
    assert_eq!(status(&world.cast.token, Method::POST, &bens).await, 201);
    assert_eq!(status(&world.cast.token, Method::DELETE, &bens).await, 204);
}

#[tokio::test(start_paused = true)]
async fn thirty_tickets_in_ten_minutes_and_then_a_wait_that_is_said() {
    let world = World::new().await;
    for _ in 0..30 {
        ticket(&world).await;
    }
    let refused = world.api(Method::POST, ME, Some(body())).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers["retry-after"], "20");
    let ben = token(&world.ctx, world.cast.ben, &[Scope::Configure]).await;
    let other = world.api_as(&ben, Method::POST, ME, Some(body())).await;
    assert_eq!(other.status, StatusCode::CREATED, "nobody else waits");
    world.pass(SignedDuration::from_secs(20));
    ticket(&world).await;
}

#[tokio::test(start_paused = true)]
async fn settings_and_picture_do_not_get_in_one_anothers_way() {
    let mut world = World::new().await;
    let before = world.api(Method::GET, "/api/v1/users/me", None).await;
    let (_, key) = ticket(&world).await;
    stored(&world, &key, JPEG).await;
    world.drain().await;
    let pictured = avatar(&world).await["urls"].clone();
    let request = Request::patch(format!("/api/v1/users/{}", world.cast.ana))
        .header("authorization", format!("Bearer {}", world.cast.token))
        .header("content-type", "application/json")
        .header("if-match", before.headers["etag"].clone())
        .body(json!({ "name": "Ana B." }).to_string().into())
        .unwrap();
    let changed = world.ask(request).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.body["face"]["urls"], pictured, "the picture is no lost update");
    assert_eq!(changed.body["face"]["initials"], "AB");
    assert_settled(&mut world).await;
    // Whoever wrote the row from before the picture came loses that race.
    let read = world.ctx.store.load::<User>(world.cast.ana).await.unwrap().unwrap();
    world.pass(SignedDuration::from_secs(1));
    let (_, key) = ticket(&world).await;
    stored(&world, &key, OTHER).await;
    world.drain().await;
    let by = shared::domain::actor::Actor::system();
    let change = shared::store::Change::new(&by, world.now());
    let replaced = world.ctx.store.replace(&read, &read.value, &[], &change).await.unwrap();
    assert_eq!(replaced, shared::store::Applied::Changed);
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_takes_their_picture_along() {
    let mut world = World::new().await;
    let eve =
        nightbell_tests::people::person(&world.ctx, "Eve", shared::domain::people::Role::Viewer, "+15550199").await;
    let path = format!("/api/v1/users/{eve}/avatar");
    let made = world.api(Method::POST, &path, Some(body())).await;
    let key = made.body["fields"]["key"].as_str().unwrap().to_owned();
    let late = world.api(Method::POST, &path, Some(body())).await;
    let late = late.body["fields"]["key"].as_str().unwrap().to_owned();
    stored(&world, &key, JPEG).await;
    world.drain().await;
    assert_eq!(objects(&world).await.0.len(), 3);
    let removed = world.api(Method::DELETE, &format!("/api/v1/users/{eve}"), None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
    stored(&world, &late, OTHER).await;
    world.live(SignedDuration::from_mins(2)).await;
    assert_eq!(objects(&world).await, (vec![], vec![]));
    world.live(SignedDuration::from_mins(10)).await;
    assert_settled(&mut world).await;
}

#[tokio::test]
async fn the_embedded_s3_takes_the_form_as_it_was_given_out_and_no_other() {
    let mut world = World::new().await;
    // The engine judges forms by the machine's clock.
    let machine = Timestamp::try_from(std::time::SystemTime::now()).unwrap();
    world.pass(world.now().duration_until(machine));
    let answer = world.api(Method::POST, ME, Some(body())).await;
    let url = answer.body["url"].as_str().unwrap();
    let path = url.strip_prefix("http://nightbell.test").unwrap().to_owned();
    let fields = form::fields(&answer.body["fields"]);
    let post = async |fields: &[(String, String)], file: &[u8]| {
        let (content_type, body) = form::form(fields, file);
        let request = Request::post(&path)
            .header("content-type", content_type)
            .header("content-length", body.len())
            .header("origin", "http://nightbell.test")
            .header("host", "nightbell.test")
            .body(body.into())
            .unwrap();
        world.ask(request).await
    };
    let with = |name: &str, value: &str| form::with(&fields, name, value);
    let policy = &fields.iter().find(|(name, _)| name == "policy").unwrap().1;
    let wider = data_encoding::BASE64.decode(policy.as_bytes()).unwrap();
    let wider = String::from_utf8(wider).unwrap().replace("5242880", "5242880000");
    let wider = data_encoding::BASE64.encode(wider.as_bytes());
    let mut extra = fields.clone();
    extra.insert(0, ("acl".into(), "public-read".into()));
    let large = vec![0xff; 5 * 1024 * 1024 + 1];
    let theirs = with(
        "key",
        "incoming/usr_01arz3ndektsv4rrffq69g5fav/upl_01arz3ndektsv4rrffq69g5fav",
    );
    for (what, fields, file, status) in [
        ("a tampered policy", with("policy", &wider), JPEG, 403),
        ("another key", theirs, JPEG, 403),
        ("another content type", with("Content-Type", "text/html"), JPEG, 403),
        ("another field", extra, JPEG, 403),
        ("another signature", with("x-amz-signature", &"0".repeat(64)), JPEG, 403),
        ("a larger body", fields.clone(), &large[..], 400),
        ("no bytes", fields.clone(), &[][..], 400),
    ] {
        let refused = post(&fields, file).await;
        println!("{what}: {} {}", refused.status, refused.body);
        assert_eq!(refused.status.as_u16(), status, "{what}: {refused:?}");
    }
    assert_eq!(objects(&world).await.1, Vec::<String>::new(), "nothing was stored");

    // In two parts, cut where a boundary could begin: sockets cut where they like.
    let mut photo = JPEG.to_vec();
    photo.push(b'\r');
    photo.resize(200_000, 0);
    let (content_type, sent) = form::form(&fields, &photo);
    let cut = sent.len() - 200_000 + JPEG.len() - 20;
    let cut = cut + sent[cut..].iter().position(|byte| *byte == b'\r').unwrap() + 1;
    let parts = [&sent[..cut], &sent[cut..]].map(|part| Ok::<_, std::io::Error>(Bytes::copy_from_slice(part)));
    let request = Request::post(&path)
        .header("content-type", content_type)
        .header("content-length", sent.len())
        .header("origin", "http://nightbell.test")
        .header("host", "nightbell.test")
        .body(axum::body::Body::from_stream(futures_util::stream::iter(parts)))
        .unwrap();
    let taken = world.ask(request).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{taken:?}");
    assert_eq!(taken.headers["access-control-allow-origin"], "http://nightbell.test");
    world.drain().await;
    assert_eq!(avatar(&world).await["upload"]["state"], "ready");
    assert_settled(&mut world).await;

    // One that was given out six minutes ago.
    world.pass(SignedDuration::from_secs(-360));
    let answer = world.api(Method::POST, ME, Some(body())).await;
    let old = form::fields(&answer.body["fields"]);
    let (content_type, body) = form::form(&old, JPEG);
    let request = Request::post(&path)
        .header("content-type", content_type)
        .header("content-length", body.len())
        .header("host", "nightbell.test")
        .body(body.into())
        .unwrap();
    let refused = world.ask(request).await;
    println!("an expired form: {} {}", refused.status, refused.body);
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");

    // What is no form is not for browsers, and other pages may not post.
    let read = world.ask(Request::get(&path).body(Default::default()).unwrap()).await;
    assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED);
    let preflight = async |origin: &str| {
        let request = Request::options(&path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(Default::default())
            .unwrap();
        world.ask(request).await
    };
    assert_eq!(
        preflight("http://nightbell.test").await.headers["access-control-allow-methods"],
        "POST"
    );
    let other = preflight("http://evil.example").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"), "{other:?}");
}
