//! The ways out of the house: what carries a message to a provider, and how a provider's answer is read.
//!
//! A channel is given everything it needs for one attempt and answers with a [`Receipt`] or a [`SendError`]; it neither
//! retries nor records. Whether to try again is in the error's type, when to is the caller's.

mod aws;
mod email;
mod fetch;
mod gateways;
mod inward;
mod resolver;
mod retry_after;
mod ses;
mod sns;
#[cfg(test)]
mod test_client;
#[cfg(test)]
mod test_server;
mod webhook;

use std::{error::Error, io};

use jiff::SignedDuration;

pub use email::{Email, EmailSender, SmtpConfig, SmtpConfigInvalid, is_email_address};
pub use fetch::{FetchError, Fetcher};
pub use gateways::{Gateway, Gateways};
pub use inward::{Inward, UrlRefused, check_url, is_inward};
pub use ses::SesSender;
pub use sns::{Publication, SmsSender, TopicSender};
pub use webhook::{WebhookSender, WebhookSetupError, WebhookTimeouts, signature};

/// Longest time any send takes, in seconds, every wait included. A delivery's lease and the function's own limit are
/// counted from it.
pub const SEND_TIMEOUT_SECONDS: u64 = 10;

/// Longest reason or provider id taken over from a provider's answer, in characters.
pub const REASON_MAX_CHARS: usize = 200;

/// Shortest and longest wait taken from a provider, in seconds. A page that waits longer than the upper one is no page.
pub const THROTTLED_MIN_SECONDS: i64 = 1;
/// See [`THROTTLED_MIN_SECONDS`].
pub const THROTTLED_MAX_SECONDS: i64 = 15 * 60;

/// A provider has taken the message over. That a person has seen it is not known from this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the provider calls the message, for asking it later; at most [`REASON_MAX_CHARS`] characters.
    pub provider_id: Option<String>,
}

/// Why a message was not taken. The reasons are sentences for the people concerned: they contain neither secrets nor
/// whole URLs, and are at most about [`REASON_MAX_CHARS`] characters long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work the next time: no answer, or one that says so.
    #[error("{0}")]
    Transient(String),
    /// The provider asks to wait. This says nothing against the message and does not count as a failure.
    #[error("{reason}")]
    Throttled {
        /// How long to wait: from [`THROTTLED_MIN_SECONDS`] to [`THROTTLED_MAX_SECONDS`].
        after: SignedDuration,
        /// What the provider answered.
        reason: String,
    },
    /// It will not work however often it is tried, until somebody changes something.
    #[error("{0}")]
    Permanent(String),
}

/// What is shown of text somebody else wrote: [`one_line`] of at most [`REASON_MAX_CHARS`] characters.
fn excerpt(text: &str) -> String {
    one_line(text, REASON_MAX_CHARS)
}

/// One line of at most `max_chars` characters. Control and formatting characters go, so that the text can neither end
/// a header, nor forge a log line, nor turn the page it is shown on around.
fn one_line(text: &str, max_chars: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() || is_direction(c) { ' ' } else { c })
        .collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max_chars) {
        Some(_) => line.chars().take(max_chars - 1).chain(['…']).collect(),
        None => line,
    }
}

/// Unicode's explicit directional formatting characters (UAX #9, section 2) and the line separators.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first error of type `E` among an error and its sources. An `io::Error` hides the error it was made of from
/// `source`, so that is looked at as well.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let below = |&error: &&'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    };
    std::iter::successors(Some(error), below).find_map(|error| error.downcast_ref())
}

/// Limits `seconds` to what a page may be made to wait.
fn throttle(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds.clamp(THROTTLED_MIN_SECONDS, THROTTLED_MAX_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("  no\r\n such\tthing\u{0}\u{202e}! "), "no such thing !");
        assert_eq!(excerpt(""), "");
        assert_eq!(excerpt(&"é".repeat(200)), "é".repeat(200));
        let cut = excerpt(&"é".repeat(201));
        assert_eq!(cut.chars().count(), 200);
        assert!(cut.ends_with('…'));
    }
}
