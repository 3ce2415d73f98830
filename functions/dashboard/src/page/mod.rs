//! What every page has.

mod asked;
mod assets;
mod choice;
mod clock;
mod frame;
mod headers;
mod living;
mod person;
mod posted;
mod refused;
mod shown;
mod theme;
mod visitor;

pub use asked::{Asked, load};
pub use assets::{URLS, routes as assets};
pub use choice::{Choice, by_name};
pub use clock::{Moment, Zone, minutes};
pub use frame::{Frame, Section, role_name};
pub use headers::guarded;
pub use living::Living;
pub use person::{People, Person};
pub use posted::{Posted, read_form};
pub use refused::Refused;
pub use shown::{Older, shown};
pub use theme::Theme;
pub use visitor::Visitor;
