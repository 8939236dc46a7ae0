//! The key by which copies of an article are recognised in the rows of entries.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::id::first_64_bits;

/// The bits of the key that tell the article; below them are those of its text, and two of the link.
const ARTICLE: u64 = !0 << 24;
const TEXT: u64 = ((1 << 24) - 1) & !LINK;
const LINK: u64 = 0b11;
/// The bytes at the beginning of a text that are compared: two articles with one page, one headline and one beginning are copies.
const LONGEST_TEXT: usize = 512;

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

    /// Returns what is equal for two entries that say the same; 0 if there is no text.
    pub fn text(self) -> u64 {
        self.0.cast_unsigned() & TEXT
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

/// Hashes the letters and digits at the beginning of HTML, outside its tags and references. It runs over every entry that is read, so
/// it looks at bytes: beyond ASCII all but the no-break space count as letters.
fn hash_words(html: &str) -> u64 {
    let bytes = &html.as_bytes()[..html.len().min(LONGEST_TEXT)];
    let mut letters = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'<' => at = skip_past(bytes, at, |byte| byte == b'>'),
            b'&' => at = skip_past(bytes, at, |byte| byte == b';' || byte.is_ascii_whitespace()),
            // The second half of a no-break space.
            0xa0 if letters.last() == Some(&0xc2) => drop(letters.pop()),
            _ if byte.is_ascii_alphanumeric() || byte >= 0x80 => letters.push(byte),
            _ => {}
        }
    }
    xxh3_64(&letters)
}

/// Returns the place after the next byte that `ends`.
fn skip_past(bytes: &[u8], from: usize, ends: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&byte| ends(byte)).map_or(bytes.len(), |place| from + place + 1)
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

    #[test]
    fn no_break_space_is_no_letter() {
        let (one, other) = (key("28 000 places", LinkOrigin::Site), key("28\u{a0}000\u{a0}places", LinkOrigin::Site));
        assert!(one.agrees_with(other));
        assert!(!one.agrees_with(key("28 000 placesà", LinkOrigin::Site)));
    }
}
