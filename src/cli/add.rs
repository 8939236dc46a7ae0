//! `relais add`: the feed behind a page becomes a source.

use std::io::{BufRead, IsTerminal, Write as _};
use std::path::Path;

use anstream::eprintln;

use super::args::{AddArgs, Args};
use super::check::load;
use super::exit::{Exit, Failure, print};
use crate::config::{self, NewSource, Plan, source_id, source_table, with_sources};
use crate::pipeline::{self, FoundFeed, seek};

/// Finds the feed behind a page and adds it.
pub(super) async fn add(args: &Args, ask: &AddArgs) -> Result<Exit, Failure> {
    let plan = plan(args)?;
    let client = pipeline::client(&plan.fetch).map_err(Failure::own)?;
    let address = if ask.url.contains("://") { ask.url.clone() } else { format!("https://{}", ask.url) };
    let found = seek(&client, &address).await.map_err(Failure::fault)?;
    let chosen = choose(ask, &found)?;
    let mut sources: Vec<NewSource> = Vec::new();
    for feed in chosen {
        if let Some(known) = known(&plan, &feed.url) {
            eprintln!("{} is there already, as [source.{known}]", feed.url);
            continue;
        }
        let taken =
            |id: &str| plan.sources.iter().any(|source| source.id.as_str() == id) || sources.iter().any(|new| new.id == id);
        let id = match &ask.id {
            Some(id) if sources.is_empty() => id.clone(),
            _ => source_id(&feed.url.parse().map_err(Failure::own)?, &taken),
        };
        eprintln!("{}", described(feed));
        sources.push(NewSource {
            id,
            url: feed.url.clone(),
            title: Some(feed.title.clone()).filter(|title| !title.is_empty()),
            lang: feed.lang.clone(),
            tags: ask.tag.clone(),
        });
    }
    if sources.is_empty() {
        return Err(Failure::usage("nothing was added"));
    }
    write(&args.config, &sources, ask.dry_run)
}

/// A name that no edition of anybody's has.
const ANY_EDITION: &str = "\n[edition.relais-add]\nfrom = [\"*\"]\n";

/// The plan that sources are added to. A file that has none yet, or no edition, is one too.
pub(super) fn plan(args: &Args) -> Result<Plan, Failure> {
    if config::load(&args.config).is_ok() {
        return load(args);
    }
    let any = NewSource { id: "relais-add".to_owned(), url: "https://relais.invalid/".to_owned(), ..NewSource::default() };
    let text = std::fs::read_to_string(&args.config).unwrap_or_default();
    let complete = |more: &str| {
        let text = with_sources(&text, std::slice::from_ref(&any)).ok()? + more;
        let mut plan = config::parse(&text, &args.config).ok()?;
        plan.sources.retain(|source| source.id.as_str() != any.id);
        Some(plan)
    };
    complete("").or_else(|| complete(ANY_EDITION)).map_or_else(|| load(args), Ok)
}

/// Writes sources into feeds.toml, if it is in order with them; with `dry`, prints what would be written.
pub(super) fn write(path: &Path, sources: &[NewSource], dry: bool) -> Result<Exit, Failure> {
    let cannot = |what: &str, error: &dyn std::fmt::Display| Failure::own(format!("cannot {what} {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| cannot("read", &error))?;
    let text = with_sources(&text, sources).map_err(Failure::usage)?;
    if let Err(problems) = config::parse(&text, path) {
        // That there is no edition yet was so before.
        if config::parse(&(text.clone() + ANY_EDITION), path).is_err() {
            return Err(Failure::usage(format!(
                "{} would not be in order with it, and was left as it is:\n{}",
                path.display(),
                problems.render(true)
            )));
        }
        eprintln!("there is no edition yet: add a table [edition.NAME] with `from = [\"*\"]`");
    }
    let tables: Vec<String> = sources.iter().map(source_table).collect();
    if !dry {
        // Through a link to the file itself: that is what somebody edits.
        let file = std::fs::canonicalize(path).map_err(|error| cannot("find", &error))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let mode = std::fs::metadata(&file).map_err(|error| cannot("look at", &error))?.permissions();
        let mut new = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot("write beside", &error))?;
        new.write_all(text.as_bytes()).and_then(|()| new.as_file().sync_all()).map_err(|error| cannot("write", &error))?;
        new.as_file().set_permissions(mode).map_err(|error| cannot("write", &error))?;
        new.persist(&file).map_err(|error| cannot("replace", &error.error))?;
    }
    print(&tables.join("\n"))?;
    Ok(Exit::Good)
}

/// Which source has this address already.
pub(super) fn known<'p>(plan: &'p Plan, url: &str) -> Option<&'p str> {
    let canonical =
        |url: &str| crate::feed::canonicalize_url(url, None).unwrap_or_else(|| url.to_owned()).trim_end_matches('/').to_owned();
    plan.sources.iter().find(|source| canonical(&source.url) == canonical(url)).map(|source| source.id.as_str())
}

/// The feeds that are wanted of those that were found.
fn choose<'f>(ask: &AddArgs, found: &'f [FoundFeed]) -> Result<Vec<&'f FoundFeed>, Failure> {
    let numbered = |number: usize| {
        number
            .checked_sub(1)
            .and_then(|place| found.get(place))
            .map(|feed| vec![feed])
            .ok_or_else(|| Failure::usage(format!("there is no feed {number}: {} were found", found.len())))
    };
    if ask.all {
        return Ok(found.iter().collect());
    }
    if let Some(number) = ask.pick {
        return numbered(number);
    }
    if let [only] = found {
        return Ok(vec![only]);
    }
    for (number, feed) in found.iter().enumerate() {
        eprintln!("{}. {}", number + 1, described(feed));
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Failure::usage(format!("{} feeds were found: say which with `--pick NUMBER`, or `--all`", found.len())));
    }
    eprintln!("Which one? [1]");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Failure::own)?;
    match line.trim() {
        "" => numbered(1),
        number => numbered(number.parse().map_err(|_| Failure::usage(format!("{number:?} is no number")))?),
    }
}

/// A feed in one line.
fn described(feed: &FoundFeed) -> String {
    let newest = feed.newest.map(|time| format!(", the newest of {time}")).unwrap_or_default();
    let lang = feed.lang.as_deref().unwrap_or("no language");
    format!("{} “{}” ({}, {lang}, {} entries{newest})", feed.url, feed.title, feed.format, feed.entries)
}
