//! Whom people may sign in by instead of a password: a provider of OpenID Connect. What is said here is where it is and
//! who we are to it; speaking to it is the dashboard's.

use url::Url;

use crate::channel::Fetcher;
use crate::ctx::KeptSecret;

/// A provider.
#[derive(Clone)]
pub struct Oidc {
    /// Its issuer, exactly as it calls itself.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What shows it that we are.
    pub client_secret: KeptSecret,
    /// What it is asked with.
    pub fetcher: Fetcher,
}

/// An issuer that is none. Shown to whoever set it.
///
/// # Errors
/// In words for them.
pub fn check_issuer(text: &str) -> Result<(), String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err("give the provider's issuer, for instance https://accounts.example.com".into());
    }
    Ok(())
}
