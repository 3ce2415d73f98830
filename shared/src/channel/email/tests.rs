use proptest::prelude::*;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use super::*;

const NOW: Timestamp = Timestamp::constant(1_774_000_000, 0);
const EMAIL: Email<'static> = Email {
    to: "ada@example.com",
    subject: "db-7: disk full",
    text: "See /i/abc\n.\nBye",
    html: None,
    unsubscribe_url: None,
    id: "inc_1/1#0#1",
};

/// Answers by the first word of a command; what is not listed is accepted. `HANG` answers nothing, for good.
type Script = &'static [(&'static str, &'static str)];

/// Plays a mail server for one connection and returns every line it heard.
async fn serve(listener: &TcpListener, script: Script) -> Vec<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut heard = Vec::new();
    let mut in_message = false;
    let mut word = "(greeting)".to_owned();
    loop {
        let usual = match &*word {
            "EHLO" => "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 2.0.0 queued as 4711",
        };
        let reply = script
            .iter()
            .find(|(command, _)| *command == word)
            .map_or(usual, |(_, reply)| reply);
        if !in_message {
            if reply == "HANG" {
                std::future::pending::<()>().await;
            }
            if stream.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                return heard;
            }
            in_message = word == "DATA" && reply.starts_with("354");
        }
        let mut line = String::new();
        if word == "QUIT" || stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return heard;
        }
        if in_message && line == ".\r\n" {
            in_message = false;
            word = "(message)".to_owned();
        } else if !in_message {
            word = line.split([' ', '\r']).next().unwrap().to_owned();
        }
        heard.push(line);
    }
}

async fn send_to(script: Script, email: Email<'_>) -> (Result<Receipt, SendError>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let sender = sender(&url);
    let sending = sender.send(email, NOW);
    let serving = timeout(Duration::from_secs(1), serve(&listener, script));
    let (sent, heard) = tokio::join!(sending, serving);
    (sent, heard.unwrap_or_default())
}

fn sender(url: &str) -> EmailSender {
    let config = SmtpConfig::parse(url, "Nightbell <bell@nightbell.example>").unwrap();
    EmailSender::with_timeout(config, Duration::from_millis(500)).unwrap()
}

#[tokio::test]
async fn a_message_is_handed_over() {
    let (sent, heard) = send_to(&[], EMAIL).await;
    assert_eq!(
        sent,
        Ok(Receipt {
            provider_id: Some("2.0.0 queued as 4711".into())
        })
    );
    let id = &sha256_hex(EMAIL.id)[..32];
    assert_eq!(
        heard.concat(),
        format!(
            "EHLO nightbell.example\r\n\
             MAIL FROM:<bell@nightbell.example>\r\n\
             RCPT TO:<ada@example.com>\r\n\
             DATA\r\n\
             From: Nightbell <bell@nightbell.example>\r\n\
             To: ada@example.com\r\n\
             Subject: db-7: disk full\r\n\
             Date: Fri, 20 Mar 2026 09:46:40 +0000\r\n\
             Message-ID: <{id}@nightbell.example>\r\n\
             Auto-Submitted: auto-generated\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 7bit\r\n\
             \r\n\
             See /i/abc\r\n\
             ..\r\n\
             Bye\r\n\
             \r\n\
             .\r\n\
             QUIT\r\n"
        )
    );
}

#[tokio::test]
async fn refusals_keep_their_meaning_and_their_words() {
    let transient: [Script; 5] = [
        &[("(greeting)", "421 4.3.2 later")],
        &[("MAIL", "451 4.3.2 later")],
        &[("RCPT", "450 4.3.2 later")],
        &[("DATA", "451 4.3.2 later")],
        &[("(message)", "452 4.3.2 later")],
    ];
    for script in transient {
        let (sent, _) = send_to(script, EMAIL).await;
        let reason = format!("the mail server answered {}: 4.3.2 later", &script[0].1[..3]);
        assert_eq!(sent, Err(SendError::Transient(reason)), "{script:?}");
    }
    let permanent: [Script; 5] = [
        &[("(greeting)", "554 5.1.1 never")],
        &[("MAIL", "550 5.1.1 never")],
        &[("RCPT", "550 5.1.1 never"), ("QUIT", "HANG")],
        &[("DATA", "554 5.1.1 never")],
        &[("(message)", "554 5.1.1 never")],
    ];
    for script in permanent {
        let (sent, _) = send_to(script, EMAIL).await;
        let reason = format!("the mail server answered {}: 5.1.1 never", &script[0].1[..3]);
        assert_eq!(sent, Err(SendError::Permanent(reason)), "{script:?}");
    }
}

#[tokio::test]
async fn silence_is_transient() {
    let hangs: [Script; 3] = [&[("(greeting)", "HANG")], &[("RCPT", "HANG")], &[("(message)", "HANG")]];
    for script in hangs {
        let (sent, _) = send_to(script, EMAIL).await;
        assert_eq!(
            sent,
            Err(SendError::Transient(
                "the mail server did not answer within 500ms".into()
            ))
        );
    }
}

#[tokio::test]
async fn a_missed_farewell_takes_nothing_back() {
    let (sent, _) = send_to(&[("QUIT", "HANG")], EMAIL).await;
    assert!(sent.is_ok(), "{sent:?}");
    let (sent, _) = send_to(&[("QUIT", "500 what")], EMAIL).await;
    assert!(sent.is_ok(), "{sent:?}");
}

#[tokio::test]
async fn no_server_and_no_smtp_are_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        sender(&url).send(EMAIL, NOW).await,
        Err(SendError::Transient(
            "the connection to the mail server failed: connection refused".into()
        ))
    );
    let (sent, _) = send_to(&[("(greeting)", "HTTP/1.1 400 Bad Request")], EMAIL).await;
    assert!(matches!(sent, Err(SendError::Transient(_))), "{sent:?}");
}

#[tokio::test]
async fn credentials_are_offered_and_their_refusal_is_permanent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://ada%40x:p%2Fw@{}", listener.local_addr().unwrap());
    let sender = sender(&url);
    let (sent, heard) = tokio::join!(sender.send(EMAIL, NOW), serve(&listener, &[("AUTH", "535 5.7.8 no")]));
    assert_eq!(
        sent,
        Err(SendError::Permanent("the mail server answered 535: 5.7.8 no".into()))
    );
    // base64 of "\0ada@x\0p/w"
    assert!(
        heard.contains(&"AUTH PLAIN AGFkYUB4AHAvdw==\r\n".to_owned()),
        "{heard:?}"
    );
}

#[tokio::test]
async fn international_addresses() {
    let email = |to| Email {
        to,
        subject: "Störung",
        text: "ä",
        ..EMAIL
    };
    let (sent, heard) = send_to(&[], email("ada@münchen.example")).await;
    assert!(sent.is_ok(), "{sent:?}");
    assert!(
        heard.contains(&"RCPT TO:<ada@xn--mnchen-3ya.example>\r\n".to_owned()),
        "{heard:?}"
    );
    assert!(heard.concat().is_ascii(), "{heard:?}");

    let (sent, _) = send_to(&[], email("ådá@example.com")).await;
    assert_eq!(
        sent,
        Err(SendError::Permanent(
            "the mail server takes no addresses outside ASCII".into()
        ))
    );

    let (sent, heard) = send_to(
        &[("EHLO", "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8")],
        email("ådá@example.com"),
    )
    .await;
    assert!(sent.is_ok(), "{sent:?}");
    assert!(
        heard.contains(&"MAIL FROM:<bell@nightbell.example> SMTPUTF8\r\n".to_owned()),
        "{heard:?}"
    );
    assert!(heard.contains(&"RCPT TO:<ådá@example.com>\r\n".to_owned()), "{heard:?}");
}

#[tokio::test]
async fn nothing_is_said_to_a_server_without_starttls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = SmtpConfig::parse("smtp://ada:secret@mail.example.com", "bell@nightbell.example").unwrap();
    assert_eq!(config.security, Security::StartTls);
    (config.host, config.port) = ("127.0.0.1".into(), listener.local_addr().unwrap().port());
    let sender = EmailSender::with_timeout(config, Duration::from_millis(500)).unwrap();
    let (sent, heard) = tokio::join!(sender.send(EMAIL, NOW), serve(&listener, &[]));
    let Err(SendError::Permanent(reason)) = sent else {
        panic!("{sent:?}")
    };
    assert!(reason.contains("STARTTLS"), "{reason}");
    assert_eq!(heard, ["EHLO nightbell.example\r\n"]);
}

#[test]
fn nothing_can_be_injected() {
    let from: Mailbox = "bell@nightbell.example".parse().unwrap();
    let subjects = [
        "a\r\nBcc: eve@example.com",
        "a\nBcc: eve@example.com",
        "a\rBcc: eve@example.com",
        "ä\r\n\r\nBcc: eve",
    ];
    for subject in subjects {
        let (envelope, message) = compose(&from, Email { subject, ..EMAIL }, NOW).unwrap();
        let message = String::from_utf8(message).unwrap();
        assert!(!message.lines().any(|line| line.starts_with("Bcc")), "{message}");
        assert_eq!(envelope.to().len(), 1);
    }
    for to in [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example.com\r\nRCPT TO:<eve@example.com>",
        "ada@example.com\n",
        "ada@exam\rple.com",
        "\"ada\r\nBcc: eve\"@example.com",
        "\"ada>\"@example.com",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        &format!("{}@example.com", "a".repeat(300)),
    ] {
        let composed = compose(&from, Email { to, ..EMAIL }, NOW);
        assert_eq!(
            composed.unwrap_err(),
            SendError::Permanent("the address is no e-mail address".into()),
            "{to:?}"
        );
    }
}

#[tokio::test]
async fn no_message_can_be_smuggled_inside_another() {
    for end in [
        "\r\n.\r\n",
        "\n.\n",
        "\r.\r",
        "\r\n.\n",
        "\n.\r\n",
        "\r\n.\r",
        "\r\n\0.\r\n",
    ] {
        let text = format!("a{end}MAIL FROM:<eve@example.com>\r\n");
        let (sent, heard) = send_to(&[], Email { text: &text, ..EMAIL }).await;
        assert!(sent.is_ok(), "{sent:?}");
        let ends = heard
            .iter()
            .filter(|line| line.trim_matches(['\r', '\n']) == ".")
            .count();
        assert_eq!(ends, 1, "{heard:?}");
        assert_eq!(heard.last().unwrap(), "QUIT\r\n");
        assert!(!heard.concat().replace("\r\n", "").contains(['\r', '\n']), "{heard:?}");
    }
}

#[test]
fn a_retry_is_the_same_message() {
    let from: Mailbox = "bell@nightbell.example".parse().unwrap();
    let id = |id, now| {
        let message = String::from_utf8(compose(&from, Email { id, ..EMAIL }, now).unwrap().1).unwrap();
        message
            .lines()
            .find(|line| line.starts_with("Message-ID"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(id("a#1", NOW), id("a#1", Timestamp::UNIX_EPOCH));
    assert_ne!(id("a#1", NOW), id("a#2", NOW));
}

#[test]
fn configurations() {
    let parse = |url| SmtpConfig::parse(url, "bell@nightbell.example");
    let table = [
        (
            "smtps://u:p@mail.example.com",
            Security::Implicit,
            "mail.example.com",
            465,
            true,
        ),
        (
            "smtps://mail.example.com:10465",
            Security::Implicit,
            "mail.example.com",
            10465,
            false,
        ),
        (
            "smtp://u:p@mail.example.com:25",
            Security::StartTls,
            "mail.example.com",
            25,
            true,
        ),
        (
            "smtp://mail.example.com",
            Security::StartTls,
            "mail.example.com",
            587,
            false,
        ),
        ("smtp://10.0.0.1", Security::StartTls, "10.0.0.1", 587, false),
        ("smtp://127.0.0.1:1025", Security::Plain, "127.0.0.1", 1025, false),
        ("smtp://localhost", Security::Plain, "localhost", 25, false),
        ("smtp://[::1]:1025", Security::Plain, "::1", 1025, false),
        ("smtps://localhost", Security::Implicit, "localhost", 465, false),
    ];
    for (url, security, host, port, authenticates) in table {
        let config = parse(url).unwrap();
        assert_eq!(
            (
                config.security,
                &*config.host,
                config.port,
                config.credentials.is_some()
            ),
            (security, host, port, authenticates),
            "{url}"
        );
        EmailSender::new(config).unwrap();
    }
    for url in [
        "",
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp+tls://mail.example.com",
    ] {
        assert_eq!(parse(url).err(), Some(SmtpConfigInvalid::Url), "{url}");
    }
    assert_eq!(parse("smtp:///path").err(), Some(SmtpConfigInvalid::Host));
    assert_eq!(
        parse("smtps://%ff:p@mail.example.com").err(),
        Some(SmtpConfigInvalid::Credentials)
    );
    for from in ["", "Nightbell", "a@b\r\nBcc: c@d"] {
        assert_eq!(
            SmtpConfig::parse("smtp://localhost", from).err(),
            Some(SmtpConfigInvalid::From),
            "{from:?}"
        );
    }
    assert!(!format!("{:?}", parse("smtps://u:hunter2@mail.example.com").unwrap()).contains("hunter2"));
}

proptest! {
    #[test]
    fn whatever_the_subject_the_headers_stay_ours(subject in any::<String>(), text in any::<String>()) {
        let from: Mailbox = "bell@nightbell.example".parse().unwrap();
        let email = Email { subject: &subject, text: &text, ..EMAIL };
        let message = String::from_utf8(compose(&from, email, NOW).unwrap().1).unwrap();
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> =
            head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split_once(':').unwrap().0).collect();
        prop_assert_eq!(names, [
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding",
        ]);
        prop_assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']));
    }
}

#[test]
fn news_has_html_beside_its_text_and_ends_by_one_click() {
    let from = "Status <status@example.com>".parse().unwrap();
    let url = "https://example.com/status/main/subscribers/nbu_x/unsubscribe";
    let email = Email {
        html: Some("<p>All is well</p>"),
        unsubscribe_url: Some(url),
        ..EMAIL
    };
    let message = String::from_utf8(compose(&from, email, NOW).unwrap().1).unwrap();
    let unfolded = message.replace("\r\n ", " ");
    assert!(
        unfolded.contains(&format!("List-Unsubscribe: <{url}>\r\n")),
        "{message}"
    );
    assert!(
        unfolded.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
        "{message}"
    );
    assert!(
        message.contains("multipart/alternative") && message.contains("text/html"),
        "{message}"
    );
    // A URL that could end the header is left out.
    for bad in [
        "https://example.com/\r\nBcc: all@example.com",
        "https://example.com/>",
        "https://example.com/ä",
    ] {
        let email = Email {
            unsubscribe_url: Some(bad),
            ..EMAIL
        };
        let message = String::from_utf8(compose(&from, email, NOW).unwrap().1).unwrap();
        assert!(
            !message.contains("Bcc") && !message.contains("List-Unsubscribe"),
            "{message}"
        );
    }
}
