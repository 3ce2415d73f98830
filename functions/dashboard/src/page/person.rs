//! People wherever they appear: by name and by face, which is their picture or, without one, their initials. A face is
//! always beside a name, so to screen readers it is nothing.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use askama::filters::HtmlSafe;
use shared::avatars::Face;
use shared::ctx::Ctx;
use shared::domain::actor::{Actor, ActorKind};
use shared::domain::id::UserId;
use shared::domain::people::User;
use shared::store::StoreError;

/// Somebody, or something that acts by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    /// None: it is no person.
    pub known: Option<Known>,
}

/// What is known of a person by their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: UserId,
    pub face: Face,
}

/// How large a face is shown, in pixels; `style.css` says the same.
#[derive(Debug, Clone, Copy)]
enum Size {
    Small = 28,
    Normal = 36,
    Large = 96,
}

/// A face, for a page: `{{ who.face() }}`.
#[derive(Debug, Template)]
#[template(path = "face.html")]
pub struct Shown<'a> {
    who: &'a Person,
    class: &'static str,
    px: u16,
}

/// What is in the template is markup, and what it shows is escaped there.
impl HtmlSafe for Shown<'_> {}

impl Person {
    /// Somebody, as they are now.
    pub fn of(ctx: &Ctx, user: &User) -> Self {
        Self::with(user.id, &user.name, Face::of(ctx, user))
    }

    /// Somebody whose row is not there, or not any more.
    pub fn gone(id: UserId, name: &str) -> Self {
        Self::with(id, name, Face::initials(id, name))
    }

    /// Something that acts by itself: a sender, a channel, Nightbell.
    pub fn machine(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            known: None,
        }
    }

    fn with(id: UserId, name: &str, face: Face) -> Self {
        Self {
            name: name.to_owned(),
            known: Some(Known { id, face }),
        }
    }

    /// Whether they have a picture.
    pub fn has_picture(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.face.urls.is_some())
    }

    /// Their face in a list.
    pub fn face(&self) -> Shown<'_> {
        self.shown(Size::Normal, "")
    }

    /// Their face in a line of text.
    pub fn small_face(&self) -> Shown<'_> {
        self.shown(Size::Small, " small")
    }

    /// Their face where it is what one came for.
    pub fn large_face(&self) -> Shown<'_> {
        self.shown(Size::Large, " large")
    }

    fn shown(&self, size: Size, class: &'static str) -> Shown<'_> {
        Shown {
            who: self,
            class,
            px: size as u16,
        }
    }

    /// What stands for a machine: the first letter of its name.
    fn letter(&self) -> String {
        let letter = self.name.chars().find(|c| c.is_alphanumeric());
        letter.map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().collect())
    }
}

/// The people of a page.
#[derive(Debug, Default)]
pub struct People(BTreeMap<UserId, Person>);

impl People {
    /// These people, by one read.
    pub async fn load(ctx: &Ctx, ids: impl IntoIterator<Item = UserId>) -> Result<Self, StoreError> {
        let ids: BTreeSet<UserId> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let users = ctx.store.load_many::<User>(ids).await?;
        Ok(Self::of(ctx, &users))
    }

    /// These people, who were read already.
    pub fn of(ctx: &Ctx, users: &[User]) -> Self {
        Self(users.iter().map(|user| (user.id, Person::of(ctx, user))).collect())
    }

    /// Somebody, as they are now; `name` is what they were called, in case they are gone.
    pub fn get(&self, id: UserId, name: &str) -> Person {
        self.0.get(&id).cloned().unwrap_or_else(|| Person::gone(id, name))
    }

    /// Who did something, under the name they had then. A person's token is that person.
    pub fn actor(&self, actor: &Actor) -> Person {
        match (actor.kind, actor.person()) {
            (ActorKind::User | ActorKind::Token, Some(id)) => Person {
                name: actor.name.clone(),
                ..self.get(id, &actor.name)
            },
            _ => Person::machine(&actor.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::face::{COLOURS, colour};

    #[test]
    fn the_style_sheet_has_every_colour() {
        let style = include_str!("../../assets/style.css");
        for number in 0..COLOURS {
            let rule = format!(".c{number} {{ background: {}; }}", colour(number));
            assert!(style.contains(&rule), "{rule}");
        }
        assert!(!style.contains(&format!(".c{COLOURS} ")));
    }
}
