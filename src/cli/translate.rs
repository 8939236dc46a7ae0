//! `relais translate`: translates one text.

use std::io::Read;
use std::sync::Arc;

use anstream::eprintln;

use super::context::{load_plan, parse_lang, unknown_name};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::clock::SystemClock;
use crate::config::{Engine, Plan};
use crate::html;
use crate::model::{Clean, Clock, Lang, RawHtml, Rendition, TranslationCounts};
use crate::net::ApiClient;
use crate::pipeline::{self, TextRequest, translate_text};
use crate::store::{Access, Store};

/// The most bytes of a text.
const MAX_TEXT: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct TranslateArgs {
    /// The text, or - for standard input.
    #[arg(default_value = "-", value_name = "TEXT|-")]
    text: String,
    /// The language of the text.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    from: Lang,
    /// The language of the translation.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    to: Lang,
    /// The ID of the engine in feeds.toml [default: the first one].
    #[arg(long, value_name = "ID")]
    engine: Option<String>,
    /// Treat the text as HTML.
    #[arg(long)]
    html: bool,
}

/// Translates one text.
pub(super) async fn run_translate(global: &GlobalArgs, args: &TranslateArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let engine = choose_engine(&plan, args)?;
    let html = to_html(&read_text(args)?, args.html);
    let caller = Arc::new(ApiClient::new(&pipeline::options(&plan.fetch)).map_err(CommandError::internal)?);
    let opened = pipeline::open_engine(engine, &caller).map_err(CommandError::usage)?;
    let glossary = pipeline::load_glossary(&plan).map_err(CommandError::usage)?;
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(CommandError::internal)?;
    let worker = format!("{}:{}:translate", std::process::id(), SystemClock.now().millis());
    let request = TextRequest { engine: opened, glossary: &glossary, from: args.from.clone(), to: args.to.clone(), html };
    let done = translate_text(request, &store, &SystemClock, &worker).await;
    store.close().await.map_err(CommandError::internal)?;
    let (counts, rendition) = done.map_err(CommandError::internal)?;
    let rendition = rendition.ok_or_else(|| CommandError::usage("there is nothing to translate"))?;
    let shown = if args.html {
        rendition.content.as_ref().map(|html| html.as_str().to_owned()).unwrap_or_default()
    } else {
        rendition.text.trim().to_owned()
    };
    print(&format!("{shown}\n"))?;
    if !global.quiet {
        print_summary(&counts, &rendition, engine.price.as_ref().map_or("", |price| &price.currency));
    }
    let provenance = &rendition.provenance;
    Ok(if provenance.left + provenance.waiting == 0 { Exit::Success } else { Exit::Faults })
}

/// Returns the engine of `--engine`, else the first one.
fn choose_engine<'p>(plan: &'p Plan, args: &TranslateArgs) -> Result<&'p Engine, CommandError> {
    let known = || plan.engines.iter().map(|engine| engine.id.as_str()).collect::<Vec<_>>();
    match &args.engine {
        Some(id) => plan.engines.iter().find(|engine| engine.id == *id).ok_or_else(|| unknown_name("engine", id, &known())),
        None => plan.engines.first().ok_or_else(|| {
            CommandError::usage("the configuration has no engine").with_hint("add a table [engine.NAME] with its `kind`")
        }),
    }
}

/// Returns the text of the argument or of standard input.
fn read_text(args: &TranslateArgs) -> Result<String, CommandError> {
    if args.text != "-" {
        return Ok(args.text.clone());
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::internal(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(CommandError::usage("the text is longer than 1 MiB").with_hint("translate it in parts"));
    }
    String::from_utf8(bytes).map_err(|_| CommandError::usage("the text is not UTF-8"))
}

/// Cleans HTML, or makes a paragraph of each line of a text.
fn to_html(text: &str, is_html: bool) -> Clean {
    if is_html {
        return html::clean(&RawHtml(text.to_owned()), None);
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    html::clean(&RawHtml(lines.map(|line| format!("<p>{}</p>", html::escape(line))).collect()), None)
}

/// Prints the counts of the translation.
fn print_summary(counts: &TranslationCounts, rendition: &Rendition, currency: &str) {
    let provenance = &rendition.provenance;
    let cost = if counts.cost > 0.0 { format!(", {:.6} {currency}", counts.cost) } else { String::new() };
    eprintln!(
        "{} segments: {} from the memory, {} translated ({} characters sent{cost}), {} not translated",
        counts.segments,
        counts.recalled,
        provenance.translated,
        counts.characters_sent,
        provenance.left + provenance.waiting
    );
    if !provenance.reasons.is_empty() {
        eprintln!("reasons: {}", provenance.reasons.join(", "));
    }
}
