//! What is asked for twice, by one or by two: changes over what was not seen, and creations with one name.

use super::stage::{Asker, Stage, Whose, assert_described};

fn asker<'a>(askers: &'a [Asker], name: &str) -> &'a Asker {
    askers.iter().find(|asker| asker.name == name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_change_is_lost_that_was_not_seen() {
    let mut stage = Stage::new().await;
    let askers = std::mem::take(&mut stage.askers);
    let owner = asker(&askers, "owner");
    let mut count = 0;
    for operation in stage
        .operations()
        .into_iter()
        .filter(|operation| operation.takes("If-Match"))
    {
        count += 1;
        let whose = *operation.whose().first().unwrap();
        let whose = if whose == Whose::Own { Whose::Others } else { whose };
        let (path, body) = stage.request(&operation, whose, owner).await;
        // What is asked for below a thing is an act on it.
        let read = ["/rotate", "/updates", "/withdraw", "/publish"]
            .iter()
            .find_map(|act| Some(path.split_once(act)?.0))
            .unwrap_or(&path);
        let tag = async |stage: &Stage| {
            let answer = stage.ask(owner, &http::Method::GET, read, &[], None).await;
            answer.headers["etag"].to_str().unwrap().to_owned()
        };
        let seen = tag(&stage).await;
        for stale in ["\"999\"", "W/\"1\"", "\"x\"", "\"998\", \"999\""] {
            let answer = stage
                .ask(owner, &operation.method, &path, &[("if-match", stale)], body.as_ref())
                .await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (412, &"stale".into()),
                "{path} {stale}"
            );
            assert_described(&stage, &operation, &answer);
        }
        for malformed in ["3", "", "\"3", "*, \"3\""] {
            let answer = stage
                .ask(
                    owner,
                    &operation.method,
                    &path,
                    &[("if-match", malformed)],
                    body.as_ref(),
                )
                .await;
            assert_eq!(answer.status, 400, "{path} {malformed}: {answer:?}");
            assert_eq!(answer.body["errors"][0]["field"], "If-Match");
        }
        assert_eq!(tag(&stage).await, seen, "{path}: a refused change changes nothing");
        let done = stage
            .ask(owner, &operation.method, &path, &[("if-match", &seen)], body.as_ref())
            .await;
        assert!(done.status.is_success(), "{path}: {done:?}");
        assert_described(&stage, &operation, &done);
        if operation.method == http::Method::DELETE {
            let gone = stage.ask(owner, &http::Method::GET, read, &[], None).await;
            assert_eq!(gone.status, 404, "{path}");
            continue;
        }
        // What it answered is what is read, and what was seen before is stale, if anything changed.
        assert_eq!(done.headers["etag"], tag(&stage).await.as_str(), "{path}");
        if done.headers["etag"] != seen.as_str() {
            let late = stage
                .ask(owner, &operation.method, &path, &[("if-match", &seen)], body.as_ref())
                .await;
            assert_eq!(late.status, 412, "{path}: {late:?}");
        }
    }
    println!("lost updates: {count} operations");
    assert!(count >= 17, "{count}");
}

#[tokio::test(start_paused = true)]
async fn a_creation_with_a_name_is_made_once_by_each_who_names_it() {
    let mut stage = Stage::new().await;
    let askers = std::mem::take(&mut stage.askers);
    let (owner, admin) = (asker(&askers, "owner"), asker(&askers, "admin"));
    let key = [("idempotency-key", "the same for all")];
    let mut count = 0;
    for operation in stage
        .operations()
        .into_iter()
        .filter(|operation| operation.takes("Idempotency-Key"))
    {
        count += 1;
        let whose = match operation.whose().first().unwrap() {
            Whose::Own => Whose::Others,
            other => *other,
        };
        let (path, body) = stage.request(&operation, whose, owner).await;
        let body = body.unwrap();
        // What is added to something is no thing of its own.
        let done = if operation.path.contains("{id}") { 200 } else { 201 };
        let first = stage.ask(owner, &operation.method, &path, &key, Some(&body)).await;
        assert_eq!(first.status, done, "{path}: {first:?}");
        let again = stage.ask(owner, &operation.method, &path, &key, Some(&body)).await;
        assert_eq!((again.status.as_u16(), &again.body), (done, &first.body), "{path}");
        assert_eq!(again.headers["etag"], first.headers["etag"], "{path}");
        assert_eq!(again.headers.get("location"), first.headers.get("location"), "{path}");
        assert_eq!(first.headers.contains_key("location"), done == 201, "{path}");
        assert_eq!(again.headers["idempotent-replay"], "true", "{path}");
        assert!(!first.headers.contains_key("idempotent-replay"), "{path}");
        let other = stage.request(&operation, whose, owner).await.1.unwrap();
        let reused = stage.ask(owner, &operation.method, &path, &key, Some(&other)).await;
        assert_eq!(
            (reused.status.as_u16(), &reused.body["code"]),
            (409, &"idempotency_key_reused".into()),
            "{path}: {reused:?}"
        );
        assert_described(&stage, &operation, &reused);
        // The name is one's own: somebody else's request with it is another one.
        let theirs = stage.request(&operation, whose, admin).await.1.unwrap();
        let theirs = stage.ask(admin, &operation.method, &path, &key, Some(&theirs)).await;
        assert_eq!(theirs.status, done, "{path}: {theirs:?}");
        assert_ne!(theirs.body, first.body, "{path}");
        let nameless = stage.request(&operation, whose, owner).await.1.unwrap();
        for bad in ["", &"x".repeat(256), "a\tb"] {
            let refused = stage
                .ask(
                    owner,
                    &operation.method,
                    &path,
                    &[("idempotency-key", bad)],
                    Some(&nameless),
                )
                .await;
            assert_eq!(refused.status, 400, "{path}: {refused:?}");
            assert_eq!(refused.body["errors"][0]["field"], "Idempotency-Key");
        }
    }
    println!("creations: {count} operations");
    assert!(count >= 11, "{count}");
}
