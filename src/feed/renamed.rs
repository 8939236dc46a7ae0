//! Articles that their source renames: another guid or address for an entry that it had before.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use crate::model::{ArticleKey, EntryId, EntryRow, HeadlineKey, Time};

/// The difference between two dates of one article: a site that moves may change its zone. A daily broadcast is further apart.
const MAX_SHIFT: Duration = Duration::from_secs(12 * 60 * 60);

/// An entry of a body that is not known under its own id.
#[derive(Clone, Copy, Debug)]
pub struct UnknownEntry {
    /// The id that its guid or address gives.
    pub id: EntryId,
    /// The facts that tell the article.
    pub article: ArticleKey,
    /// The date that the feed declares.
    pub date: Option<Time>,
}

/// The entries of a source before a body and in it.
pub struct Bodies<'a> {
    /// The known entries that are in this body.
    pub present: Vec<&'a EntryRow>,
    /// The entries of the last body that are not in this one.
    pub vanished: Vec<&'a EntryRow>,
    /// The entries of this body that are not known.
    pub unknown: Vec<UnknownEntry>,
    /// True if the body names only some entries of the feed: those that it does not name have not vanished.
    pub is_part: bool,
}

impl Bodies<'_> {
    /// Returns the unknown entries that are vanished ones under another identity, each with the id that it had.
    ///
    /// The traits that two such entries share must be shared with no other entry of either body: podcasts repeat one page and
    /// one headline. All entries are of one source, so that none can take over the entry of another.
    pub fn find_renamed(&self) -> HashMap<EntryId, EntryId> {
        let mut renamed = HashMap::new();
        if self.vanished.is_empty() || self.unknown.is_empty() {
            return renamed;
        }
        // One page: the site has moved to https, has added a slash, or counts its guids anew.
        let is_on_page = |old: &EntryRow, new: &UnknownEntry| {
            let is_same = old.article.has_same_headline(&new.article) && old.article.has_same_text(&new.article);
            new.date == Some(old.at) || is_same && new.date.is_none_or(|date| is_close(date, old.at))
        };
        self.pair(&mut renamed, |article, _| article.address, is_on_page);
        if self.is_part {
            return renamed;
        }
        // One date, and one headline or lede: the address is corrected (and the headline with it), or the host has another name.
        let headline = |article: &ArticleKey| article.headline.map(HeadlineKey::words);
        self.pair(&mut renamed, |article, date| headline(article).zip(date), |_, _| true);
        self.pair(&mut renamed, |article, date| article.lede().zip(date), |_, _| true);
        // One headline and one text, where there are no dates.
        let is_undated = |_: &EntryRow, new: &UnknownEntry| new.date.is_none();
        self.pair(&mut renamed, |article, _| headline(article).zip(article.text()), is_undated);
        renamed
    }

    /// Adds the pairs of which `key` is the same, and unique before and now, if they fit.
    fn pair<K: Eq + Hash>(
        &self,
        renamed: &mut HashMap<EntryId, EntryId>,
        key: impl Fn(&ArticleKey, Option<Time>) -> Option<K>,
        fits: impl Fn(&EntryRow, &UnknownEntry) -> bool,
    ) {
        let taken: HashSet<EntryId> = renamed.values().copied().collect();
        let vanished = self.vanished.iter().filter(|row| !taken.contains(&row.id)).map(|row| (*row, true));
        let mut before: HashMap<K, Option<&EntryRow>> = HashMap::new();
        for (row, has_vanished) in vanished.chain(self.present.iter().map(|row| (*row, false))) {
            if let Some(key) = key(&row.article, Some(row.at)) {
                before.entry(key).and_modify(|known| *known = None).or_insert(has_vanished.then_some(row));
            }
        }
        let mut now: HashMap<K, Option<&UnknownEntry>> = HashMap::new();
        for entry in self.unknown.iter().filter(|entry| !renamed.contains_key(&entry.id)) {
            if let Some(key) = key(&entry.article, entry.date) {
                now.entry(key).and_modify(|known| *known = None).or_insert(Some(entry));
            }
        }
        for (key, entry) in now {
            if let Some(entry) = entry
                && let Some(row) = before.get(&key).copied().flatten()
                && fits(row, entry)
            {
                renamed.insert(entry.id, row.id);
            }
        }
    }
}

fn is_close(one: Time, other: Time) -> bool {
    one.since(other).max(other.since(one)) <= MAX_SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkOrigin, Revision, SourceId, StoryKey};

    const HOUR: i64 = 3_600_000;
    const TEXT: &str = "La finale du relais a réuni quinze mille spectateurs autour du bassin de la ville hier soir.";

    fn article(page: &str, headline: &str, text: &str) -> ArticleKey {
        ArticleKey::new(Some(page), headline, Some(text), LinkOrigin::Site)
    }

    fn row(id: i64, hours: i64, article: ArticleKey) -> EntryRow {
        EntryRow {
            id: EntryId(id),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::from_millis(hours * HOUR),
            first_seen: Time::EPOCH,
            lang: None,
            article,
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    fn unknown(id: i64, hours: Option<i64>, article: ArticleKey) -> UnknownEntry {
        UnknownEntry { id: EntryId(id), article, date: hours.map(|hours| Time::from_millis(hours * HOUR)) }
    }

    /// The pairs (now, before) of a complete body.
    fn renamed(present: &[EntryRow], vanished: &[EntryRow], unknown: &[UnknownEntry]) -> Vec<(i64, i64)> {
        let (present, vanished) = (present.iter().collect(), vanished.iter().collect());
        let bodies = Bodies { present, vanished, unknown: unknown.to_vec(), is_part: false };
        let mut pairs: Vec<(i64, i64)> = bodies.find_renamed().into_iter().map(|(now, before)| (now.0, before.0)).collect();
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn site_that_moves_keeps_its_entries() {
        let old: Vec<EntryRow> =
            (1..4).map(|n| row(n, n, article(&format!("http://a.fr/{n}"), &format!("Titre {n}"), TEXT))).collect();
        for address in ["https://a.fr", "https://www.a.fr", "https://www.b.example"] {
            let new: Vec<UnknownEntry> = (1..4)
                .map(|n| unknown(n + 10, Some(n), article(&format!("{address}/{n}/"), &format!("Titre {n}"), TEXT)))
                .collect();
            assert_eq!(renamed(&[], &old, &new), [(11, 1), (12, 2), (13, 3)], "{address}");
        }
    }

    #[test]
    fn headline_may_change_with_the_spelling_of_the_address() {
        let old = row(1, 5, article("http://a.fr/1", "Un tire", "x"));
        assert_eq!(renamed(&[], &[old], &[unknown(2, Some(5), article("https://a.fr/1", "Un titre", "y"))]), [(2, 1)]);
    }

    #[test]
    fn date_may_change_with_the_zone_of_a_site_that_moves() {
        let old = [row(1, 5, article("http://a.fr/1", "Un titre", "x"))];
        assert_eq!(renamed(&[], &old, &[unknown(2, Some(7), article("https://a.fr/1", "Un titre", "x"))]), [(2, 1)]);
        assert_eq!(renamed(&[], &old, &[unknown(2, Some(29), article("https://a.fr/1", "Un titre", "x"))]), [], "a daily page");
    }

    #[test]
    fn article_with_a_corrected_address_keeps_its_entry() {
        let old = [row(1, 5, article("https://a.fr/un-tire", "Un titre", "x"))];
        let new = |hours, headline| unknown(2, hours, article("https://a.fr/un-titre", headline, "y"));
        assert_eq!(renamed(&[], &old, &[new(Some(5), "Un titre")]), [(2, 1)]);
        assert_eq!(renamed(&[], &old, &[new(Some(6), "Un titre")]), [], "it has another date");
        assert_eq!(renamed(&[], &old, &[new(Some(5), "Un autre titre")]), []);
        assert_eq!(renamed(&[], &old, &[new(None, "Un titre")]), [], "without a date the text must be the same");
    }

    #[test]
    fn headline_may_be_corrected_with_the_address_if_the_lede_stays() {
        let old = [row(1, 5, article("https://a.fr/un-tire", "Un tire", TEXT))];
        let new = |hours, text| unknown(2, Some(hours), article("https://a.fr/un-titre", "Un titre", text));
        assert_eq!(renamed(&[], &old, &[new(5, TEXT)]), [(2, 1)]);
        assert_eq!(renamed(&[], &old, &[new(6, TEXT)]), []);
        assert_eq!(
            renamed(&[], &old, &[new(5, "Une autre finale, et quinze mille autres spectateurs autour d’un autre bassin.")]),
            []
        );
    }

    #[test]
    fn undated_article_on_another_host_keeps_its_entry() {
        let old = row(1, 5, article("https://a.fr/1", "Un titre", TEXT));
        assert_eq!(renamed(&[], &[old], &[unknown(2, None, article("https://b.fr/1", "Un titre", TEXT))]), [(2, 1)]);
    }

    #[test]
    fn next_episode_does_not_take_the_place_of_the_oldest() {
        let episode = || article("https://a.fr/journal", "Le journal de 8 h", TEXT);
        let present: Vec<EntryRow> = (2..4).map(|n| row(n, n * 24, episode())).collect();
        assert_eq!(renamed(&present, &[row(1, 24, episode())], &[unknown(4, None, episode())]), []);
        assert_eq!(renamed(&present, &[row(1, 24, episode())], &[unknown(4, Some(25), episode())]), []);
    }

    #[test]
    fn entry_that_is_still_there_keeps_its_id() {
        let same = || article("https://a.fr/1", "Un titre", TEXT);
        let gone = [row(2, 9, article("https://a.fr/2", "Un autre titre", "x"))];
        assert_eq!(renamed(&[row(1, 5, same())], &gone, &[unknown(3, Some(5), same()), unknown(4, None, same())]), []);
        assert_eq!(renamed(&[row(1, 5, same())], &gone, &[unknown(3, Some(5), same())]), []);
    }

    #[test]
    fn entries_that_cannot_be_told_apart_are_new() {
        let same = || article("https://a.fr/1", "Un titre", "x");
        let rows = [row(1, 5, same()), row(2, 5, same())];
        assert_eq!(renamed(&[], &rows, &[unknown(3, Some(5), same())]), []);
        assert_eq!(renamed(&[], &rows[..1], &[unknown(3, Some(5), same()), unknown(4, Some(5), same())]), []);
    }

    #[test]
    fn part_of_a_feed_renames_only_what_is_on_the_same_page() {
        let old = row(1, 5, article("http://a.fr/1", "Un titre", "x"));
        let part = |page| Bodies {
            present: Vec::new(),
            vanished: vec![&old],
            unknown: vec![unknown(2, Some(5), article(page, "Un titre", "x"))],
            is_part: true,
        };
        assert_eq!(part("https://a.fr/1").find_renamed().len(), 1);
        assert_eq!(part("https://a.fr/2").find_renamed().len(), 0);
    }
}
