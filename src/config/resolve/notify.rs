//! The rules of `[notify.ID]`.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::diagnostics::{Diagnosis, Diagnostics};
use super::super::load_context::LoadContext;
use super::super::plan::{Edition, Notification, Receiver};
use super::super::raw;
use super::super::tables::NamedTable;
use super::super::values::{Located, RawNotifyKind, quoted};
use super::digest::find_edition;
use super::engine::is_local;
use super::header;
use super::rules::{USE_REFERENCE, duration, find_secret, id_in_message, number, web_address};
use crate::model::Lang;

const TIMEOUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
const GIVE_UP_AFTER: (Duration, Duration) = (Duration::from_mins(10), Duration::from_hours(30 * 24));
/// The most arguments of a program, and tags of a message.
const MAX_LIST: usize = 32;
/// The prefix of the secret of a webhook, and the bytes that it has (Standard Webhooks, "Signature scheme").
const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Checks all notifications, in the order of the file.
pub(super) fn notifications(
    raw: &[NamedTable<raw::RawNotify>],
    editions: &[Edition],
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Notification> {
    raw.iter().filter_map(|named| notification(named, editions, context, diagnostics)).collect()
}

fn notification(
    named: &NamedTable<raw::RawNotify>,
    editions: &[Edition],
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Notification> {
    let NamedTable { id, table, .. } = named;
    if table.edition.is_none() {
        missing(named, "edition", "edition = \"NAME\", the edition that it is of", diagnostics);
    }
    let edition = table.edition.as_ref().and_then(|at| find_edition(at, editions, diagnostics));
    let receiver = receiver(named, context, diagnostics);
    let timeout = duration("timeout", &table.timeout, TIMEOUT, diagnostics);
    let give_up_after = duration("give_up_after", &table.give_up_after, GIVE_UP_AFTER, diagnostics);
    let backlog =
        if table.backlog.value == 0 { 0 } else { number("backlog", &table.backlog, (0, raw::MAX_BACKLOG), diagnostics) };
    let (edition, (receiver, problem)) = (edition?, receiver?);
    let lang = lang(named, edition, diagnostics).ok()?;
    Some(Notification {
        id: id.value.clone(),
        edition: edition.id.clone(),
        lang,
        receiver,
        problem,
        timeout,
        give_up_after,
        backlog,
    })
}

/// Reports a key that is not there. One that could not be read has been reported already.
fn missing(
    NamedTable { id, keys, .. }: &NamedTable<raw::RawNotify>,
    key: &str,
    example: &str,
    diagnostics: &mut Diagnostics<'_>,
) {
    if !keys.contains_key(key) {
        let message = format!("the notification {} has no `{key}`", id_in_message(&id.value));
        diagnostics.error(&id.span, message, format!("add {example}"));
    }
}

/// Returns the language: the only one of the edition if none is named. An error has been reported.
fn lang(
    NamedTable { id, table, keys }: &NamedTable<raw::RawNotify>,
    edition: &Edition,
    diagnostics: &mut Diagnostics<'_>,
) -> Result<Option<Lang>, ()> {
    let names = edition.langs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (&table.lang, edition.langs.as_slice()) {
        (None, _) if keys.contains_key("lang") => Err(()),
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only.clone())),
        (None, _) => {
            let message = format!("the notification {} has no `lang`", id_in_message(&id.value));
            diagnostics.error(&id.span, message, format!("the edition has {names}: name one of them"));
            Err(())
        }
        (Some(at), langs) if langs.contains(&at.value.0) => Ok(Some(at.value.0.clone())),
        (Some(at), langs) => {
            let hint = if langs.is_empty() { "it has no `langs`: remove `lang`".to_owned() } else { format!("it has {names}") };
            let message =
                format!("the edition {} is not published in {}", id_in_message(&edition.id), quoted(at.value.0.as_str()));
            diagnostics.error(&at.span, message, hint);
            Err(())
        }
    }
}

/// Checks the receiver. Returns it with the reason for which it cannot be reached for now.
fn receiver(
    named: &NamedTable<raw::RawNotify>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<(Receiver, Option<String>)> {
    let table = &named.table;
    refuse_keys_of_other_kinds(table, diagnostics);
    if table.kind == RawNotifyKind::Exec {
        return exec(named, context, diagnostics).map(|receiver| (receiver, None));
    }
    let (url, problem) = address(named, context, diagnostics)?;
    let (secret, secret_problem) = secret(table, context, diagnostics);
    let problem = problem.or(secret_problem);
    if table.kind == RawNotifyKind::Webhook {
        if table.secret.is_none() {
            let message = format!("the deliveries of the notification {} are not signed", id_in_message(&named.id.value));
            diagnostics.warn(&named.id.span, message, "set `secret`, so that the receiver knows that they are yours");
        }
        let bytes = |secret: SecretString| secret.expose_secret().trim_start_matches(SECRET_PREFIX).to_owned().into();
        return Some((Receiver::Webhook { url, key: secret.map(bytes) }, problem));
    }
    if let (Some(at), Some(_)) = (&table.url, &table.secret)
        && Url::parse(url.expose_secret()).is_ok_and(|url| url.scheme() == "http" && !is_local(&url))
    {
        let hint = "write https://, or the address of a server in your own network";
        diagnostics.error(&at.span, "the access token would be sent in clear text", hint);
    }
    let priority = table.priority.as_ref().map(|at| number("priority", at, (1, 5), diagnostics));
    let priority = priority.and_then(|priority| u8::try_from(priority).ok());
    Some((Receiver::Ntfy { url, token: secret, priority, tags: tags(&table.tags, diagnostics) }, problem))
}

fn refuse_keys_of_other_kinds(table: &raw::RawNotify, diagnostics: &mut Diagnostics<'_>) {
    let kind = table.kind;
    let spans = [
        ("url", table.url.as_ref().map(|at| &at.span), kind != RawNotifyKind::Exec),
        ("secret", table.secret.as_ref().map(|at| &at.span), kind != RawNotifyKind::Exec),
        ("command", table.command.first().map(|at| &at.span), kind == RawNotifyKind::Exec),
        ("priority", table.priority.as_ref().map(|at| &at.span), kind == RawNotifyKind::Ntfy),
        ("tags", table.tags.first().map(|at| &at.span), kind == RawNotifyKind::Ntfy),
    ];
    for (key, span, is_allowed) in spans {
        if let Some(span) = span.filter(|_| !is_allowed) {
            let message = format!("a notification of the kind \"{}\" has no `{key}`", kind.name());
            diagnostics.error(span, message, "remove it, or set another `kind`");
        }
    }
}

fn exec(named: &NamedTable<raw::RawNotify>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Receiver> {
    let command = &named.table.command;
    let Some(program) = command.first() else {
        let message = format!("the notification {} has no `command`", id_in_message(&named.id.value));
        diagnostics.error(&named.id.span, message, "add command = [\"PROGRAM\"], the program that reads the item");
        return None;
    };
    if let Some(at) = command.iter().find(|at| at.value.contains('\0')).or_else(|| command.get(MAX_LIST)) {
        diagnostics.error(&at.span, "`command` cannot be started", format!("at most {MAX_LIST} texts without U+0000"));
        return None;
    }
    if program.value.trim().is_empty() {
        diagnostics.error(&program.span, "`command` names no program", "write its name, or its path");
        return None;
    }
    let path = if program.value.contains('/') { context.path(&program.value) } else { PathBuf::from(&program.value) };
    let args = command.iter().skip(1).map(|at| at.value.clone()).collect();
    Some(Receiver::Exec { program: path, args, folder: context.folder.clone() })
}

/// Reads and checks the address. Returns it with the reason for which it cannot be read for now.
fn address(
    named: &NamedTable<raw::RawNotify>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<(SecretString, Option<String>)> {
    let Some(at) = &named.table.url else {
        missing(named, "url", "url = \"https://…\", or url = { env = \"NAME\" } if it is a secret", diagnostics);
        return None;
    };
    let value = match context.secret(&at.value) {
        Ok(secret) => secret.expose_secret().trim().to_owned(),
        Err(diagnosis) => return Some((SecretString::default(), Some(warn_of(at, &diagnosis, diagnostics)))),
    };
    let hint = "remove it; a server that wants a token gets it in `secret` (ntfy), or in the address";
    let mut url = web_address("url", &Located { value, span: at.span.clone() }, hint, diagnostics)?;
    url.set_fragment(None);
    let has_topic = url.path_segments().and_then(|mut parts| parts.next_back()).is_some_and(|topic| !topic.is_empty());
    if named.table.kind == RawNotifyKind::Ntfy && !has_topic {
        let hint = "write the address of the topic, for example url = \"https://ntfy.example.org/desk\"";
        diagnostics.error(&at.span, "`url` names no topic", hint);
        return None;
    }
    Some((String::from(url).into(), None))
}

/// Reads the secret, or returns why it cannot be read. That is no error of the file: the environment of a command that delivers nothing
/// need not have it.
fn secret(
    table: &raw::RawNotify,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Option<SecretString>, Option<String>) {
    let Some(at) = &table.secret else { return (None, None) };
    if matches!(at.value, raw::RawSecret::Plain(_)) {
        diagnostics.error(&at.span, "the secret is written in the file", USE_REFERENCE);
        return (None, None);
    }
    let found = match table.kind {
        RawNotifyKind::Webhook => {
            find_secret(at, "the secret", "whsec_ and 24 to 64 bytes in base64", is_webhook_secret, context)
        }
        _ => find_secret(at, "the access token", header::WORD, header::is_word, context),
    };
    match found {
        Ok(secret) => (Some(secret), None),
        Err(diagnosis) => (None, Some(warn_of(at, &diagnosis, diagnostics))),
    }
}

/// Warns of a secret that cannot be used, and returns the reason.
fn warn_of(at: &Located<raw::RawSecret>, diagnosis: &Diagnosis, diagnostics: &mut Diagnostics<'_>) -> String {
    let hint = format!("{}; until then its events wait", diagnosis.hint);
    diagnostics.warn(&at.span, diagnosis.message.clone(), hint);
    format!("{}; {}", diagnosis.message, diagnosis.hint)
}

fn is_webhook_secret(secret: &str) -> bool {
    let bytes = secret.strip_prefix(SECRET_PREFIX).and_then(|text| STANDARD.decode(text).ok());
    bytes.is_some_and(|bytes| SECRET_BYTES.contains(&bytes.len()))
}

fn tags(raw: &[Located<String>], diagnostics: &mut Diagnostics<'_>) -> Vec<String> {
    let is_tag = |at: &&Located<String>| !at.value.trim().is_empty() && at.value.len() <= 64 && !at.value.contains([',', '\n']);
    if let Some(at) = raw.iter().find(|at| !is_tag(at)).or_else(|| raw.get(MAX_LIST)) {
        let hint = format!("at most {MAX_LIST} tags of 64 bytes, without commas");
        diagnostics.error(&at.span, format!("{} is not a valid tag", quoted(&at.value)), hint);
    }
    raw.iter().filter(is_tag).map(|at| at.value.trim().to_owned()).collect()
}
