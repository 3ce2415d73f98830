//! The command line. What can be wrong with it is said before anything is touched.

use std::path::PathBuf;

use clap::Parser;
use shared::oidc::check_issuer;
use url::Url;

use crate::domains::{Domain, domain};

/// Nightbell on this machine: every function in one process, its data in one folder.
#[derive(Debug, Clone, Parser)]
#[command(name = "nightbell", version)]
pub struct Options {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: String,

    /// Folder that holds the data; made if it is not there
    #[arg(long, value_name = "DIR", default_value = ".nightbell")]
    pub data: PathBuf,

    /// Begin anew: delete what Nightbell keeps in the data folder (nothing else in it)
    #[arg(long)]
    pub fresh: bool,

    /// Serve https with a certificate of our own making, kept in <DIR>/cert.pem
    #[arg(long)]
    pub tls: bool,

    /// Where people reach this Nightbell, if not at the address it listens on: what links in messages begin with
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub public_url: Option<Url>,

    /// A host of its own that a status page is read at, and the page: status.example.com=main. For each host once
    #[arg(long, value_name = "HOST=PAGE", value_parser = domain)]
    pub status_domain: Vec<Domain>,

    /// Give the owner a new password, and print it
    #[arg(long)]
    pub reset_owner: bool,

    /// Mail server for real e-mail: smtps://user:password@host or smtp://… (better in SMTP_URL than on the command line)
    #[arg(
        long,
        value_name = "URL",
        env = "SMTP_URL",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub smtp: String,

    /// Sender of real e-mail: alerts@example.com, or Nightbell <alerts@example.com>
    #[arg(
        long,
        value_name = "ADDR",
        env = "SMTP_FROM",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub smtp_from: String,

    /// Let people sign in by a provider of OpenID Connect as well: its issuer, e.g. https://accounts.example.com
    #[arg(long, value_name = "URL", env = "OIDC_ISSUER", hide_env_values = true, value_parser = issuer)]
    pub oidc_issuer: Option<String>,

    /// What the provider calls this Nightbell
    #[arg(
        long,
        value_name = "ID",
        env = "OIDC_CLIENT_ID",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub oidc_client_id: String,

    /// The secret it shares with it (better in OIDC_CLIENT_SECRET than on the command line)
    #[arg(
        long,
        value_name = "SECRET",
        env = "OIDC_CLIENT_SECRET",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub oidc_client_secret: String,

    /// Let webhooks and sign-in by a provider call addresses of this machine, to try them out
    #[arg(long)]
    pub allow_loopback: bool,

    /// What to log on standard error, as in RUST_LOG: debug, or info,notification=debug. Libraries speak up by name only
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub log: String,
}

/// Libraries that tell too much below this level: some print what they send.
const LIBRARIES: &str = "aws_config=info,aws_runtime=info,aws_sdk_dynamodb=info,aws_smithy_runtime=info,\
     aws_smithy_runtime_api=info,dynoxide=info,hyper=info,hyper_util=info,lettre=info,reqwest=info,rustls=info,\
     tokio_rustls=info";

impl Options {
    /// The whole log filter: a library that is named in `--log` has its level from there.
    pub fn log_filter(&self) -> String {
        format!("{LIBRARIES},{}", self.log)
    }
}

/// An address that may still have to be looked up.
fn address(text: &str) -> Result<String, String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or("give address and port, for instance 127.0.0.1:3000")?;
    if host.is_empty() {
        return Err(format!(
            "the address is missing: 127.0.0.1:{port} is this machine only, 0.0.0.0:{port} the network"
        ));
    }
    port.parse::<u16>()
        .map_err(|_| "the port is a number from 0 to 65535".to_owned())?;
    Ok(text.to_owned())
}

fn issuer(text: &str) -> Result<String, String> {
    check_issuer(text).map(|()| text.to_owned())
}

fn public_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.path() == "/";
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err("give scheme and host only, for instance https://bell.example.com".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Options, String> {
        let words = ["nightbell"].into_iter().chain(arguments.split_whitespace());
        Options::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_is_loopback_and_a_folder_here() {
        let options = parse("").unwrap();
        assert_eq!(options.listen, "127.0.0.1:3000");
        assert_eq!(options.data, PathBuf::from(".nightbell"));
        assert_eq!(options.log, "info");
        assert!(!(options.fresh || options.tls || options.reset_owner || options.allow_loopback));
        assert!(options.public_url.is_none());
    }

    #[test]
    fn everything_can_be_said() {
        let options = parse(
            "--listen [::1]:0 --data /tmp/x --fresh --tls --public-url https://bell.example.com --reset-owner \
             --smtp smtp://localhost --smtp-from a@example.com --allow-loopback --log debug \
             --oidc-issuer https://id.example.com --oidc-client-id bell --oidc-client-secret s3cret",
        )
        .unwrap();
        assert_eq!(options.listen, "[::1]:0");
        assert_eq!(options.public_url.unwrap().as_str(), "https://bell.example.com/");
        assert_eq!(
            (options.smtp.as_str(), options.smtp_from.as_str()),
            ("smtp://localhost", "a@example.com")
        );
        assert_eq!(options.oidc_issuer.as_deref(), Some("https://id.example.com"));
        assert_eq!(
            (options.oidc_client_id.as_str(), options.oidc_client_secret.as_str()),
            ("bell", "s3cret")
        );
        assert!(options.fresh && options.tls && options.reset_owner && options.allow_loopback);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        for (arguments, hint) in [
            ("--listen 3000", "127.0.0.1:3000"),
            ("--listen :3000", "0.0.0.0:3000"),
            ("--listen localhost:http", "number from 0 to 65535"),
            ("--public-url bell.example.com", "relative URL"),
            ("--public-url ftp://bell.example.com", "https://bell.example.com"),
            ("--public-url https://bell.example.com/nb", "https://bell.example.com"),
            ("--oidc-issuer id.example.com", "relative URL"),
            ("--oidc-issuer https://id.example.com?a", "https://accounts.example.com"),
            ("--port 3000", "--port"),
        ] {
            let error = parse(arguments).unwrap_err();
            assert!(error.contains(hint), "{arguments}: {error}");
        }
    }
}
