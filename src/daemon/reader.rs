//! A process that only serves what others publish.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::DaemonError;
use super::signals::{SignalRequest, Signals};
use super::systemd;
use crate::config::Plan;
use crate::model::Clock;
use crate::serve::{Console, Files, Freshness, Listener, Role, SharedFiles, Site};

/// Serves the output of a plan until a signal stops it. Nothing is written, neither to the output nor to the database.
pub async fn serve_output(plan: &Plan, address: SocketAddr, clock: &'static dyn Clock) -> Result<(), DaemonError> {
    let Some(folder) = plan.output.folder() else {
        return Err(DaemonError::NoFolder { output: plan.output.to_string() });
    };
    let mut signals = Signals::listen().map_err(DaemonError::Signals)?;
    let listener = Listener::bind(address).await?;
    tracing::warn!("serving {} on http://{}{}/", folder.display(), listener.address(), plan.serve.base_path);
    let files = Arc::new(SharedFiles::new(Files::new(Some(folder), plan.base_url.clone())));
    let freshness = Freshness { files: Arc::clone(&files), state: plan.state.url().to_owned(), every: plan.fetch.every, clock };
    let console = Arc::new(Console::new(plan.clone(), None, clock, listener.is_local())?);
    let site = Site { files, console, role: Role::Reader(Arc::new(freshness)), base_path: plan.serve.base_path.clone() };
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
