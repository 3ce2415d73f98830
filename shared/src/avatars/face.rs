//! What is shown of a person: their picture, or their initials on a colour. From their row alone, without another read.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ctx::Ctx;
use crate::domain::avatar::Picture;
use crate::domain::face::{Initials, TEXT_COLOUR};
use crate::domain::id::UserId;
use crate::domain::people::User;
use crate::store::StoreError;

/// Where a picture is, by the edge of its square in pixels. What is at such an address never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FaceUrls {
    /// 64 by 64 pixels.
    #[serde(rename = "64")]
    pub small: String,
    /// 256 by 256 pixels.
    #[serde(rename = "256")]
    pub medium: String,
    /// 512 by 512 pixels.
    #[serde(rename = "512")]
    pub large: String,
}

/// What is shown of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Face {
    /// Their picture; null: show their initials.
    pub urls: Option<FaceUrls>,
    /// One or two letters.
    pub initials: String,
    /// The number of the initials' colour, 0 to 11.
    pub colour: usize,
    /// The initials' background, `#rrggbb`.
    pub background: &'static str,
    /// The initials themselves, `#rrggbb`; readable on the background (WCAG AA).
    pub text: &'static str,
}

impl FaceUrls {
    /// Those of this person's picture.
    pub fn of(ctx: &Ctx, user: UserId, picture: &Picture) -> Self {
        let [small, medium, large] = picture.keys(user).map(|key| ctx.object_url(&key));
        Self { small, medium, large }
    }
}

impl Face {
    /// This person's.
    pub fn of(ctx: &Ctx, user: &User) -> Self {
        let urls = user.avatar.picture.as_ref();
        Self {
            urls: urls.map(|picture| FaceUrls::of(ctx, user.id, picture)),
            ..Self::initials(user.id, &user.name)
        }
    }

    /// Of a person of whom no more is known: somebody who is gone, as a rule.
    pub fn initials(user: UserId, name: &str) -> Self {
        let initials = Initials::of(user, name);
        Self {
            urls: None,
            background: initials.background(),
            colour: initials.colour,
            initials: initials.letters,
            text: TEXT_COLOUR,
        }
    }

    /// Those of several people, in one read; of people who are gone there is none.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn of_many(
        ctx: &Ctx,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, Self>, StoreError> {
        let mut ids: Vec<UserId> = users.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let found = ctx.store.load_many::<User>(ids).await?;
        Ok(found.iter().map(|user| (user.id, Self::of(ctx, user))).collect())
    }
}
