//! The facts of entries that the rules of editions read. They are stored by the revision that they were read of.

use serde::Serialize;

use super::json::{arrays, list};
use super::row::collected_documents;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{EntryId, Revision, RuleFacts};

const LOAD: Sql = sql!(
    "select" collect_documents "entry, revision" with_document "doc" end_documents "from rule_facts where entry" in_ids
);

/// Entries that were pruned meanwhile are skipped.
const SAVE: Sql = sql!(
    "insert into rule_facts (entry, revision, doc)
     select v.entry, v.revision, v.doc
     from (select cast(value ->> 'entry' as bigint) as entry, cast(value ->> 'revision' as bigint) as revision,
                  cast(value -> 'doc' as text) as doc from" json_rows ") as v
     where v.entry in (select id from entry)
     on conflict (entry) do update set revision = excluded.revision, doc = excluded.doc"
);

/// A row of [`SAVE`].
#[derive(Serialize)]
struct FactsRow<'f> {
    entry: EntryId,
    revision: Revision,
    doc: &'f RuleFacts,
}

impl Store {
    /// Returns the facts of these entries, each with the revision that they were read of, in no order. Entries without any are left
    /// out.
    pub async fn load_rule_facts(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, RuleFacts)>, StoreError> {
        let attempt = "read the facts of entries";
        let row = self.fetch_one(attempt, LOAD.query(self.dialect).bind(list(entries))).await?;
        let rows: Vec<((EntryId, Revision), Option<RuleFacts>)> =
            self.decode(attempt, collected_documents("the facts of entries", &row))?;
        Ok(rows.into_iter().filter_map(|((id, revision), facts)| Some((id, revision, facts?))).collect())
    }

    /// Saves facts. They replace those of other revisions.
    pub async fn save_rule_facts(&self, facts: &[(EntryId, Revision, RuleFacts)]) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        // In the order of the ids: two workers that lock rows in different orders would block each other.
        let mut by_id: Vec<_> = facts.iter().collect();
        by_id.sort_by_key(|(entry, ..)| *entry);
        by_id.dedup_by_key(|(entry, ..)| *entry);
        let rows = by_id.into_iter().map(|(entry, revision, doc)| FactsRow { entry: *entry, revision: *revision, doc });
        self.execute_pages("save the facts of entries", &SAVE, arrays(rows).collect()).await
    }
}
