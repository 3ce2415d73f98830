//! What browsers post: the form of a presigned POST, straight to the bucket of uploads, as they would post it to S3. The
//! policy is checked by `s3s`; here its answers are made S3's, and the bucket's rule for other origins (CORS) is kept.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::{Objects, UPLOADS};

/// How long a browser may remember that it may post, as in the template.
const CORS_MAX_AGE: &str = "3600";

impl Objects {
    /// Answers a request to the bucket of uploads, whatever its path. Pages of `origin` may post and read the answer.
    pub async fn post(&self, request: Request, origin: &str) -> Response {
        let is_ours = request
            .headers()
            .get(header::ORIGIN)
            .is_some_and(|said| said.as_bytes() == origin.as_bytes());
        let mut response = match *request.method() {
            Method::OPTIONS if is_ours => preflight(request.headers()),
            Method::OPTIONS => StatusCode::FORBIDDEN.into_response(),
            Method::POST => self.form(request).await,
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if is_ours && let Ok(origin) = HeaderValue::from_str(origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag"));
        }
        response
    }

    async fn form(&self, mut request: Request) -> Response {
        // Only as a form: what is signed otherwise is for the functions alone.
        request.headers_mut().remove(header::AUTHORIZATION);
        *request.uri_mut() = Uri::from_static(BUCKET_PATH);
        let Ok(answer) = self.0.service.call(request.map(s3s::Body::http_body_unsync)).await else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let mut answer = answer.map(Body::new).into_response();
        if answer.status() != StatusCode::BAD_REQUEST {
            return answer;
        }
        // S3 says 403 to a condition that does not hold; `s3s` says 400.
        let (mut parts, body) = answer.into_parts();
        let text = axum::body::to_bytes(body, 64 * 1024).await.unwrap_or_default();
        if String::from_utf8_lossy(&text).contains("<Code>InvalidPolicyDocument</Code>") {
            parts.status = StatusCode::FORBIDDEN;
            parts.headers.remove(header::CONTENT_LENGTH);
            let text = String::from_utf8_lossy(&text).replace("InvalidPolicyDocument", "AccessDenied");
            return Response::from_parts(parts, text.into());
        }
        answer = Response::from_parts(parts, text.into());
        answer
    }
}

/// As a path.
const BUCKET_PATH: &str = "/nightbell-uploads";
const _: () = assert!(BUCKET_PATH.len() == UPLOADS.len() + 1);

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(CORS_MAX_AGE));
    if let Some(named) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, named.clone());
    }
    response
}
