//! The rules of one source: which of its entries are taken, and what is changed in them.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::config as plan;
use crate::html;
use crate::model::{Entry, EntryTexts, RawHtml, Time};
use crate::policy::declared_date;
use crate::select::{Decision, EntryFacts, Field, Fields, Filter, Rewrites, Rule};

use super::topics::{SourceTopic, Topics};

/// The longest part of a summary that is read, in bytes of HTML.
const LONGEST_SUMMARY: usize = 6_000;

/// The topic rule, expressions and rewrites of one source. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceRules {
    topic: Option<SourceTopic>,
    filter: Filter,
    rewrites: Arc<Rewrites>,
    hash: Option<Arc<str>>,
}

impl SourceRules {
    /// Gathers the rules of a source.
    pub(super) fn new(source: &plan::Source, topics: &Topics) -> Self {
        let (topic, filter, rewrites) = (topics.of(&source.id).cloned(), source.filter.clone(), Arc::clone(&source.rewrites));
        let hash = hash(topic.as_ref(), &filter, &rewrites);
        Self { topic, filter, rewrites, hash }
    }

    /// Returns a hash of the rules, by which a changed one is noticed; nothing if there are none.
    pub(super) fn hash(&self) -> Option<&str> {
        self.hash.as_deref()
    }

    /// Rewrites the texts of an entry.
    pub(super) fn rewrite(&self, texts: EntryTexts<'_>) {
        self.rewrites.apply(texts);
    }

    /// Decides whether an entry is about the topic of the source.
    pub(super) fn decide_topic(&self, entry: &Entry) -> Decision {
        match &self.topic {
            None => Decision::UNRULED,
            Some(topic) if topic.is_about(entry) => Decision { rule: Some(Rule::Topic), ..Decision::UNRULED },
            Some(_) => Decision::dropped(Rule::Topic),
        }
    }

    /// Returns true if the expressions must know when an entry was first seen.
    pub(super) fn need_first_seen(&self) -> bool {
        self.filter.reads_age()
    }

    /// Decides by the expressions whether an entry is taken that was first seen at `first_seen`: its age is that of then, so that an
    /// entry that was taken is not taken back when it grows old.
    pub(super) fn decide_filter(&self, entry: &Entry, first_seen: Time) -> Decision {
        if self.filter.is_empty() {
            return Decision::UNRULED;
        }
        let date = declared_date(entry.head.published, entry.head.updated).unwrap_or(first_seen);
        let texts = PlainTexts::new(entry, self.filter.fields());
        self.filter.decide(&EntryFacts { age: hours(date, first_seen), ..texts.facts(entry) })
    }
}

/// Returns the hours from one time to another; less than nothing if the first is the later one.
pub(super) fn hours(from: Time, to: Time) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a time of this age has fewer than 53 bits of milliseconds")]
    let millis = (to.millis() - from.millis()) as f64;
    millis / 3_600_000.0
}

fn hash(topic: Option<&SourceTopic>, filter: &Filter, rewrites: &Rewrites) -> Option<Arc<str>> {
    let topic = topic.map(SourceTopic::hash);
    if filter.is_empty() && rewrites.0.is_empty() {
        return topic.map(Into::into);
    }
    let rules = format!("{topic:?} {:?} {:?} {}", filter.text(Rule::Keep), filter.text(Rule::Drop), rewrites.key());
    Some(format!("{:016x}", xxh3_64(rules.as_bytes())).into())
}

/// The texts of an entry as rules read them, as far as they do.
pub(super) struct PlainTexts {
    summary: String,
    length: usize,
}

impl PlainTexts {
    /// Reads those texts of an entry that are among the fields.
    pub(super) fn new(entry: &Entry, fields: Fields) -> Self {
        let summary = entry.summary.as_ref().filter(|_| fields.has(Field::Summary)).map_or("", beginning);
        let text = entry.content.as_ref().or(entry.summary.as_ref()).filter(|_| fields.has(Field::Length));
        Self {
            summary: html::to_line(summary).to_string(),
            length: text.map_or(0, |text| html::to_line(&text.0).as_str().chars().count()),
        }
    }

    /// Returns the facts about the entry, without its age.
    pub(super) fn facts<'e>(&'e self, entry: &'e Entry) -> EntryFacts<'e> {
        EntryFacts {
            title: entry.title.as_str(),
            summary: &self.summary,
            language: entry.head.lang.as_ref().map_or("", |lang| lang.as_str()),
            age: 0.0,
            authors: &entry.head.authors,
            categories: &entry.head.categories,
            url: entry.head.url.as_deref().unwrap_or_default(),
            source: entry.key.source.as_str(),
            length: self.length,
            has_image: entry.head.image.is_some(),
        }
    }
}

fn beginning(html: &RawHtml) -> &str {
    &html.0[..html.0.floor_char_boundary(LONGEST_SUMMARY)]
}
