//! Hosts of status pages' own: what is asked for at one is below its page, as the template's function `StatusPaths` has it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Uri, header};
use axum::middleware::map_request;
use shared::domain::status::{folder, is_host, is_slug};

/// A host, and the name of the page that is read at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    host: String,
    slug: String,
}

/// Reads `HOST=PAGE`.
pub fn domain(text: &str) -> Result<Domain, String> {
    let (host, slug) = text
        .split_once('=')
        .ok_or("give host and page, for instance status.example.com=main")?;
    if !is_host(host) {
        return Err(format!(
            "`{host}` is no host's name in lower case, as status.example.com"
        ));
    }
    if !is_slug(slug) {
        return Err(format!(
            "`{slug}` is no page's name in addresses, as main in /status/main"
        ));
    }
    Ok(Domain {
        host: host.to_owned(),
        slug: slug.to_owned(),
    })
}

/// `router`, which is asked at these hosts for their pages.
pub fn at(domains: &[Domain], router: Router) -> Router {
    if domains.is_empty() {
        return router;
    }
    let domains: Arc<[Domain]> = domains.into();
    router.layer(map_request(move |request: Request| {
        let domains = Arc::clone(&domains);
        async move { below_its_page(&domains, request) }
    }))
}

fn below_its_page(domains: &[Domain], mut request: Request) -> Request {
    let host = host(&request);
    let domain = domains.iter().find(|domain| domain.host.eq_ignore_ascii_case(host));
    let path = request.uri().path();
    if let Some(domain) = domain {
        let path = path.trim_end_matches('/');
        let own = format!("/{}", folder(&domain.slug));
        // Nothing of other pages is at a page's host, and where the default page would be, there it is itself.
        let path = match path.strip_prefix(&own) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ if path == "/status" => "",
            _ => path,
        };
        let query = request
            .uri()
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        let below = format!("{own}{path}{query}");
        if let Ok(below) = PathAndQuery::try_from(below) {
            *request.uri_mut() = Uri::from(below);
        }
    }
    request
}

/// Which host is asked, without its port.
fn host(request: &Request) -> &str {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().host()).unwrap_or_default();
    // A name may end with the root's dot.
    host.split(':').next().unwrap_or_default().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_page_is_at_the_root_of_its_host() {
        let domains = [
            domain("status.example.com=main").unwrap(),
            domain("a.example=b").unwrap(),
        ];
        let asked = |host: &str, uri: &str| {
            let request = Request::builder()
                .uri(uri)
                .header("host", host)
                .body(Body::empty())
                .unwrap();
            below_its_page(&domains, request).uri().to_string()
        };
        for (host, uri, below) in [
            ("status.example.com", "/", "/status/main"),
            ("status.example.com", "/history/", "/status/main/history"),
            (
                "STATUS.example.com:3000",
                "/api/v2/summary.json?x=1",
                "/status/main/api/v2/summary.json?x=1",
            ),
            ("status.example.com.:3000", "/sign-in", "/status/main/sign-in"),
            ("status.example.com", "/status/", "/status/main"),
            ("a.example", "/subscribers", "/status/b/subscribers"),
            // Addresses that documents name are as they are, and nothing of the inside is at a page's host.
            ("status.example.com", "/status/main/history", "/status/main/history"),
            ("status.example.com", "/status/main", "/status/main"),
            ("status.example.com", "/status/mainly", "/status/main/status/mainly"),
            (
                "status.example.com",
                "/status/b/history",
                "/status/main/status/b/history",
            ),
            ("status.example.com", "/status", "/status/main"),
            ("status.example.com", "/statuses", "/status/main/statuses"),
            ("a.example", "/api/v1/incidents", "/status/b/api/v1/incidents"),
            ("bell.example.com", "/api/v1/incidents", "/api/v1/incidents"),
        ] {
            assert_eq!(asked(host, uri), below, "{host}{uri}");
        }
    }

    #[test]
    fn what_is_no_host_or_no_page_is_told() {
        for (text, why) in [
            ("status.example.com", "give host and page"),
            ("localhost=main", "`localhost` is no host's name"),
            ("status.example.com=Main", "`Main` is no page's name"),
        ] {
            let told = domain(text).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
