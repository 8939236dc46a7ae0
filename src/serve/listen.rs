//! The HTTP listener, with limits for the number of connections and for idle ones.
//!
//! Whoever opens connections and sends nothing, or a byte now and then, must not keep out a probe that asks whether the daemon is
//! alive. So a connection is always accepted; where there are too many, the one closes that has waited longest without a request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::routes::routes;
use super::slots::{Slots, track};
use super::state::ServerState;

/// The number of open connections. For one more the oldest without a request closes; if all have one, it waits until one ends.
const MAX_CONNECTIONS: usize = 256;
/// The time limit for the headers of a request, and for an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
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

    /// Returns the bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests until it is told to stop. Responses in flight are then finished.
    pub async fn serve(self, state: Arc<ServerState>, stop: CancellationToken) {
        let routes = routes(state);
        // HTTP/1 only: to detect the version, the library would wait for the first bytes without a time limit.
        let mut builder = Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_headers(100);
        let (slots, open) = (Slots::new(MAX_CONNECTIONS), GracefulShutdown::new());
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
            let service = routes.clone().layer(middleware::from_fn_with_state(slot.activity(), track));
            let connection = builder.serve_connection(TokioIo::new(connection), TowerToHyperService::new(service));
            let connection = open.watch(connection.into_owned());
            tokio::spawn(async move {
                // Errors of one connection concern its client only.
                tokio::select! {
                    _ = connection => {}
                    () = slot.displaced() => {}
                }
            });
        }
        let _ = timeout(SHUTDOWN_GRACE, open.shutdown()).await;
    }
}
