//! `relais init`: writes a feeds.toml to begin with, and makes the first run. The binary alone is enough: the texts are in it.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::ValueHint;
use tempfile::NamedTempFile;

use super::check::size_of;
use super::context::parse_lang;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::opml::read_sources;
use super::output::print;
use super::run::{RunArgs, run};
use crate::config::{self, Plan, with_sources, with_translation};
use crate::model::Lang;

/// The feeds.toml of the repository: every key of use, and all sources.
const FULL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/feeds.toml"));
/// Three sources and one edition.
const MINIMAL: &str = include_str!("init/minimal.toml");
/// One edition of all sources, and no source: those of an OPML file are added.
const OF_OPML: &str = include_str!("init/opml.toml");

#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Write a short file: three sources and one edition.
    #[arg(long, conflicts_with = "opml")]
    minimal: bool,
    /// Take the sources from an OPML file of another feed reader, or - for standard input; folders become tags.
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    opml: Option<String>,
    /// Add an edition that is translated into this language on this machine, with models that a run gets by itself.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    translate: Option<Lang>,
    /// Replace a feeds.toml that exists.
    #[arg(long)]
    force: bool,
    /// Write and validate the file, and visit nothing.
    #[arg(long, conflicts_with = "open")]
    no_run: bool,
    /// Open the front page in a browser.
    #[arg(long)]
    open: bool,
}

/// Writes feeds.toml, runs it, and says what to do next. The exit code is that of the run.
pub(super) async fn run_init(global: &GlobalArgs, args: &InitArgs) -> Result<Exit, CommandError> {
    let path = &global.config;
    if !args.force && path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let text = compose(args)?;
    let plan = config::parse(&text, path)
        .map_err(|problems| CommandError::usage(format!("the new file would be invalid\n{}", problems.render(true))))?;
    write(path, &text, args.force)?;
    tell(global, &format!("{} written: {}.\n", path.display(), size_of(&plan)))?;
    let exit = if args.no_run { Exit::Success } else { Box::pin(run(global, &RunArgs::first(args.open))).await? };
    tell(global, &next_steps(path, &plan))?;
    Ok(exit)
}

/// Makes the text of the file.
fn compose(args: &InitArgs) -> Result<String, CommandError> {
    let text = choose(args)?;
    let Some(lang) = &args.translate else { return Ok(text) };
    with_translation(&text, lang).map_err(CommandError::internal)
}

fn choose(args: &InitArgs) -> Result<String, CommandError> {
    let Some(file) = &args.opml else { return Ok(if args.minimal { MINIMAL } else { FULL }.to_owned()) };
    let sources = read_sources(file, None)?;
    if sources.is_empty() {
        return Err(CommandError::usage(format!("{file} lists no feed: nothing was written")));
    }
    with_sources(OF_OPML, &sources).map_err(CommandError::internal)
}

/// Writes the file as a whole or not at all. Without `replace` a file that has come meanwhile stays, too.
fn write(path: &Path, text: &str, replace: bool) -> Result<(), CommandError> {
    let failed = |error: io::Error| CommandError::internal(format!("cannot write {}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let written = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    match written {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        written => written.map(drop).map_err(|error| failed(error.error)),
    }
}

fn exists(path: &Path) -> CommandError {
    let path = path.display();
    CommandError::usage(format!("{path} exists already, and was not changed"))
        .with_hint("`relais run` uses it; `relais init --force` replaces it, `relais -c FILE init` writes another file")
}

fn tell(global: &GlobalArgs, text: &str) -> Result<(), CommandError> {
    if global.quiet { Ok(()) } else { print(text) }
}

/// Lists the commands for what comes next.
fn next_steps(path: &Path, plan: &Plan) -> String {
    let relais = if path == Path::new("feeds.toml") { "relais".to_owned() } else { format!("relais -c {}", path.display()) };
    let rows = [
        (format!("{relais} run"), "visits what is due; cron may call it every five minutes"),
        (format!("{relais} daemon --listen 127.0.0.1:8585"), "runs until stopped, and serves the pages"),
        (format!("{relais} add URL"), "adds the feed of a web page"),
        (format!("{relais} status"), "shows how the sources are"),
    ];
    let width = rows.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    let mut out = "\nNext:\n".to_owned();
    for (command, what) in rows {
        out.push_str(&format!("  {command:width$}  {what}\n"));
    }
    if plan.base_url.is_none() {
        out.push_str("Set `base_url` before anybody subscribes: it is part of every entry id.\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        config::parse(text, Path::new("/srv/feeds.toml")).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
    }

    #[test]
    fn sources_of_the_minimal_file_are_those_of_the_full_one() {
        let full = plan(FULL);
        for source in plan(MINIMAL).sources {
            let same = full.sources.iter().find(|other| other.id == source.id).expect("a source of that name");
            assert_eq!((&same.url, &same.title, &same.lang), (&source.url, &source.title, &source.lang));
            assert!(same.enabled, "{}: its address is a guess", source.id);
        }
    }

    #[test]
    fn commands_name_the_file_that_was_written() {
        let plan = plan(MINIMAL);
        assert!(next_steps(Path::new("feeds.toml"), &plan).contains("  relais run  "));
        assert!(next_steps(Path::new("/etc/relais/a.toml"), &plan).contains("  relais -c /etc/relais/a.toml run  "));
    }
}
