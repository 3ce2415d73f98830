//! A certificate of our own making, for clients that insist on https. It is made once and stays the same, so that who
//! trusts it keeps trusting it; a new name or address to serve makes a new one with the same key.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;

use crate::data::{DataDir, DataError};

/// The certificate, for clients to trust.
pub(crate) const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "cert.key";

/// Years until a new certificate is made by hand (`--fresh`).
const YEARS: i16 = 10;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The files cannot be kept.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The certificate cannot be made.
    #[error("the certificate cannot be made")]
    Made(#[from] rcgen::Error),
    /// Certificate and key cannot be used.
    #[error("cert.pem and cert.key cannot be used; delete both and start again")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// TLS under a certificate for `names` (host names and addresses).
pub(crate) fn acceptor(data: &DataDir, names: &[String], now: Timestamp) -> Result<TlsAcceptor, TlsError> {
    let unusable = |error: Box<dyn std::error::Error + Send + Sync>| TlsError::Unusable(error);
    let (certificate, key) = kept_or_made(data, names, now)?;
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|e| unusable(e.into()))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|e| unusable(e.into()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(e.into()))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|e| unusable(e.into()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn kept_or_made(data: &DataDir, names: &[String], now: Timestamp) -> Result<(String, String), TlsError> {
    let key = data.read(KEY)?;
    if let (Some(certificate), Some(key)) = (data.read(CERTIFICATE)?, &key)
        && covers(&certificate, names)
    {
        return Ok((certificate, key.clone()));
    }
    let pair = match &key {
        Some(pem) => KeyPair::from_pem(pem)?,
        None => KeyPair::generate()?,
    };
    let certificate = self_signed(&pair, names, now)?;
    if key.is_none() {
        data.write(KEY, pair.serialize_pem().as_bytes())?;
    }
    data.write(CERTIFICATE, certificate.as_bytes())?;
    Ok((certificate, pair.serialize_pem()))
}

fn self_signed(pair: &KeyPair, names: &[String], now: Timestamp) -> Result<String, TlsError> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (month, day) = (today.month().unsigned_abs(), today.day().unsigned_abs());
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Nightbell on this machine");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // From the first of the month before: clocks of clients may be behind. No certificate is made on 29 February.
    let first = if month > 1 {
        (today.year(), month - 1)
    } else {
        (today.year() - 1, 12)
    };
    params.not_before = date_time_ymd(first.0.into(), first.1, 1);
    params.not_after = date_time_ymd((today.year() + YEARS).into(), month, day.min(28));
    Ok(params.self_signed(pair)?.pem())
}

fn covers(certificate: &str, names: &[String]) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(certificate.as_bytes()) else {
        return false;
    };
    let Ok(parsed) = ParsedCertificate::try_from(&der) else {
        return false;
    };
    names
        .iter()
        .all(|name| ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::testing::Folder;

    #[test]
    fn the_certificate_stays_until_it_is_asked_for_another_name_and_the_key_stays_longer() {
        let folder = Folder::new();
        let data = DataDir::take(folder.path()).unwrap();
        let now = "2026-02-28T12:00:00Z".parse().unwrap();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let here = names(&["localhost", "127.0.0.1", "::1"]);
        let first = kept_or_made(&data, &here, now).unwrap();
        acceptor(&data, &here, now).unwrap();
        assert_eq!(kept_or_made(&data, &here, now).unwrap(), first);
        let (certificate, key) = kept_or_made(&data, &names(&["localhost", "bell.example.com"]), now).unwrap();
        assert_ne!(certificate, first.0);
        assert_eq!(key, first.1);
        assert!(covers(&certificate, &names(&["bell.example.com"])));
        assert!(!covers(&certificate, &names(&["127.0.0.1"])));
    }
}
