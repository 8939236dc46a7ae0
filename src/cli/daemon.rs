//! `relais daemon`.

use super::context::load_plan_and_warn;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use crate::clock::SystemClock;
use crate::config;
use crate::daemon::{self, Daemon};
use crate::model::ListenAddress;

#[derive(Debug, clap::Args)]
pub(super) struct DaemonArgs {
    /// Serve HTTP on this address, or on a Unix socket (`unix:/run/relais/relais.sock`): the output, /healthz, /readyz, and the callbacks of WebSub hubs. Hubs must be able to reach them at `base_url`
    /// followed by `websub/`.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<ListenAddress>,
}

/// Runs the daemon until it is stopped.
pub(super) async fn run_daemon(global: &GlobalArgs, args: &DaemonArgs) -> Result<Exit, CommandError> {
    let plan = load_plan_and_warn(global)?;
    let load = || config::load(&global.config);
    let settings = Daemon {
        path: &global.config,
        load: &load,
        clock: &SystemClock,
        listen: args.listen.clone(),
        process: std::process::id(),
    };
    match Box::pin(daemon::run_daemon(&settings, plan)).await {
        Ok(()) => Ok(Exit::Success),
        Err(error) if error.is_configuration() => Err(CommandError::usage(error)),
        Err(error) => Err(CommandError::internal(error)),
    }
}
