//! Who is at the other end, as far as one can be told from another.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use lambda_http::request::RequestContext;

use crate::ctx::Ctx;

/// The address that a request came from; empty when nobody says.
pub fn client_address(parts: &Parts, ctx: &Ctx) -> String {
    // Only what API Gateway says is believed; at home anybody may send what it would.
    let is_aws = !ctx.config.has_outbox;
    let seen = is_aws.then(|| seen_by_gateway(parts)).flatten();
    let peer = || {
        parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string())
    };
    seen.or_else(peer).unwrap_or_default()
}

/// What API Gateway says of the connection; in its event, else in the header, which it writes last.
fn seen_by_gateway(parts: &Parts) -> Option<String> {
    let source = match parts.extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        _ => None,
    };
    source.and_then(address).or_else(|| last_forwarded(&parts.headers))
}

fn last_forwarded(headers: &HeaderMap) -> Option<String> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next().and_then(address)
}

/// One way to write an address; none for what is none.
fn address(text: &str) -> Option<String> {
    let address = text.trim().parse::<IpAddr>().ok()?;
    Some(address.to_canonical().to_string())
}

/// What tries are counted by: the address, or the network of 64 bits that an address of IPv6 is in, which is the least that
/// anybody is given, and all of it theirs to ask from.
pub fn client_network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        _ => address.to_owned(),
    }
}

/// The address that a request came from ([`client_address`]), as something a handler takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client(
    /// The address; empty when nobody says.
    pub String,
);

impl FromRequestParts<Ctx> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Infallible> {
        Ok(Self(client_address(parts, ctx)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::*;

    /// What API Gateway hands a function for a client that says that it is somebody else.
    fn forged(source_ip: &str) -> Parts {
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "isBase64Encoded": false,
            "headers": { "x-forwarded-for": "192.0.2.66,203.0.113.9" },
            "requestContext": {
                "accountId": "1", "apiId": "api", "domainName": "bell.example.com", "domainPrefix": "bell",
                "requestId": "r", "routeKey": "$default", "stage": "$default", "timeEpoch": 1,
                "time": "01/Mar/2026:02:00:00 +0000",
                "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": source_ip, "userAgent": "x" },
            },
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        request.into_parts().0
    }

    #[test]
    fn the_gateway_is_believed_and_the_client_is_not() {
        assert_eq!(
            seen_by_gateway(&forged("203.0.113.10")).as_deref(),
            Some("203.0.113.10")
        );
        assert_eq!(seen_by_gateway(&forged("")).as_deref(), Some("203.0.113.9"));
        let (mut nobody, ()) = axum::http::Request::new(()).into_parts();
        assert_eq!(seen_by_gateway(&nobody), None);
        nobody
            .headers
            .insert("x-real-ip", HeaderValue::from_static("192.0.2.66"));
        assert_eq!(seen_by_gateway(&nobody), None);
    }

    #[test]
    fn whoever_has_a_network_has_one_count() {
        for (address, network) in [
            ("198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
            ("", ""),
        ] {
            assert_eq!(client_network(address), network);
        }
    }

    #[test]
    fn only_the_last_forwarded_address_is_believed() {
        let mut headers = HeaderMap::new();
        assert_eq!(last_forwarded(&headers), None);
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 203.0.113.9"));
        assert_eq!(last_forwarded(&headers).as_deref(), Some("203.0.113.9"));
        headers.append("x-forwarded-for", HeaderValue::from_static("198.51.100.7"));
        assert_eq!(last_forwarded(&headers).as_deref(), Some("198.51.100.7"));
        headers.append("x-forwarded-for", HeaderValue::from_static("2001:DB8::1"));
        assert_eq!(last_forwarded(&headers).as_deref(), Some("2001:db8::1"));
        // What is no address is nobody's.
        headers.append("x-forwarded-for", HeaderValue::from_static("<script>"));
        assert_eq!(last_forwarded(&headers), None);
    }
}
