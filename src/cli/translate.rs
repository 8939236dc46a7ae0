//! `relais translate`.

use std::io::Read;
use std::sync::Arc;

use anstream::eprintln;

use super::args::{Args, TranslateArgs};
use super::check::load;
use super::exit::{Exit, Failure, print};
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::html;
use crate::model::{Clean, Clock, RawHtml, Rendition, TranslationCounts};
use crate::net::ApiClient;
use crate::pipeline::{self, TextRequest, translate_text};
use crate::store::{Access, Store};

/// No text that somebody types or pipes is longer.
const MAX_TEXT: u64 = 1 << 20;

/// Translates one text.
pub(super) async fn translate(args: &Args, ask: &TranslateArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let engine = engine(&plan, ask)?;
    let html = clean(&text(ask)?, ask.html);
    let caller = Arc::new(ApiClient::new(&pipeline::options(&plan.fetch)).map_err(Failure::own)?);
    let desk = pipeline::open_engine(engine, &caller).map_err(Failure::usage)?;
    let glossary = pipeline::load_glossary(&plan).map_err(Failure::usage)?;
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(Failure::own)?;
    let worker = format!("{}:{}:translate", std::process::id(), SystemClock.now().millis());
    let ask_for = TextRequest { engine: desk, glossary: &glossary, from: ask.from.clone(), to: ask.to.clone(), html };
    let done = translate_text(ask_for, &store, &SystemClock, &worker).await;
    store.close().await.map_err(Failure::own)?;
    let (counts, rendition) = done.map_err(Failure::own)?;
    let rendition = rendition.ok_or_else(|| Failure::usage("there is nothing to translate"))?;
    let shown = if ask.html {
        rendition.content.as_ref().map(|html| html.as_str().to_owned()).unwrap_or_default()
    } else {
        rendition.text.trim().to_owned()
    };
    print(&format!("{shown}\n"))?;
    if !args.quiet {
        tell(&counts, &rendition, engine.price.as_ref().map_or("", |price| &price.currency));
    }
    let made = &rendition.provenance;
    Ok(if made.left + made.waiting == 0 { Exit::Good } else { Exit::Faults })
}

/// The engine that was named, or the first.
fn engine<'p>(plan: &'p Plan, ask: &TranslateArgs) -> Result<&'p crate::config::Engine, Failure> {
    let names = || plan.engines.iter().map(|engine| engine.id.as_str()).collect::<Vec<_>>().join(", ");
    match &ask.engine {
        Some(id) => plan
            .engines
            .iter()
            .find(|engine| engine.id == *id)
            .ok_or_else(|| Failure::usage(format!("there is no engine `{id}` in the configuration; there are: {}", names()))),
        None => plan
            .engines
            .first()
            .ok_or_else(|| Failure::usage("the configuration has no engine: add a table [engine.NAME] with its `kind`")),
    }
}

/// The text that was given, or that comes in.
fn text(ask: &TranslateArgs) -> Result<String, Failure> {
    if ask.text != "-" {
        return Ok(ask.text.clone());
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::own(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(Failure::usage("the text is longer than 1 MiB: translate it in parts"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage("the text is not UTF-8: convert it first"))
}

/// HTML as an entry's, or a paragraph for each line of a text.
fn clean(text: &str, is_html: bool) -> Clean {
    if is_html {
        return html::clean(&RawHtml(text.to_owned()), None);
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    html::clean(&RawHtml(lines.map(|line| format!("<p>{}</p>", html::escape(line))).collect()), None)
}

/// Says how the translation came about.
fn tell(counts: &TranslationCounts, rendition: &Rendition, currency: &str) {
    let made = &rendition.provenance;
    let cost = if counts.cost > 0.0 { format!(", {:.6} {currency}", counts.cost) } else { String::new() };
    eprintln!(
        "{} segments: {} from the memory, {} translated ({} characters sent{cost}), {} left as they were",
        counts.segments,
        counts.recalled,
        made.translated,
        counts.characters_sent,
        made.left + made.waiting
    );
    if !made.reasons.is_empty() {
        eprintln!("why some are left: {}", made.reasons.join(", "));
    }
}
