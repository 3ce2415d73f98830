//! What becomes of a page's publications and maintenances.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use jiff::Timestamp;
use shared::ctx::Ctx;
use shared::domain::id::{ComponentId, IncidentId, PageId, PostId, ServiceId};
use shared::domain::service::Service;
use shared::domain::status::{
    Alerts, Component, Facts, Maintenance, Page, Post, Publication, Trouble, Work, decide_publication, next_due,
};
use shared::domain::time::earliest;
use shared::store::{Applied, Entity, PublicWrite, StoreError, Versioned};
use shared::subscribers;

use super::PublishError;

/// How often a race may be lost.
const ROUNDS_MAX: u32 = 3;

/// What was decided and written.
#[derive(Debug, Default)]
pub struct Decided {
    /// Posts that were opened or changed.
    pub posts: Vec<PostId>,
    /// When the next thing changes by itself.
    pub due: Option<Timestamp>,
    /// Whether anything was written.
    pub has_changed: bool,
    /// Why something of it could not be written; everything else was.
    pub failure: Option<StoreError>,
}

impl Decided {
    /// Goes on in spite of this: one service's trouble with the table is not another's.
    fn fails(&mut self, page: PageId, what: &dyn Display, error: StoreError) {
        tracing::warn!(page_id = %page, %what, %error, "a decision was not written; the page goes on without it");
        self.failure = Some(error);
    }
}

/// What is to be looked at that lists may not show yet.
pub struct Told<'a> {
    /// Incidents that were written.
    pub incidents: &'a [IncidentId],
    /// Posts that are not published yet.
    pub posts: &'a [PostId],
}

/// Decides, and writes what was decided. None: there is no such page.
pub async fn decide(ctx: &Ctx, page: PageId, told: &Told<'_>, now: Timestamp) -> Result<Option<Decided>, PublishError> {
    let mut decided = Decided::default();
    for _ in 0..ROUNDS_MAX {
        decided.failure = None;
        let Some(known) = Known::read(ctx, page, told).await? else {
            return Ok(None);
        };
        if known.apply(ctx, &mut decided, now).await? == Applied::Done {
            return Ok(Some(decided));
        }
    }
    Err(StoreError::Changed.into())
}

/// Everything a decision is made of.
struct Known {
    page: Page,
    components: Vec<Component>,
    services: Vec<Service>,
    publications: Vec<Versioned<Publication>>,
    posts: BTreeMap<PostId, Versioned<Post>>,
    maintenances: Vec<Versioned<Maintenance>>,
    troubles: BTreeMap<ServiceId, Vec<Trouble>>,
}

impl Known {
    async fn read(ctx: &Ctx, page: PageId, told: &Told<'_>) -> Result<Option<Self>, StoreError> {
        let store = &ctx.store;
        let Some(page) = store.load::<Page>(page).await? else {
            return Ok(None);
        };
        let page = page.value;
        let (components, services, publications, maintenances, open) = futures_util::try_join!(
            store.list_all::<Component>(),
            store.list_all::<Service>(),
            store.publications(page.id),
            store.open_maintenances(page.id),
            store.open_posts(page.id),
        )?;
        let remembered = publications.iter().flat_map(|one| one.value.incident_ids.iter());
        let also: Vec<IncidentId> = told.incidents.iter().chain(remembered).copied().collect();
        let of_publications = publications.iter().filter_map(|one| one.value.post_id());
        let (incidents, posts) = futures_util::try_join!(
            store.open_incidents_and(&also),
            store.posts_by_id(of_publications.chain(told.posts.iter().copied()))
        )?;
        let mut troubles: BTreeMap<ServiceId, Vec<Trouble>> = BTreeMap::new();
        for incident in &incidents {
            if let Some(trouble) = Trouble::of(incident) {
                troubles.entry(incident.service_id).or_default().push(trouble);
            }
        }
        let posts = open
            .into_iter()
            .chain(posts)
            .filter(|post| post.value.page_id == page.id)
            .map(|post| (post.value.id, post));
        Ok(Some(Self {
            components: components.into_iter().filter(|one| one.page_id == page.id).collect(),
            services,
            publications,
            posts: posts.collect(),
            maintenances,
            troubles,
            page,
        }))
    }

    async fn apply(mut self, ctx: &Ctx, decided: &mut Decided, now: Timestamp) -> Result<Applied, StoreError> {
        for place in 0..self.maintenances.len() {
            let before = &self.maintenances[place];
            let Some(next) = before
                .value
                .advanced(self.page.locale, ctx.random.ulid(now).into(), now)
            else {
                continue;
            };
            let write = PublicWrite::Maintenance(before.clone(), next.clone());
            match ctx.store.write_public(vec![write], now).await {
                Ok(Applied::Done) => {}
                Ok(Applied::Changed) => return Ok(Applied::Changed),
                Err(error) => {
                    decided.fails(self.page.id, &next.id, error);
                    continue;
                }
            }
            subscribers::wake(ctx, next.bulletins(Some(&before.value)), now).await;
            decided.has_changed = true;
            self.maintenances[place].value = next;
        }
        let mut publications = Vec::new();
        for service in self.concerned() {
            let before = self.publications.iter().find(|one| one.value.service_id == service);
            let (publication, post) = self.decide(ctx, service, before, now);
            let mut writes = Vec::new();
            if before.map(|before| &before.value) != publication.as_ref() {
                writes.push(PublicWrite::Publication(before.cloned(), publication.clone()));
            }
            if let Some(post) = &post {
                writes.push(PublicWrite::Post(self.posts.get(&post.id).cloned(), post.clone()));
            }
            if !writes.is_empty() {
                match ctx.store.write_public(writes, now).await {
                    Ok(Applied::Done) => decided.has_changed = true,
                    Ok(Applied::Changed) => return Ok(Applied::Changed),
                    Err(error) => {
                        // What is not written is not so: neither its post nor its components are told of.
                        decided.fails(self.page.id, &service, error);
                        publications.extend(before.map(|before| before.value.clone()));
                        continue;
                    }
                }
            }
            if let Some(value) = post {
                let known = self.posts.get(&value.id).map(|known| &known.value);
                subscribers::wake(ctx, value.bulletins(known), now).await;
                decided.posts.push(value.id);
                self.posts.insert(value.id, Versioned { value, version: 0 });
            }
            publications.extend(publication);
        }
        let by_maintenances = self.maintenances.iter().filter_map(|one| one.value.due()).min();
        decided.due = earliest(next_due(&publications), by_maintenances);
        Ok(Applied::Done)
    }

    /// Services that affect this page, or did.
    fn concerned(&self) -> BTreeSet<ServiceId> {
        let affects = |service: &&Service| {
            let mut affected = service.components.iter();
            affected.any(|one| self.components.iter().any(|component| component.id == one.component_id))
        };
        let affecting = self.services.iter().filter(affects).map(|service| service.id);
        let published = self.publications.iter().map(|one| one.value.service_id);
        affecting.chain(published).collect()
    }

    fn decide(
        &self,
        ctx: &Ctx,
        service_id: ServiceId,
        before: Option<&Versioned<Publication>>,
        now: Timestamp,
    ) -> (Option<Publication>, Option<Post>) {
        let service = self.services.iter().find(|service| service.id == service_id);
        let troubles = self.troubles.get(&service_id).map_or(&[][..], Vec::as_slice);
        let began = troubles.iter().map(|trouble| trouble.since).min().unwrap_or(now);
        let publication = before.map(|before| &before.value);
        let announced = self.announced(service_id, now);
        // Opened again by a person who says that Nightbell goes on with it.
        let is_given_back = |post: &&Post| {
            let is_theirs = post.is_open() && post.automatic && post.service_id == Some(service_id);
            is_theirs && publication.is_none_or(|publication| !publication.is_of(post.id))
        };
        let mut posts = self.posts.values().map(|post| &post.value);
        let given_back = posts.rfind(is_given_back);
        let given_back = given_back.map(|post| Publication::given_back(publication, post, service_id));
        let publication = given_back.as_ref().or(publication);
        let post = publication
            .and_then(Publication::post_id)
            .and_then(|id| self.posts.get(&id));
        let decision = decide_publication(&Facts {
            page: &self.page,
            components: &self.components,
            service_id,
            rule: service.map(|service| service.publication).unwrap_or_default(),
            affected: service.map_or(&[], |service| service.components.as_slice()),
            troubles,
            announced: &announced,
            publication,
            post: post.map(|post| &post.value),
            // Ids sort by when what they tell of began.
            new_post: ctx.random.ulid_of(began).into(),
            new_update: ctx.random.ulid(now).into(),
            now,
        });
        (decision.publication, decision.post)
    }

    /// Components under a maintenance that holds this service's alerts, and since when.
    fn announced(&self, service: ServiceId, now: Timestamp) -> Vec<(ComponentId, Timestamp)> {
        let mut announced = Vec::new();
        for Versioned { value, .. } in &self.maintenances {
            let holds = |work: &&Work| work.service_id == service && work.alerts == Alerts::Hold && now < work.until;
            let works = Work::all_of(value);
            if let Some(work) = works.iter().find(holds) {
                announced.extend(value.component_ids.iter().map(|id| (*id, work.from)));
            }
        }
        announced
    }
}
