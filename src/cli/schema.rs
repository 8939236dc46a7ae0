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

/// Prints the manual page of `command`, or writes one page for it and each of its subcommands to a folder.
pub(super) fn run_man(args: &ManArgs, command: &clap::Command) -> Result<Exit, CommandError> {
    let Some(folder) = &args.folder else {
        print(&String::from_utf8_lossy(&render_page(command.clone())?))?;
        return Ok(Exit::Success);
    };
    let dir = OutputDir::open(folder).map_err(CommandError::internal)?;
    write_pages(&dir, "relais", command)?;
    Ok(Exit::Success)
}

/// Writes the page of a command and those of its subcommands, to which it refers.
fn write_pages(dir: &OutputDir, name: &str, command: &clap::Command) -> Result<(), CommandError> {
    let page = render_page(command.clone().display_name(name.to_owned()))?;
    dir.write_file(&format!("{name}.1"), &page).map_err(CommandError::internal)?;
    command.get_subcommands().try_for_each(|sub| write_pages(dir, &format!("{name}-{}", sub.get_name()), sub))
}

fn render_page(command: clap::Command) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(CommandError::internal)?;
    Ok(page)
}
