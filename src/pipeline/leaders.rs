//! Chooses the entries that lead their stories: the ones that are shown in full, and translated.

use std::collections::{HashMap, HashSet};

use crate::config as plan;
use crate::model::{EntryId, EntryRow, SourceId};
use crate::select::{Member, Ranked, Stories, choose_leader};
use crate::store::Store;

use super::blocking::spawn_cpu;
use super::edition_rows::RowReader;
use super::error::PipelineError;
use super::story_places::{StoryPlaces, oldest_of};

/// The most rows that are compared with those of an edition: a window of half a million entries a day.
pub(super) const MAX_ROWS: usize = 100_000;

/// The entries that lead the stories of an edition.
pub(super) struct Leading {
    /// In the order of the edition.
    pub(super) entries: Vec<EntryRow>,
    /// True if the edition lacks items, and a larger reserve of entries may have them.
    pub(super) is_short: bool,
}

/// Returns those of an edition's entries that lead their stories, in their order, as many as it has places for. The others are listed with the
/// headline of their source, so that nothing is paid for their translation. Where a leader is among `failed`, the entry that would lead
/// without it stands beside it. Without a store nothing else is known.
pub(super) async fn leading_entries<'e>(
    store: Option<&'e Store>,
    reader: &mut RowReader<'e>,
    edition: &'e plan::Edition,
    ranked: Ranked,
    failed: &HashSet<EntryId>,
) -> Result<Leading, PipelineError> {
    let (Some(rules), Some(oldest)) = (edition.stories, oldest_of(&ranked)) else {
        return Ok(Leading { entries: ranked.take(0).0, is_short: false });
    };
    let mut rows: Vec<EntryRow> = ranked.all().cloned().collect();
    if let Some(store) = store {
        let known: HashSet<EntryId> = rows.iter().map(|row| row.id).collect();
        let stored = reader.open(store, edition).read_back_to(oldest.minus(rules.window), MAX_ROWS).await?;
        rows.extend(stored.into_iter().filter(|row| !known.contains(&row.id)));
    }
    let stories = spawn_cpu("joining stories", move || Stories::of(rules, rows)).await?;
    let places = StoryPlaces::new(&stories, |_| None);
    let extra = ranked.find_extra(|taken, pinned| places.count(taken, pinned, edition.at_least));
    let (entries, pinned) = ranked.take(extra);
    let is_short = ranked.is_short(extra, places.count(&entries, pinned, edition.at_least));
    let prefer = preferences(edition);
    let own: HashMap<EntryId, &EntryRow> = entries.iter().map(|row| (row.id, row)).collect();
    let mut led: HashSet<EntryId> = HashSet::new();
    for members in stories {
        let mut members: Vec<EntryRow> = members.into_iter().filter(|row| own.contains_key(&row.id)).collect();
        while members.len() > 1 {
            let leader = leader(&members, &prefer).id;
            members.retain(|row| row.id != leader);
            if !failed.contains(&leader) {
                led.extend(members.drain(..).map(|row| row.id));
            }
        }
    }
    Ok(Leading { entries: entries.into_iter().filter(|row| !led.contains(&row.id)).collect(), is_short })
}

/// Returns how much the sources of an edition are preferred.
pub(super) fn preferences(edition: &plan::Edition) -> HashMap<&SourceId, i64> {
    edition.from.iter().zip(edition.prefer.iter().copied()).collect()
}

/// Returns the entry that leads the others.
pub(super) fn leader<'m>(members: &'m [EntryRow], prefer: &HashMap<&SourceId, i64>) -> &'m EntryRow {
    let member = |entry| Member { entry, prefer: prefer.get(&entry.source).copied().unwrap_or_default() };
    let all: Vec<Member<'_>> = members.iter().map(member).collect();
    &members[choose_leader(&all)]
}
