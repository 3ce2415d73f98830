//! S3's operations, as far as the functions use them, with S3's conditions.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use futures_util::TryStreamExt;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object as Listed, PutObjectInput, PutObjectOutput,
    StreamingBlob, Timestamp,
};
use s3s::{Body, S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::kept::{Head, Kept, New};
use super::{Created, Listener};

/// Objects of one page, as in S3.
const LIST_MAX: usize = 1_000;

/// One object, in bytes: more than anything here is.
const OBJECT_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The operations over what is kept.
pub(super) struct Operations {
    pub kept: Arc<Kept>,
    pub listeners: Arc<Mutex<Vec<Listener>>>,
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let bytes = match input.body {
            Some(body) => whole(body).await?,
            None => Bytes::new(),
        };
        let (if_match, if_none_match) = (input.if_match, input.if_none_match);
        let new = New {
            bucket: input.bucket,
            key: input.key,
            content_type: input.content_type.map(|kind| kind.to_string()),
            cache_control: input.cache_control,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            bytes,
        };
        let may = move |head: Option<&Head>| {
            if_match.as_ref().is_none_or(|condition| is_met(condition, head))
                && !if_none_match.as_ref().is_some_and(|condition| is_met(condition, head))
        };
        let head = self.kept.put(new, may).await.map_err(broken)?;
        let head = head.ok_or_else(|| S3Error::from(S3ErrorCode::PreconditionFailed))?;
        let mut output = PutObjectOutput::default();
        output.e_tag = Some(ETag::Strong(head.etag.clone()));
        self.tell(head);
        Ok(S3Response::new(output))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let object = self.kept.get(&input.bucket, &input.key).await.map_err(broken)?;
        let object = object.ok_or_else(|| S3Error::from(S3ErrorCode::NoSuchKey))?;
        let head = object.head;
        check(&head, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let mut output = GetObjectOutput::default();
        output.content_length = i64::try_from(head.size).ok();
        output.body = Some(StreamingBlob::from(Body::from(object.bytes)));
        output.content_type = head.content_type.as_ref().and_then(|kind| kind.parse().ok());
        output.cache_control = head.cache_control;
        output.metadata = Some(head.metadata.into_iter().collect());
        output.e_tag = Some(ETag::Strong(head.etag));
        output.last_modified = Some(time(head.modified));
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let head = self.kept.head(&input.bucket, &input.key);
        let head = head.ok_or_else(|| S3Error::from(S3ErrorCode::NoSuchKey))?;
        check(&head, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let mut output = HeadObjectOutput::default();
        output.content_length = i64::try_from(head.size).ok();
        output.content_type = head.content_type.as_ref().and_then(|kind| kind.parse().ok());
        output.cache_control = head.cache_control;
        output.metadata = Some(head.metadata.into_iter().collect());
        output.e_tag = Some(ETag::Strong(head.etag));
        output.last_modified = Some(time(head.modified));
        Ok(S3Response::new(output))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.kept.delete(&input.bucket, &input.key).await.map_err(broken)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let limit = usize::try_from(input.max_keys.unwrap_or(i32::MAX))
            .unwrap_or(0)
            .min(LIST_MAX);
        let (prefix, after) = (input.prefix.unwrap_or_default(), input.start_after.unwrap_or_default());
        let mut heads = self.kept.list(&input.bucket, &prefix, &after, limit + 1);
        let is_truncated = heads.len() > limit;
        heads.truncate(limit);
        let mut output = ListObjectsV2Output::default();
        output.name = Some(input.bucket);
        output.prefix = Some(prefix);
        output.key_count = i32::try_from(heads.len()).ok();
        output.is_truncated = Some(is_truncated);
        let listed = heads.into_iter().map(|head| {
            let mut object = Listed::default();
            object.size = i64::try_from(head.size).ok();
            object.last_modified = Some(time(head.modified));
            object.e_tag = Some(ETag::Strong(head.etag));
            object.key = Some(head.key);
            object
        });
        output.contents = Some(listed.collect());
        Ok(S3Response::new(output))
    }
}

impl Operations {
    /// Tells of a write whoever listens.
    fn tell(&self, head: Head) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let sequencer = format!("{:020X}", head.modified.as_nanosecond());
        listeners.retain(|listener| {
            if listener.bucket != head.bucket || !head.key.starts_with(listener.prefix) {
                return true;
            }
            let created = Created {
                head: head.clone(),
                sequencer: sequencer.clone(),
            };
            listener.events.send(created).is_ok()
        });
    }
}

async fn whole(body: StreamingBlob) -> S3Result<Bytes> {
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    let cut = |_| S3Error::from(S3ErrorCode::IncompleteBody);
    while let Some(part) = body.try_next().await.map_err(cut)? {
        if bytes.len() + part.len() > OBJECT_MAX_BYTES {
            return Err(S3ErrorCode::EntityTooLarge.into());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.into())
}

fn check(head: &Head, if_match: Option<&ETagCondition>, if_none_match: Option<&ETagCondition>) -> S3Result<()> {
    if if_match.is_some_and(|condition| !is_met(condition, Some(head))) {
        return Err(S3ErrorCode::PreconditionFailed.into());
    }
    if if_none_match.is_some_and(|condition| is_met(condition, Some(head))) {
        return Err(S3ErrorCode::NotModified.into());
    }
    Ok(())
}

/// Whether there is such an object.
fn is_met(condition: &ETagCondition, head: Option<&Head>) -> bool {
    head.is_some_and(|head| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == head.etag,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn broken(error: io::Error) -> S3Error {
    tracing::error!(%error, "the folder of the objects cannot be read or written");
    S3ErrorCode::InternalError.into()
}

fn time(at: jiff::Timestamp) -> Timestamp {
    let since = Duration::from_millis(u64::try_from(at.as_millisecond()).unwrap_or(0));
    (SystemTime::UNIX_EPOCH + since).into()
}
