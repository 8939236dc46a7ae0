//! The names of the documents of an archive, and which of them takes the next item. Pure.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::sink::WrittenFile;
use crate::store::{ArchiveSize, Withdrawals};

/// The most items of a document: a reader loads it as a whole. A busy month has several documents.
const MAX_ITEMS: u64 = 500;

/// A document of an archive, as it was last written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pipeline::publish) struct ArchiveDocument {
    /// Its name, such as `2026-11`.
    pub(in crate::pipeline::publish) name: DocumentName,
    /// The hash of the inputs of its files.
    pub(super) inputs: String,
    pub(in crate::pipeline::publish) files: Vec<WrittenFile>,
    /// True once it changes no more: a newer document exists, and its own items are settled.
    pub(super) is_closed: bool,
    /// The withdrawn entries that it has been told of.
    #[serde(default)]
    pub(super) withdrawn: Option<Withdrawals>,
}

/// The name of a document: its month in UTC, and its number among the documents of that month. In this order they are linked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(in crate::pipeline::publish) struct DocumentName {
    /// `2026-11`.
    month: String,
    number: u32,
}

impl fmt::Display for DocumentName {
    /// Writes `2026-11` for the first document of a month, `2026-11-2` for the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => f.write_str(&self.month),
            number => write!(f, "{}-{number}", self.month),
        }
    }
}

/// Said of a text that is no name of a document.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no name of a document")]
pub(in crate::pipeline::publish) struct NameError(String);

impl FromStr for DocumentName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let error = || NameError(name.to_owned());
        let (month, rest) = name.split_at_checked(7).ok_or_else(error)?;
        let number = match rest.strip_prefix('-') {
            None if rest.is_empty() => 1,
            None => return Err(error()),
            Some(number) => number.parse().map_err(|_| error())?,
        };
        Ok(Self { month: month.to_owned(), number })
    }
}

impl TryFrom<String> for DocumentName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        name.parse()
    }
}

impl From<DocumentName> for String {
    fn from(name: DocumentName) -> Self {
        name.to_string()
    }
}

impl DocumentName {
    /// Returns the name of its files without their ending: `archive/jeux.en-2026-11`.
    pub(in crate::pipeline::publish) fn stem(&self, edition: &str) -> String {
        format!("archive/{edition}-{self}")
    }
}

/// The document that takes the next item.
pub(super) struct Open {
    name: DocumentName,
    items: u64,
}

impl Open {
    /// Finds it: the last one of this month. An item never goes into a document before the last one, which may be closed: if the clock
    /// was ahead, that of its month stays open.
    pub(super) fn new(now: Time, sizes: &HashMap<String, ArchiveSize>) -> Self {
        let this_month = DocumentName { month: now.rfc3339()[..7].to_owned(), number: 1 };
        let names = sizes.iter().filter_map(|(name, size)| Some((name.parse::<DocumentName>().ok()?, size.items)));
        match names.max() {
            Some((name, items)) if name.month >= this_month.month => Self { name, items },
            _ => Self { name: this_month, items: 0 },
        }
    }

    /// Returns the name of the document for one more item.
    pub(super) fn next(&mut self) -> String {
        if self.items >= MAX_ITEMS {
            (self.name.number, self.items) = (self.name.number + 1, 0);
        }
        self.items += 1;
        self.name.to_string()
    }
}

/// Adds the documents that are new, and puts all into their order. The store knows more than the last record if a run was killed.
pub(super) fn merge<'n>(documents: Vec<ArchiveDocument>, names: impl Iterator<Item = &'n String>) -> Vec<ArchiveDocument> {
    let mut known: HashMap<DocumentName, ArchiveDocument> =
        documents.into_iter().map(|document| (document.name.clone(), document)).collect();
    let mut names: Vec<DocumentName> = names.filter_map(|name| name.parse().ok()).collect();
    names.sort_unstable();
    let document = |name: DocumentName| match known.remove(&name) {
        Some(document) => document,
        None => ArchiveDocument { name, ..ArchiveDocument::default() },
    };
    names.into_iter().map(document).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(documents: &[(&str, u64)]) -> HashMap<String, ArchiveSize> {
        let size = |items| ArchiveSize { items, last_added: Time::EPOCH };
        documents.iter().map(|(name, items)| ((*name).to_owned(), size(*items))).collect()
    }

    fn next(now: &str, documents: &[(&str, u64)], count: usize) -> Vec<String> {
        let mut open = Open::new(Time::from_rfc3339(now).expect("a time"), &sizes(documents));
        (0..count).map(|_| open.next()).collect()
    }

    #[test]
    fn item_goes_into_the_document_of_the_month() {
        assert_eq!(next("2026-11-30T23:59:59Z", &[("2026-10", 3)], 1), ["2026-11"]);
        assert_eq!(next("2026-12-01T00:00:00Z", &[("2026-11", 3)], 1), ["2026-12"]);
    }

    #[test]
    fn full_document_is_followed_by_another_one_of_the_month() {
        assert_eq!(next("2026-11-05T00:00:00Z", &[("2026-11", MAX_ITEMS - 1)], 2), ["2026-11", "2026-11-2"]);
        let many = [("2026-11", MAX_ITEMS), ("2026-11-9", MAX_ITEMS), ("2026-11-10", 1)];
        assert_eq!(next("2026-11-05T00:00:00Z", &many, 1), ["2026-11-10"], "by number, not by letters");
    }

    #[test]
    fn clock_that_goes_back_opens_no_old_document() {
        assert_eq!(next("2026-10-31T00:00:00Z", &[("2026-11", 3)], 1), ["2026-11"]);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["2026-11", "2026-11-2", "2026-11-10"] {
            assert_eq!(name.parse::<DocumentName>().expect("a name").to_string(), name);
        }
        for name in ["", "2026", "2026-11x", "2026-11-x", "2026-1é-"] {
            assert!(name.parse::<DocumentName>().is_err(), "{name}");
        }
    }
}
