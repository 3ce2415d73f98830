//! The buckets by the SDK and through the shared edge: what S3 promises of them.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use shared::object::{Body, Bucket, ObjectError, Put, Unless};

use super::*;
use crate::home::testing::Folder;

fn body(text: &str) -> Body {
    Body {
        bytes: text.to_owned().into(),
        content_type: "text/plain; charset=utf-8",
        cache_control: "max-age=5",
        metadata: HashMap::from([("revision".into(), "7".into())]),
    }
}

fn bucket(objects: &Objects) -> Bucket {
    Bucket::new(objects.client(), PUBLIC)
}

#[tokio::test]
async fn an_object_is_read_as_it_was_written_within_a_limit_and_only_if_it_is_the_one() {
    let bucket = bucket(&Objects::memory("secret".into(), Clock::System));
    assert_eq!(bucket.get("a/b", 100, None).await.unwrap(), None);
    let Put::Written(etag) = bucket.put("a/b", body("hello"), Unless::Never).await.unwrap() else {
        panic!("it is not written")
    };
    assert_eq!(etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    let read = bucket.get("a/b", 5, Some(&etag)).await.unwrap().unwrap();
    assert_eq!((&read.bytes[..], read.etag.as_str()), (&b"hello"[..], etag.as_str()));
    assert_eq!(read.content_type.as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(read.metadata["revision"], "7");
    let too_large = bucket.get("a/b", 4, None).await.unwrap_err();
    assert!(
        matches!(too_large, ObjectError::TooLarge { limit: 4, .. }),
        "{too_large}"
    );
    let changed = bucket.get("a/b", 5, Some("\"00\"")).await.unwrap_err();
    assert!(matches!(changed, ObjectError::Changed(_)), "{changed}");
    bucket.delete("a/b").await.unwrap();
    bucket.delete("a/b").await.unwrap();
    assert_eq!(bucket.get("a/b", 100, None).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_conditional_writes_one_wins() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path()).unwrap();
    let bucket = bucket(&Objects::open(folder.path(), "secret".into(), Clock::System).unwrap());
    let race = async |unless: Unless| {
        let writes = (0..16).map(|n| bucket.put("page", body(&format!("{n}")), unless.clone()));
        let ends = futures_util::future::join_all(writes).await;
        let mut written = ends.into_iter().filter_map(|end| match end.unwrap() {
            Put::Written(etag) => Some(etag),
            Put::Refused => None,
        });
        let first = written.next().expect("one is written");
        assert_eq!(written.next(), None, "two were written");
        first
    };
    assert_eq!(
        bucket
            .put("page", body("x"), Unless::Changed("\"00\"".into()))
            .await
            .unwrap(),
        Put::Refused
    );
    let first = race(Unless::Present).await;
    let second = race(Unless::Changed(first.clone())).await;
    assert_ne!(first, second);
    assert_eq!(bucket.get("page", 10, None).await.unwrap().unwrap().etag, second);
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_and_a_write_that_was_cut_off_is_not() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path()).unwrap();
    let open = || Objects::open(folder.path(), "secret".into(), Clock::System).unwrap();
    for key in ["b/2", "a", "b/1", "b", "c/../d"] {
        bucket(&open()).put(key, body(key), Unless::Never).await.unwrap();
    }
    std::fs::write(folder.path().join(PUBLIC).join("x.half"), "ha").unwrap();
    let bucket = bucket(&open());
    let keys = async |prefix: &str, after: Option<&str>| {
        let listed = bucket.list(prefix, after).await.unwrap();
        listed.into_iter().map(|object| object.key).collect::<Vec<_>>()
    };
    assert_eq!(keys("", None).await, ["a", "b", "b/1", "b/2", "c/../d"]);
    assert_eq!(keys("b/", None).await, ["b/1", "b/2"]);
    assert_eq!(keys("b", Some("b/1")).await, ["b/2"]);
    assert_eq!(bucket.get("b/1", 10, None).await.unwrap().unwrap().bytes, "b/1");
    let strange = folder.path().join(PUBLIC).join("strange");
    std::fs::write(&strange, "?").unwrap();
    let error = Objects::open(folder.path(), "secret".into(), Clock::System).unwrap_err();
    assert!(error.to_string().contains("strange"), "{error}");
}

#[tokio::test]
async fn a_listener_hears_of_what_is_written_where_it_listens() {
    let objects = Objects::memory("secret".into(), Clock::System);
    let mut heard = objects.created(UPLOADS, "incoming/");
    let uploads = Bucket::new(objects.client(), UPLOADS);
    for key in ["incoming/1", "elsewhere/2", "incoming/3"] {
        uploads.put(key, body("x"), Unless::Never).await.unwrap();
    }
    bucket(&objects)
        .put("incoming/4", body("x"), Unless::Never)
        .await
        .unwrap();
    let keys: Vec<_> = std::iter::from_fn(|| heard.try_next())
        .map(|created| created.head.key)
        .collect();
    assert_eq!(keys, ["incoming/1", "incoming/3"]);
}

#[tokio::test]
async fn without_the_secret_nothing_is_answered() {
    let objects = Objects::memory("secret".into(), Clock::System);
    let other = Objects::memory("another".into(), Clock::System);
    let stranger = Bucket::new(other.client_over(objects.http_client()), PUBLIC);
    let refused = stranger.put("a", body("x"), Unless::Never).await.unwrap_err();
    assert!(refused.to_string().contains("SignatureDoesNotMatch"), "{refused}");
    assert_eq!(bucket(&objects).get("a", 10, None).await.unwrap(), None);
}
