//! A process that only serves what others publish.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::signals::{SignalRequest, Signals};
use super::systemd;
use super::{DaemonError, listener};
use crate::config::Plan;
use crate::model::{Clock, ListenAddress};
use crate::serve::{Console, Files, Freshness, Role, SharedFiles, Site};

/// The address where none is named.
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8585);

/// Serves the output of a plan until a signal stops it. Nothing is written, neither to the output nor to the database.
/// Without an address, and with none in `plan`, it listens on this machine only.
pub async fn serve_output(plan: &Plan, address: Option<&ListenAddress>, clock: &'static dyn Clock) -> Result<(), DaemonError> {
    let mut signals = Signals::listen().map_err(DaemonError::Signals)?;
    let files = Arc::new(SharedFiles::new(Files::of(plan)?));
    let own = ListenAddress::Tcp(DEFAULT);
    let address = address.or(plan.serve.listen.as_ref()).unwrap_or(&own);
    let Some(listener) = listener(Some(address), plan).await? else { return Ok(()) };
    let place = match listener.address() {
        address @ ListenAddress::Tcp(_) => format!("{address}{}/", plan.serve.base_path),
        address @ ListenAddress::Unix(_) => address.to_string(),
    };
    tracing::warn!("serving {} on {place}", plan.output);
    let freshness = Freshness { files: Arc::clone(&files), state: plan.state.url().to_owned(), every: plan.fetch.every, clock };
    let console = Arc::new(Console::new(plan.clone(), None, clock, listener.is_local())?);
    let site = Site { files, console, role: Role::Reader(Arc::new(freshness)) };
    let stop = CancellationToken::new();
    let mut serving = pin!(listener.serve(site, stop.clone()));
    systemd::notify_ready("serving the output");
    loop {
        tokio::select! {
            biased;
            request = signals.next() => match request {
                SignalRequest::Stop => break,
                SignalRequest::Reload => tracing::warn!("`relais serve` reads feeds.toml when it starts only: restart it"),
            },
            () = &mut serving => return Ok(()),
        }
    }
    systemd::notify_stopping();
    stop.cancel();
    serving.await;
    Ok(())
}
