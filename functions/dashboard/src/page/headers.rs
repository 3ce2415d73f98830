//! Headers of every page: nothing is loaded, sent or framed but by ourselves, and no cache keeps what was somebody's.
//!
//! A page for somebody who is signed in shows pictures from where public objects are, and its scripts send new ones to
//! the bucket of uploads: where that is elsewhere, it is let there, and no further.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use shared::ctx::Ctx;
use url::Url;

const HEADERS: [(HeaderName, &str); 4] = [
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// What a page may load and speak to besides ourselves, said by whoever finds out who looks at it.
#[derive(Debug, Clone, Default)]
pub struct Reach(Arc<OnceLock<Origins>>);

impl Reach {
    /// What a page for somebody who is signed in may.
    pub fn widen(&self, ctx: &Ctx) {
        let origins = || {
            Origins::of(
                &ctx.config.public_url,
                &ctx.config.objects_url,
                ctx.objects.uploads_url(),
            )
        };
        self.0.get_or_init(origins);
    }
}

/// Said by an answer that shows pictures which are part of it (`data:`).
#[derive(Debug, Clone, Copy)]
pub struct OwnPictures;

/// Origins besides our own, each with a space before it; empty where it is our own.
#[derive(Debug, Default)]
struct Origins {
    pictures: String,
    uploads: String,
}

impl Origins {
    fn of(ours: &Url, objects: &Url, uploads: &Url) -> Self {
        let other = |url: &Url| {
            let origin = Some(url.origin()).filter(|origin| *origin != ours.origin());
            origin.map_or_else(String::new, |origin| format!(" {}", origin.ascii_serialization()))
        };
        Self {
            pictures: other(objects),
            uploads: other(uploads),
        }
    }

    fn policy(&self, has_own_pictures: bool) -> String {
        let Self { pictures, uploads } = self;
        let own = if has_own_pictures { " data:" } else { "" };
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{own}{pictures}; connect-src 'self'{uploads}; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

/// Puts the headers of pages on any answer.
pub async fn guarded(mut request: Request, next: Next) -> Response {
    let reach = Reach::default();
    request.extensions_mut().insert(reach.clone());
    let mut response = next.run(request).await;
    let has_own_pictures = response.extensions().get::<OwnPictures>().is_some();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy = HeaderValue::try_from(reach.0.get_or_init(Origins::default).policy(has_own_pictures));
    let policy = policy.unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reaches_the_two_origins_it_needs_and_no_further() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let ours = url("https://bell.example.com");
        let elsewhere = Origins::of(
            &ours,
            &url("https://objects.example.com/x"),
            &url("https://uploads.s3.eu-central-1.amazonaws.com"),
        );
        let policy = elsewhere.policy(false);
        assert!(
            policy.contains("img-src 'self' https://objects.example.com;"),
            "{policy}"
        );
        let connect = "connect-src 'self' https://uploads.s3.eu-central-1.amazonaws.com;";
        assert!(policy.contains(connect), "{policy}");
        assert!(policy.contains("script-src 'self';") && policy.contains("form-action 'self';"));
        let here = Origins::of(&ours, &ours, &url("https://bell.example.com/s3/uploads"));
        assert_eq!(here.policy(false), Origins::default().policy(false));
        assert!(here.policy(false).contains("img-src 'self'; connect-src 'self';"));
        assert!(here.policy(true).contains("img-src 'self' data:;"));
    }
}
