use std::net::SocketAddr;

use tokio::{net::TcpListener, time::timeout};

use super::*;
use crate::channel::test_server::{Heard, answer, listen, listen_tls};

const NOW: Timestamp = Timestamp::constant(1_774_000_000, 0);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const SHORT: WebhookTimeouts = WebhookTimeouts {
    connect: Duration::from_millis(300),
    total: Duration::from_millis(600),
};

fn local() -> WebhookSender {
    WebhookSender::new(Inward::AllowLoopback).unwrap()
}

async fn post(sender: &WebhookSender, url: &str) -> Result<Receipt, SendError> {
    sender
        .send(&url.parse().unwrap(), &[b"whsec".to_vec()], "dlv_1", NOW, b"{}")
        .await
}

/// What a sender makes of one raw answer.
async fn post_to(response: &[u8]) -> Result<Receipt, SendError> {
    let (listener, url) = listen().await;
    let sender = local();
    let url = format!("{url}/hook");
    let (sent, _) = tokio::join!(post(&sender, &url), answer(&listener, response));
    sent
}

fn status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

#[test]
fn a_signature_known_beforehand() {
    let body = br#"{"type":"incident.triggered"}"#;
    assert_eq!(
        signature(b"whsec_new", 1_774_000_000, body),
        concat!(
            "v1=",
            "f9d12aa0556f566158abf8ddfa77fe542d81d7f0b60a59a3fc71c5a8a16ef5cf"
        )
    );
    assert_eq!(
        signature(b"whsec_old", 1_774_000_000, body),
        concat!(
            "v1=",
            "b2f75c4f51b3bb10a015f56ab0deca7ebefa73de51c3244138c5c78e1867db0f"
        )
    );
}

#[tokio::test]
async fn the_receiver_hears_a_signed_post() {
    let (listener, url) = listen().await;
    let body = br#"{"type":"incident.triggered"}"#;
    let secrets = [b"whsec_new".to_vec(), b"whsec_old".to_vec()];
    let url = format!("{url}/hook?a=b").parse().unwrap();
    let sender = local();
    let (sent, heard) = tokio::join!(
        sender.send(&url, &secrets, "dlv_1", NOW, body),
        answer(&listener, b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"),
    );
    assert_eq!(sent, Ok(Receipt { provider_id: None }));
    let Heard { head, body: heard_body } = heard;
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{head}");
    assert_eq!(heard_body, body);
    for line in [
        "content-type: application/json",
        concat!("user-agent: Nightbell/", env!("CARGO_PKG_VERSION")),
        "x-nightbell-webhook-id: dlv_1",
        "x-nightbell-timestamp: 1774000000",
        concat!(
            "x-nightbell-signature: v1=",
            "f9d12aa0556f566158abf8ddfa77fe542d81d7f0b60a59a3fc71c5a8a16ef5cf",
            ",v1=",
            "b2f75c4f51b3bb10a015f56ab0deca7ebefa73de51c3244138c5c78e1867db0f"
        ),
    ] {
        assert!(head.lines().any(|heard| heard == line), "{line} in {head}");
    }
}

#[tokio::test]
async fn without_a_secret_there_is_no_signature() {
    let (listener, url) = listen().await;
    let url = url.parse().unwrap();
    let sender = local();
    let (sent, heard) = tokio::join!(
        sender.send(&url, &[], "dlv_1", NOW, b"{}"),
        answer(&listener, b"HTTP/1.1 204 No Content\r\n\r\n")
    );
    assert!(sent.is_ok());
    assert!(!heard.head.contains("signature"), "{}", heard.head);
}

#[tokio::test]
async fn answers_and_what_they_mean() {
    for line in ["200 OK", "201 Created", "204 No Content"] {
        assert!(post_to(&status(line)).await.is_ok(), "{line}");
    }
    for line in [
        "408 Request Timeout",
        "425 Too Early",
        "500 Internal Server Error",
        "503 Service Unavailable",
        "599 x",
    ] {
        assert!(
            matches!(post_to(&status(line)).await, Err(SendError::Transient(_))),
            "{line}"
        );
    }
    for line in [
        "304 Not Modified",
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "410 Gone",
        "413 x",
    ] {
        assert!(
            matches!(post_to(&status(line)).await, Err(SendError::Permanent(_))),
            "{line}"
        );
    }
}

#[tokio::test]
async fn waits_that_are_asked_for() {
    let cases = [
        ("429 Too Many Requests", "", Some(30)),
        ("429 Too Many Requests", "Retry-After: 7\r\n", Some(7)),
        ("429 Too Many Requests", "Retry-After: 86400\r\n", Some(900)),
        ("429 Too Many Requests", "Retry-After: whenever\r\n", Some(30)),
        (
            "429 Too Many Requests",
            "Retry-After: Fri, 20 Mar 2026 09:47:40 GMT\r\n",
            Some(60),
        ),
        ("503 Service Unavailable", "Retry-After: 120\r\n", Some(120)),
        ("503 Service Unavailable", "Retry-After: whenever\r\n", None),
        ("500 Internal Server Error", "Retry-After: 120\r\n", None),
    ];
    for (line, header, seconds) in cases {
        let sent = post_to(format!("HTTP/1.1 {line}\r\n{header}Content-Length: 4\r\n\r\nbusy").as_bytes()).await;
        let reason = format!("the receiver answered {line}: busy");
        let expected = match seconds {
            Some(seconds) => SendError::Throttled {
                after: SignedDuration::from_secs(seconds),
                reason,
            },
            None => SendError::Transient(reason),
        };
        assert_eq!(sent, Err(expected), "{line} {header}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (second, elsewhere) = listen().await;
    let sent =
        post_to(format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    let Err(SendError::Permanent(reason)) = sent else {
        panic!("{sent:?}")
    };
    assert!(
        reason.contains("redirects are not followed") && !reason.contains("127.0.0.1"),
        "{reason}"
    );
    assert!(nobody_came(&second).await);
}

#[tokio::test]
async fn the_reason_is_short_and_keeps_the_urls_secret() {
    let body = "no\r\nsuch \u{1b}[31mchannel ".repeat(50);
    let response = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let Err(SendError::Permanent(reason)) = post_to(response.as_bytes()).await else {
        panic!()
    };
    assert!(
        reason.starts_with("the receiver answered 404 Not Found: no such [31mchannel no"),
        "{reason}"
    );
    assert_eq!(reason.chars().count(), super::super::REASON_MAX_CHARS);

    let url = "https://example.com/services/T0/hunter2hunter2?key=k1".parse().unwrap();
    for echo in [&b"POST /services/T0/hunter2hunter2"[..], b"bad key=k1", b""] {
        assert_eq!(reason_of(echo, &url), "the receiver answered 400 Bad Request");
    }
    assert_eq!(
        reason_of(b"bad T0", &url),
        "the receiver answered 400 Bad Request: bad T0"
    );
}

fn reason_of(body: &[u8], url: &Url) -> String {
    reason(StatusCode::BAD_REQUEST, body, url)
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let (listener, url) = listen().await;
    let sender = local();
    let mut response = b"HTTP/1.1 500 Internal Server Error\r\n\r\n".to_vec();
    response.resize(64 * 1024 * 1024, b'x');
    // Neither read to the end nor until the sender's own time is over.
    let sending = timeout(WebhookTimeouts::default().total / 2, post(&sender, &url));
    let (sent, _) = tokio::join!(sending, answer(&listener, &response));
    assert!(matches!(sent, Ok(Err(SendError::Transient(_)))), "{sent:?}");
}

#[tokio::test]
async fn silence_is_transient_and_short() {
    let (listener, url) = listen().await;
    let sender = WebhookSender::with_timeouts(Inward::AllowLoopback, SHORT).unwrap();
    let (sent, _) = tokio::join!(
        post(&sender, &url),
        timeout(SHORT.total * 2, async {
            let _open = listener.accept().await;
            std::future::pending::<()>().await;
        })
    );
    assert_eq!(
        sent,
        Err(SendError::Transient("the receiver did not answer within 600ms".into()))
    );
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_hide_the_status() {
    let (listener, url) = listen().await;
    let sender = WebhookSender::with_timeouts(Inward::AllowLoopback, SHORT).unwrap();
    let (sent, _) = tokio::join!(
        post(&sender, &url),
        timeout(SHORT.total * 2, async {
            let _open = crate::channel::test_server::answer_and_hold(
                &listener,
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nno such hook",
            )
            .await;
            std::future::pending::<()>().await;
        })
    );
    assert_eq!(
        sent,
        Err(SendError::Permanent(
            "the receiver answered 404 Not Found: no such hook".into()
        ))
    );
}

#[tokio::test]
async fn a_closed_port_is_transient() {
    let (listener, url) = listen().await;
    drop(listener);
    let sent = post(&local(), &url).await;
    assert_eq!(
        sent,
        Err(SendError::Transient(
            "the connection to the receiver failed: connection refused".into()
        ))
    );
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_transient() {
    for response in [&b"SSH-2.0-OpenSSH_9.7\r\n"[..], b"", b"HTTP/1.1 200"] {
        let sent = post_to(response).await;
        assert!(matches!(sent, Err(SendError::Transient(_))), "{sent:?}");
    }
}

#[tokio::test]
async fn inward_urls_are_refused_before_anything_is_sent() {
    let (listener, url) = listen().await;
    let sender = WebhookSender::new(Inward::Refuse).unwrap();
    let sent = post(&sender, &url).await;
    assert_eq!(
        sent,
        Err(SendError::Permanent(
            "the URL's host is not a public address: this machine".into()
        ))
    );
    assert!(nobody_came(&listener).await);
}

#[tokio::test]
async fn a_name_that_leads_inward_is_refused_after_the_look_up() {
    let (listener, url) = listen().await;
    let port = url.parse::<Url>().unwrap().port().unwrap();
    let sender = named(Inward::Refuse, &["127.0.0.1", "10.0.0.1"]);
    let sent = post(&sender, &format!("http://hooks.example.com:{port}/")).await;
    assert_eq!(
        sent,
        Err(SendError::Permanent(
            "the receiver's host name does not lead to a public address: this machine".into()
        ))
    );
    assert!(nobody_came(&listener).await);
}

#[tokio::test]
async fn only_the_allowed_addresses_of_a_name_are_connected_to() {
    let (listener, url) = listen().await;
    let port = url.parse::<Url>().unwrap().port().unwrap();
    // The first two would swallow the connection, or lead into the network.
    let sender = named(Inward::AllowLoopback, &["10.255.255.1", "169.254.169.254", "127.0.0.1"]);
    let url = format!("http://hooks.example.com:{port}/");
    let (sent, heard) = tokio::join!(post(&sender, &url), answer(&listener, OK));
    assert!(sent.is_ok(), "{sent:?}");
    assert!(
        heard.head.contains(&format!("host: hooks.example.com:{port}")),
        "{}",
        heard.head
    );
}

#[tokio::test]
async fn a_name_without_addresses_is_transient() {
    let sent = post(&named(Inward::Refuse, &[]), "https://hooks.example.com/").await;
    assert_eq!(
        sent,
        Err(SendError::Transient(
            "the receiver's host name could not be resolved".into()
        ))
    );
    // RFC 6761: names under `invalid` never resolve, whatever the network of the test.
    let sent = post(&WebhookSender::new(Inward::Refuse).unwrap(), "https://nowhere.invalid/").await;
    assert!(matches!(sent, Err(SendError::Transient(_))), "{sent:?}");
}

#[tokio::test]
async fn https_needs_a_certificate_that_is_trusted() {
    let server = listen_tls("hooks.example.com").await;
    let url = format!("https://hooks.example.com:{}/", server.port);
    let lookup = || Lookup::Fixed(vec!["127.0.0.1:0".parse().unwrap()]);

    let stranger = named(Inward::AllowLoopback, &["127.0.0.1"]);
    let (sent, _) = tokio::join!(post(&stranger, &url), server.answer(OK));
    let Err(SendError::Transient(reason)) = sent else {
        panic!("{sent:?}")
    };
    assert!(
        reason.starts_with("no secure connection to the receiver: invalid peer certificate"),
        "{reason}"
    );

    let root = reqwest::Certificate::from_der(&server.certificate).unwrap();
    let timeouts = WebhookTimeouts::default();
    let client = client(Inward::AllowLoopback, timeouts, lookup())
        .add_root_certificate(root)
        .build()
        .unwrap();
    let friend = WebhookSender {
        client,
        inward: Inward::AllowLoopback,
        timeouts,
    };
    let (sent, heard) = tokio::join!(post(&friend, &url), server.answer(OK));
    assert!(sent.is_ok(), "{sent:?}");
    assert_eq!(heard.unwrap().body, b"{}");
}

/// A sender for which every name has these addresses.
fn named(inward: Inward, ips: &[&str]) -> WebhookSender {
    let lookup = Lookup::Fixed(ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect());
    let timeouts = WebhookTimeouts::default();
    WebhookSender {
        client: client(inward, timeouts, lookup).build().unwrap(),
        inward,
        timeouts,
    }
}

async fn nobody_came(listener: &TcpListener) -> bool {
    timeout(Duration::from_millis(50), listener.accept()).await.is_err()
}
