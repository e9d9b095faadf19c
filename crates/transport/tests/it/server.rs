//! A real HTTP server that says who it thinks is calling.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::ServerHandle;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kw_transport::{Peer, Tls, on_connect};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// How many requests reached the application.
    requests: Arc<AtomicUsize>,
    /// Whether the last connection had `TCP_NODELAY` after `on_connect`.
    nodelay: Arc<AtomicBool>,
    handle: ServerHandle,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Listener {
    Service,
    Public,
    /// A service whose application was put together without `Tls`.
    Unconfigured,
    /// A service that forgot `on_connect`.
    Forgetful,
    /// HTTP without TLS, as an admin listener on the loopback has it.
    Plain,
}

impl Server {
    pub(crate) fn start(tls: &Tls) -> Self {
        Self::listen(tls, Listener::Service)
    }

    pub(crate) fn listen(tls: &Tls, listener: Listener) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let nodelay = Arc::new(AtomicBool::new(false));
        let (data, count) = (web::Data::new(tls.clone()), web::Data::from(Arc::clone(&requests)));
        let mut server = HttpServer::new(move || {
            let app = App::new().app_data(count.clone()).default_service(web::to(who_calls));
            if listener == Listener::Unconfigured { app } else { app.app_data(data.clone()) }
        });
        if listener != Listener::Forgetful {
            let observed = Arc::clone(&nodelay);
            server = server.on_connect(move |connection, extensions| {
                on_connect(connection, extensions);
                observed.store(sends_at_once(connection), Ordering::SeqCst);
            });
        }
        let server = server.workers(1).disable_signals().shutdown_timeout(0);
        let any = ("127.0.0.1", 0);
        let server = match listener {
            Listener::Plain => server.bind(any),
            Listener::Public => server.bind_rustls_0_23(any, tls.public_server_config()),
            _ => server.bind_rustls_0_23(any, tls.server_config()),
        }
        .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, requests, nodelay, handle }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/who", self.address.port())
    }

    pub(crate) fn nodelay(&self) -> bool {
        self.nodelay.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn sends_at_once(connection: &dyn Any) -> bool {
    let socket = match connection.downcast_ref::<TlsStream<TcpStream>>() {
        Some(stream) => stream.get_ref().0,
        None => connection.downcast_ref().unwrap(),
    };
    socket.nodelay().unwrap()
}

async fn who_calls(request: HttpRequest, count: web::Data<AtomicUsize>) -> HttpResponse {
    count.fetch_add(1, Ordering::SeqCst);
    match request.path() {
        "/elsewhere" => HttpResponse::TemporaryRedirect().insert_header(("location", "/who")).finish(),
        "/agent" => HttpResponse::Ok().body(request.headers().get("user-agent").unwrap().as_bytes().to_vec()),
        _ => match Peer::of(&request) {
            Ok(peer) => {
                let sha256 = crate::town::hex(peer.certificate_sha256);
                HttpResponse::Ok().body(format!("{} {sha256} {:?}", peer.oin, request.version()))
            }
            Err(refusal) => HttpResponse::Unauthorized().body(format!("{refusal:?}")),
        },
    }
}
