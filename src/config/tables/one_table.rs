//! Reads one table: as a whole, or key by key where something is wrong.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::diagnostics::{Diagnostics, nearest};
use super::super::reference::{KnownKeys, LATER};
use super::super::values::shortened;
use super::explain_error;

/// Reads one table. A key that cannot be read is an error and keeps its default. Also returns the keys that are set.
pub(super) fn read_table<T: DeserializeOwned + Default>(
    place: &str,
    body: DeTable<'_>,
    known: &KnownKeys,
    diagnostics: &mut Diagnostics<'_>,
) -> (T, HashMap<String, bool>) {
    // Nearly every table is valid as a whole, and reading it key by key takes three times as long.
    if body.keys().all(|key| known.has(key.get_ref()))
        && let Ok(table) = deserialize(body.clone())
    {
        return (table, body.into_iter().map(|(key, _)| (key.into_inner().into_owned(), true)).collect());
    }
    read_table_by_key(place, body, known, diagnostics)
}

/// Reads one table key by key, so that one bad key hides no other.
fn read_table_by_key<T: DeserializeOwned + Default>(
    place: &str,
    body: DeTable<'_>,
    known: &KnownKeys,
    diagnostics: &mut Diagnostics<'_>,
) -> (T, HashMap<String, bool>) {
    let mut keys = HashMap::new();
    let mut good = DeTable::new();
    for (key, value) in body {
        let name = key.get_ref().as_ref();
        if !known.has(name) {
            report_unknown_key(place, &key, &value, known, diagnostics);
            continue;
        }
        let alone = DeTable::from_iter([(key.clone(), value.clone())]);
        let read = deserialize::<T>(alone);
        keys.insert(name.to_owned(), read.is_ok());
        match read {
            Ok(_) => drop(good.insert(key, value)),
            Err(error) => {
                let (span, diagnosis) = explain_error::explain(name, &value, &error, known.example(name).as_deref());
                diagnostics.error_at(&span, diagnosis);
            }
        }
    }
    (deserialize(good).unwrap_or_default(), keys)
}

fn deserialize<T: DeserializeOwned>(table: DeTable<'_>) -> Result<T, toml::de::Error> {
    T::deserialize(toml::de::ValueDeserializer::from(Spanned::new(0..0, DeValue::Table(table))))
}

/// Reports a key that this version does not know: reserved, misplaced, or mistyped.
fn report_unknown_key(
    place: &str,
    key: &Spanned<Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    known: &KnownKeys,
    diagnostics: &mut Diagnostics<'_>,
) {
    let name = key.get_ref().as_ref();
    let group = place.split('.').next().unwrap_or_default();
    if let Some((_, _, hint)) = LATER.iter().find(|(table, later, _)| *table == group && *later == name) {
        let named = matches!(value.get_ref(), DeValue::Table(inner) if inner.values().any(|v| v.get_ref().is_table()));
        let shown = match (place, named) {
            ("", true) => format!("[{name}.…]"),
            ("", false) if value.get_ref().is_table() => format!("[{name}]"),
            _ => name.to_owned(),
        };
        diagnostics.error(&key.span(), format!("`{shown}` is not supported by this version of relais"), *hint);
        return;
    }
    let shown = shortened(name);
    let message = match (place, value.get_ref()) {
        ("", DeValue::Table(_)) => format!("unknown table `[{shown}]`"),
        ("", _) => format!("unknown key `{shown}` at the top of the file"),
        _ => format!("unknown key `{shown}` in [{place}]"),
    };
    diagnostics.error(&key.span(), message, unknown_key_hint(place, name, value.get_ref(), known));
}

fn unknown_key_hint(place: &str, name: &str, value: &DeValue<'_>, known: &KnownKeys) -> String {
    if let Some(key) = nearest(name, known.names()) {
        return format!("did you mean `{key}`?");
    }
    if !place.is_empty() && !value.is_table() && KnownKeys::of_file().has(name) {
        return format!("`{name}` belongs at the top of the file, above the first [table]");
    }
    format!("the keys are {}", known.names().collect::<Vec<_>>().join(", "))
}
