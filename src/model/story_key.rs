//! The fingerprint of the event that an entry is about, by which entries of several sources are recognised as one story.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// The most tokens of a key, so that it has 125 bytes at most.
pub const MAX_STORY_TOKENS: usize = 40;
/// The bytes before the tokens: size of the text and traits.
const HEAD: usize = 5;
/// The bytes of a token.
const TOKEN: usize = 3;

/// The rules by which entries become stories.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoryRules {
    /// The longest time between two entries about one event.
    pub window: Duration,
    /// The likeness from which on two entries are about one event, from 0 to 1.
    pub threshold: f64,
}

impl Default for StoryRules {
    fn default() -> Self {
        Self { window: Duration::from_secs(24 * 60 * 60), threshold: 0.65 }
    }
}

/// The kind of a token of a text; what says more about the event counts for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// An ordinary word.
    Word,
    /// A number that is no distance or weight class.
    Number,
    /// A discipline, distance or weight class.
    Discipline,
    /// A name.
    Name,
}

/// One token of a text: a hash of the word, its kind, and its place (headline or lede).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StoryToken(u32);

impl StoryToken {
    const WORD: u32 = (1 << 21) - 1;
    const KIND: u32 = 21;
    const TITLE: u32 = 1 << 23;

    /// Makes a token of the hash of a word.
    pub fn new(hash: u64, kind: TokenKind, is_in_title: bool) -> Self {
        let word = u32::try_from(hash & u64::from(Self::WORD)).unwrap_or_default();
        Self(word | (kind as u32) << Self::KIND | if is_in_title { Self::TITLE } else { 0 })
    }

    /// Returns what is equal for tokens of the same word.
    pub fn word(self) -> u32 {
        self.0 & Self::WORD
    }

    /// Returns the kind.
    pub fn kind(self) -> TokenKind {
        match self.0 >> Self::KIND & 0b11 {
            0 => TokenKind::Word,
            1 => TokenKind::Number,
            2 => TokenKind::Discipline,
            _ => TokenKind::Name,
        }
    }

    /// Returns true if the word stands in the headline.
    pub fn is_in_title(self) -> bool {
        self.0 & Self::TITLE != 0
    }
}

impl fmt::Debug for StoryToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:06x}{}", self.kind(), self.word(), if self.is_in_title() { "^" } else { "" })
    }
}

/// The fingerprint of an entry: the tokens of headline and lede, traits by which events differ that use the same words (women and men,
/// semi-final and final), and the size of the text. It is a column of the row of an entry; entries that were stored by an older
/// version have an empty one, and belong to no story.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct StoryKey {
    /// The tokens, in the order of their words, none twice.
    pub tokens: Box<[StoryToken]>,
    /// The traits of the headline, as bits of `select::story`.
    pub traits: u32,
    /// The size of the text: the number of bits of its length in bytes.
    pub size: u8,
}

impl StoryKey {
    /// Makes a key of tokens, of which no two have one word.
    pub fn new(mut tokens: Vec<StoryToken>, traits: u32, size: u8) -> Self {
        tokens.sort_unstable_by_key(|token| token.word());
        Self { tokens: tokens.into(), traits, size }
    }

    /// Returns the token of a word.
    pub fn find(&self, word: u32) -> Option<StoryToken> {
        self.tokens.binary_search_by_key(&word, |token| token.word()).ok().map(|place| self.tokens[place])
    }

    /// Writes the key as the store keeps it; nothing if it is empty.
    pub fn encode(&self) -> Option<String> {
        if self.tokens.is_empty() {
            return None;
        }
        let mut bytes = Vec::with_capacity(HEAD + self.tokens.len() * TOKEN);
        bytes.push(self.size);
        bytes.extend(self.traits.to_le_bytes());
        for token in &self.tokens {
            bytes.extend(&token.0.to_le_bytes()[..TOKEN]);
        }
        Some(STANDARD_NO_PAD.encode(bytes))
    }

    /// Reads a key; what is no key is an empty one.
    pub fn decode(text: &str) -> Self {
        let Ok(bytes) = STANDARD_NO_PAD.decode(text) else { return Self::default() };
        let Some((head, tokens)) = bytes.split_first_chunk::<HEAD>() else { return Self::default() };
        let [size, traits @ ..] = *head;
        let (tokens, _) = tokens.as_chunks::<TOKEN>();
        let tokens = tokens.iter().take(MAX_STORY_TOKENS).map(|&[a, b, c]| StoryToken(u32::from_le_bytes([a, b, c, 0])));
        Self { tokens: tokens.collect(), traits: u32::from_le_bytes(traits), size }
    }
}

impl From<String> for StoryKey {
    fn from(text: String) -> Self {
        Self::decode(&text)
    }
}

impl From<StoryKey> for String {
    fn from(key: StoryKey) -> Self {
        key.encode().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_read_as_it_was_written() {
        let kinds = [TokenKind::Word, TokenKind::Number, TokenKind::Discipline, TokenKind::Name];
        let tokens = kinds.iter().enumerate().map(|(n, kind)| StoryToken::new(u64::MAX - n as u64, *kind, n % 2 == 0));
        let key = StoryKey { tokens: tokens.collect(), traits: 0xdead_beef, size: 12 };
        let read = StoryKey::decode(&key.encode().expect("it has tokens"));
        assert_eq!(read, key);
        assert_eq!(read.tokens.iter().map(|token| token.kind()).collect::<Vec<_>>(), kinds);
        assert_eq!(read.tokens[1].word(), (1 << 21) - 2);
        assert!(read.tokens[2].is_in_title() && !read.tokens[3].is_in_title());
    }

    #[test]
    fn what_is_no_key_is_empty() {
        for text in ["", "é", "AAA", "AAAAAAA"] {
            assert_eq!(StoryKey::decode(text).encode(), None, "{text}");
        }
        let long = StoryKey { tokens: [StoryToken(1); 99].into(), ..StoryKey::default() };
        assert_eq!(StoryKey::decode(&long.encode().expect("it has tokens")).tokens.len(), MAX_STORY_TOKENS);
    }
}
