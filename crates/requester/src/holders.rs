//! The holders that were pulled from: one client and one breaker each, kept for the life of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kw_agreement::Partner;
use kw_client::{ClientError, Context, HolderClient};
use kw_domain::Oin;
use kw_transport::Tls;

use crate::BreakerSettings;
use crate::breaker::{Admission, Breaker, Health};

/// All holders met so far.
#[derive(Debug)]
pub(crate) struct Holders {
    tls: Tls,
    context: Context,
    timeout: Duration,
    breaker: BreakerSettings,
    met: Mutex<HashMap<Oin, Arc<Holder>>>,
}

/// One holder at one address.
#[derive(Debug)]
pub(crate) struct Holder {
    endpoint: String,
    pub(crate) client: HolderClient,
    breaker: Mutex<Breaker>,
    context: Context,
}

impl Holders {
    pub(crate) fn new(tls: Tls, context: Context, timeout: Duration, breaker: BreakerSettings) -> Self {
        Self { tls, context, timeout, breaker, met: Mutex::default() }
    }

    /// The holder with its open connections. A partner that moved to another address is met anew.
    pub(crate) fn meet(&self, partner: &Partner) -> Result<Arc<Holder>, ClientError> {
        let mut met = lock(&self.met);
        if let Some(holder) = met.get(&partner.oin)
            && holder.endpoint == partner.endpoint
        {
            return Ok(Arc::clone(holder));
        }
        let holder = Arc::new(Holder {
            endpoint: partner.endpoint.clone(),
            client: HolderClient::new(&self.tls, partner, self.context.clone(), self.timeout)?,
            breaker: Mutex::new(Breaker::new(self.breaker)),
            context: self.context.clone(),
        });
        met.insert(partner.oin, Arc::clone(&holder));
        Ok(holder)
    }
}

impl Holder {
    /// Leave to call this holder now, or `None` while its breaker is open.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Leave> {
        let admission = lock(&self.breaker).admit(self.context.now())?;
        Some(Leave { holder: Arc::clone(self), admission: Some(admission) })
    }
}

/// Leave to make one call. Dropped without a word, as when the caller went away, it tells the breaker nothing.
#[derive(Debug)]
pub(crate) struct Leave {
    holder: Arc<Holder>,
    admission: Option<Admission>,
}

impl Leave {
    pub(crate) fn settle(mut self, health: Health) {
        self.tell(health);
    }

    fn tell(&mut self, health: Health) {
        if let Some(admission) = self.admission.take() {
            lock(&self.holder.breaker).settle(admission, health, self.holder.context.now());
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.tell(Health::Unknown);
    }
}

/// Nothing is done under these locks that could leave the data half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
