//! A party's own signals, and its subscriptions to them.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::SubscriptionId;
use kw_protocol::signal::{SignalPage, SignalsAsked};
use kw_protocol::subscription::{
    CreateSubscription, DeadLetters, DeadLettersAsked, ReplayDeadLetters, Replaying, Subscription,
    Subscriptions,
};
use kw_transport::Tls;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{SwitchboardClient, TIMEOUT};
use crate::http::{PAGE, Service, json};
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

    /// The own subscriptions.
    pub async fn subscriptions(&self) -> Result<Subscriptions, ClientError> {
        self.get(&["v1", "subscriptions"], &[]).await
    }

    /// Subscribes. The address, if there is one, is asked whether it agrees before this answers. Not repeated: a second call
    /// would be a second subscription.
    pub async fn subscribe(&self, asked: &CreateSubscription) -> Result<Subscription, ClientError> {
        self.post(&["v1", "subscriptions"], asked).await
    }

    /// One own subscription.
    pub async fn subscription(&self, id: SubscriptionId) -> Result<Subscription, ClientError> {
        self.get(&["v1", "subscriptions", &id.to_string()], &[]).await
    }

    /// Asks the address again whether it agrees, and does not wait any longer with what was not delivered.
    pub async fn verify_subscription(&self, id: SubscriptionId) -> Result<Subscription, ClientError> {
        self.post(&["v1", "subscriptions", &id.to_string(), "_verify"], &NOTHING).await
    }

    /// Ends an own subscription.
    pub async fn end_subscription(&self, id: SubscriptionId) -> Result<Subscription, ClientError> {
        self.post(&["v1", "subscriptions", &id.to_string(), "_end"], &NOTHING).await
    }

    /// One page of what could not be delivered.
    pub async fn dead_letters(
        &self,
        id: SubscriptionId,
        asked: &DeadLettersAsked,
    ) -> Result<DeadLetters, ClientError> {
        let limit = asked.limit.map(|limit| limit.to_string());
        let given = [("after", asked.after.as_deref()), ("limit", limit.as_deref())];
        let query: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get(&["v1", "subscriptions", &id.to_string(), "dead-letters"], &query).await
    }

    /// Has one dead letter, or all, tried once more.
    pub async fn replay(
        &self,
        id: SubscriptionId,
        asked: &ReplayDeadLetters,
    ) -> Result<Replaying, ClientError> {
        self.post(&["v1", "subscriptions", &id.to_string(), "_replay"], asked).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ClientError> {
        let request = self.service.request_with(Method::GET, path, query);
        self.service.exchange(request, self.service.context().transaction(), PAGE).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        // An address that does not answer keeps the switchboard as long as it waits for it.
        let request = self.service.request(Method::POST, path).timeout(TIMEOUT * 2);
        let request = json(request, body)?;
        self.service.exchange(request, self.service.context().transaction(), PAGE).await
    }
}

/// The body of a request that has nothing to say.
const NOTHING: ReplayDeadLetters = ReplayDeadLetters { sequence: None };

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
