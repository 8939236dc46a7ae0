//! The key by which copies of an article are recognised in the rows of entries.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::id::first_64_bits;

/// The bits of the key that tell the article; below them are those of its text, and two of the link.
const ARTICLE: u64 = !0 << 24;
const TEXT: u64 = ((1 << 24) - 1) & !LINK;
const LINK: u64 = 0b11;

/// The place of an entry's page, as seen from its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkOrigin {
    /// On the host of somebody else, or there is no page.
    #[default]
    Elsewhere,
    /// On the host that the feed names as its site. Any feed may name any site.
    Site,
    /// On the host that serves the feed: the source is surely the publisher.
    FeedHost,
}

/// The facts that are compared between two entries with the same page and the same headline, packed into one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DedupKey(pub i64);

impl DedupKey {
    /// Makes the key of an entry with a page (its address), a headline and a text as HTML.
    pub fn new(page: &str, headline: &str, text: Option<&str>, link: LinkOrigin) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(page.as_bytes());
        hasher.update(&[0]);
        hasher.update(headline.as_bytes());
        let article = first_64_bits(&hasher).cast_unsigned() & ARTICLE;
        let text = text.map_or(0, hash_words) & TEXT;
        Self((article | text | link as u64).cast_signed())
    }

    /// Returns what is equal for two entries of any sources with the same page and the same headline.
    pub fn article(self) -> u64 {
        self.0.cast_unsigned() & ARTICLE
    }

    /// Returns true if two entries say the same, whatever their markup.
    pub fn agrees_with(self, other: Self) -> bool {
        (self.0 ^ other.0).cast_unsigned() & TEXT == 0
    }

    /// Returns where the page lies.
    pub fn link(self) -> LinkOrigin {
        match self.0.cast_unsigned() & LINK {
            2 => LinkOrigin::FeedHost,
            1 => LinkOrigin::Site,
            _ => LinkOrigin::Elsewhere,
        }
    }
}

/// Hashes the letters and digits of HTML outside its tags and references.
fn hash_words(html: &str) -> u64 {
    let mut hasher = Xxh3Default::new();
    let mut until = None;
    for piece in html.split_inclusive(['<', '>', '&', ';', ' ', '\n']) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_closed = until.is_some_and(|end| piece.ends_with(end)) || (until == Some(';') && piece.ends_with([' ', '\n']));
        if until.is_none() {
            hasher.update(word.as_bytes());
        }
        if until.is_none() || is_closed {
            until = if piece.ends_with('<') {
                Some('>')
            } else if piece.ends_with('&') {
                Some(';')
            } else {
                None
            };
        }
    }
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(summary: &str, link: LinkOrigin) -> DedupKey {
        DedupKey::new("https://a.fr/1", "Un", Some(summary), link)
    }

    #[test]
    fn texts_agree_whatever_their_markup() {
        let one = key("<p>La finale se joue&nbsp;ce soir.</p>", LinkOrigin::Site);
        let other = key("La finale <b class='x y'>se joue</b> ce\nsoir.", LinkOrigin::FeedHost);
        assert!(one.agrees_with(other) && one.article() == other.article());
        assert_eq!((one.link(), other.link()), (LinkOrigin::Site, LinkOrigin::FeedHost));
    }

    #[test]
    fn other_words_do_not_agree() {
        let (one, other) = (key("<p>Un texte.", LinkOrigin::Site), key("<p>Un autre texte.", LinkOrigin::Site));
        assert!(!one.agrees_with(other) && one.article() == other.article());
    }
}
