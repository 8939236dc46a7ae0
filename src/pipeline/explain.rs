//! Explains one entry: each decision about it, as a run would make it now. Nothing is written.

mod editions;
mod find;

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::Plan;
use crate::model::{DateBasis, Entry, EntryRow, ExplainedDates, ExplainedTopic, Explanation, SourceId, Time};
use crate::policy::declared_date;
use crate::store::Store;
use crate::translate::Glossary;

use super::error::PipelineError;
use super::rules::SourceRules;
use super::topics::Topics;
use super::translate::EngineHandle;
pub(super) use find::with_titles;
pub use find::{FoundEntry, find_entries};

/// The explainer of entries, with all that decisions depend on.
pub struct Explainer<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The store.
    pub store: &'a Store,
    /// The topic rules.
    pub topics: &'a Topics,
    /// The engines that can be used.
    pub engines: &'a [EngineHandle],
    /// Terms and names.
    pub glossary: &'a Arc<Glossary>,
    /// The sources whose article pages are fetched.
    pub paged: &'a HashSet<SourceId>,
    /// The present.
    pub now: Time,
}

impl Explainer<'_> {
    /// Explains an entry of the store. Returns nothing if it was deleted meanwhile.
    pub async fn explain(&self, row: &EntryRow) -> Result<Option<Explanation>, PipelineError> {
        let Some((_, _, entry)) = self.store.load_entries(&[row.id]).await?.into_iter().next() else { return Ok(None) };
        let editions = self.explain_editions(row, &entry).await?;
        let (dropped_by, topic) = self.explain_rules(row, &entry);
        Ok(Some(Explanation {
            id: row.id.to_string(),
            source: row.source.clone(),
            url: entry.head.url.clone(),
            guid: entry.head.guid.clone(),
            lang: row.lang.clone(),
            categories: entry.head.categories.clone(),
            dates: explain_dates(row, &entry),
            is_withdrawn: row.is_withdrawn,
            dropped_by,
            topic,
            editions,
            title: entry.title,
        }))
    }

    /// Returns the decision of the source's rules, and the judgement of its topic rule.
    fn explain_rules(&self, row: &EntryRow, entry: &Entry) -> (Option<String>, Option<ExplainedTopic>) {
        let Some(source) = self.plan.sources.iter().find(|source| source.id == entry.key.source) else { return (None, None) };
        let rules = SourceRules::new(source, self.topics);
        let decision = rules.decide(entry, row.first_seen);
        let dropped = decision.rule.filter(|_| !decision.is_kept());
        (dropped.map(|rule| rule.key().to_owned()), rules.explain_topic(source.topic.as_deref(), entry))
    }
}

/// Returns the dates of an entry, and the origin of the one that is believed.
fn explain_dates(row: &EntryRow, entry: &Entry) -> ExplainedDates {
    let (published, updated) = (entry.head.published, entry.head.updated);
    let because = match declared_date(published, updated) {
        Some(declared) if declared == row.at && published.is_some() => DateBasis::Published,
        Some(declared) if declared == row.at => DateBasis::Updated,
        Some(declared) if declared <= row.first_seen => DateBasis::Kept,
        _ => DateBasis::FirstSeen,
    };
    ExplainedDates { published, updated, first_seen: row.first_seen, believed: row.at, because }
}
