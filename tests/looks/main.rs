//! The public's documents in Debian's Chromium, in every state: `tests/browser/status_looks.py`. They are served as the
//! local home serves them, headers included; that they come to be there is a story of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::IntoResponse;
use nightbell_local::public::PLACES;
use nightbell_tests::gallery::scenes;
use status_page::documents::Stamp;
use status_page::page;
use std::process::Command;

type Documents = HashMap<String, (&'static str, Vec<u8>)>;

fn documents() -> Documents {
    const HTML: &str = "text/html; charset=utf-8";
    let mut all = Documents::new();
    for (name, mut scene) in scenes() {
        scene.page.slug = name.to_owned();
        let view = scene.view();
        let base = format!("/status/{name}");
        let posts: Vec<_> = (0..scene.posts.len()).map(|at| scene.post_view(at)).collect();
        for (number, post) in posts.iter().enumerate() {
            let bytes = page::incident(&view, post, Stamp::NONE);
            all.insert(format!("{base}/incidents/{number}"), (HTML, bytes.clone()));
            all.insert(format!("{base}/incidents/{}", post.id), (HTML, bytes));
        }
        for one in &view.open_maintenances {
            let bytes = page::maintenance(&view, one, Stamp::NONE);
            all.insert(format!("{base}/incidents/{}", one.id), (HTML, bytes));
        }
        let svg = ("image/svg+xml", page::badge(&view, Stamp::NONE));
        all.insert(format!("{base}/badge.svg"), svg);
        for (path, bytes) in [
            ("", page::home(&view, Stamp::NONE)),
            ("/history", page::history(&view, Stamp::NONE)),
            ("/history/2026-11", page::month(&view, "2026-11", &posts, Stamp::NONE)),
            ("/history/2026-10", page::month(&view, "2026-10", &[], Stamp::NONE)),
            ("/embed", page::embed(&view, Stamp::NONE)),
            ("/lost", page::lost(&view, Stamp::NONE)),
        ] {
            all.insert(format!("{base}{path}"), (HTML, bytes));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_the_status_page() {
    let documents = Arc::new(documents());
    let csp = PLACES.iter().find(|place| place.is_site).unwrap().csp;
    let serve = async move |uri: Uri| match documents.get(uri.path()) {
        Some((kind, bytes)) => {
            let headers = [(header::CONTENT_TYPE, *kind), (header::CONTENT_SECURITY_POLICY, csp)];
            (headers, bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback(serve)).into_future());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pictures = root.join("target/pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    let demo = root.join("target/looks.json");
    std::fs::write(&demo, serde_json::json!({ "base_url": base }).to_string()).unwrap();
    let run = Command::new(root.join("target/venv/bin/python"))
        .args(["-m", "unittest", "discover", "--failfast", "--start-directory"])
        .arg(root.join("tests/browser"))
        .args(["--pattern", "*_looks.py"])
        .env("DEMO", demo)
        .env("PICTURES", pictures)
        .output()
        .expect("tests/run has made the virtual environment");
    server.abort();
    let words = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{words}");
    assert!(!words.contains("Ran 0 tests"), "{words}");
}
