//! `relais status`: the state of sources, editions, engines and the store.

mod engines;
mod notifications;
mod tables;

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::clock::SystemClock;
use crate::model::Clock;
use crate::serve::status::Status;

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the status. The exit code says whether an enabled source, an engine or a notification fails.
pub(super) async fn run_status(global: &GlobalArgs, args: &StatusArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let status = Status::read(&plan, SystemClock.now()).await.map_err(CommandError::internal)?;
    let text = if args.json {
        serde_json::to_string_pretty(&status).map_err(CommandError::internal)? + "\n"
    } else {
        tables::status_tables(&status)
    };
    print(&text)?;
    Ok(if status.has_failure() { Exit::Faults } else { Exit::Success })
}
