//! Partners tell the index what they hold.

use std::time::{Duration, Instant};

use kw_client::LocalClient;
use kw_protocol::local::SyncRequest;

use crate::DemoError;
use crate::chain::Chain;

/// Has every partner bring the index in line with its source, side by side, until nothing is left to tell. On a busy machine a call
/// between two services can time out; the partner then tries again by itself, and what is played next must not begin before.
pub(crate) async fn register_all(chain: &Chain) -> Result<u64, DemoError> {
    let mut running = tokio::task::JoinSet::new();
    for partner in &chain.partners {
        let (local, name) = (partner.local.clone(), partner.name.clone());
        running.spawn(async move { register(&local, &name).await });
    }
    let mut registered = 0;
    for one in running.join_all().await {
        registered += one?;
    }
    Ok(registered)
}

/// Has one partner do so. How many records have a pointer then.
pub(crate) async fn register(local: &LocalClient, name: &str) -> Result<u64, DemoError> {
    let asking = DemoError::asking("a partner was told to register");
    let (began, mut full) = (Instant::now(), true);
    loop {
        let report = local.sync(&SyncRequest { full, ..SyncRequest::default() }).await.map_err(&asking)?;
        let pending: u64 = report.sources.iter().map(|source| source.pending).sum();
        if pending == 0 {
            let status = local.status().await.map_err(&asking)?;
            return Ok(status.sources.iter().map(|source| source.registered).sum());
        }
        if began.elapsed() > REGISTERED_WITHIN {
            return Err(DemoError::NotRegistered { name: name.to_owned(), pending });
        }
        full = false;
        tokio::time::sleep(REGISTERED_CHECK).await;
    }
}

/// Longer than a partner waits after a few failures in a row.
const REGISTERED_WITHIN: Duration = Duration::from_mins(2);
const REGISTERED_CHECK: Duration = Duration::from_millis(200);
