//! What is absent, kept so: the domain touches nothing, functions know nothing of one another, and nothing that runs on
//! Lambda touches a file.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds sources");
    found
}

/// The lines of `sources` that hold any of `words`, comments aside.
fn lines_with(sources: &[(PathBuf, String)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}: {line}", path.display()));
            }
        }
    }
    found
}

#[test]
fn the_domain_is_pure() {
    let domain = sources("shared/src/domain");
    let impure = [
        "async ",
        ".await",
        "tokio",
        "std::env",
        "std::fs",
        "std::net",
        "std::io",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "rand::",
        "aws_sdk",
        "aws_config",
        "reqwest",
        "axum",
        "hyper",
        "crate::store",
        "crate::web",
        "crate::queue",
        "crate::channel",
        "crate::ctx",
        "crate::secret",
        "crate::clock",
        "crate::config",
    ];
    assert_eq!(lines_with(&domain, &impure), Vec::<String>::new());
}

#[test]
fn functions_do_not_depend_on_one_another() {
    let names: Vec<String> = fs::read_dir(root().join("functions"))
        .expect("a folder")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in &names {
        let manifest = fs::read_to_string(root().join(format!("functions/{name}/Cargo.toml"))).unwrap();
        for other in names.iter().filter(|other| *other != name) {
            let depends = manifest
                .lines()
                .any(|line| line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} =")));
            assert!(!depends, "{name} depends on {other}");
        }
    }
}

#[test]
fn nothing_that_runs_on_lambda_touches_a_file() {
    let running: Vec<_> = [sources("functions"), sources("shared/src")].concat();
    let files = [
        "std::fs",
        "tokio::fs",
        "tempfile",
        "File::create",
        "File::open",
        "OpenOptions",
        "env::temp_dir",
    ];
    // By the name of the file alone: the path may lead through any folder.
    let is_tests = |path: &Path| {
        path.file_stem()
            .is_some_and(|name| name.to_string_lossy().contains("test"))
    };
    let running: Vec<_> = running.into_iter().filter(|(path, _)| !is_tests(path)).collect();
    assert!(running.len() > 50, "only {} files were looked at", running.len());
    assert_eq!(lines_with(&running, &files), Vec::<String>::new());
}

#[test]
fn keys_are_written_in_one_file() {
    let sources = sources("shared/src/store");
    let others: Vec<_> = sources
        .into_iter()
        .filter(|(path, _)| !path.ends_with("keys.rs"))
        .collect();
    let built = [
        "format!(\"INC#",
        "format!(\"DLV#",
        "format!(\"SLOT#",
        "format!(\"KEY#",
        "format!(\"DUE#",
        "format!(\"LINK#",
        "format!(\"LIST#",
        "format!(\"PUB#",
        "format!(\"HIS#",
        "format!(\"SLUG#",
        "format!(\"POSTS#",
        "format!(\"MAINTENANCES#",
    ];
    assert_eq!(lines_with(&others, &built), Vec::<String>::new());
}
