//! Public objects, as CloudFront serves them: what is under these paths is read from the public bucket by the path as key,
//! without a function. Tags and their conditions, HEAD, text compressed for who takes it, and headers that keep whatever
//! was written there from running.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::renditions::{Rendition, Renditions};

/// A part of the public bucket, and what its answers say besides what the object says: the template's cache behaviours and
/// their response headers.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// What its paths begin with.
    pub prefix: &'static str,
    /// Its `Content-Security-Policy`.
    pub csp: &'static str,
    /// Whether it is a site: a path that names no file leads to the `index.html` below it, and scripts of other sites may
    /// read what is there.
    pub is_site: bool,
}

/// Every part.
pub const PLACES: &[Place] = &[
    Place {
        prefix: "/pictures/",
        csp: "default-src 'none'; sandbox",
        is_site: false,
    },
    Place {
        prefix: "/status",
        // Each document says in its own head, by their hashes, which style and which script these are: both must allow it.
        csp: "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
              connect-src 'self'; form-action 'self'; base-uri 'none'",
        is_site: true,
    },
];

/// What an object's writer notes where it only leads elsewhere.
const LOCATION: &str = "location";

/// What a site shows where nothing is: the template's page of errors.
const LOST: &str = "status/404.html";

/// Answers a request under a place.
pub async fn answer(objects: &Renditions, place: &Place, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    let mut response = read(objects, place, &asked).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, place.csp),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if place.is_site {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if asked.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// The key of a path: of a site, `index.html` below whatever names no file.
fn key(place: &Place, path: &str) -> String {
    let key = path.trim_matches('/');
    let name = key.rsplit('/').next().unwrap_or_default();
    if place.is_site && !name.contains('.') {
        format!("{key}/index.html")
    } else {
        key.to_owned()
    }
}

async fn read(objects: &Renditions, place: &Place, asked: &Parts) -> Response {
    if !matches!(asked.method, Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    match objects.of(&key(place, asked.uri.path())).await {
        Ok(Some(object)) if object.head.metadata.contains_key(LOCATION) => {
            let location = object.head.metadata[LOCATION].clone();
            let cache_control = object.head.cache_control.clone().unwrap_or_default();
            (
                StatusCode::FOUND,
                [(header::LOCATION, location), (header::CACHE_CONTROL, cache_control)],
            )
                .into_response()
        }
        Ok(Some(object)) => found(&object, &asked.headers),
        Ok(None) => lost(objects, place, &asked.headers).await,
        Err(error) => {
            tracing::error!(%error, "a public object cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What is shown where nothing is.
async fn lost(objects: &Renditions, place: &Place, asked: &HeaderMap) -> Response {
    let mut asked = asked.clone();
    asked.remove(header::IF_NONE_MATCH);
    match objects.of(LOST).await {
        Ok(Some(object)) if place.is_site => (StatusCode::NOT_FOUND, found(&object, &asked)).into_response(),
        _ => (StatusCode::NOT_FOUND, "There is nothing here by this name.\n").into_response(),
    }
}

fn found(object: &Rendition, asked: &HeaderMap) -> Response {
    let head = &object.head;
    let kind = head.content_type.as_deref().unwrap_or("application/octet-stream");
    let compressed: Option<&Bytes> = object.gzip.as_ref().filter(|_| takes_gzip(asked));
    // What is compressed on the way is the same document, not the same bytes.
    let etag = if compressed.is_some() {
        format!("W/\"{}\"", head.etag)
    } else {
        format!("\"{}\"", head.etag)
    };
    let mut headers = HeaderMap::new();
    let mut say = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    say(header::ETAG, &etag);
    if object.gzip.is_some() {
        say(header::VARY, "Accept-Encoding");
    }
    if let Some(cache_control) = &head.cache_control {
        say(header::CACHE_CONTROL, cache_control);
    }
    if has_it(asked, &head.etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    say(header::CONTENT_TYPE, kind);
    if compressed.is_some() {
        say(header::CONTENT_ENCODING, "gzip");
    }
    let bytes = compressed.unwrap_or(&object.bytes);
    say(header::CONTENT_LENGTH, &bytes.len().to_string());
    (headers, bytes.clone()).into_response()
}

/// Whether the reader names this tag among those it has; the comparison is weak, as for any GET.
fn has_it(asked: &HeaderMap, etag: &str) -> bool {
    let values = asked.get_all(header::IF_NONE_MATCH).into_iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == etag
    })
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut named = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    named.any(|encoding| {
        let (name, quality) = encoding.split_once(';').unwrap_or((encoding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;
    use shared::object::{self, Bucket, Put, Unless};

    use super::*;
    use crate::engine::objects::{Objects, PUBLIC};

    struct Site(Renditions);

    impl Site {
        async fn with(key: &str, content_type: &'static str, text: &str) -> (Self, String) {
            let objects = Objects::memory("secret".into(), Clock::System);
            let body = object::Body {
                bytes: Bytes::copy_from_slice(text.as_bytes()),
                content_type,
                cache_control: "public, max-age=31536000, immutable",
                metadata: Default::default(),
            };
            let bucket = Bucket::new(objects.client(), PUBLIC);
            let Put::Written(etag) = bucket.put(key, body, Unless::Never).await.unwrap() else {
                panic!("it is not written")
            };
            (Self(Renditions::new(objects)), etag)
        }

        async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Bytes) {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let response = answer(&self.0, &PLACES[0], request.body(Body::empty()).unwrap()).await;
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
            (parts.status.as_u16(), parts.headers, body)
        }
    }

    #[tokio::test]
    async fn an_object_is_served_as_it_says_and_can_never_run() {
        let (site, etag) = Site::with("pictures/a.jpg", "image/jpeg", &"x".repeat(2_000)).await;
        let (status, headers, body) = site
            .ask(Method::GET, "/pictures/a.jpg", &[("accept-encoding", "gzip")])
            .await;
        assert_eq!((status, body.len()), (200, 2_000));
        assert_eq!(headers["content-type"], "image/jpeg");
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(headers["etag"], etag.as_str());
        for headers in [
            headers,
            site.ask(Method::GET, "/pictures/b.jpg", &[]).await.1,
            site.ask(Method::GET, "/pictures/a.jpg", &[("if-none-match", &etag)])
                .await
                .1,
        ] {
            assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert!(!headers.contains_key("content-encoding"));
        }
        let (status, headers, body) = site.ask(Method::HEAD, "/pictures/a.jpg", &[]).await;
        assert_eq!((status, body.len()), (200, 0));
        assert_eq!(headers["content-length"], "2000");
        assert_eq!(site.ask(Method::GET, "/pictures/../pictures/a.jpg", &[]).await.0, 404);
        let (status, headers, _) = site.ask(Method::POST, "/pictures/a.jpg", &[]).await;
        assert_eq!(
            (status, &headers["allow"]),
            (405, &HeaderValue::from_static("GET, HEAD"))
        );
    }

    #[test]
    fn paths_of_a_site_lead_to_files() {
        let site = |path| key(&PLACES[1], path);
        assert_eq!(site("/status"), "status/index.html");
        assert_eq!(site("/status/main/"), "status/main/index.html");
        assert_eq!(
            site("/status/main/history/2026-11"),
            "status/main/history/2026-11/index.html"
        );
        assert_eq!(
            site("/status/main/api/v2/summary.json"),
            "status/main/api/v2/summary.json"
        );
        assert_eq!(key(&PLACES[0], "/pictures/a"), "pictures/a");
    }

    #[tokio::test]
    async fn who_has_it_is_told_so_and_text_is_compressed_for_who_takes_it() {
        let text = "all is well ".repeat(500);
        let (site, etag) = Site::with("pictures/a.json", "application/json", &text).await;
        let get = async |headers: &[(&str, &str)]| site.ask(Method::GET, "/pictures/a.json", headers).await;
        let (status, headers, body) = get(&[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!(
            (status, &headers["content-encoding"]),
            (200, &HeaderValue::from_static("gzip"))
        );
        assert!(body.len() < text.len() / 10);
        let mut plain = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&body[..]), &mut plain).unwrap();
        assert_eq!(plain, text);
        let weak = headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(weak, format!("W/{etag}"));
        for refused in [&[("accept-encoding", "gzip;q=0")][..], &[]] {
            let (_, headers, body) = get(refused).await;
            assert_eq!(
                (body.len(), &headers["vary"]),
                (text.len(), &HeaderValue::from_static("Accept-Encoding"))
            );
        }
        for tag in [etag.as_str(), &weak, "*", &format!("\"x\", {etag}")] {
            let (status, headers, body) = get(&[("if-none-match", tag)]).await;
            assert_eq!(
                (status, body.len(), &headers["etag"]),
                (304, 0, &HeaderValue::from_str(&etag).unwrap())
            );
        }
        assert_eq!(get(&[("if-none-match", "\"x\"")]).await.0, 200);
    }
}
