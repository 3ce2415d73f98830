//! The objects' edge: two buckets of S3, each by the few requests that the functions make of it.
//!
//! Uploads are what browsers posted and nobody has looked at yet; they are never served. Public objects are what anybody
//! may read, at `<objects URL>/<key>`: pictures, and the documents of the status page. Which of the two a function has is
//! said by its [`Need`](crate::config::Need)s.
//!
//! Absent on purpose: streams (everything here fits in memory, by a limit that the caller names), copies, multipart
//! uploads, tries (the SDK makes them), and anything that touches a file.

mod bucket;
mod presigned_post;

use aws_sdk_s3::config::{ProvideCredentials, SharedCredentialsProvider};
use jiff::Timestamp;
use url::Url;

pub use bucket::{Body, Bucket, Head, Listed, Object, ObjectError, Put, Unless, client};
pub use presigned_post::{Form, Signer, presign};

/// What a function has of the buckets.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// What browsers post.
    pub uploads: Option<Bucket>,
    /// Where browsers post to.
    pub uploads_url: Option<Url>,
    /// What anybody may read.
    pub public: Option<Bucket>,
    /// Who the function is, for the forms that it signs.
    pub identity: Option<Identity>,
}

/// Who a function is to S3.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its credentials, which change while it runs.
    pub credentials: SharedCredentialsProvider,
    /// The region of its buckets.
    pub region: String,
}

/// A form that a browser may post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    /// Where to.
    pub url: String,
    /// Its fields, in order; the file comes last, in a field called `file`.
    pub fields: Vec<(String, String)>,
}

impl Objects {
    /// What browsers post. Only functions that say they need it have it.
    #[expect(
        clippy::expect_used,
        reason = "a function without the need was given work that has it"
    )]
    pub fn uploads(&self) -> &Bucket {
        self.uploads
            .as_ref()
            .expect("a function that says it needs the bucket of uploads")
    }

    /// What anybody may read. Only functions that say they need it have it.
    #[expect(
        clippy::expect_used,
        reason = "a function without the need was given work that has it"
    )]
    pub fn public(&self) -> &Bucket {
        self.public
            .as_ref()
            .expect("a function that says it needs the public bucket")
    }

    /// A form by which a browser may upload one object of at least one byte and at most `bytes_max`, until `expires_at`.
    ///
    /// # Errors
    /// When the function has no credentials to sign it with.
    pub async fn upload_form(
        &self,
        key: &str,
        bytes_max: u64,
        fields: &[(&str, &str)],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<PostForm, ObjectError> {
        let bucket = self.uploads().name();
        let unsigned = |why: String| ObjectError::Unavailable {
            bucket: bucket.to_owned(),
            why,
        };
        let identity = self.identity.as_ref();
        let identity = identity.ok_or_else(|| unsigned("there are no credentials".into()))?;
        let credentials = identity.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| unsigned(error.to_string()))?;
        let signer = Signer {
            access_key_id: credentials.access_key_id(),
            secret_access_key: credentials.secret_access_key(),
            session_token: credentials.session_token(),
            region: &identity.region,
        };
        let form = Form {
            bucket,
            key,
            bytes: (1, bytes_max),
            fields,
            expires_at,
        };
        Ok(PostForm {
            url: self.uploads_url().to_string(),
            fields: presign(&form, &signer, now),
        })
    }

    /// Where browsers post to. Only functions that say they need it have it.
    #[expect(
        clippy::expect_used,
        reason = "a function without the need was given work that has it"
    )]
    pub fn uploads_url(&self) -> &Url {
        self.uploads_url
            .as_ref()
            .expect("a function that says it needs to know where uploads go")
    }
}
