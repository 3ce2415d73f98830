//! Answers that the asker may have already.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::secret::sha256_hex;

/// The tag of these bytes: half of their SHA-256, in quotes.
pub fn tag_of(content: impl AsRef<[u8]>) -> String {
    format!("\"{}\"", &sha256_hex(content)[..32])
}

/// `answer` with its `ETag`; 304 for whoever says (`If-None-Match`) that they have what the tag names.
pub fn unless_known(tag: &str, request: &HeaderMap, answer: impl FnOnce() -> Response) -> Response {
    let known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let is_known = known
        .flat_map(|text| text.split(','))
        .any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer()
    };
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
