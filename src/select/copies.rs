//! Tells whether two entries are one article, and which of them is shown.

use std::cmp::Reverse;
use std::time::Duration;

use crate::model::{EntryRow, LinkOrigin};

/// The difference between the dates that two feeds of a publisher give to one article.
const SAME_TIME: Duration = Duration::from_secs(10 * 60);

/// The time within which two entries count as first seen at once. A run visits its sources within ten minutes, in an order that is
/// chance; and it is no multiple of five minutes, the distance of many runs.
const SAME_RUN: Duration = Duration::from_secs(12 * 60);

/// The one of two copies that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precedence {
    /// The one that is shown already.
    Shown,
    /// The other one.
    Other,
}

/// Decides which of two entries is shown; nothing if they may not be the same article, and both are.
///
/// Anybody can copy a headline and a link and write another text under them. So the entry that was seen first keeps its place,
/// and is the original only if it is the publisher's own, or if the texts agree. An entry whose page lies on the host of its feed
/// is the original wherever it comes late.
///
/// Of entries that one run has found, none was first: the one whose page is nearer to its feed is shown, else the one with the earlier
/// date, else the one with the lower id. So the result does not depend on which source answered first. As any feed may name any date, of
/// two whose pages are equally near one is a copy only if the texts agree.
pub(super) fn judge_copies(shown: &EntryRow, other: &EntryRow) -> Option<Precedence> {
    let (own, others) = (&shown.article, &other.article);
    let is_one_run = shown.first_seen.since(other.first_seen).max(other.first_seen.since(shown.first_seen)) < SAME_RUN;
    let comes_before = if is_one_run { place(other) < place(shown) } else { other.first_seen < shown.first_seen };
    let first = if comes_before { Precedence::Other } else { Precedence::Shown };
    if !own.has_same_page(others) {
        return is_published_twice(shown, other).then_some(first);
    }
    let has_same_headline = own.has_same_headline(others);
    if shown.source == other.source {
        // Podcasts link all their episodes to one page.
        return has_same_headline.then_some(Precedence::Shown);
    }
    match (own.link() == LinkOrigin::FeedHost, others.link() == LinkOrigin::FeedHost) {
        (true, false) => return Some(Precedence::Shown),
        (false, true) => return Some(Precedence::Other),
        _ => {}
    }
    let original = if first == Precedence::Shown { own } else { others };
    let is_copy = if has_same_headline {
        let (nearer, farther) = (original.link(), own.link().min(others.link()));
        own.has_same_text(others) || nearer > LinkOrigin::Elsewhere && (!is_one_run || nearer > farther)
    } else {
        own.has_same_lede(others)
    };
    is_copy.then_some(first)
}

/// Returns what decides between two entries of which neither was seen first.
fn place(row: &EntryRow) -> impl Ord + use<> {
    (Reverse(row.article.link()), row.at, row.id)
}

/// Returns true if only one of two entries is shown, as they are the same article.
pub fn is_same_article(one: &EntryRow, other: &EntryRow) -> bool {
    judge_copies(one, other).is_some()
}

/// Returns true if a publisher has one article on two pages: headline, lede, host and time are the same. An article on another
/// host is not compared: whoever copies it would take its place.
fn is_published_twice(one: &EntryRow, other: &EntryRow) -> bool {
    let (earlier, later) = if one.at <= other.at { (one.at, other.at) } else { (other.at, one.at) };
    // Entries of one source that have no dates are a millisecond apart, and may repeat headline and text.
    let apart = if one.source == other.source { Duration::ZERO } else { SAME_TIME };
    later.since(earlier) <= apart
        && one.article.has_same_headline(&other.article)
        && one.article.has_same_lede(&other.article)
        && one.article.has_same_host(&other.article)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, EntryId, Revision, SourceId, StoryKey, Time};

    const LEDE: &str = "<p>La finale du relais a réuni quinze mille spectateurs autour du bassin de la ville hier soir.</p>";
    const OTHER_LEDE: &str =
        "<p>Une seule équipe manquait au départ du relais, celle que tout le public de la ville attendait.</p>";

    use LinkOrigin::{Elsewhere, FeedHost, Site};

    /// An entry of a source, first seen at an hour, on a page of `a.example`.
    fn entry(source: &str, first_seen: i64, page: &str, headline: &str, text: &str, link: LinkOrigin) -> EntryRow {
        EntryRow {
            id: EntryId(0),
            source: SourceId::new(source),
            revision: Revision(0),
            at: Time::EPOCH,
            first_seen: Time::from_millis(first_seen * 3_600_000),
            lang: None,
            article: ArticleKey::new(Some(&format!("https://a.example/{page}")), headline, Some(text), link),
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    fn copy(source: &str, first_seen: i64, text: &str, link: LinkOrigin) -> EntryRow {
        entry(source, first_seen, "1", "Un titre", text, link)
    }

    #[test]
    fn article_seen_first_is_not_replaced_by_a_newer_text_under_its_link() {
        let original = copy("a", 1, LEDE, Site);
        for link in [Elsewhere, Site] {
            assert_eq!(judge_copies(&copy("z", 5, OTHER_LEDE, link), &original), Some(Precedence::Other), "{link:?}");
        }
    }

    #[test]
    fn copy_with_the_same_text_is_shown_once() {
        for text in ["Un texte.", LEDE] {
            let (early, late) = (copy("z", 1, text, Elsewhere), copy("a", 5, text, Elsewhere));
            assert_eq!(judge_copies(&early, &late), Some(Precedence::Shown));
            assert_eq!(judge_copies(&late, &early), Some(Precedence::Other));
        }
    }

    #[test]
    fn copies_that_one_run_has_found_are_told_apart_by_their_links_dates_and_ids() {
        let found = |seconds: i64, at: i64, id: i64, link| EntryRow {
            first_seen: Time::from_millis(seconds * 1000),
            at: Time::from_millis(at),
            id: EntryId(id),
            ..copy("z", 0, LEDE, link)
        };
        let other = |row: &EntryRow| EntryRow { source: SourceId::new("a"), ..row.clone() };
        for (first, second) in [
            (found(599, 5, 2, Site), found(0, 1, 1, Elsewhere)),
            (found(599, 1, 2, Elsewhere), found(0, 5, 1, Elsewhere)),
            (found(599, 5, 1, Elsewhere), found(0, 5, 2, Elsewhere)),
            (found(0, 5, 2, Elsewhere), found(720, 1, 1, Site)),
        ] {
            assert_eq!(judge_copies(&first, &other(&second)), Some(Precedence::Shown), "{first:?}");
            assert_eq!(judge_copies(&other(&second), &first), Some(Precedence::Other), "{first:?}");
        }
    }

    #[test]
    fn forged_date_or_site_does_not_replace_an_article_that_the_same_run_has_found() {
        let original = EntryRow { at: Time::from_millis(9), ..copy("a", 1, LEDE, Site) };
        for (link, expected) in [(Elsewhere, Some(Precedence::Shown)), (Site, None)] {
            assert_eq!(judge_copies(&original, &copy("z", 1, OTHER_LEDE, link)), expected, "{link:?}");
        }
    }

    #[test]
    fn texts_that_differ_are_both_shown_if_neither_is_surely_the_publishers() {
        assert_eq!(judge_copies(&copy("z", 5, LEDE, Elsewhere), &copy("a", 1, OTHER_LEDE, Elsewhere)), None);
        assert_eq!(judge_copies(&copy("z", 1, LEDE, Elsewhere), &copy("a", 5, OTHER_LEDE, Site)), None);
    }

    #[test]
    fn article_on_the_host_of_its_feed_comes_before_a_copy_seen_earlier() {
        let (early, own) = (copy("z", 1, LEDE, Site), copy("a", 5, OTHER_LEDE, FeedHost));
        assert_eq!(judge_copies(&early, &own), Some(Precedence::Other));
        assert_eq!(judge_copies(&own, &early), Some(Precedence::Shown));
    }

    #[test]
    fn link_to_an_article_under_another_headline_gives_way_to_the_article() {
        let (link, own) = (entry("z", 1, "1", "À lire", "Vu ailleurs.", Elsewhere), copy("a", 5, LEDE, FeedHost));
        assert_eq!(judge_copies(&link, &own), Some(Precedence::Other));
    }

    #[test]
    fn article_with_two_headlines_in_the_feeds_of_its_publisher_is_shown_once() {
        let other = |headline, text| entry("b", 5, "1", headline, text, FeedHost);
        let own = copy("a", 1, LEDE, FeedHost);
        assert_eq!(judge_copies(&own, &other("EN IMAGES. Un titre", LEDE)), Some(Precedence::Shown));
        assert_eq!(judge_copies(&own, &other("14 h 30 : un but", OTHER_LEDE)), None, "the page is a live blog");
        assert_eq!(judge_copies(&copy("a", 1, "", FeedHost), &other("14 h 30 : un but", "")), None, "it has no texts");
    }

    #[test]
    fn entries_of_one_source_on_one_page_are_joined_by_their_headline_only() {
        assert_eq!(judge_copies(&copy("a", 1, LEDE, Site), &copy("a", 1, OTHER_LEDE, Site)), Some(Precedence::Shown));
        assert_eq!(judge_copies(&copy("a", 1, LEDE, Site), &entry("a", 1, "1", "Épisode 2", LEDE, Site)), None);
    }

    #[test]
    fn article_on_two_pages_of_its_publisher_is_shown_once() {
        let other = |page: &str, at: i64| {
            let row = entry("b", 5, page, "Un titre", LEDE, FeedHost);
            EntryRow { at: Time::from_millis(at), ..row }
        };
        let own = copy("a", 1, LEDE, FeedHost);
        assert_eq!(judge_copies(&own, &other("2", 60_000)), Some(Precedence::Shown));
        assert_eq!(judge_copies(&own, &other("2", 3_600_000)), None, "it is the next broadcast");
        let repeated = EntryRow { source: SourceId::new("a"), ..other("2", 1) };
        assert_eq!(judge_copies(&own, &repeated), None, "the source has two without a date");
    }

    #[test]
    fn copy_on_another_host_does_not_take_the_place_of_an_article() {
        let text = Some(LEDE);
        let article = ArticleKey::new(Some("https://z.example/1"), "Un titre", text, FeedHost);
        let copied = EntryRow { article, ..copy("z", 0, LEDE, FeedHost) };
        assert_eq!(judge_copies(&copied, &copy("a", 1, LEDE, Site)), None);
    }
}
