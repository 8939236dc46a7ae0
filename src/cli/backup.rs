//! `relais backup`: a copy of the state while relais runs.

use std::path::{Path, PathBuf};

use anstream::eprintln;
use clap::ValueHint;

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use crate::store::{self, BackupError};

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The copy. There must be no file of that name.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// Copies the state to a file.
pub(super) async fn run_backup(global: &GlobalArgs, args: &BackupArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let Some(state) = plan.state.file() else {
        return Err(CommandError::usage("the state is in PostgreSQL, which makes its own backups").with_hint(format!(
            "pg_dump --format=custom --file={} {}",
            quoted(&args.file),
            quoted(Path::new(&plan.state.to_string()))
        )));
    };
    let size = store::back_up(state, &args.file).await.map_err(|error| match error {
        BackupError::Exists(_) => CommandError::usage(error).with_hint("name another file"),
        error => CommandError::internal(error),
    })?;
    if !global.quiet {
        eprintln!("state copied to {} and checked ({} KiB)", args.file.display(), size.div_ceil(1024));
    }
    Ok(Exit::Success)
}

/// Quotes a word for a shell if it needs that.
fn quoted(word: &Path) -> String {
    let word = word.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=,".contains(c);
    if word.chars().all(is_plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        for (word, shown) in [("relais.dump", "relais.dump"), ("a b.dump", "'a b.dump'"), ("l'été", r"'l'\''été'")] {
            assert_eq!(quoted(Path::new(word)), shown);
        }
    }
}
