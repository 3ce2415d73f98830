//! A provider of OpenID Connect on this machine: discovery, keys, codes and tokens signed with a key of its own. What
//! it says in its tokens is in the hands of a test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::channel::{Fetcher, Inward};
use shared::ctx::KeptSecret;
use shared::oidc::Oidc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::world::DAWN;

const CLIENT: &str = "nightbell";
const SECRET: &str = "between us";

/// A provider that runs until it is dropped.
pub struct Provider {
    issuer: String,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

struct Inner {
    issuer: String,
    key: EcdsaKeyPair,
    says: Mutex<Says>,
    given: Mutex<HashMap<String, Given>>,
}

/// What the provider claims. The rest of a token is as it should be.
#[derive(Debug, Clone, Default)]
pub struct Says {
    /// Claims in the place of the right ones; null: left out.
    pub claims: HashMap<&'static str, Value>,
    /// Whether tokens are signed with a key that is not among those it shows.
    pub with_another_key: bool,
    /// Whether it takes our secret in the form only, and not in a header.
    pub secret_in_form: bool,
}

/// A code that was given out.
struct Given {
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

type Problem = (StatusCode, Json<Value>);

impl Provider {
    /// One that knows its only person as `ana@example.com`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            issuer: issuer.clone(),
            key: key(),
            says: Mutex::default(),
            given: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(inner.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { issuer, inner, task }
    }

    /// What Nightbell is told of it.
    pub fn settings(&self) -> Oidc {
        Oidc {
            issuer: self.issuer.clone(),
            client_id: CLIENT.into(),
            client_secret: KeptSecret::Known(SECRET.into()),
            fetcher: Fetcher::new(Inward::AllowLoopback).expect("a client"),
        }
    }

    /// What it says from now on.
    pub fn says(&self, says: Says) {
        *lock(&self.inner.says) = says;
    }

    /// Somebody agrees on the page at `url`: the path of ours that they are led back to.
    pub fn agree(&self, url: &str) -> String {
        let url: Url = url.parse().expect("a URL");
        assert!(
            url.as_str().starts_with(&format!("{}/authorise?", self.issuer)),
            "{url}"
        );
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["scope"], "openid email");
        assert!(asked["state"].len() >= 32 && asked["nonce"].len() >= 32, "{asked:?}");
        let mut given = lock(&self.inner.given);
        let code = format!("code{}", given.len());
        let redirect_uri = asked["redirect_uri"].clone();
        let path = redirect_uri
            .strip_prefix("http://nightbell.test")
            .expect("our own address");
        let back = format!("{path}?code={code}&state={}", asked["state"]);
        given.insert(
            code,
            Given {
                nonce: asked["nonce"].clone(),
                challenge: asked["code_challenge"].clone(),
                redirect_uri,
            },
        );
        back
    }

    /// It is gone: nobody answers at its address.
    pub async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn metadata(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", inner.issuer);
    let methods = if lock(&inner.says).secret_in_form {
        json!(["client_secret_post", "private_key_jwt"])
    } else {
        Value::Null
    };
    Json(json!({
        "issuer": inner.issuer, "authorization_endpoint": at("/authorise"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": methods,
    }))
}

async fn keys(State(inner): State<Arc<Inner>>) -> Json<Value> {
    // 4, and the two coordinates of 32 bytes each.
    let point = inner.key.public_key().as_ref();
    let (x, y) = (
        BASE64URL_NOPAD.encode(&point[1..33]),
        BASE64URL_NOPAD.encode(&point[33..]),
    );
    Json(
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one", "x": x, "y": y }] }),
    )
}

/// A code for a token: once, from us, with the secret that the code was asked with.
async fn token(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, Problem> {
    let refused = |status, error| Err((status, Json(json!({ "error": error }))));
    let pair = format!("{CLIENT}:{}", SECRET.replace(' ', "+"));
    let in_header = format!("Basic {}", BASE64.encode(pair.as_bytes()));
    let is_ours = if lock(&inner.says).secret_in_form {
        !headers.contains_key(header::AUTHORIZATION) && form["client_id"] == CLIENT && form["client_secret"] == SECRET
    } else {
        headers
            .get(header::AUTHORIZATION)
            .is_some_and(|shown| *shown == *in_header)
    };
    if !is_ours {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let Some(given) = lock(&inner.given).get_mut(&form["code"]).and_then(|given| {
        let challenge = std::mem::take(&mut given.challenge);
        let nonce = given.nonce.clone();
        (!challenge.is_empty()).then(|| (challenge, nonce, given.redirect_uri.clone()))
    }) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let (challenge, nonce, redirect_uri) = given;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
    if BASE64URL_NOPAD.encode(digest.as_ref()) != challenge || form["redirect_uri"] != redirect_uri {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let id_token = inner.token(&nonce);
    Ok(Json(
        json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": id_token }),
    ))
}

impl Inner {
    fn token(&self, nonce: &str) -> String {
        let says = lock(&self.says).clone();
        let now = DAWN.parse::<Timestamp>().expect("a time").as_second();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 300, "nonce": nonce,
            "email": "ana@example.com", "email_verified": true,
        });
        for (name, value) in says.claims {
            claims[name] = value;
        }
        claims
            .as_object_mut()
            .expect("an object")
            .retain(|_, value| !value.is_null());
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!(
            "{}.{}",
            part(&json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })),
            part(&claims)
        );
        let another = key();
        let key = if says.with_another_key { &another } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics with it")
}
