//! Servers that exist only to be compared with: the same stack with almost nothing on it.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::web::{Bytes, Data, Json, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kw_domain::{ChainName, Clock as _, Oin, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_store::switchboard::{LiveTags, Switchboard};
use kw_store::{Act, DatabaseConfig, Store};
use kw_transport::{Peer, Tls, on_connect};
use rand_core::{OsRng, RngCore as _};

use super::arguments::Place;
use super::wire;

/// Mutual TLS, the caller's identity, a few bytes.
pub(super) async fn hello(place: Place) -> anyhow::Result<()> {
    let tls = Tls::load(&wire::files(&place.folder, "switchboard"))?;
    serve(tls, |config| {
        config.route("/hello", web::post().to(say_hello));
    })
    .await
}

async fn say_hello(request: HttpRequest, _body: Bytes) -> HttpResponse {
    match Peer::of(&request) {
        Ok(peer) => HttpResponse::Ok().json(serde_json::json!({ "hello": peer.oin })),
        Err(_) => HttpResponse::Unauthorized().finish(),
    }
}

/// The same, and one look-up by a tag that is given, and one record made durable by the store's own writer: no
/// arithmetic, no agreement, no grant.
pub(super) async fn bare(place: Place) -> anyhow::Result<()> {
    let tls = Tls::load(&wire::files(&place.folder, "switchboard"))?;
    let config = DatabaseConfig::at(place.database.clone());
    let store: Store<Switchboard> = actix_web::rt::task::spawn_blocking(move || {
        Store::open(&config, &place.origin, |bytes| OsRng.fill_bytes(bytes))
    })
    .await??;
    let store = Data::from(Arc::new(store));
    serve(tls, move |config| {
        config.app_data(store.clone()).route("/bare/{tag}", web::post().to(look_up));
    })
    .await
}

async fn look_up(
    request: HttpRequest,
    store: Data<Store<Switchboard>>,
    tag: Path<String>,
    _body: Bytes,
) -> Result<Json<serde_json::Value>, actix_web::Error> {
    let peer = Peer::of(&request).map_err(actix_web::error::ErrorUnauthorized)?;
    let bytes: Vec<u8> =
        (0..64).step_by(2).filter_map(|at| u8::from_str_radix(tag.get(at..at + 2)?, 16).ok()).collect();
    let tag: [u8; 32] =
        bytes.try_into().map_err(|_| actix_web::error::ErrorBadRequest("a tag is 64 digits"))?;
    let now = SystemClock.now();
    let found = store
        .read(move |index| {
            let found = index.find(&LiveTags { even: None, odd: Some(tag) }, now)?;
            Ok(found.map_or_else(Vec::new, |found| found.pointers))
        })
        .await
        .map_err(actix_web::error::ErrorServiceUnavailable)?;
    let record = canonical(
        &record(peer.oin, found.len()).ok_or_else(|| actix_web::error::ErrorInternalServerError(""))?,
    )
    .map_err(actix_web::error::ErrorInternalServerError)?;
    let done = store
        .write::<_, (), _>("bare", move |_| Ok(((), Act::new(now, LeafKind::Access, record.clone()))))
        .await
        .map_err(actix_web::error::ErrorServiceUnavailable)?;
    let holders: Vec<_> = found.iter().map(|pointer| pointer.holder).collect();
    Ok(Json(serde_json::json!({ "index": done.receipts[0].index, "holders": holders })))
}

fn record(party: Oin, count: usize) -> Option<AccessRecord> {
    let chain = ChainName::parse("bench").ok()?;
    let mut record = AccessRecord::new(Event::QueryAnswered, SystemClock.now(), chain, party, party, "0");
    record.count = Some(count as u64);
    Some(record)
}

async fn serve(
    tls: Tls,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> anyhow::Result<()> {
    let socket = TcpListener::bind(("127.0.0.1", 0))?;
    let address = socket.local_addr()?;
    let known = Data::new(tls.clone());
    let server = HttpServer::new(move || App::new().app_data(known.clone()).configure(routes.clone()))
        .workers(2)
        .tcp_nodelay(true)
        .on_connect(on_connect)
        .listen_rustls_0_23(socket, tls.server_config())?
        .run();
    println!("ready {{\"service\":\"{address}\"}}");
    std::io::stdout().flush()?;
    Ok(server.await?)
}
