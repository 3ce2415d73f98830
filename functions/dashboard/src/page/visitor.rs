//! Who looks at a page. Who is not signed in is led to where they can, and back.

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use shared::ctx::Ctx;
use shared::domain::id::TeamId;
use shared::domain::people::User;
use shared::domain::principal::{Principal, Right};
use shared::domain::session::Session;
use shared::web::{Authenticated, client_address, session_form_token, signed_in};

use super::clock::Zone;
use super::headers::Reach;
use super::person::Person;
use super::refused::Refused;
use super::theme::Theme;

/// Somebody who is signed in, and the time of their request.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub session: Session,
    pub user: User,
    /// How they are shown.
    pub person: Person,
    pub who: Authenticated,
    /// What their forms carry.
    pub form_token: String,
    /// How pages look in their browser.
    pub theme: Theme,
    pub now: Timestamp,
}

impl Visitor {
    /// Whether they may act on incidents.
    pub fn may_respond(&self) -> bool {
        self.who.may(Right::Respond).is_ok()
    }

    /// Whether they may change what this team owns; none: what no team owns.
    pub fn may_configure(&self, team: Option<TeamId>) -> bool {
        self.who.may(Right::Configure(team)).is_ok()
    }

    /// Whether they may make something, for any team or for none.
    pub fn may_make(&self) -> bool {
        let mut teams = self.user.team_ids.iter();
        self.may_configure(None) || teams.any(|team| self.may_configure(Some(*team)))
    }

    /// The same, for a page that has nothing to show to others.
    pub fn must_make(&self) -> Result<(), Refused> {
        if self.may_make() {
            return Ok(());
        }
        Ok(self.who.may(Right::Configure(None))?)
    }

    /// Whether they may change people and teams.
    pub fn may_administer(&self) -> bool {
        self.who.may(Right::Administer).is_ok()
    }

    /// Their clock.
    pub fn zone(&self) -> Zone {
        Zone::new(&self.user.time_zone, self.now)
    }

    /// The visitor whose browser sent this request; none when nobody is signed in there.
    pub async fn of(parts: &Parts, ctx: &Ctx) -> Result<Option<Self>, Refused> {
        let (now, address) = (ctx.clock.now(), client_address(parts, ctx));
        let Some((session, user)) = signed_in(&parts.headers, ctx, now).await? else {
            return Ok(None);
        };
        let principal = Principal::of(&user, None);
        let who = Authenticated {
            principal,
            now,
            address,
        };
        Ok(Some(Self {
            form_token: session_form_token(ctx, session.id),
            theme: Theme::of(&parts.headers, ctx),
            session,
            person: Person::of(ctx, &user),
            user,
            who,
            now,
        }))
    }
}

impl FromRequestParts<Ctx> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Response> {
        match Self::of(parts, ctx).await {
            Ok(Some(visitor)) => {
                if let Some(reach) = parts.extensions.get::<Reach>() {
                    reach.widen(ctx);
                }
                Ok(visitor)
            }
            Ok(None) => Err(to_sign_in(parts)),
            Err(refused) => Err(refused.into_response()),
        }
    }
}

/// A page that was asked for is shown after signing in; what was sent with a form is not sent again.
fn to_sign_in(parts: &Parts) -> Response {
    let page = parts.uri.path_and_query().map(ToString::to_string);
    let page = page.filter(|page| parts.method == Method::GET && page != "/");
    let url = page.map_or_else(
        || "/sign-in".to_owned(),
        |page| format!("/sign-in?next={}", utf8_percent_encode(&page, NON_ALPHANUMERIC)),
    );
    Redirect::to(&url).into_response()
}
