//! `relais schema`, `completions` and `man`: everything that is generated from the declarations of the program.

use std::path::PathBuf;

use clap::ValueHint;

use super::error::{CommandError, Exit};
use super::output::print;
use crate::config;
use crate::sink::OutputDir;

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The folder.
    #[arg(value_hint = ValueHint::DirPath)]
    folder: Option<PathBuf>,
}

/// Prints the JSON Schema of feeds.toml.
pub(super) fn run_schema() -> Result<Exit, CommandError> {
    let text = serde_json::to_string_pretty(&config::schema()).map_err(CommandError::internal)?;
    print(&format!("{text}\n"))?;
    Ok(Exit::Success)
}

/// Prints the completions of `command` for a shell.
pub(super) fn run_completions(args: &CompletionsArgs, mut command: clap::Command) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "relais", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

/// Prints the manual page of `command`, or writes one page per subcommand to a folder.
pub(super) fn run_man(args: &ManArgs, command: &clap::Command) -> Result<Exit, CommandError> {
    let Some(folder) = &args.folder else {
        print(&String::from_utf8_lossy(&render_page(command.clone())?))?;
        return Ok(Exit::Success);
    };
    let dir = OutputDir::open(folder).map_err(CommandError::internal)?;
    dir.write_file("relais.1", &render_page(command.clone())?).map_err(CommandError::internal)?;
    for sub in command.get_subcommands() {
        let name = format!("relais-{}", sub.get_name());
        dir.write_file(&format!("{name}.1"), &render_page(sub.clone().display_name(name))?).map_err(CommandError::internal)?;
    }
    Ok(Exit::Success)
}

fn render_page(command: clap::Command) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(CommandError::internal)?;
    Ok(page)
}
