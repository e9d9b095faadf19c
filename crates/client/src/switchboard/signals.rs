//! A party's own signals.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_protocol::signal::{SignalPage, SignalsAsked};
use kw_transport::Tls;
use reqwest::Method;

use super::{SwitchboardClient, TIMEOUT};
use crate::http::{PAGE, Service};
use crate::{ClientError, Context};

/// A party's own feed of signals at the switchboard: a partner's or an auditor's. Nothing is repeated by itself; who follows
/// a feed calls again with the cursor that it has.
#[derive(Debug, Clone)]
pub struct SignalClient {
    service: Service,
}

impl SignalClient {
    /// A client of the switchboard that the agreement names.
    pub fn new(tls: &Tls, agreement: &Agreement, context: Context) -> Result<Self, ClientError> {
        let party = agreement.switchboard();
        Ok(Self { service: Service::new(tls, party.oin, &party.endpoint, context, TIMEOUT)? })
    }

    /// One page. It takes as long as the caller wants to wait for the first signal of it, and a little more.
    pub async fn read(&self, asked: &SignalsAsked) -> Result<SignalPage, ClientError> {
        read(&self.service, asked).await
    }
}

impl SwitchboardClient {
    /// One page of the own signals, as [`SignalClient::read`] gives it.
    pub async fn signals(&self, asked: &SignalsAsked) -> Result<SignalPage, ClientError> {
        read(&self.service, asked).await
    }
}

async fn read(service: &Service, asked: &SignalsAsked) -> Result<SignalPage, ClientError> {
    let parameters = parameters(asked);
    let query: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let longest = TIMEOUT + Duration::from_secs(asked.wait.unwrap_or_default().into());
    let request = service.request_with(Method::GET, &["v1", "signals"], &query).timeout(longest);
    service.exchange(request, service.context().transaction(), PAGE).await
}

/// What is asked, as it stands in a query.
pub(crate) fn parameters(asked: &SignalsAsked) -> Vec<(&'static str, String)> {
    let given = [
        ("after", asked.after.clone()),
        ("limit", asked.limit.map(|limit| limit.to_string())),
        ("wait", asked.wait.map(|seconds| seconds.to_string())),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
