//! The order of the items on the pages of an edition: what leads, and then day by day. Pure: it knows no clock, so that "the newest" is
//! counted from the newest item.

use std::collections::HashSet;
use std::time::Duration;

use chrono::NaiveDate;

use crate::model::{Edition, EditionItem};

/// The most items of one source in a row.
const MOST_IN_A_ROW: usize = 3;
/// The time, counted back from the newest item, in which a story may be chosen to lead.
const LEADS_FOR: Duration = Duration::from_hours(12);

/// An item in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// The number of the item in the edition.
    pub(super) item: usize,
    pub(super) place: Place,
}

/// The part of the pages in which an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the head of the first page.
    Lead,
    /// Below it: pinned.
    Top,
    /// Under its day.
    Day(NaiveDate),
    /// Under its day, with others of a source that has had [`MOST_IN_A_ROW`] items in a row, while no other source has one on that day.
    More(NaiveDate),
}

/// Arranges the items of an edition.
pub(super) fn arrange(edition: &Edition) -> Vec<Placed> {
    let items = &edition.items;
    let pinned = count_pinned(items);
    let Some(lead) = (if pinned > 0 { Some(0) } else { find_lead(edition) }) else { return Vec::new() };
    let mut placed = vec![Placed { item: lead, place: Place::Lead }];
    placed.extend((1..pinned).map(|item| Placed { item, place: Place::Top }));
    let rest = (pinned..items.len()).filter(|item| *item != lead);
    let day = |item: usize| edition.pages.zone.local(items[item].published).date();
    let is_mixed = items.iter().map(|item| &item.source.id).collect::<HashSet<_>>().len() > 1;
    let rest: Vec<usize> = rest.collect();
    for group in rest.chunk_by(|a, b| day(*a) == day(*b)) {
        let date = day(group[0]);
        if is_mixed {
            placed.extend(spread(group, items, date));
        } else {
            placed.extend(group.iter().map(|item| Placed { item: *item, place: Place::Day(date) }));
        }
    }
    placed
}

/// Returns the number of items at the head that are older than one behind them: they are pinned. (Pinned items that are the newest anyway
/// stand where they would stand.)
fn count_pinned(items: &[EditionItem]) -> usize {
    let mut newest_behind = None;
    for (place, item) in items.iter().enumerate().rev() {
        if newest_behind.is_some_and(|newest| item.published < newest) {
            return place + 1;
        }
        newest_behind = newest_behind.max(Some(item.published));
    }
    0
}

/// Chooses the item that leads: of the newest ones that which most sources tell, then one with a picture, then the newest.
fn find_lead(edition: &Edition) -> Option<usize> {
    let newest = edition.items.first()?.published;
    let recent = edition.items.iter().take_while(|item| newest.since(item.published) <= LEADS_FOR);
    let rank = |item: &EditionItem| (item.also_in.len(), edition.pages.images && item.head.image.is_some());
    let best = recent.clone().map(rank).max()?;
    recent.clone().position(|item| rank(item) == best)
}

/// Orders the items of a day so that at most [`MOST_IN_A_ROW`] of one source follow each other. Where no other source is left, the others
/// stand together.
fn spread(group: &[usize], items: &[EditionItem], date: NaiveDate) -> Vec<Placed> {
    let source = |item: usize| &items[item].source.id;
    let mut waiting: Vec<usize> = group.to_vec();
    let mut placed: Vec<Placed> = Vec::with_capacity(group.len());
    while !waiting.is_empty() {
        let last = placed.len().checked_sub(MOST_IN_A_ROW).map(|from| &placed[from..]);
        let tired = last.and_then(|last| {
            let of = source(last[0].item);
            last.iter().all(|placed| source(placed.item) == of).then_some(of)
        });
        let Some(next) = waiting.iter().position(|item| Some(source(*item)) != tired) else { break };
        placed.push(Placed { item: waiting.remove(next), place: Place::Day(date) });
    }
    placed.extend(waiting.into_iter().map(|item| Placed { item, place: Place::More(date) }));
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AlsoIn, Archive, EditionDetails, EntryHead, PageRules, SourceId, SourceInfo, Text, Time};

    fn source(id: &str) -> SourceInfo {
        let (id, title) = (SourceId::new(id), Text::new(id));
        SourceInfo { id, title, feed: String::new(), site: None, image: None, rights: Text::default(), genres: Vec::new() }
    }

    /// An edition of items, each with its source and its time in hours.
    fn edition(items: &[(&str, i64)]) -> Edition {
        let item = |(id, hours): &(&str, i64)| EditionItem {
            id: String::new(),
            head: EntryHead::default(),
            title: Text::new("a"),
            summary: None,
            summary_text: Text::default(),
            content: None,
            page: None,
            text: String::new(),
            lang: None,
            published: Time::from_millis(hours * 3_600_000),
            updated: Time::from_millis(hours * 3_600_000),
            source: source(id),
            also_in: Vec::new(),
            translation: None,
        };
        Edition {
            id: "a".to_owned(),
            lang: None,
            title: Text::new("a"),
            description: Text::default(),
            feed_id: String::new(),
            base_url: None,
            stem: "a".to_owned(),
            formats: Vec::new(),
            updated: Time::EPOCH,
            items: items.iter().map(item).collect(),
            deleted: Vec::new(),
            end: None,
            pages: PageRules::default(),
            details: EditionDetails::default(),
            archive: Archive::default(),
        }
    }

    /// The items in their order, with a letter for each place.
    fn arranged(edition: &Edition) -> String {
        let one = |placed: Placed| {
            let place = match placed.place {
                Place::Lead => 'l',
                Place::Top => 't',
                Place::Day(_) => 'd',
                Place::More(_) => 'm',
            };
            format!("{}{place}", placed.item)
        };
        arrange(edition).into_iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn newest_item_leads() {
        assert_eq!(arranged(&edition(&[("a", 50), ("b", 49), ("a", 3)])), "0l 1d 2d");
        assert_eq!(arranged(&edition(&[])), "");
    }

    #[test]
    fn story_of_most_sources_leads_while_it_is_new() {
        let mut edition = edition(&[("a", 50), ("b", 49), ("c", 30)]);
        let also = AlsoIn { source: source("d"), url: None, title: Text::default() };
        edition.items[1].also_in = vec![also.clone()];
        edition.items[2].also_in = vec![also.clone(), also];
        assert_eq!(arranged(&edition), "1l 0d 2d");
    }

    #[test]
    fn item_with_a_picture_leads_if_pictures_are_shown() {
        let mut edition = edition(&[("a", 50), ("b", 49)]);
        edition.items[1].head.image = Some("https://a.example/p.jpg".to_owned());
        assert_eq!(arranged(&edition), "0l 1d");
        edition.pages.images = true;
        assert_eq!(arranged(&edition), "1l 0d");
    }

    #[test]
    fn pinned_items_lead_whatever_their_age() {
        assert_eq!(arranged(&edition(&[("a", 9), ("a", 3), ("b", 50), ("a", 49)])), "0l 1t 2d 3d");
    }

    #[test]
    fn at_most_three_items_of_a_source_follow_each_other() {
        let sources = ["z", "a", "a", "a", "a", "a", "b", "b", "c"];
        let day: Vec<(&str, i64)> = sources.into_iter().zip((25..48).rev()).collect();
        assert_eq!(arranged(&edition(&day)), "0l 1d 2d 3d 6d 4d 5d 7d 8d");
    }

    #[test]
    fn further_items_of_the_only_source_of_a_day_stand_together() {
        let mut day = vec![("b", 47)];
        day.extend((30..35).rev().map(|at| ("a", at)));
        assert_eq!(arranged(&edition(&day)), "0l 1d 2d 3d 4m 5m");
        let alone: Vec<(&str, i64)> = (30..36).rev().map(|at| ("a", at)).collect();
        assert_eq!(arranged(&edition(&alone)), "0l 1d 2d 3d 4d 5d", "an edition of one source has no other");
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let mut edition = edition(&[("a", 30), ("b", 23), ("c", 22)]);
        let days = |edition: &Edition| {
            arrange(edition)
                .into_iter()
                .filter_map(|placed| match placed.place {
                    Place::Day(date) => Some(date.to_string()),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(days(&edition), ["1970-01-01", "1970-01-01"]);
        edition.pages.zone = crate::model::Zone::new("Europe/Paris").expect("a zone");
        assert_eq!(days(&edition), ["1970-01-02", "1970-01-01"]);
    }
}
