//! The list of incidents, newest first.

use crate::ctx::Ctx;
use crate::domain::id::{ServiceId, TeamId};
use crate::domain::incident::Status;
use crate::store::{IncidentFilter, Page, PageRequest};
use crate::web::{Listed, Problem, bad_cursor, page_request};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::IncidentView;

/// Longest text to look for.
const TEXT_CHARS_MAX: usize = 256;

/// Which states are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Triggered and acknowledged.
    Open,
    /// Nobody has taken it.
    Triggered,
    /// Somebody has taken it.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// Which incidents are listed; all of them unless something is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Only those in this state.
    #[serde(default)]
    #[param(inline)]
    pub status: Option<Shown>,
    /// Only those of this service.
    #[serde(default)]
    pub service_id: Option<ServiceId>,
    /// Only those of this team.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    /// Only those whose title or service name holds this, whatever its case.
    #[serde(default)]
    #[param(max_length = 256)]
    pub q: Option<String>,
    /// Items at most.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    #[param(min_length = 1, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    pub after: Option<String>,
}

/// A page of incidents with their counts.
///
/// # Errors
/// 400 naming the parameter; when the table does not answer.
pub async fn list(ctx: &Ctx, query: ListQuery) -> Result<Listed<IncidentView>, Problem> {
    let (filter, page) = query.read()?;
    let Page { items, next } = ctx.store.incidents(&filter, &page).await?;
    let items = ctx.store.with_counts(items).await?;
    Ok(Listed {
        items: items.into_iter().map(IncidentView::from).collect(),
        next,
    })
}

impl ListQuery {
    fn read(self) -> Result<(IncidentFilter, PageRequest), Problem> {
        let page = page_request(self.limit, self.after.as_deref())?;
        if !page.continues_incidents() {
            return Err(bad_cursor());
        }
        let text = self.q.filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX) {
            return Err(Problem::invalid_field(
                "q",
                format!("must have at most {TEXT_CHARS_MAX} characters"),
            ));
        }
        let status = match self.status {
            None | Some(Shown::Open) => None,
            Some(Shown::Triggered) => Some(Status::Triggered),
            Some(Shown::Acknowledged) => Some(Status::Acknowledged),
            Some(Shown::Resolved) => Some(Status::Resolved),
        };
        let open = (self.status == Some(Shown::Open)).then_some(true);
        let filter = IncidentFilter {
            open,
            status,
            service_id: self.service_id,
            team_id: self.team_id,
            text,
        };
        Ok((filter, page))
    }
}

#[cfg(test)]
mod tests {
    use crate::web::Params;
    use axum::extract::FromRequestParts;
    use axum::http::Request;

    use super::*;

    async fn read(query: &str) -> Result<(IncidentFilter, PageRequest), Problem> {
        let (mut parts, ()) = Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        Params::<ListQuery>::from_request_parts(&mut parts, &()).await?.0.read()
    }

    #[tokio::test]
    async fn states_become_filters() {
        let (filter, page) = read("status=open&limit=3&q=").await.unwrap();
        assert_eq!(
            (filter, page.limit),
            (
                IncidentFilter {
                    open: Some(true),
                    ..Default::default()
                },
                3
            )
        );
        let (filter, _) = read("status=resolved&q=Disk%20full&service_id=svc_01arz3ndektsv4rrffq69g5fav")
            .await
            .unwrap();
        assert_eq!(
            (filter.status, filter.text.as_deref()),
            (Some(Status::Resolved), Some("Disk full"))
        );
        assert!(filter.service_id.is_some());
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused_by_name() {
        let long = format!("q={}", "x".repeat(257));
        for (query, field) in [
            ("status=closed", "status"),
            ("state=open", "state"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("service_id=usr_01arz3ndektsv4rrffq69g5fav", "service_id"),
            ("team_id=x", "team_id"),
            ("after=%21%21", "after"),
            // A cursor of another list.
            ("after=RVZUI2V2dF8", "after"),
            (&*long, "q"),
        ] {
            let problem = read(query).await.unwrap_err();
            assert_eq!(
                (problem.status, &*problem.errors[0].field),
                (400, field),
                "{query}: {problem:?}"
            );
        }
    }
}
