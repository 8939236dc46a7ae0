//! `relais schema`, `completions` and `man`: what is generated from the program's own declarations.

use std::path::Path;

use clap::CommandFactory;

use super::args::Args;
use super::exit::{Exit, Failure, print};
use crate::config;
use crate::sink::OutputDir;

/// Prints the JSON Schema of feeds.toml.
pub(super) fn schema() -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(&config::schema()).map_err(Failure::own)?;
    print(&format!("{text}\n"))?;
    Ok(Exit::Good)
}

/// Prints completions for a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "relais", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Good)
}

/// Prints the manual page, or writes one for each command into a folder.
pub(super) fn man(folder: Option<&Path>) -> Result<Exit, Failure> {
    let page = |command: clap::Command| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map(|()| page).map_err(Failure::own)
    };
    let command = Args::command();
    let Some(folder) = folder else {
        print(&String::from_utf8_lossy(&page(command)?))?;
        return Ok(Exit::Good);
    };
    let dir = OutputDir::open(folder).map_err(Failure::own)?;
    dir.put("relais.1", &page(command.clone())?).map_err(Failure::own)?;
    for sub in command.get_subcommands() {
        let file = format!("relais-{}.1", sub.get_name());
        dir.put(&file, &page(sub.clone().display_name(format!("relais-{}", sub.get_name())))?).map_err(Failure::own)?;
    }
    Ok(Exit::Good)
}
