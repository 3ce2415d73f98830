//! What every page has.

mod asked;
mod assets;
mod clock;
mod frame;
mod headers;
mod posted;
mod refused;
mod shown;
mod theme;
mod visitor;

pub use asked::Asked;
pub use assets::{URLS, routes as assets};
pub use clock::{Moment, Zone, minutes};
pub use frame::{Frame, Person, Section, role_name};
pub use headers::guarded;
pub use posted::{Posted, read_form};
pub use refused::Refused;
pub use shown::{Older, shown};
pub use theme::Theme;
pub use visitor::Visitor;
