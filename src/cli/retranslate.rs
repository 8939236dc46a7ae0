//! `relais retranslate`.

use anstream::eprintln;

use super::context::{load_plan, parse_day, parse_lang, unknown_name};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use crate::config::Plan;
use crate::model::{Lang, SourceId};
use crate::store::{Access, Store};

#[derive(Debug, clap::Args)]
pub(super) struct RetranslateArgs {
    /// Only translations of entries of these editions, in their languages.
    #[arg(long, value_name = "ID", num_args = 1..)]
    edition: Vec<String>,
    /// Only translations into this language.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    lang: Option<Lang>,
    /// Only translations of entries of these sources.
    #[arg(long, value_name = "ID", num_args = 1..)]
    source: Vec<String>,
    /// Only translations of entries published since this day (2026-11-24).
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Also delete the segments with this term from the memory: an engine translates them again, at a cost.
    #[arg(long, value_name = "TERM")]
    term: Option<String>,
}

/// Deletes translated renditions and refusals, and segments of the memory with `--term`.
pub(super) async fn run_retranslate(global: &GlobalArgs, args: &RetranslateArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let sources = select_source_list(&plan, args)?;
    let since = args.since.as_deref().map(parse_day).transpose()?;
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(CommandError::internal)?;
    let langs: Vec<Option<Lang>> = match (&args.lang, args.edition.is_empty()) {
        (Some(lang), _) => vec![Some(lang.clone())],
        (None, true) => vec![None],
        (None, false) => edition_langs(&plan, &args.edition).into_iter().map(Some).collect(),
    };
    let (mut segments, mut refusals, mut renditions) = (0, 0, 0);
    for lang in &langs {
        if let Some(term) = &args.term {
            segments += store.delete_memory(term, lang.as_ref()).await.map_err(CommandError::internal)?;
        }
        refusals += store.delete_refusals(lang.as_ref()).await.map_err(CommandError::internal)?;
        let deleted = store.delete_translations(sources.as_deref(), lang.as_ref(), since).await;
        renditions += deleted.map_err(CommandError::internal)?;
    }
    store.close().await.map_err(CommandError::internal)?;
    if !global.quiet {
        let paid = if args.term.is_some() { format!(" and {segments} segments of the memory") } else { String::new() };
        let refused = if refusals > 0 { format!("; forgot {refusals} refused segments") } else { String::new() };
        eprintln!("deleted {renditions} translations{paid}{refused}; the next run makes them again");
    }
    Ok(Exit::Success)
}

/// Returns the sources of `--source`, else those of `--edition`; `None` means all.
fn select_source_list(plan: &Plan, args: &RetranslateArgs) -> Result<Option<Vec<SourceId>>, CommandError> {
    let mut chosen: Option<Vec<SourceId>> = None;
    for name in &args.source {
        let source = plan.sources.iter().find(|source| source.id.as_str() == name);
        let known = || plan.sources.iter().map(|source| source.id.as_str()).collect::<Vec<_>>();
        let source = source.ok_or_else(|| unknown_name("source", name, &known()))?;
        chosen.get_or_insert_default().push(source.id.clone());
    }
    for name in &args.edition {
        let edition = plan.editions.iter().find(|edition| edition.id == *name);
        let known = || plan.editions.iter().map(|edition| edition.id.as_str()).collect::<Vec<_>>();
        let edition = edition.ok_or_else(|| unknown_name("edition", name, &known()))?;
        if args.source.is_empty() {
            chosen.get_or_insert_default().extend(edition.from.iter().cloned());
        }
    }
    Ok(chosen)
}

fn edition_langs(plan: &Plan, editions: &[String]) -> Vec<Lang> {
    let mut langs: Vec<Lang> =
        plan.editions.iter().filter(|edition| editions.contains(&edition.id)).flat_map(|edition| edition.langs.clone()).collect();
    langs.sort();
    langs.dedup();
    langs
}
