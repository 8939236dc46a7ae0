//! Stories: entries of several sources about one event. They become one item of an edition.
//!
//! Two entries belong together if they are copies of one article, or if their fingerprints are alike enough (`likeness`). The answer
//! for two entries depends on no third, and a story is what hangs together. So the stories are the same in whatever order the entries
//! arrived, and an entry that comes late changes no story but its own.

mod candidates;
mod chains;
mod fingerprints;
mod leader;
mod lexicon;
mod likeness;
mod signals;
mod words;

use std::cmp::Reverse;

use candidates::Candidates;
use fingerprints::Fingerprints;
pub use leader::{Member, choose_leader};
use likeness::likeness;
pub use signals::story_key;

use super::copies::judge_copies;
use crate::model::{EntryRow, StoryRules};

/// A story goes on for so many windows at most: what hangs together longer is a row of events.
const MOST_WINDOWS: u32 = 2;

/// The stories of entries that are added newest first.
#[derive(Debug)]
pub struct Stories {
    rules: StoryRules,
    candidates: Candidates,
    fingerprints: Fingerprints,
    entries: Vec<EntryRow>,
    /// For each entry another one of its story; for one of them itself.
    parents: Vec<u32>,
}

impl Stories {
    /// Makes an empty list.
    pub fn new(rules: StoryRules) -> Self {
        Self {
            rules,
            candidates: Candidates::default(),
            fingerprints: Fingerprints::default(),
            entries: Vec::new(),
            parents: Vec::new(),
        }
    }

    /// Joins entries that come in any order.
    pub fn of(rules: StoryRules, mut entries: Vec<EntryRow>) -> Vec<Vec<EntryRow>> {
        entries.sort_unstable_by_key(|row| Reverse((row.at, row.id)));
        let mut stories = Self::new(rules);
        stories.extend(entries);
        stories.into_stories()
    }

    /// Adds the next older entries, newest first.
    pub fn extend(&mut self, entries: Vec<EntryRow>) {
        let mut found = self.candidates.extend(&entries, self.rules.window);
        let first = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        for entry in &entries {
            self.fingerprints.push(entry);
        }
        self.entries.extend(entries);
        for place in (first..).take(self.entries.len() - first as usize) {
            self.parents.push(place);
            for &other in found.next() {
                let (root, own) = (find_root(&mut self.parents, other), find_root(&mut self.parents, place));
                if root != own && self.is_same_event(other, place) {
                    self.parents[own as usize] = root;
                }
            }
        }
    }

    /// Returns true if two entries are about one event. Two of one source are joined only if they are copies of one article: who
    /// publishes two means two.
    fn is_same_event(&self, one: u32, other: u32) -> bool {
        let (known, rules) = (&self.fingerprints, &self.rules);
        let is_copy = || judge_copies(&self.entries[one as usize], &self.entries[other as usize]).is_some();
        if known.may_be_copies(one, other) && is_copy() {
            return true;
        }
        let apart = known.time_between(one, other);
        known.may_be_reports(one, other) && likeness(known.get(one), known.get(other), apart, rules.window) >= rules.threshold
    }

    /// Returns the stories, each with its entries from the oldest on. Most have one entry only.
    pub fn into_stories(mut self) -> Vec<Vec<EntryRow>> {
        let roots: Vec<u32> = (0_u32..).zip(&self.entries).map(|(place, _)| find_root(&mut self.parents, place)).collect();
        let mut stories: Vec<Vec<EntryRow>> = Vec::new();
        let mut place_of_root = vec![usize::MAX; roots.len()];
        let longest = self.rules.window * MOST_WINDOWS;
        // Oldest first.
        for (entry, root) in self.entries.into_iter().zip(roots).rev() {
            let place = &mut place_of_root[root as usize];
            if let Some(story) = stories.get_mut(*place)
                && entry.at.since(story[0].at) <= longest
            {
                story.push(entry);
            } else {
                *place = stories.len();
                stories.push(vec![entry]);
            }
        }
        stories
    }
}

/// Returns the one that stands for the story of an entry.
fn find_root(parents: &mut [u32], place: u32) -> u32 {
    let mut place = place;
    while parents[place as usize] != place {
        parents[place as usize] = parents[parents[place as usize] as usize];
        place = parents[place as usize];
    }
    place
}

/// Returns how alike two entries are, from 0 to 1: 1 for copies of one article. Those that reach the threshold are about one event.
pub fn story_likeness(one: &EntryRow, other: &EntryRow, rules: &StoryRules) -> f64 {
    if judge_copies(one, other).is_some() {
        return 1.0;
    }
    let (earlier, later) = if one.at <= other.at { (one.at, other.at) } else { (other.at, one.at) };
    likeness((&one.story).into(), (&other.story).into(), later.since(earlier), rules.window)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{ArticleKey, EntryId, LinkOrigin, Revision, SourceId, StoryKey, Time};

    const HOUR: i64 = 60 * 60 * 1000;
    #[test]
    fn headlines_that_differ_in_their_numbers_are_two_of_a_series() {
        let lede = "Le peloton a quitté Troyes ce matin sous un soleil de plomb devant un public nombreux.";
        let stage = |id, source: &str, title: &str| row(id, source, id, title, lede);
        let stories = Stories::of(
            StoryRules::default(),
            vec![
                stage(1, "a", "Tour de Champagne, étape 3 : Troyes – Épernay"),
                stage(2, "b", "Tour de Champagne, étape 4 : Troyes – Épernay"),
                stage(3, "c", "Tour de Champagne, étape 4 : Troyes – Épernay"),
            ],
        );
        assert_eq!(stories.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
    }

    const LEDE: &str =
        "La nageuse Lucie Marceau a remporté samedi le 200 m papillon devant la Hongroise Kovacs et la Chinoise Zhang.";

    fn row(id: i64, source: &str, hours: i64, title: &str, lede: &str) -> EntryRow {
        EntryRow {
            id: EntryId(id),
            source: SourceId::new(source),
            revision: Revision(0),
            at: Time::from_millis((1000 + hours) * HOUR),
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::new(Some(&format!("https://{source}.example/{id}")), title, Some(lede), LinkOrigin::FeedHost),
            story: story_key(title, lede, lede.len()),
            is_withdrawn: false,
        }
    }

    fn ids(rows: Vec<EntryRow>) -> BTreeSet<Vec<i64>> {
        let stories = Stories::of(StoryRules::default(), rows);
        stories.iter().map(|story| story.iter().map(|row| row.id.0).collect()).collect()
    }

    fn count(rows: &[EntryRow]) -> usize {
        ids(rows.to_vec()).len()
    }

    #[test]
    fn agency_copy_under_another_headline_is_the_same_story() {
        let copies = [
            row(1, "a", 0, "Lucie Marceau en or sur 200 m papillon", LEDE),
            row(2, "b", 1, "Natation : l'or pour Marceau", LEDE),
        ];
        assert_eq!(count(&copies), 1);
        let same_source = [copies[0].clone(), EntryRow { source: SourceId::new("a"), ..copies[1].clone() }];
        assert_eq!(count(&same_source), 2);
        let next_week = [copies[0].clone(), EntryRow { at: Time::from_millis(1200 * HOUR), ..copies[1].clone() }];
        assert_eq!(count(&next_week), 2);
    }

    #[test]
    fn same_words_about_another_distance_sex_or_round_are_another_story() {
        let of = |title: &str, lede: &str| {
            count(&[row(1, "a", 0, "Lucie Marceau en or sur 200 m papillon", LEDE), row(2, "b", 1, title, lede)])
        };
        assert_eq!(of("Lucie Marceau en or sur 100 m papillon", &LEDE.replace("200", "100")), 2);
        assert_eq!(of("Lucie Marceau passe en demi-finale du 200 m papillon", LEDE), 2);
        assert_eq!(of("EN DIRECT. Lucie Marceau sur 200 m papillon", LEDE), 2);
        let (women, men) = ("La France en or au relais dames", "La France en or au relais messieurs");
        let lede = "Le relais français a battu la Suède et la Norvège samedi à Annecy, devant dix mille spectateurs.";
        assert_eq!(count(&[row(1, "a", 0, women, lede), row(2, "b", 0, men, lede)]), 2);
    }

    #[test]
    fn same_words_about_somebody_else_are_another_story() {
        let lede = "La finale du tournoi s’est jouée en plusieurs manches, sous un vent faible, devant mille spectateurs debout, et la \
                    cérémonie a duré jusqu’au soir.";
        let of = |id, source: &str, place: &str, name: &str| {
            row(id, source, 0, &format!("À {place}, {name} remporte le tournoi devant mille spectateurs debout"), lede)
        };
        assert_eq!(count(&[of(1, "a", "Nanterre", "Léon Vidal"), of(2, "b", "Saint-Ouen", "Odile Varenne")]), 2);
        assert_eq!(count(&[of(1, "a", "Nanterre", "Léon Vidal"), of(2, "b", "Nanterre", "Léon Vidal")]), 1);
    }

    #[test]
    fn same_person_in_another_place_with_another_number_is_another_story() {
        let lede =
            "Léon Vidal s’est imposé en plusieurs manches, sous un vent faible, devant un public debout, et la cérémonie a duré.";
        let of = |id, source: &str, place: &str, spectators: u32| {
            row(id, source, 0, &format!("À {place}, Léon Vidal remporte le tournoi devant {spectators} spectateurs debout"), lede)
        };
        assert_eq!(count(&[of(1, "a", "Nanterre", 1200), of(2, "b", "Annecy", 1450)]), 2);
        assert_eq!(count(&[of(1, "a", "Nanterre", 1200), of(2, "b", "Annecy", 1200)]), 1, "the number is the same");
    }

    #[test]
    fn headlines_without_a_common_word_need_more_in_common_than_the_background() {
        let background = "Louise, 11 ans, a été retrouvée morte samedi dans un bois de l’Essonne, près de son collège.";
        let (news, other) = (
            row(1, "a", 0, "Mort de Louise : la ville organise des trajets surveillés pour les élèves", background),
            row(2, "b", 1, "Violences : Louise, une psychose qui gagne l’Essonne", background),
        );
        assert_eq!(count(&[news.clone(), other]), 2);
        assert_eq!(
            count(&[news, row(2, "b", 1, "Mort de Louise : des trajets surveillés pour les élèves de la ville", background)]),
            1
        );
    }

    /// Words that every report of an affair repeats.
    const AFFAIR: &str =
        "La lycéenne de 14 ans a été retrouvée morte dans la nuit de vendredi à samedi près d’un canal du Vaucluse.";

    #[test]
    fn reports_of_two_acts_of_one_affair_are_two_stories() {
        let found = row(1, "a", 0, "Vaucluse : une lycéenne de 14 ans retrouvée morte près d’un canal", AFFAIR);
        let of = |title: &str| count(&[found.clone(), row(2, "b", 1, title, AFFAIR)]);
        assert_eq!(of("Vaucluse : une lycéenne de 14 ans retrouvée morte, des fouilles près d’un canal"), 2, "the search");
        assert_eq!(of("Vaucluse : l’autopsie de la lycéenne de 14 ans retrouvée morte près d’un canal"), 2);
        assert_eq!(of("Vaucluse : hommage à la lycéenne de 14 ans retrouvée morte près d’un canal"), 2);
        assert_eq!(of("Vaucluse : une lycéenne de 14 ans retrouvée morte, des questions près d’un canal"), 1);
    }

    #[test]
    fn act_that_the_lede_of_the_other_tells_is_the_same() {
        let lede =
            "Un homme a été interpellé lundi dans l’enquête sur la mort d’une lycéenne de 14 ans à Carpentras, dans le Vaucluse.";
        let arrest = row(1, "a", 0, "Mort d’une lycéenne à Carpentras : un homme interpellé", lede);
        let other = |lede: &str| row(2, "b", 1, "Mort d’une lycéenne à Carpentras : un homme soupçonné", lede);
        assert_eq!(count(&[arrest.clone(), other(lede)]), 1);
        assert_eq!(count(&[arrest, other(&lede.replace("interpellé", "entendu"))]), 2);
    }

    #[test]
    fn summary_of_what_is_known_is_no_report() {
        let news = row(1, "a", 0, "Mort d’une lycéenne près d’un canal du Vaucluse", AFFAIR);
        let of = |title: &str| count(&[news.clone(), row(2, "b", 1, title, AFFAIR)]);
        assert_eq!(of("Mort d’une lycéenne près d’un canal du Vaucluse : le point sur l’affaire"), 2);
        assert_eq!(of("Mort d’une lycéenne près d’un canal du Vaucluse : ce que l’on sait"), 2);
        assert_eq!(of("Mort d’une lycéenne près d’un canal du Vaucluse : l’affaire"), 1);
    }

    #[test]
    fn chain_of_entries_ends_after_two_windows() {
        let rows: Vec<EntryRow> = (0..6)
            .map(|day| row(day, if day % 2 == 0 { "a" } else { "b" }, day * 23, "Marceau en or sur 200 m papillon", LEDE))
            .collect();
        assert_eq!(ids(rows), BTreeSet::from([vec![0, 1, 2], vec![3, 4, 5]]));
    }

    #[test]
    fn entries_of_other_languages_are_not_compared() {
        let lang = |row: EntryRow, lang| EntryRow { lang: crate::model::Lang::new(lang), ..row };
        let one = row(1, "a", 0, "Lucie Marceau 200 m papillon", LEDE);
        let other = row(2, "b", 0, "Lucie Marceau 200 m papillon", LEDE);
        assert_eq!(count(&[lang(one.clone(), "fr"), lang(other.clone(), "en")]), 2);
        assert_eq!(count(&[lang(one, "fr"), lang(other, "fr-CA")]), 1);
    }

    #[test]
    fn flood_of_one_headline_costs_no_more_than_its_length() {
        let rows: Vec<EntryRow> = (0..3000)
            .map(|n| {
                row(n, ["a", "b", "c"][usize::try_from(n).unwrap_or(0) % 3], 0, "Lucie Marceau en or sur 200 m papillon", LEDE)
            })
            .collect();
        let mut found = Candidates::default().extend(&rows, Duration::from_secs(60));
        let most = rows.iter().map(|_| found.next().len()).max();
        assert!(most <= Some(candidates::MAX_CANDIDATES), "{most:?}");
    }

    /// Entries of few sources and few words, so that many are alike.
    fn any_rows() -> impl Strategy<Value = Vec<EntryRow>> {
        let words = prop::sample::select(vec!["Marceau", "Kovacs", "papillon", "200 m", "finale", "record", "or", "Zhang"]);
        let text = prop::collection::vec(words, 4..9).prop_map(|words| words.join(" et "));
        let entry = ("[a-d]", 0..40_i64, text.clone(), text);
        prop::collection::vec(entry, 1..24).prop_map(|rows| {
            let rows = rows.into_iter().zip(0..).map(|((source, hours, title, lede), id)| row(id, &source, hours, &title, &lede));
            rows.collect()
        })
    }

    proptest! {
        #[test]
        fn stories_do_not_depend_on_the_order_of_arrival(rows in any_rows(), seed in any::<u64>()) {
            let mut shuffled = rows.clone();
            shuffled.sort_by_key(|row| (row.id.0.cast_unsigned() + 1).wrapping_mul(seed | 1));
            prop_assert_eq!(ids(shuffled), ids(rows));
        }

        #[test]
        fn likeness_is_that_of_either_order(rows in any_rows()) {
            for (one, other) in rows.iter().zip(rows.iter().skip(1)) {
                let of = |one: &StoryKey, other: &StoryKey| likeness(one.into(), other.into(), Duration::ZERO, Duration::from_secs(60));
                prop_assert!((of(&one.story, &other.story) - of(&other.story, &one.story)).abs() < 1e-9);
            }
        }

        #[test]
        fn late_entry_changes_no_story_but_its_own(rows in any_rows()) {
            // Of few entries all are compared.
            let rows = &rows[..rows.len().min(3)];
            let (late, before) = rows.split_last().expect("one at least");
            let after = ids(rows.to_vec());
            for story in ids(before.to_vec()) {
                let own = after.iter().find(|story| story.contains(&late.id.0)).expect("it is somewhere");
                prop_assert!(after.contains(&story) || story.iter().all(|id| own.contains(id)), "{story:?} {after:?}");
            }
        }
    }
}
