//! People's pictures, as everybody sees them: [`Face`] is what is shown of a person wherever they appear, `contract` what
//! `avatar-upload` answers, said here so that the one description of the API can say it, too.

mod contract;
mod face;

pub use contract::{AvatarAnswer, Descriptions, TicketAnswer, TicketBody, UploadState, UploadView};
pub use face::{Face, FaceUrls};
