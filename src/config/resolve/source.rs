//! The rules of `[source.ID]`.

use std::collections::HashMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::super::diagnostics::Diagnostics;
use super::super::load_context::LoadContext;
use super::super::plan::{Auth, Edition, Source};
use super::super::raw;
use super::super::tables::NamedTable;
use super::super::values::{Located, quoted};
use super::{IN_AUTH, header, lapse, line, named, web_address};
use crate::model::{Show, SourceId};

/// What a secret may look like in the file.
pub(super) const ELSEWHERE: &str = "never in the file itself: write { env = \"NAME\" } or { file = \"FILE\" }";

/// All sources, in the order of the file.
pub(super) fn sources(
    raw: &[NamedTable<raw::RawSource>],
    every: Duration,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Source> {
    let mut seen = HashMap::new();
    raw.iter().map(|named| source(named, every, &mut seen, context, diagnostics)).collect()
}

fn source(
    NamedTable { id, table, keys }: &NamedTable<raw::RawSource>,
    every: Duration,
    seen: &mut HashMap<String, String>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Source {
    let url = address(id, table, keys.contains_key("url"), seen, diagnostics);
    let (headers, auth) = access(table, url.starts_with("http:"), context, diagnostics);
    Source {
        id: SourceId::new(&id.value),
        title: table.title.as_ref().and_then(|at| line("title", at, diagnostics)),
        site: table.site.as_ref().and_then(|at| web_address("site", at, IN_AUTH, diagnostics)).map(String::from),
        lang: table.lang.as_ref().map(|at| at.value.0.clone()),
        zone: table.zone.as_ref().map(|at| at.value.0).unwrap_or_default(),
        tags: tags(&table.tags, diagnostics),
        every: table.every.as_ref().map_or(every, |at| lapse("every", at, super::EVERY, diagnostics)),
        full_text: table.full_text.value,
        enabled: table.enabled,
        url,
        headers,
        auth,
    }
}

/// Full text that nobody publishes is not fetched: what was meant is another `show`, most likely.
pub(super) fn unread_pages(
    raw: &[NamedTable<raw::RawSource>],
    sources: &[Source],
    editions: &[Edition],
    diagnostics: &mut Diagnostics<'_>,
) {
    for (named, source) in raw.iter().zip(sources).filter(|(_, source)| source.full_text && source.enabled) {
        let mut takers = editions.iter().filter(|edition| edition.from.contains(&source.id)).peekable();
        if takers.peek().is_some() && takers.all(|edition| edition.show != Show::Full) {
            let help = "set show = \"full\" in an edition that takes this source, or take `full_text` out";
            diagnostics.warn(&named.table.full_text.span, "`full_text` has no effect: no edition shows it", help);
        }
    }
}

/// The address as it is written: it names the state of the source, so that another spelling is another source.
fn address(
    id: &Located<String>,
    table: &raw::RawSource,
    has_url: bool,
    seen: &mut HashMap<String, String>,
    diagnostics: &mut Diagnostics<'_>,
) -> String {
    let Some(at) = &table.url else {
        if !has_url {
            let message = format!("the source {} has no `url`", named(&id.value));
            diagnostics.error(&id.span, message, "add url = \"https://…\", the address of the feed");
        }
        return String::new();
    };
    if let Some(mut url) = web_address("url", at, IN_AUTH, diagnostics) {
        url.set_fragment(None);
        if let Some(other) = seen.insert(url.into(), id.value.clone()) {
            let message = format!("the sources {} and {} have the same `url`", named(&other), named(&id.value));
            diagnostics.error(&at.span, message, "take one of them out: its entries would appear twice");
        }
    }
    at.value.trim().to_owned()
}

fn tags(raw: &[Located<String>], diagnostics: &mut Diagnostics<'_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for at in raw {
        let plain = at.value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        if at.value.is_empty() || at.value.len() > 64 || !plain {
            diagnostics.error(&at.span, format!("{} cannot be a tag", quoted(&at.value)), "letters, digits, `-` and `_`");
        } else if !tags.contains(&at.value) {
            tags.push(at.value.clone());
        }
    }
    tags
}

/// Headers and authentication, their secrets fetched if the source is enabled.
fn access(
    table: &raw::RawSource,
    in_clear: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Vec<(String, SecretString)>, Option<Auth>) {
    let mut headers = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (name, value) in &table.headers.0 {
        if let Some((message, help)) = header_trouble(&name.value, &value.value, &names, table.auth.is_some()) {
            diagnostics.error(&name.span, message, help);
        } else if table.enabled {
            let wanted = "ASCII letters, digits and signs, on one line";
            headers.extend(
                fetched(
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
        diagnostics.warn(
            &url.span,
            "the secrets of this source go over the network in clear",
            "use https:// if the server has it",
        );
    }
    (headers, auth)
}

fn header_trouble(name: &str, value: &raw::RawSecret, before: &[String], has_auth: bool) -> Option<(String, String)> {
    let shown = quoted(name);
    let lower = name.to_ascii_lowercase();
    if !header::is_name(name) {
        return Some((format!("{shown} cannot be the name of a header"), "letters, digits and `-`".to_owned()));
    }
    if header::is_ours(name) {
        return Some((format!("the header {shown} cannot be set"), "relais sets it itself, or the connection does".to_owned()));
    }
    if before.contains(&lower) {
        return Some((format!("the header {shown} is there twice"), "names of headers are the same in small letters".to_owned()));
    }
    if header::is_secret(name) && matches!(value, raw::RawSecret::Plain(_)) {
        return Some((format!("the header {shown} holds a secret"), ELSEWHERE.to_owned()));
    }
    (lower == "authorization" && has_auth)
        .then(|| (format!("{shown} and `auth` say the same thing"), "keep one of them".to_owned()))
}

fn auth(at: &Located<raw::RawAuth>, enabled: bool, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Auth> {
    let raw::RawAuth { user, password, bearer } = &at.value;
    let mut secret = |key: &str, at: &Located<raw::RawSecret>, wanted: &str, fits: fn(&str) -> bool| {
        if matches!(at.value, raw::RawSecret::Plain(_)) {
            diagnostics.error(&at.span, format!("the {key} is written in the file"), ELSEWHERE);
            return None;
        }
        if enabled { fetched(at, &format!("the {key}"), wanted, fits, context, diagnostics) } else { None }
    };
    match (user, password, bearer) {
        (Some(user), Some(password), None) => {
            let password =
                secret("password", password, "one line without control characters", |text| !text.contains(char::is_control));
            if user.value.is_empty() || user.value.contains(|c: char| c == ':' || c.is_control()) {
                diagnostics.error(&user.span, "this cannot be a user name", "it has no colon in it (RFC 7617)");
                return None;
            }
            Some(Auth::Basic { user: user.value.clone(), password: password? })
        }
        (None, None, Some(bearer)) => Some(Auth::Bearer(secret("token", bearer, header::WORD, header::is_word)?)),
        _ => {
            let help = "write { user = \"…\", password = { env = \"…\" } } or { bearer = { env = \"…\" } }";
            diagnostics.error(&at.span, "`auth` takes a `user` with a `password`, or a `bearer`", help);
            None
        }
    }
}

/// Fetches a secret that must fit a form, which `wanted` tells.
pub(super) fn fetched(
    at: &Located<raw::RawSecret>,
    what: &str,
    wanted: &str,
    fits: impl Fn(&str) -> bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<SecretString> {
    let (message, help) = match context.secret(&at.value) {
        Ok(secret) if fits(secret.expose_secret()) => return Some(secret),
        Ok(_) => (format!("{what} cannot be sent"), format!("it must be {wanted}")),
        Err(trouble) => trouble,
    };
    diagnostics.error(&at.span, message, help);
    None
}
