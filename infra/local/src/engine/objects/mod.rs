//! S3 on one machine: the real AWS SDK above, `s3s` (S3's protocol, signatures and form policies) in the middle, our own
//! keeping of objects below, no socket between.
//!
//! The actors: [`Objects`] owns the buckets; the connector (`connector.rs`) is what the SDK takes for the network;
//! `bucket.rs` answers S3's operations out of `kept.rs`, which has the objects in memory or, one file each, in a folder;
//! `post.rs` takes what browsers post, and says to them what S3 says; [`Created`] is what a bucket's notification tells.
//!
//! Why not `s3s-fs`: it reads without conditions, writes an object and what is said of it one after the other and syncs
//! neither, so that a publisher's conditional write could win twice and a loss of power leave half an object.
//!
//! Absent on purpose: every operation the functions do not use, versions, access lists, expiry (uploads that nobody
//! finished are deleted at the next start).

mod bucket;
mod connector;
mod kept;
mod post;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use shared::clock::Clock;
use shared::domain::limits::UPLOAD_MAX_BYTES;
use shared::object::Identity;
use tokio::sync::mpsc;

use super::{EngineError, REGION};
use kept::Kept;

pub use kept::{Head, Object};

/// The bucket of uploads.
pub const UPLOADS: &str = "nightbell-uploads";

/// The bucket that anybody reads.
pub const PUBLIC: &str = "nightbell-public";

/// What the local home's own clients are called.
const ACCESS_KEY: &str = "nightbell-local";

/// Form fields of an upload besides the file, all together, in bytes.
const FORM_FIELDS_MAX_BYTES: usize = 64 * 1024;

/// The embedded buckets, shared by every clone.
#[derive(Clone)]
pub struct Objects(Arc<Buckets>);

/// What the service and the clients share.
struct Buckets {
    kept: Arc<Kept>,
    service: S3Service,
    secret: String,
    listeners: Arc<Mutex<Vec<Listener>>>,
}

struct Listener {
    bucket: &'static str,
    prefix: &'static str,
    events: mpsc::UnboundedSender<Created>,
}

/// An object was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Where, when and what.
    pub head: Head,
    /// Larger for later writes, as text.
    pub sequencer: String,
}

/// The writes that a listener has not heard of yet.
#[derive(Debug)]
pub struct CreatedEvents(mpsc::UnboundedReceiver<Created>);

impl CreatedEvents {
    /// The next one, if there is one.
    pub fn try_next(&mut self) -> Option<Created> {
        self.0.try_recv().ok()
    }

    /// The next one, when there is one. None when the buckets are gone.
    pub async fn next(&mut self) -> Option<Created> {
        self.0.recv().await
    }
}

impl Objects {
    /// Opens (or makes) the buckets in this folder. A write that was answered survives `kill -9` and a loss of power.
    /// Requests are signed with `secret`.
    ///
    /// # Errors
    /// When the folder cannot be read or holds something else.
    pub fn open(folder: &Path, secret: String, clock: Clock) -> Result<Self, EngineError> {
        Ok(Self::over(Kept::open(folder, clock)?, secret))
    }

    /// Buckets that live as long as their clones.
    #[must_use]
    pub fn memory(secret: String, clock: Clock) -> Self {
        Self::over(Kept::memory(clock), secret)
    }

    fn over(kept: Kept, secret: String) -> Self {
        let kept = Arc::new(kept);
        let listeners: Arc<Mutex<Vec<Listener>>> = Arc::default();
        let mut service = S3ServiceBuilder::new(bucket::Operations {
            kept: Arc::clone(&kept),
            listeners: Arc::clone(&listeners),
        });
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, secret.as_str()));
        let mut config = S3Config::default();
        config.post_object_max_file_size = UPLOAD_MAX_BYTES;
        config.form_max_fields_size = FORM_FIELDS_MAX_BYTES;
        service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Self(Arc::new(Buckets {
            kept,
            service: service.build(),
            secret,
            listeners,
        }))
    }

    /// What the SDK takes for the network. Hand it to a client, or wrap it first.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(self.0.service.clone())
    }

    /// The SDK client over these buckets.
    #[must_use]
    pub fn client(&self) -> aws_sdk_s3::Client {
        self.client_over(self.http_client())
    }

    /// The same over `http_client`: nothing read from the environment, and no tries.
    #[must_use]
    pub fn client_over(&self, http_client: SharedHttpClient) -> aws_sdk_s3::Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(self.credentials())
            .endpoint_url("http://s3.localhost")
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(http_client)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// Who the local home is to its own buckets.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::new(ACCESS_KEY, self.0.secret.as_str(), None, None, "local")
    }

    /// The same, for the forms that are signed.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            credentials: SharedCredentialsProvider::new(self.credentials()),
            region: REGION.to_owned(),
        }
    }

    /// A public object, as CloudFront has it.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub async fn public(&self, key: &str) -> std::io::Result<Option<Object>> {
        self.0.kept.get(PUBLIC, key).await
    }

    /// What is said of an object of the public bucket.
    #[must_use]
    pub fn public_head(&self, key: &str) -> Option<Head> {
        self.0.kept.head(PUBLIC, key)
    }

    /// Tells of every object that is written to `bucket` under `prefix` from now on.
    #[must_use]
    pub fn created(&self, bucket: &'static str, prefix: &'static str) -> CreatedEvents {
        let (events, heard) = mpsc::unbounded_channel();
        let mut listeners = self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.push(Listener { bucket, prefix, events });
        CreatedEvents(heard)
    }
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}
