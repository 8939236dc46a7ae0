//! The names of the documents of an archive, and which of them takes the next item. Pure.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{Months, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::model::{Format, Time};
use crate::sink::WrittenFile;
use crate::store::{ArchiveSize, Withdrawals};

/// The most items of a document: a reader loads it as a whole. A busy month has several documents.
const MAX_ITEMS: u64 = 500;

/// The time after its last item from which on a document may be closed: translations and corrections have arrived by then.
const SETTLED_AFTER: Duration = Duration::from_hours(24);
/// The same for the last document: an edition that has published nothing for so long is quiet.
const QUIET_AFTER: Duration = Duration::from_hours(7 * 24);

/// A document of an archive, as it was last written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pipeline::publish) struct ArchiveDocument {
    /// Its name, such as `2026-11`.
    pub(in crate::pipeline::publish) name: DocumentName,
    /// The hash of the inputs of its files.
    pub(super) inputs: String,
    pub(in crate::pipeline::publish) files: Vec<WrittenFile>,
    /// True once it changes no more: see [`closes_at`].
    pub(super) is_closed: bool,
    /// The time at which its last item was added. Older records lack it.
    #[serde(default)]
    pub(super) last_added: Option<Time>,
    /// The withdrawn entries that it has been told of.
    #[serde(default)]
    pub(super) withdrawn: Option<Withdrawals>,
}

impl ArchiveDocument {
    /// Returns those of some formats in which there is no file of it. `edition` is the stem of its edition.
    pub(in crate::pipeline::publish) fn missing(&self, formats: &[Format], edition: &str) -> Vec<Format> {
        let is_missing = |format: &&Format| {
            let name = self.file(**format, edition);
            self.files.iter().all(|file| file.name != name)
        };
        formats.iter().filter(is_missing).copied().collect()
    }

    /// Forgets the files of other formats.
    pub(super) fn keep_only(&mut self, formats: &[Format], edition: &str) {
        let names: Vec<String> = formats.iter().map(|format| self.file(*format, edition)).collect();
        self.files.retain(|file| names.contains(&file.name));
    }

    /// Returns the name of its file in a format.
    pub(in crate::pipeline::publish) fn file(&self, format: Format, edition: &str) -> String {
        format!("{}.{}", self.name.stem(edition), format.extension())
    }
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

    /// Returns the first day of its month.
    pub(in crate::pipeline::publish) fn first_day(&self) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(&format!("{}-01", self.month), "%Y-%m-%d").ok()
    }

    /// Returns its number among the documents of its month, counted from 1.
    pub(in crate::pipeline::publish) fn number(&self) -> u32 {
        self.number
    }

    /// Returns the end of its month, in UTC.
    fn month_end(&self) -> Option<Time> {
        let end = self.first_day()?.checked_add_months(Months::new(1))?;
        Some(end.and_time(NaiveTime::MIN).and_utc().into())
    }
}

/// Returns the time at which a document of an archive is closed; nothing if it is closed, or if its time is not known. One that a newer one
/// follows has to be settled only. The last one has to wait for the end of its month, and some more: a closed document does not change, so
/// that one that is closed before the next exists never links to it.
pub(super) fn closes_at(documents: &[ArchiveDocument], at: usize) -> Option<Time> {
    let document = documents.get(at).filter(|document| !document.is_closed)?;
    let last_added = document.last_added?;
    if at + 1 < documents.len() {
        return Some(last_added.plus(SETTLED_AFTER));
    }
    Some(last_added.plus(QUIET_AFTER).max(document.name.month_end()?))
}

/// The document that takes the next item.
pub(super) struct Open {
    name: DocumentName,
    items: u64,
}

impl Open {
    /// Finds it: the last one of this month. An item never goes into a document before the last one, nor into one that is closed: if the
    /// clock was ahead, that of its month goes on, or another one of that month.
    pub(super) fn new(now: Time, sizes: &HashMap<String, ArchiveSize>, documents: &[ArchiveDocument]) -> Self {
        let this_month = DocumentName { month: now.rfc3339()[..7].to_owned(), number: 1 };
        let names = sizes.iter().filter_map(|(name, size)| Some((name.parse::<DocumentName>().ok()?, size.items)));
        let is_closed = |name: &DocumentName| documents.iter().any(|document| document.is_closed && document.name == *name);
        match names.max() {
            Some((name, _)) if name.month >= this_month.month && is_closed(&name) => {
                Self { name: DocumentName { number: name.number + 1, ..name }, items: 0 }
            }
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
pub(super) fn merge(documents: Vec<ArchiveDocument>, sizes: &HashMap<String, ArchiveSize>) -> Vec<ArchiveDocument> {
    let mut known: HashMap<DocumentName, ArchiveDocument> =
        documents.into_iter().map(|document| (document.name.clone(), document)).collect();
    let mut named: Vec<(DocumentName, Time)> =
        sizes.iter().filter_map(|(name, size)| Some((name.parse().ok()?, size.last_added))).collect();
    named.sort_unstable();
    let document = |(name, last_added): (DocumentName, Time)| {
        let known = known.remove(&name).unwrap_or_default();
        ArchiveDocument { name, last_added: Some(last_added.whole_seconds()), ..known }
    };
    named.into_iter().map(document).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(documents: &[(&str, u64)]) -> HashMap<String, ArchiveSize> {
        let size = |items| ArchiveSize { items, last_added: Time::EPOCH };
        documents.iter().map(|(name, items)| ((*name).to_owned(), size(*items))).collect()
    }

    fn time(text: &str) -> Time {
        Time::from_rfc3339(text).expect("a time")
    }

    /// A document that is open since its last item, or closed.
    fn document(name: &str, open_since: Option<&str>) -> ArchiveDocument {
        ArchiveDocument {
            name: name.parse().expect("a name"),
            is_closed: open_since.is_none(),
            last_added: open_since.map(time),
            ..ArchiveDocument::default()
        }
    }

    fn next(now: &str, documents: &[(&str, u64)], count: usize) -> Vec<String> {
        next_beside(now, documents, &[], count)
    }

    fn next_beside(now: &str, documents: &[(&str, u64)], closed: &[&str], count: usize) -> Vec<String> {
        let closed: Vec<ArchiveDocument> = closed.iter().map(|name| document(name, None)).collect();
        let mut open = Open::new(time(now), &sizes(documents), &closed);
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
    fn clock_that_goes_back_adds_nothing_to_a_closed_document() {
        assert_eq!(next_beside("2026-10-31T00:00:00Z", &[("2026-11", 3)], &["2026-11"], 2), ["2026-11-2", "2026-11-2"]);
        assert_eq!(next_beside("2026-12-01T00:00:00Z", &[("2026-11", 3)], &["2026-11"], 1), ["2026-12"]);
    }

    #[test]
    fn document_before_another_is_closed_a_day_after_its_last_item() {
        let documents = [document("2026-11", Some("2026-11-30T20:00:00Z")), document("2026-12", Some("2026-12-01T08:00:00Z"))];
        assert_eq!(closes_at(&documents, 0), Some(time("2026-12-01T20:00:00Z")));
    }

    #[test]
    fn last_document_is_closed_after_its_month_and_a_week_without_an_item() {
        let closes = |last: &str| closes_at(&[document("2026-12", Some(last))], 0);
        assert_eq!(closes("2026-12-03T08:00:00Z"), Some(time("2027-01-01T00:00:00Z")));
        assert_eq!(closes("2026-12-31T20:00:00Z"), Some(time("2027-01-07T20:00:00Z")));
        assert_eq!(closes_at(&[document("2026-12", None)], 0), None, "it is closed");
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
