//! A browser's share of a story: it keeps cookies, follows what it is led to, and sends the forms of the page it is on.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, StatusCode, header};
use shared::domain::id::UserId;
use shared::domain::people::User;
use shared::secret::hash_password;
use shared::store::{Applied, Change};
use url::form_urlencoded;

use crate::world::{Answer, World};

/// The password that [`Browser::signed_in`] gives people.
pub const PASSWORD: &str = "ring the bell twice";

/// One browser.
#[derive(Debug, Default)]
pub struct Browser {
    /// By name.
    pub cookies: BTreeMap<String, String>,
    /// The page it is on.
    pub page: String,
    /// The network address it asks from; none: nobody knows.
    pub address: Option<std::net::SocketAddr>,
}

impl Browser {
    /// A browser in which this person is signed in.
    pub async fn signed_in(world: &World, user: UserId) -> Self {
        let email = give_password(world, user).await;
        let mut browser = Self::default();
        let answer = browser.sign_in(world, &email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        browser
    }

    /// Opens the form and sends it.
    pub async fn sign_in(&mut self, world: &World, email: &str, password: &str) -> Answer {
        self.get(world, "/sign-in").await;
        self.post(world, "/sign-in", &[("email", email), ("password", password)])
            .await
    }

    /// Opens a page.
    pub async fn get(&mut self, world: &World, path: &str) -> Answer {
        self.ask(world, Request::get(path), Body::empty()).await
    }

    /// Sends a form of the page it is on: with that page's token.
    pub async fn post(&mut self, world: &World, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token();
        let mut all = vec![("form_token", token.as_str())];
        all.extend(fields);
        self.post_as_is(world, path, &all).await
    }

    /// Sends a form as it is given.
    pub async fn post_as_is(&mut self, world: &World, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(world, request, body.into()).await
    }

    /// Asks the API, as a script of the page it is on would; `token` is what it shows for itself.
    pub async fn api(&mut self, world: &World, method: Method, path: &str, token: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header("x-csrf-token", token);
        }
        let page = self.page.clone();
        let answer = self.ask(world, request, body.to_owned().into()).await;
        self.page = page;
        answer
    }

    /// Chooses a password behind a link.
    pub async fn choose(&mut self, world: &World, link: &str, password: &str) -> Answer {
        self.get(world, link).await;
        self.post(world, link, &[("password", password)]).await
    }

    /// Whether somebody is signed in: the page that everybody begins with.
    pub async fn is_in(&mut self, world: &World) -> bool {
        self.get(world, "/").await.status == StatusCode::OK
    }

    /// The token in the page's forms; empty if it has none.
    pub fn form_token(&self) -> String {
        form_token_of(&self.page).to_owned()
    }

    async fn ask(&mut self, world: &World, request: http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = request;
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let mut request = request.body(body).expect("a request");
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        let answer = world.ask(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("cookies are text");
            let (name, value) = text
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a cookie");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(html) = answer.body.as_str().filter(|html| html.contains("<html")) {
            self.page = html.to_owned();
        }
        answer
    }
}

/// The token in a page's forms; empty if it has none.
pub fn form_token_of(page: &str) -> &str {
    let value = page.split("name=\"form_token\" value=\"").nth(1);
    value.and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

/// Gives somebody [`PASSWORD`], and answers where they sign in.
pub async fn give_password(world: &World, id: UserId) -> String {
    let before = world
        .ctx
        .store
        .load::<User>(id)
        .await
        .expect("the table answers")
        .expect("a person");
    let user = User {
        password_hash: Some(hash_password(PASSWORD, [7; 16]).expect("a hash")),
        ..before.value.clone()
    };
    let by = shared::domain::actor::Actor::system();
    let change = Change::new(&by, world.now());
    let applied = world
        .ctx
        .store
        .replace(&before, &user, &[], &change)
        .await
        .expect("the table answers");
    assert_eq!(applied, Applied::Done);
    user.email
}
