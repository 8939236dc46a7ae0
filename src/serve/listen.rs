//! The HTTP listener, with limits for the number of connections and for idle ones.
//!
//! Whoever opens connections and sends nothing, or a byte now and then, must not keep out a probe that asks whether the daemon is
//! alive. So a connection is always accepted; where there are too many, the one closes that has waited longest without a request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use super::forwarded::Peer;
use super::protocol::{sniff, speaks_http2};
use super::routes::Site;
use super::service::{ConnectionService, Front};
use super::slots::{Slot, Slots};
use super::socket::{Connection, Socket, SocketFile};
use crate::model::ListenAddress;

/// The number of open connections. For one more the oldest without a request closes; if all have one, it waits until one ends.
const MAX_CONNECTIONS: usize = 256;
/// The time limit for the headers of a request, and for an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The time within which a client must take some of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The most headers, and the most bytes of a request before its body.
const MAX_HEADERS: usize = 100;
const MAX_BUFFER: usize = 64 << 10;
/// The same limits for HTTP/2, and the most requests of one connection at a time.
const MAX_HEADER_LIST: u32 = 16 << 10;
const MAX_STREAMS: u32 = 64;
/// The time that responses in flight have at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);
/// The pause after the system cannot accept a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

/// The address cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {why}\nhint: choose another address with --listen or `[serve] listen`")]
pub struct ListenError {
    address: String,
    why: io::Error,
}

/// A bound address.
pub struct Listener {
    socket: Socket,
    address: ListenAddress,
    /// Removes the file of a Unix socket in the end.
    _file: Option<SocketFile>,
}

impl Listener {
    /// Takes the socket that systemd has bound for this process, if it has; then no address is needed.
    pub fn take_passed() -> Result<Option<Self>, ListenError> {
        let taken = Socket::take_passed().and_then(|socket| {
            let Some(socket) = socket else { return Ok(None) };
            Ok(Some(Self { address: socket.address()?, socket, _file: None }))
        });
        taken.map_err(|why| ListenError { address: "the socket that systemd has passed".to_owned(), why })
    }

    /// Binds an address. With port 0 the system chooses a free port; a Unix socket gets this mode.
    pub async fn bind(address: &ListenAddress, mode: u32) -> Result<Self, ListenError> {
        let bound = async {
            let (socket, file) = Socket::bind(address, mode).await?;
            Ok(Self { address: socket.address()?, socket, _file: file })
        };
        let shown = match address {
            ListenAddress::Tcp(bare) => bare.to_string(),
            ListenAddress::Unix(_) => address.to_string(),
        };
        bound.await.map_err(|why| ListenError { address: shown, why })
    }

    /// Returns true if only this machine can reach the address, without a proxy: a Unix socket is for proxies.
    pub fn is_local(&self) -> bool {
        matches!(self.address, ListenAddress::Tcp(address) if address.ip().is_loopback())
    }

    /// Returns the bound address.
    pub fn address(&self) -> &ListenAddress {
        &self.address
    }

    /// Serves requests until it is told to stop. Responses in flight are then finished.
    pub async fn serve(self, site: Site, stop: CancellationToken) {
        let server = Server { front: Arc::new(Front::new(site)), builder: builder(), open: GracefulShutdown::new() };
        let slots = Slots::new(MAX_CONNECTIONS);
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            let (connection, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // A client that hangs up before it is accepted is no problem.
                    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                        tracing::warn!("cannot accept a connection: {error}");
                        sleep(ACCEPT_RETRY).await;
                    }
                    continue;
                }
            };
            let Some(slot) = stop.run_until_cancelled(slots.take()).await else { break };
            server.spawn(connection, peer, slot);
        }
        let _ = timeout(SHUTDOWN_GRACE, server.open.shutdown()).await;
    }
}

/// The state that all connections share.
struct Server {
    front: Arc<Front>,
    builder: Builder<TokioExecutor>,
    open: GracefulShutdown,
}

impl Server {
    /// Serves one connection on a task of its own, until it ends or another one takes its slot.
    fn spawn(&self, connection: Connection, peer: Peer, slot: Slot) {
        let service = self.front.serve(slot.activity(), peer);
        let (builder, watcher) = (self.builder.clone(), self.open.watcher());
        tokio::spawn(async move {
            // The library would wait for the first bytes without a time limit.
            let serve = async {
                match connection {
                    Connection::Tcp(stream) => {
                        let Ok(Some(is_http2)) = speaks_http2(&stream, HEADER_TIMEOUT).await else { return };
                        let _ = stream.set_nodelay(true);
                        serve_stream(stream, is_http2, (builder, watcher), service).await;
                    }
                    Connection::Unix(stream) => {
                        let Ok(Some((is_http2, stream))) = sniff(stream, HEADER_TIMEOUT).await else { return };
                        serve_stream(stream, is_http2, (builder, watcher), service).await;
                    }
                }
            };
            tokio::select! {
                () = serve => {}
                () = slot.displaced() => {}
            }
        });
    }
}

/// Serves the requests of a connection. Its errors concern its client only.
async fn serve_stream<S: AsyncRead + AsyncWrite + Send + 'static>(
    stream: S,
    is_http2: bool,
    (builder, watcher): (Builder<TokioExecutor>, Watcher),
    service: ConnectionService,
) {
    let builder = if is_http2 { builder.http2_only() } else { builder.http1_only() };
    let mut stream = Box::pin(TimeoutStream::new(stream));
    stream.as_mut().set_write_timeout_pinned(Some(WRITE_TIMEOUT));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let _ = watcher.watch(connection.into_owned()).await;
}

/// Returns the settings of all connections.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADER_TIMEOUT)
        .keep_alive_timeout(HEADER_TIMEOUT)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST);
    builder
}
