//! A receiver for tests: listens on this machine, hears one request and answers with raw bytes.

use std::{io, sync::Arc};

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// One request, as it came.
pub struct Heard {
    pub head: String,
    pub body: Vec<u8>,
}

/// A listener on a free port, and its URL without a path.
pub async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Hears one request, writes `response` as far as it is wanted, and closes.
pub async fn answer(listener: &TcpListener, response: &[u8]) -> Heard {
    let (mut stream, _) = listener.accept().await.unwrap();
    respond(&mut stream, response).await.unwrap()
}

/// The same, but keeps the connection open for the caller to drop.
pub async fn answer_and_hold(listener: &TcpListener, response: &[u8]) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    hear(&mut stream).await.unwrap();
    stream.write_all(response).await.unwrap();
    stream
}

/// A listener that speaks TLS with a certificate of its own making.
pub struct TlsServer {
    pub port: u16,
    pub certificate: Vec<u8>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

pub async fn listen_tls(name: &str) -> TlsServer {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = own.cert.der().to_vec();
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate.clone())], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    TlsServer {
        port,
        certificate,
        listener,
        acceptor: TlsAcceptor::from(Arc::new(config)),
    }
}

impl TlsServer {
    pub async fn answer(&self, response: &[u8]) -> io::Result<Heard> {
        let (stream, _) = self.listener.accept().await?;
        let mut stream = self.acceptor.accept(stream).await?;
        respond(&mut stream, response).await
    }
}

async fn respond(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), response: &[u8]) -> io::Result<Heard> {
    let heard = hear(stream).await?;
    // A client may have seen enough, and gone.
    let _ = stream.write_all(response).await;
    let _ = stream.shutdown().await;
    Ok(heard)
}

async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Heard> {
    let mut bytes = Vec::new();
    let (head, mut body) = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (
                String::from_utf8_lossy(&bytes[..end]).into_owned() + "\r\n",
                bytes.split_off(end + 4),
            );
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    while body.len() < length && stream.read_buf(&mut body).await? > 0 {}
    Ok(Heard { head, body })
}
