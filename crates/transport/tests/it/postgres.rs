//! TLS to a database server, up to the point where PostgreSQL's own protocol begins.

use std::path::Path;
use std::sync::Arc;

use kw_transport::{Tls, TlsError, postgres_tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::town::{SWITCHBOARD, Town};

/// Connects to a server that can do TLS and nothing else: whether it got the start of a conversation over TLS.
async fn conversation_starts(server: &Tls, roots: &Path, host: &str, alpn: &[&[u8]]) -> bool {
    let mut config = server.public_server_config();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = actix_web::rt::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        // SSLRequest: eight bytes, answered with one.
        let mut request = [0; 8];
        socket.read_exact(&mut request).await.unwrap();
        socket.write_all(b"S").await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(socket).await else { return false };
        // StartupMessage: length and protocol version 3.0.
        let mut start = [0; 8];
        stream.read_exact(&mut start).await.is_ok() && start[4..] == [0, 3, 0, 0]
    });
    let settings = format!("host={host} hostaddr=127.0.0.1 port={port} user=nobody sslmode=require");
    let connection = tokio_postgres::connect(&settings, postgres_tls(Some(roots)).unwrap()).await;
    assert!(connection.is_err(), "there is no database behind it");
    server.await.unwrap()
}

#[actix_web::test]
async fn a_database_server_under_the_given_root_is_accepted() {
    let town = Town::new();
    let database = town.party("database", SWITCHBOARD);
    let root = town.path("ca.pem");
    assert!(conversation_starts(&database, &root, "localhost", &[]).await);
    assert!(conversation_starts(&database, &root, "localhost", &[b"postgresql"]).await);
}

#[actix_web::test]
async fn a_database_server_under_another_root_or_name_is_refused() {
    let (town, elsewhere) = (Town::new(), Town::new());
    let database = town.party("database", SWITCHBOARD);
    assert!(!conversation_starts(&database, &elsewhere.path("ca.pem"), "localhost", &[]).await);
    assert!(!conversation_starts(&database, &town.path("ca.pem"), "database.example", &[]).await);
}

#[test]
fn a_root_that_cannot_be_read_is_named() {
    let missing = Path::new("/nowhere/root.pem");
    assert!(matches!(postgres_tls(Some(missing)), Err(TlsError::Unreadable { path, .. }) if path == missing));
}
