//! Pulling at a holder, and asking any party what its log says about a person.

use std::time::Duration;

use kw_agreement::Partner;
use kw_domain::TransactionId;
use kw_protocol::access_report::{Statement, StatementRequest};
use kw_protocol::pull::{Pull, Pulled};
use kw_transport::Tls;
use reqwest::Method;

use crate::http::{Bound, REPORT, Service, json};
use crate::{ClientError, Context};

/// Another partner. Keep it: its connections are reused.
#[derive(Debug, Clone)]
pub struct HolderClient {
    pub(crate) service: Service,
}

impl HolderClient {
    /// A client of this holder, where the agreement says it answers; `timeout` bounds one pull.
    pub fn new(
        tls: &Tls,
        holder: &Partner,
        context: Context,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        Ok(Self { service: Service::new(tls, holder.oin, &holder.endpoint, context, timeout)? })
    }

    /// Pulls one document under one grant; `transaction` is the grant's. Never repeated here: whether to ask again is a
    /// decision, and a new query.
    pub async fn pull(&self, pull: &Pull, transaction: TransactionId) -> Result<Pulled, ClientError> {
        let request = json(self.service.request(Method::POST, &["v1", "pulls"]), pull)?;
        self.service.exchange(request, transaction, DOCUMENT).await
    }
}

/// Another partner's own log, under access-log grants.
#[derive(Debug, Clone)]
pub struct LogClient {
    service: Service,
}

impl LogClient {
    /// A client of this party, where the agreement says it answers; `timeout` bounds one statement.
    pub fn new(tls: &Tls, party: &Partner, context: Context, timeout: Duration) -> Result<Self, ClientError> {
        Ok(Self { service: Service::new(tls, party.oin, &party.endpoint, context, timeout)? })
    }

    /// Asks what the party's log says about one person; `transaction` is the grant's. Never repeated here.
    pub async fn statement(
        &self,
        request: &StatementRequest,
        transaction: TransactionId,
    ) -> Result<Statement, ClientError> {
        let request = json(self.service.request(Method::POST, &["v1", "access-statements"]), request)?;
        self.service.exchange(request, transaction, REPORT).await
    }
}

/// The largest document with its provenance.
const DOCUMENT: Bound = Bound(4 * 1024 * 1024);
