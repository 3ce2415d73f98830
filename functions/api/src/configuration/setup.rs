//! The first owner of a deployment on AWS, where nobody is there at the first start: made by whoever knows the set-up
//! code, which the stack keeps in Secrets Manager. It works once in a table's life.

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;
use shared::domain::actor::Actor;
use shared::domain::id::{TokenId, UserId};
use shared::domain::people::{Role, Rules, User};
use shared::domain::principal::{Scope, Token};
use shared::secret::{ApiToken, equal, hash_password, password_fault, sha256_hex};
use shared::store::{Applied, Change, Extra, Once};
use shared::web::{Client, JsonBody, Problem};
use utoipa::ToSchema;

use super::tokens::TokenWithSecret;
use super::users::{UserView, email_taken, english, utc};
use super::validate::Faults;

pub fn routes() -> Routes {
    Routes::default().routes(routes!(set_up))
}

/// Who is to be the first owner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetupBody {
    /// What others call them.
    #[schema(min_length = 1, max_length = 128, example = "Ada Lovelace")]
    name: String,
    /// Where they sign in. Kept in lower case.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    email: String,
    /// What they sign in with, 10 characters or more and not easily guessed; null: they cannot sign in, only use the token.
    #[serde(default)]
    #[schema(format = Password, min_length = 10, max_length = 1024, example = "ring the bell twice")]
    password: Option<String>,
    /// IANA time zone in which they are told times.
    #[serde(default = "utc")]
    #[schema(format = "iana-time-zone", default = "UTC", example = "Europe/London")]
    time_zone: String,
    /// Language they are addressed in: `en`.
    #[serde(default = "english")]
    #[schema(pattern = "^en$", default = "en", example = "en")]
    locale: String,
}

/// The first owner, and a token of theirs with every scope.
#[derive(Debug, Serialize, ToSchema)]
struct SetUp {
    user: UserView,
    token: TokenWithSecret,
}

/// Make the first owner, with the code that the stack keeps; it works once
#[utoipa::path(post, path = "/api/v1/setup/{code}", tag = "About", security(()), params(("code" = String, Path)),
    request_body = SetupBody, responses((status = 201, body = SetUp), (status = 409, body = Problem,
        content_type = "application/problem+json", description = "There is an owner already.")))]
async fn set_up(
    State(ctx): State<Ctx>,
    client: Client,
    Path(code): Path<String>,
    JsonBody(body): JsonBody<SetupBody>,
) -> Result<Response, Problem> {
    let now = ctx.clock.now();
    let Some(setup) = &ctx.setup else {
        return Err(Problem::not_found());
    };
    // Before the code is looked at: once it has been used, nobody's guesses cost a read of the secret any more.
    if ctx.store.answered_once(&mark(), now).await?.is_some() {
        return Err(already());
    }
    let expected = setup.read().await.map_err(|error| {
        tracing::error!(%error, "the set-up code cannot be read");
        Problem::unavailable()
    })?;
    if !equal(code.as_bytes(), expected.trim().as_bytes()) {
        let detail = "This is not the set-up code. The stack's output SetupCodeCommand prints it.";
        return Err(Problem::not_found().with_code("wrong_setup_code").with_detail(detail));
    }
    let user = owner(&ctx, &body, now)?;
    if ctx.store.user_by_email(&user.email).await?.is_some() {
        return Err(email_taken(&user.email));
    }
    let (token, secret) = token(&ctx, user.id, now);
    let by = Actor::system();
    let change = Change::new(&by, now).from(&client.0);
    // The token first: an owner without one would have no way in, a token without its owner is no way in.
    if ctx.store.create(&token, &[], &change).await? == Applied::Changed {
        return Err(Problem::unavailable());
    }
    let extras = [
        Extra::AddEmail(user.email.clone(), user.id),
        Extra::Once(Once::for_ever(mark())),
    ];
    if ctx.store.create(&user, &extras, &change).await? == Applied::Changed {
        return Err(already());
    }
    let token = TokenWithSecret {
        view: token.into(),
        token: secret.expose().to_owned(),
    };
    let made = SetUp {
        user: UserView::of(&ctx, user),
        token,
    };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

fn owner(ctx: &Ctx, body: &SetupBody, now: Timestamp) -> Result<User, Problem> {
    let mut faults = Faults::default();
    let name = faults.name(&body.name);
    let email = faults.email("email", &body.email);
    let time_zone = faults.time_zone(&body.time_zone);
    faults.locale(&body.locale);
    let password = body.password.as_deref();
    if let Some(fault) = password.and_then(|password| password_fault(password, &[&name, &email])) {
        faults.add("password", fault);
    }
    faults.none()?;
    let hashed = password.map(|password| hash_password(password, ctx.random.bytes()));
    Ok(User {
        id: UserId(ctx.random.ulid(now)),
        name,
        email,
        role: Role::Owner,
        team_ids: Vec::new(),
        time_zone,
        locale: body.locale.clone(),
        contacts: Vec::new(),
        rules: Rules::default(),
        password_hash: hashed.transpose().map_err(|_| Problem::internal())?,
        signed_out_at: None,
        tokens_ended_at: None,
        avatar: Default::default(),
        created_at: now,
    })
}

fn token(ctx: &Ctx, user_id: UserId, now: Timestamp) -> (Token, ApiToken) {
    let id = TokenId(ctx.random.ulid(now));
    let secret = ApiToken::new(id.0, ctx.random.bytes());
    let token = Token {
        id,
        user_id,
        name: "Set-up".into(),
        scopes: vec![Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer],
        secret_hash: secret.storage_hash(),
        created_at: now,
        expires_at: None,
    };
    (token, secret)
}

fn mark() -> String {
    sha256_hex("nightbell/setup")
}

fn already() -> Problem {
    Problem::conflict(
        "already_set_up",
        "This Nightbell has its first owner already. Ask an owner or an admin to add you.",
    )
}
