//! The topic rules of a plan, compiled and by source.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::config::Plan;
use crate::html;
use crate::model::{Entry, SourceId, Text};
use crate::select::{Judgement, Topic, TopicFacts, built_in_rule};

/// The longest part of a summary that is read, in bytes of HTML.
const LONGEST_SUMMARY: usize = 6000;

/// A rule file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TopicError(String);

/// The topic rules of the sources that have one.
#[derive(Debug, Default)]
pub struct Topics {
    by_source: HashMap<SourceId, SourceTopic>,
}

/// The rule of one source.
#[derive(Clone, Debug)]
pub(super) struct SourceTopic {
    rule: Arc<Topic>,
    /// A hash of the text of the rule.
    hash: Arc<str>,
}

impl Topics {
    /// Loads and compiles the rules that sources name, each once.
    pub fn load(plan: &Plan) -> Result<Self, TopicError> {
        let mut rules: HashMap<&str, SourceTopic> = HashMap::new();
        let mut by_source = HashMap::new();
        for (source, topic) in plan.sources.iter().filter_map(|source| Some((source, source.topic.as_deref()?))) {
            let rule = match rules.get(topic) {
                Some(rule) => rule.clone(),
                None => load_rule(plan, topic)?,
            };
            by_source.insert(source.id.clone(), rule.clone());
            rules.insert(topic, rule);
        }
        Ok(Self { by_source })
    }

    /// Returns the rule of a source.
    pub(super) fn of(&self, source: &SourceId) -> Option<&SourceTopic> {
        self.by_source.get(source)
    }
}

fn load_rule(plan: &Plan, topic: &str) -> Result<SourceTopic, TopicError> {
    let (name, text) = match plan.topics.iter().find(|own| own.id == topic) {
        Some(own) => {
            let name = own.file.display().to_string();
            let text = std::fs::read_to_string(&own.file).map_err(|error| TopicError(format!("cannot read {name}: {error}")))?;
            (name, text)
        }
        None => (topic.to_owned(), built_in_rule(topic).unwrap_or_default().to_owned()),
    };
    let rule = Topic::parse(&text).map_err(|error| TopicError(error.in_file(&name, &text)))?;
    Ok(SourceTopic { rule: Arc::new(rule), hash: format!("{:016x}", xxh3_64(text.as_bytes())).into() })
}

impl SourceTopic {
    /// Returns the hash of the rule, by which a changed one is noticed.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// Returns true if an entry is about the topic.
    pub(super) fn is_about(&self, entry: &Entry) -> bool {
        self.rule.is_about(&facts(entry, &summary_line(entry)))
    }

    /// Judges an entry, with the reasons.
    pub(super) fn judge(&self, entry: &Entry) -> Judgement {
        self.rule.judge(&facts(entry, &summary_line(entry)))
    }
}

/// Returns the beginning of the summary of an entry as plain text.
fn summary_line(entry: &Entry) -> Text {
    html::to_line(entry.summary.as_ref().map_or("", |html| &html.0[..html.0.floor_char_boundary(LONGEST_SUMMARY)]))
}

fn facts<'a>(entry: &'a Entry, summary: &'a Text) -> TopicFacts<'a> {
    let (title, summary, url) = (entry.title.as_str(), summary.as_str(), entry.head.url.as_deref());
    TopicFacts { title, summary, categories: &entry.head.categories, url }
}
