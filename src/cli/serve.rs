//! `relais serve`.

use super::context::load_plan_and_warn;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use crate::clock::SystemClock;
use crate::daemon;
use crate::model::ListenAddress;

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// The address to listen on, or a Unix socket (`unix:/run/relais/relais.sock`). Default: `[serve] listen` of feeds.toml, else
    /// 127.0.0.1:8585. A name server, and a certificate, are the business of a reverse proxy (docs/GUIDE.md).
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<ListenAddress>,
}

/// Serves the output until it is stopped.
pub(super) async fn run_serve(global: &GlobalArgs, args: &ServeArgs) -> Result<Exit, CommandError> {
    let plan = load_plan_and_warn(global)?;
    daemon::serve_output(&plan, args.listen.as_ref(), &SystemClock).await.map_err(CommandError::internal)?;
    Ok(Exit::Success)
}
