//! The rules of `[engine.ID]`.

use std::collections::HashSet;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use super::super::diagnostics::Diagnostics;
use super::super::diagnostics::nearest;
use super::super::load_context::LoadContext;
use super::super::plan::{Edition, Engine};
use super::super::raw;
use super::super::state::State;
use super::super::tables::NamedTable;
use super::super::values::{Located, quoted};
use super::header;
use super::rules::{USE_REFERENCE, duration, find_secret, id_in_message, number, web_address};
use crate::model::EngineKind;

mod batches;
mod cost;
mod embedded;
mod guidance;
mod varieties;

const TIMEOUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(10));

/// The longest name of a model or a region.
const MAX_NAME: usize = 200;

/// Checks all engines, in the order of the file. A key that cannot be read is a warning for engines that an edition uses.
pub(super) fn engines(
    raw: &[NamedTable<raw::RawEngine>],
    editions: &[Edition],
    state: Option<&State>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Engine> {
    let used: HashSet<&str> =
        editions.iter().flat_map(|edition| edition.engines.iter().chain(&edition.review)).map(String::as_str).collect();
    let mut engines: Vec<Engine> =
        raw.iter().filter_map(|table| engine(table, used.contains(table.id.value.as_str()), context, diagnostics)).collect();
    for engine in engines.iter_mut().filter(|engine| engine.kind.is_embedded()) {
        let table = raw.iter().find(|table| table.id.value == engine.id);
        engine.models = table.zip(state).map(|(table, state)| embedded::models(&table.table, state, context));
    }
    if editions.is_empty() || diagnostics.has_errors() {
        // A mistyped name in `engines` would also report its engine as unused: one mistake is one problem.
        return engines;
    }
    for NamedTable { id, table, .. } in raw {
        if let Some(kind) = &table.kind {
            varieties::check_varieties(id, kind.value.0, editions, diagnostics);
        }
        if let Some(tier) = &table.service_tier {
            batches::check_holds(id, tier, editions, diagnostics);
        }
    }
    for NamedTable { id, .. } in raw.iter().filter(|table| !used.contains(table.id.value.as_str())) {
        let message = format!("no edition uses the engine {}", id_in_message(&id.value));
        diagnostics.warn(&id.span, message, "add it to the `engines` of an edition, or remove the table");
    }
    engines
}

/// Checks one engine. Returns `None` if its kind, on which everything else depends, is not known.
fn engine(
    NamedTable { id, table, keys }: &NamedTable<raw::RawEngine>,
    is_used: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Engine> {
    let (key, key_error) = key(table, is_used, context, diagnostics);
    let Some(kind) = table.kind.as_ref().map(|at| at.value.0) else {
        if !keys.contains_key("kind") {
            diagnostics.error(&id.span, format!("the engine {} has no `kind`", id_in_message(&id.value)), kind_help(&id.value));
        }
        return None;
    };
    let has = |key: &str| keys.contains_key(key);
    let url =
        if kind.is_embedded() { embedded::origin(table, diagnostics) } else { address(id, kind, table, has("url"), diagnostics) };
    embedded::check_keys(kind, table, diagnostics);
    require_key(id, kind, has("key"), has("url"), diagnostics);
    refuse_clear_text(table, url.as_ref(), diagnostics);
    let model = model(id, kind, table, has("model"), diagnostics);
    let price = table.price.as_ref().and_then(|at| cost::price(kind, at, diagnostics));
    Some(Engine {
        id: id.value.clone(),
        kind,
        url: url.map(|url| String::from(url).trim_end_matches('/').to_owned()),
        model,
        region: region(kind, table, diagnostics),
        key,
        key_error,
        budget: table.budget.as_ref().and_then(|at| cost::budget(kind, at, price.as_ref(), has("price"), diagnostics)),
        price,
        pivot: table.pivot.as_ref().map(|at| at.value.0.clone()),
        guidance: guidance::guidance(kind, table, diagnostics),
        reasoning_effort: guidance::reasoning_effort(kind, table, diagnostics),
        tier: guidance::tier(kind, table, diagnostics),
        timeout: table.timeout.as_ref().map(|at| duration("timeout", at, TIMEOUT, diagnostics)),
        models: None,
        in_flight: table.in_flight.as_ref().map(|at| number("in_flight", at, (1, raw::MAX_IN_FLIGHT), diagnostics)),
    })
}

fn kind_help(id: &str) -> String {
    let names = EngineKind::ALL.map(EngineKind::name);
    match nearest(id, names) {
        Some(name) => format!("add kind = \"{name}\""),
        None => format!("add kind = …, one of {}", names.map(|name| format!("\"{name}\"")).join(", ")),
    }
}

/// Checks the address of the server, if it is set.
fn address(
    id: &Located<String>,
    kind: EngineKind,
    table: &raw::RawEngine,
    has_url: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Url> {
    let Some(at) = &table.url else {
        if !has_url && matches!(kind, EngineKind::Libretranslate | EngineKind::Apertium) {
            let message = format!("the engine {} has no `url`", id_in_message(&id.value));
            diagnostics.error(&id.span, message, "add url = \"https://…\", the address of its server");
        }
        return None;
    };
    let url = web_address("url", at, "remove it; an API key is written key = { env = \"NAME\" }", diagnostics)?;
    if url.query().is_some() || url.fragment().is_some() {
        diagnostics.error(
            &at.span,
            "`url` has a query or a fragment",
            "remove everything from the first `?` or `#`; an API key belongs in `key`",
        );
        return None;
    }
    Some(url)
}

/// Reads the API key, or returns why it cannot be read. That is no error of the file: the environment of a command that sends no
/// request need not have the key.
fn key(
    table: &raw::RawEngine,
    is_used: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Option<SecretString>, Option<String>) {
    let Some(at) = &table.key else { return (None, None) };
    if matches!(at.value, raw::RawSecret::Plain(_)) {
        diagnostics.error(&at.span, "the key is written in the file", USE_REFERENCE);
        return (None, None);
    }
    let diagnosis = match find_secret(at, "the key", header::WORD, header::is_word, context) {
        Ok(secret) => return (Some(secret), None),
        Err(diagnosis) => diagnosis,
    };
    let error = format!("{}; {}", diagnosis.message, diagnosis.hint);
    if is_used {
        diagnostics.warn(&at.span, diagnosis.message, format!("{}; until then the engine is not used", diagnosis.hint));
    }
    (None, Some(error))
}

/// Checks that the API key is set where the service requires one.
fn require_key(id: &Located<String>, kind: EngineKind, has_key: bool, has_url: bool, diagnostics: &mut Diagnostics<'_>) {
    let is_required = match kind {
        EngineKind::Deepl | EngineKind::Google | EngineKind::Azure | EngineKind::Anthropic => true,
        // Self-hosted servers speak this protocol too, and most of them require no key.
        EngineKind::Openai => !has_url,
        EngineKind::Libretranslate | EngineKind::Ollama | EngineKind::Apertium | EngineKind::Firefox => false,
    };
    if is_required && !has_key {
        let hint = format!("add key = {{ env = \"{}_KEY\" }} or {{ file = \"FILE\" }}", kind.name().to_uppercase());
        diagnostics.error(&id.span, format!("the engine {} has no `key`", id_in_message(&id.value)), hint);
    }
}

/// Refuses to send the API key unencrypted beyond the own network.
fn refuse_clear_text(table: &raw::RawEngine, url: Option<&Url>, diagnostics: &mut Diagnostics<'_>) {
    if let (Some(at), Some(url), Some(_)) = (&table.url, url, &table.key)
        && url.scheme() == "http"
        && !is_local(url)
    {
        let hint = "write https://, or the address of a server in your own network";
        diagnostics.error(&at.span, "the key of this engine would be sent in clear text", hint);
    }
}

/// Returns true if the host can only be this machine or in its own network: a private address, or a name that public name servers
/// do not resolve (RFC 6761 §6.3, RFC 6762 §3, RFC 8375, ICANN's reservation of `internal`, and names without a dot).
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(inner) => inner.is_loopback() || inner.is_private() || inner.is_link_local(),
            None => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
        },
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let ends = |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
            !name.contains('.') || ["localhost", "local", "internal", "home.arpa"].iter().any(|end| ends(end))
        }
        None => false,
    }
}

/// Checks the name of the language model: required for these kinds, refused for others.
fn model(
    id: &Located<String>,
    kind: EngineKind,
    table: &raw::RawEngine,
    has_model: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    let Some(at) = &table.model else {
        if kind.is_language_model() && !has_model {
            let message = format!("the engine {} has no `model`", id_in_message(&id.value));
            diagnostics.error(&id.span, message, "add model = \"…\", its name at the service");
        }
        return None;
    };
    if !kind.is_language_model() {
        let message = format!("an engine of the kind \"{}\" has no `model`", kind.name());
        diagnostics.error(&at.span, message, "remove it: only \"openai\", \"ollama\" and \"anthropic\" have one");
        return None;
    }
    vendor_name(
        "model",
        at,
        "one line without spaces at its ends",
        |text| text.trim() == text && !text.contains(char::is_control),
        diagnostics,
    )
}

fn region(kind: EngineKind, table: &raw::RawEngine, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let at = table.region.as_ref()?;
    if kind != EngineKind::Azure {
        let message = format!("an engine of the kind \"{}\" has no `region`", kind.name());
        diagnostics.error(&at.span, message, "remove it: only \"azure\" has one");
        return None;
    }
    vendor_name("region", at, header::WORD, header::is_word, diagnostics)
}

/// Checks a name given by the vendor; `wanted` describes what `is_valid` accepts.
fn vendor_name(
    key: &str,
    at: &Located<String>,
    wanted: &str,
    is_valid: impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    if !at.value.is_empty() && at.value.len() <= MAX_NAME && is_valid(&at.value) {
        return Some(at.value.clone());
    }
    diagnostics.error(&at.span, format!("`{key}` cannot be {}", quoted(&at.value)), wanted);
    None
}
