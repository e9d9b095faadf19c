//! How many connections one party may have open at a listener, so that no party can take them all.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use kw_domain::Oin;
use rustix::net::Shutdown;

use crate::connection::on_connect;
use crate::events::TooManyConnections;
use crate::identity::oin_of;

/// The open connections of a listener, by party. Clones share the count.
#[derive(Debug, Clone)]
pub struct Shares {
    most: usize,
    open: Arc<Mutex<HashMap<Oin, Count>>>,
}

#[derive(Debug, Default)]
struct Count {
    open: usize,
    /// One line in the log each time that it has all it may.
    told: bool,
}

/// One open connection, until it is dropped.
struct Share {
    party: Oin,
    shares: Shares,
}

impl Shares {
    /// At most so many for each party.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), open: Arc::default() }
    }

    /// As [`on_connect`], and closes a connection of a party that has all it may.
    pub fn on_connect(&self, connection: &dyn Any, extensions: &mut Extensions) {
        on_connect(connection, extensions);
        let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
        let (socket, session) = stream.get_ref();
        let party = session.peer_certificates().and_then(|chain| oin_of(chain.first()?).ok());
        let Some(party) = party else { return };
        match self.take(party) {
            Some(share) => drop(extensions.insert(share)),
            // What fails here has ended already.
            None => drop(rustix::net::shutdown(socket, Shutdown::Both)),
        }
    }

    fn take(&self, party: Oin) -> Option<Share> {
        let mut open = self.open();
        let count = open.entry(party).or_default();
        if count.open >= self.most {
            if !count.told {
                count.told = true;
                TooManyConnections { party, open: count.open as u64 }.log();
            }
            return None;
        }
        count.open += 1;
        Some(Share { party, shares: self.clone() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Oin, Count>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.shares.open();
        if let Some(count) = open.get_mut(&self.party) {
            count.open -= 1;
            count.told &= count.open * 2 > self.shares.most;
            if count.open == 0 {
                open.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_that_has_its_share_gets_no_more_and_others_do() {
        let (one, other) =
            (Oin::parse("00000099000000012000").unwrap(), Oin::parse("00000099000000013000").unwrap());
        let shares = Shares::new(2);
        let held: Vec<Share> = (0..2).filter_map(|_| shares.take(one)).collect();
        assert_eq!(held.len(), 2);
        assert!(shares.take(one).is_none());
        assert!(shares.take(other).is_some());
        drop(held);
        assert!(shares.take(one).is_some());
        assert!(shares.open().is_empty());
    }
}
