//! Configuration, parsed once. A missing or unreadable value fails at start and names its variable.
//!
//! Every function says what it needs ([`Need`]), and is given the variables of that and no others: what is internet-facing
//! does not know the name of a secret it has no use for. `template.yaml` says the same to AWS, and a test compares the two.

use std::collections::HashMap;

use lettre::message::Mailbox;
use url::Url;

use crate::oidc::check_issuer;

/// What every function needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach us: what links in messages begin with.
    pub public_url: Url,
    /// Where anybody reads public objects: pictures, the status page. What follows is an object's key.
    pub objects_url: Url,
    /// The version that is running.
    pub version: &'static str,
    /// Whether messages are kept in the table instead of being sent, so that a person can read them there.
    pub has_outbox: bool,
}

/// A variable that is missing or unreadable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// It cannot be read.
    #[error("the variable {0} cannot be read: {1}")]
    Unreadable(&'static str, String),
}

/// What a function needs besides the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// The deployment's key: it derives or opens codes and secrets.
    MasterKey,
    /// The code that makes the first owner.
    SetupCode,
    /// It wakes `escalation`.
    EscalationQueue,
    /// It wakes `notification`.
    NotificationQueue,
    /// It wakes `status-publish`.
    PublicationQueue,
    /// It wakes `subscriber-notice`.
    NoticeQueue,
    /// It sends messages, or says which can be sent.
    Gateways,
    /// It signs people in by a provider of OpenID Connect.
    Oidc,
    /// The bucket of uploads.
    Uploads,
    /// It tells browsers where to post uploads, or lets its pages do so.
    UploadsUrl,
    /// The bucket that anybody reads: it writes there.
    PublicObjects,
}

/// Variables that every function has, and [`Need`] adds to.
pub const VARIABLES: &[&str] = &[
    "LOG_FILTER",
    "METRICS_NAMESPACE",
    "OBJECTS_URL",
    "PUBLIC_URL",
    "TABLE_NAME",
];

impl Need {
    /// The variables that tell of it. Of those of [`Need::Gateways`] any may be empty: that medium is then not to be had.
    /// Those of [`Need::Oidc`] may all be; where some are, nobody can sign in by a provider, and the log says so.
    #[must_use]
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::MasterKey => &["MASTER_KEY_SECRET_ARN"],
            Self::SetupCode => &["SETUP_CODE_SECRET_ARN"],
            Self::EscalationQueue => &["ESCALATION_QUEUE_URL"],
            Self::NotificationQueue => &["NOTIFICATION_QUEUE_URL"],
            Self::PublicationQueue => &["PUBLICATION_QUEUE_URL"],
            Self::NoticeQueue => &["NOTICE_QUEUE_URL"],
            Self::Oidc => &["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET_ARN", "OIDC_ISSUER"],
            Self::Gateways => &["EMAIL_FROM", "SMS_SENDER_ID", "SMS_TYPE", "TOPIC_ARNS"],
            Self::Uploads => &["UPLOADS_BUCKET"],
            Self::UploadsUrl => &["UPLOADS_URL"],
            Self::PublicObjects => &["PUBLIC_BUCKET"],
        }
    }
}

/// What a function on AWS finds in its environment.
#[derive(Debug)]
pub struct AwsConfig {
    /// `PUBLIC_URL`
    pub public_url: Url,
    /// `OBJECTS_URL`
    pub objects_url: Url,
    /// `TABLE_NAME`
    pub table_name: String,
    /// `LOG_FILTER`; `info` if it is not set.
    pub log_filter: String,
    /// `METRICS_NAMESPACE`; `Nightbell` if it is not set.
    pub metrics_namespace: String,
    /// `MASTER_KEY_SECRET_ARN`
    pub master_key_secret: Option<String>,
    /// `SETUP_CODE_SECRET_ARN`
    pub setup_code_secret: Option<String>,
    /// `ESCALATION_QUEUE_URL`
    pub escalation_queue_url: Option<String>,
    /// `NOTIFICATION_QUEUE_URL`
    pub notification_queue_url: Option<String>,
    /// `PUBLICATION_QUEUE_URL`
    pub publication_queue_url: Option<String>,
    /// `NOTICE_QUEUE_URL`
    pub notice_queue_url: Option<String>,
    /// How messages go out.
    pub gateways: Option<GatewaysConfig>,
    /// Whom people may sign in by, if by anybody. One that is set up by half hinders nothing else: there is another way in.
    pub oidc: Result<Option<OidcConfig>, ConfigError>,
    /// `UPLOADS_BUCKET`
    pub uploads_bucket: Option<String>,
    /// `UPLOADS_URL`
    pub uploads_url: Option<Url>,
    /// `PUBLIC_BUCKET`
    pub public_bucket: Option<String>,
}

/// Whom people may sign in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcConfig {
    /// `OIDC_ISSUER`
    pub issuer: String,
    /// `OIDC_CLIENT_ID`
    pub client_id: String,
    /// `OIDC_CLIENT_SECRET_ARN`
    pub client_secret_arn: String,
}

/// How messages go out of a deployment on AWS.
#[derive(Debug, Default)]
pub struct GatewaysConfig {
    /// `EMAIL_FROM`: the sender that Amazon SES may use.
    pub email_from: Option<Mailbox>,
    /// `SMS_TYPE`, with `SMS_SENDER_ID`: text messages by Amazon SNS.
    pub sms: Option<SmsConfig>,
    /// `TOPIC_ARNS`, separated by commas: topics that channels may name.
    pub topic_arns: Vec<String>,
}

/// How text messages go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsConfig {
    /// `Transactional` (for what is urgent) or `Promotional`.
    pub kind: String,
    /// What telephones show as the sender, where the country allows it.
    pub sender_id: Option<String>,
}

impl AwsConfig {
    /// Reads what a function with these needs is given.
    ///
    /// # Errors
    /// Names the first variable that is missing or unreadable.
    pub fn read(variables: &HashMap<String, String>, needs: &[Need]) -> Result<Self, ConfigError> {
        let get = |name: &'static str| variables.get(name).map(|value| value.trim()).filter(|v| !v.is_empty());
        let required = |name| get(name).map(str::to_owned).ok_or(ConfigError::Missing(name));
        let needed = |need: Need| {
            let name = need.variables()[0];
            needs.contains(&need).then(|| required(name)).transpose()
        };
        Ok(Self {
            public_url: url("PUBLIC_URL", &required("PUBLIC_URL")?)?,
            objects_url: url("OBJECTS_URL", &required("OBJECTS_URL")?)?,
            table_name: required("TABLE_NAME")?,
            log_filter: get("LOG_FILTER").unwrap_or("info").to_owned(),
            metrics_namespace: get("METRICS_NAMESPACE").unwrap_or("Nightbell").to_owned(),
            master_key_secret: needed(Need::MasterKey)?,
            setup_code_secret: needed(Need::SetupCode)?,
            escalation_queue_url: needed(Need::EscalationQueue)?,
            notification_queue_url: needed(Need::NotificationQueue)?,
            publication_queue_url: needed(Need::PublicationQueue)?,
            notice_queue_url: needed(Need::NoticeQueue)?,
            gateways: needs.contains(&Need::Gateways).then(|| gateways(get)).transpose()?,
            oidc: if needs.contains(&Need::Oidc) {
                oidc(get)
            } else {
                Ok(None)
            },
            uploads_bucket: needed(Need::Uploads)?,
            uploads_url: needed(Need::UploadsUrl)?
                .map(|text| url("UPLOADS_URL", &text))
                .transpose()?,
            public_bucket: needed(Need::PublicObjects)?,
        })
    }
}

fn url(name: &'static str, text: &str) -> Result<Url, ConfigError> {
    text.parse()
        .map_err(|error: url::ParseError| ConfigError::Unreadable(name, error.to_string()))
}

fn gateways<'a>(get: impl Fn(&'static str) -> Option<&'a str>) -> Result<GatewaysConfig, ConfigError> {
    let email_from = get("EMAIL_FROM").map(|text| {
        text.parse()
            .map_err(|_| ConfigError::Unreadable("EMAIL_FROM", "it is no e-mail address".into()))
    });
    let sms = get("SMS_TYPE").map(|kind| match kind {
        "Transactional" | "Promotional" => Ok(SmsConfig {
            kind: kind.to_owned(),
            sender_id: get("SMS_SENDER_ID").map(str::to_owned),
        }),
        _ => Err(ConfigError::Unreadable(
            "SMS_TYPE",
            "it must be Transactional, Promotional or empty".into(),
        )),
    });
    Ok(GatewaysConfig {
        email_from: email_from.transpose()?,
        sms: sms.transpose()?,
        topic_arns: get("TOPIC_ARNS")
            .unwrap_or_default()
            .split(',')
            .map(|arn| arn.trim().to_owned())
            .filter(|arn| !arn.is_empty())
            .collect(),
    })
}

fn oidc<'a>(get: impl Fn(&'static str) -> Option<&'a str>) -> Result<Option<OidcConfig>, ConfigError> {
    let [client_id, secret, issuer] = ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET_ARN", "OIDC_ISSUER"];
    if [client_id, secret, issuer].into_iter().all(|name| get(name).is_none()) {
        return Ok(None);
    }
    let required = |name| get(name).map(str::to_owned).ok_or(ConfigError::Missing(name));
    let config = OidcConfig {
        issuer: required(issuer)?,
        client_id: required(client_id)?,
        client_secret_arn: required(secret)?,
    };
    check_issuer(&config.issuer).map_err(|why| ConfigError::Unreadable(issuer, why))?;
    Ok(Some(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let always = [
            ("OBJECTS_URL", "https://objects.example.com"),
            ("PUBLIC_URL", "https://bell.example.com"),
            ("TABLE_NAME", "nightbell"),
        ];
        let all = always.iter().chain(pairs);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_missing_need_is_named_and_what_is_not_needed_is_not_read() {
        let error = AwsConfig::read(&variables(&[]), &[Need::EscalationQueue, Need::MasterKey]).unwrap_err();
        assert_eq!(error.to_string(), "the variable MASTER_KEY_SECRET_ARN is not set");
        let given = variables(&[("MASTER_KEY_SECRET_ARN", "arn:x"), ("ESCALATION_QUEUE_URL", " ")]);
        let error = AwsConfig::read(&given, &[Need::EscalationQueue, Need::MasterKey]).unwrap_err();
        assert_eq!(error.to_string(), "the variable ESCALATION_QUEUE_URL is not set");
        let read = AwsConfig::read(&given, &[]).unwrap();
        assert_eq!((read.master_key_secret, read.log_filter.as_str()), (None, "info"));
        assert!(read.gateways.is_none());
        assert!(AwsConfig::read(&HashMap::new(), &[]).is_err());
    }

    #[test]
    fn a_provider_is_set_up_whole_or_not_at_all() {
        let read = |pairs: &[(&str, &str)]| AwsConfig::read(&variables(pairs), &[Need::Oidc]);
        assert_eq!(read(&[("OIDC_ISSUER", "")]).unwrap().oidc.unwrap(), None);
        let whole = [
            ("OIDC_ISSUER", "https://id.example.com"),
            ("OIDC_CLIENT_ID", "bell"),
            ("OIDC_CLIENT_SECRET_ARN", "arn:x"),
        ];
        let oidc = read(&whole).unwrap().oidc.unwrap().unwrap();
        assert_eq!(
            (oidc.issuer.as_str(), oidc.client_id.as_str()),
            ("https://id.example.com", "bell")
        );
        assert!(
            AwsConfig::read(&variables(&whole), &[])
                .unwrap()
                .oidc
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn half_a_provider_says_what_is_missing_and_hinders_nothing_else() {
        let whole = [
            ("OIDC_ISSUER", "https://id.example.com"),
            ("OIDC_CLIENT_ID", "bell"),
            ("OIDC_CLIENT_SECRET_ARN", "arn:x"),
        ];
        let fault = |pairs: &[(&str, &str)]| {
            let read = AwsConfig::read(&variables(pairs), &[Need::Oidc, Need::Gateways]).unwrap();
            assert!(read.gateways.is_some());
            read.oidc.unwrap_err().to_string()
        };
        for (missing, (name, _)) in whole.iter().enumerate() {
            let mut half = whole.to_vec();
            half[missing].1 = "";
            assert_eq!(fault(&half), format!("the variable {name} is not set"));
        }
        let other = [("OIDC_ISSUER", "id.example.com"), whole[1], whole[2]];
        assert!(fault(&other).starts_with("the variable OIDC_ISSUER cannot be read"));
    }

    #[test]
    fn gateways_are_what_is_set_up() {
        let none = AwsConfig::read(&variables(&[("EMAIL_FROM", "")]), &[Need::Gateways]).unwrap();
        let none = none.gateways.unwrap();
        assert!(none.email_from.is_none() && none.sms.is_none() && none.topic_arns.is_empty());

        let given = [
            ("EMAIL_FROM", "Nightbell <bell@example.com>"),
            ("SMS_TYPE", "Transactional"),
            ("TOPIC_ARNS", "arn:a, arn:b,"),
        ];
        let all = AwsConfig::read(&variables(&given), &[Need::Gateways])
            .unwrap()
            .gateways
            .unwrap();
        assert_eq!(all.email_from.unwrap().email.to_string(), "bell@example.com");
        assert_eq!(all.sms.unwrap().sender_id, None);
        assert_eq!(all.topic_arns, ["arn:a", "arn:b"]);

        for (name, value) in [("EMAIL_FROM", "nobody"), ("SMS_TYPE", "loud")] {
            let error = AwsConfig::read(&variables(&[(name, value)]), &[Need::Gateways]).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("the variable {name} cannot be read"))
            );
        }
    }
}
