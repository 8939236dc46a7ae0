//! `relais retranslate`.

use anstream::eprintln;

use super::args::{Args, RetranslateArgs};
use super::check::load;
use super::exit::{Exit, Failure};
use crate::config::Plan;
use crate::model::{Lang, SourceId, Time};
use crate::store::{Access, Store};

/// Forgets renditions, and with a term what the memory knows of it, so that the next run makes them again.
pub(super) async fn retranslate(args: &Args, ask: &RetranslateArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let sources = sources(&plan, ask)?;
    let since = ask.since.as_deref().map(day).transpose()?;
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(Failure::own)?;
    let langs: Vec<Option<Lang>> = match (&ask.lang, ask.edition.is_empty()) {
        (Some(lang), _) => vec![Some(lang.clone())],
        (None, true) => vec![None],
        (None, false) => langs_of(&plan, &ask.edition).into_iter().map(Some).collect(),
    };
    let (mut memories, mut renditions) = (0, 0);
    for lang in &langs {
        if let Some(term) = &ask.term {
            memories += store.delete_memory(term, lang.as_ref()).await.map_err(Failure::own)?;
        }
        renditions += store.delete_translations(sources.as_deref(), lang.as_ref(), since).await.map_err(Failure::own)?;
    }
    store.close().await.map_err(Failure::own)?;
    if !args.quiet {
        let paid =
            if ask.term.is_some() { format!(", and {memories} segments that will be paid for again") } else { String::new() };
        eprintln!("{renditions} renditions are forgotten{paid}; the next run makes them again");
    }
    Ok(Exit::Good)
}

/// The sources that were named, or whose entries the named editions take; nothing for all.
fn sources(plan: &Plan, ask: &RetranslateArgs) -> Result<Option<Vec<SourceId>>, Failure> {
    let mut chosen: Option<Vec<SourceId>> = None;
    for name in &ask.source {
        let known = plan.sources.iter().find(|source| source.id.as_str() == name);
        let source = known.ok_or_else(|| Failure::usage(format!("there is no source `{name}` in the configuration")))?;
        chosen.get_or_insert_default().push(source.id.clone());
    }
    for name in &ask.edition {
        let known = plan.editions.iter().find(|edition| edition.id == *name);
        let edition = known.ok_or_else(|| Failure::usage(format!("there is no edition `{name}` in the configuration")))?;
        if ask.source.is_empty() {
            chosen.get_or_insert_default().extend(edition.from.iter().cloned());
        }
    }
    Ok(chosen)
}

fn langs_of(plan: &Plan, editions: &[String]) -> Vec<Lang> {
    let mut langs: Vec<Lang> =
        plan.editions.iter().filter(|edition| editions.contains(&edition.id)).flat_map(|edition| edition.langs.clone()).collect();
    langs.sort();
    langs.dedup();
    langs
}

/// A day (`2026-11-24`), or an instant (RFC 3339).
fn day(text: &str) -> Result<Time, Failure> {
    Time::from_rfc3339(text)
        .or_else(|| Time::from_rfc3339(&format!("{text}T00:00:00Z")))
        .ok_or_else(|| Failure::usage(format!("--since {text:?} is no date; write one as in 2026-11-24")))
}
