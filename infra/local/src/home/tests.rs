//! The house as a whole, in this process.
#![allow(clippy::unwrap_used)]

use super::testing::Folder;
use super::*;

fn options(folder: &Folder, more: &[&str]) -> Options {
    let data = folder.path().to_str().unwrap();
    Options::parse_from(
        ["nightbell", "--listen", "127.0.0.1:0", "--data", data]
            .iter()
            .chain(more),
    )
}

async fn start(folder: &Folder, more: &[&str]) -> Home {
    Home::start(&options(folder, more))
        .await
        .unwrap_or_else(|error| panic!("{}", with_sources(&error)))
}

async fn refused(options: &Options) -> String {
    match Home::start(options).await {
        Ok(_) => panic!("it started"),
        Err(error) => with_sources(&error),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_file_has_its_shape_and_is_its_owners_alone() {
    let folder = Folder::new();
    let home = start(&folder, &[]).await;
    let path = folder.path().join(DEMO_FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fields = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut expected = [
        "pid",
        "started_at",
        "base_url",
        "status_url",
        "owner",
        "api_token",
        "service_id",
        "policy_id",
        "integration_keys",
    ];
    expected.sort_unstable();
    assert_eq!(fields(&json), expected);
    assert_eq!(fields(&json["owner"]), ["email", "id", "password"]);
    assert_eq!(
        fields(&json["integration_keys"]),
        ["alertmanager", "generic", "pagerduty", "prometheus"]
    );
    assert_eq!(json["pid"], std::process::id());
    let base_url = json["base_url"].as_str().unwrap();
    assert_eq!(json["status_url"], format!("{base_url}/status/main"));
    for (name, key) in json["integration_keys"].as_object().unwrap() {
        assert_eq!(key.as_str().unwrap().len(), 32, "{name}");
    }
    assert!(json["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(!json["base_url"].as_str().unwrap().ends_with('/'));
    assert!(json["api_token"].as_str().unwrap().starts_with("nb_"));
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_every_secret_and_beginning_anew_keeps_none() {
    let folder = Folder::new();
    let home = start(&folder, &[]).await;
    let first = home.demo.clone();
    home.stop().await;

    let home = start(&folder, &[]).await;
    let second = home.demo.clone();
    home.stop().await;
    assert!(second.started_at > first.started_at);
    let same = Demo {
        started_at: first.started_at,
        // Another port each time.
        base_url: first.base_url.clone(),
        status_url: first.status_url.clone(),
        ..second
    };
    assert!(same == first);

    let home = start(&folder, &["--reset-owner"]).await;
    let reset = home.demo.clone();
    let password = reset.owner.as_ref().unwrap().password.clone().unwrap();
    assert!(
        home.welcome.contains(&format!(
            "Sign in as owner@example.com with the new password {password}"
        )),
        "{}",
        home.welcome
    );
    home.stop().await;
    assert!(reset.owner != first.owner);
    assert_eq!(reset.api_token, first.api_token);

    let home = start(&folder, &["--fresh"]).await;
    let fresh = home.demo.clone();
    home.stop().await;
    assert_ne!(fresh.api_token, first.api_token);
    assert_ne!(fresh.integration_keys.generic, first.integration_keys.generic);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_is_named_before_anything_is_deleted() {
    let folder = Folder::new();
    let home = start(&folder, &[]).await;
    let error = refused(&options(&folder, &["--fresh"])).await;
    assert!(
        error.contains(&format!("in use by process {}", std::process::id())),
        "{error}"
    );

    let other = Folder::new();
    let before = start(&other, &[]).await;
    let token = before.demo.api_token.clone();
    before.stop().await;
    let taken = home.demo.base_url.trim_start_matches("http://").to_owned();
    let error = refused(&Options {
        listen: taken,
        ..options(&other, &["--fresh"])
    })
    .await;
    assert!(
        error.contains("is taken") && error.contains("--listen 127.0.0.1:0"),
        "{error}"
    );
    let again = start(&other, &[]).await;
    assert_eq!(again.demo.api_token, token);
    again.stop().await;

    let error = refused(&Options {
        listen: "192.0.2.1:3000".into(),
        ..options(&other, &[])
    })
    .await;
    assert!(error.contains("--listen"), "{error}");
    let error = refused(&options(&other, &["--smtp", "smtp://localhost"])).await;
    assert!(error.contains("--smtp-from"), "{error}");
    let error = refused(&options(
        &other,
        &["--smtp", "imap://localhost", "--smtp-from", "a@example.com"],
    ))
    .await;
    assert!(error.contains("smtps://"), "{error}");
    home.stop().await;
}

#[test]
fn what_listens_everywhere_is_reached_on_loopback() {
    let url = |address: &str, tls| base(&base_url(address.parse().unwrap(), tls));
    assert_eq!(url("127.0.0.1:3000", false), "http://127.0.0.1:3000");
    assert_eq!(url("0.0.0.0:3000", true), "https://127.0.0.1:3000");
    assert_eq!(url("[::]:3000", false), "http://[::1]:3000");
    assert_eq!(url("192.0.2.7:80", false), "http://192.0.2.7");
    let public = "https://bell.example.com".parse().unwrap();
    let names = names("0.0.0.0:443".parse().unwrap(), &public);
    assert_eq!(names, ["localhost", "127.0.0.1", "::1", "bell.example.com"]);
}
