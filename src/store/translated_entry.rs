//! Translated renditions. They are stored beside the originals, with the inputs that they were made of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::Row;
use xxhash_rust::xxh3::Xxh3Default;

use super::changes::{ENTRIES, count_change, of_renditions};
use super::connection::OperationResult;
use super::json::{arrays, list};
use super::row::{collected_rows, document};
use super::sql::{Sql, begin, sql};
use super::{Store, StoreError};
use crate::model::{Clean, EntryId, Lang, Rendition, RenditionInputs, Revision, Show, SourceId, Time, UntranslatedPolicy};

const FIND: Sql = sql!(
    "select" collect_rows "entry, revision, made_of, show, stamp, retry_at, corrections, is_left" end_rows "from rendition where lang = $2 and entry" in_ids
);

const LOAD: Sql = sql!("select entry, doc from rendition where lang = $2 and entry" in_ids);

/// Entries that were pruned meanwhile are skipped. A rendition that says the same as before stays, with the time at which it was
/// made: readers are told of a change only where there is one.
const SAVE: Sql = sql!(
    "insert into rendition (entry, lang, revision, made_of, show, stamp, retry_at, corrections, is_left, doc)
     select v.entry, v.lang, v.revision, v.made_of, v.show, v.stamp, v.retry_at, v.corrections, v.is_left, v.doc
     from (select cast(value ->> 'entry' as bigint) as entry, value ->> 'lang' as lang,
                  cast(value ->> 'revision' as bigint) as revision, cast(value ->> 'made_of' as bigint) as made_of,
                  value ->> 'show' as show, cast(value ->> 'stamp' as bigint) as stamp,
                  cast(value ->> 'retry_at' as bigint) as retry_at, cast(value ->> 'corrections' as bigint) as corrections,
                  cast(value ->> 'is_left' as bigint) as is_left,
                  cast(value -> 'doc' as text) as doc from" json_rows ") as v
     where v.entry in (select id from entry)
     on conflict (entry, lang) do update set revision = excluded.revision, made_of = excluded.made_of, show = excluded.show,
         stamp = excluded.stamp, retry_at = excluded.retry_at, corrections = excluded.corrections, is_left = excluded.is_left,
         doc = case when rendition.stamp = excluded.stamp then rendition.doc else excluded.doc end"
);

const DELETE: Sql = sql!(
    "delete from rendition where lang <> '' and ($2 = '' or lang = $2) and entry in (
         select id from entry where at >= $3 and ($4 or source in (select value from" json_values ")))"
);

/// The row of a translated rendition, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationRow {
    /// The entry.
    pub entry: EntryId,
    /// The revision of the entry that was translated.
    pub revision: Revision,
    /// Everything else that the rendition was made of.
    pub inputs: RenditionInputs,
    /// A hash of the text, as readers see it.
    pub stamp: i64,
    /// The time from which segments that were refused may be sent again; nothing if there are none.
    pub retry_at: Option<Time>,
    /// The number of the last change of corrections that it takes into account.
    pub corrections: i64,
    /// True if nothing of it could be translated: every engine has refused every text.
    pub is_left: bool,
}

impl TranslationRow {
    /// Returns true if an edition with this policy shows it as a translation. Who skips what is not translated does not want the original
    /// under another name.
    pub fn is_translation(&self, untranslated: UntranslatedPolicy) -> bool {
        self.inputs.is_finished() && !(self.is_left && untranslated == UntranslatedPolicy::Skip)
    }
}

/// A translated rendition to be saved.
#[derive(Clone, Debug)]
pub struct TranslatedEntry {
    /// The entry.
    pub entry: EntryId,
    /// The language of the rendition.
    pub lang: Lang,
    /// The revision of the entry that was translated.
    pub revision: Revision,
    /// Everything else that the rendition was made of.
    pub inputs: RenditionInputs,
    /// The rendition.
    pub rendition: Rendition,
    /// The time from which segments that were refused may be sent again; nothing if there are none.
    pub retry_at: Option<Time>,
    /// The number of the last change of corrections that it takes into account.
    pub corrections: i64,
}

/// The columns of [`FIND`].
#[derive(Deserialize)]
struct TranslationColumns {
    entry: EntryId,
    revision: Revision,
    made_of: i64,
    show: Show,
    stamp: i64,
    retry_at: Option<i64>,
    corrections: Option<i64>,
    is_left: i64,
}

/// A row of [`SAVE`].
#[derive(Serialize)]
struct SavedRow<'t> {
    entry: EntryId,
    lang: &'t Lang,
    revision: Revision,
    made_of: i64,
    show: Show,
    stamp: i64,
    retry_at: Option<i64>,
    corrections: i64,
    is_left: i64,
    doc: &'t Rendition,
}

impl Store {
    /// Returns the rows of the renditions of these entries in a language, in no order. Entries without one are left out.
    pub async fn find_translation_rows(&self, entries: &[EntryId], lang: &Lang) -> Result<Vec<TranslationRow>, StoreError> {
        let attempt = "look up renditions";
        let query = FIND.query(self.dialect).bind(list(entries)).bind(lang.to_string());
        let row = self.fetch_one(attempt, query).await?;
        let columns: Vec<TranslationColumns> = self.decode(attempt, collected_rows("the rows of renditions", &row))?;
        Ok(columns.into_iter().map(TranslationRow::from).collect())
    }

    /// Returns the renditions of these entries in a language, in no order. Entries without one are left out.
    pub async fn load_translations(&self, entries: &[EntryId], lang: &Lang) -> Result<Vec<(EntryId, Rendition)>, StoreError> {
        let attempt = "read renditions";
        let query = LOAD.query(self.dialect).bind(list(entries)).bind(lang.to_string());
        let rows = self.fetch_all(attempt, query).await?;
        let read: OperationResult<_> =
            rows.into_iter().map(|row| Ok((EntryId(row.try_get(0)?), document("a rendition", &row, 1)?))).collect();
        self.decode(attempt, read)
    }

    /// Saves renditions. They replace those of the same entry and language.
    pub async fn save_translations(&self, translated: &[TranslatedEntry]) -> Result<(), StoreError> {
        if translated.is_empty() {
            return Ok(());
        }
        // In one order: two workers that lock rows in different orders would block each other.
        let mut by_key: Vec<&TranslatedEntry> = translated.iter().collect();
        by_key.sort_by(|a, b| (a.entry, &a.lang).cmp(&(b.entry, &b.lang)));
        by_key.dedup_by(|a, b| (a.entry, &a.lang) == (b.entry, &b.lang));
        let langs: BTreeSet<&Lang> = by_key.iter().map(|translated| &translated.lang).collect();
        let counters = langs.into_iter().map(of_renditions).collect();
        self.execute_counted("save renditions", &SAVE, arrays(by_key.into_iter().map(saved_row)).collect(), counters).await
    }

    /// Deletes the renditions of entries of these sources (`None`: of all) that are dated `since` or later, in a language
    /// (`None`: in all). Returns their number.
    pub async fn delete_translations(
        &self,
        sources: Option<&[SourceId]>,
        lang: Option<&Lang>,
        since: Option<Time>,
    ) -> Result<u64, StoreError> {
        let query = DELETE
            .query(self.dialect)
            .bind(list(sources.unwrap_or_default()))
            .bind(lang.map(Lang::to_string).unwrap_or_default())
            .bind(since.map_or(i64::MIN, Time::millis))
            .bind(sources.is_none());
        let dialect = self.dialect;
        self.run("delete renditions", move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                let deleted = query.execute(&mut *tx).await?.rows_affected();
                count_change(&mut tx, ENTRIES).await?;
                tx.commit().await?;
                Ok(deleted)
            })
        })
        .await
    }
}

impl From<TranslationColumns> for TranslationRow {
    fn from(columns: TranslationColumns) -> Self {
        let TranslationColumns { entry, revision, made_of, show, stamp, retry_at, corrections, is_left } = columns;
        let retry_at = retry_at.map(Time::from_millis);
        Self {
            entry,
            revision,
            inputs: RenditionInputs { hash: made_of, show },
            stamp,
            retry_at,
            corrections: corrections.unwrap_or(0),
            is_left: is_left != 0,
        }
    }
}

fn saved_row(translated: &TranslatedEntry) -> SavedRow<'_> {
    let TranslatedEntry { entry, lang, revision, inputs, rendition, retry_at, corrections } = translated;
    SavedRow {
        entry: *entry,
        lang,
        revision: *revision,
        made_of: inputs.hash,
        show: inputs.show,
        stamp: stamp(rendition),
        retry_at: retry_at.map(Time::millis),
        corrections: *corrections,
        is_left: i64::from(is_left(rendition)),
        doc: rendition,
    }
}

/// Returns true if there was something to translate, and nothing of it is.
fn is_left(rendition: &Rendition) -> bool {
    let made = &rendition.provenance;
    made.left > 0 && made.waiting == 0 && made.translated + made.recalled == 0
}

/// Hashes the text of a rendition. When it was made, and how much of it came from the memory, does not count.
fn stamp(rendition: &Rendition) -> i64 {
    let mut hasher = Xxh3Default::new();
    let html = |html: &Option<Clean>| html.as_ref().map(|html| html.as_str().to_owned()).unwrap_or_default();
    let left = format!("{} {} {}", rendition.title_left, rendition.provenance.left, rendition.provenance.waiting);
    let engines = rendition.provenance.engines.join("\n");
    let parts = [rendition.title.as_str(), &html(&rendition.summary), &html(&rendition.content), &engines, &left];
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.digest().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamp_depends_on_the_text_only() {
        let json = |made: &str| format!(r#"{{"title":"A","summary":null,"content":"<p>b</p>","made":{made}}}"#);
        let read = |made: &str| -> Rendition { serde_json::from_str(&json(made)).expect("a rendition") };
        let first = read(r#"{"engines":["deepl"],"at":"2026-11-24T00:00:00Z","translated":2,"recalled":0,"left":0}"#);
        let again = read(r#"{"engines":["deepl"],"at":"2026-11-25T00:00:00Z","translated":0,"recalled":2,"left":0}"#);
        let part = read(r#"{"engines":["deepl"],"at":"2026-11-24T00:00:00Z","translated":1,"recalled":0,"left":1}"#);
        assert_eq!(stamp(&first), stamp(&again));
        assert_ne!(stamp(&first), stamp(&part));
    }
}
