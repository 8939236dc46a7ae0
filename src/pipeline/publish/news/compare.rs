//! Compares an edition with what a notification has told of it. Pure.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::model::{EntryId, EntryRow, FullText, NewsKind, Show, Time};
use crate::pipeline::publish::content::Content;
use crate::store::OutboxItem;

/// Bounds how much older than its notification an item may be: it may have waited for its visit or its translation.
const OLDER_THAN_BEGIN: Duration = Duration::from_hours(24);
/// The age from which an item is no news, and is forgotten once the edition does not show it.
const OLD: Duration = Duration::from_hours(30 * 24);
/// The stamp of an item that was told as withdrawn.
pub(super) const WITHDRAWN: i64 = 0;

/// The items of an edition that a notification has not told as they are.
#[derive(Default)]
pub(super) struct News<'c> {
    /// The items to tell, the oldest first.
    pub(super) told: Vec<(NewsKind, &'c EntryRow)>,
    /// Those that were told and are withdrawn, with the time of that, the oldest first.
    pub(super) withdrawn: Vec<(EntryId, Time)>,
    /// Items that are no news, and will be if they change.
    pub(super) known: Vec<&'c EntryRow>,
    /// Items that matter no more.
    pub(super) forgotten: Vec<EntryId>,
}

/// An edition beside what was told.
pub(super) struct Comparison<'c> {
    pub(super) content: &'c Content,
    pub(super) told: &'c HashMap<EntryId, OutboxItem>,
    pub(super) show: Show,
    /// The time at which the notification was first compared.
    pub(super) began: Time,
    pub(super) now: Time,
    /// True if nothing was compared before.
    pub(super) is_first: bool,
}

impl<'c> Comparison<'c> {
    /// Finds the news. Of what the edition has when the notification is new, the newest `backlog` items are.
    pub(super) fn find(&self, backlog: usize) -> News<'c> {
        let mut news = News::default();
        for row in &self.content.entries {
            match self.told.get(&item_id(self.content, row)) {
                Some(told) if told.stamp == stamp(self.content, row, self.show) => {}
                Some(_) => news.told.push((NewsKind::Changed, row)),
                None if self.is_first || self.is_news(row) => news.told.push((NewsKind::New, row)),
                None => news.known.push(row),
            }
        }
        news.told.sort_by_key(|(_, row)| (row.at, row.id));
        if self.is_first {
            let old = news.told.len().saturating_sub(backlog);
            news.known.extend(news.told.drain(..old).map(|(_, row)| row));
        }
        let shown: HashSet<EntryId> = self.content.entries.iter().map(|row| item_id(self.content, row)).collect();
        let is_told = |id: &EntryId| self.told.get(id).is_some_and(|told| told.stamp != WITHDRAWN && !told.title.is_empty());
        let withdrawn = self.content.published.withdrawn.iter().filter(|(id, _)| !shown.contains(id) && is_told(id));
        news.withdrawn = withdrawn.copied().collect();
        news.withdrawn.sort_by_key(|(id, at)| (*at, *id));
        let is_withdrawn = |id: &EntryId| news.withdrawn.iter().any(|(other, _)| other == id);
        let is_past = |told: &&OutboxItem| self.is_old(Time::from_millis(told.at)) && !shown.contains(&told.item);
        let forgotten = self.told.values().filter(is_past).map(|told| told.item).filter(|id| !is_withdrawn(id));
        news.forgotten = forgotten.collect();
        news
    }

    /// Returns true if an item that was never seen is news: a source that is added, or a longer edition, brings what was published long
    /// before.
    fn is_news(&self, row: &EntryRow) -> bool {
        row.at.plus(OLDER_THAN_BEGIN) >= self.began && !self.is_old(row.at)
    }

    fn is_old(&self, at: Time) -> bool {
        self.now.since(at) > OLD
    }
}

/// Returns the entry whose id an item has: that of its story, if it leads one.
pub(super) fn item_id(content: &Content, row: &EntryRow) -> EntryId {
    content.stories.get(&row.id).map_or(row.id, |story| story.id)
}

/// Returns a hash of what an item says: the entry that it shows, its text, its article, its translation. Never [`WITHDRAWN`].
pub(super) fn stamp(content: &Content, row: &EntryRow, show: Show) -> i64 {
    let article = match content.full_texts.get(&row.id).filter(|_| show == Show::Full) {
        None | Some(FullText::Failed { .. }) => "",
        Some(FullText::Taken) => "full text",
        Some(FullText::Left { .. }) => "no full text",
    };
    let rendition = content.renditions.get(&row.id);
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{} {} {article} {rendition:?}", row.id, row.revision).as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    // 0 stands for a withdrawal.
    i64::from_le_bytes(bytes) | 1
}
