//! The rules of `[source.ID]`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::diagnostics::{Diagnosis, Diagnostics};
use super::super::load_context::LoadContext;
use super::super::plan::{Auth, Edition, Source};
use super::super::raw;
use super::super::tables::NamedTable;
use super::super::values::{Located, quoted};
use super::header;
use super::rules::{EVERY, USE_AUTH, USE_REFERENCE, duration, id_in_message, line, prefer, read_secret, web_address, weight};
use super::selection::{filter, rewrites};
use super::topic::topic_of_source;
use crate::model::{Show, SourceId, has_credentials, public_address};

/// Checks all sources, in the order of the file.
pub(super) fn sources(
    raw: &[NamedTable<raw::RawSource>],
    topics: &[NamedTable<raw::RawTopic>],
    every: Duration,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Source> {
    let mut seen = HashMap::new();
    raw.iter().map(|named| source(named, topics, every, &mut seen, context, diagnostics)).collect()
}

fn source(
    NamedTable { id, table, keys }: &NamedTable<raw::RawSource>,
    topics: &[NamedTable<raw::RawTopic>],
    every: Duration,
    seen: &mut HashMap<String, String>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Source {
    let url = address(id, table, keys.contains_key("url"), seen, context, diagnostics);
    let public_url = public_url(table, &url, diagnostics);
    let (headers, auth) = access(table, url.starts_with("http:"), context, diagnostics);
    Source {
        id: SourceId::new(&id.value),
        title: table.title.as_ref().and_then(|at| line("title", at, diagnostics)),
        site: table.site.as_ref().and_then(|at| web_address("site", at, USE_AUTH, diagnostics)).map(String::from),
        lang: table.lang.as_ref().map(|at| at.value.0.clone()),
        zone: table.zone.as_ref().map(|at| at.value.0).unwrap_or_default(),
        tags: tags(&table.tags, diagnostics),
        topic: table.topic.as_ref().and_then(|at| topic_of_source(at, topics, diagnostics)),
        filter: filter(table.keep.as_ref(), table.drop.as_ref(), diagnostics),
        rewrites: Arc::new(rewrites(&table.rewrite, diagnostics)),
        every: table.every.as_ref().map_or(every, |at| duration("every", at, EVERY, diagnostics)),
        weight: weight(&table.weight, diagnostics),
        prefer: prefer(&table.prefer, diagnostics),
        full_text: table.full_text.value,
        enabled: table.enabled,
        url,
        public_url,
        headers,
        auth,
    }
}

/// Warns of a `full_text` that no edition publishes: most likely `show = "full"` was forgotten.
pub(super) fn warn_of_unused_full_text(
    raw: &[NamedTable<raw::RawSource>],
    sources: &[Source],
    editions: &[Edition],
    diagnostics: &mut Diagnostics<'_>,
) {
    for (named, source) in raw.iter().zip(sources).filter(|(_, source)| source.full_text && source.enabled) {
        let mut takers = editions.iter().filter(|edition| edition.from.contains(&source.id)).peekable();
        if takers.peek().is_some() && takers.all(|edition| edition.show != Show::Full) {
            let hint = "set show = \"full\" in an edition that takes this source, or remove `full_text`";
            diagnostics.warn(&named.table.full_text.span, "`full_text` has no effect: no edition shows it", hint);
        }
    }
}

/// Checks the address, and returns it as written: the state of the source is stored under it, so another spelling is another
/// source.
fn address(
    id: &Located<String>,
    table: &raw::RawSource,
    has_url: bool,
    seen: &mut HashMap<String, String>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> String {
    let Some(at) = &table.url else {
        if !has_url {
            let message = format!("the source {} has no `url`", id_in_message(&id.value));
            diagnostics.error(&id.span, message, "add url = \"https://…\", the address of the feed");
        }
        return String::new();
    };
    let is_in_file = matches!(at.value, raw::RawSecret::Plain(_));
    let Some(at) = written_address(at, table.enabled, context, diagnostics) else { return String::new() };
    if let Some(mut url) = web_address("url", &at, USE_AUTH, diagnostics) {
        if is_in_file && has_credentials(&at.value) {
            diagnostics.warn(&at.span, "`url` seems to hold a secret", USE_REFERENCE);
        }
        url.set_fragment(None);
        if let Some(other) = seen.insert(url.into(), id.value.clone()) {
            let message = format!("the sources {} and {} have the same `url`", id_in_message(&other), id_in_message(&id.value));
            diagnostics.error(&at.span, message, "remove one of them: its entries would appear twice");
        }
    }
    at.value.trim().to_owned()
}

/// Returns the text of an address; reads the one that is kept outside of the file, if the source is enabled.
fn written_address(
    at: &Located<raw::RawSecret>,
    is_enabled: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Located<String>> {
    let value = match &at.value {
        raw::RawSecret::Plain(text) => text.clone(),
        _ if !is_enabled => return None,
        reference => match context.secret(reference) {
            Ok(secret) => secret.expose_secret().to_owned(),
            Err(diagnosis) => {
                diagnostics.error_at(&at.span, diagnosis);
                return None;
            }
        },
    };
    Some(Located { value, span: at.span.clone() })
}

/// Returns the address that readers are shown. Of an address that is kept outside of the file, all but the host is secret.
fn public_url(table: &raw::RawSource, url: &str, diagnostics: &mut Diagnostics<'_>) -> String {
    if let Some(at) = &table.public_url {
        return web_address("public_url", at, USE_AUTH, diagnostics).map(String::from).unwrap_or_default();
    }
    match (&table.url, Url::parse(url)) {
        (Some(Located { value: raw::RawSecret::Plain(_), .. }), _) | (_, Err(_)) => public_address(url),
        (_, Ok(url)) => format!("{}/", url.origin().ascii_serialization()),
    }
}

fn tags(raw: &[Located<String>], diagnostics: &mut Diagnostics<'_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for at in raw {
        let plain = at.value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        if at.value.is_empty() || at.value.len() > 64 || !plain {
            diagnostics.error(
                &at.span,
                format!("{} is not a valid tag", quoted(&at.value)),
                "use letters, digits, `-` and `_`, at most 64 bytes",
            );
        } else if !tags.contains(&at.value) {
            tags.push(at.value.clone());
        }
    }
    tags
}

/// Checks headers and credentials. Their secrets are read only if the source is enabled.
fn access(
    table: &raw::RawSource,
    in_clear: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Vec<(String, SecretString)>, Option<Auth>) {
    let mut headers = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (name, value) in &table.headers.0 {
        if let Some(diagnosis) = check_header(&name.value, &value.value, &names, table.auth.is_some()) {
            diagnostics.error_at(&name.span, diagnosis);
        } else if table.enabled {
            let wanted = "one line of printable ASCII";
            headers.extend(
                read_secret(
                    value,
                    &format!("the value of the header {}", quoted(&name.value)),
                    wanted,
                    header::is_value,
                    context,
                    diagnostics,
                )
                .map(|v| (name.value.clone(), v)),
            );
        }
        names.push(name.value.to_ascii_lowercase());
    }
    let auth = table.auth.as_ref().and_then(|at| auth(at, table.enabled, context, diagnostics));
    let secrets = auth.is_some() || table.headers.0.iter().any(|(name, _)| header::is_secret(&name.value));
    if let (true, true, true, Some(url)) = (in_clear, table.enabled, secrets, &table.url) {
        diagnostics.warn(&url.span, "the secrets of this source are sent unencrypted", "use https:// if the server supports it");
    }
    (headers, auth)
}

fn check_header(name: &str, value: &raw::RawSecret, before: &[String], has_auth: bool) -> Option<Diagnosis> {
    let shown = quoted(name);
    let lower = name.to_ascii_lowercase();
    if !header::is_name(name) {
        return Some(Diagnosis::new(format!("{shown} is not a valid header name"), "use letters, digits and `-`"));
    }
    if header::is_reserved(name) {
        return Some(Diagnosis::new(format!("the header {shown} cannot be set"), "relais or the connection sets it"));
    }
    if before.contains(&lower) {
        return Some(Diagnosis::new(format!("duplicate header {shown}"), "header names are case-insensitive"));
    }
    if header::is_secret(name) && matches!(value, raw::RawSecret::Plain(_)) {
        return Some(Diagnosis::new(format!("the header {shown} holds a secret"), USE_REFERENCE));
    }
    (lower == "authorization" && has_auth)
        .then(|| Diagnosis::new(format!("{shown} and `auth` set the same header"), "keep one of them"))
}

fn auth(at: &Located<raw::RawAuth>, enabled: bool, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Auth> {
    let raw::RawAuth { user, password, bearer } = &at.value;
    let mut secret = |key: &str, at: &Located<raw::RawSecret>, wanted: &str, fits: fn(&str) -> bool| {
        if matches!(at.value, raw::RawSecret::Plain(_)) {
            diagnostics.error(&at.span, format!("the {key} is written in the file"), USE_REFERENCE);
            return None;
        }
        if enabled { read_secret(at, &format!("the {key}"), wanted, fits, context, diagnostics) } else { None }
    };
    match (user, password, bearer) {
        (Some(user), Some(password), None) => {
            let password =
                secret("password", password, "one line without control characters", |text| !text.contains(char::is_control));
            if user.value.is_empty() || user.value.contains(|c: char| c == ':' || c.is_control()) {
                diagnostics.error(&user.span, "invalid user name", "it cannot contain a colon or control characters (RFC 7617)");
                return None;
            }
            Some(Auth::Basic { user: user.value.clone(), password: password? })
        }
        (None, None, Some(bearer)) => Some(Auth::Bearer(secret("token", bearer, header::WORD, header::is_word)?)),
        _ => {
            let hint = "write { user = \"…\", password = { env = \"…\" } } or { bearer = { env = \"…\" } }";
            diagnostics.error(&at.span, "`auth` takes a `user` with a `password`, or a `bearer`", hint);
            None
        }
    }
}
