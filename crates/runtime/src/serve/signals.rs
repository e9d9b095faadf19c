//! What the system tells the process.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::Order;

/// Turns SIGHUP into a reload, SIGTERM and SIGINT into the end, until nobody listens to orders.
pub(super) fn listen(orders: &UnboundedSender<Order>) -> io::Result<()> {
    for (kind, order) in [
        (SignalKind::hangup(), Order::Reload),
        (SignalKind::terminate(), Order::Stop),
        (SignalKind::interrupt(), Order::Stop),
    ] {
        tokio::spawn(forward(signal(kind)?, order, orders.clone()));
    }
    Ok(())
}

async fn forward(mut signal: Signal, order: Order, orders: UnboundedSender<Order>) {
    while signal.recv().await.is_some() {
        if orders.send(order.clone()).is_err() {
            return;
        }
    }
}
