//! The network between two processes, with its faults.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const NEVER: u64 = u64::MAX;

/// Stands between a client and a server, and passes bytes until it is told otherwise.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    cut: Notify,
    /// Bytes towards the server that may still pass.
    allowance: AtomicU64,
    delay_millis: AtomicU64,
}

impl FaultProxy {
    /// A proxy in front of `server`, on a port that the system chooses.
    pub async fn start(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            cut: Notify::new(),
            allowance: AtomicU64::new(NEVER),
            delay_millis: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, state, listening })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection that is open now.
    pub fn cut(&self) {
        self.state.cut.notify_waiters();
    }

    /// Cuts all connections when so many more bytes have gone to the server; nothing passes after that.
    pub fn cut_after(&self, bytes: u64) {
        self.state.allowance.store(bytes, Ordering::SeqCst);
    }

    /// Lets everything pass again.
    pub fn mend(&self) {
        self.state.allowance.store(NEVER, Ordering::SeqCst);
        self.state.delay_millis.store(0, Ordering::SeqCst);
    }

    /// Holds back each piece for so long, in both directions.
    pub fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(NEVER);
        self.state.delay_millis.store(millis, Ordering::SeqCst);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut();
    }
}

async fn pass(client: TcpStream, server: SocketAddr, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, &state, true) => {}
        () = copy(from_server, to_client, &state, false) => {}
        () = state.cut.notified() => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    state: &State,
    counted: bool,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(length) = from.read(&mut piece).await {
        let delay = state.delay_millis.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let left = state.allowance.load(Ordering::SeqCst);
        if counted && left != NEVER {
            if left < length as u64 {
                state.allowance.store(0, Ordering::SeqCst);
                state.cut.notify_waiters();
                return;
            }
            state.allowance.store(left - length as u64, Ordering::SeqCst);
        }
        if length == 0 || to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
