//! Topic rules: decide what an entry is about by weighted signals in its headline, summary, categories and address.
//!
//! A rule is a TOML file (docs/TOPICS.md). Its patterns are searched in folded text: without accents, with plain apostrophes, quotes,
//! hyphens and spaces. `masks` hide what only looks like a signal; each signal that is left counts once, with its weight.

mod rule;

use super::fold::fold;

use crate::model::BUILT_IN_TOPICS;
pub use rule::{RuleError, Topic};

/// The rule for the Olympic and Paralympic Games.
const OLYMPIC: &str = include_str!("../../topics/olympic.toml");

/// Returns the text of a built-in rule.
pub fn built_in_rule(topic: &str) -> Option<&'static str> {
    (topic == BUILT_IN_TOPICS[0]).then_some(OLYMPIC)
}

/// The longest part of a summary that is judged, in bytes: what an article is about stands at its beginning.
const LONGEST_SUMMARY: usize = 1500;

/// The facts about an entry that a rule judges.
#[derive(Clone, Copy, Debug, Default)]
pub struct TopicFacts<'a> {
    /// The headline, as plain text.
    pub title: &'a str,
    /// The summary, as plain text.
    pub summary: &'a str,
    /// The categories.
    pub categories: &'a [String],
    /// The address of the page.
    pub url: Option<&'a str>,
}

impl TopicFacts<'_> {
    /// Returns headline, summary and categories in one text, folded.
    fn folded_text(&self) -> String {
        let end = self.summary.floor_char_boundary(LONGEST_SUMMARY);
        let mut text = String::with_capacity(self.title.len() + end + 64);
        text.push_str(self.title);
        for part in std::iter::once(&self.summary[..end]).chain(self.categories.iter().map(String::as_str)) {
            // A pattern does not match across two parts: none matches a line break.
            text.push('\n');
            text.push_str(part);
        }
        fold(&text)
    }

    /// Returns the path of the address, in lower case.
    fn path(&self) -> String {
        let rest = self.url.and_then(|url| url.split_once("://")).map_or("", |(_, rest)| rest);
        let path = rest.find('/').map_or("", |start| &rest[start..]);
        path.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase()
    }
}

/// The judgement about an entry, with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The sum of the weights of the signals that were found.
    pub score: f64,
    /// True if the score reaches the threshold of the rule.
    pub is_about: bool,
    /// The signals that were found, in the order of the rule.
    pub signals: Vec<Found>,
    /// The masks that hid something.
    pub masks: Vec<Found>,
}

/// A pattern of a rule that was found, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The name of the signal or mask.
    pub id: String,
    /// The weight; 0 for a mask.
    pub weight: f64,
    /// The text that it matched first, folded.
    pub text: String,
}
