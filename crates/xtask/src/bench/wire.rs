//! HTTP/1.1 as a load generator speaks it: ready-made requests out, as little work as possible on the answers.

use anyhow::{Context as _, bail};
use kw_domain::Oin;
use kw_transport::{Tls, TlsFiles};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::arguments::Target;

fn tls(target: &Target) -> anyhow::Result<Tls> {
    Ok(Tls::load(&files(&target.folder, &target.member))?)
}

/// A party's files in the folder of a test chain.
pub(super) fn files(folder: &std::path::Path, name: &str) -> TlsFiles {
    let pki = folder.join("pki");
    TlsFiles {
        certificate: pki.join(format!("{name}.pem")),
        key: pki.join(format!("{name}.key")),
        trust_anchors: pki.join("ca.pem"),
        revocation_lists: vec![pki.join("crl.pem")],
        without_revocation: false,
    }
}

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How connections are made.
pub(super) enum Door {
    /// To a local API.
    Plain,
    /// To a service.
    Mutual(Tls),
}

impl Door {
    /// The door of a target: plain where no server is named.
    pub(super) fn of(target: &Target) -> anyhow::Result<Self> {
        if target.server.is_empty() { Ok(Self::Plain) } else { tls(target).map(Self::Mutual) }
    }

    pub(super) async fn open(&self, target: &Target) -> anyhow::Result<Box<dyn Stream>> {
        match self {
            Self::Plain => {
                let stream = TcpStream::connect(target.address).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Mutual(tls) => {
                let server = Oin::parse(&target.server)?;
                Ok(Box::new(tls.connect(target.address, "127.0.0.1", server).await?))
            }
        }
    }
}

/// The bytes of a request with a JSON body; `headers` are whole lines.
pub(super) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let content = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}{content}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends a request and reads its answer into `buffer`: the status.
pub(super) async fn exchange(
    connection: &mut dyn Stream,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> anyhow::Result<u16> {
    connection.write_all(request).await?;
    connection.flush().await?;
    buffer.clear();
    let mut needed = None;
    loop {
        if needed.is_some_and(|needed| buffer.len() >= needed) {
            break;
        }
        if connection.read_buf(buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        if needed.is_none()
            && let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&buffer[..end])?;
            let length = head
                .lines()
                .find_map(|line| {
                    line.strip_prefix("content-length: ").or(line.strip_prefix("Content-Length: "))
                })
                .map_or(Ok(0), str::parse::<usize>)?;
            needed = Some(end + 4 + length);
        }
    }
    let status = buffer.get(9..12).context("no status line")?;
    Ok(std::str::from_utf8(status)?.parse()?)
}

/// The body of the answer in `buffer`.
pub(super) fn body(buffer: &[u8]) -> anyhow::Result<&[u8]> {
    let end = buffer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("the answer has no end of its head")?;
    Ok(&buffer[end + 4..])
}
