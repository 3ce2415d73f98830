//! E-mail over SMTP (RFC 5321): one message of plain text to one person, on a connection of its own.
//!
//! Absent on purpose: a pool (messages are rare, and a connection kept over a Lambda's freeze is dead), several
//! recipients (each delivery succeeds or fails alone), and any header taken from outside other than the subject.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::{Host, Url};

use super::{Receipt, SEND_TIMEOUT_SECONDS, SendError, excerpt, find, is_direction, one_line};
use crate::secret::sha256_hex;

/// Longest subject sent, in characters; the rest is cut and marked.
pub(super) const SUBJECT_MAX_CHARS: usize = 200;

/// Longest address taken, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const ADDRESS_MAX_BYTES: usize = 254;

/// How long the farewell may take once the server has taken the message, in seconds. Part of the whole.
const QUIT_TIMEOUT_SECONDS: u64 = 1;

/// Where mail is handed over, and in whose name.
#[derive(Clone)]
pub struct SmtpConfig {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    from: Mailbox,
}

/// A mail configuration that cannot be used. Never repeats the URL: it holds the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpConfigInvalid {
    /// Not a URL, or not one of `smtps://` and `smtp://`.
    #[error("the mail server must be given as smtps://user:password@host:465 or smtp://user:password@host:587")]
    Url,
    /// A URL without a host.
    #[error("the mail server's URL must name a host")]
    Host,
    /// User name or password do not decode to text.
    #[error("the mail server's user name and password must be percent-encoded UTF-8")]
    Credentials,
    /// The sender is not an address.
    #[error("the sender must be an e-mail address, alone or as Name <address>")]
    From,
}

/// One message. Whatever is in these, no header and no command can be added through them.
#[derive(Debug, Clone, Copy)]
pub struct Email<'a> {
    /// The recipient's address, nothing else.
    pub to: &'a str,
    /// Brought to one line of at most 200 characters.
    pub subject: &'a str,
    /// Plain text; lines end in `\n`.
    pub text: &'a str,
    /// The same as HTML, for readers that prefer it.
    pub html: Option<&'a str>,
    /// What ends the messages of this kind by one POST without signing in (RFC 8058): an https URL.
    pub unsubscribe_url: Option<&'a str>,
    /// What the message is about, e.g. the delivery's id. The same id gives the same `Message-ID`, so that of two
    /// attempts which both arrived the mailbox shows one.
    pub id: &'a str,
}

/// Sends e-mail through one mail server.
#[derive(Clone)]
pub struct EmailSender {
    config: Arc<SmtpConfig>,
    tls: Option<TlsParameters>,
    total: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS before anything of worth is said; a server that does not offer it is not spoken to.
    StartTls,
    /// None: to this machine only.
    Plain,
}

impl SmtpConfig {
    /// Reads the server's URL and the sender (`alerts@example.com` or `Nightbell <alerts@example.com>`).
    ///
    /// | URL | meaning | port if none |
    /// |---|---|---|
    /// | `smtps://user:password@host` | TLS from the start | 465 |
    /// | `smtp://user:password@host` | STARTTLS, required | 587 |
    /// | `smtp://localhost`, `127.0.0.1`, `[::1]` | plain, since nothing leaves the machine | 25 |
    ///
    /// User name and password are percent-encoded.
    pub fn parse(url: &str, from: &str) -> Result<Self, SmtpConfigInvalid> {
        let url = Url::parse(url.trim()).map_err(|_| SmtpConfigInvalid::Url)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let (security, usual_port) = match url.scheme() {
            "smtps" => (Security::Implicit, 465),
            "smtp" if is_this_machine(&host) => (Security::Plain, 25),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(SmtpConfigInvalid::Url),
        };
        if host.is_empty() {
            return Err(SmtpConfigInvalid::Host);
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(usual_port),
            security,
            credentials: credentials(&url)?,
            from: from.parse().map_err(|_| SmtpConfigInvalid::From)?,
        })
    }
}

impl EmailSender {
    /// A sender for this server. The error is of a host no certificate can name, or of TLS itself.
    pub fn new(config: SmtpConfig) -> Result<Self, SmtpConfigInvalid> {
        Self::with_timeout(config, Duration::from_secs(SEND_TIMEOUT_SECONDS - QUIT_TIMEOUT_SECONDS))
    }

    /// The same with a time of the caller's choosing from the look-up of the server to its final answer.
    pub fn with_timeout(config: SmtpConfig, total: Duration) -> Result<Self, SmtpConfigInvalid> {
        let tls = match config.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => {
                Some(TlsParameters::new_rustls(config.host.clone()).map_err(|_| SmtpConfigInvalid::Host)?)
            }
        };
        Ok(Self {
            config: Arc::new(config),
            tls,
            total,
        })
    }

    /// Makes one attempt. `now` becomes the message's date; the receipt holds the server's own words, which usually
    /// name its queue id.
    ///
    /// Errors (RFC 5321, section 4.2.1): `Transient` for answers 4yz, timeouts and failures of connection or TLS;
    /// `Permanent` for answers 5yz, for an address that is none, and for a server that lacks what is needed (STARTTLS,
    /// a way to authenticate).
    pub async fn send(&self, email: Email<'_>, now: Timestamp) -> Result<Receipt, SendError> {
        let (envelope, message) = compose(&self.config.from, email, now)?;
        let (mut connection, response) = timeout(self.total, self.hand_over(&envelope, &message))
            .await
            .map_err(|_| SendError::Transient(format!("the mail server did not answer within {:?}", self.total)))??;
        // The message is theirs already: a farewell that fails must not have it sent twice.
        let _ = timeout(Duration::from_secs(QUIT_TIMEOUT_SECONDS), connection.quit()).await;
        Ok(Receipt {
            provider_id: response.first_line().map(excerpt).filter(|line| !line.is_empty()),
        })
    }

    /// The dialogue up to the server's answer to the message. Commands are given one by one because the library's own
    /// `send` waits for a farewell before it reports a refusal, and a timeout there would hide it.
    async fn hand_over(
        &self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<(AsyncSmtpConnection, Response), SendError> {
        let mut connection = self.connect().await?;
        let unicode = envelope
            .to()
            .iter()
            .chain(envelope.from())
            .any(|address| !address.user().is_ascii());
        if unicode && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(SendError::Permanent(
                "the mail server takes no addresses outside ASCII".to_owned(),
            ));
        }
        let parameters = if unicode {
            vec![MailParameter::SmtpUtfEight]
        } else {
            Vec::new()
        };
        connection
            .command(Mail::new(envelope.from().cloned(), parameters))
            .await?;
        for to in envelope.to() {
            connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
        }
        connection.command(Data).await?;
        let response = connection.message(message).await?;
        Ok((connection, response))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let SmtpConfig {
            host,
            port,
            security,
            credentials,
            from,
        } = &*self.config;
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let implicit = self.tls.clone().filter(|_| *security == Security::Implicit);
        let server = (host.as_str(), *port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.total), &hello, implicit, None).await?;
        if let (Security::StartTls, Some(tls)) = (security, self.tls.clone()) {
            connection.starttls(tls, &hello).await?;
        }
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("authenticates", &self.credentials.is_some())
            .field("from", &self.from.to_string())
            .finish()
    }
}

impl fmt::Debug for EmailSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailSender")
            .field("config", &self.config)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpConfigInvalid> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decode = |text| {
        percent_decode_str(text)
            .decode_utf8()
            .map_err(|_| SmtpConfigInvalid::Credentials)
    };
    let (user, password) = (decode(url.username())?, decode(url.password().unwrap_or_default())?);
    Ok(Some(Credentials::new(user.into_owned(), password.into_owned())))
}

/// The message as it goes over the wire, and for whom.
fn compose(from: &Mailbox, email: Email<'_>, now: Timestamp) -> Result<(Envelope, Vec<u8>), SendError> {
    let to = address(email.to).ok_or_else(|| SendError::Permanent("the address is no e-mail address".to_owned()))?;
    // A digest, because an id may hold characters that a Message-ID may not.
    let id = &sha256_hex(email.id)[..32];
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(email.subject, SUBJECT_MAX_CHARS))
        .date(now.into())
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str(AUTO_SUBMITTED),
            "auto-generated".to_owned(),
        ));
    for (name, value) in unsubscribe_headers(email.unsubscribe_url) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    let text = SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .body(plain(email.text));
    let composed = match email.html {
        None => builder.singlepart(text),
        Some(html) => {
            let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(plain(html));
            builder.multipart(MultiPart::alternative().singlepart(text).singlepart(html))
        }
    };
    let message = composed.map_err(|_| SendError::Permanent("the message could not be composed".to_owned()))?;
    Ok((message.envelope().clone(), message.formatted()))
}

/// RFC 2369 and RFC 8058, for a URL that can stand in a header as it is.
pub(super) fn unsubscribe_headers(url: Option<&str>) -> Vec<(&'static str, String)> {
    let harmless = |url: &&str| {
        url.len() <= UNSUBSCRIBE_URL_MAX_BYTES
            && url
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
    };
    url.filter(harmless).map_or_else(Vec::new, |url| {
        vec![
            ("List-Unsubscribe", format!("<{url}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ]
    })
}

/// Longest URL that is put into a header: what a line has room for (RFC 5322, 998 characters; SES takes 870).
const UNSUBSCRIBE_URL_MAX_BYTES: usize = 800;

/// RFC 3834: so that nobody's absence notice answers us.
pub(super) const AUTO_SUBMITTED: &str = "Auto-Submitted";

/// One bare address. The library's parser decides; what could end a line or a command never reaches it.
pub(super) fn address(text: &str) -> Option<Address> {
    let harmless = text.len() <= ADDRESS_MAX_BYTES && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !harmless || text.contains(['<', '>']) {
        return None;
    }
    let (user, domain) = text.rsplit_once('@')?;
    match Host::parse(domain) {
        // An international name in the form the DNS has it, so that only names of people need a server with SMTPUTF8.
        Ok(Host::Domain(ascii)) if !domain.is_ascii() => Address::new(user, ascii).ok(),
        _ => text.parse().ok(),
    }
}

/// Whether mail can be sent to this: one bare address of at most 254 bytes.
pub fn is_email_address(text: &str) -> bool {
    address(text).is_some()
}

/// Text with line feeds as its only line ends and without other control characters but tabs. A carriage return alone
/// is a line end to some servers and not to others, which is how a message is smuggled inside another.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|&c| c == '\n' || c == '\t' || !(c.is_control() || is_direction(c)))
        .collect()
}

/// Reads what came instead of acceptance. The server's words are kept; the library's own are not, save where they say
/// what the server lacks.
impl From<smtp::Error> for SendError {
    fn from(error: smtp::Error) -> Self {
        let words = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if let Some(code) = error.status() {
            let reason = excerpt(&format!("the mail server answered {code}: {words}"));
            return if error.is_permanent() {
                Self::Permanent(reason)
            } else {
                Self::Transient(reason)
            };
        }
        if error.is_client() {
            return Self::Permanent(excerpt(&format!("the mail server cannot be used: {words}")));
        }
        Self::Transient(excerpt(&if let Some(tls) = find::<rustls::Error>(&error) {
            format!("no secure connection to the mail server: {tls}")
        } else if error.is_response() {
            "the mail server's answer was cut short or is no SMTP".to_owned()
        } else if let Some(io) = find::<std::io::Error>(&error) {
            format!("the connection to the mail server failed: {}", io.kind())
        } else {
            "the mail server could not be connected to".to_owned()
        }))
    }
}

#[cfg(test)]
mod tests;
