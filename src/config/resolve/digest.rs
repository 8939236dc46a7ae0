//! The rules of `[digest.ID]`.

use chrono::NaiveTime;

use super::super::diagnostics::{Diagnostics, nearest};
use super::super::plan::{Digest, Edition};
use super::super::raw;
use super::super::tables::NamedTable;
use super::super::values::{Located, quoted};
use super::rules::id_in_message;
use crate::model::MailAddress;

/// Checks all digests, in the order of the file.
pub(super) fn digests(
    raw: &[NamedTable<raw::RawDigest>],
    editions: &[Edition],
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Digest> {
    raw.iter().filter_map(|named| digest(named, editions, diagnostics)).collect()
}

fn digest(
    NamedTable { id, table, keys }: &NamedTable<raw::RawDigest>,
    editions: &[Edition],
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Digest> {
    let mut missing = |key: &str, example: &str| {
        if !keys.contains_key(key) {
            let message = format!("the digest {} has no `{key}`", id_in_message(&id.value));
            diagnostics.error(&id.span, message, format!("add {example}"));
        }
    };
    if table.edition.is_none() {
        missing("edition", "edition = \"NAME\", the edition that it is of");
    }
    if table.at.is_none() {
        missing("at", "at = \"07:00\", the time of day");
    }
    let edition = table.edition.as_ref().and_then(|at| find_edition(at, editions, diagnostics));
    let at = table.at.as_ref().and_then(|at| time_of_day(at, diagnostics));
    let from = table.from.as_ref().and_then(|at| address("from", at, diagnostics));
    let to = table.to.iter().filter_map(|at| address("to", at, diagnostics)).collect();
    let (edition, at) = (edition?, at?);
    if let Some(lang) = &table.lang
        && !edition.langs.contains(&lang.value.0)
    {
        let hint = match edition.langs.as_slice() {
            [] => "it has no `langs`: remove `lang`".to_owned(),
            langs => format!("it has {}", langs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        };
        let message = format!("the edition {} is not published in {}", id_in_message(&edition.id), quoted(lang.value.0.as_str()));
        diagnostics.error(&lang.span, message, hint);
        return None;
    }
    Some(Digest {
        id: id.value.clone(),
        edition: edition.id.clone(),
        lang: table.lang.as_ref().map(|at| at.value.0.clone()),
        at,
        zone: table.zone.as_ref().map(|at| at.value.0).unwrap_or_default(),
        from,
        to,
    })
}

pub(super) fn find_edition<'e>(
    at: &Located<String>,
    editions: &'e [Edition],
    diagnostics: &mut Diagnostics<'_>,
) -> Option<&'e Edition> {
    let found = editions.iter().find(|edition| edition.id == at.value);
    if found.is_none() {
        let hint = match nearest(&at.value, editions.iter().map(|edition| edition.id.as_str())) {
            Some(name) => format!("did you mean {}?", quoted(name)),
            None => "name one of the tables [edition.NAME]".to_owned(),
        };
        diagnostics.error(&at.span, format!("there is no edition {}", quoted(&at.value)), hint);
    }
    found
}

/// Reads a time of day, hours and minutes.
fn time_of_day(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(&at.value, "%H:%M").ok().filter(|_| at.value.len() == 5);
    if time.is_none() {
        let hint = "write hours and minutes, for example at = \"07:00\"";
        diagnostics.error(&at.span, format!("{} is not a time of day", quoted(&at.value)), hint);
    }
    time
}

fn address(key: &str, at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<MailAddress> {
    let address = MailAddress::parse(&at.value);
    if address.is_none() {
        let hint = format!("for example {key} = \"Les Jeux <news@example.org>\"");
        diagnostics.error(&at.span, format!("{} is not a mail address", quoted(&at.value)), hint);
    }
    address
}
