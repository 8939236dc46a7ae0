//! The facts about an entry that rules read.

use serde::{Deserialize, Serialize};

/// The facts about an entry that rules read, as far as they do not change with time. They are read from its texts when an edition
/// first needs them, and stored by revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleFacts {
    /// The version of how they were read.
    pub version: u64,
    /// The headline.
    pub title: String,
    /// The beginning of the summary, as plain text.
    pub summary: String,
    /// The language tag; blank if unknown.
    pub language: String,
    /// The names of the authors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// The categories of the source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The tags by the lists of relais.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The address of the page; blank if there is none.
    pub url: String,
    /// The number of characters of the content, or else of the summary, as plain text.
    pub length: usize,
    /// True if there is a picture.
    pub has_image: bool,
}
