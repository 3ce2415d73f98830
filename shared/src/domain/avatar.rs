//! A person's picture: how one comes to be, and which one holds.
//!
//! An upload has a ticket ([`Upload`]): `issued -> processing (for the length of a lease) -> ready | rejected`. Whoever asks
//! for a ticket may post one object under its key; whoever hears of that object claims the ticket, looks, and swaps the
//! person's picture. Each step is a value that is written over the version it was made from, and the ticket is due until
//! nothing is left to do: a lost event, a crash between two writes and an event that comes twice all end in the same place.
//!
//! Of several tickets the newest wins, whichever is done first: a person's [`Avatar`] remembers the turn of the ticket that
//! set it, and only a later one may. Taking a picture away is a turn too ([`State::Removal`]), so it ends all tickets before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{NotAnId, UploadId, UserId};
use super::time::after_seconds;

/// The edges of the squares that are kept, in pixels.
pub const SIZES: [u32; 3] = [64, 256, 512];

/// How long a form may be posted, in seconds.
pub const FORM_SECONDS: i64 = 300;

/// How long a claimed ticket belongs to its worker, in seconds. Longer than the function may run.
pub const LEASE_SECONDS: i64 = 70;

/// After the form's end: the look for an upload whose event was lost, in seconds. An upload that began in time may last.
pub const LOOK_AFTER_SECONDS: i64 = 120;

/// Claims that ended without a word after which a picture is given up: it is too much for the function.
pub const CLAIMS_MAX: u32 = 3;

/// How long a ticket is kept, in seconds.
pub const KEPT_SECONDS: i64 = 7 * 86_400;

/// The most pixels that are read: 40 megapixels.
pub const PIXELS_MAX: u64 = 40_000_000;

/// What every upload's key begins with.
pub const INCOMING: &str = "incoming/";

/// What every picture's key begins with.
pub const PICTURES: &str = "pictures/";

/// What of a person's row is about their picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// The picture, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// The ticket that said so: only a later one may say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<UploadId>,
}

impl Avatar {
    /// Whether nothing was ever said.
    pub fn is_untouched(&self) -> bool {
        self.turn.is_none()
    }
}

/// A picture that is kept, in every size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The digest of its ticket and its bytes: of other bytes, and of other tickets, it is another. So no two tickets ever
    /// share an object, and one may delete its own without asking about others.
    pub digest: String,
    /// How it is encoded.
    pub format: Format,
}

/// How kept pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Photographs, and whatever is opaque.
    Jpeg,
    /// What can be seen through.
    Png,
}

impl Format {
    /// As `Content-Type` says it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

impl Picture {
    /// The key of one of its [`SIZES`].
    pub fn key(&self, user: UserId, size: u32) -> String {
        format!("{PICTURES}{user}/{}-{size}.{}", self.digest, self.format.extension())
    }

    /// The keys of all of them.
    pub fn keys(&self, user: UserId) -> [String; 3] {
        SIZES.map(|size| self.key(user, size))
    }
}

/// The square of a picture that its person chose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Its left edge, as a part of the picture's width (0 to 1), the picture upright.
    #[schema(minimum = 0, maximum = 1)]
    pub x: f64,
    /// Its upper edge, as a part of the picture's height (0 to 1).
    #[schema(minimum = 0, maximum = 1)]
    pub y: f64,
    /// Its edge, as a part of the picture's shorter side (0.01 to 1).
    #[schema(minimum = 0.01, maximum = 1)]
    pub size: f64,
}

impl Crop {
    /// What is wrong with it: a field's name, and what would be right.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let is_part = |part: f64| (0.0..=1.0).contains(&part);
        match () {
            () if !is_part(self.x) => Some(("x", "must be a number from 0 to 1")),
            () if !is_part(self.y) => Some(("y", "must be a number from 0 to 1")),
            () if !(0.01..=1.0).contains(&self.size) => Some(("size", "must be a number from 0.01 to 1")),
            () => None,
        }
    }

    /// The same to a millionth, which no picture has as many pixels as: the table takes no number of every size.
    #[must_use]
    pub fn rounded(self) -> Self {
        let to_a_millionth = |part: f64| (part * 1_000_000.0).round() / 1_000_000.0;
        Self {
            x: to_a_millionth(self.x),
            y: to_a_millionth(self.y),
            size: to_a_millionth(self.size),
        }
    }
}

/// A square in pixels: left, top and edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square {
    /// Its left edge.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its edge; at least 1.
    pub edge: u32,
}

/// The square of a picture of this size that is kept: the chosen one, moved inside where it sticks out; else the middle.
pub fn square(width: u32, height: u32, crop: Option<Crop>) -> Square {
    let shorter = width.min(height).max(1);
    let Some(crop) = crop else {
        return Square {
            x: (width - shorter.min(width)) / 2,
            y: (height - shorter.min(height)) / 2,
            edge: shorter,
        };
    };
    let edge = ((f64::from(shorter) * crop.size).round() as u32).clamp(1, shorter);
    let place = |side: u32, part: f64| ((f64::from(side) * part).round() as u32).min(side.saturating_sub(edge));
    Square {
        x: place(width, crop.x),
        y: place(height, crop.y),
        edge,
    }
}

/// A ticket: the right to upload one picture, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id; later tickets have greater ones.
    pub id: UploadId,
    /// Whose picture it is.
    pub user_id: UserId,
    /// How far it is.
    pub state: State,
    /// The square that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// When it was asked for.
    pub issued_at: Timestamp,
    /// Claims so far, save those that were given back.
    #[serde(default)]
    pub claims: u32,
    /// When somebody has to look at it, whatever else happens. None: nothing is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Pictures whose objects are to be deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<Picture>,
}

/// How far a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A picture may come.
    Issued,
    /// Somebody looks at it, until then at the latest.
    Processing {
        /// The end of their lease.
        until: Timestamp,
    },
    /// It is their picture, or was until a later one.
    Ready,
    /// It is not, and this is why.
    Rejected(Reason),
    /// No upload at all: the picture was taken away.
    Removal,
}

/// Why a picture was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No bytes.
    Empty,
    /// More bytes than allowed.
    TooLarge,
    /// None of the formats, whatever it is called.
    NotAPicture,
    /// SVG: a program, more than a picture.
    Drawing,
    /// Cut off or broken.
    Damaged,
    /// More pixels than are read.
    TooManyPixels,
    /// It needs more memory than there is.
    TooComplex,
    /// It never came.
    NeverArrived,
    /// A later ticket was first.
    Superseded,
    /// The function ended each time it looked at it.
    Unreadable,
    /// The person is gone.
    PersonGone,
}

impl Reason {
    /// For its person: what is wrong, and what would be right.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "The file is empty. Choose another one.",
            Self::TooLarge => "The picture is larger than 5 MiB. Choose a smaller one.",
            Self::NotAPicture => {
                "This is not a JPEG, PNG, WebP or GIF picture, whatever its name says. Save it as one of these and try again."
            }
            Self::Drawing => "SVG drawings are not taken. Save it as a PNG and try again.",
            Self::Damaged => "The picture is damaged or was cut off. Try again, or save it anew first.",
            Self::TooManyPixels => "The picture has more than 40 megapixels. Make it smaller and try again.",
            Self::TooComplex => {
                "The picture needs too much memory to be read. Save it as an ordinary JPEG or PNG and try again."
            }
            Self::NeverArrived => "No picture arrived. Try again.",
            Self::Superseded => "A later upload, or the removal of the picture, came first.",
            Self::Unreadable => "The picture could not be read. Save it anew, smaller, and try again.",
            Self::PersonGone => "The person it belongs to is gone.",
        }
    }
}

/// What is to be done with a ticket whose upload was heard of, or that is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// Write this over it, and look at the upload.
    Claim(Upload),
    /// It has been looked at too often: write this over it.
    GiveUp(Upload),
    /// Somebody looks at it now.
    Busy,
    /// It is over: whatever lies under its key, and its leftovers, are to be deleted.
    Over,
}

impl Upload {
    /// A ticket that is asked for `now`.
    pub fn issue(id: UploadId, user_id: UserId, crop: Option<Crop>, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            state: State::Issued,
            crop,
            issued_at: now,
            claims: 0,
            due: Some(after_seconds(now, FORM_SECONDS + LOOK_AFTER_SECONDS)),
            leftovers: Vec::new(),
        }
    }

    /// The turn that takes a picture away `now`, whose objects are then leftovers.
    pub fn removal(id: UploadId, user_id: UserId, picture: Option<Picture>, now: Timestamp) -> Self {
        Self {
            state: State::Removal,
            due: picture.is_some().then_some(now),
            leftovers: picture.into_iter().collect(),
            ..Self::issue(id, user_id, None, now)
        }
    }

    /// When its form works no more.
    pub fn form_ends_at(&self) -> Timestamp {
        after_seconds(self.issued_at, FORM_SECONDS)
    }

    /// When it is forgotten.
    pub fn expires_at(&self) -> Timestamp {
        after_seconds(self.issued_at, KEPT_SECONDS)
    }

    /// The key under which its picture comes.
    pub fn key(&self) -> String {
        format!("{INCOMING}{}/{}", self.user_id, self.id)
    }

    /// What is to be done with it `now`.
    pub fn turn(&self, now: Timestamp) -> Turn {
        match self.state {
            State::Processing { until } if now < until => Turn::Busy,
            // What came after all is looked at after all.
            State::Issued | State::Processing { .. } | State::Rejected(Reason::NeverArrived) => {
                if self.claims >= CLAIMS_MAX {
                    return Turn::GiveUp(self.rejected(Reason::Unreadable, None, now));
                }
                let until = after_seconds(now, LEASE_SECONDS);
                Turn::Claim(Self {
                    state: State::Processing { until },
                    claims: self.claims + 1,
                    due: Some(until),
                    ..self.clone()
                })
            }
            State::Ready | State::Rejected(_) | State::Removal => Turn::Over,
        }
    }

    /// The claim given back: the object is another one now, whose own event comes.
    pub fn given_back(&self, now: Timestamp) -> Self {
        Self {
            state: State::Issued,
            claims: self.claims.saturating_sub(1),
            due: Some(after_seconds(now, LOOK_AFTER_SECONDS)),
            ..self.clone()
        }
    }

    /// Its picture holds, in the place of `replaced`; what is left to do is to delete.
    pub fn ready(&self, replaced: Option<Picture>, now: Timestamp) -> Self {
        Self {
            state: State::Ready,
            due: Some(after_seconds(now, LEASE_SECONDS)),
            leftovers: replaced.into_iter().collect(),
            ..self.clone()
        }
    }

    /// Its picture is not taken; what was written of it already, and what was uploaded, is left to be deleted.
    pub fn rejected(&self, reason: Reason, written: Option<Picture>, now: Timestamp) -> Self {
        Self {
            state: State::Rejected(reason),
            due: Some(after_seconds(now, LEASE_SECONDS)),
            leftovers: written.into_iter().collect(),
            ..self.clone()
        }
    }

    /// Nothing is left to do.
    pub fn finished(&self) -> Self {
        Self {
            due: None,
            leftovers: Vec::new(),
            ..self.clone()
        }
    }
}

/// Reads the key of an upload back: whose it is, and its ticket.
///
/// # Errors
/// When it was not made by [`Upload::key`].
pub fn parse_key(key: &str) -> Result<(UserId, UploadId), NotAnId> {
    let not = NotAnId {
        prefix: UploadId::PREFIX,
    };
    let (user, upload) = key
        .strip_prefix(INCOMING)
        .and_then(|rest| rest.split_once('/'))
        .ok_or(not)?;
    Ok((user.parse()?, upload.parse()?))
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        after_seconds("2026-03-01T02:00:00Z".parse().unwrap(), seconds)
    }

    fn ticket() -> Upload {
        let (id, user) = (Ulid::from_parts(2, 2), Ulid::from_parts(1, 1));
        Upload::issue(UploadId(id), UserId(user), None, at(0))
    }

    fn claimed(upload: &Upload, now: Timestamp) -> Upload {
        match upload.turn(now) {
            Turn::Claim(claimed) => claimed,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_part_too_small_for_the_table_is_none() {
        let crop = Crop {
            x: f64::MIN_POSITIVE,
            y: 1.0 / 3.0,
            size: 1.0,
        };
        assert_eq!(
            crop.rounded(),
            Crop {
                x: 0.0,
                y: 0.333_333,
                size: 1.0
            }
        );
    }

    #[test]
    fn one_worker_at_a_time_and_the_next_when_its_lease_is_over() {
        let first = claimed(&ticket(), at(10));
        assert_eq!(first.turn(at(10 + LEASE_SECONDS - 1)), Turn::Busy);
        assert_eq!(first.due, Some(at(10 + LEASE_SECONDS)));
        let second = claimed(&first, at(10 + LEASE_SECONDS));
        let third = claimed(&second, at(200));
        let Turn::GiveUp(given_up) = third.turn(at(300)) else {
            panic!("a fourth look")
        };
        assert_eq!(given_up.state, State::Rejected(Reason::Unreadable));
        // One that was given back is not counted.
        let back = first.given_back(at(11));
        assert_eq!((back.state, back.claims), (State::Issued, 0));
    }

    #[test]
    fn a_ticket_is_due_until_nothing_is_left_to_do() {
        let picture = |digest: &str| Picture {
            digest: digest.into(),
            format: Format::Jpeg,
        };
        let issued = ticket();
        let claimed = claimed(&issued, at(1));
        let ready = claimed.ready(Some(picture("old")), at(2));
        let rejected = claimed.rejected(Reason::Superseded, Some(picture("new")), at(2));
        let removal = Upload::removal(issued.id, issued.user_id, Some(picture("old")), at(3));
        for upload in [&issued, &claimed, &ready, &rejected, &removal] {
            assert!(upload.due.is_some(), "{upload:?}");
            let finished = upload.finished();
            assert!(finished.due.is_none() && finished.leftovers.is_empty());
        }
        for over in [ready, rejected, removal] {
            assert_eq!(over.turn(at(1_000)), Turn::Over);
            assert_eq!(over.leftovers.len(), 1);
        }
        assert_eq!(Upload::removal(issued.id, issued.user_id, None, at(3)).due, None);
        // Late is better than never.
        let late = issued.rejected(Reason::NeverArrived, None, at(500)).finished();
        assert!(matches!(late.turn(at(600)), Turn::Claim(_)));
    }

    #[test]
    fn keys_are_read_back_and_hold_their_person() {
        let ticket = ticket();
        assert_eq!(parse_key(&ticket.key()), Ok((ticket.user_id, ticket.id)));
        for other in ["incoming/x", "incoming/usr_x/upl_y", "pictures/a/b", ""] {
            assert!(parse_key(other).is_err(), "{other}");
        }
        assert!(parse_key(&format!("{}/more", ticket.key())).is_err());
        let picture = Picture {
            digest: "d1".into(),
            format: Format::Png,
        };
        assert_eq!(
            picture.key(ticket.user_id, 256),
            format!("pictures/{}/d1-256.png", ticket.user_id)
        );
    }

    #[test]
    fn the_square_is_the_chosen_one_inside_the_picture_or_the_middle() {
        let square = |width, height, crop| {
            let square = super::square(width, height, crop);
            (square.x, square.y, square.edge)
        };
        let crop = |x, y, size| Some(Crop { x, y, size });
        assert_eq!(square(400, 300, None), (50, 0, 300));
        assert_eq!(square(1, 5_000, None), (0, 2_499, 1));
        assert_eq!(square(400, 300, crop(0.25, 0.5, 0.5)), (100, 150, 150));
        assert_eq!(square(400, 300, crop(1.0, 1.0, 1.0)), (100, 0, 300));
        assert_eq!(square(3, 2, crop(0.0, 0.0, 0.01)), (0, 0, 1));
        for (bad, field) in [
            (crop(-0.1, 0.0, 1.0), "x"),
            (crop(0.0, f64::NAN, 1.0), "y"),
            (crop(0.0, 0.0, 0.0), "size"),
        ] {
            assert_eq!(bad.unwrap().fault().unwrap().0, field);
        }
        assert_eq!(crop(0.0, 1.0, 1.0).unwrap().fault(), None);
    }
}
