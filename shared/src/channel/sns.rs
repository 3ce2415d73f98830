//! Amazon SNS: text messages to telephone numbers, and topics that other systems read.
//!
//! Absent on purpose: opting people out or in (Amazon keeps that list, and says so when a number is on it), and topics
//! that the deployment was not given: whoever may set up a channel may not thereby write to every topic of the account.

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::json;

use super::aws::refused;
use super::{Receipt, SendError, excerpt, one_line};
use crate::config::SmsConfig;

const SERVICE: &str = "Amazon SNS";

/// Longest subject of a topic's message, in characters; SNS takes ASCII only.
const SUBJECT_MAX_CHARS: usize = 99;

/// Sends text messages.
#[derive(Debug, Clone)]
pub struct SmsSender {
    client: Client,
    config: SmsConfig,
}

/// Publishes to topics.
#[derive(Debug, Clone)]
pub struct TopicSender {
    client: Client,
    arns: Vec<String>,
}

/// A message for a topic's readers.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// One line, for readers by e-mail.
    pub subject: &'a str,
    /// The words, for people.
    pub text: &'a str,
    /// The same as JSON, for queues, functions and web servers.
    pub json: &'a str,
}

impl SmsSender {
    /// A sender of text messages.
    pub fn new(client: Client, config: SmsConfig) -> Self {
        Self { client, config }
    }

    /// Makes one attempt to send `text` to a number in E.164 form.
    ///
    /// # Errors
    /// `Throttled` at a limit of Amazon's; `Transient` when it does not answer or is out of order; `Permanent` for a
    /// number that cannot be reached, one that opted out, and for what the account may not do. A message that is not sent
    /// because the month's spending limit is reached is *not* among them: Amazon says nothing then, which is why the
    /// template has an alarm on it.
    pub async fn send(&self, number: &str, text: &str) -> Result<Receipt, SendError> {
        let SmsConfig { kind, sender_id } = &self.config;
        let settings = [
            ("AWS.SNS.SMS.SMSType", Some(kind)),
            ("AWS.SNS.SMS.SenderID", sender_id.as_ref()),
        ];
        let mut attributes = HashMap::new();
        for (name, value) in settings {
            let Some(value) = value else { continue };
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| SendError::Permanent(excerpt(&error.to_string())))?;
            attributes.insert(name.to_owned(), value);
        }
        let request = self.client.publish().phone_number(number).message(text);
        let sent = request.set_message_attributes(Some(attributes)).send().await;
        let sent = sent.map_err(|error| refused(SERVICE, &error))?;
        Ok(Receipt {
            provider_id: sent.message_id,
        })
    }
}

impl TopicSender {
    /// A sender to these topics, by their ARNs.
    pub fn new(client: Client, arns: Vec<String>) -> Self {
        Self { client, arns }
    }

    /// The topics that may be published to.
    pub fn arns(&self) -> &[String] {
        &self.arns
    }

    /// Makes one attempt to publish. Readers by queue, function and HTTP get the JSON, all others the words.
    ///
    /// # Errors
    /// As [`SmsSender::send`]; `Permanent` for a topic that was not given to this deployment.
    pub async fn send(&self, arn: &str, publication: Publication<'_>) -> Result<Receipt, SendError> {
        if !self.arns.iter().any(|known| known == arn) {
            return Err(SendError::Permanent(
                "the topic is not one of those that this deployment may publish to".into(),
            ));
        }
        let Publication { subject, text, json } = publication;
        let by_protocol = json!({
            "default": text, "sqs": json, "lambda": json, "http": json, "https": json, "firehose": json,
        });
        let request = self.client.publish().topic_arn(arn).subject(ascii(subject));
        let request = request.message_structure("json").message(by_protocol.to_string());
        let sent = request.send().await.map_err(|error| refused(SERVICE, &error))?;
        Ok(Receipt {
            provider_id: sent.message_id,
        })
    }
}

/// A subject that SNS takes: printable ASCII that begins with a letter, a digit or a mark.
fn ascii(subject: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    one_line(&subject.chars().map(printable).collect::<String>(), SUBJECT_MAX_CHARS).replace('…', "?")
}

#[cfg(test)]
mod tests {
    use super::super::test_client::{heard, sdk};
    use super::*;

    fn sms() -> SmsConfig {
        SmsConfig {
            kind: "Transactional".into(),
            sender_id: Some("NIGHTBELL".into()),
        }
    }

    const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
        <MessageId>m-1</MessageId></PublishResult></PublishResponse>";

    fn failure(code: &str) -> String {
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>because of it</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        )
    }

    #[tokio::test]
    async fn a_text_message_goes_to_the_number_as_what_is_urgent() {
        let (config, http) = sdk(200, PUBLISHED);
        let sent = SmsSender::new(Client::new(&config), sms())
            .send("+12025550100", "disk full & more")
            .await;
        assert_eq!(sent.unwrap().provider_id.as_deref(), Some("m-1"));
        let form: HashMap<String, String> = url::form_urlencoded::parse(&heard(&http)).into_owned().collect();
        let at = |name: &str| form.get(name).map(String::as_str);
        assert_eq!(at("Action"), Some("Publish"));
        assert_eq!(at("PhoneNumber"), Some("+12025550100"));
        assert_eq!(at("Message"), Some("disk full & more"));
        let attributes: Vec<_> = (1..=2)
            .map(|n| {
                let prefix = format!("MessageAttributes.entry.{n}");
                (
                    at(&format!("{prefix}.Name")),
                    at(&format!("{prefix}.Value.StringValue")),
                )
            })
            .collect();
        assert!(attributes.contains(&(Some("AWS.SNS.SMS.SMSType"), Some("Transactional"))));
        assert!(attributes.contains(&(Some("AWS.SNS.SMS.SenderID"), Some("NIGHTBELL"))));
    }

    #[tokio::test]
    async fn refusals_and_what_they_mean() {
        let send = async |status, code| {
            let (config, _) = sdk(status, &failure(code));
            SmsSender::new(Client::new(&config), sms())
                .send("+12025550100", "x")
                .await
                .unwrap_err()
        };
        for (status, code) in [(400, "Throttled"), (400, "Throttling"), (429, "Whatever")] {
            assert!(
                matches!(send(status, code).await, SendError::Throttled { .. }),
                "{code}"
            );
        }
        for (status, code) in [
            (500, "InternalError"),
            (503, "ServiceUnavailable"),
            (400, "RequestExpired"),
        ] {
            assert!(matches!(send(status, code).await, SendError::Transient(_)), "{code}");
        }
        for (status, code) in [
            (400, "OptedOut"),
            (400, "InvalidParameter"),
            (403, "AuthorizationError"),
        ] {
            assert_eq!(
                send(status, code).await,
                SendError::Permanent(format!("Amazon SNS answered {status} {code}: because of it"))
            );
        }
    }

    #[tokio::test]
    async fn a_topics_machines_get_json_and_its_people_words() {
        let (config, http) = sdk(200, PUBLISHED);
        let (known, other) = (
            "arn:aws:sns:eu-west-1:123456789012:pages",
            "arn:aws:sns:eu-west-1:123456789012:x",
        );
        let sender = TopicSender::new(Client::new(&config), vec![known.into()]);
        let publication = Publication {
            subject: "Disque plein à Évry\nBcc: all",
            text: "disk full",
            json: "{\"id\":\"dlv_1\"}",
        };
        assert!(matches!(
            sender.send(other, publication).await,
            Err(SendError::Permanent(_))
        ));
        sender.send(known, publication).await.unwrap();
        let form: HashMap<String, String> = url::form_urlencoded::parse(&heard(&http)).into_owned().collect();
        assert_eq!(form["TopicArn"], known);
        assert_eq!(form["Subject"], "Disque plein ? ?vry?Bcc: all");
        let message: serde_json::Value = serde_json::from_str(&form["Message"]).unwrap();
        assert_eq!(
            (&message["default"], &message["sqs"]),
            (&"disk full".into(), &"{\"id\":\"dlv_1\"}".into())
        );
        assert_eq!(ascii(&"a".repeat(200)).chars().count(), SUBJECT_MAX_CHARS);
    }
}
