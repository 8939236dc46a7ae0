//! Connections: as many as can be kept, none for longer than it has something to say.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{ServerState, routes};

/// Connections at a time; more wait until one ends.
const CONNECTIONS: usize = 256;
/// How long a request may take to say what it wants; a connection that asks for nothing more ends after that, too.
const HEADERS: Duration = Duration::from_secs(10);
/// How long an answer may take when everything ends.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait when the system has no connections left to give.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// Why nobody can be listened to.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {why}; choose another address with --listen")]
pub struct ListenError {
    address: SocketAddr,
    why: io::Error,
}

/// An address that is listened on.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on an address; with port 0 on any that is free.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let bound = async {
            let socket = TcpListener::bind(address).await?;
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        };
        bound.await.map_err(|why| ListenError { address, why })
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is told to stop; what is being answered then is finished.
    pub async fn serve(self, state: Arc<ServerState>, stop: CancellationToken) {
        let service = TowerToHyperService::new(routes(state));
        // Of one version only: to find out which, the library would wait for the first bytes for ever.
        let mut builder = Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_headers(100);
        let (places, open) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
        loop {
            let accept = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, self.socket.accept().await)
            };
            let (place, accepted) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accept => accepted,
            };
            let connection = match accepted {
                Ok((connection, _)) => connection,
                Err(error) => {
                    // One that was given up before it was taken is no matter.
                    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                        tracing::warn!("a connection could not be taken: {error}");
                        sleep(EXHAUSTED).await;
                    }
                    continue;
                }
            };
            let connection = builder.serve_connection(TokioIo::new(connection), service.clone()).into_owned();
            let connection = open.watch(connection);
            tokio::spawn(async move {
                // How it ends is the business of whoever made it.
                let _ = connection.await;
                drop(place);
            });
        }
        let _ = timeout(GRACE, open.shutdown()).await;
    }
}
