//! The dossier, told while it is made.

use bytes::{Buf as _, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use kw_protocol::dossier::{Dossier, DossierPart, DossierRequest};
use tokio::net::TcpStream;

use super::{LocalClient, QUESTION, UNWRITABLE};
use crate::ClientError;
use crate::error::Refused;
use crate::http::{JSON, PROBLEM_JSON, has_type, refusal, retry_after};

const NDJSON: &str = "application/x-ndjson";
const LONGEST: usize = 64 * 1024 * 1024;

impl LocalClient {
    /// Asks for a virtual dossier, and gives each part to `tell` as it comes; the whole at the end.
    pub async fn dossier_told(
        &self,
        request: &DossierRequest,
        tell: impl FnMut(DossierPart) + Send,
    ) -> Result<Dossier, ClientError> {
        tokio::time::timeout(QUESTION, self.told(request, tell)).await.map_err(|_| ClientError::TimedOut)?
    }

    async fn told(
        &self,
        request: &DossierRequest,
        mut tell: impl FnMut(DossierPart) + Send,
    ) -> Result<Dossier, ClientError> {
        let body = serde_json::to_vec(request).map_err(|_| UNWRITABLE)?;
        let stream = TcpStream::connect(self.address).await.map_err(|_| ClientError::Unreachable)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| ClientError::Unreachable)?;
        let driven = tokio::spawn(connection);
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/dossiers")
            .header(HOST, self.address.to_string())
            .header(ACCEPT, NDJSON)
            .header(CONTENT_TYPE, JSON)
            .header(AUTHORIZATION, self.bearer()?)
            .body(Full::new(bytes::Bytes::from(body)))
            .map_err(|_| UNWRITABLE)?;
        let response = sender.send_request(request).await.map_err(|_| ClientError::Unreachable)?;
        let (head, mut body) = response.into_parts();
        let mut buffer = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| ClientError::Unreachable)?;
            let Ok(data) = frame.into_data() else { continue };
            buffer.extend_from_slice(&data);
            if buffer.len() > LONGEST {
                return Err(ClientError::Malformed("it is larger than its bound"));
            }
            if !head.status.is_success() {
                continue;
            }
            while let Some(length) = buffer.iter().position(|byte| *byte == b'\n') {
                let line = buffer.split_to(length);
                buffer.advance(1);
                let part = serde_json::from_slice(&line)
                    .map_err(|_| ClientError::Malformed("a line is not the expected JSON"))?;
                match part {
                    DossierPart::Dossier { dossier } => {
                        driven.abort();
                        return Ok(*dossier);
                    }
                    DossierPart::Problem { problem } => {
                        return Err(ClientError::Problem(Box::new(Refused { problem, retry_after: None })));
                    }
                    part => tell(part),
                }
            }
        }
        if head.status.is_success() {
            return Err(ClientError::Malformed("it ends before the dossier"));
        }
        let told = has_type(&head.headers, PROBLEM_JSON).then_some(&*buffer);
        Err(refusal(head.status.as_u16(), told, retry_after(&head.headers)))
    }
}
