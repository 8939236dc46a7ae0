//! Renditions in other languages: kept beside the originals, with what they were made of.

use sqlx::{Connection, Row};
use xxhash_rust::xxh3::Xxh3Default;

use super::json::items;
use super::json::rows;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{Clean, EntryId, Lang, Rendition, RenditionInputs, Revision, Show, SourceId, Time};

const ROWS: Sql = sql!(
    "select" gather "entry, revision, made_of, show, stamp" gathered "from rendition where lang = $2 and entry" in_keys
);

const TEXTS: Sql = sql!("select entry, doc from rendition where lang = $2 and entry" in_keys);

/// Of an entry that was pruned meanwhile nothing is kept.
const KEEP: Sql = sql!(
    "insert into rendition (entry, lang, revision, made_of, show, stamp, doc)
     select v.entry, v.lang, v.revision, v.made_of, v.show, v.stamp, v.doc
     from (select cast(value ->> 0 as bigint) as entry, value ->> 1 as lang, cast(value ->> 2 as bigint) as revision,
                  cast(value ->> 3 as bigint) as made_of, value ->> 4 as show, cast(value ->> 5 as bigint) as stamp,
                  cast(value -> 6 as text) as doc from" rows ") as v
     where v.entry in (select id from entry)
     on conflict (entry, lang) do update set revision = excluded.revision, made_of = excluded.made_of, show = excluded.show,
         stamp = excluded.stamp, doc = excluded.doc"
);

const FORGET: Sql = sql!(
    "delete from rendition where lang <> '' and ($2 = '' or lang = $2) and entry in (
         select id from entry where at >= $3 and ($4 or source in (select value from" items ")))"
);

/// What is known of a rendition without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationRow {
    /// The entry.
    pub entry: EntryId,
    /// The revision of the entry that it was made of.
    pub revision: Revision,
    /// What else.
    pub inputs: RenditionInputs,
    /// A hash of what it says.
    pub stamp: i64,
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
    /// Everything else that the rendition depends on.
    pub inputs: RenditionInputs,
    /// The rendition.
    pub rendition: Rendition,
}

type Slim = (EntryId, Revision, i64, Show, i64);

impl Store {
    /// What is known of the renditions of these entries in a language, in no order; of those that have none, nothing.
    pub async fn find_translation_rows(&self, entries: &[EntryId], lang: &Lang) -> Result<Vec<TranslationRow>, StoreError> {
        let failed = self.failed("look up renditions");
        let mut held = self.hold().await.map_err(&failed)?;
        let query = sqlx::query(ROWS.of(self.dialect)).bind(items(entries)).bind(lang.as_str().to_owned());
        let row = query.fetch_one(&mut *held).await.map_err(&failed)?;
        let slim = self.gathered::<Slim>(&row, "what is known of renditions")?.into_iter();
        Ok(slim
            .map(|(entry, revision, hash, show, stamp)| TranslationRow {
                entry,
                revision,
                inputs: RenditionInputs { hash, show },
                stamp,
            })
            .collect())
    }

    /// The renditions of these entries in a language, in no order.
    pub async fn load_translations(&self, entries: &[EntryId], lang: &Lang) -> Result<Vec<(EntryId, Rendition)>, StoreError> {
        let failed = self.failed("read renditions");
        let query = sqlx::query(TEXTS.of(self.dialect)).bind(items(entries)).bind(lang.as_str().to_owned());
        let rows = self.fetch(query).await.map_err(&failed)?;
        let mut renditions = Vec::with_capacity(rows.len());
        for row in &rows {
            let rendition = self.read_doc("a rendition", row.try_get(1).map_err(&failed)?)?;
            renditions.push((EntryId(row.try_get(0).map_err(&failed)?), rendition));
        }
        Ok(renditions)
    }

    /// Keeps renditions, in place of those that there are.
    pub async fn save_translations(&self, renditions: &[TranslatedEntry]) -> Result<(), StoreError> {
        if renditions.is_empty() {
            return Ok(());
        }
        self.try_keep_translations(renditions).await.map_err(self.failed("keep renditions"))
    }

    async fn try_keep_translations(&self, renditions: &[TranslatedEntry]) -> Result<(), sqlx::Error> {
        let mut by_key: Vec<&TranslatedEntry> = renditions.iter().collect();
        by_key.sort_by(|a, b| (a.entry, &a.lang).cmp(&(b.entry, &b.lang)));
        by_key.dedup_by(|a, b| (a.entry, &a.lang) == (b.entry, &b.lang));
        let mut held = self.hold().await?;
        let mut tx = held.begin_with(self.dialect.begin()).await?;
        let all = by_key
            .into_iter()
            .map(|t| (t.entry, &t.lang, t.revision, t.inputs.hash, t.inputs.show, stamp(&t.rendition), &t.rendition));
        for page in rows(all) {
            sqlx::query(KEEP.of(self.dialect)).bind(page).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// Forgets the renditions of entries of these sources (`None`: of all) that stand in time from `since` on, in a language (`None`:
    /// in all). How many there were.
    pub async fn delete_translations(
        &self,
        sources: Option<&[SourceId]>,
        lang: Option<&Lang>,
        since: Option<Time>,
    ) -> Result<u64, StoreError> {
        let failed = self.failed("forget renditions");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(FORGET.of(self.dialect))
            .bind(items(sources.unwrap_or_default()))
            .bind(lang.map(Lang::to_string).unwrap_or_default())
            .bind(since.map_or(i64::MIN, Time::millis))
            .bind(sources.is_none())
            .execute(&mut *held)
            .await
            .map(|done| done.rows_affected())
            .map_err(failed)
    }
}

/// A hash of what a rendition says; when it was made, and how much of it came from the memory, does not count.
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
    fn a_stamp_is_that_of_the_text() {
        let json = |made: &str| format!(r#"{{"title":"A","summary":null,"content":"<p>b</p>","made":{made}}}"#);
        let read = |made: &str| -> Rendition { serde_json::from_str(&json(made)).expect("a rendition") };
        let first = read(r#"{"engines":["deepl"],"at":"2026-11-24T00:00:00Z","translated":2,"recalled":0,"left":0}"#);
        let again = read(r#"{"engines":["deepl"],"at":"2026-11-25T00:00:00Z","translated":0,"recalled":2,"left":0}"#);
        let part = read(r#"{"engines":["deepl"],"at":"2026-11-24T00:00:00Z","translated":1,"recalled":0,"left":1}"#);
        assert_eq!(stamp(&first), stamp(&again));
        assert_ne!(stamp(&first), stamp(&part));
    }
}
