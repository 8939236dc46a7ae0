//! An explanation of one entry: each decision about it, from its feed to the files that it is in.

use serde::Serialize;

use super::{Lang, SourceId, Text, Time};

/// All that is known of one entry.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The identity, as in the ids of the output.
    pub id: String,
    /// The source.
    pub source: SourceId,
    /// The headline.
    pub title: Text,
    /// The page.
    pub url: Option<String>,
    /// The guid of the source.
    pub guid: Option<String>,
    /// The language, as far as known.
    pub lang: Option<Lang>,
    /// The categories of the source.
    pub categories: Vec<String>,
    /// The dates, and the one that is believed.
    pub dates: ExplainedDates,
    /// True if the source has removed the entry.
    pub is_withdrawn: bool,
    /// The rule of the source that would leave it out now, if there is one: the next visit takes it back.
    pub dropped_by: Option<String>,
    /// The judgement of the topic rule, if the source has one.
    pub topic: Option<ExplainedTopic>,
    /// The editions that take the source, in each of their languages.
    pub editions: Vec<ExplainedEdition>,
}

/// The dates of an entry.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ExplainedDates {
    /// The date of publication, as declared.
    pub published: Option<Time>,
    /// The date of the last change, as declared or noticed.
    pub updated: Option<Time>,
    /// The time at which it was first seen.
    pub first_seen: Time,
    /// The date by which it is sorted and published.
    pub believed: Time,
    /// The origin of that date.
    pub because: DateBasis,
}

/// The origin of the date that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateBasis {
    /// The declared date of publication.
    Published,
    /// The declared date of the last change: there is no date of publication.
    Updated,
    /// Neither was declared, or possible: the date follows from the feed or the first visit.
    FirstSeen,
    /// The date of an earlier version of the entry: a changed date does not move it.
    Kept,
}

/// The judgement of a topic rule.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedTopic {
    /// The name of the topic.
    pub topic: String,
    /// True if the entry is about it.
    pub is_about: bool,
    /// The sum of the weights.
    pub score: f64,
    /// The signals that were found, each with its weight and what it matched.
    pub signals: Vec<String>,
    /// The masks that hid something.
    pub hidden: Vec<String>,
}

/// The place of an entry in an edition.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedEdition {
    /// The edition.
    pub edition: String,
    /// Its language; nothing if it takes all.
    pub lang: Option<Lang>,
    /// The place, counted from 1; nothing if the entry is not shown.
    pub place: Option<usize>,
    /// The number of items.
    pub items: usize,
    /// The reason for which the entry is shown or not, in one sentence.
    pub reason: String,
    /// The other entries of its story, if it leads one.
    pub story: Vec<ExplainedMember>,
    /// The files that it is in.
    pub files: Vec<String>,
    /// The translation that is stored, if the edition wants one.
    pub translation: Option<ExplainedTranslation>,
}

/// Another entry of a story.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedMember {
    /// The entry.
    pub id: String,
    /// Its source.
    pub source: SourceId,
    /// The likeness to the entry that leads, from 0 to 1; what it is joined by may be another entry of the story.
    pub likeness: f64,
}

/// The translation of an entry.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedTranslation {
    /// The time at which the stored rendition was made; nothing if there is none yet.
    pub made: Option<Time>,
    /// True if it is of an older text of the entry.
    pub is_outdated: bool,
    /// The segments, in the order of the text.
    pub segments: Vec<ExplainedSegment>,
}

/// A segment of an entry.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedSegment {
    /// The part of the entry.
    pub part: &'static str,
    /// The text, without its markup.
    pub source: String,
    /// The translation in the memory.
    pub target: Option<String>,
    /// The identity of its maker.
    pub by: Option<String>,
    /// The reason for which there is none.
    pub left: Option<String>,
    /// The reason for which a person may want to look at its translation.
    pub doubt: Option<String>,
    /// The names of the reasons of `left` or `doubt`.
    pub reasons: Vec<String>,
    /// The characters that an engine is sent.
    pub characters: u64,
    /// Their price with the first engine, if it bills by the character.
    pub cost: Option<f64>,
}
