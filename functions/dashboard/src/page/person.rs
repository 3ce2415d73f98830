//! People wherever they appear: by name and by face, which is their picture or, without one, their initials in a colour of
//! their own. `{{ who.face() }}` is always beside their name, so to screen readers it is nothing.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use askama::filters::HtmlSafe;
use shared::ctx::Ctx;
use shared::domain::actor::{Actor, ActorKind};
use shared::domain::id::UserId;
use shared::domain::people::User;
use shared::store::StoreError;

/// Somebody, or something that acts by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// None: somebody or something that has no account.
    pub id: Option<UserId>,
    pub name: String,
    pub initials: String,
    /// One of six colours, the same for the same person everywhere.
    pub colour: u8,
    pub urls: Option<Urls>,
    pub is_machine: bool,
}

/// Where a picture is, by the length of its side in pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    pub px_64: String,
    pub px_256: String,
    pub px_512: String,
}

/// How large a face is shown, in pixels of CSS; `style.css` says the same.
#[derive(Debug, Clone, Copy)]
enum Size {
    Small = 28,
    Normal = 36,
    Large = 96,
}

/// A person's face.
#[derive(Debug, Template)]
#[template(path = "face.html")]
pub struct Face<'a> {
    who: &'a Person,
    class: &'static str,
    px: u16,
}

/// What is in the template is markup, and what it shows is escaped there.
impl HtmlSafe for Face<'_> {}

impl Person {
    /// Something that acts by itself: a sender, a channel, Nightbell.
    pub fn machine(name: &str) -> Self {
        Self {
            is_machine: true,
            ..Self::unknown(None, name)
        }
    }

    /// Somebody whose row is not there, or not any more.
    fn unknown(id: Option<UserId>, name: &str) -> Self {
        Self {
            colour: id.map_or(0, colour),
            id,
            name: name.to_owned(),
            initials: initials(name),
            urls: None,
            is_machine: false,
        }
    }

    /// Their face in a list.
    pub fn face(&self) -> Face<'_> {
        self.of_size(Size::Normal)
    }

    /// Their face in a line of text.
    pub fn small_face(&self) -> Face<'_> {
        self.of_size(Size::Small)
    }

    /// Their face where it is what one came for.
    pub fn large_face(&self) -> Face<'_> {
        self.of_size(Size::Large)
    }

    fn of_size(&self, size: Size) -> Face<'_> {
        Face {
            who: self,
            class: match size {
                Size::Small => " small",
                Size::Normal => "",
                Size::Large => " large",
            },
            px: size as u16,
        }
    }
}

/// The people of a page, who are shown as they are now, whatever they were called then.
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
        Ok(Self(users.iter().map(|user| (user.id, person(ctx, user))).collect()))
    }

    /// Somebody who was called `name`.
    pub fn named(&self, id: UserId, name: &str) -> Person {
        self.get(id).unwrap_or_else(|| Person::unknown(Some(id), name))
    }

    /// Somebody, if they are there.
    pub fn get(&self, id: UserId) -> Option<Person> {
        self.0.get(&id).cloned()
    }

    /// Who did something. A person's token is that person.
    pub fn actor(&self, actor: &Actor) -> Person {
        match (actor.kind, actor.person()) {
            (ActorKind::User | ActorKind::Token, Some(id)) => Person {
                name: actor.name.clone(),
                ..self.named(id, &actor.name)
            },
            (ActorKind::User | ActorKind::Token, None) => Person::unknown(None, &actor.name),
            (ActorKind::Integration | ActorKind::System, _) => Person::machine(&actor.name),
        }
    }
}

/// Somebody, as they are shown.
pub fn person(ctx: &Ctx, user: &User) -> Person {
    let _ = ctx;
    Person::unknown(Some(user.id), &user.name)
}

fn colour(id: UserId) -> u8 {
    let sum = id
        .to_string()
        .bytes()
        .fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    (sum % 6) as u8
}

/// The first letters of the first and the last word of a name, in capitals.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}
