//! What `avatar-upload` takes and answers, and its routes' part of the API's description. The routes themselves are its own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::face::FaceUrls;
use crate::domain::avatar::{Crop, State, Upload};
use crate::domain::id::{UploadId, UserId};

/// What is to be uploaded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketBody {
    /// `image/jpeg`, `image/png`, `image/webp` or `image/gif`: what the form will say, and nobody will believe.
    #[schema(pattern = "^image/(jpeg|png|webp|gif)$", example = "image/jpeg")]
    pub content_type: String,
    /// The picture's size, if it is known already: one that is too large is refused at once.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5_242_880)]
    pub bytes: Option<i64>,
    /// The square to keep; the middle, if it is left out.
    #[serde(default)]
    pub crop: Option<Crop>,
    /// A path of this Nightbell to which S3 sends the browser back after a form was posted without a script: `/settings`.
    #[serde(default)]
    #[schema(
        max_length = 256,
        pattern = r#"^/($|[!#-.0-;=?-\[\]-~][!#-;=?-\[\]-~]*$)"#,
        example = "/settings"
    )]
    pub return_to: Option<String>,
}

/// The right to upload one picture: post these fields to this address as `multipart/form-data`, in any order, and the picture
/// last, as `file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TicketAnswer {
    /// Its name in later answers.
    pub upload_id: UploadId,
    /// Where to post.
    pub url: String,
    /// The form's fields.
    pub fields: BTreeMap<String, String>,
    /// The most bytes that are taken.
    pub max_bytes: u64,
    /// When the form works no more.
    pub expires_at: Timestamp,
}

/// A person's picture, and how their newest upload fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AvatarAnswer {
    /// Where their picture is; null: there is none.
    pub urls: Option<FaceUrls>,
    /// Their newest upload within the last days; null: none, or the picture was taken away since.
    pub upload: Option<UploadView>,
}

/// How an upload fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UploadView {
    /// Its name.
    pub id: UploadId,
    /// How far it is.
    pub state: UploadState,
    /// Why it was rejected, for people.
    pub reason: Option<String>,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Nothing has come yet.
    Pending,
    /// It is looked at.
    Processing,
    /// It is the picture, or was until a later one.
    Ready,
    /// It is not; the reason says why.
    Rejected,
}

impl UploadView {
    /// That of a ticket; none where the picture was taken away.
    pub fn of(upload: &Upload) -> Option<Self> {
        let (state, reason) = match upload.state {
            State::Issued => (UploadState::Pending, None),
            State::Processing { .. } => (UploadState::Processing, None),
            State::Ready => (UploadState::Ready, None),
            State::Rejected(reason) => (UploadState::Rejected, Some(reason.text().to_owned())),
            State::Removal => return None,
        };
        Some(Self {
            id: upload.id,
            state,
            reason,
        })
    }
}

/// The part of the API's description that is about pictures.
#[derive(OpenApi)]
#[openapi(paths(create_avatar, get_avatar, delete_avatar))]
pub struct Descriptions;

/// Begin to upload a person's picture
///
/// `me` is oneself. Answers a form for S3, which takes one picture within five minutes; `GET` then says how it fares. At most
/// 30 in ten minutes.
#[utoipa::path(post, path = "/api/v1/users/{id}/avatar", tag = "Users",
    params(("id" = UserId, Path, description = "A person, or `me`.")), request_body = TicketBody,
    responses((status = 201, body = TicketAnswer)))]
#[expect(dead_code, reason = "described here, answered by avatar-upload")]
fn create_avatar() {}

/// A person's picture, and how their newest upload fares
#[utoipa::path(get, path = "/api/v1/users/{id}/avatar", tag = "Users",
    params(("id" = UserId, Path, description = "A person, or `me`.")), responses((status = 200, body = AvatarAnswer)))]
#[expect(dead_code, reason = "described here, answered by avatar-upload")]
fn get_avatar() {}

/// Take a person's picture away
///
/// Uploads that were begun before are over, too.
#[utoipa::path(delete, path = "/api/v1/users/{id}/avatar", tag = "Users",
    params(("id" = UserId, Path, description = "A person, or `me`.")), responses((status = 204)))]
#[expect(dead_code, reason = "described here, answered by avatar-upload")]
fn delete_avatar() {}
