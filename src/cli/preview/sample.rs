//! One headline of a preview in translation, and what all its entries would cost.

use std::sync::Arc;

use serde::Serialize;

use super::edition::find_edition;
use crate::cli::count::count;
use crate::cli::error::CommandError;
use crate::clock::SystemClock;
use crate::config::{Edition, Plan, Source};
use crate::html;
use crate::model::{Clock, Entry, Lang, RawHtml};
use crate::pipeline::{EngineHandle, PreviewPrice, TextRequest, open_glossary_and_engines, price_entries, translate_text};
use crate::store::{Access, Store};
use crate::translate::Glossary;

/// A sample translation and a price, as `--json` prints them.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    edition: String,
    lang: Lang,
    engine: String,
    source: String,
    /// The translation; nothing if none was good.
    target: Option<String>,
    reasons: Vec<String>,
    /// The work of translating all kept entries, without the memory.
    entries: usize,
    segments: usize,
    characters: u64,
    tokens: u64,
    cost: Option<f64>,
    currency: String,
}

/// Translates the first headline for the first edition that would translate the entries, and prices them all. There is none if no
/// edition would.
pub(super) async fn take_sample(
    plan: &Plan,
    source: &Source,
    edition: Option<&str>,
    entries: Vec<Entry>,
) -> Result<Option<Sample>, CommandError> {
    let edition = match edition {
        Some(id) => Some(find_edition(plan, id)?),
        None => plan.editions.iter().find(|edition| edition.from.contains(&source.id) && !edition.engines.is_empty()),
    };
    let Some(edition) = edition.filter(|edition| !edition.engines.is_empty()) else { return Ok(None) };
    let (engines, glossary) = open_glossary_and_engines(plan).map_err(CommandError::usage)?;
    let engine = edition.engines.iter().find_map(|id| engines.iter().position(|engine| engine.id == *id));
    let foreign = edition.langs.iter().find_map(|to| {
        let is_foreign = |entry: &&Entry| entry.head.lang.as_ref().is_some_and(|from| from.primary() != to.primary());
        entries.iter().find(is_foreign).map(|entry| (entry.clone(), to.clone()))
    });
    let (Some(engine), Some((entry, to))) = (engine, foreign) else { return Ok(None) };
    let engine = { engines }.swap_remove(engine);
    let price = price_entries(&engine, &glossary, edition, &to, &entries);
    let sample = begin_sample(plan, edition, &engine, (&entry, &to), price);
    translate(plan, engine, &glossary, &entry, sample).await.map(Some)
}

fn begin_sample(
    plan: &Plan,
    edition: &Edition,
    engine: &EngineHandle,
    (entry, to): (&Entry, &Lang),
    price: PreviewPrice,
) -> Sample {
    let settings = plan.engines.iter().find(|settings| settings.id == engine.id);
    let currency = settings.and_then(|settings| settings.price.as_ref()).map(|price| price.currency.clone());
    #[expect(clippy::cast_precision_loss, reason = "a price for people")]
    let cost = (price.millionths > 0).then(|| price.millionths as f64 / 1e6);
    Sample {
        edition: edition.id.clone(),
        lang: to.clone(),
        engine: engine.id.clone(),
        source: entry.title.to_string(),
        target: None,
        reasons: Vec::new(),
        entries: price.entries,
        segments: price.segments,
        characters: price.used.characters,
        tokens: price.used.tokens_in + price.used.tokens_out,
        cost,
        currency: currency.unwrap_or_default(),
    }
}

async fn translate(
    plan: &Plan,
    engine: EngineHandle,
    glossary: &Arc<Glossary>,
    entry: &Entry,
    mut sample: Sample,
) -> Result<Sample, CommandError> {
    let Some(from) = entry.head.lang.clone().filter(|_| !entry.title.is_blank()) else { return Ok(sample) };
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(CommandError::internal)?;
    let worker = format!("{}:{}:preview", std::process::id(), SystemClock.now().millis());
    let html = html::clean(&RawHtml(format!("<p>{}</p>", html::escape(entry.title.as_str()))), None);
    let request = TextRequest { engine, glossary, from, to: sample.lang.clone(), html };
    let done = translate_text(request, &store, &SystemClock, &worker).await;
    store.close().await.map_err(CommandError::internal)?;
    if let (_, Some(rendition)) = done.map_err(CommandError::internal)? {
        let provenance = rendition.provenance;
        sample.target = Some(rendition.text.trim().to_owned()).filter(|_| provenance.left + provenance.waiting == 0);
        sample.reasons = provenance.reasons;
    }
    Ok(sample)
}

impl Sample {
    /// Formats the sample for people.
    pub(super) fn render(&self) -> String {
        let (edition, lang, engine) = (&self.edition, &self.lang, &self.engine);
        let target = self.target.clone().unwrap_or_else(|| format!("not translated: {}", self.reasons.join(", ")));
        let amount = match (self.characters, self.tokens) {
            (characters, 0) => count(characters, "character"),
            (_, tokens) => format!("{} at most", count(tokens, "token")),
        };
        let cost = self.cost.map_or_else(String::new, |cost| format!(", {cost:.4} {} at most", self.currency));
        let (entries, segments) = (count(self.entries as u64, "entry"), count(self.segments as u64, "segment"));
        format!(
            "{edition}.{lang}, by {engine}:\n  {}\n  → {target}\n  All: {entries}, {segments}, {amount}{}, without the memory.\n",
            self.source,
            cost.trim_end()
        )
    }
}
