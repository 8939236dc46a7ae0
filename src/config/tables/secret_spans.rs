//! Which parts of feeds.toml are never shown, not even in the line that has another problem.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::diagnostics::nearest;
use super::Span;

/// Keys whose values may be secret, also where they are misplaced or belong to a later version.
const SECRET: [&str; 10] =
    ["password", "passwd", "bearer", "token", "secret", "key", "api_key", "authorization", "cookie", "proxy-authorization"];

/// The values in a table that may hold secrets.
pub(super) fn in_table(table: &DeTable<'_>) -> Vec<Span> {
    let mut out = Vec::new();
    walk(table, false, &mut out);
    out
}

fn walk(table: &DeTable<'_>, all: bool, out: &mut Vec<Span>) {
    for (key, value) in table {
        let name = key.get_ref().to_ascii_lowercase();
        // In these tables also a mistyped key (`pasword`) may hold the secret.
        let within = all || name == "auth" || name == "headers" || SECRET.contains(&name.as_str()) || is_key(&name);
        let named = matches!(name.as_str(), "env" | "file" | "user");
        visit(value, within && !named, out);
    }
}

/// Whether it is the key of an engine, also mistyped (`kye`, `deepl_key`).
fn is_key(name: &str) -> bool {
    name.contains("key") || nearest(name, ["key"]).is_some()
}

fn visit(value: &Spanned<DeValue<'_>>, secret: bool, out: &mut Vec<Span>) {
    match value.get_ref() {
        DeValue::Table(table) => walk(table, secret, out),
        DeValue::Array(list) => list.iter().for_each(|item| visit(item, secret, out)),
        DeValue::String(text) if secret || has_userinfo(text) => out.push(value.span()),
        _ if secret => out.push(value.span()),
        _ => {}
    }
}

/// Whether a text looks like an address with a password in it (`scheme://name:password@host`).
fn has_userinfo(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let asked = ["password=", "token=", "key=", "secret="].iter().any(|name| lower.contains(name));
    asked || text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

/// What is hidden in a line that cannot be parsed: all after the first `=`, if the line looks like one of secrets.
pub(super) fn in_broken_text(text: &str, line: &Span) -> Vec<Span> {
    let shown = text[line.clone()].to_ascii_lowercase();
    let suspect = SECRET.iter().any(|word| shown.contains(word)) || shown.contains("auth") || shown.contains("header");
    let userinfo = shown.contains("://") && shown.contains('@') || has_userinfo(&shown);
    let start = shown.find('=').map_or(line.start, |equals| line.start + equals + 1);
    (suspect || userinfo).then_some(start..line.end).into_iter().collect()
}
