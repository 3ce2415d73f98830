//! Bodies of strangers: at most 512 KB, and when larger, read on (and thrown away) so that the sender sees the answer.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use shared::domain::limits;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is larger than [`limits::BODY_BYTES_MAX`].
    TooLarge,
    /// The connection ended before the body did.
    Broken,
}

/// Reads a body.
pub async fn read(mut body: Body) -> Result<Bytes, Unread> {
    let mut kept = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue;
        };
        seen += data.len();
        if seen <= limits::BODY_BYTES_MAX {
            kept.extend_from_slice(&data);
        } else if seen > limits::REFUSED_BODY_DRAIN_BYTES {
            break;
        }
    }
    if seen > limits::BODY_BYTES_MAX {
        Err(Unread::TooLarge)
    } else {
        Ok(kept.freeze())
    }
}
