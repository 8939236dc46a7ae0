//! `relais prune`.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::context::{load_plan, select_editions, select_sources};
use super::count::count;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::table::{Cell, Table};
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::model::{Clock, SourceId, Time};
use crate::store::{Access, PruneMode, Pruned, Store, StoreError};

#[derive(Debug, clap::Args)]
pub(super) struct PruneArgs {
    /// Only entries of the sources of these editions.
    #[arg(long, value_name = "ID", num_args = 1..)]
    edition: Vec<String>,
    /// Only entries of these sources.
    #[arg(long, value_name = "ID", num_args = 1..)]
    source: Vec<String>,
    /// Say what would be deleted, and delete nothing.
    #[arg(long)]
    dry_run: bool,
}

/// The entries of a source that retention deletes.
struct PrunedSource {
    source: SourceId,
    entries: u64,
    before: Time,
}

/// Deletes the entries that no edition keeps any longer and that their sources do not list, and old records beside them.
pub(super) async fn run_prune(global: &GlobalArgs, args: &PruneArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let chosen = choose_sources(&plan, args)?;
    let (access, mode) = if args.dry_run { (Access::Look, PruneMode::Count) } else { (Access::Work, PruneMode::Delete) };
    let now = SystemClock.now();
    let store = match Store::open(plan.state.url(), access).await {
        Err(StoreError::Empty { .. }) => {
            return print("Nothing has run yet: there is nothing to delete.\n").map(|()| Exit::Success);
        }
        opened => opened.map_err(CommandError::internal)?,
    };
    let sources = prune_sources(&store, &plan, chosen, now, mode).await.map_err(CommandError::internal)?;
    // Records belong to no edition and no source.
    let history = if args.edition.is_empty() && args.source.is_empty() {
        let before = now.minus(plan.longest_keep_for());
        Some(store.prune_history(before, mode).await.map_err(CommandError::internal)?)
    } else {
        None
    };
    store.close().await.map_err(CommandError::internal)?;
    print(&describe(&sources, history, mode))?;
    Ok(Exit::Success)
}

/// Returns the sources of feeds.toml that `--edition` and `--source` select.
fn choose_sources(plan: &Plan, args: &PruneArgs) -> Result<Vec<SourceId>, CommandError> {
    let (named, editions) = (select_sources(plan, &args.source)?, select_editions(plan, &args.edition)?);
    let taken: Option<HashSet<&SourceId>> = editions.map(|editions| {
        let editions = plan.editions.iter().filter(|edition| editions.contains(&edition.id));
        editions.flat_map(|edition| &edition.from).collect()
    });
    let is_chosen = |id: &&SourceId| {
        named.as_ref().is_none_or(|named| named.contains(*id)) && taken.as_ref().is_none_or(|taken| taken.contains(*id))
    };
    Ok(plan.sources.iter().map(|source| &source.id).filter(is_chosen).cloned().collect())
}

/// Deletes or counts the old entries of these sources. Returns the sources that have some, in their order.
async fn prune_sources(
    store: &Store,
    plan: &Plan,
    sources: Vec<SourceId>,
    now: Time,
    mode: PruneMode,
) -> Result<Vec<PrunedSource>, StoreError> {
    let mut groups: BTreeMap<Duration, Vec<SourceId>> = BTreeMap::new();
    for id in &sources {
        groups.entry(plan.keep_for(id)).or_default().push(id.clone());
    }
    let mut found: BTreeMap<SourceId, (u64, Time)> = BTreeMap::new();
    for (keep_for, group) in groups {
        let before = now.minus(keep_for);
        let counts = store.prune_entries(&group, before, mode).await?;
        found.extend(counts.into_iter().map(|(id, entries)| (id, (entries, before))));
    }
    let pruned = sources.into_iter().filter_map(|source| {
        let (entries, before) = found.get(&source).copied()?;
        Some(PrunedSource { source, entries, before })
    });
    Ok(pruned.collect())
}

/// Describes what was deleted, or would be.
fn describe(sources: &[PrunedSource], history: Option<Pruned>, mode: PruneMode) -> String {
    let mut out = String::new();
    if !sources.is_empty() {
        let mut table = Table::new(&["source", "entries", "older than"]);
        for PrunedSource { source, entries, before } in sources {
            let day = before.rfc3339().split('T').next().unwrap_or_default().to_owned();
            table.row(vec![Cell::text(source.as_str()), Cell::number(*entries), Cell::text(day)]);
        }
        out = table.render() + "\n";
    }
    let entries: u64 = sources.iter().map(|source| source.entries).sum();
    let mut parts = vec![count(entries, "entry")];
    if let Some(Pruned { outcomes, runs, memories }) = history {
        let rest = [
            count(outcomes, "outcome") + " of visits",
            count(runs, "report") + " of runs",
            count(memories, "translation") + " of the memory",
        ];
        parts.extend(rest);
    }
    let done = if mode == PruneMode::Count { "would be deleted" } else { "deleted" };
    out + &format!("{done}: {}\n", parts.join(", "))
}
