//! One upload, from its ticket to a person's picture: claim, look, keep, swap, clean up. Each step is a conditional write over
//! what was read, so that whoever dies in between is followed by the next, and of two at once one stops.

use futures_util::future;
use lambda_runtime::Error;
use shared::ctx::Ctx;
use shared::domain::avatar::{Picture, Reason, Turn, Upload};
use shared::domain::limits::UPLOAD_MAX_BYTES;
use shared::domain::people::User;
use shared::object::{Body, Object, ObjectError, Unless};
use shared::store::{Swapped, UploadKey, Versioned};

use crate::picture::{self, Made};

/// How long a picture may be kept by who reads it: what is at its address never changes.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// How often a race for a person's row may be lost.
const ROUNDS_MAX: u32 = 5;

/// What came of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finalised {
    /// It is the person's picture.
    Ready,
    /// It is not, for this reason, which is recorded.
    Rejected(Reason),
    /// It was over already; what lay about of it is gone.
    CleanedUp,
    /// Somebody else works on it, or does so from now on.
    Busy,
    /// The object is another one by now: its own event comes.
    Changed,
    /// There is no such ticket; the object is gone.
    Unknown,
}

/// Brings one upload to its end. With `etag`, of the object that an event named, in quotes: that one or none.
///
/// # Errors
/// When the table or a bucket does not answer. The ticket stays due then, and the next look goes on where this one stopped.
pub async fn finalise(ctx: &Ctx, key: UploadKey, etag: Option<&str>) -> Result<Finalised, Error> {
    let now = ctx.clock.now();
    let Some(ticket) = ctx.store.upload(key).await? else {
        let object = Upload::issue(key.id, key.user_id, None, now).key();
        ctx.objects.uploads().delete(&object).await?;
        return Ok(Finalised::Unknown);
    };
    let claimed = match ticket.value.turn(now) {
        Turn::Busy => return Ok(Finalised::Busy),
        Turn::Over => return clean_up(ctx, ticket).await.map(|()| Finalised::CleanedUp),
        Turn::GiveUp(given_up) => {
            tracing::error!(upload_id = %key.id, "a picture was given up: each look at it ended without a word");
            return end(ctx, &ticket, given_up, Finalised::Rejected(Reason::Unreadable)).await;
        }
        Turn::Claim(claimed) => ctx.store.change_upload(&ticket, &claimed).await?,
    };
    let Some(claimed) = claimed else {
        return Ok(Finalised::Busy);
    };
    let looked = look(ctx, &claimed, etag).await;
    if looked.is_err() {
        // So that a retry need not wait for the lease; if this fails too, it does.
        let back = claimed.value.given_back(ctx.clock.now());
        ctx.store.change_upload(&claimed, &back).await.ok();
    }
    looked
}

async fn look(ctx: &Ctx, claimed: &Versioned<Upload>, etag: Option<&str>) -> Result<Finalised, Error> {
    let upload = &claimed.value;
    let reject = async |reason, written| {
        let rejected = upload.rejected(reason, written, ctx.clock.now());
        end(ctx, claimed, rejected, Finalised::Rejected(reason)).await
    };
    let limit = usize::try_from(UPLOAD_MAX_BYTES).unwrap_or(usize::MAX);
    let object = match ctx.objects.uploads().get(&upload.key(), limit, etag).await {
        Ok(Some(object)) => object,
        Ok(None) => return reject(Reason::NeverArrived, None).await,
        Err(ObjectError::TooLarge { .. }) => return reject(Reason::TooLarge, None).await,
        Err(ObjectError::Changed(_)) => {
            let back = upload.given_back(ctx.clock.now());
            ctx.store.change_upload(claimed, &back).await?;
            return Ok(Finalised::Changed);
        }
        Err(error) => return Err(error.into()),
    };
    let made = match made(object, upload).await? {
        Ok(made) => made,
        Err(reason) => return reject(reason, None).await,
    };
    keep(ctx, upload, &made).await?;
    let picture = made.picture;
    for _ in 0..ROUNDS_MAX {
        let Some(user) = ctx.store.load::<User>(upload.user_id).await? else {
            return reject(Reason::PersonGone, Some(picture)).await;
        };
        let avatar = user.value.avatar;
        if avatar.turn.is_some_and(|turn| turn > upload.id) {
            return reject(Reason::Superseded, Some(picture)).await;
        }
        let ready = upload.ready(avatar.picture.clone(), ctx.clock.now());
        match ctx.store.swap_picture(claimed, &ready, &avatar, &picture).await? {
            Swapped::Done => {
                let version = claimed.version + 1;
                clean_up(ctx, Versioned { value: ready, version }).await?;
                return Ok(Finalised::Ready);
            }
            Swapped::TicketChanged => return Ok(Finalised::Busy),
            Swapped::PersonChanged => {}
        }
    }
    Err("the person's row changes all the time".into())
}

/// The picture, made beside whatever else this process does: it is computing, for seconds where a picture is large.
async fn made(object: Object, upload: &Upload) -> Result<Result<Made, Reason>, Error> {
    let (id, crop) = (upload.id, upload.crop);
    #[expect(clippy::disallowed_methods, reason = "it is awaited")]
    let made = tokio::task::spawn_blocking(move || picture::make(&object.bytes, id, crop));
    Ok(made.await?)
}

async fn keep(ctx: &Ctx, upload: &Upload, made: &Made) -> Result<(), ObjectError> {
    let keys = made.picture.keys(upload.user_id);
    let puts = keys.iter().zip(&made.sizes).map(|(key, bytes)| {
        let body = Body {
            bytes: bytes.clone(),
            content_type: made.picture.format.content_type(),
            cache_control: CACHE_CONTROL,
            metadata: Default::default(),
        };
        ctx.objects.public().put(key, body, Unless::Never)
    });
    future::try_join_all(puts).await.map(drop)
}

/// Writes how a ticket ended, and then cleans up.
async fn end(ctx: &Ctx, before: &Versioned<Upload>, ended: Upload, how: Finalised) -> Result<Finalised, Error> {
    match ctx.store.change_upload(before, &ended).await? {
        Some(ended) => clean_up(ctx, ended).await.map(|()| how),
        None => Ok(Finalised::Busy),
    }
}

/// Deletes what is left of a ticket that is over. No picture of its leftovers is anybody's any more, nor will be: objects
/// belong to one ticket each.
async fn clean_up(ctx: &Ctx, over: Versioned<Upload>) -> Result<(), Error> {
    let upload = &over.value;
    ctx.objects.uploads().delete(&upload.key()).await?;
    let leftovers = upload.leftovers.iter();
    let keys: Vec<String> = leftovers
        .flat_map(|picture: &Picture| picture.keys(upload.user_id))
        .collect();
    future::try_join_all(keys.iter().map(|key| ctx.objects.public().delete(key))).await?;
    if upload.due.is_some() {
        // Somebody else did, if it is refused.
        ctx.store.change_upload(&over, &upload.finished()).await?;
    }
    Ok(())
}
