//! One bucket: objects by their keys, whole, with the conditions that S3 knows.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::http::Response;
use bytes::{Bytes, BytesMut};

/// Keys of one page of a listing.
const LIST_KEYS_MAX: i32 = 1_000;

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// An object that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The bytes.
    pub bytes: Bytes,
    /// Its tag, with its quotes: it is another for other bytes.
    pub etag: String,
    /// What it says it is.
    pub content_type: Option<String>,
    /// What its writer noted (`x-amz-meta-…`), names in lower case.
    pub metadata: HashMap<String, String>,
}

/// What is known of an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its tag, with its quotes.
    pub etag: String,
    /// What its writer noted (`x-amz-meta-…`), names in lower case.
    pub metadata: HashMap<String, String>,
}

/// The bytes of an object to write, with what is said of them.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// The bytes.
    pub bytes: Bytes,
    /// What they are, as `Content-Type` will say.
    pub content_type: &'static str,
    /// How long they may be kept, as `Cache-Control` will say.
    pub cache_control: &'static str,
    /// Notes (`x-amz-meta-…`).
    pub metadata: HashMap<String, String>,
}

/// When an object is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unless {
    /// Always written.
    Never,
    /// There is one already.
    Present,
    /// It is not this one any more (an [`Object::etag`]), or is gone.
    Changed(String),
}

/// What came of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is written, and has this tag.
    Written(String),
    /// It is not, for what [`Unless`] says.
    Refused,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its tag, with its quotes.
    pub etag: String,
}

/// Why the bucket did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It cannot be reached, is busy, or did not answer in time: later is better.
    #[error("the bucket {bucket} cannot be reached: {why}")]
    Unavailable {
        /// Its name.
        bucket: String,
        /// What happened.
        why: String,
    },
    /// The object is not the one that was asked for any more.
    #[error("the object {0} was changed meanwhile")]
    Changed(String),
    /// The object is larger than the caller can take.
    #[error("the object {key} is larger than {limit} bytes")]
    TooLarge {
        /// Its key.
        key: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The request itself was refused: a mistake of ours, or a right that is missing.
    #[error("the bucket {bucket} refused the request: {why}")]
    Refused {
        /// Its name.
        bucket: String,
        /// What it says.
        why: String,
    },
}

impl ObjectError {
    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Changed(_))
    }
}

/// The client of all buckets. What is sent is whole and goes over TLS: a checksum of our own on top would only cost.
pub fn client(sdk: &SdkConfig) -> Client {
    let config = aws_sdk_s3::config::Builder::from(sdk)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // An endpoint of one's own (a test's, a gateway's) knows no names of buckets in its own.
        .force_path_style(sdk.endpoint_url().is_some())
        .build();
    Client::from_conf(config)
}

impl Bucket {
    /// The bucket called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The object, if there is one and it has at most `limit` bytes. With `if_match` (an [`Object::etag`]): this one or
    /// none.
    ///
    /// # Errors
    /// When it is larger, is another one, or the bucket does not answer. No more than `limit` bytes are kept meanwhile.
    pub async fn get(&self, key: &str, limit: usize, if_match: Option<&str>) -> Result<Option<Object>, ObjectError> {
        let request = self.client.get_object().bucket(&self.name).key(key);
        let answer = request.set_if_match(if_match.map(str::to_owned)).send().await;
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) if is(&error, 404, "NoSuchKey") => return Ok(None),
            Err(error) if is(&error, 412, "PreconditionFailed") => return Err(ObjectError::Changed(key.into())),
            Err(error) => return Err(self.failed(&error)),
        };
        let too_large = || ObjectError::TooLarge { key: key.into(), limit };
        let said = usize::try_from(answer.content_length.unwrap_or(0)).unwrap_or(0);
        if said > limit {
            return Err(too_large());
        }
        let mut bytes = BytesMut::with_capacity(said);
        while let Some(part) = answer.body.next().await {
            let part = part.map_err(|error| self.unavailable(error.to_string()))?;
            if bytes.len() + part.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Some(Object {
            bytes: bytes.freeze(),
            etag: answer.e_tag.unwrap_or_default(),
            content_type: answer.content_type,
            metadata: answer.metadata.unwrap_or_default(),
        }))
    }

    /// What is known of the object, if there is one.
    ///
    /// # Errors
    /// When the bucket does not answer.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, ObjectError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => Ok(Some(Head {
                etag: answer.e_tag.unwrap_or_default(),
                metadata: answer.metadata.unwrap_or_default(),
            })),
            // An answer to HEAD has no body that could say more.
            Err(SdkError::ServiceError(answer)) if answer.raw().status().as_u16() == 404 => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Writes an object whole: whoever reads it sees the old one or the new one.
    ///
    /// # Errors
    /// When the bucket does not answer. Whether it is written is not known then.
    pub async fn put(&self, key: &str, body: Body, unless: Unless) -> Result<Put, ObjectError> {
        let (if_none_match, if_match) = match unless {
            Unless::Never => (None, None),
            Unless::Present => (Some("*".to_owned()), None),
            Unless::Changed(etag) => (None, Some(etag)),
        };
        let request = self.client.put_object().bucket(&self.name).key(key);
        let answer = request
            .content_type(body.content_type)
            .cache_control(body.cache_control)
            .set_metadata(Some(body.metadata))
            .set_if_none_match(if_none_match)
            .set_if_match(if_match)
            .body(ByteStream::from(body.bytes))
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Put::Written(answer.e_tag.unwrap_or_default())),
            Err(error) if is(&error, 412, "PreconditionFailed") || is(&error, 404, "NoSuchKey") => Ok(Put::Refused),
            // Two conditional writes at once: the other one is told first, and this one is to look again.
            Err(error) if is(&error, 409, "ConditionalRequestConflict") => Err(ObjectError::Changed(key.into())),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Deletes an object; one that is gone already is no error.
    ///
    /// # Errors
    /// When the bucket does not answer.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let answer = self.client.delete_object().bucket(&self.name).key(key).send().await;
        answer.map(drop).map_err(|error| self.failed(&error))
    }

    /// A page of the objects whose keys begin with `prefix`, by key, after the key `after`; at most a thousand. A page that
    /// is not full is the last.
    ///
    /// # Errors
    /// When the bucket does not answer.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listed>, ObjectError> {
        let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let request = request
            .set_start_after(after.map(str::to_owned))
            .max_keys(LIST_KEYS_MAX);
        let answer = request.send().await.map_err(|error| self.failed(&error))?;
        let listed = answer.contents.unwrap_or_default().into_iter().map(|object| Listed {
            key: object.key.unwrap_or_default(),
            etag: object.e_tag.unwrap_or_default(),
        });
        Ok(listed.collect())
    }

    /// The cheapest question there is, for the sake of the connection it leaves open. What is answered does not matter:
    /// whoever may write need not be allowed to look.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn open(&self) -> Result<(), ObjectError> {
        match self.client.head_object().bucket(&self.name).key("PING").send().await {
            Ok(_) | Err(SdkError::ServiceError(_)) => Ok(()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
        &self,
        error: &SdkError<E, Response>,
    ) -> ObjectError {
        let why = DisplayErrorContext(error).to_string();
        match error {
            SdkError::ServiceError(answer) if !matches!(answer.raw().status().as_u16(), 408 | 429 | 500..=599) => {
                ObjectError::Refused {
                    bucket: self.name.clone(),
                    why,
                }
            }
            SdkError::ConstructionFailure(_) => ObjectError::Refused {
                bucket: self.name.clone(),
                why,
            },
            _ => self.unavailable(why),
        }
    }

    fn unavailable(&self, why: String) -> ObjectError {
        ObjectError::Unavailable {
            bucket: self.name.clone(),
            why,
        }
    }
}

/// Whether the bucket answered this.
fn is<E: ProvideErrorMetadata>(error: &SdkError<E, Response>, status: u16, code: &str) -> bool {
    let SdkError::ServiceError(answer) = error else {
        return false;
    };
    // Answers without a body (to HEAD, or through a proxy) have a status and no code.
    answer.raw().status().as_u16() == status && answer.err().code().is_none_or(|said| said == code)
}
