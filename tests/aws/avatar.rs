//! A picture's way on AWS: ticket, form, bucket, function, CloudFront, under the roles of the template. Both functions run
//! under `strace` meanwhile: an upload of the largest picture there may be touches no file.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use image::{DynamicImage, ImageFormat, RgbImage};
use jiff::Timestamp;
use nightbell_tests::form::{fields, form, with};
use nightbell_tests::template::root;
use serde_json::{Value, json};
use shared::domain::time::after_seconds;
use shared::object::{Form, Signer, presign};

use crate::cloud::PATIENCE;
use crate::deployment::Deployment;

pub const ME: &str = "/api/v1/users/me/avatar";
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// What the function may take of its 512 MB, in kB: the rest is room.
const MEMORY_MAX_KB: u64 = 420_000;

type Fields = Vec<(String, String)>;

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_picture_goes_from_form_to_face_and_touches_no_file() {
    let bell = Deployment::ready("avatar", 60).await;
    let traces = [
        ("AvatarUploadHttp", "avatar-upload-http"),
        ("AvatarFinalise", "avatar-finalise"),
    ]
    .map(|(function, binary)| {
        (
            function,
            bell.trace_function(function, &root().join("target/debug").join(binary)),
        )
    });

    let ticket = ticket(&bell, "image/jpeg").await;
    let bucket = bell.id("UploadsBucket").to_owned();
    assert_eq!(ticket["url"], format!("https://{bucket}.s3.us-east-1.amazonaws.com/"));
    let ours = fields(&ticket["fields"]);
    assert!(
        ours.iter().any(|(name, _)| name == "x-amz-security-token"),
        "a function's credentials are temporary"
    );
    refusals(&bell, &bucket, &ours).await;

    let told = largest_is_posted(&bell, &bucket, &ticket, ImageFormat::Jpeg).await;

    for (function, log) in &traces {
        let (files, touched) = touched(log);
        println!(
            "{function}: {files} files were opened to be read, {} touched otherwise",
            touched.len()
        );
        assert!(files > 0, "strace saw it at work");
        assert_eq!(touched, Vec::<String>::new(), "{function} touches no file");
    }
    assert_fits(&traces[1].1);

    served(&bell, &told).await;
    assert_eq!(upload_count(&bell), 0, "the upload is gone");
    // The old sizes go with the next picture; the last ones with the sweep.
    let next = self::ticket(&bell, "image/png").await;
    largest_is_posted(&bell, &bucket, &next, ImageFormat::Png).await;
    assert_fits(&traces[1].1);
    let small = std::fs::read(root().join("tests/fixtures/pictures/progressive.jpg")).unwrap();
    let next = self::ticket(&bell, "image/jpeg").await;
    let (status, answer) = post(&bell, &bucket, &fields(&next["fields"]), &small).await;
    assert_eq!(status, 201, "{answer}");
    let told = settled(&bell).await;
    assert_eq!(
        told["upload"],
        json!({ "id": next["upload_id"], "state": "ready", "reason": null })
    );
    assert_eq!(pictures(&bell), 3);
    let gone = bell.ask("DELETE", ME, Some(&bell.token), None).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    assert!(bell.sweep("AvatarSweep"));
    assert_eq!(pictures(&bell), 0);
}

async fn ticket(bell: &Deployment, content_type: &str) -> Value {
    bell.make(ME, json!({ "content_type": content_type })).await
}

/// Posts the largest picture of a format that there may be, and waits until it is a face.
async fn largest_is_posted(bell: &Deployment, bucket: &str, ticket: &Value, format: ImageFormat) -> Value {
    let largest = largest(format);
    let begun = Instant::now();
    let (status, answer) = post(bell, bucket, &fields(&ticket["fields"]), &largest).await;
    assert_eq!(status, 201, "{answer}");
    let told = settled(bell).await;
    println!(
        "{format:?}, {} bytes, 40 megapixels: posted, and {:?} later {}",
        largest.len(),
        begun.elapsed(),
        told["upload"]
    );
    assert_eq!(told["upload"]["state"], "ready", "{told}");
    assert_eq!(told["upload"]["id"], ticket["upload_id"]);
    told
}

/// The function behind a trace leaves room in its memory.
fn assert_fits(log: &Path) {
    let peak = peak_kb(log);
    println!("avatar-finalise: {peak} kB at most until now");
    assert!(peak < MEMORY_MAX_KB, "{peak} kB");
}

/// Uploads a picture as a browser does, and answers the upload's id.
pub async fn uploaded(bell: &Deployment, file: &[u8]) -> Value {
    let ticket = ticket(bell, "image/jpeg").await;
    let bucket = bell.id("UploadsBucket").to_owned();
    let (status, answer) = post(bell, &bucket, &fields(&ticket["fields"]), file).await;
    assert_eq!(status, 201, "{answer}");
    ticket["upload_id"].clone()
}

/// Posts as a browser does: to the bucket's own host.
async fn post(bell: &Deployment, bucket: &str, fields: &Fields, file: &[u8]) -> (u16, String) {
    let (content_type, body) = form(fields, file);
    let request = bell.http.post(format!("{}/", bell.endpoint));
    let request = request
        .header("host", format!("{bucket}.s3.us-east-1.amazonaws.com"))
        .header("content-type", content_type);
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn refusals(bell: &Deployment, bucket: &str, ours: &Fields) {
    let policy = &ours.iter().find(|(name, _)| name == "policy").unwrap().1;
    let wider = data_encoding::BASE64.decode(policy.as_bytes()).unwrap();
    let wider = String::from_utf8(wider).unwrap().replace("5242880", "52428800");
    let wider = data_encoding::BASE64.encode(wider.as_bytes());
    let mut extra = ours.clone();
    extra.insert(0, ("x-amz-meta-more".into(), "x".into()));
    let large = vec![0xff; MAX_BYTES + 1];
    for (what, fields, file, status) in [
        ("a tampered policy", with(ours, "policy", &wider), &b"x"[..], 403),
        ("another key", with(ours, "key", "incoming/usr_x/upl_x"), b"x", 403),
        (
            "another content type",
            with(ours, "Content-Type", "text/html"),
            b"x",
            403,
        ),
        ("another field", extra, b"x", 403),
        ("a larger body", ours.clone(), &large, 400),
        ("no bytes", ours.clone(), b"", 400),
    ] {
        let (answered, text) = post(bell, bucket, &fields, file).await;
        println!("{what}: {answered} {text}");
        assert_eq!(answered, status, "{what}: {text}");
    }
    // Signed as it should be, by who may write there, but over since a minute.
    let signer = Signer {
        access_key_id: "test",
        secret_access_key: "testsecret",
        session_token: None,
        region: "us-east-1",
    };
    let now = Timestamp::try_from(SystemTime::now()).unwrap();
    let mut expired = Form {
        bucket,
        key: "incoming/expired",
        bytes: (1, 100),
        fields: &[("Content-Type", "image/jpeg")],
        expires_at: after_seconds(now, -60),
    };
    let (answered, text) = post(bell, bucket, &presign(&expired, &signer, now), b"x").await;
    println!("an expired form: {answered} {text}");
    assert!(answered == 403 && text.contains("expired"), "{answered} {text}");
    // (It is refused for its time alone.)
    expired.expires_at = after_seconds(now, 60);
    expired.key = "elsewhere/expired";
    let (answered, text) = post(bell, bucket, &presign(&expired, &signer, now), b"x").await;
    assert!(answered < 300, "{answered} {text}");
    let put = json!({ "Bucket": bucket, "Key": "elsewhere/expired" });
    bell.call("s3", "delete_object", put);
    assert_eq!(upload_count(bell), 0, "nothing was stored");
}

/// How the newest upload ended. Where it did not, what the function that should have looked at it logged is told.
pub async fn settled(bell: &Deployment) -> Value {
    let begun = Instant::now();
    loop {
        let told = bell.get(ME).await;
        let state = told["upload"]["state"].as_str().unwrap_or_default();
        if state == "ready" || state == "rejected" {
            return told;
        }
        let log = || bell.log("AvatarFinalise").join("\n");
        assert!(
            begun.elapsed() < PATIENCE,
            "the picture is not looked at: {told}\n{}",
            log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Through CloudFront, as anybody reads it.
async fn served(bell: &Deployment, told: &Value) {
    for size in ["64", "256", "512"] {
        let url: url::Url = told["urls"][size].as_str().unwrap().parse().unwrap();
        let request = bell.http.get(format!("{}{}", bell.endpoint, url.path()));
        let request = request.header("host", url.host_str().unwrap());
        // The emulator itself speaks plain HTTP.
        let answer = request.header("x-forwarded-proto", "https").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{url}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/jpeg");
        assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let picture = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(picture.width().to_string(), size);
    }
}

fn upload_count(bell: &Deployment) -> usize {
    count(bell, "UploadsBucket")
}

fn pictures(bell: &Deployment) -> usize {
    count(bell, "PublicBucket")
}

fn count(bell: &Deployment, bucket: &str) -> usize {
    let listed = bell.call("s3", "list_objects_v2", json!({ "Bucket": bell.id(bucket) }));
    listed["Contents"].as_array().map_or(0, Vec::len)
}

/// 40 megapixels in exactly 5 MiB: behind a picture anything may follow. A PNG of them is four bytes a pixel, too.
fn largest(format: ImageFormat) -> Vec<u8> {
    let mut picture = DynamicImage::ImageRgb8(RgbImage::from_fn(8_000, 5_000, |x, y| {
        image::Rgb([(x / 32) as u8, (y / 20) as u8, ((x ^ y) / 64) as u8])
    }));
    if format == ImageFormat::Png {
        picture = picture.into_rgba8().into();
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    let mut bytes = bytes.into_inner();
    assert!(bytes.len() <= MAX_BYTES, "{}", bytes.len());
    bytes.resize(MAX_BYTES, 0);
    bytes
}

/// How many files were opened to be read, and every call that was more than that.
fn touched(log: &Path) -> (usize, Vec<String>) {
    let text = std::fs::read_to_string(log).unwrap();
    let is_open = |line: &str| line.contains(" open(") || line.contains(" openat(") || line.contains(" openat2(");
    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE", "O_APPEND"];
    let calls = text
        .lines()
        .filter(|line| line.contains('(') && !line.contains("resumed>"));
    let (read, touched): (Vec<&str>, Vec<&str>) =
        calls.partition(|line| is_open(line) && !writes.iter().any(|flag| line.contains(flag)));
    (read.len(), touched.into_iter().map(str::to_owned).collect())
}

/// The most memory that the process behind a trace ever held.
fn peak_kb(log: &Path) -> u64 {
    let text = std::fs::read_to_string(log).unwrap();
    let pid = text.split_whitespace().next().expect("a process").to_owned();
    let status = std::fs::read_to_string(PathBuf::from("/proc").join(&pid).join("status")).expect("it lives");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("a peak");
    peak.trim().trim_end_matches(" kB").trim().parse().unwrap()
}
