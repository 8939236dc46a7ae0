//! `relais daemon`.

use super::args::{Args, DaemonArgs};
use super::check::load;
use super::exit::{Exit, Failure};
use crate::clock::SystemClock;
use crate::config;
use crate::daemon::{Daemon, daemon as keep};

/// Goes on until somebody says stop.
pub(super) async fn daemon(args: &Args, ask: &DaemonArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let reload = || config::load(&args.config).map_err(|problems| problems.render(false));
    let daemon =
        Daemon { path: &args.config, load: &reload, clock: &SystemClock, listen: ask.listen, process: std::process::id() };
    match Box::pin(keep(&daemon, plan)).await {
        Ok(()) => Ok(Exit::Good),
        Err(error) if error.is_configuration() => Err(Failure::usage(error)),
        Err(error) => Err(Failure::own(error)),
    }
}
