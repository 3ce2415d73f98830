//! Test messages through one channel or to one contact, and what came of them; the page updates itself.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::delivery::{DeliveryState, Subject};
use shared::domain::people::{Channel, Role, User};
use shared::domain::principal::Right;
use shared::test_message::{TestView, newest};

use crate::page::{Asked, Frame, Living, Moment, Refused, Section, Visitor, Zone, shown};
use crate::words;

#[derive(Debug, Deserialize)]
pub struct Wanted {
    part: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "configuration/tests.html")]
struct Page {
    frame: Frame,
    about: About,
    live: Living,
}

#[derive(Debug, Template)]
#[template(path = "configuration/tests_live.html")]
struct Live {
    tests: Vec<Row>,
}

/// What is tried out.
#[derive(Debug)]
struct About {
    id: String,
    name: String,
    /// Where one comes from, and its name.
    back: (String, &'static str),
    /// Where the API sends another.
    api: String,
}

#[derive(Debug)]
struct Row {
    at: Moment,
    state: &'static str,
    words: &'static str,
    reason: Option<String>,
    attempts: u32,
}

pub async fn show(
    visitor: Visitor,
    State(ctx): State<Ctx>,
    Path(id): Path<String>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let subject = Subject::parse(&id).map_err(|_| Refused::missing())?;
    let about = about(&ctx, &visitor, subject).await?;
    let zone = visitor.zone();
    let tests = newest(&ctx, subject).await?;
    let part = Live {
        tests: tests.into_iter().map(|test| row(test, &zone)).collect(),
    };
    let live = Living::new(format!("/tests/{}", about.id), &part);
    if wanted.part.as_deref() == Some("live") {
        return Ok(live.alone(&headers));
    }
    Ok(shown(&Page {
        frame: Frame::new(Section::More, &visitor),
        about,
        live,
    }))
}

/// What this is, for whoever may send another.
async fn about(ctx: &Ctx, visitor: &Visitor, subject: Subject) -> Result<About, Refused> {
    match subject {
        Subject::Channel(id) => {
            let channel = ctx.store.load::<Channel>(id).await?.ok_or_else(Refused::missing)?.value;
            visitor.who.may(Right::Configure(channel.team_id))?;
            Ok(About {
                id: id.to_string(),
                name: channel.name,
                back: ("/channels".into(), "Channels"),
                api: format!("/api/v1/channels/{id}/test"),
            })
        }
        Subject::Contact(id) => {
            let owner = ctx.store.user_of_contact(id).await?.ok_or_else(Refused::missing)?;
            visitor.who.may(Right::SettingsOf(owner))?;
            let user = ctx.store.load::<User>(owner).await?.ok_or_else(Refused::missing)?.value;
            if user.role == Role::Owner && owner != visitor.user.id {
                visitor.who.may(Right::Own)?;
            }
            let contact = user.contact(id).ok_or_else(Refused::missing)?;
            let is_own = owner == visitor.user.id;
            Ok(About {
                id: id.to_string(),
                name: format!("{} to {}", words::medium(contact.kind), contact.address),
                back: match is_own {
                    true => ("/settings".into(), "Settings"),
                    false => (format!("/people/{owner}"), "How they are reached"),
                },
                api: format!("/api/v1/contacts/{id}/test"),
            })
        }
        Subject::Incident(_) | Subject::Account(_) => Err(Refused::missing()),
    }
}

fn row(test: TestView, zone: &Zone) -> Row {
    Row {
        at: zone.moment(test.at),
        state: words::delivery_state(test.state),
        words: match test.state {
            DeliveryState::Scheduled if test.attempts == 0 => "on its way",
            DeliveryState::Scheduled => "waits for another try",
            DeliveryState::Sending => "being sent",
            DeliveryState::Sent => "taken by the provider or receiver",
            DeliveryState::Failed => "failed for good",
            DeliveryState::Superseded => "not wanted any more",
            DeliveryState::Stuck => "begun again and again, and never finished",
        },
        reason: test.reason,
        attempts: test.attempts,
    }
}
