//! Public objects as they go out: a text is read and compressed once a writing, not once a view. What is kept is known by
//! all that its writer said of it, so that a view after a writing is of that writing.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::engine::objects::{Head, Objects};

/// Texts from this size on are worth compressing, in bytes.
const COMPRESS_MIN_BYTES: usize = 1_000;

/// What is kept together, in bytes: some hundred pages. Past it everything is read anew.
const KEPT_MAX_BYTES: usize = 32 * 1024 * 1024;

/// The public bucket, with what of it was read lately.
#[derive(Debug, Clone)]
pub struct Renditions {
    objects: Objects,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<String, Arc<Rendition>>,
    bytes: usize,
}

/// An object, ready to be sent.
#[derive(Debug)]
pub struct Rendition {
    /// What is said of it.
    pub head: Head,
    /// Its bytes.
    pub bytes: Bytes,
    /// The same, compressed; none where that is not worth it.
    pub gzip: Option<Bytes>,
}

impl Renditions {
    /// Of these objects.
    #[must_use]
    pub fn new(objects: Objects) -> Self {
        Self {
            objects,
            kept: Arc::default(),
        }
    }

    /// The object under this key; none: there is none.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub async fn of(&self, key: &str) -> io::Result<Option<Arc<Rendition>>> {
        let Some(head) = self.objects.public_head(key) else {
            return Ok(None);
        };
        let known = self.kept().by_key.get(key).filter(|known| known.head == head).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(object) = self.objects.public(key).await? else {
            return Ok(None);
        };
        let is_text = is_text(object.head.content_type.as_deref().unwrap_or_default());
        let gzip = match is_text && object.bytes.len() >= COMPRESS_MIN_BYTES {
            true => Some(gzip(&object.bytes)?.into()),
            false => None,
        };
        let rendition = Arc::new(Rendition {
            head: object.head,
            bytes: object.bytes,
            gzip,
        });
        if is_text {
            self.kept().keep(key, &rendition);
        }
        Ok(Some(rendition))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, key: &str, rendition: &Arc<Rendition>) {
        if self.bytes + rendition.size() > KEPT_MAX_BYTES {
            *self = Self::default();
        }
        self.bytes += rendition.size();
        if let Some(before) = self.by_key.insert(key.to_owned(), Arc::clone(rendition)) {
            self.bytes -= before.size();
        }
    }
}

impl Rendition {
    fn size(&self) -> usize {
        self.bytes.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }
}

fn is_text(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || matches!(kind, "application/json" | "application/atom+xml" | "image/svg+xml")
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;
    use shared::object::{Body, Bucket, Unless};

    use super::*;
    use crate::engine::objects::PUBLIC;

    async fn write(objects: &Objects, key: &str, content_type: &'static str, bytes: Vec<u8>) {
        let body = Body {
            bytes: bytes.into(),
            content_type,
            ..Default::default()
        };
        let bucket = Bucket::new(objects.client(), PUBLIC);
        bucket.put(key, body, Unless::Never).await.unwrap();
    }

    #[tokio::test]
    async fn a_text_is_compressed_once_a_writing_and_never_served_after_the_next() {
        let objects = Objects::memory("secret".into(), Clock::System);
        let renditions = Renditions::new(objects.clone());
        write(&objects, "a", "text/html", vec![b'a'; 5_000]).await;
        let first = renditions.of("a").await.unwrap().unwrap();
        assert!(first.gzip.as_ref().unwrap().len() < 100);
        assert!(Arc::ptr_eq(&first, &renditions.of("a").await.unwrap().unwrap()));
        write(&objects, "a", "text/html", vec![b'b'; 6_000]).await;
        let second = renditions.of("a").await.unwrap().unwrap();
        assert_eq!((second.bytes.len(), second.bytes[0]), (6_000, b'b'));
        assert_eq!(renditions.kept().bytes, second.size());
        // The same bytes, said to be something else.
        write(&objects, "a", "image/png", vec![b'b'; 6_000]).await;
        let third = renditions.of("a").await.unwrap().unwrap();
        assert!(third.gzip.is_none() && third.head.content_type.as_deref() == Some("image/png"));
        assert!(renditions.of("b").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_kept_has_an_end() {
        let objects = Objects::memory("secret".into(), Clock::System);
        let renditions = Renditions::new(objects.clone());
        for number in 0..6 {
            let key = number.to_string();
            write(&objects, &key, "text/plain", vec![b'a'; 10 * 1024 * 1024]).await;
            assert!(renditions.of(&key).await.unwrap().is_some());
            assert!(renditions.kept().bytes <= KEPT_MAX_BYTES);
        }
    }
}
