//! People at the real process, in Debian's Chromium, driven by Playwright: `tests/browser/*.py`.

#![cfg(feature = "e2e")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod bell;

use std::path::Path;
use std::process::Command;

use bell::{Bell, Folder};

#[tokio::test(flavor = "multi_thread")]
async fn people_use_the_pages() {
    let folder = Folder::new("browser");
    let bell = Bell::start(&folder.0).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = Command::new(root.join("target/venv/bin/python"))
        .args(["-m", "unittest", "discover", "--failfast", "--start-directory"])
        .arg(root.join("tests/browser"))
        .args(["--pattern", "*_pages.py"])
        .env("DEMO", folder.0.join("demo.json"))
        .env("PICTURES", root.join("target/pictures"))
        .output()
        .expect("tests/run has made the virtual environment");
    let words = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{words}");
    assert!(!words.contains("Ran 0 tests"), "{words}");
    bell.kill();
}
