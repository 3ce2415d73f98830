//! What is in documents, whatever anybody wrote: public words alone, as text.

use http::{Method, StatusCode};
use serde_json::json;
use shared::domain::limits;

use super::Public;

/// What senders write, by mistake or on purpose, around what must not become public.
fn hostile_titles(secret: &str) -> Vec<String> {
    let mut all = vec![
        // HTML, and ways out of where text may stand.
        format!("{secret} <script>alert(1)</script>"),
        format!("]]></title>{secret}"),
        format!("<img src=x onerror=prompt('{secret}')>"),
        format!("--><!-- {secret} </style></textarea>"),
        format!("\"}}],\"x\":\"{secret}"),
        // Markdown.
        format!("[click-here](https://{secret}/) **{secret}** `{secret}` # {secret}\n> {secret}"),
        // Templates, of many tongues.
        format!(
            "{{{{ {secret} }}}} {{% raw %}} ${{7*7}} #{{{secret}}} <%= {secret} %> {{components}} {{page}} %s %n {{0}}"
        ),
        // Characters that turn text around, or that nobody sees.
        format!("\u{202e}{secret}\u{2066} \u{200b}{secret}\u{feff}\u{ad}"),
        format!("hun\u{200b}ter2-db7.internal {secret}"),
        // Addresses.
        format!("https://root:pass@{secret}:8443/?token={secret} root@{secret} 10.1.2.3 fd00::1"),
        // Names of components, as if the public were meant.
        format!("API: {secret}"),
        format!("Shop is down {secret}"),
        "Shop is down".to_owned(),
        // Control characters, lines, and something of every script.
        format!("{secret}\r\nSet-Cookie: a=b\r\n\r\n{secret}\t\u{7}"),
        format!("\u{1f514}\u{0301}\u{0301} \u{5d0}\u{628}\u{4e2d} {secret}"),
    ];
    // As long as a title may be, with what is secret at either end.
    all.push(format!(
        "{secret} {} {secret}",
        "a".repeat(limits::SUMMARY_CHARS_MAX - 2 * secret.len() - 2)
    ));
    all
}

#[tokio::test(start_paused = true)]
async fn nothing_internal_is_in_any_document() {
    let mut public = Public::settled_at_once().await;
    let secret = "hunter2-db7.internal";
    let hostile = hostile_titles(secret);
    for (number, title) in hostile.iter().enumerate() {
        let event = json!({"summary": title, "dedup_key": format!("{secret}-{number}"), "severity": "critical",
            "source": secret, "component": secret, "details": {"password": secret},
            "links": [{"href": format!("https://{secret}/"), "text": secret}]});
        let answer = public.world.signal(event).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{title}: {answer:?}");
        public.world.drain().await;
    }
    let incidents = public.world.api(Method::GET, "/api/v1/incidents", None).await;
    let internal: Vec<String> = incidents.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| ["id", "service_id", "service_name"].map(|name| one[name].as_str().unwrap().to_owned()))
        .chain([
            "Ana".to_owned(),
            "Ben".to_owned(),
            "hunter2".to_owned(),
            "Nightbell\"".to_owned(),
            // What titles were made of, besides the secret: none of it is from a document.
            "onerror=prompt".to_owned(),
            "click-here".to_owned(),
            "root@".to_owned(),
            "${7*7}".to_owned(),
            "aaaaaaaaaaaaaaaa".to_owned(),
            "Shop is down".to_owned(),
            "\u{202e}".to_owned(),
            "\u{200b}".to_owned(),
            "\u{feff}".to_owned(),
        ])
        .collect();
    for incident in incidents.body["items"].as_array().unwrap() {
        let path = format!("/api/v1/incidents/{}/resolve", incident["id"].as_str().unwrap());
        let note = json!({"note": secret});
        public.write(Method::POST, &path, note).await;
    }
    let documents = public.documents().await;
    assert!(documents.iter().any(|(key, _)| key.contains("/incidents/pst_")));
    for (key, text) in &documents {
        for word in &internal {
            assert!(!text.contains(word.as_str()), "{key} tells {word}");
        }
        assert!(
            !text.contains("usr_") && !text.contains("inc_") && !text.contains("svc_"),
            "{key}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_people_wrote_is_text_wherever_it_is_shown() {
    let mut public = Public::settled_at_once().await;
    let evil = "<script>alert('x')</script>&\"";
    let post = json!({"page_id": public.page, "title": evil, "body": format!("{evil}\n]]>"),
        "components": [{"component_id": public.api, "status": "degraded_performance"}]});
    public.write(Method::POST, "/api/v1/posts", post).await;
    for (key, text) in public.documents().await {
        if !key.ends_with(".json") {
            assert!(!text.contains("<script>alert"), "{key}: {text}");
        }
    }
    assert_eq!(public.json("incidents.json").await["incidents"][0]["name"], evil);
    let feed = public.world.public("/status/main/history.atom").await;
    assert_eq!(feed.headers["content-type"], "application/atom+xml; charset=utf-8");
    assert!(feed.body.as_str().unwrap().contains("&lt;script&gt;"));
}

/// Whatever was pasted into words, the feed and the badge stay XML: one character that it does not know would take every entry
/// away from every reader.
#[tokio::test(start_paused = true)]
async fn what_xml_does_not_know_breaks_no_feed() {
    let mut public = Public::settled_at_once().await;
    let strange = "a\u{0}b\u{1}c\u{b}d\u{1b}e\u{fffe}f\u{ffff}g\r\nh";
    let post = json!({"page_id": public.page, "title": "It is slow", "body": strange});
    let post = public.write(Method::POST, "/api/v1/posts", post).await;
    assert_eq!(post.body["updates"][0]["body"], "abc\ndefg\nh");
    let at = |minutes: i64| (public.world.now() + jiff::SignedDuration::from_mins(minutes)).to_string();
    let work =
        json!({"page_id": public.page, "title": "Disks", "body": strange, "starts_at": at(60), "ends_at": at(90)});
    public.write(Method::POST, "/api/v1/maintenances", work).await;
    for title in ["a\u{ffff}", "a\u{1}", "a\nb"] {
        let answer = json!({"page_id": public.page, "title": title, "body": "x"});
        let answer = public.world.api(Method::POST, "/api/v1/posts", Some(answer)).await;
        assert_eq!(answer.body["errors"][0]["field"], "title", "{answer:?}");
        let name = json!({"page_id": public.page, "name": title});
        let name = public.world.api(Method::POST, "/api/v1/components", Some(name)).await;
        assert_eq!(name.body["errors"][0]["field"], "name", "{name:?}");
    }
    let feed = public.world.public("/status/main/history.atom").await;
    let feed = feed.body.as_str().unwrap();
    let is_known = |c: char| c == '\n' || c == '\t' || !(c.is_control() || c == '\u{fffe}' || c == '\u{ffff}');
    assert!(feed.chars().all(is_known), "{feed}");
    assert!(feed.contains("<title>Disks</title>"), "{feed}");
}
