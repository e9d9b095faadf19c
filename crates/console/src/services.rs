//! The services that keep logs, as auditors reach them. Their clients are kept: pages after the first find connections that are open.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use kw_agreement::{Agreement, LogIdentity};
use kw_audit::reader::LogSource;
use kw_client::{AccessLogClient, ClientError, Context};
use kw_domain::Oin;
use kw_transport::Tls;

/// Every service of the chain, with the certificate of the auditing organisation.
pub(crate) struct Services {
    tls: Tls,
    clients: Mutex<BTreeMap<Address, Service>>,
}

/// Who keeps the log, and where.
type Address = (Oin, String);

/// One of them.
#[derive(Clone)]
pub(crate) struct Service {
    /// What it tells auditors.
    pub(crate) records: AccessLogClient,
    /// What it publishes to everybody in the chain.
    pub(crate) log: LogSource,
}

impl Services {
    pub(crate) fn new(tls: Tls) -> Self {
        Self { tls, clients: Mutex::default() }
    }

    /// The one that keeps a log. Addresses that left the agreement go when the next one comes.
    pub(crate) fn of(
        &self,
        agreement: &Agreement,
        log: &LogIdentity,
        context: Context,
    ) -> Result<Service, ClientError> {
        let address = (log.oin, log.endpoint.clone());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(service) = clients.get(&address) {
            return Ok(service.clone());
        }
        let service = Service {
            records: AccessLogClient::new(&self.tls, log.oin, &log.endpoint, context.clone())?,
            log: LogSource::of(&self.tls, log, context)?,
        };
        let agreed = agreement.logs();
        clients.retain(|(oin, endpoint), _| {
            agreed.iter().any(|log| (log.oin, &log.endpoint) == (*oin, endpoint))
        });
        clients.insert(address, service.clone());
        Ok(service)
    }
}
