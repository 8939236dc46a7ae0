//! The HTTP listener, with limits for the number of connections and for idle ones.
//!
//! Whoever opens connections and sends nothing, or a byte now and then, must not keep out a probe that asks whether the daemon is
//! alive. So a connection is always accepted; where there are too many, the one closes that has waited longest without a request.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::{Router, middleware};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use super::protocol::speaks_http2;
use super::routes::{Site, routes};
use super::slots::{Slot, Slots, track};

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
#[error("cannot listen on {address}: {why}; choose another address with --listen")]
pub struct ListenError {
    address: SocketAddr,
    why: io::Error,
}

/// A bound address.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address. With port 0 the system chooses a free port.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let bound = async {
            let socket = TcpListener::bind(address).await?;
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        };
        bound.await.map_err(|why| ListenError { address, why })
    }

    /// Returns true if only this machine can reach the address.
    pub fn is_local(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Returns the bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests until it is told to stop. Responses in flight are then finished.
    pub async fn serve(self, site: Site, stop: CancellationToken) {
        let server = Server { routes: routes(site), builder: builder(), open: GracefulShutdown::new() };
        let slots = Slots::new(MAX_CONNECTIONS);
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            let connection = match accepted {
                Ok((connection, _)) => connection,
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
            server.spawn(connection, slot);
        }
        let _ = timeout(SHUTDOWN_GRACE, server.open.shutdown()).await;
    }
}

/// The state that all connections share.
struct Server {
    routes: Router,
    builder: Builder<TokioExecutor>,
    open: GracefulShutdown,
}

impl Server {
    /// Serves one connection on a task of its own, until it ends or another one takes its slot.
    fn spawn(&self, connection: TcpStream, slot: Slot) {
        let routes = self.routes.clone().layer(middleware::from_fn_with_state(slot.activity(), track));
        let (builder, watcher) = (self.builder.clone(), self.open.watcher());
        tokio::spawn(async move {
            let serve = async {
                // The library would wait for the first bytes without a time limit.
                let Ok(Some(is_http2)) = speaks_http2(&connection, HEADER_TIMEOUT).await else { return };
                let builder = if is_http2 { builder.http2_only() } else { builder.http1_only() };
                let _ = connection.set_nodelay(true);
                let mut stream = Box::pin(TimeoutStream::new(connection));
                stream.as_mut().set_write_timeout_pinned(Some(WRITE_TIMEOUT));
                let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
                // Errors of one connection concern its client only.
                let _ = watcher.watch(connection.into_owned()).await;
            };
            tokio::select! {
                () = serve => {}
                () = slot.displaced() => {}
            }
        });
    }
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
