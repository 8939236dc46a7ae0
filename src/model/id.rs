//! The identities of sources and entries.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a source in feeds.toml: the `ID` of `[source.ID]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// Makes an id of any text; `config` has checked its letters.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SourceId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The identity of an entry: its source, and its name there (its guid, else its link, else a hash of title and date).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryKey {
    /// The source.
    pub source: SourceId,
    /// The entry's identity within the source.
    pub uid: String,
}

impl EntryKey {
    /// Returns the id under which the store and the outputs know this entry.
    pub fn id(&self) -> EntryId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.source.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(self.uid.as_bytes());
        EntryId(first_64_bits(&hasher))
    }
}

/// 64 bits of a hash of the key: the same on every machine and in every database, without a counter to agree on. A million entries
/// share one with a probability of 3 in 100 million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub i64);

impl EntryId {
    /// Parses an id as it is displayed, or as the `tag:` URI of an item has it: `tag:example.org,2026:entry/00ff…:en`.
    pub fn parse(text: &str) -> Option<Self> {
        let id = match text.strip_prefix("tag:") {
            Some(uri) => uri.split_once(":entry/")?.1.split(':').next()?,
            None => text,
        };
        let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(id, 16).ok().filter(|_| is_id).map(|bits| Self(bits.cast_signed()))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A hash of the parts of an entry that readers see. A new one means that the entry is published again. Dates do not count: many
/// feeds move them without a change of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Returns the first 64 bits of a hash.
pub(super) fn first_64_bits(hasher: &blake3::Hasher) -> i64 {
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    i64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_id_is_parsed_as_it_is_displayed_and_published() {
        for id in [EntryId(0), EntryId(-1), EntryId(i64::MAX)] {
            assert_eq!(EntryId::parse(&id.to_string()), Some(id));
            assert_eq!(EntryId::parse(&format!("tag:example.org,2026:entry/{id}")), Some(id));
            assert_eq!(EntryId::parse(&format!("tag:example.org,2026:entry/{id}:pt-BR")), Some(id));
        }
        for text in ["", "ff", "00000000000000000", "000000000000000g", "+000000000000001", "tag:example.org,2026:entry/"] {
            assert_eq!(EntryId::parse(text), None, "{text}");
        }
    }
}
