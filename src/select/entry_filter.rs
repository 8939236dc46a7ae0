//! Names entries by source, by a term of the headline, by link or by id: for pinning and muting.

use std::collections::HashSet;

use super::fold::fold;
use crate::model::{AddressKey, EntryId, EntryRow, SourceId};

/// A headline as terms are searched in it: without accents, with plain quotes and hyphens, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedTitle(String);

impl FoldedTitle {
    /// Folds a headline.
    pub fn new(title: &str) -> Self {
        Self(fold(title).to_lowercase())
    }

    /// Returns true if the headline has the words of a term, as whole words.
    fn has(&self, term: &Self) -> bool {
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        self.0.match_indices(&term.0).any(|(start, found)| {
            let (before, after) = (self.0[..start].chars().next_back(), self.0[start + found.len()..].chars().next());
            !(is_letter(before) && is_letter(term.0.chars().next()) || is_letter(after) && is_letter(term.0.chars().next_back()))
        })
    }
}

/// The entries that are named.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    sources: HashSet<SourceId>,
    terms: Vec<FoldedTitle>,
    addresses: HashSet<AddressKey>,
    ids: HashSet<EntryId>,
}

impl EntryFilter {
    /// Makes the filter of these sources and terms. Blank terms name nothing.
    pub fn new(sources: &[SourceId], terms: &[String]) -> Self {
        let terms = terms.iter().map(|term| FoldedTitle::new(term.trim())).filter(|term| !term.0.is_empty());
        Self { sources: sources.iter().cloned().collect(), terms: terms.collect(), ..Self::default() }
    }

    /// Adds the entries of these pages, and those with these ids.
    #[must_use]
    pub fn with_entries(mut self, addresses: impl IntoIterator<Item = AddressKey>, ids: &[EntryId]) -> Self {
        self.addresses.extend(addresses);
        self.ids.extend(ids);
        self
    }

    /// Returns true if headlines are needed to tell.
    pub fn has_terms(&self) -> bool {
        !self.terms.is_empty()
    }

    /// Returns true if the entry is named. Without its headline, no term names it.
    pub fn matches(&self, entry: &EntryRow, title: Option<&FoldedTitle>) -> bool {
        self.sources.contains(&entry.source)
            || self.ids.contains(&entry.id)
            || entry.article.address.is_some_and(|address| self.addresses.contains(&address))
            || title.is_some_and(|title| self.terms.iter().any(|term| title.has(term)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, LinkOrigin, Revision, StoryKey, Time};

    fn entry(source: &str, page: &str) -> EntryRow {
        EntryRow {
            id: EntryId(7),
            source: SourceId::new(source),
            revision: Revision(0),
            at: Time::EPOCH,
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::new(Some(page), "Un titre", None, LinkOrigin::Elsewhere),
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    fn names(term: &str, title: &str) -> bool {
        let filter = EntryFilter::new(&[], &[term.to_owned()]);
        filter.matches(&entry("a", "https://a.fr/1"), Some(&FoldedTitle::new(title)))
    }

    #[test]
    fn term_is_found_as_a_whole_word_in_any_spelling() {
        for title in ["Les JO d’hiver", "jo : le bilan", "« JO »", "Vive les JO", "JO-2026", "Major, puis JO"] {
            assert!(names("JO", title), "{title}");
        }
        for title in ["Un jour de plus", "Major", "Les JOs", "J O"] {
            assert!(!names("JO", title), "{title}");
        }
        assert!(names("l'equipe de france", "« L’Équipe\u{a0}de France » en or"));
        assert!(names("été", "L'ETE") && names("Ete", "l’été"));
        assert!(names("дзюдо", "Дзюдо: золото"));
    }

    #[test]
    fn term_of_signs_is_found_beside_letters() {
        assert!(names("[live]", "Relais[LIVE]suite") && names("?", "Qui gagne?"));
        assert!(!names(" ", "Un titre"), "a blank term names nothing");
    }

    #[test]
    fn entry_is_named_by_its_source_its_page_or_its_id() {
        let address = AddressKey::new("http://www.a.fr/1/");
        for filter in [
            EntryFilter::new(&[SourceId::new("a")], &[]),
            EntryFilter::default().with_entries(address, &[]),
            EntryFilter::default().with_entries(None, &[EntryId(7)]),
        ] {
            assert!(filter.matches(&entry("a", "https://a.fr/1"), None), "{filter:?}");
        }
        let others = EntryFilter::new(&[SourceId::new("b")], &[]).with_entries(address, &[EntryId(8)]);
        assert!(!others.matches(&entry("a", "https://a.fr/2"), None));
    }
}
