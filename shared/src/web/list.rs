//! Lists as callers see them: `{"items":[…],"next":"<cursor>"|null}` with `?limit=` and `&after=`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Problem;
use crate::domain::limits;
use crate::store::{Page, PageRequest};

/// One page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listed<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page (`after`); null on the last.
    #[schema(min_length = 1, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    pub next: Option<String>,
}

impl<T> From<Page<T>> for Listed<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            items: page.items,
            next: page.next,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items at most.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    #[param(min_length = 1, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    pub after: Option<String>,
}

impl PageQuery {
    /// The page that is asked for.
    ///
    /// # Errors
    /// 400, when the limit is not 1 to 100, or the cursor is none of ours.
    pub fn page(&self) -> Result<PageRequest, Problem> {
        page_request(self.limit, self.after.as_deref())
    }
}

/// How many items `limit` asks for.
///
/// # Errors
/// 400, when it is not 1 to 100.
pub fn page_limit(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(limits::PAGE_ITEMS_DEFAULT);
    if (1..=limits::PAGE_ITEMS_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::invalid_field(
        "limit",
        format!("must be 1 to {}", limits::PAGE_ITEMS_MAX),
    ))
}

/// The page that `limit` and `after` ask for.
///
/// # Errors
/// 400, when the limit is not 1 to 100, or the cursor is none of ours.
pub fn page_request(limit: Option<usize>, after: Option<&str>) -> Result<PageRequest, Problem> {
    let limit = page_limit(limit)?;
    PageRequest::new(limit, after).map_err(|_| bad_cursor())
}

/// 400: `after` is not the cursor of an earlier answer to the same question.
pub fn bad_cursor() -> Problem {
    Problem::invalid_field("after", "is not the `next` of an earlier answer of this list")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_one_to_a_hundred_and_cursors_are_ours() {
        assert_eq!(page_limit(None), Ok(limits::PAGE_ITEMS_DEFAULT));
        assert_eq!(page_request(Some(7), None).unwrap().limit, 7);
        for (limit, after, field) in [
            (Some(0), None, "limit"),
            (Some(101), None, "limit"),
            (None, Some("~"), "after"),
        ] {
            let problem = page_request(limit, after).unwrap_err();
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (400, field));
        }
    }
}
