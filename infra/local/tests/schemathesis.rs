//! The real process held against its own description by schemathesis: `tests/schemathesis/`.

#![cfg(feature = "e2e")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod bell;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bell::{Bell, Folder};
use reqwest::Method;
use serde_json::{Value, json};

/// What may end without a 2xx: the set-up code is AWS's alone, and the code that verifies a contact goes by message. Stories
/// do both.
const MAY_FAIL: [&str; 2] = ["POST /api/v1/contacts/{id}/confirm", "POST /api/v1/setup/{code}"];

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_as_it_is_described() {
    let folder = Folder::new("schemathesis");
    // Made-up webhooks lead nowhere, and made-up policies ask nobody: that is no news.
    let quiet = ["--log", "error,notification=off,escalation=off"];
    let bell = Bell::start_with(&folder.0, &quiet).await;
    let began = Instant::now();
    let token = bell.demo["api_token"].as_str().unwrap();
    let mut mighty = tokens(&bell, &["read", "respond", "configure", "administer"]).await;
    mighty.insert(0, token.to_owned());
    let reading = tokens(&bell, &["read"]).await;
    let mut own = vec![bell.demo["owner"]["id"].as_str().unwrap().to_owned()];
    for path in ["/api/v1/tokens", "/api/v1/contacts"] {
        own.extend(bell.all(path).await.iter().map(id));
    }
    own.extend(over(&bell).await);
    let own = own.join(",");

    // By its whole might, by a token that may read, and by nobody.
    let done = run(&bell, &folder.0, "owner", &mighty, &own, &[]);
    let is_in_vain = |name: &str, answers| !is_done(answers) && !MAY_FAIL.contains(&name);
    let in_vain: Vec<&String> = done
        .iter()
        .filter(|(name, answers)| is_in_vain(name, answers))
        .map(|(name, _)| name)
        .collect();
    assert!(
        in_vain.is_empty(),
        "never answered 2xx: what was tested of {in_vain:?}?"
    );
    // The run is still who it was.
    assert_eq!(bell.get("/api/v1/users/me").await["role"], "owner");

    let few = ["--phases", "examples,coverage"];
    let read = run(&bell, &folder.0, "reader", &reading, &own, &few);
    for (name, answers) in &read {
        let is_change = !name.starts_with("GET ") && !name.ends_with("/preview");
        assert!(
            !(is_change && is_done(answers)),
            "{name} by a token that may read: {answers:?}"
        );
    }
    let none = run(&bell, &folder.0, "nobody", &["nb_none".to_owned()], &own, &few);
    let open: Vec<&String> = none
        .iter()
        .filter(|(_, answers)| is_done(answers))
        .map(|(name, _)| name)
        .collect();
    // The description itself is what is read, and not among what is tested.
    assert_eq!(open, ["GET /healthz"]);
    let took = began.elapsed();
    tell(&format!("schemathesis: three runs in {:.0} s", took.as_secs_f64()));
    bell.kill();
}

/// Two incidents that are over, the first with a postmortem that can be published, and the post that it is published in.
async fn over(bell: &Bell) -> [String; 3] {
    let (page, service) = (&bell.all("/api/v1/pages").await[0]["id"], &bell.demo["service_id"]);
    let mut incidents = Vec::new();
    for title in ["Published", "Written"] {
        let body = json!({ "service_id": service, "title": title });
        let incident = id(&made(bell, "/api/v1/incidents", &body).await);
        let path = format!("/api/v1/incidents/{incident}");
        done(bell, Method::POST, &format!("{path}/resolve"), &json!({})).await;
        done(bell, Method::POST, &format!("{path}/postmortem"), &json!({})).await;
        incidents.push(incident);
    }
    let post = json!({ "page_id": page, "title": "It was down", "status": "resolved", "body": "It is over." });
    let post = id(&made(bell, "/api/v1/posts", &post).await);
    let written = json!({ "post_id": post, "causes": "A disk.", "next_steps": "Another." });
    let path = format!("/api/v1/incidents/{}/postmortem", incidents[0]);
    done(bell, Method::PATCH, &path, &written).await;
    let [published, written] = incidents.try_into().unwrap();
    [published, written, post]
}

async fn done(bell: &Bell, method: Method, path: &str, body: &Value) {
    let token = bell.demo["api_token"].as_str().unwrap();
    let request = bell.http.request(method, bell.url(path)).bearer_auth(token).json(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
}

/// Tokens that take turns, since one may not ask as fast as this does.
const TURNS: usize = 20;

async fn tokens(bell: &Bell, scopes: &[&str]) -> Vec<String> {
    let mut tokens = Vec::new();
    for number in 0..TURNS {
        let body = json!({ "name": format!("{} {number}", scopes.join(" ")), "scopes": scopes });
        let answer = made(bell, "/api/v1/tokens", &body).await;
        tokens.push(answer["token"].as_str().unwrap().to_owned());
    }
    tokens
}

/// How often each operation was answered with which status.
type Answers = BTreeMap<String, BTreeMap<String, u32>>;

fn is_done(answers: &BTreeMap<String, u32>) -> bool {
    answers.keys().any(|status| status.starts_with('2'))
}

/// Runs it, prints its summary, and answers what was answered.
fn run(bell: &Bell, folder: &Path, name: &str, tokens: &[String], own: &str, options: &[&str]) -> Answers {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let answers = folder.join(format!("{name}.json"));
    let run = Command::new(root.join("target/venv-schemathesis/bin/schemathesis"))
        .current_dir(&root)
        .args([
            "--config-file",
            "tests/schemathesis/schemathesis.toml",
            "run",
            "--no-color",
        ])
        .args(options)
        .arg(bell.url("/api/v1/openapi.json"))
        .env("NIGHTBELL_TOKEN", &tokens[0])
        .env("NIGHTBELL_TOKENS_TOO", tokens[1..].join(" "))
        .env("NIGHTBELL_OWN_IDS", own)
        .env("NIGHTBELL_ANSWERS", &answers)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("tests/run has made the virtual environment");
    let words = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{name}: {words}{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let summary = words.split("= SUMMARY =").last().unwrap_or_default();
    tell(&format!(
        "== schemathesis as {name}\n{}",
        summary.trim_matches('=').trim()
    ));
    serde_json::from_slice(&std::fs::read(answers).unwrap()).unwrap()
}

/// Says it in the log of the tests, although they pass.
fn tell(words: &str) {
    std::io::stderr().write_all(format!("{words}\n").as_bytes()).unwrap();
}

fn id(one: &Value) -> String {
    one["id"].as_str().unwrap().to_owned()
}

async fn made(bell: &Bell, path: &str, body: &Value) -> Value {
    let token = bell.demo["api_token"].as_str().unwrap();
    let answer = bell
        .http
        .post(bell.url(path))
        .bearer_auth(token)
        .json(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201, "{path}");
    answer.json().await.unwrap()
}
