//! The rules of one source: which of its entries are taken, and what is changed in them.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::config as plan;
use crate::html;
use crate::model::{Entry, EntryTexts, ExplainedTopic, Lang, RawHtml, RuleFacts, Time};
use crate::policy::declared_date;
use crate::select::{Decision, EntryFacts, Field, Fields, Filter, Found, MAX_SUMMARY, Rewrites, Rule, find_tags, lists_version};

use super::topics::{SourceTopic, Topics};

/// The longest part of a summary that is read, in bytes of HTML.
const LONGEST_SUMMARY: usize = 6_000;

/// Returns the version of how facts are read, which changes with the lists of tags. Those of another version are read again.
pub(super) fn facts_version() -> u64 {
    lists_version() ^ 1
}

/// The topic rule, expressions and rewrites of one source. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceRules {
    topic: Option<SourceTopic>,
    /// The language of entries that declare none.
    lang: Option<Lang>,
    filter: Filter,
    rewrites: Arc<Rewrites>,
    hash: Option<Arc<str>>,
}

impl SourceRules {
    /// Gathers the rules of a source.
    pub(super) fn new(source: &plan::Source, topics: &Topics) -> Self {
        let (topic, filter, rewrites) = (topics.of(&source.id).cloned(), source.filter.clone(), Arc::clone(&source.rewrites));
        let hash = hash(topic.as_ref(), &filter, &rewrites);
        Self { topic, lang: source.lang.clone(), filter, rewrites, hash }
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

    /// Decides about an entry that is first seen at `now`: by the topic, then by the expressions.
    pub(super) fn decide(&self, entry: &Entry, now: Time) -> Decision {
        let topic = self.decide_topic(entry);
        if topic.is_kept() { self.decide_filter(entry, now) } else { topic }
    }

    /// Returns the judgement of the topic rule, if there is one.
    pub(super) fn explain_topic(&self, name: Option<&str>, entry: &Entry) -> Option<ExplainedTopic> {
        let judged = self.topic.as_ref()?.judge(entry);
        let found = |found: &Found| format!("{} “{}”", found.id, found.text);
        Some(ExplainedTopic {
            topic: name?.to_owned(),
            is_about: judged.is_about,
            score: judged.score,
            signals: judged.signals.iter().map(|one| format!("{:+} {}", one.weight, found(one))).collect(),
            hidden: judged.masks.iter().map(found).collect(),
        })
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
        let facts = read_facts(entry, self.filter.fields(), self.lang.as_ref());
        self.filter.decide(&EntryFacts::new(&facts, entry.key.source.as_str(), hours(date, first_seen)))
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
    // Other lists give other tags.
    let lists = if filter.fields().has(Field::Tags) { lists_version() } else { 0 };
    let rules = format!("{topic:?} {lists} {:?} {:?} {}", filter.text(Rule::Keep), filter.text(Rule::Drop), rewrites.key());
    Some(format!("{:016x}", xxh3_64(rules.as_bytes())).into())
}

/// Reads the facts about an entry: those that take work only if they are among the fields. `lang` is the language of
/// entries that declare none. The lists of tags are French.
pub(super) fn read_facts(entry: &Entry, fields: Fields, lang: Option<&Lang>) -> RuleFacts {
    let lang = entry.head.lang.as_ref().or(lang);
    let has_tags = fields.has(Field::Tags) && lang.is_none_or(|lang| lang.primary() == "fr");
    let reads_summary = fields.has(Field::Summary) || fields.has(Field::Tags);
    let summary = html::to_line(entry.summary.as_ref().filter(|_| reads_summary).map_or("", beginning));
    let tags = if has_tags { find_tags(entry.title.as_str(), summary.as_str()) } else { Vec::new() };
    let text = entry.content.as_ref().or(entry.summary.as_ref()).filter(|_| fields.has(Field::Length));
    RuleFacts {
        version: facts_version(),
        title: entry.title.to_string(),
        summary: summary.as_str().chars().take(MAX_SUMMARY).collect(),
        language: lang.map(ToString::to_string).unwrap_or_default(),
        authors: entry.head.authors.clone(),
        categories: entry.head.categories.clone(),
        tags: tags.into_iter().map(|tag| tag.name().to_owned()).collect(),
        url: entry.head.url.clone().unwrap_or_default(),
        length: text.map_or(0, |text| html::to_line(&text.0).as_str().chars().count()),
        has_image: entry.head.image.is_some(),
    }
}

fn beginning(html: &RawHtml) -> &str {
    &html.0[..html.0.floor_char_boundary(LONGEST_SUMMARY)]
}
