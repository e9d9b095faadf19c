//! What an auditor reads of a service's access log.

use std::time::Duration;

use kw_domain::{Oin, ResolutionId};
use kw_protocol::access_log::{
    AccessLogPage, AccessLogSearch, ApproveResolution, RequestResolution, Resolution, ResolutionList,
};
use kw_transport::Tls;
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{Bound, PAGE, SMALL, Service, json};
use crate::{ClientError, Context};

/// An auditor's side of one service. Nothing is repeated by itself: each call leaves a record there.
#[derive(Debug, Clone)]
pub struct AccessLogClient {
    service: Service,
}

impl AccessLogClient {
    /// A client of the service of this party, at its address in the agreement.
    pub fn new(tls: &Tls, party: Oin, endpoint: &str, context: Context) -> Result<Self, ClientError> {
        Ok(Self { service: Service::new(tls, party, endpoint, context, TIMEOUT)? })
    }

    /// One page of the log, newest first.
    pub async fn search(&self, search: &AccessLogSearch) -> Result<AccessLogPage, ClientError> {
        self.post(&["_search"], search, PAGE).await
    }

    /// Asks to find the records about one subject.
    pub async fn request_resolution(&self, request: &RequestResolution) -> Result<Resolution, ClientError> {
        self.post(&["resolutions"], request, SMALL).await
    }

    /// Agrees to the request of another auditor.
    pub async fn approve_resolution(
        &self,
        id: ResolutionId,
        approval: &ApproveResolution,
    ) -> Result<Resolution, ClientError> {
        self.post(&["resolutions", &id.to_string(), "approvals"], approval, SMALL).await
    }

    /// The resolutions that wait for a second auditor or can be used.
    pub async fn resolutions(&self) -> Result<ResolutionList, ClientError> {
        let request = self.service.request(Method::GET, &["v1", "access-log", "resolutions"]);
        self.exchange(request, PAGE).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
        bound: Bound,
    ) -> Result<T, ClientError> {
        let path: Vec<&str> = ["v1", "access-log"].into_iter().chain(path.iter().copied()).collect();
        self.exchange(json(self.service.request(Method::POST, &path), body)?, bound).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        bound: Bound,
    ) -> Result<T, ClientError> {
        self.service.exchange(request, self.service.context().transaction(), bound).await
    }
}

/// One page looks at thousands of entries at most; a busy database may take its time.
const TIMEOUT: Duration = Duration::from_secs(30);
