//! The facts by which two entries are recognised as the same article.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::address_key::{AddressKey, comparable_host_of};
use super::{DedupKey, LinkOrigin};

/// The bits of [`HeadlineKey`]: the headline, the host of the page, and whether the text is long enough to be compared.
const HEADLINE: u64 = !0 << 32;
const HOST: u64 = ((1 << 32) - 1) & !LEDE;
const LEDE: u64 = 1;

/// The letters from which on a text is a lede: shorter ones repeat ("Le journal de 8 h", "Lire la suite").
const LEDE_LETTERS: usize = 60;

/// A hash of the headline of an entry, and what its text must be compared with: the host, and whether there is a lede.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeadlineKey(pub i64);

impl HeadlineKey {
    /// Returns what is equal for two headlines that have the same letters.
    pub fn words(self) -> u64 {
        self.0.cast_unsigned() & HEADLINE
    }

    /// Makes the key of an entry; nothing if its headline is blank.
    fn new(headline: &str, page: Option<&str>, text: Option<&str>) -> Option<Self> {
        let letters = letters_of(headline);
        let host = page.and_then(comparable_host_of).map_or(0, |host| xxh3_64(host.as_bytes()) & HOST);
        let lede = u64::from(text.is_some_and(has_lede));
        (!letters.is_empty()).then(|| Self(((xxh3_64(letters.as_bytes()) & HEADLINE) | host | lede).cast_signed()))
    }
}

/// The facts by which two entries are recognised as one article. They are columns of the row of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArticleKey {
    /// The page as it is written together with the headline, the text, and where the page lies; nothing if there is no page.
    pub dedup: Option<DedupKey>,
    /// The page, however it is written. Entries that were stored by an older version have none.
    pub address: Option<AddressKey>,
    /// The headline. Entries that were stored by an older version have none.
    pub headline: Option<HeadlineKey>,
}

impl ArticleKey {
    /// Makes the key of an entry with a page, a headline and a text as HTML; `link` tells where the page lies.
    pub fn new(page: Option<&str>, headline: &str, text: Option<&str>, link: LinkOrigin) -> Self {
        Self {
            dedup: page.map(|page| DedupKey::new(page, headline, text, link)),
            address: page.and_then(AddressKey::new),
            headline: HeadlineKey::new(headline, page, text),
        }
    }

    /// Returns true if both entries have one page. Of entries of an older version, also the headline must be the same.
    pub fn has_same_page(&self, other: &Self) -> bool {
        match (self.address, other.address) {
            (Some(own), Some(others)) => own == others,
            _ => self.is_written_alike(other),
        }
    }

    /// Returns true if both have the same headline, but for case and punctuation.
    pub fn has_same_headline(&self, other: &Self) -> bool {
        match (self.headline, other.headline) {
            (Some(own), Some(others)) => own.words() == others.words(),
            _ => self.is_written_alike(other),
        }
    }

    /// Returns true if both say the same, whatever their markup. Entries without a page are not compared.
    pub fn has_same_text(&self, other: &Self) -> bool {
        self.dedup.zip(other.dedup).is_some_and(|(own, others)| own.agrees_with(others))
    }

    /// Returns true if both begin with the same words, enough of them to tell an article.
    pub fn has_same_lede(&self, other: &Self) -> bool {
        self.lede().is_some() && self.lede() == other.lede()
    }

    /// Returns what is equal for two entries with a page that have the same text; nothing if there is none.
    pub fn text(&self) -> Option<u64> {
        self.dedup.map(DedupKey::text).filter(|text| *text != 0)
    }

    /// Returns the same of texts that are long enough to tell an article.
    pub fn lede(&self) -> Option<u64> {
        self.text().filter(|_| self.headline.is_some_and(|key| key.0.cast_unsigned() & LEDE != 0))
    }

    /// Returns true if the pages of both lie on one host.
    pub fn has_same_host(&self, other: &Self) -> bool {
        let host = |key: &Self| Some(key.headline?.0.cast_unsigned() & HOST).filter(|host| *host != 0);
        host(self).is_some() && host(self) == host(other)
    }

    /// Returns where the page lies.
    pub fn link(&self) -> LinkOrigin {
        self.dedup.map_or(LinkOrigin::Elsewhere, DedupKey::link)
    }

    /// Returns hashes of which two entries have at least one in common if they may be one article.
    pub fn facts(&self) -> impl Iterator<Item = (u8, u64)> {
        let page = self.dedup.map(|key| (0, key.article()));
        let address = self.address.map(|key| (1, key.0.cast_unsigned()));
        let headline = self.headline.map(|key| (2, key.0.cast_unsigned()));
        [page, address, headline].into_iter().flatten()
    }

    /// Returns true if an older version has stored the entry, without address and headline.
    pub fn is_of_older_version(&self) -> bool {
        self.address.is_none() && self.headline.is_none()
    }

    fn is_written_alike(&self, other: &Self) -> bool {
        self.dedup.zip(other.dedup).is_some_and(|(own, others)| own.article() == others.article())
    }
}

/// Returns the letters and digits of a headline, in lower case.
fn letters_of(headline: &str) -> String {
    let mut letters = String::with_capacity(headline.len());
    for letter in headline.chars() {
        if letter.is_ascii() {
            letters.extend(Some(letter.to_ascii_lowercase()).filter(char::is_ascii_alphanumeric));
        } else if letter.is_alphanumeric() {
            letters.extend(letter.to_lowercase());
        }
    }
    letters
}

/// Returns true if a text as HTML has the letters of a lede, outside its tags. It stops there.
fn has_lede(html: &str) -> bool {
    let (mut letters, mut is_tag) = (0, false);
    for byte in html.bytes() {
        match byte {
            b'<' => is_tag = true,
            b'>' => is_tag = false,
            _ => letters += usize::from(!is_tag && (byte.is_ascii_alphanumeric() || byte >= 0x80)),
        }
        if letters >= LEDE_LETTERS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDE_TEXT: &str = "<p>La finale du relais a réuni quinze mille spectateurs autour du bassin de la ville.</p>";

    fn key(page: &str, headline: &str, text: &str) -> ArticleKey {
        ArticleKey::new(Some(page), headline, Some(text), LinkOrigin::Elsewhere)
    }

    #[test]
    fn headlines_are_compared_by_their_letters() {
        let one = key("https://a.fr/1", "« L’été » : 28 000 places", "");
        assert!(one.has_same_headline(&key("https://b.fr/2", "L'ÉTÉ, 28\u{a0}000 places !", "")));
        assert!(!one.has_same_headline(&key("https://a.fr/1", "L’été : 28 001 places", "")));
    }

    #[test]
    fn blank_headlines_are_not_the_same() {
        let (one, other) = (key("https://a.fr/1", "…", ""), key("https://a.fr/2", "!", ""));
        assert!(one.headline.is_none() && !one.has_same_headline(&other));
    }

    #[test]
    fn short_texts_are_no_ledes() {
        let same = |text: &str| key("https://a.fr/1", "A", text).has_same_lede(&key("https://a.fr/2", "B", text));
        assert!(same(LEDE_TEXT));
        assert!(!same("<p>Lire la suite</p>") && !same(&format!("<img src='{}'>", "a".repeat(99))));
    }

    #[test]
    fn hosts_are_compared_without_their_prefixes() {
        let one = key("https://www.a.fr/1", "A", "");
        assert!(one.has_same_host(&key("http://m.a.fr/2", "B", "")));
        assert!(!one.has_same_host(&key("https://b.fr/1", "A", "")));
        assert!(!ArticleKey::default().has_same_host(&ArticleKey::default()));
    }

    #[test]
    fn entry_of_an_older_version_is_compared_as_it_was() {
        let new = key("https://a.fr/1", "A", LEDE_TEXT);
        let old = ArticleKey { address: None, headline: None, ..new };
        assert!(new.has_same_page(&old) && old.has_same_headline(&new) && new.has_same_text(&old));
        assert!(!new.has_same_lede(&old) && !new.has_same_host(&old));
        let moved = ArticleKey { address: None, headline: None, ..key("http://a.fr/1", "A", LEDE_TEXT) };
        assert!(!new.has_same_page(&moved));
    }
}
