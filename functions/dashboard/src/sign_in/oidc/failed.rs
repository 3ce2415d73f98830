//! Why the provider signed nobody in: for the log, and in words for whoever tried.

use std::error::Error;

use http::StatusCode;

/// Characters of an error that a provider names: it comes by way of an address, which anybody can write.
const ERROR_CHARS_MAX: usize = 40;

/// Why nobody was signed in. As text it is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The provider cannot be reached, or what it answers is no answer.
    #[error("the provider does not answer as one does: {0}")]
    Unanswered(String),
    /// The provider's page says no.
    #[error("the provider declined")]
    Declined(String),
    /// The provider does not take the code.
    #[error("the provider does not take the code, or not from us: {0}")]
    CodeRefused(StatusCode),
    /// What is wrong with the token.
    #[error("the provider's answer {0}")]
    Untrusted(&'static str),
    /// The provider does not say that the address is theirs.
    #[error("the provider vouches for no address")]
    Unverified,
    /// Nobody here has the address.
    #[error("nobody has the address that the provider vouches for")]
    Unknown(String),
}

impl Failed {
    /// An answer that did not come, or cannot be read, with all that caused it.
    pub fn unanswered(error: impl Error) -> Self {
        let mut why = error.to_string();
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        why.extend(causes.map(|cause| format!(": {cause}")));
        Self::Unanswered(why)
    }

    /// In words for whoever tried.
    pub fn words(self) -> String {
        match self {
            Self::Unanswered(_) => {
                "The sign-in provider does not answer as it should. Try again in a moment, or use your password.".into()
            }
            Self::Declined(error) => {
                let plain = |c: &char| c.is_ascii_lowercase() || *c == '_';
                let code: String = error.chars().filter(plain).take(ERROR_CHARS_MAX).collect();
                format!("The provider did not sign you in ({code}).")
            }
            Self::CodeRefused(_) => {
                "The provider does not know this sign-in: it was used already, or took too long. Try again.".into()
            }
            Self::Untrusted(why) => format!(
                "The provider's answer {why}, so nobody was signed in. Try again; if it stays so, tell an admin."
            ),
            Self::Unverified => {
                "The provider does not confirm that you own an e-mail address, so it cannot be told who \
                 you are here. Confirm your address with the provider, or use your password."
                    .into()
            }
            Self::Unknown(email) => {
                format!("Nobody here has the e-mail address {email}. Ask an owner or an admin to add you with it.")
            }
        }
    }
}
