//! Ports that stay the same when a process is started again.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::bail;
use rand_core::{OsRng, RngCore as _};

/// Below the range from which the system gives ports to outgoing connections: a client that keeps calling a process that
/// was killed could otherwise be given that port itself, and would then talk to itself.
const FIRST: u32 = 18_000;
const COUNT: u32 = 14_000;

/// A port on which nobody listens at this moment.
pub fn free_port() -> anyhow::Result<u16> {
    for _ in 0..200 {
        let port = u16::try_from(FIRST + OsRng.next_u32() % COUNT)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of {COUNT} is free: something on this machine takes them all")
}
