//! The functions' binaries: which there are, and what they weigh.

use std::io::Write;
use std::process::Command;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;

/// What a zip of one file called `bootstrap` has besides the file: a local header (30), an entry of the directory (46) and the
/// directory's end (22), the name (9) in the first two. APPNOTE.TXT of PKWARE, 4.3.
const ZIP_FRAME_BYTES: usize = 30 + 46 + 22 + 2 * 9;

/// The names of all binaries of `functions/*`.
pub fn functions() -> Vec<String> {
    let metadata = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .expect("cargo is there, for it started this");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let functions = packages.filter(|package| {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        manifest.contains("/functions/")
    });
    let mut names: Vec<String> = functions
        .flat_map(|package| package["targets"].as_array().expect("targets"))
        .filter(|target| target["kind"][0] == "bin")
        .map(|target| target["name"].as_str().expect("a name").to_owned())
        .collect();
    names.sort_unstable();
    names
}

/// The size of the zip that is uploaded, packed as well as deflate can.
pub fn zipped_bytes(binary: &[u8]) -> usize {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(binary).unwrap();
    encoder.finish().unwrap().len() + ZIP_FRAME_BYTES
}

pub fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
