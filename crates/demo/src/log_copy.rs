//! A copy of the switchboard's log, fetched as a partner does and verified: for looking at it afterwards.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::LogOwner;
use kw_client::{Context, Entropy};
use kw_domain::SystemClock;
use kw_logbook::reader::{LogSource, Trust, mirror, verify_log};
use kw_transport::Tls;
use tokio::time::{Instant, sleep};

use crate::DemoError;
use crate::chain::Chain;

/// A record is published within a second, and cosigned soon after.
const PUBLISHED_AFTER: Duration = Duration::from_millis(1_200);
/// How long the witnesses are given.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// Leaves a copy of the log of the running switchboard in `folder`.
pub(crate) async fn leave(chain: &Chain, folder: &Path) -> Result<(), DemoError> {
    let agreement = &chain.agreement;
    let no_log = |what: &str| DemoError::Log(what.to_owned());
    let log = agreement.log_of(LogOwner::Switchboard).ok_or_else(|| no_log("there is none"))?;
    let trust = Trust::of(agreement, &log).map_err(|error| no_log(&error.to_string()))?;
    let partner = chain.partners.first().ok_or_else(|| no_log("there is no partner to fetch it"))?;
    let tls = Tls::load(&partner.tls)?;
    let context = Context::new(Arc::new(SystemClock), Entropy::system());
    let source = LogSource::of(&tls, &log, context)
        .map_err(|source| DemoError::Client { what: "asking for the switchboard's log", source })?;
    sleep(PUBLISHED_AFTER).await;
    let until = Instant::now() + PATIENCE;
    loop {
        match copy(&source, &trust, folder).await {
            Ok(()) => return Ok(()),
            Err(reason) if Instant::now() >= until => return Err(DemoError::Log(reason)),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn copy(source: &LogSource, trust: &Trust, folder: &Path) -> Result<(), String> {
    mirror(source, trust, folder, |_| {}).await.map_err(|error| error.to_string())?;
    let copied = LogSource::Folder(folder.to_owned());
    verify_log(&copied, trust, |_| {}).await.map_err(|error| error.to_string())?;
    Ok(())
}
