//! The rules of an edition: which of the entries of its sources it takes. Facts that its rules need are read from the texts of an
//! entry once, and stored.

use std::collections::HashMap;

use crate::config as plan;
use crate::model::{Entry, EntryId, EntryRow, Fault, FaultKind, Revision, RuleFacts, Time};
use crate::select::{Decision, EntryFacts, Fields, Rule, RuleFailure, Tag, Verdict};
use crate::store::Store;

use super::blocking::spawn_cpu;
use super::error::PipelineError;
use super::rules::{facts_version, hours, read_facts};

/// The most entries of which an edition looks at the facts: of a rule that takes hardly anything, the older ones are not found.
const MAX_JUDGED: usize = 20_000;

/// The rules of an edition, and what they came upon.
pub(super) struct EditionRules<'e> {
    edition: &'e plan::Edition,
    /// The tags of which an entry must have one.
    tags: &'e [Tag],
    /// The date of the newest entry of its sources, which ages are counted from: so the output does not depend on the clock.
    newest: Option<Time>,
    /// True if facts that are read are stored.
    saves: bool,
    judged: usize,
    failure: Option<RuleFailure>,
}

impl<'e> EditionRules<'e> {
    /// Takes the rules of an edition. With `saves`, facts that are read from texts are stored.
    pub(super) fn new(edition: &'e plan::Edition, saves: bool) -> Self {
        Self { edition, tags: &edition.tags, newest: None, saves, judged: 0, failure: None }
    }

    /// Takes the rules that the editions of a family have in common: those of one of them, but for its tags.
    pub(super) fn of_family(edition: &'e plan::Edition, saves: bool) -> Self {
        Self { tags: &[], ..Self::new(edition, saves) }
    }

    /// Returns true if there are no rules.
    pub(super) fn is_empty(&self) -> bool {
        self.edition.filter.is_empty() && self.tags.is_empty()
    }

    /// Records the date of an entry that may be the newest one.
    pub(super) fn note_newest(&mut self, at: Option<Time>) {
        self.newest = self.newest.max(at);
    }

    /// Returns the date of the newest entry so far.
    pub(super) fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// Returns true if no further entries are looked at.
    pub(super) fn is_exhausted(&self) -> bool {
        self.judged >= MAX_JUDGED
    }

    /// Returns the fault of a rule that could not be evaluated.
    pub(super) fn fault(&self) -> Option<Fault> {
        let message = format!("{}; the entry is taken", self.failure.as_ref()?);
        Some(Fault::of_edition(&self.edition.id, FaultKind::Rule, message))
    }

    /// Returns those of these entries that the edition takes. The pages come one after the other, newest first.
    pub(super) async fn taken(&mut self, store: &Store, rows: Vec<EntryRow>) -> Result<Vec<EntryRow>, PipelineError> {
        if self.is_empty() {
            return Ok(rows);
        }
        Ok(self.taken_with_facts(store, rows).await?.into_iter().map(|(row, _)| row).collect())
    }

    /// Returns those of these entries that the edition takes, with their facts, also if it has no rules.
    pub(super) async fn taken_with_facts(
        &mut self,
        store: &Store,
        rows: Vec<EntryRow>,
    ) -> Result<Vec<(EntryRow, RuleFacts)>, PipelineError> {
        self.judged += rows.len();
        self.note_newest(rows.first().map(|row| row.at));
        let mut facts = load_facts(store, &rows, self.saves).await?;
        // An entry without texts was pruned meanwhile.
        let known = rows.into_iter().filter_map(|row| Some((facts.remove(&row.id)?, row)));
        Ok(known.filter(|(facts, row)| self.takes(facts, row)).map(|(facts, row)| (row, facts)).collect())
    }

    /// Returns true if the edition takes an entry that is not in the store yet.
    pub(super) fn takes_new(&mut self, entry: &Entry, row: &EntryRow) -> bool {
        self.is_empty() || self.takes(&read_facts(entry, Fields::ALL, None), row)
    }

    /// Decides about an entry of the store. The date of the newest entry must have been noted.
    pub(super) async fn explain(&self, store: &Store, row: &EntryRow) -> Result<Decision, PipelineError> {
        if self.is_empty() {
            return Ok(Decision::UNRULED);
        }
        let facts = load_facts(store, std::slice::from_ref(row), self.saves).await?;
        Ok(facts.get(&row.id).map_or(Decision::UNRULED, |facts| self.decide(facts, row)))
    }

    /// Decides about an entry by its facts.
    fn decide(&self, facts: &RuleFacts, row: &EntryRow) -> Decision {
        let tags = self.tags;
        if !tags.is_empty() && !tags.iter().any(|tag| facts.tags.iter().any(|name| name == tag.name())) {
            return Decision::dropped(Rule::Tags);
        }
        let age = hours(row.at, self.newest.unwrap_or(row.at));
        self.edition.filter.decide(&EntryFacts::new(facts, row.source.as_str(), age))
    }

    fn takes(&mut self, facts: &RuleFacts, row: &EntryRow) -> bool {
        let Decision { verdict, rule, failure } = self.decide(facts, row);
        if verdict == Verdict::Dropped {
            tracing::debug!(entry.id = %row.id, edition.id = self.edition.id, rule = rule.map(Rule::key), "left out an entry");
        }
        self.failure = self.failure.take().or(failure);
        verdict == Verdict::Kept
    }
}

/// Returns the facts of entries. Those that are missing or outdated are read from the texts, and stored.
async fn load_facts(store: &Store, rows: &[EntryRow], saves: bool) -> Result<HashMap<EntryId, RuleFacts>, PipelineError> {
    let revisions: HashMap<EntryId, Revision> = rows.iter().map(|row| (row.id, row.revision)).collect();
    let ids: Vec<EntryId> = revisions.keys().copied().collect();
    let stored = store.load_rule_facts(&ids).await?;
    let mut facts: HashMap<EntryId, RuleFacts> = stored
        .into_iter()
        .filter(|(id, revision, facts)| revisions.get(id) == Some(revision) && facts.version == facts_version())
        .map(|(id, _, facts)| (id, facts))
        .collect();
    let missing: Vec<EntryId> = ids.into_iter().filter(|id| !facts.contains_key(id)).collect();
    if missing.is_empty() {
        return Ok(facts);
    }
    let entries = store.load_entries(&missing).await?;
    let read = spawn_cpu("reading the facts of entries", move || {
        entries.into_iter().map(|(id, revision, entry)| (id, revision, read_facts(&entry, Fields::ALL, None))).collect::<Vec<_>>()
    });
    let read = read.await?;
    if saves {
        store.save_rule_facts(&read).await?;
    }
    facts.extend(read.into_iter().map(|(id, _, facts)| (id, facts)));
    Ok(facts)
}
