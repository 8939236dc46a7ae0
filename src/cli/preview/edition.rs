//! Compares an edition with what it would be under other rules.

use serde::Serialize;

use super::PreviewArgs;
use crate::cli::context::unknown_name;
use crate::cli::count::count;
use crate::cli::error::CommandError;
use crate::clock::SystemClock;
use crate::config::{Edition, Plan};
use crate::model::{Clock, Lang};
use crate::pipeline::{ChangedEdition, FoundEntry, preview_edition};
use crate::store::{Access, Store, StoreError};

/// A changed edition in JSON. Scripts rely on the field names.
#[derive(Serialize)]
struct ChangedJson {
    edition: String,
    lang: Option<Lang>,
    stays: usize,
    appears: Vec<EntryJson>,
    disappears: Vec<EntryJson>,
}

#[derive(Serialize)]
struct EntryJson {
    id: String,
    source: String,
    title: String,
    date: String,
}

/// Compares an edition with what it would be with other rules.
pub(super) async fn preview(plan: &Plan, args: &PreviewArgs) -> Result<String, CommandError> {
    let edition = find_edition(plan, args.edition.as_deref().unwrap_or_default())?;
    let filter = args.tried(&edition.filter)?.ok_or_else(|| {
        CommandError::usage("there is no rule to try")
            .with_hint("add --keep EXPR or --drop EXPR, or name a source to see what it gives")
    })?;
    let tried = Edition { filter, ..edition.clone() };
    let store = match Store::open(plan.state.url(), Access::Look).await {
        Ok(store) => store,
        Err(StoreError::Empty { .. }) => {
            return Err(CommandError::usage("nothing has been fetched yet").with_hint("run `relais run` first"));
        }
        Err(error) => return Err(CommandError::internal(error)),
    };
    let changed = preview_edition(&store, edition, &tried, SystemClock.now()).await.map_err(CommandError::internal)?;
    if args.json {
        let changed: Vec<ChangedJson> = changed.iter().map(|changed| to_json(&edition.id, changed)).collect();
        return Ok(serde_json::to_string_pretty(&changed).map_err(CommandError::internal)? + "\n");
    }
    Ok(changed.iter().map(|changed| render(&edition.id, changed)).collect())
}

/// Returns an edition of the plan.
pub(super) fn find_edition<'p>(plan: &'p Plan, id: &str) -> Result<&'p Edition, CommandError> {
    let known: Vec<&str> = plan.editions.iter().map(|edition| edition.id.as_str()).collect();
    plan.editions.iter().find(|edition| edition.id == id).ok_or_else(|| unknown_name("edition", id, &known))
}

fn render(edition: &str, changed: &ChangedEdition) -> String {
    let name = changed.lang.as_ref().map_or_else(|| edition.to_owned(), |lang| format!("{edition}.{lang}"));
    let (appears, disappears) = (changed.appears.len(), changed.disappears.len());
    let stays = count(changed.stays as u64, "entry");
    let mut out = format!("{name}: {stays} would stay, {appears} appear, {disappears} disappear\n");
    for (sign, entries) in [("+", &changed.appears), ("-", &changed.disappears)] {
        for entry in entries {
            out.push_str(&format!("  {sign} {}  {}: {}\n", entry.row.at, entry.row.source, entry.title));
        }
    }
    out
}

fn to_json(edition: &str, changed: &ChangedEdition) -> ChangedJson {
    let entries = |entries: &[FoundEntry]| entries.iter().map(entry_json).collect();
    ChangedJson {
        edition: edition.to_owned(),
        lang: changed.lang.clone(),
        stays: changed.stays,
        appears: entries(&changed.appears),
        disappears: entries(&changed.disappears),
    }
}

fn entry_json(entry: &FoundEntry) -> EntryJson {
    EntryJson {
        id: entry.row.id.to_string(),
        source: entry.row.source.to_string(),
        title: entry.title.to_string(),
        date: entry.row.at.to_string(),
    }
}
