//! As `crashes`, of what makes pictures, publishes and tells subscribers: each crashes in turn. Whoever must be woken is
//! woken all the same, the others' stories pass, and what it owed is done when it returns.

use std::time::Duration;

use nightbell_tests::template::{functions, root};
use serde_json::json;
use shared::domain::limits::BULLETIN_AFTER_SECONDS;

use crate::avatar;
use crate::crashes;
use crate::deployment::Deployment;
use crate::public::Public;

const READER: &str = "ada@example.org";

/// What is broken here; the rest is broken in `crashes`.
const HERE: [&str; 9] = [
    "AvatarFinalise",
    "AvatarSweep",
    "AvatarUploadHttp",
    "StatusPageHttp",
    "StatusPublishQueueWorker",
    "StatusPublishStream",
    "StatusPublishSweep",
    "SubscriberNoticeQueueWorker",
    "SubscriberNoticeSweep",
];

#[test]
fn every_function_is_broken_once() {
    let mut all: Vec<&str> = functions().into_iter().map(|(id, _, _)| id).collect();
    let mut broken: Vec<&str> = HERE.into_iter().chain(crashes::HERE).collect();
    all.sort_unstable();
    broken.sort_unstable();
    assert_eq!(all, broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_public_reads_and_people_look_like_may_crash_and_the_others_go_on() {
    let bell = Deployment::ready("crashes-public", 600).await;
    for queue in ["PublicationQueue", "NoticeQueue"] {
        let attributes = json!({ "QueueUrl": bell.id(queue), "Attributes": { "VisibilityTimeout": "3" } });
        bell.call("sqs", "set_queue_attributes", attributes);
    }
    let public = Public::settling(&bell, 0).await;
    publish_stream(&bell, &public).await;
    publish_queue(&bell, &public).await;
    publish_sweep(&bell, &public).await;
    page_form(&bell, &public).await;
    notice_queue(&bell, &public).await;
    notice_sweep(&bell, &public).await;
    pictures(&bell).await;
}

/// An alert pages while the function is broken.
async fn wakes(bell: &Deployment, dedup_key: &str) {
    assert_eq!(bell.trigger(&bell.key, dedup_key).await, 202);
    bell.paged(dedup_key, 1).await;
}

async fn publish_stream(bell: &Deployment, public: &Public<'_>) {
    bell.break_function("StatusPublishStream");
    wakes(bell, "stream").await;
    public.stays("none").await;
    assert!(bell.sweep("StatusPublishSweep"));
    public.becomes("critical").await;
    public.resolve("stream").await;
    public.stays("critical").await;
    bell.mend_function("StatusPublishStream");
    // What waited in the stream is told now.
    public.becomes("none").await;
    println!("status-publish-stream crashed: alerts paged, the sweep published; once back, it published what waited");
}

async fn publish_queue(bell: &Deployment, public: &Public<'_>) {
    public.settles_after(4).await;
    bell.break_function("StatusPublishQueueWorker");
    wakes(bell, "hint").await;
    public.stays("none").await;
    public.stays("none").await;
    assert!(bell.sweep("StatusPublishSweep"));
    public.becomes("critical").await;
    public.resolve("hint").await;
    public.becomes("none").await;
    wakes(bell, "owed").await;
    public.stays("none").await;
    public.stays("none").await;
    bell.mend_function("StatusPublishQueueWorker");
    public.becomes("critical").await;
    public.resolve("owed").await;
    public.becomes("none").await;
    public.settles_after(0).await;
    println!("status-publish-queue crashed: the sweep published what settled; once back, it did the hint that waited");
}

async fn publish_sweep(bell: &Deployment, public: &Public<'_>) {
    bell.break_function("StatusPublishSweep");
    assert!(!bell.sweep("StatusPublishSweep"));
    wakes(bell, "tick").await;
    public.becomes("critical").await;
    public.resolve("tick").await;
    public.becomes("none").await;
    bell.mend_function("StatusPublishSweep");
    assert!(bell.sweep("StatusPublishSweep"));
    println!("status-publish-sweep crashed: alerts paged, the stream published both ways");
}

async fn page_form(bell: &Deployment, public: &Public<'_>) {
    bell.break_function("StatusPageHttp");
    let form = [("channel", "email"), ("address", READER)];
    let down = bell.form("/status/main/subscribers", &form).await;
    assert!(down >= 500);
    wakes(bell, "form").await;
    public.becomes("critical").await;
    public.resolve("form").await;
    public.becomes("none").await;
    bell.mend_function("StatusPageHttp");
    public.subscribed(READER).await;
    println!(
        "status-page-http crashed (the form: {down}): alerts paged, the page changed; once back, somebody subscribed"
    );
}

async fn notice_queue(bell: &Deployment, public: &Public<'_>) {
    bell.break_function("SubscriberNoticeQueueWorker");
    public.post("During the queue's").await;
    wakes(bell, "notices").await;
    public.becomes("critical").await;
    unheard(bell, "During the queue's").await;
    // One sweep spreads, the next sends what is there by then.
    for _ in 0..2 {
        assert!(bell.sweep("SubscriberNoticeSweep"));
    }
    public.told_of(READER, "During the queue's").await;
    public.post("Owed by the queue").await;
    unheard(bell, "Owed by the queue").await;
    bell.mend_function("SubscriberNoticeQueueWorker");
    public.told_of(READER, "Owed by the queue").await;
    public.resolve("notices").await;
    public.becomes("none").await;
    println!(
        "subscriber-notice-queue crashed: alerts paged, the page changed, the sweep told; once back, it told what waited"
    );
}

async fn notice_sweep(bell: &Deployment, public: &Public<'_>) {
    bell.break_function("SubscriberNoticeSweep");
    assert!(!bell.sweep("SubscriberNoticeSweep"));
    public.post("During the sweep's").await;
    wakes(bell, "silence").await;
    public.told_of(READER, "During the sweep's").await;
    bell.mend_function("SubscriberNoticeSweep");
    assert!(bell.sweep("SubscriberNoticeSweep"));
    for title in ["During the queue's", "Owed by the queue", "During the sweep's"] {
        assert_eq!(public.told_of(READER, title).await, 1, "{title}: told twice");
    }
    println!("subscriber-notice-sweep crashed: alerts paged, the queue told; nobody was told twice");
}

/// For longer than an update waits for another, nobody is told of it.
async fn unheard(bell: &Deployment, title: &str) {
    tokio::time::sleep(Duration::from_secs(BULLETIN_AFTER_SECONDS.unsigned_abs() + 3)).await;
    let letters = bell.letters(READER).await;
    assert!(
        !letters
            .iter()
            .any(|letter| letter["Subject"].to_string().contains(title)),
        "{title}"
    );
}

async fn pictures(bell: &Deployment) {
    let small = std::fs::read(root().join("tests/fixtures/pictures/progressive.jpg")).unwrap();
    bell.break_function("AvatarUploadHttp");
    let ticket = json!({ "content_type": "image/jpeg" });
    let down = bell
        .ask("POST", avatar::ME, Some(&bell.token), Some(ticket))
        .await
        .status;
    assert!(down >= 500);
    wakes(bell, "ticket").await;
    assert_eq!(bell.get("/api/v1/users/me").await["id"], bell.owner.as_str());
    bell.mend_function("AvatarUploadHttp");
    avatar::uploaded(bell, &small).await;
    assert_eq!(avatar::settled(bell).await["upload"]["state"], "ready");
    println!(
        "avatar-upload-http crashed (a ticket: {down}): alerts paged, the API answered; once back, a picture was made"
    );

    bell.break_function("AvatarFinalise");
    let ticket = avatar::uploaded(bell, &small).await;
    wakes(bell, "finalise").await;
    let told = bell.get(avatar::ME).await;
    assert_eq!(
        (&told["upload"]["id"], &told["upload"]["state"]),
        (&ticket, &json!("pending")),
        "{told}"
    );
    assert!(told["urls"].is_object(), "the picture of before stays: {told}");
    bell.mend_function("AvatarFinalise");
    println!("avatar-finalise crashed: alerts paged, the picture of before was shown, the upload waited");

    bell.break_function("AvatarSweep");
    assert!(!bell.sweep("AvatarSweep"));
    wakes(bell, "pictures").await;
    let ticket = avatar::uploaded(bell, &small).await;
    let told = avatar::settled(bell).await;
    assert_eq!(
        (&told["upload"]["id"], &told["upload"]["state"]),
        (&ticket, &json!("ready")),
        "{told}"
    );
    bell.mend_function("AvatarSweep");
    assert!(bell.sweep("AvatarSweep"));
    println!("avatar-sweep crashed: alerts paged, a picture was made by its event");
}
