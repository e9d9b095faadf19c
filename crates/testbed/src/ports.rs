//! Ports that stay the same when a process is started again.

use std::sync::{Mutex, PoisonError};

use kw_transport::LoopbackPorts;

static PORTS: Mutex<Option<LoopbackPorts>> = Mutex::new(None);

/// A port that nobody else is given while this process runs.
pub fn free_port() -> anyhow::Result<u16> {
    let mut ports = PORTS.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(ports.get_or_insert_default().take()?.port())
}
