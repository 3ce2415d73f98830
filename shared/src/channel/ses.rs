//! E-mail through Amazon SES (API v2): one message of plain text to one person.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};
use lettre::message::Mailbox;

use super::aws::refused;
use super::email::{AUTO_SUBMITTED, SUBJECT_MAX_CHARS, address, plain, unsubscribe_headers};
use super::{Email, Receipt, SendError, excerpt, one_line};

/// Sends e-mail in one name.
#[derive(Debug, Clone)]
pub struct SesSender {
    client: Client,
    from: Mailbox,
}

impl SesSender {
    /// A sender in the name of `from`, whose address or domain is a verified identity of the account.
    pub fn new(client: Client, from: Mailbox) -> Self {
        Self { client, from }
    }

    /// Makes one attempt. The receipt holds the id under which SES reports what became of the message.
    ///
    /// # Errors
    /// `Throttled` at the second's or the day's limit; `Transient` when SES does not answer or is out of order;
    /// `Permanent` for an address that is none, a sender that is not verified, and an account that is paused.
    pub async fn send(&self, email: Email<'_>) -> Result<Receipt, SendError> {
        let to =
            address(email.to).ok_or_else(|| SendError::Permanent("the address is no e-mail address".to_owned()))?;
        let message = message(email).map_err(|error| SendError::Permanent(excerpt(&error.to_string())))?;
        let request = self
            .client
            .send_email()
            .from_email_address(self.from.to_string())
            .destination(Destination::builder().to_addresses(to.to_string()).build())
            .content(EmailContent::builder().simple(message).build());
        let sent = request.send().await.map_err(|error| refused("Amazon SES", &error))?;
        Ok(Receipt {
            provider_id: sent.message_id,
        })
    }
}

fn message(email: Email<'_>) -> Result<Message, BuildError> {
    let utf8 = |text: String| Content::builder().data(text).charset("UTF-8").build();
    let header = |name: &str, value: &str| MessageHeader::builder().name(name).value(value).build();
    let html = email.html.map(|html| utf8(plain(html))).transpose()?;
    let body = Body::builder().text(utf8(plain(email.text))?).set_html(html);
    let mut message = Message::builder()
        .subject(utf8(one_line(email.subject, SUBJECT_MAX_CHARS))?)
        .body(body.build())
        .headers(header(AUTO_SUBMITTED, "auto-generated")?)
        // SES makes the Message-ID itself: of two attempts that both arrived, this tells that they are one.
        .headers(header("X-Nightbell-Delivery", email.id)?);
    for (name, value) in unsubscribe_headers(email.unsubscribe_url) {
        message = message.headers(header(name, &value)?);
    }
    Ok(message.build())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::test_client::{heard, sdk};
    use super::*;

    fn email(to: &str) -> Email<'_> {
        Email {
            to,
            subject: "Disk full\r\nBcc: all@example.com",
            text: "Acknowledge:\r\nhttps://bell.example.com/i/x",
            html: None,
            unsubscribe_url: None,
            id: "dlv_1",
        }
    }

    fn sender(config: &aws_config::SdkConfig) -> SesSender {
        SesSender::new(Client::new(config), "Nightbell <bell@example.com>".parse().unwrap())
    }

    #[tokio::test]
    async fn a_message_is_plain_text_to_one_address() {
        let (config, http) = sdk(200, r#"{"MessageId":"m-1"}"#);
        let sent = sender(&config).send(email("ada@example.com")).await.unwrap();
        assert_eq!(sent.provider_id.as_deref(), Some("m-1"));
        let body: Value = serde_json::from_slice(&heard(&http)).unwrap();
        assert_eq!(body["FromEmailAddress"], "Nightbell <bell@example.com>");
        assert_eq!(
            body["Destination"]["ToAddresses"],
            serde_json::json!(["ada@example.com"])
        );
        let simple = &body["Content"]["Simple"];
        assert_eq!(simple["Subject"]["Data"], "Disk full Bcc: all@example.com");
        assert_eq!(
            simple["Body"]["Text"]["Data"],
            "Acknowledge:\nhttps://bell.example.com/i/x"
        );
        assert_eq!(simple["Headers"][0]["Name"], "Auto-Submitted");
        assert_eq!(simple["Headers"][1]["Value"], "dlv_1");
    }

    #[tokio::test]
    async fn news_has_html_and_ends_by_one_click() {
        let (config, http) = sdk(200, r#"{"MessageId":"m-1"}"#);
        let email = Email {
            html: Some("<p>All is well</p>"),
            unsubscribe_url: Some("https://bell.example.com/status/main/subscribers/nbu_x/unsubscribe"),
            ..email("ada@example.com")
        };
        sender(&config).send(email).await.unwrap();
        let body: Value = serde_json::from_slice(&heard(&http)).unwrap();
        let simple = &body["Content"]["Simple"];
        assert_eq!(simple["Body"]["Html"]["Data"], "<p>All is well</p>");
        assert_eq!(simple["Headers"][2]["Name"], "List-Unsubscribe");
        assert_eq!(
            simple["Headers"][2]["Value"],
            "<https://bell.example.com/status/main/subscribers/nbu_x/unsubscribe>"
        );
        assert_eq!(simple["Headers"][3]["Name"], "List-Unsubscribe-Post");
        assert_eq!(simple["Headers"][3]["Value"], "List-Unsubscribe=One-Click");
    }

    #[tokio::test]
    async fn refusals_and_what_they_mean() {
        let send = async |status, code: &str| {
            let (config, _) = sdk(status, &format!(r#"{{"__type":"{code}","message":"because of it"}}"#));
            sender(&config).send(email("ada@example.com")).await.unwrap_err()
        };
        for code in ["TooManyRequestsException", "LimitExceededException"] {
            assert!(matches!(send(429, code).await, SendError::Throttled { .. }), "{code}");
        }
        assert!(matches!(send(500, "InternalFailure").await, SendError::Transient(_)));
        for code in [
            "MessageRejected",
            "AccountSuspendedException",
            "MailFromDomainNotVerifiedException",
        ] {
            assert!(matches!(send(400, code).await, SendError::Permanent(_)), "{code}");
        }
        let (config, _) = sdk(200, "{}");
        let refused = sender(&config).send(email("ada@example.com, eve@example.com")).await;
        assert!(matches!(refused, Err(SendError::Permanent(_))));
    }
}
