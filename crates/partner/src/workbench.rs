//! A partner's sources and identity without its process: to try them before it runs, or beside it. Nothing is registered, and
//! no database is opened.

use std::sync::Arc;

use kw_adapter::mapping::RecordKey;
use kw_adapter::pulls::Sources;
use kw_agreement::Agreement;
use kw_domain::{Clock, Oin, SystemClock};
use kw_runtime::SharedAgreement;
use kw_transport::Tls;

use crate::config::PartnerConfig;
use crate::error::StartError;
use crate::people::Admission;
use crate::{check, keys, sources};

/// What a configuration comes to.
#[derive(Debug)]
pub struct Workbench {
    /// The sources, by name.
    pub sources: Sources,
    /// The agreement.
    pub agreement: Arc<Agreement>,
    /// The certificate, and who is trusted.
    pub tls: Tls,
    /// The partner.
    pub holder: Oin,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
}

impl Workbench {
    /// Reads and checks every file, and opens the sources.
    pub fn open(config: &PartnerConfig) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let agreement = SharedAgreement::load(&config.agreement, Arc::clone(&clock))?;
        let tls = Tls::load_with_clock(&config.tls, Arc::clone(&clock))?;
        if let Some(principal) = config.acts_for {
            tls.act_for(principal);
        }
        let (holder, current) = (tls.oin(), agreement.current());
        if current.partner(holder).is_none() {
            return Err(StartError::NoPartner { oin: holder });
        }
        // Before the keys are made, keys of records that are thrown away do as well: nothing is registered under them.
        let record_key = if config.keys.directory.exists() {
            sources::record_key(&keys::row_key(&config.keys.directory, current.chain())?)
        } else {
            RecordKey::new(&check::THROWN_AWAY)
        };
        let admission = Admission::configured(config.admit_real_numbers);
        let sources = sources::open(&config.sources, &record_key, &agreement, admission, &clock)?;
        Ok(Self { sources, agreement: current, tls, holder, clock })
    }
}
