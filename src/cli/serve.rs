//! `relais serve`.

use std::net::SocketAddr;

use super::context::load_plan_and_warn;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use crate::clock::SystemClock;
use crate::daemon;

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// The address to listen on. A name server, and a certificate, are the business of a reverse proxy (docs/GUIDE.md).
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8585")]
    listen: SocketAddr,
}

/// Serves the output until it is stopped.
pub(super) async fn run_serve(global: &GlobalArgs, args: &ServeArgs) -> Result<Exit, CommandError> {
    let plan = load_plan_and_warn(global)?;
    daemon::serve_output(&plan, args.listen, &SystemClock).await.map_err(CommandError::internal)?;
    Ok(Exit::Success)
}
