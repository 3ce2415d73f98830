//! The frame around every page of somebody signed in: where they are, who they are, and where else they may go.

use shared::domain::id::UserId;
use shared::domain::people::Role;

use super::person::Person;
use super::visitor::Visitor;

/// The part of the dashboard a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Incidents,
    OnCall,
    Services,
    Policies,
    People,
    Status,
    Insights,
    More,
    Settings,
}

impl Section {
    /// The sections of the navigation, with their addresses.
    const EACH: [(Self, &'static str, &'static str); 8] = [
        (Self::Incidents, "/", "Incidents"),
        (Self::OnCall, "/on-call", "On call"),
        (Self::Services, "/services", "Services"),
        (Self::Policies, "/policies", "Policies"),
        (Self::People, "/people", "People"),
        (Self::Status, "/pages", "Status"),
        (Self::Insights, "/insights", "Insights"),
        (Self::More, "/more", "More"),
    ];
}

/// A way to a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionLink {
    pub url: &'static str,
    pub label: &'static str,
    pub is_current: bool,
    /// Whether a telephone has no room for it: it is found under "More" there.
    pub is_wide: bool,
}

/// What the frame shows.
#[derive(Debug)]
pub struct Frame {
    pub section: Section,
    pub me: Person,
    pub my_id: UserId,
    pub email: String,
    pub role: &'static str,
    /// What forms carry.
    pub form_token: String,
    pub may_respond: bool,
    /// What the browser was told to look like: `light` or `dark`; empty: like the rest of its screen.
    pub theme: &'static str,
}

impl Frame {
    /// The frame of a page of `section`, for this visitor.
    pub fn new(section: Section, visitor: &Visitor) -> Self {
        Self {
            section,
            me: visitor.person.clone(),
            my_id: visitor.user.id,
            email: visitor.user.email.clone(),
            role: role_name(visitor.user.role),
            form_token: visitor.form_token.clone(),
            may_respond: visitor.may_respond(),
            theme: visitor.theme.as_str(),
        }
    }

    /// The navigation.
    pub fn links(&self) -> impl Iterator<Item = SectionLink> {
        let link = |(section, url, label)| SectionLink {
            url,
            label,
            is_current: section == self.section,
            is_wide: matches!(section, Section::Status | Section::Insights),
        };
        Section::EACH.into_iter().map(link)
    }
}

/// A role's name, as people read it.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Responder => "Responder",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}
