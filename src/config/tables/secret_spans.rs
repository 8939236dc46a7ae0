//! Finds the values of feeds.toml that may be secrets. They are never shown, not even in the excerpt of another problem.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::diagnostics::nearest;
use super::Span;
use crate::model::has_credentials;

/// Keys whose values may be secrets, also if they are misplaced or reserved.
const SECRET: [&str; 10] =
    ["password", "passwd", "bearer", "token", "secret", "key", "api_key", "authorization", "cookie", "proxy-authorization"];

/// Returns the spans of the values in a table that may be secrets.
pub(super) fn in_table(table: &DeTable<'_>) -> Vec<Span> {
    let mut out = Vec::new();
    walk(table, false, &mut out);
    out
}

fn walk(table: &DeTable<'_>, all: bool, out: &mut Vec<Span>) {
    for (key, value) in table {
        let name = key.get_ref().to_ascii_lowercase();
        // In these tables, a mistyped key (`pasword`) may hold the secret too.
        let within = all || name == "auth" || name == "headers" || SECRET.contains(&name.as_str()) || is_key(&name);
        let named = matches!(name.as_str(), "env" | "file" | "user");
        visit(value, within && !named, out);
    }
}

/// Returns true for the `key` of an engine, also if mistyped (`kye`, `deepl_key`).
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

/// Returns true if a text looks like an address with a password (`scheme://name:password@host`, `?token=…`).
fn has_userinfo(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_secret_parameter = ["password=", "token=", "key=", "secret="].iter().any(|name| lower.contains(name));
    has_secret_parameter || has_credentials(text) || text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

/// Returns the span to hide in a line that cannot be parsed: everything after the first `=`, if the line may hold a secret.
pub(super) fn in_broken_text(text: &str, line: &Span) -> Vec<Span> {
    let shown = text[line.clone()].to_ascii_lowercase();
    let suspect = SECRET.iter().any(|word| shown.contains(word)) || shown.contains("auth") || shown.contains("header");
    let userinfo = shown.contains("://") && shown.contains('@') || has_userinfo(&shown);
    let start = shown.find('=').map_or(line.start, |equals| line.start + equals + 1);
    (suspect || userinfo).then_some(start..line.end).into_iter().collect()
}
