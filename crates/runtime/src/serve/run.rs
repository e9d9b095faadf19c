//! From the first connection to the last.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use futures_util::future::select_all;
use kw_telemetry::Addresses;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::{Order, ServeError, Server, signals};
use crate::events::{Ended, Ending, Ready, RequestsCutOff};
use crate::http::Traffic;

/// What jobs get even when connections took all the time there was.
const LEAST_FOR_JOBS: Duration = Duration::from_millis(100);

type Running = JoinHandle<(&'static str, io::Result<()>)>;

impl Server {
    /// Runs until SIGTERM, SIGINT, [`super::Control::stop`], [`super::Control::fail`] or the end of a listener. Once everything listens, writes one
    /// line to standard output: `ready ` and a JSON object of listener names and addresses.
    pub async fn run(self) -> Result<(), ServeError> {
        let Self { settings, http, jobs, readiness, reloads, listeners, addresses, mut orders, .. } = self;
        reloads.spawn(&jobs);
        signals::listen(&orders.0).map_err(ServeError::Signals)?;
        let handles: Vec<_> = listeners.iter().map(|(name, listener)| (*name, listener.handle())).collect();
        let mut running: Vec<Running> = listeners
            .into_iter()
            .map(|(name, listener)| tokio::spawn(async move { (name, listener.await) }))
            .collect();
        announce(&addresses);
        let ended = loop {
            tokio::select! {
                order = orders.1.recv() => match order {
                    Some(Order::Fail(reason)) => break Err(ServeError::GaveUp { reason }),
                    Some(Order::Reload) => reloads.now().await,
                    Some(Order::Stop) | None => break Ok(()),
                },
                ended = first_to_end(&mut running) => break Err(ended),
            }
        };
        Ending { requests: http.traffic.under_way() }.log();
        readiness.drain();
        let ends = Instant::now() + settings.shutdown_deadline();
        close(&handles, &http.traffic, ends).await;
        jobs.stop(ends.saturating_duration_since(Instant::now()).max(LEAST_FOR_JOBS)).await;
        // Last of all the admin listener, and the connections that are open and idle.
        running.iter().for_each(JoinHandle::abort);
        Ended {}.log();
        ended
    }
}

/// The line that scripts, the demo and tests wait for.
fn announce(addresses: &BTreeMap<&'static str, SocketAddr>) {
    let mut out = io::stdout().lock();
    // Nobody reads it where standard output is closed; the service runs all the same.
    let _ = writeln!(out, "ready {}", serde_json::json!(addresses)).and_then(|()| out.flush());
    Ready { addresses: Addresses(addresses.clone()) }.log();
}

/// No listener ends by itself while all is well. Waits for ever where there is none.
async fn first_to_end(running: &mut Vec<Running>) -> ServeError {
    if running.is_empty() {
        std::future::pending::<()>().await;
    }
    let (ended, at, _) = select_all(running.iter_mut()).await;
    drop(running.swap_remove(at));
    match ended {
        Ok((name, Err(source))) => ServeError::Ended { name, source },
        Ok((name, Ok(()))) => ServeError::Ended { name, source: io::Error::other("without a reason") },
        Err(end) => ServeError::Ended { name: "same", source: io::Error::other(end) },
    }
}

/// Stops listening, and waits for requests under way; the admin listener stays, to tell how it goes.
async fn close(handles: &[(&'static str, ServerHandle)], traffic: &Traffic, ends: Instant) {
    for (name, handle) in handles {
        if *name != "admin" {
            // Resolves when every connection is closed, which is more than is waited for.
            drop(handle.stop(true));
        }
    }
    if timeout_at(ends, traffic.drain()).await.is_err() {
        RequestsCutOff { requests: traffic.under_way() }.log();
    }
}
