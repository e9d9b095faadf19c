//! A client of rustls alone, which does not do what this crate's clients do.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use kw_transport::TlsFiles;

pub(crate) static NEWEST: [&SupportedProtocolVersion; 1] = [&TLS13];
pub(crate) static OLDEST: [&SupportedProtocolVersion; 1] = [&TLS12];

/// What a client shows.
pub(crate) type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(crate) fn pair_of(files: &TlsFiles) -> Pair {
    let chain = CertificateDer::pem_file_iter(&files.certificate).unwrap().map(Result::unwrap).collect();
    (chain, PrivateKeyDer::from_pem_file(&files.key).unwrap())
}

pub(crate) fn config(
    trust_anchors: &Path,
    pair: Option<Pair>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(trust_anchors).unwrap() {
        roots.add(root.unwrap()).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match pair {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    })
}

pub(crate) async fn dial(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::clone(config)).connect(name, TcpStream::connect(address).await?).await
}

/// One HTTP/1.1 exchange that leaves the connection open: status and body.
pub(crate) async fn ask<S>(stream: &mut S) -> io::Result<(u16, String)>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    stream.flush().await?;
    let mut received = Vec::new();
    loop {
        if let Some(answer) = whole_answer(&received) {
            return Ok(answer);
        }
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(&buffer[..read]);
    }
}

fn whole_answer(received: &[u8]) -> Option<(u16, String)> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    (body.len() == length.unwrap_or(0)).then(|| (status, body.to_owned()))
}

/// Dials and asks: the answer, or the alert with which the server refused. With TLS 1.3 a client believes that it is
/// connected before the server has judged it, so that the refusal may come at the first read.
pub(crate) async fn dial_and_ask(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> Result<(u16, String), String> {
    let mut stream = dial(address, config).await.map_err(|refusal| refusal.to_string())?;
    ask(&mut stream).await.map_err(|refusal| refusal.to_string())
}
