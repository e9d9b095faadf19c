//! Loopback ports that no other process of this machine takes, for chains that are started to be tried.
//!
//! A port that was found free may be taken before its service starts: by a connection that goes out, and by another
//! chain that is being started. The first cannot happen below the range that the system gives to connections. Against
//! the second, ports go by the block, and a process that uses ports of a block listens on its first one as long as it runs.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the range from which the system gives ports to outgoing connections (32768 and up on Linux).
const FIRST: u16 = 18_000;
const BLOCK: u16 = 32;
const BLOCKS: u16 = 437;

/// Ports of 127.0.0.1, none given twice. They are this process's until it is dropped.
#[derive(Debug, Default)]
pub struct LoopbackPorts {
    claims: Vec<TcpListener>,
    free: Vec<u16>,
}

impl LoopbackPorts {
    /// The next port on which nobody listens.
    ///
    /// # Errors
    /// No block of ports is free on this machine.
    pub fn take(&mut self) -> io::Result<SocketAddr> {
        loop {
            while let Some(port) = self.free.pop() {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                // Software that knows nothing of blocks may listen there.
                if TcpListener::bind(address).is_ok() {
                    return Ok(address);
                }
            }
            self.claim()?;
        }
    }

    fn claim(&mut self) -> io::Result<()> {
        // From anywhere: the ports of a chain that has ended are its own still when it is started again.
        let from = RandomState::new().hash_one(()) % u64::from(BLOCKS);
        let mut blocks = (0..BLOCKS).map(|block| (block + from as u16) % BLOCKS);
        let found = blocks.find_map(|block| {
            let first = FIRST + block * BLOCK;
            Some((first, claim_of(first)?))
        });
        let (first, claim) =
            found.ok_or_else(|| io::Error::other("no block of ports between 18000 and 32000 is free"))?;
        self.claims.push(claim);
        self.free.extend((first + 1..first + BLOCK).rev());
        Ok(())
    }
}

/// The claim of the block that begins there, if all of it is free.
fn claim_of(first: u16) -> Option<TcpListener> {
    let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
    // A chain whose starter has ended holds no claim, but its services listen here.
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    (first + 1..first + BLOCK).all(is_free).then_some(claim)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_given_a_port_of_another() {
        let (mut one, mut other) = (LoopbackPorts::default(), LoopbackPorts::default());
        let taken: BTreeSet<_> =
            (0..100).flat_map(|_| [one.take().unwrap(), other.take().unwrap()]).collect();
        assert_eq!(taken.len(), 200);
    }

    #[test]
    fn a_block_in_which_somebody_listens_is_left_alone() {
        let mut held = LoopbackPorts::default();
        let port = held.take().unwrap().port();
        let service = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        drop(held);
        assert!(claim_of(FIRST + (port - FIRST) / BLOCK * BLOCK).is_none());
        drop(service);
        // With nobody there, a block that was let go of can be another's; which one may be, others on this machine decide.
        let is_let_go = |_| {
            let mut held = LoopbackPorts::default();
            let port = held.take().unwrap().port();
            let first = FIRST + (port - FIRST) / BLOCK * BLOCK;
            assert!(claim_of(first).is_none());
            drop(held);
            claim_of(first).is_some()
        };
        assert!((0..20).any(is_let_go));
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_passed_over() {
        let mut ports = LoopbackPorts::default();
        let first = ports.take().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.port() + 1));
        assert_ne!(ports.take().unwrap().port(), first.port() + 1);
        drop(taken);
    }
}
