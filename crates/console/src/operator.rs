//! The switchboard's operator API, and what is kept of an operator's work.

mod warnings;

use std::time::Duration;

use kw_agreement::{Admission, Agreement, Approvals};
use kw_protocol::operator::{
    AgreementVersionText, AgreementVersions, HandInApproval, OperatorAgreement, OperatorState,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_web::Failure;
use reqwest::{Client, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::error::SettingsError;

pub(crate) use warnings::{CERTIFICATE_DAYS, LEASE_DAYS, Warning, What, is_soon, silence, warnings};

/// A client of the admin listener of the switchboard on this machine.
#[derive(Debug, Clone)]
pub(crate) struct OperatorClient {
    http: Client,
    address: String,
}

/// Another agreement that an operator looks at before it is put in its place.
#[derive(Debug)]
pub(crate) struct Proposed {
    pub(crate) version: String,
    pub(crate) hash: String,
    pub(crate) admission: Admission,
}

impl Proposed {
    pub(crate) fn of(current: &Agreement, next: &Agreement, approvals: &Approvals) -> Self {
        Self {
            version: next.version().to_owned(),
            hash: next.hash().to_owned(),
            admission: current.admits(next, approvals),
        }
    }
}

impl OperatorClient {
    /// A client of this address, which is on this machine: nothing proves who answers there.
    pub(crate) fn new(address: &str, http: Client) -> Result<Self, SettingsError> {
        let url = Url::parse(address).map_err(|_| SettingsError::OperatorAddress)?;
        let host = url.host_str().unwrap_or_default();
        let loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        if url.scheme() != "http" || !loopback || url.path() != "/" || url.query().is_some() {
            return Err(SettingsError::OperatorAddress);
        }
        Ok(Self { http, address: address.trim_end_matches('/').to_owned() })
    }

    pub(crate) async fn state(&self) -> Result<OperatorState, Failure> {
        self.ask(self.http.get(self.at("/v1/operator/state"))).await
    }

    pub(crate) async fn agreement(&self) -> Result<OperatorAgreement, Failure> {
        self.ask(self.http.get(self.at("/v1/operator/agreement"))).await
    }

    pub(crate) async fn agreement_versions(&self) -> Result<AgreementVersions, Failure> {
        self.ask(self.http.get(self.at("/v1/operator/agreement/versions"))).await
    }

    /// One of them, by its `place`.
    pub(crate) async fn agreement_version(&self, place: &str) -> Result<AgreementVersionText, Failure> {
        self.ask(self.http.get(self.at(&format!("/v1/operator/agreement/versions/{place}")))).await
    }

    pub(crate) async fn hand_in(&self, approval: &str) -> Result<OperatorAgreement, Failure> {
        let body = HandInApproval { approval: approval.to_owned() };
        self.ask(self.http.post(self.at("/v1/operator/agreement/approvals")).json(&body)).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = request.timeout(PATIENCE).send().await.map_err(|_| Failure::unavailable())?;
        let is_good = response.status().is_success();
        let body = bounded(response).await?;
        if is_good {
            return serde_json::from_slice(&body).map_err(|_| Failure::unavailable());
        }
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        let code = problem.and_then(|problem| ProblemCode::from_code(problem.code()));
        Err(code.map_or_else(Failure::unavailable, |code| Failure::Problem { code }))
    }
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::unavailable())? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Failure::unavailable());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: usize = 4 * 1024 * 1024;
