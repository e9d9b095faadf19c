//! What parties are told: each its own feed.

mod bell;
mod read;

use actix_web::web::{self, ServiceConfig};
use kw_domain::{Instant, Oin};
use kw_protocol::signal::SignalType;
use kw_store::switchboard::NewSignal;

pub(crate) use bell::{Bell, INTERVAL};
pub(crate) use read::{__path_read_signals, shown};

use crate::app::App;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/signals").route(web::get().to(read::read_signals)));
}

impl App {
    /// A signal to one party, for `emit` in the transaction of the act that it tells of.
    pub(crate) fn signal(&self, recipient: Oin, kind: SignalType, about: [u8; 16], at: Instant) -> NewSignal {
        NewSignal { id: self.entropy.id(at), recipient, kind, about, at }
    }
}
