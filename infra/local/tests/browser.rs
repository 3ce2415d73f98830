//! People at the real process, in Debian's Chromium, driven by Playwright: `tests/browser/*_pages.py`. Each file has a
//! process of its own, and as many run at once as there are cores: most of their time is somebody waiting for somebody.

#![cfg(feature = "e2e")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod bell;

use std::path::Path;
use std::process::{Command, Output};

use bell::{Bell, Folder};
use futures_util::{StreamExt, stream};

#[tokio::test(flavor = "multi_thread")]
async fn people_use_the_pages() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser");
    let names = std::fs::read_dir(scripts).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut rooms: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".py")?.to_owned()))
        .filter(|name| name.ends_with("_pages"))
        .collect();
    rooms.sort();
    assert!(!rooms.is_empty());
    let at_once = std::thread::available_parallelism().unwrap().get();
    let mut runs = stream::iter(rooms).map(run).buffer_unordered(at_once);
    let mut failed = Vec::new();
    while let Some((room, output)) = runs.next().await {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() || words.contains("Ran 0 tests") {
            failed.push(format!("{room}: {words}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

async fn run(room: String) -> (String, Output) {
    let folder = Folder::new(&format!("browser-{room}"));
    let bell = Bell::start(&folder.0).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut python = Command::new(root.join("target/venv/bin/python"));
    python
        .args(["-m", "unittest", "--failfast", &room])
        .current_dir(root.join("tests/browser"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DEMO", folder.0.join("demo.json"))
        .env("PICTURES", root.join("target/pictures"));
    let output = tokio::task::spawn_blocking(move || python.output());
    let output = output
        .await
        .unwrap()
        .expect("tests/run has made the virtual environment");
    bell.kill();
    (room, output)
}
