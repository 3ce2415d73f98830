//! What news is about, read once an invocation: notices of the same news come together.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::{ComponentId, PageId};
use shared::domain::status::{
    About, Component, Maintenance, News, Page, Post, is_news_of_maintenance, is_news_of_post,
};
use shared::store::StoreError;
use tokio::sync::Mutex;

use crate::publish::facts;
use crate::view::{MaintenanceView, PageView, PostView};

/// News and what it is about.
#[derive(Debug)]
pub struct Facts {
    /// The page.
    pub page: Page,
    /// Its address, without a final slash.
    pub url: String,
    /// Its components.
    pub components: Vec<Component>,
    /// What it is about; none: about the subscription itself.
    pub matter: Option<Matter>,
    /// Which components that affects.
    pub affected: Vec<ComponentId>,
}

/// A post or a maintenance, as it is and as the public sees it.
#[derive(Debug)]
pub struct Matter {
    /// The page as the public sees it.
    pub view: PageView,
    /// Which.
    pub subject: Subject,
}

/// A post or a maintenance.
#[derive(Debug)]
pub enum Subject {
    /// A post.
    Post(Box<Post>, Box<PostView>),
    /// A maintenance.
    Maintenance(Box<Maintenance>, Box<MaintenanceView>),
}

impl Subject {
    /// When it was taken back, if it was.
    pub fn withdrawn_at(&self) -> Option<Timestamp> {
        match self {
            Self::Post(post, _) => post.withdrawn.as_ref().map(|withdrawal| withdrawal.at),
            Self::Maintenance(..) => None,
        }
    }
}

impl Facts {
    /// Whether this is news still.
    pub fn is_news(&self, news: News, now: Timestamp) -> bool {
        match (&self.matter, news) {
            (None, News::Asked(_)) => true,
            (None, _) => false,
            (Some(matter), news) => match &matter.subject {
                Subject::Post(post, _) => is_news_of_post(news, post),
                Subject::Maintenance(maintenance, _) => is_news_of_maintenance(news, maintenance, now),
            },
        }
    }
}

/// Reads facts, each once.
#[derive(Debug, Default)]
pub struct Reader {
    known: Mutex<HashMap<Place, Option<Arc<Facts>>>>,
}

/// A page, and the id of what is told of it.
type Place = (PageId, String);

impl Reader {
    /// What this is about. None: it is gone.
    ///
    /// # Errors
    /// When the table does not answer, or a row cannot be read.
    pub async fn facts(
        &self,
        ctx: &Ctx,
        page: PageId,
        about: About,
        now: Timestamp,
    ) -> Result<Option<Arc<Facts>>, StoreError> {
        let name = match about {
            About::Post(id) => id.to_string(),
            About::Maintenance(id) => id.to_string(),
            About::Subscription => String::new(),
        };
        let mut known = self.known.lock().await;
        if let Some(facts) = known.get(&(page, name.clone())) {
            return Ok(facts.clone());
        }
        let facts = read(ctx, page, about, now).await?.map(Arc::new);
        known.insert((page, name), facts.clone());
        Ok(facts)
    }
}

async fn read(ctx: &Ctx, page: PageId, about: About, now: Timestamp) -> Result<Option<Facts>, StoreError> {
    match about {
        About::Subscription => {
            let Some(page) = ctx.store.load::<Page>(page).await? else {
                return Ok(None);
            };
            Ok(Some(Facts {
                url: ctx.page_url(&page.value),
                page: page.value,
                components: Vec::new(),
                matter: None,
                affected: Vec::new(),
            }))
        }
        About::Post(id) => {
            let Some(mut known) = facts::read(ctx, page, &[id], now).await? else {
                return Ok(None);
            };
            let Some(post) = known.posts.remove(&id) else {
                return Ok(None);
            };
            let post = post.value;
            let view = PostView::new(&post, &known.components, &known.view.url);
            let affected = post.components.keys().copied().collect();
            let subject = Subject::Post(Box::new(post), Box::new(view));
            Ok(Some(facts_of(known, subject, affected)))
        }
        About::Maintenance(id) => {
            let Some(maintenance) = ctx.store.load::<Maintenance>(id).await? else {
                return Ok(None);
            };
            let Some(known) = facts::read(ctx, page, &[], now).await? else {
                return Ok(None);
            };
            let maintenance = maintenance.value;
            let view = MaintenanceView::new(&maintenance, &known.view.url);
            let affected = maintenance.component_ids.clone();
            let subject = Subject::Maintenance(Box::new(maintenance), Box::new(view));
            Ok(Some(facts_of(known, subject, affected)))
        }
    }
}

fn facts_of(known: facts::PublicFacts, subject: Subject, affected: Vec<ComponentId>) -> Facts {
    Facts {
        url: known.view.url.clone(),
        page: known.page,
        components: known.components,
        matter: Some(Matter {
            view: known.view,
            subject,
        }),
        affected,
    }
}
