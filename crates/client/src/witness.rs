//! Asking a witness (C2SP tlog-witness) to cosign a checkpoint, and what it saw last.

use std::time::Duration;

use kw_domain::Oin;
use kw_transport::Tls;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response, StatusCode};

use crate::http::{Bound, Service, has_type, problem, read};
use crate::{ClientError, Context};

/// One witness. Keep it: its connections are reused. What it answers is text from outside, for `kw-ledger` to read.
#[derive(Debug, Clone)]
pub struct WitnessClient {
    service: Service,
}

/// What a witness says to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cosigning {
    /// It cosigned: signature lines of a note.
    Cosigned(String),
    /// The proof did not begin where the witness stands: it last cosigned a tree of this size.
    Stands(u64),
}

impl WitnessClient {
    /// A client of the witness that this party runs at `endpoint`; `timeout` bounds one call.
    pub fn new(
        tls: &Tls,
        party: Oin,
        endpoint: &str,
        context: Context,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        Ok(Self { service: Service::new(tls, party, endpoint, context, timeout)? })
    }

    /// Submits the body of `add-checkpoint`. Made once: the next checkpoint is soon there.
    pub async fn add_checkpoint(&self, submission: String) -> Result<Cosigning, ClientError> {
        let request = self
            .service
            .request(Method::POST, &["witness", "add-checkpoint"])
            .header(CONTENT_TYPE, TEXT)
            .body(submission);
        let response = self.call(request).await?;
        match response.status() {
            StatusCode::OK => text(response).await.map(Cosigning::Cosigned),
            StatusCode::CONFLICT if has_type(response.headers(), TREE_SIZE) => {
                let stands = text(response).await?;
                let size = stands.strip_suffix('\n').and_then(|size| size.parse().ok());
                size.map(Cosigning::Stands).ok_or(ClientError::Malformed("it is no tree size"))
            }
            _ => Err(problem(response).await),
        }
    }

    /// The checkpoint that the witness last cosigned for the log whose origin has this SHA-256 (lower-case hexadecimal),
    /// as a note; `None` if it never cosigned one.
    pub async fn newest(&self, origin_sha256: &str) -> Result<Option<String>, ClientError> {
        let request = self.service.request(Method::GET, &["witness", "checkpoints", origin_sha256]);
        let response = self.call(request).await?;
        match response.status() {
            StatusCode::OK => text(response).await.map(Some),
            // Said in so many words: a 404 may come from anything that has not looked.
            StatusCode::NO_CONTENT => Ok(None),
            _ => Err(problem(response).await),
        }
    }

    async fn call(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let context = self.service.context();
        context
            .stamp(request, context.transaction())
            .send()
            .await
            .map_err(|error| ClientError::from_transport(&error))
    }
}

async fn text(response: Response) -> Result<String, ClientError> {
    let body = read(response, NOTE).await?;
    String::from_utf8(body.to_vec()).map_err(|_| ClientError::Malformed("it is not UTF-8"))
}

const TEXT: &str = "text/plain; charset=utf-8";
const TREE_SIZE: &str = "text/x.tlog.size";
/// A checkpoint with every signature it may carry.
const NOTE: Bound = Bound(64 * 1024);
