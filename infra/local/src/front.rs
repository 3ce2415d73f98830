//! Requests to functions: the longest path prefix decides which function answers, as routes of the HTTP API do on AWS.
//! What is on AWS at other addresses is here at paths of its own: the bucket of uploads (`/s3/…`, posted to by browsers)
//! and what CloudFront serves (the places of [`public`]).
//!
//! Each request runs in a task of its own. A handler that panics answers 500 to its own request; a client that hangs up
//! does not cut a handler in the middle, as it would not on AWS. The log has one line a request, with the route's
//! template instead of the path: paths hold integration keys and link codes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use shared::ctx::Ctx;
use shared::web::Problem;
use tower::ServiceExt;
use url::Url;

use crate::engine::objects::{Objects, UPLOADS};
use crate::public::{self, PLACES, Place};
use crate::renditions::Renditions;
use crate::triggers::{Function, Trigger};

/// What one request may take, its body's arrival included: as long as an HTTP API waits for its function.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The bucket of uploads, as a path.
const UPLOADS_PATH: &str = "/s3/nightbell-uploads";
const _: () = assert!(UPLOADS_PATH.len() == UPLOADS.len() + 4);

/// Where browsers post uploads to, of a home that people reach at `base`.
pub fn uploads_url(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(UPLOADS_PATH);
    url
}

/// The requests' side of `functions`, each with the context that is its own, and of `objects`. Pages of `base` may post
/// uploads.
pub fn router(functions: &[Function], ctx: impl Fn(&Function) -> Ctx, objects: &Objects, base: &Url) -> Router {
    let mut routes: Vec<Route> = Vec::new();
    for function in functions {
        if let Trigger::Http { paths, router } = function.trigger {
            let router = router().with_state(ctx(function)).layer(middleware::from_fn(named));
            routes.extend(paths.iter().map(|prefix| Route {
                prefix,
                name: function.name,
                router: router.clone(),
            }));
        }
    }
    let renditions = Renditions::new(objects.clone());
    routes.extend(PLACES.iter().map(|place| Route {
        prefix: place.prefix,
        name: "public",
        router: public(renditions.clone(), place),
    }));
    routes.push(Route {
        prefix: UPLOADS_PATH,
        name: "uploads",
        router: uploads(objects.clone(), base.origin().ascii_serialization()),
    });
    routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
    let routes: Arc<[Route]> = routes.into();
    Router::new().fallback(move |request: Request| {
        let routes = Arc::clone(&routes);
        async move { answer(&routes, request).await }
    })
}

fn public(objects: Renditions, place: &'static Place) -> Router {
    Router::new().fallback(move |request: Request| {
        let objects = objects.clone();
        async move { public::answer(&objects, place, request).await }
    })
}

fn uploads(objects: Objects, origin: String) -> Router {
    let origin: Arc<str> = origin.into();
    Router::new().fallback(move |request: Request| {
        let (objects, origin) = (objects.clone(), Arc::clone(&origin));
        async move { objects.post(request, &origin).await }
    })
}

#[derive(Clone)]
struct Route {
    prefix: &'static str,
    name: &'static str,
    router: Router,
}

/// The route that was taken, told outwards.
#[derive(Clone)]
struct Named(MatchedPath);

async fn named(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(Named(path));
    }
    response
}

async fn answer(routes: &[Route], request: Request) -> Response {
    let Some(route) = routes.iter().find(|route| begins(request.uri().path(), route.prefix)) else {
        return Problem::not_found().into_response();
    };
    let began = Instant::now();
    let method = request.method().clone();
    let mut running = tokio::spawn(route.router.clone().oneshot(request));
    let response = match tokio::time::timeout(REQUEST_TIMEOUT, &mut running).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(failed)) => {
            tracing::error!(function = route.name, %method, panicked = failed.is_panic(), "a request failed");
            Problem::internal().into_response()
        }
        Err(_) => {
            running.abort();
            tracing::warn!(function = route.name, %method, "a request took too long");
            Problem::unavailable().into_response()
        }
    };
    let path = response
        .extensions()
        .get::<Named>()
        .map_or("(no route)", |named| named.0.as_str());
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_secs_f64() * 1_000.0);
    tracing::debug!(function = route.name, %method, path, status, ms = format_args!("{ms:.1}"), "request");
    response
}

/// Whether a path begins with a prefix, in which `{…}` stands for one segment. One that has any is whole, unless it ends with
/// a slash.
fn begins(path: &str, prefix: &str) -> bool {
    if !prefix.contains('{') {
        return path.starts_with(prefix);
    }
    let (mut given, mut wanted) = (path.split('/'), prefix.split('/').peekable());
    loop {
        match (given.next(), wanted.next()) {
            (None, None) => return true,
            (Some(_), Some("")) if wanted.peek().is_none() => return true,
            (Some(given), Some(wanted)) if given == wanted => {}
            (Some(given), Some(wanted)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;

    use shared::clock::Clock;

    use super::*;
    use crate::home::testing;

    fn first() -> Router<Ctx> {
        let panics = || async {
            if true {
                panic!("on purpose")
            }
        };
        Router::new()
            .route("/hooks/{key}", get(|| async { "first" }))
            .route("/hooks/panic", get(panics))
    }

    fn second() -> Router<Ctx> {
        Router::new()
            .route("/", get(|| async { "second" }))
            .fallback(|| async { (StatusCode::NOT_FOUND, "second") })
    }

    #[test]
    fn a_segment_may_be_anything_but_nothing() {
        let route = "/api/v1/users/{id}/avatar";
        assert!(begins("/api/v1/users/me/avatar", route) && begins("/api/v1/users/usr_1/avatar", route));
        for other in [
            "/api/v1/users/me",
            "/api/v1/users//avatar",
            "/api/v1/users/me/avatar/",
            "/api/v1/users/a/b/avatar",
        ] {
            assert!(!begins(other, route), "{other}");
        }
        assert!(begins("/hooks/x", "/hooks/") && !begins("/hook", "/hooks/"));
    }

    #[test]
    fn a_gap_in_a_prefix_is_one_segment() {
        let one = |path| begins(path, "/status/{page}/subscribers");
        assert!(one("/status/main/subscribers"));
        for other in [
            "/status/main/subscribersx",
            "/status/main/subscribers/x",
            "/status//subscribers",
            "/status/subscribers",
            "/status/main/api/subscribers",
            "/status/main",
        ] {
            assert!(!one(other), "{other}");
        }
        assert!(begins("/status/main/subscribers/x/y", "/status/{page}/subscribers/"));
        assert!(!begins("/status/main/subscribers", "/status/{page}/subscribers/"));
    }

    #[tokio::test]
    async fn the_longest_prefix_decides_and_a_panic_is_one_requests_own() {
        let functions = [
            Function {
                name: "second",
                needs: &[],
                trigger: Trigger::Http {
                    paths: &["/"],
                    router: second,
                },
            },
            Function {
                name: "first",
                needs: &[],
                trigger: Trigger::Http {
                    paths: &["/hooks/"],
                    router: first,
                },
            },
        ];
        let (ctx, _) = testing::ctx().await;
        let objects = Objects::memory("secret".into(), Clock::System);
        let base = "http://127.0.0.1:3000".parse().unwrap();
        let router = router(&functions, |_| ctx.clone(), &objects, &base);
        let get = async |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(get("/hooks/x").await, (200, "first".into()));
        assert_eq!(get("/").await, (200, "second".into()));
        assert_eq!(get("/hook").await, (404, "second".into()));
        let (status, body) = get("/hooks/panic").await;
        assert_eq!(status, 500);
        assert!(body.contains(r#""code":"internal""#), "{body}");
        assert_eq!(get("/hooks/x").await.0, 200);
    }
}
