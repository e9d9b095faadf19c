//! Pulling at a holder.

use std::time::Duration;

use kw_agreement::Partner;
use kw_domain::TransactionId;
use kw_protocol::pull::{Pull, Pulled};
use kw_transport::Tls;
use reqwest::Method;

use crate::http::{Bound, Service, json};
use crate::{ClientError, Context};

/// The holder's side of a pull. Keep it: its connections are reused.
#[derive(Debug, Clone)]
pub struct HolderClient {
    service: Service,
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

/// The largest document with its provenance.
const DOCUMENT: Bound = Bound(4 * 1024 * 1024);
