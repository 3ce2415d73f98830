//! The objects' edge: two buckets of S3, each by the few requests that the functions make of it.
//!
//! Uploads are what browsers posted and nobody has looked at yet; they are never served. Public objects are what anybody
//! may read, at `<objects URL>/<key>`: pictures, and the documents of the status page. Which of the two a function has is
//! said by its [`Need`](crate::config::Need)s.
//!
//! Absent on purpose: streams (everything here fits in memory, by a limit that the caller names), copies, multipart
//! uploads, tries (the SDK makes them), and anything that touches a file.

mod bucket;

use url::Url;

pub use bucket::{Body, Bucket, Listed, Object, ObjectError, Put, Unless, client};

/// What a function has of the buckets.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// What browsers post.
    pub uploads: Option<Bucket>,
    /// Where browsers post to.
    pub uploads_url: Option<Url>,
    /// What anybody may read.
    pub public: Option<Bucket>,
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
