//! `/v1/events`: only the chain's switchboard delivers there, and only once the feed was read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::chain::Chain;
use kw_client::WebhookClient;
use kw_domain::{Instant, Oin, SignalId, SystemClock};
use kw_protocol::problem::Problem;
use kw_protocol::signal::{Signal, SignalType};
use kw_protocol::subscription::DeliveryFailure;
use kw_transport::{ClientOptions, Tls};

fn told(by: Oin) -> Signal {
    let at = Instant::from_millis(1_000);
    let id = SignalId::new(at, [7; 10]);
    Signal::new(by, id, SignalType::ReviewDue, at, id.to_string(), 1)
}

#[tokio::test]
async fn only_the_switchboard_delivers_and_not_before_the_feed_was_read() {
    let mut chain = Chain::new();
    let own = Oin::parse(&chain.draft.partners[0].oin).unwrap();
    let other = chain.draft.partners[1].oin.clone();
    let switchboard = Oin::parse(&chain.draft.switchboard.oin).unwrap();
    let running = chain.start().await;
    let url = format!("https://{}/v1/events", running.service);
    let tls = Tls::load(&chain.issue("switchboard", switchboard.as_str())).unwrap();
    let context = kw_client::Context::new(Arc::new(SystemClock), kw_client::Entropy::system());
    let client = |subscriber| {
        let endpoint = "https://switchboard.example:8443";
        let patience = Duration::from_secs(10);
        WebhookClient::new(&tls, subscriber, BTreeSet::new(), endpoint, context.clone(), patience)
    };
    assert_eq!(client(own).verify(&url).await.unwrap().rate, None);
    // Whoever expects another party there finds that out before it has said anything.
    let wrong = client(Oin::parse(&other).unwrap()).verify(&url).await.unwrap_err();
    assert_eq!(wrong.failure, DeliveryFailure::OtherParty);
    // The switchboard is down in this chain, so that the feed cannot be read: to be sent again.
    let early = client(own).deliver(&url, &told(switchboard)).await.unwrap_err();
    assert_eq!(
        (early.failure, early.retry_after),
        (DeliveryFailure::Throttled, Some(Duration::from_secs(1)))
    );
    let foreign = client(own).deliver(&url, &told(own)).await.unwrap_err();
    assert_eq!(foreign.failure, DeliveryFailure::Refused);

    let signal = serde_json::to_string(&told(switchboard)).unwrap();
    let partner = Tls::load(&chain.issue("other", &other)).unwrap();
    for (tls, media_type, expected) in [
        (&partner, "application/cloudevents+json", "denied"),
        (&tls, "application/json", "unsupported-media-type"),
    ] {
        let http = tls.client(own, ClientOptions::default());
        let request = http.post(&url).header("content-type", media_type).body(signal.clone());
        let problem: Problem = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(problem.code(), expected);
    }
    running.stop().await;
}
