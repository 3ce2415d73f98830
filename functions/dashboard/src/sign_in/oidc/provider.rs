//! The provider: where it signs people in, and whom its answer shows.
//!
//! OpenID Connect Discovery, the authorization code flow (OpenID Connect Core, 3.1) and PKCE (RFC 7636), and no more of
//! it. The provider is asked anew each time what it is and which keys it signs with: people sign in rarely, and keys
//! that were changed are the new ones at once.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{Method, Request, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::ctx::Ctx;
use shared::oidc::Oidc;
use shared::secret::{KeySet, equal, sha256};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::begun::Begun;
use super::failed::Failed;

/// The provider, as one request speaks to it.
pub struct Provider<'a> {
    ctx: &'a Ctx,
    oidc: &'a Oidc,
}

/// What it says of itself.
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: String,
    jwks_uri: String,
    /// Where nothing is said, it is by a header.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

/// What a token says of somebody, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    /// Seconds since 1970, or a part of one.
    exp: f64,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl<'a> Provider<'a> {
    pub fn new(ctx: &'a Ctx, oidc: &'a Oidc) -> Self {
        Self { ctx, oidc }
    }

    /// The provider's page on which somebody shows who they are.
    pub async fn sign_in_url(&self, begun: &Begun) -> Result<Url, Failed> {
        let mut url = self.metadata().await?.authorization_endpoint;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Failed::Unanswered("its page for signing in has no web address".into()));
        }
        let (callback, challenge) = (self.callback(), BASE64URL_NOPAD.encode(&sha256(&begun.verifier)));
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", self.oidc.client_id.as_str()),
            ("redirect_uri", callback.as_str()),
            ("scope", "openid email"),
            ("state", begun.state.as_str()),
            ("nonce", begun.nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url)
    }

    /// The address, in lower case, that the provider says belongs to whoever comes with this code.
    pub async fn verified_email(&self, code: &str, begun: &Begun, now: Timestamp) -> Result<String, Failed> {
        let metadata = self.metadata().await?;
        let token = self.token(&metadata, code, begun).await?;
        let keys: KeySet = self.ask(get(&metadata.jwks_uri)?).await?;
        let claims = keys
            .claims_of::<Claims>(&token)
            .map_err(|_| Failed::Untrusted("is not signed by it"))?
            .ok_or(Failed::Untrusted("is incomplete"))?;
        self.check(&claims, begun, now)?;
        match (claims.email, claims.email_verified) {
            (Some(email), Some(Value::Bool(true))) => Ok(email.trim().to_lowercase()),
            _ => Err(Failed::Unverified),
        }
    }

    /// OpenID Connect Core, 3.1.3.7.
    fn check(&self, claims: &Claims, begun: &Begun, now: Timestamp) -> Result<(), Failed> {
        let us = &self.oidc.client_id;
        let is_for_us = match &claims.aud {
            Audience::One(one) => one == us,
            // Others whom we know nothing of could show us what they were given.
            Audience::Many(many) => !many.is_empty() && many.iter().all(|one| one == us),
        };
        let nonce = claims.nonce.as_deref().unwrap_or_default();
        Err(Failed::Untrusted(if claims.iss != self.oidc.issuer {
            "comes from another provider"
        } else if !is_for_us || claims.azp.as_ref().is_some_and(|party| party != us) {
            "is meant for somebody else"
        } else if now.as_second() as f64 >= claims.exp {
            "is too old"
        } else if !equal(nonce.as_bytes(), begun.nonce.as_bytes()) {
            "belongs to another sign-in"
        } else {
            return Ok(());
        }))
    }

    /// What the provider gives for a code: a token, once.
    async fn token(&self, metadata: &Metadata, code: &str, begun: &Begun) -> Result<String, Failed> {
        let secret = self.oidc.client_secret.read().await.map_err(Failed::unanswered)?;
        let request = self.exchange(metadata, secret.trim(), code, begun)?;
        let tokens: Tokens = self.ask(request).await?;
        tokens.id_token.ok_or(Failed::Untrusted("does not say who you are"))
    }

    fn exchange(
        &self,
        metadata: &Metadata,
        secret: &str,
        code: &str,
        begun: &Begun,
    ) -> Result<Request<Vec<u8>>, Failed> {
        let (us, callback) = (self.oidc.client_id.as_str(), self.callback());
        let mut form = Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback.as_str()),
            ("code_verifier", begun.verifier.as_str()),
        ]);
        let mut request = Request::post(&metadata.token_endpoint)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        let takes = |method: &str| methods.unwrap_or_default().iter().any(|one| one == method);
        if takes("client_secret_post") && !takes("client_secret_basic") {
            form.extend_pairs([("client_id", us), ("client_secret", secret)]);
        } else {
            // RFC 6749, 2.3.1: both are encoded as in a form first.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(us), encoded(secret));
            request = request.header(
                header::AUTHORIZATION,
                format!("Basic {}", BASE64.encode(pair.as_bytes())),
            );
        }
        request.body(form.finish().into_bytes()).map_err(Failed::unanswered)
    }

    async fn metadata(&self) -> Result<Metadata, Failed> {
        let issuer = self.oidc.issuer.trim_end_matches('/');
        let metadata: Metadata = self
            .ask(get(&format!("{issuer}/.well-known/openid-configuration"))?)
            .await?;
        if metadata.issuer != self.oidc.issuer {
            let why = format!("it calls itself {}", metadata.issuer);
            return Err(Failed::Unanswered(why));
        }
        Ok(metadata)
    }

    /// Asks for JSON. That the provider refuses a form that was sent is an answer, too: it does not know the code.
    async fn ask<T: DeserializeOwned>(&self, request: Request<Vec<u8>>) -> Result<T, Failed> {
        let is_form = request.method() == Method::POST;
        let answer = self.oidc.fetcher.fetch(request).await.map_err(Failed::unanswered)?;
        match answer.status() {
            StatusCode::OK => serde_json::from_slice(answer.body()).map_err(Failed::unanswered),
            status if is_form && status.is_client_error() => Err(Failed::CodeRefused(status)),
            status => Err(Failed::Unanswered(format!("it answers {status}"))),
        }
    }

    fn callback(&self) -> String {
        self.ctx.url("/oidc/callback")
    }
}

fn get(url: &str) -> Result<Request<Vec<u8>>, Failed> {
    let request = Request::get(url).header(header::ACCEPT, "application/json");
    request.body(Vec::new()).map_err(Failed::unanswered)
}
