//! The public side, as people and scripts write it: pages, their components, posts and maintenances. What follows from it
//! is published by another function, which hears of every change by the table's stream.

mod components;
mod maintenances;
mod pages;
mod postmortems;
mod posts;
mod publications;
mod subscribers;
mod updates;

use crate::openapi::Routes;

/// The routes of the public side.
pub fn routes() -> Routes {
    Routes::default()
        .merge(pages::routes())
        .merge(components::routes())
        .merge(posts::routes())
        .merge(postmortems::routes())
        .merge(publications::routes())
        .merge(maintenances::routes())
        .merge(subscribers::routes())
}
